/*
 * services/identity/signing_lie.c - proofs that a holder signed wrongly.
 */
#include "services/identity/signing_lie.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/merkle.h"

enum { TWO_LISTS_ITEMS = 11, ANSWER_ITEMS = 19 };

/* --- making a proof */

static void find_path(const uint8_t (*leaf)[32], uint32_t count, uint32_t at,
                      uint8_t root[static 32], struct assay_signing_path *path)
{
    size_t len = 0;
    const enum assay_status status =
        assay_merkle_path(leaf, count, at, path->node, ASSAY_SIGNING_PATH_MAX, &len);
    ASSAY_ASSERT(status == ASSAY_OK);
    path->count = (uint32_t)len;
    assay_signing_root(leaf, count, root);
}

/* Where the answer of an index for an item is among those of its holder, as its signer ordered
 * them. Returns: false: it is no index of the holder in this session */
static bool find_answer(const struct assay_signing_group *group,
                        const struct assay_signing_session *session, uint32_t place, uint32_t item,
                        uint8_t index, uint32_t *at)
{
    uint32_t before = 0, found = 0;
    for (uint32_t i = 0; i < session->count; i++) {
        if (group->owner[session->index[i]] != place) continue;
        before += session->index[i] < index;
        found += session->index[i] == index;
    }
    *at = item * assay_signing_own(group, session, place) + before;
    return found == 1;
}

void assay_signing_lie_of_answer(const struct assay_signing_group *group,
                                 const struct assay_signing_answers *all, uint32_t item,
                                 uint8_t index, struct assay_slice tbs,
                                 struct assay_signing_lie *lie)
{
    const struct assay_signing_session *session = all->session;
    const uint32_t part = assay_signing_list_place(group, session, all->place);
    uint8_t leaf[ASSAY_SIGNING_OWN_MAX][32];
    uint32_t at = 0;
    *lie = (struct assay_signing_lie){
        .kind = ASSAY_SIGNING_LIE_ANSWER, .item = item, .index = index, .tbs = tbs
    };
    _Static_assert(ASSAY_SIGNING_OWN_MAX >= ASSAY_SIGNING_ITEMS_MAX, "one array for all leaves");
    ASSAY_ASSERT(item < session->items && part < ASSAY_SIGNING_PARTS_MAX);
    const bool found = find_answer(group, session, all->place, item, index, &at);
    ASSAY_ASSERT(found && at < all->answers.len / 32);
    lie->session = *session;
    assay_bytes_zero(lie->session.tbs_digest, sizeof lie->session.tbs_digest);
    assay_bytes_copy(lie->node_id, 32, group->holder[all->place].node_id, 32);
    assay_sha256(all->part[part].bytes, all->part[part].len, lie->commitments);
    assay_bytes_copy(lie->answer, 32, all->answers.bytes + (size_t)at * 32, 32);
    assay_signing_list_pairs(group, session, all->part, item, lie->pairs);
    const uint8_t(*const leaves)[32] = (const uint8_t(*)[32])leaf;
    find_path(leaves, assay_signing_text_leaves(session, leaf), item, lie->texts, &lie->text_path);
    find_path(leaves, assay_signing_list_leaves(group, session, all->part, leaf), item, lie->lists,
              &lie->pairs_path);
    struct assay_signing_statement *s = &lie->statement[0];
    s->is_answer = true;
    find_path(leaves, assay_signing_answer_leaves(all->answers, leaf), at, s->answers,
              &lie->answer_path);
    assay_bytes_copy(s->signature, sizeof s->signature, all->signature, sizeof s->signature);
}

/* --- encoding */

static void put_statement(struct assay_writer *w, const struct assay_signing_statement *s)
{
    assay_cbor_put_bytes(w, s->session, 32);
    assay_cbor_put_bytes(w, s->list, 32);
    assay_cbor_put_bytes(w, s->answers, s->is_answer ? 32 : 0);
    assay_cbor_put_bytes(w, s->signature, sizeof s->signature);
}

static void put_path(struct assay_writer *w, const struct assay_signing_path *path)
{
    ASSAY_ASSERT(path->count <= ASSAY_SIGNING_PATH_MAX);
    assay_cbor_put_bytes(w, path->node[0], (size_t)path->count * 32);
}

