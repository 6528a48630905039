/*
 * quote/x509/parts.c - parsers of names, extensions and key ids (RFC 5280 4.1.2.4, 4.2).
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

static const uint8_t oid_common_name[] = { 0x55, 0x04, 0x03 };

/* --- names */
/* For display only: unprintable characters become '?', long names are cut. */
static void keep_text(struct assay_slice text, char out[ASSAY_COMMON_NAME_MAX])
{
    size_t used = 0;
    for (; used < text.len && used < ASSAY_COMMON_NAME_MAX - 1; used++) {
        const uint8_t c = text.bytes[used];
        out[used] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
    }
    ASSAY_ASSERT(used < ASSAY_COMMON_NAME_MAX);
    out[used] = '\0';
}

/* The length of the UTF-8 character at *text and its lead byte's bits; 0: none starts like that. */
static size_t get_utf8_len(uint8_t first, uint32_t *code)
{
    if (first < 0x80) *code = first;
    else if (first >= 0xc2 && first < 0xe0) *code = first & 0x1f;
    else if (first >= 0xe0 && first < 0xf0) *code = first & 0x0f;
    else if (first >= 0xf0 && first < 0xf5) *code = first & 0x07;
    else return 0;
    if (first < 0x80) return 1;
    if (first < 0xe0) return 2;
    return first < 0xf0 ? 3 : 4;
}

/* RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(struct assay_slice text)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t len = 0;
    for (size_t at = 0; at < text.len; at += len) {
        uint32_t code = 0;
        len = get_utf8_len(text.bytes[at], &code);
        if (len == 0 || len > text.len - at) return false;
        for (size_t i = 1; i < len; i++) {
            if ((text.bytes[at + i] & 0xc0) != 0x80) return false;
            code = code << 6 | (text.bytes[at + i] & 0x3f);
        }
        if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return false;
    }
    return true;
}

/* DirectoryString (RFC 5280 4.1.2.4) and the strings of older attributes. */
static bool is_text(const struct assay_asn1 *value)
{
    switch (value->tag) {
    case ASSAY_ASN1_UTF8_STRING: return is_utf8(value->content);
    case ASSAY_ASN1_BMP_STRING: return value->content.len % 2 == 0;
    case ASSAY_ASN1_UNIVERSAL_STRING: return value->content.len % 4 == 0;
    case ASSAY_ASN1_PRINTABLE_STRING:
    case ASSAY_ASN1_NUMERIC_STRING:
    case ASSAY_ASN1_TELETEX_STRING:
    case ASSAY_ASN1_IA5_STRING: return true;
    }
    return false;
}

/* AttributeTypeAndValue: an OID and a string. */
static enum assay_status read_attribute(struct assay_cursor *in,
                                        char common_name[ASSAY_COMMON_NAME_MAX])
{
    struct assay_cursor pair;
    struct assay_asn1 type;
    struct assay_asn1 value;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &pair));
    ASSAY_TRY(assay_asn1_take(&pair, ASSAY_ASN1_OID, &type));
    ASSAY_TRY(assay_asn1_next(&pair, &value));
    ASSAY_TRY(assay_asn1_end(&pair));
    if (!is_text(&value)) return ASSAY_E_SYNTAX;
    if (common_name != NULL && common_name[0] == '\0' &&
        assay_asn1_is_oid(&type, oid_common_name, sizeof oid_common_name))
        keep_text(value.content, common_name);
    return ASSAY_OK;
}

enum assay_status assay_x509_name(struct assay_cursor *in, struct assay_dn *out,
                                  char common_name[ASSAY_COMMON_NAME_MAX])
{
    struct assay_asn1 name;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_SEQUENCE, &name));
    if (name.whole.len > ASSAY_DN_MAX) return ASSAY_E_RANGE;
    if (common_name != NULL) common_name[0] = '\0';
    struct assay_cursor rdns = assay_asn1_over(name.content);
    while (assay_cursor_left(&rdns) > 0) {
        struct assay_cursor rdn;
        ASSAY_TRY(assay_asn1_open(&rdns, ASSAY_ASN1_SET, &rdn));
        do { /* SET SIZE (1..MAX) */
            ASSAY_TRY(read_attribute(&rdn, common_name));
        } while (assay_cursor_left(&rdn) > 0);
    }
    assay_bytes_copy(out->der, sizeof out->der, name.whole.bytes, name.whole.len);
    out->len = (uint32_t)name.whole.len;
    ASSAY_ASSERT(out->len > 0 && out->len <= sizeof out->der);
    return ASSAY_OK;
}

