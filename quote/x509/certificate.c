/*
 * quote/x509/certificate.c - parser of one certificate (RFC 5280 4.1) into a plain bounded struct.
 *
 * Read here and not through OpenSSL's d2i_X509, for two reasons. It decodes the public key through
 * its provider machinery, which takes 120 of the 180 us that a PCK certificate took, the time of
 * more than three verifications; and what it lets pass differs between its versions, while two
 * nodes must read the same. tests/unit/quote/test_x509_reference.c holds this reader against it.
 * Only reading: every rule of trust stands in quote/certificates/chain.c and
 * quote/certificates/path.c.
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

/* The last byte of OIDs below id-ce (2.5.29). */
enum {
    CE_SUBJECT_KEY_ID = 14,
    CE_KEY_USAGE = 15,
    CE_SUBJECT_ALT_NAME = 17,
    CE_BASIC_CONSTRAINTS = 19,
    CE_AUTHORITY_KEY_ID = 35,
    CE_EXTENDED_KEY_USAGE = 37,
};

struct owner {
    struct assay_certificate *c;
    uint32_t amd_seen;
};

/* --- extensions */
static enum assay_status read_basic_constraints(struct assay_slice value,
                                                struct assay_certificate *c)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_cursor inside;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_end(&in));
    c->has_basic_constraints = true;
    if (assay_asn1_peek(&inside, ASSAY_ASN1_BOOLEAN))
        ASSAY_TRY(assay_asn1_boolean(&inside, &c->is_ca));
    if (assay_cursor_left(&inside) == 0) return ASSAY_OK;
    c->has_path_len = true;
    ASSAY_TRY(assay_asn1_number(&inside, ASSAY_ASN1_INTEGER, UINT32_MAX, &c->path_len));
    return assay_asn1_end(&inside);
}

/* A named bit list: bit 0 is the top bit of the first byte behind the count of unused bits. */
static enum assay_status read_key_usage(struct assay_slice value, struct assay_certificate *c)
{
    static const struct {
        uint8_t mask;
        uint32_t usage;
    } bits[] = {
        { 0x80, ASSAY_KEY_USAGE_DIGITAL_SIGNATURE }, { 0x20, ASSAY_KEY_USAGE_KEY_ENCIPHERMENT },
        { 0x08, ASSAY_KEY_USAGE_KEY_AGREEMENT },     { 0x04, ASSAY_KEY_USAGE_CERT_SIGN },
        { 0x02, ASSAY_KEY_USAGE_CRL_SIGN },
    };
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 list;
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_BIT_STRING, &list));
    ASSAY_TRY(assay_asn1_end(&in));
    const struct assay_slice content = list.content;
    if (content.len < 1 || content.bytes[0] > 7) return ASSAY_E_SYNTAX;
    const uint8_t unused = (uint8_t)((1u << content.bytes[0]) - 1);
    if (content.len == 1 && unused != 0) return ASSAY_E_SYNTAX;
    /* X.690 11.2.1: unused bits are zero. */
    if ((content.bytes[content.len - 1] & unused) != 0) return ASSAY_E_SYNTAX;
    c->has_key_usage = true;
    for (size_t i = 0; content.len > 1 && i < sizeof bits / sizeof bits[0]; i++)
        if ((content.bytes[1] & bits[i].mask) != 0) c->key_usage |= bits[i].usage;
    return ASSAY_OK;
}

