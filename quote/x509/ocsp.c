/*
 * quote/x509/ocsp.c - OCSP responses (RFC 6960 4.2.1) into plain structs: successful basic
 * responses about one certificate.
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

enum {
    TAG_GOOD = 0x80,    /* [0] IMPLICIT NULL */
    TAG_REVOKED = 0xa1, /* [1] IMPLICIT RevokedInfo */
    TAG_UNKNOWN = 0x82, /* [2] IMPLICIT NULL */
    TAG_BY_NAME = 0xa1,
    TAG_BY_KEY = 0xa2,
    REASON_MAX = 10,
};

/* CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }; RFC 5754 2:
 * the parameters of a hash are absent or NULL. */
static enum assay_status read_cert_id(struct assay_cursor *in, struct assay_ocsp *out)
{
    static const uint8_t sha1[] = { 0x2b, 0x0e, 0x03, 0x02, 0x1a };
    static const uint8_t sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
    static const uint8_t sha384[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
    struct assay_cursor id, algorithm;
    struct assay_asn1 oid, name, key;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &id));
    ASSAY_TRY(assay_asn1_open(&id, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(assay_asn1_take(&algorithm, ASSAY_ASN1_OID, &oid));
    ASSAY_TRY(assay_x509_no_parameters(&algorithm));
    ASSAY_TRY(assay_asn1_take(&id, ASSAY_ASN1_OCTET_STRING, &name));
    ASSAY_TRY(assay_asn1_take(&id, ASSAY_ASN1_OCTET_STRING, &key));
    ASSAY_TRY(assay_asn1_padded(&id, out->serial, sizeof out->serial));
    ASSAY_TRY(assay_asn1_end(&id));
    if (assay_asn1_is_oid(&oid, sha256, sizeof sha256)) out->hash_len = ASSAY_SHA256_LEN;
    else if (assay_asn1_is_oid(&oid, sha384, sizeof sha384)) out->hash_len = ASSAY_SHA384_LEN;
    else if (assay_asn1_is_oid(&oid, sha1, sizeof sha1)) out->hash_len = ASSAY_OCSP_SHA1_LEN;
    else return ASSAY_E_UNSUPPORTED;
    if (name.content.len != out->hash_len || key.content.len != out->hash_len) return ASSAY_E_RANGE;
    assay_bytes_copy(out->issuer_name_hash, sizeof out->issuer_name_hash, name.content.bytes,
                     name.content.len);
    assay_bytes_copy(out->issuer_key_hash, sizeof out->issuer_key_hash, key.content.bytes,
                     key.content.len);
    return ASSAY_OK;
}

/* RevokedInfo ::= SEQUENCE { revocationTime, revocationReason [0] EXPLICIT OPTIONAL } */
static enum assay_status read_revoked(struct assay_slice content, struct assay_ocsp *out)
{
    struct assay_cursor in = assay_asn1_over(content), reason;
    ASSAY_TRY(assay_asn1_time(&in, &out->revoked_s));
    if (assay_asn1_peek(&in, ASSAY_ASN1_CONTEXT_0)) {
        ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_CONTEXT_0, &reason));
        ASSAY_TRY(assay_asn1_number(&reason, ASSAY_ASN1_ENUMERATED, REASON_MAX, &out->reason));
        ASSAY_TRY(assay_asn1_end(&reason));
    }
    return assay_asn1_end(&in);
}

static enum assay_status read_answer(struct assay_cursor *in, struct assay_ocsp *out)
{
    struct assay_asn1 status;
    ASSAY_TRY(assay_asn1_next(in, &status));
    if (status.tag == TAG_REVOKED) {
        out->answer = ASSAY_OCSP_REVOKED;
        return read_revoked(status.content, out);
    }
    if (status.tag != TAG_GOOD && status.tag != TAG_UNKNOWN) return ASSAY_E_SYNTAX;
    out->answer = status.tag == TAG_GOOD ? ASSAY_OCSP_GOOD : ASSAY_OCSP_UNKNOWN;
    return status.content.len == 0 ? ASSAY_OK : ASSAY_E_SYNTAX;
}

static enum assay_status refuse_critical(const struct assay_x509_extension *extension, void *owner)
{
    (void)owner;
    return extension->critical ? ASSAY_E_UNSUPPORTED : ASSAY_OK;
}

