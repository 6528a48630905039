/*
 * quote/json/tree.h - functions shared by the files of this adapter: a text loaded, a value copied.
 */
#ifndef ASSAY_QUOTE_JSON_TREE_H
#define ASSAY_QUOTE_JSON_TREE_H

#include "quote/json.h"

#include <jansson.h>

/*
 * assay_doc_load - any object or list, released with json_decref. One pass bounds the
 * nesting before the first call of the library; duplicate names are refused.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than len_max, too deep) | ASSAY_E_SYNTAX |
 *          ASSAY_E_DUPLICATE | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_doc_load(const uint8_t *text, size_t len, size_t len_max,
                                               json_t **root);
/* Returns: ASSAY_OK | ASSAY_E_FULL, and the tree is empty */
ASSAY_CHECKED enum assay_status assay_doc_tree_copy(json_t *value, struct assay_doc_tree *tree);

#endif
