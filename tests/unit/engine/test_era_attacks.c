/*
 * tests/unit/engine/test_era_attacks.c - operators that were replaced, and members that collude
 * with them, against nodes that are behind: they neither fork nor silence them, and no node that
 * passes their documents on is punished (docs/protocol.md 9.12.1, 9.15, 9.16).
 */
#include "tests/unit/engine/decide.h"
#include "tests/unit/engine/era_bench.h"

#include "engine/audit/audit.h"
#include "engine/store/store_memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* S1, A and D: with the keys of all operators of then, and of less than a third of the members. */
Test(era_attacks, replaced_operators_begin_no_era_on_a_node_that_is_behind, .timeout = 600)
{
    for (uint32_t liars = 0; liars <= 2; liars++) {
        for (unsigned wiped = 0; wiped < (liars == 0 ? 2 : 1); wiped++) {
            struct assay_sim_world *w = behind(3 + liars, wiped == 1);
            struct document *d = forge(w, AWAY, 0, liars);
            cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
            cr_expect_eq(hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER,
                         "nor from its own operator, unless it accepts");
            cr_expect_neq(hand(w, 1, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
            is_one_of_them(w, wiped == 0 ? SIGNS : SIGNS_WITH_NEW_KEYS);
            cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL), 0);
            free(d);
            assay_sim_world_destroy(&w);
        }
    }
}

/* docs/protocol.md 9.16.8: operators signed over grounds that do not verify. It undoes nothing that
 * is final here, so nobody is told to move a store away, and who hands it on is not punished. */
Test(era_attacks, grounds_that_do_not_verify_raise_no_alarm_and_are_not_accepted, .timeout = 600)
{
    struct assay_sim_world *w = behind(7, false);
    struct document *d = forge_spoilt(w, AWAY, 0, 3);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
    cr_expect_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_E_STRANGER,
                 "manual acceptance is for few answers, not for forged ones");
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 0);
    is_one_of_them(w, SIGNS);
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL), 0);
    free(d);
    assay_sim_world_destroy(&w);
}

/* S1, B and E: it is fenced until its head names other operators, and passes the fence on. */
static const struct assay_finding_record *no_finding(void *context, const struct assay_ask *ask)
{
    (void)context;
    (void)ask;
    cr_assert_fail("no evidence was verified in these epochs");
    return NULL;
}

/* A store as AWAY would have it after a RECOVER on so many answers was accepted there. */
static struct assay_audit_figures audit_crossed(struct assay_sim_world *w, void *memory,
                                                const struct assay_checkpoint *checkpoint)
{
    struct assay_store *store = NULL;
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[AWAY].store, &store), ASSAY_OK);
    const struct assay_audit_config config = { .store = store,
                                               .genesis = w->genesis,
                                               .vet = { .finding = no_finding },
                                               .document_check = world_document_check,
                                               .signatures = true,
                                               .items = true,
                                               .memory = memory,
                                               .checkpoint = checkpoint };
    cr_assert_eq(assay_audit(&config, &figures, &fault), ASSAY_OK, "%s", fault.fault.what);
    assay_store_close(&store);
    return figures;
}

/* Whoever has only the keys of operators that were replaced can write such a store. */
Test(era_attacks, an_audit_does_not_prove_an_era_by_operators_alone, .timeout = 600)
{
    void *memory = aligned_alloc(64, (assay_audit_memory_len() + 63) / 64 * 64);
    for (uint32_t liars = 0; liars <= 3; liars += 3) {
        struct assay_sim_world *w = behind(3, false);
        struct assay_checkpoint before, behind_it;
        assay_checkpoint_of(state_of(w, AWAY), &before);
        struct document *d = forge(w, AWAY, 0, liars);
        cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
        cr_assert_eq(state_of(w, AWAY)->era, 1);
        assay_checkpoint_of(state_of(w, AWAY), &behind_it);
        struct assay_audit_figures f = audit_crossed(w, memory, NULL);
        cr_expect_eq(f.head_era, 1);
        cr_expect_eq(f.crossed, 1);
        cr_expect_eq(f.proven, liars == 3, "%u answers", liars);
        cr_expect_eq(f.unproven_to, liars == 3 ? 0 : f.head_epoch);
        cr_expect_eq(f.recover_answered * NODES, f.recover_total * liars);
        f = audit_crossed(w, memory, &before);
        cr_expect_eq(f.proven, liars == 3, "a checkpoint before it proves nothing behind it");
        cr_expect_eq(f.crossed, 1);
        f = audit_crossed(w, memory, &behind_it);
        cr_expect(f.proven && f.unproven_to == 0, "%u answers", liars);
        cr_expect_eq(f.crossed, 0);
        free(d);
        assay_sim_world_destroy(&w);
    }
    free(memory);
}

