/*
 * host/overlay/serve.h - responses to SYNC_ASK from the store, within the requester's budget
 * (engine/sync/sync.h).
 */
#ifndef ASSAY_HOST_OVERLAY_SERVE_H
#define ASSAY_HOST_OVERLAY_SERVE_H

#include "base/writer.h"
#include "engine/store/store.h"
#include "host/peers/counters.h"
#include "host/peers/limit.h"

/* All set by the caller. */
struct assay_serve {
    struct assay_store *store;
    const uint8_t *chain_id; /* 32 */
    struct assay_traffic_counters *counters;
    void *scratch; /* for one stored value, as large as the largest block */
    size_t scratch_len;
    uint8_t *answer; /* [ASSAY_SYNC_ANSWER_LEN_MAX] */
};

/*
 * assay_serve_sync - one SYNC_ASK payload.
 * In:      limit: the asker's; NULL: no budgets
 * Out:     *answer, a SYNC_ANSWER payload, borrowed until the next call
 * Returns: ASSAY_OK | ASSAY_E_RATE (over the budget) | ASSAY_E_STORE (the node stops) | INPUT
 *          statuses
 */
ASSAY_CHECKED enum assay_status assay_serve_sync(const struct assay_serve *serve,
                                                 struct assay_limit *limit, uint64_t now_ms,
                                                 struct assay_slice ask,
                                                 struct assay_slice *answer);

#endif
