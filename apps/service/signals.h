/*
 * apps/service/signals.h - a process that ends when it is asked to: what programs of services and
 * the demo's hands share.
 */
#ifndef ASSAY_APPS_SERVICE_SIGNALS_H
#define ASSAY_APPS_SERVICE_SIGNALS_H

#include <signal.h>

/* SIGTERM or SIGINT came. */
extern volatile sig_atomic_t service_asked_to_end;

/* SIGUSR1 came, to a program that can drain. */
extern volatile sig_atomic_t service_asked_to_drain;

/* From here on SIGTERM and SIGINT set it and interrupt waits, and SIGPIPE does nothing. Returns:
 * nothing. */
void service_take_signals(void);
/* From here on SIGUSR1 asks to drain, and interrupts waits. Returns: nothing. */
void service_take_drain(void);

#endif
