/*
 * net/runtime/document_anchor.c - document `anchor`: the proof of a closed epoch for a contract
 * on another chain (docs/services.md 8.2), in hexadecimal.
 *
 * Read from the store, of an epoch whose state and the one before are kept.
 */
#include "net/runtime/runtime_internal.h"

#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/state/anchor.h"
#include "net/documents/document.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>

/* A state with what it was read from. */
struct kept {
    uint8_t *bytes; /* the snapshot */
    void *memory;
    struct assay_slice header; /* in bytes */
    struct assay_state state;
};

static void free_epoch(struct kept *kept)
{
    free(kept->bytes);
    free(kept->memory);
}

static bool read_key(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    (void)value;
    *(struct assay_store_key *)context = *key;
    return false;
}

/* Newest and oldest state of the newest era. */
static enum assay_status epoch_range(struct assay_store *store, struct assay_store_key *newest,
                                     uint64_t *oldest)
{
    struct assay_store_key from = { .era = 0 }, first = { .epoch = UINT64_MAX };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    *newest = first;
    ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_STATE, &from, &to, true, read_key, newest));
    if (newest->epoch == UINT64_MAX) return ASSAY_E_NOT_FOUND;
    from.era = newest->era;
    ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_STATE, &from, &to, false, read_key, &first));
    *oldest = first.epoch + 1; /* the voters are in the state before */
    if (*oldest <= newest->epoch) return ASSAY_OK;
    *oldest = 0;
    return ASSAY_E_NOT_FOUND;
}

static enum assay_status get_row(struct assay_store *store, enum assay_store_class class_,
                                 uint32_t era, uint64_t epoch, uint8_t **bytes, size_t *len)
{
    ASSAY_ASSERT(*bytes == NULL);
    const struct assay_store_key key = { .era = era, .epoch = epoch };
    const enum assay_status asked = assay_store_get(store, class_, &key, NULL, 0, len);
    if (asked != ASSAY_E_FULL) return asked == ASSAY_OK ? ASSAY_E_NOT_FOUND : asked;
    ASSAY_ASSERT(*len > 0); /* ASSAY_E_FULL */
    *bytes = malloc(*len);
    if (*bytes == NULL) return ASSAY_E_MEMORY;
    return assay_store_get(store, class_, &key, *bytes, *len, len);
}

/* The block's header is in a snapshot before the leaves. */
static enum assay_status load_header(struct assay_slice snapshot, struct assay_slice *header)
{
    struct assay_cursor c = assay_cursor_over(snapshot.bytes, snapshot.len);
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/snapshot/v1"));
    return assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, header);
}

static enum assay_status load_epoch(struct assay_runtime *runtime, uint32_t era, uint64_t epoch,
                                    struct kept *kept)
{
    ASSAY_ASSERT(kept->bytes == NULL && kept->memory == NULL);
    size_t len = 0;
    uint64_t closed = 0;
    uint32_t members = 0;
    ASSAY_TRY(get_row(runtime->config.store, ASSAY_STORE_STATE, era, epoch, &kept->bytes, &len));
    const struct assay_slice bytes = assay_slice_over(kept->bytes, len);
    ASSAY_TRY(load_header(bytes, &kept->header));
    ASSAY_TRY(assay_state_peek(bytes, &closed, &members));
    kept->memory = aligned_alloc(64, (assay_state_memory_len(members) + 63) & ~(size_t)63);
    if (kept->memory == NULL) return ASSAY_E_MEMORY;
    assay_state_init(&kept->state, kept->memory, members);
    assay_bytes_copy(kept->state.chain_id, 32, runtime->config.genesis->chain_id, 32);
    return assay_state_decode(bytes, &kept->state);
}

/* Leaf hash of leaf 0, and the path of index 0. */
static enum assay_status set_path(struct assay_json *data, const struct assay_state *s)
{
    const size_t scratch_len = assay_state_scratch_len(s->member_count);
    uint8_t *const scratch = malloc(scratch_len);
    uint8_t(*const hashes)[32] = malloc(((size_t)s->member_count + 1) * 32);
    uint8_t path[ASSAY_MERKLE_LEVELS][32], leaf[32];
    size_t path_len = 0;
    enum assay_status status = ASSAY_E_MEMORY;
    if (scratch != NULL && hashes != NULL) {
        struct assay_writer w = assay_writer_over(scratch, scratch_len);
        status = assay_state_header_encode(s, &w);
        assay_merkle_leaf_hash(scratch, w.len, leaf);
        assay_state_header_hash(s, scratch, scratch_len, hashes[0]);
        for (uint32_t i = 0; i < s->member_count; i++)
            assay_state_leaf_hash(s, i, scratch, scratch_len, hashes[i + 1]);
    }
    if (status == ASSAY_OK)
        status = assay_merkle_path((const uint8_t(*)[32])hashes, s->member_count + 1, 0, path,
                                   ASSAY_MERKLE_LEVELS, &path_len);
    if (status == ASSAY_OK) {
        ASSAY_ASSERT(path_len <= ASSAY_MERKLE_LEVELS);
        assay_json_set_hex(data, "leaf", leaf, 32);
        assay_json_set_hex(data, "path", path[0], 32 * path_len);
    }
    free(scratch);
    free(hashes);
    return status;
}

