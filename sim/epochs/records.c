/*
 * sim/epochs/records.c - contents of the blocks of an epoch: roll, ballots, proofs, new keys.
 *
 * Each record is as after the engine decoded, checked and verified it
 * (engine/ledger/records/record.h); the product's ledger checks that it fits and applies it
 * (docs/protocol.md 4.3.2, 5.23, 9.4).
 */
#include "sim/epochs/epochs_internal.h"

#include "engine/ledger/records/row.h"

enum { KEYS_OF_INCARNATION = 16 }; /* purposes of epochs_key: 16 + 2 k is incarnation k + 1 */

/* Returns: whether the ledger took it. */
static bool apply_record(struct assay_sim_epochs *w, const struct assay_record *record)
{
    if (assay_ledger_fits(&w->context, &w->ledger, record) != ASSAY_OK) return false;
    assay_ledger_apply(&w->context, &w->ledger, record);
    return true;
}

static void trace_record(struct assay_sim_epochs *w, const struct assay_record *r)
{
    uint8_t content[24];
    struct assay_writer out = assay_writer_over(content, sizeof content);
    assay_writer_u32le(&out, (uint32_t)r->kind);
    assay_writer_u32le(&out, r->slot);
    assay_writer_u32le(&out, r->subject);
    assay_writer_u32le(&out, (uint32_t)r->outcome);
    assay_writer_u64le(&out, r->epoch);
    epochs_trace(w, content, out.len);
}

/* --- the roll */

static void roll_digest(const struct assay_sim_epochs *w, uint32_t slot, uint8_t *digest)
{
    struct assay_sim_random random =
        assay_sim_random_of(w->seed, ASSAY_SIM_STREAM_EVIDENCE, w->epoch, slot);
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t word = assay_sim_random_next(&random);
        for (unsigned k = 0; k < 8; k++)
            digest[8 * i + k] = (uint8_t)(word >> (8 * k));
    }
}

static void put_roll(struct assay_sim_epochs *w)
{
    bool *present = w->flags;
    for (uint32_t i = 0; i < w->n; i++) {
        present[i] = w->subjects[i].in_roll;
        if (present[i]) roll_digest(w, i, w->hashes[i]);
    }
    struct assay_writer out = assay_writer_over(w->roll_bytes, w->roll_len);
    enum assay_status status =
        assay_record_put_roll(&out, (const uint8_t(*)[32])w->hashes, present, w->n);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_record_decode(assay_slice_over(out.bytes, out.len), w->record);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_record_check(&w->context, w->record);
    ASSAY_ASSERT(status == ASSAY_OK);
    const bool taken = apply_record(w, w->record);
    ASSAY_ASSERT(taken);
}

/* --- ballots */

static void put_ballots(struct assay_sim_epochs *w)
{
    const struct assay_state *state = w->context.state;
    struct assay_record *r = w->record;
    struct assay_ballot *b = &r->ballot;
    assay_bytes_zero(r, sizeof *r);
    r->kind = ASSAY_RECORD_BALLOT;
    r->epoch = b->epoch = w->epoch;
    assay_bytes_copy(b->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(b->roll_root, 32, w->ledger.roll_root, 32);
    assay_bytes_copy(b->endorsements_digest, 32, state->rules.endorsements_digest, 32);
    assay_bytes_copy(b->policy_digest, 32, state->rules.policy_digest, 32);
    for (uint32_t voter = 0; voter < w->n; voter++) {
        if (!w->in_chain[voter]) continue;
        r->slot = voter;
        b->row = assay_slice_over(w->rows + voter * w->row_len, w->row_len);
        const bool taken = apply_record(w, r);
        ASSAY_ASSERT(taken);
    }
}

/* Ballots are durable: a restarted node sends its own again, and E includes pending ones. */
void epochs_late_ballots(struct assay_sim_epochs *w, uint32_t end_rel)
{
    for (uint32_t i = 0; i < w->n; i++) {
        w->drawn[i] = 0;
        w->in_chain[i] = w->ledger.has_roll && w->cast[i] && !w->ledger.balloted[i] &&
                         epochs_up(w, i, end_rel) && epochs_reaches_quorum(w, w->at[i].side);
    }
    put_ballots(w);
}

/* --- proofs */

static bool take_verification(struct assay_sim_epochs *w)
{
    if (w->verified == VERIFIED_MAX) return false;
    w->verified++;
    return true;
}

static void count_proof(struct assay_sim_epochs *w, const struct assay_record *r)
{
    w->proofs++;
    trace_record(w, r);
}

/* Failing evidence, submitted by a voter that appraised it; FAIL records close with E. */
static void put_fails(struct assay_sim_epochs *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        const struct epochs_subject *s = &w->subjects[i];
        if (!s->announced || !assay_outcome_is_fail(s->outcome)) continue;
        if (!epochs_reaches_quorum(w, w->at[i].side) || !take_verification(w)) continue;
        struct assay_record *r = w->record;
        assay_bytes_zero(r, sizeof *r);
        r->kind = ASSAY_RECORD_FAIL;
        r->slot = r->subject = i;
        r->epoch = w->epoch;
        r->outcome = s->outcome;
        if (apply_record(w, r)) count_proof(w, r);
    }
}

