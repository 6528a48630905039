/*
 * engine/era.c - the end of an era: FENCE taken, kept and passed on; RECOVER judged; what a node
 * answers (docs/protocol.md 9.12 to 9.16).
 */
#include "engine/engine_internal.h"
#include "engine/era.h"

enum { KEEP_EFFECTS = 8, PASSES_PER_EPOCH = 2 };

static bool ending_holds(const struct assay_engine *e)
{
    const struct assay_ending *n = e->ending;
    return n->fence_len <= ASSAY_FENCE_LEN_MAX && n->fenced == (n->fence_len > 0);
}

/* --- FENCE */

static void pass_on(struct assay_engine *e, uint16_t except)
{
    struct assay_ending *n = &e->parts->ending;
    n->passed_ms = e->now_ms;
    const struct assay_slice kept = assay_eng_keep(e, assay_slice_over(n->fence, n->fence_len));
    if (kept.len > 0) assay_eng_send(e, ASSAY_SLOT_ALL, except, ASSAY_MESSAGE_FENCE, kept);
}

static void stand(struct assay_engine *e, const struct assay_fence *fence, struct assay_slice bytes)
{
    struct assay_ending *n = &e->parts->ending;
    n->fenced = true;
    assay_bytes_copy(n->fence_digest, 32, fence->digest, 32);
    assay_bytes_copy(n->fence, ASSAY_FENCE_LEN_MAX, bytes.bytes, bytes.len);
    n->fence_len = bytes.len;
    ASSAY_ASSERT(ending_holds(e) && !assay_eng_may_sign(e));
}

