/*
 * net/services/continuity/link_names.c - names of replicas' addresses by the resolver.
 */
#include "net/services/continuity/link_names.h"

#include <stdio.h>

static enum assay_status request_name(void *context, uint32_t slot, const char *host)
{
    return assay_resolver_request(context, slot, host);
}

static bool next_name(void *context, uint32_t *slot, char number[static ASSAY_TLS_ADDRESSES_LEN])
{
    struct assay_resolver_answer answer;
    if (!assay_resolver_next(context, &answer)) return false;
    *slot = answer.asker;
    const char *const found = answer.count > 0 ? answer.numbers[0] : "";
    (void)snprintf(number, ASSAY_TLS_ADDRESSES_LEN, "%s", found);
    return true;
}

struct assay_tls_names assay_link_names_of(struct assay_resolver *resolver)
{
    return (struct assay_tls_names){ resolver, request_name, next_name };
}
