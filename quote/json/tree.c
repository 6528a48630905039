/*
 * quote/json/tree.c - documents without a schema, through jansson, into a bounded list of nodes.
 */
#include "quote/json/tree.h"

#include "base/assert.h"

#include <string.h>

/* Brackets outside strings; the library checks the grammar afterwards. */
static enum assay_status check_depth(const uint8_t *text, size_t len)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        const uint8_t byte = text[i];
        if (in_string && byte == '\\') i += 1;
        else if (byte == '"') in_string = !in_string;
        else if (!in_string && (byte == '{' || byte == '[')) depth += 1;
        else if (!in_string && (byte == '}' || byte == ']') && depth > 0) depth -= 1;
        if (depth > ASSAY_DOCUMENT_DEPTH_MAX) return ASSAY_E_RANGE;
    }
    return ASSAY_OK;
}

enum assay_status assay_doc_load(const uint8_t *text, size_t len, size_t len_max, json_t **root)
{
    json_error_t error = { 0 }; /* the library leaves the code alone where it has none */
    if (len > len_max) return ASSAY_E_RANGE;
    ASSAY_TRY(check_depth(text, len));
    *root = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, &error);
    if (*root != NULL) return ASSAY_OK;
    const enum json_error_code code = json_error_code(&error);
    if (code == json_error_out_of_memory || code == json_error_unknown)
        return ASSAY_E_MEMORY; /* as in jansson.c */
    if (code == json_error_numeric_overflow) return ASSAY_E_RANGE;
    return code == json_error_duplicate_key ? ASSAY_E_DUPLICATE : ASSAY_E_SYNTAX;
}

/* Copied, and a NUL after it. Returns: where; NULL when there is no room. */
static const char *copy_text(struct assay_doc_tree *tree, const char *text, size_t len)
{
    ASSAY_ASSERT(tree->used <= ASSAY_TREE_TEXT_MAX);
    if (len >= ASSAY_TREE_TEXT_MAX - tree->used) return NULL;
    char *const at = tree->texts + tree->used;
    assay_bytes_copy(at, ASSAY_TREE_TEXT_MAX - tree->used, text, len);
    at[len] = '\0';
    tree->used += len + 1;
    return at;
}

static enum assay_status set_text(struct assay_doc_tree *tree, struct assay_tree_node *node,
                                  const char *text, size_t len)
{
    const char *const copy = copy_text(tree, text, len);
    if (copy == NULL) return ASSAY_E_FULL;
    node->text = assay_slice_over(copy, len);
    return ASSAY_OK;
}

/* Digits of a number that is below 0 or no integer: nothing that is read here depends on it. */
static enum assay_status set_digits(struct assay_doc_tree *tree, struct assay_tree_node *node,
                                    const json_t *value)
{
    enum { DIGITS_MAX = 64 };
    char digits[DIGITS_MAX];
    const size_t len = json_dumpb(value, digits, sizeof digits, JSON_ENCODE_ANY);
    return len == 0 || len > sizeof digits ? ASSAY_E_FULL : set_text(tree, node, digits, len);
}

static enum assay_status set_value(struct assay_doc_tree *tree, struct assay_tree_node *node,
                                   const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: node->type = ASSAY_TREE_NULL; return ASSAY_OK;
    case JSON_TRUE:
        node->number = 1;
        node->type = ASSAY_TREE_BOOL;
        return ASSAY_OK;
    case JSON_FALSE: node->type = ASSAY_TREE_BOOL; return ASSAY_OK;
    case JSON_ARRAY: node->type = ASSAY_TREE_LIST; return ASSAY_OK;
    case JSON_OBJECT: node->type = ASSAY_TREE_MAP; return ASSAY_OK;
    case JSON_REAL: node->type = ASSAY_TREE_REAL; return set_digits(tree, node, value);
    case JSON_INTEGER:
        node->type = ASSAY_TREE_INT;
        node->number = json_integer_value(value);
        return node->number < 0 ? set_digits(tree, node, value) : ASSAY_OK;
    case JSON_STRING:
        node->type = ASSAY_TREE_TEXT;
        return set_text(tree, node, json_string_value(value), json_string_length(value));
    }
    ASSAY_UNREACHABLE("the library has no other type");
}

/* Recursion is bounded: the depth was checked before the text was parsed. */
static enum assay_status add_value(struct assay_doc_tree *tree, const char *key, uint16_t parent,
                                   json_t *value)
{
    const char *name = NULL;
    json_t *inner = NULL;
    size_t i = 0;
    if (tree->count == ASSAY_TREE_NODES_MAX) return ASSAY_E_FULL;
    const uint16_t index = (uint16_t)tree->count;
    struct assay_tree_node *const node = &tree->nodes[index];
    *node = (struct assay_tree_node){ .key = "", .parent = parent };
    tree->count += 1;
    if (key != NULL) node->key = copy_text(tree, key, strlen(key));
    if (node->key == NULL) return ASSAY_E_FULL;
    if (parent != ASSAY_TREE_TOP) tree->nodes[parent].number += 1;
    ASSAY_TRY(set_value(tree, node, value));
    json_object_foreach(value, name, inner) ASSAY_TRY(add_value(tree, name, index, inner));
    json_array_foreach(value, i, inner) ASSAY_TRY(add_value(tree, NULL, index, inner));
    return ASSAY_OK;
}

enum assay_status assay_doc_tree_copy(json_t *value, struct assay_doc_tree *tree)
{
    tree->count = 0;
    tree->used = 0;
    const enum assay_status status = add_value(tree, NULL, ASSAY_TREE_TOP, value);
    if (status != ASSAY_OK) tree->count = 0;
    return status;
}

enum assay_status assay_doc_tree_read(const uint8_t *text, size_t len,
                                      struct assay_doc_tree *tree)
{
    json_t *root = NULL;
    tree->count = 0;
    ASSAY_TRY(assay_doc_load(text, len, ASSAY_DOCUMENT_LEN_MAX, &root));
    enum assay_status status = ASSAY_E_TYPE;
    if (json_is_object(root) || json_is_array(root)) status = assay_doc_tree_copy(root, tree);
    json_decref(root);
    return status;
}
