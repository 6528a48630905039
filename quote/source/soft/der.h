/*
 * quote/source/soft/der.h - DER writer (ITU-T X.690), back to front, for certificates of our own
 * issuers.
 *
 * Values are put in front of what stands already, so that a length is known when its header is
 * written: the last field of a SEQUENCE is put first. Running out of room sets `full` and is
 * checked once at the end.
 */
#ifndef ASSAY_QUOTE_SOURCE_SOFT_DER_H
#define ASSAY_QUOTE_SOURCE_SOFT_DER_H

#include "base/bytes.h"

enum { ASSAY_DER_MAX = 16384 }; /* a certificate with a quote and its chain in it */

enum assay_der_tag {
    ASSAY_DER_BOOLEAN = 0x01,
    ASSAY_DER_INTEGER = 0x02,
    ASSAY_DER_BIT_STRING = 0x03,
    ASSAY_DER_OCTET_STRING = 0x04,
    ASSAY_DER_OID = 0x06,
    ASSAY_DER_ENUMERATED = 0x0a,
    ASSAY_DER_UTF8_STRING = 0x0c,
    ASSAY_DER_UTC_TIME = 0x17,
    ASSAY_DER_SEQUENCE = 0x30,
    ASSAY_DER_SET = 0x31,
    ASSAY_DER_CONTEXT_0 = 0xa0, /* constructed */
    ASSAY_DER_CONTEXT_3 = 0xa3,
    ASSAY_DER_KEY_ID = 0x80, /* [0] IMPLICIT OCTET STRING */
};

struct assay_der {
    size_t start; /* what was written stands at bytes[start..ASSAY_DER_MAX) */
    bool full;
    uint8_t bytes[ASSAY_DER_MAX];
};

/* */
void assay_der_init(struct assay_der *d);
/*
 * Where a value to be wrapped ends: call before putting its contents.
 * Returns: a mark for assay_der_wrap.
 */
size_t assay_der_mark(const struct assay_der *d);
/* Each puts in front. */
void assay_der_wrap(struct assay_der *d, enum assay_der_tag tag, size_t mark);
void assay_der_raw(struct assay_der *d, const void *bytes, size_t len);
void assay_der_value(struct assay_der *d, enum assay_der_tag tag, const void *bytes, size_t len);
void assay_der_uint(struct assay_der *d, enum assay_der_tag tag, uint64_t value);
/*
 * Big-endian magnitude; leading zeros are dropped, a zero byte is added where the top bit is set.
 */
void assay_der_unsigned(struct assay_der *d, const uint8_t *bytes, size_t len);
void assay_der_boolean(struct assay_der *d, bool value);
/* Contents with the leading "no unused bits" byte. */
void assay_der_bits(struct assay_der *d, const void *bytes, size_t len);
/* Returns: what was written, borrowed; an empty slice when it did not fit. */
struct assay_slice assay_der_finish(const struct assay_der *d);

#endif
