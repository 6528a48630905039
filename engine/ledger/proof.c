/*
 * engine/ledger/proof.c - records that convict a node by themselves (docs/protocol.md 5.23).
 *
 * E1 two N in a view, E2 two F (or F with N of another block), E3 X and F, E4 two proposals, E8 two
 * envelopes of one incarnation in one epoch: static, two signed messages. E5 an outcome of a ballot
 * that re-verification contradicts: needs the finding. Equality is by canonical bodies, never by
 * signature bytes.
 */
#include "engine/ledger/rule.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/vote.h"

/* What two messages say about one sender at one place. */
struct pair {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch, view;
    uint32_t slot;         /* votes, proposals */
    uint8_t node_id[32];   /* envelopes */
    uint32_t incarnation;  /* envelopes */
    uint8_t digest[2][32]; /* what was signed */
    uint8_t signature[2][64];
};

/* Returns: whether the two votes are the ones that this proof is about. */
static bool votes_convict(unsigned number, const struct assay_vote *a, const struct assay_vote *b)
{
    const enum assay_vote_type ta = a->statement.type;
    const enum assay_vote_type tb = b->statement.type;
    const bool same = assay_bytes_equal(a->statement.block_id, b->statement.block_id, 32);
    if (number == 1) return ta == ASSAY_VOTE_NOTARISE && tb == ASSAY_VOTE_NOTARISE && !same;
    if (number == 2) {
        if (ta != ASSAY_VOTE_FINALISE || same) return false;
        return tb == ASSAY_VOTE_FINALISE || tb == ASSAY_VOTE_NOTARISE;
    }
    return ta == ASSAY_VOTE_NULLIFY && tb == ASSAY_VOTE_FINALISE;
}

static void take_signed(struct pair *p, unsigned which, const uint8_t digest[static 32],
                        const uint8_t signature[static 64])
{
    assay_bytes_copy(p->digest[which], 32, digest, 32);
    assay_bytes_copy(p->signature[which], 64, signature, 64);
}

static enum assay_status pair_of_votes(const struct assay_record *r, struct pair *p)
{
    struct assay_vote a;
    struct assay_vote b;
    ASSAY_TRY(assay_vote_decode(r->first, &a));
    ASSAY_TRY(assay_vote_decode(r->second, &b));
    const struct assay_vote_statement *s = &a.statement;
    if (a.slot != b.slot || s->epoch != b.statement.epoch || s->view != b.statement.view ||
        s->era != b.statement.era)
        return ASSAY_E_INVALID;
    if (!assay_bytes_equal(s->chain_id, b.statement.chain_id, 32)) return ASSAY_E_INVALID;
    if (!votes_convict(r->offence, &a, &b)) return ASSAY_E_INVALID;
    *p = (struct pair){ .era = s->era, .epoch = s->epoch, .view = s->view, .slot = a.slot };
    assay_bytes_copy(p->chain_id, 32, s->chain_id, 32);
    take_signed(p, 0, a.digest, a.signature);
    take_signed(p, 1, b.digest, b.signature);
    return ASSAY_OK;
}

static enum assay_status pair_of_proposals(const struct assay_record *r, struct pair *p)
{
    struct assay_proposal a;
    struct assay_proposal b;
    ASSAY_TRY(assay_proposal_head_decode(r->first, &a));
    ASSAY_TRY(assay_proposal_head_decode(r->second, &b));
    const struct assay_block_header *h = &a.header;
    if (h->leader != b.header.leader || h->epoch != b.header.epoch || h->view != b.header.view ||
        h->era != b.header.era)
        return ASSAY_E_INVALID;
    if (!assay_bytes_equal(h->chain_id, b.header.chain_id, 32)) return ASSAY_E_INVALID;
    if (assay_bytes_equal(a.id, b.id, 32)) return ASSAY_E_INVALID;
    *p = (struct pair){ .era = h->era, .epoch = h->epoch, .view = h->view, .slot = h->leader };
    assay_bytes_copy(p->chain_id, 32, h->chain_id, 32);
    take_signed(p, 0, a.id, a.signature);
    take_signed(p, 1, b.id, b.signature);
    return ASSAY_OK;
}

static enum assay_status pair_of_envelopes(const struct assay_record *r, struct pair *p)
{
    struct assay_envelope a;
    struct assay_envelope b;
    ASSAY_TRY(assay_envelope_decode(r->first, &a));
    ASSAY_TRY(assay_envelope_decode(r->second, &b));
    if (a.epoch != b.epoch || a.era != b.era || a.incarnation != b.incarnation)
        return ASSAY_E_INVALID;
    if (!assay_bytes_equal(a.chain_id, b.chain_id, 32)) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(a.node_id, b.node_id, 32)) return ASSAY_E_INVALID;
    if (assay_bytes_equal(a.digest, b.digest, 32)) return ASSAY_E_INVALID;
    *p = (struct pair){ .era = a.era, .epoch = a.epoch, .incarnation = a.incarnation };
    assay_bytes_copy(p->chain_id, 32, a.chain_id, 32);
    assay_bytes_copy(p->node_id, 32, a.node_id, 32);
    take_signed(p, 0, a.digest, a.signature);
    take_signed(p, 1, b.digest, b.signature);
    return ASSAY_OK;
}

static enum assay_status pair_of(const struct assay_record *r, struct pair *p)
{
    switch (r->offence) {
    case 1:
    case 2:
    case 3: return pair_of_votes(r, p);
    case 4: return pair_of_proposals(r, p);
    case 8: return pair_of_envelopes(r, p);
    default: return ASSAY_E_UNSUPPORTED; /* a number, not an enum: E5 to E7 are other records */
    }
}

