/*
 * tests/unit/host/test_light.c - tests of a light client of an honest network (docs/services.md 9).
 */
#include "host/light/light.h"

#include "tests/unit/host/light_world.h"

#include <criterion/criterion.h>
#include <pthread.h>

static const uint8_t chain[32] = { 3, 1, 4 };
static struct light_world *world;
static struct assay_light light;

static void set_up(void)
{
    world = light_world_new(chain, 7, 1);
}

static void tear_down(void)
{
    light_world_free(world);
}

TestSuite(light, .init = set_up, .fini = tear_down);

static void close_epochs(int count)
{
    for (int i = 0; i < count; i++)
        light_world_close(world, NULL);
}

/* A client with the voters of a closed epoch. */
static void start_at(uint64_t epoch)
{
    struct assay_checkpoint checkpoint;
    const struct assay_light_epoch base = light_world_epoch(world, epoch);
    light_world_checkpoint(world, epoch, &checkpoint);
    assay_light_init(&light, &checkpoint, NULL);
    cr_assert_eq(assay_light_take_base(&light, base.boundary, base.rows), ASSAY_LIGHT_TAKEN);
}

static enum assay_light_answer take(uint64_t epoch)
{
    const struct assay_light_epoch e = light_world_epoch(world, epoch);
    return assay_light_take_epoch(&light, &e);
}

static void expect_at(uint64_t epoch)
{
    struct assay_checkpoint expected;
    light_world_checkpoint(world, epoch, &expected);
    cr_expect_eq(light.at.epoch, epoch);
    cr_expect_eq(light.at.time_ms, expected.time_ms);
    cr_expect_arr_eq(light.at.id, expected.id, 32);
    cr_expect_arr_eq(light.at.roster_digest, expected.roster_digest, 32);
}

static struct assay_slice document(void)
{
    return assay_slice_over((const uint8_t *)light_world_document, LIGHT_WORLD_DOCUMENT_LEN);
}

Test(light, follows_epoch_after_epoch_from_genesis)
{
    close_epochs(9);
    start_at(0);
    cr_expect_not(assay_light_has_document(&light, document()), "genesis names no documents");
    for (uint64_t epoch = 1; epoch <= 9; epoch++) {
        cr_expect_eq(take(epoch), ASSAY_LIGHT_TAKEN);
        expect_at(epoch);
    }
    cr_expect(assay_light_has_document(&light, document()));
    cr_expect(light.certified);
    cr_expect_eq(light.epoch_ms, 60000);
    cr_expect_not(assay_light_has_document(&light, assay_slice_over(chain, sizeof chain)));
}

