/*
 * net/runtime/runtime_collateral.c - what the fetcher found, into the log and to whoever offers it
 * (host_offers.c); and the age of what is in force (protocol.md 8.6).
 */
#include "net/runtime/runtime_internal.h"

#include "base/rfc3339.h"
#include "net/fetch/fetcher.h"
#include "quote/collateral/life.h"

enum { AGE_EVERY_MS = 60000 };

/* What waits, is on trial or was reverted is found again and again: no news. */
static void offer(struct assay_host *host, const struct assay_fetcher_found *found)
{
    char message[HOST_OFFER_MESSAGE];
    const enum assay_status status =
        host_offer_take(host, found->report.offer, false, message);
    if (status == ASSAY_OK || status == ASSAY_E_EARLY || status == ASSAY_E_DUPLICATE) return;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "collateral_unoffered")) {
        assay_log_hex(&host->log, "root", found->report.root, 8);
        assay_log_text(&host->log, "part", found->report.part);
        assay_log_text(&host->log, "why", message);
    }
    assay_log_end(&host->log);
}

static void say_newer(struct assay_host *host, const struct assay_fetcher_found *found)
{
    const struct assay_round_report *const report = &found->report;
    const bool is_recovery = report->renewal.kind == ASSAY_RENEWAL_HIGHER_NUMBER;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "collateral_newer")) {
        assay_log_hex(&host->log, "root", report->root, 8);
        assay_log_text(&host->log, "part", report->part);
        assay_log_bool(&host->log, "recovery", is_recovery);
        assay_log_uint(&host->log, "number", report->renewal.number_offered);
        assay_log_uint(&host->log, "in_force", report->renewal.number_in_force);
        assay_log_uint(&host->log, "bytes", report->offer.len);
        assay_log_bool(&host->log, "kept_from_before", found->was_kept);
    }
    assay_log_end(&host->log);
    offer(host, found);
    if (!found->is_unkept) return;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "collateral_unkept"))
        assay_log_hex(&host->log, "root", report->root, 8);
    assay_log_end(&host->log);
}

static void say_refused(struct assay_host *host, const struct assay_round_report *report)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "collateral_refused")) {
        assay_log_hex(&host->log, "root", report->root, 8);
        assay_log_text(&host->log, "part", report->part);
        assay_log_text(&host->log, "why", assay_renewal_fault_name(report->renewal.fault));
        assay_log_text(&host->log, "piece", report->renewal.piece);
        assay_log_text(&host->log, "field", report->renewal.field);
    }
    assay_log_end(&host->log);
}

static void say_unreachable(struct assay_host *host, const struct assay_round_report *report)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "collateral_unreachable")) {
        assay_log_hex(&host->log, "root", report->root, 8);
        assay_log_text(&host->log, "part", report->part);
        assay_log_text(&host->log, "status", assay_status_symbol(report->status));
        assay_log_text(&host->log, "why", report->message);
    }
    assay_log_end(&host->log);
}

/* ------------------------------------------------------------ the age of what is in force */

static void say_age(struct assay_host *host, const struct assay_collateral_life *life,
                    enum assay_collateral_age age)
{
    uint8_t root[ASSAY_SHA256_LEN];
    char until[ASSAY_RFC3339_LEN + 1];
    const enum assay_severity severity = age == ASSAY_AGE_FRESH  ? ASSAY_SEVERITY_INFO
                                         : age == ASSAY_AGE_HALF ? ASSAY_SEVERITY_WARNING
                                                                 : ASSAY_SEVERITY_ERROR;
    assay_key_name(&life->root, root);
    assay_rfc3339_format(life->until_unix_s, until);
    if (assay_log_begin(&host->log, severity, "collateral_age")) {
        assay_log_hex(&host->log, "root", root, 8);
        assay_log_text(&host->log, "age", assay_collateral_age_text(age));
        assay_log_text(&host->log, "ends_first", life->ends_first);
        assay_log_text(&host->log, "until", until);
    }
    assay_log_end(&host->log);
}

static void keep_life(struct assay_snapshot_collateral *out,
                      const struct assay_collateral_life *life, enum assay_collateral_age age)
{
    *out = (struct assay_snapshot_collateral){
        .kinds = life->kinds,
        .is_bounded = life->is_bounded,
        .from_unix_s = life->from_unix_s,
        .until_unix_s = life->until_unix_s,
        .ends_first = life->ends_first != NULL ? life->ends_first : "",
        .age = assay_collateral_age_text(age),
        .evaluation_number = life->evaluation_number,
    };
    assay_key_name(&life->root, out->root);
}

/* Told when it changes; that it is fresh to begin with is no news. */
static void watch_ages(struct assay_host *host)
{
    struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
    size_t count = 0;
    if (host->now_ms < host->ages_at_ms) return;
    host->ages_at_ms = host->now_ms + AGE_EVERY_MS;
    assay_collateral_lives(host->config.endorsements, lives, &count);
    for (size_t i = 0; i < count; i++) {
        const enum assay_collateral_age age =
            assay_collateral_age(&lives[i], (int64_t)(host->config.genesis->time_ms / 1000),
                                 (int64_t)(host->at_unix_ms / 1000));
        if (host->ages[i] != (uint8_t)age) say_age(host, &lives[i], age);
        host->ages[i] = (uint8_t)age;
        keep_life(&host->snapshot.collateral[i], &lives[i], age);
    }
    host->snapshot.collateral_count = (uint32_t)count;
}

void host_collateral(struct assay_host *host)
{
    struct assay_fetcher_found found;
    watch_ages(host);
    host_offers_turn(host);
    if (host->config.fetcher == NULL) return;
    while (assay_fetcher_next(host->config.fetcher, &found)) {
        switch (found.report.result) {
        case ASSAY_ROUND_NEWER: say_newer(host, &found); break;
        case ASSAY_ROUND_KNOWN: break;
        case ASSAY_ROUND_REFUSED: say_refused(host, &found.report); break;
        case ASSAY_ROUND_UNREACHABLE: say_unreachable(host, &found.report); break;
        }
        assay_fetcher_found_free(&found);
    }
}
