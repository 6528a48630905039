/*
 * apps/https.h - one exchange with the HTTPS server of a node, as a client with a certificate.
 *
 * Server certificates are verified under the authority of the context and no other.
 */
#ifndef ASSAY_APPS_HTTPS_H
#define ASSAY_APPS_HTTPS_H

#include "base/bytes.h"

enum { ASSAY_HTTPS_MESSAGE_LEN = 320 };

struct assay_https_request {
    const char *endpoint, *target;      /* "https://host:port"; "/v1/status" */
    const char *ca, *certificate, *key; /* PEM files */
    unsigned timeout_ms;                /* of the complete exchange */
    struct assay_slice object;          /* POSTed, when it has bytes */
};

struct assay_https_answer {
    unsigned status;
    char chain[65]; /* header Assay-Chain; "": none, "?": not one that a node sends */
    char *text;     /* [len], the caller's to free */
    size_t len;
};

/*
 * assay_https_exchange - send one request and read the complete answer, whatever its status.
 * Out:     *answer on ASSAY_OK; message otherwise
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a target or an answer that is too long) | ASSAY_E_INVALID (an
 *          endpoint that is none) | ASSAY_E_TIMEOUT | ASSAY_E_AGAIN (no connection) | ASSAY_E_IO
 *          (TLS, files) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_https_exchange(const struct assay_https_request *request,
                                                     struct assay_https_answer *answer,
                                                     char message[static ASSAY_HTTPS_MESSAGE_LEN]);

#endif
