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

/* docs/identity.md 3.4.1: programs of each member register keys, several at once, and withdraw
 * them, in each epoch. */
Test(sim_group_key, stays_however_other_keys_of_its_holders_change, .timeout = 600)
{
    struct served_total total = { 0 };
    static const uint32_t changed[] = { 1000, 600, 300 };
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        struct assay_scenario s = keyed(seed % 2 == 0 ? 4 : 7, 40);
        s.workload_keys.changed_permille = changed[seed % 3];
        served_run(&s, seed, &total);
        cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
        cr_expect_eq(SUM(total, CEREMONIES_FAILED), 0);
        cr_expect_eq(SUM(total, RESHARES), 0, "no holder is lost");
    }
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_CEREMONIES], 200);
    cr_expect_geq(SUM(total, GENERATIONS), 2);
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

/* 3.15: with an overlap; then the operators retire what signs, and another number is dealt. */
Test(sim_group_key, numbers_roll_over_and_certificates_stay_valid, .timeout = 900)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 3; seed += test_every(3)) {
        struct assay_scenario s = keyed(4, 190);
        s.epoch_ms = 20000;
        s.services.key_replaced = 1;
        s.services.later_key_retired = 2;
        s.services.key_crashes_permille = 20;
        s.services.stop_epoch = 120;
        s.heal_epoch = 120;
        s.changes[s.change_count++] =
            (struct assay_sim_change){ .action = ASSAY_SIM_ACTION_SERVICES,
                                       .at_epoch = 160,
                                       .ahead_epochs = 4,
                                       .epochs = 1,
                                       .vendor_cap_num = 33,
                                       .vendor_cap_den = 100,
                                       .given_to = 2 };
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, ROLLOVERS), 2);
    cr_expect_geq(SUM(total, CA_NUMBERS_GONE), 2);
    cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
}

/* Operators retire the active number while the next one waits: its shares are destroyed at once,
 * and the next one signs. */
Test(sim_group_key, shares_of_a_retired_number_are_destroyed_at_once, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 3; seed += test_every(3)) {
        struct assay_scenario s = keyed(4, 60);
        s.services.key_replaced = 1;
        s.services.later_key_retired = 1;
        s.changes[s.change_count++] =
            (struct assay_sim_change){ .action = ASSAY_SIM_ACTION_SERVICES,
                                       .at_epoch = 30,
                                       .ahead_epochs = 4,
                                       .epochs = 1,
                                       .vendor_cap_num = 33,
                                       .vendor_cap_den = 100,
                                       .given_to = 2 };
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, ROLLOVERS), 1);
    cr_expect_geq(SUM(total, CA_NUMBERS_GONE), 1);
    cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
}

/* While NEXT is published most holders lose their disks: it goes, and never signs. */
Test(sim_group_key, a_next_number_whose_shares_are_gone_goes, .timeout = 900)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 3; seed += test_every(2)) {
        struct assay_scenario s = keyed(4, 120);
        s.epoch_ms = 4000;
        s.services.key_replaced = 1;
        s.services.key_disks_permille = 30;
        s.services.stop_epoch = 44;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GROUP_KEYS_LOST), 1);
    cr_expect_geq(SUM(total, CA_NUMBERS_GONE), 1);
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

/* A table of four is not safe without one of its holders: a ceremony in which one is convicted
 * fails at once, and the next one has a key. */
Test(sim_group_key, four_members_lose_one_ceremony_by_a_convicted_one, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 8; seed += test_every(4)) {
        struct assay_scenario s = keyed(4, 40);
        attack(&s, ASSAY_SIM_ATTACK_MISDEAL, 1, 1, 0);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GENERATIONS), 2);
    cr_expect_geq(SUM(total, CEREMONIES_FAILED), 1);
    cr_expect_leq(SUM(total, CEREMONIES_FAILED), SUM(total, HOLDERS_CONVICTED));
}

/* Most holders find an older disk: the ledger learns that their shares are gone, and the next key
 * is made. */
Test(sim_group_key, a_key_whose_shares_are_gone_makes_way, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 2; seed <= 4; seed += test_every(2)) {
        struct assay_scenario s = keyed(4, 84);
        s.services.key_disks_permille = 50;
        s.services.stop_epoch = 26;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GROUP_KEYS_LOST), 1);
    cr_expect_geq(SUM(total, GENERATIONS), 2);
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
/* docs/identity.md 3.11.2: processes are away for up to two epochs, in key generations and
 * reshares, and a hostile holder sends other bytes than were requested. */
Test(sim_group_key, holders_that_were_away_take_dealings_from_others, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        struct assay_scenario s = keyed(7, 110);
        s.services.key_crashes_permille = 60;
        s.services.key_refresh = 64;
        attack(&s, ASSAY_SIM_ATTACK_MISDEAL, 1, 1, 0);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, GENERATIONS), 4);
    cr_expect_gt(SUM(total, DEALINGS_RECEIVED), 4);
}

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

/* Attack: less than a third votes UNJUDGED about the others, which is no offence, while one
 * machine is away. What is left certifies every PASS, and the keys (docs/protocol.md 2.16.5). */
Test(sim_group_key, a_minority_without_verdicts_and_a_machine_that_is_away_end_no_keys,
     .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 4; seed += test_every(2)) {
        const uint32_t liars = seed % 2 == 0 ? 1 : 2;
        struct assay_scenario s = keyed(seed % 2 == 0 ? 5 : 7, 44);
        attack(&s, ASSAY_SIM_ATTACK_SHRUG, liars, 12, 0);
        s.adversaries[0].victims = add_cohort(&s, "others", s.nodes - liars - 1);
        s.partitions[s.partition_count++] = (struct assay_sim_partition){
            .start_epoch = 14,
            .stop_epoch = 18,
            .by_cohort = true,
            .cohort = add_cohort(&s, "cut", 1),
        };
        s.services.key_sessions = true;
        s.heal_epoch = 30;
        served_run(&s, seed, &total);
    }
    cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_SIGNING], 100);
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

/* Of 3f + 1 members f are down for longer than it takes to find a key lost: it is not, and the
 * others share it again. */
Test(sim_group_key, is_not_lost_while_a_third_is_down, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 2; seed += test_every(1)) {
        struct assay_scenario s = keyed(seed == 1 ? 4 : 7, 40);
        const uint32_t away = add_cohort(&s, "away", seed == 1 ? 1 : 2);
        s.epoch_ms = 4000;
        s.crashes[s.crash_count++] =
            (struct assay_sim_crash){ .cohort = away, .at_epoch = 12, .down_ms = 80000 };
        s.heal_epoch = 36;
        served_run(&s, seed, &total);
    }
    cr_expect_eq(SUM(total, GROUP_KEYS_LOST), 0);
    cr_expect_geq(SUM(total, RESHARES), 2);
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
