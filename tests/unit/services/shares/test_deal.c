/*
 * tests/unit/services/shares/test_deal.c - tests of sharing a secret.
 *
 * Sharing a secret: what k shares do and fewer do not, what is refused, and that dealing on keeps
 * the secret while old shares are worth nothing (docs/services.md 5.3).
 */
#include "base/crypto.h"
#include "services/shares/deal.h"

#include <criterion/criterion.h>
#include <sodium.h>

enum { K = 3, N = 5 };

struct dealt {
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    struct assay_secret32 share[N];
};

static void fill(uint8_t *bytes, size_t len, uint32_t seed)
{
    for (size_t at = 0; at < len; at += 32) {
        uint8_t block[32];
        const uint32_t number[2] = { seed, (uint32_t)at };
        assay_sha256(number, sizeof number, block);
        assay_bytes_copy(bytes + at, len - at, block, len - at < 32 ? len - at : 32);
    }
}

static struct dealt deal(uint32_t seed)
{
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    struct dealt d;
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    fill(wide, sizeof wide, seed);
    cr_assert_eq(assay_share_deal(K, wide, &d.polynomial, &d.commitments), ASSAY_OK);
    for (uint32_t j = 0; j < N; j++)
        cr_assert_eq(assay_share_of(&d.polynomial, j, &d.share[j]), ASSAY_OK);
    return d;
}

/* Slots as digits: 124 is the shares of slots 1, 2 and 4. */
static struct assay_secret32 combine(const struct assay_secret32 share[N], uint32_t digits)
{
    uint32_t slot[K];
    struct assay_secret32 of[K], secret;
    for (uint32_t i = K; i-- > 0; digits /= 10) {
        slot[i] = digits % 10;
        of[i] = share[slot[i]];
    }
    cr_assert_eq(assay_share_combine(K, slot, of, &secret), ASSAY_OK);
    return secret;
}

static bool is_secret(const struct dealt *d, struct assay_secret32 made)
{
    return assay_equal_ct(made.bytes, d->polynomial.a[0].bytes, 32);
}

Test(deal, any_three_of_five_shares_make_the_secret)
{
    const struct dealt d = deal(1);
    for (uint32_t a = 0; a < N; a++)
        for (uint32_t b = 0; b < N; b++)
            for (uint32_t c = 0; c < N; c++)
                if (a != b && b != c && a != c)
                    cr_assert(is_secret(&d, combine(d.share, a * 100 + b * 10 + c)));
}

Test(deal, two_shares_make_nothing)
{
    const struct dealt d = deal(2);
    const uint32_t slot[] = { 0, 1 };
    struct assay_secret32 secret;
    cr_assert_eq(assay_share_combine(2, slot, d.share, &secret), ASSAY_OK);
    cr_assert(!is_secret(&d, secret));
}

Test(deal, every_share_stands_against_the_commitments_of_its_slot_alone)
{
    const struct dealt d = deal(3);
    for (uint32_t slot = 0; slot < N; slot++)
        for (uint32_t j = 0; j < N; j++)
            cr_assert_eq(assay_share_verify(&d.commitments, slot, &d.share[j]),
                         slot == j ? ASSAY_OK : ASSAY_E_INVALID);
    cr_assert_eq(assay_share_verify(&d.commitments, ASSAY_SHARE_SLOTS_MAX, &d.share[0]),
                 ASSAY_E_RANGE);
}

Test(deal, a_share_with_any_bit_changed_is_refused)
{
    const struct dealt d = deal(4);
    for (uint32_t bit = 0; bit < 256; bit++) {
        struct assay_secret32 changed = d.share[1];
        changed.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_assert_neq(assay_share_verify(&d.commitments, 1, &changed), ASSAY_OK);
    }
}

