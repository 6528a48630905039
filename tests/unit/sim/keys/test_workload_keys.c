/*
 * tests/unit/sim/keys/test_workload_keys.c - networks whose members declare workload keys, lose
 * them, and are lied about (docs/protocol.md 2.16), and whose plan grants names to some of them
 * (2.17). Checkers workload_keys and granted_names have the goals.
 */
#include "sim/run.h"
#include "tests/support/depth.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { NODES = 7, TRAITORS = 1, DRAINED = 2 };

static struct assay_scenario scenario(void)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = NODES;
    s.epochs = 60;
    s.epoch_ms = 1000;
    s.workload_keys = (struct assay_sim_workload_keys){ .declared_permille = 300,
                                                        .restarts_permille = 100,
                                                        .lacking_permille = 250,
                                                        .changed_permille = 1000 };
    return s;
}

static uint32_t add_cohort(struct assay_scenario *s, const char *name, uint32_t count)
{
    s->cohorts[s->cohort_count].count = count;
    (void)snprintf(s->cohorts[s->cohort_count].name, ASSAY_SIM_NAME_MAX, "%s", name);
    return s->cohort_count++;
}

/* Two of seven report PASS, and with it keys, whatever the evidence binds: less than a third. */
static void add_traitors(struct assay_scenario *s, enum assay_sim_attack attack)
{
    const uint32_t cohort = add_cohort(s, "traitors", 2);
    s->adversaries[s->adversary_count++] = (struct assay_sim_adversary){ .attack = attack,
                                                                         .cohort = cohort,
                                                                         .start_epoch = 3,
                                                                         .rate_permille = 1000,
                                                                         .on_epochs = 1,
                                                                         .off_epochs = 1,
                                                                         .amount = 1 };
}

static void run(const struct assay_scenario *s, uint64_t seed)
{
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    cr_assert_eq(assay_sim_run(s, &options, &o), ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_assert_eq(o.checks[c].violated, 0, "seed %llu, %s: %s", (unsigned long long)seed,
                     assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
    cr_expect_gt(o.checks[ASSAY_SIM_CHECKER_WORKLOAD_KEYS].checked, 30);
    cr_expect_gt(o.figures[ASSAY_SIM_FIGURE_KEYS_DECLARED][0], 30);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_OFFENCES][0], 0, "no honest member is convicted");
    assay_sim_outcome_free(&o);
}

Test(sim_workload_keys, none_is_active_that_no_enclave_had, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        struct assay_scenario s = scenario();
        s.link.loss_permille = seed % 2 == 0 ? 20 : 0;
        run(&s, seed);
    }
}

Test(sim_workload_keys, whatever_a_third_reports_about_them, .timeout = 600)
{
    static const enum assay_sim_attack lies[] = { ASSAY_SIM_ATTACK_FREE_RIDE,
                                                  ASSAY_SIM_ATTACK_UNDERRATE };
    for (uint64_t seed = 1; seed <= 4; seed += test_every(3)) {
        struct assay_scenario s = scenario();
        add_traitors(&s, lies[seed % 2]);
        run(&s, seed);
    }
}

/* Of four members one is stopped for most of the run; of seven, two. */
Test(sim_workload_keys, whoever_of_less_than_a_third_is_absent_ends_none, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 4; seed += test_every(3)) {
        struct assay_scenario s = scenario();
        s.nodes = s.operators = seed % 2 == 0 ? 7 : 4;
        s.workload_keys.restarts_permille = s.workload_keys.lacking_permille = 0;
        s.crashes[s.crash_count++] = (struct assay_sim_crash){
            .cohort = add_cohort(&s, "stopped", (s.nodes - 1) / 3),
            .at_epoch = 10,
            .down_ms = 40000,
        };
        run(&s, seed);
    }
}

/* Its code is another one in every third epoch: it falls, and returns with new keys. */
Test(sim_workload_keys, of_a_member_that_falls_is_drained_or_re_keyed_they_end, .timeout = 600)
{
    for (uint64_t seed = 1; seed <= 4; seed += test_every(3)) {
        struct assay_scenario s = scenario();
        s.workload_keys.restarts_permille = 0;
        add_traitors(&s, ASSAY_SIM_ATTACK_TAMPER);
        const uint32_t drained = add_cohort(&s, "drained", 1);
        s.changes[s.change_count++] = (struct assay_sim_change){ .action = ASSAY_SIM_ACTION_REST,
                                                                 .at_epoch = 12,
                                                                 .ahead_epochs = 2,
                                                                 .by_cohort = true,
                                                                 .cohort = drained,
                                                                 .epochs = 1,
                                                                 .vendor_cap_num = 33,
                                                                 .vendor_cap_den = 100,
                                                                 .given_to = NODES };
        run(&s, seed);
    }
}

/* --- granted names (docs/protocol.md 2.17) */

/* Three names, of three of four builds; every fifth epoch an enclave is another build. */
static struct assay_scenario named(void)
{
    struct assay_scenario s = scenario();
    s.epochs = 40;
    s.services.group_key = true;
    s.services.granted_names = 3;
    s.workload_keys = (struct assay_sim_workload_keys){ .declared_permille = 600,
                                                        .restarts_permille = 50,
                                                        .changed_permille = 300,
                                                        .upgrades_permille = 200 };
    return s;
}

/* Returns: granted names of members with active keys, summed over epochs. */
static uint64_t run_named(const struct assay_scenario *s, uint64_t seed, uint64_t *checked)
{
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    struct assay_sim_outcome o;
    cr_assert_eq(assay_sim_run(s, &options, &o), ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_assert_eq(o.checks[c].violated, 0, "seed %llu, %s: %s", (unsigned long long)seed,
                     assay_sim_checker_name((enum assay_sim_checker)c), o.checks[c].message);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_OFFENCES][0], 0, "no honest member is convicted");
    const uint64_t names = (uint64_t)o.figures[ASSAY_SIM_FIGURE_NAMES_GRANTED][0];
    *checked += o.checks[ASSAY_SIM_CHECKER_GRANTED_NAMES].checked;
    assay_sim_outcome_free(&o);
    return names;
}

Test(sim_workload_keys, names_are_those_of_the_builds_that_have_them, .timeout = 600)
{
    uint64_t names = 0, checked = 0;
    for (uint64_t seed = 1; seed <= 4; seed += test_every(3)) {
        const struct assay_scenario s = named();
        names += run_named(&s, seed, &checked);
    }
    cr_expect_gt(checked, 50);
    cr_expect_gt(names, 50);
}

/* Two of seven: they neither give a name to one of them nor take one from another. */
Test(sim_workload_keys, names_are_the_same_whatever_a_third_states, .timeout = 600)
{
    uint64_t names = 0, checked = 0;
    for (uint64_t seed = 1; seed <= 4; seed += test_every(3)) {
        struct assay_scenario s = named();
        add_traitors(&s, ASSAY_SIM_ATTACK_MISNAME);
        s.adversaries[0].start_epoch = 8 + seed; /* with weight, and keys of their own */
        names += run_named(&s, seed, &checked);
    }
    cr_expect_gt(checked, 50);
    cr_expect_gt(names, 30);
}
