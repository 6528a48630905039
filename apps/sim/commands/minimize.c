/*
 * apps/sim/commands/minimize.c - `assay-sim minimize`: the smallest scenario that still fails.
 */
#include "apps/sim/commands/minimize.h"

#include "apps/sim/commands/command.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/files.h"
#include "apps/sim/report/number.h"
#include "base/file/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay-sim minimize SCENARIO [--seed S] [--set KEY=VALUE]... [options]\n"
    "       assay-sim minimize --swarm S [--nodes A..B] [--set KEY=VALUE]... [options]\n"
    "\n"
    "Shrink a scenario whose run breaks a checker or an assertion: fewer adversaries, partitions,\n"
    "crashes, cohorts, nodes and epochs, then smaller numbers, as long as the failure is the "
    "same.\n"
    "A candidate with fewer guarantees of the protocol than the original does not count.\n"
    "\n"
    "--out FILE     write the smallest scenario there (otherwise to stdout)\n"
    "--tries N      run N candidates at most (2000)\n"
    "--seeds K      try each candidate with K seeds, its own first (1)\n"
    "--quiet        print no line for each step\n"
    "--json         print the result as JSON; needs --out\n"
    "\n"
    "examples:\n"
    "  assay-sim minimize failing.yaml --out small.yaml\n"
    "  assay-sim minimize --swarm 4711 --out small.yaml\n"
    "exit status: 0 shrunk, 1 the scenario does not fail (or the disk is full), 2 usage, 130\n"
    "             stopped: the smallest so far is written\n";

enum option_code {
    OPTION_SWARM = 1,
    OPTION_NODES,
    OPTION_SEED,
    OPTION_SET,
    OPTION_OUT,
    OPTION_TRIES,
    OPTION_SEEDS,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_HELP,
};

static const struct option long_options[] = {
    { "swarm", required_argument, NULL, OPTION_SWARM },
    { "nodes", required_argument, NULL, OPTION_NODES },
    { "seed", required_argument, NULL, OPTION_SEED },
    { "set", required_argument, NULL, OPTION_SET },
    { "out", required_argument, NULL, OPTION_OUT },
    { "tries", required_argument, NULL, OPTION_TRIES },
    { "seeds", required_argument, NULL, OPTION_SEEDS },
    { "quiet", no_argument, NULL, OPTION_QUIET },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

struct arguments {
    struct assay_sim_source source;
    struct assay_sim_swarm_sizes sizes;
    bool from_swarm, has_nodes, json, quiet, help;
    uint64_t swarm_seed, tries, seeds;
    const char *out;
};

static const char *parse_option(void *context, int code)
{
    struct arguments *const a = context;
    switch (code) {
    case OPTION_SWARM:
        a->from_swarm = true;
        return sim_expect_number(optarg, 0, UINT64_MAX, &a->swarm_seed,
                                 "--swarm: expected a seed, 0 .. 18446744073709551615");
    case OPTION_NODES: a->has_nodes = true; return sim_swarm_parse_sizes(optarg, &a->sizes);
    case OPTION_SEED:
        if (sim_source_seed(&a->source, optarg)) return NULL;
        return "--seed: expected " ASSAY_SIM_SEED_EXPECTED;
    case OPTION_SET:
        if (sim_source_set(&a->source, optarg)) return NULL;
        return "--set: expected " ASSAY_SIM_SETS_EXPECTED;
    case OPTION_OUT: a->out = optarg; return NULL;
    case OPTION_TRIES:
        return sim_expect_number(optarg, 1, UINT64_MAX, &a->tries,
                                 "--tries: expected a number from 1");
    case OPTION_SEEDS:
        return sim_expect_number(optarg, 1, 1000000, &a->seeds, "--seeds: expected 1 .. 1000000");
    case OPTION_QUIET: a->quiet = true; return NULL;
    case OPTION_JSON: a->json = true; return NULL;
    case OPTION_HELP: a->help = true; return NULL;
    default: return "see assay-sim minimize --help";
    }
}

/* Conflicting options. Returns: NULL: none. */
static const char *find_conflict(const struct arguments *a, int scenarios)
{
    if (scenarios != (a->from_swarm ? 0 : 1)) return "expected one SCENARIO, or --swarm S";
    if (a->from_swarm && a->source.has_seed) return "--seed: expected with a SCENARIO alone";
    if (a->has_nodes && !a->from_swarm) return "--nodes: expected with --swarm S alone";
    if (a->json && a->out == NULL)
        return "--json needs --out FILE: stdout holds the one or the other";
    return NULL;
}

/* Returns: an exit status; OK: continue. */
static int parse_arguments(struct arguments *a, int argc, char **argv)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    const int misuse = sim_walk_options(argc, argv, long_options, parse_option, a);
    if (misuse != ASSAY_SIM_EXIT_OK || a->help) return misuse;
    const char *const wrong = find_conflict(a, argc - optind);
    if (wrong != NULL) return sim_print_misuse(argc, argv, NULL, "%s", wrong);
    if (a->out != NULL && sim_output_file(a->out, message) != ASSAY_OK)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_USAGE, "io", "minimize: --out: %s", message);
    if (!a->from_swarm) a->source.name = argv[optind];
    return ASSAY_SIM_EXIT_OK;
}

