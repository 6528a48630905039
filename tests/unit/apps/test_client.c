/*
 * tests/unit/apps/test_client.c - tests of the client of the admin socket.
 *
 * apps/client.h: one question and one answer, whatever stands at the other end of the socket.
 */
#include "apps/client.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;
static int listener = -1;
static pid_t server;
static struct assay_json *document;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    if (server > 0) {
        (void)kill(server, SIGKILL);
        (void)waitpid(server, NULL, 0);
    }
    if (listener >= 0) (void)close(listener);
    assay_json_free(&document);
    folder_remove(&folder);
}

TestSuite(apps_client, .init = set_up, .fini = tear_down, .timeout = 120);

static const char *socket_path(void)
{
    return folder_at(&folder, "admin.sock");
}

static void listen_at(int backlog)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = socket_path();
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, strlen(path) + 1);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(listener >= 0);
    cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, backlog), 0);
}

/* Accepts one client in a process of its own, reads the request line, then plays. */
static void serve(void (*play)(int fd))
{
    listen_at(4);
    server = fork();
    cr_assert(server >= 0);
    if (server != 0) return;
    char request[300];
    size_t len = 0;
    const int fd = accept(listener, NULL, NULL);
    while (len < sizeof request && (len == 0 || request[len - 1] != '\n')) {
        const ssize_t n = read(fd, request + len, sizeof request - len);
        if (n <= 0) break;
        len += (size_t)n;
    }
    if (len == 7 && strncmp(request, "status\n", 7) == 0) play(fd);
    (void)close(fd);
    _exit(0);
}

static void put(int fd, const char *text)
{
    for (size_t done = 0, len = strlen(text); done < len;) {
        const ssize_t n = send(fd, text + done, len - done, MSG_NOSIGNAL);
        if (n <= 0) return;
        done += (size_t)n;
    }
}

static void wait_ms(long ms)
{
    const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
    (void)nanosleep(&pause, NULL);
}

static enum assay_status ask(unsigned timeout_ms)
{
    return assay_client_request(socket_path(), "status", timeout_ms, &document);
}

/* Asks with a short patience; it must end as a time-out, not much later than asked for. */
static void expect_timeout(void)
{
    struct timespec from, to;
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    cr_expect_eq(ask(300), ASSAY_E_TIMEOUT);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    const long took_ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
    cr_expect(took_ms >= 290 && took_ms < 5000, "%ld ms", took_ms);
    cr_expect_null(document);
}

/* ------------------------------------------------------------ answers */

static void play_answer(int fd)
{
    put(fd, "{\"data\":{\"epoch\":7}}\n");
    wait_ms(2000); /* the line is the answer, not the end of the connection */
}

static void play_answer_and_end(int fd)
{
    put(fd, "{\"data\":{\"epoch\":7}}");
}

static void play_pieces(int fd)
{
    static const char *const pieces[] = { "{\"da", "ta\":{\"ep", "och\"", ":7", "}}", "\n" };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        put(fd, pieces[i]);
        wait_ms(5);
    }
}

static void play_large(int fd)
{
    put(fd, "{\"data\":{\"epoch\":7},\"pad\":\"");
    for (int i = 0; i < 3000; i++)
        put(fd, "0123456789012345678901234567890123456789012345678901234567890123456789");
    put(fd, "\"}\n");
}

Test(apps_client, reads_an_answer_however_it_comes)
{
    static void (*const plays[])(int) = { play_answer, play_answer_and_end, play_pieces,
                                          play_large };
    for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
        serve(plays[i]);
        cr_assert_eq(ask(5000), ASSAY_OK, "play %zu", i);
        cr_expect_eq(assay_json_uint(assay_json_get(document, "data"), "epoch", 0), 7);
        tear_down();
        listener = -1;
        set_up();
    }
}

/* Raw, as escapes, and behind a backslash that is escaped itself. */
static void play_terminal(int fd)
{
    put(fd, "{\"data\":{\"a\":\"\\u001b[2J\\u009B\\u007f\\r\\b\\f\xc2\x9bx\x7f\","
            "\"b\":\"\\\\u001b \\\\r \\u00e9\\u011b\xc3\x9b \\n\\t\\u000a\\\"\"}}\n");
}

