/*
 * services/tasks/task.c - names, digests and signatures of attested tasks (docs/services.md 6).
 */
#include "services/tasks/task.h"

#include "base/cbor.h"

void assay_task_account(const uint8_t key[static ASSAY_P256_PUBLIC_LEN], uint8_t account[static 32])
{
    assay_sha256(key, ASSAY_P256_PUBLIC_LEN, account);
}

void assay_task_blob_digest(const uint8_t salt[static 32], struct assay_slice bytes,
                            uint8_t digest[static 32])
{
    ASSAY_ASSERT(bytes.bytes != NULL || bytes.len == 0);
    static const char type[] = "assay/tasks/blob/v1";
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(salt, 32),
        bytes,
    };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, digest);
}

void assay_task_keys_statement(const uint8_t chain_id[static 32], const uint8_t task[static 32],
                               const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                               const uint8_t box[static 32], const uint8_t nonce[static 32],
                               uint8_t digest[static 32])
{
    uint8_t bytes[320];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, "assay/tasks/keys/v1");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_bytes(&w, task, 32);
    assay_cbor_put_bytes(&w, key, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_bytes(&w, box, 32);
    assay_cbor_put_bytes(&w, nonce, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

bool assay_task_verify_signature(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                 const uint8_t digest[static 32],
                                 const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256 *loaded = NULL;
    if (assay_p256_load(key, &loaded) != ASSAY_OK) return false;
    const bool good = assay_p256_verify(loaded, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&loaded);
    return good;
}