Test(light, goes_over_epochs_as_long_as_two_thirds_of_the_weight_have_the_same_keys)
{
    close_epochs(5);
    light_world_set(world, 0, LIGHT_WORLD_WEIGHT, 9, false);
    close_epochs(5);
    light_world_set(world, 1, LIGHT_WORLD_WEIGHT, 9, false);
    close_epochs(5);
    start_at(0);
    cr_expect_eq(take(15), ASSAY_LIGHT_TAKEN, "five of seven have the keys of genesis");
    expect_at(15);
    light_world_set(world, 2, LIGHT_WORLD_WEIGHT, 9, false);
    close_epochs(2);
    start_at(0);
    cr_expect_eq(take(17), ASSAY_LIGHT_VOTERS_CHANGED, "four of seven are 57 %%");
    cr_expect_eq(take(15), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(take(17), ASSAY_LIGHT_TAKEN);
}

Test(light, needs_no_rows_while_the_table_is_the_same)
{
    close_epochs(3);
    start_at(0);
    struct assay_light_epoch e = light_world_epoch(world, 3);
    e.rows = assay_slice_over(NULL, 0);
    cr_expect_eq(assay_light_take_epoch(&light, &e), ASSAY_LIGHT_TAKEN);
    expect_at(3);
    light_world_set(world, 0, LIGHT_WORLD_WEIGHT, 9, false);
    close_epochs(1);
    e = light_world_epoch(world, 4);
    e.rows = assay_slice_over(NULL, 0);
    cr_expect_eq(assay_light_take_epoch(&light, &e), ASSAY_LIGHT_OTHER_VOTERS);
    cr_expect_eq(take(4), ASSAY_LIGHT_TAKEN);
}

/* A member changes its key in every epoch; the client bisects. */
static uint64_t walk_to(uint64_t target, uint32_t *requests)
{
    uint64_t refused = 0;
    for (*requests = 0; *requests < 200; (*requests)++) {
        const uint64_t epoch = assay_light_next(&light, target, refused);
        if (epoch == 0) break;
        const enum assay_light_answer answer = take(epoch);
        if (answer != ASSAY_LIGHT_TAKEN) cr_assert_eq(answer, ASSAY_LIGHT_VOTERS_CHANGED);
        refused = answer == ASSAY_LIGHT_TAKEN ? 0 : epoch;
    }
    return light.at.epoch;
}

Test(light, finds_its_way_when_all_voters_change)
{
    uint32_t requests = 0;
    for (uint32_t i = 0; i < 42; i++) {
        light_world_set(world, i % 7, LIGHT_WORLD_WEIGHT, (uint8_t)(20 + i), false);
        light_world_close(world, NULL);
    }
    start_at(0);
    cr_expect_eq(walk_to(42, &requests), 42);
    cr_expect_leq(requests, 100, "%u requests", requests);
    expect_at(42);
}

Test(light, the_next_request_is_the_target_or_halfway_to_what_was_refused)
{
    close_epochs(1);
    start_at(1);
    cr_expect_eq(assay_light_next(&light, 41, 0), 41);
    cr_expect_eq(assay_light_next(&light, 41, 41), 21);
    cr_expect_eq(assay_light_next(&light, 41, 3), 2);
    cr_expect_eq(assay_light_next(&light, 41, 2), 0, "the next epoch itself was refused");
    cr_expect_eq(assay_light_next(&light, 1, 0), 0);
    cr_expect_eq(assay_light_next(&light, 0, 0), 0);
}

Test(light, members_that_join_and_leave_are_followed)
{
    start_at(0);
    for (uint32_t i = 0; i < 12; i++) {
        light_world_add(world, 1);
        if (i % 2 == 0) light_world_set(world, i / 2, 0, 0, false);
        light_world_close(world, NULL);
        cr_expect_eq(take(i + 1), ASSAY_LIGHT_TAKEN, "epoch %u", i + 1);
        cr_expect_eq(light.table.count, 7 + i / 2 + i % 2, "after epoch %u", i + 1);
    }
    expect_at(12);
}

Test(light, weight_without_a_key_counts_in_the_total)
{
    light_world_set(world, 6, LIGHT_WORLD_WEIGHT, 0, true);
    close_epochs(2);
    start_at(0);
    cr_expect_eq(take(1), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(light.table.count, 6);
    cr_expect_eq(light.table.total_weight, 7 * LIGHT_WORLD_WEIGHT);
    cr_expect_eq(take(2), ASSAY_LIGHT_TAKEN, "six of seven");
    light_world_set(world, 6, 3 * LIGHT_WORLD_WEIGHT, 0, true);
    close_epochs(2);
    cr_expect_eq(take(3), ASSAY_LIGHT_TAKEN);
    cr_expect_eq(take(4), ASSAY_LIGHT_VOTERS_CHANGED, "six of nine are not more than two thirds");
}

Test(light, eight_headers_of_tails_are_followed)
{
    for (uint32_t tails = 0; tails <= ASSAY_LIGHT_TAILS_MAX; tails++)
        light_world_close(world, &(struct light_close){ .tails = tails });
    start_at(0);
    for (uint64_t epoch = 1; epoch <= ASSAY_LIGHT_TAILS_MAX + 1; epoch++)
        cr_expect_eq(take(epoch), ASSAY_LIGHT_TAKEN, "%u headers", (unsigned)epoch - 1);
}

Test(light, starts_again_from_the_checkpoint_that_it_sealed)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_checkpoint sealed;
    light_world_set(world, 0, 3 * LIGHT_WORLD_WEIGHT, 9, false);
    close_epochs(6);
    start_at(0);
    cr_assert_eq(take(5), ASSAY_LIGHT_TAKEN);
    cr_assert_eq(assay_checkpoint_encode(&light.at, &w), ASSAY_OK);
    cr_assert_eq(assay_checkpoint_decode(assay_slice_over(bytes, w.len), &sealed), ASSAY_OK);
    assay_light_init(&light, &sealed, NULL);
    cr_expect_eq(take(6), ASSAY_LIGHT_NO_TABLE);
    const struct assay_light_epoch base = light_world_epoch(world, 5);
    cr_expect_eq(assay_light_take_base(&light, base.boundary, base.rows), ASSAY_LIGHT_TAKEN);
    cr_expect(assay_light_has_document(&light, document()), "its own boundary names them");
    cr_expect_eq(take(6), ASSAY_LIGHT_TAKEN);
    expect_at(6);
}

/* --- an enclave has little memory */

static void *follow(void *context)
{
    (void)context;
    start_at(0);
    for (uint64_t epoch = 1; epoch <= 3; epoch++)
        cr_assert_eq(take(epoch), ASSAY_LIGHT_TAKEN);
    return NULL;
}

Test(light, works_with_a_stack_of_256_KiB_at_the_largest_table)
{
    enum { STACK = 256 * 1024 };
    pthread_attr_t attributes;
    pthread_t thread;
    light_world_free(world);
    world = light_world_new(chain, ASSAY_VOTERS_MAX, 1);
    for (uint32_t i = 0; i < 40; i++) {
        light_world_add(world, 1);
        light_world_set(world, ASSAY_VOTERS_MAX + i, 0, 0, false);
    }
    close_epochs(3);
    cr_assert_eq(pthread_attr_init(&attributes), 0);
    cr_assert_eq(pthread_attr_setstacksize(&attributes, STACK), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, follow, NULL), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(pthread_attr_destroy(&attributes), 0);
    cr_expect_eq(light.table.count, ASSAY_VOTERS_MAX);
    expect_at(3);
}
