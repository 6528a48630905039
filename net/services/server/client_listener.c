/*
 * net/services/server/client_listener.c - frame connections over TCP, admission and eviction of
 * clients.
 */
#include "net/services/server/client_listener.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "base/writer.h"
#include "net/system/accept_pause.h"
#include "net/system/caller_site.h"
#include "net/system/resolver.h"

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
    HOST_MAX = 255,
    PORT_LEN = 8,
    ATTEMPT_MS = 1500, /* with one SYN that is lost; then the next number of a name is tried */
};

/* One end of a connection. */
struct conn {
    int fd; /* -1: of a call that is not connected yet */
    size_t in_len, taken, out_len;
    uint8_t in[IN_MAX];
    uint8_t out[ASSAY_CLIENT_LISTENER_QUEUE_MAX];
};

static void conn_set_fd(struct conn *conn, int fd)
{
    ASSAY_ASSERT(fd >= 0);
    const int on = 1;
    conn->fd = fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static struct conn *conn_open(int fd)
{
    struct conn *conn = malloc(sizeof *conn);
    if (conn == NULL) return NULL;
    conn->fd = -1;
    conn->in_len = conn->taken = conn->out_len = 0;
    if (fd >= 0) conn_set_fd(conn, fd);
    return conn;
}

static void conn_close(struct conn *conn)
{
    if (conn->fd >= 0) (void)close(conn->fd);
    free(conn);
}

static void shift_bytes(uint8_t *bytes, size_t by, size_t len)
{
    for (size_t i = 0; by > 0 && i < len; i++)
        bytes[i] = bytes[i + by];
}

static bool is_would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK;
}

static enum assay_status conn_flush(struct conn *conn)
{
    ASSAY_ASSERT(conn->out_len <= sizeof conn->out);
    if (conn->fd < 0) return ASSAY_OK;
    while (conn->out_len > 0) {
        const ssize_t put = send(conn->fd, conn->out, conn->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && is_would_block(errno)) return ASSAY_OK;
        if (put <= 0) return ASSAY_E_IO;
        conn->out_len -= (size_t)put;
        shift_bytes(conn->out, (size_t)put, conn->out_len);
    }
    return ASSAY_OK;
}

static enum assay_status conn_send(struct conn *conn, struct assay_slice frame)
{
    ASSAY_ASSERT(conn->out_len <= sizeof conn->out);
    struct assay_writer w =
        assay_writer_over(conn->out + conn->out_len, sizeof conn->out - conn->out_len);
    ASSAY_ASSERT(frame.len > 0 && frame.len <= ASSAY_CLIENT_LISTENER_FRAME_MAX);
    assay_writer_u32be(&w, (uint32_t)frame.len);
    assay_writer_put(&w, frame.bytes, frame.len);
    if (w.full) return ASSAY_E_FULL;
    conn->out_len += w.len;
    return conn_flush(conn);
}

static enum assay_status conn_fill(struct conn *conn, size_t wanted)
{
    ASSAY_ASSERT(wanted <= sizeof conn->in && conn->in_len <= sizeof conn->in);
    if (conn->fd < 0) return ASSAY_E_AGAIN;
    while (conn->in_len < wanted) {
        const ssize_t got =
            recv(conn->fd, conn->in + conn->in_len, wanted - conn->in_len, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && is_would_block(errno)) return ASSAY_E_AGAIN;
        if (got <= 0) return ASSAY_E_IO;
        conn->in_len += (size_t)got;
    }
    return ASSAY_OK;
}

