/*
 * tests/unit/quote/collateral/test_rim.c - manifests under a root: the profile of SignedInfo, who
 * may sign, and the encoding. The vendor is one of the tests' own.
 */
#include "quote/collateral/rim.h"

#include "base/base64.h"
#include "quote/collateral/collateral.h"
#include "tests/support/authority.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALG ASSAY_SIGNATURE_ECDSA_SHA384
enum { SIGNER = 0, ROOT = 1, TEXT_MAX = 4096 };

#define X8(text) text text text text text text text text
#define SWID_URI "http://standards.iso.org/iso/19770/-2/2015/schema.xsd"
#define DS       " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\""

static const char document[] =
    "<s:SoftwareIdentity xmlns:h=\"http://www.w3.org/2001/04/xmlenc#sha384\" xmlns:s=\"" SWID_URI
    "\"><s:Meta colloquialVersion=\"550.90.07\" product=\"GH100\"></s:Meta><s:Payload>"
    "<s:Resource active=\"True\" alternatives=\"1\" h:Hash0=\"" X8(
        "0123456789ab") "\" index=\"0\" size=\"48\" type=\"Measurement\"></s:Resource></s:Payload>"
                        "</s:SoftwareIdentity>";

/* What the profile leaves open: namespaces at the apex, and the digest. */
#define SIGNED_INFO                                                                                \
    "<ds:SignedInfo xmlns=\"" SWID_URI "\"" DS ">"                                                 \
    "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">"               \
    "</ds:CanonicalizationMethod>"                                                                 \
    "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384\">"       \
    "</ds:SignatureMethod><ds:Reference URI=\"\"><ds:Transforms>"                                  \
    "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">"           \
    "</ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">"             \
    "</ds:Transform></ds:Transforms>"                                                              \
    "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\">"                \
    "</ds:DigestMethod><ds:DigestValue>%s</ds:DigestValue></ds:Reference></ds:SignedInfo>"

static struct authority_key *keys[2];
static struct authority_certificate terms[2]; /* the signer's, and the root's */
static struct assay_key root;
static char info[TEXT_MAX];
static uint8_t signature[ASSAY_P384_SIGNATURE_LEN];
static uint8_t ders[2][AUTHORITY_DER_MAX];
static struct assay_rim_pieces pieces;
static struct assay_rim *rim;

static void sign_info(void)
{
    struct assay_signature made;
    pieces.signed_info = assay_slice_over((const uint8_t *)info, strlen(info));
    authority_sign(keys[SIGNER], ALG, info, strlen(info), &made);
    assay_bytes_copy(signature, sizeof signature, made.bytes, sizeof signature);
    pieces.signature = assay_slice_over(signature, sizeof signature);
}

static void write_info(void)
{
    uint8_t digest[ASSAY_SHA384_LEN];
    char text[ASSAY_SHA384_LEN * 2];
    size_t len = 0;
    assay_sha384(pieces.document.bytes, pieces.document.len, digest);
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_STANDARD, digest, sizeof digest, text, sizeof text, &len),
        ASSAY_OK);
    cr_assert_lt(snprintf(info, sizeof info, SIGNED_INFO, text), (int)sizeof info);
}

static void make_certificates(void)
{
    for (size_t i = 0; i < 2; i++)
        pieces.certificates[i] =
            assay_slice_over(ders[i], authority_certificate_make(&terms[i], ders[i]));
    pieces.certificate_count = 2;
}

static void set_up(void)
{
    for (size_t i = 0; i < 2; i++)
        keys[i] = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(keys[ROOT], &root);
    terms[ROOT] = authority_ca("Root", keys[ROOT], "Root", keys[ROOT], ALG);
    terms[SIGNER] = authority_leaf("Signer", keys[SIGNER], "Root", keys[ROOT], ALG);
    rim = calloc(1, sizeof *rim);
    cr_assert_not_null(rim);
    pieces.document = assay_slice_over((const uint8_t *)document, sizeof document - 1);
    make_certificates();
    write_info();
    sign_info();
}

static void tear_down(void)
{
    for (size_t i = 0; i < 2; i++)
        authority_key_free(&keys[i]);
    free(rim);
}

