/*
 * tests/unit/engine/change_bench.c - a network of six and the keys of its operators, for changes.
 */
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THRESHOLD = 2, BODY_MAX = 40000 };

static void *take(struct change_bench *b, size_t len)
{
    void *here = aligned_alloc(64, (len + 63) / 64 * 64);
    cr_assert_not_null(here);
    memset(here, 0, len);
    b->memory[b->memory_count++] = here;
    return here;
}

void change_secret(uint8_t mark, uint8_t purpose, struct assay_secret32 *key)
{
    const uint8_t seed[3] = { mark, purpose, 77 };
    assay_sha256(seed, sizeof seed, key->bytes);
    key->bytes[0] &= 0x7f;
}

void change_card(struct change_bench *b, uint8_t number, uint32_t operator_,
                 struct assay_genesis_member *m)
{
    struct assay_secret32 key;
    *m = (struct assay_genesis_member){ .evidence_kind = ASSAY_KIND_SOFT };
    change_secret(number, 1, &key);
    cr_assert_eq(assay_p256_public(&key, m->identity_public), ASSAY_OK);
    change_secret(number, 2, &key);
    cr_assert_eq(assay_p256_public(&key, m->voting_public), ASSAY_OK);
    memset(m->bootstrap_public, 100 + number, 32);
    memset(m->transport_public, 160 + number, 32);
    assay_sha256(m->identity_public, 64, m->node_id);
    assay_bytes_copy(m->operator_id, 32, b->genesis.operators[operator_].operator_id, 32);
    memset(m->vendor_root, 1 + number % 3, 32);
    memset(m->platform_id, number, 32);
    (void)snprintf(b->names[number], sizeof b->names[number], "m%u", number);
    m->name = assay_slice_over(b->names[number], strlen(b->names[number]));
}

static void operators(struct change_bench *b)
{
    struct assay_genesis *g = &b->genesis;
    struct assay_secret32 keys[CHANGE_OPERATORS];
    g->operator_count = CHANGE_OPERATORS;
    g->threshold = THRESHOLD;
    for (uint8_t i = 0; i < CHANGE_OPERATORS; i++) {
        change_secret(i, 9, &keys[i]);
        cr_assert_eq(assay_p256_public(&keys[i], g->operators[i].public_key), ASSAY_OK);
        g->operators[i].name = assay_slice_over("op", 2);
    }
    assay_genesis_sort(g);
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++) {
        for (uint32_t k = 0; k < CHANGE_OPERATORS; k++) {
            uint8_t public[64];
            cr_assert_eq(assay_p256_public(&keys[k], public), ASSAY_OK);
            if (!assay_bytes_equal(public, g->operators[i].public_key, 64)) continue;
            cr_assert_eq(assay_p256_signer_load(&keys[k], &b->signers[i]), ASSAY_OK);
        }
    }
}

static void begin_epoch(struct change_bench *b)
{
    b->context = (struct assay_context){ .state = &b->state,
                                         .epoch = b->state.epoch + 1,
                                         .effective = &b->genesis,
                                         .operators = b->context.operators,
                                         .pending = b->pending,
                                         .stage = &b->stage,
                                         .updates = b->updates,
                                         .plan_follow = b->plan_follow,
                                         .endorsements = b->genesis.endorsements,
                                         .update_cache = &b->update_cache,
                                         .set = &b->set };
    assay_close_groups(&b->state, b->close.places, b->close.groups_memory, &b->groups);
    assay_ledger_init(&b->ledger, b->memory[3], b->state.member_count);
    assay_ledger_reset(&b->ledger, &b->state);
}

