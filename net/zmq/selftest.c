/*
 * net/zmq/selftest.c - start-up self-test: the listener refuses unknown keys.
 *
 * A library that is built otherwise, or an option that is misspelt, would let NULL clients or
 * every CURVE key in without a word (it happened to others). So a node dials itself three times
 * before it says that it is up: without a mechanism, with a name and a password, with a key that
 * nobody knows.
 */
#include "net/zmq/link_internal.h"

#include "base/assert.h"

#include <stdio.h>

enum { PUMP_MS = 5 };

struct caller {
    void *socket, *monitor;
    bool refused, accepted;
};

static bool prepare_side(void *context, struct caller *caller, const char *monitor_name)
{
    ASSAY_ASSERT(caller->socket == NULL && caller->monitor == NULL);
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

static void close_side(struct caller *caller)
{
    if (caller->socket != NULL) {
        (void)zmq_socket_monitor(caller->socket, NULL, 0);
        (void)zmq_close(caller->socket);
    }
    if (caller->monitor != NULL) (void)zmq_close(caller->monitor);
}

static void check_side(struct caller *caller)
{
    ASSAY_ASSERT(caller->monitor != NULL);
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

/* Other mechanisms get an error; an unknown key gets silence. */
enum { CALLER_NULL, CALLER_PLAIN, CALLER_UNKNOWN, CALLERS };

static enum assay_status selftest_outcome(struct caller callers[static CALLERS],
                                          assay_selftest_pump *pump, void *pump_context)
{
    int quiet_ms = 0;
    for (int waited_ms = 0; waited_ms < LINK_SELF_TEST_MS; waited_ms += PUMP_MS) {
        zmq_pollitem_t items[CALLERS];
        for (int i = 0; i < CALLERS; i++)
            items[i] = (zmq_pollitem_t){ .socket = callers[i].monitor, .events = ZMQ_POLLIN };
        if (zmq_poll(items, CALLERS, PUMP_MS) < 0) return ASSAY_E_IO;
        /*
         * A refusal with 300 is silence: nothing reaches the caller until the handshake times out.
         */
        if (pump(pump_context)) quiet_ms += PUMP_MS;
        for (int i = 0; i < CALLERS; i++) {
            check_side(&callers[i]);
            if (callers[i].accepted) return ASSAY_E_INVALID;
        }
        const bool refused = callers[CALLER_NULL].refused && callers[CALLER_PLAIN].refused;
        if (refused && quiet_ms >= LINK_SELF_TEST_QUIET_MS) return ASSAY_OK;
    }
    return ASSAY_E_TIMEOUT;
}

static bool prepare_all(void *context, struct caller callers[static CALLERS])
{
    static const char *const names[CALLERS] = { "inproc://selftest-null",
                                                "inproc://selftest-plain",
                                                "inproc://selftest-unknown" };
    for (int i = 0; i < CALLERS; i++)
        if (!prepare_side(context, &callers[i], names[i])) return false;
    void *plain = callers[CALLER_PLAIN].socket;
    return assay_socket_bytes(plain, ZMQ_PLAIN_USERNAME, "assay", 5) &&
           assay_socket_bytes(plain, ZMQ_PLAIN_PASSWORD, "assay", 5);
}

enum assay_status assay_selftest(void *context, const char *endpoint,
                                 const uint8_t server_key[static 32],
                                 const struct assay_secret32 *secret,
                                 const uint8_t public_key[static 32], assay_selftest_pump *pump,
                                 void *pump_context)
{
    struct caller callers[CALLERS] = { 0 };
    enum assay_status status = ASSAY_E_IO;
    bool good = prepare_all(context, callers);
    void *unknown = callers[CALLER_UNKNOWN].socket;
    good = good && assay_socket_bytes(unknown, ZMQ_CURVE_SERVERKEY, server_key, 32) &&
           assay_socket_bytes(unknown, ZMQ_CURVE_PUBLICKEY, public_key, 32) &&
           assay_socket_bytes(unknown, ZMQ_CURVE_SECRETKEY, secret->bytes, 32);
    for (int i = 0; good && i < CALLERS; i++)
        good = zmq_connect(callers[i].socket, endpoint) == 0;
    if (good) status = selftest_outcome(callers, pump, pump_context);
    for (int i = 0; i < CALLERS; i++)
        close_side(&callers[i]);
    return status;
}
