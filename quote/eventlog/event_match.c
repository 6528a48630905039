/*
 * quote/eventlog/event_match.c - matching of events with the event entries of the policy.
 */
#include "quote/eventlog/event_match.h"

#include "base/assert.h"
#include "quote/text.h"
#include "quote/tpm_format.h"

static const uint16_t banks[ASSAY_EVENT_BANKS] = { ASSAY_TPM_SHA256, ASSAY_TPM_SHA384,
                                                   ASSAY_TPM_SHA512 };

uint8_t assay_event_bank(uint16_t alg)
{
    for (unsigned i = 0; i < ASSAY_EVENT_BANKS; i++)
        if (banks[i] == alg) return (uint8_t)(1u << i);
    return 0;
}

/* --- policy entries */
static struct assay_slice text_of(const struct assay_event_reference *e)
{
    return assay_slice_over(e->text, assay_text_len(e->text, sizeof e->text));
}

/* The digest that an entry of firmware looks for in each bank: its data has one in every bank, a
 * digest is of one alone. */
static void note_digests(struct assay_event_match *j, uint32_t i)
{
    ASSAY_ASSERT(i < j->policy->event_count);
    const struct assay_event_reference *const e = &j->policy->events[i];
    for (unsigned b = 0; b < ASSAY_EVENT_BANKS; b++) {
        uint8_t *const digest = j->digests[i][b];
        const size_t len = assay_event_hash_len(banks[b]);
        if (e->value_len != 0 && e->value_len != len) continue;
        j->banks[i] |= (uint8_t)(1u << b);
        if (e->value_len == len) assay_bytes_copy(digest, ASSAY_MEASUREMENT_MAX, e->value, len);
        if (e->value_len != 0) continue;
        const size_t hashed = assay_event_hash(banks[b], text_of(e), digest);
        ASSAY_ASSERT(hashed == len);
    }
}

void assay_event_match_init(struct assay_event_match *j, const struct assay_policy *policy,
                            const struct assay_quoted *quoted, struct assay_verdict *verdict,
                            struct assay_eventlog_report *report)
{
    ASSAY_ASSERT(policy->event_count <= ASSAY_EVENT_REFERENCES_MAX);
    assay_bytes_zero(j, sizeof *j);
    j->policy = policy;
    j->quoted = quoted;
    j->verdict = verdict;
    j->report = report;
    for (uint32_t i = 0; i < policy->event_count; i++) {
        const struct assay_event_reference *const e = &policy->events[i];
        uint32_t reg = 0;
        if (e->is_file) j->names_files = true;
        else if (assay_quoted_reg(quoted, e->field, &reg)) {
            const bool closes =
                e->state == ASSAY_EVENT_ALLOWED || e->state == ASSAY_EVENT_RETIRING;
            j->closed[reg] = j->closed[reg] || closes;
            note_digests(j, i);
        }
    }
}

bool assay_event_match_has_register(const struct assay_event_match *j, uint32_t reg)
{
    for (uint32_t i = 0; i < j->policy->event_count; i++) {
        uint32_t of_entry = 0;
        const struct assay_event_reference *const e = &j->policy->events[i];
        if (e->is_file || !assay_quoted_reg(j->quoted, e->field, &of_entry)) continue;
        if (of_entry == reg) return true;
    }
    return false;
}

bool assay_event_match_has_form(const struct assay_event_match *j, enum assay_eventlog_form form)
{
    if ((j->quoted->forms & 1u << form) == 0) return false;
    if (form == ASSAY_EVENTLOG_IMA) return j->names_files;
    for (uint32_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++)
        if (assay_event_match_has_register(j, reg)) return true;
    return false;
}

/* --- reasons */

/* One reason of each rule: thousands of files may be unknown. The report has the others. */
static void add_reason(struct assay_event_match *j, enum assay_rule rule, const char *expected,
                       const char *observed)
{
    if (!assay_verdict_has(j->verdict, rule))
        assay_verdict_add(j->verdict, rule, 0, expected, observed);
}

