/*
 * tests/unit/engine/sync/test_fast_sync.c - tests of fast sync.
 * Who was away too long, or has lost everything, comes back although the blocks of that time are
 * gone (docs/protocol.md 5.30).
 */
#include "sim/world/world_internal.h"
#include "tests/unit/engine/decide.h"

#include "base/cbor.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/parts/engine_internal.h"
#include "engine/sync/fast_sync_wire.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 5, EPOCHS = 12 };

static struct assay_sim_world *start(uint64_t epochs)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 4000 * epochs), "%s",
              assay_sim_world_violation(w));
    return w;
}

static void prune(struct assay_sim_world *w, enum assay_store_class class_, uint64_t epoch)
{
    for (uint32_t node = 1; node < NODES; node++) {
        struct assay_store *store = w->nodes[node].store;
        cr_assert_eq(assay_store_prune(store, class_, 0, epoch), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
}

static bool joins(struct assay_sim_world *w, uint64_t ms)
{
    const uint64_t goal = assay_sim_world_epoch(w, 1) + 3;
    return assay_sim_world_run_to_epoch(w, goal, ms);
}

static void agrees(struct assay_sim_world *w)
{
    struct assay_engine_snapshot own, other;
    cr_assert(joins(w, 8000), "%s", assay_sim_world_violation(w));
    assay_engine_snapshot(assay_sim_world_engine(w, 0), &own);
    assay_engine_snapshot(assay_sim_world_engine(w, 1), &other);
    cr_assert_geq(own.epoch + 1, other.epoch);
    cr_assert_null(assay_sim_world_violation(w));
}

/* Its store is gone, and the others keep the last two epochs of blocks. */
Test(fast_sync, brings_a_lost_store_back_after_pruning, .timeout = 600)
{
    struct assay_sim_world *w = start(EPOCHS);
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run(w, 800));
    prune(w, ASSAY_STORE_BLOCK, EPOCHS);
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
    agrees(w);
    assay_sim_world_destroy(&w);
}

/* Its disk is there, from so long ago that blocks are not worth their bytes. */
Test(fast_sync, is_the_way_over_many_epochs, .timeout = 600)
{
    struct assay_sim_world *w = start(3);
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, 3 + ASSAY_FAST_SYNC_EPOCHS + 8, 200000), "%s",
              assay_sim_world_violation(w));
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_assert_leq(n->b, 4);
    cr_assert_geq(n->a, 3 + ASSAY_FAST_SYNC_EPOCHS);
    agrees(w);
    assay_sim_world_destroy(&w);
}

/* Bytes in every boundary, state and proof of node 1 are others: it tells lies about all of them.
 */
struct lies {
    struct assay_store *store;
    enum assay_store_class class_;
    size_t count;
    struct assay_store_key keys[256];
    uint8_t *values[256];
    size_t lens[256];
};

static bool collect(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct lies *l = context;
    cr_assert_lt(l->count, 256);
    l->keys[l->count] = *key;
    l->lens[l->count] = value.len;
    l->values[l->count] = malloc(value.len);
    assay_bytes_copy(l->values[l->count], value.len, value.bytes, value.len);
    l->count++;
    return true;
}

static void lie_about(struct assay_sim_world *w, uint32_t node, enum assay_store_class class_,
                      size_t at, uint64_t first)
{
    static struct lies l;
    const struct assay_store_key from = { .epoch = first };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    memset(to.id, 0xff, sizeof to.id);
    l = (struct lies){ .store = w->nodes[node].store, .class_ = class_ };
    cr_assert_eq(l.store->ops->scan(l.store, class_, &from, &to, false, collect, &l), ASSAY_OK);
    cr_assert_gt(l.count, 0);
    for (size_t i = 0; i < l.count; i++) {
        l.values[i][l.lens[i] - at % l.lens[i] - 1] ^= 0x20;
        cr_assert_eq(
            assay_store_put(l.store, class_, &l.keys[i], assay_slice_over(l.values[i], l.lens[i])),
            ASSAY_OK);
        free(l.values[i]);
    }
    cr_assert_eq(assay_store_commit(l.store), ASSAY_OK);
}

