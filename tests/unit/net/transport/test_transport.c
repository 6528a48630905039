/*
 * tests/unit/net/transport/test_transport.c - tests of the transport process.
 *
 * A transport in a process of its own, between two links of this one: it carries what links carry,
 * and when it falls, hangs, grows, lies or reaches for what it may not, another one does.
 */
#include "net/transport/transport.h"

#include "net/sandbox/sandbox.h"
#include "net/transport/client_internal.h"
#include "tests/support/sanitized.h"
#include "tests/unit/net/link_world.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FALLS = 1000, FALLS_MS = 20000, MANY_MS = 60000 };

static struct assay_transport *far; /* of node 0 */
static struct assay_link_config config;
static struct assay_transport_apart apart;
static struct assay_transport_news last; /* the newest */
static char last_fall[ASSAY_TRANSPORT_WHY];

static void start(void)
{
    struct node *self = &nodes[0];
    struct assay_limit_rates rates;
    make_keys();
    open_node(1, NULL);
    open_node(2, NULL);
    assay_limit_rates(500, NODES, &rates);
    for (size_t i = 0; i < NODES; i++) {
        assay_bytes_copy(self->entries[i].bootstrap, 32, nodes[i].bootstrap, 32);
        assay_bytes_copy(self->entries[i].transport, 32, nodes[i].transport, 32);
        assay_limit_init(&self->limits[i], &rates, now_ms());
    }
    self->roster = (struct assay_roster){ .count = NODES, .self = 0, .entries = self->entries };
    config = (struct assay_link_config){ .roster = &self->roster,
                                         .limits = self->limits,
                                         .counters = &self->counters,
                                         .bootstrap_secret = &self->bootstrap_secret,
                                         .bootstrap_public = self->bootstrap,
                                         .listen = "127.0.0.1:*",
                                         .handshake_ms = 200,
                                         .redial_ms = 200,
                                         .self_test = true };
    apart = (struct assay_transport_apart){ .program = TRANSPORT_PLANTED,
                                            .stall_cpu_ms = 300,
                                            .backoff_ms = 1,
                                            .shut_ms = 700 };
    last = (struct assay_transport_news){ 0 };
    last_fall[0] = '\0';
}

static void stop(void)
{
    assay_transport_close(&far);
    close_all();
}

