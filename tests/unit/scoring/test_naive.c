/*
 * tests/unit/scoring/test_naive.c - tests of the naive rules: they fail as the closed forms
 * predict.
 *
 * docs/protocol.md 7.13: mean, weight 1: S = 1-b; mean weighted by score: h = (1-2b)/(1-b),
 * collapse at 1/3; a third trimmed: collapse at b = (8 - 2*sqrt(3))/13 = 0.3489. All Byzantine
 * nodes badmouth all honest ones and say PASS of each other.
 */
#include "scoring/naive.h"

#include "scoring/standing.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>

/* One epoch of a flat population of 10000, of which b are Byzantine at full score. */
static uint16_t next_honest(enum assay_naive_rule rule, enum assay_naive_weighting weighting,
                            uint32_t b, uint16_t honest_bp)
{
    const uint64_t honest = (uint64_t)(10000 - b) * assay_naive_weight(weighting, honest_bp);
    const uint64_t byzantine = (uint64_t)b * assay_naive_weight(weighting, 10000);
    return rule == ASSAY_NAIVE_MEAN ? assay_naive_mean_bp(honest, honest + byzantine)
                                    : assay_naive_trimmed_bp(honest, honest + byzantine);
}

static uint16_t settled_honest(enum assay_naive_rule rule, enum assay_naive_weighting weighting,
                               uint32_t b)
{
    uint16_t honest_bp = 10000;
    for (int epoch = 0; epoch < 2000; epoch++)
        honest_bp = next_honest(rule, weighting, b, honest_bp);
    return honest_bp;
}

Test(scoring_naive, the_mean_is_one_minus_b)
{
    for (uint32_t b = 0; b <= 10000; b += 50)
        cr_assert_eq(settled_honest(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_ONE, b), 10000 - b);
}

Test(scoring_naive, the_mean_weighted_by_score_is_one_minus_2b_over_one_minus_b)
{
    for (uint32_t b = 0; b <= 3200; b += 50) {
        const uint32_t closed_form = 10000 * (10000 - 2 * b) / (10000 - b);
        const uint32_t h = settled_honest(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_SCORE, b);
        cr_assert_leq(h, closed_form, "b = %u", b);
        cr_assert_geq(h + 3, closed_form, "b = %u: %u", b, h); /* floors push down a little */
        /* the Byzantine share of weight is b / (1 - b) */
        const uint64_t weight = (uint64_t)(10000 - b) * h + (uint64_t)b * 10000;
        const uint64_t share_bp = (uint64_t)b * 100000000 / weight;
        const uint64_t share_closed_form = (uint64_t)10000 * b / (10000 - b);
        cr_assert_geq(share_bp + 1, share_closed_form);
        cr_assert_leq(share_bp, share_closed_form + 3);
    }
}

Test(scoring_naive, the_mean_weighted_by_score_collapses_at_a_third)
{
    cr_expect_geq(settled_honest(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_SCORE, 3330), 5000);
    cr_expect_eq(settled_honest(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_SCORE, 3334), 0);
}

/* The larger root of (1-b) x^2 - (2-3b) x + b = 0 with x = h / 10000, by squaring: no square root
 * of a negative number exists above the collapse. */
static bool trimmed_is_below_closed_form(uint32_t b, uint64_t h)
{
    /* 2 (1-b) h - (2-3b) <= sqrt(13 b^2 - 16 b + 4), all scaled by 10000 */
    const int64_t left = 2 * (int64_t)(10000 - b) * (int64_t)h / 10000 - (20000 - 3 * (int64_t)b);
    const int64_t square = 13 * (int64_t)b * (int64_t)b - 160000 * (int64_t)b + (int64_t)400000000;
    return left <= 0 || left * left <= square;
}

