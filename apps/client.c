/*
 * apps/client.c - a request line out, a JSON line back; or a request of HTTP and its document.
 */
#define _GNU_SOURCE
#include "apps/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_LEN_MAX = 100 * 1024, FIRST_CAPACITY = 64 * 1024, RETRY_MS = 10 };

static int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A daemon that is too busy to accept leaves its queue full: the kernel then says "again" at once
 * to a socket that does not block, and would let a blocking one wait for ever. */
static enum assay_status connect_until(int fd, const void *address, socklen_t len,
                                       int64_t deadline_ms)
{
    while (connect(fd, address, len) != 0) {
        if (errno == EISCONN) break;
        if (errno == EINPROGRESS || errno == EALREADY) errno = EAGAIN;
        if (errno == ENOENT) return ASSAY_E_NOT_FOUND;
        if (errno != EAGAIN && errno != EINTR) return ASSAY_E_IO;
        if (monotonic_ms() >= deadline_ms) return ASSAY_E_TIMEOUT;
        const struct timespec pause = { 0, RETRY_MS * 1000000 };
        (void)nanosleep(&pause, NULL);
    }
    return ASSAY_OK;
}

static enum assay_status dial(const char *path, int64_t deadline_ms, int *fd_out)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t len = strlen(path);
    if (len >= sizeof address.sun_path) return ASSAY_E_RANGE;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, len + 1);

    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ASSAY_E_IO;
    const enum assay_status status = connect_until(fd, &address, sizeof address, deadline_ms);
    if (status == ASSAY_OK) *fd_out = fd;
    else (void)close(fd);
    return status;
}

/* "127.0.0.1:8080": no path begins with a digit and has a colon but no slash. */
static bool take_address(const char *text, struct sockaddr_in *address)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (strchr(text, '/') != NULL || colon == NULL) return false;
    const size_t len = (size_t)(colon - text);
    const unsigned long port = strtoul(colon + 1, &end, 10);
    if (len >= sizeof host || *end != '\0' || port == 0 || port > UINT16_MAX) return false;
    assay_bytes_copy(host, sizeof host, text, len);
    host[len] = '\0';
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static enum assay_status dial_either(const char *where, int64_t deadline_ms, int *fd_out)
{
    struct sockaddr_in address;
    if (!take_address(where, &address)) return dial(where, deadline_ms, fd_out);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ASSAY_E_IO;
    const enum assay_status status = connect_until(fd, &address, sizeof address, deadline_ms);
    if (status == ASSAY_OK) *fd_out = fd;
    else (void)close(fd);
    return status;
}

static enum assay_status wait_for(int fd, short what, int64_t deadline_ms)
{
    struct pollfd poller = { .fd = fd, .events = what };
    for (;;) {
        const int64_t left = deadline_ms - monotonic_ms();
        if (left <= 0) return ASSAY_E_TIMEOUT;
        const int ready = poll(&poller, 1, (int)left);
        if (ready > 0) return ASSAY_OK;
        if (ready < 0 && errno != EINTR) return ASSAY_E_IO;
    }
}

static enum assay_status send_all(int fd, const char *bytes, size_t len, int64_t deadline_ms)
{
    for (size_t done = 0; done < len;) {
        ASSAY_TRY(wait_for(fd, POLLOUT, deadline_ms));
        const ssize_t n = send(fd, bytes + done, len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN) return ASSAY_E_IO;
        if (n > 0) done += (size_t)n;
    }
    return ASSAY_OK;
}

static enum assay_status send_line(int fd, const char *request, int64_t deadline_ms)
{
    const size_t len = strlen(request);
    if (len + 1 > REQUEST_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(send_all(fd, request, len, deadline_ms));
    return send_all(fd, "\n", 1, deadline_ms);
}

/* The answer ends with the connection, or before: with a newline. */
static enum assay_status read_answer(int fd, bool line, int64_t deadline_ms, char **text,
                                     size_t *len)
{
    size_t capacity = FIRST_CAPACITY;
    char *buffer = malloc(capacity);
    *len = 0;
    *text = buffer;
    while (buffer != NULL) {
        ASSAY_TRY(wait_for(fd, POLLIN, deadline_ms));
        const ssize_t n = recv(fd, buffer + *len, capacity - *len, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return ASSAY_E_IO;
        *len += (size_t)n;
        if (n == 0) return *len != 0 ? ASSAY_OK : ASSAY_E_IO;
        if (line && buffer[*len - 1] == '\n') return ASSAY_OK;
        if (*len < capacity) continue;
        if (capacity >= ASSAY_JSON_LEN_MAX) return ASSAY_E_RANGE;
        capacity *= 2;
        buffer = realloc(buffer, capacity);
        if (buffer != NULL) *text = buffer;
    }
    return ASSAY_E_MEMORY;
}

enum assay_status assay_client_ask(const char *socket_path, const char *request,
                                   unsigned timeout_ms, struct assay_json **document)
{
    const int64_t deadline_ms = monotonic_ms() + timeout_ms;
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    enum assay_status status = dial(socket_path, deadline_ms, &fd);
    if (status == ASSAY_OK) status = send_line(fd, request, deadline_ms);
    if (status == ASSAY_OK) status = read_answer(fd, true, deadline_ms, &text, &len);
    if (status == ASSAY_OK) status = assay_json_parse(text, len, document);
    free(text);
    if (fd >= 0) (void)close(fd);
    return status;
}

/* HTTP/1.0: the answer is not cut into chunks, and ends with the connection. */
static enum assay_status send_get(int fd, const char *target, int64_t deadline_ms)
{
    char request[512];
    const int len =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", target);
    if (len < 0 || (size_t)len >= sizeof request) return ASSAY_E_RANGE;
    return send_all(fd, request, (size_t)len, deadline_ms);
}

static enum assay_status body_of(const char *text, size_t len, const char **body, size_t *body_len)
{
    static const char end[] = "\r\n\r\n";
    const char *head_end = memmem(text, len, end, sizeof end - 1);
    if (head_end == NULL || len < sizeof "HTTP/1.1 200" || strncmp(text, "HTTP/1.", 7) != 0)
        return ASSAY_E_SYNTAX;
    if (strncmp(text + 8, " 404", 4) == 0) return ASSAY_E_NOT_FOUND;
    if (strncmp(text + 8, " 200", 4) != 0) return ASSAY_E_UNSUPPORTED;
    *body = head_end + sizeof end - 1;
    *body_len = len - (size_t)(*body - text);
    return ASSAY_OK;
}

enum assay_status assay_client_get(const char *where, const char *target, unsigned timeout_ms,
                                   struct assay_json **document)
{
    const int64_t deadline_ms = monotonic_ms() + timeout_ms;
    char *text = NULL;
    const char *body = NULL;
    size_t len = 0, body_len = 0;
    int fd = -1;
    enum assay_status status = dial_either(where, deadline_ms, &fd);
    if (status == ASSAY_OK) status = send_get(fd, target, deadline_ms);
    if (status == ASSAY_OK) status = read_answer(fd, false, deadline_ms, &text, &len);
    if (status == ASSAY_OK) status = body_of(text, len, &body, &body_len);
    if (status == ASSAY_OK) status = assay_json_parse(body, body_len, document);
    free(text);
    if (fd >= 0) (void)close(fd);
    return status;
}
