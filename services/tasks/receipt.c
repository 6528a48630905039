/*
 * services/tasks/receipt.c - codec and verification of receipts and their chains (docs/services.md
 * 6.5).
 */
#include "services/tasks/receipt.h"

#include "base/cbor.h"

static const char chain_type[] = "assay/tasks/chain/v1";

void assay_task_receipt_encode(struct assay_writer *w, const struct assay_task_receipt *receipt)
{
    assay_writer_put(w, receipt->task, 32);
    assay_writer_u32be(w, receipt->step);
    assay_writer_put(w, receipt->lock, 32);
    assay_writer_put(w, receipt->input, 32);
    assay_writer_put(w, receipt->state, 32);
    assay_writer_put(w, receipt->ciphertext, 32);
    assay_writer_u64be(w, receipt->epoch);
    assay_writer_put(w, receipt->previous, 32);
}

enum assay_status assay_task_receipt_decode(struct assay_cursor *in,
                                            struct assay_task_receipt *receipt)
{
    struct assay_task_receipt r = { 0 };
    ASSAY_TRY(assay_cursor_copy(in, r.task, 32));
    ASSAY_TRY(assay_cursor_u32be(in, &r.step));
    ASSAY_TRY(assay_cursor_copy(in, r.lock, 32));
    ASSAY_TRY(assay_cursor_copy(in, r.input, 32));
    ASSAY_TRY(assay_cursor_copy(in, r.state, 32));
    ASSAY_TRY(assay_cursor_copy(in, r.ciphertext, 32));
    ASSAY_TRY(assay_cursor_u64be(in, &r.epoch));
    ASSAY_TRY(assay_cursor_copy(in, r.previous, 32));
    if (r.step == 0 || r.step > ASSAY_TASK_STEPS_MAX) return ASSAY_E_RANGE;
    if ((r.step == 1) != assay_bytes_all_zero(r.previous, 32)) return ASSAY_E_INVALID;
    *receipt = r;
    return ASSAY_OK;
}

void assay_task_receipt_digest(const struct assay_task_receipt *receipt, uint8_t digest[static 32])
{
    uint8_t bytes[ASSAY_TASK_RECEIPT_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_task_receipt_encode(&w, receipt);
    ASSAY_ASSERT(!w.full && w.len == sizeof bytes);
    assay_sha256(bytes, sizeof bytes, digest);
}

void assay_task_chain_init(struct assay_task_chain *chain, const uint8_t task[static 32],
                           const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                           const uint8_t input[static 32])
{
    *chain = (struct assay_task_chain){ 0 };
    assay_bytes_copy(chain->task, 32, task, 32);
    assay_bytes_copy(chain->key, sizeof chain->key, key, sizeof chain->key);
    assay_bytes_copy(chain->input, 32, input, 32);
}

enum assay_status assay_task_chain_add(struct assay_task_chain *chain,
                                       const struct assay_task_receipt *receipt,
                                       const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    uint8_t digest[32];
    if (receipt->step <= chain->step) return ASSAY_E_STALE;
    if (receipt->step - chain->step > 1) return ASSAY_E_EARLY;
    if (!assay_bytes_equal(receipt->task, chain->task, 32) ||
        !assay_bytes_equal(receipt->input, chain->input, 32) ||
        !assay_bytes_equal(receipt->previous, chain->head, 32) || receipt->epoch < chain->epoch)
        return ASSAY_E_INVALID;
    assay_task_receipt_digest(receipt, digest);
    if (!assay_task_verify_signature(chain->key, digest, signature)) return ASSAY_E_SIGNATURE;
    chain->step = receipt->step;
    chain->epoch = receipt->epoch;
    assay_bytes_copy(chain->head, 32, digest, 32);
    assay_bytes_copy(chain->state, 32, receipt->state, 32);
    return ASSAY_OK;
}

enum assay_status assay_task_chain_verify(struct assay_slice receipts,
                                          struct assay_task_chain *chain)
{
    struct assay_cursor in = assay_cursor_over(receipts.bytes, receipts.len);
    while (assay_cursor_left(&in) > 0) {
        struct assay_task_receipt receipt;
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        ASSAY_TRY(assay_task_receipt_decode(&in, &receipt));
        ASSAY_TRY(assay_cursor_copy(&in, signature, sizeof signature));
        ASSAY_TRY(assay_task_chain_add(chain, &receipt, signature));
    }
    return ASSAY_OK;
}

enum assay_status assay_task_chain_encode(const struct assay_task_chain *chain, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 8);
    assay_cbor_put_text(&w, chain_type);
    assay_cbor_put_bytes(&w, chain->task, 32);
    assay_cbor_put_bytes(&w, chain->key, sizeof chain->key);
    assay_cbor_put_bytes(&w, chain->input, 32);
    assay_cbor_put_uint(&w, chain->step);
    assay_cbor_put_uint(&w, chain->epoch);
    assay_cbor_put_bytes(&w, chain->head, 32);
    assay_cbor_put_bytes(&w, chain->state, 32);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_chain_decode(struct assay_slice bytes, struct assay_task_chain *chain)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_chain read = { 0 };
    uint64_t step = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 8));
    ASSAY_TRY(assay_cbor_text_expect(&in, chain_type));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.task, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.input, 32));
    ASSAY_TRY(assay_cbor_uint_max(&in, ASSAY_TASK_STEPS_MAX, &step));
    ASSAY_TRY(assay_cbor_uint(&in, &read.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.head, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.state, 32));
    ASSAY_TRY(assay_cursor_end(&in));
    read.step = (uint32_t)step;
    const bool empty = assay_bytes_all_zero(read.head, 32);
    if ((read.step == 0) != empty) return ASSAY_E_INVALID;
    if (empty && (read.epoch != 0 || !assay_bytes_all_zero(read.state, 32))) return ASSAY_E_INVALID;
    *chain = read;
    return ASSAY_OK;
}
