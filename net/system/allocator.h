/*
 * net/system/allocator.h - memory allocator settings; the only place that depends on the malloc
 * implementation.
 */
#ifndef ASSAY_NET_SYSTEM_ALLOCATOR_H
#define ASSAY_NET_SYSTEM_ALLOCATOR_H

#include <stdint.h>

enum { ASSAY_ALLOCATOR_TRIM_MS = 10 * 1000 };

/* Before there are threads. */
void assay_allocator_init(void);
/*
 * assay_allocator_trim - gives pages that hold nothing any more back to the kernel, now and then:
 *          what was needed for a moment (a start, peers that come and go) would else be kept for
 *          ever, scattered over the heap.
 * In:      *next_ms: 0 at first; when it is done again
 * Cost:    below a millisecond, for each ASSAY_ALLOCATOR_TRIM_MS
 */
void assay_allocator_trim(uint64_t now_ms, uint64_t *next_ms);

#endif
