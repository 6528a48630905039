/*
 * apps/assay/collateral/collateral_outlook.c - `assay collateral forecast`: effect of an offer on
 * platforms whose evidence is given.
 *
 * Each piece of evidence is appraised under the set in force and under the offered set
 * (quote/result/outlook.h).
 */
#include "apps/assay/collateral/collateral.h"

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/text.h"
#include "apps/assay/evidence/device_changes.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/evidence/forecast_print.h"
#include "quote/collateral/endorsements.h"
#include "quote/result/outlook.h"
#include "quote/verify.h"
#include "quote/yaml.h"

#include <stdio.h>
#include <stdlib.h>

enum { EVIDENCE_FILE_MAX = 1 << 20 };

struct run {
    const struct assay_collateral_options *options;
    struct assay_collateral_file in_force, offer, next;
    struct assay_policy *policy;
    struct assay_outlook *outlook;
    struct assay_json *rows;
    size_t counts[ASSAY_OUTLOOK_CHANGES];
    size_t unreadable;
};

/* ------------------------------------------------------------ answers */

static void name_forecast(const struct run *r, struct assay_named_forecast *named)
{
    struct assay_endorsement_files entries[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    *named = (struct assay_named_forecast){ .is_there = r->outlook->has_forecast,
                                            .forecast = r->outlook->forecast };
    if (!named->is_there ||
        assay_endorsements_files(r->next.set.bytes.bytes, r->next.set.bytes.len, entries,
                                 ASSAY_ENDORSEMENTS_MAX, &count) != ASSAY_OK)
        return;
    const struct assay_slice text = entries[r->outlook->entry].files.part[ASSAY_PART_TCB_INFO];
    assay_status_ignore(assay_json_parse((const char *)text.bytes, text.len, &named->document),
                        "without names a component has its number");
}

static const char *outcome_text(enum assay_outcome outcome)
{
    switch (outcome) {
    case ASSAY_OUTCOME_NONE:
    case ASSAY_OUTCOME_UNJUDGED: return "unjudged";
    case ASSAY_OUTCOME_ABSENT: return "absent";
    case ASSAY_OUTCOME_FAIL_SOFT: return "FAIL soft";
    case ASSAY_OUTCOME_FAIL_HARD: return "FAIL hard";
    case ASSAY_OUTCOME_PASS_UP_TO_DATE: return "PASS up to date";
    case ASSAY_OUTCOME_PASS_NEEDS_HARDENING: return "PASS needs hardening";
    case ASSAY_OUTCOME_PASS_OUT_OF_DATE: return "PASS out of date";
    }
    return "unknown";
}

static struct assay_json *trust_json(const struct assay_outlook *o)
{
    struct assay_json *const out = assay_json_object();
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        if (o->trust_now.claims[i] == o->trust_then.claims[i]) continue;
        struct assay_json *const claim = assay_json_object();
        assay_json_set_int(claim, "now", o->trust_now.claims[i]);
        assay_json_set_int(claim, "then", o->trust_then.claims[i]);
        assay_json_set(out, assay_ar4si_name((enum assay_trust_claim)i), claim);
    }
    return out;
}

static void append_row(struct run *r, const char *path, enum assay_evidence_kind kind)
{
    const struct assay_outlook *const o = r->outlook;
    struct assay_json *const out = assay_json_object(), *const reasons = assay_json_array();
    struct assay_named_forecast named;
    name_forecast(r, &named);
    assay_json_set_text(out, "file", path);
    assay_json_set_text(out, "kind", assay_kind_text(kind));
    assay_json_set_text(out, "change", assay_outlook_text(o->change));
    assay_json_set_text(out, "now", outcome_text(o->outcome_now));
    assay_json_set_text(out, "then", outcome_text(o->outcome_then));
    assay_json_set_text(out, "tcb_status_now", assay_tcb_status_text(o->now.tcb_status));
    assay_json_set_text(out, "tcb_status_then", assay_tcb_status_text(o->then.tcb_status));
    for (uint32_t i = 0; i < o->reason_count; i++)
        assay_json_append_text(reasons, assay_rule_name(o->reasons[i].rule));
    assay_json_set(out, "new_reasons", reasons);
    assay_json_set(out, "devices", cli_device_changes_json(&o->now, &o->then));
    assay_json_set(out, "trust_changes", trust_json(o));
    if (named.is_there) assay_json_set(out, "forecast", cli_forecast_json(&named));
    else assay_json_set_null(out, "forecast");
    cli_named_forecast_close(&named);
    assay_json_append(r->rows, out);
}

