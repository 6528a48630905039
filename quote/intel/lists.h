/*
 * quote/intel/lists.h - revocation check of the certificates of a platform's PCK chain.
 */
#ifndef ASSAY_QUOTE_INTEL_LISTS_H
#define ASSAY_QUOTE_INTEL_LISTS_H

#include "quote/collateral/collateral.h"
#include "quote/verifier.h"

enum { LINK_PCK = 0, LINK_CA = 1, LINK_ROOT = 2 }; /* quote/intel/platform.c */

/*
 * assay_intel_check_revocation - PCK CA by the root's list, PCK by its CA's (evidence-rules.md
 * 1.12).
 *
 * In:      chosen: the bundle for the platform, which must have both lists (missing ones are
 * reported elsewhere); of all lists in all bundles under the root the newest that was out at the
 * time
 *          counts, so that an older one cannot bring a certificate back
 * Out:     reasons: CERT_REVOKED, CRL_ISSUER, CRL_SIGNATURE, the dates of the lists that counted
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_intel_check_revocation(
    const struct assay_evidence_request *request, const struct assay_collateral *chosen,
    struct assay_lease *lease, struct assay_verdict *verdict);

#endif
