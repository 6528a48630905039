/*
 * tests/unit/sim/checkers/test_watch_members.c - P1 to P4, P7, P8 and justice: each is silent on
 * what is right, sees what is wrong, and asks first what the protocol asks.
 */
#include "tests/unit/sim/checkers/watch_fixture.h"

#include "scoring/tally.h"

#include <criterion/criterion.h>

static struct fixture *at_work(enum assay_sim_attack attack, uint64_t start_epoch, uint64_t epochs)
{
    struct fixture *f = fixture_create(attack, start_epoch);
    for (uint64_t i = 0; i < epochs; i++)
        fixture_play(f);
    return f;
}

static struct assay_trust_state *trust(struct fixture *f, uint32_t slot)
{
    return &f->after.members[slot].trust;
}

/* --- what is right */

Test(sim_watch_members, nothing_is_found_in_a_right_run_of_any_evidence)
{
    static const enum assay_sim_attack attacks[] = {
        ASSAY_SIM_ATTACK_QUIET,  ASSAY_SIM_ATTACK_TAMPER, ASSAY_SIM_ATTACK_OLD_TCB,
        ASSAY_SIM_ATTACK_REPLAY, ASSAY_SIM_ATTACK_RELAY,  ASSAY_SIM_ATTACK_EXTRACT
    };
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        struct fixture *f = at_work(attacks[i], 4, 12);
        assay_sim_watch_end(f->watch, f->at_ms);
        cr_expect(fixture_silent(f), "%s", assay_sim_attack_name(attacks[i]));
        cr_expect_gt(fixture_checked(f, ASSAY_SIM_CHECKER_P1), 0);
        cr_expect_gt(fixture_checked(f, ASSAY_SIM_CHECKER_P4), 0);
        cr_expect_gt(fixture_checked(f, ASSAY_SIM_CHECKER_JUSTICE), 0);
        const bool unseen = attacks[i] == ASSAY_SIM_ATTACK_EXTRACT;
        cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P2) > 0, !unseen);
        cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P3) > 0, !unseen);
        cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P8) > 0, !unseen);
        fixture_destroy(&f);
    }
}

/* --- P1 */

Test(sim_watch_members, p1_sees_an_honest_score_fall)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1, 2);
    fixture_epoch(f);
    trust(f, 2)->availability_bp = 9999;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 1);
    cr_expect_eq(f->outcome.checks[ASSAY_SIM_CHECKER_P1].first_epoch, 3);
    cr_expect_str_eq(f->outcome.checks[ASSAY_SIM_CHECKER_P1].message,
                     "node 2: availability fell though its evidence was there: 10000 before, 9999 "
                     "after");
    fixture_destroy(&f);
}

Test(sim_watch_members, p1_holds_in_epochs_that_are_not_certified_too)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_WITHHOLD, 1, 2);
    fixture_epoch(f);
    f->after.certified = false;
    trust(f, 2)->availability_bp = 7500;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p1_sees_integrity_fall_without_a_proof)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_BADMOUTH, 1, 2);
    fixture_epoch(f);
    trust(f, 1)->integrity_bp = 9900;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p1_asks_that_no_more_than_a_third_may_deny)
{
    for (int excuse = 0; excuse < 6; excuse++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
        if (excuse == 0) f->cohort_of[4] = FIXTURE_BAD; /* three of seven */
        fixture_play(f);
        fixture_epoch(f);
        trust(f, 2)->availability_bp = 7500;
        if (excuse == 1) f->truth[2].unreachable_weight = 3334; /* 20000 of 70000 are Byzantine */
        if (excuse == 2) f->truth[2].reachable = false;
        if (excuse == 3) f->truth[2].alive = false;
        if (excuse == 4) f->truth[2].honest = false;
        if (excuse == 5) f->truth[2].evidence = ASSAY_SIM_EVIDENCE_NONE;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 0, "excuse %d", excuse);
        fixture_destroy(&f);
    }
}

/* --- mute and unjudged */

/* A member that did not ballot in `epochs` epochs and keeps its A; beside it one that could not be
 * judged. */
static struct fixture *patient(uint32_t slot, enum assay_sim_evidence evidence, bool balloted,
                               int epochs)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1000);
    for (int i = 0; i < epochs; i++) {
        fixture_epoch(f);
        f->truth[slot].evidence = evidence;
        f->after.members[slot].found.balloted = balloted;
        fixture_close(f, NULL);
    }
    return f;
}

