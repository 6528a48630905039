/*
 * tests/unit/quote/eventlog/test_replay.c - tests of the replay of events, against a reference
 * implementation.
 */
#include "quote/eventlog/replay.h"
#include "tests/support/eventlog_reference.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint16_t algs[] = { 11, 12, 13 };

/* Replays all, one register at a time in one algorithm, and compares after every event. */
static void expect_like_reference(const struct made_log *made, uint32_t reg, uint16_t alg)
{
    struct assay_eventlog log;
    struct assay_boot_event event;
    struct assay_replay replay;
    uint8_t expected[64];
    assay_replay_init(&replay);
    cr_assert_eq(assay_replay_start(&replay, reg, alg), ASSAY_OK);
    cr_assert_eq(assay_eventlog_open(made->bytes, made->len, &log), ASSAY_OK);
    for (size_t n = 1; assay_eventlog_next(&log, &event) == ASSAY_OK; n++) {
        cr_assert_eq(assay_replay_extend(&replay, &event), ASSAY_OK);
        const size_t len = reference_replay(made, reg, alg, n, expected);
        cr_expect_eq(replay.registers[reg].len, len);
        cr_expect_arr_eq(replay.registers[reg].value, expected, len, "reg %u, alg %u, event %zu",
                         reg, alg, n);
    }
}

Test(quote_eventlog_replay, agrees_with_the_reference_on_random_logs)
{
    uint32_t seed = 20260401;
    for (size_t round = 0; round < 200; round++) {
        const size_t count = 1 + round % 3;
        struct made_log tcg = log_tcg(algs, count);
        struct made_log ima = log_ima((size_t[]){ 20, 32, 48, 64 }[round % 4], round % 2 == 1);
        if (round % 5 > 1) log_locality(&tcg, (uint8_t[]){ 0, 3, 4 }[round % 3]);
        for (size_t i = 0; i < 12; i++) {
            char data[] = "0000";
            seed = seed * 1664525u + 1013904223u;
            data[0] = (char)('a' + (seed >> 8) % 26);
            log_event(&tcg, (seed >> 16) % 5, (seed >> 24) % 8, data, (seed >> 20) % 5);
            if (seed % 7 == 0) log_violation(&ima, 10, data);
            else if (seed % 5 == 0) log_legacy(&ima, 10, data);
            else log_file(&ima, 10, seed % 2 == 0 ? "ima-ng" : "ima-sig", data, data);
        }
        for (uint32_t reg = 0; reg < 5; reg++)
            for (size_t a = 0; a < count; a++)
                expect_like_reference(&tcg, reg, algs[a]);
        for (size_t a = 0; a < 3; a++)
            expect_like_reference(&ima, 10, algs[a]);
    }
}

/* SHA-256 of 32 zeros and SHA-256("") worked out by another program:
 * (head -c32 /dev/zero; printf '' | sha256sum | xxd -r -p) | sha256sum */
Test(quote_eventlog_replay, extends_as_a_tpm_does)
{
    static const char expected[] =
        "1c9ecec90e28d2461650418635878a5c91e49f47586ecf75f2b0cbb94e897112";
    struct made_log made = log_tcg(algs, 1);
    struct assay_eventlog log;
    struct assay_boot_event event;
    struct assay_replay replay;
    char text[65];
    log_event(&made, 4, 1, "", 0);
    assay_replay_init(&replay);
    cr_assert_eq(assay_replay_start(&replay, 4, 11), ASSAY_OK);
    cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK);
    cr_assert_eq(assay_eventlog_next(&log, &event), ASSAY_OK);
    cr_assert_eq(assay_replay_extend(&replay, &event), ASSAY_OK);
    assay_hex_encode(replay.registers[4].value, 32, text, sizeof text);
    cr_expect_str_eq(text, expected);
}

Test(quote_eventlog_replay, starts_pcr0_at_the_locality_once_and_first)
{
    static const struct {
        int localities[2]; /* before and after an event of PCR 0; -1: none */
        enum assay_status status;
    } rows[] = {
        { { -1, -1 }, ASSAY_OK },      { { 0, -1 }, ASSAY_OK },       { { 3, -1 }, ASSAY_OK },
        { { 4, -1 }, ASSAY_OK },       { { 1, -1 }, ASSAY_E_RANGE },  { { 5, -1 }, ASSAY_E_RANGE },
        { { 255, -1 }, ASSAY_E_RANGE },{ { -1, 3 }, ASSAY_E_INVALID },{ { 3, 3 }, ASSAY_E_INVALID },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made_log made = log_tcg(algs, 1);
        struct assay_eventlog log;
        struct assay_boot_event event;
        struct assay_replay replay;
        enum assay_status status = ASSAY_OK;
        if (rows[i].localities[0] >= 0) log_locality(&made, (uint8_t)rows[i].localities[0]);
        log_event(&made, 0, 8, "x", 1);
        if (rows[i].localities[1] >= 0) log_locality(&made, (uint8_t)rows[i].localities[1]);
        assay_replay_init(&replay);
        cr_assert_eq(assay_replay_start(&replay, 0, 11), ASSAY_OK);
        cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK);
        while (status == ASSAY_OK && assay_eventlog_next(&log, &event) == ASSAY_OK)
            status = assay_replay_extend(&replay, &event);
        cr_expect_eq(status, rows[i].status, "row %zu: %d", i, (int)status);
    }
}

Test(quote_eventlog_replay, says_when_the_log_lacks_the_algorithm)
{
    struct made_log made = log_tcg(algs, 1);
    struct assay_eventlog log;
    struct assay_boot_event event;
    struct assay_replay replay;
    log_event(&made, 4, 1, "x", 1);
    assay_replay_init(&replay);
    cr_expect_eq(assay_replay_start(&replay, 4, 4), ASSAY_E_UNSUPPORTED, "SHA-1");
    cr_assert_eq(assay_replay_start(&replay, 4, 12), ASSAY_OK);
    cr_assert_eq(assay_eventlog_open(made.bytes, made.len, &log), ASSAY_OK);
    cr_assert_eq(assay_eventlog_next(&log, &event), ASSAY_OK);
    cr_expect_eq(assay_replay_extend(&replay, &event), ASSAY_E_UNSUPPORTED);
    cr_expect(assay_bytes_all_zero(replay.registers[4].value, 48));
}
