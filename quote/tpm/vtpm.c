/*
 * quote/tpm/vtpm.c - appraisal of a paravisor's evidence, link by link (quote/tpm/vtpm.h), in the
 * form of Azure's paravisors or of an SVSM (quote/tpm/svsm.h).
 *
 * The hardware's part is appraised by its own kind, the TPM's by quote/tpm/tpm.c; here stands what
 * ties them together. The attestation key needs no certificate: the hardware report vouches for the
 * paravisor, the paravisor for the key.
 */
#include "quote/tpm/vtpm.h"

#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/amd/snp.h"
#include "quote/eventlog/quoted.h"
#include "quote/intel/dcap.h"
#include "quote/json.h"
#include "quote/text.h"
#include "quote/tpm/svsm.h"
#include "quote/verify.h"

/* --- the blob */
static enum assay_status parse_words(struct assay_cursor *in, struct assay_hcl *h)
{
    enum { DATA_SIZE_AND_VERSION = 8 };
    uint32_t type = 0;
    uint32_t len = 0;
    ASSAY_TRY(assay_cursor_skip(in, DATA_SIZE_AND_VERSION));
    ASSAY_TRY(assay_cursor_u32le(in, &type));
    ASSAY_TRY(assay_cursor_u32le(in, &h->hash_type));
    ASSAY_TRY(assay_cursor_u32le(in, &len));
    if (type != ASSAY_HCL_SNP && type != ASSAY_HCL_TDX) return ASSAY_E_UNSUPPORTED;
    if (h->hash_type < 1 || h->hash_type > 3) return ASSAY_E_UNSUPPORTED;
    h->report_type = (enum assay_hcl_report)type;
    return assay_cursor_slice(in, len, &h->runtime_data);
}

enum assay_status assay_hcl_parse(const uint8_t *bytes, size_t len, struct assay_hcl *out)
{
    enum { SIZES_AND_RESERVED = 24 };
    ASSAY_ASSERT(out != NULL);
    if (len > ASSAY_HCL_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_hcl h = { 0 };
    struct assay_slice tail;
    uint32_t magic = 0;
    ASSAY_TRY(assay_cursor_u32le(&in, &magic));
    if (magic != UINT32_C(0x414c4348)) return ASSAY_E_INVALID; /* "HCLA" */
    ASSAY_TRY(assay_cursor_u32le(&in, &h.version));
    ASSAY_TRY(assay_cursor_skip(&in, SIZES_AND_RESERVED));
    ASSAY_TRY(assay_cursor_slice(&in, ASSAY_HCL_HARDWARE_LEN, &h.hardware));
    ASSAY_TRY(parse_words(&in, &h));
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &tail));
    if (!assay_bytes_all_zero(tail.bytes, tail.len)) return ASSAY_E_TRAILING;
    if (h.report_type == ASSAY_HCL_TDX) {
        const uint8_t *const rest = h.hardware.bytes + ASSAY_HCL_TD_REPORT_LEN;
        if (!assay_bytes_all_zero(rest, ASSAY_HCL_HARDWARE_LEN - ASSAY_HCL_TD_REPORT_LEN))
            return ASSAY_E_TRAILING;
        h.hardware.len = ASSAY_HCL_TD_REPORT_LEN;
    }
    ASSAY_ASSERT(ASSAY_HCL_RUNTIME_AT + h.runtime_data.len + tail.len == len);
    *out = h;
    return ASSAY_OK;
}

/* --- the hardware's report data and the runtime data */

/* The digest of the runtime data, then zeros. */
static void expected_data(const struct assay_hcl *hcl, uint8_t expected[ASSAY_REPORT_DATA_LEN])
{
    ASSAY_ASSERT(hcl->hash_type >= 1 && hcl->hash_type <= 3);
    const struct assay_slice data = hcl->runtime_data;
    assay_bytes_zero(expected, ASSAY_REPORT_DATA_LEN);
    if (hcl->hash_type == 1) assay_sha256(data.bytes, data.len, expected);
    if (hcl->hash_type == 2) assay_sha384(data.bytes, data.len, expected);
    if (hcl->hash_type == 3) assay_sha512(data.bytes, data.len, expected);
}

