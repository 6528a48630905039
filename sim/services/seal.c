/*
 * sim/services/seal.c - modelled boxes and one-time keys of tasks: a box opens only with the same
 * associated data. Nothing is encrypted; signed digests are recorded.
 */
#include "sim/services/tasks.h"

#include "base/crypto/model.h"

enum { TAG = 32 };

static void tag_of(const uint8_t key[static 32], struct assay_slice about, struct assay_slice plain,
                   uint8_t tag[static TAG])
{
    const struct assay_slice pieces[] = { assay_slice_over(key, 32), about, plain };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof pieces[0], tag);
}

static enum assay_status seal_box(const uint8_t key[static 32], struct assay_slice about,
                                  struct assay_slice plain, uint8_t *out, size_t capacity,
                                  size_t *len)
{
    if (capacity < TAG || capacity - TAG < plain.len) return ASSAY_E_FULL;
    tag_of(key, about, plain, out);
    assay_bytes_copy(out + TAG, capacity - TAG, plain.bytes, plain.len);
    *len = TAG + plain.len;
    return ASSAY_OK;
}

static enum assay_status open_box(const uint8_t key[static 32], struct assay_slice about,
                                  struct assay_slice box, uint8_t *out, size_t capacity,
                                  size_t *len)
{
    uint8_t tag[TAG];
    if (box.len < TAG) return ASSAY_E_INVALID;
    const struct assay_slice plain = assay_slice_over(box.bytes + TAG, box.len - TAG);
    tag_of(key, about, plain, tag);
    if (!assay_bytes_equal(tag, box.bytes, TAG)) return ASSAY_E_INVALID;
    if (plain.len > capacity) return ASSAY_E_FULL;
    assay_bytes_copy(out, capacity, plain.bytes, plain.len);
    *len = plain.len;
    return ASSAY_OK;
}

static enum assay_status seal_to(void *context, const uint8_t box[static 32],
                                 struct assay_slice plain, uint8_t *out, size_t capacity,
                                 size_t *len)
{
    (void)context;
    return seal_box(box, assay_slice_over("box", 3), plain, out, capacity, len);
}

static enum assay_status open_own(void *context, struct assay_slice sealed, uint8_t *out,
                                  size_t capacity, size_t *len)
{
    const struct side *side = context;
    return open_box(side->box, assay_slice_over("box", 3), sealed, out, capacity, len);
}

static enum assay_status encrypt(void *context, const uint8_t key[static 32],
                                 struct assay_slice about, struct assay_slice plain, uint8_t *out,
                                 size_t capacity, size_t *len)
{
    (void)context;
    return seal_box(key, about, plain, out, capacity, len);
}

static enum assay_status decrypt(void *context, const uint8_t key[static 32],
                                 struct assay_slice about, struct assay_slice ciphertext,
                                 uint8_t *out, size_t capacity, size_t *len)
{
    (void)context;
    return open_box(key, about, ciphertext, out, capacity, len);
}

static enum assay_status sign_digest(void *context, const uint8_t digest[static 32],
                                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct side *side = context;
    if (!side_has_signed(side, digest)) {
        ASSAY_ASSERT(side->signed_count < SIGNED_MAX);
        assay_bytes_copy(side->signed_[side->signed_count++], 32, digest, 32);
    }
    assay_model_sign(side->secret.bytes, digest, signature);
    return ASSAY_OK;
}

bool side_has_signed(const struct side *side, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < side->signed_count; i++)
        if (assay_bytes_equal(side->signed_[i], digest, 32)) return true;
    return false;
}

void side_of(struct side *side, struct assay_sim_random *random,
             const struct assay_secret32 *secret)
{
    *side = (struct side){ .secret = *secret };
    services_bytes(random, side->box, sizeof side->box);
    side->crypto = (struct assay_task_crypto){ .context = side,
                                               .seal = seal_to,
                                               .open = open_own,
                                               .encrypt = encrypt,
                                               .decrypt = decrypt,
                                               .sign = sign_digest };
}

void side_make(struct side *side, struct assay_sim_random *random,
               uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_secret32 secret;
    services_key(random, &secret, key);
    side_of(side, random, &secret);
}
