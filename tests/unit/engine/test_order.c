/*
 * tests/unit/engine/test_order.c - orders follow from the state of a member in service: to rest is
 * no fault, and nothing is done to the enclave of one that rests (docs/protocol.md 9.6.2, 10.1).
 */
#include "engine/parts/engine_internal.h"
#include "host/permit.h"
#include "tests/unit/engine/decide.h"

#include <criterion/criterion.h>

enum { NODES = 5, RESTING = 3 };

static bool was_told(const struct assay_sim_world *w, enum assay_order_kind kind)
{
    return w->nodes[RESTING].last_orders[kind].epoch > 0;
}

static void decide_about(struct assay_sim_world *w, uint64_t sequence, enum assay_action_kind kind)
{
    struct assay_action action = { .kind = kind };
    const uint64_t now = assay_sim_world_epoch(w, 1);
    assay_bytes_copy(action.node_id, 32, w->genesis->members[RESTING].node_id, 32);
    decide(w, sequence, now + 3, &action);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 6, 60000), "%s", assay_sim_world_violation(w));
}

Test(order, who_rests_is_told_nothing_and_who_wakes_climbs_as_after_absence, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_engine_snapshot chain;
    struct assay_member_snapshot own;
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 12000));
    decide_about(w, 1, ASSAY_ACTION_REST);
    assay_sim_world_member(w, RESTING, RESTING, &own);
    cr_assert_eq(own.stage, ASSAY_STAGE_RESTING);
    cr_assert_eq(own.trust.score.standing, ASSAY_STANDING_SUSPENDED, "peers refuse it service");
    cr_expect_not(was_told(w, ASSAY_ORDER_SUSPEND), "and its enclave is left alone");
    for (uint32_t node = 0; node < NODES; node++)
        cr_expect_eq(assay_sim_world_notes(w, node, ASSAY_NOTE_STANDING, RESTING), 0,
                     "to rest is no fall that anybody has to look at");
    assay_engine_snapshot(assay_sim_world_engine(w, RESTING), &chain);
    cr_expect_str_eq(assay_permit(&chain, &own, 400, chain.final_at_ms, false).reason, "resting");
    decide_about(w, 2, ASSAY_ACTION_WAKE);
    assay_sim_world_member(w, RESTING, RESTING, &own);
    cr_assert_eq(own.stage, ASSAY_STAGE_MEMBER);
    cr_assert_gt(own.weight, 0);
    cr_assert(was_told(w, ASSAY_ORDER_SUSPEND), "until it has attested for a while");
    cr_assert_not(was_told(w, ASSAY_ORDER_RELEASE));
    const uint64_t now = assay_sim_world_epoch(w, 1);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 24, 60000), "%s",
              assay_sim_world_violation(w));
    cr_assert(was_told(w, ASSAY_ORDER_RELEASE));
    assay_sim_world_destroy(&w);
}

/* A newcomer starts SUSPENDED and climbs for many epochs before its standing moves: its agent knows
 * that from the first close. */
Test(order, a_newcomer_is_told_that_it_is_suspended, .timeout = 600)
{
    enum { SET = 50 };
    const struct assay_sim_world_options o = { .seed = 17, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    struct assay_member_snapshot own;
    char name[WORLD_NAME_LEN];
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 12000));
    assay_sim_world_kill(w, RESTING);
    decide_about(w, 1, ASSAY_ACTION_LEAVE);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 1) + 12, 60000), "%s",
              assay_sim_world_violation(w)); /* the slot can be used again */
    world_card(w, RESTING, SET, &join.card, name);
    decide(w, 2, assay_sim_world_epoch(w, 1) + 3, &join);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 1) + 5, 60000), "%s",
              assay_sim_world_violation(w));
    world_node_join(w, RESTING, SET, 0);
    cr_assert(assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 1) + 6, 60000), "%s",
              assay_sim_world_violation(w));
    assay_sim_world_member(w, RESTING, RESTING, &own);
    cr_assert_eq(own.trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect(was_told(w, ASSAY_ORDER_SUSPEND));
    cr_expect_eq(w->nodes[RESTING].agent.work, ASSAY_WORK_SUSPENDED);
    assay_sim_world_destroy(&w);
}
