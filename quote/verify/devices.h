/*
 * quote/verify/devices.h - appraisal of the devices that come with a processor's evidence: each by
 * its own kind, all of them bound to the processor and its challenge.
 *
 * Private to the folder. What is wrong with a device is a reason of the whole, and names it.
 */
#ifndef ASSAY_QUOTE_VERIFY_DEVICES_H
#define ASSAY_QUOTE_VERIFY_DEVICES_H

#include "quote/kinds.h"
#include "quote/verify/device_set.h"

/*
 * assay_devices_open - the set that the evidence holds, before the evidence is appraised.
 * In:      buffer[ASSAY_DEVICES_LEN_MAX]: what is packed is unpacked there, and the set may borrow
 *          from it; NULL only under a policy that accepts nothing packed, or for bare evidence
 * Out:     set->count: 0 when there is none, also in evidence that cannot be read at all
 * Returns: ASSAY_OK | ASSAY_E_INVALID (the policy accepts no devices, or none that are packed) | as
 *          assay_device_set_bytes and assay_device_set_read; the verdict then has the reason
 */
ASSAY_CHECKED enum assay_status assay_devices_open(const struct assay_kind *kind,
                                                   const struct assay_evidence_request *request,
                                                   uint8_t *buffer, struct assay_device_set *set,
                                                   struct assay_verdict *verdict);
/*
 * assay_devices_appraise - after the kind has appraised the processor's part, before the verdict is
 * concluded. Where the set is bound its challenge becomes the verdict's report data.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY (host failure)
 */
ASSAY_CHECKED enum assay_status assay_devices_appraise(const struct assay_kind *kind,
                                                       struct assay_verifier *verifier,
                                                       const struct assay_evidence_request *request,
                                                       const struct assay_device_set *set,
                                                       struct assay_verdict *verdict);

#endif