struct change_bench *change_make(void)
{
    struct change_bench *b = calloc(1, sizeof *b);
    struct assay_state *states[] = { &b->state, &b->next, &b->stage };
    cr_assert_not_null(b);
    operators(b);
    b->genesis.member_count = CHANGE_MEMBERS;
    b->genesis.time_ms = 1000000;
    b->genesis.parameters =
        (struct assay_genesis_parameters){ 800, 50, 100, 50, 100, 1 << 20, { 0 }, 0, 0, 0, 0, 0 };
    b->genesis.policy = assay_slice_over("policy", 6);
    b->genesis.endorsements = assay_slice_over("endorsements", 12);
    assay_sha256("policy", 6, b->genesis.policy_digest);
    assay_sha256("endorsements", 12, b->genesis.endorsements_digest);
    struct assay_writer w = assay_writer_over(b->operators, sizeof b->operators);
    cr_assert_eq(assay_operators_encode(&b->genesis, &w), ASSAY_OK);
    assay_sha256(b->operators, w.len, b->genesis.operators_digest);
    b->context.operators = assay_slice_over(b->operators, w.len);
    for (uint8_t i = 0; i < CHANGE_MEMBERS; i++)
        change_card(b, i, i % CHANGE_OPERATORS, &b->genesis.members[i]);
    assay_genesis_sort(&b->genesis);
    for (size_t i = 0; i < 3; i++) {
        assay_state_init(states[i], take(b, assay_state_memory_len(CHANGE_CAPACITY)),
                         CHANGE_CAPACITY);
        states[i]->member_count = CHANGE_MEMBERS;
    }
    (void)take(b, assay_ledger_memory_len(CHANGE_CAPACITY)); /* memory[3] */
    for (size_t i = 0; i < ASSAY_UPDATES_MAX; i++)
        b->update_cache.bytes[i] = take(b, ASSAY_UPDATE_RECORD_LEN_MAX);
    b->set = assay_writer_over(take(b, ASSAY_SET_LEN_MAX), ASSAY_SET_LEN_MAX);
    assay_close_init(&b->close, take(b, assay_close_memory_len(CHANGE_CAPACITY)), CHANGE_CAPACITY);
    b->rules = (struct assay_close_rules){ &b->groups, assay_score_rules_default() };
    assay_state_genesis(&b->state, &b->genesis);
    assay_close_groups(&b->state, b->close.places, b->close.groups_memory, &b->groups);
    assay_close_genesis_weights(&b->rules, &b->close, &b->state, &b->tolerance);
    begin_epoch(b);
    return b;
}

void change_drop(struct change_bench *b)
{
    for (size_t i = 0; i < b->memory_count; i++)
        free(b->memory[i]);
    for (size_t i = 0; i < CHANGE_OPERATORS; i++)
        assay_p256_signer_free(&b->signers[i]);
    free(b);
}

/* --- changes as operators make them */

static enum assay_status sign_and_read(struct change_bench *b, struct assay_slice body,
                                       unsigned signers, struct change_made *out)
{
    uint8_t ids[CHANGE_OPERATORS][32];
    uint8_t signatures[CHANGE_OPERATORS][64];
    uint32_t order[CHANGE_OPERATORS] = { 0, 1, 2 };
    uint8_t digest[32];
    uint32_t count = 0;
    assay_sha256(body.bytes, body.len, digest);
    for (uint32_t i = 0; i < CHANGE_OPERATORS;
         i++) /* operators are in the order of keys, not of ids */
        for (uint32_t k = i + 1; k < CHANGE_OPERATORS; k++)
            if (assay_bytes_compare(b->genesis.operators[order[k]].operator_id,
                                    b->genesis.operators[order[i]].operator_id, 32) < 0) {
                const uint32_t swap = order[i];
                order[i] = order[k];
                order[k] = swap;
            }
    for (uint32_t i = 0; i < CHANGE_OPERATORS; i++) {
        if ((signers >> order[i] & 1) == 0) continue;
        assay_bytes_copy(ids[count], 32, b->genesis.operators[order[i]].operator_id, 32);
        cr_assert_eq(assay_p256_sign(b->signers[order[i]], digest, signatures[count]), ASSAY_OK);
        count++;
    }
    struct assay_writer w = assay_writer_over(out->bytes, sizeof out->bytes);
    cr_assert_eq(assay_record_put_change(&w, body, (const uint8_t(*)[32])ids,
                                         (const uint8_t(*)[64])signatures, count),
                 ASSAY_OK);
    return assay_record_decode(assay_slice_over(out->bytes, w.len), &out->record);
}

struct assay_change change_head_of(const struct change_bench *b, uint64_t sequence,
                                   uint64_t activation)
{
    struct assay_change c = { .sequence = sequence, .activation = activation };
    assay_bytes_copy(c.chain_id, 32, b->state.chain_id, 32);
    return c;
}

struct change_made *change_make_change(struct change_bench *b, const struct assay_change *change,
                                       const struct assay_action *actions, uint32_t count,
                                       unsigned signers)
{
    static uint8_t body[BODY_MAX];
    struct change_made *m = calloc(1, sizeof *m);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    cr_assert_not_null(m);
    cr_assert_eq(assay_change_encode(change, actions, count, &w), ASSAY_OK);
    cr_assert_eq(sign_and_read(b, assay_slice_over(body, w.len), signers, m), ASSAY_OK);
    return m;
}

enum assay_status change_offer(struct change_bench *b, struct change_made *m)
{
    enum assay_status status = assay_record_check(&b->context, &m->record);
    if (status == ASSAY_OK) status = assay_ledger_fits(&b->context, &b->ledger, &m->record);
    if (status == ASSAY_OK) assay_ledger_apply(&b->context, &b->ledger, &m->record);
    return status;
}

enum assay_status change_offer_one(struct change_bench *b, uint64_t sequence, uint64_t activation,
                                   const struct assay_action *action)
{
    const struct assay_change head = change_head_of(b, sequence, activation);
    struct change_made *m = change_make_change(b, &head, action, 1, 3);
    const enum assay_status status = change_offer(b, m);
    free(m);
    return status;
}

