/*
 * quote/x509/asn1.h - DER reader on the cursor (ITU-T X.690), internal to quote/x509/.
 *
 * Strict where a library is lenient: tags of one byte, definite lengths in their shortest form,
 * shortest integers, booleans of 0 and 255. So one meaning has one encoding, and two nodes decode
 * identically with any library. Nothing is allocated; every slice borrows from the
 * input.
 *
 * Every function Returns: ASSAY_OK | ASSAY_E_SYNTAX (no DER, or an unexpected tag), plus
 * what it names.
 */
#ifndef ASSAY_QUOTE_X509_ASN1_H
#define ASSAY_QUOTE_X509_ASN1_H

#include "base/cursor.h"

enum assay_asn1_tag {
    ASSAY_ASN1_BOOLEAN = 0x01,
    ASSAY_ASN1_INTEGER = 0x02,
    ASSAY_ASN1_BIT_STRING = 0x03,
    ASSAY_ASN1_OCTET_STRING = 0x04,
    ASSAY_ASN1_NULL = 0x05,
    ASSAY_ASN1_OID = 0x06,
    ASSAY_ASN1_ENUMERATED = 0x0a,
    ASSAY_ASN1_UTF8_STRING = 0x0c,
    ASSAY_ASN1_NUMERIC_STRING = 0x12,
    ASSAY_ASN1_PRINTABLE_STRING = 0x13,
    ASSAY_ASN1_TELETEX_STRING = 0x14,
    ASSAY_ASN1_IA5_STRING = 0x16,
    ASSAY_ASN1_UTC_TIME = 0x17,
    ASSAY_ASN1_GENERALIZED_TIME = 0x18,
    ASSAY_ASN1_UNIVERSAL_STRING = 0x1c,
    ASSAY_ASN1_BMP_STRING = 0x1e,
    ASSAY_ASN1_SEQUENCE = 0x30,
    ASSAY_ASN1_SET = 0x31,
    ASSAY_ASN1_CONTEXT_0 = 0xa0, /* constructed */
    ASSAY_ASN1_CONTEXT_1 = 0xa1,
    ASSAY_ASN1_CONTEXT_2 = 0xa2,
    ASSAY_ASN1_CONTEXT_3 = 0xa3,
    ASSAY_ASN1_KEY_ID = 0x80, /* [0] IMPLICIT OCTET STRING */
    ASSAY_ASN1_SERIAL = 0x82, /* [2] IMPLICIT INTEGER */
};

/* One element: its tag, what it holds, and the whole of it with its header. */
struct assay_asn1 {
    uint8_t tag;
    struct assay_slice content;
    struct assay_slice whole;
};

/* The next element, of any type. Returns: see above. */
ASSAY_CHECKED enum assay_status assay_asn1_next(struct assay_cursor *in, struct assay_asn1 *out);
/* The next element, which must have that tag. Returns: see above. */
ASSAY_CHECKED enum assay_status assay_asn1_take(struct assay_cursor *in, enum assay_asn1_tag tag,
                                                struct assay_asn1 *out);
/* The same, and a cursor over what it holds. Returns: see above. */
ASSAY_CHECKED enum assay_status assay_asn1_open(struct assay_cursor *in, enum assay_asn1_tag tag,
                                                struct assay_cursor *inside);
/* Steps into the next element, be it cut or not: for looking at what cannot be read.
 * Returns: see above. */
ASSAY_CHECKED enum assay_status assay_asn1_enter(struct assay_cursor *in, enum assay_asn1_tag tag);
/* Does the next element have that tag? Returns: false also at the end. */
bool assay_asn1_peek(const struct assay_cursor *in, enum assay_asn1_tag tag);
/* Nothing may follow. Returns: see above. */
ASSAY_CHECKED enum assay_status assay_asn1_end(const struct assay_cursor *in);

/* An INTEGER that is not negative, without the zero byte that DER puts before a top bit.
 * Returns: see above, also ASSAY_E_RANGE (negative) */
ASSAY_CHECKED enum assay_status assay_asn1_unsigned(struct assay_cursor *in,
                                                    struct assay_slice *magnitude);
/* The same, right-aligned in len bytes. Returns: also ASSAY_E_RANGE (negative, longer) */
ASSAY_CHECKED enum assay_status assay_asn1_padded(struct assay_cursor *in, uint8_t *out,
                                                  size_t len);
/* An INTEGER or ENUMERATED of 0..max. Returns: also ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_asn1_number(struct assay_cursor *in, enum assay_asn1_tag tag,
                                                  uint32_t max, uint32_t *out);
ASSAY_CHECKED enum assay_status assay_asn1_boolean(struct assay_cursor *in, bool *out);
/* A BIT STRING of whole bytes. Returns: see above. */
ASSAY_CHECKED enum assay_status assay_asn1_bits(struct assay_cursor *in, struct assay_slice *out);
/* UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 wants them: seconds, and Z.
 * Returns: also ASSAY_E_RANGE (no such time) */
ASSAY_CHECKED enum assay_status assay_asn1_time(struct assay_cursor *in, int64_t *unix_s);
/* Returns: true when the element is an OBJECT IDENTIFIER of these bytes. */
bool assay_asn1_is_oid(const struct assay_asn1 *element, const uint8_t *oid, size_t oid_len);
/* Returns: a cursor over a slice. */
struct assay_cursor assay_asn1_over(struct assay_slice slice);

#endif
