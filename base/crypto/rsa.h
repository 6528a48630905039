/*
 * base/crypto/rsa.h - RSA verification, internal to base/crypto/ (callers use assay_verify_key).
 */
#ifndef ASSAY_BASE_CRYPTO_RSA_H
#define ASSAY_BASE_CRYPTO_RSA_H

#include "base/crypto.h"

struct assay_rsa;

/* In: a key of type RSA. Returns: ASSAY_OK | ASSAY_E_KEY (modulus without its top bit or even,
 * exponent even or below 65537) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_rsa_load(const struct assay_key *key, struct assay_rsa **out);
/* Accepts a NULL key; sets *key to NULL. */
void assay_rsa_free(struct assay_rsa **key);
/* In: digest of the algorithm's length. Aborts when memory runs out.
 * Returns: true when the signature verifies; false for an algorithm that is not RSA */
bool assay_rsa_verify(const struct assay_rsa *key, const struct assay_signature *signature,
                      const uint8_t *digest);

#endif
