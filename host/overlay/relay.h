/*
 * host/overlay/relay.h - recipients of a message: one slot, all members, or a few for a relay.
 *
 * docs/protocol.md 4.1.1: the author of a message sends it to all reachable members. Records that
 * are no ballots are relayed by each holder to ASSAY_RELAY_PEERS more, and missing ones are
 * retransmitted. A relay to all members would cost n * n frames a message without benefit in a full
 * mesh. The walk starts at a place derived from the message, shifted by the own slot: together the
 * walks of all holders cover every slot equally often. Envelopes and ballots of others are not
 * relayed: a member that lacks some requests them (4.1.4).
 *
 * With an overlay (host/overlay/overlay.h) a broadcast goes to the neighbours, and a request that
 * any member may answer goes to them in turn; a message for one member goes to it. Envelopes and
 * ballots are announced to neighbours by INVENTORY, and relayed only to neighbours that send
 * no inventory themselves (4.12.10).
 */
#ifndef ASSAY_HOST_OVERLAY_RELAY_H
#define ASSAY_HOST_OVERLAY_RELAY_H

#include "engine/messages/message.h"
#include "host/overlay/relay_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_RELAY_PEERS = 4 };

/* A message to peers; to and except as in struct assay_effect (as.send). */
struct assay_outbound_message {
    uint16_t to, except;
    enum assay_message_kind kind;
    struct assay_slice payload;
};

/* A walk over the recipients of one message. */
struct assay_relay {
    uint16_t self, to, except;
    uint16_t first; /* of a relay: start of the walk over the roster */
    uint32_t members, walked, left;
    bool few;                /* a relay */
    bool untold;             /* only to members that send no INVENTORY */
    struct assay_overlay *view; /* iterate over its neighbours; NULL: over the roster */
    const struct assay_relay_tree
        *routes;                       /* prune state for the source; NULL: none */
    uint16_t source;                   /* ASSAY_SLOT_ALL: only members with a known prune state */
    struct assay_overlay *calls; /* requested links for members that are no neighbours; NULL: links
                                  * to all exist */
    bool resumes;                /* of a vote log: its links are urgent */
    uint64_t now_ms;
};

/* Returns: whether a message is relayed for another author: to is ALL or NEAR, and a slot is
 * excluded. */
static inline bool assay_relay_is_relay(uint16_t to, uint16_t except)
{
    return (to == ASSAY_SLOT_ALL || to == ASSAY_SLOT_NEAR) && except != ASSAY_SLOT_ALL;
}
/*
 * to and except as in struct assay_effect (as.send); digest: SHA-256 of the payload, used for a
 * relay only (assay_relay_is_relay), else may be NULL; self < members (asserted).
 * Returns: the walk before its first recipient.
 */
struct assay_relay assay_relay_init(uint16_t self, uint32_t members, uint16_t to, uint16_t except,
                                    const uint8_t *digest);
/*
 * The same over an overlay in use, for a message of that kind (docs/protocol.md 4.12.6, .11).
 * source: its source in the relay tree (assay_relay_tree_source); ASSAY_SLOT_ALL: none, or a
 * retransmission by its author, which ignores the relay tree. routes: NULL without a relay tree.
 * Returns: the walk before its first recipient.
 */
struct assay_relay assay_relay_init_overlay(struct assay_overlay *view,
                                            const struct assay_relay_tree *routes, uint64_t now_ms,
                                            const struct assay_relay *wide,
                                            enum assay_message_kind kind, uint16_t source);
/*
 * The next recipient. reaches: whether a slot is reachable now; a relay skips unreachable ones, an
 * author queues its message for them.
 * Returns: true and *slot, never self; false after the last.
 */
bool assay_relay_next(struct assay_relay *relay, bool (*reaches)(void *context, uint16_t slot),
                      void *context, uint16_t *slot);

#endif