Test(deal, zero_scalars_and_those_not_below_the_order_are_refused)
{
    /* The order of the group, little-endian: 2^252 + 27742317777372353535851937790883648493. */
    static const struct assay_secret32 order = { {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
        0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10,
    } };
    struct dealt d = deal(5);
    struct assay_secret32 zero = { { 0 } }, below = order, secret;
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN] = { 0 };
    const uint32_t slot[] = { 0, 1, 2 };
    below.bytes[0]--;
    cr_assert(assay_sodium_scalar_is_fit(&below));
    cr_assert(!assay_sodium_scalar_is_fit(&order));
    cr_assert_eq(assay_share_verify(&d.commitments, 0, &zero), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_verify(&d.commitments, 0, &order), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_deal(K, wide, &polynomial, &commitments), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_deal_on(K, &zero, wide, &polynomial, &commitments), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_deal_on(K, &order, wide, &polynomial, &commitments), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_deal_on(K, &d.share[0], wide, &polynomial, &commitments),
                 ASSAY_E_RANGE, "a coefficient of zero would lower the degree");
    d.share[1] = zero;
    cr_assert_eq(assay_share_combine(K, slot, d.share, &secret), ASSAY_E_RANGE);
}

Test(deal, slots_that_are_none_and_slots_twice_are_refused)
{
    const struct dealt d = deal(6);
    const uint32_t twice[] = { 0, 1, 0 }, outside[] = { 0, 1, ASSAY_SHARE_SLOTS_MAX };
    struct assay_secret32 out;
    cr_assert_eq(assay_share_combine(K, twice, d.share, &out), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_share_combine(K, outside, d.share, &out), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_combine(1, twice, d.share, &out), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_combine(ASSAY_SHARE_K_MAX + 1, twice, d.share, &out), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_of(&d.polynomial, ASSAY_SHARE_SLOTS_MAX, &out), ASSAY_E_RANGE);
}

Test(deal, commitments_that_are_no_points_are_refused)
{
    const struct dealt d = deal(7);
    for (uint32_t i = 0; i < K; i++) {
        struct assay_share_commitments c = d.commitments;
        assay_bytes_zero(c.point[i], 32);
        cr_assert_eq(assay_share_commitments_check(&c), ASSAY_E_KEY, "the identity");
        cr_assert_eq(assay_share_verify(&c, 0, &d.share[0]), ASSAY_E_KEY);
        for (uint32_t b = 0; b < 32; b++)
            c.point[i][b] = 0xff;
        cr_assert_eq(assay_share_commitments_check(&c), ASSAY_E_KEY, "above the field's prime");
        for (uint32_t slot = 0; slot < N; slot++)
            cr_assert_eq(assay_share_verify(&c, slot, &d.share[slot]), ASSAY_E_KEY);
        c = d.commitments;
        c.point[i][0] |= 1; /* a negative number of the field is nobody's encoding */
        if (!assay_bytes_equal(c.point[i], d.commitments.point[i], 32))
            cr_assert_eq(assay_share_commitments_check(&c), ASSAY_E_KEY);
    }
    struct assay_share_commitments c = d.commitments;
    c.k = 1;
    cr_assert_eq(assay_share_commitments_check(&c), ASSAY_E_RANGE);
    c.k = ASSAY_SHARE_K_MAX + 1;
    cr_assert_eq(assay_share_commitments_check(&c), ASSAY_E_RANGE);
}

/* Small slots are computed by additions, the others by a multiplication. */
Test(deal, every_slot_of_the_largest_cluster_verifies)
{
    struct dealt d = deal(12);
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++) {
        struct assay_secret32 share;
        cr_assert_eq(assay_share_of(&d.polynomial, slot, &share), ASSAY_OK);
        cr_assert_eq(assay_share_verify(&d.commitments, slot, &share), ASSAY_OK);
        assay_sodium_scalar_add(&share, &d.share[0], &share);
        cr_assert_eq(assay_share_verify(&d.commitments, slot, &share), ASSAY_E_INVALID);
    }
}

Test(deal, the_digest_of_commitments_tells_all_of_them)
{
    const struct dealt d = deal(8);
    struct assay_share_commitments other = d.commitments;
    uint8_t a[32], b[32];
    assay_share_commitments_digest(&d.commitments, a);
    other.point[K - 1][0] ^= 2;
    assay_share_commitments_digest(&other, b);
    cr_assert(!assay_bytes_equal(a, b, 32));
    other = d.commitments;
    other.k = K - 1;
    assay_share_commitments_digest(&other, b);
    cr_assert(!assay_bytes_equal(a, b, 32));
}

/* --- resharing */

static const uint32_t dealers[K] = { 1, 3, 4 };
enum { DEALERS = 1 << 1 | 1 << 3 | 1 << 4 };

