/*
 * tests/unit/store/test_store.c - tests of both stores against a model.
 *
 * What both stores promise, by random programs against a model.
 */
#include "engine/store/store_memory.h"
#include "engine/store/store_sqlite.h"
#include "tests/unit/store/model.h"
#include "tests/unit/store/test_folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

static struct assay_store *open_store(bool memory, const char *path)
{
    struct assay_store *store = NULL;
    char message[ASSAY_STORE_MESSAGE_LEN] = "";
    const enum assay_status status =
        memory ? assay_store_memory_create(&store)
               : assay_store_sqlite_open(path, &store, message, sizeof message);
    cr_assert_eq(status, ASSAY_OK, "%s", message);
    return store;
}

/* Commits, rollbacks, crashes and reads in random order. */
static void run_program(bool memory, uint64_t seed, uint32_t batches)
{
    struct test_folder place;
    test_folder_make(&place);
    struct assay_store *store = open_store(memory, place.store);
    struct model *model = calloc(1, sizeof *model);
    cr_assert_not_null(model);
    for (uint32_t n = 0; n < batches; n++) {
        cr_assert_eq(model_batch(seed, n, store, model), ASSAY_OK, "%s", store->ops->error(store));
        const char *difference = model_compare(&model->working, store);
        cr_assert_null(difference, "open batch, seed %lu batch %u: %s", seed, n, difference);
        const uint64_t choice = model_random(&seed) % 8;
        if (choice == 0) {
            store->ops->rollback(store);
            model_rollback(model);
        } else if (choice == 1) { /* die with an open batch */
            if (memory) assay_store_memory_crash(store);
            else assay_store_close(&store);
            if (!memory) store = open_store(memory, place.store);
            model_rollback(model);
        } else if (choice < 6) {
            cr_assert_eq(assay_store_commit(store), ASSAY_OK);
            model_commit(model);
        }
        difference = model_compare(&model->working, store);
        cr_assert_null(difference, "after it, seed %lu batch %u: %s", seed, n, difference);
    }
    assay_store_close(&store);
    cr_assert_null(store);
    free(model);
    test_folder_remove(&place);
}

Test(store, shows_what_a_model_shows_in_memory)
{
    for (uint64_t seed = 1; seed <= 12; seed++)
        run_program(true, seed, 60);
}

Test(store, shows_what_a_model_shows_in_sqlite)
{
    for (uint64_t seed = 1; seed <= 6; seed++)
        run_program(false, seed, 60);
}

Test(store, comparison_with_the_model_notices_every_kind_of_difference)
{
    struct assay_store *store = open_store(true, NULL);
    struct model *model = calloc(1, sizeof *model);
    cr_assert_not_null(model);
    const struct assay_store_key key = { .epoch = 3, .number = 7, .id = { 1 } };
    const struct assay_store_key other = { .epoch = 3, .number = 8, .id = { 1 } };
    cr_assert_null(model_compare(&model->working, store));
    model_put(model, ASSAY_STORE_VOTE, &key, (const uint8_t *)"x", 1);
    cr_assert_not_null(model_compare(&model->working, store)); /* missing */
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &key, assay_slice_over("y", 1)),
                 ASSAY_OK);
    cr_assert_not_null(model_compare(&model->working, store)); /* another value */
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &key, assay_slice_over("x", 1)),
                 ASSAY_OK);
    cr_assert_null(model_compare(&model->working, store));
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &other, assay_slice_over("x", 1)),
                 ASSAY_OK);
    cr_assert_not_null(model_compare(&model->working, store)); /* one too many */
    assay_store_close(&store);
    free(model);
}

/* --------------------------------------------------------------- single promises, on both */

static struct test_folder each_place;

static struct assay_store *each(int which)
{
    test_folder_make(&each_place);
    return open_store(which == 0, each_place.store);
}

static void done(struct assay_store **store)
{
    assay_store_close(store);
    test_folder_remove(&each_place);
}

static const struct assay_store_key some_key = { .era = 1, .epoch = 2, .number = 3, .id = { 4 } };

