/*
 * engine/ledger/records/ballot_record.c - BALLOT in blocks (docs/protocol.md 4.3).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

enum assay_status assay_ballot_record_decode(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BALLOT_LEN_MAX, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(assay_ballot_decode(r->body, &r->ballot));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    assay_record_key(ASSAY_RECORD_BALLOT, r->body, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_ballot(struct assay_writer *w, struct assay_slice body,
                                          size_t *signature_at)
{
    ASSAY_ASSERT(body.len > 0 && body.len <= ASSAY_BALLOT_LEN_MAX);

    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, ASSAY_RECORD_BALLOT);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof hole;
    ASSAY_ASSERT(*signature_at + sizeof hole <= w->len);
    return ASSAY_OK;
}

/* Builds of a lower level cannot read names, so no block has them below the level
 * (docs/protocol.md 2.17.2). The level counts that is in force now: that of a past epoch may have
 * been reverted. */
static bool are_grants_valid(const struct assay_context *context, const struct assay_ballot *b,
                             bool keyed, uint32_t members)
{
    const uint32_t names = b->grants.names;
    if (names == 0) return true;
    return keyed && context->state->rules.parameters.level >= ASSAY_LEVEL_GROUP_KEY &&
           assay_grants_row_valid(b->grants.row, names, members, b->row.bytes);
}

enum assay_status assay_ballot_signed(const struct assay_context *context,
                                      struct assay_record *record, uint32_t *slot)
{
    ASSAY_ASSERT(record->kind == ASSAY_RECORD_BALLOT || record->kind == ASSAY_RECORD_CONTRADICTION);
    const struct assay_ballot *b = &record->ballot;
    const struct assay_author author = { b->chain_id, b->node_id, b->era, b->incarnation,
                                         b->epoch };
    const struct assay_life *life = NULL;
    uint32_t voter = 0;
    ASSAY_TRY(assay_context_author(context, &author, &voter, &life));
    /* A ballot is over the roster of its epoch, which may have been shorter. */
    const uint32_t members = assay_context_members(context, b->epoch);
    const bool keyed = assay_context_binds_keys(context, voter, b->epoch);
    if (voter >= members ||
        !(keyed ? assay_votes_row_valid_keyed(b->row.bytes, b->row.len, members, voter)
                : assay_votes_row_valid(b->row.bytes, b->row.len, members, voter)))
        return ASSAY_E_INVALID;
    for (uint32_t i = 0; i < b->exception_count; i++) {
        if (b->exceptions[i].slot >= members) return ASSAY_E_INVALID;
    }
    if (!are_grants_valid(context, b, keyed, members)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_context_verify(context, voter, life, record->body_digest, record->signature));
    record->incarnation = life->incarnation;
    *slot = voter;
    ASSAY_ASSERT(voter < members && members <= context->state->member_count);
    return ASSAY_OK;
}

static enum assay_status check_ballot(const struct assay_context *context,
                                      struct assay_record *record)
{
    if (record->ballot.epoch < context->epoch) return ASSAY_E_STALE;
    ASSAY_TRY(assay_ballot_signed(context, record, &record->slot));
    record->epoch = record->ballot.epoch;
    ASSAY_ASSERT(record->epoch == context->epoch);
    return ASSAY_OK;
}

/* Ballots close with E (docs/protocol.md 4.3: included after the ROLL, up to and including E). */
static enum assay_status check_ballot_fits(const struct assay_context *context,
                                           const struct assay_ledger *l,
                                           const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_BALLOT);
    if (r->epoch != context->epoch) return ASSAY_E_STALE;
    if (!l->has_roll) return ASSAY_E_EARLY;
    return l->balloted[r->slot] ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

bool assay_ballot_under(const struct assay_ballot *ballot, const uint8_t policy[static 32],
                        const uint8_t endorsements[static 32], const uint8_t verifier[static 32])
{
    if (!assay_bytes_equal(ballot->policy_digest, policy, 32)) return false;
    if (!assay_bytes_equal(ballot->endorsements_digest, endorsements, 32)) return false;
    return assay_bytes_all_zero(verifier, 32) ||
           assay_bytes_equal(ballot->verifier_digest, verifier, 32);
}

/* Over other digests: another electorate, excluded and never punished. */
static bool is_counted(const struct assay_context *context, const struct assay_ledger *l,
                       const struct assay_ballot *b)
{
    ASSAY_ASSERT(l->has_roll);

    const struct assay_state *state = context->state;
    if (!assay_bytes_equal(b->roll_root, l->roll_root, 32)) return false;
    return assay_ballot_under(b, state->rules.policy_digest, state->rules.endorsements_digest,
                              state->rules.parameters.verifier_digest);
}

/* A ballot by another list than that of the plan in force grants nothing (docs/protocol.md 2.17.3).
 */
static void apply_grants(const struct assay_context *context, struct assay_ledger *l,
                         const struct assay_record *r)
{
    const struct assay_ballot_grants *said = &r->ballot.grants;
    const size_t len = assay_grants_row_len(l->members, l->grants.names);
    uint8_t *row = l->grants.rows + r->slot * len;
    if (!assay_ballot_grants_by(said, assay_context_grants(context))) {
        assay_bytes_zero(row, len);
        return;
    }
    ASSAY_ASSERT(said->names == l->grants.names && said->row.len == len);
    assay_bytes_copy(row, len, said->row.bytes, len);
}

static void apply_ballot(const struct assay_context *context, struct assay_ledger *l,
                         const struct assay_record *r)
{
    ASSAY_ASSERT(l->has_roll && !l->balloted[r->slot]);
    ASSAY_ASSERT(r->ballot.row.len == l->row_len);
    ASSAY_ASSERT(r->epoch == context->epoch);
    l->balloted[r->slot] = true;
    l->levels[r->slot] = r->ballot.level; /* whatever it judges by: its build is what it is */
    l->counted[r->slot] = is_counted(context, l, &r->ballot);
    if (!l->counted[r->slot]) return;
    assay_bytes_copy(l->rows + r->slot * l->row_len, l->row_len, r->ballot.row.bytes,
                     r->ballot.row.len);
    if (l->grants.names > 0) apply_grants(context, l, r);
}

const struct assay_record_row assay_row_ballot = {
    .name = "ballot",
    .items = 3,
    .limits = { .of_epoch = 1 },
    .stays = true, /* it may be contradicted */
    .decode = assay_ballot_record_decode,
    .check = check_ballot,
    .fits = check_ballot_fits,
    .apply = apply_ballot,
};
