/*
 * tests/unit/engine/test_era.c - networks that stand still for good go on in a new era, and what
 * was final stays (docs/protocol.md 9.11 to 9.18).
 */
#include "sim/world/world_internal.h"

#include "engine/audit/audit.h"
#include "engine/ledger/records/recover.h"
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCH_MS = 400, STILL_MS = 8 * EPOCH_MS, GOES_ON_MS = 40 * EPOCH_MS };

static struct assay_sim_world *start(uint64_t seed, uint32_t nodes, uint64_t epochs)
{
    const struct assay_sim_world_options o = { .seed = seed,
                                               .nodes = nodes,
                                               .epoch_ms = EPOCH_MS,
                                               .check_each_step = true };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 10 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(w));
    return w;
}

static void sound(const struct assay_sim_world *w)
{
    cr_assert_null(assay_sim_world_violation(w), "%s", assay_sim_world_violation(w));
}

static const struct assay_state *state_of(const struct assay_sim_world *w, uint32_t node)
{
    return &w->nodes[node].engine->head->state;
}

/* Nothing becomes final for long. */
static void pauses(struct assay_sim_world *w)
{
    uint64_t heights[WORLD_NODES] = { 0 };
    cr_assert(assay_sim_world_run(w, STILL_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive) heights[i] = w->nodes[i].engine->chain->ledger.height;
    cr_assert(assay_sim_world_run(w, 4 * STILL_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive)
            cr_assert_eq(w->nodes[i].engine->chain->ledger.height, heights[i], "node %u", i);
}

/* Everybody that lives is in the era, and closes epochs of it. */
static void goes_on(struct assay_sim_world *w, uint32_t era, uint64_t epochs)
{
    uint64_t goal = 0;
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive && w->nodes[i].closed > goal) goal = w->nodes[i].closed;
    goal += epochs;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, GOES_ON_MS + 10 * EPOCH_MS * epochs), "%s",
              assay_sim_world_violation(w));
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive) cr_assert_eq(state_of(w, i)->era, era, "node %u", i);
    sound(w);
}

static void fence(struct assay_sim_world *w, uint32_t node)
{
    cr_assert_eq(assay_sim_world_fence(w, node), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive)
            cr_assert(w->nodes[i].engine->era->fenced, "node %u was not told", i);
}

static void recover(struct assay_sim_world *w, const bool *rest)
{
    struct assay_sim_world_recovery options = { .rest = rest };
    const enum assay_status status = assay_sim_world_recover(w, &options);
    cr_assert_eq(status, ASSAY_OK, "%s", assay_status_symbol(status));
}

static void kill_some(struct assay_sim_world *w, const bool *gone)
{
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (gone[i]) assay_sim_world_kill(w, i);
}

/* --- halts that were for good */

