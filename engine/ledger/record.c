/*
 * engine/ledger/record.c - the table of record kinds, their shape on the wire, encode and decode
 * side by side.
 *
 * docs/protocol.md 4.3, 5.23, 9.4. What a record must fulfil is in rule.c and proof.c, what it does
 * to a branch in ledger.c.
 */
#include "engine/ledger/record.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/rule.h"

/* The key of a record: SHA-256 of ["assay/record/v1", kind, what it says]. */
static void key_of(enum assay_record_kind kind, struct assay_slice says, uint8_t key[static 32])
{
    uint8_t head[48];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(head, sizeof head);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, "assay/record/v1");
    assay_cbor_put_uint(&w, (uint64_t)kind);
    const enum assay_status status = assay_writer_finish(&w, &all);
    ASSAY_ASSERT(status == ASSAY_OK);
    const struct assay_slice pieces[2] = { all, says };
    assay_sha256_pieces(pieces, 2, key);
}

/* --- ROLL */

enum assay_status assay_roll_next(struct assay_cursor *entries, bool *present,
                                  uint8_t digest[static 32])
{
    enum assay_cbor_type type;
    ASSAY_TRY(assay_cbor_peek(entries, &type));
    *present = type != ASSAY_CBOR_NULL;
    return *present ? assay_cbor_bytes_exact(entries, digest, 32) : assay_cbor_null(entries);
}

void assay_roll_leaf(bool present, const uint8_t digest[static 32], uint8_t hash[static 32])
{
    assay_merkle_leaf_hash(digest, present ? 32 : 0, hash);
}

static enum assay_status decode_roll(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t count = 0;
    bool present = false;
    uint8_t digest[32];
    ASSAY_TRY(assay_cbor_array(c, ASSAY_SCORING_MEMBERS_MAX, &count));
    const size_t start = c->pos;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_roll_next(c, &present, digest));
    r->entries = assay_slice_over(c->bytes + start, c->pos - start);
    r->entry_count = (uint32_t)count;
    key_of(ASSAY_RECORD_ROLL, r->entries, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_roll(struct assay_writer *w, const uint8_t (*digests)[32],
                                        const bool *present, uint32_t count)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, ASSAY_RECORD_ROLL);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (present[i]) assay_cbor_put_bytes(w, digests[i], 32);
        else assay_cbor_put_null(w);
    }
    return assay_writer_finish(w, &all);
}

/* --- BALLOT */

static enum assay_status decode_ballot(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BALLOT_FIXED_LEN_MAX + ASSAY_BALLOT_ROW_LEN_MAX, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(assay_ballot_decode(r->body, &r->ballot));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    key_of(ASSAY_RECORD_BALLOT, r->body, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_ballot(struct assay_writer *w, struct assay_slice body,
                                          size_t *signature_at)
{
    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, ASSAY_RECORD_BALLOT);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof hole;
    return ASSAY_OK;
}

/* --- FAIL */

static enum assay_status read_evidence(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_EVIDENCE_LEN_MAX, &r->evidence));
    if (r->evidence.len == 0) return ASSAY_E_RANGE;
    assay_sha256(r->evidence.bytes, r->evidence.len, r->evidence_digest);
    return ASSAY_OK;
}

static enum assay_status read_envelope(struct assay_cursor *c, struct assay_record *r)
{
    struct assay_slice payload;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_ENVELOPE_LEN_MAX, &payload));
    return assay_envelope_decode(payload, &r->envelope);
}

static enum assay_status decode_fail(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(read_envelope(c, r));
    ASSAY_TRY(read_evidence(c, r));
    key_of(ASSAY_RECORD_FAIL, assay_slice_over(r->envelope.digest, 32), r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_fail(struct assay_writer *w, struct assay_slice envelope,
                                        struct assay_slice evidence)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, ASSAY_RECORD_FAIL);
    assay_cbor_put_bytes(w, envelope.bytes, envelope.len);
    assay_cbor_put_bytes(w, evidence.bytes, evidence.len);
    return assay_writer_finish(w, &all);
}

/* --- INCARNATE */