/* The displayed digest of the event: of a file its own, else of a proven bank. */
static struct assay_slice shown_digest(const struct assay_event_match *j,
                                       const struct assay_boot_event *event, uint16_t *alg)
{
    ASSAY_ASSERT(event->reg < ASSAY_EVENT_REGISTERS && event->digest_count <= ASSAY_EVENT_ALGS_MAX);
    *alg = 0;
    if (event->type == ASSAY_EV_IMA) return event->file_digest;
    for (size_t i = 0; i < event->digest_count; i++) {
        *alg = event->digests[i].alg;
        if ((j->proven[event->reg] & assay_event_bank(*alg)) != 0) return event->digests[i].bytes;
    }
    return (struct assay_slice){ NULL, 0 };
}

/* Only if it is text: names and data are untrusted. */
static void copy_text(char *out, size_t capacity, struct assay_slice text)
{
    size_t len = 0;
    while (len < text.len && len + 1 < capacity && text.bytes[len] >= 0x20 &&
           text.bytes[len] <= 0x7e) {
        out[len] = (char)text.bytes[len];
        len += 1;
    }
    ASSAY_ASSERT(len < capacity);
    out[len] = '\0';
}

/* Report: every case, in addition to the one reason of its rule. */
static void report_outcome(struct assay_event_match *j, const struct assay_event_outcome *shown)
{
    ASSAY_ASSERT(shown->rule != 0);
    assay_eventlog_report_note(j->report, shown->form, shown->rule);
    if (j->report == NULL) return;
    if (j->report->failed_count < ASSAY_EVENTS_SHOWN)
        j->report->failed[j->report->failed_count] = *shown;
    j->report->failed_count += 1;
}

static void fail_event(struct assay_event_match *j, enum assay_rule rule, const char *expected,
                       const struct assay_boot_event *event)
{
    const bool is_file = event->type == ASSAY_EV_IMA;
    struct assay_event_outcome shown = {
        .rule = rule,
        .form = is_file ? ASSAY_EVENTLOG_IMA : ASSAY_EVENTLOG_TCG,
        .occurred = true,
        .index = event->index,
        .offset = event->offset,
        .type = event->type,
        .name = assay_quoted_name(j->quoted, event->reg),
    };
    const struct assay_slice digest = shown_digest(j, event, &shown.alg);
    copy_text(shown.text, sizeof shown.text, is_file ? event->file_name : event->data);
    shown.len = digest.len < sizeof shown.digest ? digest.len : sizeof shown.digest;
    if (shown.len > 0)
        assay_bytes_copy(shown.digest, sizeof shown.digest, digest.bytes, shown.len);
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, shown.name);
    assay_text_add(&observed, " event ");
    assay_text_add_u64(&observed, event->index);
    assay_text_add(&observed, " ");
    if (is_file) assay_text_add(&observed, shown.text);
    else assay_text_add_hex(&observed, shown.digest, shown.len);
    add_reason(j, rule, expected, observed.text);
    assay_text_copy(shown.expected, sizeof shown.expected, expected);
    assay_text_copy(shown.observed, sizeof shown.observed, observed.text);
    report_outcome(j, &shown);
}

/* --- one event */
struct findings {
    bool listed; /* entries name the file */
    bool denied;
    bool accepted;
    bool retiring;
    bool unjudged; /* the digest cannot be compared with one that is denied (6.13) */
};

static void count_finding(struct assay_event_match *j, uint32_t i, struct findings *f)
{
    ASSAY_ASSERT(i < j->policy->event_count);
    switch (j->policy->events[i].state) {
    case ASSAY_EVENT_DENIED: f->denied = true; return;
    case ASSAY_EVENT_RETIRING: f->retiring = true; return;
    case ASSAY_EVENT_REQUIRED: j->seen[i] = 1; f->accepted = true; return;
    case ASSAY_EVENT_ALLOWED: f->accepted = true; return;
    }
}

