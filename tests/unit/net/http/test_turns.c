/*
 * tests/unit/net/http/test_turns.c - tests of an HTTP server whose clients want large documents,
 * again and again, or read none of them: what is urgent is answered meanwhile.
 */
#include "net/http/http.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/net/http/http_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    EVENTS = 1100,
    GREEDY = 60,
    SOON_MS = 60000,
    EVICTED = 480, /* with as many connections a new one closes another */
    FILES = 4096,
    HELD_MAX = 1 << 20,
    SHORT_LEN = 16 * 1024,
};

static struct http_fixture fixture;
static struct folder folder;
static struct assay_http *http;
static char path[108];

static void open_server(void)
{
    char message[256] = "";
    http_fixture_open(&fixture, HTTP_FIXTURE_MEMBERS_MAX);
    for (int i = 0; i < EVENTS; i++)
        http_fixture_publish(&fixture, "an event of which a timeline has more than a thousand");
    folder = folder_make();
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "http"));
    const struct assay_http_config config = { .socket_path = path,
                                              .timeline = fixture.timeline,
                                              .held_max = HELD_MAX };
    cr_assert_eq(assay_http_open(&config, 1, &http, message, sizeof message), ASSAY_OK, "%s",
                 message);
    assay_http_publish(http, &fixture.snapshot, false);
}

static void close_server(void)
{
    assay_http_close(&http);
    folder_remove(&folder);
    http_fixture_close(&fixture);
}

TestSuite(net_http_turns, .init = open_server, .fini = close_server, .timeout = 300);

static int ask(const char *target)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char request[256];
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    const int len = snprintf(request, sizeof request,
                             "GET %s HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n", target);
    cr_assert_eq(send(fd, request, (size_t)len, MSG_NOSIGNAL), len);
    return fd;
}

/* Returns: whether the first bytes of an answer came within the time. Out: its status */
static bool is_answered(int fd, int wait_ms, int *status)
{
    char head[64] = "";
    struct pollfd one = { .fd = fd, .events = POLLIN };
    if (poll(&one, 1, wait_ms) <= 0) return false;
    cr_assert_gt(recv(fd, head, sizeof head - 1, MSG_PEEK), 12);
    cr_assert_eq(sscanf(head, "HTTP/1.1 %d", status), 1, "%s", head);
    return true;
}

/* Returns: how many documents were made before what is urgent was answered. */
static int count_made_before(void)
{
    static const char *const urgent[] = { "/livez", "/readyz", "/v1/authorize?spki=AA" };
    int greedy[GREEDY], fds[3], status = 0, made = 0;
    for (int i = 0; i < GREEDY; i++)
        greedy[i] = ask("/v1/timeline");
    for (int i = 0; i < 3; i++)
        fds[i] = ask(urgent[i]);
    for (int i = 0; i < 3; i++)
        cr_assert(is_answered(fds[i], SOON_MS, &status), "%s", urgent[i]);
    for (int i = 0; i < GREEDY; i++)
        made += is_answered(greedy[i], 0, &status);
    for (int i = 0; i < GREEDY; i++) {
        cr_expect(is_answered(greedy[i], SOON_MS, &status), "each has its turn");
        (void)close(greedy[i]);
    }
    for (int i = 0; i < 3; i++)
        (void)close(fds[i]);
    return made;
}

/* The fixture's thread makes one document at a time, and a turn of its loop had made all of them.
 * Where other programs run, this one may be late to ask or to look: one try of many will do. */
Test(net_http_turns, what_is_urgent_waits_for_no_documents_of_others)
{
    int made = GREEDY;
    for (int i = 0; i < 40 && made >= GREEDY / 2; i++)
        made = count_made_before();
    cr_expect_lt(made, GREEDY / 2, "%d of %d documents were made before", made, GREEDY);
}