static void open_far(void)
{
    char message[ASSAY_LINK_MESSAGE_LEN];
    cr_assert_eq(assay_transport_open(&config, &apart, &far, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_transport_identify(far, &nodes[0].transport_secret, nodes[0].transport),
                 ASSAY_OK);
    for (uint16_t i = 1; i < NODES; i++) {
        cr_assert_eq(assay_transport_peer(far, i, assay_link_endpoint(nodes[i].link)), ASSAY_OK);
        cr_assert_eq(assay_link_peer(nodes[i].link, 0, assay_transport_endpoint(far)), ASSAY_OK);
    }
}

/* Everybody works for a moment. */
static void turn(void)
{
    struct assay_transport_news news;
    cr_assert_eq(assay_transport_wait(far, now_ms(), NULL, 0, 1), ASSAY_OK);
    for (size_t i = 1; i < NODES; i++)
        cr_assert_eq(assay_link_wait(nodes[i].link, now_ms(), NULL, 0, 0), ASSAY_OK);
    while (assay_transport_news(far, &news)) {
        last = news;
        if (!news.ready) (void)snprintf(last_fall, sizeof last_fall, "%s", news.why);
    }
}

static bool is(const struct assay_slice *frame, const char *text)
{
    return frame->len == strlen(text) && assay_bytes_equal(frame->bytes, text, frame->len);
}

/* Node 0 hears a text of another one, said again and again while connections come up. */
static bool hears(uint16_t from, const char *text, uint64_t wait_ms)
{
    const uint64_t until_ms = now_ms() + wait_ms;
    uint64_t say_ms = 0;
    uint16_t slot = 99;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice frame;
    while (now_ms() < until_ms) {
        if (now_ms() >= say_ms) {
            say(from, 0, text);
            say_ms = now_ms() + 50;
        }
        turn();
        while (assay_transport_receive(far, &slot, &which, &frame) == ASSAY_OK)
            if (slot == from && which == ASSAY_ROSTER_TRANSPORT && is(&frame, text)) return true;
    }
    return false;
}

/* Another node receives from node 0. */
static bool is_reachable(uint16_t by, const char *text, uint64_t wait_ms)
{
    const uint64_t until_ms = now_ms() + wait_ms;
    uint64_t say_ms = 0;
    uint16_t slot = 99;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice frame;
    while (now_ms() < until_ms) {
        if (now_ms() >= say_ms) {
            const struct assay_slice out = assay_slice_over(text, strlen(text));
            cr_assert_eq(assay_transport_send(far, by, out, 0), ASSAY_OK);
            assay_transport_flush(far);
            say_ms = now_ms() + 50;
        }
        turn();
        while (assay_transport_receive(far, &slot, &which, &frame) == ASSAY_OK) {
        }
        while (assay_link_receive(nodes[by].link, &slot, &which, &frame) == ASSAY_OK)
            if (slot == 0 && which == ASSAY_ROSTER_TRANSPORT && is(&frame, text)) return true;
    }
    return false;
}

static uint64_t counted(enum assay_counter which)
{
    return nodes[0].counters.value[which];
}

TestSuite(net_transport_transport, .init = start, .fini = stop, .timeout = 600);

Test(net_transport_transport, carries_both_ways_and_says_whose_it_is)
{
    open_far();
    cr_assert(hears(1, "good from one", LONG_MS));
    cr_assert(hears(2, "good from two", LONG_MS));
    cr_assert(is_reachable(1, "to one", LONG_MS));
    cr_assert(is_reachable(2, "to two", LONG_MS));
    for (int i = 0; i < 100 && !assay_transport_is_up(far, 1); i++)
        turn();
    cr_assert(assay_transport_is_up(far, 1));
    cr_assert(assay_transport_has_peer(far, 1));
    turn();
    cr_assert_geq(counted(ASSAY_COUNT_FRAMES_IN), 2);
    cr_assert_geq(counted(ASSAY_COUNT_FRAMES_OUT), 2);
    cr_assert_geq(counted(ASSAY_COUNT_HANDSHAKE_ACCEPTED), 2);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_ENDED), 0);
    assay_transport_remove_peer(far, 1);
    cr_assert_not(assay_transport_has_peer(far, 1));
    cr_assert_eq(assay_transport_send(far, 1, assay_slice_over("x", 1), 0), ASSAY_E_NOT_FOUND);
}

/* Largest frames, as many as a link may hold, to both; all come, whole and in order. */
Test(net_transport_transport, many_largest_frames_go_through)
{
    enum { PAGES = 30 };
    static uint8_t page[ASSAY_FRAME_LEN_MAX];
    unsigned got[NODES] = { 0 };
    open_far();
    cr_assert(is_reachable(1, "to one", LONG_MS));
    cr_assert(is_reachable(2, "to two", LONG_MS));
    for (unsigned i = 0; i < PAGES; i++) {
        memset(page, 100 + (int)i, sizeof page); /* no batch, whose first byte is small */
        for (uint16_t to = 1; to < NODES; to++)
            cr_assert_eq(assay_transport_send(far, to, assay_slice_over(page, sizeof page), 0),
                         ASSAY_OK);
    }
    assay_transport_flush(far);
    cr_assert_eq(assay_transport_send(far, 1, assay_slice_over(page, sizeof page + 1), 0),
                 ASSAY_E_RANGE);
    for (const uint64_t until_ms = now_ms() + LONG_MS;
         now_ms() < until_ms && got[1] + got[2] < 2 * PAGES;) {
        uint16_t slot = 0;
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        struct assay_slice frame;
        turn();
        for (size_t i = 1; i < NODES; i++)
            while (assay_link_receive(nodes[i].link, &slot, &which, &frame) == ASSAY_OK) {
                if (frame.len != sizeof page) continue;
                cr_assert_eq(frame.bytes[0], 100 + got[i]);
                cr_assert_eq(frame.bytes[frame.len - 1], 100 + got[i]);
                got[i]++;
            }
    }
    cr_assert_eq(got[1], PAGES);
    cr_assert_eq(got[2], PAGES);
    cr_assert_eq(counted(ASSAY_COUNT_SEND_DROPPED), 0);
}

