/*
 * tests/unit/scoring/test_history.c - tests of the tally against the slow reference.
 *
 * Random networks live through random epochs; every small electorate is walked completely.
 */
#include "tests/support/scoring_reference.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>

static struct world w; /* too large for the stack of a test */
static struct assay_trust_state expected_trust[WORLD_MEMBERS_MAX];
static struct assay_tally_result expected[WORLD_MEMBERS_MAX];

static uint32_t rule_seen[ASSAY_AVAILABILITY_UNJUDGED + 1]; /* how often A moved so */

/* Runs both on the input of the next epoch, then moves on. Returns how many members differ. */
static uint32_t differences_of_epoch(void)
{
    struct assay_tally_summary summary;
    const struct assay_tally_input input = world_input(&w);
    reference_tally(&input, w.places, w.count, expected_trust, expected, &summary);
    world_step(&w);
    uint32_t differences = 0;
    for (uint32_t i = 0; i < w.count; i++)
        rule_seen[w.results[i].availability_rule]++;
    for (uint32_t i = 0; i < w.count; i++)
        if (!reference_trust_equal(&w.trust[i], &expected_trust[i]) ||
            !reference_result_equal(&w.results[i], &expected[i]))
            differences++;
    if (summary.certified != w.summary.certified ||
        summary.total_weight != w.summary.total_weight ||
        summary.counted_weight != w.summary.counted_weight)
        differences++;
    return differences;
}

static bool one_in(uint64_t *seed, uint32_t chance)
{
    return world_below(seed, chance) == 0;
}

/* Who is silent, and who is not to be judged, most of the time: rows of 8 epochs are reached. */
static bool mostly_mute[WORLD_MEMBERS_MAX], mostly_unjudged[WORLD_MEMBERS_MAX];

static void draw_habits(uint64_t *seed)
{
    for (uint32_t i = 0; i < w.count; i++) {
        mostly_mute[i] = one_in(seed, 6);
        mostly_unjudged[i] = one_in(seed, 5);
    }
}

