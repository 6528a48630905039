/*
 * quote/eventlog/appraise.c - appraisal of event logs: parsing, replay, comparison.
 */
#include "quote/eventlog/appraise.h"

#include "base/assert.h"
#include "quote/eventlog/event_match.h"
#include "quote/eventlog/replay.h"
#include "quote/kinds.h"
#include "quote/text.h"

enum { FORMS = 2, FIRMWARE = ASSAY_EVENTLOG_TCG - 1, IMA = ASSAY_EVENTLOG_IMA - 1 };

struct appraisal {
    const struct assay_evidence_request *request;
    struct assay_verdict *verdict;
    struct assay_eventlog_report *report; /* NULL: not wanted */
    struct assay_quoted quoted;
    uint8_t read; /* forms that were: 1 << enum assay_eventlog_form */
    struct assay_eventlog logs[FORMS]; /* at their first event; firmware, which runs first, first */
    uint64_t events[FORMS][ASSAY_EVENT_REGISTERS]; /* that extend each register */
    size_t compared;                               /* registers of banks */
    struct assay_event_match judge;
};

static bool has_form(const struct appraisal *a, size_t form_index)
{
    ASSAY_ASSERT(form_index < FORMS);
    return (a->read & 1u << (form_index + 1)) != 0;
}

/* --- reading */

/* Goes through all of a log. Out: events that extend each register, how many there are in all */
static enum assay_status count_events(const struct assay_quoted *quoted, struct assay_eventlog log,
                                      uint64_t events[static ASSAY_EVENT_REGISTERS],
                                      uint64_t *count)
{
    const bool fits = (quoted->forms & 1u << log.form) != 0;
    struct assay_boot_event event;
    enum assay_status status;
    while ((status = assay_eventlog_next(&log, &event)) == ASSAY_OK) {
        *count = log.count;
        if (!assay_event_extends(&event)) continue;
        /* A TD has no more than its RTMRs; MRTD, which events may name, no event extends. */
        if (fits && event.reg >= quoted->first_reg + quoted->reg_count)
            return ASSAY_E_RANGE;
        events[event.reg] += 1;
    }
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

static void complain_of_log(struct appraisal *a, enum assay_rule rule, size_t index,
                            const char *expected, const char *what)
{
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, "log ");
    assay_text_add_u64(&observed, index + 1);
    assay_text_add(&observed, ": ");
    assay_text_add(&observed, what);
    assay_verdict_add(a->verdict, rule, 0, expected, observed.text);
}

static const char *form_text(enum assay_eventlog_form form)
{
    return form == ASSAY_EVENTLOG_TCG ? "a log of firmware" : "a list of IMA";
}

static void take_log(struct appraisal *a, size_t index)
{
    ASSAY_ASSERT(index < a->request->log_count);
    const struct assay_slice bytes = a->request->logs[index];
    struct assay_eventlog_outcome outcome = { 0 };
    struct assay_eventlog log = { 0 };
    uint64_t events[ASSAY_EVENT_REGISTERS] = { 0 };
    outcome.status = assay_eventlog_open(bytes.bytes, bytes.len, &log);
    if (outcome.status == ASSAY_OK) {
        ASSAY_ASSERT(log.form == ASSAY_EVENTLOG_TCG || log.form == ASSAY_EVENTLOG_IMA);
        outcome.form = log.form;
        outcome.status = count_events(&a->quoted, log, events, &outcome.events);
    }
    if (outcome.status != ASSAY_OK) {
        outcome.rule = ASSAY_RULE_EVENT_LOG_FORMAT;
        complain_of_log(a, outcome.rule, index, "an event log, whole",
                        assay_status_text(outcome.status));
    } else if ((a->quoted.forms & 1u << log.form) == 0) {
        outcome.rule = ASSAY_RULE_EVENT_LOG_UNFIT;
        complain_of_log(a, outcome.rule, index, "a log of registers of this evidence",
                        form_text(log.form));
    } else if ((a->read & 1u << log.form) != 0) {
        outcome.rule = ASSAY_RULE_EVENT_LOG_TWICE;
        complain_of_log(a, outcome.rule, index, "one log of each form", form_text(log.form));
    } else {
        outcome.judged = true;
        a->read |= (uint8_t)(1u << log.form);
        a->logs[log.form - 1] = log;
        for (size_t i = 0; i < ASSAY_EVENT_REGISTERS; i++) {
            a->events[log.form - 1][i] = events[i];
            outcome.extending += events[i];
        }
    }
    if (a->report != NULL) a->report->logs[index] = outcome;
}

