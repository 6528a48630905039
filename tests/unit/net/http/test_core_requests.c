/*
 * tests/unit/net/http/test_core_requests.c - tests of the HTTP server with requests that the node's
 * loop answers: over a UNIX socket, the loop played by the test.
 */
#include "apps/client.h"
#include "net/http/http.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct http_fixture fixture;
static struct folder folder;
static struct assay_http *http;
static char path[108];
static char lines[8][64]; /* that the loop was asked */
static size_t line_count;
static unsigned proof_epoch; /* of the proofs that it renders */

static void open_server(void)
{
    char message[256] = "";
    http_fixture_open(&fixture, 4);
    folder = folder_make();
    (void)snprintf(path, sizeof path, "%s", folder_at(&folder, "http"));
    const struct assay_http_config config = { .socket_path = path, .timeline = fixture.timeline };
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

TestSuite(net_http_core_requests, .init = open_server, .fini = close_server);

static char *render(void *context, const char *line)
{
    (void)context;
    cr_assert_lt(line_count, sizeof lines / sizeof lines[0]);
    (void)snprintf(lines[line_count++], sizeof lines[0], "%s", line);
    if (strncmp(line, "proof ", 6) == 0 && strcmp(line, "proof nobody") != 0) {
        char text[128];
        (void)snprintf(
            text, sizeof text,
            "{\"schema\":\"assay.proof\",\"data\":{\"era\":0,\"epoch\":%u,\"proof\":\"81%02x\"}}",
            proof_epoch, proof_epoch);
        return strdup(text);
    }
    if (strcmp(line, "proof nobody") == 0)
        return strdup("{\"schema\":\"assay.error\",\"data\":{\"code\":\"not_found\"}}");
    return strdup("{\"schema\":\"assay.test\",\"data\":{\"answer\":7}}");
}

/* A client in a thread of its own. */
struct asker {
    pthread_t thread;
    const char *target;
    enum assay_status status;
    struct assay_json *document;
};

static void *run_asker(void *context)
{
    struct asker *asker = context;
    asker->status = assay_client_get(path, asker->target, 60000, &asker->document);
    return NULL;
}

static void start_asker(struct asker *asker, const char *target)
{
    *asker = (struct asker){ .target = target };
    cr_assert_eq(pthread_create(&asker->thread, NULL, run_asker, asker), 0);
}

static void end_asker(struct asker *asker)
{
    cr_assert_eq(pthread_join(asker->thread, NULL), 0);
}

/*
 * Waits for clients as the node's loop does. A wake-up may find nothing: the turn before it took
 * the request between its entry in the queue and the wake-up. Returns: whether one was answered.
 */
static bool serve_once(void)
{
    struct pollfd fd = { .fd = assay_http_core_fd(http), .events = POLLIN };
    const size_t before = line_count;
    while (line_count == before) {
        if (poll(&fd, 1, 60000) != 1) return false;
        assay_http_core_step(http, render, NULL);
    }
    return true;
}

Test(net_http_core_requests, the_loop_answers_in_its_turn)
{
    struct asker asker;
    start_asker(&asker, "/v1/export?since=4&votes=");
    cr_assert(serve_once());
    end_asker(&asker);
    cr_assert_eq(asker.status, ASSAY_OK);
    cr_expect_str_eq(lines[0], "export since=4 votes");
    cr_expect_eq(assay_json_uint(assay_json_get(asker.document, "data"), "answer", 0), 7);
    assay_json_free(&asker.document);
    start_asker(&asker, "/v1/proofs/nobody");
    cr_assert(serve_once());
    end_asker(&asker);
    cr_expect_eq(asker.status, ASSAY_E_NOT_FOUND);
    cr_expect_null(asker.document);
}

/* A turn has a few answers; the others wait for the next one, which begins at once. */
Test(net_http_core_requests, a_turn_is_bounded)
{
    struct asker askers[4];
    for (size_t i = 0; i < 4; i++)
        start_asker(&askers[i], "/v1/changes");
    size_t turns = 0;
    while (line_count < 4 && serve_once()) {
        turns++;
        cr_expect_leq(line_count, turns * 2);
    }
    cr_expect_geq(turns, 2);
    for (size_t i = 0; i < 4; i++) {
        end_asker(&askers[i]);
        cr_expect_eq(askers[i].status, ASSAY_OK);
        assay_json_free(&askers[i].document);
    }
}

/* What the snapshot has is answered while the loop is busy. */
Test(net_http_core_requests, a_waiting_client_delays_no_other)
{
    struct asker waiting, quick;
    start_asker(&waiting, "/v1/changes");
    start_asker(&quick, "/v1/status");
    end_asker(&quick);
    cr_expect_eq(quick.status, ASSAY_OK);
    cr_expect_eq(line_count, 0);
    cr_assert(serve_once());
    end_asker(&waiting);
    cr_expect_eq(waiting.status, ASSAY_OK);
    assay_json_free(&quick.document);
    assay_json_free(&waiting.document);
}

/* The server ends with a request that nobody has answered. */
Test(net_http_core_requests, a_server_that_stops_ends_what_waits)
{
    struct asker asker;
    struct pollfd fd = { .fd = assay_http_core_fd(http), .events = POLLIN };
    start_asker(&asker, "/v1/changes");
    cr_assert_eq(poll(&fd, 1, 60000), 1);
    assay_http_close(&http);
    end_asker(&asker);
    cr_expect_neq(asker.status, ASSAY_OK);
    cr_expect_null(asker.document);
}

/* The socket of the node's own user reads; it submits nothing. */
Test(net_http_core_requests, without_a_certificate_nothing_is_submitted)
{
    struct asker asker;
    start_asker(&asker, "/v1/submit?kind=change");
    end_asker(&asker);
    cr_expect_eq(asker.status, ASSAY_E_UNSUPPORTED);
    cr_expect_eq(line_count, 0);
}

/* Of a proof: the loop renders it once an epoch, however often it is asked for, and never gives an
 * old one for a new one. */
static uint64_t proof_of(const char *target, bool is_rendered)
{
    struct asker asker;
    const size_t before = line_count;
    start_asker(&asker, target);
    if (is_rendered) cr_assert(serve_once());
    end_asker(&asker);
    cr_expect_eq(asker.status, ASSAY_OK);
    cr_expect_eq(line_count - before, is_rendered ? 1 : 0, "%s", target);
    const uint64_t epoch = assay_json_uint(assay_json_get(asker.document, "data"), "epoch", 0);
    assay_json_free(&asker.document);
    return epoch;
}

Test(net_http_core_requests, a_proof_is_rendered_once_an_epoch)
{
    assay_http_epoch(http, http_fixture_epoch(&fixture, 40));
    assay_http_publish(http, &fixture.snapshot, false);
    proof_epoch = 40;
    cr_expect_eq(proof_of("/v1/proofs/1", true), 40);
    cr_expect_eq(proof_of("/v1/proofs/1", false), 40);
    assay_http_publish(http, &fixture.snapshot, false); /* a newer view of the same epoch */
    cr_expect_eq(proof_of("/v1/proofs/1", false), 40);
    cr_expect_eq(proof_of("/v1/proofs/2", true), 40, "another member");
    cr_expect_eq(proof_of("/v1/proofs/1?bare=", true), 40, "another form");
    proof_epoch = 41;
    assay_http_epoch(http, http_fixture_epoch(&fixture, 41));
    assay_http_publish(http, &fixture.snapshot, false);
    cr_expect_eq(proof_of("/v1/proofs/1", true), 41, "an old proof for a new one");
    cr_expect_eq(proof_of("/v1/proofs/1", false), 41);
}

/* --- answers of the loop that a client does not read */

enum { LARGE_LEN = 400000, LARGE = 8, HELD_MAX = 4 << 20 };

static char *render_large(void *context, const char *line)
{
    static const char head[] = "{\"schema\":\"assay.test\",\"data\":{\"answer\":\"";
    char *text = malloc(sizeof head + LARGE_LEN + 4);
    (void)context, (void)line;
    cr_assert_not_null(text);
    (void)snprintf(text, sizeof head + LARGE_LEN + 4, "%s%0*d\"}}", head, LARGE_LEN, 0);
    return text;
}

/* Returns: the connection, on which the answer waits to be read. Out: its status */
static int request_large(struct assay_http *server, const char *at, int *status)
{
    static const char request[] = "GET /v1/export?since=4 HTTP/1.1\r\nHost: a\r\n\r\n";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char head[64] = "";
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), (ssize_t)sizeof request - 1);
    for (int i = 0; i < 6000 && recv(fd, head, sizeof head - 1, MSG_PEEK | MSG_DONTWAIT) < 12;
         i++) {
        struct pollfd core = { .fd = assay_http_core_fd(server), .events = POLLIN };
        if (poll(&core, 1, 10) == 1) assay_http_core_step(server, render_large, NULL);
    }
    cr_assert_eq(sscanf(head, "HTTP/1.1 %d", status), 1);
    return fd;
}

/* Half of what the server holds is for all, and a quarter for each from there on. */
Test(net_http_core_requests, unread_answers_of_the_loop_count_for_their_client, .timeout = 120)
{
    struct assay_http *second = NULL;
    char message[256] = "", other[108];
    int fds[LARGE], held = 0;
    (void)snprintf(other, sizeof other, "%s", folder_at(&folder, "http2"));
    const struct assay_http_config config = { .socket_path = other,
                                              .timeline = fixture.timeline,
                                              .held_max = HELD_MAX };
    cr_assert_eq(assay_http_open(&config, 1, &second, message, sizeof message), ASSAY_OK, "%s",
                 message);
    assay_http_publish(second, &fixture.snapshot, false);
    for (int i = 0; i < LARGE; i++) {
        int status = 0;
        fds[i] = request_large(second, other, &status);
        held += status == 200;
        cr_expect(status == 200 || status == 503, "%d", status);
    }
    cr_expect_eq(held, HELD_MAX / 2 / LARGE_LEN + 1);
    for (int i = 0; i < LARGE; i++)
        (void)close(fds[i]);
    assay_http_close(&second);
}
