/*
 * tests/unit/scoring/test_integrity.c - tests of strikes, ceilings, rehabilitation, offences.
 */
#include "scoring/integrity.h"

#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>

static struct world w; /* too large for the stack of a test */

enum { SUBJECT = 3 };

static struct assay_faults *faults(void)
{
    return &w.members[SUBJECT].faults;
}
static struct assay_trust_state *trust(void)
{
    return &w.trust[SUBJECT];
}
static struct assay_tally_result *result(void)
{
    return &w.results[SUBJECT];
}

/* The subject fails hard, and its new incarnation is listed in the same block. */
static void fail_hard_and_relist(void)
{
    faults()->own_fail_hard = true;
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_FAIL_HARD);
    world_step(&w);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    assay_trust_list(trust());
}

static uint32_t epochs_until(enum assay_standing standing)
{
    uint32_t epochs = 0;
    while (trust()->score.standing > standing) {
        world_step(&w);
        epochs++;
        cr_assert_lt(epochs, 3000u, "never reached");
    }
    return epochs;
}

/* --- strikes --------------------------------------------------------------------------------- */

Test(scoring_integrity, hard_faults_cost_everything_at_once)
{
    for (int kind = 0; kind < 3; kind++) {
        world_init(&w, 7);
        faults()->own_fail_hard = kind == 0;
        faults()->equivocation = kind == 1;
        faults()->false_pass = kind == 2;
        world_step(&w);
        const enum assay_integrity_reason reasons[] = { ASSAY_INTEGRITY_FAIL_HARD,
                                                        ASSAY_INTEGRITY_EQUIVOCATION,
                                                        ASSAY_INTEGRITY_FALSE_PASS };
        cr_expect_eq(trust()->integrity_bp, 0);
        cr_expect_eq(trust()->score.standing, ASSAY_STANDING_SUSPENDED);
        cr_expect_eq(assay_trust_raw_weight(trust()), 0u);
        cr_expect_eq(trust()->availability_bp, 10000, "everybody could reach it");
        cr_expect_eq(result()->integrity_reason, reasons[kind]);
        cr_expect(result()->integrity_failed);
        cr_expect(result()->offence);
        cr_expect_not(trust()->listed_after_failure);
        cr_expect_not(assay_trust_on_probation(trust()), "not on the way up yet");
    }
}

Test(scoring_integrity, a_soft_fail_costs_a_quarter_and_suspends_in_three)
{
    world_init(&w, 7);
    const uint16_t falling[] = { 7500, 5625, 4218 };
    for (size_t k = 0; k < 3; k++) {
        faults()->own_fail_soft = true;
        world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_FAIL_SOFT);
        world_step(&w);
        cr_expect_eq(trust()->integrity_bp, falling[k]);
        cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_FAIL_SOFT);
        cr_expect_eq(result()->integrity_failed, k == 2, "only entering SUSPENDED is a failure");
    }
    cr_expect_eq(trust()->offences.count, 1u);
    cr_expect_not(trust()->listed_after_failure);
}

Test(scoring_integrity, the_first_false_fail_costs_a_quarter_the_second_everything)
{
    world_init(&w, 7);
    faults()->false_fails = 1;
    world_step(&w); /* epoch 1 */
    cr_expect_eq(trust()->integrity_bp, 7500);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_FALSE_FAIL);
    cr_expect_not(result()->integrity_failed);
    world_steps(&w, 511); /* epochs 2 .. 512 */
    faults()->false_fails = 1;
    world_step(&w); /* epoch 513: 512 later */
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_FALSE_FAIL, "512 epochs apart");
    world_steps(&w, 510);
    faults()->false_fails = 1;
    world_step(&w); /* 511 later */
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_FALSE_FAIL_AGAIN);
    cr_expect_eq(trust()->integrity_bp, 0);
}

Test(scoring_integrity, two_false_fails_in_one_epoch_are_a_second_one)
{
    world_init(&w, 7);
    faults()->false_fails = 2;
    world_step(&w);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_FALSE_FAIL_AGAIN);
    cr_expect_eq(trust()->integrity_bp, 0);
}

