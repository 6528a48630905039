/*
 * tests/unit/quote/eventlog/test_appraise.c - tests of event logs next to generated quotes: valid
 * ones, and one defect at a time.
 */
#include "quote/eventlog/appraise.h"
#include "quote/verify.h"
#include "tests/support/eventlog_reference.h"
#include "tests/unit/tpm/simulated_tpm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION UINT32_C(0x80000003)

enum { SHA256 = 11, SHA384 = 12, SEPARATOR = 4, IPL = 13 };

static const uint16_t sha256_384[] = { SHA256, SHA384 };

static struct assay_eventlog_report report;

/* --- a TPM: firmware in PCRs 0, 4, 5, IMA in PCR 10; PCR 5 is not quoted */
static struct simtpm *p;
static struct made_log firmware, ima;
static struct assay_slice logs[ASSAY_EVENTLOGS_MAX];
static size_t log_count;
static struct assay_verdict verdict;

static void make_logs(void)
{
    firmware = log_tcg(sha256_384, 2);
    log_locality(&firmware, 3);
    log_event(&firmware, 0, 8, "version", 7);
    log_event(&firmware, 0, SEPARATOR, "\0\0\0\0", 4);
    log_event(&firmware, 4, APPLICATION, "shim", 4);
    log_event(&firmware, 4, APPLICATION, "kernel", 6);
    log_event(&firmware, 5, 0x80000006u, "partitions", 10);
    ima = log_ima(32, false);
    log_file(&ima, 10, "ima-ng", "boot_aggregate", "pcrs");
    log_file(&ima, 10, "ima-ng", "/usr/bin/good", "good");
    log_file(&ima, 10, "ima-sig", "/usr/bin/other", "other");
}

/* The values that a machine with these logs quotes, of the banks of the paper. */
static void quote_logs(void)
{
    uint8_t value[64];
    p->values_len = 0;
    for (size_t b = 0; b < p->bank_count; b++)
        for (uint32_t pcr = 0; pcr < 24; pcr++) {
            const uint16_t alg = p->banks[b].alg;
            if ((p->banks[b].mask >> pcr & 1) == 0) continue;
            const size_t len = reference_replay(pcr == 10 ? &ima : &firmware, pcr, alg, 99, value);
            assay_bytes_copy(p->values + p->values_len, SIMTPM_VALUES - p->values_len, value, len);
            p->values_len += len;
        }
}

static void give(const struct made_log *log)
{
    logs[log_count++] = assay_slice_over(log->bytes, log->len);
}

static void set_up(void)
{
    p = malloc(sizeof *p);
    cr_assert_not_null(p);
    simtpm_make(p);
    p->bank_count = 1;
    p->banks[0] = (struct assay_tpm_bank){ SHA256, 1u << 0 | 1u << 4 | 1u << 10 };
    make_logs();
    quote_logs();
    log_count = 0;
    give(&firmware);
    give(&ima);
}

static void tear_down(void)
{
    simtpm_free(p);
    free(p);
}

TestSuite(quote_eventlog_appraise, .init = set_up, .fini = tear_down);

static void judge(void)
{
    simtpm_build(p);
    const struct assay_evidence_request request = {
        .kind = ASSAY_KIND_TPM,
        .bytes = p->evidence,
        .len = p->len,
        .at_unix_s = SIMTPM_NOW,
        .endorsements = &p->endorsements,
        .policy = &p->policy,
        .logs = logs,
        .log_count = log_count,
        .log_report = &report,
    };
    cr_assert_eq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_OK);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
}

/* What the logs add to the verdict: one rule alone, or none (0). */
static void expect_only(int rule)
{
    judge();
    bool found = rule == 0;
    for (uint32_t i = 0; i < verdict.reason_count; i++) {
        const int is = (int)verdict.reasons[i].rule;
        if (is == rule) found = true;
        cr_expect(is < ASSAY_RULE_EVENT_LOG_FORMAT || is > ASSAY_RULE_FILE_UNKNOWN || is == rule,
                  "%s: %s, %s", assay_rule_name(verdict.reasons[i].rule),
                  verdict.reasons[i].expected, verdict.reasons[i].observed);
    }
    cr_expect(found, "no %s", assay_rule_name((enum assay_rule)rule));
    const bool contradicts = rule != 0 && assay_rule_class_of((enum assay_rule)rule) ==
                                              ASSAY_RULE_REFUSED;
    cr_expect_eq(verdict.tier == ASSAY_TIER_CONTRAINDICATED, contradicts);
}

