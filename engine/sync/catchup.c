/*
 * engine/sync/catchup.c - sync client: catches up one epoch at a time (docs/protocol.md 5.19, 5.20;
 * wire format in sync.c).
 *
 * One epoch at a time: first the finality proof of its E, verified with the table of that epoch,
 * then its blocks in chain order onto a ledger of their own, until the one that the proof names.
 * Only then are they proven to be the chain: a proof is public, and blocks link backwards. So
 * nothing is persisted on the way; once E is reached the blocks are fetched again, by id (a short
 * epoch from the same page), and persisted. The final ledger is unchanged until then, and no orders
 * follow: these come from the head only.
 */
#include "engine/parts/engine_internal.h"

#include "base/bitmap.h"
#include "base/cbor.h"
#include "engine/sync/catchup_time.h"
#include "engine/sync/fast_sync_wire.h"
#include "engine/sync/key_list_page.h"
#include "engine/sync/registry_page.h"
#include "engine/sync/sync.h"

enum {
    SILENCES_PER_MEMBER = 2,
    STILL_ASKED = 16,    /* of one round at a standstill */
    DOUBTS_MAX = 16,     /* answers that do not continue the blocks of an earlier turn */
    CLOSE_EFFECTS = 64, /* a block, a state, its proof, prunings, orders, quote */
};

/* Verified is proven first, and only what was verified is kept. */
static bool sync_is_valid(const struct assay_engine *e)
{
    const struct assay_sync_state *s = e->sync;
    if (s->id_count > ASSAY_SYNC_BLOCKS_MAX || s->kept > s->id_count) return false;
    if (s->verified && !s->proven) return false;
    if (s->kept > 0 && !s->verified) return false;
    if (s->inherited && s->id_count == 0) return false;
    if (s->doubts > 0 && (s->doubts >= s->doubts_max || s->id_count == 0)) return false;
    if (s->proven != (s->proof_len > 0) || s->proof_len > ASSAY_FINALITY_LEN_MAX) return false;
    return s->patience <= ASSAY_SYNC_PATIENCE_MAX && s->ledger.members == e->members;
}

/* No final block for long: perhaps the others are ahead and unreachable. */
static bool is_stalled(const struct assay_engine *e)
{
    return e->now_ms >= e->chain->progress_ms + 2 * assay_eng_epoch_ms(e);
}

/* The node can proceed with its state, and only checks for newer blocks. */
static bool can_serve_blocks(const struct assay_engine *e)
{
    return !e->chain->halted && e->start_state->voted_on && !e->newcomer;
}

/* At the first start of a key set several peers are queried at once, so that slow links cost no
 * epoch; only while no peer is known to be ahead (docs/protocol.md 2.7.3). */
static bool must_query_several(const struct assay_engine *e)
{
    return e->start_state->requests_first && !can_serve_blocks(e) && !e->newcomer &&
           !e->chain->halted && e->fast_sync->phase == ASSAY_FAST_SYNC_OFF && !is_stalled(e) &&
           e->head->context.epoch >= e->sync->target_epoch;
}

static bool has_answered(const struct assay_engine *e, uint16_t peer)
{
    return assay_bit_has(e->sync->replied, peer);
}

static void clear_answered(struct assay_engine *e)
{
    e->parts->sync.replied_count = 0;
    assay_bytes_zero(e->parts->sync.replied, sizeof e->parts->sync.replied);
}

static void add_answered(struct assay_engine *e, uint16_t peer)
{
    if (has_answered(e, peer)) return;
    e->parts->sync.replied_count++;
    assay_bit_add(e->parts->sync.replied, peer);
}

/* Before anything is signed this number of peers, each counted once, must have nothing newer
 * (docs/protocol.md 2.7). A third of them may be down. */
static bool can_start_fast_sync(const struct assay_engine *e)
{
    const uint32_t peers = assay_eng_count_peers(e);
    const uint32_t enough = (uint32_t)assay_min_u64(peers - peers / 3, ASSAY_PEERS_ASKED_MIN);
    return can_serve_blocks(e) || e->sync->replied_count >= enough;
}

static bool is_expected_peer(const struct assay_engine *e, uint16_t from)
{
    const uint32_t asked = e->sync->several ? ASSAY_SYNC_FIRST_ASKED : 1;
    for (uint32_t k = 0; k < asked; k++)
        if (assay_eng_find_peer(e, e->sync->turn + k) == from) return true;
    return false;
}

static void clear_progress(struct assay_engine *e)
{
    struct assay_sync_state *s = &e->parts->sync;
    s->proven = false;
    s->recovers = false;
    s->verified = false;
    s->proof_len = 0;
    s->id_count = 0;
    s->kept = 0;
    s->inherited = false;
    s->doubts = 0;
    assay_ledger_reset(&s->ledger, &e->head->state);
    ASSAY_ASSERT(sync_is_valid(e));
}

