/*
 * quote/source/tpm/tpm_device.h - one TPM 2.0, accessed through tss2-esys.
 *
 * Source: TPM 2.0 Library Specification, Part 3 (commands); TCG EK Credential Profile 2.5, section
 * 2.2 (where endorsement certificates lie), appendix B (templates and policies of their keys).
 *
 * For hosts and tools. Authorisations of owner and endorsement hierarchy are empty, as systems
 * leave them; a TPM whose owner has set one refuses, and the message says so. Every transient
 * object that a call loads into the TPM is flushed before it returns.
 */
#ifndef ASSAY_QUOTE_SOURCE_TPM_TPM_DEVICE_H
#define ASSAY_QUOTE_SOURCE_TPM_TPM_DEVICE_H

#include "quote/source/source.h"
#include "quote/source/tpm/tpm_credential.h"

/* Where the attestation key is kept: an endorsement primary key, out of the profile's way. */
#define ASSAY_TPM_AK_HANDLE UINT32_C(0x81018055)

enum {
    ASSAY_TPM_EK_CERTIFICATE_MAX = 4096, /* genuine ones take 0.8 to 1.8 KB */
    ASSAY_TPM_EK_SLOTS = 5,              /* places where the profile puts certificates */
    ASSAY_TPM_SIGNATURE_MAX = 528,       /* TPMT_SIGNATURE of RSA 4096 */
    ASSAY_TPM_VALUES_MAX = 24 * ASSAY_SHA256_LEN,
    ASSAY_TPM_PCR_MEASURED = 23,   /* of the application, resettable (PC Client PTP 3.6.2) */
    ASSAY_TPM_PCR_MASK = 0x8000ff, /* PCRs 0 to 7, the firmware's, and 23 */
};

struct assay_tpm_device;

/* An endorsement key with its certificate. */
struct assay_tpm_ek {
    uint32_t slot;
    uint32_t public_len;
    uint8_t public_area[ASSAY_TPM_PUBLIC_MAX]; /* TPM2B_PUBLIC */
    uint32_t certificate_len;
    uint8_t certificate[ASSAY_TPM_EK_CERTIFICATE_MAX]; /* DER */
};

struct assay_tpm_statement {
    uint32_t attest_len;
    uint8_t attest[ASSAY_TPM_ATTEST_MAX]; /* TPMS_ATTEST */
    uint32_t signature_len;
    uint8_t signature[ASSAY_TPM_SIGNATURE_MAX]; /* TPMT_SIGNATURE */
    uint32_t values_len;
    uint8_t values[ASSAY_TPM_VALUES_MAX]; /* in selection order */
};

/*
 * assay_tpm_device_open - in: a TCTI as tss2-tctildr reads it: "device:/dev/tpmrm0",
 * "swtpm:path=/run/x/tpm.sock".
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such TCTI or device) | ASSAY_E_IO | ASSAY_E_MEMORY;
 *          message has the reason
 */
ASSAY_CHECKED enum assay_status assay_tpm_device_open(
    const char *tcti, struct assay_tpm_device **out, char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. */
void assay_tpm_device_close(struct assay_tpm_device **device);

/* All of these Returns: ASSAY_OK | ASSAY_E_IO (the TPM is unreachable: reopen it) |
 * ASSAY_E_AGAIN (busy, locked out, or its memory is full) | ASSAY_E_INVALID (rejected by the TPM) |
 * ASSAY_E_MEMORY, and what they add; message has the reason. */

/*
 * assay_tpm_device_ek - the certificate in slot (0..ASSAY_TPM_EK_SLOTS-1) and its key: the
 * persistent one, or recreated from its template.
 * Returns: also ASSAY_E_NOT_FOUND (no certificate there) | ASSAY_E_KEY (no key of this TPM belongs
 *          to it)
 */
ASSAY_CHECKED enum assay_status assay_tpm_device_ek(struct assay_tpm_device *device, uint32_t slot,
                                                    struct assay_tpm_ek *ek,
                                                    char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_tpm_device_ak - the public area (TPM2B_PUBLIC) of the attestation key; with create, a new
 * one replaces what was there: a restricted ECDSA P-256 key in the endorsement hierarchy.
 * Out:     *public_area of ASSAY_TPM_PUBLIC_MAX bytes
 * Returns: also ASSAY_E_NOT_FOUND (none, and not created)
 */
ASSAY_CHECKED enum assay_status assay_tpm_device_ak(struct assay_tpm_device *device, bool create,
                                                    uint8_t *public_area, size_t *len,
                                                    char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_tpm_device_activate - open a credential with the endorsement key of slot, for the AK.
 * Out:     secret[ASSAY_TPM_CREDENTIAL_MAX], *secret_len
 * Returns: also ASSAY_E_NOT_FOUND, ASSAY_E_KEY (as ek) | ASSAY_E_UNSUPPORTED (its policy is none of
 *          the profile's)
 */
ASSAY_CHECKED enum assay_status assay_tpm_device_activate(
    struct assay_tpm_device *device, uint32_t slot, const struct assay_tpm_credential *credential,
    uint8_t *secret, size_t *secret_len, char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_tpm_device_quote - quote PCRs of the SHA-256 bank and read the values that were quoted.
 * In:      qualifying data of at most 32 bytes; mask: bit i is PCR i, at least one
 * Returns: also ASSAY_E_NOT_FOUND (no attestation key) | ASSAY_E_AGAIN (PCRs kept changing)
 */
ASSAY_CHECKED enum assay_status assay_tpm_device_quote(
    struct assay_tpm_device *device, struct assay_slice qualifying_data, uint32_t mask,
    struct assay_tpm_statement *out, char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/* assay_tpm_device_measure - reset a resettable PCR and extend it with measurement. */
ASSAY_CHECKED enum assay_status assay_tpm_device_measure(
    struct assay_tpm_device *device, uint32_t pcr, const uint8_t measurement[static 32],
    char message[static ASSAY_SOURCE_MESSAGE_LEN]);

#endif