static const struct assay_register_outcome *outcome_of(const char *name, uint16_t alg)
{
    for (size_t i = 0; i < report.register_count; i++)
        if (strcmp(report.registers[i].name, name) == 0 && report.registers[i].alg == alg)
            return &report.registers[i];
    return NULL;
}

static void expect_register(const char *name, uint16_t alg, enum assay_register_state state)
{
    const struct assay_register_outcome *const o = outcome_of(name, alg);
    cr_assert(o != NULL, "%s is not shown", name);
    cr_expect_eq(o->state, state, "%s is %d", name, (int)o->state);
}

static struct assay_event_reference *demand(enum assay_event_state state, uint32_t pcr,
                                            const char *data)
{
    struct assay_event_reference *const e = &p->policy.events[p->policy.event_count++];
    memset(e, 0, sizeof *e);
    e->state = state;
    e->field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + pcr);
    (void)snprintf(e->text, sizeof e->text, "%s", data);
    return e;
}

static struct assay_event_reference *demand_file(enum assay_event_state state, const char *name,
                                                 const char *content)
{
    struct assay_event_reference *const e = &p->policy.events[p->policy.event_count++];
    memset(e, 0, sizeof *e);
    e->is_file = true;
    e->state = state;
    (void)snprintf(e->text, sizeof e->text, "%s", name);
    e->value_len = 32;
    assay_sha256((const uint8_t *)content, strlen(content), e->value);
    return e;
}

Test(quote_eventlog_appraise, logs_that_explain_every_register_add_nothing)
{
    expect_only(0);
    cr_expect_eq(report.log_count, 2);
    cr_expect_eq(report.logs[0].form, ASSAY_EVENTLOG_TCG);
    cr_expect_eq(report.logs[0].events, 6);
    cr_expect_eq(report.logs[1].form, ASSAY_EVENTLOG_IMA);
    cr_expect_eq(report.logs[1].events, 3);
    expect_register("pcr0", SHA256, ASSAY_REGISTER_MATCHES);
    expect_register("pcr4", SHA256, ASSAY_REGISTER_MATCHES);
    expect_register("pcr5", 0, ASSAY_REGISTER_NOT_QUOTED);
    expect_register("pcr10", SHA256, ASSAY_REGISTER_MATCHES);
    cr_expect_eq(report.failed_count, 0);
}

static void expect_log(size_t index, int rule, uint64_t extending, uint64_t proven)
{
    const struct assay_eventlog_outcome *const log = &report.logs[index];
    cr_expect_eq((int)log->rule, rule, "log %zu: %s", index, assay_rule_name(log->rule));
    cr_expect_eq(log->extending, extending, "log %zu: %d extending", index, (int)log->extending);
    cr_expect_eq(log->proven, proven, "log %zu: %d proven", index, (int)log->proven);
}

Test(quote_eventlog_appraise, each_log_is_told_what_was_proven_and_what_speaks_against_it)
{
    expect_only(0);
    expect_log(0, 0, 5, 4); /* the locality extends nothing; PCR 5 is not quoted */
    expect_log(1, 0, 3, 3);
    demand(ASSAY_EVENT_RETIRING, 4, "shim");
    demand(ASSAY_EVENT_DENIED, 4, "kernel");
    judge();
    expect_log(0, ASSAY_RULE_EVENT_DENIED, 5, 4); /* graver than retiring, which comes first */
    expect_log(1, 0, 3, 3);
    p->policy.event_count = 0;
    p->values[32] ^= 1; /* PCR 4 */
    judge();
    expect_log(0, ASSAY_RULE_EVENT_LOG_MISMATCH, 5, 2);
    p->values[32] ^= 1;
    give(&ima);
    logs[0].len = 3;
    judge();
    expect_log(0, ASSAY_RULE_EVENT_LOG_FORMAT, 0, 0);
    cr_expect_not(report.logs[0].judged);
    expect_log(1, 0, 3, 3);
    cr_expect(report.logs[1].judged);
    expect_log(2, ASSAY_RULE_EVENT_LOG_TWICE, 0, 0);
    cr_expect_not(report.logs[2].judged);
}

/* A report is used again: it must not tell of the logs before. */
Test(quote_eventlog_appraise, of_evidence_that_cannot_be_read_nothing_is_told)
{
    expect_only(0);
    cr_assert_eq(report.log_count, 2);
    struct assay_evidence_request request = {
        .kind = ASSAY_KIND_TPM,
        .bytes = p->evidence,
        .len = p->len - 1,
        .at_unix_s = SIMTPM_NOW,
        .endorsements = &p->endorsements,
        .policy = &p->policy,
        .logs = logs,
        .log_count = log_count,
        .log_report = &report,
    };
    cr_assert_neq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_OK);
    cr_expect_eq(report.log_count, 0);
    cr_expect_eq(report.register_count, 0);
}

