/*
 * apps/sim/commands/show.c - `assay-sim show`: the complete effective scenario; `assay-sim keys`:
 * the reference of its keys.
 */
#include "apps/sim/commands/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char show_usage[] =
    "usage: assay-sim show SCENARIO [--seed S] [--set KEY=VALUE]... [--json]\n"
    "\n"
    "Print the scenario that `run` with the same arguments would simulate, with every key, in the\n"
    "format of scenario files. SCENARIO is a file or a name of `assay-sim list`.\n"
    "  --json   print an envelope of schema assay.sim.scenario: data has the same keys; the seed, "
    "of\n"
    "           64 bits, is a text\n"
    "\n"
    "examples:\n"
    "  assay-sim show badmouthing > mine.yaml\n"
    "exit status: 0 printed, 1 the output could not be written, 2 usage, or a scenario that "
    "cannot\n"
    "             be used\n";

static const char keys_usage[] =
    "usage: assay-sim keys [--json]\n"
    "\n"
    "Print every key of a scenario with its default, the attacks, and the figures that assertions\n"
    "may name, as tables of Markdown. --set KEY=VALUE takes the same keys: "
    "link.loss_permille=100,\n"
    "cohorts[ring].share_bp=2000, adversaries[0].attack=badmouth; the number after the last\n"
    "element adds one; adversaries=none, partitions=none, crashes=none, clocks=none,\n"
    "changes=none, assertions=none clear a list.\n"
    "  --json   print an envelope of schema assay.sim.keys: data.keys, data.words and "
    "data.figures\n"
    "\n"
    "examples:\n"
    "  assay-sim keys | less\n"
    "exit status: 0 printed, 1 the output could not be written, 2 usage\n";

static int print_text(const struct assay_writer *w)
{
    struct assay_slice text;
    if (assay_writer_finish(w, &text) != ASSAY_OK)
        return sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "internal",
                               "the text does not fit its buffer");
    if (fwrite(text.bytes, 1, text.len, stdout) == text.len && fflush(stdout) == 0)
        return ASSAY_SIM_EXIT_OK;
    return sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "io", "stdout cannot be written");
}

