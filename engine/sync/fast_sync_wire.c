/*
 * engine/sync/fast_sync_wire.c - requests and answers about boundaries and states (docs/protocol.md
 * 5.30); fast_sync.c is the client.
 */
#include "engine/sync/fast_sync_wire.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/fold/effective_rules.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/ledger/records/record.h"

static const char boundary_ask[] = "assay/boundary-ask/v1";
static const char state_ask[] = "assay/state-ask/v1";
static const char boundary_answer[] = "assay/boundary-answer/v1";
static const char state_answer[] = "assay/state-answer/v1";

static bool has_tag(struct assay_slice payload, const char *tag)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    uint64_t items = 0;
    return assay_cbor_array(&c, 6, &items) == ASSAY_OK &&
           assay_cbor_text_expect(&c, tag) == ASSAY_OK;
}

bool assay_fast_sync_wire_is_message(struct assay_slice payload)
{
    return has_tag(payload, boundary_ask) || has_tag(payload, state_ask) ||
           has_tag(payload, boundary_answer) || has_tag(payload, state_answer);
}

static void encode_about(struct assay_writer *w, const struct assay_fast_sync_wire_request *a)
{
    ASSAY_ASSERT(a->epoch <= INT64_MAX);
    assay_cbor_put_bytes(w, a->chain_id, 32);
    assay_cbor_put_uint(w, a->era);
    assay_cbor_put_uint(w, a->epoch);
}

static enum assay_status decode_about(struct assay_cursor *c,
                                      struct assay_fast_sync_wire_request *a)
{
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, a->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &a->epoch));
    a->era = (uint32_t)era;
    return ASSAY_OK;
}

enum assay_status assay_fast_sync_wire_request_encode(
    const struct assay_fast_sync_wire_request *ask, struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 4);
    assay_cbor_put_text(w, ask->state ? state_ask : boundary_ask);
    encode_about(w, ask);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_fast_sync_wire_request_decode(struct assay_slice payload,
                                                      struct assay_fast_sync_wire_request *ask)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_fast_sync_wire_request a = { .state = has_tag(payload, state_ask) };
    ASSAY_TRY(assay_cbor_array_exact(&c, 4));
    ASSAY_TRY(assay_cbor_text_expect(&c, a.state ? state_ask : boundary_ask));
    ASSAY_TRY(decode_about(&c, &a));
    ASSAY_TRY(assay_cursor_end(&c));
    *ask = a;
    return ASSAY_OK;
}

static enum assay_status decode_pair(struct assay_cursor *c, struct assay_slice *boundary,
                                     struct assay_slice *finality)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_bytes(c, SIZE_MAX, boundary));
    return assay_cbor_bytes(c, ASSAY_FINALITY_LEN_MAX, finality);
}

static enum assay_status decode_change(struct assay_cursor *c, uint64_t *epoch,
                                       struct assay_slice *record)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, epoch));
    return assay_cbor_bytes(c, ASSAY_FAST_SYNC_WIRE_CHANGE_LEN_MAX, record);
}

enum assay_status assay_fast_sync_wire_next_change(struct assay_fast_sync_wire_answer *answer,
                                                   uint64_t *epoch, struct assay_slice *record)
{
    ASSAY_ASSERT(answer->pair_count > 0);
    answer->pair_count--;
    return decode_change(&answer->pairs, epoch, record);
}

enum assay_status assay_fast_sync_wire_next(struct assay_fast_sync_wire_answer *answer,
                                            struct assay_slice *boundary,
                                            struct assay_slice *finality)
{
    ASSAY_ASSERT(answer->pair_count > 0);
    answer->pair_count--;
    return decode_pair(&answer->pairs, boundary, finality);
}

