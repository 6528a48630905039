/*
 * tests/support/simplex_twins.h - a voter that lives twice: two machines with the key of slot 0,
 * each honest by itself, on the two sides of a partition.
 */
#ifndef ASSAY_TESTS_SUPPORT_SIMPLEX_TWINS_H
#define ASSAY_TESTS_SUPPORT_SIMPLEX_TWINS_H

#include "sim/simplex/world.h"

/* Machines 0 and 1 (slots 0, 1) on one side, 2, 3 and 4 (slots 2, 3 and again 0) on the other. */
static inline struct assay_sim_simplex *twins_split(const uint32_t weights[static 4])
{
    static const uint32_t side[ASSAY_SIM_SIMPLEX_MACHINES_MAX] = { 0, 0, 1, 1, 1 };
    struct assay_sim_simplex_options options = { .seed = 5,
                                                 .slot_count = 4,
                                                 .machine_count = 5,
                                                 .slots = { 0, 1, 2, 3, 0 },
                                                 .byzantine = { true, false, false, false, true },
                                                 .cadence_ms = 50,
                                                 .delay_min_ms = 1,
                                                 .delay_max_ms = 5 };
    for (uint32_t i = 0; i < 4; i++)
        options.weights[i] = weights[i];
    struct assay_sim_simplex *world = assay_sim_simplex_create(&options);
    assay_sim_simplex_partition(world, side);
    return world;
}

#endif
