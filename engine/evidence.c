/*
 * engine/evidence.c - verdicts, and the records that follow from them: FAIL and E5.
 *
 * docs/protocol.md 3.4 to 3.9, 4.3.2, 5.23. A verdict is asked for once per piece of evidence; it
 * judges the seat, lets records in the pool and blocks go on, and where it contradicts somebody's
 * ballot it becomes a proof. Everybody could make the same proof; those next to the accused in the
 * roster do it at once, the others only when it has not come.
 */
#include "engine/engine_internal.h"

enum { RANKS_FIRST = 3, WANTS_OF_ONE = 4 };

void assay_evidence_fetch(struct assay_engine *e, uint32_t slot)
{
    struct assay_seat *seat = &e->seats[slot];
    ASSAY_ASSERT(seat->payload_len > 0 && slot != e->self);
    struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_FETCH);
    if (effect == NULL) return; /* the seat stays EMPTY: asked again in assay_evidence_tick */
    seat->phase = ASSAY_SEAT_FETCHING;
    seat->last_attempt_epoch = e->context.epoch;
    assay_bytes_copy(effect->as.fetch.digest, 32, seat->envelope.evidence_digest, 32);
    effect->as.fetch.len = seat->envelope.evidence_len;
    effect->as.fetch.origin = (uint16_t)slot;
    effect->as.fetch.epoch = e->context.epoch;
    effect->as.fetch.at_unix_s = e->run.moment.at_unix_s;
    effect->as.fetch.evidence_kind = (enum assay_evidence_kind)e->state.members[slot].evidence_kind;
}

/* The expected binding of the listed incarnation of a slot in the running epoch. */
static bool judge_slot(struct assay_engine *e, uint32_t slot, const struct assay_finding *finding,
                       enum assay_outcome *outcome)
{
    const struct assay_member *m = &e->state.members[slot];
    uint8_t expected[64];
    assay_context_expected(&e->context, slot, &m->lives[0], e->context.epoch, &e->run.moment,
                           expected);
    return assay_finding_judge(finding, m, e->seats[slot].envelope.kind, expected, outcome);
}

/* Low ranks make a proof at once; the others after an eighth of an epoch, if it has not come. */
static uint64_t proof_time(const struct assay_engine *e, uint32_t accused)
{
    const uint32_t rank = (e->self + e->members - accused) % e->members;
    return rank <= RANKS_FIRST ? e->now_ms : e->now_ms + assay_eng_epoch_ms(e) / 8;
}

static struct assay_want *want_new(struct assay_engine *e, uint32_t accused, uint32_t subject,
                                   bool contradiction)
{
    struct assay_want *found = NULL;
    uint32_t same = 0;
    for (uint32_t i = 0; i < ASSAY_WANTS_MAX; i++) {
        struct assay_want *w = &e->wants[i];
        same += w->used && w->contradiction && w->slot == accused;
        if (!w->used) {
            if (found == NULL) found = w;
        } else if (w->contradiction == contradiction && w->slot == accused &&
                   w->subject == subject && w->epoch == e->context.epoch) {
            return NULL; /* known */
        }
    }
    /* Two are enough to take all integrity: lies about everybody leave room for the others. */
    if (found == NULL || (contradiction && same >= WANTS_OF_ONE)) return NULL;
    const struct assay_seat *seat = &e->seats[subject];
    uint8_t *ballot = found->ballot;
    *found = (struct assay_want){ .used = true,
                                  .contradiction = contradiction,
                                  .slot = accused,
                                  .subject = subject,
                                  .epoch = e->context.epoch,
                                  .at_ms = proof_time(e, accused),
                                  .ballot = ballot,
                                  .envelope_len = seat->payload_len };
    e->wants_used++;
    assay_bytes_copy(found->evidence_digest, 32, seat->envelope.evidence_digest, 32);
    assay_bytes_copy(found->envelope, sizeof found->envelope, seat->payload, seat->payload_len);
    return found;
}

static void drop_want(struct assay_engine *e, struct assay_want *w)
{
    ASSAY_ASSERT(w->used && e->wants_used > 0);
    w->used = false;
    e->wants_used--;
}

