/*
 * engine/sync/sync.h - wire format of sync, one epoch at a time (docs/protocol.md 5.19,
 * 5.20).
 *
 * SYNC_ASK payload: ["assay/sync-ask/v1", chain_id, era, epoch, height]: the blocks of that epoch
 * from height on. SYNC_ANSWER payload: ["assay/sync-answer/v1", chain_id, era, epoch, height, more,
 * finality proof or empty, PROPOSAL payloads]. An answer holds blocks of one closed epoch only; an
 * epoch that the asked does not know closed gives an empty one. The asker verifies the proof with
 * the table of that epoch and the blocks by their links to the proven E; catching up never acts on
 * history.
 *
 * The host of the asked answers from the store alone: assay_sync_answer.
 */
#ifndef ASSAY_ENGINE_SYNC_SYNC_H
#define ASSAY_ENGINE_SYNC_SYNC_H

#include "base/writer.h"
#include "engine/store/store.h"

enum {
    ASSAY_SYNC_PAGE_LEN = 60 * 1024, /* an answer holds at least one block, else at most this */
    ASSAY_SYNC_REQUEST_LEN_MAX = 128,
    /* One block of 4 MiB with everything around it. */
    ASSAY_SYNC_ANSWER_LEN_MAX = (4 << 20) + (128 << 10),
};

struct assay_sync_request {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint64_t height; /* the first block wanted */
};

/* Slices borrow from the payload. */
struct assay_sync_page {
    struct assay_sync_request about;
    bool more;
    struct assay_slice proof;  /* empty: the asked does not know the epoch closed */
    struct assay_slice blocks; /* encoded byte strings, block_count of them */
    uint32_t block_count;
};

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_sync_request_encode(const struct assay_sync_request *ask,
                                                          struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_sync_request_decode(struct assay_slice payload,
                                                          struct assay_sync_request *ask);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_sync_page_decode(struct assay_slice payload,
                                                       struct assay_sync_page *page);

/*
 * assay_sync_answer - answer a SYNC_ASK from the store (host/overlay/serve.c).
 *
 * In:      chain_id: our own; scratch: for one stored value, as large as the largest block payload
 * Out:     a SYNC_ANSWER payload in w, at most ASSAY_SYNC_ANSWER_LEN_MAX bytes
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | INPUT statuses of the ask | ASSAY_E_FULL | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_sync_answer(struct assay_store *store,
                                                  const uint8_t chain_id[static 32],
                                                  struct assay_slice ask, void *scratch,
                                                  size_t scratch_len, struct assay_writer *w);

#endif
