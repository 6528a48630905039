/*
 * scoring/weight.c - from integrity to voting weight.
 *
 * protocol.md 6. Availability is not read here at all: absence of honest nodes must not hand the
 * network to the rest.
 */
#include "scoring/weight.h"

#include "base/assert.h"
#include "scoring/caps.h"
#include "scoring/order.h"

/*
 * protocol.md 6.3, the four cuts: operator, vendor, operator, vendor. (Cutting until nothing
 * changes could shrink everything to 0 where the families conflict.)
 */
enum { CAP_ROUNDS = 2 };

struct scratch {
    uint64_t *sums;
    uint64_t *remainder;
    uint32_t *order;
};

struct assay_weight_rules assay_weight_rules_default(void)
{
    return (struct assay_weight_rules){
        .operator_cap = { .num = 20, .den = 100 },
        .vendor_cap = { .num = 33, .den = 100 },
    };
}

size_t assay_weights_memory_len(uint32_t count)
{
    return (size_t)count * (2 * sizeof(uint64_t) + sizeof(uint32_t));
}

static struct assay_family family_of(const uint32_t *group_of, uint32_t group_count,
                                     const struct scratch *scratch)
{
    ASSAY_ASSERT(group_count > 0);

    return (struct assay_family){
        .group_of = group_of,
        .group_count = group_count,
        .sums = scratch->sums,
        .remainder = scratch->remainder,
    };
}

static void cut_to_cap(const struct assay_family *family, const struct assay_groups *groups,
                       struct assay_cap cap, uint64_t total_before, uint32_t *weights)
{
    ASSAY_ASSERT(family->group_count <= groups->count);

    assay_cap_sum(family, groups->count, weights);
    const uint64_t limit = assay_cap_limit(family->sums, family->group_count, cap, total_before);
    assay_cap_cut(family, groups->by_id, groups->count, limit, weights);
    ASSAY_ASSERT(limit <= total_before);
}

static void fill_raw(const struct assay_weight_input *input, uint32_t *weights)
{
    for (uint32_t i = 0; i < input->groups->count; i++) {
        const bool unlisted = input->unlisted != NULL && input->unlisted[i];
        weights[i] = unlisted ? 0 : assay_trust_raw_weight(&input->trust[i]);
        ASSAY_ASSERT(weights[i] <= ASSAY_WEIGHT_UNIT);
    }
    /* docs/protocol.md 6.1 (dormancy) takes weight away here, before any cap. */
}

/* docs/protocol.md 6.2: no platform holds more than one unit. */
static void cut_platforms(const struct assay_weight_input *input, const struct scratch *scratch,
                          uint32_t *weights)
{
    const struct assay_groups *groups = input->groups;
    const struct assay_family platforms =
        family_of(groups->platform, groups->platform_count, scratch);
    assay_cap_cut(&platforms, groups->by_id, groups->count, ASSAY_WEIGHT_UNIT, weights);
}

/* docs/protocol.md 6.3. Returns the total of the target table. */
static uint64_t cut_caps(const struct assay_weight_input *input, const struct scratch *scratch,
                         uint32_t *weights)
{
    ASSAY_ASSERT(input->rules->operator_cap.den > 0 && input->rules->vendor_cap.den > 0);

    const struct assay_groups *groups = input->groups;
    const struct assay_family operators =
        family_of(groups->operator_, groups->operator_count, scratch);
    const struct assay_family vendors = family_of(groups->vendor, groups->vendor_count, scratch);

    uint64_t total = assay_cap_sum(&operators, groups->count, weights);
    const uint64_t total_before = total;
    for (unsigned round = 0; round < CAP_ROUNDS; round++) {
        cut_to_cap(&operators, groups, input->rules->operator_cap, total_before, weights);
        cut_to_cap(&vendors, groups, input->rules->vendor_cap, total_before, weights);
    }
    /* docs/protocol.md 6.3 (guard) mixes the capped table with the one of 6.2 here. */
    total = assay_cap_sum(&operators, groups->count, weights);
    ASSAY_ASSERT(total <= total_before);
    return total;
}

static struct scratch scratch_over(void *memory, size_t memory_len, uint32_t count)
{
    ASSAY_ASSERT(memory_len >= assay_weights_memory_len(count));
    ASSAY_ASSERT((uintptr_t)memory % sizeof(uint64_t) == 0);
    uint64_t *wide = memory;
    return (struct scratch){
        .sums = wide,
        .remainder = wide + count,
        .order = (uint32_t *)(wide + 2 * (size_t)count),
    };
}