Test(scoring_integrity, slander_costs_the_slanderer_alone)
{
    world_init(&w, 7);
    world_vote(&w, SUBJECT, 0, ASSAY_OUTCOME_FAIL_HARD);
    faults()->false_fails = 1;
    world_step(&w);
    for (uint32_t i = 0; i < 7; i++)
        cr_expect_eq(assay_trust_score_bp(&w.trust[i]), i == SUBJECT ? 7500 : 10000);
}

Test(scoring_integrity, two_quarters_of_one_epoch_both_strike)
{
    world_init(&w, 7);
    faults()->own_fail_soft = true;
    faults()->false_fails = 1;
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 5625);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_FAIL_SOFT);
}

Test(scoring_integrity, an_epoch_with_a_fall_has_no_rise)
{
    world_init(&w, 7);
    trust()->integrity_bp = 8000;
    trust()->integrity.standing = trust()->score.standing = ASSAY_STANDING_WARNING;
    faults()->own_fail_soft = true;
    world_step(&w); /* all others say PASS: lo is 10000 */
    cr_expect_eq(trust()->integrity_bp, 6000);
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 6100);
}

/* --- rises ----------------------------------------------------------------------------------- */

Test(scoring_integrity, rises_only_with_its_own_ballot_when_it_has_the_duty)
{
    world_init(&w, 7);
    trust()->integrity_bp = 9500;
    world_silence(&w, SUBJECT, true);
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 9500);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_HELD_NO_BALLOT);
    w.members[SUBJECT].duty = false;
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 9600);
    w.members[SUBJECT].duty = true;
    world_silence(&w, SUBJECT, false);
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 9700);
}

Test(scoring_integrity, rises_only_on_more_than_a_third_of_pass)
{
    world_init(&w, 10);
    trust()->integrity_bp = 5000;
    trust()->integrity.standing = trust()->score.standing = ASSAY_STANDING_RESTRICTED;
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_NONE);
    const uint32_t voters[] = { 0, 1, 2 };
    for (size_t k = 0; k < 3; k++)
        world_vote(&w, voters[k], SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_HELD_FEW, "3 of 10");
    cr_expect_not(result()->certified_pass, "a third of the table may be Byzantine");
    world_vote(&w, 4, SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(result()->lo_bp, 3333, "4 of 9 that vote on it, 4 of 10 of the table");
    cr_expect(result()->certified_pass, "one of the four is honest");
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_HELD_BOUND, "lo is below I");
    for (uint32_t voter = 5; voter < 7; voter++)
        world_vote(&w, voter, SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(result()->lo_bp, 10000, "6 of 9");
    cr_expect(result()->certified_pass);
    cr_expect_eq(trust()->integrity_bp, 5100);
}

Test(scoring_integrity, rises_only_after_a_new_incarnation_was_listed)
{
    world_init(&w, 7);
    faults()->own_fail_hard = true;
    world_step(&w);
    world_steps(&w, 20);
    cr_expect_eq(trust()->integrity_bp, 0);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_HELD_UNLISTED);
    assay_trust_list(trust());
    cr_expect(assay_trust_on_probation(trust()));
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 100);
}

Test(scoring_integrity, a_failed_incarnation_that_fails_again_is_no_new_failure)
{
    world_init(&w, 7);
    for (int epoch = 0; epoch < 100; epoch++) {
        faults()->own_fail_hard = true;
        world_step(&w);
        cr_assert_eq(result()->integrity_failed, epoch == 0);
    }
    cr_expect_eq(trust()->offences.count, 1u);
}

Test(scoring_integrity, a_new_incarnation_that_fails_on_its_first_day_is_one)
{
    world_init(&w, 7);
    fail_hard_and_relist();
    faults()->own_fail_hard = true;
    world_step(&w);
    cr_expect(result()->integrity_failed, "I was 0 and is 0: it fails all the same");
    cr_expect_not(trust()->listed_after_failure);
    cr_expect_eq(trust()->offences.count, 1u, "within 32 epochs of the first: one offence");
    cr_expect_not(result()->offence);
}

/* --- the closed forms ------------------------------------------------------------------------ */

Test(scoring_integrity, rehabilitation_takes_54_epochs_out_of_suspended_and_94_to_full)
{
    world_init(&w, 7);
    fail_hard_and_relist();
    for (uint32_t epoch = 1; epoch <= 94; epoch++) {
        world_step(&w);
        cr_assert_eq(trust()->integrity_bp, epoch * 100, "linear");
        const bool out = epoch >= 54;
        cr_assert_eq(trust()->score.standing != ASSAY_STANDING_SUSPENDED, out, "epoch %u", epoch);
        cr_assert_eq(assay_trust_on_probation(trust()), !out);
        cr_assert_eq(assay_trust_raw_weight(trust()) > 0, out);
        cr_assert_eq(trust()->score.standing == ASSAY_STANDING_FULL, epoch == 94);
    }
}

