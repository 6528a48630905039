/*
 * apps/client.c - a request line out, a JSON line back.
 */
#include "apps/client.h"

#include <errno.h>
#include <poll.h>
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
static enum assay_status connect_until(int fd, const struct sockaddr_un *address,
                                       int64_t deadline_ms)
{
    while (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
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
    const enum assay_status status = connect_until(fd, &address, deadline_ms);
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

static enum assay_status send_line(int fd, const char *request, int64_t deadline_ms)
{
    const size_t len = strlen(request);
    if (len + 1 > REQUEST_LEN_MAX) return ASSAY_E_RANGE;
    for (size_t done = 0; done < len + 1;) {
        ASSAY_TRY(wait_for(fd, POLLOUT, deadline_ms));
        const ssize_t n = done < len ? send(fd, request + done, len - done, MSG_NOSIGNAL)
                                     : send(fd, "\n", 1, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN) return ASSAY_E_IO;
        if (n > 0) done += (size_t)n;
    }
    return ASSAY_OK;
}

/* The document ends with a newline or with the connection. */
static enum assay_status read_line(int fd, int64_t deadline_ms, char **text, size_t *len)
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
        if (buffer[*len - 1] == '\n') return ASSAY_OK;
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
    if (status == ASSAY_OK) status = read_line(fd, deadline_ms, &text, &len);
    if (status == ASSAY_OK) status = assay_json_parse(text, len, document);
    free(text);
    if (fd >= 0) (void)close(fd);
    return status;
}
