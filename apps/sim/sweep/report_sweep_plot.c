/*
 * apps/sim/sweep/report_sweep_plot.c - a figure of a sweep by its axis: values over the seeds, and
 * the laws.
 */
#include "apps/sim/report/report.h"
#include "apps/sim/report/report_columns.h"
#include "apps/sim/sweep/report_sweep_internal.h"

#include <math.h>
#include <string.h>

struct assay_sim_sweep_shown sim_sweep_shown_of(const struct assay_sim_sweep_page *p,
                                                uint32_t column)
{
    struct assay_sim_sweep_shown s = { .column = column };
    sim_sweep_column(p->merged, column, s.name);
    char *const dot = strchr(s.name, '.');
    if (dot != NULL) {
        (void)snprintf(s.cohort, sizeof s.cohort, "%s", dot + 1);
        *dot = '\0';
    }
    for (unsigned f = 0; f < ASSAY_SIM_FIGURE_COUNT && !s.known; f++) {
        s.known = strcmp(assay_sim_figure_name((enum assay_sim_figure)f), s.name) == 0;
        if (s.known) s.figure = (enum assay_sim_figure)f;
    }
    return s;
}

void sim_sweep_put_shown(struct assay_json *to, const struct assay_sim_sweep_shown *s)
{
    assay_json_set_text(to, "name", s->name);
    if (s->cohort[0] != '\0') assay_json_set_text(to, "cohort", s->cohort);
    if (s->known) assay_json_set_text(to, "line", assay_sim_figure_line(s->figure));
}

/* --- values */

/* Of a run; NAN: it never happened. Returns: false: the cell is no number. */
static bool value_at(const struct assay_sim_sweep_page *p, uint64_t run,
                     const struct assay_sim_sweep_shown *s, double *out)
{
    int64_t value = 0;
    const struct assay_sim_merged_row *row = &p->merged->rows[run];
    if (!sim_grid_number(&p->merged->tables[row->table], row->row, s->column, &value)) return false;
    *out = value < 0 ? (double)NAN : (double)value;
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
    *out = sim_spread_of(p->values, found);
    if (found > 0) { /* the spread has sorted them */
        out->low = p->values[0];
        out->high = p->values[found - 1];
    }
    return true;
}

static struct assay_json *points_of(const struct assay_sim_sweep_page *p,
                                    const struct assay_sim_sweep_shown *s, uint32_t line)
{
    struct assay_json *points = assay_json_array();
    for (uint32_t i = 0; i < p->table.x_count; i++) {
        struct assay_sim_spread spread;
        if (!spread_at(p, sim_sweep_point(&p->table, line, i), s, &spread)) {
            assay_json_free(&points);
            return NULL;
        }
        struct assay_json *const point = assay_json_object();
        sim_report_put_spread(point, &spread, ASSAY_SIM_SWEEP_SCALE);
        assay_json_append(points, point);
    }
    return points;
}

bool sim_sweep_range_of(const struct assay_sim_sweep_page *p, const struct assay_sim_sweep_shown *s,
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
    const uint32_t point = sim_sweep_point(&p->table, line, i);
    if (p->laws == NULL || point == ASSAY_SIM_SWEEP_NO_POINT) return NULL;
    const struct assay_sim_sweep_law *law = &p->laws[point];
    return law->at.law == ASSAY_SIM_LAW_NONE ? NULL : law;
}

/* Returns: the formula of a law for a figure; NULL: none. */
static const char *formula_of(const struct assay_sim_sweep_law *law,
                              const struct assay_sim_sweep_shown *s)
{
    if (!s->known || s->cohort[0] == '\0') return NULL;
    if (s->figure == ASSAY_SIM_FIGURE_SCORE_MEAN_BP && strcmp(s->cohort, "honest") == 0)
        return sim_law_score_formula(law->at.law);
    if (s->figure == ASSAY_SIM_FIGURE_WEIGHT_SHARE_BP && strcmp(s->cohort, law->cohort) == 0)
        return sim_law_share_formula(law->at.law);
    return NULL;
}

static double law_value(const struct assay_sim_sweep_law *law,
                        const struct assay_sim_sweep_shown *s, double b)
{
    return 10000 * (s->figure == ASSAY_SIM_FIGURE_SCORE_MEAN_BP
                        ? sim_law_score(law->at.law, b, law->at.nodes)
                        : sim_law_share(law->at.law, b));
}

static double share_of(const struct assay_sim_sweep_law *law)
{
    return (double)law->at.liars / (double)law->at.nodes;
}

