/*
 * tests/unit/tpm/google_extension.c - Google's extension for tests (cloud.h).
 */
#include "tests/unit/tpm/google_extension.h"

#include "quote/source/soft/issue.h"

#include <string.h>

enum { TAG_1 = 0xa1, TAG_2 = 0xa2 };

void google_extension_good(struct google_extension *gce)
{
    *gce = (struct google_extension){ .zone = "us-central1-c",
                                      .project_number = 603434606775,
                                      .project_id = "a-project-name",
                                      .instance_id = 11744722211572649027u,
                                      .instance_name = "an-instance-name",
                                      .is_production = true };
}

static void put_text(struct assay_der *d, const char *text)
{
    assay_der_value(d, ASSAY_DER_UTF8_STRING, text, strlen(text));
}

/* Version 17, production, and one more, as Google writes them. */
static void put_properties(struct assay_der *d, bool is_production)
{
    const size_t all = assay_der_mark(d);
    assay_der_boolean(d, true);
    assay_der_wrap(d, (enum assay_der_tag)TAG_2, all);
    const size_t production = assay_der_mark(d);
    assay_der_boolean(d, is_production);
    assay_der_wrap(d, (enum assay_der_tag)TAG_1, production);
    const size_t version = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_INTEGER, 17);
    assay_der_wrap(d, ASSAY_DER_CONTEXT_0, version);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, all);
    assay_der_wrap(d, ASSAY_DER_CONTEXT_0, all);
}

void google_extension_put_value(struct assay_der *d, const struct google_extension *gce)
{
    const size_t mark = assay_der_mark(d);
    if (!gce->no_properties) put_properties(d, gce->is_production);
    put_text(d, gce->instance_name);
    assay_der_uint(d, ASSAY_DER_INTEGER, gce->instance_id);
    put_text(d, gce->project_id);
    assay_der_uint(d, ASSAY_DER_INTEGER, gce->project_number);
    put_text(d, gce->zone);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

void google_extension_put(struct assay_der *d, const struct google_extension *gce)
{
    static const uint8_t oid[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x15 };
    const size_t mark = assay_der_mark(d);
    google_extension_put_value(d, gce);
    assay_issue_extension(d, oid, sizeof oid, false, mark);
}

void google_extension_put_use(struct assay_der *d, uint8_t last)
{
    static const uint8_t oid[] = { 0x55, 0x1d, 0x25 };
    const uint8_t purpose[] = { 0x67, 0x81, 0x05, 0x08, last };
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OID, purpose, sizeof purpose);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_issue_extension(d, oid, sizeof oid, false, mark);
}
