/*
 * net/services/workload.c - non-blocking client of the counter service.
 *
 * `pending` is a ring in the order of asking: [first, first + sent) is on the wire, the rest is to
 * be written; `done` answers wait for the runtime in front of it.
 */
#include "net/services/workload.h"

#include "base/assert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char request_line[] = "increment\n";
enum { REQUEST_LEN = sizeof request_line - 1 };

struct pending {
    uint64_t ticket, since_ms;
};

struct assay_workload {
    struct sockaddr_un address;
    int fd; /* -1: not connected */
    size_t first, count, sent;
    struct pending pending[ASSAY_WORKLOAD_PENDING_MAX];
    size_t done_first, done_count;
    struct assay_workload_answer done[ASSAY_WORKLOAD_PENDING_MAX];
    size_t written; /* of the request that is being written */
    char line[ASSAY_WORKLOAD_LINE_MAX];
    size_t line_len;
};

enum assay_status assay_workload_create(const char *path, struct assay_workload **out)
{
    const size_t len = strlen(path);
    struct assay_workload *workload = calloc(1, sizeof *workload);
    if (workload == NULL) return ASSAY_E_MEMORY;
    workload->fd = -1;
    workload->address.sun_family = AF_UNIX;
    if (len >= sizeof workload->address.sun_path) {
        assay_workload_destroy(&workload);
        return ASSAY_E_RANGE;
    }
    assay_bytes_copy(workload->address.sun_path, sizeof workload->address.sun_path, path, len + 1);
    *out = workload;
    return ASSAY_OK;
}

void assay_workload_destroy(struct assay_workload **workload)
{
    if (*workload == NULL) return;
    if ((*workload)->fd >= 0) (void)close((*workload)->fd);
    free(*workload);
    *workload = NULL;
}

enum assay_status assay_workload_increment(struct assay_workload *workload, uint64_t now_ms,
                                           uint64_t ticket)
{
    ASSAY_ASSERT(workload->sent <= workload->count);
    /* An answer needs a place too. */
    if (workload->count + workload->done_count >= ASSAY_WORKLOAD_PENDING_MAX) return ASSAY_E_FULL;
    const size_t at = (workload->first + workload->count++) % ASSAY_WORKLOAD_PENDING_MAX;
    workload->pending[at] = (struct pending){ .ticket = ticket, .since_ms = now_ms };
    assay_workload_step(workload, now_ms);
    return ASSAY_OK;
}

static void push_answer(struct assay_workload *workload, enum assay_workload_outcome outcome,
                        uint64_t value)
{
    ASSAY_ASSERT(workload->count > 0);
    ASSAY_ASSERT(workload->done_count < ASSAY_WORKLOAD_PENDING_MAX);
    const struct pending *oldest = &workload->pending[workload->first];
    const size_t at = (workload->done_first + workload->done_count++) % ASSAY_WORKLOAD_PENDING_MAX;
    workload->done[at] = (struct assay_workload_answer){ .ticket = oldest->ticket,
                                                         .outcome = outcome,
                                                         .value = value };
    workload->first = (workload->first + 1) % ASSAY_WORKLOAD_PENDING_MAX;
    workload->count--;
    if (workload->sent > 0) workload->sent--;
}

/* All requests on this connection are lost. */
static void fail_requests(struct assay_workload *workload)
{
    if (workload->fd >= 0) (void)close(workload->fd);
    workload->fd = -1;
    workload->written = 0;
    workload->line_len = 0;
    while (workload->count > 0)
        push_answer(workload, ASSAY_WORKLOAD_UNAVAILABLE, 0);
}

static bool dial_socket(struct assay_workload *workload)
{
    if (workload->fd >= 0) return true;
    workload->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (workload->fd < 0) return false;
    /* On a UNIX socket connect is done or refused at once; EAGAIN is a full backlog. */
    return connect(workload->fd, (const struct sockaddr *)&workload->address,
                   sizeof workload->address) == 0;
}

static bool write_requests(struct assay_workload *workload)
{
    ASSAY_ASSERT(workload->fd >= 0 && workload->sent <= workload->count);
    while (workload->sent < workload->count) {
        ASSAY_ASSERT(workload->written < REQUEST_LEN);
        const ssize_t n = send(workload->fd, request_line + workload->written,
                               REQUEST_LEN - workload->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        workload->written += (size_t)n;
        if (workload->written < REQUEST_LEN) return true;
        workload->written = 0;
        workload->sent++;
    }
    return true;
}

/* A line of digits is the counter, anything else a refusal. */
static void read_line(struct assay_workload *workload)
{
    ASSAY_ASSERT(workload->sent > 0 && workload->line_len <= sizeof workload->line);
    uint64_t value = 0;
    bool digits = workload->line_len > 0 && workload->line_len <= 19;
    for (size_t i = 0; i < workload->line_len && digits; i++) {
        digits = workload->line[i] >= '0' && workload->line[i] <= '9';
        value = value * 10 + (uint64_t)(workload->line[i] - '0');
    }
    workload->line_len = 0;
    push_answer(workload, digits ? ASSAY_WORKLOAD_DONE : ASSAY_WORKLOAD_REFUSED,
                digits ? value : 0);
}

static bool read_answers(struct assay_workload *workload)
{
    ASSAY_ASSERT(workload->fd >= 0);
    char bytes[256];
    for (;;) {
        const ssize_t n = recv(workload->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        if (n == 0) return false;
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] == '\n') {
                if (workload->sent == 0) return false; /* no request */
                read_line(workload);
            } else if (workload->line_len < sizeof workload->line) {
                workload->line[workload->line_len++] = bytes[i];
            } else {
                return false;
            }
        }
    }
}

void assay_workload_step(struct assay_workload *workload, uint64_t now_ms)
{
    if (workload->fd < 0 && workload->count == 0) return;
    const bool late = workload->count > 0 && now_ms - workload->pending[workload->first].since_ms >=
                                                 ASSAY_WORKLOAD_TIMEOUT_MS;
    if (late || !dial_socket(workload) || !write_requests(workload) || !read_answers(workload))
        fail_requests(workload);
}

size_t assay_workload_poll(const struct assay_workload *workload, struct pollfd *fds,
                           size_t capacity)
{
    ASSAY_ASSERT(workload->sent <= workload->count);
    if (workload->fd < 0 || capacity == 0) return 0;
    const short events = (short)(workload->sent < workload->count ? POLLIN | POLLOUT : POLLIN);
    fds[0] = (struct pollfd){ .fd = workload->fd, .events = events };
    return 1;
}

bool assay_workload_next(struct assay_workload *workload, struct assay_workload_answer *out)
{
    if (workload->done_count == 0) return false;
    ASSAY_ASSERT(workload->done_first < ASSAY_WORKLOAD_PENDING_MAX);
    *out = workload->done[workload->done_first];
    workload->done_first = (workload->done_first + 1) % ASSAY_WORKLOAD_PENDING_MAX;
    workload->done_count--;
    return true;
}

uint64_t assay_workload_wake_at(const struct assay_workload *workload)
{
    if (workload->done_count > 0) return 0;
    if (workload->count == 0) return UINT64_MAX;
    return workload->pending[workload->first].since_ms + ASSAY_WORKLOAD_TIMEOUT_MS;
}
