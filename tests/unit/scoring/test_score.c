/*
 * tests/unit/scoring/test_score.c - tests of interval bounds and the step of A, over all small
 * tables.
 *
 * The walk covers every T <= 30, every electorate W <= T, P, N and every 37th score. Each case is
 * checked for range, P1, P2, P3, P11 and monotonicity: goals, not the formula of the bounds.
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
    uint64_t unjust_fall; /* P1: N <= T/3 and A fell */
    uint64_t unjust_rise; /* P2: P <= T/3 and A rose */
    uint64_t absence;     /* P3: all others deny it, and A did not fall a quarter of the way to 0 */
    uint64_t comeback;    /* P4: all others pass it, and A did not rise by 500 or to 10000 */
    uint64_t hold;        /* P11: too few took part and A fell */
    uint64_t order;       /* a higher A ended lower, or a PASS in place of a negative did harm */
};

static uint64_t violations_total(const struct violations *v)
{
    return v->range + v->unjust_fall + v->unjust_rise + v->absence + v->comeback + v->hold +
           v->order;
}

static void check_case(struct assay_votes votes, uint16_t before, uint16_t after,
                       struct violations *v)
{
    v->cases++;
    if (after > 10000) v->range++;
    const bool others = 2 * votes.electorate_weight > votes.table_weight; /* hold the most */
    if (3 * votes.negative_weight <= votes.table_weight && after < before) v->unjust_fall++;
    if (3 * votes.pass_weight <= votes.table_weight && after > before) v->unjust_rise++;
    if (others && votes.negative_weight == votes.electorate_weight && 4u * after > 3u * before)
        v->absence++;
    if (others && votes.pass_weight == votes.electorate_weight &&
        after < (before < 9500 ? before + 500 : 10000))
        v->comeback++;
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

/* Every table, and in each every electorate. */
static struct violations check_all(availability_step *step, uint64_t table_max)
{
    struct violations v = { 0 };
    uint16_t previous[SCORES];
    for (uint64_t t = 1; t <= table_max; t++)
        for (uint64_t w = 1; w <= t; w++)
            for (uint64_t said = 0; said <= w; said++)
                for (uint64_t p = 0; p <= said; p++) {
                    const struct assay_votes votes = { .pass_weight = p,
                                                       .negative_weight = said - p,
                                                       .electorate_weight = w,
                                                       .table_weight = t };
                    check_scores(step, votes, p > 0, previous, &v);
                }
    return v;
}

Test(scoring_score, keeps_p1_p2_p3_p4_p11_range_and_order_in_all_12559495_small_cases,
     .timeout = 600)
{
    const struct violations v = check_all(assay_score_availability_step, 30);
    cr_expect_eq(v.cases, 12559495u);
    cr_expect_eq(violations_total(&v), 0u,
                 "range %lu P1 %lu P2 %lu P3 %lu P4 %lu P11 %lu order %lu", (unsigned long)v.range,
                 (unsigned long)v.unjust_fall, (unsigned long)v.unjust_rise,
                 (unsigned long)v.absence, (unsigned long)v.comeback, (unsigned long)v.hold,
                 (unsigned long)v.order);
}

/* The walk's grid ends at 9990; an honest score is 10000. Returns the falls there. */
static uint64_t unjust_falls_at_full(availability_step *step, uint64_t table_max)
{
    uint64_t falls = 0;
    for (uint64_t t = 1; t <= table_max; t++)
        for (uint64_t w = 1; w <= t; w++)
            for (uint64_t n = 0; 3 * n <= t && n <= w; n++)
                for (uint64_t p = 0; p + n <= w; p++) {
                    const struct assay_votes votes = { .pass_weight = p,
                                                       .negative_weight = n,
                                                       .electorate_weight = w,
                                                       .table_weight = t };
                    if (step(10000, votes) != 10000) falls++;
                }
    return falls;
}

Test(scoring_score, p1_a_full_score_stays_full_whatever_a_third_says)
{
    cr_expect_eq(unjust_falls_at_full(assay_score_availability_step, 60), 0u);
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

/* Decides by the electorate alone, as if the subject's platform had no weight. */
static uint16_t step_by_the_electorate(uint16_t a, struct assay_votes votes)
{
    votes.table_weight = votes.electorate_weight;
    return assay_score_availability_step(a, votes);
}

/* Measures by the table alone: an absence that all others report is then a part of it. */
static uint16_t step_by_the_table(uint16_t a, struct assay_votes votes)
{
    votes.electorate_weight = votes.table_weight;
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
    if (votes.pass_weight == votes.table_weight) return (uint16_t)(a + 500);
    return assay_score_availability_step(a, votes);
}

Test(scoring_score, the_walk_catches_each_planted_fault)
{
    cr_expect_gt(check_all(step_without_quorum, 9).hold, 0u);
    cr_expect_gt(check_all(step_missing_is_negative, 9).unjust_fall, 0u);
    cr_expect_gt(unjust_falls_at_full(step_hi_one_too_low, 9), 0u);
    cr_expect_gt(check_all(step_rises_on_few, 9).unjust_rise, 0u);
    cr_expect_gt(check_all(step_overflows, 9).range, 0u);
    const struct violations narrow = check_all(step_by_the_electorate, 9);
    cr_expect(narrow.unjust_fall > 0 && narrow.unjust_rise > 0);
    const struct violations wide = check_all(step_by_the_table, 9);
    cr_expect(wide.absence > 0 && wide.comeback > 0);
    const struct violations sound = check_all(assay_score_availability_step, 9);
    cr_expect_eq(violations_total(&sound), 0u);
}

/* --- bounds ---------------------------------------------------------------------------------- */

Test(scoring_score, bounds_are_the_nearest_points_by_trying_all)
{
    for (uint64_t t = 1; t <= 12; t++)
        for (uint64_t w = 1; w <= t; w++)
            for (uint64_t x = 0; x <= w; x++) {
                struct assay_votes pass = { .electorate_weight = w, .table_weight = t };
                struct assay_votes negative = pass;
                pass.pass_weight = negative.negative_weight = x;
                cr_assert_eq(assay_score_bounds(pass).lo_bp, reference_lo(x, w, t));
                cr_assert_eq(assay_score_bounds(negative).hi_bp, reference_hi(x, w, t));
            }
}

Test(scoring_score, an_empty_electorate_holds)
{
    const struct assay_votes nobody = { 0 };
    const struct assay_bounds bounds = assay_score_bounds(nobody);
    cr_expect_eq(bounds.lo_bp, 0);
    cr_expect_eq(bounds.hi_bp, 10000);
    cr_expect_eq(assay_score_availability_step(4321, nobody), 4321);
    cr_expect_not(assay_votes_passed(nobody));
}

Test(scoring_score, the_largest_network_does_not_overflow)
{
    const uint64_t all = (uint64_t)ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT;
    const struct assay_votes votes = { .pass_weight = all,
                                       .electorate_weight = all,
                                       .table_weight = all };
    cr_expect_eq(assay_score_bounds(votes).lo_bp, 10000);
    cr_expect_eq(assay_score_bounds(votes).hi_bp, 10000);
}

Test(scoring_score, aborts_when_more_is_said_than_there_is_weight, .signal = SIGABRT)
{
    const struct assay_votes votes = {
        .pass_weight = 6, .negative_weight = 5, .electorate_weight = 10, .table_weight = 10
    };
    (void)assay_score_bounds(votes);
}

Test(scoring_score, a_pass_takes_strictly_more_than_a_third_of_the_table)
{
    const struct {
        uint64_t pass, electorate, table;
        bool passed;
    } cases[] = {
        { 2, 6, 6, false },  { 3, 6, 6, true },  { 2, 5, 6, false }, { 3, 5, 6, true },
        { 3, 9, 10, false }, { 4, 9, 10, true }, { 2, 3, 4, true },  { 1, 3, 4, false },
        { 2, 2, 6, false }, /* a platform that holds two thirds: nobody else can pass it */
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const struct assay_votes votes = { .pass_weight = cases[k].pass,
                                           .electorate_weight = cases[k].electorate,
                                           .table_weight = cases[k].table };
        cr_expect_eq(assay_votes_passed(votes), cases[k].passed, "case %zu", k);
    }
}

/* --- steps ----------------------------------------------------------------------------------- */

Test(scoring_score, absence_takes_a_quarter_an_epoch_and_500_come_back)
{
    const struct assay_votes absent = { .negative_weight = 6,
                                        .electorate_weight = 6,
                                        .table_weight = 7 };
    const struct assay_votes present = { .pass_weight = 6,
                                         .electorate_weight = 6,
                                         .table_weight = 7 };
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
    const struct assay_votes absent = { .negative_weight = 1,
                                        .electorate_weight = 1,
                                        .table_weight = 1 };
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
