/*
 * net/zmq/link.c - one PULL in, one PUSH per peer out, one poll for everything the host waits for.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "host/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

_Static_assert(ASSAY_FRAME_LEN_MAX + LINK_CURVE_OVERHEAD >= 292, "below it no handshake succeeds");

bool assay_socket_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

bool assay_socket_bytes(void *socket, int option, const void *bytes, size_t len)
{
    return zmq_setsockopt(socket, option, bytes, len) == 0;
}

/* ------------------------------------------------------------ opening */

static bool set_common(void *socket)
{
    const int64_t largest = ASSAY_FRAME_LEN_MAX + LINK_CURVE_OVERHEAD;
    return assay_socket_bytes(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) &&
           assay_socket_int(socket, ZMQ_LINGER, 0) && assay_socket_int(socket, ZMQ_IPV6, 1) &&
           assay_socket_int(socket, ZMQ_HANDSHAKE_IVL, LINK_HANDSHAKE_MS) &&
           assay_socket_int(socket, ZMQ_HEARTBEAT_IVL, LINK_HEARTBEAT_MS) &&
           assay_socket_int(socket, ZMQ_HEARTBEAT_TIMEOUT, LINK_HEARTBEAT_LATE_MS) &&
           assay_socket_int(socket, ZMQ_HEARTBEAT_TTL, LINK_HEARTBEAT_LATE_MS) &&
           assay_socket_int(socket, ZMQ_SNDHWM, LINK_HWM) &&
           assay_socket_int(socket, ZMQ_RCVBUF, LINK_RCVBUF) &&
           assay_socket_int(socket, ZMQ_RCVHWM, 0); /* census.c says why, and bounds it */
}

static bool set_server(struct assay_link *link)
{
    const struct assay_link_config *config = &link->config;
    const int handshake_ms = config->handshake_ms > 0 ? config->handshake_ms : LINK_HANDSHAKE_MS;
    return set_common(link->door) && assay_socket_int(link->door, ZMQ_BACKLOG, LINK_BACKLOG) &&
           assay_socket_int(link->door, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
           assay_socket_int(link->door, ZMQ_CURVE_SERVER, 1) &&
           assay_socket_bytes(link->door, ZMQ_CURVE_SECRETKEY, config->door_secret->bytes, 32) &&
           assay_socket_bytes(link->door, ZMQ_ZAP_DOMAIN, "assay", 5);
}

static enum assay_status open_server(struct assay_link *link,
                                     char message[static ASSAY_LINK_MESSAGE_LEN])
{
    static const char watch[] = "inproc://door";
    const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    link->door = zmq_socket(link->context, ZMQ_PULL);
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    if (link->door == NULL || link->monitor == NULL || !set_server(link) ||
        !assay_socket_int(link->monitor, ZMQ_LINGER, 0) ||
        /* A monitor's pipe that is full stops libzmq's thread. */
        !assay_socket_int(link->monitor, ZMQ_RCVHWM, 0) ||
        zmq_socket_monitor(link->door, watch, events) != 0 ||
        zmq_connect(link->monitor, watch) != 0) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot set up the socket: %s",
                 zmq_strerror(zmq_errno()));
        return ASSAY_E_IO;
    }
    if (zmq_bind(link->door, link->config.listen) != 0) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot listen on %.150s: %s",
                 link->config.listen, zmq_strerror(zmq_errno()));
        return ASSAY_E_IO;
    }
    size_t len = sizeof link->endpoint;
    if (zmq_getsockopt(link->door, ZMQ_LAST_ENDPOINT, link->endpoint, &len) != 0) return ASSAY_E_IO;
    const char *port = strrchr(link->endpoint, ':');
    link->census.port = port == NULL ? 0 : (uint16_t)strtoul(port + 1, NULL, 10);
    return ASSAY_OK;
}

static bool pump(void *context)
{
    struct assay_link *link = context;
    assay_gate_answer(link);
    assay_gate_watch(link);
    return link->test_refused;
}

/* An address that one binds to is not always one that can be dialled. */
static void dialable(const char *bound, char out[static ASSAY_LINK_ENDPOINT_MAX])
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