void assay_sync_on_epoch(struct assay_engine *e)
{
    clear_progress(e);
    clear_answered(e);
    e->parts->sync.empty = 0;
    e->parts->sync.doubts_max = 1;
    assay_sync_start_turn(&e->parts->sync, e);
    assay_fast_sync_on_epoch_closed(e);
}

/* The turn of the next peer, which continues after the blocks that were verified. Only E proves
 * that these are the chain, so they are marked as those of an earlier turn. */
static void continue_with_next_peer(struct assay_engine *e)
{
    struct assay_sync_state *s = &e->parts->sync;
    s->turn++;
    s->inherited = s->id_count > 0 && !s->verified;
    ASSAY_ASSERT(sync_is_valid(e));
}

/* The first block that the next page must contain. */
static uint64_t wanted_height(const struct assay_engine *e)
{
    return e->sync->verified ? e->head->state.head_height + 1 + e->sync->kept
                             : e->sync->ledger.height + 1;
}

static void request_next(struct assay_engine *e)
{
    ASSAY_ASSERT(sync_is_valid(e) && e->sync->active);
    e->parts->sync.asked_ms = e->now_ms; /* also without a peer to ask */
    e->parts->sync.answered = false;
    assay_fast_sync_start_if_better(e, e->sync->target_epoch);
    const bool by_blocks = e->fast_sync->phase == ASSAY_FAST_SYNC_OFF;
    /* It led nowhere, and was reported; or two histories are proven, and neither is followed; or
     * blocks might lead past another block than the operator's checkpoint (5.31). */
    if (e->fast_sync->conflict ||
        (by_blocks && (e->newcomer || assay_fast_sync_awaits_checkpoint(e)))) {
        e->parts->sync.active = false;
        return;
    }
    struct assay_sync_request ask = { .era = e->head->state.era,
                                      .epoch = e->head->context.epoch,
                                      .height = wanted_height(e) };
    uint16_t peer = assay_eng_find_peer(e, e->sync->turn);
    if (peer == ASSAY_SLOT_ALL) return;
    for (uint32_t k = 0; k < e->members && assay_fast_sync_is_skipped(e, peer); k++) {
        continue_with_next_peer(e);
        peer = assay_eng_find_peer(e, e->sync->turn);
    }
    if (e->sync->timed_turn != e->sync->turn) assay_sync_start_turn(&e->parts->sync, e);
    /* Fast sync gives each peer its time-out: a peer that does not answer in time is not asked to
     * confirm. */
    if (e->sync->several != must_query_several(e)) e->parts->sync.empty = 0;
    e->parts->sync.several = must_query_several(e);
    if (e->fast_sync->phase != ASSAY_FAST_SYNC_OFF) {
        assay_fast_sync_request(e, peer);
        return;
    }
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_SYNC_REQUEST_LEN_MAX);
    if (bytes == NULL) return;
    assay_bytes_copy(ask.chain_id, 32, e->head->state.chain_id, 32);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_SYNC_REQUEST_LEN_MAX);
    const enum assay_status status = assay_sync_request_encode(&ask, &w);
    ASSAY_ASSERT(status == ASSAY_OK && w.len <= ASSAY_SYNC_REQUEST_LEN_MAX);
    ASSAY_ASSERT(peer < e->members && peer != e->self);
    /* Before the others: answers to those mean that this one is answered, too (2.7.3). */
    if (e->sync->several) assay_message_intake_request_own(e);
    for (uint32_t k = 0; k < (e->sync->several ? ASSAY_SYNC_FIRST_ASKED : 1u); k++) {
        const uint16_t other = assay_eng_find_peer(e, e->sync->turn + k);
        if (k > 0 && other == peer) break;
        if (k == 0 || !has_answered(e, other))
            assay_eng_send(e, other, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ASK,
                           assay_slice_over(bytes, w.len));
    }
}

void assay_sync_start(struct assay_engine *e, uint64_t epoch_seen)
{
    ASSAY_ASSERT(e->chain->begun || !e->start_state->started);
    struct assay_sync_state *s = &e->parts->sync;
    if (epoch_seen > s->target_epoch) s->target_epoch = epoch_seen;
    if (s->active || !e->start_state->started || e->fast_sync->conflict) return;
    /* No peer had it a moment ago: that was logged, and the request is repeated at a slow pace. */
    if (e->fast_sync->missing && e->now_ms < s->asked_ms + 2 * assay_eng_epoch_ms(e)) return;
    s->active = true;
    s->failures = 0;
    s->empty = 0;
    s->doubts_max = 1;
    clear_answered(e);
    clear_progress(e);
    assay_sync_start_turn(&e->parts->sync, e);
    assay_fast_sync_retry(e);
    assay_eng_note(e, ASSAY_NOTE_BEHIND, ASSAY_SLOT_ALL, e->head->context.epoch, epoch_seen);
    request_next(e);
    ASSAY_ASSERT(sync_is_valid(e));
}

