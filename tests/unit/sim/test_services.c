/*
 * tests/unit/sim/test_services.c - services over whole networks, under everything that links,
 * machines and hosts may do: nothing that they promise is broken (docs/services.md).
 *
 * Each test draws the scenario of every seed from the same few numbers;
 * tests/mutants/planted/programs.mutants plants faults that must be seen here.
 */
#include "base/bytes.h"
#include "sim/run.h"
#include "tests/support/depth.h"
#include "tests/unit/sim/services_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void hostile_host(struct assay_scenario *s, uint64_t seed)
{
    s->services.groups = 1;
    s->services.group_size = seed % 2 == 0 ? 5 : 3;
    s->services.enclaves = 2;
    s->services.clones = 1 + (uint32_t)(seed % 4 > 0) + (uint32_t)(seed % 4 > 2);
    s->services.updates = 6;
    s->services.reads = 3;
    s->services.old_states_permille = 250;
    s->services.enclaves_die_permille = 150;
    s->services.replicas_die_permille = seed % 2 == 0 ? 80 : 20;
    s->services.cutting_hosts_permille = seed % 3 == 0 ? 0 : 500;
    s->services.forged_permille = seed % 5 == 0 ? 0 : 150;
}

/* The first seeds, and behind them those by which planted faults are found (programs.mutants). */
enum { FIRST_SEEDS = 48 };
static uint64_t seed_at(uint64_t i, const uint64_t *more)
{
    return i <= FIRST_SEEDS ? i : more[i - FIRST_SEEDS - 1];
}

Test(sim_services, nothing_released_is_lost_forked_or_stale, .timeout = 600)
{
    struct served_total total = { 0 };
    static const uint64_t more[] = { 67 };
    for (uint64_t at = 1; at <= FIRST_SEEDS + sizeof more / sizeof more[0]; at += test_every(2)) {
        const uint64_t seed = seed_at(at, more);
        struct assay_scenario s = served_scenario(6 + (uint32_t)(seed % 3), 16);
        hostile_host(&s, seed);
        served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, STATES_CERTIFIED), 500);
    cr_expect_gt(SUM(total, READS_CONFIRMED), 200);
    cr_expect_gt(SUM(total, ROLLBACKS_REFUSED), 10);
    cr_expect_gt(SUM(total, CLONES_FENCED), 20);
    cr_expect_gt(SUM(total, VIEWS_STARTED), 2);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CONTINUITY], 500);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_SERVICES], 1000);
}

/* A host lets fewer than a quorum hear its process, and one view follows the other: what some hold
 * of a state in one and others in the next is not held by a quorum of either. */
Test(sim_services, what_was_told_to_few_is_certified_in_no_view, .timeout = 600)
{
    struct served_total total = { 0 };
    static const uint64_t more[] = { 259, 273, 527 };
    for (uint64_t at = 1; at <= FIRST_SEEDS + sizeof more / sizeof more[0]; at += test_every(2)) {
        const uint64_t seed = seed_at(at, more);
        struct assay_scenario s = served_scenario(5 + (uint32_t)(seed % 2), 20);
        hostile_host(&s, seed);
        s.services.group_size = 3;
        s.services.clones = 1;
        s.services.replicas_die_permille = 120;
        s.services.enclaves_die_permille = 0;
        s.services.cutting_hosts_permille = 900;
        s.services.forged_permille = seed % 3 == 0 ? 0 : 500;
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, STATES_CERTIFIED), 500);
    cr_expect_gt(SUM(total, VIEWS_STARTED), 10);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CONTINUITY], 500);
}

/* Hosts show enclaves hand-overs that are old, changed or their own, while views follow one
 * another: none moves an enclave but to a view that has started, no two views serve at once, and
 * what a newer session has taken no older one acts on. */
