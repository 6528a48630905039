/*
 * tests/unit/quote/eventlog/test_event_match.c - entries of a policy against events, one event at a
 * time: which of the entries decides, and what is reported.
 */
#include "quote/eventlog/event_match.h"
#include "quote/tpm_format.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { REG = 4, TYPE = 13, SHA256_BANK = 1 };

static struct assay_policy *policy;
static struct assay_quoted *quoted;
static struct assay_verdict *verdict;
static struct assay_eventlog_report *report;
static struct assay_event_match *match;

static void *make(size_t size)
{
    void *const made = calloc(1, size);
    cr_assert_not_null(made);
    return made;
}

static void set_up(void)
{
    policy = make(sizeof *policy);
    quoted = make(sizeof *quoted);
    verdict = make(sizeof *verdict);
    report = make(sizeof *report);
    match = make(sizeof *match);
    quoted->forms = 1u << ASSAY_EVENTLOG_TCG | 1u << ASSAY_EVENTLOG_IMA;
    quoted->first_field = ASSAY_REFERENCE_PCR0;
    quoted->reg_count = 16;
}

static void tear_down(void)
{
    free(policy);
    free(quoted);
    free(verdict);
    free(report);
    free(match);
}

TestSuite(quote_event_match, .init = set_up, .fini = tear_down);

static struct assay_event_reference *add_entry(enum assay_event_state state, const char *text)
{
    struct assay_event_reference *const e = &policy->events[policy->event_count++];
    e->state = state;
    e->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + REG);
    cr_assert_lt(strlen(text), sizeof e->text);
    assay_bytes_copy(e->text, sizeof e->text, text, strlen(text) + 1);
    return e;
}

static struct assay_event_reference *add_file(enum assay_event_state state, const char *name,
                                              const char *content)
{
    struct assay_event_reference *const e = add_entry(state, name);
    e->is_file = true;
    e->field = 0;
    e->value_len = ASSAY_SHA256_LEN;
    assay_sha256(content, strlen(content), e->value);
    return e;
}

/* Anew, with registers of the SHA-256 bank that are proven. */
static void start(void)
{
    verdict->reason_count = 0;
    report->failed_count = 0;
    assay_event_match_init(match, policy, quoted, verdict, report);
    for (uint32_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++)
        match->proven[reg] = SHA256_BANK;
}

/* Digests of the event in hand; its slices borrow from them. */
static uint8_t digest[ASSAY_SHA256_LEN];

static struct assay_boot_event firmware_event(const char *data)
{
    struct assay_boot_event event = { .reg = REG, .type = TYPE, .digest_count = 1 };
    assay_sha256(data, strlen(data), digest);
    event.data = assay_slice_over((const uint8_t *)data, strlen(data));
    event.digests[0].alg = ASSAY_TPM_SHA256;
    event.digests[0].bytes = assay_slice_over(digest, sizeof digest);
    return event;
}

static struct assay_boot_event file_event(const char *name, const char *content)
{
    struct assay_boot_event event = { .reg = 10, .type = ASSAY_EV_IMA, .index = 1 };
    assay_sha256(content, strlen(content), digest);
    event.file_name = assay_slice_over((const uint8_t *)name, strlen(name));
    event.file_digest = assay_slice_over(digest, sizeof digest);
    event.file_alg = ASSAY_TPM_SHA256;
    return event;
}

/* The rule that one event adds; 0: none. */
static void expect_rule(const struct assay_boot_event *event, enum assay_rule rule,
                        const char *what)
{
    start();
    assay_event_match_add(match, event);
    cr_expect_eq(verdict->reason_count, rule != 0, "%s", what);
    cr_expect_eq(report->failed_count, rule != 0, "%s", what);
    if (rule == 0) return;
    cr_expect_eq(verdict->reasons[0].rule, rule, "%s: %s", what,
                 assay_rule_name(verdict->reasons[0].rule));
    cr_expect_eq(report->failed[0].rule, rule, "%s", what);
    cr_expect(report->failed[0].occurred);
}

