/*
 * tests/unit/engine/test_pool.c - records that wait: bounded, each thing said once, poison waits.
 */
#include "engine/messages/message.h"
#include "engine/evidence/pool.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 7, COMMON = 1, RESERVED = 28 };

static const struct assay_services reserving = { .reserved_first = RESERVED,
                                                 .reserved_last = RESERVED };

static struct assay_pool *make(void)
{
    struct assay_pool *pool = calloc(1, sizeof *pool);
    void *memory = calloc(1, assay_pool_memory_len(MEMBERS, NULL));
    cr_assert(pool != NULL && memory != NULL);
    assay_pool_init(pool, memory, MEMBERS, NULL);
    return pool;
}

static void drop(struct assay_pool *pool)
{
    free(pool->items);
    free(pool);
}

static struct assay_record record(enum assay_record_kind kind, uint32_t slot, uint64_t epoch,
                                  uint32_t number)
{
    static const uint8_t bytes[64 * 1024];
    struct assay_record r = { .kind = kind,
                              .slot = slot,
                              .subject = number,
                              .epoch = epoch,
                              .bytes = assay_slice_over(bytes, 100) };
    r.key[0] = (uint8_t)number;
    r.key[1] = (uint8_t)(number >> 8);
    r.key[2] = (uint8_t)slot;
    r.key[3] = (uint8_t)kind;
    r.key[4] = (uint8_t)epoch;
    return r;
}

static enum assay_status add(struct assay_pool *pool, const struct assay_record *r, uint16_t from)
{
    const struct assay_pool_item *item = NULL;
    const enum assay_status status = assay_pool_add(pool, r, from, &item);
    if (status == ASSAY_OK) assay_pool_set_ready(pool, item, r);
    return status;
}

Test(pool, takes_one_thing_once)
{
    struct assay_pool *pool = make();
    struct assay_record r = record(ASSAY_RECORD_BALLOT, 1, 5, 1);
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK);
    cr_assert_eq(add(pool, &r, 0), ASSAY_E_DUPLICATE);
    r = record(ASSAY_RECORD_BALLOT, 1, 5, 2);
    cr_assert_eq(add(pool, &r, 0), ASSAY_E_DUPLICATE, "one ballot of a voter in an epoch");
    r = record(ASSAY_RECORD_BALLOT, 2, 5, 2);
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK);
    r = record(ASSAY_RECORD_INCARNATE, 2, 5, 3);
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK);
    r = record(ASSAY_RECORD_INCARNATE, 2, 5, 4);
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK, "the agent may restart twice");
    r = record(ASSAY_RECORD_INCARNATE, 2, 5, 5);
    cr_assert_eq(add(pool, &r, 0), ASSAY_E_DUPLICATE);
    r = record(ASSAY_RECORD_ROLL, 0, 5, 6);
    cr_assert_eq(add(pool, &r, 0), ASSAY_E_DUPLICATE, "rolls are never sent alone");
    drop(pool);
}

Test(pool, refuses_what_no_slot_can_hold_and_fills_up_in_the_end)
{
    struct assay_pool *pool = make();
    struct assay_record r = record(ASSAY_RECORD_FAIL, 1, 5, 1);
    r.bytes.len = 48 * 1024 + 1;
    cr_assert_eq(add(pool, &r, 0), ASSAY_E_RANGE);
    r.bytes.len = 48 * 1024;
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK);
    uint32_t kept = 1;
    for (uint32_t i = 0; i < 10000; i++) {
        r = record(ASSAY_RECORD_CONTRADICTION, i % MEMBERS, 5, i);
        r.bytes.len = 10000;
        const enum assay_status status = add(pool, &r, 0);
        if (status == ASSAY_OK) kept++;
        else cr_assert(status == ASSAY_E_FULL || status == ASSAY_E_DUPLICATE);
    }
    cr_assert_eq(kept, pool->passing_from - pool->small_count);
    drop(pool);
}

