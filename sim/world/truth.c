/*
 * sim/world/truth.c - ground truth of each epoch, whatever nodes accept; figures; the watch.
 *
 * A node that made evidence is reachable; unreachable_weight is the weight of honest voters that
 * signed their ballot without a verdict on that evidence, or signed none: the others appraised it
 * in time.
 */
#include "base/bitmap.h"
#include "base/crypto.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/run_internal.h"

#include <stdlib.h>

enum { US = 1000, BORN_KEPT = 4096 };

struct world_born {
    uint8_t id[32];
    uint64_t at_us;
};

/* --- memory */

void world_truth_open(struct world_run *r)
{
    const uint32_t n = r->scenario->nodes;
    const size_t len = (assay_state_memory_len(n) + 63) & ~(size_t)63;
    r->before_memory = aligned_alloc(64, len);
    r->now_memory = aligned_alloc(64, len);
    r->node_ids = calloc(n, sizeof *r->node_ids);
    r->first_rows = calloc(n, sizeof *r->first_rows);
    r->finality_ms = calloc(WORLD_MS_KEPT, sizeof *r->finality_ms);
    r->born_capacity = BORN_KEPT;
    r->born = calloc(r->born_capacity, sizeof *r->born);
    ASSAY_ASSERT(r->before_memory != NULL && r->node_ids != NULL && r->first_rows != NULL);
    ASSAY_ASSERT(r->now_memory != NULL);
    ASSAY_ASSERT(r->finality_ms != NULL && r->born != NULL);
    /* Slots that have no member yet are zero: no weight, keys or standing. */
    assay_bytes_zero(r->before_memory, len);
    assay_bytes_zero(r->now_memory, len);
    assay_state_init(&r->before, r->before_memory, n);
    assay_state_init(&r->now, r->now_memory, n);
    for (uint32_t i = 0; i < n; i++)
        assay_bytes_copy(r->node_ids[i], 32, r->w->nodes[i].node_id, 32);
    assay_state_copy(&r->before, &r->w->nodes[0].engine->head->state);
    world_final_begin_epoch(r);
}

void world_truth_free(struct world_run *r)
{
    free(r->before_memory);
    free(r->now_memory);
    free(r->node_ids);
    free(r->first_rows);
    free(r->finality_ms);
    free(r->born);
}

struct world_epoch *world_truth_at(struct world_run *r, uint64_t epoch)
{
    struct world_epoch *e = &r->epochs[epoch % QUOTES_KEPT];
    if (e->epoch == epoch) return e;
    *e = (struct world_epoch){ .epoch = epoch };
    for (uint32_t i = 0; i < r->scenario->nodes; i++) {
        e->died[i] = !r->w->nodes[i].alive;
        e->evidence[i] = ASSAY_SIM_EVIDENCE_NONE;
    }
    return e;
}

/* --- events of an epoch */

static bool is_listed(const struct assay_sim_world *w, uint32_t node, uint32_t incarnation)
{
    return w->nodes[node].engine->head->state.members[node].lives[0].incarnation == incarnation;
}

/* Whether its vendor's collateral has expired at the appraisal time of the epoch's evidence. */
static bool has_expired_collateral(const struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct assay_moment moment;
    if (assay_context_moment(&w->nodes[node].engine->head->context, epoch, &moment) != ASSAY_OK)
        return false;
    return world_rules_expired(w, world_rules_of(w, epoch), node, moment.at_unix_s);
}

/* The block that closed the epoch before, in the state of a node. Returns: its id; NULL:
 * dropped. */
static const uint8_t *base_of(const struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    if (epoch == state->epoch + 1) return state->head_id;
    const struct assay_past_epoch *past = assay_state_past(state, epoch);
    return past != NULL ? past->base_id : NULL;
}