/* What one member requests in a burst, for example large blocks, takes no vote of the same turn
 * from the others: large frames leave room for small ones. */
Test(net_transport_transport, large_frames_to_one_leave_room_for_small_ones_to_another)
{
    static uint8_t page[ASSAY_FRAME_LEN_MAX];
    static uint8_t vote[8 << 10]; /* and a certificate */
    uint64_t sent = 0;
    open_far();
    cr_assert(is_reachable(2, "to two", LONG_MS));
    for (uint64_t at = 0; at < ASSAY_TRANSPORT_ORDERS_LEN; at += sizeof page) {
        memset(page, 100 + (int)(sent++ % 100), sizeof page);
        cr_assert_eq(assay_transport_send(far, 1, assay_slice_over(page, sizeof page), 0),
                     ASSAY_OK);
    }
    const uint64_t dropped = counted(ASSAY_COUNT_SEND_DROPPED);
    cr_assert(dropped > 0 && dropped < sent, "%llu of %llu", (unsigned long long)dropped,
              (unsigned long long)sent);
    for (int i = 0; i < 100; i++) {
        memset(vote, 100 + i, sizeof vote);
        cr_assert_eq(assay_transport_send(far, 2, assay_slice_over(vote, sizeof vote), 0),
                     ASSAY_OK);
    }
    cr_expect_eq(counted(ASSAY_COUNT_SEND_DROPPED), dropped);
}

Test(net_transport_transport, all_its_walls_stand)
{
    open_far();
    turn();
    cr_assert(last.ready);
    cr_assert(last.walls & ASSAY_SANDBOX_LAYER_CALLS);
    cr_assert(last.walls & ASSAY_SANDBOX_LAYER_LIMITS);
    cr_assert(TEST_SANITIZED || last.walls & ASSAY_SANDBOX_LAYER_MEMORY);
    cr_assert_eq((last.walls & ASSAY_SANDBOX_LAYER_FILES) != 0, last.landlock > 0);
}

Test(net_transport_transport, one_that_cannot_listen_says_why)
{
    char message[ASSAY_LINK_MESSAGE_LEN];
    config.listen = assay_link_endpoint(nodes[1].link);
    cr_assert_eq(assay_transport_open(&config, &apart, &far, message), ASSAY_E_IO);
    cr_assert_eq(strncmp(message, "cannot listen on", 16), 0, "%s", message);
    apart.program = "/nowhere/assayd";
    cr_assert_eq(assay_transport_open(&config, &apart, &far, message), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "transport: "), "%s", message);
}

/* ------------------------------------------------------------ it falls */

static void expect_fall(const char *what, uint64_t wait_ms)
{
    const uint64_t until_ms = now_ms() + wait_ms;
    const uint64_t before = counted(ASSAY_COUNT_TRANSPORT_ENDED);
    while (now_ms() < until_ms && counted(ASSAY_COUNT_TRANSPORT_ENDED) == before)
        turn();
    cr_assert_gt(counted(ASSAY_COUNT_TRANSPORT_ENDED), before, "%s", what);
    cr_assert(last.started || last.ready, "%s: %s", what, last.why);
}

/* One message ends it; its successor receives from the other member at once, and excludes the
 * sender for a while. */
