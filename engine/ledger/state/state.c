/*
 * engine/ledger/state/state.c - state in memory: genesis, incarnations, lookups, root
 * (docs/protocol.md 9.3, 9.4, 11.1).
 *
 * Encoding of the leaves is in leaf.c.
 */
#include "engine/ledger/state/leaf.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/ledger/state/workload_keys.h"

size_t assay_state_memory_len(uint32_t members)
{
    return (size_t)members * (sizeof(struct assay_member) + sizeof(int64_t)) + 64;
}

bool assay_state_holds(const struct assay_state *state)
{
    return state->member_count > 0 && state->member_count <= state->capacity &&
           state->pending_count <= ASSAY_PENDING_MAX && state->update_count <= ASSAY_UPDATES_MAX &&
           state->services.count <= ASSAY_SERVICE_DOCUMENTS_MAX &&
           state->past_count <= ASSAY_RETAINED_EPOCHS && state->certified_epoch <= state->epoch &&
           (const void *)state->counters > (const void *)state->members;
}

void assay_state_init(struct assay_state *state, void *memory, uint32_t members)
{
    ASSAY_ASSERT(memory != NULL && members > 0);
    state->capacity = state->member_count = members;
    state->members = memory;
    /* sizeof a struct that holds uint64_t is a multiple of its alignment */
    state->counters = (int64_t *)(void *)(state->members + members);
    ASSAY_ASSERT((uint8_t *)(state->counters + members) <=
                 (uint8_t *)memory + assay_state_memory_len(members));
}

void assay_state_copy(struct assay_state *to, const struct assay_state *from)
{
    ASSAY_ASSERT(assay_state_holds(from));

    struct assay_member *members = to->members;
    int64_t *counters = to->counters;
    const uint32_t capacity = to->capacity;
    ASSAY_ASSERT(from->member_count <= capacity);
    ASSAY_ASSERT(to->members != from->members && to->counters != from->counters);
    const uint32_t n = from->member_count;
    *to = *from;
    to->capacity = capacity;
    to->members = members;
    to->counters = counters;
    assay_bytes_copy(members, n * sizeof *members, from->members, n * sizeof *members);
    assay_bytes_copy(counters, n * sizeof *counters, from->counters, n * sizeof *counters);
    ASSAY_ASSERT(assay_state_holds(to));
}

void assay_member_born(struct assay_member *m, const struct assay_genesis_member *g)
{
    ASSAY_ASSERT(g->name.len <= ASSAY_NAME_MAX);
    assay_bytes_zero(m, sizeof *m);
    if (g->name.len > 0) assay_bytes_copy(m->name, ASSAY_NAME_MAX, g->name.bytes, g->name.len);
    assay_bytes_copy(m->node_id, 32, g->node_id, 32);
    assay_bytes_copy(m->identity_public, 64, g->identity_public, 64);
    assay_bytes_copy(m->bootstrap_public, 32, g->bootstrap_public, 32);
    assay_bytes_copy(m->operator_id, 32, g->operator_id, 32);
    assay_bytes_copy(m->vendor_root, 32, g->vendor_root, 32);
    assay_bytes_copy(m->platform_id, 32, g->platform_id, 32);
    m->evidence_kind = g->evidence_kind;
    m->life_count = 1;
    m->lives[0].incarnation = 1;
    assay_bytes_copy(m->lives[0].voting_public, 64, g->voting_public, 64);
    assay_bytes_copy(m->lives[0].transport_public, 32, g->transport_public, 32);
    m->trust = assay_trust_genesis();
    ASSAY_ASSERT(assay_member_life_at(m, 1) == &m->lives[0]);
}

void assay_state_genesis(struct assay_state *state, const struct assay_genesis *genesis)
{
    ASSAY_ASSERT(state->member_count == genesis->member_count);
    assay_state_genesis_with(state, genesis, genesis->members);
}

void assay_state_genesis_with(struct assay_state *state, const struct assay_genesis *genesis,
                              const struct assay_genesis_member *roster)
{
    ASSAY_ASSERT(state->member_count > 0);

    struct assay_member *members = state->members;
    int64_t *counters = state->counters;
    const uint32_t n = state->member_count;
    uint8_t no_root[32];
    *state = (struct assay_state){
        .capacity = state->capacity, .member_count = n, .members = members, .counters = counters
    };
    assay_bytes_copy(state->chain_id, 32, genesis->chain_id, 32);
    assay_bytes_copy(state->rules.policy_digest, 32, genesis->policy_digest, 32);
    assay_bytes_copy(state->rules.endorsements_digest, 32, genesis->endorsements_digest, 32);
    assay_bytes_copy(state->operators_digest, 32, genesis->operators_digest, 32);
    state->rules.parameters = genesis->parameters;
    for (uint32_t i = 0; i < n; i++) {
        assay_member_born(&members[i], &roster[i]);
        if (genesis->parameters.level >= ASSAY_LEVEL_DECLARED_KEYS) {
            assay_declared_keys_no_root(no_root);
            assay_declaration_set(&members[i].declaration, 1, no_root);
        }
        counters[i] = 0;
    }
    assay_bytes_copy(state->head_id, 32, genesis->chain_id, 32);
    state->head_time_ms = genesis->time_ms;
    ASSAY_ASSERT(assay_state_holds(state));
}