Test(scoring_integrity, a_missed_epoch_delays_rehabilitation_and_does_not_reset_it)
{
    world_init(&w, 7);
    fail_hard_and_relist();
    world_steps(&w, 30);
    world_silence(&w, SUBJECT, true);
    world_step(&w);
    world_silence(&w, SUBJECT, false);
    w.roll_present = false;
    world_step(&w);
    w.roll_present = true;
    cr_expect_eq(trust()->integrity_bp, 3000);
    cr_expect_eq(epochs_until(ASSAY_STANDING_RESTRICTED), 24u);
    cr_expect_eq(epochs_until(ASSAY_STANDING_FULL), 40u);
}

Test(scoring_integrity, each_further_offence_halves_the_climb)
{
    world_init(&w, 7);
    /* 5200 / U rounded up, and 3 epochs held: the last of the climb is the first of the three */
    const uint32_t out_of_suspended[] = { 54, 106, 210, 436, 436 };
    for (uint32_t offence = 0; offence < 5; offence++) {
        world_steps(&w, 40);
        fail_hard_and_relist();
        cr_expect_eq(trust()->offences.count, offence + 1);
        cr_expect_eq(epochs_until(ASSAY_STANDING_RESTRICTED), out_of_suspended[offence],
                     "offence %u", offence + 1);
    }
}

Test(scoring_integrity, a_soft_failure_climbs_from_where_it_fell)
{
    world_init(&w, 7);
    for (int k = 0; k < 3; k++) {
        faults()->own_fail_soft = true;
        world_step(&w);
    }
    assay_trust_list(trust());
    cr_expect_eq(trust()->integrity_bp, 4218);
    cr_expect_eq(epochs_until(ASSAY_STANDING_RESTRICTED), 12u); /* 5218 at the 10th */
}

/* P7: "rejoining never gains" */
Test(scoring_integrity, p7_leaving_and_rejoining_is_never_faster_than_staying)
{
    for (uint32_t offences = 1; offences <= 5; offences++) {
        world_init(&w, 7);
        world_steps(&w, 40);
        for (uint32_t k = 0; k < offences; k++) {
            fail_hard_and_relist();
            world_steps(&w, 40);
        }
        fail_hard_and_relist();
        const struct assay_trust_state stayed = *trust();
        const uint32_t staying = epochs_until(ASSAY_STANDING_FULL);
        *trust() = assay_trust_newcomer(stayed.offences);
        cr_expect_geq(epochs_until(ASSAY_STANDING_FULL), staying);
    }
}

/* P8: "an on-off attacker that stays above theta is bad in at most 1/(1 + theta/(3U)) of epochs" */
static uint32_t greedy_bad_epochs(uint16_t theta, uint32_t epochs)
{
    uint32_t bad = 0;
    for (uint32_t k = 0; k < epochs; k++) {
        const uint16_t i = trust()->integrity_bp;
        const bool can_afford = i - (i + 3) / 4 >= theta;
        faults()->own_fail_soft = can_afford;
        if (can_afford) bad++;
        world_step(&w);
        cr_assert_geq(trust()->integrity_bp, theta);
    }
    return bad;
}

Test(scoring_integrity, p8_a_greedy_on_off_attacker_is_bad_in_few_epochs)
{
    const struct {
        uint16_t theta;
        uint32_t bad_per_myriad_max; /* 10000 / (1 + theta / 300), rounded up, and the start */
    } cases[] = { { 5000, 567 }, { 7500, 385 } };
    enum { EPOCHS = 10000 };
    for (size_t k = 0; k < 2; k++) {
        world_init(&w, 7);
        const uint32_t bad = greedy_bad_epochs(cases[k].theta, EPOCHS);
        const uint32_t start = 30000u / cases[k].theta + 1; /* what the full start pays for */
        cr_expect_leq(bad, cases[k].bad_per_myriad_max + start, "theta %u", cases[k].theta);
        cr_expect_geq(bad, cases[k].bad_per_myriad_max * 9 / 10, "the attacker is a good one");
    }
}

