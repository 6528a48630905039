/*
 * tests/support/services/shares_record.c - see the header.
 */
#include "tests/support/services/shares_record.h"

static enum assay_status apply_public(struct assay_share_registry *r,
                                      const struct shares_record *record,
                                      struct assay_share_facts *facts)
{
    static struct assay_share_key_record key;
    static struct assay_share_dealing_record dealing;
    static struct assay_share_dispute_record dispute;
    const struct assay_slice bytes = assay_slice_over(record->bytes, record->len);
    if (record->kind == SHARES_KEY) {
        ASSAY_TRY(assay_share_key_record_decode(bytes, &key));
        ASSAY_ASSERT(assay_share_key_record_check(&r->config.home, &key));
        (void)assay_share_registry_apply_key(r, record->member, &key, facts);
    } else if (record->kind == SHARES_DEALING) {
        ASSAY_TRY(assay_share_dealing_record_decode(bytes, &dealing));
        ASSAY_ASSERT(assay_share_dealing_record_check(&r->config.home, &dealing));
        (void)assay_share_registry_apply_dealing(r, record->member, &dealing, facts);
    } else {
        ASSAY_TRY(assay_share_dispute_record_decode(bytes, &dispute));
        ASSAY_ASSERT(assay_share_dispute_record_check(&r->config.home, &dispute));
        (void)assay_share_registry_apply_dispute(r, record->member, &dispute, facts);
    }
    return ASSAY_OK;
}

static void close_epoch(struct assay_share_registry *r, const struct shares_record *record,
                        struct assay_share_facts *facts)
{
    enum assay_share_standing standing[SHARES_MEMBERS];
    uint16_t score[SHARES_MEMBERS];
    bool certified[SHARES_MEMBERS];
    const uint32_t count = (uint32_t)record->len;
    for (uint32_t i = 0; i < count; i++) {
        standing[i] = (enum assay_share_standing)(record->bytes[i] & 15);
        certified[i] = (record->bytes[i] & SHARES_CERTIFIED) != 0;
        score[i] = (uint16_t)(100 + i);
    }
    assay_share_registry_set_certified(r, certified, count);
    assay_share_registry_close_epoch(r, r->epoch + 1, standing, score, count, facts);
}

void shares_record_apply(struct assay_share_registry *r, const struct shares_record *record,
                  struct assay_share_facts *facts)
{
    static struct assay_share_list_record list;
    static struct assay_share_lie_record lie;
    static struct assay_share_sum_record sum;
    struct assay_share_holder_record holder;
    struct assay_share_put_record put;
    struct assay_share_delete_record gone;
    struct assay_share_readers_record readers;
    struct assay_share_ready_record ready;
    const struct assay_slice bytes = assay_slice_over(record->bytes, record->len);
    uint8_t node[32] = { (uint8_t)record->member };
    enum assay_status status = ASSAY_OK;
    switch (record->kind) {
    case SHARES_HOLDER:
        status = assay_share_holder_record_decode(bytes, &holder);
        (void)assay_share_registry_apply_holder(r, record->member, node, &holder, facts);
        break;
    case SHARES_PUT:
        status = assay_share_put_record_decode(bytes, &put);
        (void)assay_share_registry_apply_put(r, record->member, &put, facts);
        break;
    case SHARES_DELETE:
        status = assay_share_delete_record_decode(bytes, &gone);
        (void)assay_share_registry_apply_delete(r, &gone, facts);
        break;
    case SHARES_READERS:
        status = assay_share_readers_record_decode(bytes, &readers);
        (void)assay_share_registry_apply_readers(r, &readers, facts);
        break;
    case SHARES_HAVE:
    case SHARES_DEAL:
        status = assay_share_list_record_decode(bytes, &list);
        if (record->kind == SHARES_HAVE)
            (void)assay_share_registry_apply_have(r, record->member, &list, facts);
        else (void)assay_share_registry_apply_deal(r, record->member, &list, facts);
        break;
    case SHARES_READY:
        status = assay_share_ready_record_decode(bytes, &ready);
        (void)assay_share_registry_apply_ready(r, record->member, &ready, facts);
        break;
    case SHARES_LIE:
        status = assay_share_lie_record_decode(bytes, &lie);
        ASSAY_ASSERT(assay_share_lie_record_check(&r->config.home, &lie));
        (void)assay_share_registry_apply_lie(r, &lie, facts);
        break;
    case SHARES_SUM:
        status = assay_share_sum_record_decode(bytes, &sum);
        (void)assay_share_registry_apply_sum(r, &sum, facts);
        break;
    case SHARES_KEY:
    case SHARES_DEALING:
    case SHARES_DISPUTE: status = apply_public(r, record, facts); break;
    case SHARES_ERA:
        facts->count = 0;
        assay_share_registry_set_era(r, r->era + 1);
        break;
    case SHARES_CLOSE: close_epoch(r, record, facts); break;
    }
    ASSAY_ASSERT(status == ASSAY_OK);
}

