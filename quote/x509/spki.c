/*
 * quote/x509/spki.c - a SubjectPublicKeyInfo of any algorithm: that of a certificate, whatever else
 * is in it, or one by itself.
 */
#include "quote/x509.h"
#include "quote/x509/asn1.h"

/* RFC 5280 4.1: version, serial number, algorithm, issuer, validity, subject, then the key. */
static enum assay_status skip_to_key(struct assay_cursor *tbs)
{
    static const enum assay_asn1_tag before[] = { ASSAY_ASN1_INTEGER, ASSAY_ASN1_SEQUENCE,
                                                  ASSAY_ASN1_SEQUENCE, ASSAY_ASN1_SEQUENCE,
                                                  ASSAY_ASN1_SEQUENCE };
    struct assay_asn1 element;
    if (assay_asn1_peek(tbs, ASSAY_ASN1_CONTEXT_0))
        ASSAY_TRY(assay_asn1_take(tbs, ASSAY_ASN1_CONTEXT_0, &element));
    for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
        ASSAY_TRY(assay_asn1_take(tbs, before[i], &element));
    return ASSAY_OK;
}

enum assay_status assay_x509_certificate_spki(struct assay_slice der, struct assay_slice *spki)
{
    struct assay_cursor c = assay_asn1_over(der), certificate, tbs;
    struct assay_asn1 element;
    if (der.len > ASSAY_CERT_DER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_asn1_open(&c, ASSAY_ASN1_SEQUENCE, &certificate));
    if (assay_asn1_end(&c) != ASSAY_OK) return ASSAY_E_TRAILING;
    ASSAY_TRY(assay_asn1_open(&certificate, ASSAY_ASN1_SEQUENCE, &tbs));
    ASSAY_TRY(assay_asn1_take(&certificate, ASSAY_ASN1_SEQUENCE, &element));
    ASSAY_TRY(assay_asn1_take(&certificate, ASSAY_ASN1_BIT_STRING, &element));
    ASSAY_TRY(assay_asn1_end(&certificate));
    ASSAY_TRY(skip_to_key(&tbs));
    ASSAY_TRY(assay_asn1_take(&tbs, ASSAY_ASN1_SEQUENCE, &element));
    *spki = element.whole;
    return ASSAY_OK;
}

/* RFC 5280 4.1: algorithm, subjectPublicKey. */
enum assay_status assay_x509_bare_spki(struct assay_slice der)
{
    struct assay_cursor c = assay_asn1_over(der), parts;
    struct assay_asn1 element;
    if (der.len > ASSAY_CERT_DER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_asn1_open(&c, ASSAY_ASN1_SEQUENCE, &parts));
    if (assay_asn1_end(&c) != ASSAY_OK) return ASSAY_E_TRAILING;
    ASSAY_TRY(assay_asn1_take(&parts, ASSAY_ASN1_SEQUENCE, &element));
    ASSAY_TRY(assay_asn1_take(&parts, ASSAY_ASN1_BIT_STRING, &element));
    return assay_asn1_end(&parts);
}
