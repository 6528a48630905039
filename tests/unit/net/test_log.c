/*
 * tests/unit/net/test_log.c - tests of log lines.
 *
 * Log lines: logfmt that nobody's bytes can break, and no flood.
 */
#include "engine/messages/message.h"
#include "net/system/log.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_log log_;
static char *text;
static size_t text_len;
static FILE *file;

static void start(void)
{
    file = open_memstream(&text, &text_len);
    assay_log_init(&log_, file, ASSAY_SEVERITY_INFO, "alpha");
    log_.at_unix_ms = UINT64_C(1700000000123);
}

static void stop(void)
{
    fclose(file);
    free(text);
}

Test(net_log, writes_one_line_per_event, .init = start, .fini = stop)
{
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "epoch_closed"));
    assay_log_uint(&log_, "epoch", 7);
    assay_log_bool(&log_, "certified", true);
    assay_log_text(&log_, "reason", "all is well");
    assay_log_end(&log_);
    cr_assert_str_eq(text, "ts=2023-11-14T22:13:20.123Z level=info event=epoch_closed node=alpha "
                           "epoch=7 certified=true reason=\"all is well\"\n");
}

Test(net_log, escapes_what_somebody_else_chose, .init = start, .fini = stop)
{
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_ERROR, "x"));
    assay_log_text_n(&log_, "name", "a\nlevel=error \"\\\x1b[31m\xff", 22);
    assay_log_end(&log_);
    cr_assert_not_null(strstr(text, "name=\"a\\x0alevel=error \\x22\\x5c\\x1b[31m\\xff\"\n"), "%s",
                       text);
    cr_assert_eq(strchr(text, '\n'), text + text_len - 1, "one line");
}

Test(net_log, cuts_long_values_and_long_lines, .init = start, .fini = stop)
{
    static char big[5000];
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = '\t';
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_ERROR, "x"));
    for (int i = 0; i < 10; i++)
        assay_log_text_n(&log_, "k", big, sizeof big);
    assay_log_end(&log_);
    cr_assert_leq(text_len, ASSAY_LOG_LINE_MAX);
    cr_assert_eq(text[text_len - 1], '\n');
}

Test(net_log, keeps_quiet_below_its_level, .init = start, .fini = stop)
{
    cr_assert_not(assay_log_begin(&log_, ASSAY_SEVERITY_DEBUG, "x"));
    assay_log_uint(&log_, "a", 1);
    assay_log_end(&log_);
    cr_assert_eq(text_len, 0);
}

Test(net_log, holds_back_a_flood_and_says_how_much, .init = start, .fini = stop)
{
    unsigned spoken = 0;
    for (int i = 0; i < 1000; i++) {
        spoken += assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "flood");
        assay_log_end(&log_);
    }
    cr_assert_eq(spoken, ASSAY_LOG_BURST);
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "other"), "each code has its own budget");
    assay_log_end(&log_);
    log_.now_ms += ASSAY_LOG_WINDOW_MS;
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "flood"));
    assay_log_end(&log_);
    cr_assert_not_null(strstr(text, "event=flood node=alpha suppressed=950\n"));
    cr_assert_eq(log_.suppressed, 950);
}

/* ------------------------------------------------------------ formats */

static void end_of_formats(void)
{
    assay_log_set_format(ASSAY_LOG_FORMAT_LOGFMT, false);
    stop();
}

static void some_line(enum assay_severity severity)
{
    const uint8_t bytes[2] = { 0xab, 1 };
    cr_assert(assay_log_begin(&log_, severity, "epoch_closed"));
    assay_log_uint(&log_, "epoch", 7);
    assay_log_bool(&log_, "certified", true);
    assay_log_text(&log_, "reason", "all \"is\" \\well\n");
    assay_log_hex(&log_, "root", bytes, sizeof bytes);
    assay_log_end(&log_);
}

Test(net_log, json_is_one_object_a_line, .init = start, .fini = end_of_formats)
{
    assay_log_set_format(ASSAY_LOG_FORMAT_JSON, true);
    some_line(ASSAY_SEVERITY_INFO);
    cr_assert_str_eq(text, "{\"ts\":\"2023-11-14T22:13:20.123Z\",\"level\":\"info\","
                           "\"event\":\"epoch_closed\",\"node\":\"alpha\",\"epoch\":7,"
                           "\"certified\":true,\"reason\":\"all \\u0022is\\u0022 "
                           "\\u005cwell\\u000a\",\"root\":\"ab01\"}\n");
}

Test(net_log, a_json_line_that_is_too_long_stays_json, .init = start, .fini = end_of_formats)
{
    static char big[ASSAY_LOG_VALUE_MAX];
    memset(big, '\t', sizeof big);
    assay_log_set_format(ASSAY_LOG_FORMAT_JSON, false);
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "x"));
    assay_log_uint(&log_, "first", 1);
    for (int i = 0; i < 10; i++)
        assay_log_text_n(&log_, "k", big, sizeof big);
    assay_log_uint(&log_, "last", 1);
    assay_log_end(&log_);
    cr_assert_leq(text_len, ASSAY_LOG_LINE_MAX);
    static const char end[] = ",\"cut\":true}\n";
    cr_assert_str_eq(text + text_len - (sizeof end - 1), end);
    cr_assert_not_null(strstr(text, "\"first\":1"));
    cr_assert_null(strstr(text, "\"last\""));
    const char *before = text + text_len - sizeof end;
    cr_assert(*before == '"' || *before == '1', "no half field: %s", text);
}

Test(net_log, the_journal_gets_a_priority_and_no_date, .init = start, .fini = end_of_formats)
{
    assay_log_set_format(ASSAY_LOG_FORMAT_JOURNAL, false);
    log_.most = ASSAY_SEVERITY_DEBUG;
    some_line(ASSAY_SEVERITY_INFO);
    fflush(file);
    cr_assert_eq(strncmp(text, "<6>event=epoch_closed node=alpha epoch=7 certified=true", 55), 0,
                 "%s", text);
    static const char *const priority[] = { "<3>", "<4>", "<6>", "<7>" };
    for (int i = 0; i < 4; i++) {
        const size_t before = text_len;
        some_line((enum assay_severity)i);
        cr_expect_eq(strncmp(text + before, priority[i], 3), 0, "%s", text + before);
    }
}

Test(net_log, text_is_for_eyes_and_colour_for_terminals, .init = start, .fini = end_of_formats)
{
    assay_log_set_format(ASSAY_LOG_FORMAT_TEXT, false);
    some_line(ASSAY_SEVERITY_WARNING);
    cr_assert_eq(strncmp(text, "2023-11-14T22:13:20.123Z WARN  epoch_closed epoch=7 ", 52), 0, "%s",
                 text);
    cr_assert_null(strchr(text, '\x1b'));
    assay_log_set_format(ASSAY_LOG_FORMAT_TEXT, true);
    some_line(ASSAY_SEVERITY_WARNING);
    cr_assert_not_null(strstr(text, "\x1b[33mWARN \x1b[0m epoch_closed"));
}

Test(net_log, a_node_without_a_name_is_left_out, .init = start, .fini = stop)
{
    log_.node[0] = '\0';
    some_line(ASSAY_SEVERITY_INFO);
    cr_assert_not_null(strstr(text, "event=epoch_closed epoch=7"));
}