Test(era, a_third_that_is_dead_rests_and_the_others_go_on, .timeout = 600)
{
    struct assay_sim_world *w = start(3, 7, 4);
    const bool gone[7] = { [2] = true, [4] = true, [6] = true };
    kill_some(w, gone);
    pauses(w);
    fence(w, 0);
    recover(w, gone);
    goes_on(w, 1, 5);
    for (uint32_t i = 0; i < 7; i++)
        cr_expect_eq(state_of(w, 0)->members[i].weight == 0, gone[i], "slot %u", i);
    cr_expect(state_of(w, 0)->certified, "enough judge");
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL), 1);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 7.16.2: neither a RECOVER nor a drain is a fall, and none of them ends it. */
Test(era, the_last_fall_of_a_member_passes_over_the_end_of_an_era, .timeout = 600)
{
    struct assay_sim_world *w = start(3, 7, 3);
    const bool gone[7] = { [2] = true, [4] = true, [6] = true };
    assay_sim_world_kill(w, 6);
    cr_assert(assay_sim_world_run_to_epoch(w, 8, 80 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    const struct assay_fall fall = state_of(w, 0)->members[6].fall;
    cr_assert(assay_fall_is_set(&fall));
    cr_expect_eq(fall.to, ASSAY_STANDING_SUSPENDED);
    assay_sim_world_kill(w, 2);
    assay_sim_world_kill(w, 4);
    pauses(w);
    fence(w, 0);
    recover(w, gone);
    goes_on(w, 1, 5);
    cr_expect_eq(state_of(w, 0)->members[6].stage, ASSAY_STAGE_RESTING);
    cr_expect_arr_eq(&state_of(w, 0)->members[6].fall, &fall, sizeof fall);
    cr_expect_not(assay_fall_is_set(&state_of(w, 0)->members[2].fall), "drained, and no more");
    assay_sim_world_destroy(&w);
}

/* A signature that is missing is no wrong one, and a RECOVER that began its era is no wrong one
 * either: operators are told which of them it is. */
Test(era, what_is_submitted_too_early_or_again_is_explained, .timeout = 600)
{
    struct assay_sim_world *w = start(3, 7, 4);
    const bool gone[7] = { [2] = true, [4] = true, [6] = true };
    struct assay_sim_world_recovery options = { .rest = gone, .capacity = ASSAY_RECOVER_LEN_MAX };
    struct assay_fault fault;
    struct assay_recover r;
    options.document = malloc(options.capacity);
    uint8_t *bare = malloc(options.capacity);
    kill_some(w, gone);
    pauses(w);
    fence(w, 0);
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    const struct assay_slice whole = assay_slice_over(options.document, options.document_len);
    cr_assert_eq(assay_recover_decode(whole, &r), ASSAY_OK);
    const uint32_t needed = assay_recover_signatures_needed(&r);
    cr_expect_eq(r.approval.count, needed);
    struct assay_writer o = assay_writer_over(bare, options.capacity);
    cr_assert_eq(assay_recover_encode(r.header_bytes, r.body, r.grounds, r.operators, NULL, NULL, 0,
                                      &o),
                 ASSAY_OK);
    /* No message of it was delivered to the other nodes. */
    struct assay_engine *late = w->nodes[0].engine->head->state.era == 0 ? w->nodes[0].engine
                                                                         : w->nodes[1].engine;
    cr_assert_eq(late->head->state.era, 0);
    cr_expect_eq(assay_engine_recover_try(late, assay_slice_over(bare, o.len), &fault),
                 ASSAY_E_SIGNATURE);
    cr_expect(fault.has_numbers);
    cr_expect_eq(fault.found, 0);
    cr_expect_eq(fault.expected, needed);
    /* One byte of the last signature: none is missing. */
    options.document[options.document_len - 1] ^= 1;
    cr_expect_eq(assay_engine_recover_try(late, whole, &fault), ASSAY_E_SIGNATURE);
    cr_expect_not(fault.has_numbers);
    options.document[options.document_len - 1] ^= 1;
    goes_on(w, 1, 2);
    cr_expect_eq(assay_engine_recover_try(late, whole, &fault), ASSAY_E_DUPLICATE, "%s",
                 fault.what);
    free(options.document);
    free(bare);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 2.10: their logs lack what peers hold, so they are mute for good. */
Test(era, three_disks_from_two_epochs_back_vote_again, .timeout = 600)
{
    struct assay_sim_world *w = start(5, 7, 4);
    for (uint32_t i = 0; i < 3; i++)
        world_node_image(w, i, w->nodes[i].closed);
    cr_assert(assay_sim_world_run_to_epoch(w, 6, 20 * EPOCH_MS));
    /* In the middle of an epoch, all at once: the log of the running one is among what is lost. */
    cr_assert(assay_sim_world_run(w, 7 * EPOCH_MS / 10));
    for (uint32_t i = 0; i < 3; i++) {
        w->nodes[i].rolls_back = true;
        w->nodes[i].rolls_back_epochs = 2;
        assay_sim_world_kill(w, i);
    }
    for (uint32_t i = 0; i < 3; i++)
        assay_sim_world_restart(w, i);
    pauses(w);
    fence(w, 5);
    recover(w, NULL);
    for (uint32_t i = 0; i < 3; i++)
        w->nodes[i].finished = false; /* of the era before: the checker's memory */
    goes_on(w, 1, 5);
    for (uint32_t i = 0; i < 7; i++)
        cr_expect_eq(state_of(w, 6)->members[i].lives[0].incarnation, i < 3 ? 2 : 1,
                     "slot %u: its agent made new keys, which nobody could list", i);
    assay_sim_world_destroy(&w);
}

static void wipe(struct assay_sim_world *w, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        w->nodes[i].wipes = true;
        assay_sim_world_kill(w, i);
    }
    for (uint32_t i = from; i < to; i++)
        assay_sim_world_restart(w, i);
}

static uint8_t document[ASSAY_RECOVER_LEN_MAX];

Test(era, all_stores_are_lost_and_the_keys_are_kept, .timeout = 600)
{
    struct assay_sim_world *w = start(7, 5, 0);
    wipe(w, 0, 5);
    pauses(w);
    fence(w, 1);
    struct assay_sim_world_recovery options = { .document = document,
                                                .capacity = sizeof document };
    cr_expect_eq(assay_sim_world_recover(w, &options), ASSAY_E_SIGNATURE,
                 "no listed voting key has answered");
    options.accepts = true;
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS));
    uint32_t over = 0;
    for (uint32_t i = 0; i < 5; i++)
        over += state_of(w, i)->era;
    cr_expect_eq(over, 1, "nobody takes it from a peer");
    for (uint32_t i = 0; i < 5; i++)
        if (state_of(w, i)->era == 0)
            cr_assert_eq(assay_sim_world_accept(w, i, document, options.document_len), ASSAY_OK);
    cr_expect(options.manual && !options.certain);
    cr_expect_eq(options.key_count, 5);
    cr_expect(options.in_doubt, "nobody knows what the lost logs said");
    goes_on(w, 1, 5);
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(state_of(w, 0)->members[i].lives[0].incarnation, 2);
    assay_sim_world_destroy(&w);
}

