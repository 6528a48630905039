/*
 * quote/source/soft_x509.c - X.509 (RFC 5280) as a SOFT authority issues it: the shape of Intel's
 * certificates, names of its own. Written directly in DER, back to front (quote/source/der.h).
 */
#include "quote/source/soft_x509.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <stdio.h>
#include <string.h>

static const uint8_t oid_ecdsa_sha256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };
static const uint8_t oid_organization[] = { 0x55, 0x04, 0x0a };
static const uint8_t oid_basic_constraints[] = { 0x55, 0x1d, 0x13 };
static const uint8_t oid_key_usage[] = { 0x55, 0x1d, 0x0f };
static const uint8_t oid_subject_key_id[] = { 0x55, 0x1d, 0x0e };
static const uint8_t oid_authority_key_id[] = { 0x55, 0x1d, 0x23 };
static const uint8_t oid_crl_number[] = { 0x55, 0x1d, 0x14 };
/* 1.2.840.113741.1.13.1, Intel's SGX extension; items append one or two arcs. */
static const uint8_t oid_sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

/* --- pieces */
static void put_algorithm(struct assay_der *d)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OID, oid_ecdsa_sha256, sizeof oid_ecdsa_sha256);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

static const char *role_text(enum assay_soft_role role)
{
    switch (role) {
    case ASSAY_SOFT_ROOT: return "SOFT Root CA";
    case ASSAY_SOFT_PLATFORM_CA: return "SOFT PCK Platform CA";
    case ASSAY_SOFT_SIGNING: return "SOFT TCB Signing";
    case ASSAY_SOFT_PCK: return "SOFT PCK Certificate";
    }
    ASSAY_UNREACHABLE("a role");
}

static void put_attribute(struct assay_der *d, const uint8_t *oid, size_t oid_len, const char *text)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_UTF8_STRING, text, strlen(text));
    assay_der_value(d, ASSAY_DER_OID, oid, oid_len);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_der_wrap(d, ASSAY_DER_SET, mark);
}

/* CN = role and vendor, O = Assay SOFT. */
static void put_name(struct assay_der *d, enum assay_soft_role role, const char *vendor)
{
    char common_name[64];
    (void)snprintf(common_name, sizeof common_name, "%s %s", role_text(role), vendor);
    const size_t mark = assay_der_mark(d);
    put_attribute(d, oid_organization, sizeof oid_organization, "Assay SOFT, not for production");
    put_attribute(d, oid_common_name, sizeof oid_common_name, common_name);
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
    utc[DIGITS] = 'Z';
    assay_der_value(d, ASSAY_DER_UTC_TIME, utc, sizeof utc);
}

static enum assay_status check_times(int64_t from_s, int64_t to_s)
{
    static const int64_t end_of_2049 = INT64_C(2524607999);
    return from_s >= 0 && from_s <= to_s && to_s <= end_of_2049 ? ASSAY_OK : ASSAY_E_RANGE;
}

/* SubjectPublicKeyInfo of a P-256 point. */
static void put_public_key(struct assay_der *d, const uint8_t public_key[64])
{
    static const uint8_t algorithm[] = { 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                         0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
                                         0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    uint8_t point[65] = { 0x04 };
    assay_bytes_copy(point + 1, 64, public_key, 64);
    const size_t mark = assay_der_mark(d);
    assay_der_bits(d, point, sizeof point);
    assay_der_raw(d, algorithm, sizeof algorithm);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

/* RFC 7093 method 1: the leftmost 160 bits of the SHA-256 of the key. */
static void key_id(const uint8_t public_key[64], uint8_t id[ASSAY_KEY_ID_LEN])
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(public_key, 64, digest);
    assay_bytes_copy(id, ASSAY_KEY_ID_LEN, digest, ASSAY_KEY_ID_LEN);
}

/* The extension around contents put since mark. */
static void wrap_extension(struct assay_der *d, const uint8_t *oid, size_t oid_len, bool critical,
                           size_t mark)
{
    assay_der_wrap(d, ASSAY_DER_OCTET_STRING, mark);
    if (critical) assay_der_boolean(d, true);
    assay_der_value(d, ASSAY_DER_OID, oid, oid_len);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

static void put_authority_key_id(struct assay_der *d, const uint8_t issuer_public_key[64])
{
    uint8_t id[ASSAY_KEY_ID_LEN];
    key_id(issuer_public_key, id);
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_KEY_ID, id, sizeof id);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    wrap_extension(d, oid_authority_key_id, sizeof oid_authority_key_id, false, mark);
}

static void put_subject_key_id(struct assay_der *d, const uint8_t public_key[64])
{
    uint8_t id[ASSAY_KEY_ID_LEN];
    key_id(public_key, id);
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OCTET_STRING, id, sizeof id);
    wrap_extension(d, oid_subject_key_id, sizeof oid_subject_key_id, false, mark);
}

