/*
 * tests/unit/scoring/test_seats.c - scoring/seats.c (docs/protocol.md 5.22).
 */
#include "scoring/seats.h"

#include "base/bytes.h"
#include "tests/support/depth.h"
#include "tests/support/scoring_reference.h"
#include "tests/support/seats_reference.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { MEMBERS_MAX = 1024 };

static struct assay_place places[MEMBERS_MAX];
static uint32_t weights[MEMBERS_MAX], seats[MEMBERS_MAX];
static uint32_t count;
static struct assay_groups groups;
static uint64_t groups_memory[MEMBERS_MAX * 4], scratch[MEMBERS_MAX * 16];
static struct assay_weight_rules rules;

static void number(uint8_t *id, uint32_t n)
{
    assay_bytes_zero(id, ASSAY_SCORING_ID_LEN);
    id[0] = (uint8_t)(n >> 8);
    id[1] = (uint8_t)n;
}

static void empty(void)
{
    count = 0;
    rules = assay_weight_rules_default();
}

/* Members of one root and one operator more. */
static void add(uint32_t members, uint32_t root, uint32_t operator_, uint32_t weight)
{
    for (uint32_t i = 0; i < members; i++, count++) {
        number(places[count].node_id, count + 1);
        number(places[count].platform_id, count + 1);
        number(places[count].operator_id, operator_);
        number(places[count].vendor_root, root);
        weights[count] = weight;
    }
}

static uint32_t seat(uint32_t seats_max)
{
    assay_groups_build(places, count, groups_memory, sizeof groups_memory, &groups);
    const struct assay_seats_input input = { &rules, &groups, weights, seats_max };
    return assay_seats(&input, scratch, sizeof scratch, seats);
}

static uint64_t sum_of(const uint32_t *table)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += table[i];
    return sum;
}

static uint64_t sum_in(const uint32_t *table, const uint32_t *group_of, uint32_t group)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        if (group_of[i] == group) sum += table[i];
    return sum;
}

static uint32_t seats_in(const uint32_t *group_of, uint32_t group)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += group_of[i] == group && seats[i] > 0;
    return sum;
}

/* Share of the largest group of a table, in basis points, rounded down. */
static uint32_t largest_bp(const uint32_t *table, const uint32_t *group_of, uint32_t group_count)
{
    uint64_t most = 0;
    for (uint32_t g = 0; g < group_count; g++) {
        const uint64_t sum = sum_in(table, group_of, g);
        if (sum > most) most = sum;
    }
    return (uint32_t)(most * 10000 / sum_of(table));
}

/* No group has more seats than its share of the weight makes, rounded up. */
static void expect_shares(const uint32_t *group_of, uint32_t group_count, uint32_t seats_max)
{
    const uint64_t total = sum_of(weights);
    for (uint32_t g = 0; g < group_count; g++) {
        const uint64_t most = (sum_in(weights, group_of, g) * seats_max + total - 1) / total;
        cr_assert_leq(seats_in(group_of, g), most);
    }
}

static void expect_same_as_reference(uint32_t seats_max, const char *when, uint64_t round)
{
    static bool has_seat[MEMBERS_MAX];
    uint32_t carried[REFERENCE_MEMBERS_MAX];
    const uint32_t given = reference_seats(places, weights, count, seats_max, has_seat);
    cr_assert_leq(seat(seats_max), given);
    uint32_t eligible = 0;
    for (uint32_t i = 0; i < count; i++)
        eligible += weights[i] > 0;
    if (count > REFERENCE_MEMBERS_MAX) {
        for (uint32_t i = 0; i < count; i++)
            cr_assert_eq(seats[i] > 0, has_seat[i], "%s %d: %u", when, (int)round, i);
        return;
    }
    reference_seats_carry(places, weights, count, has_seat, carried);
    if (eligible > seats_max) reference_cut(&rules, places, count, carried);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(seats[i], carried[i], "%s %d: member %u of %u, %u seats: %u, expected %u",
                     when, (int)round, i, count, seats_max, seats[i], carried[i]);
}

