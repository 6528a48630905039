/*
 * tests/unit/sim/swarm/test_swarm.c - random scenarios of the swarm, and what is promised for them.
 */
#include "base/crypto.h"
#include "sim/swarm/drawn.h"
#include "sim/swarm/promise.h"
#include "sim/swarm/random_scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { SEEDS = 2000 };

static const struct assay_sim_swarm_sizes any = { 0 };

/* Everything that was drawn, as text. */
static size_t describe(const struct assay_scenario *s, char *text, size_t len)
{
    int at =
        snprintf(text, len, "%u %u %llu %u %u %u %u %u|%d %u %u %u %u %u %u %u %u|%u %u %u|%u %u",
                 s->nodes, s->seats_max, (unsigned long long)s->epochs, s->epoch_ms, s->operators,
                 s->vendors, s->nodes_per_platform, s->masked_bp, (int)s->link.delay,
                 s->link.delay_min_ms, s->link.delay_mean_ms, s->link.delay_max_ms,
                 s->link.loss_permille, s->link.duplicate_permille, s->link.reorder_permille,
                 s->link.reorder_ms, s->link.bandwidth_kbit_s, s->skew_ms, s->drift_ppm,
                 s->store.torn_permille + 1000 * s->store.lost_permille +
                     1000000 * s->store.rolled_back_permille,
                 (unsigned)s->heal_epoch, s->progress_epochs);
    for (uint32_t i = 0; i < s->cohort_count; i++)
        at += snprintf(text + at, len - (size_t)at, " %s=%u", s->cohorts[i].name,
                       s->cohorts[i].count);
    for (uint32_t i = 0; i < s->adversary_count; i++) {
        const struct assay_sim_adversary *const a = &s->adversaries[i];
        at += snprintf(text + at, len - (size_t)at, " a%d/%u/%u/%u/%u/%u/%u/%u/%u", (int)a->attack,
                       a->cohort, a->victims, (unsigned)a->start_epoch, (unsigned)a->stop_epoch,
                       a->rate_permille, a->on_epochs, a->off_epochs, a->amount);
    }
    for (uint32_t i = 0; i < s->partition_count; i++) {
        const struct assay_sim_partition *const p = &s->partitions[i];
        at += snprintf(text + at, len - (size_t)at, " p%u/%u/%d/%u/%u/%d/%d",
                       (unsigned)p->start_epoch, (unsigned)p->stop_epoch, p->by_cohort, p->cohort,
                       p->share_bp, p->a_receives_b, p->b_receives_a);
    }
    for (uint32_t i = 0; i < s->crash_count; i++) {
        const struct assay_sim_crash *const c = &s->crashes[i];
        at += snprintf(text + at, len - (size_t)at, " c%u/%d/%u/%u/%u/%d/%u", c->cohort,
                       c->all_members, (unsigned)c->at_epoch, c->rate_permille, c->down_ms,
                       c->loses_store, c->rolls_back_epochs);
        if (c->loses_log)
            at += snprintf(text + at, len - (size_t)at, "/l%d/%d/%u/%u", c->first_day,
                           c->loses_again, c->kills, c->kill_ms);
    }
    at += snprintf(text + at, len - (size_t)at, " o%u/%u v%u/%u r%u/%u/%u h%u", s->operator_cap_num,
                   s->operator_cap_den, s->vendor_cap_num, s->vendor_cap_den, s->link.regions_01_ms,
                   s->link.regions_02_ms, s->link.regions_12_ms, s->history_epochs);
    for (uint32_t i = 0; i < s->change_count; i++)
        at += snprintf(text + at, len - (size_t)at, " g%u/%u/%u", s->changes[i].epoch_ms,
                       s->changes[i].block_len_max, s->changes[i].operator_cap_bp);
    for (uint32_t i = 0; i < s->recover_count; i++)
        at += snprintf(text + at, len - (size_t)at, " e%u", (unsigned)s->recovers[i].at_epoch);
    return (size_t)at;
}

