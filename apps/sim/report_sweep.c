/*
 * apps/sim/report_sweep.c - the page of a sweep (apps/sim/report_sweep.h).
 */
#include "apps/sim/plot.h"
#include "apps/sim/report.h"
#include "apps/sim/report_sweep_internal.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- which */

/* Beside the figure that was asked for: those of these that are not the same everywhere. */
static bool is_wanted(const struct assay_sim_sweep_shown *s)
{
    static const enum assay_sim_figure wanted[] = {
        ASSAY_SIM_FIGURE_SCORE_MEAN_BP,    ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP,
        ASSAY_SIM_FIGURE_DETECTION_EPOCHS, ASSAY_SIM_FIGURE_SUSPENDED_FINAL,
        ASSAY_SIM_FIGURE_UNJUST_FALLS,     ASSAY_SIM_FIGURE_EPOCHS_HELD,
        ASSAY_SIM_FIGURE_FINALITY_MS_P50,  ASSAY_SIM_FIGURE_MESSAGES,
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0] && s->known; i++)
        if (s->figure == wanted[i]) return true;
    return false;
}

static bool draw_all(const struct assay_sim_sweep_page *p)
{
    const struct assay_sim_merged *const m = p->merged;
    const struct assay_sim_sweep_shown first =
        assay_sim_sweep_shown_of(p, assay_sim_sweep_find(m, m->note.plot_column));
    if (!assay_sim_sweep_draw(p, &first, "plot")) return false;
    for (uint32_t c = assay_sim_sweep_first_figure(m); c < m->tables[0].column_count; c++) {
        char id[32];
        struct assay_sim_sweep_range range;
        const struct assay_sim_sweep_shown s = assay_sim_sweep_shown_of(p, c);
        if (c == first.column || !is_wanted(&s)) continue;
        if (!assay_sim_sweep_range_of(p, &s, &range)) return false;
        if (!(range.high > range.low)) continue;
        (void)snprintf(id, sizeof id, "figure-%" PRIu32, c);
        if (!assay_sim_sweep_draw(p, &s, id)) return false;
    }
    return true;
}

/* Every figure over all runs: what is not drawn can be looked for in sweep.csv. */
static bool put_figures(const struct assay_sim_sweep_page *p)
{
    const struct assay_sim_merged *const m = p->merged;
    (void)fputs("<h2>Figures over all runs</h2>\n<div class=\"wide\"><table><tr><th>figure</th>"
                "<th>cohort</th><th class=\"number\">lowest</th><th class=\"number\">highest</th>"
                "<th></th></tr>\n",
                p->out);
    for (uint32_t c = assay_sim_sweep_first_figure(m); c < m->tables[0].column_count; c++) {
        struct assay_sim_sweep_range range;
        struct assay_sim_sweep_shown s = assay_sim_sweep_shown_of(p, c);
        s.bp = false; /* as in sweep.csv */
        if (!assay_sim_sweep_range_of(p, &s, &range)) return false;
        (void)fputs("<tr><td>", p->out);
        assay_sim_html_text(s.known ? assay_sim_figure_name(s.figure) : s.name, p->out);
        (void)fputs("</td><td>", p->out);
        if (s.cohort_at > 0) assay_sim_html_text(assay_sim_sweep_cohort(&s), p->out);
        if (isfinite(range.low))
            (void)fprintf(p->out,
                          "</td><td class=\"number\">%.0f</td><td class=\"number\">%.0f</td><td>",
                          range.low, range.high);
        else
            (void)fputs("</td><td class=\"number\">&ndash;</td><td class=\"number\">&ndash;</td>"
                        "<td>",
                        p->out);
        if (s.known) assay_sim_html_text(assay_sim_figure_line(s.figure), p->out);
        (void)fputs("</td></tr>\n", p->out);
    }
    (void)fputs("</table></div>\n", p->out);
    return true;
}

/* --- the page */

static uint64_t count_violated(const struct assay_sim_sweep_page *p)
{
    const uint32_t column = assay_sim_sweep_first_figure(p->merged) - 2;
    uint64_t violated = 0;
    for (uint64_t run = 0; run < p->merged->note.runs; run++) {
        char cell[ASSAY_SIM_CELL_MAX];
        const struct assay_sim_merged_row *row = &p->merged->rows[run];
        assay_sim_grid_cell(&p->merged->tables[row->table], row->row, column, cell);
        violated += strcmp(cell, "none") != 0;
    }
    return violated;
}

