/*
 * tests/unit/base/test_rfc3339.c - tests of calendar time against libc's timegm and against a day-
 * by-day calendar.
 */
#include "base/rfc3339.h"

#include "base/bytes.h"
#include "tests/unit/base/random.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t last_s = INT64_C(253402300799);

static enum assay_status parse(const char *text, int64_t *unix_s)
{
    return assay_rfc3339_parse(text, strlen(text), unix_s);
}

static void expect(const char *text, int64_t expected_s)
{
    int64_t unix_s = -7;
    cr_assert_eq(parse(text, &unix_s), ASSAY_OK, "%s", text);
    cr_assert_eq(unix_s, expected_s, "%s: %lld", text, (long long)unix_s);
}

static void refuse(const char *text, enum assay_status expected)
{
    int64_t unix_s = -7;
    cr_assert_eq(parse(text, &unix_s), expected, "%s", text);
    cr_assert_eq(unix_s, -7, "out is untouched");
}

Test(base_rfc3339, reads_known_times)
{
    expect("1970-01-01T00:00:00Z", 0);
    expect("2000-02-29T12:34:56Z", 951827696);
    expect("2025-07-04T10:28:44Z", 1751624924);
    expect("2038-01-19T03:14:08Z", INT64_C(2147483648));
    expect("9999-12-31T23:59:59Z", last_s);
    expect("2025-07-04t10:28:44z", 1751624924);
}

Test(base_rfc3339, cuts_fractions_and_applies_offsets)
{
    expect("2025-07-04T10:28:44.9Z", 1751624924);
    expect("2025-07-04T10:28:44.000000000000000000000000001Z", 1751624924);
    expect("2025-07-04T12:28:44+02:00", 1751624924);
    expect("2025-07-04T04:58:44.5-05:30", 1751624924);
    expect("2025-07-04T10:28:44-00:00", 1751624924);
    expect("1970-01-01T23:59:00+23:59", 0);
}

Test(base_rfc3339, refuses_times_outside_1970_to_9999)
{
    refuse("1969-12-31T23:59:59Z", ASSAY_E_RANGE);
    refuse("0000-01-01T00:00:00Z", ASSAY_E_RANGE);
    refuse("1970-01-01T00:59:59+01:00", ASSAY_E_RANGE);
    refuse("9999-12-31T23:59:59-00:01", ASSAY_E_RANGE);
}

Test(base_rfc3339, refuses_dates_and_times_that_do_not_exist)
{
    static const char *const texts[] = {
        "2025-00-01T00:00:00Z", "2025-13-01T00:00:00Z", "2025-01-00T00:00:00Z",
        "2025-01-32T00:00:00Z", "2025-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
        "2100-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-01-01T24:00:00Z",
        "2025-01-01T00:60:00Z", "2025-01-01T00:00:60Z", "2016-12-31T23:59:60Z",
        "2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00-00:60",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(texts[i], ASSAY_E_RANGE);
    }
}

Test(base_rfc3339, refuses_other_spellings)
{
    static const char *const texts[] = {
        "", " 2025-07-04T10:28:44Z", "2025-07-04T10:28:44Z ", "2025-07-04 10:28:44Z",
        "2025-07-04T10:28:44", "2025-07-04T10:28Z", "2025-7-04T10:28:44Z",
        "25-07-04T10:28:44Z", "02025-07-04T10:28:44Z", "+2025-07-04T10:28:44Z",
        "2025-07-04T10:28:44.Z", "2025-07-04T10:28:44.", "2025-07-04T10:28:44,5Z",
        "2025-07-04T10:28:44.5", "2025-07-04T10:28:44.5.5Z", "2025-07-04T10:28:44+0200",
        "2025-07-04T10:28:44+02", "2025-07-04T10:28:44+02:0", "2025-07-04T10:28:44+02:00Z",
        "2025-07-04T10:28:44ZZ", "20250704T102844Z", "2025-07-04T10:28:4 Z",
        "2025-07-04T10:28:44.-1Z", "2025-07-04T10:28:44UTC", "-025-07-04T10:28:44Z",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refuse(texts[i], ASSAY_E_SYNTAX);
    }
}

Test(base_rfc3339, refuses_every_truncation)
{
    static const char *const texts[] = { "2025-07-04T10:28:44Z", "2025-07-04T10:28:44.123Z",
                                         "2025-07-04T10:28:44.5+01:30" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t len = 0; len < strlen(texts[i]); len++) {
            char *exact = malloc(len + 1); /* one byte, then the text: none follows it */
            cr_assert(exact != NULL);
            assay_bytes_copy(exact + 1, len, texts[i], len);
            int64_t unix_s = -7;
            cr_assert_eq(assay_rfc3339_parse(exact + 1, len, &unix_s), ASSAY_E_SYNTAX);
            cr_assert_eq(unix_s, -7);
            free(exact);
        }
    }
}