Test(era_attacks, a_fence_of_replaced_operators_ends_when_the_node_has_caught_up, .timeout = 600)
{
    struct assay_sim_world *w = behind(3, false);
    struct document *d = make_fence(w);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    cr_expect(w->nodes[AWAY].engine->era->fenced);
    cr_expect_eq(hand(w, 1, 0, ASSAY_MESSAGE_FENCE, d), ASSAY_E_STRANGER);
    is_one_of_them(w, SIGNS);
    cr_expect_not(w->nodes[AWAY].engine->era->fenced);
    assay_sim_world_kill(w, AWAY);
    cr_assert(assay_sim_world_run(w, 10));
    assay_sim_world_restart(w, AWAY);
    is_one_of_them(w, SIGNS);
    cr_expect_not(w->nodes[AWAY].engine->era->fenced, "nor after a restart");
    free(d);
    assay_sim_world_destroy(&w);
}

static enum assay_status answering(struct assay_sim_world *w)
{
    struct document *d = calloc(1, sizeof *d);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_era_encode_answering(&out);
    d->len = out.len;
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, d) == ASSAY_OK, false, "from a peer");
    const enum assay_status status = hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d);
    free(d);
    return status;
}

/* By the operators of the genesis and the one that was added: those in force. */
static struct document *make_release(const struct assay_sim_world *w,
                                     const uint8_t fence[static 32], bool in_force)
{
    struct document *d = calloc(1, sizeof *d);
    struct signers *s = calloc(1, sizeof *s);
    struct assay_release terms = { .era = 0 };
    uint8_t body[512];
    assay_bytes_copy(terms.chain_id, 32, w->genesis->chain_id, 32);
    assay_bytes_copy(terms.fence_digest, 32, fence, 32);
    assay_bytes_copy(terms.operators_digest, 32, state_of(w, 0)->operators_digest, 32);
    struct assay_writer b = assay_writer_over(body, sizeof body);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    cr_assert_eq(assay_release_body_encode(&terms, &b), ASSAY_OK);
    assay_sha256(body, b.len, d->digest);
    sign_all(w, in_force, d->digest, s);
    cr_assert_eq(assay_release_encode(assay_slice_over(body, b.len), (const uint8_t(*)[32])s->ids,
                                      (const uint8_t(*)[64])s->signatures, s->count, &out),
                 ASSAY_OK);
    d->len = out.len;
    free(s);
    return d;
}

/* docs/protocol.md 9.12.2, 9.12.3: an answer is out, so a vote behind it would go unnoticed. */
Test(era_attacks, who_has_answered_signs_again_when_operators_release_it, .timeout = 600)
{
    struct assay_sim_world *w = behind(5, false);
    struct document *fence = make_fence(w);
    cr_expect_eq(answering(w), ASSAY_E_EARLY, "there is no fence");
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_OK);
    cr_assert_eq(answering(w), ASSAY_OK);
    is_one_of_them(w, SIGNS_NOTHING);
    cr_expect(w->nodes[AWAY].engine->era->fenced);
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
    is_one_of_them(w, SIGNS_NOTHING);
    struct document *release = make_release(w, fence->digest, false);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_E_SIGNATURE,
                 "by those who were replaced");
    free(release);
    release = make_release(w, w->genesis->chain_id, true);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_E_INVALID, "of another");
    free(release);
    release = make_release(w, fence->digest, true);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_OK);
    is_one_of_them(w, SIGNS);
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
    is_one_of_them(w, SIGNS);
    free(release);
    free(fence);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.6.4: the operators of the genesis signed a fence, were replaced, and are in
 * force again. What they signed then is of nobody in force, whoever kept it. */