size_t assay_state_scratch_len(uint32_t members)
{
    const size_t services = (ASSAY_SERVICE_DOCUMENTS_MAX + 3) * 34;
    return ASSAY_LEAF_LEN_MAX + services + (size_t)members * 9; /* a counter: 9 bytes at most */
}

static void hash_leaf(struct assay_writer *w, enum assay_status status, uint8_t *hash)
{
    struct assay_slice leaf;
    ASSAY_ASSERT(status == ASSAY_OK); /* assay_state_scratch_len bytes hold every leaf */
    status = assay_writer_finish(w, &leaf);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_merkle_leaf_hash(leaf.bytes, leaf.len, hash);
}

void assay_state_header_hash(const struct assay_state *state, void *scratch, size_t scratch_len,
                             uint8_t hash[static 32])
{
    ASSAY_ASSERT(scratch_len >= assay_state_scratch_len(state->member_count));
    struct assay_writer w = assay_writer_over(scratch, scratch_len);
    const enum assay_status status = assay_state_header_encode(state, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* assay_state_scratch_len bytes hold every leaf */
    assay_leaf_head_hash(assay_slice_over(scratch, w.len), hash);
}

void assay_state_leaf_hash(const struct assay_state *state, uint32_t slot, void *scratch,
                           size_t scratch_len, uint8_t hash[static 32])
{
    ASSAY_ASSERT(slot < state->member_count && scratch_len >= ASSAY_LEAF_LEN_MAX);
    struct assay_writer w = assay_writer_over(scratch, scratch_len);
    const enum assay_status status = assay_state_leaf_encode(state, slot, &w);
    hash_leaf(&w, status, hash);
}

void assay_state_root(const struct assay_state *state, void *scratch, size_t scratch_len,
                      uint8_t root[static 32])
{
    ASSAY_ASSERT(assay_state_holds(state));

    struct assay_merkle tree;
    uint8_t hash[32];
    assay_merkle_init(&tree);
    assay_state_header_hash(state, scratch, scratch_len, hash);
    assay_merkle_add_hash(&tree, hash);
    for (uint32_t slot = 0; slot < state->member_count; slot++) {
        assay_state_leaf_hash(state, slot, scratch, scratch_len, hash);
        assay_merkle_add_hash(&tree, hash);
    }
    assay_merkle_root(&tree, root);
}

const struct assay_life *assay_member_life_at(const struct assay_member *member, uint64_t epoch)
{
    ASSAY_ASSERT(member->life_count <= ASSAY_LIVES_MAX);

    for (uint32_t i = 0; i < member->life_count; i++) {
        const struct assay_life *life = &member->lives[i];
        if (life->since_epoch > epoch) continue;
        if (life->until_epoch != 0 && epoch > life->until_epoch) return NULL;
        return life;
    }
    return NULL;
}

bool assay_member_has_key(const struct assay_member *member,
                          const uint8_t p256[static ASSAY_P256_PUBLIC_LEN],
                          const uint8_t curve[static 32])
{
    ASSAY_ASSERT(member->life_count <= ASSAY_LIVES_MAX);
    if (assay_member_has_p256(member, p256) ||
        assay_bytes_equal(member->bootstrap_public, curve, 32))
        return true;
    for (uint32_t i = 0; i < member->life_count; i++)
        if (assay_bytes_equal(member->lives[i].transport_public, curve, 32)) return true;
    return false;
}

bool assay_member_has_p256(const struct assay_member *member,
                           const uint8_t p256[static ASSAY_P256_PUBLIC_LEN])
{
    if (assay_bytes_equal(member->identity_public, p256, ASSAY_P256_PUBLIC_LEN)) return true;
    for (uint32_t i = 0; i < member->life_count; i++)
        if (assay_bytes_equal(member->lives[i].voting_public, p256, ASSAY_P256_PUBLIC_LEN))
            return true;
    return false;
}

void assay_member_list(struct assay_member *member, uint64_t since, const uint8_t *voting_public,
                       const uint8_t *transport_public)
{
    ASSAY_ASSERT(since > 0);
    ASSAY_ASSERT(member->life_count >= 1 && member->life_count <= ASSAY_LIVES_MAX);
    struct assay_life life = { .incarnation = member->lives[0].incarnation + 1,
                               .since_epoch = since };
    assay_bytes_copy(life.voting_public, 64, voting_public, 64);
    assay_bytes_copy(life.transport_public, 32, transport_public, 32);
    member->lives[0].until_epoch = since - 1;
    uint32_t keep = 0;
    while (keep < member->life_count &&
           member->lives[keep].until_epoch + ASSAY_RETAINED_EPOCHS >= since)
        keep++;
    if (keep >= ASSAY_LIVES_MAX) keep = ASSAY_LIVES_MAX - 1;
    for (uint32_t i = keep; i > 0; i--)
        member->lives[i] = member->lives[i - 1];
    member->lives[0] = life;
    for (uint32_t i = keep + 1; i < ASSAY_LIVES_MAX; i++)
        member->lives[i] = (struct assay_life){ 0 };
    member->life_count = keep + 1;
    ASSAY_ASSERT(member->life_count <= ASSAY_LIVES_MAX);
    ASSAY_ASSERT(assay_member_life_at(member, since) == &member->lives[0]);
}

bool assay_state_rules_equal(const struct assay_rules_in_force *a,
                             const struct assay_rules_in_force *b)
{
    const struct assay_genesis_parameters *p = &a->parameters;
    const struct assay_genesis_parameters *q = &b->parameters;
    return assay_bytes_equal(a->policy_digest, b->policy_digest, 32) &&
           assay_bytes_equal(a->endorsements_digest, b->endorsements_digest, 32) &&
           assay_bytes_equal(p->verifier_digest, q->verifier_digest, 32) && p->level == q->level &&
           p->epoch_ms == q->epoch_ms && p->block_len_max == q->block_len_max &&
           p->operator_cap_num == q->operator_cap_num &&
           p->operator_cap_den == q->operator_cap_den && p->vendor_cap_num == q->vendor_cap_num &&
           p->vendor_cap_den == q->vendor_cap_den &&
           p->collateral_delay_s == q->collateral_delay_s && p->seats_max == q->seats_max &&
           p->amplification_percent == q->amplification_percent;
}

bool assay_member_serves(const struct assay_member *member)
{
    return member->stage == ASSAY_STAGE_MEMBER;
}

enum assay_keys_state assay_member_keys_state(const struct assay_member *member, uint64_t closed,
                                              enum assay_standing min_standing)
{
    const struct assay_keys_facts facts = {
        .closed = closed,
        .pass_epoch = member->pass_epoch,
        .standing = assay_member_standing(member, closed),
        .min_standing = min_standing,
        .serves = assay_member_serves(member),
        .maintenance = assay_member_in_maintenance(member, closed) ||
                       assay_member_in_maintenance(member, closed + 1),
    };
    return assay_declaration_state(&member->declaration, &facts);
}

const char *assay_member_stage_text(enum assay_stage stage)
{
    switch (stage) {
    case ASSAY_STAGE_MEMBER: return "member";
    case ASSAY_STAGE_RESTING: return "resting";
    case ASSAY_STAGE_LEFT: return "left";
    }
    return "unknown";
}

bool assay_member_is_spared(const struct assay_member *member)
{
    return member->weight > 0 && !member->keyless && assay_trust_is_quiet(&member->trust);
}

uint32_t assay_member_row_weight(const struct assay_member *member)
{
    return member->keyless ? member->weight : member->seat_weight;
}

bool assay_member_in_maintenance(const struct assay_member *member, uint64_t epoch)
{
    ASSAY_ASSERT(member->maintenance_count <= ASSAY_MAINTENANCES_MAX);
    for (uint32_t i = 0; i < member->maintenance_count; i++)
        if (member->maintenances[i].from <= epoch && epoch <= member->maintenances[i].until)
            return true;
    return false;
}

enum assay_standing assay_member_standing(const struct assay_member *member, uint64_t closed)
{
    const enum assay_standing standing = member->trust.score.standing;
    if (!assay_member_serves(member)) return ASSAY_STANDING_SUSPENDED;
    const bool away = assay_member_in_maintenance(member, closed) ||
                      assay_member_in_maintenance(member, closed + 1);
    return away && standing < ASSAY_STANDING_RESTRICTED ? ASSAY_STANDING_RESTRICTED : standing;
}

/* Slots are for good, so ids are in no order once members came and went. */
uint32_t assay_state_slot_of(const struct assay_state *state, const uint8_t node_id[static 32])
{
    ASSAY_ASSERT(state->member_count <= state->capacity);
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        if (m->node_id[0] != node_id[0] || m->stage == ASSAY_STAGE_LEFT) continue;
        if (assay_bytes_equal(m->node_id, node_id, 32)) return i;
    }
    return state->member_count;
}

