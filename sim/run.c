/*
 * sim/run.c - a scenario at its fidelity.
 */
#include "sim/run.h"

#include "base/assert.h"

enum assay_status assay_sim_run(const struct assay_scenario *scenario,
                                const struct assay_sim_options *options,
                                struct assay_sim_outcome *outcome)
{
    switch (assay_scenario_fidelity(scenario)) {
    case ASSAY_SIM_FIDELITY_MESSAGE: return assay_sim_run_messages(scenario, options, outcome);
    case ASSAY_SIM_FIDELITY_EPOCH: return assay_sim_run_epochs(scenario, options, outcome);
    case ASSAY_SIM_FIDELITY_AUTO: break;
    }
    ASSAY_UNREACHABLE("fidelity was decided");
}
