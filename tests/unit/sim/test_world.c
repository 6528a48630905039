/*
 * tests/unit/sim/test_world.c - scenarios at message fidelity: what the seed decides, which fault
 * shows where, and that every kind of fault is recovered from.
 */
#include "base/bytes.h"
#include "sim/run.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct assay_scenario small(void)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = 5;
    s.operators = 5;
    s.epochs = 5;
    s.epoch_ms = 1000;
    return s;
}

static void run(const struct assay_scenario *s, uint64_t seed, struct assay_sim_outcome *o)
{
    const struct assay_sim_options options = { .seed = seed, .check_each_step = true };
    cr_assert_eq(assay_sim_run(s, &options, o), ASSAY_OK);
}

static int64_t figure(const struct assay_sim_outcome *o, enum assay_sim_figure f)
{
    return o->figures[f][0];
}

static void expect_clean(const struct assay_sim_outcome *o, const char *what)
{
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_assert_eq(o->checks[c].violated, 0, "%s: %s: %s", what,
                     assay_sim_checker_name((enum assay_sim_checker)c), o->checks[c].message);
}

/* Everything that the other scenarios leave out, at once. */
static struct assay_scenario rough(void)
{
    struct assay_scenario s = small();
    s.nodes = s.operators = 7;
    s.epochs = 8;
    s.heal_epoch = 6;
    s.progress_epochs = 4;
    s.skew_ms = 30;
    s.drift_ppm = 300;
    s.link.loss_permille = 60;
    s.link.duplicate_permille = 80;
    s.link.reorder_permille = 50;
    s.link.reorder_ms = 40;
    s.crash_count = 1;
    s.crashes[0] =
        (struct assay_sim_crash){ .all_members = true, .rate_permille = 120, .down_ms = 400 };
    return s;
}

Test(sim_world, the_same_seed_gives_the_same_trace, .timeout = 600)
{
    const struct assay_scenario s = rough();
    struct assay_sim_outcome a, b, other;
    run(&s, 3, &a);
    run(&s, 3, &b);
    run(&s, 4, &other);
    cr_assert(assay_bytes_equal(a.trace_hash, b.trace_hash, 32));
    cr_assert(assay_bytes_equal(a.state_root, b.state_root, 32));
    cr_assert(assay_bytes_equal(a.root_chain, b.root_chain, 32));
    cr_assert_not(assay_bytes_equal(a.trace_hash, other.trace_hash, 32), "a seed decides");
    assay_sim_outcome_free(&a);
    assay_sim_outcome_free(&b);
    assay_sim_outcome_free(&other);
}

static void expect_trace(const struct assay_scenario *s, uint64_t seed, const char *trace,
                         const char *root)
{
    struct assay_sim_outcome o;
    char hex[2][65];
    run(s, seed, &o);
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(hex[0] + 2 * i, 3, "%02x", o.trace_hash[i]);
        (void)snprintf(hex[1] + 2 * i, 3, "%02x", o.state_root[i]);
    }
    cr_assert_str_eq(hex[0], trace);
    cr_assert_str_eq(hex[1], root);
    assay_sim_outcome_free(&o);
}

/* Written down once, so that every compiler, optimisation level and machine is held to it. Whoever
 * changes the engine, the world or the order of draws writes them down anew, on purpose. */
Test(sim_world, traces_are_those_of_every_build, .timeout = 600)
{
    struct assay_scenario s = small();
    expect_trace(&s, 1, "e615c846884e0fd69e9503af54dbac6453c12bc84e6e4fa4b31c84c7e857fcba",
                 "f76ef4709af1ea867c27313e3db0ed3de9da00761824a93759f6ddd408ce4679");
    s = rough();
    expect_trace(&s, 2, "2abaae14a1fd8abd26a64e31b257799384dedd4311cc95351fc26e17e33bb881",
                 "ec07faecf9018db2a7b394d43970b30db37b0d2f1b964a8fe855613a6fd21e19");
    s = small();
    s.link.delay = ASSAY_SIM_DELAY_PARETO;
    s.link.delay_max_ms = 400;
    s.link.bandwidth_kbit_s = 4000;
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "traitors", .count = 1 };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_TAMPER, .cohort = 1, .start_epoch = 2, .rate_permille = 1000
    };
    expect_trace(&s, 3, "1b67d22e0fb0cd063b8e9ce8c80f6245e974aee241f6428274aca5935b778cc9",
                 "94248c3a44949258b4fb64c98a26c392b5432bd75aa24c31c3729cadddd47314");
}

