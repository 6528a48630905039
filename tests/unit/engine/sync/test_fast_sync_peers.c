/*
 * tests/unit/engine/sync/test_fast_sync_peers.c - fast sync next to peers without old boundaries.
 *
 * A peer that was restored from an archive, started with a checkpoint or keeps a shorter history
 * has none, and a liar can report the same: neither stops a node (docs/protocol.md 5.30.1, 5.30.3).
 */
#include "sim/world/world_internal.h"

#include "engine/parts/engine_internal.h"
#include "engine/sync/catchup_time.h"

#include <criterion/criterion.h>

enum { AWAY = 3 }; /* the epoch from which node 0 is away */

/* All peers have pruned the blocks before `epochs`, and those of the mask the boundaries, too.
 * Those of the other mask are dead when node 0 returns. */
static struct assay_sim_world *away_next_to(const struct assay_sim_world_options *o,
                                            uint64_t epochs, uint32_t lacking, uint32_t dead)
{
    const uint32_t nodes = o->nodes;
    struct assay_sim_world *w = assay_sim_world_create(o);
    cr_assert(assay_sim_world_run_to_epoch(w, AWAY, 12000));
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, epochs, 4000 * epochs), "%s",
              assay_sim_world_violation(w));
    for (uint32_t node = 1; node < nodes; node++) {
        struct assay_store *store = w->nodes[node].store;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, epochs), ASSAY_OK);
        if (lacking >> node & 1) {
            cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BOUNDARY, 0, epochs), ASSAY_OK);
            cr_assert_eq(assay_store_prune(store, ASSAY_STORE_FINALITY, 0, epochs), ASSAY_OK);
        }
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        if (dead >> node & 1) assay_sim_world_kill(w, node);
    }
    assay_sim_world_restart(w, 0);
    return w;
}

static struct assay_sim_world *away(uint32_t nodes, uint64_t epochs, uint32_t lacking)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = nodes, .epoch_ms = 400 };
    return away_next_to(&o, epochs, lacking, 0);
}

static bool runs_until(struct assay_sim_world *w, enum assay_fast_sync_phase phase)
{
    for (int i = 0; i < 4000; i++) {
        if (assay_sim_world_engine(w, 0)->fast_sync->phase == phase) return true;
        if (!assay_sim_world_run(w, 1)) return false;
    }
    return false;
}

static void expect_joined(struct assay_sim_world *w, uint32_t lacking)
{
    const uint64_t goal = assay_sim_world_epoch(w, 1) + 3;
    cr_expect(assay_sim_world_run_to_epoch(w, goal, 20000), "lacking %#x", lacking);
    cr_expect_null(assay_sim_world_violation(w));
    cr_expect_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    cr_expect_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL), 0);
}

/* Of three peers of three operators one confirms nothing: the other two are all that can. */
Test(fast_sync_peers, a_peer_without_boundaries_undoes_none, .timeout = 600)
{
    for (uint32_t peer = 1; peer < 4; peer++) {
        struct assay_sim_world *w = away(4, 14, 1u << peer);
        cr_assert(runs_until(w, ASSAY_FAST_SYNC_STATE), "peer %u", (unsigned)peer);
        cr_expect_eq(assay_sim_world_engine(w, 0)->fast_sync->page.replied_count, 2);
        expect_joined(w, 1u << peer);
        assay_sim_world_destroy(&w);
    }
}

/* It is no confirmation, either: where three operators have the boundaries, three are needed. */
Test(fast_sync_peers, a_peer_without_boundaries_confirms_none, .timeout = 600)
{
    for (uint32_t peer = 1; peer < 5; peer++) {
        struct assay_sim_world *w = away(5, 14, 1u << peer);
        cr_assert(runs_until(w, ASSAY_FAST_SYNC_STATE), "peer %u", (unsigned)peer);
        cr_expect_eq(assay_sim_world_engine(w, 0)->fast_sync->page.replied_count,
                     ASSAY_FAST_SYNC_OPERATORS);
        expect_joined(w, 1u << peer);
        assay_sim_world_destroy(&w);
    }
}

/* The first page ends far before the others' head, and the next peer that is queried has nothing:
 * that is no reason to request a state that all have pruned. */
Test(fast_sync_peers, one_peer_without_boundaries_does_not_end_them, .timeout = 600)
{
    for (uint32_t peer = 1; peer < 5; peer++) {
        struct assay_sim_world *w = away(5, AWAY + ASSAY_FAST_SYNC_PAGE_MAX + 20, 1u << peer);
        cr_assert(runs_until(w, ASSAY_FAST_SYNC_STATE), "peer %u", (unsigned)peer);
        cr_expect_geq(assay_sim_world_engine(w, 0)->fast_sync->epoch + 2,
                      assay_sim_world_epoch(w, 1), "peer %u", (unsigned)peer);
        expect_joined(w, 1u << peer);
        assay_sim_world_destroy(&w);
    }
}