void world_run_quoted(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect,
                      struct world_payload *bytes)
{
    const uint64_t epoch = effect->as.quote.epoch;
    if (w->run == NULL || !is_listed(w, node, effect->as.quote.incarnation)) return;
    /* A rolled-back disk: that epoch is over, and a newer one uses its place. */
    if (epoch <= w->run->closed) return;
    world_workload_keys_quoted(w->run, node, epoch);
    struct world_epoch *e = world_truth_at(w->run, epoch);
    enum assay_sim_evidence evidence = world_run_evidence(w, node);
    /* The first quote of all is of this epoch, and valid; it stays so when it is repeated. */
    const bool is_first = w->nodes[node].first_quote == NULL;
    const bool same =
        e->has_quote[node] && assay_bytes_equal(e->quote[node], world_payload_digest(bytes), 32);
    if (evidence == ASSAY_SIM_EVIDENCE_FIRST && (is_first || same))
        evidence = same ? e->evidence[node] : ASSAY_SIM_EVIDENCE_GOOD;
    /* Also a quote of another machine without a distinguishing field, and one that is sent to half
     * of the roster. */
    const bool passes =
        assay_attack_honest_outcome(evidence) == ASSAY_OUTCOME_PASS_UP_TO_DATE;
    const bool refused = assay_bit_has(world_rules_of(w, epoch)->fails, node);
    e->by_policy[node] = passes && refused;
    e->felled[node] =
        e->by_policy[node] && !assay_bit_has(world_rules_before(w, epoch)->fails, node);
    /* What an attacker's evidence fails soft for is the lesser of two reasons (protocol.md 7.4). */
    if (refused && (passes || evidence == ASSAY_SIM_EVIDENCE_SOFTLY))
        evidence = ASSAY_SIM_EVIDENCE_HARD;
    /* A repeated first quote is of another epoch in any case; other evidence cannot be appraised
     * (protocol.md 8.1). */
    if (evidence != ASSAY_SIM_EVIDENCE_FIRST && has_expired_collateral(w, node, epoch)) {
        evidence = ASSAY_SIM_EVIDENCE_HELD;
        e->by_policy[node] = e->felled[node] = false;
    }
    /* An attacker that restarts in an epoch without end: members appraised the one or the other. */
    if (e->has_quote[node] && !same && e->evidence[node] != evidence) e->mixed[node] = true;
    e->has_quote[node] = true;
    e->evidence[node] = evidence;
    assay_bytes_copy(e->quote[node], 32, world_payload_digest(bytes), 32);
    if (same) return;
    const uint8_t *const base = base_of(w, node, epoch);
    if (base != NULL) assay_bytes_copy(e->base[node], 32, base, 32);
    else assay_bytes_zero(e->base[node], 32);
}

/* A ballot is about to be signed: records the members without a verdict at the node. */
void world_truth_ballot(struct world_run *r, uint32_t node, uint64_t epoch)
{
    if (epoch != r->closed + 1) return; /* too late to count */
    struct world_epoch *e = world_truth_at(r, epoch);
    e->balloted[node] = true;
    for (uint32_t s = 0; s < r->scenario->nodes; s++) {
        if (s == node) continue;
        if (e->has_quote[s] && world_ballots_judged(r->w, node, epoch, s, e->quote[s])) continue;
        assay_bit_add(e->lacks[s], node);
    }
}

bool world_run_is_valid_evidence(const struct assay_sim_world *w, uint32_t node, uint64_t epoch,
                                 uint32_t subject, const uint8_t digest[static 32])
{
    if (w->run == NULL) return false;
    const struct world_epoch *e = &w->run->epochs[epoch % QUOTES_KEPT];
    const uint8_t *const base = base_of(w, node, epoch);
    /* protocol.md 3.6: evidence made on another branch does not count for this epoch. */
    return e->epoch == epoch && e->has_quote[subject] && base != NULL &&
           assay_bytes_equal(e->base[subject], base, 32) &&
           e->evidence[subject] == ASSAY_SIM_EVIDENCE_GOOD &&
           assay_bytes_equal(e->quote[subject], digest, 32);
}

static struct world_born *find_born_block(const struct world_run *r, const uint8_t id[static 32])
{
    const size_t i = ((size_t)id[0] << 16 | (size_t)id[1] << 8 | id[2]) % r->born_capacity;
    return &r->born[i]; /* the newest block of a place stays: blocks become final soon or never */
}

