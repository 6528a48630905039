/*
 * quote/source/fetch/nitro.h - download of the root certificate of AWS Nitro enclaves.
 *
 * AWS publishes it in a ZIP archive, so a site that wants it as a file names a copy of its PEM.
 * A download is accepted only if it is the certificate with the digest pinned here. (The verifier
 * needs no file: the key is pinned in quote/accept/roots.c.)
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_NITRO_H
#define ASSAY_QUOTE_SOURCE_FETCH_NITRO_H

#include "quote/source/fetch/fetch.h"

struct assay_nitro_request {
    const char *url;       /* of a PEM or DER file */
    const uint8_t *digest; /* SHA-256 of the DER, 32 bytes; NULL: of AWS Nitro Enclaves Root G1 */
    int64_t at_unix_s;
    uint64_t deadline_ms;
};

/*
 * assay_nitro_fetch - the root.
 * Out:     fetched->content.body on ASSAY_OK, as it came
 * Returns: as assay_fetch_get | ASSAY_E_KEY (another certificate)
 */
ASSAY_CHECKED enum assay_status assay_nitro_fetch(const struct assay_fetch_config *config,
                                                  const struct assay_nitro_request *request,
                                                  struct assay_fetched *fetched,
                                                  char message[static ASSAY_FETCH_MESSAGE_LEN]);

#endif
