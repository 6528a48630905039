/*
 * quote/tpm/instance.h - cloud instance of a virtual TPM, as named by the certificate of its
 * attestation key (docs/evidence-rules.md 7).
 */
#ifndef ASSAY_QUOTE_TPM_INSTANCE_H
#define ASSAY_QUOTE_TPM_INSTANCE_H

#include "quote/accept/policy.h"
#include "quote/verdict.h"
#include "quote/x509.h"

/*
 * assay_tpm_instance_read - the form of a certificate, and the instance that it names.
 * Out:     *instance; empty when none is named that could be relied on
 * Returns: the form; ASSAY_AK_TCG for every certificate that is no cloud's
 */
enum assay_ak_form assay_tpm_instance_read(const struct assay_certificate *c,
                                           struct assay_instance *instance);
/* One digest for one instance, whatever its name. */
void assay_tpm_instance_digest(const struct assay_instance *instance,
                               uint8_t digest[static ASSAY_SHA256_LEN]);

#endif
