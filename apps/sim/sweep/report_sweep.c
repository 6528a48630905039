/*
 * apps/sim/sweep/report_sweep.c - document of a sweep.
 */
#include "apps/sim/report/report.h"
#include "apps/sim/sweep/report_sweep_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- selected figures */

/* Figures shown next to the requested one: those of these that vary. */
static bool is_wanted(const struct assay_sim_sweep_shown *s)
{
    static const enum assay_sim_figure wanted[] = {
        ASSAY_SIM_FIGURE_SCORE_MEAN_BP,    ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP,
        ASSAY_SIM_FIGURE_DETECTION_EPOCHS, ASSAY_SIM_FIGURE_SUSPENDED_FINAL,
        ASSAY_SIM_FIGURE_UNJUST_DROPS,     ASSAY_SIM_FIGURE_EPOCHS_HELD,
        ASSAY_SIM_FIGURE_FINALITY_MS_P50,  ASSAY_SIM_FIGURE_MESSAGES,
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0] && s->known; i++)
        if (s->figure == wanted[i]) return true;
    return false;
}

/* The requested figure comes first. Returns: NULL: a cell is no number. */
static struct assay_json *plots_of(const struct assay_sim_sweep_page *p)
{
    const struct assay_sim_merged *const m = p->merged;
    struct assay_json *plots = assay_json_array();
    const struct assay_sim_sweep_shown first =
        sim_sweep_shown_of(p, sim_sweep_find(m, m->note.plot_column));
    struct assay_json *plot = sim_sweep_plot(p, &first);
    for (uint32_t c = sim_sweep_first_figure(m); plot != NULL && c < m->tables[0].column_count;
         c++) {
        struct assay_sim_sweep_range range;
        const struct assay_sim_sweep_shown s = sim_sweep_shown_of(p, c);
        if (c == first.column || !is_wanted(&s)) continue;
        if (!sim_sweep_range_of(p, &s, &range)) break;
        if (!(range.high > range.low)) continue;
        assay_json_append(plots, plot);
        plot = sim_sweep_plot(p, &s);
    }
    if (plot == NULL) assay_json_free(&plots);
    else assay_json_append(plots, plot);
    return plots;
}

static void put_bound(struct assay_json *to, const char *key, double value)
{
    if (isfinite(value)) assay_json_set_int(to, key, llround(value));
    else assay_json_set_null(to, key);
}

/* Every figure over all runs; sweep.csv has the values that are not drawn. Returns: NULL: a cell is
 * no number. */
static struct assay_json *figures_of(const struct assay_sim_sweep_page *p)
{
    const struct assay_sim_merged *const m = p->merged;
    struct assay_json *figures = assay_json_array();
    for (uint32_t c = sim_sweep_first_figure(m); c < m->tables[0].column_count; c++) {
        struct assay_sim_sweep_range range;
        const struct assay_sim_sweep_shown s = sim_sweep_shown_of(p, c);
        if (!sim_sweep_range_of(p, &s, &range)) {
            assay_json_free(&figures);
            return NULL;
        }
        struct assay_json *const figure = assay_json_object();
        sim_sweep_put_shown(figure, &s);
        put_bound(figure, "low", range.low);
        put_bound(figure, "high", range.high);
        assay_json_append(figures, figure);
    }
    return figures;
}

/* --- the document */

static uint64_t count_violated(const struct assay_sim_sweep_page *p)
{
    const uint32_t column = sim_sweep_first_figure(p->merged) - 2;
    uint64_t violated = 0;
    for (uint64_t run = 0; run < p->merged->note.runs; run++) {
        char cell[ASSAY_SIM_CELL_MAX];
        const struct assay_sim_merged_row *row = &p->merged->rows[run];
        sim_grid_cell(&p->merged->tables[row->table], row->row, column, cell);
        violated += strcmp(cell, "none") != 0;
    }
    return violated;
}

static struct assay_json *axis_of(const struct assay_sim_sweep_page *p)
{
    struct assay_json *const axis = assay_json_object(), *const values = assay_json_array();
    assay_json_set_text(axis, "name", p->merged->note.axes[p->merged->note.plot_x]);
    assay_json_set_bool(axis, "numeric", p->table.numeric);
    for (uint32_t i = 0; i < p->table.x_count; i++)
        assay_json_append_text(values, p->table.x_names[i]);
    assay_json_set(axis, "values", values);
    return axis;
}