/* --- replaying */
static uint64_t events_of(const struct appraisal *a, uint32_t reg)
{
    ASSAY_ASSERT(reg < ASSAY_EVENT_REGISTERS);
    uint64_t all = 0;
    for (size_t f = 0; f < FORMS; f++)
        all += a->events[f][reg];
    return all;
}

/* Has the log of firmware digests of that bank? A list of IMA is hashed again for each. */
static bool has_alg(const struct assay_eventlog *log, uint16_t alg)
{
    ASSAY_ASSERT(log->alg_count <= ASSAY_EVENT_ALGS_MAX);
    for (size_t i = 0; i < log->alg_count; i++)
        if (log->algs[i].id == alg) return true;
    return false;
}

static bool can_replay(const struct appraisal *a, const struct assay_quoted_register *r)
{
    ASSAY_ASSERT(r->reg < ASSAY_EVENT_REGISTERS);
    if (assay_event_hash_len(r->alg) != r->value.len) return false;
    return a->events[FIRMWARE][r->reg] == 0 || has_alg(&a->logs[FIRMWARE], r->alg);
}

/* All registers of one bank at their start. Returns: ASSAY_OK | as assay_replay_start */
static enum assay_status start_bank(const struct appraisal *a, uint16_t alg,
                                    struct assay_replay *replay)
{
    ASSAY_ASSERT(a->quoted.count <= ASSAY_QUOTED_MAX);
    assay_replay_init(replay);
    for (size_t i = 0; i < a->quoted.count; i++) {
        const struct assay_quoted_register *const r = &a->quoted.registers[i];
        if (r->alg != alg || !can_replay(a, r)) continue;
        ASSAY_TRY(assay_replay_start(replay, r->reg, alg));
    }
    return ASSAY_OK;
}

static enum assay_status replay_log(const struct appraisal *a, size_t form,
                                    struct assay_replay *replay)
{
    struct assay_eventlog log = a->logs[form];
    struct assay_boot_event event;
    while (has_form(a, form) && assay_eventlog_next(&log, &event) == ASSAY_OK)
        ASSAY_TRY(assay_replay_extend(replay, &event));
    return ASSAY_OK;
}

/* Returns: ASSAY_OK | as assay_replay_extend */
static enum assay_status replay_bank(const struct appraisal *a, uint16_t alg,
                                     struct assay_replay *replay)
{
    ASSAY_TRY(start_bank(a, alg, replay));
    ASSAY_TRY(replay_log(a, FIRMWARE, replay));
    return replay_log(a, IMA, replay);
}

/* --- IMA measures on: what it added after the quote is of another time (evidence-rules.md 6.11) */

/* Do all registers of the bank that the list extends hold what was quoted? */
static bool holds_quoted(const struct appraisal *a, uint16_t alg, const struct assay_replay *replay)
{
    for (size_t i = 0; i < a->quoted.count; i++) {
        const struct assay_quoted_register *const r = &a->quoted.registers[i];
        if (r->alg != alg || a->events[IMA][r->reg] == 0 || !can_replay(a, r)) continue;
        if (!assay_bytes_equal(replay->registers[r->reg].value, r->value.bytes, r->value.len))
            return false;
    }
    return true;
}

