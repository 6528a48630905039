/*
 * quote/x509/svid_parts.c - parser of names, key ids and standing of certificates that a network
 * signs (docs/identity.md 5.1 to 5.4).
 */
#include "quote/x509/svid_parts.h"

#include "base/dns_name.h"

enum { NAME_DNS = 0x82, NAME_URI = 0x86, SUBTREES_PERMITTED = 0xa0 }; /* RFC 5280 4.2.1.6 */
enum { X520_COMMON_NAME = 3, X520_ORGANIZATION = 10, X520_UNIT = 11 };

/* --- texts */
static struct assay_slice text_of(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len += 1;
    return assay_slice_over(text, len);
}

/* Takes `front` off the text. Returns: false when it does not begin so; the text is untouched. */
static bool take_front(struct assay_slice *text, struct assay_slice front)
{
    if (text->len < front.len || !assay_bytes_equal(text->bytes, front.bytes, front.len))
        return false;
    *text = assay_slice_over(text->bytes + front.len, text->len - front.len);
    return true;
}

static bool take_text(struct assay_slice *text, const char *front)
{
    return take_front(text, text_of(front));
}

/* Takes off what stands before the next slash, or all. */
static struct assay_slice take_segment(struct assay_slice *text)
{
    size_t len = 0;
    while (len < text->len && text->bytes[len] != '/')
        len += 1;
    const struct assay_slice segment = assay_slice_over(text->bytes, len);
    *text = assay_slice_over(text->bytes + len, text->len - len);
    return segment;
}

bool assay_x509_is_node_text(struct assay_slice text, const uint8_t node_id[static 32])
{
    unsigned window = 0, bits = 0;
    size_t at = 0;
    if (text.len != ASSAY_SVID_NODE_LEN) return false;
    for (size_t i = 0; i < text.len; i++) { /* RFC 4648 6 in lower case */
        const uint8_t c = text.bytes[i];
        if (c >= 'a' && c <= 'z') window = window << 5 | (unsigned)(c - 'a');
        else if (c >= '2' && c <= '7') window = window << 5 | (unsigned)(c - '2' + 26);
        else return false;
        bits += 5;
        if (bits < 8) continue;
        bits -= 8;
        ASSAY_ASSERT(at < 32); /* 52 digits have 260 bits */
        if ((uint8_t)(window >> bits) != node_id[at]) return false;
        at += 1;
        window &= (1u << bits) - 1;
    }
    ASSAY_ASSERT(at == 32);
    return window == 0; /* bits that pad are zero */
}

bool assay_x509_spiffe_id(struct assay_slice uri, struct assay_spiffe_id *out)
{
    struct assay_slice rest = uri;
    *out = (struct assay_spiffe_id){ .name = { NULL, 0 } };
    if (!take_text(&rest, "spiffe://")) return false;
    out->domain = take_segment(&rest);
    if (!assay_dns_is_name(out->domain, ASSAY_SVID_DOMAIN_MAX)) return false;
    if (take_text(&rest, "/node/")) {
        out->node = take_segment(&rest);
        if (out->node.len != ASSAY_SVID_NODE_LEN || !take_text(&rest, "/")) return false;
    } else if (!take_text(&rest, "/svc/")) {
        return false;
    }
    out->name = rest;
    /* docs/identity.md 5.3: one label, neither `node` nor `svc` */
    return assay_dns_is_label(rest) && !assay_slice_equal(rest, text_of("node")) &&
           !assay_slice_equal(rest, text_of("svc"));
}

enum assay_status assay_x509_standing(struct assay_slice text, uint32_t *standing)
{
    static const char *const names[] = { "FULL", "WARNING", "RESTRICTED", "SUSPENDED" };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (assay_slice_equal(text, text_of(names[i]))) {
            *standing = i;
            return ASSAY_OK;
        }
    return ASSAY_E_INVALID;
}

/* --- distinguished names: O=<trust domain>, [OU=INSECURE,] CN */
struct name {
    struct assay_slice whole, domain, common;
    bool is_insecure;
};