Test(sim_swarm, same_seed_gives_the_same_scenario)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        char one[4096], other[4096];
        const struct assay_scenario a = assay_sim_random_scenario(seed, any);
        const struct assay_scenario b = assay_sim_random_scenario(seed, any);
        (void)describe(&a, one, sizeof one);
        (void)describe(&b, other, sizeof other);
        cr_expect_str_eq(one, other);
    }
}

/* The order of draws must not be the compiler's choice: gcc, clang, -O1 and -O2 agree on this. */
Test(sim_swarm, draws_the_same_with_every_compiler)
{
    uint8_t chain[ASSAY_SHA256_LEN] = { 0 };
    char hex[2 * ASSAY_SHA256_LEN + 1];
    for (uint64_t seed = 1; seed <= 300; seed++) {
        char text[4096];
        const struct assay_scenario s = assay_sim_random_scenario(seed, any);
        const size_t len = describe(&s, text, sizeof text);
        cr_assert_lt(len, sizeof text);
        const struct assay_slice pieces[] = { { chain, sizeof chain },
                                              { (const uint8_t *)text, len } };
        assay_sha256_pieces(pieces, 2, chain);
    }
    assay_hex_encode(chain, sizeof chain, hex, sizeof hex);
    cr_expect_str_eq(hex, "fcfb299767478b97a604c97138aa2671ca703fac795f0e6f57204efe0950d996");
}

Test(sim_swarm, stays_within_the_promise_and_goes_beyond_it_now_and_then)
{
    uint32_t beyond = 0, honest = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        char message[ASSAY_SIM_MESSAGE_MAX];
        const struct assay_scenario s = assay_sim_random_scenario(seed, any);
        const struct assay_sim_promise p = assay_sim_promise_of(&s, seed);
        cr_assert_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
        cr_assert_eq(s.heal_epoch > 0, p.progress, "seed %llu", (unsigned long long)seed);
        if (p.progress) cr_assert(3 * (p.byzantine + p.forgetful + p.silent) < p.total);
        beyond += !p.safety;
        honest += p.byzantine == 0;
    }
    cr_expect(beyond > SEEDS / 20 && beyond < SEEDS / 5, "%u beyond the third", beyond);
    /* Platforms that a vendor day makes too old leave no room for traitors within the promise. */
    cr_expect(honest > SEEDS / 10 && honest < SEEDS * 3 / 5, "%u without traitors", honest);
}

Test(sim_swarm, draws_every_attack_and_every_fault)
{
    uint32_t attacks[ASSAY_SIM_ATTACK_COUNT + 1] = { 0 };
    uint32_t loss = 0, duplicates = 0, one_way = 0, full = 0, empty = 0, old = 0, all = 0, torn = 0,
             lost = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct assay_scenario s = assay_sim_random_scenario(seed, any);
        for (uint32_t i = 0; i < s.adversary_count; i++)
            attacks[s.adversaries[i].attack]++;
        if (s.link.loss_of == ASSAY_SIM_LOSING_ALL && s.link.loss_permille > loss)
            loss = s.link.loss_permille;
        if (s.link.duplicate_permille > duplicates) duplicates = s.link.duplicate_permille;
        for (uint32_t i = 0; i < s.partition_count; i++) {
            one_way += s.partitions[i].a_receives_b || s.partitions[i].b_receives_a;
            full += !s.partitions[i].a_receives_b && !s.partitions[i].b_receives_a;
        }
        for (uint32_t i = 0; i < s.crash_count; i++) {
            empty += s.crashes[i].loses_store;
            old += s.crashes[i].rolls_back_epochs > 0;
            all += s.crashes[i].all_members;
        }
        torn += s.store.torn_permille > 0;
        lost += s.store.lost_permille > 0 && s.store.rolled_back_permille > 0 && s.crash_count > 0;
    }
    for (uint32_t a = 1; a <= ASSAY_SIM_ATTACK_COUNT; a++)
        cr_expect_gt(attacks[a], 20, "%s", assay_sim_attack_name((enum assay_sim_attack)a));
    cr_expect(loss > 250 && loss <= 300, "%u", loss);
    cr_expect(duplicates > 400 && duplicates <= 500, "%u", duplicates);
    cr_expect(lost > 50 && one_way > 50 && full > 50 && empty > 50 && old > 50 && all > 50 &&
              torn > 50);
}

