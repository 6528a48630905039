/*
 * tests/unit/engine/sync/test_lost_log.c - a lost store, and crashes before its node is back.
 *
 * docs/protocol.md 2.7.3.1: what must hold is that no key set signs twice, wherever the node is
 * killed and however often, and that the member votes again. The checker of the world compares
 * everything that a node ever signed.
 */
#include "base/cbor.h"
#include "engine/parts/engine_internal.h"
#include "engine/store/store_memory.h"
#include "sim/world/world_internal.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>

enum { OWN = 2, NODES = 7, PAST = 14 };

/* How the store is lost. */
enum loss {
    NOTICED_BY_NOBODY, /* the host does not vouch for the keys */
    FIRST_DAY,         /* store and keys folder are those of the first day: the host vouches */
    LOSSES
};

static struct assay_sim_world *world_of(uint64_t seed, uint64_t epochs)
{
    const struct assay_sim_world_options o = { .seed = seed, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    if (epochs > 0)
        cr_assert(assay_sim_world_run_to_epoch(w, epochs, 60000), "%s",
                  assay_sim_world_violation(w));
    return w;
}

static void restart(struct assay_sim_world *w)
{
    assay_sim_world_kill(w, OWN);
    assay_sim_world_restart(w, OWN);
}

static void lose(struct assay_sim_world *w, enum loss loss)
{
    assay_sim_world_kill(w, OWN);
    assay_sim_world_acts(w, OWN)->loses_store = loss == NOTICED_BY_NOBODY;
    w->nodes[OWN].first_day = loss == FIRST_DAY;
    assay_sim_world_restart(w, OWN);
}

static void run(struct assay_sim_world *w, uint64_t ms)
{
    cr_assert(assay_sim_world_run(w, ms), "%s", assay_sim_world_violation(w));
}

/* Stops once the node has closed that epoch. Returns: whether it has. */
static bool run_to_head(struct assay_sim_world *w, uint64_t epoch)
{
    for (unsigned ms = 0; ms < 4000; ms++) {
        const struct assay_engine *e = w->nodes[OWN].engine;
        if (e->start_state->started && e->head->state.epoch >= epoch) return true;
        run(w, 1);
    }
    return false;
}

static enum assay_log_state log_of(const struct assay_sim_world *w)
{
    return w->nodes[OWN].engine->start_state->log;
}

/* It votes, and nothing of it was proven. incarnation: listed in the end. */
static void comes_back(struct assay_sim_world **world, uint32_t incarnation)
{
    struct assay_sim_world *w = *world;
    struct assay_engine_snapshot v;
    struct assay_member_snapshot m;
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 0) + 6, 60000), "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
    assay_engine_snapshot(assay_sim_world_engine(w, OWN), &v);
    assay_sim_world_member(w, 0, OWN, &m);
    cr_expect(v.voting);
    cr_expect_eq(m.incarnation, incarnation);
    cr_expect_eq(m.trust.integrity_bp, 10000);
    for (uint32_t node = 0; node < NODES; node++)
        cr_expect_eq(assay_sim_world_notes(w, node, ASSAY_NOTE_OFFENCE_PROVEN, OWN), 0);
    assay_sim_world_destroy(world);
}

Test(lost_log, a_second_restart_while_it_catches_up_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        for (uint64_t seed = 1; seed <= 2; seed++) {
            for (uint64_t at = 1; at <= PAST; at += 3) {
                struct assay_sim_world *w = world_of(seed, PAST);
                lose(w, loss);
                cr_assert(run_to_head(w, at));
                restart(w);
                comes_back(&w, 2);
            }
        }
    }
}

/* Killed after each of its first writes, so that a crash lies between any two of them. */
Test(lost_log, a_crash_after_any_write_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        for (uint64_t writes = 0; writes < 40; writes += 1 + writes / 8) {
            struct assay_sim_world *w = world_of(7, PAST);
            run(w, 150); /* into an epoch in which it has signed */
            lose(w, loss);
            const struct assay_store *store = w->nodes[OWN].store;
            const uint64_t before = assay_store_memory_commits(store);
            for (unsigned ms = 0; ms < 400 && assay_store_memory_commits(store) < before + writes;
                 ms++)
                run(w, 1);
            restart(w);
            comes_back(&w, 2);
        }
    }
}

