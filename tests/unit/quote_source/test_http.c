/*
 * tests/unit/quote_source/test_http.c - tests of HTTPS requests.
 *
 * What may be asked, TLS, headers, and chains in headers.
 */
#include "quote/source/fetch/http.h"
#include "quote/source/fetch/issuer_chain.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/quote_source/server.h"

#include <arpa/inet.h>
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char message[ASSAY_HTTP_MESSAGE_LEN];

static enum assay_status get(const char *url, bool insecure, const char *ca_file)
{
    const struct assay_url_request request = {
        .url = url, .timeout_ms = 5000, .ca_file = ca_file, .insecure_for_tests = insecure
    };
    struct assay_url_answer answer = { 0 };
    const enum assay_status status = assay_url_get(&request, &answer, message);
    assay_url_answer_free(&answer);
    return status;
}

Test(http, asks_https_alone)
{
    static const char *const urls[] = {
        "http://example.invalid/",
        "http://127.0.0.1:1/",
        "ftp://example.invalid/",
        "file:///etc/passwd",
        "https://user@example.invalid/",
        "https://u:p@example.invalid/",
        "gopher://127.0.0.1/",
        "//example.invalid/",
        "example.invalid/path",
        "https://",
        "",
        "HTTP://127.0.0.1/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        cr_expect_eq(get(urls[i], false, NULL), ASSAY_E_INVALID, "%s", urls[i]);
        cr_expect_str_not_empty(message);
    }
}

Test(http, tests_may_ask_a_literal_loopback_address_and_nothing_else)
{
    static const char *const urls[] = {
        "http://localhost/",
        "http://127.0.0.1.example.invalid/",
        "http://127.0.0.1@192.0.2.1/",
        "http://192.0.2.1/",
        "http://[::2]/",
        "http://127.0.0.2/",
        "file://127.0.0.1/",
        "http://0.0.0.0/",
    };
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        cr_expect_eq(get(urls[i], true, NULL), ASSAY_E_INVALID, "%s", urls[i]);
    struct server *const server = server_start();
    server_add(server, "/", server_text("x"));
    cr_expect_eq(get(server_url(server, "/"), true, NULL), ASSAY_OK, "%s", message);
    cr_expect_eq(get(server_url(server, "/"), false, NULL), ASSAY_E_INVALID);
    cr_expect_eq(server->hits, 1);
    server_stop(server);
}

Test(http, a_proxy_of_the_environment_does_not_see_tests)
{
    struct server *const server = server_start();
    server_add(server, "/", server_text("x"));
    cr_assert_eq(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    cr_expect_eq(get(server_url(server, "/"), true, NULL), ASSAY_OK, "%s", message);
    server_stop(server);
}

/* One request, read whole; answered with 202. */
static void *take_post(void *context)
{
    static char request[4096];
    const int listener = *(const int *)context, fd = accept(listener, NULL, NULL);
    size_t len = 0;
    while (strstr(request, "\r\n\r\n{\"a\":\"b\"}") == NULL && len + 1 < sizeof request) {
        const ssize_t n = recv(fd, request + len, sizeof request - 1 - len, 0);
        if (n <= 0) break;
        len += (size_t)n;
        request[len] = '\0';
    }
    (void)!send(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok", 46, MSG_NOSIGNAL);
    (void)close(fd);
    return request;
}

Test(http, posts_content_with_its_headers)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t at_len = sizeof at;
    char url[64];
    pthread_t thread;
    void *request = NULL;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&at, &at_len), 0);
    cr_assert_eq(pthread_create(&thread, NULL, take_post, &listener), 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u/x", (unsigned)ntohs(at.sin_port));
    static const char *const headers[] = { "content-type: application/json", "webhook-id: 7" };
    const struct assay_url_request asked = { .url = url,
                                             .insecure_for_tests = true,
                                             .post = true,
                                             .content = assay_slice_over("{\"a\":\"b\"}", 9),
                                             .headers = headers,
                                             .header_count = 2 };
    struct assay_url_answer answer = { 0 };
    cr_assert_eq(assay_url_send(&asked, &answer, message), ASSAY_OK, "%s", message);
    cr_assert_eq(answer.status, 202);
    (void)pthread_join(thread, &request);
    cr_assert_eq(strncmp(request, "POST /x HTTP/1.1\r\n", 18), 0, "%s", (const char *)request);
    cr_assert_not_null(strstr(request, "\r\ncontent-type: application/json\r\n"));
    cr_assert_not_null(strstr(request, "\r\nwebhook-id: 7\r\n"));
    cr_assert_not_null(strstr(request, "\r\nContent-Length: 9\r\n"), "%s", (const char *)request);
    assay_url_answer_free(&answer);
    (void)close(listener);
}

