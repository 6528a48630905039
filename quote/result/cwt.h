/*
 * quote/result/cwt.h - CBOR web tokens signed with ES256: COSE_Sign1 (RFC 9052 4.2, RFC 8392).
 *
 * As quote/result/jwt.h: one algorithm, the claims are the caller's, and nothing here stores a key.
 * The protected header names algorithm, key (thumbprint as in a JWT) and media type (RFC 9596).
 */
#ifndef ASSAY_QUOTE_RESULT_CWT_H
#define ASSAY_QUOTE_RESULT_CWT_H

#include "base/crypto.h"
#include "base/writer.h"

enum { ASSAY_CWT_OVERHEAD_MAX = 192 }; /* what a token is longer than its claims */

/* What is signed: SHA-256 of the Sig_structure (RFC 9052 4.4). */
void assay_cwt_digest(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                      struct assay_slice claims, uint8_t digest[static ASSAY_SHA256_LEN]);
/* The token: tag 18 and its four items. The writer reports overflow. */
void assay_cwt_put(struct assay_writer *w, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                   struct assay_slice claims,
                   const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
