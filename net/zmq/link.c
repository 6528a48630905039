/*
 * net/zmq/link.c - peer sockets: one PULL in, one PUSH per peer out, one poll for all descriptors
 * of the runtime.
 *
 * A node of a large network has a monitor for each of its lines, and events are rare: polling all
 * of them was a tenth of the cost of a step. They are in an epoll set, of which the poll sees one
 * descriptor.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/system_clock.h"
#include "host/peers/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

_Static_assert(ASSAY_FRAME_LEN_MAX + LINK_CURVE_OVERHEAD >= 292, "below it no handshake succeeds");

bool assay_socket_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

bool assay_socket_bytes(void *socket, int option, const void *bytes, size_t len)
{
    return zmq_setsockopt(socket, option, bytes, len) == 0;
}

bool assay_socket_fd(void *socket, int *fd)
{
    size_t len = sizeof *fd;
    return zmq_getsockopt(socket, ZMQ_FD, fd, &len) == 0;
}

/* ------------------------------------------------------------ opening */

bool assay_socket_common(void *socket)
{
    const int64_t largest = ASSAY_FRAME_LEN_MAX + LINK_CURVE_OVERHEAD;
    return assay_socket_bytes(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) &&
           assay_socket_int(socket, ZMQ_LINGER, 0) && assay_socket_int(socket, ZMQ_IPV6, 1) &&
           assay_socket_int(socket, ZMQ_HANDSHAKE_IVL, LINK_HANDSHAKE_MS) &&
           assay_socket_int(socket, ZMQ_SNDHWM, LINK_HWM) &&
           assay_socket_int(socket, ZMQ_RCVBUF, LINK_RCVBUF) &&
           assay_socket_int(socket, ZMQ_RCVHWM, 0); /* see census.c, which bounds it */
}

static bool set_server(struct assay_link *link)
{
    ASSAY_ASSERT(link->listener != NULL);
    const struct assay_link_config *config = &link->config;
    const int handshake_ms = config->handshake_ms > 0 ? config->handshake_ms : LINK_HANDSHAKE_MS;
    return assay_socket_common(link->listener) &&
           assay_socket_int(link->listener, ZMQ_BACKLOG, LINK_BACKLOG) &&
           assay_socket_int(link->listener, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
           assay_socket_int(link->listener, ZMQ_CURVE_SERVER, 1) &&
           assay_socket_bytes(link->listener, ZMQ_CURVE_SECRETKEY, config->bootstrap_secret->bytes,
                              32) &&
           assay_socket_bytes(link->listener, ZMQ_ZAP_DOMAIN, "assay", 5);
}

static enum assay_status listen_at(struct assay_link *link, const char *address,
                                   char message[static ASSAY_LINK_MESSAGE_LEN])
{
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    size_t len = sizeof endpoint;
    struct link_census *const census = &link->census;
    (void)snprintf(endpoint, sizeof endpoint, "tcp://%s", address);
    if (census->port_count == LINK_LISTEN_MAX || zmq_bind(link->listener, endpoint) != 0) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot listen on %.150s: %s", endpoint,
                 census->port_count == LINK_LISTEN_MAX ? "there are too many"
                                                       : zmq_strerror(zmq_errno()));
        return ASSAY_E_IO;
    }
    if (zmq_getsockopt(link->listener, ZMQ_LAST_ENDPOINT, endpoint, &len) != 0) return ASSAY_E_IO;
    const char *port = strrchr(endpoint, ':');
    census->ports[census->port_count++] = port == NULL ? 0 : (uint16_t)strtoul(port + 1, NULL, 10);
    if (link->endpoint[0] == '\0')
        (void)snprintf(link->endpoint, sizeof link->endpoint, "%s", endpoint);
    return ASSAY_OK;
}

static enum assay_status listen_on(struct assay_link *link,
                                   char message[static ASSAY_LINK_MESSAGE_LEN])
{
    const char *rest = link->config.listen;
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    while (assay_address_next(&rest, item))
        ASSAY_TRY(listen_at(link, item, message));
    return link->endpoint[0] != '\0' ? ASSAY_OK : ASSAY_E_IO;
}

/*
 * The monitor tells of new connections and of nothing else. libzmq tells of a message that cannot
 * be decoded (ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) after it has set errno and before it looks at
 * it; telling sets errno to EAGAIN, which it takes for a full pipe: it stops reading instead of
 * hanging up, and the next heartbeat after the peer has gone aborts the process
 * (curve_mechanism_base.cpp, stream_engine_base.cpp). So who failed is counted by the census.
 */
