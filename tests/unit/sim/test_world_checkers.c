/*
 * tests/unit/sim/test_world_checkers.c - each checker of the message world sees its planted fault,
 * and nothing where nothing is wrong.
 */
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *violation_of(enum assay_sim_world_plant plant, bool tampered, uint64_t ms,
                                char text[static 256])
{
    const struct assay_sim_world_options options = {
        .seed = 11, .nodes = 5, .epoch_ms = 500, .limits = true, .plant = plant
    };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    assay_sim_world_acts(w, 1)->tampered = tampered;
    (void)assay_sim_world_run(w, ms);
    const char *found = assay_sim_world_violation(w);
    text[0] = '\0';
    if (found != NULL) (void)snprintf(text, 256, "%s", found);
    assay_sim_world_destroy(&w);
    return text;
}

static void expect(enum assay_sim_world_plant plant, bool tampered, uint64_t ms, const char *words)
{
    char text[256];
    cr_assert_not_null(strstr(violation_of(plant, tampered, ms, text), words),
                       "plant %d: expected \"%s\", found \"%s\"", (int)plant, words, text);
}

Test(sim_world_checkers, a_sound_world_breaks_nothing, .timeout = 600)
{
    char text[256];
    cr_assert_str_empty(violation_of(ASSAY_SIM_WORLD_SOUND, true, 6000, text));
}

Test(sim_world_checkers, agreement_sees_another_root)
{
    expect(ASSAY_SIM_WORLD_PLANT_ROOT, false, 4000, "another state root");
}

Test(sim_world_checkers, persist_sees_a_message_that_is_not_durable)
{
    expect(ASSAY_SIM_WORLD_PLANT_SENDS_FIRST, false, 1000, "before it is durable");
}

Test(sim_world_checkers, orders_sees_another_slot)
{
    expect(ASSAY_SIM_WORLD_PLANT_ORDER, true, 4000, "an order for slot 2");
}

Test(sim_world_checkers, orders_sees_a_second_restart)
{
    expect(ASSAY_SIM_WORLD_PLANT_RESTARTS, true, 6000, "restarts twice");
}

Test(sim_world_checkers, validity_sees_a_block_of_another_proposer)
{
    expect(ASSAY_SIM_WORLD_PLANT_PROPOSER, false, 3000, "was proposed by");
}

Test(sim_world_checkers, validity_sees_a_time_that_nobody_had)
{
    expect(ASSAY_SIM_WORLD_PLANT_TIME, false, 4000, "a time that nobody had");
}

Test(sim_world_checkers, finality_sees_two_certificates)
{
    expect(ASSAY_SIM_WORLD_PLANT_CERTIFICATE, false, 3000, "two final certificates");
}

Test(sim_world_checkers, lanes_sees_a_member_that_is_not_served)
{
    expect(ASSAY_SIM_WORLD_PLANT_LANES, false, 3000, "refuses service to member 3");
}

Test(sim_world_checkers, lanes_sees_a_budget_that_does_not_refill, .timeout = 600)
{
    expect(ASSAY_SIM_WORLD_PLANT_BUDGET, false, 60000, "over its budget");
}

Test(sim_world_checkers, lanes_sees_an_honest_node_that_is_banned)
{
    expect(ASSAY_SIM_WORLD_PLANT_BAN, false, 2000, "bans node");
}

Test(sim_world_checkers, lanes_sees_an_honest_node_that_is_shut_out)
{
    expect(ASSAY_SIM_WORLD_PLANT_PEER_SCORE, false, 60000, "shuts out node");
}

Test(sim_world_checkers, memory_sees_retained_evidence, .timeout = 600)
{
    expect(ASSAY_SIM_WORLD_PLANT_RETAINS_EVIDENCE, false, 30000, "pieces of evidence, bound");
}

Test(sim_world_checkers, memory_sees_too_many_pulls)
{
    expect(ASSAY_SIM_WORLD_PLANT_FLIGHTS, false, 2000, "pulls in flight, bound");
}

Test(sim_world_checkers, memory_sees_too_many_verifications)
{
    expect(ASSAY_SIM_WORLD_PLANT_VERIFIES, false, 4000, "pieces of evidence in an epoch, bound");
}

Test(sim_world_checkers, agreement_sees_another_block_at_a_height)
{
    expect(ASSAY_SIM_WORLD_PLANT_BLOCK, false, 3000, "node 1 has another block final at ");
}

Test(sim_world_checkers, validity_sees_a_block_that_stands_on_another)
{
    expect(ASSAY_SIM_WORLD_PLANT_LINK, false, 3000, "block 6 does not stand on the one below");
}

