/*
 * apps/loopback.c - free ports of 127.0.0.1: search below the ephemeral range, check of one.
 */
#include "apps/loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_FIRST = 12000, PORT_COUNT = 20000, PROCESS_STRIDE = 127 };

static int bind_port(unsigned port, bool is_reused)
{
    const int reuse = is_reused;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    (void)close(fd);
    return -1;
}

int demo_loopback_bind(unsigned *port)
{
    static unsigned taken; /* another port at each call; processes begin far from one another */
    const unsigned first = (unsigned)getpid() * PROCESS_STRIDE;
    for (unsigned tried = 0; tried < PORT_COUNT; tried++) {
        const unsigned candidate = PORT_FIRST + (first + taken++) % PORT_COUNT;
        const int fd = bind_port(candidate, false);
        if (fd < 0) continue;
        *port = candidate;
        return fd;
    }
    return -1;
}

/* As daemons bind: connections of one that ended keep no port from them. */
bool demo_loopback_is_free(unsigned port)
{
    const int fd = bind_port(port, true);
    if (fd >= 0) (void)close(fd);
    return fd >= 0;
}
