/*
 * tests/unit/engine/test_rotation_attacks.c - new identity keys against lies and losses: no relay
 * is banned for what operators signed, nor a member for its new key, and which keys recover a
 * network without stores (docs/protocol.md 9.6.7 to 9.6.9, 9.18).
 */
#include "engine/ledger/records/key_change.h"
#include "engine/parts/engine_internal.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { EPOCH_MS = 400, NEW_KEY = 900 };

static const struct assay_state *state_of(struct assay_sim_world *w, uint32_t node)
{
    return &w->nodes[node].engine->head->state;
}

static struct assay_sim_world *start(uint64_t seed, uint32_t nodes, uint64_t epochs)
{
    const struct assay_sim_world_options o = { .seed = seed,
                                               .nodes = nodes,
                                               .epoch_ms = EPOCH_MS,
                                               .check_each_step = true,
                                               .limits = true,
                                               .level = ASSAY_LEVEL_KEYS };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 10 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(w));
    return w;
}

static void pass(struct assay_sim_world *w, uint64_t epochs)
{
    const uint64_t goal = w->nodes[0].closed + epochs;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 40 * EPOCH_MS + 20 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
}

static struct assay_p256_signer *rotate(struct assay_sim_world *w, uint32_t slot,
                                        struct assay_action *a)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX], digest[32];
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    const struct assay_member *m = &state_of(w, 0)->members[slot];
    *a = (struct assay_action){ .kind = ASSAY_ACTION_IDENTITY };
    assay_bytes_copy(a->node_id, 32, m->node_id, 32);
    world_set_key(w, NEW_KEY + slot, KEY_OPERATOR, &key);
    cr_assert_eq(assay_p256_public(&key, a->public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
    const struct assay_state *const state = state_of(w, 0);
    const struct assay_slice statement = assay_identity_statement(
        w->genesis->chain_id, state->era, state->change_sequence + 1, m->node_id,
        m->identity_public, a->public_key, bytes);
    assay_sha256(statement.bytes, statement.len, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, a->signature), ASSAY_OK);
    return signer;
}

static void decide_many(struct assay_sim_world *w, uint32_t era, uint64_t sequence,
                        uint64_t activation, const struct assay_action *actions, uint32_t count)
{
    static uint8_t body[8192], bytes[16384];
    struct signers s;
    uint8_t digest[32];
    struct assay_change change = { .era = era, .sequence = sequence, .activation = activation };
    assay_bytes_copy(change.chain_id, 32, w->genesis->chain_id, 32);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(&change, actions, count, &b), ASSAY_OK);
    assay_sha256(body, b.len, digest);
    sign_all(w, false, digest, &s);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_change(&out, assay_slice_over(body, b.len),
                                         (const uint8_t(*)[32])s.ids,
                                         (const uint8_t(*)[64])s.signatures, s.count),
                 ASSAY_OK);
    for (uint32_t node = 0; node < w->options.nodes; node++) {
        struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
        if (!w->nodes[node].alive) continue;
        event.as.message.from = (uint16_t)((node + 1) % w->genesis->member_count);
        event.as.message.kind = ASSAY_MESSAGE_RECORD;
        event.as.message.payload = assay_slice_over(bytes, out.len);
        const enum assay_status status = world_step(w, node, &event);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_DUPLICATE, "%s",
                  assay_status_symbol(status));
    }
}

/* All of [first, to) get new identity keys, which take over at the activation. */
static void rotate_all(struct assay_sim_world *w, uint32_t era, uint32_t to)
{
    struct assay_action actions[16];
    struct assay_p256_signer *signers[16];
    for (uint32_t i = 0; i < to; i++)
        signers[i] = rotate(w, i, &actions[i]);
    const uint64_t activation = state_of(w, 0)->epoch + 1 + 4;
    decide_many(w, era, state_of(w, 0)->change_sequence + 1, activation, actions, to);
    pass(w, 7);
    for (uint32_t i = 0; i < to; i++) {
        cr_assert_arr_eq(state_of(w, 0)->members[i].identity_public, actions[i].public_key, 64);
        assay_p256_signer_free(&w->nodes[i].identity);
        w->nodes[i].identity = signers[i];
        assay_bytes_copy(w->nodes[i].identity_public, 64, actions[i].public_key, 64);
    }
}

static uint32_t bans(struct assay_sim_world *w, uint32_t node)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < w->options.nodes; k++)
        if (k != node)
            count += assay_limit_is_banned(&w->nodes[node].limits[k], world_mono_ms(w, node));
    return count;
}

