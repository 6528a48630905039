/*
 * tests/unit/quote/collateral/test_renewal_other.c - tests of renewal of collateral of vendors that
 * sign no documents: authorities, platforms and their revocation lists.
 */
#include "tests/unit/quote/collateral/sets.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { KINDS = 1 << ASSAY_KIND_SNP, ISSUER = 0, LEAF = 1, LISTS = 2 };

static struct authority_key *root, *issuer, *leaf, *stranger;
static struct authority_certificate certificates[4];
static struct authority_crl lists[2]; /* the root's, the issuer's */
static struct made *in_force, *offer;
static struct assay_renewal answer;
static int64_t at_unix_s;

static void set_up(void)
{
    root = authority_key_make(ASSAY_KEY_P384);
    issuer = authority_key_make(ASSAY_KEY_P384);
    leaf = authority_key_make(ASSAY_KEY_P384);
    stranger = authority_key_make(ASSAY_KEY_P384);
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    certificates[ISSUER] = authority_ca("issuer", issuer, "root", root, alg);
    certificates[LEAF] = authority_leaf("leaf", leaf, "issuer", issuer, alg);
    certificates[ISSUER].serial = 100;
    certificates[LEAF].serial = 101;
    for (int i = 0; i < LISTS; i++)
        lists[i] = (struct authority_crl){ .issuer = i == 0 ? "root" : "issuer",
                                           .signer = i == 0 ? root : issuer,
                                           .alg = alg,
                                           .number = 7,
                                           .from_s = SET_FROM,
                                           .to_s = SET_FROM + SET_LIFE };
    at_unix_s = SET_FROM + 5 * SET_DAY;
    in_force = made_open();
    offer = made_open();
    made_other(in_force, root, KINDS, certificates, 2, lists, LISTS);
    made_build(in_force);
}

static void tear_down(void)
{
    made_close(in_force);
    made_close(offer);
    authority_key_free(&root);
    authority_key_free(&issuer);
    authority_key_free(&leaf);
    authority_key_free(&stranger);
}

TestSuite(quote_renewal_other, .init = set_up, .fini = tear_down);

/* Both lists four days later, as they are usually offered. */
static void later(void)
{
    for (int i = 0; i < LISTS; i++) {
        lists[i].from_s = SET_FROM + 4 * SET_DAY;
        lists[i].to_s = lists[i].from_s + SET_LIFE;
        lists[i].number = 8;
    }
}

static void make(size_t certificate_count, size_t list_count)
{
    offer->count = 0;
    made_other(offer, root, KINDS, certificates, certificate_count, lists, list_count);
    made_build(offer);
}

static void judge(void)
{
    assay_collateral_newer(&in_force->built, &offer->built, at_unix_s, &answer);
}

static void expect_newer(const char *what)
{
    judge();
    cr_expect_eq(answer.kind, ASSAY_RENEWAL_SAME_NUMBER, "%s: %s of %s, %s", what,
                 assay_renewal_fault_name(answer.fault), answer.piece, answer.field);
}

static void expect_fault(enum assay_renewal_fault fault, const char *piece, const char *field)
{
    judge();
    cr_expect_eq(answer.kind, ASSAY_RENEWAL_REFUSED);
    cr_expect_eq(answer.fault, fault, "%s %s: %s of %s, %s", piece, field,
                 assay_renewal_fault_name(answer.fault), answer.piece, answer.field);
    cr_expect_str_eq(answer.piece, piece);
    cr_expect_str_eq(answer.field, field);
}

Test(quote_renewal_other, newer_lists_serve_from_the_next_epoch)
{
    later();
    make(2, LISTS);
    expect_newer("both");
    lists[0] = (struct authority_crl){ .issuer = "root",
                                       .signer = root,
                                       .alg = ASSAY_SIGNATURE_ECDSA_SHA384,
                                       .number = 7,
                                       .from_s = SET_FROM,
                                       .to_s = SET_FROM + SET_LIFE };
    make(2, LISTS);
    /* Made anew it bears another signature over the same list. */
    expect_newer("the issuer's alone");
    cr_expect_eq(answer.number_offered, 0);
}

