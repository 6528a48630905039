/*
 * tests/unit/engine/test_pending_proofs.c - more false verdicts at once than there is room to
 * prove: none is forgotten.
 */
#include "engine/evidence/pool.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 12, LIARS = 10 }; /* four proofs of each: more than ASSAY_PENDING_PROOFS_MAX */

static const struct assay_sim_world_options options = { .seed = 8, .nodes = NODES };

/* A ballot of a slot, as the pool holds it, that calls everybody else's evidence forged. */
static void lie(struct assay_engine *e, uint32_t slot)
{
    const struct assay_state *s = &e->head->state;
    struct assay_ballot b = { .era = s->era, .epoch = e->head->context.epoch, .incarnation = 1 };
    uint8_t row[8] = { 0 };
    uint8_t body[ASSAY_BALLOT_FIXED_LEN_MAX + sizeof row];
    uint8_t bytes[sizeof body + 128];
    struct assay_slice all;
    struct assay_record r;
    const struct assay_pool_item *item = NULL;
    size_t signature_at = 0;
    for (uint32_t i = 0; i < NODES; i++)
        if (i != slot) assay_votes_row_set(row, i, ASSAY_OUTCOME_FAIL_HARD);
    assay_bytes_copy(b.roll_root, 32, e->chain->ledger.roll_root, 32);
    assay_bytes_copy(b.chain_id, 32, s->chain_id, 32);
    assay_bytes_copy(b.node_id, 32, s->members[slot].node_id, 32);
    b.row = assay_slice_over(row, assay_votes_row_len(NODES));
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &inner);
    cr_assert_eq(assay_writer_finish(&inner, &all), ASSAY_OK);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_record_put_ballot(&out, all, &signature_at), ASSAY_OK);
    cr_assert_eq(assay_record_decode(assay_slice_over(bytes, out.len), &r), ASSAY_OK);
    r.slot = slot; /* what a check would fill in */
    r.epoch = b.epoch;
    cr_assert_eq(assay_pool_add(e->pool, &r, (uint16_t)slot, &item), ASSAY_OK);
    assay_pool_set_ready(e->pool, item, &r);
}

/* A node that has judged everybody, with a roll and no ballot yet. */
static struct assay_engine *judged(struct assay_sim_world *w)
{
    for (uint32_t i = 0; i < NODES; i++)
        assay_sim_world_acts(w, i)->ballot_delay_ms = 1000;
    for (int k = 0; k < 20000; k++) {
        struct assay_engine *e = w->nodes[0].engine;
        uint32_t count = 0;
        for (uint32_t i = 1; i < NODES; i++)
            count += e->seats[i].phase == ASSAY_SEAT_JUDGED;
        if (e->chain->ledger.has_roll && count == NODES - 1) return e;
        cr_assert(assay_sim_world_run(w, 1));
    }
    cr_assert_fail("never was everybody judged");
    return NULL;
}

static void proofs_of(const struct assay_engine *e, uint32_t count[NODES])
{
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++)
        if (e->pending_proofs->all[i].used) count[e->pending_proofs->all[i].slot]++;
}

Test(pending_proofs, a_lie_that_found_no_room_is_looked_at_again, .timeout = 600)
{
    struct assay_sim_world *w = assay_sim_world_create(&options);
    struct assay_engine *e = judged(w);
    uint32_t count[NODES] = { 0 };
    uint32_t liars = 0;
    for (uint32_t i = 1; i <= LIARS; i++)
        lie(e, i);
    assay_pending_proofs_scan(e);
    assay_pending_proofs_check(e);
    cr_assert_eq(e->pending_proofs->used, ASSAY_PENDING_PROOFS_MAX, "the table is full");
    proofs_of(e, count);
    /* The proofs are made, or somebody else was faster. */
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++)
        e->parts->pending_proofs.all[i].used = false;
    e->parts->pending_proofs.used = 0;
    for (uint32_t i = 0; i < e->pool->count; i++)
        if (count[e->pool->items[i].slot] == 4) e->pool->items[i].kind = ASSAY_RECORD_OFFENCE;
    assay_pending_proofs_scan(e);
    proofs_of(e, count);
    for (uint32_t i = 1; i < NODES; i++)
        liars += count[i] > 0;
    cr_assert_eq(liars, LIARS, "%u of %d liars are to be proven", liars, LIARS);
    assay_sim_world_destroy(&w);
}
