/*
 * engine/sync/fast_sync.c - fast sync over many epochs (docs/protocol.md 5.30).
 *
 * The voters of an epoch prove its boundary, and a boundary names the voters of the next: with two
 * thirds of every table in between, the blocks are not needed. The state after the last one is
 * under a root that is proven by then, so any peer may give it. Or the state is a checkpoint's,
 * which the operator trusts. A leap acts on nothing: what it skips is history.
 */
#include "engine/parts/engine_internal.h"

#include "base/bitmap.h"
#include "engine/ledger/proofs/proof.h"
#include "engine/sync/fast_sync_state.h"
#include "engine/sync/fast_sync_wire.h"

enum {
    ROUNDS_MAX = 4,
    ASK_LEN_MAX = 128,
    KEEP_EFFECTS = 16, /* besides the stored page */
};

_Static_assert((int)ASSAY_FAST_SYNC_PAGE_MAX == (int)ASSAY_FAST_SYNC_WIRE_BOUNDARIES_MAX,
               "an id for each");

static bool fast_sync_is_valid(const struct assay_engine *e)
{
    const struct assay_fast_sync *l = e->fast_sync;
    if (l->phase == ASSAY_FAST_SYNC_OFF) return true;
    return l->epoch >= e->head->state.epoch && l->voters.count <= ASSAY_MEMBERS_MAX;
}

void assay_fast_sync_init(struct assay_engine *e, const struct assay_engine_config *config)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    for (uint32_t i = 0; i < ASSAY_MEMBERS_MAX; i++)
        l->keys[i] = NULL;
    for (size_t i = 0; i < 3; i++)
        assay_bytes_copy(l->first[i], 32, config->genesis->first[i], 32);
    l->has_checkpoint = config->checkpoint != NULL;
    if (l->has_checkpoint) l->checkpoint = *config->checkpoint;
}

void assay_fast_sync_free(struct assay_engine *e)
{
    for (uint32_t i = 0; i < ASSAY_MEMBERS_MAX; i++)
        assay_p256_free(&e->parts->fast_sync.keys[i]);
}

/* The own head has what fast sync was to skip, by votes: from there on blocks are requested. A
 * state of the head's own epoch, or of an earlier one, would be refused, from each peer. */
static void stop_if_reached(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    const uint64_t needed = e->head->state.epoch + (l->phase == ASSAY_FAST_SYNC_STATE);
    if (l->phase == ASSAY_FAST_SYNC_OFF || l->epoch >= needed) return;
    l->phase = ASSAY_FAST_SYNC_OFF;
    l->starved = false; /* nothing is known about the blocks of the next epoch */
}

void assay_fast_sync_on_epoch_closed(struct assay_engine *e)
{
    e->parts->fast_sync.missing = false;
    stop_if_reached(e);
    ASSAY_ASSERT(fast_sync_is_valid(e));
}

/* Decodes what changed. Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status load_voters(struct assay_engine *e, const struct assay_roster_row *rows,
                                     uint32_t count)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    uint64_t total = 0;
    ASSAY_ASSERT(count <= ASSAY_MEMBERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const bool same = l->keys[i] != NULL &&
                          assay_bytes_equal(l->rows[i].voting_public, rows[i].voting_public, 64);
        if (!same) {
            assay_p256_free(&l->keys[i]);
            if (!assay_roster_row_is_keyless(&rows[i]))
                ASSAY_TRY(assay_p256_load(rows[i].voting_public, &l->keys[i]));
        }
        l->rows[i] = rows[i];
        l->weights[i] = assay_roster_row_is_keyless(&rows[i]) ? 0 : rows[i].weight;
        assay_bytes_copy(l->node_ids[i], 32, rows[i].node_id, 32);
        total += rows[i].weight;
    }
    if (total == 0) return ASSAY_E_RANGE;
    l->voters = (struct assay_voter_table){ .count = count,
                                            .weight = l->weights,
                                            .node_id = (const uint8_t(*)[32])l->node_ids,
                                            .voting_key = l->keys,
                                            .total_weight = total };
    return ASSAY_OK;
}

/* It failed: logs once what is missing. */
static void stop_fast_sync(struct assay_engine *e, enum assay_missing what)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    assay_eng_note(e, ASSAY_NOTE_CANNOT_CATCH_UP, ASSAY_SLOT_ALL,
                   what == ASSAY_MISSING_STATE ? l->epoch : l->epoch + 1, what);
    l->phase = ASSAY_FAST_SYNC_OFF;
    l->tried = true;
    l->missing = true;
    l->starved = false;
    ASSAY_ASSERT(fast_sync_is_valid(e));
}

