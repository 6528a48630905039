/*
 * tests/unit/services/identity/test_sharing.c - tests of dealings of a group key: key generation,
 * resharing, and attacks on both (docs/identity.md 3).
 */
#include "base/crypto.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { DEALERS_MAX = 8 };

struct dealing {
    struct assay_sharing_polynomial polynomial;
    struct assay_sharing_commitments commitments;
};

static void deal(uint32_t threshold, const struct assay_secret32 *constant, struct dealing *d)
{
    static uint8_t wide[ASSAY_FROST_SIGNERS_MAX][ASSAY_SODIUM_WIDE_LEN];
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    group_draw(&wide[0][0], sizeof wide);
    cr_assert_eq(
        assay_sharing_deal(threshold, constant, &wide[0][0], &d->polynomial, &d->commitments),
        ASSAY_OK);
    cr_assert_eq(assay_sharing_check(&d->commitments), ASSAY_OK);
}

/* The group that the sum of dealings makes; every share is verified against the sum of commitments.
 * */
static struct group *sum_of(const struct dealing *d, const uint32_t *index, uint32_t count,
                            uint32_t threshold, uint32_t indices)
{
    struct group *g = calloc(1, sizeof *g);
    cr_assert_not_null(g);
    g->indices = indices;
    g->threshold = threshold;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_secret32 lambda, *factor = NULL;
        if (index != NULL) {
            cr_assert_eq(assay_frost_lambda(index, count, i, &lambda), ASSAY_OK);
            factor = &lambda;
        }
        cr_assert_eq(assay_sharing_add(&g->commitments, factor, &d[i].commitments), ASSAY_OK);
        for (uint32_t j = 1; j <= indices; j++) {
            struct assay_secret32 sub;
            cr_assert_eq(assay_sharing_evaluate(&d[i].polynomial, j, &sub), ASSAY_OK);
            cr_assert_eq(assay_sharing_verify(&d[i].commitments, j, &sub), ASSAY_OK);
            assay_sharing_add_share(&g->share[j], factor, &sub);
        }
    }
    assay_bytes_copy(g->key, 32, g->commitments.point[0], 32);
    for (uint32_t j = 1; j <= indices; j++) {
        cr_assert_eq(assay_sharing_verify(&g->commitments, j, &g->share[j]), ASSAY_OK);
        cr_assert_eq(assay_sodium_edwards_base(&g->share[j], g->public_share[j]), ASSAY_OK);
    }
    return g;
}

static void must_sign(const struct group *g)
{
    uint8_t signature[64];
    struct signing *s = group_choose(g, g->indices - g->threshold + 1);
    cr_assert_eq(group_sign(g, s, assay_slice_over("m", 1), signature), ASSAY_OK);
    cr_assert(assay_sodium_edwards_verify(g->key, assay_slice_over("m", 1), signature));
    group_signing_free(s);
}

Test(sharing, a_key_that_no_dealer_knows_signs_and_outlives_every_generation)
{
    static struct dealing d[DEALERS_MAX];
    for (uint32_t i = 0; i < 4; i++)
        deal(3, NULL, &d[i]);
    struct group *g = sum_of(d, NULL, 4, 3, 4);
    must_sign(g);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_arr_neq(g->key, d[i].commitments.point[0], 32);
    uint8_t key[32];
    assay_bytes_copy(key, 32, g->key, 32);
    /* From 3 of 4 to 4 of 7, to 2 of 3: each time by other holders, never by all of them. */
    static const uint32_t dealers[2][4] = { { 1, 2, 4, 0 }, { 2, 3, 5, 7 } };
    static const uint32_t sizes[2][3] = { { 3, 4, 7 }, { 4, 2, 3 } };
    for (int generation = 0; generation < 2; generation++) {
        const uint32_t old_threshold = sizes[generation][0];
        for (uint32_t i = 0; i < old_threshold; i++) {
            uint8_t public_share[32];
            const uint32_t index = dealers[generation][i];
            deal(sizes[generation][1], &g->share[index], &d[i]);
            cr_assert_eq(assay_sharing_public(&g->commitments, index, public_share), ASSAY_OK);
            cr_assert_arr_eq(public_share, d[i].commitments.point[0], 32, "it deals its share");
        }
        struct group *next = sum_of(d, dealers[generation], old_threshold, sizes[generation][1],
                                    sizes[generation][2]);
        cr_assert_arr_eq(next->key, key, 32);
        must_sign(next);
        for (uint32_t j = 1; j <= next->indices && j <= g->indices; j++)
            cr_assert_arr_neq(next->share[j].bytes, g->share[j].bytes, 32, "no old share is new");
        group_free(g);
        g = next;
    }
    group_free(g);
}

