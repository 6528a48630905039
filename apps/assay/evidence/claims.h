/*
 * apps/assay/evidence/claims.h - JSON fields of a piece of evidence, without appraisal.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_H
#define ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_H

#include "net/json/json.h"
#include "quote/verdict.h"

/*
 * cli_claims_json - names and types are part of the contract of `assay evidence` (docs/).
 * Out:     *claims, freed by the caller with assay_json_free
 * Returns: ASSAY_OK | as the parser | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_claims_json(enum assay_evidence_kind kind, const uint8_t *bytes,
                                                size_t len, struct assay_json **claims);
/*
 * cli_details_json - what the contract leaves out: header, signatures, the report of the quoting
 * enclave.
 * Out:     *details, freed by the caller with assay_json_free
 * Returns: as cli_claims_json
 */
ASSAY_CHECKED enum assay_status cli_details_json(enum assay_evidence_kind kind,
                                                 const uint8_t *bytes, size_t len,
                                                 struct assay_json **details);

#endif
