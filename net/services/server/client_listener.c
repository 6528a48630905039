/*
 * net/services/server/client_listener.c - see door.h.
 */
#include "net/services/server/client_listener.h"

#include "base/assert.h"
#include "base/writer.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LENGTH_LEN = 4,
    IN_MAX = LENGTH_LEN + ASSAY_CLIENT_LISTENER_FRAME_MAX,
    BACKLOG = 32,
    HOST_MAX = 255
};

/* One end of a connection. */
struct line {
    int fd;
    size_t in_len, taken, out_len;
    uint8_t in[IN_MAX];
    uint8_t out[ASSAY_CLIENT_LISTENER_WAITS_MAX];
};

static struct line *line_open(int fd)
{
    const int on = 1;
    struct line *line = malloc(sizeof *line);
    if (line == NULL) return NULL;
    line->fd = fd;
    line->in_len = line->taken = line->out_len = 0;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return line;
}

static void line_close(struct line *line)
{
    (void)close(line->fd);
    free(line);
}

static void shift(uint8_t *bytes, size_t by, size_t len)
{
    for (size_t i = 0; by > 0 && i < len; i++)
        bytes[i] = bytes[i + by];
}

/* A call that is not through yet takes nothing. */
static bool is_later(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOTCONN || error == EINPROGRESS;
}

static enum assay_status line_flush(struct line *line)
{
    while (line->out_len > 0) {
        const ssize_t put = send(line->fd, line->out, line->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && is_later(errno)) return ASSAY_OK;
        if (put <= 0) return ASSAY_E_IO;
        line->out_len -= (size_t)put;
        shift(line->out, (size_t)put, line->out_len);
    }
    return ASSAY_OK;
}

static enum assay_status line_send(struct line *line, struct assay_slice frame)
{
    struct assay_writer w = assay_writer_over(line->out + line->out_len,
                                              sizeof line->out - line->out_len);
    ASSAY_ASSERT(frame.len > 0 && frame.len <= ASSAY_CLIENT_LISTENER_FRAME_MAX);
    assay_writer_u32be(&w, (uint32_t)frame.len);
    assay_writer_put(&w, frame.bytes, frame.len);
    if (w.full) return ASSAY_E_FULL;
    line->out_len += w.len;
    return line_flush(line);
}

static enum assay_status line_fill(struct line *line, size_t wanted)
{
    while (line->in_len < wanted) {
        const ssize_t got =
            recv(line->fd, line->in + line->in_len, wanted - line->in_len, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && is_later(errno)) return ASSAY_E_AGAIN;
        if (got <= 0) return ASSAY_E_IO;
        line->in_len += (size_t)got;
    }
    return ASSAY_OK;
}

static enum assay_status line_next(struct line *line, struct assay_slice *frame)
{
    line->in_len -= line->taken;
    shift(line->in, line->taken, line->in_len);
    line->taken = 0;
    ASSAY_TRY(line_fill(line, LENGTH_LEN));
    const size_t len = (size_t)line->in[0] << 24 | (size_t)line->in[1] << 16 |
                       (size_t)line->in[2] << 8 | line->in[3];
    if (len == 0 || len > ASSAY_CLIENT_LISTENER_FRAME_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(line_fill(line, LENGTH_LEN + len));
    line->taken = LENGTH_LEN + len;
    *frame = assay_slice_over(line->in + LENGTH_LEN, len);
    return ASSAY_OK;
}

static short line_events(const struct line *line)
{
    return (short)(line->out_len > 0 ? POLLIN | POLLOUT : POLLIN);
}

/* --- addresses */

/* HOST:PORT, the host in brackets when it has colons. Returns: what getaddrinfo found, or NULL. */
static struct addrinfo *look_up(const char *address, int flags, enum assay_status *status)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = flags | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char host[HOST_MAX + 1];
    const char *port = strrchr(address, ':');
    *status = ASSAY_E_INVALID;
    if (port == NULL || port == address || (size_t)(port - address) > HOST_MAX) return NULL;
    size_t len = (size_t)(port - address);
    const char *from = address;
    if (address[0] == '[' && address[len - 1] == ']') {
        from++;
        len -= 2;
    }
    assay_bytes_copy(host, sizeof host, from, len);
    host[len] = '\0';
    const int code = getaddrinfo(host, port + 1, &hints, &found);
    if (code == 0) return found;
    *status = code == EAI_SERVICE ? ASSAY_E_INVALID : ASSAY_E_NOT_FOUND;
    return NULL;
}

