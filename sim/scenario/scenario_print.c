/*
 * sim/scenario/scenario_print.c - a scenario formatted as its file, and the list of all keys.
 */
#include "base/assert.h"
#include "sim/scenario/figures.h"
#include "sim/scenario/scenario_internal.h"

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

/* One part, each key on a line of its own; the first key of an element follows its dash. */
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

/* ------------------------------------------------------------ value by value */

static enum assay_scenario_form form_of(const struct assay_scenario_key *key)
{
    switch (key->kind) {
    case ASSAY_SCENARIO_U64:
        if (key->max > ASSAY_SCENARIO_NUMBER_MAX) return ASSAY_SCENARIO_FORM_TEXT;
        return ASSAY_SCENARIO_FORM_NUMBER;
    case ASSAY_SCENARIO_U32: return ASSAY_SCENARIO_FORM_NUMBER;
    case ASSAY_SCENARIO_BOOL: return ASSAY_SCENARIO_FORM_BOOL;
    case ASSAY_SCENARIO_SHARES: return ASSAY_SCENARIO_FORM_NUMBERS;
    case ASSAY_SCENARIO_NAME:
    case ASSAY_SCENARIO_TEXT:
    case ASSAY_SCENARIO_WORD:
    case ASSAY_SCENARIO_COHORT:
    case ASSAY_SCENARIO_CAP:
    case ASSAY_SCENARIO_ASSERTION: return ASSAY_SCENARIO_FORM_TEXT;
    }
    ASSAY_UNREACHABLE();
}

void assay_scenario_each_value(const struct assay_scenario *scenario,
                               assay_scenario_value_fn *visit, void *context)
{
    char text[ASSAY_SCENARIO_VALUE_MAX];
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[s];
        const uint32_t count = assay_scenario_part_count(scenario, section);
        for (uint32_t i = section->first; i < count; i++) {
            const void *part = assay_scenario_part_const(scenario, section, i);
            for (uint32_t k = 0; k < section->key_count; k++) {
                const struct assay_scenario_key *key = &section->keys[k];
                if (!assay_scenario_give(scenario, part, key, text)) continue;
                visit(context, &(struct assay_scenario_value){ section->name, section->is_list,
                                                               i - section->first, key->name,
                                                               form_of(key), text });
            }
        }
    }
}

/* ------------------------------------------------------------ the list of keys */

static void visit_key(assay_scenario_row_fn *visit, void *context,
                      const struct assay_scenario_section *section,
                      const struct assay_scenario_key *key)
{
    char expects[ASSAY_SCENARIO_VALUE_MAX], preset[ASSAY_SCENARIO_VALUE_MAX] = "";
    struct assay_scenario s = assay_scenario_default();
    const uint32_t index = assay_scenario_part_count(&s, section);
    const bool has_room = !section->is_list || assay_scenario_append(&s, section);
    ASSAY_ASSERT(has_room);
    const void *part = assay_scenario_part_const(&s, section, section->is_list ? index : 0);
    if (key->name == NULL || !assay_scenario_give(&s, part, key, preset)) preset[0] = '\0';
    assay_scenario_expects(key, expects);
    visit(context, &(struct assay_scenario_row){
                       .kind = ASSAY_SCENARIO_ROW_KEY,
                       .table = section->name[0] != '\0' ? section->name : "scenario",
                       .about = section->line,
                       .word = key->name,
                       .preset = preset,
                       .expects = expects,
                       .line = key->line });
}

static void visit_words(assay_scenario_row_fn *visit, void *context)
{
#define WORD(of, what, text, said)                                                                 \
    visit(context, &(struct assay_scenario_row){ .kind = ASSAY_SCENARIO_ROW_WORD,                  \
                                                 .table = (of),                                    \
                                                 .about = (what),                                  \
                                                 .word = (text),                                   \
                                                 .line = (said) });
#define ATTACK(symbol, number, text, said) WORD("attack", "the attack", text, said)
    ASSAY_SIM_ATTACK_LIST(ATTACK)
#undef ATTACK
#define ACTION(symbol, number, text, said) WORD("action", "the action", text, said)
    ASSAY_SIM_ACTION_LIST(ACTION)
#undef ACTION
#define FLAW(symbol, number, text, said) WORD("flaw", "what is wrong", text, said)
    ASSAY_SIM_FLAW_LIST(FLAW)
#undef FLAW
#define DAY(symbol, number, text, said) WORD("flaw of collateral", "what is wrong", text, said)
    ASSAY_SIM_DAY_LIST(DAY)
#undef DAY
#undef WORD
}

void assay_scenario_each_row(assay_scenario_row_fn *visit, void *context)
{
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++)
        for (uint32_t k = 0; k < assay_scenario_sections[s].key_count; k++)
            visit_key(visit, context, &assay_scenario_sections[s],
                      &assay_scenario_sections[s].keys[k]);
    visit_words(visit, context);
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++)
        visit(context, &(struct assay_scenario_row){
                           .kind = ASSAY_SCENARIO_ROW_FIGURE,
                           .table = "figures",
                           .word = assay_sim_figure_name((enum assay_sim_figure)f),
                           .of_cohort = assay_sim_figure_of_cohort((enum assay_sim_figure)f),
                           .line = assay_sim_figure_line((enum assay_sim_figure)f) });
}

/* Markdown. */
struct tables {
    struct assay_writer *w;
    const char *table; /* the current one; NULL: none */
};

static void begin_table(struct tables *t, const struct assay_scenario_row *row)
{
    put(t->w, "%s### %s\n\n", t->table == NULL ? "" : "\n", row->table);
    t->table = row->table;
    switch (row->kind) {
    case ASSAY_SCENARIO_ROW_KEY:
        put(t->w,
            "%s.\n\n| key | default | expected | what it is |\n| --- | --- | --- | --- |\n",
            row->about);
        return;
    case ASSAY_SCENARIO_ROW_WORD:
        put(t->w, "| word | %s |\n| --- | --- |\n", row->about);
        return;
    case ASSAY_SCENARIO_ROW_FIGURE:
        put(t->w, "| figure | of a cohort | what it is |\n| --- | --- | --- |\n");
        return;
    }
}

static void put_row(void *context, const struct assay_scenario_row *row)
{
    struct tables *const t = context;
    if (t->table == NULL || strcmp(t->table, row->table) != 0) begin_table(t, row);
    if (row->word == NULL) put(t->w, "| |");
    else put(t->w, "| `%s` |", row->word);
    if (row->kind == ASSAY_SCENARIO_ROW_KEY)
        put(t->w, " %s | %s |", row->preset, row->expects);
    if (row->kind == ASSAY_SCENARIO_ROW_FIGURE) put(t->w, " %s |", row->of_cohort ? "yes" : "");
    put(t->w, " %s |\n", row->line);
}

void assay_scenario_put_keys(struct assay_writer *w)
{
    struct tables t = { w, NULL };
    assay_scenario_each_row(put_row, &t);
}
