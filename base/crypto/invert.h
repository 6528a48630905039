/*
 * base/crypto/invert.h - inverses modulo the order of P-256, through GMP where the build has it.
 *
 * Internal to base/crypto/. For public numbers alone: the time depends on the number.
 */
#ifndef ASSAY_BASE_CRYPTO_INVERT_H
#define ASSAY_BASE_CRYPTO_INVERT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * In: a number in 1..n-1, big-endian. Out: inverse, big-endian; the caller checks the product.
 * Returns: false in a build without GMP, nothing is written
 */
#ifdef ASSAY_CRYPTO_GMP
bool assay_p256_invert(const uint8_t number[static 32], uint8_t inverse[static 32]);
#else
static inline bool assay_p256_invert(const uint8_t number[static 32], uint8_t inverse[static 32])
{
    (void)number;
    (void)inverse;
    return false;
}
#endif

#endif
