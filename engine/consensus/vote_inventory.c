/*
 * engine/consensus/vote_inventory.c - encoding and decoding of VOTE_INVENTORY and
 * VOTE_REQUEST_MISSING.
 */
#include "engine/consensus/vote_inventory.h"

#include "base/assert.h"
#include "base/cbor.h"

enum { BITMAP_LEN_MAX = ASSAY_MEMBERS_MAX / 8 };

static void encode_view(const struct assay_vote_inventory_view *view, struct assay_writer *w)
{
    assay_cbor_put_array(w, 1 + ASSAY_VOTE_TYPES);
    assay_cbor_put_uint(w, view->view);
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
        ASSAY_ASSERT(view->bits[type].len <= BITMAP_LEN_MAX);
        assay_cbor_put_bytes(w, view->bits[type].bytes, view->bits[type].len);
    }
}

void assay_vote_inventory_encode(const struct assay_vote_inventory *have, struct assay_writer *w)
{
    ASSAY_ASSERT(have->count > 0 && have->count <= ASSAY_VOTE_INVENTORY_VIEWS);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, have->era);
    assay_cbor_put_uint(w, have->epoch);
    assay_cbor_put_array(w, have->count);
    for (uint32_t i = 0; i < have->count; i++) {
        ASSAY_ASSERT(i == 0 || have->views[i].view > have->views[i - 1].view);
        encode_view(&have->views[i], w);
    }
}

/* An empty bitmap is encoded as none: one meaning, one encoding. */
static enum assay_status decode_view(struct assay_cursor *c, struct assay_vote_inventory_view *view)
{
    bool any = false;
    ASSAY_TRY(assay_cbor_array_exact(c, 1 + ASSAY_VOTE_TYPES));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &view->view));
    if (view->view == 0) return ASSAY_E_RANGE;
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
        struct assay_slice *bits = &view->bits[type];
        ASSAY_TRY(assay_cbor_bytes(c, BITMAP_LEN_MAX, bits));
        if (bits->len > 0 && assay_bytes_all_zero(bits->bytes, bits->len)) return ASSAY_E_INVALID;
        any |= bits->len > 0;
    }
    return any ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_vote_inventory_decode(struct assay_slice payload,
                                              struct assay_vote_inventory *have)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_vote_inventory h = { 0 };
    uint64_t era = 0;
    uint64_t count = 0;
    if (payload.len > ASSAY_VOTE_INVENTORY_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &h.epoch));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_VOTE_INVENTORY_VIEWS, &count));
    if (count == 0) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_TRY(decode_view(&c, &h.views[i]));
        if (i > 0 && h.views[i].view <= h.views[i - 1].view) return ASSAY_E_INVALID;
    }
    ASSAY_TRY(assay_cursor_end(&c));
    h.era = (uint32_t)era;
    h.count = (uint32_t)count;
    *have = h;
    ASSAY_ASSERT(have->count > 0 && have->count <= ASSAY_VOTE_INVENTORY_VIEWS);
    return ASSAY_OK;
}

enum assay_status assay_vote_inventory_fits(const struct assay_vote_inventory *have,
                                            uint32_t members)
{
    const size_t len = ((size_t)members + 7) / 8;
    for (uint32_t i = 0; i < have->count; i++)
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
            const size_t found = have->views[i].bits[type].len;
            if (found > 0 && found != len) return ASSAY_E_RANGE;
        }
    return ASSAY_OK;
}
