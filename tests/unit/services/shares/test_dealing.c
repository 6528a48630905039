/*
 * tests/unit/services/shares/test_dealing.c - tests of public dealings.
 *
 * Numbers that are dealt in everybody's sight (docs/services.md 5.16): who reads one, who shows
 * one, and what no proof stands for.
 */
#include "base/crypto.h"
#include "services/shares/dealing.h"

#include <criterion/criterion.h>

struct pair {
    struct assay_secret32 secret;
    uint8_t point[ASSAY_SODIUM_POINT_LEN];
};

static void draw(uint8_t *bytes, size_t len)
{
    static uint32_t drawn;
    for (size_t at = 0; at < len; at += 32) {
        uint8_t digest[32];
        const uint32_t number = ++drawn;
        assay_sha256(&number, sizeof number, digest);
        assay_bytes_copy(bytes + at, len - at, digest, len - at < 32 ? len - at : 32);
    }
}

static struct pair pair_of(void)
{
    struct pair p;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN];
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    draw(wide, sizeof wide);
    assay_sodium_scalar_from(wide, &p.secret);
    cr_assert_eq(assay_sodium_point_base(&p.secret, p.point), ASSAY_OK);
    return p;
}

static struct assay_dealing_proof proof_of(const struct pair *p, const uint8_t label[static 32])
{
    struct assay_dealing_proof proof;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN], point[ASSAY_SODIUM_POINT_LEN];
    draw(wide, sizeof wide);
    cr_assert_eq(assay_dealing_prove(&p->secret, label, wide, point, &proof), ASSAY_OK);
    cr_assert_arr_eq(point, p->point, sizeof point);
    return proof;
}

Test(dealing, a_number_is_read_by_its_taker_and_by_nobody_else)
{
    for (uint32_t i = 0; i < 50; i++) {
        const struct pair r = pair_of(), e = pair_of(), other = pair_of(), number = pair_of();
        uint8_t label[32], sealed[32];
        struct assay_secret32 read;
        draw(label, sizeof label);
        cr_assert_eq(assay_dealing_seal(&r.secret, e.point, label, &number.secret, sealed),
                     ASSAY_OK);
        cr_assert(assay_dealing_is_sealed(sealed));
        cr_assert_eq(assay_dealing_open(&e.secret, r.point, label, sealed, &read), ASSAY_OK);
        cr_assert_arr_eq(read.bytes, number.secret.bytes, 32);
        cr_assert_eq(assay_dealing_open(&other.secret, r.point, label, sealed, &read), ASSAY_OK);
        cr_assert_arr_neq(read.bytes, number.secret.bytes, 32);
        label[i % 32] ^= 1;
        cr_assert_eq(assay_dealing_open(&e.secret, r.point, label, sealed, &read), ASSAY_OK);
        cr_assert_arr_neq(read.bytes, number.secret.bytes, 32, "of another label");
    }
}

Test(dealing, a_proof_is_of_one_point_and_one_label)
{
    for (uint32_t i = 0; i < 64; i++) {
        const struct pair p = pair_of(), other = pair_of();
        uint8_t label[32];
        draw(label, sizeof label);
        struct assay_dealing_proof proof = proof_of(&p, label);
        cr_assert(assay_dealing_verify(p.point, label, &proof));
        cr_assert(!assay_dealing_verify(other.point, label, &proof));
        label[i % 32] ^= 1;
        cr_assert(!assay_dealing_verify(p.point, label, &proof));
        label[i % 32] ^= 1;
        proof.challenge[i % 32] ^= 1;
        cr_assert(!assay_dealing_verify(p.point, label, &proof));
        proof.challenge[i % 32] ^= 1;
        proof.answer[i % 32] ^= 1;
        cr_assert(!assay_dealing_verify(p.point, label, &proof));
    }
}

/* The identity, bytes that are no point, one that is not canonical. */
static const uint8_t unfit[][32] = {
    { 0 },
    { 1 },
    { 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0x7f },
    { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff },
};

