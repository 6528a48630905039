/*
 * engine/restore.c - coming back after a crash (docs/protocol.md 2.4 to 2.8, 4.10).
 *
 * What was signed is sent again byte for byte and never made a second time. The state proves itself
 * against its EPOCH block; Simplex takes its blocks, certificates and votes.
 */
#include "engine/engine_internal.h"

#include "base/cbor.h"

static const enum assay_store_class order[] = {
    ASSAY_STORE_STATE,    ASSAY_STORE_FINALITY,      ASSAY_STORE_CERTIFICATE, ASSAY_STORE_BLOCK,
    ASSAY_STORE_PROPOSAL, ASSAY_STORE_VOTE,          ASSAY_STORE_ENVELOPE,    ASSAY_STORE_BALLOT,
    ASSAY_STORE_RECORD,   (enum assay_store_class)0,
};

const enum assay_store_class *assay_engine_restore_order(void)
{
    return order;
}

void assay_engine_restore_from(const struct assay_engine *engine, enum assay_store_class class_,
                               uint32_t *era, uint64_t *epoch)
{
    const uint64_t closed = engine->state.epoch;
    *era = engine->state.era;
    *epoch = closed + 1;
    if (class_ == ASSAY_STORE_STATE) {
        *era = 0; /* few are kept: the last one counts */
        *epoch = 0;
    }
    if (class_ == ASSAY_STORE_FINALITY) *epoch = closed;
    if (class_ == ASSAY_STORE_RECORD)
        *epoch = closed > ASSAY_PAST_EPOCHS ? closed - ASSAY_PAST_EPOCHS : 0;
}

static enum assay_status restore_state(struct assay_engine *e, struct assay_slice value)
{
    struct assay_cursor c = assay_cursor_over(value.bytes, value.len);
    struct assay_slice head;
    assay_state_copy(&e->next, &e->state); /* who is on the roster never changes */
    ASSAY_TRY(assay_state_decode(value, &e->next));
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/snapshot/v1"));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &head));
    if (e->next.epoch <= e->state.epoch) return ASSAY_OK;
    assay_state_copy(&e->state, &e->next);
    return assay_settle_table(e);
}

/* The commitment that view 1 of the running epoch builds on. */
static enum assay_status restore_finality(struct assay_engine *e, struct assay_slice value)
{
    struct assay_cursor c = assay_cursor_over(value.bytes, value.len);
    struct assay_slice payload;
    struct assay_certificate certificate;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &payload));
    ASSAY_TRY(assay_certificate_decode(payload, e->members, &certificate));
    assay_bytes_copy(e->head_proof, 32, certificate.commitment, 32);
    return ASSAY_OK;
}

/* Simplex is begun once, when everything about the base is known. */
static void ensure_begun(struct assay_engine *e)
{
    if (!e->begun) assay_settle_begin(e);
}

static enum assay_status restore_envelope(struct assay_engine *e, struct assay_slice value)
{
    struct assay_envelope envelope;
    ASSAY_TRY(assay_envelope_decode(value, &envelope));
    if (envelope.epoch != e->context.epoch) return ASSAY_OK;
    if (!assay_bytes_equal(envelope.node_id, e->state.members[e->self].node_id, 32))
        return ASSAY_E_STRANGER;
    struct assay_seat *seat = &e->seats[e->self];
    seat->envelope = envelope;
    assay_bytes_copy(seat->payload, sizeof seat->payload, value.bytes, value.len);
    seat->payload_len = value.len;
    return ASSAY_OK;
}

/* Into the pool; what needs a verdict gets one after START. */
static enum assay_status restore_record(struct assay_engine *e, struct assay_slice value)
{
    struct assay_record r;
    struct assay_pool_item *item = NULL;
    ASSAY_TRY(assay_record_decode(value, &r));
    if (assay_record_check(&e->context, &r) != ASSAY_OK) return ASSAY_OK; /* its time is over */
    const enum assay_status status = assay_pool_add(&e->pool, &r, ASSAY_SLOT_SELF, &item);
    /* One's own ballot comes first and finds room; proofs are in other pools too. */
    return status == ASSAY_E_DUPLICATE || status == ASSAY_E_FULL ? ASSAY_OK : status;
}

