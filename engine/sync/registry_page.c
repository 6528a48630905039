/*
 * engine/sync/registry_page.c - requests and answers about documents of services (docs/protocol.md
 * 12.6).
 */
#include "engine/sync/registry_page.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char ask_label[] = "assay/service-ask/v1";
static const char answer_label[] = "assay/service-answer/v1";

static bool has_tag(struct assay_slice payload, const char *tag)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    uint64_t items = 0;
    return assay_cbor_array(&c, 4, &items) == ASSAY_OK &&
           assay_cbor_text_expect(&c, tag) == ASSAY_OK;
}

bool assay_sync_registry_page_is_message(struct assay_slice payload)
{
    return has_tag(payload, ask_label) || has_tag(payload, answer_label);
}

enum assay_status assay_sync_registry_request_encode(const struct assay_registry_page *ask,
                                                     struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, ask_label);
    assay_cbor_put_bytes(w, ask->chain_id, 32);
    assay_cbor_put_bytes(w, ask->digest, 32);
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_about(struct assay_cursor *c, struct assay_registry_page *page)
{
    ASSAY_TRY(assay_cbor_bytes_exact(c, page->chain_id, 32));
    return assay_cbor_bytes_exact(c, page->digest, 32);
}

enum assay_status assay_sync_registry_request_decode(struct assay_slice payload,
                                                     struct assay_registry_page *ask)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_registry_page a = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, ask_label));
    ASSAY_TRY(decode_about(&c, &a));
    ASSAY_TRY(assay_cursor_end(&c));
    *ask = a;
    return ASSAY_OK;
}

enum assay_status assay_sync_registry_page_decode(struct assay_slice payload,
                                                  struct assay_registry_page *page)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_registry_page p = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 4));
    ASSAY_TRY(assay_cbor_text_expect(&c, answer_label));
    ASSAY_TRY(decode_about(&c, &p));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_REGISTRY_DOCUMENT_MAX, &p.document));
    ASSAY_TRY(assay_cursor_end(&c));
    *page = p;
    return ASSAY_OK;
}

enum assay_status assay_sync_registry_answer(struct assay_store *store,
                                             const uint8_t chain_id[static 32],
                                             struct assay_slice ask, void *scratch,
                                             size_t scratch_len, struct assay_writer *w)
{
    struct assay_registry_page a;
    struct assay_store_key key;
    struct assay_slice all;
    size_t len = 0;
    ASSAY_TRY(assay_sync_registry_request_decode(ask, &a));
    if (!assay_bytes_equal(a.chain_id, chain_id, 32)) return ASSAY_E_CHAIN;
    enum assay_status found = assay_store_find(store, ASSAY_STORE_SERVICE, a.digest, &key, scratch,
                                               scratch_len, &len);
    if (found == ASSAY_E_NOT_FOUND)
        found = assay_store_find(store, ASSAY_STORE_SERVICE_ANCHOR, a.digest, &key, scratch,
                                 scratch_len, &len);
    if (found == ASSAY_E_NOT_FOUND) len = 0;
    else ASSAY_TRY(found);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, answer_label);
    assay_cbor_put_bytes(w, a.chain_id, 32);
    assay_cbor_put_bytes(w, a.digest, 32);
    assay_cbor_put_bytes(w, scratch, len);
    return assay_writer_finish(w, &all);
}