void world_truth_proposed(struct world_run *r, const uint8_t id[static 32])
{
    struct world_born *b = find_born_block(r, id);
    if (assay_bytes_equal(b->id, id, 32)) return;
    assay_bytes_copy(b->id, 32, id, 32);
    b->at_us = r->w->now_us;
}

bool world_truth_born(const struct world_run *r, const uint8_t id[static 32], uint64_t *at_us)
{
    const struct world_born *b = find_born_block(r, id);
    *at_us = b->at_us;
    return assay_bytes_equal(b->id, id, 32);
}

void world_run_note(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    struct world_run *r = w->run;
    if (r == NULL) return;
    const enum assay_note note = effect->as.note.note;
    if (note == ASSAY_NOTE_EQUIVOCATION) w->count.equivocations++;
    if (note == ASSAY_NOTE_EVIDENCE_FOREIGN) w->count.strange++;
    if (note == ASSAY_NOTE_FAST_SYNCED) {
        r->outcome->figures[ASSAY_SIM_FIGURE_FAST_SYNCS][0]++;
        w->nodes[node].fast_synced = true;
    }
    if (note != ASSAY_NOTE_VIEW_NULLIFIED) return;
    const uint64_t epoch = w->nodes[node].closed + 1;
    const uint64_t view = effect->as.note.a;
    if (epoch < r->nullified_epoch) return;
    if (epoch == r->nullified_epoch && view <= r->nullified_view) return;
    r->nullified_epoch = epoch;
    r->nullified_view = view;
    r->views_nullified++;
}

void world_run_restart(struct assay_sim_world *w, uint32_t node)
{
    if (w->run != NULL) assay_sim_watch_on_restart(w->run->watch, node);
}

/* --- the close */

/* Weight of honest voters that had no verdict on its evidence when they signed their ballot, or
 * signed none. */
static uint64_t unreachable_bp(const struct world_run *r, const struct world_epoch *e,
                               uint32_t subject)
{
    uint64_t sum = 0;
    for (uint32_t v = 0; v < r->scenario->nodes; v++) {
        const bool lacks = assay_bit_has(e->lacks[subject], v);
        if (v != subject && (lacks || !e->balloted[v]) && world_is_trusted(r->w, v))
            sum += r->before.members[v].weight;
    }
    return sum;
}

static void fill_truth(const struct world_run *r, const struct world_epoch *e,
                       struct assay_sim_truth *truth)
{
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        truth[i] = (struct assay_sim_truth){ .honest = world_is_trusted(r->w, i),
                                             .alive = !e->died[i],
                                             .reachable = e->has_quote[i],
                                             .evidence = e->evidence[i],
                                             .mixed = e->mixed[i],
                                             .by_policy = e->by_policy[i],
                                             .felled = e->felled[i],
                                             .unreachable_weight = unreachable_bp(r, e, i) };
}

static uint64_t count_certificates(const struct assay_sim_world *w)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (!w->nodes[i].alive) continue;
        const uint64_t held = assay_simplex_count_certificates(w->nodes[i].engine->simplex);
        if (held > most) most = held;
    }
    return most;
}

/* The engine's tables, which have their final size from the start, and evidence. */
static uint64_t memory_kib(const struct assay_sim_world *w)
{
    uint64_t bytes[WORLD_NODES] = { 0 };
    uint64_t most = 0;
    world_evidence_add_bytes(w, bytes);
    for (uint32_t i = 0; i < w->options.nodes; i++)
        if (w->nodes[i].alive && bytes[i] > most) most = bytes[i];
    return (w->engine_len + most) / 1024;
}

static void record_figures(struct world_run *r, struct assay_sim_closed *c)
{
    const struct assay_sim_world *w = r->w;
    c->messages = w->count.delivered - r->messages;
    c->bytes = w->count.bytes - r->bytes;
    c->verifications = w->count.verifications - r->verifications;
    c->crashes = (uint32_t)(w->count.crashes - r->crashes);
    c->views_nullified = r->views_nullified;
    c->blocks = r->blocks;
    c->proofs = r->proofs;
    c->certificates_held = (uint32_t)count_certificates(w);
    r->messages = w->count.delivered;
    r->bytes = w->count.bytes;
    r->verifications = w->count.verifications;
    r->crashes = w->count.crashes;
    r->all_views_nullified += r->views_nullified;
    r->all_blocks += r->blocks;
    r->all_proofs += r->proofs;
    r->views_nullified = r->blocks = r->proofs = 0;
    if (c->certificates_held > r->certificates_max) r->certificates_max = c->certificates_held;
    const uint64_t kib = memory_kib(w);
    if (kib > r->memory_kib_max) r->memory_kib_max = kib;
}