static void deal_on(const struct dealt *d, struct assay_share_polynomial polynomial[K],
                    struct assay_share_dealing dealing[K])
{
    for (uint32_t i = 0; i < K; i++) {
        uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
        struct assay_secret32 part;
        fill(wide, sizeof wide, 100 + i);
        dealing[i].dealer = dealers[i];
        cr_assert_eq(assay_share_lambda(DEALERS, dealers[i], &part), ASSAY_OK);
        assay_sodium_scalar_mul(&part, &d->share[dealers[i]], &part);
        cr_assert_eq(assay_share_deal_on(K, &part, wide, &polynomial[i], &dealing[i].commitments),
                     ASSAY_OK);
    }
}

static void dealings_to(const struct assay_share_polynomial polynomial[K], uint32_t slot,
                        struct assay_share_dealing dealing[K])
{
    for (uint32_t i = 0; i < K; i++)
        cr_assert_eq(assay_share_of(&polynomial[i], slot, &dealing[i].sub), ASSAY_OK);
}

Test(deal, shares_dealt_on_keep_the_secret_and_old_ones_are_worth_nothing)
{
    const struct dealt d = deal(9);
    struct assay_share_polynomial polynomial[K];
    struct assay_share_dealing dealing[K];
    struct assay_share_commitments renewed, first;
    struct assay_secret32 share[N];
    deal_on(&d, polynomial, dealing);
    for (uint32_t j = 0; j < N; j++) {
        dealings_to(polynomial, j, dealing);
        for (uint32_t i = 0; i < K; i++)
            cr_assert_eq(assay_share_dealing_verify(&d.commitments, DEALERS, j, &dealing[i]),
                         ASSAY_OK);
        cr_assert_eq(assay_share_renew(&d.commitments, j, dealing, &share[j], &renewed), ASSAY_OK);
        cr_assert_eq(assay_share_verify(&renewed, j, &share[j]), ASSAY_OK);
        cr_assert_neq(assay_share_verify(&d.commitments, j, &share[j]), ASSAY_OK);
        if (j == 0) first = renewed;
        cr_assert(assay_bytes_equal(&first, &renewed, sizeof first), "all come to the same");
    }
    cr_assert(assay_bytes_equal(renewed.point[0], d.commitments.point[0], 32));
    cr_assert(is_secret(&d, combine(share, 134)));
    cr_assert(is_secret(&d, combine(share, 24)));
    share[0] = d.share[0]; /* of a holder that is gone */
    cr_assert(!is_secret(&d, combine(share, 24)));
}

Test(deal, a_dealer_that_lies_is_seen)
{
    const struct dealt d = deal(10);
    struct assay_share_polynomial polynomial[K];
    struct assay_share_dealing dealing[K];
    deal_on(&d, polynomial, dealing);
    dealings_to(polynomial, 2, dealing);
    struct assay_share_dealing lie = dealing[0];
    lie.sub.bytes[0] ^= 1;
    cr_assert_eq(assay_share_dealing_verify(&d.commitments, DEALERS, 2, &lie), ASSAY_E_INVALID);
    cr_assert_neq(assay_share_dealing_verify(&d.commitments, DEALERS, 3, &dealing[0]), ASSAY_OK);
    lie = dealing[0];
    lie.dealer = 3; /* another's share was dealt */
    cr_assert_eq(assay_share_dealing_verify(&d.commitments, DEALERS, 2, &lie), ASSAY_E_INVALID);
    lie.dealer = 2;
    cr_assert_eq(assay_share_dealing_verify(&d.commitments, DEALERS, 2, &lie), ASSAY_E_RANGE,
                 "it is no dealer");
    lie = dealing[0];
    lie.commitments.k = 2;
    cr_assert_eq(assay_share_dealing_verify(&d.commitments, DEALERS, 2, &lie), ASSAY_E_RANGE);
    lie.dealer = ASSAY_SHARE_SLOTS_MAX;
    lie.commitments.k = K;
    cr_assert_eq(assay_share_dealing_verify(&d.commitments, DEALERS, 2, &lie), ASSAY_E_RANGE);
}

