/*
 * engine/era.h - the end of an era: FENCE, and RECOVER (docs/protocol.md 9.11 to 9.17).
 *
 * A fence is kept in the store under the era that it ends. RECOVER is not kept by itself: when it
 * is taken it stands as the finality proof of the epoch that it closes.
 */
#ifndef ASSAY_ENGINE_ERA_H
#define ASSAY_ENGINE_ERA_H

#include "engine/engine.h"
#include "engine/ledger/recover.h"

struct assay_ending {
    bool fenced; /* nothing is signed in the running era any more */
    bool recovered; /* this engine ended by RECOVER: the next one begins an era */
    uint8_t fence_digest[32];
    uint8_t *fence; /* [ASSAY_FENCE_LEN_MAX] as it travels */
    size_t fence_len;
    uint64_t passed_ms; /* monotonic: when peers were told last */
};

/* A FENCE message. Returns: ASSAY_OK (it stands, now or before) | ASSAY_E_AGAIN (no room in this
 * step) | ASSAY_E_CHAIN | ASSAY_E_STALE (of an era that is over) | ASSAY_E_EARLY (of a later one) |
 * as assay_approval_check */
ASSAY_CHECKED enum assay_status assay_era_fence(struct assay_engine *e, uint16_t from,
                                                struct assay_slice payload);
/* One out of the store. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_era_restore(struct assay_engine *e,
                                                  const struct assay_store_key *key,
                                                  struct assay_slice value);
/* Peers are told again: one may have come back. Returns: nothing. */
void assay_era_tick(struct assay_engine *e);

/*
 * assay_era_look - would this RECOVER be taken on top of this ledger, which is of the running
 * epoch?
 *
 * Out:     head->next is the state that comes out; *fault says why not, for people
 * Returns: ASSAY_OK | ASSAY_E_EARLY (its parent is not reached) | ASSAY_E_STALE (below the ledger's
 *          tip, or in an epoch that is closed) | ASSAY_E_INVALID (beside it, or another state) |
 *          ASSAY_E_CHAIN | as assay_recover_approved, assay_recover_onto
 */
ASSAY_CHECKED enum assay_status assay_era_look(struct assay_engine *e,
                                               const struct assay_ledger *ledger,
                                               const struct assay_recover *recover,
                                               struct assay_fault *fault);
/* A RECOVER message. Returns: ASSAY_OK (taken, or of an era that has begun) | ASSAY_E_EARLY (what
 * is missing is fetched) | ASSAY_E_AGAIN (no room in this step) | as assay_era_look */
ASSAY_CHECKED enum assay_status assay_era_recover(struct assay_engine *e, uint16_t from,
                                                  struct assay_slice payload);
/* It was taken (settle.c): this engine is done. Returns: nothing. */
void assay_era_ends(struct assay_engine *e);

#endif