static enum assay_status take_attribute(struct assay_cursor *in, uint8_t type,
                                        struct assay_slice *text)
{
    const uint8_t oid[] = { 0x55, 0x04, type };
    struct assay_cursor set, pair;
    struct assay_asn1 found, value;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SET, &set));
    ASSAY_TRY(assay_asn1_open(&set, ASSAY_ASN1_SEQUENCE, &pair));
    ASSAY_TRY(assay_asn1_end(&set));
    ASSAY_TRY(assay_asn1_next(&pair, &found));
    ASSAY_TRY(assay_asn1_take(&pair, ASSAY_ASN1_UTF8_STRING, &value));
    if (!assay_asn1_is_oid(&found, oid, sizeof oid)) return ASSAY_E_SYNTAX;
    *text = value.content;
    return assay_asn1_end(&pair);
}

static enum assay_status read_attributes(struct assay_cursor *in, struct name *name)
{
    struct assay_cursor ahead;
    struct assay_slice unit;
    ASSAY_TRY(take_attribute(in, X520_ORGANIZATION, &name->domain));
    ahead = *in;
    if (take_attribute(&ahead, X520_UNIT, &unit) == ASSAY_OK) {
        if (!assay_slice_equal(unit, text_of("INSECURE"))) return ASSAY_E_SYNTAX;
        name->is_insecure = true;
        *in = ahead;
    }
    ASSAY_TRY(take_attribute(in, X520_COMMON_NAME, &name->common));
    ASSAY_TRY(assay_asn1_end(in));
    return assay_dns_is_name(name->domain, ASSAY_SVID_DOMAIN_MAX) ? ASSAY_OK : ASSAY_E_SYNTAX;
}

static enum assay_status read_name(struct assay_svid_reader *r, struct assay_cursor *in,
                                   struct name *name)
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_SEQUENCE, &element));
    *name = (struct name){ .whole = element.whole };
    struct assay_cursor inside = assay_asn1_over(element.content);
    return assay_svid_expect(r, read_attributes(&inside, name) == ASSAY_OK, ASSAY_E_INVALID,
                             "issuer or subject: expected O=<trust domain>, then OU=INSECURE where "
                             "it applies, then CN");
}

/* "Assay CA 3f2a91c07d5be816 1": the chain in lower case, a number without leading zeros. */
static bool read_ca_name(struct assay_slice text, uint8_t chain[ASSAY_SVID_CHAIN_PREFIX_LEN],
                         uint32_t *number)
{
    enum { DIGITS = 2 * ASSAY_SVID_CHAIN_PREFIX_LEN };
    uint64_t value = 0;
    if (!take_text(&text, "Assay CA ") || text.len < DIGITS + 2 || text.len > DIGITS + 11)
        return false;
    for (size_t i = 0; i < DIGITS; i++)
        if (text.bytes[i] >= 'A' && text.bytes[i] <= 'F') return false;
    if (assay_hex_decode((const char *)text.bytes, DIGITS, chain, ASSAY_SVID_CHAIN_PREFIX_LEN) !=
        ASSAY_OK)
        return false;
    if (text.bytes[DIGITS] != ' ' || text.bytes[DIGITS + 1] == '0') return false;
    for (size_t i = DIGITS + 1; i < text.len; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9') return false;
        value = value * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    *number = (uint32_t)value;
    return value <= UINT32_MAX;
}

enum assay_status assay_svid_read_issuer(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct name name;
    ASSAY_TRY(read_name(r, in, &name));
    r->out->issuer = name.whole;
    return assay_svid_expect(
        r, read_ca_name(name.common, r->out->issuer_chain, &r->out->issuer_number), ASSAY_E_INVALID,
        "issuer: expected CN=Assay CA <chain> <number>");
}

enum assay_status assay_svid_read_subject(struct assay_svid_reader *r, struct assay_cursor *in)
{
    struct name name;
    ASSAY_TRY(read_name(r, in, &name));
    r->out->subject = name.whole;
    r->out->domain = name.domain;
    r->out->is_insecure = name.is_insecure;
    r->common_name = name.common;
    if (r->form == ASSAY_SVID_LEAF) return ASSAY_OK; /* its CN is compared with its URI */
    return assay_svid_expect(r, read_ca_name(name.common, r->out->chain, &r->out->number),
                             ASSAY_E_INVALID, "subject: expected CN=Assay CA <chain> <number>");
}

/* --- key ids (RFC 7093 2, method 1) */
enum assay_status assay_svid_read_key_ids(struct assay_svid_reader *r)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    struct assay_cursor in = assay_asn1_over(r->value[SVID_SUBJECT_KEY_ID]), inside;
    struct assay_asn1 id;
    assay_sha256(r->key_bits.bytes, r->key_bits.len, digest);
    assay_bytes_copy(r->out->key_id, sizeof r->out->key_id, digest, ASSAY_KEY_ID_LEN);
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_OCTET_STRING, &id));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_svid_expect(
        r, assay_slice_equal(id.content, assay_slice_over(digest, ASSAY_KEY_ID_LEN)),
        ASSAY_E_INVALID, "subjectKeyIdentifier: not that of the key"));
    if (!r->has[SVID_AUTHORITY_KEY_ID]) return ASSAY_OK;
    in = assay_asn1_over(r->value[SVID_AUTHORITY_KEY_ID]);
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_KEY_ID, &id));
    ASSAY_TRY(assay_asn1_end(&inside));
    ASSAY_TRY(assay_svid_expect(r, id.content.len == ASSAY_KEY_ID_LEN, ASSAY_E_INVALID,
                                "authorityKeyIdentifier: expected 20 bytes"));
    r->out->has_authority_key_id = true;
    assay_bytes_copy(r->out->authority_key_id, ASSAY_KEY_ID_LEN, id.content.bytes,
                     ASSAY_KEY_ID_LEN);
    return ASSAY_OK;
}

