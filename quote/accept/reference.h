/*
 * quote/accept/reference.h - comparison of one measurement with the reference values of a policy.
 */
#ifndef ASSAY_QUOTE_ACCEPT_REFERENCE_H
#define ASSAY_QUOTE_ACCEPT_REFERENCE_H

#include "quote/accept/policy.h"

/* A measured value with its place in the evidence. */
struct assay_measured {
    enum assay_reference_field field;
    const uint8_t *value;
    uint32_t value_len;
    uint16_t isvsvn; /* UINT16_MAX where the evidence has none */
    uint32_t offset;
};

/*
 * assay_reference_appraise - adds at most one reason. A field without allowed or retiring entries
 * accepts every value that is not denied.
 * Of a value that is accepted the end is noted (assay_verdict_policy_ends): that of the entry that
 * decides, or the last second before a denial begins.
 */
void assay_reference_appraise(const struct assay_policy *policy,
                              const struct assay_measured *measured, struct assay_verdict *verdict);

/* --- values of PCRs, which a TPM quotes and a paravisor can only claim */
/* *comparable: one of them is of the SHA-256 bank. Returns: true when the policy demands any. */
bool assay_tpm_policy_demands_pcrs(const struct assay_policy *policy, bool *comparable);
/* Returns: true when the policy demands values of PCRs that a quote is compared with. */
bool assay_tpm_policy_has_pcrs(const struct assay_policy *policy);
/* Does the policy name the paravisors that may attest PCRs? Returns: true when it has a reference
 * value of the measurement or of the key that signed it. */
bool assay_vtpm_is_pinned(const struct assay_policy *policy, enum assay_evidence_kind kind);

#endif