static void fells(const char *plant, const char *why)
{
    char end[ASSAY_TRANSPORT_WHY] = "";
    uint16_t shut = ASSAY_TRANSPORT_NOBODY;
    struct assay_transport_news news;
    open_far();
    cr_assert(hears(1, "good from one", LONG_MS));
    cr_assert(hears(2, "good from two", LONG_MS));
    say(1, 0, plant);
    for (const uint64_t until_ms = now_ms() + LONG_MS; now_ms() < until_ms && end[0] == '\0';) {
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 1), ASSAY_OK);
        cr_assert_eq(assay_transport_wait(far, now_ms(), NULL, 0, 1), ASSAY_OK);
        while (assay_transport_news(far, &news)) {
            if (news.ready) continue;
            (void)snprintf(end, sizeof end, "%s", news.why);
            shut = news.shut;
        }
    }
    cr_assert_not_null(strstr(end, why), "%s: %s", plant, end);
    cr_assert_eq(shut, 1, "%s", plant);
    cr_assert(hears(2, "good after", LONG_MS), "%s", plant);
    cr_assert_geq(counted(ASSAY_COUNT_TRANSPORT_ENDED), 1, "%s", plant);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_EXCLUDED), 1, "%s", plant);
    cr_assert(is_reachable(2, "to two", LONG_MS), "%s", plant);
    cr_assert(hears(1, "good again", LONG_MS), "%s: shut out for ever", plant);
}

Test(net_transport_transport, survives_one_that_aborts)
{
    fells("abort ", "SIGABRT: a planted abort");
}

Test(net_transport_transport, survives_one_that_crashes)
{
    fells("segv ", TEST_SANITIZED ? "" : "SIGSEGV");
}

#if !TEST_SANITIZED /* no limit of memory stands with them */
Test(net_transport_transport, survives_one_that_grows)
{
    fells("alloc ", "SIGABRT: no memory");
}
#endif

Test(net_transport_transport, ends_one_that_runs_without_end)
{
    fells("loop ", "its loop does not turn");
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_STALLED), 1);
}

Test(net_transport_transport, ends_one_that_sleeps)
{
    apart.stall_ms = 800;
    fells("sleep ", "its loop does not turn");
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_STALLED), 1);
}

/* The loop goes on, and so does what it says of itself: libzmq's own thread is what hangs. Whose
 * bytes it had in hand is not known, so nobody is shut out. */
static void goes_numb(const char *plant)
{
    apart.stall_ms = 800;
    open_far();
    cr_assert(hears(1, "good from one", LONG_MS));
    cr_assert(hears(1, plant, LONG_MS));
    expect_fall(plant, 4 * LONG_MS); /* beats are seldom */
    cr_assert_not_null(strstr(last_fall, "libzmq's thread does not turn"), "%s", last_fall);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_STALLED), 1);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_EXCLUDED), 0);
    cr_assert(hears(1, "good after", LONG_MS));
    cr_assert(is_reachable(2, "to two", LONG_MS));
}

Test(net_transport_transport, ends_one_whose_libzmq_sleeps)
{
    goes_numb("numb ");
}

Test(net_transport_transport, ends_one_whose_libzmq_runs_without_end)
{
    goes_numb("daze ");
}

/* Beats that are seldom, and nobody's words: it is let be. */
Test(net_transport_transport, lets_be_one_that_nobody_speaks_to)
{
    apart.stall_ms = 300; /* and three seconds */
    open_far();
    const uint64_t until_ms = now_ms() + 6000;
    while (now_ms() < until_ms)
        turn();
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_ENDED), 0, "%s", last.why);
}

Test(net_transport_transport, another_program_ends_it)
{
    fells("exec ", "SIGSYS");
}

Test(net_transport_transport, a_process_more_ends_it)
{
    fells("fork ", "SIGSYS");
}

Test(net_transport_transport, a_signal_to_its_daemon_ends_it)
{
    fells("kill ", "SIGSYS");
}

Test(net_transport_transport, another_listener_ends_it)
{
    fells("listen ", "SIGSYS");
}

Test(net_transport_transport, sockets_of_this_machine_end_it)
{
    fells("unix ", "SIGSYS");
}

