/*
 * engine/consensus/simplex_proposal.c - proposals: received, checked, made.
 *
 * docs/protocol.md 5.7: validity of a proposal, apart from the rules of the ledger; tails below a
 * notarised E; commitments to the parent's certificate and to the nullifications between.
 */
#include "engine/consensus/simplex_internal.h"

#include "base/merkle.h"

static const struct assay_vote_statement *certified_statement(const struct assay_simplex *s,
                                                              uint32_t index)
{
    ASSAY_ASSERT(index < s->certificate_top);
    ASSAY_ASSERT(s->certificates[index].used);
    return &s->certificates[index].statement;
}

/* --- PROPOSAL messages */

static void accuse_leader(struct assay_simplex *s, struct sx_view *v,
                          const struct assay_proposal *proposal, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(v->has_proposal && v->view == proposal->header.view);
    ASSAY_ASSERT(v->leader == proposal->header.leader);

    const struct assay_block *first = assay_blocks_find(s->config.blocks, v->proposal_id);
    if (first == NULL || v->leader_accused) return;
    if (first->header.leader != proposal->header.leader) return;
    uint8_t bytes[2][ASSAY_PROPOSAL_HEAD_LEN_MAX];
    struct assay_writer w[2] = { assay_writer_over(bytes[0], sizeof bytes[0]),
                                 assay_writer_over(bytes[1], sizeof bytes[1]) };
    assay_proposal_head_encode(first->header_bytes, first->signature, &w[0]);
    assay_proposal_head_encode(proposal->header_bytes, proposal->signature, &w[1]);
    ASSAY_ASSERT(!w[0].full && !w[1].full);
    v->leader_accused = true;
    assay_sx_accuse(s, proposal->header.leader, 4, assay_slice_over(bytes[0], w[0].len),
                    assay_slice_over(bytes[1], w[1].len), out);
}

/* A body of another view than its reference states is not the referenced body (docs/protocol.md
 * 5.7.1). */
static bool is_missing(const struct assay_simplex *s, const struct assay_proposal *p)
{
    struct sx_missing missing[SX_MISSING_MAX];
    const size_t count = assay_sx_missing_blocks(s, missing);
    for (size_t i = 0; i < count; i++)
        if (missing[i].view == p->header.view && assay_bytes_equal(missing[i].id, p->id, 32))
            return true;
    return false;
}

/* In the running epoch, by the leader of its view unless a certificate already names it. */
static enum assay_status check_position(const struct assay_simplex *s,
                                        const struct assay_proposal *p, bool missing)
{
    ASSAY_ASSERT(p->header.view > 0 && p->header.epoch == s->base.epoch);

    const struct assay_block_header *h = &p->header;
    if (missing) return ASSAY_OK;
    if (h->view <= s->final_view) return ASSAY_E_STALE;
    if (h->view > s->view + SX_VIEWS_AHEAD || !assay_sx_in_window(s, h->view)) return ASSAY_E_EARLY;
    return ASSAY_OK;
}

/* Returns: the slot of the block's view when it may be noted as that view's proposal, or NULL. */
static struct sx_view *find_view_of(const struct assay_simplex *s, const struct assay_proposal *p)
{
    const uint64_t view = p->header.view;
    if (view <= s->final_view || !assay_sx_in_window(s, view)) return NULL;
    struct sx_view *v =
        assay_sx_find_view(s, view); /* entering a view computes SX_VIEWS_AHEAD more */
    return v != NULL && v->has_leader && v->leader == p->header.leader ? v : NULL;
}

static void report_missing_certificates(struct assay_simplex *s, const struct assay_block *block,
                                        struct assay_simplex_actions *out)
{
    /* Each node assembles certificates from the votes that it received first, so others have other
     * bitmaps: certificates sent along need not be pulled. The newest ones; one page. */
    uint32_t index = assay_sx_find_certificate(s, block->header.parent_proof);
    if (block->header.parent_view > 0 && index != SX_NONE)
        assay_sx_send_certificate(s, index, ASSAY_SLOT_ALL, out);
    size_t sent = 0;
    ASSAY_ASSERT(block->nulls.len == 32 * (size_t)block->header.null_count);
    for (size_t at = block->nulls.len; at > 0 && sent < SX_HELP_CERTIFICATES; at -= 32, sent++) {
        index = assay_sx_find_certificate(s, block->nulls.bytes + at - 32);
        if (index != SX_NONE) assay_sx_send_certificate(s, index, ASSAY_SLOT_ALL, out);
    }
}