enum assay_status assay_proof_key(const struct assay_record *record, uint8_t key[static 32])
{
    struct pair p;
    uint8_t says[128];
    struct assay_slice all;
    ASSAY_TRY(pair_of(record, &p));
    struct assay_writer w = assay_writer_over(says, sizeof says);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, "assay/offence/v1");
    assay_cbor_put_uint(&w, record->offence);
    assay_cbor_put_uint(&w, p.epoch);
    assay_cbor_put_uint(&w, p.view);
    assay_cbor_put_uint(&w, p.slot);
    assay_cbor_put_bytes(&w, p.node_id, 32);
    assay_cbor_put_uint(&w, p.incarnation);
    ASSAY_TRY(assay_writer_finish(&w, &all));
    assay_sha256(all.bytes, all.len, key);
    return ASSAY_OK;
}

enum assay_status assay_proof_check_offence(const struct assay_context *context,
                                            struct assay_record *record)
{
    const struct assay_state *state = context->state;
    struct pair p;
    struct assay_moment moment;
    ASSAY_TRY(pair_of(record, &p));
    if (!assay_bytes_equal(p.chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (p.era != state->era) return ASSAY_E_CHAIN;
    ASSAY_TRY(assay_context_moment(context, p.epoch, &moment)); /* not older than 8 epochs */
    const uint32_t slot = record->offence == 8 ? assay_state_slot_of(state, p.node_id) : p.slot;
    if (slot >= state->member_count) return ASSAY_E_STRANGER;
    const struct assay_life *life = assay_member_life_at(&state->members[slot], p.epoch);
    if (life == NULL) return ASSAY_E_STALE;
    if (record->offence == 8 && life->incarnation != p.incarnation) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_context_verify(context, slot, life, p.digest[0], p.signature[0]));
    ASSAY_TRY(assay_context_verify(context, slot, life, p.digest[1], p.signature[1]));
    record->slot = slot;
    record->incarnation = life->incarnation;
    record->epoch = p.epoch;
    return ASSAY_OK;
}

/* The ballot must have named this envelope: in the roll that it signed for, or by itself. */
static enum assay_status check_named(const struct assay_record *r, uint32_t members)
{
    const struct assay_exception *exception = assay_ballot_exception(&r->ballot, r->subject);
    if (exception != NULL) {
        if (r->path_len != 0) return ASSAY_E_INVALID;
        return assay_bytes_equal(exception->digest, r->envelope.digest, 32) ? ASSAY_OK
                                                                            : ASSAY_E_INVALID;
    }
    uint8_t leaf[32];
    assay_roll_leaf(true, r->envelope.digest, leaf);
    return assay_merkle_verify(leaf, r->subject, members, (const uint8_t(*)[32])r->path,
                               r->path_len, r->ballot.roll_root)
               ? ASSAY_OK
               : ASSAY_E_INVALID;
}

/* A ballot over other digests belongs to another electorate: never punished (protocol.md 7.5). The
 * roll of the running epoch is on the branch, so ledger.c compares it. */
static enum assay_status check_electorate(const struct assay_context *context,
                                          const struct assay_ballot *b)
{
    const struct assay_state *state = context->state;
    if (!assay_bytes_equal(b->policy_digest, state->policy_digest, 32)) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(b->endorsements_digest, state->endorsements_digest, 32))
        return ASSAY_E_INVALID;
    if (!assay_bytes_all_zero(state->verifier_digest, 32) &&
        !assay_bytes_equal(b->verifier_digest, state->verifier_digest, 32))
        return ASSAY_E_INVALID;
    const struct assay_past *past = assay_state_past(state, b->epoch);
    if (past == NULL) return b->epoch == context->epoch ? ASSAY_OK : ASSAY_E_STALE;
    if (!past->has_roll || !assay_bytes_equal(past->roll_root, b->roll_root, 32))
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

enum assay_status assay_proof_check_contradiction(const struct assay_context *context,
                                                  struct assay_record *record)
{
    const struct assay_envelope *e = &record->envelope;
    if (record->ballot.epoch != e->epoch) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_rule_ballot_signed(context, record, &record->slot));
    ASSAY_TRY(assay_context_envelope(context, e, &record->subject));
    if (record->slot == record->subject) return ASSAY_E_INVALID;
    /* The digest binds; a length that is a lie must not keep the evidence from proving anything. */
    if (!assay_bytes_equal(e->evidence_digest, record->evidence_digest, 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(check_named(record, context->state->member_count));
    ASSAY_TRY(check_electorate(context, &record->ballot));
    record->epoch = e->epoch;
    return ASSAY_OK;
}

enum assay_falsehood assay_proof_falsehood(uint8_t said, bool own, enum assay_outcome truth)
{
    if (own && truth == ASSAY_OUTCOME_NONE) return ASSAY_FALSE_NONE; /* nobody can say */
    if (assay_outcome_is_fail((enum assay_outcome)said) && !(own && assay_outcome_is_fail(truth)))
        return ASSAY_FALSE_FAIL;
    if (assay_outcome_is_pass((enum assay_outcome)said) && !(own && assay_outcome_is_pass(truth)))
        return ASSAY_FALSE_PASS;
    return ASSAY_FALSE_NONE;
}

enum assay_status assay_proof_judge_contradiction(const struct assay_context *context,
                                                  const struct assay_finding *finding,
                                                  struct assay_record *record)
{
    bool own = false;
    ASSAY_TRY(assay_rule_judge_envelope(context, finding, record, &own));
    const uint8_t said = assay_row_get(record->ballot.row.bytes, record->subject);
    record->falsehood = assay_proof_falsehood(said, own, record->outcome);
    return record->falsehood == ASSAY_FALSE_NONE ? ASSAY_E_INVALID : ASSAY_OK;
}
