/*
 * tests/unit/quote/eventlog/test_ima.c - tests of Linux IMA lists: templates, byte orders, lengths.
 */
#include "quote/eventlog/eventlog.h"
#include "tests/support/eventlog_reference.h"

#include <criterion/criterion.h>
#include <stdio.h>
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

/* --- the list as text */
enum { SIGNATURE_LEN = 9 }; /* as log_file signs */

/* A line as the kernel writes it, from an event that the binary reader gave. */
static size_t put_line(char *text, size_t used, size_t capacity, const struct assay_boot_event *e)
{
    char digest[2 * ASSAY_MEASUREMENT_MAX + 1], file[2 * ASSAY_MEASUREMENT_MAX + 1];
    const struct assay_slice given = e->digests[0].bytes;
    assay_hex_encode(given.bytes, given.len, digest, sizeof digest);
    assay_hex_encode(e->file_digest.bytes, e->file_digest.len, file, sizeof file);
    const bool is_signed = e->template_.len == 7;
    char signature[2 * SIGNATURE_LEN + 1] = "";
    if (is_signed)
        assay_hex_encode(e->data.bytes + e->data.len - SIGNATURE_LEN, SIGNATURE_LEN, signature,
                         sizeof signature);
    const int len = snprintf(text + used, capacity - used, "%2u %s %.*s %s%s %.*s%s%s\n", e->reg,
                             digest, e->is_legacy ? 3 : (int)e->template_.len,
                             e->is_legacy ? "ima" : (const char *)e->template_.bytes,
                             e->is_legacy ? "" : "sha256:", file, (int)e->file_name.len,
                             (const char *)e->file_name.bytes, is_signed ? " " : "", signature);
    cr_assert(len > 0 && used + (size_t)len < capacity);
    return used + (size_t)len;
}

Test(quote_eventlog_ima, a_list_as_text_is_the_binary_list)
{
    static const size_t lengths[] = { 20, 32, 48, 64 };
    for (size_t i = 0; i < 4; i++) {
        const struct made_log made = make(lengths[i], false);
        static char text[2 * LOG_MAX];
        static uint8_t binary[4 * LOG_MAX];
        struct assay_eventlog log;
        struct assay_boot_event e;
        size_t used = 0, len = 0;
        cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK);
        while (assay_eventlog_next(&log, &e) == ASSAY_OK)
            used = put_line(text, used, sizeof text, &e);
        cr_assert(assay_ima_text_looks(assay_slice_over(text, used)));
        cr_assert_not(assay_ima_text_looks(assay_slice_over(made.bytes, made.len)));
        cr_assert_eq(assay_ima_text_encode(assay_slice_over(text, used), binary, 2 * used, &len),
                     ASSAY_OK, "twice the text is room enough");
        cr_assert_eq(len, made.len, "%zu", i);
        cr_assert(assay_bytes_equal(binary, made.bytes, len), "%zu", i);
    }
}

#define SHA1 "1d8d532d463c9f8c205d0df7787669a85f93e260"
#define NG   "10 " SHA1 " ima-ng sha1:" SHA1
#define SHA1_38  "8d532d463c9f8c205d0df7787669a85f93e260"
#define NAME_32  "/0123456789abcdef0123456789abcde"
#define NAME_256 NAME_32 NAME_32 NAME_32 NAME_32 NAME_32 NAME_32 NAME_32 NAME_32

