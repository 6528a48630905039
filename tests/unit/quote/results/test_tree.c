/*
 * tests/unit/quote/results/test_tree.c - documents without a schema: what is read is what is there,
 * names are compared part by part, limits are refused.
 */
#include "quote/result/token/tree.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_doc_tree *tree;

static void set_up(void)
{
    tree = malloc(sizeof *tree);
    cr_assert_not_null(tree);
}

static void tear_down(void)
{
    free(tree);
}

TestSuite(tree, .init = set_up, .fini = tear_down);

static enum assay_status read_tree(const char *text)
{
    return assay_doc_tree_read((const uint8_t *)text, strlen(text), tree);
}

Test(tree, every_type_is_read)
{
    cr_assert_eq(read_tree("{\"a\":[null,true,-5,1.5,\"t\",{}],\"b\":{\"c\":\"d\"}}"), ASSAY_OK);
    const struct assay_tree_node *const a = assay_tree_find(tree, "a");
    cr_assert_not_null(a);
    cr_expect_eq(a->number, 6);
    static const enum assay_tree_type types[] = {
        ASSAY_TREE_NULL, ASSAY_TREE_BOOL, ASSAY_TREE_INT,
        ASSAY_TREE_REAL, ASSAY_TREE_TEXT, ASSAY_TREE_MAP
    };
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(assay_tree_member(tree, a, i)->type, types[i]);
    cr_expect_null(assay_tree_member(tree, a, 6));
    cr_expect_eq(assay_tree_member(tree, a, 2)->number, -5);
    cr_expect_str_eq((const char *)assay_tree_member(tree, a, 2)->text.bytes, "-5");
    cr_expect_str_eq((const char *)assay_tree_member(tree, a, 3)->text.bytes, "1.5");
    cr_expect_str_eq(assay_tree_text(assay_tree_find(tree, "b/c")), "d");
    cr_expect(assay_tree_contains(tree, a, "t"));
    cr_expect_not(assay_tree_contains(tree, a, "d"));
    cr_expect(assay_tree_is_bool(assay_tree_member(tree, a, 1), true));
    cr_expect_not(assay_tree_is_bool(assay_tree_member(tree, a, 0), false));
}

Test(tree, a_name_with_the_separator_is_one_name)
{
    cr_assert_eq(read_tree("{\"b/c\":\"x\",\"b\":{\"c/d\":\"y\"},\"bb\":\"z\"}"), ASSAY_OK);
    cr_expect_null(assay_tree_find(tree, "b/c"));
    cr_expect_null(assay_tree_find(tree, "b/c/d"));
    cr_expect_null(assay_tree_find(tree, "bb/c"), "a text has no members");
    cr_expect_null(assay_tree_find(tree, "c"));
}

Test(tree, what_two_readers_could_read_differently_is_refused)
{
    static const struct {
        const char *text;
        enum assay_status status;
    } cases[] = {
        { "{\"a\":1,\"a\":1}", ASSAY_E_DUPLICATE },
        { "{\"a\":{\"b\":1,\"b\":2}}", ASSAY_E_DUPLICATE },
        { "{\"a\":1,\"\\u0061\":2}", ASSAY_E_DUPLICATE },
        { "{\"a\":\"\\u0000\"}", ASSAY_E_SYNTAX },
        { "{} {}", ASSAY_E_SYNTAX },
        { "{\"a\":1,}", ASSAY_E_SYNTAX },
        { "{\"a\":18446744073709551616}", ASSAY_E_RANGE },
        { "5", ASSAY_E_SYNTAX },
        { "", ASSAY_E_SYNTAX },
        { "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(read_tree(cases[i].text), cases[i].status, "%s", cases[i].text);
        cr_expect_eq(tree->count, 0);
    }
}

enum { CAPACITY = ASSAY_DOCUMENT_LEN_MAX + 2 };

/* The piece and its NUL. */
static void put_text(char *text, size_t at, const char *piece)
{
    assay_bytes_copy(text + at, CAPACITY - at, piece, strlen(piece) + 1);
}

Test(tree, the_longest_document_fits_and_one_more_value_does_not)
{
    char *const text = malloc(CAPACITY);
    memset(text, 'a', CAPACITY);
    text[0] = '[';
    text[1] = '"';
    put_text(text, ASSAY_DOCUMENT_LEN_MAX - 2, "\"]");
    cr_assert_eq(read_tree(text), ASSAY_OK);
    cr_expect_eq(tree->nodes[1].text.len, ASSAY_DOCUMENT_LEN_MAX - 4);
    put_text(text, ASSAY_DOCUMENT_LEN_MAX - 2, "a\"]");
    cr_expect_eq(read_tree(text), ASSAY_E_RANGE);
    size_t len = 1;
    text[0] = '[';
    for (int i = 0; i < ASSAY_TREE_NODES_MAX - 1; i++) {
        put_text(text, len, "1,");
        len += 2;
    }
    put_text(text, len - 1, "]");
    cr_expect_eq(read_tree(text), ASSAY_OK);
    put_text(text, len - 1, ",1]");
    cr_expect_eq(read_tree(text), ASSAY_E_FULL);
    free(text);
}