Test(scoring_naive, a_trimmed_third_resists_up_to_a_third_and_collapses_at_3489)
{
    for (uint32_t b = 0; b <= 3333; b += 33)
        cr_assert_geq(settled_honest(ASSAY_NAIVE_TRIMMED, ASSAY_NAIVE_WEIGHT_SCORE, b), 10000);
    for (uint32_t b = 3340; b <= 3480; b += 10) {
        const uint16_t h = settled_honest(ASSAY_NAIVE_TRIMMED, ASSAY_NAIVE_WEIGHT_SCORE, b);
        cr_assert(trimmed_is_below_closed_form(b, h), "b = %u h = %u", b, h);
        cr_assert_not(trimmed_is_below_closed_form(b, h + 120u), "b = %u h = %u", b, h);
    }
    uint32_t collapse = 3334;
    while (settled_honest(ASSAY_NAIVE_TRIMMED, ASSAY_NAIVE_WEIGHT_SCORE, collapse) > 0)
        collapse++;
    cr_expect_geq(collapse, 3484u);
    cr_expect_leq(collapse, 3490u, "(8 - 2 sqrt 3) / 13 = 0.34892");
}

/* --- over ballots: the table of the design at n = 100 ---------------------------------------- */

static struct world w; /* too large for the stack of a test */

static void badmouth(uint32_t byzantine)
{
    world_init(&w, 100);
    for (uint32_t voter = 0; voter < byzantine; voter++)
        for (uint32_t s = byzantine; s < 100; s++)
            world_vote(&w, voter, s, ASSAY_OUTCOME_FAIL_HARD);
}

static uint16_t last_honest(enum assay_naive_rule rule, enum assay_naive_weighting weighting,
                            uint32_t byzantine)
{
    uint16_t scores[2][100];
    badmouth(byzantine);
    for (uint32_t i = 0; i < 100; i++)
        scores[0][i] = 10000;
    enum { EPOCHS = 40 };
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        assay_naive_epoch(rule, weighting, w.rows, 100, scores[epoch % 2], scores[(epoch + 1) % 2]);
    return scores[EPOCHS % 2][99];
}

Test(scoring_naive, a_hundred_nodes_end_where_the_measured_table_says, .timeout = 600)
{
    const struct {
        uint32_t byzantine;
        uint16_t mean_one;
        uint16_t mean_score;
    } rows[] = {
        { 5, 9494, 9468 },  { 10, 8989, 8876 }, { 20, 7979, 7468 }, { 25, 7474, 6621 },
        { 30, 6969, 5652 }, { 34, 6565, 0 },    { 40, 5959, 0 },    { 51, 4848, 0 },
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        const uint32_t b = rows[k].byzantine;
        cr_expect_eq(last_honest(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_ONE, b), rows[k].mean_one);
        const uint16_t h = last_honest(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_SCORE, b);
        cr_expect_leq(h, rows[k].mean_score, "b = %u", b);
        cr_expect_geq(h + 1, rows[k].mean_score, "b = %u: %u", b, h);
    }
}

Test(scoring_naive, missing_ballots_pull_the_naive_rules_down_and_not_the_interval)
{
    badmouth(0);
    for (uint32_t voter = 0; voter < 30; voter++)
        world_silence(&w, voter, true);
    uint16_t scores[2][100];
    for (uint32_t i = 0; i < 100; i++)
        scores[0][i] = 10000;
    assay_naive_epoch(ASSAY_NAIVE_MEAN, ASSAY_NAIVE_WEIGHT_ONE, w.rows, 100, scores[0], scores[1]);
    cr_expect_eq(scores[1][99], 6969, "69 of 99: silence counts against everybody");
    world_step(&w);
    cr_expect_eq(w.trust[99].availability_bp, 10000);
}

Test(scoring_naive, nobody_to_ask_is_zero)
{
    cr_expect_eq(assay_naive_mean_bp(0, 0), 0);
    cr_expect_eq(assay_naive_trimmed_bp(0, 0), 0);
    cr_expect_eq(assay_naive_trimmed_bp(1, 3), 0);
    cr_expect_eq(assay_naive_trimmed_bp(2, 3), 10000);
    cr_expect_eq(assay_naive_weight(ASSAY_NAIVE_WEIGHT_SCORE, 4999), 0u);
    cr_expect_eq(assay_naive_weight(ASSAY_NAIVE_WEIGHT_SCORE, 5000), 5000u);
}
