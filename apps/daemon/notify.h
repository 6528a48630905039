/*
 * apps/daemon/notify.h - notifications to systemd (sd_notify(3)), without its library: one datagram
 * to the socket in $NOTIFY_SOCKET. Without the variable nothing is sent.
 *
 * The watchdog is fed by the node's own thread at the end of a turn, and by nothing else: a hung
 * loop is not alive, even if other threads run.
 */
#ifndef ASSAY_APPS_DAEMON_NOTIFY_H
#define ASSAY_APPS_DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct daemon_notify {
    int fd; /* -1: not notified */
    uint64_t watchdog_ms; /* half of what systemd waits; 0: it does not watch */
    uint64_t fed_ms, said_ms;
    char said[256]; /* the last status */
    bool stopping;
};

/* Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID out of the environment, so that child
 * processes cannot notify for the daemon. */
void daemon_notify_open(struct daemon_notify *notify);
/* */
void daemon_notify_close(struct daemon_notify *notify);
/* Everything is open. */
void daemon_notify_ready(struct daemon_notify *notify);
/* A reload begins; it ends with ready. */
void daemon_notify_reloading(struct daemon_notify *notify, uint64_t monotonic_us);
/* Said once. */
void daemon_notify_stopping(struct daemon_notify *notify);
/* A turn of the node ended. Returns: whether a status is wanted: daemon_notify_status. */
bool daemon_notify_turned(struct daemon_notify *notify, uint64_t now_ms);
/* One line for `systemctl status`; sent when it changed. */
void daemon_notify_status(struct daemon_notify *notify, const char *text);

#endif
