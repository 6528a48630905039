/*
 * tests/unit/engine/ledger/test_last_fall.c - tests of the last fall of a member in whole networks:
 * all nodes name the same, after a restart and after fast sync (docs/protocol.md 7.16).
 */
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NODES = 7, AWAY = 3, BEGIN = 4, LATER = 12 };

static struct assay_fall fall_at(struct assay_sim_world *w, uint32_t node)
{
    struct assay_member_snapshot m;
    assay_sim_world_member(w, node, AWAY, &m);
    return m.fall;
}

static void expect_same(struct assay_sim_world *w, uint32_t node, const struct assay_fall *fall)
{
    const struct assay_fall own = fall_at(w, node);
    cr_expect_arr_eq(&own, fall, sizeof own, "node %u: %u to %u", node, (unsigned)own.first.epoch,
                     (unsigned)own.last.epoch);
}

/* Member 3 is away from epoch 4 on, for good. */
static struct assay_sim_world *start(void)
{
    const struct assay_sim_world_options o = { .seed = 23, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, BEGIN, 20000), "%s", assay_sim_world_violation(w));
    assay_sim_world_kill(w, AWAY);
    cr_assert(assay_sim_world_run_to_epoch(w, LATER, 60000), "%s", assay_sim_world_violation(w));
    return w;
}

Test(last_fall, has_the_begin_of_an_absence_in_all_nodes, .timeout = 600)
{
    struct assay_sim_world *w = start();
    const struct assay_fall fall = fall_at(w, 1);
    cr_expect(fall.first.epoch >= BEGIN - 1 && fall.first.epoch <= BEGIN + 1);
    cr_expect_eq(fall.last.epoch, fall.first.epoch + 2);
    cr_expect_eq(fall.first.number, ASSAY_FALL_AVAILABILITY);
    cr_expect_eq(fall.first.rule, ASSAY_AVAILABILITY_FALL);
    cr_expect_gt(fall.last.begin_ms, fall.first.begin_ms);
    cr_expect_eq(fall.from, ASSAY_STANDING_FULL);
    cr_expect_eq(fall.to, ASSAY_STANDING_SUSPENDED);
    for (uint32_t node = 0; node < NODES; node++)
        if (node != AWAY) expect_same(w, node, &fall);
    struct assay_member_snapshot other;
    assay_sim_world_member(w, 0, 1, &other);
    cr_expect_not(assay_fall_is_set(&other.fall));
    assay_sim_world_destroy(&w);
}

Test(last_fall, is_there_after_a_restart_and_after_fast_sync, .timeout = 600)
{
    struct assay_sim_world *w = start();
    const struct assay_fall fall = fall_at(w, 1);
    assay_sim_world_kill(w, 2);
    cr_assert(assay_sim_world_run(w, 200));
    assay_sim_world_restart(w, 2);
    assay_sim_world_acts(w, 0)->loses_store = true;
    cr_assert(assay_sim_world_run_to_epoch(w, LATER + 2, 20000), "%s",
              assay_sim_world_violation(w));
    expect_same(w, 2, &fall);
    assay_sim_world_kill(w, 0);
    cr_assert(assay_sim_world_run(w, 800));
    for (uint32_t node = 1; node < NODES; node++) {
        struct assay_store *store = w->nodes[node].store;
        if (node == AWAY) continue;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, LATER + 2), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
    assay_sim_world_restart(w, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 1) + 4, 40000), "%s",
              assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    expect_same(w, 0, &fall);
    expect_same(w, 1, &fall);
    assay_sim_world_destroy(&w);
}

Test(last_fall, stays_when_the_member_is_back, .timeout = 600)
{
    struct assay_sim_world *w = start();
    const struct assay_fall fall = fall_at(w, 1);
    assay_sim_world_restart(w, AWAY);
    cr_assert(assay_sim_world_run_to_epoch(w, LATER + 30, 60000), "%s",
              assay_sim_world_violation(w));
    struct assay_member_snapshot m;
    assay_sim_world_member(w, 1, AWAY, &m);
    cr_expect_eq(m.trust.score.standing, ASSAY_STANDING_FULL);
    expect_same(w, 1, &fall);
    expect_same(w, AWAY, &fall);
    assay_sim_world_destroy(&w);
}
