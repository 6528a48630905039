/*
 * sim/epochs/close.c - the EPOCH block: tally, weights, root, and input of the watch.
 *
 * docs/protocol.md 4.4, 6, 7, 11.1. assay_close, assay_weights and the leaves are the engine's own;
 * threads compute the leaf hashes of the root in parallel.
 */
#include "sim/epochs/epochs_internal.h"

#include "base/crypto.h"
#include "base/merkle.h"
#include "base/writer.h"

enum { PIECE = 128 };

void epochs_trace(struct assay_sim_epochs *w, const void *bytes, size_t len)
{
    const struct assay_slice pieces[] = { assay_slice_over(w->trace, sizeof w->trace),
                                          assay_slice_over(bytes, len) };
    assay_sha256_pieces(pieces, 2, w->trace);
}

/* --- weight from other values than integrity (scenario's weight_source) */

static struct assay_trust_state weighed_as(enum assay_sim_weight_source source,
                                           struct assay_trust_state trust)
{
    switch (source) {
    case ASSAY_SIM_WEIGHT_INTEGRITY: return trust;
    case ASSAY_SIM_WEIGHT_SCORE:
        trust.integrity_bp = assay_trust_score_bp(&trust);
        trust.integrity = trust.score;
        return trust;
    case ASSAY_SIM_WEIGHT_ONE: return assay_trust_genesis();
    }
    ASSAY_UNREACHABLE("a weight source of the list");
}

static void reweigh(struct assay_sim_epochs *w, struct assay_state *next)
{
    const enum assay_sim_weight_source source = w->scenario.weight_source;
    if (source == ASSAY_SIM_WEIGHT_INTEGRITY) return; /* assay_close did */
    for (uint32_t i = 0; i < w->n; i++)
        w->close.trust[i] = weighed_as(source, next->members[i].trust);
    const struct assay_weight_input input = { .rules = &w->caps,
                                              .groups = &w->groups,
                                              .trust = w->close.trust,
                                              .previous = w->close.weights_before };
    assay_weights(&input, w->close.weights_memory, w->close.weights_memory_len,
                  w->close.weights_after, &w->tolerance);
    for (uint32_t i = 0; i < w->n; i++)
        next->members[i].weight = w->close.weights_after[i];
    assay_close_seats(&w->groups, &w->close, next);
}

/* --- the root */

struct hashing {
    struct assay_sim_epochs *w;
    const struct assay_state *state;
};

static void hash_leaves(void *context, uint32_t worker, uint32_t from, uint32_t to)
{
    const struct hashing *h = context;
    uint8_t *scratch = h->w->scratch + worker * h->w->scratch_len;
    for (uint32_t slot = from; slot < to; slot++)
        assay_state_leaf_hash(h->state, slot, scratch, h->w->scratch_len, h->w->hashes[slot]);
}

static void root_of(struct assay_sim_epochs *w, const struct assay_state *state, uint8_t *root)
{
    struct hashing h = { w, state };
    struct assay_merkle tree;
    uint8_t hash[32];
    workers_run(w->workers, w->n, PIECE, hash_leaves, &h);
    assay_merkle_init(&tree);
    assay_state_header_hash(state, w->scratch, w->scratch_len, hash);
    assay_merkle_add_hash(&tree, hash);
    for (uint32_t i = 0; i < w->n; i++)
        assay_merkle_add_hash(&tree, w->hashes[i]);
    assay_merkle_root(&tree, root);
}

/* --- E itself */