enum assay_status assay_fast_sync_wire_answer_decode(struct assay_slice payload,
                                                     struct assay_fast_sync_wire_answer *answer)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct assay_fast_sync_wire_answer a = { .about = { .state = has_tag(payload, state_answer) } };
    struct assay_slice boundary, finality;
    uint64_t count = 0, epoch = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, a.about.state ? 6 : 5));
    ASSAY_TRY(assay_cbor_text_expect(&c, a.about.state ? state_answer : boundary_answer));
    ASSAY_TRY(decode_about(&c, &a.about));
    if (a.about.state) {
        ASSAY_TRY(assay_cbor_bytes(&c, SIZE_MAX, &a.snapshot));
        ASSAY_TRY(assay_cbor_array(&c, ASSAY_FAST_SYNC_WIRE_CHANGES_MAX, &count));
        a.pairs = c;
        a.pair_count = (uint32_t)count;
        for (uint64_t i = 0; i < count; i++)
            ASSAY_TRY(decode_change(&c, &epoch, &boundary));
    } else {
        ASSAY_TRY(assay_cbor_array(&c, ASSAY_FAST_SYNC_WIRE_BOUNDARIES_MAX, &count));
        a.pairs = c;
        a.pair_count = (uint32_t)count;
        for (uint64_t i = 0; i < count; i++)
            ASSAY_TRY(decode_pair(&c, &boundary, &finality));
    }
    ASSAY_TRY(assay_cursor_end(&c));
    *answer = a;
    return ASSAY_OK;
}

/* A set is long and identified by its digest: only records are decoded. */
static bool is_change(struct assay_slice kept)
{
    struct assay_cursor c = assay_cursor_over(kept.bytes, kept.len);
    uint64_t kind = 0;
    return assay_cbor_array_exact(&c, 3) == ASSAY_OK && assay_cbor_uint(&c, &kind) == ASSAY_OK &&
           kind == ASSAY_RECORD_CHANGE;
}

/* The documents in a CHANGE, each hashed once. */
static uint64_t covered_by_documents(const struct assay_leaf_head *head, struct assay_slice kept)
{
    struct assay_change change;
    uint64_t covers = 0;
    if (!is_change(kept) || assay_change_record_read(kept, &change) != ASSAY_OK) return 0;
    struct assay_cursor c = assay_cursor_over(change.actions.bytes, change.actions.len);
    for (uint32_t i = 0; i < change.action_count; i++) {
        struct assay_action action;
        uint8_t digest[32];
        const enum assay_status status = assay_action_next(&c, &action);
        ASSAY_ASSERT(status == ASSAY_OK); /* assay_change_record_read walked them */
        if (action.document.len == 0) continue;
        assay_sha256(action.document.bytes, action.document.len, digest);
        for (uint32_t k = 0; k < head->document_count; k++)
            if (assay_bytes_equal(digest, head->documents[k], 32))
                covers |= (uint64_t)1 << (ASSAY_LEAF_RECORDS_MAX + k);
    }
    return covers;
}

static uint64_t covered_by_digest(const struct assay_leaf_head *head,
                                  const uint8_t digest[static 32])
{
    uint64_t covers = 0;
    for (uint32_t i = 0; i < head->pending_count; i++)
        if (assay_bytes_equal(digest, head->pending[i], 32)) covers |= (uint64_t)1 << i;
    for (uint32_t i = 0; i < head->document_count; i++)
        if (assay_bytes_equal(digest, head->documents[i], 32))
            covers |= (uint64_t)1 << (ASSAY_LEAF_RECORDS_MAX + i);
    return covers;
}

uint64_t assay_fast_sync_wire_covers(const struct assay_leaf_head *head,
                                     const uint8_t digest[static 32], struct assay_slice kept)
{
    return covered_by_digest(head, digest) | covered_by_documents(head, kept);
}

enum assay_store_class assay_fast_sync_wire_class(struct assay_slice kept, uint64_t epoch,
                                                  struct assay_store_key *key)
{
    struct assay_change change;
    if (is_change(kept) && assay_change_record_read(kept, &change) == ASSAY_OK) {
        /* The epoch is what a peer claims; the state has what was decided up to its own. */
        if (key->epoch > epoch) key->epoch = epoch;
        key->number = change.sequence;
        return ASSAY_STORE_CHANGE;
    }
    key->epoch = epoch;
    return ASSAY_STORE_COLLATERAL;
}

/* --- answering */

struct answering {
    struct assay_store *store;
    struct assay_writer *w; /* NULL: counting */
    uint8_t *scratch;
    size_t scratch_len, len;
    uint64_t next_epoch, count, limit;
    enum assay_status status;
};

