/*
 * net/transport/transport.c - selection between in-process sockets and a transport process.
 */
#include "net/transport/transport_client.h"

#include <stdlib.h>

struct assay_transport {
    struct assay_link *near; /* NULL: */
    struct assay_transport_client *far;
};

enum assay_status assay_transport_open(const struct assay_link_config *config,
                                       const struct assay_transport_apart *apart,
                                       struct assay_transport **out,
                                       char message[static ASSAY_LINK_MESSAGE_LEN])
{
    struct assay_transport *t = calloc(1, sizeof *t);
    if (t == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status =
        apart != NULL ? assay_transport_client_open(config, apart, &t->far, message)
                      : assay_link_open(config, &t->near, message);
    if (status == ASSAY_OK) *out = t;
    else free(t);
    return status;
}

void assay_transport_linger(struct assay_transport *transport, int ms)
{
    if (transport->near != NULL) assay_link_linger(transport->near, ms);
    else assay_transport_client_linger(transport->far, ms);
}

void assay_transport_close(struct assay_transport **transport)
{
    struct assay_transport *t = *transport;
    if (t == NULL) return;
    ASSAY_ASSERT((t->near == NULL) != (t->far == NULL)); /* its sockets are in one process */
    assay_link_close(&t->near);
    assay_transport_client_close(&t->far);
    free(t);
    *transport = NULL;
}

const char *assay_transport_endpoint(const struct assay_transport *transport)
{
    ASSAY_ASSERT(transport->near != NULL || transport->far != NULL);
    return transport->near != NULL ? assay_link_endpoint(transport->near)
                                   : assay_transport_client_endpoint(transport->far);
}

enum assay_status assay_transport_identify(struct assay_transport *transport,
                                           const struct assay_secret32 *secret,
                                           const uint8_t public_key[static 32])
{
    if (transport->near != NULL)
        return assay_link_identify(transport->near, secret, public_key);
    assay_transport_client_identify(transport->far, secret, public_key);
    return ASSAY_OK;
}

void assay_transport_roster(struct assay_transport *transport)
{
    if (transport->far != NULL) assay_transport_client_roster(transport->far);
}

enum assay_status assay_transport_peer(struct assay_transport *transport, uint16_t slot,
                                       const char *addresses)
{
    return transport->near != NULL ? assay_link_peer(transport->near, slot, addresses)
                                   : assay_transport_client_peer(transport->far, slot, addresses);
}

void assay_transport_remove_peer(struct assay_transport *transport, uint16_t slot)
{
    if (transport->near != NULL) assay_link_remove_peer(transport->near, slot);
    else assay_transport_client_remove_peer(transport->far, slot);
}

bool assay_transport_has_peer(const struct assay_transport *transport, uint16_t slot)
{
    return transport->near != NULL ? assay_link_has_peer(transport->near, slot)
                                   : assay_transport_client_has_peer(transport->far, slot);
}

bool assay_transport_is_up(const struct assay_transport *transport, uint16_t slot)
{
    return transport->near != NULL ? assay_link_is_up(transport->near, slot)
                                   : assay_transport_client_is_up(transport->far, slot);
}

enum assay_status assay_transport_send(struct assay_transport *transport, uint16_t slot,
                                       struct assay_slice frame, uint64_t relay)
{
    ASSAY_ASSERT(transport->near != NULL || transport->far != NULL);
    return transport->near != NULL
               ? assay_link_send(transport->near, slot, frame, relay)
               : assay_transport_client_send(transport->far, slot, frame, relay);
}

void assay_transport_spare(struct assay_transport *transport, uint16_t slot, uint64_t relay)
{
    if (transport->near != NULL) assay_link_spare(transport->near, slot, relay);
    else assay_transport_client_spare(transport->far, slot, relay);
}

void assay_transport_flush(struct assay_transport *transport)
{
    if (transport->near != NULL) assay_link_flush(transport->near);
    else assay_transport_client_flush(transport->far);
}

void assay_transport_pause(struct assay_transport *transport, bool paused)
{
    if (transport->near != NULL) assay_link_pause(transport->near, paused);
    else assay_transport_client_pause(transport->far, paused);
}

enum assay_status assay_transport_wait(struct assay_transport *transport, uint64_t now_ms,
                                       struct pollfd *extra, size_t count, int timeout_ms)
{
    ASSAY_ASSERT(extra != NULL || count == 0);
    return transport->near != NULL
               ? assay_link_wait(transport->near, now_ms, extra, count, timeout_ms)
               : assay_transport_client_wait(transport->far, now_ms, extra, count, timeout_ms);
}

enum assay_status assay_transport_receive(struct assay_transport *transport, uint16_t *slot,
                                          enum assay_roster_key *which, struct assay_slice *frame)
{
    ASSAY_ASSERT(transport->near != NULL || transport->far != NULL);
    return transport->near != NULL
               ? assay_link_receive(transport->near, slot, which, frame)
               : assay_transport_client_receive(transport->far, slot, which, frame);
}

bool assay_transport_news(struct assay_transport *transport, struct assay_transport_news *news)
{
    return transport->far != NULL && assay_transport_client_news(transport->far, news);
}
