/*
 * sim/scenario_print.c - a scenario as the file that gives it again, and the list of all keys.
 */
#include "base/assert.h"
#include "sim/outcome.h"
#include "sim/scenario_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 2 * ASSAY_SCENARIO_VALUE_MAX + 128 };

__attribute__((format(printf, 2, 3))) static void put(struct assay_writer *w, const char *format,
                                                      ...)
{
    char line[LINE_MAX_LEN];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    ASSAY_ASSERT(len >= 0 && (size_t)len < sizeof line);
    assay_writer_put(w, line, (size_t)len);
}

/* ------------------------------------------------------------ the file */

static void put_quoted(struct assay_writer *w, const char *text)
{
    put(w, "\"");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\') put(w, "\\");
        assay_writer_put(w, c, 1);
    }
    put(w, "\"");
}

static void put_value(struct assay_writer *w, const struct assay_scenario_key *key,
                      const char *text)
{
    switch (key->kind) {
    case ASSAY_SCENARIO_TEXT:
    case ASSAY_SCENARIO_NAME: /* a name could be a number, or true */
    case ASSAY_SCENARIO_COHORT:
    case ASSAY_SCENARIO_ASSERTION: put_quoted(w, text); return;
    case ASSAY_SCENARIO_SHARES: put(w, "[%s]", text); return;
    case ASSAY_SCENARIO_U32:
    case ASSAY_SCENARIO_U64:
    case ASSAY_SCENARIO_BOOL:
    case ASSAY_SCENARIO_WORD:
    case ASSAY_SCENARIO_CAP: put(w, "%s", text); return;
    }
}

/* One part, each key on a line of its own; the first key of an element stands behind its dash. */
static void put_part(struct assay_writer *w, const struct assay_scenario *scenario,
                     const struct assay_scenario_section *section, uint32_t index)
{
    char text[ASSAY_SCENARIO_VALUE_MAX];
    const char *indent = section->is_list ? "  - " : section->name[0] != '\0' ? "  " : "";
    const void *part = assay_scenario_part_const(scenario, section, index);
    for (uint32_t k = 0; k < section->key_count; k++) {
        const struct assay_scenario_key *key = &section->keys[k];
        if (!assay_scenario_give(scenario, part, key, text)) continue;
        put(w, "%s", indent);
        if (key->name != NULL) put(w, "%s: ", key->name);
        put_value(w, key, text);
        put(w, "\n");
        if (section->is_list) indent = "    ";
    }
}

void assay_scenario_put_yaml(const struct assay_scenario *scenario, struct assay_writer *w)
{
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[s];
        const uint32_t count = assay_scenario_part_count(scenario, section);
        if (section->first >= count) continue;
        if (section->name[0] != '\0') put(w, "%s:\n", section->name);
        for (uint32_t i = section->first; i < count; i++)
            put_part(w, scenario, section, i);
    }
}

/* ------------------------------------------------------------ the list of keys */

static void put_default(struct assay_writer *w, const struct assay_scenario_section *section,
                        const struct assay_scenario_key *key)
{
    char text[ASSAY_SCENARIO_VALUE_MAX] = "";
    struct assay_scenario s = assay_scenario_default();
    const uint32_t index = assay_scenario_part_count(&s, section);
    if (section->is_list) ASSAY_ASSERT(assay_scenario_append(&s, section));
    const void *part = assay_scenario_part_const(&s, section, section->is_list ? index : 0);
    const bool given = assay_scenario_give(&s, part, key, text);
    put(w, "%s", given ? text : "");
}

static void put_key(struct assay_writer *w, const struct assay_scenario_section *section,
                    const struct assay_scenario_key *key)
{
    char expects[ASSAY_SCENARIO_VALUE_MAX];
    assay_scenario_expects(key, expects);
    if (key->name == NULL) put(w, "| | ");
    else put(w, "| `%s` | ", key->name);
    if (key->name != NULL) put_default(w, section, key);
    put(w, " | %s | %s |\n", expects, key->line);
}

static void put_attacks(struct assay_writer *w)
{
    put(w, "\n### attack\n\n| word | what is done |\n| --- | --- |\n");
#define ATTACK(symbol, number, text, about) put(w, "| `%s` | %s |\n", text, about);
    ASSAY_SIM_ATTACK_LIST(ATTACK)
#undef ATTACK
}

static void put_changes(struct assay_writer *w)
{
    put(w, "\n### action\n\n| word | what operators decide |\n| --- | --- |\n");
#define ACTION(symbol, number, text, about) put(w, "| `%s` | %s |\n", text, about);
    ASSAY_SIM_ACTION_LIST(ACTION)
#undef ACTION
    put(w, "\n### flaw\n\n| word | what is wrong |\n| --- | --- |\n");
#define FLAW(symbol, number, text, about) put(w, "| `%s` | %s |\n", text, about);
    ASSAY_SIM_FLAW_LIST(FLAW)
    put(w, "\n### flaw of collateral\n\n| word | what is wrong |\n| --- | --- |\n");
    ASSAY_SIM_DAY_LIST(FLAW)
#undef FLAW
}

static void put_figures(struct assay_writer *w)
{
    put(w, "\n### figures\n\n| figure | of a cohort | what it is |\n| --- | --- | --- |\n");
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++)
        put(w, "| `%s` | %s | %s |\n", assay_sim_figure_name((enum assay_sim_figure)f),
            assay_sim_figure_of_cohort((enum assay_sim_figure)f) ? "yes" : "",
            assay_sim_figure_line((enum assay_sim_figure)f));
}

void assay_scenario_put_keys(struct assay_writer *w)
{
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[s];
        put(w,
            "%s### %s\n\n%s.\n\n| key | default | expected | what it is |\n"
            "| --- | --- | --- | --- |\n",
            s == 0 ? "" : "\n", section->name[0] != '\0' ? section->name : "scenario",
            section->line);
        for (uint32_t k = 0; k < section->key_count; k++)
            put_key(w, section, &section->keys[k]);
    }
    put_attacks(w);
    put_changes(w);
    put_figures(w);
}
