/*
 * tests/unit/scoring/test_quiet.c - tests of votes without evidence: quiet members, and rows that
 * lose their key (docs/protocol.md 6.7).
 */
#include "scoring/quiet.h"

#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>

enum { COUNT = 10, SUBJECT = 4 };

static struct world w;

static uint8_t quiet(void)
{
    return w.trust[SUBJECT].quiet_epochs;
}

/* Its ballot is there; so many others say this of it, the rest says that. */
static void say(uint32_t voters, enum assay_outcome these, enum assay_outcome rest)
{
    for (uint32_t v = 0; v < COUNT; v++)
        world_vote(&w, v, SUBJECT, v < voters + (voters > SUBJECT) ? these : rest);
}

Test(scoring_quiet, who_ballots_and_is_absent_is_quiet_in_eight_epochs)
{
    world_init(&w, COUNT);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_ABSENT);
    world_steps(&w, 7);
    cr_expect_eq(quiet(), 7);
    cr_expect_not(assay_trust_is_quiet(&w.trust[SUBJECT]));
    world_steps(&w, 1);
    cr_expect(assay_trust_is_quiet(&w.trust[SUBJECT]));
    cr_expect_eq(w.trust[SUBJECT].quiet_since_epoch, 8);
    cr_expect_eq(w.trust[SUBJECT].integrity_bp, 10000, "it is no guilt");
    cr_expect_eq(w.trust[SUBJECT].offences.count, 0);
    world_steps(&w, 20);
    cr_expect_eq(w.trust[SUBJECT].quiet_since_epoch, 8);
    /* the first certified PASS gives the key back */
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_steps(&w, 1);
    cr_expect_eq(quiet(), 7);
    cr_expect_eq(w.trust[SUBJECT].quiet_since_epoch, 0);
    world_steps(&w, 10);
    cr_expect_eq(quiet(), 0);
}

/* Evidence in one epoch of eight gives back one epoch, not all. */
Test(scoring_quiet, evidence_now_and_then_does_not_end_it)
{
    world_init(&w, COUNT);
    uint32_t epochs = 0;
    while (!assay_trust_is_quiet(&w.trust[SUBJECT]) && epochs < 16) {
        world_vote_all(&w, SUBJECT,
                       epochs % 8 == 7 ? ASSAY_OUTCOME_PASS_UP_TO_DATE : ASSAY_OUTCOME_ABSENT);
        world_steps(&w, 1);
        epochs++;
    }
    cr_expect_lt(epochs, 16);
    cr_expect(assay_trust_is_quiet(&w.trust[SUBJECT]));
}

/* b of 3b + 1 at most say it, whatever they say; the others say nothing that is against it. */
Test(scoring_quiet, a_third_takes_no_vote_from_anybody)
{
    static const enum assay_outcome lies[] = { ASSAY_OUTCOME_ABSENT, ASSAY_OUTCOME_UNJUDGED,
                                               ASSAY_OUTCOME_NONE };
    static const enum assay_outcome honest[] = { ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_OUTCOME_NONE,
                                                 ASSAY_OUTCOME_UNJUDGED };
    for (size_t l = 0; l < 3; l++)
        for (size_t h = 0; h < 3; h++) {
            world_init(&w, COUNT);
            say(3, lies[l], honest[h]);
            world_steps(&w, 20);
            cr_expect_eq(quiet(), 0, "%zu of a third, %zu of the others", l, h);
        }
}

/* More than a third could not judge what it got: it showed something. */
Test(scoring_quiet, what_nobody_can_judge_is_not_nothing)
{
    world_init(&w, COUNT);
    say(4, ASSAY_OUTCOME_UNJUDGED, ASSAY_OUTCOME_ABSENT);
    world_steps(&w, 20);
    cr_expect_eq(quiet(), 0);
    say(3, ASSAY_OUTCOME_UNJUDGED, ASSAY_OUTCOME_ABSENT);
    world_steps(&w, 8);
    cr_expect(assay_trust_is_quiet(&w.trust[SUBJECT]));
}

Test(scoring_quiet, who_sends_no_ballot_rests_or_is_in_maintenance_is_not_quiet)
{
    world_init(&w, COUNT);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_ABSENT);
    world_silence(&w, SUBJECT, true);
    world_steps(&w, 20);
    cr_expect_eq(quiet(), 0, "it may be gone");
    world_silence(&w, SUBJECT, false);
    w.members[SUBJECT].held = true;
    world_steps(&w, 20);
    cr_expect_eq(quiet(), 0, "its operator said so");
}

Test(scoring_quiet, epochs_that_are_not_certified_and_trials_do_not_count)
{
    world_init(&w, COUNT);
    world_vote_all(&w, SUBJECT, ASSAY_OUTCOME_ABSENT);
    w.roll_present = false;
    world_steps(&w, 20);
    cr_expect_eq(quiet(), 0);
    w.roll_present = true;
    struct assay_tally_input input = world_input(&w);
    input.trial = true;
    struct assay_trust_state after[WORLD_MEMBERS_MAX];
    struct assay_tally_result results[WORLD_MEMBERS_MAX];
    for (uint32_t i = 0; i < COUNT; i++)
        after[i] = w.trust[i];
    input.trust = after;
    struct assay_tally_summary summary;
    assay_tally_epoch(&input, w.scratch, sizeof w.scratch, after, results, &summary);
    cr_expect_eq(after[SUBJECT].quiet_epochs, 0);
}

/* ------------------------------------------------------------ rows */

static struct assay_trust_state trust[COUNT];
static uint32_t weights[COUNT];
static bool keyless[COUNT];

/* Everybody weighs the same; slot i has been quiet since this epoch (0: it is not). */
static void table(const uint64_t since[static COUNT])
{
    for (uint32_t i = 0; i < COUNT; i++) {
        trust[i] = assay_trust_genesis();
        trust[i].quiet_epochs = since[i] > 0 ? ASSAY_PATIENCE_EPOCHS : 0;
        trust[i].quiet_since_epoch = since[i];
        weights[i] = 10000;
    }
}

static uint32_t rows(uint32_t floor)
{
    const struct assay_quiet_input input = { COUNT, trust, weights, floor };
    return assay_quiet_rows(&input, keyless);
}

static uint32_t taken(void)
{
    uint32_t bits = 0;
    for (uint32_t i = 0; i < COUNT; i++)
        bits |= (uint32_t)keyless[i] << i;
    return bits;
}

Test(scoring_quiet, rows_go_longest_first_down_to_the_floor)
{
    table((const uint64_t[COUNT]){ 0, 9, 0, 8, 8, 0, 12, 0, 0, 0 });
    cr_expect_eq(rows(90), 3);
    cr_expect_eq(taken(), 1u << 3, "longest, then the smaller slot");
    cr_expect_eq(rows(80), 2);
    cr_expect_eq(taken(), 1u << 3 | 1u << 4);
    cr_expect_eq(rows(67), 1);
    cr_expect_eq(taken(), 1u << 3 | 1u << 4 | 1u << 1);
    cr_expect_eq(rows(100), 4);
    cr_expect_eq(taken(), 0);
}

Test(scoring_quiet, a_row_that_is_too_heavy_is_spared_and_a_lighter_one_goes)
{
    table((const uint64_t[COUNT]){ 8, 9, 0, 0, 0, 0, 0, 0, 0, 0 });
    weights[0] = 30000;
    cr_expect_eq(rows(90), 1);
    cr_expect_eq(taken(), 1u << 1);
    weights[1] = 0; /* no weight, no row */
    cr_expect_eq(rows(90), 1);
    cr_expect_eq(taken(), 0);
}
