/*
 * tests/fuzz/services/fuzz_frame.c - fuzz target: frames of state continuity. What is read encodes
 * to the very same bytes, and every digest and entry of it can be reached.
 */
#include "base/assert.h"
#include "services/continuity/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_CONT_FRAME_MAX];
    struct assay_cont_frame f;
    struct assay_slice out;
    const struct assay_slice in = assay_slice_over(bytes, len);
    uint8_t all = 0;
    if (assay_cont_frame_decode(in, &f) != ASSAY_OK) return 0;
    for (uint32_t i = 0; i < f.count && f.kind == ASSAY_CONT_UPDATE; i++)
        all ^= assay_cont_frame_digest(&f, i)[31];
    for (uint32_t i = 0; i < f.count && f.kind == ASSAY_CONT_PAGE; i++)
        all ^= assay_cont_frame_entry(&f, i).digest[31];
    ASSAY_ASSERT(assay_cont_frame_encode(&f, again, sizeof again, &out) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(in, out));
    again[0] = all; /* so that nothing of the walk is left out */
    return 0;
}
