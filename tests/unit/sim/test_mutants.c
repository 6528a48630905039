/*
 * tests/unit/sim/test_mutants.c - the runner of known-bad builds, with scripts in their place: it
 * must notice each way in which a fault can go unnoticed.
 */
#include "apps/sim/commands/command.h"
#include "base/file/file.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/assay-mutants-XXXXXX";

static void put(const char *name, const char *text, enum assay_file_mode mode)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    cr_assert_eq(assay_file_replace(path, mode, assay_slice_over(text, strlen(text))), ASSAY_OK);
}

static void put_script(const char *name, const char *body)
{
    char file[64];
    char text[512];
    (void)snprintf(file, sizeof file, "assay-sim-%s", name);
    (void)snprintf(text, sizeof text, "#!/bin/sh\n%s\n", body);
    put(file, text, ASSAY_FILE_PROGRAM);
}

/* One fault that needs agreement or finality within seven seeds, in a fresh folder. */
static void set_up(const char *good, const char *bad)
{
    cr_assert(mkdtemp(dir) != NULL);
    put("mutants.json",
        "{\"mutants\": [{\"name\": \"bad\", \"about\": \"a fault\", \"expect\": \"agreement "
        "finality\", \"suites\": \"twins simplex\", \"seeds\": 7}]}",
        ASSAY_FILE_PUBLIC);
    put_script("good", good);
    put_script("bad", bad);
    cr_redirect_stdout();
    cr_redirect_stderr();
}

