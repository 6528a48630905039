/*
 * net/evm/finalized_epochs.c - closed epochs for an anchor (docs/services.md 8.2).
 */
#include "net/evm/finalized_epochs.h"

#include "base/crypto.h"
#include "base/merkle.h"

#include <stdlib.h>

/* --- reading */

/* Hexadecimal text of whole items. Out: *bytes of malloc, also when it is empty. */
static enum assay_status take_text(const struct assay_json *data, const char *name, size_t item,
                                   size_t items_max, uint8_t **bytes, size_t *items)
{
    ASSAY_ASSERT(item > 0);
    const char *const text = assay_json_text(data, name, NULL);
    if (text == NULL) return ASSAY_E_TYPE;
    const size_t len = strlen(text) / 2;
    if (len % item != 0 || len / item > items_max) return ASSAY_E_RANGE;
    *bytes = malloc(len + 1);
    if (*bytes == NULL) return ASSAY_E_MEMORY;
    *items = len / item;
    return assay_hex_decode(text, strlen(text), *bytes, len);
}

static enum assay_status parse_digest(const struct assay_json *data, const char *name,
                                      uint8_t digest[static 32])
{
    const char *const text = assay_json_text(data, name, NULL);
    if (text == NULL) return ASSAY_E_TYPE;
    return assay_hex_decode(text, strlen(text), digest, 32);
}

static enum assay_status parse_rows(const struct assay_json *data, const char *name,
                                    struct assay_roster_row **rows, uint32_t *count)
{
    uint8_t *bytes = NULL;
    size_t items = 0;
    enum assay_status status =
        take_text(data, name, ASSAY_EVM_ROW_LEN, ASSAY_MEMBERS_MAX, &bytes, &items);
    if (status == ASSAY_OK && items == 0) status = ASSAY_E_RANGE;
    if (status == ASSAY_OK) *rows = calloc(items, sizeof **rows);
    if (status == ASSAY_OK && *rows == NULL) status = ASSAY_E_MEMORY;
    for (size_t i = 0; status == ASSAY_OK && i < items; i++) {
        struct assay_cursor c = assay_cursor_over(bytes + i * ASSAY_EVM_ROW_LEN, ASSAY_EVM_ROW_LEN);
        const uint8_t *key = NULL;
        status = assay_cursor_take(&c, ASSAY_P256_PUBLIC_LEN, &key);
        if (status == ASSAY_OK) status = assay_cursor_u32be(&c, &(*rows)[i].weight);
        if (status != ASSAY_OK) break;
        assay_bytes_copy((*rows)[i].voting_public, ASSAY_P256_PUBLIC_LEN, key,
                         ASSAY_P256_PUBLIC_LEN);
    }
    if (status == ASSAY_OK) *count = (uint32_t)items;
    free(bytes);
    return status;
}

static enum assay_status voters_of(const struct assay_roster_row *rows, uint32_t count,
                                   uint8_t digest[static 32])
{
    ASSAY_ASSERT(count > 0 && rows != NULL);
    uint8_t bytes[ASSAY_EVM_SIGNERS_MAX * ASSAY_EVM_ROW_LEN];
    size_t len = 0;
    return assay_eth_rows(rows, count, bytes, sizeof bytes, &len, digest);
}

static void scores_root(const struct assay_evm_finalized_epoch *closed, uint8_t root[static 32])
{
    ASSAY_ASSERT(closed->next_count == 0 || closed->scores != NULL);
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < closed->next_count; i++)
        assay_merkle_add(&tree, closed->scores[i], ASSAY_EVM_SCORE_LEN);
    assay_merkle_root(&tree, root);
}

static enum assay_status parse_parts(const struct assay_json *data,
                                     struct assay_evm_finalized_epoch *out)
{
    ASSAY_ASSERT(out->header == NULL && out->path == NULL);
    struct assay_evm_boundary *const b = &out->boundary;
    uint8_t *scores = NULL, *path = NULL;
    size_t header = 0, finality = 0, leaves = 0;
    ASSAY_TRY(take_text(data, "header", 1, ASSAY_BLOCK_HEADER_LEN_MAX, &out->header, &header));
    ASSAY_TRY(take_text(data, "finality", 1, ASSAY_FINALITY_LEN_MAX, &out->finality, &finality));
    ASSAY_TRY(parse_digest(data, "leaf", b->leaf));
    enum assay_status status =
        take_text(data, "path", 32, ASSAY_MERKLE_LEVELS, &path, &b->path_len);
    out->path = (uint8_t(*)[32])path;
    ASSAY_TRY(status);
    ASSAY_TRY(parse_rows(data, "voted", &out->voted, &out->voted_count));
    ASSAY_TRY(parse_rows(data, "next", &out->next, &out->next_count));
    status = take_text(data, "scores", ASSAY_EVM_SCORE_LEN, ASSAY_MEMBERS_MAX, &scores, &leaves);
    out->scores = (uint8_t(*)[ASSAY_EVM_SCORE_LEN])scores;
    ASSAY_TRY(status);
    if (leaves != out->next_count) return ASSAY_E_RANGE;
    b->header = assay_slice_over(out->header, header);
    b->finality = assay_slice_over(out->finality, finality);
    b->path = (const uint8_t(*)[32])out->path;
    b->voted = out->voted;
    b->voted_count = out->voted_count;
    return ASSAY_OK;
}

