/*
 * tests/unit/scoring/test_caps.c - tests of caps, against an exhaustive search of limits.
 */
#include "scoring/caps.h"

#include "tests/support/scoring_reference.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { GROUPS_MAX = 8, MEMBERS = 12 };

static const struct assay_cap fifth = { .num = 20, .den = 100 };
static const struct assay_cap third = { .num = 33, .den = 100 };

static uint64_t limit_of(const uint64_t *sums, uint32_t count, struct assay_cap cap)
{
    uint64_t total = 0;
    for (uint32_t g = 0; g < count; g++)
        total += sums[g];
    return assay_cap_limit(sums, count, cap, total);
}

Test(scoring_caps, equal_groups_that_fit_are_not_cut)
{
    const uint64_t four[] = { 10000, 10000, 10000, 10000 };
    cr_expect_geq(limit_of(four, 4, third), 10000u);
    const uint64_t five[] = { 10000, 10000, 10000, 10000, 10000 };
    cr_expect_geq(limit_of(five, 5, fifth), 10000u);
}

Test(scoring_caps, a_large_group_is_cut_to_exactly_the_cap)
{
    const uint64_t sums[] = { 50000, 10000, 10000, 10000, 10000 };
    const uint64_t limit = limit_of(sums, 5, third);
    /* L <= 0.33 (L + 40000): 19701.49 */
    cr_expect_eq(limit, 19701u);
}

Test(scoring_caps, two_and_three_roots_are_cut_to_the_smallest_or_to_half_of_the_whole)
{
    const uint64_t two[] = { 60000, 10000 };
    cr_expect_eq(limit_of(two, 2, third), 25000u, "L2: 2 (25000 + 10000) = 70000");
    const uint64_t three[] = { 40000, 40000, 30000 };
    cr_expect_eq(limit_of(three, 3, third), 30000u, "L3: nobody is cut below the smallest");
    const uint64_t three_far[] = { 50000, 20000, 1000 };
    cr_expect_eq(limit_of(three_far, 3, third), 17250u, "L2: 2 (17250 + 17250 + 1000) = 71000");
}

Test(scoring_caps, a_lone_node_of_a_rare_vendor_is_not_lifted_to_half_of_the_vote)
{
    const uint64_t sums[] = { 100000, 10000 };
    const uint64_t limit = limit_of(sums, 2, third);
    cr_expect_eq(limit, 45000u);
    cr_expect_leq(3 * 10000, limit + 10000, "it holds less than a fifth after the cut");
}

Test(scoring_caps, a_single_group_keeps_what_it_has)
{
    const uint64_t one[] = { 70000 };
    cr_expect_eq(limit_of(one, 1, third), 70000u);
    const uint64_t one_and_empty[] = { 0, 70000, 0 };
    cr_expect_eq(limit_of(one_and_empty, 3, third), 70000u);
    const uint64_t nothing[] = { 0, 0 };
    cr_expect_eq(limit_of(nothing, 2, third), 0u);
}

Test(scoring_caps, agrees_with_trying_every_limit_in_20000_random_families, .timeout = 600)
{
    uint64_t seed = 0xca95;
    for (int round = 0; round < 20000; round++) {
        uint64_t sums[GROUPS_MAX];
        const uint32_t count = 1 + world_below(&seed, GROUPS_MAX);
        const uint32_t most = 1 + world_below(&seed, 60);
        uint64_t total = 0;
        for (uint32_t g = 0; g < count; g++) {
            sums[g] = world_below(&seed, world_below(&seed, 5) == 0 ? 300 : most);
            total += sums[g];
        }
        const struct assay_cap cap = { .num = 1 + world_below(&seed, 60),
                                       .den = 60 + world_below(&seed, 60) };
        const uint64_t before = total + (world_below(&seed, 2) ? world_below(&seed, 200) : 0);
        cr_assert_eq(assay_cap_limit(sums, count, cap, before),
                     reference_cap_limit(sums, count, cap, before), "round %d", round);
    }
}

Test(scoring_caps, agrees_with_trying_every_limit_for_all_triples_up_to_12, .timeout = 600)
{
    for (uint64_t a = 0; a <= 12; a++)
        for (uint64_t b = 0; b <= 12; b++)
            for (uint64_t c = 0; c <= 12; c++) {
                const uint64_t sums[] = { a, b, c };
                for (uint64_t more = 0; more <= 12; more += 3) {
                    const uint64_t before = a + b + c + more;
                    cr_assert_eq(assay_cap_limit(sums, 3, third, before),
                                 reference_cap_limit(sums, 3, third, before));
                    cr_assert_eq(assay_cap_limit(sums, 3, fifth, before),
                                 reference_cap_limit(sums, 3, fifth, before));
                }
            }
}

