/*
 * quote/intel/sgx.c - kinds "sgx-v3", "sgx-v4", "sgx-v5": their rows, and the appraisal of an SGX
 * report body, which all share.
 */
#include "base/assert.h"
#include "quote/accept/reference.h"
#include "quote/intel/dcap.h"
#include "quote/kinds.h"

enum { SGX_ATTRIBUTE_DEBUG = 0x02, BODY_MRENCLAVE = 64, BODY_MRSIGNER = 128, BODY_ATTRIBUTES = 48 };

void assay_sgx_appraise_body(const struct assay_quote *quote, const struct assay_policy *policy,
                             struct assay_verdict *verdict)
{
    ASSAY_ASSERT(quote->body_type == ASSAY_BODY_SGX);
    const struct assay_sgx_report *const body = &quote->body.sgx;
    verdict->has_claims = true;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, body->report_data, 64);
    assay_bytes_copy(verdict->measurement, sizeof verdict->measurement, body->mrenclave, 32);
    verdict->measurement_len = 32;

    /* evidence-rules.md 1.11: attributes byte 0 bit 1. A debug enclave can be read from outside. */
    verdict->debug = (body->attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0;
    if (verdict->debug)
        assay_verdict_add(verdict, ASSAY_RULE_DEBUG, quote->offset_body + BODY_ATTRIBUTES,
                          "no debug attribute", "debug attribute set");

    const struct assay_measured measured[] = {
        { ASSAY_REFERENCE_MRENCLAVE, body->mrenclave, 32, body->isvsvn,
          quote->offset_body + BODY_MRENCLAVE },
        { ASSAY_REFERENCE_MRSIGNER, body->mrsigner, 32, body->isvsvn,
          quote->offset_body + BODY_MRSIGNER },
    };
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++)
        assay_reference_appraise(policy, &measured[i], verdict);
}

static struct assay_kind make_kind(enum assay_evidence_kind kind, uint16_t version,
                                   const char *what)
{
    ASSAY_ASSERT(version >= 3 && version <= 5);
    return (struct assay_kind){
        .kind = kind,
        .what = what,
        .publisher = ASSAY_PUBLISHED_BY_INTEL,
        .pieces = ASSAY_PIECE_CERTIFICATES | ASSAY_PIECE_DEVICES,
        .speaks_of = ASSAY_CLAIMS_TEE | ASSAY_CLAIM_BIT(EXECUTABLES),
        .affirms = ASSAY_CLAIMS_TEE,
        .proofs = ASSAY_PROOFS_QUOTE,
        .programs = ASSAY_PROGRAM_BIT(MRENCLAVE) | ASSAY_PROGRAM_BIT(MRSIGNER),
        .version = version,
        .tee_type = 0,
        .qe_vendor_id = assay_intel_qe_vendor_id(),
        .nested_certification = version >= 4,
        .judge_body = assay_sgx_appraise_body,
        .verify = assay_dcap_verify,
    };
}

struct assay_kind assay_kind_sgx3(void)
{
    return make_kind(ASSAY_KIND_SGX3, 3, "a quote of an Intel SGX enclave, format version 3");
}

struct assay_kind assay_kind_sgx4(void)
{
    return make_kind(ASSAY_KIND_SGX4, 4, "a quote of an Intel SGX enclave, format version 4");
}

struct assay_kind assay_kind_sgx5(void)
{
    return make_kind(ASSAY_KIND_SGX5, 5, "a quote of an Intel SGX enclave, format version 5");
}