/* What peers answer from now on is counted from zero. */
static void clear_nothing(struct assay_engine *e)
{
    e->parts->fast_sync.nothing_count = 0;
    assay_bytes_zero(e->parts->fast_sync.done, ASSAY_MEMBERS_MAX / 8);
}

/* A new round: each peer has its turn again, also one that did not answer. */
static void start_round(struct assay_engine *e)
{
    clear_nothing(e);
    assay_bytes_zero(e->parts->fast_sync.unresponsive, ASSAY_MEMBERS_MAX / 8);
}

static bool is_checkpoint(const struct assay_fast_sync *l)
{
    return l->has_checkpoint && l->epoch == l->checkpoint.epoch;
}

/* A state that no peer had is not the only way: the peers have gone on meanwhile. */
void assay_fast_sync_retry(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    l->tried = false;
    if (l->phase != ASSAY_FAST_SYNC_STATE || is_checkpoint(l)) return;
    l->phase = ASSAY_FAST_SYNC_BOUNDARIES;
    start_round(e);
}

void assay_fast_sync_fail(struct assay_engine *e)
{
    if (!e->fast_sync->missing) stop_fast_sync(e, ASSAY_MISSING_BLOCKS);
}

bool assay_fast_sync_awaits_checkpoint(const struct assay_engine *e)
{
    const struct assay_checkpoint *c = &e->fast_sync->checkpoint;
    return e->fast_sync->has_checkpoint && c->epoch > e->head->state.epoch &&
           c->era >= e->head->state.era &&
           assay_bytes_equal(c->chain_id, e->head->state.chain_id, 32);
}

void assay_fast_sync_restart(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    if (l->phase == ASSAY_FAST_SYNC_OFF || assay_fast_sync_awaits_checkpoint(e)) return;
    l->phase = ASSAY_FAST_SYNC_OFF; /* the next request starts it; the awaited answer is stale */
    l->tried = false;
    l->missing = false;
    ASSAY_ASSERT(fast_sync_is_valid(e));
}

static void start_boundaries(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    const uint32_t known = e->members - e->newcomer;
    for (uint32_t i = 0; i < known; i++)
        assay_roster_row_of(&e->head->state.members[i], &l->rows_next[i]);
    if (load_voters(e, l->rows_next, known) != ASSAY_OK) {
        l->tried = true;
        return;
    }
    start_round(e);
    l->thorough = false;
    l->repeated = false;
    l->rounds = 0;
    l->unsealed = false;
    l->unaccepted = false;
    l->waits_for = ASSAY_SLOT_ALL;
    assay_bytes_zero(l->silent, ASSAY_MEMBERS_MAX / 8);
    l->phase = ASSAY_FAST_SYNC_BOUNDARIES;
    l->epoch = e->head->state.epoch;
    l->era = e->head->state.era;
    assay_bytes_copy(l->operators, 32, e->head->state.operators_digest, 32);
    assay_bytes_copy(l->id, 32, e->head->state.head_id, 32);
    assay_bytes_zero(l->votes, 32);
    /* The operator's checkpoint decides: its state comes first. */
    if (assay_fast_sync_awaits_checkpoint(e)) {
        l->phase = ASSAY_FAST_SYNC_STATE;
        l->epoch = l->checkpoint.epoch;
        l->era = l->checkpoint.era;
        assay_bytes_copy(l->id, 32, l->checkpoint.id, 32);
    }
    ASSAY_ASSERT(fast_sync_is_valid(e));
}

void assay_fast_sync_on_blocks_gone(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    if (l->tried) return;
    l->starved = true;
}

void assay_fast_sync_start_if_better(struct assay_engine *e, uint64_t target_epoch)
{
    const struct assay_fast_sync *l = e->fast_sync;
    if (l->phase != ASSAY_FAST_SYNC_OFF || l->tried) return;
    const bool far = e->newcomer || target_epoch > e->head->context.epoch + ASSAY_FAST_SYNC_EPOCHS;
    if (far || l->starved || assay_fast_sync_awaits_checkpoint(e)) start_boundaries(e);
}

/* --- several operators */

static const uint8_t *operator_of(const struct assay_engine *e, uint16_t peer)
{
    return e->head->state.members[peer].operator_id;
}

bool assay_fast_sync_is_skipped(const struct assay_engine *e, uint16_t peer)
{
    const struct assay_fast_sync *l = e->fast_sync;
    if (l->phase == ASSAY_FAST_SYNC_OFF) return false;
    if (l->phase != ASSAY_FAST_SYNC_CONFIRM) return assay_bit_has(l->unresponsive, peer);
    if (assay_bit_has(l->silent, peer) || assay_bit_has(l->page.lacking, peer)) return true;
    for (uint32_t i = 0; i < l->page.replied_count; i++)
        if (assay_bytes_equal(l->page.replied[i], operator_of(e, peer), 32)) return true;
    return false;
}

