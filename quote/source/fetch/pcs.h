/*
 * quote/source/fetch/pcs.h - client of Intel's PCS, or of a site's PCCS.
 *
 * Source: Intel SGX and TDX Provisioning Certification Service, API version 4; a PCCS has the same
 * paths under its own address, and also the root CRL (in hexadecimal). Downloads are verified under
 * the root key before they are stored: a server can only withhold.
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_PCS_H
#define ASSAY_QUOTE_SOURCE_FETCH_PCS_H

#include "quote/collateral/collateral.h"
#include "quote/source/fetch/fetch.h"

#define ASSAY_PCS_BASE_URL     "https://api.trustedservices.intel.com"
#define ASSAY_PCS_ROOT_CRL_URL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"

enum assay_pcs_ca { ASSAY_PCS_CA_PROCESSOR, ASSAY_PCS_CA_PLATFORM };

enum { ASSAY_PCS_DOCUMENTS = 4 };

/* Zero means the usual value, where there is one. */
struct assay_pcs_request {
    enum assay_tcb_tee tee;
    uint8_t fmspc[6];
    enum assay_pcs_ca ca;
    bool early;               /* update=early: the new TCB before the grace period has ended */
    const char *base_url;     /* NULL: Intel's PCS; else a PCCS without a path: https://host:8081 */
    const char *root_crl_url; /* NULL: Intel's, or the PCCS's own */
    const struct assay_key *root; /* NULL: Intel's pinned one */
    int64_t at_unix_s;
    uint64_t deadline_ms;
    bool refresh;
};

/* Owned: freed with assay_pcs_bundle_free. */
struct assay_pcs_bundle {
    struct assay_collateral_files files;                 /* borrows from documents */
    struct assay_fetched documents[ASSAY_PCS_DOCUMENTS]; /* TCB info, QE identity, root, PCK CRL */
};

/*
 * assay_pcs_fetch - TCB info, QE identity, both revocation lists and their chains.
 * Out:     *bundle on ASSAY_OK, all parts filled; message has the reason, or warns (fetch.h)
 * Returns: as assay_fetch_get | ASSAY_E_SIGNATURE (a document is not signed under the root) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_pcs_fetch(const struct assay_fetch_config *config,
                                                const struct assay_pcs_request *request,
                                                struct assay_pcs_bundle *bundle,
                                                char message[static ASSAY_FETCH_MESSAGE_LEN]);
/* Accepts an empty one; empties it. */
void assay_pcs_bundle_free(struct assay_pcs_bundle *bundle);

/*
 * assay_pcs_url - where a part comes from (chains come with their documents).
 * Returns: ASSAY_OK | ASSAY_E_RANGE (too long) | ASSAY_E_NOT_FOUND (a chain)
 */
ASSAY_CHECKED enum assay_status assay_pcs_url(const struct assay_pcs_request *request,
                                              enum assay_collateral_part part,
                                              char url[static ASSAY_HTTP_URL_LEN_MAX + 1]);
/* Returns: true and the CA, when the text is its name ("processor", "platform"). */
bool assay_pcs_ca_parse(const char *text, enum assay_pcs_ca *ca);

#endif
