/*
 * tests/unit/base/test_cursor.c - tests of the cursor: no read past the end, and no change on
 * failure.
 */
#include "base/cursor.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

static const uint8_t digits[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08 };

/* A message of every field kind: 1 + 2 + 4 + 8 + 2 + 4 + 8 + 3 + 2 + 2 + 1 bytes. */
enum { MESSAGE_LEN = 37 };

static enum assay_status read_message(struct assay_cursor *in)
{
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    uint8_t copy[3] = { 0 };
    struct assay_slice slice = { 0 };
    struct assay_cursor child = { 0 };
    ASSAY_TRY(assay_cursor_u8(in, &u8));
    ASSAY_TRY(assay_cursor_u16le(in, &u16));
    ASSAY_TRY(assay_cursor_u32le(in, &u32));
    ASSAY_TRY(assay_cursor_u64le(in, &u64));
    ASSAY_TRY(assay_cursor_u16be(in, &u16));
    ASSAY_TRY(assay_cursor_u32be(in, &u32));
    ASSAY_TRY(assay_cursor_u64be(in, &u64));
    ASSAY_TRY(assay_cursor_copy(in, copy, sizeof copy));
    ASSAY_TRY(assay_cursor_slice(in, 2, &slice));
    ASSAY_TRY(assay_cursor_child(in, 2, &child));
    ASSAY_TRY(assay_cursor_skip(in, 1));
    return assay_cursor_end(in);
}

Test(base_cursor, rejects_every_truncation)
{
    for (size_t len = 0; len <= MESSAGE_LEN; len++) {
        uint8_t *exact = calloc(len == 0 ? 1 : len, 1); /* the sanitizer sees one byte too far */
        cr_assert(exact != NULL);
        struct assay_cursor in = assay_cursor_over(exact, len);
        const enum assay_status status = read_message(&in);
        cr_assert_eq(status, len == MESSAGE_LEN ? ASSAY_OK : ASSAY_E_TRUNCATED, "length %zu", len);
        free(exact);
    }
}

Test(base_cursor, rejects_one_byte_too_many)
{
    const uint8_t bytes[MESSAGE_LEN + 1] = { 0 };
    struct assay_cursor in = assay_cursor_over(bytes, sizeof bytes);
    cr_assert_eq(read_message(&in), ASSAY_E_TRAILING);
    cr_assert_eq(assay_cursor_left(&in), 1);
}

Test(base_cursor, reads_numbers_in_the_order_of_bytes_that_their_names_say)
{
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    struct assay_cursor in = assay_cursor_over(digits, sizeof digits);
    cr_assert(assay_cursor_u64le(&in, &u64) == ASSAY_OK && u64 == UINT64_C(0x0807060504030201));
    in = assay_cursor_over(digits, sizeof digits);
    cr_assert(assay_cursor_u64be(&in, &u64) == ASSAY_OK && u64 == UINT64_C(0x0102030405060708));
    in = assay_cursor_over(digits, sizeof digits);
    cr_assert(assay_cursor_u32le(&in, &u32) == ASSAY_OK && u32 == UINT32_C(0x04030201));
    cr_assert(assay_cursor_u32be(&in, &u32) == ASSAY_OK && u32 == UINT32_C(0x05060708));
    in = assay_cursor_over(digits, sizeof digits);
    cr_assert(assay_cursor_u16le(&in, &u16) == ASSAY_OK && u16 == 0x0201);
    cr_assert(assay_cursor_u16be(&in, &u16) == ASSAY_OK && u16 == 0x0304);
    cr_assert(assay_cursor_u8(&in, &u8) == ASSAY_OK && u8 == 5);
    cr_assert_eq(in.pos, 5);
}

Test(base_cursor, reads_the_highest_bits)
{
    static const uint8_t ones[] = { 255, 255, 255, 255, 255, 255, 255, 255 };
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    struct assay_cursor in = assay_cursor_over(ones, sizeof ones);
    cr_assert(assay_cursor_u16be(&in, &u16) == ASSAY_OK && u16 == UINT16_MAX);
    cr_assert(assay_cursor_u32le(&in, &u32) == ASSAY_OK && u32 == UINT32_MAX);
    in = assay_cursor_over(ones, sizeof ones);
    cr_assert(assay_cursor_u64be(&in, &u64) == ASSAY_OK && u64 == UINT64_MAX);
}

