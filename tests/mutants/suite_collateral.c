/*
 * tests/mutants/suite_collateral.c - networks whose vendors renew collateral (docs/protocol.md
 * 8.8 to 8.14). Of each seed one case.
 */
#include "tests/mutants/trial.h"

#include <stdio.h>

enum { NODES = 7, HIT = 1, EXPECTED_MAX = 4, DAYS_MAX = 4 };

#define DAY(epoch) .at_epoch = (epoch), .given_to = NODES
#define HITS       .by_cohort = true, .cohort = HIT
#define FLAW(symbol) .flaw = ASSAY_SIM_DAY_##symbol

struct collateral_row {
    uint32_t hit, epochs;
    struct assay_sim_day days[DAYS_MAX];
    uint32_t life_s;                /* 0: collateral does not end */
    struct assay_sim_crash crash;   /* down_ms 0: none */
    struct assay_sim_change change; /* at_epoch 0: none */
    struct trial_expectation expected[EXPECTED_MAX];
};

static const struct collateral_row cases[] = {
    /* What no block may hold. */
    { 0,
      10,
      { { DAY(2), FLAW(OLD) },
        { DAY(3), FLAW(FORGED) },
        { DAY(4), FLAW(STRANGER) },
        { DAY(5), FLAW(EARLY) } },
      .expected = { NEEDS(CHANGES, "collateral_included == 0") } },
    /* Of the same number: from the next epoch on. */
    { 0,
      10,
      { { DAY(2) }, { DAY(6), .vendor = 1 } },
      .expected = { NEEDS(CHANGES, "collateral_included == 2"),
                    NEEDS(CHANGES, "collateral_active == 2") } },
    /* A recovery fells two of seven, goes back, and is not offered again. */
    { 2,
      22,
      { { DAY(2), .recovery = true, HITS }, { DAY(12) } },
      .expected = { NEEDS(CHANGES, "collateral_reverted == 1"),
                    NEEDS(CHANGES, "collateral_included == 1"),
                    NEEDS(JUSTICE, "offences hit == 0") } },
    /* One that they had the time to prepare for. */
    { 2,
      16,
      { { DAY(2), .recovery = true, HITS, .update_epoch = 5 } },
      .expected = { NEEDS(CHANGES, "collateral_active == 1"),
                    NEEDS(CHANGES, "collateral_reverted == 0"),
                    NEEDS(JUSTICE, "suspensions hit == 0") } },
    /* Beside a change of the operators. */
    { 0,
      14,
      { { DAY(3) }, { DAY(4), .vendor = 2 } },
      .change = { .action = ASSAY_SIM_ACTION_POLICY, .at_epoch = 3, .given_to = NODES },
      .expected = { NEEDS(CHANGES, "collateral_active >= 1"),
                    NEEDS(CHANGES, "changes_active == 1") } },
    /* Of all vendors it ends while some have come back a moment ago, and one alone publishes anew,
     * late. */
    { 2,
      22,
      { { DAY(18), .vendor = 1 } },
      .life_s = 7,
      .crash = { .cohort = HIT, .at_epoch = 4, .down_ms = 1500 },
      .expected = { NEEDS(P1, "suspensions hit == 0"), NEEDS(P1, "held_epochs >= 60"),
                    NEEDS(LIVENESS, "epochs_certified >= 21") } },
};
enum { CASES = sizeof cases / sizeof cases[0] };

static void add_change(struct assay_scenario *s, const struct assay_sim_change *change)
{
    struct assay_sim_change *c = &s->changes[s->change_count++];
    *c = *change;
    c->ahead_epochs = 2;
    c->epochs = 1;
    c->vendor_cap_num = 40;
    c->vendor_cap_den = 100;
}

void trial_collateral(uint64_t seed, struct trial_finding *finding)
{
    static const struct trial_expectation always[] = {
        NEEDS(JUSTICE, "unjust_offences == 0"),
        NEEDS(P1, "unjust_drops == 0"),
    };
    const struct collateral_row *row = &cases[seed % CASES];
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_outcome o;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = NODES;
    s.vendors = 3;
    s.epochs = row->epochs;
    s.epoch_ms = 1000;
    s.collateral_delay_s = 4;
    s.collateral_life_s = row->life_s;
    if (row->hit > 0) {
        struct assay_sim_cohort *c = &s.cohorts[s.cohort_count++];
        *c = (struct assay_sim_cohort){ .count = row->hit, .has_vendor = true };
        (void)snprintf(c->name, sizeof c->name, "hit");
    }
    for (uint32_t i = 0; i < DAYS_MAX && row->days[i].at_epoch > 0; i++)
        s.days[s.day_count++] = row->days[i];
    if (row->crash.down_ms > 0) s.crashes[s.crash_count++] = row->crash;
    if (row->change.at_epoch > 0) add_change(&s, &row->change);
    trial_scenario(&s, seed, &o, finding);
    trial_expect(&s, &o, row->expected, EXPECTED_MAX, finding);
    trial_expect(&s, &o, always, sizeof always / sizeof always[0], finding);
    assay_sim_outcome_free(&o);
}
