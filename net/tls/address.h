/*
 * net/tls/address.h - text of an address (HOST:PORT, an IPv6 host in brackets) as a socket address.
 */
#ifndef ASSAY_NET_TLS_ADDRESS_H
#define ASSAY_NET_TLS_ADDRESS_H

#include "base/status.h"

#include <netdb.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_TLS_HOST_MAX = 128, ASSAY_TLS_PORT_MAX = 6 };

/* host without brackets, port in decimal; both NUL-terminated. */
struct assay_tls_address {
    char host[ASSAY_TLS_HOST_MAX], port[ASSAY_TLS_PORT_MAX];
};

/* Reads the address at `index` of a list between commas. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (the
 * list has no such) | ASSAY_E_SYNTAX */
ASSAY_CHECKED enum assay_status assay_tls_address_parse(const char *list, uint32_t index,
                                                        struct assay_tls_address *address);
/* Never queries a name server, unless flags is 0 or AI_PASSIVE alone. flags: AI_NUMERICHOST for a
 * number. Returns: what getaddrinfo has found, to be freed by freeaddrinfo; NULL: nothing. */
struct addrinfo *assay_tls_address_find(const struct assay_tls_address *address, int flags);

#endif
