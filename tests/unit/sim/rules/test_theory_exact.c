/*
 * tests/unit/sim/rules/test_theory_exact.c - tails of committees, against the literature and by
 * hand.
 *
 * Every expected number is one bound below and one above the printed value, as it is rounded there.
 */
#include "tests/support/theory/exact.h"

#include <criterion/criterion.h>
#include <signal.h>

Test(sim_theory_exact, small_tails_by_hand)
{
    /* three coins: at least two heads 4/8; at least one of chance 1/3 in 2 draws: 5/9 */
    cr_expect_eq(assay_sim_tail_binomial(3, 2, 1, 2, 4), 5000u);
    cr_expect_eq(assay_sim_tail_binomial(2, 1, 1, 3, 6), 555555u);
    cr_expect_eq(assay_sim_tail_binomial(2, 0, 1, 3, 6), 1000000u);
    cr_expect_eq(assay_sim_tail_binomial(0, 0, 1, 3, 2), 100u);
    /* 2 of 5 bad, 2 drawn: both bad 1/10, at least one 7/10 */
    cr_expect_eq(assay_sim_tail_hypergeometric(5, 2, 2, 2, 3), 100u);
    cr_expect_eq(assay_sim_tail_hypergeometric(5, 2, 2, 1, 3), 700u);
    cr_expect_eq(assay_sim_tail_hypergeometric(5, 0, 2, 1, 3), 0u);
}

Test(sim_theory_exact, all_tails_of_one_draw_add_up)
{
    const uint64_t all = assay_sim_tail_binomial(128, 0, 1, 3, 15);
    cr_expect_eq(all, UINT64_C(1000000000000000));
    uint64_t before = all;
    for (uint32_t k = 1; k <= 128; k++) {
        const uint64_t tail = assay_sim_tail_binomial(128, k, 1, 3, 15);
        cr_assert_leq(tail, before);
        before = tail;
    }
    cr_expect_eq(before, 0u, "3^-128 has no digit here");
}

/* Ethereum's sharding: 128 validators, a third adversarial, two thirds captured: 5.55e-15. */
Test(sim_theory_exact, a_committee_of_128_is_captured_with_5_55e_15)
{
    const uint64_t tail = assay_sim_tail_binomial(128, 86, 1, 3, 18);
    cr_expect_eq(tail, 5551u, "%lu e-18", (unsigned long)tail);
    const uint64_t weaker = assay_sim_tail_binomial(128, 85, 1, 3, 18);
    cr_expect_gt(weaker, 9000u, "one member fewer is another number: %lu", (unsigned long)weaker);
}

/* 111 members: 7.7e-13, the first multiple of three below 2^-40 = 9.1e-13. */
Test(sim_theory_exact, a_committee_of_111_is_below_two_to_the_minus_forty)
{
    const uint64_t tail = assay_sim_tail_binomial(111, 74, 1, 3, 16);
    cr_expect_eq(tail, 7706u, "%lu e-16", (unsigned long)tail);
    cr_expect_lt(tail, 9094u);
    cr_expect_gt(assay_sim_tail_binomial(108, 72, 1, 3, 16), 9094u);
}

/* A committee of 127 out of 1000: how often a third of it is bad (an unjust fall is possible then),
 * and how often two thirds are (forgery). The design of the scores prints them without saying of
 * how many; they are those of 1000 members, to the last digit; those of draws with replacement are
 * not. */
Test(sim_theory_exact, the_sortition_warning_of_the_design)
{
    const struct {
        uint32_t population, adversarial, at_least, decimals;
        uint64_t low, high;
    } cases[] = {
        { 1000, 200, 43, 7, 575, 585 },   /* 5.8e-5 */
        { 1000, 250, 43, 5, 1055, 1065 }, /* 1.06e-2 */
        { 1000, 300, 43, 3, 175, 185 },   /* 0.18 */
        { 1000, 200, 85, 38, 265, 275 },  /* 2.7e-36 */
        { 1000, 250, 85, 29, 375, 385 },  /* 3.8e-27 */
        { 1000, 300, 85, 22, 225, 235 },  /* 2.3e-20 */
        { 200, 40, 43, 9, 0, 0 },         /* 40 cannot be 43 */
        { 200, 50, 43, 7, 665, 675 },     /* 6.7e-5 */
        { 200, 60, 43, 4, 775, 785 },     /* 7.8e-2 */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t got = assay_sim_tail_hypergeometric(
            cases[i].population, cases[i].adversarial, 127, cases[i].at_least, cases[i].decimals);
        cr_expect_geq(got, cases[i].low, "case %zu: %lu", i, (unsigned long)got);
        cr_expect_leq(got, cases[i].high, "case %zu: %lu", i, (unsigned long)got);
    }
    const uint64_t replaced = assay_sim_tail_binomial(127, 43, 1, 5, 7);
    cr_expect_gt(replaced, 1700u, "1.8e-4: %lu", (unsigned long)replaced);
}

Test(sim_theory_exact, aborts_where_the_numbers_would_not_fit, .signal = SIGABRT)
{
    assay_sim_tail_binomial(256, 100, 1, 1000, 2);
}

Test(sim_theory_exact, aborts_on_a_result_above_64_bits, .signal = SIGABRT)
{
    assay_sim_tail_binomial(10, 1, 1, 2, 25);
}
