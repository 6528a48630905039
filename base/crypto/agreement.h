/*
 * base/crypto/agreement.h - X25519 between two static keys, for hosts and tools.
 *
 * An interface next to base/crypto.h: implemented by base/crypto/openssl_agreement.c.
 */
#ifndef ASSAY_BASE_CRYPTO_AGREEMENT_H
#define ASSAY_BASE_CRYPTO_AGREEMENT_H

#include "base/secret.h"
#include "base/status.h"

/* RFC 7748 6.1. Returns: ASSAY_OK | ASSAY_E_KEY (the result is zero: the peer's key has a small
 * order) | ASSAY_E_CRYPTO; output wiped on failure */
ASSAY_CHECKED enum assay_status assay_x25519_agree(const struct assay_secret32 *private_key,
                                                   const uint8_t public_key[static 32],
                                                   struct assay_secret32 *shared);

#endif
