/*
 * host/overlay/relay.h - recipients of a message: one slot, all members, or a few for a relay.
 *
 * docs/protocol.md 4.1.1: the author of a message sends it to everybody that it can reach. Of
 * records that are no ballots each holder passes on what others said to ASSAY_RELAY_PEERS more, and
 * what still misses is sent again. A relay to everybody would cost n * n frames a message and buy
 * nothing in a full mesh. The walk starts at a place drawn from the message, moved by the own slot:
 * together the holders' walks cover every slot equally often. Envelopes and ballots of others are
 * passed on to nobody: who lacks some asks for it (4.1.4).
 *
 * Above so many members (host/overlay/overlay.h) it is the neighbours who get what would go to
 * everybody, and what any member may answer is asked of them in turn; what is meant for one member
 * goes to it. Of envelopes and ballots neighbours are told by HAVE; they are passed on to those
 * alone who say none themselves (4.12.10).
 */
#ifndef ASSAY_HOST_OVERLAY_RELAY_H
#define ASSAY_HOST_OVERLAY_RELAY_H

#include "engine/node/message.h"
#include "host/overlay/relay_tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_RELAY_PEERS = 4 };

/* A walk over the recipients of one message. */
struct assay_relay {
    uint16_t self, to, except;
    uint16_t first; /* of a relay: where the walk over the roster begins */
    uint32_t members, walked, left;
    bool few;                /* a relay */
    bool untold;             /* only to those who say no HAVE themselves */
    struct assay_overlay *view; /* its neighbours are walked over; NULL: the roster */
    const struct assay_relay_tree
        *routes;                       /* who wants what of the source; NULL: nobody was asked */
    uint16_t source;                   /* ASSAY_SLOT_ALL: only those who said what they want */
    struct assay_overlay *calls; /* errands: links for those who are no neighbours; NULL: there are
                                 links to all */
    uint64_t now_ms;
};

/* Returns: whether a message goes out for somebody else, with ALL or NEAR and a slot that is left
 * out. */
static inline bool assay_relay_is_relay(uint16_t to, uint16_t except)
{
    return (to == ASSAY_SLOT_ALL || to == ASSAY_SLOT_NEAR) && except != ASSAY_SLOT_ALL;
}
/*
 * to and except as in struct assay_effect (as.send); digest: SHA-256 of the payload, looked at for
 * a relay alone (assay_relay_is_relay), else may be NULL; self < members (asserted).
 * Returns: the walk before its first recipient.
 */
struct assay_relay assay_relay_init(uint16_t self, uint32_t members, uint16_t to, uint16_t except,
                                    const uint8_t *digest);
/*
 * The same over a view that is used, for a message of that kind (docs/protocol.md 4.12.6, .11).
 * source: whose it is by routes (assay_relay_tree_source); ASSAY_SLOT_ALL: nobody's, or its author
 * sends it again, so that it goes where it would go without routes. routes: NULL where there are
 * none.
 * Returns: the walk before its first recipient.
 */
struct assay_relay assay_relay_init_overlay(struct assay_overlay *view,
                                            const struct assay_relay_tree *routes, uint64_t now_ms,
                                            const struct assay_relay *wide,
                                            enum assay_message_kind kind, uint16_t source);
/*
 * The next recipient. reaches: whether there is a way to a slot now; a relay looks for others when
 * there is none, an author leaves what it sends for the time when there is one again.
 * Returns: true and *slot, never self; false after the last.
 */
bool assay_relay_next(struct assay_relay *relay, bool (*reaches)(void *context, uint16_t slot),
                      void *context, uint16_t *slot);

#endif
