/*
 * tests/unit/sim/test_proposals.c - networks whose operators decide on the ledger, some of which
 * lie, with members that misuse what operators stated (docs/protocol.md 9.19). The checkers
 * consent, statements, inbox and included have what operators did.
 */
#include "sim/run.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { NODES = 7, LIARS = 1 };

static struct assay_scenario scenario(uint64_t epochs)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = NODES;
    s.epochs = epochs;
    s.epoch_ms = 1000;
    s.heal_epoch = 1;
    return s;
}

static struct assay_sim_change *propose(struct assay_scenario *s, enum assay_sim_action action,
                                        uint64_t at_epoch, uint32_t ahead)
{
    struct assay_sim_change *c = &s->changes[s->change_count++];
    *c = (struct assay_sim_change){ .action = action,
                                    .at_epoch = at_epoch,
                                    .ahead_epochs = ahead,
                                    .epochs = 1,
                                    .vendor_cap_num = 33 + s->change_count,
                                    .vendor_cap_den = 100,
                                    .given_to = 2,
                                    .proposed = true };
    return c;
}

/* Two members that do nothing wrong but with statements of operators. */
static void add_members(struct assay_scenario *s)
{
    s->cohorts[LIARS].count = 2;
    (void)snprintf(s->cohorts[LIARS].name, ASSAY_SIM_NAME_MAX, "liars");
    s->cohort_count = 2;
    s->adversaries[s->adversary_count++] =
        (struct assay_sim_adversary){ .attack = ASSAY_SIM_ATTACK_MUTE,
                                      .cohort = LIARS,
                                      .start_epoch = 100000,
                                      .rate_permille = 1000,
                                      .on_epochs = 1,
                                      .off_epochs = 1 };
}

static int64_t figure(const struct assay_sim_outcome *o, enum assay_sim_figure which)
{
    return o->figures[which][0];
}

/* No checker finds anything, and those of proposals had something to check. */
static struct assay_sim_outcome run(const struct assay_scenario *s, uint64_t seed)
{
    static const enum assay_sim_checker own[] = { ASSAY_SIM_CHECKER_CONSENT,
                                                  ASSAY_SIM_CHECKER_STATEMENTS,
                                                  ASSAY_SIM_CHECKER_INBOX,
                                                  ASSAY_SIM_CHECKER_INCLUDED };
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    cr_assert_eq(assay_sim_run(s, &options, &o), ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_assert_eq(o.checks[c].violated, 0, "seed %llu, %s: %s", (unsigned long long)seed,
                     assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        cr_assert_gt(o.checks[own[i]].checked, 0, "%s", assay_sim_checker_name(own[i]));
    return o;
}

Test(sim_proposals, operators_that_never_meet_decide, .timeout = 600)
{
    struct assay_scenario s = scenario(44);
    propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 2, 12);
    propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 16, 12);
    struct assay_sim_outcome o = run(&s, 1);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_TAKEN), 2);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 2);
    assay_sim_outcome_free(&o);
}

Test(sim_proposals, they_begin_when_the_level_is_raised, .timeout = 600)
{
    struct assay_scenario s = scenario(36);
    struct assay_sim_change *raise = propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 4, 2);
    raise->proposed = false;
    raise->level = 2;
    s.proposals.level = 1;
    propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 2, 12);
    struct assay_sim_outcome o = run(&s, 2);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_TAKEN), 1);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_TAKEN), 2);
    assay_sim_outcome_free(&o);
}

/* An operator that is removed has stated something about a change that is open. */
Test(sim_proposals, a_removed_operator_counts_no_more, .timeout = 900)
{
    for (uint64_t seed = 1; seed <= 9; seed += test_every(4)) {
        struct assay_scenario s = scenario(64);
        struct assay_sim_change *few = propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 30, 4);
        few->proposed = false;
        few->flaw = ASSAY_SIM_FLAW_FEW_SIGNATURES;
        propose(&s, ASSAY_SIM_ACTION_OPERATORS, 2, 8);
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 16, 30)->given_to = 1;
        struct assay_sim_change *back = propose(&s, ASSAY_SIM_ACTION_OPERATORS_BACK, 20, 2);
        back->proposed = false;
        s.proposals.withdrawn_permille = 60;
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_TAKEN), 0);
        assay_sim_outcome_free(&o);
    }
}

