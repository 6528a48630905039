/*
 * tests/unit/quote/collateral/test_parts.c - parts of a bundle that is none of Intel's: several
 * pieces one after the other, of which one that cannot be read hides none of the others.
 */
#include "quote/collateral/collateral.h"

#include "tests/support/authority.h"
#include "tests/unit/quote/x509/certificate_text.h"
#include "tests/unit/quote/x509/der_text.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ALG ASSAY_SIGNATURE_ECDSA_SHA384
enum { FROM = 1700000000, TO = 1900000000, ROOM = 1 << 17, MAIN = 0, OTHER = 1 };

static struct authority_key *keys[2];
static struct assay_key root;
static struct assay_collateral_files files;
static struct assay_collateral *c;
static uint8_t *room[ASSAY_PARTS];

static void set_up(void)
{
    for (size_t i = 0; i < 2; i++)
        keys[i] = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(keys[MAIN], &root);
    c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        room[i] = malloc(ROOM);
        cr_assert_not_null(room[i]);
        files.part[i] = assay_slice_over(room[i], 0);
    }
}

static void tear_down(void)
{
    for (size_t i = 0; i < 2; i++)
        authority_key_free(&keys[i]);
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        free(room[i]);
    free(c);
}

TestSuite(quote_parts, .init = set_up, .fini = tear_down);

static void append(enum assay_collateral_part part, const void *bytes, size_t len)
{
    cr_assert_leq(len, ROOM - files.part[part].len);
    assay_bytes_copy(room[part] + files.part[part].len, len, bytes, len);
    files.part[part].len += len;
}

static struct authority_crl list_of(const char *issuer, size_t signer, int64_t from_s)
{
    return (struct authority_crl){ .issuer = issuer,
                                   .signer = keys[signer],
                                   .alg = ALG,
                                   .number = 1,
                                   .from_s = from_s,
                                   .to_s = TO };
}

static size_t append_list(const char *issuer, size_t signer, int64_t from_s)
{
    uint8_t der[AUTHORITY_DER_MAX];
    const struct authority_crl list = list_of(issuer, signer, from_s);
    const size_t len = authority_crl_make(&list, der);
    append(ASSAY_PART_CRL, der, len);
    return len;
}

static void append_certificate(const struct authority_certificate *terms)
{
    uint8_t der[AUTHORITY_DER_MAX];
    append(ASSAY_PART_CERTIFICATES, der, authority_certificate_make(terms, der));
}

/* The status of the one fault; ASSAY_OK: none. */
static void expect_fault(enum assay_status status, enum assay_rule rule, const char *what)
{
    cr_assert_eq(assay_collateral_build(&files, &root, c), ASSAY_OK);
    cr_expect_eq(c->fault_count, status != ASSAY_OK, "%s: %u", what, c->fault_count);
    if (status == ASSAY_OK || c->fault_count == 0) return;
    cr_expect_eq(c->faults[0].status, status, "%s: %s", what,
                 assay_status_symbol(c->faults[0].status));
    cr_expect_eq(c->faults[0].rule, rule, "%s", what);
    cr_expect_not(assay_collateral_sound(c), "%s", what);
}

/* --- revocation lists */
Test(quote_parts, a_cut_list_hides_none_before_it)
{
    const size_t first = append_list("Root", MAIN, FROM);
    const size_t whole = first + append_list("Root", MAIN, FROM + 1);
    expect_fault(ASSAY_OK, 0, "two lists");
    cr_expect_eq(c->list_count, 2);
    cr_expect(assay_collateral_sound(c));
    for (size_t len = first + 1; len < whole; len++) {
        files.part[ASSAY_PART_CRL].len = len;
        expect_fault(ASSAY_E_TRUNCATED, ASSAY_RULE_COLLATERAL_FORMAT, "cut");
        cr_expect_eq(c->list_count, 1, "%zu bytes", len);
        cr_expect(c->given[ASSAY_PART_CRL] && !c->has[ASSAY_PART_CRL]);
    }
}

Test(quote_parts, a_length_that_no_part_has_is_cut)
{
    static const uint8_t lengths[][5] = { { 0x30, 0x80, 1, 1, 1 },
                                          { 0x30, 0x84, 0, 0, 1 },
                                          { 0x30, 0xff, 0, 0, 1 },
                                          { 0x30, 0x83, 0xff, 0xff, 0xff } };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        files.part[ASSAY_PART_CRL].len = 0;
        append(ASSAY_PART_CRL, lengths[i], sizeof lengths[i]);
        expect_fault(ASSAY_E_TRUNCATED, ASSAY_RULE_COLLATERAL_FORMAT, "length");
    }
}

