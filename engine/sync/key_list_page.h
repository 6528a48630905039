/*
 * engine/sync/key_list_page.h - wire format of requests for lists of workload keys, and answers
 * from the store (docs/protocol.md 2.16.9).
 *
 * They travel as SYNC_ASK and SYNC_ANSWER, identified by their first word:
 *
 *   ["assay/keys-ask/v1", chain_id, slot, root]
 *   ["assay/keys-answer/v1", chain_id, slot, root, list]: empty: the list is not stored here
 */
#ifndef ASSAY_ENGINE_SYNC_KEY_LIST_PAGE_H
#define ASSAY_ENGINE_SYNC_KEY_LIST_PAGE_H

#include "base/cursor.h"
#include "base/writer.h"
#include "engine/store/store.h"

enum { ASSAY_DECLARED_LIST_REQUEST_LEN_MAX = 112 };

struct assay_declared_list_page {
    uint8_t chain_id[32], root[32];
    uint32_t slot;
    struct assay_slice list; /* borrowed; of a request empty */
};

/* Returns: whether this payload of SYNC_ASK or SYNC_ANSWER is one of these. */
bool assay_declared_list_page_is_message(struct assay_slice payload);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_declared_list_request_encode(
    const struct assay_declared_list_page *ask, struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_declared_list_request_decode(
    struct assay_slice payload, struct assay_declared_list_page *ask);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_declared_list_page_encode(
    const struct assay_declared_list_page *page, struct assay_writer *w);
/* Shape alone. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_declared_list_page_decode(
    struct assay_slice payload, struct assay_declared_list_page *page);

/* Returns: whether these bytes are a list, and this is its root. */
bool assay_declared_list_has_root(struct assay_slice list, const uint8_t root[static 32]);
/* Key of a place of a member in ASSAY_STORE_META. place: below ASSAY_DECLARED_LIST_PLACES */
void assay_declared_list_store_key(uint32_t slot, uint32_t place, struct assay_store_key *key);
/*
 * assay_declared_list_load - the list of a member under a root.
 * In:      buffer: for one list, ASSAY_DECLARED_KEYS_LEN_MAX at least
 * Out:     *list, in buffer; its root was computed again
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_STORE
 */
ASSAY_CHECKED enum assay_status assay_declared_list_load(struct assay_store *store, uint32_t slot,
                                                         const uint8_t root[static 32],
                                                         uint8_t *buffer, size_t capacity,
                                                         struct assay_slice *list);
/* As assay_sync_answer, which hands over what is not its own. Returns: the same */
ASSAY_CHECKED enum assay_status assay_declared_list_answer(struct assay_store *store,
                                                           const uint8_t chain_id[static 32],
                                                           struct assay_slice ask, void *scratch,
                                                           size_t scratch_len,
                                                           struct assay_writer *w);

#endif
