/*
 * net/transport/transport_process.h - transport process: owns the network sockets (third role of
 * assayd).
 *
 * The daemon starts its own program again, with the word "transport" for its argument and three
 * things open: a pipe for last words (2), a socket to the core (3), shared memory (4). It has the
 * keys of CURVE (door and transport), and no other; no configuration, no store, no environment. It
 * puts up its sandbox layers (net/sandbox/sandbox.h), opens the listener (net/zmq/link.h) and
 * carries frames between the sockets and the rings (net/transport/wire.h) until the core closes the
 * socket. Nothing of it is durable: whoever made it fall made nothing else fall.
 */
#ifndef ASSAY_NET_TRANSPORT_TRANSPORT_PROCESS_H
#define ASSAY_NET_TRANSPORT_TRANSPORT_PROCESS_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>

/* The argument that makes a transport of the program. */
#define ASSAY_TRANSPORT_ROLE "transport"

/* Called with each frame before it is handed on: tests put in one that falls. */
typedef void assay_transport_plant(uint16_t slot, struct assay_slice frame);

/* Returns: whether the arguments of a program say that it is a transport: the role, and at most
 * one. */
bool assay_transport_is(int argc, char *const *argv);
/* The whole life of it. In: plant: NULL. Returns: never. */
__attribute__((noreturn)) void assay_transport_run(assay_transport_plant *plant);

#endif
