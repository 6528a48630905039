/*
 * base/rfc3339.c - calendar time as text, by arithmetic alone.
 *
 * libc's conversions depend on locale and time zone and on the width of time_t, and two nodes must
 * read the same instant from the same certificate; so none is used. A leap second has no place in
 * Unix time and is refused.
 */
#include "base/rfc3339.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/cursor.h"

#include <stdbool.h>

enum { YEAR_MIN = 1970, YEAR_MAX = 9999, DAY_S = 86400, HOUR_S = 3600, MINUTE_S = 60 };

/* 9999-12-31T23:59:59Z */
static const int64_t unix_s_max = INT64_C(253402300799);

struct calendar {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    ASSAY_ASSERT(month >= 1);
    ASSAY_ASSERT(month <= 12);
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/*
 * Days since 1970-01-01. Years are counted from March, so that the leap day ends a year and the
 * lengths of months follow one formula; eras have 400 years or 146097 days.
 */
static int64_t days_of_date(int year, int month, int day)
{
    const int64_t y = month <= 2 ? year - 1 : year;
    const int64_t era = y / 400;
    const int64_t year_of_era = y % 400;
    const int64_t month_from_march = (month + 9) % 12;
    const int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    const int64_t leap_days = year_of_era / 4 - year_of_era / 100;
    const int64_t day_of_era = year_of_era * 365 + leap_days + day_of_year;
    return era * 146097 + day_of_era - 719468; /* 719468 days from 0000-03-01 to 1970-01-01 */
}

/* The inverse; days >= 0. */
static void date_of_days(int64_t days, struct calendar *out)
{
    const int64_t shifted = days + 719468;
    const int64_t era = shifted / 146097;
    const int64_t day_of_era = shifted % 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month_from_march = (5 * day_of_year + 2) / 153;
    out->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    out->year = (int)(year_of_era + era * 400) + (out->month <= 2 ? 1 : 0);
}

enum assay_status assay_calendar_to_unix(int year, int month, int day, int hour, int minute,
                                         int second, int64_t *unix_s)
{
    ASSAY_ASSERT(unix_s != NULL);
    if (year < YEAR_MIN || year > YEAR_MAX) return ASSAY_E_RANGE;
    if (month < 1 || month > 12) return ASSAY_E_RANGE;
    if (day < 1 || day > days_in_month(year, month)) return ASSAY_E_RANGE;
    if (hour < 0 || hour > 23) return ASSAY_E_RANGE;
    if (minute < 0 || minute > 59) return ASSAY_E_RANGE;
    if (second < 0 || second > 59) return ASSAY_E_RANGE;
    const int64_t in_day = (int64_t)hour * HOUR_S + (int64_t)minute * MINUTE_S + second;
    *unix_s = days_of_date(year, month, day) * DAY_S + in_day;
    return ASSAY_OK;
}

/* --- reading: the text is input, hence a cursor; a text that ends early is a matter of syntax. */

static enum assay_status take_character(struct assay_cursor *in, char *out)
{
    uint8_t byte = 0;
    if (assay_cursor_u8(in, &byte) != ASSAY_OK) return ASSAY_E_SYNTAX;
    *out = (char)byte;
    return ASSAY_OK;
}

static enum assay_status take_digits(struct assay_cursor *in, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) { /* count <= 4: no overflow */
        char digit = 0;
        ASSAY_TRY(take_character(in, &digit));
        if (digit < '0' || digit > '9') return ASSAY_E_SYNTAX;
        value = value * 10 + (digit - '0');
    }
    *out = value;
    return ASSAY_OK;
}

/* One of two characters: RFC 3339 5.6 lets "T" and "Z" be lower case. */
static enum assay_status expect_either(struct assay_cursor *in, char one, char other)
{
    char found = 0;
    ASSAY_TRY(take_character(in, &found));
    return found == one || found == other ? ASSAY_OK : ASSAY_E_SYNTAX;
}

static enum assay_status parse_date_and_time(struct assay_cursor *in, struct calendar *out)
{
    ASSAY_TRY(take_digits(in, 4, &out->year));
    ASSAY_TRY(expect_either(in, '-', '-'));
    ASSAY_TRY(take_digits(in, 2, &out->month));
    ASSAY_TRY(expect_either(in, '-', '-'));
    ASSAY_TRY(take_digits(in, 2, &out->day));
    ASSAY_TRY(expect_either(in, 'T', 't'));
    ASSAY_TRY(take_digits(in, 2, &out->hour));
    ASSAY_TRY(expect_either(in, ':', ':'));
    ASSAY_TRY(take_digits(in, 2, &out->minute));
    ASSAY_TRY(expect_either(in, ':', ':'));
    return take_digits(in, 2, &out->second);
}

/* "." and one digit or more, of which none counts; nothing is taken when there is no ".". */
static enum assay_status skip_fraction(struct assay_cursor *in)
{
    struct assay_cursor at = *in;
    char next = 0;
    int ignored = 0;
    ASSAY_TRY(take_character(&at, &next));
    if (next != '.') return ASSAY_OK;
    ASSAY_TRY(take_digits(&at, 1, &ignored));
    do {
        *in = at; /* stores digits only; the call that fails has moved past a byte that is none */
    } while (take_digits(&at, 1, &ignored) == ASSAY_OK);
    return ASSAY_OK;
}