/* What dealings to slot 2 add up to, and whether one of them does not stand by itself. */
static enum assay_status renew(const struct dealt *d, const struct assay_share_dealing dealing[K],
                               bool *stand)
{
    struct assay_secret32 share;
    struct assay_share_commitments renewed;
    *stand = true;
    for (uint32_t i = 0; i < K; i++)
        if (assay_share_dealing_verify(&d->commitments, DEALERS, 2, &dealing[i]) != ASSAY_OK)
            *stand = false;
    return assay_share_renew(&d->commitments, 2, dealing, &share, &renewed);
}

Test(deal, what_does_not_add_up_is_refused_and_somebody_lied)
{
    const struct dealt d = deal(10);
    const struct assay_secret32 one = { { 1 } };
    struct assay_share_polynomial polynomial[K];
    struct assay_share_dealing good[K], dealing[K];
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    bool stand = false;
    deal_on(&d, polynomial, good);
    dealings_to(polynomial, 2, good);
    cr_assert_eq(renew(&d, good, &stand), ASSAY_OK);
    cr_assert(stand);
    for (uint32_t i = 0; i < K; i++) {
        assay_bytes_copy(dealing, sizeof dealing, good, sizeof good);
        assay_sodium_scalar_add(&dealing[i].sub, &one, &dealing[i].sub);
        cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_INVALID, "a wrong sub-share");
        cr_assert(!stand);
        dealing[i] = good[i];
        assay_bytes_copy(dealing[i].commitments.point[1], 32, good[i].commitments.point[2], 32);
        cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_INVALID, "other commitments");
        cr_assert(!stand);
        assay_bytes_zero(dealing[i].commitments.point[1], 32);
        cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_KEY, "the identity");
        cr_assert(!stand);
        dealing[i] = good[i];
        dealing[i].commitments.k = K - 1;
        cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_RANGE);
        dealing[i] = good[i];
        assay_bytes_zero(dealing[i].sub.bytes, 32);
        cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_RANGE);
        /* A polynomial that is right in itself, of another number: the secret would change. */
        dealing[i] = good[i];
        fill(wide, sizeof wide, 200);
        cr_assert_eq(assay_share_deal_on(K, &d.share[dealers[i]], wide, &polynomial[i],
                                         &dealing[i].commitments),
                     ASSAY_OK);
        cr_assert_eq(assay_share_of(&polynomial[i], 2, &dealing[i].sub), ASSAY_OK);
        cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_INVALID, "its share without lambda");
        cr_assert(!stand);
    }
    assay_bytes_copy(dealing, sizeof dealing, good, sizeof good);
    dealing[1].dealer = dealing[0].dealer;
    cr_assert_eq(renew(&d, dealing, &stand), ASSAY_E_DUPLICATE);
}

Test(deal, the_share_is_of_its_slot_and_lies_that_cancel_out_change_nothing)
{
    const struct dealt d = deal(12);
    struct assay_share_polynomial polynomial[K];
    struct assay_share_dealing dealing[K];
    struct assay_share_commitments renewed, again;
    struct assay_secret32 share, same;
    const struct assay_secret32 one = { { 1 } };
    deal_on(&d, polynomial, dealing);
    dealings_to(polynomial, 2, dealing);
    cr_assert_eq(assay_share_renew(&d.commitments, 3, dealing, &share, &renewed), ASSAY_E_INVALID);
    cr_assert_eq(assay_share_renew(&d.commitments, 2, dealing, &share, &renewed), ASSAY_OK);
    assay_sodium_scalar_add(&dealing[0].sub, &one, &dealing[0].sub);
    assay_sodium_scalar_sub(&dealing[2].sub, &one, &dealing[2].sub);
    cr_assert_eq(assay_share_renew(&d.commitments, 2, dealing, &same, &again), ASSAY_OK);
    cr_assert(assay_equal_ct(share.bytes, same.bytes, 32));
    cr_assert(assay_bytes_equal(&renewed, &again, sizeof again));
}

