/*
 * net/tls/frames.c - queue of frames as bytes, bounded in both directions.
 */
#include "net/tls/frames.h"

#include "base/assert.h"
#include "base/writer.h"

#include <stdlib.h>

enum {
    SMALL = 4096,    /* memory that an empty queue retains */
    READ_MIN = 1024, /* below this much room, bytes of frames that were read are overwritten */
    WHOLE_MAX = ASSAY_TLS_FRAME_HEADER + ASSAY_TLS_FRAME_MAX,
};

size_t assay_tls_queue_len(const struct assay_tls_queue *queue)
{
    return queue->end - queue->start;
}

void assay_tls_queue_free(struct assay_tls_queue *queue)
{
    free(queue->bytes);
    *queue = (struct assay_tls_queue){ 0 };
}

void assay_tls_queue_clear(struct assay_tls_queue *queue)
{
    queue->start = queue->end = 0;
    if (queue->capacity > SMALL) assay_tls_queue_free(queue);
}

void assay_tls_queue_drop(struct assay_tls_queue *queue, size_t len)
{
    ASSAY_ASSERT(queue->end <= queue->capacity && len <= assay_tls_queue_len(queue));
    queue->start += len;
    if (queue->start == queue->end) assay_tls_queue_clear(queue);
}

/* The bytes in use move to the front, into more memory unless they fit. */
static enum assay_status move_to(struct assay_tls_queue *queue, size_t capacity)
{
    const size_t len = assay_tls_queue_len(queue);
    ASSAY_ASSERT(len <= capacity);
    uint8_t *bytes = queue->bytes;
    if (capacity != queue->capacity) bytes = malloc(capacity);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < len && bytes == queue->bytes; i++)
        bytes[i] = queue->bytes[queue->start + i];
    if (bytes != queue->bytes) {
        assay_bytes_copy(bytes, capacity, queue->bytes + queue->start, len);
        free(queue->bytes);
    }
    *queue = (struct assay_tls_queue){ bytes, capacity, 0, len };
    return ASSAY_OK;
}

/* Room for len more bytes at the end. */
static enum assay_status make_room(struct assay_tls_queue *queue, size_t len, size_t capacity_max)
{
    ASSAY_ASSERT(queue->end <= queue->capacity);
    if (queue->capacity - queue->end >= len) return ASSAY_OK;
    const size_t used = assay_tls_queue_len(queue);
    if (used > capacity_max || capacity_max - used < len) return ASSAY_E_FULL;
    size_t capacity = queue->capacity > 0 ? queue->capacity : SMALL;
    while (capacity - used < len)
        capacity *= 2;
    return move_to(queue, capacity < capacity_max ? capacity : capacity_max);
}

enum assay_status assay_tls_queue_reserve(struct assay_tls_queue *queue, uint8_t **at, size_t *room)
{
    const size_t used = assay_tls_queue_len(queue);
    ASSAY_ASSERT(used <= WHOLE_MAX);
    if (used == 0) queue->start = queue->end = 0;
    if (queue->start > 0 && queue->capacity - queue->end < READ_MIN)
        ASSAY_TRY(move_to(queue, queue->capacity));
    ASSAY_TRY(make_room(queue, 1, WHOLE_MAX));
    *at = queue->bytes + queue->end;
    *room = queue->capacity - queue->end;
    ASSAY_ASSERT(*room > 0);
    return ASSAY_OK;
}

void assay_tls_queue_commit(struct assay_tls_queue *queue, size_t len)
{
    ASSAY_ASSERT(len <= queue->capacity - queue->end);
    queue->end += len;
}

enum assay_status assay_tls_queue_next(struct assay_tls_queue *queue, struct assay_slice *frame)
{
    const size_t used = assay_tls_queue_len(queue);
    if (used < ASSAY_TLS_FRAME_HEADER) return ASSAY_E_AGAIN;
    const uint8_t *const at = queue->bytes + queue->start;
    const size_t len =
        (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3];
    if (len == 0 || len > ASSAY_TLS_FRAME_MAX) return ASSAY_E_RANGE;
    if (used - ASSAY_TLS_FRAME_HEADER < len) return ASSAY_E_AGAIN;
    *frame = assay_slice_over(at + ASSAY_TLS_FRAME_HEADER, len);
    queue->start += ASSAY_TLS_FRAME_HEADER + len; /* its bytes stay until the next reserve */
    return ASSAY_OK;
}

enum assay_status assay_tls_queue_append(struct assay_tls_queue *queue, struct assay_slice frame,
                                         size_t len_max)
{
    ASSAY_ASSERT(frame.len > 0 && frame.len <= ASSAY_TLS_FRAME_MAX);
    const size_t whole = ASSAY_TLS_FRAME_HEADER + frame.len;
    ASSAY_TRY(make_room(queue, whole, len_max));
    struct assay_writer w =
        assay_writer_over(queue->bytes + queue->end, queue->capacity - queue->end);
    assay_writer_u32be(&w, (uint32_t)frame.len);
    assay_writer_put(&w, frame.bytes, frame.len);
    ASSAY_ASSERT(!w.full && w.len == whole);
    queue->end += whole;
    return ASSAY_OK;
}