Test(sim_services, hand_overs_of_hosts_move_no_enclave, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(2)) {
        struct assay_scenario s = served_scenario(6 + (uint32_t)(seed % 3), 18);
        hostile_host(&s, seed);
        s.services.clones = 2 + (uint32_t)(seed % 2);
        s.services.replicas_die_permille = seed % 2 == 0 ? 120 : 60;
        s.services.enclaves_die_permille = 50;
        s.services.forged_handovers_permille = 150 + 50 * (uint32_t)(seed % 4);
        if (seed % 4 == 0) served_disturb(&s, seed);
        if (seed % 6 == 5) {
            s.recovers[s.recover_count++] = (struct assay_sim_recover){ .at_epoch = 8,
                                                                        .after_epochs = 2,
                                                                        .drains_stopped = true };
            s.heal_epoch = 15;
            s.progress_epochs = 8;
        }
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, HANDOVERS_SHOWN), 2000);
    cr_expect_gt(SUM(total, HANDOVERS_FOLLOWED), 10);
    cr_expect_gt(SUM(total, VIEWS_STARTED), 20);
    cr_expect_gt(SUM(total, CLONES_FENCED), 50);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CONTINUITY], 5000);
}

/* Stores are lost, members are suspended, leave and join: everybody has the registry that final
 * records make. */
static void come_and_go(struct assay_scenario *s, uint64_t seed)
{
    s->cohorts[s->cohort_count] = (struct assay_sim_cohort){ .count = 1 };
    (void)snprintf(s->cohorts[s->cohort_count++].name, ASSAY_SIM_NAME_MAX, "moved");
    if (seed % 3 == 0) {
        s->changes[s->change_count++] = (struct assay_sim_change){ .action = ASSAY_SIM_ACTION_LEAVE,
                                                                   .at_epoch = 3,
                                                                   .ahead_epochs = 2,
                                                                   .by_cohort = true,
                                                                   .cohort = 1,
                                                                   .epochs = 1,
                                                                   .vendor_cap_num = 33,
                                                                   .vendor_cap_den = 100,
                                                                   .given_to = 2 };
    } else if (seed % 3 == 1) {
        s->adversaries[s->adversary_count++] =
            (struct assay_sim_adversary){ .attack = ASSAY_SIM_ATTACK_TAMPER,
                                          .cohort = 1,
                                          .start_epoch = 3,
                                          .stop_epoch = 9,
                                          .rate_permille = 1000 };
    } else {
        s->crashes[s->crash_count++] = (struct assay_sim_crash){
            .cohort = 1, .at_epoch = 6, .down_ms = 2500, .loses_store = true
        };
    }
}

Test(sim_services, everybody_has_the_registry_that_final_records_make, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(2)) {
        struct assay_scenario s = served_scenario(6 + (uint32_t)(seed % 2), 16);
        hostile_host(&s, seed);
        s.services.replicas_die_permille = 80;
        come_and_go(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SERVICE_RECORDS), 100);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_SERVICES], 1000);
}

/* Everybody is told everything anew where operators end an era: views that serve go on. */
Test(sim_services, what_was_released_outlives_the_end_of_an_era, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 12; seed += test_every(2)) {
        struct assay_scenario s = served_scenario(6 + (uint32_t)(seed % 3), 20);
        hostile_host(&s, seed);
        s.services.replicas_die_permille = 80;
        s.recovers[s.recover_count++] =
            (struct assay_sim_recover){ .at_epoch = 8, .after_epochs = 2, .drains_stopped = true };
        s.heal_epoch = 15;
        s.progress_epochs = 8;
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, ERAS), 4);
    cr_expect_gt(SUM(total, VIEWS_STARTED), 4);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CONTINUITY], 500);
}

/* The majority goes on without two, and then loses its disks: operators begin where those two are.
 * What was final above is undone; what the new era's ledger says is held from then on. */
static void go_back(struct assay_scenario *s)
{
    s->cohorts[s->cohort_count] = (struct assay_sim_cohort){ .count = 2 };
    (void)snprintf(s->cohorts[s->cohort_count++].name, ASSAY_SIM_NAME_MAX, "apart");
    s->partitions[s->partition_count++] = (struct assay_sim_partition){
        .start_epoch = 5, .stop_epoch = 10, .by_cohort = true, .cohort = 1
    };
    s->crashes[s->crash_count++] =
        (struct assay_sim_crash){ .at_epoch = 9, .down_ms = 1500, .loses_store = true };
    s->recovers[s->recover_count++] =
        (struct assay_sim_recover){ .at_epoch = 11, .after_epochs = 2, .drains_stopped = true };
    s->heal_epoch = 20;
    s->progress_epochs = 8;
}

