/*
 * tests/unit/sim/test_epochs.c - the epoch world obeys the rules: falls, recoveries, HOLD, quorums.
 *
 * Figures are those of docs/protocol.md 7.3 to 7.10.
 */
#include "tests/unit/sim/epochs_fixture.h"

#include <criterion/criterion.h>

Test(epochs, honest_members_stay_full_and_every_epoch_is_certified)
{
    struct fixture f;
    const struct assay_scenario s = fixture_scenario(7);
    fixture_open(&f, &s, 1, 1);
    cr_expect_eq(fixture_ticks(&f, 20), 20);
    const struct assay_state *state = assay_sim_epochs_state(f.world);
    cr_expect_eq(state->epoch, 20);
    cr_expect_eq(state->certified_epoch, 20);
    for (uint32_t i = 0; i < 7; i++)
        cr_expect_eq(assay_sim_epochs_score_bp(f.world, i), 10000);
    fixture_close(&f);
}

Test(epochs, who_is_quiet_is_suspended_after_three_epochs_and_keeps_its_weight)
{
    static const uint16_t expected[] = { 10000, 7500, 5625, 4218 };
    struct fixture f;
    struct assay_scenario s = fixture_scenario(20);
    const uint32_t quiet = fixture_cohort(&s, "quiet", 2);
    fixture_attack(&s, ASSAY_SIM_ATTACK_QUIET, quiet, 0, 3, 0);
    fixture_open(&f, &s, 1, 1);
    fixture_ticks(&f, 2);
    const uint32_t slot = fixture_slot(&f, quiet);
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(fixture_trust(&f, slot)->availability_bp, expected[i]);
        fixture_ticks(&f, 1);
    }
    cr_expect_eq(fixture_trust(&f, slot)->score.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(fixture_trust(&f, slot)->integrity_bp, 10000);
    cr_expect_eq(assay_sim_epochs_weight(f.world, slot), 10000);
    fixture_close(&f);
}

Test(epochs, evidence_that_fails_hard_costs_everything_at_once)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(20);
    const uint32_t wrong = fixture_cohort(&s, "wrong", 1);
    fixture_attack(&s, ASSAY_SIM_ATTACK_TAMPER, wrong, 0, 3, 0);
    fixture_open(&f, &s, 1, 1);
    const uint32_t slot = fixture_slot(&f, wrong);
    fixture_ticks(&f, 2);
    cr_expect_eq(fixture_trust(&f, slot)->integrity_bp, 10000);
    fixture_ticks(&f, 1);
    cr_expect_eq(fixture_trust(&f, slot)->integrity_bp, 0);
    cr_expect_eq(assay_sim_epochs_weight(f.world, slot), 0);
    fixture_ticks(&f, 20); /* what still fails is listed by nobody */
    cr_expect_eq(assay_sim_epochs_state(f.world)->members[slot].lives[0].incarnation, 1);
    fixture_close(&f);
}

/* Fails in epoch 3; new keys are announced in 4 and listed from 5: epoch 5 is the first of 54. */
Test(epochs, a_member_is_rehabilitated_54_and_94_epochs_after_it_was_listed)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(20);
    const uint32_t wrong = fixture_cohort(&s, "wrong", 1);
    fixture_attack(&s, ASSAY_SIM_ATTACK_TAMPER, wrong, 0, 3, 4);
    fixture_open(&f, &s, 1, 1);
    const uint32_t slot = fixture_slot(&f, wrong);
    fixture_ticks(&f, 4);
    const struct assay_member *m = &assay_sim_epochs_state(f.world)->members[slot];
    cr_assert_eq(m->lives[0].incarnation, 2);
    cr_assert_eq(m->lives[0].since_epoch, 5);
    fixture_ticks(&f, 53);
    cr_expect_eq(fixture_trust(&f, slot)->integrity.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(assay_sim_epochs_weight(f.world, slot), 0);
    fixture_ticks(&f, 1);
    cr_expect_eq(fixture_trust(&f, slot)->integrity.standing, ASSAY_STANDING_RESTRICTED);
    cr_expect_gt(assay_sim_epochs_weight(f.world, slot), 0);
    fixture_ticks(&f, 39);
    cr_expect_neq(fixture_trust(&f, slot)->score.standing, ASSAY_STANDING_FULL);
    fixture_ticks(&f, 1);
    cr_expect_eq(fixture_trust(&f, slot)->score.standing, ASSAY_STANDING_FULL);
    cr_expect_eq(assay_sim_epochs_state(f.world)->epoch, 4 + 94);
    fixture_close(&f);
}

static void partition(struct assay_scenario *s, uint32_t share_bp, uint64_t start, uint64_t stop)
{
    s->partitions[s->partition_count++] = (struct assay_sim_partition){ .start_epoch = start,
                                                                        .stop_epoch = stop,
                                                                        .share_bp = share_bp };
}

Test(epochs, without_a_quorum_on_either_side_nothing_closes_and_nobody_falls)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(30);
    partition(&s, 6000, 4, 9);
    fixture_open(&f, &s, 1, 1);
    cr_expect_eq(fixture_ticks(&f, 3), 3);
    cr_expect_eq(fixture_ticks(&f, 5), 0);
    cr_expect_eq(fixture_ticks(&f, 4), 4); /* the one that stood still, HELD, and the next */
    const struct assay_state *state = assay_sim_epochs_state(f.world);
    cr_expect_eq(state->epoch, 7);
    cr_expect_eq(f.outcome.row_count, 7);
    cr_expect_not(f.outcome.rows[3].certified);
    cr_expect_eq(f.outcome.rows[3].at_ms, (3 + 5 * 2) * 2000);
    cr_expect(f.outcome.rows[4].certified);
    for (uint32_t i = 0; i < 30; i++)
        cr_expect_eq(assay_sim_epochs_score_bp(f.world, i), 10000);
    fixture_close(&f);
}

Test(epochs, a_side_with_a_quorum_goes_on_and_suspends_the_other_until_it_is_back)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(30);
    partition(&s, 7000, 4, 9);
    fixture_open(&f, &s, 1, 1);
    cr_expect_eq(fixture_ticks(&f, 8), 8);
    for (uint32_t i = 0; i < 30; i++)
        cr_expect_eq(fixture_trust(&f, i)->availability_bp, i < 21 ? 10000 : 2372, "slot %u", i);
    cr_expect_eq(fixture_trust(&f, 29)->integrity_bp, 10000);
    fixture_ticks(&f, 30);
    for (uint32_t i = 0; i < 30; i++)
        cr_expect_eq(assay_sim_epochs_score_bp(f.world, i), 10000, "slot %u", i);
    fixture_close(&f);
}

Test(epochs, sixteen_thousand_nodes_take_an_epoch)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(ASSAY_SIM_NODES_MAX);
    s.epoch_ms = 60000;
    fixture_open(&f, &s, 1, 1);
    cr_expect_eq(fixture_ticks(&f, 1), 1);
    cr_expect(assay_sim_epochs_state(f.world)->certified);
    fixture_close(&f);
}
