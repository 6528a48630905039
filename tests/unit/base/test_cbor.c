/*
 * tests/unit/base/test_cbor.c - tests of strict CBOR: one value, one encoding, everything else
 * rejected.
 *
 * Three judges: vectors of RFC 8949 appendix A, a slow reference (cbor_reference.c) over every
 * short input and over mutations of long ones, and encoding again what was decoded.
 */
#include "base/cbor.h"

#include "tests/unit/base/cbor_reference.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 4096 };

struct bytes {
    uint8_t bytes[BYTES_MAX];
    size_t len;
};

static struct bytes of_hex(const char *hex)
{
    struct bytes out = { .len = strlen(hex) / 2 };
    cr_assert_eq(assay_hex_decode(hex, strlen(hex), out.bytes, out.len), ASSAY_OK, "%s", hex);
    return out;
}

static struct assay_cursor over(const struct bytes *bytes)
{
    return assay_cursor_over(bytes->bytes, bytes->len);
}

static enum assay_status skip(const uint8_t *bytes, size_t len, size_t *used)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_slice item = { 0 };
    const enum assay_status status = assay_cbor_skip(&in, &item);
    if (status == ASSAY_OK) {
        cr_assert(item.bytes == bytes && item.len == in.pos);
        *used = item.len;
    } else {
        cr_assert_eq(in.pos, 0, "a failed call leaves the cursor where it was");
    }
    return status;
}

static enum assay_status skip_hex(const char *hex)
{
    const struct bytes in = of_hex(hex);
    size_t used = 0;
    const enum assay_status status = skip(in.bytes, in.len, &used);
    if (status == ASSAY_OK) cr_assert_eq(used, in.len, "%s", hex);
    return status;
}

/* --- integers */

struct number {
    uint64_t value;
    const char *hex;
};

static const struct number numbers[] = {
    { 0, "00" },
    { 1, "01" },
    { 10, "0a" },
    { 23, "17" },
    { 24, "1818" },
    { 25, "1819" },
    { 100, "1864" },
    { 255, "18ff" },
    { 256, "190100" },
    { 1000, "1903e8" },
    { 65535, "19ffff" },
    { 65536, "1a00010000" },
    { 1000000, "1a000f4240" },
    { 4294967295, "1affffffff" },
    { 4294967296, "1b0000000100000000" },
    { 1000000000000, "1b000000e8d4a51000" },
    { UINT64_MAX, "1bffffffffffffffff" },
};
enum { NUMBER_COUNT = sizeof numbers / sizeof numbers[0] };

static void check_written(const struct assay_writer *w, const char *hex)
{
    const struct bytes expected = of_hex(hex);
    struct assay_slice out = { 0 };
    cr_assert_eq(assay_writer_finish(w, &out), ASSAY_OK);
    cr_assert(assay_slice_equal(out, assay_slice_over(expected.bytes, expected.len)), "%s", hex);
}

Test(base_cbor, writes_and_reads_unsigned_numbers_in_their_shortest_form)
{
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        uint8_t memory[16];
        struct assay_writer w = assay_writer_over(memory, sizeof memory);
        assay_cbor_put_uint(&w, numbers[i].value);
        check_written(&w, numbers[i].hex);
        const struct bytes in = of_hex(numbers[i].hex);
        struct assay_cursor c = over(&in);
        uint64_t value = 77;
        cr_assert_eq(assay_cbor_uint(&c, &value), ASSAY_OK);
        cr_assert_eq(value, numbers[i].value);
        cr_assert_eq(assay_cursor_end(&c), ASSAY_OK);
    }
}

