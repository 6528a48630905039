/*
 * scoring/caps.c - limit of one cut, and the cut itself.
 *
 * protocol.md 6.3. Plain water-filling would lift a lone node of a rare vendor to half of the vote,
 * or cut a single vendor to nothing; L2 and L3 are what prevents it.
 */
#include "scoring/caps.h"

#include "base/assert.h"

#include <stddef.h>

_Static_assert(UINT64_C(1) * ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT <= UINT64_MAX / 10000,
               "a total times a numerator of a cap must fit in 64 bits");

/* F(L): what is left of all groups when each is cut to limit. */
static uint64_t sum_cut(const uint64_t *sums, uint32_t group_count, uint64_t limit)
{
    ASSAY_ASSERT(group_count > 0);

    uint64_t total = 0;
    for (uint32_t g = 0; g < group_count; g++)
        total += sums[g] < limit ? sums[g] : limit;
    return total;
}

/* L1: the largest L <= total with den * L <= num * F(L). F is concave and F(0) = 0, so the L that
 * satisfy it are 0 .. L1 without a gap, and halving finds the end. */
static uint64_t largest_within_cap(const uint64_t *sums, uint32_t group_count, struct assay_cap cap,
                                   uint64_t total)
{
    uint64_t good = 0;
    uint64_t bad = total + 1;
    while (bad - good > 1) {
        const uint64_t middle = good + (bad - good) / 2;
        if (cap.den * middle <= cap.num * sum_cut(sums, group_count, middle)) good = middle;
        else bad = middle;
    }
    ASSAY_ASSERT(good <= total);
    return good;
}

/* L2: the smallest L with 2 * F(L) >= total_before, given that max is one such L. */
static uint64_t smallest_keeping_half(const uint64_t *sums, uint32_t group_count, uint64_t max,
                                      uint64_t total_before)
{
    ASSAY_ASSERT(2 * sum_cut(sums, group_count, max) >= total_before);

    uint64_t good = max;
    uint64_t below = 0; /* every L < below is known to be too small */
    while (below < good) {
        const uint64_t middle = below + (good - below) / 2;
        if (2 * sum_cut(sums, group_count, middle) >= total_before) good = middle;
        else below = middle + 1;
    }
    ASSAY_ASSERT(good <= max);
    return good;
}

uint64_t assay_cap_limit(const uint64_t *sums, uint32_t group_count, struct assay_cap cap,
                         uint64_t total_before)
{
    ASSAY_ASSERT(cap.den >= 1 && cap.den <= 10000);
    ASSAY_ASSERT(cap.num <= cap.den);

    uint64_t total = 0;
    uint64_t max = 0;
    uint64_t min = 0; /* L3: the smallest positive sum */
    for (uint32_t g = 0; g < group_count; g++) {
        if (sums[g] == 0) continue;
        total += sums[g];
        if (sums[g] > max) max = sums[g];
        if (min == 0 || sums[g] < min) min = sums[g];
    }
    ASSAY_ASSERT(total <= total_before);
    if (total == 0) return 0;

    const uint64_t within_cap = largest_within_cap(sums, group_count, cap, total);
    const uint64_t keeping_half = 2 * total < total_before
                                      ? max
                                      : smallest_keeping_half(sums, group_count, max, total_before);
    uint64_t limit = within_cap > keeping_half ? within_cap : keeping_half;
    if (limit < min) limit = min;
    ASSAY_ASSERT(limit >= min && limit <= (total > max ? total : max));
    return limit;
}

uint64_t assay_cap_sum(const struct assay_family *family, uint32_t count, const uint32_t *weights)
{
    ASSAY_ASSERT(family->group_count > 0);

    uint64_t total = 0;
    for (uint32_t g = 0; g < family->group_count; g++)
        family->sums[g] = 0;
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_ASSERT(family->group_of[i] < family->group_count);
        family->sums[family->group_of[i]] += weights[i];
        total += weights[i];
    }
    return total;
}

void assay_cap_cut(const struct assay_family *family, const uint32_t *by_id, uint32_t count,
                   uint64_t limit, uint32_t *weights)
{
    ASSAY_ASSERT(count > 0);

    assay_cap_sum(family, count, weights);
    for (uint32_t g = 0; g < family->group_count; g++)
        family->remainder[g] = family->sums[g] > limit ? limit : 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t g = family->group_of[i];
        if (family->sums[g] > limit) family->remainder[g] -= weights[i] * limit / family->sums[g];
    }
    /* Fractions below 1 add up to the remainder, so more members have a rest than it counts. */
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = by_id[k];
        ASSAY_ASSERT(i < count);
        const uint32_t g = family->group_of[i];
        if (family->sums[g] <= limit) continue;
        const uint64_t product = weights[i] * limit;
        const bool lifted = family->remainder[g] > 0 && product % family->sums[g] != 0;
        weights[i] = (uint32_t)(product / family->sums[g] + (lifted ? 1 : 0));
        if (lifted) family->remainder[g]--;
    }
    for (uint32_t g = 0; g < family->group_count; g++)
        ASSAY_ASSERT(family->remainder[g] == 0);
}

bool assay_cap_met(const struct assay_family *family, struct assay_cap cap, uint64_t total)
{
    ASSAY_ASSERT(cap.den > 0 && cap.num <= cap.den);
    for (uint32_t g = 0; g < family->group_count; g++)
        if (cap.den * family->sums[g] > cap.num * total) return false;
    return true;
}
