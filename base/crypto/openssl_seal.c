/*
 * base/crypto/openssl_seal.c - base/seal.h over OpenSSL's EVP interface.
 *
 * Rarely called and never on a hot path, so the current interface is used throughout. The library's
 * error queue is drained wherever a call of it fails.
 */
#include "base/seal.h"

#include "base/assert.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { SPKI_MAX = ASSAY_KEY_BYTES_MAX + 64 };

static const EVP_MD *digest_of(enum assay_seal_hash hash)
{
    switch (hash) {
    case ASSAY_SEAL_SHA256: return EVP_sha256();
    case ASSAY_SEAL_SHA384: return EVP_sha384();
    case ASSAY_SEAL_SHA512: return EVP_sha512();
    }
    ASSAY_UNREACHABLE("a hash");
}

size_t assay_seal_hash_len(enum assay_seal_hash hash)
{
    switch (hash) {
    case ASSAY_SEAL_SHA256: return ASSAY_SHA256_LEN;
    case ASSAY_SEAL_SHA384: return ASSAY_SHA384_LEN;
    case ASSAY_SEAL_SHA512: return ASSAY_SHA512_LEN;
    }
    ASSAY_UNREACHABLE("a hash");
}

static enum assay_status clear_errors(void)
{
    ERR_clear_error();
    return ASSAY_E_CRYPTO;
}

enum assay_status assay_seal_hmac(enum assay_seal_hash hash, struct assay_slice key,
                                  struct assay_slice bytes,
                                  uint8_t mac[static ASSAY_SEAL_SECRET_MAX])
{
    unsigned len = 0;
    ASSAY_ASSERT(key.len <= ASSAY_SEAL_SECRET_MAX);
    if (HMAC(digest_of(hash), key.bytes, (int)key.len, bytes.bytes, bytes.len, mac, &len) == NULL)
        return clear_errors();
    ASSAY_ASSERT(len == assay_seal_hash_len(hash));
    return ASSAY_OK;
}

/* Through its SubjectPublicKeyInfo: the one form that every type has. */
static enum assay_status decode_key(const struct assay_key *key, EVP_PKEY **out)
{
    uint8_t der[SPKI_MAX];
    const uint8_t *at = der;
    size_t len = 0;
    if (assay_key_spki(key, der, sizeof der, &len) != ASSAY_OK) return ASSAY_E_KEY;
    *out = d2i_PUBKEY(NULL, &at, (long)len);
    if (*out != NULL) return ASSAY_OK;
    ERR_clear_error();
    return ASSAY_E_KEY;
}

/* --- RSA */
static enum assay_status encrypt_oaep(EVP_PKEY_CTX *context, const EVP_MD *digest,
                                      struct assay_slice label, struct assay_slice message,
                                      uint8_t *sealed, size_t *len)
{
    void *copy = OPENSSL_memdup(label.bytes, label.len); /* set0: the context owns it */
    size_t room = ASSAY_RSA_MODULUS_MAX;
    if (copy == NULL) return ASSAY_E_CRYPTO;
    if (EVP_PKEY_encrypt_init(context) <= 0 ||
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) <= 0 ||
        EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) <= 0 ||
        EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, (int)label.len) <= 0) {
        OPENSSL_free(copy);
        return clear_errors();
    }
    if (EVP_PKEY_encrypt(context, sealed, &room, message.bytes, message.len) <= 0)
        return clear_errors();
    *len = room;
    return ASSAY_OK;
}

enum assay_status assay_seal_rsa_oaep(const struct assay_key *key, enum assay_seal_hash hash,
                                      struct assay_slice label, struct assay_slice message,
                                      uint8_t sealed[static ASSAY_RSA_MODULUS_MAX], size_t *len)
{
    EVP_PKEY *loaded = NULL;
    ASSAY_ASSERT(label.len > 0 && label.len <= ASSAY_SEAL_LABEL_MAX);
    if (key->type != ASSAY_KEY_RSA) return ASSAY_E_KEY;
    /* RFC 8017 7.1.1, step 1b. */
    if (message.len + 2 * assay_seal_hash_len(hash) + 2 > key->len - 4) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_key(key, &loaded));
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(loaded, NULL);
    const enum assay_status status =
        context == NULL ? clear_errors()
                        : encrypt_oaep(context, digest_of(hash), label, message, sealed, len);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(loaded);
    return status;
}

/* --- elliptic curves */
static enum assay_status take_public(const EVP_PKEY *pair, enum assay_key_type type,
                                     struct assay_key *out)
{
    uint8_t point[1 + ASSAY_P384_PUBLIC_LEN];
    size_t len = 0;
    const size_t wanted = type == ASSAY_KEY_P256 ? ASSAY_P256_PUBLIC_LEN : ASSAY_P384_PUBLIC_LEN;
    if (EVP_PKEY_get_octet_string_param(pair, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) !=
            1 ||
        len != 1 + wanted || point[0] != 0x04)
        return clear_errors();
    assay_key_from(out, type, point + 1, wanted);
    return ASSAY_OK;
}

static enum assay_status derive_key(EVP_PKEY *own, EVP_PKEY *peer, size_t field_len,
                                    uint8_t *shared)
{
    size_t len = ASSAY_SEAL_SECRET_MAX;
    EVP_PKEY_CTX *const context = EVP_PKEY_CTX_new(own, NULL);
    const bool ok = context != NULL && EVP_PKEY_derive_init(context) > 0 &&
                    EVP_PKEY_derive_set_peer(context, peer) > 0 &&
                    EVP_PKEY_derive(context, shared, &len) > 0 && len == field_len;
    EVP_PKEY_CTX_free(context);
    return ok ? ASSAY_OK : clear_errors();
}

enum assay_status assay_seal_agree(const struct assay_key *peer, struct assay_key *fresh,
                                   uint8_t shared[static ASSAY_SEAL_SECRET_MAX])
{
    EVP_PKEY *loaded = NULL;
    if (peer->type != ASSAY_KEY_P256 && peer->type != ASSAY_KEY_P384) return ASSAY_E_KEY;
    ASSAY_TRY(decode_key(peer, &loaded)); /* refuses points off the curve */
    const char *const curve = peer->type == ASSAY_KEY_P256 ? "P-256" : "P-384";
    EVP_PKEY *const own = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
    enum assay_status status = own == NULL ? clear_errors() : take_public(own, peer->type, fresh);
    if (status == ASSAY_OK) status = derive_key(own, loaded, peer->len / 2, shared);
    EVP_PKEY_free(own);
    EVP_PKEY_free(loaded);
    if (status != ASSAY_OK) assay_secret_wipe(shared, ASSAY_SEAL_SECRET_MAX);
    return status;
}

/* --- AES */
enum assay_status assay_seal_cfb(struct assay_slice key, uint8_t *bytes, size_t len)
{
    static const uint8_t zero[16] = { 0 };
    int done = 0;
    if (key.len != 16 && key.len != 32) return ASSAY_E_RANGE;
    ASSAY_ASSERT(len <= ASSAY_RSA_MODULUS_MAX);
    EVP_CIPHER_CTX *const context = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *const cipher = key.len == 16 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
    const bool ok =
        context != NULL && EVP_EncryptInit_ex(context, cipher, NULL, key.bytes, zero) == 1 &&
        EVP_EncryptUpdate(context, bytes, &done, bytes, (int)len) == 1 && done == (int)len;
    EVP_CIPHER_CTX_free(context);
    return ok ? ASSAY_OK : clear_errors();
}
