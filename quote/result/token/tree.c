/*
 * quote/result/token/tree.c - lookups in a JSON document that was read into a list of nodes.
 */
#include "quote/result/token/tree.h"

#include "base/assert.h"
#include "quote/text.h"

enum { PART_MAX = 64 }; /* of a path; our own constants */

/* The member of a map whose name is part[len]. */
static const struct assay_tree_node *find_member(const struct assay_doc_tree *tree, size_t parent,
                                                 const char *part, size_t len)
{
    ASSAY_ASSERT(tree->count <= ASSAY_TREE_NODES_MAX);
    for (size_t i = parent + 1; i < tree->count; i++) {
        const struct assay_tree_node *const node = &tree->nodes[i];
        if (node->parent != parent || assay_text_len(node->key, PART_MAX) != len) continue;
        if (assay_bytes_equal(node->key, part, len)) return node;
    }
    return NULL;
}

const struct assay_tree_node *assay_tree_find(const struct assay_doc_tree *tree, const char *path)
{
    if (tree->count == 0) return NULL;
    const struct assay_tree_node *at = &tree->nodes[0];
    for (;;) {
        size_t len = 0;
        while (path[len] != '\0' && path[len] != '/')
            len += 1;
        ASSAY_ASSERT(len > 0 && len < PART_MAX);
        if (at->type != ASSAY_TREE_MAP) return NULL;
        at = find_member(tree, (size_t)(at - tree->nodes), path, len);
        if (at == NULL || path[len] == '\0') return at;
        path += len + 1;
    }
}

const struct assay_tree_node *assay_tree_member(const struct assay_doc_tree *tree,
                                                const struct assay_tree_node *parent, size_t index)
{
    if (parent == NULL) return NULL;
    const size_t at = (size_t)(parent - tree->nodes);
    ASSAY_ASSERT(at < tree->count);
    for (size_t i = at + 1; i < tree->count; i++) {
        if (tree->nodes[i].parent != at) continue;
        if (index == 0) return &tree->nodes[i];
        index -= 1;
    }
    return NULL;
}

const char *assay_tree_text(const struct assay_tree_node *node)
{
    if (node == NULL || node->type != ASSAY_TREE_TEXT) return NULL;
    ASSAY_ASSERT(node->text.bytes[node->text.len] == '\0');
    return (const char *)node->text.bytes;
}

bool assay_tree_is(const struct assay_tree_node *node, const char *text)
{
    if (assay_tree_text(node) == NULL) return false;
    return assay_slice_equal(node->text, assay_slice_over(text, assay_text_len(text, SIZE_MAX)));
}

bool assay_tree_contains(const struct assay_doc_tree *tree, const struct assay_tree_node *node,
                         const char *text)
{
    if (node == NULL || node->type != ASSAY_TREE_LIST) return assay_tree_is(node, text);
    const struct assay_tree_node *member = NULL;
    for (size_t i = 0; (member = assay_tree_member(tree, node, i)) != NULL; i++)
        if (assay_tree_is(member, text)) return true;
    return false;
}

bool assay_tree_is_bool(const struct assay_tree_node *node, bool value)
{
    return node != NULL && node->type == ASSAY_TREE_BOOL && (node->number != 0) == value;
}