/* docs/protocol.md 5.32: a node that has seen a later epoch has not caught up. */
static void report_end(struct assay_engine *e)
{
    const uint64_t epoch = e->head->context.epoch;
    if (e->fast_sync->missing) return; /* that was reported */
    if (epoch >= e->sync->target_epoch)
        assay_eng_note(e, ASSAY_NOTE_CAUGHT_UP, ASSAY_SLOT_ALL, epoch, 0);
    else
        assay_eng_note(e, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL, epoch, ASSAY_MISSING_ANSWERS);
}

static void finish_sync(struct assay_engine *e)
{
    ASSAY_ASSERT(e->sync->active);
    e->parts->sync.active = false;
    clear_progress(e);
    report_end(e);
    /* All peers have reported what they have, or none has: only then is the epoch seen later still
     * of use. */
    if (e->fast_sync->missing || e->head->context.epoch >= e->sync->target_epoch)
        e->parts->sync.target_epoch = 0;
    if (e->chain->halted) return;
    assay_restore_complete(e);
    assay_epoch_tick(e); /* attest now, if the epoch is still young */
    assay_order_derive(e);
}

/* Requests about the closed epoch are obsolete. Otherwise the node would wait for the time-out of
 * an unanswered request and not attest meanwhile: others would report it absent although it is
 * level with them. */
void assay_sync_closed_by_votes(struct assay_engine *e)
{
    if (!e->sync->active || e->chain->turned || e->fast_sync->phase != ASSAY_FAST_SYNC_OFF) return;
    ASSAY_ASSERT(!e->sync->proven && e->sync->kept == 0); /* assay_sync_on_epoch */
    if (can_serve_blocks(e) && e->head->context.epoch >= e->sync->target_epoch) finish_sync(e);
    else request_next(e);
}

/* The epoch is over, and a certificate proves it: this node has to follow. */
static bool has_finality(const struct assay_engine *e)
{
    return e->sync->proven && !e->sync->recovers;
}

/* The peer sent invalid data, has a gap, or did not answer: try another one. What was proven is
 * retained, the rest starts again. */
static void select_next_peer(struct assay_engine *e)
{
    continue_with_next_peer(e);
    e->parts->sync.failures++;
    if (!e->sync->verified) clear_progress(e);
    ASSAY_ASSERT(sync_is_valid(e) && e->sync->failures > 0);
}

/* No peer has blocks that lead to E, as far as their answers tell: there may be boundaries. Not for
 * a node that has halted: blocks led to E, and to another state than its own. */
static void try_boundaries(struct assay_engine *e)
{
    if (e->sync->empty >= assay_eng_count_peers(e) && !e->chain->halted &&
        e->head->context.epoch < e->sync->target_epoch && !e->sync->verified)
        assay_fast_sync_on_blocks_gone(e);
}

/* The turn is over. One that led further is no failure: an epoch may take several. */
static void pass_turn(struct assay_engine *e)
{
    struct assay_sync_state *s = &e->parts->sync;
    const bool led_on = s->ledger.height > s->turn_height;
    if (led_on) s->failures = 0;
    else s->failures++;
    if (has_finality(e) && !s->verified) s->empty++;
    continue_with_next_peer(e);
    if (!led_on) try_boundaries(e);
}

/* A peer that does not answer says nothing about the blocks of the others. */
static void pass_silent(struct assay_engine *e)
{
    struct assay_sync_state *s = &e->parts->sync;
    assay_fast_sync_on_no_answer(e, assay_eng_find_peer(e, s->turn));
    if (has_finality(e) && s->id_count > 0) {
        s->failures++;
        continue_with_next_peer(e);
    } else select_next_peer(e);
}

/* After many failures the request waits for the time-out of the last one (5.20.2), which was
 * answered: the next peer is silent only after it was asked. */
static void request_patiently(struct assay_engine *e)
{
    if (e->sync->failures <= ASSAY_SYNC_FAILURES_PATIENT) request_next(e);
    else e->parts->sync.answered = true;
}

/* docs/protocol.md 5.20.3: the answer does not continue the blocks of an earlier turn: they are not
 * of the chain, or it lies. Before E nothing shows which, so the first time they are discarded at
 * once and the same peer is asked again, then after two such answers, after four, and so on:
 * invented blocks stay as long as so many honest peers need to answer, genuine ones outlive more
 * and more liars. Returns: whether there were such blocks */
static bool doubt_inherited(struct assay_engine *e)
{
    struct assay_sync_state *s = &e->parts->sync;
    if (!s->inherited || s->verified) return false;
    ASSAY_ASSERT(s->doubts < s->doubts_max && s->doubts_max <= DOUBTS_MAX);
    if (++s->doubts == s->doubts_max) {
        if (s->doubts_max < DOUBTS_MAX) s->doubts_max *= 2;
        clear_progress(e);
        assay_sync_start_turn(s, e);
        request_next(e);
        return true;
    }
    continue_with_next_peer(e);
    s->failures++;
    request_patiently(e);
    return true;
}

/* --- first: is it the chain? */

