/*
 * tests/mutants/suite_run.c - whole networks under attack, small and short, at both fidelities.
 *
 * Of each seed one case. What the watch finds counts first (sim/checkers/watch.h); then what must
 * come out, each line under the name of the checker whose promise it is.
 */
#include "tests/mutants/trial.h"

#include <stdio.h>

enum { BAD = 1, VICTIMS = 2, WRONG = 3, START = 3, EPOCHS = 10, NODES = 10, EXPECTED_MAX = 6 };
enum { PATIENT = 14 }; /* epochs that show what is done to a patience of eight */

struct attack_row {
    struct assay_sim_adversary acts[2];
    struct trial_expectation expected[EXPECTED_MAX];
};

#define BY(who, symbol)                                                                            \
    {                                                                                              \
        .attack = ASSAY_SIM_ATTACK_##symbol, .cohort = who, .victims = VICTIMS                     \
    }
#define STUFFING                                                                                   \
    {                                                                                              \
        .attack = ASSAY_SIM_ATTACK_STUFF, .cohort = BAD, .victims = WRONG                          \
    }
static const struct attack_row cases[] = {
    /* PASS on evidence that fails is a false PASS. */
    { { STUFFING, BY(WRONG, TAMPER) },
      { NEEDS(P3, "detection_epochs wrong <= 2"), NEEDS(P3, "weight_share_bp bad == 0") } },
    /* FAIL about good evidence is a false FAIL, and harms nobody. */
    { { BY(BAD, BADMOUTH) },
      { NEEDS(P3, "weight_share_bp bad == 0"), NEEDS(P1, "score_min_bp victims == 10000") } },
    { { BY(BAD, UNDERRATE) },
      { NEEDS(P3, "weight_share_bp bad == 0"), NEEDS(P1, "score_min_bp victims == 10000") } },
    { { BY(BAD, SLANDER) },
      { NEEDS(JUSTICE, "offences victims == 0"), NEEDS(ORDERS, "restarts victims == 0"),
        NEEDS(P3, "weight_share_bp bad == 0") } },
    /* Two signed statements convict by themselves. */
    { { BY(BAD, EQUIVOCATE) },
      { NEEDS(P6, "integrity_min_bp bad == 0"), NEEDS(P6, "proofs >= 2") } },
    { { BY(BAD, TWO_ENVELOPES) },
      { NEEDS(P6, "integrity_min_bp bad == 0"), NEEDS(P6, "proofs >= 2") } },
    /* Not for this epoch: as good as silence. */
    { { BY(BAD, REPLAY) },
      { NEEDS(P3, "detection_epochs bad == 3"), NEEDS(JUSTICE, "offences bad == 0") } },
    /* From another platform than the roster's. */
    { { BY(BAD, RELAY) }, { NEEDS(P3, "integrity_final_min_bp bad == 0") } },
    { { BY(BAD, TAMPER) },
      { NEEDS(P3, "detection_epochs bad <= 2"), NEEDS(P3, "weight_share_bp bad == 0") } },
    /* Absence is not guilt. */
    { { BY(BAD, QUIET) },
      { NEEDS(P3, "detection_epochs bad == 3"), NEEDS(JUSTICE, "offences bad == 0"),
        NEEDS(ORDERS, "restarts bad == 0"), NEEDS(P5, "weight_share_bp bad == 2000") } },
    { { BY(BAD, LIE_IN_BLOCKS) }, { NEEDS(JUSTICE, "offences bad == 0") } },
    { { BY(BAD, FAST_CLOCK) }, { NEEDS(P1, "unjust_drops == 0") } },
    { { BY(BAD, CENSOR) }, { NEEDS(P1, "suspensions victims == 0") } },
    /* Who does not judge is not judged; who nobody can judge is absent in the end. */
    { { BY(BAD, MUTE) },
      { NEEDS(MUTE, "detection_epochs bad == 10"), NEEDS(JUSTICE, "offences bad == 0"),
        NEEDS(P5, "weight_share_bp bad == 2000") } },
    { { BY(BAD, UNJUDGED) },
      { NEEDS(UNJUDGED, "detection_epochs bad == 10"), NEEDS(JUSTICE, "offences bad == 0"),
        NEEDS(P5, "weight_share_bp bad == 2000") } },
    { { BY(BAD, SHRUG) },
      { NEEDS(P1, "score_min_bp victims == 10000"), NEEDS(JUSTICE, "offences bad == 0") } },
    /* The memory checker bounds what is verified and kept for it. */
    { { BY(BAD, SPAM) }, { NEEDS(P1, "score_min_bp victims == 10000") } },
};
enum { CASES = sizeof cases / sizeof cases[0] };

static bool is_patient(const struct attack_row *row)
{
    const enum assay_sim_attack attack = row->acts[0].attack;
    return attack == ASSAY_SIM_ATTACK_MUTE || attack == ASSAY_SIM_ATTACK_UNJUDGED ||
           attack == ASSAY_SIM_ATTACK_SHRUG;
}

static void cohort(struct assay_scenario *s, const char *name, uint32_t count)
{
    struct assay_sim_cohort *c = &s->cohorts[s->cohort_count++];
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->count = count;
}

static struct assay_scenario scenario_of(const struct attack_row *row,
                                         enum assay_sim_fidelity fidelity)
{
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = fidelity;
    s.nodes = s.operators = NODES;
    s.epochs = is_patient(row) ? PATIENT : EPOCHS;
    /* With f of 3f + 1 the honest electorate of a member is two thirds exactly (7.2). */
    const bool shrugs = row->acts[0].attack == ASSAY_SIM_ATTACK_SHRUG;
    cohort(&s, "bad", shrugs ? (NODES - 1) / 3 : NODES / 5);
    cohort(&s, "victims", 2);
    cohort(&s, "wrong", 1);
    for (uint32_t i = 0; i < 2 && row->acts[i].cohort != 0; i++) {
        struct assay_sim_adversary *a = &s.adversaries[s.adversary_count++];
        *a = row->acts[i];
        a->start_epoch = START;
        a->rate_permille = 1000;
        if (a->attack == ASSAY_SIM_ATTACK_FAST_CLOCK) a->amount = 60000;
    }
    return s;
}

static void run(uint64_t seed, enum assay_sim_fidelity fidelity, struct trial_finding *finding)
{
    static const struct trial_expectation closed[] = {
        NEEDS(LIVENESS, "epochs_certified == 10"),
        NEEDS(LIVENESS, "epochs_certified == 14"),
    };
    static const struct trial_expectation always[] = {
        NEEDS(JUSTICE, "unjust_offences == 0"),
        NEEDS(P1, "score_min_bp honest == 10000"),
    };
    const struct attack_row *row = &cases[seed % CASES];
    struct assay_scenario s = scenario_of(row, fidelity);
    struct assay_sim_outcome o;
    trial_scenario(&s, seed, &o, finding);
    trial_expect(&s, &o, row->expected, EXPECTED_MAX, finding);
    trial_expect(&s, &o, &closed[is_patient(row) ? 1 : 0], 1, finding);
    trial_expect(&s, &o, always, sizeof always / sizeof always[0], finding);
    assay_sim_outcome_free(&o);
}

void trial_messages(uint64_t seed, struct trial_finding *finding)
{
    run(seed, ASSAY_SIM_FIDELITY_MESSAGE, finding);
}

void trial_epochs(uint64_t seed, struct trial_finding *finding)
{
    run(seed, ASSAY_SIM_FIDELITY_EPOCH, finding);
}
