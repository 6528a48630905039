/*
 * tests/fuzz/services/fuzz_share_records.c - fuzz target: payloads of shares' records, and what a
 * holder stored. The first byte chooses the decoder; what is read encodes to the very same bytes.
 */
#include "base/assert.h"
#include "services/shares/holder.h"
#include "services/shares/records.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { KINDS = 13 };

static union {
    struct assay_share_holder_record holder;
    struct assay_share_put_record put;
    struct assay_share_delete_record delete;
    struct assay_share_readers_record readers;
    struct assay_share_list_record list;
    struct assay_share_ready_record ready;
    struct assay_share_read_record read;
    struct assay_share_lie_record lie;
    struct assay_share_sum_record sum;
    struct assay_share_key_record key;
    struct assay_share_dealing_record dealing;
    struct assay_share_dispute_record dispute;
} any;

static enum assay_status stored_again(struct assay_slice in, uint8_t *bytes, size_t capacity,
                                      struct assay_slice *out)
{
    static struct assay_share_holder *h;
    const struct assay_share_holder_config config = { .ids_max = 1 };
    const size_t len = assay_share_holder_size(1);
    if (h == NULL) h = malloc(len);
    ASSAY_ASSERT(h != NULL);
    h = assay_share_holder_init(h, len, &config);
    ASSAY_TRY(assay_share_holder_load(h, in));
    assay_share_holder_check(h);
    /* version, what there is, cluster and slot stand before the id */
    ASSAY_ASSERT(assay_share_holder_stored(h, in.bytes + 4, bytes, capacity, out) == ASSAY_OK);
    return ASSAY_OK;
}

static enum assay_status again(uint8_t kind, struct assay_slice in, uint8_t *bytes,
                               size_t capacity, struct assay_slice *out)
{
    switch (kind) {
    case 0:
        ASSAY_TRY(assay_share_holder_record_decode(in, &any.holder));
        return assay_share_holder_record_encode(&any.holder, bytes, capacity, out);
    case 1:
        ASSAY_TRY(assay_share_put_record_decode(in, &any.put));
        return assay_share_put_record_encode(&any.put, bytes, capacity, out);
    case 2:
        ASSAY_TRY(assay_share_list_record_decode(in, &any.list));
        return assay_share_list_record_encode(&any.list, bytes, capacity, out);
    case 3:
        ASSAY_TRY(assay_share_ready_record_decode(in, &any.ready));
        return assay_share_ready_record_encode(&any.ready, bytes, capacity, out);
    case 4:
        ASSAY_TRY(assay_share_read_record_decode(in, &any.read));
        return assay_share_read_record_encode(&any.read, bytes, capacity, out);
    case 5:
        ASSAY_TRY(assay_share_lie_record_decode(in, &any.lie));
        (void)assay_share_lie_is_valid(&any.lie);
        return assay_share_lie_record_encode(&any.lie, bytes, capacity, out);
    case 6:
        ASSAY_TRY(assay_share_sum_record_decode(in, &any.sum));
        return assay_share_sum_record_encode(&any.sum, bytes, capacity, out);
    case 7:
        ASSAY_TRY(assay_share_delete_record_decode(in, &any.delete));
        return assay_share_delete_record_encode(&any.delete, bytes, capacity, out);
    case 8:
        ASSAY_TRY(assay_share_readers_record_decode(in, &any.readers));
        return assay_share_readers_record_encode(&any.readers, bytes, capacity, out);
    case 10:
        ASSAY_TRY(assay_share_key_record_decode(in, &any.key));
        return assay_share_key_record_encode(&any.key, bytes, capacity, out);
    case 11:
        ASSAY_TRY(assay_share_dealing_record_decode(in, &any.dealing));
        return assay_share_dealing_record_encode(&any.dealing, bytes, capacity, out);
    case 12:
        ASSAY_TRY(assay_share_dispute_record_decode(in, &any.dispute));
        return assay_share_dispute_record_encode(&any.dispute, bytes, capacity, out);
    default: return stored_again(in, bytes, capacity, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t memory[2 * ASSAY_SHARE_RECORD_MAX];
    struct assay_slice out;
    if (len == 0) return 0;
    const struct assay_slice in = assay_slice_over(bytes + 1, len - 1);
    const enum assay_status status = again(bytes[0] % KINDS, in, memory, sizeof memory, &out);
    ASSAY_ASSERT(status != ASSAY_E_FULL || bytes[0] % KINDS == 6);
    if (status == ASSAY_OK) ASSAY_ASSERT(assay_slice_equal(in, out));
    return 0;
}
