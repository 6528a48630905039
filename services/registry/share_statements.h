/*
 * services/registry/share_statements.h - statements of a holder that wait until they are final:
 * which are dropped, and when all are made again (docs/services.md 5.13). Run by the process of a
 * holder and by the simulator; the queue is the host's.
 */
#ifndef ASSAY_SERVICES_REGISTRY_SHARE_STATEMENTS_H
#define ASSAY_SERVICES_REGISTRY_SHARE_STATEMENTS_H

#include "services/registry/registry.h"

/* In: closes: of epochs since the record was added. Returns: whether it need not wait any more */
typedef bool assay_share_statement_is_over(void *context, enum assay_service_kind kind,
                                           struct assay_slice payload, uint32_t closes);

/* Records that are submitted until they are final. All functions are set. */
struct assay_share_statement_queue {
    void *context;
    /* A record that is queued already is not queued twice. In: payload: borrowed for the call.
     * Returns: ASSAY_OK | ASSAY_E_FULL: no room, it is not queued | another: the host stops */
    enum assay_status (*add)(void *context, enum assay_service_kind kind,
                             struct assay_slice payload);
    void (*clear_kind)(void *context, enum assay_service_kind kind);
    /* Removes the records of which is_over(is_over_context, ...) is true. Returns: their number */
    size_t (*drop)(void *context, assay_share_statement_is_over *is_over, void *is_over_context);
    /* Returns: whether at most half of the places are taken */
    bool (*has_room)(void *context);
};

/* Zeros at the start of the process. */
struct assay_share_statements {
    bool incomplete; /* one found no room, and is to be made again */
};

/* Submits what a holder states. replaces: the earlier ones of its kind not any more.
 * Returns: ASSAY_OK, also without room | the queue's status: the host stops */
ASSAY_CHECKED enum assay_status assay_share_statements_submit(
    struct assay_share_statements *s, const struct assay_share_statement_queue *queue,
    enum assay_share_payload payload, bool replaces, struct assay_slice bytes);
/* At a close, which the queue has counted: drops what the ledger has overtaken.
 * Returns: whether all is to be stated again now */
bool assay_share_statements_on_close(struct assay_share_statements *s,
                                     const struct assay_share_statement_queue *queue,
                                     const struct assay_share_registry *registry);
/* Returns: whether one found no room, and all that is to be stated finds room again. */
bool assay_share_statements_can_complete(const struct assay_share_statements *s,
                                         const struct assay_share_statement_queue *queue);
/* Drops all that follow from stored state and ledger: the caller then lets the holder crawl
 * (assay_share_holder_crawl), which states them as the ledger is now. */
void assay_share_statements_restart(struct assay_share_statements *s,
                                    const struct assay_share_statement_queue *queue);

#endif