static enum assay_status receive_proposal(struct assay_simplex *s, uint16_t from,
                                          struct assay_slice payload,
                                          const struct assay_proposal *p, bool missing,
                                          struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(missing || p->header.view > s->final_view);

    struct sx_view *v = find_view_of(s, p);
    ASSAY_ASSERT(v == NULL || (v->view == p->header.view && assay_sx_view_is_valid(s, v)));
    if (v == NULL && !missing) return ASSAY_E_INVALID; /* not by the leader of its view */
    if (v != NULL && v->has_proposal && !assay_bytes_equal(v->proposal_id, p->id, 32))
        accuse_leader(s, v, p, out);
    if (v != NULL && v->has_proposal && !missing) return ASSAY_OK; /* the first one counts */

    struct assay_block *block = NULL;
    const enum assay_status added = assay_sx_add_block(s, payload, p, &block);
    if (added != ASSAY_OK && added != ASSAY_E_DUPLICATE) return added;
    ASSAY_ASSERT(block->used && assay_bytes_equal(block->id, p->id, 32));
    if (from == ASSAY_SLOT_SELF) block->stored = true; /* before it was sent */
    if (missing) s->pull_at_ms = s->now_ms;            /* its parent, if that is missing too */
    if (v == NULL) return ASSAY_OK;
    if (!v->has_proposal) {
        v->has_proposal = true;
        v->proposal_ms = s->now_ms;
        assay_bytes_copy(v->proposal_id, 32, block->id, 32);
        assay_sx_note_active(s, block->header.leader, v->view);
    }
    const uint32_t held = v->certificate[ASSAY_VOTE_NOTARISE];
    if (held != SX_NONE &&
        assay_bytes_equal(s->certificates[held].statement.block_id, block->id, 32))
        block->notarised = true;
    if (from == ASSAY_SLOT_SELF) report_missing_certificates(s, block, out);
    return ASSAY_OK;
}

/* Returns: whether another proposal of the view is stored and its leader is proven to sign such
 * pairs in this epoch: then the proposal adds nothing, and its signature is not verified
 * (docs/protocol.md 5.23.1). */
static bool is_proven_second(const struct assay_simplex *s, const struct assay_proposal *p)
{
    const struct sx_view *v = assay_sx_find_view(s, p->header.view);
    if (v == NULL || !v->has_proposal) return false;
    return !assay_bytes_equal(v->proposal_id, p->id, 32) &&
           assay_sx_is_proven(s, p->header.leader, 4);
}

enum assay_status assay_sx_receive_proposal(struct assay_simplex *s, uint16_t from,
                                            struct assay_slice payload,
                                            struct assay_simplex_actions *out)
{
    struct assay_proposal p;
    ASSAY_TRY(assay_proposal_decode(payload, &p));
    const struct assay_block_header *h = &p.header;
    const enum assay_status place = assay_sx_check_position(s, h->chain_id, h->era, h->epoch);
    if (place == ASSAY_E_EARLY && h->epoch == s->base.epoch + 1)
        return assay_sx_buffer_early(s, from, ASSAY_MESSAGE_PROPOSAL, payload);
    if (place != ASSAY_OK) return place;
    if (from == ASSAY_SLOT_SELF && h->leader != s->config.self) return ASSAY_E_STRANGER;

    const bool missing = is_missing(s, &p);
    ASSAY_TRY(check_position(s, &p, missing));
    const struct assay_block *held = assay_blocks_find_const(s->config.blocks, p.id);
    if (held != NULL && !missing) {
        const struct sx_view *v = assay_sx_find_view(s, h->view);
        if (v != NULL && v->has_proposal) return ASSAY_E_DUPLICATE;
    }
    if (h->leader >= s->voters->count || s->voters->voting_key[h->leader] == NULL)
        return ASSAY_E_STRANGER;
    if (!missing && is_proven_second(s, &p)) return ASSAY_E_DUPLICATE;
    /* Our own was signed by our host, with the key that the ledger lists for us. */
    if (from != ASSAY_SLOT_SELF &&
        !assay_p256_verify(s->voters->voting_key[h->leader], p.id, p.signature, ASSAY_S_LOW))
        return ASSAY_E_SIGNATURE;
    return receive_proposal(s, from, payload, &p, missing, out);
}

