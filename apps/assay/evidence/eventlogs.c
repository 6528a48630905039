/*
 * apps/assay/evidence/eventlogs.c - event logs given on the command line: reading and report.
 */
#include "apps/assay/evidence/eventlogs.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/core/file_fault.h"
#include "quote/result/fix.h"

#include <stdio.h>
#include <stdlib.h>

/* --- reading */
static int cannot_read(const char *path, enum assay_status status, bool json)
{
    if (status == ASSAY_E_MEMORY)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (status == ASSAY_E_RANGE)
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                               "--event-log %s: expected at most %d bytes, found more: give the "
                               "log that the kernel hands out",
                               path, (int)ASSAY_EVENTLOG_LEN_MAX);
    return cli_print_file_fault(json, "--event-log ", path, status);
}

int cli_eventlogs_open(struct assay_eventlogs *out, const struct assay_eventlog_paths *paths,
                       bool json)
{
    *out = (struct assay_eventlogs){ .files = *paths };
    if (paths->count == 0) return ASSAY_EXIT_OK;
    out->report = calloc(1, sizeof *out->report);
    if (out->report == NULL) return cannot_read("", ASSAY_E_MEMORY, json);
    for (size_t i = 0; i < paths->count; i++) {
        size_t len = 0;
        const enum assay_status status =
            assay_file_read(paths->paths[i], ASSAY_EVENTLOG_LEN_MAX, &out->buffers[i], &len);
        if (status != ASSAY_OK) return cannot_read(paths->paths[i], status, json);
        out->logs[i] = assay_slice_over(out->buffers[i], len);
    }
    return ASSAY_EXIT_OK;
}

void cli_eventlogs_close(struct assay_eventlogs *logs)
{
    for (size_t i = 0; i < ASSAY_EVENTLOGS_MAX; i++)
        free(logs->buffers[i]);
    free(logs->report);
    *logs = (struct assay_eventlogs){ 0 };
}

/* --- telling */

/* What became of a log; NULL when the evidence could not be read, and no log was looked at. */
static const struct assay_eventlog_outcome *outcome_of(const struct assay_eventlogs *logs,
                                                       size_t index)
{
    return index < logs->report->log_count ? &logs->report->logs[index] : NULL;
}

static const char *path_of(const struct assay_eventlogs *logs, enum assay_eventlog_form form)
{
    for (size_t i = 0; i < logs->report->log_count; i++)
        if (logs->report->logs[i].judged && logs->report->logs[i].form == form)
            return logs->files.paths[i];
    return "";
}

static size_t failed_shown(const struct assay_eventlogs *logs)
{
    const uint64_t count = logs->report->failed_count;
    return count < ASSAY_EVENTS_SHOWN ? (size_t)count : (size_t)ASSAY_EVENTS_SHOWN;
}

/* --- as JSON */
static void set_rule(struct assay_json *object, enum assay_rule rule)
{
    if (rule == 0) {
        assay_json_set_null(object, "rule");
        assay_json_set_null(object, "fix");
        return;
    }
    assay_json_set_text(object, "rule", assay_rule_name(rule));
    assay_json_set_text(object, "fix", assay_rule_fix(rule));
}

static struct assay_json *log_json(const struct assay_eventlogs *logs, size_t index)
{
    static const struct assay_eventlog_outcome unread = { 0 };
    const struct assay_eventlog_outcome *const found = outcome_of(logs, index);
    const struct assay_eventlog_outcome *const log = found == NULL ? &unread : found;
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "file", logs->files.paths[index]);
    if (log->form == 0) assay_json_set_null(object, "form");
    else assay_json_set_text(object, "form", assay_eventlog_form_text(log->form));
    if (found == NULL) assay_json_set_null(object, "status");
    else assay_json_set_text(object, "status", assay_status_symbol(log->status));
    assay_json_set_bool(object, "judged", log->judged);
    assay_json_set_uint(object, "events", log->events);
    assay_json_set_uint(object, "later", log->later);
    assay_json_set_uint(object, "extending", log->extending);
    assay_json_set_uint(object, "proven", log->proven);
    set_rule(object, log->rule);
    return object;
}

static struct assay_json *register_json(const struct assay_register_outcome *r)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "register", r->name);
    if (r->alg == 0) assay_json_set_null(object, "bank");
    else assay_json_set_text(object, "bank", assay_register_bank_text(r->alg));
    assay_json_set_text(object, "state", assay_register_state_text(r->state));
    assay_json_set_uint(object, "events", r->events);
    if (r->len == 0) assay_json_set_null(object, "quoted");
    else assay_json_set_hex(object, "quoted", r->quoted, r->len);
    if (!assay_register_was_replayed(r)) assay_json_set_null(object, "replayed");
    else assay_json_set_hex(object, "replayed", r->replayed, r->len);
    return object;
}

static void set_place(struct assay_json *object, const struct assay_event_outcome *e)
{
    struct assay_json *const event = assay_json_object();
    const char *const type = assay_event_type_name(e->type);
    assay_json_set_uint(event, "index", e->index);
    assay_json_set_uint(event, "offset", e->offset);
    assay_json_set_uint(event, "type", e->type);
    if (type == NULL) assay_json_set_null(event, "type_name");
    else assay_json_set_text(event, "type_name", type);
    assay_json_set_text(event, "text", e->text);
    assay_json_set_hex(event, "digest", e->digest, e->len);
    assay_json_set(object, "event", event);
}

