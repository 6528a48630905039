/*
 * net/zmq/census.c - memory accounting of connections in libzmq and the kernel, and disconnection
 * of the heaviest (docs/protocol.md 10.5).
 *
 * Why: libzmq bounds one part of a message (ZMQ_MAXMSGSIZE) and counts whole messages (RCVHWM), but
 * a message of endless parts is neither; and a pipe that is full stops its input, after which a
 * peer that goes away aborts the process at the next heartbeat (stream_engine_base.cpp, zmq_assert
 * (!_io_error); libzmq issue 4841). So no pipe has a high-water mark here, and the bound is kept
 * from outside: the kernel says how many bytes came on a connection (TCP_INFO), we know how many
 * were delivered to us, and a connection with too large a difference is closed.
 *
 * Which descriptors there are is told by the monitors of libzmq. A descriptor may be closed and
 * used again before its event is read, so each is known by its cookie, which is never used twice.
 *
 * A message of endless parts wakes up nobody but libzmq's own thread, so one has to look again and
 * again (LINK_CENSUS_MS), a hundred times a second: most of what an idle node would cost. While
 * nothing arrives there is nothing to look at: all connections are in an epoll set, which the poll
 * sees as one descriptor, and only while all is idle. Bytes that libzmq took in before we could see
 * them wait for the next look (LINK_REST_MS).
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"

#include <arpa/inet.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    FRAME_OVERHEAD = LINK_CURVE_OVERHEAD + 9, /* length and flags of ZMTP */
    SETTLE_MAX = 1 << 20, /* heartbeats, handshakes: forgotten with the next frame delivered */
};

static uint64_t socket_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ? cookie : 0;
}

/* Returns: false when fd is no connection any more. */
static bool received_on(int fd, uint64_t *bytes)
{
    struct tcp_info info;
    socklen_t len = sizeof info;
    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0) return false;
    *bytes = info.tcpi_bytes_received;
    return true;
}

static uint16_t local_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0) return 0;
    in_port_t port = 0;
    if (address.ss_family == AF_INET) port = ((struct sockaddr_in *)&address)->sin_port;
    if (address.ss_family == AF_INET6) port = ((struct sockaddr_in6 *)&address)->sin6_port;
    return ntohs(port);
}

static bool is_listener(const struct link_census *c, uint16_t port)
{
    ASSAY_ASSERT(c->port_count <= LINK_LISTEN_MAX);
    for (uint32_t i = 0; i < c->port_count; i++)
        if (c->ports[i] == port) return true;
    return false;
}

enum assay_status assay_census_open(struct assay_link *link)
{
    ASSAY_ASSERT(link->census.conns == NULL);
    struct link_census *c = &link->census;
    struct rlimit files;
    const uint32_t members = link->config.roster->count;
    c->capacity = LINK_DESCRIPTORS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < c->capacity)
        c->capacity = (uint32_t)files.rlim_cur;
    c->silent_max = 256 + 2 * members;
    if (c->silent_max > c->capacity / 2) c->silent_max = c->capacity / 2;
    c->conns = calloc(c->capacity, sizeof *c->conns);
    c->active = calloc(c->capacity, sizeof *c->active);
    c->of_member = calloc(members, sizeof *c->of_member);
    if (c->conns == NULL || c->active == NULL || c->of_member == NULL) return ASSAY_E_MEMORY;
    c->arrivals_fd = epoll_create1(EPOLL_CLOEXEC);
    return c->arrivals_fd >= 0 ? ASSAY_OK : ASSAY_E_IO;
}

void assay_census_close(struct assay_link *link)
{
    free(link->census.conns);
    free(link->census.active);
    free(link->census.of_member);
    if (link->census.arrivals_fd >= 0) (void)close(link->census.arrivals_fd);
    link->census = (struct link_census){ .arrivals_fd = -1 };
}

/* Connections that closed without a message: a scanner, another mechanism, a wrong key. */
static void count_failed(struct assay_link *link, const struct link_conn *conn)
{
    if (!conn->is_inbound || conn->is_cut || conn->is_excused) return;
    if (conn->slot == LINK_NOBODY) assay_count(link->config.counters, ASSAY_COUNT_HANDSHAKE_FAILED);
}

