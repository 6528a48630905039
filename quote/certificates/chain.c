/*
 * quote/certificates/chain.c - rules by which one key certifies another (evidence-rules.md 1.3 and
 * 2.6): identity of keys and raw names, never common names; permitted uses of a certificate;
 * exactly three certificates in a PCK chain.
 */
#include "quote/certificates/chain.h"

#include "base/assert.h"

#include <string.h>

bool assay_dn_equal(const struct assay_dn *a, const struct assay_dn *b)
{
    ASSAY_ASSERT(a->len <= ASSAY_DN_MAX && b->len <= ASSAY_DN_MAX);
    return a->len == b->len && assay_bytes_equal(a->der, b->der, a->len);
}

bool assay_chain_names(const struct assay_certificate *issuer,
                       const struct assay_certificate *subject)
{
    if (!assay_dn_equal(&issuer->subject, &subject->issuer)) return false;
    /* RFC 5280 4.2.1.1: the key id distinguishes authorities of one name. */
    if (!issuer->has_subject_key_id || !subject->has_authority_key_id) return true;
    return assay_bytes_equal(issuer->subject_key_id, subject->authority_key_id, ASSAY_KEY_ID_LEN);
}

enum assay_status assay_chain_signed(const struct assay_key *key, const uint8_t *digest,
                                     const struct assay_signature *signature)
{
    struct assay_verify_key *loaded = NULL;
    ASSAY_TRY(assay_public_key_load(key, &loaded));
    ASSAY_ASSERT(loaded != NULL);
    /* Vendors' signatures may have a high s (docs/protocol.md 2.14). */
    const bool ok = assay_public_key_check(loaded, signature, digest,
                                           assay_signature_digest_len(signature->alg));
    assay_public_key_free(&loaded);
    return ok ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

bool assay_chain_is_numbered(const struct assay_certificate *c)
{
    if (assay_chain_self_issued(c) || c->has_vek) return true;
    return !assay_bytes_all_zero(c->serial, sizeof c->serial);
}

bool assay_chain_is_ca(const struct assay_certificate *c, uint32_t cas_below)
{
    if (c->has_unknown_critical || !assay_chain_is_numbered(c)) return false;
    if (!c->has_basic_constraints || !c->is_ca) return false;
    if (c->has_path_len && c->path_len < cas_below) return false;
    return c->has_key_usage && (c->key_usage & ASSAY_KEY_USAGE_CERT_SIGN) != 0;
}

bool assay_chain_is_signer(const struct assay_certificate *c)
{
    if (c->has_unknown_critical || !assay_chain_is_numbered(c)) return false;
    if (c->has_basic_constraints && c->is_ca) return false;
    /* RFC 5280 4.2.1.9: without the CA flag the key signs no certificates. */
    if ((c->key_usage & ASSAY_KEY_USAGE_CERT_SIGN) != 0) return false;
    return c->has_key_usage && (c->key_usage & ASSAY_KEY_USAGE_DIGITAL_SIGNATURE) != 0;
}

bool assay_chain_allows(const struct assay_certificate *c, uint32_t uses)
{
    return !c->has_extended_key_usage || (c->extended_key_usage & (uses | ASSAY_EKU_ANY)) != 0;
}

bool assay_chain_is_called(const struct assay_certificate *c, const char *phrase)
{
    const size_t len = strlen(phrase);
    const size_t name_len = strlen(c->subject_name);
    for (size_t at = 0; at + len <= name_len; at++)
        if (assay_bytes_equal(c->subject_name + at, phrase, len)) return true;
    return false;
}

bool assay_chain_self_issued(const struct assay_certificate *c)
{
    return assay_dn_equal(&c->subject, &c->issuer);
}

enum { LINKS = 3 };

enum assay_status assay_chain_find_order(
    const struct assay_certificate *const certificates[static LINKS], size_t order[static LINKS])
{
    size_t root = LINKS;
    size_t ca = LINKS;
    for (size_t i = 0; i < LINKS; i++) {
        if (!assay_chain_self_issued(certificates[i])) continue;
        if (root != LINKS) return ASSAY_E_INVALID;
        root = i;
    }
    if (root == LINKS) return ASSAY_E_INVALID;
    for (size_t i = 0; i < LINKS; i++) {
        if (i == root || !assay_chain_names(certificates[root], certificates[i])) continue;
        if (ca != LINKS) return ASSAY_E_INVALID;
        ca = i;
    }
    if (ca == LINKS) return ASSAY_E_INVALID;
    const size_t pck = LINKS - root - ca; /* indices 0 + 1 + 2 */
    ASSAY_ASSERT(pck < LINKS && pck != root && pck != ca);
    if (!assay_chain_names(certificates[ca], certificates[pck])) return ASSAY_E_INVALID;
    order[0] = pck;
    order[1] = ca;
    order[2] = root;
    return ASSAY_OK;
}

enum assay_status assay_chain_order(const struct assay_certificate *certificates, size_t count,
                                    struct assay_chain *chain)
{
    size_t order[LINKS];
    if (count != LINKS) return ASSAY_E_INVALID;
    const struct assay_certificate *const each[LINKS] = { &certificates[0], &certificates[1],
                                                          &certificates[2] };
    ASSAY_TRY(assay_chain_find_order(each, order));
    chain->pck = certificates[order[0]];
    chain->ca = certificates[order[1]];
    chain->root = certificates[order[2]];
    return ASSAY_OK;
}