Test(fast_sync, takes_nothing_from_those_who_lie, .timeout = 600)
{
    static const size_t places[] = { 5, 150, 300, 600 };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (unsigned what = 0; what < 3; what++) {
            static const enum assay_store_class classes[] = { ASSAY_STORE_BOUNDARY,
                                                              ASSAY_STORE_STATE,
                                                              ASSAY_STORE_FINALITY };
            struct assay_sim_world *w = start(EPOCHS);
            assay_sim_world_acts(w, 0)->loses_store = true;
            assay_sim_world_kill(w, 0);
            cr_assert(assay_sim_world_run(w, 800));
            prune(w, ASSAY_STORE_BLOCK, EPOCHS);
            /* all but one of the honest; what closes from now on they tell as it is */
            for (uint32_t liar = 1; liar < NODES - 1; liar++)
                lie_about(w, liar, classes[what], places[i], 0);
            assay_sim_world_restart(w, 0);
            cr_assert(joins(w, 40000), "class %u, byte %zu: %s", (unsigned)classes[what], places[i],
                      assay_sim_world_violation(w));
            agrees(w);
            assay_sim_world_destroy(&w);
        }
    }
}

/* Forgeries that hang together: the header has another body root, so it is another block's, and
 * everything else under it is as it was. Only the votes (or the id of a checkpoint) tell. */
static bool other_body(struct assay_slice bytes, const uint8_t body_root[static 32])
{
    uint8_t *at = (uint8_t *)(uintptr_t)bytes.bytes;
    for (size_t i = 0; i + 32 <= bytes.len; i++) {
        if (!assay_bytes_equal(at + i, body_root, 32)) continue;
        at[i + 7] ^= 1;
        return true;
    }
    return false;
}

static void forge(struct assay_sim_world *w, uint32_t node, enum assay_store_class class_,
                  uint64_t first)
{
    static struct lies l;
    static uint8_t bytes[65536];
    const struct assay_store_key from = { .epoch = first };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    size_t forged = 0;
    memset(to.id, 0xff, sizeof to.id);
    l = (struct lies){ .store = w->nodes[node].store };
    cr_assert_eq(l.store->ops->scan(l.store, ASSAY_STORE_BOUNDARY, &from, &to, false, collect, &l),
                 ASSAY_OK);
    for (size_t i = 0; i < l.count; i++) {
        struct assay_boundary b;
        size_t len = 0;
        cr_assert_eq(assay_boundary_decode(assay_slice_over(l.values[i], l.lens[i]), NODES, &b),
                     ASSAY_OK);
        if (assay_store_get(l.store, class_, &l.keys[i], bytes, sizeof bytes, &len) == ASSAY_OK) {
            cr_assert(other_body(assay_slice_over(bytes, len), b.header.body_root));
            cr_assert_eq(assay_store_put(l.store, class_, &l.keys[i], assay_slice_over(bytes, len)),
                         ASSAY_OK);
            forged++;
        }
        free(l.values[i]);
    }
    cr_assert_eq(assay_store_commit(l.store), ASSAY_OK);
    cr_assert_gt(forged, 0);
}

/* What node 0 keeps of a class is what the honest one keeps, byte by byte. */
static void same_as_honest(struct assay_sim_world *w, uint32_t honest,
                           enum assay_store_class class_)
{
    static struct lies l;
    static uint8_t bytes[65536];
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    size_t compared = 0;
    memset(to.id, 0xff, sizeof to.id);
    l = (struct lies){ .store = w->nodes[0].store };
    cr_assert_eq(l.store->ops->scan(l.store, class_, &from, &to, false, collect, &l), ASSAY_OK);
    for (size_t i = 0; i < l.count; i++) {
        size_t len = 0;
        if (assay_store_get(w->nodes[honest].store, class_, &l.keys[i], bytes, sizeof bytes,
                            &len) == ASSAY_OK) {
            cr_assert_eq(len, l.lens[i]);
            cr_assert_arr_eq(bytes, l.values[i], len);
            compared++;
        }
        free(l.values[i]);
    }
    cr_assert_gt(compared, 0);
}

static struct assay_sim_world *lost(void)
{
    struct assay_sim_world *w = start(EPOCHS);
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run(w, 800));
    prune(w, ASSAY_STORE_BLOCK, EPOCHS);
    return w;
}

/* With the proof of the genuine block, and with one whose votes are nobody's. The first epochs are
 * told as they are, so that everybody is believed at first. */