/* A receiver of posts has its token in the path as well. */
Test(http, an_error_has_no_more_of_a_receiver_than_its_host)
{
    const struct assay_url_request post = { .url = "http://127.0.0.1:9/S3cret/path?and=query",
                                            .insecure_for_tests = true,
                                            .post = true,
                                            .content = assay_slice_over("{}", 2) };
    struct assay_url_answer answer = { 0 };
    cr_expect_neq(assay_url_send(&post, &answer, message), ASSAY_OK);
    cr_expect_eq(strncmp(message, "http://127.0.0.1:9: ", 20), 0, "%s", message);
    cr_expect_null(strstr(message, "S3cret"), "%s", message);
    cr_expect_neq(get("http://127.0.0.1:9/which/document?and=query", true, NULL), ASSAY_OK);
    cr_expect_not_null(strstr(message, "/which/document: "), "%s", message);
    cr_expect_null(strstr(message, "query"), "%s", message);
}

Test(http, urls_are_bounded)
{
    char url[ASSAY_HTTP_URL_LEN_MAX + 2];
    (void)memset(url, 'a', sizeof url);
    assay_bytes_copy(url, sizeof url, "https://", 8);
    url[sizeof url - 1] = '\0';
    cr_expect_eq(get(url, false, NULL), ASSAY_E_RANGE);
}

Test(http, answers_bring_status_body_and_headers)
{
    struct server *const server = server_start();
    server_add(server, "/",
               (struct server_reply){ .status = 418,
                                      .headers = "X-One: 1\r\nx-two:  2 \r\n",
                                      .body = assay_slice_over("body", 4) });
    const struct assay_url_request request = { .url = server_url(server, "/"),
                                               .insecure_for_tests = true };
    struct assay_url_answer answer = { 0 };
    struct assay_slice value;
    cr_assert_eq(assay_url_get(&request, &answer, message), ASSAY_OK, "%s", message);
    cr_expect_eq(answer.status, 418);
    cr_expect_eq(answer.body_len, 4);
    const struct assay_slice headers = assay_slice_over(answer.headers, answer.headers_len);
    cr_assert_eq(assay_url_header(headers, "x-one", &value), ASSAY_OK);
    cr_expect(assay_slice_equal(value, assay_slice_over("1", 1)));
    cr_assert_eq(assay_url_header(headers, "X-TWO", &value), ASSAY_OK);
    cr_expect(assay_slice_equal(value, assay_slice_over("2", 1)));
    cr_expect_eq(assay_url_header(headers, "X-Three", &value), ASSAY_E_NOT_FOUND);
    assay_url_answer_free(&answer);
    assay_url_answer_free(&answer);
    server_stop(server);
}

Test(http, a_header_that_comes_twice_must_say_the_same)
{
    struct assay_slice value;
    static const char same[] = "A: 1\r\na: 1\r\n", other[] = "A: 1\r\nA: 2\r\n";
    cr_expect_eq(assay_url_header(assay_slice_over(same, sizeof same - 1), "A", &value), ASSAY_OK);
    cr_expect_eq(assay_url_header(assay_slice_over(other, sizeof other - 1), "A", &value),
                 ASSAY_E_DUPLICATE);
    for (size_t len = 0; len < sizeof other; len++) {
        char *const exact = malloc(len == 0 ? 1 : len);
        assay_bytes_copy(exact, len, other, len);
        (void)!assay_url_header(assay_slice_over(exact, len), "A", &value);
        free(exact);
    }
}

/* ------------------------------------------------------------ TLS */

static int run(const char *const *argv)
{
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return child;
}

static bool finishes(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make_certificate(const struct folder *folder, const char *name, const char *subject)
{
    char key[128], certificate[128];
    (void)snprintf(key, sizeof key, "%s/%s.key", folder->path, name);
    (void)snprintf(certificate, sizeof certificate, "%s/%s.pem", folder->path, name);
    const char *const argv[] = { "openssl", "req",     "-x509", "-newkey",  "rsa:2048",
                                 "-nodes",  "-keyout", key,     "-out",     certificate,
                                 "-days",   "2",       "-subj", "/CN=test", "-addext",
                                 subject,   NULL };
    return finishes(run(argv));
}

static unsigned free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static pid_t serve_tls(const struct folder *folder, const char *name, unsigned port)
{
    char key[128], certificate[128], listen[32];
    (void)snprintf(key, sizeof key, "%s/%s.key", folder->path, name);
    (void)snprintf(certificate, sizeof certificate, "%s/%s.pem", folder->path, name);
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    const char *const argv[] = { "openssl",   "s_server", "-accept", listen, "-cert",
                                 certificate, "-key",     key,       "-www", NULL };
    const pid_t child = run(argv);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)port) };
    for (int i = 0; i < 500; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        const int failed = connect(fd, (const struct sockaddr *)&address, sizeof address);
        (void)close(fd);
        if (failed == 0) return child;
        (void)usleep(10000);
    }
    return child;
}

