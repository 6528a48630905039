/*
 * sim/epochs/epochs.h - the epoch world step by step, for tests and benches.
 *
 * assay_sim_run_epochs (sim/run.h) is a loop over these functions. run.c and
 * docs/simulator-checks.md 3 list what is drawn and what is omitted.
 */
#ifndef ASSAY_SIM_EPOCHS_EPOCHS_H
#define ASSAY_SIM_EPOCHS_EPOCHS_H

#include "engine/ledger/state/state.h"
#include "sim/run.h"

struct assay_sim_epochs;

/*
 * The network after genesis, before epoch 1. The scenario is copied; outcome outlives the world and
 * was initialised by the caller.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_RANGE (a rule refuses its options)
 */
ASSAY_CHECKED enum assay_status assay_sim_epochs_create(const struct assay_scenario *scenario,
                                                        const struct assay_sim_options *options,
                                                        struct assay_sim_outcome *outcome,
                                                        struct assay_sim_epochs **epochs);
/* Accepts a pointer to NULL; nulls it. */
void assay_sim_epochs_destroy(struct assay_sim_epochs **epochs);

/*
 * One epoch of the scenario: the network's next epoch where a quorum closes it; otherwise 2T pass,
 * and the stalled epoch is closed when a quorum is back.
 * Returns: number of closed epochs, 0 or 1.
 */
uint32_t assay_sim_epochs_tick(struct assay_sim_epochs *epochs);
/* Figures of the run; no tick may follow. */
void assay_sim_epochs_end(struct assay_sim_epochs *epochs);

/* Returns: the state after the last closed epoch; NULL for rules that have no such state. */
const struct assay_state *assay_sim_epochs_state(const struct assay_sim_epochs *epochs);
/* Returns: the score and the weight of a slot after the last closed epoch, of any rule. */
uint16_t assay_sim_epochs_score_bp(const struct assay_sim_epochs *epochs, uint32_t slot);
uint32_t assay_sim_epochs_weight(const struct assay_sim_epochs *epochs, uint32_t slot);
/* Returns: cohort numbers of all slots. */
const uint8_t *assay_sim_epochs_cohorts(const struct assay_sim_epochs *epochs);

#endif