/* As sim/epochs/close.c. */
static void extend_root_chain(struct assay_sim_outcome *outcome, const uint8_t root[static 32])
{
    const struct assay_slice pieces[] = { assay_slice_over(outcome->root_chain, 32),
                                          assay_slice_over(root, 32) };
    assay_sha256_pieces(pieces, 2, outcome->root_chain);
    assay_bytes_copy(outcome->state_root, 32, root, 32);
}

/* Operators changed: counts members that will return to others than they had recorded. */
static void count_missed(struct world_run *r)
{
    if (assay_bytes_equal(r->before.operators_digest, r->now.operators_digest, 32)) return;
    for (uint32_t i = 0; i < r->scenario->nodes; i++)
        if (r->w->nodes[i].born && !r->w->nodes[i].alive)
            r->outcome->figures[ASSAY_SIM_FIGURE_OPERATORS_MISSED][0]++;
}

void world_truth_close(struct world_run *r, uint32_t node, uint64_t epoch)
{
    struct assay_sim_truth truth[WORLD_NODES];
    const struct assay_state *state = &r->now;
    assay_state_copy(&r->now, &r->w->nodes[node].engine->head->state);
    ASSAY_ASSERT(state->epoch == epoch);
    const bool forked = r->forked || !assay_bytes_equal(state->head_id, r->newest_id, 32);
    fill_truth(r, world_truth_at(r, epoch), truth);
    struct assay_sim_closed closed = { .epoch = epoch,
                                       .at_ms = r->w->now_us / US,
                                       .state = state,
                                       .before = &r->before,
                                       .certified = state->certified,
                                       .root = state->root,
                                       .truth = truth,
                                       .forked = forked,
                                       .rows = r->row_of,
                                       .fails = r->fails,
                                       .genesis = r->w->genesis };
    /* Members of the era before may close epochs too, where operators ended it in doubt. */
    r->era_works |= state->era == r->recovered && epoch > r->chosen_epoch;
    count_missed(r);
    world_changes_closed(r, &closed);
    world_days_closed(r, &closed);
    world_services_closed(r);
    world_workload_keys_closed(r, &closed);
    record_figures(r, &closed);
    world_trace(r->w, node, TRACE_CLOSED, state->certified, state->root);
    extend_root_chain(r->outcome, state->root);
    assay_sim_watch_epoch(r->watch, &closed);
    assay_state_copy(&r->before, state);
    for (uint64_t next = r->closed + 2; next <= epoch + 1; next++)
        world_rules_turn(r->w, node, next); /* of unobserved epochs only the newest is known */
    r->closed = epoch;
    world_changes_turned(r);
    world_days_turned(r);
    world_final_begin_epoch(r);
    if (r->options->stop_at_violation && assay_sim_outcome_violated(r->outcome)) r->stopped = true;
    if (r->options->progress != NULL && !r->options->progress(r->options->context, r->outcome))
        r->stopped = true;
}

void world_run_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_run *r = w->run;
    if (r == NULL) return;
    struct world_node *n = &w->nodes[node];
    if (n->fast_synced && n->engine->head->state.era > n->died_in_era) {
        r->outcome->figures[ASSAY_SIM_FIGURE_LEAPS_OVER_ERAS][0]++;
        n->died_in_era = n->engine->head->state.era; /* counts once */
    }
    n->fast_synced = false;
    if (r->images) world_node_image(w, node, epoch);
    if (epoch <= r->closed || w->nodes[node].engine->head->state.epoch != epoch) {
        world_services_node_closed(r, node);
        return;
    }
    world_truth_close(r, node, epoch);
    world_services_node_closed(r, node);
    (void)world_truth_at(r, epoch + 1);
    world_run_next(r);
}

