/*
 * net/zmq/outbox.c - ring of frames for one peer.
 */
#include "net/zmq/outbox.h"

#include "base/assert.h"
#include "host/peers/wire.h"

#include <stdlib.h>

_Static_assert((int)ASSAY_OUTBOX_FRAMES_MAX <= (int)ASSAY_BATCH_FRAMES_MAX, "all fit one batch");

static struct assay_outbox_frame *frame_at(struct assay_outbox *box, size_t i)
{
    ASSAY_ASSERT(i < box->count);
    return &box->frames[(box->first + i) % ASSAY_OUTBOX_FRAMES_MAX];
}

static void check_outbox(const struct assay_outbox *box)
{
    ASSAY_ASSERT(box->count <= ASSAY_OUTBOX_FRAMES_MAX && box->own <= box->count);
    ASSAY_ASSERT(box->bytes <= ASSAY_OUTBOX_BYTES_MAX && (box->bytes > 0) == (box->count > 0));
}

uint64_t assay_outbox_tag(const uint8_t digest[static 32])
{
    uint64_t tag = 0;
    for (size_t i = 0; i < sizeof tag; i++)
        tag = tag << 8 | digest[i];
    return tag != 0 ? tag : 1;
}

/* Releases the content of frame i; its slot stays in use. */
static void release_frame(struct assay_outbox *box, size_t i)
{
    struct assay_outbox_frame *frame = frame_at(box, i);
    ASSAY_ASSERT(box->bytes >= frame->len);
    box->bytes -= frame->len;
    if (frame->relay == 0) box->own--;
    free(frame->bytes);
    *frame = (struct assay_outbox_frame){ 0 };
}

void assay_outbox_pop(struct assay_outbox *box, size_t count)
{
    ASSAY_ASSERT(count <= box->count);
    for (size_t i = 0; i < count; i++) {
        release_frame(box, 0);
        box->first = (box->first + 1) % ASSAY_OUTBOX_FRAMES_MAX;
        box->count--;
    }
    if (box->count == 0) box->first = 0; /* the same few places again and again, not all of them */
    check_outbox(box);
}

bool assay_outbox_remove_relay(struct assay_outbox *box, uint64_t relay)
{
    ASSAY_ASSERT(relay != 0);
    size_t at = 0;
    while (at < box->count && frame_at(box, at)->relay != relay) at++;
    if (at == box->count) return false;
    release_frame(box, at);
    for (size_t i = at; i + 1 < box->count; i++)
        *frame_at(box, i) = *frame_at(box, i + 1);
    *frame_at(box, box->count - 1) = (struct assay_outbox_frame){ 0 };
    box->count--;
    check_outbox(box);
    return true;
}

bool assay_outbox_is_full(const struct assay_outbox *box, size_t len)
{
    ASSAY_ASSERT(box->bytes <= ASSAY_OUTBOX_BYTES_MAX);
    return box->count == ASSAY_OUTBOX_FRAMES_MAX || len > ASSAY_OUTBOX_BYTES_MAX - box->bytes;
}

enum assay_status assay_outbox_push(struct assay_outbox *box, uint64_t now_ms,
                                    struct assay_slice frame, uint64_t relay, uint64_t *dropped)
{
    *dropped = 0;
    if (frame.len == 0 || frame.len > ASSAY_OUTBOX_BYTES_MAX) return ASSAY_E_RANGE;
    uint8_t *copy = malloc(frame.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, frame.len, frame.bytes, frame.len);
    while (box->count > 0 && assay_outbox_is_full(box, frame.len)) {
        assay_outbox_pop(box, 1);
        (*dropped)++;
    }
    /* The first relay sets the time; later ones join it. */
    if (relay != 0 && box->count == box->own) box->relay_at_ms = now_ms + ASSAY_OUTBOX_RELAY_MS;
    box->count++;
    *frame_at(box, box->count - 1) =
        (struct assay_outbox_frame){ .bytes = copy, .len = frame.len, .relay = relay };
    box->bytes += frame.len;
    if (relay == 0) box->own++;
    check_outbox(box);
    return ASSAY_OK;
}

bool assay_outbox_has_due(const struct assay_outbox *box, uint64_t now_ms)
{
    return box->own > 0 || (box->count > 0 && now_ms >= box->relay_at_ms);
}

size_t assay_outbox_build_batch(const struct assay_outbox *box, uint8_t *buffer, size_t capacity,
                                struct assay_slice *frame)
{
    ASSAY_ASSERT(box->count > 0 && capacity >= ASSAY_FRAME_LEN_MAX);
    struct assay_writer w = assay_writer_over(buffer, ASSAY_FRAME_LEN_MAX);
    size_t count = 0;
    for (; count < box->count; count++) {
        const struct assay_outbox_frame *next =
            &box->frames[(box->first + count) % ASSAY_OUTBOX_FRAMES_MAX];
        if (assay_batch_add(&w, assay_slice_over(next->bytes, next->len)) != ASSAY_OK) break;
    }
    if (count > 1 && assay_writer_finish(&w, frame) == ASSAY_OK) return count;
    const struct assay_outbox_frame *oldest = &box->frames[box->first];
    *frame = assay_slice_over(oldest->bytes, oldest->len);
    return 1;
}

void assay_outbox_clear(struct assay_outbox *box)
{
    assay_outbox_pop(box, box->count);
}
