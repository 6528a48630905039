/*
 * tests/unit/scoring/test_groups.c - tests of sorting and of groups of members.
 */
#include "scoring/groups.h"

#include "scoring/order.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct world w; /* too large for the stack of a test */

static int compare_keys(const void *context, uint32_t a, uint32_t b)
{
    const uint32_t *keys = context;
    return keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0;
}

Test(scoring_groups, sorting_is_total_and_does_not_depend_on_the_input_order)
{
    uint64_t seed = 7;
    for (uint32_t count = 0; count <= 40; count++) {
        for (int round = 0; round < 20; round++) {
            uint32_t keys[40];
            uint32_t slots[40];
            bool seen[40] = { false };
            for (uint32_t i = 0; i < count; i++) {
                keys[i] = world_below(&seed, 1 + count / 2);
                slots[i] = i;
            }
            for (uint32_t i = count; i > 1; i--) {
                const uint32_t other = world_below(&seed, i);
                const uint32_t kept = slots[i - 1];
                slots[i - 1] = slots[other];
                slots[other] = kept;
            }
            assay_scores_sort(slots, count, compare_keys, keys);
            for (uint32_t i = 0; i < count; i++) {
                cr_assert_not(seen[slots[i]], "a permutation");
                seen[slots[i]] = true;
                if (i == 0) continue;
                const int sign = compare_keys(keys, slots[i - 1], slots[i]);
                cr_assert(sign < 0 || (sign == 0 && slots[i - 1] < slots[i]));
            }
        }
    }
}

static bool same_numbers(uint32_t a, uint32_t b, const uint32_t *group_of)
{
    return group_of[a] == group_of[b];
}

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    for (unsigned k = 0; k < ASSAY_SCORING_ID_LEN; k++)
        if (a[k] != b[k]) return false;
    return true;
}

static bool same_platform(const struct assay_place *a, const struct assay_place *b)
{
    if (a->platform_shared != b->platform_shared) return false;
    if (!a->platform_shared) return same_id(a->platform_id, b->platform_id);
    return same_id(a->operator_id, b->operator_id) && same_id(a->vendor_root, b->vendor_root);
}

Test(scoring_groups, two_members_share_a_number_exactly_when_they_share_the_id)
{
    uint64_t seed = 11;
    for (int round = 0; round < 300; round++) {
        world_init(&w, 1 + world_below(&seed, 20));
        world_random_places(&w, &seed);
        for (uint32_t a = 0; a < w.count; a++) {
            cr_assert_lt(w.groups.platform[a], w.groups.platform_count);
            cr_assert_lt(w.groups.operator_[a], w.groups.operator_count);
            cr_assert_lt(w.groups.vendor[a], w.groups.vendor_count);
            for (uint32_t b = 0; b < w.count; b++) {
                const struct assay_place *one = &w.places[a];
                const struct assay_place *other = &w.places[b];
                cr_assert_eq(same_numbers(a, b, w.groups.operator_),
                             same_id(one->operator_id, other->operator_id));
                cr_assert_eq(same_numbers(a, b, w.groups.vendor),
                             same_id(one->vendor_root, other->vendor_root));
                cr_assert_eq(same_numbers(a, b, w.groups.platform), same_platform(one, other));
            }
        }
    }
}

Test(scoring_groups, the_ring_visits_each_id_of_the_platform_once)
{
    uint64_t seed = 13;
    for (int round = 0; round < 300; round++) {
        world_init(&w, 1 + world_below(&seed, 20));
        world_random_places(&w, &seed);
        for (uint32_t a = 0; a < w.count; a++) {
            uint32_t expected = 0;
            for (uint32_t b = 0; b < w.count; b++)
                if (same_platform(&w.places[a], &w.places[b])) expected++;
            uint32_t visited = 0;
            uint32_t turned_back = 0;
            uint32_t at = a;
            do {
                cr_assert(same_platform(&w.places[a], &w.places[at]));
                if (w.groups.platform_next[at] <= at) turned_back++;
                at = w.groups.platform_next[at];
                cr_assert_leq(++visited, expected);
            } while (at != a);
            cr_assert_eq(visited, expected);
            cr_assert_eq(turned_back, 1u, "rising but for the last");
        }
    }
}

Test(scoring_groups, slots_are_listed_in_byte_order_of_id)
{
    world_init(&w, 4);
    const uint8_t first_bytes[] = { 0x80, 0x7f, 0xff, 0x00 };
    for (uint32_t i = 0; i < 4; i++)
        w.places[i].node_id[0] = first_bytes[i];
    world_regroup(&w);
    const uint32_t expected[] = { 3, 1, 0, 2 }; /* unsigned order */
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_eq(w.groups.by_id[i], expected[i]);
}

Test(scoring_groups, two_members_of_one_id_are_in_order_of_their_slots)
{
    world_init(&w, 4);
    w.places[2] = w.places[1];
    world_regroup(&w);
    uint32_t at[4];
    for (uint32_t i = 0; i < 4; i++)
        at[w.groups.by_id[i]] = i;
    cr_assert_eq(at[2], at[1] + 1);
}

Test(scoring_groups, aborts_when_the_memory_is_one_byte_short, .signal = SIGABRT)
{
    world_init(&w, 4);
    assay_groups_build(w.places, 4, w.groups_memory, assay_groups_memory_len(4) - 1, &w.groups);
}
