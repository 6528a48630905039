/*
 * engine/ledger/records/contradiction.c - CONTRADICTION (E5): an outcome of a ballot that
 * re-verification contradicts (docs/protocol.md 5.23, 7.5).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

/* Two take all integrity; a ballot of lies about everybody must not fill a pool. */
enum { OF_ONE = 4 };

static enum assay_status decode_path(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_MERKLE_LEVELS, &count));
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, r->path[i], 32));
    r->path_len = (size_t)count;
    ASSAY_ASSERT(r->path_len <= ASSAY_MERKLE_LEVELS);
    return ASSAY_OK;
}

static enum assay_status decode_inner_ballot(struct assay_record *r)
{
    struct assay_cursor c = assay_cursor_over(r->ballot_record.bytes, r->ballot_record.len);
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind != ASSAY_RECORD_BALLOT) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_ballot_record_decode(&c, r));
    return assay_cursor_end(&c);
}

static enum assay_status decode_contradiction(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BALLOT_LEN_MAX + 128, &r->ballot_record));
    ASSAY_TRY(assay_record_read_envelope(c, r));
    ASSAY_TRY(assay_record_read_evidence(c, r));
    ASSAY_TRY(decode_path(c, r));
    ASSAY_TRY(decode_inner_ballot(r));
    /* Author, epoch and subject of the ballot: another ballot of the same proves the same. */
    uint8_t content[112];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(content, sizeof content);
    assay_cbor_put_uint(&w, r->ballot.epoch);
    assay_cbor_put_bytes(&w, r->ballot.node_id, 32);
    assay_cbor_put_bytes(&w, r->envelope.node_id, 32);
    ASSAY_TRY(assay_writer_finish(&w, &all));
    assay_record_key(ASSAY_RECORD_CONTRADICTION, all, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_contradiction(struct assay_writer *w,
                                                 struct assay_slice ballot_record,
                                                 struct assay_slice envelope,
                                                 struct assay_slice evidence,
                                                 const uint8_t (*path)[32], size_t path_len)
{
    ASSAY_ASSERT(path_len <= ASSAY_MERKLE_LEVELS);
    ASSAY_ASSERT(ballot_record.len > 0 && envelope.len > 0 && evidence.len > 0);

    struct assay_slice all;
    assay_cbor_put_array(w, 5);
    assay_cbor_put_uint(w, ASSAY_RECORD_CONTRADICTION);
    assay_cbor_put_bytes(w, ballot_record.bytes, ballot_record.len);
    assay_cbor_put_bytes(w, envelope.bytes, envelope.len);
    assay_cbor_put_bytes(w, evidence.bytes, evidence.len);
    assay_cbor_put_array(w, path_len);
    for (size_t i = 0; i < path_len; i++)
        assay_cbor_put_bytes(w, path[i], 32);
    return assay_writer_finish(w, &all);
}

/* The ballot must have named this envelope: in the roll that it signed for, or by itself. */
static enum assay_status check_named(const struct assay_record *r, uint32_t members)
{
    ASSAY_ASSERT(r->subject < members && r->path_len <= ASSAY_MERKLE_LEVELS);
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
 * roll of the running epoch is on the branch, so fits compares it. */
static enum assay_status check_electorate(const struct assay_context *context,
                                          const struct assay_ballot *b)
{
    ASSAY_ASSERT(b->epoch <= context->epoch);

    const struct assay_rules_in_force *now = &context->state->rules;
    const struct assay_past_epoch *past = assay_state_past(context->state, b->epoch);
    if (b->epoch == context->epoch)
        return assay_ballot_under(b, now->policy_digest, now->endorsements_digest,
                                  now->parameters.verifier_digest)
                   ? ASSAY_OK
                   : ASSAY_E_INVALID;
    if (past == NULL) return ASSAY_E_STALE;
    if (!assay_ballot_under(b, past->policy_digest, past->endorsements_digest,
                            past->verifier_digest))
        return ASSAY_E_INVALID;
    if (!past->has_roll || !assay_bytes_equal(past->roll_root, b->roll_root, 32))
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

static enum assay_status check_contradiction(const struct assay_context *context,
                                             struct assay_record *record)
{
    const struct assay_envelope *e = &record->envelope;
    if (record->ballot.epoch != e->epoch) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_ballot_signed(context, record, &record->slot));
    ASSAY_TRY(assay_context_envelope(context, e, &record->subject));
    if (record->slot == record->subject) return ASSAY_E_INVALID;
    /* The digest binds; a length that is a lie must not keep the evidence from proving anything. */
    if (!assay_bytes_equal(e->evidence_digest, record->evidence_digest, 32)) return ASSAY_E_INVALID;
    const uint32_t members = assay_context_members(context, e->epoch);
    if (record->subject >= members) return ASSAY_E_INVALID;
    ASSAY_TRY(check_named(record, members));
    ASSAY_TRY(check_electorate(context, &record->ballot));
    record->epoch = e->epoch;
    ASSAY_ASSERT(record->slot != record->subject);
    return ASSAY_OK;
}

enum assay_falsehood assay_record_falsehood(uint8_t said, bool own, enum assay_outcome truth,
                                            bool without_keys)
{
    const enum assay_outcome vote = assay_votes_outcome(said);
    if (own && (truth == ASSAY_OUTCOME_NONE || truth == ASSAY_OUTCOME_UNJUDGED))
        return ASSAY_FALSE_NONE; /* nobody can say */
    /* Nor is UNJUDGED ever false (protocol.md 5.23): it states what a verifier could not do. */
    if (assay_outcome_is_fail(vote) && !(own && assay_outcome_is_fail(truth)))
        return ASSAY_FALSE_FAIL;
    if (assay_outcome_is_pass(vote) && !(own && assay_outcome_is_pass(truth)))
        return ASSAY_FALSE_PASS;
    if (!own || !assay_outcome_is_pass(vote)) return ASSAY_FALSE_NONE;
    /* A level is a statement as well, and as exact: the median of levels is a ceiling (protocol.md
     * 7.7), which a third could hold down for good. Worse is slander, better is stuffing. */
    if (vote != truth) return vote > truth ? ASSAY_FALSE_FAIL : ASSAY_FALSE_PASS;
    /* And so is which keys it binds (2.16.4): a third could keep them from becoming active. */
    const bool said_without = assay_votes_without_keys(said);
    if (said_without == without_keys) return ASSAY_FALSE_NONE;
    return said_without ? ASSAY_FALSE_FAIL : ASSAY_FALSE_PASS;
}

enum assay_falsehood assay_record_grants_falsehood(uint8_t said, uint8_t truth)
{
    if ((said & ~truth) != 0) return ASSAY_FALSE_PASS;
    return said != truth ? ASSAY_FALSE_FAIL : ASSAY_FALSE_NONE;
}

/* docs/protocol.md 2.17.4: a name is a statement about the evidence, too. One by another list than
 * that of the plan in force grants nothing, and is compared with nothing. */
static enum assay_falsehood judge_grants(const struct assay_context *context,
                                         const struct assay_finding_record *finding,
                                         const struct assay_record *r)
{
    const struct assay_ballot_grants *said = &r->ballot.grants;
    const uint8_t code = assay_votes_row_get(r->ballot.row.bytes, r->subject);
    if (!assay_ballot_grants_by(said, assay_context_grants(context))) return ASSAY_FALSE_NONE;
    if (!assay_outcome_is_pass(r->outcome) || assay_votes_outcome(code) != r->outcome ||
        r->without_keys)
        return ASSAY_FALSE_NONE;
    return assay_record_grants_falsehood(
        assay_grants_row_get(said->row.bytes, said->names, r->subject), finding->grants);
}

static enum assay_status judge_contradiction(const struct assay_context *context,
                                             const struct assay_finding_record *finding,
                                             struct assay_record *record)
{
    bool own = false;
    ASSAY_TRY(assay_record_judge_envelope(context, finding, record, &own));
    ASSAY_ASSERT(record->slot != record->subject);
    const uint8_t said = assay_votes_row_get(record->ballot.row.bytes, record->subject);
    record->falsehood = assay_record_falsehood(said, own, record->outcome, record->without_keys);
    if (own && record->falsehood == ASSAY_FALSE_NONE)
        record->falsehood = judge_grants(context, finding, record);
    return record->falsehood == ASSAY_FALSE_NONE ? ASSAY_E_INVALID : ASSAY_OK;
}

static enum assay_status check_contradiction_fits(const struct assay_context *context,
                                                  const struct assay_ledger *l,
                                                  const struct assay_record *r)
{
    ASSAY_ASSERT(r->slot < l->members && r->subject < l->members);

    const struct assay_member *m = &context->state->members[r->slot];
    if (r->epoch == context->epoch) {
        if (!l->has_roll) return ASSAY_E_EARLY;
        if (!assay_bytes_equal(r->ballot.roll_root, l->roll_root, 32)) return ASSAY_E_INVALID;
    } else {
        /* bit k of ballots_struck: the ballot of state->epoch - k */
        const uint64_t age = context->state->epoch - r->epoch;
        ASSAY_ASSERT(r->epoch <= context->state->epoch);
        if (age >= ASSAY_RETAINED_EPOCHS) return ASSAY_E_STALE;
        if ((m->ballots_struck >> age & 1u) != 0) return ASSAY_E_DUPLICATE;
    }
    for (uint32_t i = 0; i < l->contradiction_count; i++) {
        const struct assay_contradiction *c = &l->contradictions[i];
        if (c->slot == r->slot && c->subject == r->subject && c->epoch == r->epoch)
            return ASSAY_E_DUPLICATE;
    }
    return l->contradiction_count < ASSAY_CONTRADICTIONS_MAX ? ASSAY_OK : ASSAY_E_FULL;
}

static void apply_contradiction(const struct assay_context *context, struct assay_ledger *l,
                                const struct assay_record *r)
{
    ASSAY_ASSERT(r->slot != r->subject && r->epoch <= context->epoch);
    ASSAY_ASSERT(l->contradiction_count < ASSAY_CONTRADICTIONS_MAX);
    l->contradictions[l->contradiction_count++] =
        (struct assay_contradiction){ r->slot, r->subject, r->epoch };
    ASSAY_ASSERT(r->falsehood != ASSAY_FALSE_NONE);
    if (r->falsehood == ASSAY_FALSE_PASS) l->false_pass[r->slot] = true;
    else if (l->false_fails[r->slot] < UINT8_MAX) l->false_fails[r->slot]++;
}

static void report_contradiction(const struct assay_record *r, struct assay_record_report *report)
{
    report->offence = 5;
    report->reason = r->falsehood == ASSAY_FALSE_PASS
                         ? "E5: voted PASS, a better level or a name that the evidence lacks"
                         : "E5: voted FAIL or a worse level on evidence that passes, or left out "
                           "a name that it has";
}

const struct assay_record_row assay_row_contradiction = {
    .name = "contradiction",
    .items = 5,
    .limits = { .of_author = OF_ONE, .of_subject = 1 },
    .outlives = true,
    .decode = decode_contradiction,
    .check = check_contradiction,
    .judge = judge_contradiction,
    .fits = check_contradiction_fits,
    .apply = apply_contradiction,
    .report = report_contradiction,
};
