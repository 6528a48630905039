/*
 * tests/unit/scoring/test_weight.c - tests of the complete table of weights, and its texts.
 */
#include "scoring/weight.h"

#include "scoring/caps.h"
#include "tests/support/scoring_reference.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct world w; /* too large for the stack of a test */
static struct assay_weight_rules rules;
static uint32_t table[WORLD_MEMBERS_MAX];
static struct assay_tolerance tolerance;

static uint32_t amplification = ASSAY_AMPLIFICATION_PERCENT;

static struct assay_weight_input input_of(const bool *unlisted, const uint32_t *previous)
{
    rules = assay_weight_rules_default();
    rules.amplification_percent = amplification;
    return (struct assay_weight_input){ .rules = &rules,
                                        .groups = &w.groups,
                                        .trust = w.trust,
                                        .unlisted = unlisted,
                                        .previous = previous };
}

static void weigh(const bool *unlisted, const uint32_t *previous)
{
    const struct assay_weight_input input = input_of(unlisted, previous);
    assay_weights(&input, w.scratch, sizeof w.scratch, table, &tolerance);
}

static void set_vendor(uint32_t member, uint8_t vendor)
{
    w.places[member].vendor_root[1] = vendor;
}

static uint64_t vendor_sum(uint8_t vendor)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < w.count; i++)
        if (w.places[i].vendor_root[1] == vendor) sum += table[i];
    return sum;
}

/* Explanations show the same table, stage by stage. */
Test(scoring_weight, the_stages_end_in_the_table)
{
    uint32_t raw[WORLD_MEMBERS_MAX], unit[WORLD_MEMBERS_MAX], capped[WORLD_MEMBERS_MAX];
    uint32_t peak[WORLD_MEMBERS_MAX], factor[WORLD_MEMBERS_MAX];
    bool unlisted[WORLD_MEMBERS_MAX] = { [3] = true };
    const struct assay_weight_stages stages = {
        .raw = raw, .unit = unit, .peak = peak, .factor = factor, .capped = capped
    };
    world_init(&w, 9);
    for (uint32_t i = 0; i < 4; i++)
        set_vendor(i, 1);
    w.places[8] = w.places[7];
    w.places[8].node_id[31] = 1;
    w.trust[5].integrity_bp = 7000;
    w.trust[5].integrity.standing = ASSAY_STANDING_RESTRICTED;
    world_regroup(&w);
    weigh(unlisted, NULL);
    const struct assay_weight_input input = input_of(unlisted, NULL);
    assay_weight_stages(&input, w.scratch, sizeof w.scratch, &stages);
    for (uint32_t i = 0; i < 9; i++) {
        cr_expect_eq(raw[i], i == 3 ? 0u : i == 5 ? 7000u : 10000u, "%u", i);
        cr_expect_eq(unit[i], i >= 7 ? 5000u : raw[i], "%u: two ids of one platform", i);
        cr_expect_eq(peak[i], i == 3 ? 0u : i >= 7 ? 5000u : 10000u, "%u: it had that once", i);
        cr_expect_eq(capped[i], (uint32_t)((uint64_t)unit[i] * factor[i] / ASSAY_FACTOR_ONE));
        cr_expect_eq(capped[i], table[i], "%u", i);
    }
}

/* The network of the demo: every weight 10000, every cap met. */
Test(scoring_weight, seven_peers_on_four_roots_all_have_full_weight)
{
    world_init(&w, 7);
    weigh(NULL, NULL);
    for (uint32_t i = 0; i < 7; i++)
        cr_expect_eq(table[i], 10000u);
    cr_expect_eq(tolerance.total_weight, 70000u);
    cr_expect_eq(tolerance.voter_count, 7u);
    cr_expect(tolerance.operator_cap_met);
    cr_expect(tolerance.vendor_cap_met);
    cr_expect(tolerance.vendor_break_survivable);
    cr_expect_eq(tolerance.node.third_count, 3u, "30000 of 70000");
    cr_expect_eq(tolerance.operator_.third_count, 3u);
    cr_expect_eq(tolerance.vendor.third_count, 2u);
    cr_expect_eq(tolerance.vendor.largest_weight, 20000u);
    cr_expect_eq(tolerance.electorate_weight_min, 60000u);
    cr_expect_not(tolerance.refused);
}

