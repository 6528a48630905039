/*
 * tests/unit/sim/report/test_report_load.c - a page made of files is the page that the run wrote;
 * files that are torn, missing or of another run are refused, with the file and what was expected.
 */
#include "apps/sim/commands/command.h"
#include "apps/sim/report/report.h"
#include "apps/sim/report/report_load.h"
#include "base/file/file.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/sim/report/report_fixture.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EPOCHS = 6, TEXT_MAX = 1 << 20 };

static struct folder folder;

static void make(void)
{
    folder = folder_make();
}

static void unmake(void)
{
    folder_remove(&folder);
}

TestSuite(sim_report_load, .init = make, .fini = unmake);

/* The files of a run in a folder of their own. Returns: its path, of malloc. */
static char *run_into(const char *name, const char *const *sets, size_t set_count, uint64_t seed)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "", line[64];
    struct assay_scenario scenario = report_scenario(sets, set_count);
    scenario.seed = seed;
    struct assay_sim_outcome outcome = report_outcome(&scenario, seed, EPOCHS);
    (void)snprintf(line, sizeof line, "assay-sim run two --seed %llu", (unsigned long long)seed);
    const struct assay_sim_result result = { .scenario = &scenario,
                                             .outcome = &outcome,
                                             .reproduce = line };
    char *dir = strdup(folder_at(&folder, name));
    cr_assert_eq(sim_output_folder(dir, message), ASSAY_OK, "%s", message);
    cr_assert_eq(sim_output_write(dir, &result, message), ASSAY_OK, "%s", message);
    assay_sim_outcome_free(&outcome);
    return dir;
}

static char *text_of(const char *dir, const char *name)
{
    char path[256];
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    cr_assert_eq(assay_file_read(path, TEXT_MAX, &bytes, &len), ASSAY_OK, "%s", path);
    char *text = strndup((const char *)bytes, len);
    free(bytes);
    return text;
}

/* Without the care for power cuts of assay_file_replace: it would take minutes here. */
static void put_text(const char *dir, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

/* The first `from` becomes `to`. Returns: the text before, of malloc. */
static char *change(const char *dir, const char *name, const char *from, const char *to)
{
    char *text = text_of(dir, name), *changed = NULL;
    const char *at = strstr(text, from);
    cr_assert_not_null(at, "%s has no %s", name, from);
    cr_assert_geq(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), 0);
    put_text(dir, name, changed);
    free(changed);
    return text;
}

static enum assay_status load(const char *dir, char *message)
{
    struct assay_sim_loaded *loaded = calloc(1, sizeof *loaded);
    cr_assert_not_null(loaded);
    const enum assay_status status = sim_load(dir, loaded, message);
    sim_loaded_free(loaded);
    free(loaded);
    return status;
}

static char *page_from(const char *dir)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    char *page = NULL;
    struct assay_sim_loaded *loaded = calloc(1, sizeof *loaded);
    cr_assert_eq(sim_load(dir, loaded, message), ASSAY_OK, "%s", message);
    const struct assay_sim_result result = sim_loaded_result(loaded);
    cr_assert_eq(sim_report_text(&result, 1, &page), ASSAY_OK);
    sim_loaded_free(loaded);
    free(loaded);
    return page;
}

Test(sim_report_load, the_page_of_the_files_is_the_page_of_the_run)
{
    static const char *const sets[] = { "title=\"quoted\" <b> & \xc3\xbc",
                                        "cohorts[2].name=more",
                                        "assertions[1]=progress_epochs == -1",
                                        "fidelity=epoch",
                                        "rule=mean",
                                        "weight_source=one" };
    for (size_t count = 0; count <= sizeof sets / sizeof sets[0]; count++) {
        char name[8];
        (void)snprintf(name, sizeof name, "r%zu", count);
        char *dir = run_into(name, sets, count, count == 0 ? UINT64_MAX : count);
        char *written = text_of(dir, "report.html"), *again = page_from(dir);
        cr_expect_str_eq(again, written);
        free(written);
        free(again);
        free(dir);
    }
}

