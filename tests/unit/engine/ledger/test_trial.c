/*
 * tests/unit/engine/ledger/test_trial.c - tests of trials of new rules.
 *
 * What fells many reverts itself (docs/protocol.md 9.9, 9.9.1).
 */
#include "engine/ledger/fold/close.h"
#include "tests/unit/engine/change_bench.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void try_policy(struct change_bench *b, uint64_t forces)
{
    struct assay_change head =
        change_head_of(b, b->state.change_sequence + 1, b->context.epoch + 2);
    const struct assay_action policy = change_policy_of("another policy");
    head.forces = forces;
    struct change_made *m = change_make_change(b, &head, &policy, 1, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
    change_pass_epoch(b);
    change_pass_epoch(b); /* the epoch before activation */
    uint8_t digest[32];
    assay_sha256("another policy", 14, digest);
    cr_assert_arr_eq(b->state.rules.policy_digest, digest, 32);
}

static void fell_one(struct change_bench *b, uint32_t slot)
{
    b->ledger.fail[slot] = ASSAY_OUTCOME_FAIL_HARD;
    b->ledger.felled[slot] = true;
}

Test(trial, more_than_a_fifth_felled_brings_the_rules_back_and_strikes_nobody)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    cr_assert_eq(b->state.trial.sequence, 1);
    change_fell(b, 0, 2); /* two of six */
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.ended.sequence, 1);
    cr_assert_eq(3 * b->state.ended.suspended_weight, b->state.ended.total_weight);
    cr_assert_arr_eq(b->state.rules.policy_digest, b->genesis.policy_digest, 32);
    cr_assert_eq(b->state.trial.sequence, 0);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++) {
        cr_assert_eq(b->state.members[i].trust.integrity_bp, 10000, "slot %u", i);
        cr_assert_eq(b->state.members[i].trust.offences.count, 0);
        cr_assert_eq(b->state.members[i].watched_weight, 0);
    }
    /* Signed again by people who mean it: it stays. */
    try_policy(b, 1);
    cr_assert_eq(b->state.trial.sequence, 0);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[2].trust.integrity_bp, 10000);
    cr_assert_eq(b->state.ended.sequence, 1, "still the first one");
    change_drop(b);
}

/* What could not be applied later does not take its place: it may still be forced. */
Test(trial, an_unfit_change_leaves_a_reverted_one_to_be_forced)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 5);
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &rest), ASSAY_OK);
    change_pass_epoch(b);
    b->state.members[5].stage = ASSAY_STAGE_RESTING; /* it fits no more */
    b->state.members[5].weight = 0;
    change_pass_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_UNFIT);
    cr_assert_eq(b->state.ended.sequence, 2);
    try_policy(b, 1);
    cr_assert_not(assay_trial_runs(&b->state.trial), "it was forced");
    change_drop(b);
}

/* Two on one platform: the offences of a platform are those of all ids on it (7.5). */
Test(trial, what_was_true_of_a_platform_mate_stays_when_the_rules_go_back)
{
    struct change_bench *b = change_make();
    assay_bytes_copy(b->state.members[4].platform_id, 32, b->state.members[0].platform_id, 32);
    assay_close_groups(&b->state, b->close.places, b->close.groups_memory, &b->groups);
    try_policy(b, 0);
    change_fell(b, 0, 1);
    b->ledger.struck[4] = 1; /* it signed two things: nobody's rules are to blame */
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 1);
    cr_assert_eq(b->state.members[4].trust.integrity_bp, 0);
    change_fell(b, 1, 3);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 10000, "given back");
    cr_assert_eq(b->state.members[4].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[4].trust.offences.count, 1);
    cr_assert_eq(b->state.members[0].trust.offences.count, 1, "the platform's");
    change_drop(b);
}

/* And so does what is true of the one that fell. */
Test(trial, what_was_true_of_who_fell_stays_when_the_rules_go_back)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_fell(b, 0, 1);
    b->ledger.struck[0] = 1;
    change_close_epoch(b);
    change_fell(b, 1, 3);
    b->ledger.struck[3] = 1;
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[0].trust.offences.count, 1);
    cr_assert_eq(b->state.members[3].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 10000);
    change_drop(b);
}

