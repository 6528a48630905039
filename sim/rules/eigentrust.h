/*
 * sim/rules/eigentrust.h - EigenTrust in fixed point: t' = (1 - a) C^T t + a p.
 *
 * Kamvar, Schlosser, Garcia-Molina, WWW 2003. c_ij = max(s_ij, 0) / sum_j max(s_ij, 0); a member
 * that trusts none trusts the pre-trusted. Every machine makes the same number of rounds, so that
 * all have the same bits; there is no test for convergence.
 */
#ifndef ASSAY_SIM_RULES_EIGENTRUST_H
#define ASSAY_SIM_RULES_EIGENTRUST_H

#include <stdint.h>

#define ASSAY_SIM_EIGENTRUST_ONE (UINT64_C(1) << 40) /* the total of trust */

struct assay_sim_eigentrust {
    uint32_t count;           /* <= 16384 */
    const int16_t *local;     /* [count][count], row = truster; the diagonal is not read */
    const uint32_t *pretrust; /* [count], each <= 2^20 */
    uint64_t pretrust_sum;    /* of them, > 0 */
    uint32_t pre_bp;          /* a in basis points, 1..10000 */
};

/* t := p, the start of the first round. */
void assay_sim_eigentrust_start(const struct assay_sim_eigentrust *graph, uint64_t *trust);

/*
 * assay_sim_eigentrust_rounds - that many rounds on trust[count].
 *
 * The distance to the fixed point shrinks by (1 - a) each round: after k of them it is at most 2 (1
 * - a)^k in the sum over all members, plus rounding: less than count * 2^-33 / a, because a round
 * loses less than 2^-34 + 2 * 2^-40 at each member.
 * In:      flow[count]: scratch
 */
void assay_sim_eigentrust_rounds(const struct assay_sim_eigentrust *graph, uint32_t rounds,
                                 uint64_t *trust, uint64_t *flow);

#endif
