/*
 * tests/fuzz/quote_source/fuzz_nsm.c - any bytes as an answer of a Nitro Secure Module.
 *
 * Properties: an accepted answer contains a document inside the input or a printable refusal, never
 * both, never neither; after a document only the ends of two maps follow; an additional byte is
 * rejected.
 */
#include "base/assert.h"
#include "quote/source/platform/nsm_message.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_no_tail(const uint8_t *data, size_t size)
{
    struct assay_nsm_answer answer;
    uint8_t *const longer = malloc(size + 1);
    ASSAY_ASSERT(longer != NULL);
    assay_bytes_copy(longer, size + 1, data, size);
    longer[size] = 0;
    ASSAY_ASSERT(assay_nsm_answer_parse(longer, size + 1, &answer) != ASSAY_OK);
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_nsm_answer answer;
    if (assay_nsm_answer_parse(data, size, &answer) != ASSAY_OK) return 0;
    ASSAY_ASSERT((answer.document.len > 0) != (answer.error[0] != '\0'));
    for (size_t i = 0; answer.error[i] != '\0'; i++)
        ASSAY_ASSERT(i < ASSAY_NSM_ERROR_LEN && answer.error[i] >= ' ' && answer.error[i] <= '~');
    if (answer.document.len > 0) {
        const uint8_t *const end = answer.document.bytes + answer.document.len;
        ASSAY_ASSERT(answer.document.bytes > data && end <= data + size);
        ASSAY_ASSERT(data + size - end <= 2); /* maps of indefinite length */
        for (const uint8_t *at = end; at < data + size; at++)
            ASSAY_ASSERT(*at == 0xff);
    }
    expect_no_tail(data, size);
    return 0;
}