static void judge_runtime_data(const struct assay_hcl *hcl, const uint8_t *report_data,
                               uint32_t offset, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(report_data != NULL);
    uint8_t expected[ASSAY_REPORT_DATA_LEN];
    expected_data(hcl, expected);
    const bool binds = assay_bytes_equal(report_data, expected, sizeof expected);
    assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_DATA,
                        binds ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (binds) return;
    struct assay_text wanted = assay_text_empty();
    struct assay_text observed = assay_text_empty();
    assay_text_add_hex(&wanted, expected, ASSAY_SHA256_LEN);
    assay_text_add_hex(&observed, report_data, ASSAY_SHA256_LEN);
    assay_verdict_add(verdict, ASSAY_RULE_RUNTIME_DATA, offset, wanted.text, observed.text);
}

/* What the hardware vouches for, in one of two forms. */
struct vouched {
    bool is_svsm;
    struct assay_hcl hcl;
    struct assay_svsm svsm;
};

static enum assay_status judge_snp(const struct assay_package *package, const struct vouched *form,
                                   struct assay_verifier *verifier,
                                   const struct assay_evidence_request *request,
                                   struct assay_verdict *verdict)
{
    enum { REPORT_DATA_AT = 0x50 };
    const struct assay_slice report = form->is_svsm ? form->svsm.report : form->hcl.hardware;
    const struct assay_snp_subject subject = { report, package->certificates,
                                               package->certificate_count };
    ASSAY_ASSERT(report.len == ASSAY_HCL_HARDWARE_LEN);
    if ((request->policy->kinds & ASSAY_KIND_BIT(ASSAY_KIND_VTPM_SNP)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(ASSAY_KIND_VTPM_SNP));
    ASSAY_TRY(assay_snp_appraise(&subject, verifier, request, verdict));
    if (form->is_svsm) assay_svsm_appraise_manifest(&form->svsm, verdict);
    else
        judge_runtime_data(&form->hcl, verdict->report_data, ASSAY_HCL_HARDWARE_AT + REPORT_DATA_AT,
                           verdict);
    verdict->appraised = true;
    return ASSAY_OK;
}

/*
 * A TD report proves nothing by itself (its MAC is for the CPU that made it): the quote does, and
 * the blob must not contradict it.
 */
static enum assay_status judge_tdx(const struct assay_package *package, const struct assay_hcl *hcl,
                                   struct assay_verifier *verifier,
                                   const struct assay_evidence_request *request,
                                   struct assay_verdict *verdict)
{
    ASSAY_ASSERT(hcl->report_type == ASSAY_HCL_TDX);
    ASSAY_ASSERT(hcl->hardware.len == ASSAY_HCL_TD_REPORT_LEN);
    static const enum assay_proof used[] = { ASSAY_PROOF_QUOTE_SIGNATURE,
                                             ASSAY_PROOF_QE_REPORT_SIGNATURE,
                                             ASSAY_PROOF_AK_BINDING, ASSAY_PROOF_CHAIN_TO_ROOT };
    const uint8_t *const report_data = hcl->hardware.bytes + ASSAY_HCL_TD_REPORT_DATA_AT;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_kind row;
    judge_runtime_data(hcl, report_data, ASSAY_HCL_HARDWARE_AT + ASSAY_HCL_TD_REPORT_DATA_AT,
                       verdict);
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
        assay_verdict_proof(verdict, used[i], ASSAY_PROOF_UNKNOWN);
    if (package->quote.len == 0) {
        assay_verdict_add(verdict, ASSAY_RULE_EVIDENCE_INCOMPLETE, 0,
                          "the TDX quote of the report in the blob", "none");
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_evidence_detect(package->quote.bytes, package->quote.len, &kind));
    if (kind != ASSAY_KIND_TDX4 && kind != ASSAY_KIND_TDX5) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_kind_find(kind, &row));
    row.kind = ASSAY_KIND_VTPM_TDX; /* roots and policy are asked for this kind */
    struct assay_evidence_request inner = *request;
    inner.bytes = package->quote.bytes;
    inner.len = package->quote.len;
    ASSAY_TRY(row.verify(&row, verifier, &inner, verdict));
    judge_runtime_data(hcl, verdict->report_data, 0, verdict);
    return ASSAY_OK;
}

