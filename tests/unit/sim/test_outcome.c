/*
 * tests/unit/sim/test_outcome.c - rows, findings and assertions of a run.
 */
#include "sim/outcome.h"

#include <criterion/criterion.h>
#include <string.h>

Test(sim_outcome, keeps_every_row)
{
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    for (uint64_t i = 0; i < 100; i++)
        assay_sim_outcome_row(&o)->epoch = i + 1;
    cr_assert_eq(o.row_count, 100);
    for (uint64_t i = 0; i < 100; i++)
        cr_expect_eq(o.rows[i].epoch, i + 1);
    assay_sim_outcome_free(&o);
    cr_expect_null(o.rows);
}

Test(sim_outcome, keeps_the_first_finding_and_counts_all)
{
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_P3, 1, NULL);
    cr_expect_not(assay_sim_outcome_violated(&o));
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_P3, 2, "node %d", 5);
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_P3, 3, "node %d", 6);
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_AGREEMENT, 4, "heads differ");
    cr_expect_eq(o.checks[ASSAY_SIM_CHECKER_P3].checked, 3);
    cr_expect_eq(o.checks[ASSAY_SIM_CHECKER_P3].violated, 2);
    cr_expect_eq(o.checks[ASSAY_SIM_CHECKER_P3].first_epoch, 2);
    cr_expect_str_eq(o.checks[ASSAY_SIM_CHECKER_P3].message, "node 5");
    cr_expect_str_eq(assay_sim_outcome_violation(&o), "agreement");
    assay_sim_outcome_free(&o);
}

Test(sim_outcome, compares_figures_in_all_six_ways)
{
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    o.figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][2] = 9000;
    const bool expected[3][6] = { { false, false, false, true, true, true },   /* 9000 ? 8999 */
                                  { false, true, true, true, false, false },   /* 9000 ? 9000 */
                                  { true, true, false, false, false, true } }; /* 9000 ? 9001 */
    for (int d = 0; d < 3; d++) {
        for (int c = 0; c < 6; c++) {
            const struct assay_sim_assertion a = { .figure = ASSAY_SIM_FIGURE_SCORE_MIN_BP,
                                                   .cohort = 2,
                                                   .compare = (enum assay_sim_compare)c,
                                                   .value = 8999 + d };
            int64_t actual = 0;
            cr_expect_eq(assay_sim_assertion_holds(&a, &o, &actual), expected[d][c], "%d %d", d, c);
            cr_expect_eq(actual, 9000);
        }
    }
}

Test(sim_outcome, what_never_happened_is_not_zero)
{
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][0], -1);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_OFFENCES][0], 0);
}

Test(sim_outcome, every_figure_and_checker_has_its_name_once)
{
    for (unsigned i = 0; i < ASSAY_SIM_FIGURE_COUNT; i++) {
        cr_assert_not_null(assay_sim_figure_name(i));
        cr_expect_gt(strlen(assay_sim_figure_line(i)), 0);
        for (unsigned k = 0; k < i; k++)
            cr_expect_str_neq(assay_sim_figure_name(i), assay_sim_figure_name(k));
    }
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        cr_assert_not_null(assay_sim_checker_name(i));
        for (unsigned k = 0; k < i; k++)
            cr_expect_str_neq(assay_sim_checker_name(i), assay_sim_checker_name(k));
    }
}

Test(sim_outcome, what_never_happened_is_neither_early_nor_late)
{
    static const bool expected[6] = { false, false, true, false, false, false };
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    for (int c = 0; c < 6; c++) {
        int64_t actual = 0;
        struct assay_sim_assertion a = { .figure = ASSAY_SIM_FIGURE_DETECTION_EPOCHS,
                                         .compare = (enum assay_sim_compare)c,
                                         .value = -1 };
        cr_expect_eq(assay_sim_assertion_holds(&a, &o, &actual), expected[c], "%d to -1", c);
        a.value = 3;
        const bool other = c == ASSAY_SIM_NOT_EQUAL;
        cr_expect_eq(assay_sim_assertion_holds(&a, &o, &actual), other, "%d to 3", c);
    }
}