Test(sim_services, what_an_era_begins_with_is_held_though_it_undoes_what_was_final, .timeout = 600)
{
    struct served_total total = { 0 };
    uint64_t runs = 0;
    for (uint64_t seed = 1; seed <= 8; seed += test_every(2), runs++) {
        struct assay_scenario s = served_scenario(7, 30);
        hostile_host(&s, seed);
        s.services.clones = 1;
        s.services.replicas_die_permille = 0;
        s.services.requestors = 2;
        s.services.tasks = 2;
        s.services.steps = 3;
        go_back(&s);
        served_run(&s, seed, &total);
    }
    const uint64_t eras = (uint64_t)SUM(total, ERAS);
    cr_expect_eq(eras, runs);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_TASKS], 300 * eras, "it goes on behind the era");
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_SERVICES], 400 * eras);
    cr_expect_gt(SUM(total, STEPS_PAID), 0);
}

/* Rows leave the table after the time of births, and their hosts make other instances: a name has
 * no number twice, though an era ends, and is never born again; of what a receipt was shown the row
 * stays (docs/services.md 1.2, 1.3.2). */
Test(sim_services, no_number_is_given_twice_and_no_instance_is_born_again, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 8; seed += test_every(2)) {
        struct assay_scenario s = served_scenario(5, 84);
        s.services.groups = 1;
        s.services.group_size = 3;
        s.services.enclaves = 2;
        s.services.clones = 3;
        s.services.updates = (uint32_t)(seed / 4 % 2); /* none: no row is ever kept */
        s.services.reads = 1;
        s.services.enclaves_die_permille = 100;
        s.services.forged_permille = seed % 3 == 0 ? 0 : 150;
        s.link.loss_permille = 20 * (uint32_t)(seed % 4);
        s.heal_epoch = 70;
        s.progress_epochs = 10;
        if (seed % 4 < 2)
            s.recovers[s.recover_count++] = (struct assay_sim_recover){ .at_epoch = 2 + seed % 3,
                                                                        .after_epochs = 1,
                                                                        .drains_stopped = true };
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, ERAS), 1);
    cr_expect_gt(SUM(total, SESSIONS), 500);
    cr_expect_gt(SUM(total, STATES_CERTIFIED), 100);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CONTINUITY], 2000);
}

/* Some are absent now and then, or fall: their receipts of those epochs are worth nothing. */
static void executors_lapse(struct assay_scenario *s, uint64_t seed)
{
    s->cohorts[s->cohort_count] = (struct assay_sim_cohort){ .count = 2 };
    (void)snprintf(s->cohorts[s->cohort_count++].name, ASSAY_SIM_NAME_MAX, "lapses");
    s->adversaries[s->adversary_count++] = (struct assay_sim_adversary){
        .attack = seed % 2 == 0 ? ASSAY_SIM_ATTACK_QUIET : ASSAY_SIM_ATTACK_TAMPER,
        .cohort = 1,
        .start_epoch = 4,
        .stop_epoch = seed % 2 == 0 ? 0 : 6,
        .rate_permille = seed % 2 == 0 ? 300 : 1000,
    };
}

