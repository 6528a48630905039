/*
 * net/system/connection_quota.h - fair sharing of limited places (connections of a socket, pending
 * requests) between users (docs/services.md 4.1.2).
 *
 * A holder gives way that would still have as many as the caller has then. So however many one
 * asks for, each other one gets as many while there are places for both; and among equals nobody
 * takes anything from anybody, or places would go back and forth.
 */
#ifndef ASSAY_NET_SYSTEM_CONNECTION_QUOTA_H
#define ASSAY_NET_SYSTEM_CONNECTION_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct assay_connection_place {
    uint64_t holder;
    uint64_t since; /* the newest one of a holder is evicted first */
    bool stays;     /* it cannot be evicted, and counts */
};

/* places: all slots, in use. Returns: the one to evict for one more of the caller's; count: none */
size_t assay_connection_quota_yield(const struct assay_connection_place *places, size_t count,
                                    uint64_t caller);

#endif