Test(quote_event_match, of_several_entries_denied_decides_before_allowed_and_retiring)
{
    const struct assay_boot_event event = firmware_event("kernel");
    expect_rule(&event, 0, "a register of which the policy says nothing");
    struct assay_event_reference *const first = add_entry(ASSAY_EVENT_RETIRING, "kernel");
    expect_rule(&event, ASSAY_RULE_EVENT_RETIRING, "retiring");
    struct assay_event_reference *const second = add_entry(ASSAY_EVENT_ALLOWED, "kernel");
    expect_rule(&event, 0, "allowed as well");
    second->state = ASSAY_EVENT_REQUIRED;
    expect_rule(&event, 0, "required as well");
    first->state = ASSAY_EVENT_DENIED;
    expect_rule(&event, ASSAY_RULE_EVENT_DENIED, "denied as well");
}

Test(quote_event_match, an_entry_is_of_its_register_and_type)
{
    const struct assay_boot_event event = firmware_event("kernel");
    struct assay_event_reference *const e = add_entry(ASSAY_EVENT_ALLOWED, "kernel");
    e->has_type = true;
    e->type = TYPE;
    expect_rule(&event, 0, "of its type");
    e->type = TYPE + 1;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "of another type");
    e->state = ASSAY_EVENT_DENIED;
    expect_rule(&event, ASSAY_RULE_EVENT_DENIED, "denied, the type is the author's choice");
    e->has_type = false;
    e->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + REG + 1);
    expect_rule(&event, 0, "denied in another register");
    /* Registers of other evidence: no event is of them. */
    e->state = ASSAY_EVENT_ALLOWED;
    e->field = ASSAY_REFERENCE_PCR0;
    quoted->first_field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + 1);
    expect_rule(&event, 0, "below the first register");
    cr_expect_not(assay_event_match_has_register(match, 0));
    quoted->first_field = ASSAY_REFERENCE_PCR0;
    quoted->reg_count = REG;
    e->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + REG);
    expect_rule(&event, 0, "behind the last");
    cr_expect_not(assay_event_match_has_register(match, REG));
    cr_expect_not(assay_event_match_has_form(match, ASSAY_EVENTLOG_TCG));
}

Test(quote_event_match, entries_are_of_forms_that_the_evidence_can_explain)
{
    start();
    cr_expect_not(assay_event_match_has_form(match, ASSAY_EVENTLOG_TCG));
    cr_expect_not(assay_event_match_has_form(match, ASSAY_EVENTLOG_IMA));
    add_file(ASSAY_EVENT_ALLOWED, "/x", "x");
    start();
    cr_expect_not(assay_event_match_has_form(match, ASSAY_EVENTLOG_TCG));
    cr_expect(assay_event_match_has_form(match, ASSAY_EVENTLOG_IMA));
    add_entry(ASSAY_EVENT_ALLOWED, "kernel");
    start();
    cr_expect(assay_event_match_has_form(match, ASSAY_EVENTLOG_TCG));
    cr_expect(assay_event_match_has_register(match, REG));
    cr_expect_not(assay_event_match_has_register(match, REG + 1));
    quoted->forms = 1u << ASSAY_EVENTLOG_IMA;
    cr_expect_not(assay_event_match_has_form(match, ASSAY_EVENTLOG_TCG));
}

Test(quote_event_match, what_is_not_proven_is_not_evaluated)
{
    const struct assay_boot_event event = firmware_event("kernel"), file = file_event("/x", "x");
    add_entry(ASSAY_EVENT_DENIED, "kernel");
    add_file(ASSAY_EVENT_DENIED, "/x", "x");
    start();
    match->proven[REG] = match->proven[10] = 0;
    assay_event_match_add(match, &event);
    assay_event_match_add(match, &file);
    cr_expect_eq(verdict->reason_count, 0);
    cr_expect_eq(match->files, 1);
    cr_expect_eq(match->files_unproven, 1);
}