static bool is_ca(enum assay_soft_role role)
{
    return role == ASSAY_SOFT_ROOT || role == ASSAY_SOFT_PLATFORM_CA;
}

static void put_basic_constraints(struct assay_der *d, enum assay_soft_role role)
{
    const size_t mark = assay_der_mark(d);
    if (is_ca(role)) {
        assay_der_uint(d, ASSAY_DER_INTEGER, role == ASSAY_SOFT_ROOT ? 1 : 0);
        assay_der_boolean(d, true);
    }
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    wrap_extension(d, oid_basic_constraints, sizeof oid_basic_constraints, true, mark);
}

static void put_key_usage(struct assay_der *d, enum assay_soft_role role)
{
    /* BIT STRING with its count of unused bits: keyCertSign and cRLSign, or digitalSignature. */
    static const uint8_t ca_bits[] = { 1, 0x06 };
    static const uint8_t signer_bits[] = { 7, 0x80 };
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_BIT_STRING, is_ca(role) ? ca_bits : signer_bits, 2);
    wrap_extension(d, oid_key_usage, sizeof oid_key_usage, true, mark);
}

/* --- Intel's SGX extension */
/* The OID of an item below the extension, in front of its value; then the pair is closed. */
static void wrap_sgx_item(struct assay_der *d, uint8_t arc, uint8_t sub_arc, size_t mark)
{
    uint8_t oid[sizeof oid_sgx + 2];
    size_t len = sizeof oid_sgx;
    assay_bytes_copy(oid, sizeof oid, oid_sgx, sizeof oid_sgx);
    oid[len++] = arc;
    if (sub_arc != 0) oid[len++] = sub_arc;
    assay_der_value(d, ASSAY_DER_OID, oid, len);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
}

static void put_sgx_octets(struct assay_der *d, uint8_t arc, uint8_t sub_arc, const uint8_t *bytes,
                           size_t len)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OCTET_STRING, bytes, len);
    wrap_sgx_item(d, arc, sub_arc, mark);
}

static void put_sgx_tcb(struct assay_der *d, const struct assay_pck *pck)
{
    const size_t tcb = assay_der_mark(d);
    put_sgx_octets(d, 2, 18, pck->cpusvn, sizeof pck->cpusvn);
    size_t mark = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_INTEGER, pck->pcesvn);
    wrap_sgx_item(d, 2, 17, mark);
    for (uint8_t i = ASSAY_TCB_COMPONENTS; i > 0; i--) {
        mark = assay_der_mark(d);
        assay_der_uint(d, ASSAY_DER_INTEGER, pck->components[i - 1]);
        wrap_sgx_item(d, 2, i, mark);
    }
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, tcb);
    wrap_sgx_item(d, 2, 0, tcb);
}

static void put_sgx_extension(struct assay_der *d, const struct assay_pck *pck)
{
    const size_t all = assay_der_mark(d);
    if (pck->has_platform_instance)
        put_sgx_octets(d, 6, 0, pck->platform_instance, sizeof pck->platform_instance);
    const size_t mark = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_ENUMERATED, pck->sgx_type);
    wrap_sgx_item(d, 5, 0, mark);
    put_sgx_octets(d, 4, 0, pck->fmspc, sizeof pck->fmspc);
    put_sgx_octets(d, 3, 0, pck->pceid, sizeof pck->pceid);
    put_sgx_tcb(d, pck);
    put_sgx_octets(d, 1, 0, pck->ppid, sizeof pck->ppid);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, all);
    wrap_extension(d, oid_sgx, sizeof oid_sgx, false, all);
}

