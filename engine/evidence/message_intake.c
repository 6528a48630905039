/*
 * engine/evidence/message_intake.c - intake of envelopes and records from peers: check, store,
 * relay.
 *
 * docs/protocol.md 4.1, 4.3, 5.23. Nothing is relayed before it is valid, and everything once. A
 * rejected message leaves the state unchanged.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"

#include "base/bitmap.h"

enum { OWN_EFFECTS = 4 }; /* of a record that is made here */

/* --- envelopes */

/* Two valid envelopes of one incarnation in one epoch convict by themselves: E8. */
static void on_second_envelope(struct assay_engine *e, uint32_t slot, struct assay_slice payload)
{
    ASSAY_ASSERT(slot < e->members && e->seats[slot].payload_len > 0);
    const struct assay_seat *seat = &e->seats[slot];
    if (slot == e->self && e->key_state->live_epochs == 2)
        assay_keys_note_shared(e, seat->envelope.incarnation);
    const struct assay_slice first = assay_slice_over(seat->payload, seat->payload_len);
    assay_status_ignore(assay_message_intake_accuse(e, (uint16_t)slot, 8, first, payload),
                        "its next envelope shows it again");
}

/* docs/protocol.md 5.23.1: another envelope of a slot costs nothing once a proof of E8 in this
 * epoch was made, or the incarnation was struck: nothing would follow from it. */
static bool is_proven_second(const struct assay_engine *e, uint32_t slot)
{
    ASSAY_ASSERT(slot < e->members);
    if (e->seats[slot].payload_len == 0) return false;
    return assay_seat_is_proven(e, slot, 8) ||
           assay_offence_is_struck(&e->head->context, &e->chain->ledger, slot,
                                   e->seats[slot].envelope.incarnation);
}

/* The next epoch's: our E is not final yet. Kept if the key that we know signed it; the first one
 * stays. Of another incarnation (one to come, perhaps) nothing can be verified: it is pulled later
 * (docs/protocol.md 5.23.1). */
