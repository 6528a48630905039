/*
 * sim/swarm/minimize.h - the smallest scenario that still fails in the same way.
 *
 * Delta debugging (Zeller, Hildebrandt 2002) over the lists of a scenario, bisection over its
 * numbers, again and again until nothing gets smaller. What "in the same way" means the caller
 * says; every candidate has passed assay_scenario_check.
 */
#ifndef ASSAY_SIM_SWARM_MINIMIZE_H
#define ASSAY_SIM_SWARM_MINIMIZE_H

#include "sim/scenario/scenario.h"

struct assay_sim_minimize {
    /* Does this candidate fail in the same way? May set candidate->seed to one under which it does.
     */
    bool (*fails)(void *context, struct assay_scenario *candidate);
    /* Something got smaller; what: static text. NULL: nobody looks. */
    void (*smaller)(void *context, const struct assay_scenario *now, const char *what,
                    uint64_t tried);
    void *context;
    uint64_t tries_max; /* 0: ASSAY_SIM_MINIMIZE_TRIES */
};
enum { ASSAY_SIM_MINIMIZE_TRIES = 2000 };

/*
 * assay_sim_minimize - shrink a scenario that fails.
 *
 * In:       *scenario, which fails (the caller has seen it)
 * Out:      *scenario, the smallest found; tries_max runs at most
 * Returns:  how many candidates were run
 */
uint64_t assay_sim_minimize(struct assay_scenario *scenario,
                            const struct assay_sim_minimize *options);

/* What is in a scenario beyond a good network of honest nodes: adversaries, partitions, crashes,
 * cohorts, assertions, and numbers that are not neutral. Returns: how many. */
uint32_t assay_sim_minimize_size(const struct assay_scenario *scenario);

#endif
