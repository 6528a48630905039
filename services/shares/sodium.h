/*
 * services/shares/sodium.h - interface of the libsodium adapter: the groups of secret sharing
 * (ristretto255, edwards25519), sealed boxes and the cipher of payloads.
 *
 * Implemented by sodium.c alone (docs/services.md 5.2). Every function depends on its arguments
 * only: randomness is passed in as bytes, so that the program chooses its source. Scalars are 32
 * bytes little-endian below the order, the same of both groups, points their 32 canonical bytes.
 * Functions on secrets are constant-time.
 */
#ifndef ASSAY_SERVICES_SHARES_SODIUM_H
#define ASSAY_SERVICES_SHARES_SODIUM_H

#include "base/bytes.h"
#include "base/secret.h"

enum {
    ASSAY_SODIUM_POINT_LEN = 32,
    ASSAY_SODIUM_WIDE_LEN = 64, /* uniform bytes that are reduced to one scalar */
    ASSAY_SODIUM_BOX_OVERHEAD = 48,
    ASSAY_SODIUM_NONCE_LEN = 24,
    ASSAY_SODIUM_TAG_LEN = 16,
    ASSAY_SODIUM_SIGNATURE_LEN = 64,
};

/* Once in a process, before anything else here. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_sodium_start(void);

/* --- scalars. Functions of type void cannot fail. */
/* Reduces uniform bytes to a uniform scalar. */
void assay_sodium_scalar_from(const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
                              struct assay_secret32 *out);
/* Returns: true when it is below the order and not zero. */
bool assay_sodium_scalar_is_fit(const struct assay_secret32 *a);
/* out = a + b, a - b, a b; out may be one of them. */
void assay_sodium_scalar_add(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out);
void assay_sodium_scalar_sub(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out);
void assay_sodium_scalar_mul(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (zero has none) */
ASSAY_CHECKED enum assay_status assay_sodium_scalar_invert(const struct assay_secret32 *a,
                                                           struct assay_secret32 *out);

/* --- points */
/* Returns: true for the canonical bytes of a point that is not the identity. */
bool assay_sodium_point_is_fit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN]);
/* a times the generator. Returns: ASSAY_OK | ASSAY_E_RANGE (a is zero) */
ASSAY_CHECKED enum assay_status assay_sodium_point_base(const struct assay_secret32 *a,
                                                        uint8_t out[static ASSAY_SODIUM_POINT_LEN]);
/* a times a point. Returns: ASSAY_OK | ASSAY_E_KEY (not a point, or the result is the identity) */
ASSAY_CHECKED enum assay_status assay_sodium_point_mul(
    const struct assay_secret32 *a, const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
    uint8_t out[static ASSAY_SODIUM_POINT_LEN]);
/* Returns: ASSAY_OK, and 32 zeros are the identity | ASSAY_E_KEY (not points) */
ASSAY_CHECKED enum assay_status assay_sodium_point_add(
    const uint8_t a[static ASSAY_SODIUM_POINT_LEN], const uint8_t b[static ASSAY_SODIUM_POINT_LEN],
    uint8_t out[static ASSAY_SODIUM_POINT_LEN]);

/* --- edwards25519: points of RFC 8032 in the subgroup of prime order, with the scalars above. A
 * key that signatures of plain Ed25519 verify under is such a point */
/* Returns: true for the canonical bytes of a point of the subgroup that is not the identity. */
bool assay_sodium_edwards_is_fit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN]);
/* a times the generator, without the clamping of RFC 8032. Returns: ASSAY_OK | ASSAY_E_RANGE (a is
 * zero) */
ASSAY_CHECKED enum assay_status assay_sodium_edwards_base(
    const struct assay_secret32 *a, uint8_t out[static ASSAY_SODIUM_POINT_LEN]);
/* a times a point. Returns: ASSAY_OK | ASSAY_E_KEY (not fit, or a is zero) */
ASSAY_CHECKED enum assay_status assay_sodium_edwards_mul(
    const struct assay_secret32 *a, const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
    uint8_t out[static ASSAY_SODIUM_POINT_LEN]);
/* In: points that are fit, or sums of such. Returns: ASSAY_OK, and the sum may be the identity |
 * ASSAY_E_KEY (not on the curve) */