static void put_head(const struct assay_sim_sweep_page *p, struct assay_json *data)
{
    const struct assay_sim_sweep_note *const note = &p->merged->note;
    struct assay_json *const lines = assay_json_array();
    assay_json_set_text(data, "name", note->name);
    assay_json_set_text(data, "title", note->title);
    assay_json_set_text(data, "program", note->program);
    assay_json_set_text(data, "digest", note->digest);
    assay_json_set_uint(data, "scale", ASSAY_SIM_SWEEP_SCALE);
    assay_json_set_uint(data, "runs", note->runs);
    assay_json_set_uint(data, "points", p->table.point_count);
    assay_json_set_uint(data, "repeats", note->repeats);
    assay_json_set_uint(data, "violated", count_violated(p));
    assay_json_set_bool(data, "laws", p->laws != NULL);
    assay_json_set_uint(data, "law_steps", ASSAY_SIM_SWEEP_LAW_STEPS);
    assay_json_set(data, "axis", axis_of(p));
    for (uint32_t line = 0; line < p->line_count; line++)
        assay_json_append_text(lines, p->table.line_names[line]);
    assay_json_set(data, "lines", lines);
    assay_json_set_uint(data, "lines_in_all", p->table.line_count);
}

/* Returns: NULL: a cell is no number. */
static struct assay_json *data_of(const struct assay_sim_sweep_page *p)
{
    struct assay_json *plots = plots_of(p), *figures = plots != NULL ? figures_of(p) : NULL;
    if (figures == NULL) {
        assay_json_free(&plots);
        return NULL;
    }
    struct assay_json *const data = assay_json_object();
    put_head(p, data);
    assay_json_set(data, "plots", plots);
    assay_json_set(data, "figures", figures);
    return data;
}

static bool reserve_scratch(struct assay_sim_sweep_page *p)
{
    const uint32_t all = p->table.line_count;
    p->line_count = all < ASSAY_SIM_SWEEP_LINES_MAX ? all : ASSAY_SIM_SWEEP_LINES_MAX;
    p->values = calloc(p->merged->note.repeats, sizeof *p->values);
    p->curves = calloc((size_t)p->line_count * p->table.x_count * ASSAY_SIM_SWEEP_LAW_STEPS,
                       sizeof *p->curves);
    return p->values != NULL && p->curves != NULL;
}

static void release_scratch(struct assay_sim_sweep_page *p)
{
    sim_sweep_table_free(&p->table);
    free(p->values);
    free(p->curves);
}

enum assay_status sim_report_sweep_text(const struct assay_sim_merged *merged,
                                        const struct assay_sim_sweep_law *laws, char **text,
                                        char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct assay_sim_sweep_page p = { .merged = merged, .laws = laws };
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "no memory");
    if (sim_sweep_find(merged, merged->note.plot_column) == merged->tables[0].column_count) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "points.csv: expected a column %.160s",
                       merged->note.plot_column);
        return ASSAY_E_SYNTAX;
    }
    enum assay_status status = sim_sweep_table_init(&p.table, merged);
    if (status == ASSAY_OK && !reserve_scratch(&p)) status = ASSAY_E_MEMORY;
    struct assay_json *const data = status == ASSAY_OK ? data_of(&p) : NULL;
    if (status == ASSAY_OK && data == NULL) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "points.csv: expected numbers in every column of a figure");
        status = ASSAY_E_SYNTAX;
    }
    release_scratch(&p);
    if (status == ASSAY_OK) status = sim_page_text("sweep", data, text);
    return status;
}

enum assay_status sim_report_sweep_write(const struct assay_sim_merged *merged, const char *from,
                                         const char *dir,
                                         char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char path[PATH_MAX];
    char *text = NULL;
    struct assay_sim_sweep_law *laws = NULL;
    const int used = snprintf(path, sizeof path, "%s/sweep.html", dir);
    if (used < 0 || (size_t)used >= sizeof path) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.300s: the path is too long", dir);
        return ASSAY_E_RANGE;
    }
    ASSAY_TRY(sim_sweep_laws_load(from, merged->note.runs / merged->note.repeats, &laws, message));
    enum assay_status status = sim_report_sweep_text(merged, laws, &text, message);
    free(laws);
    if (status == ASSAY_OK) status = sim_page_write(path, text, message);
    return status;
}
