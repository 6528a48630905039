/*
 * net/transport/transport_client.h - client of the transport process; it resends its state to a new
 * process after a failure. Functions as in net/transport/transport.h.
 */
#ifndef ASSAY_NET_TRANSPORT_TRANSPORT_CLIENT_H
#define ASSAY_NET_TRANSPORT_TRANSPORT_CLIENT_H

#include "net/transport/transport.h"

struct assay_transport_client;

/* Each Returns: as its like in net/transport/transport.h. */
ASSAY_CHECKED enum assay_status assay_transport_client_open(
    const struct assay_link_config *config, const struct assay_transport_apart *apart,
    struct assay_transport_client **out, char message[static ASSAY_LINK_MESSAGE_LEN]);
void assay_transport_client_linger(struct assay_transport_client *far, int ms);
void assay_transport_client_close(struct assay_transport_client **far);
const char *assay_transport_client_endpoint(const struct assay_transport_client *far);
void assay_transport_client_identify(struct assay_transport_client *far,
                                     const struct assay_secret32 *secret,
                                     const uint8_t public_key[static 32]);
void assay_transport_client_roster(struct assay_transport_client *far);
ASSAY_CHECKED enum assay_status assay_transport_client_peer(struct assay_transport_client *far,
                                                            uint16_t slot, const char *addresses);
void assay_transport_client_remove_peer(struct assay_transport_client *far, uint16_t slot);
bool assay_transport_client_has_peer(const struct assay_transport_client *far, uint16_t slot);
bool assay_transport_client_is_up(const struct assay_transport_client *far, uint16_t slot);
ASSAY_CHECKED enum assay_status assay_transport_client_send(struct assay_transport_client *far,
                                                            uint16_t slot, struct assay_slice frame,
                                                            uint64_t relay);
void assay_transport_client_spare(struct assay_transport_client *far, uint16_t slot,
                                  uint64_t relay);
void assay_transport_client_flush(struct assay_transport_client *far);
void assay_transport_client_pause(struct assay_transport_client *far, bool paused);
ASSAY_CHECKED enum assay_status assay_transport_client_wait(struct assay_transport_client *far,
                                                            uint64_t now_ms, struct pollfd *extra,
                                                            size_t count, int timeout_ms);
ASSAY_CHECKED enum assay_status assay_transport_client_receive(struct assay_transport_client *far,
                                                               uint16_t *slot,
                                                               enum assay_roster_key *which,
                                                               struct assay_slice *frame);
bool assay_transport_client_news(struct assay_transport_client *far,
                                 struct assay_transport_news *news);

#endif
