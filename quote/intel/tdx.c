/*
 * quote/intel/tdx.c - kinds "tdx-v4" and "tdx-v5": TD reports 1.0, 1.5 and 1.5 extended; fields of
 * a TD report: debug and reserved attributes, service TDs, measurements.
 */
#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/eventlog/quoted.h"
#include "quote/intel/dcap.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/tpm_format.h"

enum {
    BODY_MRSEAM = 16,
    BODY_TD_ATTRIBUTES = 120,
    BODY_MRTD = 136,
    BODY_MRCONFIGID = 184,
    BODY_MROWNER = 232,
    BODY_MROWNERCONFIG = 280,
    BODY_RTMR = 328,
    BODY_MRSERVICETD = 600,
    BODY_INIT_SERVICE_TD = 729,
    BODY_CURRENT_SERVICE_TD = 829,
    TEE_TCB_SVN_MODULE_VERSION = 1,
};

/* --- TD attributes (Intel TDX Module ABI Reference, "ATTRIBUTES") */
#define TD_ATTRIBUTE_DEBUG           (UINT64_C(1) << 0)
#define TD_ATTRIBUTE_SEPT_VE_DISABLE (UINT64_C(1) << 28)
/*
 * Bits 7:0 are the group "TD under debug": with any of them set, also for other uses by a later
 * module (such as profiling), the TD is not trusted. Of the groups above, bits that no module
 * defines are zero: TDX 1.0 has SEPT_VE_DISABLE 28, PKS 30, KL 31 and PERFMON 63; modules of
 * version 1 and later also ICSSD 16, LASS 27, MIGRATABLE 29 and TPA 62. The module's version is in
 * TEE_TCB_SVN[1].
 */
#define TD_UNDER_DEBUG   UINT64_C(0xfe)
#define TD_DEFINED_BY_V1 UINT64_C(0xc0000000f8010000)
#define TD_DEFINED_BY_V0 UINT64_C(0x80000000d0000000)

static uint64_t attributes_of(const struct assay_td_report *body)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)body->td_attributes[i] << 8 * i;
    return value;
}

static void judge_attributes(const struct assay_quote *quote, const struct assay_policy *policy,
                             struct assay_verdict *verdict)
{
    const struct assay_td_report *const body = &quote->body.td;
    const uint32_t offset = quote->offset_body + BODY_TD_ATTRIBUTES;
    const uint64_t attributes = attributes_of(body);
    const uint64_t defined =
        body->tee_tcb_svn[TEE_TCB_SVN_MODULE_VERSION] > 0 ? TD_DEFINED_BY_V1 : TD_DEFINED_BY_V0;
    verdict->debug = (attributes & TD_ATTRIBUTE_DEBUG) != 0;
    if (verdict->debug)
        assay_verdict_add(verdict, ASSAY_RULE_DEBUG, offset, "no debug attribute",
                          "debug attribute set");
    if ((attributes & TD_UNDER_DEBUG) != 0)
        assay_verdict_add(verdict, ASSAY_RULE_RESERVED_BITS, offset,
                          "zero in the group TD under debug", "not zero");
    else if ((attributes & ~(TD_ATTRIBUTE_DEBUG | defined)) != 0)
        assay_verdict_add(verdict, ASSAY_RULE_RESERVED_BITS, offset,
                          "zero in bits that the TDX module's version does not define", "not zero");
    if ((attributes & TD_ATTRIBUTE_SEPT_VE_DISABLE) != 0) return;
    if (policy->platform.sept_ve_enabled == ASSAY_ACCEPT_AFFIRMING) return;
    assay_verdict_add(verdict,
                      policy->platform.sept_ve_enabled == ASSAY_ACCEPT_REFUSED
                          ? ASSAY_RULE_SEPT_VE
                          : ASSAY_RULE_SEPT_VE_NOTE,
                      offset, "attribute SEPT_VE_DISABLE set", "not set");
}

/* --- service TDs: another TD, a migration TD for one, that may act on this one */
static void judge_service_td(const struct assay_quote *quote, const struct assay_policy *policy,
                             struct assay_verdict *verdict)
{
    const struct assay_td_report *const body = &quote->body.td;
    const struct {
        const char *observed;
        const uint8_t *hash;
        uint32_t offset;
    } fields[] = {
        { "MRSERVICETD is not zero", body->mrservicetd, BODY_MRSERVICETD },
        { "a service TD at the start", body->init_service_td_hash, BODY_INIT_SERVICE_TD },
        { "a service TD now", body->current_service_td_hash, BODY_CURRENT_SERVICE_TD },
    };
    if (policy->platform.service_td == ASSAY_ACCEPT_AFFIRMING) return;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (assay_bytes_all_zero(fields[i].hash, 48)) continue;
        assay_verdict_add(
            verdict,
            policy->platform.service_td == ASSAY_ACCEPT_REFUSED ? ASSAY_RULE_SERVICE_TD
                                                                : ASSAY_RULE_SERVICE_TD_NOTE,
            quote->offset_body + fields[i].offset, "no service TD bound", fields[i].observed);
        return; /* one reason is enough */
    }
}

/* --- measurements */
/*
 * A TD report 1.0 does not list the bound service TDs: a policy that names the ones it accepts
 * cannot find any of them there.
 */
static void judge_missing_service_td(const struct assay_policy *policy,
                                     struct assay_verdict *verdict)
{
    ASSAY_ASSERT(policy->reference_count <= ASSAY_REFERENCES_MAX);
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (r->field != ASSAY_REFERENCE_MRSERVICETD || r->state == ASSAY_REFERENCE_DENIED) continue;
        assay_verdict_add(verdict, ASSAY_RULE_MEASUREMENT_UNKNOWN, 0, "a reference value",
                          "no MRSERVICETD: a TD report 1.0 has none");
        return;
    }
}

