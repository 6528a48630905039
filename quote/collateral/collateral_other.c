/*
 * quote/collateral/collateral_other.c - endorsements of vendors that sign no documents:
 * certificates from signing keys to the root, and a revocation list. AMD: ASK, ASVK, ARK, VEKs, the
 * ARK's CRL; TPM vendors: EK issuers and their CRL; AWS: roots.
 */
#include "quote/collateral/collateral_other.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/certificates/path.h"

/*
 * Every certificate must lead to the root: an unrelated one has no use, and could only be confused
 * with others. Windows are those of authorities; an end entity that runs out concerns its own
 * platform
 * alone.
 */
static enum assay_status demand_path(struct assay_collateral *c,
                                     const struct assay_certificate *leaf)
{
    ASSAY_ASSERT(c->certificate_count <= ASSAY_CHAIN_MAX);
    struct assay_path path;
    struct assay_quote_fault fault = { .rule = ASSAY_RULE_COLLATERAL_CHAIN };
    size_t at = 0;
    /* The root by another issuer: allowed, and without effect (quote/certificates/path.c). */
    if (assay_key_equal(&leaf->key, &c->root) && !assay_chain_self_issued(leaf)) return ASSAY_OK;
    enum assay_status status =
        assay_path_build(leaf, c->certificates, c->certificate_count, &c->root, &path);
    if (status == ASSAY_OK) status = assay_path_verify(&path, &c->root, &fault, &at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK)
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_CHAIN, "certificates", status);
    else if (leaf->has_basic_constraints && leaf->is_ca)
        assay_collateral_add_certificate(c, "certificate of an authority", leaf);
    return ASSAY_OK;
}

static enum assay_status build_certificates(struct assay_collateral *c, struct assay_slice text)
{
    if (text.len == 0) return ASSAY_OK;
    const enum assay_status status = assay_x509_certificates(
        text.bytes, text.len, c->certificates, ASSAY_CHAIN_MAX, &c->certificate_count);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) {
        c->certificate_count = 0;
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "certificates", status);
        return ASSAY_OK;
    }
    c->has[ASSAY_PART_CERTIFICATES] = true;
    for (size_t i = 0; i < c->certificate_count; i++)
        ASSAY_TRY(demand_path(c, &c->certificates[i]));
    return ASSAY_OK;
}

/* Did this key sign the list? Then its authority is known. */
static enum assay_status try_issuer(struct assay_list *list, const struct assay_key *key)
{
    ASSAY_ASSERT(!list->has_issuer);
    const enum assay_status status =
        assay_chain_signed(key, list->crl.tbs_digest, &list->crl.signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    list->has_issuer = true;
    assay_key_name(key, list->issuer_name);
    return ASSAY_OK;
}

/*
 * evidence-rules.md 1.4: a list counts for the authority that it names and that signed it. The root
 * may be known only as a key: then the signature identifies it.
 */
static enum assay_status find_issuer(struct assay_collateral *c, struct assay_list *list)
{
    bool named = false;
    for (size_t i = 0; i < c->certificate_count && !list->has_issuer; i++) {
        if (!assay_crl_issued_by(&list->crl, &c->certificates[i])) continue;
        named = true;
        ASSAY_TRY(try_issuer(list, &c->certificates[i].key));
    }
    if (!named) ASSAY_TRY(try_issuer(list, &c->root));
    if (named && !list->has_issuer)
        assay_collateral_add_fault(c, ASSAY_RULE_CRL_SIGNATURE, "CRL signed by its issuer",
                                   ASSAY_E_SIGNATURE);
    return ASSAY_OK;
}

/* The first DER element of what is left. Returns: false when it does not fit. */
static bool next_element(struct assay_cursor *in, struct assay_slice *element)
{
    struct assay_cursor look = *in;
    uint8_t tag = 0, first = 0;
    size_t len = 0;
    if (assay_cursor_u8(&look, &tag) != ASSAY_OK || assay_cursor_u8(&look, &first) != ASSAY_OK)
        return false;
    if (first < 0x80) {
        len = first;
    } else {
        if (first < 0x81 || first > 0x83) return false; /* longer than any part may be */
        for (unsigned i = 0; i < first - 0x80u; i++) {
            uint8_t octet = 0;
            if (assay_cursor_u8(&look, &octet) != ASSAY_OK) return false;
            len = len << 8 | octet;
        }
    }
    const size_t head = assay_cursor_left(in) - assay_cursor_left(&look);
    ASSAY_ASSERT(head >= 2);
    return len <= assay_cursor_left(&look) &&
           assay_cursor_slice(in, head + len, element) == ASSAY_OK;
}

/* Is there a newer list of the same authority? Then this one's dates do not count. */
static bool is_superseded(const struct assay_collateral *c, size_t index)
{
    ASSAY_ASSERT(index < c->list_count && c->list_count <= ASSAY_LISTS_MAX);
    const struct assay_list *const list = &c->lists[index];
    for (size_t i = 0; i < c->list_count; i++) {
        const struct assay_list *const other = &c->lists[i];
        if (i == index || !assay_dn_equal(&other->crl.issuer, &list->crl.issuer)) continue;
        if (other->has_issuer != list->has_issuer ||
            !assay_bytes_equal(other->issuer_name, list->issuer_name, sizeof list->issuer_name))
            continue;
        if (other->crl.this_update_s > list->crl.this_update_s) return true;
    }
    return false;
}

static enum assay_status build_list(struct assay_collateral *c, struct assay_slice der)
{
    if (c->list_count == ASSAY_LISTS_MAX) return ASSAY_E_FULL;
    struct assay_list *const list = &c->lists[c->list_count];
    list->has_issuer = false;
    ASSAY_TRY(assay_x509_crl(der.bytes, der.len, &list->crl));
    c->list_count += 1;
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    return find_issuer(c, list);
}

/* Several lists stand one after the other. One that cannot be read is a fault of the bundle; the
 * others count none the less, for one of them may revoke. */
enum assay_status assay_collateral_build_lists(struct assay_collateral *c, struct assay_slice der)
{
    struct assay_cursor in = assay_cursor_over(der.bytes, der.len);
    enum assay_status why = ASSAY_OK, status = ASSAY_OK;
    struct assay_slice one;
    while (status != ASSAY_E_TRUNCATED && assay_cursor_left(&in) > 0) {
        status = next_element(&in, &one) ? build_list(c, one) : ASSAY_E_TRUNCATED;
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (why == ASSAY_OK) why = status;
    }
    c->has[ASSAY_PART_CRL] = der.len > 0 && why == ASSAY_OK;
    if (why != ASSAY_OK) assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "CRL", why);
    for (size_t i = 0; i < c->list_count; i++)
        if (!is_superseded(c, i))
            assay_collateral_add_window(c, "CRL", true, c->lists[i].crl.this_update_s,
                                        c->lists[i].crl.next_update_s);
    return ASSAY_OK;
}

