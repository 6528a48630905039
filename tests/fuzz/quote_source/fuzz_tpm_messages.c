/*
 * tests/fuzz/quote_source/fuzz_tpm_messages.c - any bytes as what node and registrar tell each
 * other.
 *
 * Properties: a request's pieces lie inside the input; what is read encodes to what it was.
 */
#include "base/assert.h"
#include "quote/source/tpm/tpm_registrar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_same(const struct assay_writer *w, const uint8_t *again, const uint8_t *data,
                        size_t size)
{
    ASSAY_ASSERT(!w->full && w->len == size);
    ASSAY_ASSERT(assay_bytes_equal(again, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_tpm_request request;
    struct assay_tpm_challenge challenge;
    struct assay_tpm_credential credential;
    uint32_t slot = 0;
    if (size == 0) return 0;
    uint8_t *const again = malloc(size);
    ASSAY_ASSERT(again != NULL);
    struct assay_writer w = assay_writer_over(again, size);
    if (assay_tpm_request_decode(data, size, &request) == ASSAY_OK) {
        const struct assay_slice last = request.ak_public;
        ASSAY_ASSERT(last.len == 0 || last.bytes + last.len == data + size);
        assay_tpm_request_encode(&request, &w);
        expect_same(&w, again, data, size);
    }
    if (assay_tpm_challenge_decode(data, size, &slot, &credential) == ASSAY_OK) {
        assay_tpm_challenge_encode(slot, &credential, &w);
        expect_same(&w, again, data, size);
    }
    if (assay_tpm_pending_decode(data, size, &challenge) == ASSAY_OK) {
        assay_tpm_pending_encode(&challenge, &w);
        expect_same(&w, again, data, size);
    }
    free(again);
    return 0;
}
