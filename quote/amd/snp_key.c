/*
 * quote/amd/snp_key.c - signing key of an SNP report: certificate, certified TCB, and revocation
 * status.
 *
 * Order after AMD 56860 7.3 and 57230; rules: docs/evidence-rules.md 3.2 to 3.6.
 */
#include "base/assert.h"
#include "quote/amd/snp_appraise.h"
#include "quote/amd/snp_vek.h"
#include "quote/certificates/crl.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"

static void add_hex(struct assay_verdict *verdict, enum assay_rule rule, uint32_t offset,
                    const char *what, struct assay_slice expected, struct assay_slice observed)
{
    struct assay_text a = assay_text_empty();
    struct assay_text b = assay_text_empty();
    assay_text_add(&a, what);
    assay_text_add_hex(&a, expected.bytes, expected.len);
    assay_text_add_hex(&b, observed.bytes, observed.len);
    assay_verdict_add(verdict, rule, offset, a.text, b.text);
}

static void add_number(struct assay_verdict *verdict, enum assay_rule rule, uint32_t offset,
                       const char *expected, const char *what, uint64_t observed)
{
    ASSAY_ASSERT(expected != NULL && what != NULL);
    struct assay_text text = assay_text_empty();
    assay_text_add(&text, what);
    assay_text_add_u64(&text, observed);
    assay_verdict_add(verdict, rule, offset, expected, text.text);
}

/* --- signing key */
bool assay_snp_has_vek(const struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(a->proven != NULL && a->proven->link_count <= ASSAY_PROVEN_LINKS_MAX);
    return a->proven->link_count > 0;
}

/*
 * 56860 7.3: without a key (MASK_CHIP_KEY and no VLEK) the firmware writes zeros for the signature.
 * Such a report proves nothing, ever: that is no missing piece.
 */
static void judge_signature(const struct assay_snp_appraisal *a)
{
    const struct assay_snp_report *const r = &a->report;
    ASSAY_ASSERT(r->signed_part.len == ASSAY_SNP_SIGNED_LEN);
    const enum assay_snp_signing_key signer = assay_snp_signing_key(r);
    enum assay_proof_state state = ASSAY_PROOF_UNKNOWN;
    if (signer != ASSAY_SNP_KEY_VCEK && signer != ASSAY_SNP_KEY_VLEK) {
        add_number(a->verdict, ASSAY_RULE_SIGNING_KEY, ASSAY_SNP_AT_KEY_INFO,
                   "SIGNING_KEY 0 (VCEK) or 1 (VLEK)", "", (uint64_t)signer);
        state = ASSAY_PROOF_FALSE;
    } else if (assay_snp_has_vek(a)) {
        uint8_t digest[ASSAY_SHA384_LEN];
        assay_sha384(r->signed_part.bytes, r->signed_part.len, digest);
        state = a->proven->key != NULL &&
                        assay_public_key_check(a->proven->key, &r->signature, digest, sizeof digest)
                    ? ASSAY_PROOF_TRUE
                    : ASSAY_PROOF_FALSE;
        if (state == ASSAY_PROOF_FALSE)
            assay_verdict_add(a->verdict, ASSAY_RULE_REPORT_SIGNATURE, ASSAY_SNP_AT_SIGNATURE,
                              "a signature by the endorsement key", "a wrong signature");
    }
    assay_verdict_proof(a->verdict, ASSAY_PROOF_REPORT_SIGNATURE, state);
}

/* Text that goes on with a name: "SEV-VLEK-" then "Milan". Returns: the rest, NULL otherwise */
static const char *skip_prefix(const char *text, const char *start)
{
    const size_t len = assay_text_len(start, ASSAY_COMMON_NAME_MAX);
    if (assay_text_len(text, ASSAY_COMMON_NAME_MAX) < len) return NULL;
    return assay_bytes_equal(text, start, len) ? text + len : NULL;
}

/*
 * evidence-rules.md 3.2: VLEK or VCEK, according to the report, to the certificate's extensions,
 * and to its issuer (57230: ASK "SEV-Milan", ASVK "SEV-VLEK-Milan"). The name counts only under a
 * root, which certifies it; an authority with neither name is under a private root.
 */
