/*
 * net/serve.h - answering SYNC_ASK from the store, within the asker's budget (engine/sync.h).
 */
#ifndef ASSAY_NET_SERVE_H
#define ASSAY_NET_SERVE_H

#include "base/writer.h"
#include "engine/store/store.h"
#include "host/counters.h"
#include "host/limit.h"

struct assay_serve;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_serve_create(struct assay_store *store,
                                                   const uint8_t chain_id[static 32],
                                                   struct assay_counters *counters,
                                                   struct assay_serve **out);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_serve_destroy(struct assay_serve **serve);
/*
 * assay_serve_sync - one SYNC_ASK payload.
 * Out:     *answer, a SYNC_ANSWER payload, borrowed until the next call
 * Returns: ASSAY_OK | ASSAY_E_RATE (over the budget) | ASSAY_E_STORE (the node stops) | INPUT
 *          statuses
 */
ASSAY_CHECKED enum assay_status assay_serve_sync(struct assay_serve *serve,
                                                 struct assay_limit *limit, uint64_t now_ms,
                                                 struct assay_slice ask,
                                                 struct assay_slice *answer);

#endif