Test(scoring_weight, a_third_is_reached_at_exactly_a_third)
{
    world_init(&w, 6);
    for (uint32_t i = 0; i < 6; i++)
        set_vendor(i, (uint8_t)i);
    world_regroup(&w);
    weigh(NULL, NULL);
    cr_expect_eq(tolerance.node.third_count, 2u, "20000 of 60000");
    cr_expect_eq(tolerance.vendor.third_count, 2u);
}

static void fail(uint32_t member)
{
    w.trust[member].integrity_bp = 0;
    w.trust[member].integrity.standing = w.trust[member].score.standing = ASSAY_STANDING_SUSPENDED;
}

/* A fall cuts nobody else: 20000 of 60000 is above 33 % then, and it is shown. */
Test(scoring_weight, a_fall_changes_the_weight_of_nobody_else)
{
    world_init(&w, 7);
    fail(0);
    weigh(NULL, NULL);
    cr_expect_eq(table[0], 0u);
    for (uint32_t i = 1; i < 7; i++)
        cr_expect_eq(table[i], 10000u);
    cr_expect_not(tolerance.vendor_cap_met);
    cr_expect_eq(tolerance.voter_count, 6u);
    /* Out of the roster it is another table. */
    bool unlisted[7] = { [0] = true };
    weigh(unlisted, NULL);
    cr_expect_eq(vendor_sum(2), 19411u, "100 L <= 33 (2 L + 20000)");
    cr_expect(tolerance.vendor_cap_met);
}

/* A newcomer counts for caps from its first weight on, not while it has none. */
Test(scoring_weight, what_never_had_weight_moves_nobodys_factor)
{
    world_init(&w, 20);
    for (uint32_t i = 8; i < 20; i++) {
        w.trust[i] = assay_trust_newcomer((struct assay_offences){ 0 });
        set_vendor(i, 1);
        w.places[i].operator_id[1] = w.places[0].operator_id[1];
    }
    world_regroup(&w);
    weigh(NULL, NULL);
    for (uint32_t i = 0; i < 20; i++)
        cr_expect_eq(table[i], i < 8 ? 10000u : 0u, "%u", i);
    for (uint32_t i = 8; i < 20; i++)
        w.trust[i] = assay_trust_genesis();
    weigh(NULL, NULL);
    cr_expect_lt(table[0], 10000u, "its operator has 13 of 20 now");
}

Test(scoring_weight, availability_never_changes_weight)
{
    world_init(&w, 7);
    for (uint32_t i = 0; i < 7; i++) {
        w.trust[i].availability_bp = 0;
        w.trust[i].score.standing = ASSAY_STANDING_SUSPENDED;
    }
    weigh(NULL, NULL);
    for (uint32_t i = 0; i < 7; i++)
        cr_expect_eq(table[i], 10000u);
}

Test(scoring_weight, an_unlisted_incarnation_has_none)
{
    world_init(&w, 7);
    bool unlisted[7] = { false };
    unlisted[4] = true;
    weigh(unlisted, NULL);
    cr_expect_eq(table[4], 0u);
    unlisted[4] = false;
    weigh(unlisted, NULL);
    cr_expect_eq(table[4], 10000u, "listing is not a weight change");
}

Test(scoring_weight, ids_on_one_platform_share_one_unit)
{
    world_init(&w, 9);
    for (uint32_t i = 0; i < 9; i++)
        set_vendor(i, (uint8_t)(i < 6 ? i % 3 : 3));
    for (uint32_t i = 6; i < 9; i++)
        w.places[i].platform_id[1] = 99;
    world_regroup(&w);
    weigh(NULL, NULL);
    cr_expect_eq(table[6], 3334u, "by byte order of id");
    cr_expect_eq(table[7], 3333u);
    cr_expect_eq(table[8], 3333u);
    cr_expect_eq(tolerance.platform.largest_weight, 10000u);
}