Test(fast_sync, keeps_no_boundary_but_the_proven, .timeout = 600)
{
    for (unsigned broken = 0; broken < 2; broken++) {
        struct assay_sim_world *w = lost();
        for (uint32_t liar = 1; liar < NODES - 1; liar++) {
            forge(w, liar, ASSAY_STORE_BOUNDARY, 4);
            if (broken == 1) lie_about(w, liar, ASSAY_STORE_FINALITY, 5, 4);
        }
        assay_sim_world_restart(w, 0);
        cr_assert(joins(w, 40000), "%s", assay_sim_world_violation(w));
        agrees(w);
        cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
        same_as_honest(w, NODES - 1, ASSAY_STORE_BOUNDARY);
        assay_sim_world_destroy(&w);
    }
}

/* One voter failed meanwhile and weighs nothing any more: three votes are a quorum of the four that
 * are left, and would be none of the five that it began with. */
Test(fast_sync, weighs_every_boundary_with_its_own_voters, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    assay_sim_world_acts(w, 3)->tampered = true;
    cr_assert(assay_sim_world_run_to_epoch(w, 6, 40000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(assay_sim_world_engine(w, 1)->head->state.members[3].weight, 0);
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    const uint64_t goal = assay_sim_world_epoch(w, 1) + 6;
    cr_assert(assay_sim_world_run_to_epoch(w, goal, 60000), "%s", assay_sim_world_violation(w));
    prune(w, ASSAY_STORE_BLOCK, goal);
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 40000), "%s", assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    agrees(w);
    assay_sim_world_destroy(&w);
}

/* Everything of a class that `from` stores, also into `to`. */
static void copy_class(struct assay_store *from, struct assay_store *to,
                       enum assay_store_class class_)
{
    static struct lies l;
    const struct assay_store_key first = { 0 };
    struct assay_store_key last = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    memset(last.id, 0xff, sizeof last.id);
    l = (struct lies){ .store = from };
    cr_assert_eq(from->ops->scan(from, class_, &first, &last, false, collect, &l), ASSAY_OK);
    for (size_t i = 0; i < l.count; i++) {
        const struct assay_slice value = assay_slice_over(l.values[i], l.lens[i]);
        cr_assert_eq(assay_store_put(to, class_, &l.keys[i], value), ASSAY_OK);
        free(l.values[i]);
    }
    cr_assert_eq(assay_store_commit(to), ASSAY_OK);
}

/* The same keys made another history of the same chain: all votes in it are genuine. Some peers
 * from `first` on serve that one, of so many epochs, the others the true one. */
static struct assay_sim_world *two_histories(uint32_t first, uint32_t others, uint64_t epochs)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_BOUNDARY, ASSAY_STORE_FINALITY,
                                                      ASSAY_STORE_STATE };
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = lost(), *copy = assay_sim_world_create(&o);
    assay_sim_world_kill(copy, NODES - 1); /* it goes on in another way from the start */
    cr_assert(assay_sim_world_run_to_epoch(copy, epochs, 100000));
    const struct assay_engine *a = assay_sim_world_engine(w, 1);
    const struct assay_engine *b = assay_sim_world_engine(copy, 1);
    cr_assert(assay_bytes_equal(a->head->state.chain_id, b->head->state.chain_id, 32));
    for (uint32_t node = first; node < first + others; node++)
        for (size_t c = 0; c < 3; c++) {
            prune(w, ASSAY_STORE_BLOCK, EPOCHS + 100);
            copy_class(copy->nodes[1].store, w->nodes[node].store, classes[c]);
        }
    assay_sim_world_destroy(&copy);
    return w;
}

/* Of four peers, each of an operator of its own, two have the other one: three are asked, so both
 * are seen, and neither is followed. */
Test(fast_sync, two_proven_histories_stop_it, .timeout = 600)
{
    struct assay_sim_world *w = two_histories(1, 2, EPOCHS + 4);
    assay_sim_world_restart(w, 0);
    (void)assay_sim_world_run(w, 8000);
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_expect_eq(n->b, 6, "lacks %u", (unsigned)n->b);
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(assay_sim_world_engine(w, 0)->head->state.epoch, 0);
    assay_sim_world_destroy(&w);
}

/* One peer alone has the other one, made with old keys, and may not be among the three: either both
 * are seen, or the true one is followed. */