Test(trial, a_fifth_or_less_stays_and_strikes)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_fell(b, 3, 4); /* one of six */
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    cr_assert_eq(b->state.members[3].trust.integrity_bp, 0);
    cr_assert(b->state.members[3].felled);
    change_pass_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 0, "the trial is over");
    cr_assert_not(b->state.members[3].felled);
    cr_assert_neq(b->state.rules.policy_digest[0], 0);
    change_fell(b, 0, 3); /* later faults are nobody's fault but their own */
    change_close_epoch(b);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 0);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    change_drop(b);
}

Test(trial, what_falls_in_two_epochs_counts_together_and_is_given_back)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_fell(b, 3, 4);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[3].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[3].trust.offences.count, 1);
    change_fell(b, 1, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[3].trust.integrity_bp, 10000);
    cr_assert_eq(b->state.members[3].trust.offences.count, 0);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 10000);
    cr_assert_gt(b->state.members[3].weight, 0);
    change_drop(b);
}

Test(trial, who_failed_before_does_not_count_against_the_new_rules)
{
    struct change_bench *b = change_make();
    const struct assay_action policy = change_policy_of("another policy");
    cr_assert_eq(change_offer_one(b, 1, 3, &policy), ASSAY_OK);
    change_pass_epoch(b);
    change_away(b, 0, 2);
    b->ledger.fail[0] = b->ledger.fail[1] = ASSAY_OUTCOME_FAIL_SOFT;
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 1);
    cr_assert_eq(b->state.members[0].watched_weight, 0);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    change_drop(b);
}

/* Its newest verdict was PASS, some epochs ago. */
Test(trial, who_could_not_be_judged_in_the_epoch_before_counts)
{
    struct change_bench *b = change_make();
    const struct assay_action policy = change_policy_of("another policy");
    cr_assert_eq(change_offer_one(b, 1, 3, &policy), ASSAY_OK);
    change_pass_epoch(b);
    change_away(b, 0, 2);
    change_close_epoch(b);
    cr_assert_not(b->state.members[0].found.certified_pass);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 10000);
    change_drop(b);
}

/* --- a trial waits for those that nobody could judge */

Test(trial, a_trial_goes_on_while_more_than_a_fifth_is_not_judged)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 0; k < 7; k++) {
        change_away(b, 0, 2); /* two of six */
        change_close_epoch(b);
        cr_assert_eq(b->state.trial.sequence, 1, "epoch %u of the trial", k + 1);
    }
    cr_assert_eq(b->state.members[2].watched_weight, 0, "it passed");
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 10000);
    cr_assert_eq(b->state.members[0].trust.offences.count, 0);
    change_drop(b);
}

Test(trial, nobody_is_judged_at_all_and_the_trial_goes_on)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 0; k < 4; k++) {
        change_away(b, 0, CHANGE_MEMBERS);
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.trial.sequence, 1);
    change_fell(b, 0, CHANGE_MEMBERS);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[3].trust.integrity_bp, 10000);
    change_drop(b);
}

Test(trial, a_trial_ends_when_a_fifth_at_most_could_still_fall)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 0; k < 3; k++) {
        change_away(b, 0, 2);
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.trial.sequence, 1);
    change_away(b, 0, 1); /* one of six */
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 0);
    cr_assert_eq(b->state.members[0].watched_weight, 0);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    change_drop(b);
}

/* Five of equal weight: one that could still fall is a fifth, and no more. */
Test(trial, a_trial_does_not_wait_for_exactly_a_fifth)
{
    struct change_bench *b = change_make();
    b->state.members[5].stage = ASSAY_STAGE_RESTING;
    b->state.members[5].weight = 0;
    try_policy(b, 0);
    cr_assert_eq(5 * (uint64_t)b->state.members[0].watched_weight, b->state.trial.total_weight);
    for (uint32_t k = 0; k < 2; k++) {
        cr_assert_eq(b->state.trial.sequence, 1);
        change_away(b, 0, 1);
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.trial.sequence, 0);
    change_drop(b);
}

/* What every voter says of the first `count` members in the running epoch. */
static void say_of_first(struct change_bench *b, uint32_t count, enum assay_outcome outcome)
{
    change_all_pass(b);
    for (uint32_t v = 0; v < CHANGE_MEMBERS; v++)
        for (uint32_t s = 0; s < count; s++)
            assay_votes_row_set(b->ledger.rows + v * b->ledger.row_len, s, outcome);
}

/* They wait for collateral, which waits for the end of the trial: nobody may wait in a ring. */
Test(trial, a_trial_does_not_wait_for_who_cannot_be_judged)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 0; k < 2; k++) {
        say_of_first(b, 2, ASSAY_OUTCOME_UNJUDGED);
        cr_assert_eq(b->state.trial.sequence, 1);
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.trial.sequence, 0);
    change_drop(b);
}

