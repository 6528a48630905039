/*
 * engine/ledger/state/leaf_items.c - hashes and falls in leaves (docs/protocol.md 11.1).
 */
#include "engine/ledger/state/leaf_items.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "scoring/tally.h"

enum assay_status assay_leaf_read_hash(struct assay_cursor *c, bool *has, uint8_t *out)
{
    enum assay_cbor_type type;
    ASSAY_TRY(assay_cbor_peek(c, &type));
    *has = type != ASSAY_CBOR_NULL;
    return *has ? assay_cbor_bytes_exact(c, out, 32) : assay_cbor_null(c);
}

void assay_leaf_put_fall(struct assay_writer *w, const struct assay_fall *fall)
{
    const struct assay_fall_step *const steps[] = { &fall->first, &fall->last, &fall->integrity };
    if (!assay_fall_is_set(fall)) { /* what is behind it is there */
        assay_cbor_put_null(w);
        return;
    }
    ASSAY_ASSERT(assay_fall_holds(fall));
    assay_cbor_put_array(w, 14);
    for (size_t i = 0; i < 3; i++) {
        assay_cbor_put_uint(w, steps[i]->epoch);
        assay_cbor_put_uint(w, steps[i]->begin_ms);
        assay_cbor_put_uint(w, (uint64_t)steps[i]->number);
        assay_cbor_put_uint(w, steps[i]->rule);
    }
    assay_cbor_put_uint(w, (uint64_t)fall->from);
    assay_cbor_put_uint(w, (uint64_t)fall->to);
}

static enum assay_status read_u32(struct assay_cursor *c, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;
    const enum assay_status status = assay_cbor_uint_max(c, max, &value);
    if (status == ASSAY_OK) *out = (uint32_t)value;
    return status;
}

static enum assay_status decode_step(struct assay_cursor *c, struct assay_fall_step *step)
{
    uint32_t number = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &step->epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &step->begin_ms));
    ASSAY_TRY(read_u32(c, ASSAY_FALL_AVAILABILITY, &number));
    step->number = (enum assay_fall_number)number;
    return read_u32(c, ASSAY_INTEGRITY_FAIL_HARD, &step->rule);
}

enum assay_status assay_leaf_read_fall(struct assay_cursor *c, struct assay_fall *fall)
{
    uint32_t from = 0, to = 0;
    enum assay_cbor_type type;
    ASSAY_TRY(assay_cbor_peek(c, &type));
    if (type == ASSAY_CBOR_NULL) return assay_cbor_null(c); /* never fell */
    ASSAY_TRY(assay_cbor_array_exact(c, 14));
    ASSAY_TRY(decode_step(c, &fall->first));
    ASSAY_TRY(decode_step(c, &fall->last));
    ASSAY_TRY(decode_step(c, &fall->integrity));
    ASSAY_TRY(read_u32(c, ASSAY_STANDING_SUSPENDED, &from));
    ASSAY_TRY(read_u32(c, ASSAY_STANDING_SUSPENDED, &to));
    fall->from = (enum assay_standing)from;
    fall->to = (enum assay_standing)to;
    return assay_fall_holds(fall) ? ASSAY_OK : ASSAY_E_INVALID;
}
