/*
 * sim/world/changes_internal.h - what operators of a scenario have drafted, and who is to come.
 *
 * drafts.c drafts and signs; changes.c hands in, reads blocks, starts newcomers.
 */
#ifndef ASSAY_SIM_WORLD_CHANGES_INTERNAL_H
#define ASSAY_SIM_WORLD_CHANGES_INTERNAL_H

#include "sim/world/run_internal.h"

enum { NEWCOMERS_MAX = 64 }; /* of a run */

enum draft_phase { DRAFT_WAITS, DRAFT_OUT, DRAFT_OVER };

struct draft {
    enum draft_phase phase;
    uint64_t sequence, activation; /* of the newest version */
    uint64_t taken_epoch;          /* a block of it has it; 0: not yet */
    uint8_t digest[32];            /* of its record */
    struct world_payload *record;
};

struct newcomer {
    uint8_t node_id[32];
    uint32_t set, slot;
    uint32_t machine; /* of the scenario */
    uint32_t draft; /* that it stands in */
    bool over;      /* it is a member and its machine starts; or it never will be one */
};

struct world_changes {
    struct draft drafts[ASSAY_SIM_CHANGES_MAX];
    struct assay_genesis *operators; /* in force: operators and threshold */
    struct newcomer newcomers[NEWCOMERS_MAX];
    uint32_t newcomer_count;
    uint32_t policies;
    struct world_payload *last; /* the last record that a block took */
    /* Of the epoch that runs, in the order of the chain. */
    struct world_payload *taken[ASSAY_SIM_CHANGES_MAX];
    struct assay_slice taken_bytes[ASSAY_SIM_CHANGES_MAX];
    uint32_t taken_count;
    struct assay_sim_random random;
};

/* Returns: whether it is a member no more. */
static inline bool world_left(const struct assay_member *m)
{
    return m->stage == ASSAY_STAGE_LEFT;
}

/* The newest version of a draft, by the state that the network closed last. Returns: whether there
 * is anything to decide. */
bool world_draft_make(struct world_run *r, uint32_t index);
/* Newcomers of a version that nobody took, or that was dropped, come no more. Returns: nothing. */
void world_draft_forget(struct world_run *r, uint32_t index);

#endif
