/*
 * tests/support/services/shares_seating.h - seats and keys of holders in tests.
 *
 * The seat that the holder of a slot names in its records.
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_SEATING_H
#define ASSAY_TESTS_SUPPORT_SHARES_SEATING_H

#include "services/shares/cluster.h"

/* Returns: when the slot was given in which a member sits; 0: it sits nowhere there. */
static inline uint64_t seating_of(const struct assay_share_registry *r, uint32_t cluster,
                                  uint32_t member)
{
    const struct assay_share_cluster *c = &r->cluster[cluster];
    for (uint32_t i = 0; cluster < r->config.clusters && c->seated && i < r->config.slots; i++)
        if (c->seat[i].member == member) return c->seat[i].seating;
    return 0;
}

#endif
