/*
 * quote/pieces/piece_order.h - order of recognised pieces by their bytes, never by that of files.
 */
#ifndef ASSAY_QUOTE_PIECES_PIECE_ORDER_H
#define ASSAY_QUOTE_PIECES_PIECE_ORDER_H

#include "quote/pieces/recognise.h"

/* Two pieces of the same bytes that both stay: PCR values or a signature, and what a PEM label, or
 * a list in the same file, makes of these bytes and cannot be read. If one replaced the other, it
 * could hide genuine values, or a damaged list. */
bool assay_pieces_are_apart(const struct assay_recognised *a, const struct assay_recognised *b);
/* By length, then by bytes; of two that are apart the values first. */
bool assay_piece_is_before(const struct assay_recognised *a, const struct assay_recognised *b);

#endif
