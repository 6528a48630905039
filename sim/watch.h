/*
 * sim/watch.h - looks at each closed epoch of a run: rows, figures, and what must always hold.
 *
 * Both fidelities feed it; it knows the truth (who is honest, whose evidence was what, who could
 * hear whom), which no node knows, and compares. The invariants are those of docs/protocol.md 7.
 */
#ifndef ASSAY_SIM_WATCH_H
#define ASSAY_SIM_WATCH_H

#include "engine/state.h"
#include "sim/attack.h"
#include "sim/outcome.h"

/* The truth about one node in one epoch. */
struct assay_sim_truth {
    bool honest;    /* no adversary of the scenario is of its cohort */
    bool alive;     /* ran through the epoch */
    bool reachable; /* every honest voter of a common two thirds could hear it in time */
    enum assay_sim_evidence evidence;
};

/* An epoch that the network closed. */
struct assay_sim_closed {
    uint64_t epoch;
    uint64_t at_ms;
    /* The state after it; naive rules have no state of the protocol: state is NULL then and the
     * arrays below are all there is. */
    const struct assay_state *state;
    const struct assay_state *before;
    bool certified;
    const uint16_t *score_bp;            /* [nodes], naive rules; NULL with a state */
    const uint32_t *weight_bp;           /* [nodes], naive rules; NULL with a state */
    const uint8_t *root;                 /* [32] */
    const struct assay_sim_truth *truth; /* [nodes] */
    /* What the epoch cost, as far as the fidelity knows. */
    uint64_t messages, bytes, verifications;
    uint32_t views_nullified, blocks, proofs, crashes, certificates_held;
};

struct assay_sim_watch;

/* Returns: a watch over a run; aborts without memory. outcome outlives it. */
struct assay_sim_watch *assay_sim_watch_create(const struct assay_scenario *scenario, uint64_t seed,
                                               const uint8_t *cohort_of,
                                               struct assay_sim_outcome *outcome);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_sim_watch_destroy(struct assay_sim_watch **watch);
/* Appends a row and runs the checkers that look at closed epochs (P1..P5, P7..P11, justice).
 * Returns: nothing. */
void assay_sim_watch_epoch(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);
/* A restart was ordered for a slot. Returns: nothing. */
void assay_sim_watch_restart(struct assay_sim_watch *watch, uint32_t slot);
/* The run is over: figures of the whole, P8, liveness. Returns: nothing. */
void assay_sim_watch_end(struct assay_sim_watch *watch, uint64_t now_ms);

#endif
