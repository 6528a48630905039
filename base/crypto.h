/*
 * base/crypto.h - the seam between Assay and a cryptographic library.
 *
 * Implemented by base/crypto/openssl.c (real) and later base/crypto/model.c (simulator). Everything
 * here is a pure function of its arguments except key generation and signing, which draw randomness
 * and are called by hosts and tools only, never by the core.
 *
 * P-256 public keys travel as 64 bytes X | Y (big-endian), signatures as 64 bytes r | s. Loading
 * costs some microseconds and memory: load once, keep the opaque key. A loaded key is only read by
 * verify and sign: several threads may use it at once, and only its owner frees it.
 */
#ifndef ASSAY_BASE_CRYPTO_H
#define ASSAY_BASE_CRYPTO_H

#include "base/bytes.h"
#include "base/secret.h"

enum {
    ASSAY_SHA256_LEN = 32,
    ASSAY_SHA384_LEN = 48,
    ASSAY_SHA512_LEN = 64,
    ASSAY_P256_PUBLIC_LEN = 64,
    ASSAY_P256_SIGNATURE_LEN = 64,
};

/* One-shot hashes. Returns: nothing (they cannot fail). */
void assay_sha256(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA256_LEN]);
void assay_sha384(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA384_LEN]);
void assay_sha512(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA512_LEN]);
/* The digest of several pieces one after the other. Returns: nothing. */
void assay_sha256_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA256_LEN]);
void assay_hmac_sha256(const uint8_t *key, size_t key_len, const void *bytes, size_t len,
                       uint8_t mac[static ASSAY_SHA256_LEN]);

/* A decoded P-256 public key; opaque, owned by whoever loaded it, freed with assay_p256_free. */
struct assay_p256;

/* What the sender's low-s duty is: our own signatures must have s <= n/2, vendors' may be high. */
enum assay_s_rule { ASSAY_S_LOW, ASSAY_S_ANY };

/* In: x|y. Returns: ASSAY_OK | ASSAY_E_KEY (not on the curve, or infinity) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p256_load(
    const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN], struct assay_p256 **key);
/* Accepts a NULL key; sets *key to NULL. Returns: nothing. */
void assay_p256_free(struct assay_p256 **key);
/* ECDSA over a SHA-256 digest; aborts when memory runs out, which must not read as "bad signature".
 * Returns: true when the signature verifies (r, s in 1..n-1, s per rule). */
bool assay_p256_verify(const struct assay_p256 *key, const uint8_t digest[static ASSAY_SHA256_LEN],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       enum assay_s_rule rule);

/* --- for hosts and tools: these draw randomness. A private key is 32 bytes big-endian. */
/* Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_random(void *out, size_t len);
/* Returns: ASSAY_OK | ASSAY_E_CRYPTO; outputs wiped on failure */
ASSAY_CHECKED enum assay_status assay_p256_generate(
    struct assay_secret32 *private_key, uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* Returns: ASSAY_OK | ASSAY_E_KEY (0 or >= n) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p256_public(const struct assay_secret32 *private_key,
                                                  uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);

/* A decoded private key for repeated signing; the host keeps it, wiped when freed. */
struct assay_p256_signer;
/* Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p256_signer_load(const struct assay_secret32 *private_key,
                                                       struct assay_p256_signer **signer);
void assay_p256_signer_free(struct assay_p256_signer **signer);
/* Low-s signature over a digest. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p256_sign(const struct assay_p256_signer *signer,
                                                const uint8_t digest[static ASSAY_SHA256_LEN],
                                                uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

/* CURVE25519 key pairs of the transport (RFC 7748), raw bytes.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO; outputs wiped on failure */
ASSAY_CHECKED enum assay_status assay_x25519_generate(struct assay_secret32 *private_key,
                                                      uint8_t public_key[static 32]);
ASSAY_CHECKED enum assay_status assay_x25519_public(const struct assay_secret32 *private_key,
                                                    uint8_t public_key[static 32]);

#endif
