/*
 * quote/x509/openssl.c - certificates and revocation lists through OpenSSL, to plain bounded
 * structs.
 *
 * OpenSSL only decodes here: no signature is checked, no chain is built and no clock is read, so
 * that every rule of trust stands in quote/chain.c. The to-be-signed bytes are located in the input
 * itself, because OpenSSL's public API can only re-encode them. Its error queue is emptied before
 * returning.
 */
#include "quote/x509.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdlib.h>

/* --- small pieces */
static enum assay_status failed(enum assay_status status)
{
    ERR_clear_error();
    return status;
}

static enum assay_status read_time(const ASN1_TIME *time, int64_t *unix_s)
{
    struct tm tm = { 0 };
    if (time == NULL || ASN1_TIME_check(time) != 1) return ASSAY_E_SYNTAX;
    if (ASN1_TIME_to_tm(time, &tm) != 1) return ASSAY_E_SYNTAX;
    return assay_calendar_to_unix(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                                  tm.tm_min, tm.tm_sec, unix_s);
}

static enum assay_status read_dn(X509_NAME *name, struct assay_dn *out)
{
    const unsigned char *der = NULL;
    size_t len = 0;
    if (name == NULL || X509_NAME_get0_der(name, &der, &len) != 1) return ASSAY_E_SYNTAX;
    if (len > ASSAY_DN_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(out->der, sizeof out->der, der, len);
    out->len = (uint32_t)len;
    return ASSAY_OK;
}

/* For people only: unprintable characters become '?', what is too long is cut. */
static void read_common_name(X509_NAME *name, char out[ASSAY_COMMON_NAME_MAX])
{
    out[0] = '\0';
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return;
    const ASN1_STRING *const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    const unsigned char *const bytes = ASN1_STRING_get0_data(value);
    const int len = ASN1_STRING_length(value);
    int used = 0;
    for (; used < len && used < ASSAY_COMMON_NAME_MAX - 1; used++)
        out[used] = (char)(bytes[used] >= 0x20 && bytes[used] < 0x7f ? bytes[used] : '?');
    out[used] = '\0';
}

/* A positive INTEGER of at most 20 octets, right-aligned. */
static enum assay_status read_serial(const ASN1_INTEGER *integer, uint8_t out[ASSAY_SERIAL_LEN])
{
    if (integer == NULL || ASN1_STRING_type(integer) != V_ASN1_INTEGER) return ASSAY_E_RANGE;
    const int len = ASN1_STRING_length(integer);
    if (len < 0 || len > ASSAY_SERIAL_LEN) return ASSAY_E_RANGE;
    assay_bytes_zero(out, ASSAY_SERIAL_LEN);
    assay_bytes_copy(out + ASSAY_SERIAL_LEN - len, (size_t)len, ASN1_STRING_get0_data(integer),
                     (size_t)len);
    return ASSAY_OK;
}

/* DER ECDSA-Sig-Value to r | s; numbers above 32 bytes cannot be below the group order. */
static enum assay_status read_signature(const X509_ALGOR *algorithm, const ASN1_BIT_STRING *bits,
                                        struct assay_signature *out)
{
    enum { HALF = 48 }; /* base/crypto.h: r | s of 48 bytes each, for every curve */
    const ASN1_OBJECT *oid = NULL;
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    if (OBJ_obj2nid(oid) != NID_ecdsa_with_SHA256) return ASSAY_E_UNSUPPORTED;
    /* Whole bytes: OpenSSL would mask the unused bits away, and two encodings would be one. */
    if ((bits->flags & ASN1_STRING_FLAG_BITS_LEFT) != 0 && (bits->flags & 7) != 0)
        return ASSAY_E_SYNTAX;
    const unsigned char *p = ASN1_STRING_get0_data(bits);
    const unsigned char *const end = p + ASN1_STRING_length(bits);
    ECDSA_SIG *const signature = d2i_ECDSA_SIG(NULL, &p, ASN1_STRING_length(bits));
    if (signature == NULL) return ASSAY_E_SYNTAX;
    enum assay_status status = ASSAY_E_SYNTAX;
    if (p == end && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out->bytes, HALF) == HALF &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), out->bytes + HALF, HALF) == HALF)
        status = ASSAY_OK;
    out->alg = ASSAY_SIGNATURE_ECDSA_SHA256;
    out->len = 2 * HALF;
    ECDSA_SIG_free(signature);
    return status;
}