static void put_incarnate_body(struct assay_writer *w, const struct assay_incarnate *i)
{
    assay_cbor_put_array(w, 10);
    assay_cbor_put_text(w, "assay/incarnate/v1");
    assay_cbor_put_bytes(w, i->chain_id, 32);
    assay_cbor_put_uint(w, i->era);
    assay_cbor_put_uint(w, i->epoch);
    assay_cbor_put_bytes(w, i->node_id, 32);
    assay_cbor_put_uint(w, i->incarnation);
    assay_cbor_put_bytes(w, i->voting_public, sizeof i->voting_public);
    assay_cbor_put_bytes(w, i->transport_public, 32);
    assay_cbor_put_bytes(w, i->evidence_digest, 32);
    assay_cbor_put_uint(w, i->evidence_len);
}

static enum assay_status read_incarnate(struct assay_slice body, struct assay_incarnate *i)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    uint64_t era = 0;
    uint64_t incarnation = 0;
    uint64_t len = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 10));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/incarnate/v1"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &i->epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &incarnation));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->voting_public, sizeof i->voting_public));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->transport_public, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, i->evidence_digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_EVIDENCE_LEN_MAX, &len));
    ASSAY_TRY(assay_cursor_end(&c));
    i->era = (uint32_t)era;
    i->incarnation = (uint32_t)incarnation;
    i->evidence_len = (uint32_t)len;
    return ASSAY_OK;
}

static enum assay_status decode_incarnate(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, 512, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(read_incarnate(r->body, &r->incarnate));
    ASSAY_TRY(read_evidence(c, r));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    key_of(ASSAY_RECORD_INCARNATE, r->body, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_incarnate(struct assay_writer *w,
                                             const struct assay_incarnate *incarnate,
                                             struct assay_slice evidence, uint8_t digest[static 32],
                                             size_t *signature_at)
{
    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    uint8_t bytes[512];
    struct assay_slice body;
    struct assay_slice all;
    struct assay_writer inner = assay_writer_over(bytes, sizeof bytes);
    put_incarnate_body(&inner, incarnate);
    ASSAY_TRY(assay_writer_finish(&inner, &body));
    assay_sha256(body.bytes, body.len, digest);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_uint(w, ASSAY_RECORD_INCARNATE);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof hole;
    assay_cbor_put_bytes(w, evidence.bytes, evidence.len);
    return assay_writer_finish(w, &all);
}

/* --- OFFENCE */

static enum assay_status decode_offence(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t number = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, 8, &number));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_SIGNED_LEN_MAX, &r->first));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_SIGNED_LEN_MAX, &r->second));
    r->offence = (unsigned)number;
    return assay_proof_key(r, r->key);
}

enum assay_status assay_record_put_offence(struct assay_writer *w, unsigned number,
                                           struct assay_slice first, struct assay_slice second)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 4);
    assay_cbor_put_uint(w, ASSAY_RECORD_OFFENCE);
    assay_cbor_put_uint(w, number);
    assay_cbor_put_bytes(w, first.bytes, first.len);
    assay_cbor_put_bytes(w, second.bytes, second.len);
    return assay_writer_finish(w, &all);
}

/* --- CONTRADICTION */

static enum assay_status read_path(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_MERKLE_LEVELS, &count));
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_bytes_exact(c, r->path[i], 32));
    r->path_len = (size_t)count;
    return ASSAY_OK;
}

static enum assay_status read_inner_ballot(struct assay_record *r)
{
    struct assay_cursor c = assay_cursor_over(r->ballot_record.bytes, r->ballot_record.len);
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind != ASSAY_RECORD_BALLOT) return ASSAY_E_INVALID;
    ASSAY_TRY(decode_ballot(&c, r));
    return assay_cursor_end(&c);
}

static enum assay_status decode_contradiction(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BALLOT_FIXED_LEN_MAX + ASSAY_BALLOT_ROW_LEN_MAX + 128,
                               &r->ballot_record));
    ASSAY_TRY(read_envelope(c, r));
    ASSAY_TRY(read_evidence(c, r));
    ASSAY_TRY(read_path(c, r));
    ASSAY_TRY(read_inner_ballot(r));
    /* Whose ballot of which epoch, about whom: another ballot of the same says the same. */
    uint8_t says[112];
    struct assay_slice all;
    struct assay_writer w = assay_writer_over(says, sizeof says);
    assay_cbor_put_uint(&w, r->ballot.epoch);
    assay_cbor_put_bytes(&w, r->ballot.node_id, 32);
    assay_cbor_put_bytes(&w, r->envelope.node_id, 32);
    ASSAY_TRY(assay_writer_finish(&w, &all));
    key_of(ASSAY_RECORD_CONTRADICTION, all, r->key);
    return ASSAY_OK;
}