Test(apps_client, gives_terminals_nothing_to_obey)
{
    serve(play_terminal);
    cr_assert_eq(ask(5000), ASSAY_OK);
    const struct assay_json *const data = assay_json_get(document, "data");
    cr_expect_str_eq(assay_json_text(data, "a", ""), "?[2J??????????x?");
    cr_expect_str_eq(assay_json_text(data, "b", ""),
                     "\\u001b \\r \xc3\xa9\xc4\x9b\xc3\x9b \n\t\n\"", "and every text as it is");
}

/* ------------------------------------------------------------ nobody, and worse */

Test(apps_client, says_that_nobody_is_there)
{
    cr_expect_eq(ask(300), ASSAY_E_NOT_FOUND);
    listen_at(1);
    (void)close(listener); /* the name stays, as after a crash */
    listener = -1;
    cr_expect_eq(ask(300), ASSAY_E_IO);
    cr_expect_eq(assay_client_request(folder.path, "status", 300, &document), ASSAY_E_IO);
    cr_expect_null(document);
}

Test(apps_client, refuses_a_path_or_a_request_without_room)
{
    static char request[100 * 1024 + 1];
    char path[128];
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    cr_expect_eq(assay_client_request(path, "status", 300, &document), ASSAY_E_RANGE);
    memset(request, 'r', sizeof request - 1);
    request[sizeof request - 1] = '\0';
    listen_at(4);
    cr_expect_eq(assay_client_request(socket_path(), request, 300, &document), ASSAY_E_RANGE);
    request[100 * 1024 - 1] = '\0';
    cr_expect_eq(assay_client_request(socket_path(), request, 300, &document), ASSAY_E_TIMEOUT);
}

Test(apps_client, gives_up_on_a_daemon_that_does_not_accept)
{
    int clients[16];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *path = socket_path();
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, strlen(path) + 1);
    listen_at(1);
    for (size_t i = 0; i < 16; i++) { /* until the queue is full */
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(clients[i], (const struct sockaddr *)&address, sizeof address);
    }
    expect_timeout();
    for (size_t i = 0; i < 16; i++)
        (void)close(clients[i]);
}

static void play_silence(int fd)
{
    (void)fd;
    wait_ms(4000);
}

static void play_drops(int fd)
{
    for (int i = 0; i < 400; i++) {
        put(fd, "[");
        wait_ms(10);
    }
}

Test(apps_client, gives_up_on_a_silent_daemon)
{
    serve(play_silence);
    expect_timeout();
}

Test(apps_client, gives_up_on_one_that_talks_without_end)
{
    serve(play_drops);
    expect_timeout();
}

static void play_nothing(int fd)
{
    (void)fd;
}

Test(apps_client, an_end_without_an_answer_is_an_error)
{
    serve(play_nothing);
    cr_expect_eq(ask(5000), ASSAY_E_IO);
}

static void play_garbage(int fd)
{
    put(fd, "\x01\x02garbage\xff\n");
}

static void play_half(int fd)
{
    put(fd, "{\"data\":");
}

static void play_two(int fd)
{
    put(fd, "{}\n{}\n");
}

Test(apps_client, refuses_what_is_no_document)
{
    static void (*const plays[])(int) = { play_garbage, play_half, play_two };
    for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
        serve(plays[i]);
        cr_expect_eq(ask(5000), ASSAY_E_SYNTAX, "play %zu", i);
        cr_expect_null(document);
        tear_down();
        listener = -1;
        set_up();
    }
}

static void play_flood(int fd)
{
    static char line[1 << 16];
    memset(line, ' ', sizeof line - 1);
    for (int i = 0; i < 1000; i++)
        put(fd, line);
}

Test(apps_client, refuses_an_answer_without_end)
{
    serve(play_flood);
    cr_expect_eq(ask(10000), ASSAY_E_RANGE);
}

/* ------------------------------------------------------------ over HTTP */

