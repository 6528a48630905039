/*
 * tests/unit/quote/results/test_ar4si.c - tests of trustworthiness vectors: never more trust than
 * the verdict, never a claim that the kind cannot support.
 */
#include "quote/result/ar4si.h"

#include <criterion/criterion.h>
#include <string.h>

#define RULE_NUMBER(symbol, number, class_, name, text) number,
static const int rules[] = { ASSAY_RULE_LIST(RULE_NUMBER) };
enum { RULES = sizeof rules / sizeof rules[0] };

static struct assay_verdict verdict_of(int kind, const int *with, size_t count)
{
    struct assay_verdict v;
    assay_verdict_init(&v, (enum assay_evidence_kind)kind, 1000);
    v.appraised = true;
    v.tcb_status = ASSAY_TCB_UP_TO_DATE;
    for (size_t i = 0; i < count; i++)
        assay_verdict_add(&v, (enum assay_rule)with[i], 0, NULL, NULL);
    assay_verdict_conclude(&v);
    return v;
}

static void expect_consistent(const struct assay_verdict *v, const struct assay_policy *policy)
{
    const struct assay_trust_vector vector = assay_ar4si_vector(v, policy);
    const enum assay_tier worst = assay_ar4si_worst(&vector);
    bool says_something = false;
    cr_assert_eq(worst, v->tier, "%s: worst %s, verdict %s", assay_kind_text(v->kind),
                 assay_tier_text(worst), assay_tier_text(v->tier));
    cr_assert(assay_ar4si_status_fits(v->tier, worst));
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        if (vector.claims[i] == 0) continue;
        says_something = true;
        cr_assert(assay_ar4si_supports(v->kind, (enum assay_trust_claim)i));
        /* Of what is not proven genuine nothing is affirmed. */
        if (v->genuine != ASSAY_GENUINE_TRUE)
            cr_assert_neq(assay_ar4si_tier(vector.claims[i]), ASSAY_TIER_AFFIRMING);
    }
    cr_assert(says_something, "an empty vector");
}

Test(quote_ar4si, worst_claim_is_the_verdict_for_every_rule_and_pair_of_rules)
{
    for (int kind = 1; kind < ASSAY_KIND_COUNT; kind++) {
        struct assay_verdict v = verdict_of(kind, NULL, 0);
        expect_consistent(&v, NULL);
        for (int a = 0; a < RULES; a++) {
            for (int b = 0; b < RULES; b++) {
                const int both[] = { rules[a], rules[b] };
                v = verdict_of(kind, both, a == b ? 1 : 2);
                expect_consistent(&v, NULL);
            }
        }
    }
}

Test(quote_ar4si, holds_for_random_sets_of_rules_and_states_of_links)
{
    uint64_t state = 88172645463325252U; /* xorshift64: the same sets each run */
    static struct assay_policy policy;
    assay_policy_default(&policy);
    for (int round = 0; round < 20000; round++) {
        int with[12];
        size_t count = 0;
        for (; count < sizeof with / sizeof with[0]; count++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if (state % 4 == 0) break;
            with[count] = rules[(state >> 8) % RULES];
        }
        struct assay_verdict v =
            verdict_of(1 + (int)((state >> 20) % (ASSAY_KIND_COUNT - 1)), with, count);
        assay_verdict_proof(&v, (enum assay_proof)((state >> 30) % ASSAY_PROOF_COUNT),
                            (enum assay_proof_state)((state >> 40) % 4));
        v.appraised = (state >> 50) % 3 != 0;
        assay_verdict_conclude(&v);
        expect_consistent(&v, &policy);
    }
}

Test(quote_ar4si, an_unfinished_appraisal_is_the_verifiers_fault)
{
    struct assay_verdict v;
    assay_verdict_init(&v, ASSAY_KIND_SGX3, 1);
    assay_verdict_conclude(&v);
    const struct assay_trust_vector vector = assay_ar4si_vector(&v, NULL);
    cr_assert_eq(vector.claims[ASSAY_TRUST_HARDWARE], -1);
    cr_assert_eq(assay_ar4si_worst(&vector), ASSAY_TIER_NONE);
}

Test(quote_ar4si, a_false_link_without_a_reason_fails_every_claim)
{
    struct assay_verdict v = verdict_of(ASSAY_KIND_TPM, NULL, 0);
    assay_verdict_proof(&v, ASSAY_PROOF_TPM_SIGNATURE, ASSAY_PROOF_FALSE);
    assay_verdict_conclude(&v);
    const struct assay_trust_vector vector = assay_ar4si_vector(&v, NULL);
    cr_assert_eq(vector.claims[ASSAY_TRUST_INSTANCE_IDENTITY], 99);
    cr_assert_eq(vector.claims[ASSAY_TRUST_RUNTIME_OPAQUE], 0);
}

/* docs/results.md, row by row. */
static void expect(int kind, int rule, enum assay_trust_claim claim, int value)
{
    const struct assay_verdict v = verdict_of(kind, &rule, rule == 0 ? 0 : 1);
    const struct assay_trust_vector vector = assay_ar4si_vector(&v, NULL);
    cr_assert_eq(vector.claims[claim], value, "rule %d, claim %s: %d", rule,
                 assay_ar4si_name(claim), vector.claims[claim]);
}

