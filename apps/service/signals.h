/*
 * apps/service/signals.h - termination by signals: shared by service programs and the commands of
 * the demo.
 */
#ifndef ASSAY_APPS_SERVICE_SIGNALS_H
#define ASSAY_APPS_SERVICE_SIGNALS_H

#include <signal.h>

/* SIGTERM or SIGINT came. */
extern volatile sig_atomic_t service_asked_to_end;

/* SIGUSR1 came, to a program that can drain. */
extern volatile sig_atomic_t service_asked_to_drain;

/* From here on SIGTERM and SIGINT set it and interrupt waits, and SIGPIPE does nothing. */
void service_take_signals(void);
/* From here on SIGUSR1 asks to drain, and interrupts waits. */
void service_take_drain(void);

#endif