Test(quote_eventlog_appraise, without_logs_all_is_as_before)
{
    log_count = 0;
    expect_only(0);
    cr_expect_eq(report.log_count, 0);
    cr_expect_eq(report.register_count, 0);
}

Test(quote_eventlog_appraise, each_bank_is_replayed_by_itself)
{
    p->bank_count = 2;
    p->banks[1] = (struct assay_tpm_bank){ SHA384, 1u << 4 | 1u << 10 };
    quote_logs();
    expect_only(0);
    expect_register("pcr4", SHA384, ASSAY_REGISTER_MATCHES);
    expect_register("pcr10", SHA384, ASSAY_REGISTER_MATCHES);
    p->values[3 * 32] ^= 1; /* PCR 4 of the second bank */
    expect_only(ASSAY_RULE_EVENT_LOG_MISMATCH);
    expect_register("pcr4", SHA256, ASSAY_REGISTER_MATCHES);
    expect_register("pcr4", SHA384, ASSAY_REGISTER_DIFFERS);
}

/* Whatever bit of a log is turned, its length kept: it is refused, or it was about nothing that is
 * quoted (types, data that no digest is made of here, events of PCR 5). */
Test(quote_eventlog_appraise, a_turned_bit_of_a_digest_is_a_mismatch)
{
    size_t refused = 0;
    size_t missed = 0;
    for (size_t at = 0; at < ima.len; at++) {
        ima.bytes[at] ^= 1;
        judge();
        missed += verdict.tier != ASSAY_TIER_CONTRAINDICATED;
        ima.bytes[at] ^= 1;
    }
    cr_expect_leq(missed, 6 + 6 + 7); /* names of templates: the kernel does not hash them */
    for (size_t at = 0; at < firmware.len; at++) {
        firmware.bytes[at] ^= 1;
        judge();
        refused += verdict.tier == ASSAY_TIER_CONTRAINDICATED;
        firmware.bytes[at] ^= 1;
    }
    /* At least the digests of SHA-256 in PCRs 0 and 4. */
    cr_expect_geq(refused, 4 * 32);
    expect_only(0);
}

/* The kernel hashes the data and not the name of the template: by another name it would hide which
 * file was measured. */
Test(quote_eventlog_appraise, a_template_by_another_name_hides_no_file)
{
    uint8_t *const name = memmem(ima.bytes, ima.len, "ima-sig", 7);
    cr_assert_not_null(name);
    demand_file(ASSAY_EVENT_DENIED, "/usr/bin/other", "other");
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    expect_only(ASSAY_RULE_EVENT_DENIED);
    name[0] = 'x';
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
}

Test(quote_eventlog_appraise, events_more_fewer_or_in_another_order_are_a_mismatch)
{
    struct made_log other = firmware;
    log_event(&other, 4, APPLICATION, "intruder", 8);
    logs[0] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_LOG_MISMATCH);
    for (uint32_t i = 0; i < verdict.reason_count; i++)
        if (verdict.reasons[i].rule == ASSAY_RULE_EVENT_LOG_MISMATCH)
            cr_expect_eq(strncmp(verdict.reasons[i].expected, "pcr4 ", 5), 0);
    expect_register("pcr0", SHA256, ASSAY_REGISTER_MATCHES);
    expect_register("pcr4", SHA256, ASSAY_REGISTER_DIFFERS);

    other = log_tcg(sha256_384, 2);
    log_locality(&other, 3);
    log_event(&other, 0, 8, "version", 7);
    log_event(&other, 0, SEPARATOR, "\0\0\0\0", 4);
    log_event(&other, 4, APPLICATION, "kernel", 6);
    log_event(&other, 4, APPLICATION, "shim", 4);
    logs[0] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_LOG_MISMATCH);

    logs[0] = assay_slice_over(firmware.bytes, firmware.len);
    other = log_ima(32, false);
    log_file(&other, 10, "ima-ng", "boot_aggregate", "pcrs");
    log_file(&other, 10, "ima-ng", "/usr/bin/good", "good");
    logs[1] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_LOG_MISMATCH);
    log_file(&other, 10, "ima-ng", "/usr/bin/late", "late");
    logs[1] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_LOG_MISMATCH);
}

