/*
 * tests/unit/net/test_runtime_items.c - tests of store items in pages.
 *
 * However many rows a class has, and for any request, one answer visits a bounded number of them;
 * all pages together have each row once.
 */
#include "engine/store/store_memory.h"
#include "net/json/json.h"
#include "net/runtime/runtime_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 4096, SKIP_MAX = 8192 };

static struct assay_runtime host; /* large */
static struct assay_genesis genesis;
static struct assay_json *document;
static const struct assay_store_ops *memory;
static struct assay_store_ops counting;
static uint64_t visits;

struct visitor {
    assay_store_visit *visit;
    void *context;
};

static bool count_visit(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    const struct visitor *v = context;
    visits++;
    return v->visit(v->context, key, value);
}

static enum assay_status scan(struct assay_store *store, enum assay_store_class class_,
                              const struct assay_store_key *from, const struct assay_store_key *to,
                              bool newest, assay_store_visit *visit, void *context)
{
    struct visitor visitor = { .visit = visit, .context = context };
    return memory->scan(store, class_, from, to, newest, count_visit, &visitor);
}

static void put_rows(uint32_t era, uint64_t epoch, uint64_t count, size_t len)
{
    static uint8_t bytes[1 << 20];
    for (uint64_t i = 0; i < count; i++) {
        const struct assay_store_key key = { .era = era, .epoch = epoch, .number = i };
        cr_assert_eq(assay_store_put(host.config.store, ASSAY_STORE_BOUNDARY, &key,
                                     assay_slice_over(bytes, len)),
                     ASSAY_OK);
    }
    cr_assert_eq(assay_store_commit(host.config.store), ASSAY_OK);
}

static void open_host(void)
{
    host = (struct assay_runtime){ .config.genesis = &genesis };
    cr_assert_eq(assay_store_memory_create(&host.config.store), ASSAY_OK);
    memory = host.config.store->ops;
    counting = *memory;
    counting.scan = scan;
    host.config.store->ops = &counting;
}

static void close_host(void)
{
    assay_json_free(&document);
    assay_store_close(&host.config.store);
}

TestSuite(net_runtime_items, .init = open_host, .fini = close_host);

static const struct assay_json *ask(const char *argument)
{
    char *text = document_items(&host, argument);
    cr_assert_not_null(text);
    assay_json_free(&document);
    cr_assert_eq(assay_json_parse(text, strlen(text), &document), ASSAY_OK);
    free(text);
    return assay_json_get(document, "data");
}

/* All pages. Returns: their number. */
static unsigned read_all(uint64_t rows)
{
    unsigned pages = 0;
    uint64_t found = 0, last = 0;
    char argument[96] = "boundaries";
    for (bool more = true; more; pages++) {
        cr_assert_lt(pages, 100);
        visits = 0;
        const struct assay_json *const data = ask(argument);
        const struct assay_json *const items = assay_json_get(data, "items");
        cr_expect_leq(visits, ROWS_MAX + SKIP_MAX + 1);
        for (size_t i = 0; i < assay_json_count(items); i++, found++) {
            const struct assay_json *const item = assay_json_at(items, i);
            const uint64_t place = assay_json_uint(item, "era", 0) << 40 |
                                   assay_json_uint(item, "epoch", 0) << 20 |
                                   assay_json_uint(item, "number", 0);
            cr_assert(found == 0 || place > last, "%s: a row twice", argument);
            last = place;
        }
        more = assay_json_uint(data, "next_epoch", UINT64_MAX) != UINT64_MAX;
        (void)snprintf(argument, sizeof argument, "boundaries %llu %llu %llu",
                       (unsigned long long)assay_json_uint(data, "next_epoch", 0),
                       (unsigned long long)assay_json_uint(data, "next_skip", 0),
                       (unsigned long long)assay_json_uint(data, "next_era", 0));
    }
    cr_expect_eq(found, rows);
    return pages;
}

Test(net_runtime_items, pages_have_each_row_once)
{
    cr_expect_eq(read_all(0), 1);
    for (uint64_t epoch = 1; epoch <= 3 * ROWS_MAX; epoch++)
        put_rows(0, epoch, 1, 8);
    put_rows(0, 20000, ROWS_MAX + 7, 8);
    put_rows(1, 15000, 3, 8); /* an era begins before the last epoch of the one before */
    put_rows(1, 20000, 3, 8);
    cr_expect_eq(read_all(4 * ROWS_MAX + 13), 5);
}

Test(net_runtime_items, pages_of_large_rows_are_bounded_in_bytes)
{
    put_rows(0, 1, 5, 1 << 20);
    put_rows(1, 1, 5, 1 << 20);
    cr_expect_eq(read_all(10), 4);
}

/* The node's loop is everybody's: no request makes it read a whole class. */
Test(net_runtime_items, a_request_visits_a_bounded_number_of_rows)
{
    static const char *const refused[] = { "boundaries 0 8193", "boundaries 0 18446744073709551615",
                                           "boundaries 0 0 4294967296", "boundaries 0 0 0 0" };
    put_rows(0, 1, 3 * SKIP_MAX, 8);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        visits = 0;
        cr_expect_str_eq(assay_json_text(ask(refused[i]), "code", ""), "usage", "%s", refused[i]);
        cr_expect_eq(visits, 0, "%s", refused[i]);
    }
    cr_expect_eq(assay_json_count(assay_json_get(ask("boundaries 0 8192"), "items")), ROWS_MAX);
    cr_expect_leq(visits, ROWS_MAX + SKIP_MAX + 1);
}
