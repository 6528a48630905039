/*
 * quote/x509/pem.c - certificates in files and tables: PEM (RFC 7468), concatenated DER
 * certificates, bare public keys.
 *
 * One meaning has one encoding, so that no bit of a quote can be turned without a verdict noticing:
 * base64 is strict (base/base64.h), and between blocks stands white space alone.
 */
#include "quote/x509/parts.h"

#include "base/assert.h"
#include "base/base64.h"

/* --- PEM */
struct marks {
    const char *begin;
    size_t begin_len;
    const char *end;
    size_t end_len;
};

static const char begin_certificate[] = "-----BEGIN CERTIFICATE-----";
static const char end_certificate[] = "-----END CERTIFICATE-----";
static const char begin_key[] = "-----BEGIN PUBLIC KEY-----";
static const char end_key[] = "-----END PUBLIC KEY-----";

static struct marks certificate_marks(void)
{
    return (struct marks){ begin_certificate, sizeof begin_certificate - 1, end_certificate,
                           sizeof end_certificate - 1 };
}

static struct marks key_marks(void)
{
    return (struct marks){ begin_key, sizeof begin_key - 1, end_key, sizeof end_key - 1 };
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t skip_space(struct assay_slice text, size_t at)
{
    ASSAY_ASSERT(at <= text.len);
    while (at < text.len && is_space(text.bytes[at])) at += 1;
    return at;
}

static bool starts_with(struct assay_slice text, size_t at, const char *word, size_t word_len)
{
    ASSAY_ASSERT(at <= text.len);
    return text.len - at >= word_len && assay_bytes_equal(text.bytes + at, word, word_len);
}

/* NUL bytes at the end are common in quotes. */
static struct assay_slice without_tail(const uint8_t *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] == 0) len -= 1;
    return assay_slice_over(bytes, len);
}

/* One block at *at: its base64 text decoded into der[*der_len]; *at moves past it. */
static enum assay_status read_block(struct assay_slice text, struct marks marks, size_t *at,
                                    uint8_t der[ASSAY_CERT_DER_MAX], size_t *der_len)
{
    enum { DIGITS_MAX = (ASSAY_CERT_DER_MAX + 2) / 3 * 4 };
    char digits[DIGITS_MAX];
    size_t count = 0;
    size_t i = *at;
    if (!starts_with(text, i, marks.begin, marks.begin_len)) return ASSAY_E_SYNTAX;
    for (i += marks.begin_len; i < text.len && text.bytes[i] != '-'; i++) {
        if (is_space(text.bytes[i])) continue;
        if (count == DIGITS_MAX) return ASSAY_E_SYNTAX;
        digits[count++] = (char)text.bytes[i];
    }
    if (!starts_with(text, i, marks.end, marks.end_len)) return ASSAY_E_SYNTAX;
    if (assay_base64_decode(ASSAY_BASE64_STANDARD, digits, count, der, ASSAY_CERT_DER_MAX,
                            der_len) != ASSAY_OK)
        return ASSAY_E_SYNTAX;
    *at = i + marks.end_len;
    ASSAY_ASSERT(*at <= text.len && *der_len <= ASSAY_CERT_DER_MAX);
    return ASSAY_OK;
}

enum assay_status assay_x509_pem_chain(const uint8_t *pem, size_t len,
                                       struct assay_certificate *out, size_t capacity,
                                       size_t *count)
{
    ASSAY_ASSERT(out != NULL && count != NULL);
    ASSAY_ASSERT(pem != NULL || len == 0);
    if (len > ASSAY_PEM_MAX) return ASSAY_E_RANGE;
    const struct assay_slice text = without_tail(pem, len);
    size_t found = 0;
    size_t at = skip_space(text, 0);
    while (at < text.len) {
        uint8_t der[ASSAY_CERT_DER_MAX];
        size_t der_len = 0;
        if (found == capacity) return ASSAY_E_FULL;
        ASSAY_TRY(read_block(text, certificate_marks(), &at, der, &der_len));
        ASSAY_TRY(assay_x509_certificate(der, der_len, &out[found]));
        found += 1;
        at = skip_space(text, at);
    }
    if (found == 0) return ASSAY_E_SYNTAX;
    ASSAY_ASSERT(found <= capacity);
    *count = found;
    return ASSAY_OK;
}

