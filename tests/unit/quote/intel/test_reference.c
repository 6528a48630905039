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

/* What readers are shown is what was decided: the value, whole, and the state of the rule. */
static void expect_shown(const struct assay_verdict *v, const struct assay_measured *measured)
{
    static const struct {
        enum assay_measured_state state;
        int rule;
    } rows[] = {
        { ASSAY_MEASURED_FREE, 0 },
        { ASSAY_MEASURED_ALLOWED, 0 },
        { ASSAY_MEASURED_RETIRING, ASSAY_RULE_MEASUREMENT_RETIRING },
        { ASSAY_MEASURED_SVN, ASSAY_RULE_SVN_MINIMUM },
        { ASSAY_MEASURED_UNKNOWN, ASSAY_RULE_MEASUREMENT_UNKNOWN },
        { ASSAY_MEASURED_DENIED, ASSAY_RULE_MEASUREMENT_DENIED },
    };
    const int rule = v->reason_count == 0 ? 0 : (int)v->reasons[0].rule;
    cr_assert_eq(v->measured_count, 1);
    cr_expect_eq(v->measured[0].field, measured->field);
    cr_expect_eq(v->measured[0].len, measured->value_len);
    cr_expect_arr_eq(v->measured[0].value, measured->value, measured->value_len);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].state == (enum assay_measured_state)v->measured[0].state)
            cr_expect_eq(rows[i].rule, rule, "%s", assay_measured_text(rows[i].state));
}

/* Returns: the rule that was broken, 0 when none was. */
static int judge(const struct assay_policy *policy, const struct assay_measured *measured)
{
    struct assay_verdict verdict;
    assay_verdict_init(&verdict, ASSAY_KIND_SGX3, AT);
    assay_reference_appraise(policy, measured, &verdict);
    cr_assert_leq(verdict.reason_count, 1);
    if (verdict.reason_count == 1) cr_assert_eq(verdict.reasons[0].offset, measured->offset);
    expect_shown(&verdict, measured);
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

Test(quote_reference, a_value_without_an_entry_about_its_field_is_free_not_allowed)
{
    struct assay_verdict verdict;
    struct assay_policy policy = { 0 };
    const struct assay_measured m = measure();
    assay_verdict_init(&verdict, ASSAY_KIND_SGX3, AT);
    assay_reference_appraise(&policy, &m, &verdict);
    (void)add(&policy, ASSAY_REFERENCE_ALLOWED);
    assay_reference_appraise(&policy, &m, &verdict);
    cr_assert_eq(verdict.measured_count, 2);
    cr_expect_eq(verdict.measured[0].state, ASSAY_MEASURED_FREE);
    cr_expect_eq(verdict.measured[1].state, ASSAY_MEASURED_ALLOWED);
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

/* --- until when a value is accepted */
static void expect_end(const struct assay_policy *policy, int64_t end_s, const char *what)
{
    struct assay_verdict verdict;
    const struct assay_measured m = measure();
    assay_verdict_init(&verdict, ASSAY_KIND_SGX3, AT);
    assay_reference_appraise(policy, &m, &verdict);
    cr_expect_eq(verdict.has_policy_end, end_s != 0, "%s", what);
    cr_expect_eq(verdict.policy_ends_unix_s, end_s, "%s: %lld", what,
                 (long long)verdict.policy_ends_unix_s);
    cr_expect_not(verdict.has_expiry, "%s: no certificate ends with it", what);
    if (end_s == 0) return;
    /* The rule that decides is the same until then, and another one a second later. */
    int rules[3] = { 0 };
    const int64_t times[3] = { AT, end_s, end_s + 1 };
    for (size_t i = 0; i < 3; i++) {
        assay_verdict_init(&verdict, ASSAY_KIND_SGX3, times[i]);
        assay_reference_appraise(policy, &m, &verdict);
        rules[i] = verdict.reason_count == 0 ? 0 : (int)verdict.reasons[0].rule;
    }
    cr_expect_eq(rules[0], rules[1], "%s", what);
    cr_expect_neq(rules[1], rules[2], "%s", what);
}

static struct assay_reference *add_until(struct assay_policy *policy,
                                         enum assay_reference_state state, int64_t to_s)
{
    struct assay_reference *const r = add(policy, state);
    r->has_not_after = true;
    r->not_after_s = to_s;
    return r;
}

static struct assay_reference *add_from(struct assay_policy *policy,
                                        enum assay_reference_state state, int64_t from_s)
{
    struct assay_reference *const r = add(policy, state);
    r->has_not_before = true;
    r->not_before_s = from_s;
    return r;
}

Test(quote_reference, what_is_accepted_ends_with_the_entry_that_decides)
{
    struct assay_policy policy = { 0 };
    (void)add_until(&policy, ASSAY_REFERENCE_ALLOWED, AT + 7);
    expect_end(&policy, AT + 7, "one entry");
    (void)add_until(&policy, ASSAY_REFERENCE_RETIRING, AT + 90);
    expect_end(&policy, AT + 7, "what is retiring is a warning");
    (void)add_until(&policy, ASSAY_REFERENCE_ALLOWED, AT + 8);
    expect_end(&policy, AT + 8, "any of them suffices");
    add_until(&policy, ASSAY_REFERENCE_ALLOWED, AT + 99)->isvsvn_min = 6;
    expect_end(&policy, AT + 8, "an entry for a later security version accepts nothing");
    (void)add(&policy, ASSAY_REFERENCE_ALLOWED);
    expect_end(&policy, 0, "one without end");

    policy = (struct assay_policy){ 0 };
    (void)add_until(&policy, ASSAY_REFERENCE_RETIRING, AT);
    expect_end(&policy, AT, "the last second of one that is retiring");
    policy = (struct assay_policy){ 0 };
    (void)add_until(&policy, ASSAY_REFERENCE_ALLOWED, AT - 1);
    expect_end(&policy, 0, "one that is over accepts nothing");
    policy = (struct assay_policy){ 0 };
    (void)add_until(&policy, ASSAY_REFERENCE_DENIED, AT + 5);
    expect_end(&policy, 0, "what is denied is not accepted until anything");
    policy = (struct assay_policy){ 0 };
    add_until(&policy, ASSAY_REFERENCE_ALLOWED, AT + 5)->value[0] ^= 1;
    expect_end(&policy, 0, "another value");
    policy = (struct assay_policy){ 0 };
    (void)add_until(&policy, ASSAY_REFERENCE_ALLOWED, INT64_MAX);
    expect_end(&policy, 0, "no date can express it");
}

Test(quote_reference, what_is_accepted_ends_before_a_denial_begins)
{
    struct assay_policy policy = { 0 };
    (void)add_from(&policy, ASSAY_REFERENCE_DENIED, AT + 5);
    expect_end(&policy, AT + 4, "of a field that demands nothing");
    (void)add_until(&policy, ASSAY_REFERENCE_ALLOWED, AT + 9);
    expect_end(&policy, AT + 4, "before the entry ends");
    (void)add_from(&policy, ASSAY_REFERENCE_DENIED, AT + 2);
    expect_end(&policy, AT + 1, "the earliest one");
    policy.references[0].value[3] ^= 1;
    policy.references[2].value[3] ^= 1;
    expect_end(&policy, AT + 9, "of another value");
    policy = (struct assay_policy){ 0 };
    (void)add(&policy, ASSAY_REFERENCE_ALLOWED);
    (void)add_from(&policy, ASSAY_REFERENCE_DENIED, AT + 1);
    expect_end(&policy, AT, "in the next second");
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
