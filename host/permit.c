/*
 * host/permit.c - the permit rule of docs/protocol.md 10.6.
 */
#include "host/permit.h"

#include "base/assert.h"

static bool is_fresh(const struct assay_engine_snapshot *chain, uint32_t epoch_ms,
                     uint64_t at_unix_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    const uint64_t age_ms =
        at_unix_ms > chain->head_time_ms ? at_unix_ms - chain->head_time_ms : 0;
    return age_ms < (uint64_t)ASSAY_PERMIT_HEAD_EPOCHS * epoch_ms;
}

/* Probation stands at SUSPENDED, so it needs no rule of its own. */
struct assay_permission assay_permit(const struct assay_engine_snapshot *chain,
                                     const struct assay_member_snapshot *own, uint32_t epoch_ms,
                                     uint64_t at_unix_ms, bool critical)
{
    ASSAY_ASSERT(epoch_ms > 0);
    ASSAY_ASSERT(own->last_success_epoch <= chain->epoch);
    const bool attested = own->last_success_epoch > 0 &&
                          own->last_success_epoch + ASSAY_PERMIT_EPOCHS >= chain->epoch;
    if (own->trust.score.standing == ASSAY_STANDING_SUSPENDED)
        return (struct assay_permission){ false, "suspended" };
    if (!is_fresh(chain, epoch_ms, at_unix_ms) || !attested)
        return (struct assay_permission){ false, "stale" };
    if (own->trust.score.standing == ASSAY_STANDING_RESTRICTED && critical)
        return (struct assay_permission){ false, "restricted" };
    return (struct assay_permission){ true, "" };
}