/* The same of whole engines: consensus goes on, for the liars vote as everybody does. */
Test(sim_world, badmouthing_by_six_of_ten_lowers_no_honest_score, .timeout = 600)
{
    struct assay_scenario s = small();
    struct assay_sim_outcome o;
    s.nodes = s.operators = 10;
    s.epochs = 8;
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "liars", .count = 6 };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_BADMOUTH, .cohort = 1, .start_epoch = 2, .rate_permille = 1000
    };
    run(&s, 4, &o);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_MIN_BP), 10000);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_UNJUST_DROPS), 0);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP][1], 0);
    cr_expect_eq(o.row_count, s.epochs);
    assay_sim_outcome_free(&o);
}

Test(sim_world, a_calm_network_closes_every_epoch_certified, .timeout = 600)
{
    const struct assay_scenario s = small();
    struct assay_sim_outcome o;
    run(&s, 1, &o);
    expect_clean(&o, "calm");
    cr_assert_eq(o.row_count, s.epochs);
    cr_assert_eq(figure(&o, ASSAY_SIM_FIGURE_EPOCHS_CERTIFIED), (int64_t)s.epochs);
    cr_assert_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_MIN_BP), 10000);
    cr_assert_eq(figure(&o, ASSAY_SIM_FIGURE_MESSAGES_LOST), 0);
    cr_assert_gt(figure(&o, ASSAY_SIM_FIGURE_FINALITY_MS_P50), 0);
    cr_assert_geq(figure(&o, ASSAY_SIM_FIGURE_FINALITY_MS_P99),
                  figure(&o, ASSAY_SIM_FIGURE_FINALITY_MS_P50));
    /* Each judges each other's evidence once an epoch. */
    cr_assert_eq(figure(&o, ASSAY_SIM_FIGURE_VERIFICATIONS) / (int64_t)s.epochs, 5 * 4);
    cr_assert_eq(o.cohort_members[0], s.nodes);
    static const enum assay_sim_checker looked[] = {
        ASSAY_SIM_CHECKER_AGREEMENT,   ASSAY_SIM_CHECKER_VALIDITY, ASSAY_SIM_CHECKER_FINALITY,
        ASSAY_SIM_CHECKER_SIGNED_ONCE, ASSAY_SIM_CHECKER_PERSIST,  ASSAY_SIM_CHECKER_MEMORY,
        ASSAY_SIM_CHECKER_P1,          ASSAY_SIM_CHECKER_P10,      ASSAY_SIM_CHECKER_JUSTICE,
    };
    for (size_t i = 0; i < sizeof looked / sizeof looked[0]; i++)
        cr_assert_gt(o.checks[looked[i]].checked, 0, "%s looked at nothing",
                     assay_sim_checker_name(looked[i]));
    assay_sim_outcome_free(&o);
}

/* --- every kind of fault shows, and is recovered from */

static void expect_recovery(const struct assay_scenario *s, const char *what, bool dies)
{
    struct assay_sim_outcome o;
    run(s, 5, &o);
    expect_clean(&o, what);
    cr_assert_geq(figure(&o, ASSAY_SIM_FIGURE_PROGRESS_EPOCHS), 0, "%s: no close after healing",
                  what);
    cr_assert_gt(o.checks[ASSAY_SIM_CHECKER_LIVENESS].checked, 0);
    if (dies) {
        cr_assert_gt(figure(&o, ASSAY_SIM_FIGURE_CRASHES), 0, "%s: nobody died", what);
        cr_assert_gt(figure(&o, ASSAY_SIM_FIGURE_RECOVERED), 0, "%s: nobody came back", what);
    }
    assay_sim_outcome_free(&o);
}

static struct assay_scenario healing(void)
{
    struct assay_scenario s = small();
    s.nodes = s.operators = 7;
    s.epochs = 9;
    s.heal_epoch = 6;
    s.progress_epochs = 4;
    return s;
}

Test(sim_world, crashes_around_a_commit_are_recovered_from, .timeout = 600)
{
    struct assay_scenario s = healing();
    s.crash_count = 1;
    s.crashes[0] =
        (struct assay_sim_crash){ .all_members = true, .rate_permille = 250, .down_ms = 300 };
    expect_recovery(&s, "crashes", true);
}

Test(sim_world, a_power_cut_is_recovered_from, .timeout = 600)
{
    struct assay_scenario s = healing();
    s.crash_count = 1;
    s.crashes[0] = (struct assay_sim_crash){ .all_members = true, .at_epoch = 3, .down_ms = 700 };
    expect_recovery(&s, "power cut", true);
}