Test(sim_world_checkers, histories_sees_a_final_block_that_is_replaced)
{
    expect(ASSAY_SIM_WORLD_PLANT_REWRITES, false, 3000, "node 1 had another block final at 5");
}

Test(sim_world_checkers, histories_sees_two_nodes_that_differ)
{
    expect(ASSAY_SIM_WORLD_PLANT_HISTORY, false, 3000, "have different blocks final at 5");
}

/* Two that differ, as after a RECOVER in doubt, and hear each other. */
static const char *fork_of(bool first_tells, bool second_tells, char text[static 256])
{
    const struct assay_sim_world_options options = { .seed = 11, .nodes = 5, .epoch_ms = 500 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    w->split_reported = true;
    world_history_final(w, 1, 100, (const uint8_t[32]){ 1 });
    world_history_final(w, 2, 100, (const uint8_t[32]){ 2 });
    if (first_tells) world_history_alarmed(w, 1);
    if (second_tells) world_history_alarmed(w, 2);
    for (int i = 0; i < 8; i++)
        world_history_turn(w);
    const char *found = assay_sim_world_violation(w);
    (void)snprintf(text, 256, "%s", found == NULL ? "" : found);
    assay_sim_world_destroy(&w);
    return text;
}

struct kept_state {
    struct assay_store_key key;
    uint8_t *bytes;
    size_t len;
};

static bool keep_state(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct kept_state *kept = context;
    kept->key = *key;
    kept->len = value.len;
    kept->bytes = malloc(value.len);
    assay_bytes_copy(kept->bytes, value.len, value.bytes, value.len);
    return false;
}

/* A leap keeps a state and no blocks: another state of an epoch is another history. */
Test(sim_world_checkers, histories_sees_a_state_of_another_chain)
{
    const struct assay_sim_world_options o = { .seed = 3, .nodes = 4, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 30000), "%s", assay_sim_world_violation(w));
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = 1 };
    struct kept_state kept = { 0 };
    struct assay_store *store = w->nodes[1].store;
    cr_assert_eq(store->ops->scan(store, ASSAY_STORE_STATE, &from, &to, true, keep_state, &kept),
                 ASSAY_OK);
    cr_assert_gt(kept.len, 0);
    struct assay_effect effect = { .kind = ASSAY_EFFECT_PERSIST };
    effect.as.persist.class_ = ASSAY_STORE_STATE;
    effect.as.persist.key = kept.key;
    effect.as.persist.value = assay_slice_over(kept.bytes, kept.len);
    world_check_persisted(w, 1, &effect);
    cr_expect_null(assay_sim_world_violation(w), "the state that it holds");
    const uint8_t *root = w->nodes[1].engine->head->state.root;
    size_t at = 0;
    while (at + 32 < kept.len && !assay_bytes_equal(kept.bytes + at, root, 32))
        at++;
    cr_assert_lt(at + 32, kept.len, "the header of its block has the root");
    kept.bytes[at] ^= 1;
    world_check_persisted(w, 1, &effect);
    cr_expect_not_null(strstr(assay_sim_world_violation(w), "had another block final"), "%s",
                       assay_sim_world_violation(w));
    free(kept.bytes);
    assay_sim_world_destroy(&w);
}

Test(sim_world_checkers, histories_sees_who_tells_nobody_of_another_history)
{
    char text[256];
    cr_assert_str_empty(fork_of(true, true, text));
    cr_assert_not_null(strstr(fork_of(true, false, text), "not both have told"), "%s", text);
    cr_assert_not_null(strstr(fork_of(false, false, text), "1 and 2 differ at 100"), "%s", text);
}

Test(sim_world_checkers, finality_sees_a_nullification_beside_a_final_certificate)
{
    expect(ASSAY_SIM_WORLD_PLANT_NULLIFIED, false, 3000, "a final and a nullification certificate");
}

Test(sim_world_checkers, orders_sees_another_number)
{
    expect(ASSAY_SIM_WORLD_PLANT_RENUMBERS, true, 4000, "its cause is of");
    expect(ASSAY_SIM_WORLD_PLANT_RESEQUENCES, true, 6000, "node 1 got order");
}

Test(sim_world_checkers, voters_sees_who_has_no_vote)
{
    expect(ASSAY_SIM_WORLD_PLANT_WEIGHTLESS, false, 1000, "with a vote of 3 that has no weight");
    expect(ASSAY_SIM_WORLD_PLANT_SUSPENDED, false, 1000, "of 3 whose integrity is suspended");
    expect(ASSAY_SIM_WORLD_PLANT_OTHER_KEY, false, 1000, "of 3 that its listed key did not sign");
    expect(ASSAY_SIM_WORLD_PLANT_HEAVY, false, 1000, " of 70992");
}