/* Killed again and again, before it is back from the loss. */
Test(lost_log, a_node_that_is_killed_many_times_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        for (uint64_t ms = 3; ms < 60; ms += 16) {
            struct assay_sim_world *w = world_of(9, PAST);
            run(w, 90);
            lose(w, loss);
            for (unsigned i = 0; i < 24; i++) {
                run(w, ms);
                restart(w);
            }
            comes_back(&w, 2);
        }
    }
}

Test(lost_log, a_store_that_is_lost_while_it_catches_up_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES * LOSSES; loss++) {
        for (uint64_t at = 1; at <= PAST; at += 6) {
            struct assay_sim_world *w = world_of(11, PAST);
            lose(w, loss % LOSSES);
            cr_assert(run_to_head(w, at));
            lose(w, loss / LOSSES);
            run(w, 5);
            restart(w);
            comes_back(&w, 2);
        }
    }
}

/* In the epoch in which its keys signed first: the ledger has nothing of them, the peers do. */
Test(lost_log, a_second_restart_in_the_first_epoch_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        for (uint64_t ms = 2; ms < 400; ms += 80) {
            for (uint64_t later = 1; later < 40; later += 19) {
                struct assay_sim_world *w = world_of(13, 0);
                run(w, ms);
                lose(w, loss);
                run(w, later);
                restart(w);
                run(w, later);
                restart(w);
                run(w, 4000);
                struct assay_member_snapshot m;
                assay_sim_world_member(w, 0, OWN, &m);
                cr_expect_eq(m.trust.integrity_bp, 10000, "after %d and %d ms", (int)ms,
                             (int)later);
                cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_OFFENCE_PROVEN, OWN), 0);
                assay_sim_world_destroy(&w);
            }
        }
    }
}

/* Too few are left for the epoch to end: what its peers have of it is all that there is to see. */
Test(lost_log, what_peers_have_of_the_first_epoch_finishes_the_keys)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        struct assay_sim_world *w = world_of(13, 0);
        while (!w->nodes[OWN].engine->epoch_state->envelope_made)
            run(w, 1);
        run(w, 30);
        for (uint32_t node = 4; node < NODES; node++)
            assay_sim_world_kill(w, node);
        lose(w, loss);
        run(w, 1200);
        const struct assay_engine *e = w->nodes[OWN].engine;
        cr_expect_eq(e->head->context.epoch, 1);
        cr_expect(e->start_state->voted_on, "three peers have answered");
        cr_expect_not(e->key_state->listed, "loss %u: other keys wait to be listed", loss);
        assay_sim_world_destroy(&w);
    }
}

/* On its way to the head members change: from there on another engine continues. */
Test(lost_log, another_engine_on_the_way_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            for (unsigned killed = 0; killed < 2; killed++) {
                struct assay_sim_world *w = world_of(seed, 4);
                struct assay_action action = { .kind = ASSAY_ACTION_REST };
                assay_bytes_copy(action.node_id, 32, w->nodes[NODES - 1].node_id, 32);
                decide(w, 1, 8, &action);
                cr_assert(assay_sim_world_run_to_epoch(w, PAST, 60000));
                run(w, 90);
                lose(w, loss);
                cr_assert(run_to_head(w, 8 + seed % 3));
                if (killed) restart(w);
                comes_back(&w, 2);
            }
        }
    }
}

/* Nothing is left to fetch but a state, and it is killed before or after it has that. */
Test(lost_log, a_second_restart_around_a_fast_sync_signs_nothing_twice, .timeout = 600)
{
    for (unsigned loss = 0; loss < LOSSES; loss++) {
        for (uint64_t ms = 1; ms < 240; ms += 60) {
            struct assay_sim_world *w = world_of(15, 72);
            for (uint32_t node = 0; node < NODES; node++) {
                struct assay_store *store = w->nodes[node].store;
                if (node == OWN) continue;
                cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, 70), ASSAY_OK);
                cr_assert_eq(assay_store_commit(store), ASSAY_OK);
            }
            lose(w, loss);
            run(w, ms);
            restart(w);
            comes_back(&w, 2);
        }
    }
}

/* A snapshot of the machine from when its second key set waited to be listed: an empty store and
 * keys that are bound to each other, and no key in the genesis is one of them. */
