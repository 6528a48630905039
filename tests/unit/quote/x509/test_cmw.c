/*
 * tests/unit/quote/x509/test_cmw.c - conceptual message wrappers: the one evidence in them is
 * found in CBOR and JSON, and what is ambiguous or malformed is refused.
 */
#include "tests/unit/quote/x509/carrier_world.h"

#include "base/cbor.h"
#include "quote/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world *w;
static struct assay_slice quote;
static struct assay_carrier carrier;
static uint8_t *room;
static uint8_t bytes[CARRIER_BYTES_MAX];
static char text[CARRIER_BYTES_MAX];

static void set_up(void)
{
    w = world_open();
    quote = assay_slice_over(w->quote, w->quote_len);
    room = malloc(assay_carrier_room(CARRIER_BYTES_MAX));
    cr_assert_not_null(room);
}

static void tear_down(void)
{
    free(room);
    world_close(w);
}

TestSuite(quote_cmw, .init = set_up, .fini = tear_down);

static enum assay_status open_bytes(const void *from, size_t len)
{
    carrier = (struct assay_carrier){ .form = ASSAY_CARRIER_NONE };
    return assay_carrier_open(assay_slice_over(from, len), room, assay_carrier_room(len), &carrier);
}

static void expect_found(const char *type, unsigned indicator)
{
    cr_assert_eq(carrier.form, ASSAY_CARRIER_WRAPPER);
    cr_assert_eq(carrier.kind, ASSAY_KIND_SOFT);
    cr_assert(assay_slice_equal(carrier.evidence, quote));
    cr_assert(assay_slice_equal(carrier.message.type, assay_slice_over(type, strlen(type))));
    cr_assert_eq(carrier.message.indicator, indicator);
    cr_assert(!assay_carrier_has_key(&carrier));
}

Test(quote_cmw, records_of_both_forms)
{
    cr_assert_eq(open_bytes(bytes, wrap_cbor(quote, "a/b", 0, bytes, sizeof bytes)), ASSAY_OK);
    expect_found("a/b", 0);
    cr_assert_eq(open_bytes(bytes, wrap_cbor(quote, "a/b; c=\"d\"", 4, bytes, sizeof bytes)),
                 ASSAY_OK);
    expect_found("a/b; c=\"d\"", 4);
    cr_assert_eq(open_bytes(bytes, wrap_cbor(quote, NULL, 6, bytes, sizeof bytes)), ASSAY_OK);
    expect_found("", 6);
    cr_assert_eq(carrier.message.content_format, 30001);
    cr_assert_eq(open_bytes(text, wrap_json(quote, "a/b", 4, text, sizeof text)), ASSAY_OK);
    expect_found("a/b", 4);
    const size_t len = wrap_json(quote, "a/b", 0, text + 2, sizeof text - 2);
    assay_bytes_copy(text, 2, "\n ", 2);
    cr_assert_eq(open_bytes(text, len + 2), ASSAY_OK);
    expect_found("a/b", 0);
}

