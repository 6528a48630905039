/*
 * tests/unit/net/json/test_document.c - tests of the JSON adapter.
 *
 * net/json/json.h: what is built reads back, what is no document is refused, what is not there
 * reads as not there.
 */
#include "net/json/json.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status parse(const char *text, struct assay_json **out)
{
    return assay_json_parse(text, strlen(text), out);
}

static void expect_printed(struct assay_json **value, const char *expected)
{
    char *text = assay_json_print(*value, 0);
    cr_assert_not_null(text);
    cr_expect_str_eq(text, expected);
    free(text);
    assay_json_free(value);
}

/* ------------------------------------------------------------ building */

Test(net_json, prints_keys_in_the_order_they_were_set)
{
    const uint8_t bytes[] = { 0x00, 0xab, 0xff };
    struct assay_json *list = assay_json_array(), *object = assay_json_object();
    assay_json_append_text(list, "x");
    assay_json_append_uint(list, 7);
    assay_json_append(list, assay_json_object());
    assay_json_append_null(list);
    assay_json_set_text(object, "z", "last first");
    assay_json_set_text_n(object, "cut", "abcdef", 3);
    assay_json_set_uint(object, "number", 18014398509481984u); /* above 2^53: no float in between */
    assay_json_set_int(object, "negative", INT64_MIN);
    assay_json_set_bool(object, "yes", true);
    assay_json_set_bool(object, "no", false);
    assay_json_set_null(object, "nothing");
    assay_json_set_hex(object, "hex", bytes, sizeof bytes);
    assay_json_set(object, "list", list);
    expect_printed(&object, "{\"z\":\"last first\",\"cut\":\"abc\",\"number\":18014398509481984,"
                            "\"negative\":-9223372036854775808,\"yes\":true,\"no\":false,"
                            "\"nothing\":null,\"hex\":\"00abff\",\"list\":[\"x\",7,{},null]}");
    cr_expect_null(object);
}

/* What is put in at once belongs to its parent, also when that is not there. */
Test(net_json, parts_are_filled_where_they_stand)
{
    struct assay_json *object = assay_json_object();
    struct assay_json *const list = assay_json_set_array(object, "list");
    assay_json_set_uint(assay_json_append_object(list), "a", 1);
    assay_json_set_uint(assay_json_set_object(object, "in"), "b", 2);
    assay_json_set_text(object, "none", NULL);
    assay_json_set_time(object, "at", 1700000000);
    assay_json_set_time_ms(object, "at_ms", 1700000000123);
    cr_expect_not(assay_json_as_bool(assay_json_get(object, "none")));
    assay_json_set_bool(object, "yes", true);
    cr_expect(assay_json_as_bool(assay_json_get(object, "yes")));
    expect_printed(&object, "{\"list\":[{\"a\":1}],\"in\":{\"b\":2},\"none\":null,"
                            "\"at\":\"2023-11-14T22:13:20Z\",\"at_ms\":"
                            "\"2023-11-14T22:13:20.123Z\",\"yes\":true}");
    cr_expect_null(assay_json_append_object(NULL));
    cr_expect_null(assay_json_set_object(NULL, "key"));
}

Test(net_json, what_is_printed_is_parsed_again)
{
    struct assay_json *object = assay_json_object(), *again = NULL;
    assay_json_set_uint(object, "max", INT64_MAX);
    assay_json_set_text(object, "text", "quote \" slash \\ line \n bell \a");
    for (unsigned indent = 0; indent < 4; indent++) {
        char *text = assay_json_print(object, indent);
        cr_assert_eq(parse(text, &again), ASSAY_OK);
        cr_expect_eq(assay_json_uint(again, "max", 0), INT64_MAX);
        cr_expect_str_eq(assay_json_text(again, "text", ""), "quote \" slash \\ line \n bell \a");
        free(text);
        assay_json_free(&again);
    }
    assay_json_free(&object);
}

Test(net_json, text_that_is_no_utf8_becomes_question_marks)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *printed;
    } cases[] = {
        { "a\xff"
          "b",
          3, "\"a?b\"" },
        { "\xc3\xa9", 2, "\"\xc3\xa9\"" },     /* well-formed: stays */
        { "\xc3", 1, "\"?\"" },                /* cut inside a character */
        { "\xc0\xaf", 2, "\"??\"" },           /* overlong */
        { "\xed\xa0\x80", 3, "\"???\"" },      /* a surrogate */
        { "\xf4\x90\x80\x80", 4, "\"????\"" }, /* beyond Unicode */
        { "", 0, "\"\"" },
        { NULL, 0, "\"\"" },
        { "a\0b", 3, "\"a\\u0000b\"" },
        { "\x1b[2J", 4, "\"\\u001B[2J\"" }, /* no command to a terminal leaves as one */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char expected[64];
        struct assay_json *object = assay_json_object();
        assay_json_set_text_n(object, "k", cases[i].bytes, cases[i].len);
        (void)snprintf(expected, sizeof expected, "{\"k\":%s}", cases[i].printed);
        expect_printed(&object, expected);
    }
}

