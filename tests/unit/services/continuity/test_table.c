/*
 * tests/unit/services/continuity/test_table.c - tests of the table of a replica.
 *
 * What a replica remembers: order, capacity, and the maximum that a new view starts from
 * (docs/services.md 1.9).
 */
#include "base/merkle.h"
#include "services/continuity/table.h"

#include <criterion/criterion.h>

enum { CAPACITY = 4 };

struct room {
    struct assay_cont_table table;
    struct assay_cont_entry entry[CAPACITY];
};

static struct assay_cont_table *over(struct room *room)
{
    *room = (struct room){ 0 };
    room->table.capacity = CAPACITY;
    room->table.entry = room->entry;
    return &room->table;
}

static void put(struct assay_cont_table *table, uint8_t name, uint64_t promised, uint64_t writer,
                uint64_t index)
{
    const uint8_t instance[32] = { name };
    struct assay_cont_entry *entry = assay_cont_table_need(table, instance);
    cr_assert_not_null(entry);
    entry->promised = promised;
    entry->writer = writer;
    entry->index = index;
    entry->digest[0] = (uint8_t)(writer * 16 + index);
}

Test(table, entries_stand_in_order_whichever_came_first)
{
    struct room room;
    struct assay_cont_table *table = over(&room);
    const uint8_t names[CAPACITY] = { 7, 2, 9, 1 };
    for (size_t i = 0; i < CAPACITY; i++)
        put(table, names[i], 1, 1, 1);
    for (uint32_t i = 1; i < table->count; i++)
        cr_assert_lt(table->entry[i - 1].instance[0], table->entry[i].instance[0]);
    const uint8_t other[32] = { 5 }, nine[32] = { 9 };
    cr_assert_null(assay_cont_table_need(table, other), "one more than fits");
    cr_assert_null(assay_cont_table_find(table, other));
    cr_assert_not_null(assay_cont_table_find(table, nine));
}

Test(table, the_later_state_goes_into_the_maximum)
{
    struct room a, b;
    over(&a), over(&b);
    put(&a.table, 1, 3, 2, 9);
    put(&b.table, 1, 3, 3, 4); /* a later session, an earlier index */
    put(&a.table, 2, 1, 1, 5);
    put(&b.table, 2, 1, 1, 6);
    put(&b.table, 3, 1, 1, 1);
    cr_assert_eq(assay_cont_table_raise(&a.table, &b.table), ASSAY_OK);
    cr_assert_eq(a.table.count, 3);
    cr_assert_eq(a.table.entry[0].writer, 3);
    cr_assert_eq(a.table.entry[0].index, 4);
    cr_assert_eq(a.table.entry[0].digest[0], 3 * 16 + 4);
    cr_assert_eq(a.table.entry[1].index, 6);
    cr_assert_eq(a.table.entry[2].index, 1);
}

Test(table, the_higher_promise_goes_into_the_maximum)
{
    struct room a, b;
    over(&a), over(&b);
    put(&a.table, 1, 2, 2, 9);
    put(&b.table, 1, 7, 1, 4); /* promised to a session that has written nothing yet */
    cr_assert_eq(assay_cont_table_raise(&a.table, &b.table), ASSAY_OK);
    cr_assert_eq(a.table.entry[0].promised, 7);
    cr_assert_eq(a.table.entry[0].writer, 2);
    cr_assert_eq(a.table.entry[0].index, 9);
}

Test(table, the_maximum_does_not_depend_on_the_order)
{
    struct room a, b, ab, ba;
    uint8_t first[32], second[32];
    over(&a), over(&b), over(&ab), over(&ba);
    put(&a.table, 1, 3, 2, 9);
    put(&a.table, 4, 1, 1, 1);
    put(&b.table, 1, 5, 1, 12);
    put(&b.table, 2, 1, 1, 1);
    cr_assert_eq(assay_cont_table_raise(&ab.table, &a.table), ASSAY_OK);
    cr_assert_eq(assay_cont_table_raise(&ab.table, &b.table), ASSAY_OK);
    cr_assert_eq(assay_cont_table_raise(&ba.table, &b.table), ASSAY_OK);
    cr_assert_eq(assay_cont_table_raise(&ba.table, &a.table), ASSAY_OK);
    assay_cont_table_root(&ab.table, first);
    assay_cont_table_root(&ba.table, second);
    cr_assert(assay_bytes_equal(first, second, 32));
    ba.table.entry[0].promised++;
    assay_cont_table_root(&ba.table, second);
    cr_assert(!assay_bytes_equal(first, second, 32), "the root holds every field");
}

Test(table, too_many_instances_are_no_table)
{
    struct room a, b;
    over(&a), over(&b);
    for (uint8_t i = 0; i < CAPACITY; i++)
        put(&a.table, i, 1, 1, 1);
    put(&b.table, 99, 1, 1, 1);
    cr_assert_eq(assay_cont_table_raise(&a.table, &b.table), ASSAY_E_FULL);
}

Test(table, appends_only_behind_the_last)
{
    struct room a;
    struct assay_cont_table *table = over(&a);
    struct assay_cont_entry entry = { .instance = { 4 } };
    cr_assert_eq(assay_cont_table_append(table, &entry), ASSAY_OK);
    cr_assert_eq(assay_cont_table_append(table, &entry), ASSAY_E_ENCODING);
    entry.instance[0] = 3;
    cr_assert_eq(assay_cont_table_append(table, &entry), ASSAY_E_ENCODING);
    for (uint8_t i = 5; table->count < CAPACITY; i++) {
        entry.instance[0] = i;
        cr_assert_eq(assay_cont_table_append(table, &entry), ASSAY_OK);
    }
    entry.instance[0] = 99;
    cr_assert_eq(assay_cont_table_append(table, &entry), ASSAY_E_FULL);
}
