/*
 * quote/amd/snp.c - appraisal of an SNP report: what it proves by itself, its signing key
 * (snp_key.c), then the policy on the guest.
 *
 * As in quote/intel/dcap.c every check adds its reason and the next one runs all the same; pitfalls
 * are those of docs/evidence-rules.md 1.11 and 3.2 to 3.5.
 */
#include "quote/amd/snp.h"

#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/amd/snp_appraise.h"
#include "quote/amd/snp_vek.h"
#include "quote/package.h"

/* --- the report by itself */
static void fill_claims(const struct assay_snp_report *r, struct assay_verdict *verdict)
{
    verdict->has_claims = true;
    verdict->debug = (r->policy & ASSAY_SNP_POLICY_DEBUG) != 0;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, r->report_data,
                     sizeof r->report_data);
    assay_bytes_copy(verdict->measurement, sizeof verdict->measurement, r->measurement,
                     sizeof r->measurement);
    verdict->measurement_len = sizeof r->measurement;
}

/* PLATFORM_INFO is not looked at: it grows bits within a version (SEV-TIO in rev. 1.58). */
static void judge_reserved(const struct assay_snp_appraisal *a)
{
    enum { KEY_INFO_BITS = 5 };
    const struct assay_snp_report *const r = &a->report;
    ASSAY_ASSERT(!r->reserved_set || r->reserved_offset < ASSAY_SNP_SIGNED_LEN);
    const char *const zero = "zero in reserved places";
    if (r->reserved_set)
        assay_verdict_add(a->verdict, ASSAY_RULE_RESERVED_BITS, r->reserved_offset, zero,
                          "another value");
    if (r->policy >> ASSAY_SNP_POLICY_RESERVED_FROM != 0)
        assay_verdict_add(a->verdict, ASSAY_RULE_RESERVED_BITS, ASSAY_SNP_AT_POLICY, zero,
                          "guest policy bits above 25");
    if ((r->policy & ASSAY_SNP_POLICY_MUST_BE_ONE) == 0)
        assay_verdict_add(a->verdict, ASSAY_RULE_RESERVED_BITS, ASSAY_SNP_AT_POLICY,
                          "guest policy bit 17 set", "not set");
    if (r->key_info >> KEY_INFO_BITS != 0)
        assay_verdict_add(a->verdict, ASSAY_RULE_RESERVED_BITS, ASSAY_SNP_AT_KEY_INFO, zero,
                          "key information bits above 4");
    if (assay_snp_product_supported(a->product) &&
        !(assay_snp_tcb_clean(a->product, r->reported_tcb) &&
          assay_snp_tcb_clean(a->product, r->committed_tcb) &&
          assay_snp_tcb_clean(a->product, r->current_tcb) &&
          assay_snp_tcb_clean(a->product, r->launch_tcb)))
        assay_verdict_add(a->verdict, ASSAY_RULE_RESERVED_BITS, ASSAY_SNP_AT_CURRENT_TCB, zero,
                          "reserved bytes of a TCB version");
}

/* --- what the policy makes of the guest */
static void judge_vmpl(const struct assay_snp_appraisal *a)
{
    const uint32_t vmpl = a->report.vmpl;
    /* A paravisor runs at VMPL 0, the guest that it attests below it: reports requested by the
     * guest have the same measurement, and arbitrary report data. */
    const bool speaks_for_paravisor = a->request->kind == ASSAY_KIND_VTPM_SNP;
    const uint8_t max = speaks_for_paravisor ? 0 : a->rules->vmpl_max;
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    if (vmpl == 0) return;
    assay_text_add(&expected, vmpl > max ? "VMPL at most " : "VMPL ");
    assay_text_add_u64(&expected, vmpl > max ? max : 0);
    assay_text_add(&observed, "VMPL ");
    assay_text_add_u64(&observed, vmpl);
    /* 56860, SNP_HV_REPORT_REQ: requested by the host, not by the guest. */
    if (vmpl == UINT32_MAX) assay_text_add(&observed, ": requested by the host");
    assay_verdict_add(a->verdict, vmpl > max ? ASSAY_RULE_VMPL : ASSAY_RULE_VMPL_NOTE,
                      ASSAY_SNP_AT_VMPL, expected.text, observed.text);
}

