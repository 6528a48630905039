/*
 * apps/sim/commands/swarm.c - `assay-sim swarm`: random scenarios and faults on all cores.
 */
#include "apps/sim/commands/swarm.h"

#include "apps/sim/commands/command.h"
#include "apps/sim/commands/coverage.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/commands/shell.h"
#include "apps/sim/report/files.h"
#include "apps/sim/report/number.h"
#include "apps/sim/report/report.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay-sim swarm --seeds N [--from S] [--threads N] [--state FILE] [--out DIR]\n"
    "                       [--report FILE] [--stop-at-first | --collect] [--twice]\n"
    "                       [--nodes N | --nodes A..B] [--set KEY=VALUE]... [--quiet] [--json]\n"
    "       assay-sim swarm --show S [--nodes ...] [--set KEY=VALUE]...\n"
    "       assay-sim swarm --coverage FILE [--ahead N] [--nodes ...] [--set ...] [--json]\n"
    "\n"
    "Run random scenarios (sizes, vendors, operators, links, loss, partitions, crashes, pauses,\n"
    "lost stores, old disks, wrong dates, burned ranges of views, adversaries, changes by\n"
    "operators, joins), one for each seed, at message fidelity with modelled signatures, under "
    "all\n"
    "checkers; heal each and require progress. One scenario of ten has more than a third of\n"
    "traitors: only safety or accountability is required there.\n"
    "\n"
    "--seeds N        run the seeds S .. S + N - 1\n"
    "--from S         first seed (1)\n"
    "--threads N      threads (as many as processors); never changes the result\n"
    "--state FILE     store progress in FILE, and continue from there; N may grow\n"
    "--out DIR        write each failing scenario to DIR/swarm-SEED.yaml, for `assay-sim run`\n"
    "--report FILE    write the page of results: one file for a browser\n"
    "--stop-at-first  stop at the first failure; --collect (the default) lists them all\n"
    "--twice          run every seed twice and compare the traces\n"
    "--one-process    run everything in this process: for debuggers\n"
    "--nodes A..B     sizes to draw from (mostly 4 to 10, up to 16)\n"
    "--set KEY=VALUE  set a key of every scenario, as in `assay-sim run`\n"
    "--show S         print the scenario of seed S as a file, and run nothing\n"
    "--coverage FILE  print what the seeds of a state file drew, in how many it happened, what "
    "was\n"
    "                 never drawn, and an estimate for a night; run nothing. The other options "
    "are\n"
    "                 those of the run.\n"
    "--ahead N        with --coverage: draw the next N seeds to find the missing pairs (10000)\n"
    "\n"
    "examples:\n"
    "  assay-sim swarm --seeds 200\n"
    "  assay-sim swarm --seeds 100000 --state night.state --out failures\n"
    "  assay-sim swarm --coverage night.state\n"
    "exit status: 0 every guarantee held, 1 some did not (or the disk is full), 2 usage or a\n"
    "             state file of another program or of other arguments, 130 stopped before the "
    "end\n";

enum option_code {
    OPTION_SEEDS = 1,
    OPTION_FROM,
    OPTION_THREADS,
    OPTION_STATE,
    OPTION_OUT,
    OPTION_REPORT,
    OPTION_FIRST,
    OPTION_COLLECT,
    OPTION_TWICE,
    OPTION_ONE_PROCESS,
    OPTION_NODES,
    OPTION_SET,
    OPTION_SHOW,
    OPTION_COVERAGE,
    OPTION_AHEAD,
    OPTION_QUIET,
    OPTION_JSON,
    OPTION_HELP,
};

