/*
 * sim/swarm/minimize.h - the smallest scenario that still fails in the same way.
 *
 * Delta debugging (Zeller, Hildebrandt 2002) over the lists of a scenario, bisection over its
 * numbers, repeated to a fixed point. The caller defines "in the same way"; every candidate has
 * passed assay_scenario_check.
 */
#ifndef ASSAY_SIM_SWARM_MINIMIZE_H
#define ASSAY_SIM_SWARM_MINIMIZE_H

#include "sim/scenario/scenario.h"

struct assay_sim_minimize {
    /* Whether this candidate fails in the same way. May set candidate->seed to one under which it
     * does. */
    bool (*fails)(void *context, struct assay_scenario *candidate);
    /* Called after each reduction; what: static text. NULL: none. */
    void (*smaller)(void *context, const struct assay_scenario *now, const char *what,
                    uint64_t tried);
    void *context;
    uint64_t tries_max; /* 0: ASSAY_SIM_MINIMIZE_TRIES */
};
enum { ASSAY_SIM_MINIMIZE_TRIES = 2000 };

/*
 * assay_sim_minimize - shrink a scenario that fails.
 *
 * In:       *scenario, which fails (the caller has verified it)
 * Out:      *scenario, the smallest found; tries_max runs at most
 * Returns:  number of candidates that were run
 */
uint64_t assay_sim_minimize(struct assay_scenario *scenario,
                            const struct assay_sim_minimize *options);

/* Size of a scenario beyond a good network of honest nodes: adversaries, partitions, crashes,
 * cohorts, assertions, and numbers that are not neutral. Returns: their count. */
uint32_t assay_sim_minimize_size(const struct assay_scenario *scenario);

#endif
