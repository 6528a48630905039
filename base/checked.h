/*
 * base/checked.h - overflow-checked arithmetic on untrusted numbers.
 */
#ifndef ASSAY_BASE_CHECKED_H
#define ASSAY_BASE_CHECKED_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Each Returns: ASSAY_OK | ASSAY_E_RANGE (the result does not fit; *out untouched) */
ASSAY_CHECKED static inline enum assay_status assay_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return ASSAY_E_RANGE;
    *out = sum;
    return ASSAY_OK;
}

ASSAY_CHECKED static inline enum assay_status assay_sub_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b > a) return ASSAY_E_RANGE;
    *out = a - b;
    return ASSAY_OK;
}

ASSAY_CHECKED static inline enum assay_status assay_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) return ASSAY_E_RANGE;
    *out = product;
    return ASSAY_OK;
}

ASSAY_CHECKED static inline enum assay_status assay_add_size(size_t a, size_t b, size_t *out)
{
    size_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return ASSAY_E_RANGE;
    *out = sum;
    return ASSAY_OK;
}

static inline uint64_t assay_min_u64(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t assay_max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

#endif
