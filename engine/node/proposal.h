/*
 * engine/node/proposal.h - what this node offers as a leader, and when a block is wanted at all.
 */
#ifndef ASSAY_ENGINE_NODE_PROPOSAL_H
#define ASSAY_ENGINE_NODE_PROPOSAL_H

#include "base/checked.h"

#include <stddef.h>

struct assay_engine;

struct assay_proposal_state {
    /* A proposal that waits for a verdict. */
    bool wanted;
    uint64_t view;
    uint8_t parent[32];
    uint8_t *body;
    size_t body_len_max;

    /* A proposal of ours with our date was nullified in this epoch: it may have been too early for
     * the others. */
    bool humble;
    uint64_t made_view;

    /* Does a record wait? As it was for this pool, branch and view. */
    bool waits;
    bool held_back; /* a record that fits waits for later views: views have to pass */
    uint64_t waits_version, waits_view, waits_nullified;
    uint8_t waits_tip[32];
    uint64_t waits_ms; /* when a record that fits began to wait */

    /* When a block is wanted, and the view and last final view that this is about. */
    uint64_t demand_ms, demand_view, demand_final;
};

/* An epoch begins. */
void assay_proposal_on_epoch(struct assay_engine *e);
/* Makes a block of a view on a parent, or remembers to when the verdicts are there. */
void assay_proposal_make(struct assay_engine *e, uint64_t view, const uint8_t parent[static 32]);
/* The verdict that a proposal waited for may have come. */
void assay_proposal_retry(struct assay_engine *e);
/* A view was left in vain. */
void assay_proposal_on_nullified(struct assay_engine *e, uint64_t view);
/* Returns: the monotonic time from which a block is wanted; what has begun to be wanted stands for
 * its view. */
uint64_t assay_proposal_demand(struct assay_engine *e);

#endif