Test(scoring_integrity, p8_absence_on_and_off_is_bounded_too)
{
    enum { EPOCHS = 10000, THETA = 5000 };
    world_init(&w, 7);
    uint32_t bad = 0;
    for (uint32_t k = 0; k < EPOCHS; k++) {
        const uint16_t a = trust()->availability_bp;
        const bool away = a - (a + 3) / 4 >= THETA;
        if (away) bad++;
        world_vote_all(&w, SUBJECT, away ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_PASS_UP_TO_DATE);
        world_step(&w);
    }
    /* 1 / (1 + 5000 / 1500) = 23.08 % */
    cr_expect_leq(bad, 2308u + 7u);
    cr_expect_geq(bad, 2000u);
}

/* --- ladder ---------------------------------------------------------------------------------- */

Test(scoring_integrity, the_level_is_the_weighted_median_and_the_lower_on_a_tie)
{
    const struct {
        struct assay_level_votes votes;
        enum assay_outcome level;
    } cases[] = {
        { { 0, 0, 0 }, ASSAY_OUTCOME_NONE },
        { { 1, 0, 0 }, ASSAY_OUTCOME_PASS_UP_TO_DATE },
        { { 2, 1, 0 }, ASSAY_OUTCOME_PASS_UP_TO_DATE },
        { { 2, 1, 1 }, ASSAY_OUTCOME_PASS_NEEDS_HARDENING },
        { { 2, 0, 2 }, ASSAY_OUTCOME_PASS_OUT_OF_DATE },
        { { 2, 2, 0 }, ASSAY_OUTCOME_PASS_NEEDS_HARDENING },
        { { 3, 0, 2 }, ASSAY_OUTCOME_PASS_UP_TO_DATE },
        { { 1, 1, 1 }, ASSAY_OUTCOME_PASS_NEEDS_HARDENING },
        { { 1, 1, 2 }, ASSAY_OUTCOME_PASS_OUT_OF_DATE },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        const struct assay_level_votes v = cases[k].votes;
        const uint64_t all = v.up_to_date + v.needs_hardening + v.out_of_date;
        cr_expect_eq(assay_integrity_level(v, all), cases[k].level, "case %zu", k);
    }
}

/* What a third says, liars may say alone: it is no ceiling, and nothing rises by it. */
Test(scoring_integrity, a_low_level_needs_more_than_a_third_of_the_table)
{
    const struct assay_level_votes half = { 2, 0, 2 }, mixed = { 2, 1, 1 };
    cr_expect_eq(assay_integrity_level(half, 5), ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    cr_expect_eq(assay_integrity_level(half, 6), ASSAY_OUTCOME_NONE);
    cr_expect_eq(assay_integrity_level(mixed, 5), ASSAY_OUTCOME_PASS_NEEDS_HARDENING);
    cr_expect_eq(assay_integrity_level(mixed, 6), ASSAY_OUTCOME_NONE);
    /* Three of ten lie, two honest ballots of six arrive: before, its integrity fell to 8999. */
    world_init(&w, 10);
    for (uint32_t voter = 1; voter < 4; voter++)
        world_vote(&w, voter, 0, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    for (uint32_t voter = 4; voter < 8; voter++)
        world_vote(&w, voter, 0, ASSAY_OUTCOME_NONE);
    world_step(&w);
    cr_expect_eq(w.results[0].level, ASSAY_OUTCOME_NONE);
    cr_expect_eq(w.results[0].integrity_reason, ASSAY_INTEGRITY_HELD_FEW);
    cr_expect_eq(w.trust[0].integrity_bp, 10000);
}

Test(scoring_integrity, out_of_date_is_warned_within_grace_and_restricted_after)
{
    world_init(&w, 7);
    w.rules.grace_epochs = 5;
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    for (uint32_t k = 0; k < 10; k++) {
        world_step(&w);
        cr_expect_eq(result()->ceiling_bp, k < 5 ? 8999 : 7499);
        cr_expect_eq(trust()->integrity_bp, k < 5 ? 8999 : 7499);
        cr_expect_eq(trust()->availability_bp, 10000, "old is not absent");
    }
    cr_expect_eq(trust()->score.standing, ASSAY_STANDING_RESTRICTED);
    cr_expect_eq(trust()->offences.count, 0u, "old is not an offence");
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 7599, "an update lets it rise again");
    cr_expect_eq(trust()->out_of_date_since_epoch, 0u);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    world_step(&w);
    cr_expect_eq(result()->ceiling_bp, 8999, "a new run has a grace of its own");
}

Test(scoring_integrity, hardening_needed_has_the_ceiling_of_the_policy)
{
    world_init(&w, 7);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_NEEDS_HARDENING);
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 10000);
    w.rules.hardening_ceiling_bp = 8999;
    world_step(&w);
    cr_expect_eq(trust()->integrity_bp, 8999);
    cr_expect_eq(result()->integrity_reason, ASSAY_INTEGRITY_CEILING);
    cr_expect_eq(trust()->score.standing, ASSAY_STANDING_WARNING);
}

