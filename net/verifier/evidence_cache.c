/*
 * net/verifier/evidence_cache.c - evidence cache: rings of bytes and verdicts, oldest first out.
 */
#include "net/verifier/evidence_cache.h"

#include "base/assert.h"

#include <stdlib.h>

struct piece {
    uint8_t digest[32];
    uint8_t *bytes;
    size_t len;
};

struct remembered {
    bool used;
    uint8_t digest[32];
    int64_t at_unix_s;
    struct assay_verdict verdict;
};

struct assay_evidence_cache {
    struct assay_store *store;
    size_t first, count, held, piece_count;
    struct piece pieces[ASSAY_EVIDENCE_CACHE_MAX]; /* [piece_count] a ring */
    size_t next_verdict, verdict_count;
    struct remembered *verdicts; /* [verdict_count] a ring */
    uint8_t buffer[ASSAY_EVIDENCE_LEN_MAX];            /* what was read from the store */
};

enum assay_status assay_evidence_cache_create(struct assay_store *store, size_t newest,
                                              struct assay_evidence_cache **out)
{
    ASSAY_ASSERT(newest > 0);
    struct assay_evidence_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) return ASSAY_E_MEMORY;
    cache->store = store;
    cache->piece_count = newest < ASSAY_EVIDENCE_CACHE_MAX ? newest : ASSAY_EVIDENCE_CACHE_MAX;
    cache->verdict_count =
        newest < ASSAY_EVIDENCE_CACHE_VERDICTS ? newest : ASSAY_EVIDENCE_CACHE_VERDICTS;
    cache->verdicts = calloc(cache->verdict_count, sizeof *cache->verdicts);
    if (cache->verdicts == NULL) {
        free(cache);
        return ASSAY_E_MEMORY;
    }
    *out = cache;
    return ASSAY_OK;
}

static void drop_oldest(struct assay_evidence_cache *cache)
{
    ASSAY_ASSERT(cache->count > 0);
    struct piece *piece = &cache->pieces[cache->first];
    ASSAY_ASSERT(cache->held >= piece->len);
    cache->held -= piece->len;
    free(piece->bytes);
    *piece = (struct piece){ 0 };
    cache->first = (cache->first + 1) % cache->piece_count;
    cache->count--;
}

void assay_evidence_cache_destroy(struct assay_evidence_cache **cache)
{
    struct assay_evidence_cache *c = *cache;
    if (c == NULL) return;
    while (c->count > 0)
        drop_oldest(c);
    ASSAY_ASSERT(c->held == 0);
    free(c->verdicts);
    free(c);
    *cache = NULL;
}

static const struct piece *find_piece(const struct assay_evidence_cache *cache,
                                      const uint8_t digest[static 32])
{
    ASSAY_ASSERT(cache->count <= cache->piece_count);
    for (size_t i = 0; i < cache->count; i++) {
        const struct piece *piece = &cache->pieces[(cache->first + i) % cache->piece_count];
        if (assay_bytes_equal(piece->digest, digest, 32)) return piece;
    }
    return NULL;
}

enum assay_status assay_evidence_cache_add(struct assay_evidence_cache *cache, uint32_t era,
                                           uint64_t epoch, const uint8_t digest[static 32],
                                           struct assay_slice bytes)
{
    if (bytes.len == 0 || bytes.len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    if (find_piece(cache, digest) != NULL) return ASSAY_OK;
    struct assay_store_key key = { .era = era, .epoch = epoch };
    assay_bytes_copy(key.id, sizeof key.id, digest, 32);
    ASSAY_TRY(cache->store->ops->put(cache->store, ASSAY_STORE_EVIDENCE, &key, bytes));

    uint8_t *copy = malloc(bytes.len);
    if (copy == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    while (cache->count == cache->piece_count ||
           cache->held + bytes.len > ASSAY_EVIDENCE_CACHE_BYTES)
        drop_oldest(cache);
    struct piece *piece = &cache->pieces[(cache->first + cache->count++) % cache->piece_count];
    ASSAY_ASSERT(cache->count <= cache->piece_count && piece->bytes == NULL);
    piece->bytes = copy;
    piece->len = bytes.len;
    assay_bytes_copy(piece->digest, sizeof piece->digest, digest, 32);
    cache->held += bytes.len;
    ASSAY_ASSERT(cache->held <= ASSAY_EVIDENCE_CACHE_BYTES);
    return ASSAY_OK;
}

enum assay_status assay_evidence_cache_get(struct assay_evidence_cache *cache,
                                           const uint8_t digest[static 32],
                                           struct assay_slice *bytes)
{
    const struct piece *piece = find_piece(cache, digest);
    if (piece != NULL) {
        *bytes = assay_slice_over(piece->bytes, piece->len);
        return ASSAY_OK;
    }
    struct assay_store_key key;
    size_t len = 0;
    const enum assay_status status =
        cache->store->ops->find(cache->store, ASSAY_STORE_EVIDENCE, digest, &key, cache->buffer,
                                sizeof cache->buffer, &len);
    /* Nothing above the limit was ever put: such a row is not ours to trust. */
    if (status == ASSAY_E_FULL) return ASSAY_E_STORE;
    if (status != ASSAY_OK) return status;
    ASSAY_ASSERT(len <= sizeof cache->buffer);
    *bytes = assay_slice_over(cache->buffer, len);
    return ASSAY_OK;
}

void assay_evidence_cache_set_verdict(struct assay_evidence_cache *cache,
                                      const uint8_t digest[static 32], int64_t at_unix_s,
                                      const struct assay_verdict *verdict)
{
    ASSAY_ASSERT(cache->next_verdict < cache->verdict_count);
    if (assay_evidence_cache_find_verdict(cache, digest, at_unix_s) != NULL) return;
    struct remembered *place = &cache->verdicts[cache->next_verdict];
    cache->next_verdict = (cache->next_verdict + 1) % cache->verdict_count;
    place->used = true;
    place->at_unix_s = at_unix_s;
    place->verdict = *verdict;
    assay_bytes_copy(place->digest, sizeof place->digest, digest, 32);
}

const struct assay_verdict *assay_evidence_cache_find_verdict(
    const struct assay_evidence_cache *cache, const uint8_t digest[static 32], int64_t at_unix_s)
{
    for (size_t i = 0; i < cache->verdict_count; i++) {
        const struct remembered *r = &cache->verdicts[i];
        if (r->used && r->at_unix_s == at_unix_s && assay_bytes_equal(r->digest, digest, 32))
            return &r->verdict;
    }
    return NULL;
}

size_t assay_evidence_cache_get_bytes(const struct assay_evidence_cache *cache)
{
    ASSAY_ASSERT(cache->held <= ASSAY_EVIDENCE_CACHE_BYTES);
    return cache->held;
}