/* --- the runtime data and the attestation key */
static enum assay_status judge_runtime_key(const struct assay_hcl *hcl, struct assay_tpm_ak *ak,
                                           struct assay_verdict *verdict)
{
    struct assay_key named;
    const enum assay_status status =
        assay_doc_runtime_key(hcl->runtime_data.bytes, hcl->runtime_data.len, "HCLAkPub", &named);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK && !ak->known) {
        ak->key = named;
        ak->known = true;
    }
    const bool agrees = status == ASSAY_OK && assay_key_equal(&named, &ak->key);
    assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_AK,
                        agrees ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!agrees)
        assay_verdict_add(verdict, ASSAY_RULE_RUNTIME_AK, ASSAY_HCL_RUNTIME_AT,
                          "the attestation key as \"HCLAkPub\" of the runtime data",
                          status == ASSAY_OK ? "another key" : assay_status_text(status));
    return ASSAY_OK;
}

/* --- the TPM's part */
static enum assay_status judge_tpm(const struct assay_package *package, const struct vouched *form,
                                   struct assay_verifier *verifier,
                                   const struct assay_evidence_request *request,
                                   struct assay_verdict *verdict)
{
    struct assay_tpm_quote quote;
    struct assay_tpm_ak ak;
    assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_AK, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_TPM_SIGNATURE, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_PCR_DIGEST, ASSAY_PROOF_UNKNOWN);
    /* What the hardware reports is the runtime data; the guest's challenge is in the TPM quote. */
    assay_bytes_zero(verdict->report_data, sizeof verdict->report_data);
    assay_tpm_ak_read(package, &ak, verdict);
    if (form->is_svsm)
        ASSAY_TRY(assay_svsm_appraise_key(&form->svsm, package, &ak, verifier, request, verdict));
    else ASSAY_TRY(judge_runtime_key(&form->hcl, &ak, verdict));
    if (package->hardware.len == 0) {
        assay_verdict_add(verdict, ASSAY_RULE_EVIDENCE_INCOMPLETE, 0,
                          "the quote of the virtual TPM", "none");
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_tpm_quote_parse(package->main.bytes, package->main.len, &quote));
    return assay_tpm_appraise(package, &quote, &ak, request->policy, verifier, verdict);
}

/*
 * Any guest can report the digest of runtime data of its own, with a key of its own in it, and sign
 * any PCR values. They are as trustworthy as the software that the hardware measured, so a policy
 * that requires PCRs must name that software.
 */
static void judge_paravisor(const struct assay_policy *policy, struct assay_verdict *verdict)
{
    if (assay_tpm_policy_has_pcrs(policy) && !assay_vtpm_is_pinned(policy, verdict->kind))
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_HCL_HARDWARE_AT,
                          "a reference value of the paravisor: its measurement or its key",
                          "none in the policy: any guest could claim these PCR values");
}

/* --- the rows */
static bool opens_with_hcl(struct assay_slice bytes)
{
    static const uint8_t magic[] = { 'H', 'C', 'L', 'A' };
    return bytes.len >= sizeof magic && assay_bytes_equal(bytes.bytes, magic, sizeof magic);
}