/* One operator may run peers that hold the old keys of all others (docs/protocol.md 5.30.1). */
static bool needs_more_operators(const struct assay_engine *e)
{
    if (e->fast_sync->page.replied_count == ASSAY_FAST_SYNC_OPERATORS) return false;
    for (uint32_t slot = 0; slot < e->members; slot++) {
        if (slot == e->self || !assay_member_serves(&e->head->state.members[slot])) continue;
        if (!assay_fast_sync_is_skipped(e, (uint16_t)slot)) return true;
    }
    return false;
}

static void resume_after_page(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    ASSAY_ASSERT(l->phase == ASSAY_FAST_SYNC_CONFIRM);
    l->waits_for = ASSAY_SLOT_ALL;
    if (!needs_more_operators(e)) l->phase = ASSAY_FAST_SYNC_BOUNDARIES;
}

static void count_operator(struct assay_engine *e, uint16_t from)
{
    struct assay_fast_sync_page *p = &e->parts->fast_sync.page;
    ASSAY_ASSERT(p->replied_count < ASSAY_FAST_SYNC_OPERATORS);
    assay_bytes_copy(p->replied[p->replied_count++], 32, operator_of(e, from), 32);
}

/* Asked before and not answered: it is not waited for again in this leap. */
static void await_confirmation(struct assay_engine *e, uint16_t peer)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    if (l->waits_for != ASSAY_SLOT_ALL) {
        assay_bit_add(l->silent, l->waits_for);
        resume_after_page(e);
    }
    if (l->phase == ASSAY_FAST_SYNC_CONFIRM) l->waits_for = peer;
}

