/*
 * host/overlay/overlay_driver.h - overlay and relay tree of a node, run over an operations table.
 *
 * The only driver of host/overlay/overlay.h and host/overlay/relay_tree.h, used by the daemon
 * (links of the transport process) and by the simulator (modelled links). In a full mesh, with up
 * to ASSAY_OVERLAY_ABOVE members, there is no overlay and every function is without effect. Pure.
 */
#ifndef ASSAY_HOST_OVERLAY_OVERLAY_DRIVER_H
#define ASSAY_HOST_OVERLAY_OVERLAY_DRIVER_H

#include "host/overlay/relay.h"

/* Links of a node. All functions are set; none calls back into the driver. */
struct assay_overlay_links {
    void *context;
    void (*open)(void *context, uint16_t slot);
    /* Closes a link once the messages that were sent over it have left. */
    void (*close)(void *context, uint16_t slot);
    /* Sends a NEIGHBOUR or PRUNE message over an existing link. */
    void (*send)(void *context, uint16_t to, enum assay_message_kind kind,
                 struct assay_slice payload);
};

struct assay_overlay_driver {
    uint16_t self;
    struct assay_overlay *overlay; /* NULL: full mesh */
    struct assay_relay_tree *tree; /* NULL as well */
    struct assay_overlay_links links;
};

/* Returns: bytes of memory that init needs, aligned to 64. */
size_t assay_overlay_driver_size(uint32_t capacity);
/* memory: the caller's, aligned to 64, outlives it; NULL: a full mesh, of config only self is read.
 * Out: *d, without members. */
void assay_overlay_driver_init(struct assay_overlay_driver *d, void *memory,
                               const struct assay_overlay_config *config,
                               const struct assay_overlay_links *links);
/* Returns: whether only neighbours have links. */
bool assay_overlay_driver_is_used(const struct assay_overlay_driver *d);

/* Opens and closes links, and sends NEIGHBOUR and PRUNE messages, as far as they are due. Called
 * after each of the functions below, or at assay_overlay_driver_wake_at. */
void assay_overlay_driver_apply(struct assay_overlay_driver *d, uint64_t now_ms);
/* Returns: the time of the next action; UINT64_MAX: none. */
uint64_t assay_overlay_driver_wake_at(const struct assay_overlay_driver *d);

/* Handles a NEIGHBOUR message, untrusted bytes. Returns: as assay_overlay_on_neighbour;
 * ASSAY_E_INVALID in a full mesh, where every member is a neighbour. */
ASSAY_CHECKED enum assay_status assay_overlay_driver_on_neighbour(struct assay_overlay_driver *d,
                                                                  uint64_t now_ms, uint16_t from,
                                                                  struct assay_slice payload);
/* Handles a PRUNE message, untrusted bytes. Returns: as assay_relay_tree_on_prune;
 * ASSAY_E_STRANGER in a full mesh. */
ASSAY_CHECKED enum assay_status assay_overlay_driver_on_prune(struct assay_overlay_driver *d,
                                                              uint64_t now_ms, uint16_t from,
                                                              struct assay_slice payload);
/* A message of a member was admitted: it is alive. */
void assay_overlay_driver_on_admitted(struct assay_overlay_driver *d, uint64_t now_ms,
                                      uint16_t from);
/* An INVENTORY was received. */
void assay_overlay_driver_on_inventory(struct assay_overlay_driver *d, uint64_t now_ms,
                                       uint16_t from);
/* A message that nodes relay was received; status: the engine's, or ASSAY_E_DUPLICATE. */
void assay_overlay_driver_on_relayed(struct assay_overlay_driver *d, uint64_t now_ms, uint16_t from,
                                     enum assay_message_kind kind, struct assay_slice payload,
                                     enum assay_status status);
/* A VOTE_REQUEST_MISSING was sent to a member. */
void assay_overlay_driver_on_request(struct assay_overlay_driver *d, uint64_t now_ms, uint16_t to,
                                     struct assay_slice payload);
/* An epoch closed; the members' state was set before (assay_overlay_set_members, _peer). */
void assay_overlay_driver_on_epoch_closed(struct assay_overlay_driver *d, uint64_t now_ms,
                                          uint64_t epoch);

/*
 * Recipients of a message (docs/protocol.md 4.1.1, 4.12.6, 4.12.11).
 *
 * In:       members: of the roster, above self
 *           digest: SHA-256 of the payload, of a relay (assay_relay_is_relay); else it may be NULL
 *           resent: its author retransmitted it, so the relay tree is ignored
 * Returns:  the walk before its first recipient
 */
struct assay_relay assay_overlay_driver_route(const struct assay_overlay_driver *d,
                                              const struct assay_engine *engine, uint64_t now_ms,
                                              uint32_t members,
                                              const struct assay_outbound_message *message,
                                              const uint8_t *digest, bool resent);

#endif
