/*
 * base/seal.h - cryptographic primitives of an envelope that only one TPM can open.
 *
 * An interface next to base/crypto.h, for the credential protection of TPM 2.0 (Part 1 24):
 * implemented by
 * base/crypto/openssl_seal.c. For hosts and tools: it draws randomness and handles secrets; the
 * core does not use it.
 */
#ifndef ASSAY_BASE_SEAL_H
#define ASSAY_BASE_SEAL_H

#include "base/crypto.h"

enum {
    ASSAY_SEAL_SECRET_MAX = 64, /* a seed, a key: as long as a digest */
    ASSAY_SEAL_LABEL_MAX = 32,
};

/* The hashes of names and key derivation. */
enum assay_seal_hash { ASSAY_SEAL_SHA256, ASSAY_SEAL_SHA384, ASSAY_SEAL_SHA512 };

/* Returns: 32, 48 or 64. */
size_t assay_seal_hash_len(enum assay_seal_hash hash);
/* Keyed hash (RFC 2104). Out: mac[assay_seal_hash_len]. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_seal_hmac(enum assay_seal_hash hash, struct assay_slice key,
                                                struct assay_slice bytes,
                                                uint8_t mac[static ASSAY_SEAL_SECRET_MAX]);
/*
 * assay_seal_rsa_oaep - RSAES-OAEP (RFC 8017 7.1), MGF1 with the same hash.
 * In:      key of type RSA; label with every byte that counts, at most ASSAY_SEAL_LABEL_MAX
 * Out:     sealed[ASSAY_RSA_MODULUS_MAX]; *len is that of the modulus
 * Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_RANGE (message too long) | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_seal_rsa_oaep(
    const struct assay_key *key, enum assay_seal_hash hash, struct assay_slice label,
    struct assay_slice message, uint8_t sealed[static ASSAY_RSA_MODULUS_MAX], size_t *len);
/*
 * assay_seal_agree - one-pass Diffie-Hellman with a fresh key (SP 800-56A 6.2.2.2), P-256 or P-384.
 * Out:     *fresh: public half, to be sent; shared: the x coordinate, as long as the curve's field
 * Returns: ASSAY_OK | ASSAY_E_KEY (type, not on the curve) | ASSAY_E_CRYPTO; then shared is wiped
 */
ASSAY_CHECKED enum assay_status assay_seal_agree(const struct assay_key *peer,
                                                 struct assay_key *fresh,
                                                 uint8_t shared[static ASSAY_SEAL_SECRET_MAX]);
/*
 * assay_seal_cfb - AES in CFB mode (SP 800-38A 6.3) from an initial vector of zeros, in place.
 * In:      key of 16 or 32 bytes, used for this once
 * Returns: ASSAY_OK | ASSAY_E_RANGE (key length) | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_seal_cfb(struct assay_slice key, uint8_t *bytes, size_t len);

#endif
