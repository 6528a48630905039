/*
 * apps/loopback.h - free loopback ports for daemons that start soon.
 */
#ifndef ASSAY_APPS_LOOPBACK_H
#define ASSAY_APPS_LOOPBACK_H

#include <stdbool.h>

/*
 * demo_loopback_bind - bind a free port, another one at each call.
 *
 * The kernel gives the ports of its ephemeral range to outgoing connections: one of those could be
 * gone again before its daemon binds it, so ports below that range are tried.
 * Returns: a bound socket that the caller closes, and *port; below zero when there is none.
 */
int demo_loopback_bind(unsigned *port);
/* Returns: whether a daemon of this machine could listen on the port of 127.0.0.1 now. */
bool demo_loopback_is_free(unsigned port);

#endif
