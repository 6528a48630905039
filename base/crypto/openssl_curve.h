/*
 * base/crypto/openssl_curve.h - code shared by P-256 and P-384 over OpenSSL.
 *
 * Internal to base/crypto/. OpenSSL's own names for these structs are EC_KEY and the like; they are
 * named here without its headers, which only the adapters include.
 */
#ifndef ASSAY_BASE_CRYPTO_OPENSSL_CURVE_H
#define ASSAY_BASE_CRYPTO_OPENSSL_CURVE_H

#include "base/crypto.h"

enum assay_curve { ASSAY_CURVE_P256, ASSAY_CURVE_P384 };

struct ec_key_st;

/* Empties the library's error queue. Returns: true when memory ran out. */
bool assay_openssl_drain(void);
/* The same after a call that can only fail for want of memory. Returns: ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_openssl_failed(void);
/* "No memory" must not read as "this signature is bad": the node would testify to a falsehood.
 * Returns: never. */
__attribute__((noreturn, cold)) void assay_openssl_stop(void);

/* Returns: a key that knows its curve and nothing else, the caller's; NULL when memory ran out. */
struct ec_key_st *assay_curve_key(enum assay_curve curve);
/*
 * assay_curve_load - the public key X | Y, 64 or 96 bytes as the curve has it.
 * Returns: ASSAY_OK and *key, the caller's | ASSAY_E_KEY (not on the curve) | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_curve_load(enum assay_curve curve, const uint8_t *public_key,
                                                 struct ec_key_st **key);
/*
 * assay_curve_verify - a signature r | s of 2 * scalar_len bytes, whose range was checked. Aborts
 * when memory runs out at the start.
 * Returns: 1 it verifies, 0 it does not, below 0: the library failed, the reason is in its error
 * queue
 */
int assay_curve_verify(struct ec_key_st *key, const uint8_t *digest, size_t digest_len,
                       const uint8_t *signature, size_t scalar_len);

#endif
