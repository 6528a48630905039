/*
 * tests/unit/engine/ledger/test_row.c - a kind of record more: one row, and ledger and pool know
 * it.
 *
 * The whole kind stands in this file; ledger and pool are compiled with its line in the list
 * (tests/support/dummy_record.h).
 */
#include "base/cbor.h"
#include "engine/evidence/pool.h"
#include "engine/ledger/records/row.h"
#include "tests/support/dummy_record.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MEMBERS = 4 };

/* GREETING [9, slot, text]: a member says hello once an epoch; who greets counts as convicted. */
static enum assay_status decode(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t slot = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, 1023, &slot));
    ASSAY_TRY(assay_cbor_bytes(c, 64, &r->body));
    r->slot = (uint32_t)slot;
    assay_record_key(DUMMY_RECORD, r->body, r->key);
    return ASSAY_OK;
}

static enum assay_status check(const struct assay_context *context, struct assay_record *r)
{
    if (r->slot >= context->state->member_count) return ASSAY_E_STRANGER;
    r->epoch = context->epoch;
    return ASSAY_OK;
}

static enum assay_status fits(const struct assay_context *context, const struct assay_ledger *l,
                              const struct assay_record *r)
{
    (void)context;
    return l->false_pass[r->slot] ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

static void apply(const struct assay_context *context, struct assay_ledger *l,
                  const struct assay_record *r)
{
    (void)context;
    l->false_pass[r->slot] = true;
}

const struct assay_record_row dummy_row = {
    .name = "greeting",
    .items = 3,
    .limits = { .of_epoch = 2, .of_author = 3 },
    .outlives = true,
    .decode = decode,
    .check = check,
    .fits = fits,
    .apply = apply,
};

static struct assay_record greeting(uint32_t slot, const char *text, uint8_t bytes[static 96])
{
    struct assay_record r;
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(bytes, 96);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_uint(&w, DUMMY_RECORD);
    assay_cbor_put_uint(&w, slot);
    assay_cbor_put_bytes(&w, (const uint8_t *)text, strlen(text));
    cr_assert_eq(assay_writer_finish(&w, &all), ASSAY_OK);
    cr_assert_eq(assay_record_decode(all, &r), ASSAY_OK);
    return r;
}

Test(row, a_kind_more_is_read_checked_and_taken_into_a_ledger)
{
    struct assay_member members[MEMBERS] = { 0 };
    struct assay_state state = { .member_count = MEMBERS, .members = members };
    const struct assay_context context = { .state = &state, .epoch = 7 };
    struct assay_ledger ledger;
    uint8_t bytes[96];
    void *memory = calloc(1, assay_ledger_memory_len(MEMBERS));
    cr_assert_not_null(memory);
    assay_ledger_init(&ledger, memory, MEMBERS);
    struct assay_record r = greeting(2, "hello", bytes);
    cr_assert_eq(r.kind, DUMMY_RECORD);
    cr_assert_str_eq(assay_record_name(r.kind), "greeting");
    struct assay_ask ask;
    cr_assert_eq(assay_record_check(&context, &r), ASSAY_OK);
    cr_assert_eq(r.epoch, 7);
    cr_assert_not(assay_record_ask(&context, &r, &ask), "it costs no verification");
    cr_assert_eq(assay_ledger_fits(&context, &ledger, &r), ASSAY_OK);
    assay_ledger_apply(&context, &ledger, &r);
    cr_assert(ledger.false_pass[2]);
    cr_assert_eq(assay_ledger_fits(&context, &ledger, &r), ASSAY_E_DUPLICATE);
    r = greeting(MEMBERS, "hello", bytes);
    cr_assert_eq(assay_record_check(&context, &r), ASSAY_E_STRANGER);
    free(memory);
}

/* Returns: what the pool says to one more of a slot's in an epoch. */
static enum assay_status add(struct assay_pool *pool, uint64_t epoch, const char *text)
{
    uint8_t bytes[96];
    const struct assay_pool_item *item = NULL;
    struct assay_record r = greeting(1, text, bytes);
    r.epoch = epoch;
    const enum assay_status status = assay_pool_add(pool, &r, 1, &item);
    if (status == ASSAY_OK) assay_pool_set_ready(pool, item, &r);
    return status;
}

Test(row, the_pool_keeps_of_it_what_its_row_says)
{
    struct assay_pool pool;
    void *memory = calloc(1, assay_pool_memory_len(MEMBERS, NULL));
    cr_assert_not_null(memory);
    assay_pool_init(&pool, memory, MEMBERS, NULL);
    cr_assert_eq(add(&pool, 7, "a"), ASSAY_OK);
    cr_assert_eq(add(&pool, 7, "b"), ASSAY_OK);
    cr_assert_eq(add(&pool, 7, "c"), ASSAY_E_DUPLICATE, "two an epoch");
    assay_pool_on_epoch(&pool, 8);
    cr_assert_eq(add(&pool, 8, "d"), ASSAY_OK, "what outlives its epoch counts on");
    cr_assert_eq(add(&pool, 8, "e"), ASSAY_E_DUPLICATE, "three in all");
    for (uint32_t i = 0; i < pool.count; i++)
        if (pool.items[i].phase == ASSAY_POOL_READY) assay_pool_choose(&pool, i, 5);
    assay_pool_on_nullified(&pool, 5);
    for (uint32_t i = 0; i < pool.count; i++)
        cr_assert_eq(pool.items[i].not_before, 0, "nothing to verify: it does not wait");
    free(memory);
}
