/*
 * quote/source/soft/issue.c - encoder of certificates and revocation lists in DER, back to front
 * (quote/source/soft/der.h): the last field of a SEQUENCE comes first.
 */
#include "quote/source/soft/issue.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <string.h>

static const uint8_t oid_ecdsa_sha256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t oid_subject_key_id[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_authority_key_id[] = { 0x55, 0x1d, 0x23 };
static const uint8_t oid_crl_number[] = { 0x55, 0x1d, 0x14 };

/* --- names and serials */
enum assay_status assay_issue_name_fits(const char *name, size_t capacity)
{
    ASSAY_ASSERT(capacity > 0);
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-";
    const size_t len = strnlen(name, capacity);
    if (len == 0 || len >= capacity) return ASSAY_E_RANGE;
    return strspn(name, allowed) == len ? ASSAY_OK : ASSAY_E_RANGE;
}

static void put_attribute(struct assay_der *d, const uint8_t *oid, size_t oid_len, const char *text)
{
    ASSAY_ASSERT(text != NULL && oid_len > 0);
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_UTF8_STRING, text, strlen(text));
    assay_der_value(d, ASSAY_DER_OID, oid, oid_len);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_der_wrap(d, ASSAY_DER_SET, mark);
}

void assay_issue_name(const char *organization, const char *common_name, struct assay_dn *dn)
{
    ASSAY_ASSERT(common_name != NULL);
    struct assay_der d;
    assay_der_init(&d);
    const size_t mark = assay_der_mark(&d);
    if (organization != NULL)
        put_attribute(&d, oid_organization, sizeof oid_organization, organization);
    put_attribute(&d, oid_common_name, sizeof oid_common_name, common_name);
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, mark);
    const struct assay_slice encoded = assay_der_finish(&d);
    ASSAY_ASSERT(encoded.len > 0 && encoded.len <= sizeof dn->der);
    *dn = (struct assay_dn){ .len = (uint32_t)encoded.len };
    assay_bytes_copy(dn->der, sizeof dn->der, encoded.bytes, encoded.len);
}

enum assay_status assay_issue_serial(uint8_t serial[static ASSAY_ISSUE_SERIAL_LEN])
{
    ASSAY_TRY(assay_random(serial, ASSAY_ISSUE_SERIAL_LEN));
    serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
    return ASSAY_OK;
}

/* --- pieces */
static void put_algorithm(struct assay_der *d)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OID, oid_ecdsa_sha256, sizeof oid_ecdsa_sha256);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

/* UTCTime, which RFC 5280 4.1.2.5 prescribes through 2049: "YYMMDDhhmmssZ". */
static void put_time(struct assay_der *d, int64_t unix_s)
{
    enum { DIGITS = 12 };
    char text[ASSAY_RFC3339_LEN + 1];
    char utc[DIGITS + 1];
    size_t used = 0;
    assay_rfc3339_format(unix_s, text);
    for (size_t i = 2; i < ASSAY_RFC3339_LEN && used < DIGITS; i++)
        if (text[i] >= '0' && text[i] <= '9') utc[used++] = text[i];
    ASSAY_ASSERT(used == DIGITS);
    utc[DIGITS] = 'Z';
    assay_der_value(d, ASSAY_DER_UTC_TIME, utc, sizeof utc);
}

static enum assay_status check_times(int64_t from_s, int64_t to_s)
{
    static const int64_t end_of_2049 = INT64_C(2524607999);
    return from_s >= 0 && from_s <= to_s && to_s <= end_of_2049 ? ASSAY_OK : ASSAY_E_RANGE;
}

void assay_issue_extension(struct assay_der *d, const uint8_t *oid, size_t oid_len, bool critical,
                           size_t mark)
{
    ASSAY_ASSERT(oid != NULL && oid_len > 0);
    assay_der_wrap(d, ASSAY_DER_OCTET_STRING, mark);
    if (critical) assay_der_boolean(d, true);
    assay_der_value(d, ASSAY_DER_OID, oid, oid_len);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

static void put_authority_key_id(struct assay_der *d, const struct assay_issuer *issuer)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_KEY_ID, issuer->key_id, sizeof issuer->key_id);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_issue_extension(d, oid_authority_key_id, sizeof oid_authority_key_id, false, mark);
}

static void put_subject_key_id(struct assay_der *d, const struct assay_issue *c)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OCTET_STRING, c->key_id, sizeof c->key_id);
    assay_issue_extension(d, oid_subject_key_id, sizeof oid_subject_key_id, false, mark);
}

static void put_basic_constraints(struct assay_der *d, const struct assay_issue *c)
{
    const size_t mark = assay_der_mark(d);
    if (c->is_ca) {
        assay_der_uint(d, ASSAY_DER_INTEGER, c->path_len);
        assay_der_boolean(d, true);
    }
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_issue_extension(d, oid_basic_constraints, sizeof oid_basic_constraints, true, mark);
}

static void put_key_usage(struct assay_der *d, const struct assay_issue *c)
{
    /* BIT STRING with its count of unused bits: keyCertSign and cRLSign, or digitalSignature. */
    static const uint8_t ca_bits[] = { 1, 0x06 };
    static const uint8_t signer_bits[] = { 7, 0x80 };
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_BIT_STRING, c->is_ca ? ca_bits : signer_bits, 2);
    assay_issue_extension(d, oid_key_usage, sizeof oid_key_usage, true, mark);
}

