/*
 * quote/collateral/advance.h - rollback protection: collateral only moves forward
 * (docs/evidence-rules.md 1.6).
 *
 * Old documents stay genuine after newer ones exist: an attacker that replays them makes an
 * unpatched platform look current and a revoked one valid. So what replaces a bundle may not be
 * older in any of
 * its parts. Both bundles have been built (signatures checked) before they are compared: an
 * unsigned document must not be able to set the mark that genuine ones then fail to reach.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_ADVANCE_H
#define ASSAY_QUOTE_COLLATERAL_ADVANCE_H

#include "quote/collateral/collateral.h"

/* What went back: part, static text of the field, and both values. */
struct assay_setback {
    enum assay_collateral_part part;
    const char *field;     /* "tcbEvaluationDataNumber", "issueDate", "thisUpdate", "CRL number" */
    int64_t before, after; /* numbers and times; both zero for a CRL number, which may be longer */
};

/*
 * assay_collateral_advance - may one bundle replace another?
 *
 * Compared part by part, where both have one: TCB infos (same TEE and FMSPC), QE identities (same
 * TEE), CRLs (same issuer). Equal is no setback. A CRL without a number after one with a number is.
 * Out:     *setback unless ASSAY_OK; may be NULL
 * Returns: ASSAY_OK | ASSAY_E_STALE (a field goes back: the first in the order of the parts) |
 *          ASSAY_E_INVALID (a part has another subject, named by field)
 */
ASSAY_CHECKED enum assay_status assay_collateral_advance(const struct assay_collateral *before,
                                                         const struct assay_collateral *after,
                                                         struct assay_setback *setback);
/* The same for one part, which both have (certificates and chains have no order: ASSAY_OK).
 * Out: *setback, never NULL. Returns: as above */
ASSAY_CHECKED enum assay_status assay_collateral_part_advance(enum assay_collateral_part part,
                                                              const struct assay_collateral *before,
                                                              const struct assay_collateral *after,
                                                              struct assay_setback *setback);
/* The same for two lists of one issuer; part is left alone. Returns: as above */
ASSAY_CHECKED enum assay_status assay_crl_advance(const struct assay_crl *before,
                                                  const struct assay_crl *after,
                                                  struct assay_setback *setback);

#endif
