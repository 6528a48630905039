/*
 * tests/unit/sim/rules/test_rules.c - tests of scoring rules over time.
 *
 * What each rule does with time: forgetting, on-off, coming back.
 */
#include "sim/rules.h"

#include "sim/scenario/random.h"
#include "tests/support/theory/laws.h"
#include "tests/unit/sim/rules/rules_fleet.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct fleet f; /* too large for the stack of a test */

static void init_rule(uint32_t count, enum assay_sim_rule rule)
{
    fleet_init(&f, count, (struct assay_sim_rules_options){ .rule = rule });
}

/* --- allocations that fail ------------------------------------------------------------------- */

static long calls_left = -1; /* < 0: none fails */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    if (calls_left == 0) return NULL;
    if (calls_left > 0) calls_left--;
    return __real_calloc(count, size);
}

Test(sim_rules, create_gives_back_everything_when_memory_ends)
{
    static uint64_t memory[8 * 5];
    struct assay_place places[8] = { 0 };
    struct assay_groups groups;
    for (uint32_t i = 0; i < 8; i++)
        places[i].node_id[0] = (uint8_t)i;
    assay_groups_build(places, 8, memory, sizeof memory, &groups);
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++) {
        const struct assay_sim_rules_options options = { .rule = (enum assay_sim_rule)rule,
                                                         .groups = &groups };
        long failed = 0;
        for (;; failed++) {
            struct assay_sim_rules *rules = NULL;
            calls_left = failed;
            const enum assay_status status = assay_sim_rules_create(&options, &rules);
            calls_left = -1;
            if (status == ASSAY_OK) {
                assay_sim_rules_destroy(&rules);
                cr_expect_null(rules);
                break;
            }
            cr_assert_eq(status, ASSAY_E_MEMORY);
            cr_assert_null(rules);
        }
        cr_expect_geq(failed, 8, "rule %u asked %ld times", rule, failed);
    }
}

Test(sim_rules, options_outside_their_range_are_refused)
{
    init_rule(4, ASSAY_SIM_RULE_MEAN);
    const uint32_t nobody[4] = { 0 };
    const uint32_t too_much[4] = { ASSAY_SIM_PRETRUST_MAX + 1 };
    const struct assay_sim_rules_options bad[] = {
        { .groups = &f.groups, .rule = (enum assay_sim_rule)6 },
        { .groups = &f.groups, .weight_source = (enum assay_sim_weight_source)3 },
        { .groups = &f.groups, .step_divisor = 10001 },
        { .groups = &f.groups, .beta_keep_bp = 10001 },
        { .groups = &f.groups, .eigentrust_pre_bp = 10001 },
        { .groups = &f.groups, .eigentrust_rounds = 10001 },
        { .groups = &f.groups, .leak_quotient_log2 = 7 },
        { .groups = &f.groups, .leak_quotient_log2 = 41 },
        { .groups = &f.groups, .pretrust = nobody },
        { .groups = &f.groups, .pretrust = too_much },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct assay_sim_rules *rules = NULL;
        cr_expect_eq(assay_sim_rules_create(&bad[i], &rules), ASSAY_E_RANGE, "option %zu", i);
        cr_expect_null(rules);
    }
    fleet_free(&f);
    assay_sim_rules_destroy(&f.rules);
}

/* --- beta ------------------------------------------------------------------------------------ */

