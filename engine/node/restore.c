/*
 * engine/node/restore.c - restart from the store (docs/protocol.md 2.4 to 2.8, 4.10).
 *
 * Signed messages are sent again byte for byte and never made a second time. The state is verified
 * against its EPOCH block; Simplex restores its blocks, certificates and votes.
 */
#include "engine/parts/engine_internal.h"

#include "base/cbor.h"
#include "engine/evidence/pool.h"

static const enum assay_store_class order[] = {
    ASSAY_STORE_STATE,    ASSAY_STORE_SERVICE,       ASSAY_STORE_FINALITY,
    ASSAY_STORE_CERTIFICATE, ASSAY_STORE_BLOCK,
    ASSAY_STORE_PROPOSAL, ASSAY_STORE_VOTE,          ASSAY_STORE_ENVELOPE,    ASSAY_STORE_BALLOT,
    ASSAY_STORE_RECORD,   ASSAY_STORE_CHANGE,        ASSAY_STORE_COLLATERAL,  ASSAY_STORE_META,
    (enum assay_store_class)0,
};

const enum assay_store_class *assay_engine_restore_order(void)
{
    return order;
}

void assay_engine_restore_from(const struct assay_engine *engine, enum assay_store_class class_,
                               uint32_t *era, uint64_t *epoch)
{
    const uint64_t closed = engine->head->state.epoch;
    *era = engine->head->state.era;
    *epoch = closed + 1;
    if (class_ == ASSAY_STORE_STATE || class_ == ASSAY_STORE_CHANGE ||
        class_ == ASSAY_STORE_COLLATERAL) {
        *era = 0; /* few are stored: the last ones count */
        *epoch = 0;
    }
    if (class_ == ASSAY_STORE_META) { /* the beginnings of earlier eras are announced, too */
        *era = 0;
        *epoch = 0;
    }
    if (class_ == ASSAY_STORE_SERVICE)
        *epoch = closed > ASSAY_SERVICE_KEPT_EPOCHS ? closed - ASSAY_SERVICE_KEPT_EPOCHS : 0;
    if (class_ == ASSAY_STORE_FINALITY) *epoch = closed;
    if (class_ == ASSAY_STORE_RECORD)
        *epoch = closed > ASSAY_RETAINED_EPOCHS ? closed - ASSAY_RETAINED_EPOCHS : 0;
    ASSAY_ASSERT(*epoch <= closed + 1);
}

/* The commitment that view 1 of the running epoch builds on. */
static enum assay_status restore_finality(struct assay_engine *e, struct assay_slice value)
{
    struct assay_cursor c = assay_cursor_over(value.bytes, value.len);
    struct assay_slice payload;
    struct assay_vote_certificate certificate;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &payload));
    /* By the roster of the epoch that it closed, which may have been smaller. */
    const uint32_t members = assay_context_members(&e->head->context, e->head->state.epoch);
    ASSAY_TRY(assay_certificate_decode(payload, members, &certificate));
    assay_head_set_proof(e, certificate.commitment);
    return ASSAY_OK;
}

/* Simplex starts once everything about the base is restored. */
static void ensure_simplex_started(struct assay_engine *e)
{
    if (!e->chain->begun) assay_finalize_start_epoch(e);
    ASSAY_ASSERT(e->chain->begun && !e->start_state->started);
}

static enum assay_status restore_envelope(struct assay_engine *e, struct assay_slice value)
{
    ASSAY_ASSERT(!e->start_state->started);
    struct assay_envelope envelope;
    ASSAY_TRY(assay_envelope_decode(value, &envelope));
    if (envelope.epoch != e->head->context.epoch) return ASSAY_OK;
    if (!assay_bytes_equal(envelope.node_id, e->head->state.members[e->self].node_id, 32))
        return ASSAY_E_STRANGER;
    assay_seat_set_envelope(e, e->self, &envelope, value); /* the last: of the newest incarnation */
    return ASSAY_OK;
}

