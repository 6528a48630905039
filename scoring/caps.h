/*
 * scoring/caps.h - cutting the weight of groups to a limit, exactly.
 *
 * protocol.md 6.3. Everything here is integers and a total order, so that two machines agree.
 */
#ifndef ASSAY_SCORING_CAPS_H
#define ASSAY_SCORING_CAPS_H

#include "scoring/weight.h"

#include <stdbool.h>
#include <stdint.h>

/* One way to split the roster: platforms, operators or vendor roots. */
struct assay_family {
    const uint32_t *group_of; /* [member count] */
    uint32_t group_count;
    uint64_t *sums;      /* [group_count], scratch */
    uint64_t *remainder; /* [group_count], scratch */
};

/*
 * The limit of one cut: max(L1, L2, L3). L1 enforces the cap, L2 leaves half of total_before (so
 * that a lone node of a rare vendor is not lifted to half of the vote), L3 is the smallest positive
 * group.
 * Returns: L, or 0 when every sum is 0.
 */
uint64_t assay_cap_limit(const uint64_t *sums, uint32_t group_count, struct assay_cap cap,
                         uint64_t total_before);

/*
 * Scale the members of each group whose sum exceeds limit, so that its sum becomes exactly limit:
 * floor(w * limit / sum), and +1 in byte order of id to those whose division left a remainder.
 * by_id[count] is that order. Fills family->sums with the sums before the cut.
 */
void assay_cap_cut(const struct assay_family *family, const uint32_t *by_id, uint32_t count,
                   uint64_t limit, uint32_t *weights);

/* Sum weights by group into family->sums. Returns: the total. */
uint64_t assay_cap_sum(const struct assay_family *family, uint32_t count, const uint32_t *weights);

/* Returns: true when no group of the summed family holds more than cap of total. */
bool assay_cap_met(const struct assay_family *family, struct assay_cap cap, uint64_t total);

#endif