void assay_census_add(struct assay_link *link, int fd)
{
    struct link_census *c = &link->census;
    if (fd < 0 || (uint32_t)fd >= c->capacity) return;
    struct link_conn *conn = &c->conns[fd];
    const uint64_t cookie = socket_cookie(fd);
    if (cookie == 0) { /* gone already */
        assay_count(link->config.counters, ASSAY_COUNT_HANDSHAKE_FAILED);
        return;
    }
    if (conn->cookie == cookie) return;
    if (conn->cookie == 0) c->active[c->count++] = fd;
    else count_failed(link, conn);
    ASSAY_ASSERT(c->count <= c->capacity);
    *conn = (struct link_conn){ .cookie = cookie,
                                .since_ms = link->now_ms,
                                .slot = LINK_NOBODY,
                                .is_inbound = is_listener(c, local_port(fd)) };
    /* close removes it from the set. A descriptor outside the set is only checked less often. */
    struct epoll_event arrival = { .events = EPOLLIN };
    (void)epoll_ctl(c->arrivals_fd, EPOLL_CTL_ADD, fd, &arrival);
}

void assay_census_on_bytes(struct assay_link *link, int fd, size_t len)
{
    struct link_census *c = &link->census;
    if (fd < 0 || (uint32_t)fd >= c->capacity || c->conns[fd].cookie == 0) return;
    c->conns[fd].delivered += len + FRAME_OVERHEAD;
    c->conns[fd].is_settling = true;
}

void assay_census_set_member(struct assay_link *link, int fd, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_census *c = &link->census;
    if (fd < 0 || (uint32_t)fd >= c->capacity || c->conns[fd].cookie == 0) return;
    c->conns[fd].slot = slot;
}

void assay_census_excuse_all(struct assay_link *link)
{
    for (uint32_t i = 0; i < link->census.count; i++)
        link->census.conns[link->census.active[i]].is_excused = true;
}

static void forget_socket(struct assay_link *link, uint32_t i)
{
    struct link_census *c = &link->census;
    ASSAY_ASSERT(i < c->count);
    ASSAY_ASSERT((uint32_t)c->active[i] < c->capacity);
    count_failed(link, &c->conns[c->active[i]]);
    c->conns[c->active[i]] = (struct link_conn){ 0 };
    c->active[i] = c->active[--c->count];
}

/* Nothing that was sent on it may remain: libzmq sees the end of the stream and drops the rest. The
 * descriptor may have been reused: then it is left alone, and dropped at the next check. */
static void cut_socket(struct assay_link *link, int fd)
{
    ASSAY_ASSERT(fd >= 0 && (uint32_t)fd < link->census.capacity);
    struct link_conn *conn = &link->census.conns[fd];
    if (conn->is_cut) return;
    conn->is_cut = true;
    if (socket_cookie(fd) == conn->cookie && shutdown(fd, SHUT_RDWR) == 0)
        assay_count(link->config.counters, ASSAY_COUNT_CONNECTION_CUT);
}

/* Updates the bytes held by the connection. Bytes before a delivered frame are held no more.
 * Returns: false when it is closed. */
static bool weigh_socket(struct link_conn *conn, int fd)
{
    uint64_t received = 0;
    if (!received_on(fd, &received)) return false;
    const uint64_t accounted = conn->settled + conn->delivered;
    conn->held = received > accounted ? received - accounted : 0;
    if (conn->is_settling && conn->held < SETTLE_MAX) {
        conn->settled += conn->held;
        conn->held = 0;
    }
    conn->is_settling = false;
    return true;
}

/*
 * Adds up the held bytes; drops closed descriptors. A reused one is recognised by its cookie, which
 * is checked before a cut and periodically: a monitor reports new connections anyway
 * (assay_census_add).
 */
static void count_sockets(struct assay_link *link, struct link_load *strangers)
{
    struct link_census *c = &link->census;
    const bool looks_closely = c->looks++ % LINK_CENSUS_CLOSELY == 0;
    for (uint32_t s = 0; s < link->config.roster->count; s++)
        c->of_member[s] = (struct link_load){ 0 };
    for (uint32_t i = 0; i < c->count;) {
        const int fd = c->active[i];
        struct link_conn *conn = &c->conns[fd];
        ASSAY_ASSERT(conn->cookie != 0);
        const bool checks_cookie = looks_closely || conn->is_cut;
        if ((checks_cookie && socket_cookie(fd) != conn->cookie) || !weigh_socket(conn, fd)) {
            forget_socket(link, i);
            continue;
        }
        i++;
        if (conn->held > LINK_HELD_MAX) cut_socket(link, fd);
        if (conn->is_cut || !conn->is_inbound) continue;
        struct link_load *t = conn->slot == LINK_NOBODY ? strangers : &c->of_member[conn->slot];
        t->count += 1;
        t->held += conn->held;
    }
}

