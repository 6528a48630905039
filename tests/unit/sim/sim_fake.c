/* tests/unit/sim/sim_fake.c - outcomes out of nothing (tests/unit/sim/sim_fake.h). */
#include "tests/unit/sim/sim_fake.h"

#include "base/crypto.h"

#include <sched.h>

enum assay_status sim_fake_run(const struct assay_scenario *scenario,
                               const struct assay_sim_options *options,
                               struct assay_sim_outcome *outcome)
{
    const uint64_t words[] = { options->seed, scenario->nodes, scenario->epochs,
                               scenario->link.loss_permille, scenario->adversary_count };
    assay_sim_outcome_init(outcome);
    outcome->seed = options->seed;
    outcome->fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    assay_sha256(words, sizeof words, outcome->trace_hash);
    outcome->figures[ASSAY_SIM_FIGURE_EPOCHS][0] = (int64_t)scenario->epochs;
    outcome->figures[ASSAY_SIM_FIGURE_EVENTS][0] = 1000;
    outcome->figures[ASSAY_SIM_FIGURE_MESSAGES][0] = 100;
    outcome->figures[ASSAY_SIM_FIGURE_SIMULATED_MS][0] = 2000;
    outcome->figures[ASSAY_SIM_FIGURE_SCORE_MEAN_BP][0] =
        10000 - (int64_t)scenario->link.loss_permille * 10 - (int64_t)(options->seed % 7);
    if (options->seed % 3 == 0) outcome->figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][0] = 5;
    outcome->figures[ASSAY_SIM_FIGURE_SCORE_MEAN_BP][1] = (int64_t)scenario->nodes;
    if (options->seed % 100 == 17)
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_P1, 3, "node %d fell", 5);
    if (options->seed % 100 == 42)
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_AGREEMENT, 4, "heads differ");
    for (uint64_t i = 0; i < options->seed % 5; i++)
        (void)sched_yield(); /* so that threads overtake each other */
    return ASSAY_OK;
}
