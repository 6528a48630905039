/*
 * quote/result/svid/authorities.c - CA certificates of a network, as the relying party has them:
 * DER, PEM, or a SPIFFE bundle (docs/identity.md 5.1, 5.7).
 */
#include "quote/result/svid/svid.h"

#include "base/assert.h"
#include "base/base64.h"
#include "quote/result/token/tree.h"

static enum assay_status refuse_cas(struct assay_svid *svid, enum assay_status status,
                                    const char *why)
{
    svid->answer = assay_svid_refuse(svid, ASSAY_IDENTITY_NOT_READ, "CA certificates: ",
                                     assay_slice_over(why, assay_text_len(why, ASSAY_REASON_TEXT)));
    return status;
}

/* In: ca[ca_count].der is filled, the spare place included. Certificates that are there already
 * count once. */
static enum assay_status add_ca(struct assay_svid *svid, size_t len)
{
    struct assay_svid_ca *const one = &svid->ca[svid->ca_count];
    struct assay_x509_svid *const c = &one->certificate;
    const char *why = NULL;
    one->der_len = len;
    if (assay_x509_svid(assay_slice_over(one->der, len), ASSAY_SVID_CA, c, &why) != ASSAY_OK)
        return refuse_cas(svid, ASSAY_E_KEY, why);
    /* What the number before it signed endorses it for that number's readers: it is no anchor */
    if (!assay_slice_equal(c->issuer, c->subject) || c->has_authority_key_id)
        return refuse_cas(svid, ASSAY_E_KEY, "one is not signed by itself");
    if (!assay_ed25519_is_available())
        return refuse_cas(svid, ASSAY_E_CRYPTO, "the cryptographic library has no Ed25519");
    if (!assay_ed25519_verify(c->public_key, c->tbs.bytes, c->tbs.len, c->signature))
        return refuse_cas(svid, ASSAY_E_KEY, "the signature of one does not verify");
    const struct assay_x509_svid *const first = &svid->ca[0].certificate;
    if (!assay_bytes_equal(first->chain, c->chain, sizeof c->chain) ||
        !assay_slice_equal(first->domain, c->domain))
        return refuse_cas(svid, ASSAY_E_INVALID, "they are of several networks");
    for (size_t i = 0; i < svid->ca_count; i++)
        if (assay_bytes_equal(svid->ca[i].certificate.public_key, c->public_key, 32))
            return ASSAY_OK;
    if (svid->ca_count == ASSAY_SVID_CAS_MAX)
        return refuse_cas(svid, ASSAY_E_FULL, "more than 8 of them");
    svid->ca_count += 1;
    return ASSAY_OK;
}

static enum assay_status load_der(struct assay_slice rest, struct assay_svid *svid)
{
    while (rest.len > 0) {
        struct assay_slice one;
        if (assay_x509_next(&rest, &one) != ASSAY_X509_CERTIFICATE || one.len > ASSAY_SVID_DER_MAX)
            return refuse_cas(svid, ASSAY_E_KEY, "no certificate in DER");
        assay_bytes_copy(svid->ca[svid->ca_count].der, ASSAY_SVID_DER_MAX, one.bytes, one.len);
        ASSAY_TRY(add_ca(svid, one.len));
    }
    return ASSAY_OK;
}

static enum assay_status load_pem(struct assay_slice rest, struct assay_svid *svid)
{
    static const char certificate[] = "CERTIFICATE";
    for (;;) {
        struct assay_slice label;
        size_t len = 0;
        const enum assay_status status =
            assay_pem_next(&rest, &label, svid->ca[svid->ca_count].der, ASSAY_SVID_DER_MAX, &len);
        if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
        if (status != ASSAY_OK ||
            !assay_slice_equal(label, assay_slice_over(certificate, sizeof certificate - 1)))
            return refuse_cas(svid, ASSAY_E_KEY, "no certificate in PEM");
        ASSAY_TRY(add_ca(svid, len));
    }
}

/* Keys of another use are of other profiles of the format (SPIFFE Trust Domain and Bundle
 * 4.2.2). */
static enum assay_status load_bundle(struct assay_slice text, struct assay_svid *svid)
{
    const struct assay_doc_tree *const tree = &svid->tree;
    const enum assay_status status = assay_doc_tree_read(text.bytes, text.len, &svid->tree);
    if (status == ASSAY_E_MEMORY) return status;
    if (status != ASSAY_OK) return refuse_cas(svid, ASSAY_E_KEY, "the bundle is no JSON object");
    const struct assay_tree_node *const keys = assay_tree_find(tree, "keys");
    const struct assay_tree_node *key = NULL;
    size_t i = 0;
    for (; (key = assay_tree_member(tree, keys, i)) != NULL; i++) {
        const struct assay_tree_node *chain = NULL;
        bool is_svid = false;
        size_t len = 0;
        const struct assay_tree_node *member = NULL;
        for (size_t j = 0; (member = assay_tree_member(tree, key, j)) != NULL; j++) {
            if (key->type != ASSAY_TREE_MAP) break;
            if (assay_text_compare(member->key, "x5c", 4) == 0) chain = member;
            if (assay_text_compare(member->key, "use", 4) == 0)
                is_svid = assay_tree_is(member, "x509-svid");
        }
        if (!is_svid) continue;
        const struct assay_tree_node *const one = assay_tree_member(tree, chain, 0);
        if (assay_tree_text(one) == NULL || assay_tree_member(tree, chain, 1) != NULL ||
            assay_base64_decode(ASSAY_BASE64_STANDARD, (const char *)one->text.bytes, one->text.len,
                                svid->ca[svid->ca_count].der, ASSAY_SVID_DER_MAX, &len) != ASSAY_OK)
            return refuse_cas(svid, ASSAY_E_KEY, "x5c of the bundle: expected one certificate");
        ASSAY_TRY(add_ca(svid, len));
    }
    if (i > 0 && svid->ca_count == 0) /* JWKS of tokens */
        return refuse_cas(svid, ASSAY_E_KEY,
                          "found a key set, expected certificates or their bundle");
    return ASSAY_OK;
}

enum assay_status assay_svid_load_cas(struct assay_slice trusted, struct assay_svid *svid)
{
    size_t first = 0;
    svid->ca_count = 0;
    while (first < trusted.len && (trusted.bytes[first] == ' ' || trusted.bytes[first] == '\n' ||
                                   trusted.bytes[first] == '\r' || trusted.bytes[first] == '\t'))
        first += 1;
    if (first == trusted.len) return refuse_cas(svid, ASSAY_E_KEY, "none was given");
    if (trusted.bytes[first] == '{') ASSAY_TRY(load_bundle(trusted, svid));
    else if (trusted.bytes[0] == 0x30) ASSAY_TRY(load_der(trusted, svid));
    else ASSAY_TRY(load_pem(trusted, svid));
    return svid->ca_count > 0 ? ASSAY_OK : refuse_cas(svid, ASSAY_E_KEY, "none was given");
}
