/*
 * net/outbox.h - frames that wait for one peer: a bounded queue that drops the oldest.
 *
 * Delivery is never relied on: votes, certificates, envelopes and records are re-sent by the
 * engine's standstill rule, evidence and blocks are pulled again. So when a peer is slow or away
 * the newest frames are the useful ones.
 */
#ifndef ASSAY_NET_OUTBOX_H
#define ASSAY_NET_OUTBOX_H

#include "base/bytes.h"

enum {
    ASSAY_OUTBOX_FRAMES_MAX = 256,
    ASSAY_OUTBOX_BYTES_MAX = 5 << 20, /* the pages of one largest object, and room */
};

struct assay_outbox_frame {
    uint8_t *bytes;
    size_t len;
};

/* All zero is an empty one. */
struct assay_outbox {
    struct assay_outbox_frame frames[ASSAY_OUTBOX_FRAMES_MAX]; /* a ring */
    size_t first, count, bytes;
};

/*
 * assay_outbox_push - copy a frame in, dropping the oldest ones until there is room.
 * Out:     *dropped: how many were
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than the whole queue may be) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_outbox_push(struct assay_outbox *box,
                                                  struct assay_slice frame, uint64_t *dropped);
/* Returns: true and the oldest frame, borrowed, which stays queued. */
bool assay_outbox_peek(const struct assay_outbox *box, struct assay_slice *frame);
/* Forget the oldest frame; the queue must not be empty (asserted). Returns: nothing. */
void assay_outbox_pop(struct assay_outbox *box);
/* Forget all. Returns: nothing. */
void assay_outbox_clear(struct assay_outbox *box);

#endif