Test(era, the_stores_of_two_of_four_are_lost, .timeout = 600)
{
    struct assay_sim_world *w = start(11, 4, 4);
    wipe(w, 1, 3);
    pauses(w);
    fence(w, 3);
    const uint64_t epoch = state_of(w, 0)->epoch;
    struct assay_sim_world_recovery options = { 0 };
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    cr_expect_eq(options.key_count, 2);
    goes_on(w, 1, 5);
    cr_expect_gt(state_of(w, 1)->epoch, epoch, "epochs go on counting");
    cr_expect_eq(state_of(w, 1)->members[1].lives[0].incarnation, 2);
    cr_expect_eq(state_of(w, 1)->members[1].trust.integrity_bp, 10000, "it lost nothing by it");
    assay_sim_world_destroy(&w);
}

/* --- FENCE */

static size_t signed_votes(const struct assay_sim_world *w, uint32_t node)
{
    return w->nodes[node].signed_count;
}

Test(era, a_fenced_node_signs_nothing_and_a_restart_does_not_help, .timeout = 600)
{
    struct assay_sim_world *w = start(13, 5, 3);
    size_t before[5];
    fence(w, 2);
    for (uint32_t i = 0; i < 5; i++)
        before[i] = signed_votes(w, i);
    for (uint32_t i = 0; i < 5; i++) /* at once: nobody is left who could tell it again */
        assay_sim_world_kill(w, i);
    for (uint32_t i = 0; i < 5; i++)
        assay_sim_world_restart(w, i);
    cr_assert(assay_sim_world_run(w, 10 * EPOCH_MS));
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_eq(signed_votes(w, i), before[i], "node %u", i);
    cr_expect(w->nodes[1].engine->era->fenced);
    /* It cannot be taken back; RECOVER ends it, with nobody rested. */
    recover(w, NULL);
    goes_on(w, 1, 4);
    for (uint32_t i = 0; i < 5; i++)
        cr_expect_not(w->nodes[i].engine->era->fenced);
    assay_sim_world_destroy(&w);
}

/* One that was down hears of it from its peers when it is back. */
Test(era, who_comes_back_is_told, .timeout = 600)
{
    struct assay_sim_world *w = start(17, 5, 3);
    assay_sim_world_kill(w, 4);
    fence(w, 0);
    assay_sim_world_restart(w, 4);
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS));
    cr_expect(w->nodes[4].engine->era->fenced);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.20: five take the RECOVER while a cut keeps the other nine from hearing of it.
 * When the cut has healed these ask around, all in one round. */