Test(base_rfc3339, writes_back_whatever_it_reads_after_any_byte_was_changed)
{
    static const char text[] = "2025-07-04T10:28:44Z";
    unsigned accepted = 0;
    for (size_t at = 0; at < ASSAY_RFC3339_LEN; at++) {
        for (unsigned character = 0; character <= UINT8_MAX; character++) {
            char changed[ASSAY_RFC3339_LEN + 1];
            char back[ASSAY_RFC3339_LEN + 1];
            int64_t unix_s = 0;
            assay_bytes_copy(changed, sizeof changed, text, sizeof text);
            changed[at] = (char)character;
            if (assay_rfc3339_parse(changed, ASSAY_RFC3339_LEN, &unix_s) != ASSAY_OK) continue;
            if (character == 't' || character == 'z') continue; /* written in upper case */
            accepted++;
            assay_rfc3339_format(unix_s, back);
            cr_assert_str_eq(back, changed);
        }
    }
    cr_assert_gt(accepted, 50, "digits may change: %u", accepted);
}

Test(base_rfc3339, agrees_with_timegm_at_random_times)
{
    struct random random = { 3339 };
    for (unsigned i = 0; i < 50000; i++) {
        const int64_t unix_s = (int64_t)random_below(&random, (uint64_t)last_s + 1);
        const time_t libc_s = (time_t)unix_s;
        struct tm parts = { 0 };
        char text[ASSAY_RFC3339_LEN + 1];
        char expected[64];
        int64_t back = -1;
        cr_assert_not_null(gmtime_r(&libc_s, &parts));
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        assay_rfc3339_format(unix_s, text);
        cr_assert_str_eq(text, expected);
        cr_assert_eq(parse(text, &back), ASSAY_OK);
        cr_assert_eq(back, (int64_t)timegm(&parts));
    }
}

static int days_of_month(int year, int month)
{
    if (month == 4 || month == 6 || month == 9 || month == 11) return 30;
    if (month != 2) return 31;
    if (year % 400 == 0) return 29;
    if (year % 100 == 0) return 28;
    return year % 4 == 0 ? 29 : 28;
}

Test(base_rfc3339, counts_every_day_from_1970_to_9999_once)
{
    int64_t expected_s = 0;
    for (int year = 1970; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            const int days = days_of_month(year, month);
            int64_t unix_s = -1;
            for (int day = 1; day <= days; day++) {
                cr_assert_eq(assay_calendar_to_unix(year, month, day, 0, 0, 0, &unix_s), ASSAY_OK);
                cr_assert_eq(unix_s, expected_s, "%d-%d-%d", year, month, day);
                expected_s += 86400;
            }
            cr_assert_eq(assay_calendar_to_unix(year, month, days + 1, 0, 0, 0, &unix_s),
                         ASSAY_E_RANGE);
        }
    }
    cr_assert_eq(expected_s, last_s + 1);
}

Test(base_rfc3339, checks_each_part_at_its_limits)
{
    int64_t s = -7;
    cr_assert_eq(assay_calendar_to_unix(1969, 1, 1, 0, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(10000, 1, 1, 0, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 0, 1, 0, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 13, 1, 0, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 0, 0, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 1, -1, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 1, 24, 0, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 1, 0, -1, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 1, 0, 60, 0, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 1, 0, 0, -1, &s), ASSAY_E_RANGE);
    cr_assert_eq(assay_calendar_to_unix(2000, 1, 1, 0, 0, 60, &s), ASSAY_E_RANGE);
    cr_assert_eq(s, -7, "out is untouched");
    cr_assert_eq(assay_calendar_to_unix(9999, 12, 31, 23, 59, 59, &s), ASSAY_OK);
    cr_assert_eq(s, last_s);
}

Test(base_rfc3339, clamps_what_it_cannot_write)
{
    char text[ASSAY_RFC3339_LEN + 1];
    char ms[ASSAY_RFC3339_MS_LEN + 1];
    assay_rfc3339_format(INT64_MIN, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00Z");
    assay_rfc3339_format(INT64_MAX, text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59Z");
    assay_rfc3339_format(last_s + 1, text);
    cr_assert_str_eq(text, "9999-12-31T23:59:59Z");
    assay_rfc3339_format_ms(UINT64_MAX, ms);
    cr_assert_str_eq(ms, "9999-12-31T23:59:59.999Z");
    assay_rfc3339_format_ms((uint64_t)last_s * 1000 + 1000, ms);
    cr_assert_str_eq(ms, "9999-12-31T23:59:59.999Z");
}

Test(base_rfc3339, writes_milliseconds)
{
    char text[ASSAY_RFC3339_MS_LEN + 1];
    int64_t back = 0;
    assay_rfc3339_format_ms(0, text);
    cr_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
    assay_rfc3339_format_ms(UINT64_C(1751624924007), text);
    cr_assert_str_eq(text, "2025-07-04T10:28:44.007Z");
    cr_assert_eq(parse(text, &back), ASSAY_OK);
    cr_assert_eq(back, 1751624924);
}

Test(base_rfc3339, writes_minutes_with_the_date_of_other_days)
{
    const uint64_t at = UINT64_C(1751624924007);
    char text[ASSAY_MINUTE_LEN + 1];
    assay_format_minute(at, at + 3600000, text);
    cr_assert_str_eq(text, "10:28 UTC");
    assay_format_minute(at, at + 86400000, text);
    cr_assert_str_eq(text, "2025-07-04 10:28 UTC");
    assay_format_minute(UINT64_MAX, 0, text);
    cr_assert_str_eq(text, "9999-12-31 23:59 UTC");
}