static const struct option long_options[] = {
    { "seeds", required_argument, NULL, OPTION_SEEDS },
    { "from", required_argument, NULL, OPTION_FROM },
    { "threads", required_argument, NULL, OPTION_THREADS },
    { "state", required_argument, NULL, OPTION_STATE },
    { "out", required_argument, NULL, OPTION_OUT },
    { "report", required_argument, NULL, OPTION_REPORT },
    { "stop-at-first", no_argument, NULL, OPTION_FIRST },
    { "collect", no_argument, NULL, OPTION_COLLECT },
    { "twice", no_argument, NULL, OPTION_TWICE },
    { "one-process", no_argument, NULL, OPTION_ONE_PROCESS },
    { "nodes", required_argument, NULL, OPTION_NODES },
    { "set", required_argument, NULL, OPTION_SET },
    { "show", required_argument, NULL, OPTION_SHOW },
    { "coverage", required_argument, NULL, OPTION_COVERAGE },
    { "ahead", required_argument, NULL, OPTION_AHEAD },
    { "quiet", no_argument, NULL, OPTION_QUIET },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, OPTION_HELP },
    { NULL, 0, NULL, 0 },
};

struct arguments {
    struct assay_sim_swarm swarm;
    bool has_seeds, shows, collects, json, help, has_ahead;
    uint64_t show, ahead;
    const char *coverage; /* NULL: no report of a state file */
    const char *report;   /* NULL: no page */
};

const char *sim_swarm_parse_sizes(const char *text, struct assay_sim_swarm_sizes *sizes)
{
    uint64_t pair[2] = { 0 };
    if (!sim_parse_pair(text, "..", true, 4, ASSAY_SIM_MESSAGE_NODES_MAX, pair) ||
        pair[0] > pair[1])
        return "--nodes: expected a number of nodes from 4 to 100, or two as in 4..10";
    *sizes = (struct assay_sim_swarm_sizes){ (uint32_t)pair[0], (uint32_t)pair[1] };
    return NULL;
}

static const char *parse_count(struct arguments *a, int code)
{
    struct assay_sim_swarm *const s = &a->swarm;
    uint64_t threads = s->threads;
    const char *wrong = NULL;
    switch (code) {
    case OPTION_SEEDS:
        a->has_seeds = true;
        return sim_expect_number(optarg, 1, UINT64_MAX, &s->seeds,
                                 "--seeds: expected a number from 1");
    case OPTION_FROM:
        return sim_expect_number(optarg, 0, UINT64_MAX, &s->from, "--from: expected a number");
    case OPTION_THREADS:
        wrong = sim_expect_number(optarg, 1, 256, &threads, "--threads: expected 1 .. 256");
        s->threads = (uint32_t)threads;
        return wrong;
    case OPTION_SHOW:
        a->shows = true;
        return sim_expect_number(optarg, 0, UINT64_MAX, &a->show, "--show: expected a seed");
    case OPTION_AHEAD:
        a->has_ahead = true;
        return sim_expect_number(optarg, 0, ASSAY_SIM_AHEAD_SEEDS_MAX, &a->ahead,
                                 "--ahead: expected 0 .. 1000000 seeds");
    case OPTION_NODES: return sim_swarm_parse_sizes(optarg, &s->sizes);
    case OPTION_SET:
        if (s->set_count == ASSAY_SIM_SETS_MAX) return "--set: 64 at most";
        s->sets[s->set_count++] = optarg;
        return NULL;
    default: return "see assay-sim swarm --help";
    }
}

static const char *parse_option(void *context, int code)
{
    struct arguments *const a = context;
    switch (code) {
    case OPTION_STATE: a->swarm.state_path = optarg; return NULL;
    case OPTION_OUT: a->swarm.out_dir = optarg; return NULL;
    case OPTION_COVERAGE: a->coverage = optarg; return NULL;
    case OPTION_REPORT: a->report = optarg; return NULL;
    case OPTION_FIRST: a->swarm.stop_at_first = true; return NULL;
    case OPTION_COLLECT: a->collects = true; return NULL;
    case OPTION_TWICE: a->swarm.twice = true; return NULL;
    case OPTION_ONE_PROCESS: a->swarm.one_process = true; return NULL;
    case OPTION_QUIET: a->swarm.quiet = true; return NULL;
    case OPTION_JSON: a->json = true; return NULL;
    case OPTION_HELP: a->help = true; return NULL;
    default: return parse_count(a, code);
    }
}

