/*
 * quote/source/tpm/tpm_x509.h - certificates and revocation lists of a registrar of attestation
 * keys.
 *
 * Private to the registrar (and to tests, which bend them).
 */
#ifndef ASSAY_QUOTE_SOURCE_TPM_TPM_X509_H
#define ASSAY_QUOTE_SOURCE_TPM_TPM_X509_H

#include "quote/x509.h"

enum assay_tpm_role {
    ASSAY_TPM_ROLE_REGISTRAR, /* self-signed CA */
    ASSAY_TPM_ROLE_AK,        /* end entity for digital signatures, tcg-kp-AIKCertificate */
    ASSAY_TPM_ROLE_PLAIN,     /* the same without the extended key usage: what must be refused */
};

struct assay_tpm_certificate {
    enum assay_tpm_role role;
    const char *registrar;  /* its name */
    const uint8_t *ek_name; /* AK: key name of the endorsement key, which the subject names; NULL:
                               a subject that names none */
    const char *common_name;       /* of an AK without ek_name; NULL: "an attestation key" */
    struct assay_slice extensions; /* further ones, in DER */
    uint8_t serial[16];
    int64_t not_before_s;
    int64_t not_after_s;
    const struct assay_key *key;
    const struct assay_key *issuer_key;
    const struct assay_secret32 *issuer_secret;
};

/*
 * Out:     der[*len]
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (a time outside 1970..2049, a key) | ASSAY_E_KEY
 *          | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_certificate_make(const struct assay_tpm_certificate *c,
                                                           uint8_t *der, size_t capacity,
                                                           size_t *len);

struct assay_tpm_crl {
    const char *registrar;
    int64_t this_update_s;
    int64_t next_update_s;
    const struct assay_key *issuer_key;
    const struct assay_secret32 *issuer_secret;
    const uint8_t (*revoked)[ASSAY_SERIAL_LEN];
    size_t revoked_count;
};

/* Returns: as assay_tpm_certificate_make */
ASSAY_CHECKED enum assay_status assay_tpm_crl_make(const struct assay_tpm_crl *crl, uint8_t *der,
                                                   size_t capacity, size_t *len);

#endif
