/*
 * sim/epochs/network.c - members of a scenario and the state before epoch 1.
 *
 * Keys are random bytes of the seed: nothing is signed here, but they are the leaves of the state
 * root and the ids that order the roster.
 */
#include "sim/epochs/epochs_internal.h"

#include "base/crypto.h"
#include "base/cursor.h"

#include <stdlib.h>

enum { KEY_IDENTITY = 1, KEY_BOOTSTRAP = 2, KEY_VOTING = 16, KEY_TRANSPORT = 17 };
#define GENESIS_TIME_MS UINT64_C(1700000000000)

void *epochs_allocate(struct assay_sim_epochs *w, size_t count, size_t size)
{
    ASSAY_ASSERT(w->memory_count < sizeof w->memory / sizeof w->memory[0]);
    const size_t len = (count * size + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, len > 0 ? len : 64);
    ASSAY_ASSERT(memory != NULL);
    assay_bytes_zero(memory, len);
    w->memory[w->memory_count++] = memory;
    return memory;
}

void epochs_key(const struct assay_sim_epochs *w, uint32_t slot, uint64_t purpose, uint8_t *key,
                size_t len)
{
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_KEYS, slot, purpose);
    for (size_t at = 0; at < len; at += 8) {
        const uint64_t word = assay_sim_random_next(&random);
        for (size_t i = 0; i < 8 && at + i < len; i++)
            key[at + i] = (uint8_t)(word >> (8 * i));
    }
}

static void name32(uint8_t *id, char letter, uint32_t number)
{
    assay_bytes_zero(id, 32);
    id[0] = (uint8_t)letter;
    for (unsigned i = 0; i < 4; i++)
        id[31 - i] = (uint8_t)(number >> (8 * i));
}

struct identity {
    uint8_t node_id[32], public_key[ASSAY_P256_PUBLIC_LEN];
};

static int compare_ids(const void *a, const void *b)
{
    const struct identity *x = a;
    const struct identity *y = b;
    return assay_bytes_compare(x->node_id, y->node_id, 32);
}

static void fill_member(const struct assay_sim_epochs *w, uint32_t slot, const struct identity *id,
                        struct assay_genesis_member *m)
{
    const struct assay_scenario *s = &w->scenario;
    *m = (struct assay_genesis_member){ .evidence_kind = ASSAY_KIND_SOFT };
    assay_bytes_copy(m->node_id, 32, id->node_id, 32);
    assay_bytes_copy(m->identity_public, 64, id->public_key, 64);
    epochs_key(w, slot, KEY_BOOTSTRAP, m->bootstrap_public, 32);
    epochs_key(w, slot, KEY_VOTING, m->voting_public, 64);
    epochs_key(w, slot, KEY_TRANSPORT, m->transport_public, 32);
    name32(m->operator_id, 'o', assay_scenario_operator(s, slot));
    name32(m->vendor_root, 'v', assay_scenario_vendor(s, slot));
    const uint32_t platform = assay_scenario_platform(s, slot);
    if (platform != UINT32_MAX) name32(m->platform_id, 'p', platform);
}

/* Slots are in byte order of the node ids, as in every roster. */
static void make_members(const struct assay_sim_epochs *w, struct assay_genesis_member *members)
{
    struct identity *ids = calloc(w->n, sizeof *ids);
    ASSAY_ASSERT(ids != NULL);
    for (uint32_t i = 0; i < w->n; i++) {
        epochs_key(w, i, KEY_IDENTITY, ids[i].public_key, sizeof ids[i].public_key);
        assay_sha256(ids[i].public_key, sizeof ids[i].public_key, ids[i].node_id);
    }
    qsort(ids, w->n, sizeof *ids, compare_ids);
    for (uint32_t i = 0; i < w->n; i++)
        fill_member(w, i, &ids[i], &members[i]);
    free(ids);
}

static void make_groups(struct assay_sim_epochs *w)
{
    const struct assay_state *state = &w->states[0];
    struct assay_place *places = calloc(w->n, sizeof *places);
    ASSAY_ASSERT(places != NULL);
    for (uint32_t i = 0; i < w->n; i++) {
        const struct assay_member *m = &state->members[i];
        struct assay_place *p = &places[i];
        assay_bytes_copy(p->node_id, 32, m->node_id, 32);
        assay_bytes_copy(p->platform_id, 32, m->platform_id, 32);
        assay_bytes_copy(p->operator_id, 32, m->operator_id, 32);
        assay_bytes_copy(p->vendor_root, 32, m->vendor_root, 32);
        p->platform_shared = assay_bytes_all_zero(m->platform_id, 32);
    }
    const size_t len = assay_groups_memory_len(w->n);
    assay_groups_build(places, w->n, epochs_allocate(w, 1, len), len, &w->groups);
    free(places);
}