Test(quote_eventlog_ima, text_that_is_no_list_is_refused)
{
    static const struct {
        const char *text;
        enum assay_status status;
    } rows[] = {
        { NG " boot_aggregate\n", ASSAY_OK },
        { NG " boot_aggregate", ASSAY_OK }, /* the last line end is missing */
        { " 1 " SHA1 " ima-sig sha1:" SHA1 " /x \n", ASSAY_OK },
        { "10 " SHA1 " ima-buf sha1:" SHA1 " key abcd\n", ASSAY_OK },
        { "10 " SHA1 " ima-ngv2 ima:sha1:" SHA1 " /x\n", ASSAY_OK },
        { "10 " SHA1 " ima " SHA1 " /x\n", ASSAY_OK },
        { NG "\n", ASSAY_E_RANGE },         /* no name */
        { NG " /x y\n", ASSAY_E_TRAILING }, /* a field more */
        { "10 " SHA1 " ima-modsig sha1:" SHA1 " /x\n", ASSAY_E_UNSUPPORTED },
        { "10 " SHA1 " ima-ng " SHA1 " /x\n", ASSAY_E_SYNTAX }, /* no algorithm */
        { "10 " SHA1 " ima-ng sha1:abc /x\n", ASSAY_E_SYNTAX },
        { "100 " SHA1 " ima-ng sha1:" SHA1 " /x\n", ASSAY_E_SYNTAX },
        { "10 abcd ima-ng sha1:" SHA1 " /x\n", ASSAY_E_SYNTAX },
        { "10 " SHA1 " imb sha1:" SHA1 " /x\n", ASSAY_E_UNSUPPORTED },
        { "10 " SHA1 "a ima-ng sha1:" SHA1 " /x\n", ASSAY_E_SYNTAX },
        { "10 " SHA1 "gg ima-ng sha1:" SHA1 " /x\n", ASSAY_E_SYNTAX },
        { "10 " SHA1 " ima-ng sha1:zz /x\n", ASSAY_E_SYNTAX },
        { "10 " SHA1 " ima " SHA1 "\n", ASSAY_OK },                   /* of no name */
        { "10 " SHA1 " ima " SHA1 " /x y\n", ASSAY_E_SYNTAX },        /* a field more */
        { "10 " SHA1 " ima " SHA1 "ab /x\n", ASSAY_E_SYNTAX },        /* not of SHA-1 */
        { "10 " SHA1 " ima " SHA1 " " NAME_256 "\n", ASSAY_E_RANGE }, /* 255 are the most */
        { "10 " SHA1 " ima gg" SHA1_38 " /x\n", ASSAY_E_SYNTAX },
        { NG " /x\n\n", ASSAY_E_SYNTAX },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_slice text = assay_slice_over(rows[i].text, strlen(rows[i].text));
        uint8_t out[1024];
        size_t len = 0;
        const enum assay_status status = assay_ima_text_encode(text, out, 2 * text.len, &len);
        cr_expect_eq(status, rows[i].status, "%s: %s", rows[i].text, assay_status_symbol(status));
    }
}

Test(quote_eventlog_ima, text_has_room_or_is_refused)
{
    static const char text[] = NG " /x\n";
    const struct assay_slice list = assay_slice_over((const uint8_t *)text, sizeof text - 1);
    uint8_t out[256];
    size_t len = 0;
    cr_assert_eq(assay_ima_text_encode(list, out, sizeof out, &len), ASSAY_OK);
    const size_t needed = len;
    for (size_t room = 1; room < needed; room++)
        cr_expect_eq(assay_ima_text_encode(list, out, room, &len), ASSAY_E_FULL, "%zu", room);
    cr_expect_eq(assay_ima_text_encode(list, out, needed, &len), ASSAY_OK);
}

Test(quote_eventlog_ima, text_looks_like_a_list_by_its_first_line)
{
    static const struct {
        const char *text;
        bool looks;
    } rows[] = {
        { NG " /x\n", true },
        { " 1 " SHA1 " x", true },
        { "10 " SHA1 "\n", false },           /* nothing behind the digest */
        { "10 " SHA1_38 " ima-ng\n", false }, /* too short */
        { "10 G" SHA1 " ima-ng\n", false },   /* no digit */
        { "10 /" SHA1 " ima-ng\n", false },   /* no digit */
        { "10 :" SHA1 " ima-ng\n", false },   /* no digit */
        { "10 A" SHA1 " ima-ng\n", false },   /* the kernel writes small letters */
        { "1x " SHA1 " ima-ng\n", false },
        { "", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct assay_slice text =
            assay_slice_over((const uint8_t *)rows[i].text, strlen(rows[i].text));
        cr_expect_eq(assay_ima_text_looks(text), rows[i].looks, "%s", rows[i].text);
    }
}

/* --- templates that an administrator composed: the first two fields by their names */
Test(quote_eventlog_ima, a_file_is_read_of_templates_that_open_with_digest_and_name)
{
    static const struct {
        const char *template_;
        bool has_file;
    } rows[] = {
        { "ima-ng", true },           { "d-ng|n-ng", true },       { "d-ng|n-ng|sig", true },
        { "d-ngv2|n-ng", true },      { "d-ngv2|n-ng|sig", true }, { "d-ng|n-n", false },
        { "d-ngv2|n-n", false },      { "d-ng|m-ng|sig", false },  { "n-ng|d-ng", false },
        { "d-ngv3|n-ng|sig", false }, { "evil", false },           { "ima-", false },
        { "imb-ng", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_log made = log_ima(32, false);
        struct assay_eventlog log;
        struct assay_boot_event e;
        log_file(&made, 10, rows[i].template_, "/usr/bin/true", "true");
        cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK, "%s",
                     rows[i].template_);
        cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
        cr_expect_eq(e.file_name.len, rows[i].has_file ? 13 : 0, "%s", rows[i].template_);
        cr_expect_eq(e.file_digest.len, rows[i].has_file ? 32 : 0, "%s", rows[i].template_);
    }
}
