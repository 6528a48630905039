/*
 * net/services/shares/overtaken.c - which waiting statements of a holder are overtaken.
 */
#include "net/services/shares/overtaken.h"

#include "base/assert.h"

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
    const struct assay_share_registry *const *shares = context;
    struct assay_share_lie_record lie;
    (void)closes;
    return kind == ASSAY_SERVICE_SHARE_LIE &&
           (assay_share_lie_record_decode(payload, &lie) != ASSAY_OK ||
            assay_share_registry_lie_is_over(*shares, &lie));
}

size_t assay_holder_drop_derived(struct assay_record_queue *queue, uint32_t closes)
{
    ASSAY_ASSERT(queue != NULL);
    return assay_record_queue_drop(queue, is_derived_and_late, &closes);
}

size_t assay_holder_drop_disputes(struct assay_record_queue *queue,
                              const struct assay_share_registry *shares)
{
    ASSAY_ASSERT(queue != NULL && shares != NULL);
    return assay_record_queue_drop(queue, is_lie_over, &shares);
}
