/*
 * base/merkle.c - the Merkle tree of RFC 9162 section 2.1, without recursion.
 *
 * level[i] is the root of a complete subtree of 2^i leaves exactly when bit i of count is set,
 * as in a binary counter: adding a leaf is an increment whose carries are node hashes.
 */
#include "base/merkle.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crypto.h"

enum { HASH_LEN = ASSAY_SHA256_LEN };

_Static_assert(ASSAY_MERKLE_LEVELS == 32, "a count of 32 bits is one level a bit");

void assay_merkle_leaf_hash(const void *leaf, size_t leaf_len, uint8_t hash[static 32])
{
    /* RFC 9162 2.1.1: the prefix keeps a leaf from passing for an inner node. */
    static const uint8_t leaf_prefix[1] = { 0x00 };
    const struct assay_slice pieces[] = { assay_slice_over(leaf_prefix, sizeof leaf_prefix),
                                          assay_slice_over(leaf, leaf_len) };
    assay_sha256_pieces(pieces, 2, hash);
}

/* hash may be the same memory as left or right. */
static void node_hash(const uint8_t left[static HASH_LEN], const uint8_t right[static HASH_LEN],
                      uint8_t hash[static HASH_LEN])
{
    uint8_t node[1 + 2 * HASH_LEN];
    node[0] = 0x01;
    assay_bytes_copy(node + 1, 2 * HASH_LEN, left, HASH_LEN);
    assay_bytes_copy(node + 1 + HASH_LEN, HASH_LEN, right, HASH_LEN);
    assay_sha256(node, sizeof node, hash);
}

void assay_merkle_init(struct assay_merkle *tree)
{
    ASSAY_ASSERT(tree != NULL);
    assay_bytes_zero(tree, sizeof *tree);
}

void assay_merkle_add_hash(struct assay_merkle *tree, const uint8_t leaf_hash[static 32])
{
    ASSAY_ASSERT(tree != NULL);
    ASSAY_ASSERT(tree->count < UINT32_MAX);
    uint8_t carry[HASH_LEN];
    assay_bytes_copy(carry, sizeof carry, leaf_hash, HASH_LEN);
    size_t level = 0;
    while ((tree->count >> level & 1) != 0) {
        node_hash(tree->level[level], carry, carry);
        level++;
    }
    ASSAY_ASSERT(level < ASSAY_MERKLE_LEVELS);
    assay_bytes_copy(tree->level[level], HASH_LEN, carry, HASH_LEN);
    tree->count++;
}

void assay_merkle_add(struct assay_merkle *tree, const void *leaf, size_t leaf_len)
{
    uint8_t hash[HASH_LEN];
    assay_merkle_leaf_hash(leaf, leaf_len, hash);
    assay_merkle_add_hash(tree, hash);
}

void assay_merkle_root(const struct assay_merkle *tree, uint8_t root[static 32])
{
    ASSAY_ASSERT(tree != NULL);
    ASSAY_ASSERT(tree->count <= UINT32_MAX);
    if (tree->count == 0) {
        assay_sha256("", 0, root);
        return;
    }
    /* The smaller subtrees stand to the right, so they are folded in from the lowest level up. */
    uint8_t folded[HASH_LEN];
    bool some = false;
    for (size_t level = 0; level < ASSAY_MERKLE_LEVELS; level++) {
        if ((tree->count >> level & 1) == 0) continue;
        if (some) node_hash(tree->level[level], folded, folded);
        else assay_bytes_copy(folded, sizeof folded, tree->level[level], HASH_LEN);
        some = true;
    }
    ASSAY_ASSERT(some);
    assay_bytes_copy(root, HASH_LEN, folded, HASH_LEN);
}

static void root_of_range(const uint8_t (*leaf_hashes)[32], uint64_t from, uint64_t to,
                          uint8_t root[static HASH_LEN])
{
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint64_t i = from; i < to; i++) {
        assay_merkle_add_hash(&tree, leaf_hashes[i]);
    }
    assay_merkle_root(&tree, root);
}

/* A walk from the root towards one leaf: the part [from, to) that holds it, and where it splits. */
struct descent {
    uint64_t from;
    uint64_t to;
    uint64_t index;
};

