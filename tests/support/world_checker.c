/*
 * tests/support/world_checker.c - what must hold after each step, whatever the faults.
 *
 * Nobody signs twice: two N, two F or two X of other content in one view, X and F, two envelopes or
 * ballots in one epoch under one key. Everybody who closes an epoch has the same head and root.
 */
#include "tests/support/world_internal.h"

#include "base/cbor.h"
#include "engine/vote.h"

#include <string.h>

static bool describe(const struct assay_effect *e, struct own_signature *s)
{
    *s = (struct own_signature){ .kind = (uint16_t)e->as.sign.message };
    assay_bytes_copy(s->digest, 32, e->as.sign.digest, 32);
    s->epoch = e->as.sign.store_key.epoch;
    if (e->as.sign.message == ASSAY_MESSAGE_VOTE) {
        struct assay_vote vote;
        if (assay_vote_decode(e->as.sign.payload, &vote) != ASSAY_OK) return false;
        s->is_vote = true;
        s->type = (unsigned)vote.statement.type;
        s->view = vote.statement.view;
        s->epoch = vote.statement.epoch;
        return true;
    }
    if (e->as.sign.message == ASSAY_MESSAGE_PROPOSAL) {
        s->view = e->as.sign.store_key.number;
        return false; /* a proposal may be made again after a crash only byte for byte: simplex's */
    }
    return e->as.sign.class_ == ASSAY_STORE_BALLOT || e->as.sign.class_ == ASSAY_STORE_ENVELOPE;
}

static bool conflict(const struct own_signature *a, const struct own_signature *b)
{
    if (a->kind != b->kind || a->epoch != b->epoch || a->view != b->view) return false;
    if (!assay_bytes_equal(a->key, b->key, 64)) return false;
    if (!a->is_vote) return !assay_bytes_equal(a->digest, b->digest, 32);
    if (a->type == b->type) return !assay_bytes_equal(a->digest, b->digest, 32);
    return (a->type == ASSAY_VOTE_NULLIFY && b->type == ASSAY_VOTE_FINALISE) ||
           (a->type == ASSAY_VOTE_FINALISE && b->type == ASSAY_VOTE_NULLIFY);
}

void world_check_signed(struct world *w, uint32_t node, const struct assay_effect *effect)
{
    struct world_node *n = &w->nodes[node];
    struct own_signature s;
    if (!describe(effect, &s)) return;
    assay_bytes_copy(s.key, 64, n->keys.voting_public, 64);
    const size_t held = n->signed_count < SIGNED_KEPT ? n->signed_count : SIGNED_KEPT;
    for (size_t i = 0; i < held && i < 512; i++) {
        const struct own_signature *old = &n->signed_[(n->signed_count - 1 - i) % SIGNED_KEPT];
        if (conflict(old, &s))
            world_broken(w, "node %u signed twice: message %u, epoch %llu, view %llu", node, s.kind,
                         (unsigned long long)s.epoch, (unsigned long long)s.view);
    }
    n->signed_[n->signed_count++ % SIGNED_KEPT] = s;
}

void world_check_closed(struct world *w, uint32_t node)
{
    struct assay_engine_view view;
    assay_engine_view(w->nodes[node].engine, &view);
    const uint64_t epoch = view.epoch - 1; /* a step may close several: the last one is seen */
    if (epoch >= EPOCHS_KEPT) return;
    if (w->options.plant == WORLD_PLANT_ROOT && node == 1 && epoch == 3) view.state_root[0] ^= 1;
    if (assay_bytes_all_zero(w->roots[epoch], 32)) {
        assay_bytes_copy(w->roots[epoch], 32, view.state_root, 32);
        assay_bytes_copy(w->heads[epoch], 32, view.closed_id, 32);
        return;
    }
    if (!assay_bytes_equal(w->roots[epoch], view.state_root, 32))
        world_broken(w, "node %u closed epoch %llu with another state root", node,
                     (unsigned long long)epoch);
    if (!assay_bytes_equal(w->heads[epoch], view.closed_id, 32))
        world_broken(w, "node %u closed epoch %llu with another block", node,
                     (unsigned long long)epoch);
}
