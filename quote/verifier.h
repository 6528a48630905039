/*
 * quote/verifier.h - the memory of a verifier: platforms already proven, found again by their
 * bytes.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_VERIFIER_H
#define ASSAY_QUOTE_VERIFIER_H

#include "quote/chain.h"

/* A proven platform for the length of one appraisal: remembered, or made for this once. */
struct assay_lease {
    const struct assay_platform *platform;
    struct assay_platform own;
    bool is_own;
};

/*
 * assay_lease_take - find or prove the platform of a quote; verifier may be NULL.
 * Out:     *lease must not move until assay_lease_return
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_lease_take(struct assay_verifier *verifier,
                                                 const struct assay_quote *quote,
                                                 struct assay_lease *lease);
/* Returns: nothing. */
void assay_lease_return(struct assay_lease *lease);

#endif