TestSuite(quote_rim, .init = set_up, .fini = tear_down);

static void expect(enum assay_status status, enum assay_rule rule, const char *what)
{
    cr_assert_eq(assay_rim_build(&pieces, &root, rim), ASSAY_OK);
    cr_expect_eq(rim->status, status, "%s: %s", what, assay_status_symbol(rim->status));
    cr_expect_eq(rim->rule, rule, "%s: %s", what, assay_rule_name(rim->rule));
}

static void expect_sound(const char *what)
{
    rim->rule = 0;
    expect(ASSAY_OK, 0, what);
}

Test(quote_rim, what_its_signer_signed_counts)
{
    expect_sound("as it was made");
    cr_expect_eq(rim->certificate_count, 2);
    cr_expect_str_eq(rim->values.product, "GH100");
}

/* The text with one place replaced, signed again: who signs another profile says nothing. */
static void expect_info(const char *find, const char *replace, enum assay_status status)
{
    char before[TEXT_MAX];
    write_info();
    assay_bytes_copy(before, sizeof before, info, sizeof info);
    const char *const at = strstr(before, find);
    cr_assert_not_null(at, "%s", find);
    cr_assert_lt(snprintf(info, sizeof info, "%.*s%s%s", (int)(at - before), before, replace,
                          at + strlen(find)),
                 (int)sizeof info);
    sign_info();
    if (status == ASSAY_OK) expect_sound(replace);
    else expect(status, ASSAY_RULE_COLLATERAL_FORMAT, replace);
}

Test(quote_rim, namespaces_stand_at_the_apex_of_signed_info)
{
    expect_info(" xmlns=\"" SWID_URI "\"", "", ASSAY_OK);
    expect_info(DS, DS " xmlns:a=\"\" xmlns:b=\"b\"", ASSAY_OK);
    expect_info(DS, "", ASSAY_E_UNSUPPORTED);
    expect_info(DS, " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig\"", ASSAY_E_UNSUPPORTED);
    expect_info(DS, DS " Id=\"a\"", ASSAY_E_UNSUPPORTED);
    expect_info(DS, DS " xmlns:a=\"<\"", ASSAY_E_UNSUPPORTED);
    expect_info(DS, DS " xmlns:a=\">\"", ASSAY_E_UNSUPPORTED);
    expect_info(DS ">", DS " xmlns:a=\"", ASSAY_E_UNSUPPORTED);
    expect_info("<ds:SignedInfo", "<ds:Manifest", ASSAY_E_UNSUPPORTED);
}