static enum assay_status conn_next(struct conn *conn, struct assay_slice *frame)
{
    ASSAY_ASSERT(conn->taken <= conn->in_len);
    conn->in_len -= conn->taken;
    shift_bytes(conn->in, conn->taken, conn->in_len);
    conn->taken = 0;
    ASSAY_TRY(conn_fill(conn, LENGTH_LEN));
    const size_t len = (size_t)conn->in[0] << 24 | (size_t)conn->in[1] << 16 |
                       (size_t)conn->in[2] << 8 | conn->in[3];
    if (len == 0 || len > ASSAY_CLIENT_LISTENER_FRAME_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(conn_fill(conn, LENGTH_LEN + len));
    conn->taken = LENGTH_LEN + len;
    *frame = assay_slice_over(conn->in + LENGTH_LEN, len);
    return ASSAY_OK;
}

static short conn_events(const struct conn *conn)
{
    ASSAY_ASSERT(conn->out_len <= sizeof conn->out);
    return (short)(conn->out_len > 0 ? POLLIN | POLLOUT : POLLIN);
}

/* --- addresses */

/* HOST:PORT, the host in brackets when it has colons. Returns: the result of getaddrinfo, or
 * NULL. */
static struct addrinfo *resolve_address(const char *address, int flags, enum assay_status *status)
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

/* --- listener */

/* Stages in the order of eviction. */
enum client_stage { CLIENT_SILENT, CLIENT_ANSWERED, CLIENT_WAITING };

struct client {
    struct conn *conn; /* NULL: free */
    uint64_t number;
    uint64_t received_ms;
    enum client_stage stage;
    uint8_t from[16]; /* its IPv4 address, or the /64 of its IPv6 address */
};

struct assay_client_listener {
    int fd;
    uint16_t port;
    uint64_t last; /* number of the last client */
    uint64_t now_ms;
    struct assay_accept_pause pause;
    size_t next; /* index of the client that is read first */
    struct client client[ASSAY_CLIENT_LISTENER_CLIENTS_MAX];
};

static enum assay_status bind_listener(struct assay_client_listener *d, const struct addrinfo *at)
{
    ASSAY_ASSERT(d->fd < 0);
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

enum assay_status assay_listener_open(const char *listen, struct assay_client_listener **out,
                                      char message[static ASSAY_CLIENT_LISTENER_MESSAGE_LEN])
{
    enum assay_status status = ASSAY_E_MEMORY;
    struct assay_client_listener *d = calloc(1, sizeof *d);
    *out = NULL;
    (void)snprintf(message, ASSAY_CLIENT_LISTENER_MESSAGE_LEN, "out of memory");
    if (d == NULL) return ASSAY_E_MEMORY;
    d->fd = -1;
    struct addrinfo *at = resolve_address(listen, AI_PASSIVE, &status);
    if (at != NULL) {
        status = bind_listener(d, at);
        freeaddrinfo(at);
    }
    if (status == ASSAY_OK) {
        *out = d;
        return ASSAY_OK;
    }
    (void)snprintf(message, ASSAY_CLIENT_LISTENER_MESSAGE_LEN, "%s: %s", listen,
                   status == ASSAY_E_IO ? strerror(errno) : "no address to listen at, HOST:PORT");
    assay_listener_close(&d);
    return ASSAY_E_IO;
}

static void close_client(struct client *g)
{
    if (g->conn != NULL) conn_close(g->conn);
    *g = (struct client){ 0 };
}

void assay_listener_close(struct assay_client_listener **listener)
{
    struct assay_client_listener *d = *listener;
    if (d == NULL) return;
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        close_client(&d->client[i]);
    if (d->fd >= 0) (void)close(d->fd);
    free(d);
    *listener = NULL;
}

uint16_t assay_listener_port(const struct assay_client_listener *listener)
{
    ASSAY_ASSERT(listener->fd >= 0);
    return listener->port;
}

size_t assay_listener_poll(const struct assay_client_listener *listener,
                           struct pollfd fds[static ASSAY_CLIENT_LISTENER_FDS])
{
    size_t count = 0;
    const bool accepts = !assay_accept_is_paused(&listener->pause, listener->now_ms);
    fds[count++] = (struct pollfd){ .fd = accepts ? listener->fd : -1, .events = POLLIN };
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        if (listener->client[i].conn != NULL)
            fds[count++] = (struct pollfd){ .fd = listener->client[i].conn->fd,
                                            .events = conn_events(listener->client[i].conn) };
    ASSAY_ASSERT(count <= ASSAY_CLIENT_LISTENER_FDS);
    return count;
}

/* Clients in one stage: of one site, and of one address of it. */
struct crowd {
    size_t site, address;
};

static struct crowd count_crowd(const struct assay_client_listener *d,
                                const uint8_t from[static 16], enum client_stage stage)
{
    struct crowd crowd = { 0 };
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        const struct client *g = &d->client[i];
        if (g->conn == NULL || g->stage != stage) continue;
        crowd.site += assay_caller_site_is_same(g->from, from);
        crowd.address += assay_bytes_equal(g->from, from, 16);
    }
    ASSAY_ASSERT(crowd.address <= crowd.site);
    return crowd;
}

/* Whether a is evicted before b; both are in the same stage. */
static bool is_evicted_before(const struct assay_client_listener *d, const struct client *a,
                              const struct client *b)
{
    ASSAY_ASSERT(a->stage == b->stage && a->conn != NULL && b->conn != NULL);
    const struct crowd of_a = count_crowd(d, a->from, a->stage),
                       of_b = count_crowd(d, b->from, b->stage);
    if (of_a.site != of_b.site) return of_a.site > of_b.site;
    if (of_a.address != of_b.address) return of_a.address > of_b.address;
    return a->received_ms != b->received_ms ? a->received_ms < b->received_ms
                                            : a->number < b->number;
}

/* Whether a waiting client may be evicted: its site, or within a site its address, has more clients
 * than the caller's would have. */
static bool can_evict_waiting(const struct assay_client_listener *d, const struct client *g,
                              const uint8_t from[static 16])
{
    ASSAY_ASSERT(g->conn != NULL && g->stage == CLIENT_WAITING);
    const struct crowd of_client = count_crowd(d, g->from, CLIENT_WAITING);
    const struct crowd of_caller = count_crowd(d, from, CLIENT_WAITING);
    if (assay_caller_site_is_same(g->from, from)) return of_caller.address + 1 < of_client.address;
    return of_caller.site + 1 < of_client.site;
}

/* A free place for a caller, or the place of an evicted client. Returns: NULL: the caller is
 * refused */
static struct client *find_client_place(struct assay_client_listener *d,
                                        const uint8_t from[static 16])
{
    struct client *worst = NULL;
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        struct client *g = &d->client[i];
        if (g->conn == NULL) return g;
        if (worst == NULL || g->stage < worst->stage ||
            (g->stage == worst->stage && is_evicted_before(d, g, worst)))
            worst = g;
    }
    ASSAY_ASSERT(worst != NULL);
    if (worst->stage == CLIENT_WAITING && !can_evict_waiting(d, worst, from)) return NULL;
    close_client(worst);
    return worst;
}