Test(quote_ar4si, maps_each_check_to_its_claim)
{
    const int sgx = ASSAY_KIND_SGX3;
    expect(sgx, 0, ASSAY_TRUST_INSTANCE_IDENTITY, 2);
    expect(sgx, 0, ASSAY_TRUST_HARDWARE, 2);
    expect(sgx, 0, ASSAY_TRUST_RUNTIME_OPAQUE, 2);
    expect(sgx, 0, ASSAY_TRUST_EXECUTABLES, 0);
    expect(sgx, ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_TRUST_EXECUTABLES, 99);
    expect(sgx, ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_TRUST_RUNTIME_OPAQUE, 99);
    expect(sgx, ASSAY_RULE_CERT_REVOKED, ASSAY_TRUST_INSTANCE_IDENTITY, 96);
    expect(sgx, ASSAY_RULE_CHAIN_ROOT, ASSAY_TRUST_HARDWARE, 97);
    expect(sgx, ASSAY_RULE_TCB_WARNING, ASSAY_TRUST_HARDWARE, 32);
    expect(sgx, ASSAY_RULE_TCB_GRACE, ASSAY_TRUST_HARDWARE, 96);
    expect(sgx, ASSAY_RULE_TCB_REVOKED, ASSAY_TRUST_HARDWARE, 96);
    expect(sgx, ASSAY_RULE_DEBUG, ASSAY_TRUST_CONFIGURATION, 96);
    expect(sgx, ASSAY_RULE_DEBUG, ASSAY_TRUST_RUNTIME_OPAQUE, 96);
    expect(sgx, ASSAY_RULE_MEASUREMENT_RETIRING, ASSAY_TRUST_EXECUTABLES, 32);
    expect(sgx, ASSAY_RULE_MEASUREMENT_DENIED, ASSAY_TRUST_EXECUTABLES, 96);
    expect(sgx, ASSAY_RULE_COLLATERAL_MISSING, ASSAY_TRUST_HARDWARE, -1);
    expect(sgx, ASSAY_RULE_UNSUPPORTED, ASSAY_TRUST_HARDWARE, 1);
    expect(ASSAY_KIND_SNP, ASSAY_RULE_REVOCATION_UNKNOWN, ASSAY_TRUST_CONFIGURATION, 36);
}

Test(quote_ar4si, a_tpm_and_software_never_hide_memory)
{
    const int kinds[] = { ASSAY_KIND_TPM, ASSAY_KIND_SOFT };
    for (size_t i = 0; i < 2; i++) {
        cr_assert_not(
            assay_ar4si_supports((enum assay_evidence_kind)kinds[i], ASSAY_TRUST_RUNTIME_OPAQUE));
        expect(kinds[i], 0, ASSAY_TRUST_RUNTIME_OPAQUE, 0);
        expect(kinds[i], ASSAY_RULE_DEBUG, ASSAY_TRUST_RUNTIME_OPAQUE, 0);
    }
    expect(ASSAY_KIND_SOFT, 0, ASSAY_TRUST_HARDWARE, 0);
}

Test(quote_ar4si, approves_executables_only_by_reference_values_of_the_kind)
{
    static struct assay_policy policy;
    assay_policy_default(&policy);
    const struct assay_verdict v = verdict_of(ASSAY_KIND_TDX4, NULL, 0);
    policy.reference_count = 1;
    policy.references[0].field = ASSAY_REFERENCE_MRENCLAVE;
    policy.references[0].value_len = 32;
    cr_assert_eq(assay_ar4si_vector(&v, &policy).claims[ASSAY_TRUST_EXECUTABLES], 0);
    policy.references[0].field = ASSAY_REFERENCE_MRTD;
    policy.references[0].value_len = 48;
    cr_assert_eq(assay_ar4si_vector(&v, &policy).claims[ASSAY_TRUST_EXECUTABLES], 3);
    policy.references[0].state = ASSAY_REFERENCE_DENIED;
    cr_assert_eq(assay_ar4si_vector(&v, &policy).claims[ASSAY_TRUST_EXECUTABLES], 0);
}

Test(quote_ar4si, tells_an_enclaves_svn_from_a_platforms)
{
    struct assay_verdict v = verdict_of(ASSAY_KIND_SGX3, NULL, 0);
    assay_verdict_add(&v, ASSAY_RULE_SVN_MINIMUM, 306, "isvsvn at least 3", "isvsvn 2");
    assay_verdict_conclude(&v);
    const struct assay_trust_vector vector = assay_ar4si_vector(&v, NULL);
    cr_assert_eq(vector.claims[ASSAY_TRUST_EXECUTABLES], 96);
    cr_assert_eq(vector.claims[ASSAY_TRUST_HARDWARE], 2);
    expect(ASSAY_KIND_SGX3, ASSAY_RULE_SVN_MINIMUM, ASSAY_TRUST_HARDWARE, 96);
}