/* Does the list extend a register of the bank that can be replayed? */
static bool is_extended(const struct appraisal *a, uint16_t alg)
{
    for (size_t i = 0; i < a->quoted.count; i++) {
        const struct assay_quoted_register *const r = &a->quoted.registers[i];
        if (r->alg == alg && a->events[IMA][r->reg] > 0 && can_replay(a, r)) return true;
    }
    return false;
}

/* The end of the last entry at which the bank holds what was quoted. Returns: 0 without any. */
static size_t end_of_quoted(const struct appraisal *a, uint16_t alg)
{
    size_t end = 0;
    struct assay_replay replay;
    struct assay_eventlog log = a->logs[IMA];
    struct assay_boot_event event;
    if (start_bank(a, alg, &replay) != ASSAY_OK) return 0;
    if (replay_log(a, FIRMWARE, &replay) != ASSAY_OK) return 0;
    while (assay_eventlog_next(&log, &event) == ASSAY_OK) {
        if (assay_replay_extend(&replay, &event) != ASSAY_OK) return 0;
        if (holds_quoted(a, alg, &replay)) end = log.in.pos;
    }
    ASSAY_ASSERT(end <= a->logs[IMA].in.len);
    return end;
}

static void cut_log(struct appraisal *a, size_t end)
{
    ASSAY_ASSERT(end <= a->logs[IMA].in.len);
    uint64_t count = 0;
    uint64_t events[ASSAY_EVENT_REGISTERS] = { 0 };
    a->logs[IMA].in.len = end;
    const enum assay_status status = count_events(&a->quoted, a->logs[IMA], events, &count);
    ASSAY_ASSERT(status == ASSAY_OK); /* it was read before, and ends with an entry */
    assay_bytes_copy(a->events[IMA], sizeof a->events[IMA], events, sizeof events);
    for (size_t i = 0; a->report != NULL && i < a->report->log_count; i++) {
        struct assay_eventlog_outcome *const log = &a->report->logs[i];
        if (!log->judged || log->form != ASSAY_EVENTLOG_IMA) continue;
        log->later = log->events - count;
        log->extending = 0;
        for (size_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++)
            log->extending += events[reg];
    }
}

/* The longest prefix of the list that yields the quoted value in every bank; if a bank has none,
 * the complete list counts, and differs. If two banks have no common prefix, the comparison reports
 * it. */
static void cut_later(struct appraisal *a)
{
    size_t end = a->logs[IMA].in.len;
    uint16_t bank = 0;
    if (!has_form(a, IMA)) return;
    for (size_t i = 0; i < a->quoted.count; i++) {
        if (a->quoted.registers[i].alg == bank) continue;
        bank = a->quoted.registers[i].alg;
        if (!is_extended(a, bank)) continue;
        const size_t end_here = end_of_quoted(a, bank);
        if (end_here == 0) return;
        end = end_here < end ? end_here : end;
    }
    if (end < a->logs[IMA].in.len) cut_log(a, end);
}

/* --- comparing */
static bool is_untouched(struct assay_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.bytes[i] != value.bytes[0] || (uint8_t)(value.bytes[i] + 1) > 1) return false;
    return true;
}

/* Measuring firmware ends each of PCRs 0 to 7 with a separator (PFP, 3.3.4): a PCR that was never
 * extended is of a bank that firmware does not use, and proves nothing. */
static bool is_left_alone(const struct appraisal *a, const struct assay_quoted_register *r)
{
    enum { SEPARATED = 8 };
    return a->quoted.first_field == ASSAY_REFERENCE_PCR0 && r->reg < SEPARATED;
}

/* A register that no event extends is explained if it was never extended: zeros, and ones of the
 * PCRs that start so. */
