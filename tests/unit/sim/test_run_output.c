/*
 * tests/unit/sim/test_run_output.c - the files of a run hold what its outcome holds, whole or not
 * at all.
 */
#include "apps/sim/report/files.h"
#include "apps/sim/report/output.h"
#include "base/file/file.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct assay_scenario scenario;
static struct assay_sim_outcome outcome;
static struct assay_sim_result result;

static void make(void)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    static const char *const sets[] = { "name=two", "cohorts[1].name=ring", "cohorts[ring].count=2",
                                        "assertions[0]=score_min_bp honest >= 9000",
                                        "assertions[1]=messages < 100" };
    scenario = assay_scenario_default();
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        cr_assert_eq(assay_scenario_set(&scenario, sets[i], message), ASSAY_OK, "%s", message);
    assay_sim_outcome_init(&outcome);
    outcome.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    outcome.seed = UINT64_MAX;
    outcome.figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][0] = 9500;
    outcome.figures[ASSAY_SIM_FIGURE_SCORE_MIN_BP][1] = 4218;
    outcome.figures[ASSAY_SIM_FIGURE_MESSAGES][0] = 99;
    outcome.cohort_members[0] = 5;
    outcome.cohort_members[1] = 2;
    for (uint64_t e = 1; e <= 3; e++) {
        struct assay_sim_row *row = assay_sim_outcome_row(&outcome);
        row->epoch = e;
        row->at_ms = 2000 * e;
        row->certified = e != 2;
        row->root[0] = (uint8_t)(16 * e);
        row->cohorts[1].score_mean_bp = (uint16_t)(1000 * e);
    }
    assay_sim_report_check(&outcome, ASSAY_SIM_CHECKER_P3, 1, NULL);
    result = (struct assay_sim_result){ .scenario = &scenario,
                                        .outcome = &outcome,
                                        .reproduce = "assay-sim run two" };
}

static void unmake(void)
{
    assay_sim_outcome_free(&outcome);
}

TestSuite(sim_run_output, .init = make, .fini = unmake);

Test(sim_run_output, epochs_have_a_row_for_each_cohort_and_as_many_fields_as_the_head)
{
    char *text = sim_csv_epochs(&result);
    size_t lines = 0, fields = 0, first = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ',') fields++;
        if (*c != '\n') continue;
        if (lines == 0) first = fields;
        cr_expect_eq(fields, first, "line %zu", lines);
        lines++;
        fields = 0;
    }
    cr_expect_eq(lines, 1 + 3 * 2);
    cr_expect_eq(first + 1, 26);
    cr_expect_not_null(strstr(text, "\n2,4000,0,honest,"));
    cr_expect_not_null(strstr(text, "\n3,6000,1,ring,0,3000,"));
    free(text);
}

Test(sim_run_output, roots_have_a_row_for_each_epoch)
{
    char *text = sim_csv_roots(&result);
    cr_expect_eq(strncmp(text, "epoch,certified,root\n1,1,1000", 29), 0, "%s", text);
    cr_expect_not_null(strstr(text, "\n2,0,2000"));
    free(text);
}

Test(sim_run_output, the_summary_tells_what_happened_and_what_never_did)
{
    struct assay_json *data = sim_summary(&result);
    cr_expect(assay_json_bool(data, "passed", false));
    cr_expect_str_eq(assay_json_text(data, "seed", ""), "18446744073709551615");
    cr_expect_str_eq(assay_json_text(data, "fidelity", ""), "epoch");
    cr_expect_str_eq(assay_json_text(data, "evidence", ""), "modelled");
    const struct assay_json *figures = assay_json_get(data, "figures");
    cr_expect_eq(assay_json_uint(figures, "messages", 0), 99);
    cr_expect_eq(assay_json_uint(assay_json_get(figures, "score_min_bp"), "ring", 0), 4218);
    int64_t value = 0;
    cr_expect_not(assay_json_as_int(assay_json_get(figures, "progress_epochs"), &value));
    const struct assay_json *checks = assay_json_get(data, "checks");
    cr_assert_eq(assay_json_count(checks), ASSAY_SIM_CHECKER_COUNT);
    cr_expect_str_eq(assay_json_text(assay_json_at(checks, ASSAY_SIM_CHECKER_P3), "verdict", ""),
                     "held");
    cr_expect_str_eq(assay_json_text(assay_json_at(checks, ASSAY_SIM_CHECKER_P4), "verdict", ""),
                     "not applied");
    const struct assay_json *first = assay_json_at(assay_json_get(data, "assertions"), 0);
    cr_expect_eq(assay_json_uint(first, "actual", 0), 9500);
    assay_json_free(&data);
}