Test(era, who_was_cut_off_asks_around_for_it, .timeout = 600)
{
    enum { NODES = 14, TAKERS = 5 };
    uint32_t side[NODES];
    for (uint32_t i = 0; i < NODES; i++)
        side[i] = i >= TAKERS;
    struct assay_sim_world *w = start(18, NODES, 3);
    fence(w, 0);
    assay_sim_world_partition(w, side);
    recover(w, NULL);
    cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS));
    for (uint32_t i = 0; i < NODES; i++)
        cr_assert_eq(state_of(w, i)->era, i < TAKERS, "node %u", i);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS));
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(state_of(w, i)->era, 1, "node %u", i);
    goes_on(w, 1, 3);
    assay_sim_world_destroy(&w);
}

Test(era, before_a_fence_nobody_answers, .timeout = 600)
{
    struct assay_sim_world *w = start(19, 4, 2);
    struct assay_answer_body *body = calloc(1, sizeof *body);
    cr_expect_eq(assay_engine_answer(w->nodes[0].engine, body), ASSAY_E_EARLY);
    free(body);
    assay_sim_world_destroy(&w);
}

static enum assay_status send_fence(struct assay_sim_world *w, uint32_t node, size_t flip)
{
    const struct assay_era_state *n = w->nodes[0].engine->era;
    uint8_t *bytes = malloc(n->fence_len);
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    assay_bytes_copy(bytes, n->fence_len, n->fence, n->fence_len);
    if (flip > 0) bytes[n->fence_len - flip] ^= 1;
    event.as.message.from = 0;
    event.as.message.kind = ASSAY_MESSAGE_FENCE;
    event.as.message.payload = assay_slice_over(bytes, n->fence_len);
    const enum assay_status status = world_step(w, node, &event);
    free(bytes);
    return status;
}

Test(era, a_forged_fence_is_nobodys, .timeout = 600)
{
    struct assay_sim_world *w = start(23, 4, 2);
    const uint32_t alone[4] = { 1, 0, 0, 0 };
    assay_sim_world_partition(w, alone); /* node 0 has it, and nobody hears */
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_expect_eq(send_fence(w, 1, 1), ASSAY_E_SIGNATURE);
    cr_expect_not(w->nodes[1].engine->era->fenced);
    cr_expect_eq(send_fence(w, 1, 0), ASSAY_OK);
    cr_expect(w->nodes[1].engine->era->fenced);
    cr_expect_eq(send_fence(w, 1, 1), ASSAY_OK, "one stands: nothing is verified again");
    sound(w);
    assay_sim_world_destroy(&w);
}

/* --- which head */

/* A third that answers is no third too few; a third exactly is. */
Test(era, nothing_is_drafted_on_the_word_of_a_third, .timeout = 600)
{
    struct assay_sim_world *w = start(29, 6, 3);
    bool mute[6] = { false, false, true, true, true, true };
    const bool gone[6] = { [3] = true, [4] = true, [5] = true };
    struct assay_sim_world_recovery options = { .mute = mute };
    kill_some(w, gone);
    fence(w, 0);
    cr_expect_eq(assay_sim_world_recover(w, &options), ASSAY_E_SIGNATURE);
    mute[2] = false;
    options.rest = gone;
    cr_expect_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    goes_on(w, 1, 3);
    assay_sim_world_destroy(&w);
}

/* Node 3 is cut off first, so that its head is lower; the others have more. */
Test(era, who_has_a_higher_final_head_refuses, .timeout = 600)
{
    struct assay_sim_world *w = start(31, 5, 3);
    const bool behind[5] = { [3] = true, [4] = true };
    kill_some(w, behind); /* three of five are no quorum: the network stands */
    pauses(w);
    assay_sim_world_restart(w, 3);
    assay_sim_world_restart(w, 4);
    cr_assert(assay_sim_world_run_to_epoch(w, 6, 60 * EPOCH_MS));
    const bool gone[5] = { [0] = true, [1] = true, [2] = true };
    kill_some(w, gone);
    pauses(w);
    cr_assert_eq(assay_sim_world_fence(w, 3), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, EPOCH_MS));
    struct assay_sim_world_recovery options = { .rest = gone,
                                                .document = document,
                                                .capacity = sizeof document };
    /* Their disks were an epoch behind: what nodes 0 to 2 know is above it. */
    const uint64_t high = w->nodes[3].engine->chain->ledger.height;
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    goes_on(w, 1, 3);
    assay_sim_world_restart(w, 0);
    cr_assert(assay_sim_world_run(w, 1));
    cr_assert(assay_sim_world_run(w, 8 * EPOCH_MS));
    if (w->nodes[0].engine->head->state.era == 0) {
        cr_expect_gt(w->nodes[0].engine->chain->ledger.height, high, "it knows more");
        cr_expect_gt(
            assay_sim_world_notes(w, 0, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 0);
    }
    sound(w);
    assay_sim_world_destroy(&w);
}

