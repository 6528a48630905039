/*
 * tests/support/ports.c - a counter in a file, under its lock.
 */
#include "tests/support/ports.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_FIRST = 4000, PORT_COUNT = 8000, TRIES = 100 };

/* Returns: how many were given before these; below zero when the file cannot be used. */
static int64_t take(unsigned count)
{
    char path[64];
    uint32_t given = 0;
    (void)snprintf(path, sizeof path, "/tmp/assay-test-ports.%u", (unsigned)getuid());
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || lockf(fd, F_LOCK, 0) != 0) {
        perror(path);
        if (fd >= 0) (void)close(fd);
        return -1;
    }
    if (pread(fd, &given, sizeof given, 0) != (ssize_t)sizeof given) given = 0;
    if (given % PORT_COUNT + count > PORT_COUNT) given += PORT_COUNT - given % PORT_COUNT;
    const uint32_t next = given + count;
    const ssize_t written = pwrite(fd, &next, sizeof next, 0);
    if (written != (ssize_t)sizeof next) perror(path);
    (void)close(fd); /* and with it the lock */
    return written == (ssize_t)sizeof next ? (int64_t)given : -1;
}

static bool bind_all(unsigned count, unsigned first, int *fds)
{
    for (unsigned i = 0; i < count; i++) {
        struct sockaddr_in at = { .sin_family = AF_INET,
                                  .sin_port = htons((in_port_t)(first + i)) };
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fds[i] >= 0 && bind(fds[i], (const struct sockaddr *)&at, sizeof at) == 0) continue;
        for (unsigned k = 0; k <= i; k++)
            if (fds[k] >= 0) (void)close(fds[k]);
        return false;
    }
    return true;
}

bool test_ports_bind(unsigned count, unsigned *first, int *fds)
{
    for (unsigned tried = 0; tried < TRIES; tried++) {
        const int64_t given = take(count);
        if (given < 0) return false;
        *first = PORT_FIRST + (unsigned)(given % PORT_COUNT);
        if (bind_all(count, *first, fds)) return true;
    }
    (void)fprintf(stderr, "no %u free ports one behind the other\n", count);
    return false;
}
