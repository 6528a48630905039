/*
 * tests/fuzz/services/fuzz_authority_proof.c - fuzz target: CA proofs of a node that is not trusted
 * (docs/identity.md 12.1).
 *
 * Properties: what decodes is its own canonical encoding, and its parts are within it. Verified
 * from a checkpoint that trusts the very block of its proof, so that documents, plan and
 * certificates are reached: what is refused has a reason, and what is accepted publishes at least
 * one number, in order, with certificates that are parts of the proof.
 */
#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "net/services/identity/authority_proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static bool is_within(struct assay_slice part, const uint8_t *bytes, size_t len)
{
    return part.len == 0 || (part.bytes >= bytes && part.bytes + part.len <= bytes + len);
}

/* The block that a proof of a state names: its second item. */
static bool trust_block(struct assay_slice proof, struct assay_checkpoint *checkpoint)
{
    enum { ITEMS = 10 };
    struct assay_cursor in = assay_cursor_over(proof.bytes, proof.len);
    struct assay_block_header header;
    struct assay_slice bytes;
    if (assay_cbor_array_exact(&in, ITEMS) != ASSAY_OK ||
        assay_cbor_text_expect(&in, "assay/proof/v1") != ASSAY_OK ||
        assay_cbor_bytes(&in, ASSAY_BLOCK_HEADER_LEN_MAX, &bytes) != ASSAY_OK ||
        assay_block_header_decode(bytes, &header) != ASSAY_OK)
        return false;
    *checkpoint = (struct assay_checkpoint){ .era = header.era, .epoch = header.epoch };
    assay_bytes_copy(checkpoint->chain_id, 32, header.chain_id, 32);
    assay_sha256(bytes.bytes, bytes.len, checkpoint->id);
    return true;
}

static void check_proven(const struct assay_authority_proven *p, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(assay_keyholder_authority_text(p->answer)[0] != '\0');
    if (p->answer != ASSAY_AUTHORITY_PROVEN) {
        ASSAY_ASSERT(p->answer != ASSAY_AUTHORITY_NOT_PROVEN || p->state != ASSAY_PROVEN);
        ASSAY_ASSERT(p->answer != ASSAY_AUTHORITY_OTHER_CERTIFICATE || p->why != NULL);
        return;
    }
    ASSAY_ASSERT(p->count > 0 && p->count <= ASSAY_AUTHORITY_NUMBERS_MAX);
    for (uint32_t i = 0; i < p->count; i++) {
        ASSAY_ASSERT(i == 0 || p->number[i - 1].ca.number < p->number[i].ca.number);
        ASSAY_ASSERT(is_within(p->number[i].certificate, bytes, len) &&
                     is_within(p->number[i].cross, bytes, len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_AUTHORITY_PROOF_LEN_MAX];
    static struct assay_authority_proven proven;
    struct assay_authority_proof proof;
    struct assay_checkpoint checkpoint;
    if (assay_keyholder_authority_decode(assay_slice_over(bytes, len), &proof) != ASSAY_OK)
        return 0;
    ASSAY_ASSERT(is_within(proof.proof, bytes, len) && is_within(proof.identity, bytes, len) &&
                 is_within(proof.plan, bytes, len));
    for (uint32_t i = 0; i < proof.certificate_count; i++)
        ASSAY_ASSERT(is_within(proof.certificate[i], bytes, len));
    struct assay_writer w = assay_writer_over(again, sizeof again);
    ASSAY_ASSERT(assay_keyholder_authority_encode(&proof, &w) == ASSAY_OK);
    ASSAY_ASSERT(w.len == len && assay_bytes_equal(again, bytes, len));
    if (!trust_block(proof.proof, &checkpoint)) return 0;
    const enum assay_status status = assay_keyholder_authority_verify(&proof, &checkpoint, &proven);
    ASSAY_ASSERT(status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_INPUT);
    if (status == ASSAY_OK) check_proven(&proven, bytes, len);
    return 0;
}