/* --- who was not there */

static void comes_over(struct assay_sim_world *w, uint32_t node, uint32_t era)
{
    assay_sim_world_restart(w, node);
    const uint64_t goal = w->nodes[0].closed + 2;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 100 * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    cr_expect_eq(state_of(w, node)->era, era);
    sound(w);
}

Test(era, who_was_away_or_lost_its_store_passes_over_the_end_of_an_era, .timeout = 600)
{
    struct assay_sim_world *w = start(37, 7, 4);
    const bool gone[7] = { [4] = true, [5] = true, [6] = true };
    kill_some(w, gone);
    pauses(w);
    fence(w, 0);
    recover(w, gone);
    goes_on(w, 1, 4);
    comes_over(w, 4, 1); /* its disk is of the era before */
    w->nodes[5].wipes = true;
    comes_over(w, 5, 1); /* nothing but its identity */
    assay_sim_world_kill(w, 3); /* serves, and comes back to its own era */
    cr_assert(assay_sim_world_run(w, EPOCH_MS));
    comes_over(w, 3, 1);
    /* And a second time. */
    const bool more[7] = { [2] = true, [3] = true };
    kill_some(w, more);
    pauses(w);
    fence(w, 0);
    recover(w, more);
    goes_on(w, 2, 3);
    comes_over(w, 6, 2); /* two eras behind */
    assay_sim_world_destroy(&w);
}

static void forget_blocks(struct assay_sim_world *w, uint32_t node)
{
    struct assay_store *store = w->nodes[node].store;
    for (uint32_t era = 0; era < 2; era++)
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, era, w->nodes[0].closed - 1),
                     ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
}

/* The others have no blocks of then any more: boundaries lead over the end of the era. */
Test(era, a_leap_passes_over_the_end_of_an_era, .timeout = 600)
{
    struct assay_sim_world *w = start(41, 5, 4);
    const bool gone[5] = { [3] = true, [4] = true };
    kill_some(w, gone);
    pauses(w);
    fence(w, 0);
    recover(w, gone);
    goes_on(w, 1, 5);
    for (uint32_t node = 0; node < 3; node++)
        forget_blocks(w, node);
    comes_over(w, 4, 1);
    cr_expect_gt(assay_sim_world_notes(w, 4, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    assay_sim_world_destroy(&w);
}

/* --- read again */

static const struct assay_finding_record *no_finding(void *context, const struct assay_ask *ask)
{
    (void)context;
    (void)ask;
    cr_assert_fail("nothing was verified in these epochs");
    return NULL;
}

static enum assay_status audit(struct assay_sim_world *w, uint32_t node,
                               struct assay_audit_figures *figures,
                               struct assay_audit_fault *fault)
{
    struct assay_store *store = NULL;
    void *memory = aligned_alloc(64, assay_audit_memory_len());
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[node].store, &store), ASSAY_OK);
    const struct assay_audit_config config = { .store = store,
                                               .genesis = w->genesis,
                                               .vet = { .finding = no_finding },
                                               .document_check = world_document_check,
                                               .signatures = true,
                                               .items = true,
                                               .memory = memory };
    const enum assay_status status = assay_audit(&config, figures, fault);
    assay_store_close(&store);
    free(memory);
    return status;
}

struct stored {
    struct assay_store_key key;
    uint8_t *bytes;
    size_t len;
};

static bool find_recover(void *context, const struct assay_store_key *key,
                         struct assay_slice value)
{
    struct stored *s = context;
    if (!assay_recover_is(value)) return true;
    s->key = *key;
    s->bytes = malloc(value.len);
    assay_bytes_copy(s->bytes, value.len, value.bytes, value.len);
    s->len = value.len;
    return false;
}

