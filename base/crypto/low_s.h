/*
 * base/crypto/low_s.h - the low s of a P-256 signature that another maker returned: a token, an
 * agent.
 */
#ifndef ASSAY_BASE_CRYPTO_LOW_S_H
#define ASSAY_BASE_CRYPTO_LOW_S_H

#include "base/crypto.h"

/* Replaces a high s by the low one of the same signature (docs/protocol.md 2.14). What is no
 * signature, s >= n, stays as it is: no verification accepts it. */
void assay_p256_lower_s(uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
