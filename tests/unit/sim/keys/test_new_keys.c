/*
 * tests/unit/sim/keys/test_new_keys.c - networks whose nodes and operators get new keys while an
 * attacker has the old ones (docs/protocol.md 9.6.7, 9.6.8). The checkers consent and changes
 * examine what the engines do with them.
 */
#include "sim/run.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { NODES = 7, ROTATES = 1 };

static struct assay_scenario scenario(uint64_t epochs)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = NODES;
    s.epochs = epochs;
    s.epoch_ms = 1000;
    s.old_operators_epoch = 2;
    s.cohorts[ROTATES].count = 2;
    (void)snprintf(s.cohorts[ROTATES].name, ASSAY_SIM_NAME_MAX, "rotates");
    s.cohort_count = 2;
    s.proposals.level = ASSAY_SIM_LEVEL_MAX;
    return s;
}

static struct assay_sim_change *add(struct assay_scenario *s, enum assay_sim_action action,
                                    uint64_t at_epoch)
{
    struct assay_sim_change *c = &s->changes[s->change_count++];
    *c = (struct assay_sim_change){ .action = action,
                                    .at_epoch = at_epoch,
                                    .ahead_epochs = 2,
                                    .by_cohort = action == ASSAY_SIM_ACTION_IDENTITY,
                                    .cohort = action == ASSAY_SIM_ACTION_IDENTITY ? ROTATES : 0,
                                    .epochs = 1,
                                    .vendor_cap_num = 33,
                                    .vendor_cap_den = 100,
                                    .given_to = NODES };
    return c;
}

static int64_t figure(const struct assay_sim_outcome *o, enum assay_sim_figure which)
{
    return o->figures[which][0];
}

/* No checker finds anything, and that of changes had something to check. */
static struct assay_sim_outcome run(const struct assay_scenario *s, uint64_t seed)
{
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    cr_assert_eq(assay_sim_run(s, &options, &o), ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_assert_eq(o.checks[c].violated, 0, "seed %llu, %s: %s", (unsigned long long)seed,
                     assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
    cr_assert_gt(o.checks[ASSAY_SIM_CHECKER_CHANGES].checked, 0);
    return o;
}

/* Twice each, and a store that is lost after: its owner lists a key set by the newest identity. */
Test(sim_new_keys, members_and_operators_stay_who_they_are, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 6; seed += test_every(4)) {
        struct assay_scenario s = scenario(48);
        add(&s, ASSAY_SIM_ACTION_IDENTITY, 2);
        add(&s, ASSAY_SIM_ACTION_OPERATOR_KEY, 6);
        add(&s, ASSAY_SIM_ACTION_IDENTITY, 10);
        add(&s, ASSAY_SIM_ACTION_OPERATOR_KEY, 14);
        s.crashes[s.crash_count++] = (struct assay_sim_crash){
            .cohort = ROTATES, .at_epoch = 24, .down_ms = 1500, .loses_store = true
        };
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_ACTIVE), 4);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_KEYS_CHANGED), 6);
        cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_OFFENCES][ROTATES], 0);
        cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_INTEGRITY_FINAL_MIN_BP][0], 10000);
        cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_SUSPENDED_FINAL][ROTATES], 0, "they list key sets");
        cr_expect_gt(o.checks[ASSAY_SIM_CHECKER_CONSENT].checked, 0);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_OLD_IDENTITIES), 0);
        cr_expect_gt(figure(&o, ASSAY_SIM_FIGURE_OLD_DOCUMENTS), 0);
        assay_sim_outcome_free(&o);
    }
}

/* Operators sign each of these; its new key has signed for another change, or is another's. */
Test(sim_new_keys, a_key_without_consent_or_of_another_comes_into_force_nowhere, .timeout = 600)
{
    static const enum assay_sim_flaw flaws[] = { ASSAY_SIM_FLAW_CONSENT, ASSAY_SIM_FLAW_KEY_TAKEN };
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct assay_scenario s = scenario(20);
        for (uint32_t i = 0; i < 8; i++)
            add(&s, i < 4 ? ASSAY_SIM_ACTION_IDENTITY : ASSAY_SIM_ACTION_OPERATOR_KEY, 2 + i)
                ->flaw = flaws[i / 2 % 2];
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_CHANGES_TAKEN), 0);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_KEYS_CHANGED), 0);
        assay_sim_outcome_free(&o);
    }
}

/* Operators decide on the ledger, where a key that is replaced meanwhile orphans its proposals. */
Test(sim_new_keys, operators_propose_them_on_the_ledger, .timeout = 600)
{
    int64_t changed = 0;
    for (uint64_t seed = 1; seed <= 5; seed += test_every(4)) {
        struct assay_scenario s = scenario(56);
        s.heal_epoch = 1;
        add(&s, ASSAY_SIM_ACTION_IDENTITY, 2)->proposed = true;
        add(&s, ASSAY_SIM_ACTION_OPERATOR_KEY, 18)->proposed = true;
        add(&s, ASSAY_SIM_ACTION_PARAMETERS, 34)->proposed = true;
        for (uint32_t i = 0; i < s.change_count; i++)
            s.changes[i].ahead_epochs = 12;
        struct assay_sim_outcome o = run(&s, seed);
        changed += figure(&o, ASSAY_SIM_FIGURE_KEYS_CHANGED);
        assay_sim_outcome_free(&o);
    }
    cr_expect_gt(changed, 0);
}

/* The era after is confirmed and listed by keys in force; nodes that were down follow. */
Test(sim_new_keys, an_era_ends_by_the_keys_in_force, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 4; seed += test_every(3)) {
        struct assay_scenario s = scenario(40);
        add(&s, ASSAY_SIM_ACTION_IDENTITY, 2)->count = 1;
        add(&s, ASSAY_SIM_ACTION_OPERATOR_KEY, 4);
        s.recovers[s.recover_count++] =
            (struct assay_sim_recover){ .at_epoch = 14, .after_epochs = 1 };
        s.crashes[s.crash_count++] =
            (struct assay_sim_crash){ .cohort = ROTATES, .at_epoch = 9, .down_ms = 4000 };
        s.heal_epoch = 24;
        struct assay_sim_outcome o = run(&s, seed);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_KEYS_CHANGED), 2);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_ERAS), 1);
        cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_SUSPENDED_FINAL][ROTATES], 0);
        assay_sim_outcome_free(&o);
    }
}

Test(sim_new_keys, a_scenario_in_which_they_cannot_work_is_refused)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario s = scenario(10);
    add(&s, ASSAY_SIM_ACTION_IDENTITY, 2);
    add(&s, ASSAY_SIM_ACTION_PARAMETERS, 4)->proposed = true;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    s.proposals.level = ASSAY_SIM_LEVEL_REVIEWS;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_INVALID, "the level is below");
    s.changes[1].level = ASSAY_SIM_LEVEL_MAX;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    s.changes[1].proposed = false;
    s.changes[1].flaw = ASSAY_SIM_FLAW_CONSENT;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_INVALID, "no key is in parameters");
}
