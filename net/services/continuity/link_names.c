/*
 * net/services/continuity/link_names.c - names of replicas' addresses by the resolver.
 */
#include "net/services/continuity/link_names.h"

#include <stdio.h>

static enum assay_status request_name(void *context, uint32_t slot, const char *host)
{
    return assay_resolver_request(context, slot, host);
}

static bool next_name(void *context, struct assay_tls_name *answer)
{
    struct assay_resolver_answer found;
    if (!assay_resolver_next(context, &found)) return false;
    *answer = (struct assay_tls_name){ .slot = found.asker };
    (void)snprintf(answer->host, sizeof answer->host, "%s", found.host);
    for (; answer->count < found.count && answer->count < ASSAY_TLS_NUMBERS_MAX; answer->count++)
        (void)snprintf(answer->numbers[answer->count], ASSAY_TLS_NUMBER_LEN, "%s",
                       found.numbers[answer->count]);
    return true;
}

struct assay_tls_names assay_link_names_of(struct assay_resolver *resolver)
{
    return (struct assay_tls_names){ resolver, request_name, next_name };
}