/* --- signing: what stands in d becomes SEQUENCE { tbs, algorithm, signature } */
static enum assay_status sign(struct assay_der *d, const struct assay_secret32 *key, uint8_t *der,
                              size_t capacity, size_t *len)
{
    const struct assay_slice tbs = assay_der_finish(d);
    if (tbs.len == 0) return ASSAY_E_FULL;
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_p256_signer *signer = NULL;
    assay_sha256(tbs.bytes, tbs.len, digest);
    ASSAY_TRY(assay_p256_signer_load(key, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
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

enum assay_status assay_soft_certificate_make(const struct assay_soft_certificate *c, uint8_t *der,
                                              size_t capacity, size_t *len)
{
    static const enum assay_soft_role issuers[] = {
        [ASSAY_SOFT_ROOT] = ASSAY_SOFT_ROOT,
        [ASSAY_SOFT_PLATFORM_CA] = ASSAY_SOFT_ROOT,
        [ASSAY_SOFT_SIGNING] = ASSAY_SOFT_ROOT,
        [ASSAY_SOFT_PCK] = ASSAY_SOFT_PLATFORM_CA,
    };
    ASSAY_TRY(check_times(c->not_before_s, c->not_after_s));
    struct assay_der d;
    assay_der_init(&d);
    const size_t tbs = assay_der_mark(&d);
    if (c->role == ASSAY_SOFT_PCK) put_sgx_extension(&d, c->pck);
    put_basic_constraints(&d, c->role);
    put_key_usage(&d, c->role);
    put_subject_key_id(&d, c->public_key);
    put_authority_key_id(&d, c->issuer_public_key);
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, tbs);
    assay_der_wrap(&d, ASSAY_DER_CONTEXT_3, tbs);
    put_public_key(&d, c->public_key);
    put_name(&d, c->role, c->vendor);
    const size_t validity = assay_der_mark(&d);
    put_time(&d, c->not_after_s);
    put_time(&d, c->not_before_s);
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, validity);
    put_name(&d, issuers[c->role], c->vendor);
    put_algorithm(&d);
    assay_der_unsigned(&d, c->serial, sizeof c->serial);
    const size_t version = assay_der_mark(&d);
    assay_der_uint(&d, ASSAY_DER_INTEGER, 2); /* v3 */
    assay_der_wrap(&d, ASSAY_DER_CONTEXT_0, version);
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, tbs);
    return sign(&d, c->issuer_key, der, capacity, len);
}

static void put_crl_extensions(struct assay_der *d, const struct assay_soft_crl *crl)
{
    const size_t all = assay_der_mark(d);
    const size_t mark = assay_der_mark(d);
    assay_der_uint(d, ASSAY_DER_INTEGER, (uint64_t)crl->this_update_s);
    wrap_extension(d, oid_crl_number, sizeof oid_crl_number, false, mark);
    put_authority_key_id(d, crl->issuer_public_key);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, all);
    assay_der_wrap(d, ASSAY_DER_CONTEXT_0, all);
}

static void put_revoked(struct assay_der *d, const struct assay_soft_crl *crl)
{
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

enum assay_status assay_soft_crl_make(const struct assay_soft_crl *crl, uint8_t *der,
                                      size_t capacity, size_t *len)
{
    ASSAY_TRY(check_times(crl->this_update_s, crl->next_update_s));
    struct assay_der d;
    assay_der_init(&d);
    const size_t tbs = assay_der_mark(&d);
    put_crl_extensions(&d, crl);
    put_revoked(&d, crl);
    put_time(&d, crl->next_update_s);
    put_time(&d, crl->this_update_s);
    put_name(&d, crl->issuer, crl->vendor);
    put_algorithm(&d);
    assay_der_uint(&d, ASSAY_DER_INTEGER, 1); /* v2 */
    assay_der_wrap(&d, ASSAY_DER_SEQUENCE, tbs);
    return sign(&d, crl->issuer_key, der, capacity, len);
}

/* --- PEM (RFC 7468) */
static enum assay_status put_text(uint8_t *text, size_t capacity, size_t *len, const char *piece,
                                  size_t piece_len)
{
    if (piece_len > capacity - *len) return ASSAY_E_FULL;
    assay_bytes_copy(text + *len, capacity - *len, piece, piece_len);
    *len += piece_len;
    return ASSAY_OK;
}

/* Four characters for up to three bytes. */
static void base64(const uint8_t *bytes, size_t len, char out[4])
{
    static const char digits[] = /* the 65th fills up */
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const uint32_t b1 = len > 1 ? bytes[1] : 0;
    const uint32_t b2 = len > 2 ? bytes[2] : 0;
    const uint32_t bits = (uint32_t)bytes[0] << 16 | b1 << 8 | b2;
    out[0] = digits[bits >> 18 & 63];
    out[1] = digits[bits >> 12 & 63];
    out[2] = digits[len > 1 ? bits >> 6 & 63 : 64];
    out[3] = digits[len > 2 ? bits & 63 : 64];
}

enum assay_status assay_soft_pem_put(const uint8_t *der, size_t der_len, uint8_t *text,
                                     size_t capacity, size_t *len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "-----END CERTIFICATE-----\n";
    enum { BYTES_PER_LINE = 48 };
    ASSAY_TRY(put_text(text, capacity, len, begin, sizeof begin - 1));
    for (size_t i = 0; i < der_len; i += 3) {
        char four[4];
        base64(der + i, der_len - i, four);
        ASSAY_TRY(put_text(text, capacity, len, four, sizeof four));
        if ((i + 3) % BYTES_PER_LINE == 0 || i + 3 >= der_len)
            ASSAY_TRY(put_text(text, capacity, len, "\n", 1));
    }
    return put_text(text, capacity, len, end, sizeof end - 1);
}