/* Peers of three operators in a row have nothing: the state is not there, and all are queried for
 * boundaries before the next one. */
Test(fast_sync_peers, three_peers_without_boundaries_end_them_once, .timeout = 600)
{
    const uint64_t epochs = AWAY + ASSAY_FAST_SYNC_PAGE_MAX + ASSAY_FAST_SYNC_EPOCHS + 20;
    bool early = false;
    for (uint32_t peer = 2; peer < 5; peer++) {
        const uint32_t lacking = 7u << peer;
        struct assay_sim_world *w = away(7, epochs, lacking);
        cr_assert(runs_until(w, ASSAY_FAST_SYNC_STATE), "peer %u", (unsigned)peer);
        const struct assay_engine *e = assay_sim_world_engine(w, 0);
        if (e->fast_sync->epoch < AWAY + ASSAY_FAST_SYNC_PAGE_MAX + 10) {
            early = true;
            cr_assert(runs_until(w, ASSAY_FAST_SYNC_BOUNDARIES));
            cr_assert(runs_until(w, ASSAY_FAST_SYNC_STATE));
            cr_expect_geq(e->fast_sync->epoch + 2, assay_sim_world_epoch(w, 1));
        }
        expect_joined(w, lacking);
        assay_sim_world_destroy(&w);
    }
    cr_expect(early, "none of these peers is queried three times in a row");
}

/* With silent peers a round of all takes longer than an epoch, so the network has a new boundary
 * before it is over: that is no reason to begin another round. */
Test(fast_sync_peers, silent_peers_do_not_hold_fast_sync, .timeout = 600)
{
    static const struct {
        uint32_t operators, dead;
    } cases[] = { { 1, 0x1248 }, { 2, 0x1248 }, { 2, 0x9240 }, { 3, 0x0f00 }, { 0, 0x1248 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct assay_sim_world_options o = {
            .seed = 17, .nodes = 16, .epoch_ms = 400, .operators = cases[i].operators
        };
        struct assay_sim_world *w = away_next_to(&o, 14, 0, cases[i].dead);
        const uint64_t from_ms = assay_sim_world_engine(w, 0)->now_ms;
        expect_joined(w, cases[i].dead);
        cr_expect_leq(assay_sim_world_engine(w, 0)->now_ms, from_ms + 16 * o.epoch_ms, "case %zu",
                      i);
        assay_sim_world_destroy(&w);
    }
}

/* Over slow links a round of all peers of two operators takes longer than an epoch, too. All of
 * them answer. */
Test(fast_sync_peers, what_becomes_final_during_a_round_does_not_restart_it, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 17,
                                               .nodes = 16,
                                               .epoch_ms = 400,
                                               .operators = 2,
                                               .delay_min_ms = 20,
                                               .delay_max_ms = 30 };
    struct assay_sim_world *w = away_next_to(&o, 14, 0, 0);
    const uint64_t from_ms = assay_sim_world_engine(w, 0)->now_ms;
    expect_joined(w, 0);
    cr_expect_leq(assay_sim_world_engine(w, 0)->now_ms, from_ms + 16 * o.epoch_ms);
    assay_sim_world_destroy(&w);
}

/* The one peer that has boundaries is down when it is asked, and back before the others have said
 * that they have none: before it is asked again, the node does not report that no peer has them. */
