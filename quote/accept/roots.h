/*
 * quote/accept/roots.h - root keys of vendors that are pinned in the source.
 */
#ifndef ASSAY_QUOTE_ACCEPT_ROOTS_H
#define ASSAY_QUOTE_ACCEPT_ROOTS_H

#include "base/crypto.h"

enum assay_pinned_root {
    ASSAY_PINNED_INTEL_SGX = 0, /* SGX and TDX */
    ASSAY_PINNED_AMD_MILAN = 1,
    ASSAY_PINNED_AMD_GENOA = 2,
    ASSAY_PINNED_AMD_TURIN = 3,
    ASSAY_PINNED_AWS_NITRO = 4, /* G1 */
    ASSAY_PINNED_NVIDIA_DEVICE = 5,
    ASSAY_PINNED_NVIDIA_RIM = 6, /* of the manifests */
};
enum { ASSAY_PINNED_ROOTS = 7 };
/*
 * assay_pinned_root - a vendor's root key and the kinds that it may vouch for.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (outside the list)
 */
ASSAY_CHECKED enum assay_status assay_pinned_root(enum assay_pinned_root which,
                                                  struct assay_key *key, uint32_t *kinds);

#endif