static enum assay_status load_scenario(const struct arguments *a, struct assay_scenario *scenario,
                                       char *message)
{
    if (!a->from_swarm) return sim_source_load(&a->source, scenario, message);
    struct assay_sim_swarm swarm = { .sizes = a->sizes };
    for (size_t i = 0; i < a->source.set_count; i++)
        swarm.sets[swarm.set_count++] = a->source.sets[i];
    return sim_swarm_scenario(&swarm, a->swarm_seed, scenario, message);
}

/* --- output */
static int write_text(const struct arguments *a, struct assay_slice text)
{
    if (a->out == NULL) {
        const bool ok = fwrite(text.bytes, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
        return ok ? ASSAY_SIM_EXIT_OK : ASSAY_SIM_EXIT_FAILED;
    }
    const enum assay_status status = assay_file_replace(a->out, ASSAY_FILE_PUBLIC, text);
    if (status == ASSAY_OK) return ASSAY_SIM_EXIT_OK;
    const int why = errno;
    /* It may have taken hours: if the file is not writable, the result is printed. */
    (void)fwrite(text.bytes, 1, text.len, a->json ? stderr : stdout);
    return sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal", "minimize: %s: %s (%s)",
                           a->out, assay_status_text(status), strerror(why));
}

static int write_scenario(const struct arguments *a, const struct assay_scenario *scenario)
{
    struct assay_slice text = { 0 };
    uint8_t *const memory = malloc(ASSAY_SIM_YAML_MAX);
    if (memory == NULL)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal",
                               "minimize: out of memory");
    struct assay_writer w = assay_writer_over(memory, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(scenario, &w);
    const bool fits = assay_writer_finish(&w, &text) == ASSAY_OK;
    const int result = fits ? write_text(a, text) : ASSAY_SIM_EXIT_FAILED;
    free(memory);
    return result;
}

static int print_json(const struct arguments *a, const struct assay_scenario *scenario,
                      const struct assay_sim_shrinking *s, const char *line)
{
    struct assay_json *const data = assay_json_object();
    assay_json_set_text(data, "what", s->breach.what);
    assay_json_set_uint(data, "epoch", s->breach.epoch);
    assay_json_set_text(data, "message", s->breach.message);
    assay_json_set_uint(data, "tried", s->tried);
    assay_json_set_uint(data, "size_before", s->size_before);
    assay_json_set_uint(data, "size_after", s->size_after);
    assay_json_set_uint(data, "seed", scenario->seed);
    assay_json_set_text(data, "file", a->out);
    assay_json_set_text(data, "reproduce", line);
    assay_json_set_bool(data, "interrupted", *s->stop != 0);
    return sim_print_envelope("assay.sim.minimize", data);
}

static int print_outcome(const struct arguments *a, const struct assay_scenario *scenario,
                         const struct assay_sim_shrinking *s)
{
    const struct assay_sim_source source = { .name = a->out == NULL ? "FILE" : a->out };
    const int written = write_scenario(a, scenario);
    if (written != ASSAY_SIM_EXIT_OK) return written;
    char *const line = sim_source_line(&source, scenario->seed);
    if (line == NULL)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal",
                               "minimize: out of memory");
    int result = ASSAY_SIM_EXIT_OK;
    if (a->json) {
        result = print_json(a, scenario, s, line);
    } else {
        (void)fprintf(stderr, "%s in epoch %llu: %s\n", s->breach.what,
                      (unsigned long long)s->breach.epoch, s->breach.message);
        (void)fprintf(stderr, "size %u of %u after %llu runs%s\nreproduce: %s\n",
                      (unsigned)s->size_after, (unsigned)s->size_before,
                      (unsigned long long)s->tried,
                      *s->stop != 0 ? ", stopped: it may become smaller still" : "", line);
    }
    free(line);
    return result == ASSAY_SIM_EXIT_OK && *s->stop != 0 ? ASSAY_SIM_EXIT_STOPPED : result;
}

int sim_command_minimize(int argc, char **argv)
{
    struct arguments a = { .seeds = 1 };
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    const int wrong = parse_arguments(&a, argc, argv);
    if (wrong != ASSAY_SIM_EXIT_OK) return wrong;
    if (a.help) {
        (void)fputs(usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (load_scenario(&a, &scenario, message) != ASSAY_OK)
        return sim_print_error(a.json, ASSAY_SIM_EXIT_USAGE, "usage", "minimize: %s", message);
    struct assay_sim_shrinking shrinking = { .run = assay_sim_run,
                                             .tries_max = a.tries,
                                             .seeds = (uint32_t)a.seeds,
                                             .out = a.quiet ? NULL : stderr };
    shrinking.stop = sim_progress_catch_signals();
    if (!sim_shrink(&shrinking, &scenario))
        return sim_print_error(a.json, ASSAY_SIM_EXIT_FAILED, "failed",
                               "minimize: this scenario does not fail: no checker and no "
                               "assertion is broken");
    return print_outcome(&a, &scenario, &shrinking);
}