/* --- judging */

/* Returns: whether a stored certificate proves the parent: notarised or final. */
static bool proves_parent(const struct assay_simplex *s, uint32_t index,
                          const struct assay_block_header *h)
{
    const struct assay_vote_statement *st = certified_statement(s, index);
    return assay_vote_kind(st->type) != ASSAY_VOTE_NULLIFY && st->view == h->parent_view &&
           assay_bytes_equal(st->block_id, h->parent_id, 32);
}

/* docs/protocol.md 5.7, 5.27: each name covers the next views above the parent, at least one, up to
 * the block's. Names after a missing certificate cannot be checked yet.
 * Returns: how many are missing, at most max. */
static size_t missing_nullifications(const struct assay_simplex *s, const struct assay_block *block,
                                     uint8_t (*out)[32], size_t max, bool *bad)
{
    const struct assay_block_header *h = &block->header;
    uint64_t at = h->parent_view + 1;
    size_t count = 0;
    for (uint32_t i = 0; i < h->null_count && count < max && !*bad; i++) {
        const uint8_t *commitment = block->nulls.bytes + 32 * (size_t)i;
        const uint32_t index = assay_sx_find_certificate(s, commitment);
        if (index == SX_NONE) assay_bytes_copy(out[count++], 32, commitment, 32);
        if (index == SX_NONE || count > 0) continue;
        const struct assay_vote_statement *st = certified_statement(s, index);
        *bad = assay_vote_kind(st->type) != ASSAY_VOTE_NULLIFY || !assay_vote_covers(st, at) ||
               at >= h->view;
        at = assay_vote_last(st) + 1;
    }
    if (count == 0 && at < h->view && max > 0) *bad = true;
    return count;
}

size_t assay_sx_missing_certificates(const struct assay_simplex *s, const struct assay_block *block,
                                     uint8_t (*out)[32], size_t max, bool *bad)
{
    const struct assay_block_header *h = &block->header;
    ASSAY_ASSERT(block->nulls.len == 32 * (size_t)h->null_count && max > 0);
    size_t count = 0;
    *bad = false;
    if (h->parent_view > 0) {
        const uint32_t index = assay_sx_find_certificate(s, h->parent_proof);
        if (index == SX_NONE) assay_bytes_copy(out[count++], 32, h->parent_proof, 32);
        else if (!proves_parent(s, index, h)) *bad = true;
    }
    if (!*bad && count < max)
        count += missing_nullifications(s, block, out + count, max - count, bad);
    ASSAY_ASSERT(count <= max);
    return count;
}

bool assay_sx_is_certificate_wanted(const struct assay_simplex *s,
                                    const uint8_t commitment[static 32])
{
    for (uint64_t view = s->view > SX_VIEWS_AHEAD ? s->view - SX_VIEWS_AHEAD : 1;
         view <= s->view + SX_VIEWS_AHEAD; view++) {
        const struct sx_view *v = assay_sx_find_view(s, view);
        if (v == NULL || !v->has_proposal) continue;
        const struct assay_block *block = assay_blocks_find_const(s->config.blocks, v->proposal_id);
        if (block == NULL) continue;
        if (assay_bytes_equal(block->header.parent_proof, commitment, 32)) return true;
        for (size_t at = 0; at < block->nulls.len; at += 32)
            if (assay_bytes_equal(block->nulls.bytes + at, commitment, 32)) return true;
    }
    return false;
}

