/*
 * apps/assay/evidence/claims.h - claims of evidence as JSON (quote/result/claims.h), fields outside
 * of them, and the proofs of a verdict.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_H
#define ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_H

#include "net/json/json.h"
#include "quote/result/claims.h"
#include "quote/verify.h"

/* Bytes are hexadecimal. Returns: an object, freed by the caller; NULL without memory. */
struct assay_json *cli_claims_json(const struct assay_claims *claims);
/*
 * cli_claims_of - the claims of any kind; names and types are part of the contract of
 * `assay evidence` (docs/command-line.md).
 * Out:     *claims, freed by the caller with assay_json_free
 * Returns: ASSAY_OK | as the parser | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_claims_of(enum assay_evidence_kind kind, const uint8_t *bytes,
                                              size_t len, struct assay_json **claims);
/*
 * cli_details_of - what the contract leaves out: header, signatures, the report of the quoting
 * enclave; none for kinds with complete claims.
 * Out:     *details, freed by the caller with assay_json_free
 * Returns: as cli_claims_of
 */
ASSAY_CHECKED enum assay_status cli_details_of(enum assay_evidence_kind kind, const uint8_t *bytes,
                                               size_t len, struct assay_json **details);
/* "links" and each proof of the kind by its name: true, false, null for unknown. Accepts NULL
 * claims. */
void cli_claims_add_proofs(struct assay_json *claims, const struct assay_verdict *verdict);

#endif
