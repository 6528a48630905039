/*
 * quote/tpm/tpm.h - appraisal of a TPM 2.0 quote: the signed attestation of PCRs, and its key.
 *
 * Source: TCG, "Trusted Platform Module Library Specification", family 2.0, revision 1.59: Part 1
 * for names and credentials, Part 3 18.4 for TPM2_Quote; structures: quote/tpm_format.h.
 *
 * A quote alone proves nothing: quote/tpm/tpm.c binds its key to a certified TPM, by a certificate
 * of the key itself. docs/protocol.md 3.16 says who may issue it and why.
 */
#ifndef ASSAY_QUOTE_TPM_TPM_H
#define ASSAY_QUOTE_TPM_TPM_H

#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/tpm_format.h"
#include "quote/x509.h"

/* The attestation key of a package: TPM2B_PUBLIC, or a SubjectPublicKeyInfo in DER. */
struct assay_tpm_ak {
    bool known;
    struct assay_key key;
    bool has_public; /* then public says more than the key */
    struct assay_tpm_public public;
};
/*
 * assay_tpm_ak_read - out of package->key; an unreadable one is a reason in the verdict.
 */
void assay_tpm_ak_read(const struct assay_package *package, struct assay_tpm_ak *ak,
                       struct assay_verdict *verdict);
/* The registers of a quote, for rows of quote/kinds.h. Unreadable evidence quotes nothing; *out is
 * always complete. */
void assay_quoted_tpm(const struct assay_kind *kind, struct assay_slice evidence,
                      struct assay_quoted *out);
/*
 * assay_tpm_appraise - what a quote proves by itself: attributes of its key, signature, PCR values,
 * reference values, qualifying data. Sets the proofs TPM_SIGNATURE and PCR_DIGEST and the verdict's
 * report data; *quote was parsed from package->main.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY (host failures)
 */
ASSAY_CHECKED enum assay_status assay_tpm_appraise(const struct assay_package *package,
                                                   const struct assay_tpm_quote *quote,
                                                   const struct assay_tpm_ak *ak,
                                                   const struct assay_policy *policy,
                                                   struct assay_verifier *verifier,
                                                   struct assay_verdict *verdict);

/*
 * The subject of an attestation key's certificate, as a registrar of the network writes it: it
 * names the endorsement key of the TPM by the SHA-256 of its SubjectPublicKeyInfo, so that all keys
 * of one TPM are one platform. decode Returns: false for any other subject
 */
void assay_tpm_subject_encode(const uint8_t ek_name[static ASSAY_SHA256_LEN], struct assay_dn *dn);
bool assay_tpm_subject_decode(const struct assay_dn *dn, uint8_t ek_name[static ASSAY_SHA256_LEN]);

#endif
