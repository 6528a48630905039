/*
 * tests/unit/sim/report/test_report_data.c - tests of the data of reports.
 *
 * What the page of runs shows: all of it, of one run and of several.
 */
#include "apps/sim/report/report.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MAX = 40, EPOCHS = 5 };

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

TestSuite(sim_report_data, .init = make, .fini = unmake);

Test(sim_report_data, has_every_cohort_checker_figure_assertion_and_run)
{
    struct assay_json *data = sim_report_data(results, 1);
    cr_expect_eq(assay_json_count(assay_json_get(data, "cohorts")), scenario.cohort_count);
    const struct assay_json *const checks = assay_json_get(data, "checks");
    cr_expect_eq(assay_json_count(checks), ASSAY_SIM_CHECKER_COUNT);
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        cr_expect_str_eq(assay_json_text(assay_json_at(checks, i), "name", ""),
                         assay_sim_checker_name((enum assay_sim_checker)i));
    const struct assay_json *const figures = assay_json_get(data, "figures");
    for (unsigned i = 0; i < ASSAY_SIM_FIGURE_COUNT; i++)
        cr_expect_not_null(
            report_named(figures, "name", assay_sim_figure_name((enum assay_sim_figure)i)));
    const struct assay_json *const assertion = assay_json_at(assay_json_get(data, "assertions"), 0);
    cr_expect_str_eq(assay_json_text(assertion, "text", ""), "score_min_bp honest >= 9000");
    cr_expect_eq(assay_json_uint(assertion, "held", 9), 1);
    const struct assay_json *const run = assay_json_at(assay_json_get(data, "runs"), 0);
    cr_expect_str_eq(assay_json_text(run, "reproduce", ""), "assay-sim run two");
    cr_expect_str_eq(assay_json_text(run, "seed", ""), "1", "a text: it may have 64 bits");
    cr_expect_eq(strncmp(assay_json_text(run, "trace_hash", ""), "0102030405", 10), 0);
    cr_expect_not_null(strstr(assay_json_text(data, "scenario", ""), "\nnodes: 7\n"));
    cr_expect_eq(assay_json_uint(data, "scale", 0), 1);
    assay_json_free(&data);
}

Test(sim_report_data, a_figure_that_never_happened_is_null_and_none_is_left_out)
{
    struct assay_json *data = sim_report_data(results, 1);
    const struct assay_json *const figures = assay_json_get(data, "figures");
    size_t expected = 0;
    for (unsigned i = 0; i < ASSAY_SIM_FIGURE_COUNT; i++)
        expected +=
            assay_sim_figure_of_cohort((enum assay_sim_figure)i) ? scenario.cohort_count : 1;
    cr_expect_eq(assay_json_count(figures), expected);
    const struct assay_json *const never = report_named(figures, "name", "progress_epochs");
    cr_expect_eq(assay_json_kind_of(assay_json_get(never, "middle")), ASSAY_JSON_NULL);
    cr_expect_eq(assay_json_uint(never, "found", 9), 0);
    assay_json_free(&data);
}

Test(sim_report_data, it_says_which_band_it_has)
{
    struct assay_json *few = sim_report_data(results, 19), *many = sim_report_data(results, 20);
    cr_expect_not(assay_json_bool(few, "band_5_to_95", true));
    cr_expect(assay_json_bool(many, "band_5_to_95", false));
    cr_expect_eq(assay_json_uint(few, "scale", 0), 100);
    cr_expect_eq(assay_json_count(assay_json_get(many, "runs")), 20);
    assay_json_free(&few);
    assay_json_free(&many);
}

Test(sim_report_data, of_several_runs_it_says_what_failed_in_which)
{
    assay_sim_report_check(&outcomes[1], ASSAY_SIM_CHECKER_P4, 3, "slot <%d>", 5);
    outcomes[2].figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][0] = 1;
    struct assay_json *data = sim_report_data(results, 3);
    const struct assay_json *const runs = assay_json_get(data, "runs");
    cr_expect(assay_json_bool(assay_json_at(runs, 0), "passed", false));
    cr_expect_not(assay_json_bool(assay_json_at(runs, 1), "passed", true));
    cr_expect_not(assay_json_bool(assay_json_at(runs, 2), "passed", true));
    const struct assay_json *const check =
        report_named(assay_json_get(data, "checks"), "name", "P4");
    cr_expect_eq(assay_json_uint(check, "violated", 0), 1);
    cr_expect_str_eq(assay_json_text(check, "seed", ""), "2");
    cr_expect_eq(assay_json_uint(check, "epoch", 0), 3);
    cr_expect_str_eq(assay_json_text(check, "message", ""), "slot <5>");
    cr_expect_eq(assay_json_uint(assay_json_at(assay_json_get(data, "assertions"), 0), "held", 9),
                 2);
    assay_json_free(&data);
}

Test(sim_report_data, figures_have_their_median_bounds_and_in_how_many_runs_they_happened)
{
    outcomes[0].figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][1] = -1;
    struct assay_json *data = sim_report_data(results, 5); /* of the others 4, 5, 6, 7 */
    const struct assay_json *const figures = assay_json_get(data, "figures");
    for (size_t i = 0; i < assay_json_count(figures); i++) {
        const struct assay_json *const f = assay_json_at(figures, i);
        if (strcmp(assay_json_text(f, "name", ""), "detection_epochs") != 0 ||
            assay_json_uint(f, "cohort", 9) != 1)
            continue;
        cr_expect_eq(assay_json_uint(f, "middle", 0), 550, "half way, and the scale is 100");
        cr_expect_eq(assay_json_uint(f, "low", 0), 400);
        cr_expect_eq(assay_json_uint(f, "high", 0), 700);
        cr_expect_eq(assay_json_uint(f, "found", 0), 4);
        assay_json_free(&data);
        return;
    }
    cr_assert_fail("there is no such figure");
}