Test(deal, what_dealers_multiply_by_adds_up_to_one_times_the_secret)
{
    const struct dealt d = deal(13);
    struct assay_secret32 sum = { { 0 } }, lambda;
    for (uint32_t i = 0; i < K; i++) {
        cr_assert_eq(assay_share_lambda(DEALERS, dealers[i], &lambda), ASSAY_OK);
        assay_sodium_scalar_mul(&lambda, &d.share[dealers[i]], &lambda);
        assay_sodium_scalar_add(&sum, &lambda, &sum);
    }
    cr_assert(is_secret(&d, sum));
    cr_assert_eq(assay_share_lambda(DEALERS, 0, &lambda), ASSAY_E_RANGE, "none of them");
    cr_assert_eq(assay_share_lambda(1, 0, &lambda), ASSAY_E_RANGE, "one alone");
    cr_assert_eq(assay_share_lambda(0x1ff, 0, &lambda), ASSAY_E_RANGE, "nine");
    cr_assert_eq(assay_share_lambda(1 << 16 | 3, 0, &lambda), ASSAY_E_RANGE);
    cr_assert_eq(assay_share_lambda(DEALERS, 40, &lambda), ASSAY_E_RANGE);
}

/* --- what libsodium gives besides */

Test(deal, a_payload_opens_under_its_secret_and_id_alone)
{
    const struct dealt d = deal(11);
    static const char text[] = "the master key of the database";
    uint8_t id[32] = { 1 }, nonce[ASSAY_SODIUM_NONCE_LEN] = { 2 };
    uint8_t sealed[sizeof text + ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN];
    uint8_t opened[sizeof text];
    assay_share_payload_seal(&d.polynomial.a[0], id, nonce, assay_slice_over(text, sizeof text),
                             sealed);
    const struct assay_slice all = assay_slice_over(sealed, sizeof sealed);
    cr_assert_eq(assay_share_payload_open(&d.polynomial.a[0], id, all, opened), ASSAY_OK);
    cr_assert(assay_bytes_equal(opened, text, sizeof text));
    cr_assert_eq(assay_share_payload_open(&d.share[0], id, all, opened), ASSAY_E_SIGNATURE);
    id[0] ^= 1;
    cr_assert_eq(assay_share_payload_open(&d.polynomial.a[0], id, all, opened),
                 ASSAY_E_SIGNATURE);
    id[0] ^= 1;
    for (size_t len = 0; len < sizeof sealed; len++) {
        const enum assay_status status = assay_share_payload_open(
            &d.polynomial.a[0], id, assay_slice_over(sealed, len), opened);
        cr_assert_eq(status, len < 40 ? ASSAY_E_TRUNCATED : ASSAY_E_SIGNATURE);
    }
}

Test(deal, a_sealed_box_is_libsodiums_and_opens_for_its_key_alone)
{
    static const char text[] = "share";
    const struct assay_secret32 seed = { { 7 } }, fresh = { { 8 } };
    struct assay_secret32 secret, other;
    uint8_t public_key[32], stranger[32];
    uint8_t sealed[sizeof text + ASSAY_SODIUM_BOX_OVERHEAD], opened[sizeof text];
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    assay_sodium_box_pair(&seed, &secret, public_key);
    assay_sodium_box_pair(&fresh, &other, stranger);
    const struct assay_slice message = assay_slice_over(text, sizeof text);
    const struct assay_slice box = assay_slice_over(sealed, sizeof sealed);
    cr_assert_eq(assay_sodium_box_seal(&fresh, public_key, message, sealed), ASSAY_OK);
    cr_assert_eq(assay_sodium_box_open(&secret, public_key, box, opened), ASSAY_OK);
    cr_assert(assay_bytes_equal(opened, text, sizeof text));
    cr_assert_eq(assay_sodium_box_open(&other, stranger, box, opened), ASSAY_E_SIGNATURE);
    cr_assert_eq(crypto_box_seal(sealed, (const uint8_t *)text, sizeof text, public_key), 0);
    cr_assert_eq(assay_sodium_box_open(&secret, public_key, box, opened), ASSAY_OK);
    sealed[40] ^= 1;
    cr_assert_eq(assay_sodium_box_open(&secret, public_key, box, opened), ASSAY_E_SIGNATURE);
    cr_assert_eq(assay_sodium_box_open(&secret, public_key, assay_slice_over(sealed, 47), opened),
                 ASSAY_E_TRUNCATED);
    const uint8_t small_order[32] = { 0 };
    cr_assert_eq(assay_sodium_box_seal(&fresh, small_order, message, sealed), ASSAY_E_KEY);
}
