/*
 * quote/pieces/assemble.h - evidence completed with pieces from other files: a package built
 * from it and the results of recognise.h, for the library and the command line.
 */
#ifndef ASSAY_QUOTE_PIECES_ASSEMBLE_H
#define ASSAY_QUOTE_PIECES_ASSEMBLE_H

#include "quote/package.h"
#include "quote/pieces/recognise.h"
#include "quote/request.h"
#include "quote/tpm_format.h"

enum { ASSAY_ASSEMBLY_VALUES_MAX = ASSAY_TPM_PCRS * 64 }; /* of SHA-512, the longest */

/* About 35 KB. */
struct assay_assembly {
    struct assay_slice evidence;  /* what is verified: the package, or the bare bytes */
    struct assay_package package; /* the same, taken apart */
    size_t left_out;              /* certificates for which there was no room */
    uint8_t values[ASSAY_ASSEMBLY_VALUES_MAX]; /* PCR values put together */
    uint8_t bytes[ASSAY_EVIDENCE_LEN_MAX];     /* the package */
};

/*
 * assay_assemble - put evidence and pieces together. A complete package is not changed.
 * In:      pieces[count] in any order, with unrelated ones among them; leads[count]: which of them
 *          are certificates that lead to a root of the verifier's (gather.h), taken before all
 *          others (evidence-rules.md 1.15.7), or NULL: not known; evidence as it was read
 * Out:     *out, which borrows from the pieces and from the evidence; is_taken[count], which may be
 *          NULL: set for each piece that went in, others left as they are
 * Returns: ASSAY_OK | ASSAY_E_FULL (a package too long) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_assemble(const struct assay_recognised *pieces,
                                               const bool *leads, size_t count,
                                               enum assay_evidence_kind kind,
                                               struct assay_slice evidence, bool *is_taken,
                                               struct assay_assembly *out);

#endif
