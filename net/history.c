/*
 * net/history.c - rows of the score history: encode and decode side by side.
 */
#include "net/history.h"

#include "base/cbor.h"

static const char tag[] = "assay/score/v2", tag_before[] = "assay/score/v1";

enum { FIELDS = 16, FIELDS_BEFORE = 12 };

enum assay_status assay_history_encode(const struct assay_history_row *row, struct assay_writer *w)
{
    assay_cbor_put_array(w, FIELDS);
    assay_cbor_put_text(w, tag);
    assay_cbor_put_uint(w, row->incarnation);
    assay_cbor_put_uint(w, row->score_bp);
    assay_cbor_put_uint(w, row->integrity_bp);
    assay_cbor_put_uint(w, row->availability_bp);
    assay_cbor_put_uint(w, row->standing);
    assay_cbor_put_uint(w, row->weight);
    assay_cbor_put_uint(w, row->positive_bp);
    assay_cbor_put_uint(w, row->negative_bp);
    assay_cbor_put_uint(w, row->electorate_bp);
    assay_cbor_put_uint(w, row->reason);
    assay_cbor_put_bool(w, row->certified);
    assay_cbor_put_uint(w, row->unjudged_bp);
    assay_cbor_put_uint(w, row->lo_bp);
    assay_cbor_put_uint(w, row->hi_bp);
    assay_cbor_put_uint(w, row->availability_rule);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

static enum assay_status take_u32(struct assay_cursor *in, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, UINT32_MAX, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

enum assay_status assay_history_decode(struct assay_slice bytes, struct assay_history_row *row)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_history_row r = { 0 };
    uint64_t fields = 0;
    ASSAY_TRY(assay_cbor_array(&in, FIELDS, &fields));
    if (fields != FIELDS && fields != FIELDS_BEFORE) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cbor_text_expect(&in, fields == FIELDS ? tag : tag_before));
    ASSAY_TRY(take_u32(&in, &r.incarnation));
    ASSAY_TRY(take_u32(&in, &r.score_bp));
    ASSAY_TRY(take_u32(&in, &r.integrity_bp));
    ASSAY_TRY(take_u32(&in, &r.availability_bp));
    ASSAY_TRY(take_u32(&in, &r.standing));
    ASSAY_TRY(take_u32(&in, &r.weight));
    ASSAY_TRY(assay_cbor_uint(&in, &r.positive_bp));
    ASSAY_TRY(assay_cbor_uint(&in, &r.negative_bp));
    ASSAY_TRY(assay_cbor_uint(&in, &r.electorate_bp));
    ASSAY_TRY(take_u32(&in, &r.reason));
    ASSAY_TRY(assay_cbor_bool(&in, &r.certified));
    if (fields == FIELDS) {
        ASSAY_TRY(assay_cbor_uint(&in, &r.unjudged_bp));
        ASSAY_TRY(take_u32(&in, &r.lo_bp));
        ASSAY_TRY(take_u32(&in, &r.hi_bp));
        ASSAY_TRY(take_u32(&in, &r.availability_rule));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    *row = r;
    return ASSAY_OK;
}
