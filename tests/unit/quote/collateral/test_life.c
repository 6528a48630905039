/*
 * tests/unit/quote/collateral/test_life.c - tests of the lifetime of collateral.
 */
#include "tests/unit/quote/collateral/sets.h"

#include "quote/collateral/life.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct assay_soft_ca *cas;
static struct made *set;
static struct assay_collateral_life lives[ASSAY_ENDORSEMENTS_MAX];
static size_t count;

static void set_up(void)
{
    cas = calloc(3, sizeof *cas);
    cr_assert_not_null(cas);
    cr_assert_eq(assay_soft_ca_create("One", SET_FROM, SET_TO, &cas[0]), ASSAY_OK);
    cr_assert_eq(assay_soft_ca_create("Two", SET_FROM, SET_TO, &cas[1]), ASSAY_OK);
    cas[2] = cas[0];
    cas[2].fmspc[2] ^= 1; /* another family of the first */
    set = made_open();
}

static void tear_down(void)
{
    made_close(set);
    free(cas);
}

TestSuite(quote_life, .init = set_up, .fini = tear_down);

static void add(unsigned vendor, int64_t day, uint32_t number)
{
    const struct assay_soft_terms terms = terms_at(&cas[vendor], day * SET_DAY, number);
    made_soft(set, &cas[vendor], &terms);
}

static const struct assay_collateral_life *of(unsigned vendor)
{
    const struct assay_key root = assay_key_p256(cas[vendor].root_public);
    made_build(set);
    assay_collateral_lifetimes(&set->built, lives, &count);
    for (size_t i = 0; i < count; i++)
        if (assay_key_equal(&lives[i].root, &root)) return &lives[i];
    cr_assert_fail("no such root");
    return NULL;
}

Test(quote_life, each_root_has_its_own)
{
    add(0, 1, 5);
    add(1, 3, 8);
    const struct assay_collateral_life *life = of(0);
    cr_expect_eq(count, 2);
    cr_expect_eq(life->entry_count, 1);
    cr_expect(life->is_bounded);
    cr_expect_eq(life->from_unix_s, SET_FROM + SET_DAY);
    cr_expect_eq(life->until_unix_s, SET_FROM + SET_DAY + SET_LIFE);
    cr_expect_eq(life->evaluation_number, 5);
    cr_expect_eq(life->kinds, ASSAY_KIND_BIT(ASSAY_KIND_SOFT));
    life = of(1);
    cr_expect_eq(life->until_unix_s, SET_FROM + 3 * SET_DAY + SET_LIFE);
    cr_expect_eq(life->evaluation_number, 8);
}

Test(quote_life, what_ends_first_ends_it_and_what_begins_last_begins_it)
{
    add(0, 1, 5);
    add(2, 4, 6);
    const struct assay_collateral_life *life = of(0);
    cr_expect_eq(count, 1);
    cr_expect_eq(life->entry_count, 2);
    cr_expect_eq(life->evaluation_number, 6);
    cr_expect_eq(life->from_unix_s, SET_FROM + 4 * SET_DAY);
    /* The older family's documents; its lists have newer ones beside them. */
    cr_expect_eq(life->until_unix_s, SET_FROM + SET_DAY + SET_LIFE);
    cr_expect_str_eq(life->expires_first, "TCB info");
    const struct assay_collateral *const c = set->built.entries[life->ends_in].collateral;
    cr_expect_eq(c->tcb_info.evaluation_number, 5);
}

/* A list that a newer one stands beside binds nobody; alone it does. */
Test(quote_life, the_date_of_a_superseded_list_is_left_out)
{
    add(0, 1, 5);
    (void)of(0);
    struct assay_collateral *const c = &set->collateral[0];
    c->list_count = 1;
    c->lists[0].crl = c->root_crl;
    c->lists[0].crl.this_update_s -= 1;
    c->lists[0].crl.next_update_s = SET_FROM + 2 * SET_DAY;
    assay_collateral_lifetimes(&set->built, lives, &count);
    cr_expect_eq(lives[0].until_unix_s, SET_FROM + SET_DAY + SET_LIFE);
    c->lists[0].crl.this_update_s += 1;
    assay_collateral_lifetimes(&set->built, lives, &count);
    cr_expect_eq(lives[0].until_unix_s, SET_FROM + 2 * SET_DAY);
    cr_expect_str_eq(lives[0].expires_first, "CRL");
    c->lists[0].crl.issuer.der[20] ^= 1;
    c->lists[0].crl.this_update_s -= 1;
    assay_collateral_lifetimes(&set->built, lives, &count);
    cr_expect_eq(lives[0].until_unix_s, SET_FROM + 2 * SET_DAY, "of another authority");
}

Test(quote_life, is_fresh_then_half_then_ended)
{
    add(0, 0, 5);
    const struct assay_collateral_life *const life = of(0);
    const int64_t half = SET_FROM + SET_LIFE / 2, until = SET_FROM + SET_LIFE;
    cr_expect_eq(assay_collateral_half_life(life, 0), half);
    cr_expect_eq(assay_collateral_age(life, 0, SET_FROM - 1), ASSAY_AGE_EARLY);
    cr_expect_eq(assay_collateral_age(life, 0, SET_FROM), ASSAY_AGE_FRESH);
    cr_expect_eq(assay_collateral_age(life, 0, half - 1), ASSAY_AGE_FRESH);
    cr_expect_eq(assay_collateral_age(life, 0, half), ASSAY_AGE_HALF);
    cr_expect_eq(assay_collateral_age(life, 0, until), ASSAY_AGE_HALF);
    cr_expect_eq(assay_collateral_age(life, 0, until + 1), ASSAY_AGE_ENDED);
    /* In force since later: half of what remained then. */
    cr_expect_eq(assay_collateral_half_life(life, SET_FROM + 10 * SET_DAY),
                 SET_FROM + 20 * SET_DAY);
    cr_expect_eq(assay_collateral_half_life(life, until + 5), until);
    for (int i = ASSAY_AGE_FRESH; i <= ASSAY_AGE_EARLY; i++)
        cr_expect_not_null(assay_collateral_age_text((enum assay_collateral_age)i));
}

Test(quote_life, of_a_root_that_stands_alone_has_no_end)
{
    struct authority_key *key = authority_key_make(ASSAY_KEY_P384);
    made_other(set, key, ASSAY_KINDS_CCA, NULL, 0, NULL, 0);
    made_build(set);
    assay_collateral_lifetimes(&set->built, lives, &count);
    cr_assert_eq(count, 1);
    cr_expect_not(lives[0].is_bounded);
    cr_expect_eq(assay_collateral_half_life(&lives[0], 0), INT64_MAX);
    cr_expect_eq(assay_collateral_age(&lives[0], 0, INT64_MAX), ASSAY_AGE_FRESH);
    authority_key_free(&key);
}
