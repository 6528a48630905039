/*
 * quote/x509/svid.c - parser of certificates that a network signs for its members' keys
 * (docs/identity.md 5.1 to 5.5): one profile, and nothing but it.
 *
 * Certificates of vendors are read by certificate.c, which knows no Ed25519; none of these is one
 * of those.
 */
#include "quote/x509/svid_parts.h"

/* docs/identity.md 5.1: two years, and of a leaf 5 minutes to a day. */
enum { CA_VALIDITY_S = 2 * 365 * 86400, VALIDITY_S_MIN = 300, VALIDITY_S_MAX = 86400 };

static const uint8_t ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 }; /* RFC 8410 3 */

enum assay_status assay_svid_expect(struct assay_svid_reader *r, bool holds,
                                    enum assay_status status, const char *why)
{
    if (holds) return ASSAY_OK;
    r->why = why;
    return status;
}

/* --- extensions */
enum { MUST = 1, MAY = 2, NOT = 3 };

struct rule {
    uint8_t presence[2]; /* by enum assay_svid_form */
    bool is_critical;
    uint8_t len[2]; /* of the exact value; 0: it is looked at elsewhere */
    const uint8_t *value[2];
    const char *why;
};

static const uint8_t cross_constraints[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 };
static const uint8_t ca_constraints[] = { 0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x01 };
static const uint8_t leaf_constraints[] = { 0x30, 0x00 };
static const uint8_t ca_usage[] = { 0x03, 0x02, 0x02, 0x04 };
static const uint8_t leaf_usage[] = { 0x03, 0x02, 0x07, 0x80 };
static const uint8_t leaf_purposes[] = { 0x30, 0x14, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05,
                                         0x05, 0x07, 0x03, 0x01, 0x06, 0x08, 0x2b, 0x06,
                                         0x01, 0x05, 0x05, 0x07, 0x03, 0x02 };

static const struct rule rules[SVID_EXTENSIONS] = {
    [SVID_AUTHORITY_KEY_ID] = { .presence = { MAY, MUST },
                                .why = "authorityKeyIdentifier: a leaf has one, not critical" },
    [SVID_SUBJECT_KEY_ID] = { .presence = { MUST, MUST },
                              .why = "subjectKeyIdentifier: expected one, not critical" },
    [SVID_KEY_USAGE] = { .presence = { MUST, MUST },
                         .is_critical = true,
                         .len = { sizeof ca_usage, sizeof leaf_usage },
                         .value = { ca_usage, leaf_usage },
                         .why = "keyUsage: expected critical, keyCertSign alone of a CA, "
                                "digitalSignature alone of a leaf" },
    [SVID_CONSTRAINTS] = { .presence = { MUST, MUST },
                           .is_critical = true,
                           .len = { sizeof ca_constraints, sizeof leaf_constraints },
                           .value = { ca_constraints, leaf_constraints },
                           .why =
                               "basicConstraints: expected critical, of a CA path length 1, or 0 "
                               "if another one signed it, no CA of a leaf" },
    [SVID_PURPOSES] = { .presence = { NOT, MUST },
                        .len = { 0, sizeof leaf_purposes },
                        .value = { NULL, leaf_purposes },
                        .why = "extKeyUsage: expected serverAuth and clientAuth of a leaf alone" },
    [SVID_NAMES] = { .presence = { MUST, MUST },
                     .why = "subjectAltName: expected one, not critical" },
    [SVID_NAME_CONSTRAINTS] = { .presence = { MUST, NOT },
                                .is_critical = true,
                                .why = "nameConstraints: expected critical, of a CA alone" },
    [SVID_STANDING] = { .presence = { NOT, MUST },
                        .why = "standing: expected of a leaf alone, not critical" },
};

