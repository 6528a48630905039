/*
 * apps/daemon/notify.c - notifications to systemd (notify.h).
 */
#include "apps/daemon/notify.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { STATUS_MS = 2000 }; /* from status to status */

static bool to_number(const char *text, uint64_t *out)
{
    *out = 0;
    if (text == NULL || *text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || *out > UINT64_MAX / 10 - 9) return false;
        *out = *out * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

/* "@name" is a socket without a file. */
static bool address_of(const char *path, struct sockaddr_un *address, socklen_t *len)
{
    const size_t path_len = strlen(path);
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if ((path[0] != '/' && path[0] != '@') || path_len < 2) return false;
    if (path_len >= sizeof address->sun_path) return false;
    assay_bytes_copy(address->sun_path, sizeof address->sun_path, path, path_len);
    if (path[0] == '@') address->sun_path[0] = '\0';
    *len = (socklen_t)(sizeof address->sun_family + path_len + (path[0] == '@' ? 0 : 1));
    return true;
}

/* Half of the time that systemd waits, so that one turn may be late. */
static void read_watchdog(struct daemon_notify *notify)
{
    uint64_t usec = 0, pid = 0;
    const char *const for_pid = getenv("WATCHDOG_PID");
    if (!to_number(getenv("WATCHDOG_USEC"), &usec)) return;
    if (for_pid != NULL && (!to_number(for_pid, &pid) || pid != (uint64_t)getpid())) return;
    notify->watchdog_ms = usec / 2000;
}

void daemon_notify_open(struct daemon_notify *notify)
{
    struct sockaddr_un address;
    socklen_t len = 0;
    const char *const path = getenv("NOTIFY_SOCKET");
    *notify = (struct daemon_notify){ .fd = -1 };
    if (path != NULL && address_of(path, &address, &len)) {
        notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (notify->fd >= 0 && connect(notify->fd, (const struct sockaddr *)&address, len) != 0)
            daemon_notify_close(notify);
    }
    if (notify->fd >= 0) read_watchdog(notify);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void daemon_notify_close(struct daemon_notify *notify)
{
    if (notify->fd >= 0) (void)close(notify->fd);
    notify->fd = -1;
}

/* A manager that does not read loses a line: the daemon does not wait for it. */
static void send_state(const struct daemon_notify *notify, const char *text)
{
    if (notify->fd < 0) return;
    if (send(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

void daemon_notify_ready(struct daemon_notify *notify)
{
    send_state(notify, "READY=1");
}

void daemon_notify_reloading(struct daemon_notify *notify, uint64_t monotonic_us)
{
    char text[64];
    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_us);
    send_state(notify, text);
}

void daemon_notify_stopping(struct daemon_notify *notify)
{
    if (!notify->stopping) send_state(notify, "STOPPING=1");
    notify->stopping = true;
}

bool daemon_notify_turned(struct daemon_notify *notify, uint64_t now_ms)
{
    if (notify->fd < 0) return false;
    if (notify->watchdog_ms > 0 &&
        (notify->fed_ms == 0 || now_ms - notify->fed_ms >= notify->watchdog_ms)) {
        send_state(notify, "WATCHDOG=1");
        notify->fed_ms = now_ms;
    }
    if (notify->said_ms != 0 && now_ms - notify->said_ms < STATUS_MS) return false;
    notify->said_ms = now_ms;
    return true;
}

void daemon_notify_status(struct daemon_notify *notify, const char *text)
{
    char line[sizeof notify->said + 8];
    char shown[sizeof notify->said];
    (void)snprintf(shown, sizeof shown, "%s", text);
    shown[strcspn(shown, "\n")] = '\0';
    if (strcmp(shown, notify->said) == 0) return;
    (void)snprintf(notify->said, sizeof notify->said, "%s", shown);
    (void)snprintf(line, sizeof line, "STATUS=%s", shown);
    send_state(notify, line);
}
