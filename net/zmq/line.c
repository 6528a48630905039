/*
 * net/zmq/line.c - outbound frames: moves frames from a peer's outbox to its connection (dial.c).
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"
#include "host/peers/wire.h"

static bool send_now(struct assay_link *link, struct link_peer *peer, struct assay_slice frame)
{
    ASSAY_ASSERT(peer->line != NULL && frame.len > 0);
    if (zmq_send(peer->line, frame.bytes, frame.len, ZMQ_DONTWAIT) < 0) return false;
    assay_count(link->config.counters, ASSAY_COUNT_FRAMES_OUT);
    assay_count_many(link->config.counters, ASSAY_COUNT_BYTES_OUT, frame.len);
    return true;
}

/* Sends due frames until the line is full: then the next poll waits for it. */
static void flush_line(struct assay_link *link, struct link_peer *peer)
{
    peer->is_stuck = false;
    while (peer->line != NULL && assay_outbox_has_due(&peer->box, link->now_ms)) {
        struct assay_slice frame;
        const size_t count =
            assay_outbox_build_batch(&peer->box, link->batch, sizeof link->batch, &frame);
        ASSAY_ASSERT(count > 0 && count <= peer->box.count);
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
        flush_line(link, &link->peers[i]);
}

enum assay_status assay_link_send(struct assay_link *link, uint16_t slot, struct assay_slice frame,
                                  uint64_t relay)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct link_peer *peer = &link->peers[slot];
    if (peer->address_count == 0) return ASSAY_E_NOT_FOUND;
    if (frame.len > ASSAY_FRAME_LEN_MAX) return ASSAY_E_RANGE;
    /* First makes room by sending: the oldest frames are dropped only when the line is full. */
    if (assay_outbox_is_full(&peer->box, frame.len)) flush_line(link, peer);
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
        flush_line(link, peer);
        if (peer->line != NULL && !assay_socket_int(peer->line, ZMQ_LINGER, ms)) return;
    }
}

void assay_link_spare(struct assay_link *link, uint16_t slot, uint64_t relay)
{
    ASSAY_ASSERT(slot < link->config.roster->count);
    if (assay_outbox_remove_relay(&link->peers[slot].box, relay))
        assay_count(link->config.counters, ASSAY_COUNT_SEND_REDUNDANT);
}
