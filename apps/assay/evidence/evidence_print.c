/*
 * apps/assay/evidence/evidence_print.c - output of `assay evidence`: verdicts and names of kinds.
 */
#include "apps/assay/evidence/evidence_print.h"

#include "apps/assay/core/view.h"
#include "quote/result/device_verdict.h"
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
    if (has) assay_json_set_time(object, name, unix_s);
    else assay_json_set_null(object, name);
}

static void set_reasons(struct assay_json *data, const struct assay_verdict *v)
{
    struct assay_json *const list = assay_json_set_array(data, "reasons");
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const reason = &v->reasons[i];
        struct assay_json *const item = assay_json_append_object(list);
        assay_json_set_text(item, "rule", assay_rule_name(reason->rule));
        assay_json_set_text(item, "class", class_text(assay_rule_class_of(reason->rule)));
        assay_json_set_text(item, "text", assay_rule_text(reason->rule));
        assay_json_set_text(item, "expected", reason->expected);
        assay_json_set_text(item, "observed", reason->observed);
        assay_json_set_uint(item, "offset", reason->offset);
        assay_json_set_text(item, "fix", assay_rule_fix(reason->rule));
    }
}

static void set_genuine(struct assay_json *object, enum assay_genuine genuine)
{
    if (genuine == ASSAY_GENUINE_UNKNOWN) assay_json_set_null(object, "genuine");
    else assay_json_set_bool(object, "genuine", genuine == ASSAY_GENUINE_TRUE);
}

/* "" is no name. */
static void set_name(struct assay_json *object, const char *key, const char *name)
{
    assay_json_set_text(object, key, name[0] == '\0' ? NULL : name);
}

static void set_instance(struct assay_json *object, const struct assay_instance *from)
{
    if (from->id[0] == '\0') {
        assay_json_set_null(object, "instance");
        return;
    }
    struct assay_json *const instance = assay_json_set_object(object, "instance");
    assay_json_set_text(instance, "id", from->id);
    set_name(instance, "name", from->name);
    set_name(instance, "project", from->project);
    if (from->project_number == 0) assay_json_set_null(instance, "project_number");
    else assay_json_set_uint(instance, "project_number", from->project_number);
    set_name(instance, "zone", from->zone);
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
    struct assay_json *const out = assay_json_set_array(data, name);
    for (uint32_t i = 0; i < count; i++)
        assay_json_append_text(out, ids[i]);
}

/* A TD 1.5 is appraised twice: the fields without "now" are of its launch (evidence-rules.md
 * 2.13). */
static void set_launch_and_now(struct assay_json *data, const struct assay_verdict *v)
{
    if (!v->has_now) {
        assay_json_set_null(data, "tcb_now");
        return;
    }
    struct assay_json *const now = assay_json_set_object(data, "tcb_now");
    assay_json_set_text(now, "launch_status", assay_tcb_status_text(v->tcb_status_launch));
    assay_json_set_text(now, "status", assay_tcb_status_text(v->tcb_status_current));
    set_time(now, "date", v->has_tcb_date_now, v->tcb_date_now_unix_s);
    set_texts(now, "advisory_ids", (const char(*)[ASSAY_ADVISORY_TEXT])v->advisories_now,
              v->advisory_now_count);
}

/* Devices that came with the evidence: each as its own report and collateral have it. */
static void set_devices(struct assay_json *data, const struct assay_verdict *v)
{
    struct assay_json *const all = assay_json_set_array(data, "devices");
    for (uint32_t i = 0; i < v->device_count; i++) {
        const struct assay_verdict_device *const d = &v->devices[i];
        struct assay_json *const out = assay_json_append_object(all);
        char name[ASSAY_REASON_TEXT];
        assay_verdict_name_device(v, i, name);
        assay_json_set_text(out, "name", name);
        assay_json_set_text(out, "kind", assay_kind_text((enum assay_evidence_kind)d->kind));
        set_name(out, "product", d->product);
        assay_json_set_hex(out, "serial", d->serial, sizeof d->serial);
        set_name(out, "driver", d->driver);
        set_name(out, "firmware", d->firmware);
        assay_json_set_text(out, "mode", assay_device_mode(d));
        set_time(out, "expires", d->has_expiry, d->expires_unix_s);
        assay_json_set_text(out, "expires_first", d->has_expiry ? d->expires_first : NULL);
        set_genuine(out, (enum assay_genuine)d->genuine);
        assay_json_set_text(out, "verdict", assay_tier_text((enum assay_tier)d->tier));
        assay_json_set_text(out, "rule",
                            d->rule == 0 ? NULL : assay_rule_name((enum assay_rule)d->rule));
        if (d->has_platform)
            assay_json_set_hex(out, "platform_id", d->platform_id, sizeof d->platform_id);
        else assay_json_set_null(out, "platform_id");
    }
}

struct assay_json *cli_verdict_json(const struct assay_verdict *v, struct assay_json *claims)
{
    struct assay_json *const data = assay_json_object();
    char kind[ASSAY_KIND_NAME_MAX], first[ASSAY_REASON_TEXT];
    cli_kind_name(v->kind, claims, kind);
    assay_json_set_text(data, "kind", v->kind == ASSAY_KIND_NONE ? NULL : kind);
    assay_json_set_bool(data, "insecure", v->insecure);
    set_genuine(data, v->genuine);
    assay_json_set_text(data, "verdict", assay_tier_text(v->tier));
    assay_json_set_text(data, "ballot", assay_outcome_text(assay_verdict_outcome(v)));
    assay_json_set_text(data, "tcb_status",
                        v->tcb_status == ASSAY_TCB_NONE ? NULL
                                                        : assay_tcb_status_text(v->tcb_status));
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
    assay_json_set_text(data, "expires_first", assay_verdict_name_expiry(v, first) ? first : NULL);
    set_platform(data, v);
    if (claims == NULL) assay_json_set_null(data, "claims");
    else assay_json_set(data, "claims", claims);
    set_reasons(data, v);
    set_devices(data, v);
    return data;
}

static const char verdict_view[] =
    "verdict     {verdict}\n"
    "kind        {kind|none}\n"
    "genuine     {genuine|unknown}\n"
    "checked at  {at}\n"
    "[?tcb_status tcb status  {tcb_status}\n]"
    "[?tcb_date tcb date    {tcb_date}\n]"
    "[?debug!= debug       {debug}\n]"
    "[*advisory_ids advisory    {.}\n]"
    "[?tcb_now at launch   {tcb_now.launch_status}\n"
    "now         {tcb_now.status}[?tcb_now.date , of {tcb_now.date}]\n"
    "[*tcb_now.advisory_ids now open    {.}\n]]"
    "[*devices device      {name}: {verdict}[?driver , driver {driver}][?mode , mode {mode}]\n]"
    "[*reasons reason      {rule}: {text} (expected {expected|}, observed {observed|})\n]";

int cli_print_verdict(const struct assay_verdict *v, const struct assay_json *claims)
{
    return cli_view_result(false, "", cli_verdict_json(v, assay_json_copy(claims)), verdict_view);
}