static void draw(uint64_t *seed, uint32_t members)
{
    empty();
    const uint32_t roots = 1 + world_below(seed, 6), operators = 1 + world_below(seed, 12);
    const uint32_t largest = world_below(seed, 3) == 0 ? 3 : 200;
    for (uint32_t i = 0; i < members; i++)
        add(1, world_below(seed, 2) == 0 ? 0 : world_below(seed, roots),
            world_below(seed, operators), world_below(seed, largest));
    /* Ids in another order than slots. */
    for (uint32_t i = members; i > 1; i--) {
        const uint32_t k = world_below(seed, i);
        uint8_t id[ASSAY_SCORING_ID_LEN];
        assay_bytes_copy(id, sizeof id, places[k].node_id, sizeof id);
        assay_bytes_copy(places[k].node_id, sizeof id, places[i - 1].node_id, sizeof id);
        assay_bytes_copy(places[i - 1].node_id, sizeof id, id, sizeof id);
    }
}

Test(scoring_seats, are_everybodys_while_there_are_enough)
{
    empty();
    add(60, 1, 1, 10000);
    add(39, 2, 2, 7000);
    add(10, 3, 3, 0);
    add(1, 3, 3, 1);
    cr_assert_eq(seat(100), 100u);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(seats[i], weights[i]);
    /* One too many: of 99 the shares are 68.04, 30.96 and a trace, and the first has 60 members. */
    cr_assert_eq(seat(99), 60u + 31u + 1u);
}

Test(scoring_seats, of_the_hundred_heaviest_would_undo_the_caps)
{
    /* 1000 members of 10000 each: 760 of one vendor, whose cap leaves each a part of it, 100 of a
     * second, 80 and 60 of two more. */
    empty();
    const uint32_t of_root[] = { 760, 100, 80, 60 };
    for (uint32_t root = 0; root < 4; root++)
        for (uint32_t k = 0; k < of_root[root] / 20; k++)
            add(20, root, 100 * root + k, 10000);
    assay_groups_build(places, count, groups_memory, sizeof groups_memory, &groups);
    assay_weights_cut(&groups, &rules, scratch, sizeof scratch, weights);
    const uint32_t of_members = largest_bp(weights, groups.vendor, groups.vendor_count);
    cr_assert_eq(sum_in(weights, groups.vendor, 0), 2600000u, "half of what they had stands");
    cr_assert_eq(of_members, 5200u, "L2: a cap cannot take more than that");

    uint32_t heaviest[MEMBERS_MAX] = { 0 };
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < count && chosen < 100; i++) /* ids rise with slots: ties go so */
        if (weights[i] == 10000) {
            heaviest[i] = weights[i];
            chosen++;
        }
    cr_assert_eq(sum_in(heaviest, groups.vendor, 1) * 10000 / sum_of(heaviest), 10000u,
                 "all seats to the least crowded vendor that fills them: a tenth of the members");

    cr_assert_eq(seat(100), 100u);
    const uint32_t expected[] = { 52, 20, 16, 12 };
    for (uint32_t root = 0; root < 4; root++)
        cr_expect_eq(seats_in(groups.vendor, root), expected[root], "root %u: %u", root,
                     seats_in(groups.vendor, root));
    expect_shares(groups.vendor, groups.vendor_count, 100);
    expect_shares(groups.operator_, groups.operator_count, 100);
    cr_expect_leq(largest_bp(seats, groups.vendor, groups.vendor_count), 3333u);
    cr_expect_leq(largest_bp(seats, groups.operator_, groups.operator_count), 2000u);
}

Test(scoring_seats, of_a_root_with_fewer_members_stay_empty_and_its_weight_is_carried)
{
    empty();
    add(3, 1, 1, 10000);
    add(3, 2, 2, 10000);
    for (uint32_t k = 0; k < 40; k++)
        add(1, 3 + k % 2, 3 + k, 1500);
    rules.operator_cap.num = rules.vendor_cap.num = 100; /* no cut */
    /* Of 20 seats the shares are 5, 5, 5 and 5. */
    cr_assert_eq(seat(20), 16u);
    for (uint32_t root = 0; root < 4; root++) {
        cr_assert_eq(seats_in(groups.vendor, root), root < 2 ? 3u : 5u);
        cr_assert_eq(sum_in(seats, groups.vendor, root), 30000u);
    }
    for (uint32_t i = 0; i < count; i++)
        cr_assert(seats[i] == 0 || seats[i] == (i < 6 ? 10000u : 6000u));
}