Test(net_http_turns, who_reads_no_answer_keeps_no_node_from_saying_that_it_lives)
{
    int greedy[GREEDY], status = 0, refused = 0;
    for (int i = 0; i < GREEDY; i++) {
        greedy[i] = ask("/v1/timeline");
        cr_assert(is_answered(greedy[i], SOON_MS, &status));
        refused += status == 503;
    }
    cr_expect_gt(refused, 0, "too many bytes are not read");
    const int urgent[] = { ask("/livez"), ask("/readyz") };
    for (int i = 0; i < 2; i++) {
        char text[4096] = "";
        size_t len = 0;
        for (ssize_t got; (got = recv(urgent[i], text + len, sizeof text - 1 - len, 0)) > 0;)
            len += (size_t)got;
        cr_expect_gt(len, 0);
        cr_expect_null(strstr(text, "too_busy"), "%s", text);
        (void)close(urgent[i]);
    }
    for (int i = 0; i < GREEDY; i++)
        (void)close(greedy[i]);
}

/* --- places of connections */

static void allow_files(void)
{
    struct rlimit files;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_max > FILES) files.rlim_max = FILES;
    files.rlim_cur = files.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    cr_assert_geq(files.rlim_cur, 1200);
}

static int dial(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static bool is_closed(int fd)
{
    struct pollfd one = { .fd = fd, .events = POLLRDHUP };
    return poll(&one, 1, 0) > 0;
}

static void send_requests(int fd, const char *target, size_t count)
{
    static char many[64 * 1024];
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(many + len, sizeof many - len,
                                "GET %s HTTP/1.1\r\nHost: node\r\n\r\n", target);
    cr_assert_lt(len, sizeof many);
    (void)send(fd, many, len, MSG_NOSIGNAL | MSG_DONTWAIT); /* the server may have closed it */
}

/* Requests one after the other, of which no answer is read; until the first one is answered. */
static void pipeline(int fd, const char *target, size_t count)
{
    struct pollfd one = { .fd = fd, .events = POLLIN };
    send_requests(fd, target, count);
    cr_expect_eq(poll(&one, 1, 10000), 1, "no place");
}

/* Until the server has no more to write to it, or is not read. */
static void wait_until_written(int fd)
{
    for (int len = 0, before = -1; len != before || len == 0;) {
        before = len;
        (void)poll(NULL, 0, 20);
        (void)ioctl(fd, FIONREAD, &len);
        if (is_closed(fd)) return;
    }
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

static void expect_urgent(const char *why)
{
    static const char *const urgent[] = { "/livez", "/readyz", "/v1/authorize?spki=AA" };
    for (size_t i = 0; i < sizeof urgent / sizeof urgent[0]; i++) {
        int status = 0;
        const int fd = ask(urgent[i]);
        cr_expect(is_answered(fd, 10000, &status), "%s: %s", urgent[i], why);
        (void)close(fd);
    }
}

/* Answers that are not read take the sending socket; on one address all clients are one. */
Test(net_http_turns, who_reads_no_answer_keeps_no_other_from_connecting)
{
    static int greedy[ASSAY_HTTP_CONNECTIONS_MAX + GREEDY];
    const size_t all = sizeof greedy / sizeof greedy[0];
    allow_files();
    for (size_t i = 0; i < all; i++) {
        greedy[i] = dial();
        pipeline(greedy[i], "/v1/nodes", 30);
        if (i == ASSAY_HTTP_CONNECTIONS_MAX - 1) {
            wait_until_written(greedy[i]);
            expect_urgent("all places are taken");
        }
    }
    wait_until_written(greedy[all - 1]);
    expect_urgent("they were taken again");
    close_all(greedy, all);
}

/* Each has a request in each turn, and is idle at no time: the oldest ones make room. */
Test(net_http_turns, who_requests_in_each_turn_keeps_no_other_from_connecting)
{
    enum { REQUESTS = 120, OLDEST = 16 };
    static int greedy[ASSAY_HTTP_CONNECTIONS_MAX];
    allow_files();
    for (int i = 0; i < ASSAY_HTTP_CONNECTIONS_MAX; i++) {
        greedy[i] = dial();
        send_requests(greedy[i], "/v1/timeline?limit=1", REQUESTS);
        (void)poll(NULL, 0, 1); /* the server reads them */
    }
    expect_urgent("all places are taken");
    for (int i = 0; i < OLDEST; i++)
        cr_expect(is_closed(greedy[i]), "connection %d", i);
    close_all(greedy, ASSAY_HTTP_CONNECTIONS_MAX);
}

/* It is the oldest connection, the loop does not answer, and more requests wait behind it. */
Test(net_http_turns, a_request_to_the_loop_makes_room)
{
    static int others[ASSAY_HTTP_CONNECTIONS_MAX + GREEDY];
    const size_t all = sizeof others / sizeof others[0];
    const int waiting = dial();
    send_requests(waiting, "/v1/changes", 1);
    (void)poll(NULL, 0, 50);
    send_requests(waiting, "/v1/changes", 5); /* they are not read before the first is answered */
    allow_files();
    for (size_t i = 0; i < all; i++)
        others[i] = dial();
    expect_urgent("all places were taken");
    cr_expect(is_closed(waiting));
    (void)close(waiting);
    close_all(others, all);
}

/* An idle connection may be that of a proxy. */
Test(net_http_turns, an_answer_that_is_not_read_makes_room_before_an_idle_connection)
{
    enum { IDLE = 200, NEW = 40 };
    static int idle[IDLE], unread[EVICTED - IDLE], new[NEW];
    size_t closed = 0;
    allow_files();
    for (int i = 0; i < IDLE; i++)
        idle[i] = dial();
    for (int i = 0; i < EVICTED - IDLE; i++) {
        unread[i] = dial();
        pipeline(unread[i], "/v1/nodes", 30);
    }
    wait_until_written(unread[EVICTED - IDLE - 1]);
    (void)poll(NULL, 0, ASSAY_HTTP_UNREAD_MS + 200);
    for (int i = 0; i < NEW; i++)
        new[i] = dial();
    expect_urgent("there is room");
    for (int i = 0; i < IDLE; i++)
        cr_expect_not(is_closed(idle[i]), "idle connection %d", i);
    for (int i = 0; i < EVICTED - IDLE; i++)
        closed += is_closed(unread[i]);
    cr_expect_geq(closed, NEW);
    close_all(idle, IDLE);
    close_all(unread, EVICTED - IDLE);
    close_all(new, NEW);
}

/* --- clients with addresses of their own */

static const char of_proxy[] = "127.0.0.1", elsewhere[] = "127.9.0.1", other_place[] = "127.9.0.2";

/* accept4 of the server: a connection from 127.9.X.Y arrives from 192.9.X.Y, one from 127.5.X.Y
 * from that address as IPv6 has it, and one from 127.6.X.Y from subnet Y of the site
 * 2001:db8:X::/48. */
__attribute__((visibility("default"))) int accept_elsewhere(int fd, struct sockaddr *address,
                                                            socklen_t *len,
                                                            int flags) __asm__("accept4");

int accept_elsewhere(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    const socklen_t room = len != NULL ? *len : 0;
    const int accepted = (int)syscall(SYS_accept4, fd, address, len, flags);
    if (accepted < 0 || room < sizeof *address || address->sa_family != AF_INET) return accepted;
    struct sockaddr_in *const v4 = (void *)address;
    const uint32_t from = ntohl(v4->sin_addr.s_addr);
    if (from >> 16 == 0x7f09) v4->sin_addr.s_addr = htonl((from & 0xffff) | 0xc0090000);
    const bool is_site = from >> 16 == 0x7f06, is_mapped = from >> 16 == 0x7f05;
    if ((!is_site && !is_mapped) || room < sizeof(struct sockaddr_in6)) return accepted;
    const uint8_t x = (uint8_t)(from >> 8), y = (uint8_t)from;
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = v4->sin_port };
    if (is_site) v6.sin6_addr = (struct in6_addr){ { { 0x20, 1, 0xd, 0xb8, 0, x, 0, y } } };
    else
        v6.sin6_addr =
            (struct in6_addr){ { { [10] = 0xff, [11] = 0xff, [12] = 127, [13] = 5, x, y } } };
    assay_bytes_copy(address, room, &v6, sizeof v6);
    *len = sizeof v6;
    return accepted;
}

static int dial_from(const char *from, uint16_t port)
{
    struct sockaddr_in own = { .sin_family = AF_INET },
                       to = { .sin_family = AF_INET, .sin_port = htons(port) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(inet_pton(AF_INET, from, &own.sin_addr), 1);
    cr_assert_eq(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&own, sizeof own), 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* The number-th address of a program that has a connection from each. */
static int dial_as(const char *net, uint32_t number, uint16_t port)
{
    char from[32];
    (void)snprintf(from, sizeof from, "%s.%u.%u", net, number / 250 + 1, number % 250 + 1);
    return dial_from(from, port);
}

static uint16_t find_free_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof at;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(inet_pton(AF_INET, "127.0.0.1", &at.sin_addr), 1);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static struct assay_http *open_tcp(uint16_t *port)
{
    struct assay_http *second = NULL;
    char address[32], message[256] = "";
    *port = find_free_port();
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", *port);
    const struct assay_http_config config = { .address = address,
                                              .timeline = fixture.timeline,
                                              .local_role = ASSAY_HTTP_ROLE_SERVICE };
    allow_files();
    cr_assert_eq(assay_http_open(&config, 1, &second, message, sizeof message), ASSAY_OK, "%s",
                 message);
    assay_http_publish(second, &fixture.snapshot, false);
    return second;
}

/* Returns: its status */
static int request_on(int fd, const char *target)
{
    char request[256];
    int status = 0;
    const int len =
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    (void)send(fd, request, (size_t)len, MSG_NOSIGNAL);
    return is_answered(fd, 10000, &status) ? status : 0;
}

static int count_closed(const int *fds, size_t count)
{
    int closed = 0;
    for (size_t i = 0; i < count; i++)
        closed += is_closed(fds[i]);
    return closed;
}

Test(net_http_turns, a_client_with_many_connections_takes_those_of_no_other)
{
    enum { FEW = 5, NEW = 60 };
    static int few[2 * FEW], many[EVICTED + NEW];
    uint16_t port;
    struct assay_http *second = open_tcp(&port);
    for (int i = 0; i < FEW; i++) /* they are idle for longest */
        few[i] = dial_from(elsewhere, port);
    for (int i = 0; i < EVICTED + NEW; i++)
        many[i] = dial_from(other_place, port);
    for (int i = FEW; i < 2 * FEW; i++)
        few[i] = dial_from(elsewhere, port);
    for (int i = 2 * FEW - 1; i >= 0; i--) /* the new ones first: then they have their places */
        cr_expect_eq(request_on(few[i], "/livez"), 503, "connection %d", i);
    close_all(few, 2 * FEW);
    close_all(many, EVICTED + NEW);
    assay_http_close(&second);
}

/* Each program of this machine has 2^24 of them. */
Test(net_http_turns, many_loopback_addresses_take_no_fresh_connections_of_one)
{
    enum { PROXY = 40, NEW = 60 };
    static int many[EVICTED + NEW], proxy[PROXY];
    uint16_t port;
    struct assay_http *second = open_tcp(&port);
    for (uint32_t i = 0; i < EVICTED - PROXY; i++)
        many[i] = dial_as(i % 2 == 0 ? "127.1" : "127.5", i, port);
    (void)poll(NULL, 0, 1500); /* they are idle */
    for (int i = 0; i < PROXY; i++)
        proxy[i] = dial_from(of_proxy, port);
    for (uint32_t i = EVICTED - PROXY; i < EVICTED + NEW - PROXY; i++)
        many[i] = dial_as(i % 2 == 0 ? "127.1" : "127.5", i, port);
    for (int i = 0; i < PROXY; i++)
        cr_expect_eq(request_on(proxy[i], "/v1/authorize?spki=AA"), 400, "connection %d", i);
    cr_expect_geq(count_closed(many, EVICTED - PROXY), NEW);
    close_all(proxy, PROXY);
    close_all(many, EVICTED + NEW - PROXY);
    assay_http_close(&second);
}

/* As nginx does it without keepalive, while another program opens connections. */
Test(net_http_turns, a_connection_for_each_request_is_answered_next_to_many)
{
    enum { REQUESTS = 8, BETWEEN = 120, ALL = EVICTED + REQUESTS * BETWEEN };
    static int many[ALL], proxy[REQUESTS];
    uint32_t dialled = 0;
    uint16_t port;
    struct assay_http *second = open_tcp(&port);
    for (; dialled < EVICTED; dialled++)
        many[dialled] = dial_as("127.1", dialled, port);
    for (int i = 0; i < REQUESTS; i++) {
        proxy[i] = dial_from(of_proxy, port);
        for (int k = 0; k < BETWEEN; k++, dialled++)
            many[dialled] = dial_as("127.1", dialled, port);
        cr_expect_eq(request_on(proxy[i], "/v1/authorize?spki=AA"), 400, "request %d", i);
    }
    close_all(proxy, REQUESTS);
    close_all(many, dialled);
    assay_http_close(&second);
}

/* A subscriber has a /48, so 65,536 subnets. */
Test(net_http_turns, many_subnets_of_a_site_take_no_connections_of_another_site)
{
    enum { FEW = 5, NEW = 60 };
    static int few[FEW], many[EVICTED + NEW];
    uint16_t port;
    struct assay_http *second = open_tcp(&port);
    for (uint32_t i = 0; i < EVICTED - FEW; i++)
        many[i] = dial_as("127.6", i % 250, port);
    for (int i = 0; i < FEW; i++)
        few[i] = dial_from("127.6.9.1", port);
    (void)poll(NULL, 0, 1500);
    for (uint32_t i = EVICTED - FEW; i < EVICTED - FEW + NEW; i++)
        many[i] = dial_as("127.6", i % 250, port);
    for (int i = 0; i < FEW; i++)
        cr_expect_eq(request_on(few[i], "/livez"), 503, "connection %d", i);
    close_all(few, FEW);
    close_all(many, EVICTED - FEW + NEW);
    assay_http_close(&second);
}

Test(net_http_turns, a_subnet_with_many_connections_takes_none_of_another_one_of_its_site)
{
    enum { FEW = 5, NEW = 60 };
    static int few[FEW], many[EVICTED + NEW];
    uint16_t port;
    struct assay_http *second = open_tcp(&port);
    for (int i = 0; i < FEW; i++) /* they are idle for longest */
        few[i] = dial_from("127.6.1.1", port);
    for (int i = 0; i < EVICTED + NEW; i++)
        many[i] = dial_from("127.6.1.2", port);
    for (int i = 0; i < FEW; i++)
        cr_expect_eq(request_on(few[i], "/livez"), 503, "connection %d", i);
    close_all(few, FEW);
    close_all(many, EVICTED + NEW);
    assay_http_close(&second);
}

Test(net_http_turns, a_client_with_all_streams_makes_room_for_one_of_another)
{
    static int many[ASSAY_HTTP_STREAMS_MAX];
    uint16_t port;
    struct assay_http *second = open_tcp(&port);
    for (int i = 0; i < ASSAY_HTTP_STREAMS_MAX; i++) {
        many[i] = dial_from(elsewhere, port);
        cr_assert_eq(request_on(many[i], "/v1/events"), 200, "stream %d", i);
    }
    send_requests(many[0], "/livez", 1); /* it is not read behind a stream */
    const int one = dial_from(other_place, port), more = dial_from(elsewhere, port);
    cr_expect_eq(request_on(one, "/v1/events"), 200);
    for (int i = 0; i < 100 && !is_closed(many[0]); i++) /* also with no event to be sent */
        (void)poll(NULL, 0, 20);
    cr_expect_eq(count_closed(many, ASSAY_HTTP_STREAMS_MAX), 1);
    cr_expect_eq(request_on(more, "/v1/events"), 503, "it has most");
    cr_expect_not(is_closed(one));
    close_all(many, ASSAY_HTTP_STREAMS_MAX);
    (void)close(one);
    (void)close(more);
    assay_http_close(&second);
}

/* --- bytes that are not read */

static size_t read_all(const char *target, int *status)
{
    static char text[1 << 20];
    size_t len = 0;
    const int fd = ask(target);
    for (ssize_t got; (got = recv(fd, text + len, sizeof text - 1 - len, 0)) > 0;)
        len += (size_t)got;
    text[len] = '\0';
    cr_assert_eq(sscanf(text, "HTTP/1.1 %d", status), 1);
    (void)close(fd);
    return len;
}

/* Whether its socket is full: more is in it than an answer and short refusals behind that. */
static bool is_held(int fd, size_t answer_len)
{
    int len = 0;
    return ioctl(fd, FIONREAD, &len) == 0 && (size_t)len > answer_len + SHORT_LEN;
}

/* A quarter of all is the limit of one client, from a half of all on. */
static void expect_bounded(const char *target)
{
    enum { TRIES = 16 };
    static int unread[TRIES];
    size_t held = 0;
    int status;
    const size_t len = read_all(target, &status);
    cr_assert_lt(len, HELD_MAX / 4);
    for (int i = 0; i < TRIES; i++) {
        assay_http_publish(http, &fixture.snapshot, false); /* the next one is another document */
        (void)poll(NULL, 0, 30);
        unread[i] = dial();
        pipeline(unread[i], target, 8);
        wait_until_written(unread[i]);
    }
    for (int i = 0; i < TRIES; i++)
        held += is_held(unread[i], len) ? len : 0;
    cr_expect_gt(held, HELD_MAX / 4, "%s", target);
    cr_expect_lt(held, HELD_MAX * 3 / 4, "%zu bytes of %s", held, target);
    close_all(unread, TRIES);
}

Test(net_http_turns, unread_answers_count_for_their_client)
{
    expect_bounded("/v1/timeline?limit=400");
}

Test(net_http_turns, unread_answers_of_the_cache_count_for_each_client_that_reads_them)
{
    expect_bounded("/v1/nodes");
}

/* It would retain what is rendered for others. */
Test(net_http_turns, unread_answers_refuse_their_client_those_of_the_cache_too)
{
    enum { TRIES = 40 };
    static int unread[TRIES];
    int tried = 0, status = 0;
    (void)read_all("/v1/status", &status);
    cr_assert_eq(status, 200);
    while (tried < TRIES && status == 200) {
        unread[tried] = dial();
        pipeline(unread[tried], "/v1/timeline?limit=400", 8);
        wait_until_written(unread[tried]);
        cr_assert(is_answered(unread[tried++], 10000, &status));
    }
    cr_expect_eq(status, 503);
    (void)read_all("/v1/status", &status);
    cr_expect_eq(status, 503);
    close_all(unread, (size_t)tried);
}

/* An export takes longer than the time after which an answer counts as unread. */
Test(net_http_turns, an_answer_that_is_read_steadily_keeps_its_place)
{
    enum { READS = 7, READ_LEN = 16 * 1024, PAUSE_MS = 200, NEW = 40 };
    static int idle[EVICTED - 1], new[NEW];
    static char bytes[READ_LEN];
    const int reading = dial();
    allow_files();
    pipeline(reading, "/v1/timeline?limit=9216", 1);
    for (int i = 0; i < EVICTED - 1; i++)
        idle[i] = dial();
    for (int i = 0; i < READS; i++) {
        (void)poll(NULL, 0, PAUSE_MS);
        cr_assert_eq(recv(reading, bytes, sizeof bytes, MSG_WAITALL), READ_LEN);
    }
    for (int i = 0; i < NEW; i++)
        new[i] = dial();
    cr_expect_eq(request_on(new[NEW - 1], "/livez"), 503);
    cr_expect_not(is_closed(reading));
    cr_expect_geq(count_closed(idle, EVICTED - 1), NEW);
    (void)close(reading);
    close_all(idle, EVICTED - 1);
    close_all(new, NEW);
}

/* The server ends while requests wait for their turns. */
Test(net_http_turns, a_server_ends_while_requests_wait)
{
    for (int i = 0; i < GREEDY; i++)
        (void)ask("/v1/timeline");
}
