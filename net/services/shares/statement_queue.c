/*
 * net/services/shares/statement_queue.c - operations of a holder's statements on the queue of
 * submitted records.
 */
#include "net/services/shares/statement_queue.h"

#include "base/assert.h"

static enum assay_status add_record(void *context, enum assay_service_kind kind,
                                    struct assay_slice payload)
{
    return assay_queue_add(context, kind, payload);
}

static void clear_kind(void *context, enum assay_service_kind kind)
{
    assay_queue_clear_kind(context, kind);
}

static size_t drop_records(void *context, assay_share_statement_is_over *is_over,
                           void *is_over_context)
{
    return assay_queue_drop(context, is_over, is_over_context);
}

static bool has_room(void *context)
{
    return assay_queue_has_room(context);
}

struct assay_share_statement_queue assay_statement_queue_over(struct assay_record_queue *queue)
{
    ASSAY_ASSERT(queue != NULL);
    return (struct assay_share_statement_queue){ .context = queue,
                                                 .add = add_record,
                                                 .clear_kind = clear_kind,
                                                 .drop = drop_records,
                                                 .has_room = has_room };
}
