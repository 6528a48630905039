/*
 * services/shares/sodium.c - adapter of libsodium (docs/services.md 5.2).
 */
#include "services/shares/sodium.h"

#include <sodium.h>

_Static_assert(crypto_core_ristretto255_SCALARBYTES == sizeof(struct assay_secret32), "a scalar");
_Static_assert(crypto_core_ristretto255_BYTES == ASSAY_SODIUM_POINT_LEN, "a point");
_Static_assert(crypto_core_ristretto255_NONREDUCEDSCALARBYTES == ASSAY_SODIUM_WIDE_LEN, "wide");
_Static_assert(crypto_box_SEALBYTES == ASSAY_SODIUM_BOX_OVERHEAD, "a sealed box");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == ASSAY_SODIUM_NONCE_LEN, "a nonce");
_Static_assert(crypto_sign_BYTES == ASSAY_SODIUM_SIGNATURE_LEN, "a signature");
_Static_assert(crypto_sign_SEEDBYTES == sizeof(struct assay_secret32), "a seed");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == ASSAY_SODIUM_TAG_LEN, "a tag");

enum assay_status assay_sodium_start(void)
{
    return sodium_init() < 0 ? ASSAY_E_CRYPTO : ASSAY_OK;
}

/* --- scalars */

void assay_sodium_scalar_from(const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
                              struct assay_secret32 *out)
{
    crypto_core_ristretto255_scalar_reduce(out->bytes, wide);
}

bool assay_sodium_scalar_is_fit(const struct assay_secret32 *a)
{
    /* libsodium 1.0.18 accepts any bytes as a scalar: it is canonical when reduction does not
     * change it. */
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN] = { 0 };
    struct assay_secret32 reduced;
    static const struct assay_secret32 zero = { { 0 } };
    assay_bytes_copy(wide, sizeof wide, a->bytes, sizeof a->bytes);
    crypto_core_ristretto255_scalar_reduce(reduced.bytes, wide);
    const bool same = assay_equal_ct(reduced.bytes, a->bytes, sizeof reduced);
    const bool none = assay_equal_ct(reduced.bytes, zero.bytes, sizeof reduced);
    assay_secret_wipe(wide, sizeof wide);
    assay_secret_wipe(&reduced, sizeof reduced);
    return same && !none;
}

void assay_sodium_scalar_add(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out)
{
    crypto_core_ristretto255_scalar_add(out->bytes, a->bytes, b->bytes);
}

void assay_sodium_scalar_sub(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out)
{
    crypto_core_ristretto255_scalar_sub(out->bytes, a->bytes, b->bytes);
}

void assay_sodium_scalar_mul(const struct assay_secret32 *a, const struct assay_secret32 *b,
                             struct assay_secret32 *out)
{
    crypto_core_ristretto255_scalar_mul(out->bytes, a->bytes, b->bytes);
}

enum assay_status assay_sodium_scalar_invert(const struct assay_secret32 *a,
                                             struct assay_secret32 *out)
{
    struct assay_secret32 inverse;
    if (crypto_core_ristretto255_scalar_invert(inverse.bytes, a->bytes) != 0) return ASSAY_E_RANGE;
    *out = inverse;
    assay_secret_wipe(&inverse, sizeof inverse);
    return ASSAY_OK;
}

/* --- points */

/* libsodium 1.0.18 ignores the highest bit: a point would have two encodings. */
static bool has_high_bit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    return (point[ASSAY_SODIUM_POINT_LEN - 1] & 0x80) != 0;
}

bool assay_sodium_point_is_fit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    if (has_high_bit(point)) return false;
    if (assay_bytes_all_zero(point, ASSAY_SODIUM_POINT_LEN)) return false; /* the identity */
    return crypto_core_ristretto255_is_valid_point(point) == 1;
}

