/*
 * host/snapshot.c - copies, no pointers into what runs on.
 */
#include "host/snapshot.h"

#include "base/assert.h"

void assay_snapshot_take(struct assay_snapshot *snapshot, const struct assay_engine *engine,
                         const struct assay_limit *limits, uint64_t now_ms)
{
    ASSAY_ASSERT(snapshot->members != NULL && limits != NULL);
    snapshot->now_ms = now_ms;
    assay_engine_snapshot(engine, &snapshot->chain);
    ASSAY_ASSERT(snapshot->member_count == snapshot->chain.member_count);
    ASSAY_ASSERT(snapshot->self < snapshot->member_count);
    for (uint32_t slot = 0; slot < snapshot->member_count; slot++) {
        struct assay_snapshot_member *member = &snapshot->members[slot];
        assay_engine_member_snapshot(engine, (uint16_t)slot, &member->ledger);
        member->banned = assay_limit_banned(&limits[slot], now_ms);
    }
}
