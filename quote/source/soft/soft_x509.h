/*
 * quote/source/soft/soft_x509.h - certificates and revocation lists of a SOFT authority.
 *
 * Private to the SOFT maker.
 */
#ifndef ASSAY_QUOTE_SOURCE_SOFT_SOFT_X509_H
#define ASSAY_QUOTE_SOURCE_SOFT_SOFT_X509_H

#include "quote/x509.h"

enum assay_soft_role {
    ASSAY_SOFT_ROOT,
    ASSAY_SOFT_PLATFORM_CA,
    ASSAY_SOFT_SIGNING,
    ASSAY_SOFT_PCK
};

struct assay_soft_certificate {
    enum assay_soft_role role;
    const char *vendor; /* NUL-terminated */
    uint8_t serial[16];
    int64_t not_before_s;
    int64_t not_after_s;
    const uint8_t *public_key; /* 64 bytes */
    const uint8_t *issuer_public_key;
    const struct assay_secret32 *issuer_key;
    const struct assay_pck *pck; /* role PCK */
};

/*
 * Out:     der[*len]
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (a time outside 1970..2049) | ASSAY_E_KEY |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_soft_certificate_make(
    const struct assay_soft_certificate *certificate, uint8_t *der, size_t capacity, size_t *len);

struct assay_soft_crl {
    enum assay_soft_role issuer; /* ROOT or PLATFORM_CA */
    const char *vendor;
    int64_t this_update_s;
    int64_t next_update_s;
    const uint8_t *issuer_public_key;
    const struct assay_secret32 *issuer_key;
    const uint8_t (*revoked)[ASSAY_SERIAL_LEN];
    size_t revoked_count;
};

/* Returns: as assay_soft_certificate_make */
ASSAY_CHECKED enum assay_status assay_soft_crl_make(const struct assay_soft_crl *crl, uint8_t *der,
                                                    size_t capacity, size_t *len);

#endif
