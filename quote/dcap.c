/*
 * quote/dcap.c - the appraisal of one ECDSA quote: what it proves by itself, then under which root,
 * then what the collateral says at the time, then what the policy makes of it.
 *
 * Every check adds its reason and the next one runs all the same, so that an operator sees all that
 * is wrong; only what would build on unproven ground is left out. Sources: quotes.md 4, 5, 7 after
 * Intel's QVL.
 */
#include "quote/dcap.h"

#include "base/assert.h"
#include "quote/crl.h"
#include "quote/judge.h"
#include "quote/text.h"
#include "quote/verifier.h"

const uint8_t *assay_intel_qe_vendor_id(void)
{
    static const uint8_t id[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                    0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
    return id;
}

static void add_hex(struct assay_verdict *verdict, enum assay_rule rule, uint32_t offset,
                    struct assay_slice expected, struct assay_slice observed)
{
    struct assay_text a = assay_text_empty();
    struct assay_text b = assay_text_empty();
    assay_text_add_hex(&a, expected.bytes, expected.len);
    assay_text_add_hex(&b, observed.bytes, observed.len);
    assay_verdict_add(verdict, rule, offset, a.text, b.text);
}

/* --- what the quote says and proves by itself */
static void judge_header(const struct assay_kind *kind, const struct assay_quote *quote,
                         const struct assay_policy *policy, struct assay_verdict *verdict)
{
    enum { QE_VENDOR_ID = 12 };
    if ((policy->kinds & ASSAY_KIND_BIT(kind->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(kind->kind));
    /* docs/protocol.md 3: SOFT only in profile development. */
    if (kind->insecure && policy->profile == ASSAY_PROFILE_PRODUCTION)
        assay_verdict_add(verdict, ASSAY_RULE_PROFILE, 0, "profile development",
                          "profile production");
    /* quotes.md 7.2: defined, and compared. */
    if (!assay_bytes_equal(quote->qe_vendor_id, kind->qe_vendor_id, 16))
        add_hex(verdict, ASSAY_RULE_QE_VENDOR, QE_VENDOR_ID,
                assay_slice_over(kind->qe_vendor_id, 16),
                assay_slice_over(quote->qe_vendor_id, 16));
}

static void judge_quote_signature(const struct assay_quote *quote,
                                  const struct assay_platform *platform,
                                  struct assay_verdict *verdict)
{
    if (platform->attestation_key == NULL) return; /* already a fault */
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(quote->signed_part.bytes, quote->signed_part.len, digest);
    if (!assay_p256_verify(platform->attestation_key, digest, quote->signature, ASSAY_S_ANY))
        assay_verdict_add(verdict, ASSAY_RULE_QUOTE_SIGNATURE, quote->offset_signature,
                          "a signature by the attestation key", "a wrong signature");
}

static void judge_platform(const struct assay_platform *platform, struct assay_verdict *verdict)
{
    for (uint32_t i = 0; i < platform->fault_count; i++) {
        const struct assay_fault *const fault = &platform->faults[i];
        assay_verdict_add(verdict, fault->rule, fault->offset, fault->expected, fault->observed);
    }
}

/* --- under which root, with which collateral */
static bool fits(const struct assay_collateral *c, const struct assay_kind *kind,
                 const struct assay_pck *pck)
{
    return c->has[ASSAY_PART_TCB_INFO] &&
           c->tcb_info.tee == (kind->is_tdx ? ASSAY_TEE_TDX : ASSAY_TEE_SGX) &&
           assay_bytes_equal(c->tcb_info.fmspc, pck->fmspc, sizeof pck->fmspc);
}

/*
 * The endorsement for this platform under its root: of several bundles the one for FMSPC and TEE,
 * and among those the one with the CRL of the platform's CA.
 * Returns: NULL when the root is not pinned
 */
static const struct assay_endorsement *choose(const struct assay_endorsements *all,
                                              const struct assay_kind *kind,
                                              const struct assay_chain *chain, bool *fitting)
{
    const struct assay_endorsement *chosen = NULL;
    unsigned chosen_rank = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        unsigned rank = 1;
        if ((e->kinds & ASSAY_KIND_BIT(kind->kind)) == 0) continue;
        if (!assay_key_equal(&e->root, &chain->root.key)) continue;
        if (e->collateral != NULL) {
            rank = 2;
            if (fits(e->collateral, kind, &chain->pck.pck)) rank = 3;
            if (rank == 3 && assay_dn_equal(&e->collateral->pck_crl.issuer, &chain->ca.subject))
                rank = 4;
        }
        if (rank > chosen_rank) {
            chosen = e;
            chosen_rank = rank;
        }
    }
    *fitting = chosen_rank >= 3;
    return chosen;
}

/* --- what the collateral says */
static void judge_window(const struct assay_window *window, struct assay_verdict *verdict)
{
    if (!verdict->has_expiry || window->to_unix_s < verdict->expires_unix_s)
        verdict->expires_unix_s = window->to_unix_s;
    verdict->has_expiry = true;

    const int64_t at = verdict->at_unix_s;
    if (at >= window->from_unix_s && at <= window->to_unix_s) return;
    enum assay_rule rule = ASSAY_RULE_CERT_TIME;
    if (!window->is_certificate)
        rule =
            at < window->from_unix_s ? ASSAY_RULE_COLLATERAL_EARLY : ASSAY_RULE_COLLATERAL_EXPIRED;
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&expected, window->what);
    assay_text_add(&expected, " valid ");
    assay_text_add_time(&expected, window->from_unix_s);
    assay_text_add(&expected, " to ");
    assay_text_add_time(&expected, window->to_unix_s);
    assay_text_add(&observed, "judged at ");
    assay_text_add_time(&observed, at);
    assay_verdict_add(verdict, rule, 0, expected.text, observed.text);
}

static void judge_chain_times(const struct assay_chain *chain, struct assay_verdict *verdict)
{
    const struct assay_window windows[] = {
        { "PCK certificate", true, chain->pck.not_before_s, chain->pck.not_after_s },
        { "PCK CA certificate", true, chain->ca.not_before_s, chain->ca.not_after_s },
        { "root certificate", true, chain->root.not_before_s, chain->root.not_after_s },
    };
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++)
        judge_window(&windows[i], verdict);
}