Test(net_json, null_values_and_null_objects_leave_nothing_behind)
{
    struct assay_json *object = assay_json_object(), *none = NULL, *list = assay_json_array();
    assay_json_set(object, "absent", NULL);
    assay_json_append(list, NULL);
    assay_json_set(object, "list", list);
    assay_json_set_text(NULL, "k", "v");
    assay_json_set_uint(NULL, "k", 1);
    assay_json_set(NULL, "k", assay_json_object()); /* freed, or the leak check fails */
    assay_json_append(NULL, assay_json_object());
    assay_json_append_text(NULL, "v");
    assay_json_free(&none);
    cr_expect_null(assay_json_print(NULL, 0));
    expect_printed(&object, "{\"list\":[]}");
}

/* ------------------------------------------------------------ parsing */

Test(net_json, refuses_what_is_no_document)
{
    static const char *const bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "[1,]",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1} x",
        "{}{}",
        "nul",
        "\"open",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc3\"}",
        "[01]",
        "[+1]",
        "[.5]",
        "[1e999]",
        "[9223372036854775808]",
        "[\"\\ud800\"]",
        "// c\n{}",
        "{'a':1}",
        "{\"a\":1,\"a\":2}",
        "{\"o\":{\"a\":1,\"a\":1}}",
        "{\"a\\u0000b\":1}",
        "\"text\"",
        "7",
        "null",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct assay_json *out = NULL;
        cr_expect_eq(parse(bad[i], &out), ASSAY_E_SYNTAX, "%s", bad[i]);
        cr_expect_null(out, "%s", bad[i]);
    }
    struct assay_json *out = NULL;
    cr_expect_eq(assay_json_parse("{}\0", 3, &out), ASSAY_E_SYNTAX, "a NUL follows");
}

Test(net_json, refuses_every_truncation)
{
    static const char whole[] = "{\"a\":[1,2,{\"b\":\"\\u00e9\xc3\xa9\"}],\"c\":null,\"d\":true}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        struct assay_json *out = NULL;
        char *exact = malloc(len + 1);
        assay_bytes_copy(exact, len + 1, whole, len);
        cr_expect_eq(assay_json_parse(exact, len, &out), ASSAY_E_SYNTAX, "at %zu", len);
        free(exact);
    }
}

Test(net_json, nesting_and_length_have_limits)
{
    enum { LEVELS = 200000 };
    struct assay_json *out = NULL;
    char *deep = malloc(2 * LEVELS);
    memset(deep, '[', LEVELS);
    memset(deep + LEVELS, ']', LEVELS);
    cr_expect_eq(assay_json_parse(deep, 2 * LEVELS, &out), ASSAY_E_RANGE);
    const size_t fit = ASSAY_JSON_DEPTH_MAX; /* the document itself counts */
    cr_expect_eq(assay_json_parse(deep + LEVELS - fit, 2 * fit, &out), ASSAY_OK);
    assay_json_free(&out);
    cr_expect_eq(assay_json_parse(deep + LEVELS - fit - 1, 2 * fit + 2, &out), ASSAY_E_RANGE);
    cr_expect_eq(parse("[\"[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[\"]", &out), ASSAY_OK,
                 "brackets in a text");
    assay_json_free(&out);
    free(deep);

    char *large = malloc(ASSAY_JSON_LEN_MAX + 1);
    memset(large, ' ', ASSAY_JSON_LEN_MAX + 1);
    large[0] = '[';
    large[ASSAY_JSON_LEN_MAX - 1] = ']';
    cr_expect_eq(assay_json_parse(large, ASSAY_JSON_LEN_MAX, &out), ASSAY_OK);
    assay_json_free(&out);
    cr_expect_eq(assay_json_parse(large, ASSAY_JSON_LEN_MAX + 1, &out), ASSAY_E_RANGE);
    free(large);
}

/* ------------------------------------------------------------ reading */

