/*
 * engine/ledger/records/offence.c - OFFENCE: two signed messages that convict by themselves
 * (docs/protocol.md 5.23, 7.5).
 *
 * E1 two N in a view, E2 two F (or F with N of another block), E3 X and F, also where X is of a
 * range that the view of F lies in, E4 two proposals, E8 two envelopes of one incarnation in one
 * epoch. Equality is by canonical bodies, never by signature bytes.
 */
#include "engine/consensus/vote.h"
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

/* Two contradicting messages of one sender at one place. */
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
    ASSAY_ASSERT(number >= 1 && number <= 3);

    const enum assay_vote_type ta = a->statement.type;
    const enum assay_vote_type tb = b->statement.type;
    const bool same = assay_bytes_equal(a->statement.block_id, b->statement.block_id, 32);
    if (number == 1) return ta == ASSAY_VOTE_NOTARISE && tb == ASSAY_VOTE_NOTARISE && !same;
    if (number == 2) {
        if (ta != ASSAY_VOTE_FINALISE || same) return false;
        return tb == ASSAY_VOTE_FINALISE || tb == ASSAY_VOTE_NOTARISE;
    }
    return assay_vote_kind(ta) == ASSAY_VOTE_NULLIFY && tb == ASSAY_VOTE_FINALISE;
}

static void set_signed(struct pair *p, unsigned which, const uint8_t digest[static 32],
                       const uint8_t signature[static 64])
{
    ASSAY_ASSERT(which < 2);
    assay_bytes_copy(p->digest[which], 32, digest, 32);
    assay_bytes_copy(p->signature[which], 64, signature, 64);
}

static enum assay_status decode_votes(const struct assay_record *r, struct pair *p)
{
    struct assay_vote a;
    struct assay_vote b;
    ASSAY_TRY(assay_vote_decode(r->first, &a));
    ASSAY_TRY(assay_vote_decode(r->second, &b));
    const struct assay_vote_statement *s = &a.statement;
    if (a.slot != b.slot || s->epoch != b.statement.epoch || s->era != b.statement.era)
        return ASSAY_E_INVALID;
    /* docs/protocol.md 5.27: X of a range is X of each view in it. */
    if (!assay_vote_covers(s, b.statement.view)) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(s->chain_id, b.statement.chain_id, 32)) return ASSAY_E_INVALID;
    if (!votes_convict(r->offence, &a, &b)) return ASSAY_E_INVALID;
    const uint64_t view = b.statement.view;
    ASSAY_ASSERT(view > 0 && view >= s->view);
    *p = (struct pair){ .era = s->era, .epoch = s->epoch, .view = view, .slot = a.slot };
    assay_bytes_copy(p->chain_id, 32, s->chain_id, 32);
    set_signed(p, 0, a.digest, a.signature);
    set_signed(p, 1, b.digest, b.signature);
    return ASSAY_OK;
}

static enum assay_status decode_proposals(const struct assay_record *r, struct pair *p)
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
    ASSAY_ASSERT(h->view > 0);
    *p = (struct pair){ .era = h->era, .epoch = h->epoch, .view = h->view, .slot = h->leader };
    assay_bytes_copy(p->chain_id, 32, h->chain_id, 32);
    set_signed(p, 0, a.id, a.signature);
    set_signed(p, 1, b.id, b.signature);
    return ASSAY_OK;
}

static enum assay_status decode_envelopes(const struct assay_record *r, struct pair *p)
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
    set_signed(p, 0, a.digest, a.signature);
    set_signed(p, 1, b.digest, b.signature);
    return ASSAY_OK;
}

static enum assay_status decode_pair(const struct assay_record *r, struct pair *p)
{
    switch (r->offence) {
    case 1:
    case 2:
    case 3: return decode_votes(r, p);
    case 4: return decode_proposals(r, p);
    case 8: return decode_envelopes(r, p);
    default: return ASSAY_E_UNSUPPORTED; /* a number, not an enum: E5 to E7 are other records */
    }
}

/* The key of a proof names accused, number and place (epoch, view): another pair of messages that
 * convicts of the same is the same. */
static enum assay_status compute_key(const struct assay_record *record, uint8_t key[static 32])
{
    struct pair p;
    uint8_t content[128];
    struct assay_slice all;
    ASSAY_TRY(decode_pair(record, &p));
    struct assay_writer w = assay_writer_over(content, sizeof content);
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

static enum assay_status decode_offence(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, 8, &number));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_SIGNED_LEN_MAX, &r->first));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_SIGNED_LEN_MAX, &r->second));
    r->offence = (unsigned)number;
    r->may_wait = number == 8; /* docs/protocol.md 7.5.1 */
    return compute_key(r, r->key);
}

