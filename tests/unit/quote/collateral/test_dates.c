/*
 * tests/unit/quote/collateral/test_dates.c - dates of OCSP responses and of manifests: what they
 * are called, when they are valid, and which of them a newer one replaces.
 */
#include "quote/collateral/dates.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { FROM = 1000, TO = 2000, CERTIFICATE_SERIAL = 7, OTHER_SERIAL = 8 };

static struct assay_collateral *c, *other;

static void set_up(void)
{
    c = calloc(1, sizeof *c);
    other = calloc(1, sizeof *other);
    cr_assert(c != NULL && other != NULL);
}

static void tear_down(void)
{
    free(c);
    free(other);
}

TestSuite(quote_dates, .init = set_up, .fini = tear_down);

static void describe(struct assay_certificate *certificate, const char *name)
{
    certificate->serial[ASSAY_SERIAL_LEN - 1] = CERTIFICATE_SERIAL;
    certificate->issuer.len = 4;
    assay_bytes_copy(certificate->issuer.der, 4, (const uint8_t *)"name", 4);
    assay_text_copy(certificate->subject_name, sizeof certificate->subject_name, name);
}

/* About the certificate that describe makes, signed, with a hash of the issuer of that length. */
static struct assay_ocsp *add_response(uint8_t serial, uint32_t hash_len, int64_t from_s)
{
    struct assay_ocsp_entry *const e = &c->ocsp[c->ocsp_count++];
    struct assay_ocsp *const r = &e->response;
    const uint8_t *const name = (const uint8_t *)"name";
    e->is_signed = true;
    r->serial[ASSAY_SERIAL_LEN - 1] = serial;
    r->hash_len = hash_len;
    r->this_update_s = from_s;
    r->next_update_s = TO;
    if (hash_len == ASSAY_SHA256_LEN) assay_sha256(name, 4, r->issuer_name_hash);
    if (hash_len == ASSAY_SHA384_LEN) assay_sha384(name, 4, r->issuer_name_hash);
    return r;
}

static void expect_name(const struct assay_collateral *second, const char *wanted)
{
    struct assay_text name;
    struct assay_window window;
    cr_assert(assay_collateral_dated(c, second, 0, &name, &window));
    cr_expect_str_eq(name.text, wanted);
    cr_expect_str_eq(window.what, wanted);
}

static size_t count_dated(void)
{
    struct assay_text name;
    struct assay_window window;
    size_t count = 0;
    while (assay_collateral_dated(c, NULL, count, &name, &window))
        count++;
    return count;
}

#define NAMED   "OCSP response for the holder"
#define UNNAMED "OCSP response for serial 0000000000000000000000000000000000000007"

Test(quote_dates, a_response_is_called_after_its_certificate)
{
    static const uint32_t lengths[] = { ASSAY_OCSP_SHA1_LEN, ASSAY_SHA256_LEN, ASSAY_SHA384_LEN };
    c->certificate_count = 2;
    describe(&c->certificates[0], "another");
    c->certificates[0].serial[0] = 1;
    describe(&c->certificates[1], "the holder");
    for (size_t i = 0; i < 3; i++) {
        c->ocsp_count = 0;
        struct assay_ocsp *const r = add_response(CERTIFICATE_SERIAL, lengths[i], FROM);
        expect_name(NULL, NAMED);
        r->issuer_name_hash[0] ^= 1;
        /* SHA-1 is not computed: the serial number decides. */
        expect_name(NULL, lengths[i] == ASSAY_OCSP_SHA1_LEN ? NAMED : UNNAMED);
    }
}

Test(quote_dates, certificates_of_manifests_and_of_another_bundle_name_it_as_well)
{
    add_response(CERTIFICATE_SERIAL, ASSAY_SHA384_LEN, FROM);
    expect_name(NULL, UNNAMED);
    other->certificate_count = 1;
    describe(&other->certificates[0], "the other bundle's");
    expect_name(other, "OCSP response for the other bundle's");
    expect_name(NULL, UNNAMED);
    c->rim_count = 1;
    c->rims[0].certificate_count = 2;
    describe(&c->rims[0].certificates[1], "the manifest's");
    expect_name(other, "OCSP response for the manifest's");
    c->certificate_count = 1;
    describe(&c->certificates[0], "the holder");
    expect_name(other, NAMED);
    c->certificates[0].subject_name[0] = '\0';
    expect_name(other, UNNAMED);
}

