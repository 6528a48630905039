/*
 * quote/intel/lists.c - revocation check of a PCK chain (lists.h).
 *
 * A network holds one bundle a platform family, and their lists are mostly the same: what is no
 * newer than the list of the platform's own bundle is passed over before anything is hashed.
 */
#include "quote/intel/lists.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/certificates/reported.h"
#include "quote/collateral/revocation.h"
#include "quote/intel/appraise.h"
#include "quote/text.h"

/* One authority of the chain, and the list of it that counts so far. */
struct lookup {
    const struct assay_evidence_request *request;
    const struct assay_chain_link *authority;
    const uint8_t *serial; /* that is looked for */
    struct assay_key key;  /* the authority's */
    const struct assay_crl *crl;
};

static void add_revoked(struct assay_verdict *verdict, const uint8_t serial[ASSAY_SERIAL_LEN],
                        const char *expected)
{
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, "revoked, serial ");
    assay_text_add_hex(&observed, serial, ASSAY_SERIAL_LEN);
    assay_verdict_add(verdict, ASSAY_RULE_CERT_REVOKED, 0, expected, observed.text);
}

/* Is the list newer than what counts so far, of this authority, and signed by it? signer: the name
 * of a key whose signature was checked, NULL for none. */
static enum assay_status consider_list(struct lookup *l, const struct assay_crl *crl,
                                       const uint8_t *signer)
{
    ASSAY_ASSERT(l->authority != NULL && l->serial != NULL);
    const int64_t at = l->request->at_unix_s;
    const int order = l->crl == NULL ? 1 : assay_revocation_compare(crl, l->crl, at);
    /* If they are equivalent: the one that revokes. */
    if (order < 0 || (order == 0 && !assay_crl_contains(crl, l->serial))) return ASSAY_OK;
    if (!assay_crl_issued_by_link(crl, l->authority)) return ASSAY_OK;
    bool is_signed =
        signer != NULL && assay_bytes_equal(signer, l->authority->key_name, ASSAY_SHA256_LEN);
    if (!is_signed) {
        const enum assay_status status =
            assay_chain_signed(&l->key, crl->tbs_digest, &crl->signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        is_signed = status == ASSAY_OK;
    }
    if (is_signed) l->crl = crl;
    return ASSAY_OK;
}

static enum assay_status look_into(struct lookup *l, const struct assay_collateral *c)
{
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    if (c->has[ASSAY_PART_ROOT_CRL])
        ASSAY_TRY(consider_list(l, &c->root_crl, c->has_root_issuer ? c->root_issuer_name : NULL));
    if (c->has[ASSAY_PART_PCK_CRL])
        ASSAY_TRY(consider_list(l, &c->pck_crl, c->has_pck_issuer ? c->pck_issuer_name : NULL));
    for (size_t i = 0; i < c->list_count; i++)
        ASSAY_TRY(consider_list(l, &c->lists[i].crl,
                                c->lists[i].has_issuer ? c->lists[i].issuer_name : NULL));
    return ASSAY_OK;
}

/* Returns: true of another bundle under the root of the chosen one, for this kind. */
static bool is_elsewhere(const struct assay_evidence_request *request,
                         const struct assay_endorsement *e, const struct assay_collateral *chosen)
{
    ASSAY_ASSERT(chosen != NULL);
    return (e->kinds & ASSAY_KIND_BIT(request->kind)) != 0 && e->collateral != NULL &&
           e->collateral != chosen && assay_key_equal(&e->root, &chosen->root);
}

/* Lists of the authority in all bundles under the root. */
static enum assay_status look_elsewhere(struct lookup *l, const struct assay_collateral *chosen)
{
    const struct assay_endorsements *const all = l->request->endorsements;
    for (size_t i = 0; i < all->count; i++)
        if (is_elsewhere(l->request, &all->entries[i], chosen))
            ASSAY_TRY(look_into(l, all->entries[i].collateral));
    return ASSAY_OK;
}

/* evidence-rules.md 1.15: a list that cannot be read may be the one that revokes, whichever bundle
 * it stands in. The chosen one reports its own. */
static void report_unread(const struct assay_evidence_request *request,
                          const struct assay_collateral *chosen, struct assay_verdict *verdict)
{
    static const enum assay_collateral_part parts[] = { ASSAY_PART_ROOT_CRL, ASSAY_PART_PCK_CRL,
                                                        ASSAY_PART_CRL };
    const struct assay_endorsements *const all = request->endorsements;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_collateral *const c = all->entries[i].collateral;
        if (!is_elsewhere(request, &all->entries[i], chosen)) continue;
        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
            if (c->given[parts[k]] && !c->has[parts[k]] &&
                !assay_verdict_reports(verdict, ASSAY_RULE_COLLATERAL_FORMAT, "CRL"))
                assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_FORMAT, 0, "CRL",
                                  "one that cannot be read");
    }
}

static void judge_dates(const struct assay_crl *crl, const char *what,
                        const struct assay_policy *policy, struct assay_verdict *verdict)
{
    const struct assay_window window = { .what = what,
                                         .is_list = true,
                                         .from_unix_s = crl->this_update_s,
                                         .to_unix_s = crl->next_update_s };
    assay_appraise_window(&window, policy, verdict);
}

