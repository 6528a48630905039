/*
 * tests/integration/net/test_export.c - tests of exported epochs.
 *
 * Closed epochs as documents, out of a store that has hours, epochs and blocks.
 */
#include "net/json/json.h"
#include "net/runtime/runtime_internal.h"
#include "net/timeline/history.h"
#include "tests/integration/net/network.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { FOUR = 4, EPOCH_MS = 600, PATIENCE_MS = 40000 };

static struct network *network;
static struct assay_json *document;
static const struct assay_json *epochs;

static bool has_closed(const struct network *n, const void *context)
{
    return network_epoch(n, 0) > *(const uint64_t *)context;
}

static void start(void)
{
    const uint64_t wanted = 6;
    network = network_make(FOUR, EPOCH_MS, 0);
    for (uint32_t i = 0; i < FOUR; i++)
        cr_assert(network_up(network, i));
    cr_assert(network_run(network, PATIENCE_MS, has_closed, &wanted));
}

static void stop(void)
{
    assay_json_free(&document);
    network_free(&network);
}

TestSuite(net_export, .init = start, .fini = stop);

static const struct assay_json *ask(const char *argument)
{
    char *text = document_export(network->nodes[0].host, argument);
    assay_json_free(&document);
    cr_assert_eq(assay_json_parse(text, strlen(text), &document), ASSAY_OK);
    free(text);
    const struct assay_json *data = assay_json_get(document, "data");
    epochs = assay_json_get(data, "epochs");
    return data;
}

static uint64_t epoch_at(size_t index)
{
    return assay_json_uint(assay_json_at(epochs, index), "epoch", 0);
}

/* A row of a time that only hours are kept of. */
static void put_hour(uint64_t place, uint64_t epoch)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX + 32];
    struct assay_store *store = network->nodes[0].store;
    for (uint64_t slot = 0; slot < FOUR; slot++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_history_row row = { .score_bp = 5000, .reason = 12 };
        const struct assay_store_key key = { .era = ASSAY_HISTORY_ERA,
                                             .epoch = place,
                                             .number = slot };
        cr_assert_eq(assay_history_hour_encode(0, epoch, &row, &w), ASSAY_OK);
        cr_assert_eq(
            assay_store_put(store, ASSAY_STORE_SCORE, &key, assay_slice_over(bytes, w.len)),
            ASSAY_OK);
    }
}

Test(net_export, a_range_is_whole_epochs_with_rules_and_what_could_be_borne)
{
    const struct assay_json *data = ask("since=2 until=4");
    cr_assert_eq(assay_json_count(epochs), 3);
    cr_expect_eq(strlen(assay_json_text(data, "chain_id", "")), 64);
    for (size_t i = 0; i < 3; i++) {
        const struct assay_json *epoch = assay_json_at(epochs, i);
        const struct assay_json *members = assay_json_get(epoch, "members");
        cr_expect_eq(epoch_at(i), 2 + i);
        cr_expect_str_eq(assay_json_text(epoch, "kept", ""), "full");
        cr_assert_eq(assay_json_count(members), FOUR);
        cr_expect_eq(assay_json_uint(assay_json_get(epoch, "tolerance"), "members_stop", 9), 1);
        cr_expect_str_eq(assay_json_text(assay_json_at(members, 0), "integrity_rule", ""),
                         "held_bound");
        cr_expect_null(assay_json_get(assay_json_at(members, 0), "outcomes"));
    }
    (void)ask("since=3 until=2");
    cr_expect_eq(assay_json_count(epochs), 0);
}

/* docs/protocol.md 10.1 */
Test(net_export, orders_stand_beside_the_standing)
{
    static const struct {
        uint32_t orders;
        const char *text;
    } cases[] = {
        { 0, "" },
        { 1U << ASSAY_ORDER_NOTE, "NOTE" },
        { 1U << ASSAY_ORDER_SUSPEND | 1U << ASSAY_ORDER_RESTART, "SUSPEND RESTART" },
        { 1U << ASSAY_ORDER_RESTRICT, "RESTRICT" },
    };
    struct assay_store *store = network->nodes[0].store;
    (void)ask("since=3 until=3");
    const struct assay_json *members = assay_json_get(assay_json_at(epochs, 0), "members");
    cr_expect_str_eq(assay_json_text(assay_json_at(members, 0), "orders", "?"), "",
                     "nothing is ordered of who is FULL");
    for (uint64_t slot = 0; slot < FOUR; slot++) {
        uint8_t bytes[ASSAY_HISTORY_ROW_MAX];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_history_row row = { .orders = cases[slot].orders };
        const struct assay_store_key key = { .epoch = 3, .number = slot };
        cr_assert_eq(assay_history_encode(&row, &w), ASSAY_OK);
        cr_assert_eq(
            assay_store_put(store, ASSAY_STORE_SCORE, &key, assay_slice_over(bytes, w.len)),
            ASSAY_OK);
    }
    (void)ask("since=3 until=3");
    members = assay_json_get(assay_json_at(epochs, 0), "members");
    for (uint64_t slot = 0; slot < FOUR; slot++)
        cr_expect_str_eq(assay_json_text(assay_json_at(members, slot), "orders", "?"),
                         cases[slot].text);
}

Test(net_export, votes_come_out_of_the_blocks)
{
    (void)ask("since=3 until=3 votes");
    cr_assert_eq(assay_json_count(epochs), 1);
    const struct assay_json *members = assay_json_get(assay_json_at(epochs, 0), "members");
    for (size_t slot = 0; slot < FOUR; slot++) {
        char said[] = "PPPP";
        said[slot] = '-';
        cr_expect(assay_json_bool(assay_json_at(members, slot), "has_ballot", false));
        cr_expect_str_eq(assay_json_text(assay_json_at(members, slot), "outcomes", ""), said);
    }
}

/* Hours stand in a circle of places: they come in the order of time, and before the epochs. */
Test(net_export, hours_come_first_and_nothing_comes_twice)
{
    struct assay_store *store = network->nodes[0].store;
    cr_assert_eq(assay_store_prune(store, ASSAY_STORE_SCORE, 0, 5), ASSAY_OK);
    put_hour(700, 4); /* the newest before what is kept in full */
    put_hour(2, 3);
    put_hour(1, 1); /* the hour that runs has place 0: behind it is the oldest */
    put_hour(0, 5); /* kept in full as well */
    (void)ask("");
    cr_assert_geq(assay_json_count(epochs), 5);
    static const uint64_t order[] = { 1, 3, 4, 5, 6 };
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(epoch_at(i), order[i]);
    cr_expect_str_eq(assay_json_text(assay_json_at(epochs, 0), "kept", ""), "hour");
    cr_expect_str_eq(assay_json_text(assay_json_at(epochs, 3), "kept", ""), "full");
    (void)ask("since=3 until=4");
    cr_expect_eq(assay_json_count(epochs), 2);
    (void)ask("since=5 until=5");
    cr_expect_eq(assay_json_count(epochs), 1);
}

Test(net_export, odd_requests_are_refused)
{
    static const char *const odd[] = {
        "since",          "since=",
        "since=x",        "until=-1",
        "votes=1",        "vote",
        "since=1  votes", " ",
        "since=1 since",  "since=99999999999999999999999999999999999999999999"
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        (void)ask(odd[i]);
        cr_expect_str_eq(assay_json_text(document, "schema", ""), "assay.error", "\"%s\"", odd[i]);
    }
}
