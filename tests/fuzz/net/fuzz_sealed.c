/*
 * tests/fuzz/net/fuzz_sealed.c - fuzz target of what an instance seals: all that is read is
 * written as it was.
 */
#include "base/assert.h"
#include "net/services/continuity/sealed.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_ENCLAVE_SEALED_LEN_MAX];
    struct assay_enclave_identity identity;
    struct assay_enclave_trust trust;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_enclave_sealed_decode(assay_slice_over(bytes, len), &identity, &trust) != ASSAY_OK)
        return 0;
    const enum assay_status status = assay_enclave_sealed_encode(&identity, &trust, &w);
    ASSAY_ASSERT(status == ASSAY_OK && w.len == len && assay_bytes_equal(again, bytes, len));
    return 0;
}
