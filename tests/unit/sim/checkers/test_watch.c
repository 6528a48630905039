/*
 * tests/unit/sim/checkers/test_watch.c - rows and figures of runs written by hand, naive rules,
 * progress.
 */
#include "tests/unit/sim/checkers/watch_fixture.h"

#include "scoring/tally.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static int64_t figure(const struct fixture *f, enum assay_sim_figure which, uint32_t cohort)
{
    return f->outcome.figures[which][cohort];
}

Test(sim_watch, a_row_says_where_every_cohort_stands)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 2);
    f->scenario.vendors = 4;
    for (int i = 0; i < 3; i++)
        fixture_play(f);
    cr_assert_eq(f->outcome.row_count, 3);
    const struct assay_sim_row *row = &f->outcome.rows[2];
    const struct assay_sim_cohort_row *honest = &row->cohorts[0];
    const struct assay_sim_cohort_row *bad = &row->cohorts[FIXTURE_BAD];
    cr_expect_eq(row->epoch, 3);
    cr_expect_eq(row->at_ms, 6000);
    cr_expect(row->certified);
    cr_expect_eq(honest->members, 5);
    cr_expect_eq(honest->full, 5);
    cr_expect_eq(honest->score_mean_bp, 10000);
    cr_expect_eq(honest->weight_share_bp, 7142); /* five sevenths */
    cr_expect_eq(bad->members, 2);
    cr_expect_eq(bad->restricted, 2); /* 10000, 7500, 5625 */
    cr_expect_eq(bad->score_mean_bp, 5625);
    cr_expect_eq(bad->score_min_bp, 5625);
    cr_expect_eq(bad->score_max_bp, 5625);
    cr_expect_eq(bad->availability_mean_bp, 5625);
    cr_expect_eq(bad->integrity_mean_bp, 10000);
    cr_expect_eq(row->largest_operator_bp, 1428);
    cr_expect_eq(row->largest_vendor_bp, 2857); /* four vendor roots over seven slots */
    cr_expect_eq(row->false_suspensions, 0);
    cr_expect_eq(f->outcome.cohort_members[0], 5);
    cr_expect_eq(f->outcome.cohort_members[FIXTURE_BAD], 2);
    fixture_destroy(&f);
}

Test(sim_watch, detection_counts_from_the_first_bad_epoch)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 5);
    for (int i = 0; i < 6; i++)
        fixture_play(f);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, FIXTURE_BAD), -1);
    fixture_play(f); /* the third bad one */
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, FIXTURE_BAD), 3);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTED, FIXTURE_BAD), 2);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SUSPENDED_FINAL, FIXTURE_BAD), 2);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SUSPENSIONS, FIXTURE_BAD), 2);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SCORE_MIN_BP, FIXTURE_BAD), 4218);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SCORE_MIN_BP, 0), 10000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTED, 0), 0);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, 0), -1);
    fixture_destroy(&f);
}

Test(sim_watch, recovery_counts_from_the_suspension_to_full)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 2);
    f->scenario.adversaries[0].stop_epoch = 5;
    for (int i = 0; i < 40; i++)
        fixture_play(f);
    assay_sim_watch_end(f->watch, f->at_ms);
    /* Suspended at the close of 4 with 4218. Then 500 an epoch: 9200 is reached at the close of 14;
     * held three times is the close of 16. */
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_RECOVERY_EPOCHS, FIXTURE_BAD), 12);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SUSPENDED_FINAL, FIXTURE_BAD), 0);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SCORE_FINAL_MIN_BP, FIXTURE_BAD), 10000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_BAD_EPOCHS_BP, FIXTURE_BAD), 3 * 10000 / 40);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_BAD_EPOCHS_BP, 0), 0);
    cr_expect(fixture_silent(f));
    fixture_destroy(&f);
}

Test(sim_watch, a_second_suspension_is_counted_and_the_first_detection_stays)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ON_OFF, 1);
    f->scenario.adversaries[0].on_epochs = 4;
    f->scenario.adversaries[0].off_epochs = 26;
    for (int i = 0; i < 40; i++)
        fixture_play(f);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SUSPENSIONS, FIXTURE_BAD), 4);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTED, FIXTURE_BAD), 2);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, FIXTURE_BAD), 3);
    fixture_destroy(&f);
}