static bool is_same_law(const struct assay_sim_sweep_law *a, const struct assay_sim_sweep_law *b)
{
    return a != NULL && b != NULL && a->at.law == b->at.law && a->at.nodes == b->at.nodes &&
           strcmp(a->cohort, b->cohort) == 0;
}

static size_t curve_len(const struct assay_sim_sweep_page *p)
{
    return (size_t)(p->table.x_count - 1) * ASSAY_SIM_SWEEP_LAW_STEPS + 1;
}

static double *curve_at(const struct assay_sim_sweep_page *p, uint32_t line)
{
    return p->curves + (size_t)line * p->table.x_count * ASSAY_SIM_SWEEP_LAW_STEPS;
}

/* The curve of a line from the first value of the axis to the last: between two points of the same
 * law b is interpolated. Returns: the first law that has the figure; NULL: none. */
static const struct assay_sim_sweep_law *take_curve(const struct assay_sim_sweep_page *p,
                                                    const struct assay_sim_sweep_shown *s,
                                                    uint32_t line, double *y)
{
    const struct assay_sim_sweep_law *first = NULL;
    for (uint32_t i = 0; i < p->table.x_count; i++) {
        const struct assay_sim_sweep_law *const law = law_at(p, line, i);
        const bool speaks = law != NULL && formula_of(law, s) != NULL;
        const bool last = i + 1 == p->table.x_count;
        const struct assay_sim_sweep_law *const next = last ? NULL : law_at(p, line, i + 1);
        const bool on = speaks && is_same_law(law, next);
        *y++ = speaks ? law_value(law, s, share_of(law)) : (double)NAN;
        if (speaks && first == NULL) first = law;
        for (uint32_t k = 1; k < ASSAY_SIM_SWEEP_LAW_STEPS && !last; k++) {
            const double part = (double)k / ASSAY_SIM_SWEEP_LAW_STEPS;
            *y++ = on ? law_value(law, s, share_of(law) * (1 - part) + share_of(next) * part)
                      : (double)NAN;
        }
    }
    return first;
}

/* Returns: whether an earlier line has the same curve. */
static bool is_known(const struct assay_sim_sweep_page *p, uint32_t line)
{
    const double *const y = curve_at(p, line);
    for (uint32_t k = 0; k < line; k++) {
        const double *const other = curve_at(p, k);
        bool same = true;
        for (size_t i = 0; i < curve_len(p) && same; i++)
            same = isfinite(y[i]) == isfinite(other[i]) &&
                   (!isfinite(y[i]) || fabs(y[i] - other[i]) < 1e-7);
        if (same) return true;
    }
    return false;
}

static struct assay_json *curve_of(const struct assay_sim_sweep_page *p,
                                   const struct assay_sim_sweep_shown *s, uint32_t line)
{
    double *const y = curve_at(p, line);
    const struct assay_sim_sweep_law *const law = take_curve(p, s, line, y);
    if (law == NULL || is_known(p, line)) return NULL;
    struct assay_json *const curve = assay_json_object(), *const values = assay_json_array();
    for (size_t i = 0; i < curve_len(p); i++) {
        if (isfinite(y[i]))
            assay_json_append_uint(values, (uint64_t)llround(y[i] * ASSAY_SIM_SWEEP_SCALE));
        else assay_json_append_null(values);
    }
    assay_json_set_uint(curve, "of_line", line);
    assay_json_set_text(curve, "law", sim_law_name(law->at.law));
    assay_json_set_text(curve, "formula", formula_of(law, s));
    assay_json_set(curve, "values", values);
    return curve;
}

/* --- a figure */

struct assay_json *sim_sweep_plot(const struct assay_sim_sweep_page *p,
                                  const struct assay_sim_sweep_shown *s)
{
    struct assay_json *plot = assay_json_object(), *const lines = assay_json_array(),
                      *const curves = assay_json_array();
    sim_sweep_put_shown(plot, s);
    assay_json_set(plot, "lines", lines);
    assay_json_set(plot, "curves", curves);
    for (uint32_t line = 0; line < p->line_count; line++) {
        struct assay_json *const points = points_of(p, s, line);
        if (points == NULL) {
            assay_json_free(&plot);
            return NULL;
        }
        assay_json_append(lines, points);
        if (!p->table.numeric) continue; /* a law is a curve over numbers */
        struct assay_json *const curve = curve_of(p, s, line);
        if (curve != NULL) assay_json_append(curves, curve);
    }
    return plot;
}
