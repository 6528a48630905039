/*
 * tests/unit/engine/consensus/test_simplex_overflow.c - crashes when the log holds more than the
 * tables do.
 *
 * A restart must not be refused for want of room, must not forget what was proposed, and must keep
 * what the chain needs rather than what was nullified.
 */
#include "engine/consensus/simplex_internal.h"
#include "sim/simplex/world_internal.h"

#include <criterion/criterion.h>

static struct assay_sim_simplex *make(uint32_t epoch_blocks, uint64_t cadence_ms)
{
    const struct assay_sim_simplex_options options = { .seed = 4,
                                                       .slot_count = 4,
                                                       .weights = { 1, 1, 1, 1 },
                                                       .delay_min_ms = 1,
                                                       .delay_max_ms = 5,
                                                       .cadence_ms = cadence_ms,
                                                       .epoch_blocks = epoch_blocks };
    return assay_sim_simplex_create(&options);
}

/* Every proposal that a restarted machine's log holds of a view that is not over. */
static size_t remembers_its_proposals(const struct sxw_machine *m)
{
    size_t own = 0;
    for (size_t i = 0; i < m->log_count; i++) {
        const struct sxw_log_item *item = &m->log[i];
        struct assay_proposal p;
        if (item->class_ != ASSAY_STORE_PROPOSAL || item->key.epoch != m->simplex->base.epoch)
            continue;
        cr_assert_eq(assay_proposal_decode(assay_slice_over(item->bytes, item->len), &p), ASSAY_OK);
        const struct sx_view *v = assay_sx_find_view(m->simplex, p.header.view);
        if (p.header.leader != m->slot || v == NULL) continue;
        cr_assert(v->made, "its proposal of view %u is forgotten", (unsigned)p.header.view);
        own++;
    }
    return own;
}

/* Proposals come, votes do not: every view is nullified and its proposal stays in the log. */
static bool no_notarisation(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                            struct assay_slice payload)
{
    struct assay_vote vote;
    (void)context;
    (void)from;
    (void)to;
    if (kind != ASSAY_MESSAGE_VOTE || assay_vote_decode(payload, &vote) != ASSAY_OK) return true;
    return vote.statement.type == ASSAY_VOTE_NULLIFY;
}

Test(simplex_overflow, after_many_nullified_views_everybody_comes_back_from_a_power_cut,
     .timeout = 600)
{
    struct assay_sim_simplex *w = make(30, 5);
    struct assay_simplex_snapshot snapshot;
    cr_assert(assay_sim_simplex_run_to_height(w, 10, 60000));
    assay_sim_simplex_set_filter(w, no_notarisation, NULL);
    do {
        for (uint32_t i = 0; i < 4; i++) { /* time-outs need not grow here */
            w->machines[i].simplex->nullified_since_final = 0;
            w->machines[i].simplex->nullified_in_a_row = 0;
        }
        cr_assert(assay_sim_simplex_run(w, 100));
        assay_sim_simplex_look(w, 0, &snapshot);
    } while (snapshot.view < 10 + SXW_BLOCKS_MAX + 10);
    assay_sim_simplex_set_filter(w, NULL, NULL);
    for (uint32_t i = 0; i < 4; i++)
        assay_sim_simplex_crash(w, i);
    for (uint32_t i = 0; i < 4; i++) {
        assay_sim_simplex_restart(w, i);
        cr_assert_gt(remembers_its_proposals(&w->machines[i]), 10);
    }
    const bool ok = assay_sim_simplex_run_to_height(w, 35, 600000);
    cr_assert(ok, "%s",
              assay_sim_simplex_violation(w) != NULL ? assay_sim_simplex_violation(w)
                                                     : "no progress");
    assay_sim_simplex_destroy(&w);
}

/* One block a delta would be two epochs for an epoch's chain. */
Test(simplex_overflow, a_long_gap_is_pulled_block_after_block, .timeout = 600)
{
    struct assay_sim_simplex *w = make(60, 60);
    cr_assert(assay_sim_simplex_run_to_height(w, 2, 60000));
    assay_sim_simplex_crash(w, 2);
    cr_assert(assay_sim_simplex_run_to_height(w, 27, 60000));
    assay_sim_simplex_restart(w, 2);
    cr_assert(assay_sim_simplex_run(w, 900));
    cr_assert_geq(assay_sim_simplex_height(w, 2) + 2, assay_sim_simplex_best_height(w));
    assay_sim_simplex_destroy(&w);
}