static bool has_digest(const struct assay_event_match *j, const struct assay_boot_event *event,
                       uint32_t i)
{
    for (size_t k = 0; k < event->digest_count; k++) {
        const struct assay_slice given = event->digests[k].bytes;
        for (unsigned b = 0; b < ASSAY_EVENT_BANKS; b++) {
            if (banks[b] != event->digests[k].alg) continue;
            if ((j->proven[event->reg] & j->banks[i] & 1u << b) == 0) continue;
            ASSAY_ASSERT(given.len <= ASSAY_MEASUREMENT_MAX);
            if (assay_bytes_equal(given.bytes, j->digests[i][b], given.len)) return true;
        }
    }
    return false;
}

/* A denial compares only the digest: the author of a log can choose any event name. */
static void judge_firmware(struct assay_event_match *j, const struct assay_boot_event *event)
{
    struct findings f = { 0 };
    for (uint32_t i = 0; i < j->policy->event_count; i++) {
        const struct assay_event_reference *const e = &j->policy->events[i];
        uint32_t reg = 0;
        if (e->is_file || !assay_quoted_reg(j->quoted, e->field, &reg)) continue;
        if (reg != event->reg || !has_digest(j, event, i)) continue;
        if (e->has_type && e->type != event->type && e->state != ASSAY_EVENT_DENIED) continue;
        count_finding(j, i, &f);
    }
    if (f.denied) fail_event(j, ASSAY_RULE_EVENT_DENIED, "not denied", event);
    else if (f.accepted) return;
    else if (f.retiring) fail_event(j, ASSAY_RULE_EVENT_RETIRING, "allowed", event);
    else if (j->closed[event->reg])
        fail_event(j, ASSAY_RULE_EVENT_UNKNOWN, "an allowed event", event);
}

/* The first entry of a list is no file: it sums up what firmware measured. */
static bool is_boot_aggregate(const struct assay_boot_event *event)
{
    static const char name[] = "boot_aggregate";
    return event->index == 0 && event->file_name.len == sizeof name - 1 &&
           assay_bytes_equal(event->file_name.bytes, name, sizeof name - 1);
}

/* A denied file is denied under every name. */
static void judge_file(struct assay_event_match *j, const struct assay_boot_event *event)
{
    struct findings f = { 0 };
    for (uint32_t i = 0; i < j->policy->event_count; i++) {
        const struct assay_event_reference *const e = &j->policy->events[i];
        if (!e->is_file) continue;
        const bool same_digest = !event->violation && event->file_digest.len == e->value_len &&
                                 assay_bytes_equal(event->file_digest.bytes, e->value,
                                                   e->value_len);
        const bool same_name = assay_slice_equal(event->file_name, text_of(e));
        if (e->state == ASSAY_EVENT_DENIED) {
            if (same_digest) count_finding(j, i, &f);
            f.unjudged = f.unjudged || assay_tpm_hash_len(event->file_alg) != e->value_len;
            continue;
        }
        f.listed = f.listed || same_name;
        if (same_name && same_digest) count_finding(j, i, &f);
    }
    const enum assay_acceptance unknown = j->policy->ima_unknown;
    /* By another name of its template, which the kernel does not hash, an entry would hide what it
     * is of: such one is none that a policy of files lets pass. */
    f.listed = f.listed || event->file_digest.len == 0;
    /* A violation has no digest at all, and its name is chosen by the sender of the list: it may be
     * of any file that the policy names. */
    f.unjudged = f.unjudged && !event->violation;
    if (f.denied) fail_event(j, ASSAY_RULE_EVENT_DENIED, "not denied", event);
    else if (f.accepted || !j->names_files || is_boot_aggregate(event)) return;
    else if (f.retiring) fail_event(j, ASSAY_RULE_EVENT_RETIRING, "allowed", event);
    else if (f.listed || unknown == ASSAY_ACCEPT_REFUSED)
        fail_event(j, ASSAY_RULE_EVENT_UNKNOWN, "an allowed file", event);
    else if (f.unjudged)
        fail_event(j, ASSAY_RULE_EVENT_UNKNOWN, "a digest by the algorithm of those denied", event);
    else if (unknown == ASSAY_ACCEPT_WARNING || event->violation)
        fail_event(j, ASSAY_RULE_FILE_UNKNOWN, "a file that the policy names", event);
}

