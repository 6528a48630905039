/*
 * tests/unit/sim/test_epochs_laws.c - laws of docs/protocol.md 7.3 and 7.12, in networks of any
 * size.
 */
#include "tests/unit/sim/epochs_fixture.h"

#include <criterion/criterion.h>

static int64_t figure(const struct assay_sim_outcome *o, enum assay_sim_figure f, uint32_t cohort)
{
    return o->figures[f][cohort];
}

static void run(const struct assay_scenario *s, struct assay_sim_outcome *outcome)
{
    const struct assay_sim_options options = { .seed = 5, .threads = 2 };
    cr_assert_eq(assay_sim_run_epochs(s, &options, outcome), ASSAY_OK);
    cr_expect_not(assay_sim_outcome_violated(outcome), "%s", assay_sim_outcome_violation(outcome));
}

/* L4: scores are flat for every share of liars up to (n - 1) / 3. */
Test(epochs_laws, up_to_a_third_who_say_absent_move_nothing)
{
    for (uint32_t liars = 11; liars <= 33; liars += 11) {
        struct assay_scenario s = fixture_scenario(100);
        struct assay_sim_outcome o;
        s.epochs = 40;
        fixture_attack(&s, ASSAY_SIM_ATTACK_ABSENT_VOTE, fixture_cohort(&s, "liars", liars), 0, 1,
                       0);
        run(&s, &o);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_MIN_BP, 0), 10000, "%u liars", liars);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_UNJUST_DROPS, 0), 0);
        assay_sim_outcome_free(&o);
    }
}

/* Above a third they do: the law says where it ends. */
Test(epochs_laws, more_than_a_third_who_say_absent_move_availability_but_no_weight)
{
    struct assay_scenario s = fixture_scenario(100);
    struct assay_sim_outcome o;
    s.epochs = 40;
    fixture_attack(&s, ASSAY_SIM_ATTACK_ABSENT_VOTE, fixture_cohort(&s, "liars", 40), 0, 1, 0);
    run(&s, &o);
    /* hi = ceil(10000 (2 * 99 - 3 * 40) / (2 * 99 - 100)) = 7960; A comes within 3 bp from above */
    cr_expect_geq(figure(&o, ASSAY_SIM_FIGURE_SCORE_FINAL_MIN_BP, 0), 7960);
    cr_expect_leq(figure(&o, ASSAY_SIM_FIGURE_SCORE_FINAL_MAX_BP, 0), 7963);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_INTEGRITY_FINAL_MIN_BP, 0), 10000);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, 1), 4000);
    assay_sim_outcome_free(&o);
}

/* E5 convicts whoever says FAIL about evidence that passes, and a FAIL without proof counts for
 * nothing: with liars of three fifths of the weight, too. */
Test(epochs_laws, badmouthing_at_any_share_up_to_sixty_percent_lowers_nobody_honest, .timeout = 600)
{
    for (uint32_t liars = 5; liars <= 60; liars += 5) {
        struct assay_scenario s = fixture_scenario(100);
        struct assay_sim_outcome o;
        s.epochs = 20;
        fixture_attack(&s, ASSAY_SIM_ATTACK_BADMOUTH, fixture_cohort(&s, "liars", liars), 0, 3, 0);
        run(&s, &o);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_MIN_BP, 0), 10000, "%u liars", liars);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_UNJUST_DROPS, 0), 0, "%u liars", liars);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, 1), 0, "%u liars", liars);
        assay_sim_outcome_free(&o);
    }
}

/* Caps hold a vendor root of less than 60 % of the nodes, where three others share the rest, below
 * a third: with B = 3 no cut is deeper than to a third (docs/protocol.md 6.3, 6.3.2). */
Test(epochs_laws, a_broken_vendor_root_of_four_stays_below_a_third, .timeout = 600)
{
    static const uint32_t shares_bp[] = { 2500, 3400, 5000, 5900 };
    for (size_t i = 0; i < sizeof shares_bp / sizeof shares_bp[0]; i++) {
        struct assay_scenario s = fixture_scenario(300);
        struct assay_sim_outcome o;
        s.epochs = 12;
        s.operators = 100;
        s.vendors = 4;
        s.amplification_percent = 300; /* cuts as deep as the caps ask (6.3.2) */
        s.has_vendor_shares = true;
        s.vendor_share_bp[0] = shares_bp[i];
        for (int v = 1; v < 4; v++)
            s.vendor_share_bp[v] = (10000 - shares_bp[i]) / 3;
        s.vendor_share_bp[3] = 10000 - shares_bp[i] - 2 * s.vendor_share_bp[1];
        const uint32_t broken = fixture_cohort(&s, "broken", 0);
        s.cohorts[broken].share_bp = 10000;
        s.cohorts[broken].has_vendor = true;
        fixture_attack(&s, ASSAY_SIM_ATTACK_EXTRACT, broken, 0, 3, 0);
        fixture_attack(&s, ASSAY_SIM_ATTACK_ABSENT_VOTE, broken, 0, 3, 0);
        run(&s, &o);
        cr_expect_lt(3 * figure(&o, ASSAY_SIM_FIGURE_WEIGHT_SHARE_MAX_BP, broken), 10000, "%u bp",
                     shares_bp[i]);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_MIN_BP, 0), 10000, "%u bp", shares_bp[i]);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_UNJUST_DROPS, 0), 0, "%u bp", shares_bp[i]);
        assay_sim_outcome_free(&o);
    }
}

