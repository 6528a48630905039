/*
 * sim/rules/rules.c - one epoch under the chosen rule: count, evaluate, weigh.
 *
 * Counting and weighing are scoring/tally.c and scoring/weight.c for every rule; rules differ only
 * in what they derive from P, N and W. Rules that accept a FAIL without proof are evaluated as if
 * every subject's evidence had failed.
 */
#include "sim/rules.h"

#include "base/assert.h"
#include "scoring/standing.h"
#include "sim/rules/internal.h"

#include <stdlib.h>

void rules_set_score(struct assay_sim_rules *rules, uint32_t slot, uint16_t score_bp)
{
    const struct assay_hysteresis band = { .standing = assay_standing_band(score_bp) };
    rules->trust[slot] = (struct assay_trust_state){
        .integrity_bp = score_bp,
        .availability_bp = score_bp,
        .score = band,
        .integrity = band,
        .listed_after_failure = true,
    };
}

bool rules_convicted(const struct assay_sim_rules *rules, const struct assay_tally_member *member)
{
    const struct assay_faults *faults = &member->faults;
    return rules->options.evidence && (faults->own_fail_hard || faults->equivocation ||
                                       faults->false_pass || faults->false_fails > 0);
}

/* --- memory -------------------------------------------------------------------------------- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value == 0 ? otherwise : value;
}

static void fill_defaults(struct assay_sim_rules_options *o)
{
    o->step_divisor = or_default(o->step_divisor, ASSAY_SIM_STEP_DIVISOR);
    o->beta_keep_bp = or_default(o->beta_keep_bp, ASSAY_SIM_BETA_KEEP_BP);
    o->eigentrust_pre_bp = or_default(o->eigentrust_pre_bp, ASSAY_SIM_EIGENTRUST_PRE_BP);
    o->eigentrust_rounds = or_default(o->eigentrust_rounds, ASSAY_SIM_EIGENTRUST_ROUNDS);
    o->leak_quotient_log2 = or_default(o->leak_quotient_log2, ASSAY_SIM_LEAK_QUOTIENT_LOG2);
    o->leak_patience_epochs = or_default(o->leak_patience_epochs, ASSAY_SIM_LEAK_PATIENCE_EPOCHS);
}

static bool pretrust_usable(const uint32_t *pretrust, uint32_t count)
{
    if (pretrust == NULL) return true;
    bool somebody = false;
    for (uint32_t i = 0; i < count; i++) {
        if (pretrust[i] > ASSAY_SIM_PRETRUST_MAX) return false;
        somebody = somebody || pretrust[i] > 0;
    }
    return somebody;
}

static bool options_usable(const struct assay_sim_rules_options *o)
{
    return (unsigned)o->rule <= ASSAY_SIM_RULE_LEAK &&
           (unsigned)o->weight_source <= ASSAY_SIM_WEIGHT_ONE && o->step_divisor <= 10000 &&
           o->beta_keep_bp <= ASSAY_SCORE_BP_MAX && o->eigentrust_pre_bp <= ASSAY_SCORE_BP_MAX &&
           o->eigentrust_rounds <= 10000 && o->leak_quotient_log2 >= 8 &&
           o->leak_quotient_log2 <= 40 && pretrust_usable(o->pretrust, o->groups->count);
}

/* Returns: false without memory; destroy frees what was allocated. */
static bool get_common(struct assay_sim_rules *rules)
{
    const uint32_t count = rules->count;
    const size_t tally_len = assay_tally_memory_len(count);
    const size_t weights_len = assay_weights_memory_len(count);
    rules->memory_len = tally_len > weights_len ? tally_len : weights_len;
    rules->trust = calloc(count, sizeof *rules->trust);
    rules->seen = calloc(count, sizeof *rules->seen);
    rules->asked = calloc(count, sizeof *rules->asked);
    rules->results = calloc(count, sizeof *rules->results);
    rules->weights = calloc(count, sizeof *rules->weights);
    rules->next = calloc(count, sizeof *rules->next);
    rules->memory = calloc(1, rules->memory_len);
    return rules->trust != NULL && rules->seen != NULL && rules->asked != NULL &&
           rules->results != NULL && rules->weights != NULL && rules->next != NULL &&
           rules->memory != NULL;
}

static bool get_eigentrust(struct assay_sim_rules *rules)
{
    const uint32_t count = rules->count;
    rules->local = calloc((size_t)count * count, sizeof *rules->local);
    rules->global = calloc(count, sizeof *rules->global);
    rules->flow = calloc(count, sizeof *rules->flow);
    rules->pretrust = calloc(count, sizeof *rules->pretrust);
    return rules->local != NULL && rules->global != NULL && rules->flow != NULL &&
           rules->pretrust != NULL;
}

