/*
 * tests/fuzz/quote/fuzz_eventlog.c - any bytes as event logs with registers, and a policy about one
 * of their events.
 *
 * Input: shape, bank, event, state, and two bytes with the length of the first log; then the logs.
 * Shape: bit 0 is a TD, bit 1 quotes the replay of the logs in this file, bit 2 flips a bit of one
 * quoted value, bit 3 repeats the second log, bit 4 has a policy.
 *
 * Properties: every call returns; a second appraisal gives the same verdict and report; a value
 * quoted as replayed matches, and any other differs and is rejected; an event of a proven register
 * is denied, and found, by its own digest; without proof no event is found.
 */
#include "base/assert.h"
#include "quote/eventlog/appraise.h"
#include "quote/eventlog/replay.h"
#include "quote/kinds.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_TD = 1, QUOTES = 2, TURNS = 4, THRICE = 8, HAS_POLICY = 16 };
enum { HEADER = 6, RTMRS = 4, LOGS_MAX = 3 };

/* What the evidence of an input quotes: rows of kinds have no place for more than the evidence. */
static struct assay_quoted quoted;
static uint8_t values[ASSAY_EVENT_REGISTERS][ASSAY_MEASUREMENT_MAX];

static void give_quoted(const struct assay_kind *kind, struct assay_slice evidence,
                        struct assay_quoted *out)
{
    (void)kind;
    (void)evidence;
    *out = quoted;
}

/* --- registers by this file's own replay, from events as the reader gives them */
static bool digest_of(const struct assay_boot_event *event, uint16_t alg,
                      uint8_t digest[static ASSAY_MEASUREMENT_MAX])
{
    if (event->type == ASSAY_EV_IMA) return assay_ima_digest(event, alg, digest) > 0;
    for (size_t i = 0; i < event->digest_count; i++)
        if (event->digests[i].alg == alg) {
            assay_bytes_copy(digest, ASSAY_MEASUREMENT_MAX, event->digests[i].bytes.bytes,
                             event->digests[i].bytes.len);
            return true;
        }
    return false;
}

static void extend(uint16_t alg, const struct assay_boot_event *event)
{
    uint8_t both[2 * ASSAY_MEASUREMENT_MAX];
    uint8_t digest[ASSAY_MEASUREMENT_MAX];
    const size_t len = assay_event_hash_len(alg);
    if (len == 0 || !assay_event_extends(event) || !digest_of(event, alg, digest)) return;
    assay_bytes_copy(both, sizeof both, values[event->reg], len);
    assay_bytes_copy(both + len, sizeof both - len, digest, len);
    (void)assay_event_hash(alg, assay_slice_over(both, 2 * len), values[event->reg]);
}

/* The first log of that form that is whole: the others are not judged. */
static bool open_judged(const struct assay_slice *logs, size_t count, int form,
                        struct assay_eventlog *log)
{
    for (size_t i = 0; i < count; i++) {
        struct assay_eventlog look;
        struct assay_boot_event event;
        enum assay_status status = assay_eventlog_open(logs[i].bytes, logs[i].len, log);
        if (status != ASSAY_OK || (int)log->form != form) continue;
        look = *log;
        while (status == ASSAY_OK)
            status = assay_eventlog_next(&look, &event);
        if (status == ASSAY_E_NOT_FOUND) return true;
    }
    return false;
}

/* Firmware first; of a TD nothing else. */
static void replay(const struct assay_slice *logs, size_t count, uint8_t shape, uint16_t alg)
{
    const int last = (shape & IS_TD) != 0 ? ASSAY_EVENTLOG_TCG : ASSAY_EVENTLOG_IMA;
    for (int form = ASSAY_EVENTLOG_TCG; form <= last; form++) {
        struct assay_eventlog log;
        struct assay_boot_event event;
        if (!open_judged(logs, count, form, &log)) continue;
        while (assay_eventlog_next(&log, &event) == ASSAY_OK)
            extend(alg, &event);
    }
}