Test(sim_world_checkers, seats_sees_who_signs_without_one)
{
    expect(ASSAY_SIM_WORLD_PLANT_SEATLESS, false, 1000, "node 3 signs a vote in epoch 1 without");
}

Test(sim_world_checkers, validity_sees_records_that_should_wait)
{
    expect(ASSAY_SIM_WORLD_PLANT_POISON, true, 4000, "record after 4 nullified views");
}

Test(sim_world_checkers, changes_sees_a_node_that_goes_by_another_policy)
{
    expect(ASSAY_SIM_WORLD_PLANT_EFFECTIVE_RULES, false, 4000, "other rules than its state");
}

/* --- ballots: what is planted is what a ballot relies on */

/* Node 2 makes no evidence, or answers with its first quote. */
static void expect_ballot(enum assay_sim_world_plant plant, bool replays, const char *words)
{
    const struct assay_sim_world_options options = {
        .seed = 11, .nodes = 5, .epoch_ms = 500, .limits = true, .plant = plant
    };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    assay_sim_world_acts(w, 2)->quiet = !replays;
    assay_sim_world_acts(w, 2)->replays = replays;
    (void)assay_sim_world_run(w, 3000);
    const char *found = assay_sim_world_violation(w);
    if (words == NULL) cr_expect_null(found, "%s", found);
    else cr_expect(found != NULL && strstr(found, words) != NULL, "%s: %s", words, found);
    assay_sim_world_destroy(&w);
}

Test(sim_world_checkers, ballots_sees_nothing_where_all_is_asked_for)
{
    expect_ballot(ASSAY_SIM_WORLD_SOUND, false, NULL);
    expect_ballot(ASSAY_SIM_WORLD_SOUND, true, NULL);
}

Test(sim_world_checkers, ballots_sees_who_asked_nobody)
{
    expect_ballot(ASSAY_SIM_WORLD_PLANT_SENDS_NO_REQUEST, false,
                  "node 1 calls 2 absent and asked 0 peers, not 3");
}

Test(sim_world_checkers, ballots_sees_who_hears_too_few)
{
    expect_ballot(ASSAY_SIM_WORLD_PLANT_DEAF, false, "calls 1 absent with envelopes of");
}

Test(sim_world_checkers, ballots_sees_who_does_not_wait_for_a_verdict)
{
    expect_ballot(ASSAY_SIM_WORLD_PLANT_WAITS, true, "calls 2 absent while it waits");
    expect_ballot(ASSAY_SIM_WORLD_PLANT_HASTY, false, "node 1 signs its ballot after");
}

/* --- the engine's own invariants: they abort */

static struct assay_sim_world *checked_world(void)
{
    const struct assay_sim_world_options options = {
        .seed = 11, .nodes = 5, .epoch_ms = 500, .check_each_step = true
    };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    cr_assert(assay_sim_world_run(w, 1000));
    return w;
}

Test(sim_world_checkers, invariants_holds_in_a_sound_engine)
{
    struct assay_sim_world *w = checked_world();
    cr_assert(assay_sim_world_run(w, 1000));
    assay_sim_world_destroy(&w);
}

Test(sim_world_checkers, invariants_sees_a_table_that_does_not_add_up, .signal = SIGABRT)
{
    struct assay_sim_world *w = checked_world();
    assay_sim_world_engine(w, 2)->parts->head.voters.total_weight++;
    (void)assay_sim_world_run(w, 1000);
}

/* Its disk is lost, it says that it never signed, and nobody can tell it otherwise. */
Test(sim_world_checkers, signed_once_sees_a_node_that_forgot)
{
    static const uint32_t alone[ASSAY_SIM_WORLD_NODES_MAX] = { [3] = 1 };
    const struct assay_sim_world_options options = {
        .seed = 1, .nodes = 5, .epoch_ms = 500, .plant = ASSAY_SIM_WORLD_PLANT_FORGETS
    };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    cr_assert(assay_sim_world_run(w, 300)); /* some views of the first epoch */
    assay_sim_world_kill(w, 3);
    assay_sim_world_acts(w, 3)->loses_store = true;
    assay_sim_world_partition(w, alone);
    assay_sim_world_restart(w, 3);
    /* An engine would ask its peers first (docs/protocol.md 2.7.3). */
    assay_sim_world_engine(w, 3)->parts->start_state.restored = true;
    cr_assert_not(assay_sim_world_run(w, 2000));
    cr_assert_not_null(strstr(assay_sim_world_violation(w), "node 3 signed twice"));
    assay_sim_world_destroy(&w);
}