/* --- the door */

/* What a guest loses when it has to go, the least first. */
enum guest_stage { GUEST_SILENT, GUEST_ANSWERED, GUEST_WAITING };

struct guest {
    struct line *line; /* NULL: nobody */
    uint64_t number;
    uint64_t heard_ms;
    enum guest_stage stage;
    uint8_t from[16]; /* its IPv4 address, or the /64 of its IPv6 address */
};

struct assay_client_listener {
    int fd;
    uint16_t port;
    uint64_t last; /* number of a guest */
    uint64_t now_ms;
    size_t next; /* whose turn it is to be heard */
    struct guest guest[ASSAY_CLIENT_LISTENER_GUESTS_MAX];
};

static enum assay_status bind_to(struct assay_client_listener *d, const struct addrinfo *at)
{
    const int on = 1;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { .v6 = { 0 } };
    socklen_t len = sizeof bound;
    d->fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->fd < 0) return ASSAY_E_IO;
    (void)setsockopt(d->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(d->fd, at->ai_addr, at->ai_addrlen) != 0 || listen(d->fd, BACKLOG) != 0 ||
        getsockname(d->fd, &bound.any, &len) != 0)
        return ASSAY_E_IO;
    d->port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return ASSAY_OK;
}

enum assay_status assay_client_listener_open(const char *listen, struct assay_client_listener **out,
                                             char message[static ASSAY_CLIENT_LISTENER_MESSAGE_LEN])
{
    enum assay_status status = ASSAY_E_MEMORY;
    struct assay_client_listener *d = calloc(1, sizeof *d);
    *out = NULL;
    (void)snprintf(message, ASSAY_CLIENT_LISTENER_MESSAGE_LEN, "out of memory");
    if (d == NULL) return ASSAY_E_MEMORY;
    d->fd = -1;
    struct addrinfo *at = look_up(listen, AI_PASSIVE, &status);
    if (at != NULL) {
        status = bind_to(d, at);
        freeaddrinfo(at);
    }
    if (status == ASSAY_OK) {
        *out = d;
        return ASSAY_OK;
    }
    (void)snprintf(message, ASSAY_CLIENT_LISTENER_MESSAGE_LEN, "%s: %s", listen,
                   status == ASSAY_E_IO ? strerror(errno) : "no address to listen at, HOST:PORT");
    assay_client_listener_close(&d);
    return ASSAY_E_IO;
}

static void leave(struct guest *g)
{
    if (g->line != NULL) line_close(g->line);
    *g = (struct guest){ 0 };
}

void assay_client_listener_close(struct assay_client_listener **door)
{
    struct assay_client_listener *d = *door;
    if (d == NULL) return;
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++)
        leave(&d->guest[i]);
    if (d->fd >= 0) (void)close(d->fd);
    free(d);
    *door = NULL;
}

uint16_t assay_client_listener_port(const struct assay_client_listener *door)
{
    return door->port;
}

size_t assay_client_listener_poll(const struct assay_client_listener *door,
                                  struct pollfd fds[static ASSAY_CLIENT_LISTENER_FDS])
{
    size_t count = 0;
    fds[count++] = (struct pollfd){ .fd = door->fd, .events = POLLIN };
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++)
        if (door->guest[i].line != NULL)
            fds[count++] = (struct pollfd){ .fd = door->guest[i].line->fd,
                                            .events = line_events(door->guest[i].line) };
    return count;
}

