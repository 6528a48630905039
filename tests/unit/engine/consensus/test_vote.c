/*
 * tests/unit/engine/consensus/test_vote.c - votes, certificates, pulls and finality proofs:
 * encoded, decoded, weighed, verified.
 */
#include "engine/consensus/vote.h"

#include "base/cbor.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4 };

struct cast {
    struct assay_p256_signer *signers[SLOTS];
    struct assay_p256 *keys[SLOTS];
    uint32_t weights[SLOTS];
    uint8_t node_ids[SLOTS][32];
    struct assay_voter_table voters;
};

static struct cast make_cast(const uint32_t weights[static SLOTS])
{
    struct cast c = { 0 };
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_secret32 private_key = { { (uint8_t)(i + 1) } };
        uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
        cr_assert_eq(assay_p256_public(&private_key, public_key), ASSAY_OK);
        cr_assert_eq(assay_p256_load(public_key, &c.keys[i]), ASSAY_OK);
        cr_assert_eq(assay_p256_signer_load(&private_key, &c.signers[i]), ASSAY_OK);
        c.weights[i] = weights[i];
        memset(c.node_ids[i], (int)i, 32);
    }
    return c;
}

static const struct assay_voter_table *table_of(struct cast *c)
{
    c->voters = (struct assay_voter_table){ .count = SLOTS,
                                            .weight = c->weights,
                                            .node_id = (const uint8_t(*)[32])c->node_ids,
                                            .voting_key = c->keys };
    for (uint32_t i = 0; i < SLOTS; i++)
        c->voters.total_weight += c->weights[i];
    return &c->voters;
}

static void drop_cast(struct cast *c)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        assay_p256_signer_free(&c->signers[i]);
        assay_p256_free(&c->keys[i]);
    }
}

static struct assay_vote_statement statement(enum assay_vote_type type)
{
    struct assay_vote_statement s = { .era = 1, .epoch = 300, .view = 69633, .type = type };
    memset(s.chain_id, 0xcc, 32);
    if (assay_vote_kind(type) != ASSAY_VOTE_NULLIFY) memset(s.block_id, 0xbb, 32);
    return s;
}

static size_t signed_vote(const struct cast *c, const struct assay_vote_statement *s, uint16_t slot,
                          uint8_t *bytes)
{
    uint8_t digest[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    assay_vote_statement_digest(s, digest);
    cr_assert_eq(assay_p256_sign(c->signers[slot], digest, signature), ASSAY_OK);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_VOTE_LEN_MAX);
    assay_vote_encode(s, slot, signature, &w);
    cr_assert(!w.full);
    return w.len;
}

static size_t signed_certificate(const struct cast *c, const struct assay_vote_statement *s,
                                 uint8_t bitmap, uint8_t *bytes)
{
    uint8_t digest[32];
    uint8_t signatures[SLOTS * ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer sigs = assay_writer_over(signatures, sizeof signatures);
    assay_vote_statement_digest(s, digest);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
        if ((bitmap >> slot & 1) == 0) continue;
        cr_assert_eq(assay_p256_sign(c->signers[slot], digest, signature), ASSAY_OK);
        assay_writer_put(&sigs, signature, sizeof signature);
    }
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CERTIFICATE_LEN_MAX);
    assay_certificate_encode(s, assay_slice_over(&bitmap, 1),
                             assay_slice_over(signatures, sigs.len), &w);
    cr_assert(!w.full);
    return w.len;
}

static const uint32_t equal_weights[SLOTS] = { 1, 1, 1, 1 };

Test(vote, comes_back_as_it_went)
{
    struct cast c = make_cast(equal_weights);
    for (int type = 0; type <= ASSAY_VOTE_NULLIFY_4096; type++) {
        const struct assay_vote_statement s = statement((enum assay_vote_type)type);
        uint8_t bytes[ASSAY_VOTE_LEN_MAX];
        uint8_t again[ASSAY_VOTE_LEN_MAX];
        const size_t len = signed_vote(&c, &s, 2, bytes);
        struct assay_vote vote;
        cr_assert_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_OK);
        cr_expect_eq(vote.slot, 2);
        cr_expect_eq(vote.statement.view, 69633);
        cr_expect_eq((int)vote.statement.type, type);
        cr_expect_eq(vote.statement.epoch, 300);
        cr_expect_eq(assay_vote_verify(&vote, table_of(&c)), ASSAY_OK);
        struct assay_writer w = assay_writer_over(again, sizeof again);
        assay_vote_encode(&vote.statement, vote.slot, vote.signature, &w);
        cr_expect_eq(w.len, len);
        cr_expect_arr_eq(again, bytes, len);
    }
    drop_cast(&c);
}