Test(quote_rim, another_profile_is_unsupported)
{
    static const char *const places[][2] = {
        { "2006/12/xml-c14n11", "TR/2001/REC-xml-c14n-20010315" },
        { "#ecdsa-sha384", "#ecdsa-sha256" },
        { "URI=\"\"", "URI=\"#part\"" },
        { "#enveloped-signature", "#base64" },
        { "</ds:DigestValue>", "=</ds:DigestValue>" },
        { "<ds:DigestValue>", "<ds:DigestValue> " },
        { "</ds:Reference>", "</ds:Reference><ds:Reference></ds:Reference>" },
        { "</ds:SignedInfo>", "</ds:SignedInfo> " },
        { "</ds:SignedInfo>", "</ds:signedInfo>" },
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        expect_info(places[i][0], places[i][1], ASSAY_E_UNSUPPORTED);
}

Test(quote_rim, a_cut_text_is_unsupported)
{
    const size_t whole = strlen(info);
    for (size_t cut = 1; cut < whole; cut += 13) {
        write_info();
        info[whole - cut] = '\0';
        sign_info();
        expect(ASSAY_E_UNSUPPORTED, ASSAY_RULE_COLLATERAL_FORMAT, "cut");
    }
}

Test(quote_rim, a_digest_is_base64_of_48_bytes)
{
    char *const value = strstr(info, "<ds:DigestValue>") + strlen("<ds:DigestValue>");
    value[5] = '*';
    sign_info();
    expect(ASSAY_E_UNSUPPORTED, ASSAY_RULE_COLLATERAL_FORMAT, "no digit");
    value[5] = 'A';
    value[62] = value[63] = '=';
    sign_info();
    expect(ASSAY_E_UNSUPPORTED, ASSAY_RULE_COLLATERAL_FORMAT, "46 bytes, or bits that are left");
}

Test(quote_rim, another_document_or_signature_is_forged)
{
    char *const value = strstr(info, "<ds:DigestValue>") + strlen("<ds:DigestValue>");
    value[7] = value[7] == 'A' ? 'B' : 'A';
    sign_info();
    expect(ASSAY_E_SIGNATURE, ASSAY_RULE_RIM_SIGNATURE, "another digest");
    write_info();
    sign_info();
    signature[95] ^= 1;
    expect(ASSAY_E_SIGNATURE, ASSAY_RULE_RIM_SIGNATURE, "another signature");
}

Test(quote_rim, a_signer_has_a_key_on_p384)
{
    authority_key_free(&keys[SIGNER]);
    keys[SIGNER] = authority_key_make(ASSAY_KEY_P256);
    terms[SIGNER].key = keys[SIGNER];
    make_certificates();
    expect(ASSAY_E_KEY, ASSAY_RULE_RIM_SIGNATURE, "P-256");
}

Test(quote_rim, an_authority_and_a_device_sign_no_manifests)
{
    static const uint8_t fwid[] = { 0x30, 0x41, 0xa6, 0x3f, 0x30, 0x3d, 0x06, 0x09, 0x60, 0x86,
                                    0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x04, 0x30 };
    uint8_t value[sizeof fwid + ASSAY_FWID_LEN] = { 0 };
    assay_bytes_copy(value, sizeof value, fwid, sizeof fwid);
    terms[SIGNER] = authority_ca("Signer", keys[SIGNER], "Root", keys[ROOT], ALG);
    make_certificates();
    expect(ASSAY_E_INVALID, ASSAY_RULE_COLLATERAL_CHAIN, "an authority");
    cr_expect_eq(rim->certificate_count, 0);
    terms[SIGNER] = authority_leaf("Signer", keys[SIGNER], "Root", keys[ROOT], ALG);
    authority_add_extension(&terms[SIGNER], "2.23.133.5.4.1.1", false, value, sizeof value);
    make_certificates();
    expect(ASSAY_E_INVALID, ASSAY_RULE_COLLATERAL_CHAIN, "a device");
}

Test(quote_rim, certificates_lead_to_the_root)
{
    ders[SIGNER][0] ^= 1;
    expect(ASSAY_E_SYNTAX, ASSAY_RULE_COLLATERAL_FORMAT, "one that cannot be read");
    ders[SIGNER][0] ^= 1;
    expect_sound("as it was made");
    terms[SIGNER].signer = keys[SIGNER];
    make_certificates();
    assay_status_ignore(assay_rim_build(&pieces, &root, rim), "see the status of the manifest");
    cr_expect_neq(rim->status, ASSAY_OK);
    cr_expect_eq(rim->rule, ASSAY_RULE_COLLATERAL_CHAIN, "signed by itself");
}

/* Of several reasons the first counts: nothing of a document that cannot be read. */
Test(quote_rim, a_document_that_cannot_be_read_does_not_count_whoever_signed_it)
{
    pieces.document.len -= 1;
    write_info();
    sign_info();
    expect(ASSAY_E_SYNTAX, ASSAY_RULE_COLLATERAL_FORMAT, "cut");
    signature[95] ^= 1;
    expect(ASSAY_E_SYNTAX, ASSAY_RULE_COLLATERAL_FORMAT, "cut, and forged");
}

/* --- as bytes */
static uint8_t bytes[1 << 15];

static struct assay_slice encode(void)
{
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice made = { NULL, 0 };
    assay_rim_encode(&pieces, &w);
    cr_assert_eq(assay_writer_finish(&w, &made), ASSAY_OK);
    return made;
}

static enum assay_status take_next(struct assay_slice *rest)
{
    struct assay_rim_pieces read;
    return assay_rim_next(rest, &read);
}

Test(quote_rim, manifests_are_taken_off_one_by_one)
{
    const struct assay_slice one = encode();
    struct assay_rim_pieces read;
    struct assay_slice rest = one;
    assay_bytes_copy(bytes + one.len, sizeof bytes - one.len, "x", 1);
    rest.len += 1;
    cr_expect(assay_rim_looks(one));
    cr_assert_eq(assay_rim_next(&rest, &read), ASSAY_OK);
    cr_expect_eq(rest.len, 1);
    cr_expect(assay_slice_equal(read.document, pieces.document));
    cr_expect(assay_slice_equal(read.signed_info, pieces.signed_info));
    cr_expect(assay_slice_equal(read.signature, pieces.signature));
    cr_assert_eq(read.certificate_count, 2);
    cr_expect(assay_slice_equal(read.certificates[1], pieces.certificates[1]));
    for (size_t len = 0; len < one.len; len++) {
        uint8_t *const exact = malloc(len + 1);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact + 1, len, bytes, len);
        rest = assay_slice_over(exact + 1, len);
        cr_expect_neq(take_next(&rest), ASSAY_OK, "%zu bytes", len);
        cr_expect_eq(rest.len, len);
        free(exact);
    }
}