Test(http, servers_prove_who_they_are)
{
    struct folder folder = folder_make();
    char url[64];
    if (!make_certificate(&folder, "right", "subjectAltName=IP:127.0.0.1")) {
        folder_remove(&folder);
        cr_skip_test("no openssl program");
    }
    cr_assert(make_certificate(&folder, "wrong", "subjectAltName=IP:192.0.2.7"));
    for (int i = 0; i < 2; i++) {
        const unsigned port = free_port();
        const pid_t child = serve_tls(&folder, i == 0 ? "right" : "wrong", port);
        (void)snprintf(url, sizeof url, "https://127.0.0.1:%u/", port);
        cr_expect_eq(get(url, true, NULL), ASSAY_E_IO, "nobody vouches for it: %s", message);
        cr_expect_eq(get(url, true, folder_at(&folder, "nothing.pem")), ASSAY_E_IO);
        if (i == 0)
            cr_expect_eq(get(url, false, folder_at(&folder, "right.pem")), ASSAY_OK, "%s", message);
        else
            cr_expect_eq(get(url, true, folder_at(&folder, "wrong.pem")), ASSAY_E_IO,
                         "a certificate for another address");
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    folder_remove(&folder);
}

/* ------------------------------------------------------------ chains in headers */

static enum assay_status decode(const char *text, size_t len, size_t capacity, size_t *out_len)
{
    char *const exact = malloc(len == 0 ? 1 : len);
    uint8_t *const pem = malloc(capacity == 0 ? 1 : capacity);
    assay_bytes_copy(exact, len, text, len);
    const enum assay_status status =
        assay_issuer_chain_decode(assay_slice_over(exact, len), pem, capacity, out_len);
    free(exact);
    free(pem);
    return status;
}

static const char escaped[] = "-----BEGIN%20CERTIFICATE-----%0AMII%2bAB+/%3D%3d%0D%0A"
                              "-----END%20CERTIFICATE-----%0a";
static const char plain[] = "-----BEGIN CERTIFICATE-----\nMII+AB+/==\r\n"
                            "-----END CERTIFICATE-----\n";

Test(issuer_chain, is_unescaped)
{
    uint8_t pem[sizeof plain];
    size_t len = 0;
    cr_assert_eq(assay_issuer_chain_decode(assay_slice_over(escaped, sizeof escaped - 1), pem,
                                           sizeof plain - 1, &len),
                 ASSAY_OK);
    cr_assert_eq(len, sizeof plain - 1);
    cr_expect(assay_bytes_equal(pem, plain, len));
    cr_expect_eq(decode(escaped, sizeof escaped - 1, sizeof plain - 2, &len), ASSAY_E_FULL);
    cr_expect_eq(decode(plain, sizeof plain - 1, sizeof plain, &len), ASSAY_OK, "as it is");
}

Test(issuer_chain, breaks_off_nowhere_inside_an_escape)
{
    size_t len = 0;
    for (size_t n = 0; n < sizeof escaped - 1; n++) {
        const bool is_cut = (n >= 1 && escaped[n - 1] == '%') || (n >= 2 && escaped[n - 2] == '%');
        const enum assay_status status = decode(escaped, n, 512, &len);
        if (is_cut) cr_expect_eq(status, ASSAY_E_TRUNCATED, "%zu", n);
        else cr_expect(status == ASSAY_OK || status == ASSAY_E_SYNTAX, "%zu", n);
        if (n < 29) cr_expect_neq(status, ASSAY_OK, "no certificate yet: %zu", n);
    }
}

Test(issuer_chain, holds_nothing_but_pem)
{
    static const char *const wrong[] = {
        "",
        "MIIC",
        "-----BEGIN%20CERTIFICATE-----%00",
        "-----BEGIN%20CERTIFICATE-----%zz",
        "-----BEGIN%20CERTIFICATE-----%2",
        "-----BEGIN%20CERTIFICATE-----\t",
        "-----BEGIN%20CERTIFICATE-----{}",
        "-----BEGIN%20CERTIFICATE-----%ff",
        " -----BEGIN%20CERTIFICATE-----",
        "-----BEGIN+CERTIFICATE-----",
    };
    size_t len = 77;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_neq(decode(wrong[i], strlen(wrong[i]), 512, &len), ASSAY_OK, "%s", wrong[i]);
    cr_expect_eq(len, 77);
}