static void judge_collateral(const struct assay_collateral *c, struct assay_verdict *verdict)
{
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        if (c->given[i] || i == ASSAY_PART_PCK_CHAIN || i == ASSAY_PART_QE_CHAIN) continue;
        assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_MISSING, 0,
                          assay_collateral_part_name((enum assay_collateral_part)i),
                          "no such file");
    }
    for (uint32_t i = 0; i < c->fault_count; i++) {
        const struct assay_collateral_fault *const fault = &c->faults[i];
        assay_verdict_add(verdict, fault->rule, 0, fault->what, assay_status_text(fault->status));
    }
    for (uint32_t i = 0; i < c->window_count; i++)
        judge_window(&c->windows[i], verdict);
}

static void add_revoked(struct assay_verdict *verdict, const uint8_t serial[ASSAY_SERIAL_LEN],
                        const char *expected)
{
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, "revoked, serial ");
    assay_text_add_hex(&observed, serial, ASSAY_SERIAL_LEN);
    assay_verdict_add(verdict, ASSAY_RULE_CERT_REVOKED, 0, expected, observed.text);
}

/*
 * Both lists must speak for the authorities of this very chain (quotes.md 7.9: the lists of
 * Processor and Platform CA get mixed up), and neither may name its certificates.
 */
static enum assay_status judge_revocation(const struct assay_collateral *c,
                                          const struct assay_chain *chain,
                                          struct assay_verdict *verdict)
{
    if (c->has[ASSAY_PART_ROOT_CRL]) {
        if (!assay_crl_issued_by(&c->root_crl, &chain->root))
            assay_verdict_add(verdict, ASSAY_RULE_CRL_ISSUER, 0, "root CRL of the chain's root",
                              "another issuer");
        if (assay_crl_contains(&c->root_crl, chain->ca.serial))
            add_revoked(verdict, chain->ca.serial, "PCK CA certificate");
    }
    if (!c->has[ASSAY_PART_PCK_CRL]) return ASSAY_OK;
    if (!assay_crl_issued_by(&c->pck_crl, &chain->ca)) {
        assay_verdict_add(verdict, ASSAY_RULE_CRL_ISSUER, 0, chain->ca.subject_name,
                          "PCK CRL of another issuer");
    } else if (!c->has_pck_issuer ||
               !assay_bytes_equal(c->pck_issuer_name, chain->ca.key_name, 32)) {
        const enum assay_status status =
            assay_chain_signed(&chain->ca.key, c->pck_crl.tbs_digest, &c->pck_crl.signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK)
            assay_verdict_add(verdict, ASSAY_RULE_CRL_SIGNATURE, 0, "PCK CRL signed by the PCK CA",
                              "a wrong signature");
    }
    if (assay_crl_contains(&c->pck_crl, chain->pck.serial))
        add_revoked(verdict, chain->pck.serial, "PCK certificate");
    return ASSAY_OK;
}

