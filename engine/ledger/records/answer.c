/*
 * engine/ledger/records/answer.c - ANSWER to a FENCE, and the grounds of a RECOVER: a FENCE with
 * its answers (docs/protocol.md 9.13 to 9.15).
 */
#include "base/assert.h"
#include "base/cbor.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/recover.h"

static const char answer_tag[] = "assay/answer/v1";
static const char answer_file_tag[] = "assay/answer-signed/v1";
static const char grounds_tag[] = "assay/recover-grounds/v1";

/* --- ANSWER */

static enum assay_status encode_rest(const struct assay_answer_body *b, struct assay_writer *w,
                                     struct assay_slice *all)
{
    ASSAY_ASSERT(b->vote_count <= ASSAY_ANSWER_VOTES_MAX);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_bytes(w, b->certificate.bytes, b->certificate.len);
    assay_cbor_put_array(w, b->vote_count);
    for (uint32_t i = 0; i < b->vote_count; i++) {
        assay_cbor_put_array(w, 3);
        assay_cbor_put_uint(w, b->votes[i].view);
        assay_cbor_put_uint(w, b->votes[i].height);
        assay_cbor_put_bytes(w, b->votes[i].id, 32);
    }
    assay_cbor_put_array(w, b->has_keys);
    if (b->has_keys) assay_recover_keys_put(w, &b->keys);
    return assay_writer_finish(w, all);
}

enum assay_status assay_answer_body_encode(const struct assay_answer_body *b,
                                           struct assay_writer *rest, struct assay_writer *w)
{
    struct assay_slice all = { 0 };
    uint8_t digest[32];
    ASSAY_TRY(encode_rest(b, rest, &all));
    assay_sha256(all.bytes, all.len, digest);
    assay_cbor_put_array(w, 13);
    assay_cbor_put_text(w, answer_tag);
    assay_cbor_put_bytes(w, b->chain_id, 32);
    assay_cbor_put_uint(w, b->era);
    assay_cbor_put_bytes(w, b->fence_digest, 32);
    assay_cbor_put_bytes(w, b->node_id, 32);
    assay_cbor_put_uint(w, b->epoch);
    assay_cbor_put_uint(w, b->height);
    assay_cbor_put_uint(w, b->view);
    assay_cbor_put_uint(w, b->time_ms);
    assay_cbor_put_bytes(w, b->id, 32);
    assay_cbor_put_bytes(w, b->state_root, 32);
    assay_cbor_put_bool(w, b->whole);
    assay_cbor_put_bytes(w, digest, sizeof digest);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_answer_encode(struct assay_slice core, struct assay_slice rest,
                                      const uint8_t identity_public[static ASSAY_P256_PUBLIC_LEN],
                                      const uint8_t identified[static 64],
                                      const uint8_t voted[static 64], struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 6);
    assay_cbor_put_text(w, answer_file_tag);
    assay_cbor_put_bytes(w, core.bytes, core.len);
    assay_cbor_put_bytes(w, rest.bytes, rest.len);
    assay_cbor_put_bytes(w, identity_public, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_bytes(w, identified, ASSAY_P256_SIGNATURE_LEN);
    assay_cbor_put_bytes(w, voted, ASSAY_P256_SIGNATURE_LEN);
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_core(struct assay_slice core, struct assay_answer_body *b,
                                     uint8_t rest[static 32])
{
    struct assay_cursor c = assay_cursor_over(core.bytes, core.len);
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 13));
    ASSAY_TRY(assay_cbor_text_expect(&c, answer_tag));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX - 1, &era));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->fence_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &b->epoch));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &b->height));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &b->view));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &b->time_ms));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->state_root, 32));
    ASSAY_TRY(assay_cbor_bool(&c, &b->whole));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, rest, 32));
    b->era = (uint32_t)era;
    if (b->epoch == 0) return ASSAY_E_RANGE;
    return assay_cursor_end(&c);
}

static enum assay_status decode_votes(struct assay_cursor *c, struct assay_answer_body *b)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_ANSWER_VOTES_MAX, &count));
    for (uint64_t i = 0; i < count; i++) {
        struct assay_answer_vote *v = &b->votes[i];
        ASSAY_TRY(assay_cbor_array_exact(c, 3));
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &v->view));
        ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &v->height));
        ASSAY_TRY(assay_cbor_bytes_exact(c, v->id, 32));
        /* Ascending, above the head: one meaning, one encoding. */
        if (v->view <= (i > 0 ? b->votes[i - 1].view : b->view)) return ASSAY_E_ENCODING;
    }
    b->vote_count = (uint32_t)count;
    return ASSAY_OK;
}

