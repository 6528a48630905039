/*
 * tests/unit/sim/test_changes.c - scenarios with changes by operators: what comes of them in a
 * network of whole engines (docs/protocol.md 9.5 to 9.9).
 */
#include "sim/run.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct assay_scenario scenario(uint32_t nodes, uint64_t epochs)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = nodes;
    s.epochs = epochs;
    s.epoch_ms = 1000;
    s.cohorts[s.cohort_count].count = 1;
    (void)snprintf(s.cohorts[s.cohort_count++].name, ASSAY_SIM_NAME_MAX, "moved");
    return s;
}

static struct assay_sim_change *add(struct assay_scenario *s, enum assay_sim_action action,
                                    uint64_t at_epoch)
{
    struct assay_sim_change *c = &s->changes[s->change_count++];
    *c = (struct assay_sim_change){ .action = action,
                                    .at_epoch = at_epoch,
                                    .ahead_epochs = 2,
                                    .by_cohort = true,
                                    .cohort = 1,
                                    .epochs = 3,
                                    .vendor_cap_num = 40,
                                    .vendor_cap_den = 100,
                                    .given_to = 2 };
    return c;
}

/* Every epoch closes and no checker finds anything. */
static struct assay_sim_outcome run(const struct assay_scenario *s)
{
    const struct assay_sim_options options = { .seed = 3, .threads = 1, .check_each_step = true };
    struct assay_sim_outcome o;
    cr_assert_eq(assay_sim_run(s, &options, &o), ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_expect_eq(o.checks[c].violated, 0, "%s: %s",
                     assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_EPOCHS][0], (int64_t)s->epochs);
    return o;
}

static int64_t figure(const struct assay_sim_outcome *o, enum assay_sim_figure which)
{
    return o->figures[which][0];
}

Test(sim_changes, a_member_rests_and_serves_again, .timeout = 600)
{
    struct assay_scenario s = scenario(6, 16);
    add(&s, ASSAY_SIM_ACTION_REST, 3);
    add(&s, ASSAY_SIM_ACTION_WAKE, 8);
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 2);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 6);
    cr_expect_gt(o.figures[ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP][1], 0);
    assay_sim_outcome_free(&o);
}

/* The proof that closed the epoch before is by a roster whose bitmap has a byte less. */
Test(sim_changes, a_newcomer_makes_the_roster_longer_than_a_byte_of_a_bitmap, .timeout = 600)
{
    struct assay_scenario s = scenario(9, 12);
    s.spares = 1;
    add(&s, ASSAY_SIM_ACTION_JOIN, 3);
    /* Whoever comes back restores that proof with its new roster. */
    s.crashes[s.crash_count++] =
        (struct assay_sim_crash){ .all_members = true, .at_epoch = 5, .down_ms = 700 };
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 9);
    assay_sim_outcome_free(&o);
}

Test(sim_changes, a_slot_is_used_again_and_by_another, .timeout = 600)
{
    struct assay_scenario s = scenario(6, 24);
    add(&s, ASSAY_SIM_ACTION_LEAVE, 2);
    add(&s, ASSAY_SIM_ACTION_JOIN, 16);
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 2);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 6);
    cr_expect_gt(o.rows[o.row_count - 1].cohorts[1].integrity_mean_bp, 0, "it climbs");
    assay_sim_outcome_free(&o);
}

/* Some newcomers are who left, on their own machine or on another one. A seed draws who and where:
 * slots, groups and weights are those of all, whatever was drawn. */
Test(sim_changes, who_left_comes_back_to_its_own_slot, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct assay_scenario s = scenario(9, 34);
        s.operators = 5;
        s.cohorts[1].count = 3;
        s.nodes_per_platform = 2;
        add(&s, ASSAY_SIM_ACTION_LEAVE, 2);
        add(&s, ASSAY_SIM_ACTION_JOIN, 16);
        add(&s, ASSAY_SIM_ACTION_JOIN, 20);
        s.changes[1].count = 1;
        s.changes[2].count = 2;
        const struct assay_sim_options options = { .seed = seed, .threads = 1 };
        struct assay_sim_outcome o;
        cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
        for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
            cr_assert_eq(o.checks[c].violated, 0, "seed %llu, %s: %s", (unsigned long long)seed,
                         assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
        cr_assert_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 3);
        cr_assert_eq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 9);
        assay_sim_outcome_free(&o);
    }
}

/* One that is handed in first has its number and its slot first, wherever it stands in the list:
 * here nobody can take it in its first epoch, in which no side of a cut has a quorum. */
Test(sim_changes, two_newcomers_of_two_changes_get_the_slots_that_are_due, .timeout = 600)
{
    struct assay_scenario s = scenario(9, 20);
    s.spares = 2;
    add(&s, ASSAY_SIM_ACTION_JOIN, 4);
    add(&s, ASSAY_SIM_ACTION_JOIN, 3);
    s.changes[0].ahead_epochs = s.changes[1].ahead_epochs = 4;
    s.partitions[s.partition_count++] =
        (struct assay_sim_partition){ .start_epoch = 3, .stop_epoch = 5, .share_bp = 4000 };
    const struct assay_sim_options options = { .seed = 1, .threads = 1 };
    struct assay_sim_outcome o;
    cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
    cr_expect_not(assay_sim_outcome_violated(&o), "%s",
                  o.checks[ASSAY_SIM_CHECKER_CHANGES].message);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 2);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 9);
    assay_sim_outcome_free(&o);
}

