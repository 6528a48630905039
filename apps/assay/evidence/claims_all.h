/*
 * apps/assay/evidence/claims_all.h - JSON fields of every kind of evidence, and the proofs of its
 * verdict.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_ALL_H
#define ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_ALL_H

#include "apps/assay/evidence/claims.h"
#include "quote/verdict.h"

/*
 * cli_claims_of - the claims of any kind; names and types are part of the contract of
 * `assay evidence` (docs/command-line.md).
 * Out:     *claims, freed by the caller with assay_json_free
 * Returns: ASSAY_OK | as the parser | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_claims_of(enum assay_evidence_kind kind, const uint8_t *bytes,
                                              size_t len, struct assay_json **claims);
/* Fields outside the contract; none for kinds with complete claims. Returns: as above */
ASSAY_CHECKED enum assay_status cli_details_of(enum assay_evidence_kind kind, const uint8_t *bytes,
                                               size_t len, struct assay_json **details);
/* "links" and each proof of the kind by its name: true, false, null for unknown. Accepts NULL
 * claims. */
void cli_claims_add_proofs(struct assay_json *claims, const struct assay_verdict *verdict);

#endif