void assay_fast_sync_request(struct assay_engine *e, uint16_t peer)
{
    if (e->fast_sync->phase == ASSAY_FAST_SYNC_CONFIRM) await_confirmation(e, peer);
    const struct assay_fast_sync *l = e->fast_sync;
    struct assay_fast_sync_wire_request ask = { .state = l->phase == ASSAY_FAST_SYNC_STATE,
                                                .era = l->era,
                                                .epoch = l->epoch +
                                                         (l->phase != ASSAY_FAST_SYNC_STATE) };
    if (l->phase == ASSAY_FAST_SYNC_CONFIRM) {
        ask.era = l->page.era;
        ask.epoch = l->page.epoch + 1;
    }
    uint8_t *bytes = assay_eng_alloc(e, ASK_LEN_MAX);
    ASSAY_ASSERT(fast_sync_is_valid(e) && l->phase != ASSAY_FAST_SYNC_OFF);
    if (bytes == NULL) return;
    assay_bytes_copy(ask.chain_id, 32, e->head->state.chain_id, 32);
    struct assay_writer w = assay_writer_over(bytes, ASK_LEN_MAX);
    const enum assay_status status = assay_fast_sync_wire_request_encode(&ask, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_eng_send(e, peer, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ASK, assay_slice_over(bytes, w.len));
}

/* --- boundaries */

/* Stored, to serve them to others: they are proven. Returns: whether there was room. */
static bool store_boundary(struct assay_engine *e, const struct assay_boundary *b,
                           struct assay_slice bytes, struct assay_slice finality)
{
    /* The boundary of a RECOVER is requested in the era that it ends. */
    const struct assay_store_key key = { .era = e->fast_sync->era, .epoch = b->header.epoch };
    if (!assay_eng_has_room(e, KEEP_EFFECTS)) return false;
    const struct assay_slice boundary = assay_eng_copy(e, bytes);
    const struct assay_slice proof = assay_eng_copy(e, finality);
    if (boundary.len == 0 || proof.len == 0) return false;
    assay_eng_persist(e, ASSAY_STORE_BOUNDARY, &key, boundary);
    assay_eng_persist(e, ASSAY_STORE_FINALITY, &key, proof);
    return true;
}

static bool find_row(const void *context, const uint8_t node_id[static 32],
                     struct assay_recover_voter *voter)
{
    const struct assay_fast_sync *l = context;
    for (uint32_t i = 0; i < l->voters.count; i++) {
        if (!assay_bytes_equal(l->rows[i].node_id, node_id, 32)) continue;
        const bool keyless = assay_roster_row_is_keyless(&l->rows[i]);
        *voter = (struct assay_recover_voter){ .voting_public =
                                                   keyless ? NULL : l->rows[i].voting_public,
                                               .weight = keyless ? 0 : l->rows[i].weight };
        return true;
    }
    return false;
}

/* docs/protocol.md 9.17.1: operators that were replaced since may sign a RECOVER on answers that
 * they kept. Who voted at its parent and took it signs so, for this node; slots are for good. */
static bool is_confirmed(const struct assay_engine *e, const uint8_t id[static 32])
{
    const struct assay_fast_sync *l = e->fast_sync;
    uint64_t weight = 0;
    for (uint32_t i = 0; i < l->voters.count; i++)
        if (assay_confirmations_has(e, i, l->rows[i].node_id, id)) weight += l->weights[i];
    return assay_third(weight, l->voters.total_weight);
}

/* docs/protocol.md 9.17: is it a link for a node that has no state at its parent? Rows name seats:
 * a light table has no members' weights. Returns: ASSAY_OK | ASSAY_E_STRANGER | ASSAY_E_EARLY
 * (others have to confirm it) | other INPUT statuses */
static enum assay_status check_link(const struct assay_engine *e, const struct assay_recover *r)
{
    const struct assay_fast_sync *l = e->fast_sync;
    struct assay_recover_weight weight;
    const struct assay_recover_table table = { .era = l->era,
                                               .chain_id = e->head->state.chain_id,
                                               .operators_digest = l->operators,
                                               .total_weight = l->voters.total_weight,
                                               .context = l,
                                               .find = find_row };
    ASSAY_TRY(assay_recover_approved(r, l->operators));
    if (assay_era_is_ahead(e, r->header.time_ms)) return ASSAY_E_STRANGER; /* 9.16.6 */
    if (assay_acceptance_is_of(e, r->id)) return ASSAY_OK;
    if (e->at_unix_ms > e->head->state.head_time_ms + ASSAY_TRUSTING_MS) return ASSAY_E_STRANGER;
    ASSAY_TRY(assay_recover_compute_weight(r, &table, &weight));
    if (!assay_recover_is_grounded(&weight)) return ASSAY_E_STRANGER;
    return is_confirmed(e, r->id) ? ASSAY_OK : ASSAY_E_EARLY;
}

/* Who voted in the epoch, or the operators, have made this boundary final. Out: votes: commitment,
 * zero where there is none. Returns: ASSAY_OK | INPUT statuses */
static enum assay_status prove_boundary(const struct assay_engine *e,
                                        const struct assay_boundary *b, struct assay_slice finality,
                                        uint8_t votes[static 32])
{
    const struct assay_fast_sync *l = e->fast_sync;
    uint8_t final_id[32];
    if (assay_recover_is(finality)) { /* docs/protocol.md 9.17 */
        struct assay_recover r;
        ASSAY_TRY(assay_recover_decode(finality, &r));
        if (b->header.era != (uint64_t)l->era + 1) return ASSAY_E_INVALID;
        ASSAY_TRY(check_link(e, &r));
        assay_bytes_copy(final_id, 32, r.id, 32);
        assay_bytes_zero(votes, 32);
    } else {
        if (b->header.era != l->era) return ASSAY_E_INVALID;
        ASSAY_TRY(assay_finality_verify(finality, b->header.chain_id, b->header.era,
                                        b->header.epoch, &l->voters, final_id, votes));
    }
    return assay_bytes_equal(final_id, b->id, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* Returns: whether it is a RECOVER that the operators in force have signed */
static bool is_of_operators(const struct assay_fast_sync *l, struct assay_slice finality)
{
    struct assay_recover r;
    return assay_recover_is(finality) && assay_recover_decode(finality, &r) == ASSAY_OK &&
           assay_recover_approved(&r, l->operators) == ASSAY_OK;
}

static void start_state(struct assay_engine *e)
{
    e->parts->fast_sync.phase = ASSAY_FAST_SYNC_STATE;
    clear_nothing(e);
}

/* Returns: ASSAY_OK | ASSAY_E_AGAIN (no room in this step, or others have to confirm it) | INPUT
 * statuses */
static enum assay_status receive_boundary(struct assay_engine *e, struct assay_slice bytes,
                                          struct assay_slice finality)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    struct assay_boundary b;
    uint8_t votes[32];
    ASSAY_TRY(assay_boundary_decode(bytes, ASSAY_MEMBERS_MAX, &b));
    if (!assay_bytes_equal(b.header.chain_id, e->head->state.chain_id, 32)) return ASSAY_E_CHAIN;
    if (b.header.epoch != l->epoch + 1) return ASSAY_E_INVALID;
    /* 9.16.9: the operator may have accepted the end of the next era, too. */
    if (e->acceptance->held && l->era > e->head->state.era && !l->unsealed) {
        start_state(e);
        return ASSAY_E_NOT_FOUND;
    }
    const enum assay_status proven = prove_boundary(e, &b, finality, votes);
    if (proven == ASSAY_E_EARLY) { /* neither it nor what follows it is stored before */
        assay_era_await_confirmations(e, &b.header);
        l->unconfirmed = true;
        return ASSAY_E_AGAIN;
    }
    /* The state in front of it can still be taken. */
    if (proven == ASSAY_E_STRANGER && is_of_operators(l, finality)) {
        l->unaccepted = true;
        return ASSAY_E_AGAIN;
    }
    ASSAY_TRY(proven);
    if (b.header.era == e->head->state.era && assay_acceptance_rejects(e, b.header.height)) {
        l->unconfirmed = true; /* another peer has the RECOVER */
        return ASSAY_E_AGAIN;
    }
    for (uint32_t i = 0; i < l->voters.count; i++)
        l->rows_next[i] = l->rows[i];
    ASSAY_TRY(assay_boundary_apply(&b, l->rows_next, l->voters.count));
    if (!store_boundary(e, &b, bytes, finality)) return ASSAY_E_AGAIN;
    ASSAY_TRY(load_voters(e, l->rows_next, b.state.member_count));
    if (b.header.era > l->era)
        l->unsealed = !assay_acceptance_is_of(e, b.id);
    else if (b.state.certified) l->unsealed = false;
    l->epoch = b.header.epoch;
    l->era = b.header.era;
    assay_restore_note_begun(e, l->epoch + 1);
    assay_bytes_copy(l->operators, 32, b.state.operators_digest, 32);
    assay_bytes_copy(l->id, 32, b.id, 32);
    assay_bytes_copy(l->votes, 32, votes, 32);
    ASSAY_ASSERT(fast_sync_is_valid(e));
    return ASSAY_OK;
}

/* A newcomer goes on until it finds itself in the roster that is proven: a state without it is of
 * no use to it. */
static bool is_in_roster(const struct assay_engine *e)
{
    const struct assay_fast_sync *l = e->fast_sync;
    const uint8_t *own = e->head->state.members[e->self].node_id;
    for (uint32_t i = 0; i < l->voters.count; i++)
        if (assay_bytes_equal(l->rows[i].node_id, own, 32)) return true;
    return false;
}

static void on_no_boundaries_newcomer(struct assay_engine *e)
{
    const struct assay_fast_sync *l = e->fast_sync;
    if (is_in_roster(e) && !l->unsealed) start_state(e);
    else stop_fast_sync(e, l->unaccepted ? ASSAY_MISSING_ACCEPTANCE : ASSAY_MISSING_MEMBERSHIP);
}

static bool has_turn(const struct assay_engine *e, uint32_t slot)
{
    return slot != e->self && assay_member_serves(&e->head->state.members[slot]);
}

/* Each peer has nothing newer, sent all that it has, or did not answer. */
static bool is_round_over(const struct assay_engine *e)
{
    const struct assay_fast_sync *l = e->fast_sync;
    for (uint32_t slot = 0; slot < e->members; slot++)
        if (has_turn(e, slot) && !assay_bit_has(l->done, slot) &&
            !assay_bit_has(l->unresponsive, slot))
            return false;
    return true;
}

/* It is not waited for again in this fast sync, unless there is no other peer. */
void assay_fast_sync_on_no_answer(struct assay_engine *e, uint16_t peer)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    if (l->phase == ASSAY_FAST_SYNC_OFF || l->phase == ASSAY_FAST_SYNC_CONFIRM) return;
    if (peer == ASSAY_SLOT_ALL) return;
    assay_bit_add(l->unresponsive, peer);
    for (uint32_t slot = 0; slot < e->members; slot++)
        if (has_turn(e, slot) && !assay_bit_has(l->unresponsive, slot)) return;
    assay_bytes_zero(l->unresponsive, ASSAY_MEMBERS_MAX / 8);
}

/* docs/protocol.md 5.30.3: a single peer may have been restored from an archive, or lie. Returns:
 * whether peers of several operators, or all, have nothing newer */
static bool count_nothing(struct assay_engine *e, uint16_t from)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    bool counted = l->nothing_count == ASSAY_FAST_SYNC_NOTHING;
    for (uint32_t i = 0; i < l->nothing_count; i++)
        if (assay_bytes_equal(l->nothing_of[i], operator_of(e, from), 32)) counted = true;
    if (!counted) assay_bytes_copy(l->nothing_of[l->nothing_count++], 32, operator_of(e, from), 32);
    ASSAY_ASSERT(l->nothing_count <= ASSAY_FAST_SYNC_NOTHING);
    assay_bit_add(l->done, from);
    if (is_round_over(e)) return true;
    return l->nothing_count == ASSAY_FAST_SYNC_NOTHING && !l->thorough;
}

