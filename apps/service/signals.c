/*
 * apps/service/signals.c - handlers of SIGTERM, SIGINT and SIGUSR1.
 */
#include "apps/service/signals.h"

volatile sig_atomic_t service_asked_to_end, service_asked_to_drain;

static void on_signal(int number)
{
    if (number == SIGUSR1) service_asked_to_drain = 1;
    else service_asked_to_end = 1;
}

void service_take_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal }; /* waits are interrupted */
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

void service_take_drain(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGUSR1, &action, NULL);
}
