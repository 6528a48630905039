/*
 * tests/unit/engine/ledger/test_finding.c - from a verdict to what it says about one member.
 */
#include "engine/ledger/records/finding.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { KEPT = 4 };

struct bench {
    struct assay_finding_record items[KEPT];
    struct assay_findings findings;
    struct assay_member member;
    struct assay_verdict verdict;
    uint8_t expected[64];
};

static void make(struct bench *b)
{
    *b = (struct bench){ .expected = { 7 } };
    b->findings = (struct assay_findings){ .items = b->items, .count = KEPT };
    b->member.evidence_kind = ASSAY_KIND_SOFT;
    b->member.platform_id[0] = 1;
    b->member.vendor_root[0] = 2;
    assay_verdict_init(&b->verdict, ASSAY_KIND_SOFT, 100);
    b->verdict.has_claims = true;
    b->verdict.report_data[0] = 7;
    b->verdict.has_platform = true;
    b->verdict.platform_id[0] = 1;
    b->verdict.vendor_root[0] = 2;
    b->verdict.tcb_status = ASSAY_TCB_UP_TO_DATE;
    b->verdict.appraised = true;
}

/* Returns: ABSENT where the evidence is foreign. */
static enum assay_outcome judge(struct bench *b, enum assay_evidence_kind kind)
{
    static const uint8_t digest[32] = { 9 };
    enum assay_outcome outcome = ASSAY_OUTCOME_PASS_OUT_OF_DATE;
    assay_verdict_conclude(&b->verdict);
    const struct assay_finding_record *f =
        assay_findings_put(&b->findings, digest, 100, false, &b->verdict);
    if (!assay_finding_judge(f, &b->member, kind, b->expected, &outcome)) {
        cr_assert_eq(outcome, ASSAY_OUTCOME_NONE);
        return ASSAY_OUTCOME_ABSENT;
    }
    return outcome;
}

Test(finding, good_evidence_passes)
{
    struct bench b;
    make(&b);
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

Test(finding, evidence_bound_to_something_else_is_as_if_nothing_had_come)
{
    struct bench b;
    make(&b);
    b.verdict.report_data[63] ^= 1;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_ABSENT);
    make(&b); /* also when it would fail: never guilt for another epoch's quote */
    b.verdict.report_data[63] ^= 1;
    assay_verdict_add(&b.verdict, ASSAY_RULE_MEASUREMENT_DENIED, 0, NULL, NULL);
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_ABSENT);
}

Test(finding, what_does_not_parse_fails_hard)
{
    struct bench b;
    make(&b);
    b.verdict.has_claims = false;
    b.verdict.has_platform = false;
    assay_verdict_add(&b.verdict, ASSAY_RULE_FORMAT, 0, NULL, NULL);
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
}

/* docs/protocol.md 4.3.4: what lies with the platform is UNJUDGED, what lies with the vendor's
 * collateral, the policy or the verifier is none; both together are none. */
Test(finding, what_could_not_be_judged_is_unjudged_or_none_even_from_another_platform)
{
    static const enum assay_rule platforms[] = { ASSAY_RULE_CERT_TIME,
                                                 ASSAY_RULE_COLLATERAL_MISSING };
    static const enum assay_rule vendors[] = {
        ASSAY_RULE_COLLATERAL_EXPIRED, ASSAY_RULE_COLLATERAL_EARLY, ASSAY_RULE_COLLATERAL_FORMAT,
        ASSAY_RULE_COLLATERAL_AGE,     ASSAY_RULE_ROOT_MISSING,     ASSAY_RULE_EVENT_LOG_MISSING,
    };
    struct bench b;
    for (size_t p = 0; p < 2; p++) {
        make(&b);
        b.verdict.platform_id[0] = 99;
        assay_verdict_add(&b.verdict, platforms[p], 0, NULL, NULL);
        cr_expect_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_UNJUDGED);
        assay_verdict_add(&b.verdict, ASSAY_RULE_QUOTE_SIGNATURE, 0, NULL, NULL);
        cr_expect_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD, "forged is forged");
    }
    for (size_t v = 0; v < sizeof vendors / sizeof vendors[0]; v++) {
        make(&b);
        assay_verdict_add(&b.verdict, vendors[v], 0, NULL, NULL);
        cr_expect_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_NONE, "%zu", v);
        for (size_t p = 0; p < 2; p++) {
            make(&b);
            assay_verdict_add(&b.verdict, platforms[p], 0, NULL, NULL);
            assay_verdict_add(&b.verdict, vendors[v], 0, NULL, NULL);
            cr_expect_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_NONE, "%zu and %zu", v, p);
        }
    }
    make(&b); /* a host that failed: no reason at all */
    assay_verdict_init(&b.verdict, ASSAY_KIND_SOFT, b.verdict.at_unix_s);
    assay_verdict_conclude(&b.verdict);
    cr_expect_eq(assay_verdict_outcome(&b.verdict), ASSAY_OUTCOME_NONE);
}

