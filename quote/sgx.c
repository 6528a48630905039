/*
 * quote/sgx.c - kind "sgx-v3": the row, and the judgement of an SGX report body.
 */
#include "quote/dcap.h"
#include "quote/reference.h"

enum { SGX_ATTRIBUTE_DEBUG = 0x02, BODY_MRENCLAVE = 64, BODY_MRSIGNER = 128, BODY_ATTRIBUTES = 48 };

enum assay_status assay_sgx_parse_body(struct assay_cursor *in, struct assay_quote *quote)
{
    return assay_sgx_report_parse(in, &quote->body.sgx);
}

void assay_sgx_judge_body(const struct assay_quote *quote, const struct assay_policy *policy,
                          struct assay_verdict *verdict)
{
    const struct assay_sgx_report *const body = &quote->body.sgx;
    verdict->has_claims = true;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, body->report_data, 64);
    assay_bytes_copy(verdict->measurement, sizeof verdict->measurement, body->mrenclave, 32);
    verdict->measurement_len = 32;

    /* quotes.md 4: attributes byte 0 bit 1. A debug enclave can be read from outside. */
    verdict->debug = (body->attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0;
    if (verdict->debug)
        assay_verdict_add(verdict, ASSAY_RULE_DEBUG, ASSAY_QUOTE_HEADER_LEN + BODY_ATTRIBUTES,
                          "no debug attribute", "debug attribute set");

    const struct assay_measured measured[] = {
        { ASSAY_REFERENCE_MRENCLAVE, body->mrenclave, 32, body->isvsvn,
          ASSAY_QUOTE_HEADER_LEN + BODY_MRENCLAVE },
        { ASSAY_REFERENCE_MRSIGNER, body->mrsigner, 32, body->isvsvn,
          ASSAY_QUOTE_HEADER_LEN + BODY_MRSIGNER },
    };
    for (size_t i = 0; i < sizeof measured / sizeof measured[0]; i++)
        assay_reference_judge(policy, &measured[i], verdict);
}

struct assay_kind assay_kind_sgx3(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_SGX3,
        .version = 3,
        .tee_type = 0,
        .qe_vendor_id = assay_intel_qe_vendor_id(),
        .body_len = ASSAY_SGX_REPORT_LEN,
        .parse_body = assay_sgx_parse_body,
        .judge_body = assay_sgx_judge_body,
        .verify = assay_dcap_verify,
    };
}
