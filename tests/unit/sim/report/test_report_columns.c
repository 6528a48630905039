/*
 * tests/unit/sim/report/test_report_columns.c - several runs as columns: medians and bands over
 * seeds.
 */
#include "apps/sim/report/report_columns.h"
#include "apps/sim/report/report_values.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { RUNS_MAX = 4, EPOCHS = 5 };

static struct assay_scenario scenario;
static struct assay_sim_outcome outcomes[RUNS_MAX];
static struct assay_sim_result results[RUNS_MAX];

static void make(void)
{
    scenario = report_scenario(NULL, 0);
    for (size_t k = 0; k < RUNS_MAX; k++) {
        outcomes[k] = report_outcome(&scenario, k + 1, EPOCHS);
        results[k] = (struct assay_sim_result){ .scenario = &scenario,
                                                .outcome = &outcomes[k],
                                                .reproduce = "assay-sim run two" };
    }
}

static void unmake(void)
{
    for (size_t k = 0; k < RUNS_MAX; k++)
        assay_sim_outcome_free(&outcomes[k]);
}

TestSuite(sim_report_columns, .init = make, .fini = unmake);

Test(sim_report_columns, a_spread_is_the_middle_and_all_or_all_but_a_twentieth_at_each_end)
{
    double values[100];
    cr_expect(isnan(sim_spread_of(values, 0).middle));
    static const struct {
        size_t count;
        double middle, low, high;
    } cases[] = {
        { 1, 0, 0, 0 },     { 2, 0.5, 0, 1 },  { 3, 1, 0, 2 },      { 19, 9, 0, 18 },
        { 20, 9.5, 1, 18 }, { 39, 19, 1, 37 }, { 40, 19.5, 2, 37 }, { 100, 49.5, 5, 94 }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t k = 0; k < cases[i].count; k++) /* 37 and the counts share no divisor */
            values[k] = (double)(k * 37 % cases[i].count);
        const struct assay_sim_spread s = sim_spread_of(values, cases[i].count);
        cr_expect_float_eq(s.middle, cases[i].middle, 1e-12, "%zu", cases[i].count);
        cr_expect_float_eq(s.low, cases[i].low, 1e-12, "%zu", cases[i].count);
        cr_expect_float_eq(s.high, cases[i].high, 1e-12, "%zu", cases[i].count);
    }
}

Test(sim_report_columns, columns_are_medians_over_the_runs_that_closed_the_epoch)
{
    struct assay_sim_columns c;
    /* messages is 1000 + 10 epoch + seed; the third run ends early, the second begins late. */
    outcomes[2].row_count = 2;
    outcomes[1].rows++;
    outcomes[1].row_count--;
    cr_assert_eq(sim_columns_init(&c, results, 3), ASSAY_OK);
    cr_expect_eq(c.rows, EPOCHS);
    const struct assay_sim_band band = sim_columns_add(&c, assay_sim_value_messages, 0);
    static const double middle[] = { 1012, 1022, 1031.5, 1041.5, 1051.5 };
    static const double low[] = { 1011, 1021, 1031, 1041, 1051 };
    static const double high[] = { 1013, 1023, 1032, 1042, 1052 };
    for (size_t i = 0; i < EPOCHS; i++) {
        cr_expect_float_eq(band.middle[i], middle[i], 1e-12, "%zu: %f", i, band.middle[i]);
        cr_expect_float_eq(band.low[i], low[i], 1e-12, "%zu", i);
        cr_expect_float_eq(band.high[i], high[i], 1e-12, "%zu", i);
    }
    sim_columns_free(&c);
    outcomes[1].rows--;
}

Test(sim_report_columns, an_epoch_that_no_run_closed_is_a_gap)
{
    struct assay_sim_columns c;
    for (size_t k = 0; k < 2; k++)
        for (uint64_t i = 2; i < EPOCHS; i++)
            outcomes[k].rows[i].epoch += 3;
    for (size_t runs = 1; runs <= 2; runs++) {
        cr_assert_eq(sim_columns_init(&c, results, runs), ASSAY_OK);
        cr_expect_eq(c.rows, EPOCHS + 3);
        const struct assay_sim_band band = sim_columns_add(&c, assay_sim_value_blocks, 0);
        for (size_t i = 0; i < c.rows; i++)
            cr_expect_eq(isnan(band.middle[i]), i >= 2 && i < 5, "%zu", i);
        cr_expect_eq(band.low == NULL, runs == 1);
        sim_columns_free(&c);
    }
}
