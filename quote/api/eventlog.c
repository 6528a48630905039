/*
 * quote/api/eventlog.c - getters for the report on event logs.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "quote/result/fix.h"

#include <stdlib.h>

enum assay_status assay_eventlog_report_create(struct assay_eventlog_report **report)
{
    if (report == NULL) return ASSAY_E_INVALID;
    struct assay_eventlog_report *const made = malloc(sizeof *made);
    if (made == NULL) return ASSAY_E_MEMORY;
    assay_eventlog_report_init(made);
    *report = made;
    return ASSAY_OK;
}

void assay_eventlog_report_destroy(struct assay_eventlog_report **report)
{
    if (report == NULL) return;
    free(*report);
    *report = NULL;
}

size_t assay_eventlog_report_count_logs(const struct assay_eventlog_report *report)
{
    return report == NULL ? 0 : report->log_count;
}

bool assay_eventlog_report_get_log(const struct assay_eventlog_report *report, size_t index,
                                   struct assay_log_outcome *log)
{
    if (log == NULL || log->size < sizeof *log) return false;
    if (index >= assay_eventlog_report_count_logs(report)) return false;
    ASSAY_ASSERT(report->log_count <= ASSAY_EVENTLOGS_MAX);
    const struct assay_eventlog_outcome *const found = &report->logs[index];
    *log = (struct assay_log_outcome){
        .size = sizeof *log,
        .form = found->form,
        .status = found->status,
        .judged = found->judged,
        .events = found->events,
        .later = found->later,
        .extending = found->extending,
        .proven = found->proven,
        .rule = (uint32_t)found->rule,
        .rule_name = found->rule == 0 ? "" : assay_rule_name(found->rule),
        .fix = found->rule == 0 ? "" : assay_rule_fix(found->rule),
    };
    return true;
}

size_t assay_eventlog_report_count_registers(const struct assay_eventlog_report *report)
{
    return report == NULL ? 0 : report->register_count;
}

bool assay_eventlog_report_get_register(const struct assay_eventlog_report *report, size_t index,
                                        struct assay_log_register *register_)
{
    if (register_ == NULL || register_->size < sizeof *register_) return false;
    if (index >= assay_eventlog_report_count_registers(report)) return false;
    ASSAY_ASSERT(report->register_count <= ASSAY_EVENTLOG_REGISTERS_SHOWN);
    const struct assay_register_outcome *const found = &report->registers[index];
    ASSAY_ASSERT(found->len <= sizeof found->quoted);
    *register_ = (struct assay_log_register){
        .size = sizeof *register_,
        .name = found->name,
        .bank = found->alg == 0 ? "" : assay_register_bank_text(found->alg),
        .state = found->state,
        .events = found->events,
    };
    if (found->len > 0) register_->quoted = (struct assay_bytes){ found->quoted, found->len };
    if (assay_register_was_replayed(found))
        register_->replayed = (struct assay_bytes){ found->replayed, found->len };
    return true;
}

uint64_t assay_eventlog_report_count_failed(const struct assay_eventlog_report *report)
{
    return report == NULL ? 0 : report->failed_count;
}

bool assay_eventlog_report_get_failed(const struct assay_eventlog_report *report, size_t index,
                                      struct assay_log_event *event)
{
    if (event == NULL || event->size < sizeof *event) return false;
    if (index >= assay_eventlog_report_count_failed(report)) return false;
    if (index >= ASSAY_EVENTS_SHOWN) return false;
    const struct assay_event_outcome *const found = &report->failed[index];
    ASSAY_ASSERT(found->len <= sizeof found->digest);
    *event = (struct assay_log_event){
        .size = sizeof *event,
        .rule = (uint32_t)found->rule,
        .rule_name = assay_rule_name(found->rule),
        .expected = found->expected,
        .observed = found->observed,
        .fix = assay_rule_fix(found->rule),
        .form = found->form,
        .occurred = found->occurred,
        .index = found->index,
        .offset = found->offset,
        .type = found->type,
        .register_name = found->name,
        .text = found->text,
    };
    if (found->len > 0) event->digest = (struct assay_bytes){ found->digest, found->len };
    return true;
}
