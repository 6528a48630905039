/*
 * apps/sim/commands/list.c - `assay-sim list`: built-in scenarios and sweeps.
 */
#include "apps/sim/commands/command.h"
#include "sim/library/library.h"
#include "sim/yaml/sweep.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: assay-sim list [--json]\n"
    "\n"
    "List the scenarios of the library, for `assay-sim run NAME`, each with one line, and after "
    "an\n"
    "empty line and a heading its sweeps, for `assay-sim sweep NAME`. docs/scenarios/NAME.md\n"
    "describes the attack of a scenario and the expected result, with reasons.\n"
    "  --json   print an envelope of schema assay.sim.list: data.scenarios and data.sweeps, each\n"
    "           entry with name and line\n"
    "\n"
    "examples:\n"
    "  assay-sim list\n"
    "exit status: 0 printed, 1 the output could not be written, 2 usage\n";

static void put_entry(struct assay_json *list, const char *name, const char *line)
{
    if (list == NULL) {
        (void)printf("%-22s %s\n", name, line);
        return;
    }
    struct assay_json *const entry = assay_json_object();
    assay_json_set_text(entry, "name", name);
    assay_json_set_text(entry, "line", line);
    assay_json_append(list, entry);
}

static enum assay_status put_scenarios(struct assay_json *list, char *message)
{
    for (size_t i = 0; i < assay_sim_library_count(); i++) {
        struct assay_scenario scenario;
        const struct assay_sim_library_file *const file = assay_sim_library_at(i);
        ASSAY_TRY(assay_sim_library_read(file, &scenario, message));
        put_entry(list, file->name, scenario.title);
    }
    return ASSAY_OK;
}

static enum assay_status put_sweeps(struct assay_json *list, char *message)
{
    struct assay_sweep *const sweep = calloc(1, sizeof *sweep);
    enum assay_status status = sweep != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (sweep == NULL) (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "no memory");
    for (size_t i = 0; i < assay_sim_library_sweep_count() && status == ASSAY_OK; i++) {
        const struct assay_sim_library_file *const file = assay_sim_library_sweep_at(i);
        status =
            assay_sweep_parse_yaml(file->text.bytes, file->text.len, file->name, sweep, message);
        if (status != ASSAY_OK) break;
        put_entry(list, file->name, sweep->title);
        assay_sweep_free(sweep);
    }
    free(sweep);
    return status;
}

static int print_all(bool json)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_json *scenarios = json ? assay_json_array() : NULL;
    struct assay_json *sweeps = json ? assay_json_array() : NULL;
    enum assay_status status = put_scenarios(scenarios, message);
    if (!json) (void)puts("\nsweeps, for `assay-sim sweep NAME`:");
    if (status == ASSAY_OK) status = put_sweeps(sweeps, message);
    if (status != ASSAY_OK) {
        assay_json_free(&scenarios);
        assay_json_free(&sweeps);
        return sim_print_error(json, ASSAY_SIM_EXIT_FAILED, "internal", "%s", message);
    }
    if (!json) return ASSAY_SIM_EXIT_OK;
    struct assay_json *data = assay_json_object();
    assay_json_set(data, "scenarios", scenarios);
    assay_json_set(data, "sweeps", sweeps);
    return sim_print_envelope("assay.sim.list", data);
}

int sim_command_list(int argc, char **argv)
{
    bool json = false, help = false;
    const int wrong = sim_walk_plain(argc, argv, usage, &json, &help);
    if (wrong != ASSAY_SIM_EXIT_OK || help) return wrong;
    if (optind < argc) return sim_print_misuse(argc, argv, argv[optind], "expected no argument");
    return print_all(json);
}
