/*
 * net/transport/transport_process.h - transport process: owns the network sockets (program
 * assay-transport).
 *
 * The daemon starts it with three things open: a pipe for its last output (2), a socket to the core
 * (3), shared memory (4). It has the keys of CURVE (bootstrap and transport), and no other; no
 * configuration, no store, no environment. It puts up its sandbox layers (net/sandbox/sandbox.h),
 * opens the listener (net/zmq/link.h) and carries frames between the sockets and the rings
 * (net/transport/wire.h) until the core closes the socket. Nothing of it is durable, so its end
 * stops nothing else.
 */
#ifndef ASSAY_NET_TRANSPORT_TRANSPORT_PROCESS_H
#define ASSAY_NET_TRANSPORT_TRANSPORT_PROCESS_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* Argument 0, and name, of a transport process. */
#define ASSAY_TRANSPORT_ROLE "assay-transport"

/* Called with each frame before it is handed on: tests put in one that falls. */
typedef void assay_transport_plant(uint16_t slot, struct assay_slice frame);

/* Returns: whether the arguments of a program with several roles select this one: argument 0 is the
 * role, and there is at most one more. */
bool assay_transport_is(int argc, char *const *argv);
/* The whole life of it. In: plant: NULL. Returns: never. */
__attribute__((noreturn)) void assay_transport_run(assay_transport_plant *plant);

#endif
