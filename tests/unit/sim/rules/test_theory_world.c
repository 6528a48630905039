/*
 * tests/unit/sim/rules/test_theory_world.c - laws L1..L4 and L7 come out of the epoch world too,
 * where ballots travel, epochs are certified and attacks are files: what a sweep of `badmouthing`
 * over b = 0 .. 60 % draws its overlays on.
 */
#include "sim/theory/laws.h"

#include "tests/unit/sim/epochs_fixture.h"

#include <criterion/criterion.h>
#include <math.h>

enum { NODES = 100, EPOCHS = 60 };

struct world_rule {
    enum assay_sim_rule rule;
    enum assay_sim_weight_source weight_source;
    enum assay_sim_attack attack;
};

/* Lowest honest score after EPOCHS; *share_bp: of the liars' weight. */
static int64_t honest_score(struct world_rule rule, uint32_t liars, int64_t *share_bp)
{
    struct fixture f;
    struct assay_scenario s = fixture_scenario(NODES);
    s.rule = rule.rule;
    s.weight_source = rule.weight_source;
    s.epochs = EPOCHS;
    if (liars > 0) fixture_attack(&s, rule.attack, fixture_cohort(&s, "liars", liars), 0, 1, 0);
    fixture_open(&f, &s, 1, 1);
    fixture_ticks(&f, EPOCHS);
    assay_sim_epochs_end(f.world);
    const int64_t score = f.outcome.figures[ASSAY_SIM_FIGURE_SCORE_FINAL_MIN_BP][0];
    *share_bp = liars > 0 ? f.outcome.figures[ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP][1] : 0;
    assay_sim_epochs_destroy(&f.world);
    assay_sim_outcome_free(&f.outcome);
    return score;
}

static void expect_law(struct world_rule rule, double (*law)(double b), double tolerance)
{
    for (uint32_t b = 0; b <= 60; b += 10) {
        int64_t share = 0;
        const int64_t got = honest_score(rule, b, &share);
        const double want = 10000 * law(b / 99.0);
        cr_expect(fabs((double)got - want) <= tolerance, "b = %u: %ld, law %.1f", b, (long)got,
                  want);
    }
}

static double honest_share(double b)
{
    return b;
}

/* The liars' share of all weight; the laws speak of an electorate, up to 64 bp away (0.6 / 99). */
static void expect_share(struct world_rule rule, double (*law)(double b))
{
    for (uint32_t b = 10; b <= 60; b += 10) {
        int64_t share = 0;
        (void)honest_score(rule, b, &share);
        cr_expect(fabs((double)share - 10000 * law(b / 99.0)) <= 64, "b = %u: %ld, law %.1f", b,
                  (long)share, 10000 * law(b / 99.0));
    }
}

Test(sim_theory_world, the_liars_share_of_the_weight)
{
    expect_share((struct world_rule){ ASSAY_SIM_RULE_MEAN, ASSAY_SIM_WEIGHT_SCORE,
                                      ASSAY_SIM_ATTACK_BADMOUTH },
                 assay_sim_law_mean_score_share);
    expect_share((struct world_rule){ ASSAY_SIM_RULE_INTERVAL, ASSAY_SIM_WEIGHT_INTEGRITY,
                                      ASSAY_SIM_ATTACK_ABSENT_VOTE },
                 honest_share);
}

static double interval_of_100(double share)
{
    return assay_sim_law_interval(share * 99 / 100, 100);
}

Test(sim_theory_world, l1_mean_of_equal_votes)
{
    expect_law(
        (struct world_rule){ ASSAY_SIM_RULE_MEAN, ASSAY_SIM_WEIGHT_ONE, ASSAY_SIM_ATTACK_BADMOUTH },
        assay_sim_law_mean, 1);
}

Test(sim_theory_world, l2_mean_weighted_by_score)
{
    expect_law((struct world_rule){ ASSAY_SIM_RULE_MEAN, ASSAY_SIM_WEIGHT_SCORE,
                                    ASSAY_SIM_ATTACK_BADMOUTH },
               assay_sim_law_mean_score, 4);
}

Test(sim_theory_world, l3_a_third_trimmed)
{
    expect_law((struct world_rule){ ASSAY_SIM_RULE_TRIMMED, ASSAY_SIM_WEIGHT_SCORE,
                                    ASSAY_SIM_ATTACK_BADMOUTH },
               assay_sim_law_trimmed_score, 5);
}

Test(sim_theory_world, l4_the_interval_against_absent_votes)
{
    expect_law((struct world_rule){ ASSAY_SIM_RULE_INTERVAL, ASSAY_SIM_WEIGHT_INTEGRITY,
                                    ASSAY_SIM_ATTACK_ABSENT_VOTE },
               interval_of_100, 1);
}

Test(sim_theory_world, l7_the_interval_against_badmouthing)
{
    expect_law((struct world_rule){ ASSAY_SIM_RULE_INTERVAL, ASSAY_SIM_WEIGHT_INTEGRITY,
                                    ASSAY_SIM_ATTACK_BADMOUTH },
               assay_sim_law_evidence, 0);
}