Test(fast_sync, one_peer_with_another_history_is_never_followed, .timeout = 600)
{
    for (uint32_t liar = 1; liar < NODES; liar++) {
        struct assay_sim_world *w = two_histories(liar, 1, EPOCHS);
        assay_sim_world_restart(w, 0);
        (void)assay_sim_world_run(w, 8000);
        const struct assay_sim_world_note *n =
            assay_sim_world_last_note(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
        const bool stopped = n != NULL && n->b == 6;
        const bool leapt = assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL) > 0;
        cr_expect_neq(stopped, leapt, "liar %u", (unsigned)liar);
        if (leapt) agrees(w);
        assay_sim_world_destroy(&w);
    }
}

/* Three peers with the other history, all of one operator: the fourth is asked as well. */
Test(fast_sync, three_peers_of_one_operator_confirm_nothing, .timeout = 600)
{
    for (uint32_t honest = 1; honest < NODES; honest += NODES - 2) { /* asked first, or last */
        const uint32_t first = honest == 1 ? 2 : 1;
        struct assay_sim_world *w = two_histories(first, 3, EPOCHS + 4);
        assay_sim_world_restart(w, 0);
        struct assay_member *m = assay_sim_world_engine(w, 0)->parts->head.state.members;
        for (uint32_t node = first + 1; node < first + 3; node++)
            assay_bytes_copy(m[node].operator_id, 32, m[first].operator_id, 32);
        (void)assay_sim_world_run(w, 8000);
        const struct assay_sim_world_note *n =
            assay_sim_world_last_note(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
        cr_assert_not_null(n, "honest %u", (unsigned)honest);
        cr_expect_eq(n->b, 6, "lacks %u", (unsigned)n->b);
        cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
        assay_sim_world_destroy(&w);
    }
}

/* Of every boundary the liars have a state, under another header: of those, too, that close while
 * their peer asks. Whoever is honest, and so whoever is asked first. */
Test(fast_sync, keeps_no_state_but_the_proven, .timeout = 600)
{
    for (uint32_t honest = 1; honest < NODES; honest++) {
        struct assay_sim_world *w = lost();
        uint64_t next[NODES] = { 0 }; /* epoch of the first state that is not forged yet */
        for (bool leapt = false, first = true; !leapt; first = false) {
            for (uint32_t liar = 1; liar < NODES; liar++) {
                const uint64_t epoch = assay_sim_world_engine(w, liar)->head->state.epoch;
                if (liar != honest && epoch >= next[liar])
                    forge(w, liar, ASSAY_STORE_STATE, next[liar]);
                next[liar] = epoch + 1;
            }
            if (first) assay_sim_world_restart(w, 0);
            cr_assert(assay_sim_world_run(w, 5), "%s", assay_sim_world_violation(w));
            leapt = assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL) > 0;
        }
        cr_assert(joins(w, 40000), "%s", assay_sim_world_violation(w));
        agrees(w);
        same_as_honest(w, honest, ASSAY_STORE_STATE);
        assay_sim_world_destroy(&w);
    }
}

/* Everybody has a state of the checkpoint's epoch, under another header. */
Test(fast_sync, takes_no_state_for_a_checkpoint_but_its_own, .timeout = 600)
{
    struct assay_sim_world *w = lost();
    struct assay_checkpoint c;
    assay_checkpoint_of(&w->nodes[2].engine->head->state, &c);
    for (uint32_t liar = 1; liar < NODES; liar++)
        forge(w, liar, ASSAY_STORE_STATE, 0);
    w->options.checkpoint = &c;
    assay_sim_world_restart(w, 0);
    cr_assert_not(joins(w, 6000));
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    assay_sim_world_destroy(&w);
}

/* Boundaries are pruned, too: it says so, and a checkpoint brings it back. */
Test(fast_sync, says_what_is_missing_and_takes_a_checkpoint, .timeout = 600)
{
    struct assay_sim_world *w = start(EPOCHS);
    struct assay_checkpoint c;
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run(w, 800));
    prune(w, ASSAY_STORE_BLOCK, EPOCHS);
    prune(w, ASSAY_STORE_BOUNDARY, EPOCHS);
    assay_sim_world_restart(w, 0);
    cr_assert_not(joins(w, 6000));
    cr_assert_null(assay_sim_world_violation(w));
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_assert_eq(n->b, 1);
    /* told, and not a thousand times */
    cr_assert_lt(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 40);

    assay_sim_world_kill(w, 0);
    assay_checkpoint_of(&w->nodes[2].engine->head->state, &c);
    w->options.checkpoint = &c;
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    agrees(w);
    assay_sim_world_destroy(&w);
}