/* E is reached: every block before it is proven by its hash, and the state must be E's. */
static enum assay_status check_close(struct assay_engine *e, const struct assay_block_header *h)
{
    ASSAY_ASSERT(h->kind == ASSAY_BLOCK_EPOCH && e->sync->proven && !e->sync->verified);
    /* The store lost the record of a pending change: no block contains it again, but fast sync
     * fetches what a state names. */
    if (!assay_head_can_close(e)) {
        assay_fast_sync_retry(e);
        assay_fast_sync_on_blocks_gone(e);
        return ASSAY_E_AGAIN;
    }
    assay_head_compute_next(e, &e->sync->ledger, h->view);
    if (!assay_bytes_equal(e->head->next.root, h->state_root, 32)) {
        assay_finalize_halt(e, true);
        return ASSAY_E_INVALID;
    }
    ASSAY_ASSERT(e->sync->id_count > 0 && e->sync->kept == 0);
    e->parts->sync.verified = true;
    return ASSAY_OK;
}

/* docs/protocol.md 9.17: the parent of a RECOVER is reached, and it makes the state that it names.
 * What is final here and not below it would be undone. */
static enum assay_status check_recover(struct assay_engine *e)
{
    struct assay_recover r;
    struct assay_fault fault;
    ASSAY_ASSERT(e->sync->proven && e->sync->recovers && !e->sync->verified);
    const enum assay_status read =
        assay_recover_decode(assay_slice_over(e->sync->proof, e->sync->proof_len), &r);
    ASSAY_ASSERT(read == ASSAY_OK); /* receive_proof */
    ASSAY_TRY(assay_era_check_recover(e, &e->sync->ledger, &r, &fault));
    e->parts->sync.verified = true;
    return ASSAY_OK;
}

/* Is the final head here one of what was verified, or below it? */
static bool is_above_final(const struct assay_engine *e)
{
    const struct assay_ledger *own = &e->chain->ledger;
    const uint64_t base = e->head->state.head_height;
    if (own->height == base) return true; /* nothing of this epoch is final here */
    const uint64_t at = own->height - base - 1;
    return at < e->sync->id_count &&
           assay_bytes_equal(e->sync->ids[at], own->tip_id, 32);
}

/* Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_SIGNATURE */
static enum assay_status check_leader(const struct assay_engine *e, const struct assay_proposal *p)
{
    const uint16_t leader = p->header.leader;
    if (leader >= e->members || e->head->voting[leader] == NULL) return ASSAY_E_INVALID;
    return assay_p256_verify(e->head->voting[leader], p->id, p->signature, ASSAY_S_LOW)
               ? ASSAY_OK
               : ASSAY_E_SIGNATURE;
}

/* One block on top of what was verified. Returns: ASSAY_OK | ASSAY_E_AGAIN (a verdict is awaited) |
 * ASSAY_E_INVALID | other INPUT statuses */
static enum assay_status verify_block(struct assay_engine *e, struct assay_slice payload)
{
    ASSAY_ASSERT(e->sync->proven && !e->sync->verified);
    ASSAY_ASSERT(sync_is_valid(e));
    struct assay_proposal p;
    ASSAY_TRY(assay_proposal_decode(payload, &p));
    const struct assay_block_header *h = &p.header;
    struct assay_fault fault;
    ASSAY_TRY(assay_fold_follows(&e->head->context, &e->sync->ledger, h, &fault));
    if (h->kind == ASSAY_BLOCK_EPOCH &&
        (e->sync->recovers || !assay_bytes_equal(p.id, e->sync->final_id, 32)))
        return ASSAY_E_INVALID;
    if (e->sync->id_count == ASSAY_SYNC_BLOCKS_MAX) return ASSAY_E_INVALID;
    ASSAY_TRY(check_leader(e, &p));               /* before its evidence costs a verification */
    assay_branch_set_ledger(e, &e->sync->ledger); /* a failure leaves what it touched broken */
    switch (assay_branch_apply(e, h, p.id, p.body)) {
    case ASSAY_ANSWER_VALID: break;
    case ASSAY_ANSWER_PENDING: return ASSAY_E_AGAIN;
    case ASSAY_ANSWER_MISSING:
    case ASSAY_ANSWER_EARLY:
    case ASSAY_ANSWER_INVALID: return ASSAY_E_INVALID;
    }
    struct assay_sync_state *s = &e->parts->sync;
    assay_ledger_copy(&s->ledger, &e->branch->ledger);
    assay_bytes_copy(s->ids[s->id_count++], 32, p.id, 32);
    if (e->sync->recovers)
        return assay_bytes_equal(p.id, e->sync->final_id, 32) ? check_recover(e) : ASSAY_OK;
    return h->kind == ASSAY_BLOCK_EPOCH ? check_close(e, h) : ASSAY_OK;
}

/* --- then: keep it */

