/*
 * tests/unit/net/http/test_limits.c - tests that a request of any length has an answer.
 *
 * A proxy takes a connection that ends without one for a node that failed, and requests nothing of
 * it for a while: a client whose request had none could bar all others from a service.
 */
#include "net/http/http.h"
#include "net/http/request_check.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/net/http/http_fixture.h"

#include <criterion/criterion.h>
#include <stdarg.h>
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
static char head[256 * 1024]; /* of a request */
static size_t head_len;
static char answer[8192];

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

TestSuite(net_http_limits, .init = open_server, .fini = close_server);

static void add(size_t times, const char *format, ...)
{
    for (size_t i = 0; i < times; i++) {
        va_list arguments;
        va_start(arguments, format);
        const int len = vsnprintf(head + head_len, sizeof head - head_len, format, arguments);
        va_end(arguments);
        cr_assert(len >= 0 && (size_t)len < sizeof head - head_len);
        head_len += (size_t)len;
    }
}

static void start(const char *target)
{
    head_len = 0;
    add(1, "GET %s", target);
}

static void end_line(void)
{
    add(1, " HTTP/1.1\r\nHost: localhost\r\n");
}

/* A header that makes the head, with the empty line behind it, as long as that. */
static void fill_to(size_t len)
{
    cr_assert_geq(len, head_len + sizeof "X: \r\n\r\n" - 1);
    const size_t rest = len - head_len - (sizeof "X: \r\n\r\n" - 1);
    add(1, "X: ");
    add(rest, "v");
    add(1, "\r\n");
}

/* Sends the head. Returns: the status of the answer, 0: there is none. */
static int ask(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    add(1, "Connection: close\r\n\r\n");
    cr_assert(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    for (size_t sent = 0; sent < head_len;) {
        const ssize_t got = send(fd, head + sent, head_len - sent, MSG_NOSIGNAL);
        if (got <= 0) break; /* the server has answered before the end */
        sent += (size_t)got;
    }
    size_t len = 0;
    for (ssize_t got = 1; got > 0 && len < sizeof answer - 1; len += got > 0 ? (size_t)got : 0)
        got = recv(fd, answer + len, sizeof answer - 1 - len, 0);
    answer[len] = '\0';
    (void)close(fd);
    int status = 0;
    return sscanf(answer, "HTTP/1.1 %d ", &status) == 1 ? status : 0;
}

static const size_t close_len = sizeof "Connection: close\r\n" - 1; /* what ask adds to fill_to */

Test(net_http_limits, a_head_of_the_limit_is_answered_and_a_longer_one_refused)
{
    for (size_t len = 14 * 1024; len <= 40 * 1024; len += len < 17 * 1024 ? 61 : 1021) {
        start("/v1/client");
        end_line();
        fill_to(len - close_len);
        const int status = ask();
        cr_assert_eq(status, len <= ASSAY_HTTP_REQUEST_LEN_MAX ? 200 : 431, "%zu bytes: %d", len,
                     status);
    }
    for (size_t len = ASSAY_HTTP_REQUEST_LEN_MAX; len <= ASSAY_HTTP_REQUEST_LEN_MAX + 1; len++) {
        start("/v1/client");
        end_line();
        fill_to(len - close_len);
        cr_expect_eq(ask(), len == ASSAY_HTTP_REQUEST_LEN_MAX ? 200 : 431);
    }
    cr_expect_not_null(strstr(answer, "\"code\":\"headers_too_large\""), "%s", answer);
}

/* The library has 72 bytes for each: their count fills its memory, not their length. */
Test(net_http_limits, any_number_of_headers_has_an_answer)
{
    for (size_t count = 1; count <= 2400;) {
        start("/v1/client");
        end_line();
        add(count, "x:\r\n");
        const int status = ask();
        /* with Host and Connection */
        cr_assert_eq(status, count + 2 <= ASSAY_HTTP_HEADERS_MAX ? 200 : 431, "%zu headers: %d",
                     count, status);
        count += count < 110 || (count > 600 && count < 1000) ? 1 : 53;
    }
}

Test(net_http_limits, headers_of_any_number_and_length_have_an_answer)
{
    for (size_t len = 48 * 1024; len <= 66 * 1024; len += 97) {
        start("/v1/client");
        end_line();
        fill_to(len - 300 * (sizeof "x:\r\n" - 1 + 72));
        add(300, "x:\r\n");
        const int status = ask();
        cr_assert_eq(status, 431, "%zu bytes of the library's memory: %d", len, status);
    }
}

/* The library parses them, unasked, and forgets its refusal of more than fit into its memory: that
 * connection ends, with an answer or without. No proxy of docs/http.md 7 forwards cookies. */
Test(net_http_limits, cookies_that_no_proxy_forwards_end_one_connection_at_most)
{
    for (size_t count = 1; count <= 2400; count += 37) {
        start("/v1/client");
        end_line();
        add(1, "Cookie: ");
        add(count, "a=;");
        add(1, "\r\n");
        const int status = ask();
        cr_assert(status == 200 || count > 600, "%zu cookies: %d", count, status);
    }
    start("/v1/client");
    end_line();
    cr_expect_eq(ask(), 200);
}

Test(net_http_limits, any_number_of_parameters_has_an_answer)
{
    for (size_t count = 1; count < 8000; count += count < 300 ? 1 : 211) {
        start("/v1/status?");
        add(count, "&");
        end_line();
        cr_assert_eq(ask(), 400, "%zu parameters", count);
        /* They are those of the request that a proxy has: none of the node's. */
        start("/v1/ext-authz/normal/?");
        add(count, "&");
        end_line();
        cr_assert_eq(ask(), 401, "%zu parameters", count);
    }
    start("/v1/nodes?");
    add(9, "limit=1&");
    end_line();
    cr_expect_eq(ask(), 400);
    cr_expect_not_null(strstr(answer, "too many parameters"), "%s", answer);
}

Test(net_http_limits, a_target_has_a_limit)
{
    for (size_t len = ASSAY_HTTP_TARGET_LEN_MAX - 20; len < 20000; len += len < 8300 ? 1 : 197) {
        start("/");
        add(len - 1, "a");
        end_line();
        const int status = ask();
        cr_assert_eq(status, len <= ASSAY_HTTP_TARGET_LEN_MAX ? 404 : 414, "%zu bytes: %d", len,
                     status);
    }
    cr_expect_not_null(strstr(answer, "\"code\":\"uri_too_long\""), "%s", answer);
    for (size_t len = 20000; len < 200000; len += 1999) {
        start("/v1/ext-authz/normal/");
        add(len, "a");
        end_line();
        const int status = ask();
        cr_assert(status == 414 || status == 431, "%zu bytes: %d", len, status);
    }
}
