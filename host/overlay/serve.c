/*
 * host/overlay/serve.c - block sync responses.
 */
#include "host/overlay/serve.h"

#include "base/assert.h"
#include "engine/sync/fast_sync_wire.h"
#include "engine/sync/sync.h"

/* What it costs of the budget: with a state come decisions and documents, which are looked for. */
static uint64_t answer_cost(struct assay_slice ask)
{
    enum { BLOCKS = 1, STATE = 4 };
    struct assay_fast_sync_wire_request past;
    return assay_fast_sync_wire_request_decode(ask, &past) == ASSAY_OK && past.state ? STATE
                                                                                     : BLOCKS;
}

enum assay_status assay_serve_sync(const struct assay_serve *serve, struct assay_limit *limit,
                                   uint64_t now_ms, struct assay_slice ask,
                                   struct assay_slice *answer)
{
    ASSAY_ASSERT(serve->scratch_len > 0);
    ASSAY_ASSERT(serve->store != NULL && serve->chain_id != NULL && serve->counters != NULL);
    ASSAY_ASSERT(serve->scratch != NULL && serve->answer != NULL);
    if (limit != NULL && !assay_limit_sync(limit, now_ms, answer_cost(ask))) {
        assay_count(serve->counters, ASSAY_COUNT_RATE_SYNC);
        const bool is_shut =
            assay_peer_score_add_fault(&limit->peer_score, now_ms, ASSAY_PEER_SCORE_OF_DUPLICATE);
        ASSAY_ASSERT(!is_shut); /* a node that catches up requests often */
        return ASSAY_E_RATE;
    }
    struct assay_writer w = assay_writer_over(serve->answer, ASSAY_SYNC_ANSWER_LEN_MAX);
    const enum assay_status status = assay_sync_answer(serve->store, serve->chain_id, ask,
                                                       serve->scratch, serve->scratch_len, &w);
    if (status != ASSAY_OK) {
        if (assay_status_class(status) == ASSAY_CLASS_INPUT)
            assay_count(serve->counters, ASSAY_COUNT_SYNC_MALFORMED);
        return status;
    }
    assay_count(serve->counters, ASSAY_COUNT_SYNC_ANSWERED);
    ASSAY_ASSERT(w.len > 0 && w.len <= ASSAY_SYNC_ANSWER_LEN_MAX);
    return assay_writer_finish(&w, answer);
}
