/*
 * tests/unit/net/test_evidence_cache.c - tests of the evidence cache.
 *
 * The locker: evidence by digest in memory and store, verdicts by digest and time, all bounded.
 */
#include "base/crypto.h"
#include "engine/store/store_memory.h"
#include "net/verifier/evidence_cache.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { VERDICTS = 40 };

static struct assay_store *store;
static struct assay_evidence_cache *locker;

static void start(void)
{
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_evidence_cache_create(store, VERDICTS, &locker), ASSAY_OK);
}

static void stop(void)
{
    assay_evidence_cache_destroy(&locker);
    store->ops->close(&store);
}

static void put(uint64_t epoch, const void *bytes, size_t len, uint8_t digest[static 32])
{
    assay_sha256(bytes, len, digest);
    cr_assert_eq(assay_evidence_cache_add(locker, 0, epoch, digest, assay_slice_over(bytes, len)),
                 ASSAY_OK);
}

Test(net_evidence_cache, gives_back_what_was_put, .init = start, .fini = stop)
{
    uint8_t digest[32], other[32] = { 1 };
    struct assay_slice bytes;
    put(1, "quote", 5, digest);
    cr_assert_eq(assay_evidence_cache_get(locker, digest, &bytes), ASSAY_OK);
    cr_assert(assay_slice_equal(bytes, assay_slice_over("quote", 5)));
    cr_assert_eq(assay_evidence_cache_get(locker, other, &bytes), ASSAY_E_NOT_FOUND);
}

Test(net_evidence_cache, finds_in_the_store_what_memory_forgot, .init = start, .fini = stop)
{
    uint8_t digest[32];
    struct assay_slice bytes;
    put(1, "quote", 5, digest);
    cr_assert_eq(store->ops->commit(store), ASSAY_OK);
    assay_evidence_cache_destroy(&locker);
    cr_assert_eq(assay_evidence_cache_create(store, VERDICTS, &locker), ASSAY_OK);
    cr_assert_eq(assay_evidence_cache_get(locker, digest, &bytes), ASSAY_OK);
    cr_assert(assay_slice_equal(bytes, assay_slice_over("quote", 5)));
}

Test(net_evidence_cache, is_bounded_in_pieces_and_bytes, .init = start, .fini = stop)
{
    uint8_t *piece = calloc(1, ASSAY_EVIDENCE_LEN_MAX), digest[32];
    for (unsigned i = 0; i < 2 * ASSAY_EVIDENCE_CACHE_MAX; i++) {
        piece[0] = (uint8_t)i;
        piece[1] = (uint8_t)(i >> 8);
        put(1, piece, ASSAY_EVIDENCE_LEN_MAX, digest);
        cr_assert_leq(assay_evidence_cache_get_bytes(locker), (size_t)ASSAY_EVIDENCE_CACHE_BYTES);
    }
    struct assay_slice bytes;
    cr_assert_eq(assay_evidence_cache_get(locker, digest, &bytes), ASSAY_OK, "the newest is there");
    cr_assert_eq(assay_evidence_cache_add(locker, 0, 1, digest,
                                          assay_slice_over(piece, ASSAY_EVIDENCE_LEN_MAX)),
                 ASSAY_OK, "again is no second piece");
    cr_assert_eq(assay_evidence_cache_add(locker, 0, 1, digest, assay_slice_over(piece, 0)),
                 ASSAY_E_RANGE);
    free(piece);
}

Test(net_evidence_cache, keeps_the_newest_in_memory_and_finds_the_others, .init = start,
     .fini = stop)
{
    static const uint8_t piece[100];
    uint8_t first[32], digest[32];
    struct assay_slice bytes;
    put(1, "first", 5, first);
    for (size_t i = 1; i <= VERDICTS; i++)
        put(2, piece, i, digest);
    cr_assert_eq(assay_evidence_cache_get_bytes(locker), (size_t)VERDICTS * (VERDICTS + 1) / 2);
    cr_assert_eq(assay_evidence_cache_get(locker, first, &bytes), ASSAY_OK);
    cr_assert(assay_slice_equal(bytes, assay_slice_over("first", 5)));
}

Test(net_evidence_cache, a_failing_store_is_said, .init = start, .fini = stop)
{
    uint8_t digest[32] = { 7 };
    struct assay_slice bytes;
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_PUT, 1, true);
    cr_assert_eq(assay_evidence_cache_add(locker, 0, 1, digest, assay_slice_over("x", 1)),
                 ASSAY_E_STORE);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_READ, 1, true);
    cr_assert_eq(assay_evidence_cache_get(locker, digest, &bytes), ASSAY_E_STORE);
}

Test(net_evidence_cache, remembers_verdicts_by_digest_and_time, .init = start, .fini = stop)
{
    static struct assay_verdict verdict;
    uint8_t digest[32] = { 3 };
    assay_verdict_init(&verdict, ASSAY_KIND_SOFT, 5);
    cr_assert_null(assay_evidence_cache_find_verdict(locker, digest, 5));
    assay_evidence_cache_set_verdict(locker, digest, 5, &verdict);
    cr_assert_not_null(assay_evidence_cache_find_verdict(locker, digest, 5));
    cr_assert_null(assay_evidence_cache_find_verdict(locker, digest, 6),
                   "another moment is another question");
    for (unsigned i = 0; i < VERDICTS; i++)
        assay_evidence_cache_set_verdict(locker, digest, 100 + (int64_t)i, &verdict);
    cr_assert_null(assay_evidence_cache_find_verdict(locker, digest, 5), "the oldest went");
}
