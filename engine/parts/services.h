/*
 * engine/parts/services.h - registry of services at the head: close, restore, and records of this
 * node's own programs (docs/protocol.md 12).
 */
#ifndef ASSAY_ENGINE_PARTS_SERVICES_H
#define ASSAY_ENGINE_PARTS_SERVICES_H

#include "engine/engine.h"
#include "engine/ledger/records/ledger.h"

/* Within this number of epochs a document that a state names is stored again. */
enum { ASSAY_SERVICE_KEPT_EPOCHS = 32 };

struct assay_services_state {
    void *registry; /* of head->state; valid when nothing is missing */
    struct assay_service_room room; /* room.registry: of head->next */
    struct assay_service_log closed; /* of the epoch before the running one, for the host */
    uint64_t missing; /* missing documents of the state, a bit each */
    uint64_t asked_ms;
    uint32_t turn; /* next peer to query */
    /* Of this node, in the running epoch. */
    struct assay_own_services {
        uint64_t numbers; /* numbers that it used, a bit each */
        uint32_t submitted_count;
        uint8_t submitted[ASSAY_SERVICE_NUMBERS][32]; /* digests of kind and payload */
    } own[ASSAY_BUDGETS];
};

/* Initialises from the genesis, or from a state whose documents are missing. */
void assay_services_init(struct assay_engine *e, struct assay_state *genesis);
/* The head is a state received from outside. */
void assay_services_on_new_head(struct assay_engine *e);
/* Returns: whether documents of the registry are missing: then no epoch can be closed here. */
bool assay_services_has_missing(const struct assay_engine *e);
/* Restores a stored document, if the head names it. */
void assay_services_restore(struct assay_engine *e, struct assay_slice document);
/* Restores an own record: its number is not used again. */
void assay_services_restore_record(struct assay_engine *e,
                                   const struct assay_service_body *service);
/* Bytes of the step's memory that the documents of a close take at most. Returns: 0 without. */
size_t assay_services_len_max(const struct assay_engine *e);
/* Maximum number of effects of a close. Returns: 0 without services. */
size_t assay_services_effects(const struct assay_engine *e);
/* Persists the documents of head->next for this boundary; `all`: every one. */
void assay_services_persist(struct assay_engine *e, const struct assay_store_key *key, bool all);
/* head->next becomes the state. ledger: of the epoch that closed. */
void assay_services_advance(struct assay_engine *e, const struct assay_ledger *ledger);
/* A new epoch: own numbers restart. */
void assay_services_on_epoch(struct assay_engine *e);
/* Requests missing documents. */
void assay_services_tick(struct assay_engine *e);
/* Returns: when that is due; UINT64_MAX: never. */
uint64_t assay_services_wake(const struct assay_engine *e);
/* Receives a requested document. Returns: ASSAY_OK | ASSAY_E_STALE (not requested) |
 * ASSAY_E_NOT_FOUND | ASSAY_E_AGAIN (no room) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_services_receive_document(struct assay_engine *e,
                                                                uint16_t from,
                                                                struct assay_slice payload);
/* Submits a record of a program of this node. Returns: as ASSAY_EVENT_SUBMIT */
ASSAY_CHECKED enum assay_status assay_services_submit(struct assay_engine *e, uint32_t kind,
                                                      struct assay_slice payload);

#endif
