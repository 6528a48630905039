/*
 * net/outbox.c - a ring of frames.
 */
#include "net/outbox.h"

#include "base/assert.h"

#include <stdlib.h>

void assay_outbox_pop(struct assay_outbox *box)
{
    ASSAY_ASSERT(box->count > 0);
    struct assay_outbox_frame *frame = &box->frames[box->first];
    ASSAY_ASSERT(box->bytes >= frame->len);
    box->bytes -= frame->len;
    free(frame->bytes);
    *frame = (struct assay_outbox_frame){ 0 };
    box->first = (box->first + 1) % ASSAY_OUTBOX_FRAMES_MAX;
    box->count--;
}

enum assay_status assay_outbox_push(struct assay_outbox *box, struct assay_slice frame,
                                    uint64_t *dropped)
{
    *dropped = 0;
    if (frame.len == 0 || frame.len > ASSAY_OUTBOX_BYTES_MAX) return ASSAY_E_RANGE;
    uint8_t *copy = malloc(frame.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, frame.len, frame.bytes, frame.len);
    while (box->count == ASSAY_OUTBOX_FRAMES_MAX ||
           box->bytes + frame.len > ASSAY_OUTBOX_BYTES_MAX) {
        assay_outbox_pop(box);
        (*dropped)++;
    }
    const size_t at = (box->first + box->count) % ASSAY_OUTBOX_FRAMES_MAX;
    box->frames[at] = (struct assay_outbox_frame){ .bytes = copy, .len = frame.len };
    box->count++;
    box->bytes += frame.len;
    return ASSAY_OK;
}

bool assay_outbox_peek(const struct assay_outbox *box, struct assay_slice *frame)
{
    if (box->count == 0) return false;
    const struct assay_outbox_frame *first = &box->frames[box->first];
    *frame = assay_slice_over(first->bytes, first->len);
    return true;
}

void assay_outbox_clear(struct assay_outbox *box)
{
    while (box->count > 0)
        assay_outbox_pop(box);
}
