/*
 * quote/x509/shape.c - detection of certificates and CRLs by their first elements, so that a
 * damaged one is not ignored.
 */
#include "base/assert.h"
#include "quote/x509.h"
#include "quote/x509/asn1.h"

/*
 * RFC 5280 4.1 and 5.1: both are SEQUENCE { SEQUENCE { version, algorithm, issuer, ... } }, a
 * certificate with a serial number before the algorithm and a validity after the issuer, a list
 * with a time there.
 */
static enum assay_x509_shape shape_of(struct assay_slice der)
{
    struct assay_cursor tbs = assay_asn1_over(der);
    struct assay_asn1 one;
    for (int level = 0; level < 2; level++)
        if (assay_asn1_enter(&tbs, ASSAY_ASN1_SEQUENCE) != ASSAY_OK) return ASSAY_X509_NEITHER;
    for (int skip = 0; skip < 2; skip++)
        if (assay_asn1_peek(&tbs, ASSAY_ASN1_CONTEXT_0) ||
            assay_asn1_peek(&tbs, ASSAY_ASN1_INTEGER))
            if (assay_asn1_next(&tbs, &one) != ASSAY_OK) return ASSAY_X509_NEITHER;
    for (int skip = 0; skip < 2; skip++) /* algorithm, issuer */
        if (assay_asn1_take(&tbs, ASSAY_ASN1_SEQUENCE, &one) != ASSAY_OK) return ASSAY_X509_NEITHER;
    if (assay_asn1_peek(&tbs, ASSAY_ASN1_UTC_TIME) ||
        assay_asn1_peek(&tbs, ASSAY_ASN1_GENERALIZED_TIME))
        return ASSAY_X509_CRL;
    return assay_asn1_peek(&tbs, ASSAY_ASN1_SEQUENCE) ? ASSAY_X509_CERTIFICATE : ASSAY_X509_NEITHER;
}

enum assay_x509_shape assay_x509_next(struct assay_slice *rest, struct assay_slice *one)
{
    struct assay_cursor in = assay_asn1_over(*rest);
    struct assay_asn1 element = { .whole = *rest }; /* a cut one is all that is left */
    assay_status_ignore(assay_asn1_next(&in, &element), "whoever reads it says so");
    const enum assay_x509_shape shape = shape_of(element.whole);
    if (shape == ASSAY_X509_NEITHER) return shape;
    *one = element.whole;
    ASSAY_ASSERT(one->len > 0 && one->len <= rest->len);
    *rest = assay_slice_over(rest->bytes + one->len, rest->len - one->len);
    return shape;
}

/* A length in any form, also those that DER does not allow: a damaged list is one, too.
 * Out: *fits: no list has a longer one. Returns: false when the bytes end here */
static bool skip_len(struct assay_cursor *in, bool *fits)
{
    enum { LONG_FORM = 0x80, MASK = 0x7f, COUNT_MAX = 4 };
    uint8_t first = 0;
    if (assay_cursor_u8(in, &first) != ASSAY_OK) return false;
    if (first < LONG_FORM) return true;
    *fits = (first & MASK) <= COUNT_MAX;
    return !*fits || assay_cursor_skip(in, first & MASK) == ASSAY_OK;
}

enum assay_x509_list assay_x509_list_header(struct assay_slice bytes)
{
    /* TBSCertList (RFC 5280 5.1): INTEGER 1 in one byte, then the algorithm, which opens with its
     * name. A 0 stands for a length. */
    static const uint8_t form[] = {
        ASSAY_ASN1_SEQUENCE, 0, ASSAY_ASN1_SEQUENCE, 0, ASSAY_ASN1_INTEGER, 1, 1,
        ASSAY_ASN1_SEQUENCE, 0, ASSAY_ASN1_OID,
    };
    struct assay_cursor in = assay_asn1_over(bytes);
    for (size_t i = 0; i < sizeof form; i++) {
        uint8_t found = 0;
        bool fits = true;
        if (form[i] == 0) {
            if (!skip_len(&in, &fits)) return ASSAY_X509_LIST_CUT;
            if (!fits) return ASSAY_X509_LIST_NO;
            continue;
        }
        if (assay_cursor_u8(&in, &found) != ASSAY_OK)
            return i == 0 ? ASSAY_X509_LIST_NO : ASSAY_X509_LIST_CUT;
        if (found != form[i]) return ASSAY_X509_LIST_NO;
    }
    return ASSAY_X509_LIST_HEADER;
}
