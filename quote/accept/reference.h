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
 */
void assay_reference_appraise(const struct assay_policy *policy,
                              const struct assay_measured *measured, struct assay_verdict *verdict);

#endif
