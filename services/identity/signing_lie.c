/*
 * services/identity/signing_lie.c - proofs that a holder signed wrongly.
 */
#include "services/identity/signing_lie.h"

#include "base/cbor.h"
#include "base/crypto.h"

static void put_statement(struct assay_writer *w, const struct assay_signing_statement *s)
{
    assay_cbor_put_bytes(w, s->session, 32);
    assay_cbor_put_bytes(w, s->list, 32);
    assay_cbor_put_bytes(w, s->answers.bytes, s->answers.len);
    assay_cbor_put_bytes(w, s->signature, sizeof s->signature);
}

static void put_answer(struct assay_writer *w, const struct assay_signing_lie *lie)
{
    const struct assay_signing_session *session = &lie->session;
    assay_cbor_put_bytes(w, session->name, sizeof session->name);
    assay_cbor_put_uint(w, session->epoch);
    assay_cbor_put_bytes(w, session->index, session->count);
    assay_cbor_put_bytes(w, session->tbs_digest, (size_t)session->items * 32);
    assay_cbor_put_array(w, lie->parts);
    for (uint32_t i = 0; i < lie->parts; i++)
        assay_cbor_put_bytes(w, lie->part[i].bytes, lie->part[i].len);
    assay_cbor_put_bytes(w, lie->statement[0].answers.bytes, lie->statement[0].answers.len);
    assay_cbor_put_bytes(w, lie->statement[0].signature, sizeof lie->statement[0].signature);
    assay_cbor_put_uint(w, lie->item);
    assay_cbor_put_uint(w, lie->index);
    assay_cbor_put_bytes(w, lie->tbs.bytes, lie->tbs.len);
}

enum assay_status assay_signing_lie_encode(const struct assay_signing_lie *lie, uint8_t *bytes,
                                           size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(
        bytes, capacity < ASSAY_SIGNING_LIE_MAX ? capacity : ASSAY_SIGNING_LIE_MAX);
    const bool two = lie->kind == ASSAY_SIGNING_LIE_TWO_LISTS;
    assay_cbor_put_array(&w, two ? 11 : 12);
    assay_cbor_put_uint(&w, lie->kind);
    assay_cbor_put_bytes(&w, lie->node_id, 32);
    if (two) {
        assay_cbor_put_bytes(&w, lie->commitments, 32);
        put_statement(&w, &lie->statement[0]);
        put_statement(&w, &lie->statement[1]);
    } else {
        put_answer(&w, lie);
    }
    return assay_writer_finish(&w, out);
}

static enum assay_status read_statement(struct assay_cursor *in, struct assay_signing_statement *s)
{
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->session, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->list, 32));
    ASSAY_TRY(assay_cbor_bytes(in, (size_t)ASSAY_SIGNING_OWN_MAX * 32, &s->answers));
    return assay_cbor_bytes_exact(in, s->signature, sizeof s->signature);
}

static enum assay_status read_session(struct assay_cursor *in,
                                      struct assay_signing_session *session)
{
    struct assay_slice indices, digests;
    ASSAY_TRY(assay_cbor_bytes_exact(in, session->name, sizeof session->name));
    ASSAY_TRY(assay_cbor_uint(in, &session->epoch));
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_FROST_SIGNERS_MAX, &indices));
    ASSAY_TRY(assay_cbor_bytes(in, sizeof session->tbs_digest, &digests));
    if (indices.len < ASSAY_FROST_SIGNERS_MIN || digests.len == 0 || digests.len % 32 != 0)
        return ASSAY_E_RANGE;
    for (size_t i = 0; i < indices.len; i++) {
        if (indices.bytes[i] < 1 || indices.bytes[i] > ASSAY_FROST_INDICES_MAX)
            return ASSAY_E_RANGE;
        if (i > 0 && indices.bytes[i] <= indices.bytes[i - 1]) return ASSAY_E_ENCODING;
    }
    session->count = (uint32_t)indices.len;
    session->items = (uint32_t)(digests.len / 32);
    assay_bytes_copy(session->index, sizeof session->index, indices.bytes, indices.len);
    assay_bytes_copy(session->tbs_digest, sizeof session->tbs_digest, digests.bytes, digests.len);
    return ASSAY_OK;
}

static enum assay_status read_answer(struct assay_cursor *in, struct assay_signing_lie *lie)
{
    struct assay_signing_statement *s = &lie->statement[0];
    uint64_t number = 0;
    ASSAY_TRY(read_session(in, &lie->session));
    ASSAY_TRY(assay_cbor_array(in, ASSAY_SIGNING_PARTS_MAX, &number));
    lie->parts = (uint32_t)number;
    for (uint32_t i = 0; i < lie->parts; i++)
        ASSAY_TRY(assay_cbor_bytes(in, ASSAY_SIGNING_LIE_MAX, &lie->part[i]));
    ASSAY_TRY(assay_cbor_bytes(in, (size_t)ASSAY_SIGNING_OWN_MAX * 32, &s->answers));
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->signature, sizeof s->signature));
    ASSAY_TRY(assay_cbor_uint_max(in, lie->session.items - 1, &number));
    lie->item = (uint32_t)number;
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_FROST_INDICES_MAX, &number));
    lie->index = (uint8_t)number;
    return assay_cbor_bytes(in, ASSAY_SIGNING_LIE_MAX, &lie->tbs);
}

