/*
 * tests/unit/base/test_bytes.c - tests of byte comparison and hexadecimal.
 */
#include "base/bytes.h"

#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEN_MAX = 40 };

Test(base_bytes, copies_exactly_what_was_asked_for)
{
    const uint8_t from[4] = { 1, 2, 3, 4 };
    uint8_t to[4] = { 9, 9, 9, 9 };
    assay_bytes_copy(to, sizeof to, from, 3);
    cr_assert(assay_bytes_equal(to, ((const uint8_t[]){ 1, 2, 3, 9 }), 4));
    assay_bytes_copy(to, sizeof to, from, 4);
    cr_assert(assay_bytes_equal(to, from, 4));
    assay_bytes_copy(NULL, 0, NULL, 0);
}

Test(base_bytes, aborts_when_the_target_is_too_small, .signal = SIGABRT)
{
    const uint8_t from[4] = { 0 };
    uint8_t to[4] = { 0 };
    assay_bytes_copy(to, 3, from, 4);
}

Test(base_bytes, zeroes_exactly_what_was_asked_for)
{
    uint8_t bytes[4] = { 1, 2, 3, 4 };
    assay_bytes_zero(bytes + 1, 2);
    cr_assert(assay_bytes_equal(bytes, ((const uint8_t[]){ 1, 0, 0, 4 }), 4));
    assay_bytes_zero(NULL, 0);
}

static int sign_of(int value)
{
    return (value > 0) - (value < 0);
}

/* One byte after the other: slow and obvious. */
static int reference_compare(const uint8_t *a, const uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

Test(base_bytes, finds_a_difference_at_every_place_of_every_length)
{
    struct random random = { 1 };
    for (size_t len = 0; len <= LEN_MAX; len++) {
        /* of exact size, so that the sanitizer sees a word read too far */
        uint8_t *a = malloc(len + 1);
        uint8_t *b = malloc(len + 1);
        cr_assert(a != NULL && b != NULL);
        uint8_t *a_end = a + 1; /* odd, so that words are not aligned */
        uint8_t *b_end = b + 1;
        random_bytes(&random, a_end, len);
        assay_bytes_copy(b_end, len, a_end, len);
        cr_assert(assay_bytes_equal(a_end, b_end, len));
        cr_assert_eq(assay_bytes_compare(a_end, b_end, len), 0);
        for (size_t at = 0; at < len; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                b_end[at] ^= (uint8_t)(1u << bit);
                cr_assert_not(assay_bytes_equal(a_end, b_end, len));
                const int found = assay_bytes_compare(a_end, b_end, len);
                cr_assert_eq(sign_of(found), reference_compare(a_end, b_end, len));
                cr_assert_eq(sign_of(assay_bytes_compare(b_end, a_end, len)), -sign_of(found));
                b_end[at] ^= (uint8_t)(1u << bit);
            }
        }
        free(a);
        free(b);
    }
}

Test(base_bytes, orders_bytes_as_unsigned_and_by_the_first_difference)
{
    cr_assert_lt(assay_bytes_compare("\x7f\xff", "\x80\x00", 2), 0);
    cr_assert_gt(assay_bytes_compare("\xff", "\x00", 1), 0);
    /* in the second word, little- and big-endian words would disagree */
    cr_assert_lt(assay_bytes_compare("12345678\x01\x02", "12345678\x02\x01", 10), 0);
}

Test(base_bytes, knows_whether_all_is_zero)
{
    uint8_t bytes[LEN_MAX] = { 0 };
    cr_assert(assay_bytes_all_zero(NULL, 0));
    cr_assert(assay_bytes_all_zero(bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 0x80;
        cr_assert_not(assay_bytes_all_zero(bytes, sizeof bytes));
        cr_assert(assay_bytes_all_zero(bytes, i));
        bytes[i] = 0;
    }
}

Test(base_bytes, compares_slices_by_length_and_contents)
{
    const struct assay_slice abc = assay_slice_over("abc", 3);
    cr_assert(assay_slice_equal(abc, assay_slice_over("abcd", 3)));
    cr_assert_not(assay_slice_equal(abc, assay_slice_over("abcd", 4)));
    cr_assert_not(assay_slice_equal(abc, assay_slice_over("abd", 3)));
    cr_assert(assay_slice_equal(assay_slice_over(NULL, 0), assay_slice_over("x", 0)));
}

Test(base_bytes, aborts_on_a_slice_of_nothing_with_a_length, .signal = SIGABRT)
{
    (void)assay_slice_over(NULL, 1);
}

Test(base_hex, writes_and_reads_every_byte)
{
    for (unsigned value = 0; value <= UINT8_MAX; value++) {
        const uint8_t byte = (uint8_t)value;
        char text[3];
        char expected[3];
        uint8_t back = 0;
        assay_hex_encode(&byte, 1, text, sizeof text);
        snprintf(expected, sizeof expected, "%02x", value);
        cr_assert_str_eq(text, expected);
        cr_assert_eq(assay_hex_decode(text, 2, &back, 1), ASSAY_OK);
        cr_assert_eq(back, byte);
        snprintf(expected, sizeof expected, "%02X", value);
        cr_assert_eq(assay_hex_decode(expected, 2, &back, 1), ASSAY_OK);
        cr_assert_eq(back, byte);
    }
}

Test(base_hex, takes_digits_and_nothing_else_at_every_place)
{
    for (unsigned character = 0; character <= UINT8_MAX; character++) {
        for (size_t at = 0; at < 4; at++) {
            char text[4] = { '1', '2', '3', '4' };
            uint8_t out[2] = { 0xee, 0xee };
            text[at] = (char)character;
            const bool digit = (character >= '0' && character <= '9') ||
                               (character >= 'a' && character <= 'f') ||
                               (character >= 'A' && character <= 'F');
            const enum assay_status status = assay_hex_decode(text, 4, out, 2);
            cr_assert_eq(status, digit ? ASSAY_OK : ASSAY_E_SYNTAX);
            if (!digit) cr_assert(out[0] == 0xee && out[1] == 0xee, "out was touched");
        }
    }
}

Test(base_hex, refuses_every_other_length)
{
    static const char text[] = "00112233445566";
    uint8_t out[4] = { 0 };
    for (size_t text_len = 0; text_len <= 14; text_len++) {
        const enum assay_status status = assay_hex_decode(text, text_len, out, 3);
        cr_assert_eq(status, text_len == 6 ? ASSAY_OK : ASSAY_E_SYNTAX);
    }
    cr_assert_eq(assay_hex_decode("", 0, NULL, 0), ASSAY_OK);
    cr_assert_eq(assay_hex_decode("ab", 2, out, SIZE_MAX / 2 + 2), ASSAY_E_SYNTAX);
}

Test(base_hex, fills_a_buffer_of_just_the_right_size)
{
    const uint8_t bytes[2] = { 0xab, 0xcd };
    char text[5];
    assay_hex_encode(bytes, 2, text, sizeof text);
    cr_assert_str_eq(text, "abcd");
    assay_hex_encode(NULL, 0, text, 1);
    cr_assert_str_eq(text, "");
}

Test(base_hex, aborts_when_the_text_does_not_fit, .signal = SIGABRT)
{
    const uint8_t bytes[2] = { 0 };
    char text[5];
    assay_hex_encode(bytes, 2, text, 4);
}