Test(scoring_weight, masked_ids_share_one_unit_per_operator_and_vendor_root)
{
    world_init(&w, 12);
    for (uint32_t i = 0; i < 12; i++) {
        set_vendor(i, (uint8_t)(i < 8 ? i % 4 : i < 10 ? 5 : 6));
        w.places[i].platform_shared = i >= 8;
        if (i >= 8) w.places[i].operator_id[1] = 99;
    }
    world_regroup(&w);
    weigh(NULL, NULL);
    for (uint32_t i = 0; i < 12; i++)
        cr_expect_eq(table[i], i < 8 ? 10000u : 5000u);
    cr_expect_eq(w.groups.platform_count, 10u);
    for (uint32_t i = 8; i < 12; i++)
        w.places[i].platform_shared = false;
    world_regroup(&w);
    cr_expect_eq(w.groups.platform_count, 12u, "ids of their own name platforms of their own");
}

Test(scoring_weight, one_operator_of_many_nodes_is_cut_to_a_fifth)
{
    world_init(&w, 20);
    for (uint32_t i = 0; i < 10; i++) {
        w.places[i].operator_id[1] = 1;
        set_vendor(i, (uint8_t)(i % 4 + 1));
    }
    world_regroup(&w);
    weigh(NULL, NULL);
    cr_expect_not(tolerance.operator_cap_met, "a cap takes a third of a member at most: B = 3/2");
    cr_expect_eq(table[0], 6666u);
    for (uint32_t i = 5; i < 10; i++)
        w.places[i].operator_id[1] = 2;
    world_regroup(&w);
    weigh(NULL, NULL);
    cr_expect(tolerance.operator_cap_met, "two of five each are cut to a fifth");
    cr_expect_leq(5 * tolerance.operator_.largest_weight, tolerance.total_weight);
    cr_expect_geq(5 * (tolerance.operator_.largest_weight + 10), tolerance.total_weight);
}

Test(scoring_weight, few_roots_or_operators_are_reported_not_punished)
{
    for (uint8_t roots = 1; roots <= 5; roots++) {
        world_init(&w, 10);
        for (uint32_t i = 0; i < 10; i++)
            set_vendor(i, (uint8_t)(i % roots + 1));
        world_regroup(&w);
        weigh(NULL, NULL);
        cr_expect_eq(tolerance.vendor_cap_met, roots >= 4, "%u roots", roots);
        cr_expect_eq(tolerance.vendor_break_survivable, roots >= 4, "%u roots", roots);
        cr_expect_gt(tolerance.total_weight, 0u);
        cr_expect_eq(tolerance.voter_count, 10u);
    }
    for (uint8_t operators = 1; operators <= 6; operators++) {
        world_init(&w, 12);
        for (uint32_t i = 0; i < 12; i++)
            w.places[i].operator_id[1] = (uint8_t)(i % operators);
        world_regroup(&w);
        weigh(NULL, NULL);
        cr_expect_eq(tolerance.operator_cap_met, operators >= 5, "%u operators", operators);
        cr_expect_geq(2 * tolerance.total_weight, 120000u, "L2 keeps half");
    }
}

Test(scoring_weight, a_lone_node_of_a_rare_vendor_stays_a_lone_node)
{
    world_init(&w, 11);
    for (uint32_t i = 0; i < 11; i++)
        set_vendor(i, i == 10 ? 2 : 1);
    world_regroup(&w);
    weigh(NULL, NULL);
    cr_expect_eq(table[10], 10000u);
    cr_expect_leq(7 * table[10], tolerance.total_weight, "a seventh of the vote, not half");
    cr_expect_not(tolerance.vendor_cap_met);
}