/* The first element inside the outer SEQUENCE, as it stands in the input. */
static enum assay_status find_tbs(const uint8_t *der, size_t len, struct assay_slice *out)
{
    const unsigned char *p = der;
    long content = 0;
    int tag = 0;
    int class_ = 0;
    if (len > ASSAY_CRL_DER_MAX) return ASSAY_E_RANGE;
    /* Bit 7 of the result is an error, bit 0 an indefinite length: BER, not DER. */
    if ((ASN1_get_object(&p, &content, &tag, &class_, (long)len) & 0x81) != 0 ||
        tag != V_ASN1_SEQUENCE)
        return ASSAY_E_SYNTAX;
    const unsigned char *const tbs = p;
    if ((ASN1_get_object(&p, &content, &tag, &class_, content) & 0x81) != 0 ||
        tag != V_ASN1_SEQUENCE)
        return ASSAY_E_SYNTAX;
    *out = assay_slice_over(tbs, (size_t)(p - tbs) + (size_t)content);
    return ASSAY_OK;
}

/* SubjectPublicKeyInfo with the named curve P-256 and an uncompressed point. */
static enum assay_status read_public_key(const X509 *x, struct assay_key *out)
{
    X509_PUBKEY *const spki = X509_get_X509_PUBKEY(x);
    ASN1_OBJECT *oid = NULL;
    const unsigned char *point = NULL;
    int point_len = 0;
    X509_ALGOR *algorithm = NULL;
    if (X509_PUBKEY_get0_param(&oid, &point, &point_len, &algorithm, spki) != 1)
        return ASSAY_E_SYNTAX;
    if (OBJ_obj2nid(oid) != NID_X9_62_id_ecPublicKey) return ASSAY_E_UNSUPPORTED;
    int type = 0;
    const void *value = NULL;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_OBJECT || OBJ_obj2nid(value) != NID_X9_62_prime256v1)
        return ASSAY_E_UNSUPPORTED;
    if (point_len != 65 || point[0] != 4) return ASSAY_E_UNSUPPORTED;
    assay_key_from(out, ASSAY_KEY_P256, point + 1, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_OK;
}

static enum assay_status read_key_id(const ASN1_OCTET_STRING *id, bool *has,
                                     uint8_t out[ASSAY_KEY_ID_LEN])
{
    if (id == NULL) return ASSAY_OK;
    if (ASN1_STRING_length(id) != ASSAY_KEY_ID_LEN) return ASSAY_E_RANGE;
    assay_bytes_copy(out, ASSAY_KEY_ID_LEN, ASN1_STRING_get0_data(id), ASSAY_KEY_ID_LEN);
    *has = true;
    return ASSAY_OK;
}

/* --- Intel's SGX extension: SEQUENCE of { OBJECT IDENTIFIER, ANY } */
static const char sgx_extension_oid[] = "1.2.840.113741.1.13.1";

enum { SGX_ITEMS_MAX = 32 };

struct sgx_field {
    uint32_t seen; /* bit per last arc: each at most once */
};

/* The last arc below prefix, when oid is prefix with exactly one more. */
static bool last_arc(const ASN1_OBJECT *oid, const char *prefix, unsigned long *arc)
{
    char text[64];
    const int len = OBJ_obj2txt(text, sizeof text, oid, 1);
    if (len <= 0 || len >= (int)sizeof text) return false;
    int at = 0;
    while (prefix[at] != '\0') {
        if (text[at] != prefix[at]) return false;
        at += 1;
    }
    if (text[at] != '.') return false;
    unsigned long value = 0;
    int digits = 0;
    for (at += 1; text[at] >= '0' && text[at] <= '9' && digits < 4; at++, digits++)
        value = value * 10 + (unsigned long)(text[at] - '0');
    *arc = value;
    return digits > 0 && text[at] == '\0';
}

