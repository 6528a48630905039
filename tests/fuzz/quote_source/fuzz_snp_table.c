/*
 * tests/fuzz/quote_source/fuzz_snp_table.c - any bytes as the host's table of certificates.
 *
 * Properties: what is found lies inside the table, is a DER SEQUENCE, overlaps nothing, and no role
 * comes twice.
 */
#include "base/assert.h"
#include "quote/source/platform/snp_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_source_certificate found[ASSAY_SOURCE_CERTIFICATES_MAX];
    size_t count = 0;
    if (size > ASSAY_SOURCE_AUXILIARY_LEN_MAX) return 0;
    if (assay_snp_table_parse(data, size, found, &count) != ASSAY_OK) return 0;
    ASSAY_ASSERT(count <= ASSAY_SOURCE_CERTIFICATES_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct assay_slice at = found[i].bytes;
        ASSAY_ASSERT(at.bytes >= data && at.len >= 2);
        ASSAY_ASSERT((size_t)(at.bytes - data) <= size);
        ASSAY_ASSERT(at.len <= size - (size_t)(at.bytes - data));
        ASSAY_ASSERT(at.bytes[0] == 0x30);
        for (size_t k = 0; k < i; k++) {
            ASSAY_ASSERT(found[k].role != found[i].role);
            ASSAY_ASSERT(found[k].bytes.bytes + found[k].bytes.len <= at.bytes ||
                         at.bytes + at.len <= found[k].bytes.bytes);
        }
    }
    return 0;
}
