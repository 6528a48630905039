/*
 * net/zmq/pulse.c - liveness probe of libzmq's thread.
 */
#include "net/zmq/pulse.h"

#include "net/zmq/link_internal.h"

#include <stdlib.h>

struct assay_pulse {
    void *line, *monitor;
    uint64_t beats;
};

static const char nowhere[] = "tcp://255.255.255.255:9", watch[] = "inproc://pulse";

static bool init_pulse(struct assay_pulse *pulse, void *context)
{
    ASSAY_ASSERT(context != NULL);
    pulse->line = zmq_socket(context, ZMQ_PUSH);
    pulse->monitor = zmq_socket(context, ZMQ_PAIR);
    return pulse->line != NULL && pulse->monitor != NULL &&
           assay_socket_int(pulse->line, ZMQ_LINGER, 0) &&
           assay_socket_int(pulse->line, ZMQ_RECONNECT_IVL, ASSAY_PULSE_MS) &&
           assay_socket_int(pulse->monitor, ZMQ_LINGER, 0) &&
           assay_socket_int(pulse->monitor, ZMQ_RCVHWM, 0) && /* full it would stop the thread */
           zmq_socket_monitor(pulse->line, watch, ZMQ_EVENT_CONNECT_RETRIED) == 0 &&
           zmq_connect(pulse->monitor, watch) == 0 && zmq_connect(pulse->line, nowhere) == 0;
}

enum assay_status assay_pulse_open(struct assay_link *link, struct assay_pulse **out)
{
    struct assay_pulse *pulse = calloc(1, sizeof *pulse);
    if (pulse == NULL) return ASSAY_E_MEMORY;
    if (!init_pulse(pulse, link->context)) {
        assay_pulse_close(&pulse);
        return ASSAY_E_IO;
    }
    *out = pulse;
    return ASSAY_OK;
}

void assay_pulse_close(struct assay_pulse **pulse)
{
    struct assay_pulse *p = *pulse;
    if (p == NULL) return;
    if (p->line != NULL) {
        (void)zmq_socket_monitor(p->line, NULL, 0);
        (void)zmq_close(p->line);
    }
    if (p->monitor != NULL) (void)zmq_close(p->monitor);
    free(p);
    *pulse = NULL;
}

uint64_t assay_pulse_beats(struct assay_pulse *pulse)
{
    ASSAY_ASSERT(pulse->monitor != NULL);
    uint16_t event = 0;
    uint32_t value = 0;
    while (assay_monitor_next(pulse->monitor, &event, &value))
        pulse->beats += event == ZMQ_EVENT_CONNECT_RETRIED;
    return pulse->beats;
}
