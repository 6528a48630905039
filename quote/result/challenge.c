/*
 * quote/result/challenge.c - comparison of evidence with the challenge of a relying party.
 */
#include "quote/result/challenge.h"

#include "base/assert.h"
#include "quote/text.h"

/*
 * Of genuine hardware too, and when nothing else could be decided: what answers another challenge
 * is never accepted. Reasons that the evidence's author chose do not crowd this one out.
 */
static void report_refusal(struct assay_verdict *verdict, struct assay_slice wanted,
                           struct assay_slice found)
{
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    assay_text_add_hex(&expected, wanted.bytes, wanted.len);
    if (found.len > 0) assay_text_add_hex(&observed, found.bytes, found.len);
    else assay_text_add(&observed, "none");
    assay_verdict_refuse(verdict, ASSAY_RULE_CHALLENGE, expected.text, observed.text);
}

bool assay_challenge_fits_report_data(struct assay_slice wanted)
{
    return wanted.len >= 1 && wanted.len <= ASSAY_REPORT_DATA_LEN;
}

bool assay_challenge_fits_nonce(struct assay_slice wanted)
{
    return wanted.len >= 1 && wanted.len <= ASSAY_CHALLENGE_NONCE_MAX;
}

void assay_challenge_report_data(struct assay_verdict *verdict, struct assay_slice wanted,
                                 bool is_read)
{
    uint8_t padded[ASSAY_REPORT_DATA_LEN] = { 0 };
    struct assay_slice found = { NULL, 0 };
    ASSAY_ASSERT(assay_challenge_fits_report_data(wanted));
    assay_bytes_copy(padded, sizeof padded, wanted.bytes, wanted.len);
    if (is_read && verdict->has_claims)
        found = assay_slice_over(verdict->report_data, sizeof verdict->report_data);
    if (found.len == 0 || !assay_bytes_equal(padded, found.bytes, sizeof padded))
        report_refusal(verdict, wanted, found);
}

void assay_challenge_nonce(struct assay_verdict *verdict, struct assay_slice wanted,
                           struct assay_slice found)
{
    ASSAY_ASSERT(assay_challenge_fits_nonce(wanted));
    if (!assay_slice_equal(wanted, found)) report_refusal(verdict, wanted, found);
}
