/*
 * quote/collateral/rim.c - manifests as bytes, and their verification under a root (rim.h).
 *
 * XML-DSig (W3C "XML Signature Syntax and Processing" 1.1), of which NVIDIA uses one profile: the
 * signature is inside the document that it covers as a whole, both are made canonical by C14N 1.1,
 * hashed with SHA-384 and signed by ECDSA.
 */
#include "quote/collateral/rim.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "quote/certificates/chain.h"

enum { ITEM_FIELDS = 5, SIGNATURE_LEN = ASSAY_P384_SIGNATURE_LEN };

static const char item_name[] = "rim";

/* --- bytes */
/* The text that an item opens with. */
static enum assay_status open_item(struct assay_cursor *in)
{
    ASSAY_TRY(assay_cbor_array_exact(in, ITEM_FIELDS));
    return assay_cbor_text_expect(in, item_name);
}

bool assay_rim_looks(struct assay_slice bytes)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    return open_item(&in) == ASSAY_OK;
}

enum assay_status assay_rim_next(struct assay_slice *rest, struct assay_rim_pieces *pieces)
{
    struct assay_cursor in = assay_cursor_over(rest->bytes, rest->len);
    struct assay_rim_pieces p = { .certificate_count = 0 };
    uint64_t count = 0;
    ASSAY_TRY(open_item(&in));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_RIM_DOCUMENT_MAX, &p.document));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_RIM_SIGNED_INFO_MAX, &p.signed_info));
    ASSAY_TRY(assay_cbor_bytes(&in, SIGNATURE_LEN, &p.signature));
    if (p.signature.len != SIGNATURE_LEN) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_RIM_CERTIFICATES_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE;
    p.certificate_count = (size_t)count; /* <= 6 */
    for (size_t i = 0; i < p.certificate_count; i++)
        ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_CERT_DER_MAX, &p.certificates[i]));
    const size_t left = assay_cursor_left(&in);
    ASSAY_ASSERT(left < rest->len);
    *rest = assay_slice_over(rest->bytes + (rest->len - left), left);
    *pieces = p;
    return ASSAY_OK;
}

void assay_rim_encode(const struct assay_rim_pieces *pieces, struct assay_writer *w)
{
    ASSAY_ASSERT(pieces->certificate_count <= ASSAY_RIM_CERTIFICATES_MAX);
    assay_cbor_put_array(w, ITEM_FIELDS);
    assay_cbor_put_text(w, item_name);
    assay_cbor_put_bytes(w, pieces->document.bytes, pieces->document.len);
    assay_cbor_put_bytes(w, pieces->signed_info.bytes, pieces->signed_info.len);
    assay_cbor_put_bytes(w, pieces->signature.bytes, pieces->signature.len);
    assay_cbor_put_array(w, pieces->certificate_count);
    for (size_t i = 0; i < pieces->certificate_count; i++)
        assay_cbor_put_bytes(w, pieces->certificates[i].bytes, pieces->certificates[i].len);
}

/* --- SignedInfo */
static bool take_text(struct assay_slice *text, const char *wanted, size_t len)
{
    if (text->len < len || !assay_bytes_equal(text->bytes, wanted, len)) return false;
    *text = assay_slice_over(text->bytes + len, text->len - len);
    return true;
}

/* Canonical XML writes the namespaces of the whole document at its apex, "ds" among them. */
static bool take_head(struct assay_slice *text)
{
    static const char name[] = "<ds:SignedInfo", end[] = ">";
    static const char ds[] = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
    static const char any[] = " xmlns";
    bool has_ds = false;
    if (!take_text(text, name, sizeof name - 1)) return false;
    while (!take_text(text, end, 1)) {
        unsigned quotes = 0;
        if (take_text(text, ds, sizeof ds - 1)) {
            has_ds = true;
            continue;
        }
        if (!take_text(text, any, sizeof any - 1)) return false;
        while (quotes < 2) {
            if (text->len == 0 || text->bytes[0] == '<' || text->bytes[0] == '>') return false;
            quotes += text->bytes[0] == '"';
            *text = assay_slice_over(text->bytes + 1, text->len - 1);
        }
    }
    return has_ds;
}

/* One reference, to the whole document without its signature, and the algorithms: no choice.
 * Out: the digest that it says */
static bool read_signed_info(struct assay_slice text, uint8_t digest[ASSAY_SHA384_LEN])
{
    enum { DIGITS = ASSAY_SHA384_LEN / 3 * 4 };
    static const char before[] =
        "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">"
        "</ds:CanonicalizationMethod>"
        "<ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384\">"
        "</ds:SignatureMethod><ds:Reference URI=\"\"><ds:Transforms>"
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">"
        "</ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2006/12/xml-c14n11\">"
        "</ds:Transform></ds:Transforms>"
        "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\">"
        "</ds:DigestMethod><ds:DigestValue>";
    static const char after[] = "</ds:DigestValue></ds:Reference></ds:SignedInfo>";
    size_t len = 0;
    if (!take_head(&text) || !take_text(&text, before, sizeof before - 1)) return false;
    if (text.len != DIGITS + sizeof after - 1) return false;
    if (assay_base64_decode(ASSAY_BASE64_STANDARD, (const char *)text.bytes, DIGITS, digest,
                            ASSAY_SHA384_LEN, &len) != ASSAY_OK)
        return false;
    text = assay_slice_over(text.bytes + DIGITS, text.len - DIGITS);
    return len == ASSAY_SHA384_LEN && take_text(&text, after, sizeof after - 1);
}

