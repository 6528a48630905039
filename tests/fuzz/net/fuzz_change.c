/*
 * tests/fuzz/net/fuzz_change.c - fuzz target: the file of a change that operators exchange. What
 * decodes is encoded again with the same bytes, and every action of it can be formatted.
 */
#include "base/assert.h"
#include "net/documents/change_review.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct assay_state nobody;
    static uint8_t again[ASSAY_CHANGE_RECORD_LEN_MAX];
    static struct assay_change_draft draft;
    if (assay_draft_decode(assay_slice_over(bytes, len), &draft) != ASSAY_OK) return 0;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    struct assay_slice written;
    enum assay_status status = assay_record_put_change(
        &w, draft.body, (const uint8_t(*)[32])draft.signers,
        (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])draft.signatures, draft.signature_count);
    if (status == ASSAY_OK) status = assay_writer_finish(&w, &written);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(written, assay_slice_over(bytes, len)));
    struct assay_cursor c = assay_cursor_over(draft.change.actions.bytes, draft.change.actions.len);
    for (uint32_t i = 0; i < draft.change.action_count; i++) {
        struct assay_action action;
        char words[ASSAY_CHANGE_WORDS];
        status = assay_action_next(&c, &action);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_draft_format_action(&nobody, &action, words);
    }
    return 0;
}