/* 56860, GUEST_POLICY. What is allowed counts, not what the host makes of it today. */
static void judge_guest_policy(const struct assay_snp_appraisal *a)
{
    const uint64_t policy = a->report.policy;
    struct assay_verdict *const v = a->verdict;
    const uint32_t at = ASSAY_SNP_AT_POLICY;
    if ((policy & ASSAY_SNP_POLICY_DEBUG) != 0)
        assay_verdict_add(v, ASSAY_RULE_DEBUG, at, "guest policy without DEBUG", "DEBUG allowed");
    if ((policy & ASSAY_SNP_POLICY_MIGRATE_MA) != 0 && !a->rules->allow_migration_agent)
        assay_verdict_add(v, ASSAY_RULE_MIGRATION_AGENT, at, "guest policy without MIGRATE_MA",
                          "MIGRATE_MA allowed");
    if ((policy & ASSAY_SNP_POLICY_SMT) != 0 && !a->rules->allow_smt)
        assay_verdict_add(v, ASSAY_RULE_SMT, at, "guest policy without SMT", "SMT allowed");
    if ((policy & ASSAY_SNP_POLICY_SINGLE_SOCKET) == 0 && a->rules->require_single_socket)
        assay_verdict_add(v, ASSAY_RULE_SINGLE_SOCKET, at, "guest policy with SINGLE_SOCKET",
                          "several sockets allowed");
}

/* What is reported is what the signature vouches for: minimum versions are about it alone. */
static void judge_minimum(const struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(assay_snp_has_layout(a));
    const uint8_t *const min = a->rules->snp_tcb_min;
    const struct assay_snp_tcb least = { min[4] != 0, min[4], min[0], min[1], min[2], min[3] };
    const struct assay_snp_tcb reported = assay_snp_tcb(a->product, a->report.reported_tcb);
    struct assay_snp_tcb compared = reported;
    /* A minimum for a component that the product does not have is met. */
    if (!reported.has_fmc) compared.fmc = least.fmc;
    if (assay_snp_tcb_covers(&compared, &least)) return;
    struct assay_text expected = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add(&expected, "at least ");
    assay_snp_add_tcb(&expected, &least);
    assay_snp_add_tcb(&observed, &reported);
    assay_verdict_add(a->verdict, ASSAY_RULE_SVN_MINIMUM, ASSAY_SNP_AT_REPORTED_TCB, expected.text,
                      observed.text);
}

static void judge_references(const struct assay_snp_appraisal *a)
{
    const struct assay_snp_report *const r = &a->report;
    const struct assay_measured measured[] = {
        { ASSAY_REFERENCE_SNP_MEASUREMENT, r->measurement, sizeof r->measurement, UINT16_MAX,
          ASSAY_SNP_AT_MEASUREMENT },
        { ASSAY_REFERENCE_HOST_DATA, r->host_data, sizeof r->host_data, UINT16_MAX,
          ASSAY_SNP_AT_HOST_DATA },
        { ASSAY_REFERENCE_ID_KEY_DIGEST, r->id_key_digest, sizeof r->id_key_digest, UINT16_MAX,
          ASSAY_SNP_AT_ID_KEY_DIGEST },
        { ASSAY_REFERENCE_AUTHOR_KEY_DIGEST, r->author_key_digest, sizeof r->author_key_digest,
          UINT16_MAX, ASSAY_SNP_AT_AUTHOR_KEY_DIGEST },
    };
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++)
        assay_reference_appraise(a->request->policy, &measured[i], a->verdict);
}

/*
 * docs/protocol.md 6.2. The VCEK's certificate names the chip also where the report masks it; a
 * VLEK with a masked chip id names nothing.
 */
static void name_platform(const struct assay_snp_appraisal *a)
{
    struct assay_verdict *const v = a->verdict;
    const struct assay_vek *const vek = &a->proven->facts.vek;
    uint8_t chip[ASSAY_SNP_CHIP_ID_LEN] = { 0 };
    ASSAY_ASSERT(vek->hwid_len <= sizeof chip);
    if (a->proven->root.type == ASSAY_KEY_NONE) return;
    if (assay_verdict_has_class(v, ASSAY_RULE_FORGED)) return;
    if (vek->hwid_len > 0) assay_bytes_copy(chip, sizeof chip, vek->hwid, vek->hwid_len);
    else assay_bytes_copy(chip, sizeof chip, a->report.chip_id, sizeof a->report.chip_id);
    assay_key_name(&a->proven->root, v->vendor_root);
    const struct assay_slice pieces[] = { assay_slice_over(v->vendor_root, 32),
                                          assay_slice_over(chip, sizeof chip) };
    assay_sha256_pieces(pieces, 2, v->platform_id);
    v->platform_masked = assay_bytes_all_zero(chip, sizeof chip);
    v->has_platform = true;
}