Test(quote_renewal_other, the_same_again_is_not_newer)
{
    make(2, LISTS);
    expect_fault(ASSAY_RENEWAL_NOTHING, "", "");
    made_read(offer, in_force->bytes, in_force->len);
    expect_fault(ASSAY_RENEWAL_NOTHING, "", "");
}

Test(quote_renewal_other, a_list_that_goes_back_is_named)
{
    static const char *const fields[] = { "CRL number", "thisUpdate", "nextUpdate" };
    for (int list = 0; list < LISTS; list++)
        for (int field = 0; field < 3; field++) {
            later();
            if (field == 0) lists[list].number = 6;
            if (field == 1) lists[list].from_s = SET_FROM - 1;
            if (field == 2) lists[list].to_s = SET_FROM + SET_LIFE - 1;
            make(2, LISTS);
            expect_fault(ASSAY_RENEWAL_BACKWARDS, "CRL", fields[field]);
        }
}

Test(quote_renewal_other, no_list_goes_away)
{
    later();
    make(2, 1);
    expect_fault(ASSAY_RENEWAL_MISSING, "CRL", "issuer");
    make(2, 0);
    expect_fault(ASSAY_RENEWAL_MISSING, "CRL", "issuer");
}

Test(quote_renewal_other, the_first_list_of_an_authority_is_new)
{
    made_close(in_force);
    in_force = made_open();
    made_other(in_force, root, KINDS, certificates, 2, lists, 1);
    made_build(in_force);
    make(2, LISTS);
    expect_newer("the issuer's first");
}

Test(quote_renewal_other, no_certificate_goes_away)
{
    later();
    make(1, LISTS);
    expect_fault(ASSAY_RENEWAL_MISSING, "certificates", "subject");
    uint8_t name[ASSAY_SHA256_LEN];
    const struct assay_certificate read = authority_certificate_read(&certificates[LEAF]);
    assay_key_name(&read.key, name);
    cr_expect_arr_eq(answer.expected.bytes, name, sizeof name, "which one");
}

Test(quote_renewal_other, one_that_has_ended_or_was_withdrawn_may_go)
{
    certificates[LEAF].to_s = SET_FROM + SET_DAY;
    made_close(in_force);
    in_force = made_open();
    made_other(in_force, root, KINDS, certificates, 2, lists, LISTS);
    made_build(in_force);
    later();
    make(1, LISTS);
    expect_newer("it has ended");
    at_unix_s = SET_FROM + SET_DAY;
    lists[0].from_s = lists[1].from_s = at_unix_s;
    make(1, LISTS);
    expect_fault(ASSAY_RENEWAL_MISSING, "certificates", "subject");
    const uint64_t revoked = 101;
    lists[1].revoked = &revoked;
    lists[1].revoked_count = 1;
    make(1, LISTS);
    expect_newer("it was withdrawn");
    lists[1].revoked_count = 0; /* the root did not issue it */
    lists[0].revoked = &revoked;
    lists[0].revoked_count = 1;
    make(1, LISTS);
    expect_fault(ASSAY_RENEWAL_MISSING, "certificates", "subject");
}

Test(quote_renewal_other, an_authority_that_has_ended_takes_its_list_along)
{
    certificates[ISSUER].to_s = SET_FROM + SET_DAY;
    certificates[LEAF].to_s = SET_FROM + SET_DAY;
    certificates[2] =
        authority_ca("another", stranger, "root", root, ASSAY_SIGNATURE_ECDSA_SHA384);
    made_close(in_force);
    in_force = made_open();
    made_other(in_force, root, KINDS, certificates, 3, lists, LISTS);
    made_build(in_force);
    later();
    made_other(offer, root, KINDS, &certificates[2], 1, lists, 1);
    made_build(offer);
    expect_newer("ended, with all below it");
    offer->count = 0;
    made_other(offer, root, KINDS, &certificates[2], 1, NULL, 0);
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_MISSING, "CRL", "issuer"); /* the root is never gone */
}