enum assay_status assay_signing_lie_decode(struct assay_slice bytes, struct assay_signing_lie *lie)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_signing_lie read = { .parts = 0 };
    uint64_t items = 0, kind = 0;
    if (bytes.len > ASSAY_SIGNING_LIE_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array(&in, 12, &items));
    ASSAY_TRY(assay_cbor_uint(&in, &kind));
    if (kind != ASSAY_SIGNING_LIE_TWO_LISTS && kind != ASSAY_SIGNING_LIE_ANSWER)
        return ASSAY_E_UNSUPPORTED;
    read.kind = (enum assay_signing_lie_kind)kind;
    const bool two = read.kind == ASSAY_SIGNING_LIE_TWO_LISTS;
    if (items != (two ? 11u : 12u)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.node_id, 32));
    if (two) {
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.commitments, 32));
        ASSAY_TRY(read_statement(&in, &read.statement[0]));
        ASSAY_TRY(read_statement(&in, &read.statement[1]));
    } else {
        ASSAY_TRY(read_answer(&in, &read));
    }
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    *lie = read;
    return ASSAY_OK;
}

static bool is_signed(const struct assay_signing_group *group, uint32_t place,
                      const struct assay_signing_statement *s, const uint8_t commitments[static 32])
{
    uint8_t digest[32];
    assay_signing_answer_digest(s->session, group->holder[place].node_id, commitments, s->list,
                                s->answers, digest);
    return assay_sodium_link_verify(group->holder[place].key, digest, s->signature);
}

/* docs/identity.md 4.8: by the commitments. A coordinator may name two sessions alike, so the name
 * of a session proves nothing. */
static enum assay_status verify_two_lists(const struct assay_signing_group *group, uint32_t place,
                                          const struct assay_signing_lie *lie)
{
    for (size_t i = 0; i < 2; i++)
        if (!is_signed(group, place, &lie->statement[i], lie->commitments))
            return ASSAY_E_SIGNATURE;
    const bool same = assay_bytes_equal(lie->statement[0].list, lie->statement[1].list, 32);
    return same ? ASSAY_E_INVALID : ASSAY_OK;
}

/* Where the accused has its answer for the item, as its signer ordered them. */
static enum assay_status find_answer(const struct assay_signing_group *group, uint32_t place,
                                     const struct assay_signing_lie *lie, const uint8_t **answer)
{
    const struct assay_signing_session *session = &lie->session;
    const uint32_t own = assay_signing_own(group, session, place);
    uint32_t before = 0, found = 0;
    if (lie->statement[0].answers.len != (size_t)own * session->items * 32) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < session->count; i++) {
        if (group->owner[session->index[i]] != place) continue;
        if (session->index[i] < lie->index) before += 1;
        found += session->index[i] == lie->index;
    }
    if (found != 1) return ASSAY_E_RANGE;
    *answer = lie->statement[0].answers.bytes + ((size_t)lie->item * own + before) * 32;
    return ASSAY_OK;
}

static enum assay_status verify_answer(const struct assay_signing_group *group, uint32_t place,
                                       const struct assay_signing_lie *lie)
{
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session frost;
    struct assay_signing_statement s = lie->statement[0];
    uint8_t digest[32], commitments[32], share[32];
    const uint8_t *answer = NULL;
    const struct assay_signing_session *session = &lie->session;
    if (session->count != group->threshold) return ASSAY_E_RANGE;
    if (session->items * session->count > ASSAY_SIGNING_COMMITMENTS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < session->count; i++)
        if (session->index[i] > group->indices) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_signing_list_check(group, session, lie->part, lie->parts));
    ASSAY_TRY(find_answer(group, place, lie, &answer));
    assay_sha256(lie->tbs.bytes, lie->tbs.len, digest);
    if (!assay_bytes_equal(digest, session->tbs_digest[lie->item], 32)) return ASSAY_E_RANGE;
    /* The statement covers chain, era, generation, session and list: no old one fits. */
    assay_signing_session_digest(group, session, s.session);
    assay_signing_list_digest(s.session, lie->part, lie->parts, s.list);
    const struct assay_slice own = lie->part[assay_signing_list_place(group, session, place)];
    assay_sha256(own.bytes, own.len, commitments);
    if (!is_signed(group, place, &s, commitments)) return ASSAY_E_SIGNATURE;
    const bool is_token = assay_signing_is_token(lie->tbs);
    assay_signing_list_item(group, session, lie->part, lie->item, commitment);
    ASSAY_TRY(assay_frost_begin(is_token ? group->token_key : group->key, lie->tbs, commitment,
                                session->count, &frost));
    ASSAY_TRY(assay_signing_public_share(group, lie->index, is_token, share));
    const enum assay_status status = assay_frost_verify(&frost, lie->index, share, answer);
    if (status == ASSAY_E_SIGNATURE) return ASSAY_OK;
    return status == ASSAY_OK ? ASSAY_E_INVALID : status;
}

enum assay_status assay_signing_lie_verify(const struct assay_signing_group *group,
                                           const struct assay_signing_lie *lie)
{
    for (uint32_t place = 0; place < group->holders; place++) {
        if (!assay_bytes_equal(group->holder[place].node_id, lie->node_id, 32)) continue;
        if (lie->kind == ASSAY_SIGNING_LIE_TWO_LISTS) return verify_two_lists(group, place, lie);
        return verify_answer(group, place, lie);
    }
    return ASSAY_E_STRANGER;
}