Test(era_attacks, a_fence_of_before_binds_nobody_when_its_operators_come_back, .timeout = 600)
{
    struct assay_sim_world *w = start(45, 4);
    struct document *fence = make_fence(w);
    uint64_t now = assay_sim_world_epoch(w, 1);
    decide_operators(w, 1, now + 3);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 6, 80000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(hand(w, 1, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_E_STRANGER);
    now = assay_sim_world_epoch(w, 1);
    decide_operators_back(w, 2, now + 3);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 6, 80000), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < NODES; i++) {
        cr_assert_eq(w->nodes[i].engine->genesis->operator_count, w->genesis->operator_count);
        cr_expect_eq(hand(w, i, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_E_STRANGER, "node %u", i);
        cr_expect_not(w->nodes[i].engine->era->fenced, "node %u", i);
    }
    struct document *anew = make_fence_by(w, false, state_of(w, 0)->operators_digest);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_FENCE, anew), ASSAY_OK, "one that they sign today");
    free(anew);
    free(fence);
    assay_sim_world_destroy(&w);
}

static void ask_for_answer(struct assay_sim_world *w, uint32_t node)
{
    struct document *d = calloc(1, sizeof *d);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_era_encode_answering(&out);
    d->len = out.len;
    cr_assert_eq(hand(w, node, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    free(d);
}

/* docs/protocol.md 9.12.4: the network went on, so the operators have changed their minds. Nobody
 * who kept the fence halts it later, and who has it and was not asked signs again. */
Test(era_attacks, a_fence_is_over_behind_its_last_epoch, .timeout = 600)
{
    struct assay_sim_world *w = start(46, 4);
    const uint32_t apart[NODES] = { [5] = 1, [6] = 2 };
    const uint64_t last = assay_sim_world_epoch(w, 0) + 2;
    struct document *d = make_fence_until(w, false, w->genesis->operators_digest, last);
    assay_sim_world_partition(w, apart); /* who is fenced tells nobody else */
    cr_assert_eq(hand(w, 5, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    cr_assert_eq(hand(w, 6, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    ask_for_answer(w, 6);
    const size_t five = w->nodes[5].signed_count, six = w->nodes[6].signed_count;
    cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_epoch(w, 0), last);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_FENCE, d), ASSAY_E_STALE, "nor from a peer");
    cr_expect_eq(hand(w, 0, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d), ASSAY_E_STALE);
    cr_expect(w->nodes[5].engine->era->fenced, "it is behind, and knows no better");
    cr_expect_eq(w->nodes[5].signed_count, five);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    for (uint32_t i = 0; i < 6; i++)
        cr_expect_not(w->nodes[i].engine->era->fenced, "node %u", i);
    cr_expect_gt(w->nodes[5].signed_count, five, "it signs again");
    cr_expect(w->nodes[6].engine->era->fenced, "operators have its answer");
    for (uint32_t i = 5; i < NODES; i++)
        assay_sim_world_kill(w, i);
    for (uint32_t i = 5; i < NODES; i++)
        assay_sim_world_restart(w, i);
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_not(w->nodes[5].engine->era->fenced, "nor after a restart");
    cr_expect(w->nodes[6].engine->era->fenced);
    cr_expect_eq(w->nodes[6].signed_count, six);
    free(d);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.12.5: operators have an answer to the first, so the last epoch of a second
 * one, which was never answered, frees nobody: a vote behind the answer would go unnoticed. */
Test(era_attacks, who_has_answered_stays_bound_behind_a_second_fence, .timeout = 600)
{
    struct assay_sim_world *w = start(46, 4);
    const uint32_t apart[NODES] = { [6] = 1 };
    const uint8_t *operators = w->genesis->operators_digest;
    const uint64_t last = assay_sim_world_epoch(w, 0) + 2;
    struct document *first = make_fence(w), *second = make_fence_until(w, false, operators, last);
    assay_sim_world_partition(w, apart);
    cr_assert_eq(hand(w, 6, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, first), ASSAY_OK);
    ask_for_answer(w, 6);
    cr_assert_eq(hand(w, 6, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, second), ASSAY_OK);
    const size_t before = w->nodes[6].signed_count;
    cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_epoch(w, 6), last);
    cr_expect(w->nodes[6].engine->era->fenced);
    assay_sim_world_kill(w, 6);
    assay_sim_world_restart(w, 6);
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect(w->nodes[6].engine->era->fenced, "nor a restart");
    cr_expect_eq(w->nodes[6].signed_count, before);
    free(second);
    free(first);
    assay_sim_world_destroy(&w);
}

/* A RELEASE is of one fence: another one by the operators in force holds, in the same epoch too. */
Test(era_attacks, a_fence_that_follows_a_release_in_its_epoch_holds, .timeout = 600)
{
    struct assay_sim_world *w = behind(5, false);
    struct document *fence = make_fence(w);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, fence), ASSAY_OK);
    cr_assert_eq(answering(w), ASSAY_OK);
    is_one_of_them(w, SIGNS_NOTHING);
    struct document *release = make_release(w, fence->digest, true);
    struct document *second = make_fence_by(w, true, state_of(w, 0)->operators_digest);
    const struct assay_era_state *ending = w->nodes[AWAY].engine->era;
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, release), ASSAY_OK);
    cr_assert(ending->fenced && ending->released);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, second), ASSAY_OK);
    cr_expect(ending->fenced && !ending->released && !ending->answered);
    cr_expect_arr_eq(ending->fence_digest, second->digest, 32);
    cr_expect_eq(answering(w), ASSAY_OK, "the second one can be answered");
    const size_t before = w->nodes[AWAY].signed_count;
    cr_assert(assay_sim_world_run(w, 4 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect(w->nodes[AWAY].engine->era->fenced, "nor does the epoch end it");
    cr_expect_eq(w->nodes[AWAY].signed_count, before);
    free(second);
    free(release);
    free(fence);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.16.3: what was signed long ago, or by keys that were lost since. */
Test(era_attacks, a_head_beyond_the_trusting_period_takes_no_recover_by_itself, .timeout = 600)
{
    struct assay_sim_world *w = start(13, 4);
    struct document *d = forge(w, 0, 0, 3);
    uint64_t *head_time_ms = &w->nodes[0].engine->parts->head.state.head_time_ms;
    const uint64_t own = *head_time_ms;
    *head_time_ms = world_unix_ms(w, 0) - ASSAY_TRUSTING_MS - 1;
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
    cr_expect_eq(hand(w, 0, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_STRANGER);
    *head_time_ms = own;
    answer_fence(w, 0);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 9.16.6: what the chain proves expires by the times of its blocks. */
Test(era_attacks, a_recover_of_a_time_to_come_is_taken_by_nobody, .timeout = 600)
{
    enum { AHEAD_MS = 10 * 60 * 1000 };
    const uint64_t far[] = { AHEAD_MS + 1000, 30ULL * 365 * 86400 * 1000 };
    struct assay_sim_world *w = start(43, 4);
    answer_fence(w, 0);
    for (size_t i = 0; i < 2; i++) {
        struct document *d = forge_at(w, 0, 0, 3, world_unix_ms(w, 0) + far[i]);
        cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        cr_expect_neq(assay_sim_world_accept(w, 0, d->bytes, d->len), ASSAY_OK,
                      "nor where it is accepted");
        cr_expect_eq(state_of(w, 0)->era, 0);
        free(d);
    }
    struct document *d = forge_at(w, 0, 0, 3, world_unix_ms(w, 0) + AHEAD_MS - 1000);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* --- beyond the bounds: not prevented, but reported on both sides (docs/protocol.md 9.16.4) */

static size_t alarms(const struct assay_sim_world *w, uint32_t node)
{
    return assay_sim_world_notes(w, node, ASSAY_NOTE_ERA_FORKED, ASSAY_SLOT_ALL);
}

/* S5: every operator signs two RECOVERs, each half of the network takes another. */
Test(era_attacks, two_recovers_of_one_era_are_reported_on_both_sides, .timeout = 600)
{
    struct assay_sim_world *w = start(7, 4);
    const uint32_t halves[NODES] = { 0, 0, 0, 1, 1, 1, 1 };
    assay_sim_world_partition(w, halves);
    run_forked(w, 4);
    struct document *a = forge(w, 0, 0, 3), *b = forge(w, 3, 3, 4);
    for (uint32_t i = 0; i < NODES; i++)
        answer_fence(w, i);
    for (uint32_t i = 0; i < NODES; i++)
        (void)hand(w, i, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, i < 3 ? a : b);
    run_forked(w, 4);
    for (uint32_t i = 0; i < NODES; i++) {
        cr_expect_eq(state_of(w, i)->era, 1, "node %u", i);
        cr_expect_eq(alarms(w, i), 0, "node %u: there is nobody of the others", i);
    }
    assay_sim_world_partition(w, NULL);
    run_forked(w, 2);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(alarms(w, i), i < 3 ? 4 : 3, "node %u", i);
    free(a);
    free(b);
    assay_sim_world_destroy(&w);
}

/* One operator accepts a RECOVER manually, and the others never stopped. */
Test(era_attacks, an_era_beside_one_that_goes_on_is_reported_on_both_sides, .timeout = 600)
{
    struct assay_sim_world *w = start(9, 4);
    const uint32_t alone[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, alone);
    struct document *d = forge(w, AWAY, 0, 0);
    cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
    run_forked(w, 6);
    cr_assert_eq(state_of(w, AWAY)->era, 1);
    cr_assert_eq(state_of(w, 0)->era, 0);
    cr_expect_eq(alarms(w, AWAY) + alarms(w, 0), 0);
    assay_sim_world_partition(w, NULL);
    run_forked(w, 2);
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(alarms(w, i), i == AWAY ? NODES - 1 : 1, "node %u", i);
    cr_expect_eq(state_of(w, 0)->era, 0, "and nothing is rolled back");
    free(d);
    assay_sim_world_destroy(&w);
}

/* The operator of a store that refused an era starts with an empty one and accepts the RECOVER at
 * once; all peers go on with the old era, and serve what it gave up. */
static void comes_back_empty(struct assay_sim_world *w, const struct document *recover,
                             bool forks)
{
    assay_sim_world_kill(w, AWAY);
    w->nodes[AWAY].wipes = true;
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 0)); /* START, and no message */
    if (recover != NULL)
        cr_assert_eq(assay_sim_world_accept(w, AWAY, recover->bytes, recover->len),
                     ASSAY_E_EARLY);
    if (forks) run_forked(w, 12);
    else cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
}

Test(era_attacks, what_an_operator_gave_up_is_not_taken_from_peers_again, .timeout = 600)
{
    struct assay_sim_world *w = start(13, 4);
    const uint32_t alone[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, alone);
    struct document *d = forge(w, AWAY, 0, 0);
    const uint64_t parent = w->nodes[AWAY].engine->chain->ledger.height;
    cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS));
    assay_sim_world_partition(w, NULL);
    comes_back_empty(w, NULL, false);
    cr_expect_gt(w->nodes[AWAY].engine->chain->ledger.height, parent, "who gave up nothing");
    comes_back_empty(w, d, true);
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    cr_expect_eq(state_of(w, AWAY)->head_height, parent + 1);
    assay_sim_world_kill(w, AWAY); /* it is durable */
    assay_sim_world_restart(w, AWAY);
    run_forked(w, 6);
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    cr_expect_eq(w->nodes[AWAY].engine->chain->ledger.height, parent + 1);
    free(d);
    assay_sim_world_destroy(&w);
}

static uint64_t height_of(const struct assay_sim_world *w, uint32_t node)
{
    return w->nodes[node].engine->chain->ledger.height;
}

static void restart(struct assay_sim_world *w, uint32_t node)
{
    assay_sim_world_kill(w, node);
    assay_sim_world_restart(w, node);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS), "%s", assay_sim_world_violation(w));
}

