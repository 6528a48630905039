/*
 * tests/mutants/suite_seats.c - whole networks with more members than seats (docs/protocol.md
 * 5.22): one root is crowded, and another falls silent or is found out.
 */
#include "tests/mutants/trial.h"

enum { NODES = 16, SEATS = 6, BAD = 1, BAD_ROOT = 3, START = 3, EPOCHS = 8 };

void trial_seats(uint64_t seed, struct trial_finding *finding)
{
    static const struct trial_expectation always[] = {
        NEEDS(LIVENESS, "epochs_certified == 8"),
        NEEDS(P1, "score_min_bp honest == 10000"),
        NEEDS(JUSTICE, "unjust_offences == 0"),
    };
    static const enum assay_sim_attack attacks[] = { ASSAY_SIM_ATTACK_WITHHOLD,
                                                     ASSAY_SIM_ATTACK_TAMPER,
                                                     ASSAY_SIM_ATTACK_ABSENT_VOTE };
    static const uint32_t shares[] = { 5000, 2000, 1700, 1300 };
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_outcome o;
    s.fidelity = seed % 4 == 0 ? ASSAY_SIM_FIDELITY_EPOCH : ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = s.operators = NODES;
    s.epochs = EPOCHS;
    s.seats_max = SEATS;
    s.vendors = sizeof shares / sizeof shares[0];
    s.has_vendor_shares = true;
    for (uint32_t i = 0; i < s.vendors; i++)
        s.vendor_share_bp[i] = shares[i];
    s.cohort_count = 2;
    s.cohorts[BAD] = (struct assay_sim_cohort){
        .name = "bad", .share_bp = 10000, .has_vendor = true, .vendor = BAD_ROOT
    };
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){ .attack = attacks[seed % 3],
                                                     .cohort = BAD,
                                                     .start_epoch = START,
                                                     .rate_permille = 1000 };
    trial_scenario(&s, seed, &o, finding);
    trial_expect(&s, &o, always, sizeof always / sizeof always[0], finding);
    assay_sim_outcome_free(&o);
}
