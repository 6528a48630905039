/*
 * engine/ledger/records/review_record.c - REVIEW in blocks: shape, keys, dates and the part of an
 * epoch that each operator has (docs/protocol.md 9.19).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/records/review.h"

enum { BODY_ITEMS = 13 };

static const char label[] = "assay/review/v1";

enum assay_status assay_review_encode(const struct assay_review *r, struct assay_writer *w)
{
    struct assay_slice all;
    ASSAY_ASSERT(assay_review_comment_is_fit(r->comment));
    ASSAY_ASSERT(r->has_signature == (r->act != ASSAY_REVIEW_WITHDRAW));
    assay_cbor_put_array(w, BODY_ITEMS);
    assay_cbor_put_text(w, label);
    assay_cbor_put_bytes(w, r->chain_id, 32);
    assay_cbor_put_uint(w, r->era);
    assay_cbor_put_bytes(w, r->operator_id, 32);
    assay_cbor_put_uint(w, (uint64_t)r->act);
    assay_cbor_put_uint(w, r->place);
    assay_cbor_put_uint(w, r->issued);
    assay_cbor_put_uint(w, r->number);
    assay_cbor_put_bytes(w, r->digest, 32);
    assay_cbor_put_uint(w, r->sequence);
    assay_cbor_put_uint(w, r->expires);
    assay_cbor_put_text_n(w, r->comment.len > 0 ? (const char *)r->comment.bytes : "",
                          r->comment.len);
    if (r->has_signature) assay_cbor_put_bytes(w, r->change_signature, ASSAY_P256_SIGNATURE_LEN);
    else assay_cbor_put_null(w);
    return assay_writer_finish(w, &all);
}

/* U+0080 to U+009F control a terminal; U+061C, U+200E, U+200F, U+202A to U+202E and U+2066 to
 * U+2069 reorder a line; U+2028 and U+2029 end it. */
static bool is_control(const uint8_t *b, size_t len)
{
    if (b[0] < ' ' || b[0] == 0x7f) return true;
    if (b[0] == 0xc2 && len > 1) return b[1] < 0xa0;
    if (b[0] == 0xd8 && len > 1) return b[1] == 0x9c;
    if (b[0] != 0xe2 || len < 3) return false;
    if (b[1] == 0x80) return (b[2] >= 0xa8 && b[2] <= 0xae) || b[2] == 0x8e || b[2] == 0x8f;
    return b[1] == 0x81 && b[2] >= 0xa6 && b[2] <= 0xa9;
}

/* Others read a comment in a terminal: one line, without colours, in its own order. */
static bool is_line(struct assay_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.bytes + i, text.len - i)) return false;
    return true;
}

bool assay_review_comment_is_fit(struct assay_slice text)
{
    uint8_t bytes[ASSAY_REVIEW_COMMENT_MAX + 8];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice out;
    if (text.len > ASSAY_REVIEW_COMMENT_MAX || !is_line(text)) return false;
    /* The decoder has the rule of UTF-8: a byte string with the type of a text. */
    assay_cbor_put_bytes(&w, text.bytes, text.len);
    bytes[0] ^= 0x20;
    struct assay_cursor c = assay_cursor_over(bytes, w.len);
    return assay_cbor_text(&c, ASSAY_REVIEW_COMMENT_MAX, &out) == ASSAY_OK;
}

/* What act and place allow each other. */
static enum assay_status check_shape(const struct assay_review *r)
{
    const bool is_proposal = r->place < ASSAY_REVIEW_PLACES;
    if (r->act == ASSAY_REVIEW_PROPOSE && !is_proposal) return ASSAY_E_RANGE;
    if (r->act == ASSAY_REVIEW_APPROVE && is_proposal) return ASSAY_E_RANGE;
    if (r->has_signature != (r->act != ASSAY_REVIEW_WITHDRAW)) return ASSAY_E_ENCODING;
    /* A change without a number needs one signature: there is nothing to propose. */
    if (r->sequence == 0) return ASSAY_E_RANGE;
    if (r->expires < r->issued || r->expires - r->issued > ASSAY_REVIEW_EPOCHS_MAX)
        return ASSAY_E_RANGE;
    return is_line(r->comment) ? ASSAY_OK : ASSAY_E_SYNTAX;
}