static enum assay_status decode_rest(struct assay_slice rest, struct assay_answer_body *b)
{
    struct assay_cursor c = assay_cursor_over(rest.bytes, rest.len);
    uint64_t keys = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &b->certificate));
    ASSAY_TRY(decode_votes(&c, b));
    ASSAY_TRY(assay_cbor_array(&c, 1, &keys));
    b->has_keys = keys > 0;
    if (b->has_keys) ASSAY_TRY(assay_recover_keys_next(&c, &b->keys));
    return assay_cursor_end(&c);
}

static enum assay_status check_answer(const struct assay_answer_file *a,
                                      const uint8_t rest_digest[static 32])
{
    uint8_t digest[32];
    assay_sha256(a->rest.bytes, a->rest.len, digest);
    if (!assay_bytes_equal(digest, rest_digest, 32)) return ASSAY_E_SIGNATURE;
    ASSAY_TRY(assay_recover_signed(a->identity_public, a->digest, a->identified));
    if (!a->about.has_keys) return ASSAY_OK;
    if (!assay_bytes_equal(a->about.keys.node_id, a->about.node_id, 32)) return ASSAY_E_SIGNATURE;
    return assay_recover_keys_check(a->about.chain_id, a->about.era, &a->about.keys,
                                    a->identity_public);
}

enum assay_status assay_answer_decode(struct assay_slice bytes, struct assay_answer_file *answer)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_answer_file *a = answer;
    uint8_t rest_digest[32];
    assay_bytes_zero(a, sizeof *a);
    if (bytes.len > ASSAY_ANSWER_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 6));
    ASSAY_TRY(assay_cbor_text_expect(&c, answer_file_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_ANSWER_CORE_LEN_MAX, &a->core));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_ANSWER_LEN_MAX, &a->rest));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, a->identity_public, ASSAY_P256_PUBLIC_LEN));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, a->identified, ASSAY_P256_SIGNATURE_LEN));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, a->voted, ASSAY_P256_SIGNATURE_LEN));
    ASSAY_TRY(assay_cursor_end(&c));
    ASSAY_TRY(decode_core(a->core, &a->about, rest_digest));
    ASSAY_TRY(decode_rest(a->rest, &a->about));
    assay_sha256(a->core.bytes, a->core.len, a->digest);
    return check_answer(a, rest_digest);
}

/* --- grounds */

enum assay_status assay_recover_grounds_encode(struct assay_slice fence,
                                               const struct assay_answer_file *const *answers,
                                               uint32_t count, struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, grounds_tag);
    assay_cbor_put_bytes(w, fence.bytes, fence.len);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_answer_file *a = answers[i];
        if (i > 0 && assay_bytes_compare(answers[i - 1]->about.node_id, a->about.node_id, 32) >= 0)
            return ASSAY_E_RANGE;
        assay_cbor_put_array(w, 3);
        assay_cbor_put_bytes(w, a->core.bytes, a->core.len);
        assay_cbor_put_bytes(w, a->identified, ASSAY_P256_SIGNATURE_LEN);
        assay_cbor_put_bytes(w, a->voted, ASSAY_P256_SIGNATURE_LEN);
    }
    return assay_writer_finish(w, &all);
}

bool assay_recover_is_grounded(const struct assay_recover_weight *weight)
{
    return weight->has_head && assay_third(weight->answered, weight->total);
}

bool assay_recover_is_complete(const struct assay_recover_weight *weight)
{
    return assay_recover_is_grounded(weight) && assay_quorum(weight->whole, weight->total);
}

static bool find_member(const void *context, const uint8_t node_id[static 32],
                        struct assay_recover_voter *voter)
{
    const struct assay_state *state = context;
    const uint32_t slot = assay_state_slot_of(state, node_id);
    if (slot == state->member_count) return false;
    const struct assay_member *m = &state->members[slot];
    /* Members' weights, not seats: who is gone may be every representative (9.14). */
    *voter = (struct assay_recover_voter){ .identity_public = m->identity_public,
                                           .voting_public = m->lives[0].voting_public,
                                           .weight = m->weight };
    return true;
}

