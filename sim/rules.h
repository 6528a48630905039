/*
 * sim/rules.h - rules that derive scores from outcomes, as a scenario chooses.
 *
 * One epoch of rows in, scores and the weight table of the next epoch out. `interval` is the
 * product itself (scoring/tally.c and scoring/weight.c, nothing between); the others are the
 * alternatives that were not chosen, each with its published weakness, for comparison under the
 * same attack. All integers: the same rows give the same scores on every machine.
 * docs/simulator-checks.md compares each rule with independent figures.
 */
#ifndef ASSAY_SIM_RULES_H
#define ASSAY_SIM_RULES_H

#include "scoring/tally.h"
#include "scoring/weight.h"
#include "sim/scenario/scenario.h"

/*
 * interval    docs/protocol.md 7.1 to 7.10
 * mean        P / W; a missing vote counts against
 * trimmed     (3P - W) / W, clamped
 * beta        Josang, Ismail 2002: (r + 1) / (r + s + 2), forgetting
 * eigentrust  Kamvar, Schlosser, Garcia-Molina 2003, over the ballots so far
 * leak        Ethereum (Bellatrix): inactivity leak, ejection
 *
 * The weight source is the value of which voting weight is made; caps and platforms follow, as in
 * docs/protocol.md 6.0. integrity and score give nothing to a member whose standing in it is
 * SUSPENDED; one gives every listed member the same. Only `interval` separates integrity from the
 * score; the other rules have one number, and integrity means that number there.
 */

/* Zero means the default, everywhere. Pointers are borrowed for the life of the rules, except trust
 * and pretrust, which only create reads. */
struct assay_sim_rules_options {
    enum assay_sim_rule rule;
    enum assay_sim_weight_source weight_source;
    const struct assay_groups *groups;      /* required; gives the member count */
    const struct assay_weight_rules *caps;  /* NULL: assay_weight_rules_default() */
    const struct assay_score_rules *ladder; /* NULL: assay_score_rules_default() */
    /* interval, mean, trimmed: [count] to start from; NULL: genesis, all FULL. */
    const struct assay_trust_state *trust;

    /* mean, trimmed, beta, eigentrust: FAIL that the faults of the epoch do not prove is void, and
     * the score of convicted members drops to 0. `interval` always does; without it a FAIL is a
     * vote against. */
    bool evidence;
    /* mean, trimmed: a score moves 1/step_divisor of the way to its target, rounded away from the
     * old score. Default 4; 1 takes the target at once, as scoring/naive.h does. */
    uint32_t step_divisor;
    uint32_t beta_keep_bp;         /* lambda: default 9000; 10000 forgets nothing */
    uint32_t eigentrust_pre_bp;    /* a, the share of pre-trust: default 1000 */
    uint32_t eigentrust_rounds;    /* iterations an epoch, agreed by all: default 32 */
    const uint32_t *pretrust;      /* [count], each <= 2^20, not all 0; NULL: equal */
    uint32_t leak_quotient_log2;   /* default 24, as on Ethereum; smaller leaks faster; 8..40 */
    uint32_t leak_patience_epochs; /* epochs without a certified close before it leaks: default 4 */
};

enum {
    ASSAY_SIM_STEP_DIVISOR = 4,
    ASSAY_SIM_BETA_KEEP_BP = 9000,
    ASSAY_SIM_EIGENTRUST_PRE_BP = 1000,
    ASSAY_SIM_EIGENTRUST_ROUNDS = 32,
    ASSAY_SIM_PRETRUST_MAX = 1 << 20,
    ASSAY_SIM_LEAK_QUOTIENT_LOG2 = 24,
    ASSAY_SIM_LEAK_PATIENCE_EPOCHS = 4,
};

/* Input of one epoch. Arrays have one element a member and live for the call. */
struct assay_sim_rules_input {
    uint64_t epoch;    /* >= 1, rising */
    bool roll_present; /* false: no ballots were recorded; only strikes of `interval` are lost */
    const struct assay_tally_member *members; /* faults are the truth about evidence */
    const uint8_t *const *rows;               /* counted ballots, NULL: none (scoring/tally.h) */
    const bool *unlisted; /* no incarnation is listed: weight 0; NULL: all are listed */
};

struct assay_sim_rules; /* the state of one network, or of one side of a split one */

/*
 * assay_sim_rules_create - memory and the state before the first epoch.
 *
 * Out:      *rules, to be destroyed; its weights are those of epoch 1
 * Returns:  ASSAY_OK | ASSAY_E_RANGE (an option outside its range) | ASSAY_E_MEMORY
 * Cost:     O(count) memory; eigentrust 2 * count^2 bytes
 */
ASSAY_CHECKED enum assay_status assay_sim_rules_create(
    const struct assay_sim_rules_options *options, struct assay_sim_rules **rules);

/* Accepts NULL; sets the pointer to NULL. */
void assay_sim_rules_destroy(struct assay_sim_rules **rules);

/*
 * assay_sim_rules_step - close one epoch: tally under the weights in force, then the next table.
 *
 * `interval` and `leak` consider whether the close was certified; the others do not.
 * Cost:    one pass over the rows; eigentrust rounds * count^2 more
 */
void assay_sim_rules_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input);

/* An epoch block lists a new incarnation (`interval`: assay_trust_list). */
void assay_sim_rules_list(struct assay_sim_rules *rules, uint32_t slot);

/*
 * The slot has a new member (`interval`: assay_trust_newcomer; the others: the start value of their
 * rule). offences are those retained for the platform. The table in force stays.
 */
void assay_sim_rules_join(struct assay_sim_rules *rules, uint32_t slot,
                          struct assay_offences offences);

/* Returns: the score of service, basis points: S = min(I, A) under `interval`. */
uint16_t assay_sim_rules_score_bp(const struct assay_sim_rules *rules, uint32_t slot);

/* Returns: [count]; rules other than `interval` set I = A = score and standings without memory. */
const struct assay_trust_state *assay_sim_rules_trust(const struct assay_sim_rules *rules);

/* Returns: [count], the table in force in the next epoch. Moves with each step. */
const uint32_t *assay_sim_rules_weights(const struct assay_sim_rules *rules);

/* Returns: the faults that the table in force tolerates. */
const struct assay_tolerance *assay_sim_rules_tolerance(const struct assay_sim_rules *rules);

/* Returns: total and counted weight of the last step, and whether its close was certified. */
struct assay_tally_summary assay_sim_rules_summary(const struct assay_sim_rules *rules);

#endif
