/*
 * base/lz4.h - blocks in the LZ4 block format: literals, and copies of what stands before them.
 *
 * A copy begins 1 to 65535 bytes back and has 4 bytes at least. Decoding takes linear time, and
 * writes into memory of the caller alone. It is not that of liblz4: which blocks are malformed is
 * part of a verdict, on which all members must agree, and versions of a library may differ about
 * it.
 */
#ifndef ASSAY_BASE_LZ4_H
#define ASSAY_BASE_LZ4_H

#include "base/writer.h"

enum { ASSAY_LZ4_TABLE = 1 << 14 };

/* Where a sequence of four bytes was seen last. */
struct assay_lz4_table {
    uint32_t at[ASSAY_LZ4_TABLE]; /* 1 + its position; 0: nowhere */
};

/*
 * assay_lz4_decode - one block, all of its bytes.
 * In:      bytes[len], hostile; w: empty, its capacity is the limit of the output
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_RANGE (longer than the capacity, or a copy from
 *          before the beginning) | ASSAY_E_ENCODING (a copy at the end, where literals belong)
 */
ASSAY_CHECKED enum assay_status assay_lz4_decode(const uint8_t *bytes, size_t len,
                                                 struct assay_writer *w);
/* Same bytes, same block. The writer reports overflow. In: len < 2^32; table: the caller's. */
void assay_lz4_encode(struct assay_slice in, struct assay_lz4_table *table, struct assay_writer *w);

#endif
