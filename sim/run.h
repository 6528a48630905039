/*
 * sim/run.h - a complete run of one scenario with one seed.
 *
 * Two fidelities share scoring, epoch and record code (sim/world/ and sim/epochs/). Both check each
 * closed epoch with the same checkers (sim/checkers/watch.h).
 */
#ifndef ASSAY_SIM_RUN_H
#define ASSAY_SIM_RUN_H

#include "sim/outcome.h"

struct assay_sim_options {
    uint64_t seed;        /* decides everything together with the scenario */
    uint32_t threads;     /* 0: one; never changes the outcome */
    bool check_each_step; /* message: the engine's own invariants after each step */
    bool stop_at_violation;
    /* Called after each closed epoch, from the calling thread; false stops the run. NULL: none. */
    bool (*progress)(void *context, const struct assay_sim_outcome *so_far);
    void *context;
};

/*
 * assay_sim_run - run a checked scenario.
 * Out:     *outcome, initialised by this call; the caller frees it, whatever the status
 * Returns: ASSAY_OK (violations are in the outcome) | ASSAY_E_INVALID (assay_scenario_check gives
 *          the reason) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_sim_run(const struct assay_scenario *scenario,
                                              const struct assay_sim_options *options,
                                              struct assay_sim_outcome *outcome);

/* Implementations of the two fidelities. Each Returns: as assay_sim_run. */
ASSAY_CHECKED enum assay_status assay_sim_run_messages(const struct assay_scenario *scenario,
                                                       const struct assay_sim_options *options,
                                                       struct assay_sim_outcome *outcome);
ASSAY_CHECKED enum assay_status assay_sim_run_epochs(const struct assay_scenario *scenario,
                                                     const struct assay_sim_options *options,
                                                     struct assay_sim_outcome *outcome);

#endif
