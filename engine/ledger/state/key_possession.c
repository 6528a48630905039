/*
 * engine/ledger/state/key_possession.c - proofs of possession of workload keys (docs/identity.md
 * 6.2): apart, so that who reads lists links no cryptography of keys.
 */
#include "base/assert.h"
#include "engine/ledger/state/workload_keys_parts.h"

/* r | s of a curve, each half in the place that 48 bytes have. */
static void widen_proof(enum assay_declared_kind kind, struct assay_slice proof,
                        struct assay_signature *signature)
{
    if (kind == ASSAY_DECLARED_P256) {
        assay_signature_from_p256(signature, proof.bytes);
        return;
    }
    assay_bytes_zero(signature, sizeof *signature);
    signature->alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    signature->len = ASSAY_P384_SIGNATURE_LEN;
    assay_bytes_copy(signature->bytes, sizeof signature->bytes, proof.bytes, proof.len);
}

/* Any s: a key in hardware signs as it does, and the list as a whole is signed by its member. */
static enum assay_status verify_ecdsa(enum assay_declared_kind kind, const struct assay_key *point,
                                      struct assay_slice statement, struct assay_slice proof)
{
    struct assay_verify_key *key = NULL;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    ASSAY_TRY(assay_public_key_load(point, &key));
    widen_proof(kind, proof, &signature);
    const size_t len =
        assay_signature_digest(signature.alg, statement.bytes, statement.len, digest);
    const bool good = assay_public_key_check(key, &signature, digest, len);
    assay_public_key_free(&key);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

enum assay_status assay_declared_key_verify(const uint8_t chain_id[static 32],
                                            const uint8_t node_id[static 32],
                                            const struct assay_declared_key *key)
{
    uint8_t bytes[ASSAY_DECLARED_KEY_STATEMENT_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_key point;
    const enum assay_declared_kind kind = assay_declared_key_read_spki(key->spki, &point);
    ASSAY_ASSERT(kind != ASSAY_DECLARED_NONE &&
                 key->proof.len == assay_declared_key_proof_len(kind)); /* decoded */
    ASSAY_TRY(assay_declared_key_statement(chain_id, node_id, key, &w));
    if (kind != ASSAY_DECLARED_ED25519)
        return verify_ecdsa(kind, &point, assay_slice_over(bytes, w.len), key->proof);
    if (!assay_ed25519_is_available()) return ASSAY_E_CRYPTO;
    return assay_ed25519_verify(key->spki.bytes + ASSAY_ED25519_HEAD_LEN, bytes, w.len,
                                key->proof.bytes)
               ? ASSAY_OK
               : ASSAY_E_SIGNATURE;
}

enum assay_status assay_declared_keys_verify(const uint8_t chain_id[static 32],
                                             const uint8_t node_id[static 32],
                                             const struct assay_declared_keys *keys, uint32_t *at)
{
    ASSAY_ASSERT(keys->count <= ASSAY_DECLARED_KEYS_MAX);
    for (*at = 0; *at < keys->count; (*at)++)
        ASSAY_TRY(assay_declared_key_verify(chain_id, node_id, &keys->keys[*at]));
    return ASSAY_OK;
}
