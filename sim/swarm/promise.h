/*
 * sim/swarm/promise.h - what the protocol promises for a scenario, and whether a run kept it.
 *
 * docs/protocol.md 1.1: up to a third of the weight may be Byzantine for safety, less than a third
 * for progress. Beyond, two final chains may contradict each other, but then more than a third is
 * convicted and never an honest node (P6): a run beyond the third is judged by that alone.
 */
#ifndef ASSAY_SIM_SWARM_PROMISE_H
#define ASSAY_SIM_SWARM_PROMISE_H

#include "sim/outcome.h"

/* Shares of the weight table of genesis. A node is counted once. */
struct assay_sim_promise {
    uint64_t total;
    uint64_t byzantine; /* of cohorts with an adversary */
    /* Honest nodes that may start from an older disk: a rolled-back log that votes again is
     * Byzantine (docs/protocol.md 2.10). */
    uint64_t forgetful;
    /* Honest nodes that may fall silent for long: those whose store is lost in a crash, and victims
     * of an eclipse. */
    uint64_t silent;
    /* Where fewer vote than there are members, of seats too: by what all of their roots weigh. */
    bool safety;   /* the first two are at most a third, of every other node's electorate too */
    bool progress; /* all three together are less than a third */
};

/* In: a checked scenario. Returns: what is promised for it under this seed. */
struct assay_sim_promise assay_sim_promise_of(const struct assay_scenario *scenario, uint64_t seed);

/* Returns: whether this checker must stay silent beyond the third of Byzantine weight too. */
bool assay_sim_promise_always(enum assay_sim_checker checker);

/* Where a run broke what was promised. */
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
