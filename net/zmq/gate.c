/*
 * net/zmq/gate.c - connection authentication: ZAP handler (RFC 27) and the listener's monitor.
 *
 * docs/protocol.md 10.5: keys of the roster get in, with a User-Id that says whose they are;
 * everybody else is refused with 300, which libzmq turns into silence, and counted by reason.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"

#include <string.h>

enum {
    ZAP_PART_MAX = 256,
    ZAP_PARTS = 7,
    ZAP_VERSION = 0,
    ZAP_ID = 1,
    ZAP_MECHANISM = 5,
    ZAP_KEY = 6
};

struct zap_part {
    uint8_t bytes[ZAP_PART_MAX];
    size_t len;
};

/* Reads one complete request. Returns: the number of parts, 0 when none waits; parts beyond
 * ZAP_PARTS are only counted. A part that is too long is left empty, which no check below accepts.
 */
static size_t read_request(void *zap, struct zap_part parts[static ZAP_PARTS])
{
    size_t count = 0;
    int more = 1;
    while (more) {
        struct zap_part part = { 0 };
        const int len = zmq_recv(zap, part.bytes, sizeof part.bytes, ZMQ_DONTWAIT);
        if (len < 0) return count;
        if ((size_t)len <= sizeof part.bytes) part.len = (size_t)len;
        if (count < ZAP_PARTS) parts[count] = part;
        count++;
        size_t more_len = sizeof more;
        if (zmq_getsockopt(zap, ZMQ_RCVMORE, &more, &more_len) != 0) return count;
    }
    return count;
}

static bool part_equals(const struct zap_part *part, const char *text)
{
    ASSAY_ASSERT(part->len <= sizeof part->bytes);
    return part->len == strlen(text) && assay_bytes_equal(part->bytes, text, part->len);
}

/* Returns: true and user when the key may connect; otherwise the reason is counted. */
static bool admit_key(struct assay_link *link, const uint8_t key[static 32],
                      char user[static ASSAY_ROSTER_USER_LEN + 1])
{
    uint16_t slot = 0;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_traffic_counters *counters = link->config.counters;
    if (link->testing && assay_bytes_equal(key, link->test_key, 32)) {
        link->test_refused = true;
        return false;
    }
    if (assay_host_roster_find(link->config.roster, key, &slot, &which) != ASSAY_OK) {
        assay_count(counters, ASSAY_COUNT_HANDSHAKE_STRANGER);
        return false;
    }
    if (slot == link->config.roster->self) {
        assay_count(counters, ASSAY_COUNT_HANDSHAKE_OWN_KEY);
        return false;
    }
    ASSAY_ASSERT(slot < link->config.roster->count);
    struct assay_limit *limit = link->config.limits ? &link->config.limits[slot] : NULL;
    if (limit && assay_limit_is_banned(limit, link->now_ms)) {
        assay_count(counters, ASSAY_COUNT_HANDSHAKE_BANNED);
        return false;
    }
    if (limit && assay_peer_score_is_shut_out(&limit->peer_score, link->now_ms)) {
        assay_count(counters, ASSAY_COUNT_HANDSHAKE_SHUT);
        return false;
    }
    if (limit && !assay_limit_handshake(limit, link->now_ms)) {
        assay_count(counters, ASSAY_COUNT_HANDSHAKE_RATE);
        return false;
    }
    assay_count(counters, ASSAY_COUNT_HANDSHAKE_ACCEPTED);
    assay_host_roster_user_encode(slot, which, key, user);
    assay_line_on_incoming(link, slot);
    return true;
}

static void send_reply(void *zap, const struct zap_part *id, const char *code, const char *user)
{
    ASSAY_ASSERT(id->len <= sizeof id->bytes);
    const struct assay_slice parts[] = {
        assay_slice_over("1.0", 3), assay_slice_over(id->bytes, id->len), assay_slice_over(code, 3),
        assay_slice_over("", 0),    assay_slice_over(user, strlen(user)), assay_slice_over("", 0),
    };
    const size_t count = sizeof parts / sizeof parts[0];
    for (size_t i = 0; i < count; i++) {
        const int flags = ZMQ_DONTWAIT | (i + 1 < count ? ZMQ_SNDMORE : 0);
        if (zmq_send(zap, parts[i].bytes, parts[i].len, flags) < 0) return;
    }
}

void assay_gate_reply(struct assay_link *link)
{
    ASSAY_ASSERT(link->zap != NULL);
    for (;;) {
        struct zap_part parts[ZAP_PARTS] = { 0 };
        char user[ASSAY_ROSTER_USER_LEN + 1] = "";
        const size_t count = read_request(link->zap, parts);
        if (count == 0) return;
        bool in = false;
        if (count != ZAP_PARTS || !part_equals(&parts[ZAP_VERSION], "1.0")) {
            assay_count(link->config.counters, ASSAY_COUNT_HANDSHAKE_REQUEST);
        } else if (!part_equals(&parts[ZAP_MECHANISM], "CURVE") || parts[ZAP_KEY].len != 32) {
            assay_count(link->config.counters, ASSAY_COUNT_HANDSHAKE_MECHANISM);
        } else {
            in = admit_key(link, parts[ZAP_KEY].bytes, user);
        }
        send_reply(link->zap, &parts[ZAP_ID], in ? "200" : "300", in ? user : "");
    }
}

bool assay_monitor_next(void *monitor, uint16_t *event, uint32_t *value)
{
    uint8_t head[6];
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    if (zmq_recv(monitor, head, sizeof head, ZMQ_DONTWAIT) != (int)sizeof head) return false;
    if (zmq_recv(monitor, endpoint, sizeof endpoint, ZMQ_DONTWAIT) < 0) return false;
    assay_bytes_copy(event, sizeof *event, head, 2); /* zmq_socket_monitor(3): host order */
    assay_bytes_copy(value, sizeof *value, head + 2, 4);
    return true;
}

void assay_gate_read_monitor(struct assay_link *link)
{
    uint16_t event = 0;
    uint32_t value = 0;
    while (assay_monitor_next(link->monitor, &event, &value))
        if (event == ZMQ_EVENT_ACCEPTED) assay_census_add(link, (int)value);
}

enum assay_status assay_gate_open(struct assay_link *link)
{
    ASSAY_ASSERT(link->zap == NULL);
    link->zap = zmq_socket(link->context, ZMQ_REP);
    if (link->zap == NULL || !assay_socket_int(link->zap, ZMQ_LINGER, 0)) return ASSAY_E_IO;
    if (!assay_socket_fd(link->zap, &link->zap_fd)) return ASSAY_E_IO;
    return zmq_bind(link->zap, "inproc://zeromq.zap.01") == 0 ? ASSAY_OK : ASSAY_E_IO;
}