static enum assay_status store_early(struct assay_engine *e, const struct assay_envelope *envelope,
                                     struct assay_slice payload)
{
    if (envelope->epoch != e->head->context.epoch + 1) return ASSAY_E_EARLY;
    const struct assay_state *state = &e->head->state;
    if (!assay_bytes_equal(envelope->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (envelope->era != state->era) return ASSAY_E_CHAIN;
    const uint32_t slot = assay_state_slot_of(state, envelope->node_id);
    if (slot == e->members) return ASSAY_E_STRANGER;
    if (e->seats[slot].early_len > 0) return ASSAY_E_DUPLICATE;
    if (envelope->incarnation != state->members[slot].lives[0].incarnation) return ASSAY_E_EARLY;
    if (!assay_p256_verify(e->head->voting[slot], envelope->digest, envelope->signature,
                           ASSAY_S_LOW))
        return ASSAY_E_SIGNATURE;
    ASSAY_ASSERT(payload.len <= ASSAY_ENVELOPE_LEN_MAX);
    assay_seat_set_early(e, slot, payload);
    return ASSAY_OK;
}

/* A peer holds an envelope or a ballot of these keys that our log lacks. What else it lacks cannot
 * be determined, and they are finished (docs/protocol.md 2.7.3, 2.9). */
static void on_unknown_own(struct assay_engine *e, uint16_t from, uint32_t incarnation)
{
    if (from == ASSAY_SLOT_SELF || !e->key_state->listed) return;
    if (incarnation != e->key_state->keys.incarnation) return;
    /* No earlier run can have signed in an epoch that opened while this one took part. */
    if (e->key_state->live_epochs == 2) assay_keys_note_shared(e, incarnation);
    assay_keys_set_rolled_back(e);
    assay_simplex_halt(e->simplex);
    assay_order_derive(e);
}

enum assay_status assay_message_intake_on_envelope(struct assay_engine *e, uint16_t from,
                                                   struct assay_slice payload)
{
    ASSAY_ASSERT(from < e->members || from == ASSAY_SLOT_SELF || from == ASSAY_SLOT_ALL);
    struct assay_envelope envelope;
    uint32_t slot = 0;
    ASSAY_TRY(assay_envelope_decode(payload, &envelope));
    if (envelope.epoch > e->head->context.epoch) return store_early(e, &envelope, payload);
    if (envelope.epoch < e->head->context.epoch) return ASSAY_E_STALE;
    const uint32_t known = assay_state_slot_of(&e->head->state, envelope.node_id);
    if (known == e->members) return ASSAY_E_STRANGER;
    if (e->seats[known].payload_len > 0 &&
        assay_bytes_equal(e->seats[known].envelope.digest, envelope.digest, 32))
        return ASSAY_E_DUPLICATE; /* before its signature costs anything */
    if (is_proven_second(e, known)) return ASSAY_E_DUPLICATE;
    ASSAY_TRY(assay_context_envelope(&e->head->context, &envelope, &slot));
    const struct assay_seat *seat = &e->seats[slot];
    ASSAY_ASSERT(slot == known);
    if (seat->payload_len > 0) {
        on_second_envelope(e, slot, payload);
        return ASSAY_OK;
    }
    assay_seat_set_envelope(e, slot, &envelope, payload);
    ASSAY_ASSERT(seat->payload_len == payload.len);
    assay_evidence_wanted(e);
    if (slot == e->self) {
        if (!e->epoch_state->envelope_made) on_unknown_own(e, from, envelope.incarnation);
        assay_epoch_set_envelope_made(e); /* also when a peer gives ours back after a crash */
    } else {
        assay_evidence_fetch(e, slot);
    }
    assay_inventory_add(e, ASSAY_INVENTORY_ENVELOPE, from, slot);
    if (from != ASSAY_SLOT_SELF) {
        const uint16_t except = from == ASSAY_SLOT_ALL ? (uint16_t)slot : from;
        assay_eng_send(e, ASSAY_SLOT_NEAR, except, ASSAY_MESSAGE_ENVELOPE,
                       assay_eng_copy(e, assay_slice_over(seat->payload, seat->payload_len)));
    }
    return ASSAY_OK;
}

/* Only a node that lacks its log requests its own envelope: it may have signed a ballot of the
 * epoch, too (docs/protocol.md 2.7.3). */
static void send_ballot_of(struct assay_engine *e, uint16_t slot)
{
    ASSAY_ASSERT(slot < e->members);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->kind != ASSAY_RECORD_BALLOT) continue;
        if (item->slot != slot || item->epoch != e->head->context.epoch) continue;
        assay_eng_send(e, slot, ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD,
                       assay_eng_copy(e, assay_slice_over(item->bytes, item->len)));
    }
}

enum assay_status assay_message_intake_on_pull(struct assay_engine *e, uint16_t from,
                                               struct assay_slice payload)
{
    ASSAY_ASSERT(from < e->members || from == ASSAY_SLOT_SELF);
    uint64_t epoch = 0;
    struct assay_slice slots;
    ASSAY_TRY(assay_envelope_pull_decode(payload, e->members, &epoch, &slots));
    if (epoch > e->head->context.epoch) return ASSAY_E_EARLY;
    if (epoch < e->head->context.epoch) return ASSAY_E_STALE;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (!assay_bitmap_has(slots, i) || seat->payload_len == 0) continue;
        assay_eng_send(e, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_ENVELOPE,
                       assay_eng_copy(e, assay_slice_over(seat->payload, seat->payload_len)));
    }
    if (from < e->members && assay_bitmap_has(slots, from)) send_ballot_of(e, from);
    return ASSAY_OK;
}

