/*
 * sim/epochs/run.c - the epoch world: the product's ledger with delivery drawn once per epoch.
 *
 * THE PRODUCT'S OWN CODE. Ledger (assay_ledger_fits, _apply), close (assay_close with
 * assay_tally_epoch and assay_weights), leader sequence, state, leaves and root, the verdict on
 * false outcomes (assay_record_falsehood), the other rules of sim/rules.h, the attacks and the
 * watch: the same code as in the daemon and at message fidelity.
 *
 * DRAWN, once per epoch and keyed by (seed, epoch, node), so that neither order nor number of
 * threads matters:
 * - for each voter and subject, whether the subject's evidence arrived in time: all copies of the
 *   envelope and all pulls of it, or all pulls of the evidence, were lost (delivery.c). A lost one
 *   is ABSENT, by the rules, if the voter has envelopes of more than two thirds;
 * - for each voter, whether its ballot is in a block: it was signed, arrived in time for E, was
 *   not lost, and a later leader was neither down nor censored it;
 * - for each voter, which of a member's two envelopes arrived first;
 * - what a verifier that is too slow for that many members has appraised by 5T/8;
 * - crashes, their instants (the numbers of the message world) and their damage to the disk.
 *
 * DERIVED WITHOUT DRAWING. Partitions, and adversaries that control links, cut the roster into
 * sides; relayed messages travel over several sides, requested ones only where both directions are
 * open. A quorum is sides whose members receive from more than two thirds of the weight among
 * themselves. Where there is none at T no epoch closes: the running one waits, is checked every
 * T/4, and closes with the contents of its chain and with the ballots that were signed before,
 * certified or HELD; after 2T without a close the scenario's next epoch starts nevertheless, as at
 * message fidelity. Nodes that missed epochs catch up when they receive from more than a third that
 * did not: two delta, and four hops for each epoch. A node that is in time for 5T/8 counts as
 * present; its envelope is then an exception in the ballots. FAIL records, E1..E4 and E8 (where the
 * attack exposes itself) and E5 are in the same epoch; E5 in the next ones where 256 do not
 * suffice. RESTART is executed 40 ms after the close: evidence under the old keys is sent by then.
 * INCARNATE is in that epoch, the incarnation listed from the next one.
 *
 * OMITTED. Blocks, votes, certificates, time-outs and synchronisation: an epoch has ten views,
 * those of leaders that are down or lie are nullified, E waits for a leader that can propose it.
 * Losses do not affect consensus itself, only nodes that are down, silent or cut off. There are no
 * certificates above 100 voters; the formats do not have them either. Signatures and the bytes of
 * envelopes, ballots and evidence; verdicts are those of the attack. Delays are used by their mean,
 * so epochs should be long compared with the slowest message. Bandwidth, duplication, reordering;
 * clocks (their skew moves block times, on which no score depends). Messages and bytes are
 * computed, not counted.
 *
 * tick() has the order of one tick; docs/simulator-checks.md 3 states how far both fidelities agree
 * and which test shows it.
 */
#include "sim/epochs/epochs_internal.h"

#include <stdlib.h>

static void free_all(struct assay_sim_epochs *w)
{
    workers_destroy(&w->workers);
    assay_sim_watch_destroy(&w->watch);
    assay_sim_rules_destroy(&w->other);
    for (size_t i = 0; i < w->memory_count; i++)
        free(w->memory[i]);
    free(w);
}

static void allocate_tables(struct assay_sim_epochs *w)
{
    const uint32_t n = w->n;
    const size_t workers = workers_count(w->workers);
    w->cohort_of = epochs_allocate(w, n, 1);
    w->byzantine = epochs_allocate(w, n, sizeof(bool));
    w->record = epochs_allocate(w, 1, sizeof *w->record);
    w->score_bp = epochs_allocate(w, n, sizeof *w->score_bp);
    w->weights = epochs_allocate(w, n, sizeof *w->weights);
    w->seats = epochs_allocate(w, n, sizeof *w->seats);
    w->other_bytes = epochs_allocate(w, n, sizeof *w->score_bp + sizeof *w->weights);
    w->side = epochs_allocate(w, n, sizeof *w->side);
    w->nodes = epochs_allocate(w, n, sizeof *w->nodes);
    w->at = epochs_allocate(w, n, sizeof *w->at);
    w->subjects = epochs_allocate(w, n, sizeof *w->subjects);
    w->truth = epochs_allocate(w, n, sizeof *w->truth);
    w->false_votes = epochs_allocate(w, n, sizeof *w->false_votes);
    w->doubled = epochs_allocate(w, n, sizeof *w->doubled);
    w->members = epochs_allocate(w, n, sizeof *w->members);
    w->row_of = epochs_allocate(w, n, sizeof *w->row_of);
    w->rows = epochs_allocate(w, n, w->row_len);
    w->in_chain = epochs_allocate(w, n, sizeof(bool));
    w->cast = epochs_allocate(w, n, sizeof(bool));
    w->flags = epochs_allocate(w, n, sizeof(bool));
    w->survives = epochs_allocate(w, (size_t)n + 1, sizeof *w->survives);
    w->drawn = epochs_allocate(w, n, sizeof *w->drawn);
    w->hashes = epochs_allocate(w, n, 32);
    w->node_ids = epochs_allocate(w, n, 32);
    w->counters = epochs_allocate(w, n, sizeof *w->counters);
    w->templates = epochs_allocate(w, SIDES_MAX, sizeof *w->templates);
    w->missed = epochs_allocate(w, workers * n, sizeof *w->missed);
    w->scratch_len = assay_state_scratch_len(n);
    w->scratch = epochs_allocate(w, workers, w->scratch_len);
    w->roll_len = (size_t)n * 34 + 32;
    w->roll_bytes = epochs_allocate(w, 1, w->roll_len);
    w->waiting_max = (size_t)n * FALSE_VOTES_OF_ONE;
    w->waiting = epochs_allocate(w, w->waiting_max, sizeof *w->waiting);
}

