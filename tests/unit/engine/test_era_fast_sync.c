/*
 * tests/unit/engine/test_era_fast_sync.c - fast sync of a node whose operator accepted a RECOVER:
 * it pauses below it, crosses it, and stops at its boundary (docs/protocol.md 9.16.9).
 */
#include "tests/unit/engine/era_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { RUNS = 6, VALUE_LEN = 256 * 1024 };

/* Every peer of AWAY has pruned the blocks of the epochs that are closed: boundaries are left. */
static void prune_blocks(struct assay_sim_world *w)
{
    for (uint32_t node = 0; node < AWAY; node++) {
        struct assay_store *store = w->nodes[node].store;
        const struct assay_state *state = state_of(w, node);
        for (uint32_t era = 0; era <= state->era; era++)
            cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, era, state->epoch + 1),
                         ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
}

/* AWAY starts with an empty store, and its operator accepts a RECOVER before any message. */
static void start_empty(struct assay_sim_world *w, const struct document *recover)
{
    if (w->nodes[AWAY].alive) assay_sim_world_kill(w, AWAY);
    w->nodes[AWAY].wipes = true;
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run(w, 0));
    if (recover != NULL)
        cr_assert_eq(assay_sim_world_accept(w, AWAY, recover->bytes, recover->len), ASSAY_E_EARLY);
}

/* A value of a node's store of one an epoch. Returns: its length; 0: there is none. */
static size_t stored(struct assay_sim_world *w, uint32_t node, enum assay_store_class class_,
                     const struct assay_store_key *key, uint8_t out[static VALUE_LEN])
{
    size_t len = 0;
    const enum assay_status status =
        assay_store_get(w->nodes[node].store, class_, key, out, VALUE_LEN, &len);
    return status == ASSAY_OK ? len : 0;
}

static struct assay_sim_world *alone(uint64_t seed)
{
    struct assay_sim_world *w = start(seed, 4);
    const uint32_t islands[NODES] = { [AWAY] = 1 };
    assay_sim_world_partition(w, islands);
    return w;
}

/* The old era goes on, and its blocks are pruned. */
static void others_go_on(struct assay_sim_world *w)
{
    cr_assert(assay_sim_world_run(w, RUNS * EPOCH_MS), "%s", assay_sim_world_violation(w));
    prune_blocks(w);
    assay_sim_world_partition(w, NULL);
}

Test(era_fast_sync, pauses_below_an_accepted_recover, .timeout = 600)
{
    uint8_t *value = malloc(VALUE_LEN);
    for (unsigned accepts = 0; accepts < 2; accepts++) {
        struct assay_sim_world *w = alone(51);
        struct document *d = forge(w, AWAY, 0, 0);
        const uint64_t epoch = w->nodes[AWAY].engine->head->context.epoch;
        others_go_on(w);
        cr_assert_gt(state_of(w, 0)->epoch, epoch + 2);
        start_empty(w, accepts == 1 ? d : NULL);
        cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
        const struct assay_engine *e = w->nodes[AWAY].engine;
        const struct assay_store_key at = { .epoch = epoch }, before = { .epoch = epoch - 1 };
        cr_expect_gt(stored(w, AWAY, ASSAY_STORE_BOUNDARY, &before, value), 0);
        if (accepts == 0) {
            cr_expect_gt(e->head->state.epoch, epoch, "without an acceptance it follows");
        } else {
            cr_expect_lt(e->head->state.epoch, epoch);
            cr_expect_eq(e->fast_sync->epoch, epoch - 1);
            cr_expect_eq(e->fast_sync->phase, ASSAY_FAST_SYNC_BOUNDARIES, "it asks again");
            cr_expect_eq(stored(w, AWAY, ASSAY_STORE_BOUNDARY, &at, value), 0);
            cr_expect_eq(stored(w, AWAY, ASSAY_STORE_FINALITY, &at, value), 0);
            cr_expect(e->acceptance->held);
        }
        free(d);
        assay_sim_world_destroy(&w);
    }
    free(value);
}

/* What a node has that took the RECOVER. */
struct taken {
    uint8_t *boundary, *state;
    size_t boundary_len, state_len;
    struct document *recover, *forged; /* forged: the same, with other operators */
    uint64_t epoch;
};

