/*
 * tests/unit/sim/rules/test_rules_eigentrust.c - fixed point against the exact rationals and
 * against go-eigentrust's two published results (README of Karma3Labs/go-eigentrust).
 */
#include "sim/rules/eigentrust.h"

#include "tests/unit/sim/rules/rules_fleet.h"

#include <criterion/criterion.h>

enum { EK = 0, SD = 1, VM = 2, PEERS = 3, MILLIONTH = 1099512 /* of 2^40, rounded up */ };

/* lt.csv: ek,sd,100  vm,sd,100  ek,vm,75; pt.csv: ek,50  vm,100. sd trusts nobody. */
static const int16_t local_trust[PEERS * PEERS] = { 0, 100, 75, 0, 0, 0, 0, 100, 0 };
static const uint32_t pretrust[PEERS] = { 50, 0, 100 };

struct published {
    uint32_t pre_bp;
    uint32_t den;            /* of the exact result */
    uint32_t num[PEERS];     /* */
    uint64_t printed[PEERS]; /* as the README prints it, times 10^15, cut */
};

static const struct published published[2] = {
    { 5000, 129, { 28, 39, 62 }, { 217054279071664, 302325542910321, 480620178018013 } },
    { 1000, 8466, { 1400, 3726, 3340 }, { 165367391077829, 440113297169359, 394519311752810 } },
};

static struct assay_sim_eigentrust graph_with(uint32_t pre_bp)
{
    return (struct assay_sim_eigentrust){ .count = PEERS,
                                          .local = local_trust,
                                          .pretrust = pretrust,
                                          .pretrust_sum = 150,
                                          .pre_bp = pre_bp };
}

static void run(uint32_t pre_bp, uint32_t rounds, uint64_t trust[static PEERS])
{
    const struct assay_sim_eigentrust graph = graph_with(pre_bp);
    uint64_t flow[PEERS];
    assay_sim_eigentrust_start(&graph, trust);
    assay_sim_eigentrust_rounds(&graph, rounds, trust, flow);
}

static uint64_t apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* |t - num/den| in units of 2^-40, rounded up. */
static uint64_t error_of(uint64_t trust, uint32_t num, uint32_t den)
{
    return (apart(trust * den, num * ASSAY_SIM_EIGENTRUST_ONE) + den - 1) / den;
}

Test(sim_rules_eigentrust, reaches_the_exact_rationals)
{
    /* 2 * 0.5^41 and 2 * 0.9^270 are below 2^-39; rounding loses less than 3 * 2^-33 / a. */
    const uint32_t rounds[2] = { 41, 270 };
    for (int k = 0; k < 2; k++) {
        const struct published *p = &published[k];
        uint64_t trust[PEERS];
        run(p->pre_bp, rounds[k], trust);
        const uint64_t bound = 2 + 3 * (UINT64_C(1) << 7) * 10000 / p->pre_bp;
        for (int i = 0; i < PEERS; i++) {
            const uint64_t error = error_of(trust[i], p->num[i], p->den);
            cr_expect_leq(error, bound, "a = %u, peer %d: %lu * 2^-40", p->pre_bp, i,
                          (unsigned long)error);
            cr_expect_leq(error, 50u, "in fact far closer: %lu * 2^-40", (unsigned long)error);
        }
    }
}

Test(sim_rules_eigentrust, agrees_with_go_eigentrust_to_a_millionth)
{
    for (int k = 0; k < 2; k++) {
        const struct published *p = &published[k];
        uint64_t trust[PEERS];
        run(p->pre_bp, 200, trust);
        for (int i = 0; i < PEERS; i++) {
            /* 10^15 / 2^40 = 5^15 / 2^25 */
            const uint64_t ours = (trust[i] >> 12) * UINT64_C(30517578125) >> 13;
            cr_expect_leq(apart(ours, p->printed[i]), UINT64_C(1000000000), "a = %u, peer %d: %lu",
                          p->pre_bp, i, (unsigned long)ours);
        }
    }
}

Test(sim_rules_eigentrust, comes_closer_each_round_as_the_bound_says)
{
    for (int k = 0; k < 2; k++) {
        const struct published *p = &published[k];
        uint64_t bound = 2 * ASSAY_SIM_EIGENTRUST_ONE; /* 2 (1 - a)^rounds */
        for (uint32_t rounds = 0; rounds <= 100; rounds++) {
            uint64_t trust[PEERS];
            uint64_t error = 0;
            run(p->pre_bp, rounds, trust);
            for (int i = 0; i < PEERS; i++)
                error += error_of(trust[i], p->num[i], p->den);
            cr_assert_leq(error, bound + 60, "a = %u after %u rounds", p->pre_bp, rounds);
            bound = bound / 10000 * (10000 - p->pre_bp) + 10000;
        }
    }
}

Test(sim_rules_eigentrust, another_matrix_has_another_result)
{
    int16_t other[PEERS * PEERS] = { 0, 100, 74, 0, 0, 0, 0, 100, 0 };
    struct assay_sim_eigentrust graph = graph_with(5000);
    uint64_t trust[PEERS];
    uint64_t flow[PEERS];
    graph.local = other;
    assay_sim_eigentrust_start(&graph, trust);
    assay_sim_eigentrust_rounds(&graph, 60, trust, flow);
    cr_expect_gt(error_of(trust[VM], 62, 129), (uint64_t)MILLIONTH, "the check can fail");
}

