/*
 * tests/unit/services/signing/test_signing_lie.c - proofs of wrong answers in sessions of every
 * size: all who are guilty can be convicted by one record, no honest holder by any bytes
 * (docs/identity.md 3.5.4, 4.10).
 */
#include "services/identity/ceremony_records.h"
#include "services/registry/kind.h"
#include "tests/unit/services/identity/group.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { TBS_LEN = 2048 }; /* the longest text of a product */

/* A session with all its secrets. Answers of the tried item are those of the protocol, all others
 * random bytes: a holder that signs wrongly does so for any of them. */
struct session_world {
    struct group *key;
    struct assay_signing_group group;
    struct assay_signing_session session;
    struct assay_secret32 seed[ASSAY_FROST_HOLDERS_MAX];
    struct assay_frost_nonces *nonces; /* [items][count] */
    uint8_t *pairs;                    /* of each holder, one after the other, as in a list */
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN]; /* of commitments: no proof shows it */
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    uint8_t tbs[TBS_LEN];
    uint8_t answers[ASSAY_SIGNING_OWN_MAX * 32], signed_by[ASSAY_SODIUM_SIGNATURE_LEN];
    size_t answers_len;
};

static struct assay_slice text_of(struct session_world *w, uint32_t item)
{
    for (size_t i = 0; i < sizeof w->tbs; i++)
        w->tbs[i] = (uint8_t)(i * 7 + item);
    w->tbs[0] = item % 2 == 0 ? 0x30 : 'e';
    return assay_slice_over(w->tbs, sizeof w->tbs);
}

static void make_group(struct session_world *w, uint32_t indices, uint32_t threshold,
                       uint32_t holders)
{
    struct assay_signing_group *g = &w->group;
    w->key = group_new(indices, threshold);
    *g = (struct assay_signing_group){ .era = 1,
                                       .generation = 3,
                                       .ca_number = 1,
                                       .threshold = threshold,
                                       .indices = indices,
                                       .holders = holders };
    group_draw(g->chain_id, 32);
    assay_bytes_copy(g->key, 32, w->key->key, 32);
    assay_bytes_copy(g->token_key, 32, g->key, 32); /* both uses under one key: offset 0 */
    g->token_offset = (struct assay_secret32){ { 1 } };
    cr_assert_eq(assay_sodium_edwards_base(&g->token_offset, g->token_key), ASSAY_OK);
    cr_assert_eq(assay_sodium_edwards_add(g->token_key, g->key, g->token_key), ASSAY_OK);
    for (uint32_t i = 0; i < holders; i++) {
        w->seed[i] = group_scalar();
        group_draw(g->holder[i].node_id, 32);
        assay_sodium_link_pair(&w->seed[i], g->holder[i].key);
    }
    for (uint32_t i = 1; i <= indices; i++) {
        g->owner[i] = (uint8_t)((i - 1) * holders / indices);
        assay_bytes_copy(g->public_share[i], 32, w->key->public_share[i], 32);
    }
}

static struct session_world *session_new(uint32_t indices, uint32_t threshold, uint32_t holders,
                                         uint32_t items)
{
    struct session_world *w = calloc(1, sizeof *w);
    struct assay_signing_session *s = &w->session;
    cr_assert_not_null(w);
    make_group(w, indices, threshold, holders);
    *s = (struct assay_signing_session){ .epoch = 77, .count = threshold, .items = items };
    group_draw(s->name, sizeof s->name);
    for (uint32_t i = 0; i < threshold; i++)
        s->index[i] = (uint8_t)(indices - threshold + 1 + i);
    for (uint32_t i = 0; i < items; i++) {
        const struct assay_slice tbs = text_of(w, i);
        assay_sha256(tbs.bytes, tbs.len, s->tbs_digest[i]);
    }
    w->nonces = calloc((size_t)items * threshold, sizeof *w->nonces);
    w->pairs = calloc((size_t)items * threshold, ASSAY_SIGNING_PAIR_LEN);
    cr_assert(w->nonces != NULL && w->pairs != NULL);
    uint32_t parts = 0;
    uint8_t *at = w->pairs;
    for (uint32_t place = 0; place < holders; place++) {
        const size_t own = assay_signing_own(&w->group, s, place);
        if (own == 0) continue;
        const size_t len = own * items * ASSAY_SIGNING_PAIR_LEN;
        w->part[parts++] = assay_slice_over(at, len);
        w->part[parts++] = assay_slice_over(w->signature, sizeof w->signature);
        for (uint32_t item = 0; item < items; item++)
            for (uint32_t i = 0; i < threshold; i++) {
                if (w->group.owner[s->index[i]] != place) continue;
                struct assay_frost_commitment c;
                uint8_t random[64];
                group_draw(random, sizeof random);
                cr_assert_eq(assay_frost_commit(s->index[i], &w->key->share[s->index[i]], random,
                                                &w->nonces[(size_t)item * threshold + i], &c),
                             ASSAY_OK);
                assay_bytes_copy(at, 32, c.hiding, 32);
                assay_bytes_copy(at + 32, 32, c.binding, 32);
                at += ASSAY_SIGNING_PAIR_LEN;
            }
    }
    cr_assert_eq(assay_signing_list_check(&w->group, s, w->part, parts), ASSAY_OK);
    return w;
}

