/*
 * tests/support/services/task_world_sides.c - modelled cryptography: only what was sealed for a key
 * opens with it, and signed digests are recorded. Nothing is secret.
 */
#include "tests/support/services/task_world_internal.h"

static enum assay_status fold_up(const uint8_t first[static 32], struct assay_slice about,
                                 struct assay_slice plain, uint8_t *out, size_t capacity,
                                 size_t *len)
{
    const struct assay_slice pieces[] = { assay_slice_over(first, 32), about, plain };
    if (capacity < 32 || plain.len > capacity - 32) return ASSAY_E_FULL;
    assay_sha256_pieces(pieces, 3, out);
    assay_bytes_copy(out + 32, capacity - 32, plain.bytes, plain.len);
    *len = plain.len + 32;
    return ASSAY_OK;
}

static enum assay_status unfold(const uint8_t first[static 32], struct assay_slice about,
                                struct assay_slice folded, uint8_t *out, size_t capacity,
                                size_t *len)
{
    uint8_t digest[32];
    if (folded.len < 32) return ASSAY_E_INVALID;
    const struct assay_slice plain = assay_slice_over(folded.bytes + 32, folded.len - 32);
    const struct assay_slice pieces[] = { assay_slice_over(first, 32), about, plain };
    assay_sha256_pieces(pieces, 3, digest);
    if (!assay_bytes_equal(digest, folded.bytes, 32)) return ASSAY_E_INVALID;
    if (plain.len > capacity) return ASSAY_E_FULL;
    assay_bytes_copy(out, capacity, plain.bytes, plain.len);
    *len = plain.len;
    return ASSAY_OK;
}

static enum assay_status do_seal(void *context, const uint8_t box[static 32],
                                 struct assay_slice plain, uint8_t *out, size_t capacity,
                                 size_t *len)
{
    (void)context;
    return fold_up(box, assay_slice_over(NULL, 0), plain, out, capacity, len);
}

static enum assay_status do_open(void *context, struct assay_slice sealed, uint8_t *out,
                                 size_t capacity, size_t *len)
{
    const struct side *side = context;
    return unfold(side->box, assay_slice_over(NULL, 0), sealed, out, capacity, len);
}

static enum assay_status do_encrypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice plain,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context;
    return fold_up(key, about, plain, out, capacity, len);
}

static enum assay_status do_decrypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice ciphertext,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context;
    return unfold(key, about, ciphertext, out, capacity, len);
}

static void log_add(struct log *log, const uint8_t digest[static 32])
{
    ASSAY_ASSERT(log->count < LOG);
    assay_bytes_copy(log->digest[log->count++], 32, digest, 32);
}

bool task_world_signed(const struct log *log, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < log->count; i++)
        if (assay_bytes_equal(log->digest[i], digest, 32)) return true;
    return false;
}

static enum assay_status do_sign(void *context, const uint8_t digest[static 32],
                                 uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct side *side = context;
    struct job *j = &side->w->job[side->job];
    struct log *log = side->enclave ? &j->receipts : &j->vouchers;
    if (log->count == LOG) return ASSAY_E_CRYPTO;
    log_add(log, digest);
    kit_sign(&side->key, digest, signature);
    return ASSAY_OK;
}

void task_world_side(struct world *w, struct side *side, uint32_t job, uint32_t key, bool enclave)
{
    *side = (struct side){ .w = w, .job = job, .enclave = enclave };
    kit_key_make(&side->key, key);
    kit_bytes('b', ++w->salts, side->box);
    side->crypto =
        (struct assay_task_crypto){ side, do_seal, do_open, do_encrypt, do_decrypt, do_sign };
}