Test(dealing, what_is_no_point_of_the_group_is_nothing)
{
    const struct pair p = pair_of();
    const uint8_t label[32] = { 1 };
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN] = { 7 }, sealed[32], shown[32];
    struct assay_dealing_proof proof = proof_of(&p, label), equal;
    struct assay_secret32 number;
    cr_assert_eq(assay_dealing_seal(&p.secret, p.point, label, &p.secret, sealed), ASSAY_OK);
    cr_assert_eq(assay_dealing_open_public(&p.secret, p.point, label, wide, shown, &equal),
                 ASSAY_OK);
    uint8_t other_form[32];
    assay_bytes_copy(other_form, 32, p.point, 32);
    other_form[31] |= 0x80;
    cr_assert(!assay_sodium_point_is_fit(other_form), "a point has one form");
    cr_assert_eq(assay_sodium_point_mul(&p.secret, other_form, shown), ASSAY_E_KEY);
    cr_assert_eq(assay_sodium_point_add(p.point, other_form, shown), ASSAY_E_KEY);
    cr_assert_eq(assay_sodium_point_add(other_form, p.point, shown), ASSAY_E_KEY);
    cr_assert_eq(assay_dealing_open_public(&p.secret, p.point, label, wide, shown, &equal),
                 ASSAY_OK);
    for (uint32_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        cr_assert(!assay_dealing_verify(unfit[i], label, &proof), "%u", i);
        cr_assert_eq(assay_dealing_seal(&p.secret, unfit[i], label, &p.secret, sealed),
                     ASSAY_E_KEY);
        cr_assert_eq(assay_dealing_open(&p.secret, unfit[i], label, sealed, &number),
                     ASSAY_E_KEY);
        cr_assert_eq(assay_dealing_open_public(&p.secret, unfit[i], label, wide, shown, &equal),
                     ASSAY_E_KEY);
        cr_assert_eq(
            assay_dealing_read_public(unfit[i], p.point, shown, label, &equal, sealed, &number),
            ASSAY_E_KEY);
        cr_assert_eq(
            assay_dealing_read_public(p.point, unfit[i], shown, label, &equal, sealed, &number),
            ASSAY_E_KEY);
        cr_assert_eq(
            assay_dealing_read_public(p.point, p.point, unfit[i], label, &equal, sealed, &number),
            ASSAY_E_KEY);
    }
}

/* A proof of the identity: s = t + c 0, which anybody makes. */
Test(dealing, nobody_proves_the_identity)
{
    const uint8_t label[32] = { 3 }, identity[32] = { 0 };
    const struct pair nonce = pair_of();
    struct assay_secret32 none = { { 0 } };
    struct assay_dealing_proof proof;
    uint8_t wide[ASSAY_SODIUM_WIDE_LEN] = { 5 }, point[32];
    cr_assert_eq(assay_dealing_prove(&none, label, wide, point, &proof), ASSAY_E_RANGE);
    assay_bytes_copy(proof.answer, 32, nonce.secret.bytes, 32);
    assay_bytes_copy(proof.challenge, 32, nonce.secret.bytes, 32);
    cr_assert(!assay_dealing_verify(identity, label, &proof));
}

Test(dealing, what_a_taker_shows_everybody_reads)
{
    for (uint32_t i = 0; i < 50; i++) {
        const struct pair r = pair_of(), e = pair_of(), number = pair_of(), other = pair_of();
        uint8_t label[32], sealed[32], shown[32], wide[ASSAY_SODIUM_WIDE_LEN];
        struct assay_dealing_proof proof;
        struct assay_secret32 read;
        draw(label, sizeof label);
        draw(wide, sizeof wide);
        cr_assert_eq(assay_dealing_seal(&r.secret, e.point, label, &number.secret, sealed),
                     ASSAY_OK);
        cr_assert_eq(assay_dealing_open_public(&e.secret, r.point, label, wide, shown, &proof),
                     ASSAY_OK);
        cr_assert_eq(
            assay_dealing_read_public(e.point, r.point, shown, label, &proof, sealed, &read),
            ASSAY_OK);
        cr_assert_arr_eq(read.bytes, number.secret.bytes, 32);
        /* Another K, another R, another taker's, another label: nobody reads a number by it. */
        cr_assert_eq(
            assay_dealing_read_public(e.point, r.point, other.point, label, &proof, sealed, &read),
            ASSAY_E_SIGNATURE);
        cr_assert_eq(
            assay_dealing_read_public(e.point, other.point, shown, label, &proof, sealed, &read),
            ASSAY_E_SIGNATURE);
        cr_assert_eq(
            assay_dealing_read_public(other.point, r.point, shown, label, &proof, sealed, &read),
            ASSAY_E_SIGNATURE);
        label[0] ^= 1;
        cr_assert_eq(
            assay_dealing_read_public(e.point, r.point, shown, label, &proof, sealed, &read),
            ASSAY_E_SIGNATURE);
    }
}

/* What is not below the order is none: one number has one form. */
Test(dealing, a_sealed_number_is_canonical)
{
    static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                       0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                       [31] = 0x10 };
    const struct pair p = pair_of();
    const uint8_t label[32] = { 9 }, none[32] = { 0 };
    struct assay_secret32 number;
    cr_assert(assay_dealing_is_sealed(none));
    cr_assert(!assay_dealing_is_sealed(order));
    cr_assert_eq(assay_dealing_open(&p.secret, p.point, label, order, &number), ASSAY_E_RANGE);
}