/* The last block is persisted: advance to the state. */
static void close_synced(struct assay_engine *e, const struct assay_proposal *p)
{
    ASSAY_ASSERT(p->header.kind == ASSAY_BLOCK_EPOCH);
    ASSAY_ASSERT(e->sync->verified && e->sync->kept == e->sync->id_count);
    assay_head_compute_next(e, &e->sync->ledger, p->header.view);
    ASSAY_ASSERT(assay_bytes_equal(e->head->next.root, p->header.state_root, 32)); /* check_close */
    assay_finalize_clear_halt(e);
    uint8_t commitment[32];
    assay_bytes_copy(commitment, 32, e->sync->commitment, 32);
    const struct assay_slice proof =
        assay_eng_copy(e, assay_slice_over(e->sync->proof, e->sync->proof_len));
    e->parts->sync.failures = 0;
    /* docs/protocol.md 2.7, 2.7.3: the network has a past, and these keys may have signed in it. */
    assay_keys_compare(e, &e->head->next.members[e->self],
                       assay_slice_over(e->sync->proof, e->sync->proof_len), e->members);
    assay_finalize_set_synced_time(e);
    assay_finalize_close(e, &p->header, p->id, p->header_bytes, &e->sync->ledger, commitment,
                         proof);
}

/* Every block below it is persisted, or there is none. Returns: ASSAY_OK | ASSAY_E_AGAIN (no room)
 * | as assay_era_check_recover */
static enum assay_status close_recovered(struct assay_engine *e)
{
    struct assay_recover r;
    struct assay_fault fault;
    ASSAY_ASSERT(e->sync->verified && e->sync->recovers && e->sync->kept == e->sync->id_count);
    const struct assay_slice proof = assay_slice_over(e->sync->proof, e->sync->proof_len);
    ASSAY_TRY(assay_recover_decode(proof, &r));
    ASSAY_TRY(assay_era_check_recover(e, &e->sync->ledger, &r, &fault)); /* the state, once more */
    ASSAY_TRY(assay_finalize_recover(e, &r, &e->branch->ledger));
    assay_finalize_clear_halt(e);
    e->parts->sync.failures = 0;
    return ASSAY_OK;
}

/* Nothing is left to fetch below a RECOVER: its parent may be the end of the epoch before. */
static bool is_reached(const struct assay_engine *e)
{
    const struct assay_sync_state *s = e->sync;
    if (!s->recovers) return false;
    return s->verified ? s->kept == s->id_count
                       : assay_bytes_equal(s->final_id, e->head->state.head_id, 32);
}

static enum assay_status finish_recover(struct assay_engine *e)
{
    if (!e->sync->verified) ASSAY_TRY(check_recover(e));
    return close_recovered(e);
}

/* The block may close the epoch: then a proof and a snapshot are persisted with it. */
static bool has_room_for(struct assay_engine *e, size_t payload_len)
{
    ASSAY_ASSERT(e->output->arena_used <= e->output->arena_len);
    const size_t len = payload_len + assay_state_len_max(e->head->capacity) +
                       assay_boundary_len_max(e->head->capacity) + ASSAY_DECISIONS_LEN_MAX +
                       ASSAY_FINALITY_LEN_MAX + assay_services_len_max(e);
    return len + 1024 <= e->output->arena_len - e->output->arena_used &&
           assay_eng_has_room(e, CLOSE_EFFECTS + assay_services_effects(e) +
                                     assay_declared_lists_effects(e));
}

/* Persists a block with a proven id. No hash covers its signature, so that is verified: stored
 * blocks are served to others. Returns: ASSAY_OK | ASSAY_E_AGAIN (no room in this step) |
 * ASSAY_E_INVALID | other INPUT statuses */
static enum assay_status persist_block(struct assay_engine *e, struct assay_slice payload)
{
    ASSAY_ASSERT(sync_is_valid(e) && e->sync->verified);