static bool is_convicted(const struct assay_sim_epochs *w, uint32_t node)
{
    struct assay_attack_acts acts;
    return epochs_acts(w, node, &acts) && assay_attack_acts_convicted(&acts);
}

/* E1..E4, E8: two signed messages that exclude each other. */
static void put_offences(struct assay_sim_epochs *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        const struct epochs_node *me = &w->nodes[i];
        if (me->waits || w->at[i].ready_rel == NEVER_MS) continue;
        if (!epochs_reaches_quorum(w, w->at[i].side) || !is_convicted(w, i)) continue;
        struct assay_record *r = w->record;
        assay_bytes_zero(r, sizeof *r);
        r->kind = ASSAY_RECORD_OFFENCE;
        r->slot = i;
        r->epoch = w->epoch;
        r->incarnation = w->context.state->members[i].lives[0].incarnation;
        if (apply_record(w, r)) count_proof(w, r);
    }
}

static enum assay_status put_lie(struct assay_sim_epochs *w, const struct epochs_lie *lie)
{
    struct assay_record *r = w->record;
    assay_bytes_zero(r, sizeof *r);
    r->kind = ASSAY_RECORD_CONTRADICTION;
    r->slot = lie->slot;
    r->subject = lie->subject;
    r->epoch = lie->epoch;
    r->falsehood = lie->falsehood;
    if (lie->epoch == w->epoch) assay_bytes_copy(r->ballot.roll_root, 32, w->ledger.roll_root, 32);
    const enum assay_status status = assay_ledger_fits(&w->context, &w->ledger, r);
    if (status != ASSAY_OK) return status;
    if (!take_verification(w)) return ASSAY_E_FULL;
    assay_ledger_apply(&w->context, &w->ledger, r);
    count_proof(w, r);
    return ASSAY_OK;
}

static void add_waiting_lie(struct assay_sim_epochs *w, const struct epochs_lie *lie)
{
    if (w->waiting_count == w->waiting_max) return; /* a dropped one is reported again next epoch */
    w->waiting[w->waiting_count++] = *lie;
}

/* Those that found no room before, then the first of each voter, the second ... */
static void put_false_votes(struct assay_sim_epochs *w)
{
    const size_t waited = w->waiting_count;
    w->waiting_count = 0;
    for (size_t i = 0; i < waited; i++) {
        const struct epochs_lie lie = w->waiting[i];
        if (put_lie(w, &lie) == ASSAY_E_FULL) add_waiting_lie(w, &lie);
    }
    for (uint32_t k = 0; k < FALSE_VOTES_OF_ONE; k++)
        for (uint32_t voter = 0; voter < w->n; voter++) {
            const struct epochs_false_votes *false_votes = &w->false_votes[voter];
            if (!w->in_chain[voter] || k >= false_votes->count) continue;
            if (put_lie(w, &false_votes->false_votes[k]) == ASSAY_E_FULL)
                add_waiting_lie(w, &false_votes->false_votes[k]);
        }
}

