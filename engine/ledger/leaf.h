/*
 * engine/ledger/leaf.h - single leaves of the state, for whoever has not the whole
 * (docs/protocol.md 11.1).
 */
#ifndef ASSAY_ENGINE_LEDGER_LEAF_H
#define ASSAY_ENGINE_LEDGER_LEAF_H

#include "engine/ledger/state.h"

/* What leaf 0 says first; what follows is its ledger's own affair. */
struct assay_leaf_head {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    bool certified;
    uint64_t certified_epoch;
    uint8_t policy_digest[32], endorsements_digest[32], verifier_digest[32];
    uint8_t operators_digest[32], roster_digest[32];
    uint32_t pending_count; /* records of changes that wait, by digest */
    uint8_t pending[ASSAY_PENDING_MAX][32];
    uint32_t member_count;
};

/* Leaf 0; every item behind those above is only checked to be one. Returns: ASSAY_OK | INPUT
 * statuses */
ASSAY_CHECKED enum assay_status assay_leaf_head(struct assay_slice leaf,
                                                struct assay_leaf_head *head);
/* The leaf of any member. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_leaf_member(struct assay_slice leaf,
                                                  struct assay_member *member);

#endif