/* Slot 3 is away, and slot 0 says ABSENT of it like all others, or UNJUDGED. */
static void away_and_slandered(struct change_bench *b, bool slandered)
{
    change_away(b, 3, 4);
    if (slandered) assay_votes_row_set(b->ledger.rows, 3, ASSAY_OUTCOME_UNJUDGED);
    assay_bytes_zero(b->ledger.rows + 3 * b->ledger.row_len, b->ledger.row_len);
    b->ledger.counted[3] = b->ledger.balloted[3] = false;
}

/* Of four voters one has less than a third of the table, and more than a third of those that vote
 * on another one: it ends no trial for who is only away. */
Test(trial, less_than_a_third_of_the_table_exempts_nobody)
{
    for (int slandered = 0; slandered < 2; slandered++) {
        struct change_bench *b = change_make();
        for (uint32_t i = 4; i < CHANGE_MEMBERS; i++) {
            b->state.members[i].stage = ASSAY_STAGE_RESTING;
            b->state.members[i].weight = b->state.members[i].seat_weight = 0;
        }
        for (uint32_t i = 1; i < 4; i++) {
            struct assay_trust_state *t = &b->state.members[i].trust;
            t->integrity_bp = t->peak_bp = 7900;
            t->score.standing = t->integrity.standing = ASSAY_STANDING_WARNING;
        }
        try_policy(b, 0);
        uint64_t table = 0;
        for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
            table += b->state.members[i].weight;
        const uint64_t liar = b->state.members[0].weight, away = b->state.members[3].weight;
        cr_assert_leq(3 * liar, table);
        cr_assert_gt(3 * liar, table - away);
        for (uint32_t k = 0; k < 3; k++) {
            away_and_slandered(b, slandered);
            change_close_epoch(b);
            cr_assert(b->state.certified);
            cr_assert_eq(b->state.trial.sequence, 1, "epoch %u of the trial", k + 1);
        }
        change_fell(b, 3, 4); /* it is back, and the new rules fail it */
        change_close_epoch(b);
        cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
        cr_assert_eq(b->state.members[3].trust.offences.count, 0);
        change_drop(b);
    }
}

/* Verifiers that confirm a FAIL late say nothing meanwhile, in epochs that are certified. */
Test(trial, a_trial_waits_for_verdicts_that_are_missing)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 0; k < 4; k++) {
        say_of_first(b, CHANGE_MEMBERS, ASSAY_OUTCOME_NONE);
        change_close_epoch(b);
        cr_assert(b->state.certified);
        cr_assert_eq(b->state.trial.sequence, 1, "epoch %u of the trial", k + 1);
    }
    say_of_first(b, CHANGE_MEMBERS, ASSAY_OUTCOME_FAIL_HARD); /* said, and not proven */
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 1);
    change_fell(b, 0, CHANGE_MEMBERS);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    for (uint32_t i = 0; i < CHANGE_MEMBERS; i++)
        cr_assert_eq(b->state.members[i].trust.integrity_bp, 10000, "slot %u", i);
    change_drop(b);
}

/* What fell and what could fall are counted together: one and one of six. */
Test(trial, a_trial_counts_who_fell_and_who_could_fall_together)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_away(b, 1, 2);
    fell_one(b, 0);
    change_close_epoch(b);
    for (uint32_t k = 0; k < 3; k++) {
        change_away(b, 1, 2);
        change_close_epoch(b);
        cr_assert_eq(b->state.trial.sequence, 1);
    }
    change_fell(b, 1, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 10000);
    cr_assert_eq(b->state.members[0].trust.offences.count, 0);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 10000);
    change_drop(b);
}

Test(trial, a_trial_waits_for_64_epochs_at_most)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 1; k <= ASSAY_TRIAL_EPOCHS_MAX; k++) {
        cr_assert_eq(b->state.trial.sequence, 1, "epoch %u", k);
        change_away(b, 0, 2);
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.trial.sequence, 0);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    change_drop(b);
}