void assay_weight_stages(const struct assay_weight_input *input, void *memory, size_t memory_len,
                         const struct assay_weight_stages *stages)
{
    ASSAY_ASSERT(stages->raw != stages->unit && stages->unit != stages->capped);

    const uint32_t count = input->groups->count;
    const struct scratch scratch = scratch_over(memory, memory_len, count);
    fill_raw(input, stages->raw);
    for (uint32_t i = 0; i < count; i++)
        stages->unit[i] = stages->raw[i];
    cut_platforms(input, &scratch, stages->unit);
    for (uint32_t i = 0; i < count; i++)
        stages->capped[i] = stages->unit[i];
    cut_caps(input, &scratch, stages->capped);
}

static int compare_sums_falling(const void *context, uint32_t a, uint32_t b)
{
    const uint64_t *sums = context;
    return sums[a] > sums[b] ? -1 : sums[a] < sums[b] ? 1 : 0;
}

static struct assay_share share_of(const struct assay_family *family, uint32_t *order,
                                   uint64_t total)
{
    struct assay_share share = { 0 };
    if (total == 0) return share;
    for (uint32_t g = 0; g < family->group_count; g++)
        order[g] = g;
    assay_order_sort(order, family->group_count, compare_sums_falling, family->sums);
    share.largest_weight = family->sums[order[0]];
    uint64_t failed = 0;
    while (3 * failed < total)
        failed += family->sums[order[share.third_count++]];
    ASSAY_ASSERT(share.largest_weight > 0 && share.third_count <= family->group_count);
    return share;
}

/* docs/protocol.md 6.5, on the final table: caps can multiply a share, so I would mislead. */
static void measure(const struct assay_weight_input *input, const struct scratch *scratch,
                    const uint32_t *weights, struct assay_tolerance *tolerance)
{
    const struct assay_groups *groups = input->groups;
    const uint32_t count = groups->count;
    *tolerance = (struct assay_tolerance){ 0 };

    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        scratch->sums[i] = weights[i];
        total += weights[i];
        if (weights[i] > 0) tolerance->voter_count++;
    }
    tolerance->total_weight = total;
    const struct assay_family nodes = family_of(NULL, count, scratch);
    tolerance->node = share_of(&nodes, scratch->order, total);

    const struct assay_family platforms =
        family_of(groups->platform, groups->platform_count, scratch);
    assay_cap_sum(&platforms, count, weights);
    tolerance->platform = share_of(&platforms, scratch->order, total);
    tolerance->electorate_weight_min = total - tolerance->platform.largest_weight;

    const struct assay_family operators =
        family_of(groups->operator_, groups->operator_count, scratch);
    assay_cap_sum(&operators, count, weights);
    tolerance->operator_ = share_of(&operators, scratch->order, total);
    tolerance->operator_cap_met = assay_cap_met(&operators, input->rules->operator_cap, total);

    const struct assay_family vendors = family_of(groups->vendor, groups->vendor_count, scratch);
    assay_cap_sum(&vendors, count, weights);
    tolerance->vendor = share_of(&vendors, scratch->order, total);
    tolerance->vendor_cap_met = assay_cap_met(&vendors, input->rules->vendor_cap, total);
    tolerance->vendor_break_survivable = 3 * tolerance->vendor.largest_weight < total;
    ASSAY_ASSERT(tolerance->voter_count <= count && tolerance->platform.largest_weight <= total);
    ASSAY_ASSERT(tolerance->node.third_count >= tolerance->platform.third_count);
}

void assay_weights(const struct assay_weight_input *input, void *memory, size_t memory_len,
                   uint32_t *weights, struct assay_tolerance *tolerance)
{
    const uint32_t count = input->groups->count;
    ASSAY_ASSERT(weights != input->previous);

    const struct scratch scratch = scratch_over(memory, memory_len, count);
    fill_raw(input, weights);
    cut_platforms(input, &scratch, weights);
    const uint64_t total = cut_caps(input, &scratch, weights);
    /* docs/protocol.md 6.4: churn limits the way from previous to this target here, then seats that
     * would reach a third are cut; a table is refused too when subjective changes alone would leave
     * fewer than min(4, previous) voters. An empty table is refused already: nobody could vote. */
    const bool refused = total == 0 && input->previous != NULL;
    if (refused)
        for (uint32_t i = 0; i < count; i++)
            weights[i] = input->previous[i];
    measure(input, &scratch, weights, tolerance);
    tolerance->refused = refused;
    ASSAY_ASSERT(tolerance->total_weight == total || refused);
}