/* One answer. A response without nextUpdate never ages: refused, as a list is. */
static enum assay_status read_single(struct assay_cursor *in, struct assay_ocsp *out)
{
    struct assay_cursor single, next, extensions;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &single));
    ASSAY_TRY(read_cert_id(&single, out));
    ASSAY_TRY(read_answer(&single, out));
    ASSAY_TRY(assay_asn1_time(&single, &out->this_update_s));
    ASSAY_TRY(assay_asn1_open(&single, ASSAY_ASN1_CONTEXT_0, &next));
    ASSAY_TRY(assay_asn1_time(&next, &out->next_update_s));
    ASSAY_TRY(assay_asn1_end(&next));
    if (assay_cursor_left(&single) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(&single, ASSAY_ASN1_CONTEXT_1, &extensions));
    ASSAY_TRY(assay_x509_extensions(&extensions, refuse_critical, NULL));
    ASSAY_TRY(assay_asn1_end(&extensions));
    return assay_asn1_end(&single);
}

/* RFC 8954 2.1: an OCTET STRING within the extension's; older responders leave it out. */
static enum assay_status read_nonce(struct assay_slice value, struct assay_ocsp *out)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 inner;
    if (assay_asn1_take(&in, ASSAY_ASN1_OCTET_STRING, &inner) == ASSAY_OK &&
        assay_asn1_end(&in) == ASSAY_OK)
        value = inner.content;
    if (value.len == 0 || value.len > sizeof out->nonce) return ASSAY_E_RANGE;
    assay_bytes_copy(out->nonce, sizeof out->nonce, value.bytes, value.len);
    out->nonce_len = (uint32_t)value.len; /* <= 64 */
    return ASSAY_OK;
}

static enum assay_status read_extension(const struct assay_x509_extension *extension, void *owner)
{
    static const uint8_t nonce[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02 };
    struct assay_ocsp *const out = owner;
    ASSAY_ASSERT(out != NULL);
    const struct assay_slice oid = extension->oid;
    if (oid.len == sizeof nonce && assay_bytes_equal(oid.bytes, nonce, sizeof nonce))
        return read_nonce(extension->value, out);
    return extension->critical ? ASSAY_E_UNSUPPORTED : ASSAY_OK;
}

/* ResponderID ::= CHOICE { byName [1] EXPLICIT Name, byKey [2] EXPLICIT OCTET STRING }. Read for
 * its form alone: who answered is known by the signature. */
static enum assay_status read_responder_id(struct assay_cursor *in)
{
    struct assay_asn1 choice, key;
    struct assay_dn name;
    ASSAY_TRY(assay_asn1_next(in, &choice));
    struct assay_cursor inner = assay_asn1_over(choice.content);
    if (choice.tag == TAG_BY_NAME) ASSAY_TRY(assay_x509_name(&inner, &name, NULL));
    else if (choice.tag == TAG_BY_KEY)
        ASSAY_TRY(assay_asn1_take(&inner, ASSAY_ASN1_OCTET_STRING, &key));
    else return ASSAY_E_SYNTAX;
    return assay_asn1_end(&inner);
}

/* ResponseData, of version 1, which has no number. */
static enum assay_status read_data(struct assay_slice content, struct assay_ocsp *out)
{
    struct assay_cursor in = assay_asn1_over(content), answers, extensions;
    int64_t produced_s = 0;
    ASSAY_TRY(read_responder_id(&in));
    ASSAY_TRY(assay_asn1_time(&in, &produced_s));
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &answers));
    ASSAY_TRY(read_single(&answers, out));
    if (assay_cursor_left(&answers) > 0) return ASSAY_E_UNSUPPORTED; /* about several */
    if (assay_cursor_left(&in) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_CONTEXT_1, &extensions));
    ASSAY_TRY(assay_x509_extensions(&extensions, read_extension, out));
    ASSAY_TRY(assay_asn1_end(&extensions));
    return assay_asn1_end(&in);
}

/* certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL: the delegate's own stands first. */
static enum assay_status read_responder(struct assay_cursor *in, struct assay_ocsp *out)
{
    struct assay_cursor outer, list;
    struct assay_asn1 one;
    if (assay_cursor_left(in) == 0) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_0, &outer));
    ASSAY_TRY(assay_asn1_open(&outer, ASSAY_ASN1_SEQUENCE, &list));
    ASSAY_TRY(assay_asn1_end(&outer));
    ASSAY_TRY(assay_asn1_take(&list, ASSAY_ASN1_SEQUENCE, &one));
    out->has_responder = true;
    ASSAY_TRY(assay_x509_certificate(one.whole.bytes, one.whole.len, &out->responder));
    while (assay_cursor_left(&list) > 0)
        ASSAY_TRY(assay_asn1_take(&list, ASSAY_ASN1_SEQUENCE, &one));
    return ASSAY_OK;
}

static enum assay_status read_basic(struct assay_slice bytes, struct assay_ocsp *out)
{
    struct assay_cursor in = assay_asn1_over(bytes), basic;
    struct assay_asn1 data, algorithm;
    enum assay_signature_alg alg = ASSAY_SIGNATURE_NONE;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &basic));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_take(&basic, ASSAY_ASN1_SEQUENCE, &data));
    ASSAY_TRY(assay_asn1_take(&basic, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(read_data(data.content, out));
    ASSAY_TRY(assay_x509_algorithm(algorithm.whole, &alg));
    ASSAY_TRY(assay_x509_signature(&basic, alg, &out->signature));
    ASSAY_TRY(read_responder(&basic, out));
    ASSAY_ASSERT(out->signature.alg == alg);
    assay_signature_digest(alg, data.whole.bytes, data.whole.len, out->tbs_digest);
    return assay_asn1_end(&basic);
}

/* OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, [0] EXPLICIT { OID, OCTET STRING } } */
static enum assay_status open_response(struct assay_slice whole, struct assay_slice *basic)
{
    static const uint8_t basic_oid[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01 };
    enum { STATUS_MAX = 6 };
    struct assay_cursor in = assay_asn1_over(whole), response, outer, bytes;
    struct assay_asn1 oid, octets;
    uint32_t status = 0;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &response));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_number(&response, ASSAY_ASN1_ENUMERATED, STATUS_MAX, &status));
    if (status != 0) return ASSAY_E_INVALID; /* "unauthorized", "try later" */
    ASSAY_TRY(assay_asn1_open(&response, ASSAY_ASN1_CONTEXT_0, &outer));
    ASSAY_TRY(assay_asn1_end(&response));
    ASSAY_TRY(assay_asn1_open(&outer, ASSAY_ASN1_SEQUENCE, &bytes));
    ASSAY_TRY(assay_asn1_end(&outer));
    ASSAY_TRY(assay_asn1_take(&bytes, ASSAY_ASN1_OID, &oid));
    if (!assay_asn1_is_oid(&oid, basic_oid, sizeof basic_oid)) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_asn1_take(&bytes, ASSAY_ASN1_OCTET_STRING, &octets));
    *basic = octets.content;
    return assay_asn1_end(&bytes);
}

enum assay_status assay_x509_ocsp(const uint8_t *der, size_t len, struct assay_ocsp *out)
{
    ASSAY_ASSERT(der != NULL && out != NULL);
    struct assay_slice basic;
    if (len > ASSAY_OCSP_DER_MAX) return ASSAY_E_RANGE;
    *out = (struct assay_ocsp){ .answer = ASSAY_OCSP_UNKNOWN };
    ASSAY_TRY(open_response(assay_slice_over(der, len), &basic));
    return read_basic(basic, out);
}

bool assay_x509_next_ocsp(struct assay_slice *rest, struct assay_slice *one)
{
    struct assay_cursor in = assay_asn1_over(*rest), inside;
    struct assay_asn1 whole;
    if (!assay_asn1_peek(&in, ASSAY_ASN1_SEQUENCE)) return false;
    if (assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &whole) != ASSAY_OK) return false;
    inside = assay_asn1_over(whole.content);
    if (!assay_asn1_peek(&inside, ASSAY_ASN1_ENUMERATED)) return false;
    *one = whole.whole;
    *rest = assay_slice_over(rest->bytes + one->len, rest->len - one->len);
    return true;
}