/* A node that is above a RECOVER refuses its acceptance, and would undo its own final blocks at the
 * next start if that were durable all the same. */
Test(era_attacks, a_refused_acceptance_undoes_nothing_at_the_next_start, .timeout = 600)
{
    struct assay_sim_world *w = start(17, 4);
    struct document *d = forge(w, AWAY, 0, 0);
    const uint64_t parent = height_of(w, AWAY);
    const uint64_t epoch = w->nodes[AWAY].engine->head->context.epoch;
    for (uint32_t i = 0; i < 400 && height_of(w, AWAY) <= parent + 1; i++)
        cr_assert(assay_sim_world_run(w, 2));
    const uint64_t before = height_of(w, AWAY);
    cr_assert_gt(before, parent + 1);
    cr_assert_eq(w->nodes[AWAY].engine->head->context.epoch, epoch, "of the same epoch");
    cr_expect_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_E_STALE);
    const uint32_t alone[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, alone); /* what it has final is in its own store alone */
    restart(w, AWAY);
    cr_expect_geq(height_of(w, AWAY), before);
    cr_expect_neq(hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    cr_expect_eq(state_of(w, AWAY)->era, 0);
    free(d);
    assay_sim_world_destroy(&w);
}

/* Its parent is not on the chain: nothing may wait for it for ever. */
Test(era_attacks, an_acceptance_that_cannot_be_taken_ends, .timeout = 600)
{
    struct assay_sim_world *w = start(19, 4);
    struct document *d = forge_on_another_parent(w, AWAY);
    const uint64_t parent = height_of(w, AWAY);
    cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS));
    comes_back_empty(w, d, false);
    cr_expect_gt(height_of(w, AWAY), parent + 1);
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 1);
    restart(w, AWAY);
    cr_expect(!w->nodes[AWAY].engine->acceptance->held, "nor after a restart");
    free(d);
    assay_sim_world_destroy(&w);
}