Test(quote_renewal_other, no_certificate_comes_along)
{
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    later();
    certificates[2] = authority_leaf("another", stranger, "issuer", issuer, alg);
    make(3, LISTS);
    expect_fault(ASSAY_RENEWAL_STRANGER, "certificates", "subject");
    certificates[2] = authority_ca("another", stranger, "root", root, alg);
    make(3, LISTS);
    expect_fault(ASSAY_RENEWAL_STRANGER, "certificates", "subject");
    certificates[2] = certificates[LEAF]; /* its key under another name */
    certificates[2].subject = "leaf of another name";
    make(3, LISTS);
    expect_fault(ASSAY_RENEWAL_STRANGER, "certificates", "subject");
}

Test(quote_renewal_other, a_certificate_is_renewed_forward_only)
{
    later();
    certificates[LEAF].from_s += 1;
    certificates[LEAF].to_s += 1;
    make(2, LISTS);
    expect_newer("beside the lists");
    certificates[LEAF].from_s -= 2;
    make(2, LISTS);
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "certificates", "notBefore");
    certificates[LEAF].from_s += 2;
    certificates[LEAF].to_s -= 2;
    make(2, LISTS);
    expect_fault(ASSAY_RENEWAL_BACKWARDS, "certificates", "notAfter");
}

Test(quote_renewal_other, what_another_root_signed_is_refused)
{
    later();
    lists[0].signer = stranger; /* in the root's name */
    make(2, LISTS);
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_UNSOUND);
    lists[0].signer = root;
    lists[1].signer = stranger;
    make(2, LISTS);
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_UNSOUND);
    cr_expect_str_eq(answer.piece, "CRL signed by its issuer");
    lists[1].signer = issuer;
    certificates[LEAF].signer = stranger;
    make(2, LISTS);
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_UNSOUND);
    cr_expect_str_eq(answer.piece, "certificates");
}

Test(quote_renewal_other, entries_and_kinds_stay_as_they_are)
{
    later();
    offer->count = 0;
    made_other(offer, root, KINDS | 1 << ASSAY_KIND_VTPM_SNP, certificates, 2, lists, LISTS);
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_KINDS, "", "entries");
    offer->count = 0;
    made_other(offer, root, KINDS, certificates, 2, lists, LISTS);
    made_other(offer, root, KINDS, NULL, 0, NULL, 0);
    offer->entries[1].files.part[ASSAY_PART_CERTIFICATES] =
        offer->entries[0].files.part[ASSAY_PART_CERTIFICATES];
    made_build(offer);
    expect_fault(ASSAY_RENEWAL_KINDS, "", "entries");
    cr_expect_eq(answer.expected.number, 1);
    cr_expect_eq(answer.found.number, 2);
    /* And none is left out. */
    made_other(in_force, root, KINDS | 1 << ASSAY_KIND_VTPM_SNP, certificates, 2, lists, LISTS);
    in_force->entries[1].files = in_force->entries[0].files;
    made_build(in_force);
    make(2, LISTS);
    expect_fault(ASSAY_RENEWAL_KINDS, "", "entries");
}

Test(quote_renewal_other, a_bare_root_has_nothing_to_renew)
{
    made_close(in_force);
    in_force = made_open();
    made_other(in_force, root, ASSAY_KINDS_CCA, NULL, 0, NULL, 0);
    made_build(in_force);
    made_read(offer, in_force->bytes, in_force->len);
    expect_fault(ASSAY_RENEWAL_NOTHING, "", "");
    later();
    offer->count = 0;
    made_other(offer, root, ASSAY_KINDS_CCA, certificates, 2, lists, LISTS);
    made_build(offer);
    judge();
    cr_expect_eq(answer.fault, ASSAY_RENEWAL_UNSOUND, "%s", assay_renewal_fault_name(answer.fault));
}

Test(quote_renewal_other, all_of_it_is_valid_at_the_time)
{
    later();
    make(2, LISTS);
    at_unix_s = SET_FROM + 4 * SET_DAY - 1;
    expect_fault(ASSAY_RENEWAL_EARLY, "CRL", "valid from");
    at_unix_s = SET_FROM + 4 * SET_DAY + SET_LIFE + 1;
    expect_fault(ASSAY_RENEWAL_ENDED, "CRL", "valid until");
}
