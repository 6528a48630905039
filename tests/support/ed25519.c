/*
 * tests/support/ed25519.c - Ed25519 keys that sign, by OpenSSL.
 */
#include "tests/support/ed25519.h"

#include "base/assert.h"

#include <openssl/evp.h>

static EVP_PKEY *private_of(const uint8_t seed[static 32])
{
    EVP_PKEY *const key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
    ASSAY_ASSERT(key != NULL);
    return key;
}

void test_ed25519_public(const uint8_t seed[static 32],
                         uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN])
{
    EVP_PKEY *const key = private_of(seed);
    size_t len = ASSAY_ED25519_PUBLIC_LEN;
    const int ok = EVP_PKEY_get_raw_public_key(key, public_key, &len);
    ASSAY_ASSERT(ok == 1 && len == ASSAY_ED25519_PUBLIC_LEN);
    EVP_PKEY_free(key);
}

void test_ed25519_sign(const uint8_t seed[static 32], struct assay_slice message,
                       uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN])
{
    EVP_PKEY *const key = private_of(seed);
    EVP_MD_CTX *const signer = EVP_MD_CTX_new();
    size_t len = ASSAY_ED25519_SIGNATURE_LEN;
    int ok = signer != NULL && EVP_DigestSignInit(signer, NULL, NULL, NULL, key) == 1;
    ok = ok && EVP_DigestSign(signer, signature, &len, message.bytes, message.len) == 1;
    ASSAY_ASSERT(ok && len == ASSAY_ED25519_SIGNATURE_LEN);
    EVP_MD_CTX_free(signer);
    EVP_PKEY_free(key);
}