    struct assay_proposal p;
    ASSAY_ASSERT(e->sync->kept < e->sync->id_count);
    ASSAY_TRY(assay_proposal_decode(payload, &p));
    if (!assay_bytes_equal(p.id, e->sync->ids[e->sync->kept], 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(check_leader(e, &p));
    if (!has_room_for(e, payload.len)) return ASSAY_E_AGAIN;
    if (!assay_finalize_persist_block(e, &p.header, p.id, payload, p.body)) return ASSAY_E_AGAIN;
    if (++e->parts->sync.kept < e->sync->id_count) return ASSAY_OK;
    if (e->sync->recovers) return close_recovered(e);
    close_synced(e, &p);
    return ASSAY_OK;
}

/* A RECOVER takes the place of the epoch's certificate. Returns: ASSAY_OK | as
 * assay_recover_approved, assay_era_check_grounds | ASSAY_E_STALE (the final head is above its
 * parent) | other INPUT statuses */
static enum assay_status receive_recover(struct assay_engine *e, struct assay_slice proof)
{
    struct assay_recover r;
    struct assay_fault fault;
    struct assay_sync_state *s = &e->parts->sync;
    const struct assay_state *state = &e->head->state;
    ASSAY_TRY(assay_recover_decode(proof, &r));
    if (!assay_bytes_equal(r.header.chain_id, state->chain_id, 32) ||
        r.header.era != (uint64_t)state->era + 1)
        return ASSAY_E_CHAIN;
    if (r.header.epoch != e->head->context.epoch) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_recover_approved(&r, state->operators_digest));
    if (r.header.height <= e->chain->ledger.height) { /* docs/protocol.md 9.16 */
        assay_eng_note(e, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL, e->chain->ledger.height,
                       r.header.height - 1);
        return ASSAY_E_STALE;
    }
    const enum assay_status grounded = assay_era_check_grounds(e, &r, &fault);
    s->unaccepted = grounded == ASSAY_E_STRANGER;
    ASSAY_TRY(grounded);
    assay_bytes_copy(s->final_id, 32, r.header.parent_id, 32);
    assay_bytes_copy(s->proof, ASSAY_FINALITY_LEN_MAX, proof.bytes, proof.len);
    s->proof_len = proof.len;
    s->proven = true;
    s->recovers = true;
    ASSAY_ASSERT(sync_is_valid(e));
    return ASSAY_OK;
}

/* The proof precedes the blocks: without a proof of an end of the epoch a page is rejected. */
static enum assay_status receive_proof(struct assay_engine *e, struct assay_slice proof)
{
    uint8_t final_id[32];
    uint8_t commitment[32];
    if (e->sync->proven) return ASSAY_OK;
    if (assay_recover_is(proof)) return receive_recover(e, proof);
    ASSAY_TRY(assay_finality_verify(proof, e->head->state.chain_id, e->head->state.era,
                                    e->head->context.epoch, &e->head->voters, final_id,
                                    commitment));
    struct assay_sync_state *s = &e->parts->sync;
    assay_bytes_copy(s->final_id, 32, final_id, 32);
    assay_bytes_copy(s->commitment, 32, commitment, 32);
    assay_bytes_copy(s->proof, ASSAY_FINALITY_LEN_MAX, proof.bytes, proof.len);
    s->proof_len = proof.len;
    s->proven = true;
    ASSAY_ASSERT(sync_is_valid(e));
    return ASSAY_OK;
}

/* docs/protocol.md 9.16.9: the end of a chain that the operator gave up is proven. Where its blocks
 * lead to the parent of the accepted RECOVER they are fetched up to there, from any peer, with
 * that one in the place of the proof. Returns: ASSAY_E_AGAIN | ASSAY_E_STALE (it is dropped, or
 * cannot be taken now) */
static enum assay_status follow_accepted(struct assay_engine *e)
{
    const struct assay_slice recover =
        assay_acceptance_find_on(e, (const uint8_t(*)[32])e->sync->ids, e->sync->id_count);
    clear_progress(e);
    if (recover.len == 0) return ASSAY_E_STALE;
    return receive_recover(e, recover) == ASSAY_OK ? ASSAY_E_AGAIN : ASSAY_E_STALE;
}

/* Verifies up to E, then persists: from the page itself when it starts where the epoch does. */
static enum assay_status receive_blocks(struct assay_engine *e, const struct assay_sync_page *page)
{
    ASSAY_ASSERT(sync_is_valid(e));
    ASSAY_ASSERT(e->sync->proven && page->about.epoch == e->head->context.epoch);
    const uint64_t epoch = e->head->context.epoch;
    const bool whole = page->about.height == e->head->state.head_height + 1;
    const bool verified = e->sync->verified;
    struct assay_cursor c = assay_cursor_over(page->blocks.bytes, page->blocks.len);
    struct assay_slice payload;
    for (uint32_t i = 0; i < page->block_count && !e->sync->verified; i++) {
        ASSAY_TRY(assay_cbor_bytes(&c, SIZE_MAX, &payload));
        ASSAY_TRY(verify_block(e, payload));
    }
    if (e->sync->verified &&
        !is_above_final(e)) { /* a RECOVER that conflicts with the final head */
        assay_eng_note(e, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL, e->chain->ledger.height,
                       e->sync->ledger.height);
        return ASSAY_E_INVALID;
    }
    if (e->sync->verified && !e->sync->recovers &&
        assay_acceptance_rejects(e, e->sync->ledger.height))
        return follow_accepted(e);
    if (!e->sync->verified || (!verified && !whole)) return ASSAY_OK;
    c = assay_cursor_over(page->blocks.bytes, page->blocks.len);
    for (uint32_t i = 0; i < page->block_count && e->head->context.epoch == epoch; i++) {
        if (e->chain->turned) break; /* the epoch is over, and what follows no affair of ours */
        ASSAY_TRY(assay_cbor_bytes(&c, SIZE_MAX, &payload));
        ASSAY_TRY(persist_block(e, payload));
    }
    return ASSAY_OK;
}

/* Returns: whether to request more. */
static bool makes_progress(struct assay_engine *e, const struct assay_sync_page *page,
                           bool was_verified)
{
    if (e->head->context.epoch != page->about.epoch) return true; /* closed */
    if (e->sync->verified && !was_verified) {                     /* to be persisted now */
        e->parts->sync.empty = 0;
        return true;
    }
    return page->more && page->block_count > 0;
}

/* The peer has nothing newer. When most report that, or no member was seen ahead, this node is at
 * the head. */
static void on_empty_page(struct assay_engine *e, uint16_t from)
{
    ASSAY_ASSERT(e->sync->active && e->members > 1);
    struct assay_sync_state *s = &e->parts->sync;
    add_answered(e, from);
    s->empty++;
    if (!s->several) continue_with_next_peer(e); /* else later requests go in order */
    /* Some peers answer: a node that is cut off retries soon after it reconnects. */
    if (is_stalled(e) && can_serve_blocks(e)) s->failures = 0;
    /* A node without state does not trust the first peer without news; and in a stall a few peers
     * may have what most lack, a RECOVER (docs/protocol.md 5.20). */
    const bool sure = can_start_fast_sync(e) && e->sync->empty >= (is_stalled(e) ? STILL_ASKED : 1);
    const bool reached =
        e->head->context.epoch >= e->sync->target_epoch && !e->chain->halted && sure;
    const uint32_t peers = assay_eng_count_peers(e);
    if (!reached && e->sync->empty >= peers &&
        e->head->context.epoch < e->sync->target_epoch && !e->fast_sync->tried) {
        assay_fast_sync_on_blocks_gone(e); /* the others are ahead, and their blocks start later */
        request_next(e);
        return;
    }
    if (reached || (can_start_fast_sync(e) && e->sync->empty >= peers)) {
        if (!reached && e->head->context.epoch < e->sync->target_epoch) assay_fast_sync_fail(e);
        if (reached) assay_finalize_count_synced(e);
        if (!e->chain->halted) finish_sync(e);
        else s->empty = 0;
        return;
    }
    if (!s->several) request_next(e); /* the others were queried, too */
}

/* A proof alone keeps no node from fast sync (docs/protocol.md 5.32): only what reaches E ends the
 * count of peers without news. */
static void count_proof(struct assay_engine *e, enum assay_status status)
{
    struct assay_sync_state *s = &e->parts->sync;
    if (has_finality(e))
        s->target_epoch = assay_max_u64(s->target_epoch, e->head->context.epoch + 1);
    else if (status == ASSAY_OK || status == ASSAY_E_AGAIN) s->empty = 0; /* a RECOVER */
}

/* An answer about boundaries or a state. */
static enum assay_status receive_fast_sync_answer(struct assay_engine *e, uint16_t from,
                                                  struct assay_slice payload)
{
    if (!e->sync->active || from != assay_eng_find_peer(e, e->sync->turn)) return ASSAY_E_STALE;
    const enum assay_status status = assay_fast_sync_on_answer(e, from, payload);
    if (status == ASSAY_E_STALE) return status;
    assay_sync_clear_silent(&e->parts->sync, e);
    if (status ==
        ASSAY_E_AGAIN) { /* no room, or a confirmation is pending: sync_tick repeats the request */
        if (e->fast_sync->unconfirmed) continue_with_next_peer(e);
        e->parts->sync.answered = true;
        return ASSAY_OK;
    }
    struct assay_sync_state *s = &e->parts->sync;
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND) {
        assay_fast_sync_on_no_answer(e, from);
        select_next_peer(e);
        request_patiently(e);
        return status;
    }
    continue_with_next_peer(e); /* no budget is used up, and no single peer supplies everything */
    if (status == ASSAY_OK) s->failures = s->empty = 0;
    if (e->sync->active) request_next(e);
    return ASSAY_OK;
}