/* The peer has nothing newer. */
static enum assay_status on_no_boundaries(struct assay_engine *e, uint16_t from)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    const uint64_t worth = l->starved ? 1 : ASSAY_FAST_SYNC_EPOCHS;
    if (!count_nothing(e, from)) return ASSAY_E_NOT_FOUND;
    const bool is_far = l->epoch >= e->head->state.epoch + worth && !l->unsealed;
    if (e->newcomer) on_no_boundaries_newcomer(e);
    else if (is_far) start_state(e);
    if (e->newcomer || is_far) return ASSAY_E_NOT_FOUND;
    if (l->starved) { /* there is no other way: every peer must have nothing */
        if (!is_round_over(e)) return ASSAY_E_NOT_FOUND;
        if (!l->repeated) { /* a peer that did not answer once may be the one that has them */
            l->repeated = true;
            start_round(e);
            return ASSAY_E_NOT_FOUND;
        }
        stop_fast_sync(e, l->unaccepted ? ASSAY_MISSING_ACCEPTANCE : ASSAY_MISSING_BLOCKS);
        return ASSAY_E_NOT_FOUND;
    }
    l->phase = ASSAY_FAST_SYNC_OFF; /* not far enough: blocks will do */
    l->tried = true;
    return ASSAY_E_NOT_FOUND;
}

