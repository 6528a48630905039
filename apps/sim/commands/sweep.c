/*
 * apps/sim/commands/sweep.c - `assay-sim sweep` and `assay-sim merge`: grids of parameters.
 */
#include "apps/sim/commands/sweep.h"

#include "apps/sim/commands/command.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/files.h"
#include "apps/sim/report/number.h"
#include "apps/sim/sweep/report_sweep.h"
#include "base/file/file.h"
#include "sim/library/library.h"
#include "sim/yaml/read.h"
#include "sim/yaml/sweep.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char sweep_usage[] =
    "usage: assay-sim sweep SWEEP --out DIR [--shard I/N] [--threads N] [--quiet] [--json]\n"
    "       assay-sim sweep SWEEP --plan [--json]\n"
    "\n"
    "Run a scenario at every point of a grid, with several seeds each: a YAML file\n"
    "(docs/simulator.md 8), or one of the sweeps that `assay-sim list` names.\n"
    "\n"
    "--out DIR      append a row for each run to DIR/points.csv; runs in it are not repeated\n"
    "--shard I/N    run only the I-th of N shards (from 1): every N-th run; `assay-sim merge` "
    "merges\n"
    "               them\n"
    "--threads N    threads (as many as processors); never changes the result\n"
    "--plan         check everything, print the points and run nothing\n"
    "\n"
    "Without --shard DIR also gets sweep.csv, summary.csv and sweep.html, as after a merge.\n"
    "\n"
    "examples:\n"
    "  assay-sim sweep badmouthing --plan\n"
    "  assay-sim sweep badmouthing --out part-1 --shard 1/4\n"
    "exit status: 0 done, 1 a checker found something (or the disk is full), 2 usage, 130 stopped\n"
    "             before the end: the same command continues\n";

static const char merge_usage[] =
    "usage: assay-sim merge DIR... --out DIR [--json]\n"
    "\n"
    "Merge the shards of one sweep: sweep.csv (every run), summary.csv (every point), sweep.html\n"
    "(figures, and the closed forms). Refuse shards of different sweeps or programs, duplicate "
    "runs,\n"
    "and missing runs.\n"
    "\n"
    "examples:\n"
    "  assay-sim merge part-1 part-2 part-3 part-4 --out whole\n"
    "exit status: 0 joined, 1 the disk is full, 2 refused\n";

enum option_code {
    OPTION_OUT = 1,
    OPTION_SHARD,
    OPTION_THREADS,
    OPTION_PLAN,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_HELP,
};

static const struct option sweep_options[] = {
    { "out", required_argument, NULL, OPTION_OUT },
    { "shard", required_argument, NULL, OPTION_SHARD },
    { "threads", required_argument, NULL, OPTION_THREADS },
    { "plan", no_argument, NULL, OPTION_PLAN },
    { "quiet", no_argument, NULL, OPTION_QUIET },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};
static const struct option merge_options[] = {
    { "out", required_argument, NULL, OPTION_OUT },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

struct arguments {
    const char *file, *out;
    uint64_t shard[2], threads;
    bool has_shard, plan, quiet, json, help;
};

static const char *parse_option(void *context, int code)
{
    struct arguments *const a = context;
    switch (code) {
    case OPTION_OUT: a->out = optarg; return NULL;
    case OPTION_SHARD:
        a->has_shard = true;
        return sim_parse_pair(optarg, "/", false, 1, ASSAY_SIM_SHARDS_MAX, a->shard) &&
                       a->shard[0] <= a->shard[1]
                   ? NULL
                   : "--shard: expected I/N, from 1/N to N/N";
    case OPTION_THREADS:
        return sim_expect_number(optarg, 1, 256, &a->threads, "--threads: expected 1 .. 256");
    case OPTION_PLAN: a->plan = true; return NULL;
    case OPTION_QUIET: a->quiet = true; return NULL;
    case OPTION_JSON: a->json = true; return NULL;
    case OPTION_HELP: a->help = true; return NULL;
    default: return "see --help";
    }
}

static int refuse_status(bool json, enum assay_status status, const char *command,
                         const char *message)
{
    const bool host = assay_status_class(status) == ASSAY_CLASS_HOST && status != ASSAY_E_VERSION;
    return sim_print_error(json, host ? ASSAY_SIM_EXIT_FAILED : ASSAY_SIM_EXIT_USAGE,
                           host ? "internal" : "usage", "%s: %s", command, message);
}

/* --- loading */
/* A path in a sweep file is relative to the folder of that file. */
static void resolve_path(const char *file, const char *name, char path[PATH_MAX])
{
    const char *const stroke = strrchr(file, '/');
    if (stroke == NULL || name[0] == '/' || !sim_is_path(name))
        (void)snprintf(path, PATH_MAX, "%s", name);
    else (void)snprintf(path, PATH_MAX, "%.*s/%s", (int)(stroke - file), file, name);
}

static enum assay_status load_base(const char *file, const struct assay_sweep *sweep,
                                   struct assay_scenario *base, char *message)
{
    char path[PATH_MAX];
    if (sweep->inline_text != NULL)
        return assay_scenario_parse_yaml((const uint8_t *)sweep->inline_text,
                                         strlen(sweep->inline_text), "inline", base, message);
    resolve_path(file, sweep->scenario, path);
    const struct assay_sim_source source = { .name = path };
    return sim_source_load(&source, base, message);
}

static enum assay_status read_file(const char *file, struct assay_sweep *sweep, char *message)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    /* An unusable file is a usage error, also where the system reports the reason. */
    if (sim_input_read(file, ASSAY_SWEEP_YAML_MAX, &bytes, &len, message) != ASSAY_OK)
        return ASSAY_E_INVALID;
    const enum assay_status status = assay_sweep_parse_yaml(bytes, len, file, sweep, message);
    free(bytes);
    return status;
}

