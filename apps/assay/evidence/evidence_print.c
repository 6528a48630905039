/*
 * apps/assay/evidence/evidence_print.c - output of `assay evidence`: verdicts and names of kinds.
 */
#include "apps/assay/evidence/evidence_print.h"

#include "apps/assay/core/command.h"
#include "base/rfc3339.h"
#include "quote/result/fix.h"

#include <stdio.h>
#include <stdlib.h>

static const char *class_text(enum assay_rule_class class_)
{
    switch (class_) {
    case ASSAY_RULE_FORGED: return "forged";
    case ASSAY_RULE_UNJUDGED: return "unjudged";
    case ASSAY_RULE_REFUSED: return "refused";
    case ASSAY_RULE_OLD: return "old";
    case ASSAY_RULE_NOTE: return "note";
    }
    return "unknown";
}

static void set_time(struct assay_json *object, const char *name, bool has, int64_t unix_s)
{
    char text[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(unix_s, text);
    if (has) assay_json_set_text(object, name, text);
    else assay_json_set_null(object, name);
}

static struct assay_json *reasons_json(const struct assay_verdict *v)
{
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const reason = &v->reasons[i];
        struct assay_json *const item = assay_json_object();
        assay_json_set_text(item, "rule", assay_rule_name(reason->rule));
        assay_json_set_text(item, "class", class_text(assay_rule_class_of(reason->rule)));
        assay_json_set_text(item, "text", assay_rule_text(reason->rule));
        assay_json_set_text(item, "expected", reason->expected);
        assay_json_set_text(item, "observed", reason->observed);
        assay_json_set_uint(item, "offset", reason->offset);
        assay_json_set_text(item, "fix", assay_rule_fix(reason->rule));
        assay_json_append(list, item);
    }
    return list;
}

static void set_genuine(struct assay_json *object, enum assay_genuine genuine)
{
    if (genuine == ASSAY_GENUINE_UNKNOWN) assay_json_set_null(object, "genuine");
    else assay_json_set_bool(object, "genuine", genuine == ASSAY_GENUINE_TRUE);
}

static void set_name(struct assay_json *object, const char *key, const char *name)
{
    if (name[0] == '\0') assay_json_set_null(object, key);
    else assay_json_set_text(object, key, name);
}

static void set_instance(struct assay_json *object, const struct assay_instance *from)
{
    if (from->id[0] == '\0') {
        assay_json_set_null(object, "instance");
        return;
    }
    struct assay_json *const instance = assay_json_object();
    assay_json_set_text(instance, "id", from->id);
    set_name(instance, "name", from->name);
    set_name(instance, "project", from->project);
    if (from->project_number == 0) assay_json_set_null(instance, "project_number");
    else assay_json_set_uint(instance, "project_number", from->project_number);
    set_name(instance, "zone", from->zone);
    assay_json_set(object, "instance", instance);
}

static void set_platform(struct assay_json *object, const struct assay_verdict *v)
{
    if (!v->has_platform) {
        assay_json_set_null(object, "platform_id");
        assay_json_set_null(object, "vendor_root");
        assay_json_set_null(object, "instance");
        return;
    }
    set_instance(object, &v->instance);
    assay_json_set_hex(object, "platform_id", v->platform_id, sizeof v->platform_id);
    assay_json_set_hex(object, "vendor_root", v->vendor_root, sizeof v->vendor_root);
}

/* SNP reports have their version in the kind, like quotes. */
void cli_kind_name(enum assay_evidence_kind kind, const struct assay_json *claims,
                   char name[static ASSAY_KIND_NAME_MAX])
{
    const uint64_t version = assay_json_uint(claims, "version", 0);
    if (kind == ASSAY_KIND_SNP && version != 0)
        (void)snprintf(name, ASSAY_KIND_NAME_MAX, "snp-v%llu", (unsigned long long)version);
    else (void)snprintf(name, ASSAY_KIND_NAME_MAX, "%s", assay_kind_text(kind));
}

static void set_texts(struct assay_json *data, const char *name,
                      const char (*ids)[ASSAY_ADVISORY_TEXT], uint32_t count)
{
    struct assay_json *const out = assay_json_array();
    for (uint32_t i = 0; i < count; i++)
        assay_json_append_text(out, ids[i]);
    assay_json_set(data, name, out);
}

/* A TD 1.5 is appraised twice: the fields without "now" are of its launch (evidence-rules.md
 * 2.13). */
