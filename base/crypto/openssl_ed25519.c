/*
 * base/crypto/openssl_ed25519.c - Ed25519 through OpenSSL's EVP functions (base/crypto.h).
 *
 * What libraries disagree about is decided here: keys whose encoding is not canonical, and points
 * of small order. OpenSSL refuses an S that is not below the order and compares R byte by byte.
 *
 * All members decide the same about a proof, so no configuration file of one machine has a say:
 * where it allows FIPS algorithms alone, the default library context has no Ed25519. A context of
 * its own, with OpenSSL's built-in provider, reads no file.
 */
#include "base/crypto.h"

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"

#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

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

/* Made once and never changed. */
static OSSL_LIB_CTX *library;
static bool available;
static pthread_once_t library_once = PTHREAD_ONCE_INIT;

/* Returns: 1 it verifies, 0 it does not, below 0: the library failed, the reason is in its error
 * queue */
static int verify_raw(const uint8_t public_key[static LEN], const void *message, size_t len,
                      const uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN])
{
    EVP_PKEY *const key = EVP_PKEY_new_raw_public_key_ex(library, "ED25519", NULL, public_key, LEN);
    EVP_MD_CTX *const verifier = EVP_MD_CTX_new();
    int answer = -1;
    if (key != NULL && verifier != NULL &&
        EVP_DigestVerifyInit_ex(verifier, NULL, NULL, library, NULL, key, NULL) == 1)
        answer = EVP_DigestVerify(verifier, signature, ASSAY_ED25519_SIGNATURE_LEN, message, len);
    EVP_MD_CTX_free(verifier);
    EVP_PKEY_free(key);
    return answer;
}

/* A known answer: the first test of RFC 8032 7.1, of the empty message. */
static bool is_known_answer_right(void)
{
    static const uint8_t key[LEN] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                      0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                      0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                      0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };
    uint8_t signature[ASSAY_ED25519_SIGNATURE_LEN] = {
        0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80,
        0x6e, 0x82, 0x8a, 0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73,
        0xe0, 0x65, 0x22, 0x49, 0x01, 0x55, 0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b,
        0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b, 0xd2, 0x5b, 0xf5, 0xf0,
        0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b
    };
    if (verify_raw(key, "", 0, signature) != 1) return false;
    signature[0] ^= 1;
    return verify_raw(key, "", 0, signature) == 0;
}

static void open_library(void)
{
    library = OSSL_LIB_CTX_new();
    available = library != NULL && OSSL_PROVIDER_load(library, "default") != NULL &&
                is_known_answer_right();
    if (assay_openssl_drain()) assay_openssl_stop();
}

bool assay_ed25519_is_available(void)
{
    const int failed = pthread_once(&library_once, open_library);
    ASSAY_ASSERT(failed == 0);
    return available;
}

bool assay_ed25519_verify(const uint8_t public_key[static ASSAY_ED25519_PUBLIC_LEN],
                          const void *message, size_t len,
                          const uint8_t signature[static ASSAY_ED25519_SIGNATURE_LEN])
{
    ASSAY_ASSERT(message != NULL || len == 0);
    if (!is_usable(public_key) || !assay_ed25519_is_available()) return false;
    const int answer = verify_raw(public_key, message, len, signature);
    /* Below 0 is a failure inside: 32 bytes may be no point of the curve. */
    if (answer != 1 && assay_openssl_drain()) assay_openssl_stop();
    return answer == 1;
}