static enum assay_status test_oneself(struct assay_link *link,
                                      char message[static ASSAY_LINK_MESSAGE_LEN])
{
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    struct assay_secret32 secret;
    ASSAY_TRY(assay_x25519_generate(&secret, link->test_key));
    dialable(link->endpoint, endpoint);
    const uint64_t mechanism = link->config.counters->value[ASSAY_COUNT_HANDSHAKE_MECHANISM];
    link->testing = true;
    const enum assay_status status = assay_selftest(
        link->context, endpoint, link->config.door_public, &secret, link->test_key, pump, link);
    link->testing = false;
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK)
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "self-test of the door at %.150s: %s", endpoint,
                 status == ASSAY_E_INVALID ? "a stranger got in" : assay_status_text(status));
    link->config.counters->value[ASSAY_COUNT_HANDSHAKE_MECHANISM] = mechanism;
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
    link->items = calloc(3 + peers + LINK_EXTRA_MAX, sizeof *link->items);
    link->context = zmq_ctx_new();
    if (link->peers == NULL || link->items == NULL || link->context == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_census_open(link));
    ASSAY_TRY(assay_inbox_open(link));
    /* A PUSH and the two ends of its monitor each, twice while one is closing: libzmq's 1023 would
     * end at some 300 peers. */
    if (zmq_ctx_set(link->context, ZMQ_MAX_SOCKETS, (int)(64 + 6 * peers)) != 0) return ASSAY_E_IO;
    ASSAY_TRY(assay_gate_open(link));
    ASSAY_TRY(open_server(link, message));
    return link->config.self_test ? test_oneself(link, message) : ASSAY_OK;
}

enum assay_status assay_link_open(const struct assay_link_config *config, struct assay_link **out,
                                  char message[static ASSAY_LINK_MESSAGE_LEN])
{
    struct assay_link *link = calloc(1, sizeof *link);
    if (link == NULL) return ASSAY_E_MEMORY;
    link->config = *config;
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

static void disconnect(struct link_peer *peer)
{
    if (peer->line != NULL) {
        (void)zmq_socket_monitor(peer->line, NULL, 0);
        (void)zmq_close(peer->line);
    }
    if (peer->monitor != NULL) (void)zmq_close(peer->monitor);
    peer->line = peer->monitor = NULL;
}

void assay_link_close(struct assay_link **link)
{
    struct assay_link *l = *link;
    if (l == NULL) return;
    for (size_t i = 0; l->peers != NULL && i < l->config.roster->count; i++) {
        disconnect(&l->peers[i]);
        assay_outbox_clear(&l->peers[i].box);
        free(l->peers[i].endpoint);
    }
    (void)zmq_msg_close(&l->frame);
    assay_inbox_close(l);
    if (l->door != NULL) {
        (void)zmq_socket_monitor(l->door, NULL, 0);
        (void)zmq_close(l->door);
    }
    if (l->monitor != NULL) (void)zmq_close(l->monitor);
    if (l->zap != NULL) (void)zmq_close(l->zap);
    if (l->context != NULL) (void)zmq_ctx_term(l->context);
    assay_secret_wipe(&l->dial_secret, sizeof l->dial_secret);
    assay_census_close(l);
    free(l->items);
    free(l->peers);
    free(l);
    *link = NULL;
}

const char *assay_link_endpoint(const struct assay_link *link)
{
    return link->endpoint;
}

/* ------------------------------------------------------------ dialling */

/* The census has to know the line's descriptor: a peer that we dialled may send, too. */
static bool watch_line(struct assay_link *link, struct link_peer *peer)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://line-%u", link->dialled++);
    peer->monitor = zmq_socket(link->context, ZMQ_PAIR);
    return peer->monitor != NULL && assay_socket_int(peer->monitor, ZMQ_LINGER, 0) &&
           assay_socket_int(peer->monitor, ZMQ_RCVHWM, 0) &&
           zmq_socket_monitor(peer->line, name, ZMQ_EVENT_CONNECTED) == 0 &&
           zmq_connect(peer->monitor, name) == 0;
}

static enum assay_status dial(struct assay_link *link, uint16_t slot)
{
    struct link_peer *peer = &link->peers[slot];
    const uint8_t *server_key = link->config.roster->entries[slot].door;
    const int redial_ms = link->config.redial_ms > 0 ? link->config.redial_ms : LINK_REDIAL_MS;
    disconnect(peer);
    void *line = peer->line = zmq_socket(link->context, ZMQ_PUSH);
    if (line == NULL) return ASSAY_E_MEMORY;
    if (!set_common(line) || !assay_socket_int(line, ZMQ_IMMEDIATE, 1) ||
        !assay_socket_int(line, ZMQ_HANDSHAKE_IVL, redial_ms) ||
        !assay_socket_int(line, ZMQ_RECONNECT_IVL, LINK_RECONNECT_MS) ||
        !assay_socket_int(line, ZMQ_RECONNECT_IVL_MAX, LINK_RECONNECT_MAX_MS) ||
        !assay_socket_bytes(line, ZMQ_CURVE_SERVERKEY, server_key, 32) ||
        !assay_socket_bytes(line, ZMQ_CURVE_PUBLICKEY, link->dial_public, 32) ||
        !assay_socket_bytes(line, ZMQ_CURVE_SECRETKEY, link->dial_secret.bytes, 32) ||
        !watch_line(link, peer) || zmq_connect(line, peer->endpoint) != 0) {
        disconnect(peer);
        return ASSAY_E_IO;
    }
    return ASSAY_OK;
}

