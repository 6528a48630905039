/*
 * engine/ledger/records/inventory.c - encoding and decoding of INVENTORY and REQUEST_MISSING.
 */
#include "engine/ledger/records/inventory.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"

enum assay_status assay_inventory_encode(const struct assay_inventory *have, struct assay_writer *w)
{
    ASSAY_ASSERT(have->epoch <= INT64_MAX && have->envelopes.len > 0);
    ASSAY_ASSERT(have->envelopes.len == have->ballots.len);
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, have->epoch);
    assay_cbor_put_bytes(w, have->envelopes.bytes, have->envelopes.len);
    assay_cbor_put_bytes(w, have->ballots.bytes, have->ballots.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_inventory_decode(struct assay_slice payload, uint32_t members,
                                         struct assay_inventory *have)
{
    ASSAY_ASSERT(members > 0);
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_inventory h = { 0 };
    const size_t len = assay_inventory_bitmap_len(members);
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &h.epoch));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_MEMBERS_MAX / 8, &h.envelopes));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_MEMBERS_MAX / 8, &h.ballots));
    ASSAY_TRY(assay_cursor_end(&c));
    if (h.envelopes.len != h.ballots.len) return ASSAY_E_RANGE;
    /* Of a roster that this node has not reached, or has left: no fault of an honest sender. */
    if (h.envelopes.len != len) return h.envelopes.len > len ? ASSAY_E_EARLY : ASSAY_E_STALE;
    *have = h;
    ASSAY_ASSERT(have->envelopes.len * 8 >= members);
    return ASSAY_OK;
}