Test(net_transport_transport, datagrams_end_it)
{
    fells("udp ", "SIGSYS");
}

Test(net_transport_transport, another_port_ends_it)
{
    fells("bind ", "SIGSYS");
}

Test(net_transport_transport, files_are_refused)
{
    fells("read ", "read: refused");
}

Test(net_transport_transport, files_are_not_made)
{
    fells("write ", "write: refused");
    cr_assert_neq(access("/tmp/assay-transport-was-here", F_OK), 0);
}

Test(net_transport_transport, code_is_refused)
{
    fells("code ", "code: refused");
}

/* What nobody can read is its own lie, no member's. */
Test(net_transport_transport, a_packet_that_cannot_be_read_is_a_fall)
{
    open_far();
    cr_assert(hears(1, "good from one", LONG_MS));
    say(1, 0, "babble ");
    expect_fall("babble", LONG_MS);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_EXCLUDED), 0);
    cr_assert(hears(1, "good after", LONG_MS));
}

/* Bells for nothing could cost the core half a processor. */
static void is_ended_for_bells(const char *plant)
{
    struct assay_transport_news news;
    char end[ASSAY_TRANSPORT_WHY] = "";
    apart.stall_cpu_ms = apart.stall_ms = 30000;
    open_far();
    cr_assert(hears(1, "good from one", LONG_MS));
    say(1, 0, plant);
    for (const uint64_t until_ms = now_ms() + LONG_MS; now_ms() < until_ms && end[0] == '\0';) {
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 0), ASSAY_OK);
        cr_assert_eq(assay_transport_wait(far, now_ms(), NULL, 0, 1000), ASSAY_OK);
        while (assay_transport_news(far, &news))
            if (!news.ready) (void)snprintf(end, sizeof end, "%s", news.why);
    }
    cr_assert_not_null(strstr(end, "it wakes us up without a reason"), "%s: %s", plant, end);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_EXCLUDED), 0);
    cr_assert(hears(1, "good after", LONG_MS));
}

Test(net_transport_transport, ends_one_that_wakes_its_core_for_nothing)
{
    is_ended_for_bells("ring ");
}

Test(net_transport_transport, ends_one_that_wakes_its_core_whenever_it_sleeps)
{
    is_ended_for_bells("chime ");
}

/* Also one that wakes it no more often than it sleeps. The caller's clock: no load changes it. */
Test(net_transport_transport, wakes_its_core_so_often_in_a_second)
{
    static struct assay_transport_client woken;
    for (uint64_t second_ms = 5000; second_ms < 8000; second_ms += 1000) {
        for (; woken.wakes < CLIENT_WAKES_PER_S || second_ms > woken.wakes_ms; woken.wakes++)
            cr_assert(assay_transport_client_may_wake(&woken, second_ms));
        cr_assert_not(assay_transport_client_may_wake(&woken, second_ms));
        cr_assert_not(assay_transport_client_may_wake(&woken, second_ms + 999));
    }
}

/* Killed by somebody: nobody's fault. Each comes back on the same port, with the same peers. */
Test(net_transport_transport, survives_a_thousand_in_a_row)
{
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    unsigned falls = 0;
    config.self_test = false;
    open_far();
    (void)snprintf(endpoint, sizeof endpoint, "%s", assay_transport_endpoint(far));
    for (const uint64_t until_ms = now_ms() + FALLS_MS; falls < FALLS && now_ms() < until_ms;) {
        cr_assert_eq(assay_transport_wait(far, now_ms(), NULL, 0, 20), ASSAY_OK);
        struct assay_transport_news news;
        while (assay_transport_news(far, &news)) {
            if (news.ready && kill((pid_t)news.pid, SIGKILL) == 0) falls++;
        }
    }
    cr_assert_geq(falls, 20U);
    cr_assert(hears(1, "good after all", MANY_MS));
    cr_assert(is_reachable(2, "to two after all", MANY_MS));
    /* Now and then somebody's connection takes the port before the next one does. */
    cr_assert_geq(counted(ASSAY_COUNT_TRANSPORT_ENDED), falls);
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_EXCLUDED), 0);
    cr_assert_str_eq(assay_transport_endpoint(far), endpoint);
    cr_log_info("%u falls", falls);
}