static void copy_rows(struct assay_roster_row *to, const struct assay_roster_row *from,
                      uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = from[i];
}

static void add_mark(struct assay_fast_sync *l, uint32_t at)
{
    struct assay_fast_sync_mark *m = &l->page.marks[at];
    m->unsealed = l->unsealed;
    assay_bytes_copy(m->id, 32, l->id, 32);
    assay_bytes_copy(m->votes, 32, l->votes, 32);
}

/* The state before the first boundary of a page. */
static void open_page(struct assay_engine *e)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    struct assay_fast_sync_page *p = &l->page;
    p->epoch = l->epoch;
    p->era = l->era;
    assay_bytes_copy(p->operators, 32, l->operators, 32);
    p->row_count = l->voters.count;
    copy_rows(p->rows, l->rows, p->row_count);
    p->count = p->replied_count = 0;
    assay_bytes_zero(p->lacking, ASSAY_MEMBERS_MAX / 8);
    add_mark(l, 0);
}

static void close_page(struct assay_engine *e, uint16_t from)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    if (l->page.count == 0) return;
    l->page.tip_row_count = l->voters.count;
    copy_rows(l->page.tip_rows, l->rows, l->page.tip_row_count);
    l->phase = ASSAY_FAST_SYNC_CONFIRM;
    count_operator(e, from);
    resume_after_page(e);
}

static enum assay_status receive_page(struct assay_engine *e,
                                      struct assay_fast_sync_wire_answer *answer)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    while (answer->pair_count > 0 && l->page.count < ASSAY_FAST_SYNC_PAGE_MAX) {
        struct assay_slice boundary, finality;
        ASSAY_TRY(assay_fast_sync_wire_next(answer, &boundary, &finality));
        const enum assay_status status = receive_boundary(e, boundary, finality);
        if (status == ASSAY_E_AGAIN) return ASSAY_OK; /* the rest is requested again */
        ASSAY_TRY(status);
        add_mark(l, ++l->page.count);
    }
    return ASSAY_OK;
}

/* Whether `sent` boundaries are all that the sender has: less than half of a page, each taken, and
 * of one era, since the next era has another page. */
static bool has_all(const struct assay_engine *e, uint32_t sent, size_t len)
{
    const struct assay_fast_sync *l = e->fast_sync;
    return l->page.count == sent && sent < ASSAY_FAST_SYNC_PAGE_MAX && l->era == l->page.era &&
           2 * len <= ASSAY_FAST_SYNC_WIRE_PAGE_LEN;
}

static enum assay_status receive_boundaries(struct assay_engine *e, uint16_t from,
                                            struct assay_fast_sync_wire_answer *answer, size_t len)
{
    if (answer->pair_count == 0) return on_no_boundaries(e, from);
    struct assay_fast_sync *l = &e->parts->fast_sync;
    const uint32_t sent = answer->pair_count;
    open_page(e);
    l->unconfirmed = false;
    l->unaccepted = false;
    const enum assay_status status = receive_page(e, answer);
    const bool is_all = has_all(e, sent, len);
    close_page(e, from);
    if (l->unaccepted && l->page.count == 0) return on_no_boundaries(e, from);
    /* 5.30.3: what became final since the others answered does not make them lack anything. */
    if (l->page.count > 0 && is_all) assay_bit_add(l->done, from);
    else if (l->page.count > 0) clear_nothing(e);
    /* Asked for again after a pause, of another peer: what this one has may be nobody else's. */
    if (status != ASSAY_OK || l->page.count > 0 || !l->unconfirmed) return status;
    assay_bit_add(l->done, from);
    return ASSAY_E_AGAIN;
}

