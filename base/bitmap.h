/*
 * base/bitmap.h - bitmaps on the wire and in memory: element i is bit i % 8, low bit first, of byte
 * i / 8.
 */
#ifndef ASSAY_BASE_BITMAP_H
#define ASSAY_BASE_BITMAP_H

#include "base/bytes.h"

#include <stdbool.h>

/* Of an array with more than i bits, which the caller ensures. */
static inline bool assay_bit_has(const uint8_t *bits, size_t i)
{
    return (bits[i / 8] >> (i % 8) & 1) != 0;
}

static inline void assay_bit_add(uint8_t *bits, size_t i)
{
    bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
}

static inline void assay_bit_remove(uint8_t *bits, size_t i)
{
    bits[i / 8] = (uint8_t)(bits[i / 8] & ~(1u << (i % 8)));
}

static inline void assay_bit_set(uint8_t *bits, size_t i, bool value)
{
    if (value) assay_bit_add(bits, i);
    else assay_bit_remove(bits, i);
}

/* Returns: whether element i is set; false beyond the bitmap. */
static inline bool assay_bitmap_has(struct assay_slice bitmap, size_t i)
{
    return i / 8 < bitmap.len && assay_bit_has(bitmap.bytes, i);
}

#endif
