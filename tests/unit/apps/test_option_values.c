/*
 * tests/unit/apps/test_option_values.c - tests of the reader of options of a command line
 * (apps/assay/core/option_values.h), over lines of verbs in the table.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16, LIST_MAX = 2 };

static struct {
    bool json, early;
    const char *text, *other;
    const char *list[LIST_MAX];
    size_t count;
    uint64_t number;
    unsigned ms;
    int64_t time;
    char taken[256];
} read;
static char line[256], said[4096];
static char *argv[WORDS_MAX + 1];

static int keep(void *context, const char *name, const char *value)
{
    char *const taken = context;
    const size_t len = strlen(taken);
    (void)snprintf(taken + len, sizeof read.taken - len, "%s=%s ", name, value);
    return strcmp(value, "bad") == 0 ? cli_misuse("--%s: a bad value", name) : -1;
}

/* Returns: of the reader, after the table has let the line through; said has what is on stderr. */
static int read_line(const char *text, const struct cli_option_target *targets)
{
    int argc = 0;
    (void)snprintf(line, sizeof line, "%s", text);
    for (char *word = line; word != NULL && argc < WORDS_MAX;) {
        argv[argc++] = word;
        word = strchr(word, ' ');
        if (word != NULL) *word++ = '\0';
    }
    argv[argc] = NULL;
    memset(said, 0, sizeof said);
    FILE *const whole = stderr;
    FILE *const heard = fmemopen(said, sizeof said, "w");
    cr_assert_not_null(heard);
    stderr = heard;
    int status = cli_options_check(argc, argv);
    const bool fits = status < 0;
    if (fits) status = cli_options_read(argc, argv, targets);
    stderr = whole;
    (void)fclose(heard);
    cr_assert(fits, "%s: %s", text, said);
    return status;
}

static void expect_words(const char *first, const char *second, const char *third)
{
    const char *const words[] = { first, second, third, NULL };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i] == NULL) cr_expect_null(argv[i + 1], "%s", argv[i + 1]);
        if (words[i] == NULL) return;
        cr_assert_not_null(argv[i + 1], "%s", words[i]);
        cr_expect_str_eq(argv[i + 1], words[i]);
    }
}

static void set_up(void)
{
    memset(&read, 0, sizeof read);
}

TestSuite(apps_option_values, .init = set_up, .timeout = 120);

static const struct cli_option_target fetch[] = {
    { "for", .text = &read.text },
    { "fmspc", .text = &read.other },
    { "ca", .text = &read.other },
    { "tee", .text = &read.other },
    { "out", .text = &read.other },
    { "pccs", .text = &read.other },
    { "kds", .text = &read.other },
    { "early", .flag = &read.early },
    { "product", .text = &read.other },
    { "root", .text = &read.other },
    { "cache", .text = &read.other },
    { "offline", .flag = &read.early },
    { "refresh", .flag = &read.early },
    { "ca-file", .text = &read.other },
    { "timeout", .number = &read.number, .low = 1, .high = 3600, .unit = "seconds" },
    { "at", .time = &read.time },
    { "json", .flag = &read.json },
    { .name = NULL },
};

static const struct cli_option_target decode[] = {
    { "kind", .text = &read.text },
    { .name = NULL },
};

Test(apps_option_values, take_texts_flags_numbers_and_times)
{
    read.number = 60;
    cr_assert_eq(read_line("collateral fetch --for=quote --out o --early", fetch), -1);
    cr_expect_str_eq(read.text, "quote");
    cr_expect_str_eq(read.other, "o");
    cr_expect(read.early && !read.json);
    cr_expect_eq(read.number, 60, "absent: as it was");
    cr_expect_eq(read.time, 0);
    expect_words("fetch", NULL, NULL);
    cr_assert_eq(read_line("collateral fetch --for --json --timeout=7 --out o "
                           "--at 2026-01-31T12:00:00Z",
                           fetch),
                 -1);
    cr_expect_str_eq(read.text, "--json", "a value, whatever it looks like");
    cr_expect_not(read.json);
    cr_expect_eq(read.number, 7);
    cr_expect_eq(read.time, 1769860800);
}

Test(apps_option_values, leave_the_words_in_their_order)
{
    cr_assert_eq(read_line("evidence --json decode --kind soft -- --strange-name", decode), -1);
    cr_expect_str_eq(read.text, "soft");
    expect_words("decode", "--strange-name", NULL);
    cr_assert_eq(read_line("evidence decode - --kind=snp", decode), -1);
    cr_expect_str_eq(read.text, "snp");
    expect_words("decode", "-", NULL);
}