static void run_on(struct assay_sim_world *w, uint32_t epochs, uint32_t watched, uint32_t *most)
{
    for (uint32_t i = 0; i < 20 * epochs; i++) { /* on, past what the checkers find */
        (void)assay_sim_world_run(w, EPOCH_MS / 20);
        w->violation[0] = '\0';
        const uint32_t now = bans(w, watched);
        if (now > *most) *most = now;
    }
}

static bool waits_for_operator(struct assay_sim_world *w, uint32_t node)
{
    struct assay_era_snapshot era;
    assay_engine_era(assay_sim_world_engine(w, node), &era);
    return era.unconfirmed;
}

/* Its head is of the era before, with the keys of then: it cannot tell new keys from false ones, so
 * it bans nobody, and follows once its operator accepts the RECOVER (docs/protocol.md 9.6.8). */
Test(rotation_attacks, a_node_that_was_away_over_rotations_bans_nobody, .timeout = 600)
{
    static uint8_t document[ASSAY_RECOVER_LEN_MAX];
    enum { AWAY = 4 };
    struct assay_sim_world *w = start(37, 7, 4);
    const bool gone[7] = { [4] = true, [5] = true, [6] = true };
    uint32_t banned = 0;
    for (uint32_t i = 4; i < 7; i++)
        assay_sim_world_kill(w, i);
    cr_assert(assay_sim_world_run(w, 40 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    struct assay_sim_world_recovery options = { .rest = gone,
                                                .document = document,
                                                .capacity = sizeof document };
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    pass(w, 4);
    rotate_all(w, 1, 4);
    assay_sim_world_restart(w, AWAY);
    run_on(w, 30, AWAY, &banned);
    cr_expect_eq(banned, 0, "it bans %u honest members", banned);
    cr_expect_eq(state_of(w, AWAY)->era, 0, "nothing that it knows confirms the new era");
    cr_expect(waits_for_operator(w, AWAY), "its operator is told");
    cr_expect_not(waits_for_operator(w, 0));
    cr_assert_eq(assay_sim_world_accept(w, AWAY, document, options.document_len), ASSAY_OK);
    run_on(w, 30, AWAY, &banned);
    cr_expect_eq(banned, 0, "it bans %u honest members", banned);
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    cr_expect_not(waits_for_operator(w, AWAY), "it waits no more");
    cr_expect_geq(state_of(w, AWAY)->epoch + 2, state_of(w, 0)->epoch, "it has caught up");
    assay_sim_world_destroy(&w);
}

/* Every head is that of the genesis, whose keys count there (docs/protocol.md 9.18). */
static enum assay_status recover_without_stores(bool first_keys, uint32_t *key_count)
{
    struct assay_sim_world *w = start(7, 5, 3);
    rotate_all(w, 0, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assay_sim_world_kill(w, i);
        w->nodes[i].wipes = true;
    }
    for (uint32_t i = 0; i < 5; i++)
        assay_sim_world_restart(w, i);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS));
    for (uint32_t i = 0; i < 5; i++) {
        struct assay_secret32 key;
        if (first_keys) world_key(w, i, KEY_IDENTITY, 0, &key);
        else world_set_key(w, NEW_KEY + i, KEY_OPERATOR, &key);
        assay_p256_signer_free(&w->nodes[i].identity);
        cr_assert_eq(assay_p256_signer_load(&key, &w->nodes[i].identity), ASSAY_OK);
        cr_assert_eq(assay_p256_public(&key, w->nodes[i].identity_public), ASSAY_OK);
    }
    cr_assert_eq(assay_sim_world_fence(w, 1), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    struct assay_sim_world_recovery options = { .accepts = true };
    const enum assay_status status = assay_sim_world_recover(w, &options);
    *key_count = options.key_count;
    assay_sim_world_destroy(&w);
    return status;
}

Test(rotation_attacks, the_first_keys_recover_a_network_without_stores, .timeout = 600)
{
    uint32_t key_count = 0;
    cr_expect_eq(recover_without_stores(true, &key_count), ASSAY_OK);
    cr_expect_eq(key_count, 5);
    cr_expect_neq(recover_without_stores(false, &key_count), ASSAY_OK, "the genesis lists others");
}

/* An archive holds a state, the changes that made its rules, and the proof that leads there: the
 * network continues from it with the keys in force, by operators' acceptance on each node. Only
 * what followed the archive is gone (docs/protocol.md 9.18, docs/operations.md 8). */
Test(rotation_attacks, an_archive_on_all_nodes_continues_with_the_keys_in_force, .timeout = 600)
{
    enum { DONOR = 0 };
    struct assay_sim_world *w = start(11, 5, 3);
    rotate_all(w, 0, 5);
    assay_sim_world_kill(w, DONOR); /* its store is what was saved */
    const uint64_t saved = w->nodes[DONOR].closed;
    const uint64_t lost = w->nodes[1].closed + 3;
    cr_assert(assay_sim_world_run(w, 60 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_geq(w->nodes[1].closed, lost, "the others go on");
    for (uint32_t i = 1; i < 5; i++) {
        assay_sim_world_kill(w, i);
        w->nodes[i].wipes = w->nodes[i].bundled = true;
    }
    for (uint32_t i = 1; i < 5; i++)
        assay_sim_world_restart(w, i);
    w->nodes[DONOR].wipes = w->nodes[DONOR].bundled = true; /* its voting keys are finished, too */
    assay_sim_world_restart(w, DONOR);
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert_eq(state_of(w, i)->epoch, saved, "node %u begins with the archive", i);
        cr_assert_arr_eq(state_of(w, i)->members[i].identity_public,
                         state_of(w, 0)->members[i].identity_public, 64);
    }
    w->split_reported = true; /* operators know that blocks are undone */
    world_voters_rewind(w, saved + 1);
    cr_expect(world_check_undone(w, state_of(w, 0)->head_height, saved + 1), "what followed it");
    for (uint32_t i = 0; i < 5; i++)
        world_evidence_forget(w, i, 0); /* stores that are lost have none */
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_eq(assay_sim_world_fence(w, 1), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    static uint8_t document[ASSAY_RECOVER_LEN_MAX];
    struct assay_sim_world_recovery options = { .accepts = true,
                                                .document = document,
                                                .capacity = sizeof document };
    const enum assay_status status = assay_sim_world_recover(w, &options);
    cr_assert_eq(status, ASSAY_OK, "%s", assay_status_symbol(status));
    cr_expect_eq(options.key_count, 5);
    for (uint32_t i = 0; i < 5; i++)
        if (state_of(w, i)->era == 0)
            cr_assert_eq(assay_sim_world_accept(w, i, document, options.document_len), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(state_of(w, i)->era, 1);
        cr_expect_gt(state_of(w, i)->epoch, saved + 3, "node %u closes epochs", i);
        cr_expect_eq(state_of(w, 0)->members[i].trust.integrity_bp, 10000);
        cr_expect_geq(state_of(w, 0)->change_sequence, 1, "the changes of the archive");
    }
    assay_sim_world_destroy(&w);
}

/* One liar drafts it: the statement of the new key is not one. Each node sends it to all. */
Test(rotation_attacks, nobody_is_banned_for_a_change_that_operators_signed, .timeout = 600)
{
    static uint8_t body[8192], bytes[16384];
    struct assay_sim_world *w = start(5, 5, 3);
    struct assay_action a;
    struct signers s;
    uint32_t banned = 0;
    struct assay_p256_signer *signer = rotate(w, 2, &a);
    a.signature[5] ^= 1;
    for (uint32_t i = 0; i < 3; i++) {
        uint8_t digest[32];
        struct assay_change change = { .sequence = 1, .activation = state_of(w, 0)->epoch + 8 + i };
        assay_bytes_copy(change.chain_id, 32, w->genesis->chain_id, 32);
        struct assay_writer b = assay_writer_over(body, sizeof body);
        cr_assert_eq(assay_change_encode(&change, &a, 1, &b), ASSAY_OK);
        assay_sha256(body, b.len, digest);
        sign_all(w, false, digest, &s);
        struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
        cr_assert_eq(assay_record_put_change(&out, assay_slice_over(body, b.len),
                                             (const uint8_t(*)[32])s.ids,
                                             (const uint8_t(*)[64])s.signatures, s.count),
                     ASSAY_OK);
        struct world_payload *p = world_payload(w, bytes, out.len);
        for (uint32_t from = 0; from < 5; from++)
            for (uint32_t to = 0; to < 5; to++)
                if (from != to) world_deliver(w, from, to, ASSAY_MESSAGE_RECORD, p);
        world_payload_drop(w, p);
    }
    for (uint32_t i = 0; i < 10; i++)
        for (uint32_t n = 0; n < 5; n++)
            run_on(w, 1, n, &banned);
    cr_expect_eq(banned, 0, "a node bans %u honest members", banned);
    cr_expect_eq(state_of(w, 0)->change_sequence, 0, "no block has it");
    assay_p256_signer_free(&signer);
    assay_sim_world_destroy(&w);
}