static void make_genesis(struct assay_sim_epochs *w)
{
    const struct assay_scenario *s = &w->scenario;
    struct assay_genesis *g = w->genesis;
    g->time_ms = GENESIS_TIME_MS;
    g->member_count = 0; /* the roster may exceed a genesis: assay_state_genesis_with */
    g->parameters = (struct assay_genesis_parameters){
        .epoch_ms = s->epoch_ms,
        .operator_cap_num = s->operator_cap_num,
        .operator_cap_den = s->operator_cap_den,
        .vendor_cap_num = s->vendor_cap_num,
        .vendor_cap_den = s->vendor_cap_den,
        .block_len_max = ASSAY_BLOCK_LEN_MAX,
        .seats_max = s->seats_max < ASSAY_VOTERS_MAX ? s->seats_max : 0,
        .amplification_percent =
            s->amplification_percent != ASSAY_AMPLIFICATION_PERCENT ? s->amplification_percent : 0,
        .quiet_floor_percent =
            s->quiet_floor_percent != ASSAY_QUIET_FLOOR_PERCENT ? s->quiet_floor_percent : 0,
    };
    epochs_key(w, UINT32_MAX, 0, g->chain_id, 32);
    epochs_key(w, UINT32_MAX, 1, g->policy_digest, 32);
    epochs_key(w, UINT32_MAX, 2, g->endorsements_digest, 32);
}

static void make_state(struct assay_sim_epochs *w)
{
    struct assay_genesis_member *members = calloc(w->n, sizeof *members);
    ASSAY_ASSERT(members != NULL);
    make_members(w, members);
    for (unsigned i = 0; i < 2; i++)
        assay_state_init(&w->states[i], epochs_allocate(w, 1, assay_state_memory_len(w->n)), w->n);
    assay_state_genesis_with(&w->states[0], w->genesis, members);
    free(members);
    make_groups(w);
    assay_ledger_init(&w->ledger, epochs_allocate(w, 1, assay_ledger_memory_len(w->n)), w->n);
    assay_close_init(&w->close, epochs_allocate(w, 1, assay_close_memory_len(w->n)), w->n);
}

/* A rule other than the product's has its own state; the ledger continues under the product's. */
static enum assay_status make_rules(struct assay_sim_epochs *w)
{
    const struct assay_scenario *s = &w->scenario;
    w->rules = (struct assay_close_rules){
        .groups = &w->groups,
        .score = assay_score_rules_default(),
    };
    w->caps = assay_close_caps(&w->states[0].rules);
    if (s->rule == ASSAY_SIM_RULE_INTERVAL) return ASSAY_OK;
    const struct assay_sim_rules_options options = { .rule = s->rule,
                                                     .weight_source = s->weight_source,
                                                     .groups = &w->groups,
                                                     .caps = &w->caps };
    return assay_sim_rules_create(&options, &w->other);
}

bool epochs_acts(const struct assay_sim_epochs *w, uint32_t node, struct assay_attack_acts *acts)
{
    acts->count = 0;
    if (!w->byzantine[node]) return false;
    const struct assay_attack_scene about = { .scenario = &w->scenario,
                                              .cohort_of = w->cohort_of,
                                              .seed = w->seed,
                                              .epoch = w->tick,
                                              .node = node,
                                              .no_vote = w->seats[node] == 0 };
    assay_attack_acts_find(&about, acts);
    return acts->count > 0;
}

enum assay_status epochs_found(struct assay_sim_epochs *w)
{
    const uint32_t n = w->n;
    w->genesis = epochs_allocate(w, 1, sizeof *w->genesis);
    make_genesis(w);
    make_state(w);
    ASSAY_TRY(make_rules(w));
    for (uint32_t i = 0; i < n; i++)
        w->byzantine[i] = assay_attack_byzantine(&w->scenario, w->cohort_of, i);
    epochs_chances(&w->scenario, &w->chances);
    chance_gaps(w->chances.absent, n, w->survives);
    for (uint32_t i = 0; i < n; i++)
        assay_bytes_copy(w->node_ids[i], 32, w->states[0].members[i].node_id, 32);
    if (w->other == NULL)
        assay_close_genesis_weights(&w->rules, &w->close, &w->states[0], &w->tolerance);
    return ASSAY_OK;
}
