/*
 * tests/unit/quote/x509/test_x509_google.c - Google's extension of virtual TPMs: read in one way,
 * and refused when it is bent.
 */
#include "quote/x509/parts.h"

#include "tests/unit/tpm/google_extension.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_der der;
static struct assay_gce gce;

static struct assay_slice make(const struct google_extension *from)
{
    assay_der_init(&der);
    google_extension_put_value(&der, from);
    const struct assay_slice made = assay_der_finish(&der);
    cr_assert_gt(made.len, 0);
    return made;
}

Test(quote_x509_google, reads_whose_instance_it_is)
{
    struct google_extension from;
    google_extension_good(&from);
    cr_assert_eq(assay_x509_gce(make(&from), &gce), ASSAY_OK);
    cr_expect_str_eq(gce.zone, "us-central1-c");
    cr_expect_eq(gce.project_number, 603434606775);
    cr_expect_str_eq(gce.project_id, "a-project-name");
    cr_expect_eq(gce.instance_id, 11744722211572649027u);
    cr_expect_str_eq(gce.instance_name, "an-instance-name");
    cr_expect(gce.is_production);
    from.is_production = false;
    cr_assert_eq(assay_x509_gce(make(&from), &gce), ASSAY_OK);
    cr_expect_not(gce.is_production);
    from.no_properties = true; /* of an old certificate, which says nothing of production */
    cr_assert_eq(assay_x509_gce(make(&from), &gce), ASSAY_OK);
    cr_expect_not(gce.is_production);
}

Test(quote_x509_google, takes_names_of_up_to_63_printable_characters)
{
    char name[ASSAY_GCE_TEXT_MAX + 1] = "";
    memset(name, 'n', ASSAY_GCE_TEXT_MAX);
    struct google_extension good;
    google_extension_good(&good);
    for (int field = 0; field < 3; field++) {
        static const char *const wrong[] = { "", "a name", "a\nname", "n\xc3\xa4me" };
        struct google_extension from = good;
        const char **const text = field == 0   ? &from.zone
                                  : field == 1 ? &from.project_id
                                               : &from.instance_name;
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
            *text = wrong[i];
            cr_expect_eq(assay_x509_gce(make(&from), &gce), ASSAY_E_RANGE, "%d, %zu", field, i);
        }
        *text = name; /* 64 */
        cr_expect_eq(assay_x509_gce(make(&from), &gce), ASSAY_E_RANGE, "%d", field);
        *text = name + 1;
        cr_expect_eq(assay_x509_gce(make(&from), &gce), ASSAY_OK, "%d", field);
    }
}

Test(quote_x509_google, rejects_every_truncation_and_what_follows)
{
    struct google_extension from;
    google_extension_good(&from);
    const struct assay_slice made = make(&from);
    for (size_t len = 0; len < made.len; len++) {
        uint8_t *const exact = malloc(len + 1);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, len, made.bytes, len);
        cr_expect_neq(assay_x509_gce(assay_slice_over(exact, len), &gce), ASSAY_OK, "%zu", len);
        free(exact);
    }
    uint8_t *const more = calloc(1, made.len + 1);
    cr_assert_not_null(more);
    assay_bytes_copy(more, made.len, made.bytes, made.len);
    cr_expect_eq(assay_x509_gce(assay_slice_over(more, made.len + 1), &gce), ASSAY_E_SYNTAX);
    free(more);
}

/* The properties alone, behind good names. */
static enum assay_status read_properties(const char *properties, size_t len)
{
    assay_der_init(&der);
    const size_t mark = assay_der_mark(&der);
    assay_der_raw(&der, properties, len);
    assay_der_value(&der, ASSAY_DER_UTF8_STRING, "i", 1);
    assay_der_uint(&der, ASSAY_DER_INTEGER, 1);
    assay_der_value(&der, ASSAY_DER_UTF8_STRING, "p", 1);
    assay_der_uint(&der, ASSAY_DER_INTEGER, 2);
    assay_der_value(&der, ASSAY_DER_UTF8_STRING, "z", 1);
    assay_der_wrap(&der, ASSAY_DER_SEQUENCE, mark);
    return assay_x509_gce(assay_der_finish(&der), &gce);
}

Test(quote_x509_google, takes_each_property_once_and_in_its_order)
{
#define ROW(text, status, production) { text, sizeof text - 1, status, production }
    static const struct {
        const char *der;
        size_t len;
        enum assay_status status;
        bool is_production;
    } rows[] = {
        ROW("", ASSAY_OK, false),
        ROW("\xa0\x02\x30\x00", ASSAY_OK, false),
        ROW("\xa0\x07\x30\x05\xa1\x03\x01\x01\xff", ASSAY_OK, true),
        ROW("\xa0\x07\x30\x05\xa1\x03\x01\x01\x00", ASSAY_OK, false),
        ROW("\xa0\x09\x30\x07\xa1\x03\x01\x01\xff\xa5\x00", ASSAY_OK, true),
        /* twice, in another order, of another class, not by a tag of its own */
        ROW("\xa0\x0c\x30\x0a\xa1\x03\x01\x01\x00\xa1\x03\x01\x01\xff", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x0c\x30\x0a\xa1\x03\x01\x01\xff\xa0\x03\x02\x01\x01", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x07\x30\x05\x81\x03\x01\x01\xff", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x05\x30\x03\x01\x01\xff", ASSAY_E_SYNTAX, false),
        /* no boolean, another one than DER knows, something behind it, behind all, no number */
        ROW("\xa0\x07\x30\x05\xa1\x03\x02\x01\xff", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x07\x30\x05\xa1\x03\x01\x01\x01", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x09\x30\x07\xa1\x05\x01\x01\xff\x05\x00", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x09\x30\x05\xa1\x03\x01\x01\xff\x05\x00", ASSAY_E_SYNTAX, false),
        ROW("\xa0\x07\x30\x05\xa0\x03\x01\x01\xff", ASSAY_E_SYNTAX, false),
        ROW("\xa1\x07\x30\x05\xa1\x03\x01\x01\xff", ASSAY_E_SYNTAX, false),
    };
#undef ROW
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(read_properties(rows[i].der, rows[i].len), rows[i].status, "row %zu", i);
        if (rows[i].status == ASSAY_OK)
            cr_expect_eq(gce.is_production, rows[i].is_production, "row %zu", i);
    }
}

Test(quote_x509_google, takes_no_negative_and_no_longer_number)
{
    static const struct {
        const char *der;
        size_t len;
        enum assay_status status;
    } rows[] = {
        { "\x02\x01\x7f", 3, ASSAY_OK },
        { "\x02\x01\x80", 3, ASSAY_E_RANGE },
        { "\x02\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff", 11, ASSAY_OK },
        { "\x02\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00", 11, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assay_der_init(&der);
        const size_t mark = assay_der_mark(&der);
        assay_der_value(&der, ASSAY_DER_UTF8_STRING, "i", 1);
        assay_der_raw(&der, rows[i].der, rows[i].len);
        assay_der_value(&der, ASSAY_DER_UTF8_STRING, "p", 1);
        assay_der_uint(&der, ASSAY_DER_INTEGER, 2);
        assay_der_value(&der, ASSAY_DER_UTF8_STRING, "z", 1);
        assay_der_wrap(&der, ASSAY_DER_SEQUENCE, mark);
        cr_expect_eq(assay_x509_gce(assay_der_finish(&der), &gce), rows[i].status, "row %zu", i);
    }
}