static enum assay_status parse_offset(struct assay_cursor *in, int64_t *offset_s)
{
    char sign = 0;
    ASSAY_TRY(take_character(in, &sign));
    *offset_s = 0;
    if (sign == 'Z' || sign == 'z') return ASSAY_OK;
    if (sign != '+' && sign != '-') return ASSAY_E_SYNTAX;
    int hours = 0;
    int minutes = 0;
    ASSAY_TRY(take_digits(in, 2, &hours));
    ASSAY_TRY(expect_either(in, ':', ':'));
    ASSAY_TRY(take_digits(in, 2, &minutes));
    if (hours > 23 || minutes > 59) return ASSAY_E_RANGE;
    const int64_t size_s = (int64_t)hours * HOUR_S + (int64_t)minutes * MINUTE_S;
    *offset_s = sign == '+' ? size_s : -size_s;
    return ASSAY_OK;
}

enum assay_status assay_rfc3339_parse(const char *text, size_t len, int64_t *unix_s)
{
    ASSAY_ASSERT(text != NULL || len == 0);
    ASSAY_ASSERT(unix_s != NULL);
    struct assay_cursor in = assay_cursor_over((const uint8_t *)text, len);
    struct calendar at = { 0 };
    int64_t local_s = 0;
    int64_t offset_s = 0;
    ASSAY_TRY(parse_date_and_time(&in, &at));
    ASSAY_TRY(skip_fraction(&in));
    ASSAY_TRY(parse_offset(&in, &offset_s));
    if (assay_cursor_end(&in) != ASSAY_OK) return ASSAY_E_SYNTAX;
    ASSAY_TRY(
        assay_calendar_to_unix(at.year, at.month, at.day, at.hour, at.minute, at.second, &local_s));
    const int64_t result_s = local_s - offset_s; /* both are small: below 2^38 and 2^17 */
    if (result_s < 0 || result_s > unix_s_max) return ASSAY_E_RANGE;
    *unix_s = result_s;
    return ASSAY_OK;
}

/* --- writing */

/* Exactly width decimal digits, from text[at] on. */
static void put_digits(char *text, size_t at, size_t width, int value)
{
    ASSAY_ASSERT(value >= 0);
    for (size_t i = width; i > 0; i--) {
        text[at + i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    ASSAY_ASSERT(value == 0);
}

/* The 19 characters in front of the fraction and the "Z". */
static void put_date_and_time(int64_t unix_s, char *text)
{
    ASSAY_ASSERT(unix_s >= 0);
    ASSAY_ASSERT(unix_s <= unix_s_max);
    struct calendar at = { 0 };
    date_of_days(unix_s / DAY_S, &at);
    const int in_day = (int)(unix_s % DAY_S);
    put_digits(text, 0, 4, at.year);
    text[4] = '-';
    put_digits(text, 5, 2, at.month);
    text[7] = '-';
    put_digits(text, 8, 2, at.day);
    text[10] = 'T';
    put_digits(text, 11, 2, in_day / HOUR_S);
    text[13] = ':';
    put_digits(text, 14, 2, in_day / MINUTE_S % 60);
    text[16] = ':';
    put_digits(text, 17, 2, in_day % 60);
}

void assay_rfc3339_format(int64_t unix_s, char text[static ASSAY_RFC3339_LEN + 1])
{
    const int64_t not_negative_s = unix_s < 0 ? 0 : unix_s;
    put_date_and_time(not_negative_s > unix_s_max ? unix_s_max : not_negative_s, text);
    text[19] = 'Z';
    text[ASSAY_RFC3339_LEN] = '\0';
}

void assay_rfc3339_format_ms(uint64_t unix_ms, char text[static ASSAY_RFC3339_MS_LEN + 1])
{
    const uint64_t ms_max = (uint64_t)unix_s_max * 1000 + 999;
    const uint64_t ms = unix_ms > ms_max ? ms_max : unix_ms;
    put_date_and_time((int64_t)(ms / 1000), text);
    text[19] = '.';
    put_digits(text, 20, 3, (int)(ms % 1000));
    text[23] = 'Z';
    text[ASSAY_RFC3339_MS_LEN] = '\0';
}

void assay_format_minute(uint64_t unix_ms, uint64_t near_ms, char text[static ASSAY_MINUTE_LEN + 1])
{
    enum { DATE_LEN = 11, TIME_LEN = 5 }; /* "2026-11-28T", "18:40" */
    static const char zone[] = " UTC";
    char at[ASSAY_RFC3339_MS_LEN + 1], near[ASSAY_RFC3339_MS_LEN + 1];
    assay_rfc3339_format_ms(unix_ms, at);
    assay_rfc3339_format_ms(near_ms, near);
    at[DATE_LEN - 1] = ' ';
    near[DATE_LEN - 1] = ' ';
    const size_t from = assay_bytes_equal(at, near, DATE_LEN) ? DATE_LEN : 0;
    const size_t len = DATE_LEN + TIME_LEN - from;
    ASSAY_ASSERT(len + sizeof zone <= ASSAY_MINUTE_LEN + 1);
    assay_bytes_copy(text, ASSAY_MINUTE_LEN + 1, at + from, len);
    assay_bytes_copy(text + len, ASSAY_MINUTE_LEN + 1 - len, zone, sizeof zone);
}