static enum assay_register_state state_of(const struct appraisal *a,
                                          const struct assay_quoted_register *r,
                                          const struct assay_replayed *replayed)
{
    if (events_of(a, r->reg) == 0)
        return is_untouched(r->value) && !is_left_alone(a, r) ? ASSAY_REGISTER_MATCHES
                                                              : ASSAY_REGISTER_NOT_LOGGED;
    if (!can_replay(a, r)) return ASSAY_REGISTER_NOT_REPLAYED;
    ASSAY_ASSERT(replayed->len == r->value.len);
    return assay_bytes_equal(replayed->value, r->value.bytes, r->value.len)
               ? ASSAY_REGISTER_MATCHES
               : ASSAY_REGISTER_DIFFERS;
}

static struct assay_text name_and_value(const char *name, const uint8_t *value)
{
    enum { SHOWN = 32 }; /* all of SHA-256; the report has the rest of the others */
    struct assay_text text = assay_text_empty();
    assay_text_add(&text, name);
    assay_text_add(&text, " ");
    assay_text_add_hex(&text, value, SHOWN);
    return text;
}

static void report_register(struct appraisal *a, const struct assay_register_outcome *outcome)
{
    if (a->report == NULL || a->report->register_count == ASSAY_EVENTLOG_REGISTERS_SHOWN) return;
    ASSAY_ASSERT(a->report->register_count < ASSAY_EVENTLOG_REGISTERS_SHOWN);
    a->report->registers[a->report->register_count++] = *outcome;
}

/* Every log that extends the register: the forged one cannot be identified. */
static void note_mismatch(struct appraisal *a, uint32_t reg)
{
    ASSAY_ASSERT(reg < ASSAY_EVENT_REGISTERS);
    for (size_t f = 0; f < FORMS; f++)
        if (a->events[f][reg] > 0)
            assay_eventlog_report_note(a->report, (enum assay_eventlog_form)(f + 1),
                                       ASSAY_RULE_EVENT_LOG_MISMATCH);
}

static void compare_register(struct appraisal *a, const struct assay_quoted_register *r,
                             const struct assay_replayed *replayed)
{
    struct assay_register_outcome outcome = {
        .name = assay_quoted_name(&a->quoted, r->reg),
        .alg = r->alg,
        .state = state_of(a, r, replayed),
        .events = events_of(a, r->reg),
        .len = r->value.len,
    };
    ASSAY_ASSERT(r->value.len <= ASSAY_MEASUREMENT_MAX);
    assay_bytes_copy(outcome.quoted, sizeof outcome.quoted, r->value.bytes, r->value.len);
    assay_bytes_copy(outcome.replayed, sizeof outcome.replayed, replayed->value, r->value.len);
    if (outcome.state == ASSAY_REGISTER_MATCHES)
        a->judge.proven[r->reg] |= assay_event_bank(r->alg);
    if (outcome.state == ASSAY_REGISTER_DIFFERS) {
        note_mismatch(a, r->reg);
        const struct assay_text quoted = name_and_value(outcome.name, outcome.quoted);
        const struct assay_text made = name_and_value(outcome.name, outcome.replayed);
        assay_verdict_add(a->verdict, ASSAY_RULE_EVENT_LOG_MISMATCH, 0, quoted.text, made.text);
    }
    if (assay_register_was_replayed(&outcome)) a->compared += 1;
    if (outcome.events > 0 || assay_event_match_has_register(&a->judge, r->reg))
        report_register(a, &outcome);
}

/* Bank after bank, in the order of the quote. */
static enum assay_status compare_all(struct appraisal *a)
{
    struct assay_replay replay;
    uint16_t bank = 0;
    assay_replay_init(&replay);
    for (size_t i = 0; i < a->quoted.count; i++) {
        const struct assay_quoted_register *const r = &a->quoted.registers[i];
        if (r->alg != bank) ASSAY_TRY(replay_bank(a, r->alg, &replay));
        bank = r->alg;
        compare_register(a, r, &replay.registers[r->reg]);
    }
    return ASSAY_OK;
}

static bool is_quoted(const struct appraisal *a, uint32_t reg)
{
    for (size_t i = 0; i < a->quoted.count; i++)
        if (a->quoted.registers[i].reg == reg) return true;
    return false;
}

