/*
 * engine/sync/registry_page.h - wire format of documents of services, and answers from the store
 * (docs/protocol.md 12.6).
 *
 * They travel as SYNC_ASK and SYNC_ANSWER, told apart by their first word:
 *
 *   ["assay/service-ask/v1", chain_id, digest]
 *   ["assay/service-answer/v1", chain_id, digest, document]: empty: it is not here
 */
#ifndef ASSAY_ENGINE_SYNC_REGISTRY_PAGE_H
#define ASSAY_ENGINE_SYNC_REGISTRY_PAGE_H

#include "base/cursor.h"
#include "base/writer.h"
#include "engine/store/store.h"

enum { ASSAY_REGISTRY_REQUEST_LEN_MAX = 112, ASSAY_REGISTRY_DOCUMENT_MAX = 512 * 1024 };

struct assay_registry_page {
    uint8_t chain_id[32], digest[32];
    struct assay_slice document; /* borrowed; of an ask empty */
};

/* Returns: whether this payload of SYNC_ASK or SYNC_ANSWER is one of these. */
bool assay_sync_registry_page_is_message(struct assay_slice payload);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_sync_registry_request_encode(
    const struct assay_registry_page *ask, struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_sync_registry_request_decode(struct assay_slice payload,
                                                                   struct assay_registry_page *ask);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_sync_registry_page_decode(struct assay_slice payload,
                                                                struct assay_registry_page *page);
/* As assay_sync_answer, which hands over what is not its own. Returns: the same */
ASSAY_CHECKED enum assay_status assay_sync_registry_answer(struct assay_store *store,
                                                           const uint8_t chain_id[static 32],
                                                           struct assay_slice ask, void *scratch,
                                                           size_t scratch_len,
                                                           struct assay_writer *w);

#endif
