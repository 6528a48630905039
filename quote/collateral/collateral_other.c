/*
 * quote/collateral/collateral_other.c - endorsements of vendors that sign no documents:
 * certificates that lead from signing keys to the root, and a revocation list. AMD: ASK, ASVK, ARK,
 * VEKs, the ARK's list; TPM makers: EK issuers and their list; AWS: roots.
 */
#include "quote/collateral/collateral_other.h"

#include "base/assert.h"
#include "quote/chain.h"
#include "quote/crl.h"
#include "quote/path.h"

/*
 * Every certificate must lead to the root: a stranger would serve nobody, and could only wait to be
 * mistaken. Windows are those of authorities; an end entity that runs out concerns its own platform
 * alone.
 */
static enum assay_status demand_path(struct assay_collateral *c,
                                     const struct assay_certificate *leaf)
{
    struct assay_path path;
    struct assay_fault fault = { .rule = ASSAY_RULE_COLLATERAL_CHAIN };
    size_t at = 0;
    /* The root by somebody else: allowed, and worth nothing (quote/path.c). */
    if (assay_key_equal(&leaf->key, &c->root) && !assay_chain_self_issued(leaf)) return ASSAY_OK;
    enum assay_status status =
        assay_path_build(leaf, c->certificates, c->certificate_count, &c->root, &path);
    if (status == ASSAY_OK) status = assay_path_verify(&path, &c->root, &fault, &at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK)
        assay_collateral_add_fault(c, ASSAY_RULE_COLLATERAL_CHAIN, "certificates", status);
    else if (leaf->has_basic_constraints && leaf->is_ca)
        assay_collateral_add_window(c, "certificate of an authority", true, leaf->not_before_s,
                                    leaf->not_after_s);
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

/* Did this key sign the list? Then it is known whose it is. */
static enum assay_status try_issuer(struct assay_collateral *c, const struct assay_key *key)
{
    const enum assay_status status =
        assay_chain_signed(key, c->root_crl.tbs_digest, &c->root_crl.signature);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    c->has_crl_issuer = true;
    assay_key_name(key, c->crl_issuer_name);
    return ASSAY_OK;
}

/*
 * quotes.md 7.9: a list counts for the authority whose name it bears and who signed it. The root
 * may be known as a key alone: then the signature says that it is the root's.
 */
static enum assay_status build_crl(struct assay_collateral *c, struct assay_slice der)
{
    ASSAY_TRY(assay_collateral_read_crl(c, ASSAY_PART_CRL, "CRL", der, &c->root_crl));
    if (!c->has[ASSAY_PART_CRL]) return ASSAY_OK;
    bool named = false;
    for (size_t i = 0; i < c->certificate_count && !c->has_crl_issuer; i++) {
        if (!assay_crl_issued_by(&c->root_crl, &c->certificates[i])) continue;
        named = true;
        ASSAY_TRY(try_issuer(c, &c->certificates[i].key));
    }
    if (!named) ASSAY_TRY(try_issuer(c, &c->root));
    if (named && !c->has_crl_issuer)
        assay_collateral_add_fault(c, ASSAY_RULE_CRL_SIGNATURE, "CRL signed by its issuer",
                                   ASSAY_E_SIGNATURE);
    return ASSAY_OK;
}

enum assay_status assay_collateral_build_others(struct assay_collateral *c,
                                                const struct assay_collateral_files *files)
{
    ASSAY_ASSERT(c != NULL && files != NULL);
    ASSAY_TRY(build_certificates(c, files->part[ASSAY_PART_CERTIFICATES]));
    return build_crl(c, files->part[ASSAY_PART_CRL]);
}

bool assay_collateral_others_sound(const struct assay_collateral *c)
{
    if (c->given[ASSAY_PART_CRL] && !c->has_crl_issuer) return false;
    return c->has[ASSAY_PART_CERTIFICATES] || c->has[ASSAY_PART_CRL];
}
