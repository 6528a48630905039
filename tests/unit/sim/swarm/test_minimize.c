/*
 * tests/unit/sim/swarm/test_minimize.c - planted failures shrink to what causes them, and no
 * further.
 */
#include "sim/swarm/minimize.h"
#include "sim/swarm/random_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool has_attack(const struct assay_scenario *s, enum assay_sim_attack attack)
{
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == attack) return true;
    return false;
}

/* Needs censors, a network that loses 5 % and six nodes. */
static bool fails_by_censors(void *context, struct assay_scenario *s)
{
    ++*(uint64_t *)context;
    return has_attack(s, ASSAY_SIM_ATTACK_CENSOR) && s->link.loss_permille >= 50 && s->nodes >= 6;
}

static struct assay_scenario crowded(void)
{
    /* A random scenario is full of everything that does not matter. */
    for (uint64_t seed = 1;; seed++) {
        const struct assay_scenario s =
            assay_sim_random_scenario(seed, (struct assay_sim_swarm_sizes){ 0 });
        if (has_attack(&s, ASSAY_SIM_ATTACK_CENSOR) && s.link.loss_permille >= 100 &&
            s.nodes >= 8 && s.crash_count > 0 && s.partition_count > 0 && s.adversary_count > 1 &&
            s.services.key_sessions && s.services.granted_names > 0)
            return s;
    }
}

Test(sim_minimize, leaves_what_the_failure_needs)
{
    uint64_t asked = 0;
    struct assay_scenario s = crowded();
    const struct assay_sim_minimize how = { .fails = fails_by_censors, .context = &asked };
    const uint32_t before = assay_sim_minimize_size(&s);
    const uint64_t tried = assay_sim_minimize(&s, &how);
    cr_expect_eq(tried, asked);
    cr_expect_eq(s.nodes, 6);
    cr_expect_eq(s.link.loss_permille, 50);
    cr_expect_eq(s.adversary_count, 1);
    cr_expect_eq(s.adversaries[0].attack, ASSAY_SIM_ATTACK_CENSOR);
    cr_expect_eq(s.adversaries[0].start_epoch, 1);
    cr_expect_eq(s.cohort_count, 2);
    cr_expect_eq(s.partition_count + s.crash_count + s.assertion_count, 0);
    cr_expect_not(s.services.group_key || s.services.key_sessions);
    cr_expect_eq(s.services.granted_names + s.services.key_replaced, 0);
    cr_expect_eq(s.skew_ms + s.drift_ppm + s.masked_bp + s.link.duplicate_permille, 0);
    cr_expect_eq(s.epochs, 1);
    cr_expect_lt(assay_sim_minimize_size(&s), before);
    cr_expect_lt(tried, 300);
}

Test(sim_minimize, nothing_more_can_go)
{
    /* One more pass over the result changes nothing. */
    uint64_t asked = 0;
    struct assay_scenario s = crowded();
    const struct assay_sim_minimize how = { .fails = fails_by_censors, .context = &asked };
    (void)assay_sim_minimize(&s, &how);
    const uint32_t size = assay_sim_minimize_size(&s);
    (void)assay_sim_minimize(&s, &how);
    cr_expect_eq(assay_sim_minimize_size(&s), size);
    cr_expect_eq(s.nodes, 6);
}

/* Two partitions and no less: neither alone nor each of the others does it. */
static bool fails_by_two_partitions(void *context, struct assay_scenario *s)
{
    uint32_t found = 0;
    (void)context;
    for (uint32_t i = 0; i < s->partition_count; i++)
        found += s->partitions[i].share_bp == 3000 || s->partitions[i].share_bp == 6000;
    return found == 2;
}

Test(sim_minimize, finds_two_that_only_fail_together)
{
    struct assay_scenario s = assay_scenario_default();
    for (uint32_t i = 0; i < 9; i++) {
        struct assay_sim_partition *const p = &s.partitions[s.partition_count++];
        *p = (struct assay_sim_partition){ .start_epoch = i + 1, .stop_epoch = i + 3 };
        p->share_bp = 1000 * (i + 1);
    }
    const struct assay_sim_minimize how = { .fails = fails_by_two_partitions };
    (void)assay_sim_minimize(&s, &how);
    cr_assert_eq(s.partition_count, 2);
    cr_expect_eq(s.partitions[0].share_bp, 3000);
    cr_expect_eq(s.partitions[1].share_bp, 6000);
    cr_expect_eq(s.partitions[0].start_epoch, 1);
    cr_expect_eq(s.partitions[0].stop_epoch, 2);
}

/* The third cohort matters: whoever names it must still do so after the second is gone. */
static bool fails_by_thieves(void *context, struct assay_scenario *s)
{
    (void)context;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (strcmp(s->cohorts[s->adversaries[i].cohort].name, "thieves") == 0 &&
            strcmp(s->cohorts[s->adversaries[i].victims].name, "victims") == 0)
            return true;
    return false;
}

Test(sim_minimize, renumbers_cohorts_when_one_goes)
{
    static const char *const names[] = { "honest", "liars", "thieves", "bored", "victims" };
    struct assay_scenario s = assay_scenario_default();
    s.cohort_count = 5;
    for (uint32_t i = 1; i < 5; i++) {
        s.cohorts[i] = (struct assay_sim_cohort){ .count = 1 };
        (void)snprintf(s.cohorts[i].name, sizeof s.cohorts[i].name, "%s", names[i]);
        s.adversaries[i - 1] = (struct assay_sim_adversary){ .attack = ASSAY_SIM_ATTACK_STUFF,
                                                             .cohort = i,
                                                             .victims = 4,
                                                             .start_epoch = 3,
                                                             .rate_permille = 500 };
    }
    s.adversary_count = 3;
    const struct assay_sim_minimize how = { .fails = fails_by_thieves };
    (void)assay_sim_minimize(&s, &how);
    cr_assert_eq(s.adversary_count, 1);
    cr_expect_eq(s.cohort_count, 3);
    cr_expect_str_eq(s.cohorts[s.adversaries[0].cohort].name, "thieves");
    cr_expect_str_eq(s.cohorts[s.adversaries[0].victims].name, "victims");
    cr_expect_eq(s.adversaries[0].rate_permille, 1000);
}

Test(sim_minimize, stops_after_so_many_tries)
{
    uint64_t asked = 0;
    struct assay_scenario s = crowded();
    const struct assay_sim_minimize how = { .fails = fails_by_censors,
                                            .context = &asked,
                                            .tries_max = 7 };
    cr_expect_eq(assay_sim_minimize(&s, &how), 7);
    cr_expect_eq(asked, 7);
    cr_expect(fails_by_censors(&asked, &s), "what is left still fails");
}