Test(scoring_weight, a_single_vendor_keeps_its_weight)
{
    world_init(&w, 8);
    for (uint32_t i = 0; i < 8; i++)
        set_vendor(i, 1);
    world_regroup(&w);
    weigh(NULL, NULL);
    for (uint32_t i = 0; i < 8; i++)
        cr_expect_eq(table[i], 10000u);
    cr_expect_not(tolerance.vendor_break_survivable);
    cr_expect_eq(tolerance.vendor.third_count, 1u);
}

/* P9: "a platform holds at most one unit; operators 20 % and vendors 33 % where cap_met" */
Test(scoring_weight, p9_agrees_with_the_reference_and_keeps_its_promises, .timeout = 600)
{
    uint64_t seed = 0x9e19;
    for (int round = 0; round < 250; round++) {
        world_init(&w, 1 + world_below(&seed, 8));
        world_random_places(&w, &seed);
        bool unlisted[8];
        for (uint32_t i = 0; i < w.count; i++) {
            struct assay_trust_state *trust = &w.trust[i];
            trust->integrity_bp = (uint16_t)(5000 + world_below(&seed, 5001));
            trust->peak_bp = world_below(&seed, 3) == 0 ? 0 : (uint16_t)world_below(&seed, 10001);
            if (world_below(&seed, 4) == 0) trust->integrity.standing = ASSAY_STANDING_SUSPENDED;
            unlisted[i] = world_below(&seed, 8) == 0;
        }
        uint32_t expected[8];
        const struct assay_weight_input input = input_of(unlisted, NULL);
        const enum assay_cuts cuts = reference_weights(&input, w.places, w.count, expected);
        weigh(unlisted, NULL);
        cr_assert_eq(tolerance.cuts, cuts, "round %d", round);
        uint64_t total = 0;
        for (uint32_t i = 0; i < w.count; i++) {
            cr_assert_eq(table[i], expected[i], "round %d member %u", round, i);
            total += table[i];
        }
        cr_assert_eq(total, tolerance.total_weight);
        cr_assert_leq(tolerance.platform.largest_weight, 10000u);
        cr_assert_eq(tolerance.operator_cap_met, 5 * tolerance.operator_.largest_weight <= total);
        cr_assert_eq(tolerance.vendor_cap_met, 100 * tolerance.vendor.largest_weight <= 33 * total);
    }
}

/* --- protocol.md 6.3, guard */

static uint32_t unit_table[WORLD_MEMBERS_MAX];

/* Sum of one group of a family, by slot. */
static uint64_t group_sum(const uint32_t *group_of, uint32_t group, const uint32_t *weights)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < w.count; i++)
        if (group_of[i] == group) sum += weights[i];
    return sum;
}

static uint64_t table_sum(const uint32_t *weights)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < w.count; i++)
        sum += weights[i];
    return sum;
}

/* Returns: how many groups of the family got a larger share by the cuts, and more than a third. */
static uint32_t lifted_groups(const uint32_t *group_of, uint32_t group_count)
{
    const uint64_t before = table_sum(unit_table);
    const uint64_t after = table_sum(table);
    uint32_t lifted = 0;
    for (uint32_t g = 0; g < group_count; g++) {
        const uint64_t a = group_sum(group_of, g, unit_table);
        const uint64_t b = group_sum(group_of, g, table);
        if (3 * b > after && b * before > a * after) lifted++;
        /* B, and rounding. */
        cr_assert_leq(100 * b * before, (amplification + 1) * a * after,
                      "a share grew by more than B");
    }
    return lifted;
}

static void draw_membership(uint64_t *seed)
{
    world_init(&w, 1 + world_below(seed, world_below(seed, 8) == 0 ? 60 : 16));
    world_random_places(&w, seed);
    const uint32_t uneven = world_below(seed, 3);
    for (uint32_t i = 0; i < w.count; i++) {
        struct assay_trust_state *trust = &w.trust[i];
        if (uneven > 0) trust->integrity_bp = (uint16_t)(5000 + world_below(seed, 5001));
        if (uneven > 1 && world_below(seed, 4) == 0)
            trust->integrity.standing = ASSAY_STANDING_SUSPENDED;
        trust->peak_bp = (uint16_t)assay_trust_raw_weight(trust); /* as if nobody ever fell */
        if (uneven > 1) w.places[i].operator_id[1] = (uint8_t)(world_below(seed, 9) / 2);
        if (uneven > 1) w.places[i].vendor_root[1] = (uint8_t)(world_below(seed, 7) / 2);
    }
    world_regroup(&w);
}

