/*
 * engine/ledger/records/record.c - table of record kinds, and dispatch to its rows
 * (docs/protocol.md 4.3, 5.23, 9.4).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

void assay_record_key(enum assay_record_kind kind, struct assay_slice content,
                      uint8_t key[static 32])
{
    ASSAY_ASSERT((unsigned)kind > 0);

    uint8_t head[48];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(head, sizeof head);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/record/v1");
    assay_cbor_put_uint(&w, (uint64_t)kind);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct assay_slice pieces[2] = { all, content };
    assay_sha256_pieces(pieces, 2, key);
}

static const struct assay_record_row *const rows[] = {
#define ASSAY_RECORD_ROW(symbol, number, row) [number] = &(row),
    ASSAY_RECORD_LIST(ASSAY_RECORD_ROW)
#undef ASSAY_RECORD_ROW
};

enum { KIND_MAX = sizeof rows / sizeof rows[0] - 1 };

const struct assay_record_row *assay_record_row(enum assay_record_kind kind)
{
    ASSAY_ASSERT((unsigned)kind <= KIND_MAX && rows[kind] != NULL);
    return rows[kind];
}

enum assay_status assay_record_decode(struct assay_slice bytes, struct assay_record *record)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t items = 0;
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_array(&c, 8, &items));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind > KIND_MAX || rows[kind] == NULL) return ASSAY_E_UNSUPPORTED;
    if (items != rows[kind]->items) return ASSAY_E_RANGE;
    assay_bytes_zero(record, sizeof *record);
    record->kind = (enum assay_record_kind)kind;
    record->bytes = bytes;
    ASSAY_TRY(rows[kind]->decode(&c, record));
    return assay_cursor_end(&c);
}

enum assay_status assay_record_check(const struct assay_context *context,
                                     struct assay_record *record)
{
    ASSAY_TRY(assay_record_row(record->kind)->check(context, record));
    ASSAY_ASSERT(record->slot < context->state->member_count);
    /* Of a REVIEW it is the operator, of which there may be more than members. */
    ASSAY_ASSERT(record->kind == ASSAY_RECORD_REVIEW ||
                 record->subject < context->state->member_count);
    ASSAY_ASSERT(record->epoch <= context->epoch);
    return ASSAY_OK;
}

bool assay_record_ask(const struct assay_context *context, const struct assay_record *record,
                      struct assay_ask *ask)
{
    struct assay_moment moment;
    if (assay_record_row(record->kind)->judge == NULL) return false;
    /* Checked before: the epoch is one that the state remembers. */
    const enum assay_status status = assay_context_moment(context, record->epoch, &moment);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(record->evidence.len > 0 && record->subject < context->state->member_count);
    assay_bytes_copy(ask->digest, 32, record->evidence_digest, 32);
    ask->bytes = record->evidence;
    /* As the roster's kind, whatever an envelope claims: one digest, one question. */
    ask->kind = (enum assay_evidence_kind)context->state->members[record->subject].evidence_kind;
    ask->epoch = record->epoch;
    ask->at_unix_s = moment.at_unix_s;
    ask->before = false;
    return true;
}

/* docs/protocol.md 9.9: what is felled is a question of the running epoch's trial. E5 is judged by
 * the rules of its epoch, never by those before. */
static bool needs_previous_rules(const struct assay_context *context, enum assay_record_kind kind)
{
    return assay_record_row(kind)->judge_before != NULL && assay_trial_runs(&context->state->trial);
}

enum assay_status assay_record_judge(const struct assay_context *context, assay_finding_find *find,
                                     void *find_context, struct assay_record *record)
{
    const struct assay_record_row *row = assay_record_row(record->kind);
    const struct assay_finding_record *before = NULL;
    struct assay_ask ask;
    if (!assay_record_ask(context, record, &ask)) return ASSAY_OK;
    ASSAY_ASSERT(record->epoch <= context->epoch && ask.bytes.len > 0);
    const struct assay_finding_record *finding = find(find_context, &ask);
    const bool known = finding != NULL;
    /* Judged before the other is asked for, which may forget this one. */
    const enum assay_status judged = known ? row->judge(context, finding, record) : ASSAY_E_AGAIN;
    if (known && judged != ASSAY_OK) return judged;
    if (!needs_previous_rules(context, record->kind)) return judged;
    ask.before = true;
    before = find(find_context, &ask);
    if (!known || before == NULL) return ASSAY_E_AGAIN;
    row->judge_before(context, before, record);
    return ASSAY_OK;
}

unsigned assay_record_cost(const struct assay_context *context, enum assay_record_kind kind)
{
    if (!assay_record_costs(kind)) return 0;
    return needs_previous_rules(context, kind) ? 2 : 1;
}

bool assay_record_costs(enum assay_record_kind kind)
{
    const struct assay_record_row *row = assay_record_row(kind);
    return row->judge != NULL || row->check_costs;
}

const char *assay_record_name(enum assay_record_kind kind)
{
    const unsigned number = (unsigned)kind;
    return number <= KIND_MAX && rows[number] != NULL ? rows[number]->name : "unknown";
}
