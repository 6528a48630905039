/*
 * sim/checkers/watch.h - looks at each closed epoch of a run: rows, figures, and what must always
 * hold.
 *
 * Both fidelities feed it; it knows the truth (who is honest, whose evidence was what, who could
 * hear whom), which no node knows, and compares. The invariants are those of docs/protocol.md 7.12.
 */
#ifndef ASSAY_SIM_CHECKERS_WATCH_H
#define ASSAY_SIM_CHECKERS_WATCH_H

#include "engine/ledger/state/state.h"
#include "engine/ledger/records/update.h"
#include "sim/attack.h"
#include "sim/outcome.h"

/* The truth about one node in one epoch. Checkers lean on it, so where a world cannot say that
 * everybody heard a node it says so: reachable false asks nothing of the rules. */
struct assay_sim_truth {
    bool honest;    /* no adversary of the scenario is of its cohort */
    bool alive;     /* ran through the epoch */
    bool reachable; /* in time for ballots it could be heard by every honest voter that was alive,
                       but for those of unheard_weight */
    enum assay_sim_evidence evidence;
    bool by_policy; /* its evidence fails by what operators decided: it is honest all the same */
    /* The rules on trial alone fail it: those that a reversal would bring back accept it. */
    bool felled;
    uint64_t unheard_weight; /* weight in this epoch of honest voters that could not hear it */
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
    bool forked; /* not all that was final in it is of one branch */
    const uint16_t *score_bp;            /* [nodes], naive rules; NULL with a state */
    const uint32_t *weight;           /* [nodes], naive rules; NULL with a state */
    const uint8_t *root;                 /* [32] */
    const struct assay_sim_truth *truth; /* [nodes] */
    /* What was counted, where the fidelity has it at hand: with it the tally is done again. NULL:
     * unknown. rows: [nodes], packed as in scoring/tally.h, NULL for who had no counted ballot.
     * fails: [nodes], enum assay_outcome of a FAIL record of the epoch, else 0. Both or none. */
    const uint8_t *const *rows;
    const uint8_t *fails;
    /* CHANGE records of its final blocks, in chain order, and the genesis that the chain began
     * with. NULL: a fidelity without changes. */
    const struct assay_slice *changes;
    uint32_t change_count;
    const struct assay_genesis *genesis;
    /* On which machine of the scenario each slot is from the next epoch on: who comes back may be
     * on another one. [nodes]; NULL: each on its own. */
    const uint32_t *machines;
    /* COLLATERAL records, in chain order, and what they say. NULL: none may be there. */
    const struct assay_slice *updates;
    uint32_t update_count;
    const struct assay_updates *model;
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
/* Appends a row and runs the checkers that look at closed epochs (P1..P5, P7..P11, justice): each
 * is stated, with what it asks first, where it stands in watch_*.c. With a state and no gap to
 * `before` (state->epoch is before->epoch + 1); where epochs were skipped, rows and figures alone.
 * Returns: nothing. */
void assay_sim_watch_epoch(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);
/* A restart was ordered for a slot. Returns: nothing. */
void assay_sim_watch_restart(struct assay_sim_watch *watch, uint32_t slot);
/* From this instant on there is no fault but the adversary's: the figure of progress counts from
 * here, and progress is demanded when it is promised (less than a third of the weight is silent).
 * Without this call both count from the nominal start of heal_epoch. Returns: nothing. */
void assay_sim_watch_healed(struct assay_sim_watch *watch, uint64_t now_ms, bool promised);
/* It will be said when all healed: where networks stand still the epochs of a scenario take longer
 * than their nominal length. Returns: nothing. */
void assay_sim_watch_unhealed(struct assay_sim_watch *watch);
/* Healed, and yet a third of the weight is gone: no progress is promised from here on.
 * Returns: nothing. */
void assay_sim_watch_excused(struct assay_sim_watch *watch);
/* The run is over: figures of the whole, P8, liveness. Returns: nothing. */
void assay_sim_watch_end(struct assay_sim_watch *watch, uint64_t now_ms);

#endif
