/*
 * tests/unit/net/tls/test_tls_links.c - tests of links over TLS: authentication, limits, turns.
 */
#include "tests/unit/net/tls/links.h"

#include "base/crypto.h"
#include "net/system/caller_site.h"
#include "net/tls/address.h"
#include "net/tls/connection.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(net_tls_links, .init = links_open, .fini = links_close, .timeout = 120);

static struct assay_slice text(const char *s)
{
    size_t len = 0;
    while (s[len] != '\0')
        len++;
    return assay_slice_over(s, len);
}

static bool is_text(struct assay_slice frame, const char *s)
{
    const struct assay_slice other = text(s);
    return frame.len == other.len && assay_bytes_equal(frame.bytes, other.bytes, frame.len);
}

static void run_for(struct assay_tls_client *client, int turns)
{
    while (turns-- > 0)
        links_run(client);
}

/* --- a client that sends what it likes, once its handshake is complete */

static struct assay_tls_context *raw_context;

static struct assay_tls_session *raw_open(uint32_t party)
{
    struct assay_tls_session *session = NULL;
    const struct assay_tls_config config = { .secret = &links.client[party].secret,
                                             .public_key = links.client[party].public_key,
                                             .chain_id = links.chain_id };
    cr_assert_eq(assay_tls_context_open(&config, &raw_context), ASSAY_OK);
    cr_assert_eq(
        assay_tls_session_open(raw_context, links_dial_raw(), links.own.public_key, &session),
        ASSAY_OK);
    enum assay_status status = ASSAY_E_AGAIN;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        assay_tls_session_set_budget(session, 65536, 1000);
        status = assay_tls_session_handshake(session);
        links_run(NULL);
    }
    cr_assert_eq(status, ASSAY_OK);
    run_for(NULL, 20);
    return session;
}

static void raw_write(struct assay_tls_session *session, const uint8_t *bytes, size_t len)
{
    size_t sent = 0;
    cr_assert_eq(assay_tls_session_write(session, bytes, len, &sent), ASSAY_OK);
    cr_assert_eq(sent, len);
}

static void raw_close(struct assay_tls_session *session)
{
    assay_tls_session_close(&session);
    assay_tls_context_close(&raw_context);
}

/* --- authentication */

Test(net_tls_links, frames_arrive_in_order_in_both_directions)
{
    struct assay_slice frame;
    uint32_t slot = 7;
    struct assay_tls_client *client = links_client(3);
    assay_tls_client_send(client, 0, text("one")); /* before there is a connection */
    assay_tls_client_send(client, 0, text("two"));
    cr_assert_eq(links_next(client, &frame), 3);
    cr_expect(is_text(frame, "one"));
    cr_assert_eq(links_next(client, &frame), 3);
    cr_expect(is_text(frame, "two"));
    assay_tls_server_send(links.server, 3, text("three"));
    for (int i = 0; i < 1000; i++) {
        links_run(client);
        if (assay_tls_client_receive(client, &slot, &frame) == ASSAY_OK) break;
    }
    cr_expect_eq(slot, 0);
    cr_expect(is_text(frame, "three"));
    assay_tls_client_close(&client);
}

static void expect_refused(struct assay_tls_client *client)
{
    struct assay_slice frame;
    assay_tls_client_send(client, 0, text("frame"));
    for (int i = 0; i < 1000 && assay_tls_server_figures(links.server).refused == 0; i++)
        links_run(client);
    run_for(client, 10);
    cr_expect_gt(assay_tls_server_figures(links.server).refused, 0);
    cr_expect_eq(assay_tls_server_figures(links.server).accepted, 0);
    cr_expect_not(assay_tls_client_is_up(client, 0));
    uint32_t party;
    cr_expect_eq(assay_tls_server_receive(links.server, &party, &frame), ASSAY_E_AGAIN);
    assay_tls_client_close(&client);
}