static void judge_signing_key(const struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(assay_snp_has_vek(a));
    const struct assay_vek *const vek = &a->proven->facts.vek;
    const bool wants_vlek = assay_snp_signing_key(&a->report) == ASSAY_SNP_KEY_VLEK;
    const char *const expected = wants_vlek ? "a VLEK certificate: CSP id, no hardware id"
                                            : "a VCEK certificate: hardware id, no CSP id";
    if (!(wants_vlek ? assay_snp_is_vlek(vek) : assay_snp_is_vcek(vek)))
        assay_verdict_add(a->verdict, ASSAY_RULE_SIGNING_KEY, ASSAY_SNP_AT_KEY_INFO, expected,
                          assay_snp_is_vlek(vek) ? "a VLEK certificate" : "another one");
    if (a->proven->link_count < 2) return;
    const char *const issuer = a->proven->links[1].name;
    if (skip_prefix(issuer, "SEV-") == NULL) return;
    if ((skip_prefix(issuer, "SEV-VLEK-") != NULL) != wants_vlek)
        assay_verdict_add(a->verdict, ASSAY_RULE_SIGNING_KEY, ASSAY_SNP_AT_KEY_INFO,
                          wants_vlek ? "a VLEK issued by the ASVK" : "a VCEK issued by the ASK",
                          issuer);
}

/* --- product: must be equal in report, certificate, authority and root */
static enum assay_snp_product product_of_issuer(const struct assay_proven *proven)
{
    if (proven->link_count < 2) return ASSAY_SNP_PRODUCT_UNKNOWN;
    const char *rest = skip_prefix(proven->links[1].name, "SEV-VLEK-");
    if (rest == NULL) rest = skip_prefix(proven->links[1].name, "SEV-");
    return rest == NULL ? ASSAY_SNP_PRODUCT_UNKNOWN : assay_snp_product_of_name(rest);
}

static enum assay_snp_product product_of_root(const struct assay_key *root)
{
    static const struct {
        enum assay_pinned_root root;
        enum assay_snp_product product;
    } roots[] = { { ASSAY_PINNED_AMD_MILAN, ASSAY_SNP_MILAN },
                  { ASSAY_PINNED_AMD_GENOA, ASSAY_SNP_GENOA },
                  { ASSAY_PINNED_AMD_TURIN, ASSAY_SNP_TURIN } };
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
        struct assay_key key;
        uint32_t kinds = 0;
        if (assay_pinned_root(roots[i].root, &key, &kinds) != ASSAY_OK) continue;
        if (assay_key_equal(&key, root)) return roots[i].product;
    }
    return ASSAY_SNP_PRODUCT_UNKNOWN;
}

static void demand_product(const struct assay_snp_appraisal *a, const char *part,
                           enum assay_snp_product product)
{
    ASSAY_ASSERT(part != NULL);
    if (product == ASSAY_SNP_PRODUCT_UNKNOWN || product == a->product) return;
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, part);
    assay_text_add(&observed, assay_snp_product_text(product));
    assay_verdict_add(a->verdict, ASSAY_RULE_PRODUCT, ASSAY_SNP_AT_CPUID,
                      assay_snp_product_text(a->product), observed.text);
}

static void judge_product(const struct assay_snp_appraisal *a)
{
    if (!assay_snp_product_supported(a->product) &&
        (assay_snp_has_vek(a) || a->report.version > 2)) {
        struct assay_text observed = assay_text_empty();
        assay_text_add(&observed, assay_snp_product_text(a->product));
        assay_text_add(&observed, ", CPUID ");
        assay_text_add_hex(&observed, a->report.cpuid, sizeof a->report.cpuid);
        if (assay_snp_has_vek(a)) {
            assay_text_add(&observed, ", certificate for ");
            assay_text_add(&observed, a->proven->facts.vek.product);
        }
        assay_verdict_add(a->verdict, ASSAY_RULE_UNSUPPORTED, ASSAY_SNP_AT_CPUID,
                          "a processor of Milan, Genoa or Turin", observed.text);
        return;
    }
    if (!assay_snp_has_vek(a)) return;
    const enum assay_snp_product certified =
        assay_snp_product_of_name(a->proven->facts.vek.product);
    if (certified == ASSAY_SNP_PRODUCT_UNKNOWN)
        assay_verdict_add(a->verdict, ASSAY_RULE_PRODUCT, ASSAY_SNP_AT_CPUID,
                          assay_snp_product_text(a->product), a->proven->facts.vek.product);
    demand_product(a, "certificate for ", certified);
    demand_product(a, "issuer for ", product_of_issuer(a->proven));
    demand_product(a, "root of ", product_of_root(&a->proven->root));
}