static enum assay_status open_server(struct assay_link *link,
                                     char message[static ASSAY_LINK_MESSAGE_LEN])
{
    ASSAY_ASSERT(link->listener == NULL && link->monitor == NULL);
    static const char watch[] = "inproc://listener";
    link->listener = zmq_socket(link->context, ZMQ_PULL);
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    if (link->listener == NULL || link->monitor == NULL || !set_server(link) ||
        !assay_socket_int(link->monitor, ZMQ_LINGER, 0) ||
        /* A monitor's pipe that is full stops libzmq's thread. */
        !assay_socket_int(link->monitor, ZMQ_RCVHWM, 0) ||
        zmq_socket_monitor(link->listener, watch, ZMQ_EVENT_ACCEPTED) != 0 ||
        zmq_connect(link->monitor, watch) != 0 ||
        !assay_socket_fd(link->listener, &link->listener_fd) ||
        !assay_socket_fd(link->monitor, &link->monitor_fd)) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot set up the socket: %s",
                 zmq_strerror(zmq_errno()));
        return ASSAY_E_IO;
    }
    assay_gate_read_monitor(link); /* the first edge follows the first check */
    return listen_on(link, message);
}

static bool pump_events(void *context)
{
    struct assay_link *link = context;
    assay_gate_reply(link);
    assay_gate_read_monitor(link);
    return link->test_refused;
}

/* An address that one binds to is not always one that can be dialled. */
static void is_dialable(const char *bound, char out[static ASSAY_LINK_ENDPOINT_MAX])
{
    static const char any4[] = "tcp://0.0.0.0:", any6[] = "tcp://[::]:";
    if (strncmp(bound, any4, sizeof any4 - 1) == 0) {
        snprintf(out, ASSAY_LINK_ENDPOINT_MAX, "tcp://127.0.0.1:%s", bound + sizeof any4 - 1);
    } else if (strncmp(bound, any6, sizeof any6 - 1) == 0) {
        snprintf(out, ASSAY_LINK_ENDPOINT_MAX, "tcp://[::1]:%s", bound + sizeof any6 - 1);
    } else {
        snprintf(out, ASSAY_LINK_ENDPOINT_MAX, "%s", bound);
    }
}

static enum assay_status run_selftest(struct assay_link *link,
                                      char message[static ASSAY_LINK_MESSAGE_LEN])
{
    ASSAY_ASSERT(!link->testing);
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    struct assay_secret32 secret;
    ASSAY_TRY(assay_x25519_generate(&secret, link->test_key));
    is_dialable(link->endpoint, endpoint);
    link->testing = true;
    const enum assay_status status =
        assay_selftest(link->context, endpoint, link->config.bootstrap_public, &secret,
                       link->test_key, pump_events, link);
    link->testing = false;
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK)
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "self-test of the listener at %.150s: %s",
                 endpoint,
                 status == ASSAY_E_INVALID ? "a stranger got in" : assay_status_text(status));
    assay_gate_read_monitor(link);
    assay_census_excuse_all(link); /* what it dialled itself */
    link->config.counters->value[ASSAY_COUNT_HANDSHAKE_FAILED] = 0;
    return status;
}

static enum assay_status open_all(struct assay_link *link,
                                  char message[static ASSAY_LINK_MESSAGE_LEN])
{
    int major = 0, minor = 0, patch = 0;
    zmq_version(&major, &minor, &patch);
    if (major * 10000 + minor * 100 + patch < 40303 || !zmq_has("curve")) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "libzmq %d.%d.%d: 4.3.3 with CURVE is needed",
                 major, minor, patch);
        return ASSAY_E_VERSION;
    }
    const size_t peers = link->config.roster->count;
    link->peers = calloc(peers, sizeof *link->peers);
    link->fds = calloc(LINK_OWN_FDS + peers + LINK_EXTRA_MAX, sizeof *link->fds);
    link->lines_fd = epoll_create1(EPOLL_CLOEXEC);
    if (link->lines_fd < 0) return ASSAY_E_IO;
    link->context = zmq_ctx_new();
    if (link->peers == NULL || link->fds == NULL || link->context == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_census_open(link));
    ASSAY_TRY(assay_inbox_open(link));
    ASSAY_TRY(assay_line_open(link));
    /* A PUSH and the two ends of its monitor each, twice while one is closing: libzmq's 1023 would
     * end at some 300 peers. */
    if (zmq_ctx_set(link->context, ZMQ_MAX_SOCKETS, (int)(64 + 6 * peers)) != 0) return ASSAY_E_IO;
    ASSAY_TRY(assay_gate_open(link));
    ASSAY_TRY(open_server(link, message));
    return link->config.self_test ? run_selftest(link, message) : ASSAY_OK;
}