Test(sim_watch_members, mute_sees_who_does_not_ballot_and_stands)
{
    struct fixture *f = patient(2, ASSAY_SIM_EVIDENCE_GOOD, false, 7);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_MUTE), 0);
    fixture_destroy(&f);
    f = patient(2, ASSAY_SIM_EVIDENCE_GOOD, false, 8);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_MUTE), 1);
    cr_expect_str_eq(f->outcome.checks[ASSAY_SIM_CHECKER_MUTE].message,
                     "node 2: no ballot of its own in eight epochs, and it stands: 10000 before, "
                     "10000 after");
    fixture_epoch(f);
    f->after.members[2].found.balloted = false;
    trust(f, 2)->availability_bp = 7500;
    trust(f, 2)->score.standing = ASSAY_STANDING_WARNING;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_MUTE), 1);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 0, "who is mute may fall");
    fixture_epoch(f);
    f->after.members[2].found.balloted = false;
    trust(f, 2)->availability_bp = 7499;
    trust(f, 2)->score.standing = ASSAY_STANDING_RESTRICTED;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_MUTE), 2, "suspended in the tenth");
    fixture_destroy(&f);
}

Test(sim_watch_members, mute_counts_certified_epochs_and_ends_with_a_ballot)
{
    struct fixture *f = patient(2, ASSAY_SIM_EVIDENCE_GOOD, false, 7);
    fixture_epoch(f);
    f->after.certified = false;
    f->after.members[2].found.balloted = false;
    fixture_close(f, NULL);
    fixture_play(f);
    fixture_epoch(f);
    f->after.members[2].found.balloted = false;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_MUTE), 0);
    trust(f, 2)->availability_bp = 9999;
    fixture_epoch(f);
    trust(f, 2)->availability_bp = 9998;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 1, "who ballots may not fall");
    fixture_destroy(&f);
}

Test(sim_watch_members, unjudged_sees_who_cannot_be_judged_and_stands)
{
    /* Of slot 5 the Byzantine electorate is less than a third. */
    struct fixture *f = patient(5, ASSAY_SIM_EVIDENCE_UNJUDGED, true, 7);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_UNJUDGED), 0);
    fixture_epoch(f);
    f->truth[5].evidence = ASSAY_SIM_EVIDENCE_UNJUDGED;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_UNJUDGED), 1);
    fixture_destroy(&f);
    f = patient(2, ASSAY_SIM_EVIDENCE_GOOD, true, 12);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_UNJUDGED), 0);
    cr_expect(fixture_silent(f));
    fixture_destroy(&f);
}

/* The collateral of its vendor has ended: it neither falls, however long that lasts, nor rises. */
Test(sim_watch_members, p1_and_p2_see_who_is_held_move)
{
    struct fixture *f = patient(2, ASSAY_SIM_EVIDENCE_HELD, true, 12);
    cr_expect(fixture_silent(f));
    fixture_epoch(f);
    f->truth[2].evidence = ASSAY_SIM_EVIDENCE_HELD;
    trust(f, 2)->availability_bp = 7500;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P1), 1);
    fixture_epoch(f);
    f->truth[2].evidence = ASSAY_SIM_EVIDENCE_HELD;
    trust(f, 2)->availability_bp = 8000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p2_sees_who_cannot_be_judged_rise)
{
    struct fixture *f = patient(2, ASSAY_SIM_EVIDENCE_UNJUDGED, true, 1);
    trust(f, 2)->availability_bp = 9000;
    fixture_epoch(f);
    f->truth[2].evidence = ASSAY_SIM_EVIDENCE_UNJUDGED;
    trust(f, 2)->availability_bp = 9500;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2), 1);
    fixture_destroy(&f);
}

/* --- P2 */