enum { V4_HALF = 8, SITE_LEN = 6 };

/* A /48 of IPv6 is the usual assignment of one subscriber: it has 65,536 addresses of `from`, and
 * counts as one party. Of an IPv4 address the first half is zero. */
static bool is_same_site(const uint8_t a[static 16], const uint8_t b[static 16])
{
    const bool is_v4 = assay_bytes_all_zero(a, V4_HALF) || assay_bytes_all_zero(b, V4_HALF);
    return assay_bytes_equal(a, b, is_v4 ? 16 : SITE_LEN);
}

/* Guests in one stage: of one site, and of one address of it. */
struct crowd {
    size_t site, address;
};

static struct crowd crowd_of(const struct assay_client_listener *d, const uint8_t from[static 16],
                             enum guest_stage stage)
{
    struct crowd crowd = { 0 };
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++) {
        const struct guest *g = &d->guest[i];
        if (g->line == NULL || g->stage != stage) continue;
        crowd.site += is_same_site(g->from, from);
        crowd.address += assay_bytes_equal(g->from, from, 16);
    }
    return crowd;
}

/* Whether a goes before b, which is of the same stage. */
static bool goes_before(const struct assay_client_listener *d, const struct guest *a,
                        const struct guest *b)
{
    const struct crowd of_a = crowd_of(d, a->from, a->stage), of_b = crowd_of(d, b->from, b->stage);
    if (of_a.site != of_b.site) return of_a.site > of_b.site;
    if (of_a.address != of_b.address) return of_a.address > of_b.address;
    return a->heard_ms != b->heard_ms ? a->heard_ms < b->heard_ms : a->number < b->number;
}

/* Whether a guest that waits gives way: its site, or within a site its address, has more guests
 * than the caller's would have. */
static bool gives_way(const struct assay_client_listener *d, const struct guest *g,
                      const uint8_t from[static 16])
{
    const struct crowd of_guest = crowd_of(d, g->from, GUEST_WAITING);
    const struct crowd of_caller = crowd_of(d, from, GUEST_WAITING);
    if (is_same_site(g->from, from)) return of_caller.address + 1 < of_guest.address;
    return of_caller.site + 1 < of_guest.site;
}

/* A free place for a caller, or that of a guest who has to go. Returns: NULL: the caller is refused
 */
static struct guest *find_place(struct assay_client_listener *d, const uint8_t from[static 16])
{
    struct guest *worst = NULL;
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++) {
        struct guest *g = &d->guest[i];
        if (g->line == NULL) return g;
        if (worst == NULL || g->stage < worst->stage ||
            (g->stage == worst->stage && goes_before(d, g, worst)))
            worst = g;
    }
    ASSAY_ASSERT(worst != NULL);
    if (worst->stage == GUEST_WAITING && !gives_way(d, worst, from)) return NULL;
    leave(worst);
    return worst;
}

static void address_of(const struct sockaddr_storage *at, uint8_t from[static 16])
{
    assay_bytes_zero(from, 16);
    if (at->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)at;
        assay_bytes_copy(from + 12, 4, &v4->sin_addr, 4);
    } else if (at->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)at;
        const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        if (mapped) assay_bytes_copy(from + 12, 4, v6->sin6_addr.s6_addr + 12, 4);
        else assay_bytes_copy(from, 16, v6->sin6_addr.s6_addr, 8);
    }
}

static void admit(struct assay_client_listener *d)
{
    for (int i = 0; i < BACKLOG; i++) {
        struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
        socklen_t at_len = sizeof at;
        uint8_t from[16];
        const int fd =
            accept4(d->fd, (struct sockaddr *)&at, &at_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) return;
        address_of(&at, from);
        struct guest *g = find_place(d, from);
        struct line *line = g != NULL ? line_open(fd) : NULL;
        if (line == NULL) {
            (void)close(fd);
            continue;
        }
        *g = (struct guest){ .line = line, .number = ++d->last, .heard_ms = d->now_ms };
        assay_bytes_copy(g->from, sizeof g->from, from, sizeof from);
    }
}

