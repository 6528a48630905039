/*
 * base/crypto/openssl_rsa.c - RSA signatures: PKCS#1 v1.5 and PSS (RFC 8017 8).
 *
 * AMD's ARK and ASK sign with PSS, SHA-384 and a salt of 48 bytes; TPM keys and the authorities of
 * TPM vendors with PKCS#1 v1.5. Only verification, only the parameters of base/crypto.h's list.
 *
 * OpenSSL computes s^e mod n; the encoding is checked here. Its own checks allocate, and report
 * some of their failures like a bad signature, which "no memory" must never read as. Low-level
 * functions: see the opening of base/crypto/openssl.c.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/rsa.h"

#include "base/assert.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

enum { EXPONENT_LEN = 4, EXPONENT_MIN = 65537 };

struct assay_rsa {
    RSA *key;
    uint32_t modulus_len;
    uint8_t modulus[ASSAY_RSA_MODULUS_MAX];
};

/* FIPS 186-5 5.1: 2^16 < e, odd. A modulus of full length, odd as every product of odd primes. */
static bool is_plausible(const struct assay_key *key, size_t modulus_len)
{
    uint32_t exponent = 0;
    for (size_t i = 0; i < EXPONENT_LEN; i++)
        exponent = exponent << 8 | key->bytes[modulus_len + i];
    return (key->bytes[0] & 0x80) != 0 && (key->bytes[modulus_len - 1] & 1) != 0 &&
           exponent >= EXPONENT_MIN && (exponent & 1) != 0;
}

enum assay_status assay_rsa_load(const struct assay_key *key, struct assay_rsa **out)
{
    ASSAY_ASSERT(key->type == ASSAY_KEY_RSA && assay_key_type_of_len(key->len) == ASSAY_KEY_RSA);
    const size_t modulus_len = key->len - EXPONENT_LEN;
    if (!is_plausible(key, modulus_len)) return ASSAY_E_KEY;
    struct assay_rsa *loaded = OPENSSL_zalloc(sizeof *loaded);
    BIGNUM *n = BN_bin2bn(key->bytes, (int)modulus_len, NULL);
    BIGNUM *e = BN_bin2bn(key->bytes + modulus_len, EXPONENT_LEN, NULL);
    if (loaded != NULL) loaded->key = RSA_new();
    if (loaded != NULL && loaded->key != NULL && n != NULL && e != NULL &&
        RSA_set0_key(loaded->key, n, e, NULL) == 1) { /* which owns n and e now */
        loaded->modulus_len = (uint32_t)modulus_len;
        assay_bytes_copy(loaded->modulus, sizeof loaded->modulus, key->bytes, modulus_len);
        *out = loaded;
        return ASSAY_OK;
    }
    BN_free(n);
    BN_free(e);
    assay_rsa_free(&loaded);
    ERR_clear_error();
    return ASSAY_E_CRYPTO;
}

void assay_rsa_free(struct assay_rsa **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    RSA_free((*key)->key);
    OPENSSL_free(*key);
    *key = NULL;
}

/* RSAVP1 (RFC 8017 5.2.2). Out: the encoded message, as long as the modulus */
static bool open_signature(const struct assay_rsa *key, const struct assay_signature *signature,
                           uint8_t encoded[static ASSAY_RSA_MODULUS_MAX])
{
    /* 8.1.2 and 8.2.2, step 1: exactly as long as the modulus, and below it. */
    if (signature->len != key->modulus_len) return false;
    if (assay_bytes_compare(signature->bytes, key->modulus, key->modulus_len) >= 0) return false;
    const int len = RSA_public_decrypt((int)signature->len, signature->bytes, encoded, key->key,
                                       RSA_NO_PADDING);
    /* What could be wrong with the signature was looked at above: this is a failure of the host. */
    if (len != (int)key->modulus_len)
        assay_assert_failed(__FILE__, __LINE__, __func__, "no memory to verify a signature");
    return true;
}

