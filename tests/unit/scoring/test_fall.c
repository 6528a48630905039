/*
 * tests/unit/scoring/test_fall.c - runs of falls: begin, end, cause; what is none.
 */
#include "scoring/fall.h"
#include "scoring/score.h"
#include "scoring/standing.h"

#include <criterion/criterion.h>

enum { BEGIN_MS = 1000 };

/* A member, closed epoch by epoch. */
struct subject {
    struct assay_trust_state trust;
    struct assay_fall fall;
    uint64_t epoch, stage_epoch;
    bool failed; /* integrity, in the next close */
};

static struct subject make(void)
{
    return (struct subject){ .trust = assay_trust_genesis() };
}

/* One close that sets both numbers. */
static void close_epoch(struct subject *s, uint16_t integrity_bp,
                        enum assay_integrity_reason reason, uint16_t availability_bp,
                        enum assay_availability_rule rule)
{
    const struct assay_trust_state before = s->trust;
    s->epoch++;
    s->trust.integrity_bp = integrity_bp;
    s->trust.availability_bp = availability_bp;
    s->trust.score = assay_standing_step(before.score, assay_trust_score_bp(&s->trust), true);
    s->trust.integrity = assay_standing_step(before.integrity, integrity_bp, true);
    assay_fall_on_close(&s->fall, &(struct assay_fall_close){ .epoch = s->epoch,
                                                              .begin_ms = BEGIN_MS * s->epoch,
                                                              .stage_epoch = s->stage_epoch,
                                                              .before = &before,
                                                              .after = &s->trust,
                                                              .integrity_failed = s->failed,
                                                              .integrity_reason = reason,
                                                              .availability_rule = rule });
}

static void absent(struct subject *s, uint16_t availability_bp)
{
    close_epoch(s, s->trust.integrity_bp, ASSAY_INTEGRITY_HELD_FEW, availability_bp,
                ASSAY_AVAILABILITY_FALL);
}

static void rises(struct subject *s, uint16_t availability_bp)
{
    close_epoch(s, s->trust.integrity_bp, ASSAY_INTEGRITY_HELD_BOUND, availability_bp,
                ASSAY_AVAILABILITY_RISE);
}

static void fails(struct subject *s, uint16_t integrity_bp, enum assay_integrity_reason reason)
{
    close_epoch(s, integrity_bp, reason, s->trust.availability_bp, ASSAY_AVAILABILITY_HOLD);
}

static void expect_step(const struct assay_fall_step *step, uint64_t epoch,
                        enum assay_fall_number number, uint32_t rule)
{
    cr_expect_eq(step->epoch, epoch);
    cr_expect_eq(step->begin_ms, BEGIN_MS * epoch);
    cr_expect_eq(step->number, number);
    cr_expect_eq(step->rule, rule);
}

static void expect_standings(const struct assay_fall *fall, enum assay_standing from,
                             enum assay_standing to)
{
    cr_expect_eq(fall->from, from);
    cr_expect_eq(fall->to, to);
    cr_expect(assay_fall_holds(fall));
}

Test(scoring_fall, a_lower_score_of_the_same_standing_is_none)
{
    struct subject s = make();
    absent(&s, 9000);
    cr_expect_not(assay_fall_is_set(&s.fall));
    rises(&s, 10000);
    cr_expect_not(assay_fall_is_set(&s.fall));
    cr_expect_not(assay_fall_holds(&s.fall), "and none is encoded");
    fails(&s, 0, ASSAY_INTEGRITY_FAIL_HARD);
    fails(&s, 3000, ASSAY_INTEGRITY_RISE);
    fails(&s, 2250, ASSAY_INTEGRITY_FAIL_SOFT);
    cr_expect_eq(s.fall.last.epoch, 3);
}

