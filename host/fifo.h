/*
 * host/fifo.h - FIFO queue of variable-length records in caller-provided memory.
 *
 * What waits inside a node (events for its engine, messages and deeds for the time after the
 * commit) waits here: bounded from the beginning, so that no peer decides how much is held. A
 * record stays where it is until it is popped.
 */
#ifndef ASSAY_HOST_FIFO_H
#define ASSAY_HOST_FIFO_H

#include "base/bytes.h"

enum { ASSAY_FIFO_ALIGN = 16 };

/* All of it belongs to fifo.c. */
struct assay_fifo {
    uint8_t *memory;
    size_t capacity;
    size_t first, next; /* the oldest record; where the newest one ends */
    size_t wrap;        /* where the records before the wrap end; 0: there was none */
    size_t count;
};

/* memory is aligned to ASSAY_FIFO_ALIGN (asserted) and outlives the queue. */
void assay_fifo_init(struct assay_fifo *fifo, void *memory, size_t memory_len);
/* Returns: room for a record of len bytes, aligned, not filled; NULL: the queue is full. */
void *assay_fifo_push(struct assay_fifo *fifo, size_t len);
/* Returns: the oldest record, which stays queued; NULL: there is none. */
void *assay_fifo_peek(const struct assay_fifo *fifo);
/* Forget the oldest record; there is one (asserted). */
void assay_fifo_pop(struct assay_fifo *fifo);
/* Returns: the longest record that is sure to find room. */
size_t assay_fifo_room(const struct assay_fifo *fifo);
/* Forget all. */
void assay_fifo_clear(struct assay_fifo *fifo);

#endif
