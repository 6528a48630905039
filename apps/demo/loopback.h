/*
 * apps/demo/loopback.h - ports of the loopback for daemons that are started soon.
 */
#ifndef ASSAY_APPS_DEMO_LOOPBACK_H
#define ASSAY_APPS_DEMO_LOOPBACK_H

/*
 * demo_loopback_bind - take a port that nobody listens on, another one at each call.
 *
 * The kernel gives the ports of its ephemeral range to outgoing connections: one of those could be
 * gone again before its daemon binds it, so ports below that range are tried.
 * Returns: a bound socket that the caller closes, and *port; below zero when there is none.
 */
int demo_loopback_bind(unsigned *port);

#endif