static bool get_own(struct assay_sim_rules *rules)
{
    switch (rules->options.rule) {
    case ASSAY_SIM_RULE_INTERVAL:
    case ASSAY_SIM_RULE_MEAN:
    case ASSAY_SIM_RULE_TRIMMED: return true;
    case ASSAY_SIM_RULE_BETA:
        rules->beta = calloc(rules->count, sizeof *rules->beta);
        return rules->beta != NULL;
    case ASSAY_SIM_RULE_EIGENTRUST: return get_eigentrust(rules);
    case ASSAY_SIM_RULE_LEAK:
        rules->leak = calloc(rules->count, sizeof *rules->leak);
        return rules->leak != NULL;
    }
    ASSAY_UNREACHABLE("a rule outside its enum");
}

void assay_sim_rules_destroy(struct assay_sim_rules **rules)
{
    struct assay_sim_rules *const r = *rules;
    *rules = NULL;
    if (r == NULL) return;
    free(r->trust);
    free(r->seen);
    free(r->asked);
    free(r->results);
    free(r->weights);
    free(r->next);
    free(r->memory);
    free(r->beta);
    free(r->leak);
    free(r->local);
    free(r->global);
    free(r->flow);
    free(r->pretrust);
    free(r);
}

/* --- weights --------------------------------------------------------------------------------- */

/* The trust of which docs/protocol.md 6.0 derives weight, as seen by the weight source. */
static struct assay_trust_state seen_trust(const struct assay_sim_rules *rules, uint32_t slot)
{
    struct assay_trust_state seen = rules->trust[slot];
    switch (rules->options.weight_source) {
    case ASSAY_SIM_WEIGHT_INTEGRITY: return seen;
    case ASSAY_SIM_WEIGHT_SCORE:
        seen.integrity_bp = assay_trust_score_bp(&seen);
        seen.integrity = seen.score;
        return seen;
    case ASSAY_SIM_WEIGHT_ONE: return assay_trust_genesis();
    }
    ASSAY_UNREACHABLE("a weight source outside its enum");
}

static void compute_weights(struct assay_sim_rules *rules, const bool *unlisted, bool first)
{
    for (uint32_t slot = 0; slot < rules->count; slot++)
        rules->seen[slot] = seen_trust(rules, slot);
    const struct assay_weight_input input = {
        .rules = &rules->caps,
        .groups = rules->options.groups,
        .trust = rules->seen,
        .unlisted = unlisted,
        .previous = first ? NULL : rules->weights,
    };
    assay_weights(&input, rules->memory, rules->memory_len, rules->next, &rules->tolerance);
    uint32_t *const before = rules->weights;
    rules->weights = rules->next;
    rules->next = before;
}

/* --- the state before the first epoch -------------------------------------------------------- */

static void start_member(struct assay_sim_rules *rules, uint32_t slot)
{
    const struct assay_trust_state *from = rules->options.trust;
    switch (rules->options.rule) {
    case ASSAY_SIM_RULE_INTERVAL:
        rules->trust[slot] = from == NULL ? assay_trust_genesis() : from[slot];
        return;
    case ASSAY_SIM_RULE_MEAN:
    case ASSAY_SIM_RULE_TRIMMED:
        rules_set_score(rules, slot,
                        from == NULL ? (uint16_t)ASSAY_SCORE_BP_MAX
                                     : assay_trust_score_bp(&from[slot]));
        return;
    case ASSAY_SIM_RULE_BETA: rules_beta_start(rules, slot); return;
    case ASSAY_SIM_RULE_EIGENTRUST: return; /* all at once, at the end */
    case ASSAY_SIM_RULE_LEAK: rules_leak_start(rules, slot); return;
    }
    ASSAY_UNREACHABLE("a rule outside its enum");
}

static void init_trust(struct assay_sim_rules *rules)
{
    const bool eigentrust = rules->options.rule == ASSAY_SIM_RULE_EIGENTRUST;
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        start_member(rules, slot);
        if (!eigentrust) continue;
        const uint32_t *pre = rules->options.pretrust;
        rules->pretrust[slot] = pre == NULL ? 1 : pre[slot];
        rules->pretrust_sum += rules->pretrust[slot];
    }
    if (eigentrust) rules_eigentrust_start(rules);
    rules->options.trust = NULL;
    rules->options.pretrust = NULL;
    compute_weights(rules, NULL, true);
}

enum assay_status assay_sim_rules_create(const struct assay_sim_rules_options *options,
                                         struct assay_sim_rules **rules)
{
    ASSAY_ASSERT(options->groups != NULL);
    struct assay_sim_rules_options filled = *options;
    fill_defaults(&filled);
    if (!options_usable(&filled)) return ASSAY_E_RANGE;
    struct assay_sim_rules *r = calloc(1, sizeof *r);
    if (r == NULL) return ASSAY_E_MEMORY;
    r->options = filled;
    r->count = options->groups->count;
    r->caps = options->caps == NULL ? assay_weight_rules_default() : *options->caps;
    r->ladder = options->ladder == NULL ? assay_score_rules_default() : *options->ladder;
    if (!get_common(r) || !get_own(r)) {
        assay_sim_rules_destroy(&r);
        return ASSAY_E_MEMORY;
    }
    init_trust(r);
    *rules = r;
    return ASSAY_OK;
}