/* --- files */
Test(quote_event_match, of_a_file_denied_decides_before_allowed_and_retiring)
{
    const struct assay_boot_event event = file_event("/x", "x");
    policy->ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    add_file(ASSAY_EVENT_RETIRING, "/x", "x");
    expect_rule(&event, ASSAY_RULE_EVENT_RETIRING, "retiring");
    add_file(ASSAY_EVENT_ALLOWED, "/x", "x");
    expect_rule(&event, 0, "allowed as well");
    add_file(ASSAY_EVENT_DENIED, "/y", "x");
    expect_rule(&event, ASSAY_RULE_EVENT_DENIED, "denied under another name");
}

Test(quote_event_match, a_listed_file_has_a_listed_digest)
{
    const struct assay_boot_event event = file_event("/x", "other"), none = file_event("/z", "z");
    policy->ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    add_file(ASSAY_EVENT_ALLOWED, "/x", "x");
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "listed, with another digest");
    expect_rule(&none, 0, "not listed, and the policy lets it pass");
    policy->ima_unknown = ASSAY_ACCEPT_WARNING;
    expect_rule(&none, ASSAY_RULE_FILE_UNKNOWN, "not listed, and worth a warning");
    policy->ima_unknown = ASSAY_ACCEPT_REFUSED;
    expect_rule(&none, ASSAY_RULE_EVENT_UNKNOWN, "not listed, and refused");
}

/* Its digest cannot be compared with the denied one (evidence-rules.md 6.13). */
Test(quote_event_match, a_file_of_another_hash_than_the_denied_one_is_unknown)
{
    struct assay_boot_event event = file_event("/z", "z");
    policy->ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    add_file(ASSAY_EVENT_DENIED, "/x", "x");
    expect_rule(&event, 0, "of the same hash");
    event.file_alg = ASSAY_TPM_SHA384;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "of another hash");
    /* A second denial that could be compared does not excuse the first. */
    add_file(ASSAY_EVENT_DENIED, "/y", "y")->value_len = ASSAY_SHA384_LEN;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "of the hash of the second");
    event.violation = true;
    expect_rule(&event, ASSAY_RULE_FILE_UNKNOWN, "a violation has no digest at all");
}

Test(quote_event_match, the_first_entry_of_a_list_is_no_file)
{
    struct assay_boot_event event = file_event("boot_aggregate", "pcrs");
    policy->ima_unknown = ASSAY_ACCEPT_REFUSED;
    add_file(ASSAY_EVENT_ALLOWED, "/x", "x");
    event.index = 0;
    expect_rule(&event, 0, "boot_aggregate");
    event.index = 1;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "not the first");
    event = file_event("boot_aggregatf", "pcrs");
    event.index = 0;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "a name of its length");
    event = file_event("boot", "pcrs");
    event.index = 0;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "a shorter name");
}

/* --- texts: names and data are the sender's */
Test(quote_event_match, a_shown_text_ends_where_it_is_not_printable)
{
    static const struct {
        const char *name, *shown;
    } names[] = {
        { "/usr/bin/x", "/usr/bin/x" }, { "/x\n/y", "/x" },
        { "/x\x1b[2J", "/x" },          { "/x\x7f", "/x" },
        { "/x\xc3\xa9", "/x" },         { "\t", "" },
    };
    policy->ima_unknown = ASSAY_ACCEPT_REFUSED;
    add_file(ASSAY_EVENT_ALLOWED, "/other", "x");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct assay_boot_event event = file_event(names[i].name, "y");
        expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, names[i].name);
        cr_expect_str_eq(report->failed[0].text, names[i].shown);
    }
    char name[2 * ASSAY_EVENT_TEXT + 1] = { 0 };
    memset(name, 'n', sizeof name - 1);
    const struct assay_boot_event event = file_event(name, "y");
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "a long name");
    cr_expect_eq(strlen(report->failed[0].text), ASSAY_EVENT_TEXT - 1);
}