bool assay_state_same_roster(const struct assay_state *a, const struct assay_state *b)
{
    if (a->member_count != b->member_count) return false;
    for (uint32_t i = 0; i < a->member_count; i++) {
        const struct assay_member *one = &a->members[i];
        const struct assay_member *other = &b->members[i];
        if (one->stage != other->stage || one->stage_epoch != other->stage_epoch ||
            !assay_bytes_equal(one->node_id, other->node_id, 32) ||
            !assay_bytes_equal(one->identity_public, other->identity_public, 64))
            return false;
    }
    return true;
}

const struct assay_past_epoch *assay_state_past(const struct assay_state *state, uint64_t epoch)
{
    ASSAY_ASSERT(assay_state_holds(state));

    for (uint32_t i = 0; i < state->past_count; i++) {
        if (state->past[i].epoch == epoch) return &state->past[i];
    }
    return NULL;
}

void assay_state_beacon(const struct assay_state *state, uint64_t epoch,
                        const uint8_t base_id[static 32], uint8_t beacon[static 32])
{
    uint8_t bytes[128];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, "assay/beacon/v1");
    assay_cbor_put_bytes(&w, state->chain_id, 32);
    assay_cbor_put_uint(&w, state->era);
    assay_cbor_put_uint(&w, epoch);
    assay_cbor_put_bytes(&w, base_id, 32);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_sha256(all.bytes, all.len, beacon);
}

