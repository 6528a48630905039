/*
 * quote/tdx.c - kind "tdx-v4": TD report 1.0, its debug and reserved bits, its measurements.
 */
#include "quote/dcap.h"
#include "quote/reference.h"

enum {
    BODY_TD_ATTRIBUTES = 120,
    BODY_MRTD = 136,
    BODY_RTMR = 328,
    TD_ATTRIBUTE_DEBUG = 0x01,
    /*
     * quotes.md 4: bits 7:1 are reserved, in the group "TD under debug": whatever a later module
     * gives them, a TD that sets one is not to be trusted. (Bit 29, reserved in 1.0, became
     * MIGRATABLE.)
     */
    TD_RESERVED_UNDER_DEBUG = 0xfe,
};

static enum assay_status parse_body(struct assay_cursor *in, struct assay_quote *quote)
{
    return assay_td_report_parse(in, &quote->body.td);
}

static void judge_body(const struct assay_quote *quote, const struct assay_policy *policy,
                       struct assay_verdict *verdict)
{
    const struct assay_td_report *const body = &quote->body.td;
    verdict->has_claims = true;
    assay_bytes_copy(verdict->report_data, sizeof verdict->report_data, body->report_data, 64);
    assay_bytes_copy(verdict->measurement, sizeof verdict->measurement, body->mrtd, 48);
    verdict->measurement_len = 48;

    verdict->debug = (body->td_attributes[0] & TD_ATTRIBUTE_DEBUG) != 0;
    if (verdict->debug)
        assay_verdict_add(verdict, ASSAY_RULE_DEBUG, ASSAY_QUOTE_HEADER_LEN + BODY_TD_ATTRIBUTES,
                          "no debug attribute", "debug attribute set");
    if ((body->td_attributes[0] & TD_RESERVED_UNDER_DEBUG) != 0)
        assay_verdict_add(verdict, ASSAY_RULE_RESERVED_BITS,
                          ASSAY_QUOTE_HEADER_LEN + BODY_TD_ATTRIBUTES, "zero", "not zero");

    struct assay_measured measured = { ASSAY_REFERENCE_MRTD, body->mrtd, 48, UINT16_MAX,
                                       ASSAY_QUOTE_HEADER_LEN + BODY_MRTD };
    assay_reference_judge(policy, &measured, verdict);
    for (uint32_t i = 0; i < 4; i++) {
        measured.field = (enum assay_reference_field)(ASSAY_REFERENCE_RTMR0 + i);
        measured.value = body->rtmr[i];
        measured.offset = ASSAY_QUOTE_HEADER_LEN + BODY_RTMR + i * 48;
        assay_reference_judge(policy, &measured, verdict);
    }
}

struct assay_kind assay_kind_tdx4(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_TDX4,
        .version = 4,
        .tee_type = 0x81,
        .qe_vendor_id = assay_intel_qe_vendor_id(),
        .body_len = ASSAY_TD_REPORT_LEN,
        .nested_certification = true,
        .is_tdx = true,
        .parse_body = parse_body,
        .judge_body = judge_body,
        .verify = assay_dcap_verify,
    };
}
