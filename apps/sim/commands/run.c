/*
 * apps/sim/commands/run.c - `assay-sim run`: one scenario, one seed.
 */
#include "sim/run.h"
#include "apps/sim/commands/command.h"
#include "apps/sim/report/files.h"
#include "apps/sim/report/output.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/report.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 256 };

static const char usage[] =
    "usage: assay-sim run SCENARIO [--seed S] [--set KEY=VALUE]... [--out DIR] [--report FILE]\n"
    "                     [--threads N] [--twice] [--json] [--quiet]\n"
    "\n"
    "Simulate a scenario: a YAML file, or a name of `assay-sim list`. The seed (default: that of\n"
    "the scenario) decides everything; threads never change the outcome.\n"
    "  --set KEY=VALUE  set any key (`assay-sim keys` lists them); may be repeated\n"
    "  --out DIR        write epochs.csv, roots.csv, summary.json, scenario.yaml and report.html\n"
    "  --report FILE    write the page alone: one self-contained file for a browser\n"
    "  --threads N      default 1\n"
    "  --twice          run it twice and compare the hashes of all events\n"
    "  --json           print an envelope of schema assay.sim.run instead of tables\n"
    "  --quiet          print only failures\n"
    "\n"
    "examples:\n"
    "  assay-sim run badmouthing\n"
    "  assay-sim run badmouthing --set rule=mean --out out\n"
    "exit status: 0 every assertion and checker holds; 1 one does not, or the files could not be\n"
    "             written; 2 usage, or a scenario that cannot be used; 130 interrupted (Ctrl-C):\n"
    "             the partial result is printed and written\n";

struct run {
    struct assay_sim_source source;
    struct assay_sim_options options;
    const char *out, *report;
    bool twice, json, quiet;
    struct assay_sim_progress line; /* on a terminal */
    uint64_t before;                /* epochs of the first run, in the second one */
};

/* ------------------------------------------------------------ progress and Ctrl-C */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void catch_signals(void)
{
    /* A second one ends the program at once. */
    const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static bool on_progress(void *context, const struct assay_sim_outcome *so_far)
{
    struct run *run = context;
    sim_progress_show(&run->line, run->before + so_far->row_count, ASSAY_SIM_PROGRESS_UNCOUNTED);
    return interrupted == 0;
}

/* ------------------------------------------------------------ one run, or two */

static bool is_same_outcome(const struct assay_sim_outcome *a, const struct assay_sim_outcome *b)
{
    return assay_bytes_equal(a->trace_hash, b->trace_hash, sizeof a->trace_hash) &&
           assay_bytes_equal(a->root_chain, b->root_chain, sizeof a->root_chain);
}

/* The second run of --twice. Returns: an exit status; *differs when the two do. */
static int run_again(struct run *run, const struct assay_scenario *scenario,
                     const struct assay_sim_outcome *first, bool *differs)
{
    struct assay_sim_outcome second;
    run->before = first->row_count;
    const enum assay_status status = assay_sim_run(scenario, &run->options, &second);
    *differs = status == ASSAY_OK && interrupted == 0 && !is_same_outcome(first, &second);
    assay_sim_outcome_free(&second);
    if (status == ASSAY_OK) return ASSAY_SIM_EXIT_OK;
    return sim_print_error(run->json, ASSAY_SIM_EXIT_FAILED, "internal", "%s",
                           assay_status_text(status));
}

/* Prints tables or JSON, writes files, prints failures. Returns: an exit status. */
static int report_result(const struct run *run, const struct assay_sim_result *result, bool differs)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    const bool passed = sim_result_passed(result) && !differs;
    const bool wrong = differs || assay_sim_outcome_violated(result->outcome);
    int exit = passed                          ? ASSAY_SIM_EXIT_OK
               : result->interrupted && !wrong ? ASSAY_SIM_EXIT_STOPPED
                                               : ASSAY_SIM_EXIT_FAILED;
    if (run->out != NULL && sim_output_write(run->out, result, message) != ASSAY_OK)
        exit = sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "io", "%s", message);
    if (run->report != NULL && sim_report_write(run->report, result, message) != ASSAY_OK)
        exit = sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "io", "%s", message);
    if (run->json) {
        struct assay_json *data = sim_summary(result);
        if (run->twice) assay_json_set_bool(data, "same_twice", !differs);
        const int printed = sim_print_envelope("assay.sim.run", data);
        if (printed != ASSAY_SIM_EXIT_OK) exit = printed;
    } else if (!run->quiet) {
        sim_print_result(result);
        if (run->twice)
            (void)printf("twice                  %s\n", differs ? "DIFFERENT" : "the same");
    }
    (void)fflush(stdout);
    sim_print_failures(result, stderr);
    if (differs)
        (void)fputs("the second run was another one: something besides the seed decides\n", stderr);
    if (!passed) (void)fprintf(stderr, "reproduce: %s\n", result->reproduce);
    return exit;
}

