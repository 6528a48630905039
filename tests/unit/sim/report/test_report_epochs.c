/*
 * tests/unit/sim/report/test_report_epochs.c - columns by epoch: every value, gaps, and no peak
 * lost where a piece stands for several epochs.
 */
#include "apps/sim/report/report.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct assay_scenario scenario;
static struct assay_sim_outcome outcome;

static struct assay_json *epochs_of(uint64_t epochs)
{
    bool failed = true;
    scenario = report_scenario(NULL, 0);
    outcome = report_outcome(&scenario, 1, epochs);
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    struct assay_json *const data = sim_report_epochs(&result, 1, 100, &failed);
    cr_assert_not(failed);
    return data;
}

static const struct assay_json *column(const struct assay_json *of, const char *name,
                                       const char *which)
{
    return assay_json_get(assay_json_get(of, name), which);
}

Test(sim_report_epochs, of_one_run_every_value_is_the_row_s_own)
{
    struct assay_json *data = epochs_of(12);
    cr_expect_eq(assay_json_uint(data, "first", 0), 1);
    cr_expect_eq(assay_json_uint(data, "last", 0), 12);
    cr_expect_eq(assay_json_uint(data, "step", 0), 1);
    cr_expect_eq(assay_json_uint(data, "scale", 0), 1);
    const struct assay_json *const ring = assay_json_at(assay_json_get(data, "cohorts"), 1);
    for (uint64_t i = 0; i < 12; i++) {
        const struct assay_sim_row *const row = &outcome.rows[i];
        cr_expect_eq(report_number(column(data, "messages", "middle"), i), (int64_t)row->messages);
        cr_expect_eq(report_number(column(data, "bytes", "middle"), i), (int64_t)row->bytes);
        cr_expect_eq(report_number(column(ring, "score_mean_bp", "middle"), i),
                     row->cohorts[1].score_mean_bp);
        cr_expect_eq(report_number(column(ring, "score_min_bp", "middle"), i),
                     row->cohorts[1].score_min_bp);
        cr_expect_eq(report_number(column(ring, "suspended", "middle"), i), 2);
        cr_expect_eq(report_number(assay_json_get(data, "held"), i), row->certified ? 0 : 100);
    }
    cr_expect_null(column(data, "messages", "low"), "one run has no bounds");
    assay_json_free(&data);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report_epochs, one_epoch_is_a_point_none_is_nothing_and_nobody_has_no_columns)
{
    struct assay_json *data = epochs_of(1);
    cr_expect_eq(assay_json_count(column(data, "blocks", "middle")), 1);
    assay_json_free(&data);
    assay_sim_outcome_free(&outcome);
    cr_expect_null(epochs_of(0));
    assay_sim_outcome_free(&outcome);

    bool failed = true;
    scenario = report_scenario(NULL, 0);
    outcome = report_outcome(&scenario, 1, 3);
    outcome.cohort_members[1] = 0;
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    data = sim_report_epochs(&result, 1, 100, &failed);
    cr_expect_eq(assay_json_size(assay_json_at(assay_json_get(data, "cohorts"), 1)), 0);
    assay_json_free(&data);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report_epochs, a_peak_of_one_epoch_in_ten_thousand_is_not_lost)
{
    bool failed = true;
    scenario = report_scenario(NULL, 0);
    outcome = report_outcome(&scenario, 1, 10000);
    for (uint64_t i = 0; i < 10000; i++)
        outcome.rows[i].blocks = i == 7777 ? 100 : 4;
    outcome.rows[4321].crashes = 3;
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    struct assay_json *data = sim_report_epochs(&result, 1, 100, &failed);
    cr_expect_eq(assay_json_uint(data, "step", 0), 25);
    cr_expect_eq(assay_json_uint(data, "scale", 0), 100);
    const struct assay_json *const high = column(data, "blocks", "high");
    cr_expect_eq(assay_json_count(high), 400);
    for (size_t i = 0; i < 400; i++) {
        const bool peak = i == 7777 / 25;
        cr_expect_eq(report_number(high, i), peak ? 10000 : 400, "%zu", i);
        cr_expect_eq(report_number(column(data, "blocks", "low"), i), 400);
        cr_expect_eq(report_number(column(data, "blocks", "middle"), i),
                     peak ? 100 * (24 * 4 + 100) / 25 : 400);
    }
    cr_expect_eq(report_number(column(data, "crashes", "high"), 4321 / 25), 300);
    for (size_t i = 0; i < 400; i++)
        cr_expect_eq(report_number(assay_json_get(data, "held"), i), 100, "of a piece the most");
    assay_json_free(&data);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report_epochs, an_epoch_that_did_not_close_is_a_gap)
{
    bool failed = true;
    scenario = report_scenario(NULL, 0);
    outcome = report_outcome(&scenario, 1, 5);
    for (uint64_t i = 2; i < 5; i++)
        outcome.rows[i].epoch += 3;
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    struct assay_json *data = sim_report_epochs(&result, 1, 100, &failed);
    for (size_t i = 0; i < 8; i++)
        cr_expect_eq(report_number(column(data, "blocks", "middle"), i) == -1, i >= 2 && i < 5,
                     "%zu", i);
    assay_json_free(&data);
    assay_sim_outcome_free(&outcome);
}