enum assay_status assay_restore_item(struct assay_engine *e, enum assay_store_class class_,
                                     const struct assay_store_key *key, struct assay_slice value)
{
    if (e->started) return ASSAY_E_INVALID;
    e->restored = true;
    switch (class_) {
    case ASSAY_STORE_STATE: return e->begun ? ASSAY_E_INVALID : restore_state(e, value);
    case ASSAY_STORE_FINALITY:
        if (key->epoch != e->state.epoch || key->era != e->state.era) return ASSAY_OK;
        return restore_finality(e, value);
    case ASSAY_STORE_BLOCK:
    case ASSAY_STORE_PROPOSAL:
    case ASSAY_STORE_CERTIFICATE:
    case ASSAY_STORE_VOTE:
        ensure_begun(e);
        return assay_simplex_restore(e->simplex, class_, key, value);
    case ASSAY_STORE_ENVELOPE: return restore_envelope(e, value);
    case ASSAY_STORE_BALLOT:
    case ASSAY_STORE_RECORD: return restore_record(e, value);
    case ASSAY_STORE_META:
    case ASSAY_STORE_ORDER:
    case ASSAY_STORE_EVIDENCE:
    case ASSAY_STORE_SCORE: return ASSAY_OK; /* the host's */
    }
    return ASSAY_E_UNSUPPORTED;
}

/* What was restored of this epoch, as it was before the crash. */
static void take_up(struct assay_engine *e)
{
    struct assay_seat *seat = &e->seats[e->self];
    e->run.envelope_made = seat->payload_len > 0;
    if (seat->payload_len > 0) {
        seat->phase = ASSAY_SEAT_EMPTY; /* one's own is never judged */
        e->fetch_wanted = true;
        assay_eng_send(e, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_ENVELOPE,
                       assay_eng_keep(e, assay_slice_over(seat->payload, seat->payload_len)));
    }
    for (uint32_t i = 0; i < e->pool.count; i++) {
        const struct assay_pool_item *item = &e->pool.items[i];
        if (item->phase == ASSAY_POOL_FREE || item->slot != e->self) continue;
        if (item->epoch != e->context.epoch) continue;
        if (item->kind == ASSAY_RECORD_BALLOT) e->run.ballot_made = true;
        if (item->kind == ASSAY_RECORD_INCARNATE) e->run.incarnate_made = true;
    }
}

void assay_restore_run(struct assay_engine *e)
{
    e->voted_on = true;
    /* A key set that never voted has nothing to ask its peers; it is fresh until it is listed. */
    assay_simplex_run(e->simplex, e->now_ms, !e->own.listed, &e->actions);
}

void assay_restore_start(struct assay_engine *e)
{
    struct assay_seat *seat = &e->seats[e->self];
    const struct assay_seat own = *seat;
    ensure_begun(e);
    e->started = true;
    e->own.from_log = (e->restored || !e->config.keys_unused) && e->members > 1;
    e->own.began_unix_ms = e->at_unix_ms;
    /* Nothing in the store: a first start, or everything is lost. Ask before anything is signed. */
    if (!e->restored && e->members > 1) assay_sync_start(e, e->context.epoch);
    assay_epoch_open(e); /* clears the seats */
    if (own.payload_len > 0) {
        *seat = own;
        e->run.envelope_made = true;
    }
    take_up(e);
    /* Keys that may have signed, and no log: an envelope or a ballot of this epoch, which peers do
     * not give back, may be among what is lost. A second one would convict (E8). */
    if (!e->restored && !e->config.keys_unused) e->run.envelope_made = e->run.ballot_made = true;
    /* Keys that may have signed, and no log: nothing is voted on before peers have said that there
     * is nothing to know yet. Waiting for an answer to RESUME_ASK would not do: peers forget votes
     * that finality has passed, and hold none of the epochs in which they are not. */
    if (e->restored || e->config.keys_unused || e->members < 2) assay_restore_run(e);
    assay_gather_judged(e);
    assay_order_derive(e);
}