/* --- figures of the run */

int64_t world_quantile_ms(const uint32_t *times, uint64_t count, uint64_t share, uint64_t of)
{
    uint64_t seen = 0;
    if (count == 0) return -1;
    const uint64_t wanted = (count * share + of - 1) / of;
    for (uint32_t ms = 0; ms < WORLD_MS_KEPT; ms++) {
        seen += times[ms];
        if (seen >= wanted) return ms;
    }
    return WORLD_MS_KEPT - 1;
}

static int64_t finality_ms(const struct world_run *r, uint64_t share)
{
    return world_quantile_ms(r->finality_ms, r->finality_count, share, 100);
}

static void set_figure(struct world_run *r, enum assay_sim_figure figure, uint64_t value)
{
    r->outcome->figures[figure][0] = (int64_t)value;
}

static uint64_t hops_p99(const struct assay_sim_world *w)
{
    uint64_t all = 0, sum = 0;
    for (size_t i = 0; i < HOPS_KEPT; i++)
        all += w->count.vote_hops[i];
    for (size_t i = 0; i < HOPS_KEPT; i++) {
        sum += w->count.vote_hops[i];
        if (100 * sum >= 99 * all) return i;
    }
    return HOPS_KEPT;
}

void world_truth_end(struct world_run *r)
{
    const struct assay_sim_world *w = r->w;
    set_figure(r, ASSAY_SIM_FIGURE_MESSAGES, w->count.delivered);
    set_figure(r, ASSAY_SIM_FIGURE_BYTES, w->count.bytes);
    set_figure(r, ASSAY_SIM_FIGURE_MESSAGES_LOST, w->count.lost);
    set_figure(r, ASSAY_SIM_FIGURE_VERIFICATIONS, w->count.verifications);
    set_figure(r, ASSAY_SIM_FIGURE_CRASHES, w->count.crashes);
    set_figure(r, ASSAY_SIM_FIGURE_RECOVERED, w->count.recovered);
    set_figure(r, ASSAY_SIM_FIGURE_RECOVERY_KILLS, w->count.recovery_kills);
    set_figure(r, ASSAY_SIM_FIGURE_BLOCKS, r->all_blocks + r->blocks);
    set_figure(r, ASSAY_SIM_FIGURE_VIEWS_NULLIFIED, r->all_views_nullified + r->views_nullified);
    set_figure(r, ASSAY_SIM_FIGURE_PROOFS, r->all_proofs + r->proofs);
    set_figure(r, ASSAY_SIM_FIGURE_CERTIFICATES_HELD_MAX, r->certificates_max);
    set_figure(r, ASSAY_SIM_FIGURE_MEMORY_KIB_MAX, r->memory_kib_max);
    set_figure(r, ASSAY_SIM_FIGURE_EQUIVOCATIONS_SEEN, w->count.equivocations);
    set_figure(r, ASSAY_SIM_FIGURE_STRANGE_EVIDENCE, w->count.strange);
    if (w->count.flooded > 0) {
        set_figure(r, ASSAY_SIM_FIGURE_HOPS_P99, hops_p99(w));
        set_figure(r, ASSAY_SIM_FIGURE_COPIES_PERMILLE,
                   1000 * w->count.flooded_again / w->count.flooded);
        set_figure(r, ASSAY_SIM_FIGURE_DIALS, w->count.dials);
    }
    set_figure(r, ASSAY_SIM_FIGURE_SIMULATED_MS, w->now_us / US);
    set_figure(r, ASSAY_SIM_FIGURE_EVENTS, w->count.events);
    r->outcome->figures[ASSAY_SIM_FIGURE_FINALITY_MS_P50][0] = finality_ms(r, 50);
    r->outcome->figures[ASSAY_SIM_FIGURE_FINALITY_MS_P99][0] = finality_ms(r, 99);
    r->outcome->figures[ASSAY_SIM_FIGURE_ENVELOPE_MS_P50][0] =
        world_ballots_delivery_ms(w, 50, 100);
    r->outcome->figures[ASSAY_SIM_FIGURE_ENVELOPE_MS_P99][0] =
        world_ballots_delivery_ms(w, 99, 100);
}