/* What a swarm says that it tried, it tried: the kinds are counted by what scenarios hold. */
Test(sim_swarm, draws_every_kind_of_fault_and_counts_each_once_a_seed)
{
    uint64_t counts[ASSAY_SIM_DRAWN_COUNT] = { 0 };
    uint32_t alone = 0, several = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct assay_scenario s = assay_sim_random_scenario(seed, any);
        assay_sim_swarm_count_drawn(&s, counts);
        for (uint32_t i = 0; i < s.clock_count; i++)
            alone += !s.clocks[i].by_cohort && s.nodes * s.clocks[i].share_bp / 10000 == 1;
        for (uint32_t i = 0; i < s.crash_count; i++)
            several += s.crashes[i].loses_store && s.cohorts[s.crashes[i].cohort].count > 1;
    }
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        cr_expect(counts[i] >= 15 && counts[i] < SEEDS, "%s: %llu",
                  assay_sim_drawn_name((enum assay_sim_drawn)i), (unsigned long long)counts[i]);
    cr_expect_gt(alone, 20, "dates of one node alone");
    cr_expect_gt(several, 10, "stores of several lost at once");

    uint64_t none[ASSAY_SIM_DRAWN_COUNT] = { 0 };
    const struct assay_scenario quiet = assay_scenario_default();
    assay_sim_swarm_count_drawn(&quiet, none);
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        cr_expect_eq(none[i], 0, "%s", assay_sim_drawn_name((enum assay_sim_drawn)i));
}

Test(sim_swarm, says_what_a_thousand_seeds_never_had)
{
    uint64_t drawn[ASSAY_SIM_DRAWN_COUNT], effects[ASSAY_SIM_EFFECT_COUNT];
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        drawn[i] = 1;
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        effects[i] = 1;
    cr_expect_null(assay_sim_swarm_never(1000, drawn, effects));
    effects[ASSAY_SIM_EFFECT_FENCE_OVER] = 0;
    cr_expect_str_eq(assay_sim_swarm_never(1000, drawn, effects), "fence_over");
    drawn[ASSAY_SIM_DRAWN_TRIALS] = 0;
    cr_expect_str_eq(assay_sim_swarm_never(1000, drawn, effects), "trials");
    cr_expect_null(assay_sim_swarm_never(999, drawn, effects), "too few to say");
}

/* Hours without a proposal: long enough for a range of 64 views at a minute each. */
Test(sim_swarm, burns_ranges_of_views_now_and_then)
{
    uint32_t burned = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const struct assay_scenario s = assay_sim_random_scenario(seed, any);
        if (s.link.loss_of != ASSAY_SIM_LOSING_PROPOSAL) continue;
        burned += s.link.loss_permille == 1000;
        cr_expect(s.heal_epoch == 0 || s.heal_epoch * s.epoch_ms >= 60 * 60000);
        cr_expect_leq(s.link.delay_max_ms, 2 * 4000 / 16, "links are as ever");
    }
    cr_expect_gt(burned, 15);
}

Test(sim_swarm, takes_the_sizes_it_is_told)
{
    const struct assay_sim_swarm_sizes sizes = { .nodes_min = 12, .nodes_max = 13 };
    uint32_t seen[2] = { 0 };
    for (uint64_t seed = 1; seed <= 40; seed++) {
        const struct assay_scenario s = assay_sim_random_scenario(seed, sizes);
        cr_assert(s.nodes == 12 || s.nodes == 13);
        seen[s.nodes - 12]++;
    }
    cr_expect(seen[0] > 5 && seen[1] > 5);
}

