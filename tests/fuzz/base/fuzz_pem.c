/*
 * tests/fuzz/base/fuzz_pem.c - any bytes as base64 of both alphabets, and as a PEM text.
 *
 * Properties: what decodes encodes to the same text; a block's label lies inside the text, the text
 * grows shorter with each block, and nothing is written past the room.
 */
#include "base/assert.h"
#include "base/base64.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(enum assay_base64_alphabet alphabet, const uint8_t *data, size_t size)
{
    uint8_t *const bytes = malloc(size + 1);
    char *const text = malloc(size + 2);
    size_t len = 0, text_len = 0;
    ASSAY_ASSERT(bytes != NULL && text != NULL);
    if (assay_base64_decode(alphabet, (const char *)data, size, bytes, size, &len) == ASSAY_OK) {
        ASSAY_ASSERT(assay_base64_encode(alphabet, bytes, len, text, size + 2, &text_len) ==
                     ASSAY_OK);
        ASSAY_ASSERT(text_len == size && assay_bytes_equal(text, data, size));
        if (len > 0)
            ASSAY_ASSERT(assay_base64_decode(alphabet, (const char *)data, size, bytes, len - 1,
                                             &len) == ASSAY_E_FULL);
    }
    free(bytes);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { ROOM = 512 };
    struct assay_slice rest = assay_slice_over(data, size), label;
    check_base64(ASSAY_BASE64_STANDARD, data, size);
    check_base64(ASSAY_BASE64_URL, data, size);
    uint8_t *const room = malloc(ROOM);
    ASSAY_ASSERT(room != NULL);
    for (;;) {
        const size_t before = rest.len;
        size_t len = 0;
        const enum assay_status status = assay_pem_next(&rest, &label, room, ROOM, &len);
        if (status != ASSAY_OK) break;
        ASSAY_ASSERT(len <= ROOM && rest.len < before);
        ASSAY_ASSERT(label.len == 0 || (label.bytes >= data && label.len <= size));
    }
    free(room);
    return 0;
}
