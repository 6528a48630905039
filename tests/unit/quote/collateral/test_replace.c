/*
 * tests/unit/quote/collateral/test_replace.c - tests of the replacement of one root's part of a
 * set, and its bytes.
 */
#include "tests/unit/quote/collateral/sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { VENDORS = 3 };

static struct assay_soft_ca *cas; /* the last is the second with another platform family */
static struct made *set, *offer, *out, *again;

static void set_up(void)
{
    cas = calloc(VENDORS, sizeof *cas);
    cr_assert_not_null(cas);
    cr_assert_eq(assay_soft_ca_create("One", SET_FROM, SET_TO, &cas[0]), ASSAY_OK);
    cr_assert_eq(assay_soft_ca_create("Two", SET_FROM, SET_TO, &cas[1]), ASSAY_OK);
    cas[2] = cas[1];
    cas[2].fmspc[2] ^= 1;
    set = made_open();
    offer = made_open();
    out = made_open();
    again = made_open();
}

static void tear_down(void)
{
    made_close(set);
    made_close(offer);
    made_close(out);
    made_close(again);
    free(cas);
}

TestSuite(quote_replace, .init = set_up, .fini = tear_down);

static void add(struct made *m, unsigned vendor, int64_t day, uint32_t number)
{
    const struct assay_soft_terms terms = terms_at(&cas[vendor], day * SET_DAY, number);
    made_soft(m, &cas[vendor], &terms);
}

static enum assay_status replace(const struct made *a, const struct made *b, struct made *into)
{
    static uint8_t bytes[SET_BYTES_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status = assay_collateral_replace(&a->set, &b->set, &w);
    if (status == ASSAY_OK) made_read(into, bytes, w.len);
    return status;
}

static bool same_bytes(const struct made *a, const struct made *b)
{
    return assay_slice_equal(a->set.bytes, b->set.bytes);
}

static void expect_sound(const struct made *m)
{
    size_t which = 0;
    cr_expect_eq(assay_endorsements_sound(&m->built, &which), ASSAY_OK);
}

Test(quote_replace, takes_over_what_is_newer_and_leaves_the_rest)
{
    add(set, 0, 0, 5);
    add(set, 1, 0, 5);
    add(set, 2, 0, 5);
    made_build(set);
    add(offer, 1, 3, 6);
    made_build(offer);
    cr_assert_eq(replace(set, offer, out), ASSAY_OK);
    expect_sound(out);
    cr_assert_eq(out->built.count, 3);
    /* The same as a set made of these entries from the start: one set, one digest. */
    struct made *const wanted = made_open();
    add(wanted, 0, 0, 5);
    wanted->entries[0].files = set->entries[0].files;
    wanted->count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const size_t at = assay_collateral_followed(&set->built, &offer->built.entries[0]);
        wanted->entries[wanted->count++] = i == at ? offer->entries[0] : set->entries[i];
    }
    made_build(wanted);
    cr_expect(same_bytes(out, wanted));
    made_close(wanted);
}

Test(quote_replace, the_same_offer_twice_changes_nothing)
{
    add(set, 0, 0, 5);
    add(set, 1, 0, 5);
    made_build(set);
    add(offer, 1, 3, 6);
    made_build(offer);
    cr_assert_eq(replace(set, offer, out), ASSAY_OK);
    cr_assert_eq(replace(out, offer, again), ASSAY_OK);
    cr_expect(same_bytes(out, again));
    cr_expect_not(same_bytes(out, set));
    cr_assert_eq(replace(set, set->count == 2 ? offer : set, again), ASSAY_OK);
    cr_expect(same_bytes(out, again));
}

/* What waited for its day finds lists and dates that became newer meanwhile. */
Test(quote_replace, takes_nothing_back)
{
    add(set, 1, 9, 5); /* renewed on the ninth day */
    made_build(set);
    add(offer, 1, 3, 6); /* offered on the third, of a higher number */
    made_build(offer);
    cr_assert_eq(replace(set, offer, out), ASSAY_OK);
    expect_sound(out);
    const struct assay_collateral *const c = &out->collateral[0];
    cr_expect_eq(c->tcb_info.evaluation_number, 6);
    cr_expect_eq(c->tcb_info.issue_unix_s, SET_FROM + 3 * SET_DAY);
    cr_expect_eq(c->qe_identity.evaluation_number, 6);
    cr_expect_eq(c->root_crl.this_update_s, SET_FROM + 9 * SET_DAY);
    cr_expect_eq(c->pck_crl.this_update_s, SET_FROM + 9 * SET_DAY);
    cr_assert_eq(replace(out, offer, again), ASSAY_OK);
    cr_expect(same_bytes(out, again));
    cr_assert_eq(replace(out, set, again), ASSAY_OK);
    cr_expect(same_bytes(out, again), "nor does the old one come back");
}

/* Documents of one side and of the other: each keeps the chain that it is checked by. */
Test(quote_replace, an_identity_keeps_its_chain)
{
    add(set, 1, 0, 5);
    set->entries[0].files.part[ASSAY_PART_QE_CHAIN] = assay_slice_over(NULL, 0);
    made_build(set);
    add(offer, 1, 3, 5);
    offer->entries[0].files.part[ASSAY_PART_QE_CHAIN] = assay_slice_over(NULL, 0);
    made_build(offer);
    set->collateral[0].qe_identity.evaluation_number = 9;
    cr_assert_eq(replace(set, offer, out), ASSAY_OK);
    expect_sound(out);
    cr_expect(out->collateral[0].given[ASSAY_PART_QE_CHAIN]);
    cr_expect_eq(out->collateral[0].qe_identity.issue_unix_s, SET_FROM);
    cr_expect_eq(out->collateral[0].tcb_info.issue_unix_s, SET_FROM + 3 * SET_DAY);
}

