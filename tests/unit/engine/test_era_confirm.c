/*
 * tests/unit/engine/test_era_confirm.c - which RECOVER a node that is behind takes: one that the
 * living confirm to it, by signatures that nobody can store, relay or make up (docs/protocol.md
 * 9.16.5, 9.16.7, 9.17.1).
 */
#include "tests/unit/engine/era_bench.h"

#include "base/cbor.h"
#include "engine/store/store_memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* docs/protocol.md 9.16.5: the answers of more than a third are genuine, and were given to a fence
 * that was released while this node was away. Its operators sign a RECOVER on them today. */
Test(era_confirm, stored_answers_begin_no_era_on_a_node_that_is_behind, .timeout = 600)
{
    for (uint32_t liars = 3; liars <= 5; liars++) {
        struct assay_sim_world *w = behind(20 + liars, false);
        struct document *d = forge(w, AWAY, 0, liars);
        cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        cr_expect_eq(hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        say_began(w, 0, d, 2); /* a third of the weight at most */
        cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS));
        cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL),
                     1);
        is_one_of_them(w, SIGNS);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVERED, ASSAY_SLOT_ALL), 0);
        free(d);
        assay_sim_world_destroy(&w);
    }
}

/* One thing of the epoch at which AWAY stands, under the era that the RECOVER ends. */
static size_t stored(const struct assay_sim_world *w, uint32_t node, enum assay_store_class class_,
                     uint64_t epoch, uint8_t *out, size_t capacity)
{
    const struct assay_store_key key = { .epoch = epoch };
    size_t len = 0;
    const enum assay_status status =
        assay_store_get(w->nodes[node].store, class_, &key, out, capacity, &len);
    return status == ASSAY_OK ? len : 0;
}

/* Every peer of AWAY has nothing of its epoch but this RECOVER with the boundary that it makes. */
static void plant_end(struct assay_sim_world *w, uint64_t epoch, struct assay_slice boundary,
                      const struct document *recover)
{
    const struct assay_store_key key = { .epoch = epoch };
    for (uint32_t node = 0; node < AWAY; node++) {
        struct assay_store *store = w->nodes[node].store;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, epoch + 1), ASSAY_OK);
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_BOUNDARY, &key, boundary), ASSAY_OK);
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_FINALITY, &key,
                                     assay_slice_over(recover->bytes, recover->len)),
                     ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
}

/* docs/protocol.md 9.17.1: the same over boundaries, from peers that give nothing else. */
Test(era_confirm, a_leap_over_stored_answers_waits_for_the_living, .timeout = 600)
{
    enum { BOUNDARY_LEN = 256 * 1024 };
    uint8_t *boundary = malloc(BOUNDARY_LEN), *found = malloc(ASSAY_RECOVER_LEN_MAX);
    for (uint32_t takers = 2; takers <= 3; takers++) {
        struct assay_sim_world *w = behind(41, false);
        struct document *d = forge(w, AWAY, 0, 3);
        const uint64_t epoch = w->nodes[AWAY].engine->head->context.epoch;
        /* The boundary is what a node makes that took it; the same node again, from before. */
        cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
        const size_t len = stored(w, AWAY, ASSAY_STORE_BOUNDARY, epoch, boundary, BOUNDARY_LEN);
        cr_assert_gt(len, 0);
        assay_sim_world_destroy(&w);
        w = behind(41, false);
        plant_end(w, epoch, assay_slice_over(boundary, len), d);
        struct assay_fast_sync *leap = &w->nodes[AWAY].engine->parts->fast_sync;
        leap->starved = true; /* as where nobody has the next blocks */
        assay_sim_world_partition(w, NULL);
        run_forked(w, 8);
        cr_expect_eq(leap->phase, ASSAY_FAST_SYNC_BOUNDARIES);
        cr_expect(leap->unconfirmed);
        cr_expect_eq(stored(w, AWAY, ASSAY_STORE_FINALITY, epoch, found, ASSAY_RECOVER_LEN_MAX), 0,
                     "nothing of it is kept");
        cr_expect_eq(leap->era, 0);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL),
                     1);
        say_began(w, 0, d, takers);
        run_forked(w, 8);
        cr_expect_eq(stored(w, AWAY, ASSAY_STORE_FINALITY, epoch, found, ASSAY_RECOVER_LEN_MAX) > 0,
                     takers == 3, "%u of seven took it", takers);
        free(d);
        assay_sim_world_destroy(&w);
    }
    free(found);
    free(boundary);
}

