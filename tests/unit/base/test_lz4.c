/*
 * tests/unit/base/test_lz4.c - blocks of the LZ4 format: what is encoded decodes to what it was,
 * and what a stranger wrote stays within its limits.
 */
#include "base/lz4.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LEN = 70000 };

static struct assay_lz4_table table;
static uint8_t in[LEN], block[LEN + LEN / 255 + 16], out[LEN + 1];

static size_t encoded(size_t len)
{
    struct assay_slice whole = { NULL, 0 };
    struct assay_writer w = assay_writer_over(block, sizeof block);
    assay_lz4_encode(assay_slice_over(in, len), &table, &w);
    cr_assert_eq(assay_writer_finish(&w, &whole), ASSAY_OK);
    return whole.len;
}

static enum assay_status decode(const void *bytes, size_t len, size_t capacity, size_t *written)
{
    uint8_t *const copy = malloc(len + 1); /* of its own, so that a byte too far is seen */
    struct assay_writer w = assay_writer_over(out, capacity);
    cr_assert_not_null(copy);
    assay_bytes_copy(copy, len + 1, bytes, len);
    const enum assay_status status = assay_lz4_decode(copy, len, &w);
    free(copy);
    cr_assert_leq(w.len, capacity);
    *written = w.len;
    return status;
}

Test(lz4, decodes_to_what_it_was)
{
    static const size_t lens[] = { 0, 1, 5, 12, 13, 14, 20, 270, 271, 4096, 65535, 65540, LEN };
    size_t written = 0;
    for (unsigned period = 1; period < 4000; period = period * 5 + 2)
        for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            uint32_t state = period;
            for (size_t k = 0; k < lens[i]; k++) {
                if (k < period) state = state * 1664525u + 1013904223u;
                in[k] = k < period ? (uint8_t)(state >> 24) : in[k - period];
            }
            const size_t len = encoded(lens[i]);
            cr_assert_eq(decode(block, len, lens[i], &written), ASSAY_OK, "%u %zu", period,
                         lens[i]);
            cr_assert_eq(written, lens[i]);
            if (lens[i] > 0) cr_assert_arr_eq(out, in, lens[i]);
            if (lens[i] > 8 * (size_t)period + 64) cr_expect_lt(len, lens[i] / 2 + 32);
            /* One byte less of room: refused, and nothing stands behind the limit. */
            if (lens[i] > 0) cr_assert_eq(decode(block, len, lens[i] - 1, &written), ASSAY_E_RANGE);
        }
}

/* Blocks by the format's rules, written by hand. */
Test(lz4, reads_what_the_format_says)
{
    static const uint8_t copy[] = { 0x12, 'a', 1, 0, 0x50, 'b', 'c', 'd', 'e', 'f' };
    static const uint8_t apart[] = { 0x40, 'a', 'b', 'c', 'd', 4, 0, 0x10, '.' };
    static const uint8_t exact[] = { 0x1f, 'a', 1, 0, 44, 0 }; /* as long as there is room */
    uint8_t literals[2 + 15 + 1] = { 0xf0, 1 };
    size_t written = 0;
    cr_assert_eq(decode(copy, sizeof copy, 64, &written), ASSAY_OK);
    cr_assert_eq(written, 12);
    cr_expect_arr_eq(out, "aaaaaaabcdef", 12);
    cr_assert_eq(decode(apart, sizeof apart, 64, &written), ASSAY_OK);
    cr_assert_eq(written, 9);
    cr_expect_arr_eq(out, "abcdabcd.", 9);
    cr_assert_eq(decode(exact, sizeof exact, 64, &written), ASSAY_OK);
    cr_expect_eq(written, 64);
    memset(literals + 2, 'x', 16);
    cr_assert_eq(decode(literals, sizeof literals, 64, &written), ASSAY_OK);
    cr_expect_eq(written, 16);
}

Test(lz4, refuses_what_is_no_block)
{
    static const struct {
        enum assay_status status;
        size_t len;
        uint8_t bytes[12];
    } wrong[] = {
        { ASSAY_E_TRUNCATED, 0, { 0 } },
        { ASSAY_E_TRUNCATED, 2, { 0x20, 'a' } },
        { ASSAY_E_TRUNCATED, 3, { 0x10, 'a', 1 } },
        { ASSAY_E_TRUNCATED, 4, { 0x1f, 'a', 1, 0 } },
        { ASSAY_E_TRUNCATED, 1, { 0xf0 } },
        { ASSAY_E_ENCODING, 4, { 0x10, 'a', 1, 0 } },     /* ends with a copy */
        { ASSAY_E_ENCODING, 2, { 0x11, 'a' } },           /* a copy is said, and none is there */
        { ASSAY_E_RANGE, 5, { 0x10, 'a', 0, 0, 0 } },     /* distance 0 */
        { ASSAY_E_RANGE, 5, { 0x10, 'a', 2, 0, 0 } },     /* from before the beginning */
        { ASSAY_E_RANGE, 4, { 0x00, 1, 0, 0 } },          /* nothing is there yet */
        { ASSAY_E_RANGE, 6, { 0x1f, 'a', 1, 0, 45, 0 } }, /* 1 + 64 bytes: one too many */
        { ASSAY_E_RANGE, 6, { 0xf0, 255, 255, 255, 255, 0 } }, /* literals beyond the limit */
        { ASSAY_E_RANGE, 9, { 0x1f, 'a', 1, 0, 255, 255, 255, 255, 0 } },
    };
    size_t written = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(decode(wrong[i].bytes, wrong[i].len, 64, &written), wrong[i].status, "%zu", i);
}

/* A copy as long as it may be is written into the room that there is, and no further. */
Test(lz4, a_long_copy_ends_at_the_limit)
{
    static uint8_t bomb[2000];
    size_t written = 0;
    memset(bomb, 255, sizeof bomb);
    assay_bytes_copy(bomb, sizeof bomb, (const uint8_t[]){ 0x1f, 'a', 1, 0 }, 4);
    out[LEN] = 0x5a;
    cr_expect_eq(decode(bomb, sizeof bomb, LEN, &written), ASSAY_E_RANGE);
    cr_expect_eq(out[LEN], 0x5a);
}
