/*
 * quote/pieces/unread.h - detection of revocation lists in text that no reader parsed: the
 * final check of each file, however it was recognised (docs/evidence-rules.md 1.15.5).
 */
#ifndef ASSAY_QUOTE_PIECES_UNREAD_H
#define ASSAY_QUOTE_PIECES_UNREAD_H

#include "quote/pieces/recognise.h"

/*
 * assay_unread_list - does a text hold a list that was not read in its file? A list opens wherever
 * base64 or hexadecimal digits decode to the header of one, with anything between the digits
 * (line ends, escapes of JSON and URLs, quotation marks, NULs of UTF-16); it was read when one of
 * r->lists has its bytes. The label of a list in PEM that was encoded once more counts as well.
 * In:      r, with the lists of the file; text, hostile
 * Out:     *searched: more by the places that were read; *at, where it begins, unspecified unless
 *          true
 * Returns: true: it does. Linear in the text and in what its lists have.
 */
bool assay_unread_list(const struct assay_recognition *r, struct assay_slice text, size_t *searched,
                       size_t *at);

/* Returns: whether both of two pieces of the same bytes stay: PCR values or a signature, and what a
 * PEM label, or a list in the same file, makes of these bytes and cannot be read. If one replaced
 * the other, it could hide genuine values, or a damaged list. */
bool assay_pieces_are_apart(const struct assay_recognised *a, const struct assay_recognised *b);
/* Returns: whether a is before b in the order of pieces: by length, then by bytes, never by the
 * order of files; of two that are apart the values first. */
bool assay_piece_is_before(const struct assay_recognised *a, const struct assay_recognised *b);

#endif