Test(sim_watch_members, p2_sees_the_absent_and_the_invalid_rise)
{
    static const enum assay_sim_attack attacks[] = {
        ASSAY_SIM_ATTACK_QUIET, ASSAY_SIM_ATTACK_TAMPER, ASSAY_SIM_ATTACK_OLD_TCB,
        ASSAY_SIM_ATTACK_REPLAY, ASSAY_SIM_ATTACK_RELAY
    };
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        struct fixture *f = at_work(attacks[i], 2, 6);
        fixture_epoch(f);
        fixture_rules(f);
        trust(f, 6)->availability_bp = (uint16_t)(f->before.members[6].trust.availability_bp + 1);
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2), 1);
        fixture_epoch(f);
        fixture_rules(f);
        trust(f, 5)->integrity_bp = (uint16_t)(f->before.members[5].trust.integrity_bp + 1);
        if (trust(f, 5)->integrity_bp <= 10000) fixture_close(f, NULL);
        fixture_destroy(&f);
    }
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_TAMPER, 2, 6);
    fixture_epoch(f);
    fixture_rules(f);
    trust(f, 5)->integrity_bp = 100;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2), 1, "integrity too");
    fixture_destroy(&f);
}

Test(sim_watch_members, p2_says_nothing_about_evidence_that_passes)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, 2, 6);
    fixture_epoch(f);
    f->truth[5].evidence = ASSAY_SIM_EVIDENCE_FORGED;
    f->truth[6].evidence = ASSAY_SIM_EVIDENCE_HALF;
    trust(f, 5)->availability_bp = trust(f, 6)->availability_bp = 9000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2), 0);
    fixture_destroy(&f);
}

Test(sim_watch_members, p2_and_p3_require_evidence_of_one_kind)
{
    for (int mixed = 0; mixed <= 1; mixed++) {
        struct fixture *f = at_work(ASSAY_SIM_ATTACK_TAMPER, 2, 6);
        fixture_epoch(f);
        fixture_rules(f);
        f->truth[5].mixed = mixed; /* its newest fails hard; one that passed is still in use */
        trust(f, 5)->availability_bp = 9000;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2) > 0, !mixed);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3) > 0, !mixed);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p2_asks_that_a_third_at_most_can_lie)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 2);
    f->cohort_of[3] = f->cohort_of[4] = FIXTURE_BAD; /* three of six vouch for slot 6 */
    for (int i = 0; i < 6; i++)
        fixture_play(f);
    fixture_epoch(f);
    trust(f, 6)->availability_bp = 9000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P2), 0);
    fixture_destroy(&f);
}

/* --- P3 */

/* The bad epochs of slots 5 and 6, with nothing done about them. */
static void look_away(struct fixture *f, uint32_t epochs)
{
    for (uint32_t i = 0; i < epochs; i++) {
        fixture_epoch(f);
        fixture_close(f, NULL);
    }
}

Test(sim_watch_members, p3_sees_that_a_bad_epoch_takes_nothing)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, 3, 2);
    look_away(f, 1);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3), 2);
    fixture_destroy(&f);
}

Test(sim_watch_members, p3_sees_who_is_not_suspended_in_three_epochs)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, 3, 4);
    cr_expect(fixture_silent(f), "10000, 7500, 5625");
    fixture_epoch(f);
    fixture_rules(f);
    for (uint32_t slot = 5; slot < 7; slot++) {
        trust(f, slot)->availability_bp = 5000; /* it fell, and stops at the bound */
        trust(f, slot)->score.standing = ASSAY_STANDING_RESTRICTED;
    }
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3), 2);
    fixture_destroy(&f);
}

