/*
 * apps/assay/evidence/eventlog_list.c - command `assay evidence eventlog`: the events of a log, and
 * the registers that they make. Nothing is compared with evidence: `evidence verify` does.
 */
#include "apps/assay/evidence/eventlog_list.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/print.h"
#include "apps/assay/evidence/eventlogs.h"
#include "base/assert.h"
#include "quote/eventlog/replay.h"
#include "quote/tpm_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LEN = 96, NAME_LEN = 16 };

struct listing {
    const char *file;
    bool json;
    bool is_td; /* registers are those of a CCEL */
    uint8_t *bytes;
    size_t len;
    /* JSON is printed event by event: a log of 16 MB has 200,000, which as one tree take 1 GB. */
    bool is_silent; /* counts alone */
    bool has_any;   /* an event was printed */
    bool is_cut;    /* output that could not be written, or no memory */
};

/* --- what an event is about */
static size_t copy_text(char *out, size_t used, const uint8_t *bytes, size_t len, size_t step)
{
    for (size_t i = 0; i + step <= len && used + 1 < TEXT_LEN; i += step) {
        if (bytes[i] < 0x20 || bytes[i] > 0x7e || (step == 2 && bytes[i + 1] != 0)) break;
        out[used++] = (char)bytes[i];
    }
    out[used] = '\0';
    return used;
}

/* UEFI_VARIABLE_DATA (PFP, 10.4.2.6): GUID, lengths of name and data, the name in UTF-16. */
static bool take_variable(struct assay_slice data, char out[TEXT_LEN])
{
    enum { GUID_LEN = 16 };
    struct assay_cursor in = assay_cursor_over(data.bytes, data.len);
    uint64_t name_len = 0, data_len = 0;
    struct assay_slice name;
    if (assay_cursor_skip(&in, GUID_LEN) != ASSAY_OK ||
        assay_cursor_u64le(&in, &name_len) != ASSAY_OK ||
        assay_cursor_u64le(&in, &data_len) != ASSAY_OK || name_len > data.len)
        return false;
    if (assay_cursor_slice(&in, 2 * (size_t)name_len, &name) != ASSAY_OK) return false;
    return copy_text(out, 0, name.bytes, name.len, 2) > 0;
}

static bool is_variable(uint32_t type)
{
    const char *const name = assay_event_type_name(type);
    return name != NULL && strncmp(name, "EV_EFI_VARIABLE_", 16) == 0;
}

/* Its file, its variable, or its data as far as that is text; else the first bytes. */
static void describe_event(const struct assay_boot_event *event, char out[TEXT_LEN])
{
    enum { HEX_SHOWN = 16 };
    const struct assay_slice data = event->data;
    out[0] = '\0';
    if (event->type == ASSAY_EV_IMA) {
        (void)copy_text(out, 0, event->file_name.bytes, event->file_name.len, 1);
        return;
    }
    if (is_variable(event->type) && take_variable(data, out)) return;
    if (copy_text(out, 0, data.bytes, data.len, 2) > 2) return;
    if (copy_text(out, 0, data.bytes, data.len, 1) > 2) return;
    assay_hex_encode(data.bytes, data.len < HEX_SHOWN ? data.len : HEX_SHOWN, out, TEXT_LEN);
}

static void name_register(const struct listing *l, uint32_t reg, char out[NAME_LEN])
{
    if (l->is_td && reg == 0) (void)snprintf(out, NAME_LEN, "mrtd");
    else if (l->is_td) (void)snprintf(out, NAME_LEN, "rtmr%u", (unsigned)(reg - 1));
    else (void)snprintf(out, NAME_LEN, "%u", (unsigned)reg);
}

/* --- events */
static void stream_event(struct listing *l, const struct assay_boot_event *event, const char *reg,
                         const char *text)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_uint(object, "index", event->index);
    assay_json_set_uint(object, "offset", event->offset);
    assay_json_set_text(object, "register", reg);
    assay_json_set_uint(object, "type", event->type);
    assay_json_set_text(object, "type_name", assay_event_type_name(event->type));
    assay_json_set_text(object, "text", text);
    struct assay_json *const digests = assay_json_set_object(object, "digests");
    for (size_t i = 0; i < event->digest_count; i++)
        assay_json_set_hex(digests, assay_register_bank_text(event->digests[i].alg),
                           event->digests[i].bytes.bytes, event->digests[i].bytes.len);
    const char *const before = l->has_any ? ",\n      " : "\n      ";
    l->has_any = true;
    if (!l->is_cut) l->is_cut = !cli_print_envelope_item(before, object);
    else assay_json_free(&(struct assay_json *){ object });
}

static void print_event(const struct assay_boot_event *event, const char *reg, const char *text)
{
    char digest[2 * ASSAY_MEASUREMENT_MAX + 1] = "";
    char number[NAME_LEN];
    const char *const name = assay_event_type_name(event->type);
    (void)snprintf(number, sizeof number, "0x%08x", (unsigned)event->type);
    if (event->digest_count > 0) {
        const struct assay_slice last = event->digests[event->digest_count - 1].bytes;
        assay_hex_encode(last.bytes, last.len, digest, sizeof digest);
    }
    (void)printf("%5llu  %-6s  %-32s  %.32s  %s\n", (unsigned long long)event->index, reg,
                 name == NULL ? number : name, digest, text);
}

