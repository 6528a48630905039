/*
 * base/crypto.h - interface between Assay and a cryptographic library.
 *
 * Implemented by base/crypto/openssl.c and nettle.c (real); base/crypto/model.h has the modelled
 * implementation of simulations, used instead of it or together with it. Everything here is a pure
 * function of its arguments except key generation
 * and signing, which draw randomness and are called by hosts and tools only, never by the core.
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
    ASSAY_SHA1_LEN = 20, /* of values in old logs and banks: nothing is hashed with it */
    ASSAY_SHA256_LEN = 32,
    ASSAY_SHA384_LEN = 48,
    ASSAY_SHA512_LEN = 64,
    ASSAY_P256_PUBLIC_LEN = 64,
    ASSAY_P256_SIGNATURE_LEN = 64,
};

/* One-shot hashes; they cannot fail. */
void assay_sha256(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA256_LEN]);
void assay_sha384(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA384_LEN]);
void assay_sha512(const void *bytes, size_t len, uint8_t digest[static ASSAY_SHA512_LEN]);
/* The digest of several pieces one after the other. Each */
void assay_sha256_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA256_LEN]);
void assay_sha384_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA384_LEN]);
void assay_sha512_pieces(const struct assay_slice *pieces, size_t count,
                         uint8_t digest[static ASSAY_SHA512_LEN]);
void assay_hmac_sha256(const uint8_t *key, size_t key_len, const void *bytes, size_t len,
                       uint8_t mac[static ASSAY_SHA256_LEN]);

/* A decoded P-256 public key; opaque, owned by the caller that loaded it, freed with
 * assay_p256_free. */
struct assay_p256;

/* Which s a signature may have: our own must have s <= n/2, vendors' may be high. */
enum assay_s_rule { ASSAY_S_LOW, ASSAY_S_ANY };

/* In: x|y. Returns: ASSAY_OK | ASSAY_E_KEY (not on the curve, or infinity) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p256_load(
    const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN], struct assay_p256 **key);
/* Accepts a NULL key; sets *key to NULL. */
void assay_p256_free(struct assay_p256 **key);
/* ECDSA over a SHA-256 digest; aborts when memory runs out, which must not read as "bad signature".
 * Returns: true when the signature verifies (r, s in 1..n-1, s per rule). */
bool assay_p256_verify(const struct assay_p256 *key, const uint8_t digest[static ASSAY_SHA256_LEN],
                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       enum assay_s_rule rule);

/* Heap bytes of a table of multiples, measured and rounded up. */
enum { ASSAY_P256_TABLE_LEN = 155648 };
/*
 * assay_p256_add_table - precomputed multiples of a key that verifies often: each verification then
 * costs half or less, with the same answers. About 350 verifications' time to make. No other thread
 * may use the key meanwhile; afterwards, as without a table. Freed with the key.
 * Returns: true when the key has a table; false when memory ran out or the library has no such
 * functions: it verifies as before
 */
bool assay_p256_add_table(struct assay_p256 *key);
/* Returns: true when the key has a table. */
bool assay_p256_has_table(const struct assay_p256 *key);
/* Nothing happens without a table. No other thread may use the key meanwhile. */
void assay_p256_remove_table(struct assay_p256 *key);

/* --- public keys of every kind that endorses evidence */
enum assay_key_type {
    ASSAY_KEY_NONE = 0,
    ASSAY_KEY_P256 = 1,
    ASSAY_KEY_P384 = 2,
    ASSAY_KEY_RSA = 3,
};

enum {
    ASSAY_P384_PUBLIC_LEN = 96,
    ASSAY_P384_SIGNATURE_LEN = 96,
    ASSAY_RSA_MODULUS_MIN = 256, /* 2048 bits: TPM attestation keys */
    ASSAY_RSA_MODULUS_MAX = 512, /* 4096 bits: AMD's ARK and ASK */
    ASSAY_KEY_BYTES_MAX = 516,
    ASSAY_SIGNATURE_MAX = 512,
    ASSAY_DIGEST_MAX = 64,
};

