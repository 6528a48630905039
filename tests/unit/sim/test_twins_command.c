/*
 * tests/unit/sim/test_twins_command.c - the command line of Twins.
 */
#include "apps/sim/commands/command.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>

static int run(const char *a, const char *b, const char *c, const char *d)
{
    char words[5][64] = { "twins" };
    char *argv[6] = { words[0] };
    const char *given[] = { a, b, c, d };
    int argc = 1;
    for (size_t i = 0; i < 4 && given[i] != NULL; i++) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", given[i]);
        argv[argc] = words[argc];
        argc++;
    }
    return sim_command_twins(argc, argv);
}

Test(twins_command, what_makes_no_sense_is_usage, .init = cr_redirect_stderr)
{
    cr_expect_eq(run("--nodes", "5", NULL, NULL), 2);
    cr_expect_eq(run("--nodes", "four", NULL, NULL), 2);
    cr_expect_eq(run("--nodes", NULL, NULL, NULL), 2);
    cr_expect_eq(run("--views", "9", NULL, NULL), 2);
    cr_expect_eq(run("--views", "0", NULL, NULL), 2);
    cr_expect_eq(run("--groups", "1", NULL, NULL), 2);
    cr_expect_eq(run("--shard", "0/3", NULL, NULL), 2);
    cr_expect_eq(run("--shard", "4/3", NULL, NULL), 2);
    cr_expect_eq(run("--shard", "/3", NULL, NULL), 2);
    cr_expect_eq(run("--shard", "-1/3", NULL, NULL), 2);
    cr_expect_eq(run("--seed", "18446744073709551616", NULL, NULL), 2);
    cr_expect_eq(run("--schedule", "n4:t0", NULL, NULL), 2);
    cr_expect_eq(run("--colour", NULL, NULL, NULL), 2);
    cr_expect_eq(run("fast", NULL, NULL, NULL), 2);
}

Test(twins_command, help_is_no_error, .init = cr_redirect_stdout)
{
    cr_expect_eq(run("--help", NULL, NULL, NULL), 0);
}

Test(twins_command, a_campaign_without_a_finding_ends_well, .init = cr_redirect_stdout)
{
    cr_expect_eq(run("--nodes", "7", "--samples", "3"), 0);
}

/* What the command printed, as a document. */
static struct assay_json *document(void)
{
    char text[8192] = "";
    FILE *out = cr_get_redirected_stdout();
    const size_t len = fread(text, 1, sizeof text - 1, out);
    struct assay_json *json = NULL;
    cr_assert_eq(assay_json_parse(text, len, &json), ASSAY_OK, "%s", text);
    return json;
}

Test(twins_command, json_tells_what_was_run, .init = cr_redirect_stdout)
{
    cr_expect_eq(run("--json", "--nodes=10", "--samples=2", "--seed=9"), 0);
    (void)fflush(stdout);
    struct assay_json *json = document();
    const struct assay_json *data = assay_json_get(json, "data");
    cr_expect_str_eq(assay_json_text(json, "schema", ""), "assay.sim.twins");
    cr_expect_eq(assay_json_uint(data, "nodes", 0), 10);
    cr_expect_eq(assay_json_uint(data, "runs", 0), 2);
    cr_expect_eq(assay_json_uint(data, "violations", 9), 0);
    assay_json_free(&json);
}

Test(twins_command, one_schedule_is_run_from_its_text, .init = cr_redirect_stdout)
{
    cr_expect_eq(run("--json", "--schedule", "n4:t0,1:w1,1,1,1:b64:p1:s0:000011", NULL), 0);
    (void)fflush(stdout);
    struct assay_json *json = document();
    const struct assay_json *data = assay_json_get(json, "data");
    cr_expect_str_eq(assay_json_text(data, "schedule", ""), "n4:t0,1:w1,1,1,1:b64:p1:s0:000011");
    cr_expect_gt(assay_json_uint(data, "finals", 0), 0);
    assay_json_free(&json);
}
