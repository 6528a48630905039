/*
 * apps/sim/commands/command.h - commands of assay-sim and their shared functions.
 *
 * main.c has the table; every command is one file with one function. stdout carries data only,
 * stderr diagnostics and progress.
 */
#ifndef ASSAY_APPS_SIM_COMMANDS_COMMAND_H
#define ASSAY_APPS_SIM_COMMANDS_COMMAND_H

#include "net/json/json.h"
#include "sim/scenario/scenario.h"

#include <getopt.h>
#include <stdio.h>

/* Stable exit statuses (docs/simulator.md). */
enum assay_sim_exit {
    ASSAY_SIM_EXIT_OK = 0,
    ASSAY_SIM_EXIT_FAILED = 1,    /* an assertion or a checker; the disk is full */
    ASSAY_SIM_EXIT_USAGE = 2,     /* and: an invalid scenario */
    ASSAY_SIM_EXIT_STOPPED = 130, /* by a signal, before the end */
};

/* `assay-sim NAME ...`; argv[0] is the command's name. run returns an enum assay_sim_exit. */
struct assay_sim_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
};

int sim_command_run(int argc, char **argv);      /* run.c */
int sim_command_list(int argc, char **argv);     /* list.c */
int sim_command_show(int argc, char **argv);     /* show.c */
int sim_command_keys(int argc, char **argv);     /* show.c */
int sim_command_swarm(int argc, char **argv);    /* swarm.c */
int sim_command_minimize(int argc, char **argv); /* minimize.c */
int sim_command_twins(int argc, char **argv);    /* twins.c */
int sim_command_tally(int argc, char **argv);    /* tally.c */
int sim_command_sweep(int argc, char **argv);    /* sweep.c */
int sim_command_merge(int argc, char **argv);    /* sweep.c */
int sim_command_mutants(int argc, char **argv);  /* mutants.c */
int sim_command_report(int argc, char **argv);   /* report.c */

/* --- load.c */
enum { ASSAY_SIM_SETS_MAX = 64 };
_Static_assert(ASSAY_SIM_SETS_MAX == 64, "as the message says");
#define ASSAY_SIM_SETS_EXPECTED "64 of them at most"
#define ASSAY_SIM_SEED_EXPECTED "0 .. 18446744073709551615, hexadecimal behind 0x"

/* The scenario of a command, and its modifications. */
struct assay_sim_source {
    const char *name; /* a file, or one of the library */
    const char *sets[ASSAY_SIM_SETS_MAX];
    size_t set_count;
    bool has_seed;
    uint64_t seed;
};

/* Adds one --set. Returns: whether there was room. */
bool sim_source_set(struct assay_sim_source *source, const char *assignment);
/* --seed: decimal, or hexadecimal after 0x. Returns: false for anything else. */
bool sim_source_seed(struct assay_sim_source *source, const char *text);
/*
 * sim_source_load - the file or library scenario, with every --set and the seed, checked.
 * Out:     *scenario on ASSAY_OK; otherwise message
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | as assay_scenario_parse_yaml
 */
ASSAY_CHECKED enum assay_status sim_source_load(const struct assay_sim_source *source,
                                                struct assay_scenario *scenario,
                                                char message[static ASSAY_SIM_MESSAGE_MAX]);
/* "assay-sim run NAME --seed S --set ...", quoted for a shell.
 * Returns: text of malloc, which the caller frees; NULL: no memory */
char *sim_source_line(const struct assay_sim_source *source, uint64_t seed);
/* A name with a slash, or one that ends in .yaml, is a file; a bare one is of the library, unless
 * only a file exists. Returns: whether it is a file. */
bool sim_is_path(const char *name);

/* --- print.c */
/* {"schema", "schema_version", "data"} to stdout; takes data over. Returns: an assay_sim_exit. */
int sim_print_envelope(const char *schema, struct assay_json *data);
/* The reason to stderr, and as an envelope of schema assay.error to stdout with json.
 * Returns: exit. */
__attribute__((format(printf, 4, 5))) int sim_print_error(bool json, int exit, const char *code,
                                                          const char *format, ...);
/* Untrusted text for a terminal: control characters and invalid UTF-8 as \x1b. */
void sim_put_plain(FILE *out, const char *text);

/* --- print.c: wrong usage. argv[0] is the command's name. */
/* Returns: whether --json is given; also after a wrong option. */
bool sim_wants_json(int argc, char *const *argv);
/* "COMMAND: expected ..., found "..."; see --help", as an envelope too with --json; found may be
 * NULL. Returns: ASSAY_SIM_EXIT_USAGE */
__attribute__((format(printf, 4, 5))) int sim_print_misuse(int argc, char *const *argv,
                                                           const char *found, const char *format,
                                                           ...);
/*
 * Parses the options of a command. take has the value in optarg and returns the expected value
 * where it is wrong, else NULL.
 * Returns: an exit status; OK: optind is the first word that is no option
 */
int sim_walk_options(int argc, char *const *argv, const struct option *known,
                     const char *(*take)(void *context, int code), void *context);
/* The same for a command that has only --json and --help, and prints its usage for the latter.
 * Returns: an exit status; OK with *help: nothing more to do */
int sim_walk_plain(int argc, char *const *argv, const char *usage, bool *json, bool *help);
/* getopt_long without its own messages; index may be NULL. Returns: as getopt_long; ':' where a
 * value is missing */
int sim_next_option(int argc, char *const *argv, const struct option *known, int *index);
/* Reports the error of '?' or ':'. Returns: ASSAY_SIM_EXIT_USAGE */
int sim_print_option(int argc, char *const *argv, const struct option *known, int code);

#endif