/* One header represents the blocks of the epoch: their bodies are not made. */
static void head_of(struct assay_sim_epochs *w, const struct assay_state *before,
                    struct assay_state *next, uint64_t time_ms)
{
    uint8_t bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_slice all;
    const uint16_t leader = w->leaders[w->views];
    struct assay_block_header header = { .epoch = next->epoch,
                                         .view = w->views,
                                         .height = before->head_height + w->views - w->nullified,
                                         .kind = ASSAY_BLOCK_EPOCH,
                                         .time_ms = time_ms,
                                         .leader = leader == UINT16_MAX ? 0 : leader };
    assay_bytes_copy(header.chain_id, 32, next->chain_id, 32);
    assay_bytes_copy(header.parent_id, 32, before->head_id, 32);
    assay_bytes_copy(header.body_root, 32, w->trace, 32);
    assay_bytes_copy(header.state_root, 32, next->root, 32);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_block_header_encode(&header, &out);
    const enum assay_status status = assay_writer_finish(&out, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_block_id(all, next->head_id);
    next->head_height = header.height;
    next->head_view = header.view;
    next->head_time_ms = header.time_ms;
}

static void chain_root(struct assay_sim_epochs *w)
{
    const struct assay_slice pieces[] = { assay_slice_over(w->root_chain, 32),
                                          assay_slice_over(w->root, 32) };
    assay_sha256_pieces(pieces, 2, w->root_chain);
    epochs_trace(w, w->drawn, w->n * sizeof *w->drawn);
    epochs_trace(w, w->root, 32);
}

/* Messages that a network of that size sends in such an epoch, by docs/protocol.md 4 and 5; how
 * many a real run delivers depends on losses. */
static void count_cost(struct assay_sim_epochs *w)
{
    enum { VOTE_LEN = 260, ENVELOPE_LEN = 320, EVIDENCE_LEN = 4096, BALLOT_LEN = 420 };
    uint64_t up = 0;
    uint64_t quotes = 0;
    uint64_t ballots = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        up += w->at[i].ready_rel != NEVER_MS;
        quotes += w->subjects[i].announced;
        ballots += w->in_chain[i];
    }
    const uint64_t others = up > 0 ? up - 1 : 0;
    const uint64_t votes = (uint64_t)(w->views + w->nullified) * 2 * up * others;
    const uint64_t flood = others; /* once to each (4.1.1, 4.12.10) */
    const uint64_t kept = 1000 - w->scenario.link.loss_permille;
    w->messages = (votes + (quotes + ballots) * flood + 2 * quotes * others) * kept / 1000;
    w->bytes = (votes * VOTE_LEN + quotes * flood * ENVELOPE_LEN + quotes * others * EVIDENCE_LEN +
                ballots * flood * (BALLOT_LEN + w->row_len)) *
               kept / 1000;
    w->verifications = quotes * others;
}

/* A crashed member that is reachable again: its ballot counts, or, at once, the remains of a power
 * cut. */
static uint64_t count_recovered(struct assay_sim_epochs *w, uint32_t end_rel)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        struct epochs_node *me = &w->nodes[i];
        const bool back = me->up_at_ms <= w->now_ms + end_rel && !me->waits;
        if (!me->suspended || !back || !epochs_follows(w, &w->quorum, w->at[i].side)) continue;
        me->suspended = false;
        count++;
    }
    return count;
}

static void sum_epoch(struct assay_sim_epochs *w, uint32_t end_rel)
{
    struct epochs_sums *s = &w->sums;
    const uint64_t others = w->n > 0 ? w->n - 1 : 0;
    s->messages += w->messages;
    s->bytes += w->bytes;
    s->lost += w->messages * w->scenario.link.loss_permille / 1000;
    s->verifications += w->verifications;
    s->blocks += w->views - w->nullified;
    s->nullified += w->nullified;
    s->proofs += w->proofs;
    s->crashes += w->crashes;
    s->recovered += count_recovered(w, end_rel);
    s->node_epochs += w->n;
    for (uint32_t i = 0; i < w->n; i++) {
        if (w->subjects[i].foreign) s->strange += others;
        if (w->other == NULL && w->ledger.struck[i] != 0) s->equivocations++;
    }
}

static void fill_truth(struct assay_sim_epochs *w, const struct assay_state *state,
                       const struct assay_state *before, bool certified, uint64_t at_ms)
{
    count_cost(w);
    const struct assay_sim_closed closed = {
        .epoch = w->epoch,
        .at_ms = at_ms,
        .state = state,
        .before = before,
        .certified = certified,
        .score_bp = state == NULL ? w->score_bp : NULL,
        .weight = state == NULL ? w->weights : NULL,
        .root = w->root,
        .truth = w->truth,
        .rows = state == NULL ? NULL : w->row_of,
        .fails = state == NULL ? NULL : w->ledger.fail,
        .messages = w->messages,
        .bytes = w->bytes,
        .verifications = w->verifications,
        .views_nullified = w->nullified,
        .blocks = w->views - w->nullified,
        .proofs = w->proofs,
        .crashes = w->crashes,
        .certificates_held = 0,
    };
    assay_sim_watch_epoch(w->watch, &closed);
}

