/*
 * apps/sim/commands/main.c - command line of the simulator: finds and runs the command.
 */
#include "apps/sim/commands/command.h"

#include "base/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A new command is one file and one row. */
static const struct assay_sim_command commands[] = {
    { "run", "Simulate one scenario and check the outcome", sim_command_run },
    { "swarm", "Run random scenarios and faults on all cores", sim_command_swarm },
    { "minimize", "Shrink a scenario that fails", sim_command_minimize },
    { "sweep", "Run a scenario at every point of a grid, in shards", sim_command_sweep },
    { "merge", "Merge the shards of a sweep", sim_command_merge },
    { "report", "Make the page of finished runs", sim_command_report },
    { "twins", "Run equivocation under every schedule, or under many", sim_command_twins },
    { "mutants", "Run known-bad builds and report the checker that detects each",
      sim_command_mutants },
    { "list", "List the built-in scenarios and sweeps", sim_command_list },
    { "show", "Print the complete effective scenario", sim_command_show },
    { "tally", "Close one epoch from a file and print every number", sim_command_tally },
    { "keys", "Print every key, attack and figure, as tables", sim_command_keys },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *out)
{
    (void)fputs("usage: assay-sim COMMAND ...\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        (void)fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    (void)fputs("\n`assay-sim COMMAND --help` has details. stdout carries data, stderr "
                "diagnostics.\n",
                out);
}

/* A file that is opened later must not become the stdout or stderr that the caller closed: data
 * would be written into it. /dev/null takes its number, opened for reading: printing then fails, as
 * required. */
static void keep_standard_files(void)
{
    int file = 0;
    while (file >= 0 && file <= STDERR_FILENO)
        file = open("/dev/null", O_RDONLY);
    if (file > STDERR_FILENO) (void)close(file);
}

/* Lost output is a failure, whatever the command found (a full disk, a closed pipe). */
static int finish_output(int status)
{
    const int flushed = fflush(stdout);
    if (flushed == 0 && ferror(stdout) == 0) return status;
    if (flushed != 0)
        (void)fprintf(stderr, "assay-sim: stdout cannot be written: %s\n", strerror(errno));
    else (void)fputs("assay-sim: stdout cannot be written\n", stderr);
    return status == ASSAY_SIM_EXIT_OK ? ASSAY_SIM_EXIT_FAILED : status;
}

static int report_unknown_command(int argc, char **argv)
{
    unsigned apart = ASSAY_WORDS_APART_MAX;
    const char *near = NULL;
    for (size_t i = 0; i < COMMANDS; i++)
        assay_words_nearest(argv[1], commands[i].name, &apart, &near);
    return sim_print_error(sim_wants_json(argc, argv), ASSAY_SIM_EXIT_USAGE, "usage",
                           "\"%.100s\" is no command%s%s%s; `assay-sim --help` lists them", argv[1],
                           near != NULL ? "; is \"" : "", near != NULL ? near : "",
                           near != NULL ? "\" meant?" : "");
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return ASSAY_SIM_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return ASSAY_SIM_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        (void)puts("assay-sim " ASSAY_VERSION);
        return ASSAY_SIM_EXIT_OK;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    return report_unknown_command(argc, argv);
}

int main(int argc, char **argv)
{
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as a parent may leave it, no child has a status */
    keep_standard_files();
    return finish_output(run_command(argc, argv));
}