/* --- which TCB, which chip */
void assay_snp_add_tcb(struct assay_text *t, const struct assay_snp_tcb *tcb)
{
    if (tcb->has_fmc) {
        assay_text_add(t, "fmc ");
        assay_text_add_u64(t, tcb->fmc);
        assay_text_add(t, ", ");
    }
    assay_text_add(t, "boot loader ");
    assay_text_add_u64(t, tcb->bootloader);
    assay_text_add(t, ", tee ");
    assay_text_add_u64(t, tcb->tee);
    assay_text_add(t, ", snp ");
    assay_text_add_u64(t, tcb->snp);
    assay_text_add(t, ", microcode ");
    assay_text_add_u64(t, tcb->microcode);
}

bool assay_snp_has_layout(const struct assay_snp_appraisal *a)
{
    return assay_snp_product_supported(a->product) ||
           (a->report.version < 3 && !assay_snp_has_vek(a));
}

static void judge_vek_tcb(const struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(assay_snp_has_vek(a));
    const struct assay_vek *const vek = &a->proven->facts.vek;
    const struct assay_snp_tcb reported = assay_snp_tcb(a->product, a->report.reported_tcb);
    const bool equal = assay_snp_vek_tcb_equal(vek, &reported);
    enum assay_proof_state state = ASSAY_PROOF_UNKNOWN;
    if (assay_snp_has_layout(a)) state = equal ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE;
    assay_verdict_proof(a->verdict, ASSAY_PROOF_VEK_TCB, state);
    if (state != ASSAY_PROOF_FALSE) return;
    const struct assay_snp_tcb certified = { vek->has_fmc, vek->fmc, vek->bootloader,
                                             vek->tee,     vek->snp, vek->microcode };
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_snp_add_tcb(&expected, &certified);
    assay_snp_add_tcb(&observed, &reported);
    assay_verdict_add(a->verdict, ASSAY_RULE_VEK_TCB, ASSAY_SNP_AT_REPORTED_TCB, expected.text,
                      observed.text);
}

/*
 * A VLEK belongs to a provider and not to a chip. With MaskChipId the firmware reports zeros
 * (56860, CHIP_ID): then there is nothing to compare either, and nothing is lost, because only that
 * chip has the VCEK. Both leave the proof unused.
 */
