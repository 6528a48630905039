/*
 * net/host_collateral.c - what the fetcher found, into the log and to whoever offers it.
 */
#include "net/host_internal.h"

#include "net/fetch/fetcher.h"

static void say_newer(struct assay_host *host, const struct assay_fetcher_found *found)
{
    const struct assay_round_report *const report = &found->report;
    const bool is_recovery = report->renewal.kind == ASSAY_RENEWAL_HIGHER_NUMBER;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "collateral_newer")) {
        assay_log_hex(&host->log, "root", report->root, 8);
        assay_log_bool(&host->log, "recovery", is_recovery);
        assay_log_uint(&host->log, "number", report->renewal.number_offered);
        assay_log_uint(&host->log, "in_force", report->renewal.number_in_force);
        assay_log_uint(&host->log, "bytes", report->offer.len);
        assay_log_bool(&host->log, "kept_from_before", found->was_kept);
    }
    assay_log_end(&host->log);
    if (!found->is_unkept) return;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "collateral_unkept"))
        assay_log_hex(&host->log, "root", report->root, 8);
    assay_log_end(&host->log);
}

static void say_refused(struct assay_host *host, const struct assay_round_report *report)
{
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "collateral_refused")) {
        assay_log_hex(&host->log, "root", report->root, 8);
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
        assay_log_text(&host->log, "status", assay_status_symbol(report->status));
        assay_log_text(&host->log, "why", report->message);
    }
    assay_log_end(&host->log);
}

void host_collateral(struct assay_host *host)
{
    struct assay_fetcher_found found;
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