static void seat_judged(struct assay_engine *e, uint32_t slot, const struct assay_finding *finding)
{
    struct assay_seat *seat = &e->seats[slot];
    const bool own = judge_slot(e, slot, finding, &seat->outcome);
    seat->phase = own ? ASSAY_SEAT_JUDGED : ASSAY_SEAT_FOREIGN;
    seat->last_outcome = own ? seat->outcome : ASSAY_OUTCOME_ABSENT;
    if (!own) {
        assay_eng_note(e, ASSAY_NOTE_EVIDENCE_FOREIGN, (uint16_t)slot, e->context.epoch, 0);
        assay_eng_reason(e, slot, "report-data: evidence of something else than this epoch");
    } else if (!assay_outcome_is_pass(seat->outcome)) {
        assay_eng_reason(e, slot, finding->reason);
    }
    if (own && assay_outcome_is_fail(seat->outcome)) (void)want_new(e, slot, slot, false);
    e->judgements++; /* every ballot says something about this slot */
}

/* The verdict on a piece of evidence is known. */
static void judge_seats(struct assay_engine *e, const uint8_t *digest)
{
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (seat->phase != ASSAY_SEAT_FETCHING && seat->phase != ASSAY_SEAT_MISSING) continue;
        if (!assay_bytes_equal(seat->envelope.evidence_digest, digest, 32)) continue;
        const struct assay_finding *finding =
            assay_findings_get(&e->findings, digest, e->run.moment.at_unix_s,
                               (enum assay_evidence_kind)e->state.members[i].evidence_kind);
        if (finding != NULL) seat_judged(e, i, finding);
    }
}

static void seats_missing(struct assay_engine *e, const uint8_t *digest, uint32_t asked)
{
    for (uint32_t i = 0; i < e->members; i++) {
        struct assay_seat *seat = &e->seats[i];
        if (seat->phase != ASSAY_SEAT_FETCHING) continue;
        if (!assay_bytes_equal(seat->envelope.evidence_digest, digest, 32)) continue;
        seat->phase = ASSAY_SEAT_MISSING;
        seat->asked += asked;
    }
}

static void verifying_done(struct assay_engine *e, const uint8_t *digest, int64_t at_unix_s)
{
    for (uint32_t i = 0; i < ASSAY_VERIFYING_MAX; i++) {
        struct assay_verifying *v = &e->verifying[i];
        if (v->used && v->at_unix_s == at_unix_s && assay_bytes_equal(v->digest, digest, 32))
            v->used = false;
    }
}

void assay_evidence_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                            int64_t at_unix_s, const struct assay_verdict *verdict, uint32_t asked)
{
    verifying_done(e, digest, at_unix_s);
    if (verdict == NULL) {
        if (at_unix_s == e->run.moment.at_unix_s) seats_missing(e, digest, asked);
        return;
    }
    const struct assay_finding *kept = assay_findings_put(&e->findings, digest, at_unix_s, verdict);
    ASSAY_ASSERT(kept->used);
    judge_seats(e, digest);
    assay_gather_judged(e);
    assay_branch_recheck(e);
}

/* --- E5: whose ballot says what we know to be false */

/* Whether the ballot is about the very envelope that we judged; fills the path to the roll. */
static bool ballot_names(struct assay_engine *e, const struct assay_ballot *b, uint32_t subject,
                         struct assay_want *want)
{
    const struct assay_seat *seat = &e->seats[subject];
    const struct assay_exception *x = assay_ballot_exception(b, subject);
    want->path_len = 0;
    if (x != NULL) return assay_bytes_equal(x->digest, seat->envelope.digest, 32);
    if (!e->final.has_roll || !e->final.roll_present[subject]) return false;
    if (!assay_bytes_equal(b->roll_root, e->final.roll_root, 32)) return false;
    if (!assay_bytes_equal(e->final.roll[subject], seat->envelope.digest, 32)) return false;
    assay_ledger_roll_hashes(&e->final, e->hashes);
    return assay_merkle_path((const uint8_t(*)[32])e->hashes, e->members, subject, want->path,
                             ASSAY_MERKLE_LEVELS, &want->path_len) == ASSAY_OK;
}

static void scan_ballot(struct assay_engine *e, const struct assay_pool_item *item)
{
    struct assay_record r;
    if (assay_record_decode(assay_slice_over(item->bytes, item->len), &r) != ASSAY_OK) return;
    for (uint32_t subject = 0; subject < e->members; subject++) {
        const struct assay_seat *seat = &e->seats[subject];
        const bool own = seat->phase == ASSAY_SEAT_JUDGED;
        if (subject == item->slot || (!own && seat->phase != ASSAY_SEAT_FOREIGN)) continue;
        const uint8_t said = assay_row_get(r.ballot.row.bytes, subject);
        if (assay_proof_falsehood(said, own, seat->outcome) == ASSAY_FALSE_NONE) continue;
        struct assay_want *want = want_new(e, item->slot, subject, true);
        if (want == NULL) continue;
        if (!ballot_names(e, &r.ballot, subject, want)) {
            drop_want(e, want);
            continue;
        }
        want->ballot_len = item->len;
        assay_bytes_copy(want->ballot, e->ballot_len_max, item->bytes, item->len);
    }
}

