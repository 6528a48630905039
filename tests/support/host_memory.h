/*
 * tests/support/host_memory.h - pieces of host/ in memory of exactly their size, for tests: a byte
 * too far is seen by the sanitizer. Freed by free().
 */
#ifndef ASSAY_TESTS_SUPPORT_HOST_MEMORY_H
#define ASSAY_TESTS_SUPPORT_HOST_MEMORY_H

#include "base/assert.h"
#include "host/overlay/gossip.h"
#include "host/peers/page.h"

#include <stdlib.h>

static inline void *test_memory(size_t len)
{
    void *memory = NULL;
    const int failed = posix_memalign(&memory, 64, len);
    ASSAY_ASSERT(failed == 0);
    return memory;
}

/* Each Returns: the piece, as new. */
static inline struct assay_seen *test_seen(uint64_t life_ms)
{
    return assay_seen_init(test_memory(assay_seen_size()), life_ms);
}
static inline struct assay_gossip *test_gossip(const struct assay_gossip_config *config)
{
    return assay_gossip_init(test_memory(assay_gossip_size()), config);
}
static inline struct assay_pages *test_pages(uint32_t peers)
{
    return assay_pages_init(test_memory(assay_pages_size(peers)), peers);
}

#endif