enum assay_status assay_link_identify(struct assay_link *link, const struct assay_secret32 *secret,
                                      const uint8_t public_key[static 32])
{
    link->dial_secret = *secret;
    assay_bytes_copy(link->dial_public, sizeof link->dial_public, public_key, 32);
    link->identified = true;
    for (uint16_t slot = 0; slot < link->config.roster->count; slot++)
        if (link->peers[slot].endpoint != NULL) ASSAY_TRY(dial(link, slot));
    return ASSAY_OK;
}

enum assay_status assay_link_peer(struct assay_link *link, uint16_t slot, const char *endpoint)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_peer *peer = &link->peers[slot];
    char *copy = strdup(endpoint);
    if (copy == NULL) return ASSAY_E_MEMORY;
    free(peer->endpoint);
    peer->endpoint = copy;
    return link->identified ? dial(link, slot) : ASSAY_OK;
}

bool assay_link_has_peer(const struct assay_link *link, uint16_t slot)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    return link->peers[slot].endpoint != NULL;
}

/* ------------------------------------------------------------ sending */

static bool send_now(struct assay_link *link, struct link_peer *peer, struct assay_slice frame)
{
    if (zmq_send(peer->line, frame.bytes, frame.len, ZMQ_DONTWAIT) < 0) return false;
    assay_count(link->config.counters, ASSAY_COUNT_FRAMES_OUT);
    assay_count_many(link->config.counters, ASSAY_COUNT_BYTES_OUT, frame.len);
    return true;
}

static void flush(struct assay_link *link, struct link_peer *peer)
{
    struct assay_slice frame;
    while (peer->line != NULL && assay_outbox_peek(&peer->box, &frame)) {
        if (!send_now(link, peer, frame)) return;
        assay_outbox_pop(&peer->box);
    }
}

enum assay_status assay_link_send(struct assay_link *link, uint16_t slot, struct assay_slice frame)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_peer *peer = &link->peers[slot];
    if (peer->endpoint == NULL) return ASSAY_E_NOT_FOUND;
    if (frame.len > ASSAY_FRAME_LEN_MAX) return ASSAY_E_RANGE;
    flush(link, peer);
    if (peer->box.count == 0 && peer->line != NULL && send_now(link, peer, frame))
        return ASSAY_OK;
    uint64_t dropped = 0;
    const enum assay_status status = assay_outbox_push(&peer->box, frame, &dropped);
    assay_count_many(link->config.counters, ASSAY_COUNT_SEND_DROPPED, dropped);
    return status;
}

/* ------------------------------------------------------------ waiting and receiving */

static size_t fill_items(struct assay_link *link, const struct pollfd *extra, size_t count)
{
    zmq_pollitem_t *items = link->items;
    size_t used = 0;
    const short in = link->paused ? 0 : ZMQ_POLLIN;
    items[used++] = (zmq_pollitem_t){ .socket = link->door, .events = in };
    items[used++] = (zmq_pollitem_t){ .socket = link->zap, .events = ZMQ_POLLIN };
    items[used++] = (zmq_pollitem_t){ .socket = link->monitor, .events = ZMQ_POLLIN };
    for (size_t i = 0; i < count; i++) {
        const bool reads = extra[i].events & POLLIN, writes = extra[i].events & POLLOUT;
        items[used++] = (zmq_pollitem_t){ .fd = extra[i].fd,
                                          .events = (short)((reads ? ZMQ_POLLIN : 0) |
                                                            (writes ? ZMQ_POLLOUT : 0)) };
    }
    for (size_t i = 0; i < link->config.roster->count; i++) {
        flush(link, &link->peers[i]);
        if (link->peers[i].line == NULL || link->peers[i].box.count == 0) continue;
        items[used++] = (zmq_pollitem_t){ .socket = link->peers[i].line, .events = ZMQ_POLLOUT };
    }
    return used;
}

void assay_link_pause(struct assay_link *link, bool paused)
{
    link->paused = paused;
}

/* --- what came in: out of libzmq, into the inbox of whoever sent it */

/* Takes one part. Returns: false when none waits. */
static bool take_part(struct assay_link *link, zmq_msg_t *part, int *fd)
{
    (void)zmq_msg_close(part);
    zmq_msg_init(part);
    if (zmq_msg_recv(part, link->door, ZMQ_DONTWAIT) < 0) return false;
    *fd = zmq_msg_get(part, ZMQ_SRCFD);
    assay_census_heard(link, *fd, zmq_msg_size(part));
    return true;
}

/* The parts after the first: read away. Returns: how many there were. */
static size_t take_rest(struct assay_link *link, zmq_msg_t *part)
{
    size_t count = 0;
    int fd = -1;
    while (zmq_msg_more(part) && take_part(link, part, &fd)) count++;
    return count;
}

