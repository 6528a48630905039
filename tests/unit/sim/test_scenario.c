/*
 * tests/unit/sim/test_scenario.c - defaults, checks, and who is who.
 */
#include "sim/scenario/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct assay_sim_cohort cohort(const char *name, uint32_t count, uint32_t share_bp)
{
    struct assay_sim_cohort c = { .count = count, .share_bp = share_bp };
    (void)snprintf(c.name, sizeof c.name, "%s", name);
    return c;
}

static struct assay_scenario with_cohort(const char *name, uint32_t count, uint32_t share_bp)
{
    struct assay_scenario s = assay_scenario_default();
    s.cohorts[s.cohort_count++] = cohort(name, count, share_bp);
    return s;
}

/* Refused, with a message that names the key. */
static void refuses(const struct assay_scenario *s, const char *word)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    cr_expect_neq(assay_scenario_check(s, message), ASSAY_OK, "%s was taken", word);
    cr_expect_not_null(strstr(message, word), "\"%s\" lacks %s", message, word);
}

Test(sim_scenario, the_default_is_sound_and_runs_message_by_message)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    const struct assay_scenario s = assay_scenario_default();
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    cr_expect_eq(assay_scenario_fidelity(&s), ASSAY_SIM_FIDELITY_MESSAGE);
    cr_expect_str_eq(s.cohorts[0].name, "honest");
}

Test(sim_scenario, many_nodes_and_other_rules_run_epoch_by_epoch)
{
    struct assay_scenario s = assay_scenario_default();
    s.nodes = ASSAY_SIM_AUTO_NODES + 1;
    cr_expect_eq(assay_scenario_fidelity(&s), ASSAY_SIM_FIDELITY_EPOCH);
    s = assay_scenario_default();
    s.rule = ASSAY_SIM_RULE_MEAN;
    cr_expect_eq(assay_scenario_fidelity(&s), ASSAY_SIM_FIDELITY_EPOCH);
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    refuses(&s, "rule");
    s = assay_scenario_default();
    s.weight_source = ASSAY_SIM_WEIGHT_SCORE;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    refuses(&s, "weight_source");
}

Test(sim_scenario, numbers_out_of_range_are_refused_by_name)
{
    static const struct {
        const char *key;
        size_t offset;
        uint32_t value;
    } bad[] = {
        { "nodes", offsetof(struct assay_scenario, nodes), 0 },
        { "nodes", offsetof(struct assay_scenario, nodes), ASSAY_SIM_NODES_MAX + 1 },
        { "epoch_ms", offsetof(struct assay_scenario, epoch_ms), 99 },
        { "operators", offsetof(struct assay_scenario, operators), 0 },
        { "vendors", offsetof(struct assay_scenario, vendors), 17 },
        { "nodes_per_platform", offsetof(struct assay_scenario, nodes_per_platform), 0 },
        { "masked_bp", offsetof(struct assay_scenario, masked_bp), 10001 },
        { "operator_cap", offsetof(struct assay_scenario, operator_cap_num), 101 },
        { "vendor_cap", offsetof(struct assay_scenario, vendor_cap_den), 0 },
        { "link.loss_permille", offsetof(struct assay_scenario, link.loss_permille), 1001 },
        { "link.delay_min_ms", offsetof(struct assay_scenario, link.delay_min_ms), 21 },
        { "store_faults.torn_permille", offsetof(struct assay_scenario, store.torn_permille),
          1001 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct assay_scenario s = assay_scenario_default();
        *(uint32_t *)(void *)((uint8_t *)&s + bad[i].offset) = bad[i].value;
        refuses(&s, bad[i].key);
    }
}

Test(sim_scenario, real_quotes_need_messages_and_a_small_network)
{
    struct assay_scenario s = assay_scenario_default();
    s.evidence = ASSAY_SIM_EVIDENCE_SOFT;
    s.nodes = 20;
    char message[ASSAY_SIM_MESSAGE_MAX];
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK);
    s.nodes = 21;
    refuses(&s, "nodes");
    s.nodes = 20;
    s.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    refuses(&s, "evidence");
}

Test(sim_scenario, one_kind_of_message_is_lost_where_there_are_messages)
{
    struct assay_scenario s = assay_scenario_default();
    char message[ASSAY_SIM_MESSAGE_MAX];
    s.link.loss_of = ASSAY_SIM_LOSING_VOTE;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK);
    s.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    refuses(&s, "link.loss_of");
    s.link.loss_of = ASSAY_SIM_LOSING_ALL;
    cr_expect_eq(assay_scenario_check(&s, message), ASSAY_OK);
}

Test(sim_scenario, vendors_by_share_add_up)
{
    struct assay_scenario s = assay_scenario_default();
    s.nodes = 100;
    s.operators = 10;
    s.vendors = 3;
    s.has_vendor_shares = true;
    s.vendor_share_bp[0] = 5000;
    s.vendor_share_bp[1] = 3000;
    refuses(&s, "vendor_share_bp");
    s.vendor_share_bp[2] = 2000;
    char message[ASSAY_SIM_MESSAGE_MAX];
    cr_assert_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    uint32_t of_vendor[3] = { 0 };
    for (uint32_t i = 0; i < s.nodes; i++)
        of_vendor[assay_scenario_vendor(&s, i)]++;
    cr_expect_eq(of_vendor[0], 50);
    cr_expect_eq(of_vendor[1], 30);
    cr_expect_eq(of_vendor[2], 20);
    s.vendors = 2;
    refuses(&s, "vendor_share_bp");
}

