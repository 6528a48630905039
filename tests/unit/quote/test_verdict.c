/*
 * tests/unit/quote/test_verdict.c - tests of verdicts from reasons: nothing is affirming until
 * proven.
 */
#include "quote/verdict.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_verdict with(enum assay_tcb_status status, int first, int second)
{
    struct assay_verdict v;
    assay_verdict_init(&v, ASSAY_KIND_SGX3, 1000);
    v.tcb_status = status;
    v.appraised = status != ASSAY_TCB_NONE;
    if (first != 0) assay_verdict_add(&v, (enum assay_rule)first, 0, NULL, NULL);
    if (second != 0) assay_verdict_add(&v, (enum assay_rule)second, 0, NULL, NULL);
    assay_verdict_conclude(&v);
    return v;
}

static void expect(struct assay_verdict v, enum assay_genuine genuine, enum assay_tier tier,
                   enum assay_outcome outcome)
{
    cr_assert_eq(v.genuine, genuine);
    cr_assert_eq(v.tier, tier);
    cr_assert_eq(assay_verdict_outcome(&v), outcome);
}

Test(quote_verdict, starts_unknown_and_stays_so_without_a_tcb_status)
{
    struct assay_verdict v;
    assay_verdict_init(&v, ASSAY_KIND_TDX4, 7);
    expect(v, ASSAY_GENUINE_UNKNOWN, ASSAY_TIER_NONE, ASSAY_OUTCOME_NONE);
    expect(with(ASSAY_TCB_NONE, 0, 0), ASSAY_GENUINE_UNKNOWN, ASSAY_TIER_NONE, ASSAY_OUTCOME_NONE);
    cr_assert_eq(v.kind, ASSAY_KIND_TDX4);
    cr_assert_eq(v.at_unix_s, 7);
}

