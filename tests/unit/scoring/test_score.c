/*
 * tests/unit/scoring/test_score.c - interval bounds and the step of A, over all small electorates.
 *
 * The walk over every W <= 75, P, N and every 37th score is the check of the design's derivation:
 * 20,616,325 cases, each asked for range, P1, P2, HOLD and monotonicity.
 */
#include "scoring/score.h"

#include "tests/support/scoring_reference.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { SCORE_STEP = 37, SCORES = 10000 / SCORE_STEP + 1 };

typedef uint16_t availability_step(uint16_t availability_bp, struct assay_votes votes);

struct violations {
    uint64_t cases;
    uint64_t range;       /* above 10000 */
    uint64_t unjust_fall; /* P1: N <= W/3 and A fell */
    uint64_t unjust_rise; /* P2: P <= W/3 and A rose */
    uint64_t hold;        /* P11: too few took part and A fell */
    uint64_t order;       /* a higher A ended lower, or a PASS in place of a negative did harm */
};

static uint64_t violations_total(const struct violations *v)
{
    return v->range + v->unjust_fall + v->unjust_rise + v->hold + v->order;
}

static void check_case(struct assay_votes votes, uint16_t before, uint16_t after,
                       struct violations *v)
{
    v->cases++;
    if (after > 10000) v->range++;
    if (3 * votes.negative_weight <= votes.electorate_weight && after < before) v->unjust_fall++;
    if (3 * votes.pass_weight <= votes.electorate_weight && after > before) v->unjust_rise++;
    if (3 * (votes.pass_weight + votes.negative_weight) <= 2 * votes.electorate_weight &&
        after < before)
        v->hold++;
}

/* All scores for one (P, N, W). previous: the results with one PASS less and one negative more. */
static void check_scores(availability_step *step, struct assay_votes votes, bool has_previous,
                         uint16_t *previous, struct violations *v)
{
    uint16_t below = 0;
    for (unsigned k = 0; k < SCORES; k++) {
        const uint16_t before = (uint16_t)(k * SCORE_STEP);
        const uint16_t after = step(before, votes);
        check_case(votes, before, after, v);
        if (after < below) v->order++;
        if (has_previous && after < previous[k]) v->order++;
        below = after;
        previous[k] = after;
    }
}

static struct violations check_all(availability_step *step, uint64_t electorate_max)
{
    struct violations v = { 0 };
    uint16_t previous[SCORES];
    for (uint64_t w = 1; w <= electorate_max; w++) {
        for (uint64_t said = 0; said <= w; said++) {
            for (uint64_t p = 0; p <= said; p++) {
                const struct assay_votes votes = { .pass_weight = p,
                                                   .negative_weight = said - p,
                                                   .electorate_weight = w };
                check_scores(step, votes, p > 0, previous, &v);
            }
        }
    }
    return v;
}

Test(scoring_score, keeps_p1_p2_p11_range_and_order_in_all_20616325_small_cases, .timeout = 120)
{
    const struct violations v = check_all(assay_score_availability_step, 75);
    cr_expect_eq(v.cases, 20616325u);
    cr_expect_eq(violations_total(&v), 0u, "range %lu P1 %lu P2 %lu P11 %lu order %lu",
                 (unsigned long)v.range, (unsigned long)v.unjust_fall, (unsigned long)v.unjust_rise,
                 (unsigned long)v.hold, (unsigned long)v.order);
}

/* The walk's grid ends at 9990; an honest score stands at 10000. Returns the falls there. */
static uint64_t unjust_falls_at_full(availability_step *step, uint64_t electorate_max)
{
    uint64_t falls = 0;
    for (uint64_t w = 1; w <= electorate_max; w++)
        for (uint64_t n = 0; 3 * n <= w; n++)
            for (uint64_t p = 0; p + n <= w; p++) {
                const struct assay_votes votes = { .pass_weight = p,
                                                   .negative_weight = n,
                                                   .electorate_weight = w };
                if (step(10000, votes) != 10000) falls++;
            }
    return falls;
}

