/*
 * engine/evidence/pending_proofs.c - pending proofs of FAIL and of offence E5.
 *
 * docs/protocol.md 3.9, 4.3.2, 5.23. Where a verdict of ours contradicts a member's ballot it
 * becomes a proof. Every member could make the same proof; those next to the accused in the roster
 * do it at once, the others only if it does not arrive.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"

enum { RANKS_FIRST = 3, WANTS_OF_ONE = 4 };

static bool pending_is_valid(const struct assay_engine *e, const struct assay_pending_proofs *w)
{
    if (!w->used || w->slot >= e->members || w->subject >= e->members) return false;
    if (w->epoch > e->head->context.epoch || w->path_len > ASSAY_MERKLE_LEVELS) return false;
    if (w->envelope_len == 0 || w->envelope_len > ASSAY_ENVELOPE_LEN_MAX) return false;
    return w->ballot_len <= e->pending_proofs->ballot_len_max &&
           e->pending_proofs->used <= ASSAY_PENDING_PROOFS_MAX;
}

/* Low ranks make a proof at once; the others after an eighth of an epoch, if it has not arrived. */
static uint64_t proof_time(const struct assay_engine *e, uint32_t accused)
{
    ASSAY_ASSERT(accused < e->members);
    const uint32_t rank = (e->self + e->members - accused) % e->members;
    return rank <= RANKS_FIRST ? e->now_ms : e->now_ms + assay_eng_epoch_ms(e) / 8;
}

static struct assay_pending_proofs *add_pending(struct assay_engine *e, uint32_t accused,
                                                uint32_t subject, bool contradiction)
{
    ASSAY_ASSERT(accused < e->members && subject < e->members && subject != e->self);
    struct assay_pending_proofs *found = NULL;
    uint32_t same = 0;
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++) {
        struct assay_pending_proofs *w = &e->parts->pending_proofs.all[i];
        same += w->used && w->contradiction && w->slot == accused;
        if (!w->used) {
            if (found == NULL) found = w;
        } else if (w->contradiction == contradiction && w->slot == accused &&
                   w->subject == subject && w->epoch == e->head->context.epoch) {
            return NULL; /* known */
        }
    }
    /* Two are enough to take all integrity: lies about everybody leave room for the others. */
    if (found == NULL || (contradiction && same >= WANTS_OF_ONE)) return NULL;
    const struct assay_seat *seat = &e->seats[subject];
    uint8_t *ballot = found->ballot;
    *found = (struct assay_pending_proofs){ .used = true,
                                            .contradiction = contradiction,
                                            .slot = accused,
                                            .subject = subject,
                                            .epoch = e->head->context.epoch,
                                            .at_ms = proof_time(e, accused),
                                            .ballot = ballot,
                                            .envelope_len = seat->payload_len };
    e->parts->pending_proofs.used++;
    assay_bytes_copy(found->evidence_digest, 32, seat->envelope.evidence_digest, 32);
    assay_bytes_copy(found->envelope, sizeof found->envelope, seat->payload, seat->payload_len);
    ASSAY_ASSERT(pending_is_valid(e, found));
    return found;
}

void assay_pending_proofs_fail(struct assay_engine *e, uint32_t slot)
{
    ASSAY_ASSERT(slot < e->members);
    ASSAY_ASSERT(assay_outcome_is_fail(e->seats[slot].outcome));
    (void)add_pending(e, slot, slot, false);
}

static void remove_pending(struct assay_engine *e, struct assay_pending_proofs *w)
{
    ASSAY_ASSERT(w->used && e->pending_proofs->used > 0);
    w->used = false;
    e->parts->pending_proofs.used--;
    ASSAY_ASSERT(e->pending_proofs->used < ASSAY_PENDING_PROOFS_MAX);
}

/* --- E5: whose ballot says what we know to be false */

/* Returns: whether the ballot refers to the envelope that we appraised; fills the path to the
 * roll. */
static bool ballot_names(struct assay_engine *e, const struct assay_ballot *b, uint32_t subject,
                         struct assay_pending_proofs *want)
{
    ASSAY_ASSERT(want->used && want->subject == subject);