static enum assay_cuts weigh_in_stages(void)
{
    static uint32_t raw[WORLD_MEMBERS_MAX], peak[WORLD_MEMBERS_MAX], factor[WORLD_MEMBERS_MAX];
    const struct assay_weight_stages stages = {
        .raw = raw, .unit = unit_table, .peak = peak, .factor = factor, .capped = table
    };
    const struct assay_weight_input input = input_of(NULL, NULL);
    return assay_weight_stages(&input, w.scratch, sizeof w.scratch, &stages);
}

static void cut_family(const uint32_t *group_of, uint32_t group_count, struct assay_cap cap,
                       uint64_t before, uint32_t *weights)
{
    static uint64_t sums[WORLD_MEMBERS_MAX], remainder[WORLD_MEMBERS_MAX];
    const struct assay_family f = { group_of, group_count, sums, remainder };
    assay_cap_sum(&f, w.count, weights);
    const uint64_t limit = assay_cap_limit(sums, group_count, cap, before);
    assay_cap_cut(&f, w.groups.by_id, w.count, limit, weights);
}

/* Returns: whether all four cuts, done here, leave both caps met, and of each member 1/B. */
static bool caps_can_be_met(void)
{
    uint32_t full[WORLD_MEMBERS_MAX];
    const uint64_t before = table_sum(unit_table);
    for (uint32_t i = 0; i < w.count; i++)
        full[i] = unit_table[i];
    for (int round = 0; round < 2; round++) {
        cut_family(w.groups.operator_, w.groups.operator_count, rules.operator_cap, before, full);
        cut_family(w.groups.vendor, w.groups.vendor_count, rules.vendor_cap, before, full);
    }
    for (uint32_t i = 0; i < w.count; i++) {
        if (amplification * full[i] < 100 * unit_table[i]) return false;
        if (5 * group_sum(w.groups.operator_, w.groups.operator_[i], full) > table_sum(full))
            return false;
        if (100 * group_sum(w.groups.vendor, w.groups.vendor[i], full) > 33 * table_sum(full))
            return false;
    }
    return true;
}

/* 20,000 random memberships: never a group lifted, never a share times more than B, never a total
 * of zero; the full sequence stands wherever caps can be met. */
Test(scoring_weight, no_cut_raises_a_group_above_a_third, .timeout = 600)
{
    uint32_t stood[ASSAY_CUTS_NONE + 1] = { 0 };
    uint32_t met = 0;
    uint64_t seed = 0x6a4d;
    for (int round = 0; round < 20000; round++) {
        amplification = round % 2 == 0 ? 150 : 300;
        draw_membership(&seed);
        const enum assay_cuts cuts = weigh_in_stages();
        stood[cuts]++;
        cr_assert_eq(lifted_groups(w.groups.operator_, w.groups.operator_count), 0, "round %d",
                     round);
        cr_assert_eq(lifted_groups(w.groups.vendor, w.groups.vendor_count), 0, "round %d", round);
        cr_assert_eq(table_sum(table) == 0, table_sum(unit_table) == 0, "round %d", round);
        /* Ids of one platform share a factor, which may miss a cap of one of their operators. */
        if (w.groups.platform_count < w.count || !caps_can_be_met()) continue;
        met++;
        cr_assert_eq(cuts, ASSAY_CUTS_TWICE, "round %d", round);
    }
    for (int k = 0; k <= ASSAY_CUTS_NONE; k++)
        cr_expect_gt(stood[k], 50u, "each is needed: %s", assay_cuts_text((enum assay_cuts)k));
    cr_expect_gt(met, 100u);
}

