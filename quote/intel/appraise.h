/*
 * quote/intel/appraise.h - appraisal of Intel's platforms: identities of quoting enclave and TDX
 * module, TCB level under a policy.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_INTEL_APPRAISE_H
#define ASSAY_QUOTE_INTEL_APPRAISE_H

#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/intel/quote.h"
#include "quote/verifier.h"

struct assay_kind; /* quote/kinds.h */

/* Is the quoting enclave the vendor's, and the TDX module? Adds reasons. */
void assay_appraise_identities(const struct assay_kind *kind, const struct assay_quote *quote,
                               const struct assay_collateral *collateral,
                               struct assay_verdict *verdict);
/*
 * TCB level, its date and advisories into the verdict, then the policy on them.
 */
void assay_appraise_tcb(const struct assay_kind *kind, const struct assay_quote *quote,
                        const struct assay_pck *pck, const struct assay_collateral *collateral,
                        const struct assay_policy *policy, struct assay_verdict *verdict);

#endif