/* L8, P3: whoever fell silent is SUSPENDED in the third epoch, however large the network. */
Test(epochs_laws, detection_takes_three_epochs)
{
    struct assay_scenario s = fixture_scenario(1000);
    struct assay_sim_outcome o;
    s.epochs = 12;
    s.epoch_ms = 60000;
    s.link.loss_permille = 50;
    const uint32_t quiet = fixture_cohort(&s, "quiet", 100);
    fixture_attack(&s, ASSAY_SIM_ATTACK_QUIET, quiet, 0, 4, 0);
    run(&s, &o);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_DETECTION_EPOCHS, quiet), 3);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_DETECTED, quiet), 100);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_MIN_BP, 0), 10000);
    assay_sim_outcome_free(&o);
}

/* Bad in one epoch of 1 + off. Returns: the lowest availability in the long run. */
static uint16_t lowest_of_on_off(uint32_t off)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(20);
    const uint32_t on_off = fixture_cohort(&s, "on-off", 1);
    struct assay_sim_adversary *a = fixture_attack(&s, ASSAY_SIM_ATTACK_ON_OFF, on_off, 0, 1, 0);
    uint16_t lowest = 10000;
    a->on_epochs = 1;
    a->off_epochs = off;
    fixture_open(&f, &s, 5, 1);
    fixture_ticks(&f, 200);
    for (uint32_t i = 0; i < 2 * (1 + off); i++) {
        fixture_ticks(&f, 1);
        const uint16_t now = fixture_trust(&f, fixture_slot(&f, on_off))->availability_bp;
        if (now < lowest) lowest = now;
    }
    fixture_close(&f);
    return lowest;
}

/* P8: above theta = 5000 in at most 1 / (1 + theta / (3 * 500)) = 3 of 13 epochs bad: one in four
 * is too many, one in five is not, and the rules are that sharp. (0.75 A + 500 off = A.) */
Test(epochs_laws, an_on_off_attacker_above_5000_is_bad_in_no_more_epochs_than_p8_allows)
{
    for (uint32_t off = 1; off <= 6; off++) {
        const bool allowed = 13 * 1 <= 3 * (1 + off);
        const uint16_t lowest = lowest_of_on_off(off);
        if (lowest >= 5000) cr_expect(allowed, "off %u: %u", off, lowest);
        cr_expect_eq(lowest >= 5000, off >= 4, "off %u: %u", off, lowest);
    }
}

/* Weight made of scores hands the network to 40 % who call the rest absent; made of integrity or of
 * nothing it stays where it was (docs/protocol.md 6.0). */
Test(epochs_laws, weight_made_of_scores_is_captured_and_weight_made_of_integrity_is_not)
{
    static const int64_t expected[] = { [ASSAY_SIM_WEIGHT_INTEGRITY] = 4000,
                                        [ASSAY_SIM_WEIGHT_SCORE] = 10000,
                                        [ASSAY_SIM_WEIGHT_ONE] = 4000 };
    for (int source = ASSAY_SIM_WEIGHT_INTEGRITY; source <= ASSAY_SIM_WEIGHT_ONE; source++) {
        struct assay_scenario s = fixture_scenario(100);
        struct assay_sim_outcome o;
        s.epochs = 40;
        s.weight_source = (enum assay_sim_weight_source)source;
        s.operator_cap_num = s.vendor_cap_num = 100;
        s.operator_cap_den = s.vendor_cap_den = 100;
        fixture_attack(&s, ASSAY_SIM_ATTACK_ABSENT_VOTE, fixture_cohort(&s, "liars", 40), 0, 1, 0);
        run(&s, &o);
        cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, 1), expected[source], "%s",
                     assay_sim_weight_source_name(s.weight_source));
        assay_sim_outcome_free(&o);
    }
}

/* L1: the mean of votes gives away what badmouthers ask for; the interval with evidence nothing. */
Test(epochs_laws, badmouthing_pays_under_the_mean_and_is_convicted_under_the_interval)
{
    static const enum assay_sim_rule rules[] = { ASSAY_SIM_RULE_MEAN, ASSAY_SIM_RULE_INTERVAL };
    for (size_t i = 0; i < 2; i++) {
        struct assay_scenario s = fixture_scenario(100);
        struct assay_sim_outcome o;
        s.epochs = 60;
        s.rule = rules[i];
        s.weight_source = i == 0 ? ASSAY_SIM_WEIGHT_ONE : ASSAY_SIM_WEIGHT_INTEGRITY;
        fixture_attack(&s, ASSAY_SIM_ATTACK_BADMOUTH, fixture_cohort(&s, "liars", 20), 0, 2, 0);
        run(&s, &o);
        const int64_t honest = figure(&o, ASSAY_SIM_FIGURE_SCORE_MEAN_BP, 0);
        if (i == 0) cr_expect(honest > 7950 && honest < 8010, "mean: %lld", (long long)honest);
        else cr_expect_eq(honest, 10000);
        if (i == 1) cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP, 1), 0);
        assay_sim_outcome_free(&o);
    }
}

/* A network that loses everything for good holds, and says so. */
Test(epochs_laws, where_nothing_arrives_nothing_moves)
{
    struct assay_scenario s = fixture_scenario(50);
    struct assay_sim_outcome o;
    s.epochs = 10;
    s.link.loss_permille = 990;
    run(&s, &o);
    cr_expect_eq(figure(&o, ASSAY_SIM_FIGURE_SCORE_FINAL_MIN_BP, 0), 10000);
    assay_sim_outcome_free(&o);
}

Test(epochs_laws, a_scenario_that_contradicts_itself_is_refused)
{
    struct assay_scenario s = fixture_scenario(50);
    const struct assay_sim_options options = { .seed = 1 };
    struct assay_sim_outcome o;
    s.nodes = 0;
    cr_expect_eq(assay_sim_run_epochs(&s, &options, &o), ASSAY_E_INVALID);
    assay_sim_outcome_free(&o);
}
