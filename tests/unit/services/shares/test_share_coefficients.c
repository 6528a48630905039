/*
 * tests/unit/services/shares/test_share_coefficients.c - tests of coefficients of dealings.
 *
 * Coefficients of dealings (docs/services.md 5.8): a seed is of use for one dealing, and equal
 * coefficients above the constant are of an equal constant. Of two dealings that share them and
 * differ in the constant, a slot that took one sub-share of each computes the dealer's share.
 */
#include "tests/support/services/holder_bench.h"
#include "tests/support/services/shares_seating.h"

/* Slot 1 went to the spare member: slots 0 and 2 deal on, and slot 0 is this holder's. */
static struct bench *dealing(void)
{
    struct bench *b = fresh(0);
    struct assay_slice out;
    uint8_t stored[ASSAY_SHARE_STORED_MAX];
    const struct assay_share_piece piece = piece_of(b, 0);
    struct assay_writer w = assay_writer_over(stored, sizeof stored);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    b->standing[1] = ASSAY_SHARE_STAND_NONE;
    list(b, SPARE, 0);
    close_epoch(b);
    assay_writer_u8(&w, 4); /* version, has a piece, cluster, slot */
    assay_writer_u8(&w, 1);
    assay_writer_u16be(&w, 0);
    assay_writer_put(&w, b->id, 32);
    assay_share_piece_encode(&w, &piece);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    crawl(b);
    cr_assert_neq(assay_share_holding_find(b->h, b->id)->deal.attempt, 0);
    return b;
}

static struct assay_share_holding *holding_of(const struct bench *b)
{
    return assay_share_holding_find(b->h, b->id);
}

/* One of what a seed is drawn for is another. */
static void change(struct assay_share_deal_label *label, uint32_t item)
{
    switch (item) {
    case 0: label->era++; break;
    case 1: label->generation++; break;
    case 2: label->attempt++; break;
    case 3: label->dealers ^= 6; break;
    default: label->digest[0] ^= 1; break;
    }
}

Test(share_coefficients, a_seed_is_of_use_for_one_dealing)
{
    for (uint32_t item = 0; item < 5; item++) {
        struct bench *b = dealing();
        struct assay_share_holding *holding = holding_of(b);
        const struct assay_share_deal_label label = holding->deal;
        const struct assay_secret32 seed = holding->deal_seed;
        crawl(b);
        cr_assert(assay_bytes_equal(seed.bytes, holding->deal_seed.bytes, 32), "the same again");
        change(&holding->deal, item);
        crawl(b);
        holding = holding_of(b);
        cr_assert(!assay_bytes_equal(seed.bytes, holding->deal_seed.bytes, 32), "item %u", item);
        cr_assert_eq(holding->deal.era, label.era);
        cr_assert_eq(holding->deal.generation, label.generation);
        cr_assert_eq(holding->deal.attempt, label.attempt);
        cr_assert_eq(holding->deal.dealers, label.dealers);
        cr_assert(assay_bytes_equal(holding->deal.digest, label.digest, 32));
        cr_assert_not_null(effect_of(b, ASSAY_SHARE_ACT_PERSIST), "before anything is dealt");
        done(b);
    }
}

static struct assay_share_polynomial polynomial_of(struct bench *b)
{
    struct assay_share_polynomial polynomial;
    struct assay_share_holding *holding = holding_of(b);
    holding->dealt.k = 0;
    b->h->lambda_dealers = 0;
    cr_assert_eq(assay_share_own_dealing(b->h, holding, &polynomial), ASSAY_OK);
    return polynomial;
}

static bool above_are_equal(const struct assay_share_polynomial *a,
                            const struct assay_share_polynomial *b)
{
    return assay_bytes_equal(a->a[1].bytes, b->a[1].bytes, 32);
}

/* Under one seed and one label, as a vault that was set back or a RECOVER may bring them about. */
Test(share_coefficients, another_number_has_other_coefficients)
{
    struct bench *b = dealing();
    const struct assay_share_polynomial first = polynomial_of(b);
    const struct assay_share_polynomial same = polynomial_of(b);
    cr_assert(above_are_equal(&first, &same));
    holding_of(b)->current.share.bytes[0] ^= 1;
    const struct assay_share_polynomial other = polynomial_of(b);
    cr_assert(!assay_bytes_equal(first.a[0].bytes, other.a[0].bytes, 32));
    cr_assert(!above_are_equal(&first, &other));
    done(b);
}

Test(share_coefficients, another_label_has_other_coefficients)
{
    for (uint32_t item = 0; item < 5; item++) {
        struct bench *b = dealing();
        const struct assay_share_polynomial first = polynomial_of(b);
        change(&holding_of(b)->deal, item);
        if (item == 3) holding_of(b)->deal.dealers = 3; /* slot 0 is still among them */
        const struct assay_share_polynomial other = polynomial_of(b);
        cr_assert(!above_are_equal(&first, &other), "item %u", item);
        done(b);
    }
}

/* A RECOVER brings numbers again, with other dealers: what slot 2 took in both eras is no share. */
Test(share_coefficients, two_eras_do_not_show_a_share)
{
    struct bench *b = dealing();
    uint8_t stored[ASSAY_SHARE_STORED_MAX];
    struct assay_slice out;
    const struct assay_share_polynomial first = polynomial_of(b);
    const uint32_t before = holding_of(b)->deal.dealers;
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, stored, sizeof stored, &out), ASSAY_OK);
    b->epoch.era = 1;
    assay_share_registry_set_era(b->r, 1);
    b->r->reshare[0].dealers = 3; /* of the ledger of the new era, by slots 0 and 1 */
    b->r->reshare[0].dealt = 0;
    start(b, 0);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    crawl(b);
    const struct assay_share_polynomial second = polynomial_of(b);
    struct assay_secret32 top, bottom, one, other, lambda, share;
    cr_assert_eq(holding_of(b)->deal.era, 1);
    cr_assert(!above_are_equal(&first, &second));
    cr_assert_eq(assay_share_of(&first, 2, &one), ASSAY_OK);
    cr_assert_eq(assay_share_of(&second, 2, &other), ASSAY_OK);
    cr_assert_eq(assay_share_lambda(before, 0, &bottom), ASSAY_OK);
    cr_assert_eq(assay_share_lambda(3, 0, &lambda), ASSAY_OK);
    assay_sodium_scalar_sub(&one, &other, &top);
    assay_sodium_scalar_sub(&bottom, &lambda, &bottom);
    cr_assert_eq(assay_sodium_scalar_invert(&bottom, &bottom), ASSAY_OK);
    assay_sodium_scalar_mul(&top, &bottom, &share);
    cr_assert(!assay_bytes_equal(share.bytes, holding_of(b)->current.share.bytes, 32));
    done(b);
}
