/*
 * tests/support/theory/gossip.h - epidemic gossip, sampled in integers: the number of nodes reached
 * when each relays a message once.
 *
 * Kermarrec, Massoulie, Ganesh, IEEE TPDS 14(3), 2003: with a fanout of mean ln n + c the
 * probability that all are reached approaches exp(-exp(-c)).
 */
#ifndef ASSAY_TESTS_SUPPORT_THEORY_GOSSIP_H
#define ASSAY_TESTS_SUPPORT_THEORY_GOSSIP_H

#include "sim/scenario/random.h"

enum {
    ASSAY_SIM_GOSSIP_NODES_MAX = 65536,
    ASSAY_SIM_POISSON_MAX = 64, /* counts above have a chance below 2^-55 at a mean of 16 */
};

/* P[count <= k] for k = 0, 1, ...; 2^44 is certain. */
struct assay_sim_poisson {
    uint64_t at_most[ASSAY_SIM_POISSON_MAX];
};

/* Returns: ln n in units of 2^-16, within 2 of them; n >= 1. */
uint32_t assay_sim_log_q16(uint32_t n);

/* A table of the distribution. In: mean in units of 2^-16, at most 16. */
void assay_sim_poisson_init(struct assay_sim_poisson *poisson, uint32_t mean_q16);

/* Returns: a count of that distribution. */
uint32_t assay_sim_poisson_draw(const struct assay_sim_poisson *poisson,
                                struct assay_sim_random *random);

/*
 * One message from node 0: each node relays it once, on first receipt, to a Poisson number of
 * others, each drawn from all others.
 * In:      nodes 2 .. ASSAY_SIM_GOSSIP_NODES_MAX; queue[nodes] and has[nodes]: scratch
 * Returns: the number of nodes that have it in the end
 */
uint32_t assay_sim_gossip_reached(uint32_t nodes, const struct assay_sim_poisson *fanout,
                                  struct assay_sim_random *random, uint32_t *queue, bool *has);

#endif
