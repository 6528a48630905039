/*
 * tests/unit/engine/ledger/test_record.c - the shape of every record kind, ballots and envelopes.
 */
#include "base/cbor.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/record.h"
#include "engine/ledger/records/row.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 8192 };

struct sample {
    uint8_t bytes[BYTES_MAX];
    size_t len;
};

static struct assay_envelope envelope(uint8_t mark)
{
    struct assay_envelope e = {
        .era = 0, .epoch = 9, .incarnation = 1, .kind = ASSAY_KIND_SOFT, .evidence_len = 5
    };
    memset(e.chain_id, 1, 32);
    memset(e.node_id, 2, 32);
    memset(e.evidence_digest, mark, 32);
    memset(e.signature, 3, 64);
    return e;
}

static struct sample envelope_payload(uint8_t mark)
{
    struct sample s = { .len = 0 };
    struct assay_envelope e = envelope(mark);
    size_t at = 0;
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    cr_assert_eq(assay_envelope_encode(&e, &w, &at), ASSAY_OK);
    cr_assert_eq(at + 64, w.len);
    s.len = w.len;
    return s;
}

static struct sample ballot_record(void)
{
    static const uint8_t row[4] = { 0x40, 0x44, 0x13, 0x06 };
    uint8_t body[1024];
    struct sample s = { .len = 0 };
    size_t at = 0;
    struct assay_ballot b = {
        .epoch = 9, .incarnation = 2, .row = assay_slice_over(row, sizeof row), .exception_count = 2
    };
    memset(b.node_id, 2, 32);
    b.exceptions[0].slot = 1;
    b.exceptions[1].slot = 6;
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &inner);
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    cr_assert_eq(assay_record_put_ballot(&w, assay_slice_over(body, inner.len), &at), ASSAY_OK);
    s.len = w.len;
    return s;
}

static struct sample vote_in(uint64_t view, enum assay_vote_type type, uint8_t id)
{
    struct sample s = { .len = 0 };
    uint8_t signature[64] = { 9 };
    struct assay_vote_statement v = { .epoch = 9, .view = view, .type = type };
    if (assay_vote_kind(type) != ASSAY_VOTE_NULLIFY) memset(v.block_id, id, 32);
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    assay_vote_encode(&v, 3, signature, &w);
    s.len = w.len;
    return s;
}

static struct sample vote(enum assay_vote_type type, uint8_t id)
{
    return vote_in(4, type, id);
}

static struct sample offence(unsigned number, const struct sample *a, const struct sample *b)
{
    struct sample s = { .len = 0 };
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    cr_assert_eq(assay_record_put_offence(&w, number, assay_slice_over(a->bytes, a->len),
                                          assay_slice_over(b->bytes, b->len)),
                 ASSAY_OK);
    s.len = w.len;
    return s;
}

static struct sample change_record(void)
{
    static const uint8_t ids[2][32] = { { 1 }, { 2 } };
    static const uint8_t signatures[2][64] = { { 5 }, { 6 } };
    const struct assay_change change = { .sequence = 4, .activation = 12 };
    const struct assay_action actions[2] = {
        { .kind = ASSAY_ACTION_REST, .node_id = { 3 } },
        { .kind = ASSAY_ACTION_POLICY, .document = assay_slice_over("policy", 6) },
    };
    uint8_t body[1024];
    struct sample s = { .len = 0 };
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_change_encode(&change, actions, 2, &inner), ASSAY_OK);
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    cr_assert_eq(assay_record_put_change(&w, assay_slice_over(body, inner.len), ids, signatures, 2),
                 ASSAY_OK);
    s.len = w.len;
    return s;
}

static struct sample review_record(void)
{
    static const uint8_t signature[64] = { 5 };
    const struct assay_review review = { .act = ASSAY_REVIEW_APPROVE,
                                         .place = ASSAY_REVIEW_PLACE_APPROVAL,
                                         .issued = 3,
                                         .expires = 9,
                                         .sequence = 1,
                                         .has_signature = true,
                                         .comment = assay_slice_over("fine", 4) };
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX];
    struct sample s = { .len = 0 };
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    cr_assert_eq(assay_review_encode(&review, &inner), ASSAY_OK);
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    cr_assert_eq(assay_record_put_review(&w, assay_slice_over(body, inner.len), signature,
                                         (struct assay_slice){ 0 }),
                 ASSAY_OK);
    s.len = w.len;
    return s;
}

