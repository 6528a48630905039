/*
 * base/rfc3339.h - calendar time as text (RFC 3339), proleptic Gregorian, no leap seconds.
 */
#ifndef ASSAY_BASE_RFC3339_H
#define ASSAY_BASE_RFC3339_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_RFC3339_LEN = 20, /* without the closing NUL, like the others */
    ASSAY_RFC3339_MS_LEN = 24,
    ASSAY_MINUTE_LEN = 20,
};

/*
 * "2025-07-04T10:28:44Z", also with fractions (cut) and numeric offsets; years 1970..9999.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE (no such date or time)
 */
ASSAY_CHECKED enum assay_status assay_rfc3339_parse(const char *text, size_t len, int64_t *unix_s);
/* Writes "YYYY-MM-DDThh:mm:ssZ" and a NUL; clamped to the years 1970..9999. */
void assay_rfc3339_format(int64_t unix_s, char text[static ASSAY_RFC3339_LEN + 1]);
/* The same with three decimals. */
void assay_rfc3339_format_ms(uint64_t unix_ms, char text[static ASSAY_RFC3339_MS_LEN + 1]);
/* "18:40 UTC", or "2026-11-28 18:40 UTC" where the date is not that of near_ms: one of an epoch, in
 * text of its length. Both are Unix ms. */
void assay_format_minute(uint64_t unix_ms, uint64_t near_ms,
                         char text[static ASSAY_MINUTE_LEN + 1]);
/* Seconds since 1970 of a date and time already split up. Returns: ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_calendar_to_unix(int year, int month, int day, int hour,
                                                       int minute, int second, int64_t *unix_s);

#endif
