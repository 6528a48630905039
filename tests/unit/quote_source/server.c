/* tests/unit/quote_source/server.c - HTTP server for tests */
#include "tests/unit/quote_source/server.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void send_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        const ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) return; /* the client has had enough */
        at += n;
        len -= (size_t)n;
    }
}

/* Up to the empty line; the target of the request line. */
static bool read_request(struct server *server, int fd, char target[static SERVER_TARGET])
{
    char text[8192];
    size_t len = 0;
    text[0] = '\0';
    while (strstr(text, "\r\n\r\n") == NULL) {
        struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
                                 { .fd = server->stop[0], .events = POLLIN } };
        if (poll(fds, 2, 5000) <= 0 || fds[1].revents != 0) return false;
        const ssize_t n = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (n <= 0) return false;
        len += (size_t)n;
        text[len] = '\0';
    }
    _Static_assert(SERVER_TARGET == 512, "the width below");
    return sscanf(text, "GET %511s HTTP/1.1", target) == 1;
}

static void send_head(int fd, const struct server_reply *reply)
{
    char head[512];
    int n =
        snprintf(head, sizeof head, "HTTP/1.1 %d Whatever\r\nConnection: close\r\n", reply->status);
    send_all(fd, head, (size_t)n);
    if (reply->headers != NULL) send_all(fd, reply->headers, strlen(reply->headers));
    if (reply->manner != SERVER_UNBOUNDED) {
        n = snprintf(head, sizeof head, "Content-Length: %zu\r\n", reply->body.len);
        send_all(fd, head, (size_t)n);
    }
    send_all(fd, "\r\n", 2);
}

static void send_reply(struct server *server, int fd, const struct server_reply *reply)
{
    if (reply->manner == SERVER_HANGS_UP) return;
    send_head(fd, reply);
    const size_t half = reply->body.len / 2;
    switch (reply->manner) {
    case SERVER_WHOLE: send_all(fd, reply->body.bytes, reply->body.len); return;
    case SERVER_TRUNCATED: send_all(fd, reply->body.bytes, half); return;
    case SERVER_UNBOUNDED:
        for (int i = 0; i < 4096; i++)
            send_all(fd, reply->body.bytes, reply->body.len);
        return;
    case SERVER_SLOW: {
        send_all(fd, reply->body.bytes, half);
        struct pollfd stop = { .fd = server->stop[0], .events = POLLIN };
        (void)poll(&stop, 1, (int)server->slow_ms);
        send_all(fd, reply->body.bytes + half, reply->body.len - half);
        return;
    }
    case SERVER_HANGS_UP: return;
    }
}

static struct server_route *route_of(const struct server *server, const char *target)
{
    for (size_t i = 0; i < server->route_count; i++)
        if (strcmp(server->routes[i].target, target) == 0)
            return (struct server_route *)(uintptr_t)&server->routes[i];
    return NULL;
}

static void serve(struct server *server, int fd)
{
    static const struct server_reply nothing = { .status = 404 };
    char target[SERVER_TARGET];
    if (!read_request(server, fd, target)) return;
    atomic_fetch_add(&server->hits, 1);
    struct server_route *const route = route_of(server, target);
    if (route == NULL || route->reply_count == 0) {
        send_reply(server, fd, &nothing);
        return;
    }
    const size_t turn = atomic_fetch_add(&route->hits, 1);
    const size_t last = route->reply_count - 1;
    send_reply(server, fd, &route->replies[turn < last ? turn : last]);
}

static void *run(void *argument)
{
    struct server *const server = argument;
    for (;;) {
        struct pollfd fds[2] = { { .fd = server->listener, .events = POLLIN },
                                 { .fd = server->stop[0], .events = POLLIN } };
        if (poll(fds, 2, -1) < 0) continue;
        if (fds[1].revents != 0) return NULL;
        const int fd = accept(server->listener, NULL, NULL);
        if (fd < 0) continue;
        serve(server, fd);
        (void)shutdown(fd, SHUT_WR);
        /* What the client still says is read, or closing resets what it has not read yet. */
        struct pollfd rest = { .fd = fd, .events = POLLIN };
        char ignored[512];
        while (poll(&rest, 1, 200) > 0 && recv(fd, ignored, sizeof ignored, 0) > 0)
            continue;
        (void)close(fd);
    }
}

struct server *server_start(void)
{
    struct server *const server = calloc(1, sizeof *server);
    cr_assert_not_null(server);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(server->listener, 0);
    cr_assert_eq(bind(server->listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(server->listener, 64), 0);
    cr_assert_eq(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
    server->port = ntohs(address.sin_port);
    server->slow_ms = 3000;
    cr_assert_eq(pipe(server->stop), 0);
    cr_assert_eq(pthread_create(&server->thread, NULL, run, server), 0);
    return server;
}

void server_stop(struct server *server)
{
    cr_assert_eq(write(server->stop[1], "x", 1), 1);
    cr_assert_eq(pthread_join(server->thread, NULL), 0);
    (void)close(server->listener);
    (void)close(server->stop[0]);
    (void)close(server->stop[1]);
    for (size_t i = 0; i < server->memory_count; i++)
        free(server->memory[i]);
    free(server);
}

void server_add(struct server *server, const char *target, struct server_reply reply)
{
    struct server_route *route = route_of(server, target);
    if (route == NULL) {
        cr_assert_lt(server->route_count, SERVER_ROUTES);
        route = &server->routes[server->route_count++];
        (void)snprintf(route->target, sizeof route->target, "%s", target);
    }
    cr_assert_lt(route->reply_count, SERVER_REPLIES);
    route->replies[route->reply_count++] = reply;
}

void server_clear(struct server *server, const char *target)
{
    struct server_route *const route = route_of(server, target);
    if (route == NULL) return;
    route->reply_count = 0;
    atomic_store(&route->hits, 0);
}

const char *server_url(const struct server *server, const char *target)
{
    static char buffers[8][SERVER_TARGET + 64];
    static unsigned turn;
    char *const url = buffers[turn++ % 8];
    (void)snprintf(url, sizeof buffers[0], "http://127.0.0.1:%u%s", server->port, target);
    return url;
}

unsigned server_hits(const struct server *server, const char *target)
{
    struct server_route *const route = route_of(server, target);
    return route == NULL ? 0 : atomic_load(&route->hits);
}

void *server_room(struct server *server, size_t len)
{
    void *const room = calloc(1, len == 0 ? 1 : len);
    cr_assert(room != NULL && server->memory_count < SERVER_MEMORY);
    server->memory[server->memory_count++] = room;
    return room;
}

struct server_reply server_text(const char *text)
{
    return (struct server_reply){ .status = 200, .body = assay_slice_over(text, strlen(text)) };
}
