/*
 * tests/support/theory/laws.h - closed forms that no report draws: tests hold runs against them.
 *
 * As sim/theory/laws.h has it: shares and scores are between 0 and 1; docs/simulator-checks.md
 * derives or cites each.
 */
#ifndef ASSAY_TESTS_SUPPORT_THEORY_LAWS_H
#define ASSAY_TESTS_SUPPORT_THEORY_LAWS_H

#include <stdbool.h>

/* L5: the share of bad epochs that an attacker at or above theta can afford, if a bad epoch costs a
 * quarter and a good one adds rise.
 * Returns: the bound 1 / (1 + theta / (3 rise)). */
double assay_sim_law_on_off(double theta, double rise);

/* L6: what a side of a partition that holds `share` of the weight does. Returns: true when it can
 * certify (more than two thirds), false when everything is held. */
bool assay_sim_law_side_certifies(double share);

/* EigenTrust with equal pre-trust a: liars trust only liars, honest members trust all.
 * Returns: the honest share over an equal share, a / (1 - (1 - a)(1 - b)). */
double assay_sim_law_eigentrust(double b, double a);

/*
 * Ethereum's leak in a partition of two equal honest halves and beta of double voters (Pavloff,
 * Amoussou-Guenou, Tucci-Piergiovanni, arXiv 2404.16363).
 * Returns: epochs after which a branch becomes final, sqrt(2^25 (ln(1-beta) - ln((1+beta)/2))),
 *          without the ejection of inactive members, which comes at 4685 and ends it for all beta
 */
double assay_sim_law_leak_final_epochs(double beta);
/* Returns: epochs until `stake` (of 1) is left of an inactive member: sqrt(2^25 ln(1 / stake)). */
double assay_sim_law_leak_stake_epochs(double stake);

/* Each infected node passes on once, to Poisson(ln n + c) others. Returns: the chance that all of a
 * large network are reached, exp(-exp(-c)). */
double assay_sim_law_gossip_reach(double c);

#endif
