/*
 * sim/epochs/chance.h - probabilities as fractions of 2^32, and sequences of draws.
 */
#ifndef ASSAY_SIM_EPOCHS_CHANCE_H
#define ASSAY_SIM_EPOCHS_CHANCE_H

#include "sim/scenario/random.h"

/* A probability p is p / 2^32. */
enum { CHANCE_NEVER = 0 };
#define CHANCE_ALWAYS UINT32_MAX

/* Returns: permille / 1000. */
uint32_t chance_of_permille(uint32_t permille);
/* Returns: the probability of both, if independent. */
uint32_t chance_both(uint32_t a, uint32_t b);
/* Returns: the probability of at least one of the two. */
uint32_t chance_either(uint32_t a, uint32_t b);
/* Returns: the probability of that many independent ones. */
uint32_t chance_all_of(uint32_t each, uint32_t count);

/* Returns: the outcome of one draw. */
bool chance_draw(struct assay_sim_random *random, uint32_t chance);

/*
 * A sequence of independent draws: how many fail before the next success. survives[k] is the
 * probability that k in a row fail, in 2^-64, so one number of the stream gives the position of the
 * next success, however rare.
 * In: chance; count: the longest sequence. Out: survives[count + 1].
 */
void chance_gaps(uint32_t chance, uint32_t count, uint64_t *survives);
/* Returns: the gap before the next success; count when there is none. */
uint32_t chance_gap(struct assay_sim_random *random, const uint64_t *survives, uint32_t count);

#endif
