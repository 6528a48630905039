/*
 * tests/unit/net/http/test_turns.c - tests of an HTTP server whose clients want large documents,
 * again and again, or read none of them: what is urgent is answered meanwhile.
 */
#include "net/http/http.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { EVENTS = 1100, GREEDY = 60, SOON_MS = 60000 };

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
                                              .held_max = 1 << 20 };
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

/* All requests are there before the first document is made: the fixture's thread makes one at a
 * time, and a turn of its loop had made all of them. */
Test(net_http_turns, what_is_urgent_waits_for_no_documents_of_others)
{
    static const char *const urgent[] = { "/livez", "/readyz", "/v1/authorize?spki=AA" };
    int greedy[GREEDY], fds[3], status = 0;
    for (int i = 0; i < GREEDY; i++)
        greedy[i] = ask("/v1/timeline");
    for (int i = 0; i < 3; i++)
        fds[i] = ask(urgent[i]);
    for (int i = 0; i < 3; i++)
        cr_assert(is_answered(fds[i], SOON_MS, &status), "%s", urgent[i]);
    int done = 0;
    for (int i = 0; i < GREEDY; i++)
        done += is_answered(greedy[i], 0, &status);
    cr_expect_lt(done, GREEDY / 2, "%d of %d documents were made before", done, GREEDY);
    for (int i = 0; i < GREEDY; i++) {
        cr_expect(is_answered(greedy[i], SOON_MS, &status), "each has its turn");
        (void)close(greedy[i]);
    }
    for (int i = 0; i < 3; i++)
        (void)close(fds[i]);
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

/* The server ends while requests wait for their turns. */
Test(net_http_turns, a_server_ends_while_requests_wait)
{
    for (int i = 0; i < GREEDY; i++)
        (void)ask("/v1/timeline");
}