/* It does not take what is there: frames go, and nobody waits. */
Test(net_transport_transport, one_that_stands_still_holds_nobody_up)
{
    static uint8_t page[ASSAY_FRAME_LEN_MAX];
    apart.stall_ms = 60000;
    open_far();
    turn();
    cr_assert(last.ready);
    cr_assert_eq(kill((pid_t)last.pid, SIGSTOP), 0);
    const uint64_t start_ms = now_ms();
    for (unsigned i = 0; i < 300; i++) {
        page[0] = (uint8_t)i;
        page[1] = (uint8_t)(i >> 8);
        cr_assert_eq(assay_transport_send(far, 1, assay_slice_over(page, sizeof page), 0),
                     ASSAY_OK);
        assay_transport_flush(far);
    }
    cr_assert_lt(now_ms() - start_ms, 20000); /* without waiting for one that is stopped */
    cr_assert_gt(counted(ASSAY_COUNT_SEND_DROPPED), 100);
    cr_assert_eq(kill((pid_t)last.pid, SIGCONT), 0);
    cr_assert(is_reachable(1, "to one", LONG_MS));
    cr_assert_eq(counted(ASSAY_COUNT_TRANSPORT_ENDED), 0);
}

/* ------------------------------------------------------------ what the core decides */

Test(net_transport_transport, who_is_banned_is_hung_up_and_not_let_in)
{
    open_far();
    cr_assert(hears(1, "good before", LONG_MS));
    nodes[0].limits[1].banned_until_ms = now_ms() + 1500;
    const uint64_t until_ms = now_ms() + LONG_MS;
    while (counted(ASSAY_COUNT_HANDSHAKE_BANNED) == 0 && now_ms() < until_ms)
        turn();
    cr_assert_gt(counted(ASSAY_COUNT_HANDSHAKE_BANNED), 0);
    cr_assert_geq(counted(ASSAY_COUNT_CONNECTION_CUT), 1);
    cr_assert(hears(2, "good of another", LONG_MS));
    cr_assert(hears(1, "good later", LONG_MS));
}

Test(net_transport_transport, a_key_that_was_replaced_is_nobodys)
{
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice frame;
    open_far();
    cr_assert(hears(1, "good before", LONG_MS));
    nodes[0].entries[1].transport[5] ^= 1;
    /* The transport is not told yet: what it vouches for is held against the roster here. */
    for (int i = 0; i < 100; i++) {
        say(1, 0, "good too late");
        turn();
        cr_assert_eq(assay_transport_receive(far, &slot, &which, &frame), ASSAY_E_AGAIN);
    }
    cr_assert_gt(counted(ASSAY_COUNT_FRAME_OLD_KEY), 0);
    nodes[0].entries[1].transport[5] ^= 1;
    assay_transport_roster(far);
    cr_assert(hears(1, "good again", LONG_MS));
}

/* A new set of keys is listed: known to the next transport as well. */
Test(net_transport_transport, the_roster_goes_along)
{
    open_far();
    nodes[0].entries[1].gone = true;
    assay_transport_roster(far);
    cr_assert_not(hears(1, "good of nobody", 600));
    cr_assert_gt(counted(ASSAY_COUNT_HANDSHAKE_STRANGER), 0);
    cr_assert_eq(kill((pid_t)last.pid, SIGKILL), 0);
    expect_fall("killed", LONG_MS);
    cr_assert_not(hears(1, "good of nobody", 600));
    nodes[0].entries[1].gone = false;
    assay_transport_roster(far);
    cr_assert(hears(1, "good of a member", LONG_MS));
}