Test(finding, another_platform_vendor_root_or_kind_fails_hard)
{
    struct bench b;
    make(&b);
    b.verdict.platform_id[0] = 99;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
    make(&b);
    b.verdict.vendor_root[0] = 99;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
    make(&b);
    b.verdict.has_platform = false;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
    make(&b);
    cr_assert_eq(judge(&b, ASSAY_KIND_TDX4), ASSAY_OUTCOME_FAIL_HARD);
    make(&b);
    b.verdict.kind = ASSAY_KIND_TDX4;
    cr_assert_eq(judge(&b, ASSAY_KIND_TDX4), ASSAY_OUTCOME_FAIL_HARD);
}

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

static void expect_reason(struct bench *b, enum assay_evidence_kind kind, const char *expected)
{
    char text[ASSAY_FINDING_REASON_LEN];
    cr_expect_eq(judge(b, kind), ASSAY_OUTCOME_FAIL_HARD);
    assay_finding_reason(&b->findings.items[0], &b->member, kind, text);
    cr_expect_str_eq(text, expected);
}

Test(finding, what_disagrees_with_the_roster_is_named)
{
    struct bench b;
    make(&b);
    b.verdict.platform_id[0] = 99;
    expect_reason(&b, ASSAY_KIND_SOFT,
                  "roster-platform: expected 01" ZEROS ", observed 63" ZEROS);
    make(&b);
    b.verdict.vendor_root[0] = b.verdict.platform_id[0] = 99;
    expect_reason(&b, ASSAY_KIND_SOFT,
                  "roster-root: expected 02" ZEROS ", observed 63" ZEROS);
    make(&b);
    expect_reason(&b, ASSAY_KIND_TDX4, "roster-kind: expected soft, observed tdx-v4");
    make(&b);
    b.verdict.platform_id[0] = 99;
    assay_verdict_add(&b.verdict, ASSAY_RULE_DEBUG, 0, "no", "yes");
    expect_reason(&b, ASSAY_KIND_SOFT, "debug: expected no, observed yes");
}

Test(finding, a_form_that_its_kind_does_not_have_is_no_evidence)
{
    static const enum assay_rule rules[] = {
        ASSAY_RULE_UNSUPPORTED,   ASSAY_RULE_CERT_TYPE,   ASSAY_RULE_EVIDENCE_INCOMPLETE,
        ASSAY_RULE_KEY_MISSING,   ASSAY_RULE_PCR_MISSING, ASSAY_RULE_AK_UNPROVEN,
        ASSAY_RULE_CHAIN_MISSING,
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct bench b;
        make(&b);
        b.verdict.has_claims = i == 1;
        b.verdict.has_platform = false;
        assay_verdict_add(&b.verdict, rules[i], 0, NULL, NULL);
        cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_ABSENT);
        cr_assert_eq(judge(&b, ASSAY_KIND_TDX4), ASSAY_OUTCOME_FAIL_HARD, "as its owner signed");
    }
}

/* docs/protocol.md 3.11: header time may lead real time, so what time alone makes of evidence is
 * nobody's guilt; what is wrong beside it still is. */