Test(scoring_score, p1_a_full_score_stays_full_whatever_a_third_says)
{
    cr_expect_eq(unjust_falls_at_full(assay_score_availability_step, 200), 0u);
}

/* --- planted faults: the walks above must catch each ------------------------------------------ */

/* Falls without asking whether enough took part. */
static uint16_t step_without_quorum(uint16_t a, struct assay_votes votes)
{
    const struct assay_bounds bounds = assay_score_bounds(votes);
    if (a > bounds.hi_bp) return (uint16_t)(a - (a - bounds.hi_bp + 3) / 4);
    return assay_score_availability_step(a, votes);
}

/* Counts what is missing as negative: the trimmed mean. */
static uint16_t step_missing_is_negative(uint16_t a, struct assay_votes votes)
{
    votes.negative_weight = votes.electorate_weight - votes.pass_weight;
    return assay_score_availability_step(a, votes);
}

/* Has hi one point too low: at N = W/3 exactly an honest score would fall. */
static uint16_t step_hi_one_too_low(uint16_t a, struct assay_votes votes)
{
    const struct assay_bounds bounds = assay_score_bounds(votes);
    if (bounds.hi_bp > 0 && a >= bounds.hi_bp &&
        3 * (votes.pass_weight + votes.negative_weight) > 2 * votes.electorate_weight)
        return (uint16_t)(a - (a - (bounds.hi_bp - 1) + 3) / 4);
    return assay_score_availability_step(a, votes);
}

/* Rises on any PASS at all. */
static uint16_t step_rises_on_few(uint16_t a, struct assay_votes votes)
{
    if (votes.pass_weight > 0 && a < 9500) return (uint16_t)(a + 500);
    return assay_score_availability_step(a, votes);
}

/* Rises past the top. */
static uint16_t step_overflows(uint16_t a, struct assay_votes votes)
{
    if (votes.pass_weight == votes.electorate_weight) return (uint16_t)(a + 500);
    return assay_score_availability_step(a, votes);
}

Test(scoring_score, the_walk_catches_each_planted_fault)
{
    cr_expect_gt(check_all(step_without_quorum, 9).hold, 0u);
    cr_expect_gt(check_all(step_missing_is_negative, 9).unjust_fall, 0u);
    cr_expect_gt(unjust_falls_at_full(step_hi_one_too_low, 9), 0u);
    cr_expect_gt(check_all(step_rises_on_few, 9).unjust_rise, 0u);
    cr_expect_gt(check_all(step_overflows, 9).range, 0u);
    const struct violations sound = check_all(assay_score_availability_step, 9);
    cr_expect_eq(violations_total(&sound), 0u);
}

/* --- bounds ---------------------------------------------------------------------------------- */

Test(scoring_score, bounds_are_the_nearest_points_by_trying_all)
{
    for (uint64_t w = 1; w <= 12; w++)
        for (uint64_t x = 0; x <= w; x++) {
            const struct assay_votes pass = { .pass_weight = x, .electorate_weight = w };
            const struct assay_votes negative = { .negative_weight = x, .electorate_weight = w };
            cr_assert_eq(assay_score_bounds(pass).lo_bp, reference_lo(x, w));
            cr_assert_eq(assay_score_bounds(negative).hi_bp, reference_hi(x, w));
        }
}

Test(scoring_score, an_empty_electorate_holds)
{
    const struct assay_votes nobody = { 0 };
    const struct assay_bounds bounds = assay_score_bounds(nobody);
    cr_expect_eq(bounds.lo_bp, 0);
    cr_expect_eq(bounds.hi_bp, 10000);
    cr_expect_eq(assay_score_availability_step(4321, nobody), 4321);
    cr_expect_not(assay_votes_third_passed(nobody));
    cr_expect_not(assay_votes_quorum_passed(nobody));
}