/* What is obeyed now counts, not what was obeyed when the answers were verified. */
Test(era_confirm, who_answers_its_fence_later_waits_for_nobody, .timeout = 600)
{
    struct assay_sim_world *w = start(17, 4);
    struct document *d = forge(w, 0, 0, 3);
    cr_assert_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    answer_fence(w, 0);
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

static void restart(struct assay_sim_world *w, uint32_t node)
{
    assay_sim_world_kill(w, node);
    assay_sim_world_restart(w, node);
    cr_assert(assay_sim_world_run(w, 10));
}

static void ask_it(struct assay_sim_world *w)
{
    struct document *d = calloc(1, sizeof *d);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_era_encode_answering(&out);
    d->len = out.len;
    cr_assert_eq(hand(w, 0, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    free(d);
}

/* docs/protocol.md 9.12.5: grounds of a fence that this node never answered need others' word, and
 * no answer leaves before the answer to that fence is durable. */
Test(era_confirm, a_second_fence_is_not_answered_before_its_answer, .timeout = 600)
{
    struct assay_sim_world *w = start(17, 4);
    const uint8_t *operators = w->genesis->operators_digest;
    struct document *first = make_fence_until(w, false, operators, 90000), *second = make_fence(w);
    struct document *d = forge(w, 0, 0, 3);
    struct assay_answer_body *body = calloc(1, sizeof *body);
    struct assay_era_snapshot ending;
    cr_assert_eq(hand(w, 0, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, first), ASSAY_OK);
    ask_it(w);
    cr_assert_eq(assay_engine_answer(w->nodes[0].engine, body), ASSAY_OK);
    cr_assert_eq(hand(w, 0, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, second), ASSAY_OK);
    for (unsigned restarted = 0; restarted < 2; restarted++) {
        cr_expect_eq(assay_engine_answer(w->nodes[0].engine, body), ASSAY_E_EARLY);
        assay_engine_era(w->nodes[0].engine, &ending);
        cr_expect(ending.fenced && !ending.answered);
        cr_expect_arr_eq(ending.fence_digest, second->digest, 32);
        if (restarted == 1) break;
        restart(w, 0);
    }
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    ask_it(w);
    cr_assert_eq(assay_engine_answer(w->nodes[0].engine, body), ASSAY_OK);
    cr_expect_arr_eq(body->fence_digest, second->digest, 32);
    restart(w, 0);
    assay_engine_era(w->nodes[0].engine, &ending);
    cr_expect(ending.fenced && ending.answered, "it is durable");
    cr_expect_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(body);
    free(d);
    free(second);
    free(first);
    assay_sim_world_destroy(&w);
}

/* One peer gives it as the proof of the epoch; the others have the blocks. */
Test(era_confirm, a_stale_recover_keeps_nobody_from_catching_up, .timeout = 600)
{
    struct assay_sim_world *w = behind(23, false);
    struct document *d = forge(w, AWAY, 0, 3);
    struct assay_store *store = w->nodes[0].store;
    const struct assay_store_key key = { .epoch = w->nodes[AWAY].engine->head->context.epoch };
    cr_assert_eq(
        assay_store_put(store, ASSAY_STORE_FINALITY, &key, assay_slice_over(d->bytes, d->len)),
        ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_sim_world_partition(w, NULL);
    cr_assert(assay_sim_world_run(w, 20 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_leq(state_of(w, 1)->epoch, state_of(w, AWAY)->epoch + 1);
    free(d);
    assay_sim_world_destroy(&w);
}

/* More than a third, over links of their own, are believed; one that says it often counts once. */
Test(era_confirm, a_recover_that_others_took_is_taken, .timeout = 600)
{
    struct assay_sim_world *w = behind(31, false);
    struct document *d = forge(w, AWAY, 0, 3);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    for (uint32_t i = 0; i < 9; i++)
        say_began(w, 1, d, 1);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    say_began(w, 0, d, 3);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* What a member says of itself without a signature raises an alarm at most (9.16.4). */
static void say_unsigned(struct assay_sim_world *w, const struct document *recover)
{
    struct assay_recover r;
    struct document *d = calloc(1, sizeof *d);
    cr_assert_eq(assay_recover_decode(assay_slice_over(recover->bytes, recover->len), &r),
                 ASSAY_OK);
    struct assay_writer out = assay_writer_over(d->bytes, sizeof d->bytes);
    assay_cbor_put_array(&out, 5);
    assay_cbor_put_text(&out, "assay/began/v1");
    assay_cbor_put_bytes(&out, w->genesis->chain_id, 32);
    assay_cbor_put_uint(&out, r.header.era);
    assay_cbor_put_bytes(&out, r.id, 32);
    assay_cbor_put_uint(&out, r.header.height);
    d->len = out.len;
    for (uint32_t i = 0; i < AWAY; i++)
        cr_expect_eq(hand(w, AWAY, (uint16_t)i, ASSAY_MESSAGE_FENCE, d), ASSAY_OK);
    free(d);
}

/* The ways in which something else could be taken for a CONFIRM of this member to this node now. */
enum twist {
    TWIST_NONE,
    TWIST_ASKER,    /* it was given to another node, and relayed */
    TWIST_MEMBER,   /* another member's, over this link */
    TWIST_SIGNER,   /* in its name, by a key of another */
    TWIST_SPOILT,   /* nobody signed it */
    TWIST_ERA,      /* of another era */
    TWIST_ROUND,    /* of three rounds ago */
    TWIST_ENGINE,   /* of the engine before this one */
    TWISTS
};

/* before: the secret of the engine before this one. Returns: what AWAY answers to it. */
static enum assay_status confirm_twisted(struct assay_sim_world *w, uint32_t member,
                                         const struct document *recover, enum twist twist,
                                         const uint8_t before[static 32])
{
    struct confirming c = confirming_of(w, member, AWAY, recover);
    const struct assay_engine *e = w->nodes[AWAY].engine;
    const uint32_t other = (member + 1) % AWAY;
    const uint8_t *others_id = state_of(w, AWAY)->members[other].node_id;
    if (twist == TWIST_ASKER) assay_bytes_copy(c.asker, 32, others_id, 32);
    if (twist == TWIST_MEMBER) c.from = (uint16_t)other;
    if (twist == TWIST_SIGNER) c.signer = other;
    if (twist == TWIST_SPOILT) c.spoilt = true;
    if (twist == TWIST_ERA) c.era++;
    if (twist == TWIST_ROUND) assay_confirmations_nonce(e, e->confirmations->round - 3, c.nonce);
    if (twist == TWIST_ENGINE) {
        uint8_t *secret = w->nodes[AWAY].engine->parts->confirmations.secret, own[32];
        assay_bytes_copy(own, 32, secret, 32);
        assay_bytes_copy(secret, 32, before, 32);
        assay_confirmations_nonce(e, e->confirmations->round, c.nonce);
        assay_bytes_copy(secret, 32, own, 32);
    }
    return confirm(w, &c);
}

/* docs/protocol.md 9.16.5: signed by this member, for this node, its question and this era. */
Test(era_confirm, what_was_signed_for_others_or_before_confirms_nothing, .timeout = 600)
{
    struct assay_sim_world *w = behind(36, false);
    struct document *d = forge(w, AWAY, 0, 3);
    uint8_t before[32];
    assay_bytes_copy(before, 32, w->nodes[AWAY].engine->confirmations->secret, 32);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    cr_assert_eq(w->nodes[AWAY].engine->confirmations->round, 1, "members are asked at once");
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 5));
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    cr_assert(assay_sim_world_run(w, 3 * EPOCH_MS));
    cr_assert_gt(w->nodes[AWAY].engine->confirmations->round, 4);
    say_unsigned(w, d);
    for (enum twist twist = TWIST_ASKER; twist < TWISTS; twist++) {
        const bool forged = twist == TWIST_SIGNER || twist == TWIST_SPOILT;
        for (uint32_t member = 0; member < AWAY; member++)
            cr_expect_eq(confirm_twisted(w, member, d, twist, before),
                         forged ? ASSAY_E_INVALID : ASSAY_E_STALE, "twist %d of %u", (int)twist,
                         member);
        cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN, "twist %d",
                     (int)twist);
    }
    for (uint32_t member = 0; member < 3; member++)
        cr_expect_eq(confirm_twisted(w, member, d, TWIST_NONE, before), ASSAY_OK);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_OK);
    free(d);
    assay_sim_world_destroy(&w);
}

/* No byte of it is without meaning, and no part of it is one. */
Test(era_confirm, a_confirm_that_is_cut_or_changed_says_nothing, .timeout = 600)
{
    struct assay_sim_world *w = behind(38, false);
    struct document *d = forge(w, AWAY, 0, 3);
    cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    const struct confirming c = confirming_of(w, 2, AWAY, d);
    struct document *whole = make_confirm(w, &c);
    const size_t len = whole->len;
    for (size_t i = 0; i < len; i++) {
        whole->len = i;
        cr_expect_neq(hand(w, AWAY, 2, ASSAY_MESSAGE_FENCE, whole), ASSAY_OK, "%zu bytes", i);
        whole->len = len;
        whole->bytes[i] ^= 0x10;
        cr_expect_neq(hand(w, AWAY, 2, ASSAY_MESSAGE_FENCE, whole), ASSAY_OK, "byte %zu", i);
        whole->bytes[i] ^= 0x10;
    }
    whole->len = len + 1;
    cr_expect_neq(hand(w, AWAY, 2, ASSAY_MESSAGE_FENCE, whole), ASSAY_OK);
    const uint8_t *own = state_of(w, AWAY)->members[2].node_id;
    cr_expect_not(assay_confirmations_has(w->nodes[AWAY].engine, 2, own, c.id));
    whole->len = len;
    cr_expect_eq(hand(w, AWAY, 2, ASSAY_MESSAGE_FENCE, whole), ASSAY_OK);
    cr_expect(assay_confirmations_has(w->nodes[AWAY].engine, 2, own, c.id));
    cr_expect_eq(hand(w, AWAY, ASSAY_SLOT_SELF, ASSAY_MESSAGE_FENCE, whole), ASSAY_E_STRANGER,
                 "nobody says it to itself");
    free(whole);
    free(d);
    assay_sim_world_destroy(&w);
}

/* Who took it answers whoever asks, with a signature for that one, and not too often. */
Test(era_confirm, who_took_a_recover_signs_it_for_whoever_asks, .timeout = 600)
{
    struct assay_sim_world *w = behind(37, false);
    struct document *d = forge(w, AWAY, 0, 3), *ask = calloc(1, sizeof *ask);
    const uint32_t together[NODES] = { [0] = 1, [AWAY] = 1 };
    cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
    const struct assay_engine *e = w->nodes[AWAY].engine;
    cr_assert_eq(e->head->state.era, 1);
    struct assay_writer out = assay_writer_over(ask->bytes, sizeof ask->bytes);
    assay_cbor_put_array(&out, 4);
    assay_cbor_put_text(&out, "assay/confirm-ask/v1");
    assay_cbor_put_bytes(&out, w->genesis->chain_id, 32);
    assay_cbor_put_uint(&out, 1);
    assay_confirmations_nonce(w->nodes[0].engine, 1, ask->bytes + 512);
    assay_cbor_put_bytes(&out, ask->bytes + 512, 32);
    ask->len = out.len;
    /* Node 0 has asked: its engine would take the answer as that of the round. */
    w->nodes[0].engine->parts->confirmations.round = 1;
    assay_sim_world_partition(w, together);
    run_forked(w, 1);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, ask), ASSAY_OK);
    const uint64_t told_ms = e->confirmations->answered_ms[0];
    cr_expect_gt(told_ms, 0);
    for (uint32_t i = 0; i < 8; i++) {
        cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_FENCE, ask), ASSAY_OK);
        (void)assay_sim_world_run(w, 1);
    }
    cr_expect_eq(e->confirmations->answered_ms[0], told_ms,
                 "a signature for each would cost too much");
    run_forked(w, 1);
    cr_expect(assay_confirmations_has(w->nodes[0].engine, AWAY,
                                      state_of(w, 0)->members[AWAY].node_id, d->digest),
              "node 0 has it from AWAY itself");
    free(ask);
    free(d);
    assay_sim_world_destroy(&w);
}

