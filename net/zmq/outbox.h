/*
 * net/zmq/outbox.h - bounded send queue of one peer: drops the oldest frames, sends in batches.
 *
 * Delivery is never relied on: votes, certificates, envelopes and records are re-sent by the
 * engine's standstill rule, evidence and blocks are pulled again. So when a peer is slow or away
 * the newest frames are the useful ones.
 *
 * What we pass on for others may wait a moment (ASSAY_OUTBOX_RELAY_MS): it leaves with whatever
 * leaves next, and not at all when the peer shows meanwhile that it has it (docs/protocol.md
 * 4.1.1).
 */
#ifndef ASSAY_NET_ZMQ_OUTBOX_H
#define ASSAY_NET_ZMQ_OUTBOX_H

#include "base/bytes.h"
#include "base/writer.h"

enum {
    ASSAY_OUTBOX_FRAMES_MAX = 256,
    ASSAY_OUTBOX_BYTES_MAX = 5 << 20, /* the pages of one largest object, and room */
    ASSAY_OUTBOX_RELAY_MS = 40,
};

struct assay_outbox_frame {
    uint8_t *bytes;
    size_t len;
    uint64_t relay; /* the tag of a relayed message; 0: an own one, which is sent at once */
};

/* All zero is an empty one. */
struct assay_outbox {
    struct assay_outbox_frame frames[ASSAY_OUTBOX_FRAMES_MAX]; /* a ring */
    size_t first, count, bytes;
    size_t own;           /* how many of count are no relays */
    uint64_t relay_at_ms; /* when the relays leave even without company */
};

/* Returns: what names a message in relay: of its SHA-256, never 0. */
uint64_t assay_outbox_tag(const uint8_t digest[static 32]);
/*
 * assay_outbox_push - copies a frame in, dropping the oldest ones until there is room.
 * In:      relay: assay_outbox_tag of a relayed message | 0
 * Out:     *dropped: how many were
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than the complete queue may be) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_outbox_push(struct assay_outbox *box, uint64_t now_ms,
                                                  struct assay_slice frame, uint64_t relay,
                                                  uint64_t *dropped);
/* Returns: whether a frame of this length would push others out. */
bool assay_outbox_is_full(const struct assay_outbox *box, size_t len);
/* The peer has the message: what was to be passed on to it need not go. Returns: whether it
 * waited. */
bool assay_outbox_remove_relay(struct assay_outbox *box, uint64_t relay);
/* Returns: whether something is to leave now. */
bool assay_outbox_has_due(const struct assay_outbox *box, uint64_t now_ms);
/*
 * assay_outbox_build_batch - the oldest frames as one for the wire (host/peers/wire.h), which stay
 * queued.
 * In:      the box not empty (asserted); buffer[capacity] for a batch, capacity >=
 *          ASSAY_FRAME_LEN_MAX
 * Out:     *frame: borrowed, of the box or the buffer
 * Returns: how many frames it holds, 1 or more: what to give to assay_outbox_pop when it was sent
 */
size_t assay_outbox_build_batch(const struct assay_outbox *box, uint8_t *buffer, size_t capacity,
                                struct assay_slice *frame);
/* Removes the oldest frames; count must not exceed the queue (asserted). */
void assay_outbox_pop(struct assay_outbox *box, size_t count);
/* Forget all. */
void assay_outbox_clear(struct assay_outbox *box);

#endif