void assay_message_intake_request_own(struct assay_engine *e)
{
    if (!e->key_state->from_log || e->epoch_state->envelope_made) return;
    const size_t bitmap_len = ((size_t)e->members + 7) / 8;
    uint8_t *bitmap = assay_eng_alloc(e, bitmap_len);
    uint8_t *bytes = assay_eng_alloc(e, bitmap_len + 32);
    if (bitmap == NULL || bytes == NULL) return;
    assay_bytes_zero(bitmap, bitmap_len);
    assay_bit_add(bitmap, e->self);
    struct assay_writer w = assay_writer_over(bytes, bitmap_len + 32);
    const enum assay_status status = assay_envelope_pull_encode(
        e->head->context.epoch, assay_slice_over(bitmap, bitmap_len), &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_eng_send(e, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_ENVELOPE_PULL,
                   assay_slice_over(bytes, w.len));
}

/* Slots whose envelope is missing. Returns: false when there is none. */
static bool find_missing(const struct assay_engine *e, uint8_t *bitmap, size_t bitmap_len)
{
    bool any = false;
    assay_bytes_zero(bitmap, bitmap_len);
    for (uint32_t i = 0; i < e->members; i++) {
        if (i == e->self || e->seats[i].payload_len > 0) continue;
        if (!assay_member_serves(&e->head->state.members[i])) continue;
        assay_bit_add(bitmap, i);
        any = true;
    }
    return any;
}

static void send_envelope_pull(struct assay_engine *e, uint16_t to, const uint8_t *bitmap,
                               size_t bitmap_len)
{
    uint8_t *bytes = assay_eng_alloc(e, bitmap_len + 32);
    if (bytes == NULL) return;
    struct assay_writer w = assay_writer_over(bytes, bitmap_len + 32);
    const enum assay_status status = assay_envelope_pull_encode(
        e->head->context.epoch, assay_slice_over(bitmap, bitmap_len), &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_eng_send(e, to, ASSAY_SLOT_ALL, ASSAY_MESSAGE_ENVELOPE_PULL,
                   assay_slice_over(bytes, w.len));
}

/* One peer may have the envelope that the roll names (docs/protocol.md 4.1.5). */
static void request_disputed(struct assay_engine *e)
{
    const size_t bitmap_len = ((size_t)e->members + 7) / 8;
    uint8_t *bitmap = assay_eng_alloc(e, bitmap_len);
    const uint16_t to = assay_inventory_get_peer(e, e->epoch_state->pulls, 0);
    bool any = false;
    if (bitmap == NULL || to == ASSAY_SLOT_ALL) return;
    assay_bytes_zero(bitmap, bitmap_len);
    for (uint32_t i = 0; i < e->members; i++) {
        if (i == e->self || !assay_inventory_is_disputed(e, i)) continue;
        assay_bit_add(bitmap, i);
        any = true;
    }
    if (any) send_envelope_pull(e, to, bitmap, bitmap_len);
}

void assay_message_intake_request_missing(struct assay_engine *e)
{
    ASSAY_ASSERT(e->epoch_state->pulls > 0);
    if (e->members == 1) return;

    const size_t bitmap_len = ((size_t)e->members + 7) / 8;
    uint8_t *bitmap = assay_eng_alloc(e, bitmap_len);
    const uint32_t peers = assay_eng_count_peers(e);
    uint32_t ask = peers < ASSAY_PEERS_ASKED_MIN ? peers : ASSAY_PEERS_ASKED_MIN;
    if (bitmap == NULL) return;
    if (!find_missing(e, bitmap, bitmap_len)) ask = 0;
    for (uint32_t k = 0; k < ask; k++)
        send_envelope_pull(e, assay_inventory_get_peer(e, e->epoch_state->pulls, k), bitmap,
                           bitmap_len);
    for (uint32_t i = 0; i < e->members; i++) {
        if (e->seats[i].payload_len == 0) assay_seat_add_asked(e, i, ask);
    }
    request_disputed(e);
}

/* --- records */

/* Own records go to all peers, others to a few; ballots are announced to neighbours
 * (docs/protocol.md 4.1.1, 4.12.10). */
static void relay_record(struct assay_engine *e, const struct assay_pool_item *item)
{
    ASSAY_ASSERT(item->phase == ASSAY_POOL_READY && item->len > 0);
    const bool others = item->from < e->members;
    const bool to_neighbours = others && item->kind == ASSAY_RECORD_BALLOT;
    assay_pool_set_sent(e->pool, item, e->now_ms);
    assay_eng_send(e, to_neighbours ? ASSAY_SLOT_NEAR : ASSAY_SLOT_ALL,
                   others ? item->from : ASSAY_SLOT_ALL, ASSAY_MESSAGE_RECORD,
                   assay_slice_over(item->bytes, item->len));
}

/* A record without evidence, or with evidence whose verdict is known. Returns: as record_judge |
 * ASSAY_E_AGAIN (the verdict is on its way) */
static enum assay_status judge_record(struct assay_engine *e, struct assay_record *r)
{
    return assay_record_judge(&e->head->context, assay_verdicts_request, e, r);
}

/* Returns: the slot that is accountable for a verification in vain, or e->members. */
static uint32_t accountable_sender(const struct assay_engine *e, uint16_t from,
                                   const struct assay_record *r)
{
    const struct assay_record_row *row = assay_record_row(r->kind);
    if (!assay_record_costs(r->kind) || from == ASSAY_SLOT_SELF) return e->members;
    const uint32_t slot =
        row->answers != NULL ? row->answers(&e->head->context, r) : (uint32_t)from;
    ASSAY_ASSERT(row->answers == NULL || slot <= e->members);
    return slot < e->members && slot != e->self ? slot : e->members;
}

/* docs/protocol.md 5.12.1: what verification refused is remembered for the epoch, and who answers
 * for a few such records is taken at its word no more. Asked before signatures cost anything. Only
 * messages are refused so: a block with the record is judged as by one who remembers nothing. */
static enum assay_status check_budget(const struct assay_engine *e, uint16_t from,
                                      const struct assay_record *r)
{
    const uint32_t slot = accountable_sender(e, from, r);
    if (slot == e->members) return ASSAY_OK;
    if (assay_seat_was_refused(e, r->key)) return ASSAY_E_DUPLICATE;
    return e->seats[slot].refused < ASSAY_REFUSED_MAX ? ASSAY_OK : ASSAY_E_RATE;
}

static void reject_record(struct assay_engine *e, const struct assay_pool_item *item,
                          const struct assay_record *r)
{
    ASSAY_ASSERT(item->phase == ASSAY_POOL_ASKED);
    const uint32_t slot = accountable_sender(e, item->from, r);
    if (slot < e->members) assay_seat_add_refused(e, slot, r->key);
    assay_pool_remove(e->pool, item);
}

/* A check that costs as much is charged alike: for a record that came late, too, or that was newer
 * a moment ago, since who sends many of them has them asked about all the same. */
static enum assay_status check_record(struct assay_engine *e, uint16_t from, struct assay_record *r)
{
    const enum assay_status status = assay_record_check(&e->head->context, r);
    const struct assay_record_row *row = assay_record_row(r->kind);
    const bool late = status == ASSAY_E_STALE || status == ASSAY_E_EARLY;
    if (status == ASSAY_OK || !row->check_costs || (late && row->late_is_free)) return status;
    const uint32_t slot = accountable_sender(e, from, r);
    if (slot < e->members) assay_seat_add_refused(e, slot, r->key);
    return status;
}

/* fits: by the final chain. Of an author that has used its part of the blocks of this epoch no
 * block takes more: it would keep the place of another until the epoch ends. */
static bool may_fit_later(const struct assay_record *r, enum assay_status fits)
{
    if (fits == ASSAY_E_FULL) return !assay_record_row(r->kind)->full_for_epoch;
    return fits == ASSAY_OK || fits == ASSAY_E_EARLY;
}

/* A ballot by these keys of the running epoch, which this node has not signed. Decided before the
 * roll is final here: until then no ballot passes the check. */
static void find_unknown_ballot(struct assay_engine *e, uint16_t from, const struct assay_record *r)
{
    const struct assay_ballot *b = &r->ballot;
    const struct assay_state *state = &e->head->state;
    if (r->kind != ASSAY_RECORD_BALLOT || from == ASSAY_SLOT_SELF) return;
    if (e->epoch_state->ballot_made || !e->key_state->listed) return;
    if (b->epoch != e->head->context.epoch || b->era != state->era) return;
    if (!assay_bytes_equal(b->chain_id, state->chain_id, 32)) return;
    if (!assay_bytes_equal(b->node_id, state->members[e->self].node_id, 32)) return;
    if (!assay_p256_verify(e->head->voting[e->self], r->body_digest, r->signature, ASSAY_S_LOW))
        return;
    assay_epoch_set_ballot_made(e);
    on_unknown_own(e, from, b->incarnation);
}

enum assay_status assay_message_intake_on_record(struct assay_engine *e, uint16_t from,
                                                 struct assay_slice payload)
{
    ASSAY_ASSERT(from < e->members || from == ASSAY_SLOT_SELF);
    struct assay_record r;
    const struct assay_pool_item *item = NULL;
    if (payload.len > ASSAY_RECORD_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_record_decode(payload, &r));
    if (assay_record_row(r.kind)->in_rolls_only) return ASSAY_E_INVALID;
    find_unknown_ballot(e, from, &r);
    if (assay_pool_find(e->pool, r.key) != NULL) return ASSAY_E_DUPLICATE;
    if (assay_record_is_spent(&e->head->context, &e->chain->ledger, &r)) return ASSAY_E_DUPLICATE;
    ASSAY_TRY(check_budget(e, from, &r));
    ASSAY_TRY(check_record(e, from, &r));
    /* What the final chain has, or can never take, needs no place. */
    const enum assay_status fits = assay_ledger_fits(&e->head->context, &e->chain->ledger, &r);
    if (!may_fit_later(&r, fits)) return fits;
    ASSAY_TRY(assay_pool_add(e->pool, &r, from, &item));
    const enum assay_status judged = judge_record(e, &r);
    if (judged == ASSAY_E_AGAIN) return ASSAY_OK; /* stored until the verdict arrives */
    if (judged != ASSAY_OK) {
        reject_record(e, item, &r);
        return judged;
    }
    ASSAY_ASSERT(item->phase == ASSAY_POOL_ASKED && item->len == payload.len);
    assay_pool_set_ready(e->pool, item, &r);
    if (r.kind == ASSAY_RECORD_BALLOT) {
        assay_inventory_add(e, ASSAY_INVENTORY_BALLOT, from, r.slot);
        assay_inventory_on_ballot(e, &r);
    }
    if (from == ASSAY_SLOT_SELF) {
        assay_pool_set_own(e->pool, item);
        assay_pool_set_sent(e->pool, item, e->now_ms); /* by SIGN */
    } else {
        relay_record(e, item);
    }
    return ASSAY_OK;
}

void assay_message_intake_on_verdict(struct assay_engine *e)
{
    struct assay_record r; /* large: made once */
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase != ASSAY_POOL_ASKED) continue;
        const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
        enum assay_status status = assay_record_decode(bytes, &r);
        if (status == ASSAY_OK) status = assay_record_check(&e->head->context, &r);
        if (status != ASSAY_OK) {
            assay_pool_remove(e->pool, item);
            continue;
        }
        status = judge_record(e, &r);
        if (status == ASSAY_E_AGAIN) continue;
        if (status != ASSAY_OK) {
            reject_record(e, item, &r);
            continue;
        }
        assay_pool_set_ready(e->pool, item, &r);
        if (item->from == ASSAY_SLOT_SELF) assay_pool_set_own(e->pool, item);
        relay_record(e, item);
    }
}

