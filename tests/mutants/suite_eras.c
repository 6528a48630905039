/*
 * tests/mutants/suite_eras.c - whole networks that stand still until their operators begin a new
 * era (docs/protocol.md 9.11 to 9.18). Of each seed one case.
 */
#include "tests/mutants/trial.h"

#include <stdio.h>

enum { HIT = 1, FOR_GOOD_MS = 60000, AWAY_MS = 300, EXPECTED_MAX = 2 };

struct eras_row {
    uint32_t nodes, hit;
    struct assay_sim_crash crash; /* down_ms 0: none */
    bool drains_stopped;
    uint32_t cut_bp; /* of the weight, until the operators have decided */
    struct trial_expectation expected[EXPECTED_MAX];
};

#define GOES_ON                                                                                    \
    {                                                                                              \
        NEEDS(ERAS, "eras_ended == 1"), NEEDS(LIVENESS, "epochs_certified >= 12")                  \
    }
static const struct eras_row cases[] = {
    /* More than a third is gone for good. */
    { 7, 3, { .down_ms = FOR_GOOD_MS }, true, 0, GOES_ON },
    /* Or has lost what it signed. */
    { 4, 2, { .down_ms = AWAY_MS, .loses_store = true }, false, 0, GOES_ON },
    { 7, 3, { .down_ms = AWAY_MS, .rolls_back_epochs = 2 }, false, 0, GOES_ON },
    /* Nobody: who is fenced stands still all the same. */
    { 7, 1, { .down_ms = 0 }, false, 0, GOES_ON },
    /* Everybody: all that was final is undone, and the draft says so. */
    { 4, 4, { .down_ms = AWAY_MS, .loses_store = true }, false, 0, GOES_ON },
    /* Nobody, and who takes their decision is alone with it: the others find it by asking. */
    { 5, 1, { .down_ms = 0 }, false, 3999, GOES_ON },
};
enum { CASES = sizeof cases / sizeof cases[0] };

void trial_eras(uint64_t seed, struct trial_finding *finding)
{
    const struct eras_row *row = &cases[seed % CASES];
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_cohort *c = &s.cohorts[s.cohort_count++];
    struct assay_sim_outcome o;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = row->nodes;
    s.epochs = 24;
    s.epoch_ms = 1000;
    *c = (struct assay_sim_cohort){ .count = row->hit };
    (void)snprintf(c->name, sizeof c->name, "hit");
    if (row->crash.down_ms > 0) {
        struct assay_sim_crash *crash = &s.crashes[s.crash_count++];
        *crash = row->crash;
        crash->cohort = HIT;
        crash->at_epoch = 5;
    }
    if (row->cut_bp > 0)
        s.partitions[s.partition_count++] =
            (struct assay_sim_partition){ .start_epoch = 7,
                                          .stop_epoch = 10,
                                          .share_bp = row->cut_bp };
    s.recovers[s.recover_count++] = (struct assay_sim_recover){
        .at_epoch = 7, .after_epochs = 2, .drains_stopped = row->drains_stopped
    };
    trial_scenario(&s, seed, &o, finding);
    trial_expect(&s, &o, row->expected, EXPECTED_MAX, finding);
    assay_sim_outcome_free(&o);
}