/* Kind, height and, for tails, everything: a tail leaves its leader no choice. */
static bool fits_parent(const struct assay_simplex *s, const struct assay_block_header *h,
                        const struct assay_block_header *parent)
{
    if (parent == NULL) /* the final E of the epoch before */
        return h->kind != ASSAY_BLOCK_TAIL && h->height == s->base.height + 1;
    if (h->parent_view != parent->view) return false;
    const bool below_epoch_block =
        parent->kind == ASSAY_BLOCK_EPOCH || parent->kind == ASSAY_BLOCK_TAIL;
    if (!below_epoch_block) return h->kind != ASSAY_BLOCK_TAIL && h->height == parent->height + 1;
    return h->kind == ASSAY_BLOCK_TAIL && h->height == parent->height && h->record_count == 0 &&
           h->time_ms == parent->time_ms &&
           assay_bytes_equal(h->state_root, parent->state_root, 32);
}

enum sx_validity assay_sx_check_proposal(const struct assay_simplex *s,
                                         const struct assay_block *block)
{
    const struct assay_block_header *h = &block->header;
    ASSAY_ASSERT(h->epoch == s->base.epoch && h->era == s->base.era);
    const struct assay_block *parent = NULL;
    uint8_t missing[32];
    bool bad = false;
    /* A parent below the last final block would be another chain. */
    if (h->parent_view < s->final_view) return SX_BAD;
    if (h->parent_view == s->final_view && !assay_bytes_equal(h->parent_id, s->final_id, 32))
        return SX_BAD;
    if (h->parent_view > 0) {
        parent = assay_blocks_find_const(s->config.blocks, h->parent_id);
        if (parent == NULL) return SX_WAIT;
        if (parent->header.epoch != s->base.epoch) return SX_BAD;
    }
    /* With parent_view 0 the parent is E of the epoch before, whose finality every voter of this
     * epoch has seen and stored; parent_proof names the leader's own certificate of it. It is not
     * compared: after a power failure no node might have the old table to verify another bitmap
     * with, and view 1 would be stuck for ever. */
    if (!fits_parent(s, h, parent == NULL ? NULL : &parent->header)) return SX_BAD;
    if (assay_sx_missing_certificates(s, block, &missing, 1, &bad) > 0)
        return bad ? SX_BAD : SX_WAIT;
    if (bad) return SX_BAD;
    return assay_sx_has_ancestors(s, block, missing) ? SX_READY : SX_WAIT;
}

/* --- making */

/* The certificate to which a child of a view's block commits: a node that caught up by finality
 * alone has no other. Returns: its index, or SX_NONE. */
static uint32_t parent_certificate(const struct assay_simplex *s, uint64_t view)
{
    const struct sx_view *v = assay_sx_find_view(s, view);
    if (v != NULL && v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE)
        return v->certificate[ASSAY_VOTE_NOTARISE];
    return view > 0 && view == s->final_view ? s->final_certificate : SX_NONE;
}

static const struct assay_block *certified_block(const struct assay_simplex *s, uint32_t index)
{
    if (index == SX_NONE) return NULL;
    return assay_blocks_find_const(s->config.blocks, certified_statement(s, index)->block_id);
}

/* The newest notarised view below `view`, every view between nullified; 0: the base of the epoch.
 * Returns: false when a body or certificate on the way is missing. */
static bool choose_base(const struct assay_simplex *s, uint64_t view, uint64_t *base_view)
{
    ASSAY_ASSERT(view > s->final_view);

    uint8_t missing[32];
    for (uint64_t at = view - 1; at > s->final_view;) {
        const uint32_t covering = assay_sx_find_range_certificate(s, at);
        if (covering != SX_NONE) {
            at = certified_statement(s, covering)->view - 1;
            continue;
        }
        const struct sx_view *v = assay_sx_find_view(s, at);
        if (v == NULL) return false;
        const struct assay_block *block = certified_block(s, parent_certificate(s, at));
        if (block != NULL && assay_sx_has_ancestors(s, block, missing)) {
            *base_view = at;
            return true;
        }
        if (v->certificate[ASSAY_VOTE_NULLIFY] == SX_NONE) return false; /* body is pulled */
        at--;
    }
    *base_view = s->final_view;
    ASSAY_ASSERT(*base_view < view);
    return s->final_view == 0 || certified_block(s, parent_certificate(s, s->final_view)) != NULL;
}

/* The fewest certificates that nullify every view between: a range's where there is one. Returns:
 * how many; nulls gets their names. */