Test(scoring_integrity, a_third_cannot_put_a_ceiling_on_anybody)
{
    world_init(&w, 10);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_NONE);
    for (uint32_t voter = 0; voter < 3; voter++)
        world_vote(&w, voter, SUBJECT, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    world_step(&w);
    cr_expect_eq(result()->level, ASSAY_OUTCOME_NONE);
    cr_expect_eq(trust()->integrity_bp, 10000);
}

/* --- offences -------------------------------------------------------------------------------- */

Test(scoring_integrity, there_is_at_most_one_offence_in_32_epochs)
{
    world_init(&w, 7);
    fail_hard_and_relist(); /* epoch 1 */
    world_steps(&w, 30);    /* 2 .. 31 */
    fail_hard_and_relist(); /* 32: 31 later */
    cr_expect_eq(trust()->offences.count, 1u);
    fail_hard_and_relist(); /* 33: 32 later */
    cr_expect_eq(trust()->offences.count, 2u);
    cr_expect_eq(trust()->offences.last_epoch, 33u);
}

Test(scoring_integrity, one_offence_is_forgotten_per_512_clean_attested_epochs)
{
    world_init(&w, 7);
    fail_hard_and_relist();
    world_steps(&w, 511);
    cr_expect_eq(trust()->offences.count, 1u);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_ABSENT);
    world_steps(&w, 10);
    cr_expect_eq(trust()->offences.count, 1u, "unattested epochs do not count");
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_step(&w);
    cr_expect_eq(trust()->offences.count, 0u);
    cr_expect_eq(trust()->offences.clean_epochs, 0u);
}

Test(scoring_integrity, a_fault_starts_the_clean_count_again)
{
    world_init(&w, 7);
    fail_hard_and_relist();
    world_steps(&w, 500);
    faults()->own_fail_soft = true;
    world_step(&w);
    cr_expect_eq(trust()->offences.clean_epochs, 0u);
    world_steps(&w, 511);
    cr_expect_eq(trust()->offences.count, 1u);
    world_step(&w);
    cr_expect_eq(trust()->offences.count, 0u);
}

Test(scoring_integrity, all_ids_of_a_platform_carry_its_offences)
{
    world_init(&w, 7);
    w.places[SUBJECT + 1].platform_id[1] = w.places[SUBJECT].platform_id[1];
    world_regroup(&w);
    w.weights[SUBJECT] = w.weights[SUBJECT + 1] = 5000;
    faults()->equivocation = true;
    world_step(&w);
    cr_expect_eq(w.trust[SUBJECT + 1].offences.count, 1u);
    cr_expect_eq(w.trust[SUBJECT + 1].integrity_bp, 10000, "but not the strike");
    cr_expect_not(w.results[SUBJECT + 1].offence);
    cr_expect(w.results[SUBJECT].offence);
    cr_expect_eq(w.trust[0].offences.count, 0u);
}

Test(scoring_integrity, two_ids_of_a_platform_that_fail_together_are_one_offence)
{
    world_init(&w, 7);
    w.places[SUBJECT + 1].platform_id[1] = w.places[SUBJECT].platform_id[1];
    world_regroup(&w);
    w.weights[SUBJECT] = w.weights[SUBJECT + 1] = 5000;
    faults()->equivocation = true;
    w.members[SUBJECT + 1].faults.equivocation = true;
    world_step(&w);
    cr_expect_eq(w.trust[SUBJECT].offences.count, 1u);
    cr_expect_eq(w.trust[SUBJECT + 1].offences.count, 1u);
}