Test(apps_option_values, last_value_counts_outside_of_verifiers)
{
    const struct cli_option_target targets[] = {
        { "socket", .text = &read.text },
        { "timeout", .ms = &read.ms },
        { .name = NULL },
    };
    cr_assert_eq(read_line("nodes --timeout 5 --socket=b --timeout=3600000", targets), -1);
    cr_expect_str_eq(read.text, "b");
    cr_expect_eq(read.ms, 3600000);
    expect_words(NULL, NULL, NULL);
    static const char *const bad[] = { "0", "3600001", "5s", "-1", "+5", "99999999999999999999" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[64], expected[128];
        (void)snprintf(text, sizeof text, "nodes --timeout=%s", bad[i]);
        (void)snprintf(
            expected, sizeof expected,
            "assay nodes: --timeout: expected 1 to 3600000 milliseconds, found \"%s\"\nusage:",
            bad[i]);
        cr_expect_eq(read_line(text, targets), ASSAY_EXIT_USAGE, "%s", text);
        cr_expect_eq(strncmp(said, expected, strlen(expected)), 0, "%s", said);
        cr_expect_eq(read.ms, 3600000, "nothing is taken");
    }
}

Test(apps_option_values, say_what_a_number_or_a_time_is_instead)
{
    cr_expect_eq(read_line("collateral fetch --out o --timeout 3601", fetch), ASSAY_EXIT_USAGE);
    cr_expect_not_null(strstr(said, "--timeout: expected 1 to 3600 seconds, found \"3601\""), "%s",
                       said);
    static const char *const bad[] = { "tomorrow", "1970-01-01T00:00:00Z" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[96];
        (void)snprintf(text, sizeof text, "collateral fetch --out o --at %s", bad[i]);
        cr_expect_eq(read_line(text, fetch), ASSAY_EXIT_USAGE);
        cr_expect_not_null(strstr(said, "\" is no RFC 3339 time after 1970"), "%s", said);
        cr_expect_not_null(strstr(said, bad[i]), "%s", said);
    }
    cr_expect_eq(cli_option_number("n", "18446744073709551615", 1, UINT64_MAX, NULL, &read.number),
                 -1);
    cr_expect_eq(read.number, UINT64_MAX);
    FILE *const whole = stderr;
    stderr = fmemopen(said, sizeof said, "w");
    cr_assert_not_null(stderr);
    const int status = cli_option_number("n", "0", 1, UINT64_MAX, NULL, &read.number);
    (void)fclose(stderr);
    stderr = whole;
    cr_expect_eq(status, ASSAY_EXIT_USAGE);
    cr_expect_not_null(strstr(said, "--n: expected a number from 1, found \"0\"\n"), "%s", said);
}

Test(apps_option_values, lists_have_a_bound)
{
    const struct cli_option_target targets[] = {
        { "set", .text = read.list, .count = &read.count, .most = LIST_MAX },
        { "origin", .flag = &read.early },
        { "no-environment", .flag = &read.early },
        { .name = NULL },
    };
    cr_assert_eq(read_line("config show --set a=1 f --set=b=2", targets), -1);
    cr_assert_eq(read.count, 2);
    cr_expect_str_eq(read.list[0], "a=1");
    cr_expect_str_eq(read.list[1], "b=2");
    expect_words("show", "f", NULL);
    read.count = 0;
    cr_assert_eq(read_line("config show f --set a --set b --set c", targets), ASSAY_EXIT_USAGE);
    cr_expect_not_null(strstr(said, "--set can be given 2 times"), "%s", said);
}

Test(apps_option_values, take_in_the_order_of_the_line)
{
    const struct cli_option_target targets[] = {
        { "out", .text = &read.text },
        { "json", .flag = &read.json },
        { "", .take = keep, .context = read.taken },
        { .name = NULL },
    };
    cr_assert_eq(read_line("change draft --drain b --out o --leave=a --drain c", targets), -1);
    cr_expect_str_eq(read.taken, "drain=b leave=a drain=c ");
    cr_expect_str_eq(read.text, "o");
    read.taken[0] = '\0';
    cr_expect_eq(read_line("change draft --out o --drain bad --drain c", targets),
                 ASSAY_EXIT_USAGE);
    cr_expect_str_eq(read.taken, "drain=bad ");
    cr_expect_not_null(strstr(said, "assay change draft: --drain: a bad value"), "%s", said);
}
