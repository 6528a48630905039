/*
 * host/wire.c - frames: encode and decode side by side.
 */
#include "host/wire.h"

#include "base/assert.h"
#include "base/cursor.h"

enum assay_status assay_frame_encode(const uint8_t chain_id[static 32],
                                     enum assay_message_kind kind, struct assay_slice payload,
                                     struct assay_writer *w)
{
    ASSAY_ASSERT((unsigned)kind <= UINT16_MAX);
    if (payload.len > ASSAY_FRAME_LEN_MAX - ASSAY_FRAME_HEADER_LEN) return ASSAY_E_RANGE;
    assay_writer_u8(w, ASSAY_WIRE_VERSION);
    assay_writer_put(w, chain_id, ASSAY_CHAIN_TAG_LEN);
    assay_writer_u16be(w, (uint16_t)kind);
    assay_writer_put(w, payload.bytes, payload.len);
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
    return ASSAY_OK;
}