/* --- alternative names and their constraints */
static enum assay_status take_name(struct assay_cursor *in, uint8_t tag, struct assay_slice *text)
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_next(in, &element));
    *text = element.content;
    return element.tag == tag ? ASSAY_OK : ASSAY_E_INVALID;
}

/* URI spiffe://DOMAIN, and permitted DNS names below DOMAIN alone. */
static enum assay_status read_ca_names(struct assay_svid_reader *r)
{
    struct assay_cursor in = assay_asn1_over(r->value[SVID_NAMES]), names, permitted, subtree;
    struct assay_slice uri, domain;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &names));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(take_name(&names, NAME_URI, &uri));
    ASSAY_TRY(assay_asn1_end(&names));
    if (!take_text(&uri, "spiffe://") || !assay_slice_equal(uri, r->out->domain))
        return ASSAY_E_INVALID;
    in = assay_asn1_over(r->value[SVID_NAME_CONSTRAINTS]);
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &names));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(assay_asn1_open(&names, (enum assay_asn1_tag)SUBTREES_PERMITTED, &permitted));
    ASSAY_TRY(assay_asn1_end(&names));
    ASSAY_TRY(assay_asn1_open(&permitted, ASSAY_ASN1_SEQUENCE, &subtree));
    ASSAY_TRY(assay_asn1_end(&permitted));
    ASSAY_TRY(take_name(&subtree, NAME_DNS, &domain));
    ASSAY_TRY(assay_asn1_end(&subtree));
    return assay_slice_equal(domain, r->out->domain) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* NAME.DOMAIN of a granted service, and NAME.ID.node.DOMAIN (docs/identity.md 5.3). */
static bool is_dns_name(const struct assay_x509_svid *out, struct assay_slice dns, bool is_of_node)
{
    if (!take_front(&dns, out->id.name) || !take_text(&dns, ".")) return false;
    if (is_of_node) {
        if (dns.len < ASSAY_SVID_NODE_LEN ||
            !assay_x509_is_node_text(assay_slice_over(dns.bytes, ASSAY_SVID_NODE_LEN),
                                     out->state.node_id))
            return false;
        dns = assay_slice_over(dns.bytes + ASSAY_SVID_NODE_LEN, dns.len - ASSAY_SVID_NODE_LEN);
        if (!take_text(&dns, ".node.")) return false;
    }
    return assay_slice_equal(dns, out->domain);
}

