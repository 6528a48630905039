/*
 * tests/unit/sim/keys/test_signing.c - networks whose holders of the group key sign certificates of
 * workload keys in each epoch (docs/identity.md 4). Checker signing has the goals.
 */
#include "sim/run.h"
#include "tests/support/depth.h"
#include "tests/unit/sim/services_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct assay_scenario signing(uint32_t nodes, uint64_t epochs)
{
    struct assay_scenario s = served_scenario(nodes, epochs);
    s.workload_keys.declared_permille = 1000;
    s.workload_keys.changed_permille = 0;
    s.services.group_key = s.services.key_sessions = true;
    s.heal_epoch = 1;
    s.progress_epochs = 8;
    return s;
}

static void attack(struct assay_scenario *s, enum assay_sim_attack attack, uint32_t count,
                   uint64_t start, uint64_t stop)
{
    const uint32_t cohort = s->cohort_count++;
    s->adversaries[s->adversary_count++] = (struct assay_sim_adversary){ .attack = attack,
                                                                         .cohort = cohort,
                                                                         .start_epoch = start,
                                                                         .stop_epoch = stop,
                                                                         .rate_permille = 1000 };
    s->cohorts[cohort] = (struct assay_sim_cohort){ .count = count };
    (void)snprintf(s->cohorts[cohort].name, ASSAY_SIM_NAME_MAX, "cohort%u", (unsigned)cohort);
}

/* Each member has a certificate in each epoch from the first generation on. */
Test(sim_signing, honest_holders_sign_in_each_epoch, .timeout = 600)
{
    struct served_total total = { 0 };
    const struct assay_scenario s = signing(4, 20);
    served_run(&s, 1, &total);
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 40);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_SIGNING], 100);
}

/* Several lists, restored memory, silence, foreign texts, wrong answers. */
Test(sim_signing, a_third_signs_nothing_and_prevents_nothing, .timeout = 900)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 6; seed += test_every(3)) {
        struct assay_scenario s = signing(7, 28);
        attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 2, 1, 0);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 150);
    cr_expect_geq(SUM(total, SESSIONS_ATTACKED), 40);
    cr_expect_geq(SUM(total, MEMORIES_RESTORED), 5);
}

/* A holder that is silent for ever costs a session each some milliseconds, and no certificate. */
Test(sim_signing, renewals_come_while_a_third_is_silent, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 2; seed += test_every(1)) {
        struct assay_scenario s = signing(7, 40);
        attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 2, 1, 0);
        s.adversaries[0].amount = 1;
        served_run(&s, seed, &total);
        cr_expect_eq(SUM(total, HOLDERS_CONVICTED), 0);
    }
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 100);
}

/* Replies of other continents take longer than one of which nothing is known is waited for. */
Test(sim_signing, holders_in_three_regions_renew, .timeout = 600)
{
    struct served_total total = { 0 };
    struct assay_scenario s = signing(6, 24);
    s.epoch_ms = 4000;
    s.link.regions_01_ms = s.link.regions_02_ms = s.link.regions_12_ms = 140;
    served_run(&s, 1, &total);
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 60);
}

/* Wrong answers: the liar is convicted, and nobody else is. */
Test(sim_signing, a_wrong_answer_convicts_its_holder, .timeout = 600)
{
    struct served_total total = { 0 };
    struct assay_scenario s = signing(7, 28);
    attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 1, 1, 0);
    s.adversaries[0].amount = 6;
    served_run(&s, 1, &total);
    cr_expect_eq(SUM(total, HOLDERS_CONVICTED), 1);
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 60);
}

/* Also where hostile coordinators request them. */
Test(sim_signing, tokens_are_signed_for_their_subject_alone, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 2; seed += test_every(2)) {
        struct assay_scenario s = signing(7, 28);
        attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 1, 1, 0);
        s.adversaries[0].amount = 3;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, TOKENS_SIGNED), 80);
    cr_expect_geq(SUM(total, SESSIONS_ATTACKED), 20);
}

/* A number is the next one for 64 epochs: holders sign under both, and both have certificates. */
Test(sim_signing, holders_sign_while_a_number_takes_the_place_of_another, .timeout = 900)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 2; seed += test_every(2)) {
        struct assay_scenario s = signing(5, 104);
        s.services.key_replaced = 1;
        attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 1, 1, 0);
        s.adversaries[0].amount = 3;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, ROLLOVERS), 1);
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 250);
}

/* Members fall and change their keys, and hostile coordinators request certificates for all. */
Test(sim_signing, nothing_is_signed_for_the_fallen_and_the_withdrawn, .timeout = 900)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 4; seed <= 6; seed += test_every(2)) {
        struct assay_scenario s = signing(7, 40);
        attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 1, 1, 0);
        s.adversaries[0].amount = 3;
        attack(&s, ASSAY_SIM_ATTACK_TAMPER, 1, 14, 16);
        s.workload_keys.changed_permille = 300;
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 50);
    cr_expect_geq(SUM(total, SESSIONS_REFUSED), 20);
}

/* Lost, late and repeated frames, processes that end at any step, disks that are older. */
Test(sim_signing, survives_crashes_and_bad_links, .timeout = 900)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 4; seed <= 8; seed += test_every(4)) {
        struct assay_scenario s = signing(7, 40);
        attack(&s, ASSAY_SIM_ATTACK_MISSIGN, 2, 1, 0);
        s.services.key_crashes_permille = 20;
        s.services.key_disks_permille = seed % 2 == 0 ? 10 : 0;
        s.services.stop_epoch = 26;
        served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_geq(SUM(total, CERTIFICATES_SIGNED), 20);
}