Test(quote_rim, a_manifest_has_one_whole_signature_and_1_to_6_certificates)
{
    struct assay_slice rest;
    pieces.signature.len -= 1;
    rest = encode();
    cr_expect_eq(take_next(&rest), ASSAY_E_RANGE, "a shorter signature");
    pieces.signature.len += 1;
    pieces.certificate_count = 0;
    rest = encode();
    cr_expect_eq(take_next(&rest), ASSAY_E_RANGE, "no certificate");
    for (size_t i = 2; i < ASSAY_RIM_CERTIFICATES_MAX; i++)
        pieces.certificates[i] = pieces.certificates[0];
    pieces.certificate_count = ASSAY_RIM_CERTIFICATES_MAX;
    rest = encode();
    cr_expect_eq(take_next(&rest), ASSAY_OK);
    cr_expect_eq(rest.len, 0);
}

/* --- in a bundle */
static struct assay_collateral *build(struct assay_slice part)
{
    struct assay_collateral_files files = { .left_out = NULL };
    struct assay_collateral *const c = calloc(1, sizeof *c);
    cr_assert_not_null(c);
    files.part[ASSAY_PART_RIM] = part;
    cr_assert_eq(assay_collateral_build(&files, &root, c), ASSAY_OK);
    return c;
}

/* The first of them so many times. */
static struct assay_slice repeat(struct assay_slice one, size_t count)
{
    static uint8_t all[(ASSAY_RIMS_MAX + 1) << 13];
    cr_assert_leq(one.len * count, sizeof all);
    for (size_t i = 0; i < count; i++)
        assay_bytes_copy(all + i * one.len, one.len, one.bytes, one.len);
    return assay_slice_over(all, count * one.len);
}

static void expect_bundle(struct assay_slice part, size_t count, bool is_sound, const char *what)
{
    struct assay_collateral *const c = build(part);
    cr_expect_eq(c->rim_count, count, "%s", what);
    cr_expect_eq(assay_collateral_sound(c), is_sound, "%s", what);
    free(c);
}

Test(quote_rim, a_bundle_has_up_to_8_manifests_all_of_which_can_be_read)
{
    const struct assay_slice one = encode();
    expect_bundle(one, 1, true, "one");
    expect_bundle(repeat(one, ASSAY_RIMS_MAX), ASSAY_RIMS_MAX, true, "eight");
    expect_bundle(repeat(one, ASSAY_RIMS_MAX + 1), ASSAY_RIMS_MAX, false, "nine");
    struct assay_slice cut = repeat(one, 2);
    cut.len -= 1;
    expect_bundle(cut, 1, false, "the second is cut");
    signature[95] ^= 1;
    expect_bundle(encode(), 1, false, "an unsigned one");
    struct assay_collateral *const c = build(cut);
    cr_expect(c->given[ASSAY_PART_RIM] && !c->has[ASSAY_PART_RIM]);
    cr_assert_eq(c->fault_count, 1);
    cr_expect_eq(c->faults[0].rule, ASSAY_RULE_COLLATERAL_FORMAT);
    cr_expect_eq(c->faults[0].status, ASSAY_E_TRUNCATED);
    free(c);
}
