/*
 * apps/api/sqlite/page_tree.c - hash tree over the digests of a database's pages.
 */
#include "apps/api/sqlite/page_tree.h"

#include "base/assert.h"

#include <stdint.h>
#include <stdlib.h>

enum { ARITY = 16, CAPACITY_MIN = 64 };

bool assay_sqlite_grow(void **items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity) return true;
    size_t wanted = *capacity + *capacity / 2;
    if (wanted < needed) wanted = needed;
    if (wanted < CAPACITY_MIN) wanted = CAPACITY_MIN;
    if (wanted > SIZE_MAX / 2 / size) return false;
    void *const grown = realloc(*items, wanted * size);
    if (grown == NULL) return false;
    assay_bytes_zero((uint8_t *)grown + *capacity * size, (wanted - *capacity) * size);
    *items = grown;
    *capacity = wanted;
    return true;
}

void assay_sqlite_tree_free(struct assay_sqlite_tree *tree)
{
    for (size_t i = 0; i < ASSAY_SQLITE_TREE_LEVELS; i++) {
        free(tree->levels[i].nodes);
        free(tree->levels[i].dirty);
    }
    *tree = (struct assay_sqlite_tree){ .count = 0 };
}

static size_t parents_of(size_t nodes)
{
    return (nodes + ARITY - 1) / ARITY;
}

static bool grow_level(struct assay_sqlite_level *level, size_t nodes)
{
    size_t marks = level->capacity;
    if (nodes <= level->capacity) return true;
    if (!assay_sqlite_grow((void **)&level->dirty, &marks, nodes, 1)) return false;
    return assay_sqlite_grow((void **)&level->nodes, &level->capacity, nodes,
                             sizeof(assay_sqlite_digest));
}

static void mark_dirty(struct assay_sqlite_level *level, size_t node)
{
    level->dirty[node] = 1;
    if (level->dirty_from == level->dirty_to) level->dirty_from = level->dirty_to = node;
    if (node < level->dirty_from) level->dirty_from = node;
    if (node >= level->dirty_to) level->dirty_to = node + 1;
}

bool assay_sqlite_tree_resize(struct assay_sqlite_tree *tree, uint32_t count)
{
    size_t nodes = count;
    for (size_t i = 0; i < ASSAY_SQLITE_TREE_LEVELS; i++) {
        if (!grow_level(&tree->levels[i], nodes)) return false;
        nodes = parents_of(nodes);
    }
    /* The last node of each height has fewer children than before; new ones are marked by what is
     * set. */
    nodes = count;
    for (size_t i = 1; i < ASSAY_SQLITE_TREE_LEVELS && count < tree->count; i++) {
        nodes = parents_of(nodes);
        if (nodes > 0) mark_dirty(&tree->levels[i], nodes - 1);
    }
    tree->count = count;
    return true;
}

void assay_sqlite_tree_set(struct assay_sqlite_tree *tree, uint32_t page,
                           const assay_sqlite_digest digest)
{
    ASSAY_ASSERT(page >= 1 && page <= tree->count);
    assay_bytes_copy(tree->levels[0].nodes[page - 1], ASSAY_SQLITE_DIGEST_LEN, digest,
                     ASSAY_SQLITE_DIGEST_LEN);
    mark_dirty(&tree->levels[1], (page - 1) / ARITY);
}

const uint8_t *assay_sqlite_tree_get(const struct assay_sqlite_tree *tree, uint32_t page)
{
    ASSAY_ASSERT(page >= 1 && page <= tree->count);
    return tree->levels[0].nodes[page - 1];
}

/* A node is not taken for a page, whose label is 0, nor for a node of another height. */
static void hash_node(struct assay_sqlite_tree *tree, size_t height, size_t node, size_t below)
{
    const uint8_t label = (uint8_t)height;
    const size_t first = node * ARITY;
    const size_t children = below - first < ARITY ? below - first : ARITY;
    const struct assay_slice pieces[] = { assay_slice_over(&label, 1),
                                          assay_slice_over(tree->levels[height - 1].nodes[first],
                                                           children * ASSAY_SQLITE_DIGEST_LEN) };
    assay_sha256_pieces(pieces, 2, tree->levels[height].nodes[node]);
}

void assay_sqlite_tree_root(struct assay_sqlite_tree *tree, assay_sqlite_digest root)
{
    size_t below = tree->count, height = 1;
    assay_bytes_zero(root, ASSAY_SQLITE_DIGEST_LEN);
    if (tree->count == 0) return;
    for (; height < ASSAY_SQLITE_TREE_LEVELS; height++) {
        struct assay_sqlite_level *const level = &tree->levels[height];
        const size_t nodes = parents_of(below);
        for (size_t i = level->dirty_from; i < level->dirty_to; i++) {
            if (level->dirty[i] == 0) continue;
            level->dirty[i] = 0;
            if (i >= nodes) continue;
            hash_node(tree, height, i, below);
            if (height + 1 < ASSAY_SQLITE_TREE_LEVELS)
                mark_dirty(&tree->levels[height + 1], i / ARITY);
        }
        level->dirty_from = level->dirty_to = 0;
        below = nodes;
    }
    assay_bytes_copy(root, ASSAY_SQLITE_DIGEST_LEN,
                     tree->levels[ASSAY_SQLITE_TREE_LEVELS - 1].nodes[0], ASSAY_SQLITE_DIGEST_LEN);
}