/* One well-formed record of each kind. */
static struct sample sample_of(enum assay_record_kind kind)
{
    static const uint8_t digests[3][32] = { { 1 }, { 0 }, { 3 } };
    static const bool present[3] = { true, false, true };
    static const uint8_t path[2][32] = { { 7 }, { 8 } };
    struct sample s = { .len = 0 };
    const struct sample e = envelope_payload(4);
    const struct sample b = ballot_record();
    const struct assay_slice evidence = assay_slice_over("proof", 5);
    struct assay_writer w = assay_writer_over(s.bytes, BYTES_MAX);
    enum assay_status status = ASSAY_OK;
    switch (kind) {
    case ASSAY_RECORD_ROLL: status = assay_record_put_roll(&w, digests, present, 3); break;
    case ASSAY_RECORD_BALLOT: return b;
    case ASSAY_RECORD_FAIL:
        status = assay_record_put_fail(&w, assay_slice_over(e.bytes, e.len), evidence);
        break;
    case ASSAY_RECORD_INCARNATE: {
        const struct assay_incarnate i = { .epoch = 9, .incarnation = 2, .evidence_len = 5 };
        uint8_t digest[32];
        size_t at = 0, possession_at = 0;
        status = assay_record_put_incarnate(&w, &i, evidence, digest, &at, &possession_at);
        break;
    }
    case ASSAY_RECORD_OFFENCE: {
        const struct sample n1 = vote(ASSAY_VOTE_NOTARISE, 1);
        const struct sample n2 = vote(ASSAY_VOTE_NOTARISE, 2);
        return offence(1, &n1, &n2);
    }
    case ASSAY_RECORD_CONTRADICTION:
        status =
            assay_record_put_contradiction(&w, assay_slice_over(b.bytes, b.len),
                                           assay_slice_over(e.bytes, e.len), evidence, path, 2);
        break;
    case ASSAY_RECORD_CHANGE: return change_record();
    case ASSAY_RECORD_COLLATERAL:
        status = assay_record_put_update(&w, assay_slice_over("an offer", 8));
        break;
    case ASSAY_RECORD_REVIEW: return review_record();
    case ASSAY_RECORD_SERVICE: {
        const struct assay_service_body b9 = { .epoch = 9,
                                               .incarnation = 2,
                                               .number = 63,
                                               .kind = 4,
                                               .payload = assay_slice_over("offer", 5) };
        uint8_t digest[32];
        size_t at = 0;
        status = assay_record_put_service(&w, &b9, digest, &at);
        break;
    }
    case ASSAY_RECORD_KEYS: {
        const struct assay_keys_body none = { .epoch = 9,
                                              .incarnation = 2,
                                              .list = assay_slice_over("\x80", 1) };
        uint8_t digest[32];
        size_t at = 0;
        status = assay_record_put_keys(&w, &none, digest, &at);
        break;
    }
    }
    cr_assert_eq(status, ASSAY_OK);
    s.len = w.len;
    return s;
}

static enum assay_status decode(const uint8_t *bytes, size_t len, struct assay_record *r)
{
    uint8_t *exact = malloc(len + (len == 0));
    cr_assert_not_null(exact);
    assay_bytes_copy(exact, len, bytes, len);
    const enum assay_status status = assay_record_decode(assay_slice_over(exact, len), r);
    free(exact);
    return status;
}

#define KIND(symbol, number, row) symbol,
static const enum assay_record_kind kinds[] = { ASSAY_RECORD_LIST(KIND) };
#undef KIND
enum { KINDS = sizeof kinds / sizeof kinds[0] };

Test(record, every_kind_is_read_as_it_was_written)
{
    for (size_t i = 0; i < KINDS; i++) {
        const unsigned k = (unsigned)kinds[i];
        const struct sample s = sample_of((enum assay_record_kind)k);
        struct assay_record r;
        cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK, "%u", k);
        cr_assert_eq((unsigned)r.kind, k);
        cr_assert_not(assay_bytes_all_zero(r.key, 32));
        cr_assert_str_neq(assay_record_name(r.kind), "unknown");
    }
    cr_assert_str_eq(assay_record_name((enum assay_record_kind)0), "unknown");
}

Test(record, every_kind_is_refused_at_every_truncation_and_with_a_byte_more)
{
    for (size_t i = 0; i < KINDS; i++) {
        const unsigned k = (unsigned)kinds[i];
        struct sample s = sample_of((enum assay_record_kind)k);
        struct assay_record r;
        for (size_t len = 0; len < s.len; len++)
            cr_assert_neq(decode(s.bytes, len, &r), ASSAY_OK, "kind %u at %zu", k, len);
        s.bytes[s.len] = 0;
        cr_assert_eq(decode(s.bytes, s.len + 1, &r), ASSAY_E_TRAILING, "kind %u", k);
    }
}