static void show_unquoted(struct appraisal *a)
{
    for (uint32_t reg = a->quoted.first_reg; reg < ASSAY_EVENT_REGISTERS; reg++) {
        const struct assay_register_outcome outcome = {
            .name = assay_quoted_name(&a->quoted, reg),
            .state = ASSAY_REGISTER_NOT_QUOTED,
            .events = events_of(a, reg),
        };
        if (outcome.events > 0 && !is_quoted(a, reg)) report_register(a, &outcome);
    }
}

static void count_proven(struct appraisal *a)
{
    if (a->report == NULL) return;
    for (size_t i = 0; i < a->report->log_count; i++) {
        struct assay_eventlog_outcome *const log = &a->report->logs[i];
        if (!log->judged) continue;
        for (size_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++)
            if (a->judge.proven[reg] != 0) log->proven += a->events[log->form - 1][reg];
        ASSAY_ASSERT(log->proven <= log->extending);
    }
}

/* --- the whole */
static void judge_events(struct appraisal *a)
{
    for (size_t f = 0; f < FORMS; f++) {
        struct assay_eventlog log = a->logs[f];
        struct assay_boot_event event;
        while (has_form(a, f) && assay_eventlog_next(&log, &event) == ASSAY_OK)
            if (assay_event_extends(&event)) assay_event_match_add(&a->judge, &event);
    }
    assay_event_match_finish(&a->judge, a->read);
}

static void complain_of_all(struct appraisal *a)
{
    assay_verdict_add(a->verdict, ASSAY_RULE_EVENT_LOG_UNFIT, 0, "a register that is quoted",
                      "none that the log extends");
    for (size_t f = 0; f < FORMS; f++)
        assay_eventlog_report_note(a->report, (enum assay_eventlog_form)(f + 1),
                                   ASSAY_RULE_EVENT_LOG_UNFIT);
}

/* Evidence without a required log does not pass. */
static void judge_missing(struct appraisal *a)
{
    for (int form = ASSAY_EVENTLOG_TCG; form <= ASSAY_EVENTLOG_IMA; form++)
        if (assay_event_match_has_form(&a->judge, (enum assay_eventlog_form)form) &&
            (a->read & 1u << form) == 0)
            assay_verdict_add(a->verdict, ASSAY_RULE_EVENT_LOG_MISSING, 0,
                              form_text((enum assay_eventlog_form)form), "none that can be read");
}

void assay_eventlog_appraise(const struct assay_kind *kind,
                             const struct assay_evidence_request *request,
                             struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->log_count <= ASSAY_EVENTLOGS_MAX);
    struct appraisal a = { .request = request,
                           .verdict = verdict,
                           .report = request->log_report };
    if (a.report != NULL) a.report->log_count = request->log_count;
    if (request->log_count == 0 && request->policy->event_count == 0) return;
    if (kind->registers != NULL)
        kind->registers(kind, assay_slice_over(request->bytes, request->len), &a.quoted);
    ASSAY_ASSERT(a.quoted.first_reg + a.quoted.reg_count <= ASSAY_EVENT_REGISTERS);
    assay_event_match_init(&a.judge, request->policy, &a.quoted, verdict, a.report);
    for (size_t i = 0; i < request->log_count; i++)
        take_log(&a, i);
    judge_missing(&a);
    if (a.read == 0) return;
    cut_later(&a);
    const enum assay_status status = compare_all(&a);
    if (status != ASSAY_OK) {
        assay_verdict_add(verdict, ASSAY_RULE_EVENT_LOG_FORMAT, 0, "one locality of the start",
                          assay_status_text(status));
        assay_eventlog_report_note(a.report, ASSAY_EVENTLOG_TCG, ASSAY_RULE_EVENT_LOG_FORMAT);
        return;
    }
    show_unquoted(&a);
    if (a.compared == 0) complain_of_all(&a);
    count_proven(&a);
    judge_events(&a);
}
