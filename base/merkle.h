/*
 * base/merkle.h - the Merkle tree of RFC 9162 (RFC 6962) section 2.1 over SHA-256.
 *
 * leaf hash = SHA-256(0x00 | leaf), node hash = SHA-256(0x01 | left | right), the left subtree
 * takes the largest power of two below the number of leaves; the empty tree is SHA-256("").
 * Streaming: leaves are added one by one, memory is one hash a level.
 */
#ifndef ASSAY_BASE_MERKLE_H
#define ASSAY_BASE_MERKLE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_MERKLE_LEVELS = 32 }; /* up to 2^32 - 1 leaves */
/* A tree of `count` leaves has no more nodes than these. */
#define ASSAY_MERKLE_NODES(count) (2 * (count) + ASSAY_MERKLE_LEVELS)

struct assay_merkle {
    uint64_t count;
    uint8_t level[ASSAY_MERKLE_LEVELS][32];
};

/* */
void assay_merkle_init(struct assay_merkle *tree);
/* At most 2^32 - 1 leaves (asserted). */
void assay_merkle_add(struct assay_merkle *tree, const void *leaf, size_t leaf_len);
void assay_merkle_add_hash(struct assay_merkle *tree, const uint8_t leaf_hash[static 32]);
/* The root of what was added so far; the tree may grow on. */
void assay_merkle_root(const struct assay_merkle *tree, uint8_t root[static 32]);
/* */
void assay_merkle_leaf_hash(const void *leaf, size_t leaf_len, uint8_t hash[static 32]);

/*
 * assay_merkle_path - the audit path (RFC 6962 2.1.1) of leaf `index` among count leaf hashes.
 * In:      leaf_hashes[count][32]; index < count (asserted)
 * Out:     path[*path_len][32], from the leaf up; path_max >= ASSAY_MERKLE_LEVELS always suffices
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_merkle_path(const uint8_t (*leaf_hashes)[32],
                                                  uint64_t count, uint64_t index,
                                                  uint8_t (*path)[32], size_t path_max,
                                                  size_t *path_len);
/* Many paths of one tree, for one pass over it. In: nodes[ASSAY_MERKLE_NODES(count)], of which the
 * first count are its leaf hashes; count > 0 (asserted). Out: all nodes above them, behind them. */
void assay_merkle_grow(uint8_t (*nodes)[32], uint64_t count);
/* The path of a leaf of what was grown, as assay_merkle_path has it. Returns: the same. */
ASSAY_CHECKED enum assay_status assay_merkle_path_in(const uint8_t (*nodes)[32], uint64_t count,
                                                     uint64_t index, uint8_t (*path)[32],
                                                     size_t path_max, size_t *path_len);
/* Returns: true when the path leads from the leaf at index of count leaves to root. */
bool assay_merkle_verify(const uint8_t leaf_hash[static 32], uint64_t index, uint64_t count,
                         const uint8_t (*path)[32], size_t path_len, const uint8_t root[static 32]);

#endif