/* The displayed digest is one of a bank that is proven. */
Test(quote_event_match, a_digest_of_a_proven_bank_is_shown)
{
    static const uint8_t other[ASSAY_SHA384_LEN] = { 7 };
    struct assay_boot_event event = firmware_event("kernel");
    event.digests[1] = event.digests[0];
    event.digests[0].alg = ASSAY_TPM_SHA384;
    event.digests[0].bytes = assay_slice_over(other, sizeof other);
    event.digest_count = 2;
    add_entry(ASSAY_EVENT_ALLOWED, "shim");
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "two banks");
    cr_expect_eq(report->failed[0].alg, ASSAY_TPM_SHA256);
    cr_expect_eq(report->failed[0].len, ASSAY_SHA256_LEN);
    cr_expect_arr_eq(report->failed[0].digest, digest, sizeof digest);
    event.digest_count = 1;
    expect_rule(&event, ASSAY_RULE_EVENT_UNKNOWN, "none of a proven bank");
    cr_expect_eq(report->failed[0].len, 0);
}

Test(quote_event_match, without_a_report_the_verdict_is_the_same)
{
    const struct assay_boot_event event = firmware_event("kernel");
    add_entry(ASSAY_EVENT_DENIED, "kernel");
    assay_event_match_init(match, policy, quoted, verdict, NULL);
    match->proven[REG] = SHA256_BANK;
    assay_event_match_add(match, &event);
    cr_assert_eq(verdict->reason_count, 1);
    cr_expect_eq(verdict->reasons[0].rule, ASSAY_RULE_EVENT_DENIED);
}

/* --- after all events */
static void expect_missing(const struct assay_boot_event *event, size_t missing, const char *what)
{
    start();
    if (event != NULL) assay_event_match_add(match, event);
    assay_event_match_finish(match, quoted->forms);
    cr_expect_eq(report->failed_count, missing, "%s: %zu", what, report->failed_count);
    for (size_t i = 0; i < report->failed_count; i++)
        cr_expect_eq(report->failed[i].rule, ASSAY_RULE_EVENT_MISSING, "%s", what);
}

/* Entries of one register and type are alternatives: one kernel of several is required. */
Test(quote_event_match, one_of_the_required_entries_of_a_register_and_type_occurs)
{
    const struct assay_boot_event event = firmware_event("kernel");
    struct assay_event_reference *const first = add_entry(ASSAY_EVENT_REQUIRED, "kernel");
    struct assay_event_reference *const second = add_entry(ASSAY_EVENT_REQUIRED, "kernel 2");
    expect_missing(NULL, 2, "none occurred");
    expect_missing(&event, 0, "one of them occurred");
    second->has_type = true;
    second->type = TYPE;
    expect_missing(&event, 1, "the other one is of a type");
    first->has_type = true;
    first->type = TYPE;
    expect_missing(&event, 0, "both are");
    second->type = TYPE + 1;
    expect_missing(&event, 1, "of two types");
    second->type = TYPE;
    second->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + REG + 1);
    expect_missing(&event, 1, "of two registers");
    quoted->reg_count = REG + 1;
    expect_missing(&event, 0, "of a register that this evidence does not have");
}

Test(quote_event_match, one_of_the_required_digests_of_a_file_occurs)
{
    const struct assay_boot_event event = file_event("/x", "x");
    add_file(ASSAY_EVENT_REQUIRED, "/x", "x");
    add_file(ASSAY_EVENT_REQUIRED, "/x", "newer");
    expect_missing(&event, 0, "one digest of two");
    add_file(ASSAY_EVENT_REQUIRED, "/y", "y");
    expect_missing(&event, 1, "another file");
    start();
    assay_event_match_add(match, &event);
    assay_event_match_finish(match, 1u << ASSAY_EVENTLOG_TCG);
    cr_expect_eq(report->failed_count, 0, "no list was given: others report that");
}