Test(net_tls_links, a_key_that_is_not_permitted_is_refused)
{
    links.listed[2] = false;
    expect_refused(links_client(2));
}

Test(net_tls_links, a_key_that_the_client_does_not_have_is_refused)
{
    struct link_key stolen = links.client[2];
    stolen.secret = links.client[4].secret;
    expect_refused(links_client_of(&stolen, links.chain_id));
}

Test(net_tls_links, another_chain_is_refused)
{
    const uint8_t other[32] = { 9 };
    expect_refused(links_client_of(&links.client[2], other));
}

Test(net_tls_links, another_server_is_refused_by_the_client)
{
    struct assay_tls_client *client = links_client(2);
    cr_assert_eq(
        assay_tls_client_set(client, 0, links.client[5].public_key, links.address, links.now_ms),
        ASSAY_OK);
    expect_refused(client);
}

/* The ledger changes while the handshake is under way. */
Test(net_tls_links, a_key_that_left_during_the_handshake_is_refused)
{
    struct assay_tls_client *client = links_client(2);
    for (int i = 0; i < 1000 && links.finds == 0; i++)
        links_run(client);
    cr_assert_eq(links.finds, 1);
    links.listed[2] = false;
    run_for(client, 50);
    cr_expect_geq(links.finds, 2);
    cr_expect_eq(assay_tls_server_figures(links.server).accepted, 0);
    cr_expect_not(assay_tls_server_is_up(links.server, 2));
    assay_tls_client_close(&client);
}

/* Each handshake has keys of its own: recorded bytes authenticate no party. */
Test(net_tls_links, recorded_bytes_are_refused)
{
    struct assay_tls_client *client = links_client(1);
    uint8_t bytes[8192], back[8192];
    size_t len = 0;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t at_len = sizeof at;
    char address[64];
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(listener >= 0 && bind(listener, (struct sockaddr *)&at, sizeof at) == 0 &&
              listen(listener, 1) == 0 &&
              getsockname(listener, (struct sockaddr *)&at, &at_len) == 0);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
    cr_assert_eq(assay_tls_client_set(client, 0, links.own.public_key, address, links.now_ms),
                 ASSAY_OK);
    assay_tls_client_send(client, 0, text("once"));
    links_run(client);
    const int near = accept(listener, NULL, NULL), far = links_dial_raw();
    for (int i = 0; i < 300; i++) {
        const ssize_t got = recv(near, bytes + len, sizeof bytes - len, MSG_DONTWAIT);
        if (got > 0) cr_assert_eq(send(far, bytes + len, (size_t)got, 0), got);
        if (got > 0) len += (size_t)got;
        const ssize_t answer = recv(far, back, sizeof back, MSG_DONTWAIT);
        if (answer > 0) cr_assert_eq(send(near, back, (size_t)answer, 0), answer);
        links_run(client);
    }
    struct assay_slice frame;
    cr_assert_eq(links_next(client, &frame), 1);
    cr_assert(is_text(frame, "once"));
    const int again = links_dial_raw();
    cr_assert_eq(send(again, bytes, len, 0), (ssize_t)len);
    run_for(NULL, 50);
    cr_expect_eq(assay_tls_server_figures(links.server).accepted, 1);
    cr_expect(links_is_closed(again));
    cr_expect(assay_tls_server_is_up(links.server, 1), "the connection itself goes on");
    (void)close(again);
    (void)close(near);
    (void)close(far);
    (void)close(listener);
    assay_tls_client_close(&client);
}

/* --- frames */

Test(net_tls_links, a_frame_that_is_cut_off_never_arrives)
{
    static const uint8_t bytes[] = { 0, 0, 0, 9, 1, 2, 3 };
    struct assay_slice frame;
    struct assay_tls_session *session = raw_open(0);
    raw_write(session, bytes, sizeof bytes);
    run_for(NULL, 20);
    raw_close(session);
    cr_expect_eq(links_next(NULL, &frame), LINKS_NOBODY);
    cr_expect_not(assay_tls_server_is_up(links.server, 0));
}

