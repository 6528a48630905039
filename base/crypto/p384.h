/*
 * base/crypto/p384.h - P-384 through OpenSSL: the reference that the fast library is checked
 * against.
 *
 * Internal to base/crypto/. OpenSSL 3.0 verifies half as many P-384 signatures a second as nettle
 * and a quarter of wolfSSL's, so it does not carry the load. It decides when the fast library
 * rejects (base/crypto/nettle.c has the reason), it is the seam itself in a build with
 * -DASSAY_P384=openssl, and the tests compare with it.
 */
#ifndef ASSAY_BASE_CRYPTO_P384_H
#define ASSAY_BASE_CRYPTO_P384_H

#include "base/crypto.h"

enum { ASSAY_P384_SCALAR_LEN = 48 };

/* Heap bytes that a loaded key of the seam holds; each adapter knows. Returns: an estimate. */
size_t assay_p384_weight(void);

struct assay_p384_reference;

/* Returns: ASSAY_OK | ASSAY_E_KEY (not on the curve, or infinity) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_p384_reference_load(
    const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN], struct assay_p384_reference **key);
/* Accepts a NULL key; sets *key to NULL. */
void assay_p384_reference_free(struct assay_p384_reference **key);
/* Aborts when memory runs out, which must not read as "bad signature".
 * In: digest of 32 or 48 bytes. Returns: true when the signature (r | s) verifies. */
bool assay_p384_reference_verify(const struct assay_p384_reference *key, const uint8_t *digest,
                                 size_t digest_len,
                                 const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN]);
/*
 * The last word on a signature that a fast library refused, so that every build of Assay gives the
 * same verdict on the same bytes. Only refused evidence pays for it. Aborts when memory runs out.
 * In: a key that was loaded before. Returns: true when the signature verifies after all.
 */
bool assay_p384_reference_decides(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                  const uint8_t *digest, size_t digest_len,
                                  const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN]);
/* FIPS 186-5 6.4.2 step 1: r and s in 1..n-1. Returns: true if so. */
bool assay_p384_scalars_in_range(const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN]);

#endif
