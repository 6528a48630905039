/*
 * tests/fuzz/services/fuzz_ceremony.c - fuzz target: records of ceremonies and documents of the
 * fold of a group key. The first byte chooses the decoder; what is read encodes to the very same
 * bytes, a fold that is read goes on, and a record changes nothing in a fold without a ceremony.
 */
#include "base/assert.h"
#include "services/identity/ceremony_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { RECORDS = 6, KINDS = RECORDS + ASSAY_CA_DOCUMENTS };

static union {
    struct assay_ca_offer_record offer;
    struct assay_ca_deal_record deal;
    struct assay_ca_dispute_record dispute;
    struct assay_ca_have_record have;
    struct assay_ca_table_record table;
    struct assay_ca_lie_record lie;
} any;

static struct assay_ca ca;

static void init(void)
{
    static const uint8_t chain_id[32] = { 9 };
    static const struct assay_ca_config config = { .refresh = ASSAY_CA_REFRESH,
                                                   .next_epochs = ASSAY_CA_OVERLAP_MIN,
                                                   .old_epochs = ASSAY_CA_OVERLAP_MIN };
    assay_ca_init(&ca, chain_id, &config);
}

static enum assay_status record_again(uint8_t kind, struct assay_slice in, uint8_t *bytes,
                                      size_t capacity, struct assay_slice *out)
{
    static const uint8_t node_id[32] = { 0 };
    init();
    switch (kind) {
    case 0:
        ASSAY_TRY(assay_ca_offer_decode(in, &any.offer));
        ASSAY_ASSERT(assay_ca_apply_offer(&ca, 0, node_id, &any.offer, NULL) != ASSAY_CA_APPLIED);
        return assay_ca_offer_encode(&any.offer, bytes, capacity, out);
    case 1:
        ASSAY_TRY(assay_ca_deal_decode(in, &any.deal));
        ASSAY_ASSERT(assay_ca_apply_deal(&ca, 0, node_id, &any.deal, in, NULL) != ASSAY_CA_APPLIED);
        return assay_ca_deal_encode(&any.deal, bytes, capacity, out);
    case 2:
        ASSAY_TRY(assay_ca_dispute_decode(in, &any.dispute));
        ASSAY_ASSERT(assay_ca_apply_dispute(&ca, 0, node_id, &any.dispute, NULL) !=
                     ASSAY_CA_APPLIED);
        return assay_ca_dispute_encode(&any.dispute, bytes, capacity, out);
    case 3:
        ASSAY_TRY(assay_ca_have_decode(in, &any.have));
        ASSAY_ASSERT(assay_ca_apply_have(&ca, 0, node_id, &any.have, NULL) != ASSAY_CA_APPLIED);
        return assay_ca_have_encode(&any.have, bytes, capacity, out);
    case 4:
        ASSAY_TRY(assay_ca_table_decode(in, &any.table));
        ASSAY_ASSERT(assay_ca_apply_table(&ca, 0, node_id, &any.table, NULL) != ASSAY_CA_APPLIED);
        return assay_ca_table_encode(&any.table, bytes, capacity, out);
    default:
        ASSAY_TRY(assay_ca_lie_decode(in, &any.lie));
        ASSAY_ASSERT(assay_ca_apply_lie(&ca, 0, node_id, &any.lie, NULL) != ASSAY_CA_APPLIED);
        return assay_ca_lie_encode(&any.lie, bytes, capacity, out);
    }
}

static enum assay_status document_again(uint32_t document, struct assay_slice in, uint8_t *bytes,
                                        size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    init();
    ASSAY_TRY(assay_ca_document_decode(&ca, document, in));
    ASSAY_TRY(assay_ca_document_encode(&ca, document, &w));
    *out = assay_slice_over(bytes, w.len);
    if (assay_ca_document_join(&ca) != ASSAY_OK) return ASSAY_OK;
    assay_ca_set_era(&ca, ca.force.era);
    assay_ca_check(&ca);
    for (uint64_t epoch = 1; epoch < 4; epoch++)
        assay_ca_close_epoch(&ca, epoch, true, NULL, 0, 0, NULL);
    assay_ca_check(&ca);
    return ASSAY_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_CA_DOCUMENT_LEN_MAX];
    struct assay_slice out;
    if (len == 0 || assay_sodium_start() != ASSAY_OK) return 0;
    const uint8_t kind = bytes[0] % KINDS;
    const struct assay_slice in = assay_slice_over(bytes + 1, len - 1);
    const enum assay_status status =
        kind < RECORDS ? record_again(kind, in, again, sizeof again, &out)
                       : document_again(kind - RECORDS, in, again, sizeof again, &out);
    if (status == ASSAY_OK) ASSAY_ASSERT(assay_slice_equal(in, out));
    return 0;
}