Test(sim_rules_eigentrust, negative_local_trust_is_no_trust_and_the_diagonal_is_not_read)
{
    int16_t other[PEERS * PEERS] = { 500, 100, 75, -3, 0, -200, 0, 100, 99 };
    struct assay_sim_eigentrust graph = graph_with(5000);
    uint64_t flow[PEERS], trust[PEERS], plain[PEERS];
    graph.local = other;
    assay_sim_eigentrust_start(&graph, trust);
    assay_sim_eigentrust_rounds(&graph, 40, trust, flow);
    run(5000, 40, plain);
    for (int i = 0; i < PEERS; i++)
        cr_expect_eq(trust[i], plain[i]);
}

/* --- the rule over ballots ------------------------------------------------------------------- */

static struct fleet f; /* too large for the stack of a test */

Test(sim_rules_eigentrust, everybody_honest_is_an_equal_share)
{
    fleet_init(&f, 50, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_EIGENTRUST });
    fleet_steps(&f, 20);
    for (uint32_t i = 0; i < 50; i++) {
        cr_expect_geq(fleet_score(&f, i), 9999, "%u", fleet_score(&f, i));
        cr_expect_eq(assay_sim_rules_weights(f.rules)[i], fleet_score(&f, i));
    }
    fleet_free(&f);
}

/* Honest members trust all others alike, since all have good evidence; liars trust liars alone.
 * With q of honest trust staying honest, q = 1 - b / (n - 1): x = a (1 - b) / (1 - (1 - a) q). */
Test(sim_rules_eigentrust, a_clique_that_trusts_itself_drains_the_honest)
{
    for (uint32_t b = 10; b <= 40; b += 10) {
        fleet_init(&f, 100, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_EIGENTRUST });
        fleet_say(&f, 0, b, b, 100, ASSAY_OUTCOME_FAIL_HARD);
        fleet_steps(&f, 20);
        /* share over an equal share: x / (1 - b) = 0.1 / (1 - 0.9 (99 - b) / 99) */
        const uint32_t closed_form = 10000u * 99 / (990 - 9 * (99 - b));
        const uint32_t got = fleet_score(&f, 99);
        cr_expect_leq(got, closed_form, "b = %u: %u, %u", b, got, closed_form);
        cr_expect_geq(got + 2, closed_form, "b = %u: %u, %u", b, got, closed_form);
        cr_expect_eq(fleet_score(&f, 0), 10000);
        fleet_free(&f);
    }
}

Test(sim_rules_eigentrust, pretrust_on_honest_members_alone_holds_the_clique_off)
{
    uint32_t pre[FLEET_MAX] = { 0 };
    for (uint32_t i = 40; i < 100; i++)
        pre[i] = 1;
    fleet_init(&f, 100,
               (struct assay_sim_rules_options){
                   .rule = ASSAY_SIM_RULE_EIGENTRUST, .pretrust = pre, .eigentrust_pre_bp = 5000 });
    fleet_say(&f, 40, 100, 0, 40, ASSAY_OUTCOME_ABSENT); /* and honest members know the clique */
    fleet_say(&f, 0, 40, 40, 100, ASSAY_OUTCOME_ABSENT);
    fleet_steps(&f, 10);
    cr_expect_eq(fleet_score(&f, 99), 10000);
    cr_expect_eq(fleet_score(&f, 0), 0);
    fleet_free(&f);
}

Test(sim_rules_eigentrust, a_stranger_has_no_trust_and_earns_it)
{
    fleet_init(&f, 20, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_EIGENTRUST });
    fleet_steps(&f, 5);
    assay_sim_rules_join(f.rules, 7, (struct assay_offences){ 0 });
    cr_expect_eq(fleet_score(&f, 7), 0);
    fleet_steps(&f, 1);
    cr_expect_gt(fleet_score(&f, 7), 0);
    cr_expect_lt(fleet_score(&f, 7), 9000);
    fleet_steps(&f, 60);
    cr_expect_geq(fleet_score(&f, 7), 9000, "%u", fleet_score(&f, 7));
    fleet_free(&f);
}

/* Two that hear nobody but each other: on platforms of their own each lives of the other's praise;
 * on one platform it is their own and counts for nothing. */
static uint16_t score_of_a_pair(bool one_platform)
{
    fleet_init(&f, 20, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_EIGENTRUST });
    if (one_platform) {
        f.places[1].platform_id[0] = f.places[0].platform_id[0];
        assay_groups_build(f.places, 20, f.groups_memory, sizeof f.groups_memory, &f.groups);
    }
    fleet_say(&f, 2, 20, 0, 2, ASSAY_OUTCOME_ABSENT);
    fleet_say(&f, 0, 2, 2, 20, ASSAY_OUTCOME_NONE);
    fleet_steps(&f, 10);
    const uint16_t score = fleet_score(&f, 0);
    fleet_free(&f);
    return score;
}

Test(sim_rules_eigentrust, nobody_rates_its_own_platform)
{
    const uint16_t apart_score = score_of_a_pair(false);
    const uint16_t one_score = score_of_a_pair(true);
    cr_expect_geq(apart_score, 9999, "their share of pre-trust stays with them: %u", apart_score);
    cr_expect_lt(one_score, 2000, "it flows back to all: %u", one_score);
}
