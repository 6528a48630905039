/*
 * quote/roots.c - the vendors' root keys, pinned in the source: keys, not certificates, because a
 * root may be certified twice (quotes.md 2: two encodings of Intel's) and a name proves nothing.
 */
#include "quote/verify.h"

/* SPKI SHA-256 a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e (quotes.md 2). */
static void intel_sgx(struct assay_key *key)
{
    static const uint8_t point[ASSAY_P256_PUBLIC_LEN] = {
        0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0,
        0x2c, 0xda, 0x10, 0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61,
        0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67, 0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4,
        0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88, 0xe5, 0x05,
        0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94,
    };
    assay_key_from(key, ASSAY_KEY_P256, point, sizeof point);
}

enum assay_status assay_pinned_root(enum assay_pinned_root which, struct assay_key *key,
                                    uint32_t *kinds)
{
    switch (which) {
    case ASSAY_PINNED_INTEL_SGX:
        intel_sgx(key);
        *kinds = ASSAY_KIND_BIT(ASSAY_KIND_SGX3) | ASSAY_KIND_BIT(ASSAY_KIND_SGX4) |
                 ASSAY_KIND_BIT(ASSAY_KIND_SGX5) | ASSAY_KIND_BIT(ASSAY_KIND_TDX4) |
                 ASSAY_KIND_BIT(ASSAY_KIND_TDX5) | ASSAY_KIND_BIT(ASSAY_KIND_VTPM_TDX);
        return ASSAY_OK;
    case ASSAY_PINNED_AMD_MILAN:
    case ASSAY_PINNED_AMD_GENOA:
    case ASSAY_PINNED_AMD_TURIN:
    case ASSAY_PINNED_AWS_NITRO: return ASSAY_E_NOT_FOUND; /* not pinned yet */
    }
    return ASSAY_E_NOT_FOUND;
}
