/*
 * quote/x509/attested.c - parser of a certificate that carries evidence about its own key.
 *
 * A parser beside certificate.c because the meaning differs: no rule of a certificate path applies
 * to such a certificate, it is longer (a quote with its chain takes 5 KB), and the evidence of the
 * SGX SDK stands under the name that Intel's extension of PCK certificates has.
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

static const uint8_t oid_dice[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x09 };
static const uint8_t oid_cmw[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x23 };
static const uint8_t oid_dstack[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01, 0x01 };
static const uint8_t oid_gramine[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x8a, 0x39, 0x06 };
static const uint8_t oid_oe_report[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x0a, 0x01, 0x01 };
static const uint8_t oid_oe_evidence[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x0a, 0x01, 0x02 };
static const uint8_t oid_ms_report[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, 0x01 };
static const uint8_t oid_ms_evidence[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, 0x02 };

static bool is_oid(struct assay_slice oid, const uint8_t *wanted, size_t len)
{
    return oid.len == len && assay_bytes_equal(oid.bytes, wanted, len);
}
#define IS(oid, wanted) is_oid(oid, wanted, sizeof(wanted))

static enum assay_attested_form form_of(const struct assay_x509_extension *extension)
{
    const struct assay_slice oid = extension->oid;
    const struct assay_slice value = extension->value;
    if (IS(oid, oid_dice)) return ASSAY_ATTESTED_DICE;
    if (IS(oid, oid_cmw)) return ASSAY_ATTESTED_CMW;
    if (IS(oid, oid_dstack)) return ASSAY_ATTESTED_DSTACK;
    if (IS(oid, oid_gramine)) return ASSAY_ATTESTED_GRAMINE;
    if (IS(oid, oid_oe_report) || IS(oid, oid_ms_report)) return ASSAY_ATTESTED_OE_REPORT;
    if (IS(oid, oid_oe_evidence) || IS(oid, oid_ms_evidence)) return ASSAY_ATTESTED_OE_EVIDENCE;
    /* A quote; in a PCK certificate a SEQUENCE stands there. */
    if (assay_x509_is_sgx(oid) && value.len > 0 && value.bytes[0] != ASSAY_ASN1_SEQUENCE)
        return ASSAY_ATTESTED_SGX_SDK;
    return ASSAY_ATTESTED_NONE;
}

/* Of several forms the first of the enumeration counts: Gramine writes an older one as well. */
static enum assay_status take_evidence(const struct assay_x509_extension *extension, void *owner)
{
    struct assay_attested *const c = owner;
    const enum assay_attested_form form = form_of(extension);
    ASSAY_ASSERT(c != NULL);
    if (form == ASSAY_ATTESTED_NONE || (c->form != ASSAY_ATTESTED_NONE && c->form <= form))
        return ASSAY_OK;
    c->form = form;
    c->evidence = extension->value;
    return ASSAY_OK;
}

static enum assay_status skip_version(struct assay_cursor *in)
{
    enum { V3 = 2 };
    struct assay_cursor inside;
    uint32_t version = 0;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_0, &inside));
    ASSAY_TRY(assay_asn1_number(&inside, ASSAY_ASN1_INTEGER, V3, &version));
    ASSAY_TRY(assay_asn1_end(&inside));
    return version == V3 ? ASSAY_OK : ASSAY_E_UNSUPPORTED; /* older ones have no extensions */
}

/* The key as it stands there, and decoded. */
static enum assay_status read_key(struct assay_cursor *in, struct assay_attested *c)
{
    struct assay_cursor look = *in;
    struct assay_asn1 spki;
    uint8_t name[ASSAY_SHA256_LEN];
    ASSAY_TRY(assay_asn1_take(&look, ASSAY_ASN1_SEQUENCE, &spki));
    c->spki = spki.whole;
    return assay_x509_spki(in, &c->key, name);
}

static enum assay_status read_tbs(struct assay_slice content, struct assay_slice *algorithm,
                                  struct assay_attested *c)
{
    struct assay_cursor in = assay_asn1_over(content);
    struct assay_cursor inside;
    struct assay_asn1 element;
    uint8_t serial[ASSAY_SERIAL_LEN];
    ASSAY_TRY(skip_version(&in));
    ASSAY_TRY(assay_asn1_padded(&in, serial, sizeof serial));
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &element));
    *algorithm = element.whole;
    ASSAY_TRY(assay_x509_name(&in, &c->issuer, NULL));
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_time(&inside, &c->not_before_s));
    ASSAY_TRY(assay_asn1_time(&inside, &c->not_after_s));
    ASSAY_TRY(assay_asn1_end(&inside));
    ASSAY_TRY(assay_x509_name(&in, &c->subject, c->subject_name));
    ASSAY_TRY(read_key(&in, c));
    if (assay_cursor_left(&in) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_CONTEXT_3, &inside));
    ASSAY_TRY(assay_x509_extensions(&inside, take_evidence, c));
    ASSAY_TRY(assay_asn1_end(&inside));
    return assay_asn1_end(&in);
}

static enum assay_status read_certificate(struct assay_slice content, struct assay_attested *c)
{
    struct assay_cursor in = assay_asn1_over(content);
    struct assay_asn1 tbs;
    struct assay_asn1 algorithm;
    struct assay_slice inner;
    enum assay_signature_alg alg = ASSAY_SIGNATURE_NONE;
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &tbs));
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(read_tbs(tbs.content, &inner, c));
    if (c->form == ASSAY_ATTESTED_NONE) return ASSAY_E_NOT_FOUND;
    if (!assay_slice_equal(algorithm.whole, inner)) return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_x509_algorithm(algorithm.whole, &alg));
    ASSAY_TRY(assay_x509_signature(&in, alg, &c->signature));
    ASSAY_TRY(assay_asn1_end(&in));
    assay_signature_digest(alg, tbs.whole.bytes, tbs.whole.len, c->tbs_digest);
    return ASSAY_OK;
}

enum assay_status assay_x509_attested(struct assay_slice der, struct assay_attested *out)
{
    ASSAY_ASSERT(out != NULL);
    if (der.len > ASSAY_ATTESTED_DER_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_asn1_over(der);
    struct assay_asn1 outer;
    struct assay_attested c = { .form = ASSAY_ATTESTED_NONE };
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &outer));
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    ASSAY_TRY(read_certificate(outer.content, &c));
    ASSAY_ASSERT(c.spki.len > 0 && c.form != ASSAY_ATTESTED_NONE);
    *out = c;
    return ASSAY_OK;
}
