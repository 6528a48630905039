/*
 * sim/rules/internal.h - state of sim/rules.h, and the steps of each rule.
 */
#ifndef ASSAY_SIM_RULES_INTERNAL_H
#define ASSAY_SIM_RULES_INTERNAL_H

#include "sim/rules.h"

/* Evidence for and against, with ASSAY_SIM_BETA_ONE as one whole epoch. */
struct beta_counts {
    uint64_t pass;
    uint64_t negative;
};

/* Ethereum's accounting of one validator, in Gwei. */
struct leak_account {
    uint64_t balance;
    uint64_t effective; /* in complete coins, following the balance by hysteresis */
    uint64_t inactivity;
    bool exited; /* ejected or convicted: no way back */
};

struct assay_sim_rules {
    struct assay_sim_rules_options options; /* defaults filled in */
    struct assay_weight_rules caps;
    struct assay_score_rules ladder;
    uint32_t count;
    struct assay_trust_state *trust;    /* [count] */
    struct assay_trust_state *seen;     /* [count] scratch: trust as seen by the weight source */
    struct assay_tally_member *asked;   /* [count] scratch: faults as the rule counts FAIL */
    struct assay_tally_result *results; /* [count] */
    struct assay_tally_summary summary;
    struct assay_tolerance tolerance;
    uint32_t *weights; /* [count] in force */
    uint32_t *next;    /* [count] scratch */
    uint64_t *memory;  /* scratch of scoring/ */
    size_t memory_len;

    struct beta_counts *beta;  /* [count], beta */
    struct leak_account *leak; /* [count], leak */
    uint32_t leak_epochs;      /* leak: since the last certified close */
    int16_t *local;            /* [count][count], eigentrust: satisfactory - not, rater by row */
    uint64_t *global;          /* [count], eigentrust: t, 2^40 is the total */
    uint64_t *flow;            /* [count] scratch, eigentrust */
    uint32_t *pretrust;        /* [count], eigentrust */
    uint64_t pretrust_sum;
};

/* Sets I = A = score and both standings to its band: rules with one number. */
void rules_set_score(struct assay_sim_rules *rules, uint32_t slot, uint16_t score_bp);

/* Returns: whether a proof of this epoch convicts the member and the rule considers proofs. */
bool rules_convicted(const struct assay_sim_rules *rules, const struct assay_tally_member *member);

/* Each after the votes were counted into rules->results and rules->summary. */
void rules_ramp_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input);
void rules_beta_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input);
void rules_eigentrust_step(struct assay_sim_rules *rules,
                           const struct assay_sim_rules_input *input);
void rules_leak_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input);

/* The start value of a rule, for members of the genesis and for later ones. */
void rules_beta_start(struct assay_sim_rules *rules, uint32_t slot);
void rules_eigentrust_start(struct assay_sim_rules *rules);
void rules_eigentrust_join(struct assay_sim_rules *rules, uint32_t slot);
void rules_leak_start(struct assay_sim_rules *rules, uint32_t slot);

#endif