enum assay_status assay_sync_on_answer(struct assay_engine *e, uint16_t from,
                                       struct assay_slice payload)
{
    ASSAY_ASSERT(sync_is_valid(e));
    if (assay_fast_sync_wire_is_message(payload)) return receive_fast_sync_answer(e, from, payload);
    if (assay_sync_registry_page_is_message(payload))
        return assay_services_receive_document(e, from, payload);
    if (assay_declared_list_page_is_message(payload))
        return assay_declared_lists_receive(e, from, payload);
    if (assay_services_has_missing(e)) { /* no epoch can be closed before: requested again then */
        if (is_expected_peer(e, from)) e->parts->sync.answered = true;
        return ASSAY_OK;
    }
    struct assay_sync_page page;
    const bool was_verified = e->sync->verified, over = assay_sync_is_turn_over(e);
    ASSAY_TRY(assay_sync_page_decode(payload, &page));
    if (!assay_bytes_equal(page.about.chain_id, e->head->state.chain_id, 32)) return ASSAY_E_CHAIN;
    if (page.about.era != e->head->state.era) return ASSAY_E_CHAIN;
    if (!e->sync->active || page.about.epoch != e->head->context.epoch) return ASSAY_E_STALE;
    if (page.about.height != wanted_height(e)) return ASSAY_E_STALE;
    const bool empty = page.proof.len == 0;
    const bool asked =
        empty ? is_expected_peer(e, from) : from == assay_eng_find_peer(e, e->sync->turn);
    if (!asked || (e->sync->several && has_answered(e, from))) return ASSAY_E_STALE;
    assay_sync_clear_silent(&e->parts->sync, e);
    if (empty) {
        on_empty_page(e, from);
        return ASSAY_OK;
    }
    e->parts->sync.unaccepted = false;
    enum assay_status status = receive_proof(e, page.proof);
    /* A RECOVER that others have to confirm (9.16.5): they may have blocks instead. */
    if (status == ASSAY_E_AGAIN && !e->sync->proven) continue_with_next_peer(e);
    if (status == ASSAY_OK && is_reached(e)) status = finish_recover(e);
    if (e->chain->turned) return ASSAY_OK;
    if (status == ASSAY_OK && page.block_count == 0 && doubt_inherited(e)) return ASSAY_OK;
    if ((status == ASSAY_OK || e->sync->unaccepted) && page.block_count == 0 && !page.more) {
        /* It is over, and that is proven, or signed by the operators; the blocks are gone here. */
        const uint64_t next = e->head->context.epoch + 1;
        e->parts->sync.target_epoch = assay_max_u64(e->sync->target_epoch, next);
        if (status == ASSAY_OK) assay_restore_note_begun(e, next);
        on_empty_page(e, from);
        return ASSAY_OK;
    }
    count_proof(e, status);
    if (status == ASSAY_OK) status = receive_blocks(e, &page);
    if (status == ASSAY_E_AGAIN) { /* requested again from the present position: sync_tick */
        e->parts->sync.answered = true;
        return ASSAY_OK;
    }
    if (status != ASSAY_OK || !makes_progress(e, &page, was_verified)) {
        if (doubt_inherited(e)) return ASSAY_OK;
        if (has_finality(e) && !e->sync->verified) e->parts->sync.empty++;
        select_next_peer(e);
        try_boundaries(e);
        request_patiently(e);
        return status == ASSAY_OK ? ASSAY_E_INVALID : status;
    }
    /* A peer that was slow with this epoch does not supply the next one, too. */
    if (over && e->head->context.epoch != page.about.epoch) continue_with_next_peer(e);
    else if (over) pass_turn(e);
    request_next(e);
    return ASSAY_OK;
}

