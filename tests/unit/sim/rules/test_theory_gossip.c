/*
 * tests/unit/sim/rules/test_theory_gossip.c - gossip reach goes to exp(-exp(-c)).
 */
#include "tests/support/theory/gossip.h"
#include "tests/support/theory/laws.h"

#include <criterion/criterion.h>
#include <math.h>

enum { NODES = 1000, RUNS = 4000, ONE = 1 << 16 };

static uint32_t queue[NODES];
static bool has[NODES];

Test(sim_theory_gossip, logarithms_are_within_two_units)
{
    for (uint32_t n = 1; n < 100000; n += 1 + n / 7) {
        const double exact = log(n) * ONE;
        cr_assert_lt(fabs(assay_sim_log_q16(n) - exact), 2, "ln %u: %u", n, assay_sim_log_q16(n));
    }
    cr_expect_eq(assay_sim_log_q16(1), 0u);
}

Test(sim_theory_gossip, the_table_is_the_distribution_to_two_millionths)
{
    const double means[] = { 0.25, 1, 6.9078, 10.9, 16 };
    for (size_t m = 0; m < sizeof means / sizeof means[0]; m++) {
        struct assay_sim_poisson poisson;
        const uint32_t mean_q16 = (uint32_t)(means[m] * ONE);
        const double mean = (double)mean_q16 / ONE;
        assay_sim_poisson_init(&poisson, mean_q16);
        double sum = 0;
        for (int k = 0; k < ASSAY_SIM_POISSON_MAX; k++) {
            sum += exp(k * log(mean) - mean - lgamma(k + 1.0));
            const double got = ldexp((double)poisson.at_most[k], -44);
            cr_assert_lt(fabs(got - sum), 2e-6, "mean %f, %d: %.9f, %.9f", mean, k, got, sum);
        }
    }
}

Test(sim_theory_gossip, draws_follow_the_table)
{
    struct assay_sim_poisson poisson;
    assay_sim_poisson_init(&poisson, 3 * ONE);
    struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_THEORY, 1, 0);
    enum { DRAWS = 100000 };
    uint64_t sum = 0, squares = 0;
    for (int i = 0; i < DRAWS; i++) {
        const uint64_t count = assay_sim_poisson_draw(&poisson, &random);
        sum += count;
        squares += count * count;
    }
    /* mean 3, E[k^2] = 12; deviations of the means: 0.0055 and 0.034 */
    cr_expect_lt(fabs((double)sum / DRAWS - 3), 5 * 0.0055);
    cr_expect_lt(fabs((double)squares / DRAWS - 12), 5 * 0.043);
}

static uint32_t runs_that_reach_all(int32_t c, uint64_t seed, uint64_t runs)
{
    struct assay_sim_poisson poisson;
    assay_sim_poisson_init(&poisson, (uint32_t)((int32_t)assay_sim_log_q16(NODES) + c * ONE));
    uint32_t all = 0;
    for (uint64_t run = 0; run < runs; run++) {
        struct assay_sim_random random = assay_sim_random_of(seed, ASSAY_SIM_STREAM_THEORY, 2, run);
        if (assay_sim_gossip_reached(NODES, &poisson, &random, queue, has) == NODES) all++;
    }
    return all;
}

Test(sim_theory_gossip, reach_is_exp_of_minus_exp_of_minus_c)
{
    for (int32_t c = -1; c <= 4; c++) {
        const double law = assay_sim_law_gossip_reach(c);
        const double deviation = sqrt(law * (1 - law) / RUNS);
        const double got = (double)runs_that_reach_all(c, 1, RUNS) / RUNS;
        cr_log_info("c = %d: %.4f, law %.4f", c, got, law);
        cr_expect_lt(fabs(got - law), 4 * deviation, "c = %d: %.4f, law %.4f, deviation %.4f", c,
                     got, law, deviation);
    }
}

Test(sim_theory_gossip, the_tolerance_tells_half_a_unit_of_c)
{
    const double got = (double)runs_that_reach_all(0, 1, RUNS) / RUNS;
    cr_expect_gt(fabs(got - assay_sim_law_gossip_reach(0.5)), 4 * 0.0079);
}

Test(sim_theory_gossip, the_same_seed_reaches_the_same)
{
    cr_expect_eq(runs_that_reach_all(1, 7, 300), runs_that_reach_all(1, 7, 300));
    cr_expect_neq(runs_that_reach_all(1, 7, 300), runs_that_reach_all(1, 8, 300));
}
