/*
 * apps/enclave/service.h - the counter behind a UNIX stream socket.
 *
 * At most SERVICE_CLIENTS_MAX clients at once; one more is told "error busy" and closed. A line too
 * long, or an answer that a client does not take, ends its connection. The socket is 0600: peers
 * reach the counter through their daemons.
 */
#ifndef ASSAY_APPS_ENCLAVE_SERVICE_H
#define ASSAY_APPS_ENCLAVE_SERVICE_H

#include "apps/enclave/counter.h"

#include <poll.h>

enum { SERVICE_CLIENTS_MAX = 16, SERVICE_FDS = SERVICE_CLIENTS_MAX + 1, SERVICE_IDLE_MS = 30000 };

struct service_client {
    int fd; /* -1: free */
    uint64_t heard_ms;
    size_t len;
    char line[COUNTER_LINE_MAX + 1];
};

struct service {
    int listener;
    char path[108]; /* of sockaddr_un */
    struct service_client clients[SERVICE_CLIENTS_MAX];
};

/* Listens; a socket that a dead process left behind is replaced, anything else in its place is not.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (path too long) | ASSAY_E_IO (errno says why) */
ASSAY_CHECKED enum assay_status service_open(struct service *service, const char *path);
/* Returns: how many of fds[SERVICE_FDS] were written. */
size_t service_poll_set(const struct service *service, struct pollfd fds[static SERVICE_FDS]);
/* Accept, read, answer; never blocks. Returns: nothing. */
void service_step(struct service *service, struct counter *counter, uint64_t now_ms);
/* Returns: nothing; the socket is removed. */
void service_close(struct service *service);

#endif