enum assay_status assay_eth_finalized_epoch_parse(const struct assay_json *data,
                                                  struct assay_evm_finalized_epoch *closed)
{
    struct assay_block_header header;
    uint8_t root[32];
    struct assay_evm_anchored *const a = &closed->anchored;
    *closed = (struct assay_evm_finalized_epoch){ .oldest = 0 };
    closed->oldest = assay_json_uint(data, "oldest", UINT64_MAX);
    ASSAY_TRY(parse_parts(data, closed));
    ASSAY_TRY(assay_block_header_decode(closed->boundary.header, &header));
    if (header.kind != ASSAY_BLOCK_EPOCH) return ASSAY_E_INVALID;
    a->era = header.era;
    a->epoch = header.epoch;
    a->time_ms = header.time_ms;
    assay_bytes_copy(a->chain_id, 32, header.chain_id, 32);
    ASSAY_TRY(voters_of(closed->next, closed->next_count, a->voters));
    scores_root(closed, a->scores);
    assay_bytes_copy(closed->boundary.next_voters, 32, a->voters, 32);
    assay_bytes_copy(closed->boundary.next_scores, 32, a->scores, 32);
    assay_evm_anchor_root(a, root);
    assay_evm_anchor_lead(root, closed->boundary.leaf, closed->boundary.path,
                          closed->boundary.path_len, root);
    return assay_bytes_equal(root, header.state_root, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_eth_finalized_epoch_score(const struct assay_evm_finalized_epoch *closed,
                                                  const uint8_t node_id[static 32],
                                                  uint8_t (*path)[32],
                                                  struct assay_evm_score_proof *proof)
{
    ASSAY_ASSERT(closed->next_count == 0 || closed->scores != NULL);
    uint32_t at = 0;
    while (at < closed->next_count && !assay_bytes_equal(closed->scores[at], node_id, 32))
        at++;
    if (at == closed->next_count) return ASSAY_E_NOT_FOUND;
    uint8_t(*const hashes)[32] = calloc(closed->next_count, sizeof *hashes);
    if (hashes == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < closed->next_count; i++)
        assay_merkle_leaf_hash(closed->scores[i], ASSAY_EVM_SCORE_LEN, hashes[i]);
    *proof = (struct assay_evm_score_proof){ .index = at, .count = closed->next_count };
    assay_bytes_copy(proof->leaf, sizeof proof->leaf, closed->scores[at], ASSAY_EVM_SCORE_LEN);
    const enum assay_status status =
        assay_merkle_path((const uint8_t(*)[32])hashes, closed->next_count, at, path,
                          ASSAY_EVM_SCORE_PATH_MAX, &proof->path_len);
    proof->path = (const uint8_t(*)[32])path;
    free(hashes);
    return status;
}

void assay_eth_finalized_epoch_free(struct assay_evm_finalized_epoch *closed)
{
    free(closed->voted);
    free(closed->next);
    free(closed->scores);
    free(closed->header);
    free(closed->finality);
    free(closed->path);
    *closed = (struct assay_evm_finalized_epoch){ .oldest = 0 };
}

/* --- how far an anchor can go */

struct search {
    const struct assay_evm_anchored *held;
    const uint8_t *contract;
    const struct assay_evm_epoch_source *closings;
    struct assay_evm_finalized_epoch closed, other;
    const struct assay_roster_row *known;
    uint32_t known_count;
    uint8_t *bytes;
    size_t capacity;
    struct assay_evm_order *order;
};

static enum assay_status request_document(const struct search *s, uint64_t epoch,
                                          struct assay_evm_finalized_epoch *out)
{
    assay_eth_finalized_epoch_free(out);
    ASSAY_TRY(s->closings->ask(s->closings->context, epoch, out));
    return epoch == 0 || out->anchored.epoch == epoch ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status is_known_root(struct search *s, const struct assay_roster_row *rows,
                                       uint32_t count)
{
    ASSAY_ASSERT(count > 0 && rows != NULL);
    uint8_t digest[32];
    ASSAY_TRY(voters_of(rows, count, digest));
    if (!assay_bytes_equal(digest, s->held->voters, 32)) return ASSAY_E_STRANGER;
    s->known = rows;
    s->known_count = count;
    return ASSAY_OK;
}

/* The table that the anchor holds: of those who voted now, after its own epoch, or when what is
 * kept begins. */
static enum assay_status find_table(struct search *s)
{
    ASSAY_ASSERT(s->closed.voted_count > 0);
    const enum assay_status now = is_known_root(s, s->closed.voted, s->closed.voted_count);
    const uint64_t oldest = s->closed.oldest;
    if (now != ASSAY_E_STRANGER) return now;
    if (oldest > s->closed.anchored.epoch) return ASSAY_E_STRANGER;
    if (s->held->epoch >= oldest) {
        ASSAY_TRY(request_document(s, s->held->epoch, &s->other));
        return is_known_root(s, s->other.next, s->other.next_count);
    }
    ASSAY_TRY(request_document(s, oldest, &s->other));
    return is_known_root(s, s->other.voted, s->other.voted_count);
}

static enum assay_status build_order(struct search *s)
{
    ASSAY_ASSERT(s->known != NULL && s->known_count > 0);
    return assay_eth_anchor_advance_order(s->held, s->contract, &s->closed.boundary, s->known,
                                          s->known_count, s->bytes, s->capacity, s->order);
}

/* The rows may be those of the epoch that is searched on from: a copy stays. */
static enum assay_status save_table(struct search *s, struct assay_roster_row **copy)
{
    ASSAY_ASSERT(s->known != NULL && s->known_count > 0 && *copy == NULL);
    *copy = calloc(s->known_count, sizeof **copy);
    if (*copy == NULL) return ASSAY_E_MEMORY;
    for (uint32_t i = 0; i < s->known_count; i++)
        (*copy)[i] = s->known[i];
    s->known = *copy;
    return ASSAY_OK;
}

/* Too few signed `bad`: the latest between that enough did sign. */
static enum assay_status find_between(struct search *s, uint64_t bad)
{
    ASSAY_ASSERT(bad > s->held->epoch);
    uint64_t good = s->held->epoch;
    if (good + 1 < s->closed.oldest) good = s->closed.oldest - 1;
    const uint64_t first = good;
    while (bad > good + 1) {
        const uint64_t middle = good + (bad - good) / 2;
        ASSAY_ASSERT(middle > good && middle < bad);
        ASSAY_TRY(request_document(s, middle, &s->closed));
        const enum assay_status status = build_order(s);
        if (status == ASSAY_OK) good = middle;
        else if (status == ASSAY_E_EARLY) bad = middle;
        else return status;
    }
    if (good == first) return ASSAY_E_EARLY;
    ASSAY_TRY(request_document(s, good, &s->closed));
    return build_order(s);
}

static enum assay_status search_epoch(struct search *s, struct assay_roster_row **copy)
{
    ASSAY_TRY(request_document(s, 0, &s->closed));
    const struct assay_evm_anchored *const newest = &s->closed.anchored;
    if (!assay_bytes_equal(newest->chain_id, s->held->chain_id, 32) || newest->era != s->held->era)
        return ASSAY_E_CHAIN;
    if (newest->epoch <= s->held->epoch) return ASSAY_E_STALE;
    ASSAY_TRY(find_table(s));
    ASSAY_TRY(save_table(s, copy));
    const enum assay_status status = build_order(s);
    return status == ASSAY_E_EARLY ? find_between(s, newest->epoch) : status;
}

enum assay_status assay_eth_anchor_next_order(const struct assay_evm_anchored *held,
                                              const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
                                              const struct assay_evm_epoch_source *closings,
                                              uint8_t *bytes, size_t capacity,
                                              struct assay_evm_order *order, uint64_t *epoch)
{
    struct search s = { .held = held,
                        .contract = contract,
                        .closings = closings,
                        .bytes = bytes,
                        .capacity = capacity,
                        .order = order };
    struct assay_roster_row *copy = NULL;
    const enum assay_status status = search_epoch(&s, &copy);
    if (status == ASSAY_OK) *epoch = s.closed.anchored.epoch;
    free(copy);
    assay_eth_finalized_epoch_free(&s.closed);
    assay_eth_finalized_epoch_free(&s.other);
    return status;
}
