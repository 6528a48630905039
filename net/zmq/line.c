/*
 * net/zmq/line.c - the ways out: one PUSH per peer, dialled by its address, fed from its outbox.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"
#include "host/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ dialling */

static void disconnect(struct link_peer *peer)
{
    if (peer->line != NULL) {
        (void)zmq_socket_monitor(peer->line, NULL, 0);
        (void)zmq_close(peer->line);
    }
    if (peer->monitor != NULL) (void)zmq_close(peer->monitor);
    peer->line = peer->monitor = NULL;
}

void assay_line_close(struct link_peer *peer)
{
    disconnect(peer);
    assay_outbox_clear(&peer->box);
    free(peer->endpoint);
    peer->endpoint = NULL;
}

/* The census has to know the line's descriptor: a peer that we dialled may send, too. */
static bool watch_line(struct assay_link *link, struct link_peer *peer)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://line-%u", link->dialled++);
    peer->monitor = zmq_socket(link->context, ZMQ_PAIR);
    if (peer->monitor == NULL || !assay_socket_int(peer->monitor, ZMQ_LINGER, 0) ||
        !assay_socket_int(peer->monitor, ZMQ_RCVHWM, 0) ||
        zmq_socket_monitor(peer->line, name, ZMQ_EVENT_CONNECTED) != 0 ||
        zmq_connect(peer->monitor, name) != 0 || !assay_socket_fd(peer->line, &peer->line_fd) ||
        !assay_socket_fd(peer->monitor, &peer->monitor_fd))
        return false;
    assay_gate_watch_line(link, peer); /* the first edge comes after the first look */
    return true;
}

static enum assay_status dial(struct assay_link *link, uint16_t slot)
{
    struct link_peer *peer = &link->peers[slot];
    const uint8_t *server_key = link->config.roster->entries[slot].door;
    const int redial_ms = link->config.redial_ms > 0 ? link->config.redial_ms : LINK_REDIAL_MS;
    disconnect(peer);
    void *line = peer->line = zmq_socket(link->context, ZMQ_PUSH);
    if (line == NULL) return ASSAY_E_MEMORY;
    if (!assay_socket_common(line) || !assay_socket_int(line, ZMQ_IMMEDIATE, 1) ||
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

/* What is due, until the line takes no more: then the next poll waits for it. */
static void flush(struct assay_link *link, struct link_peer *peer)
{
    peer->is_stuck = false;
    while (peer->line != NULL && assay_outbox_due(&peer->box, link->now_ms)) {
        struct assay_slice frame;
        const size_t count =
            assay_outbox_gather(&peer->box, link->batch, sizeof link->batch, &frame);
        if (!send_now(link, peer, frame)) {
            peer->is_stuck = true;
            return;
        }
        assay_outbox_pop(&peer->box, count);
    }
}

void assay_link_flush(struct assay_link *link)
{
    for (size_t i = 0; i < link->config.roster->count; i++)
        flush(link, &link->peers[i]);
}

enum assay_status assay_link_send(struct assay_link *link, uint16_t slot, struct assay_slice frame,
                                  uint64_t relay)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_peer *peer = &link->peers[slot];
    if (peer->endpoint == NULL) return ASSAY_E_NOT_FOUND;
    if (frame.len > ASSAY_FRAME_LEN_MAX) return ASSAY_E_RANGE;
    /* Room first, where the line takes some: the oldest go only when it does not. */
    if (assay_outbox_full(&peer->box, frame.len)) flush(link, peer);
    uint64_t dropped = 0;
    const enum assay_status status =
        assay_outbox_push(&peer->box, link->now_ms, frame, relay, &dropped);
    assay_count_many(link->config.counters, ASSAY_COUNT_SEND_DROPPED, dropped);
    return status;
}

void assay_link_linger(struct assay_link *link, int ms)
{
    ASSAY_ASSERT(ms >= 0);
    for (size_t i = 0; i < link->config.roster->count; i++) {
        struct link_peer *peer = &link->peers[i];
        peer->box.relay_at_ms = 0; /* no company will come */
        flush(link, peer);
        if (peer->line != NULL && !assay_socket_int(peer->line, ZMQ_LINGER, ms)) return;
    }
}

void assay_link_spare(struct assay_link *link, uint16_t slot, uint64_t relay)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    if (assay_outbox_spare(&link->peers[slot].box, relay))
        assay_count(link->config.counters, ASSAY_COUNT_SEND_SPARED);
}
