/*
 * tests/fuzz/services/fuzz_task_records.c - fuzz target: payloads of tasks, receipts with their
 * signatures, kept chains and what a step gives. The first byte chooses the decoder; what is read
 * encodes to the very same bytes, and the check of its signatures ends.
 */
#include "base/assert.h"
#include "services/tasks/records.h"
#include "services/tasks/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { KINDS = 9 };

static const uint8_t chain_id[32] = { 1 };

/* Returns: what the decoder says; *out the same bytes again. */
static enum assay_status signed_kinds(uint8_t kind, struct assay_slice in, uint8_t *bytes,
                                      size_t capacity, struct assay_slice *out)
{
    struct assay_task_transfer transfer;
    struct assay_task_open open;
    struct assay_task_close close;
    struct assay_task_claim claim;
    switch (kind) {
    case 0:
        ASSAY_TRY(assay_task_transfer_decode(in, &transfer));
        (void)assay_task_transfer_check(chain_id, &transfer);
        return assay_task_transfer_encode(&transfer, bytes, capacity, out);
    case 1:
        ASSAY_TRY(assay_task_open_decode(in, &open));
        (void)assay_task_open_check(chain_id, &open);
        return assay_task_open_encode(&open, bytes, capacity, out);
    case 2:
        ASSAY_TRY(assay_task_close_decode(in, &close));
        (void)assay_task_close_check(chain_id, &close);
        return assay_task_close_encode(&close, bytes, capacity, out);
    default:
        ASSAY_TRY(assay_task_claim_decode(in, &claim));
        (void)assay_task_claim_check(chain_id, &claim);
        return assay_task_claim_encode(&claim, bytes, capacity, out);
    }
}

static enum assay_status receipt_again(struct assay_slice in, uint8_t *bytes, size_t capacity,
                                       struct assay_slice *out)
{
    struct assay_task_receipt receipt;
    struct assay_task_chain chain;
    struct assay_cursor c = assay_cursor_over(in.bytes, in.len);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_task_chain_init(&chain, chain_id, (const uint8_t[ASSAY_P256_PUBLIC_LEN]){ 2 }, chain_id);
    ASSAY_ASSERT(in.len == 0 || assay_task_chain_verify(in, &chain) != ASSAY_OK);
    ASSAY_TRY(assay_task_receipt_decode(&c, &receipt));
    ASSAY_TRY(assay_cursor_end(&c));
    assay_task_receipt_encode(&w, &receipt);
    return assay_writer_finish(&w, out);
}

static enum assay_status again(uint8_t kind, struct assay_slice in, uint8_t *bytes, size_t capacity,
                               struct assay_slice *out)
{
    struct assay_task_offer offer;
    struct assay_task_accept accept;
    struct assay_task_chain chain;
    struct assay_task_product result;
    switch (kind) {
    case 4:
        ASSAY_TRY(assay_task_offer_decode(in, &offer));
        return assay_task_offer_encode(&offer, bytes, capacity, out);
    case 5:
        ASSAY_TRY(assay_task_accept_decode(in, &accept));
        return assay_task_accept_encode(&accept, bytes, capacity, out);
    case 6: return receipt_again(in, bytes, capacity, out);
    case 7:
        ASSAY_TRY(assay_task_chain_decode(in, &chain));
        return assay_task_chain_encode(&chain, bytes, capacity, out);
    case 8:
        ASSAY_TRY(assay_task_product_decode(in, &result));
        return assay_task_product_encode(&result, bytes, capacity, out);
    default: return signed_kinds(kind, in, bytes, capacity, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t memory[ASSAY_TASK_PLAIN_MAX];
    struct assay_slice out;
    if (len == 0) return 0;
    const struct assay_slice in = assay_slice_over(bytes + 1, len - 1);
    const enum assay_status status = again(bytes[0] % KINDS, in, memory, sizeof memory, &out);
    /* Whatever is read fits again. */
    ASSAY_ASSERT(status != ASSAY_E_FULL);
    if (status == ASSAY_OK) ASSAY_ASSERT(assay_slice_equal(in, out));
    return 0;
}
