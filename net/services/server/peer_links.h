/*
 * net/services/server/peer_links.h - authenticated connections between the holders of shares, or of
 * a group key; the ledger lists the CURVE key of each (docs/services.md 4.2).
 *
 * The connections are those of peers (net/zmq/link.h): one listening socket per process and one
 * outgoing connection per destination, with the same protection against malicious members. A slot
 * of the link's roster is a member's holder (0 .. ASSAY_CONT_SLOTS_MAX - 1), last this process
 * itself.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_PEER_LINKS_H
#define ASSAY_NET_SERVICES_SERVER_PEER_LINKS_H

#include "base/secret.h"
#include "services/continuity/group.h"

#include <poll.h>

enum { ASSAY_PEER_LINKS_MESSAGE_LEN = 256 };

struct assay_peer_links_config {
    const char *listen;                  /* HOST:PORT; port 0 selects a free one */
    const struct assay_secret32 *secret; /* X25519, copied; NULL: generated */
};

struct assay_peer_links;

/* Generates the process's CURVE key, unless it was given, and opens the listening socket. Out:
 * message: the reason of a failure. Returns: ASSAY_OK | as assay_link_open | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_links_open(const struct assay_peer_links_config *config,
                                                 struct assay_peer_links **out,
                                                 char message[static ASSAY_PEER_LINKS_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_links_close(struct assay_peer_links **links);
/* The key, and the address with the bound port; host, unless NULL, replaces the address. Returns:
 * ASSAY_OK | ASSAY_E_RANGE (the address is too long) */
ASSAY_CHECKED enum assay_status assay_links_contact(const struct assay_peer_links *links,
                                                    const char *host,
                                                    struct assay_cont_contact *contact);
/* Sets one member with its key and contact; contact NULL: removes it. In: slot below
 * ASSAY_CONT_SLOTS_MAX (asserted). */
void assay_links_set_member(struct assay_peer_links *links, uint32_t slot,
                            const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                            const struct assay_cont_contact *contact);

/* Queues a frame to the holder of a key, or to the party in a slot; connects when there
 * is no connection. A frame that cannot be sent is dropped. */
void assay_links_send_to_replica(struct assay_peer_links *links, const uint8_t *key,
                                 struct assay_slice frame);
void assay_links_send_to_slot(struct assay_peer_links *links, uint16_t slot,
                              struct assay_slice frame);
/* Waits until a frame, an event of extra, or the timeout; sends queued frames. Returns: as
 * assay_link_wait */
ASSAY_CHECKED enum assay_status assay_links_wait(struct assay_peer_links *links, uint64_t now_ms,
                                                 struct pollfd *extra, size_t count,
                                                 int timeout_ms);
/* Sends queued frames now. */
void assay_links_flush(struct assay_peer_links *links);
/*
 * assay_links_receive - the next frame of a listed party.
 * Out:     *slot to answer to; *from; *frame is borrowed until the next call
 * Returns: ASSAY_OK | ASSAY_E_AGAIN
 */
ASSAY_CHECKED enum assay_status assay_links_receive(struct assay_peer_links *links, uint16_t *slot,
                                                    struct assay_cont_from *from,
                                                    struct assay_slice *frame);

#endif