/* draft-ietf-rats-ar4si 2.3.2, every value. */
Test(quote_ar4si, places_every_value_in_its_tier)
{
    for (int value = INT8_MIN; value <= INT8_MAX; value++) {
        enum assay_tier tier = ASSAY_TIER_CONTRAINDICATED;
        if (value == 0 || value == 1 || value == -1) tier = ASSAY_TIER_NONE;
        else if ((2 <= value && value <= 31) || (-32 <= value && value <= -2))
            tier = ASSAY_TIER_AFFIRMING;
        else if ((32 <= value && value <= 95) || (-96 <= value && value <= -33))
            tier = ASSAY_TIER_WARNING;
        cr_assert_eq(assay_ar4si_tier((int8_t)value), tier, "%d", value);
        for (int claim = 0; claim < ASSAY_TRUST_COUNT; claim++)
            cr_assert_gt(strlen(assay_ar4si_meaning((enum assay_trust_claim)claim, (int8_t)value)),
                         0);
    }
}

Test(quote_ar4si, a_status_never_says_more_than_the_worst_claim)
{
    cr_assert(assay_ar4si_status_fits(ASSAY_TIER_AFFIRMING, ASSAY_TIER_AFFIRMING));
    cr_assert(assay_ar4si_status_fits(ASSAY_TIER_CONTRAINDICATED, ASSAY_TIER_AFFIRMING));
    cr_assert(assay_ar4si_status_fits(ASSAY_TIER_NONE, ASSAY_TIER_CONTRAINDICATED));
    cr_assert_not(assay_ar4si_status_fits(ASSAY_TIER_AFFIRMING, ASSAY_TIER_WARNING));
    cr_assert_not(assay_ar4si_status_fits(ASSAY_TIER_WARNING, ASSAY_TIER_CONTRAINDICATED));
    cr_assert_not(assay_ar4si_status_fits(ASSAY_TIER_AFFIRMING, ASSAY_TIER_NONE));
    cr_assert_not(assay_ar4si_status_fits(ASSAY_TIER_WARNING, ASSAY_TIER_NONE));
    cr_assert(assay_ar4si_status_fits(ASSAY_TIER_CONTRAINDICATED, ASSAY_TIER_NONE));
}

Test(quote_ar4si, names_are_read_back)
{
    enum assay_trust_claim claim;
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++) {
        cr_assert_eq(assay_ar4si_parse(assay_ar4si_name((enum assay_trust_claim)i), &claim),
                     ASSAY_OK);
        cr_assert_eq((int)claim, i);
    }
    cr_assert_eq(assay_ar4si_parse("instance_identity", &claim), ASSAY_E_NOT_FOUND);
    cr_assert_str_eq(assay_ar4si_name((enum assay_trust_claim)99), "unknown");
}

/* A reference value approves executables for the kinds that carry its field, and for no other. */
Test(quote_ar4si, each_kind_is_approved_by_its_own_fields)
{
    static struct assay_policy policy;
    static const struct {
        enum assay_evidence_kind kind;
        enum assay_reference_field field;
    } pairs[] = {
        { ASSAY_KIND_SGX3, ASSAY_REFERENCE_MRENCLAVE },
        { ASSAY_KIND_SGX4, ASSAY_REFERENCE_MRSIGNER },
        { ASSAY_KIND_SGX5, ASSAY_REFERENCE_MRENCLAVE },
        { ASSAY_KIND_SOFT, ASSAY_REFERENCE_MRENCLAVE },
        { ASSAY_KIND_TDX5, ASSAY_REFERENCE_MRTD },
        { ASSAY_KIND_SNP, ASSAY_REFERENCE_SNP_MEASUREMENT },
        { ASSAY_KIND_NITRO, ASSAY_REFERENCE_PCR0 },
        { ASSAY_KIND_TPM, ASSAY_REFERENCE_PCR0 },
        { ASSAY_KIND_VTPM_SNP, ASSAY_REFERENCE_SNP_MEASUREMENT },
        { ASSAY_KIND_VTPM_SNP, ASSAY_REFERENCE_PCR0 },
        { ASSAY_KIND_VTPM_TDX, ASSAY_REFERENCE_MRTD },
        { ASSAY_KIND_CCA, ASSAY_REFERENCE_RIM },
    };
    assay_policy_default(&policy);
    policy.reference_count = 1;
    policy.references[0].value_len = 48;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const struct assay_verdict v = verdict_of((int)pairs[i].kind, NULL, 0);
        policy.references[0].field = pairs[i].field;
        cr_expect_eq(assay_ar4si_vector(&v, &policy).claims[ASSAY_TRUST_EXECUTABLES], 3, "pair %zu",
                     i);
        policy.references[0].field = ASSAY_REFERENCE_HOST_DATA; /* says nothing about code */
        cr_expect_eq(assay_ar4si_vector(&v, &policy).claims[ASSAY_TRUST_EXECUTABLES], 0, "pair %zu",
                     i);
    }
}
