/*
 * net/tls/frames.h - queue of frames as bytes: a length (u32 big-endian, 1 to
 * ASSAY_TLS_FRAME_MAX) and that many bytes.
 *
 * A queue grows as bytes arrive, by doubling, and not by what a length announces. One that is empty
 * has no memory above a small buffer.
 */
#ifndef ASSAY_NET_TLS_FRAMES_H
#define ASSAY_NET_TLS_FRAMES_H

#include "base/bytes.h"

enum {
    ASSAY_TLS_FRAME_MAX = 48 * 1024,
    ASSAY_TLS_FRAME_HEADER = 4,
    /* Bytes that one link may have queued for its peer: of a replica, and of an enclave, whose
     * frames are smaller and whose memory is scarce. */
    ASSAY_TLS_QUEUE_MAX = 192 * 1024,
    ASSAY_TLS_QUEUE_SMALL = ASSAY_TLS_FRAME_HEADER + ASSAY_TLS_FRAME_MAX,
};

/* All zero: empty. Bytes start .. end are in use. */
struct assay_tls_queue {
    uint8_t *bytes;
    size_t capacity, start, end;
};

/* Frees its memory; it is empty then. */
void assay_tls_queue_free(struct assay_tls_queue *queue);
/* Drops all of it. */
void assay_tls_queue_clear(struct assay_tls_queue *queue);
/* Returns: the number of bytes in use. */
size_t assay_tls_queue_len(const struct assay_tls_queue *queue);
/* Drops the first bytes. In: len <= assay_tls_queue_len (asserted). */
void assay_tls_queue_drop(struct assay_tls_queue *queue, size_t len);

/* Makes room for bytes that arrive; slices of before are invalid. Out: *room > 0 bytes at *at, of
 * which assay_tls_queue_commit is called with how many arrived. Returns: ASSAY_OK | ASSAY_E_FULL
 * (an unread frame of the largest size) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_tls_queue_reserve(struct assay_tls_queue *queue, uint8_t **at,
                                                        size_t *room);
void assay_tls_queue_commit(struct assay_tls_queue *queue, size_t len);
/* The next frame, which is dropped from the queue. Out: *frame: borrowed until the next call that
 * changes the queue. Returns: ASSAY_OK | ASSAY_E_AGAIN (its end has not arrived) | ASSAY_E_RANGE (a
 * length that no frame has) */
ASSAY_CHECKED enum assay_status assay_tls_queue_next(struct assay_tls_queue *queue,
                                                     struct assay_slice *frame);

/* Appends a frame with its length. In: frame: 1 to ASSAY_TLS_FRAME_MAX bytes (asserted); len_max:
 * of all that waits, with lengths. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_MEMORY; unchanged
 * then */
ASSAY_CHECKED enum assay_status assay_tls_queue_append(struct assay_tls_queue *queue,
                                                       struct assay_slice frame, size_t len_max);

#endif
