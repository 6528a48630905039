/*
 * tests/unit/quote/eventlog/test_ima.c - tests of Linux IMA lists: templates, byte orders, lengths.
 */
#include "quote/eventlog/eventlog.h"
#include "tests/support/eventlog_reference.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct made_log make(size_t hash, bool big_endian)
{
    struct made_log log = log_ima(hash, big_endian);
    log_file(&log, 10, "ima-ng", "boot_aggregate", "aggregate");
    log_file(&log, 10, "ima-sig", "/usr/bin/true", "true");
    log_violation(&log, 10, "/var/log/x");
    log_legacy(&log, 10, "/sbin/init");
    return log;
}

static enum assay_status read_all(const uint8_t *bytes, size_t len, size_t *count)
{
    struct assay_eventlog log;
    struct assay_boot_event event;
    uint8_t *const exact = malloc(len > 0 ? len : 1);
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact, len, bytes, len);
    *count = 0;
    enum assay_status status = assay_eventlog_open(exact, len, &log);
    while (status == ASSAY_OK) {
        status = assay_eventlog_next(&log, &event);
        if (status == ASSAY_OK) *count += 1;
    }
    free(exact);
    return status;
}

Test(quote_eventlog_ima, reads_its_templates_in_both_byte_orders_and_four_lengths)
{
    static const size_t lengths[] = { 20, 32, 48, 64 };
    for (size_t i = 0; i < 8; i++) {
        const struct made_log made = make(lengths[i / 2], i % 2 == 1);
        struct assay_eventlog log;
        struct assay_boot_event e;
        cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK, "%zu", i);
        cr_expect_eq(log.form, ASSAY_EVENTLOG_IMA);
        cr_expect_eq(log.big_endian, i % 2 == 1);
        cr_expect_eq(log.template_digest_len, lengths[i / 2]);
        cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
        cr_expect(e.reg == 10 && e.type == ASSAY_EV_IMA && !e.violation && !e.is_legacy);
        cr_assert_eq(e.file_name.len, 14);
        cr_expect(assay_bytes_equal(e.file_name.bytes, "boot_aggregate", 14));
        cr_expect_eq(e.file_digest.len, 32);
        cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
        cr_expect(e.file_name.len == 13 && e.template_.len == 7);
        cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
        cr_expect(e.violation);
        cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
        cr_expect(e.is_legacy && e.file_digest.len == 20 && e.file_name.len == 10);
        cr_expect_eq(assay_eventlog_next(&log, &e), ASSAY_E_NOT_FOUND);
    }
}

Test(quote_eventlog_ima, rejects_every_truncation)
{
    size_t ends = 0;
    size_t count = 0;
    const struct made_log made = make(32, false);
    for (size_t len = 1; len < made.len; len++) {
        const enum assay_status status = read_all(made.bytes, len, &count);
        if (status == ASSAY_E_NOT_FOUND) ends += 1; /* between two entries */
        else cr_expect_eq(status, count == 0 ? ASSAY_E_UNSUPPORTED : ASSAY_E_TRUNCATED, "%zu", len);
    }
    cr_expect_eq(ends, 3);
    cr_expect_eq(read_all(made.bytes, 0, &count), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(read_all(made.bytes, made.len, &count), ASSAY_E_NOT_FOUND);
    cr_expect_eq(count, 4);
}

/* Each number of the second entry, in the order in which it stands there. */
Test(quote_eventlog_ima, takes_no_count_or_length_at_its_word)
{
    struct made_log first = log_ima(32, false);
    log_file(&first, 10, "ima-ng", "boot_aggregate", "aggregate");
    const size_t at = first.len;
    const size_t name = at + 36, data = name + 4 + 6, digest = data + 4, file = digest + 4 + 40;
    const struct {
        size_t at;
        uint32_t value;
        enum assay_status status;
    } rows[] = {
        { at, 24, ASSAY_E_RANGE },          { at, UINT32_MAX, ASSAY_E_RANGE },
        { name, 0, ASSAY_E_RANGE },         { name, 256, ASSAY_E_RANGE },
        { name, UINT32_MAX, ASSAY_E_RANGE },{ data, UINT32_MAX, ASSAY_E_TRUNCATED },
        { data, 0, ASSAY_E_INVALID },       { digest, UINT32_MAX, ASSAY_E_TRUNCATED },
        { file, UINT32_MAX, ASSAY_E_TRUNCATED }, { file, 3, ASSAY_E_TRUNCATED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_log log = first;
        size_t count = 0;
        log_file(&log, 10, "ima-ng", "/usr/bin/true", "true");
        for (unsigned k = 0; k < 4; k++)
            log.bytes[rows[i].at + k] = (uint8_t)(rows[i].value >> 8 * k);
        const enum assay_status status = read_all(log.bytes, log.len, &count);
        cr_expect_eq(status, rows[i].status, "row %zu: %d", i, (int)status);
        cr_expect_eq(count, 1);
    }
}

Test(quote_eventlog_ima, refuses_a_digest_that_is_not_of_its_data)
{
    size_t count = 0;
    struct made_log log = log_ima(32, false);
    log_file(&log, 10, "ima-ng", "boot_aggregate", "aggregate");
    const size_t at = log.len;
    log_file(&log, 10, "ima-ng", "/usr/bin/true", "true");
    const size_t name_at = at + 4 + 32 + 4, name_end = name_at + 6;
    for (size_t i = at + 4; i < log.len; i++) {
        struct made_log other = log;
        if (i >= name_at && i < name_end) continue; /* nothing binds the template's name */
        other.bytes[i] ^= 0x40;
        cr_expect_neq(read_all(other.bytes, other.len, &count), ASSAY_E_NOT_FOUND, "byte %zu", i);
    }
}

Test(quote_eventlog_ima, survives_every_flipped_bit)
{
    const struct made_log made = make(20, false);
    size_t count = 0;
    for (size_t bit = 0; bit < 8 * made.len; bit++) {
        struct made_log log = made;
        log.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assay_status_ignore(read_all(log.bytes, log.len, &count), "any answer but a crash");
    }
}