Test(base_cbor, writes_and_reads_signed_numbers)
{
    static const struct {
        int64_t value;
        const char *hex;
    } rows[] = {
        { 0, "00" }, { 23, "17" }, { -1, "20" }, { -10, "29" }, { -24, "37" }, { -25, "3818" },
        { -100, "3863" }, { -256, "38ff" }, { -257, "390100" }, { -1000, "3903e7" },
        { INT64_MAX, "1b7fffffffffffffff" }, { INT64_MIN, "3b7fffffffffffffff" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t memory[16];
        struct assay_writer w = assay_writer_over(memory, sizeof memory);
        assay_cbor_put_int(&w, rows[i].value);
        check_written(&w, rows[i].hex);
        const struct bytes in = of_hex(rows[i].hex);
        struct assay_cursor c = over(&in);
        int64_t value = 77;
        cr_assert_eq(assay_cbor_int(&c, &value), ASSAY_OK);
        cr_assert_eq(value, rows[i].value);
    }
}

Test(base_cbor, refuses_signed_numbers_beyond_64_bits)
{
    static const char *const texts[] = { "1b8000000000000000", "3b8000000000000000",
                                         "1bffffffffffffffff", "3bffffffffffffffff" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct bytes in = of_hex(texts[i]);
        struct assay_cursor c = over(&in);
        int64_t value = 77;
        cr_assert_eq(assay_cbor_int(&c, &value), ASSAY_E_RANGE);
        cr_assert(value == 77 && c.pos == 0);
    }
}

Test(base_cbor, refuses_longer_forms_of_every_head)
{
    static const char *const tails[] = { "1800", "1817", "190000", "1900ff", "1a00000000",
                                         "1a0000ffff", "1b0000000000000000", "1b00000000ffffffff" };
    for (unsigned major = 0; major < 7; major++) {
        for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
            struct bytes in = of_hex(tails[i]);
            size_t used = 0;
            in.bytes[0] = (uint8_t)(in.bytes[0] | major << 5);
            cr_assert_eq(skip(in.bytes, in.len, &used), ASSAY_E_ENCODING, "%u %s", major, tails[i]);
        }
    }
}

Test(base_cbor, bounds_numbers_at_the_limit_and_one_past_it)
{
    const struct bytes in = of_hex("190100"); /* 256 */
    struct assay_cursor c = over(&in);
    uint64_t value = 77;
    cr_assert_eq(assay_cbor_uint_max(&c, 255, &value), ASSAY_E_RANGE);
    cr_assert(value == 77 && c.pos == 0);
    cr_assert_eq(assay_cbor_uint_max(&c, 256, &value), ASSAY_OK);
    cr_assert(value == 256 && c.pos == 3);
}

/* --- strings */

Test(base_cbor, writes_and_reads_strings)
{
    uint8_t memory[64];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    struct assay_slice out = { 0 };
    uint8_t exact[4] = { 0 };
    assay_cbor_put_bytes(&w, "\x01\x02\x03\x04", 4);
    assay_cbor_put_bytes(&w, "\x01\x02\x03\x04", 4);
    assay_cbor_put_text(&w, "IETF");
    assay_cbor_put_text_n(&w, "\xc3\xbc...", 2);
    assay_cbor_put_bytes(&w, NULL, 0);
    assay_cbor_put_text(&w, "");
    check_written(&w, "440102030444010203046449455446"
                      "62c3bc4060");
    struct assay_cursor c = assay_cursor_over(memory, w.len);
    cr_assert_eq(assay_cbor_bytes(&c, 3, &out), ASSAY_E_RANGE);
    cr_assert_eq(assay_cbor_bytes(&c, 4, &out), ASSAY_OK);
    cr_assert(out.bytes == memory + 1 && out.len == 4);
    cr_assert_eq(assay_cbor_bytes_exact(&c, exact, 3), ASSAY_E_RANGE);
    cr_assert_eq(assay_cbor_bytes_exact(&c, exact, 5), ASSAY_E_RANGE);
    cr_assert_eq(exact[0], 0, "out is untouched");
    cr_assert_eq(assay_cbor_bytes_exact(&c, exact, 4), ASSAY_OK);
    cr_assert(assay_bytes_equal(exact, "\x01\x02\x03\x04", 4));
    cr_assert_eq(assay_cbor_text(&c, 3, &out), ASSAY_E_RANGE);
    cr_assert_eq(assay_cbor_text_expect(&c, "IETG"), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_cbor_text_expect(&c, "IET"), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_cbor_text_expect(&c, "IETF/2"), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_cbor_text_expect(&c, "IETF"), ASSAY_OK);
    cr_assert_eq(assay_cbor_text(&c, 2, &out), ASSAY_OK);
    cr_assert(assay_slice_equal(out, assay_slice_over("\xc3\xbc", 2)));
    cr_assert_eq(assay_cbor_bytes(&c, 0, &out), ASSAY_OK);
    cr_assert_eq(assay_cbor_text_expect(&c, ""), ASSAY_OK);
    cr_assert_eq(assay_cursor_end(&c), ASSAY_OK);
}

