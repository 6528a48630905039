/*
 * tests/unit/engine/sync/test_sync.c - the wire of sync, and answering from a store.
 */
#include "engine/store/store_memory.h"
#include "engine/sync/sync.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_MAX = 256 * 1024 };

struct bench {
    struct assay_store *store;
    uint8_t chain_id[32];
    uint8_t scratch[PAGE_MAX], page[PAGE_MAX];
    size_t page_len;
};

static void put(struct bench *b, enum assay_store_class class_, uint64_t epoch, uint64_t number,
                uint8_t mark, size_t len)
{
    uint8_t *value = malloc(len);
    struct assay_store_key key = { .epoch = epoch, .number = number };
    cr_assert_not_null(value);
    memset(value, mark, len);
    if (class_ == ASSAY_STORE_BLOCK) key.id[0] = mark;
    cr_assert_eq(assay_store_put(b->store, class_, &key, assay_slice_over(value, len)), ASSAY_OK);
    cr_assert_eq(assay_store_commit(b->store), ASSAY_OK);
    free(value);
}

static struct bench *make(void)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    cr_assert_eq(assay_store_memory_create(&b->store), ASSAY_OK);
    b->chain_id[0] = 5;
    return b;
}

static void drop(struct bench *b)
{
    b->store->ops->close(&b->store);
    free(b);
}

static enum assay_status answer(struct bench *b, uint64_t epoch, uint64_t height,
                                struct assay_sync_page *page)
{
    uint8_t bytes[ASSAY_SYNC_REQUEST_LEN_MAX];
    struct assay_sync_request ask = { .epoch = epoch, .height = height };
    assay_bytes_copy(ask.chain_id, 32, b->chain_id, 32);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_sync_request_encode(&ask, &w), ASSAY_OK);
    struct assay_writer out = assay_writer_over(b->page, PAGE_MAX);
    const enum assay_status status = assay_sync_answer(
        b->store, b->chain_id, assay_slice_over(bytes, w.len), b->scratch, PAGE_MAX, &out);
    if (status != ASSAY_OK) return status;
    b->page_len = out.len;
    return assay_sync_page_decode(assay_slice_over(b->page, b->page_len), page);
}

Test(sync, an_open_epoch_gives_an_empty_page)
{
    struct bench *b = make();
    struct assay_sync_page page;
    put(b, ASSAY_STORE_BLOCK, 3, 7, 1, 100);
    cr_assert_eq(answer(b, 3, 7, &page), ASSAY_OK);
    cr_assert_eq(page.proof.len, 0);
    cr_assert_eq(page.block_count, 0);
    cr_assert_not(page.more);
    cr_assert_eq(page.about.epoch, 3);
    drop(b);
}

Test(sync, a_closed_epoch_comes_in_pages)
{
    struct bench *b = make();
    struct assay_sync_page page;
    put(b, ASSAY_STORE_FINALITY, 3, 0, 9, 500);
    for (uint8_t i = 0; i < 10; i++)
        put(b, ASSAY_STORE_BLOCK, 3, 70u + i, (uint8_t)(i + 1), 15000);
    put(b, ASSAY_STORE_BLOCK, 4, 80, 99, 100); /* another epoch's */
    uint64_t height = 70;
    unsigned pages = 0;
    do {
        cr_assert_eq(answer(b, 3, height, &page), ASSAY_OK);
        cr_assert_eq(page.proof.len, 500);
        cr_assert_gt(page.block_count, 0);
        cr_assert_leq(b->page_len, (size_t)ASSAY_SYNC_PAGE_LEN + 1024);
        height += page.block_count;
        pages++;
    } while (page.more);
    cr_assert_eq(height, 80);
    cr_assert_eq(pages, 3); /* 4 + 4 + 2 */
    cr_assert_eq(answer(b, 3, 80, &page), ASSAY_OK);
    cr_assert_eq(page.block_count, 0);
    drop(b);
}

Test(sync, a_gap_ends_the_page)
{
    struct bench *b = make();
    struct assay_sync_page page;
    put(b, ASSAY_STORE_FINALITY, 3, 0, 9, 50);
    put(b, ASSAY_STORE_BLOCK, 3, 1, 1, 10);
    put(b, ASSAY_STORE_BLOCK, 3, 3, 3, 10);
    cr_assert_eq(answer(b, 3, 1, &page), ASSAY_OK);
    cr_assert_eq(page.block_count, 1);
    drop(b);
}