Test(era, an_audit_folds_it_like_a_block, .timeout = 600)
{
    struct assay_sim_world *w = start(43, 7, 3);
    const bool gone[7] = { [0] = true, [1] = true, [2] = true };
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    kill_some(w, gone);
    pauses(w);
    fence(w, 3);
    recover(w, gone);
    goes_on(w, 1, 3);
    cr_assert_eq(audit(w, 4, &figures, &fault), ASSAY_OK, "%s", fault.fault.what);
    cr_expect_eq(figures.recovered, 1);
    cr_expect_eq(figures.started_epoch, 0, "the blocks of the era before are kept");
    cr_expect_geq(figures.head_epoch, 6);
    /* One byte of a signature of the operators, at the very end. */
    struct assay_store *store = w->nodes[4].store;
    struct stored s = { 0 };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    memset(to.id, 0xff, sizeof to.id);
    cr_assert_eq(assay_store_scan(store, ASSAY_STORE_FINALITY, &from, &to, false, find_recover, &s),
                 ASSAY_OK);
    cr_assert_gt(s.len, 0);
    cr_expect_eq(s.key.era, 0, "where the era before looks for the end of its epoch");
    s.bytes[s.len - 1] ^= 1;
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_FINALITY, &s.key,
                                 assay_slice_over(s.bytes, s.len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_expect_eq(audit(w, 4, &figures, &fault), ASSAY_E_INVALID);
    cr_expect_str_eq(fault.fault.what, "not signed by the operators in force");
    free(s.bytes);
    assay_sim_world_destroy(&w);
}

/* --- who lies about the end of an era */

static struct stored stored_end(struct assay_sim_world *w, uint32_t node)
{
    struct stored s = { 0 };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    memset(to.id, 0xff, sizeof to.id);
    cr_assert_eq(assay_store_scan(w->nodes[node].store, ASSAY_STORE_FINALITY, &from, &to, false,
                                  find_recover, &s),
                 ASSAY_OK);
    return s;
}

/* Peers that live keep the end of the era with a signature of the operators that is none. */
static void forge_ends(struct assay_sim_world *w, uint32_t peers)
{
    for (uint32_t node = 0; node < peers; node++) {
        struct assay_store *store = w->nodes[node].store;
        struct stored s = stored_end(w, node);
        cr_assert_gt(s.len, 0);
        s.bytes[s.len - 1] ^= 1;
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_FINALITY, &s.key,
                                     assay_slice_over(s.bytes, s.len)),
                     ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        free(s.bytes);
    }
}

static void stays_behind(struct assay_sim_world *w, uint32_t node)
{
    assay_sim_world_restart(w, node);
    cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS));
    const struct stored kept = stored_end(w, node);
    cr_expect_eq(kept.len, 0);
    cr_expect_eq(state_of(w, node)->era, 0);
    free(kept.bytes);
}

/* They give it to one who catches up, with blocks and without. */
Test(era, a_forged_end_of_an_era_is_not_kept, .timeout = 600)
{
    for (unsigned leaps = 0; leaps < 2; leaps++) {
        struct assay_sim_world *w = start(47, 5, 4);
        const bool gone[5] = { [3] = true, [4] = true };
        kill_some(w, gone);
        pauses(w);
        fence(w, 0);
        recover(w, gone);
        goes_on(w, 1, 5);
        forge_ends(w, 3);
        for (uint32_t node = 0; leaps == 1 && node < 3; node++)
            forget_blocks(w, node);
        stays_behind(w, 4);
        assay_sim_world_destroy(&w);
    }
}

/* Gone since some epochs before the end of the era, whose blocks nobody has: it leaps over proven
 * boundaries to the one that operators signed, and over that. */
Test(era, a_leap_believes_the_operators_alone, .timeout = 600)
{
    for (unsigned forged = 0; forged < 2; forged++) {
        struct assay_sim_world *w = start(53, 5, 3);
        const bool gone[5] = { [3] = true, [4] = true };
        assay_sim_world_kill(w, 4);
        goes_on(w, 0, 3);
        assay_sim_world_kill(w, 3);
        pauses(w);
        fence(w, 0);
        recover(w, gone);
        goes_on(w, 1, 5);
        for (uint32_t node = 0; node < 3; node++)
            forget_blocks(w, node);
        if (forged == 1) forge_ends(w, 3);
        if (forged == 1) stays_behind(w, 4);
        else comes_over(w, 4, 1);
        cr_expect_eq(assay_sim_world_notes(w, 4, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL) > 0,
                     forged == 0);
        assay_sim_world_destroy(&w);
    }
}
