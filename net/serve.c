/*
 * net/serve.c - blocks for those who were away.
 */
#include "net/serve.h"

#include "base/assert.h"
#include "engine/consensus/block.h"
#include "engine/sync.h"

#include <stdlib.h>

struct assay_serve {
    struct assay_store *store;
    struct assay_counters *counters;
    uint8_t chain_id[32];
    uint8_t scratch[ASSAY_BLOCK_LEN_MAX + ASSAY_PROPOSAL_OVERHEAD_MAX]; /* the largest block */
    uint8_t answer[ASSAY_SYNC_ANSWER_LEN_MAX];
};

enum assay_status assay_serve_create(struct assay_store *store, const uint8_t chain_id[static 32],
                                     struct assay_counters *counters, struct assay_serve **out)
{
    struct assay_serve *serve = calloc(1, sizeof *serve);
    if (serve == NULL) return ASSAY_E_MEMORY;
    serve->store = store;
    serve->counters = counters;
    assay_bytes_copy(serve->chain_id, sizeof serve->chain_id, chain_id, 32);
    *out = serve;
    return ASSAY_OK;
}

void assay_serve_destroy(struct assay_serve **serve)
{
    free(*serve);
    *serve = NULL;
}

enum assay_status assay_serve_sync(struct assay_serve *serve, struct assay_limit *limit,
                                   uint64_t now_ms, struct assay_slice ask,
                                   struct assay_slice *answer)
{
    if (!assay_limit_sync(limit, now_ms)) {
        assay_count(serve->counters, ASSAY_COUNT_RATE_SYNC);
        return ASSAY_E_RATE;
    }
    struct assay_writer w = assay_writer_over(serve->answer, sizeof serve->answer);
    const enum assay_status status = assay_sync_answer(serve->store, serve->chain_id, ask,
                                                       serve->scratch, sizeof serve->scratch, &w);
    if (status != ASSAY_OK) {
        if (assay_status_class(status) == ASSAY_CLASS_INPUT)
            assay_count(serve->counters, ASSAY_COUNT_SYNC_MALFORMED);
        return status;
    }
    assay_count(serve->counters, ASSAY_COUNT_SYNC_ANSWERED);
    return assay_writer_finish(&w, answer);
}