static enum assay_status keep_extension(const struct assay_x509_extension *extension, void *owner)
{
    static const struct {
        uint8_t len, oid[10];
    } known[SVID_EXTENSIONS] = {
        [SVID_AUTHORITY_KEY_ID] = { 3, { 0x55, 0x1d, 0x23 } },
        [SVID_SUBJECT_KEY_ID] = { 3, { 0x55, 0x1d, 0x0e } },
        [SVID_KEY_USAGE] = { 3, { 0x55, 0x1d, 0x0f } },
        [SVID_CONSTRAINTS] = { 3, { 0x55, 0x1d, 0x13 } },
        [SVID_PURPOSES] = { 3, { 0x55, 0x1d, 0x25 } },
        [SVID_NAMES] = { 3, { 0x55, 0x1d, 0x11 } },
        [SVID_NAME_CONSTRAINTS] = { 3, { 0x55, 0x1d, 0x1e } },
        [SVID_STANDING] = { 10, { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x11, 0x01 } },
    };
    struct assay_svid_reader *const r = owner;
    for (size_t i = 0; i < SVID_EXTENSIONS; i++) {
        if (!assay_slice_equal(extension->oid, assay_slice_over(known[i].oid, known[i].len)))
            continue;
        r->has[i] = true;
        r->is_critical[i] = extension->critical;
        r->value[i] = extension->value;
        return ASSAY_OK;
    }
    /* RFC 5280 4.2: a critical extension that is not recognized makes a certificate unusable */
    return assay_svid_expect(r, !extension->critical, ASSAY_E_UNSUPPORTED,
                             "a critical extension is not known");
}

static enum assay_status check_extension(struct assay_svid_reader *r, size_t i)
{
    const struct rule *const rule = &rules[i];
    const uint8_t presence = rule->presence[r->form];
    bool holds = r->has[i] ? presence != NOT : presence != MUST;
    if (r->has[i] && r->is_critical[i] != rule->is_critical) holds = false;
    const bool is_cross = i == SVID_CONSTRAINTS && r->form == ASSAY_SVID_CA &&
                          !assay_slice_equal(r->out->issuer, r->out->subject);
    if (holds && r->has[i] && rule->len[r->form] > 0)
        holds = assay_slice_equal(
            r->value[i], assay_slice_over(is_cross ? cross_constraints : rule->value[r->form],
                                          rule->len[r->form]));
    return assay_svid_expect(r, holds, ASSAY_E_INVALID, rule->why);
}

static enum assay_status read_extensions(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct assay_cursor inside;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_3, &inside));
    const enum assay_status status = assay_x509_extensions(&inside, keep_extension, r);
    if (status == ASSAY_E_DUPLICATE) r->why = "an extension is there twice";
    ASSAY_TRY(status);
    ASSAY_TRY(assay_asn1_end(&inside));
    ASSAY_TRY(assay_asn1_end(in));
    for (size_t i = 0; i < SVID_EXTENSIONS; i++)
        ASSAY_TRY(check_extension(r, i));
    ASSAY_TRY(assay_svid_read_key_ids(r));
    if (r->form == ASSAY_SVID_LEAF) ASSAY_TRY(assay_svid_read_standing(r));
    r->out->names = r->value[SVID_NAMES];
    r->out->standing = r->value[SVID_STANDING];
    return assay_svid_read_names(r);
}

/* --- TBSCertificate */
static enum assay_status read_algorithm(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_SEQUENCE, &element));
    return assay_svid_expect(
        r, assay_slice_equal(element.whole, assay_slice_over(ed25519, sizeof ed25519)),
        ASSAY_E_UNSUPPORTED, "signed with another algorithm than Ed25519");
}

static enum assay_status read_version(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct assay_cursor inside;
    uint32_t version = 0;
    if (!assay_asn1_peek(in, ASSAY_ASN1_CONTEXT_0))
        return assay_svid_expect(r, false, ASSAY_E_UNSUPPORTED, "of another version than 3");
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_CONTEXT_0, &inside));
    ASSAY_TRY(assay_asn1_number(&inside, ASSAY_ASN1_INTEGER, UINT32_MAX, &version));
    ASSAY_TRY(assay_asn1_end(&inside));
    return assay_svid_expect(r, version == 2, ASSAY_E_UNSUPPORTED, "of another version than 3");
}

/* docs/identity.md 5.5: 16 bytes, the first & 0x3f | 0x40. */
static enum assay_status read_serial(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct assay_slice magnitude;
    ASSAY_TRY(assay_asn1_unsigned(in, &magnitude));
    ASSAY_TRY(assay_svid_expect(
        r, magnitude.len == ASSAY_SVID_SERIAL_LEN && (magnitude.bytes[0] & 0xc0) == 0x40,
        ASSAY_E_INVALID, "serialNumber: expected 16 bytes"));
    assay_bytes_copy(r->out->serial, sizeof r->out->serial, magnitude.bytes, magnitude.len);
    return ASSAY_OK;
}