/* Its own disk is intact and so old that no peer has blocks or boundaries from there on: it reports
 * that it cannot catch up, and never that it has. */
Test(fast_sync, a_node_that_pruning_left_behind_reports_it, .timeout = 600)
{
    struct assay_sim_world *w = start(3);
    struct assay_checkpoint c;
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, 3 + ASSAY_FAST_SYNC_EPOCHS + 8, 200000), "%s",
              assay_sim_world_violation(w));
    prune(w, ASSAY_STORE_BLOCK, 3 + ASSAY_FAST_SYNC_EPOCHS);
    prune(w, ASSAY_STORE_BOUNDARY, 3 + ASSAY_FAST_SYNC_EPOCHS);
    assay_sim_world_restart(w, 0);
    const size_t caught_up = assay_sim_world_notes(w, 0, ASSAY_NOTE_CAUGHT_UP, ASSAY_SLOT_ALL);
    cr_assert_not(joins(w, 20000));
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_assert_eq(n->b, 1);
    const size_t failed = assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_leq(failed, 40);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CAUGHT_UP, ASSAY_SLOT_ALL), caught_up);
    cr_assert_null(assay_sim_world_violation(w));

    assay_sim_world_kill(w, 0);
    assay_checkpoint_of(&w->nodes[2].engine->head->state, &c);
    w->options.checkpoint = &c;
    assay_sim_world_restart(w, 0);
    agrees(w);
    assay_sim_world_destroy(&w);
}

/* The checkpoint of another chain's block: no peer has such a state, and it reports that. Nor does
 * it follow blocks, where peers have them, past another block than the operator's. */
Test(fast_sync, follows_nothing_past_a_checkpoint, .timeout = 600)
{
    for (unsigned pruned = 0; pruned < 2; pruned++) {
        struct assay_sim_world *w = start(EPOCHS);
        struct assay_checkpoint c;
        assay_sim_world_acts(w, 0)->loses_store = true;
        assay_sim_world_kill(w, 0);
        cr_assert(assay_sim_world_run(w, 800));
        if (pruned == 1) prune(w, ASSAY_STORE_BLOCK, EPOCHS);
        assay_checkpoint_of(&w->nodes[2].engine->head->state, &c);
        c.id[5] ^= 1;
        w->options.checkpoint = &c;
        assay_sim_world_restart(w, 0);
        cr_expect_not(joins(w, 12000));
        cr_expect_eq(w->nodes[0].engine->head->state.epoch, 0);
        cr_expect_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
        cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
        assay_sim_world_destroy(&w);
    }
}

struct document {
    uint8_t bytes[WORLD_POLICY_LEN];
};

/* Another policy, by which everybody passes as before. */
static struct assay_action policy(uint32_t number, struct document *document)
{
    static const uint8_t nobody[NODE_BITS] = { 0 };
    const size_t len = world_policy_make(number, nobody, document->bytes);
    return (struct assay_action){ .kind = ASSAY_ACTION_POLICY,
                                  .document = assay_slice_over(document->bytes, len) };
}

/* While it was away operators replaced the policy: the state is for another engine than its own. */
Test(fast_sync, arrives_in_a_network_that_operators_changed, .timeout = 600)
{
    for (unsigned by_checkpoint = 0; by_checkpoint < 2; by_checkpoint++) {
        struct assay_sim_world *w = start(3);
        struct assay_checkpoint c;
        struct document document;
        const struct assay_action action = policy(1, &document);
        assay_sim_world_acts(w, 0)->loses_store = true;
        assay_sim_world_kill(w, 0);
        const uint64_t now = assay_sim_world_epoch(w, 1);
        decide(w, 1, now + 4, &action);
        cr_assert(assay_sim_world_run_to_epoch(w, now + 8, 40000), "%s",
                  assay_sim_world_violation(w));
        prune(w, ASSAY_STORE_BLOCK, now + 8);
        assay_checkpoint_of(&w->nodes[2].engine->head->state, &c);
        if (by_checkpoint == 1) w->options.checkpoint = &c;
        assay_sim_world_restart(w, 0);
        cr_assert(joins(w, 20000), "%u: %s", by_checkpoint, assay_sim_world_violation(w));
        agrees(w);
        const struct assay_state *own = &w->nodes[0].engine->head->state;
        const struct assay_state *other = &w->nodes[1].engine->head->state;
        cr_assert_eq(own->change_sequence, 1);
        cr_assert(assay_state_rules_equal(&own->rules, &other->rules));
        assay_sim_world_destroy(&w);
    }
}