static void close_ledger(struct assay_sim_epochs *w, uint64_t at_ms)
{
    const struct assay_state *before = &w->states[w->current];
    struct assay_state *next = &w->states[1 - w->current];
    for (uint32_t i = 0; i < w->n; i++)
        w->row_of[i] = w->ledger.counted[i] ? w->ledger.rows + i * w->row_len : NULL;
    assay_ledger_check(&w->ledger);
    assay_close(&w->context, &w->ledger, &w->rules, w->views, &w->close, next, &w->tolerance);
    reweigh(w, next);
    root_of(w, next, next->root);
    head_of(w, before, next, w->genesis->time_ms + at_ms);
    assay_state_check(next);
    assay_bytes_copy(w->root, 32, next->root, 32);
    chain_root(w);
    fill_truth(w, next, before, next->certified, at_ms);
    w->current = 1 - w->current;
}

/* The result of another rule has no tree: its root is a chain over scores and weights, in one byte
 * order on every machine. */
static void other_root(struct assay_sim_epochs *w)
{
    const size_t len = w->n * (sizeof *w->score_bp + sizeof *w->weights);
    struct assay_writer out = assay_writer_over(w->other_bytes, len);
    for (uint32_t i = 0; i < w->n; i++)
        assay_writer_u16le(&out, w->score_bp[i]);
    for (uint32_t i = 0; i < w->n; i++)
        assay_writer_u32le(&out, w->weights[i]);
    ASSAY_ASSERT(!out.full);
    const struct assay_slice pieces[] = { assay_slice_over(w->root, 32),
                                          assay_slice_over(out.bytes, out.len) };
    assay_sha256_pieces(pieces, 2, w->root);
}

static void close_other_rule(struct assay_sim_epochs *w, uint64_t at_ms)
{
    for (uint32_t i = 0; i < w->n; i++)
        w->row_of[i] = w->in_chain[i] ? w->rows + i * w->row_len : NULL;
    const struct assay_sim_rules_input input = { .epoch = w->epoch,
                                                 .roll_present = w->roll_quorum && w->quorum.any,
                                                 .members = w->members,
                                                 .rows = w->row_of };
    assay_sim_rules_step(w->other, &input);
    const uint32_t *weights = assay_sim_rules_weights(w->other);
    for (uint32_t i = 0; i < w->n; i++) {
        w->score_bp[i] = assay_sim_rules_score_bp(w->other, i);
        w->weights[i] = weights[i];
    }
    other_root(w);
    chain_root(w);
    fill_truth(w, NULL, NULL, assay_sim_rules_summary(w->other).certified, at_ms);
}

void epochs_begin(struct assay_sim_epochs *w)
{
    const struct assay_state *state = &w->states[w->current];
    const uint32_t *weights = w->other != NULL ? assay_sim_rules_weights(w->other) : NULL;
    w->total_weight = w->seats_weight = 0;
    for (uint32_t i = 0; i < w->n; i++) {
        w->weights[i] = weights != NULL ? weights[i] : state->members[i].weight;
        w->seats[i] = weights != NULL ? weights[i] : state->members[i].seat_weight;
        w->total_weight += w->weights[i];
        w->seats_weight +=
            weights != NULL ? w->seats[i] : assay_member_row_weight(&state->members[i]);
    }
    w->proofs = 0;
    w->context = (struct assay_context){ .state = state, .epoch = state->epoch + 1 };
    if (w->other == NULL) assay_ledger_reset(&w->ledger, state);
}

/* The running epoch is over, and the next starts. */
void epochs_close(struct assay_sim_epochs *w, uint32_t end_rel)
{
    const uint64_t at_ms = w->now_ms + end_rel;
    if (w->other != NULL) close_other_rule(w, at_ms);
    else close_ledger(w, at_ms);
    sum_epoch(w, end_rel);
    w->crashes = 0;
    w->epoch++;
    epochs_closed_known(w, end_rel);
    epochs_begin(w);
    if (w->other == NULL) epochs_execute_orders(w);
}
