/*
 * quote/source/tpm/tpm_registrar.h - registrar of attestation keys: the privacy CA of the network.
 *
 * A TPM proves to one interlocutor, by opening a credential (tpm_credential.h), that an attestation
 * key resides in the TPM of a certified endorsement key; the proof is not transferable. So a party
 * that the network trusts, the registrar, runs it once for each key and certifies the result. Its
 * root key stands in policy and genesis for kind tpm2
 * (docs/protocol.md 3.16, 3.17).
 *
 *     node:      prepare   request { endorsement key and certificate, attestation key }
 *     registrar: challenge (checks the endorsement certificate, draws a secret)    -> challenge
 *     node:      answer    (TPM2_ActivateCredential)                               -> answer
 *     registrar: issue     (the secret came back)                       -> certificate of the AK
 */
#ifndef ASSAY_QUOTE_SOURCE_TPM_TPM_REGISTRAR_H
#define ASSAY_QUOTE_SOURCE_TPM_TPM_REGISTRAR_H

#include "quote/source/tpm/tpm_credential.h"
#include "quote/x509.h"

enum {
    ASSAY_TPM_REGISTRAR_NAME_MAX = 32,
    ASSAY_TPM_CERTIFICATE_MAX = 1536,
    ASSAY_TPM_REQUEST_MAX = 8192,
    ASSAY_TPM_ISSUERS_MAX = 8, /* certificates that lead from an endorsement key to its maker */
};

/* Holds a secret: wipe it. */
struct assay_tpm_registrar {
    char name[ASSAY_TPM_REGISTRAR_NAME_MAX];
    int64_t not_before_s;
    int64_t not_after_s;
    struct assay_secret32 secret;
    struct assay_key key; /* what policies pin */
    uint32_t root_der_len;
    uint8_t root_der[ASSAY_TPM_CERTIFICATE_MAX];
};

/* What a node asks for; slices borrow. */
struct assay_tpm_request {
    uint32_t slot; /* of the endorsement key in its TPM: quote/source/tpm/tpm_device.h */
    struct assay_slice ek_public;
    struct assay_slice ek_certificate;
    struct assay_slice ak_public;
};

/* A challenge as the registrar remembers it. Holds a secret until it is answered: wipe it. */
struct assay_tpm_challenge {
    uint8_t ek_name[ASSAY_SHA256_LEN]; /* key name: SHA-256 of its SubjectPublicKeyInfo */
    struct assay_key ak;
    uint8_t secret[ASSAY_TPM_CREDENTIAL_MAX];
    struct assay_tpm_credential credential; /* for the node */
};

/* Trusted TPM vendors of the registrar, and intermediate certificates. */
struct assay_tpm_vendors {
    const struct assay_key *roots;
    size_t root_count;
    const struct assay_certificate *certificates;
    size_t certificate_count;
    int64_t at_unix_s;
};

/* Returns: ASSAY_OK | ASSAY_E_RANGE (name, times) | ASSAY_E_CRYPTO; *registrar wiped on failure */
ASSAY_CHECKED enum assay_status assay_tpm_registrar_create(const char *name, int64_t not_before_s,
                                                           int64_t not_after_s,
                                                           struct assay_tpm_registrar *registrar);
/* */
void assay_tpm_registrar_wipe(struct assay_tpm_registrar *registrar);
/*
 * Writes dir/registrar.key (secret), dir/root_ca.pem and dir/crl.der (nothing revoked); dir is made
 * with mode 0700 when it is not there.
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_DUPLICATE (a registrar.key is there) | ASSAY_E_RANGE |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_registrar_save(
    const struct assay_tpm_registrar *registrar, const char *dir);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_INVALID (mode) | ASSAY_E_VERSION |
 * input errors */
ASSAY_CHECKED enum assay_status assay_tpm_registrar_load(const char *dir,
                                                         struct assay_tpm_registrar *registrar);

/* Canonical CBOR. The writer reports overflow. */
void assay_tpm_request_encode(const struct assay_tpm_request *request, struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_VERSION and the input errors of CBOR */
ASSAY_CHECKED enum assay_status assay_tpm_request_decode(const uint8_t *bytes, size_t len,
                                                         struct assay_tpm_request *request);
/*
 * assay_tpm_challenge_make - check that this is a TPM of a trusted vendor and a key that signs only
 * data of the TPM, then challenge whether both are in one TPM.
 * Out:     *why on any other status: static text
 * Returns: ASSAY_OK | ASSAY_E_INVALID (the endorsement certificate is for another key, or missing;
 * the attestation key is of another type) | ASSAY_E_CHAIN (no root leads to it) |
 *          ASSAY_E_UNSUPPORTED | ASSAY_E_KEY | input errors | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_challenge_make(const struct assay_tpm_request *request,
                                                         const struct assay_tpm_vendors *vendors,
                                                         struct assay_tpm_challenge *challenge,
                                                         const char **why);
/* For the node: slot and credential. The writer reports overflow. */
void assay_tpm_challenge_encode(uint32_t slot, const struct assay_tpm_credential *credential,
                                struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_VERSION and the input errors of CBOR */
ASSAY_CHECKED enum assay_status assay_tpm_challenge_decode(const uint8_t *bytes, size_t len,
                                                           uint32_t *slot,
                                                           struct assay_tpm_credential *credential);
/* State of the registrar for it, secret. The writer reports overflow. */
void assay_tpm_pending_encode(const struct assay_tpm_challenge *challenge, struct assay_writer *w);
/* Without the credential. Returns: as assay_tpm_challenge_decode */
ASSAY_CHECKED enum assay_status assay_tpm_pending_decode(const uint8_t *bytes, size_t len,
                                                         struct assay_tpm_challenge *challenge);
/*
 * assay_tpm_certificate_issue - the answer was right: certify the attestation key.
 * In:      answer: what the TPM brought out
 * Out:     der[*len], ASSAY_TPM_CERTIFICATE_MAX always suffices
 * Returns: ASSAY_OK | ASSAY_E_INVALID (another answer) | ASSAY_E_RANGE (times) | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_tpm_certificate_issue(
    const struct assay_tpm_registrar *registrar, const struct assay_tpm_challenge *challenge,
    struct assay_slice answer, int64_t not_before_s, int64_t not_after_s, uint8_t *der,
    size_t capacity, size_t *len);
/*
 * assay_tpm_registrar_crl - the revocation list with these serials.
 * Returns: as assay_tpm_certificate_issue, also ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_tpm_registrar_crl(const struct assay_tpm_registrar *registrar,
                                                        int64_t this_update_s,
                                                        int64_t next_update_s,
                                                        const uint8_t (*revoked)[ASSAY_SERIAL_LEN],
                                                        size_t revoked_count, uint8_t *der,
                                                        size_t capacity, size_t *len);

#endif