/* --- one epoch ------------------------------------------------------------------------------- */

/* Voters whose FAIL counts against a subject: all, unless the rule considers evidence. */
static void set_faults(struct assay_sim_rules *rules, const struct assay_tally_member *members)
{
    const bool proven_only = rules->options.evidence;
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        const struct assay_faults *faults = &members[slot].faults;
        const bool failed = faults->own_fail_hard || faults->own_fail_soft;
        rules->asked[slot] = (struct assay_tally_member){
            .faults = { .own_fail_soft = failed || !proven_only },
        };
        rules->seen[slot] = assay_trust_genesis();
    }
}

/* Fills results and summary; rules with one number use only P, N and W of them. */
static void count_votes(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    const bool interval = rules->options.rule == ASSAY_SIM_RULE_INTERVAL;
    if (!interval) set_faults(rules, input->members);
    struct assay_trust_state *const trust = interval ? rules->trust : rules->seen;
    const struct assay_tally_input tally = {
        .epoch = input->epoch,
        .roll_present = input->roll_present,
        .rules = &rules->ladder,
        .groups = rules->options.groups,
        .weights = rules->weights,
        .members = interval ? input->members : rules->asked,
        .rows = input->rows,
        .trust = trust,
    };
    assay_tally_epoch(&tally, rules->memory, rules->memory_len, trust, rules->results,
                      &rules->summary);
    if (interval) return;
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        const struct assay_tally_result counted = rules->results[slot];
        rules->results[slot] = (struct assay_tally_result){
            .pass_weight = counted.pass_weight,
            .negative_weight = counted.negative_weight,
            .electorate_weight = counted.electorate_weight,
            .hi_bp = ASSAY_SCORE_BP_MAX,
            .ceiling_bp = ASSAY_SCORE_BP_MAX,
        };
    }
}

static void apply_rule(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    switch (rules->options.rule) {
    case ASSAY_SIM_RULE_INTERVAL: return; /* the tally has evaluated */
    case ASSAY_SIM_RULE_MEAN:
    case ASSAY_SIM_RULE_TRIMMED: rules_ramp_step(rules, input); return;
    case ASSAY_SIM_RULE_BETA: rules_beta_step(rules, input); return;
    case ASSAY_SIM_RULE_EIGENTRUST: rules_eigentrust_step(rules, input); return;
    case ASSAY_SIM_RULE_LEAK: rules_leak_step(rules, input); return;
    }
    ASSAY_UNREACHABLE("a rule outside its enum");
}

void assay_sim_rules_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    count_votes(rules, input);
    if (input->roll_present) apply_rule(rules, input);
    compute_weights(rules, input->unlisted, false);
}

/* --- new members and incarnations ------------------------------------------------------------ */

void assay_sim_rules_list(struct assay_sim_rules *rules, uint32_t slot)
{
    ASSAY_ASSERT(slot < rules->count);
    assay_trust_list(&rules->trust[slot]); /* the other rules never leave it */
}

void assay_sim_rules_join(struct assay_sim_rules *rules, uint32_t slot,
                          struct assay_offences offences)
{
    ASSAY_ASSERT(slot < rules->count);
    switch (rules->options.rule) {
    case ASSAY_SIM_RULE_INTERVAL: rules->trust[slot] = assay_trust_newcomer(offences); return;
    case ASSAY_SIM_RULE_MEAN:
    case ASSAY_SIM_RULE_TRIMMED: rules_set_score(rules, slot, 0); return;
    case ASSAY_SIM_RULE_BETA: rules_beta_start(rules, slot); return;
    case ASSAY_SIM_RULE_EIGENTRUST: rules_eigentrust_join(rules, slot); return;
    case ASSAY_SIM_RULE_LEAK: rules_leak_start(rules, slot); return;
    }
    ASSAY_UNREACHABLE("a rule outside its enum");
}

/* --- results ---------------------------------------------------------------------------------- */

uint16_t assay_sim_rules_score_bp(const struct assay_sim_rules *rules, uint32_t slot)
{
    ASSAY_ASSERT(slot < rules->count);
    return assay_trust_score_bp(&rules->trust[slot]);
}

const struct assay_trust_state *assay_sim_rules_trust(const struct assay_sim_rules *rules)
{
    return rules->trust;
}

const uint32_t *assay_sim_rules_weights(const struct assay_sim_rules *rules)
{
    return rules->weights;
}

const struct assay_tolerance *assay_sim_rules_tolerance(const struct assay_sim_rules *rules)
{
    return &rules->tolerance;
}

struct assay_tally_summary assay_sim_rules_summary(const struct assay_sim_rules *rules)
{
    return rules->summary;
}
