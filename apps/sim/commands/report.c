/*
 * apps/sim/commands/report.c - `assay-sim report`: the page of finished runs.
 */
#include "apps/sim/commands/command.h"
#include "apps/sim/report/files.h"
#include "apps/sim/report/report.h"
#include "apps/sim/report/report_load.h"
#include "base/assert.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay-sim report DIR... [--out FILE] [--data] [--json]\n"
    "\n"
    "Make the page of runs from the files of `assay-sim run --out DIR` (scenario.yaml, "
    "summary.json,\n"
    "epochs.csv, roots.csv).\n"
    "\n"
    "One DIR: the page that the run wrote, byte for byte. Several, of one scenario with different\n"
    "seeds: one page with the median of the runs and a band, from 5 to 95 % of 20 runs or more,\n"
    "from the lowest to the highest of fewer. The order of the folders does not matter.\n"
    "\n"
    "  --out FILE  default: report.html, in DIR when there is one, otherwise here\n"
    "  --data      write the document of the page alone (schema assay.sim.page), by default\n"
    "              report.json: for programs\n"
    "  --json      print an envelope of schema assay.sim.report\n"
    "\n"
    "examples:\n"
    "  assay-sim report out\n"
    "  assay-sim report seed-1 seed-2 seed-3 --out band.html\n"
    "exit status: 0 written; 1 the page could not be written; 2 usage, or folders that cannot be\n"
    "             used: files that are missing or torn, different scenarios, a seed twice\n";

struct folder {
    const char *dir;
    struct assay_sim_loaded *loaded; /* of calloc */
};

struct report {
    const char *out;
    bool data, json, help;
    size_t count;
    struct folder *folders; /* [count] */
};

/* --- consistency of the folders */

/* By rising seed. */
static int compare_seeds(const void *a, const void *b)
{
    const struct folder *const x = a, *const y = b;
    const uint64_t one = x->loaded->outcome.seed, other = y->loaded->outcome.seed;
    return one != other ? (one > other) - (one < other) : strcmp(x->dir, y->dir);
}

/* Out: text of malloc, a line for each key, without the seed. */
static char *text_of(const struct assay_scenario *scenario)
{
    struct assay_scenario copy = *scenario;
    struct assay_slice text;
    copy.seed = 0;
    char *const bytes = calloc(1, ASSAY_SIM_YAML_MAX + 1);
    if (bytes == NULL) return NULL;
    struct assay_writer w = assay_writer_over((uint8_t *)bytes, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(&copy, &w);
    if (assay_writer_finish(&w, &text) == ASSAY_OK) return bytes;
    free(bytes);
    return NULL;
}

/* For a message: length of the rest of a line, limited. */
static int line_len(const char *text)
{
    const size_t len = strcspn(text, "\n");
    return len < 80 ? (int)len : 80;
}

static enum assay_status compare_scenarios(const char *one, const char *a, const char *other,
                                           const char *b, char *message)
{
    if (a == NULL || b == NULL) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "no memory");
        return ASSAY_E_MEMORY;
    }
    if (strcmp(a, b) == 0) return ASSAY_OK;
    size_t line = 0;
    for (size_t i = 0; a[i] == b[i]; i++)
        if (a[i] == '\n') line = i + 1;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "%.100s and %.100s are runs of different scenarios: \"%.*s\" and \"%.*s\"; "
                   "expected one scenario with different seeds",
                   one, other, line_len(a + line), a + line, line_len(b + line), b + line);
    return ASSAY_E_INVALID;
}

static enum assay_status check_folders(const struct report *r, char *message)
{
    char *const first = text_of(&r->folders[0].loaded->scenario);
    enum assay_status status = ASSAY_OK;
    for (size_t i = 1; i < r->count && status == ASSAY_OK; i++) {
        char *const text = text_of(&r->folders[i].loaded->scenario);
        status = compare_scenarios(r->folders[0].dir, first, r->folders[i].dir, text, message);
        free(text);
        if (status != ASSAY_OK ||
            r->folders[i].loaded->outcome.seed != r->folders[i - 1].loaded->outcome.seed)
            continue;
        (void)snprintf(
            message, ASSAY_SIM_MESSAGE_MAX,
            "%.150s and %.150s are the same run, of seed %" PRIu64 "; expected different seeds",
            r->folders[i - 1].dir, r->folders[i].dir, r->folders[i].loaded->outcome.seed);
        status = ASSAY_E_DUPLICATE;
    }
    free(first);
    return status;
}

static enum assay_status load_folders(struct report *r, char *message)
{
    for (size_t i = 0; i < r->count; i++)
        ASSAY_TRY(sim_load(r->folders[i].dir, r->folders[i].loaded, message));
    qsort(r->folders, r->count, sizeof *r->folders, compare_seeds);
    return check_folders(r, message);
}