enum assay_status assay_sim_epochs_create(const struct assay_scenario *scenario,
                                          const struct assay_sim_options *options,
                                          struct assay_sim_outcome *outcome,
                                          struct assay_sim_epochs **epochs)
{
    const uint32_t wanted = options->threads == 0 ? 1 : options->threads;
    struct assay_sim_epochs *w = calloc(1, sizeof *w);
    if (w == NULL) return ASSAY_E_MEMORY;
    w->scenario = *scenario;
    w->seed = options->seed;
    w->n = scenario->nodes;
    w->row_len = assay_votes_row_len(w->n);
    w->outcome = outcome;
    w->sides_of = UINT64_MAX;
    w->tick = w->epoch = 1;
    w->workers = workers_create(wanted < WORKERS_MAX ? wanted : WORKERS_MAX);
    allocate_tables(w);
    assay_scenario_cohorts(scenario, w->seed, w->cohort_of);
    const enum assay_status status = epochs_found(w);
    if (status != ASSAY_OK) {
        free_all(w);
        return status;
    }
    w->watch = assay_sim_watch_create(&w->scenario, w->seed, w->cohort_of, outcome);
    outcome->fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    outcome->seed = w->seed;
    epochs_begin(w);
    *epochs = w;
    return ASSAY_OK;
}

void assay_sim_epochs_destroy(struct assay_sim_epochs **epochs)
{
    if (*epochs != NULL) free_all(*epochs);
    *epochs = NULL;
}

/* The first instant from `from_rel` on at which a quorum can close the epoch; sets w->quorum.
 * Returns: NEVER_MS when there is none before the scenario's next epoch starts. */
static uint32_t find_close(struct assay_sim_epochs *w, uint32_t from_rel)
{
    const uint32_t epoch_ms = w->scenario.epoch_ms;
    const uint32_t last = STALL_EPOCHS * epoch_ms;
    for (uint32_t rel = from_rel; rel <= last; rel += epoch_ms / 4) {
        w->quorum = epochs_quorum_at(w, rel);
        if (w->quorum.any) return rel;
    }
    return NEVER_MS;
}

/* Events of the running epoch before it closes. */
static void fill_epoch(struct assay_sim_epochs *w)
{
    const uint32_t epoch_ms = w->scenario.epoch_ms;
    const struct epochs_quorum at_end = w->quorum;
    const struct epochs_quorum at_roll = epochs_quorum_at(w, epoch_ms / 4);
    const struct epochs_quorum at_ballots = epochs_quorum_at(w, epoch_ms / 8 * 5);
    w->roll_quorum = at_roll.any || at_ballots.any;
    if (!at_end.any)
        w->quorum = at_ballots.any ? at_ballots : at_roll; /* what is included before */
    epochs_leaders(w);
    epochs_subjects(w);
    epochs_templates(w);
    epochs_rows(w);
    if (w->other == NULL) epochs_records(w);
    else epochs_members(w);
    w->quorum = at_end;
}

/* A stalled epoch closes with the contents of its chain and with the pending ballots. */
static void finish_epoch(struct assay_sim_epochs *w, uint32_t end)
{
    epochs_leaders(w);
    if (end != NEVER_MS && w->other == NULL) epochs_late_ballots(w, end);
}

