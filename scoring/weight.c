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

enum family_cut { CUT_END = 0, CUT_OPERATORS, CUT_VENDORS };
enum { CUTS_MAX = 4, SEQUENCES = ASSAY_CUTS_NONE + 1 };

/*
 * protocol.md 6.3, guard: what is tried, by enum assay_cuts. (Cutting until nothing changes could
 * shrink everything to 0 where the families conflict.)
 */
static const enum family_cut sequences[SEQUENCES][CUTS_MAX] = {
    [ASSAY_CUTS_TWICE] = { CUT_OPERATORS, CUT_VENDORS, CUT_OPERATORS, CUT_VENDORS },
    [ASSAY_CUTS_ONCE] = { CUT_OPERATORS, CUT_VENDORS },
    [ASSAY_CUTS_VENDOR] = { CUT_VENDORS },
    [ASSAY_CUTS_OPERATOR] = { CUT_OPERATORS },
    [ASSAY_CUTS_NONE] = { CUT_END },
};

struct scratch {
    uint64_t *sums;
    uint64_t *remainder;
    uint32_t *order;
    uint32_t *before; /* weights before all cuts */
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
    return (size_t)count * (2 * sizeof(uint64_t) + 2 * sizeof(uint32_t));
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

const char *assay_cuts_text(enum assay_cuts cuts)
{
    switch (cuts) {
    case ASSAY_CUTS_TWICE: return "operators and vendor roots, twice";
    case ASSAY_CUTS_ONCE: return "operators and vendor roots, once";
    case ASSAY_CUTS_VENDOR: return "vendor roots alone";
    case ASSAY_CUTS_OPERATOR: return "operators alone";
    case ASSAY_CUTS_NONE: return "none";
    }
    ASSAY_UNREACHABLE("cuts outside their enum");
}

/* The two families that are cut, and what the cuts started from. */
struct cutting {
    const struct assay_groups *groups;
    const struct assay_weight_rules *rules;
    struct assay_family operators, vendors;
    const uint32_t *before;
    uint64_t total_before;
};

static void cut_in_turn(const struct cutting *c, const enum family_cut *turn, uint32_t *weights)
{
    for (uint32_t i = 0; i < c->groups->count; i++)
        weights[i] = c->before[i];
    for (unsigned k = 0; k < CUTS_MAX && turn[k] != CUT_END; k++) {
        const bool of_operators = turn[k] == CUT_OPERATORS;
        cut_to_cap(of_operators ? &c->operators : &c->vendors, c->groups,
                   of_operators ? c->rules->operator_cap : c->rules->vendor_cap, c->total_before,
                   weights);
    }
    ASSAY_ASSERT(c->total_before == 0 || assay_cap_sum(&c->vendors, c->groups->count, weights) > 0);
}

/* docs/protocol.md 6.3, guard: has a group above a third of the table more of it than before? */
static bool lifts(const struct cutting *c, const struct assay_family *family,
                  const uint32_t *weights)
{
    ASSAY_ASSERT(family->sums != family->remainder);
    struct assay_family was = *family;
    was.sums = family->remainder; /* free between two cuts */
    assay_cap_sum(&was, c->groups->count, c->before);
    const uint64_t total = assay_cap_sum(family, c->groups->count, weights);
    for (uint32_t g = 0; g < family->group_count; g++) {
        ASSAY_ASSERT(family->sums[g] <= was.sums[g]);
        if (3 * family->sums[g] > total && family->sums[g] * c->total_before > was.sums[g] * total)
            return true;
    }
    return false;
}

/* docs/protocol.md 6.3. Returns which cuts stand, and the total of the target table. */
static enum assay_cuts cut_caps(const struct assay_groups *groups,
                                const struct assay_weight_rules *rules,
                                const struct scratch *scratch, uint32_t *weights, uint64_t *total)
{
    ASSAY_ASSERT(rules->operator_cap.den > 0 && rules->vendor_cap.den > 0);
    struct cutting c = {
        .groups = groups,
        .rules = rules,
        .operators = family_of(groups->operator_, groups->operator_count, scratch),
        .vendors = family_of(groups->vendor, groups->vendor_count, scratch),
        .before = scratch->before,
    };
    for (uint32_t i = 0; i < groups->count; i++)
        scratch->before[i] = weights[i];
    c.total_before = assay_cap_sum(&c.operators, groups->count, weights);
    enum assay_cuts cuts = ASSAY_CUTS_TWICE;
    for (;; cuts++) { /* the last one cuts nothing, so it lifts nobody */
        ASSAY_ASSERT(cuts <= ASSAY_CUTS_NONE);
        cut_in_turn(&c, sequences[cuts], weights);
        if (!lifts(&c, &c.operators, weights) && !lifts(&c, &c.vendors, weights)) break;
    }
    *total = assay_cap_sum(&c.operators, groups->count, weights);
    ASSAY_ASSERT(*total <= c.total_before);
    return cuts;
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
        .before = (uint32_t *)(wide + 2 * (size_t)count) + count,
    };
}

enum assay_cuts assay_weight_stages(const struct assay_weight_input *input, void *memory,
                                    size_t memory_len, const struct assay_weight_stages *stages)
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
    uint64_t total = 0;
    return cut_caps(input->groups, input->rules, &scratch, stages->capped, &total);
}

enum assay_cuts assay_weights_cut(const struct assay_groups *groups,
                                  const struct assay_weight_rules *rules, void *memory,
                                  size_t memory_len, uint32_t *weights)
{
    const struct scratch scratch = scratch_over(memory, memory_len, groups->count);
    uint64_t total = 0;
    return cut_caps(groups, rules, &scratch, weights, &total);
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
    uint64_t total = 0;
    const enum assay_cuts cuts = cut_caps(input->groups, input->rules, &scratch, weights, &total);
    /* docs/protocol.md 6.4: an empty table is refused, for nobody could vote. */
    const bool refused = total == 0 && input->previous != NULL;
    if (refused)
        for (uint32_t i = 0; i < count; i++)
            weights[i] = input->previous[i];
    measure(input, &scratch, weights, tolerance);
    tolerance->cuts = cuts;
    tolerance->refused = refused;
    ASSAY_ASSERT(tolerance->total_weight == total || refused);
}
