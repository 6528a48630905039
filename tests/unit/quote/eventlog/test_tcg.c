/*
 * tests/unit/quote/eventlog/test_tcg.c - tests of the firmware log: every truncation, every count
 * and length at its limit, and detection.
 */
#include "quote/eventlog/eventlog.h"
#include "tests/support/eventlog_reference.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint16_t both[] = { 11, 12 };
enum { HEADER = 32 + 28 + 4 * 2 + 1, COUNT_AT = 32 + 24, FIRST_ALG_AT = 32 + 28 };
/* An event of two algorithms and four bytes: where its fields stand. */
enum { EVENT = 12 + 2 + 32 + 2 + 48 + 4 + 4 };
enum { DIGESTS_AT = 8, SECOND_AT = 12 + 34, LEN_AT = 12 + 84 };

static struct made_log make(void)
{
    struct made_log log = log_tcg(both, 2);
    log_event(&log, 0, 8, "vers", 4);
    log_event(&log, 7, 4, "\0\0\0\0", 4);
    log_event(&log, 0, 4, "\0\0\0\0", 4);
    return log;
}

/* Reads all. Returns: what ended it, NOT_FOUND for a good end; *count events. */
static enum assay_status read_all(const uint8_t *bytes, size_t len, size_t *count)
{
    struct assay_eventlog log;
    struct assay_boot_event event;
    uint8_t *const exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees one byte more */
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

static enum assay_status read_log(const struct made_log *log)
{
    size_t count = 0;
    return read_all(log->bytes, log->len, &count);
}

static void put_u32(struct made_log *log, size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        log->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

Test(quote_eventlog_tcg, reads_every_event_with_its_digests_and_data)
{
    const struct made_log made = make();
    struct assay_eventlog log;
    struct assay_boot_event e;
    cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK);
    cr_assert_eq(log.form, ASSAY_EVENTLOG_TCG);
    cr_assert_eq(log.alg_count, 2);
    cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
    cr_expect(e.index == 0 && e.reg == 0 && e.type == 8 && e.digest_count == 2);
    cr_expect_eq(e.offset, HEADER);
    cr_expect(e.data.len == 4 && assay_bytes_equal(e.data.bytes, "vers", 4));
    cr_expect(assay_event_data_is_measured(&e, 11) && assay_event_data_is_measured(&e, 12));
    cr_expect_not(assay_event_data_is_measured(&e, 4));
    cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
    cr_expect(e.index == 1 && e.reg == 7 && e.type == ASSAY_EV_SEPARATOR);
    cr_assert_eq(assay_eventlog_next(&log, &e), ASSAY_OK);
    cr_expect_eq(assay_eventlog_next(&log, &e), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_eventlog_next(&log, &e), ASSAY_E_NOT_FOUND, "and so it stays");
}

/* UEFI firmware of TDs writes 1 there (EDK2, TdTcg2Dxe), everybody else 0. */
Test(quote_eventlog_tcg, the_header_event_may_name_register_0_or_1)
{
    for (uint32_t reg = 0; reg < 3; reg++) {
        struct made_log made = make();
        size_t count = 0;
        put_u32(&made, 0, reg);
        cr_expect_eq(read_all(made.bytes, made.len, &count),
                     reg < 2 ? ASSAY_E_NOT_FOUND : ASSAY_E_UNSUPPORTED, "%u", (unsigned)reg);
        cr_expect_eq(count, reg < 2 ? 3u : 0u, "%u", (unsigned)reg);
        cr_expect_eq(assay_eventlog_looks_tcg(made.bytes, made.len), reg < 2);
    }
}

Test(quote_eventlog_tcg, rejects_every_truncation)
{
    const struct made_log made = make();
    size_t count = 0;
    for (size_t len = 0; len < made.len; len++) {
        const enum assay_status status = read_all(made.bytes, len, &count);
        /* Between two events nothing is missed, and four zeros of PCR 0 look like unused room: a
         * replay is what finds such a cut. */
        const size_t into = len >= HEADER ? (len - HEADER) % EVENT : 1;
        const bool of_pcr0 = len < HEADER + EVENT || len >= HEADER + 2 * EVENT;
        const bool at_border = len >= HEADER && (into == 0 || (into <= 4 && of_pcr0));
        if (at_border) cr_expect_eq(count, (len - HEADER) / EVENT);
        cr_expect_eq(status,
                     at_border  ? ASSAY_E_NOT_FOUND
                     : len < 48 ? ASSAY_E_UNSUPPORTED
                                : ASSAY_E_TRUNCATED,
                     "%zu: %d", len, (int)status);
    }
    cr_expect_eq(read_all(made.bytes, made.len, &count), ASSAY_E_NOT_FOUND);
    cr_expect_eq(count, 3);
}

Test(quote_eventlog_tcg, ends_at_room_that_was_not_used)
{
    size_t count = 0;
    for (int fill = 0; fill < 256; fill++) {
        struct made_log log = make();
        uint8_t room[100];
        memset(room, fill, sizeof room);
        log_put(&log, room, sizeof room);
        const enum assay_status status = read_all(log.bytes, log.len, &count);
        const bool unused = fill == 0 || fill == 0xff;
        cr_expect_eq(status == ASSAY_E_NOT_FOUND, unused, "%d", fill);
        cr_expect_eq(count, 3);
        log.bytes[log.len - 1] ^= 1; /* something follows after all */
        cr_expect_neq(read_all(log.bytes, log.len, &count), ASSAY_E_NOT_FOUND, "%d", fill);
    }
}

Test(quote_eventlog_tcg, takes_no_count_or_length_at_its_word)
{
    static const struct {
        size_t at;
        uint32_t value;
        enum assay_status status;
    } rows[] = {
        { COUNT_AT, 0, ASSAY_E_RANGE },
        { COUNT_AT, 1, ASSAY_E_TRUNCATED }, /* the second algorithm reads as vendor info */
        { COUNT_AT, 3, ASSAY_E_TRUNCATED },
        { COUNT_AT, 9, ASSAY_E_RANGE },
        { COUNT_AT, UINT32_MAX, ASSAY_E_RANGE },
        { 28, 0, ASSAY_E_TRUNCATED }, /* length of the header's event */
        { 28, 36, ASSAY_E_TRUNCATED },
        { 28, 38, ASSAY_E_TRAILING },
        { 28, UINT32_MAX, ASSAY_E_TRUNCATED },
        { HEADER, 24, ASSAY_E_RANGE }, /* register */
        { HEADER, UINT32_MAX, ASSAY_E_RANGE },
        { HEADER + 4, ASSAY_EV_IMA, ASSAY_E_INVALID },
        { HEADER + DIGESTS_AT, 0, ASSAY_E_INVALID },
        { HEADER + DIGESTS_AT, 1, ASSAY_E_INVALID },
        { HEADER + DIGESTS_AT, 3, ASSAY_E_INVALID },
        { HEADER + DIGESTS_AT, UINT32_MAX, ASSAY_E_INVALID },
        { HEADER + LEN_AT, UINT32_MAX, ASSAY_E_TRUNCATED },
        { HEADER + LEN_AT, INT32_MAX, ASSAY_E_TRUNCATED },
        { HEADER + 2 * EVENT + LEN_AT, 5, ASSAY_E_TRUNCATED },
        { HEADER + 2 * EVENT + LEN_AT, 3, ASSAY_E_NOT_FOUND }, /* a zero byte is unused room */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_log log = make();
        put_u32(&log, rows[i].at, rows[i].value);
        cr_expect_eq(read_log(&log), rows[i].status, "row %zu: %d", i, (int)read_log(&log));
    }
}

Test(quote_eventlog_tcg, knows_the_algorithms_of_the_header_and_no_others)
{
    static const struct {
        size_t at;
        uint8_t value;
        enum assay_status status;
    } rows[] = {
        { FIRST_ALG_AT, 12, ASSAY_E_RANGE },              /* SHA-384 of 32 bytes */
        { FIRST_ALG_AT + 2, 33, ASSAY_E_RANGE },          /* SHA-256 of 33 bytes */
        { FIRST_ALG_AT, 0x99, ASSAY_E_INVALID },          /* unknown here, and not in the events */
        { HEADER + 12, 12, ASSAY_E_TRUNCATED },           /* another order shifts what follows */
        { HEADER + 12, 13, ASSAY_E_INVALID },             /* not in the header */
        { HEADER + SECOND_AT, 11, ASSAY_E_DUPLICATE },    /* one digest twice */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_log log = make();
        log.bytes[rows[i].at] = rows[i].value;
        const enum assay_status status = read_log(&log);
        if (i == 3) cr_expect_neq(status, ASSAY_E_NOT_FOUND);
        else cr_expect_eq(status, rows[i].status, "row %zu: %d", i, (int)status);
    }
    struct made_log twice = make();
    assay_bytes_copy(twice.bytes + FIRST_ALG_AT + 4, 4, twice.bytes + FIRST_ALG_AT, 4);
    cr_expect_eq(read_log(&twice), ASSAY_E_DUPLICATE);
}

/* An algorithm that nobody here knows is carried along: its length is the header's to say. */
Test(quote_eventlog_tcg, skips_digests_of_an_algorithm_that_it_does_not_know)
{
    struct made_log log = make();
    size_t count = 0;
    log.bytes[FIRST_ALG_AT] = 0x99;
    for (size_t i = 0; i < 3; i++)
        log.bytes[HEADER + i * EVENT + 12] = 0x99;
    cr_expect_eq(read_all(log.bytes, log.len, &count), ASSAY_E_NOT_FOUND);
    cr_expect_eq(count, 3);
    log.bytes[FIRST_ALG_AT + 2] = 0;
    cr_expect_eq(read_log(&log), ASSAY_E_RANGE);
    log.bytes[FIRST_ALG_AT + 2] = 65;
    cr_expect_eq(read_log(&log), ASSAY_E_RANGE);
}

Test(quote_eventlog_tcg, is_not_taken_for_a_log_without_its_opening)
{
    const struct made_log made = make();
    for (size_t at = 0; at < 48; at++) {
        struct made_log log = made;
        if (at == 0) continue;             /* register 1, above */
        if (at >= 28 && at < 32) continue; /* the length, above */
        log.bytes[at] ^= 1;
        cr_expect_eq(read_log(&log), ASSAY_E_UNSUPPORTED, "byte %zu", at);
    }
    static uint8_t large[ASSAY_EVENTLOG_LEN_MAX + 1];
    struct assay_eventlog log;
    assay_bytes_copy(large, sizeof large, made.bytes, made.len);
    cr_expect_eq(assay_eventlog_open(large, sizeof large, &log), ASSAY_E_RANGE);
    cr_expect_eq(assay_eventlog_open(large, sizeof large - 1, &log), ASSAY_OK);
}

Test(quote_eventlog_tcg, survives_every_flipped_bit)
{
    const struct made_log made = make();
    size_t count = 0;
    for (size_t bit = 0; bit < 8 * made.len; bit++) {
        struct made_log log = made;
        log.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assay_status_ignore(read_all(log.bytes, log.len, &count), "any answer but a crash");
        cr_expect_leq(count, 3);
    }
}

/* TCG PC Client Platform Firmware Profile, 10.4.1, and entries of IMA lists. */
static const struct {
    uint32_t type;
    const char *name;
} type_names[] = {
    { 0x00000000, "EV_PREBOOT_CERT" },
    { 0x00000001, "EV_POST_CODE" },
    { 0x00000003, "EV_NO_ACTION" },
    { 0x00000004, "EV_SEPARATOR" },
    { 0x00000005, "EV_ACTION" },
    { 0x00000006, "EV_EVENT_TAG" },
    { 0x00000007, "EV_S_CRTM_CONTENTS" },
    { 0x00000008, "EV_S_CRTM_VERSION" },
    { 0x00000009, "EV_CPU_MICROCODE" },
    { 0x0000000a, "EV_PLATFORM_CONFIG_FLAGS" },
    { 0x0000000b, "EV_TABLE_OF_DEVICES" },
    { 0x0000000c, "EV_COMPACT_HASH" },
    { 0x0000000d, "EV_IPL" },
    { 0x0000000e, "EV_IPL_PARTITION_DATA" },
    { 0x0000000f, "EV_NONHOST_CODE" },
    { 0x00000010, "EV_NONHOST_CONFIG" },
    { 0x00000011, "EV_NONHOST_INFO" },
    { 0x00000012, "EV_OMIT_BOOT_DEVICE_EVENTS" },
    { 0x00000013, "EV_POST_CODE2" },
    { 0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG" },
    { 0x80000002, "EV_EFI_VARIABLE_BOOT" },
    { 0x80000003, "EV_EFI_BOOT_SERVICES_APPLICATION" },
    { 0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER" },
    { 0x80000005, "EV_EFI_RUNTIME_SERVICES_DRIVER" },
    { 0x80000006, "EV_EFI_GPT_EVENT" },
    { 0x80000007, "EV_EFI_ACTION" },
    { 0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB" },
    { 0x80000009, "EV_EFI_HANDOFF_TABLES" },
    { 0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2" },
    { 0x8000000b, "EV_EFI_HANDOFF_TABLES2" },
    { 0x8000000c, "EV_EFI_VARIABLE_BOOT2" },
    { 0x8000000d, "EV_EFI_GPT_EVENT2" },
    { 0x80000010, "EV_EFI_HCRTM_EVENT" },
    { 0x800000e0, "EV_EFI_VARIABLE_AUTHORITY" },
    { 0x800000e1, "EV_EFI_SPDM_FIRMWARE_BLOB" },
    { 0x800000e2, "EV_EFI_SPDM_FIRMWARE_CONFIG" },
    { ASSAY_EV_IMA, "ima" },
};
enum { TYPES = sizeof type_names / sizeof type_names[0] };

Test(quote_eventlog_tcg, has_a_name_for_each_type_and_back)
{
    for (size_t i = 0; i < TYPES; i++) {
        const char *const wanted = type_names[i].name;
        const char *const name = assay_event_type_name(type_names[i].type);
        const size_t len = strlen(wanted);
        uint32_t type = 77;
        cr_assert_not_null(name, "%s", wanted);
        cr_expect_str_eq(name, wanted);
        cr_expect_eq(assay_event_type_parse(wanted, len, &type), ASSAY_OK, "%s", wanted);
        cr_expect_eq(type, type_names[i].type, "%s", wanted);
        /* Cut and changed names are no names. */
        char other[64];
        assay_bytes_copy(other, sizeof other, wanted, len + 1);
        other[0] ^= 0x20;
        cr_expect_eq(assay_event_type_parse(other, len, &type), ASSAY_E_NOT_FOUND, "%s", other);
    }
}

Test(quote_eventlog_tcg, has_no_other_names)
{
    uint32_t type = 77;
    cr_expect_eq(assay_event_type_parse("EV_SEPARATO", 11, &type), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_event_type_parse("EV_SEPARATORS", 13, &type), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_event_type_parse("", 0, &type), ASSAY_E_NOT_FOUND);
    cr_expect_eq(type, 77);
    for (uint32_t low = 0; low < 0x200; low++)
        for (uint32_t top = 0; top < 2; top++) {
            size_t i = 0;
            while (i < TYPES && type_names[i].type != (top << 31 | low))
                i++;
            cr_expect_eq(assay_event_type_name(top << 31 | low) != NULL, i < TYPES, "%u of %u", low,
                         top);
        }
}

Test(quote_eventlog_tcg, compares_data_with_the_digest_of_the_bank_alone)
{
    const struct made_log made = make();
    struct assay_eventlog log;
    struct assay_boot_event event;
    cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK);
    cr_assert_eq(assay_eventlog_next(&log, &event), ASSAY_OK);
    cr_assert_eq(event.digest_count, 2);
    cr_expect(assay_event_data_is_measured(&event, 11));
    cr_expect(assay_event_data_is_measured(&event, 12));
    cr_expect_not(assay_event_data_is_measured(&event, 13), "a bank that the event does not have");
    cr_expect_not(assay_event_data_is_measured(&event, 4), "a hash that is not computed");
    event.digests[0].bytes.len -= 1;
    cr_expect_not(assay_event_data_is_measured(&event, 11), "a digest that was cut");
    cr_expect(assay_event_data_is_measured(&event, 12));
    event.data.len -= 1;
    cr_expect_not(assay_event_data_is_measured(&event, 12), "other data");
}
