/*
 * net/zmq/link.c - one ROUTER in, one DEALER per peer out, one poll for everything the host waits
 * for.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "host/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
           assay_socket_int(socket, ZMQ_RCVHWM, LINK_HWM);
}

static bool set_server(struct assay_link *link)
{
    const struct assay_link_config *config = &link->config;
    const int handshake_ms = config->handshake_ms > 0 ? config->handshake_ms : LINK_HANDSHAKE_MS;
    return set_common(link->router) && assay_socket_int(link->router, ZMQ_BACKLOG, LINK_BACKLOG) &&
           assay_socket_int(link->router, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
           assay_socket_int(link->router, ZMQ_CURVE_SERVER, 1) &&
           assay_socket_bytes(link->router, ZMQ_CURVE_SECRETKEY, config->door_secret->bytes, 32) &&
           assay_socket_bytes(link->router, ZMQ_ZAP_DOMAIN, "assay", 5);
}

static enum assay_status open_server(struct assay_link *link,
                                     char message[static ASSAY_LINK_MESSAGE_LEN])
{
    static const char watch[] = "inproc://door";
    const int events = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    link->router = zmq_socket(link->context, ZMQ_ROUTER);
    link->monitor = zmq_socket(link->context, ZMQ_PAIR);
    if (link->router == NULL || link->monitor == NULL || !set_server(link) ||
        !assay_socket_int(link->monitor, ZMQ_LINGER, 0) ||
        zmq_socket_monitor(link->router, watch, events) != 0 ||
        zmq_connect(link->monitor, watch) != 0) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot set up the socket: %s",
                 zmq_strerror(zmq_errno()));
        return ASSAY_E_IO;
    }
    if (zmq_bind(link->router, link->config.listen) != 0) {
        snprintf(message, ASSAY_LINK_MESSAGE_LEN, "cannot listen on %.150s: %s",
                 link->config.listen, zmq_strerror(zmq_errno()));
        return ASSAY_E_IO;
    }
    size_t len = sizeof link->endpoint;
    return zmq_getsockopt(link->router, ZMQ_LAST_ENDPOINT, link->endpoint, &len) == 0 ? ASSAY_OK
                                                                                      : ASSAY_E_IO;
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
    /* A DEALER, a pipe and a monitor each: libzmq's 1023 end at some 300 peers. */
    if (zmq_ctx_set(link->context, ZMQ_MAX_SOCKETS, (int)(64 + 4 * peers)) != 0) return ASSAY_E_IO;
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
    if (peer->dealer != NULL) (void)zmq_close(peer->dealer);
    peer->dealer = NULL;
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
    if (l->router != NULL) {
        (void)zmq_socket_monitor(l->router, NULL, 0);
        (void)zmq_close(l->router);
    }
    if (l->monitor != NULL) (void)zmq_close(l->monitor);
    if (l->zap != NULL) (void)zmq_close(l->zap);
    if (l->context != NULL) (void)zmq_ctx_term(l->context);
    assay_secret_wipe(&l->dial_secret, sizeof l->dial_secret);
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

static enum assay_status dial(struct assay_link *link, uint16_t slot)
{
    struct link_peer *peer = &link->peers[slot];
    const uint8_t *server_key = link->config.roster->entries[slot].door;
    const int redial_ms = link->config.redial_ms > 0 ? link->config.redial_ms : LINK_REDIAL_MS;
    disconnect(peer);
    void *dealer = zmq_socket(link->context, ZMQ_DEALER);
    if (dealer == NULL) return ASSAY_E_MEMORY;
    if (!set_common(dealer) || !assay_socket_int(dealer, ZMQ_IMMEDIATE, 1) ||
        !assay_socket_int(dealer, ZMQ_HANDSHAKE_IVL, redial_ms) ||
        !assay_socket_int(dealer, ZMQ_RCVHWM, 1) || /* nobody sends to it; what comes is not read */
        !assay_socket_int(dealer, ZMQ_RECONNECT_IVL, LINK_RECONNECT_MS) ||
        !assay_socket_int(dealer, ZMQ_RECONNECT_IVL_MAX, LINK_RECONNECT_MAX_MS) ||
        !assay_socket_bytes(dealer, ZMQ_CURVE_SERVERKEY, server_key, 32) ||
        !assay_socket_bytes(dealer, ZMQ_CURVE_PUBLICKEY, link->dial_public, 32) ||
        !assay_socket_bytes(dealer, ZMQ_CURVE_SECRETKEY, link->dial_secret.bytes, 32) ||
        zmq_connect(dealer, peer->endpoint) != 0) {
        (void)zmq_close(dealer);
        return ASSAY_E_IO;
    }
    peer->dealer = dealer;
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
    if (zmq_send(peer->dealer, frame.bytes, frame.len, ZMQ_DONTWAIT) < 0) return false;
    assay_count(link->config.counters, ASSAY_COUNT_FRAMES_OUT);
    assay_count_many(link->config.counters, ASSAY_COUNT_BYTES_OUT, frame.len);
    return true;
}