void assay_evidence_scan(struct assay_engine *e)
{
    if (!e->final.has_roll) return;
    const bool none_new = e->scanned_judgements == e->judgements;
    if (none_new && e->scanned_version == e->pool.version) return;
    e->scanned_judgements = e->judgements;
    e->scanned_version = e->pool.version;
    for (uint32_t i = 0; i < e->pool.count; i++) {
        struct assay_pool_item *item = &e->pool.items[i];
        if (item->phase == ASSAY_POOL_FREE || item->kind != ASSAY_RECORD_BALLOT) continue;
        if (item->compared == e->judgements + 1 || item->epoch != e->context.epoch) continue;
        if (item->slot == e->self) continue;
        scan_ballot(e, item);
        item->compared = e->judgements + 1;
    }
}

/* --- making the proofs */

/* Somebody else was faster: the pool or the chain has it. */
static bool want_is_met(struct assay_engine *e, const struct assay_want *w)
{
    if (!w->contradiction && w->epoch != e->context.epoch) return true; /* FAIL closes with E */
    for (uint32_t i = 0; i < e->pool.count; i++) {
        const struct assay_pool_item *item = &e->pool.items[i];
        if (item->phase == ASSAY_POOL_FREE || item->epoch != w->epoch) continue;
        if (item->slot != w->slot) continue;
        if (!w->contradiction && item->kind == ASSAY_RECORD_FAIL) return true;
        if (w->contradiction && item->kind == ASSAY_RECORD_CONTRADICTION &&
            item->subject == w->subject)
            return true;
    }
    return false;
}

/* Seats whose FETCH found no room get one. */
static void fetch_seats(struct assay_engine *e)
{
    e->fetch_wanted = false;
    for (uint32_t i = 0; i < e->members; i++) {
        const struct assay_seat *seat = &e->seats[i];
        if (i == e->self || seat->payload_len == 0) continue;
        if (seat->phase != ASSAY_SEAT_EMPTY) continue;
        assay_evidence_fetch(e, i);
        if (seat->phase == ASSAY_SEAT_EMPTY) e->fetch_wanted = true;
    }
}

void assay_evidence_tick(struct assay_engine *e)
{
    if (!e->started) return;
    for (uint32_t i = 0; e->wants_used > 0 && i < ASSAY_WANTS_MAX; i++) {
        struct assay_want *w = &e->wants[i];
        if (!w->used || e->now_ms < w->at_ms) continue;
        if (want_is_met(e, w) || e->context.epoch > w->epoch + ASSAY_PAST_EPOCHS - 1) {
            drop_want(e, w);
            continue;
        }
        struct assay_effect *effect = assay_eng_effect(e, ASSAY_EFFECT_LOAD);
        if (effect == NULL) return;
        assay_bytes_copy(effect->as.load.digest, 32, w->evidence_digest, 32);
        w->loading = true;
        w->at_ms = e->now_ms + assay_eng_epoch_ms(e) / 4; /* a lost answer is asked for again */
    }
    if (e->fetch_wanted) fetch_seats(e);
}

static void make_proof(struct assay_engine *e, const struct assay_want *w,
                       struct assay_slice evidence)
{
    const size_t len_max =
        evidence.len + ASSAY_ENVELOPE_LEN_MAX + w->ballot_len + w->path_len * 34 + 128;
    uint8_t *bytes = assay_eng_take(e, len_max);
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
    assay_gather_own(e, assay_slice_over(bytes, out.len));
}

void assay_evidence_loaded(struct assay_engine *e, const uint8_t digest[static 32],
                           struct assay_slice bytes)
{
    for (uint32_t i = 0; i < ASSAY_WANTS_MAX; i++) {
        struct assay_want *w = &e->wants[i];
        if (!w->used || !w->loading) continue;
        if (!assay_bytes_equal(w->evidence_digest, digest, 32)) continue;
        w->loading = false;
        if (bytes.len == 0 || bytes.len > ASSAY_EVIDENCE_LEN_MAX) continue; /* asked again */
        if (!assay_eng_room(e, 8)) continue;
        if (!want_is_met(e, w)) make_proof(e, w, bytes);
        drop_want(e, w);
    }
}