static void absent(uint32_t slot, bool bad)
{
    fleet_say(&f, 0, f.count, slot, slot + 1,
              bad ? ASSAY_OUTCOME_ABSENT : ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

Test(sim_rules, beta_starts_at_one_half_and_learns)
{
    init_rule(7, ASSAY_SIM_RULE_BETA);
    cr_expect_eq(fleet_score(&f, 0), 5000);
    fleet_step(&f);
    cr_expect_eq(fleet_score(&f, 0), 6666, "2 of 3");
    fleet_step(&f);
    cr_expect_eq(fleet_score(&f, 0), 7435, "(1 + 1.9) / (2 + 1.9) = 0.74358");
    fleet_steps(&f, 200);
    cr_expect_eq(fleet_score(&f, 0), 9166, "11 of 12");
    fleet_free(&f);
}

/* Without forgetting 1000 good epochs pay for 1000 bad ones; the next one costs the standing. */
Test(sim_rules, beta_without_forgetting_sells_as_many_bad_epochs_as_good_ones)
{
    fleet_init(
        &f, 7,
        (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_BETA, .beta_keep_bp = 10000 });
    fleet_steps(&f, 1000);
    cr_expect_eq(fleet_score(&f, 3), 9990, "1001 of 1002");
    absent(3, true);
    fleet_steps(&f, 1000);
    cr_expect_eq(fleet_score(&f, 3), 5000, "1001 of 2002");
    fleet_step(&f);
    cr_expect_eq(fleet_score(&f, 3), 4997, "1001 of 2003");
    fleet_free(&f);
}

/* --- on and off ------------------------------------------------------------------------------ */

/* What makes an epoch bad: absence, or evidence that fails soft (policy drift). */
enum badness { ABSENCE, SOFT_FAIL };

static void set_bad(enum badness how, bool bad)
{
    if (how == ABSENCE) {
        absent(0, bad);
        return;
    }
    f.members[0].faults.own_fail_soft = bad;
    fleet_say(&f, 0, f.count, 0, 1, bad ? ASSAY_OUTCOME_FAIL_SOFT : ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

/* Share of bad epochs, in millionths, of an attacker that is bad whenever a fall to 3/4 (or what
 * `after` makes of it) leaves it at theta or above. */
static uint32_t greedy_share(struct assay_sim_rules_options options, enum badness how,
                             uint32_t theta, uint32_t epochs, uint32_t (*after)(uint32_t score))
{
    uint32_t bad = 0;
    fleet_init(&f, 4, options);
    fleet_steps(&f, 200); /* whatever it can earn, it has */
    for (uint32_t epoch = 0; epoch < epochs; epoch++) {
        const bool now = after(fleet_score(&f, 0)) >= theta;
        set_bad(how, now);
        fleet_step(&f);
        if (now) bad++;
        cr_assert_geq(fleet_score(&f, 0), theta, "the attacker knows the rule");
    }
    fleet_free(&f);
    return (uint32_t)((uint64_t)bad * 1000000 / epochs);
}

static uint32_t three_quarters(uint32_t score)
{
    return score - (score + 3) / 4;
}

/* lambda = 0.9: r + s is 10 by then; the score after a bad epoch is (0.9 r + 1) / 12 */
static uint32_t beta_after(uint32_t score)
{
    return (uint32_t)((9 * (uint64_t)score * 12 / 10 - 9000 + 10000) / 12);
}

/* P8: phi <= 1 / (1 + theta / (3 rise)), and a greedy attacker comes close to it. */
Test(sim_rules, the_on_off_bound_holds_and_is_nearly_reached)
{
    const struct assay_trust_state tried = { .integrity_bp = 10000,
                                             .availability_bp = 10000,
                                             .listed_after_failure = true,
                                             .offences = { .count = 5, .last_epoch = 1 } };
    struct assay_trust_state trust[4];
    for (int i = 0; i < 4; i++)
        trust[i] = tried;
    const struct {
        enum badness how;
        const struct assay_trust_state *trust;
        uint32_t theta, rise, epochs, measured; /* millionths; 0: unknown */
    } cases[] = {
        { SOFT_FAIL, NULL, 5000, 100, 20000, 56300 }, { SOFT_FAIL, NULL, 7500, 100, 20000, 38500 },
        { SOFT_FAIL, trust, 5000, 12, 60000, 7300 },  { SOFT_FAIL, trust, 7500, 12, 60000, 4900 },
        { ABSENCE, NULL, 5000, 500, 20000, 0 },       { ABSENCE, NULL, 7500, 500, 20000, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double bound = assay_sim_law_on_off(cases[i].theta, cases[i].rise);
        const uint32_t got =
            greedy_share((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL,
                                                           .trust = cases[i].trust },
                         cases[i].how, cases[i].theta, cases[i].epochs, three_quarters);
        cr_log_info("theta %u, rise %u: %u, bound %.0f, measured there %u", cases[i].theta,
                    cases[i].rise, got, bound * 1e6, cases[i].measured);
        /* SC + U over theta/3 more at the very start */
        const double slack = 10100.0 / (cases[i].theta / 3.0) / cases[i].epochs;
        cr_expect_leq(got / 1e6, bound + slack, "theta %u: %u", cases[i].theta, got);
        cr_expect_geq(got / 1e6, bound * 0.85, "theta %u: %u", cases[i].theta, got);
        if (cases[i].measured == 0) continue;
        cr_expect_leq(got, cases[i].measured + 250, "theta %u: %u", cases[i].theta, got);
        cr_expect_geq(got + 250, cases[i].measured, "theta %u: %u", cases[i].theta, got);
    }
}

Test(sim_rules, symmetric_steps_and_beta_let_an_attacker_be_bad_half_of_the_time)
{
    const uint32_t ema =
        greedy_share((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_MEAN }, ABSENCE, 5000,
                     20000, three_quarters);
    cr_expect(ema >= 375000 - 250 && ema <= 375000 + 250, "37.5 %%: %u", ema);
    const uint32_t beta =
        greedy_share((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_BETA }, ABSENCE, 5000,
                     20000, beta_after);
    cr_expect(beta >= 454500 - 500 && beta <= 454500 + 500, "45.5 %%: %u", beta);
}

/* --- coming and going ------------------------------------------------------------------------ */

Test(sim_rules, weight_sources_differ_only_in_what_they_read)
{
    const uint32_t want[3] = { 10000, 7500, 10000 };
    for (unsigned source = 0; source < 3; source++) {
        fleet_init(&f, 7,
                   (struct assay_sim_rules_options){ .weight_source =
                                                         (enum assay_sim_weight_source)source });
        absent(2, true);
        fleet_step(&f);
        cr_expect_eq(fleet_score(&f, 2), 7500);
        cr_expect_eq(assay_sim_rules_weights(f.rules)[2], want[source], "source %u", source);
        fleet_steps(&f, 2);
        cr_expect_eq(assay_sim_rules_weights(f.rules)[2],
                     source == ASSAY_SIM_WEIGHT_SCORE ? 0u : 10000u, "suspended, source %u",
                     source);
        fleet_free(&f);
    }
}

Test(sim_rules, who_is_not_listed_has_no_weight_under_any_rule)
{
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++) {
        init_rule(7, (enum assay_sim_rule)rule);
        f.unlisted[4] = true;
        fleet_step(&f);
        cr_expect_eq(assay_sim_rules_weights(f.rules)[4], 0u, "rule %u", rule);
        cr_expect_gt(assay_sim_rules_weights(f.rules)[5], 0u, "rule %u", rule);
        cr_expect_eq(assay_sim_rules_tolerance(f.rules)->voter_count, 6u);
        fleet_free(&f);
    }
}

Test(sim_rules, a_newcomer_starts_where_its_rule_lets_it)
{
    const uint16_t start[] = { 0, 0, 0, 5000, 0, 10000 };
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++) {
        init_rule(7, (enum assay_sim_rule)rule);
        fleet_steps(&f, 3);
        assay_sim_rules_join(f.rules, 6, (struct assay_offences){ 0 });
        cr_expect_eq(fleet_score(&f, 6), start[rule], "rule %u: %u", rule, fleet_score(&f, 6));
        fleet_free(&f);
    }
}

/* docs/protocol.md 7.10: out of SUSPENDED after 54 epochs, FULL after 94. */
Test(sim_rules, a_restarted_member_is_out_of_suspension_after_54_epochs_and_full_after_94)
{
    init_rule(7, ASSAY_SIM_RULE_INTERVAL);
    f.members[2].faults.own_fail_hard = true;
    fleet_say(&f, 0, 7, 2, 3, ASSAY_OUTCOME_FAIL_HARD);
    fleet_step(&f);
    const struct assay_trust_state *trust = &assay_sim_rules_trust(f.rules)[2];
    cr_expect_eq(trust->integrity_bp, 0);
    cr_expect_eq(trust->offences.count, 1u);
    fleet_say(&f, 0, 7, 2, 3, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    fleet_steps(&f, 5);
    cr_expect_eq(trust->integrity_bp, 0, "no new incarnation is listed");
    assay_sim_rules_list(f.rules, 2);
    fleet_steps(&f, 53);
    cr_expect_eq(assay_sim_rules_weights(f.rules)[2], 0u);
    fleet_step(&f);
    cr_expect_eq(assay_sim_rules_weights(f.rules)[2], 5400u);
    fleet_steps(&f, 39);
    cr_expect_eq(trust->score.standing, ASSAY_STANDING_WARNING);
    fleet_step(&f);
    cr_expect_eq(trust->score.standing, ASSAY_STANDING_FULL);
    fleet_free(&f);
}

Test(sim_rules, nothing_moves_without_a_record)
{
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++) {
        init_rule(7, (enum assay_sim_rule)rule);
        fleet_steps(&f, 3);
        const uint16_t before = fleet_score(&f, 1);
        absent(1, true);
        const struct assay_sim_rules_input input = {
            .epoch = f.epoch, .members = f.members, .rows = f.rows, .unlisted = f.unlisted
        };
        assay_sim_rules_step(f.rules, &input);
        cr_expect_eq(fleet_score(&f, 1), before, "rule %u", rule);
        fleet_free(&f);
    }
}

/* With evidence an unproven FAIL is void, and the liar falls; without, the subject does. */
Test(sim_rules, evidence_turns_a_slander_against_the_slanderer)
{
    for (unsigned rule = ASSAY_SIM_RULE_MEAN; rule <= ASSAY_SIM_RULE_EIGENTRUST; rule++) {
        uint16_t victim[2];
        uint16_t liar[2];
        for (unsigned evidence = 0; evidence < 2; evidence++) {
            fleet_init(&f, 20,
                       (struct assay_sim_rules_options){ .rule = (enum assay_sim_rule)rule,
                                                         .evidence = evidence == 1 });
            fleet_steps(&f, 10);
            fleet_say(&f, 0, 12, 19, 20, ASSAY_OUTCOME_FAIL_HARD);
            for (uint32_t epoch = 0; epoch < 30; epoch++) {
                f.members[0].faults.false_fails = 1;
                fleet_step(&f);
            }
            victim[evidence] = fleet_score(&f, 19);
            liar[evidence] = fleet_score(&f, 0);
            fleet_free(&f);
        }
        cr_expect_gt(victim[1], victim[0] + 1000, "rule %u: %u, %u", rule, victim[1], victim[0]);
        cr_expect_eq(liar[1], 0, "rule %u", rule);
        cr_expect_gt(liar[0], 5000, "rule %u", rule);
    }
}

Test(sim_rules, a_member_without_electorate_keeps_the_rules_whole)
{
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++) {
        init_rule(1, (enum assay_sim_rule)rule);
        fleet_steps(&f, 3);
        cr_expect_leq(fleet_score(&f, 0), 10000);
        fleet_free(&f);
    }
}

/* --- the same bytes everywhere --------------------------------------------------------------- */

static void absorb(uint64_t *digest, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        *digest ^= value >> (8 * i) & 0xff;
        *digest *= UINT64_C(1099511628211); /* FNV-1a */
    }
}

/* Forty epochs of random ballots and faults; every score and weight of every epoch. */
static uint64_t digest_of(enum assay_sim_rule rule, enum assay_sim_weight_source source)
{
    uint64_t digest = UINT64_C(14695981039346656037);
    fleet_init(&f, 25,
               (struct assay_sim_rules_options){
                   .rule = rule, .weight_source = source, .leak_quotient_log2 = 10 });
    for (uint32_t epoch = 0; epoch < 40; epoch++) {
        struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_THEORY, 4, epoch);
        for (uint32_t v = 0; v < 25; v++) {
            const enum assay_outcome all[] = { ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_OUTCOME_ABSENT,
                                               ASSAY_OUTCOME_FAIL_HARD, ASSAY_OUTCOME_NONE };
            fleet_silence(&f, v, assay_sim_random_permille(&random, epoch < 20 ? 100 : 500));
            for (uint32_t s = 0; s < 25; s++) {
                const uint64_t pick = assay_sim_random_below(&random, 12);
                fleet_say(&f, v, v + 1, s, s + 1,
                          all[s % 5 == 0 ? pick % 3
                              : pick < 3 ? pick + 1
                                         : 0]);
            }
            f.members[v].faults.own_fail_soft = assay_sim_random_permille(&random, 10);
        }
        fleet_step(&f);
        for (uint32_t i = 0; i < 25; i++) {
            absorb(&digest, fleet_score(&f, i));
            absorb(&digest, assay_sim_rules_weights(f.rules)[i]);
        }
    }
    fleet_free(&f);
    return digest;
}

