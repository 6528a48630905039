/*
 * base/crypto/openssl_keypair.c - keys that sign certificates and tokens (base/crypto/keypair.h).
 */
#include "base/crypto/keypair.h"

#include "base/assert.h"
#include "base/crypto/openssl_curve.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { RSA_BITS = 3072, EXPONENT_LEN = 4, HALF = ASSAY_P256_PUBLIC_LEN / 2, DER_MAX = 80 };

struct assay_keypair {
    enum assay_keypair_algorithm algorithm;
    EVP_PKEY *pair;
    struct assay_key public;
};

/* ------------------------------------------------------------ the public half */

static bool put_number(const EVP_PKEY *pair, const char *name, uint8_t *out, size_t len)
{
    BIGNUM *number = NULL;
    const bool is_put = EVP_PKEY_get_bn_param(pair, name, &number) == 1 &&
                        BN_bn2binpad(number, out, (int)len) == (int)len;
    BN_free(number);
    return is_put;
}

static bool read_point(struct assay_keypair *key)
{
    uint8_t bytes[ASSAY_P256_PUBLIC_LEN];
    char group[32] = "";
    key->algorithm = ASSAY_KEYPAIR_ES256;
    if (EVP_PKEY_get_utf8_string_param(key->pair, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                       NULL) != 1 ||
        strcmp(group, "prime256v1") != 0 ||
        !put_number(key->pair, OSSL_PKEY_PARAM_EC_PUB_X, bytes, HALF) ||
        !put_number(key->pair, OSSL_PKEY_PARAM_EC_PUB_Y, bytes + HALF, HALF))
        return false;
    assay_key_from(&key->public, ASSAY_KEY_P256, bytes, sizeof bytes);
    return true;
}

static bool read_modulus(struct assay_keypair *key)
{
    uint8_t bytes[ASSAY_KEY_BYTES_MAX];
    const int bits = EVP_PKEY_get_bits(key->pair);
    const size_t len = bits > 0 ? (size_t)bits / 8 : 0;
    key->algorithm = ASSAY_KEYPAIR_RS256;
    if (bits % 8 != 0 || assay_key_type_of_len(len + EXPONENT_LEN) != ASSAY_KEY_RSA ||
        !put_number(key->pair, OSSL_PKEY_PARAM_RSA_N, bytes, len) ||
        !put_number(key->pair, OSSL_PKEY_PARAM_RSA_E, bytes + len, EXPONENT_LEN))
        return false;
    assay_key_from(&key->public, ASSAY_KEY_RSA, bytes, len + EXPONENT_LEN);
    return true;
}

/* Takes pair over. */
static enum assay_status wrap_pair(EVP_PKEY *pair, struct assay_keypair **out)
{
    struct assay_keypair *key = OPENSSL_zalloc(sizeof *key);
    if (key == NULL) {
        EVP_PKEY_free(pair);
        return assay_openssl_failed();
    }
    key->pair = pair;
    const bool is_known = EVP_PKEY_is_a(pair, "EC")    ? read_point(key)
                          : EVP_PKEY_is_a(pair, "RSA") ? read_modulus(key)
                                                       : false;
    *out = key;
    if (is_known) return ASSAY_OK;
    assay_keypair_free(out);
    return assay_openssl_drain() ? ASSAY_E_CRYPTO : ASSAY_E_TYPE;
}

/* ------------------------------------------------------------ making and keeping */

enum assay_status assay_keypair_generate(enum assay_keypair_algorithm algorithm,
                                         struct assay_keypair **key)
{
    EVP_PKEY *const pair = algorithm == ASSAY_KEYPAIR_ES256
                               ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                               : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS);
    *key = NULL;
    return pair != NULL ? wrap_pair(pair, key) : assay_openssl_failed();
}

/* Nothing is asked. */
static int refuse_passphrase(char *out, int size, int writes, void *context)
{
    (void)out;
    (void)size;
    (void)writes;
    (void)context;
    return -1;
}

enum assay_status assay_keypair_read(struct assay_slice pem, struct assay_keypair **key)
{
    *key = NULL;
    if (pem.len > ASSAY_KEYPAIR_PEM_MAX) return ASSAY_E_SYNTAX;
    BIO *const bio = BIO_new_mem_buf(pem.bytes, (int)pem.len);
    EVP_PKEY *const pair =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, NULL) : NULL;
    BIO_free(bio);
    if (pair == NULL) return assay_openssl_drain() ? ASSAY_E_CRYPTO : ASSAY_E_SYNTAX;
    return wrap_pair(pair, key);
}

void assay_keypair_free(struct assay_keypair **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    EVP_PKEY_free((*key)->pair); /* which wipes it */
    OPENSSL_free(*key);
    *key = NULL;
}

enum assay_status assay_keypair_write(const struct assay_keypair *key, uint8_t *pem,
                                      size_t capacity, size_t *len)
{
    char *text = NULL;
    BIO *const bio = BIO_new(BIO_s_secmem());
    *len = 0;
    const bool is_made = bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key->pair, NULL, NULL, 0,
                                                                      NULL, NULL) == 1;
    const long made = is_made ? BIO_get_mem_data(bio, &text) : -1;
    const bool fits = made >= 0 && (size_t)made <= capacity;
    if (fits) {
        *len = (size_t)made;
        assay_bytes_copy(pem, capacity, text, *len);
    }
    BIO_free(bio); /* which wipes it */
    if (fits) return ASSAY_OK;
    return made >= 0 ? ASSAY_E_FULL : assay_openssl_failed();
}

/* ------------------------------------------------------------ signing */

static bool digest_sign(const struct assay_keypair *key, struct assay_slice message, uint8_t *out,
                        size_t *len)
{
    EVP_MD_CTX *const signer = EVP_MD_CTX_new();
    const bool is_signed =
        signer != NULL &&
        EVP_DigestSignInit_ex(signer, NULL, "SHA256", NULL, NULL, key->pair, NULL) == 1 &&
        EVP_DigestSign(signer, out, len, message.bytes, message.len) == 1;
    EVP_MD_CTX_free(signer);
    return is_signed;
}

/* Of Ecdsa-Sig-Value (RFC 3279 2.2.3). */
static bool split_halves(const uint8_t *der, size_t len, uint8_t *out)
{
    const uint8_t *at = der;
    ECDSA_SIG *const made = d2i_ECDSA_SIG(NULL, &at, (long)len);
    const bool is_split = made != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(made), out, HALF) == HALF &&
                          BN_bn2binpad(ECDSA_SIG_get0_s(made), out + HALF, HALF) == HALF;
    ECDSA_SIG_free(made);
    return is_split;
}

enum assay_status assay_keypair_sign(const struct assay_keypair *key, struct assay_slice message,
                                     uint8_t signature[static ASSAY_KEYPAIR_LEN_MAX], size_t *len)
{
    uint8_t der[DER_MAX];
    size_t der_len = sizeof der;
    *len = ASSAY_KEYPAIR_LEN_MAX;
    if (key->algorithm == ASSAY_KEYPAIR_RS256)
        return digest_sign(key, message, signature, len) ? ASSAY_OK : assay_openssl_failed();
    *len = ASSAY_P256_SIGNATURE_LEN;
    return digest_sign(key, message, der, &der_len) && split_halves(der, der_len, signature)
               ? ASSAY_OK
               : assay_openssl_failed();
}

enum assay_keypair_algorithm assay_keypair_algorithm(const struct assay_keypair *key)
{
    return key->algorithm;
}

const struct assay_key *assay_keypair_public(const struct assay_keypair *key)
{
    return &key->public;
}