uint32_t assay_sim_epochs_tick(struct assay_sim_epochs *epochs)
{
    struct assay_sim_epochs *w = epochs;
    const uint32_t epoch_ms = w->scenario.epoch_ms;
    epochs_sides(w);
    epochs_crash(w);
    epochs_uptime(w);
    uint32_t end = find_close(w, w->stalled ? 0 : epoch_ms);
    if (w->stalled) finish_epoch(w, end);
    else fill_epoch(w);
    if (w->other != NULL) end = epoch_ms; /* no quorum is required: every epoch closes */
    epochs_restart_crashed(w, end == NEVER_MS ? STALL_EPOCHS * epoch_ms : end);
    w->stalled = end == NEVER_MS;
    if (!w->stalled) {
        epochs_truth(w);
        epochs_close(w, end);
    }
    w->now_ms += w->stalled ? (uint64_t)STALL_EPOCHS * epoch_ms : end;
    w->tick++;
    return w->stalled ? 0 : 1;
}

static void set_figure(struct assay_sim_epochs *w, enum assay_sim_figure figure, uint64_t value)
{
    w->outcome->figures[figure][0] = (int64_t)value;
}

static void set_sums(struct assay_sim_epochs *w)
{
    const struct epochs_sums *s = &w->sums;
    set_figure(w, ASSAY_SIM_FIGURE_MESSAGES, s->messages);
    set_figure(w, ASSAY_SIM_FIGURE_BYTES, s->bytes);
    set_figure(w, ASSAY_SIM_FIGURE_MESSAGES_LOST, s->lost);
    set_figure(w, ASSAY_SIM_FIGURE_VERIFICATIONS, s->verifications);
    set_figure(w, ASSAY_SIM_FIGURE_BLOCKS, s->blocks);
    set_figure(w, ASSAY_SIM_FIGURE_VIEWS_NULLIFIED, s->nullified);
    set_figure(w, ASSAY_SIM_FIGURE_PROOFS, s->proofs);
    set_figure(w, ASSAY_SIM_FIGURE_CRASHES, s->crashes + w->crashes);
    set_figure(w, ASSAY_SIM_FIGURE_RECOVERED, s->recovered);
    set_figure(w, ASSAY_SIM_FIGURE_EQUIVOCATIONS_SEEN, s->equivocations);
    set_figure(w, ASSAY_SIM_FIGURE_STRANGE_EVIDENCE, s->strange);
    set_figure(w, ASSAY_SIM_FIGURE_SIMULATED_MS, w->now_ms);
    set_figure(w, ASSAY_SIM_FIGURE_EVENTS, s->node_epochs);
}

void assay_sim_epochs_end(struct assay_sim_epochs *epochs)
{
    struct assay_sim_epochs *w = epochs;
    assay_sim_watch_end(w->watch, w->now_ms);
    set_sums(w);
    assay_bytes_copy(w->outcome->state_root, 32, w->root, 32);
    assay_bytes_copy(w->outcome->root_chain, 32, w->root_chain, 32);
    assay_bytes_copy(w->outcome->trace_hash, 32, w->trace, 32);
}

const struct assay_state *assay_sim_epochs_state(const struct assay_sim_epochs *epochs)
{
    return epochs->other == NULL ? &epochs->states[epochs->current] : NULL;
}

uint16_t assay_sim_epochs_score_bp(const struct assay_sim_epochs *epochs, uint32_t slot)
{
    ASSAY_ASSERT(slot < epochs->n);
    if (epochs->other != NULL) return assay_sim_rules_score_bp(epochs->other, slot);
    return assay_trust_score_bp(&epochs->states[epochs->current].members[slot].trust);
}

uint32_t assay_sim_epochs_weight(const struct assay_sim_epochs *epochs, uint32_t slot)
{
    ASSAY_ASSERT(slot < epochs->n);
    return epochs->weights[slot];
}

const uint8_t *assay_sim_epochs_cohorts(const struct assay_sim_epochs *epochs)
{
    return epochs->cohort_of;
}

enum assay_status assay_sim_run_epochs(const struct assay_scenario *scenario,
                                       const struct assay_sim_options *options,
                                       struct assay_sim_outcome *outcome)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_epochs *epochs = NULL;
    assay_sim_outcome_init(outcome);
    if (assay_scenario_check(scenario, message) != ASSAY_OK) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_sim_epochs_create(scenario, options, outcome, &epochs));
    for (uint64_t i = 0; i < scenario->epochs; i++) {
        const uint32_t closed = assay_sim_epochs_tick(epochs);
        if (options->stop_at_violation && assay_sim_outcome_violated(outcome)) break;
        if (closed == 0 || options->progress == NULL) continue;
        if (!options->progress(options->context, outcome)) break;
    }
    assay_sim_epochs_end(epochs);
    assay_sim_epochs_destroy(&epochs);
    return ASSAY_OK;
}