static enum assay_status once(struct sgx_field *field, unsigned long arc)
{
    if (arc >= 32) return ASSAY_E_UNSUPPORTED;
    if ((field->seen >> arc & 1) != 0) return ASSAY_E_DUPLICATE;
    field->seen |= UINT32_C(1) << arc;
    return ASSAY_OK;
}

static enum assay_status octets(const ASN1_TYPE *value, uint8_t *out, int len)
{
    if (ASN1_TYPE_get(value) != V_ASN1_OCTET_STRING) return ASSAY_E_TYPE;
    const ASN1_STRING *const text = value->value.octet_string;
    if (ASN1_STRING_length(text) != len) return ASSAY_E_RANGE;
    assay_bytes_copy(out, (size_t)len, ASN1_STRING_get0_data(text), (size_t)len);
    return ASSAY_OK;
}

static enum assay_status small_number(const ASN1_TYPE *value, int type, uint64_t max, uint64_t *out)
{
    if (ASN1_TYPE_get(value) != type) return ASSAY_E_TYPE;
    uint64_t number = 0;
    const int ok = type == V_ASN1_ENUMERATED
                       ? ASN1_ENUMERATED_get_int64((int64_t *)&number, value->value.enumerated)
                       : ASN1_INTEGER_get_uint64(&number, value->value.integer);
    if (ok != 1 || number > max) return ASSAY_E_RANGE;
    *out = number;
    return ASSAY_OK;
}

static enum assay_status boolean(const ASN1_TYPE *value, uint8_t *out)
{
    if (ASN1_TYPE_get(value) != V_ASN1_BOOLEAN) return ASSAY_E_TYPE;
    *out = value->value.boolean != 0 ? 255 : 0; /* DER: TRUE is 0xff */
    return ASSAY_OK;
}

/* One { OID, ANY } of a sequence; the caller frees both. */
struct sgx_item {
    ASN1_OBJECT *oid;
    ASN1_TYPE *value;
};

static void free_item(struct sgx_item *item)
{
    ASN1_OBJECT_free(item->oid);
    ASN1_TYPE_free(item->value);
    *item = (struct sgx_item){ NULL, NULL };
}

static enum assay_status read_item(const ASN1_TYPE *pair, struct sgx_item *item)
{
    if (ASN1_TYPE_get(pair) != V_ASN1_SEQUENCE) return ASSAY_E_TYPE;
    const unsigned char *p = ASN1_STRING_get0_data(pair->value.sequence);
    const int len = ASN1_STRING_length(pair->value.sequence);
    ASN1_SEQUENCE_ANY *const both = d2i_ASN1_SEQUENCE_ANY(NULL, &p, len);
    if (both == NULL) return ASSAY_E_SYNTAX;
    enum assay_status status = ASSAY_E_SYNTAX;
    if (sk_ASN1_TYPE_num(both) == 2) {
        ASN1_TYPE *const first = sk_ASN1_TYPE_value(both, 0);
        if (ASN1_TYPE_get(first) == V_ASN1_OBJECT) {
            item->oid = OBJ_dup(first->value.object);
            item->value = sk_ASN1_TYPE_pop(both);
            status = item->oid != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
        }
    }
    sk_ASN1_TYPE_pop_free(both, ASN1_TYPE_free);
    if (status != ASSAY_OK) free_item(item);
    return status;
}

typedef enum assay_status sgx_reader(unsigned long arc, const ASN1_TYPE *value,
                                     struct assay_pck *pck);

/* Every pair of a SEQUENCE OF to its reader. */
static enum assay_status read_items(const unsigned char *der, long len, const char *prefix,
                                    sgx_reader *reader, struct assay_pck *pck, uint32_t *seen)
{
    const unsigned char *p = der;
    ASN1_SEQUENCE_ANY *const items = d2i_ASN1_SEQUENCE_ANY(NULL, &p, len);
    if (items == NULL) return ASSAY_E_SYNTAX;
    struct sgx_field field = { 0 };
    enum assay_status status = p == der + len ? ASSAY_OK : ASSAY_E_TRAILING;
    if (sk_ASN1_TYPE_num(items) > SGX_ITEMS_MAX) status = ASSAY_E_RANGE;
    for (int i = 0; status == ASSAY_OK && i < sk_ASN1_TYPE_num(items); i++) {
        struct sgx_item item = { NULL, NULL };
        unsigned long arc = 0;
        status = read_item(sk_ASN1_TYPE_value(items, i), &item);
        if (status == ASSAY_OK && !last_arc(item.oid, prefix, &arc)) status = ASSAY_E_UNSUPPORTED;
        if (status == ASSAY_OK) status = once(&field, arc);
        if (status == ASSAY_OK) status = reader(arc, item.value, pck);
        free_item(&item);
    }
    sk_ASN1_TYPE_pop_free(items, ASN1_TYPE_free);
    *seen = field.seen;
    return status;
}

