/*
 * sim/swarm/promise.h - guarantees of the protocol for a scenario, and their check after a run.
 *
 * docs/protocol.md 1.1: up to a third of the weight may be Byzantine for safety, less than a third
 * for progress. Beyond, two final chains may contradict each other, but then more than a third is
 * convicted and never an honest node (P6): only that is checked of a run beyond the third.
 */
#ifndef ASSAY_SIM_SWARM_PROMISE_H
#define ASSAY_SIM_SWARM_PROMISE_H

#include "sim/outcome.h"

/* Shares of the weight table of genesis. A node is counted once. */
struct assay_sim_promise {
    uint64_t total;
    uint64_t byzantine; /* of cohorts with an adversary */
    /* Honest nodes that may start from an older disk: a node that votes again after its log was
     * rolled back is Byzantine (docs/protocol.md 2.10). */
    uint64_t forgetful;
    /* Honest nodes that may be silent for long: those whose store is lost in a crash, and victims
     * of an eclipse. */
    uint64_t silent;
    /* Where fewer members vote than there are, of seats too: by the total weight of their roots. */
    bool safety;   /* the first two are at most a third, of every other node's electorate too */
    bool progress; /* all three together are less than a third */
};

/* In: a checked scenario. Returns: its guarantees under this seed. */
struct assay_sim_promise assay_sim_promise_of(const struct assay_scenario *scenario, uint64_t seed);

/* Returns: whether this checker must not fire beyond the third of Byzantine weight either. */
bool assay_sim_promise_always(enum assay_sim_checker checker);

/* The breach of a guarantee in a run. */
struct assay_sim_breach {
    bool broken;
    char what[128]; /* name of the checker; "assertion: TEXT"; "stopped" */
    uint64_t epoch;
    char message[160];
};

/* Checkers first, in the order of their list, then assertions. Returns: the first breach. */
struct assay_sim_breach assay_sim_promise_breach(const struct assay_scenario *scenario,
                                                 const struct assay_sim_promise *promise,
                                                 const struct assay_sim_outcome *outcome);

#endif
