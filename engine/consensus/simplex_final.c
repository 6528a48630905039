/*
 * engine/consensus/simplex_final.c - finality, and retention of the block bodies that it needs.
 *
 * docs/protocol.md 5.18: finality of a block is finality of its ancestors; finality of a tail is
 * finality of its E and nothing else. FINAL is reported when every body on the way is stored.
 */
#include "engine/consensus/simplex_internal.h"

#include "base/cbor.h"

void assay_sx_set_final(struct assay_simplex *s, uint64_t view, const uint8_t id[static 32],
                        uint32_t certificate)
{
    ASSAY_ASSERT(view > s->final_view);
    ASSAY_ASSERT(certificate < s->certificate_top && s->certificates[certificate].used);
    ASSAY_ASSERT(s->certificates[certificate].statement.type == ASSAY_VOTE_FINALISE);

    s->final_view = view;
    assay_bytes_copy(s->final_id, 32, id, 32);
    s->final_certificate = certificate;
    s->nullified_since_final = 0;
    s->nullified_in_a_row = 0;
    s->progress_ms = s->now_ms;
    assay_sx_close_pages(s);
    ASSAY_ASSERT(assay_sx_is_valid(s));
}

/* Returns: the lowest stored ancestor whose parent is missing; NULL when all are stored. */
static const struct assay_block *lowest_held(const struct assay_simplex *s,
                                             const struct assay_block *block)
{
    while (!block->final && block->header.parent_view > 0) {
        const struct assay_block *parent =
            assay_blocks_find_const(s->config.blocks, block->header.parent_id);
        if (parent == NULL) return block;
        block = parent; /* ends: ids are hashes, so no chain of them is a loop */
    }
    return NULL;
}

bool assay_sx_has_ancestors(const struct assay_simplex *s, const struct assay_block *block,
                            uint8_t missing[static 32])
{
    ASSAY_ASSERT(block->used);

    const struct assay_block *const lowest = lowest_held(s, block);
    if (lowest != NULL) assay_bytes_copy(missing, 32, lowest->header.parent_id, 32);
    return lowest == NULL;
}

/* --- which bodies are missing */

static void add_missing(const uint8_t id[32], uint64_t view, struct sx_missing *missing,
                        size_t *count)
{
    ASSAY_ASSERT(*count <= SX_MISSING_MAX && view > 0);

    if (*count == SX_MISSING_MAX) return;
    for (size_t i = 0; i < *count; i++)
        if (missing[i].view == view && assay_bytes_equal(missing[i].id, id, 32)) return;
    missing[*count].view = view;
    assay_bytes_copy(missing[(*count)++].id, 32, id, 32);
}

/* The block itself or its first missing ancestor. */
static void add_chain(const struct assay_simplex *s, const uint8_t id[32], uint64_t view,
                      struct sx_missing *missing, size_t *count)
{
    const struct assay_block *block = assay_blocks_find_const(s->config.blocks, id);
    if (block == NULL) {
        add_missing(id, view, missing, count);
        return;
    }
    const struct assay_block *const lowest = lowest_held(s, block);
    if (lowest != NULL)
        add_missing(lowest->header.parent_id, lowest->header.parent_view, missing, count);
}

/* A block that more than a third of the weight notarised in the running view: an honest one has
 * it, though its leader did not reach us. */
static void add_voted(const struct assay_simplex *s, const struct sx_view *v,
                      struct sx_missing *missing, size_t *count)
{
    ASSAY_ASSERT(v->view == s->view && assay_sx_view_is_valid(s, v));

    const struct sx_sum *sum = &v->sum[ASSAY_VOTE_NOTARISE];
    if (sum->count == 0) return;
    const bool held = assay_blocks_find_const(s->config.blocks, sum->id) != NULL;
    if (!held && assay_third(sum->weight, s->voters->total_weight))
        add_missing(sum->id, v->view, missing, count);
    for (uint32_t seat = 0; sum->others > 0 && seat < s->seat_count; seat++) {
        const struct sx_received *received = &v->received[seat];
        if (!received->verified[ASSAY_VOTE_NOTARISE]) continue;
        const uint8_t *id = received->id[ASSAY_VOTE_NOTARISE];
        if (assay_blocks_find_const(s->config.blocks, id) != NULL) continue;
        if (assay_third(assay_sx_weight(s, v, ASSAY_VOTE_NOTARISE, id), s->voters->total_weight))
            add_missing(id, v->view, missing, count);
    }
}

