/*
 * tests/unit/apps/test_terminal.c - tests of terminal output.
 *
 * apps/assay/core/terminal.h: signs, bars, colours, and lines that end where the terminal does.
 */
#include "apps/assay/core/terminal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct assay_terminal plain = { .columns = 5 };
static const struct assay_terminal rich = { .columns = 5, .utf8 = true, .colours = true };

static void expect_put(const struct assay_terminal *t, const char *line, const char *expected)
{
    char text[128] = "";
    FILE *const out = fmemopen(text, sizeof text, "w");
    cr_assert_not_null(out);
    cli_terminal_put(t, line, out);
    (void)fclose(out);
    cr_expect_str_eq(text, expected);
}

Test(terminal, cuts_lines_to_its_columns)
{
    expect_put(&plain, "abc", "abc");
    expect_put(&plain, "abcde", "abcde");
    expect_put(&plain, "abcdefgh", "abcde");
    /* A character of several bytes takes one column and is never cut in two. */
    expect_put(&plain,
               "\xc3\xa4\xe2\x97\x8f"
               "cdefg",
               "\xc3\xa4\xe2\x97\x8f"
               "cde");
    /* Escapes take none, and colours end with the line. */
    expect_put(&rich, "\x1b[31mabcdefg\x1b[0m", "\x1b[31mabcde\x1b[0m\x1b[0m");
}

Test(terminal, has_a_sign_of_its_own_for_every_condition)
{
    static const char *const standings[] = { "FULL",    "WARNING",     "RESTRICTED", "SUSPENDED",
                                             "OFFLINE", "MAINTENANCE", "DRAINED",    "LEFT" };
    for (int i = 0; i < 8; i++) {
        cr_expect_eq(strlen(cli_terminal_glyph(&plain, standings[i])), 1);
        cr_expect_lt(cli_terminal_glyph(&plain, standings[i])[0] & 0xff, 0x80);
        for (int k = 0; k < i; k++) {
            cr_expect_str_neq(cli_terminal_glyph(&plain, standings[i]),
                              cli_terminal_glyph(&plain, standings[k]));
            cr_expect_str_neq(cli_terminal_glyph(&rich, standings[i]),
                              cli_terminal_glyph(&rich, standings[k]));
        }
    }
    cr_expect_str_eq(cli_terminal_colour(&plain, "FULL"), "");
    cr_expect_str_eq(cli_terminal_plain(&plain), "");
    cr_expect_str_eq(cli_terminal_colour(&rich, "FULL"), "\x1b[36m");
    cr_expect_str_eq(cli_terminal_colour(&rich, "LEFT"), "");
    cr_expect_str_neq(cli_terminal_colour(&rich, "OFFLINE"),
                      cli_terminal_colour(&rich, "SUSPENDED"));
    cr_expect_str_neq(cli_terminal_colour(&rich, "DRAINED"),
                      cli_terminal_colour(&rich, "SUSPENDED"));
}

Test(terminal, draws_bars_rounded_down)
{
    char text[3 * 4 + 1];
    cr_expect_str_eq(cli_terminal_bar(&plain, 0, 4, text), "....");
    cr_expect_str_eq(cli_terminal_bar(&plain, 2499, 4, text), "....");
    cr_expect_str_eq(cli_terminal_bar(&plain, 2500, 4, text), "#...");
    cr_expect_str_eq(cli_terminal_bar(&plain, 10000, 4, text), "####");
    cr_expect_str_eq(cli_terminal_bar(&rich, 5000, 2, text), "\xe2\x96\x88\xc2\xb7");
}

Test(terminal, is_plain_where_nothing_else_is_promised)
{
    cr_assert_eq(setenv("LC_ALL", "C", 1), 0);
    const struct assay_terminal c = cli_terminal_look();
    cr_expect_not(c.utf8);
    cr_expect_not(c.colours); /* no terminal */
    cr_expect_gt(c.columns, 0);
    cr_assert_eq(setenv("LC_ALL", "C.UTF-8", 1), 0);
    cr_expect(cli_terminal_look().utf8);
}
