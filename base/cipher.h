/*
 * base/cipher.h - authenticated encryption of one file, for a passphrase or for a P-256 key.
 *
 * An interface next to base/crypto.h, for tools: implemented by base/crypto/openssl_cipher.c.
 * Each file has a key of its own, derived from fresh random bytes, which seals it once with
 * AES-256-GCM (SP 800-38D) and a nonce of zeros. The costs of a derivation are constants: a hostile
 * file cannot choose them.
 */
#ifndef ASSAY_BASE_CIPHER_H
#define ASSAY_BASE_CIPHER_H

#include "base/crypto.h"

enum {
    ASSAY_CIPHER_SALT_LEN = 32,
    ASSAY_CIPHER_TAG_LEN = 16,
    ASSAY_CIPHER_PASSPHRASE_MIN = 12, /* bytes */
    ASSAY_CIPHER_PASSPHRASE_MAX = 1024,
    ASSAY_CIPHER_LEN_MAX = 0x7f000000, /* OpenSSL counts with int */
};

/* scrypt (RFC 7914) with N = 2^17, r = 8, p = 1: 128 MiB, some tenths of a second.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (length of the passphrase) | ASSAY_E_CRYPTO; *key wiped unless
 * ASSAY_OK */
ASSAY_CHECKED enum assay_status assay_cipher_key_of_passphrase(
    struct assay_slice passphrase, const uint8_t salt[static ASSAY_CIPHER_SALT_LEN],
    struct assay_secret32 *key);
/*
 * The key of a file for a recipient: Diffie-Hellman with a fresh key (SP 800-56A 6.2.2.2), then
 * HKDF-SHA256 (RFC 5869) over the shared x coordinate with both public keys as salt.
 * Out:     fresh: to be written into the file
 * Returns: ASSAY_OK | ASSAY_E_KEY (not on the curve) | ASSAY_E_CRYPTO; *key wiped unless ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_cipher_key_for(
    const uint8_t recipient[static ASSAY_P256_PUBLIC_LEN],
    uint8_t fresh[static ASSAY_P256_PUBLIC_LEN], struct assay_secret32 *key);
/* The same key at the recipient. Returns: the same */
ASSAY_CHECKED enum assay_status assay_cipher_key_of_recipient(
    const struct assay_secret32 *private_key, const uint8_t fresh[static ASSAY_P256_PUBLIC_LEN],
    struct assay_secret32 *key);

/* Encrypts in place. In: head: bytes that are authenticated and not encrypted; len at most
 * ASSAY_CIPHER_LEN_MAX. Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_cipher_seal(const struct assay_secret32 *key,
                                                  struct assay_slice head, uint8_t *bytes,
                                                  size_t len,
                                                  uint8_t tag[static ASSAY_CIPHER_TAG_LEN]);
/* Decrypts in place. Returns: ASSAY_OK | ASSAY_E_SIGNATURE (another key, or other bytes; then bytes
 * are wiped) | ASSAY_E_RANGE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_cipher_open(const struct assay_secret32 *key,
                                                  struct assay_slice head, uint8_t *bytes,
                                                  size_t len,
                                                  const uint8_t tag[static ASSAY_CIPHER_TAG_LEN]);

#endif