Test(base_cbor, writes_the_head_of_bytes_that_follow_piece_by_piece)
{
    uint8_t memory[64];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_cbor_put_bytes_head(&w, 25);
    assay_writer_zero(&w, 24);
    assay_cbor_put_uint(&w, 1);
    static const char expected[] = "5819" "000000000000000000000000000000000000000000000000" "01";
    check_written(&w, expected);
    cr_assert_eq(skip_hex(expected), ASSAY_OK);
}

Test(base_cbor, refuses_lengths_that_no_memory_has)
{
    static const char *const texts[] = { "5bffffffffffffffff00", "7bffffffffffffffff00",
                                         "5b7fffffffffffffff00", "5affffffff00",
                                         "9bffffffffffffffff00", "bbffffffffffffffff0000" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_eq(skip_hex(texts[i]), ASSAY_E_TRUNCATED, "%s", texts[i]);
    }
}

Test(base_cbor, refuses_text_that_is_not_utf_8)
{
    static const char *const bad[] = {
        "6180", "61bf", "61c0", "62c080", "62c1bf", "62c220", "61c3", "63e08080", "63e09fbf",
        "63eda080", "63edbfbf", "62e282", "64f0808080", "64f08fbfbf", "64f4908080", "64f5808080",
        "64f7bfbfbf", "65f888808080", "61ff", "61fe", "64f0908020", "63e28220", "63414280",
    };
    static const char *const good[] = {
        "6100", "617f", "62c280", "62dfbf", "63e0a080", "63ed9fbf", "63ee8080", "63efbfbf",
        "64f0908080", "64f48fbfbf", "64f09f9880",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(skip_hex(bad[i]), ASSAY_E_ENCODING, "%s", bad[i]);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert_eq(skip_hex(good[i]), ASSAY_OK, "%s", good[i]);
    }
}

Test(base_cbor, aborts_rather_than_write_text_that_is_not_utf_8, .signal = SIGABRT)
{
    uint8_t memory[8];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_cbor_put_text(&w, "\xff");
}

/* --- containers, tags and simple values */

Test(base_cbor, writes_and_reads_containers_tags_and_simple_values)
{
    uint8_t memory[64];
    struct assay_writer w = assay_writer_over(memory, sizeof memory);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_bool(&w, false);
    assay_cbor_put_bool(&w, true);
    assay_cbor_put_null(&w);
    assay_cbor_put_map(&w, 1);
    assay_cbor_put_uint(&w, 1);
    assay_cbor_put_tag(&w, 1234);
    assay_cbor_put_array(&w, 0);
    check_written(&w, "84f4f5f6a101d904d280");
    cr_assert_eq(skip_hex("84f4f5f6a101d904d280"), ASSAY_OK);

    struct assay_cursor c = assay_cursor_over(memory, w.len);
    uint64_t count = 77;
    bool value = true;
    cr_assert_eq(assay_cbor_array(&c, 3, &count), ASSAY_E_RANGE);
    cr_assert_eq(assay_cbor_array_exact(&c, 3), ASSAY_E_RANGE);
    cr_assert_eq(assay_cbor_array_exact(&c, 5), ASSAY_E_RANGE);
    cr_assert(count == 77 && c.pos == 0);
    cr_assert_eq(assay_cbor_array(&c, 4, &count), ASSAY_OK);
    cr_assert_eq(count, 4);
    c.pos = 0;
    cr_assert_eq(assay_cbor_array_exact(&c, 4), ASSAY_OK);
    cr_assert(assay_cbor_bool(&c, &value) == ASSAY_OK && !value);
    cr_assert(assay_cbor_bool(&c, &value) == ASSAY_OK && value);
    cr_assert_eq(assay_cbor_bool(&c, &value), ASSAY_E_TYPE);
    cr_assert_eq(assay_cbor_null(&c), ASSAY_OK);
    cr_assert_eq(assay_cbor_map(&c, 0, &count), ASSAY_E_RANGE);
    cr_assert(assay_cbor_map(&c, 1, &count) == ASSAY_OK && count == 1);
    cr_assert(assay_cbor_uint(&c, &count) == ASSAY_OK && count == 1);
    cr_assert(assay_cbor_tag(&c, &count) == ASSAY_OK && count == 1234);
    cr_assert_eq(assay_cbor_null(&c), ASSAY_E_TYPE);
    cr_assert_eq(assay_cbor_array_exact(&c, 0), ASSAY_OK);
    cr_assert_eq(assay_cursor_end(&c), ASSAY_OK);
    cr_assert_eq(assay_cbor_null(&c), ASSAY_E_TRUNCATED);
}

