/*
 * quote/source/fetch/kds.h - client of AMD's Key Distribution Service: certificates and revocation
 * lists.
 *
 * Source: AMD 57230, "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface
 * Specification", chapter 4. The service limits how often it is asked (429, Retry-After): a VCEK
 * never changes and is kept for ever, everything else goes through the cache of fetch.h. A VLEK
 * itself is leased to a cloud and comes from its host; its chain and list are here.
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_KDS_H
#define ASSAY_QUOTE_SOURCE_FETCH_KDS_H

#include "quote/source/fetch/fetch.h"
#include "quote/x509.h"

#define ASSAY_KDS_BASE_URL "https://kdsintf.amd.com"

/* Product lines, as they are called in paths. Siena and Bergamo are of Genoa's. */
enum assay_kds_product { ASSAY_KDS_MILAN, ASSAY_KDS_GENOA, ASSAY_KDS_TURIN };

/* Zero means the usual value, where there is one. */
struct assay_kds_request {
    enum assay_kds_product product;
    bool is_vlek;                 /* chain and list of the ASVK instead of the ASK */
    const char *base_url;         /* NULL: AMD's; else a mirror of it */
    const struct assay_key *root; /* NULL: the product's pinned ARK */
    /* of a VCEK: from the report */
    uint8_t chip_id[ASSAY_HWID_MAX]; /* Turin: its first 8 bytes count */
    uint8_t bootloader, tee, snp, microcode;
    uint8_t fmc; /* Turin */
    int64_t at_unix_s;
    uint64_t deadline_ms;
    bool refresh;
};

/* What it has. */
enum assay_kds_thing { ASSAY_KDS_VCEK, ASSAY_KDS_CHAIN, ASSAY_KDS_CRL };

/*
 * assay_kds_fetch - one of them: a VCEK (DER) for this chip and TCB, the ASK or ASVK and the ARK
 * (PEM) under the pinned ARK, the list (DER) signed by it.
 * Out:     fetched->content.body on ASSAY_OK; message has the reason, or warns (fetch.h)
 * Returns: as assay_fetch_get | ASSAY_E_RANGE (no chip id, a VLEK) | ASSAY_E_SIGNATURE |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_kds_fetch(const struct assay_fetch_config *config,
                                                const struct assay_kds_request *request,
                                                enum assay_kds_thing thing,
                                                struct assay_fetched *fetched,
                                                char message[static ASSAY_FETCH_MESSAGE_LEN]);
/* Where it comes from. Returns: ASSAY_OK | ASSAY_E_RANGE (too long) */
ASSAY_CHECKED enum assay_status assay_kds_url(const struct assay_kds_request *request,
                                              enum assay_kds_thing thing,
                                              char url[static ASSAY_HTTP_URL_LEN_MAX + 1]);

#endif