/* --- signing: the content of d becomes SEQUENCE { tbs, algorithm, signature } */
static enum assay_status sign_body(struct assay_der *d, const struct assay_secret32 *secret,
                                   uint8_t *der, size_t capacity, size_t *len)
{
    const struct assay_slice tbs = assay_der_finish(d);
    if (tbs.len == 0) return ASSAY_E_FULL;
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_p256_signer *signer = NULL;
    assay_sha256(tbs.bytes, tbs.len, digest);
    ASSAY_TRY(assay_p256_signer_load(secret, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    ASSAY_ASSERT(signer == NULL);
    if (status != ASSAY_OK) return status;

    struct assay_der value;
    assay_der_init(&value);
    size_t mark = assay_der_mark(&value);
    assay_der_unsigned(&value, signature + 32, 32);
    assay_der_unsigned(&value, signature, 32);
    assay_der_wrap(&value, ASSAY_DER_SEQUENCE, mark);
    const struct assay_slice encoded = assay_der_finish(&value);

    struct assay_der whole;
    assay_der_init(&whole);
    mark = assay_der_mark(&whole);
    assay_der_bits(&whole, encoded.bytes, encoded.len);
    put_algorithm(&whole);
    assay_der_raw(&whole, tbs.bytes, tbs.len);
    assay_der_wrap(&whole, ASSAY_DER_SEQUENCE, mark);
    const struct assay_slice out = assay_der_finish(&whole);
    if (out.len == 0 || out.len > capacity) return ASSAY_E_FULL;
    assay_bytes_copy(der, capacity, out.bytes, out.len);
    *len = out.len;
    return ASSAY_OK;
}

/* --- certificates */
static void put_extensions(struct assay_der *d, const struct assay_issuer *issuer,
                           const struct assay_issue *c)
{
    const size_t mark = assay_der_mark(d);
    assay_der_raw(d, c->extensions.bytes, c->extensions.len);
    put_basic_constraints(d, c);
    put_key_usage(d, c);
    put_subject_key_id(d, c);
    put_authority_key_id(d, issuer);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_der_wrap(d, ASSAY_DER_CONTEXT_3, mark);
}

enum assay_status assay_issue_certificate(const struct assay_issuer *issuer,
                                          const struct assay_issue *c, uint8_t *der,
                                          size_t capacity, size_t *len)
{
    ASSAY_ASSERT(issuer->secret != NULL && c->key != NULL);
    uint8_t spki[ASSAY_KEY_BYTES_MAX + 64];
    size_t spki_len = 0;
    struct assay_der d;
    ASSAY_TRY(check_times(c->not_before_s, c->not_after_s));
    ASSAY_TRY(assay_key_spki(c->key, spki, sizeof spki, &spki_len));
    ASSAY_ASSERT(spki_len <= sizeof spki);
    assay_der_init(&d);
    const size_t tbs = assay_der_mark(&d);
    put_extensions(&d, issuer, c);
    assay_der_raw(&d, spki, spki_len);
    assay_der_raw(&d, c->subject.der, c->subject.len);
    const size_t validity = assay_der_mark(&d);
    put_time(&d, c->not_after_s);
    put_time(&d, c->not_before_s);
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, validity);
    assay_der_raw(&d, issuer->name.der, issuer->name.len);
    put_algorithm(&d);
    assay_der_unsigned(&d, c->serial, sizeof c->serial);
    const size_t version = assay_der_mark(&d);
    assay_der_uint(&d, ASSAY_DER_INTEGER, 2); /* v3 */
    assay_der_wrap(&d, ASSAY_DER_CONTEXT_0, version);
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, tbs);
    return sign_body(&d, issuer->secret, der, capacity, len);
}

/* --- revocation lists */
static void put_crl_extensions(struct assay_der *d, const struct assay_issuer *issuer,
                               const struct assay_issue_crl *crl)
{
    ASSAY_ASSERT(crl->this_update_s >= 0);
    const size_t all = assay_der_mark(d);
    const size_t mark = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_INTEGER, (uint64_t)crl->this_update_s);
    assay_issue_extension(d, oid_crl_number, sizeof oid_crl_number, false, mark);
    put_authority_key_id(d, issuer);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, all);
    assay_der_wrap(d, ASSAY_DER_CONTEXT_0, all);
}

static void put_revoked(struct assay_der *d, const struct assay_issue_crl *crl)
{
    ASSAY_ASSERT(crl->revoked != NULL || crl->revoked_count == 0);
    if (crl->revoked_count == 0) return; /* RFC 5280 5.1.2.6: absent when nothing is revoked */
    const size_t all = assay_der_mark(d);
    for (size_t i = crl->revoked_count; i > 0; i--) {
        const size_t entry = assay_der_mark(d);
        put_time(d, crl->this_update_s);
        assay_der_unsigned(d, crl->revoked[i - 1], ASSAY_SERIAL_LEN);
        assay_der_wrap(d, ASSAY_DER_SEQUENCE, entry);
    }
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, all);
}

enum assay_status assay_issue_crl(const struct assay_issuer *issuer,
                                  const struct assay_issue_crl *crl, uint8_t *der, size_t capacity,
                                  size_t *len)
{
    ASSAY_ASSERT(issuer->secret != NULL);
    struct assay_der d;
    ASSAY_TRY(check_times(crl->this_update_s, crl->next_update_s));
    assay_der_init(&d);
    const size_t tbs = assay_der_mark(&d);
    put_crl_extensions(&d, issuer, crl);
    put_revoked(&d, crl);
    put_time(&d, crl->next_update_s);
    put_time(&d, crl->this_update_s);
    assay_der_raw(&d, issuer->name.der, issuer->name.len);
    put_algorithm(&d);
    assay_der_uint(&d, ASSAY_DER_INTEGER, 1); /* v2 */
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, tbs);
    return sign_body(&d, issuer->secret, der, capacity, len);
}