static bool count_change(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    size_t *count = context;
    (void)value;
    cr_assert_leq(key->number, 2);
    (*count)++;
    return true;
}

/* And once more: evidence of epochs that have just been is judged by a policy that holds no longer
 * (docs/protocol.md 9.8), and the rules before come back when the newest ones are reverted. A host
 * without that document could not go on. */
Test(fast_sync, brings_the_documents_of_past_epochs_along, .timeout = 600)
{
    struct assay_sim_world *w = start(3);
    struct document documents[2];
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    for (uint32_t i = 0; i < 2; i++) {
        const struct assay_action action = policy(i + 1, &documents[i]);
        const uint64_t activation = now + 4 + 3 * i;
        decide(w, i + 1, activation, &action);
        cr_assert(assay_sim_world_run_to_epoch(w, activation, 40000), "%s",
                  assay_sim_world_violation(w));
    }
    cr_assert(assay_sim_world_run_to_epoch(w, now + 8, 40000), "%s", assay_sim_world_violation(w));
    prune(w, ASSAY_STORE_BLOCK, now + 8);
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    agrees(w);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    size_t count = 0;
    memset(to.id, 0xff, sizeof to.id);
    cr_assert_eq(assay_store_scan(w->nodes[0].store, ASSAY_STORE_CHANGE, &from, &to, false,
                                  count_change, &count),
                 ASSAY_OK);
    cr_assert_eq(count, 2);
    assay_sim_world_destroy(&w);
}

/* Whatever stands among the decisions is kept by nobody unless the state names it. */
Test(fast_sync, covers_nothing_by_what_no_state_names)
{
    struct assay_leaf_head head = { .pending_count = 1, .document_count = 3 };
    const struct assay_slice set = assay_slice_over("a set of endorsements", 21);
    uint8_t junk[] = { 0x83, 0x07, 0x41, 0x00, 0x80 }; /* begins like a CHANGE */
    uint8_t digest[32];
    assay_sha256(set.bytes, set.len, head.documents[2]);
    assay_sha256(junk, sizeof junk, digest);
    for (size_t len = 0; len <= sizeof junk; len++)
        cr_expect_eq(assay_fast_sync_wire_covers(&head, digest, assay_slice_over(junk, len)), 0);
    cr_expect_eq(assay_fast_sync_wire_covers(&head, head.documents[2], set),
                 (uint64_t)1 << (ASSAY_LEAF_RECORDS_MAX + 2));
    assay_bytes_copy(head.pending[0], 32, digest, 32);
    cr_expect_eq(assay_fast_sync_wire_covers(&head, digest, assay_slice_over(junk, sizeof junk)),
                 1);
}

/* While it was away a member was laid to rest: the roster is another one behind that boundary, the
 * state is for another engine than its own, and the boundaries after it are weighed without it. */
Test(fast_sync, arrives_in_a_network_with_another_roster, .timeout = 600)
{
    struct assay_sim_world *w = start(3);
    struct assay_action action = { .kind = ASSAY_ACTION_REST };
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    assay_bytes_copy(action.node_id, 32, w->genesis->members[3].node_id, 32);
    decide(w, 1, now + 4, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 10, 60000), "%s", assay_sim_world_violation(w));
    prune(w, ASSAY_STORE_BLOCK, now + 10);
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    agrees(w);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    const struct assay_state *own = &w->nodes[0].engine->head->state;
    cr_assert_eq(own->members[3].stage, ASSAY_STAGE_RESTING);
    cr_assert_eq(own->members[3].weight, 0);
    cr_assert_eq(own->change_sequence, 1);
    assay_sim_world_destroy(&w);
}

static void leaps_over(struct assay_sim_world *w, uint64_t now)
{
    cr_assert(assay_sim_world_run_to_epoch(w, now + 10, 60000), "%s", assay_sim_world_violation(w));
    prune(w, ASSAY_STORE_BLOCK, now + 10);
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    agrees(w);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
}

