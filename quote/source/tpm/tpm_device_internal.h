/*
 * quote/source/tpm/tpm_device_internal.h - declarations shared by tpm_device.c and
 * tpm_device_key.c.
 */
#ifndef ASSAY_QUOTE_SOURCE_TPM_TPM_DEVICE_INTERNAL_H
#define ASSAY_QUOTE_SOURCE_TPM_TPM_DEVICE_INTERNAL_H

#include "quote/source/tpm/tpm_device.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

struct assay_tpm_device {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
};

/* What an answer of the TPM or its library means to us. Returns: the status; message is written. */
enum assay_status assay_tpm_refused(TSS2_RC rc, const char *what,
                                    char message[static ASSAY_SOURCE_MESSAGE_LEN]);
/* The resource of a persistent handle or NV index; closed with Esys_TR_Close.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | as assay_tpm_refused */
ASSAY_CHECKED enum assay_status assay_tpm_find(struct assay_tpm_device *device, TPM2_HANDLE handle,
                                               ESYS_TR *out,
                                               char message[static ASSAY_SOURCE_MESSAGE_LEN]);

#endif
