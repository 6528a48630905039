/*
 * engine/parts/proposal.h - own proposals as leader, and the time from which a block is wanted.
 */
#ifndef ASSAY_ENGINE_PARTS_PROPOSAL_H
#define ASSAY_ENGINE_PARTS_PROPOSAL_H

#include "base/checked.h"

#include <stddef.h>

struct assay_engine;

struct assay_proposal_state {
    /* A proposal that is waiting for a verdict. */
    bool wanted;
    uint64_t view;
    uint8_t parent[32];
    uint8_t *body;
    size_t body_len_max;

    /* A proposal of ours with our date was nullified in this epoch: it may have been too early for
     * the others. */
    bool humble;
    uint64_t made_view;

    /* Whether a record is waiting, for this pool, branch and view. */
    bool waits;
    bool held_back; /* a record that fits is deferred to later views: views have to pass */
    uint64_t waits_version, waits_view, waits_nullified;
    uint8_t waits_tip[32];
    uint64_t waits_ms; /* since when a record that fits has been waiting */

    /* From when a block is wanted, with the view and last final view that this refers to. */
    uint64_t demand_ms, demand_view, demand_final;
};

/* Resets the state for a new epoch. */
void assay_proposal_on_epoch(struct assay_engine *e);
/* Makes a block of a view on a parent; retries when the verdicts are available. */
void assay_proposal_make(struct assay_engine *e, uint64_t view, const uint8_t parent[static 32]);
/* Retries a proposal that waited for a verdict. */
void assay_proposal_retry(struct assay_engine *e);
/* A view was nullified. */
void assay_proposal_on_nullified(struct assay_engine *e, uint64_t view);
/* Returns: the monotonic time from which a block is wanted; once reached, it stays fixed for its
 * view. */
uint64_t assay_proposal_demand(struct assay_engine *e);

#endif