Test(record, flipped_bits_never_crash_and_never_keep_the_key_of_a_signed_body)
{
    for (size_t i = 0; i < KINDS; i++) {
        const unsigned k = (unsigned)kinds[i];
        struct sample s = sample_of((enum assay_record_kind)k);
        struct assay_record whole;
        struct assay_record r;
        cr_assert_eq(decode(s.bytes, s.len, &whole), ASSAY_OK);
        for (size_t bit = 0; bit < 8 * s.len; bit++) {
            s.bytes[bit / 8] = (uint8_t)(s.bytes[bit / 8] ^ 1u << bit % 8);
            if (decode(s.bytes, s.len, &r) == ASSAY_OK && r.kind == ASSAY_RECORD_BALLOT &&
                !assay_bytes_equal(r.body_digest, whole.body_digest, 32))
                cr_assert_arr_neq(r.key, whole.key, 32);
            s.bytes[bit / 8] = (uint8_t)(s.bytes[bit / 8] ^ 1u << bit % 8);
        }
    }
}

Test(record, another_signature_says_the_same)
{
    struct sample s = ballot_record();
    struct assay_record a;
    struct assay_record b;
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &a), ASSAY_OK);
    struct sample t = s;
    t.bytes[t.len - 1] ^= 1;
    cr_assert_eq(assay_record_decode(assay_slice_over(t.bytes, t.len), &b), ASSAY_OK);
    cr_assert_arr_eq(a.key, b.key, 32);
}

Test(record, an_unknown_kind_is_unsupported)
{
    uint8_t bytes[16];
    struct assay_record r;
    for (uint64_t kind = 0; kind <= KINDS + 1; kind += KINDS + 1) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_cbor_put_array(&w, 2);
        assay_cbor_put_uint(&w, kind);
        assay_cbor_put_null(&w);
        cr_assert_eq(decode(bytes, w.len, &r), ASSAY_E_UNSUPPORTED);
    }
}

Test(record, evidence_has_a_length_of_one_to_the_limit)
{
    const struct sample e = envelope_payload(4);
    uint8_t *bytes = malloc(2 * ASSAY_EVIDENCE_LEN_MAX);
    uint8_t *evidence = calloc(1, ASSAY_EVIDENCE_LEN_MAX + 1);
    static const struct {
        size_t len;
        enum assay_status status;
    } cases[] = { { 0, ASSAY_E_RANGE },
                  { 1, ASSAY_OK },
                  { ASSAY_EVIDENCE_LEN_MAX, ASSAY_OK },
                  { ASSAY_EVIDENCE_LEN_MAX + 1, ASSAY_E_RANGE } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_record r;
        struct assay_writer w = assay_writer_over(bytes, 2 * ASSAY_EVIDENCE_LEN_MAX);
        cr_assert_eq(assay_record_put_fail(&w, assay_slice_over(e.bytes, e.len),
                                           assay_slice_over(evidence, cases[i].len)),
                     ASSAY_OK);
        cr_assert_eq(assay_record_decode(assay_slice_over(bytes, w.len), &r), cases[i].status);
    }
    free(bytes);
    free(evidence);
}

/* --- offences: which pairs convict */

