/*
 * scoring/weight.c - voting weights derived from integrity.
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
    uint32_t *factor;
};

struct assay_weight_rules assay_weight_rules_default(void)
{
    return (struct assay_weight_rules){
        .operator_cap = { .num = 20, .den = 100 },
        .vendor_cap = { .num = 33, .den = 100 },
        .amplification_percent = ASSAY_AMPLIFICATION_PERCENT,
    };
}

size_t assay_weights_memory_len(uint32_t count)
{
    return (size_t)count * (2 * sizeof(uint64_t) + 3 * sizeof(uint32_t));
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

/* Of each member that serves: its raw weight, or its peak; 0 of the others. */
static void fill_weights(const struct assay_weight_input *input,
                         uint32_t (*weight_of)(const struct assay_trust_state *), uint32_t *weights)
{
    for (uint32_t i = 0; i < input->groups->count; i++) {
        const bool unlisted = input->unlisted != NULL && input->unlisted[i];
        weights[i] = unlisted ? 0 : weight_of(&input->trust[i]);
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
static bool raises_share(const struct cutting *c, const struct assay_family *family,
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

/*
 * docs/protocol.md 6.3.2: what the cuts left of each member, as a fraction that is never below 1/B.
 * The ids of one platform share the smallest of theirs: else weight that moves within a platform
 * (6.2), because one id of it harmed itself, would move to the larger factor.
 */
static void fit_factors(const struct cutting *c, uint64_t *platform_min, const uint32_t *cut,
                        uint32_t *factor)
{
    const struct assay_groups *groups = c->groups;
    const uint32_t percent = c->rules->amplification_percent;
    const uint64_t least = (ASSAY_FACTOR_ONE * UINT64_C(100) + percent - 1) / percent;
    for (uint32_t g = 0; g < groups->platform_count; g++)
        platform_min[g] = ASSAY_FACTOR_ONE;
    for (uint32_t i = 0; i < groups->count; i++) {
        if (c->before[i] == 0) continue; /* what has had no weight moves nothing */
        /* Rounded up: of H itself exactly the cut weight is left then. */
        const uint64_t left =
            ((uint64_t)cut[i] * ASSAY_FACTOR_ONE + c->before[i] - 1) / c->before[i];
        uint64_t *const min = &platform_min[groups->platform[i]];
        const uint64_t bounded = left > least ? left : least;
        if (bounded < *min) *min = bounded;
    }
    for (uint32_t i = 0; i < groups->count; i++) {
        factor[i] = (uint32_t)platform_min[groups->platform[i]];
        ASSAY_ASSERT(factor[i] >= least && factor[i] <= ASSAY_FACTOR_ONE);
    }
}

/* Rounded down, but at least 1 for a member with weight. */
static void scale_weights(uint32_t count, const uint32_t *factor, uint32_t *weights)
{
    for (uint32_t i = 0; i < count; i++) {
        if (weights[i] == 0) continue;
        const uint64_t scaled = (uint64_t)weights[i] * factor[i] / ASSAY_FACTOR_ONE;
        weights[i] = scaled > 0 ? (uint32_t)scaled : 1;
    }
}

/*
 * docs/protocol.md 6.3.2, the factors of a roster: the first cuts that raise no group above a third
 * are used, evaluated on H after the factors. A drop of I is not considered here. table: [count], H
 * after 6.2; overwritten. Out: scratch->factor. Returns: the cuts that apply.
 */
static enum assay_cuts find_factors(const struct assay_groups *groups,
                                    const struct assay_weight_rules *rules,
                                    const struct scratch *scratch, uint32_t *table)
{
    ASSAY_ASSERT(rules->operator_cap.den > 0 && rules->vendor_cap.den > 0);
    ASSAY_ASSERT(rules->amplification_percent >= ASSAY_AMPLIFICATION_PERCENT_MIN &&
                 rules->amplification_percent <= ASSAY_AMPLIFICATION_PERCENT_MAX);
    struct cutting c = {
        .groups = groups,
        .rules = rules,
        .operators = family_of(groups->operator_, groups->operator_count, scratch),
        .vendors = family_of(groups->vendor, groups->vendor_count, scratch),
        .before = scratch->before,
    };
    for (uint32_t i = 0; i < groups->count; i++)
        scratch->before[i] = table[i];
    c.total_before = assay_cap_sum(&c.operators, groups->count, table);
    for (enum assay_cuts cuts = ASSAY_CUTS_TWICE;; cuts++) { /* the last one cuts nothing */
        ASSAY_ASSERT(cuts <= ASSAY_CUTS_NONE);
        cut_in_turn(&c, sequences[cuts], table);
        fit_factors(&c, scratch->remainder, table, scratch->factor);
        for (uint32_t i = 0; i < groups->count; i++)
            table[i] = scratch->before[i];
        scale_weights(groups->count, scratch->factor, table);
        if (!raises_share(&c, &c.operators, table) && !raises_share(&c, &c.vendors, table))
            return cuts;
    }
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
        .factor = (uint32_t *)(wide + 2 * (size_t)count) + 2 * (size_t)count,
    };
}

/* Out: weights, the table that follows; scratch->factor. Returns: which cuts stand. */
static enum assay_cuts fill_table(const struct assay_weight_input *input,
                                  const struct scratch *scratch, uint32_t *weights)
{
    fill_weights(input, assay_trust_peak_weight, weights);
    cut_platforms(input, scratch, weights);
    const enum assay_cuts cuts = find_factors(input->groups, input->rules, scratch, weights);
    fill_weights(input, assay_trust_raw_weight, weights);
    cut_platforms(input, scratch, weights);
    scale_weights(input->groups->count, scratch->factor, weights);
    return cuts;
}

enum assay_cuts assay_weight_stages(const struct assay_weight_input *input, void *memory,
                                    size_t memory_len, const struct assay_weight_stages *stages)
{
    ASSAY_ASSERT(stages->raw != stages->unit && stages->unit != stages->capped);
    ASSAY_ASSERT(stages->peak != stages->factor);

    const uint32_t count = input->groups->count;
    const struct scratch scratch = scratch_over(memory, memory_len, count);
    fill_weights(input, assay_trust_raw_weight, stages->raw);
    fill_weights(input, assay_trust_peak_weight, stages->peak);
    for (uint32_t i = 0; i < count; i++)
        stages->unit[i] = stages->raw[i];
    cut_platforms(input, &scratch, stages->unit);
    cut_platforms(input, &scratch, stages->peak);
    const enum assay_cuts cuts = fill_table(input, &scratch, stages->capped);
    for (uint32_t i = 0; i < count; i++)
        stages->factor[i] = scratch.factor[i];
    return cuts;
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
    assay_scores_sort(order, family->group_count, compare_sums_falling, family->sums);
    share.largest_weight = family->sums[order[0]];
    uint64_t failed = 0;
    while (3 * failed < total)
        failed += family->sums[order[share.third_count++]];
    ASSAY_ASSERT(share.largest_weight > 0 && share.third_count <= family->group_count);
    return share;
}

/* docs/protocol.md 6.5, on the final table: caps can multiply a share, so I would mislead. */
static void measure_tolerance(const struct assay_weight_input *input, const struct scratch *scratch,
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
    const enum assay_cuts cuts = fill_table(input, &scratch, weights);
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += weights[i];
    /* docs/protocol.md 6.4: an empty table is rejected: no member could vote. */
    const bool refused = total == 0 && input->previous != NULL;
    if (refused)
        for (uint32_t i = 0; i < count; i++)
            weights[i] = input->previous[i];
    measure_tolerance(input, &scratch, weights, tolerance);
    tolerance->cuts = cuts;
    tolerance->refused = refused;
    ASSAY_ASSERT(tolerance->total_weight == total || refused);
}