static const struct assay_store_ops *counted_ops;
static assay_store_visit *counted_visit;
static unsigned visited;

static bool count_visit(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    visited++;
    return counted_visit(context, key, value);
}

static enum assay_status count_scan(struct assay_store *store, enum assay_store_class class_,
                                    const struct assay_store_key *from,
                                    const struct assay_store_key *to, bool backwards,
                                    assay_store_visit *visit, void *context)
{
    counted_visit = visit;
    return counted_ops->scan(store, class_, from, to, backwards, count_visit, context);
}

/* A request costs what its page does (docs/protocol.md 10.5.1: queries of the store are counted,
 * not what they read). */
Test(sync, what_lies_behind_a_gap_is_not_read)
{
    struct bench *b = make();
    struct assay_sync_page page;
    counted_ops = b->store->ops;
    struct assay_store_ops counting = *counted_ops;
    counting.scan = count_scan;
    put(b, ASSAY_STORE_FINALITY, 3, 0, 9, 50);
    for (uint8_t i = 0; i < 100; i++)
        put(b, ASSAY_STORE_BLOCK, 3, 70u + i, (uint8_t)(i + 1), 1000);
    b->store->ops = &counting;
    cr_assert_eq(answer(b, 3, 1, &page), ASSAY_OK);
    cr_expect_eq(page.block_count, 0);
    cr_expect_leq(visited, 2, "%u blocks were read for none", visited);
    visited = 0;
    cr_assert_eq(answer(b, 3, 70, &page), ASSAY_OK);
    cr_expect_gt(page.block_count, 50);
    cr_expect_leq(visited, 2 * (page.block_count + 1));
    b->store->ops = counted_ops;
    drop(b);
}

Test(sync, a_block_larger_than_a_page_comes_alone)
{
    struct bench *b = make();
    struct assay_sync_page page;
    put(b, ASSAY_STORE_FINALITY, 3, 0, 9, 50);
    put(b, ASSAY_STORE_BLOCK, 3, 1, 1, 100000);
    put(b, ASSAY_STORE_BLOCK, 3, 2, 2, 10);
    cr_assert_eq(answer(b, 3, 1, &page), ASSAY_OK);
    cr_assert_eq(page.block_count, 1);
    cr_assert(page.more);
    drop(b);
}

Test(sync, another_chain_is_not_answered)
{
    struct bench *b = make();
    struct assay_sync_page page;
    uint8_t ask[ASSAY_SYNC_REQUEST_LEN_MAX];
    struct assay_sync_request a = { .epoch = 1 };
    struct assay_writer w = assay_writer_over(ask, sizeof ask);
    cr_assert_eq(assay_sync_request_encode(&a, &w), ASSAY_OK);
    struct assay_writer out = assay_writer_over(b->page, PAGE_MAX);
    cr_assert_eq(assay_sync_answer(b->store, b->chain_id, assay_slice_over(ask, w.len), b->scratch,
                                   PAGE_MAX, &out),
                 ASSAY_E_CHAIN);
    for (size_t len = 0; len < w.len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len, ask, len);
        cr_assert_neq(assay_sync_request_decode(assay_slice_over(exact, len), &a), ASSAY_OK);
        free(exact);
    }
    (void)page;
    drop(b);
}

Test(sync, a_page_is_refused_at_every_truncation)
{
    struct bench *b = make();
    struct assay_sync_page page;
    put(b, ASSAY_STORE_FINALITY, 3, 0, 9, 50);
    put(b, ASSAY_STORE_BLOCK, 3, 1, 1, 60);
    put(b, ASSAY_STORE_BLOCK, 3, 2, 2, 60);
    cr_assert_eq(answer(b, 3, 1, &page), ASSAY_OK);
    for (size_t len = 0; len < b->page_len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len, b->page, len);
        cr_assert_neq(assay_sync_page_decode(assay_slice_over(exact, len), &page), ASSAY_OK);
        free(exact);
    }
    drop(b);
}

Test(sync, a_store_that_fails_is_said_so)
{
    struct bench *b = make();
    struct assay_sync_page page;
    put(b, ASSAY_STORE_FINALITY, 3, 0, 9, 50);
    for (uint64_t k = 1; k <= 3; k++) {
        assay_store_memory_fail(b->store, ASSAY_STORE_FAULT_READ, k, false);
        cr_assert_eq(answer(b, 3, 1, &page), ASSAY_E_STORE);
    }
    cr_assert_eq(answer(b, 3, 1, &page), ASSAY_OK);
    drop(b);
}
