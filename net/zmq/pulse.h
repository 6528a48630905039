/*
 * net/zmq/pulse.h - liveness probe of libzmq's I/O thread.
 *
 * A caller that waits for frames does not notice it: with that thread hung every socket is just
 * silent. So a connection is attempted to an address where nothing can listen (TCP knows no
 * broadcast: connect(2) refuses it at once, and no packet leaves). libzmq tries it again again and
 * again, by a timer of that thread, and its monitor reports each try.
 */
#ifndef ASSAY_NET_ZMQ_PULSE_H
#define ASSAY_NET_ZMQ_PULSE_H

#include "net/zmq/link.h"

enum { ASSAY_PULSE_MS = 1000 }; /* the least between two beats; the most is twice as much */

struct assay_pulse;

/*
 * assay_pulse_open - begins to count the beats of the thread of this link.
 * Out:     *out, owned by the caller, closed before the link
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_IO
 */
ASSAY_CHECKED enum assay_status assay_pulse_open(struct assay_link *link, struct assay_pulse **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_pulse_close(struct assay_pulse **pulse);
/* Returns: the beats so far. */
uint64_t assay_pulse_beats(struct assay_pulse *pulse);

#endif