/* --- extensions */
static enum assay_status read_extension(struct assay_cursor *in, struct assay_x509_extension *out)
{
    struct assay_cursor inside;
    struct assay_asn1 oid;
    struct assay_asn1 value;
    *out = (struct assay_x509_extension){ .critical = false };
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_OID, &oid));
    if (assay_asn1_peek(&inside, ASSAY_ASN1_BOOLEAN))
        ASSAY_TRY(assay_asn1_boolean(&inside, &out->critical));
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_OCTET_STRING, &value));
    out->oid = oid.content;
    out->value = value.content;
    ASSAY_ASSERT(out->oid.len > 0);
    return assay_asn1_end(&inside);
}

enum assay_status assay_x509_extensions(struct assay_cursor *in,
                                        assay_x509_extension_reader *reader, void *owner)
{
    ASSAY_ASSERT(reader != NULL);
    struct assay_slice seen[ASSAY_X509_EXTENSIONS_MAX];
    struct assay_cursor all;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &all));
    for (size_t count = 0; assay_cursor_left(&all) > 0; count++) {
        struct assay_x509_extension extension;
        if (count == ASSAY_X509_EXTENSIONS_MAX) return ASSAY_E_RANGE;
        ASSAY_TRY(read_extension(&all, &extension));
        /* RFC 5280 4.2: at most one instance of an extension. */
        for (size_t i = 0; i < count; i++)
            if (assay_slice_equal(seen[i], extension.oid)) return ASSAY_E_DUPLICATE;
        ASSAY_ASSERT(count < ASSAY_X509_EXTENSIONS_MAX);
        seen[count] = extension.oid;
        ASSAY_TRY(reader(&extension, owner));
    }
    return ASSAY_OK;
}

bool assay_x509_is_ce(struct assay_slice oid, uint8_t last)
{
    return oid.len == 3 && oid.bytes[0] == 0x55 && oid.bytes[1] == 0x1d && oid.bytes[2] == last;
}

enum assay_status assay_x509_key_id(struct assay_slice id, bool *has, uint8_t out[ASSAY_KEY_ID_LEN])
{
    ASSAY_ASSERT(has != NULL);
    enum { ID_MAX = 64 }; /* RFC 5280 recommends 20 or 8, RFC 7093 up to a whole digest */
    uint8_t digest[ASSAY_SHA256_LEN];
    if (id.len == 0 || id.len > ID_MAX) return ASSAY_E_RANGE;
    *has = true;
    if (id.len != ASSAY_KEY_ID_LEN) {
        assay_sha256(id.bytes, id.len, digest);
        assay_bytes_copy(out, ASSAY_KEY_ID_LEN, digest, ASSAY_KEY_ID_LEN);
        return ASSAY_OK;
    }
    assay_bytes_copy(out, ASSAY_KEY_ID_LEN, id.bytes, id.len);
    return ASSAY_OK;
}

/* keyIdentifier [0], authorityCertIssuer [1], authorityCertSerialNumber [2], all optional. */
enum assay_status assay_x509_authority_key_id(struct assay_slice value, bool *has,
                                              uint8_t out[ASSAY_KEY_ID_LEN])
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_cursor inside;
    struct assay_asn1 part;
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_end(&in));
    if (assay_asn1_peek(&inside, ASSAY_ASN1_KEY_ID)) {
        ASSAY_TRY(assay_asn1_next(&inside, &part));
        ASSAY_TRY(assay_x509_key_id(part.content, has, out));
    }
    if (assay_asn1_peek(&inside, ASSAY_ASN1_CONTEXT_1)) ASSAY_TRY(assay_asn1_next(&inside, &part));
    if (assay_asn1_peek(&inside, ASSAY_ASN1_SERIAL)) ASSAY_TRY(assay_asn1_next(&inside, &part));
    return assay_asn1_end(&inside);
}