static enum assay_status read_tcb_item(unsigned long arc, const ASN1_TYPE *value,
                                       struct assay_pck *pck)
{
    uint64_t number = 0;
    if (arc >= 1 && arc <= ASSAY_TCB_COMPONENTS) {
        ASSAY_TRY(small_number(value, V_ASN1_INTEGER, UINT8_MAX, &number));
        pck->components[arc - 1] = (uint8_t)number;
        return ASSAY_OK;
    }
    if (arc == 17) {
        ASSAY_TRY(small_number(value, V_ASN1_INTEGER, UINT16_MAX, &number));
        pck->pcesvn = (uint16_t)number;
        return ASSAY_OK;
    }
    if (arc == 18) return octets(value, pck->cpusvn, sizeof pck->cpusvn);
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status read_configuration_item(unsigned long arc, const ASN1_TYPE *value,
                                                 struct assay_pck *pck)
{
    if (arc == 1) return boolean(value, &pck->dynamic_platform);
    if (arc == 2) return boolean(value, &pck->cached_keys);
    if (arc == 3) return boolean(value, &pck->smt_enabled);
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status read_sequence(const ASN1_TYPE *value, const char *prefix,
                                       sgx_reader *reader, struct assay_pck *pck, uint32_t *seen)
{
    if (ASN1_TYPE_get(value) != V_ASN1_SEQUENCE) return ASSAY_E_TYPE;
    return read_items(ASN1_STRING_get0_data(value->value.sequence),
                      ASN1_STRING_length(value->value.sequence), prefix, reader, pck, seen);
}

static enum assay_status read_sgx_item(unsigned long arc, const ASN1_TYPE *value,
                                       struct assay_pck *pck)
{
    enum { TCB_ARCS = 0x7fffe }; /* 1..18: all of them, quotes.md 7.6 */
    uint64_t number = 0;
    uint32_t seen = 0;
    switch (arc) {
    case 1: return octets(value, pck->ppid, sizeof pck->ppid);
    case 2:
        ASSAY_TRY(read_sequence(value, "1.2.840.113741.1.13.1.2", read_tcb_item, pck, &seen));
        return seen == TCB_ARCS ? ASSAY_OK : ASSAY_E_NOT_FOUND;
    case 3: return octets(value, pck->pceid, sizeof pck->pceid);
    case 4: return octets(value, pck->fmspc, sizeof pck->fmspc);
    case 5:
        ASSAY_TRY(small_number(value, V_ASN1_ENUMERATED, 2, &number));
        pck->sgx_type = (uint8_t)number;
        return ASSAY_OK;
    case 6:
        pck->has_platform_instance = true;
        return octets(value, pck->platform_instance, sizeof pck->platform_instance);
    case 7:
        pck->has_configuration = true;
        return read_sequence(value, "1.2.840.113741.1.13.1.7", read_configuration_item, pck, &seen);
    }
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status read_pck(const ASN1_OCTET_STRING *value, struct assay_pck *pck)
{
    enum { NEEDED = 0x3e }; /* arcs 1 to 5; 6 and 7 belong to the Platform CA */
    uint32_t seen = 0;
    ASSAY_TRY(read_items(ASN1_STRING_get0_data(value), ASN1_STRING_length(value), sgx_extension_oid,
                         read_sgx_item, pck, &seen));
    return (seen & NEEDED) == NEEDED ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}

/* --- extensions of a certificate */
static enum assay_status read_basic_constraints(X509_EXTENSION *extension,
                                                struct assay_certificate *c)
{
    BASIC_CONSTRAINTS *const bc = X509V3_EXT_d2i(extension);
    if (bc == NULL) return ASSAY_E_SYNTAX;
    enum assay_status status = ASSAY_OK;
    c->has_basic_constraints = true;
    c->is_ca = bc->ca != 0;
    if (bc->pathlen != NULL) {
        uint64_t value = 0;
        c->has_path_len = true;
        if (ASN1_INTEGER_get_uint64(&value, bc->pathlen) != 1 || value > UINT32_MAX)
            status = ASSAY_E_RANGE;
        c->path_len = (uint32_t)value;
    }
    BASIC_CONSTRAINTS_free(bc);
    return status;
}

static enum assay_status read_key_usage(X509_EXTENSION *extension, struct assay_certificate *c)
{
    ASN1_BIT_STRING *const bits = X509V3_EXT_d2i(extension);
    if (bits == NULL) return ASSAY_E_SYNTAX;
    c->has_key_usage = true;
    if (ASN1_BIT_STRING_get_bit(bits, 0) == 1) c->key_usage |= ASSAY_KEY_USAGE_DIGITAL_SIGNATURE;
    if (ASN1_BIT_STRING_get_bit(bits, 5) == 1) c->key_usage |= ASSAY_KEY_USAGE_CERT_SIGN;
    if (ASN1_BIT_STRING_get_bit(bits, 6) == 1) c->key_usage |= ASSAY_KEY_USAGE_CRL_SIGN;
    ASN1_BIT_STRING_free(bits);
    return ASSAY_OK;
}

static enum assay_status read_authority_key_id(X509_EXTENSION *extension, bool *has,
                                               uint8_t out[ASSAY_KEY_ID_LEN])
{
    AUTHORITY_KEYID *const id = X509V3_EXT_d2i(extension);
    if (id == NULL) return ASSAY_E_SYNTAX;
    const enum assay_status status = read_key_id(id->keyid, has, out);
    AUTHORITY_KEYID_free(id);
    return status;
}

static enum assay_status read_subject_key_id(X509_EXTENSION *extension, struct assay_certificate *c)
{
    ASN1_OCTET_STRING *const id = X509V3_EXT_d2i(extension);
    if (id == NULL) return ASSAY_E_SYNTAX;
    const enum assay_status status = read_key_id(id, &c->has_subject_key_id, c->subject_key_id);
    ASN1_OCTET_STRING_free(id);
    return status;
}

static bool is_sgx_extension(const ASN1_OBJECT *oid)
{
    char text[64];
    const int len = OBJ_obj2txt(text, sizeof text, oid, 1);
    return len == (int)sizeof sgx_extension_oid - 1 &&
           assay_bytes_equal(text, sgx_extension_oid, sizeof sgx_extension_oid);
}

static enum assay_status read_extension(X509_EXTENSION *extension, struct assay_certificate *c)
{
    const ASN1_OBJECT *const oid = X509_EXTENSION_get_object(extension);
    switch (OBJ_obj2nid(oid)) {
    case NID_basic_constraints: return read_basic_constraints(extension, c);
    case NID_key_usage: return read_key_usage(extension, c);
    case NID_subject_key_identifier: return read_subject_key_id(extension, c);
    case NID_authority_key_identifier:
        return read_authority_key_id(extension, &c->has_authority_key_id, c->authority_key_id);
    }
    if (is_sgx_extension(oid)) {
        c->has_pck = true;
        return read_pck(X509_EXTENSION_get_data(extension), &c->pck);
    }
    if (X509_EXTENSION_get_critical(extension) != 0) c->has_unknown_critical = true;
    return ASSAY_OK;
}

enum { EXTENSIONS_MAX = 32 };

static enum assay_status read_extensions(const STACK_OF(X509_EXTENSION) * all,
                                         struct assay_certificate *c)
{
    const int count = all == NULL ? 0 : sk_X509_EXTENSION_num(all);
    if (count > EXTENSIONS_MAX) return ASSAY_E_RANGE;
    for (int i = 0; i < count; i++) {
        X509_EXTENSION *const extension = sk_X509_EXTENSION_value(all, i);
        /* RFC 5280 4.2: at most one instance of an extension. */
        if (X509v3_get_ext_by_OBJ(all, X509_EXTENSION_get_object(extension), i) >= 0)
            return ASSAY_E_DUPLICATE;
        ASSAY_TRY(read_extension(extension, c));
    }
    return ASSAY_OK;
}

static enum assay_status read_certificate(X509 *x, struct assay_certificate *c)
{
    const ASN1_BIT_STRING *signature = NULL;
    const X509_ALGOR *algorithm = NULL;
    X509_get0_signature(&signature, &algorithm, x);
    /* RFC 5280 4.1.1.2: the algorithm outside is the one inside. */
    if (X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(x)) != 0) return ASSAY_E_SYNTAX;
    ASSAY_TRY(read_signature(algorithm, signature, &c->signature));
    ASSAY_TRY(read_dn(X509_get_issuer_name(x), &c->issuer));
    ASSAY_TRY(read_dn(X509_get_subject_name(x), &c->subject));
    read_common_name(X509_get_issuer_name(x), c->issuer_name);
    read_common_name(X509_get_subject_name(x), c->subject_name);
    ASSAY_TRY(read_serial(X509_get0_serialNumber(x), c->serial));
    ASSAY_TRY(read_time(X509_get0_notBefore(x), &c->not_before_s));
    ASSAY_TRY(read_time(X509_get0_notAfter(x), &c->not_after_s));
    ASSAY_TRY(read_public_key(x, &c->key));
    assay_key_name(&c->key, c->key_name);
    return read_extensions(X509_get0_extensions(x), c);
}

enum assay_status assay_x509_certificate(const uint8_t *der, size_t len,
                                         struct assay_certificate *out)
{
    ASSAY_ASSERT(der != NULL);
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_CERT_DER_MAX) return ASSAY_E_RANGE;
    const unsigned char *p = der;
    struct assay_certificate c = { 0 };
    struct assay_slice tbs;
    if (find_tbs(der, len, &tbs) != ASSAY_OK) return failed(ASSAY_E_SYNTAX);
    X509 *const x = d2i_X509(NULL, &p, (long)len);
    if (x == NULL) return failed(ASSAY_E_SYNTAX);
    enum assay_status status = p == der + len ? ASSAY_OK : ASSAY_E_TRAILING;
    if (status == ASSAY_OK) status = read_certificate(x, &c);
    X509_free(x);
    if (status != ASSAY_OK) return failed(status);
    assay_signature_digest(c.signature.alg, tbs.bytes, tbs.len, c.tbs_digest);
    assay_sha256(der, len, c.digest);
    *out = c;
    return ASSAY_OK;
}

/* --- PEM */
static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t skip_space(const uint8_t *text, size_t len, size_t at)
{
    while (at < len && is_space(text[at]))
        at += 1;
    return at;
}

static bool starts_with(const uint8_t *text, size_t len, size_t at, const char *word,
                        size_t word_len)
{
    return len - at >= word_len && assay_bytes_equal(text + at, word, word_len);
}

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

/* The value of a base64 digit; 64 for the padding and anything else. */
static unsigned digit_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26u;
    if (c >= '0' && c <= '9') return c - '0' + 52u;
    if (c == '+') return 62;
    return c == '/' ? 63 : 64;
}