Test(sim_watch, failures_are_offences_and_convicted_honest_members_unjust_ones)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_TAMPER, 2);
    fixture_play(f);
    fixture_play(f);
    fixture_epoch(f);
    fixture_rules(f);
    f->after.members[0].found.integrity_reason = ASSAY_INTEGRITY_FALSE_PASS;
    fixture_close(f, NULL);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_OFFENCES, FIXTURE_BAD), 2);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_OFFENCES, 0), 0);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_UNJUST_OFFENCES, 0), 1);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP, FIXTURE_BAD), 0);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_INTEGRITY_FINAL_MIN_BP, 0), 10000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, FIXTURE_BAD), 0);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_WEIGHT_SHARE_MAX_BP, FIXTURE_BAD), 2857);
    fixture_destroy(&f);
}

Test(sim_watch, unjust_falls_are_counted_where_evidence_was_there_for_all)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_ABSENT_VOTE, 1);
    fixture_play(f);
    for (int i = 0; i < 2; i++) {
        fixture_epoch(f);
        f->after.members[0].trust.availability_bp -= 100;
        f->after.members[1].trust.availability_bp -= 100;
        f->truth[1].reachable = false;
        fixture_close(f, NULL);
    }
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_UNJUST_DROPS, 0), 2);
    fixture_destroy(&f);
}

Test(sim_watch, costs_add_up_and_the_largest_is_kept)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100);
    struct assay_sim_watch *w = assay_sim_watch_create(&f->scenario, 1, f->cohort_of, &f->outcome);
    for (uint32_t i = 1; i <= 3; i++) {
        fixture_epoch(f);
        const struct assay_sim_closed closed = { .epoch = i,
                                                 .at_ms = 2000 * i,
                                                 .state = &f->after,
                                                 .before = &f->before,
                                                 .certified = i != 2,
                                                 .truth = f->truth,
                                                 .messages = 100 * i,
                                                 .bytes = 1000 * i,
                                                 .verifications = 10 * i,
                                                 .views_nullified = i,
                                                 .blocks = 5,
                                                 .proofs = i - 1,
                                                 .crashes = 1,
                                                 .certificates_held = 10 - i };
        assay_sim_watch_epoch(w, &closed);
    }
    assay_sim_watch_on_restart(w, 6);
    assay_sim_watch_end(w, 7000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_EPOCHS, 0), 3);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_EPOCHS_CERTIFIED, 0), 2);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_EPOCHS_HELD, 0), 1);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_MESSAGES, 0), 600);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_BYTES, 0), 6000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_VERIFICATIONS, 0), 60);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_VIEWS_NULLIFIED, 0), 6);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_BLOCKS, 0), 15);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_PROOFS, 0), 3);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_CRASHES, 0), 3);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_CERTIFICATES_HELD_MAX, 0), 9);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_RESTARTS, FIXTURE_BAD), 1);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SIMULATED_MS, 0), 7000);
    cr_expect_eq(f->outcome.rows[1].messages, 200);
    assay_sim_watch_destroy(&w);
    cr_expect_null(w);
    assay_sim_watch_destroy(&w);
    fixture_destroy(&f);
}

/* --- naive rules: no state, no promises */

Test(sim_watch, naive_rules_get_rows_and_figures_and_no_checks)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_BADMOUTH, 1);
    f->scenario.rule = ASSAY_SIM_RULE_MEAN;
    struct assay_sim_watch *w = assay_sim_watch_create(&f->scenario, 1, f->cohort_of, &f->outcome);
    uint16_t scores[FIXTURE_NODES];
    uint32_t weights[FIXTURE_NODES];
    for (uint64_t epoch = 1; epoch <= 3; epoch++) {
        for (uint32_t i = 0; i < FIXTURE_NODES; i++) {
            scores[i] = (uint16_t)(f->cohort_of[i] == 0 ? 10000 - 2000 * epoch : 10000);
            weights[i] = scores[i] < 5000 ? 0 : scores[i];
        }
        fixture_epoch(f);
        const struct assay_sim_closed closed = { .epoch = epoch,
                                                 .at_ms = 2000 * epoch,
                                                 .certified = true,
                                                 .score_bp = scores,
                                                 .weight = weights,
                                                 .truth = f->truth };
        assay_sim_watch_epoch(w, &closed);
    }
    assay_sim_watch_end(w, 6000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SCORE_MEAN_BP, 0), 4000);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_UNJUST_DROPS, 0), 15);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_SUSPENDED_FINAL, 0), 5);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, FIXTURE_BAD), 10000);
    cr_expect_eq(f->outcome.rows[1].cohorts[0].restricted, 5);
    cr_expect_eq(f->outcome.rows[2].false_suspensions, 5);
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        cr_expect_eq(f->outcome.checks[i].checked, 0, "%s",
                     assay_sim_checker_name((enum assay_sim_checker)i));
    assay_sim_watch_destroy(&w);
    fixture_destroy(&f);
}