Test(sim_watch_members, p3_wants_the_standing_not_only_the_score)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, 3, 4);
    fixture_epoch(f);
    fixture_rules(f);
    trust(f, 5)->score.standing = ASSAY_STANDING_RESTRICTED; /* of 4218 */
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p3_wants_hard_evidence_to_strike_at_once)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_TAMPER, 3, 2);
    fixture_epoch(f);
    fixture_rules(f);
    trust(f, 5)->integrity_bp = 7500;
    trust(f, 5)->score.standing = trust(f, 5)->integrity.standing = ASSAY_STANDING_WARNING;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p3_asks_that_everyone_can_see_it)
{
    for (int excuse = 0; excuse < 10; excuse++) {
        const bool fails = excuse == 1 || excuse >= 7;
        struct fixture *f = at_work(fails ? ASSAY_SIM_ATTACK_TAMPER : ASSAY_SIM_ATTACK_QUIET, 3, 2);
        for (int i = 0; i < 3; i++) {
            fixture_epoch(f);
            if (excuse == 0) f->after.certified = false;
            if (excuse == 1) f->truth[5].reachable = f->truth[6].reachable = false;
            if (excuse == 2) /* and of the two Byzantine one judges the other */
                f->after.members[0].found.balloted = f->after.members[1].found.balloted = false;
            if (excuse == 3) f->truth[1].alive = false;
            if (excuse == 4) f->truth[1].unreachable_weight = 10000;
            if (excuse == 5) /* envelopes of 4/7: nobody may say ABSENT */
                f->truth[4].evidence = ASSAY_SIM_EVIDENCE_NONE;
            if (excuse == 6) /* a third is missing: a fall asks for more than two thirds */
                f->after.members[0].found.balloted = false;
            if (excuse == 7) { /* messages are lost, and no record of the failure is there */
                f->with_rows = true;
                f->scenario.link.loss_permille = 1;
            }
            if (excuse == 8) { /* some voters have another envelope of it than others */
                f->scenario.adversary_count = 2;
                f->scenario.adversaries[1] = f->scenario.adversaries[0];
                f->scenario.adversaries[1].attack = ASSAY_SIM_ATTACK_TWO_ENVELOPES;
            }
            if (excuse == 9) { /* what it sends late over links that lose is judged by some */
                f->scenario.adversary_count = 2;
                f->scenario.adversaries[1] = f->scenario.adversaries[0];
                f->scenario.adversaries[1].attack = ASSAY_SIM_ATTACK_DELAY;
                f->scenario.link.loss_permille = 1;
            }
            fixture_close(f, NULL);
        }
        cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P3), 0, "excuse %d", excuse);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p3_hears_silence_and_waits_for_evidence_to_be_heard)
{
    for (int silent = 0; silent < 2; silent++) {
        struct fixture *f =
            at_work(silent ? ASSAY_SIM_ATTACK_QUIET : ASSAY_SIM_ATTACK_TAMPER, 3, 2);
        fixture_epoch(f);
        f->truth[5].reachable = f->truth[6].reachable = false;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3), silent ? 2 : 0);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p3_counts_over_epochs_that_are_held)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, 3, 4); /* two bad epochs */
    fixture_epoch(f);
    f->after.certified = false;
    fixture_close(f, NULL);
    fixture_epoch(f);
    fixture_rules(f);
    trust(f, 5)->availability_bp = 5100;
    trust(f, 5)->score.standing = ASSAY_STANDING_RESTRICTED;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P3), 1, "the third that counts");
    fixture_destroy(&f);
}

/* --- P4 */

Test(sim_watch_members, p4_sees_availability_that_does_not_come_back)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 2);
    f->scenario.adversaries[0].stop_epoch = 5;
    for (int i = 0; i < 6; i++)
        fixture_play(f);
    cr_expect(fixture_silent(f));
    for (int step = 499; step <= 501; step++) {
        fixture_epoch(f);
        fixture_rules(f);
        trust(f, 5)->availability_bp =
            (uint16_t)(f->before.members[5].trust.availability_bp + step);
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4),
                     (uint64_t)(step == 499 ? 1 : step - 499));
    }
    fixture_destroy(&f);
}

/* Slot 5 failed hard in epochs 2 to 4, was listed anew in 5 and rises. */
static struct fixture *rehabilitating(void)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_TAMPER, 2);
    f->scenario.adversaries[0].stop_epoch = 5;
    for (int i = 0; i < 4; i++)
        fixture_play(f);
    fixture_epoch(f);
    fixture_rules(f);
    for (uint32_t slot = 5; slot < 7; slot++) {
        f->after.members[slot].lives[0].incarnation = 2;
        trust(f, slot)->listed_after_failure = true;
    }
    fixture_close(f, NULL);
    return f;
}

Test(sim_watch_members, p4_and_p7_are_silent_while_a_new_incarnation_earns_its_score)
{
    struct fixture *f = rehabilitating();
    for (int i = 0; i < 100; i++)
        fixture_play(f);
    assay_sim_watch_end(f->watch, f->at_ms);
    cr_expect(fixture_silent(f));
    cr_expect_eq(trust(f, 5)->score.standing, ASSAY_STANDING_FULL);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P7), 2);
    fixture_destroy(&f);
}