static enum assay_status decode_u32(struct assay_cursor *c, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    *out = (uint32_t)value;
    return ASSAY_OK;
}

enum assay_status assay_review_decode(struct assay_slice body, struct assay_review *review)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    struct assay_review r = { 0 };
    enum assay_cbor_type type;
    uint32_t act = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, BODY_ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(&c, label));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, r.chain_id, 32));
    ASSAY_TRY(decode_u32(&c, UINT32_MAX, &r.era));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, r.operator_id, 32));
    ASSAY_TRY(decode_u32(&c, ASSAY_REVIEW_WITHDRAW, &act));
    if (act == 0) return ASSAY_E_RANGE;
    r.act = (enum assay_review_act)act;
    ASSAY_TRY(decode_u32(&c, ASSAY_REVIEW_PLACE_APPROVAL, &r.place));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &r.issued));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &r.number));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, r.digest, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &r.sequence));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &r.expires));
    ASSAY_TRY(assay_cbor_text(&c, ASSAY_REVIEW_COMMENT_MAX, &r.comment));
    ASSAY_TRY(assay_cbor_peek(&c, &type));
    r.has_signature = type != ASSAY_CBOR_NULL;
    ASSAY_TRY(r.has_signature
                  ? assay_cbor_bytes_exact(&c, r.change_signature, ASSAY_P256_SIGNATURE_LEN)
                  : assay_cbor_null(&c));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(check_shape(&r));
    *review = r;
    return ASSAY_OK;
}

enum assay_status assay_record_put_review(struct assay_writer *w, struct assay_slice body,
                                          const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                                          struct assay_slice change)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 4);
    assay_cbor_put_uint(w, ASSAY_RECORD_REVIEW);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, signature, ASSAY_P256_SIGNATURE_LEN);
    assay_cbor_put_bytes(w, change.bytes, change.len);
    return assay_writer_finish(w, &all);
}

uint32_t assay_review_share(uint32_t operators)
{
    ASSAY_ASSERT(operators > 0 && operators <= ASSAY_REVIEWS_EPOCH_MAX);
    const uint32_t share = ASSAY_REVIEWS_EPOCH_MAX / operators;
    return share < ASSAY_REVIEWS_OPERATOR_MAX ? share : ASSAY_REVIEWS_OPERATOR_MAX;
}

_Static_assert((int)ASSAY_REVIEWS_EPOCH_MAX >= 2 * (int)ASSAY_OPERATORS_MAX,
               "each operator has a part, and half of it is for fresh records");

const char *assay_review_act_name(enum assay_review_act act)
{
    switch (act) {
    case ASSAY_REVIEW_PROPOSE: return "propose";
    case ASSAY_REVIEW_APPROVE: return "approve";
    case ASSAY_REVIEW_WITHDRAW: return "withdraw";
    }
    return "unknown";
}

/* --- the row */

/* A proposal is about the change in it, and about no other. */
static enum assay_status decode_proposed(const struct assay_record *r, struct assay_change *change)
{
    const struct assay_review *review = &r->review;
    uint8_t digest[32];
    assay_sha256(review->change.bytes, review->change.len, digest);
    if (!assay_bytes_equal(digest, review->digest, 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_change_decode(review->change, change));
    if (!assay_bytes_equal(change->chain_id, review->chain_id, 32)) return ASSAY_E_CHAIN;
    if (change->era != review->era) return ASSAY_E_CHAIN;
    return change->sequence == review->sequence ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status decode_review(struct assay_cursor *c, struct assay_record *r)
{
    struct assay_slice change;
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_REVIEW_BODY_LEN_MAX, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_REVIEW_CHANGE_LEN_MAX, &change));
    ASSAY_TRY(assay_review_decode(r->body, &r->review));
    const bool proposes = r->review.act == ASSAY_REVIEW_PROPOSE;
    if (proposes != (change.len > 0)) return ASSAY_E_ENCODING;
    r->review.change = change;
    if (proposes) ASSAY_TRY(decode_proposed(r, &r->change));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    assay_record_key(ASSAY_RECORD_REVIEW, r->body, r->key);
    return ASSAY_OK;
}

