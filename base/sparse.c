/*
 * base/sparse.c - sparse copy and clearing of large structs (sparse.h).
 */
#include "base/sparse.h"

#include "base/assert.h"

#include <stdint.h>
#include <string.h>

enum { SPARSE_LEN = 4096 };

static const uint8_t zeros[SPARSE_LEN]; /* memcmp with it is some 25 times the speed of a loop */

/* How much of len a piece at this address is: up to the end of its page. */
static size_t piece_of(const void *at, size_t len)
{
    const size_t left = SPARSE_LEN - (uintptr_t)at % SPARSE_LEN;
    return left < len ? left : len;
}

void assay_bytes_zero_sparse(void *dst, size_t len)
{
    uint8_t *to = dst;
    ASSAY_ASSERT(dst != NULL || len == 0);
    while (len > 0) {
        const size_t piece = piece_of(to, len);
        if (memcmp(to, zeros, piece) != 0) memset(to, 0, piece);
        to += piece;
        len -= piece;
    }
}

void assay_bytes_copy_sparse(void *dst, size_t capacity, const void *src, size_t len)
{
    uint8_t *to = dst;
    const uint8_t *from = src;
    ASSAY_ASSERT(len <= capacity);
    ASSAY_ASSERT((dst != NULL && src != NULL) || len == 0);
    while (len > 0) {
        const size_t piece = piece_of(to, len);
        if (memcmp(to, from, piece) != 0) memcpy(to, from, piece);
        to += piece;
        from += piece;
        len -= piece;
    }
}