static void accept_clients(struct assay_client_listener *d)
{
    if (assay_accept_is_paused(&d->pause, d->now_ms)) return;
    for (int i = 0; i < BACKLOG; i++) {
        struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
        socklen_t at_len = sizeof at;
        uint8_t from[16];
        const int fd =
            accept4(d->fd, (struct sockaddr *)&at, &at_len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            assay_accept_failed(&d->pause, errno, d->now_ms);
            return;
        }
        assay_caller_site_read(&at, from);
        struct client *g = find_client_place(d, from);
        struct conn *conn = g != NULL ? conn_open(fd) : NULL;
        if (conn == NULL) {
            (void)close(fd);
            continue;
        }
        ASSAY_ASSERT(g->conn == NULL);
        *g = (struct client){ .conn = conn, .number = ++d->last, .received_ms = d->now_ms };
        assay_bytes_copy(g->from, sizeof g->from, from, sizeof from);
    }
}

void assay_listener_step(struct assay_client_listener *listener, uint64_t now_ms)
{
    listener->now_ms = now_ms;
    accept_clients(listener);
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        struct client *g = &listener->client[i];
        if (g->conn == NULL) continue;
        if (conn_flush(g->conn) != ASSAY_OK ||
            now_ms - g->received_ms > ASSAY_CLIENT_LISTENER_IDLE_MS)
            close_client(g);
    }
}

enum assay_status assay_listener_receive(struct assay_client_listener *listener, uint64_t *client,
                                         struct assay_slice *frame)
{
    ASSAY_ASSERT(listener->next < ASSAY_CLIENT_LISTENER_CLIENTS_MAX);
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        struct client *g = &listener->client[listener->next];
        listener->next = (listener->next + 1) % ASSAY_CLIENT_LISTENER_CLIENTS_MAX;
        if (g->conn == NULL) continue;
        const enum assay_status status = conn_next(g->conn, frame);
        if (status == ASSAY_E_AGAIN) continue;
        if (status == ASSAY_OK) {
            g->received_ms = listener->now_ms;
            g->stage = CLIENT_WAITING;
            *client = g->number;
            return ASSAY_OK;
        }
        close_client(g);
    }
    return ASSAY_E_AGAIN;
}

bool assay_listener_get_site(const struct assay_client_listener *listener, uint64_t client,
                             uint8_t site[static 16])
{
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++) {
        const struct client *g = &listener->client[i];
        if (g->conn == NULL || g->number != client) continue;
        assay_bytes_copy(site, 16, g->from, 16);
        assay_caller_site_reduce(site);
        return true;
    }
    return false;
}

