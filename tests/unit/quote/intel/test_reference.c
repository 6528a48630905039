/*
 * tests/unit/quote/intel/test_reference.c - tests of reference values: fields, windows, states,
 * security versions, each at its limit.
 */
#include "quote/accept/reference.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <string.h>

enum { AT = 1000 };

static const uint8_t value[48] = { 1, 2, 3 };

/* Returns: the rule that was broken, 0 when none was. */
static int judge(const struct assay_policy *policy, const struct assay_measured *measured)
{
    struct assay_verdict verdict;
    assay_verdict_init(&verdict, ASSAY_KIND_SGX3, AT);
    assay_reference_appraise(policy, measured, &verdict);
    cr_assert_leq(verdict.reason_count, 1);
    if (verdict.reason_count == 1) cr_assert_eq(verdict.reasons[0].offset, measured->offset);
    return verdict.reason_count == 0 ? 0 : (int)verdict.reasons[0].rule;
}

static struct assay_reference *add(struct assay_policy *policy, enum assay_reference_state state)
{
    struct assay_reference *const r = &policy->references[policy->reference_count++];
    *r = (struct assay_reference){ .field = ASSAY_REFERENCE_MRENCLAVE,
                                   .state = state,
                                   .value_len = 32 };
    assay_bytes_copy(r->value, sizeof r->value, value, 32);
    return r;
}

static struct assay_measured measure(void)
{
    return (struct assay_measured){ ASSAY_REFERENCE_MRENCLAVE, value, 32, 5, 112 };
}

Test(quote_reference, holds_from_the_first_second_of_its_window_to_the_last)
{
    static const struct {
        int64_t from, to;
        int rule;
    } rows[] = {
        { AT, AT, 0 },
        { AT - 1, AT + 1, 0 },
        { AT + 1, AT + 9, ASSAY_RULE_MEASUREMENT_UNKNOWN },
        { AT - 9, AT - 1, ASSAY_RULE_MEASUREMENT_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_policy policy = { 0 };
        const struct assay_measured m = measure();
        struct assay_reference *const r = add(&policy, ASSAY_REFERENCE_ALLOWED);
        r->has_not_before = r->has_not_after = true;
        r->not_before_s = rows[i].from;
        r->not_after_s = rows[i].to;
        cr_expect_eq(judge(&policy, &m), rows[i].rule, "row %zu", i);
        r->state = ASSAY_REFERENCE_DENIED; /* a denial has a window, too, and demands nothing */
        cr_expect_eq(judge(&policy, &m), rows[i].rule == 0 ? ASSAY_RULE_MEASUREMENT_DENIED : 0,
                     "row %zu", i);
    }
}

Test(quote_reference, denied_wins_over_allowed_and_allowed_over_retiring)
{
    static const enum assay_reference_state states[] = { ASSAY_REFERENCE_RETIRING,
                                                         ASSAY_REFERENCE_ALLOWED,
                                                         ASSAY_REFERENCE_DENIED };
    static const int rules[] = { ASSAY_RULE_MEASUREMENT_RETIRING, 0,
                                 ASSAY_RULE_MEASUREMENT_DENIED };
    const struct assay_measured m = measure();
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < 3; b++) {
            struct assay_policy policy = { 0 };
            (void)add(&policy, states[a]);
            (void)add(&policy, states[b]);
            cr_expect_eq(judge(&policy, &m), rules[a > b ? a : b], "%zu and %zu", a, b);
        }
}

Test(quote_reference, compares_field_length_and_every_byte)
{
    struct assay_policy policy = { 0 };
    struct assay_measured m = measure();
    struct assay_reference *const r = add(&policy, ASSAY_REFERENCE_ALLOWED);
    cr_expect_eq(judge(&policy, &m), 0);
    for (size_t i = 0; i < 32; i++) {
        r->value[i] ^= 1;
        cr_expect_eq(judge(&policy, &m), ASSAY_RULE_MEASUREMENT_UNKNOWN, "byte %zu", i);
        r->value[i] ^= 1;
    }
    r->value_len = 31; /* a prefix is another value */
    cr_expect_eq(judge(&policy, &m), ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r->value_len = 48;
    cr_expect_eq(judge(&policy, &m), ASSAY_RULE_MEASUREMENT_UNKNOWN);
    r->value_len = 32;
    r->field = ASSAY_REFERENCE_MRSIGNER; /* says nothing of MRENCLAVE */
    cr_expect_eq(judge(&policy, &m), 0);
    m.field = ASSAY_REFERENCE_MRSIGNER;
    cr_expect_eq(judge(&policy, &m), 0);
}

Test(quote_reference, wants_the_least_security_version_of_some_entry)
{
    static const struct {
        uint16_t first, second;
        int rule;
    } rows[] = {
        { 5, 5, 0 },
        { 6, 6, ASSAY_RULE_SVN_MINIMUM },
        { 6, 5, 0 },
        { 0, 6, 0 },
    };
    const struct assay_measured m = measure();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_policy policy = { 0 };
        add(&policy, ASSAY_REFERENCE_ALLOWED)->isvsvn_min = rows[i].first;
        add(&policy, ASSAY_REFERENCE_ALLOWED)->isvsvn_min = rows[i].second;
        cr_expect_eq(judge(&policy, &m), rows[i].rule, "row %zu", i);
    }
}

/* End to end: both measurements of an enclave count, each against the entries of its own field. */
Test(quote_reference, measures_the_signer_of_an_enclave)
{
    struct world *const w = world_open();
    struct assay_reference *const r = add(&w->policy, ASSAY_REFERENCE_ALLOWED);
    memset(w->request.mrsigner, 0x77, 32);
    world_quote(w);
    r->field = ASSAY_REFERENCE_MRSIGNER;
    memset(r->value, 0x77, 32);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    r->value[31] ^= 1;
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED);
    cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN));
    world_close(w);
}