Test(pool, lies_of_one_member_about_everybody_leave_room_for_others)
{
    struct assay_pool *pool = make();
    struct assay_record r;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < 9 * MEMBERS; i++) { /* its ballots of nine epochs */
        r = record(ASSAY_RECORD_CONTRADICTION, 2, 5 + i / MEMBERS, i % MEMBERS);
        if (add(pool, &r, 0) == ASSAY_OK) kept++;
    }
    cr_assert_eq(kept, 4, "two take all integrity");
    kept = 0;
    for (uint32_t i = 0; i < 9; i++) {
        r = record(ASSAY_RECORD_OFFENCE, 2, 5 + i, i);
        if (add(pool, &r, 0) == ASSAY_OK) kept++;
    }
    cr_assert_eq(kept, 1, "a static proof strikes an incarnation once");
    kept = 0;
    for (uint32_t i = 0; i < 9; i++) {
        r = record(ASSAY_RECORD_OFFENCE, 2, 5 + i, MEMBERS + i);
        r.may_wait = true;
        if (add(pool, &r, 0) == ASSAY_OK) kept++;
    }
    cr_assert_eq(kept, 1, "so does one that waits");
    drop(pool);
}

/* docs/protocol.md 7.5.1: a proof of two envelopes may have to wait for epochs. */
Test(pool, a_proof_that_waits_keeps_no_other_of_its_member_out)
{
    struct assay_pool *pool = make();
    struct assay_record waits = record(ASSAY_RECORD_OFFENCE, 2, 5, 1);
    const struct assay_record strikes = record(ASSAY_RECORD_OFFENCE, 2, 5, 2);
    waits.may_wait = true;
    cr_assert_eq(add(pool, &waits, 0), ASSAY_OK);
    cr_expect_eq(add(pool, &strikes, 0), ASSAY_OK);
    drop(pool);
}

Test(pool, in_a_full_one_what_the_chain_holds_makes_room_and_ballots_do_not)
{
    struct assay_pool *pool = make();
    struct assay_record r;
    for (uint32_t i = 0; i < pool->passing_from; i++) {
        const struct assay_pool_item *item = NULL;
        r = record(ASSAY_RECORD_BALLOT, i, 5, i);
        cr_assert_eq(assay_pool_add(pool, &r, (uint16_t)i, &item), ASSAY_OK);
        assay_pool_set_final(pool, item);
    }
    r = record(ASSAY_RECORD_FAIL, 1, 5, 77);
    cr_assert_eq(add(pool, &r, 0), ASSAY_E_FULL);
    pool->items[3].kind = ASSAY_RECORD_FAIL;
    pool->items[3].slot = 6;
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK);
    cr_assert_not_null(assay_pool_find(pool, r.key));
    drop(pool);
}

Test(pool, one_sender_has_few_unverified_records)
{
    struct assay_pool *pool = make();
    const struct assay_pool_item *item = NULL;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < 20; i++) {
        const struct assay_record r = record(ASSAY_RECORD_CONTRADICTION, i % MEMBERS, 5, i);
        if (assay_pool_add(pool, &r, 3, &item) == ASSAY_OK) taken++;
    }
    cr_assert_eq(taken, 8);
    const struct assay_record r = record(ASSAY_RECORD_CONTRADICTION, 1, 5, 99);
    cr_assert_eq(assay_pool_add(pool, &r, 4, &item), ASSAY_OK, "another sender is not concerned");
    drop(pool);
}

Test(pool, proofs_outlive_their_epoch_and_the_rest_does_not)
{
    struct assay_pool *pool = make();
    const struct assay_record ballot = record(ASSAY_RECORD_BALLOT, 1, 5, 1);
    const struct assay_record proof = record(ASSAY_RECORD_OFFENCE, 1, 5, 2);
    cr_assert_eq(add(pool, &ballot, 0), ASSAY_OK);
    cr_assert_eq(add(pool, &proof, 0), ASSAY_OK);
    assay_pool_on_epoch(pool, 6);
    cr_assert_null(assay_pool_find(pool, ballot.key));
    cr_assert_not_null(assay_pool_find(pool, proof.key));
    assay_pool_on_epoch(pool, 13);
    cr_assert_not_null(assay_pool_find(pool, proof.key));
    assay_pool_on_epoch(pool, 14);
    cr_assert_null(assay_pool_find(pool, proof.key), "8 epochs are over");
    cr_assert_eq(add(pool, &proof, 0), ASSAY_OK);
    assay_pool_set_final(pool, assay_pool_find(pool, proof.key));
    assay_pool_on_epoch(pool, 6);
    cr_assert_null(assay_pool_find(pool, proof.key), "it stands in the chain");
    drop(pool);
}

