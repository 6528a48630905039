/*
 * tests/unit/sim/test_shares.c - shares over whole networks (docs/services.md 5): members fall and
 * leave, holders die, lose their disks and lie; nothing synced is lost, and readers read what
 * owners put.
 */
#include "sim/run.h"
#include "tests/support/depth.h"
#include "tests/unit/sim/services_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct assay_scenario keeping(uint32_t nodes, uint32_t clusters, uint32_t slots, uint32_t k)
{
    struct assay_scenario s = served_scenario(nodes, 26);
    s.epoch_ms = 2000;
    s.services.share_clusters = clusters;
    s.services.share_slots = slots;
    s.services.share_k = k;
    s.services.secrets = 4;
    s.services.secret_reads = 2;
    return s;
}

static void cohort(struct assay_scenario *s, const char *name, uint32_t count)
{
    s->cohorts[s->cohort_count] = (struct assay_sim_cohort){ .count = count };
    (void)snprintf(s->cohorts[s->cohort_count++].name, ASSAY_SIM_NAME_MAX, "%s", name);
}

/* Two are suspended for a while: what they hold is dealt anew to others. */
static void two_fall(struct assay_scenario *s)
{
    cohort(s, "fall", 2);
    s->adversaries[s->adversary_count++] =
        (struct assay_sim_adversary){ .attack = ASSAY_SIM_ATTACK_TAMPER, .cohort = 1,
                                      .start_epoch = 8, .stop_epoch = 11,
                                      .rate_permille = 1000 };
}

Test(sim_shares, a_slot_that_moves_has_its_secrets_dealt_anew, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(4)) {
        struct assay_scenario s = keeping(9, 1, 5, 3);
        s.services.holders_die_permille = 20 * (uint32_t)(seed % 5);
        two_fall(&s);
        if (seed % 2 == 0) served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SECRETS_SYNCED), 20);
    cr_expect_gt(SUM(total, SECRETS_RENEWED), 12);
    cr_expect_gt(SUM(total, SECRETS_READ), 60);
    cr_expect_gt(SUM(total, SLOTS_GIVEN), 30);
    cr_expect_eq(SUM(total, LIARS_CONVICTED), 0);
    cr_expect_gt(total.looked[ASSAY_SIM_CHECKER_SHARES], 5000);
}

Test(sim_shares, disks_are_lost_and_nothing_counts_that_is_gone, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(4)) {
        struct assay_scenario s = seed % 2 == 0 ? keeping(7, 1, 5, 2) : keeping(10, 3, 3, 2);
        s.services.holders_lose_permille = 20;
        s.services.holders_die_permille = 60;
        if (seed % 3 == 0) served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SECRETS_SYNCED), 15);
    cr_expect_gt(SUM(total, SECRETS_RENEWED), 5);
    cr_expect_gt(SUM(total, SLOTS_GIVEN), 30);
}

Test(sim_shares, a_holder_that_lies_is_shown_and_nobody_believes_it, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(4)) {
        struct assay_scenario s = keeping(6, seed % 2 == 0 ? 1 : 2, seed % 2 == 0 ? 5 : 3, 2);
        s.services.share_liars = seed % 2 == 0 ? 2 : 1;
        two_fall(&s);
        if (seed % 3 == 0) served_disturb(&s, seed);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SECRETS_READ), 30);
    cr_expect_gt(SUM(total, LIARS_CONVICTED), 0);
}

/* No holder reaches another: what is due is dealt on the ledger. */
Test(sim_shares, holders_that_reach_nobody_deal_in_public, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(4)) {
        struct assay_scenario s = keeping(9, 1, 5, 3);
        s.services.share_starved = s.nodes;
        two_fall(&s);
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SECRETS_SYNCED), 20);
    cr_expect_gt(SUM(total, SECRETS_RENEWED), 12, "%lld", (long long)SUM(total, SECRETS_RENEWED));
    cr_expect_eq(SUM(total, LIARS_CONVICTED), 0);
}

/* What was forgotten and put again was counted with what slots had said of it before. */
Test(sim_shares, what_is_put_again_is_counted_anew, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed += test_every(2)) {
        struct assay_scenario s = keeping(9, 2, 3, 2);
        s.services.holders_die_permille = 50;
        s.link.loss_permille = 300;
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SECRETS_SYNCED), 15);
}

Test(sim_shares, members_leave_and_join, .timeout = 600)
{
    struct served_total total = { 0 };
    for (uint64_t seed = 1; seed <= 12; seed += test_every(4)) {
        struct assay_scenario s = keeping(8, 1, 5, 3);
        cohort(&s, "leaves", 1);
        s.changes[s.change_count++] = (struct assay_sim_change){ .action = ASSAY_SIM_ACTION_LEAVE,
                                                                 .at_epoch = 8,
                                                                 .ahead_epochs = 2,
                                                                 .by_cohort = true,
                                                                 .cohort = 1,
                                                                 .epochs = 1,
                                                                 .vendor_cap_num = 33,
                                                                 .vendor_cap_den = 100,
                                                                 .given_to = 2 };
        served_run(&s, seed, &total);
    }
    cr_expect_gt(SUM(total, SECRETS_SYNCED), 10);
}

Test(sim_shares, what_does_not_fit_is_refused)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario s = keeping(9, 3, 3, 2);
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    s.services.share_k = 4;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_INVALID);
    s.services.share_k = 2;
    s.nodes = s.operators = 8;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_E_INVALID, "nine slots want nine nodes");
}