/* TCB info and QE identity must be about this platform and this TEE (quotes.md 5, last line). */
static void judge_subject(const struct assay_kind *kind, const struct assay_collateral *c,
                          const struct assay_pck *pck, struct assay_verdict *verdict)
{
    const enum assay_tcb_tee tee = kind->is_tdx ? ASSAY_TEE_TDX : ASSAY_TEE_SGX;
    if (c->has[ASSAY_PART_TCB_INFO]) {
        if (c->tcb_info.tee != tee)
            assay_verdict_add(verdict, ASSAY_RULE_TCB_INFO_ID, 0, kind->is_tdx ? "TDX" : "SGX",
                              kind->is_tdx ? "SGX" : "TDX");
        if (!assay_bytes_equal(c->tcb_info.fmspc, pck->fmspc, sizeof pck->fmspc))
            add_hex(verdict, ASSAY_RULE_FMSPC, 0, assay_slice_over(pck->fmspc, 6),
                    assay_slice_over(c->tcb_info.fmspc, 6));
        if (!assay_bytes_equal(c->tcb_info.pceid, pck->pceid, sizeof pck->pceid))
            add_hex(verdict, ASSAY_RULE_PCEID, 0, assay_slice_over(pck->pceid, 2),
                    assay_slice_over(c->tcb_info.pceid, 2));
    }
    if (c->has[ASSAY_PART_QE_IDENTITY] && c->qe_identity.tee != tee)
        assay_verdict_add(verdict, ASSAY_RULE_QE_IDENTITY_ID, 0, kind->is_tdx ? "TD_QE" : "QE",
                          kind->is_tdx ? "QE" : "TD_QE");
}

/* The platform's name for the caps of docs/protocol.md 6.2: its PPID under its root. */
static void name_platform(const struct assay_chain *chain, struct assay_verdict *verdict)
{
    const struct assay_pck *const pck = &chain->pck.pck;
    assay_bytes_copy(verdict->vendor_root, 32, chain->root.key_name, 32);
    const struct assay_slice pieces[] = { assay_slice_over(verdict->vendor_root, 32),
                                          assay_slice_over(pck->ppid, sizeof pck->ppid) };
    assay_sha256_pieces(pieces, 2, verdict->platform_id);
    verdict->platform_masked = assay_bytes_all_zero(pck->ppid, sizeof pck->ppid);
    verdict->has_platform = true;
}

/* Everything that builds on a chain that was read: root, times, collateral, levels. */
static enum assay_status judge_under_root(const struct assay_kind *kind,
                                          const struct assay_evidence_request *request,
                                          const struct assay_quote *quote,
                                          const struct assay_chain *chain,
                                          struct assay_verdict *verdict)
{
    bool fitting = false;
    const struct assay_endorsement *const e = choose(request->endorsements, kind, chain, &fitting);
    if (e == NULL) {
        struct assay_text observed = assay_text_empty();
        assay_text_add_hex(&observed, chain->root.key_name, sizeof chain->root.key_name);
        assay_verdict_add(verdict, ASSAY_RULE_CHAIN_ROOT, quote->offset_cert_data,
                          "a root key pinned for this kind", observed.text);
        return ASSAY_OK;
    }
    judge_chain_times(chain, verdict);
    if (!assay_verdict_has_class(verdict, ASSAY_RULE_FORGED)) name_platform(chain, verdict);

    const struct assay_collateral *const c = e->collateral;
    if (c == NULL || (!fitting && !request->endorsements->exact)) {
        struct assay_text observed = assay_text_empty();
        assay_text_add(&observed, "none for FMSPC ");
        assay_text_add_hex(&observed, chain->pck.pck.fmspc, sizeof chain->pck.pck.fmspc);
        assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_MISSING, 0, "collateral", observed.text);
        return ASSAY_OK;
    }
    judge_collateral(c, verdict);
    ASSAY_TRY(judge_revocation(c, chain, verdict));
    judge_subject(kind, c, &chain->pck.pck, verdict);
    assay_judge_identities(kind, quote, c, verdict);
    /*
     * A level computed from collateral that is forged, old or for somebody else would say nothing.
     */
    if (assay_verdict_has_class(verdict, ASSAY_RULE_FORGED)) return ASSAY_OK;
    if (assay_verdict_has_class(verdict, ASSAY_RULE_UNJUDGED)) return ASSAY_OK;
    assay_judge_tcb(kind, quote, &chain->pck.pck, c, request->policy, verdict);
    return ASSAY_OK;
}

enum assay_status assay_dcap_verify(const struct assay_kind *kind, struct assay_verifier *verifier,
                                    const struct assay_evidence_request *request,
                                    struct assay_verdict *verdict)
{
    struct assay_quote quote;
    struct assay_lease lease;
    ASSAY_TRY(assay_quote_parse(kind, request->bytes, request->len, &quote));
    judge_header(kind, &quote, request->policy, verdict);
    kind->judge_body(&quote, request->policy, verdict);

    ASSAY_TRY(assay_lease_take(verifier, &quote, &lease));
    judge_platform(lease.platform, verdict);
    judge_quote_signature(&quote, lease.platform, verdict);
    enum assay_status status = ASSAY_OK;
    if (lease.platform->has_chain)
        status = judge_under_root(kind, request, &quote, &lease.platform->chain, verdict);
    assay_lease_return(&lease);
    return status;
}