Test(pool, a_record_of_a_nullified_proposal_waits_twice_as_long_each_time)
{
    struct assay_pool *pool = make();
    struct assay_record r = record(ASSAY_RECORD_FAIL, 1, 1, 1);
    cr_assert_eq(add(pool, &r, 0), ASSAY_OK);
    const struct assay_pool_item *item = assay_pool_find(pool, r.key);
    static const uint32_t waits[] = { 2, 16, 32, 64, 128 };
    uint64_t view = 10;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        assay_pool_set_proposed(pool, item, view);
        assay_pool_on_nullified(pool, view + 1); /* another view's end is nothing to it */
        cr_assert_eq(item->placed_view, view);
        assay_pool_on_nullified(pool, view);
        cr_assert_eq(item->not_before, view + waits[i]);
        cr_assert_eq(item->placed_view, 0);
        view = item->not_before;
    }
    struct assay_record b = record(ASSAY_RECORD_BALLOT, 2, 1, 2);
    cr_assert_eq(add(pool, &b, 0), ASSAY_OK);
    item = assay_pool_find(pool, b.key);
    assay_pool_set_proposed(pool, item, view);
    assay_pool_on_nullified(pool, view);
    cr_assert_eq(item->not_before, 0, "ballots do not wait");
    drop(pool);
}

static enum assay_status add_service(struct assay_pool *pool, uint32_t slot, uint32_t kind,
                                     uint32_t number)
{
    struct assay_record r = record(ASSAY_RECORD_SERVICE, slot, 5, number);
    r.key[5] = (uint8_t)kind;
    r.service.kind = kind;
    return add(pool, &r, (uint16_t)slot);
}

/* Returns: how many records of that kind an author got in. */
static uint32_t fill(struct assay_pool *pool, uint32_t slot, uint32_t kind)
{
    uint32_t n = 0;
    while (n < 300 && add_service(pool, slot, kind, n) == ASSAY_OK)
        n++;
    return n;
}

/* Whatever waits of others and of the author's own, its records of a ceremony find their places,
 * and in a block neither kind waits for more records than it has itself (docs/protocol.md 12.2.1).
 */
Test(pool, records_of_ceremonies_have_places_that_no_other_record_takes)
{
    static const uint32_t members[] = { 1, 4, 31, 32, 33, 100, 128 };
    for (size_t n = 0; n < sizeof members / sizeof members[0]; n++) {
        const uint32_t count = members[n];
        struct assay_pool pool;
        void *memory = calloc(1, assay_pool_memory_len(count, &reserving));
        cr_assert_not_null(memory);
        assay_pool_init(&pool, memory, count, &reserving);
        for (uint32_t slot = 0; slot < count; slot++)
            (void)fill(&pool, slot, COMMON);
        cr_assert(assay_pool_is_full_of(&pool, ASSAY_RECORD_SERVICE, ASSAY_BUDGET_COMMON, 0, 5));
        for (uint32_t slot = 0; slot < count; slot++) {
            cr_assert_not(assay_pool_is_full_of(&pool, ASSAY_RECORD_SERVICE, ASSAY_BUDGET_RESERVED,
                                                slot, 5));
            const uint32_t own = fill(&pool, slot, RESERVED);
            cr_assert_geq(own, 2, "slot %u of %u", slot, count);
            cr_assert_leq(own, 8);
            cr_assert(assay_pool_is_full_of(&pool, ASSAY_RECORD_SERVICE, ASSAY_BUDGET_RESERVED,
                                            slot, 5));
        }
        uint32_t common = 0, reserved = 0;
        for (uint32_t i = pool.passing_from; i < pool.count; i++) {
            const bool is_reserved = pool.items[i].budget == ASSAY_BUDGET_RESERVED;
            if (pool.items[i].phase == ASSAY_POOL_FREE) continue;
            common += !is_reserved;
            reserved += is_reserved;
            if (is_reserved) cr_assert_leq(common, reserved, "behind its like alone");
            else cr_assert_leq(reserved, common + 1);
        }
        free(memory);
    }
}