/* Of a device the observed value begins with its name. */
static void print_reason(const struct assay_reason *reason)
{
    (void)printf("  new: %s (expected ", assay_rule_text(reason->rule));
    cli_text_print(reason->expected);
    (void)fputs(", observed ", stdout);
    cli_text_print(reason->observed);
    (void)puts(")");
}

static void print_row(const struct run *r, const char *path)
{
    const struct assay_outlook *const o = r->outlook;
    struct assay_named_forecast named;
    (void)printf("%s: %s: %s", path, assay_outlook_text(o->change), outcome_text(o->outcome_now));
    if (o->outcome_now != o->outcome_then)
        (void)printf(" becomes %s", outcome_text(o->outcome_then));
    if (o->now.tcb_status != o->then.tcb_status)
        (void)printf(" (%s becomes %s)", assay_tcb_status_text(o->now.tcb_status),
                     assay_tcb_status_text(o->then.tcb_status));
    (void)puts("");
    for (uint32_t i = 0; i < o->reason_count; i++)
        print_reason(&o->reasons[i]);
    cli_print_device_changes(&o->now, &o->then);
    if (o->change >= ASSAY_OUTLOOK_SAME) return;
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
        if (o->trust_now.claims[i] != o->trust_then.claims[i])
            (void)printf("  %s: %s becomes %s\n", assay_ar4si_name((enum assay_trust_claim)i),
                         assay_ar4si_meaning((enum assay_trust_claim)i, o->trust_now.claims[i]),
                         assay_ar4si_meaning((enum assay_trust_claim)i, o->trust_then.claims[i]));
    name_forecast(r, &named);
    if (named.is_there) {
        cli_print_forecast(&named, cli_levels_view);
        cli_print_forecast(&named, cli_gaps_view);
    }
    cli_named_forecast_close(&named);
}

/* ------------------------------------------------------------ of a member */

void cli_collateral_outlook_print(const char *name, const struct assay_outlook *o)
{
    const struct assay_named_forecast named = { .is_there = o->has_forecast,
                                                .forecast = o->forecast };
    (void)printf("  %s: %s: %s becomes %s\n", name, assay_outlook_text(o->change),
                 outcome_text(o->outcome_now), outcome_text(o->outcome_then));
    for (uint32_t i = 0; i < o->reason_count; i++)
        print_reason(&o->reasons[i]);
    cli_print_device_changes(&o->now, &o->then);
    if (o->change >= ASSAY_OUTLOOK_SAME || !named.is_there) return;
    cli_print_forecast(&named, cli_levels_view);
    cli_print_forecast(&named, cli_gaps_view);
}

struct assay_json *cli_collateral_outlook_json(const char *name, const struct assay_outlook *o)
{
    const struct assay_named_forecast named = { .is_there = o->has_forecast,
                                                .forecast = o->forecast };
    struct assay_json *row = assay_json_object();
    assay_json_set_text(row, "name", name);
    assay_json_set_text(row, "change", assay_outlook_text(o->change));
    assay_json_set_text(row, "now", outcome_text(o->outcome_now));
    assay_json_set_text(row, "then", outcome_text(o->outcome_then));
    if (named.is_there) assay_json_set(row, "forecast", cli_forecast_json(&named));
    else assay_json_set_null(row, "forecast");
    assay_json_set(row, "devices", cli_device_changes_json(&o->now, &o->then));
    return row;
}

/* ------------------------------------------------------------ one piece of evidence */

static int appraise_file(struct run *r, const char *path)
{
    struct assay_outlook_request request = { .in_force = &r->in_force.built,
                                             .offered = &r->next.built,
                                             .policy = r->policy,
                                             .at_unix_s = r->options->at_unix_s,
                                             .then_unix_s = r->options->then_unix_s };
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(path, EVIDENCE_FILE_MAX, &bytes, &len);
    if (status != ASSAY_OK)
        return cli_print_file_fault(r->options->json, "--evidence ", path, status);
    status = assay_evidence_detect(bytes, len, &request.kind);
    if (status == ASSAY_OK) status = assay_evidence_length(request.kind, bytes, len, &len);
    request.evidence = assay_slice_over(bytes, len);
    if (status == ASSAY_OK) status = assay_outlook_make(NULL, &request, r->outlook);
    if (status == ASSAY_OK) {
        r->counts[r->outlook->change] += 1;
        if (r->options->json) append_row(r, path, request.kind);
        else print_row(r, path);
    } else if (assay_status_class(status) != ASSAY_CLASS_HOST) {
        r->unreadable += 1;
        (void)fprintf(stderr, "assay: %s: %s\n", path, assay_status_text(status));
    }
    free(bytes);
    if (assay_status_class(status) == ASSAY_CLASS_HOST)
        return cli_print_error(r->options->json, ASSAY_EXIT_INTERNAL, "internal", "%s",
                               assay_status_text(status));
    return ASSAY_EXIT_OK;
}

