/*
 * quote/intel/dcap.c - appraisal of one ECDSA quote: what it proves by itself, then its root, then
 * the collateral at the time, then the policy.
 *
 * Every check adds its reason and the next one runs all the same, so that an operator sees all that
 * is wrong; only what would build on unproven ground is left out. Rules: docs/evidence-rules.md 1
 * and 2, after Intel's QVL.
 */
#include "quote/intel/dcap.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/intel/appraise.h"
#include "quote/intel/platform.h"
#include "quote/intel/lists.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/text.h"

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

/* --- claims and proofs of the quote by itself */
static void judge_header(const struct assay_kind *kind, const struct assay_quote *quote,
                         const struct assay_policy *policy, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(quote->kind == kind->kind);
    enum { QE_VENDOR_ID = 12 };
    if ((policy->kinds & ASSAY_KIND_BIT(kind->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(kind->kind));
    /* docs/protocol.md 3.10: SOFT only in profile development. */
    if (kind->insecure && policy->profile == ASSAY_PROFILE_PRODUCTION)
        assay_verdict_add(verdict, ASSAY_RULE_PROFILE, 0, "profile development",
                          "profile production");
    /* evidence-rules.md 2.2: defined, and compared. */
    if (!assay_bytes_equal(quote->qe_vendor_id, kind->qe_vendor_id, 16))
        add_hex(verdict, ASSAY_RULE_QE_VENDOR, QE_VENDOR_ID,
                assay_slice_over(kind->qe_vendor_id, 16),
                assay_slice_over(quote->qe_vendor_id, 16));
}

static void judge_quote_signature(const struct assay_quote *quote,
                                  const struct assay_proven *proven, struct assay_verdict *verdict)
{
    if (proven->key == NULL) return; /* already a fault */
    ASSAY_ASSERT(quote->signed_part.len ==
                 quote->offset_body + assay_intel_body_len(quote->body_type));
    uint8_t digest[ASSAY_SHA256_LEN];
    struct assay_signature signature;
    assay_sha256(quote->signed_part.bytes, quote->signed_part.len, digest);
    assay_signature_from_p256(&signature, quote->signature);
    const bool ok = assay_public_key_check(proven->key, &signature, digest, sizeof digest);
    assay_verdict_proof(verdict, ASSAY_PROOF_QUOTE_SIGNATURE,
                        ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!ok)
        assay_verdict_add(verdict, ASSAY_RULE_QUOTE_SIGNATURE, quote->offset_signature,
                          "a signature by the attestation key", "a wrong signature");
}

/* --- under which root, with which collateral */
static bool can_fit(const struct assay_collateral *c, const struct assay_kind *kind,
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
static const struct assay_endorsement *choose_endorsement(const struct assay_endorsements *all,
                                                          const struct assay_kind *kind,
                                                          const struct assay_proven *proven,
                                                          bool *fitting)
{
    ASSAY_ASSERT(proven->link_count > LINK_ROOT);
    const struct assay_endorsement *chosen = NULL;
    unsigned chosen_rank = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        unsigned rank = 1;
        if ((e->kinds & ASSAY_KIND_BIT(kind->kind)) == 0) continue;
        if (!assay_key_equal(&e->root, &proven->root)) continue;
        if (e->collateral != NULL) {
            rank = 2;
            if (can_fit(e->collateral, kind, &proven->facts.intel.pck)) rank = 3;
            if (rank == 3 &&
                assay_crl_issued_by_link(&e->collateral->pck_crl, &proven->links[LINK_CA]))
                rank = 4;
        }
        if (rank > chosen_rank) {
            chosen = e;
            chosen_rank = rank;
        }
    }
    ASSAY_ASSERT((chosen == NULL) == (chosen_rank == 0));
    *fitting = chosen_rank >= 3;
    return chosen;
}

/* --- collateral */
static void judge_collateral(const struct assay_collateral *c, const struct assay_policy *policy,
                             struct assay_verdict *verdict)
{
    ASSAY_ASSERT(c->fault_count <= ASSAY_FAULTS_MAX && c->window_count <= ASSAY_WINDOWS_MAX);
    for (size_t i = 0; i < ASSAY_PARTS_INTEL; i++) {
        if (c->given[i] || i == ASSAY_PART_PCK_CHAIN || i == ASSAY_PART_QE_CHAIN) continue;
        assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_MISSING, 0,
                          assay_collateral_part_name((enum assay_collateral_part)i),
                          c->is_of_others[i] ? "none that the platform's own authority signed"
                                             : "none given");
    }
    for (uint32_t i = 0; i < c->fault_count; i++) {
        const struct assay_collateral_fault *const fault = &c->faults[i];
        assay_verdict_add(verdict, fault->rule, 0, fault->what, assay_status_text(fault->status));
    }
    for (uint32_t i = 0; i < c->window_count; i++)
        if (!c->windows[i].is_list) assay_appraise_window(&c->windows[i], policy, verdict);
}

/* TCB info and QE identity must be about this platform and this TEE (evidence-rules.md 2.8). */
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
static void name_platform(const struct assay_proven *proven, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(proven->link_count > LINK_ROOT);
    const struct assay_pck *const pck = &proven->facts.intel.pck;
    assay_bytes_copy(verdict->vendor_root, 32, proven->links[LINK_ROOT].key_name, 32);
    const struct assay_slice pieces[] = { assay_slice_over(verdict->vendor_root, 32),
                                          assay_slice_over(pck->ppid, sizeof pck->ppid) };
    assay_sha256_pieces(pieces, 2, verdict->platform_id);
    verdict->platform_masked = assay_bytes_all_zero(pck->ppid, sizeof pck->ppid);
    verdict->has_platform = true;
}

static void refuse_root(const struct assay_evidence_request *request,
                        const struct assay_quote *quote, const struct assay_proven *proven,
                        struct assay_verdict *verdict)
{
    ASSAY_ASSERT(proven->link_count > LINK_ROOT);
    struct assay_text observed = assay_text_empty();
    assay_text_add_hex(&observed, proven->links[LINK_ROOT].key_name, ASSAY_SHA256_LEN);
    const struct assay_quote_fault fault = { .offset = quote->offset_cert_data,
                                             .expected = "a root key pinned for this kind",
                                             .observed = observed.text };
    assay_appraise_unknown_root(request, ASSAY_PROOF_CHAIN_TO_ROOT, &fault, verdict);
}

/* Everything that builds on a chain that was read: root, times, collateral, levels. */
static enum assay_status judge_under_root(const struct assay_kind *kind,
                                          const struct assay_evidence_request *request,
                                          const struct assay_quote *quote,
                                          struct assay_lease *lease, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(lease->proven != NULL);
    bool fitting = false;
    const struct assay_proven *const proven = lease->proven;
    const struct assay_pck *const pck = &proven->facts.intel.pck;
    const struct assay_endorsement *const e =
        choose_endorsement(request->endorsements, kind, proven, &fitting);
    if (e == NULL) {
        refuse_root(request, quote, proven, verdict);
        return ASSAY_OK;
    }
    assay_appraise_links(proven, verdict);
    if (!assay_verdict_has_class(verdict, ASSAY_RULE_FORGED)) name_platform(proven, verdict);

    const struct assay_collateral *const c = e->collateral;
    if (c == NULL || (!fitting && !request->endorsements->exact)) {
        struct assay_text observed = assay_text_empty();
        assay_text_add(&observed, "none for FMSPC ");
        assay_text_add_hex(&observed, pck->fmspc, sizeof pck->fmspc);
        assay_verdict_add(verdict, ASSAY_RULE_COLLATERAL_MISSING, 0, "collateral", observed.text);
        return ASSAY_OK;
    }
    judge_collateral(c, request->policy, verdict);
    ASSAY_TRY(assay_intel_check_revocation(request, c, lease, verdict));
    judge_subject(kind, c, pck, verdict);
    assay_appraise_identities(kind, quote, c, verdict);
    /*
     * A level computed from forged, old or unrelated collateral has no meaning.
     */
    if (assay_verdict_has_class(verdict, ASSAY_RULE_FORGED)) return ASSAY_OK;
    if (assay_verdict_has_class(verdict, ASSAY_RULE_UNJUDGED)) return ASSAY_OK;
    assay_appraise_tcb(kind, quote, pck, c, request->policy, verdict);
    return ASSAY_OK;
}

/* --- the platform, remembered or proven */
enum { PIECES_MAX = 2 + ASSAY_CHAIN_MAX };

_Static_assert((int)ASSAY_PACKAGE_CERTIFICATES_MAX <= (int)ASSAY_CHAIN_MAX, "pieces of a package");

/*
 * Where the PCK chain of a type 3 quote may be: next to it in the package, else in the PCK chain
 * of a bundle for this kind whose certificate names the quote's SVNs (quote/intel/platform.c
 * looks).
 */
static struct assay_pck_source find_source(const struct assay_kind *kind,
                                           const struct assay_evidence_request *request,
                                           const struct assay_package *package,
                                           const struct assay_quote *quote)
{
    ASSAY_ASSERT(package->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    struct assay_pck_source source = { 0, NULL, NULL };
    const struct assay_endorsements *const all = request->endorsements;
    if (quote->cert_data_type != ASSAY_CERT_TYPE_ENCRYPTED_PPID) return source;
    if (package->certificate_count > 0) {
        source.count = package->certificate_count;
        source.der = package->certificates;
        return source;
    }
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_collateral *const c = all->entries[i].collateral;
        if ((all->entries[i].kinds & ASSAY_KIND_BIT(kind->kind)) == 0) continue;
        if (c == NULL || c->certificate_count == 0) continue;
        const struct assay_pck_source here = { c->certificate_count, NULL, c->certificates };
        if (source.count == 0) source = here;
        if (!assay_platform_is_named(quote, &here)) continue;
        return here;
    }
    return source;
}

static enum assay_status open_platform(struct assay_verifier *verifier,
                                       const struct assay_quote *quote,
                                       const struct assay_pck_source *source,
                                       struct assay_lease *lease)
{
    ASSAY_ASSERT(source->count <= ASSAY_CHAIN_MAX);
    ASSAY_ASSERT(source->count == 0 || (source->der == NULL) != (source->decoded == NULL));
    /*
     * Where it stands belongs to it: faults name offsets, and bodies differ in length. So does
     * what the pieces behind are: a sender may write digests where certificates should stand.
     */
    const uint32_t at = quote->offset_signature;
    const uint8_t place[] = { (uint8_t)(at >> 24), (uint8_t)(at >> 16 & 0xff),
                              (uint8_t)(at >> 8 & 0xff), (uint8_t)(at & 0xff),
                              source->der != NULL ? 1 : 0 };
    struct assay_slice pieces[PIECES_MAX] = { quote->evidence_of_key,
                                              assay_slice_over(place, sizeof place) };
    for (size_t i = 0; i < source->count; i++)
        pieces[2 + i] = source->der != NULL
                            ? source->der[i]
                            : assay_slice_over(source->decoded[i].digest, ASSAY_SHA256_LEN);
    assay_lease_open(verifier, quote->kind, pieces, 2 + source->count, lease);
    if (lease->proven != NULL) return ASSAY_OK;
    const enum assay_status status = assay_platform_prove(verifier, quote, source, &lease->own);
    if (status == ASSAY_OK) assay_lease_retain(lease);
    else assay_lease_close(lease);
    return status;
}

/*
 * Platforms that attest by DICE give a CBOR web token in place of a quote, told by its size (Linux,
 * ABI of configfs-tsm, outblob: above 8 KB) and here by its tags as well (RFC 8392 6: 61, RFC 9052:
 * 18). Its profile is not published: its claims are not appraised.
 */
static bool is_dice_token(struct assay_slice bytes)
{
    enum { QUOTE_LEN_MAX = 8192 };
    static const uint8_t cwt[] = { 0xd8, 0x3d };
    if (bytes.len <= QUOTE_LEN_MAX) return false;
    return bytes.bytes[0] == 0xd2 || assay_bytes_equal(bytes.bytes, cwt, sizeof cwt);
}

/* Says in words what of the bytes is not supported. */
static enum assay_status read_quote(const struct assay_kind *kind, struct assay_slice bytes,
                                    struct assay_quote *quote, struct assay_verdict *verdict)
{
    const enum assay_status status = assay_quote_parse(kind, bytes.bytes, bytes.len, quote);
    if (status != ASSAY_E_UNSUPPORTED) return status;
    if (is_dice_token(bytes))
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0, "an ECDSA quote",
                          "a CBOR web token of a platform that attests by DICE");
    return status;
}