static enum assay_status read_sweep(const char *name, struct assay_sweep *sweep, char *message)
{
    const char *hint = NULL;
    const struct assay_sim_library_file *const file = assay_sim_library_sweep_find(name, &hint);
    if (sim_is_path(name) || (file == NULL && access(name, R_OK) == 0))
        return read_file(name, sweep, message);
    if (file != NULL)
        return assay_sweep_parse_yaml(file->text.bytes, file->text.len, name, sweep, message);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "there is no file and no library sweep \"%.100s\"%s%s%s; `assay-sim list` lists "
                   "them",
                   name, hint != NULL ? "; is \"" : "", hint != NULL ? hint : "",
                   hint != NULL ? "\" meant?" : "");
    return ASSAY_E_INVALID;
}

static enum assay_status load_sweep(const char *name, struct assay_sweep *sweep, char *message)
{
    struct assay_scenario base;
    ASSAY_TRY(read_sweep(name, sweep, message));
    ASSAY_TRY(load_base(name, sweep, &base, message));
    return assay_sweep_prepare(sweep, &base, message);
}

/* --- sweep */
static void print_plan(const struct assay_sweep *sweep)
{
    (void)printf("%s: %llu points, %u seeds each, %llu runs\n", sweep->name,
                 (unsigned long long)assay_sweep_points(sweep), (unsigned)sweep->repeats,
                 (unsigned long long)assay_sweep_runs(sweep));
    for (uint64_t point = 0; point < assay_sweep_points(sweep); point++) {
        (void)printf("%6llu ", (unsigned long long)point);
        for (uint32_t axis = 0; axis < sweep->axis_count; axis++)
            (void)printf(" %s=%s", sweep->axes[axis].name,
                         sweep->axes[axis].values[assay_sweep_value_of(sweep, point, axis)].name);
        (void)printf("\n");
    }
}

static int report_sweep(const struct arguments *a, const struct assay_sweep *sweep,
                        const struct assay_sim_sweeping *s)
{
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "name", sweep->name);
    assay_json_set_hex(data, "digest", sweep->digest, sizeof sweep->digest);
    assay_json_set_uint(data, "points", assay_sweep_points(sweep));
    assay_json_set_uint(data, "runs", assay_sweep_runs(sweep));
    if (!a->plan) {
        assay_json_set_uint(data, "shard", s->shard);
        assay_json_set_uint(data, "shards", s->shards);
        assay_json_set_uint(data, "of_shard", s->total);
        assay_json_set_uint(data, "done", s->done);
        assay_json_set_uint(data, "violated", s->violated);
    }
    return sim_print_envelope("assay.sim.sweep", data);
}

static int finish_sweep(const struct arguments *a)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_merged merged;
    enum assay_status status = sim_merge(&a->out, 1, &merged, message);
    if (status == ASSAY_OK) status = sim_merged_write(&merged, a->out, message);
    if (status == ASSAY_OK) status = sim_report_sweep_write(&merged, a->out, a->out, message);
    sim_merged_free(&merged);
    if (status == ASSAY_OK) return ASSAY_SIM_EXIT_OK;
    const size_t used = strlen(message);
    (void)snprintf(message + used, sizeof message - used,
                   "; no run is lost: the same command writes what is missing");
    return refuse_status(a->json, status, "sweep", message);
}