/* --- DER */
static bool looks_like_der(const uint8_t *bytes, size_t len)
{
    return len > 0 && bytes[0] == ASSAY_ASN1_SEQUENCE;
}

static enum assay_status read_der(const uint8_t *der, size_t len, struct assay_certificate *out,
                                  size_t capacity, size_t *count)
{
    struct assay_cursor in = assay_cursor_over(der, len);
    size_t found = 0;
    while (assay_cursor_left(&in) > 0) {
        struct assay_asn1 element;
        ASSAY_TRY(assay_asn1_next(&in, &element));
        if (found == capacity) return ASSAY_E_FULL;
        ASSAY_TRY(assay_x509_certificate(element.whole.bytes, element.whole.len, &out[found]));
        found += 1;
    }
    ASSAY_ASSERT(found <= capacity);
    *count = found;
    return ASSAY_OK;
}

enum assay_status assay_x509_certificates(const uint8_t *bytes, size_t len,
                                          struct assay_certificate *out, size_t capacity,
                                          size_t *count)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    if (len > ASSAY_PEM_MAX) return ASSAY_E_RANGE;
    if (looks_like_der(bytes, len)) return read_der(bytes, len, out, capacity, count);
    return assay_x509_pem_chain(bytes, len, out, capacity, count);
}

/* --- keys */
enum assay_status assay_x509_public_key(const uint8_t *der, size_t len, struct assay_key *out)
{
    ASSAY_ASSERT(der != NULL || len == 0);
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor in = assay_cursor_over(der, len);
    struct assay_key key;
    uint8_t name[ASSAY_SHA256_LEN];
    if (len > ASSAY_CERT_DER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_x509_spki(&in, &key, name));
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    *out = key;
    return ASSAY_OK;
}

/* SubjectPublicKeyInfo opens with an algorithm, whose first element is an OID; a certificate with
 * its to-be-signed part, whose first element is not. */
static bool is_bare_key(const uint8_t *der, size_t len)
{
    struct assay_cursor in = assay_cursor_over(der, len);
    struct assay_cursor outer;
    struct assay_cursor inner;
    return assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &outer) == ASSAY_OK &&
           assay_asn1_open(&outer, ASSAY_ASN1_SEQUENCE, &inner) == ASSAY_OK &&
           assay_asn1_peek(&inner, ASSAY_ASN1_OID);
}

/* A PEM text of one public key and nothing else. */
static enum assay_status read_pem_key(struct assay_slice text, struct assay_key *out)
{
    uint8_t der[ASSAY_CERT_DER_MAX];
    size_t der_len = 0;
    size_t at = skip_space(text, 0);
    ASSAY_TRY(read_block(text, key_marks(), &at, der, &der_len));
    if (skip_space(text, at) != text.len) return ASSAY_E_TRAILING;
    return assay_x509_public_key(der, der_len, out);
}

enum assay_status assay_x509_root(const uint8_t *bytes, size_t len, struct assay_key *out)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    size_t count = 0;
    if (len > ASSAY_PEM_MAX) return ASSAY_E_RANGE;
    if (is_bare_key(bytes, len)) return assay_x509_public_key(bytes, len, out);
    const struct assay_slice text = without_tail(bytes, len);
    if (starts_with(text, skip_space(text, 0), begin_key, sizeof begin_key - 1))
        return read_pem_key(text, out);
    if (looks_like_der(bytes, len)) {
        ASSAY_TRY(assay_x509_certificate(bytes, len, &chain[0]));
        count = 1;
    } else {
        ASSAY_TRY(assay_x509_pem_chain(bytes, len, chain, ASSAY_CHAIN_MAX, &count));
    }
    ASSAY_ASSERT(count >= 1 && count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct assay_dn *const subject = &chain[i].subject;
        const struct assay_dn *const issuer = &chain[i].issuer;
        if (subject->len != issuer->len ||
            !assay_bytes_equal(subject->der, issuer->der, issuer->len))
            continue;
        *out = chain[i].key;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}
