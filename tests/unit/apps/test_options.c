/*
 * tests/unit/apps/test_options.c - tests of command line options.
 *
 * apps/assay/core/options.h: what a line may say, and the names that a wrong word was meant to be.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 16 };

struct line {
    char text[256];
    int argc;
    char *argv[WORDS_MAX + 1];
};

static void split(struct line *line, const char *text)
{
    (void)snprintf(line->text, sizeof line->text, "%s", text);
    line->argc = 0;
    for (char *word = line->text; *word != '\0' && line->argc < WORDS_MAX;) {
        const size_t len = strcspn(word, " ");
        const bool last = word[len] == '\0';
        line->argv[line->argc++] = word;
        word[len] = '\0';
        word += len + (last ? 0 : 1);
    }
    line->argv[line->argc] = NULL;
}

/* The answer, and what is said of the line on stderr. */
static int check(char *said, size_t said_len, const char *text)
{
    struct line line;
    split(&line, text);
    FILE *const whole = stderr;
    FILE *const heard = fmemopen(said, said_len, "w");
    cr_assert_not_null(heard);
    stderr = heard;
    const int status = cli_options_check(line.argc, line.argv);
    stderr = whole;
    (void)fclose(heard);
    return status;
}

static bool asks_for_json(const char *text)
{
    struct line line;
    split(&line, text);
    return cli_options_json(line.argc, line.argv);
}

static void expect_said(const char *line, const char *text)
{
    char said[4096] = "";
    cr_expect_eq(check(said, sizeof said, line), ASSAY_EXIT_USAGE, "%s", line);
    cr_expect(strstr(said, text) != NULL, "\"%s\" says \"%s\", not \"%s\"", line, said, text);
}

static void expect_fits(const char *line)
{
    char said[4096] = "";
    cr_expect_eq(check(said, sizeof said, line), -1, "\"%s\" says \"%s\"", line, said);
}

Test(options, lets_through_what_the_table_has)
{
    expect_fits("genesis create plan.yaml --out genesis");
    expect_fits("genesis --out=genesis create plan.yaml");
    expect_fits("nodes --timeout 5 --json");
    expect_fits("tpm crl registrar a b c --days 3");
    expect_fits("recover draft --out f answer-1 answer-2");
    expect_fits("proof node-1 --out f");
    expect_fits("proof verify f --checkpoint c");
    expect_fits("store save --out f");
    expect_fits("evidence verify -- --strange-name");
    expect_fits("ear verify - --key k");
    expect_fits("change draft --out f --activation +20 --drain node-1 --drain node-2");
    expect_fits("evidence verify f --event-log a --event-log b --json --json");
}

Test(options, names_the_word_that_is_wrong)
{
    expect_said("genesis creat plan --out f",
                "\"creat\" is not a subcommand; did you mean \"create\"?");
    expect_said("genesis", "expected a subcommand");
    expect_said("genesis create plan --ot f", "no option \"--ot\"; did you mean \"--out\"?");
    expect_said("genesis create plan", "--out FILE is missing: the genesis");
    expect_said("genesis create plan --out", "--out wants a value");
    expect_said("genesis create --out f", "expected PLAN, found no argument");
    expect_said("genesis create a b --out f", "expected PLAN, found 2 arguments");
    expect_said("nodes node-1", "expected options only, found 1 argument");
    expect_said("nodes -j", "there is no option \"-j\": names of options have two dashes");
    expect_said("nodes --json=2", "--json takes no value, found \"2\"");
    expect_said("nodes --socket a --socket=b", "--socket is given twice");
    expect_said("permit --class critcal",
                "critical, normal, found \"critcal\"; did you mean \"critical\"?");
    expect_said("evidence verify q --policy a --policy b", "--policy is given twice");
    expect_said("proof verify p --checkpoint a --checkpoint=b", "--checkpoint is given twice");
    expect_said("evidence decode q --policy p", "`assay evidence verify` has it");
    expect_said("evidence verify q --xyzzy",
                "no option \"--xyzzy\"\nusage: assay evidence verify FILE");
}