/* --- the cut --------------------------------------------------------------------------------- */

struct cut_case {
    uint32_t group_of[MEMBERS];
    uint32_t by_id[MEMBERS];
    uint32_t before[MEMBERS];
    uint32_t after[MEMBERS];
    uint64_t limit;
};

static void random_cut(struct cut_case *c, uint64_t *seed)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        c->group_of[i] = world_below(seed, GROUPS_MAX);
        c->by_id[i] = i;
        c->before[i] = c->after[i] = world_below(seed, 4) == 0 ? 0 : world_below(seed, 10001);
        const uint32_t other = world_below(seed, i + 1);
        c->by_id[i] = c->by_id[other];
        c->by_id[other] = i;
    }
    c->limit = world_below(seed, 20000);
}

static void run_cut(struct cut_case *c)
{
    uint64_t sums[GROUPS_MAX];
    uint64_t remainder[GROUPS_MAX];
    const struct assay_family family = {
        .group_of = c->group_of, .group_count = GROUPS_MAX, .sums = sums, .remainder = remainder
    };
    assay_cap_cut(&family, c->by_id, MEMBERS, c->limit, c->after);
}

/* Returns how many rules of the cut are broken. */
static unsigned cut_violations(const struct cut_case *c)
{
    unsigned violations = 0;
    for (uint32_t g = 0; g < GROUPS_MAX; g++) {
        uint64_t before = 0;
        uint64_t after = 0;
        for (uint32_t i = 0; i < MEMBERS; i++) {
            if (c->group_of[i] != g) continue;
            before += c->before[i];
            after += c->after[i];
        }
        if (after != (before > c->limit ? c->limit : before)) violations++;
        bool passed_over = false; /* a member with a rest that got no + 1 */
        for (uint32_t k = 0; k < MEMBERS; k++) {
            const uint32_t i = c->by_id[k];
            if (c->group_of[i] != g || before <= c->limit) continue;
            const uint64_t floor = c->before[i] * c->limit / before;
            const bool rest = c->before[i] * c->limit % before != 0;
            if (c->after[i] != floor && c->after[i] != floor + 1) violations++;
            if (c->after[i] == floor + 1 && (!rest || passed_over)) violations++;
            if (rest && c->after[i] == floor) passed_over = true;
        }
    }
    return violations;
}

Test(scoring_caps, the_cut_is_exact_and_gives_remainders_in_byte_order_of_id)
{
    uint64_t seed = 0xc07;
    for (int round = 0; round < 20000; round++) {
        struct cut_case c;
        random_cut(&c, &seed);
        run_cut(&c);
        cr_assert_eq(cut_violations(&c), 0u, "round %d", round);
    }
}

Test(scoring_caps, the_check_of_the_cut_catches_planted_faults)
{
    struct cut_case c = { .before = { 5, 5, 5 }, .limit = 10 };
    for (uint32_t i = 0; i < MEMBERS; i++) {
        c.by_id[i] = i;
        c.group_of[i] = i < 3 ? 0 : i % GROUPS_MAX;
        c.after[i] = c.before[i];
    }
    run_cut(&c);
    cr_expect_eq(cut_violations(&c), 0u);
    cr_expect_eq(c.after[0], 4u);
    cr_expect_eq(c.after[1], 3u);
    struct cut_case wrong = c;
    wrong.after[0] = 3;
    cr_expect_gt(cut_violations(&wrong), 0u, "the sum is short");
    wrong = c;
    wrong.after[0] = 3;
    wrong.after[2] = 4;
    cr_expect_gt(cut_violations(&wrong), 0u, "the remainder went to the wrong id");
    wrong = c;
    wrong.after[0] = 5;
    wrong.after[1] = 2;
    cr_expect_gt(cut_violations(&wrong), 0u, "two steps from the floor");
}

Test(scoring_caps, a_cut_to_nothing_leaves_nothing)
{
    struct cut_case c = { .before = { 7, 9 }, .after = { 7, 9 } };
    for (uint32_t i = 0; i < MEMBERS; i++)
        c.by_id[i] = i;
    run_cut(&c);
    cr_expect_eq(c.after[0] + c.after[1], 0u);
}

Test(scoring_caps, aborts_on_a_cap_above_the_whole, .signal = SIGABRT)
{
    const uint64_t sums[] = { 1 };
    (void)assay_cap_limit(sums, 1, (struct assay_cap){ .num = 2, .den = 1 }, 1);
}

Test(scoring_caps, aborts_when_a_cut_adds_weight, .signal = SIGABRT)
{
    const uint64_t sums[] = { 5, 6 };
    (void)assay_cap_limit(sums, 2, third, 10);
}
