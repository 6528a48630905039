/*
 * apps/enclave/service.h - server of the counter and of workload keys on a UNIX stream socket.
 *
 * At most SERVICE_CLIENTS_MAX clients at once, and all but SERVICE_NAMED_CLIENTS of users that the
 * configuration does not name. One more takes the place of a client of the user with most, if that
 * user still has as many as the caller then; who is left without a place receives "error busy" and
 * is closed. A line too long, or an answer that a client does not read, closes its
 * connection. The socket is 0600: peers reach the counter through their daemons. The kernel names
 * the user of each client.
 */
#ifndef ASSAY_APPS_ENCLAVE_SERVICE_H
#define ASSAY_APPS_ENCLAVE_SERVICE_H

#include "apps/enclave/counter.h"
#include "apps/enclave/key_requests.h"

#include <poll.h>

enum {
    SERVICE_CLIENTS_MAX = 16,
    SERVICE_NAMED_CLIENTS = 4, /* for the enclave's own user and those with reserved names alone */
    SERVICE_FDS = SERVICE_CLIENTS_MAX + 1,
    SERVICE_IDLE_MS = 30000,
};

struct service_client {
    int fd; /* -1: free */
    uint32_t uid;
    uint64_t received_ms;
    size_t len;
    char line[KEY_REQUEST_MAX + 1];
};

struct service {
    int listener;
    char path[108]; /* of sockaddr_un */
    struct service_client clients[SERVICE_CLIENTS_MAX];
};

/* Listens; a socket left behind by a dead process is replaced, any other file is not.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (path too long) | ASSAY_E_IO (see errno) */
ASSAY_CHECKED enum assay_status service_open(struct service *service, const char *path);
/* Returns: how many of fds[SERVICE_FDS] were written. */
size_t service_poll_set(const struct service *service, struct pollfd fds[static SERVICE_FDS]);
/* Accepts, reads, answers; never blocks. */
void service_step(struct service *service, struct counter *counter, struct registrations *keys,
                  uint64_t now_ms);
/* Removes the socket. */
void service_close(struct service *service);

#endif