static enum assay_status check_signatures(const struct assay_context *context,
                                          const struct assay_record *r,
                                          const struct assay_genesis_operator *operator_)
{
    const struct assay_review *review = &r->review;
    struct assay_p256 *key = NULL;
    if (context->unsigned_) return ASSAY_OK;
    ASSAY_TRY(assay_p256_load(operator_->public_key, &key));
    const bool good =
        assay_p256_verify(key, r->body_digest, r->signature, ASSAY_S_LOW) &&
        (!review->has_signature ||
         assay_p256_verify(key, review->digest, review->change_signature, ASSAY_S_LOW));
    assay_p256_free(&key);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

/* An operator is its first member in the pool, one without members any. The pool counts by subject,
 * which is the operator's index: no operator shares the count of another. */
static uint32_t slot_of_operator(const struct assay_context *context, uint32_t index)
{
    const struct assay_state *state = context->state;
    const uint8_t *id = context->effective->operators[index].operator_id;
    ASSAY_ASSERT(state->member_count > 0);
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_bytes_equal(state->members[i].operator_id, id, 32)) return i;
    return index % state->member_count;
}

/* Only its operator decides how many of these there are, and soon they are old. */
static bool is_fresh(const struct assay_context *context, uint64_t issued)
{
    return issued + ASSAY_REVIEW_FRESH_EPOCHS > context->epoch;
}