Test(scoring_score, the_largest_network_does_not_overflow)
{
    const uint64_t all = (uint64_t)ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT;
    const struct assay_votes votes = { .pass_weight = all, .electorate_weight = all };
    cr_expect_eq(assay_score_bounds(votes).lo_bp, 10000);
    cr_expect_eq(assay_score_bounds(votes).hi_bp, 10000);
}

Test(scoring_score, aborts_when_more_is_said_than_there_is_weight, .signal = SIGABRT)
{
    const struct assay_votes votes = { .pass_weight = 6,
                                       .negative_weight = 5,
                                       .electorate_weight = 10 };
    (void)assay_score_bounds(votes);
}

Test(scoring_score, the_thresholds_are_strict)
{
    /* weights 2,2,1,1 and 3,3,2,2: a quorum that is one too small would pass with 1,1,1,1 only */
    const struct {
        uint64_t pass;
        uint64_t total;
        bool third;
        bool quorum;
    } cases[] = {
        { 2, 6, false, false }, { 3, 6, true, false },   { 4, 6, true, false },
        { 5, 6, true, true },   { 3, 10, false, false }, { 4, 10, true, false },
        { 6, 10, true, false }, { 7, 10, true, true },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const struct assay_votes votes = { .pass_weight = cases[k].pass,
                                           .electorate_weight = cases[k].total };
        cr_expect_eq(assay_votes_third_passed(votes), cases[k].third, "case %zu", k);
        cr_expect_eq(assay_votes_quorum_passed(votes), cases[k].quorum, "case %zu", k);
    }
}

/* --- steps ----------------------------------------------------------------------------------- */

Test(scoring_score, absence_takes_a_quarter_an_epoch_and_500_come_back)
{
    const struct assay_votes absent = { .negative_weight = 6, .electorate_weight = 6 };
    const struct assay_votes present = { .pass_weight = 6, .electorate_weight = 6 };
    const uint16_t falling[] = { 7500, 5625, 4218, 3163 };
    uint16_t a = 10000;
    for (size_t k = 0; k < sizeof falling / sizeof falling[0]; k++) {
        a = assay_score_availability_step(a, absent);
        cr_expect_eq(a, falling[k]);
    }
    a = assay_score_availability_step(a, present);
    cr_expect_eq(a, 3663);
    cr_expect_eq(assay_score_availability_step(9800, present), 10000, "never above lo");
}

Test(scoring_score, total_absence_ends_at_zero_after_thirty_epochs)
{
    const struct assay_votes absent = { .negative_weight = 1, .electorate_weight = 1 };
    uint16_t a = 10000;
    unsigned epochs = 0;
    while (a > 0) {
        a = assay_score_availability_step(a, absent);
        epochs++;
    }
    cr_expect_eq(epochs, 30u);
}

Test(scoring_score, a_quarter_is_rounded_up)
{
    cr_expect_eq(assay_score_quarter_off(10000), 7500);
    cr_expect_eq(assay_score_quarter_off(5625), 4218);
    cr_expect_eq(assay_score_quarter_off(1), 0);
    cr_expect_eq(assay_score_quarter_off(0), 0);
    for (uint16_t score = 1; score <= 10000; score++)
        cr_assert_leq(assay_score_quarter_off((uint16_t)(score - 1)),
                      assay_score_quarter_off(score));
}

Test(scoring_score, the_rise_halves_per_earlier_offence_down_to_twelve)
{
    const uint16_t rises[] = { 100, 100, 50, 25, 12, 12, 12 };
    for (uint32_t offences = 0; offences < sizeof rises / sizeof rises[0]; offences++)
        cr_expect_eq(assay_score_integrity_rise_bp(offences), rises[offences], "%u", offences);
    cr_expect_eq(assay_score_integrity_rise_bp(100), 12);
    cr_expect_eq(assay_score_integrity_rise_bp(UINT32_MAX), 12);
}
