/*
 * tests/fuzz/quote/fuzz_rim.c - any bytes as a manifest in XML, and as one that was converted.
 *
 * Properties: what the adapter converts is read again as one manifest with nothing behind it, and
 * its document, where it can be read, is within its bounds; what says to be converted is written
 * again as the same bytes; nothing is signed by the root here, so nothing counts.
 */
#include "base/assert.h"
#include "quote/accept/roots.h"
#include "quote/collateral/rim.h"
#include "quote/rim_xml.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const struct assay_rim_values *v)
{
    size_t values = 0;
    ASSAY_ASSERT(v->value_count <= ASSAY_RIM_VALUES_MAX && (v->active & ~v->given) == 0);
    for (unsigned i = 0; i < ASSAY_RIM_INDEXES; i++) {
        ASSAY_ASSERT((v->count[i] > 0) == ((v->active >> i & 1) != 0));
        ASSAY_ASSERT((size_t)v->first[i] + v->count[i] <= v->value_count);
        values += v->count[i];
    }
    ASSAY_ASSERT(values == v->value_count);
}

/* Returns: the bytes that one manifest takes; 0: none */
static size_t check_manifest(struct assay_slice bytes)
{
    static struct assay_rim rim;
    static uint8_t again[4 * ASSAY_RIM_DOCUMENT_MAX];
    struct assay_slice rest = bytes, written;
    struct assay_rim_pieces pieces;
    struct assay_key root;
    uint32_t kinds = 0;
    if (assay_rim_next(&rest, &pieces) != ASSAY_OK) return 0;
    const size_t len = bytes.len - rest.len;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    assay_rim_encode(&pieces, &w);
    ASSAY_ASSERT(assay_writer_finish(&w, &written) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(written, assay_slice_over(bytes.bytes, len)));
    if (assay_rim_read(pieces.document, &rim.values) == ASSAY_OK) check_values(&rim.values);
    ASSAY_ASSERT(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &root, &kinds) == ASSAY_OK);
    ASSAY_ASSERT(assay_rim_build(&pieces, &root, &rim) == ASSAY_OK);
    ASSAY_ASSERT(rim.status != ASSAY_OK && rim.certificate_count == 0);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[4 * ASSAY_RIM_XML_MAX];
    static struct assay_rim_values values;
    const struct assay_slice text = assay_slice_over(data, size);
    size_t len = 0;
    (void)check_manifest(text);
    if (assay_rim_read(text, &values) == ASSAY_OK) check_values(&values);
    (void)assay_rim_xml_looks(text);
    if (assay_rim_xml_convert(text, out, sizeof out, &len) != ASSAY_OK) return 0;
    ASSAY_ASSERT(len <= sizeof out);
    ASSAY_ASSERT(check_manifest(assay_slice_over(out, len)) == len);
    return 0;
}