static const char *http_answer;

/* Reads a whole request, then sends what the test says. */
static void serve_http(void)
{
    server = fork();
    cr_assert(server >= 0);
    if (server != 0) return;
    char request[600] = "";
    size_t len = 0;
    const int fd = accept(listener, NULL, NULL);
    while (len + 1 < sizeof request && strstr(request, "\r\n\r\n") == NULL) {
        const ssize_t n = read(fd, request + len, sizeof request - 1 - len);
        if (n <= 0) break;
        len += (size_t)n;
        request[len] = '\0';
    }
    if (strncmp(request, "GET /v1/x HTTP/1.0\r\nHost: localhost\r\n", 37) == 0)
        put(fd, http_answer);
    (void)close(fd);
    _exit(0);
}

static enum assay_status get(const char *where, const char *answer)
{
    http_answer = answer;
    serve_http();
    const enum assay_status status = assay_client_get(where, "/v1/x", 5000, &document);
    (void)waitpid(server, NULL, 0);
    server = 0;
    return status;
}

Test(apps_client, reads_a_document_over_http)
{
    listen_at(4);
    cr_assert_eq(get(socket_path(),
                     "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
                     "{\"data\":{\"epoch\":7}}\n"),
                 ASSAY_OK);
    cr_expect_eq(assay_json_uint(assay_json_get(document, "data"), "epoch", 0), 7);
    assay_json_free(&document);
    /* A newline within the answer ends nothing. */
    cr_assert_eq(get(socket_path(), "HTTP/1.1 200 OK\r\n\r\n{\"data\":\n{\"epoch\":8}}"), ASSAY_OK);
    cr_expect_eq(assay_json_uint(assay_json_get(document, "data"), "epoch", 0), 8);
}

Test(apps_client, refuses_other_answers_over_http)
{
    static const struct {
        const char *answer;
        enum assay_status status;
    } cases[] = {
        { "HTTP/1.1 404 Not Found\r\n\r\n{}", ASSAY_E_NOT_FOUND },
        { "HTTP/1.1 503 Busy\r\n\r\n{}", ASSAY_E_UNSUPPORTED },
        { "HTTP/1.1 2000 OK\r\n\r\n", ASSAY_E_SYNTAX },
        { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{}", ASSAY_E_SYNTAX },
        { "HTTP/2.0 200 OK\r\n\r\n{}", ASSAY_E_SYNTAX },
        { "HTTP/1.", ASSAY_E_SYNTAX },
        { "\r\n\r\n", ASSAY_E_SYNTAX },
        { "{\"data\":{}}\n", ASSAY_E_SYNTAX },
        { "HTTP/1.1 200 OK\r\n\r\nno json", ASSAY_E_SYNTAX },
        { "", ASSAY_E_IO },
    };
    listen_at(4);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(get(socket_path(), cases[i].answer), cases[i].status, "case %zu", i);
        cr_expect_null(document);
    }
    char target[600];
    memset(target, '/', sizeof target - 1);
    target[sizeof target - 1] = '\0';
    cr_expect_eq(assay_client_get(socket_path(), target, 300, &document), ASSAY_E_RANGE);
    cr_expect_eq(assay_client_get("no/such.http", "/v1/x", 300, &document), ASSAY_E_NOT_FOUND);
}

Test(apps_client, reads_over_an_address_of_this_machine)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    char where[32];
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 4), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(where, sizeof where, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    cr_assert_eq(get(where, "HTTP/1.1 200 OK\r\n\r\n{\"data\":{}}"), ASSAY_OK);
    (void)close(listener);
    listener = -1;
    cr_expect_eq(assay_client_get(where, "/v1/x", 2000, &document), ASSAY_E_IO);
    /* What is no address is a path. */
    cr_expect_eq(assay_client_get("127.0.0.1:99999", "/v1/x", 300, &document), ASSAY_E_NOT_FOUND);
    cr_expect_eq(assay_client_get("127.0.0.1:80x", "/v1/x", 300, &document), ASSAY_E_NOT_FOUND);
}