/* --- protocol.md 6.3.2: goals of the factors, for any union of operators */

static uint64_t share_ppm(const bool *coalition)
{
    uint64_t held = 0, total = table_sum(table);
    for (uint32_t i = 0; i < w.count; i++)
        if (coalition[i]) held += table[i];
    return total == 0 ? 0 : held * 1000000 / total;
}

/* Some operators, and their members. Returns: how many members are of it. */
static uint32_t draw_union(uint64_t *seed, bool *coalition)
{
    uint32_t size = 0;
    const uint64_t mask = world_random(seed);
    for (uint32_t i = 0; i < w.count; i++) {
        coalition[i] = (mask >> (w.groups.operator_[i] % 64) & 1) != 0;
        size += coalition[i];
    }
    return size;
}

/* Harms a member in one of the ways that there are. */
static void harm(uint64_t *seed, uint32_t member)
{
    struct assay_trust_state *t = &w.trust[member];
    if (world_below(seed, 2) == 0) fail(member);
    else t->integrity_bp = (uint16_t)(t->integrity_bp - (t->integrity_bp + 3) / 4);
    if (t->integrity_bp < 5000) t->integrity.standing = ASSAY_STANDING_SUSPENDED;
    t->availability_bp = (uint16_t)world_below(seed, 10001);
}

/* "Between two roster changes no self-harm (I, A, ballots) of any union raises its share." */
Test(scoring_weight, no_union_of_operators_gains_by_harming_itself, .timeout = 600)
{
    uint64_t seed = 0x5e1f;
    uint32_t harmed = 0;
    for (int round = 0; round < 6000; round++) {
        bool coalition[WORLD_MEMBERS_MAX];
        draw_membership(&seed);
        for (uint32_t i = 0; i < w.count; i++)
            w.trust[i].peak_bp = (uint16_t)assay_trust_peak_weight(&w.trust[i]);
        (void)weigh_in_stages();
        if (draw_union(&seed, coalition) == 0) continue;
        const uint64_t before = share_ppm(coalition);
        for (uint32_t i = 0; i < w.count; i++) {
            if (!coalition[i] || world_below(&seed, 3) == 0) continue;
            harm(&seed, i);
            harmed++;
        }
        (void)weigh_in_stages();
        /* Each weight is rounded down to a unit: two a member at most. */
        const uint64_t total = table_sum(table);
        const uint64_t rounding = total > 0 ? 2000000 * (uint64_t)w.count / total : 0;
        cr_assert_leq(share_ppm(coalition), before + rounding + 1, "round %d", round);
    }
    cr_expect_gt(harmed, 10000u);
}

/* "Always, whatever falls: share <= B u / (B u + 1 - u), u its share of live units." */
Test(scoring_weight, no_union_holds_more_than_the_bound_of_its_live_units, .timeout = 600)
{
    uint64_t seed = 0xb0d;
    uint64_t worst = 0;
    for (int round = 0; round < 6000; round++) {
        bool coalition[WORLD_MEMBERS_MAX];
        draw_membership(&seed);
        const uint32_t ones = draw_union(&seed, coalition);
        for (uint32_t i = 0; i < w.count; i++)
            if (world_below(&seed, 3) == 0 && !coalition[i]) harm(&seed, i);
        (void)weigh_in_stages();
        uint64_t live = 0, held = 0, weight = 0;
        for (uint32_t i = 0; i < w.count; i++) {
            live += unit_table[i];
            held += coalition[i] ? unit_table[i] : 0;
            weight += coalition[i] ? table[i] : 0;
        }
        if (ones == 0 || held == 0) continue;
        /* share <= 3 held / (3 held + 2 (live - held)), and a member's rounding */
        const uint64_t total = table_sum(table);
        cr_assert_leq(weight * (3 * held + 2 * (live - held)), (total + 2 * w.count) * 3 * held,
                      "round %d", round);
        if (weight * live / (held * total / 1000 + 1) > worst)
            worst = weight * live / (held * total / 1000 + 1);
    }
    cr_expect_gt(worst, 1100u, "some are raised, so the bound says something");
}

