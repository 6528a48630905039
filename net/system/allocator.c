/*
 * net/system/allocator.c - settings of glibc's malloc. Another allocator ignores them; none is
 * needed for correctness.
 */
#include "net/system/allocator.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* The bound from which on an allocation is a mapping of its own. */
enum { MAPPED_LEN_MIN = 128 * 1024 };

void assay_allocator_init(void)
{
#ifdef __GLIBC__
    /* A large table is mappings of its own, of which untouched pages take no memory; by default
     * malloc raises the bound with each one that is freed. */
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_LEN_MIN);
    /* Threads share one heap: others would be 64 MiB of addresses each, and free pages that only
     * their own thread uses again. Few of them allocate, and little. */
    (void)mallopt(M_ARENA_MAX, 1);
#endif
}

void assay_allocator_trim(uint64_t now_ms, uint64_t *next_ms)
{
    if (now_ms < *next_ms) return;
    *next_ms = now_ms + ASSAY_ALLOCATOR_TRIM_MS;
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}
