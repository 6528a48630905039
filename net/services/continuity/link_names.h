/*
 * net/services/continuity/link_names.h - names of replicas' addresses, resolved by threads that
 * exist only while a name is requested (net/system/resolver.h).
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_LINK_NAMES_H
#define ASSAY_NET_SERVICES_CONTINUITY_LINK_NAMES_H

#include "net/system/resolver.h"
#include "net/tls/client.h"

/* In: resolver: outlives the client of links. Returns: its functions, for that client. */
struct assay_tls_names assay_link_names_of(struct assay_resolver *resolver);

#endif