Test(vote, rejects_every_truncation_and_any_byte_more)
{
    struct cast c = make_cast(equal_weights);
    const struct assay_vote_statement s = statement(ASSAY_VOTE_NOTARISE);
    uint8_t bytes[ASSAY_VOTE_LEN_MAX + 1] = { 0 };
    const size_t len = signed_vote(&c, &s, 1, bytes);
    struct assay_vote vote;
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut == 0 ? 1 : cut);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, cut, bytes, cut);
        cr_expect_neq(assay_vote_decode(assay_slice_over(exact, cut), &vote), ASSAY_OK);
        free(exact);
    }
    cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len + 1), &vote), ASSAY_E_TRAILING);
    drop_cast(&c);
}

Test(vote, any_flipped_bit_breaks_it)
{
    struct cast c = make_cast(equal_weights);
    const struct assay_vote_statement s = statement(ASSAY_VOTE_FINALISE);
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    const size_t len = signed_vote(&c, &s, 1, bytes);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        struct assay_vote vote;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum assay_status status = assay_vote_decode(assay_slice_over(bytes, len), &vote);
        if (status == ASSAY_OK) status = assay_vote_verify(&vote, table_of(&c));
        cr_expect_neq(status, ASSAY_OK, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    drop_cast(&c);
}

Test(vote, names_a_block_unless_it_nullifies)
{
    struct cast c = make_cast(equal_weights);
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_vote vote;
    struct assay_vote_statement s = statement(ASSAY_VOTE_NULLIFY);
    s.block_id[31] = 1;
    size_t len = signed_vote(&c, &s, 1, bytes);
    cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_E_INVALID);
    s = statement(ASSAY_VOTE_NOTARISE);
    memset(s.block_id, 0, 32);
    len = signed_vote(&c, &s, 1, bytes);
    cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_E_INVALID);
    s = statement(ASSAY_VOTE_NULLIFY);
    s.view = 0;
    len = signed_vote(&c, &s, 1, bytes);
    cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_E_RANGE);
    drop_cast(&c);
}

/* docs/protocol.md 5.27 */
Test(vote, over_a_range_is_aligned_and_names_no_block)
{
    static const enum assay_vote_type types[] = { ASSAY_VOTE_NULLIFY_64, ASSAY_VOTE_NULLIFY_4096 };
    struct cast c = make_cast(equal_weights);
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_vote vote;
    for (size_t i = 0; i < 2; i++) {
        const uint64_t span = assay_vote_span(types[i]);
        struct assay_vote_statement s = statement(types[i]);
        for (uint64_t view = 1; view <= 2 * span + 1; view++) {
            s.view = view;
            const size_t len = signed_vote(&c, &s, 1, bytes);
            const bool aligned = view == 1 || view == span + 1 || view == 2 * span + 1;
            cr_assert_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote),
                         aligned ? ASSAY_OK : ASSAY_E_RANGE, "view %u", (unsigned)view);
        }
        s.view = ASSAY_COUNT_MAX / span * span + 1; /* would end beyond what is counted */
        size_t len = signed_vote(&c, &s, 1, bytes);
        cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_E_RANGE);
        s.view -= span;
        len = signed_vote(&c, &s, 1, bytes);
        cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_OK);
        s.block_id[0] = 1;
        len = signed_vote(&c, &s, 1, bytes);
        cr_expect_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_E_INVALID);
    }
    drop_cast(&c);
}