static struct assay_json *failed_json(const struct assay_eventlogs *logs,
                                      const struct assay_event_outcome *e)
{
    struct assay_json *const object = assay_json_object();
    set_rule(object, e->rule);
    assay_json_set_text(object, "file", path_of(logs, e->form));
    assay_json_set_text(object, "register", e->name);
    assay_json_set_text(object, "expected", e->expected);
    assay_json_set_text(object, "observed", e->observed);
    if (e->occurred) set_place(object, e);
    else assay_json_set_null(object, "event");
    return object;
}

void cli_eventlogs_set_json(const struct assay_eventlogs *logs, struct assay_json *data)
{
    if (logs->report == NULL) {
        assay_json_set_null(data, "event_logs");
        return;
    }
    struct assay_json *const object = assay_json_object();
    struct assay_json *const files = assay_json_array();
    struct assay_json *const registers = assay_json_array();
    struct assay_json *const failed = assay_json_array();
    for (size_t i = 0; i < logs->files.count; i++)
        assay_json_append(files, log_json(logs, i));
    for (size_t i = 0; i < logs->report->register_count; i++)
        assay_json_append(registers, register_json(&logs->report->registers[i]));
    for (size_t i = 0; i < failed_shown(logs); i++)
        assay_json_append(failed, failed_json(logs, &logs->report->failed[i]));
    assay_json_set(object, "logs", files);
    assay_json_set(object, "registers", registers);
    assay_json_set_uint(object, "failed_count", logs->report->failed_count);
    assay_json_set(object, "failed", failed);
    assay_json_set(data, "event_logs", object);
}

/* --- text output */
static void print_log(const struct assay_eventlogs *logs, size_t index)
{
    const struct assay_eventlog_outcome *const log = outcome_of(logs, index);
    (void)printf("%s: ", logs->files.paths[index]);
    if (log == NULL) {
        (void)puts("not looked at, the evidence cannot be read");
        return;
    }
    if (log->status != ASSAY_OK) (void)printf("cannot be read: %s", assay_status_text(log->status));
    else
        (void)printf("%s, %llu events, %llu of %llu that extend registers proven",
                     assay_eventlog_form_text(log->form), (unsigned long long)log->events,
                     (unsigned long long)log->proven, (unsigned long long)log->extending);
    if (log->later > 0)
        (void)printf(", %llu later than the quote", (unsigned long long)log->later);
    (void)printf("%s%s\n", log->rule != 0 ? ": " : "",
                 log->rule != 0 ? assay_rule_name(log->rule) : "");
}

int cli_eventlogs_print(const struct assay_eventlogs *logs)
{
    for (size_t i = 0; logs->report != NULL && i < logs->files.count; i++) {
        (void)printf("event log   ");
        print_log(logs, i);
    }
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static void print_value(const char *name, const uint8_t *value, size_t len)
{
    char text[2 * ASSAY_MEASUREMENT_MAX + 1];
    assay_hex_encode(value, len, text, sizeof text);
    (void)printf("      %-8s %s\n", name, text);
}

static void print_register(const struct assay_register_outcome *r)
{
    (void)printf("  %-5s  %-6s  %-12s  %llu events\n", r->name,
                 r->alg == 0 ? "" : assay_register_bank_text(r->alg),
                 assay_register_state_text(r->state), (unsigned long long)r->events);
    if (r->state != ASSAY_REGISTER_DIFFERS) return;
    print_value("quoted", r->quoted, r->len);
    print_value("replayed", r->replayed, r->len);
}

static void print_failed(const struct assay_eventlogs *logs, const struct assay_event_outcome *e)
{
    const char *const type = assay_event_type_name(e->type);
    (void)printf("  %s (%s)\n", assay_rule_text(e->rule), assay_rule_name(e->rule));
    (void)printf("      expected %s\n      observed %s\n", e->expected, e->observed);
    if (e->occurred) {
        (void)printf("      in       %s, event %llu at byte %u, ", path_of(logs, e->form),
                     (unsigned long long)e->index, e->offset);
        if (type == NULL) (void)printf("type 0x%08x", e->type);
        else (void)printf("%s", type);
        (void)printf("%s%s\n", e->text[0] != '\0' ? ": " : "", e->text);
    }
    (void)printf("      do       %s\n", assay_rule_fix(e->rule));
}

void cli_eventlogs_explain(const struct assay_eventlogs *logs, const struct assay_verdict *verdict)
{
    if (logs->report == NULL) return;
    (void)puts("\nEvent logs");
    if (verdict->genuine != ASSAY_GENUINE_TRUE)
        (void)puts("  the evidence is not proven genuine, and neither are its registers");
    for (size_t i = 0; i < logs->files.count; i++) {
        (void)printf("  ");
        print_log(logs, i);
    }
    for (size_t i = 0; i < logs->report->register_count; i++)
        print_register(&logs->report->registers[i]);
    const size_t shown = failed_shown(logs);
    if (shown == 0) return;
    (void)puts("\nMeasured, and rejected by the policy");
    for (size_t i = 0; i < shown; i++)
        print_failed(logs, &logs->report->failed[i]);
    if (logs->report->failed_count > shown)
        (void)printf("  and %llu more\n",
                     (unsigned long long)(logs->report->failed_count - shown));
}
