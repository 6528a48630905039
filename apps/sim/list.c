/*
 * apps/sim/list.c - `assay-sim list`: the scenarios that come with the program.
 */
#include "apps/sim/command.h"
#include "sim/library/library.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: assay-sim list [--json]\n"
    "\n"
    "The scenarios of the library, each with one line. docs/scenarios/NAME.md tells the attack,\n"
    "what is expected and why.\n"
    "  --json   an envelope of schema assay.sim.list: data.scenarios, each with name and line\n";

static int print_all(bool json)
{
    struct assay_json *list = json ? assay_json_array() : NULL;
    for (size_t i = 0; i < assay_sim_library_count(); i++) {
        struct assay_scenario scenario;
        char message[ASSAY_SIM_MESSAGE_MAX];
        const struct assay_sim_library_file *file = assay_sim_library_at(i);
        if (assay_sim_library_read(file, &scenario, message) != ASSAY_OK) {
            assay_json_free(&list);
            return assay_sim_print_error(json, ASSAY_SIM_EXIT_FAILED, "internal", "%s", message);
        }
        if (!json) {
            (void)printf("%-22s %s\n", file->name, scenario.title);
            continue;
        }
        struct assay_json *entry = assay_json_object();
        assay_json_set_text(entry, "name", file->name);
        assay_json_set_text(entry, "line", scenario.title);
        assay_json_append(list, entry);
    }
    if (!json) return ASSAY_SIM_EXIT_OK;
    struct assay_json *data = assay_json_object();
    assay_json_set(data, "scenarios", list);
    return assay_sim_print_envelope("assay.sim.list", data);
}

int assay_sim_command_list(int argc, char **argv)
{
    static const struct option known[] = { { "json", no_argument, NULL, 'j' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    bool json = false;
    optind = 0; /* main.c has read words before */
    for (int c = 0; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (c == 'h') {
            (void)fputs(usage, stdout);
            return ASSAY_SIM_EXIT_OK;
        }
        if (c == 'j') {
            json = true;
            continue;
        }
        (void)fputs(usage, stderr);
        return ASSAY_SIM_EXIT_USAGE;
    }
    if (optind < argc)
        return assay_sim_print_error(json, ASSAY_SIM_EXIT_USAGE, "usage",
                                     "list takes no argument, found \"%s\"", argv[optind]);
    return print_all(json);
}