/* Calls every typed reader. Returns: how many accepted, and their answer through *other. */
static unsigned read_as_everything(const struct bytes *in, unsigned *wrong_type)
{
    uint64_t u = 0;
    int64_t i = 0;
    bool b = false;
    struct assay_slice s = { 0 };
    struct assay_cursor c[9];
    for (size_t k = 0; k < 9; k++) c[k] = over(in);
    const enum assay_status answers[9] = {
        assay_cbor_uint(&c[0], &u),          assay_cbor_int(&c[1], &i),
        assay_cbor_bytes(&c[2], 99, &s),     assay_cbor_text(&c[3], 99, &s),
        assay_cbor_array(&c[4], 99, &u),     assay_cbor_map(&c[5], 99, &u),
        assay_cbor_tag(&c[6], &u),           assay_cbor_bool(&c[7], &b),
        assay_cbor_null(&c[8]),
    };
    unsigned accepted = 0;
    *wrong_type = 0;
    for (size_t k = 0; k < 9; k++) {
        if (answers[k] == ASSAY_OK) accepted |= 1u << k;
        if (answers[k] == ASSAY_E_TYPE) *wrong_type |= 1u << k;
        if (answers[k] != ASSAY_OK) cr_assert_eq(c[k].pos, 0);
    }
    return accepted;
}

Test(base_cbor, gives_each_item_to_its_own_reader_alone)
{
    static const struct {
        const char *hex;
        enum assay_cbor_type type;
        unsigned readers; /* bits in the order of read_as_everything */
    } rows[] = {
        { "05", ASSAY_CBOR_UINT, 3 },      { "25", ASSAY_CBOR_NINT, 2 },
        { "4105", ASSAY_CBOR_BYTES, 4 },   { "6161", ASSAY_CBOR_TEXT, 8 },
        { "8105", ASSAY_CBOR_ARRAY, 16 },  { "a10505", ASSAY_CBOR_MAP, 32 },
        { "c505", ASSAY_CBOR_TAG, 64 },    { "f4", ASSAY_CBOR_FALSE, 128 },
        { "f5", ASSAY_CBOR_TRUE, 128 },    { "f6", ASSAY_CBOR_NULL, 256 },
    };
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        const struct bytes in = of_hex(rows[k].hex);
        const struct assay_cursor c = over(&in);
        enum assay_cbor_type type = ASSAY_CBOR_NULL;
        unsigned wrong_type = 0;
        cr_assert_eq(assay_cbor_peek(&c, &type), ASSAY_OK);
        cr_assert_eq(type, rows[k].type);
        cr_assert_eq(read_as_everything(&in, &wrong_type), rows[k].readers, "%s", rows[k].hex);
        cr_assert_eq(wrong_type, 511u & ~rows[k].readers, "%s", rows[k].hex);
    }
}

Test(base_cbor, refuses_items_that_do_not_exist_here)
{
    /* undefined, simple values, floats, break, indefinite lengths, reserved heads */
    static const char *const texts[] = {
        "f7", "e0", "f3", "f8ff", "f814", "f820", "f90000", "f93c00", "fa00000000",
        "fb0000000000000000", "ff", "5f4101ff", "7f6161ff", "9f01ff", "bf0101ff", "1c", "1d", "1e",
        "1f", "3c", "3f", "dc", "df", "fc", "fe", "9c", "bc",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct bytes in = of_hex(texts[i]);
        const struct assay_cursor c = over(&in);
        enum assay_cbor_type type = ASSAY_CBOR_NULL;
        unsigned wrong_type = 0;
        cr_assert_eq(skip_hex(texts[i]), ASSAY_E_ENCODING, "%s", texts[i]);
        cr_assert_eq(assay_cbor_peek(&c, &type), ASSAY_E_ENCODING);
        cr_assert_eq(read_as_everything(&in, &wrong_type), 0);
        cr_assert_eq(wrong_type, 0, "%s", texts[i]);
    }
}