/* A list of operators that names a replaced key fits nowhere: the operators of the genesis return
 * by their newest keys. The key is in force when the list is drafted, or a block alone has it. */
Test(sim_proposals, an_operator_with_a_new_key_is_in_the_list_that_returns, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 4; seed++) {
        const bool is_waiting = seed % 2 == 0;
        struct assay_scenario s = scenario(48);
        s.proposals.level = 3;
        s.operators = s.nodes = 4;
        propose(&s, ASSAY_SIM_ACTION_OPERATORS, 1, 10);
        struct assay_sim_change *key =
            propose(&s, ASSAY_SIM_ACTION_OPERATOR_KEY, 12, is_waiting ? 8 : 2);
        key->proposed = false;
        key->count = 1;
        propose(&s, ASSAY_SIM_ACTION_OPERATORS_BACK, is_waiting ? 13 : 20, 12);
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_TAKEN), 2);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 3);
        assay_sim_outcome_free(&o);
    }
}

/* Withdrawals race approvals, replaced proposals and members that hold statements back. */
Test(sim_proposals, what_operators_withdrew_stays_so, .timeout = 900)
{
    int64_t withdrawn = 0, held = 0;
    for (uint64_t seed = 1; seed <= 12; seed += test_every(4)) {
        struct assay_scenario s = scenario(48);
        add_members(&s);
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 2, 20);
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 24, 20);
        s.proposals.withdrawn_permille = 120;
        s.proposals.replaced_permille = 60;
        s.proposals.held_permille = 400;
        s.proposals.replayed = 6;
        struct assay_sim_outcome o = run(&s, seed);
        withdrawn += figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_WITHDRAWN);
        held += figure(&o, ASSAY_SIM_FIGURE_STATEMENTS_HELD);
        assay_sim_outcome_free(&o);
    }
    cr_assert_gt(withdrawn, 0);
    cr_assert_gt(held, 0);
}

/* A minority of operators floods and forges, members repeat old statements, leaders omit or bar
 * those of one operator: what honest operators agree on takes effect, and nothing else. */
Test(sim_proposals, liars_decide_nothing_and_stop_nothing, .timeout = 900)
{
    for (uint64_t seed = 1; seed <= 8; seed += test_every(5)) {
        struct assay_scenario s = scenario(40);
        add_members(&s);
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 2, 16);
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 20, 16);
        s.proposals.liars = 2;
        s.proposals.floods = 30;
        s.proposals.forged_permille = 1000;
        s.proposals.replayed = 8;
        s.proposals.bars = seed % 2 == 0;
        s.proposals.omits = seed % 2 == 1;
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_TAKEN), 2);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_STATEMENTS_FORGED), 0);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_STATEMENTS_AGAIN), 0);
        assay_sim_outcome_free(&o);
    }
}

/* Crashes at any step, and a member that passes over blocks. */
Test(sim_proposals, nodes_that_were_away_have_the_same, .timeout = 900)
{
    for (uint64_t seed = 1; seed <= 6; seed += test_every(4)) {
        struct assay_scenario s = scenario(48);
        s.heal_epoch = 16;
        s.progress_epochs = 40;
        s.history_epochs = 16;
        s.proposals.withdrawn_permille = 50;
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 2, 20);
        propose(&s, ASSAY_SIM_ACTION_PARAMETERS, 26, 18);
        s.crashes[s.crash_count++] =
            (struct assay_sim_crash){ .rate_permille = 150, .down_ms = 1500 };
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_CRASHES), 0);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_PROPOSALS_TAKEN), 0);
        assay_sim_outcome_free(&o);
    }
}