/* --- the page */

static enum assay_status make_page(const struct report *r, char **text)
{
    struct assay_sim_result *const results = calloc(r->count, sizeof *results);
    if (results == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < r->count; i++)
        results[i] = sim_loaded_result(r->folders[i].loaded);
    const enum assay_status status =
        r->data ? sim_document_text("runs", sim_report_data(results, r->count), text)
                : sim_report_text(results, r->count, text);
    free(results);
    return status;
}

static int report_written(const struct report *r, const char *path)
{
    const char *const name = r->folders[0].loaded->scenario.name;
    if (!r->json) {
        (void)printf("%s: %zu run%s in %s\n", name, r->count, r->count == 1 ? "" : "s", path);
        return fflush(stdout) == 0 ? ASSAY_SIM_EXIT_OK : ASSAY_SIM_EXIT_FAILED;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "name", name);
    assay_json_set_uint(data, "runs", r->count);
    assay_json_set_text(data, "out", path);
    return sim_print_envelope("assay.sim.report", data);
}

static int write_page(struct report *r)
{
    char message[ASSAY_SIM_MESSAGE_MAX], path[PATH_MAX];
    char *text = NULL;
    enum assay_status status = load_folders(r, message);
    if (status != ASSAY_OK)
        return sim_print_error(
            r->json, status == ASSAY_E_MEMORY ? ASSAY_SIM_EXIT_FAILED : ASSAY_SIM_EXIT_USAGE,
            "report", "report: %s", message);
    const char *const name = r->data ? "report.json" : "report.html";
    const int len = r->out != NULL ? snprintf(path, sizeof path, "%s", r->out)
                    : r->count == 1
                        ? snprintf(path, sizeof path, "%s/%s", r->folders[0].dir, name)
                        : snprintf(path, sizeof path, "%s", name);
    if (len < 0 || (size_t)len >= sizeof path)
        return sim_print_error(r->json, ASSAY_SIM_EXIT_USAGE, "report",
                               "report: --out: the path is too long");
    if (sim_output_file(path, message) != ASSAY_OK)
        return sim_print_error(r->json, ASSAY_SIM_EXIT_FAILED, "io", "report: %s", message);
    status = make_page(r, &text);
    status = sim_page_write(path, status == ASSAY_OK ? text : NULL, message);
    if (status != ASSAY_OK)
        return sim_print_error(r->json, ASSAY_SIM_EXIT_FAILED, "io", "report: %s", message);
    return report_written(r, path);
}

static int run_report(struct report *r, char *const *dirs)
{
    ASSAY_ASSERT(r->count > 0);
    r->folders = calloc(r->count, sizeof *r->folders);
    bool room = r->folders != NULL;
    for (size_t i = 0; i < r->count && room; i++) {
        r->folders[i].dir = dirs[i];
        r->folders[i].loaded = calloc(1, sizeof *r->folders[i].loaded);
        room = r->folders[i].loaded != NULL;
    }
    const int exit =
        room ? write_page(r)
             : sim_print_error(r->json, ASSAY_SIM_EXIT_FAILED, "internal", "report: no memory");
    for (size_t i = 0; r->folders != NULL && i < r->count; i++) {
        if (r->folders[i].loaded != NULL) sim_loaded_free(r->folders[i].loaded);
        free(r->folders[i].loaded);
    }
    free(r->folders);
    return exit;
}

/* --- options */

/* Returns: an exit status; OK: continue. */
static int read_options(int argc, char **argv, struct report *r)
{
    static const struct option known[] = {
        { "out", required_argument, NULL, 'o' },
        { "data", no_argument, NULL, 'd' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    optind = 0; /* main.c has read words before */
    for (int c = 0; (c = sim_next_option(argc, argv, known, NULL)) != -1;) {
        if (c == 'o') r->out = optarg;
        else if (c == 'd') r->data = true;
        else if (c == 'j') r->json = true;
        else if (c == 'h') r->help = true;
        else return sim_print_option(argc, argv, known, c);
    }
    r->count = (size_t)(argc - optind);
    if (r->help || r->count > 0) return ASSAY_SIM_EXIT_OK;
    return sim_print_misuse(argc, argv, NULL, "expected DIR..., found none");
}

int sim_command_report(int argc, char **argv)
{
    struct report r = { .out = NULL };
    const int wrong = read_options(argc, argv, &r);
    if (wrong != ASSAY_SIM_EXIT_OK) return wrong;
    if (r.help) {
        (void)fputs(usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    return run_report(&r, argv + optind);
}