/* Conflicting options. Returns: NULL: none. */
static const char *find_conflict(const struct arguments *a)
{
    const struct assay_sim_swarm *const s = &a->swarm;
    if (a->has_ahead && a->coverage == NULL) return "--ahead: expected with --coverage";
    if (a->coverage != NULL && (a->has_seeds || a->shows || s->state_path != NULL ||
                                s->out_dir != NULL || a->report != NULL))
        return "--coverage prints one state file: expected only --ahead, --nodes, --set, --twice "
               "and --json with it";
    if (!a->has_seeds && !a->shows && a->coverage == NULL) return "expected --seeds N";
    if (s->stop_at_first && a->collects) return "expected --stop-at-first or --collect, found both";
    if (a->shows && (a->has_seeds || s->state_path != NULL || s->out_dir != NULL ||
                     a->report != NULL || a->json))
        return "--show prints one scenario as a file: expected only --nodes and --set with it";
    if (s->seeds > 0 && s->from > UINT64_MAX - (s->seeds - 1))
        return "--from and --seeds: the last seed would be above 2^64 - 1";
    return NULL;
}

/* Returns: an exit status; OK: continue. */
static int parse_arguments(struct arguments *a, int argc, char **argv)
{
    const int misuse = sim_walk_options(argc, argv, long_options, parse_option, a);
    if (misuse != ASSAY_SIM_EXIT_OK || a->help) return misuse;
    if (optind != argc) return sim_print_misuse(argc, argv, argv[optind], "expected options alone");
    const char *const wrong = find_conflict(a);
    return wrong == NULL ? ASSAY_SIM_EXIT_OK : sim_print_misuse(argc, argv, NULL, "%s", wrong);
}

/* --- output */
static void print_file(const char *dir, uint64_t seed)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/swarm-%llu.yaml", dir, (unsigned long long)seed);
    (void)printf("  as a file: assay-sim run ");
    sim_put_word(stdout, path);
    (void)printf("\n");
}

static void print_failures(const struct assay_sim_swarm *swarm,
                           const struct assay_sim_swarm_state *state)
{
    char line[ASSAY_SIM_SWARM_LINE_MAX];
    for (uint32_t i = 0; i < state->failure_count; i++) {
        const struct assay_sim_swarm_failure *const f = &state->failures[i];
        /* They may come from a state file, which is untrusted. */
        (void)printf("FAILED seed %llu: ", (unsigned long long)f->seed);
        sim_put_plain(stdout, f->what);
        (void)printf(" in epoch %llu: ", (unsigned long long)f->epoch);
        sim_put_plain(stdout, f->message);
        sim_swarm_reproduction(state, f->seed, line);
        (void)printf("\n  reproduce: %s\n", line);
        if (swarm->out_dir != NULL) print_file(swarm->out_dir, f->seed);
    }
    if (state->failed > state->failure_count)
        (void)printf("... and %llu more\n",
                     (unsigned long long)(state->failed - state->failure_count));
}

/* Seeds with each kind of fault. */
static void print_drawn(const struct assay_sim_swarm_state *s)
{
    enum { IN_A_LINE = 5 };
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        (void)printf("%s%s %llu",
                     i == 0               ? "drawn        "
                     : i % IN_A_LINE == 0 ? ",\n             "
                                          : ", ",
                     assay_sim_drawn_name((enum assay_sim_drawn)i),
                     (unsigned long long)s->drawn[i]);
    (void)printf("\n");
}

static void print_effects(const struct assay_sim_swarm_state *s)
{
    enum { IN_A_LINE = 5 };
    for (uint32_t i = 0; i < ASSAY_SIM_EFFECT_COUNT; i++)
        (void)printf("%s%s %llu",
                     i == 0               ? "it came to   "
                     : i % IN_A_LINE == 0 ? ",\n             "
                                          : ", ",
                     assay_sim_effect_name((enum assay_sim_effect)i),
                     (unsigned long long)s->effects[i]);
    (void)printf("\n");
}