enum assay_status assay_link_open(const struct assay_link_config *config, struct assay_link **out,
                                  char message[static ASSAY_LINK_MESSAGE_LEN])
{
    struct assay_link *link = calloc(1, sizeof *link);
    if (link == NULL) return ASSAY_E_MEMORY;
    link->config = *config;
    link->lines_fd = link->census.arrivals_fd = -1;
    zmq_msg_init(&link->frame);
    snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot set up ZeroMQ");
    const enum assay_status status = open_all(link, message);
    if (status != ASSAY_OK) {
        assay_link_close(&link);
        return status;
    }
    message[0] = '\0';
    *out = link;
    return ASSAY_OK;
}

void assay_link_close(struct assay_link **link)
{
    struct assay_link *l = *link;
    if (l == NULL) return;
    for (size_t i = 0; l->peers != NULL && i < l->config.roster->count; i++) {
        assay_line_close(l, &l->peers[i]);
    }
    if (l->lines_fd >= 0) (void)close(l->lines_fd);
    (void)zmq_msg_close(&l->frame);
    assay_inbox_close(l);
    if (l->listener != NULL) {
        (void)zmq_socket_monitor(l->listener, NULL, 0);
        (void)zmq_close(l->listener);
    }
    if (l->monitor != NULL) (void)zmq_close(l->monitor);
    if (l->zap != NULL) (void)zmq_close(l->zap);
    if (l->context != NULL) (void)zmq_ctx_term(l->context);
    assay_secret_wipe(&l->dial_secret, sizeof l->dial_secret);
    assay_census_close(l);
    assay_resolver_close(&l->resolver);
    free(l->fds);
    free(l->peers);
    free(l);
    *link = NULL;
}

const char *assay_link_endpoint(const struct assay_link *link)
{
    return link->endpoint;
}

/* ------------------------------------------------------------ waiting and receiving */

/* What of our own woke us up. */
struct link_woken {
    bool listener, gate; /* frames; callers at the listener */
};

static struct pollfd *wait_for(struct assay_link *link, size_t *used, int fd)
{
    struct pollfd *item = &link->fds[(*used)++];
    *item = (struct pollfd){ .fd = fd, .events = POLLIN };
    return item;
}

/* Ours in the order in which poll_once looks at them, and after them the runtime's. */
static size_t fill_fds(struct assay_link *link, const struct pollfd *extra, size_t count)
{
    size_t used = 0;
    /* While the runtime reads nothing, nothing wakes the loop: the next timed check drains. */
    wait_for(link, &used, link->listener_fd)->events = link->paused ? 0 : POLLIN;
    (void)wait_for(link, &used, link->zap_fd);
    (void)wait_for(link, &used, link->monitor_fd);
    (void)wait_for(link, &used, link->lines_fd);
    wait_for(link, &used, link->census.arrivals_fd)->events = link->census.is_idle ? POLLIN : 0;
    ASSAY_ASSERT(used == LINK_OWN_FDS);
    for (size_t i = 0; i < link->config.roster->count; i++)
        if (link->peers[i].is_stuck) (void)wait_for(link, &used, link->peers[i].line_fd);
    for (size_t i = 0; i < count; i++)
        link->fds[used++] = extra[i];
    return used;
}

/* Lines whose monitor spoke: some at a time, the others stay readable for the next turn. */
static void watch_lines(struct assay_link *link)
{
    struct epoll_event spoke[LINK_SPOKE_MAX];
    const int count = epoll_wait(link->lines_fd, spoke, LINK_SPOKE_MAX, 0);
    for (int i = 0; i < count; i++) {
        struct link_peer *const peer = &link->peers[spoke[i].data.u32];
        ASSAY_ASSERT(spoke[i].data.u32 < link->config.roster->count);
        if (peer->line != NULL) assay_line_read_monitor(link, peer);
    }
}

