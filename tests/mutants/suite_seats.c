/*
 * tests/mutants/suite_seats.c - whole networks with more members than seats (docs/protocol.md
 * 5.22): one root is crowded, and another falls silent or is found out.
 */
#include "tests/mutants/trial.h"

/* Six of the twelve operators have two members, and two seats are left for these. */
enum { NODES = 18, OPERATORS = 12, SEATS = 14, BAD = 1, BAD_ROOT = 3, START = 3, EPOCHS = 13 };

/* Four roots, or one and many small ones. */
static void split(struct assay_scenario *s, bool small)
{
    static const uint32_t four[] = { 5000, 2400, 1700, 900 };
    enum { SMALL = 12, SMALL_BP = 556 };
    s->vendors = small ? 1 + SMALL : sizeof four / sizeof four[0];
    s->has_vendor_shares = true;
    for (uint32_t i = 0; i < s->vendors; i++)
        s->vendor_share_bp[i] = !small ? four[i] : i == 0 ? 10000 - SMALL * SMALL_BP : SMALL_BP;
}

void trial_seats(uint64_t seed, struct trial_finding *finding)
{
    static const struct trial_expectation always[] = {
        NEEDS(LIVENESS, "epochs_certified == 13"),
        NEEDS(P1, "score_min_bp honest == 10000"),
        NEEDS(JUSTICE, "unjust_offences == 0"),
    };
    static const enum assay_sim_attack attacks[] = { ASSAY_SIM_ATTACK_WITHHOLD,
                                                     ASSAY_SIM_ATTACK_TAMPER,
                                                     ASSAY_SIM_ATTACK_ABSENT_VOTE };
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_outcome o;
    s.fidelity = seed % 4 == 0 ? ASSAY_SIM_FIDELITY_EPOCH : ASSAY_SIM_FIDELITY_MESSAGE;
    s.nodes = NODES;
    s.operators = OPERATORS;
    s.epochs = EPOCHS;
    s.seats_max = SEATS;
    split(&s, seed % 2 == 0);
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
