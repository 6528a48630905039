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
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/appraisal.h"
#include "apps/assay/evidence/device_changes.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/evidence/forecast_print.h"

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

/* A forecast under documents that do not verify would be a forged one. */
static void set_doubts(struct assay_json *out, const struct assay_verdict *v)
{
    struct assay_json *const doubts = assay_json_set_array(out, "not_proven");
    for (uint32_t i = 0; i < v->reason_count; i++) {
        const struct assay_reason *const reason = &v->reasons[i];
        const enum assay_rule_class class_ = assay_rule_class_of(reason->rule);
        if (class_ != ASSAY_RULE_FORGED && class_ != ASSAY_RULE_UNJUDGED) continue;
        struct assay_json *const doubt = assay_json_append_object(doubts);
        assay_json_set_text(doubt, "text", assay_rule_text(reason->rule));
        assay_json_set_text(doubt, "expected", reason->expected);
        assay_json_set_text(doubt, "observed", reason->observed);
    }
}

static struct assay_json *side_json(const struct side *side)
{
    const struct assay_collateral *const c = &side->appraisal.collateral[0];
    const struct assay_verdict *const v = side->appraisal.verdict;
    struct assay_json *const out = cli_forecast_json(&side->forecast);
    assay_json_set_uint(out, "evaluation_number", c->tcb_info.evaluation_number);
    assay_json_set_time(out, "issued", c->tcb_info.issue_unix_s);
    assay_json_set_text(out, "verdict", assay_tier_text(v->tier));
    assay_json_set_time(out, "at", v->at_unix_s);
    struct assay_json *const advisories = assay_json_set_array(out, "advisory_ids");
    for (uint32_t i = 0; i < v->advisory_count; i++)
        assay_json_append_text(advisories, v->advisories[i]);
    set_doubts(out, v);
    return out;
}

static const char side_view[] = ": evaluation number {evaluation_number}, issued {issued}\n"
                                "  verdict            {verdict}, for {at}\n";
static const char doubts_view[] =
    "[*advisory_ids   [?#                   |advisories        ] {.}\n]"
    "[*not_proven   not proven: {text} (expected {expected|}, observed {observed|})\n]";

static void print_side(const char *title, const struct assay_json *side)
{
    (void)fputs(title, stdout);
    cli_view_print(side_view, side, stdout);
    cli_view_print(cli_levels_view, side, stdout);
    cli_view_print(doubts_view, side, stdout);
}

static int print_forecast(const struct side *now, const struct side *then)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "kind", assay_kind_text(now->appraisal.kind));
    assay_json_set(data, "now", side_json(now));
    assay_json_set(data, "then", side_json(then));
    assay_json_set(data, "devices",
                   cli_device_changes_json(now->appraisal.verdict, then->appraisal.verdict));
    if (now->appraisal.json) return cli_print_envelope("assay.tcb.forecast", data);
    print_side("in force", assay_json_get(data, "now"));
    print_side("\nannounced", assay_json_get(data, "then"));
    (void)puts("\nshort of the best level announced:");
    cli_view_print(cli_gaps_view, assay_json_get(data, "then"), stdout);
    cli_print_device_changes(now->appraisal.verdict, then->appraisal.verdict);
    assay_json_free(&data);
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
