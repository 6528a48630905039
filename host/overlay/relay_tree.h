/*
 * host/overlay/relay_tree.h - relay tree of votes and proposals in the overlay.
 *
 * docs/protocol.md 4.12.7, 4.12.11 (as in Plumtree). For each source (the slot that signed) a node
 * has one parent, the neighbour that delivers its messages first, and prunes the neighbours that
 * deliver duplicates. Each PRUNE message has the complete state, which is valid for three
 * epochs. A neighbour that sent none receives everything. When a message of a source is late, the
 * neighbour that was asked for it replaces the parent, which cannot become parent again for eight
 * epochs. The tree affects how often a message is delivered, never whether. Pure.
 *
 *   PRUNE payload: a bitmap by slot, low bit first, up to the last byte that is not zero, one byte
 *   at least: sources whose messages the sender does not want relayed
 */
#ifndef ASSAY_HOST_OVERLAY_RELAY_TREE_H
#define ASSAY_HOST_OVERLAY_RELAY_TREE_H

#include "engine/engine.h"
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

/* A PRUNE message to send. */
struct assay_prune_message {
    uint16_t to;
    size_t len;
    uint8_t payload[ASSAY_PRUNE_LEN_MAX];
};

struct assay_relay_tree;

/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_relay_tree_size(uint32_t capacity);
/* memory: the caller's, aligned to 64, outlives it. Returns: an empty relay tree. */
struct assay_relay_tree *assay_relay_tree_init(void *memory,
                                               const struct assay_relay_tree_config *config);

/*
 * The source of a message: of a VOTE the signer's slot, of a PROPOSAL its leader, of a CERTIFICATE
 * the leader that usually sends it (engine may be NULL: none).
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
/* A VOTE_REQUEST_MISSING was sent to a member that reports to have these votes. */
void assay_relay_tree_on_request(struct assay_relay_tree *routes, const struct assay_overlay *view,
                                 uint64_t now_ms, uint16_t to, struct assay_slice payload);
/* An epoch closed. */
void assay_relay_tree_on_epoch_closed(struct assay_relay_tree *routes, uint64_t now_ms,
                                      uint64_t epoch);
/* The overlay's neighbours changed: drops the state of those that left. */
void assay_relay_tree_update(struct assay_relay_tree *routes, const struct assay_overlay *view,
                             uint64_t now_ms);
/* A neighbour restarted: it has lost its relay tree. */
void assay_relay_tree_on_restart(struct assay_relay_tree *routes, uint64_t now_ms, uint16_t slot);

/* Handles a PRUNE message, untrusted bytes. Returns: ASSAY_OK | ASSAY_E_RANGE |
 * ASSAY_E_STRANGER (no neighbour) */
ASSAY_CHECKED enum assay_status assay_relay_tree_on_prune(struct assay_relay_tree *routes,
                                                          const struct assay_overlay *view,
                                                          uint64_t now_ms, uint16_t from,
                                                          struct assay_slice payload);
/* Returns: whether a valid PRUNE of the neighbour is known. */
bool assay_relay_tree_has_prune(const struct assay_relay_tree *routes, uint64_t now_ms,
                                uint16_t slot);
/* Returns: whether the neighbour wants messages of the source; true without a PRUNE. */
bool assay_relay_tree_is_wanted(const struct assay_relay_tree *routes, uint64_t now_ms,
                                uint16_t slot, uint16_t source);
/* Next PRUNE message to send; called until false. Returns: true and *say. */
bool assay_relay_tree_next(struct assay_relay_tree *routes, uint64_t now_ms,
                           struct assay_prune_message *say);
/* Returns: the time of the next message; UINT64_MAX: none. */
uint64_t assay_relay_tree_wake_at(const struct assay_relay_tree *routes);

#endif
