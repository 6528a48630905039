/*
 * quote/collateral/replace.h - set of endorsements with the part of one root replaced.
 *
 * docs/protocol.md 8.5. Piece by piece the further one is taken: of a document the higher
 * tcbEvaluationDataNumber, then the later issueDate; of a list what assay_crl_advance calls no
 * setback. So what waited for its day takes nothing back that became newer meanwhile, the same
 * offer twice changes nothing, and the order of two offers of one number neither. What
 * assay_collateral_newer lets pass is taken over whole.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_REPLACE_H
#define ASSAY_QUOTE_COLLATERAL_REPLACE_H

#include "base/writer.h"
#include "quote/request.h"

/* A set as its canonical bytes, and as what assay_endorsements_read or decode made of them. */
struct assay_collateral_set {
    struct assay_slice bytes;
    const struct assay_endorsements *built;
};

/*
 * assay_collateral_replace - the canonical bytes of the renewed set: one set, one digest.
 *
 * In:      set and offered, built from their bytes; all entries of the offer have one root. A
 *          platform family that the set does not have is added (operators may; newer.h refuses it)
 * Out:     bytes in w, of at most the lengths of both
 * Returns: ASSAY_OK | ASSAY_E_INVALID (several roots; bytes that are not the built ones) |
 *          ASSAY_E_RANGE (more than ASSAY_ENDORSEMENTS_MAX; a bundle too long) | ASSAY_E_FULL |
 *          INPUT statuses of bytes that do not decode
 */
ASSAY_CHECKED enum assay_status assay_collateral_replace(const struct assay_collateral_set *set,
                                                         const struct assay_collateral_set *offered,
                                                         struct assay_writer *w);

#endif