/* A list that was read after the quote. */
Test(quote_eventlog_appraise, what_ima_added_after_the_quote_is_not_judged)
{
    log_file(&ima, 10, "ima-ng", "/usr/bin/late", "late");
    log_file(&ima, 10, "ima-ng", "/usr/bin/later", "later");
    logs[1].len = ima.len;
    expect_only(0);
    expect_log(1, 0, 3, 3);
    cr_expect_eq(report.logs[1].events, 5);
    cr_expect_eq(report.logs[1].later, 2);
    demand_file(ASSAY_EVENT_DENIED, "/usr/bin/late", "late");
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    expect_only(0); /* nobody quoted it */
    p->policy.events[0].state = ASSAY_EVENT_REQUIRED;
    expect_only(ASSAY_RULE_EVENT_MISSING);
    p->policy.event_count = 0;
    demand_file(ASSAY_EVENT_REQUIRED, "/usr/bin/good", "good");
    expect_only(0);
}

/* The longest beginning counts: of what extends no quoted register nobody knows when it came. A
 * bank that leaves a register out does not say that nothing came later. */
Test(quote_eventlog_appraise, all_banks_together_say_what_came_after_the_quote)
{
    p->bank_count = 2;
    p->banks[0].mask |= 1u << 11;
    p->banks[1] = (struct assay_tpm_bank){ SHA384, 1u << 10 };
    log_file(&ima, 11, "ima-ng", "/usr/bin/late", "late"); /* PCR 11 was quoted as zeros */
    logs[1].len = ima.len;
    quote_logs();
    expect_only(0);
    cr_expect_eq(report.logs[1].later, 1);
    expect_register("pcr10", SHA384, ASSAY_REGISTER_MATCHES);
    p->values[(size_t)4 * 32] ^= 1; /* of SHA-384: no beginning makes it, so nothing is later */
    expect_only(ASSAY_RULE_EVENT_LOG_MISMATCH);
    cr_expect_eq(report.logs[1].later, 0);
    p->banks[0].mask = 1u << 0 | 1u << 4 | 1u << 10;
    quote_logs();
    expect_only(0);
    cr_expect_eq(report.logs[1].later, 0);
    cr_expect_eq(report.logs[1].extending, 4);
    cr_expect_eq(report.logs[1].proven, 3);
}

Test(quote_eventlog_appraise, a_log_that_cannot_be_read_is_said)
{
    for (size_t len = 0; len < firmware.len; len++) {
        logs[0].len = len;
        judge();
        const bool is_said = assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_FORMAT) ||
                             assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_MISMATCH) ||
                             assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_TWICE);
        const struct assay_register_outcome *const pcr4 = outcome_of("pcr4", SHA256);
        /* Cut behind the last event of PCR 4 it still explains what is quoted. */
        cr_expect(is_said || pcr4 == NULL || pcr4->events == 2 || report.logs[0].events < 5,
                  "cut to %zu", len);
    }
    logs[0] = assay_slice_over("no log at all", 13);
    expect_only(ASSAY_RULE_EVENT_LOG_FORMAT);
    cr_expect_eq(report.logs[0].status, ASSAY_E_UNSUPPORTED);
    expect_register("pcr10", SHA256, ASSAY_REGISTER_MATCHES);
}

Test(quote_eventlog_appraise, a_locality_that_came_twice_is_said)
{
    struct made_log other = log_tcg(sha256_384, 2);
    log_locality(&other, 3);
    log_locality(&other, 3);
    log_event(&other, 0, 8, "version", 7);
    logs[0] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_LOG_FORMAT);
}

Test(quote_eventlog_appraise, two_logs_of_one_form_are_refused)
{
    give(&firmware);
    expect_only(ASSAY_RULE_EVENT_LOG_TWICE);
    log_count = 2;
    give(&ima);
    expect_only(ASSAY_RULE_EVENT_LOG_TWICE);
}

Test(quote_eventlog_appraise, a_log_of_registers_that_are_not_quoted_is_said)
{
    p->banks[0].mask = 1u << 7;
    p->values_len = 32;
    memset(p->values, 0, 32);
    expect_only(ASSAY_RULE_EVENT_LOG_UNFIT);
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
}