/* RFC 9277, appendix B: 1668546817 is format 0, and no format has 255 as the last byte. */
Test(quote_cmw, a_tag_stands_for_a_content_format)
{
    static const struct {
        uint64_t tag;
        uint32_t format;
        bool is_one;
    } rows[] = {
        { 1668546817, 0, true },        { 1668546817 + 254, 254, true },
        { 1668546817 + 255, 0, false }, { 1668546817 + 256, 255, true },
        { 1668612095, 65024, true },    { 1668612096, 0, false },
        { 1668546816, 0, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
        assay_cbor_put_tag(&out, rows[i].tag);
        assay_cbor_put_bytes(&out, quote.bytes, quote.len);
        const enum assay_status status = open_bytes(bytes, out.len);
        cr_assert_eq(status == ASSAY_OK, rows[i].is_one, "%zu: %s", i, assay_status_symbol(status));
        if (rows[i].is_one) cr_assert_eq(carrier.message.content_format, rows[i].format, "%zu", i);
    }
}

/* --- collections. Each writes a map of so many pairs, or one label with its record. */
static void put_record(struct assay_writer *out, const char *label, struct assay_slice value,
                       unsigned indicator)
{
    assay_cbor_put_text(out, label);
    assay_cbor_put_array(out, indicator == 0 ? 2 : 3);
    assay_cbor_put_text(out, "a/b");
    assay_cbor_put_bytes(out, value.bytes, value.len);
    if (indicator != 0) assay_cbor_put_uint(out, indicator);
}

static const struct assay_slice other = { (const uint8_t *)"no evidence", 11 };

Test(quote_cmw, the_one_evidence_of_a_collection_is_found)
{
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_map(&out, 4);
    assay_cbor_put_text(&out, "__cmwc_t");
    assay_cbor_put_text(&out, "tag:example.com,2026:x");
    put_record(&out, "b", other, 0);
    put_record(&out, "a", quote, 2); /* endorsements, whatever they look like */
    assay_cbor_put_uint(&out, 7);
    assay_cbor_put_map(&out, 1);
    put_record(&out, "inner", quote, 4);
    cr_assert_eq(open_bytes(bytes, out.len), ASSAY_OK);
    expect_found("a/b", 4);
}

Test(quote_cmw, two_pieces_of_evidence_are_ambiguous)
{
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_map(&out, 2);
    put_record(&out, "a", quote, 0);
    put_record(&out, "b", quote, 4);
    cr_assert_eq(open_bytes(bytes, out.len), ASSAY_E_DUPLICATE);
}

Test(quote_cmw, a_collection_has_bounds)
{
    struct assay_cmw message;
    enum assay_evidence_kind kind;
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    for (int depth = 0; depth < 2; depth++) {
        assay_cbor_put_map(&out, 1);
        assay_cbor_put_uint(&out, 0);
    }
    assay_cbor_put_map(&out, 1);
    put_record(&out, "a", quote, 0);
    cr_assert_eq(assay_cmw_evidence(assay_slice_over(bytes, out.len), &message, &kind),
                 ASSAY_E_RANGE, "three collections in one another");
    out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_map(&out, 2);
    put_record(&out, "a", quote, 0);
    put_record(&out, "a", other, 0);
    cr_assert_eq(assay_cmw_evidence(assay_slice_over(bytes, out.len), &message, &kind),
                 ASSAY_E_DUPLICATE, "a label twice");
    out = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_map(&out, ASSAY_CMW_ENTRIES_MAX + 1);
    cr_assert_eq(assay_cmw_evidence(assay_slice_over(bytes, out.len), &message, &kind),
                 ASSAY_E_RANGE);
}

Test(quote_cmw, malformed_records_are_refused)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum assay_status status;
    } rows[] = {
        { "\x81\x63"
          "a/b",
          5, ASSAY_E_RANGE }, /* no value */
        { "\x82\x63"
          "a/b\x41"
          "x",
          7, ASSAY_E_UNSUPPORTED }, /* no evidence */
        { "\x82\x63"
          "a/b\x61"
          "x",
          7, ASSAY_E_TYPE }, /* a value as text */
        { "\x82\x63"
          "abc\x41"
          "x",
          7, ASSAY_E_INVALID }, /* no media type */
        { "\x82\x63"
          "/ab\x41"
          "x",
          7, ASSAY_E_INVALID },
        { "\x82\x63"
          "a\n/\x41"
          "x",
          7, ASSAY_E_INVALID },
        { "\x83\x63"
          "a/b\x41"
          "x\x00",
          8, ASSAY_E_INVALID }, /* an indicator of 0 */
        { "\x83\x63"
          "a/b\x41"
          "x\x20",
          8, ASSAY_E_TYPE },
        { "\x84\x63"
          "a/b\x41"
          "x\x04\x04",
          9, ASSAY_E_RANGE }, /* four members */
        { "\x82\x63"
          "a/b\x41"
          "xy",
          8, ASSAY_E_TRAILING },
        { "\x82\x1a\x00\x01\x00\x00\x41"
          "x",
          8, ASSAY_E_RANGE }, /* format 65536 */
        { "\x82\x63"
          "a/b\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
          14, ASSAY_E_TRUNCATED },
        { "\xa0", 1, ASSAY_E_UNSUPPORTED },
        { "\x01", 1, ASSAY_E_TYPE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_cmw message;
        enum assay_evidence_kind kind;
        const enum assay_status status =
            assay_cmw_evidence(assay_slice_over(rows[i].bytes, rows[i].len), &message, &kind);
        cr_expect_eq(status, rows[i].status, "%zu: %s", i, assay_status_symbol(status));
    }
}