/* One node at a time, as promised: a third of logs lost at once may end a network. */
static struct assay_scenario careless(void)
{
    struct assay_scenario s = healing();
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "careless", .count = 1 };
    s.crash_count = 1;
    s.crashes[0] = (struct assay_sim_crash){ .cohort = 1, .rate_permille = 600, .down_ms = 300 };
    return s;
}

Test(sim_world, a_lost_disk_is_recovered_from, .timeout = 600)
{
    struct assay_scenario s = careless();
    s.crashes[0].loses_store = true;
    expect_recovery(&s, "lost disk", true);
}

Test(sim_world, writes_that_are_lost_torn_or_rolled_back_are_recovered_from, .timeout = 600)
{
    struct assay_scenario s = careless();
    s.store.lost_permille = 1000;
    expect_recovery(&s, "lost writes", true);
    s.store = (struct assay_sim_store_faults){ .torn_permille = 1000 };
    expect_recovery(&s, "torn writes", true);
    s.store = (struct assay_sim_store_faults){ .rolled_back_permille = 1000 };
    expect_recovery(&s, "rolled back", true);
}

Test(sim_world, partitions_are_recovered_from, .timeout = 600)
{
    struct assay_scenario s = healing();
    s.partition_count = 1;
    s.partitions[0] =
        (struct assay_sim_partition){ .start_epoch = 2, .stop_epoch = 5, .share_bp = 5000 };
    expect_recovery(&s, "even partition", false);
    s.partitions[0].a_receives_b = true;
    expect_recovery(&s, "one-way partition", false);
}

/* Nothing closes while half the weight is away; the epochs of the scenario pass all the same. */
Test(sim_world, a_network_that_stands_still_still_sees_its_partition_end, .timeout = 600)
{
    struct assay_scenario s = healing();
    struct assay_sim_outcome o;
    s.partition_count = 1;
    s.partitions[0] =
        (struct assay_sim_partition){ .start_epoch = 3, .stop_epoch = 6, .share_bp = 5000 };
    run(&s, 1, &o);
    cr_assert_lt(o.row_count, s.epochs, "the split closed epochs");
    cr_assert_gt(o.row_count, 3, "nothing closed after it");
    cr_assert_gt(figure(&o, ASSAY_SIM_FIGURE_MESSAGES_LOST), 0);
    expect_clean(&o, "standstill");
    assay_sim_outcome_free(&o);
}

/* Three of seven say nothing for ever: no quorum, and no promise of progress either. */
Test(sim_world, more_than_a_third_that_withholds_stops_the_chain, .timeout = 600)
{
    struct assay_scenario s = healing();
    struct assay_sim_outcome o;
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "far", .count = 3 };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_WITHHOLD, .cohort = 1, .start_epoch = 2, .rate_permille = 1000
    };
    run(&s, 1, &o);
    cr_assert_leq(o.row_count, 2);
    expect_clean(&o, "withheld");
    assay_sim_outcome_free(&o);
    s.cohorts[1].count = 2; /* up to a third it goes on */
    run(&s, 1, &o);
    cr_assert_eq(o.row_count, s.epochs);
    expect_clean(&o, "two withheld");
    assay_sim_outcome_free(&o);
}

/* --- options */

static bool stop_after_two(void *context, const struct assay_sim_outcome *so_far)
{
    (*(int *)context)++;
    return so_far->row_count < 2;
}

Test(sim_world, progress_can_stop_a_run, .timeout = 600)
{
    const struct assay_scenario s = small();
    struct assay_sim_outcome o;
    int calls = 0;
    const struct assay_sim_options options = { .seed = 1,
                                               .progress = stop_after_two,
                                               .context = &calls };
    cr_assert_eq(assay_sim_run_messages(&s, &options, &o), ASSAY_OK);
    cr_assert_eq(calls, 2);
    cr_assert_eq(o.row_count, 2);
    cr_assert_str_not_empty(o.stopped);
    assay_sim_outcome_free(&o);
}

Test(sim_world, refuses_what_does_not_fit)
{
    struct assay_scenario s = small();
    struct assay_sim_outcome o;
    const struct assay_sim_options options = { .seed = 1 };
    s.nodes = ASSAY_SIM_MESSAGE_NODES_MAX + 1;
    cr_assert_neq(assay_sim_run_messages(&s, &options, &o), ASSAY_OK);
    assay_sim_outcome_free(&o);
    s.nodes = ASSAY_SIM_LISTED_NODES_MAX + 1; /* documents name no more */
    s.change_count = 1;
    cr_assert_neq(assay_sim_run_messages(&s, &options, &o), ASSAY_OK);
    assay_sim_outcome_free(&o);
}
