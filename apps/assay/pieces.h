/*
 * apps/assay/pieces.h - evidence that leaves pieces of itself to other files: which file of a
 * folder is which piece, by content.
 *
 *     certificates (DER, PEM)        of endorsement keys, their issuers and roots
 *     revocation lists (DER, PEM)    the one of a root in the folder that is current and newest
 *     TPMT_SIGNATURE, ECDSA in DER, raw RSA; TPM2B_PUBLIC, SubjectPublicKeyInfo (DER, PEM), JWK
 *     PCR values                     what hashes to the digest of the quote
 *     TPMS_ATTEST, quotes of TDX     beside a paravisor's report
 *
 * Recognising is not trusting: whatever is found is verified as if the evidence had carried it.
 */
#ifndef ASSAY_APPS_PIECES_H
#define ASSAY_APPS_PIECES_H

#include "quote/collateral/collateral.h"
#include "quote/package.h"

struct assay_pieces {
    struct assay_slice evidence;         /* what is verified: the package, or the bare bytes */
    struct assay_package package;        /* the same, taken apart */
    struct assay_collateral_files files; /* the revocation lists */
    struct assay_pieces_work *work;
};

/* Does the kind leave pieces to other files? Returns: true for all but quotes of SGX, TDX, SOFT. */
bool assay_pieces_wanted(enum assay_evidence_kind kind);
/*
 * assay_pieces_read - find the pieces of one piece of evidence.
 * In:      evidence as it was read, bare or a package (then nothing is added)
 * Out:     *out, whatever the status: assay_pieces_close frees it; it borrows from evidence;
 *          *where: the file that could not be read, NULL for the folder itself
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such folder) | ASSAY_E_IO | ASSAY_E_FULL (too many
 *          files or revocation lists, or a package too long) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_pieces_read(const char *dir, enum assay_evidence_kind kind,
                                                  struct assay_slice evidence,
                                                  struct assay_pieces *out, const char **where);
/* Returns: nothing. */
void assay_pieces_close(struct assay_pieces *pieces);

#endif