static void set_launch_and_now(struct assay_json *data, const struct assay_verdict *v)
{
    if (!v->has_now) {
        assay_json_set_null(data, "tcb_now");
        return;
    }
    struct assay_json *const now = assay_json_object();
    assay_json_set_text(now, "launch_status", assay_tcb_status_text(v->tcb_status_launch));
    assay_json_set_text(now, "status", assay_tcb_status_text(v->tcb_status_current));
    set_time(now, "date", v->has_tcb_date_now, v->tcb_date_now_unix_s);
    set_texts(now, "advisory_ids", (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories_now,
              v->advisory_now_count);
    assay_json_set(data, "tcb_now", now);
}

struct assay_json *cli_verdict_json(const struct assay_verdict *v, struct assay_json *claims)
{
    struct assay_json *const data = assay_json_object();
    char kind[ASSAY_KIND_NAME_MAX];
    cli_kind_name(v->kind, claims, kind);
    if (v->kind == ASSAY_KIND_NONE) assay_json_set_null(data, "kind");
    else assay_json_set_text(data, "kind", kind);
    assay_json_set_bool(data, "insecure", v->insecure);
    set_genuine(data, v->genuine);
    assay_json_set_text(data, "verdict", assay_tier_text(v->tier));
    assay_json_set_text(data, "ballot", assay_outcome_text(assay_verdict_outcome(v)));
    if (v->tcb_status == ASSAY_TCB_NONE) assay_json_set_null(data, "tcb_status");
    else assay_json_set_text(data, "tcb_status", assay_tcb_status_text(v->tcb_status));
    set_time(data, "tcb_date", v->has_tcb_date, v->tcb_date_unix_s);
    set_texts(data, "advisory_ids", (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories,
              v->advisory_count);
    set_launch_and_now(data, v);
    if (v->has_claims) assay_json_set_bool(data, "debug", v->debug);
    else assay_json_set_null(data, "debug");
    set_time(data, "at", true, v->at_unix_s);
    int64_t end_s = 0;
    const bool ends = assay_verdict_end(v, &end_s);
    set_time(data, "expires", ends, end_s);
    set_platform(data, v);
    if (claims == NULL) assay_json_set_null(data, "claims");
    else assay_json_set(data, "claims", claims);
    assay_json_set(data, "reasons", reasons_json(v));
    return data;
}

int cli_print_verdict(const struct assay_verdict *v, const struct assay_json *claims)
{
    static const char *const genuine[] = { "unknown", "yes", "no" };
    char time[ASSAY_RFC3339_LEN + 1];
    char kind[ASSAY_KIND_NAME_MAX];
    cli_kind_name(v->kind, claims, kind);
    assay_rfc3339_format(v->at_unix_s, time);
    (void)printf("verdict     %s\n", assay_tier_text(v->tier));
    (void)printf("kind        %s\n", kind);
    (void)printf("genuine     %s\n", genuine[v->genuine]);
    (void)printf("checked at  %s\n", time);
    if (v->tcb_status != ASSAY_TCB_NONE)
        (void)printf("tcb status  %s\n", assay_tcb_status_text(v->tcb_status));
    assay_rfc3339_format(v->tcb_date_unix_s, time);
    if (v->has_tcb_date) (void)printf("tcb date    %s\n", time);
    if (v->has_claims) (void)printf("debug       %s\n", v->debug ? "yes" : "no");
    for (uint32_t i = 0; i < v->advisory_count; i++)
        (void)printf("advisory    %s\n", v->advisories[i]);
    if (v->has_now) {
        (void)printf("at launch   %s\n", assay_tcb_status_text(v->tcb_status_launch));
        assay_rfc3339_format(v->tcb_date_now_unix_s, time);
        (void)printf("now         %s%s%s\n", assay_tcb_status_text(v->tcb_status_current),
                     v->has_tcb_date_now ? ", of " : "", v->has_tcb_date_now ? time : "");
    }
    for (uint32_t i = 0; i < v->advisory_now_count; i++)
        (void)printf("now open    %s\n", v->advisories_now[i]);
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const reason = &v->reasons[i];
        (void)printf("reason      %s: %s", assay_rule_name(reason->rule),
                     assay_rule_text(reason->rule));
        (void)printf(" (expected %s, observed %s)\n", reason->expected, reason->observed);
    }
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

void cli_format_period(uint64_t seconds, char text[static ASSAY_PERIOD_TEXT])
{
    enum { DAY_S = 86400 };
    const uint64_t days = seconds / DAY_S;
    if (days == 0 || seconds % DAY_S != 0)
        (void)snprintf(text, ASSAY_PERIOD_TEXT, "%llu s", (unsigned long long)seconds);
    else
        (void)snprintf(text, ASSAY_PERIOD_TEXT, "%llu day%s", (unsigned long long)days,
                       days == 1 ? "" : "s");
}