static void judge_measurements(const struct assay_quote *quote, const struct assay_policy *policy,
                               struct assay_verdict *verdict)
{
    const struct assay_td_report *const body = &quote->body.td;
    const struct {
        enum assay_reference_field field;
        uint32_t offset;
        const uint8_t *value;
    } fields[] = {
        { ASSAY_REFERENCE_MRTD, BODY_MRTD, body->mrtd },
        { ASSAY_REFERENCE_RTMR0, BODY_RTMR, body->rtmr[0] },
        { ASSAY_REFERENCE_RTMR1, BODY_RTMR + 48, body->rtmr[1] },
        { ASSAY_REFERENCE_RTMR2, BODY_RTMR + 96, body->rtmr[2] },
        { ASSAY_REFERENCE_RTMR3, BODY_RTMR + 144, body->rtmr[3] },
        { ASSAY_REFERENCE_MRSEAM, BODY_MRSEAM, body->mrseam },
        { ASSAY_REFERENCE_MRCONFIGID, BODY_MRCONFIGID, body->mrconfigid },
        { ASSAY_REFERENCE_MROWNER, BODY_MROWNER, body->mrowner },
        { ASSAY_REFERENCE_MROWNERCONFIG, BODY_MROWNERCONFIG, body->mrownerconfig },
        { ASSAY_REFERENCE_MRSERVICETD, BODY_MRSERVICETD, body->mrservicetd },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct assay_measured measured = { fields[i].field, fields[i].value, 48, UINT16_MAX,
                                                 quote->offset_body + fields[i].offset };
        if (fields[i].field == ASSAY_REFERENCE_MRSERVICETD && quote->body_type < ASSAY_BODY_TD_15)
            judge_missing_service_td(policy, verdict);
        else assay_reference_appraise(policy, &measured, verdict);
    }
}

static void judge_body(const struct assay_quote *quote, const struct assay_policy *policy,
                       struct assay_verdict *verdict)
{
    ASSAY_ASSERT(quote->body_type >= ASSAY_BODY_TD_10 && quote->body_type <= ASSAY_BODY_TD_15_EX);
    const struct assay_td_report *const body = &quote->body.td;
    verdict->has_claims = true;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, body->report_data, 64);
    assay_bytes_copy(verdict->measurement, sizeof verdict->measurement, body->mrtd, 48);
    verdict->measurement_len = 48;
    judge_attributes(quote, policy, verdict);
    judge_service_td(quote, policy, verdict);
    judge_measurements(quote, policy, verdict);
}

/* UEFI 2.10, 38.4.1: measurement register 0 is MRTD, which no event extends; 1 to 4 are RTMRs. */
static void quote_registers(const struct assay_kind *kind, struct assay_slice evidence,
                            struct assay_quoted *out)
{
    enum { RTMRS = 4, RTMR_LEN = 48, RTMR_OFFSET = 328 }; /* of the TD report, every version */
    struct assay_quote quote;
    struct assay_package package; /* devices may stand beside the quote */
    *out = (struct assay_quoted){ .forms = 1 << ASSAY_EVENTLOG_TCG,
                                  .first_reg = 1,
                                  .first_field = ASSAY_REFERENCE_RTMR0,
                                  .reg_count = RTMRS };
    if (assay_package_read(kind->kind, evidence.bytes, evidence.len, &package) != ASSAY_OK) return;
    const struct assay_slice main = package.main;
    if (assay_quote_parse(kind, main.bytes, main.len, &quote) != ASSAY_OK) return;
    const uint8_t *const first = main.bytes + quote.offset_body + RTMR_OFFSET;
    for (uint32_t i = 0; i < RTMRS; i++) {
        const uint8_t *const value = first + (size_t)i * RTMR_LEN;
        ASSAY_ASSERT(assay_bytes_equal(value, quote.body.td.rtmr[i], RTMR_LEN));
        assay_quoted_add(out, 1 + i, ASSAY_TPM_SHA384, assay_slice_over(value, RTMR_LEN));
    }
}

static struct assay_kind make_kind(enum assay_evidence_kind kind, uint16_t version,
                                   const char *what)
{
    ASSAY_ASSERT(version == 4 || version == 5);
    return (struct assay_kind){
        .kind = kind,
        .what = what,
        .publisher = ASSAY_PUBLISHED_BY_INTEL,
        .pieces = ASSAY_PIECE_CERTIFICATES | ASSAY_PIECE_DEVICES,
        .speaks_of = ASSAY_CLAIMS_TEE | ASSAY_CLAIM_BIT(EXECUTABLES),
        .affirms = ASSAY_CLAIMS_TEE,
        .proofs = ASSAY_PROOFS_QUOTE,
        .programs = ASSAY_PROGRAM_BIT(MRTD) | ASSAY_PROGRAM_BIT(RTMR0) | ASSAY_PROGRAM_BIT(RTMR1) |
                    ASSAY_PROGRAM_BIT(RTMR2) | ASSAY_PROGRAM_BIT(RTMR3),
        .version = version,
        .tee_type = 0x81,
        .qe_vendor_id = assay_intel_qe_vendor_id(),
        .nested_certification = true,
        .is_tdx = true,
        .judge_body = judge_body,
        .registers = quote_registers,
        .verify = assay_dcap_verify,
    };
}

struct assay_kind assay_kind_tdx4(void)
{
    return make_kind(ASSAY_KIND_TDX4, 4, "a quote of an Intel TDX domain, format version 4");
}

struct assay_kind assay_kind_tdx5(void)
{
    return make_kind(ASSAY_KIND_TDX5, 5, "a quote of an Intel TDX domain, format version 5");
}
