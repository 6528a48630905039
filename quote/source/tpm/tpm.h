/*
 * quote/source/tpm/tpm.h - source of evidence of kind tpm2 from one TPM, and the measurement of
 * loaded programs.
 *
 * The attestation key was made and certified before (`assay tpm prepare` and its like); its
 * certificate is in the state folder as ak.pem. An unreachable TPM is reopened at the next call:
 * software TPMs restart, and the key is persistent.
 */
#ifndef ASSAY_QUOTE_SOURCE_TPM_TPM_H
#define ASSAY_QUOTE_SOURCE_TPM_TPM_H

#include "quote/source/tpm/tpm_device.h"

enum { ASSAY_TPM_EVIDENCE_MAX = 16384 }; /* quote, signature, values, key, certificates: 1.5 KB */

struct assay_tpm_source;

struct assay_tpm_source_config {
    const char *tcti;      /* NULL: "device:/dev/tpmrm0" */
    const char *state_dir; /* with ak.pem; NULL: no certificate goes along */
    uint32_t pcr_mask;     /* 0: ASSAY_TPM_PCR_MASK */
};

/* Strings are copied. Returns: as assay_source_open; message has the reason. */
ASSAY_CHECKED enum assay_status assay_tpm_source_open(
    const struct assay_tpm_source_config *config, struct assay_tpm_source **out,
    char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/* Resets PCR 23 and extends it with one measurement (assay_tpm_pcr_of).
 * Returns: as assay_tpm_device_measure; message has the reason */
ASSAY_CHECKED enum assay_status assay_tpm_source_measure(
    struct assay_tpm_source *source, const uint8_t measurement[static 32],
    char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/*
 * assay_tpm_source_quote - a package of kind tpm2 (quote/package.h) over report_data, whose SHA-256
 * is the qualifying data.
 * Out:     *evidence, borrowed until the next call
 * Returns: as assay_source_quote; message has the reason
 */
ASSAY_CHECKED enum assay_status assay_tpm_source_quote(
    struct assay_tpm_source *source, const uint8_t report_data[static 64],
    struct assay_slice *evidence, char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. */
void assay_tpm_source_close(struct assay_tpm_source **source);

#endif