/* --- maps */

Test(base_cbor, asks_for_unique_keys_in_order)
{
    cr_assert_eq(skip_hex("a3000001000200"), ASSAY_OK);
    cr_assert_eq(skip_hex("a20100" "0000"), ASSAY_E_ENCODING);
    cr_assert_eq(skip_hex("a20100" "0100"), ASSAY_E_DUPLICATE);
    cr_assert_eq(skip_hex("a21700181800"), ASSAY_OK);
    cr_assert_eq(skip_hex("a21818001700"), ASSAY_E_ENCODING);
    cr_assert_eq(skip_hex("a2616100616200"), ASSAY_OK);
    cr_assert_eq(skip_hex("a2616200616100"), ASSAY_E_ENCODING);
    cr_assert_eq(skip_hex("a2616100616100"), ASSAY_E_DUPLICATE);
    /* bytewise on encodings: shorter text first, numbers before text */
    cr_assert_eq(skip_hex("a2617a0062616100"), ASSAY_OK);
    cr_assert_eq(skip_hex("a2626161" "00617a00"), ASSAY_E_ENCODING);
    cr_assert_eq(skip_hex("a21bffffffffffffffff006000"), ASSAY_OK);
    cr_assert_eq(skip_hex("a260001bffffffffffffffff00"), ASSAY_E_ENCODING);
}

Test(base_cbor, refuses_keys_that_are_neither_numbers_nor_text)
{
    static const char *const texts[] = { "a12000", "a1410000", "a18000", "a1a000", "a1c00000",
                                         "a1f400", "a1f600" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_assert_eq(skip_hex(texts[i]), ASSAY_E_TYPE, "%s", texts[i]);
    }
}

Test(base_cbor, checks_the_keys_of_inner_maps_on_their_own)
{
    cr_assert_eq(skip_hex("a201a20100020002a201000200"), ASSAY_OK);
    cr_assert_eq(skip_hex("a201a20100010002a201000200"), ASSAY_E_DUPLICATE);
    cr_assert_eq(skip_hex("a201a1050001a10500"), ASSAY_E_DUPLICATE);
    cr_assert_eq(skip_hex("82a10500a10500"), ASSAY_OK);
    cr_assert_eq(skip_hex("a201a002a0"), ASSAY_OK);
    cr_assert_eq(skip_hex("a2018002c180"), ASSAY_OK);
}

Test(base_cbor, orders_keys_by_key_order_as_skip_does)
{
    struct assay_slice previous = { 0 };
    cr_assert_eq(assay_cbor_key_order(&previous, assay_slice_over("\x01", 1)), ASSAY_OK);
    cr_assert_eq(assay_cbor_key_order(&previous, assay_slice_over("\x01", 1)), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_cbor_key_order(&previous, assay_slice_over("\x00", 1)), ASSAY_E_ENCODING);
    cr_assert_eq(assay_cbor_key_order(&previous, assay_slice_over("\x61z", 2)), ASSAY_OK);
    cr_assert_eq(assay_cbor_key_order(&previous, assay_slice_over("\x61", 1)), ASSAY_E_ENCODING);
    cr_assert_eq(assay_cbor_key_order(&previous, assay_slice_over("\x61zz", 3)), ASSAY_OK);
    cr_assert_eq(previous.len, 3);
}

/* --- nesting */

static struct bytes nested(uint8_t head, size_t depth)
{
    struct bytes out = { .len = 0 };
    for (size_t i = 0; i < depth; i++) {
        out.bytes[out.len++] = head;
        if (head == 0xa1) out.bytes[out.len++] = 0x00; /* the key */
    }
    out.bytes[out.len++] = 0x00;
    return out;
}

Test(base_cbor, nests_to_its_limit_and_not_one_deeper)
{
    static const uint8_t heads[] = { 0x81, 0xa1, 0xc1 };
    for (size_t i = 0; i < sizeof heads; i++) {
        size_t used = 0;
        const struct bytes at_limit = nested(heads[i], ASSAY_CBOR_DEPTH_MAX);
        const struct bytes past_it = nested(heads[i], ASSAY_CBOR_DEPTH_MAX + 1);
        const struct bytes far = nested(heads[i], 1500);
        cr_assert_eq(skip(at_limit.bytes, at_limit.len, &used), ASSAY_OK);
        cr_assert_eq(used, at_limit.len);
        cr_assert_eq(skip(past_it.bytes, past_it.len, &used), ASSAY_E_RANGE);
        cr_assert_eq(skip(far.bytes, far.len, &used), ASSAY_E_RANGE);
    }
}

