/*
 * sim/theory/laws.h - closed forms, as curves next to simulated results in reports.
 *
 * Shares are between 0 and 1 and scores too (1 = 10000 bp). b is the Byzantine share of members,
 * all of which vote against every honest member and for each other; n is large. For display only:
 * nothing that decides a run may use them. docs/simulator-checks.md derives or cites each, and
 * states how close the simulated rules are. L5, L6 and laws of others: tests/support/theory/laws.h.
 */
#ifndef ASSAY_SIM_THEORY_LAWS_H
#define ASSAY_SIM_THEORY_LAWS_H

#include <stdint.h>

/* L1: mean of votes with equal weights. Returns: the honest score, 1 - b. */
double assay_sim_law_mean(double b);

/* L2: mean weighted by score. Returns: the honest score (1 - 2b) / (1 - b); 0 above the collapse at
 * 1/3, where honest members fall below one half and lose their weight with it. */
double assay_sim_law_mean_score(double b);
/* Returns: the Byzantine share of the weight under L2: b / (1 - b), and 1 above the collapse. */
double assay_sim_law_mean_score_share(double b);

/* L3: a third trimmed, weighted by score. Returns: the honest score: 1 up to 1/3, then
 * (2 - 3b + sqrt(13 b^2 - 16 b + 4)) / (2 (1 - b)), and 0 above (8 - 2 sqrt 3) / 13 = 0.3489. */
double assay_sim_law_trimmed_score(double b);
/* Returns: the b of the collapse under L3. */
double assay_sim_law_trimmed_collapse(void);

/* L4: the interval with weight from integrity; Byzantine members can only vote ABSENT. Returns: the
 * honest score in a network of n: 1 up to b = 1/3, then (2 (n - 1) - 3 b n) / (n - 2), never below
 * 0 (docs/protocol.md 7.3 with T = n and W = n - 1). */
double assay_sim_law_interval(double b, uint32_t n);

/* L7: where false FAIL is void and convicts. Returns: the honest score, 1 for every b. */
double assay_sim_law_evidence(double b);

/* L8: each step is a quarter of the way to `high` from a full score. Returns: epochs until the
 * score is below `bound`; UINT32_MAX where high >= bound. */
uint32_t assay_sim_law_detection_epochs(double high, double bound);

#endif
