/*
 * base/sparse.h - large structs that are nearly empty, zeroed and copied.
 *
 * As assay_bytes_zero and assay_bytes_copy (base/bytes.h), but what holds already what it is to
 * hold is only read, page by page. So memory that nobody has touched, which is zero, stays
 * untouched, and takes none. Variable time.
 */
#ifndef ASSAY_BASE_SPARSE_H
#define ASSAY_BASE_SPARSE_H

#include <stddef.h>

/* Returns: nothing. */
void assay_bytes_zero_sparse(void *dst, size_t len);
/* In: len at most capacity (asserted). Returns: nothing. */
void assay_bytes_copy_sparse(void *dst, size_t capacity, const void *src, size_t len);

#endif
