/*
 * tests/unit/sim/test_seats.c - more members than seats, in both worlds (docs/protocol.md 5.22).
 */
#include "sim/epochs/epochs.h"
#include "sim/run.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct assay_scenario network(uint32_t nodes, uint32_t seats_max)
{
    struct assay_scenario s = assay_scenario_default();
    s.nodes = nodes;
    s.operators = nodes / 2 < ASSAY_VOTERS_MAX ? nodes / 2 : (uint32_t)ASSAY_VOTERS_MAX;
    s.vendors = 4;
    s.has_vendor_shares = true;
    s.vendor_share_bp[0] = 5000;
    s.vendor_share_bp[1] = s.vendor_share_bp[2] = 2000;
    s.vendor_share_bp[3] = 1000;
    s.seats_max = seats_max;
    s.evidence = ASSAY_SIM_EVIDENCE_MODELLED;
    return s;
}

static void run(const struct assay_scenario *s, struct assay_sim_outcome *o)
{
    const struct assay_sim_options options = { .seed = s->seed };
    cr_assert_eq(assay_sim_run(s, &options, o), ASSAY_OK);
    for (int i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        cr_assert_eq(o->checks[i].violated, 0u, "%s", o->checks[i].message);
    cr_assert_gt(o->checks[ASSAY_SIM_CHECKER_SEATS].checked, 0u);
    cr_assert_eq(o->figures[ASSAY_SIM_FIGURE_EPOCHS_CERTIFIED][0], (int64_t)s->epochs);
    cr_assert_eq(o->figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][0], 10000);
}

Test(sim_seats, a_few_of_whole_engines_vote_and_all_are_judged)
{
    struct assay_scenario s = network(24, 7);
    struct assay_sim_outcome o;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.epochs = 4;
    run(&s, &o);
    cr_expect_gt(o.checks[ASSAY_SIM_CHECKER_VOTERS].checked, 0u);
    assay_sim_outcome_free(&o);
}

/* Seats of one vendor root that falls go to others at the next boundary. */
Test(sim_seats, follow_the_weights)
{
    struct assay_scenario s = network(24, 7);
    struct assay_sim_outcome o;
    const struct assay_sim_options options = { .seed = 3 };
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.epochs = 8;
    s.cohort_count = 2;
    (void)snprintf(s.cohorts[1].name, sizeof s.cohorts[1].name, "bad");
    s.cohorts[1].share_bp = 10000;
    s.cohorts[1].has_vendor = true;
    s.cohorts[1].vendor = 3;
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_TAMPER, .cohort = 1, .start_epoch = 3, .rate_permille = 1000
    };
    cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
    for (int i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        cr_assert_eq(o.checks[i].violated, 0u, "%s", o.checks[i].message);
    cr_expect_gt(o.cohort_members[1], 0u);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_DETECTED][1], (int64_t)o.cohort_members[1]);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP][1], 0);
    cr_expect_eq(o.figures[ASSAY_SIM_FIGURE_EPOCHS][0], (int64_t)s.epochs);
    assay_sim_outcome_free(&o);
}

/* How many of three equivocators are convicted, in a network of ten whose five seats the seed gives
 * away. */
static int64_t convicted(enum assay_sim_fidelity fidelity, uint64_t seed)
{
    struct assay_scenario s = network(10, 5);
    struct assay_sim_outcome o;
    const struct assay_sim_options options = { .seed = seed };
    s.operators = 5; /* of two members, of which one sits */
    s.vendors = 5;
    s.has_vendor_shares = false;
    s.fidelity = fidelity;
    s.epochs = 5;
    s.cohort_count = 2;
    (void)snprintf(s.cohorts[1].name, sizeof s.cohorts[1].name, "bad");
    s.cohorts[1].count = 3;
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = ASSAY_SIM_ATTACK_EQUIVOCATE, .cohort = 1, .start_epoch = 2, .rate_permille = 1000
    };
    cr_assert_eq(assay_sim_run(&s, &options, &o), ASSAY_OK);
    cr_expect_eq(o.cohort_members[1], 3u);
    const int64_t detected = o.figures[ASSAY_SIM_FIGURE_DETECTED][1];
    assay_sim_outcome_free(&o);
    return detected;
}

/* docs/protocol.md 5.22.2: whose votes nobody hears cannot vote twice, in either world. */
Test(sim_seats, who_has_none_is_not_convicted_of_its_votes)
{
    enum { SEEDS = 8 };
    const enum assay_sim_fidelity both[] = { ASSAY_SIM_FIDELITY_MESSAGE, ASSAY_SIM_FIDELITY_EPOCH };
    for (size_t i = 0; i < 2; i++) {
        int64_t all = 0;
        for (uint64_t seed = 1; seed <= SEEDS; seed++)
            all += convicted(both[i], seed);
        cr_expect(0 < all && all < 3 * SEEDS, "fidelity %d: %d of %d", (int)both[i], (int)all,
                  3 * SEEDS);
    }
}

Test(sim_seats, a_thousand_members_close_epochs_with_a_hundred_seats)
{
    struct assay_scenario s = network(ASSAY_MEMBERS_MAX, ASSAY_VOTERS_MAX);
    struct assay_sim_outcome o;
    s.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    s.epochs = 3;
    run(&s, &o);
    assay_sim_outcome_free(&o);
}