Test(sim_services, nobody_is_paid_for_nothing_or_loses_two_steps, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 32; seed += test_every(2)) {
        struct assay_scenario s = served_scenario(7, 22);
        s.services.requestors = 1 + (uint32_t)(seed % 4);
        s.services.tasks = 2;
        s.services.steps = 1 + (uint32_t)(seed % 6);
        s.services.leavers_permille = seed % 4 == 1 ? 400 : 0;
        s.services.tasks_die_permille = seed % 4 > 1 ? 150 : 0;
        s.services.stop_epoch = 12;
        s.services.forged_permille = seed % 5 == 0 ? 0 : 400;
        if (seed % 4 != 3) executors_lapse(&s, seed);
        if (seed % 4 != 0) served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, TASKS_OPENED), 50);
    cr_expect_gt(SUM(total, STEPS_PAID), 100);
    cr_expect_gt(SUM(total, RESULTS_READ), 100);
    cr_expect_lt(SUM(total, TASKS_PAID), SUM(total, TASKS_OPENED));
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_TASKS], 1000);
}

/* Members take what one author can get, and list another replica in every epoch: they get their
 * quota, and others go on (docs/services.md 1.2.3, 1.5, 6.4). */
Test(sim_services, nobody_gets_more_than_one_author_may_have, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 12; seed += test_every(2)) {
        struct assay_scenario s = served_scenario(6 + (uint32_t)(seed % 3), 18);
        hostile_host(&s, seed);
        s.services.replicas_die_permille = 0;
        s.services.quota_abusers = 1 + (uint32_t)(seed % 2);
        s.services.requestors = 2;
        s.services.tasks = 2;
        s.services.steps = 2;
        if (seed % 3 == 0) served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, QUOTA_ABUSE_ACCEPTED), 50);
    cr_expect_gt(SUM(total, QUOTA_ABUSE_REFUSED), 50);
    cr_expect_gt(SUM(total, RELISTED), 50);
    cr_expect_gt(SUM(total, STATES_CERTIFIED), 100, "instances of others are served");
    cr_expect_gt(SUM(total, STEPS_PAID), 50, "tasks of others are worked on");
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_BOUNDS], 1000);
}

Test(sim_services, a_group_whose_memories_are_lost_says_so_and_stays_so, .timeout = 600)
{
    struct served_total total = { 0 };
    struct assay_scenario s = served_scenario(5, 14);
    hostile_host(&s, 4);
    s.services.clones = 1;
    s.services.replicas_die_permille = 0;
    s.cohorts[s.cohort_count] = (struct assay_sim_cohort){ .count = 3 };
    (void)snprintf(s.cohorts[s.cohort_count++].name, ASSAY_SIM_NAME_MAX, "three");
    s.crashes[s.crash_count++] =
        (struct assay_sim_crash){ .cohort = 1, .at_epoch = 6, .down_ms = 500 };
    served_run(&s, 4, &total);
    cr_expect_eq(SUM(total, GROUPS_LOST), 1);
    cr_expect_eq(SUM(total, ENCLAVES_FINAL), 0);
    cr_expect_gt(SUM(total, STATES_CERTIFIED), 0);
    s.crashes[0].at_epoch = 0;
    s.crashes[0].rate_permille = 1;
    s.cohorts[1].count = 1;
    struct served_total two = { 0 };
    for (uint64_t seed = 4; seed < 8; seed++) /* hosts are hostile: none may run at an end */
        served_run(&s, seed, &two);
    cr_expect_eq(SUM(two, GROUPS_LOST), 0);
    cr_expect_gt(SUM(two, ENCLAVES_FINAL), 0);
}

Test(sim_services, the_same_seed_is_the_same_run, .timeout = 600)
{
    uint8_t hash[2][32];
    struct assay_scenario s = served_scenario(5, 8);
    hostile_host(&s, 2);
    served_disturb(&s, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct assay_sim_options options = { .seed = 2, .check_each_step = i == 1 };
        struct assay_sim_outcome o;
        cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
        assay_bytes_copy(hash[i], 32, o.trace_hash, 32);
        assay_sim_outcome_free(&o);
    }
    cr_expect_arr_eq(hash[0], hash[1], 32);
}

Test(sim_services, what_does_not_fit_is_refused)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario s = served_scenario(5, 8);
    s.services.groups = 1;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK);
    s.services.group_size = 4;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_INVALID);
    s.services.group_size = 3;
    s.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_INVALID);
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = ASSAY_SIM_SERVED_NODES_MAX + 1;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_RANGE);
}
