/*
 * tests/fuzz/services/fuzz_evm_task_codec.c - fuzz target: drafts and claims of tasks on EVM
 * chains. What is decoded encodes to the same bytes, and has terms that a contract accepts and a
 * name.
 */
#include "base/assert.h"
#include "services/evm/task_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void same(const struct assay_writer *w, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(!w->full && w->len == len);
    ASSAY_ASSERT(assay_bytes_equal(w->bytes, bytes, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t again[ASSAY_EVM_OWED_LEN], task[32];
    struct assay_evm_draft draft;
    struct assay_evm_owed owed;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_evm_draft_decode(assay_slice_over(bytes, len), &draft) == ASSAY_OK) {
        assay_evm_draft_encode(&w, &draft);
        same(&w, bytes, len);
        assay_evm_task_name(&draft.place, &draft.terms, task);
    }
    w = assay_writer_over(again, sizeof again);
    if (assay_evm_owed_decode(assay_slice_over(bytes, len), &owed) == ASSAY_OK) {
        assay_evm_owed_encode(&w, &owed);
        same(&w, bytes, len);
        ASSAY_ASSERT(owed.claim.step >= 1 && owed.claim.step <= owed.terms.steps);
    }
    return 0;
}