static void quote(uint8_t shape, uint16_t alg)
{
    const bool is_td = (shape & IS_TD) != 0;
    const size_t len = assay_event_hash_len(alg) == 0 ? 20 : assay_event_hash_len(alg);
    quoted = (struct assay_quoted){
        .forms = is_td ? 1 << ASSAY_EVENTLOG_TCG
                       : 1 << ASSAY_EVENTLOG_TCG | 1 << ASSAY_EVENTLOG_IMA,
        .first_reg = is_td ? 1 : 0,
        .first_field = is_td ? ASSAY_REFERENCE_RTMR0 : ASSAY_REFERENCE_PCR0,
        .reg_count = is_td ? (uint32_t)RTMRS : (uint32_t)ASSAY_EVENT_REGISTERS,
    };
    for (uint32_t i = 0; i < quoted.reg_count; i++)
        quoted.registers[quoted.count++] = (struct assay_quoted_register){
            quoted.first_reg + i, alg, assay_slice_over(values[quoted.first_reg + i], len)
        };
}

/* --- a policy of one event of the logs. Returns: true when there is one. */
static bool find_event(const struct assay_slice *logs, size_t count, uint64_t index,
                       struct assay_boot_event *event)
{
    for (int form = ASSAY_EVENTLOG_TCG; form <= ASSAY_EVENTLOG_IMA; form++) {
        struct assay_eventlog log;
        if (!open_judged(logs, count, form, &log)) continue;
        while (assay_eventlog_next(&log, event) == ASSAY_OK)
            if (assay_event_extends(event) && index-- == 0) return true;
    }
    return false;
}

static bool demand(struct assay_policy *policy, const struct assay_boot_event *event, uint16_t alg,
                   uint8_t state)
{
    struct assay_event_reference *const e = &policy->events[0];
    *e = (struct assay_event_reference){ .state = (enum assay_event_state)(state % 4) };
    if (event->type == ASSAY_EV_IMA) {
        if (event->violation || event->file_name.len >= sizeof e->text) return false;
        if (event->file_name.len == 0 || assay_event_hash_len(alg) == 0) return false;
        const size_t len = event->file_digest.len;
        if (len != 20 && len != 32 && len != 48 && len != 64) return false;
        e->is_file = true;
        assay_bytes_copy(e->text, sizeof e->text, event->file_name.bytes, event->file_name.len);
        for (size_t i = 0; i < event->file_name.len; i++)
            if (e->text[i] < 0x20 || e->text[i] > 0x7e) return false;
        assay_bytes_copy(e->value, sizeof e->value, event->file_digest.bytes, len);
        e->value_len = (uint32_t)len;
    } else {
        const uint32_t first = quoted.first_reg;
        if (event->reg < first || event->reg - first >= quoted.reg_count) return false;
        e->field = (enum assay_reference_field)((uint32_t)quoted.first_field + event->reg - first);
        e->value_len = (uint32_t)assay_event_hash_len(alg);
        if (e->value_len == 0 || !digest_of(event, alg, e->value)) return false;
        if (assay_bytes_all_zero(e->value, e->value_len)) return false; /* no entry names zeros */
    }
    policy->event_count = 1;
    return true;
}

/* --- a list as text: twice its length is room enough, and what is rewritten looks like a list */
static void rewrite_text(struct assay_slice text)
{
    struct assay_eventlog log;
    size_t len = 0;
    uint8_t *const out = malloc(2 * text.len + 1);
    if (out == NULL) return;
    const enum assay_status status = assay_ima_text_encode(text, out, 2 * text.len, &len);
    ASSAY_ASSERT(status != ASSAY_E_FULL && len <= 2 * text.len);
    if (status == ASSAY_OK && len > 0 && assay_eventlog_open(out, len, &log) == ASSAY_OK)
        ASSAY_ASSERT(log.form == ASSAY_EVENTLOG_IMA);
    free(out);
}

/* --- what must hold */
static struct assay_eventlog_report report, second;

static void check_counts(size_t count)
{
    ASSAY_ASSERT(report.log_count == count);
    ASSAY_ASSERT(report.register_count <= ASSAY_EVENTLOG_REGISTERS_SHOWN);
    for (size_t i = 0; i < count; i++) {
        const struct assay_eventlog_outcome *const log = &report.logs[i];
        ASSAY_ASSERT(log->proven <= log->extending && log->extending <= log->events);
        ASSAY_ASSERT(log->judged || log->rule != 0);
        ASSAY_ASSERT(log->judged || log->extending == 0);
        ASSAY_ASSERT(!log->judged || log->status == ASSAY_OK);
    }
}

static bool was_replayed(const struct assay_verdict *verdict)
{
    return !assay_verdict_has(verdict, ASSAY_RULE_EVENT_LOG_FORMAT);
}