/* Nothing of an epoch takes back what is final: a record with evidence that fits no more never
 * will, and would only keep one of the few large places from others and its author from saying
 * something better (docs/protocol.md 9.4.2). What the chain itself holds stays, against doubles;
 * others may wait for the next epoch, or still be contradicted. Records that the part of their
 * author, or the epoch, has no room for wait at the nodes of their authors. */
void assay_message_intake_on_final_block(struct assay_engine *e)
{
    ASSAY_ASSERT(!e->chain->ledger.closed);
    struct assay_record r; /* large: made once */
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase != ASSAY_POOL_READY) continue;
        const bool is_bounded = assay_record_row(item->kind)->full_for_epoch;
        if (!is_bounded && !assay_record_costs(item->kind)) continue;
        const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
        if (assay_record_decode(bytes, &r) != ASSAY_OK || !assay_branch_fill_known(e, &r)) continue;
        const enum assay_status fits = assay_ledger_fits(&e->head->context, &e->chain->ledger, &r);
        if (may_fit_later(&r, fits)) continue;
        assay_pool_remove(e->pool, item);
    }
}

/* What was good while its epoch ran may be good for nothing now: only with the roll final is a
 * ballot's electorate known, and proofs grow old. Kept unjudged it would be valid for those who
 * hold it and invalid for those that receive it first in a block. */
