/*
 * tests/unit/net/telemetry/test_syslog.c - tests of syslog messages.
 *
 * Whatever the values are, a message parses as RFC 5424, its parameters have those values, and it
 * stays within its length.
 */
#include "base/bytes.h"
#include "net/system/syslog.h"
#include "tests/unit/net/telemetry/syslog_parse.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_syslog_message message;
static struct parsed_syslog parsed;

static void make(const char *name, const char *value, const char *text)
{
    assay_syslog_begin(&message, ASSAY_SYSLOG_WARNING, 1767323045678, "host-1", "fail_proven");
    assay_syslog_add(&message, "seq", "7");
    assay_syslog_add(&message, name, value);
    assay_syslog_add(&message, "last", "end");
    assay_syslog_end(&message, text);
    cr_assert(parsed_syslog_read(&parsed, message.bytes, message.len), "%.*s", (int)message.len,
              message.bytes);
}

Test(net_syslog, a_message_has_its_parts)
{
    make("epoch", "12", "a sentence");
    static const char expected[] = "<28>1 2026-01-02T03:04:05.678Z host-1 assay - fail_proven "
                                   "[assay@32473 seq=\"7\" epoch=\"12\" last=\"end\"] a sentence";
    cr_assert_eq(message.len, sizeof expected - 1);
    cr_expect_arr_eq(message.bytes, expected, sizeof expected - 1);
    char frame[ASSAY_SYSLOG_FRAME_MAX];
    const size_t len = assay_syslog_frame(&message, frame);
    cr_expect_eq(len, sizeof expected - 1 + 4);
    char head[16];
    const int head_len = snprintf(head, sizeof head, "%zu <28>", sizeof expected - 1);
    cr_expect_arr_eq(frame, head, (size_t)head_len);
}

Test(net_syslog, no_value_leaves_its_parameter)
{
    static const char *const values[] = { "\"] x=\"1\" [other y=\"z\"]",
                                          "\\",
                                          "]\"\\]\"\\",
                                          "\\\"",
                                          "plain",
                                          "",
                                          "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80" };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        make("value", values[i], values[i]);
        cr_assert_eq(parsed.count, 3);
        cr_expect_str_eq(parsed.values[1], values[i]);
        cr_expect_str_eq(parsed.text, values[i]);
        cr_expect_str_eq(parsed.values[2], "end");
    }
}

Test(net_syslog, controls_and_malformed_characters_are_question_marks)
{
    static const char *const pairs[][2] = {
        { "a\nb\r\x01\x1b\x7f", "a?b????" },
        { "\xc2\x85\xc2\x9b", "????" },
        { "\xff\xfe", "??" },
        { "\xc0\xaf", "??" },
        { "\xed\xa0\x80", "???" },
        { "\xe2\x82", "??" },
        { "\xf4\x90\x80\x80", "????" },
        { "\xf0\x80\x80\x80", "????" },
        { "\xe2\x82x", "??x" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        make("value", pairs[i][0], pairs[i][0]);
        cr_expect_str_eq(parsed.values[1], pairs[i][1]);
        cr_expect_str_eq(parsed.text, pairs[i][1]);
    }
}

/* The structure is complete and the message bounded, however long values and text are. */
Test(net_syslog, long_values_are_left_out_and_long_texts_cut)
{
    static char value[2 * ASSAY_SYSLOG_LEN_MAX];
    for (size_t len = ASSAY_SYSLOG_LEN_MAX - 200; len < ASSAY_SYSLOG_LEN_MAX + 8; len++) {
        memset(value, len % 2 == 0 ? '"' : 'x', len);
        value[len] = '\0';
        make("value", value, value);
        cr_assert_leq(message.len, ASSAY_SYSLOG_LEN_MAX);
        cr_assert(parsed.count >= 2 && strcmp(parsed.values[0], "7") == 0);
    }
    for (size_t i = 0; i + 3 < sizeof value; i += 3)
        assay_bytes_copy(value + i, sizeof value - i, "\xe2\x82\xac", 4);
    make("value", "x", value);
    cr_expect_gt(message.len, ASSAY_SYSLOG_LEN_MAX - 4);
    cr_expect_eq(strlen(parsed.text) % 3, 0, "cut between characters");
}

Test(net_syslog, the_header_has_words_alone)
{
    char host[400];
    memset(host, 'h', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assay_syslog_begin(&message, ASSAY_SYSLOG_ERROR, 0, host, "a code that has blanks\n");
    assay_syslog_end(&message, "");
    cr_assert(parsed_syslog_read(&parsed, message.bytes, message.len));
    cr_expect_str_eq(parsed.msgid, "a?code?that?has?blanks?");
    cr_expect_str_eq(parsed.at, "-");
    assay_syslog_begin(&message, ASSAY_SYSLOG_DEBUG, 0, "", "");
    assay_syslog_end(&message, "");
    cr_assert(parsed_syslog_read(&parsed, message.bytes, message.len));
    cr_expect_str_eq(parsed.msgid, "-");
}

/* Random bytes, of those that matter. */
Test(net_syslog, random_texts_parse)
{
    static const char alphabet[] =
        "\"]\\[= a\n\x1b\xc2\xc3\x85\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff";
    unsigned state = 1;
    for (unsigned turn = 0; turn < 20000; turn++) {
        char value[24];
        size_t len = 0;
        while (len < turn % sizeof value) {
            state = state * 1103515245 + 12345;
            value[len++] = alphabet[(state >> 16) % (sizeof alphabet - 1)];
        }
        value[len] = '\0';
        make("value", value, value);
        cr_assert_eq(parsed.count, 3);
    }
}