/* --policy, else the policy of the genesis with the collateral in force, else the default. */
static int read_policy(struct run *r)
{
    char message[ASSAY_YAML_MESSAGE_MAX] = "";
    const char *const path = r->options->policy;
    const struct assay_slice own = r->in_force.policy;
    uint8_t *text = NULL;
    size_t len = 0;
    assay_policy_default(r->policy);
    if (path == NULL) {
        if (own.len == 0 || assay_policy_decode(own.bytes, own.len, r->policy) == ASSAY_OK)
            return ASSAY_EXIT_OK;
        return cli_print_error(r->options->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: its policy cannot be read", r->options->in_force);
    }
    enum assay_status status = assay_file_read(path, ASSAY_YAML_LEN_MAX, &text, &len);
    if (status != ASSAY_OK)
        return cli_print_file_fault(r->options->json, "--policy ", path, status);
    status = assay_policy_parse_yaml(text, len, r->policy, message);
    free(text);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(r->options->json, ASSAY_EXIT_USAGE, "usage", "--policy %s: %s", path,
                           message[0] != '\0' ? message : assay_status_text(status));
}

/* ------------------------------------------------------------ all of it */

static int finish_outlook(struct run *r)
{
    const size_t *const n = r->counts;
    int result = ASSAY_EXIT_OK;
    if (r->options->json) {
        struct assay_json *const data = assay_json_object(), *const counts = assay_json_object();
        for (int i = 0; i < ASSAY_OUTLOOK_CHANGES; i++)
            assay_json_set_uint(counts, assay_outlook_text((enum assay_outlook_change)i), n[i]);
        assay_json_set_uint(counts, "unreadable", r->unreadable);
        assay_json_set(data, "platforms", r->rows);
        assay_json_set(data, "counts", counts);
        r->rows = NULL;
        result = cli_print_envelope("assay.collateral.forecast", data);
    } else {
        (void)printf("%zu suspended, %zu drop, %zu no longer appraisable, %zu stay, %zu rise\n",
                     n[ASSAY_OUTLOOK_WORSENS], n[ASSAY_OUTLOOK_DROPS], n[ASSAY_OUTLOOK_UNJUDGED],
                     n[ASSAY_OUTLOOK_SAME], n[ASSAY_OUTLOOK_RISES] + n[ASSAY_OUTLOOK_JUDGED]);
        result = fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    }
    if (result != ASSAY_EXIT_OK) return result;
    if (r->unreadable > 0) return ASSAY_EXIT_MALFORMED;
    if (n[ASSAY_OUTLOOK_WORSENS] > 0) return ASSAY_EXIT_CONTRAINDICATED;
    if (n[ASSAY_OUTLOOK_UNJUDGED] > 0) return ASSAY_EXIT_NONE;
    return n[ASSAY_OUTLOOK_DROPS] > 0 ? ASSAY_EXIT_WARNING : ASSAY_EXIT_OK;
}

static int run_all(struct run *r)
{
    const struct assay_collateral_options *const o = r->options;
    int result = cli_collateral_file_read(o->in_force, o->json, &r->in_force);
    if (result == ASSAY_EXIT_OK) result = read_policy(r);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_sound(o->in_force, o->json, &r->in_force);
    if (result == ASSAY_EXIT_OK) result = cli_collateral_file_read(o->offer, o->json, &r->offer);
    if (result == ASSAY_EXIT_OK) result = cli_collateral_file_sound(o->offer, o->json, &r->offer);
    if (result == ASSAY_EXIT_OK)
        result = cli_collateral_file_follow(&r->in_force, &r->offer, o->offer, o->json, &r->next);
    for (size_t i = 0; i < o->evidence_count && result == ASSAY_EXIT_OK; i++)
        result = appraise_file(r, o->evidence[i]);
    return result == ASSAY_EXIT_OK ? finish_outlook(r) : result;
}

int cli_collateral_outlook(const struct assay_collateral_options *options)
{
    struct run r = { .options = options,
                     .policy = calloc(1, sizeof *r.policy),
                     .outlook = calloc(1, sizeof *r.outlook),
                     .rows = assay_json_array() };
    const int result =
        r.policy != NULL && r.outlook != NULL
            ? run_all(&r)
            : cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    cli_collateral_file_close(&r.in_force);
    cli_collateral_file_close(&r.offer);
    cli_collateral_file_close(&r.next);
    assay_json_free(&r.rows);
    free(r.policy);
    free(r.outlook);
    return result;
}