Test(sim_report_load, what_failed_and_what_stopped_come_back_too)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    struct assay_scenario scenario = report_scenario(NULL, 0);
    struct assay_sim_outcome outcome = report_outcome(&scenario, 1, EPOCHS);
    assay_sim_report_check(&outcome, ASSAY_SIM_CHECKER_P3, 4, "slot %d: \"%s\" <b>", 3, "x");
    outcome.figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][0] = 8999;
    (void)snprintf(outcome.stopped, sizeof outcome.stopped, "no memory");
    outcome.evidence_is_real = outcome.signatures_are_real = true;
    outcome.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    const struct assay_sim_result result = { .scenario = &scenario,
                                             .outcome = &outcome,
                                             .reproduce = "assay-sim run 'a b'",
                                             .interrupted = true };
    const char *dir = folder_at(&folder, "failed");
    cr_assert_eq(sim_output_folder(dir, message), ASSAY_OK);
    cr_assert_eq(sim_output_write(dir, &result, message), ASSAY_OK, "%s", message);
    char *written = text_of(dir, "report.html"), *again = page_from(dir);
    cr_expect_str_eq(again, written);
    cr_expect_not_null(strstr(again, "\"epoch\":4,\"message\":\"slot 3"));
    free(written);
    free(again);
    assay_sim_outcome_free(&outcome);
}

Test(sim_report_load, each_file_is_needed)
{
    static const char *const names[] = { "scenario.yaml", "summary.json", "epochs.csv",
                                         "roots.csv" };
    char *dir = run_into("run", NULL, 0, 1);
    for (size_t i = 0; i < 4; i++) {
        char path[256], message[ASSAY_SIM_MESSAGE_MAX] = "";
        char *text = text_of(dir, names[i]);
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        cr_assert_eq(unlink(path), 0);
        cr_expect_eq(load(dir, message), ASSAY_E_NOT_FOUND);
        cr_expect_not_null(strstr(message, names[i]), "%s", message);
        put_text(dir, names[i], text);
        free(text);
    }
    free(dir);
}

Test(sim_report_load, every_truncation_of_a_table_is_refused)
{
    static const char *const names[] = { "epochs.csv", "roots.csv", "summary.json" };
    char *dir = run_into("run", NULL, 0, 1);
    for (size_t i = 0; i < 3; i++) {
        char *text = text_of(dir, names[i]);
        const size_t len = strlen(text);
        for (size_t cut = 0; cut < len - 1; cut += 11) {
            char message[ASSAY_SIM_MESSAGE_MAX] = "";
            const char kept = text[cut];
            text[cut] = '\0';
            put_text(dir, names[i], text);
            text[cut] = kept;
            cr_expect_neq(load(dir, message), ASSAY_OK, "%s of %zu bytes", names[i], cut);
        }
        put_text(dir, names[i], text);
        free(text);
    }
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    cr_expect_eq(load(dir, message), ASSAY_OK, "%s", message);
    free(dir);
}

