/*
 * tests/unit/sim/test_report.c - the page of a run: whole, alone, escaped, the same again; laws
 * where they apply and nowhere else.
 */
#include "apps/sim/report.h"
#include "apps/sim/report_law.h"
#include "tests/unit/sim/report_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const plots[] = {
    "scores",    "weight", "integrity", "suspended", "detection",
    "consensus", "shares", "traffic",   "bytes",     "certificates"
};
enum { PLOTS = sizeof plots / sizeof plots[0] };

/* The page of a scenario with these --set, of so many epochs. */
static char *page_of(const char *const *sets, size_t set_count, uint64_t epochs)
{
    const struct assay_scenario scenario = report_scenario(sets, set_count);
    struct assay_sim_outcome outcome = report_outcome(&scenario, 1, epochs);
    const struct assay_sim_result result = { .scenario = &scenario,
                                             .outcome = &outcome,
                                             .reproduce = "assay-sim run two --seed 1" };
    char *page = NULL;
    const char *why = NULL;
    cr_assert_eq(assay_sim_report_text(&result, &page), ASSAY_OK);
    cr_expect(report_well_formed(page, &why), "%s", why);
    cr_expect_null(report_reference(page), "%s", report_reference(page));
    assay_sim_outcome_free(&outcome);
    return page;
}

static size_t figures_of(const char *page)
{
    size_t found = 0;
    for (size_t i = 0; i < PLOTS; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, "<figure id=\"%s\">", plots[i]);
        found += report_count(page, id);
    }
    return found;
}

Test(sim_report, has_every_plot_cohort_checker_figure_and_assertion)
{
    char *page = page_of(NULL, 0, 12);
    cr_expect_eq(figures_of(page), PLOTS);
    cr_expect_eq(report_count(page, "<figure "), PLOTS, "no plot that this test does not know");
    cr_expect_geq(report_count(page, "<span>honest</span>"), 4);
    cr_expect_geq(report_count(page, "<span>ring</span>"), 4);
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        char cell[96];
        (void)snprintf(cell, sizeof cell, "<tr><td>%s</td>",
                       assay_sim_checker_name((enum assay_sim_checker)i));
        cr_expect_eq(report_count(page, cell), 1, "%s", cell);
    }
    for (unsigned i = 0; i < ASSAY_SIM_FIGURE_COUNT; i++) {
        char cell[96];
        (void)snprintf(cell, sizeof cell, "<tr><td>%s</td>",
                       assay_sim_figure_name((enum assay_sim_figure)i));
        cr_expect_eq(report_count(page, cell), 1, "%s", cell);
    }
    cr_expect_not_null(strstr(page, "score_min_bp honest &gt;= 9000"));
    cr_expect_not_null(strstr(page, "assay-sim run two --seed 1"));
    cr_expect_not_null(strstr(page, "held: no certified tally"));
    free(page);
}

Test(sim_report, is_the_same_bytes_again)
{
    char *one = page_of(NULL, 0, 12), *other = page_of(NULL, 0, 12), *third = page_of(NULL, 0, 13);
    cr_expect_str_eq(one, other);
    cr_expect_str_neq(one, third);
    free(one);
    free(other);
    free(third);
}

