/*
 * tests/unit/engine/test_idle.c - no block without content (docs/protocol.md 5.11), and the
 * views that a record held back waits for still pass.
 */
#include "engine/evidence/pool.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>

enum { EPOCH_MS = 800, LAST = 6 };

static struct assay_sim_world *quiet_world(void)
{
    const struct assay_sim_world_options options = { .seed = 5, .nodes = 4, .epoch_ms = EPOCH_MS };
    return assay_sim_world_create(&options);
}

/* Final blocks of the table by kind, and those of them that hold nothing. */
static void count_blocks(struct assay_engine *e, uint32_t kinds[4], uint32_t *empty)
{
    *empty = 0;
    for (uint32_t i = 0; i < assay_blocks_count(e->blocks); i++) {
        const struct assay_block *block = assay_blocks_at(e->blocks, i);
        if (!block->used || !block->final || block->header.kind == ASSAY_BLOCK_TAIL) continue;
        kinds[block->header.kind]++;
        if (block->header.kind == ASSAY_BLOCK_NORMAL && block->header.record_count == 0)
            (*empty)++;
    }
}

Test(idle, a_quiet_network_makes_no_block_without_content)
{
    struct assay_sim_world *w = quiet_world();
    uint32_t kinds[4] = { 0 };
    uint32_t empty = 0;
    cr_assert(assay_sim_world_run_to_epoch(w, LAST, LAST * 3 * EPOCH_MS));
    count_blocks(w->nodes[0].engine, kinds, &empty);
    cr_expect_gt(kinds[ASSAY_BLOCK_ROLL], 0);
    cr_expect_gt(kinds[ASSAY_BLOCK_NORMAL], 0, "ballots have their blocks");
    cr_expect_eq(empty, 0, "%u blocks of %u hold nothing", empty, kinds[ASSAY_BLOCK_NORMAL]);
    assay_sim_world_destroy(&w);
}

/* Until a node has a ballot that waits. Returns: its engine. */
static struct assay_engine *until_a_ballot_waits(struct assay_sim_world *w)
{
    for (int i = 0; i < 20 * EPOCH_MS; i++) {
        struct assay_engine *e = w->nodes[0].engine;
        cr_assert(assay_sim_world_run(w, 1));
        if (e->head->context.epoch > 2 && e->proposal->waits) return e;
    }
    cr_assert_fail("no ballot ever waited");
    return NULL;
}

Test(idle, views_pass_for_records_that_are_held_back)
{
    struct assay_sim_world *w = quiet_world();
    struct assay_engine *e = until_a_ballot_waits(w);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        e->pool->items[i].not_before = UINT64_MAX;
    }
    e->pool->version++;
    const uint64_t held_back = assay_proposal_demand(e);
    cr_expect(e->proposal->held_back);
    cr_expect_not(e->proposal->waits);
    cr_expect_leq(held_back, e->now_ms + EPOCH_MS / 8);
    for (uint32_t i = 0; i < e->pool->count; i++)
        e->pool->items[i].phase = ASSAY_POOL_DONE;
    e->pool->version++;
    cr_expect_gt(assay_proposal_demand(e), e->now_ms + EPOCH_MS / 8, "nothing waits: E is next");
    cr_expect_not(e->proposal->held_back);
    assay_sim_world_destroy(&w);
}
