/*
 * apps/assay/evidence/eventlogs.c - event logs given on the command line: reading and report.
 */
#include "apps/assay/evidence/eventlogs.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "base/assert.h"
#include "quote/result/fix.h"

#include <stdio.h>
#include <stdlib.h>

/* --- reading */
static int cannot_read(const char *option, const char *path, enum assay_status status, bool json)
{
    if (status == ASSAY_E_MEMORY)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (status == ASSAY_E_RANGE)
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                               "%s%s: expected at most %d bytes, found more: give the "
                               "log that the kernel hands out",
                               option, path, (int)ASSAY_EVENTLOG_LEN_MAX);
    return cli_print_file_fault(json, option, path, status);
}

/* The table CCEL or TPM2 of ACPI says where the log is, and is none. */
static bool is_acpi_table(const uint8_t *bytes, size_t len)
{
    enum { HEADER_LEN = 36 };
    return len >= HEADER_LEN &&
           (assay_bytes_equal(bytes, "CCEL", 4) || assay_bytes_equal(bytes, "TPM2", 4));
}

/* In place of the text; the binary form is never longer than twice the text. */
static enum assay_status convert_text(uint8_t **bytes, size_t *len)
{
    size_t made_len = 0;
    ASSAY_ASSERT(*len > 0); /* it has a line */
    uint8_t *const made = malloc(2 * *len);
    if (made == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status =
        assay_ima_text_encode(assay_slice_over(*bytes, *len), made, 2 * *len, &made_len);
    free(status == ASSAY_OK ? *bytes : made);
    if (status != ASSAY_OK) return status;
    *bytes = made;
    *len = made_len;
    return ASSAY_OK;
}

int cli_eventlog_read(const char *option, const char *path, bool json, uint8_t **bytes, size_t *len)
{
    enum assay_status status = assay_file_read(path, ASSAY_EVENTLOG_LEN_MAX, bytes, len);
    if (status != ASSAY_OK) return cannot_read(option, path, status, json);
    if (is_acpi_table(*bytes, *len))
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                               "%s%s: is the ACPI table %.4s, which names the place of the log: "
                               "give /sys/firmware/acpi/tables/data/CCEL, or "
                               "binary_bios_measurements of a TPM",
                               option, path, (const char *)*bytes);
    if (!assay_ima_text_looks(assay_slice_over(*bytes, *len))) return ASSAY_EXIT_OK;
    status = convert_text(bytes, len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_MEMORY) return cannot_read(option, path, status, json);
    return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                           "%s%s: a list of IMA as text that cannot be read (%s): give "
                           "binary_runtime_measurements",
                           option, path, assay_status_text(status));
}

