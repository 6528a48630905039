/*
 * engine/ledger/ballot.c - the encoding of ballots (docs/protocol.md 4.3).
 */
#include "engine/ledger/ballot.h"

#include "base/assert.h"
#include "base/cbor.h"

void assay_ballot_encode(const struct assay_ballot *ballot, struct assay_writer *w)
{
    ASSAY_ASSERT(ballot->exception_count <= ASSAY_EXCEPTIONS_MAX);
    assay_cbor_put_array(w, 12);
    assay_cbor_put_text(w, "assay/ballot/v1");
    assay_cbor_put_bytes(w, ballot->chain_id, 32);
    assay_cbor_put_uint(w, ballot->era);
    assay_cbor_put_uint(w, ballot->epoch);
    assay_cbor_put_bytes(w, ballot->node_id, 32);
    assay_cbor_put_uint(w, ballot->incarnation);
    assay_cbor_put_bytes(w, ballot->roll_root, 32);
    assay_cbor_put_bytes(w, ballot->endorsements_digest, 32);
    assay_cbor_put_bytes(w, ballot->policy_digest, 32);
    assay_cbor_put_bytes(w, ballot->verifier_digest, 32);
    assay_cbor_put_bytes(w, ballot->row.bytes, ballot->row.len);
    assay_cbor_put_array(w, ballot->exception_count);
    for (uint32_t i = 0; i < ballot->exception_count; i++) {
        const struct assay_exception *e = &ballot->exceptions[i];
        if (i > 0) ASSAY_ASSERT(e->slot > e[-1].slot);
        assay_cbor_put_array(w, 2);
        assay_cbor_put_uint(w, e->slot);
        assay_cbor_put_bytes(w, e->digest, 32);
    }
}

static enum assay_status read_exceptions(struct assay_cursor *c, struct assay_ballot *b)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_EXCEPTIONS_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct assay_exception *e = &b->exceptions[i];
        uint64_t slot = 0;
        ASSAY_TRY(assay_cbor_array_exact(c, 2));
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_SCORING_MEMBERS_MAX - 1, &slot));
        ASSAY_TRY(assay_cbor_bytes_exact(c, e->digest, 32));
        e->slot = (uint32_t)slot;
        if (i > 0 && e->slot <= e[-1].slot) return ASSAY_E_ENCODING;
    }
    b->exception_count = (uint32_t)count;
    return ASSAY_OK;
}

enum assay_status assay_ballot_decode(struct assay_slice body, struct assay_ballot *ballot)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    struct assay_ballot b = { 0 };
    uint64_t era = 0;
    uint64_t incarnation = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 12));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/ballot/v1"));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b.chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &b.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b.node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &incarnation));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b.roll_root, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b.endorsements_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b.policy_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b.verifier_digest, 32));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BALLOT_ROW_LEN_MAX, &b.row));
    ASSAY_TRY(read_exceptions(&c, &b));
    ASSAY_TRY(assay_cursor_end(&c));
    b.era = (uint32_t)era;
    b.incarnation = (uint32_t)incarnation;
    *ballot = b;
    return ASSAY_OK;
}

const struct assay_exception *assay_ballot_exception(const struct assay_ballot *ballot,
                                                     uint32_t slot)
{
    for (uint32_t i = 0; i < ballot->exception_count; i++) {
        if (ballot->exceptions[i].slot == slot) return &ballot->exceptions[i];
    }
    return NULL;
}