/* Whose frame is it? Returns: as assay_roster_user; what is refused was counted. */
static enum assay_status sender_of(struct assay_link *link, zmq_msg_t *frame, uint16_t *slot,
                                   enum assay_roster_key *which)
{
    const char *user = zmq_msg_gets(frame, "User-Id");
    const enum assay_status status =
        user == NULL ? ASSAY_E_STRANGER : assay_roster_user(link->config.roster, user, slot, which);
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
    struct assay_counters *counters = link->config.counters;
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_DOOR;
    int fd = -1;
    if (!take_part(link, frame, &fd)) return false;
    assay_count(counters, ASSAY_COUNT_FRAMES_IN);
    assay_count_many(counters, ASSAY_COUNT_BYTES_IN, zmq_msg_size(frame));
    if (take_rest(link, frame) > 0) {
        assay_count(counters, ASSAY_COUNT_FRAME_PARTS);
        return true;
    }
    if (sender_of(link, frame, &slot, &which) != ASSAY_OK) return true;
    assay_census_whose(link, fd, slot);
    if (!assay_inbox_put(link, slot, frame)) assay_count(counters, ASSAY_COUNT_FRAME_INBOX_FULL);
    return true;
}

static void drain(struct assay_link *link)
{
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    for (int i = 0; i < LINK_DRAIN_MAX && drain_one(link, &frame); i++) {
    }
    (void)zmq_msg_close(&frame);
}

/* Everything of ours that is due at each turn, whatever the host waits for. */
static void attend(struct assay_link *link)
{
    assay_gate_answer(link);
    assay_gate_watch(link);
    drain(link);
    assay_census_take(link);
    for (size_t i = 0; i < link->config.roster->count; i++)
        flush(link, &link->peers[i]);
}

static uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* One poll. Returns: ASSAY_OK, *is_due: one of extra; otherwise as assay_link_wait */
static enum assay_status poll_once(struct assay_link *link, struct pollfd *extra, size_t count,
                                   int timeout_ms, bool *is_due)
{
    const size_t used = fill_items(link, extra, count);
    if (zmq_poll(link->items, (int)used, timeout_ms) < 0) {
        if (zmq_errno() != EINTR) return ASSAY_E_IO;
        *is_due = true;
        for (size_t i = 0; i < count; i++)
            extra[i].revents = 0;
        return ASSAY_OK;
    }
    for (size_t i = 0; i < count; i++) {
        const int got = link->items[3 + i].revents;
        extra[i].revents =
            (short)((got & ZMQ_POLLIN ? POLLIN : 0) | (got & ZMQ_POLLOUT ? POLLOUT : 0) |
                    (got & ZMQ_POLLERR ? POLLERR : 0));
        if (extra[i].revents != 0) *is_due = true;
    }
    return ASSAY_OK;
}

enum assay_status assay_link_wait(struct assay_link *link, uint64_t now_ms, struct pollfd *extra,
                                  size_t count, int timeout_ms)
{
    ASSAY_ASSERT(count <= LINK_EXTRA_MAX);
    const uint64_t start_ms = clock_ms();
    bool is_due = false;
    link->now_ms = now_ms;
    /* Frames that wait are the host's to take first: only a look at what else is there. */
    if (!link->paused && link->waiting > 0) timeout_ms = 0;
    for (;;) {
        const uint64_t gone_ms = clock_ms() - start_ms;
        int left_ms = LINK_CENSUS_MS;
        if (timeout_ms >= 0 && gone_ms + LINK_CENSUS_MS > (uint64_t)timeout_ms)
            left_ms = gone_ms >= (uint64_t)timeout_ms ? 0 : timeout_ms - (int)gone_ms;
        ASSAY_TRY(poll_once(link, extra, count, left_ms, &is_due));
        link->now_ms = now_ms + (clock_ms() - start_ms);
        attend(link);
        if (is_due || (!link->paused && link->waiting > 0)) return ASSAY_OK;
        if (timeout_ms >= 0 && clock_ms() - start_ms >= (uint64_t)timeout_ms) return ASSAY_OK;
    }
}

enum assay_status assay_link_receive(struct assay_link *link, uint16_t *slot,
                                     enum assay_roster_key *which, struct assay_slice *frame)
{
    for (int i = 0; i < LINK_DROPS_PER_RECEIVE; i++) {
        if (link->waiting == 0) drain(link);
        if (!assay_inbox_take(link, &link->frame)) return ASSAY_E_AGAIN;
        /* Again: the roster may have changed while it waited. */
        if (sender_of(link, &link->frame, slot, which) != ASSAY_OK) continue;
        *frame = assay_slice_over(zmq_msg_data(&link->frame), zmq_msg_size(&link->frame));
        return ASSAY_OK;
    }
    return ASSAY_E_AGAIN;
}