/* Is the PCK CRL signed by this very CA? The bundle checked it with the CA of its own PCK chain;
 * for another CA it is checked here, once per platform and bundle. */
static enum assay_status check_pck_crl(const struct assay_collateral *c, struct lookup *l,
                                       struct assay_lease *lease, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(c->has[ASSAY_PART_PCK_CRL]);
    if (c->has_pck_issuer && assay_bytes_equal(c->pck_issuer_name, l->authority->key_name, 32)) {
        l->crl = &c->pck_crl;
        return ASSAY_OK;
    }
    if (!assay_lease_is_noted(lease, c->digest)) {
        const enum assay_status status =
            assay_chain_signed(&l->key, c->pck_crl.tbs_digest, &c->pck_crl.signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK) {
            assay_verdict_add(verdict, ASSAY_RULE_CRL_SIGNATURE, 0, "PCK CRL signed by the PCK CA",
                              "a wrong signature");
            return ASSAY_OK;
        }
        assay_lease_note(lease, c->digest);
    }
    l->crl = &c->pck_crl;
    return ASSAY_OK;
}

/* The list that counts, or the bundle's own where none does. A bundle without one has a reason of
 * its own; a list of another bundle revokes all the same (evidence-rules.md 1.12: all given lists
 * count). */
static void judge_list(const struct lookup *l, const struct assay_crl *own, const char *what,
                       const char *subject, struct assay_verdict *verdict)
{
    const struct assay_crl *const crl = l->crl != NULL ? l->crl : own;
    if (crl == NULL) return;
    judge_dates(crl, what, l->request->policy, verdict);
    if (assay_crl_contains(crl, l->serial)) add_revoked(verdict, l->serial, subject);
}

static enum assay_status judge_ca(const struct assay_evidence_request *request,
                                  const struct assay_collateral *c, struct assay_lease *lease,
                                  struct assay_verdict *verdict)
{
    const struct assay_chain_link *const links = lease->proven->links;
    struct lookup l = { .request = request,
                        .authority = &links[LINK_ROOT],
                        .serial = links[LINK_CA].serial,
                        .key = c->root };
    const struct assay_crl *const own = c->has[ASSAY_PART_ROOT_CRL] ? &c->root_crl : NULL;
    const bool is_own = own != NULL && assay_crl_issued_by_link(own, &links[LINK_ROOT]);
    if (is_own && c->has_root_issuer) l.crl = own;
    ASSAY_TRY(look_into(&l, c));
    ASSAY_TRY(look_elsewhere(&l, c));
    if (l.crl == NULL && own != NULL && !is_own)
        assay_verdict_add(verdict, ASSAY_RULE_CRL_ISSUER, 0, "root CRL of the chain's root",
                          "another issuer");
    judge_list(&l, own, "root CRL", "PCK CA certificate", verdict);
    return ASSAY_OK;
}

static enum assay_status judge_pck(const struct assay_evidence_request *request,
                                   const struct assay_collateral *c, struct assay_lease *lease,
                                   struct assay_verdict *verdict)
{
    ASSAY_ASSERT(c->list_count <= ASSAY_LISTS_MAX);
    const struct assay_chain_link *const links = lease->proven->links;
    struct lookup l = { .request = request,
                        .authority = &links[LINK_CA],
                        .serial = links[LINK_PCK].serial,
                        .key = assay_key_p256(lease->proven->facts.intel.ca_public) };
    const struct assay_crl *const own = c->has[ASSAY_PART_PCK_CRL] ? &c->pck_crl : NULL;
    const bool is_own = own != NULL && assay_crl_issued_by_link(own, &links[LINK_CA]);
    if (is_own) ASSAY_TRY(check_pck_crl(c, &l, lease, verdict));
    for (size_t i = 0; i < c->list_count; i++)
        ASSAY_TRY(consider_list(&l, &c->lists[i].crl,
                                c->lists[i].has_issuer ? c->lists[i].issuer_name : NULL));
    ASSAY_TRY(look_elsewhere(&l, c));
    /* The lists of Processor and Platform CA get mixed up (evidence-rules.md 1.4). */
    if (l.crl == NULL && own != NULL && !is_own)
        assay_verdict_add(verdict, ASSAY_RULE_CRL_ISSUER, 0, links[LINK_CA].name,
                          "PCK CRL of another issuer");
    judge_list(&l, own, "PCK CRL", "PCK certificate", verdict);
    return ASSAY_OK;
}

enum assay_status assay_intel_check_revocation(const struct assay_evidence_request *request,
                                               const struct assay_collateral *chosen,
                                               struct assay_lease *lease,
                                               struct assay_verdict *verdict)
{
    ASSAY_ASSERT(lease->proven != NULL && lease->proven->link_count > LINK_ROOT);
    report_unread(request, chosen, verdict);
    ASSAY_TRY(judge_ca(request, chosen, lease, verdict));
    return judge_pck(request, chosen, lease, verdict);
}