/* And the other way round: ceremonies leave others what they have without ceremonies. */
Test(pool, ceremonies_take_no_place_of_other_records)
{
    struct assay_pool quiet, busy;
    void *memory[2] = { calloc(1, assay_pool_memory_len(MEMBERS, &reserving)),
                        calloc(1, assay_pool_memory_len(MEMBERS, &reserving)) };
    assay_pool_init(&quiet, memory[0], MEMBERS, &reserving);
    assay_pool_init(&busy, memory[1], MEMBERS, &reserving);
    for (uint32_t slot = 0; slot < MEMBERS; slot++)
        cr_assert_eq(fill(&busy, slot, RESERVED), 8);
    for (uint32_t slot = 0; slot < MEMBERS; slot++)
        cr_assert_eq(fill(&busy, slot, COMMON), fill(&quiet, slot, COMMON));
    free(memory[0]);
    free(memory[1]);
}

static struct assay_pool *make_of(uint32_t members, const struct assay_services *services)
{
    struct assay_pool *pool = calloc(1, sizeof *pool);
    void *memory = calloc(1, assay_pool_memory_len(members, services));
    cr_assert(pool != NULL && memory != NULL);
    assay_pool_init(pool, memory, members, services);
    return pool;
}

/* Attack: a third of the members send KEYS before another one does. */
Test(pool, keys_of_a_third_leave_a_place_for_those_of_another_member)
{
    static const uint32_t members[] = { 1, 4, 64, 65, 200, 1024 };
    for (size_t n = 0; n < sizeof members / sizeof members[0]; n++) {
        struct assay_pool *pool = make_of(members[n], NULL);
        for (uint32_t i = 0; i < members[n]; i++) {
            cr_expect_not(
                assay_pool_is_full_of(pool, ASSAY_RECORD_KEYS, ASSAY_BUDGET_COMMON, i, 5));
            struct assay_record r = record(ASSAY_RECORD_KEYS, i, 5, i);
            r.bytes.len = ASSAY_KEYS_RECORD_LEN_MAX;
            cr_expect_eq(add(pool, &r, (uint16_t)i), ASSAY_OK, "%u of %u", i, members[n]);
            r.key[6] = 1;
            cr_expect_eq(add(pool, &r, (uint16_t)i), ASSAY_E_DUPLICATE, "one of a member");
            cr_expect(assay_pool_is_full_of(pool, ASSAY_RECORD_KEYS, ASSAY_BUDGET_COMMON, i, 5));
        }
        drop(pool);
    }
}

/* Nor do records of services take these places, or KEYS those. */
Test(pool, records_of_services_and_keys_take_no_place_of_each_other)
{
    enum { AUTHORS = 100, PLACES = 256 };
    for (uint32_t first = 0; first < 2; first++) {
        struct assay_pool *pool = make_of(AUTHORS, &reserving);
        uint32_t services = 0;
        for (uint32_t turn = 0; turn < 2; turn++)
            for (uint32_t slot = 0; slot < AUTHORS; slot++) {
                const struct assay_record keys = record(ASSAY_RECORD_KEYS, slot, 5, slot);
                if (turn == first) services += fill(pool, slot, COMMON);
                else cr_expect_eq(add(pool, &keys, (uint16_t)slot), ASSAY_OK, "slot %u", slot);
            }
        cr_expect_eq(services, PLACES);
        drop(pool);
    }
}

Test(pool, keys_and_records_of_services_take_turns_in_blocks)
{
    static const uint32_t members[] = { 1, 4, 100, 600 };
    for (size_t n = 0; n < sizeof members / sizeof members[0]; n++) {
        struct assay_pool *pool = make_of(members[n], &reserving);
        for (uint32_t slot = 0; slot < members[n]; slot++) {
            const struct assay_record r = record(ASSAY_RECORD_KEYS, slot, 5, slot);
            (void)fill(pool, slot, COMMON);
            (void)fill(pool, slot, RESERVED);
            cr_assert_eq(add(pool, &r, (uint16_t)slot), ASSAY_OK);
        }
        uint32_t keys = 0, common = 0, reserved = 0;
        for (uint32_t i = pool->passing_from; i < pool->count; i++) {
            const struct assay_pool_item *item = &pool->items[i];
            if (item->phase == ASSAY_POOL_FREE) continue;
            if (item->kind == ASSAY_RECORD_KEYS) keys++;
            else if (item->budget == ASSAY_BUDGET_RESERVED) reserved++;
            else common++;
            if (keys < members[n] && common < 256) cr_assert_leq(keys, common + 1);
            if (keys < members[n] && reserved < 256) cr_assert_leq(common, keys + 1);
        }
        cr_expect_eq(keys, members[n]);
        drop(pool);
    }
}
