/*
 * apps/sim/minimize.c - `assay-sim minimize`: the smallest scenario that still fails.
 */
#include "apps/sim/minimize.h"

#include "apps/sim/command.h"
#include "apps/sim/number.h"
#include "apps/sim/progress.h"
#include "base/file/file.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay-sim minimize SCENARIO [--seed S] [--set KEY=VALUE]... [options]\n"
    "       assay-sim minimize --swarm S [--nodes A..B] [--set KEY=VALUE]... [options]\n"
    "\n"
    "Shrinks a scenario whose run breaks a checker or an assertion: fewer adversaries, "
    "partitions,\n"
    "crashes, cohorts, nodes and epochs, then smaller numbers, as long as the same thing fails. A\n"
    "candidate that the protocol promises less for than for the original does not count.\n"
    "\n"
    "--out FILE     write the smallest scenario there (otherwise to stdout)\n"
    "--tries N      run N candidates at most (2000)\n"
    "--seeds K      try each candidate with K seeds, its own first (1)\n"
    "--quiet        no line for each step\n"
    "--json         the result as JSON; needs --out\n"
    "\n"
    "exit status: 0 shrunk, 1 the scenario does not fail (or the disk is full), 2 usage\n";

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
    bool from_swarm, json, quiet, help;
    uint64_t swarm_seed, tries, seeds;
    const char *out;
    const char *wrong;
};

static bool take_number(struct arguments *a, const char *wrong, uint64_t min, uint64_t *out)
{
    a->wrong = wrong;
    return assay_sim_take_number(optarg, min, UINT64_MAX, out);
}

static bool take_nodes(struct arguments *a)
{
    uint64_t pair[2] = { 0 };
    a->wrong = "--nodes: expected a number of nodes from 4 to 100, or two as in 4..10";
    if (!assay_sim_take_pair(optarg, "..", true, 4, ASSAY_SIM_MESSAGE_NODES_MAX, pair))
        return false;
    a->sizes = (struct assay_sim_swarm_sizes){ (uint32_t)pair[0], (uint32_t)pair[1] };
    return pair[0] <= pair[1];
}

static bool take_option(struct arguments *a, int code)
{
    switch (code) {
    case OPTION_SWARM:
        a->from_swarm = true;
        return take_number(a, "--swarm: expected a seed", 0, &a->swarm_seed);
    case OPTION_NODES: return take_nodes(a);
    case OPTION_SEED:
        a->wrong = "--seed: expected a number";
        return assay_sim_source_seed(&a->source, optarg);
    case OPTION_SET:
        a->wrong = "--set: 64 at most";
        return assay_sim_source_set(&a->source, optarg);
    case OPTION_OUT: a->out = optarg; return true;
    case OPTION_TRIES: return take_number(a, "--tries: expected a number from 1", 1, &a->tries);
    case OPTION_SEEDS: return take_number(a, "--seeds: expected a number from 1", 1, &a->seeds);
    case OPTION_QUIET: a->quiet = true; return true;
    case OPTION_JSON: a->json = true; return true;
    case OPTION_HELP: a->help = true; return true;
    default: a->wrong = "see assay-sim minimize --help"; return false;
    }
}

static bool take_arguments(struct arguments *a, int argc, char **argv)
{
    int code = 0;
    optind = 0;
    while ((code = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!take_option(a, code)) return false;
    }
    if (a->help) return true;
    a->wrong = "expected one SCENARIO, or --swarm S; see assay-sim minimize --help";
    if (argc - optind != (a->from_swarm ? 0 : 1)) return false;
    a->wrong = "--json needs --out FILE: stdout holds the one or the other";
    if (a->json && a->out == NULL) return false;
    if (!a->from_swarm) a->source.name = argv[optind];
    return true;
}

static enum assay_status load(const struct arguments *a, struct assay_scenario *scenario,
                              char *message)
{
    if (!a->from_swarm) return assay_sim_source_load(&a->source, scenario, message);
    struct assay_sim_swarm swarm = { .sizes = a->sizes };
    for (size_t i = 0; i < a->source.set_count; i++)
        swarm.sets[swarm.set_count++] = a->source.sets[i];
    return assay_sim_swarm_scenario(&swarm, a->swarm_seed, scenario, message);
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
    /* It may have taken hours: what the file cannot take goes where somebody may see it. */
    (void)fwrite(text.bytes, 1, text.len, a->json ? stderr : stdout);
    return assay_sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal",
                                 "minimize: %s: %s (%s)", a->out, assay_status_text(status),
                                 strerror(why));
}

static int write_scenario(const struct arguments *a, const struct assay_scenario *scenario)
{
    struct assay_slice text = { 0 };
    uint8_t *const memory = malloc(ASSAY_SIM_YAML_MAX);
    if (memory == NULL)
        return assay_sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal",
                                     "minimize: out of memory");
    struct assay_writer w = assay_writer_over(memory, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(scenario, &w);
    const bool fits = assay_writer_finish(&w, &text) == ASSAY_OK;
    const int result = fits ? write_text(a, text) : ASSAY_SIM_EXIT_FAILED;
    free(memory);
    return result;
}

static int report(const struct arguments *a, const struct assay_scenario *scenario,
                  const struct assay_sim_shrinking *s)
{
    char line[512];
    const int written = write_scenario(a, scenario);
    if (written != ASSAY_SIM_EXIT_OK) return written;
    (void)snprintf(line, sizeof line, "assay-sim run %s --seed %llu",
                   a->out == NULL ? "FILE" : a->out, (unsigned long long)scenario->seed);
    if (!a->json) {
        (void)fprintf(stderr, "%s in epoch %llu: %s\n", s->breach.what,
                      (unsigned long long)s->breach.epoch, s->breach.message);
        (void)fprintf(stderr, "size %u of %u after %llu runs\nreproduce: %s\n",
                      (unsigned)s->size_after, (unsigned)s->size_before,
                      (unsigned long long)s->tried, line);
        return ASSAY_SIM_EXIT_OK;
    }
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
    return assay_sim_print_envelope("assay.sim.minimize", data);
}

int assay_sim_command_minimize(int argc, char **argv)
{
    struct arguments a = { .seeds = 1 };
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    if (!take_arguments(&a, argc, argv))
        return assay_sim_print_error(a.json, ASSAY_SIM_EXIT_USAGE, "usage", "minimize: %s",
                                     a.wrong);
    if (a.help) {
        (void)fputs(usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (load(&a, &scenario, message) != ASSAY_OK)
        return assay_sim_print_error(a.json, ASSAY_SIM_EXIT_USAGE, "usage", "minimize: %s",
                                     message);
    struct assay_sim_shrinking shrinking = { .run = assay_sim_run,
                                             .tries_max = a.tries,
                                             .seeds = (uint32_t)a.seeds,
                                             .out = a.quiet ? NULL : stderr };
    shrinking.stop = assay_sim_progress_catch_signals();
    if (!assay_sim_shrink(&shrinking, &scenario))
        return assay_sim_print_error(a.json, ASSAY_SIM_EXIT_FAILED, "failed",
                                     "minimize: this scenario does not fail: no checker and no "
                                     "assertion is broken");
    return report(&a, &scenario, &shrinking);
}