struct assay_action change_about(enum assay_action_kind kind, const struct change_bench *b,
                                 uint32_t slot)
{
    struct assay_action a = { .kind = kind };
    assay_bytes_copy(a.node_id, 32, b->state.members[slot].node_id, 32);
    return a;
}

struct assay_action change_policy_of(const char *text)
{
    return (struct assay_action){ .kind = ASSAY_ACTION_POLICY,
                                  .document = assay_slice_over(text, strlen(text)) };
}

void change_all_pass(struct change_bench *b)
{
    b->ledger.has_roll = true;
    for (uint32_t v = 0; v < b->state.member_count; v++) {
        if (!assay_member_serves(&b->state.members[v])) continue;
        b->ledger.counted[v] = b->ledger.balloted[v] = true;
        uint8_t *row = b->ledger.rows + v * b->ledger.row_len;
        memset(row, 0, b->ledger.row_len);
        for (uint32_t s = 0; s < b->state.member_count; s++)
            if (s != v) assay_votes_row_set(row, s, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
}

void change_fell(struct change_bench *b, uint32_t from, uint32_t to)
{
    change_all_pass(b);
    for (uint32_t s = from; s < to; s++) {
        b->ledger.fail[s] = ASSAY_OUTCOME_FAIL_HARD;
        b->ledger.felled[s] = true;
    }
}

void change_away(struct change_bench *b, uint32_t from, uint32_t to)
{
    change_all_pass(b);
    for (uint32_t v = 0; v < CHANGE_MEMBERS; v++)
        for (uint32_t s = from; s < to; s++)
            assay_votes_row_set(b->ledger.rows + v * b->ledger.row_len, s, ASSAY_OUTCOME_ABSENT);
}

/* Records and the set in force, as engine/node/chain_head.c, the store and the next engine do. */
static void follow_updates(struct change_bench *b)
{
    uint8_t digest[32];
    assay_update_cache_prune(&b->update_cache, &b->next);
    for (uint32_t i = 0; i < b->ledger.update_count; i++)
        assay_update_cache_put(&b->update_cache,
                               assay_slice_over(b->ledger.updates[i], b->ledger.update_len[i]));
    assay_update_cache_prune(&b->update_cache, &b->next);
    cr_assert(assay_update_cache_is_complete(&b->update_cache, &b->next));
    for (size_t i = 0; i < 3; i++) { /* what came into force, or came back */
        const struct assay_slice known[] = { assay_slice_over(b->set.bytes, b->set.len),
                                             assay_slice_over(b->set_bytes, b->before_len),
                                             b->genesis.endorsements };
        if (known[i].len == 0) continue;
        assay_sha256(known[i].bytes, known[i].len, digest);
        if (!assay_bytes_equal(digest, b->next.rules.endorsements_digest, 32)) continue;
        uint8_t copy[64];
        const size_t len = known[i].len;
        cr_assert_leq(len, sizeof copy);
        assay_bytes_copy(copy, sizeof copy, known[i].bytes, len);
        if (!assay_bytes_equal(b->next.rules.endorsements_digest,
                               b->state.rules.endorsements_digest, 32)) {
            b->before_len = b->genesis.endorsements.len;
            assay_bytes_copy(b->set_bytes, sizeof b->set_bytes, b->genesis.endorsements.bytes,
                             b->before_len);
        }
        assay_bytes_copy(b->endorsements, sizeof b->endorsements, copy, len);
        b->genesis.endorsements = assay_slice_over(b->endorsements, len);
        return;
    }
}

void change_close_epoch(struct change_bench *b)
{
    uint32_t known = b->state.pending_count;
    assay_close(&b->context, &b->ledger, &b->rules, 3, &b->close, &b->next, &b->tolerance);
    assay_state_check(&b->next);
    if (b->ledger.change_len > 0) {
        assay_bytes_copy(b->records[known], sizeof b->records[known], b->ledger.change,
                         b->ledger.change_len);
        b->pending[known] = assay_slice_over(b->records[known], b->ledger.change_len);
        known++;
    }
    const uint32_t gone = known - b->next.pending_count;
    for (uint32_t i = 0; gone > 0 && i + gone < known; i++) {
        assay_bytes_copy(b->records[i], sizeof b->records[i], b->pending[i + gone].bytes,
                         b->pending[i + gone].len);
        b->pending[i] = assay_slice_over(b->records[i], b->pending[i + gone].len);
    }
    follow_updates(b);
    assay_state_copy(&b->state, &b->next);
    begin_epoch(b);
}

void change_pass_epoch(struct change_bench *b)
{
    change_all_pass(b);
    change_close_epoch(b);
}
