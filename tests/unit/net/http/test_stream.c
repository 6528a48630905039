/*
 * tests/unit/net/http/test_stream.c - tests of the event stream.
 *
 * Events as they happen: where a reader goes on, what it is told when something is gone.
 */
#include "net/http/stream.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct http_fixture fixture;
static struct assay_http_stream stream;
static char text[1 << 20];
static size_t text_len;

static void open_fixture(void)
{
    http_fixture_open(&fixture, 4);
}

static void close_fixture(void)
{
    http_fixture_close(&fixture);
}

TestSuite(net_http_stream, .init = open_fixture, .fini = close_fixture);

static void begin(uint64_t seq, bool resync)
{
    assay_http_stream_init(&stream, 0xabc, seq, resync, 1000);
    text_len = 0;
}

/* Everything there is to say at this moment, in pieces of at most `piece` bytes. */
static const char *drain(uint64_t now_ms, size_t piece)
{
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(fixture.slot);
    size_t len = 0;
    text_len = 0;
    do {
        cr_assert_lt(text_len + piece, sizeof text);
        len =
            assay_http_stream_read(&stream, fixture.timeline, view, now_ms, text + text_len, piece);
        text_len += len;
    } while (len > 0);
    text[text_len] = '\0';
    assay_http_snapshot_release(&view);
    return text;
}

static unsigned count(const char *in, const char *what)
{
    unsigned n = 0;
    for (const char *at = in; (at = strstr(at, what)) != NULL; at += strlen(what))
        n++;
    return n;
}

Test(net_http_stream, goes_on_after_the_event_that_was_seen)
{
    for (uint64_t seq = 1; seq <= 10; seq++)
        http_fixture_publish(&fixture, "x");
    begin(7, false);
    const char *said = drain(1000, 8192);
    cr_expect_eq(strncmp(said, "retry: 3000\n\n", 13), 0);
    cr_expect_eq(count(said, "event: timeline"), 3);
    cr_expect_not_null(strstr(said, "id: abc-8\n"));
    cr_expect_null(strstr(said, "id: abc-7\n"));
    cr_expect_str_eq(drain(1001, 100), "", "told once");
    http_fixture_publish(&fixture, "y");
    cr_expect(assay_http_stream_is_ready(&stream, 11, 0, 1002));
    cr_expect_eq(count(drain(1002, 100), "id: abc-11\n"), 1);
}

Test(net_http_stream, any_pieces_make_the_same_text)
{
    static char whole[sizeof text];
    for (uint64_t seq = 1; seq <= 40; seq++)
        http_fixture_publish(&fixture, "some event or other");
    cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
    begin(0, false);
    (void)snprintf(whole, sizeof whole, "%s", drain(1000, 8192));
    static const size_t pieces[] = { 1, 2, 3, 7, 100, 4095, 4096 };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        begin(0, false);
        cr_expect_str_eq(drain(1000, pieces[i]), whole, "pieces of %zu", pieces[i]);
    }
}

Test(net_http_stream, a_reader_that_is_too_late_gets_a_resync)
{
    enum { GONE = 2 * ASSAY_TIMELINE_ROUTINE_MAX };
    for (uint64_t seq = 1; seq <= GONE + ASSAY_TIMELINE_ROUTINE_MAX; seq++)
        http_fixture_publish(&fixture, "x");
    begin(GONE - 1, false); /* the event after this one is gone */
    const char *said = drain(1000, 8192);
    cr_expect_eq(count(said, "event: resync"), 1);
    cr_expect_eq(count(said, "event: timeline"), 0);
    cr_expect_not_null(strstr(said, "id: abc-3072\n"), "%s", said);
    begin(GONE, false); /* the oldest that is there */
    said = drain(1000, 8192);
    cr_expect_eq(count(said, "event: resync"), 0);
    cr_expect_eq(count(said, "event: timeline"), ASSAY_TIMELINE_ROUTINE_MAX);
}

Test(net_http_stream, tells_of_newer_states_four_times_a_second_at_most)
{
    begin(0, false);
    unsigned told = 0;
    for (uint64_t now = 1000; now < 3000; now += 10) {
        cr_assert(assay_http_snapshot_slot_publish(fixture.slot, &fixture.snapshot, false));
        told += count(drain(now, 4096), "event: snapshot");
    }
    cr_expect_eq(told, 8);
}

Test(net_http_stream, a_silent_network_is_heard_of_every_fifteen_seconds)
{
    begin(0, false);
    (void)drain(1000, 100);
    cr_expect_not(assay_http_stream_is_ready(&stream, 0, 0, 15999));
    cr_expect_str_eq(drain(15999, 100), "");
    cr_expect(assay_http_stream_is_ready(&stream, 0, 0, 16000));
    cr_expect_str_eq(drain(16000, 100), ": still here\n\n");
    cr_expect_str_eq(drain(16001, 100), "");
}

/* Every byte of the longest text escaped to six, and the longest name. */
Test(net_http_stream, the_longest_event_fits)
{
    struct assay_timeline_event event = { .at_unix_ms = UINT64_MAX,
                                          .epoch = UINT64_MAX,
                                          .code = "a_code_of_thirty_characters_xx",
                                          .a = UINT64_MAX,
                                          .b = UINT64_MAX };
    memset(event.text, 1, sizeof event.text - 1);
    memset(event.name, 1, sizeof event.name - 1);
    for (int i = 0; i < 2; i++) {
        event.text[0] = (char)(1 + i);
        cr_assert_eq(assay_timeline_log_add(fixture.timeline, &event), ASSAY_OK);
    }
    begin(0, false);
    const char *said = drain(1000, 8192);
    cr_expect_eq(count(said, "\n\n"), 3, "%s", said);
    cr_expect_eq(count(said, "event: timeline"), 2);
}