Test(finding, what_rests_on_time_alone_is_as_if_nothing_had_come)
{
    static const enum assay_rule by_time[] = { ASSAY_RULE_SIGNER_EXPIRED, ASSAY_RULE_TCB_GRACE };
    static const enum assay_rule beside[] = { ASSAY_RULE_MEASUREMENT_DENIED, ASSAY_RULE_SVN_MINIMUM,
                                              ASSAY_RULE_QE_SIGNATURE };
    for (size_t i = 0; i < sizeof by_time / sizeof by_time[0]; i++) {
        struct bench b;
        make(&b);
        assay_verdict_add(&b.verdict, by_time[i], 0, NULL, NULL);
        cr_expect_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_ABSENT, "%d", (int)by_time[i]);
        for (size_t k = 0; k < sizeof beside / sizeof beside[0]; k++) {
            make(&b);
            assay_verdict_add(&b.verdict, by_time[i], 0, NULL, NULL);
            assay_verdict_add(&b.verdict, beside[k], 0, NULL, NULL);
            const enum assay_outcome outcome = judge(&b, ASSAY_KIND_SOFT);
            cr_expect(outcome == ASSAY_OUTCOME_FAIL_HARD || outcome == ASSAY_OUTCOME_FAIL_SOFT,
                      "%d beside %d", (int)beside[k], (int)by_time[i]);
        }
    }
}

Test(finding, a_masked_platform_id_does_not_stand_for_a_pinned_one)
{
    struct bench b;
    make(&b);
    b.verdict.platform_id[0] = 99;
    b.verdict.platform_masked = true;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
    b.member.platform_id[0] = 99; /* pinned from masked evidence: the hash of no id */
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

Test(finding, a_masked_platform_id_names_nothing_but_its_vendor_still_counts)
{
    struct bench b;
    make(&b);
    b.member.platform_id[0] = 0;
    b.verdict.platform_id[0] = 99;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
    b.verdict.platform_masked = true;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    b.verdict.vendor_root[0] = 99;
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
}

Test(finding, is_known_by_digest_time_and_kind)
{
    struct bench b;
    uint8_t digest[32] = { 1 };
    make(&b);
    assay_verdict_conclude(&b.verdict);
    cr_assert_not_null(assay_findings_put(&b.findings, digest, 100, false, &b.verdict));
    cr_assert_not_null(assay_findings_get(&b.findings, digest, 100, ASSAY_KIND_SOFT, false));
    cr_assert_null(assay_findings_get(&b.findings, digest, 101, ASSAY_KIND_SOFT, false));
    cr_assert_null(assay_findings_get(&b.findings, digest, 100, ASSAY_KIND_SGX3, false));
    digest[31] = 1;
    cr_assert_null(assay_findings_get(&b.findings, digest, 100, ASSAY_KIND_SOFT, false));
}

Test(finding, the_one_used_longest_ago_is_forgotten)
{
    struct bench b;
    make(&b);
    assay_verdict_conclude(&b.verdict);
    for (uint8_t i = 0; i < KEPT; i++) {
        const uint8_t digest[32] = { i };
        cr_assert_not_null(assay_findings_put(&b.findings, digest, 100, false, &b.verdict));
    }
    const uint8_t first[32] = { 0 };
    const uint8_t second[32] = { 1 };
    const uint8_t more[32] = { 50 };
    cr_assert_not_null(assay_findings_get(&b.findings, first, 100, ASSAY_KIND_SOFT, false));
    cr_assert_not_null(assay_findings_put(&b.findings, more, 100, false, &b.verdict));
    cr_assert_not_null(assay_findings_get(&b.findings, first, 100, ASSAY_KIND_SOFT, false));
    cr_assert_null(assay_findings_get(&b.findings, second, 100, ASSAY_KIND_SOFT, false));
}

/* Two measurements of 48 bytes: to be compared, and copied. */
Test(finding, the_longest_reason_is_whole)
{
    struct bench b;
    char longest[ASSAY_REASON_TEXT], expected[ASSAY_FINDING_REASON_LEN];
    for (size_t i = 0; i + 1 < sizeof longest; i++)
        longest[i] = 'x';
    longest[sizeof longest - 1] = '\0';
    make(&b);
    assay_verdict_add(&b.verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, 0, longest, longest);
    cr_assert_eq(judge(&b, ASSAY_KIND_SOFT), ASSAY_OUTCOME_FAIL_HARD);
    for (unsigned rule = 1; rule <= ASSAY_RULE_FILE_UNKNOWN; rule++) {
        const int len = snprintf(expected, sizeof expected, "%s: expected %s, observed %s",
                                 assay_rule_name((enum assay_rule)rule), longest, longest);
        cr_assert_lt((size_t)len, sizeof expected, "rule %u", rule);
    }
    (void)snprintf(expected, sizeof expected, "%s: expected %s, observed %s",
                   assay_rule_name(ASSAY_RULE_MEASUREMENT_UNKNOWN), longest, longest);
    cr_assert_str_eq(b.items[0].reason, expected);
}