size_t assay_sx_missing_blocks(const struct assay_simplex *s,
                               struct sx_missing missing[static SX_MISSING_MAX])
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    size_t count = 0;
    if (s->done) return 0;
    if (s->handed_view < s->final_view) add_chain(s, s->final_id, s->final_view, missing, &count);
    if (s->notarised_view > s->final_view) {
        const struct sx_view *top = assay_sx_find_view(s, s->notarised_view);
        ASSAY_ASSERT(top != NULL && top->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE);
        ASSAY_ASSERT(s->certificates[top->certificate[ASSAY_VOTE_NOTARISE]].used);
        const uint32_t index = top->certificate[ASSAY_VOTE_NOTARISE];
        add_chain(s, s->certificates[index].statement.block_id, s->notarised_view, missing,
                  &count);
    }
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    if (v == NULL) return count;
    if (v->has_proposal && !v->proposal_bad) {
        const struct assay_block *block = assay_blocks_find_const(s->config.blocks, v->proposal_id);
        if (block == NULL) add_missing(v->proposal_id, v->view, missing, &count);
        else if (block->header.parent_view > 0)
            add_chain(s, block->header.parent_id, block->header.parent_view, missing, &count);
    }
    add_voted(s, v, missing, &count);
    ASSAY_ASSERT(count <= SX_MISSING_MAX);
    return count;
}

/* --- room in the table */

enum worth {
    WORTH_OLD_EPOCH, /* the store serves it */
    WORTH_DEAD,      /* below the last final view and not of the chain */
    WORTH_UNVOTED,   /* of a view that is over, neither notarised nor voted for by us */
    WORTH_FINAL,     /* of the chain, handed out: only others may still need it */
    WORTH_NULLIFIED, /* voted for in vain; should it be notarised after all, it is pulled again */
    WORTH_KEEP,
};

/* Out of the store, certificates first: what is nullified, or was passed by finality without being
 * notarised, gives way to what the chain may need. */
static enum worth restored_rank(const struct assay_simplex *s, const struct assay_block *block)
{
    ASSAY_ASSERT(block->used && !s->running);

    const struct assay_block_header *h = &block->header;
    if (h->epoch != s->base.epoch || h->era != s->base.era) return WORTH_OLD_EPOCH;
    if (block->notarised) return WORTH_KEEP;
    if (h->view < s->final_view) return WORTH_DEAD;
    const bool nullified = assay_sx_find_nullification(s, h->view) != SX_NONE;
    return nullified ? WORTH_NULLIFIED : WORTH_KEEP;
}

/* Notarised in a range that is nullified, and no ancestor of a block that may still be final. Who
 * lacks the certificate of the range may build on it: then it is pulled again. */
static bool is_passed_by(const struct assay_simplex *s, const struct assay_block *block)
{
    ASSAY_ASSERT(block->notarised);
    if (block->header.view <= s->final_view) return false;
    if (assay_sx_find_range_certificate(s, block->header.view) == SX_NONE) return false;
    for (uint32_t i = 0; i < assay_blocks_count(s->config.blocks); i++) {
        const struct assay_block *at = assay_blocks_at(s->config.blocks, i);
        if (!at->used || !at->notarised || assay_sx_find_view(s, at->header.view) == NULL) continue;
        while (at != NULL && at->header.view > block->header.view)
            at = at->header.parent_view == 0
                     ? NULL
                     : assay_blocks_find_const(s->config.blocks, at->header.parent_id);
        if (at == block) return false;
    }
    return true;
}