/* Of this chain and era, by the operators in force. */
static enum assay_status judge_fence(const struct assay_engine *e, const struct assay_fence *fence)
{
    const struct assay_state *state = &e->head->state;
    if (!assay_bytes_equal(fence->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (fence->era < state->era) return ASSAY_E_STALE;
    if (fence->era > state->era) return ASSAY_E_EARLY;
    if (e->head->context.operators.len == 0) return ASSAY_E_UNSUPPORTED; /* nobody decides here */
    return assay_approval_check(&fence->approval, e->head->context.operators, fence->digest);
}

enum assay_status assay_era_fence(struct assay_engine *e, uint16_t from,
                                  struct assay_slice payload)
{
    struct assay_fence fence;
    ASSAY_ASSERT(ending_holds(e));
    ASSAY_TRY(assay_fence_decode(payload, &fence));
    /* One stands already: they all say the same, and who repeats it asks for no verification. */
    if (e->ending->fenced && fence.era == e->head->state.era &&
        assay_bytes_equal(fence.chain_id, e->head->state.chain_id, 32))
        return ASSAY_OK;
    ASSAY_TRY(judge_fence(e, &fence));
    const struct assay_slice kept = assay_eng_keep(e, payload);
    if (kept.len == 0 || !assay_eng_room(e, KEEP_EFFECTS)) return ASSAY_E_AGAIN;
    const struct assay_store_key key = { .era = fence.era, .number = ASSAY_META_FENCE };
    assay_eng_persist(e, ASSAY_STORE_META, &key, kept);
    stand(e, &fence, payload);
    assay_simplex_halt(e->simplex);
    assay_eng_note(e, ASSAY_NOTE_FENCED, ASSAY_SLOT_ALL, fence.era, e->head->context.epoch);
    pass_on(e, from < e->members ? from : ASSAY_SLOT_ALL);
    return ASSAY_OK;
}

enum assay_status assay_era_restore(struct assay_engine *e, const struct assay_store_key *key,
                                    struct assay_slice value)
{
    struct assay_fence fence;
    if (key->number != ASSAY_META_FENCE || key->era != e->head->state.era) return ASSAY_OK;
    /* It was judged when it was taken; the operators may have changed in what was final since. */
    ASSAY_TRY(assay_fence_decode(value, &fence));
    stand(e, &fence, value);
    if (e->chain->begun) assay_simplex_halt(e->simplex);
    return ASSAY_OK;
}

void assay_era_tick(struct assay_engine *e)
{
    ASSAY_ASSERT(ending_holds(e));
    if (!e->ending->fenced) return;
    if (e->now_ms < e->ending->passed_ms + assay_eng_epoch_ms(e) / PASSES_PER_EPOCH) return;
    pass_on(e, ASSAY_SLOT_ALL);
}

/* --- RECOVER */

static enum assay_status place_of(struct assay_engine *e, const struct assay_ledger *ledger,
                                  const struct assay_recover *r, struct assay_fault *fault)
{
    const struct assay_block_header *h = &r->header;
    const uint64_t running = e->head->context.epoch;
    if (!assay_bytes_equal(h->chain_id, e->head->state.chain_id, 32) ||
        h->era != (uint64_t)e->head->state.era + 1)
        return assay_recover_follows(&e->head->context, ledger, r, fault);
    /* docs/protocol.md 9.16: what is final here would be undone. */
    if (h->epoch < running || (h->epoch == running && h->height <= ledger->height)) {
        assay_status_ignore(assay_fault_numbers(fault, "the final head here is higher",
                                                h->height - 1, ledger->height),
                            "it is stale");
        return fault->status = ASSAY_E_STALE;
    }
    if (h->epoch > running || h->height > ledger->height + 1)
        return assay_fault_plain(fault, "the head that it names is not known here yet",
                                 ASSAY_E_EARLY);
    return assay_recover_follows(&e->head->context, ledger, r, fault);
}

enum assay_status assay_era_look(struct assay_engine *e, const struct assay_ledger *ledger,
                                 const struct assay_recover *recover, struct assay_fault *fault)
{
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    const enum assay_status signed_ =
        assay_recover_approved(recover, e->head->state.operators_digest);
    if (signed_ != ASSAY_OK)
        return assay_fault_plain(fault, "not signed by the operators in force here", signed_);
    ASSAY_TRY(place_of(e, ledger, recover, fault));
    if (!assay_head_can_close(e))
        return assay_fault_plain(fault, "documents of services or of changes are still to come",
                                 ASSAY_E_AGAIN);
    ASSAY_TRY(assay_branch_recover(e, ledger, recover, fault));
    assay_head_next(e, &e->branch->ledger, recover->header.view);
    if (assay_bytes_equal(e->head->next.root, recover->header.state_root, 32)) return ASSAY_OK;
    return assay_fault_ids(fault, "state root", e->head->next.root, recover->header.state_root);
}

enum assay_status assay_era_recover(struct assay_engine *e, uint16_t from,
                                    struct assay_slice payload)
{
    struct assay_recover r;
    struct assay_fault fault;
    ASSAY_TRY(assay_recover_decode(payload, &r));
    if (assay_bytes_equal(r.header.chain_id, e->head->state.chain_id, 32) &&
        r.header.era <= e->head->state.era)
        return ASSAY_OK; /* one RECOVER in an era, the first: peers repeat it */
    const enum assay_status status = assay_era_look(e, &e->chain->ledger, &r, &fault);
    if (status == ASSAY_E_EARLY) assay_sync_start(e, r.header.epoch);
    if (status == ASSAY_E_STALE || status == ASSAY_E_INVALID)
        assay_eng_note(e, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL, e->chain->ledger.height,
                       r.header.height - 1);
    ASSAY_TRY(status);
    ASSAY_TRY(assay_settle_recover(e, &r, &e->branch->ledger));
    const struct assay_slice kept = assay_eng_keep(e, payload);
    if (kept.len > 0)
        assay_eng_send(e, ASSAY_SLOT_ALL, from < e->members ? from : ASSAY_SLOT_ALL,
                       ASSAY_MESSAGE_RECOVER, kept);
    return ASSAY_OK;
}

void assay_era_ends(struct assay_engine *e)
{
    e->parts->ending.recovered = true;
}

/* --- what people ask */

void assay_engine_ending(const struct assay_engine *engine, struct assay_ending_snapshot *ending)
{
    const struct assay_engine *e = engine;
    *ending = (struct assay_ending_snapshot){ .fenced = e->ending->fenced };
    ending->next_sequence =
        e->head->state.change_sequence + 1 + (e->chain->ledger.change_len > 0);
    if (!e->ending->fenced) return;
    ending->fence = assay_slice_over(e->ending->fence, e->ending->fence_len);
    assay_bytes_copy(ending->fence_digest, 32, e->ending->fence_digest, 32);
}

static bool log_is_whole(const struct assay_engine *e)
{
    struct assay_simplex_snapshot s;
    assay_simplex_snapshot(e->simplex, &s);
    return e->own->listed && !e->own->rolled_back && e->life->voted_on && !s.asking;
}

static void put_head(const struct assay_engine *e, struct assay_answer_body *b)
{
    const struct assay_state *state = &e->head->state;
    const struct assay_ledger *ledger = &e->chain->ledger;
    b->era = state->era;
    b->epoch = e->head->context.epoch;
    b->height = ledger->height;
    b->view = ledger->view;
    b->time_ms = ledger->time_ms;
    assay_bytes_copy(b->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(b->id, 32, ledger->tip_id, 32);
    assay_bytes_copy(b->state_root, 32, state->root, 32);
    assay_bytes_copy(b->fence_digest, 32, e->ending->fence_digest, 32);
}

enum assay_status assay_engine_answer(const struct assay_engine *engine,
                                      struct assay_answer_body *body)
{
    const struct assay_engine *e = engine;
    struct assay_simplex_cast casts[ASSAY_ANSWER_VOTES_MAX];
    if (!e->ending->fenced) return ASSAY_E_EARLY; /* it may still sign */
    if (!e->life->started || e->chain->turned) return ASSAY_E_AGAIN;
    assay_bytes_zero(body, sizeof *body);
    put_head(e, body);
    body->certificate = assay_simplex_final_certificate(e->simplex);
    const size_t count = assay_simplex_finals(e->simplex, e->chain->ledger.view, casts,
                                              ASSAY_ANSWER_VOTES_MAX);
    body->whole = log_is_whole(e) && count <= ASSAY_ANSWER_VOTES_MAX;
    for (size_t i = 0; i < count && i < ASSAY_ANSWER_VOTES_MAX; i++) {
        struct assay_answer_vote *v = &body->votes[body->vote_count++];
        *v = (struct assay_answer_vote){ .view = casts[i].view, .height = casts[i].height };
        assay_bytes_copy(v->id, 32, casts[i].id, 32);
    }
    body->has_keys = !e->own->listed;
    if (!body->has_keys) return ASSAY_OK;
    const struct assay_own_keys *keys = &e->own->keys;
    assay_bytes_copy(body->keys.node_id, 32, e->head->state.members[e->self].node_id, 32);
    assay_bytes_copy(body->keys.voting_public, 64, keys->voting_public, 64);
    assay_bytes_copy(body->keys.transport_public, 32, keys->transport_public, 32);
    return ASSAY_OK;
}

static uint32_t share_bp(const struct assay_share *share, uint64_t total)
{
    return total == 0 ? 0 : (uint32_t)(share->largest_weight * 10000 / total);
}

enum assay_status assay_engine_recover_draft(struct assay_engine *engine, struct assay_slice body,
                                             uint64_t time_ms, struct assay_recover_drafted *out,
                                             struct assay_fault *fault)
{
    struct assay_engine *e = engine;
    struct assay_recover r = { 0 };
    const struct assay_ledger *ledger = &e->chain->ledger;
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    if (!e->life->started || e->chain->turned)
        return assay_fault_plain(fault, "the node is about to begin an epoch", ASSAY_E_AGAIN);
    if (!assay_head_can_close(e))
        return assay_fault_plain(fault, "documents of services or of changes are still to come",
                                 ASSAY_E_AGAIN);
    const enum assay_status read = assay_recover_body_decode(body, &r);
    if (read != ASSAY_OK) return assay_fault_plain(fault, "body cannot be read", read);
    assay_recover_header(&e->head->state, ledger, body, time_ms, &r.header);
    ASSAY_TRY(assay_recover_follows(&e->head->context, ledger, &r, fault));
    ASSAY_TRY(assay_branch_recover(e, ledger, &r, fault));
    assay_head_next(e, &e->branch->ledger, r.header.view);
    assay_bytes_copy(r.header.state_root, 32, e->head->next.root, 32);
    const struct assay_tolerance *t = &e->head->next_tolerance;
    *out = (struct assay_recover_drafted){
        .header = r.header,
        .operators = e->head->context.operators,
        .largest_operator_bp = share_bp(&t->operator_, t->total_weight),
        .largest_vendor_bp = share_bp(&t->vendor, t->total_weight),
        .largest_platform_bp = share_bp(&t->platform, t->total_weight),
    };
    for (uint32_t i = 0; i < e->head->next.member_count; i++) {
        out->total_weight += e->head->next.members[i].seat_weight;
        out->voters += e->head->next.members[i].seat_weight > 0;
    }
    return ASSAY_OK;
}

enum assay_status assay_engine_recover_try(struct assay_engine *engine, struct assay_slice bytes,
                                           struct assay_fault *fault)
{
    struct assay_engine *e = engine;
    struct assay_recover r;
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    const enum assay_status read = assay_recover_decode(bytes, &r);
    if (read != ASSAY_OK) return assay_fault_plain(fault, "RECOVER cannot be read", read);
    if (!e->life->started || e->chain->turned)
        return assay_fault_plain(fault, "the node is about to begin an epoch", ASSAY_E_AGAIN);
    return assay_era_look(e, &e->chain->ledger, &r, fault);
}