Test(sim_watch_members, p4_sees_integrity_rise_too_fast_and_not_at_all)
{
    struct fixture *f = rehabilitating();
    static const int step[] = { 99, 101, 0, 200 };
    for (int i = 0; i < 4; i++) {
        fixture_epoch(f);
        fixture_rules(f);
        trust(f, 5)->integrity_bp = (uint16_t)(f->before.members[5].trust.integrity_bp + step[i]);
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), (uint64_t)i + 1, "by %d", step[i]);
    }
    fixture_destroy(&f);
}

Test(sim_watch_members, p4_halves_the_rise_for_each_earlier_offence)
{
    static const struct {
        uint32_t offences;
        unsigned rise;
    } cases[] = { { 0, 100 }, { 1, 100 }, { 2, 50 }, { 3, 25 }, { 4, 12 }, { 9, 12 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture *f = rehabilitating();
        trust(f, 5)->offences.count = cases[i].offences;
        fixture_epoch(f);
        fixture_rules(f);
        trust(f, 5)->integrity_bp =
            (uint16_t)(f->before.members[5].trust.integrity_bp + cases[i].rise);
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), 0, "%u offences",
                     cases[i].offences);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p4_lets_nobody_rise_unlisted_or_without_a_ballot)
{
    for (int way = 0; way < 2; way++) {
        struct fixture *f = rehabilitating();
        if (way == 0) trust(f, 5)->listed_after_failure = false;
        fixture_epoch(f);
        fixture_rules(f);
        if (way == 1) f->after.members[5].found.balloted = false;
        trust(f, 5)->integrity_bp = (uint16_t)(f->before.members[5].trust.integrity_bp + 100);
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), 1);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p4_sees_anybody_rise_too_fast_whatever_its_evidence)
{
    for (int way = 0; way < 4; way++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_BADMOUTH, 1);
        trust(f, 5)->availability_bp = trust(f, 5)->integrity_bp = 4000;
        trust(f, 5)->score.standing = trust(f, 5)->integrity.standing = ASSAY_STANDING_SUSPENDED;
        trust(f, 5)->listed_after_failure = way < 3;
        fixture_epoch(f);
        if (way == 0) trust(f, 5)->availability_bp += 501;
        if (way == 1) trust(f, 5)->integrity_bp += 101;
        if (way == 2) trust(f, 5)->integrity_bp += 100;
        if (way == 3) trust(f, 5)->integrity_bp += 1;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), way == 2 ? 0 : 1, "way %d", way);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p4_sees_a_standing_better_than_its_score)
{
    struct fixture *f = rehabilitating();
    for (int i = 0; i < 20; i++)
        fixture_play(f);
    cr_expect(fixture_silent(f));
    fixture_epoch(f);
    fixture_rules(f);
    trust(f, 5)->score.standing = ASSAY_STANDING_RESTRICTED;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p4_sees_a_standing_rise_below_the_bound_plus_200)
{
    struct fixture *f = rehabilitating();
    while (trust(f, 5)->integrity_bp < 5000)
        fixture_play(f);
    fixture_epoch(f);
    fixture_rules(f); /* 5100 */
    trust(f, 5)->score = (struct assay_hysteresis){ .standing = ASSAY_STANDING_RESTRICTED };
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p4_says_nothing_about_who_changes_its_votes)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_BADMOUTH, 1, 2);
    fixture_epoch(f);
    trust(f, 5)->availability_bp = 9000;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), 0);
    trust(f, 1)->availability_bp = 9000;
    fixture_epoch(f);
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P4), 1, "but about honest nodes beside it");
    fixture_destroy(&f);
}

/* --- P7 */

Test(sim_watch_members, p7_sees_what_a_new_incarnation_must_not_gain)
{
    for (int gain = 0; gain < 6; gain++) {
        struct fixture *f = rehabilitating();
        trust(f, 5)->listed_after_failure = false;
        trust(f, 5)->offences.count = 2;
        fixture_epoch(f);
        struct assay_member *m = &f->after.members[5];
        m->trust.listed_after_failure = true;
        m->lives[0].incarnation = 3;
        if (gain == 1) m->trust.integrity_bp += 1;
        if (gain == 2) m->trust.integrity.standing = ASSAY_STANDING_RESTRICTED;
        if (gain == 3) m->weight = 1;
        if (gain == 4) m->trust.offences.count = 1;
        if (gain == 5) m->lives[0].incarnation = 4;
        f->truth[5].reachable = false; /* nothing for P4 to say */
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P7), gain == 0 ? 0 : 1, "gain %d", gain);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, p7_lets_an_offence_be_forgotten_when_its_time_has_come)
{
    struct fixture *f = rehabilitating();
    trust(f, 5)->offences = (struct assay_offences){ .count = 2, .clean_epochs = 511 };
    fixture_epoch(f);
    fixture_rules(f);
    f->after.members[5].lives[0].incarnation = 3;
    trust(f, 5)->offences = (struct assay_offences){ .count = 1 };
    trust(f, 5)->integrity_bp = (uint16_t)(f->before.members[5].trust.integrity_bp + 50);
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P7), 0);
    fixture_destroy(&f);
}

