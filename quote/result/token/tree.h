/*
 * quote/result/token/tree.h - lookups in a JSON document that was read into a list of nodes.
 *
 * A path is compared part by part with the members' names: a name that contains the separator is
 * never taken for two.
 */
#ifndef ASSAY_QUOTE_RESULT_TOKEN_TREE_H
#define ASSAY_QUOTE_RESULT_TOKEN_TREE_H

#include "quote/json.h"

/* In: path: "tdx/attester_tcb_status", from the outermost map. Returns: the node, or NULL. */
const struct assay_tree_node *assay_tree_find(const struct assay_doc_tree *tree, const char *path);
/* The index-th member of a list or map. Returns: the node, NULL past the last one and of other
 * nodes. */
const struct assay_tree_node *assay_tree_member(const struct assay_doc_tree *tree,
                                                const struct assay_tree_node *parent, size_t index);
/* Returns: the NUL-terminated text of a TEXT; NULL of NULL and of any other type. */
const char *assay_tree_text(const struct assay_tree_node *node);
/* Is it a TEXT of these very characters? Returns: true if so; false of NULL. */
bool assay_tree_is(const struct assay_tree_node *node, const char *text);
/* The same of a TEXT, or of one member of a LIST. */
bool assay_tree_contains(const struct assay_doc_tree *tree, const struct assay_tree_node *node,
                         const char *text);
/* Is it a BOOL of this value? Returns: true if so; false of NULL. */
bool assay_tree_is_bool(const struct assay_tree_node *node, bool value);

#endif
