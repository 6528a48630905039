/*
 * quote/eventlog/report.c - report on event logs: rules at their logs, and texts.
 */
#include "quote/eventlog/appraise.h"

#include "base/assert.h"
#include "quote/tpm_format.h"

void assay_eventlog_report_init(struct assay_eventlog_report *report)
{
    ASSAY_ASSERT(report != NULL);
    assay_bytes_zero(report, sizeof *report);
}

enum assay_rule assay_eventlog_graver(enum assay_rule a, enum assay_rule b)
{
    if (a == 0) return b;
    if (b == 0) return a;
    return assay_rule_class_of(b) < assay_rule_class_of(a) ? b : a;
}

void assay_eventlog_report_note(struct assay_eventlog_report *report,
                                enum assay_eventlog_form form, enum assay_rule rule)
{
    if (report == NULL) return;
    ASSAY_ASSERT(report->log_count <= ASSAY_EVENTLOGS_MAX);
    for (size_t i = 0; i < report->log_count; i++) {
        struct assay_eventlog_outcome *const log = &report->logs[i];
        if (log->judged && log->form == form) log->rule = assay_eventlog_graver(log->rule, rule);
    }
}

bool assay_register_was_replayed(const struct assay_register_outcome *outcome)
{
    return outcome->events > 0 && (outcome->state == ASSAY_REGISTER_MATCHES ||
                                   outcome->state == ASSAY_REGISTER_DIFFERS);
}

const char *assay_eventlog_form_text(enum assay_eventlog_form form)
{
    switch (form) {
    case ASSAY_EVENTLOG_TCG: return "firmware";
    case ASSAY_EVENTLOG_IMA: return "ima";
    }
    return "unknown";
}

const char *assay_register_state_text(enum assay_register_state state)
{
    switch (state) {
    case ASSAY_REGISTER_MATCHES: return "matches";
    case ASSAY_REGISTER_DIFFERS: return "differs";
    case ASSAY_REGISTER_NOT_QUOTED: return "not-quoted";
    case ASSAY_REGISTER_NOT_REPLAYED: return "not-replayed";
    case ASSAY_REGISTER_NOT_LOGGED: return "not-logged";
    }
    return "unknown";
}

const char *assay_register_bank_text(uint16_t alg)
{
    if (alg == ASSAY_TPM_SHA1) return "sha1";
    if (alg == ASSAY_TPM_SHA256) return "sha256";
    if (alg == ASSAY_TPM_SHA384) return "sha384";
    return alg == ASSAY_TPM_SHA512 ? "sha512" : "unknown";
}