Test(sim_watch, epochs_that_were_skipped_are_shown_and_not_judged)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100);
    fixture_play(f);
    fixture_epoch(f);
    f->after.epoch++; /* and one was left out */
    f->after.members[0].trust.availability_bp = 5000;
    fixture_close(f, NULL);
    cr_expect(fixture_silent(f));
    cr_expect_eq(f->outcome.row_count, 2);
    fixture_destroy(&f);
}

/* --- liveness */

/* Closes epochs at these times and ends at end_ms. Healed in epoch 4 (nominally from 6000 ms on),
 * two epochs of 2000 ms are allowed. Returns: findings. */
static uint64_t late(const uint64_t *at_ms, size_t count, uint64_t end_ms, uint64_t healed_ms,
                     int64_t *progress)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100);
    f->scenario.heal_epoch = 4;
    f->scenario.progress_epochs = 2;
    for (size_t i = 0; i < count; i++) {
        fixture_epoch(f);
        f->at_ms = at_ms[i];
        fixture_close(f, NULL);
        if (i == 0 && healed_ms > 0) assay_sim_watch_on_healed(f->watch, healed_ms, true);
    }
    assay_sim_watch_end(f->watch, end_ms);
    const uint64_t found = fixture_violated(f, ASSAY_SIM_CHECKER_LIVENESS);
    *progress = figure(f, ASSAY_SIM_FIGURE_PROGRESS_EPOCHS, 0);
    fixture_destroy(&f);
    return found;
}

Test(sim_watch, liveness_is_silent_when_epochs_close_in_time)
{
    int64_t progress = 0;
    static const uint64_t steady[] = { 2000, 4100, 6200, 8300, 10400 };
    cr_expect_eq(late(steady, 5, 12000, 0, &progress), 0);
    cr_expect_eq(progress, 1);
    /* What happened before the healing is no matter. */
    static const uint64_t healed[] = { 2000, 9900, 12000 };
    cr_expect_eq(late(healed, 3, 14000, 0, &progress), 0);
    cr_expect_eq(progress, 2);
}

Test(sim_watch, liveness_sees_a_stretch_without_a_close)
{
    int64_t progress = 0;
    static const uint64_t first[] = { 2000, 10001 };
    cr_expect_eq(late(first, 2, 11000, 0, &progress), 1);
    cr_expect_eq(progress, 3);
    static const uint64_t later[] = { 2000, 8000, 12001 };
    cr_expect_eq(late(later, 3, 13000, 0, &progress), 1);
    static const uint64_t never[] = { 2000 };
    cr_expect_eq(late(never, 1, 10001, 0, &progress), 1, "the run ended without one");
    cr_expect_eq(progress, -1);
}

/* A network that stood still: its epochs of the scenario were longer, and all heals later. */
Test(sim_watch, liveness_counts_nothing_before_the_world_says_it_healed)
{
    for (uint32_t said = 0; said < 2; said++) {
        struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100);
        f->scenario.heal_epoch = 4; /* nominally from 6000 ms on */
        f->scenario.progress_epochs = 2;
        static const uint64_t at_ms[] = { 2000, 30000, 34001, 38002 };
        for (uint32_t i = 0; i < 4; i++) {
            fixture_epoch(f);
            f->at_ms = at_ms[i];
            fixture_close(f, NULL);
            if (i == 0) assay_sim_watch_await_healed(f->watch);
            if (i == 1 && said == 1) assay_sim_watch_on_healed(f->watch, 30000, true);
        }
        cr_expect_eq(fixture_violated(f, ASSAY_SIM_CHECKER_LIVENESS), 2 * said);
        fixture_destroy(&f);
    }
}

Test(sim_watch, liveness_counts_from_where_the_world_says_it_healed)
{
    int64_t progress = 0;
    static const uint64_t first[] = { 2000, 30000 };
    cr_expect_eq(late(first, 2, 31000, 27000, &progress), 0);
    cr_expect_eq(progress, 2);
    cr_expect_eq(late(first, 2, 31000, 25000, &progress), 1);
}

Test(sim_watch, liveness_demands_nothing_of_a_run_that_never_heals)
{
    struct fixture *f = fixture_create(ASSAY_SIM_ATTACK_QUIET, 100);
    fixture_play(f);
    assay_sim_watch_end(f->watch, 1000000);
    cr_expect_eq(fixture_checked(f, ASSAY_SIM_CHECKER_LIVENESS), 0);
    cr_expect_eq(figure(f, ASSAY_SIM_FIGURE_PROGRESS_EPOCHS, 0), -1);
    fixture_destroy(&f);
}
