/*
 * apps/sim/report_sweep_draw.c - the plots of a sweep: values, and the laws beside them.
 */
#include "apps/sim/plot.h"
#include "apps/sim/report_columns.h"
#include "apps/sim/report_sweep_internal.h"
#include "base/assert.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum {
    BARS_MAX = 60, /* of names; more are points */
    DOTS_MAX = 100 /* that can be told apart along the axis */
};

bool assay_sim_sweep_ends(const char *text, const char *end)
{
    const size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

const char *assay_sim_sweep_cohort(const struct assay_sim_sweep_shown *shown)
{
    return shown->cohort_at > 0 ? shown->name + shown->cohort_at : NULL;
}

struct assay_sim_sweep_shown assay_sim_sweep_shown_of(const struct assay_sim_sweep_page *p,
                                                      uint32_t column)
{
    struct assay_sim_sweep_shown s = { .column = column };
    assay_sim_sweep_column(p->merged, column, s.name);
    const size_t len = strcspn(s.name, ".");
    s.cohort_at = s.name[len] == '.' ? len + 1 : 0;
    for (unsigned f = 0; f < ASSAY_SIM_FIGURE_COUNT && !s.known; f++) {
        const char *const name = assay_sim_figure_name((enum assay_sim_figure)f);
        s.known = strlen(name) == len && strncmp(name, s.name, len) == 0;
        if (s.known) s.figure = (enum assay_sim_figure)f;
    }
    s.bp = s.known && assay_sim_sweep_ends(assay_sim_figure_name(s.figure), "_bp");
    return s;
}

/* --- values */

/* Of a run; NAN: it never happened. Returns: false: the cell is no number. */
static bool value_at(const struct assay_sim_sweep_page *p, uint64_t run,
                     const struct assay_sim_sweep_shown *s, double *out)
{
    int64_t value = 0;
    const struct assay_sim_merged_row *row = &p->merged->rows[run];
    if (!assay_sim_grid_number(&p->merged->tables[row->table], row->row, s->column, &value))
        return false;
    *out = value < 0 ? (double)NAN : s->bp ? (double)value / 100 : (double)value;
    return true;
}

/* Over the seeds of a point: their middle, and all of them. */
static bool spread_at(const struct assay_sim_sweep_page *p, uint32_t point,
                      const struct assay_sim_sweep_shown *s, struct assay_sim_spread *out)
{
    const uint32_t repeats = p->merged->note.repeats;
    size_t found = 0;
    for (uint32_t k = 0; k < repeats && point != ASSAY_SIM_SWEEP_NO_POINT; k++) {
        double value = 0;
        if (!value_at(p, (uint64_t)point * repeats + k, s, &value)) return false;
        if (isfinite(value)) p->values[found++] = value;
    }
    *out = assay_sim_spread_of(p->values, found);
    if (found > 0) { /* the spread has sorted them */
        out->low = p->values[0];
        out->high = p->values[found - 1];
    }
    return true;
}

static bool take_lines(const struct assay_sim_sweep_page *p, const struct assay_sim_sweep_shown *s)
{
    const uint32_t n = p->table.x_count;
    for (uint32_t line = 0; line < p->line_count; line++) {
        double *const middle = p->lines + (size_t)line * 3 * n;
        for (uint32_t i = 0; i < n; i++) {
            struct assay_sim_spread spread;
            if (!spread_at(p, assay_sim_sweep_point(&p->table, line, i), s, &spread)) return false;
            middle[i] = spread.middle;
            middle[n + i] = spread.low;
            middle[2 * n + i] = spread.high;
        }
    }
    return true;
}

bool assay_sim_sweep_range_of(const struct assay_sim_sweep_page *p,
                              const struct assay_sim_sweep_shown *s,
                              struct assay_sim_sweep_range *range)
{
    *range = (struct assay_sim_sweep_range){ (double)NAN, (double)NAN };
    for (uint64_t run = 0; run < p->merged->note.runs; run++) {
        double value = 0;
        if (!value_at(p, run, s, &value)) return false;
        range->low = fmin(range->low, value); /* of a number and NAN: the number */
        range->high = fmax(range->high, value);
    }
    return true;
}

/* --- laws */

static const struct assay_sim_sweep_law *law_at(const struct assay_sim_sweep_page *p, uint32_t line,
                                                uint32_t i)
{
    const uint32_t point = assay_sim_sweep_point(&p->table, line, i);
    if (p->laws == NULL || point == ASSAY_SIM_SWEEP_NO_POINT) return NULL;
    const struct assay_sim_sweep_law *law = &p->laws[point];
    return law->at.law == ASSAY_SIM_LAW_NONE ? NULL : law;
}

/* Returns: the formula of what the law says about a figure; NULL: nothing. */
static const char *formula_of(const struct assay_sim_sweep_law *law,
                              const struct assay_sim_sweep_shown *s)
{
    const char *const cohort = assay_sim_sweep_cohort(s);
    if (!s->known || cohort == NULL) return NULL;
    if (s->figure == ASSAY_SIM_FIGURE_SCORE_MEAN_BP && strcmp(cohort, "honest") == 0)
        return assay_sim_law_score_formula(law->at.law);
    if (s->figure == ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP && strcmp(cohort, law->cohort) == 0)
        return assay_sim_law_share_formula(law->at.law);
    return NULL;
}

static double law_value(const struct assay_sim_sweep_law *law,
                        const struct assay_sim_sweep_shown *s, double b)
{
    return 100 * (s->figure == ASSAY_SIM_FIGURE_SCORE_MEAN_BP
                      ? assay_sim_law_score(law->at.law, b, law->at.nodes)
                      : assay_sim_law_share(law->at.law, b));
}

static double share_of(const struct assay_sim_sweep_law *law)
{
    return (double)law->at.liars / (double)law->at.nodes;
}

static bool same_law(const struct assay_sim_sweep_law *a, const struct assay_sim_sweep_law *b)
{
    return a != NULL && b != NULL && a->at.law == b->at.law && a->at.nodes == b->at.nodes &&
           strcmp(a->cohort, b->cohort) == 0;
}

/* The curve of a line from the first value of the axis to the last: between two of the same law b
 * moves evenly. Returns: points; 0: no law speaks of the figure there. */
static size_t take_curve(const struct assay_sim_sweep_page *p,
                         const struct assay_sim_sweep_shown *s, uint32_t line, double *x, double *y)
{
    size_t count = 0, said = 0;
    for (uint32_t i = 0; i < p->table.x_count; i++) {
        const struct assay_sim_sweep_law *const law = law_at(p, line, i);
        const bool speaks = law != NULL && formula_of(law, s) != NULL;
        const bool last = i + 1 == p->table.x_count;
        const struct assay_sim_sweep_law *const next = last ? NULL : law_at(p, line, i + 1);
        const bool on = speaks && same_law(law, next);
        x[count] = p->x[i];
        y[count++] = speaks ? law_value(law, s, share_of(law)) : (double)NAN;
        said += speaks;
        for (uint32_t k = 1; k < ASSAY_SIM_SWEEP_LAW_STEPS && !last; k++) {
            const double part = (double)k / ASSAY_SIM_SWEEP_LAW_STEPS;
            const double b = on ? share_of(law) * (1 - part) + share_of(next) * part : 0;
            x[count] = p->x[i] * (1 - part) + p->x[i + 1] * part;
            y[count++] = on ? law_value(law, s, b) : (double)NAN;
        }
    }
    return said > 0 ? count : 0;
}

/* Returns: whether an earlier line has this very curve already. */
static bool is_drawn(const struct assay_sim_plot *plot, const double *y, size_t count)
{
    for (size_t k = 0; k < plot->series_count; k++) {
        const struct assay_sim_series *other = &plot->series[k];
        bool same = other->dashed && other->count == count;
        for (size_t i = 0; i < count && same; i++)
            same = isfinite(y[i]) == isfinite(other->y[i]) &&
                   (!isfinite(y[i]) || fabs(y[i] - other->y[i]) < 1e-9);
        if (same) return true;
    }
    return false;
}

/* Returns: what a curve that has points is called after. */
static const struct assay_sim_sweep_law *first_law(const struct assay_sim_sweep_page *p,
                                                   const struct assay_sim_sweep_shown *s,
                                                   uint32_t line)
{
    for (uint32_t i = 0; i < p->table.x_count; i++) {
        const struct assay_sim_sweep_law *const law = law_at(p, line, i);
        if (law != NULL && formula_of(law, s) != NULL) return law;
    }
    ASSAY_UNREACHABLE("a curve comes from a law");
}

static void add_laws(const struct assay_sim_sweep_page *p, const struct assay_sim_sweep_shown *s,
                     struct assay_sim_plot *plot)
{
    const size_t room = (size_t)p->table.x_count * ASSAY_SIM_SWEEP_LAW_STEPS;
    for (uint32_t line = 0; line < p->line_count && p->table.numeric; line++) {
        double *const x = p->curves + (size_t)line * 2 * room, *const y = x + room;
        const size_t count = take_curve(p, s, line, x, y);
        if (count == 0 || is_drawn(plot, y, count)) continue;
        const struct assay_sim_sweep_law *law = first_law(p, s, line);
        (void)snprintf(p->legends[line], ASSAY_SIM_SWEEP_TEXT_MAX, "%s: %s",
                       assay_sim_law_name(law->at.law), formula_of(law, s));
        plot->series[plot->series_count++] = (struct assay_sim_series){
            .name = p->legends[line], .colour = line, .count = count, .x = x, .y = y, .dashed = true
        };
    }
}

/* --- one plot */

static enum assay_sim_draw draw_of(const struct assay_sim_sweep_page *p)
{
    if (p->table.numeric) return ASSAY_SIM_DRAW_LINE;
    return p->table.x_count * p->line_count <= BARS_MAX ? ASSAY_SIM_DRAW_BARS
                                                        : ASSAY_SIM_DRAW_POINTS;
}

static void add_lines(const struct assay_sim_sweep_page *p, struct assay_sim_plot *plot)
{
    const uint32_t n = p->table.x_count;
    for (uint32_t line = 0; line < p->line_count; line++) {
        const double *const y = p->lines + (size_t)line * 3 * n;
        const bool several = p->merged->note.repeats > 1;
        plot->series[plot->series_count++] =
            (struct assay_sim_series){ .name = p->table.line_names[line],
                                       .colour = line,
                                       .draw = draw_of(p),
                                       .count = n,
                                       .x = p->x,
                                       .y = y,
                                       .low = several ? y + n : NULL,
                                       .high = several ? y + 2 * (size_t)n : NULL,
                                       .dots = n <= DOTS_MAX };
    }
}

static void name_axis(const struct assay_sim_sweep_page *p, char *label, size_t capacity)
{
    const char *const axis = p->merged->note.axes[p->merged->note.plot_x];
    const bool bp = p->table.numeric && assay_sim_sweep_ends(axis, "_bp");
    (void)snprintf(label, capacity, "%.*s%s", (int)(strlen(axis) - (bp ? 3 : 0)), axis,
                   bp ? ", %" : "");
}

/* What is drawn, in one sentence. */
static void describe(const struct assay_sim_sweep_page *p, const struct assay_sim_sweep_shown *s,
                     char *about, size_t capacity)
{
    const uint32_t repeats = p->merged->note.repeats;
    const char *const line = s->known ? assay_sim_figure_line(s->figure) : s->name;
    const size_t len = strlen(line) - (assay_sim_sweep_ends(line, ", bp") ? strlen(", bp") : 0);
    const char *const cohort = assay_sim_sweep_cohort(s);
    const int used = snprintf(about, capacity, "%s%s%.*s", cohort != NULL ? cohort : "",
                              cohort != NULL ? ": " : "", (int)len, line);
    if (used < 0 || (size_t)used >= capacity) return;
    if (repeats > 1)
        (void)snprintf(about + used, capacity - (size_t)used,
                       "; median of %" PRIu32 " seeds, band from the lowest to the highest",
                       repeats);
}

bool assay_sim_sweep_draw(const struct assay_sim_sweep_page *p,
                          const struct assay_sim_sweep_shown *s, const char *id)
{
    char about[ASSAY_SIM_SWEEP_TEXT_MAX], x_label[ASSAY_SIM_NAME_MAX + 8];
    char title[ASSAY_SIM_CELL_MAX + 8], y_label[ASSAY_SIM_CELL_MAX + 8];
    if (!take_lines(p, s)) return false;
    describe(p, s, about, sizeof about);
    name_axis(p, x_label, sizeof x_label);
    const size_t len = strcspn(s->name, ".");
    const char *const cohort = assay_sim_sweep_cohort(s);
    (void)snprintf(title, sizeof title, "%.*s%s%s", (int)len, s->name, cohort != NULL ? ", " : "",
                   cohort != NULL ? cohort : "");
    (void)snprintf(y_label, sizeof y_label, "%.*s%s", (int)(len - (s->bp ? 3 : 0)), s->name,
                   s->bp ? ", %" : "");
    struct assay_sim_plot plot = {
        .id = id,
        .title = title,
        .about = about,
        .x_label = x_label,
        .y_label = y_label,
        .y_from_zero = true,
        .has_y_max = s->bp,
        .y_max = 100,
        .whole = !s->bp,
        .x_real = true,
        .categories = p->table.numeric ? NULL : p->names,
        .category_count = p->table.numeric ? 0 : p->table.x_count,
    };
    add_lines(p, &plot);
    add_laws(p, s, &plot);
    assay_sim_plot_write(&plot, p->out);
    return true;
}