void assay_recover_table_of(const struct assay_state *state, struct assay_recover_table *table)
{
    *table = (struct assay_recover_table){ .era = state->era,
                                           .chain_id = state->chain_id,
                                           .operators_digest = state->operators_digest,
                                           .context = state,
                                           .find = find_member };
    for (uint32_t i = 0; i < state->member_count; i++)
        table->total_weight += state->members[i].weight;
}

/* The FENCE: of this era, by the operators of the same document as the RECOVER. */
static enum assay_status check_fence(const struct assay_recover *r,
                                     const struct assay_recover_table *table,
                                     struct assay_slice bytes, uint8_t digest[static 32])
{
    struct assay_fence f;
    ASSAY_TRY(assay_fence_decode(bytes, &f));
    if (!assay_bytes_equal(f.chain_id, table->chain_id, 32) || f.era != table->era ||
        !assay_bytes_equal(f.operators_digest, table->operators_digest, 32))
        return ASSAY_E_INVALID;
    assay_bytes_copy(digest, 32, f.digest, 32);
    return assay_approval_check(&f.approval, r->operators, f.digest);
}

struct weighing {
    const struct assay_recover *recover;
    const struct assay_recover_table *table;
    uint8_t fence_digest[32];
    struct assay_answer_body answer; /* the last one that was read */
    struct assay_recover_weight *weight;
};

/* One answer: by a member of the table, to this very fence. */
static enum assay_status add_answer_weight(struct weighing *w, struct assay_cursor *c)
{
    struct assay_slice core;
    struct assay_answer_body *b = &w->answer;
    struct assay_recover_voter voter;
    uint8_t identified[64], voted[64], digest[32], rest[32];
    ASSAY_TRY(assay_cbor_array_exact(c, 3));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_ANSWER_CORE_LEN_MAX, &core));
    ASSAY_TRY(assay_cbor_bytes_exact(c, identified, sizeof identified));
    ASSAY_TRY(assay_cbor_bytes_exact(c, voted, sizeof voted));
    ASSAY_TRY(decode_core(core, b, rest));
    if (!assay_bytes_equal(b->chain_id, w->table->chain_id, 32) || b->era != w->table->era)
        return ASSAY_E_INVALID;
    if (!assay_bytes_equal(b->fence_digest, w->fence_digest, 32)) return ASSAY_E_INVALID;
    if (!w->table->find(w->table->context, b->node_id, &voter)) return ASSAY_E_INVALID;
    assay_sha256(core.bytes, core.len, digest);
    if (voter.identity_public != NULL)
        ASSAY_TRY(assay_recover_signed(voter.identity_public, digest, identified));
    if (voter.voting_public != NULL)
        ASSAY_TRY(assay_recover_signed(voter.voting_public, digest, voted));
    w->weight->answered += voter.weight;
    if (b->whole) w->weight->whole += voter.weight;
    if (voter.weight > 0 && assay_bytes_equal(b->id, w->recover->header.parent_id, 32))
        w->weight->has_head = true;
    return ASSAY_OK;
}

enum assay_status assay_recover_compute_weight(const struct assay_recover *recover,
                                               const struct assay_recover_table *table,
                                               struct assay_recover_weight *weight)
{
    const struct assay_slice grounds = recover->grounds;
    struct assay_cursor c = assay_cursor_over(grounds.bytes, grounds.len);
    struct weighing w = { .recover = recover, .table = table, .weight = weight };
    struct assay_slice fence;
    uint8_t before[32] = { 0 };
    uint64_t count = 0;
    *weight = (struct assay_recover_weight){ .total = table->total_weight };
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, grounds_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_FENCE_LEN_MAX, &fence));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_MEMBERS_MAX, &count));
    if (fence.len == 0 && count == 0) return assay_cursor_end(&c);
    ASSAY_TRY(check_fence(recover, table, fence, w.fence_digest));
    assay_bytes_copy(weight->fence_digest, 32, w.fence_digest, 32);
    for (uint64_t i = 0; i < count; i++) {
        ASSAY_TRY(add_answer_weight(&w, &c));
        /* Ascending: nobody's weight counts twice. */
        if (i > 0 && assay_bytes_compare(before, w.answer.node_id, 32) >= 0)
            return ASSAY_E_ENCODING;
        assay_bytes_copy(before, 32, w.answer.node_id, 32);
    }
    return assay_cursor_end(&c);
}
