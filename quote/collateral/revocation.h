/*
 * quote/collateral/revocation.h - revocation check of every certificate of a chain.
 *
 * evidence-rules.md 1.12: every certificate below the root is looked up in the list of its own
 * issuer. A list does not cover other issuers, so one list does not replace another.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_REVOCATION_H
#define ASSAY_QUOTE_COLLATERAL_REVOCATION_H

#include "quote/certificates/path.h"
#include "quote/request.h"

enum { ASSAY_REVOCATION_OF_ALL = (1 << ASSAY_CHAIN_MAX) - 1 };
/*
 * assay_revocation_check - every certificate of a path against every list under its root.
 *
 * The lists are those of all bundles under the root. Of several of one authority the newest counts
 * that had been issued at the appraisal time; an older one cannot bring a certificate back.
 *
 * In:      a verified path, its root, the request that it is about; needed: bit i for
 *          certificate i, which without a list adds a reason (COLLATERAL_MISSING where the policy
 *          requires lists, else REVOCATION_UNKNOWN)
 * Out:     reasons: CERT_REVOKED, the dates of the lists that counted
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_revocation_check(const struct assay_evidence_request *request,
                                                       const struct assay_path *path,
                                                       const struct assay_key *root,
                                                       uint32_t needed,
                                                       struct assay_verdict *verdict);

/*
 * assay_revocation_compare - which of two lists of one authority counts: issued by then, and the
 * newest of those; when none was, the oldest. Of two of one second the number decides (RFC 5280
 * 5.2.3: it only grows), never their order.
 * Returns: above 0 when a counts, below 0 when b does, 0 when they are equivalent
 */
int assay_revocation_compare(const struct assay_crl *a, const struct assay_crl *b,
                             int64_t at_unix_s);

#endif
