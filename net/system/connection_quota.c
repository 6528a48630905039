/*
 * net/system/connection_quota.c - per-user sharing of the slots of a socket.
 */
#include "net/system/connection_quota.h"

#include "base/assert.h"

static size_t count_held(const struct assay_connection_place *places, size_t count, uint64_t holder)
{
    ASSAY_ASSERT(count == 0 || places != NULL);
    size_t held = 0;
    for (size_t i = 0; i < count; i++)
        held += places[i].holder == holder;
    return held;
}

size_t assay_connection_quota_yield(const struct assay_connection_place *places, size_t count,
                                    uint64_t caller)
{
    /* It keeps as many as the caller gets. */
    const size_t least = count_held(places, count, caller) + 2;
    size_t chosen = count, most = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t held = count_held(places, count, places[i].holder);
        if (places[i].stays || held < least || held < most) continue;
        if (held == most && places[i].since < places[chosen].since) continue;
        most = held;
        chosen = i;
    }
    ASSAY_ASSERT(chosen == count || (!places[chosen].stays && most >= least));
    return chosen;
}
