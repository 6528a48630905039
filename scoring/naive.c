/*
 * scoring/naive.c - mean and trimmed mean of scores, with their feedback spiral.
 *
 * protocol.md 7.13: S = 1-b; h = (1-2b)/(1-b); a third trimmed: collapse at 0.3489.
 */
#include "scoring/naive.h"

#include "base/assert.h"
#include "scoring/tally.h"

#include <stdbool.h>
#include <stddef.h>

uint16_t assay_naive_mean_bp(uint64_t pass_weight, uint64_t total_weight)
{
    ASSAY_ASSERT(pass_weight <= total_weight);
    ASSAY_ASSERT(total_weight <= UINT64_MAX / (3 * ASSAY_SCORE_BP_MAX));
    if (total_weight == 0) return 0;
    return (uint16_t)(ASSAY_SCORE_BP_MAX * pass_weight / total_weight);
}

uint16_t assay_naive_trimmed_bp(uint64_t pass_weight, uint64_t total_weight)
{
    ASSAY_ASSERT(pass_weight <= total_weight);
    ASSAY_ASSERT(total_weight <= UINT64_MAX / (3 * ASSAY_SCORE_BP_MAX));
    if (3 * pass_weight <= total_weight) return 0;
    const uint64_t ramp = ASSAY_SCORE_BP_MAX * (3 * pass_weight - total_weight) / total_weight;
    return ramp > ASSAY_SCORE_BP_MAX ? (uint16_t)ASSAY_SCORE_BP_MAX : (uint16_t)ramp;
}

uint32_t assay_naive_weight(enum assay_naive_weighting weighting, uint16_t score_bp)
{
    switch (weighting) {
    case ASSAY_NAIVE_WEIGHT_ONE: return 1;
    case ASSAY_NAIVE_WEIGHT_SCORE: return score_bp < ASSAY_BOUND_RESTRICTED_BP ? 0 : score_bp;
    }
    ASSAY_UNREACHABLE("a weighting outside its enum");
}

static uint16_t apply_rule(enum assay_naive_rule rule, uint64_t pass_weight, uint64_t total_weight)
{
    switch (rule) {
    case ASSAY_NAIVE_MEAN: return assay_naive_mean_bp(pass_weight, total_weight);
    case ASSAY_NAIVE_TRIMMED: return assay_naive_trimmed_bp(pass_weight, total_weight);
    }
    ASSAY_UNREACHABLE("a rule outside its enum");
}

static bool is_pass(const uint8_t *row, uint32_t subject)
{
    if (row == NULL) return false;
    const enum assay_outcome outcome = assay_votes_outcome(assay_votes_row_get(row, subject));
    return outcome >= ASSAY_OUTCOME_PASS_UP_TO_DATE && outcome <= ASSAY_OUTCOME_PASS_OUT_OF_DATE;
}

void assay_naive_epoch(enum assay_naive_rule rule, enum assay_naive_weighting weighting,
                       const uint8_t *const *rows, uint32_t count, const uint16_t *scores_bp,
                       uint16_t *next_bp)
{
    ASSAY_ASSERT(scores_bp != next_bp);
    for (uint32_t subject = 0; subject < count; subject++) {
        uint64_t pass_weight = 0;
        uint64_t total_weight = 0;
        for (uint32_t voter = 0; voter < count; voter++) {
            if (voter == subject) continue;
            const uint32_t weight = assay_naive_weight(weighting, scores_bp[voter]);
            total_weight += weight;
            if (is_pass(rows[voter], subject)) pass_weight += weight;
        }
        next_bp[subject] = apply_rule(rule, pass_weight, total_weight);
    }
}
