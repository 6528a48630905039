/*
 * sim/world/changes_internal.h - drafts of a scenario's operators, and newcomers.
 *
 * drafts.c drafts and signs; changes.c submits, reads blocks and starts newcomers.
 */
#ifndef ASSAY_SIM_WORLD_CHANGES_INTERNAL_H
#define ASSAY_SIM_WORLD_CHANGES_INTERNAL_H

#include "sim/world/run_internal.h"

enum { NEWCOMERS_MAX = 64 }; /* of a run */

enum draft_phase { DRAFT_WAITS, DRAFT_OUT, DRAFT_OVER };

struct draft {
    enum draft_phase phase;
    uint64_t sequence, activation; /* of the newest version */
    uint64_t taken_epoch;          /* epoch of the block that took it; 0: none yet */
    uint8_t digest[32];            /* of its record */
    struct world_payload *record;
    uint32_t era;
    uint8_t body_digest[32];
    struct world_payload *body; /* of a change that is proposed; NULL: none */
};

struct newcomer {
    uint8_t node_id[32];
    uint32_t set, slot;
    uint32_t machine; /* of the scenario */
    uint32_t draft;   /* the draft that adds it */
    bool over;        /* a member whose machine starts, or never to be one */
};

struct world_changes {
    struct draft drafts[ASSAY_SIM_CHANGES_MAX];
    struct assay_genesis *operators; /* in force: operators and threshold */
    struct newcomer newcomers[NEWCOMERS_MAX];
    uint32_t newcomer_count;
    uint32_t policies;
    /* Ids of operators, each with the one that its next key gave it. */
    struct {
        uint8_t before[32], after[32];
    } renamed[ASSAY_SIM_CHANGES_MAX];
    uint32_t renamed_count;
    struct world_payload *last; /* the last record of a block */
    /* Of the running epoch, in the order of the chain. */
    struct world_payload *taken[ASSAY_SIM_CHANGES_MAX];
    struct assay_slice taken_bytes[ASSAY_SIM_CHANGES_MAX];
    uint32_t taken_count;
    struct assay_sim_random random;
};

/* Returns: whether the member has left. */
static inline bool world_has_left(const struct assay_member *m)
{
    return m->stage == ASSAY_STAGE_LEFT;
}

/* Drafts the newest version, by the state that the network closed last. Returns: whether there is
 * anything to decide. */
bool world_draft_make(struct world_run *r, uint32_t index);
/* Newcomers of a version that no block took, or that was dropped, do not start. */
void world_draft_forget(struct world_run *r, uint32_t index);

#endif
