/*
 * sim/world/voters.c - checker of certificates' votes, and of what a leader may propose.
 *
 * protocol.md 5.1, 6.0: a certificate that an honest node stores contains votes of members that
 * have a seat in its epoch (none with a SUSPENDED integrity standing), under their listed keys, of
 * more than two thirds of its weight. The table of each epoch is taken from the state with which
 * the network closed the one before, whose root every close compares; weights are added and
 * signatures verified again here. Poison: after 4 nullified views in a row an honest leader
 * proposes no record that must be verified again, after 8 only the ROLL.
 */
#include "engine/consensus/vote.h"
#include "engine/ledger/records/record.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum {
    TABLES_KEPT = 4,
    KEYS_KEPT = 2,        /* of one slot: of this life and the one before */
    VERIFIED_KEPT = 4096, /* good signatures; a power of two */
    POISON_VERIFIED = 4,
    POISON_OPTIONAL = 8,
};

struct voter {
    uint32_t weight; /* of its seat */
    bool member;     /* has weight, with or without a seat */
    bool suspended;  /* by integrity: it is due no weight */
    uint8_t key[64];
};

struct voter_table {
    uint64_t epoch; /* 0: none */
    uint64_t total_weight;
    struct voter voters[WORLD_NODES];
};

struct decoded {
    struct assay_p256 *key;
    uint8_t bytes[64];
};

struct verified {
    uint32_t slot;
    uint8_t digest[32], key[64], signature[64];
};

struct world_voters {
    struct voter_table tables[TABLES_KEPT];
    struct decoded keys[WORLD_NODES][KEYS_KEPT];
    struct verified verified[VERIFIED_KEPT];
};

void world_voters_create(struct assay_sim_world *w)
{
    w->voters = calloc(1, sizeof *w->voters);
    ASSAY_ASSERT(w->voters != NULL);
}

void world_voters_free(struct assay_sim_world *w)
{
    for (uint32_t slot = 0; slot < WORLD_NODES; slot++)
        for (uint32_t i = 0; i < KEYS_KEPT; i++)
            assay_p256_free(&w->voters->keys[slot][i].key);
    free(w->voters);
}

static void plant_table(const struct assay_sim_world *w, struct voter_table *t)
{
    const enum assay_sim_world_plant plant = w->options.plant;
    if (plant == ASSAY_SIM_WORLD_PLANT_WEIGHTLESS) t->voters[3].weight = t->voters[3].member = 0;
    if (plant == ASSAY_SIM_WORLD_PLANT_SEATLESS) t->voters[3].weight = 0;
    if (plant == ASSAY_SIM_WORLD_PLANT_SUSPENDED) t->voters[3].suspended = true;
    if (plant == ASSAY_SIM_WORLD_PLANT_HEAVY) t->total_weight *= 2;
    if (plant == ASSAY_SIM_WORLD_PLANT_OTHER_KEY)
        assay_bytes_copy(t->voters[3].key, 64, t->voters[2].key, 64);
}

void world_voters_turn(struct assay_sim_world *w, uint32_t node)
{
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    struct voter_table *t = &w->voters->tables[(state->epoch + 1) % TABLES_KEPT];
    uint64_t raw = 0;
    if (t->epoch >= state->epoch + 1) return;
    t->epoch = state->epoch + 1;
    t->total_weight = 0;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const struct assay_member *m = world_member(state, i);
        struct voter *v = &t->voters[i];
        v->weight = m->seat_weight;
        v->member = m->weight > 0;
        v->suspended = m->trust.integrity.standing == ASSAY_STANDING_SUSPENDED;
        assay_bytes_copy(v->key, 64, m->lives[0].voting_public, 64);
        t->total_weight += assay_member_row_weight(m);
        raw += v->suspended || !assay_member_serves(m) ? 0 : m->trust.integrity_bp;
    }
    plant_table(w, t);
    /* protocol.md 6.4: an empty table is refused, and the previous one stays. */
    for (uint32_t i = 0; raw == 0 && i < w->options.nodes; i++)
        t->voters[i].suspended = false;
}

void world_voters_rewind(struct assay_sim_world *w, uint64_t epoch)
{
    for (uint32_t i = 0; i < TABLES_KEPT; i++)
        if (w->voters->tables[i].epoch > epoch) w->voters->tables[i].epoch = 0;
}

static const struct assay_p256 *decoded_key(struct assay_sim_world *w, uint32_t slot,
                                            const uint8_t bytes[static 64])
{
    struct decoded *keys = w->voters->keys[slot];
    for (uint32_t i = 0; i < KEYS_KEPT; i++)
        if (keys[i].key != NULL && assay_bytes_equal(keys[i].bytes, bytes, 64)) return keys[i].key;
    assay_p256_free(&keys[KEYS_KEPT - 1].key);
    for (uint32_t i = KEYS_KEPT - 1; i > 0; i--)
        keys[i] = keys[i - 1];
    keys[0] = (struct decoded){ 0 };
    assay_bytes_copy(keys[0].bytes, 64, bytes, 64);
    if (assay_p256_load(bytes, &keys[0].key) != ASSAY_OK) return NULL;
    return keys[0].key;
}

