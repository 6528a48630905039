/*
 * engine/head.c - the state after the last closed epoch, and what follows from it alone
 * (docs/protocol.md 4.6, 5.18).
 */
#include "engine/engine_internal.h"

#include "base/cbor.h"

static bool head_holds(const struct assay_engine *e)
{
    const struct assay_head *h = e->head;
    return assay_context_holds(&h->context) && h->context.state == &h->state &&
           h->state.member_count == e->members && h->voters.count == e->members;
}

static enum assay_status load_key(struct assay_p256 **key, const uint8_t public_key[static 64])
{
    assay_p256_free(key);
    return assay_p256_load(public_key, key);
}

/* Decodes the keys of the listed incarnations, builds the voter table. Returns: ASSAY_OK |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status list_voters(struct assay_engine *e)
{
    ASSAY_ASSERT(assay_state_holds(&e->head->state));

    struct assay_head *h = &e->parts->head;
    uint64_t total = 0;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *m = &h->state.members[i];
        if (!assay_bytes_equal(h->loaded[i], m->lives[0].voting_public, 64)) {
            ASSAY_TRY(load_key(&h->voting[i], m->lives[0].voting_public));
            assay_bytes_copy(h->loaded[i], 64, m->lives[0].voting_public, 64);
        }
        ASSAY_ASSERT(m->weight <= ASSAY_WEIGHT_UNIT);
        h->weights[i] = m->weight;
        total += m->weight;
    }
    h->voters = (struct assay_voter_table){ .count = e->members,
                                            .weight = h->weights,
                                            .node_id = (const uint8_t(*)[32])h->node_ids,
                                            .voting_key = h->voting,
                                            .total_weight = total };
    h->context.epoch = h->state.epoch + 1;
    return ASSAY_OK;
}

static void build_groups(struct assay_engine *e, void *memory, void *room, size_t room_len)
{
    struct assay_head *h = &e->parts->head;
    const uint32_t n = e->members;
    struct assay_place *places = room;
    ASSAY_ASSERT((size_t)n * sizeof *places <= room_len);
    for (uint32_t i = 0; i < n; i++) {
        const struct assay_member *m = &h->state.members[i];
        struct assay_place *p = &places[i];
        *p = (struct assay_place){ 0 };
        assay_bytes_copy(p->node_id, 32, m->node_id, 32);
        assay_bytes_copy(p->platform_id, 32, m->platform_id, 32);
        assay_bytes_copy(p->operator_id, 32, m->operator_id, 32);
        assay_bytes_copy(p->vendor_root, 32, m->vendor_root, 32);
        p->platform_shared = assay_bytes_all_zero(m->platform_id, 32); /* masked: names nothing */
    }
    assay_groups_build(places, n, memory, assay_groups_memory_len(n), &h->groups);
    ASSAY_ASSERT(h->groups.count == n);
}

static void set_rules(struct assay_engine *e)
{
    const struct assay_genesis_parameters *p = &e->genesis->parameters;
    struct assay_close_rules *rules = &e->parts->head.rules;
    ASSAY_ASSERT(p->operator_cap_den > 0 && p->vendor_cap_den > 0);
    rules->groups = &e->head->groups;
    rules->score = assay_score_rules_default();
    rules->weight.operator_cap = (struct assay_cap){ p->operator_cap_num, p->operator_cap_den };
    rules->weight.vendor_cap = (struct assay_cap){ p->vendor_cap_num, p->vendor_cap_den };
}

static enum assay_status load_members(struct assay_engine *e)
{
    struct assay_head *h = &e->parts->head;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_member *m = &h->state.members[i];
        assay_bytes_copy(h->node_ids[i], 32, m->node_id, 32);
        ASSAY_TRY(assay_p256_load(m->identity_public, &h->identity[i]));
    }
    return list_voters(e);
}

