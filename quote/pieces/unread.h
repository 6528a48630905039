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

#endif