Test(quote_dates, a_newer_response_about_the_same_certificate_replaces_an_older_one)
{
    add_response(CERTIFICATE_SERIAL, ASSAY_SHA384_LEN, FROM);
    struct assay_ocsp *const newer = add_response(CERTIFICATE_SERIAL, ASSAY_SHA384_LEN, FROM + 1);
    cr_expect_eq(count_dated(), 1);
    struct assay_text name;
    struct assay_window window;
    cr_assert(assay_collateral_dated(c, NULL, 0, &name, &window));
    cr_expect_eq(window.from_unix_s, FROM + 1);
    cr_expect_eq(window.to_unix_s, TO);
    cr_expect(window.is_list);
    newer->this_update_s = FROM;
    cr_expect_eq(count_dated(), 2, "of one second");
    newer->this_update_s = FROM + 1;
    newer->hash_len = ASSAY_SHA256_LEN;
    cr_expect_eq(count_dated(), 2, "by another hash");
    newer->hash_len = ASSAY_SHA384_LEN;
    newer->issuer_key_hash[47] = 1;
    cr_expect_eq(count_dated(), 2, "by another issuer");
    newer->issuer_key_hash[47] = 0;
    newer->serial[ASSAY_SERIAL_LEN - 1] = OTHER_SERIAL;
    cr_expect_eq(count_dated(), 2, "about another certificate");
    newer->serial[ASSAY_SERIAL_LEN - 1] = CERTIFICATE_SERIAL;
    cr_expect_eq(count_dated(), 1);
    c->ocsp[1].is_signed = false;
    cr_expect_eq(count_dated(), 2, "an unsigned one");
}

static struct assay_rim *add_manifest(const char *version)
{
    struct assay_rim *const rim = &c->rims[c->rim_count++];
    assay_text_copy(rim->values.version, sizeof rim->values.version, version);
    assay_text_copy(rim->values.product, sizeof rim->values.product, "GH100");
    rim->certificate_count = 3;
    for (size_t i = 0; i < 3; i++) {
        rim->certificates[i].not_before_s = FROM;
        rim->certificates[i].not_after_s = TO;
    }
    return rim;
}

Test(quote_dates, a_manifest_is_called_after_what_it_describes)
{
    add_manifest("550.90.07");
    expect_name(NULL, "driver RIM 550.90.07 for GH100");
    c->rim_count = 0;
    add_manifest("96.00.9F.00.01");
    expect_name(NULL, "VBIOS RIM 96.00.9F.00.01 for GH100");
}

Test(quote_dates, a_manifest_is_valid_while_all_its_certificates_are)
{
    struct assay_rim *const rim = add_manifest("550.90.07");
    struct assay_text name;
    struct assay_window window;
    rim->certificates[1].not_before_s = FROM + 5;
    rim->certificates[2].not_after_s = TO - 5;
    cr_assert(assay_collateral_dated(c, NULL, 0, &name, &window));
    cr_expect_eq(window.from_unix_s, FROM + 5);
    cr_expect_eq(window.to_unix_s, TO - 5);
    cr_expect_not(window.is_list);
    cr_expect_not(assay_collateral_current(c, FROM + 4));
    cr_expect(assay_collateral_current(c, FROM + 5));
    cr_expect(assay_collateral_current(c, TO - 5));
    cr_expect_not(assay_collateral_current(c, TO - 4));
    rim->certificate_count = 0;
    cr_expect_eq(count_dated(), 0, "its signer leads to no root");
    cr_expect(assay_collateral_current(c, TO), "it does not count");
}

Test(quote_dates, a_bundle_is_current_while_all_of_it_is)
{
    c->window_count = 1;
    c->windows[0] = (struct assay_window){ .from_unix_s = FROM, .to_unix_s = TO };
    struct assay_ocsp *const r = add_response(CERTIFICATE_SERIAL, ASSAY_SHA384_LEN, FROM + 10);
    add_manifest("550.90.07");
    cr_expect_eq(count_dated(), 2);
    r->next_update_s = TO - 10;
    cr_expect_not(assay_collateral_current(c, FROM + 9));
    cr_expect(assay_collateral_current(c, FROM + 10));
    cr_expect(assay_collateral_current(c, TO - 10));
    cr_expect_not(assay_collateral_current(c, TO - 9));
    c->ocsp_count = 0;
    cr_expect_not(assay_collateral_current(c, FROM - 1));
    cr_expect(assay_collateral_current(c, FROM));
    cr_expect(assay_collateral_current(c, TO));
    cr_expect_not(assay_collateral_current(c, TO + 1));
}
