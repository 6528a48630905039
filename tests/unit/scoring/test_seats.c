/*
 * tests/unit/scoring/test_seats.c - scoring/seats.c (docs/protocol.md 5.22): its goals on drawn
 * rosters. The model of tests/model/rules works the same seats out from the text of the rule.
 */
#include "scoring/seats.h"

#include "base/bytes.h"
#include "tests/support/depth.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { MEMBERS_MAX = 1024 };

static struct assay_place places[MEMBERS_MAX];
static uint32_t weights[MEMBERS_MAX], seats[MEMBERS_MAX];
static uint32_t count;
static struct assay_groups groups;
static uint64_t groups_memory[MEMBERS_MAX * 4], scratch[MEMBERS_MAX * 16];
static bool present[MEMBERS_MAX], sat[MEMBERS_MAX];

static void number(uint8_t *id, uint32_t n)
{
    assay_bytes_zero(id, ASSAY_SCORING_ID_LEN);
    id[0] = (uint8_t)(n >> 8);
    id[1] = (uint8_t)n;
}

static void empty(void)
{
    count = 0;
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        present[i] = true;
        sat[i] = false;
    }
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
    const struct assay_seats_input input = {
        .groups = &groups,
        .weights = weights,
        .present = present,
        .sat = sat,
        .seats_max = seats_max,
    };
    return assay_seats(&input, scratch, sizeof scratch, seats);
}

static uint64_t sum_in(const uint32_t *table, const uint32_t *group_of, uint32_t group)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        if (group_of[i] == group) sum += table[i];
    return sum;
}

static uint32_t eligible(void)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i] > 0;
    return sum;
}

/* The votes of each operator are its weight: so those of every union of operators are. */
static void expect_exact(uint64_t round)
{
    for (uint32_t g = 0; g < groups.operator_count; g++)
        cr_assert_eq(sum_in(seats, groups.operator_, g), sum_in(weights, groups.operator_, g),
                     "round %d, operator %u", (int)round, g);
}