/* The oldest connection of a member, or of those without a message; -1: none. */
static int find_oldest(const struct link_census *c, uint16_t slot)
{
    ASSAY_ASSERT(c->count <= c->capacity);
    int oldest = -1;
    for (uint32_t i = 0; i < c->count; i++) {
        const int fd = c->active[i];
        const struct link_conn *conn = &c->conns[fd];
        if (!conn->is_inbound || conn->is_cut || conn->slot != slot) continue;
        if (oldest < 0 || conn->since_ms < c->conns[oldest].since_ms) oldest = fd;
    }
    return oldest;
}

/* Peers whose messages are ignored are disconnected (docs/protocol.md 10.5.1). */
static uint32_t connections_of(const struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    const struct assay_limit *limits = link->config.limits;
    if (limits == NULL || assay_limit_check_peer(&limits[slot], link->now_ms) == ASSAY_LIMIT_OK)
        return LINK_CONNECTIONS_OF_ONE;
    return 0;
}

/* Oldest first: a new connection may not have identified itself yet. */
static void evict_oldest(struct assay_link *link, struct link_load *t, uint16_t slot,
                         uint32_t count_max)
{
    while (t->count > count_max || t->held > LINK_HELD_OF_ONE_MAX) {
        const int fd = find_oldest(&link->census, slot);
        if (fd < 0) return;
        ASSAY_ASSERT(t->count > 0 && t->held >= link->census.conns[fd].held);
        t->count -= 1;
        t->held -= link->census.conns[fd].held;
        cut_socket(link, fd);
    }
}

static int64_t cpu_us(clockid_t clock)
{
    struct timespec t;
    return clock_gettime(clock, &t) == 0 ? (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 : -1;
}

/*
 * What libzmq takes in costs its thread time. What this thread itself used is not libzmq's: while
 * the others have hardly run, nobody can hold much more than at the last look, and twice as many
 * calls into the kernel as there are members are saved. Nor is what our own messages cost that
 * thread: a call into the kernel each, whoever made us send them.
 */
static bool is_due(struct link_census *c, uint64_t now_ms, uint64_t sent)
{
    const int64_t all_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID),
                  own_us = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    if (all_us < 0 || own_us < 0) return true;
    const int64_t others_us = all_us - own_us;
    c->is_idle = others_us >= c->seen_cpu_us && others_us < c->seen_cpu_us + LINK_CENSUS_IDLE_US;
    c->seen_cpu_us = others_us;
    const int64_t sent_us = (int64_t)(sent - c->looked_sent) * LINK_CENSUS_SENT_US;
    /* Fewer than before: another thread reads now. */
    const bool has_run = others_us >= c->looked_cpu_us + sent_us + LINK_CENSUS_CPU_US ||
                         others_us < c->looked_cpu_us;
    if (!has_run && now_ms < c->looked_ms + LINK_CENSUS_QUIET_MS) return false;
    c->looked_cpu_us = others_us;
    c->looked_sent = sent;
    c->looked_ms = now_ms;
    return true;
}

void assay_census_run(struct assay_link *link)
{
    struct link_census *c = &link->census;
    struct link_load strangers = { 0 };
    if (link->now_ms < c->next_ms) return;
    c->next_ms = link->now_ms + LINK_CENSUS_MS;
    const uint64_t sent = link->config.counters->value[ASSAY_COUNT_FRAMES_OUT];
    if (!is_due(c, link->now_ms, sent)) return;
    count_sockets(link, &strangers);
    evict_oldest(link, &strangers, LINK_NOBODY, c->silent_max);
    for (uint32_t s = 0; s < link->config.roster->count; s++)
        evict_oldest(link, &c->of_member[s], (uint16_t)s, connections_of(link, (uint16_t)s));
}

void assay_census_wake(struct assay_link *link)
{
    link->census.is_idle = false;
    link->census.next_ms = link->now_ms + LINK_CENSUS_MS; /* by then libzmq has read them */
}
