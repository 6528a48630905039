/*
 * sim/epochs/chance.h - chances as fractions of 2^32, and sixty-four draws at a time.
 */
#ifndef ASSAY_SIM_EPOCHS_CHANCE_H
#define ASSAY_SIM_EPOCHS_CHANCE_H

#include "sim/random.h"

/* A chance of p is p / 2^32. */
enum { CHANCE_NEVER = 0 };
#define CHANCE_ALWAYS UINT32_MAX

/* Returns: permille / 1000. */
uint32_t chance_of_permille(uint32_t permille);
/* Returns: both, one independent of the other. */
uint32_t chance_both(uint32_t a, uint32_t b);
/* Returns: at least one of the two. */
uint32_t chance_either(uint32_t a, uint32_t b);
/* Returns: all of so many independent ones. */
uint32_t chance_all_of(uint32_t each, uint32_t count);

/*
 * 64 independent draws; bit k: the k-th came true. The numbers are compared with the chance bit by
 * bit, all 64 side by side, until each is decided: some eight numbers of the stream for 64 draws.
 * Returns: the bits; 0 for CHANCE_NEVER and all ones for CHANCE_ALWAYS use no number.
 */
uint64_t chance_draw64(struct assay_sim_random *random, uint32_t chance);

#endif