/* Two of seven fail by the policy: more than a fifth. */
Test(sim_changes, a_policy_that_fells_many_goes_back_and_stays_when_forced, .timeout = 600)
{
    struct assay_scenario s = scenario(7, 20);
    s.cohorts[1].count = 2;
    add(&s, ASSAY_SIM_ACTION_POLICY, 3);
    add(&s, ASSAY_SIM_ACTION_POLICY, 9)->forces = true;
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_REVERTED), 1);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 2);
    cr_expect_eq(o.rows[6].cohorts[1].integrity_mean_bp, 10000, "those FAILs strike nobody");
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][1], 0);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_INTEGRITY_MIN_BP][0], 10000);
    assay_sim_outcome_free(&o);
}

Test(sim_changes, a_policy_that_fells_a_fifth_stays, .timeout = 600)
{
    struct assay_scenario s = scenario(5, 12);
    add(&s, ASSAY_SIM_ACTION_POLICY, 3);
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_REVERTED), 0);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_OFFENCES][1], 1);
    assay_sim_outcome_free(&o);
}

/* Operators, caps, maintenance; several actions in one. */
Test(sim_changes, rules_and_operators_change_with_the_roster, .timeout = 600)
{
    struct assay_scenario s = scenario(6, 22);
    add(&s, ASSAY_SIM_ACTION_OPERATORS, 2);
    add(&s, ASSAY_SIM_ACTION_PARAMETERS, 6);
    add(&s, ASSAY_SIM_ACTION_REST, 6)->with_before = true;
    add(&s, ASSAY_SIM_ACTION_POLICY, 10)->by_cohort = false;
    add(&s, ASSAY_SIM_ACTION_WAKE, 13);
    add(&s, ASSAY_SIM_ACTION_MAINTENANCE, 17);
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_TAKEN), 5);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 4);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_REVERTED), 0);
    assay_sim_outcome_free(&o);
}

Test(sim_changes, what_is_wrong_with_a_change_keeps_it_out_of_every_block, .timeout = 600)
{
    for (uint32_t flaw = ASSAY_SIM_FLAW_FEW_SIGNATURES; flaw <= ASSAY_SIM_FLAW_FORGED; flaw++) {
        struct assay_scenario s = scenario(5, 12);
        add(&s, ASSAY_SIM_ACTION_REST, 2);
        struct assay_sim_change *c = add(&s, ASSAY_SIM_ACTION_WAKE, 6);
        c->flaw = (enum assay_sim_flaw)flaw;
        c->given_to = 5;
        struct assay_sim_outcome o = run(&s);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_TAKEN), 1, "flaw %s",
                     assay_sim_flaw_name((enum assay_sim_flaw)flaw));
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 4);
        assay_sim_outcome_free(&o);
    }
}

/* Everybody dies while it comes into force, and half of them are cut off. */
Test(sim_changes, a_boundary_lives_through_crashes_and_cuts, .timeout = 600)
{
    for (uint64_t at = 4; at < 8; at++) {
        struct assay_scenario s = scenario(8, 18);
        s.spares = 1;
        add(&s, ASSAY_SIM_ACTION_REST, 3)->given_to = 1;
        add(&s, ASSAY_SIM_ACTION_JOIN, 3)->with_before = true;
        s.crashes[s.crash_count++] =
            (struct assay_sim_crash){ .all_members = true, .at_epoch = at, .down_ms = 500 };
        s.partitions[s.partition_count++] = (struct assay_sim_partition){ .start_epoch = at,
                                                                          .stop_epoch = at + 1,
                                                                          .share_bp = 2500 };
        s.heal_epoch = 9;
        s.progress_epochs = 4;
        const struct assay_sim_options options = { .seed = at, .threads = 1 };
        struct assay_sim_outcome o;
        cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
        cr_expect_not(assay_sim_outcome_violated(&o), "%s", assay_sim_outcome_violation(&o));
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 1);
        /* Of the seed: the one that is moved may be the newcomer, who cannot rest yet. */
        cr_expect_geq(figure(&o, ASSAY_SIM_FIGURE_MEMBERS_FINAL), 7);
        assay_sim_outcome_free(&o);
    }
}

Test(sim_changes, no_more_than_64_epochs_of_maintenance_in_1024, .timeout = 600)
{
    struct assay_scenario s = scenario(4, 30);
    for (uint64_t i = 0; i < 3; i++) {
        struct assay_sim_change *c = add(&s, ASSAY_SIM_ACTION_MAINTENANCE, 2 + i);
        c->epochs = i == 0 ? 20 : 44;
        c->ahead_epochs = i == 0 ? 2 : 30;
        if (i == 2) c->epochs = 1; /* the 65th */
        if (i == 2) c->ahead_epochs = 200;
    }
    struct assay_sim_outcome o = run(&s);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_TAKEN), 2);
    assay_sim_outcome_free(&o);
}

/* Boundary after boundary, while two members die in every epoch and links are so slow that some of
 * them have no answer yet to what they signed when the next engine takes over: it asks again. */
Test(sim_changes, who_still_asks_at_a_boundary_does_not_vote_behind_it, .timeout = 600)
{
    struct assay_scenario s = scenario(7, 40);
    s.link = (struct assay_sim_link){ .delay_min_ms = 60, .delay_max_ms = 90 };
    s.cohorts[1].count = 2;
    s.crashes[s.crash_count++] =
        (struct assay_sim_crash){ .cohort = 1, .rate_permille = 1000, .down_ms = 50 };
    for (uint64_t at = 2; at < 14; at++)
        add(&s, ASSAY_SIM_ACTION_POLICY, at)->by_cohort = false;
    for (uint64_t seed = 1; seed <= 6 / test_every(3); seed++) {
        const struct assay_sim_options options = { .seed = seed, .threads = 1 };
        struct assay_sim_outcome o;
        cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
        cr_expect_not(assay_sim_outcome_violated(&o), "seed %d: %s", (int)seed,
                      o.checks[ASSAY_SIM_CHECKER_SIGNED_ONCE].message);
        assay_sim_outcome_free(&o);
    }
}