/*
 * One meaning has one encoding (RFC 4648 3.5): the bits that padding leaves unused are zero, so
 * that no bit of a quote can be turned without a verdict noticing.
 */
static bool padding_is_canonical(const uint8_t *text, size_t len)
{
    unsigned padding = 0;
    while (len > 0 && (is_space(text[len - 1]) || text[len - 1] == '=')) {
        if (text[len - 1] == '=') padding += 1;
        len -= 1;
    }
    if (padding == 0) return true;
    if (len == 0 || padding > 2) return false;
    return (digit_value(text[len - 1]) & (padding == 1 ? 3u : 15u)) == 0;
}

/* One block at *at: its base64 text decoded into der[*der_len]; *at moves past it. */
static enum assay_status pem_block(const uint8_t *text, size_t len, size_t *at,
                                   uint8_t der[ASSAY_CERT_DER_MAX], size_t *der_len)
{
    size_t i = *at;
    if (!starts_with(text, len, i, pem_begin, sizeof pem_begin - 1)) return ASSAY_E_SYNTAX;
    i += sizeof pem_begin - 1;
    EVP_ENCODE_CTX *const base64 = EVP_ENCODE_CTX_new();
    if (base64 == NULL) return failed(ASSAY_E_MEMORY);
    EVP_DecodeInit(base64);
    size_t body = i;
    while (body < len && text[body] != '-')
        body += 1;
    /* Four characters give three bytes: bounded before decoding. */
    enum assay_status status = ASSAY_E_SYNTAX;
    int part = 0;
    int rest = 0;
    if (body - i <= (ASSAY_CERT_DER_MAX - 64) / 3 * 4 &&
        starts_with(text, len, body, pem_end, sizeof pem_end - 1) &&
        padding_is_canonical(text + i, body - i) &&
        EVP_DecodeUpdate(base64, der, &part, text + i, (int)(body - i)) >= 0 &&
        EVP_DecodeFinal(base64, der + part, &rest) == 1)
        status = ASSAY_OK;
    EVP_ENCODE_CTX_free(base64);
    if (status != ASSAY_OK) return failed(status);
    *der_len = (size_t)part + (size_t)rest;
    *at = body + sizeof pem_end - 1;
    return ASSAY_OK;
}

