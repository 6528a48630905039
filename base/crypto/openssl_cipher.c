/*
 * base/crypto/openssl_cipher.c - implementation of base/cipher.h over OpenSSL.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* EC_KEY (openssl.c) */

#include "base/cipher.h"

#include "base/crypto/openssl_curve.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdh.h>
#include <openssl/err.h>
#include <openssl/evp.h>

enum { KEY_LEN = 32, FIELD_LEN = 32, SCRYPT_N = 1 << 17, SCRYPT_R = 8, SCRYPT_P = 1 };

static const char key_info[] = "assay/cipher/v1";

/* ------------------------------------------------------------ keys */

enum assay_status assay_cipher_key_of_passphrase(struct assay_slice passphrase,
                                                 const uint8_t salt[static ASSAY_CIPHER_SALT_LEN],
                                                 struct assay_secret32 *key)
{
    static const uint64_t memory_max = (uint64_t)SCRYPT_N * SCRYPT_R * 128 * 2;
    if (passphrase.len < ASSAY_CIPHER_PASSPHRASE_MIN ||
        passphrase.len > ASSAY_CIPHER_PASSPHRASE_MAX)
        return ASSAY_E_RANGE;
    if (EVP_PBE_scrypt((const char *)passphrase.bytes, passphrase.len, salt, ASSAY_CIPHER_SALT_LEN,
                       SCRYPT_N, SCRYPT_R, SCRYPT_P, memory_max, key->bytes,
                       sizeof key->bytes) == 1)
        return ASSAY_OK;
    assay_secret_wipe(key, sizeof *key);
    return assay_openssl_failed();
}

/* RFC 5869 with one block of output, which has the length of a key. */
static void expand_key(const uint8_t shared[static FIELD_LEN],
                       const uint8_t fresh[static ASSAY_P256_PUBLIC_LEN],
                       const uint8_t recipient[static ASSAY_P256_PUBLIC_LEN],
                       struct assay_secret32 *key)
{
    uint8_t salt[2 * ASSAY_P256_PUBLIC_LEN], extracted[KEY_LEN], info[sizeof key_info];
    assay_bytes_copy(salt, sizeof salt, fresh, ASSAY_P256_PUBLIC_LEN);
    assay_bytes_copy(salt + ASSAY_P256_PUBLIC_LEN, sizeof salt - ASSAY_P256_PUBLIC_LEN, recipient,
                     ASSAY_P256_PUBLIC_LEN);
    assay_bytes_copy(info, sizeof info, key_info, sizeof key_info - 1);
    info[sizeof info - 1] = 1; /* number of the block */
    assay_hmac_sha256(salt, sizeof salt, shared, FIELD_LEN, extracted);
    assay_hmac_sha256(extracted, sizeof extracted, info, sizeof info, key->bytes);
    assay_secret_wipe(extracted, sizeof extracted);
}

static enum assay_status agree(const struct assay_secret32 *private_key,
                               const uint8_t peer[static ASSAY_P256_PUBLIC_LEN],
                               uint8_t shared[static FIELD_LEN])
{
    EC_KEY *public_key = NULL;
    ASSAY_TRY(assay_curve_load(ASSAY_CURVE_P256, peer, &public_key)); /* refuses other points */
    EC_KEY *const own = assay_curve_key(ASSAY_CURVE_P256);
    BIGNUM *const scalar = BN_bin2bn(private_key->bytes, sizeof private_key->bytes, NULL);
    const bool ok = own != NULL && scalar != NULL && EC_KEY_set_private_key(own, scalar) == 1 &&
                    ECDH_compute_key(shared, FIELD_LEN, EC_KEY_get0_public_key(public_key), own,
                                     NULL) == FIELD_LEN;
    BN_clear_free(scalar);
    EC_KEY_free(own); /* which wipes the private half */
    EC_KEY_free(public_key);
    return ok ? ASSAY_OK : assay_openssl_failed();
}