/* --- against the reference */

static void compare_with_reference(const uint8_t *bytes, size_t len)
{
    size_t used = 77;
    size_t expected_used = 77;
    const enum assay_status expected = cbor_reference(bytes, len, &expected_used);
    const enum assay_status found = skip(bytes, len, &used);
    if (found == expected && used == expected_used) return;
    char hex[65];
    assay_hex_encode(bytes, len < 32 ? len : 32, hex, sizeof hex);
    cr_assert_fail("%s... (%zu bytes): found %s, expected %s", hex, len,
                   assay_status_symbol(found), assay_status_symbol(expected));
}

Test(base_cbor, agrees_with_the_reference_on_every_input_of_up_to_three_bytes)
{
    uint8_t *exact[4];
    for (size_t len = 0; len <= 3; len++) {
        exact[len] = malloc(len == 0 ? 1 : len);
        cr_assert(exact[len] != NULL);
    }
    compare_with_reference(exact[0], 0);
    for (unsigned a = 0; a <= UINT8_MAX; a++) {
        exact[1][0] = exact[2][0] = exact[3][0] = (uint8_t)a;
        compare_with_reference(exact[1], 1);
        for (unsigned b = 0; b <= UINT8_MAX; b++) {
            exact[2][1] = exact[3][1] = (uint8_t)b;
            compare_with_reference(exact[2], 2);
            for (unsigned c = 0; c <= UINT8_MAX; c++) {
                exact[3][2] = (uint8_t)c;
                compare_with_reference(exact[3], 3);
            }
        }
    }
    for (size_t len = 0; len <= 3; len++) free(exact[len]);
}

static void put_random_item(struct assay_writer *w, struct random *random, unsigned depth);

static void put_random_text(struct assay_writer *w, struct random *random)
{
    static const char *const letters[] = { "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80" };
    char text[80] = { 0 };
    size_t len = 0;
    const uint64_t count = random_below(random, 12);
    for (uint64_t i = 0; i < count; i++) {
        const char *letter = letters[random_below(random, 4)];
        assay_bytes_copy(text + len, sizeof text - len, letter, strlen(letter));
        len += strlen(letter);
    }
    assay_cbor_put_text_n(w, text, len);
}

static void put_random_map(struct assay_writer *w, struct random *random, unsigned depth)
{
    const uint64_t numbers_ = random_below(random, 4);
    const uint64_t texts = random_below(random, 4);
    uint64_t key = random_u64(random) >> random_below(random, 63) >> 1;
    assay_cbor_put_map(w, numbers_ + texts);
    for (uint64_t i = 0; i < numbers_; i++) {
        assay_cbor_put_uint(w, key);
        put_random_item(w, random, depth + 1);
        key += 1 + random_below(random, 300);
    }
    for (uint64_t i = 0; i < texts; i++) { /* keys grow longer, hence larger */
        assay_cbor_put_text_n(w, "keykeykey", (size_t)(i * 2 + random_below(random, 2)));
        put_random_item(w, random, depth + 1);
    }
}

static void put_random_item(struct assay_writer *w, struct random *random, unsigned depth)
{
    uint8_t bytes[40];
    uint64_t kind = random_below(random, depth < 5 ? 10 : 6);
    if (depth == 0) kind = 6 + kind % 3;
    const uint64_t number = random_u64(random) >> random_below(random, 64);
    const uint64_t count = random_below(random, 5);
    if (kind == 0) assay_cbor_put_uint(w, number);
    if (kind == 1) assay_cbor_put_int(w, -(int64_t)(number >> 1) - 1);
    if (kind == 2) {
        random_bytes(random, bytes, sizeof bytes);
        assay_cbor_put_bytes(w, bytes, (size_t)random_below(random, sizeof bytes + 1));
    }
    if (kind == 3) put_random_text(w, random);
    if (kind == 4) assay_cbor_put_bool(w, number % 2 == 0);
    if (kind == 5) assay_cbor_put_null(w);
    if (kind == 6 || kind == 9) {
        assay_cbor_put_array(w, count);
        for (uint64_t i = 0; i < count; i++) put_random_item(w, random, depth + 1);
    }
    if (kind == 7) put_random_map(w, random, depth);
    if (kind == 8) {
        assay_cbor_put_tag(w, number);
        put_random_item(w, random, depth + 1);
    }
}

