/*
 * Fuzz target: the document of a group. What is read holds every invariant, goes on under any
 * standings, and is written again as the very bytes that it came from.
 */
#include "base/assert.h"
#include "services/continuity/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct assay_cont_group group;
    static struct assay_cont_facts facts;
    static uint8_t again[256 * 1024];
    static const struct assay_cont_home home = { .group = 7 };
    enum assay_cont_standing standing[8];
    uint16_t score[8];
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_cont_group_decode(assay_slice_over(bytes, len), &home, &group) != ASSAY_OK) return 0;
    const enum assay_status written = assay_cont_group_encode(&group, &w);
    ASSAY_ASSERT(written == ASSAY_OK && assay_writer_finish(&w, &out) == ASSAY_OK);
    ASSAY_ASSERT(out.len == len && assay_bytes_equal(out.bytes, bytes, len));
    for (size_t i = 0; i < 8; i++) {
        standing[i] = (enum assay_cont_standing)(bytes[len - 1 - i] % 4);
        score[i] = bytes[len - 1 - i];
    }
    assay_cont_group_close(&group, 9, standing, score, NULL, 8, &facts);
    assay_cont_group_check(&group);
    return 0;
}