Test(base_cursor, refuses_lengths_that_would_wrap)
{
    static const size_t lens[] = { 6, 7, SIZE_MAX / 2, SIZE_MAX - 3, SIZE_MAX - 2, SIZE_MAX };
    struct assay_cursor in = assay_cursor_over(digits, sizeof digits);
    cr_assert_eq(assay_cursor_skip(&in, 3), ASSAY_OK);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const uint8_t *out = NULL;
        cr_assert_eq(assay_cursor_take(&in, lens[i], &out), ASSAY_E_TRUNCATED);
        cr_assert_null(out);
        cr_assert_eq(in.pos, 3);
    }
}

Test(base_cursor, leaves_cursor_and_output_as_they_were_on_failure)
{
    const struct assay_cursor before = assay_cursor_over(digits, 0);
    struct assay_cursor in = before;
    uint8_t u8 = 0xee;
    uint16_t u16 = 0xeeee;
    uint32_t u32 = 0xeeeeeeee;
    uint64_t u64 = 0xeeeeeeeeeeeeeeee;
    uint8_t copy[2] = { 0xee, 0xee };
    struct assay_slice slice = { copy, 2 };
    struct assay_cursor child = { copy, 2, 1 };
    cr_assert_eq(assay_cursor_u8(&in, &u8), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_u16le(&in, &u16), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_u16be(&in, &u16), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_u32le(&in, &u32), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_u32be(&in, &u32), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_u64le(&in, &u64), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_u64be(&in, &u64), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_copy(&in, copy, 2), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_slice(&in, 1, &slice), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_child(&in, 1, &child), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_cursor_skip(&in, 1), ASSAY_E_TRUNCATED);
    cr_assert(u8 == 0xee && u16 == 0xeeee && u32 == 0xeeeeeeee && u64 == 0xeeeeeeeeeeeeeeee);
    cr_assert(copy[0] == 0xee && copy[1] == 0xee);
    cr_assert(slice.bytes == copy && slice.len == 2);
    cr_assert(child.bytes == copy && child.len == 2 && child.pos == 1);
    cr_assert(in.bytes == before.bytes && in.pos == before.pos && in.len == before.len);
}

Test(base_cursor, shows_a_child_its_own_bytes_alone)
{
    struct assay_cursor in = assay_cursor_over(digits, sizeof digits);
    struct assay_cursor child = { 0 };
    uint8_t u8 = 0;
    cr_assert_eq(assay_cursor_skip(&in, 2), ASSAY_OK);
    cr_assert_eq(assay_cursor_child(&in, 3, &child), ASSAY_OK);
    cr_assert_eq(assay_cursor_left(&child), 3);
    cr_assert(assay_cursor_u8(&child, &u8) == ASSAY_OK && u8 == 3);
    cr_assert_eq(assay_cursor_end(&child), ASSAY_E_TRAILING);
    cr_assert_eq(assay_cursor_skip(&child, 3), ASSAY_E_TRUNCATED, "the parent's bytes are not its");
    cr_assert_eq(assay_cursor_skip(&child, 2), ASSAY_OK);
    cr_assert_eq(assay_cursor_end(&child), ASSAY_OK);
    cr_assert(assay_cursor_u8(&in, &u8) == ASSAY_OK && u8 == 6);
}

Test(base_cursor, borrows_slices_from_the_input)
{
    struct assay_cursor in = assay_cursor_over(digits, sizeof digits);
    struct assay_slice slice = { 0 };
    cr_assert_eq(assay_cursor_skip(&in, 1), ASSAY_OK);
    cr_assert_eq(assay_cursor_slice(&in, 2, &slice), ASSAY_OK);
    cr_assert(slice.bytes == digits + 1 && slice.len == 2);
    cr_assert_eq(assay_cursor_left(&in), sizeof digits - 3);
}

Test(base_cursor, stands_over_nothing)
{
    struct assay_cursor in = assay_cursor_over(NULL, 0);
    struct assay_slice slice = { 0 };
    uint8_t u8 = 0;
    cr_assert_eq(assay_cursor_end(&in), ASSAY_OK);
    cr_assert_eq(assay_cursor_slice(&in, 0, &slice), ASSAY_OK);
    cr_assert_eq(slice.len, 0);
    cr_assert_eq(assay_cursor_u8(&in, &u8), ASSAY_E_TRUNCATED);
}

Test(base_cursor, aborts_over_a_length_without_bytes, .signal = SIGABRT)
{
    (void)assay_cursor_over(NULL, 1);
}

Test(base_cursor, aborts_when_its_position_is_past_its_end, .signal = SIGABRT)
{
    const struct assay_cursor broken = { .bytes = digits, .len = 2, .pos = 3 };
    (void)assay_cursor_left(&broken);
}