/* docs/identity.md 3.10: former holders pool old shares, with one of the new generation. */
Test(sharing, shares_of_two_generations_do_not_add_up)
{
    static struct dealing d[3];
    const uint32_t dealers[3] = { 1, 2, 3 };
    struct group *g = group_new(4, 3);
    for (uint32_t i = 0; i < 3; i++)
        deal(3, &g->share[dealers[i]], &d[i]);
    struct group *next = sum_of(d, dealers, 3, 3, 4);
    struct signing *s = group_choose(next, 1);
    uint8_t signature[64];
    s->share[0] = g->share[1];
    cr_assert_eq(group_sign(next, s, assay_slice_over("m", 1), signature), ASSAY_E_SIGNATURE);
    cr_assert_eq(assay_frost_verify(&s->session, 1, next->public_share[1], s->answer[0]),
                 ASSAY_E_SIGNATURE, "and its holder is found");
    group_signing_free(s);
    group_free(next);
    group_free(g);
}

/* docs/identity.md 3.10: a holder reshares another number, and the key would change. */
Test(sharing, a_reshare_of_another_number_changes_the_key_and_its_constant_shows_it)
{
    static struct dealing d[3];
    const uint32_t dealers[3] = { 1, 2, 3 };
    struct group *g = group_new(4, 3);
    const struct assay_secret32 other = group_scalar();
    uint8_t public_share[32];
    for (uint32_t i = 0; i < 3; i++)
        deal(3, i == 1 ? &other : &g->share[dealers[i]], &d[i]);
    struct group *next = sum_of(d, dealers, 3, 3, 4);
    cr_assert_arr_neq(next->key, g->key, 32);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(assay_sharing_public(&g->commitments, dealers[i], public_share), ASSAY_OK);
        cr_assert_eq(assay_bytes_equal(public_share, d[i].commitments.point[0], 32), i != 1);
    }
    group_free(next);
    group_free(g);
}

/* docs/identity.md 3.6: the last dealer chooses C_0 so that it cancels the others, and would
 * know the key. It cannot prove that it knows its own f(0). */
Test(sharing, a_constant_that_cancels_the_others_has_no_proof)
{
    static struct dealing honest[3], hostile;
    struct assay_sharing_commitments sum = { 0 };
    struct assay_dealing_proof proof;
    uint8_t label[32], wide[64], minus[32];
    static const struct assay_secret32 minus_one = {
        { 0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
          0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
          0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10 }
    };
    for (uint32_t i = 0; i < 3; i++) {
        deal(3, NULL, &honest[i]);
        cr_assert_eq(assay_sharing_add(&sum, NULL, &honest[i].commitments), ASSAY_OK);
    }
    deal(3, NULL, &hostile);
    group_draw(label, sizeof label);
    group_draw(wide, sizeof wide);
    cr_assert_eq(assay_sodium_edwards_mul(&minus_one, sum.point[0], minus), ASSAY_OK);
    cr_assert_eq(
        assay_sodium_edwards_add(minus, hostile.commitments.point[0], hostile.commitments.point[0]),
        ASSAY_OK);
    cr_assert_eq(assay_sharing_prove(&hostile.polynomial, label, wide, &proof), ASSAY_OK);
    cr_assert(!assay_sharing_proof_verify(&hostile.commitments, label, &proof));
    /* That it worked without the proof: the sum's key is the number that the dealer drew. */
    cr_assert_eq(assay_sharing_add(&sum, NULL, &hostile.commitments), ASSAY_OK);
    uint8_t known[32];
    cr_assert_eq(assay_sodium_edwards_base(&hostile.polynomial.a[0], known), ASSAY_OK);
    cr_assert_arr_eq(known, sum.point[0], 32);
}