/* Goes through the log. Out: how often each register is extended */
static enum assay_status list_events(struct listing *l, struct assay_eventlog log,
                                     uint64_t extended[ASSAY_EVENT_REGISTERS],
                                     struct assay_eventlog *end)
{
    struct assay_boot_event event;
    enum assay_status status;
    while ((status = assay_eventlog_next(&log, &event)) == ASSAY_OK) {
        char text[TEXT_LEN], reg[NAME_LEN];
        if (assay_event_extends(&event)) extended[event.reg] += 1;
        if (l->is_silent) continue;
        describe_event(&event, text);
        name_register(l, event.reg, reg);
        if (l->json) stream_event(l, &event, reg, text);
        else print_event(&event, reg, text);
    }
    *end = log;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

/* --- registers */
static enum assay_status replay_bank(struct assay_eventlog log, uint16_t alg,
                                     const uint64_t extended[ASSAY_EVENT_REGISTERS],
                                     struct assay_replay *replay)
{
    struct assay_boot_event event;
    assay_replay_init(replay);
    for (uint32_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++)
        if (extended[reg] > 0) ASSAY_TRY(assay_replay_start(replay, reg, alg));
    while (assay_eventlog_next(&log, &event) == ASSAY_OK)
        ASSAY_TRY(assay_replay_extend(replay, &event));
    return ASSAY_OK;
}

static void show_bank(const struct listing *l, const struct assay_replay *replay, uint16_t alg,
                      struct assay_json *registers)
{
    for (uint32_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++) {
        const struct assay_replayed *const r = &replay->registers[reg];
        char name[NAME_LEN], value[2 * ASSAY_MEASUREMENT_MAX + 1];
        if (r->events == 0) continue;
        name_register(l, reg, name);
        assay_hex_encode(r->value, r->len, value, sizeof value);
        if (registers == NULL) {
            (void)printf("%-6s  %-6s  %3llu events  %s\n", name, assay_register_bank_text(alg),
                         (unsigned long long)r->events, value);
            continue;
        }
        struct assay_json *const object = assay_json_append_object(registers);
        assay_json_set_text(object, "register", name);
        assay_json_set_text(object, "bank", assay_register_bank_text(alg));
        assay_json_set_uint(object, "events", r->events);
        assay_json_set_text(object, "value", value);
    }
}

/* Banks of the log; a list of IMA extends every bank. One that is not hashed here is left out. */
static void show_registers(const struct listing *l, const struct assay_eventlog *log,
                           const uint64_t extended[ASSAY_EVENT_REGISTERS],
                           struct assay_json *registers)
{
    static const uint16_t of_ima[] = { ASSAY_TPM_SHA256, ASSAY_TPM_SHA384, ASSAY_TPM_SHA512 };
    const bool is_ima = log->form == ASSAY_EVENTLOG_IMA;
    const size_t count = is_ima ? sizeof of_ima / sizeof of_ima[0] : log->alg_count;
    for (size_t i = 0; i < count; i++) {
        const uint16_t alg = is_ima ? of_ima[i] : log->algs[i].id;
        struct assay_replay replay;
        if (replay_bank(*log, alg, extended, &replay) == ASSAY_OK)
            show_bank(l, &replay, alg, registers);
    }
}

/* After a first pass without output: of a log that cannot be read, only the error is printed. */
static int print_json(struct listing *l, const struct assay_eventlog *log,
                      const uint64_t extended[ASSAY_EVENT_REGISTERS])
{
    uint64_t again[ASSAY_EVENT_REGISTERS] = { 0 };
    struct assay_eventlog end;
    cli_print_envelope_open("assay.evidence.eventlog");
    (void)printf("\n    \"form\": \"%s\",\n    \"events\": [", assay_eventlog_form_text(log->form));
    l->is_silent = false;
    const enum assay_status status = list_events(l, *log, again, &end);
    ASSAY_ASSERT(status == ASSAY_OK); /* the same bytes as in the first pass */
    struct assay_json *const registers = assay_json_array();
    show_registers(l, log, extended, registers);
    const bool ok = cli_print_envelope_item("\n    ],\n    \"registers\": ", registers);
    return cli_print_envelope_close(ok && !l->is_cut);
}

static int print_lines(const struct listing *l, const struct assay_eventlog *log,
                       const uint64_t extended[ASSAY_EVENT_REGISTERS])
{
    (void)puts("");
    show_registers(l, log, extended, NULL);
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static int list_log(struct listing *l)
{
    struct assay_eventlog log, end;
    uint64_t extended[ASSAY_EVENT_REGISTERS] = { 0 };
    enum assay_status status = assay_eventlog_open(l->bytes, l->len, &log);
    if (status != ASSAY_OK)
        return cli_print_error(l->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: expected an event log (TCG2, CCEL, IMA): %s", l->file,
                               assay_status_text(status));
    l->is_silent = l->json;
    status = list_events(l, log, extended, &end);
    if (status == ASSAY_OK)
        return l->json ? print_json(l, &log, extended) : print_lines(l, &log, extended);
    (void)fflush(stdout);
    return cli_print_error(l->json, ASSAY_EXIT_MALFORMED, "malformed",
                           "%s: event %llu at byte %zu of %zu: %s: the log was cut or changed",
                           l->file, (unsigned long long)end.count, end.in.pos, l->len,
                           assay_status_text(status));
}

int cli_eventlog_list(int argc, char **argv)
{
    struct listing l = { 0 };
    const struct cli_option_target targets[] = {
        { "td", .flag = &l.is_td },
        { "json", .flag = &l.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    l.file = argv[2];
    int result = cli_eventlog_read("", strcmp(l.file, "-") == 0 ? "/dev/stdin" : l.file, l.json,
                                   &l.bytes, &l.len);
    if (result == ASSAY_EXIT_OK) result = list_log(&l);
    free(l.bytes);
    return result;
}