/* Returns: a random item that fits, in out. */
static void make_random_item(struct random *random, struct bytes *out)
{
    struct assay_slice item = { 0 };
    struct assay_writer w;
    do {
        w = assay_writer_over(out->bytes, sizeof out->bytes);
        put_random_item(&w, random, 0);
    } while (assay_writer_finish(&w, &item) != ASSAY_OK);
    out->len = item.len;
}

Test(base_cbor, encodes_again_exactly_what_it_decoded)
{
    struct random random = { 8949 };
    for (unsigned round = 0; round < 3000; round++) {
        struct bytes in;
        struct bytes again;
        size_t used = 0;
        make_random_item(&random, &in);
        cr_assert_eq(skip(in.bytes, in.len, &used), ASSAY_OK);
        cr_assert_eq(used, in.len);
        struct assay_writer w = assay_writer_over(again.bytes, sizeof again.bytes);
        struct assay_slice out = { 0 };
        cr_assert_eq(cbor_transcode(assay_slice_over(in.bytes, in.len), &w), ASSAY_OK);
        cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
        cr_assert(assay_slice_equal(out, assay_slice_over(in.bytes, in.len)));
    }
}

Test(base_cbor, rejects_every_truncation)
{
    struct random random = { 4 };
    for (unsigned round = 0; round < 60; round++) {
        struct bytes in;
        make_random_item(&random, &in);
        for (size_t len = 0; len < in.len; len++) {
            uint8_t *exact = malloc(len == 0 ? 1 : len); /* ASan sees one byte too far */
            size_t used = 0;
            cr_assert(exact != NULL);
            assay_bytes_copy(exact, len, in.bytes, len);
            cr_assert_eq(skip(exact, len, &used), ASSAY_E_TRUNCATED);
            free(exact);
        }
    }
}

Test(base_cbor, agrees_with_the_reference_after_any_bit_was_flipped)
{
    struct random random = { 5 };
    unsigned refused = 0;
    for (unsigned round = 0; round < 60; round++) {
        struct bytes in;
        make_random_item(&random, &in);
        for (size_t bit = 0; bit < in.len * 8; bit++) {
            size_t used = 0;
            in.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            compare_with_reference(in.bytes, in.len);
            if (skip(in.bytes, in.len, &used) != ASSAY_OK) refused++;
            in.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
    cr_assert_gt(refused, 1000, "flips do damage: %u", refused);
}

Test(base_cbor, agrees_with_the_reference_on_random_heads)
{
    struct random random = { 6 };
    unsigned accepted = 0;
    for (unsigned round = 0; round < 300000; round++) {
        /* small heads of every kind, so that containers often close */
        uint8_t bytes[12];
        size_t used = 0;
        for (size_t i = 0; i < sizeof bytes; i++) {
            const uint64_t draw = random_u64(&random);
            bytes[i] = (uint8_t)((draw & 0xe0) | (draw >> 8 & 3));
            if ((draw & 0xe0) == 0xe0) bytes[i] = (uint8_t)(0xf4 + (draw >> 8) % 3);
        }
        compare_with_reference(bytes, sizeof bytes);
        if (skip(bytes, sizeof bytes, &used) == ASSAY_OK && used > 4) accepted++;
    }
    cr_assert_gt(accepted, 1000, "some are long items: %u", accepted);
}

Test(base_cbor, sets_the_writer_full_when_an_item_does_not_fit)
{
    for (size_t capacity = 0; capacity < 15; capacity++) {
        uint8_t *exact = malloc(capacity == 0 ? 1 : capacity);
        struct assay_slice out = { 0 };
        cr_assert(exact != NULL);
        struct assay_writer w = assay_writer_over(exact, capacity);
        assay_cbor_put_array(&w, 2);
        assay_cbor_put_uint(&w, UINT64_MAX);
        assay_cbor_put_text(&w, "text");
        cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_E_FULL, "capacity %zu", capacity);
        free(exact);
    }
}
