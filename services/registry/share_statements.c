/*
 * services/registry/share_statements.c - which waiting statements of a holder are overtaken.
 */
#include "services/registry/share_statements.h"

#include "base/assert.h"

enum { LATE_CLOSES = 2 }; /* it was there for a whole epoch */

static bool is_derived_and_late(void *context, enum assay_service_kind kind,
                                struct assay_slice payload, uint32_t closes)
{
    const uint32_t *least = context;
    (void)payload;
    return kind != ASSAY_SERVICE_HOLDER && kind != ASSAY_SERVICE_SHARE_LIE && closes >= *least;
}

static bool is_lie_over(void *context, enum assay_service_kind kind, struct assay_slice payload,
                        uint32_t closes)
{
    const struct assay_share_registry *const *registry = context;
    struct assay_share_lie_record lie;
    (void)closes;
    return kind == ASSAY_SERVICE_SHARE_LIE &&
           (assay_share_lie_record_decode(payload, &lie) != ASSAY_OK ||
            assay_share_registry_lie_is_over(*registry, &lie));
}

enum assay_status assay_share_statements_submit(struct assay_share_statements *s,
                                                const struct assay_share_statement_queue *queue,
                                                enum assay_share_payload payload, bool replaces,
                                                struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0);
    const enum assay_service_kind kind = assay_registry_kind_of_share(payload);
    if (replaces) queue->clear_kind(queue->context, kind);
    const enum assay_status status = queue->add(queue->context, kind, bytes);
    if (status != ASSAY_E_FULL) return status;
    s->incomplete = true;
    return ASSAY_OK;
}

bool assay_share_statements_on_close(struct assay_share_statements *s,
                                     const struct assay_share_statement_queue *queue,
                                     const struct assay_share_registry *registry)
{
    ASSAY_ASSERT(registry != NULL);
    uint32_t closes = LATE_CLOSES;
    (void)queue->drop(queue->context, is_lie_over, &registry);
    /* A record may be refused for as long as its member is suspended: the ledger goes on. */
    return queue->drop(queue->context, is_derived_and_late, &closes) > 0 || s->incomplete;
}

bool assay_share_statements_can_complete(const struct assay_share_statements *s,
                                         const struct assay_share_statement_queue *queue)
{
    ASSAY_ASSERT(queue->has_room != NULL);
    return s->incomplete && queue->has_room(queue->context);
}

void assay_share_statements_restart(struct assay_share_statements *s,
                                    const struct assay_share_statement_queue *queue)
{
    ASSAY_ASSERT(queue->drop != NULL);
    uint32_t closes = 0;
    (void)queue->drop(queue->context, is_derived_and_late, &closes);
    s->incomplete = false;
}
