/*
 * quote/collateral/same.h - equality of the facts in two sets of endorsements.
 *
 * docs/protocol.md 8.12. A vendor signs the same facts again and again with later dates. Where
 * nothing else differs, no appraisal changes but by time, so the renewal needs no trial.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_SAME_H
#define ASSAY_QUOTE_COLLATERAL_SAME_H

#include "quote/collateral/collateral.h"
#include "quote/request.h"

/*
 * assay_collateral_same - compare parsed contents: levels with their dates, status, advisories,
 * security versions, identities, revoked serial numbers, keys and what they may sign. Left out are
 * the dates and signatures of documents, lists and certificates, and the numbers of lists and of
 * certificates, which each signature brings.
 * Returns: whether both sets have the same entries in the same order, and each entry the same facts
 * Cost:    no signature is verified
 */
bool assay_collateral_same(const struct assay_endorsements *a, const struct assay_endorsements *b);

#endif