enum assay_status assay_sodium_point_base(const struct assay_secret32 *a,
                                          uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    return crypto_scalarmult_ristretto255_base(out, a->bytes) == 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_sodium_point_mul(const struct assay_secret32 *a,
                                         const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                                         uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t result[ASSAY_SODIUM_POINT_LEN];
    if (has_high_bit(point)) return ASSAY_E_KEY;
    if (crypto_scalarmult_ristretto255(result, a->bytes, point) != 0) return ASSAY_E_KEY;
    assay_bytes_copy(out, ASSAY_SODIUM_POINT_LEN, result, sizeof result);
    return ASSAY_OK;
}

enum assay_status assay_sodium_point_add(const uint8_t a[static ASSAY_SODIUM_POINT_LEN],
                                         const uint8_t b[static ASSAY_SODIUM_POINT_LEN],
                                         uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t result[ASSAY_SODIUM_POINT_LEN];
    if (has_high_bit(a) || has_high_bit(b)) return ASSAY_E_KEY;
    if (crypto_core_ristretto255_add(result, a, b) != 0) return ASSAY_E_KEY;
    assay_bytes_copy(out, ASSAY_SODIUM_POINT_LEN, result, sizeof result);
    return ASSAY_OK;
}

/* --- edwards25519 */

bool assay_sodium_edwards_is_fit(const uint8_t point[static ASSAY_SODIUM_POINT_LEN])
{
    return crypto_core_ed25519_is_valid_point(point) == 1;
}

enum assay_status assay_sodium_edwards_base(const struct assay_secret32 *a,
                                            uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    return crypto_scalarmult_ed25519_base_noclamp(out, a->bytes) == 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

enum assay_status assay_sodium_edwards_mul(const struct assay_secret32 *a,
                                           const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                                           uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t result[ASSAY_SODIUM_POINT_LEN];
    if (crypto_scalarmult_ed25519_noclamp(result, a->bytes, point) != 0) return ASSAY_E_KEY;
    assay_bytes_copy(out, ASSAY_SODIUM_POINT_LEN, result, sizeof result);
    return ASSAY_OK;
}

enum assay_status assay_sodium_edwards_add(const uint8_t a[static ASSAY_SODIUM_POINT_LEN],
                                           const uint8_t b[static ASSAY_SODIUM_POINT_LEN],
                                           uint8_t out[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t result[ASSAY_SODIUM_POINT_LEN];
    if (crypto_core_ed25519_add(result, a, b) != 0) return ASSAY_E_KEY;
    assay_bytes_copy(out, ASSAY_SODIUM_POINT_LEN, result, sizeof result);
    return ASSAY_OK;
}

void assay_sodium_edwards_sign(const struct assay_secret32 *seed, struct assay_slice message,
                               uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES], public_key[32];
    ASSAY_ASSERT(message.bytes != NULL || message.len == 0);
    int failed = crypto_sign_seed_keypair(public_key, secret, seed->bytes);
    failed |= crypto_sign_detached(signature, NULL, message.bytes, message.len, secret);
    ASSAY_ASSERT(failed == 0);
    assay_secret_wipe(secret, sizeof secret);
}

bool assay_sodium_edwards_verify(const uint8_t public_key[static ASSAY_SODIUM_POINT_LEN],
                                 struct assay_slice message,
                                 const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    ASSAY_ASSERT(message.bytes != NULL || message.len == 0);
    return crypto_sign_verify_detached(signature, message.bytes, message.len, public_key) == 0;
}

/* --- sealed boxes */

void assay_sodium_box_pair(const struct assay_secret32 *seed, struct assay_secret32 *secret,
                           uint8_t public_key[static 32])
{
    const int failed = crypto_box_seed_keypair(public_key, secret->bytes, seed->bytes);
    ASSAY_ASSERT(failed == 0); /* it cannot fail otherwise */
}

/* As in crypto_box_seal: the nonce is derived from both public keys, so none is sent. */
static void box_nonce(const uint8_t fresh[static 32], const uint8_t public_key[static 32],
                      uint8_t nonce[static crypto_box_NONCEBYTES])
{
    crypto_generichash_state hash;
    int failed = crypto_generichash_init(&hash, NULL, 0, crypto_box_NONCEBYTES);
    failed |= crypto_generichash_update(&hash, fresh, 32);
    failed |= crypto_generichash_update(&hash, public_key, 32);
    failed |= crypto_generichash_final(&hash, nonce, crypto_box_NONCEBYTES);
    ASSAY_ASSERT(failed == 0);
}

enum assay_status assay_sodium_box_seal(const struct assay_secret32 *seed,
                                        const uint8_t public_key[static 32],
                                        struct assay_slice message, uint8_t *sealed)
{
    ASSAY_ASSERT(message.bytes != NULL || message.len == 0);
    uint8_t nonce[crypto_box_NONCEBYTES];
    struct assay_secret32 secret;
    assay_sodium_box_pair(seed, &secret, sealed);
    box_nonce(sealed, public_key, nonce);
    const int failed = crypto_box_easy(sealed + 32, message.bytes, message.len, nonce, public_key,
                                       secret.bytes);
    assay_secret_wipe(&secret, sizeof secret);
    return failed == 0 ? ASSAY_OK : ASSAY_E_KEY;
}

enum assay_status assay_sodium_box_open(const struct assay_secret32 *secret,
                                        const uint8_t public_key[static 32],
                                        struct assay_slice sealed, uint8_t *message)
{
    ASSAY_ASSERT(sealed.bytes != NULL || sealed.len == 0);
    if (sealed.len < ASSAY_SODIUM_BOX_OVERHEAD) return ASSAY_E_TRUNCATED;
    const int failed = crypto_box_seal_open(message, sealed.bytes, sealed.len, public_key,
                                            secret->bytes);
    return failed == 0 ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

/* --- payloads */

/* --- link keys */

void assay_sodium_link_pair(const struct assay_secret32 *seed, uint8_t public_key[static 32])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    const int failed = crypto_sign_seed_keypair(public_key, secret, seed->bytes);
    ASSAY_ASSERT(failed == 0); /* it cannot fail otherwise */
    assay_secret_wipe(secret, sizeof secret);
}

void assay_sodium_link_secret(const struct assay_secret32 *seed, struct assay_secret32 *curve)
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES], public_key[32];
    int failed = crypto_sign_seed_keypair(public_key, secret, seed->bytes);
    failed |= crypto_sign_ed25519_sk_to_curve25519(curve->bytes, secret);
    ASSAY_ASSERT(failed == 0);
    assay_secret_wipe(secret, sizeof secret);
}

