/*
 * tests/unit/services/tasks/test_task_schedules.c - random schedules of tasks.
 *
 * Ledger, requestors and executors of attested tasks under random schedules (docs/services.md 6):
 * balances are conserved, nobody is paid for nothing or twice, nobody loses more than one step.
 */
#include "tests/support/services/task_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* TASK_SEEDS=100000 for a long run. */
static uint64_t seeds(uint64_t otherwise)
{
    const char *text = getenv("TASK_SEEDS");
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static struct task_result run_all(struct task_plan plan, uint64_t otherwise)
{
    struct task_result all = { 0 };
    const uint64_t count = seeds(otherwise);
    for (plan.seed = 1; plan.seed <= count; plan.seed++) {
        const struct task_result r = task_world_run(&plan);
        cr_assert_null(r.violation, "%s: %s", r.violation, r.story);
        all.opened += r.opened;
        all.successors += r.successors;
        all.made += r.made;
        all.read += r.read;
        all.paid += r.paid;
        all.claims += r.claims;
        all.refused += r.refused;
        all.attacks += r.attacks;
        all.crashes += r.crashes;
        all.cheated += r.cheated;
        all.completed += r.completed;
        all.released += r.released;
        all.lasted += r.lasted;
    }
    printf("%u tasks, %u successors, %u steps made, %u read, %u paid in %u claims, %u claims "
           "refused, %u attacks, %u crashes, %u caught lying, %u tasks paid to the end\n",
           all.opened, all.successors, all.made, all.read, all.paid, all.claims, all.refused,
           all.attacks, all.crashes, all.cheated, all.completed);
    /* Schedules that do nothing would be clean as well. */
    cr_assert_gt(all.opened, count);
    cr_assert_gt(all.paid, count);
    cr_assert_gt(all.completed, count / 4);
    return all;
}

Test(task_schedules, honest_ones_are_paid_and_served_over_a_bad_network)
{
    const struct task_plan plan = { .steps = 900, .jobs = 6 };
    const struct task_result all = run_all(plan, 150);
    cr_assert_eq(all.cheated, 0);
    cr_assert_geq(all.read, all.paid);
}

Test(task_schedules, crashes_of_either_side_cost_one_step_at_most)
{
    const struct task_plan plan = { .steps = 1200, .jobs = 8, .crashes = 6 };
    const struct task_result all = run_all(plan, 200);
    cr_assert_gt(all.crashes, 0);
    cr_assert_gt(all.successors, 0);
}

Test(task_schedules, members_that_fail_or_are_not_certified_are_not_paid_for_it)
{
    const struct task_plan plan = { .steps = 1200, .jobs = 8, .crashes = 2, .lapses = true };
    const struct task_result all = run_all(plan, 200);
    cr_assert_gt(all.refused, 0);
}

Test(task_schedules, hostile_executors_take_one_step_at_most)
{
    const struct task_plan plan = {
        .steps = 1200, .jobs = 8, .crashes = 2, .hostile_executors = true
    };
    const struct task_result all = run_all(plan, 250);
    cr_assert_gt(all.cheated, 0);
    cr_assert_gt(all.refused, all.claims / 10);
}

Test(task_schedules, hostile_requestors_take_one_step_at_most)
{
    const struct task_plan plan = {
        .steps = 1200, .jobs = 8, .crashes = 2, .hostile_requestors = true
    };
    const struct task_result all = run_all(plan, 250);
    cr_assert_gt(all.attacks, 0);
}

Test(task_schedules, everybody_against_everybody)
{
    const struct task_plan plan = { .steps = 1600,
                                    .jobs = 12,
                                    .crashes = 5,
                                    .hostile_requestors = true,
                                    .hostile_executors = true,
                                    .lapses = true };
    const struct task_result all = run_all(plan, 300);
    cr_assert_gt(all.cheated, 0);
}

/* Places that are kept for long, and tasks that either side leaves as soon as the ledger lets it:
 * what a place costs is looked at in every close, and no claim is lost. */
Test(task_schedules, a_place_costs_a_step_in_sixty_epochs_and_who_leaves_takes_nothing)
{
    struct task_plan plan = { .steps = 1600, .jobs = 12, .crashes = 4, .long_ = true };
    struct task_result all = run_all(plan, 100);
    cr_assert_gt(all.released, 20);
    cr_assert_gt(all.lasted, 1000);
    plan.hostile_requestors = plan.hostile_executors = plan.lapses = true;
    all = run_all(plan, 100);
    cr_assert_gt(all.released, 20);
}