Test(store, tells_the_length_that_a_small_buffer_lacks)
{
    for (int which = 0; which < 2; which++) {
        struct assay_store *store = each(which);
        uint8_t buffer[8] = { 0xaa };
        size_t len = 0;
        cr_assert_eq(
            assay_store_get(store, ASSAY_STORE_BLOCK, &some_key, buffer, sizeof buffer, &len),
            ASSAY_E_NOT_FOUND);
        cr_assert_eq(
            assay_store_put(store, ASSAY_STORE_BLOCK, &some_key, assay_slice_over("ninebytes", 9)),
            ASSAY_OK);
        cr_assert_eq(assay_store_get(store, ASSAY_STORE_BLOCK, &some_key, buffer, 8, &len),
                     ASSAY_E_FULL);
        cr_assert_eq(len, 9);
        cr_assert_eq(buffer[0], 0xaa, "a refused read leaves the buffer alone");
        struct assay_store_key key = { 0 };
        cr_assert_eq(assay_store_find(store, ASSAY_STORE_BLOCK, some_key.id, &key, NULL, 0, &len),
                     ASSAY_E_FULL);
        cr_assert_eq(assay_store_key_compare(&key, &some_key), 0);
        done(&store);
    }
}

Test(store, keeps_an_empty_value_and_a_big_one)
{
    uint8_t *big = calloc(2, 4 * 1024 * 1024);
    cr_assert_not_null(big);
    const size_t big_len = 4 * 1024 * 1024 + 17;
    for (size_t i = 0; i < big_len; i++)
        big[i] = (uint8_t)(i * 31 >> 3);
    uint8_t *back = malloc(big_len);
    cr_assert_not_null(back);
    for (int which = 0; which < 2; which++) {
        struct assay_store *store = each(which);
        struct assay_store_key key = some_key;
        size_t len = 99;
        cr_assert_eq(assay_store_put(store, ASSAY_STORE_BLOCK, &key, assay_slice_over(NULL, 0)),
                     ASSAY_OK);
        cr_assert_eq(assay_store_get(store, ASSAY_STORE_BLOCK, &key, NULL, 0, &len), ASSAY_OK);
        cr_assert_eq(len, 0);
        key.number++;
        cr_assert_eq(
            assay_store_put(store, ASSAY_STORE_BLOCK, &key, assay_slice_over(big, big_len)),
            ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        cr_assert_eq(assay_store_get(store, ASSAY_STORE_BLOCK, &key, back, big_len, &len),
                     ASSAY_OK);
        cr_assert(len == big_len && assay_bytes_equal(back, big, len));
        done(&store);
    }
    free(back);
    free(big);
}

Test(store, takes_keys_up_to_the_limit_and_breaks_the_batch_one_past_it)
{
    for (int which = 0; which < 2; which++)
        for (int field = 0; field < 2; field++) {
            struct assay_store *store = each(which);
            struct assay_store_key key = { .era = UINT32_MAX, .epoch = 1, .number = 1 };
            uint64_t *limited = field == 0 ? &key.epoch : &key.number;
            const struct assay_slice value = assay_slice_over("v", 1);
            uint8_t buffer[4];
            size_t len = 0;
            *limited = ASSAY_STORE_NUMBER_MAX;
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &key, value), ASSAY_OK);
            cr_assert_eq(assay_store_commit(store), ASSAY_OK);
            cr_assert_eq(assay_store_get(store, ASSAY_STORE_VOTE, &key, buffer, 4, &len), ASSAY_OK);
            *limited = ASSAY_STORE_NUMBER_MAX + 1;
            cr_assert_eq(assay_store_get(store, ASSAY_STORE_VOTE, &key, buffer, 4, &len),
                         ASSAY_E_NOT_FOUND);
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &key, value), ASSAY_E_STORE);
            cr_assert(store->ops->error(store)[0] != '\0');
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &some_key, value), ASSAY_E_STORE);
            cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE, "a broken batch is not kept");
            cr_assert_eq(assay_store_get(store, ASSAY_STORE_VOTE, &some_key, buffer, 4, &len),
                         ASSAY_E_NOT_FOUND);
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_VOTE, &some_key, value), ASSAY_OK);
            cr_assert_eq(assay_store_commit(store), ASSAY_OK, "the next batch is sound");
            done(&store);
        }
}

static bool count_two(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    (void)key;
    (void)value;
    return ++*(int *)context < 2;
}

Test(store, stops_a_scan_when_the_visitor_says_so)
{
    for (int which = 0; which < 2; which++) {
        struct assay_store *store = each(which);
        struct assay_store_key key = some_key;
        for (key.number = 1; key.number <= 5; key.number++)
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_SCORE, &key, assay_slice_over("v", 1)),
                         ASSAY_OK);
        int seen = 0;
        const struct assay_store_key from = { 0 }, to = { .era = 9 };
        cr_assert_eq(
            assay_store_scan(store, ASSAY_STORE_SCORE, &from, &to, false, count_two, &seen),
            ASSAY_OK);
        cr_assert_eq(seen, 2);
        done(&store);
    }
}

