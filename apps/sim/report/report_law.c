/*
 * apps/sim/report/report_law.c - applicability of the closed forms.
 */
#include "apps/sim/report/report_law.h"

#include "base/assert.h"
#include "sim/theory/laws.h"

#include <math.h>

/* --- names */

bool sim_law_known(uint64_t number)
{
    if (number == ASSAY_SIM_LAW_NONE) return true;
#define KNOWN(symbol, value, name, score, share)                                                   \
    if (number == (value)) return true;
    ASSAY_SIM_LAW_LIST(KNOWN)
#undef KNOWN
    return false;
}

const char *sim_law_name(enum assay_sim_law law)
{
    switch (law) {
    case ASSAY_SIM_LAW_NONE: break;
#define NAME(symbol, number, name, score, share)                                                   \
    case ASSAY_SIM_LAW_##symbol: return name;
        ASSAY_SIM_LAW_LIST(NAME)
#undef NAME
    }
    ASSAY_UNREACHABLE("no law has no name");
}

const char *sim_law_score_formula(enum assay_sim_law law)
{
    switch (law) {
    case ASSAY_SIM_LAW_NONE: break;
#define SCORE(symbol, number, name, score, share)                                                  \
    case ASSAY_SIM_LAW_##symbol: return score;
        ASSAY_SIM_LAW_LIST(SCORE)
#undef SCORE
    }
    ASSAY_UNREACHABLE("no law has no formula");
}

const char *sim_law_share_formula(enum assay_sim_law law)
{
    switch (law) {
    case ASSAY_SIM_LAW_NONE: break;
#define SHARE(symbol, number, name, score, share)                                                  \
    case ASSAY_SIM_LAW_##symbol: return share;
        ASSAY_SIM_LAW_LIST(SHARE)
#undef SHARE
    }
    ASSAY_UNREACHABLE("no law has no formula");
}

/* --- curves */

double sim_law_score(enum assay_sim_law law, double b, uint32_t nodes)
{
    switch (law) {
    case ASSAY_SIM_LAW_NONE: return (double)NAN;
    case ASSAY_SIM_LAW_MEAN: return assay_sim_law_mean(b);
    case ASSAY_SIM_LAW_MEAN_SCORE: return assay_sim_law_mean_score(b);
    case ASSAY_SIM_LAW_TRIMMED: return assay_sim_law_trimmed_score(b);
    case ASSAY_SIM_LAW_INTERVAL: return assay_sim_law_interval(b, nodes);
    case ASSAY_SIM_LAW_EVIDENCE: return assay_sim_law_evidence(b);
    }
    ASSAY_UNREACHABLE("all laws are above");
}

double sim_law_share(enum assay_sim_law law, double b)
{
    return law == ASSAY_SIM_LAW_MEAN_SCORE ? assay_sim_law_mean_score_share(b) : (double)NAN;
}

/* --- applicability */

/* Returns: whether the largest operator and vendor root stay below their caps when all members have
 * equal weights: the laws have no caps. */
static bool caps_are_idle(const struct assay_scenario *s)
{
    uint32_t most_vendor = 0, vendors[ASSAY_SIM_VENDORS_MAX] = { 0 };
    ASSAY_ASSERT(s->nodes > 0 && s->operators > 0);
    for (uint32_t slot = 0; slot < s->nodes; slot++) {
        const uint32_t vendor = assay_scenario_vendor(s, slot);
        ASSAY_ASSERT(vendor < ASSAY_SIM_VENDORS_MAX);
        if (++vendors[vendor] > most_vendor) most_vendor = vendors[vendor];
    }
    const uint32_t operators = s->operators < s->nodes ? s->operators : s->nodes;
    const uint64_t most_operator = (s->nodes + operators - 1) / operators; /* round robin */
    return (uint64_t)most_vendor * s->vendor_cap_den <= (uint64_t)s->vendor_cap_num * s->nodes &&
           most_operator * s->operator_cap_den <= (uint64_t)s->operator_cap_num * s->nodes;
}

/* No fault except the liars, and equal weights at the start. */
static bool is_plain(const struct assay_scenario *s)
{
    return s->partition_count == 0 && s->crash_count == 0 && s->link.loss_permille == 0 &&
           s->nodes_per_platform == 1 && s->masked_bp == 0 && caps_are_idle(s);
}

/* Returns: whether they lie about every honest member, always, to the end. */
static bool is_lying_about_all(const struct assay_scenario *s, const struct assay_sim_adversary *a)
{
    return a->cohort != 0 && a->victims == 0 && a->stop_epoch == 0 && a->rate_permille == 1000 &&
           a->start_epoch <= s->epochs;
}

static enum assay_sim_law law_of_rule(const struct assay_scenario *s, enum assay_sim_attack attack)
{
    if (attack != ASSAY_SIM_ATTACK_BADMOUTH && attack != ASSAY_SIM_ATTACK_ABSENT_VOTE)
        return ASSAY_SIM_LAW_NONE;
    switch (s->rule) {
    case ASSAY_SIM_RULE_MEAN:
        return s->weight_source == ASSAY_SIM_WEIGHT_ONE     ? ASSAY_SIM_LAW_MEAN
               : s->weight_source == ASSAY_SIM_WEIGHT_SCORE ? ASSAY_SIM_LAW_MEAN_SCORE
                                                            : ASSAY_SIM_LAW_NONE;
    case ASSAY_SIM_RULE_TRIMMED:
        return s->weight_source == ASSAY_SIM_WEIGHT_SCORE ? ASSAY_SIM_LAW_TRIMMED
                                                          : ASSAY_SIM_LAW_NONE;
    case ASSAY_SIM_RULE_INTERVAL:
        return s->weight_source != ASSAY_SIM_WEIGHT_INTEGRITY ? ASSAY_SIM_LAW_NONE
               : attack == ASSAY_SIM_ATTACK_BADMOUTH          ? ASSAY_SIM_LAW_EVIDENCE
                                                              : ASSAY_SIM_LAW_INTERVAL;
    case ASSAY_SIM_RULE_BETA:
    case ASSAY_SIM_RULE_EIGENTRUST:
    case ASSAY_SIM_RULE_LEAK: return ASSAY_SIM_LAW_NONE;
    }
    ASSAY_UNREACHABLE("all rules are above");
}

struct assay_sim_law_case sim_law_of(const struct assay_scenario *scenario)
{
    const struct assay_sim_law_case none = { .law = ASSAY_SIM_LAW_NONE, .nodes = scenario->nodes };
    if (scenario->adversary_count != 1 || !is_plain(scenario)) return none;
    const struct assay_sim_adversary *const a = &scenario->adversaries[0];
    if (!is_lying_about_all(scenario, a)) return none;
    const enum assay_sim_law law = law_of_rule(scenario, a->attack);
    if (law == ASSAY_SIM_LAW_NONE) return none;
    return (struct assay_sim_law_case){ .law = law,
                                        .liars = assay_scenario_cohort_size(scenario, a->cohort),
                                        .nodes = scenario->nodes,
                                        .cohort = a->cohort };
}