void assay_message_intake_on_epoch(struct assay_engine *e)
{
    assay_pool_on_epoch(e->pool, e->head->context.epoch);
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        struct assay_record r;
        if (item->phase == ASSAY_POOL_FREE) continue;
        const struct assay_slice bytes = assay_slice_over(item->bytes, item->len);
        enum assay_status status = assay_record_decode(bytes, &r);
        if (status == ASSAY_OK) status = assay_record_check(&e->head->context, &r);
        if (status != ASSAY_OK) assay_pool_remove(e->pool, item);
    }
}

/* Returns: ASSAY_OK | ASSAY_E_AGAIN | as assay_message_intake_on_record */
static enum assay_status receive_own(struct assay_engine *e, struct assay_slice bytes)
{
    ASSAY_ASSERT(bytes.len > 0);

    struct assay_record r;
    if (!assay_eng_has_room(e, OWN_EFFECTS)) return ASSAY_E_AGAIN;
    ASSAY_TRY(assay_message_intake_on_record(e, ASSAY_SLOT_SELF, bytes));
    ASSAY_TRY(assay_record_decode(bytes, &r));
    const struct assay_pool_item *item = assay_pool_find(e->pool, r.key);
    if (item == NULL) return ASSAY_OK;
    struct assay_store_key key = { .era = e->head->state.era, .epoch = item->epoch };
    assay_bytes_copy(key.id, 32, item->key, 32);
    const struct assay_slice kept = assay_slice_over(item->bytes, item->len);
    ASSAY_ASSERT(kept.len > 0 && item->kind == r.kind);
    assay_eng_persist(e, ASSAY_STORE_RECORD, &key, kept);
    if (item->phase == ASSAY_POOL_READY) relay_record(e, item);
    return ASSAY_OK;
}

