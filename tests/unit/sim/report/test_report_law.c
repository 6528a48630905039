/*
 * tests/unit/sim/report/test_report_law.c - closed forms where a scenario is what they are about,
 * and nowhere else.
 */
#include "apps/sim/report/report.h"
#include "apps/sim/report/report_law.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

Test(sim_report_law, a_law_applies_where_the_scenario_is_what_it_is_about)
{
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        const struct assay_scenario s = report_scenario(laws[i].sets, set_count(i));
        const struct assay_sim_law_case law = sim_law_of(&s);
        cr_expect_eq(law.law, laws[i].law, "%s: %d", laws[i].sets[0], law.law);
        if (law.law == ASSAY_SIM_LAW_NONE) continue;
        cr_expect_eq(law.liars, 2);
        cr_expect_eq(law.nodes, 7);
        cr_expect_eq(law.cohort, 1);
    }
}

/* The document of a scenario with these --set. */
static struct assay_json *data_of(const char *const *sets, size_t count)
{
    const struct assay_scenario s = report_scenario(sets, count);
    struct assay_sim_outcome outcome = report_outcome(&s, 1, 3);
    const struct assay_sim_result result = { .scenario = &s, .outcome = &outcome };
    struct assay_json *const data = sim_report_data(&result, 1);
    assay_sim_outcome_free(&outcome);
    return data;
}

Test(sim_report_law, the_document_names_law_formula_and_b_and_goes_with_the_law)
{
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        struct assay_json *data = data_of(laws[i].sets, set_count(i));
        const struct assay_json *const list = assay_json_get(data, "laws");
        const struct assay_json *const score = report_named(list, "of", "score");
        const struct assay_json *const weight = report_named(list, "of", "weight");
        cr_expect_eq(score != NULL, laws[i].law != ASSAY_SIM_LAW_NONE, "%s", laws[i].sets[0]);
        cr_expect_eq(weight != NULL, laws[i].law == ASSAY_SIM_LAW_MEAN_SCORE);
        if (score != NULL) {
            cr_expect_str_eq(assay_json_text(score, "law", ""), sim_law_name(laws[i].law));
            cr_expect_not_null(strstr(assay_json_text(score, "formula", ""), "; b = 28.57 %"));
            cr_expect_eq(assay_json_uint(score, "value", 99999),
                         (uint64_t)llround(10000 * sim_law_score(laws[i].law, 2.0 / 7, 7)));
        }
        assay_json_free(&data);
    }
}

Test(sim_report_law, the_law_of_absence_stands_where_somebody_is_absent)
{
    static const struct {
        const char *sets[2];
        bool there;
    } cases[] = {
        { { "adversaries[0].attack=quiet", "title=x" }, true },
        { { "adversaries[0].attack=quiet", "adversaries[0].rate_permille=500" }, false },
        { { "fidelity=epoch", "rule=mean" }, false },
        { { "adversaries[0].attack=tamper", "title=x" }, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_json *data = data_of(cases[i].sets, 2);
        const struct assay_json *const law =
            report_named(assay_json_get(data, "laws"), "of", "detection");
        cr_expect_eq(law != NULL, cases[i].there, "%s", cases[i].sets[0]);
        if (law != NULL) cr_expect_str_eq(assay_json_text(law, "law", ""), "L8");
        assay_json_free(&data);
    }
}

Test(sim_report_law, curves_are_those_of_the_theory)
{
    cr_expect_float_eq(sim_law_score(ASSAY_SIM_LAW_MEAN, 0.25, 7), 0.75, 1e-12);
    cr_expect_float_eq(sim_law_score(ASSAY_SIM_LAW_MEAN_SCORE, 0.25, 7), 2.0 / 3, 1e-12);
    cr_expect_float_eq(sim_law_share(ASSAY_SIM_LAW_MEAN_SCORE, 0.25), 1.0 / 3, 1e-12);
    cr_expect_float_eq(sim_law_score(ASSAY_SIM_LAW_TRIMMED, 0.25, 7), 1, 1e-12);
    cr_expect_float_eq(sim_law_score(ASSAY_SIM_LAW_INTERVAL, 0.5, 101), (200 - 151.5) / 99, 1e-9);
    cr_expect_float_eq(sim_law_score(ASSAY_SIM_LAW_EVIDENCE, 0.9, 7), 1, 1e-12);
    cr_expect(isnan(sim_law_score(ASSAY_SIM_LAW_NONE, 0.5, 7)));
    cr_expect(isnan(sim_law_share(ASSAY_SIM_LAW_MEAN, 0.5)));
    cr_expect(sim_law_known(0) && sim_law_known(7));
    cr_expect_not(sim_law_known(5));
}