void assay_sync_on_pause(struct assay_engine *e, uint64_t paused_ms)
{
    struct assay_sync_state *s = &e->parts->sync;
    s->asked_ms += assay_min_u64(paused_ms, e->now_ms - s->asked_ms);
    s->turn_ms += assay_min_u64(paused_ms, e->now_ms - s->turn_ms);
    ASSAY_ASSERT(s->asked_ms <= e->now_ms && s->turn_ms <= e->now_ms);
}

void assay_sync_tick(struct assay_engine *e)
{
    ASSAY_ASSERT(sync_is_valid(e));

    if (!e->start_state->started || !e->chain->begun) return;
    if (!e->sync->active) {
        if (is_stalled(e) && e->now_ms >= e->sync->asked_ms + 2 * assay_eng_epoch_ms(e))
            assay_sync_start(e, e->head->context.epoch);
        return;
    }
    if (e->now_ms < e->sync->asked_ms + assay_sync_answer_timeout_ms(e)) return;
    /* It answered, and a verdict of this node is awaited: that is no fault of the peer, until its
     * turn is over. A peer that sent a page once and is silent now has no such excuse. */
    if (e->sync->answered && assay_sync_is_turn_over(e)) {
        pass_turn(e);
    } else if (e->sync->answered) {
        e->parts->sync.failures++;
    } else {
        pass_silent(e);
        assay_sync_add_silent(&e->parts->sync, e);
    }
    /* No peer answers: the network may have restarted with this node; proceed with the present
     * state and retry later. A node without state keeps retrying, and logs it once. */
    const uint32_t silence = SILENCES_PER_MEMBER * e->members;
    if (can_serve_blocks(e) && e->sync->failures > silence) {
        finish_sync(e);
        return;
    }
    /* At the first start of a network the others are not there yet: no alarm. */
    const bool first = e->start_state->requests_first && !e->newcomer;
    if (!can_serve_blocks(e) && e->sync->failures == silence && !first)
        assay_eng_note(e, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL, e->head->context.epoch,
                       ASSAY_MISSING_ANSWERS);
    request_next(e);
}

uint64_t assay_sync_wake(const struct assay_engine *e)
{
    if (!e->start_state->started || !e->chain->begun) return UINT64_MAX;
    if (e->sync->active) return e->sync->asked_ms + assay_sync_answer_timeout_ms(e);
    const uint64_t quiet = 2 * assay_eng_epoch_ms(e);
    return assay_max_u64(e->chain->progress_ms, e->sync->asked_ms) + quiet;
}
