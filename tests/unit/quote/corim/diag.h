/*
 * tests/unit/quote/corim/diag.h - parser of CBOR diagnostic notation (RFC 8949 8, RFC 8610 G).
 *
 * Integers, "texts", h'bytes', [arrays], {key: value}, 501(tagged), <<an item inside bytes>>, true,
 * false, null. Maps keep the order that is written, counts are what is there, heads are shortest.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_CORIM_DIAG_H
#define ASSAY_TESTS_UNIT_QUOTE_CORIM_DIAG_H

#include "base/writer.h"

/* Appends one item; aborts the test when the text is none. */
void diag_put(const char *text, struct assay_writer *w);

#endif