static void member_check(const struct assay_state *state, const struct assay_member *m)
{
    ASSAY_ASSERT(m->life_count >= 1 && m->life_count <= ASSAY_LIVES_MAX);
    ASSAY_ASSERT(m->lives[0].until_epoch == 0);
    ASSAY_ASSERT(m->lives[0].since_epoch <= state->epoch + 1);
    for (uint32_t i = 1; i < m->life_count; i++) {
        ASSAY_ASSERT(m->lives[i].incarnation + 1 == m->lives[i - 1].incarnation);
        ASSAY_ASSERT(m->lives[i].until_epoch + 1 == m->lives[i - 1].since_epoch);
    }
    ASSAY_ASSERT(m->weight <= ASSAY_WEIGHT_UNIT);
    ASSAY_ASSERT(m->equivocation_struck <= m->lives[0].incarnation);
    ASSAY_ASSERT(m->failure_epoch <= state->epoch);
    ASSAY_ASSERT(m->order_epoch <= state->epoch);
    ASSAY_ASSERT(m->fall.last.epoch <= state->epoch);
    ASSAY_ASSERT(!assay_fall_is_set(&m->fall) || assay_fall_holds(&m->fall));
    ASSAY_ASSERT(m->maintenance_count <= ASSAY_MAINTENANCES_MAX);
    ASSAY_ASSERT(m->weight == 0 || assay_member_serves(m));
    ASSAY_ASSERT(m->seat_weight == 0 || m->weight > 0);
    if (m->keyless) ASSAY_ASSERT(m->weight > 0 && m->seat_weight == 0);
    ASSAY_ASSERT(!m->felled || assay_trial_runs(&state->trial));
    /* No key is certified by anything but the newest certified PASS of its member. */
    ASSAY_ASSERT(m->declaration.keys_epoch == 0 || m->declaration.keys_epoch == m->pass_epoch);
    assay_trust_check(&m->trust);
}

bool assay_state_seats_fit(const struct assay_state *state)
{
    const struct assay_member *seated[ASSAY_VOTERS_MAX];
    uint32_t seats = 0;
    bool shared = false;
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        if (m->seat_weight == 0) continue;
        if (seats == ASSAY_VOTERS_MAX) return false;
        for (uint32_t k = 0; k < seats && !shared; k++)
            shared = assay_bytes_equal(seated[k]->operator_id, m->operator_id, 32);
        seated[seats++] = m;
    }
    return !shared || seats <= assay_parameters_seats(&state->rules.parameters);
}

void assay_state_check(const struct assay_state *state)
{
    ASSAY_ASSERT(assay_state_holds(state));
    ASSAY_ASSERT(state->past_count <= ASSAY_RETAINED_EPOCHS);
    ASSAY_ASSERT(state->certified_epoch <= state->epoch);
    for (uint32_t i = 0; i < state->member_count; i++)
        member_check(state, &state->members[i]);
    ASSAY_ASSERT(assay_state_seats_fit(state));
}