static void put_answer(struct assay_writer *w, const struct assay_signing_lie *lie)
{
    const struct assay_signing_session *session = &lie->session;
    const struct assay_signing_statement *s = &lie->statement[0];
    assay_cbor_put_bytes(w, session->name, sizeof session->name);
    assay_cbor_put_uint(w, session->epoch);
    assay_cbor_put_bytes(w, session->index, session->count);
    assay_cbor_put_uint(w, session->items);
    assay_cbor_put_uint(w, lie->item);
    assay_cbor_put_uint(w, lie->index);
    assay_cbor_put_bytes(w, lie->texts, 32);
    assay_cbor_put_bytes(w, lie->lists, 32);
    assay_cbor_put_bytes(w, s->answers, 32);
    assay_cbor_put_bytes(w, lie->answer, 32);
    assay_cbor_put_bytes(w, s->signature, sizeof s->signature);
    assay_cbor_put_bytes(w, lie->tbs.bytes, lie->tbs.len);
    put_path(w, &lie->text_path);
    assay_cbor_put_bytes(w, lie->pairs, (size_t)session->count * ASSAY_SIGNING_PAIR_LEN);
    put_path(w, &lie->pairs_path);
    put_path(w, &lie->answer_path);
}

enum assay_status assay_signing_lie_encode(const struct assay_signing_lie *lie, uint8_t *bytes,
                                           size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(
        bytes, capacity < ASSAY_SIGNING_LIE_MAX ? capacity : ASSAY_SIGNING_LIE_MAX);
    const bool two = lie->kind == ASSAY_SIGNING_LIE_TWO_LISTS;
    assay_cbor_put_array(&w, two ? TWO_LISTS_ITEMS : ANSWER_ITEMS);
    assay_cbor_put_uint(&w, lie->kind);
    assay_cbor_put_bytes(&w, lie->node_id, 32);
    assay_cbor_put_bytes(&w, lie->commitments, 32);
    if (two) {
        put_statement(&w, &lie->statement[0]);
        put_statement(&w, &lie->statement[1]);
    } else {
        put_answer(&w, lie);
    }
    return assay_writer_finish(&w, out);
}

static enum assay_status read_statement(struct assay_cursor *in, struct assay_signing_statement *s)
{
    struct assay_slice answers;
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->session, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->list, 32));
    ASSAY_TRY(assay_cbor_bytes(in, 32, &answers));
    if (answers.len != 0 && answers.len != 32) return ASSAY_E_RANGE;
    s->is_answer = answers.len == 32;
    if (s->is_answer) assay_bytes_copy(s->answers, 32, answers.bytes, 32);
    return assay_cbor_bytes_exact(in, s->signature, sizeof s->signature);
}

static enum assay_status read_path(struct assay_cursor *in, struct assay_signing_path *path)
{
    struct assay_slice nodes;
    ASSAY_TRY(assay_cbor_bytes(in, sizeof path->node, &nodes));
    if (nodes.len % 32 != 0) return ASSAY_E_RANGE;
    path->count = (uint32_t)(nodes.len / 32);
    if (nodes.len > 0) assay_bytes_copy(path->node, sizeof path->node, nodes.bytes, nodes.len);
    return ASSAY_OK;
}

static enum assay_status read_session(struct assay_cursor *in,
                                      struct assay_signing_session *session)
{
    struct assay_slice indices;
    uint64_t items = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(in, session->name, sizeof session->name));
    ASSAY_TRY(assay_cbor_uint(in, &session->epoch));
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_FROST_SIGNERS_MAX, &indices));
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_SIGNING_ITEMS_MAX, &items));
    if (indices.len < ASSAY_FROST_SIGNERS_MIN || items == 0) return ASSAY_E_RANGE;
    for (size_t i = 0; i < indices.len; i++) {
        if (indices.bytes[i] < 1 || indices.bytes[i] > ASSAY_FROST_INDICES_MAX)
            return ASSAY_E_RANGE;
        if (i > 0 && indices.bytes[i] <= indices.bytes[i - 1]) return ASSAY_E_ENCODING;
    }
    session->count = (uint32_t)indices.len;
    session->items = (uint32_t)items;
    assay_bytes_copy(session->index, sizeof session->index, indices.bytes, indices.len);
    return ASSAY_OK;
}

static enum assay_status read_answer(struct assay_cursor *in, struct assay_signing_lie *lie)
{
    struct assay_signing_statement *s = &lie->statement[0];
    uint64_t number = 0;
    s->is_answer = true;
    ASSAY_TRY(read_session(in, &lie->session));
    ASSAY_TRY(assay_cbor_uint_max(in, lie->session.items - 1, &number));
    lie->item = (uint32_t)number;
    ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_FROST_INDICES_MAX, &number));
    lie->index = (uint8_t)number;
    ASSAY_TRY(assay_cbor_bytes_exact(in, lie->texts, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, lie->lists, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->answers, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, lie->answer, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, s->signature, sizeof s->signature));
    ASSAY_TRY(assay_cbor_bytes(in, ASSAY_SIGNING_LIE_MAX, &lie->tbs));
    ASSAY_TRY(read_path(in, &lie->text_path));
    ASSAY_TRY(assay_cbor_bytes_exact(in, lie->pairs,
                                     (size_t)lie->session.count * ASSAY_SIGNING_PAIR_LEN));
    ASSAY_TRY(read_path(in, &lie->pairs_path));
    return read_path(in, &lie->answer_path);
}

