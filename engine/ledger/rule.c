/*
 * engine/ledger/rule.c - what a roll, a ballot, a FAIL and an INCARNATE must fulfil on every
 * branch.
 *
 * docs/protocol.md 4.1.3, 4.3, 9.4. Proofs are in proof.c.
 */
#include "engine/ledger/rule.h"

#include "base/assert.h"

/* A roll is a hint: only its shape is checked (docs/protocol.md 4.1.3). */
enum assay_status assay_rule_check_roll(const struct assay_context *context,
                                        struct assay_record *record)
{
    if (record->entry_count != context->state->member_count) return ASSAY_E_INVALID;
    record->epoch = context->epoch;
    return ASSAY_OK;
}

enum assay_status assay_rule_ballot_signed(const struct assay_context *context,
                                           struct assay_record *record, uint32_t *slot)
{
    const struct assay_state *state = context->state;
    const struct assay_ballot *b = &record->ballot;
    const struct assay_author author = { b->chain_id, b->node_id, b->era, b->incarnation,
                                         b->epoch };
    const struct assay_life *life = NULL;
    uint32_t voter = 0;
    ASSAY_TRY(assay_context_author(context, &author, &voter, &life));
    if (!assay_row_valid(b->row.bytes, b->row.len, state->member_count, voter))
        return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < b->exception_count; i++) {
        if (b->exceptions[i].slot >= state->member_count) return ASSAY_E_INVALID;
    }
    ASSAY_TRY(assay_context_verify(context, voter, life, record->body_digest, record->signature));
    record->incarnation = life->incarnation;
    *slot = voter;
    return ASSAY_OK;
}

enum assay_status assay_rule_check_ballot(const struct assay_context *context,
                                          struct assay_record *record)
{
    if (record->ballot.epoch < context->epoch) return ASSAY_E_STALE;
    ASSAY_TRY(assay_rule_ballot_signed(context, record, &record->slot));
    record->epoch = record->ballot.epoch;
    return ASSAY_OK;
}

/* Evidence of the running epoch only: FAIL records close with E (docs/protocol.md 4.3.2). */
enum assay_status assay_rule_check_fail(const struct assay_context *context,
                                        struct assay_record *record)
{
    const struct assay_envelope *e = &record->envelope;
    if (e->epoch < context->epoch) return ASSAY_E_STALE;
    ASSAY_TRY(assay_context_envelope(context, e, &record->slot));
    /* The digest binds; a length that is a lie must not keep the evidence from proving anything. */
    if (!assay_bytes_equal(e->evidence_digest, record->evidence_digest, 32)) return ASSAY_E_INVALID;
    record->subject = record->slot;
    record->incarnation = e->incarnation;
    record->epoch = e->epoch;
    return ASSAY_OK;
}

enum assay_status assay_rule_judge_envelope(const struct assay_context *context,
                                            const struct assay_finding *finding,
                                            struct assay_record *record, bool *own)
{
    const struct assay_member *member = &context->state->members[record->subject];
    const struct assay_life *life = assay_member_life_at(member, record->epoch);
    struct assay_moment moment;
    uint8_t expected[64];
    ASSAY_ASSERT(life != NULL);
    ASSAY_TRY(assay_context_moment(context, record->epoch, &moment));
    assay_context_expected(context, record->subject, life, record->epoch, &moment, expected);
    *own = assay_finding_judge(finding, member, record->envelope.kind, expected, &record->outcome);
    return ASSAY_OK;
}

enum assay_status assay_rule_judge_fail(const struct assay_context *context,
                                        const struct assay_finding *finding,
                                        struct assay_record *record)
{
    bool own = false;
    ASSAY_ASSERT(record->subject == record->slot);
    ASSAY_TRY(assay_rule_judge_envelope(context, finding, record, &own));
    if (!own || !assay_outcome_is_fail(record->outcome)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

enum assay_status assay_rule_check_incarnate(const struct assay_context *context,
                                             struct assay_record *record)
{
    const struct assay_state *state = context->state;
    const struct assay_incarnate *i = &record->incarnate;
    if (!assay_bytes_equal(i->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (i->era != state->era) return ASSAY_E_CHAIN;
    if (i->epoch > context->epoch) return ASSAY_E_EARLY;
    if (i->epoch < context->epoch) return ASSAY_E_STALE; /* made for another beacon */
    const uint32_t slot = assay_state_slot_of(state, i->node_id);
    if (slot == state->member_count) return ASSAY_E_STRANGER;
    if (i->incarnation != state->members[slot].lives[0].incarnation + 1) return ASSAY_E_INVALID;
    if (i->evidence_len != record->evidence.len) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(i->evidence_digest, record->evidence_digest, 32)) return ASSAY_E_INVALID;
    /* An incarnation is one key set: keys of another life would be a clone of it. */
    for (uint32_t k = 0; k < state->member_count; k++) {
        const struct assay_member *m = &state->members[k];
        for (uint32_t l = 0; l < m->life_count; l++) {
            if (assay_bytes_equal(m->lives[l].voting_public, i->voting_public, 64))
                return ASSAY_E_DUPLICATE;
            if (assay_bytes_equal(m->lives[l].transport_public, i->transport_public, 32))
                return ASSAY_E_DUPLICATE;
        }
    }
    ASSAY_ASSERT(context->identity[slot] != NULL);
    if (!assay_p256_verify(context->identity[slot], record->body_digest, record->signature,
                           ASSAY_S_LOW))
        return ASSAY_E_SIGNATURE;
    struct assay_p256 *key = NULL;
    ASSAY_TRY(assay_p256_load(i->voting_public, &key)); /* it will be decoded when listed */
    assay_p256_free(&key);
    record->slot = slot;
    record->incarnation = i->incarnation;
    record->epoch = i->epoch;
    return ASSAY_OK;
}

enum assay_status assay_rule_judge_incarnate(const struct assay_context *context,
                                             const struct assay_finding *finding,
                                             struct assay_record *record)
{
    const struct assay_member *member = &context->state->members[record->slot];
    const struct assay_incarnate *i = &record->incarnate;
    struct assay_life life = { .incarnation = i->incarnation };
    struct assay_moment moment;
    uint8_t expected[64];
    assay_bytes_copy(life.voting_public, 64, i->voting_public, 64);
    assay_bytes_copy(life.transport_public, 32, i->transport_public, 32);
    ASSAY_TRY(assay_context_moment(context, record->epoch, &moment));
    assay_context_expected(context, record->slot, &life, record->epoch, &moment, expected);
    const enum assay_evidence_kind kind = (enum assay_evidence_kind)member->evidence_kind;
    const bool own = assay_finding_judge(finding, member, kind, expected, &record->outcome);
    if (!own || !assay_outcome_is_pass(record->outcome)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}
