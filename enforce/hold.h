/*
 * enforce/hold.h - manual hold: state, start and reason, durable across restarts.
 */
#ifndef ASSAY_ENFORCE_HOLD_H
#define ASSAY_ENFORCE_HOLD_H

#include "engine/store/store.h"

enum {
    ASSAY_HOLD_REASON_MAX = 200,
    ASSAY_HOLD_META = 2002, /* ASSAY_STORE_META */
};

struct assay_hold {
    bool held;
    uint64_t since_unix_ms; /* of held */
    char reason[ASSAY_HOLD_REASON_MAX + 1];
};

/* Returns: ASSAY_OK (also when nothing was ever stored) | ASSAY_E_STORE | ASSAY_E_VERSION */
ASSAY_CHECKED enum assay_status assay_hold_load(struct assay_store *store, struct assay_hold *hold);
/* Durably; no batch is open. Returns: ASSAY_OK | ASSAY_E_STORE (nothing changed) */
ASSAY_CHECKED enum assay_status assay_hold_save(struct assay_store *store,
                                                const struct assay_hold *hold);
/* A copy in a file: a hold survives the loss of the store. No file: not held.
 * Returns: ASSAY_OK | ASSAY_E_IO, ASSAY_E_RANGE, ASSAY_E_VERSION (not a file of a hold) |
 *          ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_hold_load_file(const char *path, struct assay_hold *hold);
/* Durably; a release removes the file. Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_RANGE (path) */
ASSAY_CHECKED enum assay_status assay_hold_save_file(const char *path,
                                                     const struct assay_hold *hold);

#endif