/* --- new keys */

static bool has_passing_evidence(const struct assay_sim_epochs *w, uint32_t node)
{
    switch (w->at[node].evidence) {
    case ASSAY_SIM_EVIDENCE_GOOD:
    case ASSAY_SIM_EVIDENCE_FORGED:
    case ASSAY_SIM_EVIDENCE_HALF: return true;
    case ASSAY_SIM_EVIDENCE_NONE:
    case ASSAY_SIM_EVIDENCE_HARD:
    case ASSAY_SIM_EVIDENCE_SOFTLY:
    case ASSAY_SIM_EVIDENCE_FIRST:
    case ASSAY_SIM_EVIDENCE_ELSEWHERE:
    case ASSAY_SIM_EVIDENCE_UNJUDGED:
    case ASSAY_SIM_EVIDENCE_HELD: return false;
    }
    ASSAY_UNREACHABLE("evidence of the list");
}

/* Returns: whether an INCARNATE of the node is in a block of this epoch. */
static bool submits_incarnate(const struct assay_sim_epochs *w, uint32_t node)
{
    const struct epochs_now *at = &w->at[node];
    const uint32_t from = epochs_new_keys_rel(w, node);
    const uint64_t takes = (uint64_t)w->chances.announce_ms + w->chances.judge_ms + at->late_ms;
    if (from == NEVER_MS) return false;
    if (!has_passing_evidence(w, node) || !epochs_reaches_quorum(w, at->side)) return false;
    if (!w->nodes[node].waits) return from + takes <= w->scenario.epoch_ms;
    return epochs_done_rel(w, node, from, takes, w->scenario.epoch_ms) != NEVER_MS;
}

static void put_incarnates(struct assay_sim_epochs *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        if (!submits_incarnate(w, i) || !take_verification(w)) continue;
        struct assay_record *r = w->record;
        assay_bytes_zero(r, sizeof *r);
        r->kind = ASSAY_RECORD_INCARNATE;
        r->slot = i;
        r->epoch = w->epoch;
        r->incarnation = w->context.state->members[i].lives[0].incarnation + 1;
        const uint64_t purpose = KEYS_OF_INCARNATION + 2 * ((uint64_t)r->incarnation - 1);
        epochs_key(w, i, purpose, r->incarnate.voting_public, 64);
        epochs_key(w, i, purpose + 1, r->incarnate.transport_public, 32);
        if (apply_record(w, r)) trace_record(w, r);
    }
}

void epochs_records(struct assay_sim_epochs *w)
{
    w->verified = 0;
    if (w->roll_quorum) {
        put_roll(w);
        put_ballots(w);
    }
    put_fails(w);
    put_offences(w);
    put_false_votes(w);
    put_incarnates(w);
}

/* The same for a rule without records: the result of re-verification, as flags. */
void epochs_members(struct assay_sim_epochs *w)
{
    for (uint32_t i = 0; i < w->n; i++) {
        const struct epochs_subject *s = &w->subjects[i];
        struct assay_tally_member *m = &w->members[i];
        *m = (struct assay_tally_member){ .duty = true, .balloted = w->in_chain[i] };
        m->faults.own_fail_hard = s->announced && s->outcome == ASSAY_OUTCOME_FAIL_HARD;
        m->faults.own_fail_soft = s->announced && s->outcome == ASSAY_OUTCOME_FAIL_SOFT;
        m->faults.equivocation = is_convicted(w, i);
        for (uint32_t k = 0; k < w->false_votes[i].count && w->in_chain[i]; k++) {
            if (w->false_votes[i].false_votes[k].falsehood == ASSAY_FALSE_PASS)
                m->faults.false_pass = true;
            else m->faults.false_fails++;
        }
    }
}