/* Who passed under the new rules and falls later has nobody to blame. */
Test(trial, who_passed_under_the_new_rules_falls_alone)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    for (uint32_t k = 0; k < 2; k++) {
        change_away(b, 0, 2);
        change_close_epoch(b);
    }
    change_away(b, 0, 2);
    fell_one(b, 5);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[5].trust.integrity_bp, 0);
    cr_assert_not(b->state.members[5].felled);
    change_fell(b, 0, 2);
    fell_one(b, 4); /* ... in the very epoch that goes back as well */
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(3 * b->state.ended.suspended_weight, b->state.ended.total_weight);
    cr_assert_eq(b->state.members[5].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[4].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 10000);
    change_drop(b);
}

/* Some epochs after it fell it signs two things: that stays when the rules go back. */
Test(trial, what_who_fell_did_since_stays_when_the_rules_go_back)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_away(b, 1, 3);
    fell_one(b, 0);
    change_close_epoch(b);
    change_away(b, 1, 3);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[0].spared.integrity_bp, 10000);
    change_away(b, 1, 3);
    b->ledger.struck[0] = 1;
    change_close_epoch(b);
    cr_assert_eq(b->state.members[0].spared.integrity_bp, 0);
    change_fell(b, 1, 3);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[0].trust.offences.count, 1);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 10000);
    change_drop(b);
}

/* Operators may say that somebody is not to be waited for, and then other rules come. */
Test(trial, while_rules_are_on_trial_others_wait_and_the_roster_does_not)
{
    struct change_bench *b = change_make();
    const struct assay_action rests[] = { change_about(ASSAY_ACTION_REST, b, 0),
                                          change_about(ASSAY_ACTION_REST, b, 1) };
    const struct assay_action other = change_policy_of("a third policy");
    uint8_t second[32], third[32];
    assay_sha256("another policy", 14, second);
    assay_sha256("a third policy", 14, third);
    try_policy(b, 0);
    const uint64_t first = b->context.epoch;
    cr_assert_eq(change_offer_one(b, 2, first + 2, &rests[0]), ASSAY_OK);
    for (uint32_t k = 0; k < 2; k++) {
        change_away(b, 0, 3); /* three of six */
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.members[0].stage, ASSAY_STAGE_RESTING);
    cr_assert_eq(b->state.trial.sequence, 1, "two of six are waited for");
    cr_assert_eq(change_offer_one(b, 3, first + 4, &other), ASSAY_OK);
    change_away(b, 0, 3);
    change_close_epoch(b);
    cr_assert_eq(change_offer_one(b, 4, first + 6, &rests[1]), ASSAY_OK);
    for (uint32_t k = 0; k < 4; k++) {
        change_away(b, 0, 3);
        change_close_epoch(b);
        cr_assert_eq(b->state.trial.sequence, 1);
        cr_assert_arr_eq(b->state.rules.policy_digest, second, 32);
        cr_assert_eq(b->state.pending_count, 2, "one waits for the trial, one behind it");
    }
    change_away(b, 0, 2);
    change_close_epoch(b); /* node 2 passes: one of six is left */
    cr_assert_arr_eq(b->state.rules.policy_digest, third, 32);
    cr_assert_eq(b->state.trial.sequence, 3);
    cr_assert_eq(b->state.trial.epoch, b->context.epoch);
    cr_assert_arr_eq(b->state.trial.before.policy_digest, second, 32);
    change_pass_epoch(b);
    cr_assert_eq(b->state.members[1].stage, ASSAY_STAGE_RESTING, "its epoch was long ago");
    cr_assert_eq(b->state.members[1].stage_epoch, b->context.epoch);
    cr_assert_eq(b->state.pending_count, 0);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    change_drop(b);
}

/* Its slot is somebody else's: nobody is waited for, and nothing is given back to a stranger. */
Test(trial, who_left_is_not_waited_for)
{
    struct change_bench *b = change_make();
    const struct assay_action leaves[] = { change_about(ASSAY_ACTION_LEAVE, b, 0),
                                           change_about(ASSAY_ACTION_LEAVE, b, 1) };
    try_policy(b, 0);
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &leaves[0]), ASSAY_OK);
    change_away(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(change_offer_one(b, 3, b->context.epoch + 3, &leaves[1]), ASSAY_OK);
    change_away(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 1);
    change_away(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 0, "one of six is left");
    change_drop(b);
}

Test(trial, what_waits_behind_a_reverted_change_goes_with_it)
{
    struct change_bench *b = change_make();
    const struct assay_action policy = change_policy_of("another policy");
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 5);
    cr_assert_eq(change_offer_one(b, 1, 3, &policy), ASSAY_OK);
    change_pass_epoch(b);
    cr_assert_eq(change_offer_one(b, 2, 9, &rest), ASSAY_OK);
    change_pass_epoch(b);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.pending_count, 0);
    cr_assert_eq(b->state.change_sequence, 2, "numbers are not used twice");
    change_drop(b);
}

