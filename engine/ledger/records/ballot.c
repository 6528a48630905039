/*
 * engine/ledger/records/ballot.c - encoding of ballots (docs/protocol.md 4.3).
 */
#include "engine/ledger/records/ballot.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/state/genesis.h"

enum { ITEMS = 12, WITH_LEVEL, WITH_GRANTS };

static uint64_t item_count(const struct assay_ballot *ballot)
{
    if (ballot->grants.names > 0) return WITH_GRANTS;
    return ballot->level > 0 ? WITH_LEVEL : ITEMS;
}

size_t assay_ballot_len_max(uint32_t members, uint32_t names)
{
    return ASSAY_BALLOT_FIXED_LEN_MAX + assay_votes_row_len(members) +
           assay_grants_row_len(members, names);
}

static void encode_grants(struct assay_writer *w, const struct assay_ballot_grants *grants)
{
    ASSAY_ASSERT(grants->names <= ASSAY_GRANTS_MAX);
    ASSAY_ASSERT(grants->row.len > 0 && grants->row.len <= ASSAY_BALLOT_GRANTS_LEN_MAX);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_bytes(w, grants->digest, 32);
    assay_cbor_put_uint(w, grants->names);
    assay_cbor_put_bytes(w, grants->row.bytes, grants->row.len);
}

void assay_ballot_encode(const struct assay_ballot *ballot, struct assay_writer *w)
{
    ASSAY_ASSERT(ballot->row.len <= ASSAY_BALLOT_ROW_LEN_MAX);
    const size_t start = w->len;
    ASSAY_ASSERT(ballot->exception_count <= ASSAY_EXCEPTIONS_MAX);
    ASSAY_ASSERT(ballot->grants.names == 0 || ballot->level > 0);
    assay_cbor_put_array(w, item_count(ballot));
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
    if (ballot->level > 0) assay_cbor_put_uint(w, ballot->level);
    if (ballot->grants.names > 0) encode_grants(w, &ballot->grants);
    ASSAY_ASSERT(w->full || w->len - start <= ASSAY_BALLOT_FIXED_LEN_MAX + ballot->row.len +
                                                  ballot->grants.row.len);
}

static enum assay_status decode_exceptions(struct assay_cursor *c, struct assay_ballot *b)
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

/* Whether the row is one of the roster's size is for those with a roster. */
static enum assay_status decode_grants(struct assay_cursor *c, struct assay_ballot_grants *grants)
{
    uint64_t names = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(c, grants->digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_GRANTS_MAX, &names));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_BALLOT_GRANTS_LEN_MAX, &grants->row));
    if (names == 0 || grants->row.len == 0) return ASSAY_E_ENCODING; /* left out then */
    grants->names = (uint32_t)names;
    return ASSAY_OK;
}

enum assay_status assay_ballot_decode(struct assay_slice body, struct assay_ballot *ballot)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    struct assay_ballot b = { 0 };
    uint64_t era = 0;
    uint64_t incarnation = 0;
    uint64_t items = 0;
    uint64_t level = 0;
    ASSAY_TRY(assay_cbor_array(&c, WITH_GRANTS, &items));
    if (items < ITEMS) return ASSAY_E_TYPE;
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
    ASSAY_TRY(decode_exceptions(&c, &b));
    if (items > ITEMS) ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_LEVEL_MAX, &level));
    if (items > ITEMS && level == 0) return ASSAY_E_ENCODING; /* one meaning, one encoding */
    if (items == WITH_GRANTS) ASSAY_TRY(decode_grants(&c, &b.grants));
    ASSAY_TRY(assay_cursor_end(&c));
    b.level = (uint32_t)level;
    b.era = (uint32_t)era;
    b.incarnation = (uint32_t)incarnation;
    *ballot = b;
    ASSAY_ASSERT(b.row.len <= ASSAY_BALLOT_ROW_LEN_MAX &&
                 b.exception_count <= ASSAY_EXCEPTIONS_MAX);
    return ASSAY_OK;
}

bool assay_ballot_grants_by(const struct assay_ballot_grants *said,
                            const struct assay_grants *grants)
{
    return grants != NULL && said->names == grants->count &&
           assay_bytes_equal(said->digest, grants->digest, 32);
}

bool assay_ballot_names(uint64_t epoch, uint32_t k, uint32_t omitted)
{
    ASSAY_ASSERT(k < omitted && omitted <= ASSAY_SCORING_MEMBERS_MAX);
    if (omitted <= ASSAY_EXCEPTIONS_MAX) return true;
    const uint32_t first = (uint32_t)(epoch % omitted * ASSAY_EXCEPTIONS_MAX % omitted);
    return (k + omitted - first) % omitted < ASSAY_EXCEPTIONS_MAX;
}

const struct assay_exception *assay_ballot_exception(const struct assay_ballot *ballot,
                                                     uint32_t slot)
{
    ASSAY_ASSERT(ballot->exception_count <= ASSAY_EXCEPTIONS_MAX);

    for (uint32_t i = 0; i < ballot->exception_count; i++) {
        if (ballot->exceptions[i].slot == slot) return &ballot->exceptions[i];
    }
    return NULL;
}