static void flush(struct assay_link *link, struct link_peer *peer)
{
    struct assay_slice frame;
    while (peer->dealer != NULL && assay_outbox_peek(&peer->box, &frame)) {
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
    if (peer->box.count == 0 && peer->dealer != NULL && send_now(link, peer, frame))
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
    items[used++] = (zmq_pollitem_t){ .socket = link->router, .events = in };
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
        if (link->peers[i].dealer == NULL || link->peers[i].box.count == 0) continue;
        items[used++] = (zmq_pollitem_t){ .socket = link->peers[i].dealer, .events = ZMQ_POLLOUT };
    }
    return used;
}

void assay_link_pause(struct assay_link *link, bool paused)
{
    link->paused = paused;
}

enum assay_status assay_link_wait(struct assay_link *link, uint64_t now_ms, struct pollfd *extra,
                                  size_t count, int timeout_ms)
{
    ASSAY_ASSERT(count <= LINK_EXTRA_MAX);
    link->now_ms = now_ms;
    const size_t used = fill_items(link, extra, count);
    if (zmq_poll(link->items, (int)used, timeout_ms) < 0 && zmq_errno() != EINTR) return ASSAY_E_IO;
    for (size_t i = 0; i < count; i++) {
        const int got = link->items[3 + i].revents;
        extra[i].revents =
            (short)((got & ZMQ_POLLIN ? POLLIN : 0) | (got & ZMQ_POLLOUT ? POLLOUT : 0) |
                    (got & ZMQ_POLLERR ? POLLERR : 0));
    }
    assay_gate_answer(link);
    assay_gate_watch(link);
    for (size_t i = 0; i < link->config.roster->count; i++)
        flush(link, &link->peers[i]);
    return ASSAY_OK;
}

/* The parts after the first payload part: read away. Returns: how many there were. */
static size_t drain(struct assay_link *link)
{
    size_t count = 0;
    while (zmq_msg_more(&link->frame)) {
        (void)zmq_msg_close(&link->frame);
        zmq_msg_init(&link->frame);
        if (zmq_msg_recv(&link->frame, link->router, ZMQ_DONTWAIT) < 0) return count;
        count++;
    }
    return count;
}

/* Returns: ASSAY_OK | ASSAY_E_AGAIN (none waits) | why this one is dropped, which was counted */
static enum assay_status receive_one(struct assay_link *link, uint16_t *slot,
                                     enum assay_roster_key *which)
{
    struct assay_counters *counters = link->config.counters;
    /* The routing id, which we neither chose nor believe. */
    (void)zmq_msg_close(&link->frame);
    zmq_msg_init(&link->frame);
    if (zmq_msg_recv(&link->frame, link->router, ZMQ_DONTWAIT) < 0) return ASSAY_E_AGAIN;
    if (!zmq_msg_more(&link->frame)) return ASSAY_E_SYNTAX;
    (void)zmq_msg_close(&link->frame);
    zmq_msg_init(&link->frame);
    if (zmq_msg_recv(&link->frame, link->router, ZMQ_DONTWAIT) < 0) return ASSAY_E_AGAIN;

    assay_count(counters, ASSAY_COUNT_FRAMES_IN);
    assay_count_many(counters, ASSAY_COUNT_BYTES_IN, zmq_msg_size(&link->frame));
    if (drain(link) > 0) {
        assay_count(counters, ASSAY_COUNT_FRAME_PARTS);
        return ASSAY_E_SYNTAX;
    }
    const char *user = zmq_msg_gets(&link->frame, "User-Id");
    const enum assay_status status =
        user == NULL ? ASSAY_E_STRANGER : assay_roster_user(link->config.roster, user, slot, which);
    if (status == ASSAY_E_STALE) {
        assay_count(counters, ASSAY_COUNT_FRAME_OLD_KEY);
    } else if (status != ASSAY_OK) {
        assay_count(counters, ASSAY_COUNT_FRAME_USER);
    }
    return status;
}

enum assay_status assay_link_receive(struct assay_link *link, uint16_t *slot,
                                     enum assay_roster_key *which, struct assay_slice *frame)
{
    for (int i = 0; i < LINK_DROPS_PER_RECEIVE; i++) {
        const enum assay_status status = receive_one(link, slot, which);
        if (status == ASSAY_E_AGAIN) return ASSAY_E_AGAIN;
        if (status != ASSAY_OK) continue;
        *frame = assay_slice_over(zmq_msg_data(&link->frame), zmq_msg_size(&link->frame));
        return ASSAY_OK;
    }
    return ASSAY_E_AGAIN;
}
