/*
 * net/keys/registration/registration_statement.c - entry of a workload key and its two proofs.
 */
#include "net/keys/registration/registration_statement.h"

#include "base/cbor.h"

/* docs/identity.md 6.6: in the place of chain_id, so that the second proof is none for a ledger. */
static void digest_boot(const uint8_t chain_id[static 32], const uint8_t boot[static 32],
                        uint8_t digest[static 32])
{
    uint8_t bytes[128];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/key-registration/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_bytes(&w, boot, 32);
    assay_sha256(bytes, w.len, digest);
}

struct key_signer {
    assay_registration_sign *sign;
    void *context;
};

static enum assay_status make_proof(const struct key_signer *signer,
                                    const uint8_t chain_id[static 32],
                                    const uint8_t node_id[static 32],
                                    const struct assay_declared_key *key,
                                    uint8_t proof[static ASSAY_DECLARED_KEY_PROOF_MAX], size_t *len)
{
    uint8_t bytes[ASSAY_DECLARED_KEY_STATEMENT_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_declared_key_statement(chain_id, node_id, key, &w));
    *len = 0;
    ASSAY_TRY(signer->sign(signer->context, assay_slice_over(bytes, w.len), proof, len));
    return *len <= ASSAY_DECLARED_KEY_PROOF_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_registration_statement_make(const struct assay_declared_key *key,
                                                    const uint8_t chain_id[static 32],
                                                    const uint8_t node_id[static 32],
                                                    const uint8_t boot[static 32],
                                                    assay_registration_sign *sign, void *context,
                                                    struct assay_registration_statement *statement)
{
    const struct key_signer signer = { sign, context };
    uint8_t proof[ASSAY_DECLARED_KEY_PROOF_MAX], challenge[32];
    uint8_t list[1 + ASSAY_DECLARED_KEY_LEN_MAX];
    struct assay_declared_key entry = *key;
    struct assay_writer w = assay_writer_over(list, sizeof list);
    size_t len = 0;
    ASSAY_TRY(make_proof(&signer, chain_id, node_id, key, proof, &len));
    entry.proof = assay_slice_over(proof, len);
    digest_boot(chain_id, boot, challenge);
    ASSAY_TRY(
        make_proof(&signer, challenge, node_id, key, statement->proof, &statement->proof_len));
    ASSAY_TRY(assay_declared_keys_encode(&entry, 1, &w));
    statement->entry_len = w.len - 1; /* a list of one begins with one byte */
    assay_bytes_copy(statement->entry, sizeof statement->entry, list + 1, statement->entry_len);
    return ASSAY_OK;
}
