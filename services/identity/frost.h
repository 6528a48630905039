/*
 * services/identity/frost.h - threshold signatures: FROST(Ed25519, SHA-512) of RFC 9591.
 *
 * t holders of shares of one key make one signature of plain Ed25519; fewer than t can make none. A
 * share is f(index) of a polynomial of degree t - 1 whose f(0) is the key (identity/sharing.h).
 * Each signer commits to two nonces, learns the commitments of all signers, and computes its part
 * of the signature from them, from the key and from the message itself: it takes no hash and no sum
 * from a coordinator, with which parallel sessions could forge (docs/identity.md 4.9).
 *
 * Pure: randomness is passed in as bytes for one use, the caller's to wipe. Bounds are those of
 * docs/identity.md 3.2. Which session a nonce may serve is the caller's concern; a pair of nonces
 * is wiped by its first use here, so two answers with one pair need a copy of it.
 */
#ifndef ASSAY_SERVICES_IDENTITY_FROST_H
#define ASSAY_SERVICES_IDENTITY_FROST_H

#include "services/shares/sodium.h"

enum {
    ASSAY_FROST_INDICES_MAX = 150, /* of a sharing; an index is 1 to this */
    ASSAY_FROST_SIGNERS_MAX = 76,  /* t of 150 indices when h = 75 can prevent a signature */
    ASSAY_FROST_SIGNERS_MIN = 2,   /* a single share would be the key */
};

/* What a signer publishes in round one. */
struct assay_frost_commitment {
    uint32_t index;
    uint8_t hiding[ASSAY_SODIUM_POINT_LEN];
    uint8_t binding[ASSAY_SODIUM_POINT_LEN];
};

/* The secret of a commitment: for one signature. */
struct assay_frost_nonces {
    struct assay_secret32 hiding, binding;
};

/* What key, message and the commitments of all signers determine; public. About 10 KB. */
struct assay_frost_session {
    uint32_t count;
    struct assay_frost_commitment signer[ASSAY_FROST_SIGNERS_MAX]; /* ascending by index */
    struct assay_secret32 factor[ASSAY_FROST_SIGNERS_MAX]; /* binding factors, RFC 9591 4.4 */
    uint8_t part[ASSAY_FROST_SIGNERS_MAX][ASSAY_SODIUM_POINT_LEN]; /* each signer's of R */
    uint8_t commitment[ASSAY_SODIUM_POINT_LEN];                    /* R of the signature, 4.5 */
    struct assay_secret32 challenge;                               /* 4.6 */
    uint8_t public_key[ASSAY_SODIUM_POINT_LEN];
};

/* Returns: an index as a scalar, where the polynomial is evaluated. In: 1 to
 * ASSAY_FROST_INDICES_MAX (asserted) */
struct assay_secret32 assay_frost_index_scalar(uint32_t index);
/* The Lagrange coefficient at 0 of index[own] among `count` indices (RFC 9591 4.2). Returns:
 * ASSAY_OK | ASSAY_E_RANGE (count, an index, own) | ASSAY_E_DUPLICATE (an index twice) */
ASSAY_CHECKED enum assay_status assay_frost_lambda(const uint32_t *index, uint32_t count,
                                                   uint32_t own, struct assay_secret32 *lambda);

/*
 * assay_frost_commit - round one (RFC 9591 5.1): a pair of nonces and its commitment.
 * In:      share: of this index, mixed into the nonces, so that weak randomness alone reveals
 *          nothing; random[64]: uniform, for this purpose only
 * Returns: ASSAY_OK | ASSAY_E_RANGE (index, share, or a zero was drawn)
 */
ASSAY_CHECKED enum assay_status assay_frost_commit(uint32_t index,
                                                   const struct assay_secret32 *share,
                                                   const uint8_t random[static 64],
                                                   struct assay_frost_nonces *nonces,
                                                   struct assay_frost_commitment *commitment);

/*
 * assay_frost_begin - computes binding factors, group commitment and challenge (RFC 9591 5.2).
 * In:      public_key: of the group; signer[count]: commitments of all signers, any bytes
 * Returns: ASSAY_OK | ASSAY_E_RANGE (count, an index) | ASSAY_E_ENCODING (indices not ascending,
 *          one twice) | ASSAY_E_KEY (a point of no use: not canonical, of small order, outside the
 *          subgroup; or the sum is the identity)
 */
ASSAY_CHECKED enum assay_status assay_frost_begin(
    const uint8_t public_key[static ASSAY_SODIUM_POINT_LEN], struct assay_slice message,
    const struct assay_frost_commitment *signer, uint32_t count,
    struct assay_frost_session *session);

/*
 * assay_frost_sign - round two (RFC 9591 5.2): this signer's share of the signature.
 *
 * The result is verified as others verify it before it is returned: an error of the processor, or a
 * share that changed in memory, reveals nothing and convicts no honest holder.
 * In:      public_share: f(index) G as the group has it, not computed from share;
 *          nonces: of this signer's commitment; wiped, whatever is returned
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (index is no signer of the session) | ASSAY_E_RANGE (share)
 *          | ASSAY_E_INVALID (the session has another commitment of this signer, or the nonces were
 *          used) | ASSAY_E_CRYPTO (the result does not verify, or share and public_share differ)
 */
ASSAY_CHECKED enum assay_status assay_frost_sign(const struct assay_frost_session *session,
                                                 uint32_t index, const struct assay_secret32 *share,
                                                 const uint8_t public_share[static 32],
                                                 struct assay_frost_nonces *nonces,
                                                 uint8_t answer[static 32]);

/* Verifies one signer's share (RFC 9591 5.4), to find who prevents a signature. In: public_share:
 * f(index) G. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no signer of the session) | ASSAY_E_KEY
 * (public_share) | ASSAY_E_SIGNATURE (not its share of this signature) */
ASSAY_CHECKED enum assay_status assay_frost_verify(
    const struct assay_frost_session *session, uint32_t index,
    const uint8_t public_share[static ASSAY_SODIUM_POINT_LEN], const uint8_t answer[static 32]);

/* The signature of the shares (RFC 9591 5.3). In: answers[session->count * 32], in the order of the
 * session, any bytes. Returns: ASSAY_OK: it verifies | ASSAY_E_SIGNATURE: a share is not one, see
 * assay_frost_verify */
ASSAY_CHECKED enum assay_status assay_frost_combine(
    const struct assay_frost_session *session, struct assay_slice message, const uint8_t *answers,
    uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN]);

#endif
