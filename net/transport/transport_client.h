/*
 * net/transport/transport_client.h - the core's side of a transport in a process of its own: what
 * it is told, what it says, and another one when it falls. Functions as in
 * net/transport/transport.h.
 */
#ifndef ASSAY_NET_TRANSPORT_TRANSPORT_CLIENT_H
#define ASSAY_NET_TRANSPORT_TRANSPORT_CLIENT_H

#include "net/transport/transport.h"

struct assay_far;

/* Each Returns: as its like in net/transport/transport.h. */
ASSAY_CHECKED enum assay_status assay_far_open(const struct assay_link_config *config,
                                               const struct assay_transport_apart *apart,
                                               struct assay_far **out,
                                               char message[static ASSAY_LINK_MESSAGE_LEN]);
void assay_far_linger(struct assay_far *far, int ms);
void assay_far_close(struct assay_far **far);
const char *assay_far_endpoint(const struct assay_far *far);
void assay_far_identify(struct assay_far *far, const struct assay_secret32 *secret,
                        const uint8_t public_key[static 32]);
void assay_far_roster(struct assay_far *far);
ASSAY_CHECKED enum assay_status assay_far_peer(struct assay_far *far, uint16_t slot,
                                               const char *addresses);
void assay_far_forget(struct assay_far *far, uint16_t slot);
bool assay_far_has_peer(const struct assay_far *far, uint16_t slot);
bool assay_far_is_up(const struct assay_far *far, uint16_t slot);
ASSAY_CHECKED enum assay_status assay_far_send(struct assay_far *far, uint16_t slot,
                                               struct assay_slice frame, uint64_t relay);
void assay_far_spare(struct assay_far *far, uint16_t slot, uint64_t relay);
void assay_far_flush(struct assay_far *far);
void assay_far_pause(struct assay_far *far, bool paused);
ASSAY_CHECKED enum assay_status assay_far_wait(struct assay_far *far, uint64_t now_ms,
                                               struct pollfd *extra, size_t count, int timeout_ms);
ASSAY_CHECKED enum assay_status assay_far_receive(struct assay_far *far, uint16_t *slot,
                                                  enum assay_roster_key *which,
                                                  struct assay_slice *frame);
bool assay_far_news(struct assay_far *far, struct assay_transport_news *news);

#endif