/* --- what the policy says of events */
Test(quote_eventlog_appraise, a_required_event_must_occur)
{
    struct assay_event_reference *const e = demand(ASSAY_EVENT_REQUIRED, 4, "kernel");
    expect_only(0);
    e->has_type = true;
    e->type = APPLICATION;
    expect_only(0);
    e->type = IPL;
    expect_only(ASSAY_RULE_EVENT_MISSING);
    cr_assert_eq(report.failed_count, 1);
    cr_expect_not(report.failed[0].occurred);
    cr_expect_str_eq(report.failed[0].expected, "pcr4 kernel");
    cr_expect_str_eq(report.failed[0].observed, "no such event");
    e->type = APPLICATION;
    (void)snprintf(e->text, sizeof e->text, "%s", "kernel 2");
    expect_only(ASSAY_RULE_EVENT_MISSING);
    /* One of those of its register and type. */
    demand(ASSAY_EVENT_REQUIRED, 4, "kernel");
    expect_only(ASSAY_RULE_EVENT_MISSING); /* without a type it is another demand */
    e[1].has_type = true;
    e[1].type = APPLICATION;
    expect_only(0);
    /* A digest as well as the data that it is of. */
    p->policy.event_count = 1;
    memset(e->text, 0, sizeof e->text);
    e->value_len = 32;
    assay_sha256((const uint8_t *)"kernel", 6, e->value);
    expect_only(0);
    /* In the bank that is quoted: the log's other digests are nobody's proof. */
    e->value_len = 48;
    assay_sha384((const uint8_t *)"kernel", 6, e->value);
    expect_only(ASSAY_RULE_EVENT_MISSING);
}

Test(quote_eventlog_appraise, what_is_not_proven_does_not_occur)
{
    demand(ASSAY_EVENT_REQUIRED, 5, "partitions"); /* in the log; PCR 5 is not quoted */
    expect_only(ASSAY_RULE_EVENT_MISSING);
    p->policy.event_count = 0;
    demand(ASSAY_EVENT_DENIED, 5, "anything");
    expect_only(ASSAY_RULE_EVENT_MISSING);
    /* A list of IMA whose register is not quoted: anybody could have written it. */
    p->banks[0].mask = 1u << 0 | 1u << 4;
    quote_logs();
    p->policy.event_count = 0;
    demand_file(ASSAY_EVENT_REQUIRED, "/usr/bin/good", "good");
    expect_only(ASSAY_RULE_EVENT_MISSING);
    cr_expect_eq(report.logs[1].proven, 0);
    p->policy.event_count = 0;
    demand_file(ASSAY_EVENT_DENIED, "/usr/bin/good", "good");
    expect_only(ASSAY_RULE_EVENT_MISSING);
}

/* --- a denial counts in every bank that the attacker may choose */
static void deny_digest(uint32_t pcr, uint32_t len)
{
    struct assay_event_reference *const e = demand(ASSAY_EVENT_DENIED, pcr, "");
    e->value_len = len;
    if (len == 32) assay_sha256((const uint8_t *)"kernel", 6, e->value);
    if (len == 48) assay_sha384((const uint8_t *)"kernel", 6, e->value);
    if (len == 64) assay_sha512((const uint8_t *)"kernel", 6, e->value);
}

/* Whoever quotes chooses the bank, and what the log has digests of. */
Test(quote_eventlog_appraise, a_denied_digest_is_not_evaded_by_the_choice_of_the_bank)
{
    static const uint16_t sha384[] = { SHA384 };
    deny_digest(4, 32);
    expect_only(ASSAY_RULE_EVENT_DENIED);
    p->banks[0].alg = SHA384;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_MISSING);
    cr_assert_eq(report.failed_count, 1);
    cr_expect_not(report.failed[0].occurred);
    cr_expect_eq(strncmp(report.failed[0].expected, "pcr4 ", 5), 0);
    cr_expect_str_eq(report.failed[0].observed,
                     "the register is not proven in the bank of the digest");
    /* Both banks are quoted, and the register in the other one alone. */
    p->bank_count = 2;
    p->banks[0] = (struct assay_tpm_bank){ SHA256, 1u << 0 | 1u << 10 };
    p->banks[1] = (struct assay_tpm_bank){ SHA384, 1u << 4 };
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_MISSING);
    p->banks[0].mask |= 1u << 4;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_DENIED);
    /* Both are quoted, and the log has no digests of the bank of the denial. */
    struct made_log other = log_tcg(sha384, 1);
    log_locality(&other, 3);
    log_event(&other, 4, APPLICATION, "shim", 4);
    log_event(&other, 4, APPLICATION, "kernel", 6);
    logs[0] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_MISSING);
    expect_register("pcr4", SHA256, ASSAY_REGISTER_NOT_REPLAYED);
    expect_register("pcr4", SHA384, ASSAY_REGISTER_MATCHES);
}