Test(sim_run_output, an_assertion_a_checker_and_an_interruption_each_fail_the_run)
{
    cr_expect(sim_result_passed(&result));
    result.interrupted = true;
    cr_expect_not(sim_result_passed(&result));
    result.interrupted = false;
    outcome.figures[ASSAY_SIM_FIGURE_MESSAGES][0] = 100;
    cr_expect_not(sim_result_passed(&result));
    outcome.figures[ASSAY_SIM_FIGURE_MESSAGES][0] = 99;
    cr_expect(sim_result_passed(&result));
    assay_sim_report_check(&outcome, ASSAY_SIM_CHECKER_P1, 2, "slot %d", 3);
    cr_expect_not(sim_result_passed(&result));
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    sim_print_failures(&result, out);
    (void)fclose(out);
    cr_expect_str_eq(text, "checker P1 violated 1 times, first in epoch 2: slot 3\n");
    free(text);
}

Test(sim_run_output, a_folder_holds_all_files_and_none_of_their_drafts)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    const struct folder f = folder_make();
    char dir[128];
    (void)snprintf(dir, sizeof dir, "%s", folder_at(&f, "out"));
    cr_assert_eq(sim_output_folder(dir, message), ASSAY_OK, "%s", message);
    cr_assert_eq(sim_output_folder(dir, message), ASSAY_OK, "one that is there is fine");
    for (int again = 0; again < 2; again++)
        cr_assert_eq(sim_output_write(dir, &result, message), ASSAY_OK, "%s", message);
    static const char *const names[] = { "epochs.csv", "roots.csv", "summary.json",
                                         "scenario.yaml" };
    for (size_t i = 0; i < 4; i++) {
        char path[256];
        struct stat info;
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        cr_expect_eq(stat(path, &info), 0, "%s", path);
        cr_expect_gt(info.st_size, 50, "%s", path);
        (void)snprintf(path, sizeof path, "%s/.%s.new", dir, names[i]);
        cr_expect_neq(stat(path, &info), 0, "%s", path);
    }
    folder_remove(&f);
}

Test(sim_run_output, a_file_in_place_of_the_folder_is_an_error_that_says_so)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    const struct folder f = folder_make();
    const char *path = folder_put(&f, "out", "x", 1, 0644);
    cr_expect_eq(sim_output_folder(path, message), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "Not a directory"), "%s", message);
    folder_remove(&f);
}

Test(sim_run_output, a_full_disk_is_an_error_that_says_so_and_leaves_no_half_file)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "", path[160];
    const struct folder f = folder_make();
    const struct rlimit limit = { 100, 100 }; /* as if 100 bytes were left */
    (void)folder_put(&f, "summary.json", "{}", 2, 0644);
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    cr_expect_eq(sim_output_write(f.path, &result, message), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "epochs.csv: File too large"), "%s", message);
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/epochs.csv", f.path);
    cr_expect_neq(stat(path, &info), 0);
    (void)snprintf(path, sizeof path, "%s/summary.json", f.path);
    cr_expect_neq(stat(path, &info), 0, "that of an earlier run is gone, too");
    folder_remove(&f);
}