enum assay_status assay_sodium_link_curve(const uint8_t public_key[static 32],
                                          uint8_t curve[static 32])
{
    uint8_t made[32];
    if (crypto_sign_ed25519_pk_to_curve25519(made, public_key) != 0) return ASSAY_E_KEY;
    assay_bytes_copy(curve, 32, made, sizeof made);
    return ASSAY_OK;
}

void assay_sodium_link_sign(const struct assay_secret32 *seed, const uint8_t digest[static 32],
                            uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    assay_sodium_edwards_sign(seed, assay_slice_over(digest, 32), signature);
}

bool assay_sodium_link_verify(const uint8_t public_key[static 32], const uint8_t digest[static 32],
                              const uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    return crypto_sign_verify_detached(signature, digest, 32, public_key) == 0;
}

void assay_sodium_seal(const struct assay_secret32 *key,
                       const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN], struct assay_slice about,
                       struct assay_slice message, uint8_t *sealed)
{
    ASSAY_ASSERT(message.bytes != NULL || message.len == 0);
    unsigned long long len = 0;
    const int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed, &len, message.bytes, message.len, about.bytes, about.len, NULL, nonce, key->bytes);
    ASSAY_ASSERT(failed == 0 && len == message.len + ASSAY_SODIUM_TAG_LEN);
}

enum assay_status assay_sodium_open(const struct assay_secret32 *key,
                                    const uint8_t nonce[static ASSAY_SODIUM_NONCE_LEN],
                                    struct assay_slice about, struct assay_slice sealed,
                                    uint8_t *message)
{
    ASSAY_ASSERT(sealed.bytes != NULL || sealed.len == 0);
    if (sealed.len < ASSAY_SODIUM_TAG_LEN) return ASSAY_E_TRUNCATED;
    const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        message, NULL, NULL, sealed.bytes, sealed.len, about.bytes, about.len, nonce, key->bytes);
    return failed == 0 ? ASSAY_OK : ASSAY_E_SIGNATURE;
}