void assay_event_match_add(struct assay_event_match *j, const struct assay_boot_event *event)
{
    ASSAY_ASSERT(assay_event_extends(event));
    ASSAY_ASSERT(event->reg < ASSAY_EVENT_REGISTERS);
    const bool is_file = event->type == ASSAY_EV_IMA;
    if (is_file) j->files += 1;
    if (j->proven[event->reg] == 0) {
        if (is_file) j->files_unproven += 1;
        return;
    }
    if (is_file) judge_file(j, event);
    else judge_firmware(j, event);
}

/* --- after all of them */

/* Did one of the entries occur that stand for the same thing as entry i? */
static bool has_alternative(const struct assay_event_match *j, uint32_t i)
{
    ASSAY_ASSERT(i < j->policy->event_count);
    const struct assay_event_reference *const e = &j->policy->events[i];
    for (uint32_t k = 0; k < j->policy->event_count; k++) {
        const struct assay_event_reference *const other = &j->policy->events[k];
        if (j->seen[k] == 0 || other->is_file != e->is_file || other->field != e->field) continue;
        if (e->is_file && !assay_slice_equal(text_of(e), text_of(other))) continue;
        if (e->has_type == other->has_type && e->type == other->type) return true;
    }
    return false;
}

static void report_missing_event(struct assay_event_match *j, const struct assay_event_reference *e,
                                 const char *observed)
{
    struct assay_text expected = assay_text_empty();
    if (!e->is_file) {
        assay_text_add(&expected, assay_reference_field_name(e->field));
        assay_text_add(&expected, " ");
    }
    if (e->text[0] != '\0') assay_text_add(&expected, e->text);
    else assay_text_add_hex(&expected, e->value, e->value_len);
    add_reason(j, ASSAY_RULE_EVENT_MISSING, expected.text, observed);
    struct assay_event_outcome shown = {
        .rule = ASSAY_RULE_EVENT_MISSING,
        .form = e->is_file ? ASSAY_EVENTLOG_IMA : ASSAY_EVENTLOG_TCG,
        .name = e->is_file ? "" : assay_reference_field_name(e->field),
    };
    assay_text_copy(shown.expected, sizeof shown.expected, expected.text);
    assay_text_copy(shown.observed, sizeof shown.observed, observed);
    report_outcome(j, &shown);
}

void assay_event_match_finish(struct assay_event_match *j, uint8_t forms)
{
    ASSAY_ASSERT(j->files_unproven <= j->files);
    const bool files_proven = j->files > 0 && j->files_unproven == 0;
    for (uint32_t i = 0; i < j->policy->event_count; i++) {
        const struct assay_event_reference *const e = &j->policy->events[i];
        const enum assay_eventlog_form form = e->is_file ? ASSAY_EVENTLOG_IMA : ASSAY_EVENTLOG_TCG;
        uint32_t reg = 0;
        if ((forms & 1u << form) == 0) continue;
        if (!e->is_file && !assay_quoted_reg(j->quoted, e->field, &reg)) continue;
        const bool is_proven = e->is_file ? files_proven : j->proven[reg] != 0;
        const bool in_its_bank = e->is_file || (j->proven[reg] & j->banks[i]) != 0;
        const bool is_unfound = e->state == ASSAY_EVENT_REQUIRED && !has_alternative(j, i);
        /* Nobody looked for a denied digest in a bank that is not proven: without this, the quote
         * of another bank would be the way to pass (6.12). */
        const bool is_unjudged =
            !in_its_bank && (is_unfound || e->state == ASSAY_EVENT_DENIED);
        if (!is_proven) report_missing_event(j, e, "the register is not proven");
        else if (is_unjudged)
            report_missing_event(j, e, "the register is not proven in the bank of the digest");
        else if (is_unfound) report_missing_event(j, e, "no such event");
    }
}