Test(trial, what_is_taken_in_the_epoch_that_reverts_goes_as_well)
{
    struct change_bench *b = change_make();
    const struct assay_action rest = change_about(ASSAY_ACTION_REST, b, 5);
    try_policy(b, 0);
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &rest), ASSAY_OK);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(b->state.pending_count, 0);
    cr_assert_eq(b->state.change_sequence, 2);
    change_drop(b);
}

/* --- what the rules before fail as well */

static void tamper(struct change_bench *b, uint32_t from, uint32_t to)
{
    change_away(b, from, to); /* nobody says PASS of them */
    for (uint32_t s = from; s < to; s++) {
        b->ledger.fail[s] = ASSAY_OUTCOME_FAIL_HARD;
        b->ledger.felled[s] = false; /* the rules before say FAIL, UNJUDGED or nothing */
    }
}

Test(trial, who_fails_by_both_sets_is_struck_and_vetoes_nothing)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    tamper(b, 0, 4); /* four of six */
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    cr_assert_eq(b->state.trial.sequence, 1, "its two epochs are not over");
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(b->state.members[i].trust.integrity_bp, 0, "slot %u", i);
        cr_assert_eq(b->state.members[i].trust.offences.count, 1);
        cr_assert_not(b->state.members[i].felled);
    }
    tamper(b, 0, 4);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_NONE);
    cr_assert_eq(b->state.trial.sequence, 0, "and nobody waits for them");
    change_drop(b);
}

/* The reversal of a bad change is no amnesty for those who tampered while it ran. */
Test(trial, a_reversal_gives_nothing_back_to_who_fails_by_both_sets)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    tamper(b, 0, 1);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    change_fell(b, 1, 4);
    b->ledger.fail[4] = ASSAY_OUTCOME_FAIL_HARD; /* in the very epoch that goes back, too */
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    cr_assert_eq(2 * b->state.ended.suspended_weight, b->state.ended.total_weight);
    cr_assert_eq(b->state.members[0].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[4].trust.integrity_bp, 0);
    cr_assert_eq(b->state.members[1].trust.integrity_bp, 10000);
    change_drop(b);
}

/* Felled first, and then found to fail by both: the second stays. */
Test(trial, who_was_felled_and_tampers_later_stays_struck)
{
    struct change_bench *b = change_make();
    try_policy(b, 0);
    change_fell(b, 0, 1);
    change_close_epoch(b);
    cr_assert(b->state.members[0].felled);
    tamper(b, 0, 1);
    change_close_epoch(b);
    cr_assert_eq(b->state.members[0].spared.integrity_bp, 0);
    change_drop(b);
}

static void offer_policy(struct change_bench *b, const char *text, uint64_t forces)
{
    struct assay_change head =
        change_head_of(b, b->state.change_sequence + 1, b->context.epoch + 3);
    const struct assay_action policy = change_policy_of(text);
    head.forces = forces;
    struct change_made *m = change_make_change(b, &head, &policy, 1, 3);
    cr_assert_eq(change_offer(b, m), ASSAY_OK);
    free(m);
}

/* docs/protocol.md 9.9: what is forced while other rules are on trial holds whichever stay. */
Test(trial, what_is_forced_meanwhile_does_not_go_back)
{
    struct change_bench *b = change_make();
    uint8_t forced[32];
    assay_sha256("forced policy", 13, forced);
    try_policy(b, 0);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.end, ASSAY_CHANGE_REVERTED);
    struct assay_genesis_parameters parameters = b->state.rules.parameters;
    parameters.epoch_ms = 900;
    const struct assay_action slower = { .kind = ASSAY_ACTION_PARAMETERS,
                                         .parameters = parameters };
    cr_assert_eq(change_offer_one(b, 2, b->context.epoch + 2, &slower), ASSAY_OK);
    change_pass_epoch(b);
    change_away(b, 0, 2);
    offer_policy(b, "forced policy", 1);
    change_close_epoch(b);
    cr_assert_eq(b->state.trial.sequence, 2);
    for (uint32_t k = 0; k < 2; k++) {
        change_away(b, 0, 2); /* so that the trial goes on */
        change_close_epoch(b);
    }
    cr_assert_eq(b->state.trial.sequence, 2, "still on trial");
    cr_assert_arr_eq(b->state.rules.policy_digest, forced, 32);
    cr_assert_arr_eq(b->state.trial.before.policy_digest, forced, 32);
    cr_assert_eq(b->state.trial.before.parameters.epoch_ms, 800);
    change_fell(b, 0, 2);
    change_close_epoch(b);
    cr_assert_eq(b->state.ended.sequence, 2);
    cr_assert_arr_eq(b->state.rules.policy_digest, forced, 32);
    cr_assert_eq(b->state.rules.parameters.epoch_ms, 800);
    change_drop(b);
}