Test(options, puts_the_verb_in_front)
{
    struct line line;
    split(&line, "policy --json lint f");
    cr_assert_eq(cli_options_check(line.argc, line.argv), -1);
    cr_assert_str_eq(line.argv[1], "lint");
    cr_assert_str_eq(line.argv[2], "--json");
    cr_assert_str_eq(line.argv[3], "f");
}

Test(options, sees_json_only_where_it_is_an_option)
{
    cr_assert(asks_for_json("nodes --json"));
    cr_assert(asks_for_json("evidence --json verify f"));
    cr_assert_not(asks_for_json("enforce hold --reason --json"));
    cr_assert_not(asks_for_json("evidence verify -- --json"));
    cr_assert_not(asks_for_json("top --json"));
}

Test(options, finds_the_nearest_name)
{
    const char *const names[] = { "socket", "since", "json", "timeout", NULL };
    cr_assert_str_eq(cli_nearest("sokcet", names), "socket"); /* swapped */
    cr_assert_str_eq(cli_nearest("jsn", names), "json");      /* left out */
    cr_assert_str_eq(cli_nearest("sincee", names), "since");  /* put in */
    cr_assert_str_eq(cli_nearest("rimeout", names), "timeout");
    cr_assert_str_eq(cli_nearest("time", names), "timeout"); /* the beginning */
    cr_assert_null(cli_nearest("colour", names));
    cr_assert_null(cli_nearest("", names));
    char long_word[200];
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    cr_assert_null(cli_nearest(long_word, names));
}

Test(options, every_verb_has_help_with_an_example_of_its_own)
{
    const struct assay_verb *v = NULL;
    char start[64];
    for (size_t i = 0; (v = cli_verb_at(i)) != NULL; i++) {
        (void)snprintf(start, sizeof start, "assay %s%s%s", v->group, v->verb[0] != '\0' ? " " : "",
                       v->verb);
        cr_expect_eq(strncmp(v->examples, start, strlen(start)), 0, "%s: %s", start, v->examples);
        cr_expect(strlen(v->summary) > 10, "%s", start);
        cr_expect_eq(v->examples[strlen(v->examples) - 1], '\n', "%s", start);
        for (const struct assay_option *o = v->options; o->name != NULL; o++) {
            cr_expect_not_null(o->help, "%s --%s", start, o->name);
            cr_expect_lt(o - v->options, 64, "%s has too many options", start);
            for (const struct assay_option *p = v->options; p < o; p++)
                cr_expect_str_neq(p->name, o->name, "%s --%s twice", start, o->name);
        }
    }
}

static void expect_help(const char *group, const char *verb, const char *text, const char *absent)
{
    char help[8192] = "";
    FILE *const out = fmemopen(help, sizeof help, "w");
    cr_assert_not_null(out);
    cli_options_help(group, verb, out);
    (void)fclose(out);
    cr_expect(strstr(help, text) != NULL, "%s %s: %s", group, verb, help);
    cr_expect(absent == NULL || strstr(help, absent) == NULL, "%s %s: %s", group, verb, help);
}

Test(options, help_lists_the_statuses_of_the_command_in_ascending_order)
{
    expect_help("completion", "bash", "exit status: 0 done, 1 system error, 2 usage\n", NULL);
    expect_help("status", "",
                "exit status: 0 done, 1 system error, 2 usage, 3 no daemon answers, 7 timeout\n",
                "not found");
    expect_help("evidence", "verify",
                "exit status: 0 affirming, 1 system error, 2 usage, 5 no such file, 10 warning,\n",
                "no daemon answers");
    expect_help("permit", "",
                "exit status: 0 permitted, 1 system error, 2 usage, 3 no daemon answers,\n"
                "             4 denied, 7 timeout\n",
                "0 done");
}
