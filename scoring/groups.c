/*
 * scoring/groups.c - numbering platforms, operators and vendor roots of a roster.
 *
 * protocol.md 6.2. Members are sorted by the group's key; equal neighbours are one group.
 */
#include "scoring/groups.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "scoring/order.h"

enum { ARRAY_COUNT = 5 };

size_t assay_groups_memory_len(uint32_t count)
{
    return (size_t)count * ARRAY_COUNT * sizeof(uint32_t);
}

static int compare_ids(const uint8_t *a, const uint8_t *b)
{
    return assay_bytes_compare(a, b, ASSAY_SCORING_ID_LEN);
}

static int compare_node(const void *context, uint32_t a, uint32_t b)
{
    const struct assay_place *places = context;
    const int sign = compare_ids(places[a].node_id, places[b].node_id);
    if (sign != 0) return sign;
    return a < b ? -1 : a > b; /* ids are different; not guaranteed in an untrusted state */
}

static int compare_operator(const void *context, uint32_t a, uint32_t b)
{
    const struct assay_place *places = context;
    return compare_ids(places[a].operator_id, places[b].operator_id);
}

static int compare_vendor(const void *context, uint32_t a, uint32_t b)
{
    const struct assay_place *places = context;
    return compare_ids(places[a].vendor_root, places[b].vendor_root);
}

/* docs/protocol.md 6.2: shared platforms are named by (operator, vendor root), all others by id. */
static int compare_platform(const void *context, uint32_t a, uint32_t b)
{
    const struct assay_place *places = context;
    const struct assay_place *one = &places[a];
    const struct assay_place *other = &places[b];
    if (one->platform_shared != other->platform_shared) return one->platform_shared ? 1 : -1;
    if (!one->platform_shared) return compare_ids(one->platform_id, other->platform_id);
    const int sign = compare_operator(context, a, b);
    return sign != 0 ? sign : compare_vendor(context, a, b);
}

/* Numbers runs of equal slots. Leaves slots sorted. Returns the number of groups. */
static uint32_t number_groups(const struct assay_place *places, uint32_t count, uint32_t *slots,
                              assay_enforce_order_compare *compare, uint32_t *group_of)
{
    ASSAY_ASSERT(count > 0);

    assay_scores_sort(slots, count, compare, places);
    uint32_t group = 0;
    group_of[slots[0]] = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (compare(places, slots[i - 1], slots[i]) != 0) group++;
        group_of[slots[i]] = group;
    }
    ASSAY_ASSERT(group < count);
    return group + 1;
}

/* Closes every run of one platform in the sorted slots to a ring. */
static void link_platforms(struct assay_groups *groups, const uint32_t *slots)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < groups->count; i++) {
        const bool run_ends =
            i + 1 == groups->count || groups->platform[slots[i]] != groups->platform[slots[i + 1]];
        groups->platform_next[slots[i]] = run_ends ? slots[first] : slots[i + 1];
        if (run_ends) first = i + 1;
    }
    ASSAY_ASSERT(first == groups->count);
}

void assay_groups_build(const struct assay_place *places, uint32_t count, void *memory,
                        size_t memory_len, struct assay_groups *groups)
{
    ASSAY_ASSERT(count >= 1 && count <= ASSAY_SCORING_MEMBERS_MAX);
    ASSAY_ASSERT(memory_len >= assay_groups_memory_len(count));
    ASSAY_ASSERT((uintptr_t)memory % sizeof(uint64_t) == 0);

    uint32_t *arrays = memory;
    *groups = (struct assay_groups){
        .count = count,
        .by_id = arrays,
        .platform = arrays + count,
        .operator_ = arrays + 2 * (size_t)count,
        .vendor = arrays + 3 * (size_t)count,
        .platform_next = arrays + 4 * (size_t)count,
    };
    uint32_t *slots = groups->by_id;
    for (uint32_t i = 0; i < count; i++)
        slots[i] = i;

    groups->platform_count =
        number_groups(places, count, slots, compare_platform, groups->platform);
    link_platforms(groups, slots);
    groups->operator_count =
        number_groups(places, count, slots, compare_operator, groups->operator_);
    groups->vendor_count = number_groups(places, count, slots, compare_vendor, groups->vendor);
    assay_scores_sort(slots, count, compare_node, places);
    for (uint32_t i = 1; i < count; i++)
        ASSAY_ASSERT(compare_node(places, slots[i - 1], slots[i]) < 0);
    ASSAY_ASSERT(groups->platform_count <= count && groups->operator_count <= count);
    ASSAY_ASSERT(groups->vendor_count <= count && groups->vendor_count > 0);
}