/* In: the standing, which has the node id. */
static enum assay_status read_leaf_names(struct assay_svid_reader *r)
{
    enum { NAMES_MAX = 2 };
    struct assay_x509_svid *const out = r->out;
    struct assay_cursor in = assay_asn1_over(r->value[SVID_NAMES]), names;
    struct assay_slice dns[NAMES_MAX];
    size_t count = 0;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &names));
    ASSAY_TRY(assay_asn1_end(&in));
    while (count < NAMES_MAX && assay_asn1_peek(&names, (enum assay_asn1_tag)NAME_DNS))
        ASSAY_TRY(take_name(&names, NAME_DNS, &dns[count++]));
    ASSAY_TRY(take_name(&names, NAME_URI, &out->uri));
    ASSAY_TRY(assay_asn1_end(&names));
    if (!assay_x509_spiffe_id(out->uri, &out->id)) return ASSAY_E_INVALID;
    const bool is_service = out->id.node.len == 0;
    if (!assay_slice_equal(out->id.domain, out->domain)) return ASSAY_E_INVALID;
    if (count != (is_service ? 2u : 1u)) return ASSAY_E_INVALID;
    if (is_service && !is_dns_name(out, dns[0], false)) return ASSAY_E_INVALID;
    if (!is_dns_name(out, dns[count - 1], true)) return ASSAY_E_INVALID;
    if (is_service)
        return assay_slice_equal(r->common_name, out->id.name) ? ASSAY_OK : ASSAY_E_INVALID;
    if (!assay_x509_is_node_text(out->id.node, out->state.node_id)) return ASSAY_E_INVALID;
    return assay_slice_equal(r->common_name, out->id.node) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_svid_read_names(struct assay_svid_reader *r)
{
    if (r->form == ASSAY_SVID_CA)
        return assay_svid_expect(
            r, read_ca_names(r) == ASSAY_OK, ASSAY_E_INVALID,
            "subjectAltName or nameConstraints: not those of the trust domain");
    return assay_svid_expect(r, read_leaf_names(r) == ASSAY_OK, ASSAY_E_INVALID,
                             "subject or subjectAltName: not the names of this key, member and "
                             "trust domain");
}

/* --- standing (docs/identity.md 5.4) */
static enum assay_status take_u64(struct assay_cursor *in, uint64_t *value)
{
    uint8_t bytes[8];
    ASSAY_TRY(assay_asn1_padded(in, bytes, sizeof bytes));
    struct assay_cursor number = assay_cursor_over(bytes, sizeof bytes);
    return assay_cursor_u64be(&number, value);
}

static enum assay_status take_digest(struct assay_cursor *in, uint8_t out[static 32])
{
    struct assay_asn1 element;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_OCTET_STRING, &element));
    if (element.content.len != 32) return ASSAY_E_SYNTAX;
    assay_bytes_copy(out, 32, element.content.bytes, 32);
    return ASSAY_OK;
}

static enum assay_status take_number(struct assay_cursor *in, uint32_t max, uint32_t *value)
{
    return assay_asn1_number(in, ASSAY_ASN1_INTEGER, max, value);
}

static enum assay_status read_state(struct assay_cursor *in, struct assay_svid_state *state)
{
    struct assay_asn1 standing;
    ASSAY_TRY(take_digest(in, state->chain_id));
    ASSAY_TRY(take_u64(in, &state->era));
    ASSAY_TRY(take_u64(in, &state->epoch));
    ASSAY_TRY(take_digest(in, state->block_id));
    ASSAY_TRY(take_digest(in, state->node_id));
    ASSAY_TRY(take_number(in, UINT32_MAX, &state->incarnation));
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_UTF8_STRING, &standing));
    ASSAY_TRY(assay_x509_standing(standing.content, &state->standing));
    ASSAY_TRY(take_number(in, 10000, &state->score_bp));
    ASSAY_TRY(take_number(in, UINT32_MAX, &state->evidence_kind));
    ASSAY_TRY(take_digest(in, state->entry_digest));
    ASSAY_TRY(take_digest(in, state->proof_digest));
    return assay_asn1_end(in);
}

enum assay_status assay_svid_read_standing(struct assay_svid_reader *r)
{
    struct assay_cursor in = assay_asn1_over(r->value[SVID_STANDING]), inside;
    uint32_t version = 0;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_end(&in));
    ASSAY_TRY(take_number(&inside, UINT32_MAX, &version));
    ASSAY_TRY(assay_svid_expect(r, version == 1, ASSAY_E_UNSUPPORTED,
                                "standing: of another version than 1"));
    return assay_svid_expect(r, read_state(&inside, &r->out->state) == ASSAY_OK, ASSAY_E_INVALID,
                             "standing: not as version 1 describes it");
}
