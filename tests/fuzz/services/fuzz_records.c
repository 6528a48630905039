/*
 * tests/fuzz/services/fuzz_records.c - fuzz target: payloads of records and receipts. The first
 * byte chooses the decoder; what is read encodes to the very same bytes.
 */
#include "base/assert.h"
#include "services/continuity/handover.h"
#include "services/continuity/receipt.h"
#include "services/continuity/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { KINDS = 9 };

/* What is read is checked as well, against a base that it may name. */
static enum assay_status handover_again(struct assay_slice in, uint8_t *bytes, size_t capacity,
                                        struct assay_slice *out)
{
    uint8_t record[ASSAY_CONT_TABLE_LEN_MAX];
    struct assay_slice payload;
    struct assay_cont_handover h;
    ASSAY_TRY(assay_cont_handover_decode(in, &h));
    const struct assay_cont_home home = { .group = h.record.group };
    struct assay_cont_roster base = h.record.roster;
    base.view = h.record.base;
    /* Nothing of a fuzzer is signed. */
    ASSAY_ASSERT(assay_cont_handover_check(&home, &base, &h) != ASSAY_OK);
    ASSAY_ASSERT(assay_cont_table_record_encode(&h.record, record, sizeof record, &payload) ==
                 ASSAY_OK);
    ASSAY_ASSERT(assay_cont_handover_encode(payload, h.contact, h.record.roster.count, bytes,
                                            capacity, out) == ASSAY_OK);
    return ASSAY_OK;
}

static enum assay_status again(uint8_t kind, struct assay_slice in, uint8_t *bytes,
                               size_t capacity, struct assay_slice *out)
{
    struct assay_cont_replica_record replica;
    struct assay_cont_session_record session;
    struct assay_cont_table_record table;
    struct assay_cont_receipt receipt;
    struct assay_cont_keep_record keep;
    struct assay_cont_retire_record retire;
    struct assay_cont_silent_record silent;
    struct assay_cont_alive_record alive;
    switch (kind) {
    case 0:
        ASSAY_TRY(assay_cont_replica_record_decode(in, &replica));
        ASSAY_ASSERT(assay_cont_replica_record_encode(&replica, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 1:
        ASSAY_TRY(assay_cont_session_record_decode(in, &session));
        ASSAY_ASSERT(assay_cont_session_record_encode(&session, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 2:
        ASSAY_TRY(assay_cont_table_record_decode(in, &table));
        ASSAY_ASSERT(assay_cont_table_record_encode(&table, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 3:
        ASSAY_TRY(assay_cont_keep_record_decode(in, &keep));
        ASSAY_ASSERT(assay_cont_keep_record_encode(&keep, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 4:
        ASSAY_TRY(assay_cont_retire_record_decode(in, &retire));
        ASSAY_ASSERT(assay_cont_retire_record_encode(&retire, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 6:
        ASSAY_TRY(assay_cont_silent_record_decode(in, &silent));
        ASSAY_ASSERT(assay_cont_silent_record_encode(&silent, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 7:
        ASSAY_TRY(assay_cont_alive_record_decode(in, &alive));
        ASSAY_ASSERT(assay_cont_alive_record_encode(&alive, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    case 8: return handover_again(in, bytes, capacity, out);
    default:
        ASSAY_TRY(assay_cont_receipt_decode(in, &receipt));
        ASSAY_ASSERT(assay_cont_receipt_encode(&receipt, bytes, capacity, out) == ASSAY_OK);
        return ASSAY_OK;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t memory[ASSAY_CONT_RECORD_MAX];
    struct assay_slice out;
    if (len == 0) return 0;
    const struct assay_slice in = assay_slice_over(bytes + 1, len - 1);
    if (again(bytes[0] % KINDS, in, memory, sizeof memory, &out) == ASSAY_OK)
        ASSAY_ASSERT(assay_slice_equal(in, out));
    return 0;
}