static int print_with(const struct assay_scenario *scenario)
{
    enum { TEXT_MAX = ASSAY_SIM_YAML_MAX };
    uint8_t *bytes = malloc(TEXT_MAX);
    if (bytes == NULL) return sim_print_error(false, ASSAY_SIM_EXIT_FAILED, "memory", "no memory");
    struct assay_writer w = assay_writer_over(bytes, TEXT_MAX);
    if (scenario != NULL) assay_scenario_put_yaml(scenario, &w);
    else assay_scenario_put_keys(&w);
    const int result = print_text(&w);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ as JSON */

static void set_value(struct assay_json *object, const struct assay_scenario_value *v)
{
    switch (v->form) {
    case ASSAY_SCENARIO_FORM_NUMBER:
        assay_json_set_uint(object, v->key, strtoull(v->text, NULL, 10));
        return;
    case ASSAY_SCENARIO_FORM_BOOL:
        assay_json_set_bool(object, v->key, strcmp(v->text, "true") == 0);
        return;
    case ASSAY_SCENARIO_FORM_NUMBERS: {
        struct assay_json *const numbers = assay_json_array();
        for (const char *c = v->text; *c != '\0';) {
            char *end = NULL;
            assay_json_append_uint(numbers, strtoull(c, &end, 10));
            c = end + strspn(end, ", ");
        }
        assay_json_set(object, v->key, numbers);
        return;
    }
    case ASSAY_SCENARIO_FORM_TEXT: assay_json_set_text(object, v->key, v->text); return;
    }
}

/* A section is complete when the first value of the next one arrives. */
struct document {
    struct assay_json *data, *list, *part;
    char section[32];
    uint32_t index;
};

static void end_part(struct document *d)
{
    if (d->part == NULL) return;
    if (d->list != NULL) assay_json_append(d->list, d->part);
    else assay_json_set(d->data, d->section, d->part);
    d->part = NULL;
}

static void end_section(struct document *d)
{
    end_part(d);
    if (d->list != NULL) assay_json_set(d->data, d->section, d->list);
    d->list = NULL;
}

static void put_value(void *context, const struct assay_scenario_value *v)
{
    struct document *const d = context;
    if (strcmp(d->section, v->section) != 0) {
        end_section(d);
        (void)snprintf(d->section, sizeof d->section, "%s", v->section);
        if (v->is_list) d->list = assay_json_array();
    } else if (v->is_list && v->index != d->index) {
        end_part(d);
    }
    d->index = v->index;
    if (v->section[0] == '\0') {
        set_value(d->data, v);
    } else if (v->key == NULL) {
        assay_json_append_text(d->list, v->text);
    } else {
        if (d->part == NULL) d->part = assay_json_object();
        set_value(d->part, v);
    }
}

static int print_scenario(const struct assay_scenario *scenario)
{
    struct document d = { .data = assay_json_object() };
    assay_scenario_each_value(scenario, put_value, &d);
    end_section(&d);
    return sim_print_envelope("assay.sim.scenario", d.data);
}

struct rows {
    struct assay_json *keys, *words, *figures;
};

static void put_row(void *context, const struct assay_scenario_row *row)
{
    const struct rows *const r = context;
    struct assay_json *const entry = assay_json_object();
    const bool is_figure = row->kind == ASSAY_SCENARIO_ROW_FIGURE;
    if (!is_figure) assay_json_set_text(entry, "table", row->table);
    if (row->word != NULL) assay_json_set_text(entry, "name", row->word);
    else assay_json_set_null(entry, "name");
    if (row->kind == ASSAY_SCENARIO_ROW_KEY) {
        assay_json_set_text(entry, "default", row->preset);
        assay_json_set_text(entry, "expected", row->expects);
    }
    if (is_figure) assay_json_set_bool(entry, "of_cohort", row->of_cohort);
    assay_json_set_text(entry, "line", row->line);
    assay_json_append(is_figure                              ? r->figures
                      : row->kind == ASSAY_SCENARIO_ROW_WORD ? r->words
                                                             : r->keys,
                      entry);
}

static int print_keys(void)
{
    struct rows r = { assay_json_array(), assay_json_array(), assay_json_array() };
    assay_scenario_each_row(put_row, &r);
    struct assay_json *const data = assay_json_object();
    assay_json_set(data, "keys", r.keys);
    assay_json_set(data, "words", r.words);
    assay_json_set(data, "figures", r.figures);
    return sim_print_envelope("assay.sim.keys", data);
}

/* ------------------------------------------------------------ the commands */

int sim_command_show(int argc, char **argv)
{
    static const struct option known[] = { { "seed", required_argument, NULL, 's' },
                                           { "set", required_argument, NULL, 't' },
                                           { "json", no_argument, NULL, 'j' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    struct assay_sim_source source = { .name = NULL };
    struct assay_scenario scenario;
    char message[ASSAY_SIM_MESSAGE_MAX];
    bool json = false;
    optind = 0;
    for (int c = 0; (c = sim_next_option(argc, argv, known, NULL)) != -1;) {
        if (c == 'h') {
            (void)fputs(show_usage, stdout);
            return ASSAY_SIM_EXIT_OK;
        }
        if (c == 'j') json = true;
        if (c == '?' || c == ':') return sim_print_option(argc, argv, known, c);
        if (c == 's' && !sim_source_seed(&source, optarg))
            return sim_print_misuse(argc, argv, optarg,
                                    "--seed: expected " ASSAY_SIM_SEED_EXPECTED);
        if (c == 't' && !sim_source_set(&source, optarg))
            return sim_print_misuse(argc, argv, optarg, "--set: expected " ASSAY_SIM_SETS_EXPECTED);
    }
    if (optind + 1 != argc)
        return sim_print_misuse(argc, argv, NULL, "expected one SCENARIO, found %d", argc - optind);
    source.name = argv[optind];
    if (sim_source_load(&source, &scenario, message) != ASSAY_OK)
        return sim_print_error(json, ASSAY_SIM_EXIT_USAGE, "scenario", "%s", message);
    return json ? print_scenario(&scenario) : print_with(&scenario);
}

int sim_command_keys(int argc, char **argv)
{
    bool json = false, help = false;
    const int status = sim_walk_plain(argc, argv, keys_usage, &json, &help);
    if (status != ASSAY_SIM_EXIT_OK || help) return status;
    if (optind < argc) return sim_print_misuse(argc, argv, argv[optind], "expected no argument");
    return json ? print_keys() : print_with(NULL);
}
