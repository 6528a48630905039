/*
 * tests/unit/apps/test_flags.c - tests of errors of the command line.
 *
 * Words of a command line that are wrong: which one, and what was probably meant.
 */
#include "apps/flags.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct option known[] = { { "config", required_argument, NULL, 'c' },
                                       { "check-config", no_argument, NULL, 'k' },
                                       { "set", required_argument, NULL, 's' },
                                       { NULL, 0, NULL, 0 } };

static const char *wrong(const char *first, const char *second)
{
    static char message[ASSAY_FLAGS_MESSAGE_MAX];
    char program[] = "program", one[400], two[400];
    char *argv[] = { program, one, second != NULL ? two : NULL, NULL };
    const int argc = second != NULL ? 3 : 2;
    snprintf(one, sizeof one, "%s", first);
    if (second != NULL) snprintf(two, sizeof two, "%s", second);
    optind = 0;
    for (int code; (code = assay_flags_next(argc, argv, ":c:", known, NULL)) != -1;) {
        if (code != '?' && code != ':') continue;
        assay_flags_wrong(argc, argv, code, known, message);
        return message;
    }
    return NULL;
}

Test(flags, a_name_that_is_nearly_one_is_suggested)
{
    cr_assert_str_eq(wrong("--confg", NULL),
                     "--confg: there is no such option; is \"--config\" meant?");
    cr_assert_str_eq(wrong("--confg=x", NULL),
                     "--confg: there is no such option; is \"--config\" meant?");
    cr_assert_str_eq(wrong("--colour", NULL), "--colour: there is no such option");
    cr_assert_str_eq(wrong("-x", NULL), "-x: there is no such option");
    cr_assert_null(assay_flags_near("--", known));
    cr_assert_str_eq(assay_flags_near("--sett=1", known), "set");
}

Test(flags, a_value_that_is_missing_or_too_much_is_named)
{
    cr_assert_str_eq(wrong("--config", NULL), "--config: expected a value behind it");
    cr_assert_str_eq(wrong("-c", NULL), "-c: expected a value behind it");
    cr_assert_str_eq(wrong("--check-config=yes", NULL), "--check-config: it takes no value");
    cr_assert_null(wrong("--config", "x"));
    cr_assert_str_eq(wrong("--check-config", "--st"),
                     "--st: there is no such option; is \"--set\" meant?");
}

Test(flags, a_word_of_any_length_is_cut)
{
    char word[300] = "--";
    memset(word + 2, 'x', sizeof word - 3);
    const char *const message = wrong(word, NULL);
    cr_assert_lt(strlen(message), ASSAY_FLAGS_MESSAGE_MAX - 1);
    cr_assert_not_null(strstr(message, ": there is no such option"));
}

/* A later release may have another option that begins so. */
Test(flags, an_abbreviation_is_refused)
{
    cr_assert_str_eq(wrong("--conf", "x"),
                     "--conf: there is no such option; is \"--config\" meant?");
    cr_assert_str_eq(wrong("--conf=x", NULL),
                     "--conf: there is no such option; is \"--config\" meant?");
    cr_assert_str_eq(wrong("--check", NULL),
                     "--check: there is no such option; is \"--check-config\" meant?");
    cr_assert_str_eq(wrong("--check-confi", NULL),
                     "--check-confi: there is no such option; is \"--check-config\" meant?");
    cr_assert_null(wrong("--config=x", NULL));
    cr_assert_null(wrong("-cx", NULL));
    cr_assert_null(wrong("-c", "--conf"), "a value may look like an option");
    cr_assert_null(wrong("--config", "--conf"));
}
