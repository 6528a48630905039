/*
 * host/overlay/overlay.h - partial-mesh overlay for large networks: neighbour selection.
 *
 * Pure; time is an argument. docs/protocol.md 4.12.1: every node has degree to 2 * degree
 * neighbours. Seven eighths of degree are outbound, of its own choice and independent of inbound
 * requests: a node that dials us cannot choose whom we dial. The members that one may ask are
 * fixed, a few of all, so that no member can ask all others. Outbound neighbours are drawn with a
 * secret seed, and spread over operators and address groups; the first two are anchors, members of
 * the genesis, which stay while they answer. Every few epochs one outbound neighbour is replaced,
 * and all are while no block becomes final. All other members are the passive view: those that did
 * not answer wait, with exponential back-off.
 *
 * Links exist to neighbours and to members that were asked to become one. A message to another
 * member (an answer, a resume) uses a requested link for a moment.
 *
 *   NEIGHBOUR payload: one byte, enum assay_overlay_verb
 */
#ifndef ASSAY_HOST_OVERLAY_OVERLAY_H
#define ASSAY_HOST_OVERLAY_OVERLAY_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_OVERLAY_ABOVE = 64, /* members: full mesh up to this number */
    ASSAY_OVERLAY_DEGREE = 8,
    ASSAY_OVERLAY_DEGREE_MAX = 32,
    ASSAY_OVERLAY_NEIGHBOURS_MAX = 2 * ASSAY_OVERLAY_DEGREE_MAX,
    ASSAY_OVERLAY_ANCHORS = 2,
    ASSAY_OVERLAY_ROTATE_EPOCHS = 4,
    ASSAY_OVERLAY_REQUESTED_MAX = 128, /* a resume asks all voters at once, 100 at most */
    ASSAY_OVERLAY_REFUSALS = 4, /* sent within the time of one answer; further ones are silent */
};

/* Wire values: never reused. */
enum assay_overlay_verb {
    ASSAY_OVERLAY_JOIN = 1,
    ASSAY_OVERLAY_ACCEPT = 2,
    ASSAY_OVERLAY_REFUSE = 3,
    ASSAY_OVERLAY_LEAVE = 4,
};

/* State of a member. All zero: it cannot be a neighbour. */
struct assay_overlay_peer {
    bool usable; /* a current member with a known address; not this node */
    bool first;  /* of the genesis */
    bool voter;  /* has weight: its answer counts when a node resumes */
    uint32_t operator_, group;
};

struct assay_overlay_config {
    uint16_t self;
    uint32_t capacity; /* slots at most */
    uint32_t above;    /* the overlay is used above this number of members */
    uint32_t degree;   /* 1 .. ASSAY_OVERLAY_DEGREE_MAX (asserted) */
    uint32_t epoch_ms;
    uint8_t network[8]; /* of the chain id: equal on all members */
    uint8_t seed[32]; /* secret: it determines our choices */
};

enum assay_overlay_action_kind {
    ASSAY_OVERLAY_LINK,   /* dial the member */
    ASSAY_OVERLAY_UNLINK, /* hang up */
    ASSAY_OVERLAY_SEND,   /* send a NEIGHBOUR message; the link exists */
};

struct assay_overlay_action {
    enum assay_overlay_action_kind kind;
    uint16_t slot;
    enum assay_overlay_verb word;
};

/* Current figures, for operators and tests. */
struct assay_overlay_figures {
    uint32_t outbound, inbound, asked, transient_links;
};

struct assay_overlay;

/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_overlay_size(uint32_t capacity);
/* memory: the caller's, aligned to 64, outlives it. Returns: the overlay, without members. */
struct assay_overlay *assay_overlay_init(void *memory, const struct assay_overlay_config *config);
/* Sets the size of the roster (at most the capacity, asserted). */
void assay_overlay_set_members(struct assay_overlay *view, uint32_t members);
/* Sets the state of a member; a neighbour that is not usable any more is dropped. */
void assay_overlay_peer(struct assay_overlay *view, uint64_t now_ms, uint16_t slot,
                        const struct assay_overlay_peer *peer);
/* Returns: whether the number of members requires the overlay. */
bool assay_overlay_is_used(const struct assay_overlay *view);
/* Handles a NEIGHBOUR message. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (no such verb) | ASSAY_E_RATE (asked too often) | ASSAY_E_INVALID (it may not
 * ask us) | ASSAY_E_STRANGER */
ASSAY_CHECKED enum assay_status assay_overlay_on_neighbour(struct assay_overlay *view,
                                                           uint64_t now_ms, uint16_t from,
                                                           const uint8_t *payload,
                                                           size_t payload_len);
/* Any other message of a member was received: it is alive. */
void assay_overlay_on_message(struct assay_overlay *view, uint64_t now_ms, uint16_t from);
/* An INVENTORY of a member was received: it lists its messages, and requests missing ones.
 */
void assay_overlay_on_inventory(struct assay_overlay *view, uint64_t now_ms, uint16_t from);
/* Returns: whether one was received within two epochs, or it became a neighbour too recently for
 * one. */
bool assay_overlay_sends_inventory(const struct assay_overlay *view, uint64_t now_ms,
                                   uint16_t slot);
/* An epoch closed: neighbours may be replaced. */
void assay_overlay_on_epoch_closed(struct assay_overlay *view, uint64_t now_ms, uint64_t epoch);
/* Requests a link for a message to a member that need not be a neighbour; urgent: for a vote log,
 * before which all other such links give way. Returns: whether there is or will be a link; false:
 * too many are open already. */
bool assay_overlay_request_link(struct assay_overlay *view, uint64_t now_ms, uint16_t to,
                                bool urgent);
/* Next due action; called until false. Returns: true and *action. */
bool assay_overlay_next(struct assay_overlay *view, uint64_t now_ms,
                        struct assay_overlay_action *action);
/* Returns: the time of the next due action; UINT64_MAX: none. */
uint64_t assay_overlay_wake_at(const struct assay_overlay *view);

/* Returns: the number of neighbours and of members asked to become one. */
uint32_t assay_overlay_count(const struct assay_overlay *view);
/* Returns: the k-th of these, k < count (asserted), by slot. */
uint16_t assay_overlay_get(const struct assay_overlay *view, uint32_t k);
/* Returns: whether the member is one of these. */
bool assay_overlay_has(const struct assay_overlay *view, uint16_t slot);
/* Returns: whether the member has weight. */
bool assay_overlay_is_voter(const struct assay_overlay *view, uint16_t slot);
/* Returns: whether it is an outbound neighbour. */
bool assay_overlay_is_outbound(const struct assay_overlay *view, uint16_t slot);
/* Round-robin over neighbours, for requests that any of them can answer.
 * Returns: true and *slot when there is one. */
bool assay_overlay_next_neighbour(struct assay_overlay *view, uint16_t *slot);
/* Out: *figures. */
void assay_overlay_get_figures(const struct assay_overlay *view,
                               struct assay_overlay_figures *figures);

#endif
