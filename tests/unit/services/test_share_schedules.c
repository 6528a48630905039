/*
 * Shares under random schedules of a hostile host and network (docs/services.md 5): no synced
 * secret is lost, nothing counts as kept that is not, whoever lies is refused and convicted, and
 * when the network heals every slot keeps what is synced.
 */
#include "tests/support/shares_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* SHARES_SEEDS=100000 for a long run. */
static uint64_t seeds(uint64_t otherwise)
{
    const char *text = getenv("SHARES_SEEDS");
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static struct shares_result run_all(struct shares_plan plan, uint64_t otherwise)
{
    const uint64_t count = seeds(otherwise);
    struct shares_result all = { 0 };
    for (plan.seed = 1; plan.seed <= count; plan.seed++) {
        const struct shares_result r = shares_world_run(&plan);
        cr_assert_null(r.violation, "%s: %s", r.violation, r.story);
        cr_assert(r.settled, "seed %llu: it never settled", (unsigned long long)plan.seed);
        all.synced += r.synced;
        all.renewed += r.renewed;
        all.fetched += r.fetched;
        all.crashes += r.crashes;
        all.moved += r.moved;
        all.convicted += r.convicted;
        all.refused += r.refused;
        all.erased += r.erased;
        all.alarms += r.alarms;
        all.shown += r.shown;
        all.eras += r.eras;
        all.deleted += r.deleted;
        all.changed += r.changed;
        all.again += r.again;
    }
    printf("%u synced, %u renewed, %u fetched, %u crashes, %u slots given, %u convicted, "
           "%u messages refused, %u erased, %u alarms, %u shown, %u eras, %u deleted, "
           "%u put again, %u changed\n",
           all.synced, all.renewed, all.fetched, all.crashes, all.moved, all.convicted,
           all.refused, all.erased, all.alarms, all.shown, all.eras, all.deleted,
           all.again, all.changed);
    return all;
}

/* Who is suspended is known to the ledger; whose disk is gone is not, before it lists itself anew.
 * So many of those as confirmations less k do no harm, here one, and it comes alone. */
static const struct shares_plan one_cluster = {
    .clusters = 1, .spare = 3, .ids = 3, .crashes = 6, .suspensions = 4, .steps = 1500,
};
static const struct shares_plan three_clusters = {
    .clusters = 3, .spare = 1, .ids = 4, .crashes = 8, .suspensions = 4, .steps = 4000,
};

Test(share_schedules, one_cluster_loses_nothing_and_deals_anew)
{
    const struct shares_result all = run_all(one_cluster, 120);
    cr_assert_gt(all.renewed, 120);
    cr_assert_gt(all.crashes, 120);
    cr_assert_gt(all.erased, 0);
}

Test(share_schedules, a_disk_that_is_lost_loses_nothing)
{
    struct shares_plan plan = one_cluster;
    plan.suspensions = 0;
    plan.rekeys = 1;
    const struct shares_result all = run_all(plan, 80);
    cr_assert_gt(all.renewed, 80);
}

Test(share_schedules, three_clusters_fetch_what_one_has)
{
    const struct shares_result all = run_all(three_clusters, 40);
    cr_assert_gt(all.fetched, 500);
    cr_assert_gt(all.renewed, 25);
}

Test(share_schedules, a_dealer_that_lies_is_refused_and_convicted)
{
    struct shares_plan plan = one_cluster;
    plan.liar = true;
    plan.suspensions = 1;
    const struct shares_result all = run_all(plan, 90);
    cr_assert_gt(all.convicted, 5);
}

Test(share_schedules, a_giver_that_lies_is_passed_over)
{
    struct shares_plan plan = three_clusters;
    plan.liar = true;
    plan.suspensions = 1;
    const struct shares_result all = run_all(plan, 30);
    cr_assert_gt(all.fetched, 300);
}

/* Nobody is convicted, nor unseated, by what it gave honestly: under way, afterwards, in another
 * attempt, generation or era. */
Test(share_schedules, what_was_given_honestly_convicts_nobody)
{
    struct shares_plan plan = one_cluster;
    plan.shower = true;
    plan.eras = 3;
    const struct shares_result all = run_all(plan, 120);
    cr_assert_eq(all.convicted, 0);
    cr_assert_gt(all.shown, 500);
    cr_assert_gt(all.eras, 120);
    plan = three_clusters;
    plan.shower = true;
    plan.eras = 2;
    cr_assert_eq(run_all(plan, 20).convicted, 0);
}

/* What its owner deleted is gone, from the ledger and from every disk, and its old readers do not
 * come back, whoever hands in what, and while holders are away. */
Test(share_schedules, what_its_owner_deleted_does_not_come_back)
{
    struct shares_plan plan = one_cluster;
    plan.changes = true;
    plan.suspensions = 2;
    plan.eras = 1;
    const struct shares_result all = run_all(plan, 100);
    cr_assert_gt(all.deleted, 100);
    cr_assert_gt(all.changed, 100);
    cr_assert_gt(all.again, 50);
    plan = three_clusters;
    plan.changes = true;
    cr_assert_gt(run_all(plan, 20).deleted, 40);
}