Test(offence, only_the_right_pairs_convict)
{
    const struct sample n1 = vote(ASSAY_VOTE_NOTARISE, 1);
    const struct sample n2 = vote(ASSAY_VOTE_NOTARISE, 2);
    const struct sample f1 = vote(ASSAY_VOTE_FINALISE, 1);
    const struct sample f2 = vote(ASSAY_VOTE_FINALISE, 2);
    const struct sample x = vote(ASSAY_VOTE_NULLIFY, 0);
    const struct {
        unsigned number;
        const struct sample *a, *b;
        bool convicts;
    } cases[] = {
        { 1, &n1, &n2, true },  { 1, &n1, &n1, false }, { 1, &n1, &f2, false },
        { 2, &f1, &f2, true },  { 2, &f1, &n2, true },  { 2, &f1, &n1, false },
        { 2, &f1, &f1, false }, { 2, &x, &f1, false },  { 3, &x, &f1, true },
        { 3, &x, &n1, false }, /* X after N is allowed */
        { 3, &x, &x, false },   { 4, &n1, &n2, false }, { 5, &n1, &n2, false },
        { 7, &n1, &n2, false }, { 8, &n1, &n2, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_record r;
        const struct sample s = offence(cases[i].number, cases[i].a, cases[i].b);
        const enum assay_status status = assay_record_decode(assay_slice_over(s.bytes, s.len), &r);
        cr_assert_eq(status == ASSAY_OK, cases[i].convicts, "case %zu", i);
        if (status == ASSAY_OK) cr_expect_not(r.may_wait, "it strikes at once");
    }
}

/* docs/protocol.md 5.27: X of a range and F of a view in it. */
Test(offence, a_range_convicts_with_each_of_its_views_and_with_no_other)
{
    static const enum assay_vote_type types[] = { ASSAY_VOTE_NULLIFY_64, ASSAY_VOTE_NULLIFY_4096 };
    uint8_t keys[2][32];
    for (size_t i = 0; i < 2; i++) {
        const uint64_t span = assay_vote_span(types[i]);
        const struct sample x = vote_in(span + 1, types[i], 0);
        const uint64_t views[] = { span, span + 1, span + 7, 2 * span, 2 * span + 1 };
        for (size_t k = 0; k < 5; k++) {
            struct assay_record r;
            const struct sample f = vote_in(views[k], ASSAY_VOTE_FINALISE, 1);
            const struct sample n = vote_in(views[k], ASSAY_VOTE_NOTARISE, 1);
            struct sample s = offence(3, &x, &f);
            const bool inside = k > 0 && k < 4;
            cr_expect_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r) == ASSAY_OK,
                         inside, "span %u view %u", (unsigned)span, (unsigned)views[k]);
            if (inside && k < 3) assay_bytes_copy(keys[k - 1], 32, r.key, 32);
            s = offence(3, &x, &n);
            cr_expect_neq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK);
        }
        cr_expect(!assay_bytes_equal(keys[0], keys[1], 32)); /* the place is the view of F */
        struct assay_record r;
        const struct sample other = vote_in(2 * span + 1, types[i], 0);
        const struct sample s = offence(3, &x, &other);
        cr_expect_neq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK);
    }
    struct assay_record r;
    const struct sample x = vote_in(65, ASSAY_VOTE_NULLIFY_64, 0);
    const struct sample single = vote_in(71, ASSAY_VOTE_NULLIFY, 0);
    const struct sample f = vote_in(71, ASSAY_VOTE_FINALISE, 1);
    struct sample s = offence(3, &x, &f);
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK);
    assay_bytes_copy(keys[0], 32, r.key, 32);
    s = offence(3, &single, &f);
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK);
    cr_expect_arr_eq(r.key, keys[0], 32); /* the same F in vain: one offence, not two */
}

Test(offence, two_envelopes_must_differ)
{
    const struct sample a = envelope_payload(1);
    const struct sample b = envelope_payload(2);
    struct assay_record r;
    struct sample s = offence(8, &a, &b);
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK);
    cr_expect(r.may_wait, "docs/protocol.md 7.5.1");
    s = offence(8, &a, &a);
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_E_INVALID);
}