Test(vote, over_a_range_covers_its_views_and_no_other)
{
    struct assay_vote_statement s = statement(ASSAY_VOTE_NULLIFY_64);
    s.view = 65;
    cr_expect_eq(assay_vote_last(&s), 128);
    for (uint64_t view = 1; view < 200; view++) {
        cr_expect_eq(assay_vote_covers(&s, view), view >= 65 && view <= 128);
        cr_expect_eq(assay_vote_first(ASSAY_VOTE_NULLIFY_64, view), (view - 1) / 64 * 64 + 1);
        cr_expect_eq(assay_vote_first(ASSAY_VOTE_NULLIFY, view), view);
    }
    cr_expect_eq(assay_vote_first(ASSAY_VOTE_NULLIFY_4096, 4096), 1);
    cr_expect_eq(assay_vote_first(ASSAY_VOTE_NULLIFY_4096, 4097), 4097);
}

Test(vote, of_one_without_weight_or_key_does_not_count)
{
    const uint32_t weights[SLOTS] = { 1, 0, 1, 1 };
    struct cast c = make_cast(weights);
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_vote vote;
    const struct assay_vote_statement s = statement(ASSAY_VOTE_NULLIFY);
    size_t len = signed_vote(&c, &s, 1, bytes);
    cr_assert_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_OK);
    cr_expect_eq(assay_vote_verify(&vote, table_of(&c)), ASSAY_E_STRANGER);
    len = signed_vote(&c, &s, 2, bytes);
    cr_assert_eq(assay_vote_decode(assay_slice_over(bytes, len), &vote), ASSAY_OK);
    struct assay_p256 *key = c.keys[2];
    c.keys[2] = NULL;
    cr_expect_eq(assay_vote_verify(&vote, table_of(&c)), ASSAY_E_STRANGER);
    c.keys[2] = key;
    drop_cast(&c);
}

/* --- certificates */

/* Every weighting of four members over 0..3 and every bitmap: the rule counted out by hand. */
Test(certificate, needs_strictly_more_than_two_thirds_of_the_weight)
{
    struct cast c = make_cast(equal_weights);
    uint8_t payloads[16][ASSAY_CERTIFICATE_LEN_MAX];
    size_t lens[16];
    const struct assay_vote_statement s = statement(ASSAY_VOTE_NOTARISE);
    for (uint8_t bitmap = 0; bitmap < 16; bitmap++)
        lens[bitmap] = signed_certificate(&c, &s, bitmap, payloads[bitmap]);
    for (uint32_t code = 1; code < 256; code++) {
        for (uint32_t i = 0; i < SLOTS; i++)
            c.weights[i] = code >> 2 * i & 3;
        for (uint8_t bitmap = 0; bitmap < 16; bitmap++) {
            uint64_t weight = 0;
            uint64_t total = 0;
            bool stranger = false;
            for (uint32_t i = 0; i < SLOTS; i++) {
                total += c.weights[i];
                if ((bitmap >> i & 1) == 0) continue;
                weight += c.weights[i];
                stranger = stranger || c.weights[i] == 0;
            }
            const enum assay_status expected = stranger                 ? ASSAY_E_STRANGER
                                               : 3 * weight > 2 * total ? ASSAY_OK
                                                                        : ASSAY_E_INVALID;
            struct assay_vote_certificate certificate;
            const struct assay_slice payload = assay_slice_over(payloads[bitmap], lens[bitmap]);
            cr_assert_eq(assay_certificate_decode(payload, SLOTS, &certificate), ASSAY_OK);
            cr_expect_eq(assay_certificate_verify(&certificate, table_of(&c)), expected,
                         "weights %u bitmap %u", code, bitmap);
        }
    }
    drop_cast(&c);
}

Test(certificate, any_flipped_bit_truncation_or_extra_byte_breaks_it)
{
    struct cast c = make_cast(equal_weights);
    uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX + 1] = { 0 };
    const struct assay_vote_statement s = statement(ASSAY_VOTE_NULLIFY);
    const size_t len = signed_certificate(&c, &s, 7, bytes);
    struct assay_vote_certificate certificate;
    for (size_t bit = 0; bit < 8 * len; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum assay_status status =
            assay_certificate_decode(assay_slice_over(bytes, len), SLOTS, &certificate);
        if (status == ASSAY_OK) status = assay_certificate_verify(&certificate, table_of(&c));
        cr_expect_neq(status, ASSAY_OK, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut == 0 ? 1 : cut);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, cut, bytes, cut);
        cr_expect_neq(assay_certificate_decode(assay_slice_over(exact, cut), SLOTS, &certificate),
                      ASSAY_OK);
        free(exact);
    }
    cr_expect_eq(assay_certificate_decode(assay_slice_over(bytes, len + 1), SLOTS, &certificate),
                 ASSAY_E_TRAILING);
    drop_cast(&c);
}

