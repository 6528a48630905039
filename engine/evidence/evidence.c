/*
 * engine/evidence/evidence.c - appraisal of seats by verdicts on their evidence.
 *
 * docs/protocol.md 3.4 to 3.9, 4.3.2. A verdict is requested once per piece of evidence; it decides
 * the seat and unblocks records in the pool and blocks.
 */
#include "engine/parts/engine_internal.h"

void assay_evidence_fetch(struct assay_engine *e, uint32_t slot)
{
    ASSAY_ASSERT(slot < e->members && slot != e->self && e->seats[slot].payload_len > 0);
    const struct assay_seat *seat = &e->seats[slot];
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_FETCH);
    if (effect == NULL) return; /* the seat stays EMPTY: repeated in assay_evidence_tick */
    ASSAY_ASSERT(seat->envelope.evidence_len > 0 && seat->envelope.epoch == e->head->context.epoch);
    assay_seat_set_fetching(e, slot);
    assay_bytes_copy(effect->as.fetch.digest, 32, seat->envelope.evidence_digest, 32);
    effect->as.fetch.len = seat->envelope.evidence_len;
    effect->as.fetch.origin = (uint16_t)slot;
    effect->as.fetch.epoch = e->head->context.epoch;
    effect->as.fetch.at_unix_s = e->epoch_state->moment.at_unix_s;
    effect->as.fetch.evidence_kind =
        (enum assay_evidence_kind)e->head->state.members[slot].evidence_kind;
}

/* As evidence of the listed incarnation of a slot in the running epoch. */
static bool appraise_slot(struct assay_engine *e, uint32_t slot,
                          const struct assay_finding_record *finding, enum assay_outcome *outcome,
                          bool *without_keys)
{
    ASSAY_ASSERT(finding->used && e->seats[slot].payload_len > 0);
    return assay_context_judge(&e->head->context, finding, slot,
                               &e->head->state.members[slot].lives[0], e->seats[slot].envelope.kind,
                               e->head->context.epoch, &e->epoch_state->moment, outcome,
                               without_keys);
}

static void on_seat_appraised(struct assay_engine *e, uint32_t slot,
                              const struct assay_finding_record *finding)
{
    ASSAY_ASSERT(slot < e->members && slot != e->self);

    enum assay_outcome outcome = ASSAY_OUTCOME_NONE;
    bool without_keys = false;
    const bool own = appraise_slot(e, slot, finding, &outcome, &without_keys);
    assay_seat_set_outcome(e, slot, own, outcome, without_keys);
    if (own && assay_outcome_is_pass(outcome) && !without_keys)
        assay_seat_set_grants(e, slot, finding->grants);
    if (!own) {
        assay_eng_note(e, ASSAY_NOTE_EVIDENCE_FOREIGN, (uint16_t)slot, e->head->context.epoch, 0);
        assay_seat_set_reason(e, slot, "report-data: evidence of something else than this epoch");
    } else if (!assay_outcome_is_pass(outcome)) {
        char reason[ASSAY_FINDING_REASON_LEN];
        assay_finding_reason(finding, &e->head->state.members[slot], e->seats[slot].envelope.kind,
                             reason);
        assay_seat_set_reason(e, slot, reason);
    }
    if (own && assay_outcome_is_fail(outcome)) assay_pending_proofs_fail(e, slot);
    ASSAY_ASSERT(e->seats[slot].phase == ASSAY_SEAT_JUDGED ||
                 e->seats[slot].phase == ASSAY_SEAT_FOREIGN);
    e->parts->evidence.judgements++; /* every ballot says something about this slot */
}

/* The verdict on a piece of evidence is known. */
static void appraise_seats(struct assay_engine *e, const uint8_t *digest)
{
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (seat->phase != ASSAY_SEAT_FETCHING && seat->phase != ASSAY_SEAT_MISSING) continue;
        if (!assay_bytes_equal(seat->envelope.evidence_digest, digest, 32)) continue;
        const struct assay_finding_record *finding = assay_verdicts_find(
            e, digest, e->epoch_state->moment.at_unix_s,
            (enum assay_evidence_kind)e->head->state.members[i].evidence_kind, false);
        if (finding != NULL) on_seat_appraised(e, i, finding);
    }
}

static void set_seats_missing(struct assay_engine *e, const uint8_t *digest, uint32_t asked)
{
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (seat->phase != ASSAY_SEAT_FETCHING) continue;
        if (!assay_bytes_equal(seat->envelope.evidence_digest, digest, 32)) continue;
        assay_seat_set_missing(e, i);
        assay_seat_add_asked(e, i, asked);
    }
}

void assay_evidence_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                            int64_t at_unix_s, bool before, const struct assay_verdict *verdict,
                            uint32_t asked)
{
    ASSAY_ASSERT(e->start_state->started);
    assay_verdicts_on_verdict(e, digest, at_unix_s, before, verdict);
    if (verdict == NULL) {
        if (!before && at_unix_s == e->epoch_state->moment.at_unix_s)
            set_seats_missing(e, digest, asked);
        return;
    }
    if (!before) appraise_seats(e, digest);
    assay_message_intake_on_verdict(e);
    assay_branch_recheck(e);
}

void assay_evidence_wanted(struct assay_engine *e)
{
    e->parts->evidence.fetch_wanted = true;
}

/* Seats whose FETCH found no room get one. */
static void fetch_seats(struct assay_engine *e)
{
    e->parts->evidence.fetch_wanted = false;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (i == e->self || seat->payload_len == 0) continue;
        if (seat->phase != ASSAY_SEAT_EMPTY) continue;
        assay_evidence_fetch(e, i);
        if (seat->phase == ASSAY_SEAT_EMPTY) assay_evidence_wanted(e);
    }
    ASSAY_ASSERT(e->seats[e->self].phase == ASSAY_SEAT_EMPTY);
}

void assay_evidence_tick(struct assay_engine *e)
{
    if (e->start_state->started && e->evidence->fetch_wanted) fetch_seats(e);
}
