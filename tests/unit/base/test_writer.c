/*
 * tests/unit/base/test_writer.c - tests of the writer: output is read back, at every capacity.
 */
#include "base/writer.h"

#include "base/cursor.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

enum { MESSAGE_LEN = 1 + 2 + 4 + 8 + 2 + 4 + 8 + 3 + 2 };

static void write_message(struct assay_writer *w)
{
    assay_writer_u8(w, 0xf1);
    assay_writer_u16le(w, 0xf102);
    assay_writer_u32le(w, 0xf1020304);
    assay_writer_u64le(w, 0xf102030405060708);
    assay_writer_u16be(w, 0xf102);
    assay_writer_u32be(w, 0xf1020304);
    assay_writer_u64be(w, 0xf102030405060708);
    assay_writer_put(w, "abc", 3);
    assay_writer_zero(w, 2);
}

static const uint8_t expected[MESSAGE_LEN] = {
    0xf1, 0x02, 0xf1, 0x04, 0x03, 0x02, 0xf1, 0x08, 0x07, 0x06, 0x05, 0x04,
    0x03, 0x02, 0xf1, 0xf1, 0x02, 0xf1, 0x02, 0x03, 0x04, 0xf1, 0x02, 0x03,
    0x04, 0x05, 0x06, 0x07, 0x08, 'a',  'b',  'c',  0x00, 0x00,
};

Test(base_writer, writes_each_field_in_its_order_of_bytes)
{
    uint8_t bytes[MESSAGE_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice out = { 0 };
    write_message(&w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert(assay_slice_equal(out, assay_slice_over(expected, sizeof expected)));
    cr_assert_eq(out.bytes, bytes);
}

Test(base_writer, reports_every_capacity_that_is_too_small_and_stays_within_it)
{
    for (size_t capacity = 0; capacity < MESSAGE_LEN; capacity++) {
        uint8_t *exact = malloc(capacity == 0 ? 1 : capacity); /* ASan sees one byte too far */
        cr_assert(exact != NULL);
        struct assay_writer w = assay_writer_over(exact, capacity);
        struct assay_slice out = { expected, 1 };
        write_message(&w);
        cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_E_FULL);
        cr_assert(out.bytes == expected && out.len == 1, "out is untouched");
        cr_assert_leq(w.len, capacity);
        free(exact);
    }
}

Test(base_writer, writes_nothing_more_once_it_is_full)
{
    uint8_t bytes[4] = { 0xee, 0xee, 0xee, 0xee };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice out = { 0 };
    assay_writer_u8(&w, 1);
    assay_writer_u32be(&w, 2);
    cr_assert(w.full);
    assay_writer_u8(&w, 3); /* there would be room, but the message already lacks a field */
    cr_assert_eq(w.len, 1);
    cr_assert(assay_bytes_equal(bytes, ((const uint8_t[]){ 1, 0xee, 0xee, 0xee }), 4));
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_E_FULL);
}

Test(base_writer, refuses_lengths_that_would_wrap)
{
    uint8_t bytes[4] = { 0 };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u8(&w, 1);
    assay_writer_zero(&w, SIZE_MAX);
    cr_assert(w.full);
    cr_assert_eq(w.len, 1);
}

Test(base_writer, writes_nothing_into_nothing)
{
    struct assay_writer w = assay_writer_over(NULL, 0);
    struct assay_slice out = { expected, 1 };
    assay_writer_put(&w, NULL, 0);
    assay_writer_zero(&w, 0);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert_eq(out.len, 0);
    assay_writer_u8(&w, 0);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_E_FULL);
}

Test(base_writer, aborts_over_a_capacity_without_memory, .signal = SIGABRT)
{
    (void)assay_writer_over(NULL, 1);
}
