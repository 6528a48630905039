/*
 * sim/swarm/random_scenario.h - random scenarios of the swarm, each derived from a seed.
 *
 * Sizes, vendors, operators, link models, loss, duplication, partitions, crashes, store faults,
 * clocks and adversaries, at message fidelity with modelled evidence. Nine of ten stay within the
 * guarantees of the protocol (sim/swarm/promise.h): they heal, and progress is required. The others
 * have more than a third of traitors, and only safety or accountability is required.
 *
 * The draws are part of every stored seed: a change here gives the seeds another meaning, which is
 * why a seed worth keeping is stored as a scenario file (tests/seeds/).
 */
#ifndef ASSAY_SIM_SWARM_RANDOM_SCENARIO_H
#define ASSAY_SIM_SWARM_RANDOM_SCENARIO_H

#include "sim/scenario/scenario.h"

struct assay_sim_swarm_sizes {
    uint32_t nodes_min, nodes_max; /* both 0: mostly 4 to 10, sometimes up to 16 */
};

/* Returns: a scenario that passes assay_scenario_check; scenario.seed is seed. */
struct assay_scenario assay_sim_random_scenario(uint64_t seed, struct assay_sim_swarm_sizes sizes);

#endif
