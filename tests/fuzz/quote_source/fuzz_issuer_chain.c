/*
 * tests/fuzz/quote_source/fuzz_issuer_chain.c - any bytes as the headers of an answer, and as the
 * chain in one of them.
 *
 * Properties: a decoded chain is PEM text no longer than what it came from, and decodes to itself.
 */
#include "base/assert.h"
#include "quote/source/fetch/http.h"
#include "quote/source/fetch/issuer_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_chain(struct assay_slice value)
{
    static uint8_t pem[ASSAY_ISSUER_CHAIN_LEN_MAX], again[ASSAY_ISSUER_CHAIN_LEN_MAX];
    size_t len = 0, len_again = 0;
    if (assay_issuer_chain_decode(value, pem, sizeof pem, &len) != ASSAY_OK) return;
    ASSAY_ASSERT(len <= value.len && len >= 27);
    for (size_t i = 0; i < len; i++)
        ASSAY_ASSERT(pem[i] != '%' && pem[i] < 0x7f);
    ASSAY_ASSERT(assay_issuer_chain_decode(assay_slice_over(pem, len), again, sizeof again,
                                           &len_again) == ASSAY_OK);
    ASSAY_ASSERT(len_again == len && assay_bytes_equal(pem, again, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_slice value;
    const struct assay_slice all = assay_slice_over(data, size);
    try_chain(all);
    if (assay_url_header(all, "TCB-Info-Issuer-Chain", &value) != ASSAY_OK) return 0;
    ASSAY_ASSERT(value.len < size);
    ASSAY_ASSERT(value.len == 0 || (value.bytes > data && value.bytes + value.len <= data + size));
    try_chain(value);
    return 0;
}