/* Over TDX there is one form, and so there is in networks. */
static enum assay_status parse_vouched(const struct assay_evidence_request *request,
                                       struct assay_slice bytes, struct vouched *form)
{
    const enum assay_evidence_kind kind = request->kind;
    form->is_svsm = kind == ASSAY_KIND_VTPM_SNP && !opens_with_hcl(bytes) &&
                    !request->policy->refuses_svsm;
    if (form->is_svsm) return assay_svsm_parse(bytes.bytes, bytes.len, &form->svsm);
    ASSAY_TRY(assay_hcl_parse(bytes.bytes, bytes.len, &form->hcl));
    const bool is_snp = form->hcl.report_type == ASSAY_HCL_SNP;
    return is_snp == (kind == ASSAY_KIND_VTPM_SNP) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status verify_vtpm(const struct assay_kind *kind, struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    struct vouched form;
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    /* The blob alone is evidence that lacks its TPM quote. */
    const struct assay_slice blob = package.hardware.len > 0 ? package.hardware : package.main;
    ASSAY_TRY(parse_vouched(request, blob, &form));
    assay_verdict_proof(verdict, ASSAY_PROOF_RUNTIME_DATA, ASSAY_PROOF_UNKNOWN);
    if (kind->kind == ASSAY_KIND_VTPM_SNP)
        ASSAY_TRY(judge_snp(&package, &form, verifier, request, verdict));
    else ASSAY_TRY(judge_tdx(&package, &form.hcl, verifier, request, verdict));
    verdict->platform_masked =
        true; /* docs/protocol.md 6.2: the host's chip changes with the host */
    ASSAY_TRY(judge_tpm(&package, &form, verifier, request, verdict));
    judge_paravisor(request->policy, verdict);
    verdict->has_claims = true;
    return ASSAY_OK;
}

static bool detect_as(const uint8_t *bytes, size_t len, enum assay_hcl_report type)
{
    struct assay_hcl hcl;
    return assay_hcl_parse(bytes, len, &hcl) == ASSAY_OK && hcl.report_type == type;
}

/* An unreadable blob is treated as the more frequent kind, which reports the reason. */
static bool detect_snp(const uint8_t *bytes, size_t len)
{
    struct assay_svsm svsm;
    if (!opens_with_hcl(assay_slice_over(bytes, len)))
        return assay_svsm_parse(bytes, len, &svsm) == ASSAY_OK;
    return !detect_as(bytes, len, ASSAY_HCL_TDX);
}

static bool detect_tdx(const uint8_t *bytes, size_t len)
{
    return detect_as(bytes, len, ASSAY_HCL_TDX);
}

static enum assay_status get_length(const uint8_t *bytes, size_t len, size_t *declared)
{
    struct assay_hcl hcl;
    struct assay_svsm svsm;
    if (!opens_with_hcl(assay_slice_over(bytes, len)) &&
        assay_svsm_parse(bytes, len, &svsm) == ASSAY_OK) {
        *declared = len; /* its manifest ends with it */
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_hcl_parse(bytes, len, &hcl));
    *declared = ASSAY_HCL_RUNTIME_AT + hcl.runtime_data.len;
    ASSAY_ASSERT(*declared <= len);
    return ASSAY_OK;
}

/* Common to both: a TPM whose key is named by the hardware's evidence. */
static struct assay_kind make_kind(enum assay_evidence_kind kind, const char *what)
{
    return (struct assay_kind){
        .kind = kind,
        .what = what,
        .pieces = ASSAY_TPM_PIECES | ASSAY_PIECE_HARDWARE,
        .speaks_of = ASSAY_CLAIMS_TEE | ASSAY_CLAIM_BIT(EXECUTABLES),
        .affirms = ASSAY_CLAIMS_TEE,
        .proofs =
            ASSAY_PROOFS_TPM_QUOTE | ASSAY_PROOF_BIT(RUNTIME_DATA) | ASSAY_PROOF_BIT(RUNTIME_AK),
        .programs = ASSAY_PROGRAM_PCRS,
        .length = get_length,
        .registers = assay_quoted_tpm,
        .verify = verify_vtpm,
    };
}

struct assay_kind assay_kind_vtpm_snp(void)
{
    struct assay_kind k =
        make_kind(ASSAY_KIND_VTPM_SNP, "a quote of a paravisor's TPM inside an AMD SEV-SNP guest");
    k.proofs |= ASSAY_PROOFS_SNP | ASSAY_PROOF_BIT(AK_TRUSTED); /* of an SVSM */
    k.programs |= ASSAY_PROGRAM_BIT(SNP_MEASUREMENT);
    k.detect = detect_snp;
    return k;
}

struct assay_kind assay_kind_vtpm_tdx(void)
{
    struct assay_kind k =
        make_kind(ASSAY_KIND_VTPM_TDX, "a quote of a paravisor's TPM inside an Intel TDX domain");
    k.pieces |= ASSAY_PIECE_QUOTE;
    k.proofs |= ASSAY_PROOFS_QUOTE;
    k.programs |= ASSAY_PROGRAM_BIT(MRTD);
    k.is_tdx = true;
    k.detect = detect_tdx;
    return k;
}