Test(sim_report_load, what_is_none_of_ours_is_refused_by_name)
{
    static const struct {
        const char *file, *from, *to, *says;
    } cases[] = {
        { "epochs.csv", "epoch,at_ms", "epoch,at", "expected the columns" },
        { "epochs.csv", "\n2,4000,1,ring", "\n3,4000,1,ring", "each cohort" },
        { "epochs.csv", "\n2,4000,1,ring", "\n2,4000,1,rung", "the cohorts of scenario.yaml" },
        { "epochs.csv", "\n2,4000,1,", "\n2,4000,2,", "0 or 1" },
        { "epochs.csv", "\n2,4000", "\n2,4000x", "its time" },
        { "epochs.csv", ",honest,5,10000,", ",honest,5,65536,", "numbers in every column" },
        { "epochs.csv", ",honest,5,10000,", ",honest,5,,", "numbers in every column" },
        { "epochs.csv", ",honest,5,10000,", ",honest,5,-1,", "numbers in every column" },
        { "epochs.csv", ",honest,5,10000,", ",honest,5,10000,7,", "numbers in every column" },
        { "epochs.csv", "\n2,4000", "\n99999999999999999999,4000", "an epoch" },
        { "roots.csv", "epoch,certified", "epoch,certain", "expected the columns" },
        { "roots.csv", "\n2,1,", "\n3,1,", "files of different runs" },
        { "roots.csv", "\n2,1,", "\n2,0,", "files of different runs" },
        { "roots.csv", "\n2,1,0304", "\n2,1,03", "hexadecimal" },
        { "roots.csv", "\n2,1,03", "\n2,1,0x", "hexadecimal" },
        { "summary.json", "assay.sim.run", "assay.sim.list", "schema" },
        { "summary.json", "\"schema_version\": 1", "\"schema_version\": 2", "schema" },
        { "summary.json", "\"seed\": 1", "\"seed\": 2", "files of different runs" },
        { "summary.json", "\"seed\": 1", "\"seed\": -1", "seed" },
        { "summary.json", "\"fidelity\": \"epoch\"", "\"fidelity\": \"real\"", "message or epoch" },
        { "summary.json", "\"trace_hash\": \"01", "\"trace_hash\": \"0", "trace_hash" },
        { "summary.json", "\"name\": \"ring\"", "\"name\": \"rung\"", "cohorts" },
        { "summary.json", "\"name\": \"P1\"", "\"name\": \"P99\"", "newer" },
        { "summary.json", "\"messages_lost\"", "\"messages_found\"", "newer" },
        { "summary.json", "\"messages_lost\": ", "\"messages_lost\": -", "a number or null" },
        { "scenario.yaml", "nodes: 7", "nodes: 3", "nodes" },
        { "scenario.yaml", "seed: 1", "seed: 2", "files of different runs" },
    };
    char *dir = run_into("run", NULL, 0, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char message[ASSAY_SIM_MESSAGE_MAX] = "";
        char *before = change(dir, cases[i].file, cases[i].from, cases[i].to);
        cr_expect_neq(load(dir, message), ASSAY_OK, "%s to %s", cases[i].from, cases[i].to);
        cr_expect_not_null(strstr(message, cases[i].says), "%s: %s", cases[i].says, message);
        put_text(dir, cases[i].file, before);
        free(before);
    }
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    cr_expect_eq(load(dir, message), ASSAY_OK, "%s", message);
    free(dir);
}

Test(sim_report_load, epochs_grow)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    char *dir = run_into("run", NULL, 0, 1);
    for (size_t i = 0; i < 2; i++) { /* of both cohorts */
        char *before = change(dir, "epochs.csv", "\n3,", "\n2,");
        cr_expect_neq(load(dir, message), ASSAY_OK);
        free(before);
    }
    cr_expect_not_null(strstr(message, "epochs that grow"), "%s", message);
    free(dir);
}

Test(sim_report_load, roots_and_epochs_are_of_the_same_number)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    char *dir = run_into("run", NULL, 0, 1);
    char *roots = text_of(dir, "roots.csv"), *more = NULL;
    cr_assert_geq(asprintf(&more, "%s%s", roots, strrchr(roots, '\n') - 10), 0);
    put_text(dir, "roots.csv", more);
    cr_expect_eq(load(dir, message), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "no more epochs"), "%s", message);
    *strstr(roots, "\n6,") = '\0';
    (void)snprintf(more, strlen(more), "%s\n", roots);
    put_text(dir, "roots.csv", more);
    cr_expect_eq(load(dir, message), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "as many epochs"), "%s", message);
    free(roots);
    free(more);
    free(dir);
}

/* --- the command */

static int command(const char *const *words, size_t count)
{
    char *argv[16];
    cr_assert_leq(count, 16);
    for (size_t i = 0; i < count; i++)
        argv[i] = strdup(words[i]);
    const int exit = sim_command_report((int)count, argv);
    for (size_t i = 0; i < count; i++)
        free(argv[i]);
    (void)fflush(stdout);
    (void)fflush(stderr);
    return exit;
}