Test(net_json, getters_give_the_fallback_for_what_is_absent_or_of_another_type)
{
    struct assay_json *d = NULL;
    cr_assert_eq(parse("{\"n\":5,\"m\":-5,\"t\":\"x\",\"b\":true,\"f\":1.5,\"o\":{\"k\":9},"
                       "\"l\":[1,\"two\"],\"z\":null}",
                       &d),
                 ASSAY_OK);
    cr_expect_eq(assay_json_uint(d, "n", 1), 5);
    cr_expect_eq(assay_json_uint(d, "m", 1), 1, "a negative number is no count");
    cr_expect_eq(assay_json_uint(d, "t", 1), 1);
    cr_expect_eq(assay_json_uint(d, "f", 1), 1, "a fraction is no count");
    cr_expect_eq(assay_json_uint(d, "none", 1), 1);
    cr_expect(assay_json_bool(d, "b", false));
    cr_expect(assay_json_bool(d, "n", true));
    cr_expect_not(assay_json_bool(d, "z", false));
    cr_expect_str_eq(assay_json_text(d, "t", "?"), "x");
    cr_expect_str_eq(assay_json_text(d, "n", "?"), "?");
    cr_expect_eq(assay_json_uint(assay_json_get(d, "o"), "k", 0), 9);
    cr_expect_eq(assay_json_count(assay_json_get(d, "l")), 2);
    cr_expect_eq(assay_json_count(assay_json_get(d, "o")), 0, "an object is no array");
    cr_expect_str_eq(assay_json_as_text(assay_json_at(assay_json_get(d, "l"), 1)), "two");
    cr_expect_null(assay_json_at(assay_json_get(d, "l"), 2));
    cr_expect_null(assay_json_as_text(assay_json_at(assay_json_get(d, "l"), 0)));
    assay_json_free(&d);
}

Test(net_json, chains_over_nothing_end_in_nothing)
{
    const struct assay_json *none =
        assay_json_get(assay_json_at(assay_json_get(NULL, "a"), 3), "b");
    const char *key = NULL;
    const struct assay_json *value = NULL;
    cr_expect_null(none);
    cr_expect_eq(assay_json_count(none), 0);
    cr_expect_eq(assay_json_uint(none, "k", 3), 3);
    cr_expect(assay_json_bool(none, "k", true));
    cr_expect_str_eq(assay_json_text(none, "k", "f"), "f");
    cr_expect_null(assay_json_as_text(none));
    cr_expect_not(assay_json_member(none, 0, &key, &value));
}

Test(net_json, walks_members_in_their_order)
{
    struct assay_json *d = NULL;
    static const char *const keys[] = { "z", "a", "m" };
    const char *key = NULL;
    const struct assay_json *value = NULL;
    cr_assert_eq(parse("{\"z\":\"1\",\"a\":\"2\",\"m\":\"3\"}", &d), ASSAY_OK);
    for (size_t i = 0; i < 3; i++) {
        const char digit[2] = { (char)('1' + i), '\0' };
        cr_assert(assay_json_member(d, i, &key, &value));
        cr_expect_str_eq(key, keys[i]);
        cr_expect_str_eq(assay_json_as_text(value), digit);
    }
    cr_expect_not(assay_json_member(d, 3, &key, &value));
    assay_json_free(&d);
    cr_assert_eq(parse("[1]", &d), ASSAY_OK);
    cr_expect_not(assay_json_member(d, 0, &key, &value), "an array has no members");
    assay_json_free(&d);
}

/* Claims print what hostile evidence says: no length and no number of it may stop the program. */
Test(net_json, prints_long_bytes_and_the_largest_numbers)
{
    static const uint8_t bytes[1000] = { 0xab };
    struct assay_json *object = assay_json_object();
    struct assay_json *const list = assay_json_array();
    assay_json_set_hex(object, "hex", bytes, sizeof bytes);
    assay_json_set_uint(object, "last", INT64_MAX);
    assay_json_set_uint(object, "past", UINT64_MAX);
    assay_json_append_uint(list, UINT64_MAX);
    assay_json_set(object, "list", list);
    cr_assert_eq(strlen(assay_json_text(object, "hex", "")), 2 * sizeof bytes);
    char *const text = assay_json_print(object, 0);
    cr_assert_not_null(strstr(text, "\"last\":9223372036854775807"));
    cr_assert_not_null(strstr(text, "\"past\":\"18446744073709551615\""));
    cr_assert_not_null(strstr(text, "\"list\":[\"18446744073709551615\"]"));
    free(text);
    assay_json_free(&object);
}

Test(net_json, says_what_a_value_is)
{
    static const char *const keys[] = {
        "null", "bool", "integer", "real", "text", "array", "object"
    };
    struct assay_json *d = NULL;
    cr_assert_eq(parse("{\"null\":null,\"bool\":false,\"integer\":-1,\"real\":1.0,\"text\":\"\","
                       "\"array\":[],\"object\":{\"a\":1,\"b\":2}}",
                       &d),
                 ASSAY_OK);
    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cr_expect_eq((unsigned)assay_json_kind_of(assay_json_get(d, keys[i])), i + 1, "%s",
                     keys[i]);
    cr_expect_eq(assay_json_kind_of(assay_json_get(d, "nothing")), ASSAY_JSON_NOTHING);
    cr_expect_eq(assay_json_size(d), 7u);
    cr_expect_eq(assay_json_size(assay_json_get(d, "object")), 2u);
    cr_expect_eq(assay_json_size(assay_json_get(d, "array")), 0u);
    cr_expect_eq(assay_json_size(NULL), 0u);
    assay_json_free(&d);
}
