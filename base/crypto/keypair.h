/*
 * base/crypto/keypair.h - private keys of ECDSA and RSA with which a tool signs certificates and
 * tokens of its owner: made, kept as PKCS #8 in PEM, used for the algorithms of RFC 7518 3.3 and
 * 3.4 that every relying party has.
 *
 * An interface next to base/crypto.h, for tools, implemented by base/crypto/openssl_keypair.c. All
 * draw randomness but the last two.
 */
#ifndef ASSAY_BASE_CRYPTO_KEYPAIR_H
#define ASSAY_BASE_CRYPTO_KEYPAIR_H

#include "base/crypto.h"

enum assay_keypair_algorithm {
    ASSAY_KEYPAIR_ES256 = 1, /* ECDSA on P-256 with SHA-256 */
    ASSAY_KEYPAIR_RS256 = 2, /* RSA of 3072 bits, PKCS #1 v1.5 with SHA-256 */
};

enum {
    ASSAY_KEYPAIR_PEM_MAX = 8192, /* of a private key */
    ASSAY_KEYPAIR_LEN_MAX = 512,  /* of a signature: RSA of 4096 bits */
};

struct assay_keypair; /* opaque, wiped when freed */

/* Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keypair_generate(enum assay_keypair_algorithm algorithm,
                                                       struct assay_keypair **key);
/* A key behind a passphrase is none. Returns: ASSAY_OK | ASSAY_E_SYNTAX (no private key in PEM) |
 * ASSAY_E_TYPE (of another kind than P-256 and RSA of 2048, 3072 or 4096 bits) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keypair_read(struct assay_slice pem,
                                                   struct assay_keypair **key);
/* Accepts a NULL key; sets *key to NULL. */
void assay_keypair_free(struct assay_keypair **key);
/* PKCS #8 in PEM: a secret. Returns: ASSAY_OK and *len | ASSAY_E_FULL | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keypair_write(const struct assay_keypair *key, uint8_t *pem,
                                                    size_t capacity, size_t *len);
/* SHA-256 of the message is signed. Out: r | s of 64 bytes (RFC 7518 3.4), or as long as the
 * modulus. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keypair_sign(const struct assay_keypair *key,
                                                   struct assay_slice message,
                                                   uint8_t signature[static ASSAY_KEYPAIR_LEN_MAX],
                                                   size_t *len);
/* Returns: its algorithm */
enum assay_keypair_algorithm assay_keypair_algorithm(const struct assay_keypair *key);
/* Its public half. Returns: valid as long as the key */
const struct assay_key *assay_keypair_public(const struct assay_keypair *key);

#endif