static struct client *find_client(struct assay_client_listener *d, uint64_t number)
{
    for (size_t i = 0; i < ASSAY_CLIENT_LISTENER_CLIENTS_MAX; i++)
        if (d->client[i].conn != NULL && d->client[i].number == number) return &d->client[i];
    return NULL;
}

void assay_listener_send(struct assay_client_listener *listener, uint64_t client,
                         struct assay_slice frame)
{
    struct client *g = find_client(listener, client);
    if (g == NULL) return;
    g->stage = CLIENT_ANSWERED;
    if (conn_send(g->conn, frame) != ASSAY_OK) close_client(g);
}

void assay_listener_disconnect(struct assay_client_listener *listener, uint64_t client)
{
    struct client *g = find_client(listener, client);
    if (g != NULL) close_client(g);
}

/* --- calls */

/* A name may have several numbers: they are tried in turn until one is connected. */
struct assay_client_connection {
    struct conn *conn;
    int fd;                          /* of the attempt; -1: none */
    uint64_t until_ms;               /* of the attempt, where there is another number */
    struct assay_resolver *resolver; /* NULL: the address is a number, or the name is resolved */
    struct assay_resolver *own;      /* the resolver, where no other connection has it */
    uint32_t asker;
    struct assay_resolver_answer name; /* the host, and its numbers */
    size_t next;                       /* number to be tried next */
    char port[PORT_LEN];
};

static int connect_call(const struct addrinfo *at)
{
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0 || errno == EINPROGRESS) return fd;
    (void)close(fd);
    return -1;
}

/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (a name) | ASSAY_E_INVALID | ASSAY_E_IO */
static enum assay_status connect_number(const char *address, int *fd)
{
    enum assay_status status = ASSAY_OK;
    struct addrinfo *at = resolve_address(address, AI_NUMERICHOST, &status);
    if (at == NULL) return status;
    *fd = connect_call(at);
    freeaddrinfo(at);
    return *fd >= 0 ? ASSAY_OK : ASSAY_E_IO;
}

/* An asker has one question at a time: that of an earlier connection may still wait for its answer,
 * which is the answer to this one where the host is the same. */
static enum assay_status request_host(struct assay_client_connection *call)
{
    const enum assay_status status =
        assay_resolver_request(call->resolver, call->asker, call->name.host);
    return status == ASSAY_E_AGAIN ? ASSAY_OK : status;
}

/* Addresses are those of other members, on the ledger: a name whose servers never answer must not
 * stop the exchanges with all others. */
static enum assay_status request_name(struct assay_client_connection *call, const char *address)
{
    const char *const colon = strrchr(address, ':');
    ASSAY_ASSERT(colon != NULL && colon - address <= HOST_MAX); /* resolve_address has read it */
    const size_t len = (size_t)(colon - address), port_len = strlen(colon + 1);
    if (port_len == 0 || port_len >= sizeof call->port) return ASSAY_E_INVALID;
    if (strspn(colon + 1, "0123456789") != port_len) return ASSAY_E_INVALID;
    if (len >= sizeof call->name.host) return ASSAY_E_RANGE;
    (void)snprintf(call->port, sizeof call->port, "%s", colon + 1);
    assay_bytes_copy(call->name.host, sizeof call->name.host, address, len);
    call->name.host[len] = '\0';
    if (call->resolver == NULL) {
        ASSAY_TRY(assay_resolver_open(NULL, NULL, &call->own));
        call->resolver = call->own;
    }
    return request_host(call);
}

/* Returns: ASSAY_OK, numbers are known | ASSAY_E_AGAIN | ASSAY_E_IO | as request_host */
static enum assay_status receive_numbers(struct assay_client_connection *call)
{
    ASSAY_ASSERT(call->resolver != NULL && call->fd < 0);
    struct assay_resolver_answer answer;
    if (!assay_resolver_next_of(call->resolver, call->asker, &answer)) return ASSAY_E_AGAIN;
    if (strcmp(answer.host, call->name.host) != 0) {
        ASSAY_TRY(request_host(call));
        return ASSAY_E_AGAIN;
    }
    call->resolver = NULL;
    assay_resolver_close(&call->own);
    call->name = answer;
    return answer.count > 0 ? ASSAY_OK : ASSAY_E_IO;
}