/* --- the promise */
static struct assay_scenario with_traitors(uint32_t nodes, uint32_t traitors)
{
    struct assay_scenario s = assay_scenario_default();
    s.nodes = nodes;
    s.operators = nodes;
    s.vendors = 4;
    s.cohort_count = 2;
    s.cohorts[1] = (struct assay_sim_cohort){ .name = "traitors", .count = traitors };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_WITHHOLD, .cohort = 1, .start_epoch = 1, .rate_permille = 1000
    };
    return s;
}

Test(sim_promise, ends_at_a_third)
{
    /* Four vendors of two nodes each: eight equal weights. */
    for (uint32_t traitors = 0; traitors <= 4; traitors++) {
        const struct assay_scenario s = with_traitors(8, traitors);
        const struct assay_sim_promise p = assay_sim_promise_of(&s, 1);
        cr_expect_eq(p.total, 80000);
        cr_expect_eq(p.byzantine, traitors * 10000);
        cr_expect_eq(p.safety, traitors <= 2, "%u", traitors);
        cr_expect_eq(p.progress, traitors <= 2, "%u", traitors);
    }
}

/* Four operators of two equal members each, six seats: a traitor may have its operator's seats. */
Test(sim_promise, is_of_seats_where_there_are_fewer)
{
    struct assay_scenario s = with_traitors(8, 1);
    s.operators = 4; /* each has one root's members, and a seat at least */
    s.seats_max = 6;
    cr_expect(assay_sim_promise_of(&s, 1).progress, "a quarter");
    s.seats_max = 4;
    cr_expect(assay_sim_promise_of(&s, 1).progress, "a seat for each operator");
    s.seats_max = 3;
    cr_expect(assay_sim_promise_of(&s, 1).progress, "each operator has a seat of its own");
    s.cohorts[1].has_vendor = true;
    s.cohorts[1].count = 2;
    s.seats_max = 6;
    cr_expect(assay_sim_promise_of(&s, 1).progress, "two of one root are a quarter");
    s.adversary_count = 2;
    s.cohort_count = 3;
    s.cohorts[1].count = 1;
    s.cohorts[2] = (struct assay_sim_cohort){ .name = "more", .count = 1, .has_vendor = true };
    s.cohorts[2].vendor = 1;
    s.adversaries[1] = s.adversaries[0];
    s.adversaries[1].cohort = 2;
    cr_expect_not(assay_sim_promise_of(&s, 1).safety, "of two roots they are half");
    s.seats_max = 8;
    cr_expect(assay_sim_promise_of(&s, 1).progress, "two of eight where everybody sits");
    s.adversary_count = 1;
    s.crash_count = 1;
    s.crashes[0] = (struct assay_sim_crash){ .cohort = 2, .at_epoch = 2, .loses_store = true };
    s.seats_max = 6;
    cr_expect(assay_sim_promise_of(&s, 1).safety, "a lost store is no lie");
    cr_expect_not(assay_sim_promise_of(&s, 1).progress, "but it is silent, for half of the seats");
    s.adversary_count = 0;
    s.seats_max = 3;
    cr_expect(assay_sim_promise_of(&s, 1).safety, "no member lies");
    cr_expect(assay_sim_promise_of(&s, 1).progress, "one of four operators is silent");
    s.cohorts[1].count = 1;
    s.crashes[0].all_members = true;
    cr_expect_not(assay_sim_promise_of(&s, 1).progress, "all are");
    s.crash_count = 0;
    cr_expect(assay_sim_promise_of(&s, 1).progress);
}

