/*
 * scoring/naive.h - naive scoring rules that fail, for comparison.
 *
 * protocol.md 7.13: the mean of votes, and the mean with a third trimmed, weighted by
 * nothing or by the score itself. The engine never calls this; the simulator's ablations do.
 */
#ifndef ASSAY_SCORING_NAIVE_H
#define ASSAY_SCORING_NAIVE_H

#include <stdint.h>

enum assay_naive_rule {
    ASSAY_NAIVE_MEAN = 0,    /* P / W */
    ASSAY_NAIVE_TRIMMED = 1, /* clamp((3P - W) / W) */
};

enum assay_naive_weighting {
    ASSAY_NAIVE_WEIGHT_ONE = 0,   /* every ballot counts the same */
    ASSAY_NAIVE_WEIGHT_SCORE = 1, /* weight = score, 0 below RESTRICTED: the spiral */
};

/* Returns: P of W in basis points, rounded down; 0 when total_weight is 0. Needs P <= W. */
uint16_t assay_naive_mean_bp(uint64_t pass_weight, uint64_t total_weight);

/* Returns: clamp((3P - W) / W) in basis points, rounded down; 0 when total_weight is 0. */
uint16_t assay_naive_trimmed_bp(uint64_t pass_weight, uint64_t total_weight);

/* Returns: the weight of a voter of that score. */
uint32_t assay_naive_weight(enum assay_naive_weighting weighting, uint16_t score_bp);

/*
 * One epoch of a naive rule over packed rows (scoring/tally.h): each subject is scored by all
 * others; a missing row and every outcome that is no PASS are votes against.
 * In: rows[count], scores_bp[count]. Out: next_bp[count], not the same array.
 */
void assay_naive_epoch(enum assay_naive_rule rule, enum assay_naive_weighting weighting,
                       const uint8_t *const *rows, uint32_t count, const uint16_t *scores_bp,
                       uint16_t *next_bp);

#endif