enum assay_status assay_record_put_offence(struct assay_writer *w, unsigned number,
                                           struct assay_slice first, struct assay_slice second)
{
    ASSAY_ASSERT(first.len <= ASSAY_SIGNED_LEN_MAX && second.len <= ASSAY_SIGNED_LEN_MAX);

    struct assay_slice all;
    assay_cbor_put_array(w, 4);
    assay_cbor_put_uint(w, ASSAY_RECORD_OFFENCE);
    assay_cbor_put_uint(w, number);
    assay_cbor_put_bytes(w, first.bytes, first.len);
    assay_cbor_put_bytes(w, second.bytes, second.len);
    return assay_writer_finish(w, &all);
}

static enum assay_status check_offence(const struct assay_context *context,
                                       struct assay_record *record)
{
    const struct assay_state *state = context->state;
    struct pair p;
    struct assay_moment moment;
    ASSAY_TRY(decode_pair(record, &p));
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
    ASSAY_ASSERT(p.epoch <= context->epoch);
    return ASSAY_OK;
}

/* docs/protocol.md 7.5.1: would another E8 take more than a third of the weight in one epoch? */
static bool exceeds_strike_limit(const struct assay_context *context, const struct assay_ledger *l,
                                 uint32_t slot)
{
    const struct assay_state *state = context->state;
    uint64_t struck = 0, total = 0;
    for (uint32_t i = 0; i < state->member_count; i++) {
        total += state->members[i].weight;
        if (l->struck[i] > 0) struck += state->members[i].weight;
    }
    return struck > 0 && 3 * (struck + state->members[slot].weight) > total;
}

/* A proof strikes an incarnation once (docs/protocol.md 7.5). */
static enum assay_status check_offence_fits(const struct assay_context *context,
                                            const struct assay_ledger *l,
                                            const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_OFFENCE);
    const bool struck = assay_offence_is_struck(context, l, r->slot, r->incarnation);
    if (struck) return ASSAY_E_DUPLICATE;
    return r->offence == 8 && exceeds_strike_limit(context, l, r->slot) ? ASSAY_E_EARLY : ASSAY_OK;
}

bool assay_offence_is_struck(const struct assay_context *context, const struct assay_ledger *ledger,
                             uint32_t slot, uint32_t incarnation)
{
    ASSAY_ASSERT(slot < context->state->member_count);
    const uint32_t before = context->state->members[slot].equivocation_struck;
    return incarnation <= before || incarnation <= ledger->struck[slot];
}

/* docs/protocol.md 5.23.1: what strikes once is verified no more once it has struck. */
static bool is_spent(const struct assay_context *context, const struct assay_ledger *l,
                     const struct assay_record *r)
{
    const struct assay_state *state = context->state;
    struct pair p;
    if (decode_pair(r, &p) != ASSAY_OK) return false;
    const uint32_t slot = r->offence == 8 ? assay_state_slot_of(state, p.node_id) : p.slot;
    if (slot >= state->member_count || p.era != state->era) return false;
    const struct assay_life *life = assay_member_life_at(&state->members[slot], p.epoch);
    return life != NULL && assay_offence_is_struck(context, l, slot, life->incarnation);
}

static void apply_offence(const struct assay_context *context, struct assay_ledger *l,
                          const struct assay_record *r)
{
    ASSAY_ASSERT(r->incarnation > l->struck[r->slot]);
    ASSAY_ASSERT(r->incarnation > context->state->members[r->slot].equivocation_struck);
    l->struck[r->slot] = r->incarnation;
}

/* The description of a proof, for explanations of a score. */
static void report_offence(const struct assay_record *r, struct assay_record_report *report)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_OFFENCE);

    report->offence = r->offence;
    switch (r->offence) {
    case 1: report->reason = "E1: signed two notarisations in one view"; return;
    case 2:
        report->reason = "E2: signed two finalisations, or one beside another notarisation";
        return;
    case 3: report->reason = "E3: signed nullification and finalisation of one view"; return;
    case 4: report->reason = "E4: signed two proposals of one view"; return;
    case 8: report->reason = "E8: signed two envelopes of one epoch"; return;
    }
    report->reason = "convicted by a proof";
}

const struct assay_record_row assay_row_offence = {
    .name = "offence",
    .items = 4,
    .limits = { .of_author = 1 }, /* one strikes, the others would be in vain */
    .outlives = true,
    .decode = decode_offence,
    .spent = is_spent,
    .check = check_offence,
    .fits = check_offence_fits,
    .apply = apply_offence,
    .report = report_offence,
};