static enum assay_status read_extended_key_usage(struct assay_slice value,
                                                 struct assay_certificate *c)
{
    static const uint8_t tcg_ek[] = { 0x67, 0x81, 0x05, 0x08, 0x01 };
    static const uint8_t tcg_ak[] = { 0x67, 0x81, 0x05, 0x08, 0x03 };
    static const uint8_t ocsp[] = { 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09 };
    static const uint8_t any[] = { 0x55, 0x1d, 0x25, 0x00 };
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_cursor purposes;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &purposes));
    ASSAY_TRY(assay_asn1_end(&in));
    c->has_extended_key_usage = true;
    while (assay_cursor_left(&purposes) > 0) {
        struct assay_asn1 oid;
        ASSAY_TRY(assay_asn1_take(&purposes, ASSAY_ASN1_OID, &oid));
        if (assay_asn1_is_oid(&oid, tcg_ek, sizeof tcg_ek))
            c->extended_key_usage |= ASSAY_EKU_TCG_EK;
        else if (assay_asn1_is_oid(&oid, tcg_ak, sizeof tcg_ak))
            c->extended_key_usage |= ASSAY_EKU_TCG_AK;
        else if (assay_asn1_is_oid(&oid, ocsp, sizeof ocsp))
            c->extended_key_usage |= ASSAY_EKU_OCSP_SIGNING;
        else if (assay_asn1_is_oid(&oid, any, sizeof any)) c->extended_key_usage |= ASSAY_EKU_ANY;
        else c->extended_key_usage |= ASSAY_EKU_OTHER;
    }
    return ASSAY_OK;
}

static enum assay_status read_subject_key_id(struct assay_slice value, struct assay_certificate *c)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 id;
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_OCTET_STRING, &id));
    ASSAY_TRY(assay_asn1_end(&in));
    return assay_x509_key_id(id.content, &c->has_subject_key_id, c->subject_key_id);
}

/* The names of an EK's TPM stand here, critical where the subject is empty (TCG EK Credential
 * Profile 3.2.9). They are only looked through: no rule depends on them. */
static enum assay_status skip_alternative_names(struct assay_slice value)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_cursor names;
    struct assay_asn1 name;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &names));
    while (assay_cursor_left(&names) > 0) ASSAY_TRY(assay_asn1_next(&names, &name));
    return assay_asn1_end(&in);
}

static enum assay_status read_extension(const struct assay_x509_extension *extension, void *owner)
{
    struct owner *const o = owner;
    ASSAY_ASSERT(o != NULL && o->c != NULL);
    struct assay_certificate *const c = o->c;
    const struct assay_slice oid = extension->oid;
    const struct assay_slice value = extension->value;
    if (assay_x509_is_ce(oid, CE_BASIC_CONSTRAINTS)) return read_basic_constraints(value, c);
    if (assay_x509_is_ce(oid, CE_KEY_USAGE)) return read_key_usage(value, c);
    if (assay_x509_is_ce(oid, CE_EXTENDED_KEY_USAGE)) return read_extended_key_usage(value, c);
    if (assay_x509_is_ce(oid, CE_SUBJECT_KEY_ID)) return read_subject_key_id(value, c);
    if (assay_x509_is_ce(oid, CE_SUBJECT_ALT_NAME)) return skip_alternative_names(value);
    if (assay_x509_is_ce(oid, CE_AUTHORITY_KEY_ID))
        return assay_x509_authority_key_id(value, &c->has_authority_key_id, c->authority_key_id);
    if (assay_x509_is_sgx(oid)) {
        c->has_pck = true;
        return assay_x509_sgx(value, &c->pck);
    }
    if (assay_x509_is_amd(oid)) {
        c->has_vek = true;
        return assay_x509_amd(oid, value, &c->vek, &o->amd_seen);
    }
    if (assay_x509_is_gce(oid)) {
        c->has_gce = true;
        return assay_x509_gce(value, &c->gce);
    }
    if (assay_x509_is_dice(oid)) return assay_x509_dice(oid, value, &c->has_fwid, c->fwid);
    if (extension->critical) c->has_unknown_critical = true;
    return ASSAY_OK;
}

/* --- the certificate */
/* [0] EXPLICIT INTEGER DEFAULT v1. Out: 0 for v1, 2 for v3 */
static enum assay_status read_version(struct assay_cursor *in, uint32_t *version)
{
    struct assay_cursor inside;
    *version = 0;
    if (!assay_asn1_peek(in, ASSAY_ASN1_CONTEXT_0)) return ASSAY_OK;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_0, &inside));
    ASSAY_TRY(assay_asn1_number(&inside, ASSAY_ASN1_INTEGER, 2, version));
    ASSAY_ASSERT(*version <= 2);
    return assay_asn1_end(&inside);
}