Test(quote_parts, a_list_that_cannot_be_read_hides_none_behind_it)
{
    static const uint8_t none[] = { 0x30, 0x02, 0x05, 0x00 };
    append(ASSAY_PART_CRL, none, sizeof none);
    append_list("Root", MAIN, FROM);
    expect_fault(ASSAY_E_SYNTAX, ASSAY_RULE_COLLATERAL_FORMAT, "no list, and one");
    append(ASSAY_PART_CRL, none, sizeof none);
    expect_fault(ASSAY_E_SYNTAX, ASSAY_RULE_COLLATERAL_FORMAT, "and no list again");
    cr_expect_eq(c->list_count, 1);
    cr_expect(c->lists[0].has_issuer);
}

Test(quote_parts, a_bundle_has_room_for_8_lists)
{
    for (int i = 0; i < ASSAY_LISTS_MAX; i++)
        append_list("Root", MAIN, FROM + i);
    expect_fault(ASSAY_OK, 0, "eight");
    append_list("Root", MAIN, FROM + 100);
    expect_fault(ASSAY_E_FULL, ASSAY_RULE_COLLATERAL_FORMAT, "nine");
    cr_expect_eq(c->list_count, ASSAY_LISTS_MAX);
}

/* Dates of a list that a newer one of its authority replaces do not count. */
Test(quote_parts, the_dates_are_those_of_the_newest_list_of_each_authority)
{
    const struct authority_certificate own =
        authority_ca("Root", keys[MAIN], "Root", keys[MAIN], ALG);
    const struct authority_certificate below =
        authority_ca("Other", keys[OTHER], "Root", keys[MAIN], ALG);
    append_certificate(&own);
    append_list("Root", MAIN, FROM);
    append_list("Root", MAIN, FROM + 1);
    expect_fault(ASSAY_OK, 0, "of one authority");
    const uint32_t windows = c->window_count;
    append_certificate(&below);
    append_list("Other", OTHER, FROM + 2);
    expect_fault(ASSAY_OK, 0, "and of another one");
    cr_expect_eq(c->window_count, windows + 2, "its certificate, and its list");
    append_list("Root", MAIN, FROM + 1);
    expect_fault(ASSAY_OK, 0, "two of one second");
    cr_expect_eq(c->window_count, windows + 3);
}

/* Of one name and another key: one of the future does not take the place of the root's. */
Test(quote_parts, a_list_of_an_authority_s_name_by_another_key_replaces_none)
{
    append_list("Root", MAIN, FROM);
    append_list("Root", OTHER, FROM + 5);
    expect_fault(ASSAY_OK, 0, "the root is a key alone");
    cr_expect_eq(c->window_count, 2);
    cr_expect(c->lists[0].has_issuer && !c->lists[1].has_issuer);
    cr_expect_not(assay_collateral_sound(c), "whose is the second?");
    const struct authority_certificate own =
        authority_ca("Root", keys[MAIN], "Root", keys[MAIN], ALG);
    append_certificate(&own);
    expect_fault(ASSAY_E_SIGNATURE, ASSAY_RULE_CRL_SIGNATURE, "named, and signed by another");
}

/* --- certificates */
Test(quote_parts, certificates_lead_to_the_root_or_certify_it)
{
    struct authority_certificate terms =
        authority_ca("Root", keys[MAIN], "Stranger", keys[OTHER], ALG);
    append_certificate(&terms);
    expect_fault(ASSAY_OK, 0, "the root by another issuer");
    cr_expect_eq(c->window_count, 0, "without effect");
    files.part[ASSAY_PART_CERTIFICATES].len = 0;
    terms = authority_ca("Root", keys[MAIN], "Root", keys[OTHER], ALG);
    append_certificate(&terms);
    cr_assert_eq(assay_collateral_build(&files, &root, c), ASSAY_OK);
    cr_expect_eq(c->fault_count, 1, "its own, by another key");
    files.part[ASSAY_PART_CERTIFICATES].len = 0;
    terms = authority_ca("Other", keys[OTHER], "Stranger", keys[OTHER], ALG);
    append_certificate(&terms);
    expect_fault(ASSAY_E_NOT_FOUND, ASSAY_RULE_COLLATERAL_CHAIN, "a stranger");
}