/* --- the same boundaries, from a peer of another operator */

/* docs/protocol.md 5.30.1: old voting keys have signed another history. No rule can say which one
 * is true, so a person does. */
static void stop_on_conflict(struct assay_engine *e, uint64_t epoch)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    l->conflict = true;
    l->epoch = epoch - 1;
    stop_fast_sync(e, ASSAY_MISSING_TRUTH);
}

/* One boundary of the page once more. Returns: ASSAY_OK | ASSAY_E_CHAIN (another history is proven)
 * | ASSAY_E_NOT_FOUND (of one that the operator gave up) | INPUT statuses (it lies) */
static enum assay_status compare_boundary(struct assay_engine *e, uint32_t index,
                                          struct assay_slice bytes, struct assay_slice finality)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    struct assay_boundary b;
    uint8_t votes[32];
    ASSAY_TRY(assay_boundary_decode(bytes, ASSAY_MEMBERS_MAX, &b));
    if (!assay_bytes_equal(b.header.chain_id, e->head->state.chain_id, 32) ||
        b.header.epoch != l->page.epoch + index + 1)
        return ASSAY_E_INVALID;
    if (!assay_bytes_equal(b.id, l->page.marks[index + 1].id, 32)) {
        ASSAY_TRY(prove_boundary(e, &b, finality, votes));
        /* 9.16.9: the operator has decided between the two, so this peer has nothing here. */
        if (b.header.era == e->head->state.era && assay_acceptance_rejects(e, b.header.height))
            return ASSAY_E_NOT_FOUND;
        return ASSAY_E_CHAIN;
    }
    copy_rows(l->rows_next, l->rows, l->voters.count);
    ASSAY_TRY(assay_boundary_apply(&b, l->rows_next, l->voters.count));
    const uint32_t after = b.state.member_count;
    ASSAY_TRY(load_voters(e, l->rows_next, after));
    l->era = b.header.era;
    assay_bytes_copy(l->operators, 32, b.state.operators_digest, 32);
    return ASSAY_OK;
}

/* docs/protocol.md 5.30.1: what an answer does not have it does not confirm. The page ends there,
 * with the voters that were seated up to there. */
static void truncate_page(struct assay_engine *e, uint32_t count)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    ASSAY_ASSERT(count > 0 && count < l->page.count);
    const struct assay_fast_sync_mark *m = &l->page.marks[count];
    l->page.count = count;
    l->page.tip_row_count = l->voters.count;
    copy_rows(l->page.tip_rows, l->rows, l->page.tip_row_count);
    l->epoch = l->page.epoch + count;
    l->unsealed = m->unsealed;
    assay_bytes_copy(l->id, 32, m->id, 32);
    assay_bytes_copy(l->votes, 32, m->votes, 32);
    clear_nothing(e); /* the sender of the page has more */
    stop_if_reached(e);
}

/* With the voters of the page's first epoch, and back to those after its last. */
static enum assay_status compare_page(struct assay_engine *e,
                                      struct assay_fast_sync_wire_answer *answer, uint32_t *index)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    const uint32_t tip_era = l->era;
    uint8_t tip_operators[32];
    assay_bytes_copy(tip_operators, 32, l->operators, 32);
    l->era = l->page.era;
    assay_bytes_copy(l->operators, 32, l->page.operators, 32);
    enum assay_status status = load_voters(e, l->page.rows, l->page.row_count);
    for (*index = 0; status == ASSAY_OK && *index < l->page.count && answer->pair_count > 0;) {
        struct assay_slice boundary, finality;
        status = assay_fast_sync_wire_next(answer, &boundary, &finality);
        if (status == ASSAY_OK) status = compare_boundary(e, *index, boundary, finality);
        if (status == ASSAY_OK) (*index)++;
    }
    if (status == ASSAY_OK && *index < l->page.count) {
        truncate_page(e, *index);
        return ASSAY_OK;
    }
    l->era = tip_era;
    assay_bytes_copy(l->operators, 32, tip_operators, 32);
    const enum assay_status seated = load_voters(e, l->page.tip_rows, l->page.tip_row_count);
    return seated == ASSAY_OK ? status : seated;
}

static enum assay_status receive_confirmation(struct assay_engine *e, uint16_t from,
                                              struct assay_fast_sync_wire_answer *answer)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    uint32_t index = 0;
    if (from != l->waits_for) return ASSAY_E_STALE;
    if (answer->pair_count == 0) { /* 5.30.1: it confirms nothing, and undoes nothing */
        assay_bit_add(l->page.lacking, from);
        resume_after_page(e);
        return ASSAY_E_NOT_FOUND;
    }
    const enum assay_status status = compare_page(e, answer, &index);
    if (status == ASSAY_E_CHAIN) {
        stop_on_conflict(e, l->page.epoch + index + 1);
        return ASSAY_OK;
    }
    if (l->phase == ASSAY_FAST_SYNC_OFF) return status; /* the head is above what was confirmed */
    if (status == ASSAY_OK) count_operator(e, from);
    else assay_bit_add(l->silent, from);
    resume_after_page(e);
    return status;
}