static enum assay_status read_validity(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct assay_cursor inside;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_time(&inside, &r->out->not_before_s));
    ASSAY_TRY(assay_asn1_time(&inside, &r->out->not_after_s));
    ASSAY_TRY(assay_asn1_end(&inside));
    const int64_t validity_s = r->out->not_after_s - r->out->not_before_s - ASSAY_SVID_EARLY_S;
    const bool holds = r->form == ASSAY_SVID_CA
                           ? validity_s == CA_VALIDITY_S
                           : validity_s >= VALIDITY_S_MIN && validity_s <= VALIDITY_S_MAX;
    return assay_svid_expect(r, holds, ASSAY_E_INVALID,
                             "validity: expected two years of a CA, 5 minutes to a day of a leaf");
}

/* Ed25519 by RFC 8410 4; of a leaf P-256 and P-384 as well. */
static enum assay_status read_key(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct assay_cursor whole = *in, inside;
    struct assay_asn1 spki, algorithm;
    struct assay_key key = { .type = ASSAY_KEY_NONE };
    uint8_t name[ASSAY_SHA256_LEN];
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_SEQUENCE, &spki));
    inside = assay_asn1_over(spki.content);
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_SEQUENCE, &algorithm));
    ASSAY_TRY(assay_asn1_bits(&inside, &r->key_bits));
    ASSAY_TRY(assay_asn1_end(&inside));
    r->out->spki = spki.whole;
    if (assay_slice_equal(algorithm.whole, assay_slice_over(ed25519, sizeof ed25519))) {
        ASSAY_TRY(assay_svid_expect(r, r->key_bits.len == ASSAY_ED25519_PUBLIC_LEN, ASSAY_E_INVALID,
                                    "subjectPublicKey: expected 32 bytes"));
        assay_bytes_copy(r->out->public_key, sizeof r->out->public_key, r->key_bits.bytes,
                         r->key_bits.len);
        return ASSAY_OK;
    }
    const bool is_known = r->form == ASSAY_SVID_LEAF &&
                          assay_x509_spki(&whole, &key, name) == ASSAY_OK &&
                          key.type != ASSAY_KEY_RSA;
    return assay_svid_expect(r, is_known, ASSAY_E_INVALID,
                             "subjectPublicKey: expected Ed25519, or of a leaf P-256 or P-384");
}

static enum assay_status read_tbs(struct assay_svid_reader *r, struct assay_slice content)
{
    struct assay_cursor in = assay_asn1_over(content);
    ASSAY_TRY(read_version(r, &in));
    ASSAY_TRY(read_serial(r, &in));
    ASSAY_TRY(read_algorithm(r, &in));
    ASSAY_TRY(assay_svid_read_issuer(r, &in));
    ASSAY_TRY(read_validity(r, &in));
    ASSAY_TRY(assay_svid_read_subject(r, &in));
    ASSAY_TRY(read_key(r, &in));
    return read_extensions(r, &in);
}

static enum assay_status read_certificate(struct assay_svid_reader *r, struct assay_slice der)
{
    struct assay_cursor in = assay_asn1_over(der), inside;
    struct assay_asn1 tbs;
    struct assay_slice bits;
    if (der.len > ASSAY_SVID_DER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    if (assay_cursor_left(&in) > 0) return ASSAY_E_TRAILING;
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_SEQUENCE, &tbs));
    /* RFC 5280 4.1.1.2: the algorithm outside is the one inside */
    ASSAY_TRY(read_algorithm(r, &inside));
    ASSAY_TRY(assay_asn1_bits(&inside, &bits));
    ASSAY_TRY(assay_asn1_end(&inside));
    ASSAY_TRY(assay_svid_expect(r, bits.len == ASSAY_ED25519_SIGNATURE_LEN, ASSAY_E_SYNTAX,
                                "signature: expected 64 bytes"));
    assay_bytes_copy(r->out->signature, sizeof r->out->signature, bits.bytes, bits.len);
    r->out->tbs = tbs.whole;
    return read_tbs(r, tbs.content);
}

enum assay_status assay_x509_svid(struct assay_slice der, enum assay_svid_form form,
                                  struct assay_x509_svid *out, const char **why)
{
    struct assay_svid_reader r = { .form = form, .out = out };
    ASSAY_ASSERT(out != NULL && why != NULL && form <= ASSAY_SVID_LEAF);
    *out = (struct assay_x509_svid){ .is_insecure = false };
    const enum assay_status status = read_certificate(&r, der);
    *why = status == ASSAY_OK ? NULL : r.why != NULL ? r.why : "no certificate in strict DER";
    return status;
}
