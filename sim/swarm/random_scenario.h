/*
 * sim/swarm/random_scenario.h - a scenario made of a seed alone: what the swarm runs.
 *
 * Sizes, vendors, operators, link models, loss, duplication, partitions, crashes, store faults,
 * clocks and adversaries, at message fidelity with modelled evidence. Nine of ten stay within what
 * the protocol promises (sim/swarm/promise.h): they heal, and progress is demanded. The others have
 * more than a third of traitors, and nothing is demanded but safety or accountability.
 *
 * What is drawn is part of every kept seed: a change here gives the seeds another meaning, which is
 * why a seed worth keeping is kept as a scenario file (tests/seeds/).
 */
#ifndef ASSAY_SIM_SWARM_RANDOM_SCENARIO_H
#define ASSAY_SIM_SWARM_RANDOM_SCENARIO_H

#include "sim/scenario/scenario.h"

struct assay_sim_swarm_sizes {
    uint32_t nodes_min, nodes_max; /* both 0: mostly 4 to 10, now and then up to 16 */
};

/* Returns: a scenario that passes assay_scenario_check; scenario.seed is seed. */
struct assay_scenario assay_sim_random_scenario(uint64_t seed, struct assay_sim_swarm_sizes sizes);

#endif
