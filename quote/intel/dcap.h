/*
 * quote/intel/dcap.h - code shared by all of Intel's ECDSA quotes: parsing around the body, and the
 * appraisal.
 *
 * Private to the room: quote/kinds.c and the files of single kinds include it.
 */
#ifndef ASSAY_QUOTE_INTEL_DCAP_H
#define ASSAY_QUOTE_INTEL_DCAP_H

#include "quote/collateral/collateral.h"
#include "quote/intel/quote.h"

/* Intel's quoting-enclave vendor id, 16 bytes. Returns: never NULL. */
const uint8_t *assay_intel_qe_vendor_id(void);

/*
 * assay_dcap_verify - the appraisal of one ECDSA quote: platform, collateral, TCB level, body,
 * policy.
 * Returns: as assay_evidence_verify
 */
ASSAY_CHECKED enum assay_status assay_dcap_verify(const struct assay_kind *kind,
                                                  struct assay_verifier *verifier,
                                                  const struct assay_evidence_request *request,
                                                  struct assay_verdict *verdict);

/*
 * Debug, MRENCLAVE and MRSIGNER against the policy: shared by SGX and SOFT.
 */
void assay_sgx_appraise_body(const struct assay_quote *quote, const struct assay_policy *policy,
                             struct assay_verdict *verdict);

#endif
