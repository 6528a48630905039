/*
 * base/crypto/openssl_ed25519.c - Ed25519 through OpenSSL's EVP functions (base/crypto.h).
 *
 * What libraries disagree about is decided here: keys whose encoding is not canonical, and points
 * of small order. OpenSSL refuses an S that is not below the order and compares R byte by byte.
 */
#include "base/crypto.h"

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"

#include <openssl/evp.h>

enum { LEN = ASSAY_ED25519_PUBLIC_LEN, SMALL_COUNT = 5 };

/* y of the eight points whose order divides 8, little-endian, without the sign of x: 1, -1, 0, and
 * the two roots y^2 of d y^4 + 2 y^2 = 1. */
static const uint8_t small_order[SMALL_COUNT][LEN] = {
    { 1 },
    { 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
    { 0 },
    { 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
      0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
      0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
    { 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
      0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
      0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
};

/* y < 2^255 - 19: all encodings above it are those that end in 0x7f, 0xff .. and begin with at
 * least 0xed. */
static bool is_canonical(const uint8_t y[static LEN])
{
    if (y[LEN - 1] != 0x7f || y[0] < 0xed) return true;
    for (size_t i = 1; i < LEN - 1; i++)
        if (y[i] != 0xff) return true;
    return false;
}

static bool is_usable(const uint8_t public_key[static LEN])
{
    uint8_t y[LEN];
    assay_bytes_copy(y, sizeof y, public_key, LEN);
    y[LEN - 1] &= 0x7f; /* the sign of x */
    for (size_t i = 0; i < SMALL_COUNT; i++)
        if (assay_bytes_equal(y, small_order[i], LEN)) return false;
    return is_canonical(y);
}

bool assay_ed25519_verify(const uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN],
                          const void *message, size_t len,
                          const uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN])
{
    ASSAY_ASSERT(message != NULL || len == 0);
    if (!is_usable(public_key)) return false;
    EVP_PKEY *const key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, LEN);
    EVP_MD_CTX *const verifier = EVP_MD_CTX_new();
    if (key == NULL || verifier == NULL ||
        EVP_DigestVerifyInit(verifier, NULL, NULL, NULL, key) != 1)
        assay_openssl_stop(); /* 32 bytes are a key until it verifies: only memory can be short */
    const int answer =
        EVP_DigestVerify(verifier, signature, ASSAY_ED25519_SIGNATURE_LEN, message, len);
    EVP_MD_CTX_free(verifier);
    EVP_PKEY_free(key);
    if (answer != 1 && assay_openssl_drain()) assay_openssl_stop();
    return answer == 1;
}
