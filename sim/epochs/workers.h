/*
 * sim/epochs/workers.h - parallel loop over a range of slots.
 *
 * A share of the work writes only the data of its own slots, and every random number is keyed by
 * slot: the number and order of threads change no byte.
 */
#ifndef ASSAY_SIM_EPOCHS_WORKERS_H
#define ASSAY_SIM_EPOCHS_WORKERS_H

#include <stdint.h>

enum { WORKERS_MAX = 64 };

/* Slots from .. to - 1; worker counts from 0 and names the scratch memory to use. */
typedef void workers_share(void *context, uint32_t worker, uint32_t from, uint32_t to);

struct workers;

/* threads: 1 .. WORKERS_MAX, the caller's included; where threads cannot be made the caller does
 * the work alone. Returns: the workers; aborts without memory. */
struct workers *workers_create(uint32_t threads);
/* Accepts a pointer to NULL; nulls it. */
void workers_destroy(struct workers **workers);
/* Returns: how many there are, the caller included. */
uint32_t workers_count(const struct workers *workers);
/* All of 0 .. count - 1, in pieces of `piece` slots; returns when everything is done. */
void workers_run(struct workers *workers, uint32_t count, uint32_t piece, workers_share *share,
                 void *context);

#endif
