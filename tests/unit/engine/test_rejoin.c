/*
 * tests/unit/engine/test_rejoin.c - one left, and its slot has somebody again: itself on another
 * machine, or a newcomer (docs/protocol.md 9.6.6).
 */
#include "sim/world/world_internal.h"
#include "tests/unit/engine/decide.h"

#include "engine/audit/audit.h"
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 7, GONE = 6, MATE = 3 };

static bool all_closed(struct assay_sim_world *w, uint64_t epochs, uint64_t ms)
{
    return assay_sim_world_run_to_epoch(w, assay_sim_world_epoch(w, 1) + epochs, ms);
}

static void one_leaves(struct assay_sim_world *w)
{
    struct assay_action leave = { .kind = ASSAY_ACTION_LEAVE };
    assay_bytes_copy(leave.node_id, 32, w->genesis->members[GONE].node_id, 32);
    decide(w, 1, assay_sim_world_epoch(w, 1) + 3, &leave);
    for (int i = 0; i < 400; i++) {
        if (w->nodes[1].engine->head->state.members[GONE].stage == ASSAY_STAGE_LEFT) break;
        cr_assert(assay_sim_world_run(w, 10), "%s", assay_sim_world_violation(w));
    }
    assay_sim_world_kill(w, GONE);
}

/* To the machine of another member, and its operator. */
static void move_beside(const struct assay_sim_world *w, struct assay_genesis_member *card)
{
    const struct assay_genesis_member *mate = &w->genesis->members[MATE];
    assay_bytes_copy(card->platform_id, 32, mate->platform_id, 32);
    assay_bytes_copy(card->vendor_root, 32, mate->vendor_root, 32);
    assay_bytes_copy(card->operator_id, 32, mate->operator_id, 32);
}

struct judge {
    const struct assay_sim_world *world;
    struct assay_finding_record items[16];
    struct assay_findings findings;
};

static const struct assay_finding_record *judge(void *context, const struct assay_ask *ask)
{
    struct judge *j = context;
    struct assay_verdict verdict;
    world_appraise(j->world, ask->bytes, ask->kind, ask->at_unix_s,
                   world_rules_of(j->world, ask->epoch), &verdict);
    return assay_findings_put(&j->findings, ask->digest, ask->at_unix_s, ask->before, &verdict);
}

/* What node 0 kept is true. */
static void audit(const struct assay_sim_world *w, uint64_t from_epoch)
{
    struct judge j = { .world = w };
    struct assay_store *store = NULL;
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    j.findings.items = j.items;
    j.findings.count = 16;
    cr_assert_eq(assay_store_memory_snapshot(w->nodes[0].store, &store), ASSAY_OK);
    void *memory = aligned_alloc(64, assay_audit_memory_len());
    const struct assay_audit_config config = { .store = store,
                                               .genesis = w->genesis,
                                               .vet = { .context = &j, .finding = judge },
                                               .signatures = true,
                                               .items = true,
                                               .from_epoch = from_epoch,
                                               .memory = memory };
    const enum assay_status status = assay_audit(&config, &figures, &fault);
    cr_assert_eq(status, ASSAY_OK, "%s, epoch %llu", fault.fault.what,
                 (unsigned long long)fault.key.epoch);
    free(memory);
    assay_store_close(&store);
}

/* One left, and is back with its identity on a machine of another operator: the slots, the ids and
 * the stages are those of before, the groups are not. */
Test(rejoin, arrives_where_one_came_back_on_another_machine, .timeout = 600)
{
    const struct assay_sim_world_options o = { .seed = 21, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    char name[WORLD_NAME_LEN];
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000), "%s", assay_sim_world_violation(w));
    assay_sim_world_acts(w, 0)->loses_store = true;
    assay_sim_world_kill(w, 0);
    one_leaves(w);
    uint64_t now = assay_sim_world_epoch(w, 1) + 12;
    cr_assert(assay_sim_world_run_to_epoch(w, now, 60000), "%s", assay_sim_world_violation(w));
    world_card(w, GONE, w->deal[GONE], &join.card, name);
    move_beside(w, &join.card);
    decide(w, 2, now + 3, &join);
    now += 12;
    cr_assert(assay_sim_world_run_to_epoch(w, now, 60000), "%s", assay_sim_world_violation(w));
    for (uint32_t node = 1; node < NODES; node++) {
        struct assay_store *store = w->nodes[node].store;
        cr_assert_eq(assay_store_prune(store, ASSAY_STORE_BLOCK, 0, now), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    }
    assay_sim_world_restart(w, 0);
    cr_assert(all_closed(w, 3, 20000), "%s", assay_sim_world_violation(w));
    cr_assert(all_closed(w, 3, 8000), "%s", assay_sim_world_violation(w));
    cr_assert_null(assay_sim_world_violation(w));
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAST_SYNCED, ASSAY_SLOT_ALL), 0);
    const struct assay_engine *own = w->nodes[0].engine;
    cr_assert_eq(own->head->state.members[GONE].stage, ASSAY_STAGE_MEMBER);
    cr_assert_eq(own->head->groups.operator_[GONE], own->head->groups.operator_[MATE]);
    assay_sim_world_destroy(&w);
}

/* One left, and as many slots as before have somebody, of another operator and platform: their
 * number says nothing of the groups (docs/protocol.md 6.2). */
static void follows_into_a_used_slot(bool other_place)
{
    const struct assay_sim_world_options o = { .seed = 21, .nodes = NODES, .epoch_ms = 400 };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_action join = { .kind = ASSAY_ACTION_JOIN };
    char name[WORLD_NAME_LEN];
    cr_assert(assay_sim_world_run_to_epoch(w, 3, 20000), "%s", assay_sim_world_violation(w));
    one_leaves(w);
    uint64_t now = assay_sim_world_epoch(w, 0) + 12;
    cr_assert(assay_sim_world_run_to_epoch(w, now, 60000), "%s", assay_sim_world_violation(w));
    world_card(w, GONE, 50, &join.card, name); /* a newcomer, keys of its own */
    if (other_place) move_beside(w, &join.card);
    decide(w, 2, now + 3, &join);
    cr_assert(assay_sim_world_run_to_epoch(w, now + 10, 60000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(w->nodes[0].engine->head->state.members[GONE].stage, ASSAY_STAGE_MEMBER);
    cr_assert_eq(w->nodes[0].engine->head->state.member_count, NODES);
    audit(w, 0);
    audit(w, now + 6);
    assay_sim_world_destroy(&w);
}

Test(rejoin, follows_newcomers_into_used_slots, .timeout = 600)
{
    follows_into_a_used_slot(false);
    follows_into_a_used_slot(true);
}