Test(certificate, sets_no_bit_beyond_the_slots_and_signs_each_bit)
{
    struct cast c = make_cast(equal_weights);
    uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX];
    struct assay_vote_certificate certificate;
    const struct assay_vote_statement s = statement(ASSAY_VOTE_NULLIFY);
    const size_t len = signed_certificate(&c, &s, 7, bytes);
    const struct assay_slice payload = assay_slice_over(bytes, len);
    cr_expect_eq(assay_certificate_decode(payload, 2, &certificate), ASSAY_E_RANGE);
    cr_expect_eq(assay_certificate_decode(payload, 9, &certificate), ASSAY_E_RANGE);
    const uint8_t bitmap = 15;
    const uint8_t three[3 * ASSAY_P256_SIGNATURE_LEN] = { 0 };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_certificate_encode(&s, assay_slice_over(&bitmap, 1),
                             assay_slice_over(three, sizeof three), &w);
    cr_expect_eq(assay_certificate_decode(assay_slice_over(bytes, w.len), SLOTS, &certificate),
                 ASSAY_E_INVALID);
    drop_cast(&c);
}

Test(certificate, is_named_by_statement_and_bitmap_never_by_signatures)
{
    struct cast c = make_cast(equal_weights);
    uint8_t one[ASSAY_CERTIFICATE_LEN_MAX];
    uint8_t other[ASSAY_CERTIFICATE_LEN_MAX];
    struct assay_vote_certificate a;
    struct assay_vote_certificate b;
    const struct assay_vote_statement s = statement(ASSAY_VOTE_NULLIFY);
    size_t len = signed_certificate(&c, &s, 7, one);
    assay_bytes_copy(other, len, one, len);
    other[len - 1] ^= 1;
    cr_assert_eq(assay_certificate_decode(assay_slice_over(one, len), SLOTS, &a), ASSAY_OK);
    cr_assert_eq(assay_certificate_decode(assay_slice_over(other, len), SLOTS, &b), ASSAY_OK);
    cr_expect_arr_eq(a.commitment, b.commitment, 32);
    len = signed_certificate(&c, &s, 14, other);
    cr_assert_eq(assay_certificate_decode(assay_slice_over(other, len), SLOTS, &b), ASSAY_OK);
    cr_expect(!assay_bytes_equal(a.commitment, b.commitment, 32));
    drop_cast(&c);
}

/* --- pulls */

Test(pull, asks_for_one_to_sixteen_certificates)
{
    uint8_t list[32 * (ASSAY_PULL_MAX + 1)] = { 1, 2, 3 };
    uint8_t bytes[2 * ASSAY_PULL_LEN_MAX];
    for (size_t count = 0; count <= ASSAY_PULL_MAX + 1; count++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        struct assay_slice out = { 0 };
        uint32_t era = 0;
        uint64_t epoch = 0;
        assay_cbor_put_array(&w, 3);
        assay_cbor_put_uint(&w, 2);
        assay_cbor_put_uint(&w, 5);
        assay_cbor_put_bytes(&w, list, 32 * count);
        const enum assay_status status =
            assay_certificate_pull_decode(assay_slice_over(bytes, w.len), &era, &epoch, &out);
        if (count == 0 || count > ASSAY_PULL_MAX) {
            cr_expect_eq(status, ASSAY_E_RANGE);
            continue;
        }
        cr_expect_eq(status, ASSAY_OK);
        cr_expect(era == 2 && epoch == 5 && out.len == 32 * count);
        uint8_t again[ASSAY_PULL_LEN_MAX];
        struct assay_writer a = assay_writer_over(again, sizeof again);
        assay_certificate_pull_encode(era, epoch, out, &a);
        cr_expect(!a.full && a.len == w.len);
        cr_expect_arr_eq(again, bytes, w.len);
        for (size_t cut = 0; cut < w.len; cut++)
            cr_expect_neq(
                assay_certificate_pull_decode(assay_slice_over(bytes, cut), &era, &epoch, &out),
                ASSAY_OK);
    }
}

