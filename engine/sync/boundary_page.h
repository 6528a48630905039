/*
 * engine/sync/boundary_page.h - page for the holder of a checkpoint: the voters that the checkpoint
 * names, and boundaries with their proofs (docs/protocol.md 11.3.3).
 *
 * Nothing is verified here: the holder does (engine/sync/boundary_chain.h).
 */
#ifndef ASSAY_ENGINE_SYNC_BOUNDARY_PAGE_H
#define ASSAY_ENGINE_SYNC_BOUNDARY_PAGE_H

#include "engine/ledger/proofs/checkpoint.h"
#include "engine/ledger/state/roster_digest.h"
#include "engine/store/store.h"

struct assay_boundary_page {
    struct assay_store *store;
    const struct assay_genesis *genesis; /* as it was founded */
    uint8_t *scratch; /* [assay_boundary_page_scratch_len()], aligned to 64: of the calls */
};

/* Returns: bytes of scratch memory, a multiple of 64. */
size_t assay_boundary_page_scratch_len(void);
/*
 * assay_boundary_page_voters - the table after an epoch, from the newest stored state before it or
 * from genesis.
 *
 * Out:     rows[ASSAY_MEMBERS_MAX], *count
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (too little is stored) | ASSAY_E_STORE | ASSAY_E_CRYPTO |
 *          INPUT statuses (the store is damaged)
 */
ASSAY_CHECKED enum assay_status assay_boundary_page_voters(const struct assay_boundary_page *page,
                                                           uint32_t era, uint64_t epoch,
                                                           struct assay_roster_row *rows,
                                                           uint32_t *count);
/*
 * assay_boundary_page_next - the boundary that closes an epoch, with its proof.
 *
 * In:      era: of the epoch before it
 * Out:     *boundary, *finality: in the scratch memory, until the next call
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_STORE | ASSAY_E_FULL (longer than any)
 */
ASSAY_CHECKED enum assay_status assay_boundary_page_next(const struct assay_boundary_page *page,
                                                         uint32_t era, uint64_t epoch,
                                                         struct assay_slice *boundary,
                                                         struct assay_slice *finality);

#endif