static void judge_chip(const struct assay_snp_appraisal *a)
{
    const struct assay_vek *const vek = &a->proven->facts.vek;
    ASSAY_ASSERT(vek->hwid_len <= sizeof vek->hwid);
    const struct assay_snp_report *const r = &a->report;
    if (assay_snp_signing_key(r) == ASSAY_SNP_KEY_VLEK) return;
    if (assay_bytes_all_zero(r->chip_id, sizeof r->chip_id)) return;
    const bool equal = assay_snp_vek_chip_equal(vek, r->chip_id);
    assay_verdict_proof(a->verdict, ASSAY_PROOF_CHIP_ID,
                        equal ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (equal) return;
    enum { SHOWN = 24 }; /* what fits a reason; as good as all of it */
    const size_t len = vek->hwid_len < SHOWN ? vek->hwid_len : SHOWN;
    add_hex(a->verdict, ASSAY_RULE_CHIP_ID, ASSAY_SNP_AT_CHIP_ID, "hardware id ",
            assay_slice_over(vek->hwid, len), assay_slice_over(r->chip_id, SHOWN));
}

/* 57230: a hardware id is as long as its product's chip ids. */
static void judge_hwid_len(const struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(assay_snp_has_vek(a));
    const uint32_t len = a->proven->facts.vek.hwid_len;
    const uint32_t wanted =
        a->product == ASSAY_SNP_TURIN ? ASSAY_SNP_SHORT_CHIP_ID_LEN : ASSAY_SNP_CHIP_ID_LEN;
    if (len == 0 || len == wanted || !assay_snp_product_supported(a->product)) return;
    add_number(a->verdict, ASSAY_RULE_CHIP_ID, ASSAY_SNP_AT_CHIP_ID,
               wanted == ASSAY_SNP_CHIP_ID_LEN ? "a hardware id of 64 bytes"
                                               : "a hardware id of 8 bytes",
               "bytes: ", len);
}

static void judge_certificate(const struct assay_snp_appraisal *a)
{
    if (!assay_snp_has_vek(a)) {
        assay_verdict_proof(a->verdict, ASSAY_PROOF_VEK_TCB, ASSAY_PROOF_UNKNOWN);
        if (assay_snp_signing_key(&a->report) == ASSAY_SNP_KEY_VCEK &&
            !assay_bytes_all_zero(a->report.chip_id, sizeof a->report.chip_id))
            assay_verdict_proof(a->verdict, ASSAY_PROOF_CHIP_ID, ASSAY_PROOF_UNKNOWN);
        return;
    }
    judge_signing_key(a);
    judge_chip(a);
    judge_hwid_len(a);
    judge_vek_tcb(a);
}

/*
 * evidence-rules.md 3.5: what is reported is never above what is committed, and that never above
 * what runs. Firmware that runs before it is committed (56860, SNP_COMMIT) is part of every update,
 * and going back from it cannot go below what the reported version vouches for: no reason to warn.
 */
static void judge_order(const struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(assay_snp_has_layout(a));
    const struct assay_snp_report *const r = &a->report;
    const struct assay_snp_tcb reported = assay_snp_tcb(a->product, r->reported_tcb);
    const struct assay_snp_tcb committed = assay_snp_tcb(a->product, r->committed_tcb);
    const struct assay_snp_tcb current = assay_snp_tcb(a->product, r->current_tcb);
    if (!assay_snp_tcb_covers(&committed, &reported)) {
        struct assay_text expected = assay_text_empty();
        struct assay_text observed = assay_text_empty();
        assay_text_add(&expected, "reported <= committed: ");
        assay_snp_add_tcb(&expected, &committed);
        assay_snp_add_tcb(&observed, &reported);
        assay_verdict_add(a->verdict, ASSAY_RULE_TCB_ORDER, ASSAY_SNP_AT_REPORTED_TCB,
                          expected.text, observed.text);
    }
    if (!assay_snp_tcb_covers(&current, &committed)) {
        struct assay_text expected = assay_text_empty();
        struct assay_text observed = assay_text_empty();
        assay_text_add(&expected, "committed <= current: ");
        assay_snp_add_tcb(&expected, &current);
        assay_snp_add_tcb(&observed, &committed);
        assay_verdict_add(a->verdict, ASSAY_RULE_TCB_ORDER, ASSAY_SNP_AT_COMMITTED_TCB,
                          expected.text, observed.text);
    }
}

void assay_snp_appraise_key(const struct assay_snp_appraisal *a)
{
    judge_signature(a);
    judge_product(a);
    judge_certificate(a);
    if (assay_snp_has_layout(a)) judge_order(a);
}

/* --- revocation of the key at the time */
static void judge_window(const struct assay_snp_appraisal *a, const char *what, bool is_certificate,
                         int64_t from_unix_s, int64_t to_unix_s)
{
    const struct assay_window window = { .what = what,
                                         .is_certificate = is_certificate,
                                         .is_list = !is_certificate,
                                         .from_unix_s = from_unix_s,
                                         .to_unix_s = to_unix_s };
    assay_appraise_window(&window, a->request->policy, a->verdict);
}

/* A list with a wrong signature is as if absent (evidence-rules.md 1.15.7: a copy is no proof),
 * and named as the cause. */
static void no_list(const struct assay_snp_appraisal *a, bool has_wrong)
{
    const bool is_needed = a->rules->require_crl;
    assay_verdict_add(a->verdict,
                      is_needed ? ASSAY_RULE_COLLATERAL_MISSING : ASSAY_RULE_REVOCATION_UNKNOWN, 0,
                      "the revocation list of the ARK",
                      has_wrong   ? "one with a wrong signature"
                      : is_needed ? "none given"
                                  : "none");
}

/* Does it bear the ARK's name, where the ARK's certificate is at hand (evidence-rules.md 3.6)? */
static bool is_named_for_root(const struct assay_proven *p, const struct assay_crl *crl)
{
    ASSAY_ASSERT(p->link_count <= ASSAY_PROVEN_LINKS_MAX);
    enum { ROOT = 2 };
    uint8_t issuer[ASSAY_SHA256_LEN];
    if (p->link_count <= ROOT) return true;
    const struct assay_chain_link *const root = &p->links[ROOT];
    assay_sha256(crl->issuer.der, crl->issuer.len, issuer);
    return root->may_sign_crl && assay_bytes_equal(issuer, root->subject, sizeof issuer) &&
           (!crl->has_authority_key_id || !root->has_key_id ||
            assay_bytes_equal(crl->authority_key_id, root->key_id, ASSAY_KEY_ID_LEN));
}

/* CRLs of the root in all bundles under it. */
struct roots_list {
    const struct assay_list *list; /* named and signed by the root; the newest issued by then */
    bool has_wrong;                /* one bears the root's name, and the root did not sign it */
    bool is_misnamed;              /* one is the root's by signature and another's by name */
};

static void consider_list(const struct assay_snp_appraisal *a, const uint8_t root_name[static 32],
                          const struct assay_list *list, struct roots_list *out)
{
    ASSAY_ASSERT(out->list == NULL || out->list->has_issuer);
    const int64_t at_unix_s = a->verdict->at_unix_s;
    const bool is_signed = list->has_issuer && assay_bytes_equal(list->issuer_name, root_name, 32);
    const bool is_named = is_named_for_root(a->proven, &list->crl);
    /* The root is known as a key alone: no name to compare, so the signature alone decides. */
    const bool has_name = a->proven->link_count > 2;
    if (!is_signed && is_named && has_name) out->has_wrong = true;
    if (is_signed && !is_named) out->is_misnamed = true;
    if (!is_signed || !is_named) return;
    const bool is_out = list->crl.this_update_s <= at_unix_s;
    const bool best_is_out = out->list != NULL && out->list->crl.this_update_s <= at_unix_s;
    if (out->list == NULL || (is_out && !best_is_out) ||
        (is_out == best_is_out &&
         (list->crl.this_update_s > out->list->crl.this_update_s) == is_out))
        out->list = list;
}

static void find_roots_list(const struct assay_snp_appraisal *a, struct roots_list *out)
{
    ASSAY_ASSERT(a->proven->root.type != ASSAY_KEY_NONE);
    uint8_t root_name[ASSAY_SHA256_LEN];
    const struct assay_endorsements *const all = a->request->endorsements;
    *out = (struct roots_list){ 0 };
    assay_key_name(&a->proven->root, root_name);
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(a->request->kind)) == 0 || e->collateral == NULL) continue;
        if (!assay_key_equal(&e->root, &a->proven->root)) continue;
        ASSAY_ASSERT(e->collateral->fault_count <= ASSAY_FAULTS_MAX);
        for (uint32_t k = 0; k < e->collateral->fault_count; k++) {
            const struct assay_collateral_fault *const fault = &e->collateral->faults[k];
            if (fault->rule == ASSAY_RULE_CRL_SIGNATURE) continue; /* of a list: see below */
            assay_verdict_add(a->verdict, fault->rule, 0, fault->what,
                              assay_status_text(fault->status));
        }
        ASSAY_ASSERT(e->collateral->list_count <= ASSAY_LISTS_MAX);
        for (size_t k = 0; k < e->collateral->list_count; k++)
            consider_list(a, root_name, &e->collateral->lists[k], out);
    }
}

