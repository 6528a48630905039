/*
 * net/services/tasks/task_crypto.c - crypto callbacks of tasks.
 */
#include "net/services/tasks/task_crypto.h"

#include "services/evm/task_codec.h"
#include "services/shares/sodium.h"

static enum assay_status seal_message(void *context, const uint8_t box[static 32],
                                      struct assay_slice plain, uint8_t *out, size_t capacity,
                                      size_t *len)
{
    struct assay_secret32 seed;
    (void)context;
    if (capacity < plain.len + ASSAY_SODIUM_BOX_OVERHEAD) return ASSAY_E_FULL;
    if (assay_random(seed.bytes, sizeof seed.bytes) != ASSAY_OK) return ASSAY_E_CRYPTO;
    const enum assay_status status = assay_sodium_box_seal(&seed, box, plain, out);
    assay_secret_wipe(&seed, sizeof seed);
    if (status != ASSAY_OK) return ASSAY_E_CRYPTO;
    *len = plain.len + ASSAY_SODIUM_BOX_OVERHEAD;
    return ASSAY_OK;
}

static enum assay_status open_box(void *context, struct assay_slice sealed, uint8_t *out,
                                  size_t capacity, size_t *len)
{
    const struct assay_task_keys *keys = context;
    if (sealed.len < ASSAY_SODIUM_BOX_OVERHEAD) return ASSAY_E_INVALID;
    if (capacity < sealed.len - ASSAY_SODIUM_BOX_OVERHEAD) return ASSAY_E_FULL;
    if (assay_sodium_box_open(&keys->box_secret, keys->box, sealed, out) != ASSAY_OK)
        return ASSAY_E_INVALID;
    *len = sealed.len - ASSAY_SODIUM_BOX_OVERHEAD;
    return ASSAY_OK;
}

/* A key is used once, so a constant nonce is safe. */
static const uint8_t nonce[ASSAY_SODIUM_NONCE_LEN];

static enum assay_status encrypt(void *context, const uint8_t key[static 32],
                                 struct assay_slice about, struct assay_slice plain, uint8_t *out,
                                 size_t capacity, size_t *len)
{
    struct assay_secret32 secret;
    (void)context;
    if (capacity < plain.len + ASSAY_SODIUM_TAG_LEN) return ASSAY_E_FULL;
    assay_bytes_copy(secret.bytes, 32, key, 32);
    assay_sodium_seal(&secret, nonce, about, plain, out);
    assay_secret_wipe(&secret, sizeof secret);
    *len = plain.len + ASSAY_SODIUM_TAG_LEN;
    return ASSAY_OK;
}

static enum assay_status decrypt(void *context, const uint8_t key[static 32],
                                 struct assay_slice about, struct assay_slice ciphertext,
                                 uint8_t *out, size_t capacity, size_t *len)
{
    struct assay_secret32 secret;
    (void)context;
    if (ciphertext.len < ASSAY_SODIUM_TAG_LEN) return ASSAY_E_INVALID;
    if (capacity < ciphertext.len - ASSAY_SODIUM_TAG_LEN) return ASSAY_E_FULL;
    assay_bytes_copy(secret.bytes, 32, key, 32);
    const enum assay_status status = assay_sodium_open(&secret, nonce, about, ciphertext, out);
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK) return ASSAY_E_INVALID;
    *len = ciphertext.len - ASSAY_SODIUM_TAG_LEN;
    return ASSAY_OK;
}

_Static_assert((int)ASSAY_EVM_PACKED_LEN == (int)ASSAY_P256_SIGNATURE_LEN, "one field");

static enum assay_status sign_digest(void *context, const uint8_t digest[static 32],
                                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct assay_task_keys *keys = context;
    ASSAY_ASSERT(keys->on_chain || keys->signer != NULL);
    struct assay_evm_signature compact;
    if (!keys->on_chain) return assay_p256_sign(keys->signer, digest, signature);
    ASSAY_TRY(assay_evm_sign(&keys->evm, digest, &compact));
    assay_evm_signature_pack(&compact, signature);
    return ASSAY_OK;
}

static enum assay_status make_keys(struct assay_task_keys *keys,
                                   const struct assay_secret32 *secret,
                                   const struct assay_secret32 *box_secret)
{
    ASSAY_ASSERT(keys->signer == NULL);
    struct assay_secret32 own;
    ASSAY_TRY(assay_sodium_start());
    enum assay_status status = secret == NULL ? assay_p256_generate(&own, keys->key)
                                              : assay_p256_public(secret, keys->key);
    if (status == ASSAY_OK)
        status = assay_p256_signer_load(secret == NULL ? &own : secret, &keys->signer);
    assay_secret_wipe(&own, sizeof own);
    if (status != ASSAY_OK) return status;
    if (box_secret == NULL) return assay_x25519_generate(&keys->box_secret, keys->box);
    keys->box_secret = *box_secret;
    return assay_x25519_public(box_secret, keys->box);
}

enum assay_status assay_requestor_keys_init(struct assay_task_keys *keys,
                                            const struct assay_secret32 *secret,
                                            const struct assay_secret32 *box_secret)
{
    *keys = (struct assay_task_keys){ .crypto = { .context = keys,
                                                  .seal = seal_message,
                                                  .open = open_box,
                                                  .encrypt = encrypt,
                                                  .decrypt = decrypt,
                                                  .sign = sign_digest } };
    const enum assay_status status = make_keys(keys, secret, box_secret);
    if (status != ASSAY_OK) assay_requestor_keys_deinit(keys);
    return status;
}

void assay_requestor_keys_deinit(struct assay_task_keys *keys)
{
    assay_p256_signer_free(&keys->signer);
    assay_secret_wipe(keys, sizeof *keys);
}