/*
 * A public key as plain data. P-256, P-384: X | Y, big-endian (64, 96 bytes). RSA: the modulus,
 * big-endian with its top bit set (256, 384 or 512 bytes), then the exponent in four bytes.
 */
struct assay_key {
    enum assay_key_type type;
    uint32_t len;
    uint8_t bytes[ASSAY_KEY_BYTES_MAX];
};

/* Fills a key from its bytes (asserted: of a length that the type has). */
void assay_key_from(struct assay_key *key, enum assay_key_type type, const uint8_t *bytes,
                    size_t len);
/* Returns: the key of 64 bytes X | Y. */
struct assay_key assay_key_p256(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* The type that so many bytes make. Returns: NONE for a length that no type has. */
enum assay_key_type assay_key_type_of_len(size_t len);
/* Returns: true for the same key. */
bool assay_key_equal(const struct assay_key *a, const struct assay_key *b);

/* The explicit list of signature algorithms; nothing else is ever verified. */
enum assay_signature_alg {
    ASSAY_SIGNATURE_NONE = 0,
    ASSAY_SIGNATURE_ECDSA_SHA256 = 1,
    ASSAY_SIGNATURE_ECDSA_SHA384 = 2,
    ASSAY_SIGNATURE_RSA_PKCS1_SHA256 = 3, /* RFC 8017 8.2 */
    ASSAY_SIGNATURE_RSA_PKCS1_SHA384 = 4,
    ASSAY_SIGNATURE_RSA_PSS_SHA256 = 5, /* RFC 8017 8.1, MGF1 with the same hash, salt as long */
    ASSAY_SIGNATURE_RSA_PSS_SHA384 = 6,
    ASSAY_SIGNATURE_RSA_PKCS1_SHA512 = 7, /* Azure's authorities of virtual TPMs */
    ASSAY_SIGNATURE_RSA_PSS_SHA512 = 8,
};

/* A signature as plain data. ECDSA: r | s of 48 bytes each, big-endian, for every curve. RSA: as
 * long as the modulus. */
struct assay_signature {
    enum assay_signature_alg alg;
    uint32_t len;
    uint8_t bytes[ASSAY_SIGNATURE_MAX];
};

/* ECDSA over SHA-256 with 32-byte halves, as quotes and signed documents carry it. */
void assay_signature_from_p256(struct assay_signature *signature,
                               const uint8_t bytes[static ASSAY_P256_SIGNATURE_LEN]);

/* The digest that an algorithm signs: 32, 48 or 64 bytes. Returns: its length; 0 for NONE. */
size_t assay_signature_digest_len(enum assay_signature_alg alg);
/* Hashes bytes as the algorithm wants. Returns: the length of the digest; 0 for NONE. */
size_t assay_signature_digest(enum assay_signature_alg alg, const void *bytes, size_t len,
                              uint8_t digest[static ASSAY_DIGEST_MAX]);
/* SubjectPublicKeyInfo in DER (RFC 5480, RFC 8017 A.1). Returns: ASSAY_OK | ASSAY_E_RANGE (no such
 * key) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_key_spki(const struct assay_key *key, uint8_t *der,
                                               size_t capacity, size_t *len);
/* SHA-256 of the SubjectPublicKeyInfo: the name under which a root is pinned (`openssl pkey -pubin
 * -outform der | sha256sum`). All zero for a key that assay_key_spki rejects. */
void assay_key_name(const struct assay_key *key, uint8_t name[static ASSAY_SHA256_LEN]);

/* A decoded public key of any type; opaque, owned by the caller that loaded it. */
struct assay_verify_key;
/* Returns: ASSAY_OK | ASSAY_E_KEY (not on the curve, infinity, modulus or exponent even, out of
 * range) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_public_key_load(const struct assay_key *key,
                                                      struct assay_verify_key **out);
/* Accepts a NULL key; sets *key to NULL. */
void assay_public_key_free(struct assay_verify_key **key);
/*
 * assay_public_key_check - a signature over a digest; any s, as vendors make both.
 * In:      digest_len as returned by assay_signature_digest_len
 * Returns: true when it verifies; false also when key type and algorithm do not belong together
 */
bool assay_public_key_check(const struct assay_verify_key *key,
                            const struct assay_signature *signature, const uint8_t *digest,
                            size_t digest_len);
/* Returns: true for a key of a type that has tables: P-256. */
bool assay_public_key_takes_table(const struct assay_verify_key *key);
/* assay_p256_add_table for a key of P-256. Returns: true when it has a table; false for every other
 * type */
bool assay_public_key_add_table(struct assay_verify_key *key);
void assay_public_key_remove_table(struct assay_verify_key *key);
/* Heap bytes of a loaded key and its table, as far as the library reports them. Returns: an
 * estimate. */
size_t assay_public_key_weight(const struct assay_verify_key *key);

struct assay_p384;
/* P-384 through a library of its own (base/crypto/nettle.c; wolfssl.c by build option): OpenSSL 3.0
 * takes half as many a second. ECDSA over a SHA-384 digest.
 * Returns: ASSAY_OK | ASSAY_E_KEY (not on the curve, or infinity) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p384_load(
    const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN], struct assay_p384 **key);
/* Accepts a NULL key; sets *key to NULL. */
void assay_p384_free(struct assay_p384 **key);
/* In: digest of 32 or 48 bytes. Returns: true when the signature (r | s) verifies. */
bool assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t digest_len,
                       const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN]);
