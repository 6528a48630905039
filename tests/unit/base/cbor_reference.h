/*
 * tests/unit/base/cbor_reference.h - reference CBOR reader: slow and obvious, and a transcoder.
 *
 * The reference is written from RFC 8949 and the list of allowed items alone, recursively and byte
 * by byte; it shares no code with base/cbor.c.
 */
#ifndef ASSAY_TESTS_UNIT_BASE_CBOR_REFERENCE_H
#define ASSAY_TESTS_UNIT_BASE_CBOR_REFERENCE_H

#include "base/status.h"
#include "base/writer.h"

/* Reads one item. Returns: ASSAY_OK and its length in *used, or the first thing wrong in it. */
enum assay_status cbor_reference(const uint8_t *bytes, size_t len, size_t *used);

/*
 * Decodes a whole item with the typed functions of base/cbor.h and encodes it again into out, head
 * after head.
 * Returns: the status of the first call that failed.
 */
enum assay_status cbor_transcode(struct assay_slice whole, struct assay_writer *out);

#endif
