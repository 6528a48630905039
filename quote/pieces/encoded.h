/*
 * quote/pieces/encoded.h - files that store bytes as text: hexadecimal, or base64 without PEM
 * framing, as collateral services and test data of other verifiers store CRLs.
 */
#ifndef ASSAY_QUOTE_PIECES_ENCODED_H
#define ASSAY_QUOTE_PIECES_ENCODED_H

#include "base/bytes.h"

/*
 * assay_encoded_decode - hexadecimal (any case, with or without 0x) or base64 (padded), over any
 * number of lines, in quotation marks or not.
 * In:      text, hostile; out[capacity], capacity >= text.len
 * Out:     out[*len]; unspecified unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (neither, or nothing)
 */
ASSAY_CHECKED enum assay_status assay_encoded_decode(struct assay_slice text, uint8_t *out,
                                                     size_t capacity, size_t *len);
enum assay_encoded_word { ASSAY_ENCODED_NONE = 0, ASSAY_ENCODED_SOME, ASSAY_ENCODED_LIST };
/* Does a word of a text that cannot be decoded look like the beginning of encoded DER? Then the
 * text is no comment, regardless of its context.
 * Returns: the gravest: LIST (of a revocation list) | SOME (of anything) | NONE */
enum assay_encoded_word assay_encoded_within(struct assay_slice text);

#endif