enum assay_status assay_cipher_key_for(const uint8_t recipient[static ASSAY_P256_PUBLIC_LEN],
                                       uint8_t fresh[static ASSAY_P256_PUBLIC_LEN],
                                       struct assay_secret32 *key)
{
    struct assay_secret32 once;
    uint8_t shared[FIELD_LEN];
    enum assay_status status = assay_p256_generate(&once, fresh);
    if (status == ASSAY_OK) status = agree(&once, recipient, shared);
    if (status == ASSAY_OK) expand_key(shared, fresh, recipient, key);
    else assay_secret_wipe(key, sizeof *key);
    assay_secret_wipe(&once, sizeof once);
    assay_secret_wipe(shared, sizeof shared);
    return status;
}

enum assay_status assay_cipher_key_of_recipient(const struct assay_secret32 *private_key,
                                                const uint8_t fresh[static ASSAY_P256_PUBLIC_LEN],
                                                struct assay_secret32 *key)
{
    uint8_t recipient[ASSAY_P256_PUBLIC_LEN], shared[FIELD_LEN];
    enum assay_status status = assay_p256_public(private_key, recipient);
    if (status == ASSAY_OK) status = agree(private_key, fresh, shared);
    if (status == ASSAY_OK) expand_key(shared, fresh, recipient, key);
    else assay_secret_wipe(key, sizeof *key);
    assay_secret_wipe(shared, sizeof shared);
    return status;
}

/* ------------------------------------------------------------ content */

/* The nonce is zeros: a key seals one file. */
static EVP_CIPHER_CTX *begin_cipher(const struct assay_secret32 *key, struct assay_slice head,
                                    int seals)
{
    static const uint8_t nonce[12] = { 0 };
    int done = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context != NULL &&
        EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key->bytes, nonce, seals) == 1 &&
        EVP_CipherUpdate(context, NULL, &done, head.bytes, (int)head.len) == 1)
        return context;
    EVP_CIPHER_CTX_free(context);
    return NULL;
}

enum assay_status assay_cipher_seal(const struct assay_secret32 *key, struct assay_slice head,
                                    uint8_t *bytes, size_t len,
                                    uint8_t tag[static ASSAY_CIPHER_TAG_LEN])
{
    int done = 0, rest = 0;
    if (len > ASSAY_CIPHER_LEN_MAX || head.len > ASSAY_CIPHER_LEN_MAX) return ASSAY_E_RANGE;
    EVP_CIPHER_CTX *const context = begin_cipher(key, head, 1);
    const bool ok =
        context != NULL && EVP_CipherUpdate(context, bytes, &done, bytes, (int)len) == 1 &&
        done == (int)len && EVP_CipherFinal_ex(context, bytes + len, &rest) == 1 && rest == 0 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, ASSAY_CIPHER_TAG_LEN, tag) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok ? ASSAY_OK : assay_openssl_failed();
}

enum assay_status assay_cipher_open(const struct assay_secret32 *key, struct assay_slice head,
                                    uint8_t *bytes, size_t len,
                                    const uint8_t tag[static ASSAY_CIPHER_TAG_LEN])
{
    int done = 0, rest = 0;
    uint8_t expected[ASSAY_CIPHER_TAG_LEN]; /* the library takes no constant one */
    if (len > ASSAY_CIPHER_LEN_MAX || head.len > ASSAY_CIPHER_LEN_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(expected, sizeof expected, tag, sizeof expected);
    EVP_CIPHER_CTX *const context = begin_cipher(key, head, 0);
    const bool works =
        context != NULL && EVP_CipherUpdate(context, bytes, &done, bytes, (int)len) == 1 &&
        done == (int)len &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof expected, expected) == 1;
    const bool fits = works && EVP_CipherFinal_ex(context, bytes + len, &rest) == 1 && rest == 0;
    EVP_CIPHER_CTX_free(context);
    if (fits) return ASSAY_OK;
    assay_secret_wipe(bytes, len);
    ERR_clear_error();
    return works ? ASSAY_E_SIGNATURE : ASSAY_E_CRYPTO;
}
