/*
 * net/services/continuity/replica_links.h - TLS connections that a replica accepts from enclaves
 * and other replicas, and those that it dials to other replicas (docs/services.md 4.2).
 *
 * A slot is a member's replica (0 .. ASSAY_CONT_SLOTS_MAX - 1), then an instance's newest session
 * by the places of their rows. An enclave is answered over its own connection and never dialled. A
 * replica receives from another one over the connection that the other one has dialled, and sends
 * over its own. Not thread-safe: one thread calls.
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_REPLICA_LINKS_H
#define ASSAY_NET_SERVICES_CONTINUITY_REPLICA_LINKS_H

#include "base/secret.h"
#include "services/continuity/group.h"

#include <poll.h>

enum { ASSAY_REPLICA_LINKS_MESSAGE_LEN = 256 };

struct assay_replica_links_config {
    const char *listen;                  /* HOST:PORT; port 0 selects a free one */
    uint32_t instances;                  /* that this process may have to answer */
    const struct assay_secret32 *secret; /* X25519, copied */
};

struct assay_replica_links;

/* Out: message: the reason of a failure. Returns: ASSAY_OK | as assay_tls_server_open */
ASSAY_CHECKED enum assay_status assay_replica_links_open(
    const struct assay_replica_links_config *config, struct assay_replica_links **out,
    char message[static ASSAY_REPLICA_LINKS_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_replica_links_close(struct assay_replica_links **links);
/* The key, and the address with the bound port; host, unless NULL, replaces the address. Returns:
 * ASSAY_OK | ASSAY_E_RANGE (the address is too long) */
ASSAY_CHECKED enum assay_status assay_replica_links_contact(const struct assay_replica_links *links,
                                                            const char *host,
                                                            struct assay_cont_contact *contact);
/* Sets the parties to those of the group, and the chain to its own; closes connections of parties
 * that are no longer listed. */
void assay_replica_links_apply(struct assay_replica_links *links,
                               const struct assay_cont_group *group);

/* Queues a frame to the replica of a key, to the party in a slot, or to the enclave of a session
 * while that is the newest session of its instance. A frame that cannot be sent is dropped. */
void assay_replica_links_send_to_key(struct assay_replica_links *links, const uint8_t *key,
                                     struct assay_slice frame);
void assay_replica_links_send_to_slot(struct assay_replica_links *links, uint16_t slot,
                                      struct assay_slice frame);
void assay_replica_links_send_to_session(struct assay_replica_links *links,
                                         const uint8_t instance[static 32], uint64_t session,
                                         struct assay_slice frame);

/* Waits until a frame, an event of extra, or the timeout. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_replica_links_wait(struct assay_replica_links *links,
                                                         struct pollfd *extra, int timeout_ms);
/* Sends queued frames now. */
void assay_replica_links_flush(struct assay_replica_links *links);
/* The next frame of a listed party. Out: *slot to answer to; *from; *frame is borrowed until the
 * next call. Returns: ASSAY_OK | ASSAY_E_AGAIN */
ASSAY_CHECKED enum assay_status assay_replica_links_receive(struct assay_replica_links *links,
                                                            uint16_t *slot,
                                                            struct assay_cont_from *from,
                                                            struct assay_slice *frame);

#endif