/* --- which FAIL the rules on trial alone have made */

struct verdicts {
    struct assay_finding_record now, before;
    bool before_known;
    unsigned asked, asked_before;
};

static const struct assay_finding_record *verdict_of(void *context, const struct assay_ask *ask)
{
    struct verdicts *v = context;
    if (!ask->before) v->asked++;
    else v->asked_before++;
    if (!ask->before) return &v->now;
    return v->before_known ? &v->before : NULL;
}

static struct assay_finding_record finding_of(const struct assay_member *m, bool before,
                                              enum assay_outcome outcome)
{
    struct assay_finding_record f = { .used = true,
                                      .before = before,
                                      .kind = (enum assay_evidence_kind)m->evidence_kind,
                                      .outcome = outcome,
                                      .has_platform = true };
    assay_bytes_copy(f.platform_id, 32, m->platform_id, 32);
    assay_bytes_copy(f.vendor_root, 32, m->vendor_root, 32);
    return f;
}

static struct assay_record fail_of(const struct change_bench *b, const uint8_t *evidence)
{
    struct assay_record r = { .kind = ASSAY_RECORD_FAIL,
                              .epoch = b->context.epoch,
                              .evidence = assay_slice_over(evidence, 1) };
    r.envelope.kind = (enum assay_evidence_kind)b->state.members[0].evidence_kind;
    return r;
}

Test(trial, what_passes_by_the_rules_before_is_felled_and_nothing_else)
{
    static const enum assay_outcome outcomes[] = {
        ASSAY_OUTCOME_NONE,          ASSAY_OUTCOME_UNJUDGED,         ASSAY_OUTCOME_FAIL_SOFT,
        ASSAY_OUTCOME_FAIL_HARD,     ASSAY_OUTCOME_PASS_UP_TO_DATE,
        ASSAY_OUTCOME_PASS_NEEDS_HARDENING, ASSAY_OUTCOME_PASS_OUT_OF_DATE,
    };
    struct change_bench *b = change_make();
    const uint8_t evidence[1] = { 7 };
    const struct assay_member *m = &b->state.members[0];
    struct verdicts v = { .now = finding_of(m, false, ASSAY_OUTCOME_FAIL_SOFT) };
    struct assay_record r = fail_of(b, evidence);
    cr_assert_eq(assay_record_judge(&b->context, verdict_of, &v, &r), ASSAY_OK);
    cr_assert_eq(v.asked_before, 0, "nothing is on trial");
    cr_assert_not(r.felled);
    cr_assert_eq(assay_record_cost(&b->context, ASSAY_RECORD_FAIL), 1);
    try_policy(b, 0);
    cr_assert_eq(assay_record_cost(&b->context, ASSAY_RECORD_FAIL), 2);
    cr_assert_eq(assay_record_cost(&b->context, ASSAY_RECORD_CONTRADICTION), 1);
    r = fail_of(b, evidence);
    cr_assert_eq(assay_record_judge(&b->context, verdict_of, &v, &r), ASSAY_E_AGAIN);
    cr_assert_eq(v.asked_before, 1);
    v.before_known = true;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        v.before = finding_of(m, true, outcomes[i]);
        r = fail_of(b, evidence);
        cr_assert_eq(assay_record_judge(&b->context, verdict_of, &v, &r), ASSAY_OK);
        cr_assert_eq(r.outcome, ASSAY_OUTCOME_FAIL_SOFT);
        cr_assert_eq(r.felled, assay_outcome_is_pass(outcomes[i]), "outcome %d", outcomes[i]);
    }
    v.before.platform_id[0] ^= 1; /* another platform's is nobody's PASS */
    r = fail_of(b, evidence);
    cr_assert_eq(assay_record_judge(&b->context, verdict_of, &v, &r), ASSAY_OK);
    cr_assert_not(r.felled);
    change_drop(b);
}