void assay_message_intake_add_own(struct assay_engine *e, struct assay_slice bytes)
{
    assay_status_ignore(receive_own(e, bytes),
                        "known, too late, or whoever wanted it wants it again");
}

void assay_message_intake_add_from_block(struct assay_engine *e, const struct assay_record *record,
                                         uint64_t view)
{
    ASSAY_ASSERT(record->slot < e->members);
    ASSAY_ASSERT(view > 0 && !assay_record_row(record->kind)->in_rolls_only);
    const struct assay_pool_item *item = assay_pool_find(e->pool, record->key);
    if (item == NULL) {
        if (assay_pool_add(e->pool, record, ASSAY_SLOT_ALL, &item) != ASSAY_OK) return;
        assay_pool_set_ready(e->pool, item, record);
        if (record->kind == ASSAY_RECORD_BALLOT) assay_inventory_on_ballot(e, record);
    } else if (item->phase == ASSAY_POOL_ASKED) {
        return; /* its own verdict decides */
    }
    if (item->phase == ASSAY_POOL_READY) assay_pool_set_proposed(e->pool, item, view);
}

void assay_message_intake_on_counted_ballot(struct assay_engine *e, struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_BALLOT);
    const struct assay_pool_item *item = NULL;
    r->slot = assay_state_slot_of(&e->head->state, r->ballot.node_id);
    ASSAY_ASSERT(r->slot <= e->members);
    r->epoch = r->ballot.epoch;
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *held = &e->pool->items[i];
        if (held->phase != ASSAY_POOL_FREE && held->kind == ASSAY_RECORD_BALLOT &&
            held->slot == r->slot && held->epoch == r->epoch)
            assay_pool_remove(e->pool, held);
    }
    if (assay_pool_add(e->pool, r, ASSAY_SLOT_ALL, &item) == ASSAY_OK)
        assay_pool_set_final(e->pool, item);
}

