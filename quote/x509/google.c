/*
 * quote/x509/google.c - parser of Google's extension of the certificates of its virtual TPMs: the
 * instance that the TPM belongs to.
 *
 * Source: go-tpm-tools of Google (server/instance_info.go), held against certificates that were
 * published:
 *
 *     SEQUENCE { zone UTF8String, projectNumber INTEGER, projectID UTF8String,
 *                instanceID INTEGER, instanceName UTF8String,
 *                securityProperties [0] EXPLICIT SEQUENCE OPTIONAL }
 *     securityProperties: version [0] EXPLICIT INTEGER OPTIONAL,
 *                         isProduction [1] EXPLICIT BOOLEAN OPTIONAL, further booleans
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

bool assay_x509_is_gce(struct assay_slice oid)
{
    static const uint8_t gce[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x15 };
    return assay_slice_equal(oid, assay_slice_over(gce, sizeof gce));
}

/* Names of Google's have letters, digits and some marks; what else stands there is none. */
static enum assay_status read_text(struct assay_cursor *in, char out[ASSAY_GCE_TEXT_MAX])
{
    struct assay_asn1 text;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_UTF8_STRING, &text));
    if (text.content.len == 0 || text.content.len >= ASSAY_GCE_TEXT_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < text.content.len; i++) {
        const uint8_t c = text.content.bytes[i];
        if (c <= 0x20 || c >= 0x7f) return ASSAY_E_RANGE;
        out[i] = (char)c;
    }
    ASSAY_ASSERT(text.content.len < ASSAY_GCE_TEXT_MAX);
    out[text.content.len] = '\0';
    return ASSAY_OK;
}

static enum assay_status read_number(struct assay_cursor *in, uint64_t *out)
{
    uint8_t bytes[8] = { 0 };
    ASSAY_TRY(assay_asn1_padded(in, bytes, sizeof bytes));
    *out = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *out = *out << 8 | bytes[i];
    return ASSAY_OK;
}

static enum assay_status read_property(const struct assay_asn1 *property, struct assay_gce *gce)
{
    struct assay_cursor in = assay_asn1_over(property->content);
    uint64_t version = 0;
    if (property->tag == ASSAY_ASN1_CONTEXT_0) ASSAY_TRY(read_number(&in, &version));
    else if (property->tag == ASSAY_ASN1_CONTEXT_1)
        ASSAY_TRY(assay_asn1_boolean(&in, &gce->is_production));
    else return ASSAY_OK; /* other properties, of which no rule depends */
    return assay_asn1_end(&in);
}

/* Each by its tag, in rising order, so none comes twice. */
static enum assay_status read_properties(struct assay_cursor *in, struct assay_gce *gce)
{
    enum { CLASS_MASK = 0xe0 }; /* and whether it is constructed */
    struct assay_cursor outer, all;
    struct assay_asn1 property = { .tag = 0 };
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_0, &outer));
    ASSAY_TRY(assay_asn1_open(&outer, ASSAY_ASN1_SEQUENCE, &all));
    ASSAY_TRY(assay_asn1_end(&outer));
    while (assay_cursor_left(&all) > 0) {
        const uint8_t last = property.tag;
        ASSAY_TRY(assay_asn1_next(&all, &property));
        if ((property.tag & CLASS_MASK) != ASSAY_ASN1_CONTEXT_0 || property.tag <= last)
            return ASSAY_E_SYNTAX;
        ASSAY_TRY(read_property(&property, gce));
    }
    return ASSAY_OK;
}

enum assay_status assay_x509_gce(struct assay_slice value, struct assay_gce *gce)
{
    ASSAY_ASSERT(gce != NULL);
    *gce = (struct assay_gce){ 0 };
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_cursor all;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &all));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(read_text(&all, gce->zone));
    ASSAY_TRY(read_number(&all, &gce->project_number));
    ASSAY_TRY(read_text(&all, gce->project_id));
    ASSAY_TRY(read_number(&all, &gce->instance_id));
    ASSAY_TRY(read_text(&all, gce->instance_name));
    ASSAY_ASSERT(gce->zone[0] != '\0' && gce->instance_name[0] != '\0');
    if (assay_asn1_peek(&all, ASSAY_ASN1_CONTEXT_0)) ASSAY_TRY(read_properties(&all, gce));
    return assay_asn1_end(&all);
}
