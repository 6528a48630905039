/*
 * tests/fuzz/base/fuzz_cbor.c - any bytes into the CBOR reader.
 *
 * Properties: skip answers as the slow reference does; what it accepts is decoded by the typed
 * readers and encodes to the very same bytes; what it refuses leaves the cursor where it was.
 */
#include "base/assert.h"
#include "base/cbor.h"
#include "tests/unit/base/cbor_reference.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_again(struct assay_slice item)
{
    uint8_t *memory = malloc(item.len); /* exactly as long: an item has one encoding */
    ASSAY_ASSERT(memory != NULL);
    struct assay_writer w = assay_writer_over(memory, item.len);
    struct assay_slice again = { 0 };
    ASSAY_ASSERT(cbor_transcode(item, &w) == ASSAY_OK);
    ASSAY_ASSERT(assay_writer_finish(&w, &again) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(again, item));
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_cursor in = assay_cursor_over(data, size);
    struct assay_slice item = { 0 };
    size_t expected_len = 0;
    const enum assay_status expected = cbor_reference(data, size, &expected_len);
    const enum assay_status found = assay_cbor_skip(&in, &item);
    ASSAY_ASSERT(found == expected);
    if (found == ASSAY_OK) {
        ASSAY_ASSERT(item.len == expected_len);
        ASSAY_ASSERT(in.pos == item.len);
        encode_again(item);
    } else {
        ASSAY_ASSERT(in.pos == 0);
        ASSAY_ASSERT(item.bytes == NULL);
    }
    return 0;
}