/* Lines that were full and can continue: reading the option lets libzmq notice events; flush
 * retries. Returns: how many descriptors before the runtime's were checked. */
static size_t free_lines(struct assay_link *link)
{
    size_t at = LINK_OWN_FDS;
    for (size_t i = 0; i < link->config.roster->count; i++) {
        const struct link_peer *peer = &link->peers[i];
        int events = 0;
        size_t len = sizeof events;
        if (!peer->is_stuck || link->fds[at++].revents == 0) continue;
        (void)zmq_getsockopt(peer->line, ZMQ_EVENTS, &events, &len);
    }
    return at;
}

void assay_link_pause(struct assay_link *link, bool paused)
{
    link->paused = paused;
}

/* --- received messages: out of libzmq, into the inbox of the sender */

/* Receives one part. Returns: false when none waits. */
static bool receive_part(struct assay_link *link, zmq_msg_t *part, int *fd)
{
    (void)zmq_msg_close(part);
    zmq_msg_init(part);
    if (zmq_msg_recv(part, link->listener, ZMQ_DONTWAIT) < 0) return false;
    *fd = zmq_msg_get(part, ZMQ_SRCFD);
    assay_census_on_bytes(link, *fd, zmq_msg_size(part));
    return true;
}

/* The parts after the first: read away. Returns: how many there were. */
static size_t discard_rest(struct assay_link *link, zmq_msg_t *part)
{
    size_t count = 0;
    int fd = -1;
    while (zmq_msg_more(part) && receive_part(link, part, &fd))
        count++;
    return count;
}

/* Whose frame is it? Returns: as assay_host_roster_find_user; what is refused was counted. */
static enum assay_status sender_of(struct assay_link *link, zmq_msg_t *frame, uint16_t *slot,
                                   enum assay_roster_key *which)
{
    const char *user = zmq_msg_gets(frame, "User-Id");
    const enum assay_status status =
        user == NULL ? ASSAY_E_STRANGER
                     : assay_host_roster_find_user(link->config.roster, user, slot, which);
    if (status == ASSAY_E_STALE) {
        assay_count(link->config.counters, ASSAY_COUNT_FRAME_OLD_KEY);
    } else if (status != ASSAY_OK) {
        assay_count(link->config.counters, ASSAY_COUNT_FRAME_USER);
    }
    return status;
}

/* One message into an inbox, or counted and dropped. Returns: false when none waits. */
static bool drain_one(struct assay_link *link, zmq_msg_t *frame)
{
    ASSAY_ASSERT(link->listener != NULL);
    struct assay_traffic_counters *counters = link->config.counters;
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    int fd = -1;
    if (!receive_part(link, frame, &fd)) return false;
    assay_count(counters, ASSAY_COUNT_FRAMES_IN);
    assay_count_many(counters, ASSAY_COUNT_BYTES_IN, zmq_msg_size(frame));
    if (discard_rest(link, frame) > 0) {
        assay_count(counters, ASSAY_COUNT_FRAME_PARTS);
        return true;
    }
    if (sender_of(link, frame, &slot, &which) != ASSAY_OK) return true;
    assay_census_set_member(link, fd, slot);
    if (!assay_inbox_add(link, slot, frame)) assay_count(counters, ASSAY_COUNT_FRAME_INBOX_FULL);
    return true;
}

static void drain_sockets(struct assay_link *link)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    int taken = 0;
    while (taken < LINK_DRAIN_MAX && drain_one(link, &frame))
        taken++;
    link->has_more = taken == LINK_DRAIN_MAX;
    (void)zmq_msg_close(&frame);
}

/* Everything of ours that is due at each turn, whatever the runtime waits for. */
static void attend_sockets(struct assay_link *link, struct link_woken woken)
{
    if (woken.gate) {
        assay_gate_reply(link);
        assay_gate_read_monitor(link);
    }
    if (woken.listener || link->has_more || link->paused) drain_sockets(link);
    assay_census_run(link);
    assay_line_poll(link);
    assay_link_flush(link);
}