static void draw(uint64_t *seed, uint32_t members, uint32_t operators)
{
    empty();
    const uint32_t roots = 1 + world_below(seed, 6);
    const uint32_t largest = world_below(seed, 3) == 0 ? 3 : 10001;
    for (uint32_t i = 0; i < members; i++) {
        add(1, world_below(seed, 2) == 0 ? 0 : world_below(seed, roots),
            world_below(seed, operators), world_below(seed, largest));
        present[i] = world_below(seed, 6) != 0;
        sat[i] = world_below(seed, 3) == 0;
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
    cr_assert_eq(seat(99), 99u);
    expect_exact(0);
}

Test(scoring_seats, carry_the_weight_of_each_operator_exactly, .timeout = 600)
{
    uint64_t seed = 1;
    uint32_t crowded = 0;
    for (uint64_t round = 0; round < 4000 / test_every(4); round++) {
        draw(&seed, 1 + world_below(&seed, round % 16 == 0 ? 400 : 60), 1 + world_below(&seed, 40));
        const uint32_t seats_max = 1 + world_below(&seed, 40);
        const uint32_t given = seat(seats_max);
        expect_exact(round);
        uint32_t operators = 0;
        for (uint32_t g = 0; g < groups.operator_count; g++)
            operators += sum_in(weights, groups.operator_, g) > 0;
        cr_assert_leq(given, operators > seats_max ? operators : seats_max);
        for (uint32_t i = 0; i < count; i++)
            cr_assert(weights[i] > 0 || seats[i] == 0, "a member without weight has no seat");
        crowded += eligible() > seats_max;
    }
    cr_expect_gt(crowded, 2000u / test_every(4));
}

/* An operator has in one root what its members have there, unless they do not all sit. Returns how
 * much more votes than weight the worst root has. */
static uint64_t worst_root(uint64_t *largest_seat)
{
    uint64_t worst = 0;
    *largest_seat = 0;
    for (uint32_t i = 0; i < count; i++)
        if (seats[i] > *largest_seat) *largest_seat = seats[i];
    for (uint32_t g = 0; g < groups.vendor_count; g++) {
        const uint64_t votes = sum_in(seats, groups.vendor, g);
        const uint64_t weight = sum_in(weights, groups.vendor, g);
        if (votes > weight && votes - weight > worst) worst = votes - weight;
    }
    return worst;
}

/* Honest operators of `each` members spread over the roots, and a coalition of `others` operators
 * of `few` members, each at one root: what took 36 % of the votes with 4.7 % of the members. */
static uint64_t coalition_votes(uint32_t honest, uint32_t each, uint32_t others, uint32_t few)
{
    empty();
    for (uint32_t o = 0; o < honest; o++)
        for (uint32_t k = 0; k < each; k++)
            add(1, (o + k) % 4, 1000 + o, 10000);
    const uint32_t first = count;
    for (uint32_t o = 0; o < others; o++)
        add(few, o % 4, o, 10000); /* the smallest ids */
    seat(ASSAY_SEATS_MAX);
    uint64_t votes = 0, largest = 0;
    for (uint32_t i = first; i < count; i++)
        votes += seats[i];
    cr_expect_leq(worst_root(&largest), 2 * largest);
    return votes;
}

Test(scoring_seats, reward_neither_concentration_nor_chosen_ids)
{
    cr_expect_eq(coalition_votes(66, 4, 34, 1), 34u * 10000);
    cr_expect_eq(coalition_votes(70, 4, 22, 2), 22u * 2 * 10000);
    cr_expect_eq(coalition_votes(40, 4, 12, 4), 12u * 4 * 10000);
    cr_expect_eq(coalition_votes(90, 10, 8, 1), 8u * 10000);
}

/* A root has its weight, but for two of the largest seats in nearly all rosters, four in all. */
Test(scoring_seats, follow_the_vendor_roots_as_far_as_members_sit)
{
    uint64_t seed = 2;
    uint32_t above_two = 0;
    for (uint32_t round = 0; round < 400; round++) {
        empty();
        const uint32_t operators = 20 + world_below(&seed, 80), roots = 3 + world_below(&seed, 4);
        for (uint32_t o = 0; o < operators; o++) {
            const uint32_t members = 1 + world_below(&seed, 8), at = world_below(&seed, roots);
            const bool spread = world_below(&seed, 5) < 3;
            for (uint32_t k = 0; k < members; k++)
                add(1, spread ? (at + k) % roots : at, o, 5200 + world_below(&seed, 4801));
        }
        uint64_t largest = 0;
        seat(ASSAY_SEATS_MAX);
        expect_exact(round);
        const uint64_t excess = worst_root(&largest);
        cr_assert_leq(excess, 4 * largest, "round %u", round);
        above_two += excess > 2 * largest;
    }
    cr_expect_leq(above_two, 2u, "one in 200 at most");
}

/* No dead member sits while a living one of its operator does not, and nobody who sits is moved. */
Test(scoring_seats, are_of_members_that_are_there_and_stay_theirs)
{
    uint64_t seed = 3;
    for (uint32_t round = 0; round < 1000; round++) {
        draw(&seed, 30 + world_below(&seed, 60), 1 + world_below(&seed, 9));
        const uint32_t seats_max = 9 + world_below(&seed, 12);
        if (eligible() <= seats_max) continue;
        for (uint32_t i = 0; i < count; i++)
            weights[i] = weights[i] == 0 ? 0 : 9000 + weights[i] / 10;
        seat(seats_max);
        for (uint32_t a = 0; a < count; a++)
            for (uint32_t b = 0; b < count; b++)
                if (groups.operator_[a] == groups.operator_[b] && present[b] && weights[b] > 0 &&
                    !present[a])
                    cr_assert(seats[a] == 0 || seats[b] > 0, "round %u", round);
        for (uint32_t i = 0; i < count; i++)
            sat[i] = seats[i] > 0;
        seat(seats_max);
        for (uint32_t i = 0; i < count; i++)
            cr_assert(!sat[i] || !present[i] || seats[i] > 0, "round %u: member %u", round, i);
    }
}

/* Other ids, the same roster: the same seats. Ids can be made until they suit. */
Test(scoring_seats, do_not_depend_on_ids)
{
    static uint32_t before[MEMBERS_MAX];
    uint64_t seed = 4;
    for (uint32_t round = 0; round < 1000; round++) {
        draw(&seed, 2 + world_below(&seed, 80), 1 + world_below(&seed, 20));
        const uint32_t seats_max = 1 + world_below(&seed, 30);
        const uint8_t turn = (uint8_t)(1 + world_below(&seed, 255));
        seat(seats_max);
        for (uint32_t i = 0; i < count; i++) {
            before[i] = seats[i];
            for (unsigned k = 0; k < 2; k++) {
                places[i].node_id[k] ^= turn;
                places[i].operator_id[k] ^= turn;
                places[i].vendor_root[k] ^= turn;
            }
        }
        seat(seats_max);
        for (uint32_t i = 0; i < count; i++)
            cr_assert_eq(seats[i], before[i], "round %u: member %u", round, i);
    }
}

/* A simulated network may have more operators than seats; genesis and changes refuse it. */
Test(scoring_seats, go_to_the_heaviest_operators_where_there_are_too_many)
{
    empty();
    for (uint32_t o = 0; o < 200; o++)
        add(1, o % 4, o, o < 100 ? 5000 : 6000);
    cr_assert_eq(seat(100), 100u);
    for (uint32_t i = 0; i < count; i++)
        cr_assert_eq(seats[i], i < 100 ? 0u : 6000u);
}

Test(scoring_seats, of_the_largest_roster_are_exact)
{
    uint64_t seed = 77;
    draw(&seed, MEMBERS_MAX, 100);
    cr_assert_eq(seat(100), 100u);
    expect_exact(0);
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
