/*
 * tests/unit/base/test_base64.c - tests of base64, PEM and node ids as text: vectors of RFC 4648,
 * and rejections.
 */
#include "base/base64.h"

#include <criterion/criterion.h>
#include <string.h>

/* RFC 4648 section 10. */
static const struct {
    char bytes[8];
    char text[12];
} vectors[] = { { "", "" },
                { "f", "Zg==" },
                { "fo", "Zm8=" },
                { "foo", "Zm9v" },
                { "foob", "Zm9vYg==" },
                { "fooba", "Zm9vYmE=" },
                { "foobar", "Zm9vYmFy" } };

Test(base_base64, agrees_with_the_vectors_of_its_document)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[16];
        uint8_t bytes[16];
        size_t len = 0;
        const size_t expected = strlen(vectors[i].bytes);
        cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, (const uint8_t *)vectors[i].bytes,
                                         expected, text, sizeof text, &len),
                     ASSAY_OK);
        cr_assert_str_eq(text, vectors[i].text);
        cr_assert_eq(
            assay_base64_decode(ASSAY_BASE64_STANDARD, text, len, bytes, sizeof bytes, &len),
            ASSAY_OK);
        cr_assert_eq(len, expected);
        cr_assert_arr_eq(bytes, vectors[i].bytes, len);
    }
}

Test(base_base64, reads_back_every_length_and_every_value_in_both_alphabets)
{
    uint8_t bytes[259];
    uint8_t again[259];
    char text[400];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 197 + 7);
    for (int alphabet = 0; alphabet <= ASSAY_BASE64_URL; alphabet++)
        for (size_t len = 0; len <= sizeof bytes; len++) {
            size_t text_len = 0;
            size_t back = 0;
            const enum assay_base64_alphabet a = (enum assay_base64_alphabet)alphabet;
            cr_assert_eq(assay_base64_encode(a, bytes, len, text, sizeof text, &text_len),
                         ASSAY_OK);
            cr_assert_eq(text_len, assay_base64_len(a, len));
            cr_assert_eq(strlen(text), text_len);
            cr_assert_eq(assay_base64_decode(a, text, text_len, again, len, &back), ASSAY_OK);
            cr_assert_eq(back, len);
            cr_assert_arr_eq(again, bytes, len);
            if (len > 0)
                cr_assert_eq(assay_base64_decode(a, text, text_len, again, len - 1, &back),
                             ASSAY_E_FULL);
            cr_assert_eq(assay_base64_encode(a, bytes, len, text, text_len, &text_len),
                         ASSAY_E_FULL);
        }
}