static void check_registers(const struct assay_verdict *verdict, uint8_t shape, uint32_t turned)
{
    for (size_t i = 0; i < report.register_count; i++) {
        const struct assay_register_outcome *const r = &report.registers[i];
        const bool is_turned = r->name == assay_quoted_name(&quoted, turned);
        if (r->state == ASSAY_REGISTER_DIFFERS)
            ASSAY_ASSERT(assay_verdict_has(verdict, ASSAY_RULE_EVENT_LOG_MISMATCH));
        if (!assay_register_was_replayed(r) || (shape & QUOTES) == 0) continue;
        /* A locality changes PCR 0 in a way that this file does not know. */
        if (r->name == assay_quoted_name(&quoted, 0)) continue;
        ASSAY_ASSERT((r->state == ASSAY_REGISTER_DIFFERS) == ((shape & TURNS) != 0 && is_turned));
    }
}

static void check_event(const struct assay_verdict *verdict, const struct assay_policy *policy)
{
    const struct assay_event_reference *const e = &policy->events[0];
    const enum assay_eventlog_form form = e->is_file ? ASSAY_EVENTLOG_IMA : ASSAY_EVENTLOG_TCG;
    bool proven = false;
    for (size_t i = 0; i < report.log_count; i++) {
        const struct assay_eventlog_outcome *const log = &report.logs[i];
        proven = proven || (log->judged && log->form == form && log->proven == log->extending);
    }
    if (!proven || !was_replayed(verdict)) return;
    const bool denied = assay_verdict_has(verdict, ASSAY_RULE_EVENT_DENIED);
    ASSAY_ASSERT(denied == (e->state == ASSAY_EVENT_DENIED));
    ASSAY_ASSERT(!assay_verdict_has(verdict, ASSAY_RULE_EVENT_MISSING));
}

static void appraise(const struct assay_evidence_request *request, struct assay_verdict *verdict,
                     struct assay_eventlog_report *out)
{
    const struct assay_kind row = { .kind = ASSAY_KIND_TPM, .registers = give_quoted };
    struct assay_evidence_request mine = *request;
    mine.log_report = out;
    assay_eventlog_report_init(out);
    assay_verdict_init(verdict, ASSAY_KIND_TPM, 0);
    assay_eventlog_appraise(&row, &mine, verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t banks[] = { 4, 11, 12, 13 };
    static struct assay_policy policy;
    static struct assay_verdict verdict, again;
    struct assay_slice logs[LOGS_MAX];
    struct assay_boot_event event = { 0 };
    if (size < HEADER) return 0;
    const uint8_t shape = data[0];
    const uint16_t alg = banks[data[1] % 4];
    const size_t left = size - HEADER;
    const size_t first = (size_t)(data[4] | data[5] << 8) < left ? (size_t)(data[4] | data[5] << 8)
                                                                 : left;
    logs[0] = assay_slice_over(data + HEADER, first);
    logs[1] = assay_slice_over(data + HEADER + first, left - first);
    logs[2] = logs[1];
    rewrite_text(assay_slice_over(data + HEADER, left));
    const size_t count = (shape & THRICE) != 0 ? 3 : left == first ? 1 : 2;
    const uint32_t turned = 1 + data[2] % (uint32_t)RTMRS;

    assay_bytes_zero(values, sizeof values);
    if ((shape & QUOTES) != 0) replay(logs, count, shape, alg);
    if ((shape & TURNS) != 0) values[turned][data[3] % 20] ^= 0x10;
    quote(shape, alg);
    assay_policy_default(&policy);
    const bool asks = (shape & HAS_POLICY) != 0 && find_event(logs, count, data[2], &event) &&
                      demand(&policy, &event, alg, data[3]);
    const struct assay_evidence_request request = {
        .kind = ASSAY_KIND_TPM, .policy = &policy, .logs = logs, .log_count = count
    };
    appraise(&request, &verdict, &report);
    appraise(&request, &again, &second);
    ASSAY_ASSERT(assay_bytes_equal(&verdict, &again, sizeof verdict));
    ASSAY_ASSERT(assay_bytes_equal(&report, &second, sizeof report));
    check_counts(count);
    if (was_replayed(&verdict)) check_registers(&verdict, shape, turned);
    if (asks) check_event(&verdict, &policy);
    return 0;
}
