/*
 * engine/node/restore.h - coming back after a crash: how far this run has come.
 */
#ifndef ASSAY_ENGINE_NODE_RESTORE_H
#define ASSAY_ENGINE_NODE_RESTORE_H

#include "engine/store/store.h"

struct assay_engine;

struct assay_start_state {
    bool started;  /* the store was read; events are acted on */
    bool restored; /* what we signed is known: from the store, or peers have told all there is */
    uint64_t ran_ms; /* monotonic: since when Simplex runs */
    /* Listed keys and an empty store: nothing is signed before peers and the ledger were asked for
     * anything that these keys signed (docs/protocol.md 2.7.3). */
    bool asks_first;
    bool voted_on; /* Simplex runs; not before we know whether our vote log is missing */
};

/* One item of the store, before the start. Returns: ASSAY_OK | ASSAY_E_INVALID (out of order) |
 * other statuses of what cannot be read */
ASSAY_CHECKED enum assay_status assay_restore_item(struct assay_engine *e,
                                                   enum assay_store_class class_,
                                                   const struct assay_store_key *key,
                                                   struct assay_slice value);
/* All of it was read. */
void assay_restore_start(struct assay_engine *e);
/* Peers have told all there is: Simplex may run, if it does not. */
void assay_restore_complete(struct assay_engine *e);

#endif
