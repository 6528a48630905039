/*
 * net/transport/ring.h - single-producer, single-consumer record ring in memory shared by two
 * processes.
 *
 * Neither side trusts the other: each stores its own position and only looks at the other's, which
 * must lie where it can; a record is copied out before anything in it is looked at. The memory must
 * not shrink (a sealed memfd). What is written is seen by the reader when it is published; whether
 * the reader sleeps, and wants to be woken up, is said in the memory, too, so that a batch costs
 * one wake-up and a reader at work none.
 */
#ifndef ASSAY_NET_TRANSPORT_RING_H
#define ASSAY_NET_TRANSPORT_RING_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdatomic.h>

/* What both see; all zero is an empty ring. Positions count bytes since the beginning. */
struct assay_ring_shared {
    _Alignas(64) _Atomic uint64_t written;
    _Alignas(64) _Atomic uint64_t taken;
    _Alignas(64) _Atomic uint32_t sleeps; /* the reader: 1, wake it up */
};

/* One side of it. */
struct assay_ring {
    struct assay_ring_shared *shared;
    uint8_t *bytes; /* [size], shared */
    uint64_t size;
    uint64_t at;    /* position of this side: the writer's is not all published */
};

/* Returns: one side, at the beginning. */
struct assay_ring assay_ring_init(struct assay_ring_shared *shared, uint8_t *bytes, uint64_t size);

/* --- the writer's */
/* Returns: whether a record of this length fits now; false as well when the reader's position is
 * invalid. */
bool assay_ring_has_room(const struct assay_ring *ring, size_t len);
/* Returns: ASSAY_OK | ASSAY_E_FULL (nothing changed) | ASSAY_E_RANGE (the reader took what was
 * never written) */
ASSAY_CHECKED enum assay_status assay_ring_write(struct assay_ring *ring,
                                                 struct assay_slice record);
/* What was put is there. Returns: whether the reader is to be woken up. */
bool assay_ring_publish(struct assay_ring *ring);
/* Returns: whether the reader has read all that was published; false as well when its position is
 * invalid. */
bool assay_ring_is_drained(const struct assay_ring *ring);

/* Where nothing is in it, its pages go back to the machine: over time every one was written, and
 * few are needed at once. */
void assay_ring_trim(struct assay_ring *ring);

/* --- the reader's */
/*
 * assay_ring_read - copies the next record out.
 * Out:     buffer[capacity], *len on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (none is there) | ASSAY_E_RANGE (invalid state of the writer: a
 *          position out of the ring, a record longer than what was written or than capacity)
 */
ASSAY_CHECKED enum assay_status assay_ring_read(struct assay_ring *ring, uint8_t *buffer,
                                                size_t capacity, size_t *len);
/* The reader is about to sleep. Returns: whether it may: nothing is there. */
bool assay_ring_sleep(struct assay_ring *ring);
/* It does not sleep any more. */
void assay_ring_wake(struct assay_ring *ring);

#endif
