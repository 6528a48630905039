/*
 * apps/assay/evidence/claims_kinds.h - JSON claims of each kind of evidence, as members of one
 * object.
 *
 * Names and types are part of the contract of `assay evidence` (docs/). No appraisal: all readable
 * bytes are printed. The links (chain_ok, ...) come from the verdict.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_KINDS_H
#define ASSAY_APPS_ASSAY_EVIDENCE_CLAIMS_KINDS_H

#include "net/json/json.h"
#include "quote/package.h"

/* Each sets members of out.
 * Returns: ASSAY_OK | as the parser of the kind | ASSAY_E_MEMORY */
/* Of SGX and TDX, bare or in a package; ASSAY_E_UNSUPPORTED: another kind. */
ASSAY_CHECKED enum assay_status cli_claims_quote(enum assay_evidence_kind kind,
                                                 struct assay_slice bytes, struct assay_json *out);
ASSAY_CHECKED enum assay_status cli_claims_nitro(const struct assay_package *package,
                                                 struct assay_json *out);
ASSAY_CHECKED enum assay_status cli_claims_nvidia(const struct assay_package *package,
                                                  struct assay_json *out);
ASSAY_CHECKED enum assay_status cli_claims_cca(const struct assay_package *package,
                                               struct assay_json *out);
ASSAY_CHECKED enum assay_status cli_claims_snp(const struct assay_package *package,
                                               struct assay_json *out);
ASSAY_CHECKED enum assay_status cli_claims_tpm(const struct assay_package *package,
                                               struct assay_json *out);
ASSAY_CHECKED enum assay_status cli_claims_vtpm(const struct assay_package *package,
                                                struct assay_json *out);

#endif