Test(net_tls_links, a_length_that_no_frame_has_ends_the_connection)
{
    static const uint8_t lengths[][4] = { { 0, 0, 0, 0 }, { 0, 0, 0xc0, 1 }, { 0xff, 0, 0, 0 } };
    struct assay_slice frame;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct assay_tls_session *session = raw_open(0);
        raw_write(session, lengths[i], 4);
        for (int k = 0; k < 20; k++) {
            links_run(NULL);
            uint32_t party;
            cr_expect_eq(assay_tls_server_receive(links.server, &party, &frame), ASSAY_E_AGAIN);
        }
        cr_expect_not(assay_tls_server_is_up(links.server, 0));
        raw_close(session);
    }
    cr_expect_eq(assay_tls_server_figures(links.server).malformed, 3);
}

Test(net_tls_links, the_largest_frame_arrives)
{
    static uint8_t bytes[ASSAY_TLS_FRAME_MAX];
    struct assay_slice frame;
    struct assay_tls_client *client = links_client(6);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    assay_tls_client_send(client, 0, assay_slice_over(bytes, sizeof bytes));
    cr_assert_eq(links_next(client, &frame), 6);
    cr_expect(frame.len == sizeof bytes && assay_bytes_equal(frame.bytes, bytes, sizeof bytes));
    assay_tls_client_close(&client);
}

/* --- limits */

Test(net_tls_links, a_party_that_does_not_read_loses_its_connection_and_delays_no_other)
{
    static const uint8_t bytes[16384] = { 1 };
    struct assay_slice frame;
    struct assay_tls_client *other = links_client(1);
    struct assay_tls_session *slow = raw_open(0);
    cr_assert(links_wait_up(other, 1));
    for (int i = 0; i < 2000 && assay_tls_server_is_up(links.server, 0); i++) {
        assay_tls_server_send(links.server, 0, assay_slice_over(bytes, sizeof bytes));
        assay_tls_server_flush(links.server);
    }
    cr_expect_not(assay_tls_server_is_up(links.server, 0));
    cr_expect_eq(assay_tls_server_figures(links.server).slow, 1);
    assay_tls_client_send(other, 0, text("here"));
    cr_expect_eq(links_next(other, &frame), 1);
    raw_close(slow);
    assay_tls_client_close(&other);
}

Test(net_tls_links, a_party_that_sends_much_gets_its_turn_like_others)
{
    struct assay_slice frame;
    struct assay_tls_client *loud = links_client(0), *other = links_client(1);
    cr_assert(links_wait_up(loud, 0) && links_wait_up(other, 1));
    for (int i = 0; i < 4000; i++)
        assay_tls_client_send(loud, 0, text("frame"));
    assay_tls_client_send(other, 0, text("one"));
    assay_tls_client_flush(loud, links.now_ms);
    assay_tls_client_flush(other, links.now_ms);
    usleep(20000);
    assay_tls_server_step(links.server, ++links.now_ms);
    uint32_t party = LINKS_NOBODY, before = 0;
    while (assay_tls_server_receive(links.server, &party, &frame) == ASSAY_OK && party != 1)
        before++;
    cr_expect_eq(party, 1);
    cr_expect_leq(before, ASSAY_TLS_TURN_FRAMES);
    assay_tls_client_close(&loud);
    assay_tls_client_close(&other);
}