/* P10: the same network in another roster order has the same weight per id. */
Test(scoring_weight, p10_does_not_depend_on_the_order_of_the_roster)
{
    uint64_t seed = 0x10;
    for (int round = 0; round < 300; round++) {
        world_init(&w, 12);
        world_random_places(&w, &seed);
        for (uint32_t i = 0; i < 12; i++)
            w.trust[i].peak_bp = w.trust[i].integrity_bp =
                (uint16_t)(9000 + world_below(&seed, 1001));
        weigh(NULL, NULL);
        uint32_t before[12];
        for (uint32_t i = 0; i < 12; i++)
            before[i] = table[i];
        for (uint32_t i = 0; i < 6; i++) { /* turn the roster round */
            const struct assay_place place = w.places[i];
            const struct assay_trust_state trust = w.trust[i];
            w.places[i] = w.places[11 - i];
            w.trust[i] = w.trust[11 - i];
            w.places[11 - i] = place;
            w.trust[11 - i] = trust;
        }
        world_regroup(&w);
        weigh(NULL, NULL);
        for (uint32_t i = 0; i < 12; i++)
            cr_assert_eq(table[11 - i], before[i]);
    }
}

Test(scoring_weight, an_empty_table_is_refused_and_the_old_one_stays)
{
    world_init(&w, 4);
    for (uint32_t i = 0; i < 4; i++)
        w.trust[i] = assay_trust_newcomer((struct assay_offences){ 0 });
    const uint32_t previous[] = { 1, 2, 3, 4 };
    weigh(NULL, previous);
    cr_expect(tolerance.refused);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect_eq(table[i], previous[i]);
    cr_expect_eq(tolerance.total_weight, 10u, "measured on the table in force");
    weigh(NULL, NULL);
    cr_expect_not(tolerance.refused);
    cr_expect_eq(tolerance.total_weight, 0u);
    cr_expect_eq(tolerance.node.third_count, 0u);
}

Test(scoring_weight, the_largest_network_is_weighed_exactly)
{
    enum { COUNT = ASSAY_SCORING_MEMBERS_MAX };
    static struct assay_place places[COUNT];
    static struct assay_trust_state trust[COUNT];
    static uint32_t weights[COUNT];
    static uint64_t groups_memory[COUNT * 5 / 2];
    static uint64_t scratch[COUNT * 4];
    struct assay_groups groups;
    for (uint32_t i = 0; i < COUNT; i++) {
        places[i].node_id[0] = places[i].platform_id[0] = (uint8_t)i;
        places[i].node_id[1] = places[i].platform_id[1] = (uint8_t)(i >> 8);
        places[i].operator_id[0] = (uint8_t)(i % 7 < 4 ? 0 : i % 7);
        places[i].vendor_root[0] = (uint8_t)(i % 5);
        trust[i] = assay_trust_genesis();
    }
    assay_groups_build(places, COUNT, groups_memory, sizeof groups_memory, &groups);
    rules = assay_weight_rules_default();
    const struct assay_weight_input input = { .rules = &rules, .groups = &groups, .trust = trust };
    assay_weights(&input, scratch, sizeof scratch, weights, &tolerance);
    uint64_t total = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        total += weights[i];
    cr_expect_eq(total, tolerance.total_weight);
    cr_expect_geq(3 * total + 3 * COUNT, 2 * (uint64_t)COUNT * 10000);
    cr_expect(tolerance.vendor_cap_met);
}

Test(scoring_weight, aborts_when_the_scratch_is_one_byte_short, .signal = SIGABRT)
{
    world_init(&w, 4);
    const struct assay_weight_input input = input_of(NULL, NULL);
    assay_weights(&input, w.scratch, assay_weights_memory_len(4) - 1, table, &tolerance);
}