/* Each denial is of its own bank: which of them are of one program nobody says. Data is hashed for
 * whichever bank is there. */
Test(quote_eventlog_appraise, denials_of_several_banks_are_each_looked_for)
{
    deny_digest(4, 32);
    deny_digest(4, 48);
    deny_digest(4, 64);
    p->policy.events[0].value[0] ^= 1;
    p->policy.events[1].value[0] ^= 1;
    p->policy.events[2].value[0] ^= 1;
    expect_only(ASSAY_RULE_EVENT_MISSING);
    cr_expect_eq(report.failed_count, 2);
    p->policy.event_count = 2;
    p->bank_count = 2;
    p->banks[1] = (struct assay_tpm_bank){ SHA384, 1u << 4 };
    quote_logs();
    expect_only(0); /* both were looked for, and neither of them ran */
    p->policy.events[1].value[0] ^= 1;
    expect_only(ASSAY_RULE_EVENT_DENIED);
    p->policy.event_count = 0;
    demand(ASSAY_EVENT_DENIED, 4, "kernel");
    for (uint16_t alg = SHA256; alg <= SHA384; alg++) {
        p->bank_count = 1;
        p->banks[0] = (struct assay_tpm_bank){ alg, 1u << 4 };
        quote_logs();
        log_count = 1;
        expect_only(ASSAY_RULE_EVENT_DENIED);
    }
}

/* Of the accepted ones any bank will do: what is not found there does not pass. */
Test(quote_eventlog_appraise, accepted_digests_of_banks_that_are_not_quoted_are_no_fault)
{
    deny_digest(4, 48);
    deny_digest(4, 32);
    p->policy.events[0].state = ASSAY_EVENT_REQUIRED;
    p->policy.events[1].state = ASSAY_EVENT_REQUIRED;
    expect_only(0); /* one of those of its register */
    p->policy.event_count = 1;
    expect_only(ASSAY_RULE_EVENT_MISSING);
    cr_expect_str_eq(report.failed[0].observed,
                     "the register is not proven in the bank of the digest");
    p->policy.event_count = 2;
    p->policy.events[0].state = ASSAY_EVENT_ALLOWED;
    p->policy.events[1].state = ASSAY_EVENT_ALLOWED;
    demand(ASSAY_EVENT_ALLOWED, 4, "shim");
    expect_only(0);
    p->policy.events[1].state = ASSAY_EVENT_RETIRING;
    expect_only(ASSAY_RULE_EVENT_RETIRING);
    p->policy.events[1] = p->policy.events[2];
    p->policy.event_count = 2;
    expect_only(ASSAY_RULE_EVENT_UNKNOWN); /* the kernel is allowed in a bank that is not quoted */
}

/* A denied digest of zeros is a digest like any other: what firmware could not measure. */
Test(quote_eventlog_appraise, zeros_are_a_digest)
{
    static const uint8_t zeros[32] = { 0 };
    deny_digest(4, 32);
    memset(p->policy.events[0].value, 0, 32);
    expect_only(0);
    struct made_log other = log_tcg((const uint16_t[]){ SHA256 }, 1);
    log_event(&other, 4, APPLICATION, "kernel", 6);
    uint8_t kernel[32];
    assay_sha256((const uint8_t *)"kernel", 6, kernel);
    uint8_t *const at = memmem(other.bytes, other.len, kernel, 32);
    cr_assert_not_null(at);
    assay_bytes_copy(at, 32, zeros, 32);
    p->banks[0].mask = 1u << 4;
    firmware = other;
    log_count = 1;
    logs[0] = assay_slice_over(other.bytes, other.len);
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_DENIED);
}

/* Firmware that was not asked to extend a bank leaves its registers at zeros; without events of
 * them in the log they would seem explained. */
Test(quote_eventlog_appraise, a_bank_that_firmware_left_alone_proves_nothing)
{
    static const uint16_t sha384[] = { SHA384 };
    struct made_log other = log_tcg(sha384, 1);
    log_event(&other, 9, APPLICATION, "initrd", 6);
    logs[0] = assay_slice_over(other.bytes, other.len);
    log_count = 1;
    p->banks[0].mask = 1u << 4;
    p->values_len = 32;
    memset(p->values, 0, 32);
    deny_digest(4, 32);
    judge();
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_MISSING));
    expect_register("pcr4", SHA256, ASSAY_REGISTER_NOT_LOGGED);
    p->policy.event_count = 0;
    deny_digest(11, 32); /* whatever extends it, nothing did */
    p->banks[0].mask = 1u << 11;
    judge();
    cr_expect_not(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_MISSING));
    expect_register("pcr11", SHA256, ASSAY_REGISTER_MATCHES);
}