static int run_shard(const struct arguments *a, const struct assay_sweep *sweep)
{
    char message[ASSAY_SIM_MESSAGE_MAX] = "out of memory";
    struct assay_sim_sweeping s = { .sweep = sweep,
                                    .shard = a->has_shard ? (uint32_t)a->shard[0] : 1,
                                    .shards = a->has_shard ? (uint32_t)a->shard[1] : 1,
                                    .threads = (uint32_t)a->threads,
                                    .out_dir = a->out,
                                    .quiet = a->quiet,
                                    .run = assay_sim_run };
    if (!a->plan) {
        s.stop = sim_progress_catch_signals();
        enum assay_status status = sim_sweep_run(&s, message);
        if (status == ASSAY_OK) status = sim_sweep_laws_write(sweep, a->out, message);
        if (status != ASSAY_OK) return refuse_status(a->json, status, "sweep", message);
    }
    const bool whole = !a->plan && s.shards == 1 && s.done == s.total;
    if (whole && finish_sweep(a) != ASSAY_SIM_EXIT_OK) return ASSAY_SIM_EXIT_FAILED;
    if (a->json) {
        if (report_sweep(a, sweep, &s) != ASSAY_SIM_EXIT_OK) return ASSAY_SIM_EXIT_FAILED;
    } else if (a->plan) {
        print_plan(sweep);
    } else {
        (void)printf("%s: shard %u/%u: %llu of %llu runs in %s, %llu with a violation\n",
                     sweep->name, (unsigned)s.shard, (unsigned)s.shards, (unsigned long long)s.done,
                     (unsigned long long)s.total, a->out, (unsigned long long)s.violated);
        if (s.done < s.total) (void)printf("stopped: the same command continues\n");
    }
    if (fflush(stdout) != 0) return ASSAY_SIM_EXIT_FAILED;
    if (!a->plan && s.done < s.total) return ASSAY_SIM_EXIT_STOPPED;
    return s.violated > 0 ? ASSAY_SIM_EXIT_FAILED : ASSAY_SIM_EXIT_OK;
}

int sim_command_sweep(int argc, char **argv)
{
    struct arguments a = { 0 };
    char message[ASSAY_SIM_MESSAGE_MAX];
    const int wrong = sim_walk_options(argc, argv, sweep_options, parse_option, &a);
    if (wrong != ASSAY_SIM_EXIT_OK) return wrong;
    if (a.help) {
        (void)fputs(sweep_usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (argc - optind != 1 || (a.out == NULL) != a.plan)
        return sim_print_misuse(argc, argv, NULL,
                                "expected one SWEEP and either --out DIR or --plan");
    a.file = argv[optind];
    struct assay_sweep *const sweep = calloc(1, sizeof *sweep);
    if (sweep == NULL)
        return sim_print_error(a.json, ASSAY_SIM_EXIT_FAILED, "internal", "sweep: out of memory");
    const enum assay_status status = load_sweep(a.file, sweep, message);
    const int result =
        status == ASSAY_OK ? run_shard(&a, sweep) : refuse_status(a.json, status, "sweep", message);
    assay_sweep_free(sweep);
    free(sweep);
    return result;
}

/* --- merge */
static int report_merged(const struct arguments *a, const struct assay_sim_merged *merged,
                         uint32_t shards)
{
    if (!a->json) {
        sim_put_plain(stdout, merged->note.name); /* the name is from a file */
        (void)printf(": %llu runs from %u folders in %s\n", (unsigned long long)merged->note.runs,
                     (unsigned)shards, a->out);
        return fflush(stdout) == 0 ? ASSAY_SIM_EXIT_OK : ASSAY_SIM_EXIT_FAILED;
    }
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "name", merged->note.name);
    assay_json_set_text(data, "digest", merged->note.digest);
    assay_json_set_uint(data, "runs", merged->note.runs);
    assay_json_set_uint(data, "folders", shards);
    assay_json_set_text(data, "out", a->out);
    return sim_print_envelope("assay.sim.merge", data);
}

int sim_command_merge(int argc, char **argv)
{
    struct arguments a = { 0 };
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_merged merged;
    const int wrong = sim_walk_options(argc, argv, merge_options, parse_option, &a);
    if (wrong != ASSAY_SIM_EXIT_OK) return wrong;
    if (a.help) {
        (void)fputs(merge_usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (optind >= argc || a.out == NULL)
        return sim_print_misuse(argc, argv, NULL, "expected DIR... and --out DIR");
    const uint32_t count = (uint32_t)(argc - optind);
    enum assay_status status =
        sim_merge((const char *const *)(argv + optind), count, &merged, message);
    if (status == ASSAY_OK) status = sim_merged_write(&merged, a.out, message);
    if (status == ASSAY_OK) status = sim_report_sweep_write(&merged, argv[optind], a.out, message);
    const int result = status == ASSAY_OK ? report_merged(&a, &merged, count)
                                          : refuse_status(a.json, status, "merge", message);
    sim_merged_free(&merged);
    return result;
}