/* One that cannot be read is a fault, and the others count. */
static enum assay_status build_ocsp(struct assay_collateral *c, struct assay_slice der)
{
    enum assay_status why = ASSAY_OK;
    struct assay_slice one;
    while (der.len > 0) {
        enum assay_status status = ASSAY_OK;
        if (!assay_x509_next_ocsp(&der, &one)) {
            why = ASSAY_E_SYNTAX;
            break;
        }
        status = c->ocsp_count == ASSAY_OCSP_MAX ? ASSAY_E_FULL
                                                 : assay_ocsp_build(one, &c->ocsp[c->ocsp_count]);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) c->ocsp_count += 1;
        if (why == ASSAY_OK) why = status;
        ASSAY_ASSERT(c->ocsp_count <= ASSAY_OCSP_MAX);
    }
    c->has[ASSAY_PART_OCSP] = c->given[ASSAY_PART_OCSP] && why == ASSAY_OK;
    if (why != ASSAY_OK)
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "OCSP response", why);
    return ASSAY_OK;
}

/* Each says itself whether it counts: one that is not signed harms only evidence that needs it. */
static enum assay_status build_rims(struct assay_collateral *c, struct assay_slice bytes)
{
    enum assay_status why = ASSAY_OK;
    struct assay_rim_pieces pieces;
    while (bytes.len > 0) {
        why = c->rim_count == ASSAY_RIMS_MAX ? ASSAY_E_FULL : assay_rim_next(&bytes, &pieces);
        if (why != ASSAY_OK) break;
        ASSAY_TRY(assay_rim_build(&pieces, &c->root, &c->rims[c->rim_count]));
        c->rim_count += 1;
        ASSAY_ASSERT(c->rim_count <= ASSAY_RIMS_MAX);
    }
    c->has[ASSAY_PART_RIM] = c->given[ASSAY_PART_RIM] && why == ASSAY_OK;
    if (why != ASSAY_OK)
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_FORMAT, "reference manifest", why);
    return ASSAY_OK;
}

enum assay_status assay_collateral_build_others(struct assay_collateral *c,
                                                const struct assay_collateral_files *files)
{
    ASSAY_ASSERT(c != NULL && files != NULL);
    ASSAY_TRY(build_certificates(c, files->part[ASSAY_PART_CERTIFICATES]));
    ASSAY_TRY(build_ocsp(c, files->part[ASSAY_PART_OCSP]));
    ASSAY_TRY(build_rims(c, files->part[ASSAY_PART_RIM]));
    return assay_collateral_build_lists(c, files->part[ASSAY_PART_CRL]);
}

bool assay_collateral_others_sound(const struct assay_collateral *c)
{
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    if (c->given[ASSAY_PART_CRL] && !c->has[ASSAY_PART_CRL]) return false;
    for (size_t i = 0; i < c->list_count; i++)
        if (!c->lists[i].has_issuer) return false;
    /* One of them that cannot be read may be the one that revokes. */
    if (c->given[ASSAY_PART_OCSP] && !c->has[ASSAY_PART_OCSP]) return false;
    if (c->given[ASSAY_PART_RIM] && !c->has[ASSAY_PART_RIM]) return false;
    for (size_t i = 0; i < c->rim_count; i++)
        if (c->rims[i].status != ASSAY_OK) return false;
    return c->has[ASSAY_PART_CERTIFICATES] || c->has[ASSAY_PART_CRL] || c->has[ASSAY_PART_OCSP] ||
           c->has[ASSAY_PART_RIM];
}
