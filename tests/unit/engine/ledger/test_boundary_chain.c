/*
 * tests/unit/engine/ledger/test_boundary_chain.c - a checkpoint is carried forward, boundary after
 * boundary, also over the end of an era (docs/protocol.md 11.3.3).
 */
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/records/recover.h"
#include "engine/parts/engine_internal.h"
#include "engine/sync/boundary_chain.h"
#include "engine/sync/boundary_page.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { EPOCH_MS = 400, NODES = 7, BEFORE = 4 };

struct era {
    bool rest[NODES], mute[NODES];
    bool accepts;
};

/* Fenced in the fifth epoch, and a new era as they say. */
static struct assay_sim_world *world_of(const struct era *era)
{
    const struct assay_sim_world_options o = { .seed = 5, .nodes = NODES, .epoch_ms = EPOCH_MS };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct assay_sim_world_recovery options = { .rest = era->rest,
                                                .mute = era->mute,
                                                .accepts = era->accepts };
    cr_assert(assay_sim_world_run_to_epoch(w, BEFORE, 60000), "%s", assay_sim_world_violation(w));
    cr_assert_eq(assay_sim_world_fence(w, 0), ASSAY_OK);
    cr_assert(assay_sim_world_run(w, 2 * EPOCH_MS));
    cr_assert_eq(assay_sim_world_recover(w, &options), ASSAY_OK);
    assay_sim_world_run(w, 20 * EPOCH_MS); /* the checkers know of no RECOVER without answers */
    return w;
}

struct held {
    struct assay_boundary_page page;
    struct assay_checkpoint from;
    struct assay_roster_row rows[ASSAY_MEMBERS_MAX];
    uint32_t count;
    uint8_t base[4096];
    size_t base_len;
    struct assay_boundary_chain chain;
    struct assay_fault fault;
};

/* The checkpoint of an epoch of the first era, as its holder wrote it down then. */
static struct held *hold(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct held *h = calloc(1, sizeof *h);
    const struct assay_store_key key = { .epoch = epoch };
    uint8_t *state = malloc(assay_state_len_max(NODES));
    struct assay_slice boundary, finality;
    size_t len = 0;
    h->page = (struct assay_boundary_page){
        .store = w->nodes[node].store,
        .genesis = w->genesis,
        .scratch = aligned_alloc(64, assay_boundary_page_scratch_len()),
    };
    cr_assert_eq(assay_store_get(h->page.store, ASSAY_STORE_STATE, &key, state,
                                 assay_state_len_max(NODES), &len),
                 ASSAY_OK);
    cr_assert_eq(assay_proof_checkpoint_of(assay_slice_over(state, len), &h->from), ASSAY_OK);
    cr_assert_eq(assay_boundary_page_voters(&h->page, 0, epoch, h->rows, &h->count), ASSAY_OK);
    cr_assert_eq(assay_boundary_page_next(&h->page, 0, epoch, &boundary, &finality), ASSAY_OK);
    cr_assert_leq(boundary.len, sizeof h->base);
    assay_bytes_copy(h->base, sizeof h->base, boundary.bytes, boundary.len);
    h->base_len = boundary.len;
    free(state);
    return h;
}

static void let_go(struct held *h)
{
    assay_boundary_chain_free(&h->chain);
    free(h->page.scratch);
    free(h);
}

static enum assay_status begin(struct held *h)
{
    return assay_boundary_chain_from(&h->chain, &h->from, h->rows, h->count,
                                     assay_slice_over(h->base, h->base_len), &h->fault);
}

/* As far as the store goes. */
static enum assay_status go(struct held *h, uint64_t until_ms)
{
    if (h->chain.at.epoch == 0) cr_assert_eq(begin(h), ASSAY_OK, "%s", h->fault.what);
    h->chain.recovers_until_ms = until_ms;
    for (;;) {
        const struct assay_checkpoint *at = &h->chain.at;
        struct assay_slice boundary, finality;
        const enum assay_status got =
            assay_boundary_page_next(&h->page, at->era, at->epoch + 1, &boundary, &finality);
        if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
        cr_assert_eq(got, ASSAY_OK);
        const enum assay_status added =
            assay_boundary_chain_add(&h->chain, boundary, finality, &h->fault);
        if (added != ASSAY_OK) return added;
    }
}

/* The end of it is what the network has. */
static void is_head_of(const struct held *h, const struct assay_sim_world *w, uint32_t node)
{
    struct assay_checkpoint c;
    assay_checkpoint_of(&w->nodes[node].engine->head->state, &c);
    cr_expect_eq(h->chain.at.epoch, c.epoch);
    cr_expect_eq(h->chain.at.era, c.era);
    cr_expect_arr_eq(h->chain.at.id, c.id, 32);
    cr_expect_arr_eq(h->chain.at.roster_digest, c.roster_digest, 32);
}

Test(boundary_chain, follows_a_recover_that_voters_of_before_confirm, .timeout = 600)
{
    const struct era plain = { .accepts = false };
    struct assay_sim_world *w = world_of(&plain);
    for (uint64_t epoch = 1; epoch <= BEFORE; epoch++) {
        struct held *h = hold(w, 0, epoch);
        cr_assert_eq(go(h, UINT64_MAX), ASSAY_OK, "%s", h->fault.what);
        cr_expect_eq(h->chain.at.era, 1);
        cr_expect_not(h->chain.unsealed);
        cr_expect_eq(h->chain.crossing_count, 1);
        cr_expect_eq(h->chain.crossing.era, 1);
        cr_expect_gt(3 * h->chain.crossing.answered, h->chain.crossing.total);
        cr_expect_gt(3 * h->chain.crossing.confirmed, h->chain.crossing.total);
        is_head_of(h, w, 0);
        let_go(h);
    }
    assay_sim_world_destroy(&w);
}

