/*
 * tests/unit/services/continuity/test_schedules.c - random schedules of state continuity.
 *
 * The protocol of state continuity under random schedules of a hostile host (docs/services.md 1):
 * no certified state is lost, none is forked, no read is stale. The rules that others use for
 * restarted replicas lose states in the same worlds, so the checker can fail.
 */
#include "tests/support/services/continuity_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* CONT_SEEDS=100000 for a long run. */
static uint64_t seeds(uint64_t otherwise)
{
    const char *text = getenv("CONT_SEEDS");
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static struct cont_result run_all(struct cont_plan plan, uint64_t count)
{
    struct cont_result all = { 0 };
    uint64_t gone = 0, recovered = 0;
    for (plan.seed = 1; plan.seed <= count; plan.seed++) {
        const struct cont_result r = cont_world_run(&plan);
        if (r.violation != NULL) return r;
        cr_assert(r.recovered || r.gone, "seed %llu: nothing came up again",
                  (unsigned long long)plan.seed);
        all.released += r.released;
        all.adopted += r.adopted;
        all.refused += r.refused;
        all.fenced += r.fenced;
        all.confirmed += r.confirmed;
        all.views += r.views;
        all.restarts += r.restarts;
        all.followed += r.followed;
        all.forged += r.forged;
        gone += r.gone;
        recovered += r.recovered;
    }
    printf("%u released, %u adopted, %u rollbacks refused, %u fenced, %u confirmed, %u views, "
           "%u restarts, %u views followed, %u hand-overs refused, %llu gone, %llu came up\n",
           all.released, all.adopted, all.refused, all.fenced, all.confirmed, all.views,
           all.restarts, all.followed, all.forged, (unsigned long long)gone,
           (unsigned long long)recovered);
    return all;
}

static void expect_clean(const struct cont_plan *plan, uint64_t count)
{
    const struct cont_result r = run_all(*plan, seeds(count));
    cr_assert_null(r.violation, "%s: %s", r.violation, r.story);
    /* Schedules that do nothing would be clean as well. */
    cr_assert_gt(r.released, count);
    cr_assert_gt(r.refused, 0);
    cr_assert_gt(r.fenced, 0);
    cr_assert_gt(r.confirmed, 0);
}

static const struct cont_plan one_view = {
    .size = 3, .sessions = 4, .updates = 6, .steps = 400,
};
static const struct cont_plan replacements = {
    .size = 3, .spare = 1, .restarts = 2, .sessions = 5, .updates = 8, .suspensions = 2,
    .steps = 900,
};

Test(schedules, clones_and_old_blobs_neither_fork_nor_roll_back)
{
    expect_clean(&one_view, 1500);
}

Test(schedules, replaced_replicas_lose_nothing_certified)
{
    expect_clean(&replacements, 1500);
}

/* Enclaves follow views, and hosts hand over what is old, forged or partial. */
Test(schedules, hand_overs_lead_to_views_that_the_ledger_started)
{
    const struct cont_result r = run_all(replacements, seeds(1500));
    cr_assert_null(r.violation, "%s: %s", r.violation, r.story);
    cr_assert_gt(r.followed, 500);
    cr_assert_gt(r.forged, 5000);
}

Test(schedules, five_and_seven_replicas_lose_nothing_certified)
{
    struct cont_plan plan = replacements;
    plan.size = 5;
    plan.spare = 2;
    plan.steps = 1800;
    expect_clean(&plan, 400);
    plan.size = 7;
    plan.restarts = 4;
    plan.steps = 2500;
    expect_clean(&plan, 150);
}

/* What was certified in a view stays, when the ledger forgets that the view ever started. */
Test(schedules, a_recover_that_undoes_views_loses_nothing_certified, .timeout = 600)
{
    struct cont_plan plan = replacements;
    plan.undone = 2;
    plan.steps = 1500;
    expect_clean(&plan, 1500);
    /* Here a view serves again whose last tables were needed for another one meanwhile. */
    static const uint64_t rare[] = { 5455, 6975, 10435, 14494 };
    for (uint32_t i = 0; i < sizeof rare / sizeof *rare; i++) {
        plan.seed = rare[i];
        const struct cont_result r = cont_world_run(&plan);
        cr_assert_null(r.violation, "%s: %s", r.violation, r.story);
        cr_assert(r.recovered || r.gone, "seed %llu", (unsigned long long)plan.seed);
    }
}

/* Maximum of f+1 peers, old acknowledgements count: one restart loses a certified update. */
Test(schedules, the_naive_rule_loses_a_certified_update_with_one_restart)
{
    struct cont_plan plan = one_view;
    plan.rule = CONT_RULE_NAIVE;
    plan.restarts = 1;
    uint64_t found = 0;
    for (plan.seed = 1; plan.seed <= 20000 && found == 0; plan.seed++) {
        const struct cont_result r = cont_world_run(&plan);
        if (r.violation != NULL) printf("%s: %s\n", r.violation, r.story);
        if (r.violation != NULL && r.violation[0] == 'L') found = plan.seed;
    }
    cr_assert_neq(found, 0, "the checker does not see what it must see");
}

Test(schedules, a_sealed_memory_that_is_rolled_back_loses_a_certified_update)
{
    struct cont_plan plan = one_view;
    plan.rule = CONT_RULE_SEALED;
    plan.restarts = 1;
    uint64_t found = 0;
    for (plan.seed = 1; plan.seed <= 20000 && found == 0; plan.seed++) {
        const struct cont_result r = cont_world_run(&plan);
        if (r.violation != NULL && r.violation[0] == 'L') found = plan.seed;
    }
    cr_assert_neq(found, 0);
}
