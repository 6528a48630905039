/*
 * engine/ledger/fold/effective_rules.c - rules, operators and roster after all changes
 * (protocol.md 9.6).
 */
#include "engine/ledger/fold/effective_rules.h"

#include "base/assert.h"
#include "engine/ledger/records/record.h"

static bool has_digest(struct assay_slice document, const uint8_t digest[static 32])
{
    uint8_t own[32];
    assay_sha256(document.bytes, document.len, own);
    return assay_bytes_equal(own, digest, 32);
}

bool assay_effective_rules_in_kept(struct assay_slice kept, const uint8_t digest[static 32],
                                   struct assay_slice *document)
{
    struct assay_change change;
    *document = kept;
    if (kept.len > 0 && has_digest(kept, digest)) return true;
    /* One that a RECOVER brought has no signatures. */
    if (assay_change_record_read(kept, &change) != ASSAY_OK) return false;
    const struct assay_slice actions = change.actions;
    struct assay_cursor c = assay_cursor_over(actions.bytes, actions.len);
    for (uint32_t i = 0; i < change.action_count; i++) {
        struct assay_action action;
        const enum assay_status status = assay_action_next(&c, &action);
        ASSAY_ASSERT(status == ASSAY_OK);
        if (action.document.len == 0 || !has_digest(action.document, digest)) continue;
        *document = action.document;
        return true;
    }
    return false;
}

static void fill_card(const struct assay_member *m, struct assay_genesis_member *card)
{
    ASSAY_ASSERT(m->life_count > 0);
    size_t len = 0;
    while (len < ASSAY_NAME_MAX && m->name[len] != '\0')
        len++;
    *card = (struct assay_genesis_member){ .evidence_kind = m->evidence_kind,
                                           .name = assay_slice_over((const uint8_t *)m->name,
                                                                    len) };
    assay_bytes_copy(card->identity_public, 64, m->identity_public, 64);
    assay_bytes_copy(card->node_id, 32, m->node_id, 32);
    assay_bytes_copy(card->bootstrap_public, 32, m->bootstrap_public, 32);
    assay_bytes_copy(card->voting_public, 64, m->lives[0].voting_public, 64);
    assay_bytes_copy(card->transport_public, 32, m->lives[0].transport_public, 32);
    assay_bytes_copy(card->operator_id, 32, m->operator_id, 32);
    assay_bytes_copy(card->vendor_root, 32, m->vendor_root, 32);
    assay_bytes_copy(card->platform_id, 32, m->platform_id, 32);
}

/* A document of the genesis, or one that a change brought. */
static enum assay_status load_document(struct assay_slice own, const uint8_t own_digest[static 32],
                                       const uint8_t digest[static 32], assay_document_find *find,
                                       void *context, struct assay_slice *out)
{
    *out = own;
    if (assay_bytes_equal(own_digest, digest, 32)) return ASSAY_OK;
    if (find == NULL || !find(context, digest, out)) return ASSAY_E_NOT_FOUND;
    ASSAY_ASSERT(has_digest(*out, digest));
    return ASSAY_OK;
}

enum assay_status assay_effective_rules_of(const struct assay_genesis *genesis,
                                           const struct assay_state *state,
                                           assay_document_find *find, void *context,
                                           struct assay_genesis *effective)
{
    struct assay_slice operators;
    const struct assay_rules_in_force *rules = &state->rules;
    ASSAY_ASSERT(effective != genesis && state->member_count <= ASSAY_MEMBERS_MAX);
    if (!assay_bytes_equal(genesis->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    *effective = *genesis;
    effective->signature_count = 0;
    effective->parameters = rules->parameters;
    ASSAY_TRY(load_document(genesis->policy, genesis->policy_digest, rules->policy_digest, find,
                            context, &effective->policy));
    ASSAY_TRY(load_document(genesis->endorsements, genesis->endorsements_digest,
                            rules->endorsements_digest, find, context, &effective->endorsements));
    assay_bytes_copy(effective->policy_digest, 32, rules->policy_digest, 32);
    assay_bytes_copy(effective->endorsements_digest, 32, rules->endorsements_digest, 32);
    ASSAY_TRY(load_document((struct assay_slice){ 0 }, genesis->operators_digest,
                            state->operators_digest, find, context, &operators));
    if (operators.len > 0) ASSAY_TRY(assay_operators_decode(operators, effective));
    if (!assay_bytes_all_zero(state->services.plan, 32) &&
        (find == NULL || !find(context, state->services.plan, &effective->services)))
        return ASSAY_E_NOT_FOUND;
    effective->member_count = state->member_count;
    for (uint32_t i = 0; i < state->member_count; i++)
        fill_card(&state->members[i], &effective->members[i]);
    return ASSAY_OK;
}

void assay_effective_rules_encode_operators(const struct assay_genesis *effective,
                                            struct assay_effective_rules_room *room)
{
    struct assay_writer w = assay_writer_over(room->operators, ASSAY_OPERATORS_LEN_MAX);
    if (effective->operator_count == 0) return;
    const enum assay_status status = assay_operators_encode(effective, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* as many as a genesis may have */
    room->operators_len = w.len;
}

static enum assay_status copy_document(struct assay_slice own, uint8_t *room, size_t capacity,
                                       struct assay_slice *document)
{
    if (document->bytes == own.bytes) return ASSAY_OK;
    if (document->len > capacity) return ASSAY_E_RANGE;
    assay_bytes_copy(room, capacity, document->bytes, document->len);
    *document = assay_slice_over(room, document->len);
    return ASSAY_OK;
}

enum assay_status assay_effective_rules_copy(struct assay_genesis *effective,
                                             const struct assay_genesis *genesis,
                                             bool keeps_endorsements,
                                             struct assay_effective_rules_room *room)
{
    ASSAY_ASSERT(effective != genesis);
    ASSAY_TRY(copy_document(genesis->policy, room->policy, ASSAY_CHANGE_RECORD_LEN_MAX,
                            &effective->policy));
    if (!keeps_endorsements)
        ASSAY_TRY(copy_document(genesis->endorsements, room->endorsements, ASSAY_SET_LEN_MAX,
                                &effective->endorsements));
    if (effective->operator_count == 0) return ASSAY_OK;
    assay_effective_rules_encode_operators(effective, room);
    return assay_operators_decode(assay_slice_over(room->operators, room->operators_len),
                                  effective);
}