/* The library behind assay_p384_verify. Returns: "nettle", "wolfssl" or "openssl". */
const char *assay_p384_library(void);

enum {
    ASSAY_ED25519_PUBLIC_LEN = 32,
    ASSAY_ED25519_SIGNATURE_LEN = 64,
    ASSAY_ED25519_SPKI_LEN = 44,
};
/* Out: spki: the key's SubjectPublicKeyInfo: id-Ed25519 without parameters (RFC 8410 4). */
void assay_ed25519_spki(const uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN],
                        uint8_t spki[static ASSAY_ED25519_SPKI_LEN]);
/*
 * Ed25519 (RFC 8032 5.1.7), the same answer on every machine: the encoding of S B - k A is compared
 * with R, S is below the order. A key whose encoding is not canonical, or that is a point of small
 * order, signs nothing: under such a key one signature is good for many messages. Aborts when
 * memory runs out.
 * Returns: true when the key signed the message; false of every key where Ed25519 is not available
 */
bool assay_ed25519_verify(const uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN],
                          const void *message, size_t len,
                          const uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN]);
/* Whether the library verifies Ed25519, by a known answer; a configuration file that allows FIPS
 * algorithms alone does not count. Returns: the same at every call */
bool assay_ed25519_is_available(void);

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

/* For the simulator alone: the nonce follows from key and digest (RFC 6979), so that the same run
 * gives the same bytes. Low s. Returns: ASSAY_OK | ASSAY_E_CRYPTO (also for no private key) */
ASSAY_CHECKED enum assay_status assay_p256_sign_repeatable(
    const struct assay_secret32 *private_key, const uint8_t digest[static ASSAY_SHA256_LEN],
    uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

/* CURVE25519 key pairs of the transport (RFC 7748), raw bytes.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO; outputs wiped on failure */
ASSAY_CHECKED enum assay_status assay_x25519_generate(struct assay_secret32 *private_key,
                                                      uint8_t public_key[static 32]);
ASSAY_CHECKED enum assay_status assay_x25519_public(const struct assay_secret32 *private_key,
                                                    uint8_t public_key[static 32]);

#endif
