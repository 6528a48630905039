/*
 * net/runtime/runtime_collateral.c - collateral found by the fetcher: logged and offered
 * (runtime_offers.c); age of the collateral in force (docs/protocol.md 8.6).
 */
#include "net/runtime/runtime_internal.h"

#include "base/rfc3339.h"
#include "net/fetch/fetcher.h"
#include "quote/collateral/life.h"

enum { AGE_EVERY_MS = 60000 };

/* Pending, trial and reverted offers are found again in each round: not logged. */
static void offer_found(struct assay_runtime *runtime, const struct assay_fetcher_found *found)
{
    ASSAY_ASSERT(found->report.result == ASSAY_ROUND_NEWER);
    char message[RUNTIME_OFFER_MESSAGE];
    const enum assay_status status =
        runtime_offer_add(runtime, found->report.offer, false, message);
    if (status == ASSAY_OK || status == ASSAY_E_EARLY || status == ASSAY_E_DUPLICATE) return;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "collateral_not_offered")) {
        assay_log_hex(&runtime->log, "root", found->report.root, 8);
        assay_log_text(&runtime->log, "part", found->report.part);
        assay_log_text(&runtime->log, "why", message);
    }
    assay_log_end(&runtime->log);
}

static void log_newer(struct assay_runtime *runtime, const struct assay_fetcher_found *found)
{
    const struct assay_round_report *const report = &found->report;
    const bool is_recovery = report->renewal.kind == ASSAY_RENEWAL_HIGHER_NUMBER;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "collateral_newer")) {
        assay_log_hex(&runtime->log, "root", report->root, 8);
        assay_log_text(&runtime->log, "part", report->part);
        assay_log_bool(&runtime->log, "recovery", is_recovery);
        assay_log_uint(&runtime->log, "number", report->renewal.number_offered);
        assay_log_uint(&runtime->log, "in_force", report->renewal.number_in_force);
        assay_log_uint(&runtime->log, "bytes", report->offer.len);
        assay_log_bool(&runtime->log, "kept_from_before", found->was_kept);
    }
    assay_log_end(&runtime->log);
    offer_found(runtime, found);
    if (!found->is_unkept) return;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "collateral_not_stored"))
        assay_log_hex(&runtime->log, "root", report->root, 8);
    assay_log_end(&runtime->log);
}

static void log_refused(struct assay_runtime *runtime, const struct assay_round_report *report)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "collateral_refused")) {
        assay_log_hex(&runtime->log, "root", report->root, 8);
        assay_log_text(&runtime->log, "part", report->part);
        assay_log_text(&runtime->log, "why", assay_renewal_fault_name(report->renewal.fault));
        assay_log_text(&runtime->log, "piece", report->renewal.piece);
        assay_log_text(&runtime->log, "field", report->renewal.field);
    }
    assay_log_end(&runtime->log);
}

static void log_unreachable(struct assay_runtime *runtime, const struct assay_round_report *report)
{
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "collateral_unreachable")) {
        assay_log_hex(&runtime->log, "root", report->root, 8);
        assay_log_text(&runtime->log, "part", report->part);
        assay_log_text(&runtime->log, "status", assay_status_symbol(report->status));
        assay_log_text(&runtime->log, "why", report->message);
    }
    assay_log_end(&runtime->log);
}

/* ------------------------------------------------------------ the age of what is in force */

static void log_age(struct assay_runtime *runtime, const struct assay_collateral_life *life,
                    enum assay_collateral_age age)
{
    ASSAY_ASSERT(life->is_bounded); /* else it is fresh, and stays so */
    uint8_t root[ASSAY_SHA256_LEN];
    char until[ASSAY_RFC3339_LEN + 1];
    const enum assay_severity severity = age == ASSAY_AGE_FRESH  ? ASSAY_SEVERITY_INFO
                                         : age == ASSAY_AGE_HALF ? ASSAY_SEVERITY_WARNING
                                                                 : ASSAY_SEVERITY_ERROR;
    assay_key_name(&life->root, root);
    assay_rfc3339_format(life->until_unix_s, until);
    if (assay_log_begin(&runtime->log, severity, "collateral_age")) {
        assay_log_hex(&runtime->log, "root", root, 8);
        assay_log_text(&runtime->log, "age", assay_collateral_age_text(age));
        assay_log_text(&runtime->log, "expires_first", life->expires_first);
        assay_log_text(&runtime->log, "until", until);
    }
    assay_log_end(&runtime->log);
}

static void save_lifetimes(struct assay_snapshot_collateral *out,
                           const struct assay_collateral_life *life, enum assay_collateral_age age)
{
    *out = (struct assay_snapshot_collateral){
        .kinds = life->kinds,
        .is_bounded = life->is_bounded,
        .from_unix_s = life->from_unix_s,
        .until_unix_s = life->until_unix_s,
        .expires_first = life->expires_first != NULL ? life->expires_first : "",
        .age = assay_collateral_age_text(age),
        .evaluation_number = life->evaluation_number,
    };
    assay_key_name(&life->root, out->root);
}

/* Logged when it changes; initially fresh collateral is not logged. */
static void check_ages(struct assay_runtime *runtime)
{
    struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    if (runtime->now_ms < runtime->ages_due_ms) return;
    runtime->ages_due_ms = runtime->now_ms + AGE_EVERY_MS;
    assay_collateral_lifetimes(runtime->config.endorsements, lives, &count);
    ASSAY_ASSERT(count <= ASSAY_ENDORSEMENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const enum assay_collateral_age age =
            assay_collateral_age(&lives[i], (int64_t)(runtime->config.genesis->time_ms / 1000),
                                 (int64_t)(runtime->at_unix_ms / 1000));
        if (runtime->ages[i] != (uint8_t)age) log_age(runtime, &lives[i], age);
        runtime->ages[i] = (uint8_t)age;
        save_lifetimes(&runtime->snapshot.collateral[i], &lives[i], age);
    }
    runtime->snapshot.collateral_count = (uint32_t)count;
}

void runtime_collateral_poll(struct assay_runtime *runtime)
{
    struct assay_fetcher_found found;
    check_ages(runtime);
    runtime_offers_poll(runtime);
    if (runtime->config.fetcher == NULL) return;
    while (assay_fetcher_next(runtime->config.fetcher, &found)) {
        switch (found.report.result) {
        case ASSAY_ROUND_NEWER: log_newer(runtime, &found); break;
        case ASSAY_ROUND_KNOWN: break;
        case ASSAY_ROUND_REFUSED: log_refused(runtime, &found.report); break;
        case ASSAY_ROUND_UNREACHABLE: log_unreachable(runtime, &found.report); break;
        }
        assay_fetcher_found_free(&found);
    }
}
