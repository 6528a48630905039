/*
 * quote/pieces/piece_order.c - order of recognised pieces.
 */
#include "quote/pieces/piece_order.h"

static bool is_usable_other(const struct assay_recognised *piece)
{
    return piece->shape == ASSAY_SHAPE_OTHER && piece->status == ASSAY_OK;
}

bool assay_pieces_are_apart(const struct assay_recognised *a, const struct assay_recognised *b)
{
    return (is_usable_other(a) && b->status != ASSAY_OK) ||
           (is_usable_other(b) && a->status != ASSAY_OK);
}

bool assay_piece_is_before(const struct assay_recognised *a, const struct assay_recognised *b)
{
    if (a->bytes.len != b->bytes.len) return a->bytes.len < b->bytes.len;
    const int order = assay_bytes_compare(a->bytes.bytes, b->bytes.bytes, a->bytes.len);
    return order < 0 || (order == 0 && assay_pieces_are_apart(a, b) && is_usable_other(a));
}
