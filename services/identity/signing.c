/*
 * services/identity/signing.c - messages and statements of a signing session.
 */
#include "services/identity/signing.h"

#include "base/cbor.h"
#include "base/crypto.h"
#include "base/merkle.h"

/* --- messages: [kind, name, [parts]] */

enum assay_status assay_signing_encode(const struct assay_signing_message *m, uint8_t *bytes,
                                       size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(
        bytes, capacity < ASSAY_SIGNING_MESSAGE_MAX ? capacity : ASSAY_SIGNING_MESSAGE_MAX);
    ASSAY_ASSERT(m->count <= ASSAY_SIGNING_PARTS_MAX);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_uint(&w, m->kind);
    assay_cbor_put_bytes(&w, m->name, sizeof m->name);
    assay_cbor_put_array(&w, m->count);
    for (uint32_t i = 0; i < m->count; i++)
        assay_cbor_put_bytes(&w, m->part[i].bytes, m->part[i].len);
    return assay_writer_finish(&w, out);
}

static bool is_signature(struct assay_slice part)
{
    return part.len == ASSAY_SODIUM_SIGNATURE_LEN;
}

/* Number and lengths of parts, as far as the kind alone determines them. */
static enum assay_status check_parts(const struct assay_signing_message *m)
{
    const uint32_t n = m->count;
    bool fits = false;
    switch (m->kind) {
    case ASSAY_SIGNING_REQUEST:
        return n >= 3 && n <= 2 + ASSAY_SIGNING_ITEMS_MAX && m->part[0].len == 8 ? ASSAY_OK
                                                                                 : ASSAY_E_RANGE;
    case ASSAY_SIGNING_COMMITMENTS:
        fits = n == 2 && m->part[0].len % ASSAY_SIGNING_PAIR_LEN == 0 && is_signature(m->part[1]);
        return fits && m->part[0].len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
    case ASSAY_SIGNING_ECHO:
        return n == 2 && m->part[0].len == 32 && is_signature(m->part[1]) ? ASSAY_OK
                                                                          : ASSAY_E_RANGE;
    case ASSAY_SIGNING_ANSWERS:
        fits = n == 2 && m->part[0].len % 32 == 0 && is_signature(m->part[1]);
        return fits && m->part[0].len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
    case ASSAY_SIGNING_LIST:
    case ASSAY_SIGNING_ECHOES: break;
    }
    const uint32_t step = m->kind == ASSAY_SIGNING_LIST ? 2 : 1;
    if (n == 0 || n % step != 0 || n > step * ASSAY_FROST_SIGNERS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = step - 1; i < n; i += step)
        if (!is_signature(m->part[i])) return ASSAY_E_RANGE;
    return ASSAY_OK;
}

enum assay_status assay_signing_decode(struct assay_slice bytes, struct assay_signing_message *m)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_signing_message read = { .count = 0 };
    uint64_t kind = 0, count = 0;
    if (bytes.len > ASSAY_SIGNING_MESSAGE_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&in, 3));
    ASSAY_TRY(assay_cbor_uint(&in, &kind));
    if (kind < ASSAY_SIGNING_REQUEST || kind > ASSAY_SIGNING_ANSWERS) return ASSAY_E_UNSUPPORTED;
    read.kind = (enum assay_signing_kind)kind;
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.name, sizeof read.name));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_SIGNING_PARTS_MAX, &count));
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_SIGNING_MESSAGE_MAX, &read.part[i]));
    read.count = (uint32_t)count;
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    ASSAY_TRY(check_parts(&read));
    *m = read;
    return ASSAY_OK;
}

enum assay_status assay_signing_session_read(const struct assay_signing_group *group,
                                             const struct assay_signing_message *m,
                                             struct assay_signing_session *session)
{
    ASSAY_ASSERT(m->kind == ASSAY_SIGNING_REQUEST && m->count >= 3);
    const struct assay_slice indices = m->part[1];
    const uint32_t items = m->count - 2;
    /* docs/identity.md 4.7 (i): the set has exactly t indices, so an honest holder is in it */
    if (indices.len != group->threshold || indices.len > ASSAY_FROST_SIGNERS_MAX)
        return ASSAY_E_RANGE;
    if (items * group->threshold > ASSAY_SIGNING_COMMITMENTS_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < indices.len; i++) {
        if (indices.bytes[i] < 1 || indices.bytes[i] > group->indices) return ASSAY_E_RANGE;
        if (i > 0 && indices.bytes[i] <= indices.bytes[i - 1]) return ASSAY_E_ENCODING;
    }
    *session = (struct assay_signing_session){ .count = group->threshold, .items = items };
    assay_bytes_copy(session->name, sizeof session->name, m->name, sizeof m->name);
    for (size_t i = 0; i < 8; i++)
        session->epoch = session->epoch << 8 | m->part[0].bytes[i];
    assay_bytes_copy(session->index, sizeof session->index, indices.bytes, indices.len);
    return ASSAY_OK;
}

