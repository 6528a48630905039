/*
 * apps/sim/commands/minimize.h - minimisation of a failing scenario with the same failure.
 *
 * apps/sim/commands/minimize.c has the command line; this is the implementation, with the runner as
 * an argument.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_MINIMIZE_H
#define ASSAY_APPS_SIM_COMMANDS_MINIMIZE_H

#include "apps/sim/commands/swarm.h"
#include "sim/swarm/minimize.h"

#include <stdio.h>

struct assay_sim_shrinking {
    assay_sim_runner *run;
    uint64_t tries_max; /* 0: ASSAY_SIM_MINIMIZE_TRIES */
    /* Seeds for each candidate, from its own on. More find smaller scenarios, since a change of the
     * roster changes the draws, and take longer. */
    uint32_t seeds;
    FILE *out;                         /* one line for each step; NULL: silent */
    const volatile sig_atomic_t *stop; /* not 0: stop with the present result */
    /* Out. */
    struct assay_sim_breach breach; /* of the scenario in its present form */
    uint64_t tried;
    uint32_t size_before, size_after;
};

/*
 * sim_shrink - the smallest scenario whose run breaks the same checker or assertion.
 *
 * A candidate with fewer guarantees than the original (more than a third of traitors, for example)
 * is no smaller instance of the same failure, whatever its checkers find.
 * In:       *scenario with its seed
 * Out:      *scenario, shrunk; its seed may be another; shrinking->breach and the counts
 * Returns:  false when the scenario does not fail (nothing was changed)
 */
bool sim_shrink(struct assay_sim_shrinking *shrinking, struct assay_scenario *scenario);

#endif
