/*
 * net/zmq/link_internal.h - what the files of this folder share; nothing outside includes it but
 * their tests.
 */
#ifndef ASSAY_NET_ZMQ_LINK_INTERNAL_H
#define ASSAY_NET_ZMQ_LINK_INTERNAL_H

#include "net/outbox.h"
#include "net/zmq/link.h"

#include <zmq.h>

enum {
    LINK_HWM = 64,            /* frames in a pipe: 4 MiB at most, beside our own bounded queue */
    LINK_BACKLOG = 256,       /* connections that wait to be accepted */
    LINK_HANDSHAKE_MS = 5000, /* a silent caller is hung up */
    LINK_REDIAL_MS = 1000,
    LINK_HEARTBEAT_MS = 2000,
    LINK_HEARTBEAT_LATE_MS = 6000,
    LINK_RECONNECT_MS = 100, /* libzmq adds up to as much at random */
    LINK_RECONNECT_MAX_MS = 2000,
    LINK_CURVE_OVERHEAD = 33,    /* ZMQ_MAXMSGSIZE counts the encrypted message */
    LINK_EXTRA_MAX = 256,        /* descriptors of the host in one poll */
    LINK_DROPS_PER_RECEIVE = 64, /* then the host gets its turn */
    LINK_SELF_TEST_MS = 5000,
    LINK_SELF_TEST_QUIET_MS = 50, /* after the refusal: time enough for an answer to arrive */
};

struct link_peer {
    char *endpoint; /* NULL: not known */
    void *dealer;   /* NULL: not connected */
    struct assay_outbox box;
};

struct assay_link {
    struct assay_link_config config;
    void *context, *router, *zap, *monitor;
    zmq_msg_t frame; /* the last one received */
    uint64_t now_ms;
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
    bool identified, paused;
    struct assay_secret32 dial_secret;
    uint8_t dial_public[32];
    uint8_t test_key[32]; /* of the self-test: its refusal is no stranger's */
    bool testing, test_refused;
    zmq_pollitem_t *items;   /* [3 + peers + LINK_EXTRA_MAX] */
    struct link_peer *peers; /* [roster->count] */
};

/* gate.c */
/* Bind the ZAP handler before any other socket of the context. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_gate_open(struct assay_link *link);
/* Answer what waits. Returns: nothing. */
void assay_gate_answer(struct assay_link *link);
/* Count what the monitor saw. Returns: nothing. */
void assay_gate_watch(struct assay_link *link);

/* selftest.c */
/* Let the server side work for a moment; called while the test waits.
 * Returns: true when it has refused the unknown key. */
typedef bool assay_selftest_pump(void *context);
/*
 * Dial endpoint twice, without CURVE and with a key that nobody knows.
 * Returns: ASSAY_OK (both were refused) | ASSAY_E_INVALID (one got in) | ASSAY_E_TIMEOUT |
 *          ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_selftest(void *context, const char *endpoint,
                                               const uint8_t server_key[static 32],
                                               const struct assay_secret32 *secret,
                                               const uint8_t public_key[static 32],
                                               assay_selftest_pump *pump, void *pump_context);

/* Set an int or bytes option. Returns: true on success. */
bool assay_socket_int(void *socket, int option, int value);
bool assay_socket_bytes(void *socket, int option, const void *bytes, size_t len);
/* Read a monitor's next event. Returns: true, *event and *value | false (none waits) */
bool assay_monitor_next(void *monitor, uint16_t *event, uint32_t *value);

#endif
