/*
 * tests/support/theory/exact.h - tails of committee draws as exact integers, without a float
 * anywhere.
 *
 * What a published probability is compared with must not carry an error of its own: numerator and
 * denominator are integers of up to 1024 bits, and the result is the quotient, cut.
 */
#ifndef ASSAY_TESTS_SUPPORT_THEORY_EXACT_H
#define ASSAY_TESTS_SUPPORT_THEORY_EXACT_H

#include <stdint.h>

/*
 * Draws with replacement, each adversarial with chance num / den.
 * In:      draws <= 256, at_least <= draws, 0 < num < den <= 1000; decimals such that the result
 *          fits 64 bits and everything 1024 (asserted)
 * Returns: floor(10^decimals * P[at least so many of the draws are adversarial])
 */
uint64_t assay_sim_tail_binomial(uint32_t draws, uint32_t at_least, uint32_t num, uint32_t den,
                                 uint32_t decimals);

/*
 * Draws without replacement from a population of which so many are adversarial.
 * In:      population <= 1000, draws <= population - adversarial, at_least <= draws
 * Returns: floor(10^decimals * P[at least so many of the draws are adversarial])
 */
uint64_t assay_sim_tail_hypergeometric(uint32_t population, uint32_t adversarial, uint32_t draws,
                                       uint32_t at_least, uint32_t decimals);

#endif