/* Goes one level down. Returns: the other half in *sibling_from, *sibling_to. */
static void descend_level(struct descent *at, uint64_t *sibling_from, uint64_t *sibling_to)
{
    ASSAY_ASSERT(at->from <= at->index);
    ASSAY_ASSERT(at->index < at->to);
    ASSAY_ASSERT(at->to - at->from > 1);
    uint64_t left = 1; /* the largest power of two below the number of leaves */
    while (left * 2 < at->to - at->from) {
        left *= 2;
    }
    const uint64_t middle = at->from + left;
    const bool goes_left = at->index < middle;
    *sibling_from = goes_left ? middle : at->from;
    *sibling_to = goes_left ? at->to : middle;
    at->from = goes_left ? at->from : middle;
    at->to = goes_left ? middle : at->to;
}

static size_t depth_of_leaf(uint64_t count, uint64_t index)
{
    struct descent at = { .from = 0, .to = count, .index = index };
    uint64_t from = 0;
    uint64_t to = 0;
    size_t depth = 0;
    while (at.to - at.from > 1) {
        descend_level(&at, &from, &to);
        depth++;
    }
    return depth;
}

enum assay_status assay_merkle_path(const uint8_t (*leaf_hashes)[32], uint64_t count,
                                    uint64_t index, uint8_t (*path)[32], size_t path_max,
                                    size_t *path_len)
{
    ASSAY_ASSERT(leaf_hashes != NULL);
    ASSAY_ASSERT(path_len != NULL);
    ASSAY_ASSERT(count <= UINT32_MAX);
    ASSAY_ASSERT(index < count);
    const size_t depth = depth_of_leaf(count, index);
    ASSAY_ASSERT(depth <= ASSAY_MERKLE_LEVELS);
    if (depth > path_max) return ASSAY_E_FULL;
    ASSAY_ASSERT(path != NULL || depth == 0);

    struct descent at = { .from = 0, .to = count, .index = index };
    for (size_t i = depth; i > 0; i--) { /* found from the root down, wanted from the leaf up */
        uint64_t from = 0;
        uint64_t to = 0;
        descend_level(&at, &from, &to);
        root_of_range(leaf_hashes, from, to, path[i - 1]);
    }
    *path_len = depth;
    return ASSAY_OK;
}

/* Level by level, two nodes make one; one that is left over goes up as it is. */
void assay_merkle_grow(uint8_t (*nodes)[32], uint64_t count)
{
    ASSAY_ASSERT(nodes != NULL && count > 0 && count <= UINT32_MAX);
    uint64_t from = 0;
    for (uint64_t width = count; width > 1; width = (width + 1) / 2) {
        const uint64_t above = from + width;
        for (uint64_t i = 0; i + 1 < width; i += 2)
            node_hash(nodes[from + i], nodes[from + i + 1], nodes[above + i / 2]);
        if (width % 2 == 1)
            assay_bytes_copy(nodes[above + width / 2], HASH_LEN, nodes[above - 1], HASH_LEN);
        from = above;
    }
}

enum assay_status assay_merkle_path_in(const uint8_t (*nodes)[32], uint64_t count, uint64_t index,
                                       uint8_t (*path)[32], size_t path_max, size_t *path_len)
{
    ASSAY_ASSERT(nodes != NULL && index < count && count <= UINT32_MAX);
    uint64_t from = 0, at = index;
    size_t len = 0;
    for (uint64_t width = count; width > 1; width = (width + 1) / 2) {
        if ((at ^ 1) < width) {
            if (len == path_max) return ASSAY_E_FULL;
            assay_bytes_copy(path[len++], HASH_LEN, nodes[from + (at ^ 1)], HASH_LEN);
        }
        from += width;
        at /= 2;
    }
    *path_len = len;
    return ASSAY_OK;
}

/* RFC 9162 section 2.1.3.2, step by step; its names fn and sn stand for index and last. */
bool assay_merkle_verify(const uint8_t leaf_hash[static 32], uint64_t index, uint64_t count,
                         const uint8_t (*path)[32], size_t path_len, const uint8_t root[static 32])
{
    ASSAY_ASSERT(path != NULL || path_len == 0);
    if (index >= count || count > UINT32_MAX) return false;
    uint64_t last = count - 1;
    uint8_t hash[HASH_LEN];
    assay_bytes_copy(hash, sizeof hash, leaf_hash, HASH_LEN);
    for (size_t i = 0; i < path_len; i++) {
        if (last == 0) return false; /* the path is longer than the tree is deep */
        if ((index & 1) != 0 || index == last) {
            node_hash(path[i], hash, hash);
            while ((index & 1) == 0 && index != 0) { /* levels where this node has no sibling */
                index >>= 1;
                last >>= 1;
            }
        } else {
            node_hash(hash, path[i], hash);
        }
        index >>= 1;
        last >>= 1;
    }
    return last == 0 && assay_bytes_equal(hash, root, HASH_LEN);
}