/* A turn is bounded in bytes as well: of records that are no complete frame. */
Test(net_tls_links, a_turn_has_a_budget_of_bytes)
{
    struct assay_tls_session *session = raw_open(0);
    uint8_t byte;
    size_t got = 0;
    assay_tls_server_send(links.server, 0, text("frame"));
    assay_tls_server_flush(links.server);
    assay_tls_session_set_budget(session, 3, 1000);
    cr_expect_eq(assay_tls_session_read(session, &byte, 1, &got), ASSAY_E_AGAIN);
    cr_expect(assay_tls_session_is_over_budget(session));
    assay_tls_session_set_budget(session, 1000, 1000);
    cr_expect_eq(assay_tls_session_read(session, &byte, 1, &got), ASSAY_OK);
    raw_close(session);
}

/* One call returns after bounded work, and the next one continues with the next party. */
Test(net_tls_links, parties_without_a_frame_do_not_retain_the_caller)
{
    enum { NOISY = 6, PIECES = 2 };
    static const uint8_t start[16384] = { 0, 0, 0xc0, 0 }, frame_bytes[] = { 0, 0, 0, 1, 42 };
    struct assay_tls_session *session[NOISY + 1];
    struct assay_tls_context *context[NOISY + 1];
    struct assay_slice frame;
    uint32_t party = LINKS_NOBODY, calls = 0;
    for (uint32_t i = 0; i <= NOISY; i++) {
        session[i] = raw_open(i);
        context[i] = raw_context;
        cr_expect_eq(assay_tls_server_receive(links.server, &party, &frame), ASSAY_E_AGAIN);
    }
    for (uint32_t i = 0; i < NOISY; i++)
        for (int k = 0; k < PIECES; k++)
            raw_write(session[i], start, sizeof start);
    run_for(NULL, 1);
    raw_write(session[NOISY], frame_bytes, sizeof frame_bytes);
    run_for(NULL, 1);
    while (assay_tls_server_receive(links.server, &party, &frame) != ASSAY_OK && calls++ < NOISY)
        cr_expect_eq(assay_tls_server_wake_at(links.server, links.now_ms), links.now_ms,
                     "there is more to do");
    cr_expect_eq(party, NOISY);
    cr_expect_gt(calls, 0);
    for (uint32_t i = 0; i <= NOISY; i++) {
        raw_context = context[i];
        raw_close(session[i]);
    }
}

Test(net_tls_links, a_newer_connection_of_a_key_takes_the_place_of_the_older)
{
    struct assay_slice frame;
    struct assay_tls_session *older = raw_open(4);
    for (int i = 0; i < 5; i++) {
        struct assay_tls_context *const older_context = raw_context;
        struct assay_tls_session *newer = raw_open(4);
        cr_expect(links_is_closed(assay_tls_session_fd(older)));
        struct assay_tls_context *const newer_context = raw_context;
        raw_context = older_context;
        raw_close(older);
        raw_context = newer_context;
        older = newer;
    }
    static const uint8_t bytes[] = { 0, 0, 0, 1, 42 };
    cr_expect_eq(assay_tls_server_figures(links.server).accepted, 6);
    raw_write(older, bytes, sizeof bytes);
    cr_assert_eq(links_next(NULL, &frame), 4);
    cr_expect_eq(frame.bytes[0], 42);
    raw_close(older);
}