static enum assay_status read_validity(struct assay_cursor *in, struct assay_certificate *c)
{
    struct assay_cursor inside;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_time(&inside, &c->not_before_s));
    ASSAY_TRY(assay_asn1_time(&inside, &c->not_after_s));
    return assay_asn1_end(&inside);
}

/* RFC 5280 4.1.2.9: extensions, only in version 3. Unique identifiers are not supported:
 * endorsements of evidence do not have them, and RFC 5280 4.1.2.8 forbids them. */
static enum assay_status read_tbs_extensions(struct assay_cursor *in, uint32_t version,
                                             struct assay_certificate *c)
{
    struct assay_cursor inside;
    struct owner owner = { .c = c };
    if (assay_cursor_left(in) == 0) return ASSAY_OK;
    if (version != 2) return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_3, &inside));
    ASSAY_TRY(assay_x509_extensions(&inside, read_extension, &owner));
    ASSAY_TRY(assay_asn1_end(&inside));
    ASSAY_TRY(assay_asn1_end(in));
    return c->has_vek && !assay_x509_amd_complete(owner.amd_seen) ? ASSAY_E_NOT_FOUND : ASSAY_OK;
}

/* Out: the signature's algorithm as it stands inside */
static enum assay_status read_tbs(struct assay_slice content, struct assay_slice *algorithm,
                                  struct assay_certificate *c)
{
    struct assay_cursor in = assay_asn1_over(content);
    struct assay_asn1 element;
    uint32_t version = 0;
    ASSAY_TRY(read_version(&in, &version));
    ASSAY_TRY(assay_asn1_padded(&in, c->serial, sizeof c->serial));
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &element));
    *algorithm = element.whole;
    ASSAY_TRY(assay_x509_name(&in, &c->issuer, c->issuer_name));
    ASSAY_TRY(read_validity(&in, c));
    ASSAY_TRY(assay_x509_name(&in, &c->subject, c->subject_name));
    ASSAY_TRY(assay_x509_spki(&in, &c->key, c->key_name));
    return read_tbs_extensions(&in, version, c);
}

static enum assay_status read_certificate(const struct assay_asn1 *outer,
                                          struct assay_certificate *c)
{
    struct assay_cursor in = assay_asn1_over(outer->content);
    struct assay_slice inner_algorithm;
    struct assay_asn1 tbs;
    struct assay_asn1 algorithm;
    enum assay_signature_alg alg = ASSAY_SIGNATURE_NONE;
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &tbs));
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(read_tbs(tbs.content, &inner_algorithm, c));
    /* RFC 5280 4.1.1.2: the algorithm outside is the one inside. */
    if (!assay_slice_equal(algorithm.whole, inner_algorithm)) return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_x509_algorithm(algorithm.whole, &alg));
    ASSAY_TRY(assay_x509_signature(&in, alg, &c->signature));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_ASSERT(alg != ASSAY_SIGNATURE_NONE && c->signature.alg == alg);
    assay_signature_digest(alg, tbs.whole.bytes, tbs.whole.len, c->tbs_digest);
    assay_sha256(outer->whole.bytes, outer->whole.len, c->digest);
    return ASSAY_OK;
}

enum assay_status assay_x509_certificate(const uint8_t *der, size_t len,
                                         struct assay_certificate *out)
{
    ASSAY_ASSERT(der != NULL);
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_CERT_DER_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(der, len);
    struct assay_asn1 outer;
    struct assay_certificate c = { 0 };
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &outer));
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    ASSAY_ASSERT(outer.whole.len == len);
    ASSAY_TRY(read_certificate(&outer, &c));
    ASSAY_ASSERT(c.key.type != ASSAY_KEY_NONE);
    ASSAY_ASSERT(c.issuer.len > 0 && c.subject.len > 0);
    *out = c;
    return ASSAY_OK;
}