/* --- OCSP responses; of the right form, with signatures of no key */
#define TIME "18{'20261201000000Z'}"
#define RESPONSE                                                                                   \
    "30{ 0a{00} a0{ 30{ 06{2b0601050507300101} 04{ 30{ 30{ a2{ 04{aabb} } " TIME " 30{ 30{ "       \
    "30{ 30{ 06{" OID_SHA384 "} } 04{" BYTES_48 "} 04{" BYTES_48 "} 02{01} } "                     \
    "80{} " TIME " a0{ " TIME " } } } } " ECDSA_SHA256 " " SIGNATURE " } } } } }"

Test(quote_parts, a_response_that_cannot_be_read_hides_none_behind_it)
{
    struct der_document good, bad;
    der_write(RESPONSE, &good);
    der_write("30{ 0a{01} }", &bad);
    append(ASSAY_PART_OCSP, good.bytes, good.len);
    expect_fault(ASSAY_OK, 0, "one");
    cr_expect(assay_collateral_sound(c));
    cr_expect_not(c->ocsp[0].is_signed, "its issuer is known later");
    append(ASSAY_PART_OCSP, bad.bytes, bad.len);
    append(ASSAY_PART_OCSP, good.bytes, good.len);
    expect_fault(ASSAY_E_INVALID, ASSAY_RULE_COLLATERAL_FORMAT, "between two others");
    append(ASSAY_PART_OCSP, bad.bytes, bad.len);
    expect_fault(ASSAY_E_INVALID, ASSAY_RULE_COLLATERAL_FORMAT, "a refusal to answer");
    cr_expect_eq(c->ocsp_count, 2);
    files.part[ASSAY_PART_OCSP].len = 2 * good.len;
    expect_fault(ASSAY_E_SYNTAX, ASSAY_RULE_COLLATERAL_FORMAT, "a cut one ends the part");
    cr_expect_eq(c->ocsp_count, 1);
}

Test(quote_parts, a_bundle_has_room_for_48_responses)
{
    struct der_document one;
    der_write(RESPONSE, &one);
    for (size_t i = 0; i < ASSAY_OCSP_MAX; i++)
        append(ASSAY_PART_OCSP, one.bytes, one.len);
    expect_fault(ASSAY_OK, 0, "48");
    append(ASSAY_PART_OCSP, one.bytes, one.len);
    expect_fault(ASSAY_E_FULL, ASSAY_RULE_COLLATERAL_FORMAT, "49");
    cr_expect_eq(c->ocsp_count, ASSAY_OCSP_MAX);
}

/* --- faults: the first eight, and whatever cannot be read */
Test(quote_parts, of_many_faults_those_of_the_form_are_kept)
{
    static const uint8_t none[] = { 0x30, 0x02, 0x05, 0x00 };
    for (size_t i = 0; i < ASSAY_CHAIN_MAX; i++) {
        struct authority_certificate terms =
            authority_leaf("Leaf", keys[OTHER], "Stranger", keys[OTHER], ALG);
        terms.serial = i + 1;
        append_certificate(&terms);
    }
    cr_assert_eq(assay_collateral_build(&files, &root, c), ASSAY_OK);
    cr_assert_eq(c->fault_count, ASSAY_FAULTS_MAX);
    for (size_t i = 0; i < ASSAY_FAULTS_MAX; i++)
        cr_expect_eq(c->faults[i].rule, ASSAY_RULE_COLLATERAL_CHAIN);
    append(ASSAY_PART_CRL, none, sizeof none);
    append(ASSAY_PART_OCSP, none, sizeof none);
    append(ASSAY_PART_RIM, none, sizeof none);
    cr_assert_eq(assay_collateral_build(&files, &root, c), ASSAY_OK);
    cr_assert_eq(c->fault_count, ASSAY_FAULTS_MAX);
    size_t of_form = 0;
    for (size_t i = 0; i < ASSAY_FAULTS_MAX; i++)
        of_form += c->faults[i].rule == ASSAY_RULE_COLLATERAL_FORMAT;
    cr_expect_eq(of_form, 3, "list, response, manifest");
    cr_expect_eq(c->faults[0].rule, ASSAY_RULE_COLLATERAL_CHAIN, "the first reason stays");
}
