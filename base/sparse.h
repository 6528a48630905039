/*
 * base/sparse.h - sparse copy and clearing of large structs that are mostly empty.
 *
 * As assay_bytes_zero and assay_bytes_copy (base/bytes.h), but pages that already have the value
 * are only read. So untouched memory, which is zero, stays untouched and is not allocated. Variable
 * time.
 */
#ifndef ASSAY_BASE_SPARSE_H
#define ASSAY_BASE_SPARSE_H

#include <stddef.h>

/* */
void assay_bytes_zero_sparse(void *dst, size_t len);
/* In: len at most capacity (asserted). */
void assay_bytes_copy_sparse(void *dst, size_t capacity, const void *src, size_t len);

#endif
