/* tests/support/services/task_seal.c - see the header. */
#include "tests/support/services/task_seal.h"

#include <openssl/evp.h>

enum { KEY_LEN = 32, TAG_LEN = 16 };

/* Of OpenSSL alone, so that it goes with modelled signatures as well. */
static void box_make(uint8_t secret[static 32], uint8_t box[static 32])
{
    size_t len = 32;
    EVP_PKEY *made = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    ASSAY_ASSERT(made != NULL);
    ASSAY_ASSERT(EVP_PKEY_get_raw_private_key(made, secret, &len) == 1 && len == 32);
    ASSAY_ASSERT(EVP_PKEY_get_raw_public_key(made, box, &len) == 1 && len == 32);
    EVP_PKEY_free(made);
}

static void shared_key(const uint8_t secret[static 32], const uint8_t peer[static 32],
                       const uint8_t fresh[static 32], const uint8_t box[static 32],
                       uint8_t key[static 32])
{
    uint8_t shared[32];
    size_t len = sizeof shared;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, 32);
    EVP_PKEY *other = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, 32);
    ASSAY_ASSERT(own != NULL && other != NULL);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
    ASSAY_ASSERT(context != NULL && EVP_PKEY_derive_init(context) > 0);
    /* A peer of small order gives no secret: then nothing opens. */
    if (EVP_PKEY_derive_set_peer(context, other) <= 0 ||
        EVP_PKEY_derive(context, shared, &len) <= 0)
        assay_bytes_zero(shared, sizeof shared);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(own);
    EVP_PKEY_free(other);
    const struct assay_slice pieces[] = {
        assay_slice_over(shared, 32),
        assay_slice_over(fresh, 32),
        assay_slice_over(box, 32),
    };
    assay_sha256_pieces(pieces, 3, key);
}

static enum assay_status gcm_close(const uint8_t key[static 32], struct assay_slice about,
                                   struct assay_slice plain, uint8_t *out, size_t capacity,
                                   size_t *len)
{
    static const uint8_t nonce[12]; /* each key is used once */
    int done = 0, all = 0;
    if (capacity < TAG_LEN || plain.len > capacity - TAG_LEN) return ASSAY_E_FULL;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    if (about.len > 0)
        ASSAY_ASSERT(EVP_EncryptUpdate(c, NULL, &done, about.bytes, (int)about.len) == 1);
    ASSAY_ASSERT(EVP_EncryptUpdate(c, out, &all, plain.bytes, (int)plain.len) == 1);
    ASSAY_ASSERT(EVP_EncryptFinal_ex(c, out + all, &done) == 1);
    ASSAY_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, out + all) == 1);
    EVP_CIPHER_CTX_free(c);
    *len = (size_t)all + TAG_LEN;
    return ASSAY_OK;
}

static enum assay_status gcm_open(const uint8_t key[static 32], struct assay_slice about,
                                  struct assay_slice sealed, uint8_t *out, size_t capacity,
                                  size_t *len)
{
    static const uint8_t nonce[12];
    uint8_t tag[TAG_LEN];
    int done = 0, all = 0;
    if (sealed.len < TAG_LEN) return ASSAY_E_INVALID;
    const size_t plain_len = sealed.len - TAG_LEN;
    if (plain_len > capacity) return ASSAY_E_FULL;
    assay_bytes_copy(tag, sizeof tag, sealed.bytes + plain_len, TAG_LEN);
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    ASSAY_ASSERT(c != NULL);
    ASSAY_ASSERT(EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    if (about.len > 0)
        ASSAY_ASSERT(EVP_DecryptUpdate(c, NULL, &done, about.bytes, (int)about.len) == 1);
    ASSAY_ASSERT(EVP_DecryptUpdate(c, out, &all, sealed.bytes, (int)plain_len) == 1);
    ASSAY_ASSERT(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1);
    const bool good = EVP_DecryptFinal_ex(c, out + all, &done) == 1;
    EVP_CIPHER_CTX_free(c);
    if (!good) return ASSAY_E_INVALID;
    *len = plain_len;
    return ASSAY_OK;
}

static enum assay_status do_seal(void *context, const uint8_t box[static 32],
                                 struct assay_slice plain, uint8_t *out, size_t capacity,
                                 size_t *len)
{
    struct assay_secret32 fresh;
    uint8_t fresh_public[32], key[32];
    (void)context;
    if (capacity < KEY_LEN) return ASSAY_E_FULL;
    box_make(fresh.bytes, fresh_public);
    shared_key(fresh.bytes, box, fresh_public, box, key);
    ASSAY_TRY(
        gcm_close(key, assay_slice_over(NULL, 0), plain, out + KEY_LEN, capacity - KEY_LEN, len));
    assay_bytes_copy(out, capacity, fresh_public, KEY_LEN);
    *len += KEY_LEN;
    return ASSAY_OK;
}

static enum assay_status do_open(void *context, struct assay_slice sealed, uint8_t *out,
                                 size_t capacity, size_t *len)
{
    const struct task_seal *seal = context;
    uint8_t key[32];
    if (sealed.len < KEY_LEN) return ASSAY_E_INVALID;
    shared_key(seal->box_secret.bytes, sealed.bytes, sealed.bytes, seal->box, key);
    return gcm_open(key, assay_slice_over(NULL, 0),
                    assay_slice_over(sealed.bytes + KEY_LEN, sealed.len - KEY_LEN), out, capacity,
                    len);
}

static enum assay_status do_encrypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice plain,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context;
    return gcm_close(key, about, plain, out, capacity, len);
}

static enum assay_status do_decrypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice ciphertext,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context;
    return gcm_open(key, about, ciphertext, out, capacity, len);
}

static enum assay_status do_sign(void *context, const uint8_t digest[static 32],
                                 uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct task_seal *seal = context;
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(&seal->sign_secret, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    return status;
}

void task_seal_make(struct task_seal *seal, const struct assay_secret32 *sign_secret)
{
    box_make(seal->box_secret.bytes, seal->box);
    seal->sign_secret = *sign_secret;
    seal->crypto = (struct assay_task_crypto){
        .context = seal,
        .seal = do_seal,
        .open = do_open,
        .encrypt = do_encrypt,
        .decrypt = do_decrypt,
        .sign = do_sign,
    };
}