enum assay_status assay_record_put_contradiction(struct assay_writer *w,
                                                 struct assay_slice ballot_record,
                                                 struct assay_slice envelope,
                                                 struct assay_slice evidence,
                                                 const uint8_t (*path)[32], size_t path_len)
{
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

/* --- the table */

struct row {
    const char *name;
    uint64_t items; /* of the CBOR array, kind included */
    enum assay_status (*decode)(struct assay_cursor *c, struct assay_record *r);
    enum assay_status (*check)(const struct assay_context *context, struct assay_record *r);
    /* NULL: carries no evidence */
    enum assay_status (*judge)(const struct assay_context *context,
                               const struct assay_finding *finding, struct assay_record *r);
};

static const struct row rows[ASSAY_RECORD_KIND_MAX + 1] = {
    [ASSAY_RECORD_ROLL] = { "roll", 2, decode_roll, assay_rule_check_roll, NULL },
    [ASSAY_RECORD_BALLOT] = { "ballot", 3, decode_ballot, assay_rule_check_ballot, NULL },
    [ASSAY_RECORD_FAIL] = { "fail", 3, decode_fail, assay_rule_check_fail, assay_rule_judge_fail },
    [ASSAY_RECORD_INCARNATE] = { "incarnate", 4, decode_incarnate, assay_rule_check_incarnate,
                                 assay_rule_judge_incarnate },
    [ASSAY_RECORD_OFFENCE] = { "offence", 4, decode_offence, assay_proof_check_offence, NULL },
    [ASSAY_RECORD_CONTRADICTION] = { "contradiction", 5, decode_contradiction,
                                     assay_proof_check_contradiction,
                                     assay_proof_judge_contradiction },
};

enum assay_status assay_record_decode(struct assay_slice bytes, struct assay_record *record)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint64_t items = 0;
    uint64_t kind = 0;
    ASSAY_TRY(assay_cbor_array(&c, 8, &items));
    ASSAY_TRY(assay_cbor_uint(&c, &kind));
    if (kind == 0 || kind > ASSAY_RECORD_KIND_MAX) return ASSAY_E_UNSUPPORTED;
    if (items != rows[kind].items) return ASSAY_E_RANGE;
    assay_bytes_zero(record, sizeof *record);
    record->kind = (enum assay_record_kind)kind;
    record->bytes = bytes;
    ASSAY_TRY(rows[kind].decode(&c, record));
    return assay_cursor_end(&c);
}

enum assay_status assay_record_check(const struct assay_context *context,
                                     struct assay_record *record)
{
    ASSAY_ASSERT((unsigned)record->kind - 1 < ASSAY_RECORD_KIND_MAX);
    return rows[record->kind].check(context, record);
}

bool assay_record_ask(const struct assay_context *context, const struct assay_record *record,
                      struct assay_ask *ask)
{
    struct assay_moment moment;
    if (rows[record->kind].judge == NULL) return false;
    /* Checked before: the epoch is one that the state remembers. */
    const enum assay_status status = assay_context_moment(context, record->epoch, &moment);
    ASSAY_ASSERT(status == ASSAY_OK);
    const uint32_t whose = record->kind == ASSAY_RECORD_INCARNATE ? record->slot : record->subject;
    assay_bytes_copy(ask->digest, 32, record->evidence_digest, 32);
    ask->bytes = record->evidence;
    /* As the roster's kind, whatever an envelope claims: one digest, one question. */
    ask->kind = (enum assay_evidence_kind)context->state->members[whose].evidence_kind;
    ask->epoch = record->epoch;
    ask->at_unix_s = moment.at_unix_s;
    return true;
}

enum assay_status assay_record_judge(const struct assay_context *context,
                                     const struct assay_finding *finding,
                                     struct assay_record *record)
{
    ASSAY_ASSERT(rows[record->kind].judge != NULL);
    return rows[record->kind].judge(context, finding, record);
}

const char *assay_record_name(enum assay_record_kind kind)
{
    const unsigned number = (unsigned)kind;
    return number >= 1 && number <= ASSAY_RECORD_KIND_MAX ? rows[number].name : "unknown";
}
