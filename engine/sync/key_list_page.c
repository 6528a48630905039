/*
 * engine/sync/key_list_page.c - requests for lists of workload keys, and answers from the store
 * (docs/protocol.md 2.16.9).
 */
#include "engine/sync/key_list_page.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/state/genesis.h"
#include "engine/ledger/state/workload_keys.h"

static const char ask_label[] = "assay/keys-ask/v1";
static const char answer_label[] = "assay/keys-answer/v1";

bool assay_declared_list_page_is_message(struct assay_slice payload)
{
    static const char *const labels[] = { ask_label, answer_label };
    for (size_t i = 0; i < 2; i++) {
        struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
        uint64_t items = 0;
        if (assay_cbor_array(&c, 5, &items) == ASSAY_OK &&
            assay_cbor_text_expect(&c, labels[i]) == ASSAY_OK)
            return true;
    }
    return false;
}

static void put_head(struct assay_writer *w, const char *label, uint64_t items,
                     const struct assay_declared_list_page *page)
{
    assay_cbor_put_array(w, items);
    assay_cbor_put_text(w, label);
    assay_cbor_put_bytes(w, page->chain_id, 32);
    assay_cbor_put_uint(w, page->slot);
    assay_cbor_put_bytes(w, page->root, 32);
}

static enum assay_status read_head(struct assay_cursor *c, const char *label, uint32_t items,
                                   struct assay_declared_list_page *page)
{
    uint64_t slot = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, items));
    ASSAY_TRY(assay_cbor_text_expect(c, label));
    ASSAY_TRY(assay_cbor_bytes_exact(c, page->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_MEMBERS_MAX - 1, &slot));
    page->slot = (uint32_t)slot;
    return assay_cbor_bytes_exact(c, page->root, 32);
}

enum assay_status assay_declared_list_request_encode(const struct assay_declared_list_page *ask,
                                                     struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(ask->slot < ASSAY_MEMBERS_MAX);
    put_head(w, ask_label, 4, ask);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_declared_list_request_decode(struct assay_slice payload,
                                                     struct assay_declared_list_page *ask)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_declared_list_page a = { 0 };
    ASSAY_TRY(read_head(&c, ask_label, 4, &a));
    ASSAY_TRY(assay_cursor_end(&c));
    *ask = a;
    return ASSAY_OK;
}

enum assay_status assay_declared_list_page_encode(const struct assay_declared_list_page *page,
                                                  struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(page->slot < ASSAY_MEMBERS_MAX);
    put_head(w, answer_label, 5, page);
    assay_cbor_put_bytes(w, page->list.bytes, page->list.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_declared_list_page_decode(struct assay_slice payload,
                                                  struct assay_declared_list_page *page)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_declared_list_page p = { 0 };
    ASSAY_TRY(read_head(&c, answer_label, 5, &p));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_DECLARED_KEYS_LEN_MAX, &p.list));
    ASSAY_TRY(assay_cursor_end(&c));
    *page = p;
    return ASSAY_OK;
}

bool assay_declared_list_has_root(struct assay_slice list, const uint8_t root[static 32])
{
    struct assay_declared_keys keys;
    uint8_t own[32];
    if (assay_declared_keys_decode(list, &keys) != ASSAY_OK) return false;
    assay_declared_keys_root(&keys, own);
    return assay_bytes_equal(own, root, 32);
}

void assay_declared_list_store_key(uint32_t slot, uint32_t place, struct assay_store_key *key)
{
    ASSAY_ASSERT(slot < ASSAY_MEMBERS_MAX && place < ASSAY_DECLARED_LIST_PLACES);
    *key = (struct assay_store_key){ .epoch = (uint64_t)slot * ASSAY_DECLARED_LIST_PLACES + place,
                                     .number = ASSAY_META_KEYS };
}

enum assay_status assay_declared_list_load(struct assay_store *store, uint32_t slot,
                                           const uint8_t root[static 32], uint8_t *buffer,
                                           size_t capacity, struct assay_slice *list)
{
    ASSAY_ASSERT(capacity >= ASSAY_DECLARED_KEYS_LEN_MAX && slot < ASSAY_MEMBERS_MAX);
    for (uint32_t place = 0; place < ASSAY_DECLARED_LIST_PLACES; place++) {
        struct assay_store_key key;
        size_t len = 0;
        assay_declared_list_store_key(slot, place, &key);
        const enum assay_status status =
            assay_store_get(store, ASSAY_STORE_META, &key, buffer, capacity, &len);
        if (status == ASSAY_E_STORE) return status;
        if (status != ASSAY_OK ||
            !assay_declared_list_has_root(assay_slice_over(buffer, len), root))
            continue;
        *list = assay_slice_over(buffer, len);
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_declared_list_answer(struct assay_store *store,
                                             const uint8_t chain_id[static 32],
                                             struct assay_slice ask, void *scratch,
                                             size_t scratch_len, struct assay_writer *w)
{
    struct assay_declared_list_page page;
    ASSAY_TRY(assay_declared_list_request_decode(ask, &page));
    if (!assay_bytes_equal(page.chain_id, chain_id, 32)) return ASSAY_E_CHAIN;
    const enum assay_status found =
        assay_declared_list_load(store, page.slot, page.root, scratch, scratch_len, &page.list);
    if (found != ASSAY_E_NOT_FOUND) ASSAY_TRY(found);
    return assay_declared_list_page_encode(&page, w);
}
