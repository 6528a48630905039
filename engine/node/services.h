/*
 * engine/node/services.h - the registry of services beside the head: closing with it, coming back
 * with it, and records of this node's own programs (docs/protocol.md 12).
 */
#ifndef ASSAY_ENGINE_NODE_SERVICES_H
#define ASSAY_ENGINE_NODE_SERVICES_H

#include "engine/node/engine.h"
#include "engine/ledger/state/ledger.h"

/* So many epochs back a document that a state names is stored at the latest. */
enum { ASSAY_SERVICE_KEPT_EPOCHS = 32 };

struct assay_services_state {
    void *registry; /* of head->state; of use when nothing is missing */
    struct assay_service_room room; /* room.registry: of head->next */
    struct assay_service_log closed; /* of the epoch before the running one, for the host */
    uint64_t missing; /* documents of the state that are not here, a bit each */
    uint64_t asked_ms;
    uint32_t turn; /* whom to ask */
    /* Of this node, in the running epoch. */
    uint64_t numbers;   /* that it used, a bit each */
    uint32_t submitted_count;
    uint8_t submitted[ASSAY_SERVICE_NUMBERS][32]; /* digests of kind and payload */
};

/* The genesis, or a state whose documents are still to come, is the head. */
void assay_services_init(struct assay_engine *e, struct assay_state *genesis);
/* The head is a state that came from outside. */
void assay_services_on_new_head(struct assay_engine *e);
/* Is the registry of the head not whole? Then no epoch can be closed here. Returns: whether so. */
bool assay_services_has_missing(const struct assay_engine *e);
/* A stored document: taken when the head names it. */
void assay_services_restore(struct assay_engine *e, struct assay_slice document);
/* A record of this node's own that was stored: its number is not used again. */
void assay_services_restore_record(struct assay_engine *e,
                                   const struct assay_service_body *service);
/* Bytes of the step's memory that the documents of a close take at most. Returns: 0 without. */
size_t assay_services_len_max(const struct assay_engine *e);
/* And effects, at most. Returns: 0 without. */
size_t assay_services_effects(const struct assay_engine *e);
/* Documents of head->next that must be kept for this boundary, where `all`: every one. */
void assay_services_persist(struct assay_engine *e, const struct assay_store_key *key, bool all);
/* head->next becomes the state. ledger: of the epoch that closed. */
void assay_services_advance(struct assay_engine *e, const struct assay_ledger *ledger);
/* The epoch turned: own numbers begin anew. */
void assay_services_on_epoch(struct assay_engine *e);
/* Asks for what is missing. */
void assay_services_tick(struct assay_engine *e);
/* Returns: when that is due; UINT64_MAX: never. */
uint64_t assay_services_wake(const struct assay_engine *e);
/* A document that was asked for. Returns: ASSAY_OK | ASSAY_E_STALE (nobody asked) |
 * ASSAY_E_NOT_FOUND | ASSAY_E_AGAIN (no room) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_services_receive_document(struct assay_engine *e,
                                                                uint16_t from,
                                                                struct assay_slice payload);
/* A program of this node has something to say. Returns: as ASSAY_EVENT_SUBMIT */
ASSAY_CHECKED enum assay_status assay_services_submit(struct assay_engine *e, uint32_t kind,
                                                      struct assay_slice payload);

#endif
