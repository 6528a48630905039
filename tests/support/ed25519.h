/*
 * tests/support/ed25519.h - Ed25519 keys that sign, by OpenSSL.
 */
#ifndef ASSAY_TESTS_SUPPORT_ED25519_H
#define ASSAY_TESTS_SUPPORT_ED25519_H

#include "base/crypto.h"

/* The public key of a seed. */
void test_ed25519_public(const uint8_t seed[static 32],
                         uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN]);
void test_ed25519_sign(const uint8_t seed[static 32], struct assay_slice message,
                       uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN]);

#endif