/* Fixed numbers: another compiler, optimisation level or machine must give the same. A change of a
 * rule changes them, and with them every trace of a scenario that uses it. */
Test(sim_rules, the_same_ballots_give_the_same_bytes_in_every_build)
{
    static const uint64_t want[6][3] = {
        { UINT64_C(0x54edefbec15b1705), UINT64_C(0xa62e37b3826e6fb1),
          UINT64_C(0x74735fcae31fab9e) },
        { UINT64_C(0x6ceda5b46de8024d), UINT64_C(0x6ceda5b46de8024d),
          UINT64_C(0x2f0664c5758378de) },
        { UINT64_C(0x7bc56ab5522db18d), UINT64_C(0x7bc56ab5522db18d),
          UINT64_C(0x7c70aa6e4a810a0a) },
        { UINT64_C(0xebe39ef67bbad321), UINT64_C(0xebe39ef67bbad321),
          UINT64_C(0x90c7ad625afda6ee) },
        { UINT64_C(0xe93a6a95e1196293), UINT64_C(0xe93a6a95e1196293),
          UINT64_C(0xfa11da7083635854) },
        { UINT64_C(0x80f62494f2f52b95), UINT64_C(0x80f62494f2f52b95),
          UINT64_C(0x89edefa6d4793809) },
    };
    for (unsigned rule = 0; rule <= ASSAY_SIM_RULE_LEAK; rule++)
        for (unsigned source = 0; source < 3; source++) {
            const uint64_t got =
                digest_of((enum assay_sim_rule)rule, (enum assay_sim_weight_source)source);
            cr_expect_eq(got, want[rule][source], "rule %u, source %u: 0x%016lx", rule, source,
                         (unsigned long)got);
        }
}
