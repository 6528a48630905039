/*
 * examples/gate.c - authorisation endpoint for nginx's auth_request: succeeds only while this node
 * is trusted.
 *
 *     cc gate.c $(pkg-config --cflags --libs assay-permit) -o gate
 *     ./gate /run/assay/gate.sock /run/assay/admin.sock critical
 *
 * Listens on a UNIX socket and answers every HTTP request: 204 when assayd permits work of the
 * class now, 403 with the reason otherwise, also when nobody can be asked. A "yes" is kept for one
 * second, a "no" is not. gate.conf is the configuration of nginx in front of it.
 */
#define _GNU_SOURCE /* accept4 */
#include <assay/permit.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ASK_MS = 500, REQUEST_MS = 1000, KEEP_MS = 1000 };

static uint64_t now_ms(void)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* a "yes" expires while the machine is suspended */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) return -1;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    (void)unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)umask(0117); /* for the owner and its group, nginx's */
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, 128) != 0)
        return -1;
    return fd;
}

/* One request, whose contents do not matter. Returns: whether it came within a second. */
static bool read_request(int fd)
{
    char bytes[8192];
    size_t len = 0;
    const uint64_t until_ms = now_ms() + REQUEST_MS;
    while (len < sizeof bytes) {
        struct pollfd poller = { .fd = fd, .events = POLLIN };
        const uint64_t at_ms = now_ms();
        if (at_ms >= until_ms || poll(&poller, 1, (int)(until_ms - at_ms)) != 1) return false;
        const ssize_t n = recv(fd, bytes + len, sizeof bytes - len, MSG_DONTWAIT);
        if (n <= 0) return false;
        len += (size_t)n;
        if (memmem(bytes, len, "\r\n\r\n", 4) != NULL) return true;
    }
    return false;
}

static void send_answer(int fd, bool permitted, const char *reason)
{
    char text[256];
    const int len = permitted ? snprintf(text, sizeof text,
                                         "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                              : snprintf(text, sizeof text,
                                         "HTTP/1.1 403 Forbidden\r\nAssay-Reason: %s\r\n"
                                         "Content-Length: 0\r\nConnection: close\r\n\r\n",
                                         reason);
    (void)send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
    struct assay_permit_answer last = { .size = sizeof last };
    uint64_t keep_until_ms = 0;
    if (argc != 4 || (strcmp(argv[3], "critical") != 0 && strcmp(argv[3], "normal") != 0))
        return fprintf(stderr, "usage: gate LISTEN_SOCKET ADMIN_SOCKET critical|normal\n"), 2;
    const enum assay_permit_class class_ =
        strcmp(argv[3], "critical") == 0 ? ASSAY_PERMIT_CRITICAL : ASSAY_PERMIT_NORMAL;
    const int listener = listen_at(argv[1]);
    if (listener < 0) return perror(argv[1]), 1;
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) continue;
        if (read_request(fd)) {
            const uint64_t before_ms = now_ms();
            if (before_ms >= keep_until_ms) {
                const enum assay_status status = assay_permit_ask(argv[2], class_, ASK_MS, &last);
                if (status != ASSAY_OK) last.permitted = false; /* it says so already */
                keep_until_ms = last.permitted ? before_ms + KEEP_MS : 0;
            }
            send_answer(fd, last.permitted, last.reason);
        }
        (void)close(fd);
    }
}