static uint32_t name_nullifications(const struct assay_simplex *s, uint64_t base_view,
                                    uint64_t view, uint8_t *nulls, size_t nulls_max)
{
    uint32_t count = 0;
    for (uint64_t at = base_view + 1; at < view; count++) {
        const uint32_t index = assay_sx_find_nullification(s, at);
        ASSAY_ASSERT(index != SX_NONE); /* choose_base; since then certificates were only added */
        const size_t used = 32 * (size_t)count;
        ASSAY_ASSERT(used < nulls_max);
        assay_bytes_copy(nulls + used, nulls_max - used, s->certificates[index].commitment, 32);
        at = assay_sx_view_after(s, index);
    }
    return count;
}

/* parent, height and commitments; nulls gets 32 bytes for each nullification. */
static void set_parent(const struct assay_simplex *s, uint64_t base_view,
                       struct assay_block_header *h, uint8_t *nulls, size_t nulls_max)
{
    ASSAY_ASSERT(base_view >= s->final_view && base_view < h->view);

    struct assay_merkle tree;
    assay_merkle_init(&tree);
    h->parent_view = base_view;
    h->null_count = name_nullifications(s, base_view, h->view, nulls, nulls_max);
    if (base_view == 0) {
        assay_bytes_copy(h->parent_id, 32, s->base.id, 32);
        assay_bytes_copy(h->parent_proof, 32, s->base.proof, 32);
        h->height = s->base.height + 1;
    } else {
        const uint32_t proof = parent_certificate(s, base_view);
        const struct assay_block *parent = certified_block(s, proof);
        ASSAY_ASSERT(parent != NULL);
        assay_bytes_copy(h->parent_id, 32, parent->id, 32);
        assay_bytes_copy(h->parent_proof, 32, s->certificates[proof].commitment, 32);
        h->height = parent->header.height + 1;
    }
    for (uint32_t i = 0; i < h->null_count; i++)
        assay_merkle_add(&tree, nulls + 32 * (size_t)i, 32);
    assay_merkle_root(&tree, h->null_root);
}

static void push_sign_proposal(struct assay_simplex *s, const struct assay_block_header *h,
                               const uint8_t id[32], size_t len, size_t signature_at,
                               struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->draft_used && len <= s->draft_len_max);
    ASSAY_ASSERT(signature_at + ASSAY_P256_SIGNATURE_LEN <= len);

    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_SIGN);
    action->view = h->view;
    struct assay_signing signing = {
        .key = ASSAY_KEY_VOTING,
        .digest = id,
        .message = ASSAY_MESSAGE_PROPOSAL,
        .payload = assay_slice_over(s->draft, len),
        .signature_at = signature_at,
        .class_ = ASSAY_STORE_PROPOSAL, /* never two proposals in a view, crash or not */
        .store_key = { .era = h->era, .epoch = h->epoch, .number = h->view },
    };
    assay_bytes_copy(signing.store_key.id, 32, id, 32);
    assay_effect_sign(&action->effect, &signing);
}