/* While it was away a member joined: every boundary since has one slot more. */
Test(fast_sync, arrives_in_a_network_that_grew, .timeout = 600)
{
    const struct assay_sim_world_options o = {
        .seed = 17, .nodes = NODES + 1, .spares = 1, .epoch_ms = 400
    };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_action action = { .kind = ASSAY_ACTION_JOIN };
    char name[WORLD_NAME_LEN];
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 12000));
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    world_card(w, NODES, NODES + 1, &action.card, name);
    decide(w, 1, now + 4, &action);
    leaps_over(w, now);
    const struct assay_state *own = &w->nodes[0].engine->head->state;
    cr_assert_eq(own->member_count, NODES + 1);
    cr_assert_eq(own->members[NODES].stage, ASSAY_STAGE_MEMBER);
    assay_sim_world_destroy(&w);
}

/* Or one left: its keys are nobody's from there on. */
Test(fast_sync, arrives_in_a_network_that_shrank, .timeout = 600)
{
    struct assay_sim_world *w = start(3);
    struct assay_action action = { .kind = ASSAY_ACTION_LEAVE };
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    assay_bytes_copy(action.node_id, 32, w->genesis->members[3].node_id, 32);
    decide(w, 1, now + 4, &action);
    for (int i = 0; i < 400; i++) {
        if (w->nodes[1].engine->head->state.members[3].stage == ASSAY_STAGE_LEFT) break;
        cr_assert(assay_sim_world_run(w, 10), "%s", assay_sim_world_violation(w));
    }
    assay_sim_world_kill(w, 3);
    leaps_over(w, now);
    const struct assay_state *own = &w->nodes[0].engine->head->state;
    cr_assert_eq(own->members[3].stage, ASSAY_STAGE_LEFT);
    assay_sim_world_destroy(&w);
}

/* It arrives while a change is on trial (docs/protocol.md 9.9), and sees it revert: the rules
 * before are those of a change, too, and in nothing that it had. */
Test(fast_sync, arrives_during_a_trial_and_sees_it_revert, .timeout = 600)
{
    struct assay_sim_world *w = start(3);
    struct document documents[2];
    uint8_t fails[NODE_BITS] = { 0x06 }; /* nodes 1 and 2 */
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    struct assay_action action = policy(1, &documents[0]);
    decide(w, 1, now + 4, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 6, 40000), "%s", assay_sim_world_violation(w));
    const size_t len = world_policy_make(2, fails, documents[1].bytes);
    assay_bytes_copy(world_rules_place(w, now + 10)->in_force.fails, NODE_BITS, fails, NODE_BITS);
    action.document = assay_slice_over(documents[1].bytes, len);
    decide(w, 2, now + 10, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 9, 40000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(assay_sim_world_engine(w, 1)->head->state.trial.sequence, 2);
    prune(w, ASSAY_STORE_BLOCK, now + 9);
    assay_sim_world_restart(w, 0);
    cr_assert(joins(w, 20000), "%s", assay_sim_world_violation(w));
    agrees(w);
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_assert_leq(n->a, now + 10);
    const struct assay_state *own = &w->nodes[0].engine->head->state;
    cr_assert_eq(own->ended.sequence, 2);
    cr_assert_eq(own->ended.end, ASSAY_CHANGE_REVERTED);
    assay_sim_world_destroy(&w);
}

/* --- newcomers */

static struct assay_sim_world *with_newcomer(struct assay_action *join, char name[WORLD_NAME_LEN])
{
    const struct assay_sim_world_options o = {
        .seed = 17, .nodes = NODES + 1, .spares = 1, .epoch_ms = 400
    };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    *join = (struct assay_action){ .kind = ASSAY_ACTION_JOIN };
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 12000));
    world_node_newcomer(w, NODES, w->deal[NODES]);
    world_card(w, NODES, w->deal[NODES], &join->card, name);
    return w;
}

/* It is there before anybody joins it: it says nothing but that it finds nobody who does, and
 * begins when it is in a roster, with nothing but the genesis and the keys of its card. */
