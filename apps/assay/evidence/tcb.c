/*
 * apps/assay/evidence/tcb.c - `assay tcb forecast`: verdict on a platform under an announced TCB
 * set.
 *
 * Vendors publish the next set weeks before it is in force (tcbEvaluationDataNumber, "early"
 * update). The evidence is appraised under both; security versions that fall short under the second
 * set are listed.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/evidence/appraisal.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/evidence/forecast_print.h"
#include "base/rfc3339.h"

#include <stdio.h>

struct side {
    struct cli_appraisal appraisal;
    struct assay_named_forecast forecast;
};

/* An announced set is evaluated at the first moment at which all of it is in force. */
static void wait_until_valid(struct cli_appraisal *a)
{
    const struct assay_collateral *const c = &a->collateral[0];
    if (a->endorsements->count == 0) return;
    for (uint32_t i = 0; i < c->window_count; i++)
        if (c->windows[i].from_unix_s > a->at_unix_s) a->at_unix_s = c->windows[i].from_unix_s;
}

static int appraise_side(struct side *side, const struct assay_appraisal_options *options,
                         const char *collateral, bool announced)
{
    struct assay_appraisal_options own = *options;
    own.collateral = collateral;
    int result = cli_appraisal_open(&side->appraisal, &own);
    if (result == ASSAY_EXIT_OK && announced) wait_until_valid(&side->appraisal);
    if (result == ASSAY_EXIT_OK) result = cli_appraisal_run(&side->appraisal);
    if (result == ASSAY_EXIT_OK)
        cli_named_forecast_make(&side->appraisal, ASSAY_AIM_BEST, &side->forecast);
    return result;
}

static void close_side(struct side *side)
{
    cli_named_forecast_close(&side->forecast);
    cli_appraisal_close(&side->appraisal);
}

static int report_error(const struct side *side, const char *dir)
{
    const bool json = side->appraisal.json;
    if (side->appraisal.malformed != ASSAY_OK)
        return cli_print_error(json, ASSAY_EXIT_MALFORMED, "malformed", "the evidence: %s",
                               assay_status_text(side->appraisal.malformed));
    if (side->forecast.why_not == ASSAY_E_UNSUPPORTED)
        return cli_print_error(json, ASSAY_EXIT_USAGE, "unsupported",
                               "evidence of kind %s has no TCB levels of its vendor",
                               assay_kind_text(side->appraisal.kind));
    if (side->forecast.why_not != ASSAY_E_NOT_FOUND)
        return cli_print_error(json, ASSAY_EXIT_MALFORMED, "malformed", "the evidence: %s",
                               assay_status_text(side->forecast.why_not));
    return cli_print_error(json, ASSAY_EXIT_USAGE, "not_found",
                           "no TCB info with QE identity for this TEE in %s", dir);
}

static struct assay_json *side_json(const struct side *side)
{
    const struct assay_collateral *const c = &side->appraisal.collateral[0];
    const struct assay_verdict *const v = side->appraisal.verdict;
    struct assay_json *const out = cli_forecast_json(&side->forecast);
    struct assay_json *const advisories = assay_json_array();
    char issued[ASSAY_RFC3339_LEN + 1], at[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(c->tcb_info.issue_unix_s, issued);
    assay_rfc3339_format(v->at_unix_s, at);
    assay_json_set_uint(out, "evaluation_number", c->tcb_info.evaluation_number);
    assay_json_set_text(out, "issued", issued);
    assay_json_set_text(out, "verdict", assay_tier_text(v->tier));
    assay_json_set_text(out, "at", at);
    for (uint32_t i = 0; i < v->advisory_count; i++)
        assay_json_append_text(advisories, v->advisories[i]);
    assay_json_set(out, "advisory_ids", advisories);
    return out;
}

static void print_side(const char *title, const struct side *side)
{
    const struct assay_collateral *const c = &side->appraisal.collateral[0];
    const struct assay_verdict *const v = side->appraisal.verdict;
    char issued[ASSAY_RFC3339_LEN + 1], at[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(c->tcb_info.issue_unix_s, issued);
    assay_rfc3339_format(v->at_unix_s, at);
    (void)printf("%s: evaluation number %u, issued %s\n", title, c->tcb_info.evaluation_number,
                 issued);
    (void)printf("  %-18s %s, for %s\n", "verdict", assay_tier_text(v->tier), at);
    cli_print_levels(&side->forecast);
    for (uint32_t i = 0; i < v->advisory_count; i++)
        (void)printf("  %-18s %s\n", i == 0 ? "advisories" : "", v->advisories[i]);
}

/* A forecast under documents that do not verify would be a forged one. */
static void print_doubts(const struct side *side)
{
    const struct assay_verdict *const v = side->appraisal.verdict;
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const reason = &v->reasons[i];
        const enum assay_rule_class class_ = assay_rule_class_of(reason->rule);
        if (class_ != ASSAY_RULE_FORGED && class_ != ASSAY_RULE_UNJUDGED) continue;
        (void)printf("  not proven: %s (expected %s, observed %s)\n", assay_rule_text(reason->rule),
                     reason->expected, reason->observed);
    }
}

static int print_forecast(const struct side *now, const struct side *then)
{
    if (now->appraisal.json) {
        struct assay_json *const data = assay_json_object();
        assay_json_set_text(data, "kind", assay_kind_text(now->appraisal.kind));
        assay_json_set(data, "now", side_json(now));
        assay_json_set(data, "then", side_json(then));
        return cli_print_envelope("assay.tcb.forecast", data);
    }
    print_side("in force", now);
    print_doubts(now);
    (void)puts("");
    print_side("announced", then);
    print_doubts(then);
    (void)puts("\nshort of the best level announced:");
    cli_print_gaps(&then->forecast);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static int run_forecast(const struct assay_appraisal_options *options, const char *against)
{
    static struct side now, then;
    int result = appraise_side(&now, options, options->collateral, false);
    if (result == ASSAY_EXIT_OK && !now.forecast.is_there)
        result = report_error(&now, options->collateral);
    if (result == ASSAY_EXIT_OK) result = appraise_side(&then, options, against, true);
    if (result == ASSAY_EXIT_OK && !then.forecast.is_there) result = report_error(&then, against);
    if (result == ASSAY_EXIT_OK) result = print_forecast(&now, &then);
    if (result == ASSAY_EXIT_OK) cli_appraisal_note(&now.appraisal);
    if (result == ASSAY_EXIT_OK) cli_appraisal_note(&then.appraisal);
    if (result == ASSAY_EXIT_OK) result = cli_appraisal_exit(&then.appraisal);
    close_side(&now);
    close_side(&then);
    return result;
}

int cli_command_tcb(int argc, char **argv)
{
    struct assay_appraisal_options options = { 0 };
    const char *against = NULL;
    const struct cli_option_target targets[] = {
        ASSAY_APPRAISAL_TARGETS(&options),
        { "against", .text = &against },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    options.file = argv[2];
    return run_forecast(&options, against);
}
