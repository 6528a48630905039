/*
 * tests/unit/quote/collateral/test_offer.c - tests of the encoding of offers.
 */
#include "tests/unit/quote/collateral/sets.h"

#include "quote/collateral/offer.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct authority_key *root, *issuer;
static struct authority_certificate certificates[2];
static struct authority_crl lists[2]; /* the root's, the issuer's */
static struct made *in_force, *offer;
static struct assay_offer_scratch *scratch;
static uint8_t der[3][AUTHORITY_DER_MAX];
static struct assay_slice given[3];
static struct assay_key key;

static void set_up(void)
{
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    root = authority_key_make(ASSAY_KEY_P384);
    issuer = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(root, &key);
    certificates[0] = authority_ca("root", root, "root", root, alg);
    certificates[1] = authority_ca("issuer", issuer, "root", root, alg);
    for (int i = 0; i < 2; i++)
        lists[i] = (struct authority_crl){ .issuer = i == 0 ? "root" : "issuer",
                                           .signer = i == 0 ? root : issuer,
                                           .alg = alg,
                                           .number = 7,
                                           .from_s = SET_FROM,
                                           .to_s = SET_FROM + SET_LIFE };
    in_force = made_open();
    offer = made_open();
    scratch = calloc(1, sizeof *scratch);
    cr_assert_not_null(scratch);
}

static void tear_down(void)
{
    made_close(in_force);
    made_close(offer);
    free(scratch);
    authority_key_free(&root);
    authority_key_free(&issuer);
}

TestSuite(quote_offer, .init = set_up, .fini = tear_down);

static void give(size_t index, const struct authority_crl *list)
{
    given[index] = assay_slice_over(der[index], authority_crl_make(list, der[index]));
}