Test(boundary_chain, follows_no_recover_unless_its_caller_says_so, .timeout = 600)
{
    const struct era plain = { .accepts = false };
    struct assay_sim_world *w = world_of(&plain);
    struct held *h = hold(w, 0, 2);
    cr_expect_eq(go(h, 0), ASSAY_E_INVALID);
    cr_expect_eq(h->chain.at.era, 0);
    let_go(h);
    assay_sim_world_destroy(&w);
}

Test(boundary_chain, follows_no_recover_beyond_the_trusting_period, .timeout = 600)
{
    const struct era plain = { .accepts = false };
    struct assay_sim_world *w = world_of(&plain);
    struct held *h = hold(w, 0, 2);
    cr_assert_eq(go(h, UINT64_MAX), ASSAY_OK);
    let_go(h);
    h = hold(w, 0, 2);
    cr_expect_eq(go(h, h->from.time_ms + 1), ASSAY_E_INVALID);
    cr_expect_eq(h->chain.at.era, 0);
    let_go(h);
    assay_sim_world_destroy(&w);
}

Test(boundary_chain, follows_no_recover_of_other_operators, .timeout = 600)
{
    const struct era plain = { .accepts = false };
    struct assay_sim_world *w = world_of(&plain);
    for (unsigned forged = 0; forged < 2; forged++) { /* other ones in force; a false signature */
        struct held *h = hold(w, 0, BEFORE);
        cr_assert_eq(begin(h), ASSAY_OK);
        h->chain.recovers_until_ms = UINT64_MAX;
        enum assay_status status = ASSAY_OK;
        while (status == ASSAY_OK && h->chain.at.era == 0) {
            struct assay_slice boundary, finality;
            cr_assert_eq(
                assay_boundary_page_next(&h->page, 0, h->chain.at.epoch + 1, &boundary, &finality),
                ASSAY_OK);
            if (assay_recover_is(finality) && forged == 1)
                h->page.scratch[boundary.len + finality.len - 1] ^= 1;
            h->chain.operators[0] ^= forged == 0;
            status = assay_boundary_chain_add(&h->chain, boundary, finality, &h->fault);
        }
        cr_expect_eq(status, ASSAY_E_INVALID);
        cr_expect_eq(h->chain.at.era, 0);
        let_go(h);
    }
    assay_sim_world_destroy(&w);
}

/* Operators of then, with answers that they kept, name their own members as all the voters. */
Test(boundary_chain, answers_that_were_stored_are_not_enough, .timeout = 600)
{
    const struct era few = { .rest = { true, true, true, true, true } };
    struct assay_sim_world *w = world_of(&few);
    const struct assay_state *state = &w->nodes[6].engine->head->state;
    cr_assert_eq(state->era, 1);
    cr_assert_gt(state->epoch, BEFORE + 4, "the two that are left go on");
    struct held *h = hold(w, 6, 3);
    cr_assert_eq(go(h, UINT64_MAX), ASSAY_OK, "%s", h->fault.what);
    cr_expect(h->chain.unsealed, "two of seven have confirmed it");
    cr_expect_gt(h->chain.crossing.confirmed, 0);
    cr_expect_leq(3 * h->chain.crossing.confirmed, h->chain.crossing.total);
    let_go(h);
    assay_sim_world_destroy(&w);
}

/* Each node's operator accepted it; that of a relying party did not. */
Test(boundary_chain, follows_no_recover_on_too_few_answers, .timeout = 600)
{
    const struct era manual = { .mute = { false, false, true, true, true, true, true },
                                .accepts = true };
    struct assay_sim_world *w = world_of(&manual);
    uint32_t node = NODES;
    for (uint32_t i = 0; i < NODES; i++)
        if (w->nodes[i].engine->head->state.era == 1) node = i;
    cr_assert_lt(node, NODES);
    struct held *h = hold(w, node, 3);
    cr_expect_eq(go(h, UINT64_MAX), ASSAY_E_INVALID);
    cr_expect_eq(h->chain.at.era, 0);
    let_go(h);
    assay_sim_world_destroy(&w);
}

Test(boundary_chain, rests_on_the_checkpoint_alone, .timeout = 600)
{
    const struct era plain = { .accepts = false };
    struct assay_sim_world *w = world_of(&plain);
    struct held *h = hold(w, 0, BEFORE);
    h->rows[2].weight++;
    cr_expect_eq(begin(h), ASSAY_E_INVALID, "other voters");
    h->rows[2].weight--;
    h->base[h->base_len - 1] ^= 1;
    cr_expect_eq(begin(h), ASSAY_E_INVALID, "another boundary");
    h->base[h->base_len - 1] ^= 1;
    struct held *other = hold(w, 0, BEFORE - 1);
    cr_expect_eq(assay_boundary_chain_from(&h->chain, &h->from, h->rows, h->count,
                                           assay_slice_over(other->base, other->base_len),
                                           &h->fault),
                 ASSAY_E_INVALID, "that of the epoch before");
    let_go(other);
    assay_boundary_chain_free(&h->chain);
    let_go(h);
    assay_sim_world_destroy(&w);
}