static int dial_from(const char *source)
{
    struct sockaddr_in from = { .sin_family = AF_INET },
                       at = { .sin_family = AF_INET,
                              .sin_port = htons(assay_tls_server_port(links.server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(inet_pton(AF_INET, source, &from.sin_addr), 1);
    cr_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 &&
              connect(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    return fd;
}

enum { FLOOD = 3 * ASSAY_TLS_HANDSHAKES_MAX };

static void flood_from(const char *source, int fds[FLOOD])
{
    for (int i = 0; i < FLOOD; i++) {
        fds[i] = dial_from(source);
        if (i % 8 == 7) links_run(NULL);
    }
    run_for(NULL, 20);
}

static void end_flood(const int fds[FLOOD])
{
    for (int i = 0; i < FLOOD; i++)
        (void)close(fds[i]);
}

Test(net_tls_links, silent_callers_of_one_address_keep_out_none_of_another)
{
    int fds[FLOOD];
    struct assay_slice frame;
    struct assay_tls_client *before = links_client(0);
    cr_assert(links_wait_up(before, 0));
    flood_from("127.0.0.2", fds);
    struct assay_tls_client *client = links_client(1);
    const uint64_t since_ms = links.now_ms;
    cr_expect(links_wait_up(client, 1));
    cr_expect_lt(links.now_ms - since_ms, ASSAY_TLS_GRACE_MS);
    assay_tls_client_send(before, 0, text("still"));
    cr_expect_eq(links_next(before, &frame), 0, "those that are authenticated go on");
    end_flood(fds);
    assay_tls_client_close(&client);
    assay_tls_client_close(&before);
}

/* The listener is one of both families: IPv4 addresses arrive mapped into IPv6. */
Test(net_tls_links, callers_of_mapped_addresses_keep_out_none_of_another)
{
    int fds[FLOOD];
    char message[ASSAY_TLS_SERVER_MESSAGE_LEN];
    const struct assay_tls_config config = links_server_config();
    assay_tls_server_close(&links.server);
    if (assay_tls_server_open(&config, "[::]:0", LINKS_PARTIES, &links.server, message) != ASSAY_OK)
        cr_skip_test("a machine without IPv6");
    (void)snprintf(links.address, sizeof links.address, "127.0.0.1:%u",
                   (unsigned)assay_tls_server_port(links.server));
    flood_from("127.0.0.2", fds);
    struct assay_tls_client *client = links_client(1);
    const uint64_t since_ms = links.now_ms;
    cr_expect(links_wait_up(client, 1));
    cr_expect_lt(links.now_ms - since_ms, ASSAY_TLS_GRACE_MS);
    end_flood(fds);
    assay_tls_client_close(&client);
}

Test(net_tls_links, addresses_are_counted_by_site)
{
    static const struct {
        const char *a, *b;
        bool is_same, is_same_address;
    } cases[] = { { "2001:db8:1:2::3", "2001:db8:1:2::4", true, true },
                  { "2001:db8:1:2::3", "2001:db8:1:9::3", true, false },
                  { "2001:db8:1:2::3", "2001:db8:7:2::3", false, false },
                  { "::ffff:192.0.2.1", "::ffff:192.0.2.1", true, true },
                  { "::ffff:192.0.2.1", "::ffff:192.0.2.2", false, false } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const texts[] = { cases[i].a, cases[i].b };
        uint8_t from[2][16];
        for (int k = 0; k < 2; k++) {
            struct sockaddr_storage at = { .ss_family = AF_INET6 };
            cr_assert_eq(
                inet_pton(AF_INET6, texts[k], &((struct sockaddr_in6 *)(void *)&at)->sin6_addr), 1);
            assay_caller_site_read(&at, from[k]);
        }
        cr_expect_eq(assay_caller_site_is_same(from[0], from[1]), cases[i].is_same);
        cr_expect_eq(assay_bytes_equal(from[0], from[1], 16), cases[i].is_same_address);
    }
}

/* Many callers always have a byte for the server: their handshakes never end. */
Test(net_tls_links, callers_that_send_without_end_delay_no_handshake)
{
    enum { CALLERS = 30, TURNS = 400 };
    static const uint8_t header[] = { 22, 3, 3, 1, 0xff };
    int fds[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        fds[i] = links_dial_raw();
        cr_assert_eq(send(fds[i], header, sizeof header, 0), (ssize_t)sizeof header);
        links_run(NULL);
    }
    struct assay_tls_client *client = links_client(1);
    for (int turn = 0; turn < TURNS && !assay_tls_server_is_up(links.server, 1); turn++) {
        for (int i = 0; i < CALLERS; i++)
            cr_assert_eq(send(fds[i], "", 1, MSG_NOSIGNAL), 1);
        links_run(client);
    }
    cr_expect(assay_tls_server_is_up(links.server, 1));
    for (int i = 0; i < CALLERS; i++)
        (void)close(fds[i]);
    assay_tls_client_close(&client);
}

Test(net_tls_links, silent_callers_give_way_after_a_while_and_expire)
{
    int fds[FLOOD];
    flood_from("127.0.0.1", fds);
    struct assay_tls_client *client = links_client(1);
    run_for(client, 20);
    cr_expect_not(assay_tls_client_is_up(client, 0), "each has its time");
    links.now_ms += ASSAY_TLS_GRACE_MS;
    cr_expect(links_wait_up(client, 1));
    const uint64_t refused = assay_tls_server_figures(links.server).refused;
    links.now_ms += ASSAY_TLS_HANDSHAKE_MS;
    run_for(client, 2);
    cr_expect_geq(assay_tls_server_figures(links.server).refused,
                  refused + ASSAY_TLS_HANDSHAKES_MAX - 1);
    for (int i = 0; i < FLOOD; i++)
        cr_expect(links_is_closed(fds[i]));
    end_flood(fds);
    assay_tls_client_close(&client);
}

/* A server that is away gets the newest frames, of which a bounded number waits. */
Test(net_tls_links, what_waits_for_a_connection_is_bounded_and_newest)
{
    static uint8_t bytes[1000];
    struct assay_slice frame;
    struct assay_tls_client *client = links_client(0);
    for (int i = 0; i < 200; i++) {
        bytes[0] = (uint8_t)i;
        assay_tls_client_send(client, 0, assay_slice_over(bytes, sizeof bytes));
    }
    uint32_t count = 0;
    uint8_t last = 0;
    while (last != 199 && links_next(client, &frame) == 0) {
        last = frame.bytes[0];
        count++;
    }
    cr_expect_eq(last, 199);
    cr_expect_leq(count, ASSAY_TLS_QUEUE_SMALL / sizeof bytes);
    assay_tls_client_close(&client);
}

/* --- ends */

Test(net_tls_links, a_client_dials_again_with_pauses)
{
    struct assay_slice frame;
    struct assay_tls_client *client = links_client(0);
    char message[ASSAY_TLS_SERVER_MESSAGE_LEN];
    cr_assert(links_wait_up(client, 0));
    assay_tls_server_close(&links.server);
    for (int i = 0; i < 200 && assay_tls_client_is_up(client, 0); i++) {
        uint32_t slot;
        assay_tls_client_step(client, ++links.now_ms);
        cr_assert_eq(assay_tls_client_receive(client, &slot, &frame), ASSAY_E_AGAIN);
        usleep(1000);
    }
    cr_assert_not(assay_tls_client_is_up(client, 0));
    cr_expect_gt(assay_tls_client_wake_at(client, links.now_ms), links.now_ms, "not at once");
    const struct assay_tls_config config = links_server_config();
    cr_assert_eq(
        assay_tls_server_open(&config, links.address, LINKS_PARTIES, &links.server, message),
        ASSAY_OK, "%s", message);
    cr_expect(links_wait_up(client, 0));
    assay_tls_client_send(client, 0, text("again"));
    cr_assert_eq(links_next(client, &frame), 0);
    cr_expect(is_text(frame, "again"));
    assay_tls_client_close(&client);
}

Test(net_tls_links, both_ends_may_close_at_once)
{
    struct assay_slice frame;
    uint32_t slot;
    struct assay_tls_client *client = links_client(0);
    cr_assert(links_wait_up(client, 0));
    assay_tls_client_send(client, 0, text("lost"));
    assay_tls_server_remove(links.server, 0);
    assay_tls_client_remove(client, 0);
    run_for(client, 20);
    cr_expect_eq(links_next(client, &frame), LINKS_NOBODY);
    cr_expect_eq(assay_tls_client_receive(client, &slot, &frame), ASSAY_E_AGAIN);
    cr_expect_eq(assay_tls_client_wake_at(client, links.now_ms), UINT64_MAX);
    assay_tls_client_close(&client);
    assay_tls_client_close(&client);
}

static struct {
    uint32_t requests;
    char host[ASSAY_TLS_ADDRESSES_LEN]; /* requested and not answered; "": none */
    bool is_due;
} resolver;

static enum assay_status request_name(void *context, uint32_t slot, const char *host)
{
    (void)context;
    cr_expect_eq(slot, 0);
    resolver.requests++;
    (void)snprintf(resolver.host, sizeof resolver.host, "%s", host);
    return ASSAY_OK;
}

/* The first number of each name is of a machine that does not exist. */
static bool next_name(void *context, struct assay_tls_name *answer)
{
    (void)context;
    if (!resolver.is_due || resolver.host[0] == '\0') return false;
    *answer = (struct assay_tls_name){ .count = 2, .numbers = { "127.0.0.77", "127.0.0.1" } };
    (void)snprintf(answer->host, sizeof answer->host, "%s", resolver.host);
    resolver.host[0] = '\0';
    return true;
}

Test(net_tls_links, the_answer_of_another_name_is_not_used_and_numbers_have_turns)
{
    struct assay_tls_client *client = NULL;
    const struct assay_tls_names names = { NULL, request_name, next_name };
    const struct assay_tls_config config = { .secret = &links.client[0].secret,
                                             .public_key = links.client[0].public_key,
                                             .chain_id = links.chain_id };
    char address[64];
    (void)snprintf(address, sizeof address, "two.example:%u",
                   (unsigned)assay_tls_server_port(links.server));
    cr_assert_eq(assay_tls_client_open(&config, 1, ASSAY_TLS_QUEUE_SMALL, &names, &client),
                 ASSAY_OK);
    cr_assert_eq(
        assay_tls_client_set(client, 0, links.own.public_key, "one.example:1", links.now_ms),
        ASSAY_OK);
    links_run(client);
    cr_expect_str_eq(resolver.host, "one.example");
    cr_assert_eq(assay_tls_client_set(client, 0, links.own.public_key, address, links.now_ms),
                 ASSAY_OK);
    links_run(client);
    cr_expect_eq(resolver.requests, 1, "one at a time");
    resolver.is_due = true;
    links_run(client);
    cr_expect_geq(resolver.requests, 2, "of the name that is dialled now");
    cr_expect(links_wait_up(client, 0));
    assay_tls_client_close(&client);
}

Test(net_tls_links, a_port_has_two_bytes)
{
    struct assay_tls_address address;
    cr_expect_eq(assay_tls_address_parse("127.0.0.1:65535", 0, &address), ASSAY_OK);
    cr_expect_eq(assay_tls_address_parse("127.0.0.1:65536", 0, &address), ASSAY_E_SYNTAX);
    cr_expect_eq(assay_tls_address_parse("127.0.0.1:99999", 0, &address), ASSAY_E_SYNTAX);
    cr_expect_eq(assay_tls_address_parse("127.0.0.1:6553x", 0, &address), ASSAY_E_SYNTAX);
}

Test(net_tls_links, a_name_needs_a_resolver)
{
    struct assay_tls_client *client = links_client(0);
    char address[64];
    (void)snprintf(address, sizeof address, "localhost:%u",
                   (unsigned)assay_tls_server_port(links.server));
    cr_assert_eq(assay_tls_client_set(client, 0, links.own.public_key, address, links.now_ms),
                 ASSAY_OK);
    run_for(client, 50);
    cr_expect_not(assay_tls_client_is_up(client, 0));
    cr_expect_eq(assay_tls_client_set(client, 0, links.own.public_key, "localhost", links.now_ms),
                 ASSAY_E_SYNTAX);
    cr_expect_not(assay_tls_client_has(client, 0));
    assay_tls_client_close(&client);
}
