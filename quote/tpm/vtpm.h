/*
 * quote/tpm/vtpm.h - composite evidence of a paravisor: hardware attests a virtual TPM, which
 * attests the guest.
 *
 *     SNP report or TDX quote -> report data -> runtime data (JSON) -> attestation key -> TPM quote
 *
 * Source: Microsoft, "Guest attestation for confidential VMs", section "Attestation report format",
 * and the declarations of OpenHCL (openhcl_attestation_protocol, igvm_attest). The blob lies in NV
 * index 0x01400001 of the virtual TPM, little-endian:
 *
 *     0     "HCLA", version, report size, request type, status, reserved: eight words
 *     32    hardware report: an SNP report of 1184 bytes, or a TD report of 1024 and zeros
 *     1216  data size, version, report type (2 SNP, 4 TDX), hash type (1 SHA-256, 2 SHA-384,
 *           3 SHA-512), length of the runtime data: five words
 *     1236  runtime data, then zeros
 *
 * The words are not signed; what they choose is checked against what is.
 */
#ifndef ASSAY_QUOTE_TPM_VTPM_H
#define ASSAY_QUOTE_TPM_VTPM_H

#include "quote/tpm/tpm.h"

enum {
    ASSAY_HCL_HARDWARE_AT = 32,
    ASSAY_HCL_HARDWARE_LEN = 1184,
    ASSAY_HCL_TD_REPORT_LEN = 1024,
    ASSAY_HCL_TD_REPORT_DATA_AT = 128, /* in the TD report: REPORTMACSTRUCT.REPORTDATA */
    ASSAY_HCL_RUNTIME_AT = 1236,
    ASSAY_HCL_LEN_MAX = 16384, /* genuine ones take 2600 bytes */
};

enum assay_hcl_report { ASSAY_HCL_SNP = 2, ASSAY_HCL_TDX = 4 };

struct assay_hcl {
    uint32_t version;
    enum assay_hcl_report report_type;
    uint32_t hash_type;
    struct assay_slice hardware; /* 1184 or 1024 bytes */
    struct assay_slice runtime_data;
};

/*
 * assay_hcl_parse - one blob; slices borrow.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING (bytes that are not zero follow) |
 *          ASSAY_E_RANGE | ASSAY_E_INVALID (no such blob) | ASSAY_E_UNSUPPORTED (another report or
 *          hash)
 */
ASSAY_CHECKED enum assay_status assay_hcl_parse(const uint8_t *bytes, size_t len,
                                                struct assay_hcl *out);

#endif
