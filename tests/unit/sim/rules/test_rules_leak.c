/*
 * tests/unit/sim/rules/test_rules_leak.c - the inactivity leak against what is published about
 * Ethereum.
 *
 * Ejection of an inactive validator 4685 epochs into a leak, and two sides of a partition that both
 * become final (Pavloff, Amoussou-Guenou, Tucci-Piergiovanni, arXiv 2404.16363): HOLD does neither.
 */
#include "tests/support/theory/laws.h"
#include "tests/unit/sim/rules/rules_fleet.h"

#include <criterion/criterion.h>
#include <math.h>

enum { PATIENCE = 4, EJECTED_AFTER = 4685 };

static struct fleet f; /* too large for the stack of a test */

static void init_leak(uint32_t count, uint32_t quotient_log2)
{
    fleet_init(&f, count,
               (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_LEAK,
                                                 .weight_source = ASSAY_SIM_WEIGHT_SCORE,
                                                 .leak_quotient_log2 = quotient_log2 });
}

static void silence(uint32_t from, uint32_t end)
{
    for (uint32_t i = from; i < end; i++)
        fleet_silence(&f, i, true);
}

static bool certified(void)
{
    return assay_sim_rules_summary(f.rules).certified;
}

Test(sim_rules_leak, an_inactive_half_is_ejected_after_4685_epochs)
{
    init_leak(10, 0);
    silence(5, 10);
    fleet_steps(&f, PATIENCE + EJECTED_AFTER - 1);
    cr_expect_not(certified());
    cr_expect_eq(fleet_score(&f, 9), 10000 * 17 / 32, "17 coins: %u", fleet_score(&f, 9));
    fleet_step(&f);
    cr_expect_eq(fleet_score(&f, 9), 0, "ejected: %u", fleet_score(&f, 9));
    cr_expect_eq(fleet_score(&f, 0), 10000, "who takes part pays nothing");
    fleet_step(&f);
    cr_expect(certified(), "the rest is alone now");
    fleet_silence(&f, 9, false);
    fleet_steps(&f, 50);
    cr_expect_eq(fleet_score(&f, 9), 0, "there is no way back");
    fleet_free(&f);
}

/* The check above can fail: a leak of another speed ejects in another epoch. */
Test(sim_rules_leak, another_quotient_ejects_in_another_epoch)
{
    init_leak(10, 23);
    silence(5, 10);
    uint32_t epochs = 0;
    while (fleet_score(&f, 9) > 0 && epochs < 6000) {
        fleet_step(&f);
        epochs++;
    }
    /* time goes with the root of the quotient: 4685 / sqrt(2) = 3313 */
    cr_expect(epochs > PATIENCE + 3300 && epochs < PATIENCE + 3326, "%u", epochs);
    fleet_free(&f);
}

Test(sim_rules_leak, nothing_leaks_while_epochs_are_certified)
{
    init_leak(10, 12);
    silence(8, 10);
    fleet_steps(&f, 500);
    cr_expect(certified());
    cr_expect_eq(fleet_score(&f, 9), 10000, "%u", fleet_score(&f, 9));
    fleet_free(&f);
}

struct side {
    uint32_t honest_half, byzantine; /* honest members here and there, double voters on both */
};

/* Epochs of leaking until the side is final; the other half is silent here. */
static uint32_t epochs_to_final(struct side side)
{
    const uint32_t active = side.honest_half + side.byzantine;
    uint32_t epochs = 0;
    init_leak(active + side.honest_half, 0);
    silence(active, active + side.honest_half);
    do
        fleet_step(&f);
    while (!certified() && ++epochs < 6000);
    fleet_free(&f);
    return epochs - PATIENCE;
}

static double apart(double a, double b)
{
    return fabs(a - b);
}

/*
 * Published: the formula, rounded up. Simulated: effective balances are whole coins that follow the
 * balance down a quarter of a coin late, so finality comes when they reach the next whole coin
 * below the threshold. Between the two lies up to a coin of 32 (2.5 % of the epochs); from the
 * formula for that very coin the simulation is less than 0.6 % away.
 */