/* Restores into the pool; verdicts follow after START. */
static enum assay_status restore_record(struct assay_engine *e, struct assay_slice value)
{
    ASSAY_ASSERT(!e->start_state->started);
    struct assay_record r;
    const struct assay_pool_item *item = NULL;
    ASSAY_TRY(assay_record_decode(value, &r));
    if (assay_record_check(&e->head->context, &r) != ASSAY_OK)
        return ASSAY_OK; /* it has expired */
    if (r.kind == ASSAY_RECORD_SERVICE && r.slot == e->self)
        assay_services_restore_record(e, &r.service);
    const enum assay_status status = assay_pool_add(e->pool, &r, ASSAY_SLOT_SELF, &item);
    /* The own ballot is first and finds room; proofs are also in other pools. */
    return status == ASSAY_E_DUPLICATE || status == ASSAY_E_FULL ? ASSAY_OK : status;
}

/* --- what is known of the log */

/* [voting_public, state, epoch]. One of another key set is not about this one. */
static enum assay_status restore_log(struct assay_engine *e, struct assay_slice value)
{
    struct assay_start_state *s = &e->parts->start_state;
    struct assay_cursor c = assay_cursor_over(value.bytes, value.len);
    uint8_t keys[ASSAY_P256_PUBLIC_LEN];
    uint64_t state = 0, epoch = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, keys, sizeof keys));
    ASSAY_TRY(assay_cbor_uint(&c, &state));
    ASSAY_TRY(assay_cbor_uint(&c, &epoch));
    ASSAY_TRY(assay_cursor_end(&c));
    if (state < ASSAY_LOG_UNPROVEN || state > ASSAY_LOG_KNOWN) return ASSAY_E_UNSUPPORTED;
    if (!assay_bytes_equal(keys, e->key_state->keys.voting_public, sizeof keys)) return ASSAY_OK;
    s->log = (enum assay_log_state)state;
    s->log_epoch = epoch;
    return ASSAY_OK;
}

static bool is_log_open(const struct assay_engine *e)
{
    return e->start_state->log == ASSAY_LOG_UNPROVEN || e->start_state->log == ASSAY_LOG_LOST;
}

static void set_log(struct assay_engine *e, enum assay_log_state state, uint64_t epoch)
{
    struct assay_start_state *s = &e->parts->start_state;
    s->log = state;
    s->log_epoch = epoch;
    s->log_unsaved = true;
}

void assay_restore_forget_log(struct assay_engine *e)
{
    struct assay_start_state *s = &e->parts->start_state;
    s->log = ASSAY_LOG_UNMARKED;
    s->log_epoch = 0;
    s->log_unsaved = false;
}

