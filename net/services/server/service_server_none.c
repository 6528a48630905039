/*
 * net/services/server/service_server_none.c - the server of service programs in a build without
 * services: there is never one.
 */
#include "net/services/server/service_server.h"

#include "base/assert.h"

void assay_service_server_close(struct assay_service_server **server)
{
    ASSAY_ASSERT(*server == NULL);
}

size_t assay_service_server_poll(const struct assay_service_server *server, struct pollfd *fds,
                                 size_t capacity)
{
    (void)server;
    (void)fds;
    (void)capacity;
    ASSAY_UNREACHABLE("a build without services");
}

uint64_t assay_service_server_wake_at(const struct assay_service_server *server)
{
    (void)server;
    ASSAY_UNREACHABLE("a build without services");
}