static void session_free(struct session_world *w)
{
    group_free(w->key);
    free(w->nonces);
    free(w->pairs);
    free(w);
}

/* The answers of a holder, right for this item alone, signed. */
static void answer(struct session_world *w, uint32_t item, uint32_t index, bool right)
{
    const struct assay_signing_session *s = &w->session;
    const uint32_t place = w->group.owner[index], own = assay_signing_own(&w->group, s, place);
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    static struct assay_frost_session frost;
    const struct assay_slice tbs = text_of(w, item);
    const bool is_token = assay_signing_is_token(tbs);
    assay_signing_list_item(&w->group, s, w->part, item, commitment);
    cr_assert_eq(assay_frost_begin(is_token ? w->group.token_key : w->group.key, tbs, commitment,
                                   s->count, &frost),
                 ASSAY_OK);
    w->answers_len = (size_t)own * s->items * 32;
    cr_assert_leq(w->answers_len, sizeof w->answers);
    group_draw(w->answers, w->answers_len);
    uint32_t before = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        struct assay_frost_nonces nonces = w->nonces[(size_t)item * s->count + i];
        struct assay_secret32 share = w->key->share[s->index[i]];
        if (w->group.owner[s->index[i]] != place) continue;
        if (is_token) assay_sodium_scalar_add(&share, &w->group.token_offset, &share);
        uint8_t *z = w->answers + ((size_t)item * own + before++) * 32;
        cr_assert_eq(group_answer(&frost, s->index[i], &share, &nonces, z), ASSAY_OK);
        if (!right && s->index[i] == index) z[3] ^= 1;
    }
    uint8_t digest[32], list[32], commitments[32], statement[32];
    const struct assay_slice mine = w->part[assay_signing_list_place(&w->group, s, place)];
    assay_signing_session_digest(&w->group, s, digest);
    assay_signing_list_digest(&w->group, s, digest, w->part, list);
    assay_sha256(mine.bytes, mine.len, commitments);
    assay_signing_answer_digest(digest, w->group.holder[place].node_id, commitments, list,
                                assay_slice_over(w->answers, w->answers_len), statement);
    assay_sodium_link_sign(&w->seed[place], statement, w->signed_by);
}

static void make_lie(struct session_world *w, uint32_t item, uint32_t index,
                     struct assay_signing_lie *lie)
{
    const struct assay_signing_answers all = {
        .session = &w->session,
        .part = w->part,
        .place = w->group.owner[index],
        .answers = assay_slice_over(w->answers, w->answers_len),
        .signature = w->signed_by,
    };
    assay_signing_lie_of_answer(&w->group, &all, item, (uint8_t)index, text_of(w, item), lie);
}