/* A row for each slot; weight 0 without a seat. */
static enum assay_status set_rows(struct assay_json *data, const char *name,
                                  const struct assay_state *s)
{
    const size_t len = (size_t)s->member_count * ASSAY_ANCHOR_VOTER_LEN;
    ASSAY_ASSERT(len > 0); /* assay_state_decode */
    uint8_t *const rows = malloc(len);
    if (rows == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < s->member_count; i++)
        assay_anchor_voter(&s->members[i], rows + (size_t)i * ASSAY_ANCHOR_VOTER_LEN);
    assay_json_set_hex(data, name, rows, len);
    free(rows);
    return ASSAY_OK;
}

static enum assay_status set_scores(struct assay_json *data, const struct assay_state *s)
{
    const size_t len = (size_t)s->member_count * ASSAY_ANCHOR_LEAF_LEN;
    ASSAY_ASSERT(len > 0); /* assay_state_decode */
    uint8_t *const leaves = malloc(len);
    if (leaves == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < s->member_count; i++)
        assay_anchor_leaf(s, i, leaves + (size_t)i * ASSAY_ANCHOR_LEAF_LEN);
    assay_json_set_hex(data, "scores", leaves, len);
    free(leaves);
    return ASSAY_OK;
}

static enum assay_status set_closed(struct assay_runtime *runtime, struct assay_json *data,
                                    const struct kept *before, const struct kept *closed)
{
    const struct assay_state *const s = &closed->state;
    uint8_t *finality = NULL;
    size_t finality_len = 0;
    enum assay_status status = get_row(runtime->config.store, ASSAY_STORE_FINALITY, s->era,
                                       s->epoch, &finality, &finality_len);
    if (status == ASSAY_OK) {
        assay_json_set_hex(data, "chain_id", s->chain_id, 32);
        assay_json_set_uint(data, "era", s->era);
        assay_json_set_uint(data, "epoch", s->epoch);
        assay_json_set_uint(data, "time_ms", s->head_time_ms);
        assay_json_set_hex(data, "anchor", s->services.anchor, 32);
        assay_json_set_hex(data, "header", closed->header.bytes, closed->header.len);
        assay_json_set_hex(data, "finality", finality, finality_len);
        status = set_path(data, s);
    }
    free(finality);
    ASSAY_TRY(status);
    ASSAY_TRY(set_rows(data, "voted", &before->state));
    ASSAY_TRY(set_rows(data, "next", s));
    return set_scores(data, s);
}

static char *refuse_anchor(struct assay_runtime *runtime, enum assay_status status, uint64_t oldest)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    char words[160] = "no epoch is closed here yet, with its votes: retry after the next close";
    if (status != ASSAY_E_NOT_FOUND)
        return document_error(runtime, "store", "that epoch cannot be read");
    if (oldest > 0)
        (void)snprintf(words, sizeof words,
                       "that epoch is not stored here: the last ones are, from %llu on",
                       (unsigned long long)oldest);
    return document_error(runtime, "not_found", words);
}

char *document_anchor(struct assay_runtime *runtime, const char *argument)
{
    struct kept before = { .bytes = NULL }, closed = { .bytes = NULL };
    struct assay_store_key newest;
    uint64_t epoch = 0, oldest = 0;
    if (*argument != '\0' && !assay_document_number(argument, &epoch))
        return document_error(runtime, "usage", "anchor [EPOCH]");
    if (runtime->config.genesis->services.len == 0)
        return document_error(runtime, "not_found",
                              "this network has no services, so none of its states has an "
                              "anchor");
    enum assay_status status = epoch_range(runtime->config.store, &newest, &oldest);
    if (*argument == '\0') epoch = newest.epoch;
    if (status == ASSAY_OK && (epoch < oldest || epoch > newest.epoch)) status = ASSAY_E_NOT_FOUND;
    if (status == ASSAY_OK) status = load_epoch(runtime, newest.era, epoch - 1, &before);
    if (status == ASSAY_OK) status = load_epoch(runtime, newest.era, epoch, &closed);
    if (status == ASSAY_OK && closed.state.services.count == 0) { /* a change added them later */
        free_epoch(&before);
        free_epoch(&closed);
        return document_error(runtime, "not_found",
                              "that epoch closed before the network had services, so its "
                              "state has no anchor");
    }
    struct assay_json *data = assay_json_object();
    if (status == ASSAY_OK) status = set_closed(runtime, data, &before, &closed);
    assay_json_set_uint(data, "oldest", oldest);
    free_epoch(&before);
    free_epoch(&closed);
    if (status == ASSAY_OK) return document_finish(runtime, "assay.anchor", data);
    assay_json_free(&data);
    return refuse_anchor(runtime, status, oldest);
}
