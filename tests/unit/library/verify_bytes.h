/*
 * tests/unit/library/verify_bytes.h - assay_verify for tests that only have bytes: what is not
 * given is the default.
 */
#ifndef ASSAY_TESTS_UNIT_LIBRARY_VERIFY_BYTES_H
#define ASSAY_TESTS_UNIT_LIBRARY_VERIFY_BYTES_H

#include "quote/eventlog/appraise.h"
#include "quote/result/claims.h"
#include "quote/verify.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/policy.h>
#include <stdlib.h>

/* Also: the tier that is handed out is the verdict's. */
static inline enum assay_status verify_bytes(struct assay_verifier *verifier,
                                             const struct assay_trust *trust,
                                             const struct assay_policy *policy,
                                             enum assay_evidence_kind kind, const uint8_t *bytes,
                                             size_t len, int64_t at_unix_s,
                                             struct assay_verdict *verdict)
{
    enum assay_tier tier = ASSAY_TIER_AFFIRMING;
    const struct assay_verify_request request = {
        .size = sizeof request,
        .trust = trust,
        .verifier = verifier,
        .policy = policy,
        .kind = kind,
        .evidence = { bytes, len },
        .at_unix_s = at_unix_s,
    };
    const enum assay_status status = assay_verify(&request, verdict, &tier);
    if (status == ASSAY_OK && verdict != NULL && tier != assay_verdict_get_tier(verdict)) abort();
    if (status != ASSAY_OK && tier != ASSAY_TIER_NONE) abort();
    return status;
}

#endif