enum assay_status assay_x509_pem_chain(const uint8_t *pem, size_t len,
                                       struct assay_certificate *out, size_t capacity,
                                       size_t *count)
{
    ASSAY_ASSERT(pem != NULL || len == 0);
    if (len > ASSAY_PEM_MAX) return ASSAY_E_RANGE;
    while (len > 0 && pem[len - 1] == 0)
        len -= 1;
    size_t found = 0;
    size_t at = skip_space(pem, len, 0);
    while (at < len) {
        uint8_t der[ASSAY_CERT_DER_MAX];
        size_t der_len = 0;
        if (found == capacity) return ASSAY_E_FULL;
        ASSAY_TRY(pem_block(pem, len, &at, der, &der_len));
        ASSAY_TRY(assay_x509_certificate(der, der_len, &out[found]));
        found += 1;
        at = skip_space(pem, len, at);
    }
    if (found == 0) return ASSAY_E_SYNTAX;
    *count = found;
    return ASSAY_OK;
}

enum assay_status assay_x509_root(const uint8_t *pem, size_t len, struct assay_key *key)
{
    enum { DER_SEQUENCE = 0x30 };
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    size_t count = 1;
    if (len > 0 && pem[0] == DER_SEQUENCE) {
        ASSAY_TRY(assay_x509_certificate(pem, len, &chain[0]));
    } else {
        ASSAY_TRY(assay_x509_pem_chain(pem, len, chain, ASSAY_CHAIN_MAX, &count));
    }
    for (size_t i = 0; i < count; i++) {
        if (chain[i].subject.len != chain[i].issuer.len ||
            !assay_bytes_equal(chain[i].subject.der, chain[i].issuer.der, chain[i].issuer.len))
            continue;
        *key = chain[i].key;
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

/* --- revocation lists */
static int compare_serials(const void *a, const void *b)
{
    return assay_bytes_compare(a, b, ASSAY_SERIAL_LEN);
}

/*
 * RFC 5280 5.3: no critical entry extension is known here (certificateIssuer would change the
 * meaning).
 */
static enum assay_status read_entry(X509_REVOKED *entry, uint8_t out[ASSAY_SERIAL_LEN])
{
    const STACK_OF(X509_EXTENSION) *const extensions = X509_REVOKED_get0_extensions(entry);
    const int count = extensions == NULL ? 0 : sk_X509_EXTENSION_num(extensions);
    for (int i = 0; i < count; i++)
        if (X509_EXTENSION_get_critical(sk_X509_EXTENSION_value(extensions, i)) != 0)
            return ASSAY_E_UNSUPPORTED;
    return read_serial(X509_REVOKED_get0_serialNumber(entry), out);
}

static enum assay_status read_entries(X509_CRL *x, struct assay_crl *out)
{
    STACK_OF(X509_REVOKED) *const entries = X509_CRL_get_REVOKED(x);
    const int count = entries == NULL ? 0 : sk_X509_REVOKED_num(entries);
    if (count > ASSAY_CRL_ENTRIES_MAX) return ASSAY_E_FULL;
    for (int i = 0; i < count; i++)
        ASSAY_TRY(read_entry(sk_X509_REVOKED_value(entries, i), out->revoked[i]));
    out->revoked_count = (uint32_t)count;
    qsort(out->revoked, out->revoked_count, ASSAY_SERIAL_LEN, compare_serials);
    return ASSAY_OK;
}

static enum assay_status read_crl_number(X509_EXTENSION *extension, struct assay_crl *out)
{
    ASN1_INTEGER *const number = X509V3_EXT_d2i(extension);
    if (number == NULL) return ASSAY_E_SYNTAX;
    const enum assay_status status = read_serial(number, out->number);
    out->has_number = true;
    ASN1_INTEGER_free(number);
    return status;
}

static enum assay_status read_crl_extensions(const STACK_OF(X509_EXTENSION) * all,
                                             struct assay_crl *out)
{
    const int count = all == NULL ? 0 : sk_X509_EXTENSION_num(all);
    if (count > EXTENSIONS_MAX) return ASSAY_E_RANGE;
    for (int i = 0; i < count; i++) {
        X509_EXTENSION *const extension = sk_X509_EXTENSION_value(all, i);
        const ASN1_OBJECT *const oid = X509_EXTENSION_get_object(extension);
        if (X509v3_get_ext_by_OBJ(all, oid, i) >= 0) return ASSAY_E_DUPLICATE;
        const int nid = OBJ_obj2nid(oid);
        if (nid == NID_authority_key_identifier)
            ASSAY_TRY(read_authority_key_id(extension, &out->has_authority_key_id,
                                            out->authority_key_id));
        else if (nid == NID_crl_number) ASSAY_TRY(read_crl_number(extension, out));
        else if (X509_EXTENSION_get_critical(extension) != 0)
            return ASSAY_E_UNSUPPORTED; /* delta CRLs, partitioned CRLs */
    }
    return ASSAY_OK;
}

static enum assay_status read_crl(X509_CRL *x, struct assay_crl *out)
{
    const ASN1_BIT_STRING *signature = NULL;
    const X509_ALGOR *algorithm = NULL;
    X509_CRL_get0_signature(x, &signature, &algorithm);
    if (X509_CRL_get_version(x) != X509_CRL_VERSION_2) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(read_signature(algorithm, signature, &out->signature));
    ASSAY_TRY(read_dn(X509_CRL_get_issuer(x), &out->issuer));
    ASSAY_TRY(read_time(X509_CRL_get0_lastUpdate(x), &out->this_update_s));
    /* quotes.md 7.9: a list without nextUpdate never ages; refused. */
    ASSAY_TRY(read_time(X509_CRL_get0_nextUpdate(x), &out->next_update_s));
    ASSAY_TRY(read_crl_extensions(X509_CRL_get0_extensions(x), out));
    return read_entries(x, out);
}

enum assay_status assay_x509_crl(const uint8_t *der, size_t len, struct assay_crl *out)
{
    ASSAY_ASSERT(der != NULL);
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_CRL_DER_MAX) return ASSAY_E_RANGE;
    const unsigned char *p = der;
    assay_bytes_zero(out, sizeof *out);
    struct assay_slice tbs;
    if (find_tbs(der, len, &tbs) != ASSAY_OK) return failed(ASSAY_E_SYNTAX);
    X509_CRL *const x = d2i_X509_CRL(NULL, &p, (long)len);
    if (x == NULL) return failed(ASSAY_E_SYNTAX);
    enum assay_status status = p == der + len ? ASSAY_OK : ASSAY_E_TRAILING;
    if (status == ASSAY_OK) status = read_crl(x, out);
    X509_CRL_free(x);
    if (status != ASSAY_OK) return failed(status);
    assay_signature_digest(out->signature.alg, tbs.bytes, tbs.len, out->tbs_digest);
    return ASSAY_OK;
}
