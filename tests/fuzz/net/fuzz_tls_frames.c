/*
 * tests/fuzz/net/fuzz_tls_frames.c - fuzz target of the queue of frames of a link: bytes in parts
 * of any size are the same frames as in one, and memory stays below its bound.
 */
#include "base/assert.h"
#include "net/tls/frames.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Returns: the next frame by its definition; len 0: none */
static struct assay_slice find_frame(const uint8_t *bytes, size_t len)
{
    if (len < ASSAY_TLS_FRAME_HEADER) return (struct assay_slice){ NULL, 0 };
    const size_t count =
        (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
    if (count > ASSAY_TLS_FRAME_MAX || len - ASSAY_TLS_FRAME_HEADER < count)
        return (struct assay_slice){ NULL, 0 };
    return assay_slice_over(bytes + ASSAY_TLS_FRAME_HEADER, count);
}

/* Takes the frames that have arrived. Returns: false: the connection would end */
static bool take_frames(struct assay_tls_queue *queue, const uint8_t *bytes, size_t len,
                        size_t *taken)
{
    struct assay_slice frame;
    for (;;) {
        const enum assay_status status = assay_tls_queue_next(queue, &frame);
        const struct assay_slice wanted = find_frame(bytes + *taken, len - *taken);
        ASSAY_ASSERT((status == ASSAY_OK) == (wanted.len > 0));
        if (status != ASSAY_OK) return status == ASSAY_E_AGAIN;
        ASSAY_ASSERT(frame.len == wanted.len &&
                     assay_bytes_equal(frame.bytes, wanted.bytes, frame.len));
        *taken += ASSAY_TLS_FRAME_HEADER + frame.len;
    }
}

/* The first byte is the size of the parts, in sixteens. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_tls_queue queue = { 0 };
    size_t given = 0, taken = 0;
    if (len == 0) return 0;
    const size_t part = 1 + (size_t)bytes[0] * 16;
    bytes++;
    len--;
    while (given < len) {
        uint8_t *at = NULL;
        size_t room = 0;
        const enum assay_status status = assay_tls_queue_reserve(&queue, &at, &room);
        ASSAY_ASSERT(status == ASSAY_OK);
        ASSAY_ASSERT(queue.capacity <= ASSAY_TLS_FRAME_HEADER + ASSAY_TLS_FRAME_MAX);
        size_t count = len - given < part ? len - given : part;
        if (count > room) count = room;
        assay_bytes_copy(at, room, bytes + given, count);
        assay_tls_queue_commit(&queue, count);
        given += count;
        if (!take_frames(&queue, bytes, given, &taken)) break;
    }
    assay_tls_queue_free(&queue);
    return 0;
}
