/*
 * net/evm/http.h - JSON-RPC transport to an EVM node over HTTPS, or over plain HTTP on the
 * loopback.
 */
#ifndef ASSAY_NET_EVM_HTTP_H
#define ASSAY_NET_EVM_HTTP_H

#include "net/evm/nodes.h"

/* Of one node; lives as long as its links. Texts are borrowed. */
struct assay_evm_http {
    const char *url;     /* https://..., or http:// of 127.0.0.1 or [::1] */
    const char *ca_file; /* PEM; NULL: the system's */
    uint64_t timeout_ms; /* of one question; 0: 15 s */
    char message[320];   /* the last failure, for operators */
};

/* Returns: a link that asks there. */
struct assay_evm_link assay_eth_http_link(struct assay_evm_http *http);

enum { ASSAY_EVM_URLS_LEN_MAX = 1024, ASSAY_EVM_NODES_PAUSE_MS = 700 };

/* Of several nodes that must agree (nodes.h); lives as long as its link. */
struct assay_evm_https {
    char urls[ASSAY_EVM_URLS_LEN_MAX]; /* cut into texts */
    struct assay_evm_http node[ASSAY_EVM_NODES_MAX];
    struct assay_evm_nodes nodes;
};

/*
 * assay_eth_https_link - a link to all nodes of a list.
 * In:      urls: one or several as above, with commas between, spaces around them; ca_file, NULL:
 *          the system's, borrowed; timeout_ms as above
 * Out:     *link: written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (no URL, more than ASSAY_EVM_NODES_MAX, longer than fits) |
 *          ASSAY_E_SYNTAX (one is neither https:// nor http://) | ASSAY_E_DUPLICATE
 */
ASSAY_CHECKED enum assay_status assay_eth_https_link(struct assay_evm_https *https,
                                                     const char *urls, const char *ca_file,
                                                     uint64_t timeout_ms,
                                                     struct assay_evm_link *link);
/* Why nothing came of the last question to the one node that there is, for operators; "": nothing
 * is wrong, or there are several. */
const char *assay_eth_https_get_error(const struct assay_evm_https *https);

#endif
