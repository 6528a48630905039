/*
 * tests/unit/engine/test_rotation.c - engines of a network in which a node gets a new identity key
 * (docs/protocol.md 9.6.8).
 */
#include "engine/ledger/records/key_change.h"
#include "engine/parts/engine_internal.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>

enum { NODES = 5, OWNER = 2, NEW_KEY = 990 };

static const struct assay_sim_world_options five = {
    .seed = 31, .nodes = NODES, .epoch_ms = 400, .level = ASSAY_LEVEL_KEYS
};

static const struct assay_state *state_of(struct assay_sim_world *w, uint32_t node)
{
    return &assay_sim_world_engine(w, node)->head->state;
}

static void pass(struct assay_sim_world *w, uint64_t epochs)
{
    const uint64_t goal = assay_sim_world_epoch(w, 0) + epochs;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 8000 * epochs), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
}

/* The new key of the owner, and the action by which it takes its place. */
static struct assay_p256_signer *rotate(struct assay_sim_world *w, struct assay_action *a)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX], digest[32];
    struct assay_secret32 key;
    struct assay_p256_signer *signer = NULL;
    const struct assay_member *m = &state_of(w, 0)->members[OWNER];
    *a = (struct assay_action){ .kind = ASSAY_ACTION_IDENTITY };
    assay_bytes_copy(a->node_id, 32, m->node_id, 32);
    world_set_key(w, NEW_KEY, KEY_OPERATOR, &key);
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

/* Its store is lost, so it makes a new key set, which its identity signs. */
static void lose_store(struct assay_sim_world *w)
{
    assay_sim_world_kill(w, OWNER);
    assay_sim_world_acts(w, OWNER)->loses_store = true;
    assay_sim_world_restart(w, OWNER);
}

Test(rotation, the_new_identity_lists_keys_and_the_old_one_does_not, .timeout = 600)
{
    struct assay_action action;
    struct assay_sim_world *w = assay_sim_world_create(&five);
    pass(w, 3);
    struct assay_p256_signer *signer = rotate(w, &action);
    const uint64_t activation = assay_sim_world_epoch(w, 0) + 4;
    decide(w, 1, activation, &action);
    for (uint32_t i = 0; i < 6; i++) {
        pass(w, 1);
        for (uint32_t n = 0; n < NODES; n++)
            cr_expect(state_of(w, n)->certified, "node %u, epoch %u: it goes on", n, i);
    }
    for (uint32_t n = 0; n < NODES; n++)
        cr_assert_arr_eq(state_of(w, n)->members[OWNER].identity_public, action.public_key, 64);
    /* The host of the owner has its old key still. */
    lose_store(w);
    pass(w, 6);
    cr_expect_eq(state_of(w, 0)->members[OWNER].lives[0].incarnation, 1, "the old key lists keys");
    assay_p256_signer_free(&w->nodes[OWNER].identity);
    w->nodes[OWNER].identity = signer;
    pass(w, 6);
    cr_expect_eq(state_of(w, 0)->members[OWNER].lives[0].incarnation, 2, "the new one does not");
    cr_expect_eq(state_of(w, 0)->members[OWNER].trust.integrity_bp, 10000);
    assay_sim_world_destroy(&w);
}
