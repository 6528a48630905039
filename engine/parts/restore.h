/*
 * engine/parts/restore.h - restart from the store: progress of the start.
 */
#ifndef ASSAY_ENGINE_PARTS_RESTORE_H
#define ASSAY_ENGINE_PARTS_RESTORE_H

#include "engine/store/store.h"

struct assay_engine;

struct assay_start_state {
    bool started;  /* the store was read; events are processed */
    /* Our own signatures are known: from the store, or peers have reported them all. */
    bool restored;
    uint64_t ran_ms; /* monotonic: start time of Simplex */
    /* Listed keys and an empty store: nothing is signed before peers and the ledger were queried
     * for signatures of these keys (docs/protocol.md 2.7.3). */
    bool requests_first;
    bool voted_on; /* Simplex runs; not before it is known whether our vote log is missing */
};

/* Restores one item of the store, before the start. Returns: ASSAY_OK | ASSAY_E_INVALID (out of
 * order) | other statuses of items that cannot be decoded */
ASSAY_CHECKED enum assay_status assay_restore_item(struct assay_engine *e,
                                                   enum assay_store_class class_,
                                                   const struct assay_store_key *key,
                                                   struct assay_slice value);
/* Starts after the last item. */
void assay_restore_start(struct assay_engine *e);
/* Peers have reported everything: starts Simplex, unless it runs. */
void assay_restore_complete(struct assay_engine *e);

#endif