Test(quote_verdict, follows_the_precedence_of_classes)
{
    const enum assay_tcb_status up = ASSAY_TCB_UP_TO_DATE;
    expect(with(up, 0, 0), ASSAY_GENUINE_TRUE, ASSAY_TIER_AFFIRMING, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    expect(with(up, ASSAY_RULE_MEASUREMENT_RETIRING, 0), ASSAY_GENUINE_TRUE, ASSAY_TIER_WARNING,
           ASSAY_OUTCOME_PASS_UP_TO_DATE);
    expect(with(up, ASSAY_RULE_MEASUREMENT_RETIRING, ASSAY_RULE_SVN_MINIMUM), ASSAY_GENUINE_TRUE,
           ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_SOFT);
    expect(with(up, ASSAY_RULE_SVN_MINIMUM, ASSAY_RULE_DEBUG), ASSAY_GENUINE_TRUE,
           ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_HARD);
    expect(with(up, ASSAY_RULE_DEBUG, ASSAY_RULE_COLLATERAL_EXPIRED), ASSAY_GENUINE_UNKNOWN,
           ASSAY_TIER_NONE, ASSAY_OUTCOME_NONE);
    expect(with(up, ASSAY_RULE_COLLATERAL_EXPIRED, ASSAY_RULE_QUOTE_SIGNATURE), ASSAY_GENUINE_FALSE,
           ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_HARD);
}

/* docs/protocol.md 4.3.4. */
Test(quote_verdict, is_unjudged_where_it_lies_with_the_platform_alone)
{
    const enum assay_tcb_status up = ASSAY_TCB_UP_TO_DATE;
    expect(with(up, ASSAY_RULE_CERT_TIME, 0), ASSAY_GENUINE_UNKNOWN, ASSAY_TIER_NONE,
           ASSAY_OUTCOME_UNJUDGED);
    expect(with(ASSAY_TCB_NONE, ASSAY_RULE_COLLATERAL_MISSING, 0), ASSAY_GENUINE_UNKNOWN,
           ASSAY_TIER_NONE, ASSAY_OUTCOME_UNJUDGED);
    expect(with(up, ASSAY_RULE_CERT_TIME, ASSAY_RULE_COLLATERAL_EXPIRED), ASSAY_GENUINE_UNKNOWN,
           ASSAY_TIER_NONE, ASSAY_OUTCOME_NONE);
    expect(with(up, ASSAY_RULE_COLLATERAL_AGE, ASSAY_RULE_COLLATERAL_MISSING),
           ASSAY_GENUINE_UNKNOWN, ASSAY_TIER_NONE, ASSAY_OUTCOME_NONE);
    expect(with(up, ASSAY_RULE_CERT_TIME, ASSAY_RULE_CERT_REVOKED), ASSAY_GENUINE_FALSE,
           ASSAY_TIER_CONTRAINDICATED, ASSAY_OUTCOME_FAIL_HARD);
}

Test(quote_verdict, gives_every_status_a_ballot_and_never_absent)
{
    static const enum assay_outcome wanted[ASSAY_TCB_STATUS_COUNT] = {
        ASSAY_OUTCOME_NONE,
        ASSAY_OUTCOME_PASS_UP_TO_DATE,
        ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
        ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
        ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
        ASSAY_OUTCOME_PASS_OUT_OF_DATE,
        ASSAY_OUTCOME_PASS_OUT_OF_DATE,
        ASSAY_OUTCOME_PASS_OUT_OF_DATE,
        ASSAY_OUTCOME_PASS_OUT_OF_DATE,
        ASSAY_OUTCOME_FAIL_HARD,
        ASSAY_OUTCOME_FAIL_SOFT,
    };
    for (int i = 0; i < ASSAY_TCB_STATUS_COUNT; i++) {
        const struct assay_verdict v = with((enum assay_tcb_status)i, 0, 0);
        cr_assert_eq(assay_verdict_outcome(&v), wanted[i], "status %d", i);
    }
}

Test(quote_verdict, keeps_the_weightiest_reasons_when_there_are_too_many)
{
    struct assay_verdict v;
    assay_verdict_init(&v, ASSAY_KIND_SGX3, 0);
    for (int i = 0; i < 2 * ASSAY_REASONS_MAX; i++)
        assay_verdict_add(&v, ASSAY_RULE_TCB_WARNING, (uint32_t)i, "a", "b");
    cr_assert_eq(v.reason_count, ASSAY_REASONS_MAX);
    cr_assert_eq(v.reasons[ASSAY_REASONS_MAX - 1].offset, ASSAY_REASONS_MAX - 1);
    assay_verdict_add(&v, ASSAY_RULE_CHAIN_ROOT, 99, "expected", "observed");
    cr_assert_eq(v.reason_count, ASSAY_REASONS_MAX);
    cr_assert_eq(v.reasons[0].rule, ASSAY_RULE_CHAIN_ROOT);
    cr_assert_eq(v.reasons[0].offset, 99);
    assay_verdict_conclude(&v);
    cr_assert_eq(v.genuine, ASSAY_GENUINE_FALSE);
}

Test(quote_verdict, cuts_texts_to_their_field)
{
    struct assay_verdict v;
    char longer[2 * ASSAY_REASON_TEXT];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assay_verdict_init(&v, ASSAY_KIND_SGX3, 0);
    assay_verdict_add(&v, ASSAY_RULE_DEBUG, 0, longer, NULL);
    cr_assert_eq(strlen(v.reasons[0].expected), ASSAY_REASON_TEXT - 1);
    cr_assert_str_eq(v.reasons[0].observed, "");
}

Test(quote_verdict, has_a_name_a_text_and_a_class_for_every_rule)
{
#define CHECK(symbol, number, class_, name, text)                                                  \
    cr_assert_eq((int)symbol, number);                                                             \
    cr_assert_str_eq(assay_rule_name(symbol), name);                                               \
    cr_assert_str_eq(assay_rule_text(symbol), text);                                               \
    cr_assert_eq(assay_rule_class_of(symbol), ASSAY_RULE_##class_);
    ASSAY_RULE_LIST(CHECK)
#undef CHECK
    cr_assert_str_eq(assay_rule_name((enum assay_rule)9999), "unknown");
    cr_assert_str_eq(assay_rule_text((enum assay_rule)9999), "unknown");
    cr_assert_eq(assay_rule_class_of((enum assay_rule)9999), ASSAY_RULE_FORGED);
}

Test(quote_verdict, reads_back_every_status_and_kind_it_prints)
{
    for (int i = 1; i < ASSAY_TCB_STATUS_COUNT; i++) {
        const char *const text = assay_tcb_status_text((enum assay_tcb_status)i);
        enum assay_tcb_status status = ASSAY_TCB_NONE;
        cr_assert_eq(assay_tcb_status_parse(text, strlen(text), &status), ASSAY_OK);
        cr_assert_eq((int)status, i);
        cr_assert_eq(assay_tcb_status_parse(text, strlen(text) - 1, &status), ASSAY_E_NOT_FOUND);
    }
    for (int i = ASSAY_KIND_SGX3; i <= ASSAY_KIND_SOFT; i++) {
        enum assay_evidence_kind kind = ASSAY_KIND_NONE;
        cr_assert_eq(assay_kind_parse(assay_kind_text((enum assay_evidence_kind)i), &kind),
                     ASSAY_OK);
        cr_assert_eq((int)kind, i);
    }
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    enum assay_tcb_status status = ASSAY_TCB_NONE;
    cr_assert_eq(assay_kind_parse("sgx-v9", &kind), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_tcb_status_parse("", 0, &status), ASSAY_E_NOT_FOUND);
}

Test(quote_verdict, has_texts_for_outcomes_and_tiers)
{
    for (int i = 0; i < ASSAY_OUTCOME_COUNT; i++)
        cr_assert_str_neq(assay_outcome_text((enum assay_outcome)i), "unknown");
    for (int i = 0; i <= ASSAY_TIER_CONTRAINDICATED; i++)
        cr_assert_str_neq(assay_tier_text((enum assay_tier)i), "unknown");
    cr_assert_str_eq(assay_outcome_text((enum assay_outcome)77), "unknown");
    cr_assert_str_eq(assay_tier_text((enum assay_tier)77), "unknown");
}