static void put_head(const struct assay_sim_sweep_page *p)
{
    const struct assay_sim_sweep_note *const note = &p->merged->note;
    const uint64_t violated = count_violated(p);
    char text[160];
    (void)fputs("<h1>", p->out);
    assay_sim_html_text(note->name, p->out);
    (void)fputs("</h1>\n<p class=\"lead\">", p->out);
    assay_sim_html_text(note->title, p->out);
    (void)fputs("</p>\n<p>", p->out);
    (void)snprintf(text, sizeof text,
                   "a checker found something in %" PRIu64 " of %" PRIu64 " runs", violated,
                   note->runs);
    if (violated > 0) assay_sim_page_word(p->out, "bad", text);
    else assay_sim_page_word(p->out, "good", "no checker found anything");
    (void)fputs("</p>\n<dl>\n", p->out);
    (void)snprintf(text, sizeof text, "%" PRIu64 ": %" PRIu32 " points, %" PRIu32 " seed%s at each",
                   note->runs, p->table.point_count, note->repeats, note->repeats == 1 ? "" : "s");
    assay_sim_page_fact(p->out, "runs", text);
    assay_sim_page_fact(p->out, "program", note->program);
    assay_sim_page_code(p->out, "digest", note->digest);
    if (p->line_count < p->table.line_count) {
        (void)snprintf(text, sizeof text,
                       "the first %" PRIu32 " of %" PRIu32 " lines; sweep.csv has all",
                       p->line_count, p->table.line_count);
        assay_sim_page_fact(p->out, "drawn", text);
    }
    assay_sim_page_fact(p->out, "closed forms",
                        p->laws == NULL ? "the shards have no laws.csv: none are drawn"
                                        : "dashed, where one is about the scenario of a point; b "
                                          "is the share of those who lie");
    (void)fputs("</dl>\n", p->out);
}

static bool reserve(struct assay_sim_sweep_page *p)
{
    const size_t n = p->table.x_count;
    p->values = calloc(p->merged->note.repeats, sizeof *p->values);
    p->lines = calloc(p->line_count * 3 * n, sizeof *p->lines);
    p->curves = calloc(p->line_count * 2 * n * ASSAY_SIM_SWEEP_LAW_STEPS, sizeof *p->curves);
    p->x = calloc(n, sizeof *p->x);
    p->names = calloc(n, sizeof *p->names);
    p->legends = calloc(p->line_count, sizeof *p->legends);
    if (p->values == NULL || p->lines == NULL || p->curves == NULL || p->x == NULL ||
        p->names == NULL || p->legends == NULL)
        return false;
    const bool bp = p->table.numeric &&
                    assay_sim_sweep_ends(p->merged->note.axes[p->merged->note.plot_x], "_bp");
    for (size_t i = 0; i < n; i++) {
        p->x[i] = bp ? p->table.x[i] / 100 : p->table.x[i];
        p->names[i] = p->table.x_names[i];
    }
    return true;
}

static void release(struct assay_sim_sweep_page *p)
{
    assay_sim_sweep_table_free(&p->table);
    free(p->values);
    free(p->lines);
    free(p->curves);
    free(p->x);
    free(p->names);
    free(p->legends);
}

static bool put_page(const struct assay_sim_sweep_page *p)
{
    assay_sim_page_open(p->merged->note.name, p->out);
    put_head(p);
    (void)fputs("<h2>What came out</h2>\n<div class=\"plots\">\n", p->out);
    const bool drawn = draw_all(p);
    (void)fputs("</div>\n", p->out);
    const bool listed = drawn && put_figures(p);
    assay_sim_page_close(p->out);
    return listed;
}

enum assay_status assay_sim_report_sweep_text(const struct assay_sim_merged *merged,
                                              const struct assay_sim_sweep_law *laws, char **text,
                                              char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char *bytes = NULL;
    size_t len = 0;
    struct assay_sim_sweep_page p = { .merged = merged, .laws = laws };
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "no memory");
    if (assay_sim_sweep_find(merged, merged->note.plot_column) == merged->tables[0].column_count) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "points.csv: expected a column %.160s",
                       merged->note.plot_column);
        return ASSAY_E_SYNTAX;
    }
    enum assay_status status = assay_sim_sweep_table_init(&p.table, merged);
    p.line_count = p.table.line_count < ASSAY_SIM_SWEEP_LINES_MAX ? p.table.line_count
                                                                  : ASSAY_SIM_SWEEP_LINES_MAX;
    if (status == ASSAY_OK && !reserve(&p)) status = ASSAY_E_MEMORY;
    p.out = status == ASSAY_OK ? open_memstream(&bytes, &len) : NULL;
    if (p.out == NULL) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK && !put_page(&p)) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                       "points.csv: expected numbers in every column of a figure");
        status = ASSAY_E_SYNTAX;
    }
    const bool failed = p.out != NULL && ferror(p.out) != 0;
    if (p.out != NULL && (fclose(p.out) != 0 || failed)) status = ASSAY_E_MEMORY;
    release(&p);
    if (status == ASSAY_OK) *text = bytes;
    else free(bytes);
    return status;
}

enum assay_status assay_sim_report_sweep_write(const struct assay_sim_merged *merged,
                                               const char *from, const char *dir,
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
    ASSAY_TRY(
        assay_sim_sweep_laws_load(from, merged->note.runs / merged->note.repeats, &laws, message));
    enum assay_status status = assay_sim_report_sweep_text(merged, laws, &text, message);
    free(laws);
    if (status == ASSAY_OK) status = assay_sim_page_write(path, text, message);
    return status;
}