Test(fast_sync, brings_a_newcomer_into_the_network, .timeout = 600)
{
    char name[WORLD_NAME_LEN];
    struct assay_action join;
    struct assay_sim_world *w = with_newcomer(&join, name);
    cr_assert(assay_sim_world_run(w, 20000), "%s", assay_sim_world_violation(w));
    const struct assay_engine *own = assay_sim_world_engine(w, NODES);
    cr_assert_eq(own->head->state.epoch, 0);
    const size_t said = assay_sim_world_notes(w, NODES, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_gt(said, 0);
    cr_assert_lt(said, 20);
    const uint64_t now = assay_sim_world_epoch(w, 1);
    decide(w, 1, now + 4, &join);
    cr_assert(assay_sim_world_run(w, 12000), "%s", assay_sim_world_violation(w));
    own = assay_sim_world_engine(w, NODES);
    const struct assay_state *other = &assay_sim_world_engine(w, 1)->head->state;
    cr_assert_eq(assay_sim_world_notes(w, NODES, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 1);
    cr_assert_geq(own->head->state.epoch + 1, other->epoch);
    cr_assert_eq(other->members[NODES].stage, ASSAY_STAGE_MEMBER);
    cr_assert_gt(other->members[NODES].trust.availability_bp, 0);
    cr_assert_eq(other->members[NODES].lives[0].incarnation, 1);
    cr_assert_eq(assay_sim_world_notes(w, NODES, ASSAY_NOTE_ROOT_MISMATCH, ASSAY_SLOT_ALL), 0);
    assay_sim_world_destroy(&w);
}

/* Whoever answers it while nobody has joined it proves a chain without it: no state of that is
 * taken.
 */
static void answer_as_asked(struct assay_sim_world *w, uint64_t epoch)
{
    static uint8_t asked[256], answer[ASSAY_SYNC_ANSWER_LEN_MAX], scratch[65536];
    const struct assay_engine *e = assay_sim_world_engine(w, NODES);
    struct assay_fast_sync_wire_request ask = { .epoch = epoch };
    assay_bytes_copy(ask.chain_id, 32, w->genesis->chain_id, 32);
    struct assay_writer a = assay_writer_over(asked, sizeof asked);
    struct assay_writer out = assay_writer_over(answer, sizeof answer);
    cr_assert_eq(assay_fast_sync_wire_request_encode(&ask, &a), ASSAY_OK);
    cr_assert_eq(assay_fast_sync_wire_answer(w->nodes[1].store, w->genesis->chain_id,
                                             assay_slice_over(asked, a.len), scratch,
                                             sizeof scratch, &out),
                 ASSAY_OK);
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = assay_eng_find_peer(e, e->sync->turn);
    event.as.message.kind = ASSAY_MESSAGE_SYNC_ANSWER;
    event.as.message.payload = assay_slice_over(answer, out.len);
    cr_assert_eq(world_step(w, NODES, &event), ASSAY_OK);
}

Test(fast_sync, takes_no_state_without_the_newcomer, .timeout = 600)
{
    char name[WORLD_NAME_LEN];
    struct assay_action join;
    struct assay_sim_world *w = with_newcomer(&join, name);
    cr_assert(assay_sim_world_run(w, 100), "%s", assay_sim_world_violation(w));
    const struct assay_engine *e = assay_sim_world_engine(w, NODES);
    cr_assert_eq(e->fast_sync->phase, ASSAY_FAST_SYNC_BOUNDARIES);
    answer_as_asked(w, 1);
    cr_assert_geq(e->fast_sync->epoch, 3);
    for (int peer = 1; e->fast_sync->phase == ASSAY_FAST_SYNC_CONFIRM; peer++) {
        cr_assert_lt(peer, ASSAY_FAST_SYNC_OPERATORS);
        answer_as_asked(w, 1);
    }
    for (int peer = 0; peer < 3; peer++) {
        cr_assert_eq(e->fast_sync->phase, ASSAY_FAST_SYNC_BOUNDARIES, "%d", peer);
        answer_as_asked(w, e->fast_sync->epoch + 1);
    }
    cr_assert_eq(e->fast_sync->phase, ASSAY_FAST_SYNC_OFF);
    const struct assay_sim_world_note *n =
        assay_sim_world_last_note(w, NODES, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL);
    cr_assert_not_null(n);
    cr_assert_eq(n->b, 4);
    /* And asks again. */
    cr_assert(assay_sim_world_run(w, 2000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(e->fast_sync->phase, ASSAY_FAST_SYNC_BOUNDARIES);
    cr_assert_eq(e->head->state.epoch, 0);
    assay_sim_world_destroy(&w);
}