Test(scoring_seats, go_to_the_heavier_and_of_equals_to_the_smaller_id)
{
    empty();
    add(5, 1, 1, 10);
    add(5, 1, 2, 10);
    add(5, 2, 3, 10);
    add(5, 2, 4, 10);
    weights[3] = 11;
    cr_assert_eq(seat(4), 4u);
    const uint32_t sit[] = { 3, 5, 10, 15 };
    for (uint32_t i = 0, k = 0; i < count; i++) {
        const bool sits = k < 4 && sit[k] == i;
        cr_expect_eq(seats[i] > 0, sits, "member %u", i);
        k += sits;
    }
    cr_assert_eq(seat(1), 1u);
    cr_expect(seats[3] > 0, "root 1 weighs more");
    weights[3] = 10;
    cr_assert_eq(seat(1), 1u);
    cr_expect(seats[0] > 0, "equals: the smaller root, the smaller operator, the smaller id");
}

Test(scoring_seats, of_roots_without_one_do_not_lift_the_others_above_the_caps)
{
    /* Four roots of a fifth each, and one hundred small ones that share the last fifth. */
    empty();
    for (uint32_t k = 0; k < 60; k++)
        add(1, 1 + k % 4, 1000 + k, 1000);
    for (uint32_t k = 0; k < 100; k++)
        add(1, 100 + k, 2000 + k, 150);
    rules.vendor_cap = (struct assay_cap){ 1, 5 };
    assay_groups_build(places, count, groups_memory, sizeof groups_memory, &groups);
    cr_assert_leq(largest_bp(weights, groups.vendor, groups.vendor_count), 2000u);
    cr_assert_eq(seat(12), 12u);
    uint64_t alone = 0;
    for (uint32_t i = 60; i < count; i++)
        alone += seats[i] > 0;
    cr_expect_eq(alone, 0u, "D'Hondt: one small one weighs less than a fifth of a large one");
    cr_expect_leq(largest_bp(seats, groups.vendor, groups.vendor_count), 2500u,
                  "four: the cap cannot be met, and they are equal");
}

Test(scoring_seats, are_those_of_the_reference_on_drawn_rosters)
{
    uint64_t seed = 1;
    for (uint64_t round = 0; round < 4000 / test_every(4); round++) {
        draw(&seed, 1 + world_below(&seed, round % 16 == 0 ? 64 : 24));
        if (round % 2 == 0) {
            assay_groups_build(places, count, groups_memory, sizeof groups_memory, &groups);
            assay_weights_cut(&groups, &rules, scratch, sizeof scratch, weights);
        }
        expect_same_as_reference(1 + world_below(&seed, 20), "round", round);
    }
}

Test(scoring_seats, are_those_of_the_reference_of_a_thousand)
{
    uint64_t seed = 77;
    draw(&seed, MEMBERS_MAX);
    rules.operator_cap.num = rules.vendor_cap.num = 100; /* nobody is cut to nothing */
    expect_same_as_reference(9, "drawn", 0);
}