enum assay_status assay_signing_lie_decode(struct assay_slice bytes, struct assay_signing_lie *lie)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_signing_lie read = { .item = 0 };
    uint64_t items = 0, kind = 0;
    if (bytes.len > ASSAY_SIGNING_LIE_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array(&in, ANSWER_ITEMS, &items));
    ASSAY_TRY(assay_cbor_uint(&in, &kind));
    if (kind != ASSAY_SIGNING_LIE_TWO_LISTS && kind != ASSAY_SIGNING_LIE_ANSWER)
        return ASSAY_E_UNSUPPORTED;
    read.kind = (enum assay_signing_lie_kind)kind;
    const bool two = read.kind == ASSAY_SIGNING_LIE_TWO_LISTS;
    if (items != (two ? TWO_LISTS_ITEMS : ANSWER_ITEMS)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.node_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.commitments, 32));
    if (two) {
        ASSAY_TRY(read_statement(&in, &read.statement[0]));
        ASSAY_TRY(read_statement(&in, &read.statement[1]));
    } else {
        ASSAY_TRY(read_answer(&in, &read));
    }
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    *lie = read;
    return ASSAY_OK;
}

/* --- verification */

static bool is_signed(const struct assay_signing_group *group, uint32_t place,
                      const struct assay_signing_statement *s, const uint8_t commitments[static 32])
{
    uint8_t digest[32];
    assay_signing_answer_digest_by(s->session, group->holder[place].node_id, commitments, s->list,
                                   assay_slice_over(s->answers, s->is_answer ? 32 : 0), digest);
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

static bool has_path(const struct assay_signing_path *path, const void *leaf, size_t leaf_len,
                     uint32_t at, uint32_t count, const uint8_t root[static 32])
{
    uint8_t hash[32];
    assay_merkle_leaf_hash(leaf, leaf_len, hash);
    return assay_merkle_verify(hash, at, count, (const uint8_t(*)[32])path->node, path->count,
                               root);
}

/* That text, commitments and answer are those of the item under the roots. */
static enum assay_status check_roots(const struct assay_signing_group *group, uint32_t place,
                                     const struct assay_signing_lie *lie)
{
    const struct assay_signing_session *session = &lie->session;
    const uint32_t own = assay_signing_own(group, session, place);
    uint8_t tbs[32];
    uint32_t at = 0;
    if (!find_answer(group, session, place, lie->item, lie->index, &at)) return ASSAY_E_RANGE;
    assay_sha256(lie->tbs.bytes, lie->tbs.len, tbs);
    const bool found =
        has_path(&lie->text_path, tbs, 32, lie->item, session->items, lie->texts) &&
        has_path(&lie->pairs_path, lie->pairs, (size_t)session->count * ASSAY_SIGNING_PAIR_LEN,
                 lie->item, session->items, lie->lists) &&
        has_path(&lie->answer_path, lie->answer, 32, at, own * session->items,
                 lie->statement[0].answers);
    return found ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status verify_answer(const struct assay_signing_group *group, uint32_t place,
                                       const struct assay_signing_lie *lie)
{
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session frost;
    struct assay_signing_statement s = lie->statement[0];
    uint8_t share[32];
    const struct assay_signing_session *session = &lie->session;
    if (session->count != group->threshold) return ASSAY_E_RANGE;
    if (session->items * session->count > ASSAY_SIGNING_COMMITMENTS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < session->count; i++)
        if (session->index[i] > group->indices) return ASSAY_E_RANGE;
    ASSAY_TRY(check_roots(group, place, lie));
    /* The statement covers chain, era, generation, session and list: no old one fits. */
    assay_signing_session_digest_by(group, session, lie->texts, s.session);
    assay_signing_list_digest_by(s.session, lie->lists, s.list);
    if (!is_signed(group, place, &s, lie->commitments)) return ASSAY_E_SIGNATURE;
    const bool is_token = assay_signing_is_token(lie->tbs);
    assay_signing_read_pairs(session, lie->pairs, commitment);
    ASSAY_TRY(assay_frost_begin(is_token ? group->token_key : group->key, lie->tbs, commitment,
                                session->count, &frost));
    ASSAY_TRY(assay_signing_public_share(group, lie->index, is_token, share));
    const enum assay_status status = assay_frost_verify(&frost, lie->index, share, lie->answer);
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
