/*
 * services/identity/der_writer.h - DER output (X.690 10), for certificates that the network signs.
 *
 * An element that contains others is opened and closed; its length is inserted when it is closed,
 * in the shortest form. What does not fit sets `full` of the writer, checked once by
 * assay_writer_finish. Front to back into memory of the caller, unlike quote/source/soft/der.h,
 * which serves issuers of SOFT evidence.
 */
#ifndef ASSAY_SERVICES_IDENTITY_DER_WRITER_H
#define ASSAY_SERVICES_IDENTITY_DER_WRITER_H

#include "base/writer.h"

enum {
    ASSAY_CREDENTIAL_DER_BOOLEAN = 0x01,
    ASSAY_CREDENTIAL_DER_INTEGER = 0x02,
    ASSAY_CREDENTIAL_DER_BIT_STRING = 0x03,
    ASSAY_CREDENTIAL_DER_OCTET_STRING = 0x04,
    ASSAY_CREDENTIAL_DER_OID = 0x06,
    ASSAY_CREDENTIAL_DER_UTF8_STRING = 0x0c,
    ASSAY_CREDENTIAL_DER_UTC_TIME = 0x17,
    ASSAY_CREDENTIAL_DER_GENERALIZED_TIME = 0x18,
    ASSAY_CREDENTIAL_DER_SEQUENCE = 0x30,
    ASSAY_CREDENTIAL_DER_SET = 0x31,
};
/* [number] of a context: primitive, and of elements. */
#define ASSAY_CREDENTIAL_DER_CONTEXT(number)    (0x80u | (number))
#define ASSAY_CREDENTIAL_DER_CONTEXT_OF(number) (0xa0u | (number))
#define ASSAY_CREDENTIAL_DER_CONTENT_MAX        0xffffu /* of one element */

/* Returns: where the content of the element is, for assay_credential_der_close. */
size_t assay_credential_der_open(struct assay_writer *w, unsigned tag);
/* Content of up to ASSAY_CREDENTIAL_DER_CONTENT_MAX bytes (asserted). */
void assay_credential_der_close(struct assay_writer *w, size_t content);
/* One element with this content. */
void assay_credential_der_put(struct assay_writer *w, unsigned tag, struct assay_slice content);
void assay_credential_der_put_text(struct assay_writer *w, unsigned tag, const char *text);
void assay_credential_der_put_uint(struct assay_writer *w, uint64_t value);
/* A positive INTEGER of big-endian bytes whose highest bit is 0 (asserted). */
void assay_credential_der_put_integer(struct assay_writer *w, const uint8_t *bytes, size_t len);
void assay_credential_der_put_true(struct assay_writer *w);
/* In: seconds since 1970, up to the year 9999. UTCTime to 2049, GeneralizedTime from 2050 on (RFC
 * 5280 4.1.2.5). */
void assay_credential_der_put_time(struct assay_writer *w, int64_t unix_s);

#endif