Test(scoring_seats, keep_shares_within_the_caps_on_drawn_rosters)
{
    uint64_t seed = 2;
    uint32_t full = 0;
    for (uint32_t round = 0; round < 4000; round++) {
        draw(&seed, 1 + world_below(&seed, 120));
        rules.operator_cap.num = rules.vendor_cap.num = 100; /* nobody is cut to nothing */
        const uint32_t seats_max = 1 + world_below(&seed, 30);
        if (sum_of(weights) == 0) continue;
        const uint32_t given = seat(seats_max);
        cr_assert(given > 0 && sum_of(seats) > 0 && sum_of(seats) <= sum_of(weights));
        uint32_t eligible = 0;
        for (uint32_t i = 0; i < count; i++) {
            eligible += weights[i] > 0;
            cr_assert(weights[i] > 0 || seats[i] == 0, "who has no weight has no seat");
        }
        cr_assert_leq(given, eligible);
        if (eligible <= seats_max) continue;
        full++;
        cr_assert_leq(given, seats_max);
        expect_shares(groups.vendor, groups.vendor_count, seats_max);
        expect_shares(groups.operator_, groups.operator_count, seats_max);
        for (uint32_t a = 0; a < count; a++) /* within one operator of a root, the heavier first */
            for (uint32_t b = 0; b < count; b++)
                if (groups.vendor[a] == groups.vendor[b] &&
                    groups.operator_[a] == groups.operator_[b] && weights[a] > weights[b])
                    cr_assert(seats[a] > 0 || seats[b] == 0);
    }
    cr_assert_gt(full, 2000u);
}

/* Where no operator has members in several roots: its share of all seats binds across roots, so
 * there a seat that goes to one root earlier may take it from another. */
Test(scoring_seats, are_not_lost_by_more_weight)
{
    uint64_t seed = 3;
    for (uint32_t round = 0; round < 4000 / test_every(4); round++) {
        draw(&seed, 10 + world_below(&seed, 40));
        for (uint32_t i = 0; i < count; i++)
            places[i].operator_id[2] = places[i].vendor_root[1];
        rules.operator_cap.num = rules.vendor_cap.num = 100;
        const uint32_t seats_max = 1 + world_below(&seed, 9);
        seat(seats_max);
        const uint32_t who = world_below(&seed, count);
        if (seats[who] == 0) continue;
        weights[who] += 1 + world_below(&seed, 100);
        seat(seats_max);
        cr_assert(seats[who] > 0, "round %u: member %u", round, who);
    }
}

Test(scoring_seats, do_not_depend_on_the_order_of_slots)
{
    static struct assay_place first_places[MEMBERS_MAX];
    static uint32_t first_seats[MEMBERS_MAX];
    uint64_t seed = 4;
    for (uint32_t round = 0; round < 1000; round++) {
        draw(&seed, 2 + world_below(&seed, 60));
        const uint32_t seats_max = 1 + world_below(&seed, 20);
        const uint32_t given = seat(seats_max);
        for (uint32_t i = 0; i < count; i++) {
            first_places[i] = places[i];
            first_seats[i] = seats[i];
        }
        for (uint32_t i = count; i > 1; i--) {
            const uint32_t k = world_below(&seed, i);
            const struct assay_place place = places[k];
            const uint32_t weight = weights[k];
            places[k] = places[i - 1];
            weights[k] = weights[i - 1];
            places[i - 1] = place;
            weights[i - 1] = weight;
        }
        cr_assert_eq(seat(seats_max), given);
        for (uint32_t i = 0; i < count; i++)
            for (uint32_t k = 0; k < count; k++)
                if (assay_bytes_equal(places[i].node_id, first_places[k].node_id, 32))
                    cr_assert_eq(seats[i], first_seats[k]);
    }
}

Test(scoring_seats, preserve_the_weight_of_each_root_that_has_one)
{
    uint64_t seed = 5;
    for (uint32_t round = 0; round < 1000; round++) {
        draw(&seed, 30 + world_below(&seed, 60));
        rules.operator_cap.num = rules.vendor_cap.num = 100; /* no cut */
        if (seat(1 + world_below(&seed, 12)) == 0) continue;
        for (uint32_t g = 0; g < groups.vendor_count; g++)
            if (seats_in(groups.vendor, g) > 0)
                cr_assert_eq(sum_in(seats, groups.vendor, g), sum_in(weights, groups.vendor, g));
    }
}

Test(scoring_seats, aborts_without_any, .signal = SIGABRT)
{
    empty();
    add(4, 1, 1, 10000);
    seat(0);
}

Test(scoring_seats, aborts_on_more_than_a_certificate_holds, .signal = SIGABRT)
{
    empty();
    add(4, 1, 1, 10000);
    seat(ASSAY_SEATS_MAX + 1);
}
