/*
 * net/system/resolver.h - asynchronous name resolution, outside of the thread that polls the
 * sockets.
 *
 * getaddrinfo may take ten seconds when a server of names is away, and libzmq asks it from the
 * thread that serves every connection: one name would silence all peers. So names are asked here,
 * by threads that exist only while something is asked, and libzmq is given numbers alone. The
 * requester has one question at a time: a failure of DNS is no storm.
 */
#ifndef ASSAY_NET_SYSTEM_RESOLVER_H
#define ASSAY_NET_SYSTEM_RESOLVER_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_RESOLVER_NUMBERS_MAX = 4,  /* of one name */
    ASSAY_RESOLVER_NUMBER_LEN = 64,  /* "[2001:db8::1]", NUL-terminated */
    ASSAY_RESOLVER_HOST_MAX = 128,
    ASSAY_RESOLVER_THREADS_MAX = 4,  /* a slow name holds one of them */
};

struct assay_resolver_answer {
    uint32_t asker;
    char host[ASSAY_RESOLVER_HOST_MAX];
    size_t count; /* 0: no such name, now */
    char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN];
};

/* Called from several threads. Returns: how many, 0 when there is none. */
typedef size_t assay_resolve(void *context, const char *host,
                             char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN]);

struct assay_resolver;

/* In: resolve: NULL is getaddrinfo; outlives every question. Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_resolver_open(assay_resolve *resolve, void *context,
                                                    struct assay_resolver **out);
/* Does not wait for a running query. Accepts a pointer to NULL; nulls it. */
void assay_resolver_close(struct assay_resolver **resolver);
/* Returns: ASSAY_OK | ASSAY_E_AGAIN (the previous request is not answered and collected yet) |
 * ASSAY_E_RANGE (host) | ASSAY_E_MEMORY (or no thread) */
ASSAY_CHECKED enum assay_status assay_resolver_request(struct assay_resolver *resolver,
                                                       uint32_t asker, const char *host);
/* Returns: whether there was an answer. */
bool assay_resolver_next(struct assay_resolver *resolver, struct assay_resolver_answer *answer);
/* The same of one asker alone, where several share a resolver. */
bool assay_resolver_next_of(struct assay_resolver *resolver, uint32_t asker,
                            struct assay_resolver_answer *answer);

#endif