void assay_client_listener_turn(struct assay_client_listener *door, uint64_t now_ms)
{
    door->now_ms = now_ms;
    admit(door);
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++) {
        struct guest *g = &door->guest[i];
        if (g->line == NULL) continue;
        if (line_flush(g->line) != ASSAY_OK || now_ms - g->heard_ms > ASSAY_CLIENT_LISTENER_IDLE_MS)
            leave(g);
    }
}

enum assay_status assay_client_listener_next(struct assay_client_listener *door, uint64_t *guest,
                                             struct assay_slice *frame)
{
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++) {
        struct guest *g = &door->guest[door->next];
        door->next = (door->next + 1) % ASSAY_CLIENT_LISTENER_GUESTS_MAX;
        if (g->line == NULL) continue;
        const enum assay_status status = line_next(g->line, frame);
        if (status == ASSAY_E_AGAIN) continue;
        if (status == ASSAY_OK) {
            g->heard_ms = door->now_ms;
            g->stage = GUEST_WAITING;
            *guest = g->number;
            return ASSAY_OK;
        }
        leave(g);
    }
    return ASSAY_E_AGAIN;
}

bool assay_client_listener_site(const struct assay_client_listener *door, uint64_t guest,
                                uint8_t site[static 16])
{
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++) {
        const struct guest *g = &door->guest[i];
        if (g->line == NULL || g->number != guest) continue;
        assay_bytes_copy(site, 16, g->from, 16);
        if (!assay_bytes_all_zero(site, V4_HALF)) assay_bytes_zero(site + SITE_LEN, 16 - SITE_LEN);
        return true;
    }
    return false;
}

static struct guest *find(struct assay_client_listener *d, uint64_t number)
{
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_GUESTS_MAX; i++)
        if (d->guest[i].line != NULL && d->guest[i].number == number) return &d->guest[i];
    return NULL;
}

void assay_client_listener_send(struct assay_client_listener *door, uint64_t guest,
                                struct assay_slice frame)
{
    struct guest *g = find(door, guest);
    if (g == NULL) return;
    g->stage = GUEST_ANSWERED;
    if (line_send(g->line, frame) != ASSAY_OK) leave(g);
}

void assay_client_listener_hang_up(struct assay_client_listener *door, uint64_t guest)
{
    struct guest *g = find(door, guest);
    if (g != NULL) leave(g);
}

/* --- the other end */

struct assay_call {
    struct line *line;
};

static int dial(const struct addrinfo *at)
{
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0 || errno == EINPROGRESS) return fd;
    (void)close(fd);
    return -1;
}

enum assay_status assay_call_open(const char *address, struct assay_call **out)
{
    enum assay_status status = ASSAY_OK;
    *out = NULL;
    struct addrinfo *at = look_up(address, 0, &status);
    if (at == NULL) return status;
    const int fd = dial(at);
    freeaddrinfo(at);
    if (fd < 0) return ASSAY_E_IO;
    struct assay_call *call = calloc(1, sizeof *call);
    if (call != NULL) call->line = line_open(fd);
    if (call != NULL && call->line != NULL) {
        *out = call;
        return ASSAY_OK;
    }
    (void)close(fd);
    free(call);
    return ASSAY_E_MEMORY;
}

void assay_call_close(struct assay_call **call)
{
    if (*call == NULL) return;
    line_close((*call)->line);
    free(*call);
    *call = NULL;
}

struct pollfd assay_call_poll(const struct assay_call *call)
{
    return (struct pollfd){ .fd = call->line->fd, .events = line_events(call->line) };
}

enum assay_status assay_call_send(struct assay_call *call, struct assay_slice frame)
{
    return line_send(call->line, frame);
}

enum assay_status assay_call_next(struct assay_call *call, struct assay_slice *frame)
{
    ASSAY_TRY(line_flush(call->line));
    return line_next(call->line, frame);
}
