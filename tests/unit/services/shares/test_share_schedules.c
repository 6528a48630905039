/*
 * tests/unit/services/shares/test_share_schedules.c - random schedules of shares.
 *
 * Shares under random schedules of a hostile host and network (docs/services.md 5): no synced
 * secret is lost, nothing counts as kept that is not, whoever lies is refused and convicted, and
 * when the network heals every slot keeps what is synced.
 */
#include "tests/support/services/shares_world.h"

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
        all.rounds += r.rounds;
        all.in_public += r.in_public;
        all.silent += r.silent;
        all.away += r.away;
        all.barred += r.barred;
    }
    printf("%u synced, %u renewed, %u fetched, %u crashes, %u slots given, %u convicted, "
           "%u messages refused, %u erased, %u alarms, %u shown, %u eras, %u deleted, "
           "%u put again, %u changed\n",
           all.synced, all.renewed, all.fetched, all.crashes, all.moved, all.convicted,
           all.refused, all.erased, all.alarms, all.shown, all.eras, all.deleted,
           all.again, all.changed);
    printf("%u rounds, %u renewed in public, %u silent, %u of them away, %u barred\n", all.rounds,
           all.in_public, all.silent, all.away, all.barred);
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
    plan.accuser = true;
    plan.eras = 3;
    const struct shares_result all = run_all(plan, 120);
    cr_assert_eq(all.convicted, 0);
    cr_assert_gt(all.shown, 500);
    cr_assert_gt(all.eras, 120);
    plan = three_clusters;
    plan.accuser = true;
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

/* --- public attempts */

/* Nothing is done privately, and everybody hears what is on the ledger: each reshare is done within
 * 8 closes, and nobody is called silent. */
static const struct shares_plan in_public = {
    .clusters = 1, .spare = 3, .ids = 3, .days = 60, .alone = true,
};

Test(share_schedules, what_cannot_be_done_privately_is_done_in_public)
{
    const struct shares_result all = run_all(in_public, 20);
    cr_assert_gt(all.in_public, 100);
    cr_assert_eq(all.silent + all.away + all.barred + all.convicted, 0);
}

/* One slot gives nothing to one other, and takes nothing of it: the honest one loses nothing. */
Test(share_schedules, a_dealer_that_starves_a_slot_costs_it_nothing)
{
    struct shares_plan plan = in_public;
    plan.alone = false;
    plan.starves = true;
    const struct shares_result all = run_all(plan, 30);
    cr_assert_eq(all.silent + all.away + all.barred + all.convicted, 0);
    cr_assert_gt(all.renewed, 100);
}

/* One slot does in public whatever it can: deals wrong numbers, copies, disputes what stands. */
Test(share_schedules, one_that_lies_in_public_prevents_nothing)
{
    struct shares_plan plan = in_public;
    plan.forges = true;
    plan.crashes = 6;
    const struct shares_result all = run_all(plan, 30);
    cr_assert_gt(all.in_public, 100);
    cr_assert_gt(all.convicted, 10);
}

Test(share_schedules, one_that_is_silent_in_public_prevents_nothing_and_loses_its_slot)
{
    struct shares_plan plan = in_public;
    plan.mute = true;
    const struct shares_result all = run_all(plan, 20);
    cr_assert_gt(all.in_public, 100);
    cr_assert_gt(all.away, 10);
    cr_assert_eq(all.convicted, 0);
}

/* Under whatever schedule: nothing is lost, nobody deals twice, nobody honest is convicted. */
Test(share_schedules, public_attempts_lose_nothing_whatever_comes_when)
{
    struct shares_plan plan = one_cluster;
    plan.alone = true;
    plan.steps = 3000;
    plan.forges = true;
    plan.suspensions = 3;
    plan.eras = 2;
    const struct shares_result all = run_all(plan, 40);
    cr_assert_gt(all.rounds, 20);
}
