/*
 * services/registry/identity.c - records of the group key: check of a payload, and application
 * (docs/identity.md 3.5, docs/services.md 7.2).
 */
#include "services/registry/registry_internal.h"

union record {
    struct assay_ca_offer_record offer;
    struct assay_ca_deal_record deal;
    struct assay_ca_dispute_record dispute;
    struct assay_ca_have_record have;
    struct assay_ca_table_record table;
    struct assay_ca_lie_record lie;
};

static enum assay_status decode_record(enum assay_service_kind kind, struct assay_slice payload,
                                       union record *record)
{
    if (kind == ASSAY_SERVICE_CA_OFFER) return assay_ca_offer_decode(payload, &record->offer);
    if (kind == ASSAY_SERVICE_CA_DEAL) return assay_ca_deal_decode(payload, &record->deal);
    if (kind == ASSAY_SERVICE_CA_DISPUTE) return assay_ca_dispute_decode(payload, &record->dispute);
    if (kind == ASSAY_SERVICE_CA_HAVE) return assay_ca_have_decode(payload, &record->have);
    if (kind == ASSAY_SERVICE_CA_TABLE) return assay_ca_table_decode(payload, &record->table);
    ASSAY_ASSERT(kind == ASSAY_SERVICE_CA_LIE);
    return assay_ca_lie_decode(payload, &record->lie);
}

enum assay_status assay_registry_check_identity(const uint8_t chain_id[static 32],
                                                enum assay_service_kind kind,
                                                struct assay_slice payload)
{
    union record record;
    ASSAY_TRY(decode_record(kind, payload, &record));
    if (kind == ASSAY_SERVICE_CA_OFFER) return assay_ca_offer_check(chain_id, &record.offer);
    if (kind == ASSAY_SERVICE_CA_DEAL) return assay_ca_deal_check(chain_id, &record.deal);
    if (kind == ASSAY_SERVICE_CA_DISPUTE) return assay_ca_dispute_check(chain_id, &record.dispute);
    if (kind == ASSAY_SERVICE_CA_HAVE) return assay_ca_have_check(chain_id, &record.have);
    if (kind == ASSAY_SERVICE_CA_TABLE) return assay_ca_table_check(chain_id, &record.table);
    return ASSAY_OK; /* CA_LIE: what it shows is signed */
}

enum assay_ca_result assay_registry_apply_identity(struct assay_ca *ca, uint32_t slot,
                                                   const uint8_t node_id[static 32],
                                                   enum assay_service_kind kind,
                                                   struct assay_slice payload,
                                                   struct assay_ca_facts *facts)
{
    union record record;
    ASSAY_ASSERT(ca != NULL);
    const enum assay_status status = decode_record(kind, payload, &record);
    ASSAY_ASSERT(status == ASSAY_OK); /* it was checked before it was in a block */
    if (kind == ASSAY_SERVICE_CA_OFFER)
        return assay_ca_apply_offer(ca, slot, node_id, &record.offer, facts);
    if (kind == ASSAY_SERVICE_CA_DEAL)
        return assay_ca_apply_deal(ca, slot, node_id, &record.deal, payload, facts);
    if (kind == ASSAY_SERVICE_CA_DISPUTE)
        return assay_ca_apply_dispute(ca, slot, node_id, &record.dispute, facts);
    if (kind == ASSAY_SERVICE_CA_HAVE)
        return assay_ca_apply_have(ca, slot, node_id, &record.have, facts);
    if (kind == ASSAY_SERVICE_CA_TABLE)
        return assay_ca_apply_table(ca, slot, node_id, &record.table, facts);
    return assay_ca_apply_lie(ca, slot, node_id, &record.lie, facts);
}

bool assay_registry_convicts(const struct assay_registry *before,
                             const struct assay_registry *after, const uint8_t node_id[static 32])
{
    ASSAY_ASSERT(before->missing == 0 && after->missing == 0);
    return after->identity != NULL && assay_ca_is_convicted(after->identity, node_id) &&
           !assay_ca_is_convicted(before->identity, node_id);
}

void assay_registry_identity_members(const struct assay_registry_member *member, uint32_t count,
                                     struct assay_ca_member *out)
{
    ASSAY_ASSERT(count <= ASSAY_CA_SLOTS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_registry_member *m = &member[i];
        out[i] = (struct assay_ca_member){
            .is_full = m->standing == ASSAY_REGISTRY_STAND_FULL,
            .is_warning = m->standing >= ASSAY_REGISTRY_STAND_WARNING,
            .may_hold = m->may_hold,
            .keys_active = m->keys_active,
            .renewed = m->renewed,
            .weight = m->seat_weight,
            .incarnation = m->incarnation,
        };
        assay_bytes_copy(out[i].node_id, 32, m->node_id, 32);
        assay_bytes_copy(out[i].keys_root, 32, m->keys_root, 32);
    }
}
