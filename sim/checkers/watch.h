/*
 * sim/checkers/watch.h - the watch: rows, figures and invariants of each closed epoch of a run.
 *
 * Both fidelities feed it with the ground truth (honesty, evidence, reachability), which no node
 * has. The invariants are those of docs/protocol.md 7.12.
 */
#ifndef ASSAY_SIM_CHECKERS_WATCH_H
#define ASSAY_SIM_CHECKERS_WATCH_H

#include "engine/ledger/state/state.h"
#include "engine/ledger/records/update.h"
#include "sim/attack.h"
#include "sim/outcome.h"

/* Ground truth of one node in one epoch. Checkers rely on it: where a world cannot prove that every
 * node was reachable to a node, reachable is false and the rules require nothing. */
struct assay_sim_truth {
    bool honest;    /* no adversary of the scenario is of its cohort */
    bool alive;     /* ran through the epoch */
    /* In time for ballots, to every honest voter that was alive, without unreachable_weight. */
    bool reachable;
    enum assay_sim_evidence evidence; /* its newest of this epoch */
    bool mixed; /* it made evidence of several kinds in this epoch: members have one of them */
    bool by_policy; /* its evidence fails by a decision of operators: it is honest all the same */
    /* Only the rules on trial fail it: those that a reversal would restore accept it. */
    bool felled;
    uint64_t
        unreachable_weight; /* weight in this epoch of honest voters that could not receive it */
};

/* An epoch that the network closed. */
struct assay_sim_closed {
    uint64_t epoch;
    uint64_t at_ms;
    /* The state after it; naive rules have no protocol state: state is NULL then and the arrays
     * below replace it. */
    const struct assay_state *state;
    const struct assay_state *before;
    bool certified;
    bool forked;                         /* its final blocks are on more than one branch */
    const uint16_t *score_bp;            /* [nodes], naive rules; NULL with a state */
    const uint32_t *weight;           /* [nodes], naive rules; NULL with a state */
    const uint8_t *root;                 /* [32] */
    const struct assay_sim_truth *truth; /* [nodes] */
    /* The counted ballots, where the fidelity has them: the tally is repeated with them. NULL:
     * unknown. rows: [nodes], packed as in scoring/tally.h, NULL without a counted ballot. fails:
     * [nodes], enum assay_outcome of a FAIL record of the epoch, else 0. Both or none. */
    const uint8_t *const *rows;
    const uint8_t *fails;
    /* CHANGE records of its final blocks, in chain order, and the genesis of the chain. NULL: a
     * fidelity without changes. */
    const struct assay_slice *changes;
    uint32_t change_count;
    const struct assay_genesis *genesis;
    /* The scenario's machine of each slot from the next epoch on: a returning member may be on
     * another one. [nodes]; NULL: each on its own. */
    const uint32_t *machines;
    /* COLLATERAL records, in chain order, and their callbacks. NULL: none may be there. */
    const struct assay_slice *updates;
    uint32_t update_count;
    const struct assay_updates *model;
    /* Costs of the epoch, where the fidelity counts them. */
    uint64_t messages, bytes, verifications;
    uint32_t views_nullified, blocks, proofs, crashes, certificates_held;
};

struct assay_sim_watch;

/* Returns: a watch over a run; aborts without memory. outcome outlives it. */
struct assay_sim_watch *assay_sim_watch_create(const struct assay_scenario *scenario, uint64_t seed,
                                               const uint8_t *cohort_of,
                                               struct assay_sim_outcome *outcome);
/* Accepts a pointer to NULL; nulls it. */
void assay_sim_watch_destroy(struct assay_sim_watch **watch);
/* Appends a row and runs the checkers of closed epochs (P1..P5, P7..P11, justice); watch_*.c
 * defines each with its preconditions. They need a state and no gap to `before` (state->epoch is
 * before->epoch + 1); where epochs were skipped, only rows and figures. */
void assay_sim_watch_epoch(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);
/* A restart was ordered for a slot. */
void assay_sim_watch_on_restart(struct assay_sim_watch *watch, uint32_t slot);
/* From this instant on there is no fault except the adversary's: the figure of progress counts from
 * here, and progress is required when it is guaranteed (less than a third of the weight is silent).
 * Without this call both count from the nominal start of heal_epoch. */
void assay_sim_watch_on_healed(struct assay_sim_watch *watch, uint64_t now_ms, bool promised);
/* assay_sim_watch_on_healed will follow: in stalled networks epochs of a scenario take longer than
 * their nominal length. */
void assay_sim_watch_await_healed(struct assay_sim_watch *watch);
/* Healed, but a third of the weight is gone: no progress is guaranteed from here on. */
void assay_sim_watch_on_excused(struct assay_sim_watch *watch);
/* The run is over: figures of the run, P8, liveness. */
void assay_sim_watch_end(struct assay_sim_watch *watch, uint64_t now_ms);

#endif