/* --- the state */

/* The peer does not have the state, or sent another one: its turn of this round is over. */
static enum assay_status on_no_state(struct assay_engine *e, uint16_t from)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    assay_bit_add(l->done, from);
    if (!is_round_over(e)) return ASSAY_E_NOT_FOUND;
    start_round(e);
    l->thorough = true;
    /* They have gone on meanwhile: the next boundaries are nearer to a state that they still have.
     * A checkpoint's state has no other way. */
    if (++l->rounds >= ROUNDS_MAX || is_checkpoint(l)) stop_fast_sync(e, ASSAY_MISSING_STATE);
    else l->phase = ASSAY_FAST_SYNC_BOUNDARIES;
    return ASSAY_E_NOT_FOUND;
}

static bool is_member_in(const struct assay_engine *e, struct assay_slice snapshot)
{
    uint32_t slot = 0;
    return assay_proof_slot_of(snapshot, e->head->state.members[e->self].node_id, &slot) ==
           ASSAY_OK;
}

static enum assay_status receive_state(struct assay_engine *e, uint16_t from,
                                       const struct assay_fast_sync_wire_answer *answer)
{
    struct assay_fast_sync *l = &e->parts->fast_sync;
    struct assay_leaf_head head;
    struct assay_checkpoint c;
    if (answer->snapshot.len == 0) return on_no_state(e, from);
    ASSAY_TRY(assay_proof_snapshot(answer->snapshot, &head));
    ASSAY_TRY(assay_proof_checkpoint_of(answer->snapshot, &c));
    /* Peers of another history than the checkpoint's have another state of its epoch. */
    if (!assay_bytes_equal(c.id, l->id, 32))
        return is_checkpoint(l) ? on_no_state(e, from) : ASSAY_E_INVALID;
    if (e->newcomer && !is_member_in(e, answer->snapshot)) { /* the checkpoint is too old for it */
        stop_fast_sync(e, ASSAY_MISSING_MEMBERSHIP);
        return ASSAY_E_NOT_FOUND;
    }
    if (!assay_fast_sync_state_is_complete(e, answer, &head)) return ASSAY_E_INVALID;
    const struct assay_slice kept = assay_eng_copy(e, answer->snapshot);
    if (kept.len == 0) return ASSAY_E_RANGE; /* longer than any state of a roster with seats */
    ASSAY_TRY(assay_fast_sync_state_persist(e, answer, &head));
    ASSAY_TRY(assay_finalize_fast_sync(e, kept, l->id, l->votes));
    assay_fast_sync_state_restore(e, answer);
    l->phase = ASSAY_FAST_SYNC_OFF;
    l->missing = false;
    l->starved = false;
    l->tried = false;
    return ASSAY_OK;
}

enum assay_status assay_fast_sync_on_answer(struct assay_engine *e, uint16_t from,
                                            struct assay_slice payload)
{
    const struct assay_fast_sync *l = e->fast_sync;
    struct assay_fast_sync_wire_answer answer;
    ASSAY_ASSERT(fast_sync_is_valid(e));
    ASSAY_TRY(assay_fast_sync_wire_answer_decode(payload, &answer));
    if (!assay_bytes_equal(answer.about.chain_id, e->head->state.chain_id, 32))
        return ASSAY_E_CHAIN;
    const bool state = l->phase == ASSAY_FAST_SYNC_STATE,
               confirm = l->phase == ASSAY_FAST_SYNC_CONFIRM;
    const uint32_t era = confirm ? l->page.era : l->era;
    const uint64_t epoch = confirm ? l->page.epoch + 1 : l->epoch + !state;
    if (l->phase == ASSAY_FAST_SYNC_OFF || answer.about.state != state || answer.about.era != era ||
        answer.about.epoch != epoch)
        return ASSAY_E_STALE;
    if (confirm) return receive_confirmation(e, from, &answer);
    if (!state) return receive_boundaries(e, from, &answer, payload.len);
    const enum assay_status status = receive_state(e, from, &answer);
    /* One that cannot be used is none: with the others the round is over (5.30.3). */
    if (assay_status_class(status) == ASSAY_CLASS_INPUT && status != ASSAY_E_AGAIN &&
        status != ASSAY_E_NOT_FOUND)
        assay_status_ignore(on_no_state(e, from), "the sender is reported by the other status");
    return status;
}