Test(sim_report_load, the_command_writes_the_same_bytes_where_it_is_told)
{
    char *dir = run_into("run", NULL, 0, 1), *written = text_of(dir, "report.html");
    char *out = strdup(folder_at(&folder, "again.html"));
    cr_redirect_stdout();
    cr_expect_eq(command((const char *[]){ "report", dir, "--out", out }, 4), ASSAY_SIM_EXIT_OK);
    char *again = text_of(folder.path, "again.html");
    cr_expect_str_eq(again, written);
    free(again);
    put_text(dir, "report.html", "gone");
    cr_expect_eq(command((const char *[]){ "report", dir }, 2), ASSAY_SIM_EXIT_OK);
    again = text_of(dir, "report.html");
    cr_expect_str_eq(again, written);
    free(again);
    free(written);
    free(out);
    free(dir);
}

Test(sim_report_load, the_order_of_folders_does_not_matter)
{
    char *a = run_into("a", NULL, 0, 7), *b = run_into("b", NULL, 0, 2),
         *c = run_into("c", NULL, 0, 5);
    char *one = strdup(folder_at(&folder, "one.html")),
         *other = strdup(folder_at(&folder, "other.html"));
    cr_redirect_stdout();
    cr_expect_eq(command((const char *[]){ "report", a, b, c, "--out", one }, 6), 0);
    cr_expect_eq(command((const char *[]){ "report", c, a, b, "--out", other, "--json" }, 7), 0);
    char *x = text_of(folder.path, "one.html"), *y = text_of(folder.path, "other.html");
    cr_expect_str_eq(x, y);
    const char *const seeds[] = { "\"seed\":\"2\"", "\"seed\":\"5\"", "\"seed\":\"7\"" };
    const char *at = x;
    for (size_t i = 0; i < 3 && at != NULL; i++)
        at = strstr(at, seeds[i]);
    cr_expect_not_null(at, "runs stand by rising seed");
    free(x);
    free(y);
    free(one);
    free(other);
    free(a);
    free(b);
    free(c);
}

Test(sim_report_load, different_scenarios_and_a_seed_twice_are_refused)
{
    static const char *const sets[] = { "epoch_ms=3000" };
    char *a = run_into("a", NULL, 0, 1), *b = run_into("b", sets, 1, 2),
         *c = run_into("c", NULL, 0, 1);
    char *out = strdup(folder_at(&folder, "out.html"));
    cr_redirect_stderr();
    cr_expect_eq(command((const char *[]){ "report", a, b, "--out", out }, 5),
                 ASSAY_SIM_EXIT_USAGE);
    cr_expect_eq(command((const char *[]){ "report", a, c, "--out", out }, 5),
                 ASSAY_SIM_EXIT_USAGE);
    cr_expect_eq(command((const char *[]){ "report", a, folder.path, "--out", out }, 5),
                 ASSAY_SIM_EXIT_USAGE);
    cr_expect_neq(access(out, F_OK), 0, "nothing is written");
    FILE *said = cr_get_redirected_stderr();
    char text[4096];
    const size_t len = fread(text, 1, sizeof text - 1, said);
    text[len] = '\0';
    cr_expect_not_null(strstr(text, "\"epoch_ms: 2000\" and \"epoch_ms: 3000\""), "%s", text);
    cr_expect_not_null(strstr(text, "the same run, of seed 1"), "%s", text);
    free(out);
    free(a);
    free(b);
    free(c);
}

Test(sim_report_load, usage_and_a_page_that_cannot_be_written_have_their_status)
{
    char *dir = run_into("run", NULL, 0, 1);
    cr_redirect_stdout();
    cr_redirect_stderr();
    cr_expect_eq(command((const char *[]){ "report" }, 1), ASSAY_SIM_EXIT_USAGE);
    cr_expect_eq(command((const char *[]){ "report", "--what", dir }, 3), ASSAY_SIM_EXIT_USAGE);
    cr_expect_eq(command((const char *[]){ "report", "--help" }, 2), ASSAY_SIM_EXIT_OK);
    cr_expect_eq(command((const char *[]){ "report", dir, "--out", "/nowhere/x.html" }, 4),
                 ASSAY_SIM_EXIT_FAILED);
    free(dir);
}
