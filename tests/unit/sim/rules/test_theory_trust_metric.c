/*
 * tests/unit/sim/rules/test_theory_trust_metric.c - Tendermint's trust metric: what its own test
 * says, and a sequence by hand.
 */
#include "tests/support/theory/trust_metric.h"

#include <criterion/criterion.h>
#include <math.h>

static struct assay_sim_trust_metric m;

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

/* TestTrustMetricScores: one good event scores 100; ten bad ones more do not. */
Test(sim_theory_trust_metric, scores_as_its_own_test_says)
{
    assay_sim_trust_metric_init(&m);
    cr_expect_eq((int)floor(100 * assay_sim_trust_metric_value(&m, 1)), 100);
    cr_expect_neq((int)floor(100 * assay_sim_trust_metric_value(&m, 1.0 / 11)), 100);
}

/* 0.4 * 0 + 0.6 * 1 + (0 - 1) < 0: one bad interval takes a perfect score to 0, however long. */
Test(sim_theory_trust_metric, one_bad_interval_takes_everything)
{
    for (int past = 0; past < 3000; past += 999) {
        assay_sim_trust_metric_init(&m);
        for (int i = 0; i < past; i++)
            assay_sim_trust_metric_next(&m, 1);
        cr_expect(near(assay_sim_trust_metric_value(&m, 1), 1), "%d", past);
        cr_expect(near(assay_sim_trust_metric_value(&m, 0), 0), "%d", past);
        cr_expect(near(assay_sim_trust_metric_value(&m, 0.5), 0.2 + 0.6 - 0.5), "%d", past);
    }
}

/*
 * After a first bad interval the history is 0: TV = 0.4. Then slots 0.4 | 0.2: H = 0.4, both young
 * intervals are in slot 0: TV = 0.64. Then 0.64 | 0.52 | 0.28: H = (0.8 * 0.64 + 0.64 * 0.64 +
 * 0.512 * 0.52) / 1.952 = 0.6085..., TV = 0.4 + 0.6 H.
 */
Test(sim_theory_trust_metric, comes_back_slowly)
{
    assay_sim_trust_metric_init(&m);
    assay_sim_trust_metric_next(&m, 0);
    cr_expect(near(assay_sim_trust_metric_value(&m, 1), 0.4));
    assay_sim_trust_metric_next(&m, 1);
    cr_expect(near(m.history[0], 0.4));
    cr_expect(near(m.history[1], 0.2));
    cr_expect(near(assay_sim_trust_metric_value(&m, 1), 0.64));
    assay_sim_trust_metric_next(&m, 1);
    cr_expect(near(m.history[1], 0.52));
    cr_expect(near(m.history[2], 0.28));
    const double history = (0.8 * 0.64 + 0.64 * 0.64 + 0.512 * 0.52) / 1.952;
    cr_expect(near(assay_sim_trust_metric_value(&m, 1), 0.4 + 0.6 * history));
    double before = 0;
    for (int i = 0; i < 200; i++) {
        const double value = assay_sim_trust_metric_value(&m, 1);
        cr_assert_geq(value, before);
        before = value;
        assay_sim_trust_metric_next(&m, 1);
    }
    cr_expect_gt(before, 0.99);
}

Test(sim_theory_trust_metric, keeps_two_weeks_in_fifteen_slots)
{
    assay_sim_trust_metric_init(&m);
    for (int i = 0; i < 300; i++)
        assay_sim_trust_metric_next(&m, i % 2);
    cr_expect_eq(m.intervals, 300u);
    cr_expect_eq(m.slots, (uint32_t)ASSAY_TRUST_METRIC_SLOTS);
    cr_expect(m.history_value >= 0 && m.history_value <= 1);
    cr_expect_eq(ASSAY_TRUST_METRIC_SLOTS, (int)floor(log2(ASSAY_TRUST_METRIC_INTERVALS)) + 1);
}