/* Random pairs of terms: the result is never behind either, in any order, and stays what it is. */
Test(quote_replace, is_the_further_of_both_whatever_they_are)
{
    uint32_t drawn = 12345;
    for (int round = 0; round < 40; round++) {
        int64_t days[2];
        uint32_t numbers[2];
        for (int i = 0; i < 2; i++) {
            drawn = drawn * 1664525 + 1013904223;
            days[i] = drawn >> 28;
            drawn = drawn * 1664525 + 1013904223;
            numbers[i] = 1 + (drawn >> 30);
        }
        set->count = offer->count = 0;
        add(set, 1, days[0], numbers[0]);
        add(offer, 1, days[1], numbers[1]);
        made_build(set);
        made_build(offer);
        cr_assert_eq(replace(set, offer, out), ASSAY_OK);
        expect_sound(out);
        const struct assay_collateral *const c = &out->collateral[0];
        cr_expect_eq(c->tcb_info.evaluation_number, numbers[numbers[1] > numbers[0]]);
        cr_expect_eq(c->pck_crl.this_update_s, SET_FROM + days[days[1] > days[0]] * SET_DAY);
        struct assay_renewal back;
        assay_collateral_newer(&out->built, &set->built, SET_FROM + 16 * SET_DAY, &back);
        cr_expect_eq(back.kind, ASSAY_RENEWAL_REFUSED);
        assay_collateral_newer(&set->built, &offer->built, SET_FROM + 16 * SET_DAY, &back);
        cr_assert_eq(replace(out, offer, again), ASSAY_OK);
        cr_expect(same_bytes(out, again));
        if (back.kind == ASSAY_RENEWAL_REFUSED) continue;
        cr_expect(same_bytes(out, offer), "what may follow is taken over whole");
    }
}

Test(quote_replace, adds_a_family_that_is_not_there)
{
    add(set, 0, 0, 5);
    made_build(set);
    add(offer, 0, 1, 5);
    cas[1] = cas[0];
    cas[1].fmspc[0] ^= 1;
    add(offer, 1, 1, 5);
    made_build(offer);
    cr_assert_eq(replace(set, offer, out), ASSAY_OK);
    expect_sound(out);
    cr_expect_eq(out->built.count, 2);
}

Test(quote_replace, an_offer_is_of_one_root)
{
    add(set, 0, 0, 5);
    add(set, 1, 0, 5);
    made_build(set);
    add(offer, 0, 1, 5);
    add(offer, 1, 1, 5);
    made_build(offer);
    cr_expect_eq(replace(set, offer, out), ASSAY_E_INVALID);
}

Test(quote_replace, bytes_and_what_was_built_of_them_are_one)
{
    add(set, 0, 0, 5);
    made_build(set);
    add(offer, 0, 1, 5);
    made_build(offer);
    const struct assay_slice kept = set->set.bytes;
    set->set.bytes = offer->set.bytes;
    cr_expect_eq(replace(set, offer, out), ASSAY_E_INVALID);
    set->set.bytes = kept;
    set->built.count = 2;
    cr_expect_eq(replace(set, offer, out), ASSAY_E_INVALID);
    set->built.count = 1;
    set->set.bytes.len -= 1;
    cr_expect_eq(replace(set, offer, out), ASSAY_E_TRUNCATED);
    set->set.bytes.len += 1;
    uint8_t small[64];
    struct assay_writer w = assay_writer_over(small, sizeof small);
    cr_expect_eq(assay_collateral_replace(&set->set, &offer->set, &w), ASSAY_E_FULL);
    cr_expect_eq(replace(set, offer, out), ASSAY_OK);
}

Test(quote_replace, lists_of_a_vendor_without_documents_go_forward_together)
{
    struct authority_key *root = authority_key_make(ASSAY_KEY_P384);
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    struct authority_certificate ca = authority_ca("root", root, "root", root, alg);
    struct authority_crl list = { .issuer = "root",
                                  .signer = root,
                                  .alg = alg,
                                  .number = 7,
                                  .from_s = SET_FROM,
                                  .to_s = SET_FROM + SET_LIFE };
    add(set, 0, 0, 5);
    made_other(set, root, 1 << ASSAY_KIND_SNP, &ca, 1, &list, 1);
    made_build(set);
    list.number = 8;
    list.from_s += SET_DAY;
    made_other(offer, root, 1 << ASSAY_KIND_SNP, &ca, 1, &list, 1);
    made_build(offer);
    cr_assert_eq(replace(set, offer, out), ASSAY_OK);
    expect_sound(out);
    cr_expect_eq(out->built.count, 2);
    cr_assert_eq(replace(out, offer, again), ASSAY_OK);
    cr_expect(same_bytes(out, again));
    /* The other way round nothing changes. */
    list.number = 6;
    offer->count = 0;
    made_other(offer, root, 1 << ASSAY_KIND_SNP, &ca, 1, &list, 1);
    made_build(offer);
    cr_assert_eq(replace(out, offer, again), ASSAY_OK);
    cr_expect(same_bytes(out, again));
    authority_key_free(&root);
}
