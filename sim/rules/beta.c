/*
 * sim/rules/beta.c - beta reputation system with forgetting.
 *
 * Josang, Ismail, Bled 2002: E = (r + 1) / (r + s + 2); each epoch r := lambda r + P/W and s :=
 * lambda s + N/W. A missing vote counts for neither. Raters weigh as in the table.
 */
#include "base/assert.h"
#include "sim/rules/internal.h"

enum {
    ONE = 1 << 24,       /* one epoch of evidence */
    COUNT_BITS_MAX = 50, /* 67 million unforgotten epochs: ten thousand times it fits */
};

static uint64_t decay_count(uint64_t count, uint32_t keep_bp)
{
    if (keep_bp == ASSAY_SCORE_BP_MAX) return count;
    return count * keep_bp / ASSAY_SCORE_BP_MAX; /* count <= ONE / (1 - lambda) <= 2^38 */
}

static uint64_t add_share(uint64_t count, uint64_t weight, uint64_t total)
{
    const uint64_t max = UINT64_C(1) << COUNT_BITS_MAX;
    const uint64_t sum = count + weight * ONE / total;
    return sum < max ? sum : max;
}

static uint16_t expectation_bp(const struct beta_counts *counts)
{
    const uint64_t for_it = counts->pass + ONE;
    const uint64_t all = counts->pass + counts->negative + UINT64_C(2) * ONE;
    return (uint16_t)(ASSAY_SCORE_BP_MAX * for_it / all);
}

void rules_beta_start(struct assay_sim_rules *rules, uint32_t slot)
{
    rules->beta[slot] = (struct beta_counts){ 0 };
    rules_set_score(rules, slot, expectation_bp(&rules->beta[slot])); /* one half: no information */
}

void rules_beta_step(struct assay_sim_rules *rules, const struct assay_sim_rules_input *input)
{
    for (uint32_t slot = 0; slot < rules->count; slot++) {
        struct beta_counts *counts = &rules->beta[slot];
        const struct assay_tally_result *votes = &rules->results[slot];
        counts->pass = decay_count(counts->pass, rules->options.beta_keep_bp);
        counts->negative = decay_count(counts->negative, rules->options.beta_keep_bp);
        if (votes->electorate_weight > 0) {
            counts->pass = add_share(counts->pass, votes->pass_weight, votes->electorate_weight);
            counts->negative =
                add_share(counts->negative, votes->negative_weight, votes->electorate_weight);
        }
        const bool convicted = rules_convicted(rules, &input->members[slot]);
        rules_set_score(rules, slot, convicted ? 0 : expectation_bp(counts));
    }
}