Test(offence, what_a_ballot_may_say)
{
    static const struct {
        uint8_t said;
        bool own;
        enum assay_outcome truth;
        enum assay_falsehood verdict;
    } cases[] = {
        { ASSAY_OUTCOME_FAIL_HARD, true, ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_FALSE_FAIL },
        { ASSAY_OUTCOME_FAIL_SOFT, true, ASSAY_OUTCOME_PASS_OUT_OF_DATE, ASSAY_FALSE_FAIL },
        { ASSAY_OUTCOME_FAIL_HARD, true, ASSAY_OUTCOME_FAIL_SOFT, ASSAY_FALSE_NONE },
        { ASSAY_OUTCOME_FAIL_HARD, true, ASSAY_OUTCOME_NONE, ASSAY_FALSE_NONE },
        { ASSAY_OUTCOME_FAIL_HARD, false, ASSAY_OUTCOME_NONE, ASSAY_FALSE_FAIL },
        { ASSAY_OUTCOME_PASS_UP_TO_DATE, true, ASSAY_OUTCOME_FAIL_HARD, ASSAY_FALSE_PASS },
        { ASSAY_OUTCOME_PASS_UP_TO_DATE, false, ASSAY_OUTCOME_NONE, ASSAY_FALSE_PASS },
        { ASSAY_OUTCOME_PASS_UP_TO_DATE, true, ASSAY_OUTCOME_PASS_OUT_OF_DATE, ASSAY_FALSE_PASS },
        { ASSAY_OUTCOME_PASS_NEEDS_HARDENING, true, ASSAY_OUTCOME_PASS_OUT_OF_DATE,
          ASSAY_FALSE_PASS },
        { ASSAY_OUTCOME_PASS_OUT_OF_DATE, true, ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_FALSE_FAIL },
        { ASSAY_OUTCOME_PASS_NEEDS_HARDENING, true, ASSAY_OUTCOME_PASS_UP_TO_DATE,
          ASSAY_FALSE_FAIL },
        { ASSAY_OUTCOME_PASS_OUT_OF_DATE, true, ASSAY_OUTCOME_PASS_OUT_OF_DATE, ASSAY_FALSE_NONE },
        { ASSAY_OUTCOME_ABSENT, true, ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_FALSE_NONE },
        { ASSAY_OUTCOME_NONE, true, ASSAY_OUTCOME_FAIL_HARD, ASSAY_FALSE_NONE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_assert_eq(assay_record_falsehood(cases[i].said, cases[i].own, cases[i].truth, false),
                     cases[i].verdict, "case %zu", i);
}

/* --- envelopes and pulls */

Test(envelope, is_refused_at_every_truncation)
{
    const struct sample s = envelope_payload(4);
    struct assay_envelope e;
    cr_assert_eq(assay_envelope_decode(assay_slice_over(s.bytes, s.len), &e), ASSAY_OK);
    cr_assert_leq(s.len, ASSAY_ENVELOPE_LEN_MAX);
    for (size_t len = 0; len < s.len; len++) {
        uint8_t *exact = malloc(len + 1);
        assay_bytes_copy(exact, len, s.bytes, len);
        cr_assert_neq(assay_envelope_decode(assay_slice_over(exact, len), &e), ASSAY_OK);
        free(exact);
    }
}

Test(envelope, the_binding_depends_on_each_part)
{
    uint8_t chain[32] = { 1 };
    uint8_t beacon[32] = { 2 };
    uint8_t node[32] = { 3 };
    uint8_t voting[64] = { 4 };
    uint8_t transport[32] = { 5 };
    struct assay_binding b = { chain, 0, 1, beacon, node, 1, voting, transport, NULL };
    uint8_t first[64];
    uint8_t other[64];
    assay_binding_report_data(&b, first);
    uint8_t *const parts[] = { chain, beacon, node, voting, transport };
    for (size_t i = 0; i < 5; i++) {
        parts[i][31] ^= 1;
        assay_binding_report_data(&b, other);
        cr_assert_arr_neq(first, other, 64, "part %zu", i);
        parts[i][31] ^= 1;
    }
    b.era++;
    assay_binding_report_data(&b, other);
    cr_assert_arr_neq(first, other, 64);
    b.era--;
    b.epoch++;
    assay_binding_report_data(&b, other);
    cr_assert_arr_neq(first, other, 64);
    b.epoch--;
    b.incarnation++;
    assay_binding_report_data(&b, other);
    cr_assert_arr_neq(first, other, 64);
}

Test(envelope, a_pull_has_one_bit_a_member)
{
    uint8_t bytes[32];
    static const uint8_t bitmap[2] = { 0x81, 0x01 };
    uint64_t epoch = 0;
    struct assay_slice slots;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_envelope_pull_encode(77, assay_slice_over(bitmap, 2), &w), ASSAY_OK);
    const struct assay_slice payload = assay_slice_over(bytes, w.len);
    cr_assert_eq(assay_envelope_pull_decode(payload, 9, &epoch, &slots), ASSAY_OK);
    cr_assert_eq(epoch, 77);
    cr_assert_eq(slots.bytes[0], 0x81);
    cr_assert_eq(assay_envelope_pull_decode(payload, 17, &epoch, &slots), ASSAY_E_STALE);
    cr_assert_eq(assay_envelope_pull_decode(payload, 8, &epoch, &slots), ASSAY_E_EARLY);
}

Test(ballot, exceptions_ascend)
{
    struct sample s = ballot_record();
    struct assay_record r;
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_OK);
    cr_assert_eq(assay_ballot_exception(&r.ballot, 6)->slot, 6);
    cr_assert_null(assay_ballot_exception(&r.ballot, 2));
    /* [1, digest] and [6, digest]: make the second one a 1 too */
    for (size_t i = s.len - 110; i < s.len; i++) {
        if (s.bytes[i] != 0x06 || s.bytes[i - 1] != 0x82) continue;
        s.bytes[i] = 0x01;
    }
    cr_assert_eq(assay_record_decode(assay_slice_over(s.bytes, s.len), &r), ASSAY_E_ENCODING);
}