Test(base_base64, refuses_every_second_text_of_one_meaning)
{
    static const struct {
        enum assay_base64_alphabet alphabet;
        char text[12];
    } rows[] = {
        { ASSAY_BASE64_STANDARD, "Zg=" },    { ASSAY_BASE64_STANDARD, "Zg" },
        { ASSAY_BASE64_STANDARD, "Zh==" }, /* bits that pad */
        { ASSAY_BASE64_STANDARD, "Zm9=" },   { ASSAY_BASE64_STANDARD, "Z===" },
        { ASSAY_BASE64_STANDARD, "====" },   { ASSAY_BASE64_STANDARD, "Zg==Zg==" },
        { ASSAY_BASE64_STANDARD, "Zm9v\n" }, { ASSAY_BASE64_STANDARD, "Zm-v" },
        { ASSAY_BASE64_URL, "Zg==" },        { ASSAY_BASE64_URL, "Zh" },
        { ASSAY_BASE64_URL, "Z" },           { ASSAY_BASE64_URL, "Zm+v" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[16];
        size_t len = 0;
        cr_assert_eq(assay_base64_decode(rows[i].alphabet, rows[i].text, strlen(rows[i].text),
                                         bytes, sizeof bytes, &len),
                     ASSAY_E_ENCODING, "row %zu: %s", i, rows[i].text);
    }
}

static enum assay_status next(struct assay_slice *rest, struct assay_slice *label, uint8_t *out,
                              size_t *len)
{
    return assay_pem_next(rest, label, out, 8, len);
}

Test(base_base64, finds_the_blocks_of_a_pem_text)
{
    static const char text[] = "preface\n-----BEGIN CERTIFICATE-----\nZm9v\nYmE=\n"
                               "-----END CERTIFICATE-----\r\nbetween\n"
                               "-----BEGIN PUBLIC KEY-----\r\nZm\r\n9v\r\n"
                               "-----END PUBLIC KEY-----\n";
    struct assay_slice rest = assay_slice_over(text, sizeof text - 1);
    struct assay_slice label;
    uint8_t out[8];
    size_t len = 0;
    cr_assert_eq(next(&rest, &label, out, &len), ASSAY_OK);
    cr_assert(label.len == 11 && assay_bytes_equal(label.bytes, "CERTIFICATE", 11));
    cr_assert(len == 5 && assay_bytes_equal(out, "fooba", 5));
    cr_assert_eq(next(&rest, &label, out, &len), ASSAY_OK);
    cr_assert(label.len == 10 && assay_bytes_equal(label.bytes, "PUBLIC KEY", 10));
    cr_assert(len == 3 && assay_bytes_equal(out, "foo", 3));
    cr_assert_eq(next(&rest, &label, out, &len), ASSAY_E_NOT_FOUND);
}

Test(base_base64, refuses_blocks_that_are_cut_mislabelled_or_too_long)
{
    static const struct {
        char text[96];
        enum assay_status status;
    } rows[] = {
        { "-----BEGIN X-----\nZm9v\n-----END Y-----", ASSAY_E_ENCODING },
        { "-----BEGIN X-----\nZm9v\n-----END X----", ASSAY_E_TRUNCATED },
        { "-----BEGIN X-----\nZm9v\n", ASSAY_E_TRUNCATED },
        { "-----BEGIN X", ASSAY_E_TRUNCATED },
        { "-----BEGIN X-----\nZm9\n-----END X-----", ASSAY_E_ENCODING },
        { "-----BEGIN X-----\nZm8=\nZm9v\n-----END X-----", ASSAY_E_ENCODING },
        { "-----BEGIN X-----\nZm9vZm9vZm9v\n-----END X-----", ASSAY_E_FULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_slice rest = assay_slice_over(rows[i].text, strlen(rows[i].text));
        struct assay_slice label;
        uint8_t out[8];
        size_t len = 0;
        cr_assert_eq(next(&rest, &label, out, &len), rows[i].status, "row %zu", i);
    }
}

Test(base64, writes_pem_that_it_reads_again_in_lines_of_64)
{
    uint8_t bytes[200], again[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t count = 0; count <= sizeof bytes; count++) {
        uint8_t text[512];
        size_t len = 0, again_len = 0;
        struct assay_slice label;
        cr_assert_eq(assay_pem_put("X", bytes, count, text, sizeof text, &len), ASSAY_OK);
        for (size_t i = 0, line = 0; i < len; i++) {
            line = text[i] == '\n' ? 0 : line + 1;
            cr_assert(line <= 64, "%zu bytes: a line is too long", count);
        }
        cr_assert_eq(text[len - 1], '\n');
        struct assay_slice rest = assay_slice_over(text, len);
        cr_assert_eq(assay_pem_next(&rest, &label, again, sizeof again, &again_len), ASSAY_OK);
        cr_assert(again_len == count && assay_bytes_equal(again, bytes, count), "%zu", count);
        cr_assert(label.len == 1 && label.bytes[0] == 'X');
        cr_assert_eq(rest.len, 1, "a newline ends it");
    }
}

Test(base64, appends_pem_or_leaves_the_text_as_it_is)
{
    static const uint8_t bytes[] = { 1, 2, 3 };
    uint8_t text[256];
    size_t one = 0, two = 0;
    cr_assert_eq(assay_pem_put("KEY", bytes, sizeof bytes, text, sizeof text, &one), ASSAY_OK);
    two = one;
    cr_assert_eq(assay_pem_put("KEY", bytes, sizeof bytes, text, sizeof text, &two), ASSAY_OK);
    cr_assert_eq(two, 2 * one);
    for (size_t room = 0; room < one; room++) {
        size_t len = 0;
        cr_expect_eq(assay_pem_put("KEY", bytes, sizeof bytes, text, room, &len), ASSAY_E_FULL);
        cr_expect_eq(len, 0, "room for %zu", room);
    }
}

/* ------------------------------------------------------------ node ids */

/* 0x00, 0x07, 0x0e .. 0xd9; base32 by Python's base64.b32encode, lower case, without padding. */
static const char id_hex[] = "00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9";
static const char id_base32[] = "aadq4fi4emvdcob7izgviw3cnfyho7ufrsjzviniv63l3rgl2lmq";

static void make_id(uint8_t id[static 32])
{
    for (size_t i = 0; i < 32; i++)
        id[i] = (uint8_t)(i * 7);
}

Test(base_node_id, is_read_in_both_spellings_and_either_case)
{
    uint8_t id[32], read[32];
    char text[ASSAY_NODE_ID_BASE32_LEN + 1], upper[ASSAY_NODE_ID_BASE32_LEN + 1] = "";
    make_id(id);
    assay_id_format_base32(id, text);
    cr_assert_str_eq(text, id_base32);
    cr_assert_eq(assay_id_parse(id_hex, 64, read), ASSAY_OK);
    cr_assert_arr_eq(read, id, 32);
    memset(read, 0, sizeof read);
    cr_assert_eq(assay_id_parse(text, ASSAY_NODE_ID_BASE32_LEN, read), ASSAY_OK);
    cr_assert_arr_eq(read, id, 32);
    for (size_t i = 0; text[i] != '\0'; i++)
        upper[i] = (char)(text[i] >= 'a' ? text[i] - 'a' + 'A' : text[i]);
    memset(read, 0, sizeof read);
    cr_assert_eq(assay_id_parse(upper, ASSAY_NODE_ID_BASE32_LEN, read), ASSAY_OK);
    cr_assert_arr_eq(read, id, 32);
}

Test(base_node_id, of_every_bit_is_read_back)
{
    for (unsigned bit = 0; bit < 256; bit++) {
        uint8_t id[32] = { 0 }, read[32];
        char text[ASSAY_NODE_ID_BASE32_LEN + 1];
        id[bit / 8] = (uint8_t)(0x80 >> bit % 8);
        assay_id_format_base32(id, text);
        cr_assert_eq(assay_id_parse(text, strlen(text), read), ASSAY_OK);
        cr_assert_arr_eq(read, id, 32);
    }
}

Test(base_node_id, of_another_length_or_character_is_refused_and_nothing_written)
{
    char text[72];
    uint8_t id[32];
    memset(id, 0xee, sizeof id);
    memset(text, 'a', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        const enum assay_status status = assay_id_parse(text, len, id);
        if (len == 64 || len == ASSAY_NODE_ID_BASE32_LEN) {
            cr_assert_eq(status, ASSAY_OK);
            memset(id, 0xee, sizeof id);
        } else cr_assert_eq(status, ASSAY_E_SYNTAX);
    }
    for (size_t at = 0; at < ASSAY_NODE_ID_BASE32_LEN; at++)
        for (unsigned c = 0; c < 256; c++) {
            assay_bytes_copy(text, sizeof text, id_base32, ASSAY_NODE_ID_BASE32_LEN);
            text[at] = (char)c;
            const bool is_digit = c != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                   "abcdefghijklmnopqrstuvwxyz234567",
                                                   (int)c) != NULL;
            /* the last one has one bit of the id and four that pad */
            const bool is_last = at + 1 == ASSAY_NODE_ID_BASE32_LEN;
            const bool expected = is_digit && (!is_last || strchr("aAqQ", (int)c) != NULL);
            memset(id, 0xee, sizeof id);
            cr_assert_eq(assay_id_parse(text, ASSAY_NODE_ID_BASE32_LEN, id) == ASSAY_OK, expected);
            if (!expected)
                for (size_t i = 0; i < sizeof id; i++)
                    cr_assert_eq(id[i], 0xee);
        }
}