Test(sim_scenario, cohorts_that_do_not_fit_are_refused)
{
    struct assay_scenario s = with_cohort("ring", 8, 0);
    refuses(&s, "ring");
    s = with_cohort("honest", 1, 0);
    refuses(&s, "named twice");
    s = with_cohort("Ring", 1, 0);
    refuses(&s, "a-z");
    s = with_cohort("ring", 1, 5000);
    refuses(&s, "not both");
    s = with_cohort("ring", 5, 0); /* of seven nodes two are of vendor 0 */
    s.cohorts[2] = cohort("broken", 0, 10000);
    s.cohorts[2].has_vendor = true;
    s.cohort_count = 3;
    refuses(&s, "first");
    s.cohorts[2].vendor = 4;
    refuses(&s, "vendor");
    s = with_cohort("ring", 2, 0);
    s.cohorts[1].has_operator = true;
    refuses(&s, "at most 1");
}

Test(sim_scenario, adversaries_partitions_and_crashes_must_make_sense)
{
    struct assay_scenario s = with_cohort("ring", 2, 0);
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){ .start_epoch = 1, .cohort = 1 };
    refuses(&s, "attack");
    s.adversaries[0].attack = ASSAY_SIM_ATTACK_ON_OFF;
    refuses(&s, "on_epochs");
    s.adversaries[0].attack = ASSAY_SIM_ATTACK_QUIET;
    s.adversaries[0].cohort = 0;
    refuses(&s, "honest");
    s.adversaries[0].cohort = 2;
    refuses(&s, "adversaries[0].cohort");
    s.adversaries[0].cohort = 1;
    s.adversaries[0].stop_epoch = 1;
    refuses(&s, "stop_epoch");

    s = assay_scenario_default();
    s.partition_count = 1;
    s.partitions[0] = (struct assay_sim_partition){ .start_epoch = 1 };
    refuses(&s, "share_bp");
    s.partitions[0].share_bp = 5000;
    s.partitions[0].a_receives_b = s.partitions[0].b_receives_a = true;
    refuses(&s, "nothing is cut");

    s = assay_scenario_default();
    s.crash_count = 1;
    refuses(&s, "neither");
    s.crashes[0].at_epoch = s.crashes[0].rate_permille = 1;
    refuses(&s, "both");
    s.crashes[0] = (struct assay_sim_crash){ .at_epoch = 2, .loses_log = true };
    s.crashes[0].rolls_back_epochs = 1;
    refuses(&s, "found two");
    s.crashes[0] = (struct assay_sim_crash){ .at_epoch = 2, .first_day = true };
    refuses(&s, "expected loses_log with first_day");
    s.crashes[0] = (struct assay_sim_crash){ .at_epoch = 2, .loses_again = true };
    refuses(&s, "expected loses_log with loses_again");
    s.crashes[0] = (struct assay_sim_crash){ .at_epoch = 2, .kills = 1 };
    refuses(&s, "kill_ms");
    s.crashes[0] = (struct assay_sim_crash){ .at_epoch = 2, .pauses = true, .kills = 1 };
    s.crashes[0].kill_ms = 1;
    refuses(&s, "a paused node keeps its store");
    s = assay_scenario_default();
    s.heal_epoch = 21;
    refuses(&s, "heal_epoch");
}

Test(sim_scenario, cohorts_have_their_size_and_place_depends_on_the_seed)
{
    struct assay_scenario s = with_cohort("ring", 0, 2000);
    s.nodes = 100;
    s.cohorts[2] = cohort("victims", 3, 0);
    s.cohort_count = 3;
    uint8_t first[100], again[100], other[100];
    assay_scenario_cohorts(&s, 1, first);
    assay_scenario_cohorts(&s, 1, again);
    assay_scenario_cohorts(&s, 2, other);
    uint32_t count[3] = { 0 };
    for (uint32_t i = 0; i < s.nodes; i++)
        count[first[i]]++;
    cr_expect_eq(count[0], 77);
    cr_expect_eq(count[1], 20);
    cr_expect_eq(count[2], 3);
    cr_expect_arr_eq(first, again, sizeof first);
    cr_expect_arr_neq(first, other, sizeof first);
}

Test(sim_scenario, every_slot_is_as_likely_in_a_cohort_as_every_other)
{
    const struct assay_scenario s = with_cohort("ring", 2, 0);
    enum { SEEDS = 3500 };
    uint32_t hits[7] = { 0 };
    uint8_t of[7];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        assay_scenario_cohorts(&s, seed, of);
        for (int i = 0; i < 7; i++)
            hits[i] += of[i];
    }
    for (int i = 0; i < 7; i++) /* 1000 expected, deviation 27 */
        cr_expect(hits[i] > 865 && hits[i] < 1135, "slot %d: %u", i, hits[i]);
}