/* The last decision of the operator holds, and a withdrawal, over restarts. */
Test(era_attacks, a_later_acceptance_replaces_the_first_and_may_be_withdrawn, .timeout = 600)
{
    struct assay_sim_world *w = start(23, 4);
    const uint32_t alone[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, alone);
    struct document *first = forge(w, AWAY, 0, 0);
    const uint64_t parent = height_of(w, AWAY);
    struct document *second =
        forge_at(w, AWAY, 0, 0, w->nodes[AWAY].engine->chain->ledger.time_ms + 2);
    cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS));
    assay_sim_world_partition(w, NULL);
    assay_sim_world_kill(w, AWAY);
    w->nodes[AWAY].wipes = true;
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 0)); /* START, and no message */
    cr_assert_eq(assay_sim_world_accept(w, AWAY, second->bytes, second->len), ASSAY_E_EARLY);
    cr_assert_eq(assay_sim_world_accept(w, AWAY, first->bytes, first->len), ASSAY_E_EARLY);
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 0));
    cr_expect(assay_acceptance_is_of(w->nodes[AWAY].engine, first->digest));
    cr_expect_eq(assay_sim_world_accept(w, AWAY, NULL, 0), ASSAY_OK);
    restart(w, AWAY);
    cr_expect(!w->nodes[AWAY].engine->acceptance->held);
    cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_gt(height_of(w, AWAY), parent);
    free(first);
    free(second);
    assay_sim_world_destroy(&w);
}