static void begin_proofs(struct assay_verdict *verdict)
{
    static const enum assay_proof used[] = { ASSAY_PROOF_QUOTE_SIGNATURE,
                                             ASSAY_PROOF_QE_REPORT_SIGNATURE,
                                             ASSAY_PROOF_AK_BINDING, ASSAY_PROOF_CHAIN_TO_ROOT };
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        assay_verdict_proof(verdict, used[i], ASSAY_PROOF_UNKNOWN);
}

enum assay_status assay_dcap_verify(const struct assay_kind *kind, struct assay_verifier *verifier,
                                    const struct assay_evidence_request *request,
                                    struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    struct assay_quote quote;
    struct assay_lease lease;
    begin_proofs(verdict);
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    ASSAY_TRY(read_quote(kind, package.main, &quote, verdict));
    judge_header(kind, &quote, request->policy, verdict);
    kind->judge_body(&quote, request->policy, verdict);

    const struct assay_pck_source source = find_source(kind, request, &package, &quote);
    ASSAY_TRY(open_platform(verifier, &quote, &source, &lease));
    ASSAY_ASSERT(lease.proven != NULL);
    assay_proven_report(lease.proven, verdict);
    judge_quote_signature(&quote, lease.proven, verdict);
    enum assay_status status = ASSAY_OK;
    if (lease.proven->link_count != 0)
        status = judge_under_root(kind, request, &quote, &lease, verdict);
    assay_lease_close(&lease);
    return status;
}