void assay_restore_save_log(struct assay_engine *e)
{
    struct assay_start_state *s = &e->parts->start_state;
    ASSAY_ASSERT(s->started);
    if (is_log_open(e) && e->key_state->rolled_back) {
        set_log(e, ASSAY_LOG_FINISHED, 0);
    } else if (is_log_open(e) && s->voted_on && !e->newcomer) {
        const bool lost = s->log == ASSAY_LOG_LOST;
        set_log(e, ASSAY_LOG_KNOWN, lost ? e->head->context.epoch : 0);
    }
    if (!s->log_unsaved || !assay_eng_has_room(e, 1)) return;
    struct assay_writer w = assay_writer_over(s->log_note, sizeof s->log_note);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_bytes(&w, e->key_state->keys.voting_public, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_uint(&w, s->log);
    assay_cbor_put_uint(&w, s->log_epoch);
    ASSAY_ASSERT(!w.full);
    const struct assay_store_key key = { .number = ASSAY_META_LOG };
    assay_eng_persist(e, ASSAY_STORE_META, &key, assay_slice_over(s->log_note, w.len));
    s->log_unsaved = false;
}

/* A start with an empty store: how much these keys may have signed. With a store that is not empty
 * the note of that start is in it, or the log is complete. */
static void judge_empty_store(struct assay_engine *e)
{
    const struct assay_key_state *own = e->key_state;
    if (e->start_state->restored || e->start_state->log != ASSAY_LOG_UNMARKED) return;
    if (!own->keys_unused && !own->log_kept) set_log(e, ASSAY_LOG_LOST, e->head->context.epoch);
    else if (e->members > 1 && (own->listed || !own->keys_unused || e->newcomer))
        set_log(e, ASSAY_LOG_UNPROVEN, 0);
}

/* Between the loss and this start the ledger may have reached what these keys signed. Returns:
 * whether they are finished. */
static bool is_finished(const struct assay_engine *e)
{
    const struct assay_start_state *s = e->start_state;
    if (s->log == ASSAY_LOG_FINISHED) return true;
    if (!is_log_open(e) || e->newcomer) return false;
    if (s->log == ASSAY_LOG_LOST && e->head->context.epoch > s->log_epoch) return true;
    return assay_keys_is_recorded(e, &e->head->state.members[e->self]);
}

/* --- items */

enum assay_status assay_restore_item(struct assay_engine *e, enum assay_store_class class_,
                                     const struct assay_store_key *key, struct assay_slice value)
{
    if (e->start_state->started) return ASSAY_E_INVALID;
    /* Items of the host itself (net/keys/store_binding.h) and the note about the log are no
     * evidence of one: every daemon writes them first. */
    if (class_ != ASSAY_STORE_META || key->number < ASSAY_META_HOST_MIN)
        e->parts->start_state.restored = true;
    switch (class_) {
    case ASSAY_STORE_STATE: return e->chain->begun ? ASSAY_E_INVALID : assay_head_restore(e, value);
    case ASSAY_STORE_FINALITY:
        if (key->epoch != e->head->state.epoch || key->era != e->head->state.era) return ASSAY_OK;
        return restore_finality(e, value);
    case ASSAY_STORE_BLOCK:
    case ASSAY_STORE_PROPOSAL:
    case ASSAY_STORE_CERTIFICATE:
    case ASSAY_STORE_VOTE:
        ensure_simplex_started(e);
        return assay_simplex_restore(e->simplex, class_, key, value);
    case ASSAY_STORE_ENVELOPE: return restore_envelope(e, value);
    case ASSAY_STORE_BALLOT:
    case ASSAY_STORE_RECORD: return restore_record(e, value);
    case ASSAY_STORE_CHANGE: assay_head_restore_change(e, value); return ASSAY_OK;
    case ASSAY_STORE_COLLATERAL: assay_head_restore_update(e, value); return ASSAY_OK;
    case ASSAY_STORE_SERVICE:
    case ASSAY_STORE_SERVICE_ANCHOR: assay_services_restore(e, value); return ASSAY_OK;
    case ASSAY_STORE_META:
        if (key->number == ASSAY_META_LOG) return restore_log(e, value);
        return key->number == ASSAY_META_KEYS ? assay_declared_lists_restore(e, key, value)
                                              : assay_era_restore(e, key, value);
    case ASSAY_STORE_ORDER:
    case ASSAY_STORE_EVIDENCE:
    case ASSAY_STORE_SCORE: return ASSAY_OK; /* the host's */
    case ASSAY_STORE_BOUNDARY:
    case ASSAY_STORE_ANCHOR: return ASSAY_OK; /* served to peers */
    }
    return ASSAY_E_UNSUPPORTED;
}

/* Resumes the epoch as it was before the crash. */
static void resume_epoch(struct assay_engine *e)
{
    ASSAY_ASSERT(e->start_state->started && e->chain->begun);
    const struct assay_seat *seat = &e->seats[e->self];
    if (seat->payload_len > 0) {
        assay_epoch_set_envelope_made(e);
        assay_evidence_wanted(e);
        assay_eng_send(e, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_ENVELOPE,
                       assay_eng_copy(e, assay_slice_over(seat->payload, seat->payload_len)));
    }
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->slot != e->self) continue;
        if (item->epoch != e->head->context.epoch) continue;
        if (item->kind == ASSAY_RECORD_BALLOT) assay_epoch_set_ballot_made(e);
        if (item->kind == ASSAY_RECORD_INCARNATE) assay_epoch_set_incarnate_made(e);
        if (item->kind == ASSAY_RECORD_KEYS) assay_epoch_set_keys_made(e);
    }
}

