/*
 * quote/tpm/tpm_trust.h - trust in the signing key of a TPM quote: certificates of attestation and
 * endorsement keys.
 *
 * Private to the room, and to what prints claims.
 */
#ifndef ASSAY_QUOTE_TPM_TPM_TRUST_H
#define ASSAY_QUOTE_TPM_TPM_TRUST_H

#include "quote/certificates/path.h"
#include "quote/tpm/tpm.h"

/* Certificates at hand: those of the package first, then room for those of one bundle. About 40 KB.
 */
struct assay_tpm_certificates {
    struct assay_verifier *verifier; /* what was proven about them before; NULL: nothing */
    size_t own_count;
    size_t count;
    bool has_unread; /* the package has an unreadable certificate, of any key */
    struct assay_certificate certificates[ASSAY_PATH_CANDIDATES_MAX];
};

/*
 * assay_tpm_certificates_read - the certificates of the package; unreadable ones are left out; the
 * appraisal reports what is missing.
 * In:      verifier: NULL, nothing is remembered
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_certificates_read(const struct assay_package *package,
                                                            struct assay_verifier *verifier,
                                                            struct assay_tpm_certificates *hand);
/* A package without a key may carry its certificate: one that could be it, from *from on, which
 * moves behind it. Returns: NULL when there is none. */
const struct assay_certificate *assay_tpm_certificates_find_ak(
    const struct assay_tpm_certificates *hand, size_t *from);
/*
 * assay_tpm_trust - is the attestation key tied to a TPM that a pinned root vouches for?
 *
 * Sets the proofs AK_TRUSTED and EK_CHAIN, the platform, the vendor root; adds reasons.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_trust(const struct assay_evidence_request *request,
                                                const struct assay_tpm_ak *ak,
                                                struct assay_tpm_certificates *hand,
                                                struct assay_verdict *verdict);

#endif