void assay_message_intake_resend(struct assay_engine *e)
{
    const uint64_t pause = assay_eng_epoch_ms(e) / 8;
    struct assay_message_intake_state *g = &e->parts->message_intake;
    if (g->resend_version == e->pool->version && e->now_ms < g->resend_at_ms) return;
    g->resend_version = e->pool->version;
    g->resend_at_ms = UINT64_MAX;
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase != ASSAY_POOL_READY || !item->own) continue;
        if (e->now_ms >= item->sent_ms + pause) relay_record(e, item);
        g->resend_at_ms = assay_min_u64(g->resend_at_ms, item->sent_ms + pause);
    }
    ASSAY_ASSERT(g->resend_version == e->pool->version);
}

enum assay_status assay_message_intake_accuse(struct assay_engine *e, uint16_t slot,
                                              unsigned number, struct assay_slice first,
                                              struct assay_slice second)
{
    ASSAY_ASSERT(slot < e->members && (number - 1 < 4 || number == 8));
    ASSAY_ASSERT(first.len > 0 && second.len > 0);
    const size_t len_max = first.len + second.len + 64;
    const struct assay_slice order[2][2] = { { first, second }, { second, first } };
    if (assay_seat_is_proven(e, slot, number)) return ASSAY_OK; /* docs/protocol.md 5.23.1 */
    if (!assay_eng_has_room(e, OWN_EFFECTS + 1)) return ASSAY_E_AGAIN;
    /* E2 and E3 name their votes in one order; whoever noticed them may have seen the other. */
    for (uint32_t k = 0; k < 2; k++) {
        struct assay_record r;
        uint8_t *bytes = assay_eng_alloc(e, len_max);
        if (bytes == NULL) return ASSAY_E_AGAIN;
        struct assay_writer w = assay_writer_over(bytes, len_max);
        if (assay_record_put_offence(&w, number, order[k][0], order[k][1]) != ASSAY_OK) break;
        if (assay_record_decode(assay_slice_over(bytes, w.len), &r) != ASSAY_OK) continue;
        assay_seat_set_proven(e, slot, number);
        assay_eng_note(e, ASSAY_NOTE_EQUIVOCATION, slot, number, e->head->context.epoch);
        const enum assay_status taken = receive_own(e, assay_slice_over(bytes, w.len));
        if (taken != ASSAY_E_FULL) return ASSAY_OK; /* made, known, or too late */
        assay_seat_clear_proven(e, slot, number);
        return ASSAY_E_FULL;
    }
    return ASSAY_OK;
}