/* --- under a root */
static void refuse_manifest(struct assay_rim *rim, enum assay_rule rule, enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (rim->status != ASSAY_OK) return; /* the first reason */
    rim->rule = rule;
    rim->status = status;
}

static enum assay_status verify_signature(const struct assay_rim_pieces *p,
                                          const struct assay_key *signer, struct assay_rim *rim)
{
    uint8_t said[ASSAY_SHA384_LEN], digest[ASSAY_SHA384_LEN];
    struct assay_signature signature = { .alg = ASSAY_SIGNATURE_ECDSA_SHA384,
                                         .len = SIGNATURE_LEN };
    ASSAY_ASSERT(p->signature.len == SIGNATURE_LEN);
    if (signer->type != ASSAY_KEY_P384) {
        refuse_manifest(rim, ASSAY_RULE_RIM_SIGNATURE, ASSAY_E_KEY);
        return ASSAY_OK;
    }
    assay_bytes_copy(signature.bytes, sizeof signature.bytes, p->signature.bytes, SIGNATURE_LEN);
    assay_sha384(p->signed_info.bytes, p->signed_info.len, digest);
    const enum assay_status status = assay_chain_signed(signer, digest, &signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) {
        refuse_manifest(rim, ASSAY_RULE_RIM_SIGNATURE, status);
        return ASSAY_OK;
    }
    /* Signed, in a profile that is not read here: says nothing, and is no forgery. */
    if (!read_signed_info(p->signed_info, said)) {
        refuse_manifest(rim, ASSAY_RULE_COLLATERAL_FORMAT, ASSAY_E_UNSUPPORTED);
        return ASSAY_OK;
    }
    assay_sha384(p->document.bytes, p->document.len, digest);
    if (!assay_bytes_equal(said, digest, sizeof digest))
        refuse_manifest(rim, ASSAY_RULE_RIM_SIGNATURE, ASSAY_E_SIGNATURE);
    return ASSAY_OK;
}

/* No authority, no device, and none that its issuer made to answer about certificates. */
static bool is_signer_of_manifests(const struct assay_certificate *c)
{
    return assay_chain_is_signer(c) && !c->has_fwid &&
           (c->extended_key_usage & ASSAY_EKU_OCSP_SIGNING) == 0;
}

/* The signer is the first certificate, an end entity, and leads to the root. */
static enum assay_status verify_chain(const struct assay_rim_pieces *p,
                                      const struct assay_key *root,
                                      struct assay_certificate hand[ASSAY_RIM_CERTIFICATES_MAX],
                                      struct assay_rim *rim)
{
    struct assay_path path;
    struct assay_quote_fault fault = { .rule = ASSAY_RULE_COLLATERAL_CHAIN };
    size_t at = 0;
    for (size_t i = 0; i < p->certificate_count; i++) {
        const struct assay_slice der = p->certificates[i];
        const enum assay_status status = assay_x509_certificate(der.bytes, der.len, &hand[i]);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) continue;
        refuse_manifest(rim, ASSAY_RULE_COLLATERAL_FORMAT, status);
        return ASSAY_OK;
    }
    enum assay_status status =
        assay_path_build(&hand[0], hand + 1, p->certificate_count - 1, root, &path);
    if (status == ASSAY_OK) status = assay_path_verify(&path, root, &fault, &at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK && !is_signer_of_manifests(&hand[0])) status = ASSAY_E_INVALID;
    if (status != ASSAY_OK) {
        refuse_manifest(rim, ASSAY_RULE_COLLATERAL_CHAIN, status);
        return ASSAY_OK;
    }
    rim->certificate_count = path.count;
    for (size_t i = 0; i < path.count; i++)
        rim->certificates[i] = *path.certificates[i];
    return ASSAY_OK;
}

enum assay_status assay_rim_build(const struct assay_rim_pieces *pieces,
                                  const struct assay_key *root, struct assay_rim *out)
{
    ASSAY_ASSERT(pieces->certificate_count >= 1 &&
                 pieces->certificate_count <= ASSAY_RIM_CERTIFICATES_MAX);
    struct assay_certificate hand[ASSAY_RIM_CERTIFICATES_MAX];
    out->status = ASSAY_OK;
    out->certificate_count = 0;
    const enum assay_status status = assay_rim_read(pieces->document, &out->values);
    if (status != ASSAY_OK) refuse_manifest(out, ASSAY_RULE_COLLATERAL_FORMAT, status);
    ASSAY_TRY(verify_chain(pieces, root, hand, out));
    if (out->certificate_count == 0) return ASSAY_OK;
    return verify_signature(pieces, &hand[0].key, out);
}

void assay_rim_path(const struct assay_rim *rim, struct assay_path *path)
{
    ASSAY_ASSERT(rim->certificate_count >= 1 && rim->certificate_count <= ASSAY_CHAIN_MAX);
    *path = (struct assay_path){ .count = rim->certificate_count };
    for (size_t i = 0; i < rim->certificate_count; i++)
        path->certificates[i] = &rim->certificates[i];
}