Test(fast_sync_peers, a_peer_that_was_down_is_asked_again_before_the_end, .timeout = 600)
{
    enum { NODES = 8, HAS = 3 };
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = away_next_to(&o, 14, ((1u << NODES) - 1) & ~(1u << HAS), 1u << HAS);
    const struct assay_engine *e = assay_sim_world_engine(w, 0);
    for (int i = 0; i < 4000 && !assay_bit_has(e->fast_sync->unresponsive, HAS); i++) {
        cr_assert(assay_sim_world_run(w, 1));
        e = assay_sim_world_engine(w, 0);
    }
    cr_assert(assay_bit_has(e->fast_sync->unresponsive, HAS));
    assay_sim_world_restart(w, HAS);
    expect_joined(w, 1u << HAS);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 5.20.2: after many failures a request waits for the time-out of the last one.
 * The next peer, which was not asked meanwhile, is not silent. */
Test(fast_sync_peers, a_peer_that_was_not_asked_is_not_silent, .timeout = 600)
{
    struct assay_sim_world *w = away(6, 14, 0);
    cr_assert(runs_until(w, ASSAY_FAST_SYNC_BOUNDARIES));
    struct assay_engine *e = w->nodes[0].engine;
    const uint16_t liar = assay_eng_find_peer(e, e->sync->turn);
    e->parts->sync.failures = ASSAY_SYNC_FAILURES_PATIENT + 1;
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = liar;
    event.as.message.kind = ASSAY_MESSAGE_SYNC_ANSWER;
    static const char nonsense[] = "\x85\x78\x18"
                                   "assay/boundary-answer/v1";
    event.as.message.payload = assay_slice_over(nonsense, sizeof nonsense);
    cr_assert_neq(world_step(w, 0, &event), ASSAY_OK);
    cr_assert(assay_bit_has(e->fast_sync->unresponsive, liar));
    for (int i = 0; i < 4000 && e->fast_sync->phase != ASSAY_FAST_SYNC_OFF; i++) {
        for (uint32_t slot = 1; slot < w->options.nodes; slot++)
            if (slot != liar) cr_assert_not(assay_bit_has(e->fast_sync->unresponsive, slot));
        cr_assert(assay_sim_world_run(w, 1));
        e = w->nodes[0].engine;
    }
    expect_joined(w, 0);
    assay_sim_world_destroy(&w);
}

/* docs/protocol.md 10.6: what catch-up brings is old, however recently it became final here: the
 * state of long ago that the node has meanwhile permits nothing. */
Test(fast_sync_peers, a_node_that_catches_up_has_no_new_head, .timeout = 600)
{
    for (unsigned pruned = 0; pruned < 2; pruned++) {
        const struct assay_sim_world_options o = { .seed = 17, .nodes = 5, .epoch_ms = 400 };
        struct assay_sim_world *w = assay_sim_world_create(&o);
        cr_assert(assay_sim_world_run_to_epoch(w, AWAY, 12000));
        assay_sim_world_kill(w, 0);
        cr_assert(assay_sim_world_run_to_epoch(w, 40, 40 * 4000));
        for (uint32_t node = 1; node < o.nodes && pruned == 1; node++) {
            struct assay_store *store = w->nodes[node].store;
            cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, 40), ASSAY_OK);
            cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        }
        assay_sim_world_restart(w, 0);
        const struct assay_engine *e = assay_sim_world_engine(w, 0);
        uint32_t behind = 0;
        for (int i = 0; i < 20000 && e->chain->final_ms == 0; i++) {
            behind += e->head->state.epoch > AWAY && e->head->state.epoch + 2 < 40;
            cr_assert(assay_sim_world_run(w, 1));
            e = assay_sim_world_engine(w, 0);
        }
        cr_expect_eq(behind > 0, pruned == 0);
        cr_expect_geq(e->head->state.epoch + 2, assay_sim_world_epoch(w, 1));
        cr_expect(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 1) + 3, 20000));
        cr_expect_gt(assay_sim_world_engine(w, 0)->chain->final_ms, 0);
        assay_sim_world_destroy(&w);
    }
}

/* docs/protocol.md 5.20.3: members that left or are drained have no turn, and give none to the next
 * peer. */
Test(fast_sync_peers, each_turn_is_of_another_peer)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = 9, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    for (uint32_t self = 0; self < o.nodes; self += 4) {
        struct assay_engine *e = w->nodes[self].engine;
        for (uint32_t left = 0; left < 1u << o.nodes; left += 37) {
            for (uint32_t slot = 0; slot < o.nodes; slot++)
                e->parts->head.state.members[slot].stage =
                    left >> slot & 1 ? ASSAY_STAGE_LEFT : ASSAY_STAGE_MEMBER;
            const uint32_t peers = assay_eng_count_peers(e);
            uint32_t seen = 0;
            for (uint32_t turn = 1000; turn < 1000 + peers; turn++) {
                const uint16_t peer = assay_eng_find_peer(e, turn);
                cr_assert_lt(peer, o.nodes);
                cr_assert_eq((seen | left | 1u << self) >> peer & 1, 0);
                seen |= 1u << peer;
            }
            if (peers == 0) cr_assert_eq(assay_eng_find_peer(e, 0), ASSAY_SLOT_ALL);
        }
        for (uint32_t slot = 0; slot < o.nodes; slot++)
            e->parts->head.state.members[slot].stage = ASSAY_STAGE_MEMBER;
    }
    assay_sim_world_destroy(&w);
}