Test(sim_promise, counts_who_forgets_and_who_is_cut_off)
{
    struct assay_scenario s = with_traitors(8, 1);
    s.cohort_count = 3;
    s.cohorts[2] = (struct assay_sim_cohort){ .name = "careless", .count = 1 };
    s.crash_count = 1;
    s.crashes[0] = (struct assay_sim_crash){ .cohort = 2, .at_epoch = 2, .loses_store = true };
    cr_expect_eq(assay_sim_promise_of(&s, 1).silent, 10000);
    cr_expect(assay_sim_promise_of(&s, 1).progress);
    s.cohorts[2].count = 2;
    cr_expect(assay_sim_promise_of(&s, 1).safety, "they are honest");
    cr_expect_not(assay_sim_promise_of(&s, 1).progress, "three of eight are not there");
    s.crash_count = 0;
    cr_expect(assay_sim_promise_of(&s, 1).progress);
    s.crash_count = 1;
    s.crashes[0] = (struct assay_sim_crash){ .cohort = 2, .at_epoch = 2, .rolls_back_epochs = 1 };
    cr_expect_eq(assay_sim_promise_of(&s, 1).forgetful, 20000);
    cr_expect_not(assay_sim_promise_of(&s, 1).safety, "a rolled-back log that votes is Byzantine");
    s.crashes[0].rolls_back_epochs = 0;
    cr_expect_eq(assay_sim_promise_of(&s, 1).forgetful, 0, "a crash alone forgets nothing");
    s.store.lost_permille = 1;
    cr_expect_eq(assay_sim_promise_of(&s, 1).forgetful, 20000);
    s.store.lost_permille = s.crash_count = 0;
    s.adversaries[0].attack = ASSAY_SIM_ATTACK_ECLIPSE;
    s.adversaries[0].victims = 2;
    cr_expect_eq(assay_sim_promise_of(&s, 1).silent, 20000);
    cr_expect_not(assay_sim_promise_of(&s, 1).progress);
}

Test(sim_promise, is_broken_by_the_first_checker_then_by_assertions)
{
    struct assay_scenario s = with_traitors(8, 1);
    const struct assay_sim_promise p = assay_sim_promise_of(&s, 1);
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    cr_expect_not(assay_sim_promise_breach(&s, &p, &o).broken);
    s.assertion_count = 1;
    s.assertions[0] = (struct assay_sim_assertion){ .text = "epochs >= 5",
                                                    .figure = ASSAY_SIM_FIGURE_EPOCHS,
                                                    .compare = ASSAY_SIM_AT_LEAST,
                                                    .value = 5 };
    cr_expect_str_eq(assay_sim_promise_breach(&s, &p, &o).what, "assertion: epochs >= 5");
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_LIVENESS, 9, "no close");
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_AGREEMENT, 4, "heads differ");
    const struct assay_sim_breach breach = assay_sim_promise_breach(&s, &p, &o);
    cr_expect(breach.broken);
    cr_expect_str_eq(breach.what, "agreement");
    cr_expect_eq(breach.epoch, 4);
    cr_expect_str_eq(breach.message, "heads differ");
    assay_sim_outcome_free(&o);
}

/* What --set has left of a random scenario may heal, and still have too many who are silent. */
Test(sim_promise, of_no_progress_is_not_broken_by_standing_still)
{
    const struct assay_scenario s = with_traitors(8, 1);
    struct assay_sim_promise p = assay_sim_promise_of(&s, 1);
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_LIVENESS, 4, "nothing closes");
    cr_expect_str_eq(assay_sim_promise_breach(&s, &p, &o).what, "liveness");
    p.progress = false;
    cr_expect_not(assay_sim_promise_breach(&s, &p, &o).broken);
    assay_sim_outcome_free(&o);
}

Test(sim_promise, beyond_the_third_is_accountability_alone)
{
    const struct assay_scenario s = with_traitors(8, 4);
    const struct assay_sim_promise p = assay_sim_promise_of(&s, 1);
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_AGREEMENT, 4, "heads differ");
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_LIVENESS, 9, "no close");
    cr_expect_not(assay_sim_promise_breach(&s, &p, &o).broken);
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_P6, 5, "convicts 1 of 8");
    cr_expect_str_eq(assay_sim_promise_breach(&s, &p, &o).what, "P6");
    assay_sim_report_check(&o, ASSAY_SIM_CHECKER_JUSTICE, 5, "node 3");
    cr_expect(assay_sim_promise_always(ASSAY_SIM_CHECKER_JUSTICE));
    assay_sim_outcome_free(&o);
}