static void random_ballots(uint64_t *seed)
{
    const uint32_t wild = 1 + world_below(seed, 12);
    for (uint32_t voter = 0; voter < w.count; voter++) {
        world_silence(&w, voter, mostly_mute[voter] ? !one_in(seed, 16) : one_in(seed, 8));
        for (uint32_t s = 0; s < w.count; s++)
            world_vote(&w, voter, s,
                       one_in(seed, wild)   ? (enum assay_outcome)world_below(seed, 8)
                       : mostly_unjudged[s] ? ASSAY_OUTCOME_UNJUDGED
                                            : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
}

static void random_faults(uint64_t *seed)
{
    for (uint32_t i = 0; i < w.count; i++) {
        struct assay_tally_member *member = &w.members[i];
        member->duty = !one_in(seed, 10);
        member->held = one_in(seed, 12);
        member->faults = (struct assay_faults){
            .own_fail_hard = one_in(seed, 60),
            .own_fail_soft = one_in(seed, 25),
            .equivocation = one_in(seed, 80),
            .false_pass = one_in(seed, 80),
            .false_fails = one_in(seed, 30) ? 1 + world_below(seed, 2) : 0,
        };
        if (one_in(seed, 6)) assay_trust_list(&w.trust[i]);
    }
}

static uint64_t run_histories(uint64_t seed, uint32_t networks, uint32_t epochs)
{
    uint64_t differences = 0;
    for (uint32_t network = 0; network < networks; network++) {
        world_init(&w, 1 + world_below(&seed, 9));
        world_random_places(&w, &seed);
        draw_habits(&seed);
        w.rules.grace_epochs = world_below(&seed, 6);
        w.rules.hardening_ceiling_bp = one_in(&seed, 2) ? 8999 : 10000;
        for (uint32_t i = 0; i < w.count; i++) {
            if (one_in(&seed, 4)) w.trust[i] = assay_trust_newcomer((struct assay_offences){ 0 });
            w.weights[i] = one_in(&seed, 3) ? world_below(&seed, 4) : world_below(&seed, 10001);
        }
        for (uint32_t epoch = 0; epoch < epochs; epoch++) {
            w.roll_present = !one_in(&seed, 12);
            random_ballots(&seed);
            random_faults(&seed);
            /* long quiet stretches pass between some epochs: 32, 512 and grace are reached */
            if (one_in(&seed, 5)) w.epoch += world_below(&seed, 300);
            differences += differences_of_epoch();
        }
    }
    return differences;
}

Test(scoring_history, agrees_with_the_reference_in_24000_random_epochs, .timeout = 600)
{
    rule_seen[ASSAY_AVAILABILITY_MUTE] = rule_seen[ASSAY_AVAILABILITY_UNJUDGED] = 0;
    cr_expect_eq(run_histories(0xa55a1, 600, 40), 0u);
    cr_expect_gt(rule_seen[ASSAY_AVAILABILITY_MUTE], 100u, "drawn often enough to be compared");
    cr_expect_gt(rule_seen[ASSAY_AVAILABILITY_UNJUDGED], 100u, "drawn often enough");
}

/* Voters of a few parties, who say what their party says but for some noise: the tally adds sixteen
 * subjects of alike ballots at once, so the sizes lie around multiples of sixteen. */
static void ballots_of_parties(uint64_t *seed)
{
    static enum assay_outcome says[4][WORLD_MEMBERS_MAX];
    const uint32_t parties = 1 + world_below(seed, 4);
    const uint32_t noise = 1u << (3 + world_below(seed, 8));
    for (uint32_t p = 0; p < parties; p++)
        for (uint32_t s = 0; s < w.count; s++)
            says[p][s] = one_in(seed, 3) ? (enum assay_outcome)world_below(seed, 8)
                                         : ASSAY_OUTCOME_PASS_UP_TO_DATE;
    for (uint32_t voter = 0; voter < w.count; voter++) {
        const enum assay_outcome *party = says[world_below(seed, parties)];
        world_silence(&w, voter, one_in(seed, 10));
        for (uint32_t s = 0; s < w.count; s++)
            world_vote(&w, voter, s,
                       one_in(seed, noise) ? (enum assay_outcome)world_below(seed, 8) : party[s]);
        if (w.count % 2 != 0) /* padding may hold anything */
            w.outcomes[voter][w.count / 2] |= (uint8_t)(world_below(seed, 16) << 4);
    }
}

Test(scoring_history, agrees_with_the_reference_where_ballots_are_alike, .timeout = 600)
{
    static const uint32_t sizes[] = { 1, 14, 15, 16, 17, 18, 31, 32, 33, 47, 48, 49, 128 };
    uint64_t seed = 0xb10c5;
    for (uint32_t turn = 0; turn < 8; turn++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            world_init(&w, sizes[i]);
            world_random_places(&w, &seed);
            for (uint32_t k = 0; k < w.count; k++)
                w.weights[k] = one_in(&seed, 3) ? world_below(&seed, 10001) : 10000;
            for (uint32_t epoch = 0; epoch < 4; epoch++) {
                ballots_of_parties(&seed);
                random_faults(&seed);
                cr_assert_eq(differences_of_epoch(), 0u, "%u members", w.count);
            }
        }
}

Test(scoring_history, agrees_with_the_reference_through_clean_years)
{
    uint64_t seed = 0xc1ea2;
    for (int network = 0; network < 4; network++) {
        world_init(&w, 5);
        world_random_places(&w, &seed);
        draw_habits(&seed);
        for (uint32_t epoch = 0; epoch < 1200; epoch++) {
            random_ballots(&seed);
            for (uint32_t i = 0; i < 5; i++) {
                world_vote_all(&w, i, ASSAY_OUTCOME_PASS_UP_TO_DATE);
                world_silence(&w, i, false);
                w.members[i].faults.own_fail_hard = one_in(&seed, 700);
                assay_trust_list(&w.trust[i]);
            }
            cr_assert_eq(differences_of_epoch(), 0u, "network %d epoch %u", network, epoch);
        }
    }
}

/* All votes of three voters on one subject, over all weightings with 0..3 and proven or not. */
Test(scoring_history, agrees_with_the_reference_on_every_electorate_of_three, .timeout = 600)
{
    uint64_t cases = 0;
    for (uint32_t weighting = 0; weighting < 4 * 4 * 4; weighting++) {
        for (uint32_t votes = 0; votes < 8 * 8 * 8 * 2; votes++) {
            world_init(&w, 4);
            w.weights[0] = 1;
            w.trust[0].availability_bp = 8000;
            w.trust[0].integrity_bp = 8000;
            w.trust[0].score.standing = ASSAY_STANDING_WARNING;
            w.trust[0].integrity.standing = ASSAY_STANDING_WARNING;
            w.members[0].faults.own_fail_soft = votes % 2 == 1;
            uint32_t rest = votes / 2;
            for (uint32_t voter = 1; voter < 4; voter++) {
                w.weights[voter] = weighting >> 2 * (voter - 1) & 3;
                world_vote(&w, voter, 0, (enum assay_outcome)(rest % 8));
                rest /= 8;
            }
            cr_assert_eq(differences_of_epoch(), 0u, "weighting %u votes %u", weighting, votes);
            cases++;
        }
    }
    cr_expect_eq(cases, 65536u);
}

/* --- the comparison itself can fail ----------------------------------------------------------- */

Test(scoring_history, the_comparison_notices_every_field)
{
    const struct assay_trust_state base = assay_trust_genesis();
    struct assay_trust_state t[12];
    for (size_t k = 0; k < 12; k++)
        t[k] = base;
    t[0].integrity_bp--;
    t[1].availability_bp--;
    t[2].score.standing = ASSAY_STANDING_WARNING;
    t[3].score.held_epochs = 1;
    t[4].integrity.standing = ASSAY_STANDING_WARNING;
    t[5].listed_after_failure = false;
    t[6].offences.count = 1;
    t[7].offences.clean_epochs = 1;
    t[8].last_false_fail_epoch = 1;
    t[9].out_of_date_since_epoch = 1;
    t[10].mute_epochs = 1;
    t[11].unjudged_epochs = 1;
    cr_expect(reference_trust_equal(&base, &base));
    for (size_t k = 0; k < 12; k++)
        cr_expect_not(reference_trust_equal(&base, &t[k]), "%zu", k);

    const struct assay_tally_result none = { 0 };
    struct assay_tally_result r[13];
    for (size_t k = 0; k < 13; k++)
        r[k] = none;
    r[0].pass_weight = 1;
    r[1].negative_weight = 1;
    r[2].electorate_weight = 1;
    r[3].lo_bp = 1;
    r[4].hi_bp = 1;
    r[5].ceiling_bp = 1;
    r[6].level = ASSAY_OUTCOME_PASS_UP_TO_DATE;
    r[7].certified_pass = true;
    r[8].integrity_failed = true;
    r[9].offence = true;
    r[10].availability_rule = ASSAY_AVAILABILITY_RISE;
    r[11].integrity_reason = ASSAY_INTEGRITY_RISE;
    r[12].unjudged_weight = 1;
    cr_expect(reference_result_equal(&none, &none));
    for (size_t k = 0; k < 13; k++)
        cr_expect_not(reference_result_equal(&none, &r[k]), "%zu", k);
}

Test(scoring_history, the_comparison_catches_a_planted_fault)
{
    /* The reference is told of other platforms than the tally: what a wrong electorate would do. */
    world_init(&w, 5);
    w.places[3].platform_id[1] = w.places[4].platform_id[1];
    cr_expect_gt(differences_of_epoch(), 0u);
}
