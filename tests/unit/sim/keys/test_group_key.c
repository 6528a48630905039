/*
 * tests/unit/sim/keys/test_group_key.c - networks that make and reshare a group key
 * (docs/identity.md 2, 3): members fall, lose disks, misdeal, are cut off and come late. Checkers
 * group_key, ceremonies and services have the goals.
 */
#include "sim/run.h"
#include "tests/support/depth.h"
#include "tests/unit/sim/services_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct assay_scenario keyed(uint32_t nodes, uint64_t epochs)
{
    struct assay_scenario s = served_scenario(nodes, epochs);
    s.workload_keys.declared_permille = 1000;
    s.workload_keys.changed_permille = 0;
    s.services.group_key = true;
    s.heal_epoch = 1;
    s.progress_epochs = 8;
    return s;
}

static uint32_t add_cohort(struct assay_scenario *s, const char *name, uint32_t count)
{
    s->cohorts[s->cohort_count] = (struct assay_sim_cohort){ .count = count };
    (void)snprintf(s->cohorts[s->cohort_count].name, ASSAY_SIM_NAME_MAX, "%s", name);
    return s->cohort_count++;
}

static void attack(struct assay_scenario *s, enum assay_sim_attack attack, uint32_t count,
                   uint64_t start, uint64_t stop)
{
    s->adversaries[s->adversary_count] = (struct assay_sim_adversary){
        .attack = attack, .start_epoch = start, .stop_epoch = stop, .rate_permille = 1000
    };
    s->adversaries[s->adversary_count++].cohort = add_cohort(s, "hostile", count);
}

/* 3.17 of the design: four members have a key a few epochs after they declared theirs. */
Test(sim_group_key, honest_members_get_a_key_in_the_first_ceremony, .timeout = 600)
{
    struct served_total total = { 0 };
    static const uint32_t nodes[] = { 4, 7, 10 };
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        const struct assay_scenario s = keyed(nodes[seed % 3], 16);
        served_run(&s, seed, &total);
        cr_expect_eq(SUM(total, CEREMONIES_FAILED), 0);
    }
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_GROUP_KEY], 100);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CEREMONIES], 20);
    cr_expect_geq(SUM(total, GENERATIONS), 2);
    cr_expect_geq(SUM(total, GROUP_SIGNATURES), 2);
}

/* Holders that fall are lost: the others share the same key again. */
Test(sim_group_key, stays_while_holders_are_replaced, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        struct assay_scenario s = keyed(7, 48);
        attack(&s, ASSAY_SIM_ATTACK_TAMPER, 2, 14, 16);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, RESHARES), 2);
    cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
}

Test(sim_group_key, is_made_whatever_a_third_of_the_holders_does, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 8; seed += test_every(4)) {
        struct assay_scenario s = keyed(7, 40);
        attack(&s, ASSAY_SIM_ATTACK_MISDEAL, 2, 1, 0);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GENERATIONS), 2);
    cr_expect_geq(SUM(total, HOLDERS_CONVICTED), 1);
}

Test(sim_group_key, survives_crashes_lost_disks_and_bad_links, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 12; seed += test_every(4)) {
        struct assay_scenario s = keyed(7, 48);
        s.services.key_crashes_permille = 30;
        s.services.key_disks_permille = seed % 2 == 0 ? 15 : 0;
        s.services.stop_epoch = 30;
        s.workload_keys.restarts_permille = 10;
        served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GENERATIONS), 3);
}

/* Who left while the key was made is a holder that is lost at once: all programs say the same. */
Test(sim_group_key, members_leave_and_join_while_it_is_made, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        struct assay_scenario s = keyed(8, 36);
        s.spares = 1;
        s.operators = 7;
        const uint32_t leavers = add_cohort(&s, "leavers", 1);
        s.changes[0] = (struct assay_sim_change){ .action = ASSAY_SIM_ACTION_LEAVE,
                                                  .at_epoch = 2 + seed % 3,
                                                  .ahead_epochs = 2,
                                                  .epochs = 1,
                                                  .given_to = 3,
                                                  .by_cohort = true,
                                                  .cohort = leavers,
                                                  .vendor_cap_num = 33,
                                                  .vendor_cap_den = 100 };
        s.changes[1] = s.changes[0];
        s.changes[1].action = ASSAY_SIM_ACTION_JOIN;
        s.changes[1].at_epoch = 18;
        s.change_count = 2;
        s.heal_epoch = 24;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GENERATIONS), 2);
    cr_expect_geq(SUM(total, RESHARES), 1);
}

/* Two of seven are cut off while it is made, and said nothing: they get shares by the next reshare,
 * or vouch late. */
Test(sim_group_key, a_third_is_cut_off_and_comes_late, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 8; seed += test_every(4)) {
        struct assay_scenario s = keyed(7, 32);
        const uint32_t cut = add_cohort(&s, "cut", 2);
        s.partitions[s.partition_count++] = (struct assay_sim_partition){
            .start_epoch = 2 + seed % 5,
            .stop_epoch = 6 + seed % 5,
            .by_cohort = true,
            .cohort = cut,
        };
        s.heal_epoch = 12;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GENERATIONS), 2);
    cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
}

/* Statements of an ended era are void; the key that is in force stays. */
Test(sim_group_key, operators_end_an_era_in_each_step_of_a_ceremony, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 10; seed += test_every(5)) {
        struct assay_scenario s = keyed(7, 30);
        const uint32_t lost = add_cohort(&s, "lost", 3);
        s.crashes[s.crash_count++] = (struct assay_sim_crash){
            .cohort = lost, .at_epoch = 2 + seed % 8, .down_ms = 4000, .loses_store = seed % 2 == 0
        };
        s.recovers[s.recover_count++] =
            (struct assay_sim_recover){ .at_epoch = 2 + seed % 8, .after_epochs = 1 };
        s.heal_epoch = 14;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, ERAS), 1);
    cr_expect_geq(SUM(total, GENERATIONS), 1);
}