static void tear_down(void)
{
    static const char *const names[] = { "mutants.json", "assay-sim-good", "assay-sim-bad" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static int run(const char *a, const char *b)
{
    char words[6][64] = { "mutants", "--dir" };
    char *argv[7] = { words[0], words[1], words[2] };
    const char *given[] = { a, b };
    int argc = 3;
    (void)snprintf(words[2], sizeof words[2], "%s", dir);
    for (size_t i = 0; i < 2 && given[i] != NULL; i++) {
        (void)snprintf(words[argc], sizeof words[argc], "%s", given[i]);
        argv[argc] = words[argc];
        argc++;
    }
    return sim_command_mutants(argc, argv);
}

static const char clean[] = "echo at twins 7; echo clean 7";
static const char caught[] = "echo at twins 3; echo caught finality two certificates; exit 1";

static struct assay_json *document(void)
{
    static char text[8192];
    (void)fflush(stdout);
    const size_t len = fread(text, 1, sizeof text - 1, cr_get_redirected_stdout());
    struct assay_json *json = NULL;
    cr_assert_eq(assay_json_parse(text, len, &json), ASSAY_OK, "%s", text);
    return json;
}

Test(mutants, all_is_well_when_the_fault_is_caught_and_the_sound_build_is_clean, .fini = tear_down)
{
    set_up(clean, caught);
    cr_expect_eq(run("--json", NULL), 0);
    struct assay_json *json = document();
    const struct assay_json *builds = assay_json_get(assay_json_get(json, "data"), "builds");
    cr_assert_eq(assay_json_count(builds), 2);
    const struct assay_json *bad = assay_json_at(builds, 1);
    cr_expect_str_eq(assay_json_text(bad, "verdict", ""), "caught");
    cr_expect_str_eq(assay_json_text(bad, "checker", ""), "finality");
    cr_expect_str_eq(assay_json_text(bad, "message", ""), "two certificates");
    cr_expect_eq(assay_json_uint(bad, "seeds", 0), 3);
    cr_expect_eq(assay_json_uint(bad, "bound", 0), 7);
    assay_json_free(&json);
}

Test(mutants, a_fault_that_nothing_catches_is_missed, .fini = tear_down)
{
    set_up(clean, clean);
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, a_sound_build_that_is_accused_is_a_failure, .fini = tear_down)
{
    set_up(caught, caught);
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, to_be_caught_by_a_checker_that_is_not_meant_to_does_not_count, .fini = tear_down)
{
    set_up(clean, "echo at twins 3; echo caught liveness it stands still; exit 1");
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, a_checker_whose_name_is_part_of_another_is_another, .fini = tear_down)
{
    set_up(clean, "echo at twins 3; echo caught final two certificates; exit 1");
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, a_build_that_aborts_was_caught_by_an_assertion, .fini = tear_down)
{
    set_up(clean, "echo at twins 2; echo 'assertion failed' >&2; kill -ABRT $$");
    cr_expect_eq(run("--json", NULL), 1, "not one of those that are expected here");
    struct assay_json *json = document();
    const struct assay_json *bad =
        assay_json_at(assay_json_get(assay_json_get(json, "data"), "builds"), 1);
    cr_expect_str_eq(assay_json_text(bad, "checker", ""), "invariants");
    cr_expect_str_eq(assay_json_text(bad, "message", ""), "assertion failed");
    cr_expect_str_eq(assay_json_text(bad, "verdict", ""), "CAUGHT BY ANOTHER");
    assay_json_free(&json);
}

Test(mutants, a_build_that_does_not_start_is_a_failure_and_no_catch, .fini = tear_down)
{
    set_up(clean, "exit 127");
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, a_build_that_says_caught_and_ends_well_is_a_failure, .fini = tear_down)
{
    set_up(clean, "echo at twins 3; echo caught finality two certificates; exit 0");
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, a_build_that_nobody_made_is_usage, .fini = tear_down)
{
    char path[256];
    set_up(clean, caught);
    (void)snprintf(path, sizeof path, "%s/assay-sim-good", dir);
    (void)unlink(path);
    cr_expect_eq(run(NULL, NULL), 2);
}

Test(mutants, builds_are_run_with_their_suites_and_numbers_of_seeds, .fini = tear_down)
{
    /* The sound one: suite by suite, and as many seeds as the most stubborn fault. */
    set_up("case \"$*\" in '--suites twins --seeds 7'|'--suites simplex --seeds 7') "
           "echo clean 7 ;; *) exit 126 ;; esac",
           "[ \"$*\" = '--suites twins simplex --seeds 7' ] && echo caught agreement x && exit 1");
    cr_expect_eq(run(NULL, NULL), 0);
    cr_expect_eq(run("--seeds", "9"), 1, "the sound build alone gets the seeds asked for");
}

Test(mutants, each_suite_of_the_sound_build_counts, .fini = tear_down)
{
    set_up("[ \"$2\" = twins ] || { echo caught agreement x; exit 1; }; echo clean 7", caught);
    cr_expect_eq(run(NULL, NULL), 1, "the last one");
    put_script("good",
               "[ \"$2\" = simplex ] || { echo caught agreement x; exit 1; }; echo clean 7");
    cr_expect_eq(run(NULL, NULL), 1, "the first one");
}

Test(mutants, a_sound_build_without_a_suite_is_not_clean, .fini = tear_down)
{
    set_up(clean, caught);
    put("mutants.json",
        "{\"mutants\": [{\"name\": \"bad\", \"expect\": \"finality\", \"seeds\": 7}]}",
        ASSAY_FILE_PUBLIC);
    cr_expect_eq(run(NULL, NULL), 1);
}

Test(mutants, shares_are_all_builds_and_each_once, .fini = tear_down)
{
    set_up("echo caught agreement x; exit 1", caught);
    cr_expect_eq(run("--share", "1/2"), 1, "the sound one alone");
    cr_expect_eq(run("--share", "2/2"), 0, "the fault alone");
    cr_expect_eq(run("--share", "3/3"), 2, "nothing is no success");
    put_script("bad", clean);
    cr_expect_eq(run("--share", "2/2"), 1);
    static const char *const refused[] = { "0/2", "3/2", "1", "1/", "/2", "1/0", "1/2/3", "-1/2" };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        cr_expect_eq(run("--share", refused[i]), 2, "%s", refused[i]);
}

Test(mutants, what_is_not_there_is_usage, .fini = tear_down)
{
    set_up(clean, caught);
    cr_expect_eq(run("--only", "bad"), 0);
    cr_expect_eq(run("--only", "worse"), 2);
    cr_expect_eq(run("--seeds", "0"), 2);
    cr_expect_eq(run("--seeds", "many"), 2);
    cr_expect_eq(run("more", NULL), 2);
    put("mutants.json", "{\"mutants\": []}", ASSAY_FILE_PUBLIC);
    cr_expect_eq(run(NULL, NULL), 2);
    put("mutants.json", "{", ASSAY_FILE_PUBLIC);
    cr_expect_eq(run(NULL, NULL), 2);
    char path[256];
    (void)snprintf(path, sizeof path, "%s/mutants.json", dir);
    (void)unlink(path);
    cr_expect_eq(run(NULL, NULL), 2);
}
