/*
 * tests/unit/net/http/test_core_queue.c - tests of the queue from HTTP clients to the node's loop.
 */
#include "net/http/core_queue.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_http_core_queue *queue;

static void open_queue(void)
{
    queue = assay_http_core_queue_create();
    cr_assert_not_null(queue);
}

static void close_queue(void)
{
    assay_http_core_queue_destroy(&queue);
    cr_expect_null(queue);
}

TestSuite(net_http_core_queue, .init = open_queue, .fini = close_queue);

static enum assay_status add(uint8_t client, const char *line, uint64_t *ticket)
{
    const uint8_t key[32] = { client };
    return assay_http_core_queue_add(queue, key, strdup(line), ticket);
}

Test(net_http_core_queue, an_answer_goes_to_the_one_that_asked)
{
    uint64_t first = 0, second = 0, ticket = 0;
    char *text = NULL;
    cr_assert_eq(add(1, "one", &first), ASSAY_OK);
    cr_assert_eq(add(2, "two", &second), ASSAY_OK);
    cr_expect_not(assay_http_core_queue_take(queue, first, &text));
    cr_expect_str_eq(assay_http_core_queue_next(queue, &ticket), "one");
    cr_expect_eq(ticket, first);
    assay_http_core_queue_answer(queue, ticket, strdup("1"));
    cr_expect(assay_http_core_queue_has_answers(queue));
    cr_expect_not(assay_http_core_queue_take(queue, second, &text));
    cr_assert(assay_http_core_queue_take(queue, first, &text));
    cr_expect_str_eq(text, "1");
    free(text);
    cr_expect_not(assay_http_core_queue_take(queue, first, &text), "a ticket is used once");
    cr_expect_str_eq(assay_http_core_queue_next(queue, &ticket), "two");
    assay_http_core_queue_answer(queue, ticket, NULL);
    cr_assert(assay_http_core_queue_take(queue, second, &text));
    cr_expect_null(text);
    cr_expect_null(assay_http_core_queue_next(queue, &ticket));
}

/* One client leaves room for others, and all of them together are bounded. */
Test(net_http_core_queue, a_client_has_a_share)
{
    uint64_t ticket = 0;
    for (int i = 0; i < ASSAY_HTTP_CORE_SHARE; i++)
        cr_assert_eq(add(1, "x", &ticket), ASSAY_OK);
    cr_expect_eq(add(1, "x", &ticket), ASSAY_E_FULL);
    for (int i = ASSAY_HTTP_CORE_SHARE; i < ASSAY_HTTP_CORE_PLACES; i++)
        cr_assert_eq(add((uint8_t)(2 + i / ASSAY_HTTP_CORE_SHARE), "x", &ticket), ASSAY_OK);
    cr_expect_eq(add(200, "x", &ticket), ASSAY_E_FULL);
    assay_http_core_queue_drop(queue, ticket);
    cr_expect_eq(add(200, "x", &ticket), ASSAY_OK);
}

/* A client that is gone: its place is free, at once or when the loop is done. */
Test(net_http_core_queue, what_is_dropped_has_no_answer)
{
    uint64_t ticket = 0, running = 0;
    char *text = NULL;
    cr_assert_eq(add(1, "gone", &ticket), ASSAY_OK);
    assay_http_core_queue_drop(queue, ticket);
    cr_expect_null(assay_http_core_queue_next(queue, &running));
    cr_assert_eq(add(1, "going", &ticket), ASSAY_OK);
    cr_assert_not_null(assay_http_core_queue_next(queue, &running));
    assay_http_core_queue_drop(queue, ticket);
    assay_http_core_queue_answer(queue, running, strdup("late"));
    cr_expect_not(assay_http_core_queue_has_answers(queue));
    cr_expect_not(assay_http_core_queue_take(queue, ticket, &text));
    for (int i = 0; i < ASSAY_HTTP_CORE_SHARE; i++)
        cr_expect_eq(add(1, "x", &ticket), ASSAY_OK);
}