static int run_scenario(struct run *run, const struct assay_scenario *scenario)
{
    struct assay_sim_outcome outcome;
    bool differs = false;
    run->line =
        sim_progress_start("epochs", scenario->epochs * (run->twice ? 2 : 1), 0, run->quiet);
    run->options.seed = scenario->seed;
    /* It doubles the time of a run, which is short up to here. */
    run->options.check_each_step = scenario->nodes <= ASSAY_SIM_AUTO_NODES;
    run->options.progress = on_progress;
    run->options.context = run;
    char *const line = sim_source_line(&run->source, scenario->seed);
    if (line == NULL)
        return sim_print_error(run->json, ASSAY_SIM_EXIT_FAILED, "memory", "no memory");
    catch_signals();
    const enum assay_status status = assay_sim_run(scenario, &run->options, &outcome);
    int exit = ASSAY_SIM_EXIT_OK;
    if (status != ASSAY_OK)
        exit = sim_print_error(run->json, ASSAY_SIM_EXIT_FAILED, "internal", "%s",
                               assay_status_text(status));
    else if (run->twice && interrupted == 0) exit = run_again(run, scenario, &outcome, &differs);
    sim_progress_end(&run->line);
    const struct assay_sim_result result = { .scenario = scenario,
                                             .outcome = &outcome,
                                             .reproduce = line,
                                             .interrupted = interrupted != 0 };
    if (exit == ASSAY_SIM_EXIT_OK) exit = report_result(run, &result, differs);
    assay_sim_outcome_free(&outcome);
    free(line);
    return exit;
}

/* ------------------------------------------------------------ options */

static bool parse_threads(struct run *run, const char *text)
{
    char *end = NULL;
    const unsigned long value = text[0] >= '1' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (value == 0 || *end != '\0' || value > THREADS_MAX) return false;
    run->options.threads = (uint32_t)value;
    return true;
}

static bool parse_option(struct run *run, int option, const char *value)
{
    switch (option) {
    case 's': return sim_source_seed(&run->source, value);
    case 't': return sim_source_set(&run->source, value);
    case 'o': run->out = value; return true;
    case 'r': run->report = value; return true;
    case 'n': return parse_threads(run, value);
    case '2': run->twice = true; return true;
    case 'j': run->json = true; return true;
    case 'q': run->quiet = true; return true;
    default: return false;
    }
}

static const char *expected_value(int option)
{
    switch (option) {
    case 's': return ASSAY_SIM_SEED_EXPECTED;
    case 't': return ASSAY_SIM_SETS_EXPECTED;
    case 'n': return "1 .. 256";
    default: return "another value";
    }
}
_Static_assert(THREADS_MAX == 256, "as the message says");

/* Returns: an exit status; OK: continue. */
static int read_options(int argc, char **argv, struct run *run, bool *help)
{
    static const struct option known[] = {
        { "seed", required_argument, NULL, 's' },
        { "set", required_argument, NULL, 't' },
        { "out", required_argument, NULL, 'o' },
        { "report", required_argument, NULL, 'r' },
        { "threads", required_argument, NULL, 'n' },
        { "twice", no_argument, NULL, '2' },
        { "json", no_argument, NULL, 'j' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    optind = 0; /* main.c has read words before */
    for (int c = 0, index = 0; (c = sim_next_option(argc, argv, known, &index)) != -1;) {
        if (c == 'h') {
            *help = true;
            return ASSAY_SIM_EXIT_OK;
        }
        if (c == '?' || c == ':') return sim_print_option(argc, argv, known, c);
        if (!parse_option(run, c, optarg))
            return sim_print_misuse(argc, argv, optarg, "--%s: expected %s", known[index].name,
                                    expected_value(c));
    }
    if (optind + 1 != argc)
        return sim_print_misuse(argc, argv, NULL, "expected one SCENARIO, found %d", argc - optind);
    run->source.name = argv[optind];
    return ASSAY_SIM_EXIT_OK;
}

int sim_command_run(int argc, char **argv)
{
    struct run run = { .out = NULL };
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    bool help = false;
    const int wrong = read_options(argc, argv, &run, &help);
    if (wrong != ASSAY_SIM_EXIT_OK) return wrong;
    if (help) {
        (void)fputs(usage, stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (sim_source_load(&run.source, &scenario, message) != ASSAY_OK)
        return sim_print_error(run.json, ASSAY_SIM_EXIT_USAGE, "scenario", "%s", message);
    /* Checked before hours of work, not after them. */
    if (run.out != NULL && sim_output_folder(run.out, message) != ASSAY_OK)
        return sim_print_error(run.json, ASSAY_SIM_EXIT_USAGE, "io", "--out %s", message);
    if (run.report != NULL && sim_output_file(run.report, message) != ASSAY_OK)
        return sim_print_error(run.json, ASSAY_SIM_EXIT_USAGE, "io", "--report %s", message);
    return run_scenario(&run, &scenario);
}
