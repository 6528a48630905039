/*
 * quote/tpm/svsm.h - evidence of a secure VM service module (SVSM) about its virtual TPM on
 * SEV-SNP: the report, the nonce and the manifest of the services.
 *
 *     SNP report of VMPL 0 -> report data -> nonce and manifest -> key of the TPM -> TPM quote
 *
 * Source: AMD, "Secure VM Service Module for SEV-SNP Guests" (58019), sections 7 (attestation
 * protocol) and 8.3.1 (manifest of the vTPM). One byte string, the parts as configfs-tsm of Linux
 * gives them:
 *
 *     0     SNP report (outblob), 1184 bytes
 *     1184  nonce (inblob), 64 bytes
 *     1248  manifest (manifestblob): a table of all services, or the manifest of the vTPM alone
 *
 * The report data is the SHA-512 of nonce and manifest. A table has the GUID of manifests, its
 * length and the number of services, then of each its GUID, offset and length, little-endian. The
 * manifest of the vTPM is the TPMT_PUBLIC of its endorsement key (version 0), or the version 1, a
 * number and so many TPM2B_PUBLIC, big-endian.
 *
 * The specification binds these keys and no other. An attestation key that is not among them is
 * bound by an authority that activated a credential for it with one of them
 * (quote/tpm/tpm_trust.h).
 */
#ifndef ASSAY_QUOTE_TPM_SVSM_H
#define ASSAY_QUOTE_TPM_SVSM_H

#include "quote/tpm/tpm.h"

enum {
    ASSAY_SVSM_REPORT_LEN = 1184,
    ASSAY_SVSM_NONCE_LEN = 64,
    ASSAY_SVSM_MANIFEST_AT = ASSAY_SVSM_REPORT_LEN + ASSAY_SVSM_NONCE_LEN,
    ASSAY_SVSM_LEN_MAX = 16384,
    ASSAY_SVSM_SERVICES_MAX = 32,
    ASSAY_SVSM_KEYS_MAX = 8, /* a TPM has a few endorsement keys, one a type */
};

/* Slices borrow. No byte of the manifest is outside of them, its entries and its keys. */
struct assay_svsm {
    struct assay_slice report;
    struct assay_slice nonce;
    struct assay_slice manifest; /* as it was hashed */
    uint32_t version;            /* of the vTPM's manifest: 0 or 1 */
    size_t key_count;
    struct assay_tpm_public keys[ASSAY_SVSM_KEYS_MAX];
};

/*
 * assay_svsm_parse - the three parts, and the keys of the vTPM; nothing is verified.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE (a length, a number of
 *          services or keys; data that do not fill the table; a key of another size) |
 *          ASSAY_E_DUPLICATE (a service twice) | ASSAY_E_NOT_FOUND (the last service is not the
 *          vTPM) | ASSAY_E_INVALID (no report, no manifest, or a table inside of one) |
 *          ASSAY_E_UNSUPPORTED (another version of the vTPM's manifest, a type of key that is not
 *          read, data of another service)
 */
ASSAY_CHECKED enum assay_status assay_svsm_parse(const uint8_t *bytes, size_t len,
                                                 struct assay_svsm *out);
/* Does the report bind nonce and manifest? Sets the proof RUNTIME_DATA. In: verdict->report_data:
 * that of the report */
void assay_svsm_appraise_manifest(const struct assay_svsm *svsm, struct assay_verdict *verdict);
/*
 * assay_svsm_appraise_key - is the attestation key one of the manifest's, or certified for one of
 * them by a root for kind tpm2, and does the policy name the SVSM? Sets the proof RUNTIME_AK.
 * In:      ak: of the package
 * Out:     *ak: of the manifest, where it has the key, with its attributes
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_svsm_appraise_key(
    const struct assay_svsm *svsm, const struct assay_package *package, struct assay_tpm_ak *ak,
    struct assay_verifier *verifier, const struct assay_evidence_request *request,
    struct assay_verdict *verdict);

#endif