/* Whoever boots the machine chooses the algorithm of IMA (ima_hash=). */
Test(quote_eventlog_appraise, a_denied_file_is_not_evaded_by_the_choice_of_the_hash)
{
    demand_file(ASSAY_EVENT_DENIED, "/usr/bin/bad", "bad");
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    expect_only(0);
    log_file_by(&ima, 10, "/usr/bin/bad", "sha512", 64);
    logs[1].len = ima.len;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    cr_expect_str_eq(report.failed[0].expected, "a digest by the algorithm of those denied");
    ima.len = logs[1].len = 0;
    make_logs();
    log_file_by(&ima, 10, "/usr/bin/bad", "sm3", 32); /* as long as the denied one */
    logs[1].len = ima.len;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    make_logs();
    log_legacy(&ima, 10, "/usr/bin/bad");
    logs[1].len = ima.len;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    /* That content of that name is allowed, whatever else is denied. */
    make_logs();
    log_file_by(&ima, 10, "/usr/bin/fine", "sha512", 64);
    logs[1].len = ima.len;
    quote_logs();
    struct assay_event_reference *const e =
        demand_file(ASSAY_EVENT_ALLOWED, "/usr/bin/fine", "fine");
    memset(e->value, 0x64, 64);
    e->value_len = 64;
    expect_only(0);
}

/* A violation has no digest: what the file was nobody knows, so nobody calls it good. */
Test(quote_eventlog_appraise, a_violation_is_never_the_way_around_a_denied_file)
{
    demand_file(ASSAY_EVENT_DENIED, "/usr/bin/bad", "bad");
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    log_violation(&ima, 10, "/usr/bin/bad");
    logs[1].len = ima.len;
    quote_logs();
    expect_only(ASSAY_RULE_FILE_UNKNOWN);
    cr_expect_neq(verdict.tier, ASSAY_TIER_AFFIRMING);
}

Test(quote_eventlog_appraise, a_register_with_allowed_events_takes_no_others)
{
    struct assay_event_reference *const e = demand(ASSAY_EVENT_ALLOWED, 4, "shim");
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    cr_assert_eq(report.failed_count, 1);
    cr_expect_eq(report.failed[0].index, 4);
    cr_expect_str_eq(report.failed[0].name, "pcr4");
    cr_expect_str_eq(report.failed[0].text, "kernel");
    cr_expect(report.failed[0].occurred);
    cr_expect_str_eq(report.failed[0].expected, "an allowed event");
    cr_expect_eq(strncmp(report.failed[0].observed, "pcr4 event 4 ", 13), 0);
    demand(ASSAY_EVENT_ALLOWED, 4, "kernel");
    demand(ASSAY_EVENT_ALLOWED, 4, "kernel of tomorrow"); /* need not occur */
    expect_only(0);
    e[1].state = ASSAY_EVENT_RETIRING;
    expect_only(ASSAY_RULE_EVENT_RETIRING);
    cr_expect_eq(verdict.tier, ASSAY_TIER_WARNING);
    e[1].state = ASSAY_EVENT_DENIED;
    e[1].has_type = true;
    e[1].type = IPL; /* whoever writes a log may call an event anything */
    expect_only(ASSAY_RULE_EVENT_DENIED);
}

Test(quote_eventlog_appraise, files_are_known_by_name_and_digest)
{
    struct assay_event_reference *const e =
        demand_file(ASSAY_EVENT_ALLOWED, "/usr/bin/good", "good");
    expect_only(ASSAY_RULE_FILE_UNKNOWN); /* /usr/bin/other */
    cr_expect_eq(report.failed_count, 1);
    cr_expect_str_eq(report.failed[0].text, "/usr/bin/other");
    p->policy.ima_unknown = ASSAY_ACCEPT_REFUSED;
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    expect_only(0);
    e->value[0] ^= 1;
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    e->value[0] ^= 1;
    struct assay_event_reference *const denied =
        demand_file(ASSAY_EVENT_DENIED, "/tmp/renamed", "other");
    expect_only(ASSAY_RULE_EVENT_DENIED);
    denied->state = ASSAY_EVENT_REQUIRED;
    expect_only(ASSAY_RULE_EVENT_MISSING); /* that content, under that name */
    (void)snprintf(denied->text, sizeof denied->text, "%s", "/usr/bin/other");
    expect_only(0);
}