static void run_simplex(struct assay_engine *e)
{
    ASSAY_ASSERT(!e->start_state->voted_on && e->chain->begun);
    e->parts->start_state.voted_on = true;
    e->parts->start_state.ran_ms = e->now_ms;
    /* A key set that never voted has nothing to ask its peers; it is fresh until it is listed. The
     * same holds when all of its votes are this process's own. */
    assay_simplex_run(e->simplex, e->now_ms, !e->key_state->listed || e->key_state->continues,
                      e->actions);
}

void assay_restore_note_begun(struct assay_engine *e, uint64_t epoch)
{
    struct assay_start_state *s = &e->parts->start_state;
    s->begun_epoch = assay_max_u64(s->begun_epoch, epoch);
}

bool assay_restore_is_behind(const struct assay_engine *e)
{
    const struct assay_start_state *s = e->start_state;
    return s->requests_first && !s->voted_on && e->head->context.epoch < s->begun_epoch;
}

void assay_restore_complete(struct assay_engine *e)
{
    if (assay_restore_is_behind(e)) return;
    e->parts->start_state.restored = true;
    if (!e->start_state->voted_on) run_simplex(e);
}

void assay_restore_start(struct assay_engine *e)
{
    const struct assay_seat own = e->seats[e->self];
    ASSAY_ASSERT(!e->start_state->started);
    ensure_simplex_started(e);
    /* An epoch cannot be closed without the pending changes: fast sync fetches them. */
    const bool has_pending = assay_head_has_pending(e);
    if (!assay_head_can_close(e)) assay_finalize_wait(e);
    assay_finalize_set_tip_time(e);
    e->parts->start_state.started = true;
    judge_empty_store(e);
    const bool lost = e->start_state->log == ASSAY_LOG_LOST;
    e->parts->start_state.requests_first =
        (e->start_state->log == ASSAY_LOG_UNPROVEN || (lost && e->key_state->listed)) &&
        e->members > 1 && !e->newcomer;
    if (is_finished(e)) {
        assay_keys_set_rolled_back(e);
        assay_simplex_halt(e->simplex);
    }
    assay_keys_start(
        e, (e->start_state->restored || !e->key_state->keys_unused || e->key_state->listed) &&
               e->members > 1);
    /* An empty store, now or when these keys started: a first start, or everything is lost. Peers
     * are queried before anything is signed. */
    if ((!e->start_state->restored || !has_pending || is_log_open(e)) && e->members > 1)
        assay_sync_start(e, e->head->context.epoch);
    assay_epoch_open(e); /* clears the seats */
    if (own.payload_len > 0)
        assay_seat_set_envelope(e, e->self, &own.envelope,
                                assay_slice_over(own.payload, own.payload_len));
    resume_epoch(e);
    const bool reported = e->start_state->log == ASSAY_LOG_KNOWN &&
                          e->start_state->log_epoch == e->head->context.epoch;
    /* Keys that may have signed, and no log: an envelope, a ballot or a declaration of this epoch
     * may be among the loss. A second one would convict (E8). */
    if (lost || reported) assay_epoch_set_log_missing(e);
    /* Keys that may have signed, and no log: no vote before peers have reported that nothing is
     * missing. An answer to RESUME_ASK would not suffice: peers discard votes that finality has
     * passed, and have none of the epochs in which they are not. */
    if ((!lost && !e->start_state->requests_first) || e->members < 2) run_simplex(e);
    assay_message_intake_on_verdict(e);
    assay_order_derive(e);
    ASSAY_ASSERT(e->start_state->started && e->epoch_state->opened_ms == e->now_ms);
}
