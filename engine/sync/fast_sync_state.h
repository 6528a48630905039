/*
 * engine/sync/fast_sync_state.h - changes and documents that arrive with the state at the end of a
 * fast sync (docs/protocol.md 5.30).
 */
#ifndef ASSAY_ENGINE_SYNC_FAST_SYNC_STATE_H
#define ASSAY_ENGINE_SYNC_FAST_SYNC_STATE_H

#include "engine/parts/engine_internal.h"
#include "engine/sync/fast_sync_wire.h"

/* Returns: whether all that a state names by digest is here or in the answer; without it the next
 * engine could not be made of that state */
bool assay_fast_sync_state_is_complete(const struct assay_engine *e,
                                       const struct assay_fast_sync_wire_answer *answer,
                                       const struct assay_leaf_head *head);
/* Persists the records that operators signed, as their peers retain them. Returns: ASSAY_OK |
 * ASSAY_E_AGAIN (no room in this step) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_fast_sync_state_persist(
    struct assay_engine *e, const struct assay_fast_sync_wire_answer *answer,
    const struct assay_leaf_head *head);
/* Loads them into this engine; the next one restores them from the store. */
void assay_fast_sync_state_restore(struct assay_engine *e,
                                   const struct assay_fast_sync_wire_answer *answer);

#endif