/* A boundary is sent with its proof, or not. */
static bool visit_boundary(void *context, const struct assay_store_key *key,
                           struct assay_slice value)
{
    struct answering *a = context;
    size_t proof_len = 0;
    if (key->epoch != a->next_epoch || a->count == a->limit) return false;
    a->status = assay_store_get(a->store, ASSAY_STORE_FINALITY, key, a->scratch, a->scratch_len,
                                &proof_len);
    if (a->status != ASSAY_OK) return false;
    const size_t len = value.len + proof_len + 16;
    if (a->w == NULL && a->count > 0 && a->len + len > ASSAY_FAST_SYNC_WIRE_PAGE_LEN) return false;
    if (a->w != NULL) {
        assay_cbor_put_array(a->w, 2);
        assay_cbor_put_bytes(a->w, value.bytes, value.len);
        assay_cbor_put_bytes(a->w, a->scratch, proof_len);
    }
    a->len += len;
    a->count++;
    a->next_epoch++;
    return true;
}

static enum assay_status scan_boundaries(const struct assay_fast_sync_wire_request *ask,
                                         struct answering *a)
{
    const struct assay_store_key from = { .era = ask->era, .epoch = ask->epoch };
    struct assay_store_key to = { .era = ask->era, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    a->next_epoch = ask->epoch;
    ASSAY_TRY(
        assay_store_scan(a->store, ASSAY_STORE_BOUNDARY, &from, &to, false, visit_boundary, a));
    return a->status == ASSAY_E_NOT_FOUND ? ASSAY_OK : a->status;
}

static enum assay_status answer_boundaries(const struct assay_fast_sync_wire_request *ask,
                                           struct answering *counting, struct assay_writer *w)
{
    struct assay_slice all;
    struct answering writing = *counting;
    counting->limit = ASSAY_FAST_SYNC_WIRE_BOUNDARIES_MAX;
    ASSAY_TRY(scan_boundaries(ask, counting));
    assay_cbor_put_array(w, 5);
    assay_cbor_put_text(w, boundary_answer);
    encode_about(w, ask);
    assay_cbor_put_array(w, counting->count);
    writing.w = w;
    writing.limit = counting->count;
    ASSAY_TRY(scan_boundaries(ask, &writing));
    if (writing.count != counting->count) return ASSAY_E_STORE;
    return assay_writer_finish(w, &all);
}

/* What a state names and the store has, as assay_fast_sync_wire_covers counts it: where it lies, in
 * the order of classes and keys. */
struct named {
    const struct assay_leaf_head *head;
    uint64_t wanted, covered;
    uint32_t count;
    struct place {
        enum assay_store_class class_;
        struct assay_store_key key;
    } places[ASSAY_FAST_SYNC_WIRE_CHANGES_MAX];
};

static bool is_before(const struct place *a, const struct place *b)
{
    if (a->class_ != b->class_) return a->class_ < b->class_;
    return assay_store_key_compare(&a->key, &b->key) < 0;
}

static void note_place(struct named *n, enum assay_store_class class_,
                       const struct assay_store_key *key, uint64_t covers)
{
    const struct place here = { .class_ = class_, .key = *key };
    if ((covers & n->wanted & ~n->covered) == 0) return; /* not needed, or sent already */
    n->covered |= covers;
    uint32_t at = 0;
    while (at < n->count && is_before(&n->places[at], &here)) at++;
    if (at < n->count && !is_before(&here, &n->places[at])) return; /* it covers more */
    ASSAY_ASSERT(n->count < ASSAY_FAST_SYNC_WIRE_CHANGES_MAX); /* each covers something more */
    for (uint32_t i = n->count++; i > at; i--) n->places[i] = n->places[i - 1];
    n->places[at] = here;
}

/* What lies under its own digest: no value is read for it. */
static enum assay_status find_by_digest(struct assay_store *store, struct named *n)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_CHANGE, ASSAY_STORE_COLLATERAL };
    const struct assay_leaf_head *head = n->head;
    for (uint32_t i = 0; i < head->pending_count + head->document_count; i++) {
        const uint8_t *digest =
            i < head->pending_count ? head->pending[i] : head->documents[i - head->pending_count];
        for (size_t k = 0; k < sizeof classes / sizeof classes[0]; k++) {
            struct assay_store_key key;
            uint8_t none[1];
            size_t len = 0;
            const enum assay_status found =
                assay_store_find(store, classes[k], digest, &key, none, 0, &len);
            if (found == ASSAY_OK || found == ASSAY_E_FULL)
                note_place(n, classes[k], &key, covered_by_digest(head, digest));
            else if (found != ASSAY_E_NOT_FOUND) return found;
        }
    }
    return ASSAY_OK;
}