/* The largest of each shape: up to 816 commitments, 64 texts, 76 signers, 128 answers of one. */
static const struct {
    uint32_t indices, threshold, holders, items;
} shapes[] = {
    { 100, 51, 100, 16 }, /* equal weights of 100 members */
    { 150, 76, 100, 10 }, { 150, 76, 13, 10 }, { 23, 12, 23, 64 }, { 23, 12, 12, 64 },
    { 20, 11, 20, 64 },   { 3, 2, 3, 64 },     { 4, 3, 4, 1 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

Test(signing_lie, a_wrong_answer_in_a_session_of_any_size_convicts_by_one_record, .timeout = 600)
{
    static uint8_t bytes[ASSAY_SIGNING_LIE_MAX], payload[ASSAY_SERVICE_PAYLOAD_MAX];
    static struct assay_signing_lie lie, read;
    for (size_t shape = 0; shape < SHAPES; shape++) {
        const uint32_t items = shapes[shape].items;
        struct session_world *w = session_new(shapes[shape].indices, shapes[shape].threshold,
                                              shapes[shape].holders, items);
        const uint8_t *index = w->session.index;
        for (uint32_t turn = 0; turn < 6; turn++) {
            const uint32_t item = turn == 0 ? 0 : turn == 1 ? items - 1 : turn * 13 % items;
            const uint32_t who = index[turn == 0   ? 0
                                       : turn == 1 ? w->session.count - 1
                                                   : turn * 29 % w->session.count];
            for (int right = 0; right < 2; right++) {
                struct assay_slice out, record;
                answer(w, item, who, right == 1);
                make_lie(w, item, who, &lie);
                cr_assert_eq(assay_signing_lie_encode(&lie, bytes, sizeof bytes, &out), ASSAY_OK,
                             "shape %zu", shape);
                const struct assay_ca_lie_record of = {
                    .era = UINT32_MAX, .ca_number = UINT32_MAX, .generation = INT64_MAX, .lie = out
                };
                cr_assert_eq(assay_ca_lie_encode(&of, payload, sizeof payload, &record), ASSAY_OK);
                cr_assert_eq(assay_signing_lie_decode(out, &read), ASSAY_OK);
                cr_assert_eq(assay_signing_lie_verify(&w->group, &read),
                             right == 1 ? ASSAY_E_INVALID : ASSAY_OK, "shape %zu, item %u", shape,
                             item);
            }
        }
        session_free(w);
    }
}

/* Whatever a forger puts into the place of what an honest holder signed: its signed answers, which
 * are right, convict it of nothing. */
static void expect_honest(const struct session_world *w, const struct assay_signing_lie *lie,
                          const char *what)
{
    cr_expect_neq(assay_signing_lie_verify(&w->group, lie), ASSAY_OK, "%s", what);
}

Test(signing_lie, nothing_that_is_swapped_convicts_an_honest_holder, .timeout = 600)
{
    static struct assay_signing_lie right, forged, other;
    uint8_t tbs[TBS_LEN];
    struct session_world *w = session_new(7, 4, 4, 5);
    const uint32_t index = w->session.index[1];
    answer(w, 2, index, true);
    make_lie(w, 2, index, &right);
    const struct assay_slice own = right.tbs;
    assay_bytes_copy(tbs, sizeof tbs, own.bytes, own.len);
    right.tbs = assay_slice_over(tbs, own.len);
    cr_assert_eq(assay_signing_lie_verify(&w->group, &right), ASSAY_E_INVALID);
    /* Another text, that of another item and one of the forger, with any path. */
    forged = right;
    forged.tbs = text_of(w, 4);
    expect_honest(w, &forged, "text of another item");
    tbs[9] ^= 1;
    forged.tbs = right.tbs;
    expect_honest(w, &forged, "text of the forger");
    tbs[9] ^= 1;
    /* Commitments of another signer, of another item, its own of another item. */
    forged = right;
    const struct assay_secret32 nonce = group_scalar();
    cr_assert_eq(assay_sodium_edwards_base(&nonce, forged.pairs), ASSAY_OK);
    expect_honest(w, &forged, "commitments of the forger");
    forged = right;
    assay_signing_list_pairs(&w->group, &w->session, w->part, 4, forged.pairs);
    expect_honest(w, &forged, "commitments for another item");
    /* An answer for another item, of another index, and one of the forger. */
    make_lie(w, 4, index, &other);
    forged = right;
    assay_bytes_copy(forged.answer, 32, other.answer, 32);
    expect_honest(w, &forged, "answer for another item");
    forged.answer_path = other.answer_path;
    expect_honest(w, &forged, "answer for another item with its path");
    forged = right;
    forged.answer[0] ^= 1;
    expect_honest(w, &forged, "answer of the forger");
    /* Parts of two items, each with its path: text and commitments of 4 for the answer for 2. */
    make_lie(w, 4, index, &other);
    forged = right;
    assay_bytes_copy(forged.pairs, sizeof forged.pairs, other.pairs, sizeof forged.pairs);
    forged.pairs_path = other.pairs_path;
    expect_honest(w, &forged, "commitments for another item with their path");
    forged = right;
    forged.tbs = text_of(w, 4);
    forged.text_path = other.text_path;
    expect_honest(w, &forged, "text of another item with its path");
    session_free(w);
}

/* Roots of the forger, with paths to them: the signature of the accused does not cover them. */
Test(signing_lie, roots_that_the_accused_did_not_sign_convict_nobody, .timeout = 600)
{
    static struct assay_signing_lie lie, again;
    for (unsigned part = 0; part < 4; part++) {
        struct session_world *w = session_new(7, 4, 4, 5);
        const uint32_t index = w->session.index[1];
        answer(w, 2, index, true);
        make_lie(w, 2, index, &lie);
        uint8_t kept[ASSAY_SODIUM_SIGNATURE_LEN];
        assay_bytes_copy(kept, sizeof kept, w->signed_by, sizeof kept);
        if (part == 0) group_draw(w->session.tbs_digest[0], 32); /* another text of the session */
        if (part == 1) w->session.epoch += 1;
        if (part == 2) { /* another commitment of another signer */
            const struct assay_secret32 nonce = group_scalar();
            cr_assert_eq(assay_sodium_edwards_base(&nonce, w->pairs + 64 * 4 * 5 - 32), ASSAY_OK);
            assay_signing_list_pairs(&w->group, &w->session, w->part, 2, again.pairs);
        }
        if (part == 3) w->answers[2 * 32 * (w->answers_len / 32 / 5)] ^= 1;
        make_lie(w, 2, index, &again);
        assay_bytes_copy(again.statement[0].signature, sizeof kept, kept, sizeof kept);
        cr_expect_eq(assay_signing_lie_verify(&w->group, &again), ASSAY_E_SIGNATURE, "part %u",
                     part);
        session_free(w);
    }
}

/* Two statements of 128 answers each fit a record, too. */
Test(signing_lie, two_lists_convict_by_one_record_whatever_was_answered)
{
    static uint8_t bytes[ASSAY_SIGNING_LIE_MAX], payload[ASSAY_SERVICE_PAYLOAD_MAX];
    static struct assay_signing_lie lie, read;
    struct session_world *w = session_new(23, 12, 12, 64);
    const uint32_t index = w->session.index[3], place = w->group.owner[index];
    cr_assert_neq(place, w->group.owner[w->session.index[0]]);
    const struct assay_slice mine =
        w->part[assay_signing_list_place(&w->group, &w->session, place)];
    struct assay_slice out, record;
    lie = (struct assay_signing_lie){ .kind = ASSAY_SIGNING_LIE_TWO_LISTS };
    assay_bytes_copy(lie.node_id, 32, w->group.holder[place].node_id, 32);
    assay_sha256(mine.bytes, mine.len, lie.commitments);
    for (unsigned i = 0; i < 2; i++) {
        struct assay_signing_statement *s = &lie.statement[i];
        uint8_t leaf[ASSAY_SIGNING_OWN_MAX][32];
        if (i == 1) w->pairs[0] ^= 1; /* another list: of the first holder, for the first item */
        answer(w, i == 1 ? 3 : 2, index, true);
        assay_signing_session_digest(&w->group, &w->session, s->session);
        assay_signing_list_digest(&w->group, &w->session, s->session, w->part, s->list);
        s->is_answer = true;
        const uint32_t count =
            assay_signing_answer_leaves(assay_slice_over(w->answers, w->answers_len), leaf);
        assay_signing_root((const uint8_t(*)[32])leaf, count, s->answers);
        assay_bytes_copy(s->signature, sizeof s->signature, w->signed_by, sizeof s->signature);
        if (i == 1) break;
        lie.statement[1] = *s;
        cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_E_INVALID, "one list");
    }
    cr_assert_eq(assay_signing_lie_encode(&lie, bytes, sizeof bytes, &out), ASSAY_OK);
    const struct assay_ca_lie_record of = { .lie = out };
    cr_assert_eq(assay_ca_lie_encode(&of, payload, sizeof payload, &record), ASSAY_OK);
    cr_assert_eq(assay_signing_lie_decode(out, &read), ASSAY_OK);
    cr_assert_eq(assay_signing_lie_verify(&w->group, &read), ASSAY_OK);
    session_free(w);
}
