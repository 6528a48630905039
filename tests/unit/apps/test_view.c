/*
 * tests/unit/apps/test_view.c - tests of views over documents.
 *
 * apps/assay/core/view.h: values, conditions, lists, and that texts of others cannot reach the
 * terminal as they are.
 */
#include "apps/assay/core/text.h"
#include "apps/assay/core/view.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char document[] =
    "{\"n\":3,\"one\":1,\"zero\":0,\"yes\":true,\"no\":false,\"none\":null,\"name\":\"Node-1\","
    "\"empty\":\"\",\"bp\":8750,\"ms\":-1500,\"stage\":\"resting\",\"list\":[],"
    "\"names\":[\"a\",\"b\",\"c\"],\"in\":{\"deep\":{\"key\":7}},"
    "\"items\":[{\"name\":\"x\",\"on\":true},{\"name\":\"y\",\"on\":false},"
    "{\"name\":\"z\",\"on\":true,\"codes\":[5,6]}]}";

static void expect_text(const char *view, const char *expected)
{
    char text[512] = "";
    struct assay_json *data = NULL;
    cr_assert_eq(assay_json_parse(document, strlen(document), &data), ASSAY_OK);
    FILE *const out = fmemopen(text, sizeof text, "w");
    cr_assert_not_null(out);
    cli_view_print(view, data, out);
    (void)fclose(out);
    assay_json_free(&data);
    cr_expect_str_eq(text, expected, "%s: \"%s\"", view, text);
}

Test(view, values_are_shown_by_their_kind)
{
    expect_text("{n} {name} {yes} {no} {names} {in.deep.key} {items.2.codes.1}",
                "3 Node-1 yes no a, b, c 7 6");
    expect_text("{none} {absent} {empty} {list}", "? ? ? ?");
    expect_text("{none|-} {absent|nobody} {empty|no text} {n|-}", "- nobody no text 3");
}

Test(view, values_are_formatted)
{
    expect_text("<{name,-8}><{n,4}><{name,.4}><{name:lower,8}>",
                "<Node-1  ><   3><Node><  node-1>");
    expect_text("{bp:pct}, {bp:/100.0}, {ms:/1000}, {ms:/1000.3}", "87.50 %, 87, 1.5, 1.500");
    expect_text("{n} member{n:plural}, {one} member{one:plural}", "3 members, 1 member");
    expect_text("{.:stage} {.:condition}", "drained DRAINED");
    expect_text("<{none:at}>", "<>");
}

Test(view, a_part_is_there_where_its_condition_holds)
{
    expect_text("[?n a][?zero b][?yes c][?no d][?none e][?name f][?empty g][?names h][?list i]",
                "acfh");
    expect_text("[?!n a][?!zero b][?!absent c]", "bc");
    expect_text("[?n=3 a][?n=4 b][?name!=x c][?none= d][?ms<0 e][?n<3 f]", "acde");
    expect_text("[?n&zero a][?n&yes b][?zero+yes c][?zero&yes+n&one d][?zero+no e]", "bcd");
    expect_text("[?no a|b[?yes c|d]]e", "bce");
    expect_text("\\[\\{\\|\\\\", "[{|\\");
}

Test(view, lists_are_walked)
{
    expect_text("[*items {#}{name}{n|-} ]", "0x- 1y- 2z- ");
    expect_text("[*items, {name}{^n}]", "x3, y3, z3");
    expect_text("[*items:2 {name}][*list x|none][*absent x|none]", "xynonenone");
    expect_text("[*items?on {#}{name}][*items?!on, {name}][*items?name=q x|none]", "0x1zynone");
    expect_text("{#items} {#items?on} [?#items?name=q a|b][?#names c][?#names=3 d]", "3 2 bcd");
    expect_text("[*items [*codes {.}+]]", "5+6+");
    expect_text("[*items?codes [*codes, {.} of {<name}, {<#codes} in all]]",
                "5 of z, 2 in all, 6 of z, 2 in all");
}

Test(view, names_of_others_have_no_control_characters)
{
    static const char hostile[] = "{\"name\":\"a\\u001b[31m\\nb{n}[?n x]\"}";
    char text[64] = "";
    struct assay_json *data = NULL;
    cr_assert_eq(assay_json_parse(hostile, strlen(hostile), &data), ASSAY_OK);
    FILE *const out = fmemopen(text, sizeof text, "w");
    cr_assert_not_null(out);
    cli_view_print("{name}/{name,40}", data, out);
    (void)fclose(out);
    assay_json_free(&data);
    for (const char *c = text; *c != '\0'; c++)
        cr_expect(*c >= ' ', "%d", *c);
    cr_expect_not_null(strstr(text, "b{n}[?n x]"), "what it has is no view: %s", text);
}

Test(view, a_view_that_is_not_closed_is_a_bug, .signal = SIGABRT)
{
    cli_view_print("[?n a", NULL, stdout);
}

/* A page for a terminal of 80 columns: values are continued below values, nothing is lost. */
Test(view, long_lines_are_continued_at_spaces)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    cr_assert_not_null(out);
    cli_text_wrap("label          one two three four five\nshort\n\nlabel          "
                  "0123456789012345678901234567890123 end\nlast",
                  31, 15, out);
    cr_assert_eq(fclose(out), 0);
    cr_expect_str_eq(text, "label          one two three\n               four five\nshort\n\n"
                           "label          0123456789012345678901234567890123\n"
                           "               end\nlast\n");
    free(text);
}