static struct taken take(uint64_t seed)
{
    struct taken t = { .boundary = malloc(VALUE_LEN), .state = malloc(VALUE_LEN) };
    struct assay_sim_world *w = alone(seed);
    t.recover = forge(w, AWAY, 0, 0);
    t.forged = forge_by_others(w, AWAY);
    t.epoch = w->nodes[AWAY].engine->head->context.epoch;
    cr_assert_eq(assay_sim_world_accept(w, AWAY, t.recover->bytes, t.recover->len), ASSAY_OK);
    const struct assay_store_key ends = { .epoch = t.epoch },
                                 begins = { .era = 1, .epoch = t.epoch };
    t.boundary_len = stored(w, AWAY, ASSAY_STORE_BOUNDARY, &ends, t.boundary);
    t.state_len = stored(w, AWAY, ASSAY_STORE_STATE, &begins, t.state);
    cr_assert(t.boundary_len > 0 && t.state_len > 0);
    assay_sim_world_destroy(&w);
    return t;
}

static void free_taken(const struct taken *t)
{
    free(t->forged);
    free(t->recover);
    free(t->state);
    free(t->boundary);
}

/* The node serves the new era, by this RECOVER. */
static void serve(struct assay_sim_world *w, uint32_t node, const struct taken *t,
                  const struct document *recover)
{
    const struct assay_store_key ends = { .epoch = t->epoch },
                                 begins = { .era = 1, .epoch = t->epoch };
    struct assay_store *store = w->nodes[node].store;
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_BOUNDARY, &ends,
                                 assay_slice_over(t->boundary, t->boundary_len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_FINALITY, &ends,
                                 assay_slice_over(recover->bytes, recover->len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_STATE, &begins,
                                 assay_slice_over(t->state, t->state_len)),
                 ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
}

/* docs/protocol.md 5.30.1: two proven histories stop a node, unless its operator has decided. */
Test(era_fast_sync, crosses_an_accepted_recover_whatever_others_prove, .timeout = 600)
{
    const struct taken t = take(53);
    struct assay_sim_world *w = alone(53);
    others_go_on(w);
    serve(w, 0, &t, t.recover); /* the others, of other operators, prove the old era */
    start_empty(w, t.recover);
    for (uint32_t i = 0; i < 24 && state_of(w, AWAY)->era == 0; i++)
        run_forked(w, 1);
    cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    cr_expect_eq(state_of(w, AWAY)->epoch, t.epoch);
    free_taken(&t);
    assay_sim_world_destroy(&w);
}

/* The operator has accepted the end of the next era, too: that must be before its blocks arrive. */
Test(era_fast_sync, stops_at_the_boundary_of_the_next_era, .timeout = 600)
{
    struct assay_sim_world *w = start(57, 4);
    struct document *d = calloc(1, sizeof *d);
    assay_sim_world_kill(w, AWAY);
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    struct assay_sim_world_recovery options = { .document = d->bytes, .capacity = sizeof d->bytes };
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    d->len = options.document_len;
    struct assay_recover r;
    cr_assert_eq(assay_recover_decode(assay_slice_over(d->bytes, d->len), &r), ASSAY_OK);
    const uint64_t epoch = r.header.epoch;
    cr_assert(assay_sim_world_run_to_epoch(w, epoch + RUNS, 40 * RUNS * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    cr_assert_eq(state_of(w, 0)->era, 1);
    prune_blocks(w);
    start_empty(w, d);
    for (uint32_t ms = 0; ms < 24 * EPOCH_MS && state_of(w, AWAY)->era == 0; ms++)
        cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
    cr_assert_eq(state_of(w, AWAY)->era, 1);
    cr_expect_eq(state_of(w, AWAY)->epoch, epoch, "the state that the RECOVER made, and no later");
    cr_expect_eq(state_of(w, AWAY)->head_height, r.header.height);
    cr_assert(assay_sim_world_run(w, 12 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_gt(state_of(w, AWAY)->epoch, epoch + RUNS, "and then it goes on");
    free(d);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.30.3: what a peer sent is all that it has only if nothing newer is there. A
 * page ends with its era, and before a RECOVER that waits for confirmations. */
Test(era_fast_sync, a_peer_with_newer_boundaries_has_its_turn_again, .timeout = 600)
{
    struct assay_sim_world *w = start(59, 4);
    struct document *d = calloc(1, sizeof *d);
    assay_sim_world_kill(w, AWAY);
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    struct assay_sim_world_recovery options = { .document = d->bytes, .capacity = sizeof d->bytes };
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    const uint64_t goal = state_of(w, 0)->epoch + RUNS;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 40 * RUNS * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
    prune_blocks(w);
    start_empty(w, NULL);
    uint32_t seen = 0;
    for (uint32_t ms = 0; ms < 24 * EPOCH_MS && state_of(w, AWAY)->era == 0; ms++) {
        cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
        const struct assay_fast_sync *l = w->nodes[AWAY].engine->fast_sync;
        for (uint32_t peer = 0; peer < AWAY; peer++) {
            if (l->phase == ASSAY_FAST_SYNC_OFF || !assay_bit_has(l->done, peer)) continue;
            seen++;
            cr_assert_geq(l->epoch + 2, state_of(w, peer)->epoch, "peer %u", (unsigned)peer);
        }
    }
    cr_expect_gt(seen, 0);
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    free(d);
    assay_sim_world_destroy(&w);
}

/* The boundaries that fast sync has proven beyond it are of the chain that the operator gave up. */
Test(era_fast_sync, an_acceptance_in_the_middle_of_fast_sync_counts_at_once, .timeout = 600)
{
    for (uint32_t state = 0; state < 2; state++) {
        struct assay_sim_world *w = alone(51);
        struct document *d = forge(w, AWAY, 0, 0);
        const uint64_t epoch = w->nodes[AWAY].engine->head->context.epoch;
        others_go_on(w);
        start_empty(w, NULL);
        const struct assay_fast_sync *l = w->nodes[AWAY].engine->fast_sync;
        for (uint32_t ms = 0; ms < 12 * EPOCH_MS; ms++) {
            cr_assert(assay_sim_world_run(w, 1), "%s", assay_sim_world_violation(w));
            l = w->nodes[AWAY].engine->fast_sync;
            if (l->epoch > epoch && (state == 0 || l->phase == ASSAY_FAST_SYNC_STATE)) break;
        }
        cr_assert_gt(l->epoch, epoch);
        cr_assert_lt(state_of(w, AWAY)->epoch, epoch);
        cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_E_EARLY);
        cr_assert(assay_sim_world_run(w, 24 * EPOCH_MS), "%s", assay_sim_world_violation(w));
        cr_expect_lt(state_of(w, AWAY)->epoch, epoch, "the old era is not followed");
        cr_expect(w->nodes[AWAY].engine->acceptance->held);
        cr_expect_eq(assay_sim_world_notes(w, AWAY, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL), 0);
        free(d);
        assay_sim_world_destroy(&w);
    }
}

/* Its own list of operators is an older one: that of the RECOVER is proven on the way. */
Test(era_fast_sync, a_node_behind_a_change_of_operators_can_accept, .timeout = 600)
{
    for (uint32_t pruned = 0; pruned < 2; pruned++) {
        struct assay_sim_world *w = behind(61, false);
        struct document *d = calloc(1, sizeof *d);
        struct assay_sim_world_recovery options = { .document = d->bytes,
                                                    .capacity = sizeof d->bytes };
        struct assay_recover r;
        cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
        cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
        cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
        d->len = options.document_len;
        cr_assert_eq(assay_recover_decode(assay_slice_over(d->bytes, d->len), &r), ASSAY_OK);
        cr_assert_eq(assay_recover_approved(&r, state_of(w, AWAY)->operators_digest),
                     ASSAY_E_STRANGER);
        cr_expect_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_E_EARLY);
        cr_expect(assay_acceptance_is_of(w->nodes[AWAY].engine, r.id));
        cr_assert(assay_sim_world_run(w, RUNS * EPOCH_MS), "%s", assay_sim_world_violation(w));
        if (pruned == 1) prune_blocks(w);
        assay_sim_world_partition(w, NULL);
        cr_assert(assay_sim_world_run(w, 40 * EPOCH_MS), "%s", assay_sim_world_violation(w));
        cr_expect_eq(state_of(w, AWAY)->era, 1);
        cr_expect_gt(state_of(w, AWAY)->epoch, r.header.epoch + 4);
        free(d);
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 9.17: its own head is older than the trusting period, so grounds alone do not
 * lead it over. It takes the state in front of the RECOVER, and reports what is missing. */
Test(era_fast_sync, an_old_head_needs_an_acceptance_and_reports_it, .timeout = 600)
{
    struct assay_sim_world *w = start(67, 4);
    struct document *d = calloc(1, sizeof *d);
    struct assay_sim_world_recovery options = { .document = d->bytes, .capacity = sizeof d->bytes };
    assay_sim_world_kill(w, AWAY);
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    d->len = options.document_len;
    struct assay_recover r;
    cr_assert_eq(assay_recover_decode(assay_slice_over(d->bytes, d->len), &r), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, RUNS * EPOCH_MS), "%s", assay_sim_world_violation(w));
    prune_blocks(w);
    w->nodes[AWAY].date_us = (int64_t)(ASSAY_TRUSTING_MS + 60000) * 1000;
    start_empty(w, NULL);
    cr_assert(assay_sim_world_run(w, 24 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, AWAY, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_expect_eq(n->b, ASSAY_MISSING_ACCEPTANCE);
    cr_expect_eq(state_of(w, AWAY)->era, 0);
    cr_expect_eq(state_of(w, AWAY)->epoch + 1, r.header.epoch, "up to the RECOVER");
    cr_assert_eq(assay_sim_world_accept(w, AWAY, d->bytes, d->len), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 24 * EPOCH_MS), "%s", assay_sim_world_violation(w));
    cr_expect_eq(state_of(w, AWAY)->era, 1);
    free(d);
    assay_sim_world_destroy(&w);
}

/* One RECOVER begins an era, the first: another one is refused, and its operator is told so. */
Test(era_fast_sync, an_era_that_began_takes_no_other_recover, .timeout = 600)
{
    struct assay_sim_world *w = alone(71);
    struct document *first = forge(w, AWAY, 0, 0);
    struct document *second =
        forge_at(w, AWAY, 0, 0, w->nodes[AWAY].engine->chain->ledger.time_ms + 2);
    cr_assert_neq(assay_bytes_compare(first->digest, second->digest, 32), 0);
    cr_assert_eq(assay_sim_world_accept(w, AWAY, first->bytes, first->len), ASSAY_OK);
    run_forked(w, 1);
    cr_assert_eq(state_of(w, AWAY)->era, 1);
    cr_expect_eq(assay_sim_world_accept(w, AWAY, second->bytes, second->len), ASSAY_E_DUPLICATE);
    cr_expect_eq(assay_sim_world_accept(w, AWAY, first->bytes, first->len), ASSAY_OK);
    cr_expect_eq(hand(w, AWAY, 0, ASSAY_MESSAGE_RECOVER, second), ASSAY_OK, "peers repeat them");
    free(second);
    free(first);
    assay_sim_world_destroy(&w);
}

/* Without grounds it needs an acceptance; one that other operators signed is a lie of its sender,
 * and no operator is asked to accept it. */
Test(era_fast_sync, a_forged_recover_is_no_reason_to_accept_one, .timeout = 600)
{
    for (uint32_t forged = 0; forged < 2; forged++) {
        const struct taken t = take(73);
        struct assay_sim_world *w = alone(73);
        uint32_t reported = 0;
        others_go_on(w);
        for (uint32_t node = 0; node < AWAY; node++)
            serve(w, node, &t, forged == 1 ? t.forged : t.recover);
        start_empty(w, NULL);
        for (uint32_t i = 0; i < 24; i++) {
            assay_fast_sync_on_blocks_gone(w->nodes[AWAY].engine); /* no peer has the next blocks */
            run_forked(w, 1);
            const struct assay_sim_world_note *n =
                assay_sim_world_last_note(w, AWAY, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
            reported += n != NULL && n->b == ASSAY_MISSING_ACCEPTANCE;
        }
        cr_expect_eq(reported > 0, forged == 0, "forged %u: %u", forged, reported);
        cr_expect_eq(state_of(w, AWAY)->era, 0);
        free_taken(&t);
        assay_sim_world_destroy(&w);
    }
}