Test(lost_log, waiting_keys_of_a_snapshot_sign_nothing_twice, .timeout = 600)
{
    for (unsigned killed = 0; killed < 2; killed++) {
        for (uint64_t ms = 0; ms < 400; ms += 100) {
            struct assay_sim_world *w = world_of(17, 6);
            struct world_node *n = &w->nodes[OWN];
            assay_sim_world_kill(w, OWN);
            n->wipes = true;
            assay_sim_world_restart(w, OWN);
            world_node_image(w, OWN, 0);
            n->image_count = 1;
            cr_assert(assay_sim_world_run_to_epoch(w, 14, 60000));
            cr_assert(n->engine->key_state->listed);
            cr_assert_eq(n->engine->key_state->keys.incarnation, 2);
            run(w, ms);
            n->rolls_back = true;
            n->rolls_back_epochs = 0;
            n->images[0].epoch = 0;
            restart(w);
            if (killed) {
                cr_assert(run_to_head(w, 9));
                restart(w);
            }
            comes_back(&w, 3);
        }
    }
}

/* docs/compatibility.md 3: a build before this note neither reads nor ends it. What such a build
 * signed meanwhile is no log to this one: the keys are finished, and nothing is signed twice. */
Test(lost_log, keys_that_a_build_before_the_note_used_are_finished, .timeout = 600)
{
    cr_assert_geq((int)ASSAY_META_LOG, (int)ASSAY_META_HOST_MIN, "no log to a build before it");
    struct assay_sim_world *w = world_of(19, PAST);
    const struct assay_store_key key = { .number = ASSAY_META_LOG };
    uint8_t bytes[ASSAY_LOG_NOTE_LEN_MAX];
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&out, 3);
    assay_cbor_put_bytes(&out, w->nodes[OWN].keys.voting_public, 64);
    assay_cbor_put_uint(&out, ASSAY_LOG_UNPROVEN);
    assay_cbor_put_uint(&out, 0);
    assay_sim_world_kill(w, OWN);
    struct assay_store *store = w->nodes[OWN].store;
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(bytes, out.len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_sim_world_restart(w, OWN);
    run(w, 1);
    cr_expect_eq(log_of(w), ASSAY_LOG_FINISHED);
    comes_back(&w, 2);
}

/* The reverse: a first start is no loss, also if it is interrupted, and costs no keys. */
Test(lost_log, a_first_start_that_is_interrupted_keeps_its_keys, .timeout = 600)
{
    for (uint64_t ms = 1; ms < 1200; ms += 111) {
        struct assay_sim_world *w = world_of(21, 0);
        run(w, ms);
        restart(w);
        run(w, 7);
        restart(w);
        comes_back(&w, 1);
    }
}

Test(lost_log, a_node_that_is_back_has_closed_its_note, .timeout = 600)
{
    struct assay_sim_world *w = world_of(23, 3);
    cr_expect_eq(log_of(w), ASSAY_LOG_KNOWN);
    restart(w);
    run(w, 1);
    cr_expect_eq(log_of(w), ASSAY_LOG_KNOWN);
    cr_expect(w->nodes[OWN].engine->start_state->voted_on, "a log asks nobody first");
    lose(w, NOTICED_BY_NOBODY);
    run(w, 1);
    cr_expect_eq(log_of(w), ASSAY_LOG_LOST);
    assay_sim_world_destroy(&w);
}

/* A note that cannot be read, or of a later build, is no reason to sign. */
Test(lost_log, a_note_that_cannot_be_read_ends_the_start)
{
    struct assay_sim_world *w = world_of(25, 2);
    const struct assay_store_key key = { .number = ASSAY_META_LOG };
    for (unsigned bad = 0; bad < 4; bad++) {
        uint8_t bytes[ASSAY_LOG_NOTE_LEN_MAX];
        struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
        assay_cbor_put_array(&out, bad == 0 ? 2 : 3);
        assay_cbor_put_bytes(&out, w->nodes[OWN].keys.voting_public, bad == 1 ? 63 : 64);
        assay_cbor_put_uint(&out, bad == 2 ? ASSAY_LOG_KNOWN + 1 : ASSAY_LOG_KNOWN);
        assay_cbor_put_uint(&out, 0);
        if (bad == 3) out.len--;
        assay_sim_world_kill(w, OWN);
        struct assay_store *store = w->nodes[OWN].store;
        cr_assert_eq(
            assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(bytes, out.len)),
            ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        w->nodes[OWN].faulty_store = true; /* the world's operator starts from an empty disk then */
        assay_sim_world_restart(w, OWN);
        cr_expect_eq(assay_store_memory_count(w->nodes[OWN].store, ASSAY_STORE_STATE), 0, "%u",
                     bad);
        run(w, 50);
    }
    assay_sim_world_destroy(&w);
}
