/*
 * tests/fuzz/engine/fuzz_key_proof.c - proofs of strangers that a key is an active key of a member.
 *
 * What decodes is its own canonical encoding, and its parts are within it. Under a state that
 * claims the roots of its own lists the check goes as far in as hostile bytes get.
 */
#include "base/assert.h"
#include "engine/ledger/proofs/key_proof.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool is_within(struct assay_slice part, const uint8_t *bytes, size_t len)
{
    return part.len == 0 || (part.bytes >= bytes && part.bytes + part.len <= bytes + len);
}

/* Every list has the root that is proven; the key is the first one of the proven list. */
static void believe(const struct assay_key_proof *proof)
{
    static struct assay_proven_state proven;
    struct assay_declared_keys list, declared;
    struct assay_declaration *const d = &proven.member.declaration;
    proven = (struct assay_proven_state){ 0 };
    if (assay_declared_keys_decode(proof->list, &list) != ASSAY_OK || list.count == 0) return;
    const struct assay_key_terms terms = { .spki = list.keys[0].spki, .name = list.keys[0].name };
    proven.next.epoch = proven.member.pass_epoch = d->keys_epoch = 1;
    assay_declared_keys_root(&list, d->keys_root);
    d->count = 1;
    d->roots[0].binds = true;
    assay_bytes_copy(d->roots[0].root, 32, d->keys_root, 32);
    if (assay_declared_keys_decode(proof->declared, &declared) == ASSAY_OK)
        assay_declared_keys_root(&declared, d->roots[0].root);
    const enum assay_key_answer answer = assay_proof_key_check(&proven, proof, &terms);
    ASSAY_ASSERT(answer != ASSAY_KEY_NOT_READ && answer != ASSAY_KEY_OTHER_PROOF);
    ASSAY_ASSERT(answer != ASSAY_KEY_OTHER_MEMBER && answer != ASSAY_KEY_NOT_LISTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_KEY_PROOF_LEN_MAX];
    struct assay_key_proof proof;
    if (assay_proof_key_decode(assay_slice_over(bytes, len), &proof) != ASSAY_OK) return 0;
    ASSAY_ASSERT(is_within(proof.proof, bytes, len) && is_within(proof.list, bytes, len) &&
                 is_within(proof.declared, bytes, len));
    struct assay_writer w = assay_writer_over(again, sizeof again);
    ASSAY_ASSERT(assay_proof_key_encode(&proof, &w) == ASSAY_OK);
    ASSAY_ASSERT(w.len == len && assay_bytes_equal(again, bytes, len));
    believe(&proof);
    return 0;
}