    const struct assay_seat *seat = &e->seats[subject];
    const struct assay_exception *x = assay_ballot_exception(b, subject);
    want->path_len = 0;
    if (x != NULL) return assay_bytes_equal(x->digest, seat->envelope.digest, 32);
    if (!e->chain->ledger.has_roll || !e->chain->ledger.roll_present[subject]) return false;
    if (!assay_bytes_equal(b->roll_root, e->chain->ledger.roll_root, 32)) return false;
    if (!assay_bytes_equal(e->chain->ledger.roll[subject], seat->envelope.digest, 32)) return false;
    assay_ledger_roll_hashes(&e->chain->ledger, e->pending_proofs->hashes);
    return assay_merkle_path((const uint8_t(*)[32])e->pending_proofs->hashes, e->members, subject,
                             want->path, ASSAY_MERKLE_LEVELS, &want->path_len) == ASSAY_OK;
}

/* What a ballot says of a slot that this node appraised; own: the evidence is the slot's. Returns:
 * whether a proof would convict its author. */
static bool is_false(const struct assay_engine *e, const struct assay_ballot *b, uint32_t subject,
                     bool own)
{
    const struct assay_seat *seat = &e->seats[subject];
    const uint8_t said = assay_votes_row_get(b->row.bytes, subject);
    if (assay_record_falsehood(said, own, seat->outcome, seat->without_keys) != ASSAY_FALSE_NONE)
        return true;
    if (!own || !assay_outcome_is_pass(seat->outcome) || seat->without_keys ||
        assay_votes_outcome(said) != seat->outcome ||
        !assay_ballot_grants_by(&b->grants, assay_context_grants(&e->head->context)))
        return false;
    const uint8_t names = assay_grants_row_get(b->grants.row.bytes, b->grants.names, subject);
    return assay_record_grants_falsehood(names, seat->grants) != ASSAY_FALSE_NONE;
}

/* Returns: false when it says something false for which no want was free. */
static bool scan_ballot(struct assay_engine *e, const struct assay_pool_item *item)
{
    struct assay_record r;
    const enum assay_status status =
        assay_record_decode(assay_slice_over(item->bytes, item->len), &r);
    ASSAY_ASSERT(status == ASSAY_OK); /* the pool holds what was decoded */
    ASSAY_ASSERT(r.kind == ASSAY_RECORD_BALLOT &&
                 r.ballot.row.len == assay_votes_row_len(e->members));
    for (uint32_t subject = 0; subject < e->members; subject++) {
        const struct assay_seat *seat = &e->seats[subject];
        const bool own = seat->phase == ASSAY_SEAT_JUDGED;
        if (subject == item->slot || (!own && seat->phase != ASSAY_SEAT_FOREIGN)) continue;
        if (!is_false(e, &r.ballot, subject, own)) continue;
        if (e->pending_proofs->used == ASSAY_PENDING_PROOFS_MAX) return false;
        struct assay_pending_proofs *want = add_pending(e, item->slot, subject, true);
        if (want == NULL) continue;
        if (!ballot_names(e, &r.ballot, subject, want)) {
            remove_pending(e, want);
            continue;
        }
        want->ballot_len = item->len;
        assay_bytes_copy(want->ballot, e->pending_proofs->ballot_len_max, item->bytes, item->len);
        ASSAY_ASSERT(pending_is_valid(e, want));
    }
    return true;
}

void assay_pending_proofs_scan(struct assay_engine *e)
{
    ASSAY_ASSERT(e->pending_proofs->used <= ASSAY_PENDING_PROOFS_MAX);

    struct assay_pending_proofs_state *wants = &e->parts->pending_proofs;
    if (!e->chain->ledger.has_roll) return;
    const bool none_new = wants->scanned_judgements == e->evidence->judgements;
    if (none_new && wants->scanned_version == e->pool->version) return;
    if (wants->used == ASSAY_PENDING_PROOFS_MAX) return; /* when one is free again */
    wants->scanned_judgements = e->evidence->judgements;
    wants->scanned_version = e->pool->version;
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->kind != ASSAY_RECORD_BALLOT) continue;
        if (item->compared == e->evidence->judgements + 1 || item->epoch != e->head->context.epoch)
            continue;
        if (item->slot == e->self) continue;
        if (!scan_ballot(e, item)) {
            wants->scanned_version = 0; /* no version of a pool: this ballot is looked at again */
            return;
        }
        assay_pool_set_compared(e->pool, i, e->evidence->judgements + 1);
    }
}

/* --- making the proofs */

