/*
 * tests/unit/engine/test_acceptance.c - a node stores the RECOVER that its operator accepted, and
 * takes it by itself once it is caught up (docs/protocol.md 9.16.9).
 */
#include "tests/unit/engine/era_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* What is stored about the acceptance in the first era. Returns: bytes; 1: it ended; 0: nothing. */
static size_t stored(struct assay_sim_world *w)
{
    static uint8_t value[ASSAY_RECOVER_LEN_MAX];
    const struct assay_store_key key = { .number = ASSAY_META_ACCEPTED };
    size_t len = 0;
    const enum assay_status status =
        assay_store_get(w->nodes[AWAY].store, ASSAY_STORE_META, &key, value, sizeof value, &len);
    return status == ASSAY_OK ? len : 0;
}

/* AWAY is cut off, with a final head at the start of an epoch or in the middle of one. */
static struct assay_sim_world *alone(uint64_t seed, bool middle)
{
    struct assay_sim_world *w = start(seed, 4);
    const struct assay_engine *e = w->nodes[AWAY].engine;
    for (uint32_t i = 0; i < 4 * EPOCH_MS; i++) {
        if ((e->chain->ledger.height > e->head->state.head_height) == middle) break;
        cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
    }
    cr_assert_eq(e->chain->ledger.height > e->head->state.head_height, middle);
    const uint32_t islands[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, islands);
    return w;
}

/* The others go on with the old era. AWAY starts with an empty store, accepts the RECOVER before
 * any message, and restarts: nobody hands it in again. */
static void start_empty(struct assay_sim_world *w, const struct document *recover)
{
    cr_assert(assay_sim_world_run(w, 6 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    assay_sim_world_partition(w, NULL);
    assay_sim_world_kill(w, AWAY);
    w->nodes[AWAY].wipes = true;
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 0));
    cr_assert_eq(assay_sim_world_accept(w, AWAY, recover->bytes, recover->len), ASSAY_E_EARLY);
    cr_assert_eq(stored(w), recover->len);
    assay_sim_world_kill(w, AWAY);
    assay_sim_world_restart(w, AWAY);
}

Test(acceptance, is_taken_where_no_peer_has_the_recover, .timeout = 600)
{
    for (unsigned middle = 0; middle < 2; middle++) {
        struct assay_sim_world *w = alone(61, middle == 1);
        struct document *d = forge(w, AWAY, 0, 0);
        struct assay_recover r;
        cr_assert_eq(assay_recover_decode(assay_slice_over(d->bytes, d->len), &r), ASSAY_OK);
        start_empty(w, d);
        for (uint32_t i = 0; i < 12 && state_of(w, AWAY)->era == 0; i++)
            run_forked(w, 1);
        cr_expect_eq(state_of(w, AWAY)->era, 1, "middle %u", middle);
        cr_expect_eq(state_of(w, AWAY)->head_height, r.header.height);
        cr_expect_eq(state_of(w, 0)->era, 0);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 0);
        cr_expect_eq(stored(w), 1, "it ends with the acceptance");
        for (uint32_t i = 0; i < AWAY; i++) {
            cr_expect_not(assay_limit_is_banned(&w->nodes[AWAY].limits[i], world_mono_ms(w, AWAY)),
                          "node %u served what it has", i);
        }
        free(d);
        assay_sim_world_destroy(&w);
    }
}

/* The chain that peers prove does not lead to its parent: nothing may wait for it for ever. */
Test(acceptance, ends_where_the_proven_chain_has_another_parent, .timeout = 600)
{
    for (unsigned middle = 0; middle < 2; middle++) {
        struct assay_sim_world *w = alone(67, middle == 1);
        struct document *d = forge_on_another_parent(w, AWAY);
        const uint64_t parent = w->nodes[AWAY].engine->chain->ledger.height;
        start_empty(w, d);
        cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
        cr_expect_gt(w->nodes[AWAY].engine->chain->ledger.height, parent + 1, "middle %u", middle);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 1);
        cr_expect_eq(stored(w), 1);
        cr_expect_not(w->nodes[AWAY].engine->acceptance->held);
        free(d);
        assay_sim_world_destroy(&w);
    }
}

/* No message has to arrive: its parent is the final head, and its time lies ahead at first. */
Test(acceptance, is_taken_when_its_time_has_come, .timeout = 600)
{
    struct assay_sim_world *w = alone(73, true);
    const uint64_t now_ms = w->nodes[AWAY].engine->chain->ledger.time_ms;
    struct document *d = forge_at(w, AWAY, 0, 0, now_ms + ASSAY_RECOVER_AHEAD_MS + 4 * EPOCH_MS);
    cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_E_AGAIN);
    run_forked(w, 2);
    cr_expect_eq(state_of(w, AWAY)->era, 0);
    run_forked(w, 6);
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    cr_expect_eq(stored(w), 1);
    free(d);
    assay_sim_world_destroy(&w);
}

/* What is withdrawn is taken no more, also by a node that stores nothing but the withdrawal. */
Test(acceptance, is_forgotten_when_it_is_withdrawn, .timeout = 600)
{
    struct assay_sim_world *w = alone(71, true);
    struct document *d = forge(w, AWAY, 0, 0);
    const uint64_t parent = w->nodes[AWAY].engine->chain->ledger.height;
    start_empty(w, d);
    cr_assert(assay_sim_world_run(w, 0));
    cr_assert(w->nodes[AWAY].engine->acceptance->held);
    cr_assert_eq(assay_sim_world_accept(w, AWAY, NULL, 0), ASSAY_OK);
    cr_expect_eq(stored(w), 1);
    cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_eq(state_of(w, AWAY)->era, 0);
    cr_expect_gt(w->nodes[AWAY].engine->chain->ledger.height, parent + 1);
    free(d);
    assay_sim_world_destroy(&w);
}