Test(quote_eventlog_appraise, a_violated_file_is_none_that_is_allowed)
{
    demand_file(ASSAY_EVENT_ALLOWED, "/usr/bin/good", "good");
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    log_violation(&ima, 10, "/usr/bin/good");
    logs[1].len = ima.len;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    /* The kernel extends ones: the name is not proven. */
    ima.bytes[ima.len - 2] = 'x';
    expect_only(ASSAY_RULE_FILE_UNKNOWN);
    cr_expect_str_eq(report.failed[0].text, "/usr/bin/goox");
    cr_expect_neq(verdict.tier, ASSAY_TIER_AFFIRMING);
}

/* The verdict is then unjudged: nobody knows, and nobody passes. */
static void expect_unjudged(void)
{
    simtpm_build(p);
    const struct assay_evidence_request request = {
        .kind = ASSAY_KIND_TPM,
        .bytes = p->evidence,
        .len = p->len,
        .at_unix_s = SIMTPM_NOW,
        .endorsements = &p->endorsements,
        .policy = &p->policy,
        .logs = logs,
        .log_count = log_count,
    };
    cr_assert_eq(assay_evidence_verify(NULL, &request, &verdict), ASSAY_OK);
    cr_expect_eq(verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_MISSING));
}

Test(quote_eventlog_appraise, leaving_the_log_out_does_not_pass_a_policy_of_events)
{
    demand(ASSAY_EVENT_DENIED, 4, "malware");
    expect_only(0);
    log_count = 0;
    expect_unjudged();
    give(&ima); /* not the one that is asked for */
    expect_unjudged();
    p->policy.event_count = 0;
    demand_file(ASSAY_EVENT_DENIED, "/usr/bin/bad", "bad");
    expect_only(ASSAY_RULE_FILE_UNKNOWN);
    logs[0] = assay_slice_over(firmware.bytes, firmware.len);
    expect_unjudged();
}

/* The old template hashes 276 bytes without lengths, and its name is not hashed either: an entry of
 * just as many, which a signature beside the file fills up, can be given in its form. */
Test(quote_eventlog_appraise, the_old_form_hides_no_file)
{
    enum { DATA = 276, HEAD = 4 + 32 + 4 + 7 + 4, SHA1 = 20, SIGNED = DATA - 4 - 40 - 4 - 14 - 4 };
    const size_t from = ima.len;
    demand_file(ASSAY_EVENT_ALLOWED, "/usr/bin/good", "good");
    p->policy.ima_unknown = ASSAY_ACCEPT_AFFIRMING;
    log_signed(&ima, 10, "/usr/bin/good", "tampered with", SIGNED);
    logs[1].len = ima.len;
    quote_logs();
    expect_only(ASSAY_RULE_EVENT_UNKNOWN);
    const struct made_log own = ima;
    const uint8_t *const data = own.bytes + from + HEAD;
    ima.len = from + 4 + 32;
    log_u32(&ima, 3);
    log_put(&ima, "ima", 3);
    log_put(&ima, data, SHA1);
    log_u32(&ima, DATA - SHA1 - 1);
    log_put(&ima, data + SHA1, DATA - SHA1 - 1);
    logs[1].len = ima.len;
    expect_unjudged();
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_FORMAT));
}

/* The log of a TPM 1.2: SHA-1 digests alone, and no header that names algorithms. */
Test(quote_eventlog_appraise, a_log_of_the_old_form_does_not_satisfy_a_denial)
{
    struct made_log old = { .alg_count = 0 };
    uint8_t sha1[20];
    memset(sha1, 0x51, sizeof sha1);
    log_u32(&old, 4);
    log_u32(&old, APPLICATION);
    log_put(&old, sha1, sizeof sha1);
    log_u32(&old, 6);
    log_put(&old, "kernel", 6);
    logs[0] = assay_slice_over(old.bytes, old.len);
    deny_digest(4, 32);
    expect_unjudged();
    cr_expect(assay_verdict_has(&verdict, ASSAY_RULE_EVENT_LOG_FORMAT));
    /* The newer header, and SHA-1 alone: the quoted bank is not replayed. */
    static const uint16_t sha1_alone[] = { 4 };
    struct made_log other = log_tcg(sha1_alone, 1);
    log_event(&other, 4, APPLICATION, "kernel", 6);
    logs[0] = assay_slice_over(other.bytes, other.len);
    expect_only(ASSAY_RULE_EVENT_MISSING);
    expect_register("pcr4", SHA256, ASSAY_REGISTER_NOT_REPLAYED);
}