/* Completes the header, encodes into the draft, hands it out to be signed. */
static void make_proposal(struct assay_simplex *s, struct sx_view *v, uint64_t base_view,
                          const struct assay_simplex_content *content,
                          struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(v->leader == s->config.self && !v->made);
    ASSAY_ASSERT(!v->has_proposal && !v->cast[ASSAY_VOTE_NULLIFY]);

    uint8_t nulls[32 * ASSAY_BLOCK_NULLS_MAX];
    uint8_t header_bytes[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t id[32];
    size_t signature_at = 0;
    struct assay_block_header h = { .era = s->base.era,
                                    .epoch = s->base.epoch,
                                    .view = v->view,
                                    .kind = content->kind,
                                    .time_ms = content->time_ms,
                                    .leader = s->config.self };
    if (s->draft_used || !assay_sx_persist_certificates(s, out) ||
        !assay_sx_has_room(s, out, 2, 0)) {
        v->asked = false; /* requested again by the next step */
        s->starved = true;
        return;
    }
    set_parent(s, base_view, &h, nulls, sizeof nulls);
    if (content->kind == ASSAY_BLOCK_TAIL) h.height--; /* the height of its E */
    assay_bytes_copy(h.chain_id, 32, s->config.chain_id, 32);
    assay_bytes_copy(h.state_root, 32, content->state_root, 32);
    const enum assay_status rooted = assay_body_root(content->body, &h.record_count, h.body_root);
    ASSAY_ASSERT(rooted == ASSAY_OK);

    struct assay_writer header = assay_writer_over(header_bytes, sizeof header_bytes);
    assay_block_header_encode(&h, &header);
    ASSAY_ASSERT(!header.full);
    const struct assay_slice header_slice = assay_slice_over(header_bytes, header.len);
    assay_block_id(header_slice, id);
    struct assay_writer w = assay_writer_over(s->draft, s->draft_len_max);
    const enum assay_status encoded = assay_proposal_encode(
        header_slice, NULL, content->body, assay_slice_over(nulls, 32 * (size_t)h.null_count), &w,
        &signature_at);
    ASSAY_ASSERT(encoded == ASSAY_OK); /* the caller limits bodies to block_len_max */
    s->draft_used = true;
    v->asked = true;
    v->made = true;
    push_sign_proposal(s, &h, id, w.len, signature_at, out);
}

static void make_tail(struct assay_simplex *s, struct sx_view *v, uint64_t base_view,
                      const struct assay_block *parent, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(parent->header.kind == ASSAY_BLOCK_EPOCH ||
                 parent->header.kind == ASSAY_BLOCK_TAIL);
    ASSAY_ASSERT(parent->header.epoch == s->base.epoch);

    static const uint8_t empty_body[1] = { 0x80 }; /* CBOR: an array of nothing */
    struct assay_simplex_content content = { .kind = ASSAY_BLOCK_TAIL,
                                             .time_ms = parent->header.time_ms,
                                             .body = { empty_body, sizeof empty_body } };
    assay_bytes_copy(content.state_root, 32, parent->header.state_root, 32);
    make_proposal(s, v, base_view, &content, out);
}

void assay_sx_consider_proposing(struct assay_simplex *s, struct sx_view *v,
                                 struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(v->view == s->view && assay_sx_can_vote(s));
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));

    uint64_t base_view = 0;
    if (v->leader != s->config.self || v->asked || v->has_proposal) return;
    if (v->cast[ASSAY_VOTE_NULLIFY] || !choose_base(s, v->view, &base_view)) return;

    ASSAY_ASSERT(base_view < v->view);
    const uint8_t *parent_id = s->base.id;
    if (base_view > 0) {
        const struct assay_block *parent = certified_block(s, parent_certificate(s, base_view));
        ASSAY_ASSERT(parent != NULL);
        parent_id = parent->id;
        if (parent->header.kind == ASSAY_BLOCK_EPOCH || parent->header.kind == ASSAY_BLOCK_TAIL) {
            make_tail(s, v, base_view, parent, out);
            return;
        }
    }
    if (!assay_sx_has_room(s, out, 1, 0)) {
        s->starved = true;
        return;
    }
    v->asked = true;
    v->base_view = base_view;
    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_PROPOSE);
    action->view = v->view;
    assay_bytes_copy(action->id, 32, parent_id, 32);
}

void assay_simplex_propose(struct assay_simplex *s, uint64_t now_ms, uint64_t view,
                           const struct assay_simplex_content *content,
                           struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));
    ASSAY_ASSERT(content->kind != ASSAY_BLOCK_TAIL);
    ASSAY_ASSERT(content->body.len <= assay_blocks_body_max(s->config.blocks));

    s->now_ms = now_ms;
    if (view != s->view || !assay_sx_can_vote(s)) return;
    struct sx_view *v = assay_sx_open_view(s, view);
    if (v->leader != s->config.self || !v->asked || v->made || v->has_proposal) return;
    if (v->cast[ASSAY_VOTE_NULLIFY] || v->base_view < s->final_view) return;
    if (v->base_view > 0 && parent_certificate(s, v->base_view) == SX_NONE) {
        v->asked = false; /* a range was nullified with the base in it: requested again */
        return;
    }
    ASSAY_ASSERT(v->base_view < view);
    make_proposal(s, v, v->base_view, content, out);
    ASSAY_ASSERT(v->made || s->starved);
}
