/*
 * apps/sim/show.c - `assay-sim show`: the whole effective scenario; `assay-sim keys`: what can be
 * written in one.
 */
#include "apps/sim/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char show_usage[] =
    "usage: assay-sim show SCENARIO [--seed S] [--set KEY=VALUE]...\n"
    "\n"
    "Prints the scenario that `run` with the same arguments would simulate, every key spelled "
    "out,\n"
    "in the language it is read in. SCENARIO is a file or a name of `assay-sim list`.\n"
    "\n"
    "examples:\n"
    "  assay-sim show badmouthing > mine.yaml\n"
    "exit status: 0 printed, 1 the output could not be written, 2 usage, or a scenario that "
    "cannot\n"
    "             be used\n";

static const char keys_usage[] =
    "usage: assay-sim keys\n"
    "\n"
    "Every key of a scenario with its default, the attacks, and the figures that assertions may\n"
    "name, as tables of Markdown. --set KEY=VALUE takes the same keys: link.loss_permille=100,\n"
    "cohorts[ring].share_bp=2000, adversaries[0].attack=badmouth; the number after the last\n"
    "element adds one; adversaries=none, partitions=none, crashes=none, clocks=none,\n"
    "changes=none, assertions=none empty a list.\n"
    "\n"
    "examples:\n"
    "  assay-sim keys | less\n"
    "exit status: 0 printed, 1 the output could not be written, 2 usage\n";

static int print_text(const struct assay_writer *w)
{
    struct assay_slice text;
    if (assay_writer_finish(w, &text) != ASSAY_OK)
        return assay_sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "internal",
                                     "the text does not fit its buffer");
    if (fwrite(text.bytes, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        return ASSAY_SIM_EXIT_OK;
    return assay_sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "io", "stdout cannot be written");
}

static int print_with(const struct assay_scenario *scenario)
{
    enum { TEXT_MAX = ASSAY_SIM_YAML_MAX };
    uint8_t *bytes = malloc(TEXT_MAX);
    if (bytes == NULL)
        return assay_sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "memory", "no memory");
    struct assay_writer w = assay_writer_over(bytes, TEXT_MAX);
    if (scenario != NULL) assay_scenario_put_yaml(scenario, &w);
    else assay_scenario_put_keys(&w);
    const int result = print_text(&w);
    free(bytes);
    return result;
}

int assay_sim_command_show(int argc, char **argv)
{
    static const struct option known[] = { { "seed", required_argument, NULL, 's' },
                                           { "set", required_argument, NULL, 't' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    struct assay_sim_source source = { .name = NULL };
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    optind = 0;
    for (int c = 0; (c = assay_sim_next_option(argc, argv, known, NULL)) != -1;) {
        if (c == 'h') {
            (void)fputs(show_usage, stdout);
            return ASSAY_SIM_EXIT_OK;
        }
        if (c == '?' || c == ':') return assay_sim_print_option(argc, argv, known, c);
        if (c == 's' && !assay_sim_source_seed(&source, optarg))
            return assay_sim_print_misuse(argc, argv, optarg,
                                          "--seed: expected " ASSAY_SIM_SEED_EXPECTED);
        if (c == 't' && !assay_sim_source_set(&source, optarg))
            return assay_sim_print_misuse(argc, argv, optarg,
                                          "--set: expected " ASSAY_SIM_SETS_EXPECTED);
    }
    if (optind + 1 != argc)
        return assay_sim_print_misuse(argc, argv, NULL, "expected one SCENARIO, found %d",
                                      argc - optind);
    source.name = argv[optind];
    if (assay_sim_source_load(&source, &scenario, message) != ASSAY_OK)
        return assay_sim_print_error(false, ASSAY_SIM_EXIT_USAGE, "scenario", "%s", message);
    return print_with(&scenario);
}

int assay_sim_command_keys(int argc, char **argv)
{
    if (argc == 1) return print_with(NULL);
    if (argc > 2 || strcmp(argv[1], "--help") != 0)
        return assay_sim_print_misuse(argc, argv, argv[1], "expected no argument");
    (void)fputs(keys_usage, stdout);
    return ASSAY_SIM_EXIT_OK;
}
