/*
 * tests/mutants/suite_twins.c - of each seed one drawn schedule of four nodes and one of seven.
 */
#include "sim/twins/twins.h"
#include "tests/mutants/trial.h"

static void run(const struct assay_twins_campaign *campaign, uint64_t seed,
                struct trial_finding *finding)
{
    struct assay_twins_schedule schedule;
    struct assay_twins_result result;
    assay_twins_sample(campaign, seed, &schedule);
    assay_twins_run(&schedule, NULL, &result);
    if (result.checker != ASSAY_SIM_CHECKER_COUNT)
        trial_found(finding, result.checker, "%s", result.violation);
}

void trial_twins(uint64_t seed, struct trial_finding *finding)
{
    static const struct assay_twins_campaign campaigns[] = {
        { .nodes = 4, .views = 4, .samples = 1, .seed = 71 },
        { .nodes = 7, .views = 4, .samples = 1, .seed = 72 },
    };
    for (size_t i = 0; i < sizeof campaigns / sizeof campaigns[0]; i++)
        run(&campaigns[i], seed, finding);
}