/*
 * AMD's list is the ARK's (57230, "CRL") and names what the ARK issued: ASK and ASVK. All of AMD's
 * endorsement keys have serial number 0: that names none of them. One with a number of its own is
 * looked for, too.
 */
static void judge_list(const struct assay_snp_appraisal *a, const struct assay_crl *crl)
{
    static const uint8_t unnumbered[ASSAY_SERIAL_LEN] = { 0 };
    const struct assay_proven *const p = a->proven;
    ASSAY_ASSERT(p->link_count <= ASSAY_PROVEN_LINKS_MAX);
    judge_window(a, "CRL", false, crl->this_update_s, crl->next_update_s);
    for (uint32_t i = 0; i < p->link_count; i++) {
        const struct assay_chain_link *const link = &p->links[i];
        if (assay_bytes_equal(link->serial, unnumbered, sizeof unnumbered)) continue;
        if (!assay_crl_contains(crl, link->serial)) continue;
        struct assay_text observed = assay_text_empty();
        assay_text_add(&observed, "revoked, serial ");
        assay_text_add_hex(&observed, link->serial, sizeof link->serial);
        assay_verdict_add(a->verdict, ASSAY_RULE_CERT_REVOKED, 0, link->what, observed.text);
    }
}

void assay_snp_appraise_chain(const struct assay_snp_appraisal *a)
{
    const struct assay_proven *const p = a->proven;
    for (uint32_t i = 0; i < p->link_count; i++)
        judge_window(a, p->links[i].what, true, p->links[i].from_unix_s, p->links[i].to_unix_s);
    if (p->root.type == ASSAY_KEY_NONE) return;
    ASSAY_ASSERT(p->link_count > 0);
    struct roots_list roots;
    find_roots_list(a, &roots);
    if (roots.is_misnamed)
        assay_verdict_add(a->verdict, ASSAY_RULE_CRL_ISSUER, 0, "a CRL of the ARK",
                          "another issuer");
    if (roots.list != NULL) judge_list(a, &roots.list->crl);
    else if (!roots.is_misnamed) no_list(a, roots.has_wrong);
}
