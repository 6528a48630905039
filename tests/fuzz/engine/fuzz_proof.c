/*
 * tests/fuzz/engine/fuzz_proof.c - proofs and checkpoints of strangers, and snapshots that proofs
 * are made of.
 */
#include "base/assert.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/state/leaf.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Believed from its own words: as far in as hostile bytes get. */
static void believe(struct assay_slice payload, const struct assay_checkpoint *checkpoint)
{
    static struct assay_proven_state proven;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    if (assay_proof_verify(payload, checkpoint, &answer, &proven) != ASSAY_OK) return;
    ASSAY_ASSERT(assay_proof_answer_text(answer) != NULL);
    if (answer != ASSAY_PROVEN) return;
    ASSAY_ASSERT(proven.slot < proven.member_count);
    ASSAY_ASSERT(proven.next.epoch >= checkpoint->epoch);
    ASSAY_ASSERT(assay_proof_outcome_text(assay_proof_outcome_of(&proven)) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t hashes[ASSAY_PROOF_MEMBERS_MAX + 1][32];
    static uint8_t made[ASSAY_PROOF_LEN_MAX];
    const struct assay_slice payload = assay_slice_over(bytes, len);
    const struct assay_slice none = { 0 };
    struct assay_checkpoint checkpoint = { .epoch = 0 };
    struct assay_leaf_head head;
    struct assay_member member;
    believe(payload, &checkpoint);
    if (assay_checkpoint_decode(payload, &checkpoint) == ASSAY_OK) {
        uint8_t again[ASSAY_CHECKPOINT_LEN_MAX];
        struct assay_writer w = assay_writer_over(again, sizeof again);
        const enum assay_status status = assay_checkpoint_encode(&checkpoint, &w);
        ASSAY_ASSERT(status == ASSAY_OK && w.len == len);
        ASSAY_ASSERT(assay_bytes_equal(again, bytes, len));
    }
    /* The chain of the bytes themselves: its id stands after the tag of the header (block.h). */
    for (size_t at = 0; at + 80 < len && at < 64; at++) {
        assay_bytes_copy(checkpoint.chain_id, 32, bytes + at, 32);
        believe(payload, &checkpoint);
    }
    struct assay_writer w = assay_writer_over(made, sizeof made);
    assay_status_ignore(assay_proof_make(payload, none, none, 0, hashes, &w), "only crashes count");
    assay_status_ignore(assay_proof_checkpoint_of(payload, &checkpoint), "only crashes count");
    assay_status_ignore(assay_leaf_head(payload, &head), "only crashes count");
    assay_status_ignore(assay_leaf_member(payload, &member), "only crashes count");
    return 0;
}
