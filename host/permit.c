/*
 * host/permit.c - permit rule of docs/protocol.md 10.6.
 */
#include "host/permit.h"

#include "base/assert.h"

/* By what this machine has measured, never by dates: with one a day behind every head would be
 * young for a day, and with one ahead none. */
bool assay_permit_fresh(const struct assay_engine_snapshot *chain, uint32_t epoch_ms,
                        uint64_t now_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    if (chain->final_at_ms == 0) return false;
    const uint64_t age_ms = now_ms > chain->final_at_ms ? now_ms - chain->final_at_ms : 0;
    return age_ms < (uint64_t)ASSAY_PERMIT_HEAD_EPOCHS * epoch_ms;
}

/* A member on probation is SUSPENDED, so it needs no rule of its own. */
struct assay_permission assay_permit(const struct assay_engine_snapshot *chain,
                                     const struct assay_member_snapshot *own, uint32_t epoch_ms,
                                     uint64_t now_ms, bool critical)
{
    ASSAY_ASSERT(epoch_ms > 0);
    ASSAY_ASSERT(own->last_success_epoch <= chain->epoch);
    const bool attested = own->last_success_epoch > 0 &&
                          own->last_success_epoch + ASSAY_PERMIT_EPOCHS >= chain->epoch;
    /* 9.6.2: operators took it out of service; no fault of its. */
    if (own->stage == ASSAY_STAGE_RESTING) return (struct assay_permission){ false, "resting" };
    if (own->trust.score.standing == ASSAY_STANDING_SUSPENDED)
        return (struct assay_permission){ false, "suspended" };
    /* 9.7: announced as absent, whatever it does meanwhile. */
    if (own->in_maintenance) return (struct assay_permission){ false, "maintenance" };
    if (!assay_permit_fresh(chain, epoch_ms, now_ms) || !attested)
        return (struct assay_permission){ false, "stale" };
    if (own->trust.score.standing == ASSAY_STANDING_RESTRICTED && critical)
        return (struct assay_permission){ false, "restricted" };
    return (struct assay_permission){ true, "" };
}