/* With scenarios as drawn, unmodified. Returns: as assay_sim_swarm_never. */
static const char *find_undrawn(const struct assay_sim_swarm *swarm,
                                const struct assay_sim_swarm_state *s)
{
    if (swarm->set_count > 0 || swarm->sizes.nodes_max > 0) return NULL;
    return assay_sim_swarm_never(s->done, s->drawn, s->effects);
}

static void print_result(const struct assay_sim_swarm *swarm, const struct assay_sim_swarm_state *s)
{
    char digest[65];
    const uint64_t seconds = s->simulated_ms / 1000;
    assay_hex_encode(s->digest, sizeof s->digest, digest, sizeof digest);
    (void)printf("seeds        %llu from %llu: %llu kept every promise, %llu did not\n",
                 (unsigned long long)s->done, (unsigned long long)s->from,
                 (unsigned long long)(s->done - s->failed), (unsigned long long)s->failed);
    if (s->done < swarm->seeds)
        (void)printf("stopped      %llu of %llu; the same command %s\n",
                     (unsigned long long)s->done, (unsigned long long)swarm->seeds,
                     swarm->state_path != NULL ? "continues" : "restarts (--state continues)");
    (void)printf("beyond       %llu with more than a third of traitors\n",
                 (unsigned long long)s->beyond);
    (void)printf("simulated    %llu:%02llu:%02llu h, %llu epochs, %llu messages, %llu events\n",
                 (unsigned long long)(seconds / 3600), (unsigned long long)(seconds / 60 % 60),
                 (unsigned long long)(seconds % 60), (unsigned long long)s->epochs,
                 (unsigned long long)s->messages, (unsigned long long)s->events);
    print_drawn(s);
    print_effects(s);
    if (find_undrawn(swarm, s) != NULL)
        (void)printf("NEVER        %s: it tries nothing\n", find_undrawn(swarm, s));
    (void)printf(
        "time         %llu.%llu s, %llu seeds a minute; %llu.%llu s of processors\n",
        (unsigned long long)(s->wall_ms / 1000), (unsigned long long)(s->wall_ms / 100 % 10),
        (unsigned long long)(s->wall_ms == 0 ? 0 : s->done * 60000 / s->wall_ms),
        (unsigned long long)(s->cpu_us / 1000000), (unsigned long long)(s->cpu_us / 100000 % 10));
    (void)printf("digest       %s\n", digest);
    print_failures(swarm, s);
}

static int print_json(const struct assay_sim_swarm *swarm, const struct assay_sim_swarm_state *s)
{
    struct assay_json *const data = sim_swarm_data(swarm, s);
    assay_json_set_uint(data, "wall_ms", s->wall_ms);
    assay_json_set_uint(data, "cpu_us", s->cpu_us);
    return sim_print_envelope("assay.sim.swarm", data);
}

/* Returns: an exit status. */
static int write_report(const struct arguments *a, const struct assay_sim_swarm_state *s)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    char *text = NULL;
    if (sim_page_text("swarm", sim_swarm_data(&a->swarm, s), &text) != ASSAY_OK) text = NULL;
    if (sim_page_write(a->report, text, message) == ASSAY_OK) return ASSAY_SIM_EXIT_OK;
    return sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "io", "swarm: %s", message);
}

static int show_scenario(const struct arguments *a)
{
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_slice text = { 0 };
    if (sim_swarm_scenario(&a->swarm, a->show, &scenario, message) != ASSAY_OK)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_USAGE, "usage", "swarm: %s", message);
    uint8_t *const memory = malloc(ASSAY_SIM_YAML_MAX);
    if (memory == NULL)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal", "swarm: out of memory");
    struct assay_writer w = assay_writer_over(memory, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(&scenario, &w);
    const bool ok = assay_writer_finish(&w, &text) == ASSAY_OK &&
                    fwrite(text.bytes, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    free(memory);
    return ok ? ASSAY_SIM_EXIT_OK : ASSAY_SIM_EXIT_FAILED;
}

static int print_coverage(const struct arguments *a, const struct assay_sim_swarm_state *state)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_sim_coverage_report *const report = malloc(sizeof *report);
    if (report == NULL)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_FAILED, "internal", "swarm: out of memory");
    int result = ASSAY_SIM_EXIT_OK;
    if (sim_coverage_make(&a->swarm, state, (uint32_t)a->ahead, report, message) != ASSAY_OK)
        result = sim_print_error(a->json, ASSAY_SIM_EXIT_USAGE, "usage", "swarm: %s", message);
    else if (a->json) result = sim_print_envelope("assay.sim.coverage", sim_coverage_data(report));
    else sim_coverage_print(stdout, report);
    free(report);
    return result == ASSAY_SIM_EXIT_OK && fflush(stdout) != 0 ? ASSAY_SIM_EXIT_FAILED : result;
}

