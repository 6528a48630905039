/*
 * tests/unit/sim/checkers/test_watch_fall.c - checker last_fall: silent on right runs, and it sees
 * a begin, an end, a cause or a member that is not what the scores show.
 */
#include "tests/unit/sim/checkers/watch_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

enum { START = 4, BAD_SLOT = 5 };

static struct fixture *at_work(enum assay_sim_attack attack, uint64_t epochs)
{
    struct fixture *f = fixture_create(attack, START);
    for (uint64_t i = 0; i < epochs; i++)
        fixture_play(f);
    return f;
}

static struct assay_fall *fall_of(struct fixture *f, uint32_t slot)
{
    return &f->after.members[slot].fall;
}

static uint64_t found(const struct fixture *f)
{
    return fixture_violated(f, ASSAY_SIM_CHECKER_LAST_FALL);
}

static const char *message_of(const struct fixture *f)
{
    return f->outcome.checks[ASSAY_SIM_CHECKER_LAST_FALL].message;
}

Test(sim_watch_fall, nothing_is_found_in_a_right_run_of_any_evidence)
{
    static const enum assay_sim_attack attacks[] = {
        ASSAY_SIM_ATTACK_QUIET,  ASSAY_SIM_ATTACK_TAMPER, ASSAY_SIM_ATTACK_OLD_TCB,
        ASSAY_SIM_ATTACK_REPLAY, ASSAY_SIM_ATTACK_ON_OFF,
    };
    for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
        struct fixture *f = at_work(attacks[i], 40);
        cr_expect_eq(found(f), 0, "%s: %s", assay_sim_attack_name(attacks[i]), message_of(f));
        cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_LAST_FALL), 40 * FIXTURE_NODES);
        fixture_destroy(&f);
    }
}

Test(sim_watch_fall, the_run_of_an_absent_member_has_three_falls)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, START + 10);
    const struct assay_fall *fall = fall_of(f, BAD_SLOT);
    cr_expect_eq(fall->first.epoch, START);
    cr_expect_eq(fall->last.epoch, START + 2);
    cr_expect_eq(found(f), 0);
    fixture_destroy(&f);
}

Test(sim_watch_fall, sees_a_begin_that_a_further_fall_overwrites)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, START);
    fixture_epoch(f);
    fixture_rules(f);
    fall_of(f, BAD_SLOT)->first = fall_of(f, BAD_SLOT)->last;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    cr_expect(strstr(message_of(f), "began in another epoch") != NULL, "%s", message_of(f));
    fixture_destroy(&f);
}

Test(sim_watch_fall, sees_a_cause_of_a_later_epoch)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_TAMPER, START + 2);
    cr_assert_eq(found(f), 0);
    fixture_epoch(f);
    fixture_rules(f);
    struct assay_fall *fall = fall_of(f, BAD_SLOT);
    fall->last.number = fall->first.number = ASSAY_FALL_AVAILABILITY;
    fall->last.rule = fall->first.rule = ASSAY_AVAILABILITY_FALL;
    fall->integrity = (struct assay_fall_step){ 0 };
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    cr_expect(strstr(message_of(f), "another cause") != NULL, "%s", message_of(f));
    fixture_destroy(&f);
}

/* Its availability is the smaller number: 5625 of 7500. */
Test(sim_watch_fall, sees_a_failure_that_is_recorded_as_an_absence)
{
    static const enum assay_sim_evidence evidence[] = { ASSAY_SIM_EVIDENCE_NONE,
                                                        ASSAY_SIM_EVIDENCE_SOFTLY };
    for (int wrong = 0; wrong < 2; wrong++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100);
        struct assay_fall *fall = fall_of(f, BAD_SLOT);
        for (size_t i = 0; i < sizeof evidence / sizeof evidence[0]; i++) {
            fixture_epoch(f);
            f->truth[BAD_SLOT].evidence = evidence[i];
            fixture_rules(f);
            if (wrong == 1 && i == 1) {
                fall->last.number = ASSAY_FALL_AVAILABILITY;
                fall->last.rule = ASSAY_AVAILABILITY_FALL;
                fall->integrity = (struct assay_fall_step){ 0 };
            }
            fixture_close(f, NULL);
        }
        cr_expect_eq(f->after.members[BAD_SLOT].trust.availability_bp, 5625);
        cr_expect_eq(found(f), (uint64_t)wrong, "%s", message_of(f));
        fixture_destroy(&f);
    }
}

Test(sim_watch_fall, sees_an_end_of_an_epoch_without_a_fall)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, START + 5);
    fixture_epoch(f);
    fixture_rules(f);
    fall_of(f, BAD_SLOT)->last.epoch = f->after.epoch;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    fixture_destroy(&f);
}

Test(sim_watch_fall, sees_a_fall_that_is_not_there_or_was_none)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_TAMPER, START + 1);
    fixture_epoch(f);
    fixture_rules(f);
    *fall_of(f, 0) = *fall_of(f, BAD_SLOT);
    *fall_of(f, BAD_SLOT) = (struct assay_fall){ 0 };
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 2);
    fixture_destroy(&f);
}

Test(sim_watch_fall, sees_a_cause_that_was_not_proven)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_TAMPER, START);
    f->with_rows = true;
    for (int i = 0; i < START; i++) {
        fixture_epoch(f);
        fixture_rules(f); /* the failure of epoch 4 is never proven */
        fixture_close(f, NULL);
    }
    cr_expect_eq(found(f), 2, "of both bad members");
    cr_expect(strstr(message_of(f), "not what was proven") != NULL, "%s", message_of(f));
    fixture_destroy(&f);
}

Test(sim_watch_fall, sees_a_newcomer_with_the_fall_of_another)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_TAMPER, START + 1);
    f->after.members[BAD_SLOT].stage = ASSAY_STAGE_LEFT;
    f->after.members[BAD_SLOT].stage_epoch = START + 2;
    fixture_epoch(f);
    f->after.members[BAD_SLOT].stage = ASSAY_STAGE_MEMBER;
    f->after.members[BAD_SLOT].stage_epoch = START + 3;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    cr_expect(strstr(message_of(f), "it is new") != NULL, "%s", message_of(f));
    fixture_destroy(&f);
}

Test(sim_watch_fall, is_silent_after_a_gap_until_the_member_rises)
{
    struct fixture *f = at_work(ASSAY_SIM_ATTACK_QUIET, START);
    f->after.epoch += 3; /* skipped here */
    assay_state_copy(&f->before, &f->after);
    f->before.epoch -= 3;
    fixture_close(f, NULL);
    fixture_epoch(f);
    fixture_rules(f);
    fall_of(f, BAD_SLOT)->first = fall_of(f, BAD_SLOT)->last; /* not to be known */
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 0, "%s", message_of(f));
    for (int i = 0; i < 50; i++) { /* it is back */
        fixture_epoch(f);
        f->truth[BAD_SLOT].evidence = ASSAY_SIM_EVIDENCE_GOOD;
        fixture_rules(f);
        fixture_close(f, NULL);
    }
    cr_assert_eq(f->after.members[BAD_SLOT].trust.score.standing, ASSAY_STANDING_FULL);
    fixture_play(f);
    cr_expect_eq(found(f), 0, "%s", message_of(f));
    fixture_epoch(f);
    fixture_rules(f);
    fall_of(f, BAD_SLOT)->first = fall_of(f, BAD_SLOT)->last;
    fixture_close(f, NULL);
    cr_expect_eq(found(f), 1);
    fixture_destroy(&f);
}
