/*
 * tests/links/test_script.c - tests of link scripts.
 *
 * Lines of a script say what they say, and a line that says nothing is refused with a reason.
 */
#include "tests/links/script.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <string.h>

static struct link_script script;
static struct link_act act;

static void setup(void)
{
    memset(&script, 0, sizeof script);
    cr_assert_null(link_script_line(&script, "seed 9\n", &act));
    cr_assert_null(link_script_line(&script, "host a", &act));
    cr_assert_null(link_script_line(&script, "host b", &act));
    cr_assert_null(link_script_line(&script, "host c", &act));
    cr_assert(script.host_count == 3 && script.seed == 9);
}

TestSuite(links_script, .init = setup);

Test(links_script, a_link_is_one_way_and_both_is_two)
{
    cr_assert_null(link_script_line(&script, "link a b,c delay 40 loss 2.5 cut", &act));
    cr_assert(script.rules[0][1].delay_us == 40000 && script.rules[0][2].loss_ppm == 25000);
    cr_assert(script.rules[0][1].cut && !script.rules[1][0].cut && !script.rules[0][0].cut);
    cr_assert_null(link_script_line(&script, "both a b heal rate 512 mtu 1280 silent", &act));
    cr_assert(!script.rules[0][1].cut && script.rules[0][1].delay_us == 40000);
    cr_assert(script.rules[1][0].rate_kbit == 512 && script.rules[1][0].silent);
    cr_assert_null(link_script_line(&script, "link * * clear", &act));
    cr_assert(script.rules[0][1].delay_us == 0 && script.rules[1][0].mtu == 0);
}

Test(links_script, what_is_for_later_comes_in_its_time_and_order)
{
    char line[LINK_LINE_MAX];
    cr_assert_null(link_script_line(&script, "at 50 say late", &act));
    cr_assert_null(link_script_line(&script, "at 20 address b 12", &act));
    cr_assert_null(link_script_line(&script, "at 50 quit", &act));
    cr_assert(!link_script_due(&script, 19, line));
    cr_assert(link_script_due(&script, 20, line));
    cr_assert_null(link_script_line(&script, line, &act));
    cr_assert(act.kind == LINK_ACT_ADDRESS && act.host == 1 && act.number == 12);
    cr_assert(link_script_due(&script, 60, line));
    cr_assert_null(link_script_line(&script, line, &act));
    cr_assert(act.kind == LINK_ACT_SAY && strcmp(act.text, "late") == 0);
    cr_assert(link_script_due(&script, 60, line));
    cr_assert_null(link_script_line(&script, line, &act));
    cr_assert(act.kind == LINK_ACT_QUIT && !link_script_due(&script, UINT64_MAX, line));
}

Test(links_script, refuses_what_says_nothing_and_changes_nothing_by_it)
{
    static const char *const bad[] = { "link a d cut",     "link a b",         "link a b delay",
                                       "link a b delay x", "link a b loss 101", "link a b slow",
                                       "host a",           "at soon say x",     "address a 0",
                                       "address d 4",      "frobnicate",        "seed",
                                       "link a b delay 5 cut nonsense" };
    const struct link_script before = script;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert_not_null(link_script_line(&script, bad[i], &act), "%s", bad[i]);
    cr_assert(assay_bytes_equal(&before, &script, sizeof script));
    cr_assert_null(link_script_line(&script, "# a comment", &act));
    cr_assert_null(link_script_line(&script, "", &act));
}
