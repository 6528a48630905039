/*
 * net/timeline/history.c - codec of score history rows.
 */
#include "net/timeline/history.h"

#include "base/assert.h"
#include "base/cbor.h"

/* Versions 1 to 3, and how many fields each has. */
static const char *const tags[] = { "assay/score/v1", "assay/score/v2", "assay/score/v3" };
static const uint64_t counts[] = { 12, 16, 17 };

enum { VERSIONS = sizeof counts / sizeof counts[0], FIELDS = 17 };

enum assay_status assay_history_encode(const struct assay_history_row *row, struct assay_writer *w)
{
    assay_cbor_put_array(w, FIELDS);
    assay_cbor_put_text(w, tags[VERSIONS - 1]);
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
    assay_cbor_put_uint(w, row->orders);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

static enum assay_status read_u32(struct assay_cursor *in, uint32_t *out)
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
    size_t version = 0;
    ASSAY_TRY(assay_cbor_array(&in, FIELDS, &fields));
    while (version < VERSIONS && counts[version] != fields)
        version++;
    if (version == VERSIONS) return ASSAY_E_TYPE;
    ASSAY_TRY(assay_cbor_text_expect(&in, tags[version]));
    ASSAY_TRY(read_u32(&in, &r.incarnation));
    ASSAY_TRY(read_u32(&in, &r.score_bp));
    ASSAY_TRY(read_u32(&in, &r.integrity_bp));
    ASSAY_TRY(read_u32(&in, &r.availability_bp));
    ASSAY_TRY(read_u32(&in, &r.standing));
    ASSAY_TRY(read_u32(&in, &r.weight));
    ASSAY_TRY(assay_cbor_uint(&in, &r.positive_bp));
    ASSAY_TRY(assay_cbor_uint(&in, &r.negative_bp));
    ASSAY_TRY(assay_cbor_uint(&in, &r.electorate_bp));
    ASSAY_TRY(read_u32(&in, &r.reason));
    ASSAY_TRY(assay_cbor_bool(&in, &r.certified));
    if (version > 0) {
        ASSAY_TRY(assay_cbor_uint(&in, &r.unjudged_bp));
        ASSAY_TRY(read_u32(&in, &r.lo_bp));
        ASSAY_TRY(read_u32(&in, &r.hi_bp));
        ASSAY_TRY(read_u32(&in, &r.availability_rule));
    }
    if (version > 1) ASSAY_TRY(read_u32(&in, &r.orders));
    ASSAY_TRY(assay_cursor_end(&in));
    r.version = (uint32_t)version + 1;
    *row = r;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ for a month */

uint64_t assay_history_hour(uint32_t epoch_ms, uint64_t epoch)
{
    const uint32_t each = epoch_ms > 0 ? 3600U * 1000 / epoch_ms : 1;
    return each > 0 ? epoch / each : epoch;
}

static const char hour_tag[] = "assay/hour/v1";

enum assay_status assay_history_hour_encode(uint32_t era, uint64_t epoch,
                                            const struct assay_history_row *row,
                                            struct assay_writer *w)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX];
    struct assay_writer inner = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status = assay_history_encode(row, &inner);
    ASSAY_ASSERT(status == ASSAY_OK); /* no row is longer than ASSAY_HISTORY_ROW_MAX */
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, hour_tag);
    assay_cbor_put_uint(w, era);
    assay_cbor_put_uint(w, epoch);
    assay_cbor_put_bytes(w, bytes, inner.len);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

enum assay_status assay_history_hour_decode(struct assay_slice bytes, uint32_t *era,
                                            uint64_t *epoch, struct assay_history_row *row)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_slice inner = { 0 };
    uint32_t e = 0;
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 4));
    ASSAY_TRY(assay_cbor_text_expect(&in, hour_tag));
    ASSAY_TRY(read_u32(&in, &e));
    ASSAY_TRY(assay_cbor_uint(&in, &number));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_HISTORY_ROW_MAX, &inner));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(assay_history_decode(inner, row));
    *era = e;
    *epoch = number;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ what the network could bear */

static const char tolerance_tag[] = "assay/tolerance/v1";

enum assay_status assay_history_tolerance_encode(const struct assay_history_tolerance *tolerance,
                                                 struct assay_writer *w)
{
    assay_cbor_put_array(w, 7);
    assay_cbor_put_text(w, tolerance_tag);
    assay_cbor_put_uint(w, tolerance->total_weight);
    assay_cbor_put_uint(w, tolerance->members_stop);
    assay_cbor_put_uint(w, tolerance->members_break);
    assay_cbor_put_uint(w, tolerance->largest_operator_bp);
    assay_cbor_put_uint(w, tolerance->largest_vendor_bp);
    assay_cbor_put_uint(w, tolerance->largest_platform_bp);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

enum assay_status assay_history_tolerance_decode(struct assay_slice bytes,
                                                 struct assay_history_tolerance *tolerance)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_history_tolerance t = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 7));
    ASSAY_TRY(assay_cbor_text_expect(&in, tolerance_tag));
    ASSAY_TRY(assay_cbor_uint(&in, &t.total_weight));
    ASSAY_TRY(read_u32(&in, &t.members_stop));
    ASSAY_TRY(read_u32(&in, &t.members_break));
    ASSAY_TRY(read_u32(&in, &t.largest_operator_bp));
    ASSAY_TRY(read_u32(&in, &t.largest_vendor_bp));
    ASSAY_TRY(read_u32(&in, &t.largest_platform_bp));
    ASSAY_TRY(assay_cursor_end(&in));
    *tolerance = t;
    return ASSAY_OK;
}

uint32_t assay_history_orders(const struct assay_member_snapshot *member)
{
    const uint32_t restart = member->trust.listed_after_failure ? 0 : 1U << ASSAY_ORDER_RESTART;
    if (member->stage != ASSAY_STAGE_MEMBER) return restart;
    switch (member->trust.score.standing) {
    case ASSAY_STANDING_FULL: return restart;
    case ASSAY_STANDING_WARNING: return restart | 1U << ASSAY_ORDER_NOTE;
    case ASSAY_STANDING_RESTRICTED: return restart | 1U << ASSAY_ORDER_RESTRICT;
    case ASSAY_STANDING_SUSPENDED: return restart | 1U << ASSAY_ORDER_SUSPEND;
    }
    ASSAY_UNREACHABLE("a standing is one of four");
}
