/*
 * base/layout.h - division of one block of memory into parts of 64-byte alignment.
 *
 * The same function lays out twice: first over NULL, which counts the length, then over the memory.
 */
#ifndef ASSAY_BASE_LAYOUT_H
#define ASSAY_BASE_LAYOUT_H

#include "base/assert.h"

#include <stddef.h>
#include <stdint.h>

struct assay_layout {
    uint8_t *base; /* NULL: counting */
    size_t at;
};

/* Returns: what a part of len bytes takes. */
static inline size_t assay_layout_len(size_t len)
{
    return (len + 63) & ~(size_t)63;
}

/* Returns: the next part of len bytes; NULL while counting. */
static inline void *assay_layout_add(struct assay_layout *l, size_t len)
{
    ASSAY_ASSERT(l->at % 64 == 0);
    void *const here = l->base != NULL ? l->base + l->at : NULL;
    l->at += assay_layout_len(len);
    return here;
}

#endif