ASSAY_CHECKED enum assay_status assay_sodium_edwards_add(
    const uint8_t a[static ASSAY_SODIUM_POINT_LEN], const uint8_t b[static ASSAY_SODIUM_POINT_LEN],
    uint8_t out[static ASSAY_SODIUM_POINT_LEN]);
/* Ed25519 (RFC 8032 5.1.6) by the key pair of this seed (assay_sodium_link_pair). */
void assay_sodium_edwards_sign(const struct assay_secret32 *seed, struct assay_slice message,
                               uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN]);
/* Ed25519 (RFC 8032 5.1.7). Returns: true when the key signed the message. */
bool assay_sodium_edwards_verify(const uint8_t public_key[static ASSAY_SODIUM_POINT_LEN],
                                 struct assay_slice message,
                                 const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN]);

/* --- sealed boxes: opened with the secret key, from an anonymous sender */
/* A key pair from a seed of 32 uniform bytes. */
void assay_sodium_box_pair(const struct assay_secret32 *seed, struct assay_secret32 *secret,
                           uint8_t public_key[static 32]);
/*
 * assay_sodium_box_seal - seals in the format of libsodium's crypto_box_seal.
 * In:      seed: 32 uniform bytes, for this box alone; message of any length
 * Out:     sealed[message.len + ASSAY_SODIUM_BOX_OVERHEAD]
 * Returns: ASSAY_OK | ASSAY_E_KEY (of small order)
 */
ASSAY_CHECKED enum assay_status assay_sodium_box_seal(const struct assay_secret32 *seed,
                                                      const uint8_t public_key[static 32],
                                                      struct assay_slice message, uint8_t *sealed);
/* Out: message[sealed.len - ASSAY_SODIUM_BOX_OVERHEAD]. Returns: ASSAY_OK | ASSAY_E_TRUNCATED |
 * ASSAY_E_SIGNATURE (another key's, or changed) */
ASSAY_CHECKED enum assay_status assay_sodium_box_open(const struct assay_secret32 *secret,
                                                      const uint8_t public_key[static 32],
                                                      struct assay_slice sealed, uint8_t *message);

/* --- link keys: an Ed25519 key, whose X25519 form is the CURVE key of a link. A CURVE key cannot
 * sign, so a record contains the Ed25519 key and is signed by it, and verifiers compute the CURVE
 * key */
/* A key pair from a seed of 32 uniform bytes. Out: public_key of Ed25519. */
void assay_sodium_link_pair(const struct assay_secret32 *seed, uint8_t public_key[static 32]);
/* From the same seed: the secret CURVE key. */
void assay_sodium_link_secret(const struct assay_secret32 *seed, struct assay_secret32 *curve);
/* The CURVE key of an Ed25519 key. Returns: ASSAY_OK | ASSAY_E_KEY (no point, or of small order) */
ASSAY_CHECKED enum assay_status assay_sodium_link_curve(const uint8_t public_key[static 32],
                                                        uint8_t curve[static 32]);
/* Ed25519 over the 32 bytes of a digest. */
void assay_sodium_link_sign(const struct assay_secret32 *seed, const uint8_t digest[static 32],
                            uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN]);
/* Returns: true when the key signed the digest. */
bool assay_sodium_link_verify(const uint8_t public_key[static 32], const uint8_t digest[static 32],
                              const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN]);

/* --- cipher of payloads: XChaCha20-Poly1305, constant-time on every processor */
/* Out: sealed[message.len + ASSAY_SODIUM_TAG_LEN]. */
void assay_sodium_seal(const struct assay_secret32 *key,
                       const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN], struct assay_slice about,
                       struct assay_slice message, uint8_t *sealed);
/* Out: message[sealed.len - ASSAY_SODIUM_TAG_LEN]. Returns: ASSAY_OK | ASSAY_E_TRUNCATED |
 * ASSAY_E_SIGNATURE (another key, nonce or `about`, or changed) */
ASSAY_CHECKED enum assay_status assay_sodium_open(
    const struct assay_secret32 *key, const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN],
    struct assay_slice about, struct assay_slice sealed, uint8_t *message);

#endif
