/*
 * quote/nvidia/nvidia.h - appraisal of NVIDIA's devices, by parts.
 *
 * Private to the folder but for names of devices and assay_nvidia_find_leaf. The chain of a device
 * comes with its report (quote/package.h): leaf, key of the device, an authority of its factory,
 * one of its chip family, and perhaps the root. Collateral is OCSP responses or revocation lists
 * about them, and the manifests with the values that its driver and firmware measure, under a root
 * of their own.
 */
#ifndef ASSAY_QUOTE_NVIDIA_NVIDIA_H
#define ASSAY_QUOTE_NVIDIA_NVIDIA_H

#include "quote/accept/policy.h"
#include "quote/certificates/path.h"
#include "quote/nvidia/spdm.h"
#include "quote/package.h"
#include "quote/request.h"

enum { ASSAY_NVIDIA_ISSUED = 4 }; /* certificates of a device below the root */

struct assay_nvidia_appraisal {
    const struct assay_evidence_request *request;
    struct assay_verdict *verdict;
    struct assay_spdm_report report;
    struct assay_slice main;                  /* the report's bytes, for offsets */
    enum assay_gpu_architecture architecture; /* known with has_device */
    bool has_device; /* the chain leads to a root: the two below are there */
    const struct assay_key *root;
    struct assay_path path;
};

/* The architecture that a device's certificate names ("GH100 A01 GSP BROM").
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (another chip) */
ASSAY_CHECKED enum assay_status assay_nvidia_architecture(const char *name,
                                                          enum assay_gpu_architecture *out);
/*
 * assay_nvidia_find_leaf - the certificate of the key that signs reports; of several the one that
 * signed this report.
 * Out:     *leaf: its place; count without one
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_nvidia_find_leaf(const struct assay_certificate *certificates,
                                                       size_t count,
                                                       const struct assay_spdm_report *report,
                                                       size_t *leaf);
/* Returns: what manifests of the device have as product: "GH100", "GB202", "LS10". */
const char *assay_nvidia_product(enum assay_gpu_architecture architecture,
                                 const struct assay_spdm_report *report);
/*
 * assay_nvidia_judge_golden - manifests of driver and firmware, and the measurements by them, in
 * quote/nvidia/golden.c. Called with a device alone.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_nvidia_judge_golden(const struct assay_nvidia_appraisal *a);
/*
 * assay_nvidia_judge_revocation - OCSP responses, and lists where there are none of these.
 * In:      wanted: bit i for certificate i, which has to be covered
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_nvidia_judge_revocation(
    const struct assay_evidence_request *request, const struct assay_path *path,
    const struct assay_key *root, uint32_t wanted, struct assay_verdict *verdict);

#endif
