/*
 * tests/unit/sim/rules/test_theory_laws.c - laws L1..L8 as curves, and simulated rules lying on
 * them.
 *
 * A member does not vote about itself, so of n members b liars are b / (n - 1) of an electorate:
 * the laws, which are for large n, are asked at that share. Tolerances are in basis points.
 */
#include "sim/theory/laws.h"
#include "tests/support/theory/laws.h"

#include "tests/unit/sim/rules/rules_fleet.h"

#include <criterion/criterion.h>
#include <math.h>

enum { NODES = 100, EPOCHS = 300 };

static struct fleet f; /* too large for the stack of a test */

static bool near(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance;
}

/* Honest score after that many epochs. */
static uint16_t settled_in(uint32_t epochs, struct assay_sim_rules_options options, uint32_t liars,
                           enum assay_outcome lie, uint32_t *share_bp)
{
    fleet_init(&f, NODES, options);
    fleet_say(&f, 0, liars, liars, NODES, lie);
    fleet_steps(&f, epochs);
    const uint16_t score = fleet_score(&f, NODES - 1);
    *share_bp = fleet_share_bp(&f, liars);
    fleet_free(&f);
    return score;
}

static uint16_t settled(struct assay_sim_rules_options options, uint32_t liars,
                        enum assay_outcome lie, uint32_t *share_bp)
{
    return settled_in(EPOCHS, options, liars, lie, share_bp);
}

Test(sim_theory_laws, the_curves_pass_through_the_points_that_are_printed)
{
    cr_expect(near(assay_sim_law_mean(0.1), 0.9, 1e-12));
    cr_expect(near(assay_sim_law_mean_score(0.1), 0.8889, 1e-4));
    cr_expect(near(assay_sim_law_mean_score(0.2), 0.75, 1e-12));
    cr_expect(near(assay_sim_law_mean_score(0.25), 0.6667, 1e-4));
    cr_expect(near(assay_sim_law_mean_score(1.0 / 3), 0.5, 1e-12));
    cr_expect(near(assay_sim_law_mean_score(0.34), 0, 0));
    cr_expect(near(assay_sim_law_mean_score_share(0.25), 1.0 / 3, 1e-12));
    cr_expect(near(assay_sim_law_mean_score_share(0.4), 1, 0));
    cr_expect(near(assay_sim_law_trimmed_collapse(), 0.34892, 1e-5));
    cr_expect(near(assay_sim_law_trimmed_score(1.0 / 3), 1, 1e-9));
    cr_expect(near(assay_sim_law_trimmed_score(0.34), 0.932, 1e-3));
    cr_expect(near(assay_sim_law_trimmed_score(0.35), 0, 0));
    cr_expect(near(assay_sim_law_interval(0.33, 100), 1, 0));
    cr_expect(near(assay_sim_law_interval(0.40, 100), 0.79592, 1e-5));
    cr_expect(near(assay_sim_law_interval(1, 100), 0, 0));
    cr_expect(near(assay_sim_law_on_off(5000, 100), 0.0566, 1e-4));
    cr_expect(near(assay_sim_law_on_off(7500, 100), 0.0385, 1e-4));
    cr_expect(near(assay_sim_law_on_off(5000, 12), 0.00715, 1e-5));
    cr_expect_not(assay_sim_law_side_certifies(2.0 / 3));
    cr_expect(assay_sim_law_side_certifies(0.67));
    cr_expect_eq(assay_sim_law_detection_epochs(0, 0.5), 3u);
    cr_expect_eq(assay_sim_law_detection_epochs(0.2, 0.5), 4u);
    cr_expect_eq(assay_sim_law_detection_epochs(0.5, 0.5), UINT32_MAX);
    cr_expect(near(assay_sim_law_gossip_reach(0), 0.3679, 1e-4));
}

Test(sim_theory_laws, l1_mean_of_equal_votes)
{
    for (uint32_t b = 0; b <= 60; b += 4) {
        uint32_t share = 0;
        const uint16_t got =
            settled((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_MEAN,
                                                      .weight_source = ASSAY_SIM_WEIGHT_ONE },
                    b, ASSAY_OUTCOME_ABSENT, &share);
        cr_expect(near(got, 10000 * assay_sim_law_mean(b / 99.0), 1), "b = %u: %u", b, got);
        cr_expect_eq(share, 100 * b);
    }
}

Test(sim_theory_laws, l2_mean_weighted_by_score)
{
    for (uint32_t b = 0; b <= 60; b += 3) {
        uint32_t share = 0;
        const uint16_t got =
            settled((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_MEAN,
                                                      .weight_source = ASSAY_SIM_WEIGHT_SCORE },
                    b, ASSAY_OUTCOME_ABSENT, &share);
        const double law = 10000 * assay_sim_law_mean_score(b / 99.0);
        cr_expect(near(got, law, 2), "b = %u: %u, law %.1f", b, got, law);
        /* of all n: b / (b + (n - b) h), of the electorate: b / (1 - b); 34 bp apart at most */
        const double share_law = 10000 * assay_sim_law_mean_score_share(b / 99.0);
        cr_expect(near(share, share_law, 40), "b = %u: %u, law %.1f", b, share, share_law);
    }
}

/* The tolerances tell the laws apart, and a share of b from one of b n / (n - 1). */
Test(sim_theory_laws, a_wrong_law_is_noticed)
{
    uint32_t share = 0;
    const uint16_t got =
        settled((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_MEAN,
                                                  .weight_source = ASSAY_SIM_WEIGHT_SCORE },
                20, ASSAY_OUTCOME_ABSENT, &share);
    cr_expect_not(near(got, 10000 * assay_sim_law_mean(20 / 99.0), 2));
    cr_expect_not(near(got, 10000 * assay_sim_law_trimmed_score(20 / 99.0), 5));
    cr_expect_not(near(got, 10000 * assay_sim_law_mean_score(20 / 100.0), 2));
}

