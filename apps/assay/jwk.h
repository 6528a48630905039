/*
 * apps/assay/jwk.h - public keys as JSON web keys (RFC 7517): P-256, P-384, RSA.
 */
#ifndef ASSAY_APPS_JWK_H
#define ASSAY_APPS_JWK_H

#include "base/crypto.h"

/*
 * assay_jwk_read - one key; members that are not needed are ignored.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no JSON object at all) | ASSAY_E_SYNTAX |
 *          ASSAY_E_UNSUPPORTED (kty, crv) | ASSAY_E_RANGE (lengths) |
 *          ASSAY_E_INVALID (a private key)
 */
ASSAY_CHECKED enum assay_status assay_jwk_read(const uint8_t *bytes, size_t len,
                                               struct assay_key *key);

#endif