Test(sharing, a_proof_of_a_constant_is_of_one_dealer_and_one_point)
{
    static struct dealing a, b;
    struct assay_dealing_proof proof, changed;
    uint8_t label[32], wide[64];
    deal(3, NULL, &a);
    deal(3, NULL, &b);
    group_draw(label, sizeof label);
    group_draw(wide, sizeof wide);
    cr_assert_eq(assay_sharing_prove(&a.polynomial, label, wide, &proof), ASSAY_OK);
    cr_assert(assay_sharing_proof_verify(&a.commitments, label, &proof));
    cr_assert(!assay_sharing_proof_verify(&b.commitments, label, &proof));
    for (uint32_t bit = 0; bit < 256; bit += 5) {
        label[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert(!assay_sharing_proof_verify(&a.commitments, label, &proof));
        label[bit / 8] ^= (uint8_t)(1 << bit % 8);
        changed = proof;
        changed.challenge[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert(!assay_sharing_proof_verify(&a.commitments, label, &changed));
        changed = proof;
        changed.answer[bit / 8] ^= (uint8_t)(1 << bit % 8);
        cr_assert(!assay_sharing_proof_verify(&a.commitments, label, &changed));
    }
}

/* docs/identity.md 3.8, 3.9: sub-shares travel encrypted by services/shares/dealing.h, and a
 * wrong one is shown to everybody. Scalars of both groups have one order, so what is opened can be
 * compared with the commitments here. */
Test(sharing, a_wrong_sub_share_is_opened_and_convicts_its_dealer_and_a_right_one_its_accuser)
{
    static struct dealing d;
    deal(3, NULL, &d);
    for (uint32_t lie = 0; lie < 2; lie++) {
        const struct assay_secret32 e = group_scalar(), r = group_scalar();
        uint8_t taker[32], dealt[32], label[32], wide[64], sealed[32], shown[32];
        struct assay_secret32 sub, opened;
        struct assay_dealing_proof proof;
        group_draw(label, sizeof label);
        group_draw(wide, sizeof wide);
        cr_assert_eq(assay_sodium_point_base(&e, taker), ASSAY_OK);
        cr_assert_eq(assay_sodium_point_base(&r, dealt), ASSAY_OK);
        cr_assert_eq(assay_sharing_evaluate(&d.polynomial, 2 + lie, &sub), ASSAY_OK);
        cr_assert_eq(assay_dealing_seal(&r, taker, label, &sub, sealed), ASSAY_OK);
        cr_assert_eq(assay_dealing_open(&e, dealt, label, sealed, &opened), ASSAY_OK);
        cr_assert_eq(assay_sharing_verify(&d.commitments, 2, &opened),
                     lie ? ASSAY_E_INVALID : ASSAY_OK);
        cr_assert_eq(assay_dealing_open_public(&e, dealt, label, wide, shown, &proof), ASSAY_OK);
        cr_assert_eq(assay_dealing_read_public(taker, dealt, shown, label, &proof, sealed, &opened),
                     ASSAY_OK);
        cr_assert_eq(assay_sharing_verify(&d.commitments, 2, &opened),
                     lie ? ASSAY_E_INVALID : ASSAY_OK);
    }
}

Test(sharing, commitments_that_lower_the_threshold_are_refused)
{
    static const uint8_t identity[32] = { 1 };
    static struct dealing d;
    deal(4, NULL, &d);
    for (uint32_t i = 0; i < 4; i++) {
        struct assay_sharing_commitments changed = d.commitments;
        assay_bytes_copy(changed.point[i], 32, identity, 32);
        cr_assert_eq(assay_sharing_check(&changed), ASSAY_E_KEY);
    }
    struct assay_sharing_commitments changed = d.commitments;
    changed.count = 1;
    cr_assert_eq(assay_sharing_check(&changed), ASSAY_E_RANGE);
    changed.count = 77;
    cr_assert_eq(assay_sharing_check(&changed), ASSAY_E_RANGE);
    cr_assert_eq(assay_sharing_public(&changed, 1, changed.point[0]), ASSAY_E_RANGE);
    struct assay_sharing_commitments sum = { 0 };
    cr_assert_eq(assay_sharing_add(&sum, NULL, &changed), ASSAY_E_RANGE);
    cr_assert_eq(assay_sharing_add(&sum, NULL, &d.commitments), ASSAY_OK);
    changed = d.commitments;
    changed.count = 3;
    cr_assert_eq(assay_sharing_add(&sum, NULL, &changed), ASSAY_E_RANGE, "another degree");
}

/* A sum may have the identity in a middle place, although no dealing has: the public shares are
 * right nevertheless. */
Test(sharing, a_sum_with_the_identity_inside_gives_the_right_public_shares)
{
    static struct dealing d[2];
    static const struct assay_secret32 zero = { { 0 } };
    struct assay_sharing_commitments sum = { 0 };
    deal(3, NULL, &d[0]);
    deal(3, NULL, &d[1]);
    for (uint32_t place = 1; place < 3; place++) {
        assay_sodium_scalar_sub(&zero, &d[0].polynomial.a[place], &d[1].polynomial.a[place]);
        cr_assert_eq(
            assay_sodium_edwards_base(&d[1].polynomial.a[place], d[1].commitments.point[place]),
            ASSAY_OK);
        sum = (struct assay_sharing_commitments){ 0 };
        for (uint32_t i = 0; i < 2; i++)
            cr_assert_eq(assay_sharing_add(&sum, NULL, &d[i].commitments), ASSAY_OK);
        for (uint32_t j = 1; j <= 150; j += 37) {
            struct assay_secret32 share = { { 0 } }, sub;
            for (uint32_t i = 0; i < 2; i++) {
                cr_assert_eq(assay_sharing_evaluate(&d[i].polynomial, j, &sub), ASSAY_OK);
                assay_sharing_add_share(&share, NULL, &sub);
            }
            cr_assert_eq(assay_sharing_verify(&sum, j, &share), ASSAY_OK);
        }
    }
}

Test(sharing, indices_and_shares_have_bounds)
{
    static struct dealing d;
    struct assay_secret32 share;
    static uint8_t wide[ASSAY_FROST_SIGNERS_MAX][64];
    uint8_t point[32];
    deal(3, NULL, &d);
    cr_assert_eq(assay_sharing_evaluate(&d.polynomial, 0, &share), ASSAY_E_RANGE, "the key itself");
    cr_assert_eq(assay_sharing_evaluate(&d.polynomial, 151, &share), ASSAY_E_RANGE);
    cr_assert_eq(assay_sharing_evaluate(&d.polynomial, 150, &share), ASSAY_OK);
    cr_assert_eq(assay_sharing_verify(&d.commitments, 150, &share), ASSAY_OK);
    cr_assert_eq(assay_sharing_verify(&d.commitments, 149, &share), ASSAY_E_INVALID);
    cr_assert_eq(assay_sharing_verify(&d.commitments, 0, &d.polynomial.a[0]), ASSAY_E_RANGE);
    cr_assert_eq(assay_sharing_public(&d.commitments, 151, point), ASSAY_E_RANGE);
    memset(&share, 0xff, sizeof share);
    cr_assert_eq(assay_sharing_verify(&d.commitments, 1, &share), ASSAY_E_RANGE, "not canonical");
    assay_secret_wipe(&share, sizeof share);
    cr_assert_eq(assay_sharing_verify(&d.commitments, 1, &share), ASSAY_E_INVALID);
    cr_assert_eq(assay_sharing_deal(3, &share, &wide[0][0], &d.polynomial, &d.commitments),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_sharing_deal(1, NULL, &wide[0][0], &d.polynomial, &d.commitments),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_sharing_deal(77, NULL, &wide[0][0], &d.polynomial, &d.commitments),
                 ASSAY_E_RANGE);
}

/* f(x) = a (x - 2): the value of index 2 is zero, and right, so it convicts neither the dealer nor
 * its receiver (docs/identity.md 3.9). */
Test(sharing, a_value_of_zero_is_right_where_the_dealer_chose_it)
{
    static struct dealing d;
    static uint8_t wide[2][ASSAY_SODIUM_WIDE_LEN];
    static const struct assay_secret32 zero = { { 0 } };
    struct assay_secret32 slope, constant, share;
    group_draw(&wide[0][0], sizeof wide);
    assay_sodium_scalar_from(wide[1], &slope);
    assay_sodium_scalar_add(&slope, &slope, &constant);
    assay_sodium_scalar_sub(&zero, &constant, &constant);
    cr_assert_eq(assay_sharing_deal(2, &constant, &wide[0][0], &d.polynomial, &d.commitments),
                 ASSAY_OK);
    cr_assert_eq(assay_sharing_check(&d.commitments), ASSAY_OK);
    cr_assert_eq(assay_sharing_evaluate(&d.polynomial, 2, &share), ASSAY_OK);
    cr_assert(assay_bytes_all_zero(share.bytes, sizeof share.bytes));
    cr_assert_eq(assay_sharing_verify(&d.commitments, 2, &share), ASSAY_OK);
    cr_assert_eq(assay_sharing_verify(&d.commitments, 3, &share), ASSAY_E_INVALID);
}

/* Tokens are signed under a second key of the same sharing: holders add a public number. */
Test(sharing, the_second_key_signs_by_shares_with_the_offset_and_neither_key_verifies_the_others)
{
    struct group *g = group_new(4, 3);
    const struct assay_secret32 offset = group_scalar();
    uint8_t first[32], second[32], signature[64];
    const struct assay_slice message = assay_slice_over("m", 1);
    assay_bytes_copy(first, 32, g->key, 32);
    cr_assert_eq(assay_sharing_offset_key(g->key, &offset, second), ASSAY_OK);
    struct signing *s = group_choose(g, 1);
    cr_assert_eq(group_sign(g, s, message, signature), ASSAY_OK);
    cr_assert(assay_sodium_edwards_verify(first, message, signature));
    cr_assert(!assay_sodium_edwards_verify(second, message, signature));
    group_signing_free(s);
    for (uint32_t j = 1; j <= 4; j++)
        assay_sharing_add_share(&g->share[j], NULL, &offset);
    assay_bytes_copy(g->key, 32, second, 32);
    s = group_choose(g, 2);
    cr_assert_eq(group_sign(g, s, message, signature), ASSAY_OK);
    cr_assert(assay_sodium_edwards_verify(second, message, signature));
    cr_assert(!assay_sodium_edwards_verify(first, message, signature));
    group_signing_free(s);
    group_free(g);
}