static enum worth retention_rank(const struct assay_simplex *s, const struct assay_block *block)
{
    ASSAY_ASSERT(block->used);

    const struct assay_block_header *h = &block->header;
    if (block->pinned) return WORTH_KEEP;
    if (!s->running) return restored_rank(s, block);
    if (h->epoch != s->base.epoch || h->era != s->base.era) return WORTH_OLD_EPOCH;
    if (block->final) return h->view < s->handed_view ? WORTH_FINAL : WORTH_KEEP;
    if (h->view < s->handed_view) return WORTH_DEAD;
    if (h->view >= s->view) return WORTH_KEEP;
    if (block->notarised) return is_passed_by(s, block) ? WORTH_NULLIFIED : WORTH_KEEP;
    const struct sx_view *v = assay_sx_find_view(s, h->view);
    if (v == NULL || !v->cast[ASSAY_VOTE_NOTARISE] ||
        !assay_bytes_equal(v->cast_id[ASSAY_VOTE_NOTARISE], block->id, 32))
        return WORTH_UNVOTED;
    return v->certificate[ASSAY_VOTE_NULLIFY] != SX_NONE ? WORTH_NULLIFIED : WORTH_KEEP;
}

/* Discards the oldest block of the lowest rank. Returns: whether a slot was freed. */
static bool evict_block(struct assay_simplex *s)
{
    struct assay_block *least = NULL;
    enum worth least_worth = WORTH_KEEP;
    for (uint32_t i = 0; i < assay_blocks_count(s->config.blocks); i++) {
        struct assay_block *block = assay_blocks_at(s->config.blocks, i);
        if (!block->used) return true;
        const enum worth worth = retention_rank(s, block);
        const bool older = least != NULL && worth == least_worth &&
                           (block->header.epoch < least->header.epoch ||
                            (block->header.epoch == least->header.epoch &&
                             block->header.view < least->header.view));
        if (worth < least_worth || older) {
            least = block;
            least_worth = worth;
        }
    }
    if (least == NULL) return false;
    ASSAY_ASSERT(!least->pinned);
    assay_blocks_remove(s->config.blocks, least);
    return true;
}

enum assay_status assay_sx_add_block(struct assay_simplex *s, struct assay_slice payload,
                                     const struct assay_proposal *proposal,
                                     struct assay_block **out)
{
    ASSAY_ASSERT(proposal->header.epoch == s->base.epoch);

    enum assay_status added = assay_blocks_add_decoded(s->config.blocks, payload, proposal, out);
    if (added == ASSAY_E_FULL && evict_block(s)) {
        added = assay_blocks_add_decoded(s->config.blocks, payload, proposal, out);
        ASSAY_ASSERT(added != ASSAY_E_FULL); /* that was the only reason to refuse it */
    }
    if (added == ASSAY_OK) (*out)->held_ms = s->now_ms;
    return added;
}

/* --- handing out */

/* The block of the chain that a final certificate means: E where it names a tail of it. */
static struct assay_block *parent_in_chain(const struct assay_simplex *s, struct assay_block *block)
{
    while (block->header.kind == ASSAY_BLOCK_TAIL) {
        block = assay_blocks_find(s->config.blocks, block->header.parent_id);
        ASSAY_ASSERT(block != NULL); /* every ancestor is stored */
    }
    return block;
}

void assay_sx_report_final(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    uint8_t missing[32];
    if (!s->running || s->done || s->handed_view == s->final_view) return;
    struct assay_block *top = assay_blocks_find(s->config.blocks, s->final_id);
    if (top == NULL || !assay_sx_has_ancestors(s, top, missing)) return;
    if (!assay_sx_persist_certificates(s, out) || !assay_sx_has_room(s, out, 1, 0)) {
        s->starved = true;
        return;
    }
    struct assay_block *block = parent_in_chain(s, top);
    ASSAY_ASSERT(s->unstored == 0 && s->certificates[s->final_certificate].used);
    for (struct assay_block *at = top; at != NULL && !at->final;) {
        at->final = true;
        at->notarised = true;
        at = at->header.parent_view > 0 ? assay_blocks_find(s->config.blocks, at->header.parent_id)
                                        : NULL;
    }
    s->handed_view = s->final_view;
    s->handed_height = block->header.height;
    assay_bytes_copy(s->handed_id, 32, block->id, 32);
    s->done = block->header.kind == ASSAY_BLOCK_EPOCH;
    s->demand_at_ms = UINT64_MAX; /* it was about this block: the ledger sets it again */

    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_FINAL);
    action->view = s->final_view;
    assay_bytes_copy(action->id, 32, block->id, 32);
    assay_bytes_copy(action->proof, 32, s->certificates[s->final_certificate].commitment, 32);
    ASSAY_ASSERT(s->handed_view == s->final_view && block->final);
}

