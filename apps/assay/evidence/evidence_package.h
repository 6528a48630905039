/*
 * apps/assay/evidence/evidence_package.h - evidence that leaves pieces of itself to other files of
 * a folder, which are known by content:
 *
 *     certificates (DER, PEM)        of endorsement keys, their issuers and roots
 *     TPMT_SIGNATURE, ECDSA in DER, raw RSA; TPM2B_PUBLIC, SubjectPublicKeyInfo (DER, PEM), JWK
 *     PCR values                     values that hash to the digest of the quote
 *     TPMS_ATTEST, quotes of TDX     next to a paravisor's report
 *
 * Recognised pieces are not trusted: each is verified as if it were part of the evidence. The
 * library uses the same code (quote/pieces/assemble.h).
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EVIDENCE_PACKAGE_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EVIDENCE_PACKAGE_H

#include "apps/assay/core/input_files.h"
#include "quote/package.h"

struct assay_assembly;

struct assay_evidence_package {
    struct assay_slice evidence;  /* what is verified: the package, or the bare bytes */
    struct assay_package package; /* the same, taken apart */
    size_t left_out;              /* certificates beyond what a package holds */
    struct assay_assembly *assembly;
};

/*
 * cli_evidence_decode - evidence as text, hexadecimal or base64, as services and test data store
 * it: replaced by the bytes that it stands for. Other files stay as they are.
 * In:      *file of malloc, *len
 * Returns: ASSAY_OK | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_evidence_decode(uint8_t **file, size_t *len);
/* Does the kind leave pieces to other files? Returns: true for all but quotes of SGX, TDX, SOFT. */
bool cli_evidence_package_wanted(enum assay_evidence_kind kind);
/*
 * cli_evidence_package_find_leads - note which certificates of the folder lead to a root, where no
 * policy names one: to a pinned root, or if none does, to a self-signed certificate of the folder.
 * These are put together with evidence before others, so that copies with a wrong signature do not
 * take their place (evidence-rules.md 1.15.7). Nothing is trusted by it.
 * Out:     given->leads
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status cli_evidence_package_find_leads(struct assay_input_files *given);
/*
 * cli_evidence_package_take - find the pieces of one piece of evidence.
 * In:      given, whose pieces are marked as taken; evidence as it was read, bare or a package
 *          (then nothing is added)
 * Out:     *out, whatever the status: cli_evidence_package_close frees it; it borrows from both
 * Returns: as assay_assemble
 */
ASSAY_CHECKED enum assay_status cli_evidence_package_take(struct assay_input_files *given,
                                                          enum assay_evidence_kind kind,
                                                          struct assay_slice evidence,
                                                          struct assay_evidence_package *out);
/* */
void cli_evidence_package_close(struct assay_evidence_package *pieces);

#endif