Test(sim_theory_laws, l3_a_third_trimmed)
{
    for (uint32_t b = 0; b <= 60; b += 2) {
        uint32_t share = 0;
        const uint16_t got =
            settled((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_TRIMMED,
                                                      .weight_source = ASSAY_SIM_WEIGHT_SCORE },
                    b, ASSAY_OUTCOME_ABSENT, &share);
        const double law = 10000 * assay_sim_law_trimmed_score(b / 99.0);
        cr_expect(near(got, law, 5), "b = %u: %u, law %.1f", b, got, law);
    }
}

Test(sim_theory_laws, l4_the_interval_loses_nothing_below_a_third_whatever_is_lost)
{
    for (uint32_t b = 0; b <= 60; b += 3) {
        uint32_t share = 0;
        const uint16_t got =
            settled((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL }, b,
                    ASSAY_OUTCOME_ABSENT, &share);
        const double law = 10000 * assay_sim_law_interval(b / 100.0, NODES);
        cr_expect(near(got, law, 1), "b = %u: %u, law %.1f", b, got, law);
        cr_expect_eq(share, 100 * b, "and no weight moves");
    }
    /* 33 liars, and more and more honest ballots that never arrive */
    for (uint32_t lost = 0; lost <= 67; lost += 7) {
        fleet_init(&f, NODES, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL });
        fleet_say(&f, 0, 33, 33, NODES, ASSAY_OUTCOME_ABSENT);
        /* of others in each epoch: of whom none arrives in eight falls (docs/protocol.md 7.14) */
        for (uint32_t epoch = 0; epoch < 20; epoch++) {
            for (uint32_t i = 0; i < NODES - 33; i++)
                fleet_silence(&f, 33 + (i + epoch * lost) % (NODES - 33), i < lost);
            fleet_steps(&f, 1);
        }
        for (uint32_t i = 33; i < NODES; i++)
            cr_assert_eq(fleet_score(&f, i), 10000, "%u lost", lost);
        fleet_free(&f);
    }
}

Test(sim_theory_laws, l6_a_side_of_a_partition_needs_more_than_two_thirds)
{
    for (uint32_t side = 50; side <= 75; side++) {
        fleet_init(&f, NODES, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL });
        fleet_say(&f, 0, side, side, NODES, ASSAY_OUTCOME_ABSENT);
        for (uint32_t i = side; i < NODES; i++)
            fleet_silence(&f, i, true);
        fleet_steps(&f, 40);
        const bool certifies = assay_sim_law_side_certifies(side / 100.0);
        cr_expect_eq(assay_sim_rules_summary(f.rules).certified, certifies, "%u", side);
        cr_expect_eq(fleet_score(&f, NODES - 1), certifies ? 0 : 10000, "%u", side);
        cr_expect_eq(fleet_score(&f, 0), 10000, "%u", side);
        cr_expect_eq(assay_sim_rules_trust(f.rules)[NODES - 1].integrity_bp, 10000);
        fleet_free(&f);
    }
}

Test(sim_theory_laws, l7_evidence_makes_badmouthing_pointless)
{
    for (uint32_t b = 0; b <= 60; b += 10) {
        uint32_t share = 0;
        const uint16_t got =
            settled((struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL }, b,
                    ASSAY_OUTCOME_FAIL_HARD, &share);
        cr_expect(near(got, 10000 * assay_sim_law_evidence(b / 100.0), 0), "b = %u: %u", b, got);
    }
}

/* `protectors` of 99 say PASS of an absent member, the rest ABSENT. */
static uint32_t epochs_to_suspension(uint32_t protectors)
{
    fleet_init(&f, NODES, (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_INTERVAL });
    fleet_say(&f, protectors, NODES, NODES - 1, NODES, ASSAY_OUTCOME_ABSENT);
    uint32_t epochs = 0;
    while (fleet_score(&f, NODES - 1) >= 5000 && epochs < 100) {
        fleet_step(&f);
        epochs++;
    }
    fleet_free(&f);
    return epochs;
}

Test(sim_theory_laws, l8_an_absent_member_is_suspended_in_three_epochs)
{
    for (uint32_t protectors = 0; protectors <= 49; protectors++) {
        const double high = fmax(0, (3.0 * protectors - 99) / 98);
        const uint32_t law = assay_sim_law_detection_epochs(high, 0.5);
        cr_expect_eq(epochs_to_suspension(protectors), law, "%u protectors", protectors);
        if (protectors <= 33) cr_expect_eq(law, 3u);
    }
    cr_expect_eq(epochs_to_suspension(40), 4u, "beta = 0.4: four epochs");
    cr_expect_eq(epochs_to_suspension(50), 100u, "half protect it: never");
}

Test(sim_theory_laws, eigentrust_drains_as_its_law_says)
{
    for (uint32_t b = 5; b <= 60; b += 11) {
        uint32_t share = 0;
        const uint16_t got =
            settled_in(10,
                       (struct assay_sim_rules_options){ .rule = ASSAY_SIM_RULE_EIGENTRUST,
                                                         .eigentrust_pre_bp = 2000 },
                       b, ASSAY_OUTCOME_ABSENT, &share);
        const double law = 10000 * assay_sim_law_eigentrust(b / 99.0, 0.2);
        cr_expect(near(got, law, 3), "b = %u: %u, law %.1f", b, got, law);
    }
}