Test(sim_report, texts_of_a_stranger_stay_text)
{
    static const char *const sets[] = {
        "title=</p><script>alert('x')</script>\" onload=\"y &amp;"
    };
    char *plain = page_of(NULL, 0, 3), *page = page_of(sets, 1, 3);
    cr_expect_eq(report_count(page, "<script"), report_count(plain, "<script"));
    cr_expect_not_null(
        strstr(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload"));
    cr_expect_not_null(strstr(page, "&amp;amp;"));
    free(plain);
    free(page);
}

/* A name that --set would not take: of a scenario that somebody put together. */
Test(sim_report, a_cohort_may_have_any_name)
{
    struct assay_scenario scenario = report_scenario(NULL, 0);
    (void)snprintf(scenario.cohorts[1].name, sizeof scenario.cohorts[1].name,
                   "</text><script>'\"&<b>");
    struct assay_sim_outcome outcome = report_outcome(&scenario, 1, 3);
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    char *page = NULL;
    const char *why = NULL;
    cr_assert_eq(assay_sim_report_text(&result, &page), ASSAY_OK);
    cr_expect(report_well_formed(page, &why), "%s", why);
    cr_expect_null(strstr(page, "<b>"));
    cr_expect_eq(report_count(page, "<script"), 1);
    free(page);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report, no_epoch_one_epoch_and_a_cohort_of_nobody_are_fine)
{
    static const char *const nobody[] = { "cohorts[2].name=nobody" };
    char *page = page_of(NULL, 0, 0);
    cr_expect_eq(report_count(page, "there is nothing to draw"), 1);
    cr_expect_eq(figures_of(page), 0);
    cr_expect_not_null(strstr(page, "0 of 20 epochs"));
    free(page);
    page = page_of(NULL, 0, 1);
    cr_expect_eq(figures_of(page), PLOTS);
    free(page);

    struct assay_scenario scenario = report_scenario(nobody, 1);
    struct assay_sim_outcome outcome = report_outcome(&scenario, 1, 3);
    outcome.cohort_members[2] = 0;
    for (uint64_t i = 0; i < outcome.row_count; i++)
        outcome.rows[i].cohorts[2] = (struct assay_sim_cohort_row){ .members = 0 };
    const struct assay_sim_result result = { .scenario = &scenario, .outcome = &outcome };
    cr_assert_eq(assay_sim_report_text(&result, &page), ASSAY_OK);
    cr_expect_eq(report_count(page, "<span>nobody</span>"), 0);
    free(page);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report, ten_thousand_epochs_of_eight_cohorts_stay_below_two_megabytes)
{
    static const char *const sets[] = { "epochs=10000",       "cohorts[2].name=c2",
                                        "cohorts[3].name=c3", "cohorts[4].name=c4",
                                        "cohorts[5].name=c5", "cohorts[6].name=c6",
                                        "cohorts[7].name=c7" };
    char *page = page_of(sets, sizeof sets / sizeof sets[0], 10000);
    cr_expect_lt(strlen(page), 2 << 20, "%zu", strlen(page));
    cr_expect_gt(strlen(page), 100 << 10, "%zu", strlen(page));
    free(page);
}

/* --- the checks of this file can fail */

Test(sim_report, a_page_that_is_broken_is_seen_to_be)
{
    static const struct {
        const char *page, *why;
    } cases[] = {
        { "<html></html>", "doctype" },
        { "<!doctype html><p><b></p></b>", "closes what is not open" },
        { "<!doctype html><p>", "never closed" },
        { "<!doctype html></p>", "closes what is not open" },
        { "<!doctype html><p id=x></p>", "without quotes" },
        { "<!doctype html><p id=\"x\"><b id=\"x\"></b></p>", "id twice" },
        { "<!doctype html><p>a & b</p>", "entity" },
        { "<!doctype html><p title=\"a<b\"></p>", "value" },
        { "<!doctype html><p>1 < 2</p>", "tag" },
        { "<!doctype html><p>2 > 1</p>", "bare" },
        { "<!doctype html><script>if (1 < 2)", "raw text" },
    };
    const char *why = NULL;
    cr_expect(
        report_well_formed("<!doctype html><script>1 < 2</script><p>a &amp; b<meta></p>", &why),
        "%s", why);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_not(report_well_formed(cases[i].page, &why), "%s", cases[i].page);
        cr_expect_not_null(strstr(why, cases[i].why), "%s: %s", cases[i].page, why);
    }
    cr_expect_str_eq(report_reference("<a href=\"x\">"), "href=");
    cr_expect_not_null(report_reference("background:url(x)"));
    cr_expect_not_null(report_reference("<script src=\"//x\">"));
    cr_expect_null(report_reference("<p>plain</p>"));
}

/* --- laws */

static const struct {
    const char *sets[6];
    enum assay_sim_law law;
} laws[] = {
    { { "title=as it is" }, ASSAY_SIM_LAW_EVIDENCE },
    { { "adversaries[0].attack=absent-vote" }, ASSAY_SIM_LAW_INTERVAL },
    { { "fidelity=epoch", "rule=mean", "weight_source=one" }, ASSAY_SIM_LAW_MEAN },
    { { "fidelity=epoch", "rule=mean", "weight_source=score" }, ASSAY_SIM_LAW_MEAN_SCORE },
    { { "fidelity=epoch", "rule=trimmed", "weight_source=score" }, ASSAY_SIM_LAW_TRIMMED },
    /* One thing is otherwise. */
    { { "adversaries[0].attack=stuff" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[0].attack=quiet" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[0].victims=ring" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[0].cohort=honest" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[0].stop_epoch=9" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[0].start_epoch=21" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[0].rate_permille=999" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries=none" }, ASSAY_SIM_LAW_NONE },
    { { "adversaries[1].attack=quiet", "adversaries[1].cohort=ring" }, ASSAY_SIM_LAW_NONE },
    { { "partitions[0].share_bp=5000" }, ASSAY_SIM_LAW_NONE },
    { { "crashes[0].rate_permille=10" }, ASSAY_SIM_LAW_NONE },
    { { "link.loss_permille=1" }, ASSAY_SIM_LAW_NONE },
    { { "nodes_per_platform=2" }, ASSAY_SIM_LAW_NONE },
    { { "masked_bp=1000" }, ASSAY_SIM_LAW_NONE },
    { { "operators=3" }, ASSAY_SIM_LAW_NONE },
    { { "vendors=2" }, ASSAY_SIM_LAW_NONE },
    { { "fidelity=epoch", "rule=mean" }, ASSAY_SIM_LAW_NONE },
    { { "fidelity=epoch", "rule=trimmed" }, ASSAY_SIM_LAW_NONE },
    { { "fidelity=epoch", "weight_source=one" }, ASSAY_SIM_LAW_NONE },
    { { "fidelity=epoch", "rule=beta" }, ASSAY_SIM_LAW_NONE },
    { { "fidelity=epoch", "rule=eigentrust" }, ASSAY_SIM_LAW_NONE },
    { { "fidelity=epoch", "rule=leak" }, ASSAY_SIM_LAW_NONE },
};

static size_t set_count(size_t i)
{
    size_t count = 0;
    while (count < 6 && laws[i].sets[count] != NULL)
        count++;
    return count;
}

Test(sim_report, a_law_is_drawn_where_the_scenario_is_what_it_is_about)
{
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        const struct assay_scenario s = report_scenario(laws[i].sets, set_count(i));
        const struct assay_sim_law_case law = assay_sim_law_of(&s);
        cr_expect_eq(law.law, laws[i].law, "%s: %d", laws[i].sets[0], law.law);
        if (law.law == ASSAY_SIM_LAW_NONE) continue;
        cr_expect_eq(law.liars, 2);
        cr_expect_eq(law.nodes, 7);
        cr_expect_eq(law.cohort, 1);
    }
}

Test(sim_report, the_legend_names_law_formula_and_b_and_goes_with_the_law)
{
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        char *page = page_of(laws[i].sets, set_count(i), 3);
        const bool has = laws[i].law != ASSAY_SIM_LAW_NONE;
        const size_t shares = laws[i].law == ASSAY_SIM_LAW_MEAN_SCORE ? 1 : 0;
        /* Each stands in the legend and as the caption of its table. */
        cr_expect_eq(report_count(page, "; b = 28.57 %"), has ? 2 * (1 + shares) : 0, "%s",
                     laws[i].sets[0]);
        cr_expect_eq(report_count(page, "class=\"line c7 theory\" d="), has ? 1 + shares : 0);
        if (has) {
            char legend[128];
            (void)snprintf(legend, sizeof legend, "<span>%s: ", assay_sim_law_name(laws[i].law));
            cr_expect_eq(report_count(page, legend), 1 + shares, "%s", legend);
        }
        free(page);
    }
}

Test(sim_report, the_law_of_absence_stands_where_somebody_is_absent)
{
    static const struct {
        const char *sets[2];
        size_t count;
    } cases[] = { { { "adversaries[0].attack=quiet", "title=x" }, 1 },
                  { { "adversaries[0].attack=quiet", "adversaries[0].rate_permille=500" }, 0 },
                  { { "fidelity=epoch", "rule=mean" }, 0 },
                  { { "adversaries[0].attack=tamper", "title=x" }, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *page = page_of(cases[i].sets, 2, 3);
        cr_expect_eq(report_count(page, "L8: absent"), cases[i].count, "%s", cases[i].sets[0]);
        free(page);
    }
}

Test(sim_report, curves_are_those_of_the_theory)
{
    cr_expect_float_eq(assay_sim_law_score(ASSAY_SIM_LAW_MEAN, 0.25, 7), 0.75, 1e-12);
    cr_expect_float_eq(assay_sim_law_score(ASSAY_SIM_LAW_MEAN_SCORE, 0.25, 7), 2.0 / 3, 1e-12);
    cr_expect_float_eq(assay_sim_law_share(ASSAY_SIM_LAW_MEAN_SCORE, 0.25), 1.0 / 3, 1e-12);
    cr_expect_float_eq(assay_sim_law_score(ASSAY_SIM_LAW_TRIMMED, 0.25, 7), 1, 1e-12);
    cr_expect_float_eq(assay_sim_law_score(ASSAY_SIM_LAW_INTERVAL, 0.5, 101), 2 - 1.515, 1e-9);
    cr_expect_float_eq(assay_sim_law_score(ASSAY_SIM_LAW_EVIDENCE, 0.9, 7), 1, 1e-12);
    cr_expect(isnan(assay_sim_law_score(ASSAY_SIM_LAW_NONE, 0.5, 7)));
    cr_expect(isnan(assay_sim_law_share(ASSAY_SIM_LAW_MEAN, 0.5)));
    cr_expect(assay_sim_law_known(0) && assay_sim_law_known(7));
    cr_expect_not(assay_sim_law_known(5));
}
