/*
 * sim/rules/ramp.c - mean and trimmed mean: a score moves towards the result of the votes.
 *
 * The targets are those of scoring/naive.h. With the score as weight both have a fixed point that
 * falls as liars are added, and a share of them beyond which there is none (laws L1..L3).
 */
#include "base/assert.h"
#include "scoring/naive.h"
#include "sim/rules/internal.h"

/*
 * The weight of which the target is a share: all that could vote, or those whose vote evidence can
 * void.
 */
static bool target_bp(const struct assay_sim_rules *rules, const struct assay_tally_result *result,
                      uint16_t *target)
{
    const uint64_t voted = result->pass_weight + result->negative_weight;
    const uint64_t total = rules->options.evidence ? voted : result->electorate_weight;
    if (rules->options.evidence && voted == 0) return false;
    *target = rules->options.rule == ASSAY_SIM_RULE_MEAN
                  ? assay_naive_mean_bp(result->pass_weight, total)
                  : assay_naive_trimmed_bp(result->pass_weight, total);
    return true;
}

static uint16_t stepped_bp(uint16_t score_bp, uint16_t target, uint32_t divisor)
{
    if (target < score_bp)
        return (uint16_t)(score_bp - ((uint32_t)(score_bp - target) + divisor - 1) / divisor);
    return (uint16_t)(score_bp + ((uint32_t)(target - score_bp) + divisor - 1) / divisor);
}

void rules_ramp_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        const uint16_t before = assay_trust_score_bp(&rules->trust[slot]);
        uint16_t target = 0;
        if (rules_convicted(rules, &input->members[slot])) {
            rules_set_score(rules, slot, 0);
        } else if (target_bp(rules, &rules->results[slot], &target)) {
            rules_set_score(rules, slot, stepped_bp(before, target, rules->options.step_divisor));
        }
    }
}
