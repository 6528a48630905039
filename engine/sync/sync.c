/*
 * engine/sync/sync.c - wire format of sync, and answers from the store (docs/protocol.md 5.19,
 * 5.20).
 *
 * Encode and decode side by side; catchup.c is the asking side.
 */
#include "engine/sync/sync.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "engine/sync/fast_sync_wire.h"
#include "engine/sync/key_list_page.h"
#include "engine/sync/registry_page.h"

enum { BLOCKS_MAX = 4096 };

static void encode_about(struct assay_writer *w, const struct assay_sync_request *a)
{
    ASSAY_ASSERT(a->epoch <= INT64_MAX && a->height <= INT64_MAX);

    assay_cbor_put_bytes(w, a->chain_id, 32);
    assay_cbor_put_uint(w, a->era);
    assay_cbor_put_uint(w, a->epoch);
    assay_cbor_put_uint(w, a->height);
}

static enum assay_status decode_about(struct assay_cursor *c, struct assay_sync_request *a)
{
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, a->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &a->epoch));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &a->height));
    a->era = (uint32_t)era;
    return ASSAY_OK;
}

enum assay_status assay_sync_request_encode(const struct assay_sync_request *ask,
                                            struct assay_writer *w)
{
    const size_t start = w->len;

    struct assay_slice all;
    assay_cbor_put_array(w, 5);
    assay_cbor_put_text(w, "assay/sync-ask/v1");
    encode_about(w, ask);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_SYNC_REQUEST_LEN_MAX);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_sync_request_decode(struct assay_slice payload,
                                            struct assay_sync_request *ask)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_sync_request a = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&c, 5));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/sync-ask/v1"));
    ASSAY_TRY(decode_about(&c, &a));
    ASSAY_TRY(assay_cursor_end(&c));
    *ask = a;
    return ASSAY_OK;
}

enum assay_status assay_sync_page_decode(struct assay_slice payload, struct assay_sync_page *page)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_sync_page p = { 0 };
    uint64_t count = 0;
    struct assay_slice block;
    ASSAY_TRY(assay_cbor_array_exact(&c, 8));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/sync-answer/v1"));
    ASSAY_TRY(decode_about(&c, &p.about));
    ASSAY_TRY(assay_cbor_bool(&c, &p.more));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_FINALITY_LEN_MAX, &p.proof));
    ASSAY_TRY(assay_cbor_array(&c, BLOCKS_MAX, &count));
    const size_t start = c.pos;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_SYNC_ANSWER_LEN_MAX, &block));
    p.blocks = assay_slice_over(c.bytes + start, c.pos - start);
    p.block_count = (uint32_t)count;
    ASSAY_TRY(assay_cursor_end(&c));
    if (p.proof.len == 0 && (p.more || p.block_count > 0)) return ASSAY_E_INVALID;
    *page = p;
    ASSAY_ASSERT(p.block_count <= BLOCKS_MAX && p.blocks.len >= p.block_count);
    return ASSAY_OK;
}

/* --- answering */

struct answering {
    struct assay_writer *w; /* NULL: counting */
    uint64_t next_height;
    uint64_t count, written, limit;
    size_t len, len_max;
    bool more;
};

static bool visit_block(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct answering *a = context;
    if (key->number < a->next_height) return true;
    /* A gap: the peer queries another node. Nothing behind it is of use, and a request for a height
     * below the epoch's would have all its blocks read. */
    if (key->number > a->next_height) return false;
    if (a->w == NULL) {
        if (a->count > 0 && (a->len + value.len > a->len_max || a->count == BLOCKS_MAX)) {
            a->more = true;
            return false;
        }
        a->len += value.len + 9;
        a->count++;
    } else {
        if (a->written == a->limit) return false;
        assay_cbor_put_bytes(a->w, value.bytes, value.len);
        a->written++;
    }
    a->next_height++;
    return true;
}

static enum assay_status scan_blocks(struct assay_store *store,
                                     const struct assay_sync_request *ask, struct answering *a)
{
    const struct assay_store_key from = { .era = ask->era,
                                          .epoch = ask->epoch,
                                          .number = ask->height };
    struct assay_store_key to = from;
    to.number = ASSAY_STORE_NUMBER_MAX;
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    a->next_height = ask->height;
    return store->ops->scan(store, ASSAY_STORE_BLOCK, &from, &to, false, visit_block, a);
}

static void encode_answer_head(struct assay_writer *w, const struct assay_sync_request *ask,
                               bool more, struct assay_slice proof, uint64_t count)
{
    assay_cbor_put_array(w, 8);
    assay_cbor_put_text(w, "assay/sync-answer/v1");
    encode_about(w, ask);
    assay_cbor_put_bool(w, more);
    assay_cbor_put_bytes(w, proof.bytes, proof.len);
    assay_cbor_put_array(w, count);
}

enum assay_status assay_sync_answer(struct assay_store *store, const uint8_t chain_id[static 32],
                                    struct assay_slice ask, void *scratch, size_t scratch_len,
                                    struct assay_writer *w)
{
    struct assay_sync_request a;
    struct assay_slice all;
    size_t proof_len = 0;
    ASSAY_ASSERT(store != NULL && scratch != NULL && w != NULL);
    if (assay_fast_sync_wire_is_message(ask))
        return assay_fast_sync_wire_answer(store, chain_id, ask, scratch, scratch_len, w);
    if (assay_sync_registry_page_is_message(ask))
        return assay_sync_registry_answer(store, chain_id, ask, scratch, scratch_len, w);
    if (assay_declared_list_page_is_message(ask))
        return assay_declared_list_answer(store, chain_id, ask, scratch, scratch_len, w);
    ASSAY_TRY(assay_sync_request_decode(ask, &a));
    if (!assay_bytes_equal(a.chain_id, chain_id, 32)) return ASSAY_E_CHAIN;
    const struct assay_store_key key = { .era = a.era, .epoch = a.epoch };
    const enum assay_status found =
        store->ops->get(store, ASSAY_STORE_FINALITY, &key, scratch, scratch_len, &proof_len);
    if (found == ASSAY_E_NOT_FOUND) { /* not closed, or pruned: nothing to offer */
        encode_answer_head(w, &a, false, assay_slice_over(scratch, 0), 0);
        return assay_writer_finish(w, &all);
    }
    ASSAY_TRY(found);
    struct answering counting = { .len = proof_len + 256, .len_max = ASSAY_SYNC_PAGE_LEN };
    ASSAY_TRY(scan_blocks(store, &a, &counting));
    encode_answer_head(w, &a, counting.more, assay_slice_over(scratch, proof_len), counting.count);
    struct answering writing = { .w = w, .limit = counting.count };
    ASSAY_TRY(scan_blocks(store, &a, &writing));
    if (writing.written != counting.count) return ASSAY_E_STORE;
    return assay_writer_finish(w, &all);
}
