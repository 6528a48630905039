/*
 * host/overlay/intake.h - intake of admitted messages: duplicates, the engine's step, relay,
 * strikes.
 *
 * The only way of a peer's message to the engine, used by the daemon and the simulator
 * (docs/protocol.md 4.12.7, 10.5.1): a message that the engine accepted before is not processed
 * again, one that verified is relayed, and each result counts for or against the sender. Pure; what
 * a host does is behind an operations table.
 */
#ifndef ASSAY_HOST_OVERLAY_INTAKE_H
#define ASSAY_HOST_OVERLAY_INTAKE_H

#include "host/overlay/admission.h"
#include "host/overlay/overlay_driver.h"

/* All functions are set; none calls back into the intake. */
struct assay_intake_operations {
    void *context;
    /* SHA-256 of the payload of a message that arrives from several peers. The sender has it: a
     * copy that still waits to be relayed to it can be dropped. Called once for each such message.
     */
    void (*hash)(void *context, uint16_t from, struct assay_slice payload,
                 uint8_t digest[static 32]);
    /* Steps the engine. Returns: true and *status; false: the node has stopped, nothing more is
     * done for this message. */
    bool (*step)(void *context, struct assay_event *event, enum assay_status *status);
    /* Relays a message to all neighbours except the sender. resent: its author retransmitted it. It
     * is verified and of another author, so it may leave before a commit. */
    void (*relay)(void *context, uint16_t from, enum assay_message_kind kind,
                  struct assay_slice payload, bool resent);
    /* The sender is banned from now on, for invalid signatures. */
    void (*on_banned)(void *context, uint16_t slot);
};

/* All set by the caller, which owns what they point to. */
struct assay_intake {
    struct assay_admission *admission;
    struct assay_overlay_driver *driver;
    struct assay_gossip *gossip;
    struct assay_intake_operations operations;
};

/* Delivers a message that assay_admission_check_frame or _message took; from: its sender, a slot of
 * the roster. */
void assay_intake_deliver(const struct assay_intake *intake, uint64_t now_ms, uint16_t from,
                          enum assay_message_kind kind, struct assay_slice payload);

#endif