/* The report of a state file. */
static int report_coverage(const struct arguments *a, struct assay_sim_swarm_state *state)
{
    char message[ASSAY_SIM_MESSAGE_MAX], given[ASSAY_SIM_SWARM_ARGUMENTS_MAX];
    const enum assay_status status = sim_swarm_state_read(a->coverage, state, message);
    if (status == ASSAY_E_NOT_FOUND)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_USAGE, "usage", "swarm: %s: no such file",
                               a->coverage);
    if (status != ASSAY_OK)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_USAGE, "usage", "swarm: %s", message);
    if (!sim_swarm_arguments(&a->swarm, given) || strcmp(given, state->arguments) != 0)
        return sim_print_error(
            a->json, ASSAY_SIM_EXIT_USAGE, "usage",
            "swarm: %s: made with the arguments \"%.200s\", not with \"%.200s\"; "
            "repeat those",
            a->coverage, state->arguments, given);
    return print_coverage(a, state);
}

static bool is_of_host(enum assay_status status)
{
    return assay_status_class(status) == ASSAY_CLASS_HOST && status != ASSAY_E_VERSION;
}

static int run_seeds(const struct arguments *a, struct assay_sim_swarm_state *state)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    /* Checked before hours of work, not after them. */
    if (a->report != NULL && sim_output_file(a->report, message) != ASSAY_OK)
        return sim_print_error(a->json, ASSAY_SIM_EXIT_USAGE, "io", "swarm: --report %s", message);
    const enum assay_status status = sim_swarm_run(&a->swarm, state, message);
    if (status != ASSAY_OK)
        return sim_print_error(a->json,
                               is_of_host(status) ? ASSAY_SIM_EXIT_FAILED : ASSAY_SIM_EXIT_USAGE,
                               is_of_host(status) ? "internal" : "usage", "swarm: %s", message);
    if (a->json && print_json(&a->swarm, state) != ASSAY_SIM_EXIT_OK) return ASSAY_SIM_EXIT_FAILED;
    if (!a->json) print_result(&a->swarm, state);
    if (a->report != NULL && write_report(a, state) != ASSAY_SIM_EXIT_OK)
        return ASSAY_SIM_EXIT_FAILED;
    if (fflush(stdout) != 0) return ASSAY_SIM_EXIT_FAILED;
    if (state->failed > 0 || find_undrawn(&a->swarm, state) != NULL) return ASSAY_SIM_EXIT_FAILED;
    return state->done < a->swarm.seeds ? ASSAY_SIM_EXIT_STOPPED : ASSAY_SIM_EXIT_OK;
}

int sim_command_swarm(int argc, char **argv)
{
    struct arguments a = { .swarm = { .from = 1, .run = assay_sim_run },
                           .ahead = ASSAY_SIM_AHEAD_SEEDS };
    const int wrong = parse_arguments(&a, argc, argv);
    if (wrong != ASSAY_SIM_EXIT_OK) return wrong;
    if (a.help) {
        (void)fputs(usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (a.shows) return show_scenario(&a);
    struct assay_sim_swarm_state *const state = malloc(sizeof *state);
    if (state == NULL)
        return sim_print_error(a.json, ASSAY_SIM_EXIT_FAILED, "internal", "swarm: out of memory");
    a.swarm.stop = sim_progress_catch_signals();
    const int result = a.coverage != NULL ? report_coverage(&a, state) : run_seeds(&a, state);
    free(state);
    return result;
}