/* Starts an attempt with the next number that the system can reach. */
static enum assay_status connect_next(struct assay_client_connection *call)
{
    char address[ASSAY_RESOLVER_NUMBER_LEN + PORT_LEN];
    if (call->fd >= 0) (void)close(call->fd);
    call->fd = -1;
    while (call->next < call->name.count) {
        (void)snprintf(address, sizeof address, "%s:%s", call->name.numbers[call->next++],
                       call->port);
        call->until_ms = assay_monotonic_ms() + ATTEMPT_MS;
        if (connect_number(address, &call->fd) == ASSAY_OK) return ASSAY_OK;
    }
    return ASSAY_E_IO;
}

/* Returns: ASSAY_OK, it is connected | ASSAY_E_AGAIN | ASSAY_E_IO */
static enum assay_status check_attempt(const struct assay_client_connection *call)
{
    struct pollfd one = { .fd = call->fd, .events = POLLOUT };
    int error = 0;
    socklen_t len = sizeof error;
    if (call->fd < 0) return ASSAY_E_IO;
    if (poll(&one, 1, 0) > 0)
        return getsockopt(call->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0
                   ? ASSAY_OK
                   : ASSAY_E_IO;
    const bool is_last = call->next == call->name.count;
    return is_last || !assay_monotonic_is_past(call->until_ms) ? ASSAY_E_AGAIN : ASSAY_E_IO;
}

/* Connects once the name is resolved. Returns: ASSAY_OK | ASSAY_E_IO, ASSAY_E_MEMORY */
static enum assay_status call_continue(struct assay_client_connection *call)
{
    if (call->conn->fd >= 0) return ASSAY_OK;
    if (call->resolver != NULL) {
        const enum assay_status status = receive_numbers(call);
        if (status != ASSAY_OK) return status == ASSAY_E_AGAIN ? ASSAY_OK : status;
        ASSAY_TRY(connect_next(call));
    }
    for (;;) {
        const enum assay_status status = check_attempt(call);
        if (status == ASSAY_E_AGAIN) return ASSAY_OK;
        if (status == ASSAY_OK) break;
        ASSAY_TRY(connect_next(call));
    }
    conn_set_fd(call->conn, call->fd);
    call->fd = -1;
    return ASSAY_OK;
}

enum assay_status assay_listener_connection_open_shared(const char *address,
                                                        struct assay_resolver *resolver,
                                                        uint32_t asker,
                                                        struct assay_client_connection **out)
{
    int fd = -1;
    *out = NULL;
    enum assay_status status = connect_number(address, &fd);
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) return status;
    const bool is_name = status == ASSAY_E_NOT_FOUND;
    struct assay_client_connection *call = calloc(1, sizeof *call);
    struct conn *const conn = call != NULL ? conn_open(-1) : NULL;
    if (conn == NULL) {
        if (fd >= 0) (void)close(fd);
        free(call);
        return ASSAY_E_MEMORY;
    }
    *call = (struct assay_client_connection){ .conn = conn,
                                              .fd = fd,
                                              .resolver = is_name ? resolver : NULL,
                                              .asker = asker };
    status = is_name ? request_name(call, address) : ASSAY_OK;
    if (status == ASSAY_OK) *out = call;
    else assay_listener_connection_close(&call);
    return status;
}

enum assay_status assay_listener_connection_open(const char *address,
                                                 struct assay_client_connection **out)
{
    return assay_listener_connection_open_shared(address, NULL, 0, out);
}

void assay_listener_connection_close(struct assay_client_connection **call)
{
    if (*call == NULL) return;
    assay_resolver_close(&(*call)->own);
    if ((*call)->fd >= 0) (void)close((*call)->fd);
    conn_close((*call)->conn);
    free(*call);
    *call = NULL;
}

bool assay_listener_connection_is_pending(const struct assay_client_connection *call)
{
    return call->conn->fd < 0 && (call->resolver != NULL || call->next < call->name.count);
}

struct pollfd assay_listener_connection_poll(const struct assay_client_connection *call)
{
    if (call->conn->fd < 0) return (struct pollfd){ .fd = call->fd, .events = POLLOUT };
    return (struct pollfd){ .fd = call->conn->fd, .events = conn_events(call->conn) };
}

enum assay_status assay_listener_connection_send(struct assay_client_connection *call,
                                                 struct assay_slice frame)
{
    ASSAY_TRY(call_continue(call));
    return conn_send(call->conn, frame);
}

enum assay_status assay_listener_connection_receive(struct assay_client_connection *call,
                                                    struct assay_slice *frame)
{
    ASSAY_TRY(call_continue(call));
    ASSAY_TRY(conn_flush(call->conn));
    return conn_next(call->conn, frame);
}