/* How long nothing of ours is due, at most. */
static int sleep_limit_ms(const struct assay_link *link)
{
    const uint64_t clock_ms = assay_monotonic_ms();
    uint64_t rest = LINK_REST_MS;
    if (!link->census.is_idle || link->paused || link->asked > 0) return LINK_CENSUS_MS;
    for (size_t i = 0; i < link->config.roster->count; i++) {
        const struct link_peer *peer = &link->peers[i];
        const uint64_t dial_ms = assay_dial_wake_at(&peer->dial), relay_ms = peer->box.relay_at_ms;
        if (link->identified && dial_ms < clock_ms + rest)
            rest = dial_ms > clock_ms ? dial_ms - clock_ms : 0;
        /* A full line signals itself when it can continue. */
        if (peer->box.count == 0 || peer->line == NULL || peer->is_stuck) continue;
        if (relay_ms < link->now_ms + rest)
            rest = relay_ms > link->now_ms ? relay_ms - link->now_ms : 0;
    }
    /* What is due and cannot be done at once is tried again, but not without a pause. */
    ASSAY_ASSERT(rest <= LINK_REST_MS);
    return rest > 0 ? (int)rest : 1;
}

/* One poll. Returns: ASSAY_OK, *woken, *is_due: one of extra; otherwise as assay_link_wait */
static enum assay_status poll_once(struct assay_link *link, struct pollfd *extra, size_t count,
                                   int timeout_ms, struct link_woken *woken, bool *is_due)
{
    assay_link_flush(link);
    const size_t used = fill_fds(link, extra, count);
    if (poll(link->fds, used, link->has_more ? 0 : timeout_ms) < 0) {
        if (errno != EINTR) return ASSAY_E_IO;
        *is_due = true;
        *woken = (struct link_woken){ .listener = true, .gate = true };
        for (size_t i = 0; i < count; i++)
            extra[i].revents = 0;
        return ASSAY_OK;
    }
    *woken = (struct link_woken){ .listener = link->fds[0].revents != 0,
                                  .gate = link->fds[1].revents != 0 || link->fds[2].revents != 0 };
    const bool line_spoke = link->fds[3].revents != 0, has_arrived = link->fds[4].revents != 0;
    const size_t own = free_lines(link); /* first: a line that spoke may be gone afterwards */
    ASSAY_ASSERT(own + count == used);
    if (line_spoke) watch_lines(link);
    if (has_arrived) assay_census_wake(link);
    for (size_t i = 0; i < count; i++) {
        extra[i].revents = link->fds[own + i].revents;
        if (extra[i].revents != 0) *is_due = true;
    }
    return ASSAY_OK;
}

enum assay_status assay_link_wait(struct assay_link *link, uint64_t now_ms, struct pollfd *extra,
                                  size_t count, int timeout_ms)
{
    ASSAY_ASSERT(count <= LINK_EXTRA_MAX);
    const uint64_t start_ms = assay_monotonic_ms();
    bool is_due = false;
    link->now_ms = now_ms;
    /* Waiting frames are read by the runtime first: only checks for other events. */
    if (!link->paused && link->waiting > 0) timeout_ms = 0;
    for (;;) {
        const uint64_t gone_ms = assay_monotonic_ms() - start_ms;
        int left_ms = sleep_limit_ms(link);
        if (timeout_ms >= 0 && gone_ms + (uint64_t)left_ms > (uint64_t)timeout_ms)
            left_ms = gone_ms >= (uint64_t)timeout_ms ? 0 : timeout_ms - (int)gone_ms;
        struct link_woken woken;
        ASSAY_TRY(poll_once(link, extra, count, left_ms, &woken, &is_due));
        link->now_ms = now_ms + (assay_monotonic_ms() - start_ms);
        attend_sockets(link, woken);
        if (is_due || (!link->paused && link->waiting > 0)) return ASSAY_OK;
        if (timeout_ms >= 0 && assay_monotonic_ms() - start_ms >= (uint64_t)timeout_ms)
            return ASSAY_OK;
    }
}

enum assay_status assay_link_receive(struct assay_link *link, uint16_t *slot,
                                     enum assay_roster_key *which, struct assay_slice *frame)
{
    for (int i = 0; i < LINK_DROPS_PER_RECEIVE; i++) {
        if (link->waiting == 0) drain_sockets(link);
        zmq_msg_t *message = NULL;
        const enum assay_status status = assay_inbox_next(link, &message, frame);
        if (status == ASSAY_E_AGAIN) return status;
        if (status != ASSAY_OK) {
            assay_count(link->config.counters, ASSAY_COUNT_FRAME_BATCH);
            continue;
        }
        /* Again: the roster may have changed while it waited. */
        if (sender_of(link, message, slot, which) == ASSAY_OK) return ASSAY_OK;
    }
    return ASSAY_E_AGAIN;
}
