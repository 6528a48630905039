/*
 * host/overlay/overlay.h - partial-mesh overlay for large networks: neighbour selection. Pure; time
 * is an argument.
 *
 * docs/protocol.md 4.12.1: every node has degree to 2 * degree neighbours. Seven eighths of degree
 * are of its own choice (outbound), whatever others want: who dials us cannot choose whom we
 * dial. Whom a member may ask is fixed, a few of all, so that nobody can ask everybody. Own choices
 * are drawn by a seed that nobody else knows, spread over operators and groups of addresses; the
 * first two are anchors, members of the genesis, which stay while they answer. Every few epochs one
 * other own choice gives way to a new one, and all do while no block becomes final. Everybody else
 * on the roster is the passive view: whoever did not answer waits, ever longer.
 *
 * A link is held to neighbours and to those who were asked to become one. A message to another
 * member (an errand: an answer, a resume) holds one for a moment.
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
    ASSAY_OVERLAY_ABOVE = 64, /* members: with fewer everybody is everybody's neighbour */
    ASSAY_OVERLAY_DEGREE = 8,
    ASSAY_OVERLAY_DEGREE_MAX = 32,
    ASSAY_OVERLAY_NEIGHBOURS_MAX = 2 * ASSAY_OVERLAY_DEGREE_MAX,
    ASSAY_OVERLAY_ANCHORS = 2,
    ASSAY_OVERLAY_ROTATE_EPOCHS = 4,
    ASSAY_OVERLAY_REQUESTED_MAX = 128, /* a resume asks every voter at once */
    ASSAY_OVERLAY_REFUSALS = 4,      /* said aloud within the time of one answer; else silence */
};

/* On the wire: never reused. */
enum assay_overlay_verb {
    ASSAY_OVERLAY_JOIN = 1,
    ASSAY_OVERLAY_ACCEPT = 2,
    ASSAY_OVERLAY_REFUSE = 3,
    ASSAY_OVERLAY_LEAVE = 4,
};

/* State of a member. All zero: it cannot be a neighbour. */
struct assay_overlay_peer {
    bool usable; /* a member that is not gone, whose address is known; not oneself */
    bool first;  /* of the genesis */
    bool voter;  /* of weight: whose answer counts when a node resumes */
    uint32_t operator_, group;
};

struct assay_overlay_config {
    uint16_t self;
    uint32_t capacity; /* slots at most */
    uint32_t above;    /* with more members the view is used */
    uint32_t degree;   /* 1 .. ASSAY_OVERLAY_DEGREE_MAX (asserted) */
    uint32_t epoch_ms;
    uint8_t network[8]; /* of the chain id: the same for all */
    uint8_t seed[32]; /* secret: who knows it knows whom we choose */
};

enum assay_overlay_action_kind {
    ASSAY_OVERLAY_LINK,   /* dial the member */
    ASSAY_OVERLAY_UNLINK, /* hang up */
    ASSAY_OVERLAY_SEND,   /* a NEIGHBOUR message; there is a link */
};

struct assay_overlay_action {
    enum assay_overlay_action_kind kind;
    uint16_t slot;
    enum assay_overlay_verb word;
};

/* Of now, for operators and tests. */
struct assay_overlay_figures {
    uint32_t outbound, inbound, asked, errands;
};

struct assay_overlay;

/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_overlay_size(uint32_t capacity);
/* memory: the caller's, aligned to 64, outlives it. Returns: the view, of nobody. */
struct assay_overlay *assay_overlay_init(void *memory, const struct assay_overlay_config *config);
/* The roster has so many slots now (at most the capacity, asserted). */
void assay_overlay_set_members(struct assay_overlay *view, uint32_t members);
/* State of a member now; a neighbour that is not usable any more is dropped. */
void assay_overlay_peer(struct assay_overlay *view, uint64_t now_ms, uint16_t slot,
                        const struct assay_overlay_peer *peer);
/* Returns: whether there are so many members that it decides who gets what. */
bool assay_overlay_is_used(const struct assay_overlay *view);
/* A NEIGHBOUR message. Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 * ASSAY_E_UNSUPPORTED (no such word) | ASSAY_E_RATE (asked too often) | ASSAY_E_INVALID (it may
 * not ask us) | ASSAY_E_STRANGER */
ASSAY_CHECKED enum assay_status assay_overlay_on_neighbour(struct assay_overlay *view,
                                                           uint64_t now_ms, uint16_t from,
                                                           const uint8_t *payload,
                                                           size_t payload_len);
/* Any other message of a member came: it lives. */
void assay_overlay_on_message(struct assay_overlay *view, uint64_t now_ms, uint16_t from);
/* A HAVE of a member came: it tells what it holds, and asks for what it lacks. */
void assay_overlay_on_inventory(struct assay_overlay *view, uint64_t now_ms, uint16_t from);
/* Returns: whether one came within two epochs, or it was no neighbour for this long as to say one.
 */
bool assay_overlay_sends_inventory(const struct assay_overlay *view, uint64_t now_ms,
                                   uint16_t slot);
/* An epoch closed: the time for a new choice. */
void assay_overlay_on_epoch_closed(struct assay_overlay *view, uint64_t now_ms, uint64_t epoch);
/* A message is to go to a member that need not be a neighbour: there is a link, or there will be.
 * Returns: false: there is none to be had, too many are held already. */
bool assay_overlay_request_link(struct assay_overlay *view, uint64_t now_ms, uint16_t to);
/* What is to be done now; called until false. Returns: true and *action. */
bool assay_overlay_next(struct assay_overlay *view, uint64_t now_ms,
                        struct assay_overlay_action *action);
/* Returns: when assay_overlay_next has something to say without another call; UINT64_MAX: never. */
uint64_t assay_overlay_wake_at(const struct assay_overlay *view);

/* Returns: neighbours, and those who were asked. */
uint32_t assay_overlay_count(const struct assay_overlay *view);
/* Returns: the k-th of them, k < count (asserted), by slot. */
uint16_t assay_overlay_get(const struct assay_overlay *view, uint32_t k);
/* Returns: whether it is one of them. */
bool assay_overlay_has(const struct assay_overlay *view, uint16_t slot);
/* Returns: whether it has weight. */
bool assay_overlay_is_voter(const struct assay_overlay *view, uint16_t slot);
/* Returns: whether it is a neighbour of our own choice. */
bool assay_overlay_is_outbound(const struct assay_overlay *view, uint16_t slot);
/* Another neighbour at each call, in turn: whom to ask for what anybody may have.
 * Returns: true and *slot when there is one. */
bool assay_overlay_next_neighbour(struct assay_overlay *view, uint16_t *slot);
/* Out: *figures. */
void assay_overlay_get_figures(const struct assay_overlay *view,
                               struct assay_overlay_figures *figures);

#endif