enum assay_status assay_simplex_finality(const struct assay_simplex *s, struct assay_writer *w)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    if (!s->done || s->final_certificate == SX_NONE) return ASSAY_E_NOT_FOUND;
    const struct sx_certificate *final_ = &s->certificates[s->final_certificate];
    ASSAY_ASSERT(final_->used && final_->statement.type == ASSAY_VOTE_FINALISE);
    const struct assay_block *top = assay_blocks_find_const(s->config.blocks, s->final_id);
    if (top == NULL) return ASSAY_E_NOT_FOUND;

    uint64_t tails = 0;
    for (const struct assay_block *at = top; at->header.kind == ASSAY_BLOCK_TAIL; tails++) {
        at = assay_blocks_find_const(s->config.blocks, at->header.parent_id);
        if (at == NULL) return ASSAY_E_NOT_FOUND;
    }
    assay_cbor_put_array(w, 2);
    assay_cbor_put_bytes(w, final_->payload, final_->payload_len);
    assay_cbor_put_array(w, tails);
    for (const struct assay_block *at = top; at->header.kind == ASSAY_BLOCK_TAIL;) {
        assay_cbor_put_bytes(w, at->header_bytes.bytes, at->header_bytes.len);
        at = assay_blocks_find_const(s->config.blocks, at->header.parent_id);
        ASSAY_ASSERT(at != NULL);
    }
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

/* --- own votes reported at the end of an era */

static void add_cast(const struct assay_simplex *s, const struct sx_view *v,
                     struct assay_simplex_cast *casts, size_t count)
{
    size_t at = count;
    for (; at > 0 && casts[at - 1].view > v->view; at--)
        casts[at] = casts[at - 1];
    const struct assay_block *block =
        assay_blocks_find_const(s->config.blocks, v->cast_id[ASSAY_VOTE_FINALISE]);
    casts[at] = (struct assay_simplex_cast){ .view = v->view,
                                             .height = block != NULL ? block->header.height : 0 };
    assay_bytes_copy(casts[at].id, 32, v->cast_id[ASSAY_VOTE_FINALISE], 32);
}

size_t assay_simplex_finals(const struct assay_simplex *s, uint64_t above_view,
                            struct assay_simplex_cast *casts, size_t capacity)
{
    size_t count = 0;
    ASSAY_ASSERT(assay_sx_is_valid(s));
    /* A discarded page contains no F of ours that may still count: it lies below the final view, or
     * a quorum has nullified its range (docs/protocol.md 5.28). */
    for (uint32_t p = 0; p < s->page_count; p++) {
        if (s->pages[p].range.view == 0) continue;
        for (size_t i = 0; i < ASSAY_RANGE_VIEWS; i++) {
            const struct sx_view *v = &s->pages[p].views[i];
            if (v->view <= above_view || !v->cast[ASSAY_VOTE_FINALISE]) continue;
            if (count < capacity) add_cast(s, v, casts, count);
            count++;
        }
    }
    return count;
}

struct assay_slice assay_simplex_final_certificate(const struct assay_simplex *s)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    if (s->final_certificate == SX_NONE) return (struct assay_slice){ 0 };
    const struct sx_certificate *c = &s->certificates[s->final_certificate];
    return assay_slice_over(c->payload, c->payload_len);
}