/* --- the whole */
static void appraise_report(struct assay_snp_appraisal *a)
{
    ASSAY_ASSERT(a->proven != NULL);
    a->product = assay_snp_report_product(&a->report);
    if (a->report.version < 3 && assay_snp_has_vek(a))
        a->product = assay_snp_product_of_name(a->proven->facts.vek.product);
    assay_proven_report(a->proven, a->verdict);
    assay_snp_appraise_key(a);
    assay_snp_appraise_chain(a);
    judge_reserved(a);
    if (assay_snp_has_layout(a)) judge_minimum(a);
    judge_guest_policy(a);
    judge_vmpl(a);
    judge_references(a);
    name_platform(a);
}

enum assay_status assay_snp_appraise(const struct assay_snp_subject *subject,
                                     struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     struct assay_verdict *verdict)
{
    ASSAY_ASSERT(subject != NULL);
    struct assay_snp_appraisal a = { .request = request,
                                     .rules = &request->policy->platform,
                                     .verdict = verdict };
    struct assay_lease lease;
    ASSAY_TRY(assay_snp_parse(subject->report.bytes, subject->report.len, &a.report));
    fill_claims(&a.report, verdict);
    const enum assay_status status =
        assay_snp_vek_prove(&a.report, subject, verifier, request, &lease);
    if (status == ASSAY_OK) {
        ASSAY_ASSERT(lease.proven != NULL);
        a.proven = lease.proven;
        appraise_report(&a);
    }
    assay_lease_close(&lease);
    return status;
}

/* --- the row */
/*
 * The first word is a small version; a quote of Intel's keeps a key type in its upper half (v3 and
 * later: 2 or 3). The algorithm's number is as small.
 */
static bool detect_report(const uint8_t *bytes, size_t len)
{
    enum { SMALL = 255, AT_ALGO = 0x34 };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint32_t version = 0;
    uint32_t algo = 0;
    if (len < ASSAY_SNP_REPORT_LEN) return false;
    if (assay_cursor_u32le(&in, &version) != ASSAY_OK) return false;
    if (assay_cursor_skip(&in, AT_ALGO - 4) != ASSAY_OK) return false;
    if (assay_cursor_u32le(&in, &algo) != ASSAY_OK) return false;
    return version >= 1 && version <= SMALL && algo <= SMALL;
}

static enum assay_status get_length(const uint8_t *bytes, size_t len, size_t *declared)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    const uint8_t *tail = NULL;
    ASSAY_TRY(assay_cursor_skip(&in, ASSAY_SNP_REPORT_LEN));
    const size_t left = assay_cursor_left(&in);
    ASSAY_TRY(assay_cursor_take(&in, left, &tail));
    if (!assay_bytes_all_zero(tail, left)) return ASSAY_E_TRAILING;
    ASSAY_ASSERT(len >= ASSAY_SNP_REPORT_LEN);
    *declared = ASSAY_SNP_REPORT_LEN;
    return ASSAY_OK;
}

static enum assay_status verify_report(const struct assay_kind *kind,
                                       struct assay_verifier *verifier,
                                       const struct assay_evidence_request *request,
                                       struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    if ((request->policy->kinds & ASSAY_KIND_BIT(kind->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(kind->kind));
    ASSAY_ASSERT(package.certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    const struct assay_snp_subject subject = { package.main, package.certificates,
                                               package.certificate_count };
    ASSAY_TRY(assay_snp_appraise(&subject, verifier, request, verdict));
    verdict->appraised = true;
    return ASSAY_OK;
}

struct assay_kind assay_kind_snp(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_SNP,
        .what = "an attestation report of an AMD SEV-SNP guest",
        .publisher = ASSAY_PUBLISHED_BY_AMD,
        .pieces = ASSAY_PIECE_CERTIFICATES | ASSAY_PIECE_DEVICES,
        .speaks_of = ASSAY_CLAIMS_TEE | ASSAY_CLAIM_BIT(EXECUTABLES),
        .affirms = ASSAY_CLAIMS_TEE,
        .proofs = ASSAY_PROOFS_SNP,
        .programs = ASSAY_PROGRAM_BIT(SNP_MEASUREMENT),
        .detect = detect_report,
        .length = get_length,
        .verify = verify_report,
    };
}