uint32_t assay_signing_own(const struct assay_signing_group *group,
                           const struct assay_signing_session *session, uint32_t place)
{
    uint32_t own = 0;
    for (uint32_t i = 0; i < session->count; i++)
        own += group->owner[session->index[i]] == place;
    return own;
}

/* --- roots */

void assay_signing_root(const uint8_t (*leaf)[32], uint32_t count, uint8_t root[static 32])
{
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < count; i++)
        assay_merkle_add_hash(&tree, leaf[i]);
    assay_merkle_root(&tree, root);
}

uint32_t assay_signing_text_leaves(const struct assay_signing_session *session,
                                   uint8_t leaf[static ASSAY_SIGNING_ITEMS_MAX][32])
{
    ASSAY_ASSERT(session->items <= ASSAY_SIGNING_ITEMS_MAX);
    for (uint32_t i = 0; i < session->items; i++)
        assay_merkle_leaf_hash(session->tbs_digest[i], 32, leaf[i]);
    return session->items;
}

uint32_t assay_signing_answer_leaves(struct assay_slice answers,
                                     uint8_t leaf[static ASSAY_SIGNING_OWN_MAX][32])
{
    const uint32_t count = (uint32_t)(answers.len / 32);
    ASSAY_ASSERT(answers.len % 32 == 0 && count <= ASSAY_SIGNING_OWN_MAX);
    for (uint32_t i = 0; i < count; i++)
        assay_merkle_leaf_hash(answers.bytes + (size_t)i * 32, 32, leaf[i]);
    return count;
}

void assay_signing_session_digest(const struct assay_signing_group *group,
                                  const struct assay_signing_session *session,
                                  uint8_t digest[static 32])
{
    uint8_t leaf[ASSAY_SIGNING_ITEMS_MAX][32], texts[32];
    const uint32_t count = assay_signing_text_leaves(session, leaf);
    assay_signing_root((const uint8_t(*)[32])leaf, count, texts);
    assay_signing_session_digest_by(group, session, texts, digest);
}

