/*
 * host/overlay/relay_tree.h - relay tree of votes and proposals in the overlay.
 *
 * docs/protocol.md 4.12.7, 4.12.11. Of each source (the slot that signed) a node keeps one parent,
 * the neighbour that brings its messages first, and asks the neighbours that bring them again not
 * to. What a neighbour asks is told whole in each ROUTE message, and holds for three epochs. A
 * neighbour that said none gets what it got before there were routes. When something of a source
 * is late the parent loses its place to the one that was requested it, and does not get it back for
 * eight epochs. Routes decide how often a message comes, never whether it may. Pure.
 *
 *   ROUTE payload: a bitmap by slot, low bit first, up to the last byte that is not zero, one byte
 *   at least: of whom the sender wants nothing passed on to it
 */
#ifndef ASSAY_HOST_OVERLAY_RELAY_TREE_H
#define ASSAY_HOST_OVERLAY_RELAY_TREE_H

#include "engine/node/engine.h"
#include "host/overlay/overlay.h"

#include "base/bytes.h"

enum {
    ASSAY_PRUNE_LEN_MAX = 128, /* a bit for each of 1024 slots */
    ASSAY_PRUNE_LASTS_EPOCHS = 3,
    ASSAY_PRUNE_LATE_EPOCHS = 8,
};

struct assay_relay_tree_config {
    uint16_t self;
    uint32_t capacity; /* slots at most, 8 * ASSAY_PRUNE_LEN_MAX or fewer (asserted) */
    uint32_t epoch_ms;
};

/* A ROUTE message to be sent. */
struct assay_prune_message {
    uint16_t to;
    size_t len;
    uint8_t payload[ASSAY_PRUNE_LEN_MAX];
};

struct assay_relay_tree;

/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_relay_tree_size(uint32_t capacity);
/* memory: the caller's, aligned to 64, outlives it. Returns: routes of nobody. */
struct assay_relay_tree *assay_relay_tree_init(void *memory,
                                               const struct assay_relay_tree_config *config);

/*
 * Whose message it is: of a VOTE the slot that signed it, of a PROPOSAL its leader, of a
 * CERTIFICATE the leader who sends it as a rule (engine may be NULL: nobody).
 * Returns: a slot below capacity; ASSAY_SLOT_ALL: of another kind, or no such message
 */
uint16_t assay_relay_tree_source(const struct assay_relay_tree *routes,
                                 const struct assay_engine *engine, enum assay_message_kind kind,
                                 struct assay_slice payload);
/* A VOTE or PROPOSAL was received from a member: for the first time, and was accepted, or once
 * more. */
void assay_relay_tree_on_message(struct assay_relay_tree *routes, const struct assay_overlay *view,
                                 uint64_t now_ms, uint16_t from, enum assay_message_kind kind,
                                 struct assay_slice payload, bool first);
/* A VOTE_LACK of our own goes to one that says that it has these votes. */
void assay_relay_tree_on_request(struct assay_relay_tree *routes, const struct assay_overlay *view,
                                 uint64_t now_ms, uint16_t to, struct assay_slice payload);
/* An epoch closed. */
void assay_relay_tree_on_epoch_closed(struct assay_relay_tree *routes, uint64_t now_ms,
                                      uint64_t epoch);
/* The view has other neighbours now: the state of those who left is forgotten. */
void assay_relay_tree_update(struct assay_relay_tree *routes, const struct assay_overlay *view,
                             uint64_t now_ms);
/* A neighbour restarted: it knows of no routes. */
void assay_relay_tree_on_restart(struct assay_relay_tree *routes, uint64_t now_ms, uint16_t slot);

/* A ROUTE message, hostile bytes. Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_STRANGER (no
 * neighbour) */
ASSAY_CHECKED enum assay_status assay_relay_tree_on_prune(struct assay_relay_tree *routes,
                                                          const struct assay_overlay *view,
                                                          uint64_t now_ms, uint16_t from,
                                                          struct assay_slice payload);
/* Returns: whether a neighbour says of whom it wants nothing. */
bool assay_relay_tree_has_prune(const struct assay_relay_tree *routes, uint64_t now_ms,
                                uint16_t slot);
/* Returns: whether it wants what a source says; true where it said nothing. */
bool assay_relay_tree_is_wanted(const struct assay_relay_tree *routes, uint64_t now_ms,
                                uint16_t slot, uint16_t source);
/* What is to be said now; called until false. Returns: true and *say. */
bool assay_relay_tree_next(struct assay_relay_tree *routes, uint64_t now_ms,
                           struct assay_prune_message *say);
/* Returns: when assay_relay_tree_next has something to say; UINT64_MAX: never. */
uint64_t assay_relay_tree_wake_at(const struct assay_relay_tree *routes);

#endif
