/*
 * host/peers/wire.c - codec of frames and batches.
 */
#include "host/peers/wire.h"

#include "base/assert.h"
#include "base/cursor.h"

enum assay_status assay_frame_encode(const uint8_t chain_id[static 32],
                                     enum assay_message_kind kind, struct assay_slice payload,
                                     struct assay_writer *w)
{
    const size_t start = w->len;
    ASSAY_ASSERT((unsigned)kind <= UINT16_MAX);
    if (payload.len > ASSAY_FRAME_LEN_MAX - ASSAY_FRAME_HEADER_LEN) return ASSAY_E_RANGE;
    assay_writer_u8(w, ASSAY_WIRE_VERSION);
    assay_writer_put(w, chain_id, ASSAY_CHAIN_TAG_LEN);
    assay_writer_u16be(w, (uint16_t)kind);
    assay_writer_put(w, payload.bytes, payload.len);
    ASSAY_ASSERT(w->full || w->len - start == ASSAY_FRAME_HEADER_LEN + payload.len);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

enum assay_status assay_frame_decode(const uint8_t chain_id[static 32], struct assay_slice bytes,
                                     struct assay_frame *frame)
{
    if (bytes.len > ASSAY_FRAME_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    uint8_t version = 0;
    const uint8_t *tag = NULL;
    uint16_t kind = 0;
    struct assay_frame f = { 0 };

    ASSAY_TRY(assay_cursor_u8(&in, &version));
    if (version != ASSAY_WIRE_VERSION) return ASSAY_E_VERSION;
    ASSAY_TRY(assay_cursor_take(&in, ASSAY_CHAIN_TAG_LEN, &tag));
    ASSAY_TRY(assay_cursor_u16be(&in, &kind));
    if (!assay_bytes_equal(tag, chain_id, ASSAY_CHAIN_TAG_LEN)) return ASSAY_E_CHAIN;
    if (!assay_message_lane(kind, &f.lane)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &f.payload));
    f.kind = (enum assay_message_kind)kind;
    *frame = f;
    ASSAY_ASSERT(f.payload.len == bytes.len - ASSAY_FRAME_HEADER_LEN);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ several frames in one */

enum { LENGTH_LEN = 2 };

static bool is_batch(struct assay_slice bytes)
{
    return bytes.len > 0 && bytes.bytes[0] == ASSAY_BATCH_VERSION;
}

enum assay_status assay_batch_add(struct assay_writer *w, struct assay_slice frame)
{
    ASSAY_ASSERT(w->capacity <= ASSAY_FRAME_LEN_MAX && !w->full);
    if (frame.len < ASSAY_FRAME_HEADER_LEN || frame.len > UINT16_MAX) return ASSAY_E_RANGE;
    const size_t header = w->len == 0 ? ASSAY_BATCH_HEADER_LEN : 0;
    if (w->capacity - w->len < header + LENGTH_LEN + frame.len) return ASSAY_E_FULL;
    if (header > 0) assay_writer_u8(w, ASSAY_BATCH_VERSION);
    assay_writer_u16be(w, (uint16_t)frame.len);
    assay_writer_put(w, frame.bytes, frame.len);
    ASSAY_ASSERT(!w->full);
    ASSAY_ASSERT(w->len <= ASSAY_FRAME_LEN_MAX);
    return ASSAY_OK;
}

struct assay_batch assay_batch_init(struct assay_slice bytes)
{
    return (struct assay_batch){ .bytes = bytes,
                                 .at = is_batch(bytes) ? ASSAY_BATCH_HEADER_LEN : 0 };
}

bool assay_batch_is_empty(const struct assay_batch *batch)
{
    ASSAY_ASSERT(batch->at <= batch->bytes.len);
    return batch->at == batch->bytes.len && batch->count > 0;
}

static enum assay_status read_next(const struct assay_batch *batch, struct assay_slice *frame)
{
    const struct assay_slice all = batch->bytes;
    struct assay_cursor in = assay_cursor_over(all.bytes + batch->at, all.len - batch->at);
    uint16_t len = 0;
    ASSAY_ASSERT(batch->at >= ASSAY_BATCH_HEADER_LEN);
    if (batch->count >= ASSAY_BATCH_FRAMES_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_u16be(&in, &len));
    if (len < ASSAY_FRAME_HEADER_LEN) return ASSAY_E_TRUNCATED;
    ASSAY_TRY(assay_cursor_slice(&in, len, frame));
    ASSAY_ASSERT(frame->len == len && frame->len >= ASSAY_FRAME_HEADER_LEN);
    return is_batch(*frame) ? ASSAY_E_RANGE : ASSAY_OK;
}

enum assay_status assay_batch_next(struct assay_batch *batch, struct assay_slice *frame)
{
    ASSAY_ASSERT(!assay_batch_is_empty(batch));
    if (!is_batch(batch->bytes)) {
        *frame = batch->bytes;
        batch->at = batch->bytes.len;
        batch->count = 1;
        return ASSAY_OK;
    }
    const enum assay_status status = read_next(batch, frame);
    batch->at = status == ASSAY_OK ? batch->at + LENGTH_LEN + frame->len : batch->bytes.len;
    batch->count++;
    ASSAY_ASSERT(batch->at <= batch->bytes.len);
    ASSAY_ASSERT(batch->count <= ASSAY_BATCH_FRAMES_MAX + 1);
    return status;
}