enum assay_status assay_head_genesis(struct assay_engine *e, void *groups, void *room,
                                     size_t room_len)
{
    struct assay_head *h = &e->parts->head;
    for (uint32_t i = 0; i < e->members; i++)
        h->voting[i] = h->identity[i] = NULL; /* not loaded: it may be freed at any time */
    assay_bytes_zero(h->loaded, e->members * sizeof *h->loaded);
    assay_state_genesis(&h->state, e->genesis);
    build_groups(e, groups, room, room_len);
    set_rules(e);
    assay_close_genesis_weights(&h->rules, &h->close, &h->state, &h->tolerance);
    assay_state_root(&h->state, h->scratch, h->scratch_len, h->state.root);
    h->context = (struct assay_context){
        .state = &h->state, .epoch = 1, .voting = h->voting, .identity = h->identity
    };
    ASSAY_TRY(load_members(e));
    ASSAY_ASSERT(head_holds(e));
    return h->voters.total_weight == 0 ? ASSAY_E_RANGE : ASSAY_OK;
}

void assay_head_free(struct assay_engine *e)
{
    for (uint32_t i = 0; i < e->members; i++) {
        assay_p256_free(&e->parts->head.voting[i]);
        assay_p256_free(&e->parts->head.identity[i]);
    }
}

enum assay_status assay_head_restore(struct assay_engine *e, struct assay_slice value)
{
    struct assay_head *h = &e->parts->head;
    struct assay_cursor c = assay_cursor_over(value.bytes, value.len);
    struct assay_slice header;
    assay_state_copy(&h->next, &h->state); /* who is on the roster never changes */
    ASSAY_TRY(assay_state_decode(value, &h->next));
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/snapshot/v1"));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &header));
    if (h->next.epoch <= h->state.epoch) return ASSAY_OK;
    assay_state_copy(&h->state, &h->next);
    return list_voters(e);
}

void assay_head_proof(struct assay_engine *e, const uint8_t commitment[static 32])
{
    assay_bytes_copy(e->parts->head.proof, 32, commitment, 32);
}

void assay_head_next(struct assay_engine *e, const struct assay_ledger *ledger, uint64_t view)
{
    ASSAY_ASSERT(head_holds(e) && view > 0);

    struct assay_head *h = &e->parts->head;
    ASSAY_ASSERT(ledger->members == e->members);
    assay_close(&h->context, ledger, &h->rules, view, &h->close, &h->next, &h->next_tolerance);
    assay_state_root(&h->next, h->scratch, h->scratch_len, h->next.root);
    ASSAY_ASSERT(h->next.epoch == h->context.epoch);
}

void assay_head_seal_next(struct assay_engine *e, const struct assay_block_header *header,
                          const uint8_t id[static 32])
{
    ASSAY_ASSERT(header->epoch == e->head->context.epoch);

    struct assay_state *next = &e->parts->head.next;
    ASSAY_ASSERT(header->kind == ASSAY_BLOCK_EPOCH);
    ASSAY_ASSERT(next->epoch == e->head->context.epoch);
    ASSAY_ASSERT(header->height > e->head->state.head_height);
    assay_bytes_copy(next->head_id, 32, id, 32);
    next->head_height = header->height;
    next->head_view = header->view;
    next->head_time_ms = header->time_ms;
}

void assay_head_take_next(struct assay_engine *e, const uint8_t commitment[static 32])
{
    ASSAY_ASSERT(head_holds(e));

    struct assay_head *h = &e->parts->head;
    ASSAY_ASSERT(h->next.epoch == h->state.epoch + 1);
    assay_state_copy(&h->state, &h->next);
    h->tolerance = h->next_tolerance;
    assay_head_proof(e, commitment);
    const enum assay_status status = list_voters(e);
    ASSAY_ASSERT(status == ASSAY_OK); /* INCARNATE was checked to carry a key on the curve */
    ASSAY_ASSERT(h->voters.total_weight > 0);
    ASSAY_ASSERT(head_holds(e));
}