/* An indefinite array, as streaming encoders write it. */
Test(quote_cmw, arrays_of_indefinite_length)
{
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u8(&out, 0x9f);
    assay_cbor_put_text(&out, "a/b");
    assay_cbor_put_bytes(&out, quote.bytes, quote.len);
    assay_writer_u8(&out, 0xff);
    cr_assert_eq(open_bytes(bytes, out.len), ASSAY_OK);
    expect_found("a/b", 0);
}

Test(quote_cmw, a_collection_in_json)
{
    static char one[CARRIER_BYTES_MAX];
    (void)wrap_json(quote, "a/b", 4, one, sizeof one);
    int len =
        snprintf(text, sizeof text,
                 "{\"__cmwc_t\":\"tag:x\",\"e\":[\"c/d\",\"AAAA\",2],\"in\":{\"cpu\":%s}}", one);
    cr_assert_eq(open_bytes(text, (size_t)len), ASSAY_OK);
    expect_found("a/b", 4);
    len = snprintf(text, sizeof text, "{\"a\":%s,\"b\":%s}", one, one);
    cr_assert_eq(open_bytes(text, (size_t)len), ASSAY_E_DUPLICATE);
}

Test(quote_cmw, malformed_json_is_refused)
{
    static const struct {
        const char *text;
        enum assay_status status;
    } rows[] = {
        { "[\"a/b\"]", ASSAY_E_RANGE },
        { "[\"a/b\",\"AA==\"]", ASSAY_E_ENCODING },
        { "[\"a/b\",\"A+/A\"]", ASSAY_E_ENCODING },
        { "[7,\"AAAA\"]", ASSAY_E_TYPE }, /* numbers of formats are of CBOR alone */
        { "[\"a/b\",7]", ASSAY_E_TYPE },
        { "[\"a/b\",\"AAAA\",\"4\"]", ASSAY_E_TYPE },
        { "[\"a/b\",\"AAAA\",-1]", ASSAY_E_RANGE },
        { "[\"a/b\",\"AAAA\",4,4]", ASSAY_E_RANGE },
        { "[\"a/b\",\"AAAA\"] x", ASSAY_E_SYNTAX },
        { "{\"a\":[\"a/b\",\"AAAA\"],\"a\":[\"a/b\",\"AAAA\"]}", ASSAY_E_DUPLICATE },
        { "{\"a\":{\"b\":{\"c\":[\"a/b\",\"AAAA\"]}}}", ASSAY_E_TYPE },
        { "{\"a\":7}", ASSAY_E_TYPE },
        { "\"a\"", ASSAY_E_SYNTAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t out[256];
        size_t len = 0;
        const enum assay_status status = assay_doc_cmw(
            (const uint8_t *)rows[i].text, strlen(rows[i].text), out, sizeof out, &len);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, assay_status_symbol(status));
    }
}

/* Thousands of brackets cost no stack. */
Test(quote_cmw, nesting_is_bounded_before_it_is_followed)
{
    size_t len = 0;
    memset(text, '[', sizeof text);
    cr_assert_eq(assay_doc_cmw((const uint8_t *)text, sizeof text, bytes, sizeof bytes, &len),
                 ASSAY_E_RANGE);
    memset(bytes, 0xa1, sizeof bytes);
    cr_assert_neq(open_bytes(bytes, sizeof bytes), ASSAY_OK);
}
