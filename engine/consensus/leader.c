/*
 * engine/consensus/leader.c - leader of a view: smooth weighted round robin (docs/protocol.md 5.8).
 *
 * Each step adds every voter's weight to its counter; the largest counter leads and pays their sum.
 * A function of the counters in an epoch block and the weights alone: no randomness that a closing
 * leader could grind.
 */
#include "engine/consensus/vote.h"

#include "base/assert.h"
#include "engine/messages/message.h"

uint16_t assay_leader_next(const struct assay_voter_table *voters, int64_t *counters)
{
    ASSAY_ASSERT(voters->count > 0 && voters->count < ASSAY_SLOT_SELF);
    ASSAY_ASSERT(voters->total_weight > 0 && voters->total_weight <= INT32_MAX);

    uint32_t best = UINT32_MAX;
    int64_t sum = 0; /* of those that vote: rows without a key are in the total alone */
    for (uint32_t i = 0; i < voters->count; i++) {
        if (voters->weight[i] == 0) {
            /* A member without votes leaves no debt: a counter is meaningful only together with its
             * weight. */
            counters[i] = 0;
            continue;
        }
        counters[i] += (int64_t)voters->weight[i];
        sum += (int64_t)voters->weight[i];
        if (best == UINT32_MAX || counters[i] > counters[best]) {
            best = i;
        } else if (counters[i] == counters[best] &&
                   assay_bytes_compare(voters->node_id[i], voters->node_id[best], 32) < 0) {
            best = i;
        }
    }
    ASSAY_ASSERT(best != UINT32_MAX);
    ASSAY_ASSERT(voters->weight[best] > 0 && voters->weight[best] <= voters->total_weight);
    counters[best] -= sum;
    return (uint16_t)best;
}