int cli_eventlogs_open(struct assay_eventlogs *out, const struct assay_eventlog_paths *paths,
                       bool json)
{
    *out = (struct assay_eventlogs){ .files = *paths };
    if (paths->count == 0) return ASSAY_EXIT_OK;
    out->report = calloc(1, sizeof *out->report);
    if (out->report == NULL) return cannot_read("", "", ASSAY_E_MEMORY, json);
    for (size_t i = 0; i < paths->count; i++) {
        size_t len = 0;
        const int result =
            cli_eventlog_read("--event-log ", paths->paths[i], json, &out->buffers[i], &len);
        if (result != ASSAY_EXIT_OK) return result;
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
    assay_json_set_text(object, "rule", rule == 0 ? NULL : assay_rule_name(rule));
    assay_json_set_text(object, "text", rule == 0 ? NULL : assay_rule_text(rule));
    assay_json_set_text(object, "fix", rule == 0 ? NULL : assay_rule_fix(rule));
}

static void append_log(struct assay_json *list, const struct assay_eventlogs *logs, size_t index)
{
    static const struct assay_eventlog_outcome unread = { 0 };
    const struct assay_eventlog_outcome *const found = outcome_of(logs, index);
    const struct assay_eventlog_outcome *const log = found == NULL ? &unread : found;
    struct assay_json *const object = assay_json_append_object(list);
    assay_json_set_text(object, "file", logs->files.paths[index]);
    assay_json_set_text(object, "form",
                        log->form == 0 ? NULL : assay_eventlog_form_text(log->form));
    assay_json_set_text(object, "status", found == NULL ? NULL : assay_status_symbol(log->status));
    assay_json_set_text(object, "fault",
                        log->status == ASSAY_OK ? NULL : assay_status_text(log->status));
    assay_json_set_bool(object, "judged", log->judged);
    assay_json_set_uint(object, "events", log->events);
    assay_json_set_uint(object, "later", log->later);
    assay_json_set_uint(object, "extending", log->extending);
    assay_json_set_uint(object, "proven", log->proven);
    set_rule(object, log->rule);
}

static void append_register(struct assay_json *list, const struct assay_register_outcome *r)
{
    struct assay_json *const object = assay_json_append_object(list);
    assay_json_set_text(object, "register", r->name);
    assay_json_set_text(object, "bank", r->alg == 0 ? NULL : assay_register_bank_text(r->alg));
    assay_json_set_text(object, "state", assay_register_state_text(r->state));
    assay_json_set_uint(object, "events", r->events);
    if (r->len == 0) assay_json_set_null(object, "quoted");
    else assay_json_set_hex(object, "quoted", r->quoted, r->len);
    if (!assay_register_was_replayed(r)) assay_json_set_null(object, "replayed");
    else assay_json_set_hex(object, "replayed", r->replayed, r->len);
}

static void set_place(struct assay_json *object, const struct assay_event_outcome *e)
{
    struct assay_json *const event = assay_json_set_object(object, "event");
    assay_json_set_uint(event, "index", e->index);
    assay_json_set_uint(event, "offset", e->offset);
    assay_json_set_uint(event, "type", e->type);
    assay_json_set_text(event, "type_name", assay_event_type_name(e->type));
    assay_json_set_text(event, "text", e->text);
    assay_json_set_hex(event, "digest", e->digest, e->len);
}

static void append_failed(struct assay_json *list, const struct assay_eventlogs *logs,
                          const struct assay_event_outcome *e)
{
    struct assay_json *const object = assay_json_append_object(list);
    set_rule(object, e->rule);
    assay_json_set_text(object, "file", path_of(logs, e->form));
    assay_json_set_text(object, "register", e->name);
    assay_json_set_text(object, "expected", e->expected);
    assay_json_set_text(object, "observed", e->observed);
    if (e->occurred) set_place(object, e);
    else assay_json_set_null(object, "event");
}

void cli_eventlogs_set_json(const struct assay_eventlogs *logs, struct assay_json *data)
{
    if (logs->report == NULL) {
        assay_json_set_null(data, "event_logs");
        return;
    }
    struct assay_json *const object = assay_json_set_object(data, "event_logs");
    struct assay_json *const files = assay_json_set_array(object, "logs");
    struct assay_json *const registers = assay_json_set_array(object, "registers");
    for (size_t i = 0; i < logs->files.count; i++)
        append_log(files, logs, i);
    for (size_t i = 0; i < logs->report->register_count; i++)
        append_register(registers, &logs->report->registers[i]);
    assay_json_set_uint(object, "failed_count", logs->report->failed_count);
    struct assay_json *const failed = assay_json_set_array(object, "failed");
    for (size_t i = 0; i < failed_shown(logs); i++)
        append_failed(failed, logs, &logs->report->failed[i]);
}

/* --- text output */
#define LOG                                                                                        \
    "{file}: [?status= not looked at, the evidence cannot be read"                                 \
    "|[?fault cannot be read: {fault}"                                                             \
    "|{form}, {events} events, {proven} of {extending} that extend registers proven]"              \
    "[?later , {later} later than the quote][?rule : {rule}]]\n"

static const char explain_view[] =
    "[?event_logs \nEvent logs\n"
    "[?!genuine   the evidence is not proven genuine, and neither are its registers\n]"
    "[*event_logs.logs   " LOG "]"
    "[*event_logs.registers   {register,-5}  {bank,-6|}  {state,-12}  {events} events\n"
    "[?state=differs       quoted   {quoted}\n      replayed {replayed}\n]]"
    "[?event_logs.failed \nMeasured, and rejected by the policy\n"
    "[*event_logs.failed   {text} ({rule})\n"
    "      expected {expected|}\n      observed {observed|}\n"
    "[?event       in       {file|}, event {event.index} at byte {event.offset}, "
    "[?event.type_name {event.type_name}|type {event.type:hex}][?event.text : {event.text}]\n]"
    "      do       {fix}\n]]]";

static int print_logs(const struct assay_eventlogs *logs, bool genuine, const char *view)
{
    struct assay_json *const data = assay_json_object();
    cli_eventlogs_set_json(logs, data);
    assay_json_set_bool(data, "genuine", genuine);
    return cli_view_result(false, "", data, view);
}

int cli_eventlogs_print(const struct assay_eventlogs *logs)
{
    return print_logs(logs, true, "[*event_logs.logs event log   " LOG "]");
}

void cli_eventlogs_explain(const struct assay_eventlogs *logs, const struct assay_verdict *verdict)
{
    (void)print_logs(logs, verdict->genuine == ASSAY_GENUINE_TRUE, explain_view);
    if (logs->report != NULL && logs->report->failed_count > failed_shown(logs))
        (void)printf("  and %llu more\n",
                     (unsigned long long)(logs->report->failed_count - failed_shown(logs)));
}
