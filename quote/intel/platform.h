/*
 * quote/intel/platform.h - proof of an Intel quote from its bytes alone: its key, its QE report and
 * the chain of its platform.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_INTEL_PLATFORM_H
#define ASSAY_QUOTE_INTEL_PLATFORM_H

#include "quote/intel/quote.h"
#include "quote/verifier.h"

/* Where the PCK chain of a quote comes from that does not carry it (certification data type 3). */
struct assay_pck_source {
    size_t count;
    const struct assay_slice *der;           /* next to the quote, as evidence; or NULL and */
    const struct assay_certificate *decoded; /* certificates of the collateral */
};

/* Returns: true when a certificate there is the one that a type 3 quote names by its SVNs. */
bool assay_platform_is_named(const struct assay_quote *quote,
                             const struct assay_pck_source *source);
/*
 * assay_platform_prove - chain, QE report signature, binding of the attestation key.
 * In:      verifier may be NULL; it lends authorities that it knows and keeps new ones
 * Out:     *proven, zero before; its key is the attestation key
 * Returns: ASSAY_OK (see its faults) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY (host failures: nothing to
 *          remember)
 */
ASSAY_CHECKED enum assay_status assay_platform_prove(struct assay_verifier *verifier,
                                                     const struct assay_quote *quote,
                                                     const struct assay_pck_source *source,
                                                     struct assay_proven *proven);

#endif