static bool visit_change(void *context, const struct assay_store_key *key,
                         struct assay_slice value)
{
    struct named *n = context;
    note_place(n, ASSAY_STORE_CHANGE, key, covered_by_documents(n->head, value));
    return (n->wanted & ~n->covered) != 0;
}

/* Documents that a CHANGE brought: from the newest one, until none is missing. Those of the genesis
 * are in no CHANGE. */
static enum assay_status find_in_changes(struct assay_store *store, uint32_t era, struct named *n)
{
    const struct assay_store_key from = { .era = 0 };
    struct assay_store_key to = { .era = era, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    if ((n->wanted & ~n->covered) == 0) return ASSAY_OK;
    return assay_store_scan(store, ASSAY_STORE_CHANGE, &from, &to, true, visit_change, n);
}

static enum assay_status encode_named(struct answering *a, const struct named *n,
                                      struct assay_writer *w)
{
    assay_cbor_put_array(w, n->count);
    for (uint32_t i = 0; i < n->count; i++) {
        const struct place *p = &n->places[i];
        size_t len = 0;
        ASSAY_TRY(assay_store_get(a->store, p->class_, &p->key, a->scratch, a->scratch_len, &len));
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, p->key.epoch);
        assay_cbor_put_bytes(w, a->scratch, len);
    }
    return ASSAY_OK;
}

/* The snapshot is written by now: what it lay in is free. */
static enum assay_status encode_changes(const struct assay_fast_sync_wire_request *ask,
                                        struct answering *a, const struct assay_leaf_head *head,
                                        struct assay_writer *w)
{
    struct named n = { .head = head };
    for (uint32_t i = 0; i < head->pending_count; i++)
        n.wanted |= (uint64_t)1 << i;
    for (uint32_t i = 0; i < head->document_count; i++)
        n.wanted |= (uint64_t)1 << (ASSAY_LEAF_RECORDS_MAX + i);
    ASSAY_TRY(find_by_digest(a->store, &n));
    ASSAY_TRY(find_in_changes(a->store, ask->era, &n));
    return encode_named(a, &n, w);
}

static enum assay_status answer_state(const struct assay_fast_sync_wire_request *ask,
                                      struct answering *a, struct assay_writer *w)
{
    const struct assay_store_key key = { .era = ask->era, .epoch = ask->epoch };
    struct assay_leaf_head head = { 0 };
    struct assay_slice all;
    size_t len = 0;
    enum assay_status got =
        assay_store_get(a->store, ASSAY_STORE_STATE, &key, a->scratch, a->scratch_len, &len);
    if (got == ASSAY_E_NOT_FOUND)
        got = assay_store_get(a->store, ASSAY_STORE_ANCHOR, &key, a->scratch, a->scratch_len, &len);
    if (got == ASSAY_E_NOT_FOUND) len = 0;
    else ASSAY_TRY(got);
    assay_cbor_put_array(w, 6);
    assay_cbor_put_text(w, state_answer);
    encode_about(w, ask);
    assay_cbor_put_bytes(w, a->scratch, len);
    const enum assay_status read =
        assay_proof_snapshot(assay_slice_over(a->scratch, len), &head);
    enum assay_status status = ASSAY_OK;
    if (len == 0 || read != ASSAY_OK) assay_cbor_put_array(w, 0);
    else status = encode_changes(ask, a, &head, w);
    return status == ASSAY_OK ? assay_writer_finish(w, &all) : status;
}

enum assay_status assay_fast_sync_wire_answer(struct assay_store *store,
                                              const uint8_t chain_id[static 32],
                                              struct assay_slice ask, void *scratch,
                                              size_t scratch_len, struct assay_writer *w)
{
    struct assay_fast_sync_wire_request a;
    struct answering answering = { .store = store, .scratch = scratch, .scratch_len = scratch_len };
    ASSAY_TRY(assay_fast_sync_wire_request_decode(ask, &a));
    if (!assay_bytes_equal(a.chain_id, chain_id, 32)) return ASSAY_E_CHAIN;
    return a.state ? answer_state(&a, &answering, w) : answer_boundaries(&a, &answering, w);
}
