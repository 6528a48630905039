/*
 * tests/bench/quote/counting.h - a counting allocator for the complete program: the number of
 * calls, by OpenSSL and by everything else, and the number of allocated bytes.
 */
#ifndef ASSAY_TESTS_BENCH_QUOTE_COUNTING_H
#define ASSAY_TESTS_BENCH_QUOTE_COUNTING_H

#include <stddef.h>
#include <stdint.h>

struct counting {
    uint64_t calls;         /* of malloc, calloc, realloc and aligned_alloc, all together */
    uint64_t openssl_calls; /* calls by OpenSSL */
    uint64_t live_bytes;    /* as the allocator rounds them */
};

/* Before OpenSSL is used for the first time; it aborts when that is too late. */
void counting_start(void);
struct counting counting_now(void);

#endif