Test(sim_rules_leak, both_sides_of_a_partition_become_final)
{
    const struct {
        struct side side;
        uint32_t published;
    } rows[] = {
        { { 9, 2 }, 4066 },  /* beta0 = 0.1 */
        { { 17, 6 }, 3622 }, /* 0.15 */
        { { 4, 2 }, 3107 },  /* 0.2 */
        { { 67, 66 }, 502 }, /* 0.33 */
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        const struct side side = rows[k].side;
        const double active = side.honest_half + side.byzantine;
        const double beta = side.byzantine / (active + side.honest_half);
        const double law = assay_sim_law_leak_final_epochs(beta);
        cr_expect_eq((uint32_t)ceil(law), rows[k].published, "beta0 %.3f: %.2f", beta, law);

        const double coins = ceil(32 * active / (2.0 * side.honest_half)) - 1;
        const double coin_law = assay_sim_law_leak_stake_epochs((coins + 0.75) / 32);
        const double got = epochs_to_final(side);
        cr_log_info("beta0 %.3f: %.0f, published %u, of that coin %.0f", beta, got,
                    rows[k].published, coin_law);
        cr_expect_lt(apart(got, coin_law), coin_law * 0.006, "%.0f, %.0f", got, coin_law);
        cr_expect_lt(apart(got, rows[k].published), 0.025 * rows[k].published, "%.0f", got);
    }
}

Test(sim_rules_leak, without_double_voters_ejection_comes_before_the_formula)
{
    cr_expect_eq((uint32_t)ceil(assay_sim_law_leak_final_epochs(0)), 4823u);
    cr_expect_eq(epochs_to_final((struct side){ .honest_half = 5 }), (uint32_t)EJECTED_AFTER);
}

/* The same partitions under the rule of the product: nothing moves, neither side is ever final. */
Test(sim_rules_leak, hold_never_makes_both_sides_final)
{
    const struct side sides[] = { { 5, 0 }, { 9, 2 }, { 4, 2 }, { 33, 32 } };
    for (size_t k = 0; k < sizeof sides / sizeof sides[0]; k++) {
        const uint32_t active = sides[k].honest_half + sides[k].byzantine;
        const uint32_t all = active + sides[k].honest_half;
        fleet_init(&f, all, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL });
        fleet_say(&f, 0, active, active, all, ASSAY_OUTCOME_ABSENT);
        silence(active, all);
        for (uint32_t epoch = 0; epoch < 5000; epoch++) {
            fleet_step(&f);
            cr_assert_not(certified());
        }
        cr_expect_eq(fleet_score(&f, all - 1), 10000, "held");
        cr_expect_eq(assay_sim_rules_weights(f.rules)[all - 1], 10000u);
        fleet_free(&f);
    }
}

Test(sim_rules_leak, a_member_that_comes_back_recovers_and_pays_no_more)
{
    init_leak(10, 16);
    silence(5, 10);
    fleet_steps(&f, PATIENCE + 100);
    const uint16_t low = fleet_score(&f, 9);
    cr_expect_lt(low, 10000);
    cr_expect_gt(low, 5000);
    for (uint32_t i = 5; i < 10; i++)
        fleet_silence(&f, i, false);
    fleet_steps(&f, 500);
    cr_expect(certified());
    cr_expect_eq(fleet_score(&f, 9), low, "what is burnt is burnt");
    fleet_free(&f);
}

Test(sim_rules_leak, who_is_convicted_is_out)
{
    init_leak(10, 0);
    f.members[3].faults.equivocation = true;
    fleet_step(&f);
    cr_expect_eq(fleet_score(&f, 3), 0);
    assay_sim_rules_join(f.rules, 3, (struct assay_offences){ 0 });
    cr_expect_eq(fleet_score(&f, 3), 10000, "a new id washes it off: the weakness of identities");
    fleet_free(&f);
}