static size_t to_loopback(void *context, const char *host,
                          char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    (void)context;
    if (strcmp(host, "one.example") != 0) return 0;
    (void)snprintf(numbers[0], ASSAY_RESOLVER_NUMBER_LEN, "127.0.0.1");
    return 1;
}

Test(net_transport_transport, names_are_resolved_here)
{
    char address[64];
    config.resolve = to_loopback;
    open_far();
    (void)snprintf(address, sizeof address, "one.example%s",
                   strrchr(assay_link_endpoint(nodes[1].link), ':'));
    cr_assert_eq(assay_transport_peer(far, 1, address), ASSAY_OK);
    cr_assert(is_reachable(1, "by name", LONG_MS));
    cr_assert_eq(assay_transport_peer(far, 1, "no address"), ASSAY_E_IO);
    cr_assert_eq(assay_transport_peer(far, 1, "two.example:1"), ASSAY_OK);
    const uint64_t until_ms = now_ms() + LONG_MS;
    while (counted(ASSAY_COUNT_NAME_UNKNOWN) == 0 && now_ms() < until_ms)
        cr_assert_not(is_reachable(1, "of nobody", 50));
    cr_assert_gt(counted(ASSAY_COUNT_NAME_UNKNOWN), 0);
}

/*
 * Any member may claim to listen there (host/peers/addresses.h). libzmq would ask the C library for
 * it in the process that must not, which ends that process, now and after each start.
 */
Test(net_transport_transport, a_name_in_brackets_ends_nobody)
{
    static const char *const names[] = { "[never.example]:7100", "[1:2]:7100", "[::g]:7100",
                                         "[::1.example]:7100" };
    open_far();
    cr_assert(hears(1, "good from one", LONG_MS));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_expect_eq(assay_transport_peer(far, 2, names[i]), ASSAY_E_IO, "%s", names[i]);
    cr_expect(hears(1, "good after", LONG_MS));
    cr_expect(is_reachable(1, "to one", LONG_MS));
    cr_expect_eq(counted(ASSAY_COUNT_TRANSPORT_ENDED), 0, "%s", last_fall);
}

Test(net_transport_transport, last_words_arrive)
{
    char heard[64];
    uint16_t slot = 99;
    open_far();
    cr_assert(is_reachable(2, "to two", LONG_MS));
    cr_assert_eq(assay_transport_send(far, 2, assay_slice_over("farewell", 8), 0), ASSAY_OK);
    assay_transport_linger(far, 500);
    const uint64_t start_ms = now_ms();
    assay_transport_close(&far);
    cr_assert_lt(now_ms() - start_ms, LONG_MS);
    heard[0] = '\0';
    while (strcmp(heard, "farewell") != 0)
        cr_assert(listen_for(2, LONG_MS, heard, sizeof heard, &slot));
}

/* The same functions over sockets of this process. */
Test(net_transport_transport, without_a_process_it_is_the_link)
{
    char message[ASSAY_LINK_MESSAGE_LEN];
    struct assay_transport_news news;
    cr_assert_eq(assay_transport_open(&config, NULL, &far, message), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_transport_identify(far, &nodes[0].transport_secret, nodes[0].transport),
                 ASSAY_OK);
    cr_assert_eq(assay_transport_peer(far, 1, assay_link_endpoint(nodes[1].link)), ASSAY_OK);
    cr_assert_eq(assay_link_peer(nodes[1].link, 0, assay_transport_endpoint(far)), ASSAY_OK);
    assay_transport_roster(far);
    assay_transport_spare(far, 1, 7);
    assay_transport_pause(far, false);
    cr_assert(hears(1, "good from one", LONG_MS));
    cr_assert(is_reachable(1, "to one", LONG_MS));
    cr_assert(assay_transport_is_up(far, 1));
    cr_assert(assay_transport_has_peer(far, 1));
    assay_transport_remove_peer(far, 1);
    cr_assert_not(assay_transport_has_peer(far, 1));
    cr_assert_not(assay_transport_news(far, &news));
    assay_transport_linger(far, 1);
}
