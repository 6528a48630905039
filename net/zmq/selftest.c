/*
 * net/zmq/selftest.c - at start-up: does the door that we opened keep strangers out?
 *
 * A library that is built otherwise, or an option that is misspelt, would let NULL clients or
 * every CURVE key in without a word (it happened to others). So a node dials itself twice before
 * it says that it is up.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"

#include <stdio.h>

enum { PUMP_MS = 5 };

struct caller {
    void *socket, *monitor;
    bool refused, accepted;
};

static bool prepare(void *context, struct caller *caller, const char *monitor_name)
{
    caller->socket = zmq_socket(context, ZMQ_PUSH);
    caller->monitor = zmq_socket(context, ZMQ_PAIR);
    if (caller->socket == NULL || caller->monitor == NULL) return false;
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                       ZMQ_EVENT_DISCONNECTED;
    return assay_socket_int(caller->socket, ZMQ_LINGER, 0) &&
           assay_socket_int(caller->socket, ZMQ_IPV6, 1) &&
           assay_socket_int(caller->monitor, ZMQ_LINGER, 0) &&
           zmq_socket_monitor(caller->socket, monitor_name, events) == 0 &&
           zmq_connect(caller->monitor, monitor_name) == 0;
}

static void hang_up(struct caller *caller)
{
    if (caller->socket != NULL) {
        (void)zmq_socket_monitor(caller->socket, NULL, 0);
        (void)zmq_close(caller->socket);
    }
    if (caller->monitor != NULL) (void)zmq_close(caller->monitor);
}

static void look(struct caller *caller)
{
    uint16_t event = 0;
    uint32_t value = 0;
    while (assay_monitor_next(caller->monitor, &event, &value)) {
        if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            caller->accepted = true;
        } else {
            caller->refused = true;
        }
    }
}

static enum assay_status outcome(struct caller *plain, struct caller *unknown,
                                 assay_selftest_pump *pump, void *pump_context)
{
    int quiet_ms = 0;
    for (int waited_ms = 0; waited_ms < LINK_SELF_TEST_MS; waited_ms += PUMP_MS) {
        zmq_pollitem_t items[2] = { { .socket = plain->monitor, .events = ZMQ_POLLIN },
                                    { .socket = unknown->monitor, .events = ZMQ_POLLIN } };
        if (zmq_poll(items, 2, PUMP_MS) < 0) return ASSAY_E_IO;
        /*
         * A refusal with 300 is silence: nothing reaches the caller until the handshake times out.
         */
        if (pump(pump_context)) quiet_ms += PUMP_MS;
        look(plain);
        look(unknown);
        if (plain->accepted || unknown->accepted) return ASSAY_E_INVALID;
        if (plain->refused && quiet_ms >= LINK_SELF_TEST_QUIET_MS) return ASSAY_OK;
    }
    return ASSAY_E_TIMEOUT;
}

enum assay_status assay_selftest(void *context, const char *endpoint,
                                 const uint8_t server_key[static 32],
                                 const struct assay_secret32 *secret,
                                 const uint8_t public_key[static 32], assay_selftest_pump *pump,
                                 void *pump_context)
{
    struct caller plain = { 0 }, unknown = { 0 };
    enum assay_status status = ASSAY_E_IO;
    if (!prepare(context, &plain, "inproc://selftest-plain") ||
        !prepare(context, &unknown, "inproc://selftest-unknown"))
        goto out;
    if (!assay_socket_bytes(unknown.socket, ZMQ_CURVE_SERVERKEY, server_key, 32) ||
        !assay_socket_bytes(unknown.socket, ZMQ_CURVE_PUBLICKEY, public_key, 32) ||
        !assay_socket_bytes(unknown.socket, ZMQ_CURVE_SECRETKEY, secret->bytes, 32))
        goto out;
    if (zmq_connect(plain.socket, endpoint) != 0 || zmq_connect(unknown.socket, endpoint) != 0)
        goto out;
    status = outcome(&plain, &unknown, pump, pump_context);
out:
    hang_up(&unknown);
    hang_up(&plain);
    return status;
}
