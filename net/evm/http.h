/*
 * net/evm/http.h - the link to a node of an EVM chain over HTTPS, or in the clear to this machine.
 */
#ifndef ASSAY_NET_EVM_HTTP_H
#define ASSAY_NET_EVM_HTTP_H

#include "net/evm/rpc.h"

/* Of one node; lives as long as its links. Texts are borrowed. */
struct assay_evm_http {
    const char *url;     /* https://..., or http:// of 127.0.0.1 or [::1] */
    const char *ca_file; /* PEM; NULL: the system's */
    uint64_t timeout_ms; /* of one question; 0: 15 s */
    char message[320];   /* the last failure, for people */
};

/* Returns: a link that asks there. */
struct assay_evm_link assay_evm_http_link(struct assay_evm_http *http);

#endif