/* All that it depends on is the same on every branch of an epoch: the state of the epoch before. */
static enum assay_status check_review(const struct assay_context *context,
                                      struct assay_record *record)
{
    const struct assay_review *r = &record->review;
    const struct assay_state *state = context->state;
    if (context->effective == NULL) return ASSAY_E_UNSUPPORTED;
    if (!assay_bytes_equal(r->chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (r->era != state->era) return ASSAY_E_CHAIN;
    /* No build that cannot read it is asked to. */
    if (state->rules.parameters.level < ASSAY_LEVEL_REVIEWS) return ASSAY_E_EARLY;
    if (r->issued > context->epoch) return ASSAY_E_EARLY;
    if (r->issued + ASSAY_REVIEW_EPOCHS_MAX < context->epoch) return ASSAY_E_STALE;
    if (r->sequence <= state->change_sequence) return ASSAY_E_STALE; /* the number is taken */
    const struct assay_genesis_operator *o =
        assay_operator_find(context->effective, r->operator_id);
    if (o == NULL) return ASSAY_E_STRANGER;
    ASSAY_TRY(check_signatures(context, record, o));
    if (r->act == ASSAY_REVIEW_PROPOSE) {
        if (state->rules.parameters.level < assay_change_level(&record->change))
            return ASSAY_E_EARLY;
        ASSAY_TRY(assay_change_documents_check(context, &record->change));
    }
    record->slot = slot_of_operator(context, (uint32_t)(o - context->effective->operators));
    record->subject = (uint32_t)(o - context->effective->operators);
    record->epoch = context->epoch;
    record->incarnation = state->members[record->slot].lives[0].incarnation;
    record->share = assay_review_share(context->effective->operator_count);
    record->is_old = !is_fresh(context, r->issued);
    return ASSAY_OK;
}

static uint16_t index_of_operator(const struct assay_context *context, const struct assay_record *r)
{
    const struct assay_genesis_operator *o =
        assay_operator_find(context->effective, r->review.operator_id);
    ASSAY_ASSERT(o != NULL); /* check_review, in this epoch */
    return (uint16_t)(o - context->effective->operators);
}

static void use_part(struct assay_review_part *part, bool proposes, bool is_old)
{
    part->count++;
    part->bodies += proposes;
    part->old += is_old;
    part->old_bodies += is_old && proposes;
}

/* Anybody may put all old records of an operator into a block, in any order, before the operator's
 * next one arrives. So these have half of its part at most, and half of its bodies, which are long:
 * what was issued a short time ago always finds the other half. */
static bool has_room(const struct assay_review_part *part, uint32_t share, bool proposes,
                     bool is_old)
{
    const bool fresh = !is_old;
    if (part->count >= share || (!fresh && part->old >= share / 2)) return false;
    if (!proposes) return true;
    return part->bodies < ASSAY_REVIEW_BODIES_MAX &&
           (fresh || part->old_bodies < ASSAY_REVIEW_BODIES_MAX / 2);
}

/* Of the pool: as blocks do, so that one operator has nodes relay no more than blocks could take,
 * and the old records that anybody sends keep no fresh one out. */
static bool take_part(struct assay_review_part *part, const struct assay_record *r)
{
    const bool proposes = r->review.act == ASSAY_REVIEW_PROPOSE;
    ASSAY_ASSERT(r->share > 0);
    if (!has_room(part, r->share, proposes, r->is_old)) return false;
    use_part(part, proposes, r->is_old);
    return true;
}

static enum assay_status check_review_fits(const struct assay_context *context,
                                           const struct assay_ledger *l,
                                           const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_REVIEW && l->review_count <= ASSAY_REVIEWS_EPOCH_MAX);
    if (r->epoch != context->epoch) return ASSAY_E_STALE;
    const uint16_t operator_ = index_of_operator(context, r);
    const uint32_t share = assay_review_share(context->effective->operator_count);
    struct assay_review_part part = { 0 };
    for (uint32_t i = 0; i < l->review_count; i++) {
        const struct assay_ledger_review *other = &l->reviews[i];
        if (other->operator_ != operator_) continue;
        if (assay_bytes_equal(other->key, r->key, sizeof other->key)) return ASSAY_E_DUPLICATE;
        use_part(&part, other->proposes, !is_fresh(context, other->issued));
    }
    return has_room(&part, share, r->review.act == ASSAY_REVIEW_PROPOSE,
                    !is_fresh(context, r->review.issued))
               ? ASSAY_OK
               : ASSAY_E_FULL;
}

static void apply_review(const struct assay_context *context, struct assay_ledger *l,
                         const struct assay_record *r)
{
    ASSAY_ASSERT(l->review_count < ASSAY_REVIEWS_EPOCH_MAX); /* shares */
    struct assay_ledger_review *own = &l->reviews[l->review_count++];
    own->operator_ = index_of_operator(context, r);
    own->issued = r->review.issued;
    own->proposes = r->review.act == ASSAY_REVIEW_PROPOSE;
    assay_bytes_copy(own->key, sizeof own->key, r->key, sizeof own->key);
}

static bool is_issued_later(const struct assay_review *a, uint64_t issued, uint64_t number)
{
    return a->issued != issued ? a->issued > issued : a->number > number;
}

/* Old records, which anybody may send again, keep no later one out of the pool. */
static bool yields_to_later(const struct assay_record *a, const struct assay_record *b)
{
    return is_issued_later(&b->review, a->review.issued, a->review.number);
}

const struct assay_record_row assay_row_review = {
    .name = "review",
    .items = 4,
    .limits = { .of_subject = 4 },
    .places_of = 3,
    .yields = yields_to_later,
    .take_part = take_part,
    .full_for_epoch = true,
    .decode = decode_review,
    .check = check_review,
    .fits = check_review_fits,
    .apply = apply_review,
};