/* Another member was faster: the pool or the chain has it. */
static bool is_already_proven(struct assay_engine *e, const struct assay_pending_proofs *w)
{
    ASSAY_ASSERT(w->used && w->epoch <= e->head->context.epoch);
    if (!w->contradiction && w->epoch != e->head->context.epoch)
        return true; /* FAIL closes with E */
    for (uint32_t i = 0; i < e->pool->count; i++) {
        const struct assay_pool_item *item = &e->pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->epoch != w->epoch) continue;
        if (item->slot != w->slot) continue;
        if (!w->contradiction && item->kind == ASSAY_RECORD_FAIL) return true;
        if (w->contradiction && item->kind == ASSAY_RECORD_CONTRADICTION &&
            item->subject == w->subject)
            return true;
    }
    return false;
}

void assay_pending_proofs_tick(struct assay_engine *e)
{
    if (!e->start_state->started) return;
    struct assay_pending_proofs_state *wants = &e->parts->pending_proofs;
    for (uint32_t i = 0; wants->used > 0 && i < ASSAY_PENDING_PROOFS_MAX; i++) {
        struct assay_pending_proofs *w = &wants->all[i];
        if (!w->used || e->now_ms < w->at_ms) continue;
        ASSAY_ASSERT(pending_is_valid(e, w));
        if (is_already_proven(e, w) ||
            e->head->context.epoch > w->epoch + ASSAY_RETAINED_EPOCHS - 1) {
            remove_pending(e, w);
            continue;
        }
        struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_LOAD);
        if (effect == NULL) return;
        assay_bytes_copy(effect->as.load.digest, 32, w->evidence_digest, 32);
        w->loading = true;
        w->at_ms = e->now_ms + assay_eng_epoch_ms(e) / 4; /* a lost answer is requested again */
    }
}

static void make_proof(struct assay_engine *e, const struct assay_pending_proofs *w,
                       struct assay_slice evidence)
{
    ASSAY_ASSERT(evidence.len > 0 && evidence.len <= ASSAY_EVIDENCE_LEN_MAX);
    ASSAY_ASSERT(pending_is_valid(e, w) && w->contradiction == (w->ballot_len > 0));
    const size_t len_max =
        evidence.len + ASSAY_ENVELOPE_LEN_MAX + w->ballot_len + w->path_len * 34 + 128;
    uint8_t *bytes = assay_eng_alloc(e, len_max);
    if (bytes == NULL) return;
    struct assay_writer out = assay_writer_over(bytes, len_max);
    const struct assay_slice envelope = assay_slice_over(w->envelope, w->envelope_len);
    const enum assay_status status =
        w->contradiction
            ? assay_record_put_contradiction(&out, assay_slice_over(w->ballot, w->ballot_len),
                                             envelope, evidence, (const uint8_t(*)[32])w->path,
                                             w->path_len)
            : assay_record_put_fail(&out, envelope, evidence);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_message_intake_add_own(e, assay_slice_over(bytes, out.len));
}

void assay_pending_proofs_on_loaded(struct assay_engine *e, const uint8_t digest[static 32],
                                    struct assay_slice bytes)
{
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++) {
        struct assay_pending_proofs *w = &e->parts->pending_proofs.all[i];
        if (!w->used || !w->loading) continue;
        if (!assay_bytes_equal(w->evidence_digest, digest, 32)) continue;
        w->loading = false;
        if (bytes.len == 0 || bytes.len > ASSAY_EVIDENCE_LEN_MAX) continue; /* asked again */
        if (!assay_eng_has_room(e, 8)) continue;
        if (!is_already_proven(e, w)) make_proof(e, w, bytes);
        remove_pending(e, w);
    }
}

void assay_pending_proofs_check(const struct assay_engine *e)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < ASSAY_PENDING_PROOFS_MAX; i++) {
        const struct assay_pending_proofs *w = &e->pending_proofs->all[i];
        used += w->used;
        if (!w->used) continue;
        ASSAY_ASSERT(w->slot < e->members && w->subject < e->members);
        ASSAY_ASSERT(w->epoch <= e->head->context.epoch);
        ASSAY_ASSERT(w->envelope_len > 0 && w->envelope_len <= ASSAY_ENVELOPE_LEN_MAX);
        ASSAY_ASSERT(w->path_len <= ASSAY_MERKLE_LEVELS);
        /* A contradiction is of a ballot, a FAIL of none. */
        ASSAY_ASSERT(w->contradiction == (w->ballot_len > 0));
        ASSAY_ASSERT(w->ballot_len <= e->pending_proofs->ballot_len_max);
    }
    ASSAY_ASSERT(used == e->pending_proofs->used);
}