Test(scoring_fall, one_failure_is_one_step)
{
    struct subject s = make();
    rises(&s, 10000);
    fails(&s, 0, ASSAY_INTEGRITY_FAIL_HARD);
    expect_step(&s.fall.first, 2, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    expect_step(&s.fall.last, 2, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    expect_standings(&s.fall, ASSAY_STANDING_FULL, ASSAY_STANDING_SUSPENDED);
}

Test(scoring_fall, what_comes_after_it_changes_nothing)
{
    struct subject s = make();
    fails(&s, 0, ASSAY_INTEGRITY_FAIL_HARD);
    const struct assay_fall once = s.fall;
    fails(&s, 0, ASSAY_INTEGRITY_EQUIVOCATION);
    absent(&s, 7500);
    for (int i = 0; i < 300; i++)
        absent(&s, 0);
    cr_expect_arr_eq(&s.fall, &once, sizeof once);
}

/* Away with one build, and back with another that is not accepted: its standing moves no more. */
Test(scoring_fall, a_failure_of_a_suspended_member_is_a_step_of_its_run)
{
    struct subject s = make();
    absent(&s, 7500);
    absent(&s, 5625);
    absent(&s, 4218);
    fails(&s, 0, ASSAY_INTEGRITY_FAIL_HARD);
    expect_step(&s.fall.first, 1, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_step(&s.fall.last, 4, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    for (uint16_t i = 1; i < 20; i++)
        fails(&s, (uint16_t)(100 * i), ASSAY_INTEGRITY_RISE);
    cr_expect_eq(s.fall.last.epoch, 4);
    s.failed = true;
    fails(&s, 0, ASSAY_INTEGRITY_EQUIVOCATION);
    expect_step(&s.fall.first, 1, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_step(&s.fall.last, 24, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_EQUIVOCATION);
    expect_standings(&s.fall, ASSAY_STANDING_FULL, ASSAY_STANDING_SUSPENDED);
}

Test(scoring_fall, a_worse_integrity_alone_begins_a_run_where_none_goes_on)
{
    struct subject s = make();
    absent(&s, 5000);
    for (int i = 0; i < 3; i++)
        rises(&s, 7700);
    fails(&s, 7600, ASSAY_INTEGRITY_FAIL_SOFT);
    expect_step(&s.fall.first, 5, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT);
    expect_standings(&s.fall, ASSAY_STANDING_WARNING, ASSAY_STANDING_WARNING);
}

/* Integrity is low for long, whatever else happens. */
Test(scoring_fall, the_newest_step_by_integrity_outlasts_its_run)
{
    struct subject s = make();
    fails(&s, 0, ASSAY_INTEGRITY_FAIL_HARD);
    for (int i = 0; i < 3; i++)
        fails(&s, 5300, ASSAY_INTEGRITY_RISE);
    cr_assert_eq(s.trust.score.standing, ASSAY_STANDING_RESTRICTED);
    absent(&s, 4218);
    expect_step(&s.fall.first, 5, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_step(&s.fall.integrity, 1, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
    expect_standings(&s.fall, ASSAY_STANDING_RESTRICTED, ASSAY_STANDING_SUSPENDED);
    struct assay_fall bad = s.fall;
    bad.integrity.epoch = 5;
    cr_expect_not(assay_fall_holds(&bad), "the last fall is by availability");
    bad = s.fall;
    bad.integrity.epoch = 0;
    cr_expect_not(assay_fall_holds(&bad), "none has no rule");
    bad.integrity = (struct assay_fall_step){ 0 };
    cr_expect(assay_fall_holds(&bad));
    bad.integrity = bad.last;
    cr_expect_not(assay_fall_holds(&bad));
}

Test(scoring_fall, a_close_with_a_better_standing_is_none)
{
    struct subject s = make();
    absent(&s, 7000);
    s.trust.score.held_epochs = 2;
    close_epoch(&s, 8999, ASSAY_INTEGRITY_CEILING, 7700, ASSAY_AVAILABILITY_RISE);
    cr_assert_eq(s.trust.score.standing, ASSAY_STANDING_WARNING);
    cr_assert_eq(s.trust.integrity.standing, ASSAY_STANDING_WARNING);
    cr_expect_eq(s.fall.last.epoch, 1);
}

Test(scoring_fall, a_run_keeps_its_begin)
{
    struct subject s = make();
    absent(&s, 7500);
    absent(&s, 5625);
    absent(&s, 4218);
    absent(&s, 3163);
    expect_step(&s.fall.first, 1, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_step(&s.fall.last, 3, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_standings(&s.fall, ASSAY_STANDING_FULL, ASSAY_STANDING_SUSPENDED);
}

Test(scoring_fall, a_run_outlasts_epochs_that_hold_the_standing)
{
    struct subject s = make();
    fails(&s, 7500, ASSAY_INTEGRITY_FAIL_SOFT);
    for (int i = 0; i < 8; i++)
        fails(&s, (uint16_t)(7500 + 10 * i), ASSAY_INTEGRITY_RISE);
    absent(&s, 5000);
    expect_step(&s.fall.first, 1, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT);
    expect_step(&s.fall.last, 10, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_standings(&s.fall, ASSAY_STANDING_FULL, ASSAY_STANDING_RESTRICTED);
}

Test(scoring_fall, a_better_standing_ends_a_run)
{
    struct subject s = make();
    absent(&s, 5000);
    for (int i = 0; i < 3; i++)
        rises(&s, 7700);
    cr_assert_eq(s.trust.score.standing, ASSAY_STANDING_WARNING);
    cr_expect_eq(s.fall.last.epoch, 1, "a rise leaves the last fall");
    absent(&s, 5625);
    expect_step(&s.fall.first, 5, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_standings(&s.fall, ASSAY_STANDING_WARNING, ASSAY_STANDING_RESTRICTED);
}

Test(scoring_fall, a_drain_ends_a_run)
{
    struct subject s = make();
    absent(&s, 7500);
    assay_trust_rest(&s.trust);
    s.stage_epoch = s.epoch + 1;
    for (int i = 0; i < 6; i++)
        rises(&s, 7700);
    cr_assert_eq(s.trust.score.standing, ASSAY_STANDING_WARNING, "as after the fall");
    cr_expect_eq(s.fall.last.epoch, 1, "a drain is no fall");
    absent(&s, 5625);
    expect_step(&s.fall.first, 8, ASSAY_FALL_AVAILABILITY, ASSAY_AVAILABILITY_FALL);
    expect_standings(&s.fall, ASSAY_STANDING_WARNING, ASSAY_STANDING_RESTRICTED);
}

/* A proven failure lowers both numbers by a quarter. */
static void fails_softly(struct subject *s)
{
    close_epoch(s, assay_score_quarter_off(s->trust.integrity_bp), ASSAY_INTEGRITY_FAIL_SOFT,
                assay_score_quarter_off(s->trust.availability_bp), ASSAY_AVAILABILITY_FALL);
}

Test(scoring_fall, a_failure_is_no_absence_where_availability_is_lower)
{
    struct subject s = make();
    s.trust.integrity_bp = 8000;
    s.trust.availability_bp = 7900;
    s.trust.score.standing = s.trust.integrity.standing = ASSAY_STANDING_WARNING;
    fails_softly(&s);
    s.failed = true;
    fails_softly(&s);
    cr_assert_eq(s.trust.integrity.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_lt(s.trust.availability_bp, s.trust.integrity_bp);
    expect_step(&s.fall.first, 1, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT);
    expect_step(&s.fall.last, 2, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT);
    expect_step(&s.fall.integrity, 2, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_SOFT);
    expect_standings(&s.fall, ASSAY_STANDING_WARNING, ASSAY_STANDING_SUSPENDED);
}

/* Struck at zero again, with a new incarnation, while an absence lowers the score. */
Test(scoring_fall, a_failure_that_moves_no_standing_of_integrity_is_the_cause)
{
    struct subject s = make();
    s.trust.integrity.standing = ASSAY_STANDING_SUSPENDED;
    s.failed = true;
    close_epoch(&s, 0, ASSAY_INTEGRITY_FAIL_HARD, 0, ASSAY_AVAILABILITY_FALL);
    expect_step(&s.fall.last, 1, ASSAY_FALL_INTEGRITY, ASSAY_INTEGRITY_FAIL_HARD);
}

Test(scoring_fall, the_cause_is_integrity_where_its_standing_gets_worse)
{
    const struct {
        uint16_t integrity_bp, availability_bp, integrity_to, availability_to;
        enum assay_fall_number number;
    } cases[] = {
        { 10000, 10000, 7500, 7600, ASSAY_FALL_INTEGRITY },
        { 10000, 10000, 7600, 7500, ASSAY_FALL_INTEGRITY },
        { 10000, 9200, 7500, 7600, ASSAY_FALL_INTEGRITY },
        { 9100, 9000, 8900, 6750, ASSAY_FALL_INTEGRITY },
        { 10000, 9000, 0, 0, ASSAY_FALL_INTEGRITY },
        { 9000, 10000, 5000, 5000, ASSAY_FALL_INTEGRITY },
        { 10000, 10000, 9000, 7500, ASSAY_FALL_AVAILABILITY },
        { 10000, 10000, 10000, 8999, ASSAY_FALL_AVAILABILITY },
        { 10000, 10000, 7500, 7500, ASSAY_FALL_INTEGRITY },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct subject s = make();
        s.trust.integrity_bp = cases[k].integrity_bp;
        s.trust.availability_bp = cases[k].availability_bp;
        close_epoch(&s, cases[k].integrity_to, ASSAY_INTEGRITY_FAIL_SOFT, cases[k].availability_to,
                    ASSAY_AVAILABILITY_MUTE);
        cr_expect_eq(s.fall.last.number, cases[k].number, "case %zu", k);
        cr_expect_eq(s.fall.last.rule, cases[k].number == ASSAY_FALL_INTEGRITY
                                           ? (uint32_t)ASSAY_INTEGRITY_FAIL_SOFT
                                           : (uint32_t)ASSAY_AVAILABILITY_MUTE);
    }
}

/* docs/protocol.md 9.9: a reversal sets scores that no rule of the epoch lowered. */
Test(scoring_fall, without_a_rule_that_lowers_there_is_none)
{
    struct subject s = make();
    close_epoch(&s, 8000, ASSAY_INTEGRITY_RISE, 10000, ASSAY_AVAILABILITY_HOLD);
    cr_assert_eq(s.trust.score.standing, ASSAY_STANDING_WARNING);
    cr_expect_not(assay_fall_is_set(&s.fall));
}

Test(scoring_fall, what_no_closes_can_make_does_not_hold)
{
    struct subject s = make();
    absent(&s, 7500);
    const struct assay_fall one = s.fall;
    absent(&s, 4999);
    const struct assay_fall run = s.fall;
    cr_assert(assay_fall_holds(&one) && assay_fall_holds(&run));
    struct assay_fall bad = run;
    bad.first.epoch = 3;
    cr_expect_not(assay_fall_holds(&bad), "it begins after its end");
    bad = run;
    bad.to = (enum assay_standing)4;
    cr_expect_not(assay_fall_holds(&bad));
    bad = run;
    bad.first.rule = ASSAY_AVAILABILITY_RISE;
    cr_expect_not(assay_fall_holds(&bad));
    bad = run;
    bad.last.number = (enum assay_fall_number)2;
    cr_expect_not(assay_fall_holds(&bad));
    bad = one;
    bad.from = ASSAY_STANDING_SUSPENDED;
    cr_expect_not(assay_fall_holds(&bad));
    bad = one;
    bad.first.rule = ASSAY_AVAILABILITY_MUTE;
    cr_expect_not(assay_fall_holds(&bad), "one step with two causes");
    bad = one;
    bad.first.begin_ms++;
    cr_expect_not(assay_fall_holds(&bad), "one step at two times");
    bad = one;
    bad.first.epoch = 0;
    cr_expect_not(assay_fall_holds(&bad));
    bad = one;
    bad.from = bad.to;
    cr_expect_not(assay_fall_holds(&bad), "no fall by availability");
    bad = run;
    bad.from = ASSAY_STANDING_WARNING;
    bad.to = ASSAY_STANDING_RESTRICTED;
    cr_expect_not(assay_fall_holds(&bad), "two falls by availability, one standing apart");
    bad = run;
    bad.first.begin_ms = bad.last.begin_ms + 1;
    cr_expect_not(assay_fall_holds(&bad), "time goes back");
}

Test(scoring_fall, a_newest_step_by_integrity_out_of_place_does_not_hold)
{
    struct subject s = make();
    rises(&s, 10000);
    fails(&s, 8000, ASSAY_INTEGRITY_FAIL_SOFT);
    rises(&s, 10000);
    fails(&s, 7000, ASSAY_INTEGRITY_FAIL_SOFT);
    absent(&s, 4218);
    const struct assay_fall run = s.fall;
    cr_assert(assay_fall_holds(&run) && run.first.epoch == 2 && run.integrity.epoch == 4);
    struct assay_fall bad = run;
    bad.integrity.epoch = 1;
    bad.integrity.begin_ms = BEGIN_MS;
    cr_expect_not(assay_fall_holds(&bad), "the run began by a newer one");
    bad = run;
    bad.integrity.epoch = 2;
    cr_expect_not(assay_fall_holds(&bad), "two steps of one epoch");
    bad.integrity = bad.first;
    cr_expect(assay_fall_holds(&bad));
    bad = run;
    bad.integrity.begin_ms = bad.first.begin_ms - 1;
    cr_expect_not(assay_fall_holds(&bad), "time goes back");
    bad = run;
    bad.integrity.begin_ms = bad.last.begin_ms + 1;
    cr_expect_not(assay_fall_holds(&bad), "time goes back");
    bad = run;
    bad.first.number = ASSAY_FALL_AVAILABILITY;
    bad.first.rule = ASSAY_AVAILABILITY_FALL;
    cr_expect(assay_fall_holds(&bad));
    bad.integrity.epoch = bad.first.epoch;
    bad.integrity.begin_ms = bad.first.begin_ms;
    cr_expect_not(assay_fall_holds(&bad), "one epoch with two causes");
}
