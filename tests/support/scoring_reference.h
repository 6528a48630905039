/*
 * tests/support/scoring_reference.h - the scoring rules once more, slow and obvious.
 *
 * Written from docs/protocol.md 6 and 7 sentence by sentence: every subject evaluates every voter,
 * every limit is found by trying all numbers, groups are found by comparing ids. It shares the
 * types of scoring/ and none of its code. Results of both are compared on random and on all small
 * inputs.
 */
#ifndef ASSAY_TESTS_SUPPORT_SCORING_REFERENCE_H
#define ASSAY_TESTS_SUPPORT_SCORING_REFERENCE_H

#include "scoring/tally.h"
#include "scoring/weight.h"

#include <stdbool.h>
#include <stdint.h>

enum { REFERENCE_MEMBERS_MAX = 64 };

/* Like assay_tally_epoch; places instead of input->groups, which may be NULL. */
void reference_tally(const struct assay_tally_input *input, const struct assay_place *places,
                     uint32_t count, struct assay_trust_state *trust,
                     struct assay_tally_result *results, struct assay_tally_summary *summary);

/* Like assay_cap_limit, by trying every L. Returns: L. */
uint64_t reference_cap_limit(const uint64_t *sums, uint32_t group_count, struct assay_cap cap,
                             uint64_t total_before);

/* Like the table of assay_weights. Returns: the cuts that apply. */
enum assay_cuts reference_weights(const struct assay_weight_input *input,
                                  const struct assay_place *places, uint32_t count,
                                  uint32_t *weights);
/* The table before all cuts: integrity, one unit a platform. */
void reference_units(const struct assay_weight_input *input, const struct assay_place *places,
                     uint32_t count, uint32_t *weights);
/* H of each member, after one unit per platform: what caps are made of. */
void reference_peaks(const struct assay_weight_input *input, const struct assay_place *places,
                     uint32_t count, uint32_t *weights);
/* Returns: whether an operator or a vendor root above a third of `after` has a larger share of it
 * than of `before`. */
bool reference_lifted(const struct assay_place *places, uint32_t count, const uint32_t *before,
                      const uint32_t *after);

/* Returns: the largest x in 0..10000 with x <= 10000 (3P - W) / W, by trying all;
 * 0 unless 3P > T. */
uint16_t reference_lo(uint64_t pass, uint64_t total, uint64_t table);

/* Returns: the smallest x in 0..10000 with x >= 10000 (2W - 3N) / (2W - T);
 * 10000 unless 3N > T. */
uint16_t reference_hi(uint64_t negative, uint64_t total, uint64_t table);

/* Field by field. Returns: true when equal. */
bool reference_trust_equal(const struct assay_trust_state *a, const struct assay_trust_state *b);
bool reference_result_equal(const struct assay_tally_result *a, const struct assay_tally_result *b);

#endif