/* Certificates of many nodes contain the same vote: it is verified once. */
static bool has_valid_signature(struct assay_sim_world *w, uint32_t slot, const struct voter *v,
                                const uint8_t digest[static 32], const uint8_t signature[static 64])
{
    const uint32_t at = (uint32_t)signature[0] << 8 | signature[1];
    struct verified *known = &w->voters->verified[(at ^ slot << 5) & (VERIFIED_KEPT - 1)];
    if (known->slot == slot && assay_bytes_equal(known->signature, signature, 64) &&
        assay_bytes_equal(known->digest, digest, 32) && assay_bytes_equal(known->key, v->key, 64))
        return true;
    const struct assay_p256 *key = decoded_key(w, slot, v->key);
    if (key == NULL || !assay_p256_verify(key, digest, signature, ASSAY_S_LOW)) return false;
    known->slot = slot;
    assay_bytes_copy(known->signature, 64, signature, 64);
    assay_bytes_copy(known->digest, 32, digest, 32);
    assay_bytes_copy(known->key, 64, v->key, 64);
    return true;
}

/* One vote of a certificate. Returns: what is wrong with it, NULL: nothing. */
static const char *find_vote_error(struct assay_sim_world *w, uint32_t slot, const struct voter *v,
                                   const struct assay_vote_certificate *c, uint32_t index)
{
    if (v->suspended) return "whose integrity is suspended";
    if (v->weight == 0) return v->member ? "that has no seat" : "that has no weight";
    if ((size_t)(index + 1) * 64 > c->signatures.len) return "without a signature";
    if (!has_valid_signature(w, slot, v, c->digest, c->signatures.bytes + (size_t)index * 64))
        return "that its listed key did not sign";
    return NULL;
}

void world_voters_certificate(struct assay_sim_world *w, uint32_t node,
                              const struct assay_vote_certificate *c)
{
    const uint64_t epoch = c->statement.epoch;
    const struct voter_table *t = &w->voters->tables[epoch % TABLES_KEPT];
    uint64_t weight = 0;
    uint32_t count = 0;
    if (t->epoch != epoch || !world_is_trusted(w, node)) return;
    world_count_check(w, ASSAY_SIM_CHECKER_VOTERS);
    for (uint32_t slot = 0; slot < world_members(w, node); slot++) {
        if (!assay_bitmap_has(c->bitmap, slot)) continue;
        const char *wrong = find_vote_error(w, slot, &t->voters[slot], c, count++);
        weight += t->voters[slot].weight;
        if (wrong == NULL) continue;
        world_report_violation(w, ASSAY_SIM_CHECKER_VOTERS,
                               "node %u stores a certificate of view %llu with a vote of %u %s",
                               node, (unsigned long long)c->statement.view, slot, wrong);
        return;
    }
    if (3 * weight <= 2 * t->total_weight)
        world_report_violation(w, ASSAY_SIM_CHECKER_VOTERS,
                               "node %u stores a certificate of view %llu with %llu of %llu", node,
                               (unsigned long long)c->statement.view, (unsigned long long)weight,
                               (unsigned long long)t->total_weight);
}

void world_voters_signed(struct assay_sim_world *w, uint32_t node, uint64_t epoch, const char *what)
{
    const struct voter_table *t = &w->voters->tables[epoch % TABLES_KEPT];
    if (t->epoch != epoch || !world_is_trusted(w, node)) return;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_WEIGHTLESS) return; /* planted for certificates */
    world_count_check(w, ASSAY_SIM_CHECKER_SEATS);
    if (t->voters[node].weight > 0) return;
    world_report_violation(w, ASSAY_SIM_CHECKER_SEATS,
                           "node %u signs a %s in epoch %llu without a seat", node, what,
                           (unsigned long long)epoch);
}

/* --- poison */

/* Views are nullified one by one between a parent and its child. */
static bool is_poisoned(enum assay_record_kind kind, uint64_t nullified)
{
    switch (kind) {
    case ASSAY_RECORD_ROLL: return false;
    case ASSAY_RECORD_BALLOT:
    case ASSAY_RECORD_CHANGE:
    case ASSAY_RECORD_REVIEW:
    case ASSAY_RECORD_SERVICE:
    case ASSAY_RECORD_OFFENCE: return nullified >= POISON_OPTIONAL;
    case ASSAY_RECORD_FAIL:
    case ASSAY_RECORD_INCARNATE:
    case ASSAY_RECORD_COLLATERAL:
    case ASSAY_RECORD_KEYS:
    case ASSAY_RECORD_CONTRADICTION: return nullified >= POISON_VERIFIED;
    }
    ASSAY_UNREACHABLE("a record is of one kind");
}

void world_voters_proposal(struct assay_sim_world *w, uint32_t node, struct assay_slice payload)
{
    struct assay_proposal p;
    struct assay_cursor body;
    struct assay_slice bytes;
    struct assay_record record;
    uint64_t count = 0;
    if (!world_is_trusted(w, node) || assay_proposal_decode(payload, &p) != ASSAY_OK) return;
    const bool planted = w->options.plant == ASSAY_SIM_WORLD_PLANT_POISON;
    const uint64_t nullified = planted ? POISON_VERIFIED : p.header.view - p.header.parent_view - 1;
    if (nullified < POISON_VERIFIED || assay_body_open(p.body, &body, &count) != ASSAY_OK) return;
    world_count_check(w, ASSAY_SIM_CHECKER_VALIDITY);
    for (uint64_t i = 0; i < count && assay_body_next(&body, &bytes) == ASSAY_OK; i++) {
        if (assay_record_decode(bytes, &record) != ASSAY_OK) continue;
        if (!is_poisoned(record.kind, nullified)) continue;
        world_report_violation(w, ASSAY_SIM_CHECKER_VALIDITY,
                               "node %u proposes a %s record after %llu nullified views", node,
                               assay_record_name(record.kind), (unsigned long long)nullified);
        return;
    }
}
