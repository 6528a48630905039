/*
 * quote/source/tpm/tpm_credential.h - credential protection: a secret that only one TPM can
 * decrypt, and only while it has a given key.
 *
 * Source: TPM 2.0 Library Specification, Part 1 24 (credential protection), 11.4.10 (key
 * derivation), B.10.4 and C.6.3 (secret sharing under RSA and ECC keys).
 *
 * This is the verifier's half, "make credential"; the TPM's half is TPM2_ActivateCredential
 * (quote/source/tpm/tpm_device.h). A verifier that receives its secret back knows that the TPM of
 * the endorsement key holds an object of exactly that name; nobody else learns anything from it.
 */
#ifndef ASSAY_QUOTE_SOURCE_TPM_TPM_CREDENTIAL_H
#define ASSAY_QUOTE_SOURCE_TPM_TPM_CREDENTIAL_H

#include "base/seal.h"
#include "quote/tpm/tpm.h"

enum {
    ASSAY_TPM_CREDENTIAL_MAX = 32, /* the secret inside: at most the digest of the EK's name */
    ASSAY_TPM_ID_OBJECT_MAX = 160, /* TPM2B_ID_OBJECT: two TPM2B of at most 66 and 34 bytes */
    ASSAY_TPM_ENCRYPTED_SECRET_MAX = 514, /* TPM2B_ENCRYPTED_SECRET: an RSA-4096 block */
};

struct assay_tpm_credential {
    uint32_t id_object_len;
    uint8_t id_object[ASSAY_TPM_ID_OBJECT_MAX];
    uint32_t encrypted_secret_len;
    uint8_t encrypted_secret[ASSAY_TPM_ENCRYPTED_SECRET_MAX];
};

/*
 * assay_tpm_credential_make - close secret[secret_len] for the TPM of ek, bound to the object name.
 * In:      ek: its public area as the TPM gave it (name algorithm and symmetric scheme count)
 * Returns: ASSAY_OK | ASSAY_E_RANGE (secret or name too long or empty) | ASSAY_E_UNSUPPORTED (ek is
 *          no storage key with AES in CFB mode) | ASSAY_E_KEY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_credential_make(const struct assay_tpm_public *ek,
                                                          struct assay_slice name,
                                                          struct assay_slice secret,
                                                          struct assay_tpm_credential *out);

/* The parts, for tests. KDFa, Part 1 11.4.10.2: label without its closing NUL.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO; out[out_len], at most ASSAY_SEAL_SECRET_MAX, asserted */
ASSAY_CHECKED enum assay_status assay_tpm_kdfa(enum assay_seal_hash hash, struct assay_slice key,
                                               const char *label, struct assay_slice context_u,
                                               uint8_t *out, size_t out_len);

#endif
