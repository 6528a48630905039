/*
 * sim/epochs/chance.h - chances as fractions of 2^32, and rows of draws.
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

/* Returns: whether it came true this once. */
bool chance_draw(struct assay_sim_random *random, uint32_t chance);

/*
 * Independent draws in a row: how many fail before the next comes true. survives[k] is the chance
 * that k in a row fail, in 2^-64, so one number of the stream says where the next one is, however
 * rare it is.
 * In: chance; count: the longest row. Out: survives[count + 1]. Returns: nothing.
 */
void chance_gaps(uint32_t chance, uint32_t count, uint64_t *survives);
/* Returns: the gap before the next one that comes true; count when none of so many does. */
uint32_t chance_gap(struct assay_sim_random *random, const uint64_t *survives, uint32_t count);

#endif