Test(pull, asks_for_a_block_by_its_id)
{
    uint8_t bytes[ASSAY_PULL_LEN_MAX];
    uint8_t id[32];
    uint8_t got[32];
    uint32_t era = 0;
    uint64_t epoch = 0;
    memset(id, 9, 32);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_block_pull_encode(3, 4, id, &w);
    cr_assert_eq(assay_block_pull_decode(assay_slice_over(bytes, w.len), &era, &epoch, got),
                 ASSAY_OK);
    cr_expect(era == 3 && epoch == 4);
    cr_expect_arr_eq(got, id, 32);
    for (size_t cut = 0; cut < w.len; cut++)
        cr_expect_neq(assay_block_pull_decode(assay_slice_over(bytes, cut), &era, &epoch, got),
                      ASSAY_OK);
}

/* --- finality proofs with tails */

static size_t put_header(uint8_t *bytes, enum assay_block_kind kind, uint64_t view,
                         const uint8_t parent_id[32], uint8_t id[32])
{
    struct assay_block_header h = {
        .era = 1, .epoch = 300, .view = view, .height = 9, .kind = kind, .parent_view = view - 1
    };
    memset(h.chain_id, 0xcc, 32);
    assay_bytes_copy(h.parent_id, 32, parent_id, 32);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_BLOCK_HEADER_LEN_MAX);
    assay_block_header_encode(&h, &w);
    cr_assert(!w.full);
    assay_block_id(assay_slice_over(bytes, w.len), id);
    return w.len;
}

Test(finality, of_a_tail_is_finality_of_its_epoch_block)
{
    struct cast c = make_cast(equal_weights);
    uint8_t e_header[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t tails[2][ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t ids[3][32];
    uint8_t base[32] = { 1 };
    size_t lens[2];
    (void)put_header(e_header, ASSAY_BLOCK_EPOCH, 5, base, ids[0]);
    lens[0] = put_header(tails[0], ASSAY_BLOCK_TAIL, 6, ids[0], ids[1]);
    lens[1] = put_header(tails[1], ASSAY_BLOCK_TAIL, 7, ids[1], ids[2]);

    struct assay_vote_statement s = statement(ASSAY_VOTE_FINALISE);
    assay_bytes_copy(s.block_id, 32, ids[2], 32);
    uint8_t certificate[ASSAY_CERTIFICATE_LEN_MAX];
    const size_t certificate_len = signed_certificate(&c, &s, 7, certificate);
    uint8_t final_id[32];
    uint8_t commitment[32];
    for (uint64_t drop = 0; drop < 3; drop++) { /* 0: whole; 1: first tail missing; 2: the last */
        uint8_t proof[4096];
        struct assay_writer w = assay_writer_over(proof, sizeof proof);
        assay_cbor_put_array(&w, 2);
        assay_cbor_put_bytes(&w, certificate, certificate_len);
        assay_cbor_put_array(&w, drop == 0 ? 2 : 1);
        if (drop != 1) assay_cbor_put_bytes(&w, tails[1], lens[1]);
        if (drop != 2) assay_cbor_put_bytes(&w, tails[0], lens[0]);
        const enum assay_status status = assay_finality_verify(
            assay_slice_over(proof, w.len), s.chain_id, 1, 300, table_of(&c), final_id, commitment);
        if (drop == 0) {
            cr_expect_eq(status, ASSAY_OK);
            cr_expect_arr_eq(final_id, ids[0], 32);
        } else if (drop == 1) {
            cr_expect_eq(status, ASSAY_E_INVALID); /* does not start at the finalised block */
        } else {
            cr_expect_eq(status, ASSAY_OK); /* proves the lower tail: the ledger sees no E there */
            cr_expect_arr_eq(final_id, ids[1], 32);
        }
        for (size_t cut = 0; cut < w.len; cut++)
            cr_expect_neq(assay_finality_verify(assay_slice_over(proof, cut), s.chain_id, 1, 300,
                                                table_of(&c), final_id, commitment),
                          ASSAY_OK);
        cr_expect_eq(assay_finality_verify(assay_slice_over(proof, w.len), s.chain_id, 1, 301,
                                           table_of(&c), final_id, commitment),
                     ASSAY_E_CHAIN);
    }
    drop_cast(&c);
}