Test(store, scans_bounds_inclusively)
{
    for (int which = 0; which < 2; which++) {
        struct assay_store *store = each(which);
        struct assay_store_key key = some_key;
        for (key.number = 1; key.number <= 5; key.number++)
            cr_assert_eq(assay_store_put(store, ASSAY_STORE_SCORE, &key, assay_slice_over("v", 1)),
                         ASSAY_OK);
        int seen = 0;
        struct assay_store_key from = some_key, to = some_key;
        from.number = to.number = 4;
        cr_assert_eq(assay_store_scan(store, ASSAY_STORE_SCORE, &from, &to, true, count_two, &seen),
                     ASSAY_OK);
        cr_assert_eq(seen, 1);
        from.number = 5;
        cr_assert_eq(assay_store_scan(store, ASSAY_STORE_SCORE, &from, &to, true, count_two, &seen),
                     ASSAY_OK);
        cr_assert_eq(seen, 1, "an empty range shows nothing");
        done(&store);
    }
}

/* --------------------------------------------------------------- the memory store's own */

static enum assay_status put_one(struct assay_store *store, uint64_t number)
{
    struct assay_store_key key = some_key;
    key.number = number;
    return assay_store_put(store, ASSAY_STORE_VOTE, &key, assay_slice_over("v", 1));
}

Test(store_memory, fails_the_kth_call_once_or_for_ever)
{
    struct assay_store *store = open_store(true, NULL);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_PUT, 2, false);
    cr_assert_eq(put_one(store, 1), ASSAY_OK);
    cr_assert_eq(put_one(store, 2), ASSAY_E_STORE);
    cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE);
    cr_assert_eq(assay_store_memory_count(store, ASSAY_STORE_VOTE), 0);
    cr_assert_eq(put_one(store, 1), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 1, true);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(put_one(store, 2), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE);
    }
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT, 0, false);
    cr_assert_eq(put_one(store, 2), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_READ, 1, false);
    size_t len = 0;
    uint8_t byte = 0;
    cr_assert_eq(assay_store_get(store, ASSAY_STORE_VOTE, &some_key, &byte, 1, &len),
                 ASSAY_E_STORE);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_PRUNE, 1, false);
    cr_assert_eq(assay_store_prune(store, ASSAY_STORE_VOTE, 9, 9), ASSAY_E_STORE);
    assay_store_memory_crash(store);
    cr_assert_eq(assay_store_memory_count(store, ASSAY_STORE_VOTE), 2);
    cr_assert_eq(assay_store_memory_commits(store), 2);
    cr_assert_eq(assay_store_memory_bytes(store), 2);
    assay_store_close(&store);
}

Test(store_memory, can_lose_the_answer_of_a_durable_commit)
{
    struct assay_store *store = open_store(true, NULL);
    assay_store_memory_fail(store, ASSAY_STORE_FAULT_COMMIT_ACK, 1, false);
    cr_assert_eq(put_one(store, 1), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_E_STORE);
    assay_store_memory_crash(store);
    cr_assert_eq(assay_store_memory_count(store, ASSAY_STORE_VOTE), 1);
    assay_store_close(&store);
}

Test(store_memory, takes_a_disk_image_of_what_is_committed_and_puts_it_back)
{
    struct assay_store *store = open_store(true, NULL), *image = NULL;
    struct model *model = calloc(1, sizeof *model);
    cr_assert_not_null(model);
    for (uint32_t n = 0; n < 20; n++) {
        cr_assert_eq(model_batch(5, n, store, model), ASSAY_OK);
        cr_assert_eq(assay_store_commit(store), ASSAY_OK);
        model_commit(model);
    }
    cr_assert_eq(model_batch(5, 20, store, model), ASSAY_OK); /* open: not on the disk */
    cr_assert_eq(assay_store_memory_snapshot(store, &image), ASSAY_OK);
    cr_assert_null(model_compare(&model->committed, image));
    cr_assert_null(model_compare(&model->working, store));
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_store_memory_restore(store, image), ASSAY_OK);
    cr_assert_null(model_compare(&model->committed, store));
    assay_store_close(&image);
    assay_store_close(&store);
    free(model);
}

Test(store, aborts_on_a_class_outside_the_list, .signal = SIGABRT)
{
    struct assay_store *store = open_store(true, NULL);
    assay_status_ignore(
        assay_store_prune(store, (enum assay_store_class)(ASSAY_STORE_CLASS_COUNT + 1), 1, 1),
        "aborts");
}