Test(sim_scenario, a_cohort_of_one_vendor_takes_no_other)
{
    struct assay_scenario s = with_cohort("broken", 0, 10000);
    s.nodes = 40;
    s.cohorts[1].has_vendor = true;
    s.cohorts[1].vendor = 2;
    uint8_t of[40];
    assay_scenario_cohorts(&s, 9, of);
    for (uint32_t i = 0; i < s.nodes; i++)
        cr_expect_eq(of[i] == 1, assay_scenario_vendor(&s, i) == 2, "slot %u", i);
}

Test(sim_scenario, a_platform_has_one_vendor_and_its_number_of_nodes)
{
    for (int shares = 0; shares < 2; shares++) {
        struct assay_scenario s = assay_scenario_default();
        s.nodes = 48;
        s.nodes_per_platform = 3;
        s.has_vendor_shares = shares == 1;
        for (uint32_t v = 0; v < 4; v++)
            s.vendor_share_bp[v] = 2500;
        uint32_t members[48] = { 0 };
        for (uint32_t i = 0; i < s.nodes; i++) {
            const uint32_t p = assay_scenario_platform(&s, i);
            cr_assert_lt(p, s.nodes);
            members[p]++;
            cr_expect_eq(assay_scenario_vendor(&s, p), assay_scenario_vendor(&s, i));
        }
        for (uint32_t i = 0; i < s.nodes; i++)
            cr_expect(members[i] == 0 || members[i] == 3, "platform %u: %u", i, members[i]);
    }
}

Test(sim_scenario, exactly_the_share_is_masked)
{
    for (uint32_t n = 4; n < 200; n += 7) {
        struct assay_scenario s = assay_scenario_default();
        s.nodes = n;
        s.masked_bp = 2500;
        uint32_t masked = 0;
        for (uint32_t i = 0; i < n; i++)
            masked += assay_scenario_platform(&s, i) == UINT32_MAX ? 1 : 0;
        cr_expect_eq(masked, n * 2500 / 10000, "of %u: %u", n, masked);
    }
}

Test(sim_scenario, a_partition_cuts_between_its_sides_while_it_lasts)
{
    struct assay_scenario s = assay_scenario_default();
    const uint8_t of[7] = { 0 };
    s.nodes = 7;
    s.partition_count = 1;
    s.partitions[0] =
        (struct assay_sim_partition){ .start_epoch = 3, .stop_epoch = 6, .share_bp = 6000 };
    cr_expect(assay_scenario_receives(&s, of, 2, 0, 6));
    cr_expect_not(assay_scenario_receives(&s, of, 3, 0, 6));
    cr_expect_not(assay_scenario_receives(&s, of, 5, 6, 0));
    cr_expect(assay_scenario_receives(&s, of, 5, 0, 3), "the same side");
    cr_expect_not(assay_scenario_receives(&s, of, 5, 3, 4), "four of seven are side A");
    cr_expect(assay_scenario_receives(&s, of, 6, 0, 6));
    s.heal_epoch = 4;
    cr_expect(assay_scenario_receives(&s, of, 5, 0, 6), "healed");
}

Test(sim_scenario, a_one_way_partition_lets_one_side_hear)
{
    struct assay_scenario s = with_cohort("deaf", 2, 0);
    const uint8_t of[7] = { 1, 1 };
    s.partition_count = 1;
    s.partitions[0] = (struct assay_sim_partition){
        .start_epoch = 1, .by_cohort = true, .cohort = 1, .b_receives_a = true
    };
    cr_expect(assay_scenario_receives(&s, of, 1, 0, 6), "B hears A");
    cr_expect_not(assay_scenario_receives(&s, of, 1, 6, 0), "A is deaf");
    cr_expect(assay_scenario_receives(&s, of, 1, 0, 1));
}

Test(sim_scenario, names_of_enumerations_are_all_there)
{
#define NAMED(symbol, number, text, line)                                                          \
    cr_expect_str_eq(assay_sim_attack_name(ASSAY_SIM_ATTACK_##symbol), text);
    ASSAY_SIM_ATTACK_LIST(NAMED)
#undef NAMED
    cr_expect_null(assay_sim_attack_name((enum assay_sim_attack)0));
    cr_expect_null(assay_sim_attack_name((enum assay_sim_attack)(ASSAY_SIM_ATTACK_COUNT + 1)));
    cr_expect_str_eq(assay_sim_rule_name(ASSAY_SIM_RULE_LEAK), "leak");
    cr_expect_null(assay_sim_rule_name((enum assay_sim_rule)6));
    cr_expect_null(assay_sim_weight_source_name((enum assay_sim_weight_source)3));
    cr_expect_null(assay_sim_fidelity_name((enum assay_sim_fidelity)3));
    cr_expect_null(assay_sim_evidence_mode_name((enum assay_sim_evidence_mode)3));
    cr_expect_str_eq(assay_sim_losing_name(ASSAY_SIM_LOSING_EVIDENCE), "evidence");
    cr_expect_null(assay_sim_losing_name((enum assay_sim_losing)7));
}
