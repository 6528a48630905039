/*
 * base/crypto/openssl_rsa.c - RSA signatures through OpenSSL: PKCS#1 v1.5 and PSS (RFC 8017 8).
 *
 * AMD's ARK and ASK sign with PSS, SHA-384 and a salt of 48 bytes; TPM keys and the authorities of
 * TPM makers with PKCS#1 v1.5. Only verification, only the parameters of base/crypto.h's list.
 * Low-level functions: see the opening of base/crypto/openssl.c.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/crypto/rsa.h"

#include "base/assert.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>

enum { EXPONENT_LEN = 4, EXPONENT_MIN = 65537 };

struct assay_rsa {
    RSA *key;
    uint32_t modulus_len;
};

/* Empties the error queue. Returns: true when memory ran out. */
static bool drain_errors(void)
{
    bool no_memory = false;
    unsigned long error = ERR_get_error();
    while (error != 0) {
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) no_memory = true;
        error = ERR_get_error();
    }
    return no_memory;
}

/* FIPS 186-5 5.1: 2^16 < e, odd. A modulus of full length, odd as every product of odd primes. */
static bool plausible(const struct assay_key *key, size_t modulus_len)
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
    if (!plausible(key, modulus_len)) return ASSAY_E_KEY;
    struct assay_rsa *loaded = OPENSSL_zalloc(sizeof *loaded);
    BIGNUM *n = BN_bin2bn(key->bytes, (int)modulus_len, NULL);
    BIGNUM *e = BN_bin2bn(key->bytes + modulus_len, EXPONENT_LEN, NULL);
    if (loaded != NULL) loaded->key = RSA_new();
    if (loaded != NULL && loaded->key != NULL && n != NULL && e != NULL &&
        RSA_set0_key(loaded->key, n, e, NULL) == 1) { /* which owns n and e now */
        loaded->modulus_len = (uint32_t)modulus_len;
        *out = loaded;
        return ASSAY_OK;
    }
    BN_free(n);
    BN_free(e);
    assay_rsa_free(&loaded);
    (void)drain_errors();
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

static bool verify_pkcs1(const struct assay_rsa *key, int hash, size_t digest_len,
                         const struct assay_signature *signature, const uint8_t *digest)
{
    return RSA_verify(hash, digest, (unsigned)digest_len, signature->bytes, signature->len,
                      key->key) == 1;
}

/* The salt is exactly as long as the hash: RSA_PSS_SALTLEN_DIGEST (-1), never "any" (-2). */
static bool verify_pss(const struct assay_rsa *key, const EVP_MD *hash,
                       const struct assay_signature *signature, const uint8_t *digest)
{
    uint8_t encoded[ASSAY_RSA_MODULUS_MAX];
    const int len = RSA_public_decrypt((int)signature->len, signature->bytes, encoded, key->key,
                                       RSA_NO_PADDING);
    if (len != (int)key->modulus_len) return false;
    return RSA_verify_PKCS1_PSS_mgf1(key->key, digest, hash, hash, encoded,
                                     RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool verify(const struct assay_rsa *key, const struct assay_signature *signature,
                   const uint8_t *digest)
{
    switch (signature->alg) {
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA256:
        return verify_pkcs1(key, NID_sha256, ASSAY_SHA256_LEN, signature, digest);
    case ASSAY_SIGNATURE_RSA_PKCS1_SHA384:
        return verify_pkcs1(key, NID_sha384, ASSAY_SHA384_LEN, signature, digest);
    case ASSAY_SIGNATURE_RSA_PSS_SHA256: return verify_pss(key, EVP_sha256(), signature, digest);
    case ASSAY_SIGNATURE_RSA_PSS_SHA384: return verify_pss(key, EVP_sha384(), signature, digest);
    case ASSAY_SIGNATURE_ECDSA_SHA256:
    case ASSAY_SIGNATURE_ECDSA_SHA384:
    case ASSAY_SIGNATURE_NONE: return false;
    }
    return false;
}

bool assay_rsa_verify(const struct assay_rsa *key, const struct assay_signature *signature,
                      const uint8_t *digest)
{
    ASSAY_ASSERT(key != NULL && signature != NULL && digest != NULL);
    /* RFC 8017 8.1.2 and 8.2.2, step 1: exactly as long as the modulus. */
    if (signature->len != key->modulus_len) return false;
    const bool ok = verify(key, signature, digest);
    /* "No memory" must not read as "this signature is bad". */
    if (!ok && drain_errors())
        assay_assert_failed(__FILE__, __LINE__, __func__, "no memory to verify a signature");
    return ok;
}