/* --- justice */

Test(sim_watch_members, justice_sees_an_honest_member_convicted)
{
    for (int way = 0; way < 3; way++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_SLANDER, 1);
        f->cohort_of[2] = f->cohort_of[3] = FIXTURE_BAD; /* it holds whatever the weight is */
        fixture_play(f);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_JUSTICE), 0);
        fixture_epoch(f);
        struct assay_member *m = &f->after.members[1];
        if (way == 0) m->found.integrity_reason = ASSAY_INTEGRITY_FALSE_FAIL;
        if (way == 1) m->equivocation_struck = 1;
        if (way == 2) m->trust.integrity_bp = 9999;
        fixture_close(f, NULL);
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_JUSTICE), 1);
        fixture_destroy(&f);
    }
}

Test(sim_watch_members, justice_lets_the_guilty_be_convicted)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_EQUIVOCATE, 1, 1);
    fixture_epoch(f);
    f->after.members[6].found.integrity_reason = ASSAY_INTEGRITY_EQUIVOCATION;
    f->after.members[6].equivocation_struck = 1;
    trust(f, 6)->integrity_bp = 0;
    fixture_close(f, NULL);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_JUSTICE), 0);
    fixture_destroy(&f);
}

/* --- P8 */

/* Bad in `on` epochs of each on + off, with evidence of that kind; A never below floor_bp, where
 * the rules would take more. */
static struct fixture *on_off(enum assay_sim_evidence evidence, uint32_t on, uint32_t off,
                              uint16_t floor_bp, uint32_t epochs)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100000);
    f->cohort_of[5] = 0;
    for (uint32_t i = 0; i < epochs; i++) {
        fixture_epoch(f);
        if (i % (on + off) < on) f->truth[6].evidence = evidence;
        fixture_rules(f);
        struct assay_trust_state *t = trust(f, 6);
        if (t->availability_bp < floor_bp) t->availability_bp = floor_bp;
        if (t->integrity_bp < floor_bp) t->integrity_bp = floor_bp;
        t->listed_after_failure = true;
        t->score.standing = t->integrity.standing = ASSAY_STANDING_SUSPENDED;
        fixture_close(f, NULL);
    }
    assay_sim_watch_end(f->watch, f->at_ms);
    return f;
}

Test(sim_watch_members, p8_allows_what_the_rules_allow)
{
    /* A: bad once in ten epochs from 10000 leaves 7500, and nine epochs bring it back. */
    struct fixture *f = on_off(ASSAY_SIM_EVIDENCE_NONE, 1, 9, 0, 400);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P8), 0);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P8), 1);
    fixture_destroy(&f);
}

Test(sim_watch_members, p8_sees_an_attacker_who_is_bad_too_often_and_stays_above)
{
    /* theta 7500, U 500: at most 1 / (1 + 5) of epochs; one of two is more. */
    struct fixture *f = on_off(ASSAY_SIM_EVIDENCE_NONE, 1, 1, 7500, 400);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P8), 1);
    cr_expect_str_eq(f->outcome.checks[ASSAY_SIM_CHECKER_P8].message,
                     "node 6: bad in 200 epochs and good in 200, and availability never below "
                     "7500");
    fixture_destroy(&f);
}

Test(sim_watch_members, p8_counts_integrity_with_its_own_rise)
{
    /* Soft failures, once in ten epochs, I above 7500: 1 / (1 + 25) of epochs is the bound; A, with
     * 500 an epoch, is within its own. */
    struct fixture *f = on_off(ASSAY_SIM_EVIDENCE_SOFTLY, 1, 9, 7500, 400);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_P8), 2);
    cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_P8), 1);
    fixture_destroy(&f);
}