/* Two RECOVERs that the operators signed, in turn: neither takes from the other what is said for
 * it, and that one waits is said all the same. */
Test(era_confirm, another_recover_in_between_keeps_nobody_from_taking_one, .timeout = 600)
{
    struct assay_sim_world *w = behind(32, false);
    struct document *taken = forge(w, AWAY, 0, 3), *other = forge(w, AWAY, 0, 4);
    for (uint32_t i = 0; i < 6; i++) {
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, taken), ASSAY_E_AGAIN);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, other), ASSAY_E_AGAIN);
        cr_assert(assay_sim_world_run(w, EPOCH_MS));
    }
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL), 1);
    for (uint32_t i = 0; i < 3; i++) {
        say_began(w, 4, other, 2); /* a third at most */
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, other), ASSAY_E_AGAIN);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, taken), ASSAY_E_AGAIN);
        say_began(w, i, other, 1); /* the last word counts */
        say_began(w, i, taken, 1);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, other), ASSAY_E_AGAIN);
    }
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, taken), ASSAY_OK);
    free(other);
    free(taken);
    assay_sim_world_destroy(&w);
}

/* Signatures of hundreds of answers cost more than the message that repeats them. */
Test(era_confirm, what_is_repeated_is_weighed_once, .timeout = 600)
{
    struct assay_sim_world *w = behind(33, false);
    const struct assay_era_state *ending = &w->nodes[AWAY].engine->parts->era;
    struct document *few = forge(w, AWAY, 0, 1), *one = forge(w, AWAY, 0, 3),
                    *two = forge(w, AWAY, 0, 4);
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, few), ASSAY_E_STRANGER);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, one), ASSAY_E_AGAIN);
        cr_assert_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, two), ASSAY_E_AGAIN);
    }
    cr_expect_eq(ending->grounds_next, 3);
    free(few);
    free(one);
    free(two);
    assay_sim_world_destroy(&w);
}

/* The chain goes on where its parent was the head: it can never be taken. */
Test(era_confirm, nobody_waits_for_a_recover_that_the_chain_went_past, .timeout = 600)
{
    struct assay_sim_world *w = start(34, 4);
    struct document *d = forge(w, 0, 0, 3);
    cr_assert_eq(hand(w, 0, 1, ASSAY_MESSAGE_RECOVER, d), ASSAY_E_AGAIN);
    cr_assert(assay_sim_world_run(w, 8 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL), 0);
    free(d);
    assay_sim_world_destroy(&w);
}
