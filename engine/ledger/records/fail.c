/*
 * engine/ledger/records/fail.c - FAIL: evidence that fails, for re-verification by every member
 * (docs/protocol.md 4.3.2).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

enum assay_status assay_record_read_evidence(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_EVIDENCE_LEN_MAX, &r->evidence));
    if (r->evidence.len == 0) return ASSAY_E_RANGE;
    assay_sha256(r->evidence.bytes, r->evidence.len, r->evidence_digest);
    ASSAY_ASSERT(r->evidence.len <= ASSAY_EVIDENCE_LEN_MAX);
    return ASSAY_OK;
}

enum assay_status assay_record_read_envelope(struct assay_cursor *c, struct assay_record *r)
{
    struct assay_slice payload;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_ENVELOPE_LEN_MAX, &payload));
    return assay_envelope_decode(payload, &r->envelope);
}

static enum assay_status decode_fail(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_record_read_envelope(c, r));
    ASSAY_TRY(assay_record_read_evidence(c, r));
    assay_record_key(ASSAY_RECORD_FAIL, assay_slice_over(r->envelope.digest, 32), r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_fail(struct assay_writer *w, struct assay_slice envelope,
                                        struct assay_slice evidence)
{
    ASSAY_ASSERT(envelope.len > 0 && envelope.len <= ASSAY_ENVELOPE_LEN_MAX);
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, ASSAY_RECORD_FAIL);
    assay_cbor_put_bytes(w, envelope.bytes, envelope.len);
    assay_cbor_put_bytes(w, evidence.bytes, evidence.len);
    return assay_writer_finish(w, &all);
}

/* Evidence of the running epoch only: FAIL records close with E (docs/protocol.md 4.3.2). */
static enum assay_status check_fail(const struct assay_context *context,
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
    ASSAY_ASSERT(record->epoch == context->epoch);
    return ASSAY_OK;
}

enum assay_status assay_record_judge_envelope(const struct assay_context *context,
                                              const struct assay_finding_record *finding,
                                              struct assay_record *record, bool *own)
{
    ASSAY_ASSERT(record->subject < context->state->member_count);

    const struct assay_member *member = &context->state->members[record->subject];
    const struct assay_life *life = assay_member_life_at(member, record->epoch);
    struct assay_moment moment;
    ASSAY_ASSERT(life != NULL);
    ASSAY_TRY(assay_context_moment(context, record->epoch, &moment));
    *own = assay_context_judge(context, finding, record->subject, life, record->envelope.kind,
                               record->epoch, &moment, &record->outcome, &record->without_keys);
    return ASSAY_OK;
}

static enum assay_status judge_fail(const struct assay_context *context,
                                    const struct assay_finding_record *finding,
                                    struct assay_record *record)
{
    bool own = false;
    ASSAY_ASSERT(record->subject == record->slot);
    ASSAY_TRY(assay_record_judge_envelope(context, finding, record, &own));
    if (!own || !assay_outcome_is_fail(record->outcome)) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

/* docs/protocol.md 9.9: the change on trial felled it only if the rules before say PASS. */
static void judge_fail_before(const struct assay_context *context,
                              const struct assay_finding_record *finding,
                              struct assay_record *record)
{
    const enum assay_outcome outcome = record->outcome;
    bool own = false;
    ASSAY_ASSERT(finding->before && assay_outcome_is_fail(outcome));
    const enum assay_status status = assay_record_judge_envelope(context, finding, record, &own);
    ASSAY_ASSERT(status == ASSAY_OK); /* judge knew the moment */
    record->felled = own && assay_outcome_is_pass(record->outcome);
    record->outcome = outcome;
}

static enum assay_status check_fail_fits(const struct assay_context *context,
                                         const struct assay_ledger *l, const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_FAIL);
    (void)context;
    return l->fail[r->slot] != ASSAY_OUTCOME_NONE ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

static void apply_fail(const struct assay_context *context, struct assay_ledger *l,
                       const struct assay_record *r)
{
    ASSAY_ASSERT(l->fail[r->slot] == ASSAY_OUTCOME_NONE);
    (void)context;
    ASSAY_ASSERT(assay_outcome_is_fail(r->outcome));
    l->fail[r->slot] = (uint8_t)r->outcome;
    l->felled[r->slot] = r->felled;
}

static void report_fail(const struct assay_record *r, struct assay_record_report *report)
{
    report->failed = r->outcome;
}

const struct assay_record_row assay_row_fail = {
    .name = "fail",
    .items = 3,
    .limits = { .of_epoch = 1 },
    .decode = decode_fail,
    .check = check_fail,
    .judge = judge_fail,
    .judge_before = judge_fail_before,
    .fits = check_fail_fits,
    .apply = apply_fail,
    .report = report_fail,
};