void assay_signing_session_digest_by(const struct assay_signing_group *group,
                                     const struct assay_signing_session *session,
                                     const uint8_t texts[static 32], uint8_t digest[static 32])
{
    uint8_t bytes[320 + ASSAY_FROST_SIGNERS_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 10);
    assay_cbor_put_text(&w, "assay/ca-session/v1");
    assay_cbor_put_bytes(&w, group->chain_id, 32);
    assay_cbor_put_uint(&w, group->era);
    assay_cbor_put_uint(&w, group->ca_number);
    assay_cbor_put_uint(&w, group->generation);
    assay_cbor_put_bytes(&w, session->name, sizeof session->name);
    assay_cbor_put_uint(&w, session->epoch);
    assay_cbor_put_bytes(&w, session->index, session->count);
    assay_cbor_put_uint(&w, session->items);
    assay_cbor_put_bytes(&w, texts, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

/* --- statements */

static void statement_digest(const char *type, const uint8_t session[static 32],
                             const uint8_t node_id[static 32], const struct assay_slice *more,
                             uint32_t count, uint8_t digest[static 32])
{
    uint8_t bytes[320], content[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3 + count);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, session, 32);
    assay_cbor_put_bytes(&w, node_id, 32);
    for (uint32_t i = 0; i < count; i++) {
        assay_sha256(more[i].bytes, more[i].len, content);
        assay_cbor_put_bytes(&w, content, sizeof content);
    }
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

void assay_signing_commit_digest(const uint8_t session[static 32], const uint8_t node_id[static 32],
                                 struct assay_slice commitments, uint8_t digest[static 32])
{
    statement_digest("assay/ca-commit/v1", session, node_id, &commitments, 1, digest);
}

void assay_signing_answer_digest_by(const uint8_t session[static 32],
                                    const uint8_t node_id[static 32],
                                    const uint8_t commitments[static 32],
                                    const uint8_t list[static 32], struct assay_slice answers,
                                    uint8_t digest[static 32])
{
    const struct assay_slice more[] = {
        assay_slice_over(commitments, 32),
        assay_slice_over(list, 32),
        answers,
    };
    const bool is_echo = answers.len == 0;
    ASSAY_ASSERT(is_echo || answers.len == 32);
    statement_digest(is_echo ? "assay/ca-echo/v1" : "assay/ca-answer/v1", session, node_id, more,
                     is_echo ? 2 : 3, digest);
}

void assay_signing_answer_digest(const uint8_t session[static 32], const uint8_t node_id[static 32],
                                 const uint8_t commitments[static 32],
                                 const uint8_t list[static 32], struct assay_slice answers,
                                 uint8_t digest[static 32])
{
    uint8_t leaf[ASSAY_SIGNING_OWN_MAX][32], root[32];
    const uint32_t count = assay_signing_answer_leaves(answers, leaf);
    assay_signing_root((const uint8_t(*)[32])leaf, count, root);
    assay_signing_answer_digest_by(session, node_id, commitments, list,
                                   assay_slice_over(root, count > 0 ? 32 : 0), digest);
}

/* --- the list */

uint32_t assay_signing_list_place(const struct assay_signing_group *group,
                                  const struct assay_signing_session *session, uint32_t place)
{
    uint32_t part = 0;
    if (assay_signing_own(group, session, place) == 0) return UINT32_MAX;
    for (uint32_t other = 0; other < place; other++)
        part += assay_signing_own(group, session, other) > 0 ? 2 : 0;
    return part;
}

enum assay_status assay_signing_list_check(const struct assay_signing_group *group,
                                           const struct assay_signing_session *session,
                                           const struct assay_slice *part, uint32_t count)
{
    uint32_t at = 0;
    for (uint32_t place = 0; place < group->holders; place++) {
        const uint32_t own = assay_signing_own(group, session, place);
        if (own == 0) continue;
        if (at + 2 > count) return ASSAY_E_RANGE;
        if (part[at].len != (size_t)own * session->items * ASSAY_SIGNING_PAIR_LEN)
            return ASSAY_E_RANGE;
        if (!is_signature(part[at + 1])) return ASSAY_E_RANGE;
        at += 2;
    }
    return at == count ? ASSAY_OK : ASSAY_E_RANGE;
}

/* Where the pairs of each signer are in the parts of a list. */
struct pair_place {
    uint32_t part, own, before; /* own: indices of its holder; before: of these below it */
};

static void find_pairs(const struct assay_signing_group *group,
                       const struct assay_signing_session *session,
                       struct pair_place place[static ASSAY_FROST_SIGNERS_MAX])
{
    uint32_t own[ASSAY_FROST_HOLDERS_MAX] = { 0 }, part[ASSAY_FROST_HOLDERS_MAX], parts = 0;
    ASSAY_ASSERT(session->count <= ASSAY_FROST_SIGNERS_MAX);
    ASSAY_ASSERT(group->holders <= ASSAY_FROST_HOLDERS_MAX);
    for (uint32_t i = 0; i < session->count; i++)
        place[i].before = own[group->owner[session->index[i]]]++;
    for (uint32_t i = 0; i < group->holders; i++) {
        part[i] = parts;
        parts += own[i] > 0 ? 2 : 0;
    }
    for (uint32_t i = 0; i < session->count; i++) {
        place[i].part = part[group->owner[session->index[i]]];
        place[i].own = own[group->owner[session->index[i]]];
    }
}

static void put_pairs(const struct assay_signing_session *session, const struct pair_place *place,
                      const struct assay_slice *part, uint32_t item,
                      uint8_t pairs[static ASSAY_SIGNING_PAIRS_LEN])
{
    for (uint32_t i = 0; i < session->count; i++) {
        const size_t at =
            ((size_t)item * place[i].own + place[i].before) * ASSAY_SIGNING_PAIR_LEN;
        ASSAY_ASSERT(at + ASSAY_SIGNING_PAIR_LEN <= part[place[i].part].len);
        assay_bytes_copy(pairs + (size_t)i * ASSAY_SIGNING_PAIR_LEN, ASSAY_SIGNING_PAIR_LEN,
                         part[place[i].part].bytes + at, ASSAY_SIGNING_PAIR_LEN);
    }
}

void assay_signing_list_pairs(const struct assay_signing_group *group,
                              const struct assay_signing_session *session,
                              const struct assay_slice *part, uint32_t item,
                              uint8_t pairs[static ASSAY_SIGNING_PAIRS_LEN])
{
    struct pair_place place[ASSAY_FROST_SIGNERS_MAX];
    find_pairs(group, session, place);
    put_pairs(session, place, part, item, pairs);
}

uint32_t assay_signing_list_leaves(const struct assay_signing_group *group,
                                   const struct assay_signing_session *session,
                                   const struct assay_slice *part,
                                   uint8_t leaf[static ASSAY_SIGNING_ITEMS_MAX][32])
{
    struct pair_place place[ASSAY_FROST_SIGNERS_MAX];
    uint8_t pairs[ASSAY_SIGNING_PAIRS_LEN];
    ASSAY_ASSERT(session->items <= ASSAY_SIGNING_ITEMS_MAX);
    find_pairs(group, session, place);
    for (uint32_t i = 0; i < session->items; i++) {
        put_pairs(session, place, part, i, pairs);
        assay_merkle_leaf_hash(pairs, (size_t)session->count * ASSAY_SIGNING_PAIR_LEN, leaf[i]);
    }
    return session->items;
}

void assay_signing_list_digest_by(const uint8_t digest_of[static 32], const uint8_t root[static 32],
                                  uint8_t digest[static 32])
{
    static const char type[] = "assay/ca-list/v1";
    const struct assay_slice pieces[] = {
        assay_slice_over(type, sizeof type - 1),
        assay_slice_over(digest_of, 32),
        assay_slice_over(root, 32),
    };
    assay_sha256_pieces(pieces, 3, digest);
}

void assay_signing_list_digest(const struct assay_signing_group *group,
                               const struct assay_signing_session *session,
                               const uint8_t digest_of[static 32], const struct assay_slice *part,
                               uint8_t digest[static 32])
{
    uint8_t leaf[ASSAY_SIGNING_ITEMS_MAX][32], root[32];
    const uint32_t count = assay_signing_list_leaves(group, session, part, leaf);
    assay_signing_root((const uint8_t(*)[32])leaf, count, root);
    assay_signing_list_digest_by(digest_of, root, digest);
}

void assay_signing_read_pairs(const struct assay_signing_session *session, const uint8_t *pairs,
                              struct assay_frost_commitment *commitment)
{
    for (uint32_t i = 0; i < session->count; i++) {
        const uint8_t *pair = pairs + (size_t)i * ASSAY_SIGNING_PAIR_LEN;
        commitment[i].index = session->index[i];
        assay_bytes_copy(commitment[i].hiding, 32, pair, 32);
        assay_bytes_copy(commitment[i].binding, 32, pair + 32, 32);
    }
}

void assay_signing_list_item(const struct assay_signing_group *group,
                             const struct assay_signing_session *session,
                             const struct assay_slice *part, uint32_t item,
                             struct assay_frost_commitment *commitment)
{
    uint8_t pairs[ASSAY_SIGNING_PAIRS_LEN];
    assay_signing_list_pairs(group, session, part, item, pairs);
    assay_signing_read_pairs(session, pairs, commitment);
}

bool assay_signing_is_token(struct assay_slice tbs)
{
    return tbs.len > 0 && tbs.bytes[0] == 'e';
}

enum assay_status assay_signing_public_share(const struct assay_signing_group *group,
                                             uint32_t index, bool is_token,
                                             uint8_t share[static ASSAY_SODIUM_POINT_LEN])
{
    uint8_t shifted[ASSAY_SODIUM_POINT_LEN];
    assay_bytes_copy(share, ASSAY_SODIUM_POINT_LEN, group->public_share[index],
                     sizeof group->public_share[index]);
    if (!is_token) return ASSAY_OK;
    ASSAY_TRY(assay_sodium_edwards_base(&group->token_offset, shifted));
    return assay_sodium_edwards_add(share, shifted, share);
}