static enum assay_status make(size_t count)
{
    static uint8_t bytes[SET_BYTES_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status status =
        assay_offer_lists(&in_force->set, &key, given, count, scratch, &w);
    if (status == ASSAY_OK) made_read(offer, bytes, w.len);
    return status;
}

static enum assay_renewal_kind judge(void)
{
    struct assay_renewal answer;
    assay_collateral_newer(&in_force->built, &offer->built, SET_FROM + 10 * SET_DAY, &answer);
    return answer.kind;
}

Test(quote_offer, a_newer_list_takes_the_place_of_the_one_in_force)
{
    made_other(in_force, root, 1 << ASSAY_KIND_SNP, certificates, 2, lists, 2);
    made_build(in_force);
    lists[1].number = 9;
    lists[1].from_s += 5 * SET_DAY;
    lists[1].to_s += 5 * SET_DAY;
    give(0, &lists[1]);
    cr_assert_eq(make(1), ASSAY_OK);
    cr_expect_eq(judge(), ASSAY_RENEWAL_SAME_NUMBER);
    cr_expect_eq(offer->collateral[0].list_count, 2);
    cr_expect_eq(offer->collateral[0].lists[0].crl.this_update_s, SET_FROM);
    cr_expect_eq(offer->collateral[0].lists[1].crl.this_update_s, SET_FROM + 5 * SET_DAY);
    cr_expect_eq(offer->collateral[0].certificate_count, 2);
}

Test(quote_offer, of_several_the_newest_is_taken_in_any_order)
{
    made_other(in_force, root, 1 << ASSAY_KIND_SNP, certificates, 2, lists, 1);
    made_build(in_force);
    for (size_t i = 0; i < 3; i++) {
        static const int64_t days[3] = { 2, 6, 4 };
        struct authority_crl list = lists[0];
        list.number += (uint64_t)days[i];
        list.from_s += days[i] * SET_DAY;
        list.to_s += days[i] * SET_DAY;
        give(i, &list);
    }
    cr_assert_eq(make(3), ASSAY_OK);
    cr_expect_eq(offer->collateral[0].list_count, 1);
    cr_expect_eq(offer->collateral[0].lists[0].crl.this_update_s, SET_FROM + 6 * SET_DAY);
}

Test(quote_offer, an_older_list_changes_nothing)
{
    made_other(in_force, root, 1 << ASSAY_KIND_SNP, certificates, 2, lists, 2);
    made_build(in_force);
    lists[0].number = 6;
    lists[0].from_s -= SET_DAY;
    give(0, &lists[0]);
    cr_assert_eq(make(1), ASSAY_OK);
    cr_expect(assay_slice_equal(offer->set.bytes, in_force->set.bytes));
}

Test(quote_offer, the_first_list_of_an_authority_stands_beside_the_others)
{
    made_other(in_force, root, 1 << ASSAY_KIND_SNP, certificates, 2, lists, 1);
    made_build(in_force);
    give(0, &lists[1]);
    cr_assert_eq(make(1), ASSAY_OK);
    cr_expect_eq(offer->collateral[0].list_count, 2);
    cr_expect_eq(judge(), ASSAY_RENEWAL_SAME_NUMBER);
}

Test(quote_offer, only_the_part_of_the_root_is_offered)
{
    struct assay_soft_ca *const ca = calloc(1, sizeof *ca);
    cr_assert_not_null(ca);
    cr_assert_eq(assay_soft_ca_create("Vendor", SET_FROM, SET_TO, ca), ASSAY_OK);
    const struct assay_soft_terms terms = terms_at(ca, 0, 5);
    made_soft(in_force, ca, &terms);
    made_build(in_force);
    cr_expect_eq(make(0), ASSAY_E_NOT_FOUND);
    const struct assay_key soft = assay_key_p256(ca->root_public), kept = key;
    key = soft;
    cr_expect_eq(make(0), ASSAY_E_NOT_FOUND, "Intel's come as documents");
    key = kept;
    made_other(in_force, root, 1 << ASSAY_KIND_SNP, certificates, 2, lists, 2);
    made_build(in_force);
    cr_assert_eq(make(0), ASSAY_OK);
    cr_expect_eq(offer->built.count, 1);
    /* Nor that of another root of the same kind. */
    struct authority_key *second = authority_key_make(ASSAY_KEY_P384);
    struct authority_certificate other = certificates[0];
    struct authority_crl list = lists[0];
    other.key = other.signer = list.signer = second;
    made_other(in_force, second, 1 << ASSAY_KIND_SNP, &other, 1, &list, 1);
    made_build(in_force);
    cr_assert_eq(make(0), ASSAY_OK);
    cr_expect_eq(offer->built.count, 1);
    cr_expect(assay_key_equal(&offer->built.entries[0].root, &key));
    authority_key_free(&second);
    free(ca);
}

Test(quote_offer, what_is_no_list_is_refused)
{
    made_other(in_force, root, 1 << ASSAY_KIND_SNP, certificates, 2, lists, 2);
    made_build(in_force);
    given[0] = assay_slice_over("garbage", 7);
    cr_expect_neq(make(1), ASSAY_OK);
    give(0, &lists[0]);
    for (size_t len = 0; len < given[0].len; len += 7) {
        const struct assay_slice whole = given[0];
        given[0].len = len;
        cr_expect_neq(make(1), ASSAY_OK, "%zu", len);
        given[0] = whole;
    }
    cr_expect_eq(assay_offer_lists(&in_force->set, &key, given, ASSAY_LISTS_MAX + 1, scratch,
                                   &(struct assay_writer){ 0 }),
                 ASSAY_E_FULL);
}

Test(quote_offer, entries_come_in_any_order)
{
    struct assay_soft_ca *const cas = calloc(3, sizeof *cas);
    cr_assert_not_null(cas);
    cr_assert_eq(assay_soft_ca_create("Vendor", SET_FROM, SET_TO, &cas[0]), ASSAY_OK);
    struct made *const sets[2] = { in_force, offer };
    for (unsigned i = 0; i < 3; i++) {
        cas[i] = cas[0];
        cas[i].fmspc[1] = (uint8_t)i;
        const struct assay_soft_terms terms = terms_at(&cas[i], 0, 5);
        made_soft(in_force, &cas[i], &terms);
    }
    uint8_t bytes[2][32768];
    size_t lens[2];
    for (unsigned order = 0; order < 2; order++) {
        struct assay_writer w = assay_writer_over(bytes[order], sizeof bytes[order]);
        struct assay_endorsement_files entries[3];
        for (unsigned i = 0; i < 3; i++)
            entries[i] = sets[0]->entries[order == 0 ? i : 2 - i];
        cr_assert_eq(assay_offer_encode(entries, 3, &w), ASSAY_OK);
        lens[order] = w.len;
    }
    cr_expect_eq(lens[0], lens[1]);
    cr_expect_arr_eq(bytes[0], bytes[1], lens[0]);
    free(cas);
}
