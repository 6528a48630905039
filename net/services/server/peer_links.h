/*
 * net/services/server/peer_links.h - the links between replicas and enclaves of one group, or
 * between holders: who is who by CURVE key, as the ledger has it (docs/services.md 4.2).
 *
 * The links are those of peers (net/zmq/link.h): one door that all dial, one line out to whom one
 * speaks to, so whatever holds there against members who mean ill holds here, too. A slot of the
 * link's roster is a member's replica (0 .. ASSAY_CONT_SLOTS_MAX - 1), then an instance's newest
 * session by the places of their rows, then seats of a view that a hand-over named, last this
 * process itself.
 */
#ifndef ASSAY_NET_SERVICES_SERVER_PEER_LINKS_H
#define ASSAY_NET_SERVICES_SERVER_PEER_LINKS_H

#include "base/secret.h"
#include "services/continuity/group.h"

#include <poll.h>

enum { ASSAY_PEER_LINKS_MESSAGE_LEN = 256 };

struct assay_peer_links_config {
    const char *listen; /* HOST:PORT; port 0 takes a free one */
    uint32_t instances; /* that this process may have to answer; 0 for an enclave */
    const struct assay_secret32 *secret; /* X25519, copied; NULL: one is made */
};

struct assay_peer_links;

/* Makes the process's CURVE key, if it has none, and opens its door. Out: message says why not, for
 * people. Returns: ASSAY_OK | as assay_link_open | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_peer_links_open(
    const struct assay_peer_links_config *config, struct assay_peer_links **out,
    char message[static ASSAY_PEER_LINKS_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_peer_links_close(struct assay_peer_links **board);
/* The key, and the address with the port that was bound, in the place of host when that is not
 * NULL. Returns: ASSAY_OK | ASSAY_E_RANGE (the address is too long) */
ASSAY_CHECKED enum assay_status assay_peer_links_contact(const struct assay_peer_links *board,
                                                         const char *host,
                                                         struct assay_cont_contact *contact);
/* Who there is now; lines to those that are gone end. Returns: nothing. */
void assay_peer_links_take(struct assay_peer_links *board, const struct assay_cont_group *group);
/* The same of one member, who has this key and listens there; contact NULL: nobody does. In: slot
 * below ASSAY_CONT_SLOTS_MAX (asserted). Returns: nothing. */
void assay_peer_links_list(struct assay_peer_links *board, uint32_t slot,
                           const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                           const struct assay_cont_contact *contact);

/* Members of a view as a hand-over named them (docs/services.md 1.9.8), in the place of those
 * before; each only as long as the ledger lists nobody with its CURVE key. In: contact by seat;
 * address_len 0: not named. Returns: nothing. */
void assay_peer_links_seats(struct assay_peer_links *board, const struct assay_cont_roster *roster,
                            const struct assay_cont_contact contact[static ASSAY_CONT_SEATS_MAX]);

/* Queues a frame to the replica or holder of a key, or to whoever is in a slot; a line is dialled
 * when there is none. What cannot be sent is lost, as on any link. Returns: nothing. */
void assay_peer_links_to_replica(struct assay_peer_links *board, const uint8_t *key,
                                 struct assay_slice frame);
void assay_peer_links_to_slot(struct assay_peer_links *board, uint16_t slot,
                              struct assay_slice frame);
/* The same to the enclave of a session, while that is the newest of its instance. Returns: nothing.
 */
void assay_peer_links_to_session(struct assay_peer_links *board, const uint8_t instance[static 32],
                                 uint64_t session, struct assay_slice frame);

/* Sleeps until a frame, one of extra, or the time-out; sends what is queued. Returns: as
 * assay_link_wait */
ASSAY_CHECKED enum assay_status assay_peer_links_wait(struct assay_peer_links *board,
                                                      uint64_t now_ms, struct pollfd *extra,
                                                      size_t count, int timeout_ms);
/* What is queued leaves now. Returns: nothing. */
void assay_peer_links_flush(struct assay_peer_links *board);
/*
 * assay_peer_links_receive - the next frame of somebody who is known.
 * Out:     *slot to answer to; *from; *frame is borrowed until the next call
 * Returns: ASSAY_OK | ASSAY_E_AGAIN
 */
ASSAY_CHECKED enum assay_status assay_peer_links_receive(struct assay_peer_links *board,
                                                         uint16_t *slot,
                                                         struct assay_cont_from *from,
                                                         struct assay_slice *frame);
/* Returns: milliseconds of the monotonic clock. */
uint64_t assay_peer_links_clock_ms(void);

#endif