/* --- EMSA-PKCS1-v1_5 (RFC 8017 9.2): there is one encoding, so it is made and compared */
static bool check_pkcs1(const uint8_t *encoded, size_t len, const uint8_t *digest,
                        size_t digest_len)
{
    enum { INFO_LEN = 19, PADDING_MIN = 8 };
    static const uint8_t sha256_info[INFO_LEN] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                                   0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                   0x01, 0x05, 0x00, 0x04, 0x20 };
    static const uint8_t sha384_info[INFO_LEN] = { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                                   0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                   0x02, 0x05, 0x00, 0x04, 0x30 };
    static const uint8_t sha512_info[INFO_LEN] = { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                                   0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                                   0x03, 0x05, 0x00, 0x04, 0x40 };
    const uint8_t *const info = digest_len == ASSAY_SHA256_LEN   ? sha256_info
                                : digest_len == ASSAY_SHA384_LEN ? sha384_info
                                                                 : sha512_info;
    const size_t padding = len - 3 - INFO_LEN - digest_len;
    ASSAY_ASSERT(padding >= PADDING_MIN && padding < len);
    if (encoded[0] != 0x00 || encoded[1] != 0x01 || encoded[2 + padding] != 0x00) return false;
    for (size_t i = 0; i < padding; i++)
        if (encoded[2 + i] != 0xff) return false;
    const uint8_t *const rest = encoded + 3 + padding;
    return assay_bytes_equal(rest, info, INFO_LEN) &&
           assay_bytes_equal(rest + INFO_LEN, digest, digest_len);
}

/* --- EMSA-PSS (RFC 8017 9.1.2), salt and mask as long as the hash and of the same hash */
static void hash_message(size_t digest_len, const uint8_t *bytes, size_t len, uint8_t *digest)
{
    if (digest_len == ASSAY_SHA256_LEN) assay_sha256(bytes, len, digest);
    else if (digest_len == ASSAY_SHA384_LEN) assay_sha384(bytes, len, digest);
    else assay_sha512(bytes, len, digest);
}

/* MGF1 (RFC 8017 B.2.1), xored over bytes[len]. */
static void unmask_block(size_t digest_len, const uint8_t *seed, uint8_t *bytes, size_t len)
{
    uint8_t input[ASSAY_SHA512_LEN + 4] = { 0 };
    uint8_t mask[ASSAY_SHA512_LEN];
    assay_bytes_copy(input, sizeof input, seed, digest_len);
    for (size_t at = 0; at < len; at++) {
        if (at % digest_len == 0) {
            input[digest_len + 3] = (uint8_t)(at / digest_len); /* at most 15 */
            hash_message(digest_len, input, digest_len + 4, mask);
        }
        bytes[at] ^= mask[at % digest_len];
    }
}

static bool check_pss(uint8_t *encoded, size_t len, const uint8_t *digest, size_t digest_len)
{
    enum { ZEROS = 8, TRAILER = 0xbc, TOP_BIT = 0x80 };
    /* The modulus has its top bit set, so the encoding has one bit less than 8 * len. */
    if (encoded[len - 1] != TRAILER || (encoded[0] & TOP_BIT) != 0) return false;
    const size_t block_len = len - digest_len - 1;
    const uint8_t *const expected = encoded + block_len;
    unmask_block(digest_len, expected, encoded, block_len);
    encoded[0] &= (uint8_t)~TOP_BIT;
    const size_t padding = block_len - digest_len - 1;
    if (!assay_bytes_all_zero(encoded, padding) || encoded[padding] != 0x01) return false;

    uint8_t message[ZEROS + 2 * ASSAY_SHA512_LEN] = { 0 };
    uint8_t made[ASSAY_SHA512_LEN];
    assay_bytes_copy(message + ZEROS, ASSAY_SHA512_LEN, digest, digest_len);
    assay_bytes_copy(message + ZEROS + digest_len, ASSAY_SHA512_LEN, encoded + padding + 1,
                     digest_len);
    hash_message(digest_len, message, ZEROS + 2 * digest_len, made);
    return assay_bytes_equal(made, expected, digest_len);
}

bool assay_rsa_verify(const struct assay_rsa *key, const struct assay_signature *signature,
                      const uint8_t *digest)
{
    ASSAY_ASSERT(key != NULL && signature != NULL && digest != NULL);
    const size_t digest_len = assay_signature_digest_len(signature->alg);
    uint8_t encoded[ASSAY_RSA_MODULUS_MAX];
    switch (signature->alg) {
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA256:
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA384:
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA512:
        return open_signature(key, signature, encoded) &&
               check_pkcs1(encoded, key->modulus_len, digest, digest_len);
    case ASSAY_SIGNATURE_RSA_PSS_SHA256:
    case ASSAY_SIGNATURE_RSA_PSS_SHA384:
    case ASSAY_SIGNATURE_RSA_PSS_SHA512:
        return open_signature(key, signature, encoded) &&
               check_pss(encoded, key->modulus_len, digest, digest_len);
    case ASSAY_SIGNATURE_ECDSA_SHA256:
    case ASSAY_SIGNATURE_ECDSA_SHA384:
    case ASSAY_SIGNATURE_NONE: return false;
    }
    return false;
}
